//! One content made ready to draw on the worker that decoded it: meshes in the form that goes to the graphics
//! card, their lines and boxes, and where things stand on the ground. What is left for the frame that shows it
//! is to hand all this over.

use super::{
    layer::root_from_site,
    marks::PreparedMarks,
    textures::{SharedTextureSupport, image_from_texture},
};
use crate::geometry::{CreaseEdges, FeatureMarks, FeatureMesh, FeatureTable, MeshBvh, SurfaceValues, TextureSupport};
use crate::georef::{SitePos, site_axes};
use crate::sources::{
    Problem,
    tiles3d::{DecodeRequest, MemoryNeed, TileContent, content_need, decode_content_for, decode_meshes},
};
use crate::streaming::{DecodedContent, TileDecoder};
use crate::view::{
    feature_material::{PaperKey, feet, paper_from_edges, paper_from_features},
    ground::FootSamples,
    palette,
    prepared::DrawnMesh,
};
use bevy::{
    math::{DVec2, DVec3},
    prelude::*,
};
use std::sync::Arc;

/// A content, ready to enter the world.
pub(in crate::view) struct PreparedContent {
    pub(super) features: FeatureTable,
    /// Middle of each feature, site frame.
    pub(super) centers: Vec<DVec3>,
    /// The same in the root frame of the tileset, not a number where it has no such place; empty for what is no tile.
    pub(super) places: Vec<DVec3>,
    /// One per render class.
    pub(super) meshes: Vec<TileMesh>,
    /// Pieces of points and lines.
    pub(super) marks: Vec<PreparedMarks>,
    /// How many features have a row of state: none where each is a point of its own.
    pub(super) stateful: u32,
    /// Where things stand on the ground, for areas without a terrain.
    pub(super) samples: FootSamples,
    pub(super) triangles: u64,
    /// Copies of models in its meshes.
    pub(super) instances: u64,
    /// Bytes read for it.
    pub(super) bytes_read: u64,
    /// Bytes that go to the graphics card.
    pub(in crate::view) bytes_drawn: u64,
    /// Bytes it will hold in memory, those on the graphics card included.
    bytes_resident: u64,
    pub(in crate::view) problems: Vec<Problem>,
}

/// All of a content that is drawn alike.
pub(super) struct TileMesh {
    /// Where its offsets start.
    pub(super) origin: SitePos,
    pub(super) faces: DrawnMesh,
    /// Edges in ink; none on a photo.
    pub(super) lines: Option<DrawnMesh>,
    pub(super) image: Option<Image>,
    /// Opacity below which there is a hole in it.
    pub(super) cutoff: Option<f32>,
    pub(super) key: PaperKey,
    /// Lowest point of each feature, see [`feet`].
    pub(super) feet: Vec<(u32, f32)>,
    pub(super) bvh: Arc<MeshBvh>,
    /// What lies on its surface.
    pub(super) values: SurfaceValues,
}

impl DecodedContent for PreparedContent {
    fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    fn bytes_resident(&self) -> u64 {
        self.bytes_resident
    }
}

/// Makes contents ready, their pictures in a form that the graphics card takes.
pub(super) struct Preparer {
    pub(super) support: SharedTextureSupport,
}

impl TileDecoder<PreparedContent> for Preparer {
    fn decode(&self, request: &DecodeRequest) -> Result<PreparedContent, Problem> {
        prepare(request, self.support.now())
    }

    fn need(&self, request: &DecodeRequest, payload: &[u8]) -> MemoryNeed {
        content_need(request, payload, self.support.now())
    }
}

fn prepare(request: &DecodeRequest, support: TextureSupport) -> Result<PreparedContent, Problem> {
    let mut content = decode_content_for(request, support).map(PreparedContent::of)?;
    let centers = content.centers.iter().map(|center| SitePos(*center));
    let places = centers.map(|center| {
        root_from_site(&request.site, request.is_geocentric, request.height_offset_m, center).unwrap_or(DVec3::NAN)
    });
    content.places = places.collect();
    content.bytes_resident += size_of_val(&*content.places) as u64;
    Ok(content)
}

