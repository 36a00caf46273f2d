//! A picture of every variant for the visitor to choose by, drawn once when the kiosk starts.
//!
//! A second camera looks from where the scenario starts, into a small picture per variant, while the kiosk still says
//! that it is being set up. The pictures stay on the graphics card.

use crate::view::camera::{FlyTo, MainCamera, Orbit, OrbitCamera, orbit_of, picture_target};
use crate::view::quality::{Preset, Quality};
use crate::view::scene::{SceneReady, ShowVariant, ShownScenario};
use crate::view::shaders::WaitingShaders;
use crate::view::tiles::TileStats;
use bevy::camera::RenderTarget;
use bevy::prelude::*;
use bevy_egui::{EguiTextureHandle, EguiUserTextures, egui::TextureId};
use std::collections::HashMap;

/// Width and height of a picture, pixels; and where a software adapter draws.
const SIZE: (u32, u32) = (960, 600);
const SMALL_SIZE: (u32, u32) = (400, 250);
/// A small picture shows the plan and not the whole town: its eye is nearer than where the scenario starts.
const NEARNESS: f64 = 0.62;
/// Frames in which nothing is left to do before a picture counts as complete.
const SETTLED_FRAMES: u32 = 3;
/// Frames after which a picture is taken as it is.
const MOST_FRAMES: u32 = 1200;

/// The pictures by id of their variant.
#[derive(Resource, Default)]
pub(super) struct Portraits {
    pictures: HashMap<String, (Handle<Image>, TextureId)>,
    /// Ids that are still to be drawn, the next one last.
    waiting: Vec<String>,
    stage: Stage,
    /// The variant that the scenario starts with.
    start: Option<String>,
    /// The last picture was made, and nobody has heard of it yet.
    is_finished: bool,
}

/// What is done for the picture that is being made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    /// No pictures are being made.
    #[default]
    Done,
    /// Waits until everything of the variant is there.
    Settling { quiet: u32, waited: u32 },
    /// Is drawn until its shaders are there.
    Drawing { frames: u32 },
}

/// The camera that makes the pictures.
#[derive(Component)]
pub(super) struct PortraitCamera;

impl Portraits {
    /// Whether every picture is there.
    pub(super) fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// Whether the last picture was made just now; told once. The camera still stands where it was made.
    pub(super) fn take_finished(&mut self) -> bool {
        std::mem::take(&mut self.is_finished)
    }

    /// The picture of a variant, for the interface.
    pub(super) fn of(&self, variant: &str) -> Option<TextureId> {
        self.pictures.get(variant).map(|(_, id)| *id)
    }

    /// Width by height.
    pub(super) fn aspect() -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "a few hundred pixels")]
        let (width, height) = (SIZE.0 as f32, SIZE.1 as f32);
        width / height
    }

    /// Id of the variant that the scenario starts with.
    pub(super) fn start(&self) -> Option<String> {
        self.start.clone()
    }

    /// Starts anew for a scenario.
    pub(super) fn begin(&mut self, shown: &ShownScenario) {
        let scenario = &shown.open.scenario;
        self.waiting = scenario
            .variants
            .iter()
            .rev()
            .map(|variant| variant.id.clone())
            .collect();
        self.start = shown.active_variant().map(|variant| variant.id.clone());
        self.stage = if self.waiting.is_empty() {
            Stage::Done
        } else {
            Stage::Settling { quiet: 0, waited: 0 }
        };
    }
}

/// Makes one picture after the other.
pub(super) fn make_portraits(
    mut commands: Commands,
    mut portraits: ResMut<Portraits>,
    shown: Option<Res<ShownScenario>>,
    (ready, tiles, shaders, camera): (Res<SceneReady>, Res<TileStats>, Res<WaitingShaders>, Res<OrbitCamera>),
    main: Query<(&Transform, &Projection, &DistanceFog), With<MainCamera>>,
    makers: Query<Entity, With<PortraitCamera>>,
    mut images: ResMut<Assets<Image>>,
    mut textures: ResMut<EguiUserTextures>,
    quality: Res<Quality>,
    mut variant: MessageWriter<ShowVariant>,
    mut fly: MessageWriter<FlyTo>,
) {
    let Some(shown) = shown else { return };
    let portraits = &mut *portraits;
    match portraits.stage {
        Stage::Done => {}
        Stage::Settling { quiet, waited } => {
            let Some(id) = portraits.waiting.last().cloned() else {
                portraits.stage = Stage::Done;
                return;
            };
            if waited == 0 {
                let scenario = &shown.open.scenario;
                let start = scenario
                    .start_viewpoint
                    .as_deref()
                    .and_then(|id| scenario.viewpoint(id));
                if let Some(start) = start.or(scenario.viewpoints.first()) {
                    let whole = orbit_of(start);
                    let to = Orbit {
                        distance_m: whole.distance_m * NEARNESS,
                        ..whole
                    };
                    fly.write(FlyTo { to, at_once: true });
                }
                variant.write(ShowVariant(id.clone()));
            }
            let is_shown = shown.active_variant().is_some_and(|active| active.id == id);
            let is_quiet = is_shown && ready.0 && tiles.is_settled() && camera.is_still();
            let quiet = if is_quiet { quiet + 1 } else { 0 };
            portraits.stage = Stage::Settling {
                quiet,
                waited: waited + 1,
            };
            if (quiet >= SETTLED_FRAMES || waited >= MOST_FRAMES)
                && let Ok((transform, projection, fog)) = main.single()
            {
                let (width, height) = if quality.preset() == Preset::Low {
                    SMALL_SIZE
                } else {
                    SIZE
                };
                let picture = images.add(picture_target(width, height));
                let texture = textures.add_image(EguiTextureHandle::Strong(picture.clone()));
                commands.spawn((
                    PortraitCamera,
                    Camera3d::default(),
                    Camera { order: -1, ..default() },
                    RenderTarget::from(picture.clone()),
                    *transform,
                    projection.clone(),
                    fog.clone(),
                    crate::view::camera::look(),
                ));
                portraits.pictures.insert(id, (picture, texture));
                portraits.stage = Stage::Drawing { frames: 0 };
            }
        }
        Stage::Drawing { frames } if !shaders.are_there(frames) => {
            portraits.stage = Stage::Drawing { frames: frames + 1 };
        }
        Stage::Drawing { .. } => {
            for maker in &makers {
                commands.entity(maker).despawn();
            }
            portraits.waiting.pop();
            portraits.stage = if portraits.waiting.is_empty() {
                variant.write_batch(portraits.start.clone().map(ShowVariant));
                portraits.is_finished = true;
                Stage::Done
            } else {
                Stage::Settling { quiet: 0, waited: 0 }
            };
        }
    }
}
