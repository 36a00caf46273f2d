//! The building register: what stands where, independent of the tiles that happen to be loaded.

use super::ring;
use super::scenario::{Removal, Use};
use crate::geometry::BoxIndex;
use crate::geometry::polygon::{Polygon, ring_contains};
use bevy::math::DVec2;
use std::collections::{BTreeSet, HashMap};

/// One building.
#[derive(Debug, Clone, PartialEq)]
pub struct RegisteredBuilding {
    /// Id as in the tiles' id property (`NL.IMBAG.Pand.0164…`).
    pub id: String,
    /// Name, for landmarks; may be empty.
    pub name: String,
    /// Outer ring, site metres.
    pub footprint: Vec<DVec2>,
    /// Holes.
    pub holes: Vec<Vec<DVec2>>,
    /// Ground height in the site frame, metres.
    pub ground_m: f64,
    /// Highest point in the site frame, metres.
    pub roof_m: f64,
    /// Whether `roof_m` was given; where not it was made up from the storeys, to have something to point at.
    pub is_roof_known: bool,
    /// Storeys, if known.
    pub storeys: Option<u32>,
    /// Main use.
    pub main_use: Use,
    /// Whether `main_use` was named; else it counts as other and is not told.
    pub is_use_known: bool,
    /// Year built, if known.
    pub year: Option<i32>,
    /// Dwellings, if known.
    pub dwellings: Option<u32>,
    /// Parking places, if known.
    pub parking_places: Option<u32>,
    /// Gross floor area above ground by use, m²; empty when unknown.
    pub gfa_m2: Vec<(Use, f64)>,
}

impl RegisteredBuilding {
    /// Whether the building covers a point (courtyards do not count).
    pub fn covers(&self, p: DVec2) -> bool {
        ring_contains(&self.footprint, p) && !self.holes.iter().any(|hole| ring_contains(hole, p))
    }

    /// Centre of the outer ring, site metres.
    pub fn center(&self) -> DVec2 {
        Polygon::new(self.footprint.clone()).centroid().unwrap_or_default()
    }
}

/// All buildings of the base, found by id in constant time and by place without looking at each.
#[derive(Debug, Clone, Default)]
pub struct BuildingRegister {
    /// Buildings in file order.
    pub buildings: Vec<RegisteredBuilding>,
    /// Id to position in `buildings`.
    pub by_id: HashMap<String, usize>,
    index: BoxIndex,
}

impl BuildingRegister {
    /// Indexes `buildings`; of two with the same id the first is found by it.
    pub fn new(buildings: Vec<RegisteredBuilding>) -> Self {
        let mut by_id = HashMap::with_capacity(buildings.len());
        for (position, building) in buildings.iter().enumerate() {
            by_id.entry(building.id.clone()).or_insert(position);
        }
        Self {
            index: BoxIndex::new(buildings.iter().map(|building| ring::bounds(&building.footprint))),
            by_id,
            buildings,
        }
    }

    /// The building called `id`.
    pub fn get(&self, id: &str) -> Option<&RegisteredBuilding> {
        self.by_id.get(id).and_then(|position| self.buildings.get(*position))
    }

    /// Position of the building that covers a point, the first where several do.
    pub fn at(&self, p: DVec2) -> Option<usize> {
        let covers = |position: &usize| self.buildings.get(*position).is_some_and(|b| b.covers(p));
        self.index.at(p).into_iter().find(covers)
    }

    /// Positions of the buildings whose bounds touch the box from `low` to `high`, in file order.
    pub fn near(&self, low: DVec2, high: DVec2) -> Vec<usize> {
        self.index.touching(low, high)
    }

    /// Positions of the buildings that go with `removal`, by id or because their centre lies in a polygon.
    pub fn removed_by(&self, removal: &Removal) -> BTreeSet<usize> {
        let mut removed: BTreeSet<usize> = removal
            .ids
            .iter()
            .filter_map(|id| self.by_id.get(id))
            .copied()
            .collect();
        for ring in &removal.polygons {
            let Some((low, high)) = ring::bounds(ring) else {
                continue;
            };
            // The centre of a ring lies within its bounds, so what is not near cannot have it in the polygon.
            let goes = |position: &usize| {
                let building = self.buildings.get(*position);
                building.is_some_and(|building| ring_contains(ring, building.center()))
            };
            removed.extend(self.near(low, high).into_iter().filter(goes));
        }
        removed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn building(id: &str, low: [f64; 2], size: f64) -> RegisteredBuilding {
        let low = DVec2::from_array(low);
        RegisteredBuilding {
            id: id.into(),
            name: String::new(),
            footprint: [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
                .map(|c| low + DVec2::from_array(c) * size)
                .into(),
            holes: Vec::new(),
            ground_m: 0.0,
            roof_m: 9.0,
            is_roof_known: true,
            storeys: Some(3),
            main_use: Use::Housing,
            is_use_known: true,
            year: None,
            dwellings: Some(1),
            parking_places: None,
            gfa_m2: Vec::new(),
        }
    }

    fn register() -> BuildingRegister {
        let mut court = building("court", [200.0, 0.0], 40.0);
        court.holes = vec![building("", [210.0, 10.0], 20.0).footprint];
        BuildingRegister::new(vec![
            building("a", [-5.0, -5.0], 10.0),
            building("b", [40.0, 40.0], 30.0),
            court,
            building("wide", [-40_000.0, -40_000.0], 30_000.0),
        ])
    }

    #[test]
    fn buildings_are_found_by_place_and_id() {
        let register = register();
        for (p, expected) in [
            ([0.0, 0.0], Some(0)),
            ([69.0, 45.0], Some(1)),
            ([71.0, 45.0], None),
            ([205.0, 5.0], Some(2)),
            ([220.0, 20.0], None),
            ([-20_000.0, -20_000.0], Some(3)),
            ([f64::MAX, f64::MIN], None),
        ] {
            assert_eq!(register.at(DVec2::from_array(p)), expected, "{p:?}");
        }
        assert_eq!(register.get("b").map(|b| b.id.as_str()), Some("b"));
        assert!(register.get("c").is_none());
    }

    #[test]
    fn a_variant_removes_by_id_and_by_polygon() {
        let removal = Removal {
            ids: vec!["a".into(), "no such building".into()],
            // Holds the centre of `b` (55, 55) but not all of it, and a corner of `court`.
            polygons: vec![building("", [50.0, 0.0], 155.0).footprint],
            ..Removal::default()
        };
        assert_eq!(register().removed_by(&removal), BTreeSet::from([0, 1]));
        assert_eq!(register().removed_by(&Removal::default()), BTreeSet::new());
    }
}
