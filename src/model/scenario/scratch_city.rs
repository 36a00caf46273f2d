//! A scratch scenario around a city model: it is tiled in memory and then shown, picked and found like any tileset.

use super::scratch::{beside, no_file_name};
use super::{OpenScenario, Use};
use crate::georef::{Crs, RdNap, SiteFrame, Transformer};
use crate::model::{BuildingRegister, CityEntry, RegisteredBuilding};
use crate::sources::cityjson::{CityJson, LodChoice};
use crate::sources::tiles3d::tiler::{Tiler, TilerError, images_beside};
use crate::sources::{Cause, CityFeature, Problem};
use bevy::math::{DVec2, DVec3};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

/// Where data without a place is put, RD metres: the middle of the country, so that every tool finds it.
const NOWHERE_RD: DVec3 = DVec3::new(155_000.0, 463_000.0, 0.0);
/// Bounds of coordinates that are taken for RD where a file names no system: the country with a margin, metres.
const RD: [DVec2; 2] = [DVec2::new(-7_000.0, 289_000.0), DVec2::new(300_000.0, 629_000.0)];
/// How close to one another the heights of a city are, metres; farther ones are no data.
const LOWEST_M: f64 = -1_000.0;

impl OpenScenario {
    /// A scratch scenario around a `CityJSON` file, shown in the level of detail of `choice`.
    pub fn scratch_for_city_model(path: &Path, choice: LodChoice) -> Result<Self, Vec<Problem>> {
        let (beside, name) = beside(path).ok_or_else(|| no_file_name(path))?;
        let model = CityJson::open(path).map_err(|problem| vec![problem])?;
        let mut problems = model.problems();
        let (crs, shift) = placed(&model, choice, &name, &mut problems).map_err(|problem| {
            let mut all = vec![problem];
            all.append(&mut problems.clone());
            all
        })?;
        let mut entries: Vec<CityEntry> = Vec::new();
        let mut features = model.features(choice);
        let shifted = features.by_ref().map(|mut feature| {
            move_by(&mut feature, shift);
            feature
        });
        let images = images_beside(beside, &name);
        let tiler = Tiler {
            images: &images,
            ..Tiler::new(name.clone(), crs)
        };
        let noted = shifted.inspect(|feature| entries.extend(CityEntry::of(feature).filter(|_| is_flat(crs))));
        let in_memory = tiler.tile_in_memory(noted);
        problems.extend(features.problems());
        let (resources, report) = in_memory.map_err(|error| refused(error, &name, problems.clone()))?;
        problems.extend(report.problems);
        let mut open = Self::scratch_of_tiles(resources, "tileset.json", &name)?;
        for layer in &mut open.scenario.layers {
            layer.id_property = Some("id".to_owned());
        }
        open.register = Arc::new(register(entries, &open.scenario.area.site));
        problems.append(&mut open.problems);
        open.problems = problems;
        Ok(open)
    }
}

/// Whether coordinates are metres on a plane with heights, so that footprints can be made of them.
fn is_flat(crs: Crs) -> bool {
    crs == Crs::RD || crs == Crs::RD_NAP
}

/// The system of a model, and what is added to its coordinates to have them there.
fn placed(
    model: &CityJson,
    choice: LodChoice,
    name: &str,
    problems: &mut Vec<Problem>,
) -> Result<(Crs, DVec3), Problem> {
    let known = model
        .epsg()
        .map(Crs)
        .filter(|crs| Transformer::new(*crs, Crs::ECEF).is_ok());
    if let Some(crs) = known {
        return Ok((crs, DVec3::ZERO));
    }
    let Some((low, high)) = bounds(model, choice) else {
        return Err(
            Problem::error(name, "", "there is no surface in it, so there is nothing to show").because(Cause::Place),
        );
    };
    let said = match model.crs() {
        Some(crs) => format!("the coordinate system {crs} is not known here"),
        None => "the file names no coordinate system".to_owned(),
    };
    let fits_rd = low.truncate().cmpge(RD[0]).all() && high.truncate().cmple(RD[1]).all();
    if fits_rd {
        let message = format!("{said}; its coordinates are taken as RD and NAP (EPSG:7415)");
        problems.push(Problem::warning(name, "metadata.referenceSystem", message).because(Cause::Place));
        return Ok((Crs::RD_NAP, DVec3::ZERO));
    }
    let message =
        format!("{said}; it is shown by itself, without its place on earth: write in the system to see it there");
    problems.push(Problem::warning(name, "metadata.referenceSystem", message).because(Cause::Place));
    let middle = (low + high) / 2.0;
    Ok((Crs::RD_NAP, NOWHERE_RD - DVec3::new(middle.x, middle.y, low.z)))
}

