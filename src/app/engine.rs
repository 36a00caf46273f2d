//! Bevy's own plugins, set up for a window, for a picture, and for measuring without any graphics.

use bevy::{
    app::{PluginGroupBuilder, SpawnScene, TaskPoolOptions, TaskPoolPlugin},
    ecs::{
        error::{BevyError, ErrorContext, Severity, match_severity},
        schedule::SingleThreadedExecutor,
    },
    log::{Level, LogPlugin},
    prelude::*,
    render::{
        RenderPlugin,
        settings::{MemoryHints, RenderCreation, WgpuSettings},
    },
    window::ExitCondition,
    winit::WinitPlugin,
};
use std::{collections::BTreeSet, sync::Mutex};

/// What the engine draws on.
pub(super) enum Surface {
    /// A window.
    Window(Box<Window>),
    /// A window that nobody but the program itself closes.
    Kiosk(Box<Window>),
    /// Images only.
    Images,
    /// Nothing: systems run, no graphics backend is started.
    Nothing,
}

/// Bevy's plugins for a surface.
pub(super) fn plugins(surface: Surface) -> PluginGroupBuilder {
    let log = LogPlugin {
        level: Level::WARN,
        // Known chatter of drivers and of the desktop's services that a user can do nothing about.
        filter: "wgpu=error,naga=error,bevy_render=error,bevy_winit=error,zbus=error,ashpd=error".into(),
        ..default()
    };
    let without_window = WindowPlugin {
        primary_window: None,
        exit_condition: ExitCondition::DontExit,
        ..default()
    };
    let engine = DefaultPlugins.set(log).set(TaskPoolPlugin {
        task_pool_options: task_pools(),
    });
    let graphics = WgpuSettings {
        // Blocks of a few megabytes, where the default takes 128 at a time.
        memory_hints: MemoryHints::MemoryUsage,
        ..default()
    };
    match surface {
        Surface::Window(window) => engine.set(rendering(graphics)).set(WindowPlugin {
            primary_window: Some(*window),
            ..default()
        }),
        Surface::Kiosk(window) => engine.set(rendering(graphics)).set(WindowPlugin {
            primary_window: Some(*window),
            close_when_requested: false,
            ..default()
        }),
        Surface::Images => engine
            .set(without_window)
            // A picture must not be taken before its shaders are there.
            .set(RenderPlugin {
                synchronous_pipeline_compilation: true,
                ..rendering(graphics)
            })
            .disable::<WinitPlugin>(),
        Surface::Nothing => engine
            .set(without_window)
            .set(rendering(WgpuSettings {
                backends: None,
                ..graphics
            }))
            .disable::<WinitPlugin>(),
    }
}

fn rendering(graphics: WgpuSettings) -> RenderPlugin {
    RenderPlugin {
        render_creation: RenderCreation::Automatic(Box::new(graphics)),
        ..default()
    }
}

/// Runs the systems of the program one after the other. Nearly all of them do nothing in most frames, and the steps of a
/// frame follow each other anyway: handing each to another thread took longer than it, and where other programs or the
/// workers that decode tiles keep the processor busy every such thread is waited for. What is parallel inside a system,
/// as culling is, stays so.
pub(super) fn run_on_one_thread(app: &mut App) {
    let one_thread = |schedule: &mut Schedule| {
        schedule.set_executor(SingleThreadedExecutor::new());
    };
    app.edit_schedule(First, one_thread)
        .edit_schedule(PreUpdate, one_thread)
        .edit_schedule(StateTransition, one_thread)
        .edit_schedule(Update, one_thread)
        .edit_schedule(SpawnScene, one_thread)
        .edit_schedule(PostUpdate, one_thread)
        .edit_schedule(Last, one_thread);
}

/// On two cores Bevy would run one thread for the systems of both the program and the renderer. A system that
/// waits for its own parallel part then picks up whatever comes, such as building a pipeline for half a second,
/// and the whole frame waits with it.
fn task_pools() -> TaskPoolOptions {
    let mut options = TaskPoolOptions::default();
    options.compute.min_threads = 2;
    options
}

/// What went wrong inside and was not said on screen yet. Bevy's error handler is a plain function, so there is no
/// place for it in the world.
static REPORTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// How many different errors wait to be said; a system that fails in every frame says the same one again.
const MAX_REPORTED: usize = 4;

/// Demotes unrated errors: one failing system must not close the planner's session. The log has the details.
pub(super) fn report(error: BevyError, context: ErrorContext) {
    let error = match error.severity() {
        Severity::Panic => error.with_severity(Severity::Error),
        _ => error,
    };
    if error.severity() == Severity::Error
        && let Ok(mut reported) = REPORTED.lock()
        && reported.len() < MAX_REPORTED
    {
        // The first line says what; a trace may follow it.
        let text = error.to_string();
        reported.insert(text.lines().next().unwrap_or_default().to_owned());
    }
    match_severity(error, context);
}

/// What went wrong since this was asked last.
pub(super) fn take_reported() -> Vec<String> {
    // Taken without waiting: what is being written now is said in the next frame.
    let Ok(mut reported) = REPORTED.try_lock() else {
        return Vec::new();
    };
    std::mem::take(&mut *reported).into_iter().collect()
}
