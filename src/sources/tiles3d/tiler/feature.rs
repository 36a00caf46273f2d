//! A feature on earth: its surfaces as one welded mesh in ECEF.

use super::record::Spilled;
use crate::georef::{GeorefError, Transformer, narrow};
use crate::sources::SurfaceRole;
use bevy::math::DVec3;
use std::{collections::HashMap, sync::Arc};

/// Triangles with less than this, square metres, are nothing to see and have no normal.
const MIN_AREA_M2: f64 = 1e-8;

/// Role, colour and picture of some of a feature's surfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) role: SurfaceRole,
    pub(super) color: Option<[u8; 4]>,
    /// Number of its picture.
    pub(super) image: Option<u32>,
}

/// A feature with the surfaces that it has in some tile.
#[derive(Debug, Clone)]
pub(super) struct TileFeature {
    pub(super) id: Arc<str>,
    pub(super) class: Arc<str>,
    /// Attributes as JSON.
    pub(super) attributes: Arc<str>,
    /// ECEF of the middle of its box, from which `positions` count.
    pub(super) origin: DVec3,
    /// Metres along the axes of ECEF. Surfaces of another look have corners of their own.
    pub(super) positions: Vec<[f32; 3]>,
    /// Place in `looks` of each corner.
    pub(super) look_of: Vec<u16>,
    pub(super) looks: Arc<[Look]>,
    /// From the upper left; empty where nothing has a picture.
    pub(super) uvs: Vec<[f32; 2]>,
    /// Three corners a triangle.
    pub(super) corners: Vec<u32>,
    /// How far these surfaces lie from those of the source at most, metres.
    pub(super) error_m: f64,
    /// Diameter of a ball around the source's surfaces, metres.
    pub(super) size_m: f64,
    /// Whether the surfaces leave no gap, so that their backs are never seen.
    pub(super) is_closed: bool,
}

impl TileFeature {
    /// `None` where no triangle is left: all were without area.
    ///
    /// # Errors
    /// [`GeorefError::Outside`] when a corner has no place on earth.
    pub(super) fn new(source: Spilled, to_ecef: &Transformer) -> Result<Option<Self>, GeorefError> {
        let mut points = Points::default();
        let mut looks: Vec<Look> = Vec::new();
        let mut place: HashMap<(u32, u16, [u32; 2]), u32> = HashMap::new();
        let (mut point_of, mut look_of, mut uvs, mut corners) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let has_images = source.parts.iter().any(|part| part.image.is_some());
        for part in &source.parts {
            let look = Look {
                role: part.role,
                color: part.color,
                image: part.image,
            };
            let look = looks.iter().position(|known| *known == look).unwrap_or_else(|| {
                looks.push(look);
                looks.len() - 1
            });
            // Ten roles and a colour or a picture each: a feature with more keeps the last look for the rest.
            let look = u16::try_from(look).unwrap_or(u16::MAX);
            for triangle in &part.triangles {
                let at = triangle.map(|corner| corner as usize);
                let mut numbers = [0; 3];
                for (number, at) in numbers.iter_mut().zip(at) {
                    *number = points.number(part.positions[at], to_ecef)?;
                }
                if points.area_m2(numbers) < MIN_AREA_M2 {
                    continue;
                }
                for (point, at) in numbers.into_iter().zip(at) {
                    let uv = part.uvs.get(at).copied().unwrap_or_default();
                    let key = (point, look, uv.map(f32::to_bits));
                    let corner = *place.entry(key).or_insert_with(|| {
                        point_of.push(point);
                        look_of.push(look);
                        if has_images {
                            uvs.push([uv[0], 1.0 - uv[1]]);
                        }
                        u32::try_from(point_of.len() - 1).unwrap_or(u32::MAX)
                    });
                    corners.push(corner);
                }
            }
        }
        if corners.is_empty() {
            return Ok(None);
        }
        let (low, high) = bounds(&points.ecef);
        let origin = (low + high) / 2.0;
        let reach = points.ecef.iter().map(|p| p.distance(origin)).fold(0.0, f64::max);
        let is_closed = is_closed(&corners, &point_of);
        Ok(Some(Self {
            id: source.id.into(),
            class: source.class.into(),
            attributes: source.attributes.into(),
            origin,
            positions: point_of
                .iter()
                .map(|point| narrow(points.ecef[*point as usize] - origin))
                .collect(),
            look_of,
            looks: looks.into(),
            uvs,
            corners,
            error_m: 0.0,
            size_m: 2.0 * reach,
            is_closed,
        }))
    }

    pub(super) fn triangles(&self) -> usize {
        self.corners.len() / 3
    }

    /// ECEF of a corner.
    pub(super) fn ecef(&self, corner: usize) -> DVec3 {
        self.origin + wide(self.positions[corner])
    }

