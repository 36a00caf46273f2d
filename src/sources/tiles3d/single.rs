//! A layer that is one tile without a tileset: a tree of one tile, as large as what is in it.

use super::{
    BoundingVolume, DecodeRequest, MAX_PAYLOAD_BYTES, PayloadKind, Refine, Subtrees, Tile, TileTree, TilesetMetadata,
    decode_meshes, read_tileset, tree::SURFACE_SHELL_M,
};
use crate::georef::{SiteFrame, site_axes};
use crate::sources::{
    Problem,
    resource::{Resources, is_tile_archive, unpacked},
};
use bevy::math::{DMat4, DVec3, Vec3};
use std::sync::Arc;

/// Reads the tileset at `path`, or the one tile where the file is a payload. `is_placed` tells whether the site has a
/// place on earth: only there a lone tile with coordinates around the earth's centre can stand where they say.
///
/// # Errors
/// When it is neither, or cannot be read.
pub fn read_tiles(
    resources: Arc<dyn Resources>,
    path: &str,
    is_placed: bool,
) -> Result<(TileTree, Vec<Problem>), Problem> {
    let is_json = path
        .rsplit_once('.')
        .is_some_and(|(_, ending)| ending.eq_ignore_ascii_case("json"));
    if is_json || is_tile_archive(path) {
        return read_tileset(resources, path);
    }
    let resources = unpacked(resources);
    let bytes = resources
        .read_at_most(path, MAX_PAYLOAD_BYTES)
        .map_err(|error| error.problem(path, ""))?;
    let is_payload = matches!(
        PayloadKind::of(&bytes),
        PayloadKind::Glb
            | PayloadKind::Gltf
            | PayloadKind::B3dm
            | PayloadKind::I3dm
            | PayloadKind::Pnts
            | PayloadKind::Cmpt
    );
    drop(bytes);
    if !is_payload {
        return read_tileset(resources, path);
    }
    let decoded = decode_meshes(&DecodeRequest {
        resources: resources.clone(),
        path: path.to_owned(),
        root_from_tile: DMat4::IDENTITY,
        is_geocentric: false,
        site: SiteFrame::Local,
        volume: None,
        gltf_up_axis: 'Y',
        height_offset_m: 0.0,
    })?;
    let corners = decoded.meshes.iter().flat_map(|mesh| {
        let in_site = |p: &[f32; 3]| mesh.origin.0 + site_axes(Vec3::from_array(*p).as_dvec3());
        mesh.positions.iter().map(in_site)
    });
    let bounds = corners.fold(None, |bounds: Option<(DVec3, DVec3)>, p| {
        Some(bounds.map_or((p, p), |(low, high)| (low.min(p), high.max(p))))
    });
    let (low, high) = bounds.unwrap_or_default();
    let center = (low + high) / 2.0;
    let tile = Tile {
        parent: None,
        children: Vec::new(),
        depth: 0,
        bounding_volume: BoundingVolume::Sphere {
            center,
            radius: low.distance(high) / 2.0,
        },
        content_volume: None,
        viewer_request_volume: None,
        geometric_error_m: 0.0,
        refine: Refine::Add,
        contents: vec![path.to_owned()],
        root_from_tile: DMat4::IDENTITY,
    };
    let tree = TileTree {
        resources,
        path: path.to_owned(),
        version: String::new(),
        gltf_up_axis: 'Y',
        tiles: vec![tile],
        is_geocentric: is_placed && SURFACE_SHELL_M.contains(&center.length()),
        extensions: Vec::new(),
        subtrees: Subtrees::default(),
        metadata: TilesetMetadata::default(),
    };
    Ok((tree, Vec::new()))
}
