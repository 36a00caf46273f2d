//! What the graphics card takes, told to the threads that unpack pictures.

use crate::geometry::TextureSupport;
use bevy::{
    image::{CompressedImageFormatSupport, CompressedImageFormats},
    prelude::*,
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

#[cfg(test)]
mod tests {
    use super::*;

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
