//! Features of the vector layers as domain records: register, surfaces, assets, reports, sensors, names.
//!
//! Each function takes one file, or one part of it after the other. What is damaged in it goes to the findings; what is left stands in the site
//! frame. A second feature with an id that is taken is left out.

use super::convert::{BadRing, HOLE_TOLERANCE_M, site_ring};
use super::file::{SurfaceKindFile, UseFile};
use super::findings::Findings;
use super::geojson::{Feature, Geometry, Rings};
use super::projection::{Projection, height_at_site_zero_m, site_pos};
use super::properties::Properties;
use super::words::{surface_kind, use_of, use_of_word};
use super::{Label, NewSurface, Use};
use crate::geometry::polygon::Polygon;
use crate::georef::HeightReference;
use crate::model::ring;
use crate::model::{Asset, AssetKind, RegisteredBuilding, Report, Sensor, Terrain};
use crate::sources::Cause;
use bevy::math::DVec2;
use std::collections::{HashMap, HashSet};

/// Storey height for buildings of which only the storeys are known, metres.
const TYPICAL_STOREY_M: f64 = 3.0;
/// Lowest and highest NAP or ellipsoidal height that is believed, metres.
const HEIGHTS_M: std::ops::RangeInclusive<f64> = -500.0..=9500.0;

/// What every layer needs.
pub(super) struct LayerReader<'a> {
    /// From the file's coordinates.
    pub(super) projection: &'a Projection,
    /// The ground.
    pub(super) terrain: &'a Terrain,
    /// What checking rings may still cost.
    pub(super) ring_budget: &'a mut u64,
    /// Where problems go.
    pub(super) findings: &'a mut Findings,
    /// Ids of the file so far.
    pub(super) ids: &'a mut HashSet<String>,
}

