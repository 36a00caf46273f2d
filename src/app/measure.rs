//! The program without any graphics backend, for benchmarks of what the program itself costs.

use super::engine::{self, Surface};
use super::{MainThreadTimes, Stop, program_plugins};
use crate::model::{ActivateScenario, scenario::open_any};
use crate::schedule::Lens;
use crate::view::{
    camera::{CameraCommand, FlyTo, Orbit, OrbitCamera, spawn_main_camera},
    further_views::FurtherView,
    scene::{SceneReady, ShowVariant, SwitchTime},
    site_view::SiteView,
    tiles::{TileSettings, TileStats},
};
use bevy::{app::SubApps, prelude::*};
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// A running program that draws nothing.
pub struct Measured {
    apps: SubApps,
}

impl Measured {
    /// Starts the program with some lenses and nothing open.
    pub fn start(lenses: &[Lens]) -> Self {
        let mut app = App::new();
        app.add_plugins(engine::plugins(Surface::Nothing));
        program_plugins(&mut app, lenses);
        app.finish();
        app.cleanup();
        let mut apps = std::mem::take(app.sub_apps_mut());
        let world = apps.main.world_mut();
        spawn_main_camera(&mut world.commands(), None);
        world.flush();
        apps.update();
        Self { apps }
    }

    /// Opens a path and shows it.
    pub fn open(&mut self, path: &Path) -> Result<(), Stop> {
        let open = open_any(path).map_err(|problems| Stop::Problems { problems })?;
        self.apps
            .main
            .world_mut()
            .write_message(ActivateScenario(Arc::new(open)));
        Ok(())
    }

    /// One frame.
    pub fn step(&mut self) {
        self.apps.update();
    }

    /// Steps until everything in view is there; whether that came in time.
    pub fn settle(&mut self, patience: Duration) -> bool {
        let start = Instant::now();
        while start.elapsed() < patience {
            self.step();
            if self.is_complete() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        false
    }

    /// Turns the camera by some radians.
    pub fn turn(&mut self, radians: f64) {
        self.apps.main.world_mut().write_message(CameraCommand::Turn(radians));
    }

    /// Puts the camera somewhere from the next frame on.
    pub fn look(&mut self, to: Orbit) {
        self.apps.main.world_mut().write_message(FlyTo { to, at_once: true });
    }

    /// Has a further camera look at the city too, until it is taken away by [`Measured::remove_view`].
    pub fn add_view(&mut self, view: SiteView) -> Entity {
        self.apps.main.world_mut().spawn(FurtherView(view)).id()
    }

    /// Takes a further camera away.
    pub fn remove_view(&mut self, view: Entity) {
        self.apps.main.world_mut().despawn(view);
    }

    /// Where the camera goes.
    pub fn camera(&self) -> Orbit {
        self.apps.main.world().resource::<OrbitCamera>().goal()
    }

    /// Draws tiles with this error on the screen from now on, pixels.
    pub fn allow_error(&mut self, pixels: f64) {
        let mut settings = self.apps.main.world_mut().resource_mut::<TileSettings>();
        settings.selection.max_screen_space_error_px = pixels;
    }

    /// Lets tiles take so many bytes from now on.
    pub fn allow_memory(&mut self, bytes: u64) {
        let mut settings = self.apps.main.world_mut().resource_mut::<TileSettings>();
        settings.ceiling_bytes = bytes;
        settings.resident_bytes = bytes / 4 * 3;
    }

    /// Whether everything in view is there.
    pub fn is_complete(&self) -> bool {
        let world = self.apps.main.world();
        world.resource::<SceneReady>().0 && world.resource::<TileStats>().complete
    }

    /// What of the tiles is drawn and loaded.
    pub fn tiles(&self) -> &TileStats {
        self.apps.main.world().resource::<TileStats>()
    }

    /// Switches the variant and returns what that cost the program.
    pub fn switch_variant(&mut self, id: &str) -> Option<Duration> {
        self.apps.main.world_mut().write_message(ShowVariant(id.to_owned()));
        self.step();
        self.apps.main.world().resource::<SwitchTime>().last
    }

    /// The active lens.
    pub fn lens(&self) -> Lens {
        *self.apps.main.world().resource::<State<Lens>>().get()
    }

    /// Times of the main schedule so far; reading them starts a new count.
    pub fn take_times(&mut self) -> MainThreadTimes {
        std::mem::take(&mut *self.apps.main.world_mut().resource_mut::<MainThreadTimes>())
    }
}
