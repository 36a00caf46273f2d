//! Writing a tile of quantized mesh 1.0.

use super::decode::{FULL, MAX_SHORT};
use super::tile_id::TileId;
use crate::georef::{Ecef, LonLatH, ecef_from_lon_lat_h, narrow};
use bevy::math::DVec3;

/// Half axes of WGS 84, metres (EPSG:7030).
const RADII_M: DVec3 = DVec3::new(6_378_137.0, 6_378_137.0, 6_356_752.314_245_179);

/// A vertex of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MeshVertex {
    /// From 0 in the west to 32767 in the east.
    pub u: u16,
    /// From 0 in the south to 32767 in the north.
    pub v: u16,
    /// From 0 at `min_height_m` to 32767 at `max_height_m`.
    pub height: u16,
}

/// Bytes of the tile at `id` with these vertices and triangles (anticlockwise seen from above). Heights are above the
/// ellipsoid. `None` when a triangle names a vertex that is not there, or the tile has no place.
///
/// Vertices on the four sides are listed, so that a renderer can hang skirts from them.
pub fn write_terrain_mesh(
    id: TileId,
    [min_height_m, max_height_m]: [f64; 2],
    vertices: &[MeshVertex],
    triangles: &[[u32; 3]],
) -> Option<Vec<u8>> {
    // Indices are told as how far they lie behind the next new one, so vertices stand in the order of their first use.
    let mut new_index = vec![u32::MAX; vertices.len()];
    let mut ordered: Vec<MeshVertex> = Vec::with_capacity(vertices.len());
    let mut codes: Vec<u32> = Vec::with_capacity(triangles.len() * 3);
    for index in triangles.iter().flatten() {
        let new = new_index.get_mut(*index as usize)?;
        let next = u32::try_from(ordered.len()).ok()?;
        if *new == u32::MAX {
            *new = next;
            ordered.push(vertices[*index as usize]);
        }
        codes.push(next - *new);
    }
    let mut out = header(id, [min_height_m, max_height_m], &ordered)?;
    let is_long = ordered.len() > MAX_SHORT;
    out.extend(u32::try_from(ordered.len()).ok()?.to_le_bytes());
    let columns: [fn(&MeshVertex) -> u16; 3] = [|p| p.u, |p| p.v, |p| p.height];
    for column in columns {
        let mut before = 0_u16;
        for vertex in &ordered {
            let value = column(vertex).min(FULL);
            let delta = value.wrapping_sub(before).cast_signed();
            before = value;
            out.extend(((delta << 1) ^ (delta >> 15)).to_le_bytes());
        }
    }
    if is_long {
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out.extend(u32::try_from(triangles.len()).ok()?.to_le_bytes());
    push_indices(&mut out, codes.iter().copied(), is_long);
    let sides: [fn(&MeshVertex) -> bool; 4] = [|p| p.u == 0, |p| p.v == 0, |p| p.u == FULL, |p| p.v == FULL];
    for (side, is_on) in sides.into_iter().enumerate() {
        let mut on: Vec<usize> = (0..ordered.len()).filter(|i| is_on(&ordered[*i])).collect();
        // Along the side, so that neighbours in the list are neighbours in the mesh.
        on.sort_by_key(|i| if side % 2 == 0 { ordered[*i].v } else { ordered[*i].u });
        out.extend(u32::try_from(on.len()).ok()?.to_le_bytes());
        push_indices(&mut out, on.iter().map(|i| u32::try_from(*i).unwrap_or(0)), is_long);
    }
    Some(out)
}

fn push_indices(out: &mut Vec<u8>, indices: impl Iterator<Item = u32>, is_long: bool) {
    for index in indices {
        let bytes = index.to_le_bytes();
        out.extend(&bytes[..if is_long { 4 } else { 2 }]);
    }
}

fn header(id: TileId, [low, high]: [f64; 2], vertices: &[MeshVertex]) -> Option<Vec<u8>> {
    let [west, south, east, north] = id.bounds_deg();
    let place = |u: f64, v: f64, h_m: f64| {
        let place = LonLatH {
            lon_deg: west + (east - west) * u,
            lat_deg: south + (north - south) * v,
            h_m,
        };
        ecef_from_lon_lat_h(place).ok().map(|Ecef(p)| p)
    };
    let center = place(0.5, 0.5, f64::midpoint(low, high))?;
    // Every vertex would cost a conversion; the sides of the tile and its middle bound them all.
    let mut hull = Vec::with_capacity(50);
    for step in [0.0, 0.25, 0.5, 0.75, 1.0] {
        for other in [0.0, 0.25, 0.5, 0.75, 1.0] {
            hull.push(place(step, other, low)?);
            hull.push(place(step, other, high)?);
        }
    }
    let highest = vertices.iter().map(|p| p.height).max().unwrap_or(FULL);
    debug_assert!(highest <= FULL, "heights are 15 bits");
    let radius = hull.iter().map(|p| p.distance(center)).fold(0.0, f64::max);
    let horizon = horizon_point(center, &hull);
    let mut out = Vec::with_capacity(128 + vertices.len() * 12);
    let mut point = |p: DVec3| out.extend(p.to_array().iter().flat_map(|n| n.to_le_bytes()));
    point(center);
    let [low, high, _] = narrow(DVec3::new(low, high, 0.0));
    out.extend(low.to_le_bytes());
    out.extend(high.to_le_bytes());
    for number in center.to_array().into_iter().chain([radius]).chain(horizon.to_array()) {
        out.extend(number.to_le_bytes());
    }
    Some(out)
}

/// The point that is beyond the horizon only if all of `points` are, in ellipsoid radii.
///
/// Cozzi and Ring, "Horizon Culling 2" (2013), <https://cesium.com/blog/2013/05/09/computing-the-horizon-occlusion-point/>.
fn horizon_point(center: DVec3, points: &[DVec3]) -> DVec3 {
    let direction = (center / RADII_M).normalize_or(DVec3::Z);
    let magnitude = |p: &DVec3| {
        let scaled = *p / RADII_M;
        let length = scaled.length().max(1.0);
        let toward = scaled.normalize_or(DVec3::Z);
        let (cos_a, sin_a) = (toward.dot(direction), toward.cross(direction).length());
        let (cos_b, sin_b) = (1.0 / length, (length * length - 1.0).max(0.0).sqrt() / length);
        1.0 / (cos_a * cos_b - sin_a * sin_b)
    };
    let farthest = points
        .iter()
        .map(magnitude)
        .fold(1.0, |a: f64, b| if b > 0.0 { a.max(b) } else { f64::INFINITY });
    // A tile of half the globe has no such point: none is ever hidden beyond a point this far.
    direction * farthest.min(1e6)
}

#[cfg(test)]
mod tests {
    use super::super::decode::read_terrain_mesh;
    use super::*;

    fn square() -> (Vec<MeshVertex>, Vec<[u32; 3]>) {
        let at = |u: u16, v: u16, height: u16| MeshVertex { u, v, height };
        let corners = vec![
            at(0, 0, 0),
            at(FULL, 0, 100),
            at(0, FULL, 5),
            at(FULL, FULL, FULL),
            at(16384, 16384, 7),
        ];
        (corners, vec![[0, 1, 4], [1, 3, 4], [3, 2, 4], [2, 0, 4]])
    }

    #[test]
    fn what_is_written_is_read_again() {
        let (vertices, triangles) = square();
        let id = TileId {
            z: 14,
            x: 16955,
            y: 12926,
        };
        let bytes = write_terrain_mesh(id, [42.5, 99.25], &vertices, &triangles).unwrap();
        let mesh = read_terrain_mesh(&bytes, "t.terrain").unwrap();
        assert!(mesh.problems.is_empty() && mesh.extensions.is_empty());
        let corner = |n: u32| {
            let n = n as usize;
            MeshVertex {
                u: mesh.u[n],
                v: mesh.v[n],
                height: mesh.height[n],
            }
        };
        let found: Vec<[MeshVertex; 3]> = mesh.triangles.iter().map(|t| t.map(corner)).collect();
        let expected: Vec<[MeshVertex; 3]> = triangles.iter().map(|t| t.map(|n| vertices[n as usize])).collect();
        assert_eq!(found, expected);
        assert!((mesh.height_m(1) - (42.5 + 56.75 * 100.0 / 32767.0)).abs() < 1e-9);
        for (edge, u_or_v) in [(0, &mesh.u), (1, &mesh.v), (2, &mesh.u), (3, &mesh.v)] {
            assert_eq!(mesh.edges[edge].len(), 2);
            assert!(
                mesh.edges[edge]
                    .iter()
                    .all(|i| u_or_v[*i as usize] == if edge < 2 { 0 } else { FULL })
            );
        }
        let (sphere, radius) = mesh.sphere;
        assert!(
            sphere.0.distance(mesh.center.0) < 1e-6 && (700.0..900.0).contains(&radius),
            "{radius}"
        );
        assert!((1.0..1.001).contains(&mesh.horizon.length()), "{}", mesh.horizon);
    }

    #[test]
    fn every_cut_and_every_wrong_byte_is_one_line_or_a_mesh() {
        let (vertices, triangles) = square();
        let bytes = write_terrain_mesh(TileId { z: 3, x: 5, y: 4 }, [0.0, 10.0], &vertices, &triangles).unwrap();
        for end in 0..bytes.len() {
            let problem = read_terrain_mesh(&bytes[..end], "t.terrain").unwrap_err();
            assert!(!problem.to_string().contains('\n'));
        }
        for at in 0..bytes.len() {
            for value in [0, 1, 0x7F, 0xFF] {
                let mut broken = bytes.clone();
                broken[at] = value;
                if let Ok(mesh) = read_terrain_mesh(&broken, "t.terrain") {
                    assert!(mesh.triangles.iter().flatten().all(|i| (*i as usize) < mesh.u.len()));
                }
            }
        }
        assert!(write_terrain_mesh(TileId { z: 0, x: 0, y: 0 }, [0.0, 1.0], &vertices, &[[0, 1, 9]]).is_none());
    }
}
