//! The one material of the city, and meshes in the form it draws.
//!
//! Not an extension of Bevy's standard material: paper is matte, so the sun, a sky term and the haze are all
//! there is to compute. That is several times cheaper per pixel on a software adapter, which many managed
//! desks have, and gives the palette's colours exactly. The picture is not tone-mapped, so two pictures
//! compare; colours come out as given where sun and sky together reach one.

use super::{palette, palette::Rgb};
use crate::geometry::{CreaseEdges, FeatureMesh};
use crate::georef::SitePos;
use bevy::{
    asset::{RenderAssetUsages, load_internal_asset, uuid_handle},
    camera::primitives::Aabb,
    mesh::{Indices, MeshVertexAttribute, MeshVertexBufferLayoutRef, PrimitiveTopology, VertexFormat},
    pbr::{Material, MaterialPipeline, MaterialPipelineKey, MaterialPlugin},
    prelude::*,
    render::{
        render_resource::{AsBindGroup, RenderPipelineDescriptor, SpecializedMeshPipelineError},
        storage::ShaderBuffer,
    },
    shader::ShaderRef,
};

/// Feature number of a vertex, counted from the entity's first row.
const FEATURE: MeshVertexAttribute = MeshVertexAttribute::new("Feature", 928_374_651, VertexFormat::Uint32);
/// Straight sRGB colour of a vertex.
const PAPER_COLOR: MeshVertexAttribute = MeshVertexAttribute::new("PaperColor", 928_374_652, VertexFormat::Unorm8x4);

/// Lines begin to fade where a pixel covers this much, metres.
const FADE_FROM_M: f32 = 0.1;
/// Where a pixel covers this much, metres, lines are gone.
pub(crate) const FADE_TO_M: f32 = 2.5;

/// How a mesh is drawn; each value is one pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(C)]
pub(crate) struct PaperKey {
    /// Seen from both sides.
    pub(crate) two_sided: bool,
    /// Mixed with what lies behind.
    pub(crate) blended: bool,
    /// Without light.
    pub(crate) unlit: bool,
    /// Fades with distance (lines, which would otherwise close up far away).
    pub(crate) fades: bool,
    /// Has a texture.
    pub(crate) textured: bool,
    /// Has holes where the texture is transparent enough.
    pub(crate) cut: bool,
    /// Each vertex is a corner of a square that faces the camera.
    pub(crate) splats: bool,
    /// Of such a square only the disc in it is drawn, with a dark rim.
    pub(crate) round: bool,
    /// Each vertex lies on a line, and its normal leads aside.
    pub(crate) ribbon: bool,
}

/// Paper: vertex colours, a row of state per feature, perhaps a texture.
#[derive(Asset, AsBindGroup, TypePath, Debug, Clone)]
#[bind_group_data(PaperKey)]
pub(crate) struct PaperMaterial {
    /// The rows of all features.
    #[storage(0, read_only)]
    pub(crate) rows: Handle<ShaderBuffer>,
    /// Opacity; pull towards the eye as a share of the distance; where lines begin and end to fade, binary
    /// logarithm of the metres that a pixel covers. Of squares for points the last two are the side, metres, and the least
    /// side on the screen, pixels; of ribbons they are their width in the same way. Of a mesh with holes the third is the
    /// opacity below which there is a hole.
    #[uniform(1)]
    pub(crate) values: Vec4,
    /// Colour picture.
    #[texture(2)]
    #[sampler(3)]
    pub(crate) texture: Option<Handle<Image>>,
    /// Pipeline.
    pub(crate) key: PaperKey,
}

impl From<&PaperMaterial> for PaperKey {
    fn from(material: &PaperMaterial) -> Self {
        Self {
            textured: material.texture.is_some(),
            ..material.key
        }
    }
}

impl PaperMaterial {
    /// Plain paper.
    pub(crate) fn new(rows: Handle<ShaderBuffer>, key: PaperKey) -> Self {
        Self {
            rows,
            values: Vec4::new(1.0, 0.0, 0.0, 0.0),
            texture: None,
            key,
        }
    }

