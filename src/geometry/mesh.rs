//! One uploadable mesh with a feature row per vertex, and the edges drawn on it.

use super::{ModelCopies, SurfaceValues, Texture};
use crate::georef::{SitePos, site_axes};
use bevy::math::{DVec3, Vec3};

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
    /// Edges that the file names, two vertices each; `None` where it names none and they are found by angle.
    pub outline: Option<Vec<u32>>,
    /// Which of the triangles are copies of a model, for picking; in the order of the triangles.
    pub copies: Vec<ModelCopies>,
    /// Values on its surface, told where somebody points.
    pub values: SurfaceValues,
}

/// Line segments where two faces meet at an angle, or those that the file names, for drawing edges: offsets as in the
/// mesh.
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
    /// Gives every vertex and every copy the feature that `change` makes of its own.
    pub fn change_features(&mut self, change: impl Fn(u32) -> u32) {
        let places = self.copies.iter_mut().flat_map(|copies| &mut copies.places);
        for feature in places.map(|place| &mut place.feature).chain(&mut self.features) {
            *feature = change(*feature);
        }
    }

    /// Where its vertices are, site frame.
    pub fn places(&self) -> impl Iterator<Item = DVec3> {
        let site = |p: &[f32; 3]| self.origin.0 + site_axes(Vec3::from_array(*p).as_dvec3());
        self.positions.iter().map(site)
    }

    /// Bytes held in memory: vertices, indices and texture. The values on its surface can be those of other meshes too, see
    /// [`SurfaceValues::bytes_together`].
    pub fn bytes(&self) -> u64 {
        let vertices = self.positions.len() * 12
            + self.normals.len() * 12
            + self.features.len() * 4
            + self.colors.len() * 4
            + self.uvs.len() * 8
            + self.indices.len() * 4
            + self.outline.as_ref().map_or(0, |outline| outline.len() * 4);
        let texture = self.texture.as_ref().map_or(0, |t| t.texels.len());
        (vertices + texture) as u64
    }
}

impl CreaseEdges {
    /// The edges that the file names, where it does; else edges of `mesh` with a single face, or between faces whose
    /// normals differ by more than 25°. Corners of the same feature within a millimetre count as one, since files
    /// split vertices at every hard edge.
    pub fn of(mesh: &FeatureMesh) -> Self {
        if let Some(outline) = &mesh.outline {
            return Self::named(mesh, outline);
        }
        let found = FoundEdges::of(mesh);
        let mut edges = Self {
            positions: Vec::with_capacity(2 * found.drawn),
            features: Vec::with_capacity(2 * found.drawn),
        };
        for edge in found.edges.iter().filter(|edge| edge.kind != EdgeKind::Flat) {
            let side = edge.side as usize;
            let next = if side % 3 == 2 { side - 2 } else { side + 1 };
            for vertex in [mesh.indices[side], mesh.indices[next]] {
                edges.positions.push(mesh.positions[vertex as usize]);
                edges
                    .features
                    .push(mesh.features.get(vertex as usize).copied().unwrap_or(u32::MAX));
            }
        }
        edges
    }

    /// The edges between pairs of vertices; a pair with a vertex that is not there is passed over.
    fn named(mesh: &FeatureMesh, outline: &[u32]) -> Self {
        let mut edges = Self::default();
        for pair in outline.as_chunks::<2>().0 {
            let [Some(from), Some(to)] = pair.map(|vertex| mesh.positions.get(vertex as usize)) else {
                continue;
            };
            edges.positions.extend([*from, *to]);
            let feature = |vertex: u32| mesh.features.get(vertex as usize).copied().unwrap_or(u32::MAX);
            edges.features.extend(pair.map(feature));
        }
        edges
    }

    /// Bytes held in memory.
    pub fn bytes(&self) -> u64 {
        (self.positions.len() * 12 + self.features.len() * 4) as u64
    }
}

/// Marks a free place in the tables below.
const NONE: u32 = u32::MAX;

/// What the faces of an edge say so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EdgeKind {
    /// One face.
    Open,
    /// Faces in one plane, more or less.
    Flat,
    /// Faces at an angle.
    Crease,
}

/// An edge as its first face has it.
#[derive(Debug, Clone, Copy)]
struct Edge {
    /// The larger of its two welded corners, [`NONE`] in a free place.
    upper: u32,
    /// Place in the index list where the side of the first face starts.
    side: u32,
    /// Whether that side runs to the larger corner.
    is_forward: bool,
    kind: EdgeKind,
}

