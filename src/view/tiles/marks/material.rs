//! The material of points and lines of tiles, pulled out of a buffer by the vertex shader as measured points are
//! ([`crate::view::points`]): 24 bytes for each point, and the rows of features that the rest of a tile has.

use crate::view::{
    feature_rows::FeatureRows,
    points::{CORNER, CornerMeshes},
};
use bevy::{
    asset::{load_internal_asset, uuid_handle},
    ecs::system::SystemParam,
    mesh::MeshVertexBufferLayoutRef,
    pbr::{Material, MaterialPipeline, MaterialPipelineKey, MaterialPlugin},
    prelude::*,
    render::{
        render_resource::{AsBindGroup, RenderPipelineDescriptor, ShaderType, SpecializedMeshPipelineError},
        storage::ShaderBuffer,
    },
    shader::ShaderRef,
};

const SHADER: Handle<Shader> = uuid_handle!("5b3c2f0e-3a52-4d9b-9a64-0d1f4c6f7a41");

/// How marks are drawn; each value is one pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(C)]
pub(in crate::view) struct MarkKey {
    /// Lines, else points.
    pub(super) lines: bool,
    /// Mixed with what lies behind.
    pub(super) blended: bool,
}

/// Marks of one piece of a tile.
#[derive(Asset, AsBindGroup, TypePath, Debug, Clone)]
#[bind_group_data(MarkKey)]
pub(in crate::view) struct MarkMaterial {
    /// Points, or the two ends of each straight piece of a line: place (three words), colour, feature, normal.
    #[storage(0, read_only)]
    pub(super) marks: Handle<ShaderBuffer>,
    /// The rows of all features.
    #[storage(1, read_only)]
    pub(super) rows: Handle<ShaderBuffer>,
    /// Sizes and number.
    #[uniform(2)]
    pub(super) form: MarkUniform,
    /// Pipeline.
    pub(super) key: MarkKey,
}

/// What the shader knows of a piece.
#[derive(ShaderType, Debug, Clone, Copy, PartialEq)]
pub(super) struct MarkUniform {
    /// Diameter of a disc in the four lower eighths of the piece, metres: by east (1) and north (2).
    pub(super) lower_m: Vec4,
    /// The same in the upper ones.
    pub(super) upper_m: Vec4,
    /// Where the eighths meet, as an offset; pull of lines towards the eye as a share of the distance.
    pub(super) middle: Vec4,
    /// Least and most diameter of a point on the screen, width of a line, pixels.
    pub(super) sizes_px: Vec4,
    /// How many points or straight pieces; the rest is padding.
    pub(super) count: UVec4,
}

impl From<&MarkMaterial> for MarkKey {
    fn from(material: &MarkMaterial) -> Self {
        material.key
    }
}

impl Material for MarkMaterial {
    fn vertex_shader() -> ShaderRef {
        SHADER.into()
    }
    fn fragment_shader() -> ShaderRef {
        SHADER.into()
    }
    fn alpha_mode(&self) -> AlphaMode {
        if self.key.blended {
            AlphaMode::Blend
        } else {
            AlphaMode::Opaque
        }
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
        key: MaterialPipelineKey<Self>,
    ) -> Result<(), SpecializedMeshPipelineError> {
        let corners = layout.0.get_layout(&[CORNER.at_shader_location(0)])?;
        descriptor.vertex.buffers = vec![corners];
        descriptor.primitive.cull_mode = None;
        let key = key.bind_group_data;
        for (set, name) in [(key.lines, "MARK_LINES"), (key.blended, "MARK_BLEND")] {
            if set {
                descriptor.vertex.shader_defs.push(name.into());
                if let Some(fragment) = &mut descriptor.fragment {
                    fragment.shader_defs.push(name.into());
                }
            }
        }
        Ok(())
    }
}

/// What a piece needs to enter the world.
#[derive(SystemParam)]
pub(in crate::view) struct MarkAssets<'w> {
    pub(super) buffers: ResMut<'w, Assets<ShaderBuffer>>,
    pub(super) materials: ResMut<'w, Assets<MarkMaterial>>,
    pub(super) corners: ResMut<'w, CornerMeshes>,
}

pub(super) fn plugin(app: &mut App) {
    load_internal_asset!(app, SHADER, "../../../../assets/shaders/marks.wgsl", Shader::from_wgsl);
    app.add_plugins(MaterialPlugin::<MarkMaterial>::default())
        .init_resource::<CornerMeshes>()
        .add_systems(PostUpdate, bind_rows);
}

/// A longer buffer of rows is a new one, which every material must bind.
pub(super) fn bind_rows(
    rows: Res<FeatureRows>,
    mut bound: Local<Option<Handle<ShaderBuffer>>>,
    materials: Option<ResMut<Assets<MarkMaterial>>>,
) {
    let buffer = rows.buffer();
    let Some(mut materials) = materials.filter(|_| bound.as_ref() != Some(&buffer)) else {
        return;
    };
    for (_, material) in materials.iter_mut() {
        material.rows = buffer.clone();
    }
    *bound = Some(buffer);
}