    /// Thin lines in translucent ink, drawn just in front of the faces they lie on.
    pub(crate) fn ink(rows: Handle<ShaderBuffer>, opacity: f32) -> Self {
        let key = PaperKey {
            blended: true,
            unlit: true,
            fades: true,
            two_sided: true,
            textured: false,
            cut: false,
            splats: false,
            round: false,
            ribbon: false,
        };
        Self {
            values: Vec4::new(opacity, 4.0e-4, FADE_FROM_M.log2(), FADE_TO_M.log2()),
            ..Self::new(rows, key)
        }
    }
}

const SHADER: Handle<Shader> = uuid_handle!("5b3c2f0e-3a52-4d9b-9a64-0d1f4c6f7a11");
const PREPASS_SHADER: Handle<Shader> = uuid_handle!("5b3c2f0e-3a52-4d9b-9a64-0d1f4c6f7a12");

impl Material for PaperMaterial {
    fn vertex_shader() -> ShaderRef {
        SHADER.into()
    }
    fn fragment_shader() -> ShaderRef {
        SHADER.into()
    }
    fn prepass_vertex_shader() -> ShaderRef {
        PREPASS_SHADER.into()
    }
    fn alpha_mode(&self) -> AlphaMode {
        if self.key.blended {
            AlphaMode::Blend
        } else {
            AlphaMode::Opaque
        }
    }
    fn specialize(
        _: &MaterialPipeline,
        descriptor: &mut RenderPipelineDescriptor,
        layout: &MeshVertexBufferLayoutRef,
        key: MaterialPipelineKey<Self>,
    ) -> Result<(), SpecializedMeshPipelineError> {
        let extra = layout
            .0
            .get_layout(&[FEATURE.at_shader_location(8), PAPER_COLOR.at_shader_location(9)])?;
        if let Some(buffer) = descriptor.vertex.buffers.first_mut() {
            buffer.attributes.extend(extra.attributes);
        }
        let key = key.bind_group_data;
        let mut defs = Vec::new();
        for (set, name) in [
            (key.two_sided, "PAPER_TWO_SIDED"),
            (key.blended, "PAPER_BLEND"),
            (key.unlit, "PAPER_UNLIT"),
            (key.fades, "PAPER_FADE"),
            (key.textured, "PAPER_TEXTURED"),
            (key.cut, "PAPER_CUT"),
            (key.splats, "PAPER_SPLATS"),
            (key.round, "PAPER_ROUND"),
            (key.ribbon, "PAPER_RIBBON"),
        ] {
            if set {
                defs.push(name.into());
            }
        }
        descriptor.vertex.shader_defs.extend_from_slice(&defs);
        if let Some(fragment) = &mut descriptor.fragment {
            fragment.shader_defs.extend_from_slice(&defs);
        }
        if key.two_sided {
            descriptor.primitive.cull_mode = None;
        }
        Ok(())
    }
}

/// The materials that most of the city shares.
#[derive(Resource)]
pub(crate) struct SharedPaper {
    /// Closed solids.
    pub(crate) solid: Handle<PaperMaterial>,
    /// Open shells, seen from both sides.
    pub(crate) two_sided: Handle<PaperMaterial>,
    /// Edges of existing buildings.
    pub(crate) ink: Handle<PaperMaterial>,
    /// Edges of the plan.
    pub(crate) pencil: Handle<PaperMaterial>,
}

#[cfg(test)]
impl SharedPaper {
    /// Of no material, for a world without graphics.
    pub(crate) fn blank() -> Self {
        Self {
            solid: Handle::default(),
            two_sided: Handle::default(),
            ink: Handle::default(),
            pencil: Handle::default(),
        }
    }
}

pub(crate) fn plugin(app: &mut App) {
    // The build copies these files into the program, so it runs from anywhere.
    load_internal_asset!(app, SHADER, "../../assets/shaders/paper.wgsl", Shader::from_wgsl);
    load_internal_asset!(
        app,
        PREPASS_SHADER,
        "../../assets/shaders/paper_prepass.wgsl",
        Shader::from_wgsl
    );
    app.add_plugins(MaterialPlugin::<PaperMaterial>::default())
        .add_systems(PreStartup, make_shared_paper);
}

fn make_shared_paper(
    mut commands: Commands,
    rows: Res<super::feature_rows::FeatureRows>,
    mut materials: ResMut<Assets<PaperMaterial>>,
) {
    let two_sided = PaperKey {
        two_sided: true,
        ..PaperKey::default()
    };
    commands.insert_resource(SharedPaper {
        solid: materials.add(PaperMaterial::new(rows.buffer(), PaperKey::default())),
        two_sided: materials.add(PaperMaterial::new(rows.buffer(), two_sided)),
        ink: materials.add(PaperMaterial::ink(rows.buffer(), 0.34)),
        pencil: materials.add(PaperMaterial::ink(rows.buffer(), 0.75)),
    });
}

