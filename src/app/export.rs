//! `stadslens export`: a scenario as one package, with a picture from every viewpoint in every variant.

use super::heights::kept_heights;
use super::render::{Engine, EngineOptions, png, preset_of};
use super::take_along::Attended;
use super::{Stop, machine, stamp::stamp};
use crate::analysis::Survey;
use crate::export::{
    Counted, NoteCrs, PackageError, Parts, Picture, Report, counts_csv, indicators_csv, notes_geojson, package, page,
    words_csv,
};
use crate::model::reaction::Tally;
use crate::model::store::{self, StoreHandle};
use crate::model::{OpenScenario, TileHeights, scenario};
use crate::sources::{Problem, resource::slug};
use crate::text::{Language, tr};
use crate::view::camera::orbit_of;
use atomic_write_file::AtomicWriteFile;
use jiff::civil::Date;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::BufWriter,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// Letters of an id in the name of a picture.
const MAX_NAME: usize = 40;

/// What to take along and where to.
#[derive(Debug, Clone)]
pub struct ExportOptions {
    /// Scenario folder, file or package.
    pub path: PathBuf,
    /// The package to write.
    pub output: PathBuf,
    /// Write over a file that is there already.
    pub replace: bool,
    /// Make pictures, of this width and height in pixels.
    pub pictures: Option<(u32, u32)>,
    /// Name of the preset of the pictures: low, middle or high; `None` suits the adapter.
    pub quality: Option<String>,
    /// How long one picture may wait for its tiles, seconds.
    pub timeout_s: f64,
    /// The day that the page says it was made on.
    pub made_on: Date,
    /// The window that asked for it and has the notes, lists and chosen heights; without one they come from the store and
    /// the person's choices.
    pub attended: Option<Attended>,
}

/// What was written.
#[derive(Debug, Clone)]
pub struct ExportReport {
    /// What could not be taken along.
    pub problems: Vec<Problem>,
    /// Number of pictures.
    pub pictures: usize,
    /// Size of the package, bytes.
    pub bytes: u64,
}

impl ExportReport {
    /// As one JSON object.
    pub fn to_json(&self) -> Value {
        json!({"pictures": self.pictures, "bytes": self.bytes, "problems": self.problems})
    }
}

/// Writes the package, whole or not at all.
pub fn export(options: &ExportOptions) -> Result<ExportReport, Stop> {
    let output = &options.output;
    if output.exists() && !options.replace {
        return Err(Stop::Usage {
            message: format!(
                "{}: there is a file of this name already: choose another name, or add --replace",
                output.display()
            ),
        });
    }
    // First, so that nobody waits for pictures that have no place.
    let file = AtomicWriteFile::open(output).map_err(|error| cannot_write(output, &error.to_string()))?;
    let mut open = scenario::open(&options.path).map_err(|problems| Stop::Problems { problems })?;
    match &options.attended {
        Some(attended) => attended.add_to(&mut open)?,
        None => add_stored(&options.path, &mut open),
    }
    let mut problems = open.problems.clone();
    let open = Arc::new(open);
    // The pictures and whoever opens the package see the tiles where they stand here.
    let heights = match &options.attended {
        Some(attended) => attended.heights().clone(),
        None => kept_heights(&options.path),
    };
    let pictures = match options.pictures {
        Some(size) => pictures(&open, size, &heights, options, &mut problems)?,
        None => Vec::new(),
    };
    let parts = Parts {
        heights,
        ..parts(&open, &pictures, options.made_on)?
    };
    let failed = |error: PackageError| match error {
        PackageError::Zip(_) | PackageError::Io(_) => cannot_write(output, &error.to_string()),
        // Another place would not help.
        _ => Stop::Usage {
            message: format!("{}: {error}", options.path.display()),
        },
    };
    let mut writer = BufWriter::new(file);
    problems.extend(package(&open, &parts, &mut writer).map_err(failed)?);
    if is_left(options) {
        return Err(left());
    }
    let file = writer
        .into_inner()
        .map_err(|error| cannot_write(output, &error.to_string()))?;
    let bytes = file.metadata().map_or(0, |metadata| metadata.len());
    file.commit()
        .map_err(|error| cannot_write(output, &error.to_string()))?;
    Ok(ExportReport {
        problems,
        pictures: pictures.len(),
        bytes,
    })
}

/// Whether nobody waits for the package any more.
fn is_left(options: &ExportOptions) -> bool {
    options.attended.as_ref().is_some_and(Attended::is_left)
}

fn left() -> Stop {
    Stop::Machine {
        message: "the window that asked for this package is closed".into(),
    }
}

fn cannot_write(output: &Path, reason: &str) -> Stop {
    Stop::Machine {
        message: format!("{}: {reason}: choose another place with -o", output.display()),
    }
}

/// Puts in what was added on this machine to the scenario from `path`; nothing where nobody added anything. What cannot be
/// read there is said, and the notes of the scenario's own file go along.
fn add_stored(path: &Path, open: &mut OpenScenario) {
    let folder = store::data_folder().ok();
    let Some(database) = folder.and_then(|folder| store::kept_at(&folder, path, open)) else {
        return;
    };
    let (site, in_file) = (open.scenario.area.site, open.scenario.notes.clone());
    let read = StoreHandle::open(&database).and_then(|(handle, problem)| {
        open.problems.extend(problem);
        let notes = handle.submit(move |store| store.notes_with(&site, &in_file)).wait()?;
        let lists = handle.submit(|store| store.lists()).wait()?;
        Ok((notes, lists, handle.submit(|store| store.reactions()).wait()?))
    });
    match read {
        Ok((notes, lists, reactions)) => {
            open.problems.extend(reactions.problem(&database));
            open.reactions = reactions.counting();
            open.problems.extend(notes.problem(&database));
            open.problems.extend(lists.problem(&database));
            open.scenario.notes = notes.notes;
            open.add_lists(&lists.lists);
        }
        Err(error) => open.problems.push(error.problem()),
    }
}