/// Decodes a content that is one thing, whatever features its file has. `recolor` is asked for the colour of each vertex
/// by what the file says.
pub(in crate::view) fn prepare_whole(
    request: &DecodeRequest,
    recolor: impl Fn(Option<[u8; 4]>) -> [u8; 4],
    keeps_textures: bool,
) -> Result<PreparedContent, Problem> {
    let decoded = decode_meshes(request)?;
    let mut content = TileContent {
        meshes: Vec::with_capacity(decoded.meshes.len()),
        features: FeatureTable::default(),
        instances: decoded.instances,
        bytes_read: decoded.bytes_read,
        bytes_resident: 0,
        marks: decoded.marks,
        problems: decoded.problems,
    };
    content.marks.features_mut().for_each(|feature| *feature = 0);
    for points in &mut content.marks.points {
        points.has_row_each = false;
        points.values = SurfaceValues::default();
        let recolored = (0..points.positions.len()).map(|at| recolor(points.colors.get(at).copied()));
        points.colors = recolored.collect();
    }
    for lines in &mut content.marks.lines {
        let recolored = (0..lines.positions.len()).map(|at| recolor(lines.colors.get(at).copied()));
        lines.colors = recolored.collect();
    }
    for mut mesh in decoded.meshes {
        mesh.change_features(|_| 0);
        mesh.values = SurfaceValues::default();
        if !keeps_textures {
            mesh.texture = None;
            mesh.uvs.clear();
        }
        if mesh.texture.is_none() {
            let count = mesh.positions.len();
            let colors = (0..count).map(|vertex| recolor(mesh.colors.get(vertex).copied()));
            mesh.colors = colors.collect();
        }
        let (edges, bvh) = (CreaseEdges::of(&mesh), MeshBvh::build(&mesh));
        content.meshes.push((mesh, edges, bvh));
    }
    Ok(PreparedContent::of(content))
}

impl PreparedContent {
    fn of(content: TileContent) -> Self {
        let decoded = content.meshes.iter();
        let bytes_before: u64 = decoded.map(|(mesh, edges, _)| mesh.bytes() + edges.bytes()).sum();
        let values = content.meshes.iter().map(|(mesh, ..)| &mesh.values);
        let values = SurfaceValues::bytes_together(values.chain(content.marks.values()));
        let bytes_before = bytes_before + values + content.marks.bytes();
        let has_state = !(content.meshes.is_empty()
            && content.marks.lines.is_empty()
            && content.marks.points.iter().all(|points| points.has_row_each));
        let stateful = if has_state { content.features.rows } else { 0 };
        let mut samples = FootSamples::default();
        sample_points(&content.marks, &mut samples);
        let mut prepared = Self {
            centers: centers(&content.meshes, &content.marks, stateful),
            places: Vec::new(),
            marks: PreparedMarks::of(content.marks, stateful),
            stateful,
            features: content.features,
            meshes: Vec::with_capacity(content.meshes.len()),
            samples,
            triangles: 0,
            instances: content.instances,
            bytes_read: content.bytes_read,
            bytes_drawn: 0,
            bytes_resident: 0,
            problems: content.problems,
        };
        for (mesh, edges, bvh) in content.meshes {
            prepared.add(mesh, edges, bvh);
        }
        prepared.bytes_drawn += prepared.marks.iter().map(PreparedMarks::bytes_drawn).sum::<u64>();
        let held: u64 = prepared.marks.iter().map(PreparedMarks::bytes_held).sum();
        let held = held + size_of_val(&*prepared.centers) as u64;
        let values = prepared.meshes.iter().map(|mesh| &mesh.values);
        let held = held + SurfaceValues::bytes_together(values.chain(PreparedMarks::values(&prepared.marks)));
        // The form that is drawn takes the place of the decoded one.
        prepared.bytes_resident = content.bytes_resident.saturating_sub(bytes_before) + prepared.bytes_drawn + held;
        prepared
    }

