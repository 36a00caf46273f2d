//! Points and thin lines of tiles: discs that face the camera, a few pixels wide, and lines of the same width at any
//! distance. They follow the tile that they belong to in all: selection, hiding, picking, what it holds.
//!
//! A disc is as wide as its neighbours lie apart, so that a dense cloud closes up to a surface, but never wider than a few
//! pixels: a sparse one stays a cloud. Not taken: sizes by geometric error, which say nothing of the points. Marks cast
//! no shadow.

mod material;
mod prepare;
mod shade;
#[cfg(test)]
mod tests;
mod widths;

pub(in crate::view) use material::MarkAssets;
pub(super) use prepare::PreparedMarks;

use super::{
    TileLayers,
    layer::{TileLayer, Tree},
};
use crate::geometry::{FeatureMesh, MeshBvh};
use crate::schedule::FrameSystems;
use crate::sources::tiles3d::TileId;
use crate::view::{
    feature_rows::{FeatureRows, RowRange},
    placement::SiteAnchor,
    ray_cast::{PickOwner, Pickable, PickablePoints, PickableValues},
    scene::SceneContent,
};
use bevy::{
    light::{NotShadowCaster, NotShadowReceiver},
    mesh::MeshTag,
    prelude::*,
};
use material::{MarkKey, MarkMaterial, MarkUniform};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use widths::{Place, Widths, narrow_where_filled};

/// Least and most diameter of a point on the screen, pixels.
const POINT_PX: [f32; 2] = [2.0, 12.0];
/// Width of a line on the screen, pixels.
const LINE_PX: f32 = 2.0;
/// Lines are pulled towards the eye by this share of the distance, off the faces they lie on.
const LINE_PULL: f32 = 4.0e-4;

/// A piece of a tile's points that is in the world.
pub(super) struct ResidentMarks {
    material: Handle<MarkMaterial>,
    place: Place,
}

pub(super) fn plugin(app: &mut App) {
    material::plugin(app);
    app.add_systems(Update, size_points.in_set(FrameSystems::Present));
}

/// Spawns a piece hidden; of points it also returns what sizing them needs.
pub(super) fn spawn(
    commands: &mut Commands,
    assets: &mut MarkAssets,
    meshes: &mut Assets<Mesh>,
    feature_rows: &FeatureRows,
    rows: RowRange,
    owner: PickOwner,
    piece: PreparedMarks,
) -> (Entity, Option<ResidentMarks>) {
    let material = assets.materials.add(MarkMaterial {
        form: uniform(&piece, [piece.width_m; 8]),
        marks: assets.buffers.add(piece.buffer),
        rows: feature_rows.buffer(),
        key: MarkKey {
            lines: piece.are_lines,
            blended: piece.is_blended,
        },
    });
    let mut bounds = piece.bounds;
    bounds.half_extents += piece.width_m;
    let mut entity = commands.spawn((
        SceneContent,
        SiteAnchor(piece.origin),
        Visibility::Hidden,
        bounds,
        Mesh3d(assets.corners.for_points(piece.count, meshes)),
        MeshMaterial3d(material.clone()),
        MeshTag(rows.first),
        NotShadowCaster,
        NotShadowReceiver,
    ));
    let Some(points) = piece.pick else {
        return (entity.id(), None);
    };
    // Features without a row of state have none that could be lifted or hidden.
    let count = if piece.has_row_each { 0 } else { rows.count };
    entity.insert((
        Pickable {
            owner,
            rows: RowRange { count, ..rows },
            bvh: Arc::new(nothing(piece.origin)),
        },
        PickablePoints {
            points,
            width_m: piece.width_m,
            most_px: POINT_PX[1],
            numbers: piece.numbers,
        },
    ));
    if let Some(values) = piece.values {
        entity.insert(PickableValues(values));
    }
    let (low, high) = prepare::site_box(piece.origin, &piece.bounds);
    let resident = ResidentMarks {
        material,
        place: Place {
            low,
            high,
            width_m: piece.width_m,
        },
    };
    (entity.id(), Some(resident))
}

