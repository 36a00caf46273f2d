//! Puts plugins together for a window, for a picture and for measuring; no other module knows all of them.

mod area_map;
#[cfg(feature = "automation")]
mod automation;
mod choices;
mod desk;
mod detail;
mod dialog;
mod engine;
mod export;
mod frame_time;
mod heights;
mod keep;
mod keys;
mod kiosk;
mod machine;
mod measure;
mod models;
mod names;
mod network;
mod notes;
mod open;
mod own_list;
mod picture;
mod render;
mod save;
mod search;
mod shipped;
mod stamp;
#[cfg(feature = "automation")]
mod state;
mod stop;
mod sun_clock;
mod system;
mod take_along;
mod window;

pub use export::{ExportOptions, ExportReport, export};
pub use frame_time::MainThreadTimes;
pub use kiosk::{KioskStart, run_kiosk};
pub use measure::Measured;
pub use open::{OpenPath, PathOpened};
pub use render::{RenderOptions, RenderReport, render};
pub use stop::Stop;
pub use take_along::Attended;
pub use window::{WindowOptions, run_window};

use crate::schedule::{self, Lens};
use crate::{lenses, model, view};
use bevy::prelude::*;

/// Everything of the program that needs no window: the model, the view and the given lenses.
fn program_plugins(app: &mut App, lenses: &[Lens]) {
    app.init_state::<Lens>();
    engine::run_on_one_thread(app);
    app.set_error_handler(engine::report).add_plugins((
        schedule::plugin,
        model::edit::plugin,
        view::ViewPlugin,
        frame_time::plugin,
        open::plugin,
    ));
    for lens in lenses {
        lenses::add(app, *lens);
    }
    // A run without the first lens starts in the first it has.
    if let Some(first) = lenses.iter().min() {
        app.insert_state(*first);
    }
}
