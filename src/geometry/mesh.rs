//! One uploadable mesh with a feature row per vertex, and the edges drawn on it.

use crate::georef::SitePos;
use bevy::math::Vec3;

/// An RGBA8 image, straight alpha, row by row from the top.
#[derive(Debug, Clone, PartialEq)]
pub struct Texture {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// `width * height * 4` bytes.
    pub rgba: Vec<u8>,
    /// Whether colours are sRGB encoded.
    pub srgb: bool,
}

/// Triangles with a feature row per vertex, in render axes, as offsets from [`FeatureMesh::origin`].
///
/// # Invariant
/// All vertex arrays that are not empty have the length of `positions`; every index is below it; every
/// feature is at most the table's row count (that value itself means "no feature").
#[derive(Debug, Clone)]
pub struct FeatureMesh {
    /// Where the offsets start.
    pub origin: SitePos,
    /// Offsets, metres, render axes.
    pub positions: Vec<[f32; 3]>,
    /// Unit normals, render axes.
    pub normals: Vec<[f32; 3]>,
    /// Feature row per vertex; the table's row count where there is none.
    pub features: Vec<u32>,
    /// Straight sRGB colour per vertex, empty when the file gives none (the view then uses its palette).
    pub colors: Vec<[u8; 4]>,
    /// Texture coordinates, empty when the texture is `None`.
    pub uvs: Vec<[f32; 2]>,
    /// Triangles.
    pub indices: Vec<u32>,
    /// Base colour texture.
    pub texture: Option<Texture>,
    /// Drawn from both sides.
    pub double_sided: bool,
    /// Drawn with blending.
    pub translucent: bool,
    /// Drawn without light.
    pub unlit: bool,
}

/// Line segments where two faces meet at an angle, for drawing edges: offsets as in the mesh.
#[derive(Debug, Clone, Default)]
pub struct CreaseEdges {
    /// Ends, two per segment, render axes.
    pub positions: Vec<[f32; 3]>,
    /// Feature row per end.
    pub features: Vec<u32>,
}

/// Faces whose normals differ by more than this angle meet in a crease: cos 25°.
const CREASE_COSINE: f32 = 0.906_307_8;
/// Corners of one feature in the same cell of this size are the same corner.
const WELD_CELL_M: f32 = 0.001;

impl FeatureMesh {
    /// Bytes held in memory: vertices, indices and texture.
    pub fn bytes(&self) -> u64 {
        let vertices = self.positions.len() * 12
            + self.normals.len() * 12
            + self.features.len() * 4
            + self.colors.len() * 4
            + self.uvs.len() * 8
            + self.indices.len() * 4;
        let texture = self.texture.as_ref().map_or(0, |t| t.rgba.len());
        (vertices + texture) as u64
    }
}

impl CreaseEdges {
    /// Edges of `mesh` with a single face, or between faces whose normals differ by more than 25°. Corners of
    /// the same feature within a millimetre count as one, since files split vertices at every hard edge.
    pub fn of(mesh: &FeatureMesh) -> Self {
        let welded = weld(mesh);
        let faces = Faces::of(mesh, &welded);
        let mut edges = Self::default();
        let mut bucket: Vec<HalfEdge> = Vec::new();
        for lower in 0..welded.len() {
            bucket.clear();
            bucket.extend_from_slice(faces.sides(lower));
            // The place as a second key keeps the outcome the same from run to run.
            bucket.sort_unstable_by_key(|edge| (edge.upper, edge.side));
            for group in bucket.chunk_by(|a, b| a.upper == b.upper) {
                if faces.is_crease(group) {
                    for vertex in faces.ends(group[0]) {
                        edges.positions.push(mesh.positions[vertex as usize]);
                        edges
                            .features
                            .push(mesh.features.get(vertex as usize).copied().unwrap_or(u32::MAX));
                    }
                }
            }
        }
        edges
    }

    /// Bytes held in memory.
    pub fn bytes(&self) -> u64 {
        (self.positions.len() * 12 + self.features.len() * 4) as u64
    }
}

/// One side of an edge, as seen from one face.
#[derive(Debug, Clone, Copy, Default)]
struct HalfEdge {
    /// The larger of the two welded corners.
    upper: u32,
    /// Place in the index list where the side starts.
    side: u32,
}

/// Faces with an area, and their edges grouped by the lower of the two welded corners.
struct Faces<'a> {
    mesh: &'a FeatureMesh,
    welded: &'a [u32],
    /// Zero for a face without an area: it has no normal to compare and would make its neighbours look open.
    normals: Vec<Vec3>,
    starts: Vec<u32>,
    half_edges: Vec<HalfEdge>,
}