/// What a line of sight never meets.
fn nothing(origin: crate::georef::SitePos) -> MeshBvh {
    MeshBvh::build(&FeatureMesh {
        origin,
        positions: Vec::new(),
        normals: Vec::new(),
        features: Vec::new(),
        colors: Vec::new(),
        uvs: Vec::new(),
        indices: Vec::new(),
        texture: None,
        double_sided: false,
        translucent: false,
        unlit: false,
        outline: None,
        copies: Vec::new(),
        values: crate::geometry::SurfaceValues::default(),
    })
}

fn uniform(piece: &PreparedMarks, widths: Widths) -> MarkUniform {
    let [lower @ .., _, _, _, _] = widths;
    let [_, _, _, _, upper @ ..] = widths;
    MarkUniform {
        lower_m: Vec4::from_array(lower),
        upper_m: Vec4::from_array(upper),
        middle: Vec3::from(piece.bounds.center).extend(LINE_PULL),
        sizes_px: Vec4::new(POINT_PX[0], POINT_PX[1], LINE_PX, 0.0),
        count: UVec4::new(piece.count, 0, 0, 0),
    }
}

/// Narrows the discs of tiles to which those below add points, when other tiles are drawn.
fn size_points(
    tiles: Res<TileLayers>,
    mut materials: ResMut<Assets<MarkMaterial>>,
    mut sized: Local<BTreeMap<u32, BTreeSet<TileId>>>,
) {
    sized.retain(|number, _| tiles.layers.contains_key(number));
    for (number, layer) in &tiles.layers {
        if sized.get(number) == Some(&layer.shown) {
            continue;
        }
        for (tile, widths) in widths_of(layer) {
            for (marks, widths) in marks_of(layer, tile).zip(widths) {
                let [lower @ .., _, _, _, _] = widths;
                let [_, _, _, _, upper @ ..] = widths;
                let (lower_m, upper_m) = (Vec4::from_array(lower), Vec4::from_array(upper));
                let is_new = |of: &MarkMaterial| of.form.lower_m != lower_m || of.form.upper_m != upper_m;
                if materials.get(&marks.material).is_some_and(is_new)
                    && let Some(mut material) = materials.get_mut(&marks.material)
                {
                    (material.form.lower_m, material.form.upper_m) = (lower_m, upper_m);
                }
            }
        }
        sized.insert(*number, layer.shown.clone());
    }
}

fn marks_of(layer: &TileLayer, tile: TileId) -> impl Iterator<Item = &ResidentMarks> {
    let resident = layer.resident.get(&tile);
    resident
        .into_iter()
        .flat_map(|resident| &resident.contents)
        .flat_map(|content| &content.marks)
}

/// The widths of the pieces of every tile that is drawn.
fn widths_of(layer: &TileLayer) -> BTreeMap<TileId, Vec<Widths>> {
    let own = layer.shown.iter().map(|tile| {
        let widths = marks_of(layer, *tile).map(|marks| [marks.place.width_m; 8]);
        (*tile, widths.collect::<Vec<_>>())
    });
    let mut widths: BTreeMap<TileId, Vec<Widths>> = own.filter(|(_, pieces)| !pieces.is_empty()).collect();
    let Tree::Open(tree) = &layer.tree else {
        return widths;
    };
    let drawn: Vec<TileId> = widths.keys().copied().collect();
    for fine in drawn {
        let mut above = tree.tiles.get(fine.0 as usize).and_then(|tile| tile.parent);
        while let Some(coarse) = above {
            if let Some(found) = widths.get_mut(&coarse) {
                for (widths, marks) in found.iter_mut().zip(marks_of(layer, coarse)) {
                    for finer in marks_of(layer, fine) {
                        narrow_where_filled(widths, &marks.place, &finer.place);
                    }
                }
            }
            above = tree.tiles.get(coarse.0 as usize).and_then(|tile| tile.parent);
        }
    }
    widths
}
