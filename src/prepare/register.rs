//! A register file, written one building after the other, so that its size does not count for memory.

use crate::model::CityEntry;
use std::io::{self, Write};

/// Writes a register, one building after the other.
pub(super) struct RegisterWriter<W: Write> {
    to: W,
    count: usize,
}

impl<W: Write> RegisterWriter<W> {
    /// Begins a register.
    pub(super) fn new(mut to: W) -> io::Result<Self> {
        to.write_all(
            br#"{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::28992"}},"features":["#,
        )?;
        Ok(Self { to, count: 0 })
    }

    /// Adds a building.
    pub(super) fn add(&mut self, entry: &CityEntry) -> io::Result<()> {
        self.to.write_all(if self.count == 0 { b"\n" } else { b",\n" })?;
        self.count += 1;
        serde_json::to_writer(&mut self.to, &entry.json())?;
        Ok(())
    }

    /// Ends it; returns where it was written to, and how many are in it.
    pub(super) fn finish(mut self) -> io::Result<(W, usize)> {
        self.to.write_all(b"\n]}\n")?;
        self.to.flush()?;
        Ok((self.to, self.count))
    }
}
