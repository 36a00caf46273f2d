//! Everything that can be wrong with a scenario, what is only streamed or drawn later included.

use super::read::has_extension;
use super::variant_files::model_request;
use super::{LayerKind, open, open_any};
use crate::sources::{Problem, cityjson::is_city_json, inspect, resource::is_url, tiles3d};
use std::path::Path;

/// Every problem of a scenario, package or city model: those of opening it, files that are missing, tilesets and models
/// that cannot be read.
pub fn check(path: &Path) -> Vec<Problem> {
    let opened = if path.is_file() && is_city_json(path) {
        open_any(path)
    } else {
        open(path)
    };
    let mut open = match opened {
        Ok(open) => open,
        Err(problems) => return problems,
    };
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
