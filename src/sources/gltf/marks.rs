//! Points and lines: the parts of a payload that are no surfaces.

use super::{
    Fault,
    copies::{Budget, Chain, Share},
    merge::PlacedMesh,
    place::{Bounds, Placement, SiteMap, wide},
    primitive::{Part, Shape},
};
use crate::{
    geometry::{FeatureLines, FeatureMarks, FeaturePoints},
    georef::{GeorefError, LocalBox},
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
        map.positions(
            root_from_points,
            &points.positions,
            LocalBox::of(&points.positions),
            &mut placed.positions,
        )
        .map_err(misplaced)?;
        map.normals(root_from_points, &points.normals, &mut placed.normals);
        placed.features = points.features;
        placed.colors = points.colors;
        placed.has_row_each = has_row_each;
        Ok(placed)
    }
}

/// The points and lines where a node draws them.
pub(super) struct PlacedMarks {
    mesh: PlacedMesh,
    /// Whether the node draws nothing else, so that its copies are counted here.
    is_alone: bool,
}

/// Takes what is a surface and what is points and lines apart.
pub(super) fn split_marks(placed: Vec<PlacedMesh>) -> (Vec<PlacedMesh>, Vec<PlacedMarks>) {
    let (mut faces, mut others) = (Vec::new(), Vec::new());
    for mesh in placed {
        if mesh.parts.iter().all(|part| part.shape == Shape::Faces) {
            faces.push(mesh);
            continue;
        }
        let (surfaces, marks): (Vec<Part>, Vec<Part>) =
            mesh.parts.into_iter().partition(|part| part.shape == Shape::Faces);
        let is_alone = surfaces.is_empty();
        if !is_alone {
            faces.push(PlacedMesh {
                parts: surfaces,
                gltf_from_node: mesh.gltf_from_node,
                copies: mesh.copies.clone(),
            });
        }
        let mesh = PlacedMesh { parts: marks, ..mesh };
        others.push(PlacedMarks { mesh, is_alone });
    }
    (faces, others)
}

/// Maps points and lines to the site and joins them, copies too; `counts_models` where instances of the whole file have
/// nothing else to be counted by. Where the copies have more points and ends of lines than the budget, some are left out,
/// spread evenly.
pub(super) fn merge_marks(
    placed: Vec<PlacedMarks>,
    counts_models: bool,
    map: &SiteMap,
    chain: &Chain<'_>,
    rows: u32,
    budget: &mut Budget,
) -> Result<FeatureMarks, GeorefError> {
    let wanted = placed
        .iter()
        .map(|marks| {
            let more = (chain.count(marks.mesh.copies.as_ref()) as u64).saturating_sub(1);
            marks.vertices().saturating_mul(more)
        })
        .fold(0, u64::saturating_add);
    let share = Share::new(wanted, budget.points);
    let mut merger = Merger {
        map,
        rows,
        points: FeaturePoints::none(map.origin),
        lines: FeatureLines::none(map.origin),
        positions: Vec::new(),
        normals: Vec::new(),
    };
    let (mut drawn, mut left_out) = (0, 0);
    for mut marks in placed {
        // Nobody points at lines.
        for part in marks.mesh.parts.iter_mut().filter(|part| part.shape == Shape::Points) {
            part.note_surface();
        }
        let PlacedMesh {
            parts,
            gltf_from_node,
            copies,
        } = &marks.mesh;
        let count = chain.count(copies.as_ref());
        let mut kept = 0_u64;
        for number in (0..count).filter(|number| share.keeps(*number)) {
            let root_from_local = chain.root_from_local(*gltf_from_node, copies.as_ref(), number);
            let row = chain.row(copies.as_ref(), number);
            for part in parts {
                merger.add(part, root_from_local, row, number)?;
            }
            kept += 1;
        }
        budget.points = budget
            .points
            .saturating_sub(marks.vertices().saturating_mul(kept.saturating_sub(1)));
        let left = count as u64 - kept;
        if chain.models.is_some() {
            // However many meshes a model has, it is one instance.
            (drawn, left_out) = (kept.max(drawn), left.max(left_out));
        } else if copies.is_some() && marks.is_alone {
            (drawn, left_out) = (drawn + kept, left_out + left);
        }
    }
    if chain.models.is_none() || counts_models {
        budget.drawn = budget.drawn.saturating_add(drawn);
        budget.left_out = budget.left_out.saturating_add(left_out);
    }
    Ok(merger.finish())
}

impl PlacedMarks {
    fn vertices(&self) -> u64 {
        self.mesh.parts.iter().map(|part| part.positions.len() as u64).sum()
    }
}

struct Merger<'a> {
    map: &'a SiteMap,
    rows: u32,
    points: FeaturePoints,
    lines: FeatureLines,
    positions: Vec<[f32; 3]>,
    normals: Vec<[f32; 3]>,
}

