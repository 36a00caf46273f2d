//! One picture without a window: open, wait until everything in view is there, draw once, write a PNG.

use super::{Stop, engine, frame_time::MainThreadTimes, machine, open::check_wishes, program_plugins, stamp::stamp};
use crate::georef::{LonLatH, SitePos};
use crate::model::scenario::{OpenWishes, open_with, unknown_id};
use crate::model::{ActivateScenario, OpenScenario, TileHeights};
use crate::schedule::{Lens, SwitchLens};
use crate::sources::{Cause, Problem, Severity};
use crate::text::{Language, tr};
use crate::view::{
    camera::{FlyTo, Orbit, OrbitCamera, orbit_of, picture_target, spawn_main_camera},
    quality::{Preset, Quality, is_software},
    scene::{SceneReady, ShowPhase, ShowVariant, ShownScenario, ViewProblems},
    sun::SetSunTime,
    tiles::{HeightsOfTiles, TileSettings, TileStats},
};
use bevy::{
    app::SubApps,
    camera::Camera,
    math::DVec3,
    prelude::*,
    render::{
        render_resource::PollType,
        renderer::{RenderAdapterInfo, RenderDevice},
        view::screenshot::{Screenshot, ScreenshotCaptured},
    },
};
use image::{DynamicImage, ImageFormat};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::Cursor,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// What to draw and where to.
#[derive(Debug, Clone)]
pub struct RenderOptions {
    /// What to open.
    pub path: PathBuf,
    /// How a file that is opened by itself is wanted.
    pub wishes: OpenWishes,
    /// The PNG to write.
    pub output: PathBuf,
    /// Width and height, pixels.
    pub size: (u32, u32),
    /// Variant id.
    pub variant: Option<String>,
    /// Phase id; `None` is the final state.
    pub phase: Option<String>,
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
    /// Name of the preset: low, middle or high; a picture may take its time, so `None` is high.
    pub quality: Option<String>,
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

    /// 0, or 1 when some of the input could not be drawn; warnings alone cost nothing.
    pub fn exit_code(&self) -> u8 {
        u8::from(self.problems.iter().any(|problem| problem.severity == Severity::Error))
    }
}

/// What a run of the engine is allowed to be still before the picture counts as settled, frames.
const SETTLED_FRAMES: u32 = 3;
/// Frames that a screenshot may take to come back.
const SCREENSHOT_FRAMES: u32 = 60;
/// Waiting between frames while workers decode: a picture needs no frames, workers need the processor.
const PAUSE: Duration = Duration::from_millis(4);

/// Draws one picture.
pub fn render(options: &RenderOptions) -> Result<RenderReport, Stop> {
    let start = Instant::now();
    if !options
        .output
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("png"))
    {
        let output = options.output.display();
        return Err(usage(format!(
            "{output}: pictures are PNG: give a name that ends in .png"
        )));
    }
    let lens = lens_of(options)?;
    let preset = preset_of(options.quality.as_deref())?.unwrap_or(Preset::High);
    check_wishes(Some(&options.path), options.wishes)?;
    let open = open_with(&options.path, options.wishes).map_err(|problems| Stop::Problems { problems })?;
    let orbit = orbit(options, &open)?;
    let mut options = options.clone();
    // A viewpoint that is asked for brings what belongs to it, unless that is asked for too.
    if let Some(viewpoint) = options.viewpoint.as_deref().and_then(|id| open.scenario.viewpoint(id)) {
        options.variant = options.variant.or_else(|| viewpoint.variant.clone());
        options.time = options.time.or(viewpoint.time);
    }
    let options = &options;
    let scenario = &open.scenario;
    require_known(
        "variant",
        options.variant.as_deref(),
        scenario.variants.iter().map(|v| &*v.id),
    )?;
    require_known(
        "phase",
        options.phase.as_deref(),
        scenario.phases.iter().map(|p| &*p.id),
    )?;
    machine::require_adapter()?;
    let mut engine = Engine::start(&EngineOptions {
        size: options.size,
        lens,
        preset: Some(preset),
        max_screen_space_error_px: options.max_screen_space_error_px,
    });
    let mut problems = open.problems.clone();
    let is_synthetic = open.scenario.synthetic;
    let time = options.time.or(open.scenario.start_time);
    engine.open(Arc::new(open));
    engine.look(options.variant.as_deref(), options.phase.as_deref(), time, orbit);
    let is_complete = engine.settle(Duration::from_secs_f64(options.timeout_s.clamp(0.1, 3600.0)));
    let complete_s = start.elapsed().as_secs_f64();
    let mut picture = engine.draw()?;
    if is_synthetic {
        // A picture goes round without the program: it says itself what it is, in the language of the example.
        let words = Language::from_code("nl").map(|language| tr(&language, "banner-synthetic"));
        picture = stamp(picture, &words.unwrap_or_default());
    }
    let first_picture_s = start.elapsed().as_secs_f64();
    write_png(&options.output, picture)?;
    problems.extend(engine.world().resource::<ViewProblems>().0.iter().cloned());
    if !is_complete {
        problems.push(unfinished(&options.path.display().to_string(), options.timeout_s));
    }
    problems.extend(left_out(&options.path.display().to_string(), &engine));
    let mut facts = engine.facts(first_picture_s, complete_s);
    facts["synthetic"] = is_synthetic.into();
    Ok(RenderReport { problems, facts })
}

