// The sky behind the model: a gradient by the height of the line of sight, with a soft glow at the sun.

#import bevy_pbr::mesh_view_bindings::view

struct Sky {
    zenith: vec4<f32>,
    horizon: vec4<f32>,
    ground: vec4<f32>,
    // xyz: towards the sun, w: strength of the glow
    sun: vec4<f32>,
}

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<uniform> sky: Sky;

struct Out {
    @builtin(position) position: vec4<f32>,
    @location(0) ndc: vec2<f32>,
}

@vertex
fn vertex(@location(0) position: vec3<f32>) -> Out {
    var out: Out;
    // The corners are given in clip space; depth 0 is infinitely far.
    out.position = vec4<f32>(position.xy, 0.0, 1.0);
    out.ndc = position.xy;
    return out;
}

@fragment
fn fragment(in: Out) -> @location(0) vec4<f32> {
    let near = view.world_from_clip * vec4<f32>(in.ndc, 1.0, 1.0);
    let sight = normalize(near.xyz / near.w - view.world_position);
    let up = sight.y;
    let above = mix(sky.horizon.rgb, sky.zenith.rgb, pow(clamp(up, 0.0, 1.0), 0.55));
    let below = mix(sky.horizon.rgb, sky.ground.rgb, smoothstep(0.0, 0.25, -up));
    var color = select(below, above, up >= 0.0);
    let glow = pow(max(dot(sight, sky.sun.xyz), 0.0), 24.0) * sky.sun.w;
    color = mix(color, vec3<f32>(1.0, 0.97, 0.90), clamp(glow, 0.0, 0.6));
    // As in the paper's shader: no bands.
    let noise = fract(52.9829189 * fract(dot(in.position.xy, vec2<f32>(0.06711056, 0.00583715)))) - 0.5;
    color += noise * (2.0 / 255.0) * sqrt(max(color, vec3<f32>(0.001)));
    return vec4<f32>(color, 1.0);
}
