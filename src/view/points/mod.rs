//! Measured points: each a small disc that faces the camera, in its own colour, that of its class, its height or the
//! strength of its echo.
//!
//! Which nodes of a cloud are there follows from the view ([`crate::streaming::points`]); they are read, unpacked and made
//! ready by worker threads and let in by the frame's budget. What a point looks like is computed on the graphics card from
//! one small table per cloud, so another colouring or a hidden class costs one write of that table. Points cast no shadow.

mod clouds;
mod look;
mod material;
mod pick;
mod prepare;
mod sizes;
mod stream;
#[cfg(test)]
mod tests;

pub(crate) use clouds::PointClouds;
pub(in crate::view) use clouds::is_foremost;
pub use look::{ColorBy, ColorPoints, PointLook, PointLooks, ShowPointClass};
pub(in crate::view) use material::{CORNER, CornerMeshes};
pub use pick::{PickPoints, PickedPoint, PointHit, Sight};
pub(in crate::view) use prepare::{along_curve, packed as packed_normal, surface_normals};

use bevy::prelude::*;

pub(crate) fn plugin(app: &mut App) {
    app.add_plugins((material::plugin, look::plugin, stream::plugin));
}
