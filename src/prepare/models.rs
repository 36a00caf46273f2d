//! The features of city models one after the other, in RD and NAP: those of the area, each once.
//!
//! One model is open at a time, so that memory does not grow with their number. It is read on a thread of its own, since a
//! model that is open is borrowed by its features and could not go while an iterator over all of them stays; the tiler
//! works meanwhile. Order and bytes do not depend on it.

use super::terrain::coarse_heights;
use super::{Input, PrepareOptions};
use crate::georef::{Crs, GeorefError, Transformer};
use crate::model::CityHeights;
use crate::model::city_heights::{bring_over, first_corners};
use crate::sources::cityjson::CityJson;
use crate::sources::{Cause, CityFeature, Problem};
use bevy::math::DVec2;
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::panic::resume_unwind;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

/// Features that wait for whoever takes them.
const WAITING: usize = 8;
/// Features of one model that are held against the ground.
const MOST_HELD: usize = 2048;

/// What came of reading.
#[derive(Default)]
pub(super) struct Read {
    /// Models that could be opened.
    pub(super) models: usize,
    pub(super) problems: Vec<Problem>,
}

/// Reads the models while `take` takes their features; where it stops taking them, reading stops.
pub(super) fn read_while<T>(
    inputs: &[Input],
    options: &PrepareOptions,
    take: impl FnOnce(&mut dyn Iterator<Item = CityFeature>) -> T,
) -> (T, Read) {
    thread::scope(|scope| {
        let (to, from) = sync_channel(WAITING);
        let reading = scope.spawn(move || read_all(inputs, options, &to));
        let taken = take(&mut from.iter());
        drop(from);
        (taken, reading.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

fn read_all(inputs: &[Input], options: &PrepareOptions, to: &SyncSender<CityFeature>) -> Read {
    // Numbers instead of the ids: a province has a million of them.
    let mut seen: HashSet<u64> = HashSet::new();
    let hashes = RandomState::new();
    let mut read = Read::default();
    for input in inputs {
        let (model, way) = match open(input, options, &mut read.problems) {
            Ok(opened) => opened,
            Err(problem) => {
                read.problems.push(problem);
                continue;
            }
        };
        read.models += 1;
        let (mut somewhere, mut nowhere, mut is_wanted) = (0_u64, 0_u64, true);
        let mut features = model.features(options.lod);
        for mut feature in &mut features {
            if !bring_over(way.as_ref(), &mut feature) {
                nowhere += 1;
                continue;
            }
            somewhere += 1;
            if is_in(&feature, options) && seen.insert(hashes.hash_one(&feature.id)) {
                is_wanted = to.send(feature).is_ok();
                if !is_wanted {
                    break;
                }
            }
        }
        read.problems.extend(model.problems());
        read.problems.extend(features.problems());
        if nowhere > 0 {
            let message = format!(
                "{nowhere} features have no place in RD and NAP and are left out; check the coordinates of the file"
            );
            // A model that reaches across the border is no mistake.
            let problem = if somewhere > 0 {
                Problem::warning
            } else {
                Problem::error
            };
            let problem = problem(input.path.display().to_string(), "CityObjects", message);
            read.problems.push(problem.because(Cause::Place));
        }
        if !is_wanted {
            break;
        }
    }
    read
}

/// Opens a model; with the way from its coordinates to RD and NAP, where they are others. What is taken for granted of its
/// heights is told.
fn open(
    input: &Input,
    options: &PrepareOptions,
    problems: &mut Vec<Problem>,
) -> Result<(CityJson, Option<Transformer>), Problem> {
    let model = CityJson::open(&input.path)?;
    let shown = input.path.display().to_string();
    let bad = |error: GeorefError| {
        let message = format!("its coordinates cannot be brought to RD ({error})");
        Problem::error(&shown, "metadata.referenceSystem", message).because(Cause::Place)
    };
    // Dutch models often leave it out; whether it is RD is seen by what of it lies in the area.
    let crs = model.epsg().map_or(Crs::RD_NAP, Crs);
    let heights = CityHeights::of(crs, first_corners(model.features(options.lod))).map_err(bad)?;
    let heights = held_against_ground(heights, &model, options).map_err(bad)?;
    problems.extend(heights.note(&shown));
    let way = heights.way_to_rd_nap().map_err(bad)?;
    Ok((model, way))
}

/// Heights that the system does not say, by the ground that was prepared, where there is one.
fn held_against_ground(
    heights: CityHeights,
    model: &CityJson,
    options: &PrepareOptions,
) -> Result<CityHeights, GeorefError> {
    let ground = heights.taken().and_then(|_| coarse_heights(&options.folder));
    let Some(ground) = ground else {
        return Ok(heights);
    };
    let way = heights.way_to_rd_nap()?;
    let features = model.features(options.lod).filter_map(|mut feature| {
        let is_there = bring_over(way.as_ref(), &mut feature) && is_in(&feature, options);
        is_there.then_some(feature)
    });
    let feet = features.take(MOST_HELD).filter_map(|feature| {
        let corners = feature.parts.iter().flat_map(|part| &part.positions).copied();
        corners.min_by(|a, b| a.z.total_cmp(&b.z))
    });
    Ok(heights.held_against(feet, |p| ground.known_at(p)))
}

/// Whether a feature belongs to the area: by the middle of its box.
fn is_in(feature: &CityFeature, options: &PrepareOptions) -> bool {
    let corners = feature
        .parts
        .iter()
        .flat_map(|part| &part.positions)
        .filter(|p| p.is_finite());
    let bounds = corners.fold(None, |bounds: Option<(DVec2, DVec2)>, p| {
        let p = p.truncate();
        Some(bounds.map_or((p, p), |(low, high)| (low.min(p), high.max(p))))
    });
    bounds.is_some_and(|(low, high)| options.area.contains((low + high) / 2.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::Area;
    use crate::prepare::document::SourceWords;
    use crate::sources::Severity;
    use crate::sources::cityjson::LodChoice;
    use serde_json::json;

    fn options() -> PrepareOptions {
        PrepareOptions {
            area: Area::from_box("250700,475500,250900,475700").unwrap(),
            folder: "out".into(),
            title: String::new(),
            buildings: Vec::new(),
            terrain: Vec::new(),
            terrain_tiles: false,
            imagery: Vec::new(),
            vector: Vec::new(),
            online: None,
            online_imagery: false,
            endpoints: None,
            lod: LodChoice::Highest,
            replace: false,
        }
    }

    /// A sequence of roofs of these ids and places, in degrees above the ellipsoid.
    fn model(folder: &std::path::Path, name: &str, roofs: &[(&str, [i64; 2])]) -> Input {
        let head = json!({"type": "CityJSON", "version": "2.0", "CityObjects": {}, "vertices": [],
            "transform": {"scale": [1e-6, 1e-6, 0.01], "translate": [0.0, 0.0, 0.0]},
            "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/4979"}});
        let lines = roofs.iter().map(|(id, [x, y])| {
            let roof = json!({"type": "MultiSurface", "lod": "1", "boundaries": [[[0, 1, 2]]]});
            let corners = [[*x, *y, 6000], [x + 100, *y, 6000], [*x, y + 100, 6000]];
            json!({"type": "CityJSONFeature", "id": id, "vertices": corners,
                "CityObjects": {*id: {"type": "Building", "geometry": [roof]}}})
        });
        let lines: Vec<String> = [head].into_iter().chain(lines).map(|line| line.to_string()).collect();
        let path = folder.join(name);
        std::fs::write(&path, lines.join("\n")).unwrap();
        Input {
            path,
            source: SourceWords::default(),
        }
    }

    #[test]
    fn features_come_once_and_those_without_a_place_are_counted() {
        const HENGELO: [i64; 2] = [6_790_000, 52_260_000];
        const PARIS: [i64; 2] = [2_350_000, 48_850_000];
        let folder = tempfile::tempdir().unwrap();
        let inputs = [
            model(
                folder.path(),
                "a.city.jsonl",
                &[("a", HENGELO), ("b", PARIS), ("c", PARIS)],
            ),
            model(folder.path(), "none.city.jsonl", &[("d", PARIS)]),
            model(folder.path(), "b.city.jsonl", &[("a", HENGELO), ("e", HENGELO)]),
        ];
        let ids = |features: &mut dyn Iterator<Item = CityFeature>| {
            let ids: Vec<String> = features.map(|feature| feature.id).collect();
            ids.join(" ")
        };
        let (taken, read) = read_while(&inputs, &options(), ids);
        assert_eq!((taken.as_str(), read.models), ("a e", 3));
        let told: Vec<(Severity, bool)> = read
            .problems
            .iter()
            .map(|problem| (problem.severity, problem.message.contains("have no place")))
            .collect();
        assert_eq!(
            told,
            [(Severity::Warning, true), (Severity::Error, true)],
            "{:?}",
            read.problems
        );
        assert!(read.problems[0].message.starts_with("2 features"));
        // Whoever has enough ends the reading.
        let many: Vec<String> = (0..2 * WAITING + 4).map(|number| format!("m{number}")).collect();
        let many: Vec<(&str, [i64; 2])> = many.iter().map(|id| (id.as_str(), HENGELO)).collect();
        let inputs = [
            model(folder.path(), "many.city.jsonl", &many),
            model(folder.path(), "next.city.jsonl", &[("n", HENGELO)]),
        ];
        let (first, read) = read_while(&inputs, &options(), |features| {
            features.next().map(|feature| feature.id)
        });
        assert_eq!(first.as_deref(), Some("m0"));
        assert_eq!(read.models, 1, "the next is not opened");
    }
}
