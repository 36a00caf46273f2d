//! Bevy's own plugins, set up for a window, for a picture, and for measuring without any graphics.

use bevy::{
    app::{PluginGroupBuilder, TaskPoolOptions, TaskPoolPlugin},
    ecs::error::{BevyError, ErrorContext, Severity, match_severity},
    log::{Level, LogPlugin},
    prelude::*,
    render::{
        RenderPlugin,
        settings::{MemoryHints, RenderCreation, WgpuSettings},
    },
    window::ExitCondition,
    winit::WinitPlugin,
};

/// What the engine draws on.
pub(super) enum Surface {
    /// A window.
    Window(Box<Window>),
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

/// On two cores Bevy would run one thread for the systems of both the program and the renderer. A system that
/// waits for its own parallel part then picks up whatever comes, such as building a pipeline for half a second,
/// and the whole frame waits with it.
fn task_pools() -> TaskPoolOptions {
    let mut options = TaskPoolOptions::default();
    options.compute.min_threads = 2;
    options
}

/// Demotes unrated errors: one failing system must not close the planner's session.
pub(super) fn report(error: BevyError, context: ErrorContext) {
    let error = match error.severity() {
        Severity::Panic => error.with_severity(Severity::Error),
        _ => error,
    };
    match_severity(error, context);
}
