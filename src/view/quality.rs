//! How much the machine is asked to draw: three presets, chosen by the adapter and the time a frame takes.
//!
//! No screen-space occlusion in any preset: Bevy's reaches half a metre, which nobody sees in a city, and it
//! excludes multisampling, which the drawn edges need; the material shades the feet of walls instead.

use super::camera::MainCamera;
use bevy::{
    light::{DirectionalLightShadowMap, ShadowFilteringMethod},
    prelude::*,
    render::renderer::RenderAdapterInfo,
};

/// A preset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Preset {
    /// For software adapters: no multisampling, one shadow map, short shadows.
    Low,
    /// For the built-in graphics of an office machine.
    Middle,
    /// For a graphics card.
    High,
}

/// What a preset asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PresetSettings {
    pub(crate) msaa: Msaa,
    pub(crate) cascades: usize,
    pub(crate) shadow_map_px: usize,
    pub(crate) shadow_reach_m: f32,
    pub(crate) filtering: ShadowFilteringMethod,
    /// Most measured points that are drawn.
    pub(crate) points: u64,
    /// Where they lie further apart than this, finer ones are wanted, pixels.
    pub(crate) point_spacing_px: f64,
}

impl Preset {
    pub(crate) fn settings(self) -> PresetSettings {
        match self {
            Self::Low => PresetSettings {
                msaa: Msaa::Off,
                cascades: 1,
                shadow_map_px: 1024,
                shadow_reach_m: 1200.0,
                filtering: ShadowFilteringMethod::Hardware2x2,
                points: 1_500_000,
                point_spacing_px: 3.0,
            },
            Self::Middle => PresetSettings {
                msaa: Msaa::Sample4,
                cascades: 3,
                shadow_map_px: 2048,
                shadow_reach_m: 2500.0,
                filtering: ShadowFilteringMethod::Gaussian,
                points: 4_000_000,
                point_spacing_px: 2.0,
            },
            Self::High => PresetSettings {
                msaa: Msaa::Sample4,
                cascades: 4,
                shadow_map_px: 4096,
                shadow_reach_m: 5000.0,
                filtering: ShadowFilteringMethod::Gaussian,
                points: 8_000_000,
                point_spacing_px: 1.5,
            },
        }
    }

    fn lower(self) -> Option<Self> {
        match self {
            Self::Low => None,
            Self::Middle => Some(Self::Low),
            Self::High => Some(Self::Middle),
        }
    }

    fn higher(self) -> Option<Self> {
        match self {
            Self::Low => Some(Self::Middle),
            Self::Middle => Some(Self::High),
            Self::High => None,
        }
    }
}

/// The preset in use, and whether somebody chose it.
#[derive(Resource, Debug, Clone, PartialEq)]
pub struct Quality {
    preset: Preset,
    is_chosen: bool,
    pace: Pace,
}

impl Default for Quality {
    fn default() -> Self {
        Self {
            preset: Preset::Middle,
            is_chosen: false,
            pace: Pace::default(),
        }
    }
}

impl Quality {
    /// The preset in use.
    pub fn preset(&self) -> Preset {
        self.preset
    }

    /// Whether somebody chose it; else it follows the machine.
    pub fn is_chosen(&self) -> bool {
        self.is_chosen
    }

    /// Chooses a preset for good; `None` lets it follow the machine again.
    pub fn choose(&mut self, preset: Option<Preset>) {
        self.is_chosen = preset.is_some();
        self.pace = Pace::default();
        if let Some(preset) = preset {
            self.preset = preset;
        }
    }
}

/// Frame times over the last while.
#[derive(Debug, Clone, Default, PartialEq)]
struct Pace {
    seconds: f64,
    frames: u32,
    fast_spans: u32,
    /// A preset that was too slow is not tried again.
    too_slow: Option<Preset>,
}

/// Frame times are judged over spans this long, seconds.
const SPAN_S: f64 = 2.0;
const TOO_SLOW_S: f64 = 0.045;
const FAST_S: f64 = 0.018;

