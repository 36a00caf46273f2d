//! The files that variants bring along: footprints, read with the scenario, and models, read where they are drawn.

use super::read::DataReader;
use super::{NewModel, OpenScenario};
use crate::sources::tiles3d::DecodeRequest;
use crate::sources::{Cause, Problem, obj::Up};
use bevy::math::{DMat4, DVec3};
use std::collections::HashSet;

impl DataReader {
    /// Adds the buildings of the variants' files of footprints to those that stand in the scenario itself, and
    /// names the models that are not there; those are read when they are drawn.
    pub(super) fn read_variant_files(&mut self) {
        for index in 0..self.open.scenario.variants.len() {
            let variant = &self.open.scenario.variants[index];
            let mut ids: HashSet<String> = variant.buildings.iter().map(|building| building.id.clone()).collect();
            for source in variant.masses.clone() {
                let crs = source.crs.as_deref();
                let found = self.read_features_in(&source.path, crs, |reader, features| {
                    reader.masses(&source, features, &mut ids)
                });
                let buildings = &mut self.open.scenario.variants[index].buildings;
                buildings.extend(found.into_iter().flatten());
            }
            for model in &self.open.scenario.variants[index].models {
                if !self.resources.exists(&model.path) {
                    let message = "the file is missing; this model is not drawn";
                    self.problems
                        .push(Problem::error(&model.path, "", message).because(Cause::Missing));
                }
            }
        }
    }
}

/// How to read a model of a variant into its place in the site frame.
pub fn model_request(open: &OpenScenario, model: &NewModel) -> DecodeRequest {
    let unplaced = DecodeRequest {
        resources: open.resources.clone(),
        path: model.path.clone(),
        root_from_tile: DMat4::IDENTITY,
        is_geocentric: model.is_geocentric,
        site: open.scenario.area.site,
        volume: None,
        gltf_up_axis: match model.up {
            Up::Y => 'Y',
            Up::Z => 'Z',
        },
        height_offset_m: 0.0,
    };
    if model.is_geocentric {
        return unplaced;
    }
    let foot_m = model.foot_m.unwrap_or_else(|| open.terrain.height_at(model.position));
    let site_from_model = DMat4::from_translation(model.position.extend(foot_m))
        * DMat4::from_rotation_z(-model.heading_deg.to_radians())
        * DMat4::from_scale(DVec3::splat(model.scale))
        * DMat4::from_translation(-model.up.z_up(model.origin));
    DecodeRequest {
        root_from_tile: site_from_model,
        ..unplaced
    }
}
