//! One row of state per feature on the graphics card: hidden, recoloured, lifted.
//!
//! A mesh's vertices carry the number of their feature; the entity's `MeshTag` is the mesh's first row. So a
//! building is hidden, in view, in shadows and in picking alike, by one bit, and the buffer is written once
//! per frame in which anything changed. Not taken: rewriting index buffers (uploads whole meshes again) and
//! one entity per feature (three orders of magnitude more entities).

use super::{feature_material::PaperMaterial, palette::Rgb};
use bevy::{asset::RenderAssetUsages, prelude::*, render::storage::ShaderBuffer};
use std::collections::BTreeMap;

const HIDDEN: u32 = 1 << 31;
const RECOLOURED: u32 = 1 << 30;
const LIFTED: u32 = 1 << 29;

/// Rows in the buffer at the start; it doubles when it is full.
const FIRST_CAPACITY: u32 = 1 << 16;
/// No more rows than fit the smallest storage buffer that wgpu promises (128 MiB).
const LARGEST_CAPACITY: u32 = 1 << 24;
/// Foot of features that have none: so far down that nothing is near it.
const NO_FOOT: f32 = -1.0e6;

/// A run of rows that belongs to one mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowRange {
    /// First row, the mesh's tag.
    pub(crate) first: u32,
    /// Number of rows.
    pub(crate) count: u32,
}

/// The rows of all meshes, and the buffer that mirrors them on the graphics card.
#[derive(Resource)]
pub(crate) struct FeatureRows {
    rows: Vec<[u32; 2]>,
    /// Free runs, start to length, never touching one another.
    free: BTreeMap<u32, u32>,
    dirty: bool,
    buffer: Handle<ShaderBuffer>,
}

impl FeatureRows {
    fn new(capacity: u32, buffer: Handle<ShaderBuffer>) -> Self {
        Self {
            rows: vec![blank(); capacity as usize],
            free: BTreeMap::from([(0, capacity)]),
            dirty: true,
            buffer,
        }
    }

    /// The buffer that materials bind.
    pub(crate) fn buffer(&self) -> Handle<ShaderBuffer> {
        self.buffer.clone()
    }

    /// A run of `count` blank rows; `None` when the largest buffer is full.
    pub(crate) fn allocate(&mut self, count: u32) -> Option<RowRange> {
        let count = count.max(1);
        loop {
            if let Some((&first, &length)) = self.free.iter().find(|(_, length)| **length >= count) {
                self.free.remove(&first);
                if length > count {
                    self.free.insert(first + count, length - count);
                }
                self.rows[first as usize..(first + count) as usize].fill(blank());
                self.dirty = true;
                return Some(RowRange { first, count });
            }
            self.grow(count)?;
        }
    }

    /// Whether a run of `count` rows could be had now.
    pub(crate) fn has_room(&self, count: u32) -> bool {
        let count = count.max(1);
        self.free.values().any(|length| *length >= count) || self.grown(count).is_some()
    }

    /// Capacity before, and after growing for so many more rows; `None` where that is more than there may be.
    fn grown(&self, count: u32) -> Option<(u32, u32)> {
        let old = u32::try_from(self.rows.len()).ok()?;
        let new = old
            .checked_add(count)?
            .checked_next_power_of_two()?
            .max(old.checked_mul(2)?);
        (new <= LARGEST_CAPACITY).then_some((old, new))
    }

    fn grow(&mut self, count: u32) -> Option<()> {
        let (old, new) = self.grown(count)?;
        self.rows.resize(new as usize, blank());
        self.give_back(old, new - old);
        self.dirty = true;
        Some(())
    }

    /// Gives a run back.
    pub(crate) fn free(&mut self, range: RowRange) {
        self.give_back(range.first, range.count);
    }

    fn give_back(&mut self, mut first: u32, mut count: u32) {
        if let Some((&before, &length)) = self.free.range(..first).next_back()
            && before + length == first
        {
            self.free.remove(&before);
            first = before;
            count += length;
        }
        if let Some(length) = self.free.remove(&(first + count)) {
            count += length;
        }
        self.free.insert(first, count);
    }

    fn change(&mut self, range: RowRange, feature: u32, change: impl Fn(u32) -> u32) {
        if feature >= range.count {
            return;
        }
        if let Some(row) = self.rows.get_mut((range.first + feature) as usize) {
            let new = change(row[0]);
            self.dirty |= new != row[0];
            row[0] = new;
        }
    }

    /// Hides or shows a feature.
    pub(crate) fn set_hidden(&mut self, range: RowRange, feature: u32, hidden: bool) {
        self.change(range, feature, |s| if hidden { s | HIDDEN } else { s & !HIDDEN });
    }

    /// Lifts a picked feature slightly in colour, or sets it back.
    pub(crate) fn set_lifted(&mut self, range: RowRange, feature: u32, lifted: bool) {
        self.change(range, feature, |s| if lifted { s | LIFTED } else { s & !LIFTED });
    }

    /// Gives a feature one colour instead of its own, or sets it back.
    pub(crate) fn set_color(&mut self, range: RowRange, feature: u32, color: Option<Rgb>) {
        self.change(range, feature, |s| {
            let kept = s & (HIDDEN | LIFTED);
            color.map_or(kept, |[r, g, b]| kept | RECOLOURED | u32::from_be_bytes([0, r, g, b]))
        });
    }