impl LayerReader<'_> {
    /// The building register.
    pub(super) fn register(&mut self, features: &[Feature]) -> Vec<RegisteredBuilding> {
        let mut ids = std::mem::take(self.ids);
        let mut buildings = Vec::with_capacity(features.len());
        for feature in features {
            let mut properties = Properties::new(feature, self.findings);
            let id = properties.text("identificatie").filter(|id| !id.is_empty());
            let Some(id) = id else {
                self.leave_out(feature, ".properties.identificatie", "a building needs its id");
                continue;
            };
            let Some((footprint, holes)) = self.largest_polygon(feature) else {
                continue;
            };
            if !self.is_new(feature, &mut ids, &id, "identificatie") {
                continue;
            }
            if let Some(building) = self.building(feature, id, footprint, holes) {
                buildings.push(building);
            }
        }
        *self.ids = ids;
        buildings
    }

    fn building(
        &mut self,
        feature: &Feature,
        id: String,
        footprint: Vec<DVec2>,
        holes: Vec<Vec<DVec2>>,
    ) -> Option<RegisteredBuilding> {
        let center = Polygon::new(footprint.clone()).centroid()?;
        let nap_zero = height_at_site_zero_m(self.projection.site(), center, HeightReference::Nap);
        let mut properties = Properties::new(feature, self.findings);
        let mut height = |key: &str| {
            let height = properties.number(key, HEIGHTS_M)?;
            nap_zero.as_ref().ok().map(|zero| height - zero)
        };
        let (ground, roof) = (height("ground_nap_m"), height("roof_nap_m"));
        let storeys = properties
            .integer("bouwlagen", 0..=300)
            .and_then(|n| u32::try_from(n).ok());
        let ground_m = ground.unwrap_or_else(|| self.terrain.height_at(center));
        let roof = roof.filter(|roof| *roof >= ground_m);
        let roof_m = roof.unwrap_or_else(|| {
            properties
                .warn("the roof height (roof_nap_m) is unknown or below the ground; three metres per storey are taken");
            ground_m + TYPICAL_STOREY_M * f64::from(storeys.unwrap_or(2).max(1))
        });
        let main_use = building_use(&mut properties);
        Some(RegisteredBuilding {
            id,
            name: properties.text("naam").unwrap_or_default(),
            footprint,
            holes,
            ground_m,
            roof_m,
            is_roof_known: roof.is_some(),
            storeys,
            main_use: main_use.unwrap_or(Use::Other),
            is_use_known: main_use.is_some(),
            year: properties.integer("oorspronkelijkbouwjaar", 500..=3000),
            dwellings: properties
                .integer("dwellings", 0..=100_000)
                .and_then(|n| u32::try_from(n).ok()),
            parking_places: properties
                .integer("parking_places", 0..=100_000)
                .and_then(|n| u32::try_from(n).ok()),
            gfa_m2: floor_areas(feature, self.findings),
        })
    }

    /// Ground cover.
    pub(super) fn surfaces(&mut self, features: &[Feature]) -> Vec<NewSurface> {
        let mut ids = std::mem::take(self.ids);
        let mut surfaces = Vec::with_capacity(features.len());
        for feature in features {
            let mut properties = Properties::new(feature, self.findings);
            let id = properties.text("id").unwrap_or_else(|| format!("#{}", feature.index));
            let raise_m = properties.number("raise_m", -50.0..=50.0).unwrap_or(0.0);
            let parking_places = properties
                .integer("parking_places", 0..=100_000)
                .and_then(|n| u32::try_from(n).ok());
            let words = "asphalt, paving, clinkers, grass, planting, water";
            let Some(kind) = properties.word::<SurfaceKindFile>("kind", words) else {
                self.leave_out(feature, ".properties.kind", "a surface needs a kind");
                continue;
            };
            let polygons = self.polygons(feature);
            if polygons.is_empty() || !self.is_new(feature, &mut ids, &id, "id") {
                continue;
            }
            for (part, (outer, holes)) in polygons.into_iter().enumerate() {
                surfaces.push(NewSurface {
                    id: if part == 0 { id.clone() } else { format!("{id}/{part}") },
                    kind: surface_kind(kind),
                    outer,
                    holes,
                    raise_m,
                    // Of the whole feature, so they stay with one part of it.
                    parking_places: parking_places.filter(|_| part == 0),
                    phase: String::new(),
                });
            }
        }
        *self.ids = ids;
        surfaces
    }

    /// Managed objects.
    pub(super) fn assets(&mut self, features: &[Feature]) -> Vec<Asset> {
        let mut assets = Vec::with_capacity(features.len());
        for (feature, id, position) in self.points(features) {
            let mut properties = Properties::new(feature, self.findings);
            let kind = match properties.text("type").as_deref() {
                Some("tree") => AssetKind::Tree,
                Some("lamp") => AssetKind::Lamp,
                Some("bench") => AssetKind::Bench,
                Some("bin") => AssetKind::Bin,
                Some("manhole") => AssetKind::Manhole,
                _ => AssetKind::Other,
            };
            let upkeep = properties.text("niveau").filter(|level| !level.is_empty());
            let is_level = |level: &String| ["A+", "A", "B", "C", "D"].contains(&level.as_str());
            if upkeep.as_ref().is_some_and(|level| !is_level(level)) {
                properties.warn("`niveau` is none of the CROW levels A+, A, B, C, D; it counts as unknown");
            }
            assets.push(Asset {
                id,
                kind,
                position,
                heading_deg: properties
                    .number("heading_deg", -360.0..=360.0)
                    .unwrap_or(0.0)
                    .rem_euclid(360.0),
                height_m: properties.number("height_m", 0.0..=kind.highest_m()).unwrap_or(0.0),
                crown_m: properties.number("crown_m", 0.0..=60.0).unwrap_or(0.0),
                condition: properties.integer("conditie", 1..=6).and_then(|n| u8::try_from(n).ok()),
                upkeep: upkeep.filter(is_level),
                inspected: properties.date("inspectie"),
                next_inspection: properties.date("volgende_inspectie"),
                attributes: properties.all(),
            });
        }
        assets
    }

    /// Public-space reports.
    pub(super) fn reports(&mut self, features: &[Feature]) -> Vec<Report> {
        let mut reports = Vec::with_capacity(features.len());
        for (feature, id, position) in self.points(features) {
            let mut properties = Properties::new(feature, self.findings);
            reports.push(Report {
                id,
                position,
                category: properties.text("category").unwrap_or_default(),
                status: properties.text("status").unwrap_or_default(),
                created: properties.date("created"),
            });
        }
        reports
    }

    /// Sensors.
    pub(super) fn sensors(&mut self, features: &[Feature]) -> Vec<Sensor> {
        let mut sensors = Vec::with_capacity(features.len());
        for (feature, id, position) in self.points(features) {
            let mut properties = Properties::new(feature, self.findings);
            sensors.push(Sensor {
                id,
                name: properties.text("name").unwrap_or_default(),
                position,
                quantity: properties.text("quantity").unwrap_or_default(),
                unit: properties.text("unit").unwrap_or_default(),
                value: properties.number("value", f64::MIN..=f64::MAX),
            });
        }
        sensors
    }

    /// Names on the map.
    pub(super) fn labels(&mut self, features: &[Feature]) -> Vec<Label> {
        let mut labels = Vec::with_capacity(features.len());
        for feature in features {
            let mut properties = Properties::new(feature, self.findings);
            let Some(text) = properties.text("text").filter(|text| !text.trim().is_empty()) else {
                self.leave_out(feature, ".properties.text", "a name on the map needs a text");
                continue;
            };
            let top = properties.number("top_nap_m", HEIGHTS_M);
            let (points, landmark) = match &feature.geometry {
                Geometry::Point(point) => (std::slice::from_ref(point), true),
                Geometry::Line(points) if points.len() >= 2 => (points.as_slice(), false),
                _ => {
                    self.leave_out(feature, ".geometry", "a name stands on a Point or along a LineString");
                    continue;
                }
            };
            let Some(points) = self.line(feature, points) else {
                continue;
            };
            let Some(&middle) = points.get(points.len() / 2) else {
                continue;
            };
            let position = if landmark { middle } else { half_way(&points) };
            let top_m = top.and_then(|top| {
                let zero = height_at_site_zero_m(self.projection.site(), position, HeightReference::Nap).ok()?;
                Some(top - zero)
            });
            labels.push(Label {
                text,
                position: site_pos(position, top_m.unwrap_or_else(|| self.terrain.height_at(position))),
                line: if landmark { Vec::new() } else { points },
                landmark,
            });
        }
        labels
    }

    /// Point features with a new id, and where they stand.
    fn points<'f>(&mut self, features: &'f [Feature]) -> Vec<(&'f Feature, String, DVec2)> {
        let mut ids = std::mem::take(self.ids);
        let mut points = Vec::with_capacity(features.len());
        for feature in features {
            let Geometry::Point(point) = &feature.geometry else {
                self.leave_out(feature, ".geometry.type", "this layer holds points");
                continue;
            };
            let mut properties = Properties::new(feature, self.findings);
            let id = properties.text("id").filter(|id| !id.is_empty()).unwrap_or_else(|| {
                properties.warn("there is no id; notes cannot be kept with this feature");
                format!("#{}", feature.index)
            });
            match self.projection.site_from_file(*point) {
                Ok(position) if self.is_new(feature, &mut ids, &id, "id") => points.push((feature, id, position)),
                Ok(_) => {}
                Err(message) => self.misplaced(feature, &message),
            }
        }
        *self.ids = ids;
        points
    }

    pub(super) fn line(&mut self, feature: &Feature, points: &[[f64; 2]]) -> Option<Vec<DVec2>> {
        let result: Result<Vec<DVec2>, String> = points.iter().map(|p| self.projection.site_from_file(*p)).collect();
        result.map_err(|message| self.misplaced(feature, &message)).ok()
    }

    /// Every usable polygon of a feature, as a counter-clockwise outer ring and clockwise holes.
    pub(super) fn polygons(&mut self, feature: &Feature) -> Vec<(Vec<DVec2>, Vec<Vec<DVec2>>)> {
        let Geometry::Polygons(polygons) = &feature.geometry else {
            self.leave_out(feature, ".geometry.type", "this layer holds polygons");
            return Vec::new();
        };
        if polygons.is_empty() {
            self.leave_out(feature, ".geometry.coordinates", "there is no polygon in it");
        }
        polygons
            .iter()
            .filter_map(|rings| self.polygon(feature, rings))
            .collect()
    }

    fn largest_polygon(&mut self, feature: &Feature) -> Option<(Vec<DVec2>, Vec<Vec<DVec2>>)> {
        let area = |outer: &[DVec2]| crate::geometry::polygon::signed_area_m2(outer);
        self.polygons(feature)
            .into_iter()
            .max_by(|a, b| area(&a.0).total_cmp(&area(&b.0)))
    }

    fn polygon(&mut self, feature: &Feature, rings: &Rings) -> Option<(Vec<DVec2>, Vec<Vec<DVec2>>)> {
        let Some((outer, holes)) = rings.split_first() else {
            self.leave_out(feature, ".geometry.coordinates", "the polygon has no ring");
            return None;
        };
        let outer = match site_ring(outer, self.projection, self.ring_budget) {
            Ok(outer) => outer,
            Err(BadRing { cause, message, .. }) => {
                self.leave_out_because(cause, feature, ".geometry.coordinates[0]", &message);
                return None;
            }
        };
        let mut kept = Vec::new();
        for (number, hole) in holes.iter().enumerate() {
            let place = format!("features[{}].geometry.coordinates[{}]", feature.index, number + 1);
            match site_ring(hole, self.projection, self.ring_budget) {
                Ok(mut hole) => {
                    if let Some(fault) = ring::hole_fault(&outer, &hole, HOLE_TOLERANCE_M, self.ring_budget) {
                        self.findings
                            .error_because(fault.cause(), place, format!("{fault}; it is left out"));
                    } else {
                        hole.reverse();
                        kept.push(hole);
                    }
                }
                Err(BadRing { cause, message, .. }) => {
                    let message = format!("{message}; the hole is left out");
                    self.findings.error_because(cause, place, message);
                }
            }
        }
        Some((outer, kept))
    }

    pub(super) fn is_new(&mut self, feature: &Feature, ids: &mut HashSet<String>, id: &str, key: &str) -> bool {
        let is_new = ids.insert(id.to_owned());
        if !is_new {
            let message = format!("the id `{id}` is taken by an earlier feature");
            self.leave_out_because(Cause::Duplicate, feature, &format!(".properties.{key}"), &message);
        }
        is_new
    }

    /// A feature with a point that lies nowhere.
    fn misplaced(&mut self, feature: &Feature, message: &str) {
        self.leave_out_because(Cause::TooFar, feature, ".geometry.coordinates", message);
    }

    pub(super) fn leave_out(&mut self, feature: &Feature, place: &str, message: &str) {
        self.leave_out_because(Cause::Content, feature, place, message);
    }

    fn leave_out_because(&mut self, cause: Cause, feature: &Feature, place: &str, message: &str) {
        let index = feature.index;
        self.findings.error_because(
            cause,
            format!("features[{index}]{place}"),
            format!("{message}; features[{index}] is left out"),
        );
    }
}