impl Pace {
    /// Counts a frame; after a span says which preset suits better.
    fn step(&mut self, frame_s: f64, preset: Preset) -> Option<Preset> {
        self.seconds += frame_s;
        self.frames += 1;
        if self.seconds < SPAN_S {
            return None;
        }
        let mean = self.seconds / f64::from(self.frames);
        self.seconds = 0.0;
        self.frames = 0;
        if mean > TOO_SLOW_S {
            self.fast_spans = 0;
            self.too_slow = Some(preset);
            return preset.lower();
        }
        self.fast_spans = if mean < FAST_S { self.fast_spans + 1 } else { 0 };
        if self.fast_spans < 3 {
            return None;
        }
        self.fast_spans = 0;
        preset
            .higher()
            .filter(|higher| self.too_slow.is_none_or(|slow| *higher < slow))
    }
}

/// Whether the adapter computes pictures on the processor; frame times then say nothing new.
#[derive(Resource, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SoftwareAdapter(pub bool);

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<Quality>()
        .init_resource::<SoftwareAdapter>()
        .add_systems(Startup, suit_adapter)
        .add_systems(Last, (follow_frame_time, apply_preset).chain());
}

/// Whether an adapter computes pictures without a graphics card.
pub fn is_software(info: &RenderAdapterInfo) -> bool {
    format!("{:?}", info.device_type) == "Cpu"
}

fn suit_adapter(
    info: Option<Res<RenderAdapterInfo>>,
    mut software: ResMut<SoftwareAdapter>,
    mut quality: ResMut<Quality>,
) {
    if let Some(info) = info {
        software.0 = is_software(&info);
        if software.0 && !quality.is_chosen {
            quality.preset = Preset::Low;
        }
    }
}

fn follow_frame_time(time: Res<Time<Real>>, software: Res<SoftwareAdapter>, mut quality: ResMut<Quality>) {
    if software.0 || quality.is_chosen {
        return;
    }
    let preset = quality.preset;
    // Frame times are kept without waking those who follow the preset.
    let better = quality
        .bypass_change_detection()
        .pace
        .step(time.delta_secs_f64().min(0.5), preset);
    if let Some(better) = better {
        quality.preset = better;
    }
}

fn apply_preset(
    quality: Res<Quality>,
    mut commands: Commands,
    mut shadow_map: ResMut<DirectionalLightShadowMap>,
    cameras: Query<(Entity, Ref<MainCamera>)>,
) {
    let settings = quality.preset.settings();
    for (entity, camera) in &cameras {
        if quality.is_changed() || camera.is_added() {
            commands.entity(entity).insert((settings.msaa, settings.filtering));
        }
    }
    if shadow_map.size != settings.shadow_map_px {
        shadow_map.size = settings.shadow_map_px;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(pace: &mut Pace, frame_s: f64, seconds: f64, mut preset: Preset) -> Preset {
        let mut spent = 0.0;
        while spent < seconds {
            preset = pace.step(frame_s, preset).unwrap_or(preset);
            spent += frame_s;
        }
        preset
    }

    #[test]
    fn slow_frames_step_down_and_never_back_up() {
        let mut pace = Pace::default();
        assert_eq!(run(&mut pace, 0.06, 3.0, Preset::High), Preset::Middle);
        assert_eq!(
            run(&mut pace, 0.008, 60.0, Preset::Middle),
            Preset::Middle,
            "high was too slow already"
        );
    }

    #[test]
    fn fast_frames_step_up_after_a_while() {
        let mut pace = Pace::default();
        assert_eq!(run(&mut pace, 0.008, 5.0, Preset::Middle), Preset::Middle);
        assert_eq!(run(&mut pace, 0.008, 5.0, Preset::Middle), Preset::High);
    }

    #[test]
    fn a_choice_stays() {
        let mut quality = Quality::default();
        quality.choose(Some(Preset::High));
        assert!(quality.is_chosen() && quality.preset() == Preset::High);
        quality.choose(None);
        assert!(!quality.is_chosen());
    }
}
