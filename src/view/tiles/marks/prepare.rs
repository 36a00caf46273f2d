//! Points and lines of a content made ready for the graphics card and for picking. Runs on worker threads.
//!
//! Points are brought along a curve through space and cut into pieces of bounded size, so that a piece is a compact part of
//! the cloud that can be out of sight, and no buffer is larger than any graphics card takes.

use super::shade::by_height;
use crate::geometry::{FeatureLines, FeatureMarks, FeaturePoints, SurfaceValues};
use crate::georef::{SitePos, site_axes};
use crate::view::{
    feature_material::bounds,
    palette,
    points::{PickPoints, along_curve, packed_normal, surface_normals},
};
use bevy::{
    asset::RenderAssetUsages,
    camera::primitives::Aabb,
    math::{DVec3, Vec3},
    render::storage::ShaderBuffer,
};
use std::sync::Arc;

/// Words of a point in the buffer.
const WORDS: usize = 6;
/// Most points or straight pieces of lines in one piece.
const MOST_IN_PIECE: usize = 1 << 16;
/// Of so many points the distance to their neighbours is measured.
const MEASURED: usize = 400;
/// So many points before and after one along the curve its neighbours are looked for.
const NEARBY: usize = 24;
/// The distance to the neighbour of this rank is about that between points: on a grid, and where they lie by chance.
const RANK: usize = 3;
/// Width of a disc as a share of the distance between points: neighbours overlap, and gaps left by chance close.
const SHARE: f32 = 1.5;
/// Least and largest width, metres.
const WIDTH_M: [f32; 2] = [0.002, 50.0];

/// A piece, ready to enter the world.
pub(in crate::view::tiles) struct PreparedMarks {
    pub(super) origin: SitePos,
    pub(super) buffer: ShaderBuffer,
    /// Points, or straight pieces of lines.
    pub(super) count: u32,
    pub(super) are_lines: bool,
    /// Some of it is translucent.
    pub(super) is_blended: bool,
    /// Offsets.
    pub(super) bounds: Aabb,
    /// Width of a disc that touches its neighbours, metres.
    pub(super) width_m: f32,
    /// Points that can be picked, with their features.
    pub(super) pick: Option<Arc<PickPoints<u32>>>,
    /// Every point is a feature of its own, for which there is no row of state.
    pub(super) has_row_each: bool,
    /// What lies on the points and not on their features; pieces of the same points share it.
    pub(super) values: Option<Arc<SurfaceValues>>,
    /// The number of each point in it; empty where there is nothing.
    pub(super) numbers: Arc<[u32]>,
}

impl PreparedMarks {
    /// All pieces of a content that has so many rows of state.
    pub(in crate::view::tiles) fn of(marks: FeatureMarks, rows: u32) -> Vec<Self> {
        let mut pieces = Vec::new();
        for points in marks.points {
            add_points(points, rows, &mut pieces);
        }
        for lines in &marks.lines {
            add_lines(lines, rows, &mut pieces);
        }
        pieces
    }

    /// Bytes that go to the graphics card.
    pub(in crate::view::tiles) fn bytes_drawn(&self) -> u64 {
        let ends = if self.are_lines { 2 } else { 1 };
        u64::from(self.count) * ends * (WORDS * size_of::<u32>()) as u64
    }

    /// Bytes held for picking.
    pub(in crate::view::tiles) fn bytes_held(&self) -> u64 {
        self.pick.as_ref().map_or(0, |pick| pick.bytes()) + size_of_val(&*self.numbers) as u64
    }

    /// What lies on the points of pieces, what several share once.
    pub(in crate::view::tiles) fn values(pieces: &[Self]) -> impl Iterator<Item = &SurfaceValues> {
        let mut last: Option<&Arc<SurfaceValues>> = None;
        let values = pieces.iter().filter_map(|piece| piece.values.as_ref());
        values.filter_map(move |values| {
            let is_known = last.is_some_and(|last| Arc::ptr_eq(last, values));
            last = Some(values);
            (!is_known).then_some(&**values)
        })
    }

    /// How many points.
    pub(in crate::view::tiles) fn points(&self) -> u64 {
        if self.are_lines { 0 } else { u64::from(self.count) }
    }
}

