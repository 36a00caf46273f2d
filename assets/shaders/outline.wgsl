// The outline of what is picked: a band given in clip space, soft at its rims, over the finished picture.

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<uniform> outline_color: vec4<f32>;
// x: width of the white line, y: width of the colour (pixels), z: strength of what is covered
@group(#{MATERIAL_BIND_GROUP}) @binding(1) var<uniform> bands: vec4<f32>;

struct In {
    // Clip space x and y; pixels off the outline, outside positive.
    @location(0) position: vec3<f32>,
    // x: 1 where nothing stands before it, else 0
    @location(1) seen: vec2<f32>,
}

struct Out {
    @builtin(position) position: vec4<f32>,
    @location(0) across: f32,
    @location(1) seen: f32,
}

@vertex
fn vertex(in: In) -> Out {
    var out: Out;
    // Depth is reversed: one is nearest, so nothing covers the band.
    out.position = vec4<f32>(in.position.xy, 1.0, 1.0);
    out.across = in.position.z;
    out.seen = in.seen.x;
    return out;
}

@fragment
fn fragment(in: Out) -> @location(0) vec4<f32> {
    let outside = clamp(in.across + 0.5, 0.0, 1.0);
    let cover = clamp(bands.y - in.across + 0.5, 0.0, 1.0) * clamp(bands.x + in.across + 0.5, 0.0, 1.0);
    let color = mix(vec3<f32>(1.0), outline_color.rgb, outside);
    // Behind something else only the colour is hinted at.
    let strength = mix(bands.z * outside, 1.0, in.seen);
    return vec4<f32>(color, cover * strength);
}
