//! The sun at the real place for a date and time, the sky around it, and a fill so that no façade is black.
//!
//! Exposure is fixed: with both light strengths chosen for it, a level white surface at noon comes out just
//! below white, and two pictures compare. Grid bearings are true azimuths less the grid's convergence.

use super::{
    camera::MainCamera, camera::OrbitCamera, feature_material::PaperMesh, palette, quality::Quality,
    scene::ScenarioShown, scene::ShownScenario,
};
use crate::georef::{SiteFrame, SitePos, narrow, render_axes};
use crate::schedule::FrameSystems;
use bevy::{
    asset::{load_internal_asset, uuid_handle},
    camera::{Exposure, visibility::NoFrustumCulling},
    light::{CascadeShadowConfig, CascadeShadowConfigBuilder, GlobalAmbientLight, NotShadowCaster},
    math::DVec3,
    mesh::MeshVertexBufferLayoutRef,
    pbr::{Material, MaterialPipeline, MaterialPipelineKey, MaterialPlugin},
    prelude::*,
    render::render_resource::{AsBindGroup, RenderPipelineDescriptor, ShaderType, SpecializedMeshPipelineError},
    shader::ShaderRef,
};
use jiff::{Timestamp, tz::TimeZone};
use solar_positioning::{Location, RefractionCorrection, SolarPositions, time::JulianDate};

/// Exposure at which a light of strength one on paper of colour one gives one.
pub(crate) const EXPOSURE: Exposure = Exposure {
    // log2(1 / 1.2): Bevy's exposure is 1 / (1.2 · 2^EV).
    ev100: -0.263_034_4,
};

/// Strength of the sun on a surface that faces it, and of the sky.
const SUN_STRENGTH: f32 = 0.74;
const SKY_STRENGTH: f32 = 0.47;
/// TT − UT1 in seconds: 69.2 in 2024; a second more or less turns the sun by 0.004°.
const DELTA_T_S: f64 = 69.2;

/// Date and time of the sun.
#[derive(Resource, Debug, Clone, Copy, PartialEq)]
pub struct SunTime(pub Timestamp);

impl Default for SunTime {
    /// An afternoon in spring, when façades and streets both have light.
    fn default() -> Self {
        Self(Timestamp::from_second(1_774_101_600).unwrap_or(Timestamp::UNIX_EPOCH))
    }
}

/// Request: another date and time of the sun.
#[derive(Message, Debug, Clone, Copy)]
pub struct SetSunTime(pub Timestamp);

/// Where the sun stands.
#[derive(Resource, Debug, Clone, Copy, PartialEq)]
pub struct SunPosition {
    /// Bearing from grid north, clockwise, radians.
    pub bearing_rad: f64,
    /// Above the horizon, radians.
    pub elevation_rad: f64,
}

impl Default for SunPosition {
    /// For data without a place: from the south-west, half way up.
    fn default() -> Self {
        Self {
            bearing_rad: 220_f64.to_radians(),
            elevation_rad: 42_f64.to_radians(),
        }
    }
}

impl SunPosition {
    /// Towards the sun, site frame, unit length.
    pub fn direction(&self) -> DVec3 {
        let (sin_b, cos_b) = self.bearing_rad.sin_cos();
        let (sin_e, cos_e) = self.elevation_rad.sin_cos();
        DVec3::new(sin_b * cos_e, cos_b * cos_e, sin_e)
    }
}

