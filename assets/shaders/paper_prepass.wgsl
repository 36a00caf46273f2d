// Depth and shadows of the paper city: hidden features are gone from these too.

#import bevy_pbr::{
    mesh_functions,
    prepass_io::VertexOutput,
    view_transformations::position_world_to_clip,
}

const HIDDEN: u32 = 0x80000000u;

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<storage, read> rows: array<vec2<u32>>;

struct In {
    @builtin(instance_index) instance_index: u32,
    @location(0) position: vec3<f32>,
#ifdef NORMAL_PREPASS_OR_DEFERRED_PREPASS
#ifdef VERTEX_NORMALS
    @location(3) normal: vec3<f32>,
#endif
#endif
    @location(8) feature: u32,
}

@vertex
fn vertex(v: In) -> VertexOutput {
    var out: VertexOutput;
    let row = rows[mesh_functions::get_tag(v.instance_index) + v.feature];
    let world_from_local = mesh_functions::get_world_from_local(v.instance_index);
    out.world_position = mesh_functions::mesh_position_local_to_world(world_from_local, vec4<f32>(v.position, 1.0));
    out.position = position_world_to_clip(out.world_position.xyz);
#ifdef UNCLIPPED_DEPTH_ORTHO_EMULATION
    out.unclipped_depth = out.position.z;
    out.position.z = min(out.position.z, 1.0);
#endif
#ifdef NORMAL_PREPASS_OR_DEFERRED_PREPASS
#ifdef VERTEX_NORMALS
    out.world_normal = mesh_functions::mesh_normal_local_to_world(v.normal, v.instance_index);
#endif
#endif
#ifdef VERTEX_OUTPUT_INSTANCE_INDEX
    out.instance_index = v.instance_index;
#endif
    if (row.x & HIDDEN) != 0u {
        out.position = vec4<f32>(2.0, 2.0, 2.0, 1.0);
    }
    return out;
}
