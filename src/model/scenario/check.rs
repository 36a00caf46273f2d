//! Everything that can be wrong with what a person opens, what is only streamed or drawn later included.

use super::describe::{describe_any, is_bare_folder, is_scenario};
use super::read::has_extension;
use super::variant_files::model_request;
use super::{LayerKind, OpenScenario, open, open_any};
use crate::sources::remote::HttpResources;
use crate::sources::{Cause, Problem, Severity, cityjson::is_city_json, inspect, resource::is_url, tiles3d};
use serde_json::Value;
use std::path::Path;

/// Every problem of whatever `path` is. Of a scenario, package or city model: those of opening it, files that are missing,
/// tilesets and models that cannot be read. Of any other file what `inspect` tells of it, and why it cannot be shown.
pub fn check(path: &Path) -> Vec<Problem> {
    let is_model = path.is_file() && is_city_json(path);
    let is_url = HttpResources::url_of(path).is_some();
    if is_url || !is_scenario(path) && !is_bare_folder(path) && !is_model {
        return check_file(path);
    }
    let opened = if is_model { open_any(path) } else { open(path) };
    opened.map_or_else(|problems| problems, check_scenario)
}

fn check_file(path: &Path) -> Vec<Problem> {
    let facts = match describe_any(path) {
        Ok(facts) => facts,
        Err(problems) => return problems,
    };
    if facts["kind"] == "scenario" {
        // A scenario's own file under another name.
        return open(path).map_or_else(|problems| problems, check_scenario);
    }
    let mut problems = problems_of(&facts);
    if HttpResources::url_of(path).is_some() {
        return problems;
    }
    let is_error = |problem: &Problem| problem.severity == Severity::Error;
    let told: Vec<Cause> = problems.iter().filter(|p| is_error(p)).map(|p| p.cause).collect();
    let of_opening = open_any(path).map_or_else(|problems| problems, |open| open.problems);
    // What keeps it from being shown, once: what was found in it already has a line.
    problems.extend(
        of_opening
            .into_iter()
            .filter(|problem| is_error(problem) && !told.contains(&problem.cause)),
    );
    problems
}

/// The problems in facts of a file.
fn problems_of(facts: &Value) -> Vec<Problem> {
    let found = facts["problems"].as_array().into_iter().flatten();
    found
        .filter_map(|problem| serde_json::from_value(problem.clone()).ok())
        .collect()
}

fn check_scenario(mut open: OpenScenario) -> Vec<Problem> {
    let mut problems = std::mem::take(&mut open.problems);
    for path in open.resources.listed() {
        if let Err(error) = open.resources.read(&path) {
            problems.push(error.problem(path, ""));
        }
    }
    for layer in open
        .scenario
        .layers
        .iter()
        .filter(|layer| layer.kind == LayerKind::Tiles3d)
    {
        // A server is not asked for a check. Single tiles and missing files: the first have no tileset.json, the second were reported.
        let is_tileset = has_extension(&layer.path, &["json", "3tz", "3dtiles"]);
        if is_url(&layer.path) || !is_tileset || !open.resources.exists(&layer.path) {
            continue;
        }
        match tiles3d::read_whole_tileset(open.resources.clone(), &layer.path) {
            Ok((tree, found)) => {
                problems.extend(found);
                problems.extend(inspect::content_problems(&tree));
            }
            Err(problem) => problems.push(problem),
        }
    }
    for model in open.scenario.variants.iter().flat_map(|variant| &variant.models) {
        if !open.resources.exists(&model.path) {
            continue;
        }
        match tiles3d::decode_meshes(&model_request(&open, model)) {
            Ok(decoded) => problems.extend(decoded.problems),
            Err(problem) => problems.push(problem),
        }
    }
    problems
}
