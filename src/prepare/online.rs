//! Open data of a country into the cache of a run, as inputs like any others.

use super::document::SourceWords;
use super::journal::{CACHE, WORK};
use super::{Input, Inputs, PrepareError, PrepareOptions, PrepareReport, PrepareStep, VectorInput};
use crate::sources::Problem;
use crate::sources::http::{Cancel, Limits};
use crate::sources::online::{Endpoints, Fetched, Fetcher, RdArea, SourceRecord};

/// The grid of heights that is fetched: the ground.
const GROUND: &str = "ahn-dtm";
/// Cells of that grid, metres, up to this much land; more land gets coarser ones.
const CELLS_M: [(f64, f64); 3] = [(4.0e6, 0.5), (2.5e7, 1.0), (f64::INFINITY, 2.0)];
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

/// Fetches what the area needs and adds it to the inputs.
pub(super) fn fetch(
    options: &PrepareOptions,
    country: &str,
    inputs: &mut Inputs,
    report: &mut PrepareReport,
    told: &(dyn Fn(PrepareStep) + Sync),
) -> Result<(), PrepareError> {
    let endpoints = match &options.endpoints {
        Some(path) => Endpoints::read(path),
        None => Endpoints::find(country, &beside_program()),
    };
    let endpoints = endpoints.map_err(|problem| PrepareError::Problems(vec![problem]))?;
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
    let services = Fetcher::new(&client, &endpoints, &cache, &step);
    let cells_m = CELLS_M.iter().find(|(most_m2, _)| options.area.area_m2() <= *most_m2);
    let cells_m = cells_m.map_or(2.0, |(_, cells_m)| *cells_m);
    let mut took = |fetched: Result<Fetched, Problem>| -> Result<Option<Fetched>, PrepareError> {
        match fetched {
            Ok(fetched) if fetched.is_stopped => {
                let last = fetched.problems.last();
                let why = last.map_or_else(|| "fetching stopped".to_owned(), ToString::to_string);
                let message = format!("{why}; run it again: it goes on where it stopped");
                Err(PrepareError::Machine(message))
            }
            Ok(mut fetched) => {
                report.problems.append(&mut fetched.problems);
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
    for (service, collection) in COLLECTIONS {
        let Some(fetched) = took(services.fetch_features(service, collection, &area))? else {
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
    Ok(())
}

/// Where an installation may keep its own list of services.
fn beside_program() -> Vec<std::path::PathBuf> {
    let program = std::env::current_exe().ok();
    program
        .and_then(|program| program.parent().map(std::path::Path::to_owned))
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
