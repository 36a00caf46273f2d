//! What was chosen of the heights of tiles, written into the scenario that is taken along: there its tiles stand where they
//! stood.

use crate::georef::HeightReference;
use crate::model::TileHeights;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Keys of a layer.
const REFERENCE: &str = "height_reference";
const SHIFT: &str = "height_shift_m";

/// The document with the heights `chosen` of its tile layers, by layer id. One that says so already stays letter for letter
/// as it is, and it comes back where it is no text that can be changed.
pub(super) fn with_heights(document: Vec<u8>, chosen: &BTreeMap<String, TileHeights>) -> Result<Vec<u8>, Vec<u8>> {
    if chosen.is_empty() {
        return Ok(document);
    }
    let text = document.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&document);
    let Ok(mut scenario) = serde_json::from_slice::<Value>(text) else {
        return Err(document);
    };
    let layers = scenario.get_mut("layers").and_then(Value::as_array_mut);
    let mut is_changed = false;
    for layer in layers.into_iter().flatten().filter_map(Value::as_object_mut) {
        let is_tiles = layer.get("kind").and_then(Value::as_str) == Some("tiles3d");
        let id = layer.get("id").and_then(Value::as_str).filter(|_| is_tiles);
        if let Some(heights) = id.and_then(|id| chosen.get(id)) {
            is_changed |= write(layer, *heights);
        }
    }
    if !is_changed {
        return Ok(document);
    }
    let Ok(mut text) = serde_json::to_vec_pretty(&scenario) else {
        return Err(document);
    };
    text.push(b'\n');
    Ok(text)
}

/// Writes the heights of a layer; gives whether it said something else.
fn write(layer: &mut Map<String, Value>, heights: TileHeights) -> bool {
    let (reference, shift) = match heights {
        TileHeights::From(HeightReference::Nap) => ("nap", None),
        TileHeights::From(HeightReference::Ellipsoid) => ("ellipsoid", None),
        TileHeights::Moved(up_m) => ("ellipsoid", Some(Value::from(up_m))),
    };
    if layer.get(REFERENCE).and_then(Value::as_str) == Some(reference) && layer.get(SHIFT) == shift.as_ref() {
        return false;
    }
    layer.insert(REFERENCE.to_owned(), reference.into());
    match shift {
        Some(shift) => layer.insert(SHIFT.to_owned(), shift),
        None => layer.remove(SHIFT),
    };
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(layer: &str, heights: &str) -> String {
        let document = format!(r#"{{"title": {{}}, "layers": [{{"kind": "terrain", "id": "t"}}, {layer}]}}"#);
        let chosen = ["t", "b"].map(|id| (id.to_owned(), heights.parse().unwrap()));
        let text = with_heights(document.clone().into_bytes(), &chosen.into()).unwrap();
        if text == document.as_bytes() {
            return "as it was".to_owned();
        }
        let scenario: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(scenario["layers"][0], serde_json::json!({"kind": "terrain", "id": "t"}));
        scenario["layers"][1].to_string()
    }

    #[test]
    fn a_choice_takes_the_place_of_what_the_layer_said() {
        let bare = r#"{"kind": "tiles3d", "id": "b"}"#;
        let layer = |rest: &str| format!(r#"{{"id":"b","kind":"tiles3d",{rest}}}"#);
        for (before, heights, after) in [
            (bare.to_owned(), "nap", layer(r#""height_reference":"nap""#)),
            (
                bare.to_owned(),
                "moved -43.40",
                layer(r#""height_reference":"ellipsoid","height_shift_m":-43.4"#),
            ),
            (
                layer(r#""height_reference":"ellipsoid","height_shift_m":-43.4"#),
                "ellipsoid",
                layer(r#""height_reference":"ellipsoid""#),
            ),
            (layer(r#""height_reference":"nap""#), "nap", "as it was".to_owned()),
            (
                layer(r#""height_reference":"ellipsoid","height_shift_m":2.5"#),
                "moved 2.5",
                "as it was".to_owned(),
            ),
        ] {
            let text = written(&before, heights);
            let same = |a: &str, b: &str| {
                let value = |text: &str| serde_json::from_str::<Value>(text).ok();
                a == b || value(a).is_some() && value(a) == value(b)
            };
            assert!(same(&text, &after), "{before} {heights}: {text}");
        }
    }

    #[test]
    fn what_is_no_document_comes_back() {
        let chosen = BTreeMap::from([("b".to_owned(), TileHeights::Moved(1.0))]);
        assert_eq!(with_heights(b"{".to_vec(), &chosen), Err(b"{".to_vec()));
        for odd in [
            &b"[]"[..],
            br#"{"layers": 3}"#,
            br#"{"layers": [1, {"id": 7, "kind": "tiles3d"}]}"#,
        ] {
            assert_eq!(with_heights(odd.to_vec(), &chosen), Ok(odd.to_vec()));
        }
    }
}
