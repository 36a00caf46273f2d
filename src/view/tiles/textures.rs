//! Pictures of tiles: what the graphics card takes, told to the threads that unpack them, and what is unpacked for Bevy.

use crate::geometry::{TexelFormat, Texture, TextureSupport, Wrap};
use bevy::{
    asset::RenderAssetUsages,
    image::{
        CompressedImageFormatSupport, CompressedImageFormats, ImageAddressMode, ImageFilterMode, ImageSampler,
        ImageSamplerDescriptor,
    },
    prelude::*,
    render::render_resource::{Extent3d, TextureDimension, TextureFormat},
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// What the graphics card takes; nothing compressed until it has been asked. Clones share one answer.
#[derive(Resource, Debug, Clone, Default)]
pub(super) struct SharedTextureSupport {
    bc7: Arc<AtomicBool>,
}

impl SharedTextureSupport {
    /// The answer so far.
    pub(super) fn now(&self) -> TextureSupport {
        TextureSupport {
            bc7: self.bc7.load(Ordering::Relaxed),
        }
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<SharedTextureSupport>()
        .add_systems(Startup, ask_graphics_card);
}

/// The card is known from the first frame on; without one (tests) there is no answer and texels stay plain.
fn ask_graphics_card(formats: Option<Res<CompressedImageFormatSupport>>, shared: Res<SharedTextureSupport>) {
    let bc7 = formats.is_some_and(|formats| formats.0.contains(CompressedImageFormats::BC));
    shared.bc7.store(bc7, Ordering::Relaxed);
}

/// A decoded texture for Bevy.
pub(super) fn image_from_texture(texture: Texture) -> Image {
    let format = match (texture.format, texture.srgb) {
        (TexelFormat::Rgba8, true) => TextureFormat::Rgba8UnormSrgb,
        (TexelFormat::Rgba8, false) => TextureFormat::Rgba8Unorm,
        (TexelFormat::Bc7, true) => TextureFormat::Bc7RgbaUnormSrgb,
        (TexelFormat::Bc7, false) => TextureFormat::Bc7RgbaUnorm,
    };
    let size = Extent3d {
        width: texture.width,
        height: texture.height,
        depth_or_array_layers: 1,
    };
    let mut image = Image::new_uninit(size, TextureDimension::D2, format, RenderAssetUsages::RENDER_WORLD);
    image.texture_descriptor.mip_level_count = texture.levels;
    image.data = Some(texture.texels);
    let [address_mode_u, address_mode_v] = texture.wrap.map(|wrap| match wrap {
        Wrap::Repeat => ImageAddressMode::Repeat,
        Wrap::Mirror => ImageAddressMode::MirrorRepeat,
        Wrap::Clamp => ImageAddressMode::ClampToEdge,
    });
    image.sampler = ImageSampler::Descriptor(ImageSamplerDescriptor {
        address_mode_u,
        address_mode_v,
        mag_filter: ImageFilterMode::Linear,
        min_filter: ImageFilterMode::Linear,
        mipmap_filter: if texture.levels > 1 {
            ImageFilterMode::Linear
        } else {
            ImageFilterMode::Nearest
        },
        ..ImageSamplerDescriptor::default()
    });
    image
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_texture_keeps_its_form_and_levels() {
        let blocks = Texture {
            format: TexelFormat::Bc7,
            levels: 3,
            ..Texture::plain(8, 4, vec![1; 16 * 4])
        };
        let image = image_from_texture(blocks);
        assert_eq!(image.texture_descriptor.format, TextureFormat::Bc7RgbaUnormSrgb);
        assert_eq!(
            (
                image.texture_descriptor.mip_level_count,
                image.data.map(|data| data.len())
            ),
            (3, Some(64))
        );
        let plain = image_from_texture(Texture::plain(1, 1, vec![0; 4]));
        assert_eq!(plain.texture_descriptor.format, TextureFormat::Rgba8UnormSrgb);
    }

    #[test]
    fn workers_learn_what_the_card_takes_once_it_is_known() {
        for (formats, bc7) in [
            (None, false),
            (Some(CompressedImageFormats::ETC2), false),
            (Some(CompressedImageFormats::BC), true),
        ] {
            let mut app = App::new();
            app.add_plugins(plugin);
            let of_worker = app.world().resource::<SharedTextureSupport>().clone();
            assert_eq!(of_worker.now(), TextureSupport::default());
            if let Some(formats) = formats {
                app.insert_resource(CompressedImageFormatSupport(formats));
            }
            app.update();
            assert_eq!(of_worker.now().bc7, bc7, "{formats:?}");
        }
    }
}
