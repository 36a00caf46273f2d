//! A layer of measured points: a LAS, LAZ or COPC file in the scenario's folder, held against the area.
//!
//! Only some of the points are looked at here; the rest is read when it is seen.

use super::Layer;
use super::read::DataReader;
use super::scratch_points::no_system;
use crate::georef::{Crs, HeightReference, SiteFrame};
use crate::model::points::{MAX_DISTANCE_M, Placing, PlacingError, SiteCloud, fits_rd};
use crate::model::ring;
use crate::sources::points::{Point, PointFile};
use crate::sources::{Cause, Problem};
use bevy::math::{DVec2, DVec3};
use std::sync::Arc;

/// Largest file in a package, bytes; one in a folder is read in part and may have any size.
const MAX_PACKED_BYTES: u64 = 1 << 30;

impl DataReader {
    /// Takes the cloud of a layer; what is wrong with it is told.
    pub(super) fn read_points(&mut self, layer: &Layer) {
        let path = &layer.path;
        let file = match PointFile::of_resources(&*self.resources, path, MAX_PACKED_BYTES) {
            Ok(file) => file,
            Err(problem) => return self.problems.push(problem),
        };
        let mut peeked = file.peek();
        self.problems.extend(file.problems.iter().cloned());
        self.problems.append(&mut peeked.problems);
        peeked.points.retain(|p| !p.is_noise() && p.position.is_finite());
        let area = &self.open.scenario.area;
        let placed = place(&file, &peeked.points, area.site, layer.height_reference).and_then(|(placing, said)| {
            let told = fits_area(&peeked.points, &placing, &area.outline)?;
            Ok((placing, said.into_iter().chain(told)))
        });
        match placed {
            Ok((placing, said)) => {
                let warnings = said.map(|(cause, message)| Problem::warning(path, "", message).because(cause));
                self.problems.extend(warnings);
                let cloud = SiteCloud::new(&layer.id, Arc::new(file), placing);
                self.open.points.push(Arc::new(cloud));
            }
            Err((cause, message)) => {
                let message = format!("{message}; this layer stays empty");
                self.problems.push(Problem::error(path, "", message).because(cause));
            }
        }
    }
}

/// What is said of a file, and what kind of thing it is.
type Said = (Cause, String);

/// The way of a file into the site, and what has to be said of it.
fn place(
    file: &PointFile,
    points: &[Point],
    site: SiteFrame,
    reference: HeightReference,
) -> Result<(Placing, Option<Said>), Said> {
    let none = || (Cause::Empty, "none of its points can be shown".to_owned());
    let first = points.first().ok_or_else(none)?;
    let (crs, said) = match file.crs {
        Some(crs) => (crs, None),
        None if matches!(site, SiteFrame::Local) => (Crs::RD_NAP, None),
        None => {
            let said = no_system(file);
            if !fits_rd(points.iter().map(|p| p.position)) {
                return Err((Cause::NoSystem, PlacingError::NoCrs { said }.to_string()));
            }
            let message = format!("{said}; its coordinates are taken as RD and NAP (EPSG:7415)");
            (Crs::RD_NAP, Some((Cause::NoSystem, message)))
        }
    };
    let placing = Placing::into_site(site, crs, reference, first.position);
    placing
        .map(|placing| (placing, said))
        .map_err(|error| (Cause::Place, error.to_string()))
}

/// Refuses a cloud that lies elsewhere; one beside the outline of the area is only told of.
fn fits_area(points: &[Point], placing: &Placing, outline: &[DVec2]) -> Result<Option<Said>, Said> {
    let way = placing.placer().map_err(|error| (Cause::Place, error.to_string()))?;
    let places: Vec<DVec3> = points.iter().filter_map(|p| way.place(p.position)).collect();
    let away = |p: &DVec3| p.length();
    let nearest_m = places.iter().map(away).reduce(f64::min);
    let nowhere = || {
        (
            Cause::Place,
            "none of its points has a place here: check its CRS".to_owned(),
        )
    };
    let nearest_m = nearest_m.ok_or_else(nowhere)?;
    if nearest_m > MAX_DISTANCE_M {
        let message = format!(
            "it lies {:.0} km from the area, more than {:.0} km: check its CRS",
            nearest_m / 1000.0,
            MAX_DISTANCE_M / 1000.0
        );
        return Err((Cause::TooFar, message));
    }
    let flat = places.iter().map(|p| (p.truncate(), p.truncate()));
    let bounds = flat.reduce(|(a, b), (c, d)| (a.min(c), b.max(d)));
    let (Some((low, high)), Some((area_low, area_high))) = (bounds, ring::bounds(outline)) else {
        return Ok(None);
    };
    let gap_m = (area_low - high).max(low - area_high).max(DVec2::ZERO).length();
    Ok((gap_m > 0.0).then(|| {
        let message = format!("its points lie {gap_m:.0} m beside the area; check that it is the right file");
        (Cause::Elsewhere, message)
    }))
}
