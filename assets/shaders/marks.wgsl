// Points and lines of tiles, pulled out of a buffer: a vertex is a corner of a point or of a straight piece of a line
// and carries nothing but its number. Every point has its feature's row, as vertices of the paper city have.

#import bevy_pbr::{
    mesh_functions,
    mesh_view_bindings as view_bindings,
    view_transformations::position_world_to_clip,
}
#ifdef DISTANCE_FOG
#import bevy_pbr::fog::linear_fog
#endif

const HIDDEN: u32 = 0x80000000u;
const RECOLOURED: u32 = 0x40000000u;
const LIFTED: u32 = 0x20000000u;
const WORDS: u32 = 6u;
// Nearer to the eye than this nothing is drawn (metres).
const NEAR_M: f32 = 0.05;

struct Marks {
    lower_m: vec4<f32>,
    upper_m: vec4<f32>,
    // xyz: where the eighths meet; w: pull of lines towards the eye (share of the distance)
    middle: vec4<f32>,
    // x: least, y: most diameter of a point on the screen; z: width of a line (pixels)
    sizes_px: vec4<f32>,
    count: vec4<u32>,
}

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<storage, read> marks: array<u32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(1) var<storage, read> rows: array<vec2<u32>>;
@group(#{MATERIAL_BIND_GROUP}) @binding(2) var<uniform> settings: Marks;

struct In {
    @builtin(instance_index) instance_index: u32,
    @location(0) corner: u32,
}

struct Out {
    @builtin(position) position: vec4<f32>,
    @location(0) color: vec4<f32>,
    // Place in the disc, its rim at 1; how many pixels it is wide.
    @location(1) disc: vec3<f32>,
    @location(2) world_position: vec3<f32>,
    // How the surface through the point faces; zero where there is none.
    @location(3) @interpolate(flat) normal: vec3<f32>,
}

fn linear_from_srgb(c: vec3<f32>) -> vec3<f32> {
    return select(pow((c + 0.055) / 1.055, vec3<f32>(2.4)), c / 12.92, c <= vec3<f32>(0.04045));
}

/// The direction that a surface through the point faces; zero where there is none.
fn normal_of(packed: u32) -> vec3<f32> {
    if packed == 0u {
        return vec3<f32>(0.0);
    }
    let e = (vec2<f32>(f32(packed & 255u), f32(packed >> 8u)) - 128.0) / 127.0;
    return normalize(vec3<f32>(e.x, 1.0 - abs(e.x) - abs(e.y), e.y));
}

fn place_of(number: u32) -> vec3<f32> {
    let at = number * WORDS;
    return vec3<f32>(bitcast<f32>(marks[at]), bitcast<f32>(marks[at + 1u]), bitcast<f32>(marks[at + 2u]));
}

@vertex
fn vertex(v: In) -> Out {
    var out: Out;
    out.position = vec4<f32>(2.0, 2.0, 2.0, 1.0);
    let element = v.corner >> 2u;
    if element >= settings.count.x {
        return out;
    }
    let side = vec2<f32>(select(-1.0, 1.0, (v.corner & 1u) != 0u), select(-1.0, 1.0, (v.corner & 2u) != 0u));
#ifdef MARK_LINES
    let number = element * 2u + (v.corner & 1u);
#else
    let number = element;
#endif
    let row = rows[mesh_functions::get_tag(v.instance_index) + marks[number * WORDS + 4u]].x;
    if (row & HIDDEN) != 0u {
        return out;
    }
    let world_from_local = mesh_functions::get_world_from_local(v.instance_index);
    let p = place_of(number);
    let world = mesh_functions::mesh_position_local_to_world(world_from_local, vec4<f32>(p, 1.0));
    let position = position_world_to_clip(world.xyz);
    let viewport = view_bindings::view.viewport.zw;
    out.world_position = world.xyz;
#ifdef MARK_LINES
    let q = place_of(number ^ 1u);
    let other_world = mesh_functions::mesh_position_local_to_world(world_from_local, vec4<f32>(q, 1.0));
    let other = position_world_to_clip(other_world.xyz);
    // An end behind the eye has no place on the screen: the line is cut before it.
    if position.w < NEAR_M && other.w < NEAR_M {
        return out;
    }
    var here = position;
    var there = other;
    if here.w < NEAR_M {
        here = mix(position, other, (NEAR_M - position.w) / (other.w - position.w));
    }
    if there.w < NEAR_M {
        there = mix(other, position, (NEAR_M - other.w) / (position.w - other.w));
    }
    var along = (there.xy / there.w - here.xy / here.w) * viewport * -side.x;
    let length = max(length(along), 0.0001);
    let aside = vec2<f32>(-along.y, along.x) / length * side.y;
    here = vec4<f32>(here.xy + aside * settings.sizes_px.z / viewport * here.w, here.zw);
    // Depth is reversed: a larger z is nearer. Lines are pulled off the faces they lie on.
    here.z *= 1.0 + settings.middle.w;
    out.position = here;
    out.disc = vec3<f32>(0.0);
#else
    // How wide a disc has to be to touch its neighbours, by the eighth: tiles below fill some of them.
    let d = p - settings.middle.xyz;
    let sizes = select(settings.lower_m, settings.upper_m, d.y >= 0.0);
    let eighth = select(0u, 1u, d.x >= 0.0) + select(0u, 2u, d.z <= 0.0);
    let scale = vec2<f32>(view_bindings::view.clip_from_view[0][0], view_bindings::view.clip_from_view[1][1]);
    let pixel = position.w / viewport;
    let half = clamp(0.5 * sizes[eighth] * scale, settings.sizes_px.x * pixel, settings.sizes_px.y * pixel);
    out.position = vec4<f32>(position.xy + side * half, position.zw);
    out.disc = vec3<f32>(side, half.y / max(position.w, 0.001) * viewport.y);
#endif
    out.color = unpack4x8unorm(marks[number * WORDS + 3u]);
    if (row & RECOLOURED) != 0u {
        let c = vec3<f32>(f32((row >> 16u) & 255u), f32((row >> 8u) & 255u), f32(row & 255u)) / 255.0;
        out.color = vec4<f32>(c, out.color.a);
    }
    out.color = vec4<f32>(linear_from_srgb(out.color.rgb), out.color.a);
    if (row & LIFTED) != 0u {
        // A cloud has no outline, so what is picked of it shows by its colour: that of the selection.
        out.color = mix(out.color, vec4<f32>(0.371, 0.0, 0.153, 1.0), 0.6);
    }
    let normal = normal_of(marks[number * WORDS + 5u]);
    let towards_eye = view_bindings::view.world_position - world.xyz;
    out.normal = select(-normal, normal, dot(normal, towards_eye) > 0.0);
    return out;
}

@fragment
fn fragment(in: Out) -> @location(0) vec4<f32> {
    let from_middle = dot(in.disc.xy, in.disc.xy);
    // What is only a few pixels wide stays square: round, it would leave gaps.
    if in.disc.z > 4.0 && from_middle > 1.0 {
        discard;
    }
    var color = in.color.rgb;
    // Surfaces read as such by the light that they catch.
    if dot(in.normal, in.normal) > 0.0 && view_bindings::lights.n_directional_lights > 0u {
        let lit = dot(in.normal, view_bindings::lights.directional_lights[0].direction_to_light);
        color *= 0.70 + 0.30 * clamp(0.5 + 0.75 * lit, 0.0, 1.0);
    }
    // Darker towards the rim, so that discs before one another tell themselves apart.
    let rim = smoothstep(2.0, 6.0, in.disc.z) * 0.10 * from_middle;
    var result = vec4<f32>(color * (1.0 - rim), 1.0);
#ifdef DISTANCE_FOG
    let eye_distance = distance(in.world_position, view_bindings::view.world_position);
    result = linear_fog(view_bindings::fog, result, eye_distance, vec3<f32>(0.0));
#endif
#ifdef MARK_BLEND
    return vec4<f32>(result.rgb, in.color.a);
#else
    return vec4<f32>(result.rgb, 1.0);
#endif
}
