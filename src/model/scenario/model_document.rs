//! The scenario's own file with the models that its variants place now, for saving what was added and moved.
//!
//! Models that stand in the file like that already are left letter for letter as they are, and so is everything else in
//! it; in a changed model the keys that the program does not know stay. Entries that could not be read stay too.

use super::convert::natural_reference;
use super::note_document::{OwnFile, rounded};
use super::projection::height_at_site_zero_m;
use super::{NewModel, OpenScenario, Variant};
use crate::sources::obj::Up;
use crate::sources::{Cause, Problem, json_text};
use bevy::math::DVec3;
use serde_json::{Map, Value, json};
use std::marker::PhantomData;

/// Steps per unit of a position in the file: a tenth of a millimetre where the unit is a degree.
const PLACE_STEPS: f64 = 1e9;
/// Steps per metre or degree of everything else.
const STEPS: f64 = 1e6;

/// The bytes of the own file of `open` with the models of its variants in it. The problems are models that have no place
/// in the file.
///
/// # Errors
/// When the file cannot be read any more, or would be larger than one that can be opened.
pub fn document_with_models(open: &OpenScenario) -> Result<(Vec<u8>, Vec<Problem>), Vec<Problem>> {
    let own = OwnFile::read(open)?;
    let document = &open.document;
    let one = |problem| vec![problem];
    let text = json_text::text(&own.bytes, document).map_err(one)?;
    let mut value = json_text::parse(PhantomData::<Value>, &text, document).map_err(one)?;
    let mut problems = Vec::new();
    let mut is_changed = false;
    let variants = value.get_mut("variants").and_then(Value::as_array_mut);
    for entry in variants.into_iter().flatten() {
        let Some(id) = entry.get("id").and_then(Value::as_str) else {
            continue;
        };
        let (Some(before), Some(after)) = (
            variant(&own.scenario.variants, id),
            variant(&open.scenario.variants, id),
        ) else {
            continue;
        };
        if before.models != after.models {
            is_changed = true;
            put_models(entry, before, after, &own, &mut problems);
        }
    }
    if !is_changed {
        return Ok((own.bytes, problems));
    }
    let mut new = format!("{value:#}").into_bytes();
    new.push(b'\n');
    if new.len() > json_text::MAX_BYTES {
        let message = format!(
            "with the models the file has more than {} MiB",
            json_text::MAX_BYTES >> 20
        );
        return Err(one(
            Problem::error(document, "variants", message).because(Cause::TooLarge)
        ));
    }
    Ok((new, problems))
}

fn variant<'a>(variants: &'a [Variant], id: &str) -> Option<&'a Variant> {
    variants.iter().find(|variant| variant.id == id)
}

/// Puts the models of `after` into the entry of their variant, in the place of those of `before`.
fn put_models(entry: &mut Value, before: &Variant, after: &Variant, own: &OwnFile<'_>, problems: &mut Vec<Problem>) {
    let Some(entry) = entry.as_object_mut() else { return };
    let old = match entry.get_mut("models").map(Value::take) {
        Some(Value::Array(entries)) => entries,
        _ => Vec::new(),
    };
    let find = |models: &[NewModel], id: &str| models.iter().find(|model| model.id == id).cloned();
    let mut list = Vec::new();
    let mut written: Vec<String> = Vec::new();
    for mut model in old {
        let id = model.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        match (find(&before.models, &id), find(&after.models, &id)) {
            _ if written.contains(&id) => {}
            // Nobody saw it, so nobody can have removed it.
            (None, None) => {}
            (Some(_), None) => continue,
            (was, Some(now)) => {
                if was.as_ref() != Some(&now)
                    && let Some(model) = model.as_object_mut()
                {
                    place(model, &now, own, problems);
                }
                written.push(id);
            }
        }
        list.push(model);
    }
    for model in after.models.iter().filter(|model| !written.contains(&model.id)) {
        let mut new = Map::from_iter([
            ("id".to_owned(), json!(model.id)),
            ("path".to_owned(), json!(model.path)),
        ]);
        if !model.title.0.is_empty() {
            new.insert("title".into(), json!(model.title.0));
        }
        if place(&mut new, model, own, problems) {
            list.push(new.into());
        }
    }
    if list.is_empty() {
        entry.remove("models");
    } else {
        entry.insert("models".into(), list.into());
    }
}

/// Writes where a model stands into its entry; `false` where the file has no such place.
fn place(entry: &mut Map<String, Value>, model: &NewModel, own: &OwnFile<'_>, problems: &mut Vec<Problem>) -> bool {
    let site = own.projection.site();
    let placed = own
        .projection
        .file_from_site(model.position)
        .map_err(|error| error.to_string());
    let placed = placed.and_then(|at| {
        Ok((
            at,
            height_at_site_zero_m(site, model.position, natural_reference(site))?,
        ))
    });
    let (at, zero_m) = match placed {
        Ok(placed) => placed,
        Err(message) => {
            let message = format!("model `{}`: {message}; it is not saved", model.id);
            problems.push(Problem::error(own.document, "variants", message).because(Cause::Place));
            return false;
        }
    };
    entry.insert("position".into(), json!(at.map(|number| rounded(number, PLACE_STEPS))));
    let mut set = |key: &str, value: Option<Value>| match value {
        Some(value) => drop(entry.insert(key.into(), value)),
        None => drop(entry.remove(key)),
    };
    set(
        "foot_m",
        model.foot_m.map(|foot_m| json!(rounded(foot_m + zero_m, STEPS))),
    );
    let heading_deg = rounded(model.heading_deg, STEPS);
    set("heading_deg", (heading_deg != 0.0).then(|| json!(heading_deg)));
    set("scale", (model.scale != 1.0).then(|| json!(model.scale)));
    set("up", (model.up == Up::Z).then(|| json!("z")));
    set(
        "origin",
        (model.origin != DVec3::ZERO).then(|| json!(model.origin.to_array())),
    );
    set("geocentric", model.is_geocentric.then(|| json!(true)));
    true
}
