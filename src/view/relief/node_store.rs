//! The nodes of the ground that are there, what they hold, and which go when there are too many.

use super::work::{PictureKey, ShapeKey};
use crate::view::feature_material::PaperMaterial;
use bevy::prelude::*;
use std::collections::BTreeMap;

/// Bytes that meshes may hold besides what the present view needs.
const MOST_SHAPE_BYTES: u64 = 128 << 20;
/// The same for pictures.
const MOST_PICTURE_BYTES: u64 = 384 << 20;
/// Frames until what entered the world is on the graphics card for certain.
const FRAMES_TO_SETTLE: u64 = 2;

/// What lies on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Dress {
    /// Paper.
    #[default]
    Paper,
    /// The picture of certain layers.
    Picture(u64),
}

/// A node as a mesh.
pub(super) struct Shape {
    /// `None` where there is no ground.
    pub(super) entity: Option<Entity>,
    pub(super) dress: Dress,
    pub(super) life: Life,
}

/// A node's picture.
pub(super) struct Picture {
    /// `None` where no layer has one.
    pub(super) material: Option<Handle<PaperMaterial>>,
    pub(super) life: Life,
}

/// What something holds and when it was wanted, in frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Life {
    bytes: u64,
    ready_at: u64,
    used_at: u64,
}

impl Life {
    pub(super) fn new(bytes: u64, now: u64) -> Self {
        Self {
            bytes,
            ready_at: now + FRAMES_TO_SETTLE,
            used_at: now,
        }
    }

    pub(super) fn is_ready(&self, now: u64) -> bool {
        now >= self.ready_at
    }
}

/// All nodes that are there.
#[derive(Default)]
pub(super) struct NodeStore {
    pub(super) shapes: BTreeMap<ShapeKey, Shape>,
    pub(super) pictures: BTreeMap<PictureKey, Picture>,
}

impl NodeStore {
    /// Bytes of all meshes and pictures.
    pub(super) fn bytes(&self) -> u64 {
        let shapes = self.shapes.values().map(|shape| shape.life.bytes);
        let pictures = self.pictures.values().map(|picture| picture.life.bytes);
        shapes.chain(pictures).sum()
    }

    /// Says that a mesh is wanted now.
    pub(super) fn use_shape(&mut self, key: &ShapeKey, now: u64) {
        if let Some(shape) = self.shapes.get_mut(key) {
            shape.life.used_at = now;
        }
    }

    /// Says that a picture is wanted now.
    pub(super) fn use_picture(&mut self, key: &PictureKey, now: u64) {
        if let Some(picture) = self.pictures.get_mut(key) {
            picture.life.used_at = now;
        }
    }

    /// Takes out the meshes that have to go.
    pub(super) fn spare_shapes(&mut self, now: u64) -> Vec<Shape> {
        let lives = self.shapes.iter().map(|(key, shape)| (*key, shape.life));
        let spare = spare(lives, now, MOST_SHAPE_BYTES);
        spare.iter().filter_map(|key| self.shapes.remove(key)).collect()
    }

    /// Takes out the pictures that have to go, and tells on which nodes they lay.
    pub(super) fn spare_pictures(&mut self, now: u64) -> Vec<PictureKey> {
        let lives = self.pictures.iter().map(|(key, picture)| (*key, picture.life));
        let spare = spare(lives, now, MOST_PICTURE_BYTES);
        for key in &spare {
            self.pictures.remove(key);
        }
        spare
    }
}

/// What has to go so that the rest holds at most `most_bytes`: what was not wanted for longest, and of that the finest.
/// What is wanted now stays.
fn spare<K: Ord + Copy>(lives: impl Iterator<Item = (K, Life)>, now: u64, most_bytes: u64) -> Vec<K> {
    let mut total = 0;
    let mut unused: Vec<(u64, std::cmp::Reverse<K>, u64)> = Vec::new();
    for (key, life) in lives {
        total += life.bytes;
        if life.used_at < now {
            unused.push((life.used_at, std::cmp::Reverse(key), life.bytes));
        }
    }
    if total <= most_bytes {
        return Vec::new();
    }
    unused.sort_unstable();
    let mut gone = Vec::new();
    for (_, std::cmp::Reverse(key), bytes) in unused {
        if total <= most_bytes {
            break;
        }
        total -= bytes;
        gone.push(key);
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_wanted_for_longest_goes_first_and_what_is_wanted_never() {
        let life = |bytes: u64, used_at: u64| Life {
            used_at,
            ..Life::new(bytes, 0)
        };
        let lives = [
            (0, life(100, 9)),
            (1, life(100, 3)),
            (2, life(100, 3)),
            (3, life(100, 1)),
            (4, life(100, 9)),
        ];
        let gone = |most: u64| spare(lives.iter().copied(), 9, most);
        assert!(gone(500).is_empty());
        assert_eq!(gone(499), [3]);
        assert_eq!(gone(350), [3, 2], "of two as old the finer one");
        assert_eq!(gone(0), [3, 2, 1], "what is wanted now stays");
    }

    #[test]
    fn what_came_is_ready_after_two_frames() {
        let life = Life::new(1, 5);
        assert!(!life.is_ready(5) && !life.is_ready(6) && life.is_ready(7));
    }
}
