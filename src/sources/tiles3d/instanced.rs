//! One instanced tile to meshes: its model read where it stands, and drawn once for each instance.

use super::{
    content::{DecodeRequest, DecodedMeshes, MAX_PAYLOAD_BYTES},
    i3dm::{I3dm, Model},
};
use crate::{
    geometry::TextureSupport,
    georef::{Ecef, east_north_up, lon_lat_h_from_ecef},
    sources::{
        Problem,
        gltf::{self, Budget, Document, Fault, Wrapping},
        resource::{ResourceError, join, read_uri, unzipped},
    },
};
use bevy::math::{DMat3, DMat4, DVec3};
use std::borrow::Cow;

/// Decodes a tile whose magic has been checked. Bytes of other files alone are counted as read.
pub(super) fn decode(
    request: &DecodeRequest,
    support: TextureSupport,
    bytes: &[u8],
    path: &str,
    budget: &mut Budget,
) -> Result<DecodedMeshes, Problem> {
    let fault = |fault: Fault| fault.at(path);
    let i3dm = I3dm::parse(bytes).map_err(fault)?;
    let placement = request.placement(i3dm.rtc_center);
    let upright = Upright::new(placement.root_from_models(), request.is_geocentric);
    let instances = i3dm
        .instances(budget.copies, |position| upright.columns(position))
        .map_err(fault)?;
    budget.copies -= instances.copies.places.len().min(budget.copies);
    let problems: Vec<Problem> = instances.faults.into_iter().map(fault).collect();
    let model = ModelFile::read(request, i3dm.model, path, budget)?;
    let document = Document::parse(&model.bytes)
        .map_err(|fault| fault.at(&model.path))?
        .for_card(support);
    let wrapping = Wrapping {
        batch: Some(instances.table),
        instances: Some(&instances.copies),
    };
    let mut decoded = gltf::decode(
        &document,
        &*request.resources,
        &model.path,
        &placement,
        wrapping,
        budget,
    )?;
    decoded.bytes_read += model.bytes_read;
    Ok(DecodedMeshes::of(decoded, problems))
}

/// The model of a tile.
struct ModelFile<'a> {
    bytes: Cow<'a, [u8]>,
    /// What it names lies beside this.
    path: Cow<'a, str>,
    /// Bytes read from a file of its own.
    bytes_read: u64,
}

impl<'a> ModelFile<'a> {
    fn read(request: &DecodeRequest, model: Model<'a>, path: &'a str, budget: &mut Budget) -> Result<Self, Problem> {
        let uri = match model {
            Model::Embedded(bytes) => {
                return Ok(Self {
                    bytes: bytes.into(),
                    path: path.into(),
                    bytes_read: 0,
                });
            }
            Model::External(uri) => uri,
        };
        let cannot = |error: ResourceError| error.problem(path, "model");
        let limit = MAX_PAYLOAD_BYTES.min(budget.external_bytes);
        let bytes = read_uri(&*request.resources, path, uri, limit)
            .and_then(|bytes| unzipped(bytes, limit, uri))
            .map_err(cannot)?;
        let length = bytes.len() as u64;
        budget.external_bytes = budget.external_bytes.saturating_sub(length);
        let is_data = uri.starts_with("data:");
        Ok(Self {
            path: if is_data {
                path.into()
            } else {
                join(path, uri).map_err(cannot)?.into()
            },
            bytes: bytes.into(),
            bytes_read: if is_data { 0 } else { length },
        })
    }
}

/// Which way is up at the places of a tile.
struct Upright {
    root_from_models: DMat4,
    /// Turns root axes to those of the tile; `None` where root axes are site axes, which stand upright themselves.
    models_from_root: DMat3,
    is_geocentric: bool,
}

impl Upright {
    fn new(root_from_models: DMat4, is_geocentric: bool) -> Self {
        let linear = DMat3::from_mat4(root_from_models);
        // The turn alone: a tile that is made larger makes its instances larger, upright or not.
        let columns = [linear.x_axis, linear.y_axis, linear.z_axis].map(DVec3::normalize_or_zero);
        let turn = DMat3::from_cols(columns[0], columns[1], columns[2]).transpose();
        Self {
            root_from_models,
            models_from_root: turn,
            is_geocentric,
        }
    }

    /// East, north and up at a place of the tile, in its axes.
    fn columns(&self, position: DVec3) -> DMat3 {
        if !self.is_geocentric {
            return self.models_from_root;
        }
        let root = Ecef(self.root_from_models.transform_point3(position));
        match lon_lat_h_from_ecef(root) {
            Ok(place) => self.models_from_root * east_north_up(place.lon_deg, place.lat_deg),
            Err(_nowhere) => DMat3::IDENTITY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upright_is_upright_in_the_world_however_the_tile_lies() {
        let place = crate::georef::ecef_from_lon_lat_h(crate::georef::LonLatH {
            lon_deg: 6.8,
            lat_deg: 52.2,
            h_m: 40.0,
        });
        let place = place.unwrap().0;
        let turn = DMat4::from_rotation_z(0.7) * DMat4::from_rotation_x(1.1) * DMat4::from_scale(DVec3::splat(2.0));
        let root_from_tile = DMat4::from_translation(place - turn.transform_point3(DVec3::X)) * turn;
        let upright = Upright::new(root_from_tile, true);
        let up = root_from_tile.transform_vector3(upright.columns(DVec3::X).z_axis);
        assert!((up / 2.0 - east_north_up(6.8, 52.2).z_axis).length() < 1e-9, "{up}");
        let flat = Upright::new(turn, false);
        let up = turn.transform_vector3(flat.columns(DVec3::ZERO).z_axis);
        assert!((up / 2.0 - DVec3::Z).length() < 1e-9, "{up}");
        let nowhere = Upright::new(DMat4::IDENTITY, true).columns(DVec3::NAN);
        assert!(nowhere == DMat3::IDENTITY || !nowhere.is_finite());
    }
}
