//! Files of features beside a scenario, read part by part into the records of its layers.

use super::findings::Findings;
use super::geojson::{self, Feature};
use super::layers::LayerReader;
use super::projection::Projection;
use super::read::{DataReader, is_table};
use super::vector_layer;
use crate::sources::{Cause, Problem, vector};
use std::collections::HashSet;

/// Features of a file that are converted at once.
const AT_ONCE: usize = 4_096;

impl DataReader {
    /// The records of one file of features, which is in `crs` where it does not say otherwise itself; `None` when nothing
    /// of it could be read. `convert` gets one part of the file after the other: as JSON values a feature takes many times
    /// what it takes as a record.
    pub(super) fn read_features<T>(
        &mut self,
        path: &str,
        crs: Option<&str>,
        mut convert: impl FnMut(&mut LayerReader<'_>, &[Feature]) -> Vec<T>,
    ) -> Option<Vec<T>> {
        let mut records = Vec::new();
        self.read_parts(path, crs, AT_ONCE, &mut |reader, features| {
            records.extend(convert(reader, features));
        })?;
        Some(records)
    }

    /// The same with all of it at once.
    pub(super) fn read_features_in<T>(
        &mut self,
        path: &str,
        crs: Option<&str>,
        convert: impl FnOnce(&mut LayerReader<'_>, &[Feature]) -> Vec<T>,
    ) -> Option<Vec<T>> {
        let mut convert = Some(convert);
        let mut records = Vec::new();
        self.read_parts(path, crs, usize::MAX, &mut |reader, features| {
            records.extend(convert.take().into_iter().flat_map(|convert| convert(reader, features)));
        })?;
        Some(records)
    }

    fn read_parts(
        &mut self,
        path: &str,
        crs: Option<&str>,
        at_once: usize,
        convert: &mut dyn FnMut(&mut LayerReader<'_>, &[Feature]),
    ) -> Option<()> {
        if is_table(path) {
            let message = "a table can hold managed objects only (a layer of kind assets); make GeoJSON of it";
            self.problems
                .push(Problem::error(path, "", message).because(Cause::NotRead));
            return None;
        }
        let mut findings = Findings::new(path);
        let site = *self.projection.site();
        let bytes = if vector_layer::is_other_format(path) {
            None
        } else {
            Some(self.read_bytes(path, vector::MAX_BYTES)?)
        };
        let mut ids = HashSet::new();
        let mut take = |projection: &Projection, features: Vec<Feature>, findings: &mut Findings| {
            let mut reader = LayerReader {
                projection,
                terrain: &self.open.terrain,
                ring_budget: &mut self.ring_budget,
                findings,
                ids: &mut ids,
            };
            convert(&mut reader, &features);
        };
        let read = if let Some(bytes) = bytes {
            geojson::read(&bytes, path, &mut findings, at_once, &mut |own, features, findings| {
                let projection = match own.or(crs) {
                    None => Ok(Projection::lon_lat(site)),
                    Some(name) => Projection::new(site, name),
                };
                let misplaced = |message| Problem::error(path, "crs", message).because(Cause::Place);
                take(&projection.map_err(misplaced)?, features, findings);
                Ok(())
            })
        } else {
            vector_layer::read(&*self.resources, path, crs, site, &mut findings, at_once, &mut take)
        };
        self.problems.extend(findings.into_problems());
        read.map_err(|problem| self.problems.push(problem)).ok()
    }
}
