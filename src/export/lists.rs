//! Lists that were added in the program, written into the scenario that is taken along: there they are layers with a file
//! like any other.

use crate::model::AddedList;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// Tables by their path in a package.
type Tables = BTreeMap<String, Arc<[u8]>>;

/// The document with `lists` as layers, and the tables that these name. Without lists it stays letter for letter as it is,
/// and it comes back where it is no text that can be added to.
pub(super) fn with_lists(document: Vec<u8>, lists: &[AddedList]) -> Result<(Vec<u8>, Tables), Vec<u8>> {
    if lists.is_empty() {
        return Ok((document, Tables::new()));
    }
    added(&document, lists).ok_or(document)
}

fn added(document: &[u8], lists: &[AddedList]) -> Option<(Vec<u8>, Tables)> {
    let text = document.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(document);
    let mut scenario: Value = serde_json::from_slice(text).ok()?;
    let layers = scenario.as_object_mut()?.entry("layers").or_insert_with(|| json!([]));
    let layers = layers.as_array_mut()?;
    let mut tables = Tables::new();
    for AddedList { list, .. } in lists {
        let path = format!("lists/{}.csv", list.id);
        layers.push(json!({
            "id": list.id,
            "kind": "assets",
            "path": path,
            "title": {"nl": list.name},
            "source": {"owner": list.name, "date": list.day.to_string()},
            "columns": list.columns.to_file()?,
        }));
        tables.insert(path, list.bytes.clone());
    }
    let mut text = serde_json::to_vec_pretty(&scenario).ok()?;
    text.push(b'\n');
    Some((text, tables))
}
