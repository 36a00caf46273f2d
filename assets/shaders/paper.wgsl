// Paper light: one matte surface lit by the sun, a warm sky and a little bounce, cheap enough for a
// software rasteriser. Every vertex carries its feature's row; a hidden feature collapses to one point
// outside the clip volume, so nothing is discarded and opaque stays opaque.

#import bevy_pbr::{
    mesh_functions,
    mesh_view_bindings as view_bindings,
    mesh_view_types::DIRECTIONAL_LIGHT_FLAGS_SHADOWS_ENABLED_BIT,
    shadows::fetch_directional_shadow,
    view_transformations::position_world_to_clip,
}
#ifdef DISTANCE_FOG
#import bevy_pbr::fog::linear_fog
#endif

const HIDDEN: u32 = 0x80000000u;
const RECOLOURED: u32 = 0x40000000u;
const LIFTED: u32 = 0x20000000u;
const PI: f32 = 3.14159265;

struct PaperSettings {
    // x: opacity, y: pull towards the eye (share of the distance); lines fade between z and w (binary
    // logarithm of the metres that a pixel covers): far away they would close up to a grey veil; of
    // squares for points z is the side (metres) and w the least side on the screen (pixels), of ribbons
    // the width in the same way; of a mesh with holes z is the opacity below which there is a hole
    values: vec4<f32>,
}

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<storage, read> rows: array<vec2<u32>>;
@group(#{MATERIAL_BIND_GROUP}) @binding(1) var<uniform> settings: PaperSettings;
#ifdef PAPER_TEXTURED
@group(#{MATERIAL_BIND_GROUP}) @binding(2) var paper_texture: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(3) var paper_sampler: sampler;
#endif

struct In {
    @builtin(instance_index) instance_index: u32,
    @location(0) position: vec3<f32>,
#ifdef VERTEX_NORMALS
    @location(1) normal: vec3<f32>,
#endif
#ifdef PAPER_TEXTURED
    @location(2) uv: vec2<f32>,
#endif
    @location(8) feature: u32,
    @location(9) color: vec4<f32>,
}

struct Out {
    @builtin(position) position: vec4<f32>,
    @location(0) world_position: vec4<f32>,
    @location(1) world_normal: vec3<f32>,
    @location(2) color: vec4<f32>,
    // x: metres above the foot of the feature, y: lift
    @location(3) extra: vec2<f32>,
#ifdef PAPER_TEXTURED
    @location(4) uv: vec2<f32>,
#endif
#ifdef PAPER_ROUND
    @location(5) side: vec2<f32>,
#endif
}

fn linear_from_srgb(c: vec3<f32>) -> vec3<f32> {
    return select(pow((c + 0.055) / 1.055, vec3<f32>(2.4)), c / 12.92, c <= vec3<f32>(0.04045));
}

@vertex
fn vertex(v: In) -> Out {
    var out: Out;
    let row = rows[mesh_functions::get_tag(v.instance_index) + v.feature];
    let world_from_local = mesh_functions::get_world_from_local(v.instance_index);
    out.world_position = mesh_functions::mesh_position_local_to_world(world_from_local, vec4<f32>(v.position, 1.0));
    out.position = position_world_to_clip(out.world_position.xyz);
#ifdef PAPER_RIBBON
    // The way aside stands where a normal stands elsewhere.
    let pixel_m = out.position.w * 2.0 / (view_bindings::view.clip_from_view[1][1] * view_bindings::view.viewport.w);
    let half_width = 0.5 * max(settings.values.z, settings.values.w * pixel_m);
    out.world_position += world_from_local * vec4<f32>(v.normal * half_width, 0.0);
    out.position = position_world_to_clip(out.world_position.xyz);
#endif
    // Depth is reversed: a larger z is nearer. Lines are pulled off the faces they lie on.
    out.position.z *= 1.0 + settings.values.y;
#ifdef VERTEX_NORMALS
    out.world_normal = mesh_functions::mesh_normal_local_to_world(v.normal, v.instance_index);
#else
    out.world_normal = vec3<f32>(0.0, 1.0, 0.0);
#endif
#ifdef PAPER_RIBBON
    out.world_normal = vec3<f32>(0.0, 1.0, 0.0);
#endif
    out.color = vec4<f32>(linear_from_srgb(v.color.rgb), v.color.a);
    if (row.x & RECOLOURED) != 0u {
        let c = vec3<f32>(f32((row.x >> 16u) & 255u), f32((row.x >> 8u) & 255u), f32(row.x & 255u)) / 255.0;
        out.color = vec4<f32>(linear_from_srgb(c), v.color.a);
    }
#ifdef PAPER_SPLATS
    // Which corner of a point's square this is stands where opacity stands elsewhere.
    let corner = u32(round(v.color.a * 3.0));
    let side = vec2<f32>(select(-1.0, 1.0, (corner & 1u) != 0u), select(-1.0, 1.0, (corner & 2u) != 0u));
    let scale = vec2<f32>(view_bindings::view.clip_from_view[0][0], view_bindings::view.clip_from_view[1][1]);
    let least = settings.values.w / view_bindings::view.viewport.zw * out.position.w;
    out.position = vec4<f32>(out.position.xy + side * max(0.5 * settings.values.z * scale, least), out.position.zw);
    out.color.a = 1.0;
#ifdef PAPER_ROUND
    out.side = side;
#endif
#endif
    out.extra = vec2<f32>(v.position.y - bitcast<f32>(row.y), select(0.0, 1.0, (row.x & LIFTED) != 0u));
#ifdef PAPER_TEXTURED
    out.uv = v.uv;
#endif
    if (row.x & HIDDEN) != 0u {
        out.position = vec4<f32>(2.0, 2.0, 2.0, 1.0);
    }
    return out;
}

/// Half a step of the screen's 256 levels up or down, by pixel: pale gradients show no bands.
fn dither(color: vec3<f32>, pixel: vec2<f32>) -> vec3<f32> {
    let noise = fract(52.9829189 * fract(dot(pixel, vec2<f32>(0.06711056, 0.00583715)))) - 0.5;
    return color + noise * (2.0 / 255.0) * sqrt(max(color, vec3<f32>(0.001)));
}

fn paper_light(albedo: vec3<f32>, normal: vec3<f32>, world_position: vec4<f32>, frag: vec2<f32>, above_foot: f32) -> vec3<f32> {
    let exposure = view_bindings::view.exposure;
    let view_z = dot(vec4<f32>(
        view_bindings::view.view_from_world[0].z,
        view_bindings::view.view_from_world[1].z,
        view_bindings::view.view_from_world[2].z,
        view_bindings::view.view_from_world[3].z,
    ), world_position);
    var sun = vec3<f32>(0.0);
    var turned = 0.0;
    for (var i = 0u; i < view_bindings::lights.n_directional_lights; i = i + 1u) {
        let light = &view_bindings::lights.directional_lights[i];
        let facing = dot(normal, (*light).direction_to_light);
        turned = facing;
        if facing > 0.0 {
            var shadow = 1.0;
            if ((*light).flags & DIRECTIONAL_LIGHT_FLAGS_SHADOWS_ENABLED_BIT) != 0u {
                shadow = fetch_directional_shadow(i, world_position, normal, view_z, frag);
            }
            sun += (*light).color.rgb * (facing * shadow / PI);
        }
    }
    // The sky lights roofs more than walls, and walls that face the sun a little more than the others:
    // so no façade is black and no two façades of a block read the same.
    let sky = mix(0.74, 1.0, normal.y * 0.5 + 0.5) * (1.0 + 0.10 * turned);
    var ambient = view_bindings::lights.ambient_color.rgb * sky;
    // Walls darken softly towards their foot, where sky is hidden by the ground and by neighbours.
    let wall = 1.0 - smoothstep(0.3, 0.8, abs(normal.y));
    let contact = 1.0 - wall * (0.20 * exp(-max(above_foot, 0.0) / 1.2) + 0.10 * exp(-max(above_foot, 0.0) / 6.0));
    return albedo * (sun * mix(1.0, contact, 0.5) + ambient * contact) * exposure;
}

@fragment
fn fragment(in: Out, @builtin(front_facing) front: bool) -> @location(0) vec4<f32> {
    var albedo = in.color;
#ifdef PAPER_ROUND
    let from_middle = length(in.side);
    if from_middle > 1.0 {
        discard;
    }
    // A rim keeps marks apart that lie on one another.
    albedo = vec4<f32>(albedo.rgb * select(1.0, 0.35, from_middle > 0.78), albedo.a);
#endif
#ifdef PAPER_TEXTURED
    albedo *= textureSample(paper_texture, paper_sampler, in.uv);
#endif
#ifdef PAPER_CUT
    if albedo.a < settings.values.z {
        discard;
    }
    albedo.a = 1.0;
#endif
    var normal = normalize(in.world_normal);
#ifdef PAPER_TWO_SIDED
    if !front {
        normal = -normal;
    }
#endif
    albedo.a *= settings.values.x;
    let eye_distance = distance(in.world_position.xyz, view_bindings::view.world_position);
#ifdef PAPER_UNLIT
    var color = albedo.rgb;
#ifdef PAPER_FADE
    let pixel_m = eye_distance * 2.0 / (view_bindings::view.clip_from_view[1][1] * view_bindings::view.viewport.w);
    albedo.a *= 1.0 - smoothstep(settings.values.z, settings.values.w, log2(pixel_m));
#endif
#else
    var color = paper_light(albedo.rgb, normal, in.world_position, in.position.xy, in.extra.x);
#endif
    color = mix(color, vec3<f32>(1.0, 0.90, 0.97), 0.2 * in.extra.y);
    var result = vec4<f32>(color, albedo.a);
#ifdef DISTANCE_FOG
    result = linear_fog(view_bindings::fog, result, eye_distance, vec3<f32>(0.0));
#endif
#ifndef PAPER_BLEND
    result = vec4<f32>(dither(result.rgb, in.position.xy), 1.0);
#endif
    return result;
}