/// Where the sun stands at a time over a site's zero; `None` for data without a place.
pub fn sun_position(site: &SiteFrame, time: Timestamp) -> Option<SunPosition> {
    let place = site.lon_lat_h_from_site(SitePos(DVec3::ZERO)).ok()?;
    let utc = time.to_zoned(TimeZone::UTC);
    let unsigned = |value: i8| u32::try_from(value).unwrap_or(0);
    let second = f64::from(utc.second()) + f64::from(utc.millisecond()) / 1000.0;
    let julian = JulianDate::from_utc(
        i32::from(utc.year()),
        unsigned(utc.month()),
        unsigned(utc.day()),
        unsigned(utc.hour()),
        unsigned(utc.minute()),
        second,
        DELTA_T_S,
    )
    .ok()?;
    let location = Location {
        latitude: place.lat_deg,
        longitude: place.lon_deg,
    };
    let seen = SolarPositions::new()
        .at_from_julian(julian, location, 0.0, Some(RefractionCorrection::standard()))
        .ok()?;
    Some(SunPosition {
        bearing_rad: seen.azimuth().to_radians() - site.grid_convergence_rad(),
        elevation_rad: seen.elevation_angle().to_radians(),
    })
}

/// Light and sky for an elevation of the sun.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Daylight {
    sun_color: Vec3,
    sun_strength: f32,
    sky_color: Vec3,
    sky_strength: f32,
    zenith: Vec3,
    horizon: Vec3,
    glow: f32,
}

fn daylight(elevation_rad: f64) -> Daylight {
    let [degrees, ..] = narrow(DVec3::new(elevation_rad.to_degrees(), 0.0, 0.0));
    let up = smooth(-0.8, 7.0, degrees);
    let high = smooth(2.0, 28.0, degrees);
    let day = smooth(-9.0, 6.0, degrees);
    let linear = |c: palette::Rgb| {
        let c = Color::srgb_u8(c[0], c[1], c[2]).to_linear();
        Vec3::new(c.red, c.green, c.blue)
    };
    let dusk_zenith = linear([0x5E, 0x6E, 0x92]);
    let dusk_horizon = linear([0xD9, 0xB8, 0xA6]);
    let low_horizon = linear([0xF4, 0xE2, 0xCD]);
    let day_horizon = low_horizon.lerp(linear(palette::SKY_HORIZON), high);
    Daylight {
        sun_color: Vec3::new(1.0, 0.72, 0.46).lerp(Vec3::new(1.0, 0.975, 0.935), high),
        sun_strength: SUN_STRENGTH * up,
        sky_color: Vec3::new(0.80, 0.86, 1.0).lerp(Vec3::new(0.965, 0.985, 1.0), day),
        sky_strength: SKY_STRENGTH * (0.42 + 0.58 * day),
        zenith: dusk_zenith.lerp(linear(palette::SKY_ZENITH), day),
        horizon: dusk_horizon.lerp(day_horizon, day),
        glow: 0.35 * up,
    }
}

