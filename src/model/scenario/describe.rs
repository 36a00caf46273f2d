//! What a scenario holds, as facts: its ids for other commands, and how much there is of each.

use super::read::has_extension;
use super::{DOCUMENT, OpenScenario, open};
use crate::sources::Problem;
use serde_json::{Value, json};
use std::path::Path;

/// Whether `path` is a scenario by its name: a folder with a `scenario.json`, that file, or a package.
pub fn is_scenario(path: &Path) -> bool {
    path.join(DOCUMENT).is_file()
        || path.file_name().is_some_and(|name| name.eq_ignore_ascii_case(DOCUMENT))
        || has_extension(&path.display().to_string(), &["stadslens", "zip"])
}

/// Opens a scenario and describes it: `kind`, `title`, the ids and titles of its variants, phases, viewpoints and layers,
/// how much the layers hold, and the problems.
///
/// # Errors
/// When nothing of it can be shown.
pub fn describe(path: &Path) -> Result<Value, Vec<Problem>> {
    open(path).map(|open| facts(&open))
}

/// The line that refuses an id that the scenario does not have, naming those that it has; `None` where it has it.
pub fn unknown_id<'s>(what: &str, wanted: &str, known: impl IntoIterator<Item = &'s str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    if known.contains(&wanted) {
        return None;
    }
    let has = if known.is_empty() {
        "none".to_owned()
    } else {
        known.join(", ")
    };
    Some(format!("there is no {what} `{wanted}`: the scenario has {has}"))
}

fn facts(open: &OpenScenario) -> Value {
    let scenario = &open.scenario;
    let entry = |id: &str, title: &super::LocalText| json!({"id": id, "title": title.0});
    let variants: Vec<Value> = scenario.variants.iter().map(|v| entry(&v.id, &v.title)).collect();
    let phases: Vec<Value> = scenario.phases.iter().map(|p| entry(&p.id, &p.title)).collect();
    let viewpoints: Vec<Value> = scenario.viewpoints.iter().map(|v| entry(&v.id, &v.title)).collect();
    let layers: Vec<Value> = scenario
        .layers
        .iter()
        .map(|layer| json!({"id": layer.id, "title": layer.title.0, "path": layer.path, "source": layer.source.owner}))
        .collect();
    json!({
        "kind": "scenario",
        "title": scenario.title.0,
        "synthetic": scenario.synthetic,
        "variants": variants,
        "phases": phases,
        "viewpoints": viewpoints,
        "layers": layers,
        "totals": {
            "buildings": open.register.buildings.len(),
            "surfaces": open.surfaces.len(),
            "assets": open.assets.len(),
            "reports": open.reports.len(),
            "sensors": open.sensors.len(),
            "notes": scenario.notes.len(),
        },
        "problems": open.problems,
    })
}