/// Lowest and highest corner of what is drawn.
fn bounds(model: &CityJson, choice: LodChoice) -> Option<(DVec3, DVec3)> {
    let mut bounds: Option<(DVec3, DVec3)> = None;
    for feature in model.features(choice) {
        let corners = feature.parts.iter().flat_map(|part| &part.positions);
        for p in corners.filter(|p| p.is_finite() && p.z > LOWEST_M) {
            let (low, high) = bounds.unwrap_or((*p, *p));
            bounds = Some((low.min(*p), high.max(*p)));
        }
    }
    bounds
}

fn move_by(feature: &mut CityFeature, shift: DVec3) {
    if shift != DVec3::ZERO {
        let corners = feature.parts.iter_mut().flat_map(|part| &mut part.positions);
        corners.for_each(|p| *p += shift);
    }
}

/// What could not be tiled, as problems.
fn refused(error: TilerError, name: &str, mut problems: Vec<Problem>) -> Vec<Problem> {
    let cause = match &error {
        TilerError::Crs { .. } | TilerError::Nothing { .. } => Cause::Place,
        TilerError::Sink(_) | TilerError::Spill { .. } => Cause::Machine,
        TilerError::Cancelled | TilerError::Unexpected { .. } => Cause::Unfinished,
    };
    let message = error.to_string();
    if let TilerError::Nothing { problems: found } = error {
        problems.extend(found);
    }
    problems.insert(0, Problem::error(name, "", message).because(cause));
    problems
}

/// The buildings of a model in the site frame.
fn register(entries: Vec<CityEntry>, site: &SiteFrame) -> BuildingRegister {
    // Only models in RD have entries, see `is_flat`.
    let placed = |p: DVec2, nap_m: f64| -> Option<DVec3> {
        let place = RdNap {
            x_m: p.x,
            y_m: p.y,
            nap_m,
        };
        site.site_from_rd_nap(place).ok().map(|p| p.0)
    };
    let buildings = entries.into_iter().filter_map(|entry| {
        let ring = |ring: &[DVec2]| -> Option<Vec<DVec2>> {
            let corners = ring.iter().map(|p| placed(*p, entry.ground_nap_m).map(DVec3::truncate));
            corners.collect()
        };
        let foot = *entry.footprint.exterior.first()?;
        let holes: Option<Vec<Vec<DVec2>>> = entry.footprint.holes.iter().map(|hole| ring(hole)).collect();
        let number = |key: &str| entry.attributes.get(key).and_then(Value::as_i64);
        let text = |key: &str| entry.attributes.get(key).and_then(Value::as_str).unwrap_or_default();
        Some(RegisteredBuilding {
            footprint: ring(&entry.footprint.exterior)?,
            holes: holes?,
            ground_m: placed(foot, entry.ground_nap_m)?.z,
            roof_m: placed(foot, entry.roof_nap_m)?.z,
            is_roof_known: true,
            storeys: number("bouwlagen").and_then(|storeys| u32::try_from(storeys).ok()),
            main_use: Use::Other,
            year: number("oorspronkelijkbouwjaar").and_then(|year| i32::try_from(year).ok()),
            dwellings: None,
            parking_places: None,
            gfa_m2: Vec::new(),
            name: text("naam").to_owned(),
            id: entry.id,
        })
    });
    BuildingRegister::new(buildings.collect())
}