/// A mesh in the making, one array per attribute.
#[derive(Debug, Clone, Default)]
pub(crate) struct PaperMesh {
    /// Offsets, metres, render axes.
    pub(crate) positions: Vec<[f32; 3]>,
    /// Unit normals; empty for lines.
    pub(crate) normals: Vec<[f32; 3]>,
    /// Texture coordinates; empty without texture.
    pub(crate) uvs: Vec<[f32; 2]>,
    /// Features.
    pub(crate) features: Vec<u32>,
    /// Straight sRGB colours.
    pub(crate) colors: Vec<[u8; 4]>,
    /// Triangles or lines; empty means in order.
    pub(crate) indices: Vec<u32>,
}

impl PaperMesh {
    /// Adds a vertex and returns its number.
    pub(crate) fn vertex(&mut self, position: Vec3, normal: Vec3, feature: u32, color: Rgb) -> u32 {
        let number = u32::try_from(self.positions.len()).unwrap_or(u32::MAX);
        self.positions.push(position.to_array());
        self.normals.push(normal.to_array());
        self.features.push(feature);
        self.colors.push(opaque(color));
        number
    }

    /// Adds a flat quad with corners in counter-clockwise order seen from outside.
    pub(crate) fn quad(&mut self, corners: [Vec3; 4], feature: u32, color: Rgb) {
        let normal = (corners[1] - corners[0])
            .cross(corners[2] - corners[0])
            .normalize_or_zero();
        let n = corners.map(|corner| self.vertex(corner, normal, feature, color));
        self.indices.extend([n[0], n[1], n[2], n[0], n[2], n[3]]);
    }

    /// Adds one line segment (meshes of lines hold nothing else).
    pub(crate) fn line(&mut self, ends: [Vec3; 2], feature: u32, color: Rgb) {
        for end in ends {
            self.positions.push(end.to_array());
            self.features.push(feature);
            self.colors.push(opaque(color));
        }
    }

    /// Adds a point of a feature, for a material with squares that face the camera: which corner of it a vertex is stands
    /// where its opacity stands elsewhere. Such a mesh holds nothing else.
    pub(crate) fn marker(&mut self, position: Vec3, feature: u32, [r, g, b]: Rgb) {
        let first = u32::try_from(self.positions.len()).unwrap_or(u32::MAX);
        for corner in 0..4 {
            self.positions.push(position.to_array());
            self.features.push(feature);
            self.colors.push([r, g, b, corner * 85]);
        }
        self.indices.extend([0, 1, 2, 2, 1, 3].map(|corner| first + corner));
    }

    /// Whether there is nothing to draw.
    pub(crate) fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// The box around all vertices.
    pub(crate) fn bounds(&self) -> Aabb {
        bounds(&self.positions)
    }

    /// Bytes of all vertices and indices.
    pub(crate) fn bytes(&self) -> u64 {
        let vertices = size_of_val(&*self.positions)
            + size_of_val(&*self.normals)
            + size_of_val(&*self.uvs)
            + size_of_val(&*self.features)
            + size_of_val(&*self.colors);
        (vertices + size_of_val(&*self.indices)) as u64
    }

    /// The same as a mesh whose edges can be found and that can be picked; [`paper_from_features`] leads back.
    pub(crate) fn into_features(self, origin: SitePos) -> FeatureMesh {
        FeatureMesh {
            origin,
            positions: self.positions,
            normals: self.normals,
            features: self.features,
            colors: self.colors,
            uvs: self.uvs,
            indices: self.indices,
            texture: None,
            double_sided: false,
            translucent: false,
            unlit: false,
            outline: None,
            copies: Vec::new(),
            values: crate::geometry::SurfaceValues::default(),
        }
    }

    /// Triangles for Bevy; the copy in main memory is given up after upload.
    pub(crate) fn into_triangles(self) -> Mesh {
        self.into_mesh(PrimitiveTopology::TriangleList)
    }

