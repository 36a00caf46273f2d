//! What an OBJ holds, for `stadslens inspect`.

use super::{MAX_BYTES, ObjModel, OwnPlace, Up};
use crate::sources::{Problem, resource::Resources};
use serde_json::{Value, json};

/// One JSON object: `kind`, `vertices`, `faces`, `totals`, `bbox` in the axes of the file, `up` and `own_place` as they are
/// guessed, `materials` with a picture, `problems`.
pub(crate) fn describe(resources: &dyn Resources, name: &str) -> Result<Value, Problem> {
    let bytes = resources
        .read_at_most(name, MAX_BYTES)
        .map_err(|error| error.problem(name, ""))?;
    let model = ObjModel::read(&bytes, resources, name);
    let parts = || model.features.iter().flat_map(|feature| &feature.parts);
    let triangles: usize = parts().map(|part| part.triangles.len()).sum();
    let mut pictures: Vec<&str> = parts()
        .filter_map(|part| Some(&*part.texture.as_ref()?.image))
        .collect();
    pictures.sort_unstable();
    pictures.dedup();
    let named = model.features.iter().filter(|feature| !feature.id.is_empty()).count();
    Ok(json!({
        "kind": "obj",
        "vertices": model.vertices,
        "faces": model.faces,
        "totals": {"triangles": triangles, "points": 0, "instances": 0, "features": named},
        "bbox": model.bounds.map(|(low, high)| [low.x, low.y, low.z, high.x, high.y, high.z]),
        "up": match model.up() { Up::Y => "y", Up::Z => "z" },
        "own_place": match model.own_place() {
            OwnPlace::Nowhere => Value::Null,
            OwnPlace::Rd(_) => "EPSG:7415".into(),
            OwnPlace::Ecef(_) => "EPSG:4978".into(),
        },
        "pictures": pictures,
        "problems": model.problems,
    }))
}
