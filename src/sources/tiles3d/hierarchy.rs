//! The class hierarchy of a batch table (`3DTILES_batch_table_hierarchy`) as plain columns: a door has the values of its
//! own class, and those of its wall, its building and its zone.
//!
//! <https://github.com/CesiumGS/3d-tiles/tree/main/extensions/3DTILES_batch_table_hierarchy>. The first features of the
//! instances are those of the batch; the others are only parents. Where several parents have a value, the nearest counts.

use super::b3dm::{binary_column, json_column};
use crate::geometry::{Column, Value};
use crate::sources::gltf::Fault;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// Most classes and most instances that are read.
const MAX_CLASSES: usize = 10_000;
const MAX_INSTANCES: usize = 2_000_000;
/// Most instances that the values of one feature are gathered from.
const MAX_ANCESTORS: usize = 64;
/// What the class of a feature is called as a column.
const CLASS: &str = "class";

/// A class with the values of its instances.
struct Class {
    name: String,
    columns: Vec<(String, Column)>,
}

/// The hierarchy, checked: every number in it leads somewhere.
struct Hierarchy {
    classes: Vec<Class>,
    /// Class of each instance, and which of that class it is.
    instances: Vec<(usize, u32)>,
    /// Where the parents of each instance begin in `parents`; one more at the end.
    first_parent: Vec<usize>,
    parents: Vec<usize>,
}

/// The columns that a hierarchy gives the first `rows` instances; at most `most_values` values.
pub(super) fn hierarchy_columns(
    json: &Json,
    binary: &[u8],
    rows: u32,
    most_values: usize,
) -> Result<Vec<(String, Column)>, Fault> {
    let hierarchy = Hierarchy::read(json, binary)?;
    let rows = rows as usize;
    if hierarchy.instances.len() < rows {
        return Err(Fault::from(
            "the class hierarchy has fewer instances than there are features",
        ));
    }
    let mut names: Vec<&str> = vec![CLASS];
    let mut places: BTreeMap<&str, usize> = [(CLASS, 0)].into();
    for (name, _) in hierarchy.classes.iter().flat_map(|class| &class.columns) {
        places.entry(name).or_insert_with(|| {
            names.push(name);
            names.len() - 1
        });
    }
    if names.len().saturating_mul(rows) > most_values {
        return Err(Fault::too_large("", "the class hierarchy gives too many values"));
    }
    let mut values = vec![vec![Value::Null; rows]; names.len()];
    for (row, (class, _)) in hierarchy.instances.iter().take(rows).enumerate() {
        let class = &hierarchy.classes[*class];
        values[0][row] = Value::Text(class.name.clone());
        for instance in hierarchy.lineage(row) {
            let (class, place) = hierarchy.instances[instance];
            for (name, column) in &hierarchy.classes[class].columns {
                let value = &mut values[places[name.as_str()]][row];
                if *value == Value::Null {
                    *value = column.value(place);
                }
            }
        }
    }
    let names = names.into_iter().map(str::to_owned);
    Ok(names.zip(values.into_iter().map(narrowest)).collect())
}

impl Hierarchy {
    fn read(json: &Json, binary: &[u8]) -> Result<Self, Fault> {
        let count = json.get("instancesLength").and_then(Json::as_u64);
        let count = count.and_then(|count| usize::try_from(count).ok());
        let count = count.ok_or("the class hierarchy does not say how many instances it has")?;
        let listed = json.get("classes").and_then(Json::as_array);
        let listed = listed.ok_or("the class hierarchy has no classes")?;
        if count > MAX_INSTANCES || listed.len() > MAX_CLASSES {
            return Err(Fault::too_large("", "the class hierarchy is too large"));
        }
        let classes: Vec<Class> = listed
            .iter()
            .map(|class| class_of(class, binary))
            .collect::<Result<_, _>>()?;
        let ids = numbers(json, "classIds", binary, count)?.ok_or("the class hierarchy has no `classIds`")?;
        let mut seen = vec![0_u32; classes.len()];
        let mut instances = Vec::with_capacity(count);
        for class in ids {
            let place = seen.get_mut(class).ok_or("a class of the hierarchy is not there")?;
            instances.push((class, *place));
            *place += 1;
        }
        let counts = numbers(json, "parentCounts", binary, count)?;
        let has_parents = json.get("parentIds").is_some();
        let counts = counts.unwrap_or_else(|| vec![usize::from(has_parents); count]);
        let mut first_parent = vec![0];
        for own in counts {
            let end = first_parent.last().copied().unwrap_or(0) + own;
            if end > MAX_INSTANCES {
                return Err(Fault::too_large("", "the class hierarchy has too many parents"));
            }
            first_parent.push(end);
        }
        let all = first_parent.last().copied().unwrap_or(0);
        let parents = numbers(json, "parentIds", binary, all)?.unwrap_or_default();
        if parents.len() < all || parents.iter().any(|parent| *parent >= count) {
            return Err(Fault::from("a parent of the hierarchy is not there"));
        }
        Ok(Self {
            classes,
            instances,
            first_parent,
            parents,
        })
    }

