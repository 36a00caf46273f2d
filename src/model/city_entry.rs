//! What a register holds of a building of a city model: footprint, heights and what the 3DBAG knows of it.
//!
//! The footprint is what the ground surfaces cover; a building without them is taken as its shadow from straight above.

use crate::geometry::Region;
use crate::geometry::polygon::{Polygon, signed_area_m2};
use crate::sources::{CityFeature, SurfaceRole};
use bevy::math::{DVec2, DVec3};
use serde_json::{Map, Value, json};

/// Triangles of one building that its shadow is made of; of more the box is taken.
const MOST_TRIANGLES: usize = 5_000;
/// Pieces of a footprint smaller than this are slivers of the overlay, m².
const LEAST_PIECE_M2: f64 = 0.05;

/// A building as it stands in a register, in the coordinates of its city model.
#[derive(Debug, Clone, PartialEq)]
pub struct CityEntry {
    /// Its id.
    pub id: String,
    /// The largest piece of what it covers, metres.
    pub footprint: Polygon,
    /// Ground, metres.
    pub ground_nap_m: f64,
    /// Highest point, metres.
    pub roof_nap_m: f64,
    /// What the register keeps of its attributes, under the register's names.
    pub attributes: Map<String, Value>,
}

impl CityEntry {
    /// Of a building whose coordinates are metres and heights, such as RD and NAP; `None` for one without a surface.
    pub fn of(feature: &CityFeature) -> Option<Self> {
        let corners = || {
            feature
                .parts
                .iter()
                .flat_map(|part| &part.positions)
                .filter(|p| p.is_finite())
        };
        let (low, high) = corners().fold(None, |bounds: Option<(DVec3, DVec3)>, p| {
            Some(bounds.map_or((*p, *p), |(low, high)| (low.min(*p), high.max(*p))))
        })?;
        let has_ground = feature.parts.iter().any(|part| part.role == SurfaceRole::Ground);
        let footprint = shadow(feature, |role| !has_ground || role == SurfaceRole::Ground)
            .or_else(|| shadow(feature, |_| true))
            .or_else(|| box_of(low.truncate(), high.truncate()))?;
        let number = |key: &str| {
            feature
                .attributes
                .get(key)
                .and_then(Value::as_f64)
                .filter(|n| n.is_finite())
        };
        Some(Self {
            id: feature.id.clone(),
            footprint,
            ground_nap_m: number("b3_h_maaiveld").unwrap_or(low.z),
            roof_nap_m: number("b3_h_dak_max").filter(|roof| *roof >= low.z).unwrap_or(high.z),
            attributes: known(&feature.attributes),
        })
    }

    /// As a feature of a register file; its coordinates have to be RD and NAP.
    pub fn json(&self) -> Value {
        let ring = |ring: &[DVec2]| {
            let mut corners: Vec<[f64; 2]> = ring.iter().map(|p| [millimetres(p.x), millimetres(p.y)]).collect();
            corners.extend(corners.first().copied());
            corners
        };
        let mut rings = vec![ring(&self.footprint.exterior)];
        rings.extend(self.footprint.holes.iter().map(|hole| ring(hole)));
        let properties = self.properties();
        json!({"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": rings}})
    }

    /// The properties of that feature.
    pub fn properties(&self) -> Map<String, Value> {
        let mut properties = Map::new();
        properties.insert("identificatie".into(), json!(self.id));
        properties.insert("ground_nap_m".into(), json!(millimetres(self.ground_nap_m)));
        properties.insert("roof_nap_m".into(), json!(millimetres(self.roof_nap_m)));
        properties.extend(self.attributes.clone());
        properties
    }
}

/// What the register keeps of the attributes of a building, under the register's names.
fn known(attributes: &Map<String, Value>) -> Map<String, Value> {
    let mut kept = Map::new();
    for (ours, theirs) in [
        ("naam", ["naam", "name"].as_slice()),
        ("bouwlagen", &["b3_bouwlagen", "bouwlagen", "storeysAboveGround"]),
        (
            "oorspronkelijkbouwjaar",
            &["oorspronkelijkbouwjaar", "bouwjaar", "yearOfConstruction"],
        ),
        ("gebruik", &["gebruik", "gebruiksdoel", "function"]),
    ] {
        let found = theirs
            .iter()
            .find_map(|key| attributes.get(*key).filter(|value| !value.is_null()));
        if let Some(value) = found.filter(|value| !matches!(value, Value::Array(_) | Value::Object(_))) {
            kept.insert(ours.to_owned(), value.clone());
        }
    }
    kept
}