fn add_points(mut points: FeaturePoints, rows: u32, pieces: &mut Vec<PreparedMarks>) {
    let order = along_curve(&points.positions);
    let positions: Vec<[f32; 3]> = order.iter().filter_map(|i| points.positions.get(*i).copied()).collect();
    let width_m = (SHARE * spacing(&positions)).clamp(WIDTH_M[0], WIDTH_M[1]);
    // What has no colour of its own is told apart by the light that its surfaces catch.
    let estimated = if points.normals.is_empty() && points.colors.is_empty() {
        surface_normals(&positions)
    } else {
        Vec::new()
    };
    if points.colors.is_empty() {
        points.colors = by_height(points.origin, &points.positions);
    }
    let has_row_each = points.has_row_each && rows == 0;
    let values = std::mem::take(&mut points.values);
    let values = (!values.is_empty()).then(|| Arc::new(values));
    for (first, places) in order.chunks(MOST_IN_PIECE).enumerate() {
        let first = first * MOST_IN_PIECE;
        let mut words = Vec::with_capacity(places.len() * WORDS);
        let mut features = Vec::with_capacity(places.len());
        let mut is_blended = false;
        for (at, place) in (first..).zip(places) {
            let color = points.colors.get(*place).copied().unwrap_or([255; 4]);
            let feature = points.features.get(*place).copied().unwrap_or(u32::MAX);
            let normal = match points.normals.get(*place) {
                Some(normal) => own_normal(*normal),
                None => estimated.get(at).copied().unwrap_or(0),
            };
            is_blended |= color[3] < 255;
            words.extend(positions.get(at).copied().unwrap_or_default().map(f32::to_bits));
            words.extend([u32::from_le_bytes(color), feature.min(rows), u32::from(normal)]);
            features.push(feature);
        }
        let positions = positions.get(first..first + places.len()).unwrap_or_default();
        pieces.push(PreparedMarks {
            origin: points.origin,
            bounds: bounds(positions),
            pick: Some(Arc::new(PickPoints::new(points.origin, positions.to_vec(), features))),
            numbers: if values.is_some() {
                let number = |place: &usize| u32::try_from(*place).unwrap_or(u32::MAX);
                places.iter().map(number).collect()
            } else {
                Arc::default()
            },
            values: values.clone(),
            buffer: buffer(&words),
            count: u32::try_from(places.len()).unwrap_or(u32::MAX),
            are_lines: false,
            is_blended,
            width_m,
            has_row_each,
        });
    }
}

fn add_lines(lines: &FeatureLines, rows: u32, pieces: &mut Vec<PreparedMarks>) {
    for segments in lines.segments.chunks(MOST_IN_PIECE) {
        let mut words = Vec::with_capacity(segments.len() * 2 * WORDS);
        let mut ends = Vec::with_capacity(segments.len() * 2);
        let mut is_blended = false;
        for end in segments.iter().flatten() {
            let place = *end as usize;
            let [r, g, b] = palette::INK;
            let color = lines.colors.get(place).copied().unwrap_or([r, g, b, 255]);
            let feature = lines.features.get(place).copied().unwrap_or(u32::MAX);
            let position = lines.positions.get(place).copied().unwrap_or_default();
            is_blended |= color[3] < 255;
            words.extend(position.map(f32::to_bits));
            words.extend([u32::from_le_bytes(color), feature.min(rows), 0]);
            ends.push(position);
        }
        pieces.push(PreparedMarks {
            origin: lines.origin,
            bounds: bounds(&ends),
            pick: None,
            buffer: buffer(&words),
            count: u32::try_from(segments.len()).unwrap_or(u32::MAX),
            are_lines: true,
            is_blended,
            width_m: 0.0,
            has_row_each: false,
            values: None,
            numbers: Arc::default(),
        });
    }
}

fn buffer(words: &[u32]) -> ShaderBuffer {
    ShaderBuffer::new(bytemuck::cast_slice(words), RenderAssetUsages::RENDER_WORLD)
}

/// A direction of the file, packed; 0 where it has none. It says how a surface lies, not which of its sides was seen.
fn own_normal(normal: [f32; 3]) -> u16 {
    let normal = Vec3::from_array(normal);
    if normal.length_squared() < 0.25 {
        return 0;
    }
    packed_normal(if normal.y < 0.0 { -normal } else { normal })
}

/// About how far points that follow one another along a curve lie apart, metres.
fn spacing(positions: &[[f32; 3]]) -> f32 {
    let step = (positions.len() / MEASURED).max(1);
    let mut found: Vec<f32> = (0..positions.len())
        .step_by(step)
        .filter_map(|at| {
            let from = at.saturating_sub(NEARBY);
            let around = positions.get(from..(at + NEARBY + 1).min(positions.len()))?;
            let here = Vec3::from_array(*positions.get(at)?);
            let mut away: Vec<f32> = around
                .iter()
                .map(|p| Vec3::from_array(*p).distance_squared(here))
                .filter(|squared| *squared > 0.0)
                .collect();
            let rank = RANK.min(away.len()).checked_sub(1)?;
            let (_, squared, _) = away.select_nth_unstable_by(rank, f32::total_cmp);
            Some(squared.sqrt())
        })
        .collect();
    if found.is_empty() {
        return 0.0;
    }
    let middle = found.len() / 2;
    *found.select_nth_unstable_by(middle, f32::total_cmp).1
}