impl<'a> Faces<'a> {
    fn of(mesh: &'a FeatureMesh, welded: &'a [u32]) -> Self {
        let corner = |i: u32| mesh.positions.get(i as usize).map(|p| Vec3::from_array(*p));
        let normal = |face: &[u32]| match (corner(face[0]), corner(face[1]), corner(face[2])) {
            (Some(a), Some(b), Some(c)) => (b - a).cross(c - a).normalize_or_zero(),
            _ => Vec3::ZERO,
        };
        let mut faces = Self {
            mesh,
            welded,
            normals: mesh.indices.chunks_exact(3).map(normal).collect(),
            starts: vec![0; welded.len() + 1],
            half_edges: Vec::new(),
        };
        // Twice over all sides: first to count those of each corner, then to put them side by side.
        let mut starts = std::mem::take(&mut faces.starts);
        faces.each_side(|lower, _| starts[lower as usize] += 1);
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut half_edges = vec![HalfEdge::default(); sum as usize];
        faces.each_side(|lower, edge| {
            // Filled from the end of each group, which leaves its start in its place.
            let end = &mut starts[lower as usize];
            *end -= 1;
            half_edges[*end as usize] = edge;
        });
        faces.starts = starts;
        faces.half_edges = half_edges;
        faces
    }

    /// Calls `visit` with the lower welded corner of every side of every face with an area.
    fn each_side(&self, mut visit: impl FnMut(u32, HalfEdge)) {
        let faces = self.mesh.indices.chunks_exact(3).zip(&self.normals);
        for (first_side, (corners, normal)) in (0_u32..).step_by(3).zip(faces) {
            if *normal == Vec3::ZERO {
                continue;
            }
            let welded = [0, 1, 2].map(|i| self.welded[corners[i] as usize]);
            for (from, to, side) in [(0, 1, 0), (1, 2, 1), (2, 0, 2)] {
                let (a, b) = (welded[from], welded[to]);
                if a != b {
                    let edge = HalfEdge {
                        upper: a.max(b),
                        side: first_side + side,
                    };
                    visit(a.min(b), edge);
                }
            }
        }
    }

    /// The sides that start at welded corner `lower`.
    fn sides(&self, lower: usize) -> &[HalfEdge] {
        &self.half_edges[self.starts[lower] as usize..self.starts[lower + 1] as usize]
    }

    /// The vertices at both ends of a side, in the direction of its face.
    fn ends(&self, edge: HalfEdge) -> [u32; 2] {
        let side = edge.side as usize;
        let next = if side % 3 == 2 { side - 2 } else { side + 1 };
        [self.mesh.indices[side], self.mesh.indices[next]]
    }

    /// Whether the faces that share one edge make a crease. Two faces that walk it in the same direction are
    /// wound the opposite way, so one normal is turned before comparing.
    fn is_crease(&self, edge: &[HalfEdge]) -> bool {
        let [first, rest @ ..] = edge else { return false };
        let normal = |edge: &HalfEdge| self.normals[edge.side as usize / 3];
        let is_forward = |edge: &HalfEdge| self.welded[self.ends(*edge)[1] as usize] == edge.upper;
        rest.is_empty()
            || rest.iter().any(|other| {
                let cosine = normal(first).dot(normal(other));
                let cosine = if is_forward(first) == is_forward(other) {
                    -cosine
                } else {
                    cosine
                };
                cosine < CREASE_COSINE
            })
    }
}

/// For every vertex the first vertex of the same feature in the same cell, through an open-addressing table
/// (a general hash map takes several times as long on a tile of 100,000 vertices).
fn weld(mesh: &FeatureMesh) -> Vec<u32> {
    let count = mesh.positions.len();
    let slots = (count * 2).next_power_of_two().max(16);
    let mask = slots - 1;
    let mut table = vec![u32::MAX; slots];
    let mut keys: Vec<[i32; 4]> = Vec::with_capacity(count);
    let mut welded = Vec::with_capacity(count);
    for (vertex, position) in (0_u32..).zip(&mesh.positions) {
        let feature = mesh.features.get(vertex as usize).copied().unwrap_or(u32::MAX);
        let [x, y, z] = position.map(weld_cell);
        let key = [x, y, z, feature.cast_signed()];
        keys.push(key);
        let mut slot = hash(key) & mask;
        loop {
            match table[slot] {
                u32::MAX => {
                    table[slot] = vertex;
                    welded.push(vertex);
                    break;
                }
                first if keys[first as usize] == key => {
                    welded.push(first);
                    break;
                }
                _ => slot = (slot + 1) & mask,
            }
        }
    }
    welded
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "saturates far outside any tile, and NaN becomes 0"
)]
fn weld_cell(coordinate: f32) -> i32 {
    // Rounds half away from zero; `round` would be a library call on processors of the lowest common level.
    (coordinate / WELD_CELL_M + 0.5_f32.copysign(coordinate)) as i32
}