/// The largest piece of what the surfaces of some roles cover, seen from straight above.
fn shadow(feature: &CityFeature, counts: impl Fn(SurfaceRole) -> bool) -> Option<Polygon> {
    let parts = feature.parts.iter().filter(|part| counts(part.role));
    let triangles: Vec<[DVec2; 3]> = parts
        .flat_map(|part| {
            part.triangles.iter().filter_map(|corners| {
                let mut triangle = [DVec2::ZERO; 3];
                for (place, corner) in triangle.iter_mut().zip(corners) {
                    *place = part.positions.get(*corner as usize)?.truncate();
                }
                Some(triangle)
            })
        })
        .filter(|triangle| triangle.iter().all(|p| p.is_finite()) && signed_area_m2(triangle).abs() > 1e-6)
        .take(MOST_TRIANGLES + 1)
        .collect();
    if triangles.is_empty() || triangles.len() > MOST_TRIANGLES {
        return None;
    }
    // Around the building, not around the origin of the country: there the overlay keeps its digits.
    let zero = triangles[0][0].round();
    let pieces: Vec<Region> = triangles
        .iter()
        .map(|triangle| Region::of(&Polygon::new(triangle.map(|p| p - zero).into())))
        .collect();
    let mut polygon = Region::union(&pieces)
        .largest()
        .filter(|p| p.area_m2() > LEAST_PIECE_M2)?;
    for corner in polygon.exterior.iter_mut().chain(polygon.holes.iter_mut().flatten()) {
        *corner += zero;
    }
    polygon.holes.retain(|hole| signed_area_m2(hole).abs() > LEAST_PIECE_M2);
    Some(polygon)
}

fn box_of(low: DVec2, high: DVec2) -> Option<Polygon> {
    let corners = vec![low, DVec2::new(high.x, low.y), high, DVec2::new(low.x, high.y)];
    (signed_area_m2(&corners) > LEAST_PIECE_M2).then(|| Polygon::new(corners))
}

fn millimetres(metres: f64) -> f64 {
    (metres * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::CityPart;

    fn part(role: SurfaceRole, positions: &[[f64; 3]], triangles: &[[u32; 3]]) -> CityPart {
        CityPart {
            role,
            color: None,
            texture: None,
            positions: positions.iter().copied().map(DVec3::from).collect(),
            triangles: triangles.to_vec(),
        }
    }

    /// A house of 8 by 6 m in Hengelo with a roof that hangs over by a metre.
    fn house() -> CityFeature {
        let at = |x: f64, y: f64, z: f64| [251_000.0 + x, 476_250.0 + y, z];
        let square = |low: f64, x: f64, y: f64, z: f64| [at(low, low, z), at(x, low, z), at(x, y, z), at(low, y, z)];
        let down = [[0, 2, 1], [0, 3, 2]];
        let up = [[0, 1, 2], [0, 2, 3]];
        CityFeature {
            id: "NL.IMBAG.Pand.0164100000000001".into(),
            class: "Building".into(),
            attributes: serde_json::from_value(json!({"b3_bouwlagen": 2, "oorspronkelijkbouwjaar": 1931,
                "b3_h_maaiveld": 16.9, "b3_h_dak_max": null, "gebruiksdoel": ["woonfunctie"]}))
            .unwrap(),
            parts: vec![
                part(SurfaceRole::Ground, &square(0.0, 8.0, 6.0, 17.0), &down),
                part(SurfaceRole::Roof, &square(-1.0, 9.0, 7.0, 24.5), &up),
            ],
        }
    }

    #[test]
    fn a_building_is_registered_by_its_ground() {
        let entry = CityEntry::of(&house()).unwrap();
        assert!((entry.footprint.area_m2() - 48.0).abs() < 1e-3);
        assert!((entry.ground_nap_m - 16.9).abs() < 1e-9 && (entry.roof_nap_m - 24.5).abs() < 1e-9);
        let json = entry.json();
        assert_eq!(
            json["geometry"]["coordinates"][0].as_array().map(Vec::len),
            Some(5),
            "a closed ring"
        );
        let properties = &json["properties"];
        assert_eq!(properties["bouwlagen"], 2);
        assert_eq!(properties["oorspronkelijkbouwjaar"], 1931);
        assert!(properties.get("gebruik").is_none(), "a list is no use");
    }

    #[test]
    fn without_ground_the_shadow_counts_and_without_surface_nothing() {
        let mut roof_only = house();
        roof_only.parts.remove(0);
        assert!((CityEntry::of(&roof_only).unwrap().footprint.area_m2() - 80.0).abs() < 1e-3);
        let mut wall_only = house();
        let wall = [
            [251_000.0, 476_250.0, 17.0],
            [251_008.0, 476_250.0, 17.0],
            [251_008.0, 476_250.0, 20.0],
        ];
        wall_only.parts = vec![part(SurfaceRole::Wall, &wall, &[[0, 1, 2]])];
        assert_eq!(CityEntry::of(&wall_only), None);
        wall_only.parts[0].triangles = vec![[0, 1, 9]];
        assert_eq!(CityEntry::of(&wall_only), None, "a corner that is not there");
    }
}
