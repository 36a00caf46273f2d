//! Volumes of implicit tiles: that of the root, divided.

use super::super::BoundingVolume;
use super::tiling::{Scheme, TileAt};
use std::f64::consts::{PI, TAU};

/// The volume of a tile below `root`; `None` where the root's kind cannot be divided (a sphere), or not as deep.
///
/// A box is halved along its first two axes, or all three; a region in longitude and latitude, or in height too; an S2
/// cell into its four children, or in height too. Frame: that of `root`.
pub(super) fn volume_at(root: &BoundingVolume, scheme: Scheme, at: TileAt) -> Option<BoundingVolume> {
    let parts = f64::from(1_u32.checked_shl(at.level)?);
    let cut = |from: f64, to: f64, number: u32| {
        let step = (to - from) / parts;
        // The last edge is the root's own, not a sum that may miss it by a bit.
        let is_last = f64::from(number) + 1.0 >= parts;
        (
            from + step * f64::from(number),
            if is_last {
                to
            } else {
                from + step * f64::from(number + 1)
            },
        )
    };
    let cut_height = |lowest: f64, highest: f64| match scheme {
        Scheme::Quadtree => (lowest, highest),
        Scheme::Octree => cut(lowest, highest, at.z),
    };
    match root {
        BoundingVolume::Box { center, half_axes } => {
            let mut divided = *half_axes;
            let mut middle = *center;
            let numbers = [at.x, at.y, at.z];
            let axes = half_axes.iter().zip(&mut divided).zip(numbers);
            for ((axis, part), number) in axes.take(if scheme == Scheme::Quadtree { 2 } else { 3 }) {
                *part = *axis / parts;
                middle += *axis * ((2.0 * f64::from(number) + 1.0) / parts - 1.0);
            }
            Some(BoundingVolume::Box {
                center: middle,
                half_axes: divided,
            })
        }
        BoundingVolume::Region { region, .. } => {
            let [west, south, east, north, lowest, highest] = *region;
            let east = if east < west { east + TAU } else { east };
            let (mut west, mut east) = cut(west, east, at.x);
            if west > PI {
                (west, east) = (west - TAU, east - TAU);
            } else if east > PI + 1e-12 {
                // Part of a region over the antimeridian that crosses it too: its east is west of its west.
                east -= TAU;
            }
            let (south, north) = cut(south, north, at.y);
            let (lowest, highest) = cut_height(lowest, highest);
            Some(BoundingVolume::from_region([west, south, east, north, lowest, highest]))
        }
        BoundingVolume::S2 {
            cell,
            heights: [lowest, highest],
            ..
        } => {
            let cell = cell.descendant(at.level, at.x, at.y)?;
            let (lowest, highest) = cut_height(*lowest, *highest);
            Some(BoundingVolume::from_s2(cell, [lowest, highest]))
        }
        BoundingVolume::Sphere { .. } => None,
    }
}
