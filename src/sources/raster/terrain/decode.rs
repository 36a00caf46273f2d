//! Reading a tile of quantized mesh 1.0.

use crate::georef::Ecef;
use crate::sources::{Cause, Problem};
use bevy::math::{DVec3, Vec2, Vec3};
use flate2::read::GzDecoder;
use serde_json::Value;
use std::io::Read;

/// Largest tile that is read, unpacked, bytes.
pub const MAX_MESH_BYTES: u64 = 64 << 20;
/// Largest value of a coordinate: the far side or the highest height.
pub(super) const FULL: u16 = 32767;
/// Bytes before the vertices.
pub(super) const HEADER_BYTES: usize = 88;
/// Beyond this many vertices indices have four bytes.
pub(super) const MAX_SHORT: usize = 65536;
/// Side of the picture of a water mask.
const MASK_SIDE: usize = 256;

/// Where a tile is water: 0 land, 255 water.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaterMask {
    /// All of it the same.
    Uniform(u8),
    /// 256 by 256 values, rows from the north.
    Picture(Vec<u8>),
}

/// A tile of terrain.
#[derive(Debug, Clone, PartialEq)]
pub struct TerrainMesh {
    /// Middle of the tile.
    pub center: Ecef,
    /// Height of the value 0, metres above the ellipsoid.
    pub min_height_m: f32,
    /// Height of the value 32767.
    pub max_height_m: f32,
    /// Middle of a sphere around it, and its radius, metres.
    pub sphere: (Ecef, f64),
    /// Point for the test whether the tile is beyond the horizon, in ellipsoid radii.
    pub horizon: DVec3,
    /// From 0 in the west to 32767 in the east.
    pub u: Vec<u16>,
    /// From 0 in the south to 32767 in the north.
    pub v: Vec<u16>,
    /// From 0 at the lowest height to 32767 at the highest.
    pub height: Vec<u16>,
    /// Corners of triangles, anticlockwise seen from above.
    pub triangles: Vec<[u32; 3]>,
    /// Vertices on the west, south, east and north side, in the order of the file.
    pub edges: [Vec<u32>; 4],
    /// Unit normals in earth-centred axes, if the tile has them.
    pub normals: Option<Vec<Vec3>>,
    /// Where it is water, if the tile says.
    pub water: Option<WaterMask>,
    /// What else it says: which tiles below it there are.
    pub metadata: Option<Value>,
    /// Numbers of its extensions, in file order.
    pub extensions: Vec<u8>,
    /// What is wrong and leaves it usable.
    pub problems: Vec<Problem>,
}

impl TerrainMesh {
    /// Height of a vertex, metres above the ellipsoid.
    pub fn height_m(&self, vertex: usize) -> f64 {
        let part = f64::from(self.height.get(vertex).copied().unwrap_or(0)) / f64::from(FULL);
        let (low, high) = (f64::from(self.min_height_m), f64::from(self.max_height_m));
        low + (high - low) * part
    }
}

/// Unpacks what is compressed with gzip, up to `limit` bytes.
pub(in crate::sources::raster) fn unzip(bytes: &[u8], limit: u64, path: &str) -> Result<Option<Vec<u8>>, Problem> {
    if !bytes.starts_with(&[0x1F, 0x8B]) {
        return Ok(None);
    }
    let mut out = Vec::new();
    GzDecoder::new(bytes)
        .take(limit + 1)
        .read_to_end(&mut out)
        .map_err(|error| {
            Problem::error(path, "", format!("its gzip data is damaged ({error})")).because(Cause::Damaged)
        })?;
    if out.len() as u64 > limit {
        let message = format!("unpacked it has more than {} MiB", limit >> 20);
        return Err(Problem::error(path, "", message).because(Cause::TooLarge));
    }
    Ok(Some(out))
}

