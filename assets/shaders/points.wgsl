// Measured points as discs that face the camera, pulled out of a buffer: a vertex is a corner of a point and
// carries nothing but its number. Colours come from one table per cloud.

#import bevy_pbr::{
    mesh_functions,
    mesh_view_bindings as view_bindings,
    view_transformations::position_world_to_clip,
}
#ifdef DISTANCE_FOG
#import bevy_pbr::fog::linear_fog
#endif

struct Node {
    lower_m: vec4<f32>,
    upper_m: vec4<f32>,
    // x: height of the node's middle above the site's zero (metres), y: least diameter (pixels)
    place: vec4<f32>,
    count: vec4<u32>,
}

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<storage, read> points: array<u32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(1) var<storage, read> look: array<u32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(2) var<uniform> node: Node;

// Places in the table.
const HIDDEN_AT: u32 = 8u;
const HEIGHTS_AT: u32 = 16u;
const INTENSITIES_AT: u32 = 21u;
const CLASSES_AT: u32 = 24u;
const BY_RGB: u32 = 0u;
const BY_CLASS: u32 = 1u;
const BY_HEIGHT: u32 = 2u;
// Over so many metres what stands or grows turns from dark to light.
const SHADED_M: f32 = 15.0;

struct In {
    @builtin(instance_index) instance_index: u32,
    @location(0) corner: u32,
}

struct Out {
    @builtin(position) position: vec4<f32>,
    @location(0) color: vec3<f32>,
    // Place in the disc, its rim at 1; how many pixels it is wide.
    @location(1) disc: vec3<f32>,
    @location(2) world_position: vec3<f32>,
}

fn linear_from_srgb(c: vec3<f32>) -> vec3<f32> {
    return select(pow((c + 0.055) / 1.055, vec3<f32>(2.4)), c / 12.92, c <= vec3<f32>(0.04045));
}

fn unpacked(word: u32) -> vec3<f32> {
    return vec3<f32>(f32(word & 255u), f32((word >> 8u) & 255u), f32((word >> 16u) & 255u)) / 255.0;
}

fn share_of(value: f32, low_at: u32) -> f32 {
    let low = bitcast<f32>(look[low_at]);
    let high = bitcast<f32>(look[low_at + 1u]);
    return clamp((value - low) / max(high - low, 0.001), 0.0, 1.0);
}

/// The direction that a surface through the point faces; zero where there is none.
fn normal_of(word: u32) -> vec3<f32> {
    let packed = word >> 16u;
    if packed == 0u {
        return vec3<f32>(0.0);
    }
    let e = (vec2<f32>(f32(packed & 255u), f32(packed >> 8u)) - 128.0) / 127.0;
    return normalize(vec3<f32>(e.x, 1.0 - abs(e.x) - abs(e.y), e.y));
}

@vertex
fn vertex(v: In) -> Out {
    var out: Out;
    out.position = vec4<f32>(2.0, 2.0, 2.0, 1.0);
    let number = v.corner >> 2u;
    if number >= node.count.x {
        return out;
    }
    let at = number * 5u;
    let tint = points[at + 3u];
    let kind = tint >> 24u;
    if ((look[HIDDEN_AT + (kind >> 5u)] >> (kind & 31u)) & 1u) != 0u {
        return out;
    }
    let p = vec3<f32>(bitcast<f32>(points[at]), bitcast<f32>(points[at + 1u]), bitcast<f32>(points[at + 2u]));
    let world_from_local = mesh_functions::get_world_from_local(v.instance_index);
    let world = mesh_functions::mesh_position_local_to_world(world_from_local, vec4<f32>(p, 1.0));
    out.world_position = world.xyz;
    out.position = position_world_to_clip(world.xyz);

    // How wide a disc has to be to touch its neighbours, by the eighth of the node: nodes below fill some of them.
    var sizes = select(node.lower_m, node.upper_m, p.y >= 0.0);
    let eighth = select(0u, 1u, p.x >= 0.0) + select(0u, 2u, p.z <= 0.0);
    let scale = vec2<f32>(view_bindings::view.clip_from_view[0][0], view_bindings::view.clip_from_view[1][1]);
    let least = node.place.y / view_bindings::view.viewport.zw * out.position.w;
    let side = vec2<f32>(select(-1.0, 1.0, (v.corner & 1u) != 0u), select(-1.0, 1.0, (v.corner & 2u) != 0u));
    let half = max(0.5 * sizes[eighth] * scale, least);
    out.position = vec4<f32>(out.position.xy + side * half, out.position.zw);
    out.disc = vec3<f32>(side, half.y / max(out.position.w, 0.001) * view_bindings::view.viewport.w);

    let mode = look[0];
    let strength = points[at + 4u];
    let height = node.place.x + p.y;
    var color = unpacked(tint);
    if mode == BY_CLASS {
        let word = look[CLASSES_AT + kind];
        color = unpacked(word);
        if (word >> 24u) != 0u {
            let above = height - bitcast<f32>(look[1]);
            color *= mix(0.62, 1.0, clamp(above / SHADED_M, 0.0, 1.0));
        }
    } else if mode == BY_HEIGHT {
        let place = share_of(height, 1u) * 4.0;
        let low = min(u32(place), 3u);
        color = mix(unpacked(look[HEIGHTS_AT + low]), unpacked(look[HEIGHTS_AT + low + 1u]), place - f32(low));
    } else if mode != BY_RGB {
        let share = share_of(f32(strength & 65535u), 3u);
        color = mix(unpacked(look[INTENSITIES_AT]), unpacked(look[INTENSITIES_AT + 1u]), share);
    }
    color = linear_from_srgb(color);
    // Surfaces read as such by the light that they catch; a photo has its own.
    let normal = normal_of(strength);
    if mode != BY_RGB && dot(normal, normal) > 0.0 && view_bindings::lights.n_directional_lights > 0u {
        let towards_eye = view_bindings::view.world_position - world.xyz;
        let facing = select(-normal, normal, dot(normal, towards_eye) > 0.0);
        let lit = dot(facing, view_bindings::lights.directional_lights[0].direction_to_light);
        color *= 0.70 + 0.30 * clamp(0.5 + 0.75 * lit, 0.0, 1.0);
    }
    out.color = color;
    return out;
}

@fragment
fn fragment(in: Out) -> @location(0) vec4<f32> {
    let from_middle = dot(in.disc.xy, in.disc.xy);
    // What is only a few pixels wide stays square: round, it would leave gaps.
    if in.disc.z > 4.0 && from_middle > 1.0 {
        discard;
    }
    // Darker towards the rim, so that discs before one another tell themselves apart.
    let rim = smoothstep(2.0, 6.0, in.disc.z) * 0.18 * from_middle;
    var result = vec4<f32>(in.color * (1.0 - rim), 1.0);
#ifdef DISTANCE_FOG
    let eye_distance = distance(in.world_position, view_bindings::view.world_position);
    result = linear_fog(view_bindings::fog, result, eye_distance, vec3<f32>(0.0));
#endif
    return vec4<f32>(result.rgb, 1.0);
}
