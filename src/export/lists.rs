//! Lists that were added in the program, written into the scenario that is taken along: there they are layers with a file
//! like any other.

use crate::model::OwnList;
use crate::model::scenario::DOCUMENT;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Files of a package in which the scenario `document` has `lists` as layers: the document and their tables. `None` when
/// the document is no text that can be added to.
pub fn with_lists(document: &[u8], lists: &[OwnList]) -> Option<BTreeMap<String, Vec<u8>>> {
    let text = document.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(document);
    let mut scenario: Value = serde_json::from_slice(text).ok()?;
    let layers = scenario.as_object_mut()?.entry("layers").or_insert_with(|| json!([]));
    let layers = layers.as_array_mut()?;
    let mut files = BTreeMap::new();
    for list in lists {
        let path = format!("lists/{}.csv", list.id);
        layers.push(json!({
            "id": list.id,
            "kind": "assets",
            "path": path,
            "title": {"nl": list.name},
            "source": {"owner": list.name, "date": list.day.to_string()},
            "columns": list.columns.to_file()?,
        }));
        files.insert(path, list.bytes.to_vec());
    }
    let mut text = serde_json::to_vec_pretty(&scenario).ok()?;
    text.push(b'\n');
    files.insert(DOCUMENT.to_owned(), text);
    Some(files)
}