    /// The same with other triangles of the same corners; corners that none needs are left out.
    #[must_use]
    pub(super) fn with_corners(&self, corners: &[u32], error_m: f64) -> Self {
        let mut new_number = vec![u32::MAX; self.positions.len()];
        let (mut positions, mut look_of, mut uvs) = (Vec::new(), Vec::new(), Vec::new());
        let corners = corners.iter().map(|corner| {
            let at = *corner as usize;
            if new_number[at] == u32::MAX {
                new_number[at] = u32::try_from(positions.len()).unwrap_or(u32::MAX);
                positions.push(self.positions[at]);
                look_of.push(self.look_of[at]);
                uvs.extend(self.uvs.get(at));
            }
            new_number[at]
        });
        let corners = corners.collect();
        Self {
            positions,
            look_of,
            uvs,
            corners,
            error_m,
            id: self.id.clone(),
            class: self.class.clone(),
            attributes: self.attributes.clone(),
            looks: self.looks.clone(),
            ..*self
        }
    }
}

pub(super) fn wide([x, y, z]: [f32; 3]) -> DVec3 {
    DVec3::new(f64::from(x), f64::from(y), f64::from(z))
}

fn bounds(points: &[DVec3]) -> (DVec3, DVec3) {
    points
        .iter()
        .fold((DVec3::INFINITY, DVec3::NEG_INFINITY), |(low, high), p| {
            (low.min(*p), high.max(*p))
        })
}

/// Points of the source, each once and taken to ECEF once.
#[derive(Default)]
struct Points {
    place: HashMap<[u64; 3], u32>,
    ecef: Vec<DVec3>,
}

impl Points {
    fn number(&mut self, source: DVec3, to_ecef: &Transformer) -> Result<u32, GeorefError> {
        let key = source.to_array().map(f64::to_bits);
        if let Some(number) = self.place.get(&key) {
            return Ok(*number);
        }
        self.ecef.push(DVec3::from(to_ecef.convert(source.to_array())?));
        let number = u32::try_from(self.ecef.len() - 1).unwrap_or(u32::MAX);
        self.place.insert(key, number);
        Ok(number)
    }

    fn area_m2(&self, corners: [u32; 3]) -> f64 {
        let [a, b, c] = corners.map(|corner| self.ecef[corner as usize]);
        (b - a).cross(c - a).length() / 2.0
    }
}

/// Whether each edge is passed as often one way as the other.
fn is_closed(corners: &[u32], point_of: &[u32]) -> bool {
    let mut edges: Vec<(u32, u32, i8)> = Vec::with_capacity(corners.len());
    for triangle in corners.chunks_exact(3) {
        for side in 0..3 {
            let (a, b) = (
                point_of[triangle[side] as usize],
                point_of[triangle[(side + 1) % 3] as usize],
            );
            edges.push(if a < b { (a, b, 1) } else { (b, a, -1) });
        }
    }
    edges.sort_unstable();
    edges
        .chunk_by(|x, y| (x.0, x.1) == (y.0, y.1))
        .all(|same| same.iter().map(|edge| i64::from(edge.2)).sum::<i64>() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{georef::Crs, sources::tiles3d::tiler::record::SpilledPart};
    use bevy::math::DVec2;

    fn tetrahedron(faces: &[[u32; 3]]) -> Spilled {
        let at = DVec3::new(250_000.0, 476_000.0, 10.0);
        Spilled {
            order: 3,
            id: "a".into(),
            class: "Building".into(),
            attributes: "{}".into(),
            middle: DVec2::ZERO,
            parts: vec![SpilledPart {
                role: SurfaceRole::Unknown,
                color: None,
                image: None,
                positions: [DVec3::ZERO, DVec3::X, DVec3::Y, DVec3::Z]
                    .map(|p| at + 10.0 * p)
                    .to_vec(),
                uvs: Vec::new(),
                triangles: faces.to_vec(),
            }],
        }
    }

    #[test]
    fn surfaces_are_closed_where_every_edge_has_two_sides() {
        let to_ecef = Transformer::new(Crs::RD_NAP, Crs::ECEF).unwrap();
        let all = [[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]];
        let closed = TileFeature::new(tetrahedron(&all), &to_ecef).unwrap().unwrap();
        assert!(closed.is_closed);
        assert_eq!((closed.triangles(), closed.positions.len()), (4, 4));
        assert!((closed.ecef(1).distance(closed.ecef(0)) - 10.0).abs() < 0.01);
        assert!((14.0..20.0).contains(&closed.size_m), "{}", closed.size_m);
        let open = TileFeature::new(tetrahedron(&all[1..]), &to_ecef).unwrap().unwrap();
        assert!(!open.is_closed);
        assert!(TileFeature::new(tetrahedron(&[[0, 1, 1]]), &to_ecef).unwrap().is_none());
    }
}
