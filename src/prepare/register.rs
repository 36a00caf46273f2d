//! A register file, written one building after the other, so that its size does not count for memory.

use super::journal::WORK;
use crate::georef::Crs;
use crate::model::CityEntry;
use crate::sources::vector::{FlatGeobufWriter, GeometryKind, Position, VectorGeometry};
use bevy::math::DVec2;
use std::io;
use std::path::Path;

/// Writes a register, one building after the other.
pub(super) struct RegisterWriter(FlatGeobufWriter);

impl RegisterWriter {
    /// Begins the register `name` of a folder.
    pub(super) fn create(folder: &Path, name: &str) -> io::Result<Self> {
        writer(&folder.join(name), "register", folder).map(Self)
    }

    /// Adds a building.
    pub(super) fn add(&mut self, entry: &CityEntry) -> io::Result<()> {
        let millimetres = |metres: f64| (metres * 1000.0).round() / 1000.0;
        let ring = |ring: &[DVec2]| -> Vec<Position> {
            let corners = ring.iter().map(|p| Position::flat(millimetres(p.x), millimetres(p.y)));
            corners.collect()
        };
        let mut rings = vec![ring(&entry.footprint.exterior)];
        rings.extend(entry.footprint.holes.iter().map(|hole| ring(hole)));
        let geometry = VectorGeometry {
            kind: GeometryKind::Polygon,
            points: Vec::new(),
            lines: Vec::new(),
            polygons: vec![rings],
        };
        self.0.add(&geometry, &entry.properties()).map(|_has_place| ())
    }

    /// Ends it; gives how many are in it.
    pub(super) fn finish(self) -> io::Result<u64> {
        self.0.finish()
    }
}

/// A vector file of a prepared folder, in RD.
pub(super) fn writer(path: &Path, layer: &str, folder: &Path) -> io::Result<FlatGeobufWriter> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("layer");
    FlatGeobufWriter::create(path, layer, Crs::RD, &folder.join(WORK).join(format!("{name}.part")))
}
