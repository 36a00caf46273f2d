//! The material of points: discs pulled out of a buffer by the vertex shader.
//!
//! A point is five words in a buffer, twenty bytes; as four corners of a mesh it would be a hundred. The meshes hold
//! nothing but the numbers of corners and are shared by all nodes of about the same size.

use bevy::{
    asset::{RenderAssetUsages, load_internal_asset, uuid_handle},
    mesh::{Indices, MeshVertexAttribute, MeshVertexBufferLayoutRef, PrimitiveTopology, VertexFormat},
    pbr::{Material, MaterialPipeline, MaterialPipelineKey, MaterialPlugin},
    prelude::*,
    render::{
        render_resource::{AsBindGroup, RenderPipelineDescriptor, ShaderType, SpecializedMeshPipelineError},
        storage::ShaderBuffer,
    },
    shader::ShaderRef,
};
use std::collections::BTreeMap;

/// Number of a corner, four to a point.
pub(in crate::view) const CORNER: MeshVertexAttribute =
    MeshVertexAttribute::new("PointCorner", 928_374_661, VertexFormat::Uint32);
const SHADER: Handle<Shader> = uuid_handle!("5b3c2f0e-3a52-4d9b-9a64-0d1f4c6f7a31");

/// One node of a cloud.
#[derive(Asset, AsBindGroup, TypePath, Debug, Clone)]
pub(super) struct PointMaterial {
    /// Its points: place (three words), colour and class, strength and normal.
    #[storage(0, read_only)]
    pub(super) points: Handle<ShaderBuffer>,
    /// How the cloud is coloured.
    #[storage(1, read_only)]
    pub(super) look: Handle<ShaderBuffer>,
    /// What the node is like.
    #[uniform(2)]
    pub(super) node: NodeUniform,
}

/// What the shader knows of a node.
#[derive(ShaderType, Debug, Clone, Copy, PartialEq)]
pub(super) struct NodeUniform {
    /// Diameter of a disc in the four lower eighths of the node, metres: by east (1) and north (2).
    pub(super) lower_m: Vec4,
    /// The same in the upper ones.
    pub(super) upper_m: Vec4,
    /// Height of its middle above the site's zero, metres; least diameter on the screen, pixels.
    pub(super) place: Vec4,
    /// How many points; the rest is padding.
    pub(super) count: UVec4,
}

impl Material for PointMaterial {
    fn vertex_shader() -> ShaderRef {
        SHADER.into()
    }
    fn fragment_shader() -> ShaderRef {
        SHADER.into()
    }
    fn enable_prepass() -> bool {
        false
    }
    fn enable_shadows() -> bool {
        false
    }
    fn specialize(
        _: &MaterialPipeline,
        descriptor: &mut RenderPipelineDescriptor,
        layout: &MeshVertexBufferLayoutRef,
        _: MaterialPipelineKey<Self>,
    ) -> Result<(), SpecializedMeshPipelineError> {
        let corners = layout.0.get_layout(&[CORNER.at_shader_location(0)])?;
        descriptor.vertex.buffers = vec![corners];
        descriptor.primitive.cull_mode = None;
        Ok(())
    }
}

pub(super) fn plugin(app: &mut App) {
    load_internal_asset!(app, SHADER, "../../../assets/shaders/points.wgsl", Shader::from_wgsl);
    app.add_plugins(MaterialPlugin::<PointMaterial>::default())
        .init_resource::<CornerMeshes>();
}

/// Meshes of corners by how many points they serve.
#[derive(Resource, Default)]
pub(in crate::view) struct CornerMeshes(BTreeMap<u32, Handle<Mesh>>);

impl CornerMeshes {
    /// A mesh for at least `points` points.
    pub(in crate::view) fn for_points(&mut self, points: u32, meshes: &mut Assets<Mesh>) -> Handle<Mesh> {
        let points = size_for(points);
        self.0
            .entry(points)
            .or_insert_with(|| meshes.add(corners(points)))
            .clone()
    }
}

/// The next of a few sizes, each half as large again as the one before.
fn size_for(points: u32) -> u32 {
    let mut size = 512_u32;
    while size < points {
        size = size.saturating_add(size / 2);
    }
    size
}

fn corners(points: u32) -> Mesh {
    let indices = (0..points).flat_map(|point| [0, 1, 2, 2, 1, 3].map(|corner| 4 * point + corner));
    Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::RENDER_WORLD)
        .with_inserted_attribute(CORNER, (0..4 * points).collect::<Vec<u32>>())
        .with_inserted_indices(Indices::U32(indices.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_of_about_the_same_size_share_a_mesh() {
        let mut meshes = Assets::<Mesh>::default();
        let mut shared = CornerMeshes::default();
        let small = shared.for_points(1, &mut meshes);
        assert_eq!(small, shared.for_points(512, &mut meshes));
        assert_ne!(small, shared.for_points(513, &mut meshes));
        for points in [1, 700, 20_000, 100_000, 1 << 20] {
            let size = size_for(points);
            assert!(
                size >= points && size <= points.max(342) + points.max(342) / 2 + 1,
                "{points}: {size}"
            );
        }
        let mesh = corners(2);
        assert_eq!(mesh.count_vertices(), 8);
        assert_eq!(mesh.indices().map(|indices| indices.iter().max()), Some(Some(7)));
    }
}
