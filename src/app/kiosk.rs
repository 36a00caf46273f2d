//! The program as a kiosk: full screen, the participation lens alone, no desk, no way out but the code of staff.

use super::desk::ShownZones;
use super::heights::kept_heights;
use super::names::paint_names;
use super::open::{OpenPath, PathOpened};
use super::sun_clock::SunClock;
use super::window::interface_plugin;
use super::{Stop, engine, machine, program_plugins};
use crate::lenses::participation::kiosk::{self, EndKiosk, FreeView, KioskOpened, KioskOptions, KioskState, PutSunAt};
use crate::model::store::{self, StoreError, StoreHandle};
use crate::model::{ActivateScenario, scenario};
use crate::schedule::{FrameSystems, InterfaceSystems, Lens};
use crate::ui::shell::{SideZone, Zones};
use crate::view::tiles::HeightsOfTiles;
use crate::view::{
    camera::{Bounds, InputCapture, OrbitCamera},
    scene::{ScenarioShown, ShownScenario},
    sun::{SetSunTime, SunTime},
};
use bevy::{
    input::{InputSystems, touch::Touch},
    math::DVec2,
    prelude::*,
    window::{MonitorSelection, PresentMode, PrimaryWindow, WindowMode, WindowResolution},
};
use bevy_egui::{EguiPrimaryContextPass, egui};
use std::path::{Path, PathBuf};

/// How far beyond its outline a visitor may look, as a share of the area's half diagonal.
const REACH: f64 = 1.2;
/// How far away a visitor may go, as a share of the same.
const DISTANCE: f64 = 3.0;

/// What the kiosk shows and how.
#[derive(Debug, Clone, Default)]
pub struct KioskStart {
    /// The scenario.
    pub path: PathBuf,
    /// Every reaction is a trial.
    pub practice: bool,
    /// Staff choose a new code first.
    pub new_code: bool,
    /// Size in pixels of a window instead of the full screen, for trying it out.
    pub size: Option<(u32, u32)>,
    /// Serve the read-only state on this port; only while practising.
    pub automation_port: Option<u16>,
}

/// Runs the kiosk until staff end it.
pub fn run_kiosk(start: KioskStart) -> Result<(), Stop> {
    // A kiosk sends nothing over a network, whatever a scenario asks for.
    crate::sources::http::offline::stay_offline();
    if start.automation_port.is_some() && !start.practice {
        return Err(Stop::Usage {
            message: "a kiosk answers no port: with --automation it only practises, so add --practice".into(),
        });
    }
    // Before the window, so that whoever sets the kiosk up reads it where they typed it.
    if start.path.exists() && !scenario::is_scenario(&start.path) {
        return Err(Stop::Usage {
            message: format!(
                "{}: a kiosk shows a scenario: name a scenario folder, a scenario.json or a package",
                start.path.display()
            ),
        });
    }
    let open = scenario::open(&start.path).map_err(|problems| Stop::Problems { problems })?;
    if open.scenario.variants.is_empty() {
        return Err(Stop::Usage {
            message: format!("{}: there is no variant to have a say about", start.path.display()),
        });
    }
    drop(open);
    require_store(&start.path)?;
    machine::require_display()?;
    machine::require_adapter()?;
    let mut app = App::new();
    app.add_plugins(engine::plugins(engine::Surface::Kiosk(Box::new(window(start.size)))));
    program_plugins(&mut app, &[Lens::Participation]);
    let options = KioskOptions {
        practice: start.practice,
        new_code: start.new_code,
    };
    kiosk::plugin(&mut app, options);
    // Tiles stand where whoever set this machine up put them.
    let heights = kept_heights(&start.path);
    app.world_mut().resource_mut::<HeightsOfTiles>().expect(heights);
    app.insert_resource(First(start.path)).add_plugins(kiosk_plugin);
    #[cfg(feature = "automation")]
    if let Some(port) = start.automation_port {
        app.add_plugins(super::automation::AutomationPlugin { port });
    }
    match app.run() {
        AppExit::Success => Ok(()),
        AppExit::Error(code) => Err(Stop::Machine {
            message: format!("the kiosk ended with error {code}"),
        }),
    }
}

/// A kiosk that cannot keep a reaction does not start: whoever sets it up reads why where they typed the command, and no
/// visitor stands before a screen that refuses them.
fn require_store(path: &Path) -> Result<(), Stop> {
    let kept = store::data_folder().and_then(|folder| StoreHandle::open(&store::store_path(&folder, path)));
    // A damaged one has been set aside by now; the next start begins a new one, after somebody has read this.
    match kept {
        Ok((_, None)) => Ok(()),
        Ok((_, Some(problem))) => Err(Stop::Problems {
            problems: vec![problem],
        }),
        Err(error) => Err(refusal(&error)),
    }
}

/// Why the kiosk does not start. Nobody adds anything to a program that is not there: it says that instead.
fn refusal(error: &StoreError) -> Stop {
    let problem = error.problem_so("the kiosk has no place to keep reactions, so it does not start");
    Stop::Machine {
        message: problem.to_string(),
    }
}

fn window(size: Option<(u32, u32)>) -> Window {
    let mut window = Window {
        title: "Stadslens".into(),
        name: Some("stadslens".into()),
        present_mode: PresentMode::AutoVsync,
        decorations: false,
        ..default()
    };
    match size {
        Some((width, height)) => window.resolution = WindowResolution::new(width, height),
        None => window.mode = WindowMode::BorderlessFullscreen(MonitorSelection::Current),
    }
    window
}