impl Merger<'_> {
    /// Adds copy `number` of a part where it stands, as feature `row` where that is known.
    fn add(&mut self, part: &Part, root_from_local: DMat4, row: Option<u32>, number: usize) -> Result<(), GeorefError> {
        self.map.positions(
            root_from_local,
            &part.positions,
            part.bounds.local_box(),
            &mut self.positions,
        )?;
        let count = self.positions.len();
        let (features, before) = match part.shape {
            Shape::Points => (&mut self.points.features, self.points.positions.len()),
            Shape::Faces | Shape::Lines => (&mut self.lines.features, self.lines.positions.len()),
        };
        if row.is_none() {
            features.extend_from_slice(&part.rows);
        }
        features.resize(before + count, row.unwrap_or(self.rows));
        if part.shape == Shape::Points {
            let points = &mut self.points;
            points.values.extend(part.carried.span(before, false, Some(number)));
            if !part.normals.is_empty() {
                self.map.normals(root_from_local, &part.normals, &mut self.normals);
                points.normals.resize(before, [0.0; 3]);
                points.normals.append(&mut self.normals);
            } else if !points.normals.is_empty() {
                points.normals.resize(before + count, [0.0; 3]);
            }
            join_colors(&mut points.colors, &part.colors, before, count);
            points.positions.append(&mut self.positions);
        } else {
            let lines = &mut self.lines;
            join_colors(&mut lines.colors, &part.colors, before, count);
            lines.positions.append(&mut self.positions);
            // The caps on elements and on copies keep this far below 2^32.
            let base = u32::try_from(before).unwrap_or(u32::MAX);
            let (ends, _) = part.indices.as_chunks::<2>();
            let moved = ends.iter().map(|ends| ends.map(|end| end.saturating_add(base)));
            lines.segments.extend(moved);
        }
        Ok(())
    }

    fn finish(self) -> FeatureMarks {
        let mut marks = FeatureMarks::default();
        if !self.points.positions.is_empty() {
            marks.points.push(self.points);
        }
        if !self.lines.segments.is_empty() {
            marks.lines.push(self.lines);
        }
        marks
    }
}

/// Adds the colours of `count` more marks to those of `before`; what has none is white once one has.
fn join_colors(colors: &mut Vec<[u8; 4]>, more: &[[u8; 4]], before: usize, count: usize) {
    if !more.is_empty() {
        colors.resize(before, WHITE);
        colors.extend_from_slice(more);
    } else if !colors.is_empty() {
        colors.resize(before + count, WHITE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        georef::SiteFrame,
        sources::gltf::{
            copies::Copies,
            material::{EdgeSource, Look, RenderClass, UvTransform},
        },
    };
    use bevy::math::DAffine3;

    #[test]
    fn what_has_no_colour_is_white_beside_what_has_one() {
        let mut colors = Vec::new();
        join_colors(&mut colors, &[], 0, 2);
        assert!(colors.is_empty());
        join_colors(&mut colors, &[[1; 4]], 2, 1);
        join_colors(&mut colors, &[], 3, 1);
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

    #[test]
    fn copies_beyond_the_budget_are_left_out_and_counted() {
        let site = SiteFrame::Local;
        let placement = Placement {
            root_from_tile: DMat4::IDENTITY,
            rtc_center: DVec3::ZERO,
            is_geocentric: false,
            site: &site,
            volume: None,
            gltf_up_axis: 'Y',
            height_offset_m: 0.0,
        };
        let mut bounds = Bounds::EMPTY;
        bounds.add(DVec3::ZERO);
        let map = placement.site_map(&bounds).unwrap();
        let chain = Chain {
            root_from_models: DMat4::IDENTITY,
            models: None,
            model_from_gltf: DMat4::IDENTITY,
        };
        let part = Part {
            shape: Shape::Points,
            look: Look {
                class: RenderClass {
                    image: None,
                    fallback: None,
                    wrap: [crate::geometry::Wrap::Repeat; 2],
                    double_sided: false,
                    translucent: false,
                    unlit: false,
                    cutoff: None,
                    edges: EdgeSource::Angles,
                },
                factor: [1.0; 4],
                uv_set: 0,
                uv_transform: UvTransform::IDENTITY,
            },
            positions: vec![[0.0; 3]; 2],
            normals: Vec::new(),
            rows: Vec::new(),
            colors: Vec::new(),
            uvs: Vec::new(),
            indices: vec![0, 1],
            outline: Vec::new(),
            carried: crate::sources::gltf::carried::Carried::default(),
            bounds,
        };
        let copied = PlacedMesh {
            parts: vec![part],
            gltf_from_node: DMat4::IDENTITY,
            copies: Some(Copies {
                places: vec![DAffine3::IDENTITY; 11],
                rows: (0..11).collect(),
                ..Copies::default()
            }),
        };
        let mut budget = Budget::default();
        let (faces, others) = split_marks(vec![copied]);
        assert!(faces.is_empty());
        budget.points = 10;
        let marks = merge_marks(others, true, &map, &chain, 11, &mut budget).unwrap();
        // The first is the model itself; five more have room.
        let rows: Vec<u32> = marks.places().map(|(_, row)| row).collect();
        assert_eq!(rows, [0, 0, 2, 2, 4, 4, 6, 6, 8, 8, 10, 10]);
        assert_eq!((budget.points, budget.drawn, budget.left_out), (0, 6, 5));
    }
}
