//! Keeps the module graph one-way: a module imports only what the table in `ARCHITECTURE.md` allows.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

const LENSES: [&str; 3] = ["design", "participation", "maintenance"];

#[test]
fn imports_follow_the_table_in_the_architecture_page() {
    let table = allowed_imports();
    let mut violations = Vec::new();
    for (module, allowed) in &table {
        if allowed.contains("everything") {
            continue;
        }
        let files = rust_files(module);
        assert!(!files.is_empty(), "`{module}` stands in the table but has no files");
        for (file, text) in files {
            for import in crate_imports(&text) {
                if import != own_name(module) && !allowed.contains(&import) {
                    violations.push(format!("{file}: `crate::{import}` is not allowed in `{module}`"));
                }
            }
            if let Some(lens) = module.strip_prefix("lenses/") {
                for other in LENSES.iter().filter(|other| **other != lens) {
                    if names_path(&text, other) {
                        violations.push(format!("{file}: lens `{lens}` reaches into `{other}`"));
                    }
                }
            }
        }
    }
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

#[test]
fn every_top_level_module_stands_in_the_table() {
    let table = allowed_imports();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(source).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.trim_end_matches(".rs");
        assert!(
            table.contains_key(module) || ["main", "lib", "lenses"].contains(&module),
            "add `{module}` to the table in ARCHITECTURE.md"
        );
    }
}

#[test]
fn a_forbidden_import_is_seen_in_every_way_of_writing_it() {
    for text in ["use crate::view::X;", "use crate::{georef::A, view::{B, C}};", "fn f() { crate::view::f() }"] {
        assert!(crate_imports(text).contains("view"), "{text}");
    }
    assert!(!crate_imports("// crate::view is named in a comment\n").contains("view"));
    assert!(names_path("use super::maintenance::Panel;", "maintenance"));
    assert!(!names_path("let participation = 1;", "participation"));
}

/// The table: module to what it may import.
fn allowed_imports() -> BTreeMap<String, BTreeSet<String>> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).unwrap();
    let rows = page.lines().skip_while(|line| !line.starts_with("| module | may import |")).skip(2);
    let table: BTreeMap<String, BTreeSet<String>> = rows
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let allowed = cells[1].split(',').map(|word| word.trim().trim_matches('`').to_owned());
            (cells[0].trim_matches('`').to_owned(), allowed.collect())
        })
        .collect();
    assert!(table.len() > 10, "the table in ARCHITECTURE.md was not found");
    table
}

/// First path segment under `crate::` that a module is reached by.
fn own_name(module: &str) -> &str {
    module.split('/').next().unwrap_or(module)
}

/// Whether the code names `segment` as part of a path.
fn names_path(text: &str, segment: &str) -> bool {
    let code: String = code_of(text).split_whitespace().collect();
    [":", "{", ","].iter().any(|before| code.contains(&format!("{before}{segment}::")))
}

/// First path segments named after `crate::`, groups (`crate::{a, b::c}`) included.
fn crate_imports(text: &str) -> BTreeSet<String> {
    let code = code_of(text);
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let paths = match rest.strip_prefix('{') {
            None => vec![rest],
            Some(group) => top_level_items(group),
        };
        for path in paths {
            let segment: String =
                path.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if segment.starts_with(char::is_lowercase) {
                found.insert(segment);
            }
        }
    }
    found
}

/// The text without comment lines.
fn code_of(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| [line, "\n"]).collect()
}

/// Splits the inside of a `{…}` group at its own commas, ignoring nested groups.
fn top_level_items(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut items) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                items.push(&group[start..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(&group[start..at]);
                start = at + 1;
            }
            _ => (),
        }
    }
    items
}

/// Every `.rs` file of a module, whether it is `<module>.rs` or a folder.
fn rust_files(module: &str) -> Vec<(String, String)> {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(module);
    let mut pending = vec![module.clone(), module.with_extension("rs")];
    let mut files = Vec::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") && path.exists() {
            files.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
    files
}
