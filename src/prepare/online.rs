//! Open data of a country into the cache of a run, as inputs like any others.

use super::document::SourceWords;
use super::journal::{CACHE, WORK};
use super::{
    Area, Input, Inputs, PictureInput, PicturesFrom, PrepareError, PrepareOptions, PrepareReport, PrepareStep,
    VectorInput,
};
use crate::sources::http::{Cancel, Limits};
use crate::sources::online::{Endpoints, Fetched, Fetcher, ImagerySource, OutOfReach, RdArea, SourceRecord};
use crate::sources::{Cause, Problem};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The grid of heights that is fetched: the ground.
const GROUND: &str = "ahn-dtm";
/// Cells of that grid, metres, up to this much land; more land gets coarser ones.
const CELLS_M: [(f64, f64); 3] = [(4.0e6, 0.5), (2.5e7, 1.0), (f64::INFINITY, 2.0)];
/// Most tiles of pictures that are asked for: whoever wants finer ones of a large area fetches the sheets of the service.
const MAX_PICTURES: u64 = 16_384;
/// Collections that become layers.
const COLLECTIONS: [(&str, &str); 9] = [
    ("bgt", "wegdeel"),
    ("bgt", "onbegroeidterreindeel"),
    ("bgt", "begroeidterreindeel"),
    ("bgt", "waterdeel"),
    ("bgt", "vegetatieobject_punt"),
    ("bgt", "paal"),
    ("bgt", "straatmeubilair"),
    ("bgt", "bak"),
    ("bag", "verblijfsobject"),
];

/// The list of services that is used.
pub(super) fn services(options: &PrepareOptions, country: &str) -> Result<Endpoints, PrepareError> {
    let services = match &options.endpoints {
        Some(path) => Endpoints::read(path),
        None => Endpoints::find(country, &beside_program()),
    };
    services.map_err(|problem| PrepareError::Problems(vec![problem]))
}

/// Fetches what the area needs and adds it to the inputs.
pub(super) fn fetch(
    options: &PrepareOptions,
    endpoints: &Endpoints,
    inputs: &mut Inputs,
    report: &mut PrepareReport,
    told: &(dyn Fn(PrepareStep) + Sync),
) -> Result<(), PrepareError> {
    let (low, high) = options.area.bounds();
    let area = RdArea::new([low.x, low.y, high.x, high.y]).map_err(|problem| PrepareError::Problems(vec![problem]))?;
    let client = endpoints.client(Limits::default(), Cancel::new());
    let cache = options.folder.join(WORK).join(CACHE);
    let step = |step: crate::sources::online::Step<'_>| {
        told(PrepareStep {
            what: format!("fetching {}", step.source),
            done: step.done as u64,
            of: step.of.unwrap_or_default() as u64,
            received_bytes: step.received_bytes,
        });
    };
    let services = Fetcher::new(&client, endpoints, &cache, &step);
    let cells_m = cells_m(&options.area);
    let mut warnings: Vec<Problem> = Vec::new();
    // Several sources lie on one host: what is wrong there is told once.
    let mut out_of_reach: Vec<OutOfReach> = Vec::new();
    let mut took = |fetched: Result<Fetched, Problem>| -> Result<Option<Fetched>, PrepareError> {
        match fetched {
            Ok(fetched) if fetched.is_stopped => {
                let last = fetched.problems.last();
                let why = last.map_or_else(|| "fetching stopped".to_owned(), ToString::to_string);
                let message = format!("{why}; run it again: it goes on where it stopped");
                Err(PrepareError::machine_says(message))
            }
            Ok(mut fetched) => {
                let told: Vec<Problem> = fetched.out_of_reach.iter().map(OutOfReach::problem).collect();
                fetched.problems.retain(|problem| !told.contains(problem));
                report.problems.append(&mut fetched.problems);
                for host in fetched.out_of_reach.drain(..) {
                    host.add_to(&mut out_of_reach);
                }
                Ok(Some(fetched))
            }
            // One service that does not answer does not keep the others back.
            Err(problem) => {
                report.problems.push(problem);
                Ok(None)
            }
        }
    };
    let single = |fetched: &Fetched| -> Vec<Input> {
        let source = words(&fetched.record);
        let files = fetched.files.iter().map(|file| Input {
            path: file.path.clone(),
            source: source.clone(),
        });
        files.collect()
    };
    if let Some(fetched) = took(services.fetch_buildings(&area))? {
        inputs.buildings.extend(single(&fetched));
    }
    if let Some(fetched) = took(services.fetch_heights(GROUND, &area, cells_m))? {
        inputs.terrain.extend(single(&fetched));
    }
    if let Some(pictures) = endpoints.imagery.first().filter(|_| options.online_imagery) {
        let (zoom, warning) = zoom_of(pictures, &area);
        warnings.extend(warning);
        let fetched = took(services.fetch_imagery(&pictures.id, &area, zoom))?;
        // What is missing was told.
        if let Some(fetched) = fetched.filter(|fetched| !fetched.files.is_empty()) {
            inputs.imagery.push(PictureInput {
                source: words(&fetched.record),
                from: PicturesFrom::Tiles {
                    set: pictures.tile_matrix_set,
                    zoom,
                    tiles: fetched.files.into_iter().filter_map(|file| placed(file.path)).collect(),
                },
            });
        }
    }
    for (service, collection) in COLLECTIONS {
        let fetched = took(services.fetch_features(service, collection, &area))?;
        let Some(fetched) = fetched.filter(|fetched| !fetched.files.is_empty()) else {
            continue;
        };
        inputs.vector.push(VectorInput {
            name: format!("{service}/{collection}"),
            key: format!("{service}-{collection}"),
            collection: collection.to_owned(),
            source: words(&fetched.record),
            paths: fetched.files.into_iter().map(|file| file.path).collect(),
        });
    }
    report.problems.extend(out_of_reach.iter().map(OutOfReach::problem));
    report.problems.append(&mut warnings);
    Ok(())
}

