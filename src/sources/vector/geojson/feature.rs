//! One `GeoJSON` feature as a record, and the place in it of what is wrong.

use super::super::record::{GeometryKind, Position, VectorFeature, VectorGeometry};
use crate::sources::json_text::display;
use serde_json::{Map, Value};

/// Deepest nesting of collections.
const MAX_DEPTH: usize = 16;

/// The place within the feature, and what is wrong there.
pub(super) type Fault = (String, String);

pub(super) fn feature(mut value: Value, index: usize) -> Result<VectorFeature, Fault> {
    let Some(object) = value.as_object_mut() else {
        return Err((String::new(), format!("expected a feature, found {}", display(&value))));
    };
    let is_geometry = object
        .get("type")
        .and_then(Value::as_str)
        .is_some_and(|kind| GeometryKind::of_name(kind).is_some());
    if is_geometry {
        let geometry = read_geometry(&value)?;
        return Ok(VectorFeature {
            index,
            id: None,
            geometry: Some(geometry).filter(|geometry| !geometry.is_empty()),
            properties: Map::new(),
        });
    }
    let properties = match object.shift_remove("properties") {
        Some(Value::Object(properties)) => properties,
        None | Some(Value::Null) => Map::new(),
        Some(other) => {
            return Err((
                ".properties".into(),
                format!("expected an object {{…}}, found {}", display(&other)),
            ));
        }
    };
    let geometry = match object.get("geometry").filter(|geometry| !geometry.is_null()) {
        Some(geometry) => {
            let geometry =
                read_geometry(geometry).map_err(|(place, message)| (format!(".geometry{place}"), message))?;
            Some(geometry).filter(|geometry| !geometry.is_empty())
        }
        None => None,
    };
    let id = match object.get("id") {
        Some(Value::String(id)) if !id.is_empty() => Some(id.clone()),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => None,
    };
    Ok(VectorFeature {
        index,
        id,
        geometry,
        properties,
    })
}

fn read_geometry(value: &Value) -> Result<VectorGeometry, Fault> {
    let mut geometry = VectorGeometry::new(GeometryKind::GeometryCollection);
    geometry.kind = add_geometry(value, &mut geometry, 0)?;
    Ok(geometry)
}

fn add_geometry(value: &Value, out: &mut VectorGeometry, depth: usize) -> Result<GeometryKind, Fault> {
    if depth > MAX_DEPTH {
        return Err((String::new(), format!("the geometry is nested deeper than {MAX_DEPTH}")));
    }
    let missing = Value::Null;
    let word = value.get("type").unwrap_or(&missing);
    let coordinates = value.get("coordinates").unwrap_or(&missing);
    let at = |(place, message): Fault| (format!(".coordinates{place}"), message);
    let Some(kind) = word.as_str().and_then(GeometryKind::of_name) else {
        let message = format!(
            "unknown word {}: use one of Point, LineString, Polygon, MultiPoint, MultiLineString, MultiPolygon, \
             GeometryCollection",
            display(word)
        );
        return Err((".type".into(), message));
    };
    let line = |value: &Value| entries(value, position);
    let polygon = |value: &Value| entries(value, line);
    match kind {
        // An empty list is an empty point.
        GeometryKind::Point if coordinates.as_array().is_some_and(Vec::is_empty) => {}
        GeometryKind::Point => out.points.push(position(coordinates).map_err(at)?),
        GeometryKind::MultiPoint => out.points.extend(line(coordinates).map_err(at)?),
        GeometryKind::LineString => out
            .lines
            .extend(Some(line(coordinates).map_err(at)?).filter(|l| !l.is_empty())),
        GeometryKind::MultiLineString => out.lines.extend(entries(coordinates, line).map_err(at)?),
        GeometryKind::Polygon => {
            out.polygons
                .extend(Some(polygon(coordinates).map_err(at)?).filter(|rings| !rings.is_empty()));
        }
        GeometryKind::MultiPolygon => out.polygons.extend(entries(coordinates, polygon).map_err(at)?),
        GeometryKind::GeometryCollection => {
            let parts = value.get("geometries").and_then(Value::as_array);
            let parts = parts.ok_or_else(|| (".geometries".into(), "expected a list […]".into()))?;
            for (number, part) in parts.iter().enumerate() {
                add_geometry(part, out, depth + 1)
                    .map_err(|(place, message)| (format!(".geometries[{number}]{place}"), message))?;
            }
        }
    }
    Ok(kind)
}

fn entries<T>(value: &Value, read: impl Fn(&Value) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
    let Some(list) = value.as_array() else {
        return Err((String::new(), format!("expected a list […], found {}", display(value))));
    };
    let entry = |(index, entry)| read(entry).map_err(|(place, message)| (format!("[{index}]{place}"), message));
    list.iter().enumerate().map(entry).collect()
}

fn position(value: &Value) -> Result<Position, Fault> {
    let list = value.as_array().map(Vec::as_slice);
    let Some([x, y, more @ ..]) = list else {
        return Err((
            String::new(),
            format!("expected a coordinate [x, y], found {}", display(value)),
        ));
    };
    let number = |value: &Value, index: usize| {
        let number = value.as_f64();
        number.ok_or_else(|| {
            (
                format!("[{index}]"),
                format!("expected a number, found {}", display(value)),
            )
        })
    };
    Ok(Position {
        x: number(x, 0)?,
        y: number(y, 1)?,
        z: more.first().and_then(Value::as_f64),
    })
}