/// What is opened.
#[derive(Resource)]
struct First(PathBuf);

fn kiosk_plugin(app: &mut App) {
    app.add_plugins(interface_plugin)
        .add_systems(Startup, open_first)
        .add_systems(PreUpdate, leave_free_to_the_city.after(InputSystems))
        .add_systems(
            Update,
            (
                take_opened
                    .after(super::open::OpenSystems)
                    .before(FrameSystems::ApplyEdits),
                (keep_near, put_sun, end).in_set(FrameSystems::Derive),
                free_zones.before(FrameSystems::Present),
            ),
        )
        .add_systems(EguiPrimaryContextPass, paint_names.before(InterfaceSystems));
}

fn open_first(first: Res<First>, mut open: MessageWriter<OpenPath>) {
    open.write(OpenPath(first.0.clone()));
}

/// Shows what was opened; the kiosk hears where reactions to it are kept.
fn take_opened(
    mut opened: MessageReader<PathOpened>,
    mut show: MessageWriter<ActivateScenario>,
    mut kiosk: MessageWriter<KioskOpened>,
) {
    for opened in opened.read() {
        match &opened.outcome {
            Ok(open) => {
                show.write(ActivateScenario(open.clone()));
                let problem = open
                    .problems
                    .iter()
                    .rev()
                    .find(|problem| super::keep::is_about_keeping(problem));
                kiosk.write(KioskOpened {
                    store: opened.store.clone(),
                    problem: problem.cloned(),
                });
            }
            Err(problems) => {
                kiosk.write(KioskOpened {
                    store: None,
                    problem: problems.first().cloned(),
                });
            }
        }
    }
}

/// What comes down where no control covers the city is the city's, whatever the interface has spread over it. A finger
/// belongs to where it came down.
fn leave_free_to_the_city(
    free: Res<FreeView>,
    state: Res<KioskState>,
    windows: Query<&Window, With<PrimaryWindow>>,
    touches: Res<Touches>,
    mut capture: ResMut<InputCapture>,
) {
    let finger = touches
        .iter()
        .chain(touches.iter_just_released())
        .map(Touch::start_position)
        .next();
    let at = finger.or_else(|| windows.iter().next().and_then(Window::cursor_position));
    let is_free = at.is_some_and(|at| free.view.is_some_and(|view| view.contains(egui::pos2(at.x, at.y))));
    capture.set_if_neq(InputCapture {
        pointer: !is_free || state.is_asking,
        keyboard: true,
    });
}

/// A visitor does not get lost: the city stays in sight.
fn keep_near(
    mut shown: MessageReader<ScenarioShown>,
    scenario: Option<Res<ShownScenario>>,
    mut camera: ResMut<OrbitCamera>,
) {
    let (Some(_), Some(scenario)) = (shown.read().last(), scenario) else {
        return;
    };
    let outline = &scenario.open.scenario.area.outline;
    let (low, high) = outline
        .iter()
        .fold((DVec2::INFINITY, DVec2::NEG_INFINITY), |(low, high), p| {
            (low.min(*p), high.max(*p))
        });
    let bounds = (low.is_finite() && high.is_finite()).then(|| {
        let half_m = (low.distance(high) / 2.0).max(100.0);
        Bounds {
            center: (low + high) / 2.0,
            reach_m: half_m * REACH,
            distance_m: half_m * DISTANCE,
        }
    });
    camera.set_bounds(bounds);
}

/// The sun at a share of the day, by the clock of the site.
fn put_sun(
    mut wishes: MessageReader<PutSunAt>,
    scenario: Option<Res<ShownScenario>>,
    sun: Res<SunTime>,
    mut clock: Local<SunClock>,
    mut set: MessageWriter<SetSunTime>,
) {
    let (Some(PutSunAt(share)), Some(scenario)) = (wishes.read().last(), scenario) else {
        return;
    };
    let state = clock.state(Some(&scenario.open.scenario.area.site), sun.0);
    let (rise, sets) = state.daylight.unwrap_or((6 * 60, 18 * 60));
    let minutes = f64::from(rise) + (f64::from(sets) - f64::from(rise)) * share.clamp(0.0, 1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a minute of the day"
    )]
    let minute = minutes.round() as u16;
    set.write_batch(clock.with_minute(sun.0, minute).map(SetSunTime));
}

/// Names of streets are painted where no control covers the city.
fn free_zones(free: Res<FreeView>, mut zones: ResMut<ShownZones>) {
    let Some(view) = free.view else { return };
    let nowhere = egui::Rect::from_min_size(view.min, egui::Vec2::ZERO);
    let new = Zones {
        top_bar: nowhere,
        left: SideZone::Nothing,
        right: SideZone::Nothing,
        banner: nowhere,
        strip: free.head,
        map: nowhere,
        tools: nowhere,
        status_bar: nowhere,
        view,
        middle: view,
    };
    if zones.0 != Some(new) {
        zones.0 = Some(new);
    }
}

fn end(mut wishes: MessageReader<EndKiosk>, mut exit: MessageWriter<AppExit>) {
    if wishes.read().last().is_some() {
        exit.write(AppExit::Success);
    }
}
