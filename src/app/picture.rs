//! What is seen now as a picture in a file, larger than the window: drawn by a camera of its own, which waits for the
//! finer tiles that it needs while the work goes on.

use super::choices::Choices;
use super::desk::Screen;
use super::render::png;
use super::stamp::stamp;
use crate::model::Scenario;
use crate::panels::save::SaveFile;
use crate::schedule::FrameSystems;
use crate::sources::resource::slug;
use crate::text::{Language, tr, tr_args};
use crate::ui::widgets::ToastKind;
use crate::view::{
    camera::{MainCamera, look, picture_target},
    further_views::FurtherView,
    quality::{Preset, Quality},
    scene::{ScenarioShown, SceneReady, ShownScenario, VariantShown},
    shaders::WaitingShaders,
    site_view::SiteView,
    tiles::TileStats,
};
use bevy::{
    camera::RenderTarget,
    math::DVec2,
    prelude::*,
    render::view::screenshot::{Screenshot, ScreenshotCaptured},
    tasks::{AsyncComputeTaskPool, Task, futures_lite::future},
};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Width of a picture, pixels; and where little is to be asked of the computer.
const WIDTH: f64 = 3840.0;
const SMALL_WIDTH: f64 = 1920.0;
/// Longest side of any picture, pixels: every graphics card can draw so much.
const LONGEST: f64 = 4096.0;
/// Frames in which nothing is left to do before everything counts as there.
const SETTLED_FRAMES: u32 = 3;
/// Frames that a picture may take to come back from the graphics card.
const READING_FRAMES: u32 = 120;
/// Whoever works on keeps something coming all the time: a picture is whole once its own tiles are there for so long.
const SETTLED: Duration = Duration::from_secs(3);
/// A picture is taken as it is when its tiles have not come by then.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest name that is proposed, characters.
const MAX_NAME: usize = 60;
/// Name of the message that stays while a picture is made.
const TOAST: &str = "picture";

/// Request: save what is seen now as a picture.
#[derive(Message, Debug, Clone, Copy)]
pub(super) struct TakePicture;

/// The picture that is being made.
#[derive(Resource, Default)]
struct Taking(Option<Picture>);

struct Picture {
    /// Name that the dialog proposes.
    name: String,
    /// Words that go on it, may be empty.
    words: String,
    camera: Entity,
    target: Handle<Image>,
    /// Whether everything was there when it was drawn.
    is_complete: bool,
    stage: Stage,
}

enum Stage {
    /// Waits for what the camera sees; `tiles_since` its tiles are all there.
    Settling {
        since: Instant,
        quiet: u32,
        tiles_since: Option<Instant>,
    },
    /// Is drawn until its shaders are there.
    Drawing { frames: u32 },
    /// Is on its way back, asked for by this entity.
    Reading { frames: u32, asked: Entity },
    /// Is made into a file on a worker thread.
    Packing(Task<Result<Vec<u8>, String>>),
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Taking>()
        .add_message::<TakePicture>()
        .add_observer(take_captured)
        .add_systems(
            Update,
            (give_up, begin, go_on, hand_out).chain().after(FrameSystems::Present),
        );
}

/// Width and height of a picture of what is seen in `view_px`, pixels.
fn picture_size(view_px: DVec2, preset: Preset) -> (u32, u32) {
    let wanted = if preset == Preset::Low { SMALL_WIDTH } else { WIDTH };
    let view_px = view_px.max(DVec2::ONE);
    let scale = (wanted / view_px.x).max(1.0).min(LONGEST / view_px.max_element());
    let [width, height] = (view_px * scale).round().max(DVec2::ONE).to_array();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 4096")]
    let size = (width as u32, height as u32);
    size
}

/// Name of the file: the scenario and what is shown of it.
fn file_name(scenario: &Scenario, variant: Option<&str>, language: &Language) -> String {
    let title = scenario.title.get(&language.code());
    let name = slug(&format!("{title} {}", variant.unwrap_or_default()), MAX_NAME);
    let parts: Vec<&str> = name.split('-').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        return format!("{}.png", tr(language, "picture-file"));
    }
    format!("{}.png", parts.join("-"))
}