/// Says that a picture was taken before all in view was there.
pub(super) fn unfinished(path: &str, timeout_s: f64) -> Problem {
    let message = format!("not everything in view was loaded within {timeout_s} s: give more with --timeout");
    Problem::error(path, "", message).because(Cause::Unfinished)
}

/// Says that a picture lacks what had no room in memory.
pub(super) fn left_out(path: &str, engine: &Engine) -> Option<Problem> {
    let stats = engine.world().resource::<TileStats>();
    let message = format!(
        "{} tiles in view were left out, for more than {} MB of memory are not used for tiles: look at less of them",
        stats.left_out,
        stats.ceiling_bytes >> 20
    );
    (stats.left_out > 0).then(|| Problem::error(path, "", message).because(Cause::TooLarge))
}

fn usage(message: String) -> Stop {
    Stop::Usage { message }
}

/// Refuses an id that the scenario does not have, and names those that it has.
fn require_known<'s>(what: &str, wanted: Option<&str>, known: impl Iterator<Item = &'s str>) -> Result<(), Stop> {
    let refusal = wanted.and_then(|id| unknown_id(what, id, known));
    refusal.map_or(Ok(()), |message| Err(usage(message)))
}

fn list(words: &[&str]) -> String {
    if words.is_empty() {
        "none".into()
    } else {
        words.join(", ")
    }
}

fn lens_of(options: &RenderOptions) -> Result<Option<Lens>, Stop> {
    let Some(name) = options.lens.as_deref() else {
        return Ok(None);
    };
    let known = Lens::ALL.map(Lens::key);
    Lens::from_key(name)
        .map(Some)
        .ok_or_else(|| usage(format!("there is no lens `{name}`: use {}", list(&known))))
}

/// The preset of a name; `None` where none is named.
pub(super) fn preset_of(name: Option<&str>) -> Result<Option<Preset>, Stop> {
    match name {
        None => Ok(None),
        Some("low") => Ok(Some(Preset::Low)),
        Some("middle") => Ok(Some(Preset::Middle)),
        Some("high") => Ok(Some(Preset::High)),
        Some(other) => Err(usage(format!("there is no quality `{other}`: use low, middle or high"))),
    }
}

/// The camera that the options ask for; `None` leaves it where the scenario starts.
fn orbit(options: &RenderOptions, open: &OpenScenario) -> Result<Option<Orbit>, Stop> {
    let scenario = &open.scenario;
    let named = match options.viewpoint.as_deref().or(scenario.start_viewpoint.as_deref()) {
        None => None,
        Some(id) => {
            let known = scenario.viewpoints.iter().map(|v| &*v.id);
            require_known("viewpoint", options.viewpoint.as_deref(), known)?;
            scenario.viewpoints.iter().find(|viewpoint| viewpoint.id == id)
        }
    };
    let base = named.or(scenario.viewpoints.first()).map(orbit_of);
    let is_changed = options.look_at.is_some()
        || options.heading_deg.is_some()
        || options.pitch_deg.is_some()
        || options.distance_m.is_some();
    if !is_changed {
        return Ok(base);
    }
    let mut orbit = base.unwrap_or_default();
    if let Some([lon_deg, lat_deg, height_m]) = options.look_at {
        let site = &scenario.area.site;
        let zero_h_m = site
            .lon_lat_h_from_site(SitePos(DVec3::ZERO))
            .map_or(0.0, |zero| zero.h_m);
        let mut target = site
            .site_from_lon_lat_h(LonLatH {
                lon_deg,
                lat_deg,
                h_m: zero_h_m,
            })
            .map_err(|error| usage(format!("--look-at: {error}")))?;
        target.0.z = height_m;
        orbit.target = target;
    }
    orbit.heading_rad = options.heading_deg.map_or(orbit.heading_rad, f64::to_radians);
    orbit.pitch_rad = options.pitch_deg.map_or(orbit.pitch_rad, f64::to_radians);
    orbit.distance_m = options.distance_m.unwrap_or(orbit.distance_m);
    Ok(Some(orbit))
}