    fn add(&mut self, mut mesh: FeatureMesh, edges: CreaseEdges, bvh: MeshBvh) {
        let (origin, triangles) = (mesh.origin, mesh.indices.len() / 3);
        let values = std::mem::take(&mut mesh.values);
        let feet = feet(&mesh.features, &mesh.positions, self.features.rows.saturating_add(1));
        sample_feet(&mesh, &feet, &mut self.samples);
        let texture = mesh.texture.take().filter(|_| mesh.uvs.len() == mesh.positions.len());
        let key = PaperKey {
            two_sided: mesh.double_sided,
            blended: mesh.translucent,
            unlit: mesh.unlit,
            fades: false,
            textured: texture.is_some(),
            cut: texture.as_ref().is_some_and(|texture| texture.cutoff.is_some()),
            splats: false,
            round: false,
            ribbon: false,
        };
        if self.features.rows > 1 && self.instances == 0 && is_uniform(&mesh.colors) {
            // One colour for a whole town says nothing; walls and roofs by the palette do. Copies of one model, which are
            // trees or lamps, have it on purpose.
            mesh.colors.clear();
        }
        let Some(faces) = DrawnMesh::triangles(paper_from_features(mesh, key.textured)) else {
            return;
        };
        let lines = if key.textured {
            None
        } else {
            DrawnMesh::lines(paper_from_edges(&edges, palette::INK))
        };
        self.triangles += triangles as u64;
        self.bytes_drawn += faces.bytes()
            + lines.as_ref().map_or(0, DrawnMesh::bytes)
            + texture.as_ref().map_or(0, |texture| texture.texels.len() as u64);
        self.meshes.push(TileMesh {
            origin,
            faces,
            lines,
            cutoff: texture.as_ref().and_then(|texture| texture.cutoff),
            image: texture.map(image_from_texture),
            key,
            feet,
            bvh: Arc::new(bvh),
            values,
        });
    }
}

fn is_uniform(colors: &[[u8; 4]]) -> bool {
    colors.windows(2).all(|pair| pair[0] == pair[1])
}

/// Notes where things stand on the ground: the lowest points of each feature, or some of the points of a mesh
/// without features.
fn sample_feet(mesh: &FeatureMesh, low: &[(u32, f32)], samples: &mut FootSamples) {
    const FEW: usize = 4;
    const MOST: usize = 20_000;
    let mut note = |p: &[f32; 3]| samples.take(SitePos(mesh.origin.0 + site_axes(wide(p))));
    if low.len() < FEW {
        let stride = (mesh.positions.len() / MOST).max(1);
        mesh.positions.iter().step_by(stride).for_each(&mut note);
        return;
    }
    let mut foot = vec![f32::NEG_INFINITY; low.last().map_or(0, |(feature, _)| *feature as usize + 1)];
    for (feature, y) in low {
        foot[*feature as usize] = *y;
    }
    for (p, feature) in mesh.positions.iter().zip(&mesh.features) {
        if foot.get(*feature as usize).is_some_and(|y| p[1] <= *y + 0.05) {
            note(p);
        }
    }
}

/// Notes how low points lie, some of them. A cloud measures the ground itself: what is drawn below it must not cover it.
fn sample_points(marks: &FeatureMarks, samples: &mut FootSamples) {
    const MOST: usize = 100_000;
    const BELOW_M: f64 = 1.0;
    let count = usize::try_from(marks.point_count()).unwrap_or(usize::MAX);
    for points in &marks.points {
        for p in points.positions.iter().step_by((count / MOST).max(1)) {
            samples.take(SitePos(points.origin.0 + site_axes(wide(p)) - DVec3::Z * BELOW_M));
        }
    }
}

