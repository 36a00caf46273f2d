//! The building register: what stands where, independent of the tiles that happen to be loaded.

use super::scenario::Use;
use bevy::math::DVec2;
use std::collections::HashMap;

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
    /// Storeys, if known.
    pub storeys: Option<u32>,
    /// Main use.
    pub main_use: Use,
    /// Year built, if known.
    pub year: Option<i32>,
    /// Dwellings.
    pub dwellings: u32,
    /// Gross floor area by use, m².
    pub gfa_m2: Vec<(Use, f64)>,
}

/// All buildings of the base, found by id in constant time.
#[derive(Debug, Clone, Default)]
pub struct BuildingRegister {
    /// Buildings in file order.
    pub buildings: Vec<RegisteredBuilding>,
    /// Id to position in `buildings`.
    pub by_id: HashMap<String, usize>,
}
