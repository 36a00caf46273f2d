//! The program in a window.

use super::area_map;
use super::choices::{Choices, apply_choices, save_choices};
use super::desk::{DeskMemory, Screen, ShownZones, say_reported, show_desk, take_opened, take_replaced, tell_news};
use super::detail::{self, ChangingDetail};
use super::dialog;
use super::engine::{self, Surface};
use super::keep::{self, Keeping, tell_trouble};
use super::keys::press_keys;
use super::names::paint_names;
use super::notes;
use super::open::{OpenPath, Opening, Wanted, check_wishes};
use super::own_list;
use super::{
    Stop, heights, machine, models, network, picture, program_plugins, save, search, shipped, system, take_along,
};
use crate::model::scenario::OpenWishes;
use crate::schedule::{FrameSystems, InterfaceSystems, Lens};
use crate::text::{Language, tr};
use crate::view::{
    camera::{InputCapture, OrbitCamera, spawn_main_camera},
    further_views::FurtherView,
    scene::{SceneReady, ShownScenario},
    tiles::TileStats,
};
use bevy::{
    asset::AssetEventSystems,
    input::{InputSystems, touch::Touch},
    prelude::*,
    window::{PresentMode, PrimaryWindow, WindowResolution},
    winit::{UpdateMode, WinitSettings},
};
use bevy_egui::{EguiContexts, EguiPlugin, EguiPostUpdateSet, EguiPrimaryContextPass, egui, input::EguiWantsInput};
use std::{path::PathBuf, time::Duration};

/// The smallest window that the desk is laid out for, points.
const LEAST_SIZE: (f32, f32) = (800.0, 480.0);
/// How often a still window looks for news (an opened file, a finished dialog, a test that asks).
const IDLE_LOOK: Duration = Duration::from_millis(100);

/// How the window starts.
#[derive(Debug, Clone, Default)]
pub struct WindowOptions {
    /// What to open; `None` opens the shipped Lange Wemen.
    pub path: Option<PathBuf>,
    /// How a file that is opened by itself is wanted.
    pub wishes: OpenWishes,
    /// Language of this run.
    pub language: Option<String>,
    /// Size in pixels; `None` takes the whole screen.
    pub size: Option<(u32, u32)>,
    /// Serve the read-only state on this port.
    pub automation_port: Option<u16>,
}

/// Runs the program in a window until it is closed.
pub fn run_window(options: WindowOptions) -> Result<(), Stop> {
    let language = match options.language.as_deref() {
        None => None,
        Some(code) => Some(Language::from_code(code).ok_or_else(|| {
            let known: Vec<String> = Language::available().iter().map(Language::code).collect();
            Stop::Usage {
                message: format!("there is no language `{code}`: use {}", known.join(", ")),
            }
        })?),
    };
    check_wishes(options.path.as_deref(), options.wishes)?;
    machine::require_display()?;
    machine::require_adapter()?;
    let wanted = options.path.clone().map(|path| (path, options.wishes));
    let start = options.path.or_else(shipped::lange_wemen);
    let mut app = App::new();
    app.add_plugins(engine::plugins(Surface::Window(Box::new(window(options.size)))));
    program_plugins(&mut app, &Lens::ALL);
    app.add_plugins(desk_plugin)
        .insert_resource(Choices::load(language))
        .insert_resource(FirstPath(start))
        .insert_resource(Wanted(wanted));
    #[cfg(feature = "automation")]
    if let Some(port) = options.automation_port {
        app.add_plugins(super::automation::AutomationPlugin { port });
    }
    match app.run() {
        AppExit::Success => Ok(()),
        AppExit::Error(code) => Err(Stop::Machine {
            message: format!("the window ended with error {code}"),
        }),
    }
}

fn window(size: Option<(u32, u32)>) -> Window {
    let mut window = Window {
        title: "Stadslens".into(),
        name: Some("stadslens".into()),
        present_mode: PresentMode::AutoVsync,
        resize_constraints: WindowResizeConstraints {
            min_width: LEAST_SIZE.0,
            min_height: LEAST_SIZE.1,
            ..default()
        },
        ..default()
    };
    match size {
        Some((width, height)) => window.resolution = WindowResolution::new(width, height),
        None => window.set_maximized(true),
    }
    window
}

/// What is opened first.
#[derive(Resource)]
struct FirstPath(Option<PathBuf>);

/// What a desk and a kiosk both need: an interface over the city, a camera, and what people add kept.
pub(super) fn interface_plugin(app: &mut App) {
    app.add_plugins(EguiPlugin::default())
        .insert_resource(Keeping::new(None))
        .init_resource::<ShownZones>()
        .insert_resource(WinitSettings {
            focused_mode: UpdateMode::Continuous,
            unfocused_mode: UpdateMode::Continuous,
        })
        // New letters are painted into the typeface's picture by the interface: it has to be told of in the same frame,
        // or they are missing from the first picture they are in.
        .configure_sets(
            PostUpdate,
            EguiPostUpdateSet::PostProcessOutput.before(AssetEventSystems),
        )
        .add_systems(Startup, start_camera);
}

