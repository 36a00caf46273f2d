//! One picture without a window: open, wait until everything in view is there, draw once, write a PNG.

use super::{Stop, engine, frame_time::MainThreadTimes, machine, open::open_any, program_plugins};
use crate::georef::LonLatH;
use crate::model::{LayerKind, OpenScenario, Viewpoint};
use crate::schedule::Lens;
use crate::sources::Problem;
use crate::view::{self, camera::OrbitCamera, scene::{SceneReady, ShowScenario, ShowVariant}, sun::SunTime, tiles::TileStats};
use bevy::{
    app::SubApps,
    prelude::*,
    render::{
        render_resource::{Extent3d, PollType, TextureDimension, TextureFormat, TextureUsages},
        renderer::{RenderAdapterInfo, RenderDevice},
        view::screenshot::{Screenshot, ScreenshotCaptured},
    },
};
use serde_json::{Value, json};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// What to draw and where to.
#[derive(Debug, Clone)]
pub struct RenderOptions {
    /// What to open.
    pub path: PathBuf,
    /// The PNG to write.
    pub output: PathBuf,
    /// Width and height, pixels.
    pub size: (u32, u32),
    /// Variant id.
    pub variant: Option<String>,
    /// Lens name.
    pub lens: Option<String>,
    /// Viewpoint id.
    pub viewpoint: Option<String>,
    /// Longitude, latitude (degrees) and height above the site's zero (metres) to look at.
    pub look_at: Option<[f64; 3]>,
    /// Direction of view, degrees clockwise from grid north.
    pub heading_deg: Option<f64>,
    /// Angle above the horizon, degrees.
    pub pitch_deg: Option<f64>,
    /// Distance from the point looked at, metres.
    pub distance_m: Option<f64>,
    /// Time of the sun.
    pub time: Option<jiff::Timestamp>,
    /// Largest screen-space error of a tile, pixels.
    pub max_screen_space_error_px: f64,
    /// How long to wait for tiles, seconds.
    pub timeout_s: f64,
}

/// What was drawn and what it cost.
#[derive(Debug, Clone)]
pub struct RenderReport {
    /// What went wrong while the rest was drawn.
    pub problems: Vec<Problem>,
    facts: Value,
}

impl RenderReport {
    /// The object of `render --json`.
    pub fn to_json(&self) -> &Value {
        &self.facts
    }

    /// 0, or 1 when some of the input could not be drawn.
    pub fn exit_code(&self) -> u8 {
        u8::from(!self.problems.is_empty())
    }
}