/// How the engine is to draw.
pub(super) struct EngineOptions {
    /// Width and height of the picture, pixels.
    pub(super) size: (u32, u32),
    /// Lens to look through; `None` for the first there is.
    pub(super) lens: Option<Lens>,
    /// How much work the picture may be; `None` is low on a software adapter, else high.
    pub(super) preset: Option<Preset>,
    /// Largest screen-space error of a tile, pixels.
    pub(super) max_screen_space_error_px: f64,
}

/// The engine without a window, stepped by hand.
pub(super) struct Engine {
    apps: SubApps,
    camera: Entity,
    target: Handle<Image>,
}

impl Engine {
    pub(super) fn start(options: &EngineOptions) -> Self {
        let mut app = App::new();
        app.add_plugins(engine::plugins(engine::Surface::Images));
        program_plugins(&mut app, &Lens::ALL);
        app.finish();
        app.cleanup();
        let mut apps = std::mem::take(app.sub_apps_mut());
        let world = apps.main.world_mut();
        let is_software = world.get_resource::<RenderAdapterInfo>().is_some_and(is_software);
        let usual = if is_software { Preset::Low } else { Preset::High };
        world
            .resource_mut::<Quality>()
            .choose(Some(options.preset.unwrap_or(usual)));
        world.resource_mut::<TileSettings>().selection.max_screen_space_error_px =
            options.max_screen_space_error_px.max(0.01);
        let (width, height) = options.size;
        let target = world.resource_mut::<Assets<Image>>().add(picture_target(width, height));
        let camera = spawn_main_camera(&mut world.commands(), Some(target.clone()));
        world.flush();
        if let Some(lens) = options.lens {
            world.write_message(SwitchLens(lens));
        }
        Self { apps, camera, target }
    }

    /// Has the tiles of the scenario that is opened next stand as they were put, by layer.
    pub(super) fn place_tiles(&mut self, heights: BTreeMap<String, TileHeights>) {
        let world = self.apps.main.world_mut();
        world.resource_mut::<HeightsOfTiles>().expect(heights);
    }

    fn world(&self) -> &World {
        self.apps.main.world()
    }

    fn set_drawing(&mut self, is_active: bool) {
        if let Some(mut camera) = self.apps.main.world_mut().get_mut::<Camera>(self.camera) {
            camera.is_active = is_active;
        }
    }

    /// One frame, finished on the graphics side too.
    fn step(&mut self) {
        self.apps.update();
        let device = self.world().get_resource::<RenderDevice>().cloned();
        if let Some(device) = device {
            // A lost device shows as a picture that never comes back, which is reported there.
            let _ = device.poll(PollType::Wait {
                submission_index: None,
                timeout: Some(Duration::from_mins(1)),
            });
        }
    }

    /// Takes a scenario; nothing is drawn yet.
    pub(super) fn open(&mut self, open: Arc<OpenScenario>) {
        self.set_drawing(false);
        self.apps.main.world_mut().write_message(ActivateScenario(open));
        self.step();
        self.step();
    }

    /// Says what the next picture is of; what is `None` stays as it is.
    pub(super) fn look(
        &mut self,
        variant: Option<&str>,
        phase: Option<&str>,
        time: Option<jiff::Timestamp>,
        orbit: Option<Orbit>,
    ) {
        self.set_drawing(false);
        let world = self.apps.main.world_mut();
        if let Some(variant) = variant {
            world.write_message(ShowVariant(variant.to_owned()));
        }
        if let Some(phase) = phase {
            world.write_message(ShowPhase(Some(phase.to_owned())));
        }
        if let Some(time) = time {
            world.write_message(SetSunTime(time));
        }
        if let Some(to) = orbit {
            world.write_message(FlyTo { to, at_once: true });
        }
        self.step();
    }