/// The interface of the desk on top of the program.
fn desk_plugin(app: &mut App) {
    app.add_plugins((
        interface_plugin,
        dialog::plugin,
        detail::plugin,
        system::plugin,
        heights::plugin,
        save::plugin,
        keep::plugin,
        own_list::plugin,
        models::plugin,
        notes::plugin,
        take_along::plugin,
        picture::plugin,
        search::plugin,
        area_map::plugin,
        network::plugin,
    ))
    .init_resource::<Screen>()
    .init_resource::<DeskMemory>()
    .add_systems(Startup, open_first)
    .add_systems(PreUpdate, capture_input.after(InputSystems))
    .add_systems(
        Update,
        (
            take_opened
                .after(super::open::OpenSystems)
                .before(FrameSystems::ApplyEdits),
            take_replaced.in_set(FrameSystems::ApplyEdits),
            press_keys.before(FrameSystems::ApplyEdits),
            apply_choices.in_set(FrameSystems::Derive),
            (
                tell_news,
                tell_trouble,
                say_reported,
                save_choices,
                rest_when_still,
                name_window,
            )
                .after(FrameSystems::Present),
        ),
    )
    .add_systems(
        EguiPrimaryContextPass,
        (paint_names.before(InterfaceSystems), show_desk.in_set(InterfaceSystems)),
    );
}

fn start_camera(mut commands: Commands) {
    spawn_main_camera(&mut commands, None);
}

/// Opens what was named; without anything to open the start screen says what can be done.
fn open_first(first: Res<FirstPath>, mut open: MessageWriter<OpenPath>, mut screen: ResMut<Screen>) {
    if let Some(path) = &first.0 {
        open.write(OpenPath(path.clone()));
    } else {
        screen.0.start = Some(crate::panels::start::StartState {
            can_browse: true,
            ..default()
        });
    }
}

/// The interface has pointer and keys first; what it leaves is the city's. Asked for where the cursor is now: what egui
/// wanted in the last frame may be about a panel that the cursor has left.
fn capture_input(
    wants: Res<EguiWantsInput>,
    mut contexts: EguiContexts,
    windows: Query<&Window, With<PrimaryWindow>>,
    touches: Res<Touches>,
    mut capture: ResMut<InputCapture>,
) {
    // A finger belongs to where it came down, so that a gesture begun on a panel never turns the city.
    let finger = touches
        .iter()
        .chain(touches.iter_just_released())
        .map(Touch::start_position)
        .next();
    let cursor = || windows.iter().next().and_then(Window::cursor_position);
    let is_over = match (finger.or_else(cursor), contexts.ctx_mut()) {
        (Some(at), Ok(ctx)) => {
            let layer = ctx.layer_id_at(egui::pos2(at.x, at.y));
            layer.is_some_and(|layer| layer.order != egui::Order::Background)
        }
        _ => false,
    };
    capture.set_if_neq(InputCapture {
        pointer: is_over || wants.is_using_pointer() || wants.is_popup_open(),
        keyboard: wants.wants_any_keyboard_input(),
    });
}

/// Draws without pause while something moves or loads, and only on input and now and then when all is still.
fn rest_when_still(
    camera: Res<OrbitCamera>,
    ready: Res<SceneReady>,
    tiles: Res<TileStats>,
    opening: Res<Opening>,
    changing: Res<ChangingDetail>,
    shown: Option<Res<ShownScenario>>,
    pictures: Query<(), With<FurtherView>>,
    mut settings: ResMut<WinitSettings>,
) {
    let is_drawn = shown.is_none() || (ready.0 && tiles.is_settled());
    let is_drawn = is_drawn && pictures.is_empty();
    let is_still = camera.is_still() && is_drawn && opening.path().is_none() && changing.wanted().is_none();
    let mode = if is_still {
        UpdateMode::reactive(IDLE_LOOK)
    } else {
        UpdateMode::Continuous
    };
    if settings.focused_mode != mode {
        settings.focused_mode = mode;
        settings.unfocused_mode = mode;
    }
}

/// The window carries the name of what is open, and says when that is not the real situation.
fn name_window(
    shown: Option<Res<ShownScenario>>,
    choices: Res<Choices>,
    mut windows: Query<&mut Window, With<PrimaryWindow>>,
) {
    let Some(shown) = shown.filter(|shown| shown.is_changed() || choices.is_changed()) else {
        return;
    };
    let code = choices.language.code();
    let mut title = format!("{} · Stadslens", shown.open.scenario.title.get(&code));
    if shown.open.scenario.synthetic {
        title = format!("{title} · {}", tr(&choices.language, "banner-synthetic"));
    }
    for mut window in &mut windows {
        if window.title != title {
            window.title.clone_from(&title);
        }
    }
}