/// Middle of each of `rows` features over all that a content draws, site frame: the centre of its footprint, as its
/// roofs and floors cover it, at the mean height of its corners. What covers no ground has the mean of its corners.
fn centers(meshes: &[(FeatureMesh, CreaseEdges, MeshBvh)], marks: &FeatureMarks, rows: u32) -> Vec<DVec3> {
    let mut corners = vec![(DVec3::ZERO, 0_u32); rows as usize];
    for (place, feature) in marks.places() {
        if let Some((sum, count)) = corners.get_mut(feature as usize) {
            *sum += place;
            *count += 1;
        }
    }
    let mut covers = vec![(DVec2::ZERO, 0.0); rows as usize];
    for (mesh, ..) in meshes {
        let site = |p: &[f32; 3]| mesh.origin.0 + site_axes(wide(p));
        for (p, feature) in mesh.positions.iter().zip(&mesh.features) {
            if let Some((sum, count)) = corners.get_mut(*feature as usize) {
                *sum += site(p);
                *count += 1;
            }
        }
        for face in mesh.indices.as_chunks::<3>().0 {
            let corner = |i: u32| mesh.positions.get(i as usize).map(|p| site(p).truncate());
            let feature = mesh.features.get(face[0] as usize).map_or(usize::MAX, |f| *f as usize);
            if let ([Some(a), Some(b), Some(c)], Some((sum, area))) = (face.map(corner), covers.get_mut(feature)) {
                let covered = (b - a).perp_dot(c - a).abs();
                *sum += (a + b + c) * (covered / 3.0);
                *area += covered;
            }
        }
    }
    corners
        .into_iter()
        .zip(covers)
        .map(|((sum, count), (cover, area))| {
            let mean = sum / f64::from(count.max(1));
            if area > 1e-6 {
                (cover / area).extend(mean.z)
            } else {
                mean
            }
        })
        .collect()
}