    /// Steps until everything in view is there; whether that came in time.
    pub(super) fn settle(&mut self, patience: Duration) -> bool {
        self.settle_unless(patience, || false)
    }

    /// The same, given up as soon as `should_stop` says so.
    pub(super) fn settle_unless(&mut self, patience: Duration, should_stop: impl Fn() -> bool) -> bool {
        let start = Instant::now();
        let mut settled = 0;
        while start.elapsed() < patience && !should_stop() {
            self.step();
            let world = self.world();
            let is_settled = world.resource::<SceneReady>().0
                && world.resource::<TileStats>().is_settled()
                && world.resource::<OrbitCamera>().is_still();
            settled = if is_settled { settled + 1 } else { 0 };
            if settled >= SETTLED_FRAMES {
                return true;
            }
            std::thread::sleep(PAUSE);
        }
        false
    }

    /// Draws once and reads the picture back.
    pub(super) fn draw(&mut self) -> Result<DynamicImage, Stop> {
        self.set_drawing(true);
        // The first drawn frame compiles shaders and uploads what was held back.
        self.step();
        self.step();
        let taken: Arc<Mutex<Option<Image>>> = Arc::default();
        let keep = taken.clone();
        let target = self.target.clone();
        self.apps
            .main
            .world_mut()
            .spawn(Screenshot::image(target))
            .observe(move |captured: On<ScreenshotCaptured>| {
                if let Ok(mut slot) = keep.lock() {
                    *slot = Some(captured.image.clone());
                }
            });
        for _ in 0..SCREENSHOT_FRAMES {
            self.step();
            let image = taken.lock().ok().and_then(|mut slot| slot.take());
            if let Some(image) = image {
                return image.try_into_dynamic().map_err(|error| Stop::Machine {
                    message: format!("the picture cannot be read back from the graphics adapter: {error}"),
                });
            }
        }
        Err(Stop::Machine {
            message: "the graphics adapter did not give the picture back".into(),
        })
    }

    fn facts(&self, first_picture_s: f64, complete_s: f64) -> Value {
        let world = self.world();
        let stats = world.resource::<TileStats>();
        let times = world.resource::<MainThreadTimes>();
        let failed: Vec<Value> = stats
            .failed
            .iter()
            .map(|(uri, reason)| json!({"uri": uri, "reason": reason}))
            .collect();
        json!({
            "tiles_rendered": stats.rendered,
            "triangles_rendered": stats.triangles,
            "points_rendered": stats.points + stats.tile_points,
            "instances_rendered": stats.instances,
            "features_rendered": stats.features + features_of_layers(world),
            "failed_contents": failed,
            "bytes_read": stats.bytes_read,
            "first_picture_s": first_picture_s,
            "complete_s": complete_s,
            "main_thread_ms": {
                "p50": times.quantile_ms(0.5), "p95": times.quantile_ms(0.95), "max": times.quantile_ms(1.0),
            },
            "peak_rss_bytes": machine::peak_rss_bytes(),
            "adapter": world.get_resource::<RenderAdapterInfo>().map(|info| info.name.clone()),
        })
    }
}

/// Features of vector layers that are shown.
fn features_of_layers(world: &World) -> u64 {
    let Some(shown) = world.get_resource::<ShownScenario>() else {
        return 0;
    };
    let visible = shown
        .open
        .features
        .iter()
        .filter(|layer| shown.is_layer_visible(&layer.layer));
    visible.map(|layer| layer.features.len() as u64).sum()
}

/// A picture as PNG, or why it cannot be one.
pub(super) fn png(picture: DynamicImage) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let written = picture
        .into_rgb8()
        .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png);
    written.map(|()| bytes).map_err(|error| error.to_string())
}

/// Writes the picture beside its place first, so that a full disk never leaves half a picture under its name.
fn write_png(path: &Path, picture: DynamicImage) -> Result<(), Stop> {
    let complain = |reason: String| Stop::Machine {
        message: format!(
            "{}: the picture cannot be written ({reason}): choose another place with -o",
            path.display()
        ),
    };
    let bytes = png(picture).map_err(complain)?;
    let write = || -> std::io::Result<()> {
        let mut file = atomic_write_file::AtomicWriteFile::open(path)?;
        std::io::Write::write_all(&mut file, &bytes)?;
        file.commit()
    };
    write().map_err(|error| complain(error.to_string()))
}