    /// An instance, its parents, theirs, and so on, each once.
    fn lineage(&self, instance: usize) -> Vec<usize> {
        let mut found = vec![instance];
        let mut at = 0;
        while at < found.len() {
            let of = found[at];
            for parent in &self.parents[self.first_parent[of]..self.first_parent[of + 1]] {
                // An instance without a parent names itself.
                if found.len() < MAX_ANCESTORS && !found.contains(parent) {
                    found.push(*parent);
                }
            }
            at += 1;
        }
        found
    }
}

fn class_of(json: &Json, binary: &[u8]) -> Result<Class, Fault> {
    let name = json.get("name").and_then(Json::as_str).unwrap_or_default();
    let length = json.get("length").and_then(Json::as_u64).unwrap_or(0);
    let length = usize::try_from(length).ok().filter(|length| *length <= MAX_INSTANCES);
    let length = length.ok_or("a class of the hierarchy has too many instances")?;
    let none = Map::new();
    let properties = json.get("instances").and_then(Json::as_object).unwrap_or(&none);
    let columns = properties.iter().map(|(name, values)| {
        let column = match values {
            Json::Array(items) => json_column(items, length),
            Json::Object(place) => binary_column(place, binary, length)?,
            _ => {
                return Err(Fault::from(
                    "a value of the hierarchy is neither a list nor a place in the binary part",
                ));
            }
        };
        Ok((name.clone(), column))
    });
    Ok(Class {
        name: name.to_owned(),
        columns: columns.collect::<Result<_, _>>()?,
    })
}

/// `count` whole numbers of a key, in the JSON itself or in the binary part; `None` where there is no such key.
fn numbers(json: &Json, key: &str, binary: &[u8], count: usize) -> Result<Option<Vec<usize>>, Fault> {
    let column = match json.get(key) {
        None => return Ok(None),
        Some(Json::Array(items)) => json_column(items, count),
        Some(Json::Object(place)) => {
            let mut place = place.clone();
            place.entry("componentType").or_insert_with(|| "UNSIGNED_SHORT".into());
            place.entry("type").or_insert_with(|| "SCALAR".into());
            binary_column(&place, binary, count)?
        }
        Some(_) => return Err(Fault::from("numbers of the class hierarchy are no list")),
    };
    let Column::Int(numbers) = column else {
        // Nothing at all is an empty list of any kind.
        return if count == 0 {
            Ok(Some(Vec::new()))
        } else {
            Err(Fault::from("numbers of the class hierarchy are not whole"))
        };
    };
    let numbers: Option<Vec<usize>> = numbers.into_iter().map(|number| usize::try_from(number).ok()).collect();
    let numbers = numbers.filter(|numbers| numbers.len() == count);
    let numbers = numbers.ok_or("the class hierarchy has fewer numbers than instances, or negative ones")?;
    Ok(Some(numbers))
}