fn wide(p: &[f32; 3]) -> DVec3 {
    DVec3::new(f64::from(p[0]), f64::from(p[1]), f64::from(p[2]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{ReadTexel, Surface, SurfaceSpan, TexelProperty, Texels, Texture, Value, Wrap};

    /// Two walls of two features, 10 m apart, both from 2 m to 5 m above the origin.
    fn walls() -> FeatureMesh {
        let wall = |x: f32| [[x, 2.0, 0.0], [x + 4.0, 2.0, 0.0], [x, 5.0, 0.0]];
        FeatureMesh {
            origin: SitePos(DVec3::new(100.0, 200.0, 1.0)),
            positions: [wall(0.0), wall(10.0)].concat(),
            normals: vec![[0.0, 0.0, 1.0]; 6],
            features: vec![0, 0, 0, 1, 1, 1],
            colors: Vec::new(),
            uvs: Vec::new(),
            indices: (0..6).collect(),
            texture: None,
            double_sided: false,
            translucent: false,
            unlit: false,
            outline: None,
            copies: Vec::new(),
            values: SurfaceValues::default(),
        }
    }

    fn prepared(mesh: FeatureMesh) -> PreparedContent {
        prepared_all(vec![mesh])
    }

    fn prepared_all(meshes: Vec<FeatureMesh>) -> PreparedContent {
        let with_edges = |mesh: FeatureMesh| (CreaseEdges::of(&mesh), MeshBvh::build(&mesh), mesh);
        let meshes: Vec<_> = (meshes.into_iter().map(with_edges))
            .map(|(edges, bvh, mesh)| (mesh, edges, bvh))
            .collect();
        let own = |(mesh, edges, bvh): &(FeatureMesh, CreaseEdges, MeshBvh)| mesh.bytes() + edges.bytes() + bvh.bytes();
        PreparedContent::of(TileContent {
            bytes_resident: meshes.iter().map(own).sum::<u64>()
                + SurfaceValues::bytes_together(meshes.iter().map(|(mesh, ..)| &mesh.values)),
            meshes,
            features: FeatureTable {
                rows: 2,
                ..FeatureTable::default()
            },
            instances: 0,
            bytes_read: 7,
            marks: FeatureMarks::default(),
            problems: Vec::new(),
        })
    }

    #[test]
    fn all_that_a_frame_needs_is_there() {
        let content = prepared(walls());
        let [mesh] = &content.meshes[..] else {
            panic!("{} meshes", content.meshes.len())
        };
        assert_eq!((content.triangles, content.bytes_read), (2, 7));
        assert_eq!(mesh.feet, [(0, 2.0), (1, 2.0)]);
        let lines = mesh.lines.as_ref().map_or(0, DrawnMesh::bytes);
        assert!(lines > 0, "a lone triangle has three edges");
        assert_eq!(content.bytes_drawn, mesh.faces.bytes() + lines);
        let held = content.bytes_drawn + mesh.bvh.bytes() + size_of_val(&*content.centers) as u64;
        assert_eq!(content.bytes_resident(), held);
        let middle = DVec3::new(100.0 + 4.0 / 3.0, 200.0, 1.0 + 3.0);
        assert!((content.centers[0] - middle).length() < 1e-6, "{}", content.centers[0]);
        assert!(content.samples.clone().take_changed().is_some(), "feet were noted");
    }

    #[test]
    fn the_centre_of_a_footprint_does_not_follow_the_detail_of_its_roof() {
        let mut mesh = walls();
        // Feature 0 becomes a roof of 10 by 4 m whose western end has many corners more than its eastern one.
        mesh.positions.clear();
        mesh.indices.clear();
        let strips = [0.0, 0.1, 0.2, 0.3, 0.4, 10.0];
        for pair in strips.windows(2) {
            let first = u32::try_from(mesh.positions.len()).unwrap();
            mesh.positions.extend([
                [pair[0], 5.0, 0.0],
                [pair[1], 5.0, 0.0],
                [pair[1], 5.0, 4.0],
                [pair[0], 5.0, 4.0],
            ]);
            mesh.indices.extend([0, 1, 2, 0, 2, 3].map(|i| first + i));
        }
        mesh.features = vec![0; mesh.positions.len()];
        mesh.normals = vec![[0.0, 1.0, 0.0]; mesh.positions.len()];
        let center = prepared(mesh).centers[0];
        assert!((center - DVec3::new(105.0, 198.0, 6.0)).length() < 1e-4, "{center}");
    }

    #[test]
    fn a_photo_has_no_lines_and_counts_its_pixels() {
        let mut mesh = walls();
        mesh.uvs = vec![[0.0; 2]; mesh.positions.len()];
        mesh.texture = Some(Texture::plain(2, 1, vec![255; 8]));
        let content = prepared(mesh);
        let mesh = &content.meshes[0];
        assert!(mesh.key.textured && mesh.image.is_some() && mesh.lines.is_none());
        assert_eq!(content.bytes_drawn, mesh.faces.bytes() + 8);
    }

    /// A surface of its own that shows a property in a picture.
    fn shows(texels: &Arc<Texels>) -> SurfaceValues {
        #[derive(Debug)]
        struct Plain;
        impl ReadTexel for Plain {
            fn value(&self, bytes: &[u8]) -> Value {
                Value::Int(bytes.iter().map(|byte| i64::from(*byte)).sum())
            }
        }
        let mut values = SurfaceValues::default();
        values.push(SurfaceSpan {
            first: 0,
            is_mirrored: false,
            copy: None,
            surface: Arc::new(Surface {
                count: 2,
                uvs: vec![vec![[[0.0; 2]; 3]; 2]],
                properties: vec![TexelProperty {
                    name: "n".to_owned(),
                    texels: texels.clone(),
                    wrap: [Wrap::Repeat; 2],
                    channels: vec![0],
                    reader: Arc::new(Plain),
                    uv_set: 0,
                }],
                ..Surface::default()
            }),
        });
        values
    }

    #[test]
    fn a_picture_of_values_that_meshes_share_is_held_once() {
        let texels = Arc::new(Texels::new(100, 100, vec![0; 40_000]).unwrap());
        let mesh = || FeatureMesh {
            values: shows(&texels),
            ..walls()
        };
        let (one, two) = (prepared_all(vec![mesh()]), prepared_all(vec![mesh(), mesh()]));
        let plain = prepared(walls());
        let surface = shows(&texels).bytes() - texels.bytes();
        let (first, more) = (
            one.bytes_resident() - plain.bytes_resident(),
            two.bytes_resident() - one.bytes_resident(),
        );
        assert_eq!(first, surface + texels.bytes());
        // The middles of the features are there once for both.
        let centers = size_of_val(&*plain.centers) as u64;
        assert_eq!(more, plain.bytes_resident() - centers + surface);
    }

    #[test]
    fn a_mesh_without_vertices_is_passed_over() {
        let mut mesh = walls();
        mesh.positions.clear();
        mesh.indices.clear();
        let content = prepared(mesh);
        assert!(content.meshes.is_empty());
        assert_eq!((content.triangles, content.bytes_drawn), (0, 0));
    }
}

#[cfg(test)]
#[path = "need_tests.rs"]
mod need_tests;