/// Tables, notes, pages and pictures, in both languages.
fn parts(open: &OpenScenario, pictures: &[Picture], made_on: Date) -> Result<Parts, Stop> {
    let survey = Survey::new(open).ok();
    let counted = survey.as_ref().map(|survey| {
        let plans = open.scenario.variants.iter().filter(|variant| !variant.is_today());
        Counted {
            area: survey.area().clone(),
            today: survey.today().clone(),
            variants: plans
                .map(|variant| (variant, survey.indicators(variant, None)))
                .collect(),
        }
    });
    let mut parts = Parts::default();
    for (code, name) in [("nl", "index.html"), ("en", "index.en.html")] {
        let language = Language::from_code(code).unwrap_or_default();
        if let Some(counted) = &counted {
            let table = indicators_csv(counted, open.scenario.synthetic, &language);
            parts.files.insert(format!("tables/indicators.{code}.csv"), table);
        }
        parts.files.extend(reaction_tables(open, &language));
        let report = Report::new(open, counted.as_ref(), pictures, made_on, &language);
        let html = page(&report).map_err(|error| Stop::Machine {
            message: format!("the page cannot be made: {error}"),
        })?;
        parts.files.insert(name.to_owned(), html.into_bytes());
    }
    let site = &open.scenario.area.site;
    for (crs, name) in [
        (NoteCrs::Wgs84, "notes/notes.geojson"),
        (NoteCrs::Rd, "notes/notes-rd.geojson"),
    ] {
        if let Some(notes) = notes_geojson(&open.scenario.notes, site, crs) {
            parts.files.insert(name.to_owned(), notes.to_string().into_bytes());
        }
    }
    for picture in pictures {
        parts.files.insert(picture.path.clone(), picture.png.clone());
    }
    Ok(parts)
}

/// What residents said, as counts and as the words that staff let through; nothing where nobody said anything.
fn reaction_tables(open: &OpenScenario, language: &Language) -> Vec<(String, Vec<u8>)> {
    if open.reactions.is_empty() {
        return Vec::new();
    }
    let code = language.code();
    let scenario = &open.scenario;
    let tally = Tally::of(&*open.reactions, scenario.variants.iter().map(|variant| &*variant.id));
    let title = |id: &str| {
        let variant = scenario.variant(id);
        variant.map_or_else(|| id.to_owned(), |variant| variant.title.get(&code).to_owned())
    };
    vec![
        (
            format!("tables/reactions.{code}.csv"),
            counts_csv(&tally, title, scenario.synthetic, language),
        ),
        (
            format!("tables/reaction-words.{code}.csv"),
            words_csv(&*open.reactions, &tally, title, scenario.synthetic, language),
        ),
    ]
}

/// Every viewpoint in every variant.
fn pictures(
    open: &Arc<OpenScenario>,
    size: (u32, u32),
    heights: &BTreeMap<String, TileHeights>,
    options: &ExportOptions,
    problems: &mut Vec<Problem>,
) -> Result<Vec<Picture>, Stop> {
    machine::require_adapter()?;
    let mut engine = Engine::start(&EngineOptions {
        size,
        lens: None,
        preset: preset_of(options.quality.as_deref())?,
        max_screen_space_error_px: 16.0,
    });
    engine.place_tiles(heights.clone());
    engine.open(open.clone());
    let patience = Duration::from_secs_f64(options.timeout_s.clamp(0.1, 3600.0));
    let scenario = &open.scenario;
    let words = scenario
        .synthetic
        .then(|| Language::from_code("nl").map(|language| tr(&language, "banner-synthetic")))
        .flatten();
    let mut made = Vec::new();
    let total = scenario.variants.len() * scenario.viewpoints.len();
    for (v, variant) in scenario.variants.iter().enumerate() {
        for (p, viewpoint) in scenario.viewpoints.iter().enumerate() {
            if options.attended.is_some() {
                Attended::say_progress(made.len(), total);
            }
            let time = viewpoint.time.or(scenario.start_time);
            engine.look(Some(&variant.id), None, time, Some(orbit_of(viewpoint)));
            let path = format!(
                "pictures/{:02}-{}/{:02}-{}.png",
                p + 1,
                slug(&viewpoint.id, MAX_NAME),
                v + 1,
                slug(&variant.id, MAX_NAME)
            );
            let is_complete = engine.settle_unless(patience, || is_left(options));
            if is_left(options) {
                return Err(left());
            }
            if !is_complete {
                problems.push(super::render::unfinished(&path, options.timeout_s));
            }
            problems.extend(super::render::left_out(&path, &engine));
            let mut picture = engine.draw()?;
            if let Some(words) = &words {
                picture = stamp(picture, words);
            }
            made.push(Picture {
                png: png(picture).map_err(|reason| cannot_write(Path::new(&path), &reason))?,
                path,
                viewpoint: viewpoint.id.clone(),
                variant: variant.id.clone(),
            });
        }
    }
    Ok(made)
}