fn hash(key: [i32; 4]) -> usize {
    let mut hash = 0_u64;
    for part in key {
        hash = (hash.rotate_left(5) ^ u64::from(part.cast_unsigned())).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
    // The upper bits are the well mixed ones, and 31 of them fit everywhere.
    usize::try_from(hash >> 33).unwrap_or(0)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use bevy::math::DVec3;

    fn mesh_of(positions: Vec<[f32; 3]>, features: Vec<u32>, indices: Vec<u32>) -> FeatureMesh {
        FeatureMesh {
            origin: SitePos(DVec3::ZERO),
            normals: vec![[0.0, 1.0, 0.0]; positions.len()],
            positions,
            features,
            colors: Vec::new(),
            uvs: Vec::new(),
            indices,
            texture: None,
            double_sided: false,
            translucent: false,
            unlit: false,
        }
    }

    /// Two triangles facing +z: feature 0 at z = 5, feature 1 at z = 0.
    pub(in crate::geometry) fn two_walls() -> FeatureMesh {
        let mut positions = Vec::new();
        for z in [5.0, 0.0] {
            positions.extend([[0.0, 0.0, z], [1.0, 0.0, z], [0.0, 1.0, z]]);
        }
        mesh_of(positions, vec![0, 0, 0, 1, 1, 1], vec![0, 1, 2, 3, 4, 5])
    }

    /// A bumpy ground of `n` by `n` cells, every triangle with its own vertices.
    pub(in crate::geometry) fn grid_mesh(n: u16) -> FeatureMesh {
        let mut positions = Vec::new();
        let height = |x: u16, z: u16| f32::from((x * 7 + z * 13) % 5);
        for x in 0..n {
            for z in 0..n {
                let corner = |dx: u16, dz: u16| [f32::from(x + dx), height(x + dx, z + dz), f32::from(z + dz)];
                positions.extend([
                    corner(0, 0),
                    corner(0, 1),
                    corner(1, 0),
                    corner(1, 0),
                    corner(0, 1),
                    corner(1, 1),
                ]);
            }
        }
        let count = u32::try_from(positions.len()).unwrap();
        mesh_of(positions, vec![3; count as usize], (0..count).collect())
    }

    /// A unit cube with four vertices per face, two triangles each.
    fn cube() -> FeatureMesh {
        let mut positions = Vec::new();
        let mut indices = Vec::new();
        for (face, axis) in (0_u32..).zip([Vec3::X, Vec3::NEG_X, Vec3::Y, Vec3::NEG_Y, Vec3::Z, Vec3::NEG_Z]) {
            let u = axis.any_orthonormal_vector();
            let v = axis.cross(u);
            for (a, b) in [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)] {
                positions.push(((axis + u * a + v * b) / 2.0).to_array());
            }
            indices.extend([0, 1, 2, 0, 2, 3].map(|i| i + face * 4));
        }
        mesh_of(positions, vec![0; 24], indices)
    }

    #[test]
    fn a_cube_has_its_twelve_edges_and_no_diagonals() {
        let edges = CreaseEdges::of(&cube());
        assert_eq!(edges.positions.len(), 24);
        assert_eq!(edges.features, vec![0; 24]);
        for ends in edges.positions.chunks_exact(2) {
            let length = Vec3::from_array(ends[0]).distance(Vec3::from_array(ends[1]));
            assert!((length - 1.0).abs() < 1e-6, "a diagonal was drawn: {length}");
        }
    }

    #[test]
    fn winding_that_differs_between_coplanar_faces_makes_no_crease() {
        let positions = vec![[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]];
        let mesh = mesh_of(positions, vec![0; 4], vec![0, 1, 2, 0, 3, 2]);
        assert_eq!(CreaseEdges::of(&mesh).positions.len(), 8, "only the outline");
    }

    #[test]
    fn neighbours_of_another_feature_keep_their_own_edges() {
        let mut mesh = cube();
        mesh.features[..4].fill(1);
        // One face became its own feature: its four edges are open on both sides now.
        assert_eq!(CreaseEdges::of(&mesh).positions.len(), 2 * (12 + 4));
    }

    #[test]
    fn degenerate_faces_and_bad_indices_are_passed_over() {
        let mut mesh = cube();
        mesh.indices.extend([0, 0, 1, 2, 2, 2]);
        assert_eq!(CreaseEdges::of(&mesh).positions.len(), 24);
        let broken = mesh_of(vec![[f32::NAN; 3]; 3], vec![0; 3], vec![0, 1, 2, 0, 1, 9]);
        assert!(CreaseEdges::of(&broken).positions.is_empty());
    }
}