    /// Lines for Bevy.
    pub(crate) fn into_lines(self) -> Mesh {
        self.into_mesh(PrimitiveTopology::LineList)
    }

    fn into_mesh(self, topology: PrimitiveTopology) -> Mesh {
        let mut mesh = Mesh::new(topology, RenderAssetUsages::RENDER_WORLD)
            .with_inserted_attribute(Mesh::ATTRIBUTE_POSITION, self.positions)
            .with_inserted_attribute(FEATURE, self.features)
            .with_inserted_attribute(PAPER_COLOR, bevy::mesh::VertexAttributeValues::Unorm8x4(self.colors));
        if !self.normals.is_empty() {
            mesh.insert_attribute(Mesh::ATTRIBUTE_NORMAL, self.normals);
        }
        if !self.uvs.is_empty() {
            mesh.insert_attribute(Mesh::ATTRIBUTE_UV_0, self.uvs);
        }
        if !self.indices.is_empty() {
            mesh.insert_indices(Indices::U32(self.indices));
        }
        mesh
    }
}

/// The box around positions; a point at zero where there are none.
pub(crate) fn bounds(positions: &[[f32; 3]]) -> Aabb {
    let (low, high) = positions
        .iter()
        .map(|p| Vec3::from_array(*p))
        .fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(low, high), p| {
            (low.min(p), high.max(p))
        });
    if low.is_finite() && high.is_finite() {
        Aabb::from_min_max(low, high)
    } else {
        Aabb::default()
    }
}

/// A decoded mesh as paper: its own colours, white where a texture gives them, or the palette's by the slope
/// of each face.
pub(crate) fn paper_from_features(mesh: FeatureMesh, is_textured: bool) -> PaperMesh {
    let colors = if !mesh.colors.is_empty() {
        mesh.colors
    } else if is_textured {
        vec![[255; 4]; mesh.positions.len()]
    } else {
        mesh.normals
            .iter()
            .map(|normal| opaque(palette::existing_face(normal[1])))
            .collect()
    };
    PaperMesh {
        positions: mesh.positions,
        normals: mesh.normals,
        uvs: if is_textured { mesh.uvs } else { Vec::new() },
        features: mesh.features,
        colors,
        indices: mesh.indices,
    }
}

/// Edges as ink lines.
pub(crate) fn paper_from_edges(edges: &CreaseEdges, color: Rgb) -> PaperMesh {
    PaperMesh {
        positions: edges.positions.clone(),
        features: edges.features.clone(),
        colors: vec![opaque(color); edges.positions.len()],
        ..PaperMesh::default()
    }
}

/// The lowest point of each of `count` features, metres in the mesh's own frame; features without a vertex are
/// left out.
pub(crate) fn feet(features: &[u32], positions: &[[f32; 3]], count: u32) -> Vec<(u32, f32)> {
    let mut low = vec![f32::INFINITY; count as usize];
    for (feature, position) in features.iter().zip(positions) {
        if let Some(foot) = low.get_mut(*feature as usize) {
            *foot = foot.min(position[1]);
        }
    }
    (0..).zip(low).filter(|(_, foot)| foot.is_finite()).collect()
}

fn opaque([r, g, b]: Rgb) -> [u8; 4] {
    [r, g, b, 255]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_foot_of_a_feature_is_its_lowest_vertex() {
        let found = feet(
            &[0, 0, 2, 9],
            &[[0.0, 5.0, 0.0], [0.0, 2.0, 0.0], [0.0, -1.0, 0.0], [0.0; 3]],
            3,
        );
        assert_eq!(found, vec![(0, 2.0), (2, -1.0)]);
    }

    #[test]
    fn a_quad_faces_where_its_corners_turn() {
        let mut mesh = PaperMesh::default();
        mesh.quad(
            [Vec3::ZERO, Vec3::Z, Vec3::new(1.0, 0.0, 1.0), Vec3::X],
            0,
            palette::WALL,
        );
        assert!(Vec3::from_array(mesh.normals[0]).distance(Vec3::Y) < 1e-6);
        assert_eq!(mesh.indices.len(), 6);
    }

    #[test]
    fn nothing_has_a_box_at_zero() {
        assert_eq!(bounds(&[]).half_extents, Vec3A::ZERO);
        assert_eq!(bounds(&[[f32::NAN, 0.0, 0.0]]).half_extents, Vec3A::ZERO);
    }
}