/// The use in our words or in those of the BAG.
fn building_use(properties: &mut Properties<'_>) -> Option<Use> {
    let word = properties.text("gebruik").filter(|word| !word.is_empty())?;
    let used_for = use_of_word(&word);
    if used_for.is_none() {
        properties.warn("`gebruik` is none of housing, shops, office, public, parking, other; it counts as other");
    }
    used_for
}

/// `gfa_m2`: a number per use.
fn floor_areas(feature: &Feature, findings: &mut Findings) -> Vec<(Use, f64)> {
    let Some(value) = feature.properties.get("gfa_m2").filter(|value| !value.is_null()) else {
        return Vec::new();
    };
    let areas: Option<HashMap<UseFile, f64>> = serde_json::from_value(value.clone()).ok();
    let is_sound = |areas: &HashMap<UseFile, f64>| areas.values().all(|area| (0.0..=10_000_000.0).contains(area));
    if let Some(areas) = areas.filter(is_sound) {
        let mut areas: Vec<(Use, f64)> = areas.into_iter().map(|(name, area)| (use_of(name), area)).collect();
        areas.sort_by_key(|(name, _)| *name);
        return areas;
    }
    findings.error(
        format!("features[{}].properties.gfa_m2", feature.index),
        "expected square metres per use (housing, shops, office, public, parking, other); it counts as unknown",
    );
    Vec::new()
}

/// The point half-way along a line.
fn half_way(line: &[DVec2]) -> DVec2 {
    let length: f64 = line.windows(2).map(|pair| pair[0].distance(pair[1])).sum();
    let mut left = length / 2.0;
    for pair in line.windows(2) {
        let step = pair[0].distance(pair[1]);
        if step >= left && step > 0.0 {
            return pair[0].lerp(pair[1], left / step);
        }
        left -= step;
    }
    line.first().copied().unwrap_or_default()
}
