//! Checks the shape of a document against the schema made from the file structs, and takes damaged parts out.
//!
//! After [`prune`] the rest always fits the structs. It knows the words that `schemars` writes for our own
//! structs and nothing more: this is no general JSON Schema validator. Unknown keys are warned about and left.

use super::findings::Findings;
use super::place::{LeftOut, Place};
use crate::sources::json_text::display;
use serde_json::Value;

/// What checking a document found.
#[derive(Debug)]
pub(super) struct Found {
    /// Every problem in file order.
    pub(super) findings: Findings,
    /// List entries taken out.
    pub(super) left_out: LeftOut,
}

/// Takes out of `document` what does not fit `schema`. `false` when the document as a whole cannot be used.
pub(super) fn prune(schema: &Value, document: &mut Value, path: &str) -> (bool, Found) {
    let mut walk = Walk {
        root: schema,
        found: Found {
            findings: Findings::new(path),
            left_out: LeftOut::default(),
        },
    };
    let fits = walk.visit(schema, document, &Place::Root);
    (fits, walk.found)
}

struct Walk<'s> {
    root: &'s Value,
    found: Found,
}

impl<'s> Walk<'s> {
    fn error(&mut self, place: &Place<'_>, message: impl std::fmt::Display) {
        self.found.findings.error(place, message);
    }

    /// Says what is lost because of the error just reported.
    fn is_left_out(&mut self, place: &Place<'_>) {
        if let Some(last) = self.found.findings.last_error_mut() {
            let place = place.to_string();
            let lost = if last.place == place { "it" } else { &place };
            last.message = format!("{}; {lost} is left out", last.message);
        }
    }

