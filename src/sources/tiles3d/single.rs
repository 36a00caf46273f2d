//! A layer that is one tile without a tileset: a tree of one tile, as large as what is in it.

use super::{
    BoundingVolume, DecodeRequest, MAX_PAYLOAD_BYTES, PayloadKind, Refine, Subtrees, Tile, TileTree, TilesetMetadata,
    decode_meshes, open_tileset, tree::SURFACE_SHELL_M,
};
use crate::georef::SiteFrame;
use crate::sources::{
    Problem,
    resource::{self, Resources, is_tile_archive, unpacked},
};
use bevy::math::{DMat4, DVec3};
use std::{path::Path, sync::Arc};

/// Radius of the ball around a tile that is but a point, metres.
const LEAST_RADIUS_M: f64 = 0.01;

/// Whether the file at `path` is a tile by itself: by its first bytes, or by its name where they may be packed or are text.
pub fn is_payload(path: &Path) -> bool {
    const ENDINGS: [&str; 6] = ["glb", "gltf", "b3dm", "i3dm", "pnts", "cmpt"];
    let Some(head) = resource::head(path, 64) else {
        return false;
    };
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    match PayloadKind::of(&head) {
        PayloadKind::Zip | PayloadKind::Empty => false,
        PayloadKind::Gzip => ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending)),
        // The beginning of a text is no JSON.
        PayloadKind::Unknown | PayloadKind::Tileset | PayloadKind::GeoJson | PayloadKind::Gltf => {
            let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
            first == Some(&b'{') && ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending))
        }
        _ => true,
    }
}

/// Opens the tileset at `path` for a viewer ([`open_tileset`]), or reads the one tile where the file is a payload.
/// `is_placed` tells whether the site has a place on earth: only there a lone tile with coordinates around the earth's
/// centre can stand where they say.
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
        return open_tileset(resources, path);
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
        return open_tileset(resources, path);
    }
    // What is wrong with it is told when it is drawn.
    let (tree, _) = read_lone_tile(resources, path, is_placed)?;
    Ok((tree, Vec::new()))
}

/// The payload at `path` as a tree of one tile, and what was wrong while the rest of it was read. `is_placed` as for
/// [`read_tiles`].
///
/// # Errors
/// When nothing of it can be drawn.
pub(crate) fn read_lone_tile(
    resources: Arc<dyn Resources>,
    path: &str,
    is_placed: bool,
) -> Result<(TileTree, Vec<Problem>), Problem> {
    let resources = unpacked(resources);
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
    let places = decoded.places().filter(|place| place.is_finite());
    let bounds = places.fold(None, |bounds: Option<(DVec3, DVec3)>, p| {
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
            // A single point is no volume.
            radius: (low.distance(high) / 2.0).max(LEAST_RADIUS_M),
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
    Ok((tree, decoded.problems))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::resource::folder;

    #[test]
    fn the_tree_holds_the_tile_and_what_lies_beside_it_stays() {
        let features = br#"{"POINTS_LENGTH":1,"POSITION":{"byteOffset":0}} "#;
        let positions: Vec<u8> = [1.0_f32, 2.0, 3.0]
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        let mut tile = b"pnts\x01\0\0\0".to_vec();
        for size in [
            28 + features.len() + positions.len(),
            features.len(),
            positions.len(),
            0,
            0,
        ] {
            tile.extend(u32::try_from(size).unwrap().to_le_bytes());
        }
        tile.extend(features);
        tile.extend(positions);
        let temporary = tempfile::tempdir().unwrap();
        for name in ["a tile #1.pnts", "beside.bin"] {
            std::fs::write(temporary.path().join(name), &tile).unwrap();
        }
        let (tree, problems) = read_tiles(folder(temporary.path()), "a tile #1.pnts", true).unwrap();
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(
            (tree.tiles.len(), &tree.tiles[0].contents[..]),
            (1, &["a tile #1.pnts".to_owned()][..])
        );
        let BoundingVolume::Sphere { center, radius } = tree.tiles[0].bounding_volume else {
            panic!("no ball")
        };
        assert_eq!((center, radius), (DVec3::new(1.0, 2.0, 3.0), LEAST_RADIUS_M));
        assert_eq!(tree.resources.read("beside.bin").unwrap(), tile);
        assert!(tree.resources.read("none.bin").is_err());
    }
}