/// Size of the cells of the heights over an area, metres: by its box, since that is what is fetched.
fn cells_m(area: &Area) -> f64 {
    let (low, high) = area.bounds();
    let box_m2 = (high - low).element_product();
    let cells = CELLS_M.iter().find(|(most_m2, _)| box_m2 <= *most_m2);
    cells.map_or(2.0, |(_, cells_m)| *cells_m)
}

/// The finest level of pictures that is not too many tiles, and what to say where that is not the finest one.
fn zoom_of(pictures: &ImagerySource, area: &RdArea) -> (u8, Option<Problem>) {
    let set = pictures.tile_matrix_set;
    let is_few = |zoom: &u8| {
        set.tiles_over(area, *zoom)
            .is_ok_and(|range| range.count() <= MAX_PICTURES)
    };
    let zoom = (0..=pictures.finest_zoom).rev().find(is_few).unwrap_or(0);
    let warning = (zoom < pictures.finest_zoom).then(|| {
        let message = format!(
            "level {zoom} is fetched (pixels of {:.2} m), since the finest one ({:.2} m) would be more than {MAX_PICTURES} \
             tiles; for finer pictures of this area fetch the sheets of the service and give them with --imagery",
            set.metres_per_pixel(zoom),
            set.metres_per_pixel(pictures.finest_zoom)
        );
        Problem::warning(&pictures.id, "", message).because(Cause::TooLarge)
    });
    (zoom, warning)
}

/// Column and row of a tile by where it lies: `COLUMN/ROW.ending`.
fn placed(path: PathBuf) -> Option<(u32, u32, PathBuf)> {
    let number = |name: Option<&OsStr>| name?.to_str()?.parse().ok();
    let row = number(path.file_stem())?;
    let column = number(path.parent().and_then(Path::file_name))?;
    Some((column, row, path))
}

/// Where an installation may keep its own list of services.
fn beside_program() -> Vec<PathBuf> {
    let program = std::env::current_exe().ok();
    program
        .and_then(|program| program.parent().map(Path::to_owned))
        .into_iter()
        .collect()
}

fn words(record: &SourceRecord) -> SourceWords {
    SourceWords {
        owner: record.about.attribution.clone(),
        date: record.about.date.clone().unwrap_or_else(|| record.fetched_on.clone()),
        licence: record.about.licence.clone(),
        url: record.about.page.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::math::DVec2;

    /// A strip along a canal is little land in a large box, all of which is fetched.
    #[test]
    fn heights_are_as_coarse_as_the_box_that_is_fetched_asks_for() {
        let corners = [[250_000.0, 470_000.0], [260_000.0, 480_000.0], [259_900.0, 480_000.0]];
        let strip = Area::new(corners.map(DVec2::from_array).into()).unwrap();
        assert!(strip.area_m2() < 4.0e6);
        let of_box = |text: &str| Area::from_box(text).unwrap();
        for (area, expected_m) in [
            (strip, 2.0),
            (of_box("250000,470000,252000,472000"), 0.5),
            (of_box("250000,470000,255000,475000"), 1.0),
        ] {
            assert!((cells_m(&area) - expected_m).abs() < 1e-9, "{area:?}");
        }
    }
}