    /// Tells where the foot of a feature lies in its mesh, metres up, for the shade at its base.
    pub(crate) fn set_foot(&mut self, range: RowRange, feature: u32, foot_m: f32) {
        if feature < range.count
            && let Some(row) = self.rows.get_mut((range.first + feature) as usize)
        {
            row[1] = foot_m.to_bits();
            self.dirty = true;
        }
    }

    /// Whether a feature is hidden.
    pub(crate) fn is_hidden(&self, range: RowRange, feature: u32) -> bool {
        feature < range.count
            && self
                .rows
                .get((range.first + feature) as usize)
                .is_some_and(|row| row[0] & HIDDEN != 0)
    }
}

fn blank() -> [u32; 2] {
    [0, NO_FOOT.to_bits()]
}

impl FromWorld for FeatureRows {
    fn from_world(world: &mut World) -> Self {
        let rows = vec![blank(); FIRST_CAPACITY as usize];
        let buffer = world
            .get_resource_mut::<Assets<ShaderBuffer>>()
            .map_or_else(Handle::default, |mut buffers| buffers.add(shader_buffer(&rows)));
        Self::new(FIRST_CAPACITY, buffer)
    }
}

fn shader_buffer(rows: &[[u32; 2]]) -> ShaderBuffer {
    ShaderBuffer::new(bytemuck::cast_slice(rows), RenderAssetUsages::default())
}

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<FeatureRows>().add_systems(PostUpdate, upload_rows);
}

/// Writes the rows when any changed. A longer buffer is a new one, and every material must bind it anew;
/// a write of the same length reuses the buffer.
fn upload_rows(
    mut rows: ResMut<FeatureRows>,
    buffers: Option<ResMut<Assets<ShaderBuffer>>>,
    materials: Option<ResMut<Assets<PaperMaterial>>>,
) {
    let (Some(mut buffers), Some(mut materials)) = (buffers, materials) else {
        return;
    };
    if !rows.dirty {
        return;
    }
    rows.dirty = false;
    let handle = rows.buffer.clone();
    let bytes: &[u8] = bytemuck::cast_slice(&rows.rows);
    let is_same_length = buffers
        .get(&handle)
        .and_then(|buffer| buffer.data.as_ref())
        .is_some_and(|data| data.len() == bytes.len());
    if is_same_length {
        if let Some(mut buffer) = buffers.get_mut(&handle)
            && let Some(data) = &mut buffer.data
        {
            data.copy_from_slice(bytes);
        }
        return;
    }
    let buffer = buffers.add(shader_buffer(&rows.rows));
    rows.buffer = buffer.clone();
    for (_, material) in materials.iter_mut() {
        material.rows = buffer.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_reused_and_merge_again() {
        let mut rows = FeatureRows::new(8, Handle::default());
        let a = rows.allocate(3).unwrap();
        let b = rows.allocate(3).unwrap();
        let c = rows.allocate(2).unwrap();
        assert_eq!((a.first, b.first, c.first), (0, 3, 6));
        rows.free(a);
        rows.free(b);
        assert_eq!(
            rows.allocate(6).unwrap().first,
            0,
            "two neighbours given back make one run"
        );
    }

    #[test]
    fn a_full_buffer_doubles_and_keeps_its_rows() {
        let mut rows = FeatureRows::new(4, Handle::default());
        let a = rows.allocate(4).unwrap();
        rows.set_hidden(a, 2, true);
        let b = rows.allocate(9).unwrap();
        assert_eq!(b.first, 4);
        assert!(rows.is_hidden(a, 2) && !rows.is_hidden(b, 0));
        assert!(!rows.has_room(LARGEST_CAPACITY) && rows.has_room(LARGEST_CAPACITY / 2));
        assert!(
            rows.allocate(LARGEST_CAPACITY).is_none(),
            "a hostile count is refused, not allocated"
        );
        let most = rows.allocate(LARGEST_CAPACITY / 2).unwrap();
        let all = std::iter::from_fn(|| rows.allocate(LARGEST_CAPACITY / 8)).count();
        assert!(all > 0 && !rows.has_room(LARGEST_CAPACITY / 8));
        rows.free(most);
        assert!(rows.has_room(LARGEST_CAPACITY / 8), "what was given back");
    }

    #[test]
    fn states_do_not_disturb_one_another() {
        let mut rows = FeatureRows::new(4, Handle::default());
        let a = rows.allocate(2).unwrap();
        rows.set_hidden(a, 1, true);
        rows.set_color(a, 1, Some([1, 2, 3]));
        rows.set_lifted(a, 1, true);
        assert_eq!(rows.rows[1][0], HIDDEN | RECOLOURED | LIFTED | 0x01_02_03);
        rows.set_color(a, 1, None);
        rows.set_lifted(a, 1, false);
        assert_eq!(rows.rows[1][0], HIDDEN);
        rows.set_hidden(a, 7, true);
        assert!(!rows.is_hidden(a, 7), "a feature past the run touches nothing");
    }

    #[test]
    fn a_run_given_again_starts_blank() {
        let mut rows = FeatureRows::new(4, Handle::default());
        let a = rows.allocate(2).unwrap();
        rows.set_hidden(a, 0, true);
        rows.free(a);
        let b = rows.allocate(2).unwrap();
        assert_eq!(a, b);
        assert!(!rows.is_hidden(b, 0));
    }
}