    /// Follows references, and the one branch of "this or null".
    fn resolve(&self, mut schema: &'s Value) -> &'s Value {
        // Our structs nest references at most two deep; the bound only guards against a loop.
        for _ in 0..8 {
            if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
                let Some(target) = name.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer)) else {
                    return schema;
                };
                schema = target;
            } else if let Some(branch) = schema.get("anyOf").and_then(Value::as_array).and_then(|branches| {
                branches
                    .iter()
                    .find(|b| b.get("type").and_then(Value::as_str) != Some("null"))
            }) {
                schema = branch;
            } else {
                return schema;
            }
        }
        schema
    }

    fn visit(&mut self, schema: &'s Value, value: &mut Value, place: &Place<'_>) -> bool {
        if value.is_null() && allows_null(schema) {
            return true;
        }
        let schema = self.resolve(schema);
        if let Some(words) = allowed_words(schema) {
            let known = value.as_str().is_some_and(|word| words.contains(&word));
            if !known {
                let name = display(value);
                self.error(place, format!("unknown word {name}: use one of {}", words.join(", ")));
            }
            return known;
        }
        match type_of(schema) {
            Some("object") => self.visit_object(schema, value, place),
            Some("array") => self.visit_array(schema, value, place),
            Some("number") => self.visit_number(schema, value, place),
            Some("integer") => self.visit_integer(schema, value, place),
            Some("string") if !value.is_string() => self.wrong_type(place, "a text", value),
            Some("boolean") if !value.is_boolean() => self.wrong_type(place, "true or false", value),
            _ => true,
        }
    }

    fn wrong_type(&mut self, place: &Place<'_>, expected: &str, value: &Value) -> bool {
        let found = display(value);
        self.error(place, format!("expected {expected}, found {found}"));
        false
    }

    fn visit_object(&mut self, schema: &'s Value, value: &mut Value, place: &Place<'_>) -> bool {
        let Some(object) = value.as_object_mut() else {
            return self.wrong_type(place, "an object {…}", value);
        };
        let properties = schema.get("properties").and_then(Value::as_object);
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let mut fits = true;
        let mut bad_keys = Vec::new();
        for (key, child) in object.iter_mut() {
            let child_place = place.key(key);
            let child_schema = match properties {
                None => schema.get("additionalProperties"),
                Some(properties) => {
                    let known = properties.get(key);
                    if known.is_none() {
                        let message = "this key is unknown here; it is kept but does nothing (is it spelled right?)";
                        self.found.findings.unknown_key(child_place, message);
                    }
                    known
                }
            };
            let Some(child_schema) = child_schema else { continue };
            if self.visit(child_schema, child, &child_place) {
                continue;
            }
            if required.contains(&key.as_str()) {
                fits = false;
            } else {
                self.is_left_out(&child_place);
                bad_keys.push(key.clone());
            }
        }
        for key in bad_keys {
            object.shift_remove(&key);
        }
        for key in required {
            if !object.contains_key(key) {
                fits = false;
                self.error(place, format!("the key `{key}` is missing"));
            }
        }
        fits
    }

    fn visit_array(&mut self, schema: &'s Value, value: &mut Value, place: &Place<'_>) -> bool {
        let Some(entries) = value.as_array_mut() else {
            return self.wrong_type(place, "a list […]", value);
        };
        let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
        let (least, most) = (bound("minItems"), bound("maxItems"));
        let count = entries.len() as u64;
        if least.is_some_and(|least| count < least) || most.is_some_and(|most| count > most) {
            let needed = match (least, most) {
                (Some(least), Some(most)) if least == most => format!("exactly {least}"),
                (Some(least), _) if count < least => format!("at least {least}"),
                _ => format!("at most {}", most.unwrap_or_default()),
            };
            self.error(place, format!("has {count} entries and needs {needed}"));
            return false;
        }
        let Some(items) = schema.get("items") else { return true };
        let whole = least.is_some();
        let mut fits = true;
        let mut bad = Vec::new();
        for (index, entry) in entries.iter_mut().enumerate() {
            let entry_place = place.index(index);
            if self.visit(items, entry, &entry_place) {
                continue;
            }
            if whole {
                // One line is enough for a ring of which every point is wrong.
                fits = false;
                break;
            }
            self.is_left_out(&entry_place);
            self.found.left_out.add(place, index);
            bad.push(index);
        }
        let mut bad = bad.into_iter().peekable();
        let mut index = 0;
        entries.retain(|_| {
            let drop = bad.next_if_eq(&index).is_some();
            index += 1;
            !drop
        });
        fits
    }

    fn visit_number(&mut self, schema: &Value, value: &Value, place: &Place<'_>) -> bool {
        let Some(number) = value.as_f64() else {
            return self.wrong_type(place, "a number", value);
        };
        self.in_range(schema, number, place)
    }

    fn visit_integer(&mut self, schema: &Value, value: &mut Value, place: &Place<'_>) -> bool {
        // `5.0` is a whole number too: some writers know only one kind of number.
        if let Some(number) = value.as_f64().filter(|n| value.is_f64() && n.fract() == 0.0)
            && let Ok(whole) = format!("{number:.0}").parse::<i64>()
        {
            *value = Value::from(whole);
        }
        let Some(number) = value.as_i64() else {
            return self.wrong_type(place, "a whole number", value);
        };
        let (lowest, highest) = match schema.get("format").and_then(Value::as_str) {
            Some("uint32") => (0, i64::from(u32::MAX)),
            Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
            _ => (i64::MIN, i64::MAX),
        };
        if number < lowest || number > highest {
            self.error(place, format!("{number} is not between {lowest} and {highest}"));
            return false;
        }
        value
            .as_f64()
            .is_some_and(|number| self.in_range(schema, number, place))
    }

    fn in_range(&mut self, schema: &Value, number: f64, place: &Place<'_>) -> bool {
        let least = schema.get("minimum").and_then(Value::as_f64);
        let most = schema.get("maximum").and_then(Value::as_f64);
        if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
            let message = match (least, most) {
                (Some(least), Some(most)) => format!("{number} is not between {least} and {most}"),
                (Some(least), None) => format!("{number} is less than {least}"),
                (None, most) => format!("{number} is more than {}", most.unwrap_or(f64::INFINITY)),
            };
            self.error(place, message);
            return false;
        }
        true
    }
}

