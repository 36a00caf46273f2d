//! Points and lines: the parts of a payload that are no surfaces.

use super::{
    Fault,
    mesh::PlacedPart,
    place::{Bounds, Placement, SiteMap, wide},
    primitive::Shape,
};
use crate::{
    geometry::{FeatureLines, FeatureMarks, FeaturePoints},
    georef::GeorefError,
    sources::Cause,
};
use bevy::math::{DMat4, DVec3, Vec3};

/// Colour of what has none beside others that have one.
const WHITE: [u8; 4] = [255; 4];

/// Points as they stand in a file: offsets from `center` in its own axes. Arrays that are not empty have the length of
/// `positions`.
#[derive(Debug, Default)]
pub(crate) struct LocalPoints {
    /// Where the offsets start, tile frame, metres.
    pub(crate) center: DVec3,
    pub(crate) positions: Vec<[f32; 3]>,
    /// Empty where the file gives none.
    pub(crate) normals: Vec<[f32; 3]>,
    pub(crate) features: Vec<u32>,
    /// Empty where the file gives none.
    pub(crate) colors: Vec<[u8; 4]>,
}

impl LocalPoints {
    /// Leaves points out that stand nowhere, and says how many.
    pub(crate) fn drop_endless(&mut self) -> usize {
        fn keep<T>(values: &mut Vec<T>, kept: &[bool]) {
            let mut kept = kept.iter();
            values.retain(|_| kept.next() == Some(&true));
        }
        let is_there = |p: &[f32; 3]| Vec3::from_array(*p).is_finite();
        if self.positions.iter().all(is_there) {
            return 0;
        }
        let kept: Vec<bool> = self.positions.iter().map(is_there).collect();
        keep(&mut self.positions, &kept);
        keep(&mut self.normals, &kept);
        keep(&mut self.features, &kept);
        keep(&mut self.colors, &kept);
        kept.len() - self.positions.len()
    }
}

impl Placement<'_> {
    /// Points of the tile frame, whose z is up, in the site.
    pub(crate) fn points(&self, points: LocalPoints, has_row_each: bool) -> Result<FeaturePoints, Fault> {
        let root_from_points = self.root_from_tile * DMat4::from_translation(self.rtc_center + points.center);
        let mut own = Bounds::EMPTY;
        for position in &points.positions {
            own.add(wide(*position));
        }
        let mut in_root = Bounds::EMPTY;
        for corner in own.corners() {
            in_root.add(root_from_points.transform_point3(corner));
        }
        if !(in_root.center().is_finite() && in_root.radius().is_finite()) {
            return Err("the positions are not finite numbers".into());
        }
        let misplaced = |error: GeorefError| Fault::from(error.to_string()).because(Cause::Place);
        let map = self.site_map(&in_root).map_err(misplaced)?;
        let mut placed = FeaturePoints::none(map.origin);
        map.positions(root_from_points, &points.positions, &mut placed.positions)
            .map_err(misplaced)?;
        map.normals(root_from_points, &points.normals, &mut placed.normals);
        placed.features = points.features;
        placed.colors = points.colors;
        placed.has_row_each = has_row_each;
        Ok(placed)
    }
}

/// Maps the parts that are points or lines to the site and joins them.
pub(super) fn merge_marks(
    parts: Vec<PlacedPart>,
    map: &SiteMap,
    root_from_gltf: DMat4,
    rows: u32,
) -> Result<FeatureMarks, GeorefError> {
    let mut points = FeaturePoints::none(map.origin);
    let mut lines = FeatureLines::none(map.origin);
    let (mut positions, mut normals) = (Vec::new(), Vec::new());
    for PlacedPart {
        mut part,
        gltf_from_local,
    } in parts
    {
        let root_from_local = root_from_gltf * gltf_from_local;
        map.positions(root_from_local, &part.positions, &mut positions)?;
        let count = positions.len();
        part.rows.resize(count, rows);
        if part.shape == Shape::Points {
            let before = points.positions.len();
            if !part.normals.is_empty() {
                map.normals(root_from_local, &part.normals, &mut normals);
                points.normals.resize(before, [0.0; 3]);
                points.normals.append(&mut normals);
            } else if !points.normals.is_empty() {
                points.normals.resize(before + count, [0.0; 3]);
            }
            join_colors(&mut points.colors, part.colors, before, count);
            points.positions.append(&mut positions);
            points.features.append(&mut part.rows);
        } else {
            let before = lines.positions.len();
            join_colors(&mut lines.colors, part.colors, before, count);
            lines.positions.append(&mut positions);
            lines.features.append(&mut part.rows);
            // The cap on elements keeps this far below 2^32.
            let base = u32::try_from(before).unwrap_or(u32::MAX);
            let (ends, _) = part.indices.as_chunks::<2>();
            let moved = ends.iter().map(|ends| ends.map(|end| end.saturating_add(base)));
            lines.segments.extend(moved);
        }
    }
    let mut marks = FeatureMarks::default();
    if !points.positions.is_empty() {
        marks.points.push(points);
    }
    if !lines.segments.is_empty() {
        marks.lines.push(lines);
    }
    Ok(marks)
}

/// Adds the colours of `count` more marks to those of `before`; what has none is white once one has.
fn join_colors(colors: &mut Vec<[u8; 4]>, mut more: Vec<[u8; 4]>, before: usize, count: usize) {
    if !more.is_empty() {
        colors.resize(before, WHITE);
        colors.append(&mut more);
    } else if !colors.is_empty() {
        colors.resize(before + count, WHITE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_colour_is_white_beside_what_has_one() {
        let mut colors = Vec::new();
        join_colors(&mut colors, Vec::new(), 0, 2);
        assert!(colors.is_empty());
        join_colors(&mut colors, vec![[1; 4]], 2, 1);
        join_colors(&mut colors, Vec::new(), 3, 1);
        assert_eq!(colors, [WHITE, WHITE, [1; 4], WHITE]);
    }

    #[test]
    fn points_without_a_place_take_their_attributes_along() {
        let mut points = LocalPoints {
            positions: vec![[0.0; 3], [f32::NAN; 3], [2.0; 3]],
            features: vec![0, 1, 2],
            colors: vec![[0; 4], [1; 4], [2; 4]],
            ..LocalPoints::default()
        };
        assert_eq!(points.drop_endless(), 1);
        assert_eq!((points.features, points.colors), (vec![0, 2], vec![[0; 4], [2; 4]]));
    }
}