fn smooth(from: f32, to: f32, x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

#[derive(Debug, Clone, Copy, ShaderType)]
struct SkyColors {
    zenith: Vec4,
    horizon: Vec4,
    ground: Vec4,
    sun: Vec4,
}

/// The sky behind everything.
#[derive(Asset, AsBindGroup, TypePath, Debug, Clone)]
struct SkyMaterial {
    #[uniform(0)]
    colors: SkyColors,
}

const SKY_SHADER: Handle<Shader> = uuid_handle!("5b3c2f0e-3a52-4d9b-9a64-0d1f4c6f7a13");

impl Material for SkyMaterial {
    fn vertex_shader() -> ShaderRef {
        SKY_SHADER.into()
    }
    fn fragment_shader() -> ShaderRef {
        SKY_SHADER.into()
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
        descriptor.vertex.buffers = vec![layout.0.get_layout(&[Mesh::ATTRIBUTE_POSITION.at_shader_location(0)])?];
        descriptor.primitive.cull_mode = None;
        Ok(())
    }
}

#[derive(Resource)]
struct Sky(Handle<SkyMaterial>);

/// The sun of the main view.
#[derive(Component)]
struct Sun;

pub(crate) fn plugin(app: &mut App) {
    load_internal_asset!(app, SKY_SHADER, "../../assets/shaders/sky.wgsl", Shader::from_wgsl);
    app.init_resource::<SunTime>()
        .add_message::<SetSunTime>()
        .init_resource::<SunPosition>()
        .add_plugins(MaterialPlugin::<SkyMaterial>::default())
        .add_systems(Startup, hang_sky)
        .add_systems(
            Update,
            (
                (set_time, follow_time).chain().in_set(FrameSystems::Derive),
                (shine, fit_shadows).in_set(FrameSystems::Present),
            ),
        );
}

fn hang_sky(mut commands: Commands, mut meshes: ResMut<Assets<Mesh>>, mut materials: ResMut<Assets<SkyMaterial>>) {
    let mut triangle = PaperMesh::default();
    for corner in [[-1.0, -1.0, 0.0], [3.0, -1.0, 0.0], [-1.0, 3.0, 0.0]] {
        triangle.vertex(Vec3::from_array(corner), Vec3::Y, 0, palette::PAPER);
    }
    let day = daylight(0.7);
    let material = materials.add(SkyMaterial {
        colors: sky_colors(&day, DVec3::Z),
    });
    commands.insert_resource(Sky(material.clone()));
    commands.spawn((
        Mesh3d(meshes.add(triangle.into_triangles())),
        MeshMaterial3d(material),
        NoFrustumCulling,
        NotShadowCaster,
    ));
    commands.spawn((
        Sun,
        DirectionalLight {
            shadow_maps_enabled: true,
            // Small against the texels of one coarse shadow map, or low houses would lose their shadows.
            shadow_depth_bias: 0.05,
            shadow_normal_bias: 0.7,
            ..DirectionalLight::default()
        },
    ));
}

fn sky_colors(day: &Daylight, towards_sun: DVec3) -> SkyColors {
    let sun = Vec3::from_array(narrow(render_axes(towards_sun)));
    SkyColors {
        zenith: day.zenith.extend(1.0),
        horizon: day.horizon.extend(1.0),
        ground: (day.horizon * 0.94).extend(1.0),
        sun: sun.extend(day.glow),
    }
}

fn set_time(
    mut shown: MessageReader<ScenarioShown>,
    mut wishes: MessageReader<SetSunTime>,
    scenario: Option<Res<ShownScenario>>,
    mut time: ResMut<SunTime>,
) {
    if let (Some(_), Some(scenario)) = (shown.read().last(), scenario) {
        let start = scenario.open.scenario.start_time;
        time.set_if_neq(start.map_or_else(SunTime::default, SunTime));
    }
    if let Some(SetSunTime(wanted)) = wishes.read().last() {
        time.set_if_neq(SunTime(*wanted));
    }
}

fn follow_time(
    time: Res<SunTime>,
    scenario: Option<Res<ShownScenario>>,
    mut site: Local<Option<SiteFrame>>,
    mut position: ResMut<SunPosition>,
) {
    let here = scenario.map(|s| s.open.scenario.area.site);
    if !time.is_changed() && *site == here {
        return;
    }
    *site = here;
    let found = here.and_then(|site| sun_position(&site, time.0)).unwrap_or_default();
    position.set_if_neq(found);
}

fn shine(
    position: Res<SunPosition>,
    sky: Res<Sky>,
    mut ambient: ResMut<GlobalAmbientLight>,
    mut materials: ResMut<Assets<SkyMaterial>>,
    mut suns: Query<(&mut DirectionalLight, &mut Transform), With<Sun>>,
    mut fogs: Query<&mut DistanceFog, With<MainCamera>>,
    added: Query<(), Added<MainCamera>>,
) {
    if !position.is_changed() && added.is_empty() {
        return;
    }
    let day = daylight(position.elevation_rad);
    // Below the horizon the light still comes from somewhere: from low down where the sun went.
    let towards = SunPosition {
        elevation_rad: position.elevation_rad.max(1_f64.to_radians()),
        ..*position
    }
    .direction();
    let color = |c: Vec3| Color::LinearRgba(LinearRgba::rgb(c.x, c.y, c.z));
    for (mut light, mut transform) in &mut suns {
        light.color = color(day.sun_color);
        light.illuminance = day.sun_strength * std::f32::consts::PI;
        light.shadow_maps_enabled = day.sun_strength > 0.01;
        *transform = Transform::default().looking_to(-Vec3::from_array(narrow(render_axes(towards))), Vec3::Y);
    }
    ambient.color = color(day.sky_color);
    ambient.brightness = day.sky_strength;
    for mut fog in &mut fogs {
        fog.color = color(day.horizon);
    }
    if let Some(mut material) = materials.get_mut(&sky.0) {
        material.colors = sky_colors(&day, position.direction());
    }
}

/// Shadows reach as far as the view needs and no further, so that their texels stay small.
fn fit_shadows(
    camera: Res<OrbitCamera>,
    quality: Res<Quality>,
    mut fitted: Local<Option<(f32, usize)>>,
    mut suns: Query<&mut CascadeShadowConfig, With<Sun>>,
) {
    let preset = quality.preset().settings();
    let [distance, ..] = narrow(DVec3::new(camera.shown().distance_m, 0.0, 0.0));
    let reach = (distance * 1.8).clamp(60.0, preset.shadow_reach_m);
    if fitted.is_some_and(|(old, cascades)| cascades == preset.cascades && (old / reach - 1.0).abs() < 0.15) {
        return;
    }
    *fitted = Some((reach, preset.cascades));
    for mut config in &mut suns {
        *config = CascadeShadowConfigBuilder {
            num_cascades: preset.cascades,
            minimum_distance: 0.1,
            maximum_distance: reach,
            first_cascade_far_bound: (distance * 0.35).clamp(12.0, reach * 0.5),
            overlap_proportion: 0.15,
        }
        .build();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::georef::RdNap;

    fn hengelo() -> SiteFrame {
        SiteFrame::RdNap {
            anchor: RdNap {
                x_m: 251_000.0,
                y_m: 476_250.0,
                nap_m: 17.0,
            },
        }
    }

    #[test]
    fn the_sun_stands_where_the_almanac_says_turned_by_the_grid() {
        // Solar noon at 6.79° E on the March equinox of 2026 is at 11:40:15 UTC; the sun then stands due south
        // at 90° − 52.27° + 0.1° declination, and refraction lifts it by 0.02°.
        let time: Timestamp = "2026-03-20T11:40:15Z".parse().unwrap();
        let sun = sun_position(&hengelo(), time).unwrap();
        let bearing = sun.bearing_rad.to_degrees();
        assert!((bearing - (180.0 - 1.111)).abs() < 0.15, "grid bearing {bearing}");
        assert!(
            (sun.elevation_rad.to_degrees() - 37.65).abs() < 0.15,
            "{}",
            sun.elevation_rad.to_degrees()
        );
        assert!(sun_position(&SiteFrame::Local, time).is_none());
    }

    #[test]
    fn the_direction_follows_the_compass() {
        let west = SunPosition {
            bearing_rad: 270_f64.to_radians(),
            elevation_rad: 0.0,
        };
        assert!(west.direction().distance(DVec3::NEG_X) < 1e-12);
    }

    #[test]
    fn noon_does_not_burn_out_and_night_is_not_black() {
        let noon = daylight(61_f64.to_radians());
        let wall = Color::srgb_u8(palette::WALL[0], palette::WALL[1], palette::WALL[2])
            .to_linear()
            .red;
        let level = noon.sun_strength * 61_f32.to_radians().sin() + noon.sky_strength;
        assert!(
            wall * level < 1.0,
            "a level white surface at its brightest: {}",
            wall * level
        );
        let night = daylight(-0.5);
        assert!(night.sun_strength < 1e-6 && night.sky_strength > 0.1);
    }

    #[test]
    fn evening_is_warmer_than_noon() {
        let (noon, evening) = (daylight(1.0), daylight(0.05));
        assert!(evening.sun_color.z < noon.sun_color.z && evening.sun_strength < noon.sun_strength);
    }
}
