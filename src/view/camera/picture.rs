//! The entities that draw the city: the camera, how it draws, and pictures to draw into.

use super::MainCamera;
use crate::view::site_view::FOV_Y_RAD;
use bevy::{
    asset::RenderAssetUsages,
    camera::{RenderTarget, visibility::RenderLayers},
    core_pipeline::tonemapping::{DebandDither, Tonemapping},
    pbr::{DistanceFog, FogFalloff},
    prelude::*,
    render::render_resource::{Extent3d, TextureDimension, TextureFormat, TextureUsages},
};

/// Layer of what only the main camera draws; everything else is on the first, which every camera draws.
pub(in crate::view) const MAIN_CAMERA_LAYER: usize = 1;

/// Spawns the camera that shows the city, into the window or into a picture.
pub fn spawn_main_camera(commands: &mut Commands, target: Option<Handle<Image>>) -> Entity {
    let mut camera = commands.spawn((
        MainCamera,
        Camera3d::default(),
        Projection::Perspective(PerspectiveProjection {
            #[expect(clippy::cast_possible_truncation, reason = "an angle")]
            fov: FOV_Y_RAD as f32,
            near: 0.5,
            far: 100_000.0,
            ..PerspectiveProjection::default()
        }),
        look(),
        RenderLayers::from_layers(&[0, MAIN_CAMERA_LAYER]),
        DistanceFog {
            color: Color::srgb_u8(
                crate::view::palette::SKY_HORIZON[0],
                crate::view::palette::SKY_HORIZON[1],
                crate::view::palette::SKY_HORIZON[2],
            ),
            falloff: FogFalloff::Linear {
                start: 2000.0,
                end: 20_000.0,
            },
            ..DistanceFog::default()
        },
    ));
    if let Some(image) = target {
        camera.insert(RenderTarget::from(image));
    }
    camera.id()
}

/// How every camera of the city draws: what the material computes is the colour shown, without a curve and without
/// automatic exposure, so that two pictures compare.
pub fn look() -> impl Bundle {
    (
        Tonemapping::None,
        DebandDither::Disabled,
        crate::view::sun::EXPOSURE,
        Msaa::Off,
    )
}

/// A picture that a camera can draw into and a screenshot can read, `width` × `height` pixels.
pub fn picture_target(width: u32, height: u32) -> Image {
    let size = Extent3d {
        width: width.max(1),
        height: height.max(1),
        depth_or_array_layers: 1,
    };
    let mut image = Image::new_uninit(
        size,
        TextureDimension::D2,
        TextureFormat::Rgba8UnormSrgb,
        RenderAssetUsages::RENDER_WORLD,
    );
    image.texture_descriptor.usage |= TextureUsages::RENDER_ATTACHMENT | TextureUsages::COPY_SRC;
    image
}