/// All edges of a mesh. Those with the same lower corner share a stretch with room for each of their sides,
/// in which an edge is found by hashing: neighbours stay near each other in memory, and nothing is sorted.
struct FoundEdges {
    edges: Vec<Edge>,
    /// How many are not flat.
    drawn: usize,
}

impl FoundEdges {
    fn of(mesh: &FeatureMesh) -> Self {
        const FREE: Edge = Edge {
            upper: NONE,
            side: 0,
            is_forward: false,
            kind: EdgeKind::Flat,
        };
        let (welded, corners) = weld(mesh);
        let normals = face_normals(mesh);
        let mut starts = vec![0_u32; corners + 1];
        each_side(mesh, &welded, &normals, |_, lower, _, _| starts[lower as usize] += 1);
        let mut sum = 0;
        for start in &mut starts {
            let sides = std::mem::replace(start, sum);
            sum += sides;
        }
        let mut edges = vec![FREE; sum as usize];
        let mut drawn = 0;
        each_side(mesh, &welded, &normals, |side, lower, upper, is_forward| {
            let (start, end) = (starts[lower as usize] as usize, starts[lower as usize + 1] as usize);
            // There is a place for every side, so the search comes to an end.
            let mut place = start + spread(upper, end - start);
            while edges[place].upper != NONE && edges[place].upper != upper {
                place = if place + 1 == end { start } else { place + 1 };
            }
            let edge = &mut edges[place];
            let before = edge.kind;
            if edge.upper == NONE {
                *edge = Edge {
                    upper,
                    side,
                    is_forward,
                    kind: EdgeKind::Open,
                };
            } else if edge.kind != EdgeKind::Crease {
                let cosine = normals[edge.side as usize / 3].dot(normals[side as usize / 3]);
                // Two faces that walk an edge in the same direction are wound the opposite way, so one
                // normal is turned before comparing.
                let cosine = if edge.is_forward == is_forward { -cosine } else { cosine };
                edge.kind = if cosine < CREASE_COSINE {
                    EdgeKind::Crease
                } else {
                    EdgeKind::Flat
                };
            }
            drawn += usize::from(edge.kind != EdgeKind::Flat);
            drawn -= usize::from(before != EdgeKind::Flat);
        });
        Self { edges, drawn }
    }
}

/// Zero for a face without an area: it has no normal to compare and would make its neighbours look open.
fn face_normals(mesh: &FeatureMesh) -> Vec<Vec3> {
    let corner = |i: u32| mesh.positions.get(i as usize).map(|p| Vec3::from_array(*p));
    let normal = |face: &[u32]| match (corner(face[0]), corner(face[1]), corner(face[2])) {
        (Some(a), Some(b), Some(c)) => (b - a).cross(c - a).normalize_or_zero(),
        _ => Vec3::ZERO,
    };
    mesh.indices.chunks_exact(3).map(normal).collect()
}

/// Calls `visit` for every side of every face with an area: its place in the index list, its lower and upper
/// welded corner, and whether it runs from the lower to the upper.
#[inline]
fn each_side(mesh: &FeatureMesh, welded: &[u32], normals: &[Vec3], mut visit: impl FnMut(u32, u32, u32, bool)) {
    let faces = mesh.indices.chunks_exact(3).zip(normals);
    for (first_side, (face, normal)) in (0_u32..).step_by(3).zip(faces) {
        if *normal == Vec3::ZERO {
            continue;
        }
        let corners = [0, 1, 2].map(|i| welded[face[i] as usize]);
        for (from, to, side) in [(0, 1, 0), (1, 2, 1), (2, 0, 2)] {
            let (a, b) = (corners[from], corners[to]);
            if a != b {
                visit(first_side + side, a.min(b), a.max(b), a < b);
            }
        }
    }
}

