//! `stadslens inspect` and `stadslens check`: what a file holds, and what is wrong with it.

use super::{PROBLEMS, code_of, complain, print, print_then};
use serde_json::{Value, json};
use stadslens::georef::Crs;
use stadslens::model::scenario;
use stadslens::sources::{Cause, Problem, Severity, inspect::tell_place};
use stadslens::text::plain_facts;
use std::path::Path;
use std::process::ExitCode;

/// Says what the file at `path` holds; where it lies as if it was in `crs`, where that is given.
pub(super) fn inspect(path: &Path, crs: Option<Crs>, json: bool) -> ExitCode {
    match scenario::describe_any(path) {
        Ok(mut facts) => {
            tell_place(&mut facts, crs);
            let found = facts.get_mut("problems").map(Value::take);
            let mut problems: Vec<Problem> = found
                .and_then(|found| serde_json::from_value(found).ok())
                .unwrap_or_default();
            // What the file does not say of its place, somebody said.
            problems.retain(|problem| crs.is_none() || problem.cause != Cause::NoSystem);
            name(&mut problems, path);
            let code = code_of(&problems);
            facts["problems"] = json!(problems);
            problems.iter().for_each(complain);
            if json {
                return print_then(&facts.to_string(), code);
            }
            // They were told.
            facts["problems"] = Value::Null;
            print_then(&plain_facts(&facts), code)
        }
        Err(mut problems) => {
            name(&mut problems, path);
            problems.iter().for_each(complain);
            if json {
                return print_then(&json!({"kind": null, "problems": problems}).to_string(), PROBLEMS);
            }
            ExitCode::from(PROBLEMS)
        }
    }
}

/// Lists what is wrong with whatever `path` is.
pub(super) fn check(path: &Path, json: bool) -> ExitCode {
    let mut problems = scenario::check(path);
    name(&mut problems, path);
    let errors = problems.iter().filter(|p| p.severity == Severity::Error).count();
    let warnings = problems.len() - errors;
    problems.iter().for_each(complain);
    let code = code_of(&problems);
    if json {
        let report = json!({
            "path": path.display().to_string(), "errors": errors, "warnings": warnings, "problems": problems,
        });
        return print_then(&report.to_string(), code);
    }
    match (errors, warnings) {
        (0, 0) => print("no problems found"),
        (0, 1) => print("no errors, 1 warning"),
        (0, _) => print(&format!("no errors, {warnings} warnings")),
        _ => ExitCode::from(code),
    }
}

/// A file that is opened by itself is called in its problems as the user called it, and so is what is in an archive.
pub(super) fn name(problems: &mut [Problem], path: &Path) {
    let Some(own) = path.file_name().and_then(|own| own.to_str()).filter(|_| path.is_file()) else {
        return;
    };
    for problem in problems {
        let rest = problem.path.strip_prefix(own);
        if let Some(inside) = rest.filter(|rest| rest.is_empty() || rest.starts_with('/')) {
            problem.path = format!("{}{inside}", path.display());
        }
    }
}
