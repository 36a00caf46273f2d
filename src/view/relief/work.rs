//! What workers make for the ground: the quadtree, nodes as meshes, pictures for them.

use super::{
    holes::{HoleMark, Holes},
    mesh::node_mesh,
    picture::{PICTURE_BYTES, compose, image},
    tree::{NodeId, Relief},
};
use crate::georef::{SitePos, narrow};
use crate::model::{GroundPicture, OpenScenario, Terrain};
use crate::sources::{Cause, Problem, remote::on_own_thread};
use crate::view::{feature_material::PaperMesh, ground, palette, prepared::DrawnMesh};
use bevy::{
    math::{DVec2, DVec3},
    prelude::*,
    tasks::{AsyncComputeTaskPool, Task},
};
use std::sync::Arc;

/// Cells along the longer side of guessed ground, whose own grid moves with every guess.
const GUESSED_CELLS: f64 = 256.0;

/// Starts to make the quadtree over the ground of a scenario.
pub(super) fn start_relief(open: Arc<OpenScenario>, terrain: Arc<Terrain>, is_measured: bool) -> Task<Relief> {
    AsyncComputeTaskPool::get().spawn(async move {
        let (low, high) = ground::bounds(&open, &terrain);
        if is_measured || terrain.columns.max(terrain.rows) < 2 {
            return Relief::new(terrain, low, high);
        }
        // Where nodes lie must not move with a guess, or their pictures would be made again each time.
        let (low, high) = ground::bounds(&open, &Terrain::flat());
        Relief::new(Arc::new(resampled(&terrain, low, high)), low, high)
    })
}

/// A terrain on a grid between two corners.
fn resampled(terrain: &Terrain, low: DVec2, high: DVec2) -> Terrain {
    let cell_m = (high - low).max_element().max(1.0) / GUESSED_CELLS;
    let [columns, rows] = (high - low).to_array().map(|length_m| {
        let cells = (1..=512_u32).find(|n| f64::from(*n) * cell_m >= length_m - 1e-6);
        cells.unwrap_or(512) + 1
    });
    let height = |column: u32, row: u32| {
        let p = low + DVec2::new(f64::from(column), f64::from(row)) * cell_m;
        narrow(DVec3::splat(terrain.height_at(p)))[0]
    };
    Terrain {
        origin: low,
        cell_m,
        columns,
        rows,
        heights_m: (0..rows)
            .flat_map(|row| (0..columns).map(move |column| (column, row)))
            .map(|(column, row)| height(column, row))
            .collect(),
    }
}

/// A node with certain holes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ShapeKey {
    pub(super) node: NodeId,
    pub(super) mark: HoleMark,
}

/// A node under certain layers of imagery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PictureKey {
    pub(super) node: NodeId,
    /// Stands for the layers.
    pub(super) layers: u64,
}

/// What a worker makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Job {
    Shape(ShapeKey),
    Picture(PictureKey),
}

/// What a worker made.
pub(super) enum Made {
    /// `None` where there is no ground.
    Shape(ShapeKey, SitePos, Option<DrawnMesh>),
    /// `None` where no layer has a picture.
    Picture(PictureKey, Option<Image>, Vec<Problem>),
}

impl Made {
    /// Bytes that go to the graphics card.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Shape(_, _, mesh) => mesh.as_ref().map_or(0, DrawnMesh::bytes),
            Self::Picture(_, image, _) => image.as_ref().map_or(0, |_| PICTURE_BYTES),
        }
    }
}

/// Starts to make a node's mesh.
pub(super) fn start_shape(relief: Arc<Relief>, key: ShapeKey, holes: Arc<Holes>, is_shaded: bool) -> Task<Made> {
    AsyncComputeTaskPool::get().spawn(async move {
        let made = node_mesh(&relief, key.node, &holes, is_shaded);
        let [r, g, b] = palette::TABLE;
        let count = made.positions.len();
        let paper = PaperMesh {
            positions: made.positions,
            normals: made.normals,
            uvs: made.uvs,
            features: vec![0; count],
            colors: vec![[r, g, b, 255]; count],
            indices: made.indices,
        };
        Made::Shape(key, made.origin, DrawnMesh::triangles(paper))
    })
}

/// Starts to make a node's picture.
pub(super) fn start_picture(relief: &Relief, key: PictureKey, layers: Vec<Arc<dyn GroundPicture>>) -> Task<Made> {
    let (low, side_m) = relief.square(key.node);
    let is_asked = is_asked(&layers);
    let name = layers
        .first()
        .map_or_else(String::new, |layer| layer.layer().to_owned());
    let work = move || {
        let (pixels, problems) = compose(&layers, low, side_m);
        Made::Picture(key, pixels.map(image), problems)
    };
    let pool = AsyncComputeTaskPool::get();
    if is_asked {
        // Not on a thread for tasks: a slow server would hold up the ground, and every file that is opened.
        let ended = move || {
            let message = "a picture of the ground could not be made; close other programs and try again";
            Made::Picture(
                key,
                None,
                vec![Problem::error(name, "", message).because(Cause::Machine)],
            )
        };
        pool.spawn(async move { on_own_thread("ground-picture", work).await.unwrap_or_else(ended) })
    } else {
        pool.spawn(async move { work() })
    }
}

/// Whether a server is asked for the picture.
pub(super) fn is_asked(layers: &[Arc<dyn GroundPicture>]) -> bool {
    layers.iter().any(|layer| layer.host().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessed_ground_lies_on_a_grid_that_does_not_move() {
        let guess = Terrain {
            origin: DVec2::new(-313.0, 47.0),
            cell_m: 20.0,
            columns: 20,
            rows: 10,
            heights_m: (0..200_u8).map(f32::from).collect(),
        };
        let (low, high) = (DVec2::splat(-500.0), DVec2::new(524.0, 12.0));
        let terrain = resampled(&guess, low, high);
        assert_eq!((terrain.columns, terrain.rows, terrain.origin), (257, 129, low));
        assert_eq!(terrain.bounds(), (low, high));
        let p = DVec2::new(-100.0, 8.0);
        assert!((terrain.height_at(p) - guess.height_at(p)).abs() < 1e-3);
    }
}
