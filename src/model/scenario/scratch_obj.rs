//! A scratch scenario around an OBJ: it is tiled in memory as a city model is, at its place where its coordinates have one.

use super::OpenScenario;
use super::scratch::{beside, no_file_name};
use super::scratch_city::{Extent, NOWHERE_RD, refused};
use crate::georef::Crs;
use crate::sources::obj::{MAX_BYTES, ObjModel, OwnPlace, Up};
use crate::sources::tiles3d::tiler::{Tiler, images_beside};
use crate::sources::{Cause, CityFeature, Problem};
use bevy::math::DVec3;
use std::path::Path;

impl OpenScenario {
    /// A scratch scenario around an OBJ. Which axis points up and whether its coordinates are RD is guessed, and said.
    pub fn scratch_for_obj(path: &Path) -> Result<Self, Vec<Problem>> {
        let (resources, name) = beside(path).ok_or_else(|| no_file_name(path))?;
        let shown = path.display().to_string();
        let bytes = resources
            .read_at_most(&name, MAX_BYTES)
            .map_err(|error| vec![error.problem(&shown, "")])?;
        let model = ObjModel::read(&bytes, &*resources, &name);
        drop(bytes);
        let mut problems = model.problems.clone();
        let Some((low, high)) = model.bounds else {
            let message = "there is no face in it that can be drawn, so there is nothing to show";
            problems.insert(0, Problem::error(&shown, "", message).because(Cause::Content));
            return Err(problems);
        };
        let up = model.up();
        let (a, b) = (up.z_up(low), up.z_up(high));
        let (low, high) = (a.min(b), a.max(b));
        let shift = match model.own_place() {
            OwnPlace::Rd(_) => DVec3::ZERO,
            OwnPlace::Nowhere | OwnPlace::Ecef(_) => {
                let axis = if up == Up::Y { "y" } else { "z" };
                let message = format!(
                    "its coordinates are no RD: it is shown by itself in metres with {axis} up; add it to a scenario to \
                     give it a place, a unit and the axis that points up"
                );
                problems.push(Problem::warning(&shown, "", message).because(Cause::Place));
                let middle = (low + high) / 2.0;
                NOWHERE_RD - DVec3::new(middle.x, middle.y, low.z)
            }
        };
        let mut extent = Extent::default();
        let features = model.features.into_iter().map(|mut feature| {
            place(&mut feature, up, shift);
            extent.take(&feature);
            feature
        });
        let images = images_beside(resources, &name);
        let tiler = Tiler {
            images: &images,
            ..Tiler::new(shown.clone(), Crs::RD_NAP)
        };
        let outcome = tiler.tile_in_memory(features);
        let (resources, report) = outcome.map_err(|error| refused(error, &shown, problems.clone()))?;
        problems.extend(report.problems);
        let mut open = Self::scratch_of_tiles(resources, "tileset.json", &name)?;
        for layer in &mut open.scenario.layers {
            layer.id_property = Some("id".to_owned());
        }
        let site = open.scenario.area.site;
        if let (Some(view), Some(home)) = (extent.framed(Crs::RD_NAP, &site), open.scenario.viewpoints.first_mut()) {
            *home = view;
        }
        problems.append(&mut open.problems);
        open.problems = problems;
        Ok(open)
    }
}

fn place(feature: &mut CityFeature, up: Up, shift: DVec3) {
    for p in feature.parts.iter_mut().flat_map(|part| &mut part.positions) {
        *p = up.z_up(*p) + shift;
    }
}
