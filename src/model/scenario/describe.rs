//! What a scenario holds, as facts: its ids for other commands, and how much there is of each.

use super::read::has_extension;
use super::scratch_raster::is_raster;
use super::{DOCUMENT, OpenScenario, open, open_any};
use crate::sources::{Cause, Problem, inspect::inspect, remote::HttpResources};
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

/// Describes whatever `path` is: a scenario as [`describe`] does, anything else as [`inspect`] does.
///
/// # Errors
/// When nothing of it can be shown.
pub fn describe_any(path: &Path) -> Result<Value, Vec<Problem>> {
    /// Of these kinds nothing is opened by itself but a scenario's own file.
    const NO_TILES: [&str; 4] = ["other", "zip", "gzip", "geojson"];
    if HttpResources::url_of(path).is_some() {
        return inspect(path).map_err(|problem| vec![problem]);
    }
    if is_scenario(path) || is_bare_folder(path) {
        return describe(path);
    }
    match inspect(path) {
        // As a tile, that is: map files have layers.
        Ok(facts) if facts["layers"].is_null() && NO_TILES.iter().any(|kind| facts["kind"] == *kind) => describe(path),
        Err(problem) if problem.cause == Cause::Missing && path.is_dir() => {
            // Tiles of pictures that nothing describes.
            let open = open_any(path)?;
            Ok(json!({"kind": "tiles", "problems": open.problems}))
        }
        described => described.map_err(|problem| vec![problem]),
    }
}

/// Whether `path` is a folder in which nothing is that is opened.
pub(super) fn is_bare_folder(path: &Path) -> bool {
    path.is_dir() && !path.join("tileset.json").is_file() && !is_raster(path)
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
