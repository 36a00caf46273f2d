//! The ground as a height grid in the site frame.

use bevy::math::DVec2;

/// Heights on a regular grid; answers at any point, bilinear, clamped at the rim.
#[derive(Debug, Clone, PartialEq)]
pub struct Terrain {
    /// South-west node, site metres.
    pub origin: DVec2,
    /// Distance between nodes, metres.
    pub cell_m: f64,
    /// Nodes west to east.
    pub columns: u32,
    /// Nodes south to north.
    pub rows: u32,
    /// Site heights, metres, rows south to north.
    pub heights_m: Vec<f32>,
}

impl Terrain {
    /// Flat ground at height 0 of the site frame, for scenarios without terrain.
    pub fn flat() -> Self {
        Self {
            origin: DVec2::ZERO,
            cell_m: 1.0,
            columns: 1,
            rows: 1,
            heights_m: vec![0.0],
        }
    }
    /// Height at a point, site metres.
    pub fn height_at(&self, p: DVec2) -> f64 {
        let _ = p;
        todo!()
    }
}