/// The box around a piece, site frame.
pub(super) fn site_box(origin: SitePos, bounds: &Aabb) -> (DVec3, DVec3) {
    let [a, b] = [bounds.min(), bounds.max()].map(|p| origin.0 + site_axes(Vec3::from(p).as_dvec3()));
    (a.min(b), a.max(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Surface, SurfaceSpan};

    /// A flat square of `side` by `side` points, `apart` metres from one another.
    fn square(side: u16, apart: f32) -> FeaturePoints {
        let places = (0..side).flat_map(|x| (0..side).map(move |z| [f32::from(x) * apart, 0.0, f32::from(z) * apart]));
        let positions: Vec<[f32; 3]> = places.collect();
        FeaturePoints {
            features: vec![7; positions.len()],
            positions,
            ..FeaturePoints::none(SitePos(DVec3::new(5.0, 6.0, 7.0)))
        }
    }

    fn words(piece: &PreparedMarks) -> Vec<u32> {
        let data = piece.buffer.data.as_ref().unwrap();
        data.as_chunks::<4>()
            .0
            .iter()
            .map(|four| u32::from_le_bytes(*four))
            .collect()
    }

    #[test]
    fn a_cloud_is_cut_into_pieces_that_hold_all_of_it() {
        let marks = FeatureMarks {
            points: vec![square(300, 0.5)],
            lines: Vec::new(),
        };
        let pieces = PreparedMarks::of(marks, 9);
        let counts: Vec<u32> = pieces.iter().map(|piece| piece.count).collect();
        assert_eq!(counts, [65_536, 24_464]);
        for piece in &pieces {
            assert!((piece.width_m - 0.75).abs() < 0.01, "{}", piece.width_m);
            assert_eq!(piece.bytes_drawn(), u64::from(piece.count) * 24);
            assert!(piece.bytes_held() > u64::from(piece.count) * 16);
            let words = words(piece);
            assert_eq!(words.len(), piece.count as usize * WORDS);
            assert_eq!(words[4], 7);
            let up = u32::from(packed_normal(Vec3::Y));
            assert!(words.chunks(WORDS).all(|point| point[5] == up), "flat ground faces up");
        }
    }

    #[test]
    fn pieces_know_the_numbers_of_their_points_where_something_lies_on_them() {
        let bare = PreparedMarks::of(
            FeatureMarks {
                points: vec![square(3, 1.0)],
                lines: Vec::new(),
            },
            9,
        );
        assert!(bare[0].values.is_none() && bare[0].numbers.is_empty());
        let mut points = square(300, 0.5);
        points.features = (0..90_000).collect();
        points.values.push(SurfaceSpan {
            first: 0,
            is_mirrored: false,
            surface: Arc::new(Surface {
                count: 90_000,
                ..Surface::default()
            }),
            copy: None,
        });
        let marks = FeatureMarks {
            points: vec![points],
            lines: Vec::new(),
        };
        let pieces = PreparedMarks::of(marks, 90_000);
        assert_eq!(pieces.len(), 2);
        for piece in &pieces {
            assert_eq!(piece.numbers.len(), piece.count as usize);
            // Each feature has the number of its point.
            let features = words(piece);
            assert!(
                piece
                    .numbers
                    .iter()
                    .zip(features.chunks(WORDS))
                    .all(|(number, point)| *number == point[4])
            );
            assert!(piece.bytes_held() > u64::from(piece.count) * 20);
        }
        assert_eq!(PreparedMarks::values(&pieces).count(), 1, "what they share counts once");
    }

    #[test]
    fn features_without_a_row_of_state_share_one() {
        let points = FeaturePoints {
            features: vec![0, 1, 2, 3],
            has_row_each: true,
            colors: vec![[1, 2, 3, 255], [1, 2, 3, 9], [0; 4], [0; 4]],
            ..square(2, 1.0)
        };
        let marks = FeatureMarks {
            points: vec![points],
            lines: Vec::new(),
        };
        let piece = &PreparedMarks::of(marks, 0)[0];
        assert!(piece.has_row_each && piece.is_blended);
        assert!(words(piece).chunks(WORDS).all(|point| point[4] == 0 && point[5] == 0));
    }

    #[test]
    fn a_line_brings_both_ends_of_each_piece() {
        let lines = FeatureLines {
            positions: vec![[0.0; 3], [1.0, 0.0, 0.0], [1.0, 2.0, 0.0]],
            features: vec![0, 0, 1],
            segments: vec![[0, 1], [1, 2]],
            ..FeatureLines::none(SitePos(DVec3::ZERO))
        };
        let marks = FeatureMarks {
            points: Vec::new(),
            lines: vec![lines],
        };
        let piece = &PreparedMarks::of(marks, 1)[0];
        assert_eq!((piece.count, piece.points(), piece.bytes_drawn()), (2, 0, 96));
        let words = words(piece);
        assert_eq!(words[3 * WORDS + 1], 2.0_f32.to_bits());
        assert_eq!([4, 10, 16, 22].map(|at| words[at]), [0, 0, 0, 1]);
    }

    #[test]
    fn a_lone_point_has_a_width() {
        let piece = &PreparedMarks::of(
            FeatureMarks {
                points: vec![square(1, 1.0)],
                lines: Vec::new(),
            },
            0,
        )[0];
        assert_eq!((piece.count, piece.width_m.to_bits()), (1, WIDTH_M[0].to_bits()));
    }
}