fn begin(
    mut wishes: MessageReader<TakePicture>,
    mut taking: ResMut<Taking>,
    mut commands: Commands,
    shown: Option<Res<ShownScenario>>,
    view: Res<SiteView>,
    quality: Res<Quality>,
    choices: Res<Choices>,
    main: Query<(&Projection, &DistanceFog), With<MainCamera>>,
    mut images: ResMut<Assets<Image>>,
    mut screen: ResMut<Screen>,
) {
    if wishes.read().last().is_none() {
        return;
    }
    let language = &choices.language;
    let toasts = &mut screen.0.toasts;
    let (Some(shown), Ok((projection, fog))) = (shown, main.single()) else {
        toasts.add(ToastKind::Note, tr(language, "picture-none"));
        return;
    };
    if taking.0.is_some() {
        toasts.add(ToastKind::Note, tr(language, "picture-busy"));
        return;
    }
    toasts.show_lasting(TOAST, tr(language, "picture-started"));
    let (width, height) = picture_size(view.size_px, quality.preset());
    let target = images.add(picture_target(width, height));
    let seen = SiteView {
        size_px: DVec2::new(width.into(), height.into()),
        ..view.clone()
    };
    let camera = commands.spawn((
        FurtherView(seen),
        Camera3d::default(),
        Camera {
            order: -2,
            is_active: false,
            ..default()
        },
        RenderTarget::from(target.clone()),
        projection.clone(),
        fog.clone(),
        look(),
    ));
    let variant = shown
        .active_variant()
        .map(|variant| variant.title.get(&language.code()));
    let scenario = &shown.open.scenario;
    taking.0 = Some(Picture {
        name: file_name(scenario, variant, language),
        words: if scenario.synthetic {
            tr(language, "banner-synthetic")
        } else {
            String::new()
        },
        camera: camera.id(),
        target,
        is_complete: false,
        stage: Stage::Settling {
            since: Instant::now(),
            quiet: 0,
            tiles_since: None,
        },
    });
}

/// Another scenario, variant or phase has other things to show: what was being drawn is let go.
fn give_up(
    mut opened: MessageReader<ScenarioShown>,
    mut switched: MessageReader<VariantShown>,
    mut taking: ResMut<Taking>,
    mut commands: Commands,
    choices: Res<Choices>,
    mut screen: ResMut<Screen>,
) {
    let is_other = opened.read().count() + switched.read().count() > 0;
    let taking = taking.bypass_change_detection();
    let is_drawn = |picture: &mut Picture| matches!(picture.stage, Stage::Packing(_));
    let Some(picture) = taking.0.take_if(|picture| is_other && !is_drawn(picture)) else {
        return;
    };
    commands.entity(picture.camera).try_despawn();
    let toasts = &mut screen.0.toasts;
    toasts.end_lasting(TOAST);
    toasts.add(ToastKind::Note, tr(&choices.language, "picture-given-up"));
}