/// The narrowest column that holds all values.
fn narrowest(values: Vec<Value>) -> Column {
    let all = |test: fn(&Value) -> bool| values.iter().all(|value| *value == Value::Null || test(value));
    if all(|value| matches!(value, Value::Text(_))) {
        let text = |value| match value {
            Value::Text(text) => Some(text),
            _ => None,
        };
        Column::Text(values.into_iter().map(text).collect())
    } else if all(|value| matches!(value, Value::Int(_))) {
        let int = |value| match value {
            Value::Int(number) => number,
            _ => i64::MIN,
        };
        Column::Int(values.into_iter().map(int).collect())
    } else if all(|value| matches!(value, Value::Float(_))) {
        let float = |value| match value {
            Value::Float(number) => number,
            _ => f64::NAN,
        };
        Column::Float(values.into_iter().map(float).collect())
    } else {
        Column::Mixed(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Two doors in a wall each, both walls in one building; the last door hangs in two walls.
    fn house() -> Json {
        json!({
            "instancesLength": 6,
            "classes": [
                {"name": "door", "length": 3, "instances": {"door_name": ["a", "b", "c"], "width": [0.9, 1.0, 1.5]}},
                {"name": "wall", "length": 2, "instances": {"paint": ["red", "blue"]}},
                {"name": "building", "length": 1, "instances": {"storeys": [3], "width": [12.5]}},
            ],
            "classIds": [0, 0, 0, 1, 1, 2],
            "parentCounts": [1, 1, 2, 1, 1, 0],
            "parentIds": [3, 4, 4, 3, 5, 5],
        })
    }

    fn columns(json: &Json, rows: u32) -> Result<BTreeMap<String, Column>, Fault> {
        hierarchy_columns(json, &[], rows, 1000).map(|columns| columns.into_iter().collect())
    }

    #[test]
    fn a_feature_has_the_values_of_all_above_it_the_nearest_first() {
        let columns = columns(&house(), 3).unwrap();
        let text = |name: &str, row| match columns[name].value(row) {
            Value::Text(text) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!((text("class", 0), text("door_name", 1)), ("door".into(), "b".into()));
        assert_eq!([0, 1, 2].map(|row| text("paint", row)), ["red", "blue", "blue"]);
        assert_eq!(columns["storeys"], Column::Int(vec![3, 3, 3]));
        assert_eq!(
            columns["width"],
            Column::Float(vec![0.9, 1.0, 1.5]),
            "its own, not the building's"
        );
    }

    #[test]
    fn numbers_may_stand_in_the_binary_part_and_parents_may_be_missing() {
        let mut json = house();
        let binary: Vec<u8> = [0_u16, 0, 0, 1, 1, 2].iter().flat_map(|id| id.to_le_bytes()).collect();
        json["classIds"] = json!({"byteOffset": 0});
        json.as_object_mut().unwrap().remove("parentIds");
        json.as_object_mut().unwrap().remove("parentCounts");
        let columns: BTreeMap<_, _> = hierarchy_columns(&json, &binary, 3, 1000)
            .unwrap()
            .into_iter()
            .collect();
        assert_eq!(columns["door_name"].value(2), Value::Text("c".into()));
        assert_eq!(columns["paint"].value(0), Value::Null);
    }

    #[test]
    fn circles_end_and_numbers_that_lead_nowhere_are_faults() {
        let mut circle = house();
        circle["parentCounts"] = json!([1, 1, 1, 1, 1, 1]);
        circle["parentIds"] = json!([3, 4, 4, 5, 5, 3]);
        assert!(columns(&circle, 3).is_ok());
        for (key, value) in [
            ("classIds", json!([0, 0, 0, 1, 1, 9])),
            ("classIds", json!([0, 0])),
            ("parentIds", json!([3, 4, 4, 3, 5, 99])),
            ("parentIds", json!([3])),
            ("parentCounts", json!([1, 1, 2, 1, 1, 4_000_000])),
            ("instancesLength", json!(1_u64 << 40)),
            ("classes", json!(null)),
        ] {
            let mut wrong = house();
            wrong[key] = value.clone();
            assert!(columns(&wrong, 3).is_err(), "{key} {value}");
        }
        assert!(columns(&house(), 7).is_err(), "more features than instances");
        assert!(hierarchy_columns(&house(), &[], 3, 10).is_err(), "too many values");
    }
}