/// Reads a tile; gzip is unpacked first.
///
/// # Errors
/// When no mesh can be made of it.
pub fn read_terrain_mesh(bytes: &[u8], path: &str) -> Result<TerrainMesh, Problem> {
    let unpacked = unzip(bytes, MAX_MESH_BYTES, path)?;
    let bytes = unpacked.as_deref().unwrap_or(bytes);
    let mut cursor = Cursor { bytes, at: 0, path };
    let header = cursor.take(HEADER_BYTES, "the header")?;
    let double = |i: usize| f64::from_le_bytes(header[i..i + 8].try_into().unwrap_or_default());
    let single = |i: usize| f32::from_le_bytes(header[i..i + 4].try_into().unwrap_or_default());
    let point = |i: usize| DVec3::new(double(i), double(i + 8), double(i + 16));
    let (center, sphere, radius, horizon) = (point(0), point(32), double(56), point(64));
    let (min_height_m, max_height_m) = (single(24), single(28));
    let is_earth = |p: DVec3| p.is_finite() && p.length() < 1e8;
    // Even the middle of half a globe lies far from the middle of the earth.
    let is_sound = is_earth(center) && center.length() > 1e5 && min_height_m.abs() < 1e6 && max_height_m.abs() < 1e6;
    if !is_sound {
        let message = "the header is not that of a tile of quantized mesh";
        return Err(cursor.problem(0, message).because(Cause::WrongKind));
    }
    let count = cursor.count("the number of vertices")?;
    let [u, v, height] = vertices(&mut cursor, count)?;
    let is_long = count > MAX_SHORT;
    if is_long {
        cursor.at = cursor.at.next_multiple_of(4);
    }
    let triangles = triangles(&mut cursor, count, is_long)?;
    let mut edges: [Vec<u32>; 4] = Default::default();
    for edge in &mut edges {
        *edge = edge_indices(&mut cursor, count, is_long)?;
    }
    let mut mesh = TerrainMesh {
        center: Ecef(center),
        min_height_m,
        max_height_m,
        sphere: (Ecef(sphere), radius),
        horizon,
        u,
        v,
        height,
        triangles,
        edges,
        normals: None,
        water: None,
        metadata: None,
        extensions: Vec::new(),
        problems: Vec::new(),
    };
    if let Err(problem) = mesh.read_extensions(&mut cursor, count) {
        mesh.problems.push(Problem {
            severity: crate::sources::Severity::Warning,
            ..problem
        });
    }
    Ok(mesh)
}

impl TerrainMesh {
    fn read_extensions(&mut self, cursor: &mut Cursor<'_>, count: usize) -> Result<(), Problem> {
        while cursor.at < cursor.bytes.len() {
            let start = cursor.at;
            let id = cursor.take(1, "an extension")?[0];
            let length = cursor.count("the length of an extension")?;
            let body = cursor.take(length, "an extension")?;
            self.extensions.push(id);
            let wrong =
                |message: String| Problem::error(cursor.path, format!("byte {start}"), message).because(Cause::Damaged);
            match id {
                1 => {
                    if body.len() < 2 * count {
                        let message = format!(
                            "{} bytes of normals for {count} vertices; they are left out",
                            body.len()
                        );
                        return Err(wrong(message));
                    }
                    self.normals = Some(body.chunks_exact(2).take(count).map(|n| normal(n[0], n[1])).collect());
                }
                2 => {
                    self.water = match body.len() {
                        1 => Some(WaterMask::Uniform(body[0])),
                        n if n == MASK_SIDE * MASK_SIDE => Some(WaterMask::Picture(body.to_vec())),
                        n => return Err(wrong(format!("a water mask of {n} bytes; it is left out"))),
                    };
                }
                4 => {
                    let text = body.get(4..).unwrap_or_default();
                    match serde_json::from_slice(text) {
                        Ok(metadata) => self.metadata = Some(metadata),
                        Err(error) => return Err(wrong(format!("its metadata is no JSON ({error})"))),
                    }
                }
                // 3 is an old form of 4 that nobody writes any more.
                _ => {}
            }
        }
        Ok(())
    }
}

/// A unit vector in two bytes: Meyer and others, "On Floating-Point Normal Vectors" (2010).
fn normal(x: u8, y: u8) -> Vec3 {
    let part = |byte: u8| f32::from(byte) / 255.0 * 2.0 - 1.0;
    let (flat, z) = (Vec2::new(part(x), part(y)), 1.0 - part(x).abs() - part(y).abs());
    let flat = if z < 0.0 {
        let sign = |n: f32| if n < 0.0 { -1.0 } else { 1.0 };
        Vec2::new((1.0 - flat.y.abs()) * sign(flat.x), (1.0 - flat.x.abs()) * sign(flat.y))
    } else {
        flat
    };
    flat.extend(z).normalize_or(Vec3::Z)
}

