//! What a vector file holds, for `stadslens inspect`.

use super::{MAX_LISTED, VectorFile, VectorLayer, kind_of, kind_of_head};
use crate::sources::{Cause, Problem, resource};
use serde_json::{Value, json};
use std::path::Path;

/// Largest JSON file that is looked into to tell whether it is `GeoJSON`, bytes.
const MAX_JSON_BYTES: u64 = super::MAX_BYTES;

/// The file at `path` as one JSON object, as the command-line contract says; `None` when it is of no kind that is read
/// here.
pub fn describe(path: &Path) -> Option<Result<Value, Problem>> {
    is_vector(path).then(|| VectorFile::open(path).map(|file| report(&file, &path.display().to_string())))
}

/// Whether the file at `path` is vector data by its bytes, or by its name where its bytes are anything.
pub fn is_vector(path: &Path) -> bool {
    let (Some(name), Some(head)) = (
        path.file_name().and_then(|name| name.to_str()),
        resource::head(path, super::HEAD_BYTES),
    ) else {
        return false;
    };
    let ending = super::ending_of(name);
    kind_of_head(&head).is_some()
        || matches!(
            ending.as_str(),
            "gpkg" | "sqlite" | "fgb" | "shp" | "dxf" | "csv" | "geojson" | "geojsonl" | "ndjson" | "gml"
        )
        || is_geojson(path, &head, name)
}

fn is_geojson(path: &Path, head: &[u8], name: &str) -> bool {
    let text = String::from_utf8_lossy(head);
    if !text
        .trim_start_matches(['\u{feff}', '\u{1e}'])
        .trim_start()
        .starts_with('{')
    {
        return false;
    }
    let is_small = path.metadata().is_ok_and(|metadata| metadata.len() <= MAX_JSON_BYTES);
    is_small && std::fs::read(path).is_ok_and(|bytes| kind_of(&bytes, name).is_ok())
}

/// All layers, every feature read.
fn report(file: &VectorFile, path: &str) -> Value {
    let mut problems = file.problems.clone();
    for problem in &mut problems {
        path.clone_into(&mut problem.path);
    }
    let mut layers = Vec::new();
    for (number, layer) in file.layers.iter().enumerate() {
        let (mut count, mut without, mut unlisted) = (0_u64, 0_u64, 0_u64);
        let mut listed = 0;
        for feature in file.features(number) {
            match feature {
                Ok(feature) => {
                    count += 1;
                    without += u64::from(feature.geometry.is_none());
                }
                Err(problem) if listed < MAX_LISTED => {
                    listed += 1;
                    problems.push(Problem {
                        path: path.to_owned(),
                        ..problem
                    });
                }
                Err(_) => unlisted += 1,
            }
        }
        if unlisted > 0 {
            let message = format!("{unlisted} more features of this layer are damaged and left out");
            problems.push(Problem::error(path, layer.name.as_str(), message).because(Cause::More));
        }
        layers.push(describe_layer(layer, count, without));
    }
    json!({
        "kind": file.kind.name(),
        "layers": layers,
        "features": layers.iter().filter_map(|layer| layer["count"].as_u64()).sum::<u64>(),
        "problems": problems,
    })
}

fn describe_layer(layer: &VectorLayer, count: u64, without_geometry: u64) -> Value {
    json!({
        "name": layer.name,
        "count": count,
        "without_geometry": without_geometry,
        "crs": layer.crs.map(|crs| crs.to_string()),
        "crs_name": layer.crs_name,
        "bbox": layer.bounds,
        "geometry_kinds": layer.kinds,
        "has_heights": layer.has_z,
        "fields": layer.fields,
    })
}