/// The one type of a schema besides null.
fn type_of(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(name) => Some(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        _ => None,
    }
}

fn allows_null(schema: &Value) -> bool {
    let is_null = |v: &Value| v.as_str() == Some("null");
    schema
        .get("type")
        .is_some_and(|t| is_null(t) || t.as_array().is_some_and(|list| list.iter().any(is_null)))
        || schema
            .get("anyOf")
            .and_then(Value::as_array)
            .is_some_and(|branches| branches.iter().any(|b| b.get("type").is_some_and(is_null)))
}

/// The words of an enumeration, whether it is written as `enum` or as `oneOf` constants with descriptions.
fn allowed_words(schema: &Value) -> Option<Vec<&str>> {
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return Some(words.iter().filter_map(Value::as_str).collect());
    }
    let branches = schema.get("oneOf").and_then(Value::as_array)?;
    branches
        .iter()
        .map(|branch| branch.get("const").and_then(Value::as_str))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::file::{ScenarioFile, schema};
    use super::*;
    use serde_json::json;

    fn smallest() -> Value {
        json!({"version": 1, "title": {"nl": "x"}, "area": {"anchor": {"rd": [251_000, 476_250]}}})
    }

    /// Prunes `edit`ed smallest scenario; the lines, and whether it still became a struct.
    fn lines(edit: Value) -> (Vec<String>, bool) {
        let mut document = smallest();
        if let (Some(target), Some(source)) = (document.as_object_mut(), edit.as_object()) {
            for (key, value) in source {
                target.insert(key.clone(), value.clone());
            }
        }
        let (fits, found) = prune(&schema(), &mut document, "scenario.json");
        let read = serde_json::from_value::<ScenarioFile>(document);
        assert_eq!(fits, read.is_ok(), "the walk and serde disagree: {read:?}");
        let problems = found.findings.into_problems();
        (problems.iter().map(ToString::to_string).collect(), fits)
    }

    #[test]
    fn a_clean_document_has_no_lines() {
        assert_eq!(lines(json!({})), (vec![], true));
    }

    #[test]
    fn every_damage_gets_one_line_with_its_place() {
        let building = |change: Value| {
            let mut b = json!({"id": "A-01", "footprint": [[0, 0], [9, 0], [9, 9]], "storeys": 3});
            b.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            json!({"variants": [{"id": "0"}, {"id": "A", "buildings": [b]}]})
        };
        for (edit, expected) in [
            (
                building(json!({"colour": "red"})),
                "scenario.json: variants[1].buildings[0].colour: this key is unknown here; it is kept but does nothing (is it spelled right?)",
            ),
            (
                building(json!({"storeys": 201})),
                "scenario.json: variants[1].buildings[0].storeys: 201 is not between 0 and 200; variants[1].buildings[0] is left out",
            ),
            (
                building(json!({"storeys": "three"})),
                "scenario.json: variants[1].buildings[0].storeys: expected a whole number, found `three`; variants[1].buildings[0] is left out",
            ),
            (
                building(json!({"storeys": 1e300})),
                "scenario.json: variants[1].buildings[0].storeys: expected a whole number, found 1e+300; variants[1].buildings[0] is left out",
            ),
            (
                building(json!({"roof": "onion"})),
                "scenario.json: variants[1].buildings[0].roof: unknown word `onion`: use one of flat, gable, hip; it is left out",
            ),
            (
                building(json!({"footprint": [[0, 0], [9, 0]]})),
                "scenario.json: variants[1].buildings[0].footprint: has 2 entries and needs at least 3; variants[1].buildings[0] is left out",
            ),
            (
                building(json!({"footprint": [[0, 0], [9, 0], [9, "NaN"]]})),
                "scenario.json: variants[1].buildings[0].footprint[2][1]: expected a number, found `NaN`; variants[1].buildings[0] is left out",
            ),
            (
                building(json!({"footprint": [[0, 0], [9, 0], [9, 9, 9]]})),
                "scenario.json: variants[1].buildings[0].footprint[2]: has 3 entries and needs exactly 2; variants[1].buildings[0] is left out",
            ),
            (
                json!({"variants": [{"id": "0", "removed": {"ids": ["a", 7]}}]}),
                "scenario.json: variants[0].removed.ids[1]: expected a text, found 7; it is left out",
            ),
            (
                json!({"layers": [{"id": "x", "kind": "tiles3d", "path": "t.json", "height_reference": "msl"}]}),
                "scenario.json: layers[0].height_reference: unknown word `msl`: use one of nap, ellipsoid; it is left out",
            ),
            (
                json!({"viewpoints": [{"id": "v", "camera": {"target": [1, 2, 3], "heading_deg": 0, "pitch_deg": -95, "distance_m": 10}}]}),
                "scenario.json: viewpoints[0].camera.pitch_deg: -95 is not between -90 and 90; viewpoints[0] is left out",
            ),
            (
                json!({"viewpoints": [{"id": "v"}]}),
                "scenario.json: viewpoints[0]: the key `camera` is missing; it is left out",
            ),
            (
                json!({"phases": {"id": "1"}}),
                "scenario.json: phases: expected a list […], found an object {…}; it is left out",
            ),
            (
                json!({"synthetic": "yes"}),
                "scenario.json: synthetic: expected true or false, found `yes`; it is left out",
            ),
        ] {
            let (found, fits) = lines(edit);
            assert_eq!(found, [expected]);
            assert!(fits);
        }
    }

    #[test]
    fn without_a_title_or_an_area_nothing_fits() {
        let (found, fits) = lines(json!({"title": 7, "area": {}}));
        assert!(!fits);
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn whole_numbers_may_be_written_with_a_point() {
        assert_eq!(lines(json!({"version": 1.0})), (vec![], true));
    }

    /// Whatever is put in the place of any one value, what is left fits the structs.
    #[test]
    fn what_is_left_always_fits() {
        let mut klein: Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/klein/scenario.json")).unwrap();
        klein["annotations"] = json!([{
            "id": "n", "number": 1, "text": "x", "kind": "task", "role": "other", "day": "2026-11-25",
            "position": [251_000, 476_250, 17], "object": "B-1", "viewpoint": {"variant": "A", "camera":
                {"target": [251_000, 476_250, 17], "heading_deg": 1, "pitch_deg": -20, "distance_m": 90}},
        }]);
        let schema = schema();
        let replacements = [
            json!(null),
            json!(-1),
            json!(0.5),
            json!(1e300),
            json!("x"),
            json!([]),
            json!({}),
            json!([1, 2]),
            json!(true),
        ];
        let mut replaced = 0;
        for with in &replacements {
            for which in 0.. {
                let (mut document, mut left) = (klein.clone(), which);
                if !replace_nth(&mut document, &mut left, with) {
                    break;
                }
                let shown = document.to_string();
                let (fits, _) = prune(&schema, &mut document, "f");
                let read = serde_json::from_value::<ScenarioFile>(document);
                assert_eq!(fits, read.is_ok(), "value {which} as {with}: {read:?} of {shown}");
                replaced += 1;
            }
        }
        assert!(replaced > 1500, "{replaced}");
    }

    fn replace_nth(value: &mut Value, left: &mut usize, with: &Value) -> bool {
        if *left == 0 {
            *value = with.clone();
            return true;
        }
        *left -= 1;
        match value {
            Value::Array(entries) => entries.iter_mut().any(|entry| replace_nth(entry, left, with)),
            Value::Object(object) => object.values_mut().any(|entry| replace_nth(entry, left, with)),
            _ => false,
        }
    }
}