/// For every vertex the number of its corner, and how many corners there are: vertices of one feature in the
/// same cell are one. Through an open-addressing table (a general hash map takes several times as long on a
/// tile of 100,000 vertices).
fn weld(mesh: &FeatureMesh) -> (Vec<u32>, usize) {
    let count = mesh.positions.len();
    let slots = (count * 2).next_power_of_two().max(16);
    let mask = slots - 1;
    let mut table = vec![NONE; slots];
    let mut corners: Vec<[u32; 4]> = Vec::with_capacity(count / 2);
    let mut welded = Vec::with_capacity(count);
    for (vertex, position) in mesh.positions.iter().enumerate() {
        let [x, y, z] = position.map(weld_cell);
        let key = [x, y, z, mesh.features.get(vertex).copied().unwrap_or(u32::MAX)];
        let mut slot = hash(key) & mask;
        welded.push(loop {
            match corners.get(table[slot] as usize) {
                Some(known) if *known == key => break table[slot],
                Some(_) => slot = (slot + 1) & mask,
                None => {
                    let corner = u32::try_from(corners.len()).unwrap_or(NONE);
                    table[slot] = corner;
                    corners.push(key);
                    break corner;
                }
            }
        });
    }
    (welded, corners.len())
}

/// The cell of a coordinate: a number for each, not the cell's own.
fn weld_cell(coordinate: f32) -> u32 {
    /// 1.5 × 2²³, which leaves no room for a fraction: the sum is rounded to whole cells without a call, and
    /// from 4 km on to the steps that `f32` itself has there.
    const ROUND: f32 = 12_582_912.0;
    (coordinate / WELD_CELL_M + ROUND).to_bits()
}

fn hash(key: [u32; 4]) -> usize {
    let mut hash = 0_u64;
    for part in key {
        hash = (hash.rotate_left(5) ^ u64::from(part)).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
    // The upper bits are the well mixed ones, and 31 of them fit everywhere.
    usize::try_from(hash >> 33).unwrap_or(0)
}

/// A place below `length` for a number; numbers in a row are spread evenly (Fibonacci hashing).
fn spread(number: u32, length: usize) -> usize {
    let hash = u64::from(number.wrapping_mul(0x9e37_79b9));
    usize::try_from((hash * length as u64) >> 32).unwrap_or(0)
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
            outline: None,
            copies: Vec::new(),
            values: SurfaceValues::default(),
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
    fn edges_that_the_file_names_take_the_place_of_those_found() {
        let mut mesh = cube();
        mesh.features[1] = 7;
        mesh.outline = Some(vec![0, 1, 2, 999, 3, 0, 5]);
        let edges = CreaseEdges::of(&mesh);
        let [a, b, _, d] = mesh.positions[..4] else {
            panic!("no face")
        };
        assert_eq!(edges.positions, [a, b, d, a]);
        assert_eq!(edges.features, [0, 7, 0, 0]);
        mesh.outline = Some(Vec::new());
        assert!(CreaseEdges::of(&mesh).positions.is_empty(), "no edges are named");
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

    #[test]
    fn a_fan_around_one_corner_has_its_rim_and_its_two_ends() {
        // All edges from the hub share one stretch of the table, so this is its hardest case.
        let count = 5_000_u16;
        let mut positions = vec![[0.0; 3]];
        positions.extend((0..=count).map(|i| {
            let angle = f32::from(i) / f32::from(count) * 3.0;
            [angle.cos() * 100.0, 0.0, angle.sin() * 100.0]
        }));
        let indices = (1..=u32::from(count)).flat_map(|i| [0, i, i + 1]).collect();
        let mesh = mesh_of(positions, vec![0; usize::from(count) + 2], indices);
        assert_eq!(CreaseEdges::of(&mesh).positions.len(), 2 * (usize::from(count) + 2));
    }

    #[test]
    fn a_third_face_keeps_the_crease_that_two_made() {
        // Three walls meet in the edge from a to b; the third lies in the plane of the first.
        let [a, b] = [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
        let tips = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [-1.0, 0.0, 0.0]];
        let positions = [&[a, b][..], &tips].concat();
        let mesh = mesh_of(positions, vec![0; 5], vec![0, 1, 2, 0, 1, 3, 1, 0, 4]);
        let edges = CreaseEdges::of(&mesh);
        let shared = edges
            .positions
            .chunks_exact(2)
            .filter(|ends| ends.iter().all(|p| [a, b].contains(p)));
        assert_eq!((shared.count(), edges.positions.len()), (1, 14));
    }

    #[test]
    fn corners_weld_by_the_millimetre_at_any_distance_of_a_tile() {
        for far in [0.0, -0.002, 137.25, -1_500.0] {
            assert_eq!(weld_cell(far), weld_cell(far + 0.0003), "{far}");
            assert_ne!(weld_cell(far), weld_cell(far + 0.002), "{far}");
        }
        assert_eq!(weld_cell(-0.0001), weld_cell(0.0001));
    }
}
