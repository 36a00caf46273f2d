//! What a payload draws beside its surfaces: single points and thin lines.

use super::SurfaceValues;
use crate::georef::{SitePos, site_axes};
use bevy::math::{DVec3, Vec3};

/// Points with the feature that each belongs to. Arrays that are not empty have the length of `positions`.
#[derive(Debug, Clone)]
pub struct FeaturePoints {
    /// Where the offsets start.
    pub origin: SitePos,
    /// Offsets, metres, render axes.
    pub positions: Vec<[f32; 3]>,
    /// Unit normals of the surface that was measured, render axes; empty where the file gives none.
    pub normals: Vec<[f32; 3]>,
    /// Feature row per point; the table's row count where there is none.
    pub features: Vec<u32>,
    /// Straight sRGB colour and opacity per point; empty where the file gives none.
    pub colors: Vec<[u8; 4]>,
    /// Every point is a feature of its own, with a row that belongs to no other.
    pub has_row_each: bool,
    /// What lies on them and not on their features, by their number.
    pub values: SurfaceValues,
}

/// Lines with the feature that each belongs to.
#[derive(Debug, Clone)]
pub struct FeatureLines {
    /// Where the offsets start.
    pub origin: SitePos,
    /// Offsets, metres, render axes.
    pub positions: Vec<[f32; 3]>,
    /// Feature row per position; the table's row count where there is none.
    pub features: Vec<u32>,
    /// Straight sRGB colour and opacity per position; empty where the file gives none.
    pub colors: Vec<[u8; 4]>,
    /// Ends of each straight piece, as places in the arrays above; every one is there.
    pub segments: Vec<[u32; 2]>,
}

/// Points and lines of a payload.
#[derive(Debug, Clone, Default)]
pub struct FeatureMarks {
    /// Points, by origin.
    pub points: Vec<FeaturePoints>,
    /// Lines, by origin.
    pub lines: Vec<FeatureLines>,
}

impl FeaturePoints {
    /// No points yet.
    pub fn none(origin: SitePos) -> Self {
        Self {
            origin,
            positions: Vec::new(),
            normals: Vec::new(),
            features: Vec::new(),
            colors: Vec::new(),
            has_row_each: false,
            values: SurfaceValues::default(),
        }
    }

    /// Bytes held in memory; [`SurfaceValues::bytes_together`] counts what lies on them.
    pub fn bytes(&self) -> u64 {
        let arrays = size_of_val(&*self.positions)
            + size_of_val(&*self.normals)
            + size_of_val(&*self.features)
            + size_of_val(&*self.colors);
        arrays as u64
    }
}

impl FeatureLines {
    /// No lines yet.
    pub fn none(origin: SitePos) -> Self {
        Self {
            origin,
            positions: Vec::new(),
            features: Vec::new(),
            colors: Vec::new(),
            segments: Vec::new(),
        }
    }

    /// Bytes held in memory.
    pub fn bytes(&self) -> u64 {
        let arrays = size_of_val(&*self.positions)
            + size_of_val(&*self.features)
            + size_of_val(&*self.colors)
            + size_of_val(&*self.segments);
        arrays as u64
    }
}

impl FeatureMarks {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty() && self.lines.is_empty()
    }

    /// How many points.
    pub fn point_count(&self) -> u64 {
        self.points.iter().map(|points| points.positions.len() as u64).sum()
    }

    /// How many straight pieces of lines.
    pub fn segment_count(&self) -> u64 {
        self.lines.iter().map(|lines| lines.segments.len() as u64).sum()
    }

    /// What lies on the points.
    pub fn values(&self) -> impl Iterator<Item = &SurfaceValues> {
        self.points.iter().map(|points| &points.values)
    }

    /// Bytes held in memory; [`SurfaceValues::bytes_together`] counts what lies on the points.
    pub fn bytes(&self) -> u64 {
        let points = self.points.iter().map(FeaturePoints::bytes);
        points.chain(self.lines.iter().map(FeatureLines::bytes)).sum()
    }

    /// The feature rows of all points and of the ends of all lines.
    pub fn features_mut(&mut self) -> impl Iterator<Item = &mut u32> {
        let points = self.points.iter_mut().map(|points| &mut points.features);
        points
            .chain(self.lines.iter_mut().map(|lines| &mut lines.features))
            .flatten()
    }

    /// Where all points and the ends of all lines are, with their features, site frame.
    pub fn places(&self) -> impl Iterator<Item = (DVec3, u32)> {
        let points = self.points.iter().map(|p| (p.origin, &p.positions, &p.features));
        let lines = self.lines.iter().map(|l| (l.origin, &l.positions, &l.features));
        points.chain(lines).flat_map(|(origin, positions, features)| {
            let site = move |p: &[f32; 3]| origin.0 + site_axes(Vec3::from_array(*p).as_dvec3());
            positions.iter().map(site).zip(features.iter().copied())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(features: Vec<u32>) -> FeatureMarks {
        FeatureMarks {
            points: vec![FeaturePoints {
                positions: vec![[1.0, 2.0, 3.0]; features.len()],
                features,
                ..FeaturePoints::none(SitePos(DVec3::new(10.0, 20.0, 30.0)))
            }],
            lines: Vec::new(),
        }
    }

    #[test]
    fn places_stand_in_the_site_frame() {
        let (place, feature) = points(vec![7]).places().next().unwrap();
        assert_eq!((place, feature), (DVec3::new(11.0, 17.0, 32.0), 7));
    }
}