fn vertices(cursor: &mut Cursor<'_>, count: usize) -> Result<[Vec<u16>; 3], Problem> {
    let mut columns: [Vec<u16>; 3] = Default::default();
    for (column, what) in columns
        .iter_mut()
        .zip(["the u of the vertices", "their v", "their heights"])
    {
        let start = cursor.at;
        let bytes = cursor.take(count.saturating_mul(2), what)?;
        let mut value = 0_u16;
        column.reserve_exact(count);
        for code in bytes.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])) {
            // Zigzag: 0, -1, 1, -2, 2.
            let delta = (code >> 1) ^ (code & 1).wrapping_neg();
            value = value.wrapping_add(delta);
            if value > FULL {
                let message = format!("a coordinate of {value}; the largest is {FULL}");
                return Err(cursor.problem(start, &message).because(Cause::Damaged));
            }
            column.push(value);
        }
    }
    Ok(columns)
}

/// Indices counted back from the highest one so far ("high water mark").
fn triangles(cursor: &mut Cursor<'_>, vertices: usize, is_long: bool) -> Result<Vec<[u32; 3]>, Problem> {
    let start = cursor.at;
    let count = cursor.count("the number of triangles")?;
    let codes = cursor.indices(count.saturating_mul(3), is_long, "the triangles")?;
    let mut highest = 0_u32;
    let mut indices = Vec::with_capacity(codes.len());
    for code in codes {
        let index = highest.checked_sub(code).filter(|index| (*index as usize) < vertices);
        let Some(index) = index else {
            let message = format!("a triangle names a vertex that is not among the {vertices}");
            return Err(cursor.problem(start, &message).because(Cause::Damaged));
        };
        highest += u32::from(code == 0);
        indices.push(index);
    }
    Ok(indices.chunks_exact(3).map(|t| [t[0], t[1], t[2]]).collect())
}

fn edge_indices(cursor: &mut Cursor<'_>, vertices: usize, is_long: bool) -> Result<Vec<u32>, Problem> {
    let start = cursor.at;
    let count = cursor.count("the number of vertices of a side")?;
    let indices = cursor.indices(count, is_long, "the vertices of a side")?;
    if indices.iter().any(|index| *index as usize >= vertices) {
        let message = format!("a side names a vertex that is not among the {vertices}");
        return Err(cursor.problem(start, &message).because(Cause::Damaged));
    }
    Ok(indices)
}

/// A place in the bytes.
struct Cursor<'b> {
    bytes: &'b [u8],
    at: usize,
    path: &'b str,
}

impl<'b> Cursor<'b> {
    fn problem(&self, at: usize, message: &str) -> Problem {
        Problem::error(self.path, format!("byte {at}"), message)
    }

    fn take(&mut self, count: usize, what: &str) -> Result<&'b [u8], Problem> {
        let end = self.at.checked_add(count);
        let Some(bytes) = end.and_then(|end| self.bytes.get(self.at..end)) else {
            let message = format!("the tile breaks off in {what}");
            return Err(self.problem(self.at, &message).because(Cause::Damaged));
        };
        self.at += count;
        Ok(bytes)
    }

    fn count(&mut self, what: &str) -> Result<usize, Problem> {
        let bytes = self.take(4, what)?;
        Ok(u32::from_le_bytes(bytes.try_into().unwrap_or_default()) as usize)
    }

    fn indices(&mut self, count: usize, is_long: bool, what: &str) -> Result<Vec<u32>, Problem> {
        let size = if is_long { 4 } else { 2 };
        let bytes = self.take(count.saturating_mul(size), what)?;
        let index = |b: &[u8]| match *b {
            [a, b, c, d] => u32::from_le_bytes([a, b, c, d]),
            [a, b] => u32::from(u16::from_le_bytes([a, b])),
            _ => 0,
        };
        Ok(bytes.chunks_exact(size).map(index).collect())
    }
}
