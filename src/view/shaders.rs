//! Whether what is being drawn is drawn whole: in a window shaders are made on other threads while frames go on, and what
//! waits for one is left out of the frame.

use bevy::{
    prelude::*,
    render::{Render, RenderApp, RenderSystems, render_resource::PipelineCache},
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Frames after a camera began to draw until what it needs has been asked for and counted.
const FRAMES_TO_ASK: u32 = 3;
/// Frames after which a shader that is still not there never comes.
const MOST_FRAMES: u32 = 120;

/// How many shaders the frame drawn last waited for.
#[derive(Resource, Debug, Clone, Default)]
pub struct WaitingShaders(Arc<AtomicUsize>);

impl WaitingShaders {
    /// Whether a camera that began to draw so many frames ago draws all there is.
    pub fn are_there(&self, frames: u32) -> bool {
        let is_none_waited_for = self.0.load(Ordering::Relaxed) == 0;
        frames >= MOST_FRAMES || frames >= FRAMES_TO_ASK && is_none_waited_for
    }
}

pub(super) fn plugin(app: &mut App) {
    let waiting = WaitingShaders::default();
    app.insert_resource(waiting.clone());
    if let Some(render) = app.get_sub_app_mut(RenderApp) {
        render
            .insert_resource(waiting)
            .add_systems(Render, count.in_set(RenderSystems::Cleanup));
    }
}

fn count(shaders: Res<PipelineCache>, waiting: Res<WaitingShaders>) {
    waiting.0.store(shaders.waiting_pipelines().count(), Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_waits_for_its_shaders_but_not_for_ever() {
        let waiting = WaitingShaders::default();
        assert!(
            !waiting.are_there(0) && !waiting.are_there(2),
            "nothing was asked for yet"
        );
        assert!(waiting.are_there(3));
        waiting.0.store(1, Ordering::Relaxed);
        assert!(!waiting.are_there(3) && !waiting.are_there(119));
        assert!(waiting.are_there(120));
    }
}