/// One frame nearer to the picture.
fn go_on(
    mut taking: ResMut<Taking>,
    mut commands: Commands,
    ready: Res<SceneReady>,
    stats: Res<TileStats>,
    shaders: Res<WaitingShaders>,
    mut cameras: Query<&mut Camera, With<FurtherView>>,
    choices: Res<Choices>,
    mut screen: ResMut<Screen>,
) {
    let Some(picture) = &mut taking.bypass_change_detection().0 else {
        return;
    };
    match &mut picture.stage {
        Stage::Settling {
            since,
            quiet,
            tiles_since,
        } => {
            let is_all_there = ready.0 && stats.is_settled();
            *quiet = if is_all_there { *quiet + 1 } else { 0 };
            let its_tiles_since = tiles_since.get_or_insert_with(Instant::now);
            if !stats.further_complete {
                *tiles_since = None;
            } else if its_tiles_since.elapsed() >= SETTLED {
                picture.is_complete = true;
            }
            picture.is_complete |= *quiet >= SETTLED_FRAMES;
            if picture.is_complete || since.elapsed() >= PATIENCE {
                if let Ok(mut camera) = cameras.get_mut(picture.camera) {
                    camera.is_active = true;
                }
                picture.stage = Stage::Drawing { frames: 0 };
            }
        }
        Stage::Drawing { frames } if !shaders.are_there(*frames) => *frames += 1,
        Stage::Drawing { .. } => {
            let asked = commands.spawn(Screenshot::image(picture.target.clone())).id();
            picture.stage = Stage::Reading { frames: 0, asked };
        }
        Stage::Reading { frames, .. } if *frames < READING_FRAMES => *frames += 1,
        Stage::Reading { .. } => {
            commands.entity(picture.camera).try_despawn();
            taking.0 = None;
            tell_failed(&mut screen, &choices.language, "");
        }
        Stage::Packing(_) => {}
    }
}

fn take_captured(captured: On<ScreenshotCaptured>, mut taking: ResMut<Taking>, mut commands: Commands) {
    let Some(picture) = &mut taking.bypass_change_detection().0 else {
        return;
    };
    if !matches!(picture.stage, Stage::Reading { asked, .. } if asked == captured.entity) {
        return;
    }
    commands.entity(picture.camera).try_despawn();
    let (image, words) = (captured.image.clone(), std::mem::take(&mut picture.words));
    picture.stage = Stage::Packing(AsyncComputeTaskPool::get().spawn(async move {
        let drawn = image.try_into_dynamic().map_err(|error| error.to_string())?;
        png(if words.is_empty() { drawn } else { stamp(drawn, &words) })
    }));
}

/// Asks where the finished file goes.
fn hand_out(
    mut taking: ResMut<Taking>,
    choices: Res<Choices>,
    mut screen: ResMut<Screen>,
    mut save: MessageWriter<SaveFile>,
) {
    let taking = taking.bypass_change_detection();
    let Some(Picture {
        stage: Stage::Packing(task),
        ..
    }) = &mut taking.0
    else {
        return;
    };
    let Some(packed) = future::block_on(future::poll_once(task)) else {
        return;
    };
    let Some(picture) = taking.0.take() else {
        return;
    };
    let language = &choices.language;
    match packed {
        Ok(bytes) => {
            let toasts = &mut screen.0.toasts;
            toasts.end_lasting(TOAST);
            if !picture.is_complete {
                toasts.add(ToastKind::Problem, tr(language, "picture-incomplete"));
            }
            save.write(SaveFile {
                name: picture.name,
                content: Arc::new(move || bytes.clone()),
            });
        }
        Err(reason) => tell_failed(&mut screen, language, &reason),
    }
}

fn tell_failed(screen: &mut Screen, language: &Language, reason: &str) {
    let toasts = &mut screen.0.toasts;
    toasts.end_lasting(TOAST);
    toasts.add(
        ToastKind::Problem,
        tr_args(language, "picture-failed", &[("reason", reason)]),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_shape_of_the_view_and_every_card_can_draw_it() {
        let size = |x, y, preset| picture_size(DVec2::new(x, y), preset);
        assert_eq!(size(1280.0, 720.0, Preset::High), (3840, 2160));
        assert_eq!(size(1280.0, 720.0, Preset::Low), (1920, 1080));
        assert_eq!(
            size(5120.0, 2880.0, Preset::Low),
            (4096, 2304),
            "no card is asked for more"
        );
        assert_eq!(
            size(2560.0, 1440.0, Preset::Low),
            (2560, 1440),
            "never less than the window"
        );
        assert_eq!(size(400.0, 8000.0, Preset::High), (205, 4096));
        assert_eq!(size(0.0, 0.0, Preset::Low), (1920, 1920));
    }
}
