//! A list of objects with mistakes in it, as `stadslens check` tells of it.

use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};

/// The shipped example with this list in it.
fn with_list(folder: &Path, list: &str) {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/voorbeeld");
    for name in ["scenario.json", "blokken.geojson"] {
        fs::copy(example.join(name), folder.join(name)).expect("a copy of the example");
    }
    fs::write(folder.join("objecten.csv"), list).expect("a list");
}

/// What `check --json` says, and its exit code.
fn check(folder: &Path) -> (Value, Option<i32>) {
    let done = Command::new(env!("CARGO_BIN_EXE_stadslens"))
        .arg("check")
        .arg(folder)
        .arg("--json")
        .output()
        .expect("the program runs");
    let report = serde_json::from_slice(&done.stdout).expect("one JSON object");
    (report, done.status.code())
}

/// Severity, cause and place of each problem of the list.
fn found(report: &Value) -> Vec<Value> {
    let problems = report["problems"].as_array().expect("a list of problems");
    problems
        .iter()
        .inspect(|problem| assert_eq!(problem["path"], "objecten.csv", "{problem}"))
        .map(|problem| json!([problem["severity"], problem["cause"], problem["place"]]))
        .collect()
}

const HEAD: &str = "Objectnummer;Soort;X;Y;Hoogte;Kroon;Conditie;Niveau;Laatste inspectie;Volgende inspectie;Boomsoort;Bijzonderheden\n";

#[test]
fn a_list_with_mistakes_tells_all_of_them_in_one_pass() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = format!(
        "{HEAD}B-1;Boom;250942,0;476192,5;7,5;5,0;1;A;12-04-2025;12-04-2028;Linde;\n\
         B-2;Boom;476192,5;250942,0;75;5,0;1;A;12-04-2025;12-04-2028;Linde;\n\
         B-1;Boom;250944,0;476192,5;75;5,0;9;A;12-04-25;12-04-2028;Linde;\n\
         B-4;Boom;;;7,5;5,0;1;A;12-04-2025;12-04-2028;Linde;\n\
         B-5;Boom;251944,0;9476192,5;7,5;5,0;1;A;gisteren;12-04-2028;Linde;\n\
         B-6;Boom;250946,0;476192,5;7,5\n"
    );
    with_list(folder.path(), &list);
    let (report, code) = check(folder.path());
    assert_eq!(
        found(&report),
        [
            json!(["error", "row", "line 7"]),
            json!(["error", "mostly-nowhere", ""]),
            json!(["error", "no-coordinates", "line 5"]),
            json!(["error", "too-far", "lines 3 and 6"]),
            json!(["warning", "value", "line 3"]),
            json!(["warning", "value", "line 4"]),
            json!(["warning", "value", "line 4"]),
            json!(["warning", "value", "line 4"]),
            json!(["warning", "value", "line 6"]),
            json!(["warning", "same-number", "lines 2 and 4"]),
        ],
        "{report:#}"
    );
    assert_eq!(
        (report["errors"].as_u64(), report["warnings"].as_u64(), code),
        (Some(4), Some(6), Some(1))
    );
    let messages = report["problems"].to_string();
    assert!(messages.contains("write the year with four figures"), "{messages}");
}

#[test]
fn a_list_of_which_nothing_lies_here_says_that_it_is_left_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let row = |number: u32| format!("B-{number};Boom;476192,5;250942,0;7,5;5,0;9;A;12-04-2025;12-04-2028;Linde;\n");
    with_list(folder.path(), &format!("{HEAD}{}{}", row(1), row(2)));
    let (report, _) = check(folder.path());
    assert_eq!(
        found(&report),
        [
            json!(["error", "nowhere", ""]),
            json!(["warning", "value", "line 2"]),
            json!(["warning", "value", "line 3"]),
        ],
        "{report:#}"
    );
    let first = report["problems"][0]["message"].as_str().unwrap_or_default();
    assert!(
        first.starts_with("the whole list is left out, none of its 2 rows has a place here: x and y")
            && first.contains("swapped: exchange the two columns"),
        "{first}"
    );
}
