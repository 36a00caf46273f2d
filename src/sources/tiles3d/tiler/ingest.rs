//! Features on their way in: checked, named, surveyed and put down by place.

use super::{
    Problems, Progress, Stage, Tiler, TilerError,
    images::ImageNames,
    record::{MAX_RECORD, encode},
    schema::{MAX_COLUMNS, Schema, Survey},
    spill::{CellKey, Chunk, Spill},
};
use crate::georef::{Crs, Ecef, Transformer, lon_lat_h_from_ecef};
use crate::sources::{Cause, CityFeature, CityPart, Problem};
use bevy::math::{DVec2, DVec3};
use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    sync::atomic::Ordering,
};

/// Side of a square of the first grid: metres, or degrees.
const CELL_M: f64 = 4_096.0;
const CELL_DEG: f64 = 0.04;
/// Most squares: a million square kilometres where every one is built on.
const MAX_CELLS: usize = 65_536;
/// Largest feature, metres.
const MAX_FEATURE_M: f64 = 100_000.0;
/// What lies this far from everything else has wrong coordinates, metres.
const FAR_M: f64 = 1_000_000.0;
/// Corners, triangles and parts of one feature that are read. One feature is never divided over tiles.
const MAX_CORNERS: usize = 2_000_000;
const MAX_PARTS: usize = 100_000;
/// Longest name of a feature, bytes.
const MAX_ID: usize = 1_024;
/// Every so many features the caller hears how far it is.
const TOLD_EVERY: u64 = 256;

/// All that came in and can be tiled.
pub(super) struct Ingested {
    pub(super) cells: Vec<(CellKey, Chunk)>,
    /// Side of a square, units of the source.
    pub(super) cell_size: f64,
    pub(super) schema: Schema,
    pub(super) images: ImageNames,
    pub(super) features: u64,
    pub(super) problems: Problems,
}

/// Takes everything in.
pub(super) fn ingest(
    tiler: &Tiler<'_>,
    features: impl Iterator<Item = CityFeature>,
    work: Option<&Path>,
) -> Result<Ingested, TilerError> {
    let to_ecef = tiler.to_ecef()?;
    let has_degrees = Transformer::new(Crs::ECEF, tiler.crs).is_ok_and(|back| back.gives_angles());
    let is_geocentric = matches!(tiler.crs.0, 4936 | 4978);
    let mut intake = Intake {
        tiler,
        to_ecef,
        cell_size: if has_degrees || is_geocentric { CELL_DEG } else { CELL_M },
        is_geocentric,
        spill: Spill::new(work.map(Path::to_owned))?,
        survey: Survey::default(),
        images: ImageNames::default(),
        ids: (!tiler.has_distinct_ids).then(HashSet::new),
        problems: Problems::default(),
        features: 0,
        record: Vec::new(),
    };
    for (order, feature) in (0_u64..).zip(features) {
        if tiler.cancel.load(Ordering::Relaxed) {
            return Err(TilerError::Cancelled);
        }
        intake.take(order, feature)?;
        if order.is_multiple_of(TOLD_EVERY) {
            intake.tell();
        }
    }
    intake.tell();
    intake.finish()
}

struct Intake<'a> {
    tiler: &'a Tiler<'a>,
    to_ecef: Transformer,
    cell_size: f64,
    is_geocentric: bool,
    spill: Spill,
    survey: Survey,
    images: ImageNames,
    /// Hashes of the ids so far; `None` where the caller knows that they differ.
    ids: Option<HashSet<u64>>,
    problems: Problems,
    features: u64,
    record: Vec<u8>,
}

impl Intake<'_> {
    fn tell(&self) {
        (self.tiler.progress)(Progress {
            stage: Stage::Reading,
            done: self.features,
            total: 0,
        });
    }

    fn take(&mut self, order: u64, mut feature: CityFeature) -> Result<(), TilerError> {
        let place = place_of(order, &feature.id);
        let problem = |message: String, cause| Problem::error(&self.tiler.name, &place, message).because(cause);
        let triangles: usize = feature.parts.iter().map(|part| part.triangles.len()).sum();
        let corners: usize = feature.parts.iter().map(|part| part.positions.len()).sum();
        if corners > MAX_CORNERS || triangles > MAX_CORNERS || feature.parts.len() > MAX_PARTS {
            let message = format!("{corners} corners and {triangles} triangles are too many; it is left out");
            self.problems.push(problem(message, Cause::TooLarge));
            return Ok(());
        }
        let dropped: usize = feature.parts.iter_mut().map(drop_unusable).sum();
        feature.parts.retain(|part| !part.triangles.is_empty());
        if dropped > 0 {
            let message =
                format!("{dropped} triangles have corners that are missing or not numbers; they are left out");
            self.problems.push(problem(message, Cause::Content));
        }
        let Some((low, high)) = bounds(&feature.parts) else {
            self.problems
                .push(problem("it has no surfaces; it is left out".to_owned(), Cause::Content));
            return Ok(());
        };
        let place_on_earth = self.place_on_earth(low, high);
        let middle = match place_on_earth {
            Ok(middle) => middle,
            Err(message) => {
                self.problems.push(problem(message, Cause::Place));
                return Ok(());
            }
        };
        let key = (cell(middle.x, self.cell_size), cell(middle.y, self.cell_size));
        if self.spill.cells() >= MAX_CELLS && !self.spill.has(key) {
            let message = "the features are spread over too large an area; it is left out".to_owned();
            self.problems.push(problem(message, Cause::TooLarge));
            return Ok(());
        }
        let id = self.own_id(&feature.id, order, &place);
        let images = self.image_numbers(&feature.parts, &place);
        self.record.clear();
        encode(&feature, order, &id, &images, middle, &mut self.record);
        if self.record.len() > MAX_RECORD {
            let message = "it takes too many bytes; it is left out".to_owned();
            self.problems
                .push(Problem::error(&self.tiler.name, &place, message).because(Cause::TooLarge));
            return Ok(());
        }
        self.survey.add(&feature.attributes);
        let triangles = feature.parts.iter().map(|part| part.triangles.len() as u64).sum();
        self.spill.push(key, &self.record, triangles)?;
        self.features += 1;
        Ok(())
    }

    /// The middle of a feature for sorting, or why it has none.
    fn place_on_earth(&self, low: DVec3, high: DVec3) -> Result<DVec2, String> {
        let ecef = |p: DVec3| {
            let ecef = self.to_ecef.convert(p.to_array());
            ecef.map(DVec3::from)
                .map_err(|error| format!("it has no place on earth ({error}); it is left out"))
        };
        let (a, b) = (ecef(low)?, ecef(high)?);
        let size_m = a.distance(b);
        if !size_m.is_finite() || size_m > MAX_FEATURE_M {
            return Err(format!("it reaches over {:.0} km; it is left out", size_m / 1000.0));
        }
        if self.is_geocentric {
            let place = lon_lat_h_from_ecef(Ecef((low + high) / 2.0)).map_err(|error| error.to_string())?;
            return Ok(DVec2::new(place.lon_deg, place.lat_deg));
        }
        Ok(((low + high) / 2.0).truncate())
    }

    /// The feature's id, made its own where another has it already.
    fn own_id(&mut self, id: &str, order: u64, place: &str) -> String {
        let mut own = id.to_owned();
        if id.is_empty() || id.len() > MAX_ID {
            own = format!("feature-{order}");
            let message = format!("the id is missing or too long; it is called `{own}`");
            self.problems.push(Problem::warning(&self.tiler.name, place, message));
        }
        let mut number = 1_u64;
        let stem = own.clone();
        while self.ids.as_mut().is_some_and(|ids| !ids.insert(hash(&own))) {
            number += 1;
            own = format!("{stem}#{number}");
        }
        if number > 1 {
            let message = format!("another feature has this id; this one is called `{own}`");
            self.problems
                .push(Problem::warning(&self.tiler.name, place, message).because(Cause::Duplicate));
        }
        own
    }

    fn image_numbers(&mut self, parts: &[CityPart], place: &str) -> Vec<Option<u32>> {
        let mut is_short = false;
        let numbers = parts.iter().map(|part| {
            let texture = part.texture.as_ref()?;
            if texture.uvs.len() < part.positions.len() || !texture.uvs.iter().all(|uv| uv.is_finite()) {
                is_short = true;
                return None;
            }
            self.images.number(&texture.image)
        });
        let numbers = numbers.collect();
        if is_short {
            let message = "some corners have no place in the picture; the surfaces have plain colours";
            self.problems.push(Problem::warning(&self.tiler.name, place, message));
        }
        numbers
    }

    fn finish(mut self) -> Result<Ingested, TilerError> {
        let path = &self.tiler.name;
        if !self.survey.left_out.is_empty() {
            let names: Vec<&str> = self.survey.left_out.iter().map(String::as_str).collect();
            let message = format!("more than {MAX_COLUMNS} attributes; not kept are {}", names.join(", "));
            self.problems
                .push(Problem::warning(path, "attributes", message).because(Cause::TooLarge));
        }
        let mut cells = self.spill.finish()?;
        let far = far_cells(&cells, self.cell_size, &self.to_ecef, self.is_geocentric);
        for ((_, chunk), _) in cells.iter().zip(&far).filter(|(_, is_far)| **is_far) {
            let message = format!(
                "{} features lie more than {:.0} km from the rest; they are left out",
                chunk.features,
                FAR_M / 1000.0
            );
            self.problems
                .push(Problem::error(path, "", message).because(Cause::Place));
            self.features -= chunk.features;
        }
        let mut is_far = far.into_iter();
        cells.retain(|_| is_far.next() == Some(false));
        if cells.is_empty() {
            let mut problems = self.problems.into_list(path);
            if problems.is_empty() {
                problems.push(Problem::error(path, "", "there are no features in it"));
            }
            return Err(TilerError::Nothing { problems });
        }
        Ok(Ingested {
            cells,
            cell_size: self.cell_size,
            schema: self.survey.schema(),
            images: self.images,
            features: self.features,
            problems: self.problems,
        })
    }
}

/// How a feature is named in problems.
fn place_of(order: u64, id: &str) -> String {
    let id: String = id.chars().take(80).collect();
    format!("features[{order}] ({id})")
}

fn hash(id: &str) -> u64 {
    // Without a seed: the same in every run.
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// Takes out the triangles whose corners are not there or not finite, and says how many.
fn drop_unusable(part: &mut CityPart) -> usize {
    let before = part.triangles.len();
    let positions = &part.positions;
    let is_usable = |corner: &u32| positions.get(*corner as usize).is_some_and(|p| p.is_finite());
    part.triangles.retain(|triangle| triangle.iter().all(is_usable));
    before - part.triangles.len()
}

/// Box around all corners that triangles use.
fn bounds(parts: &[CityPart]) -> Option<(DVec3, DVec3)> {
    let corners = parts.iter().flat_map(|part| {
        let corner = |corner: &u32| part.positions.get(*corner as usize).copied();
        part.triangles.iter().flatten().filter_map(corner)
    });
    corners.fold(None, |bounds, p| {
        Some(bounds.map_or((p, p), |(low, high): (DVec3, DVec3)| (low.min(p), high.max(p))))
    })
}

/// Number of the square that holds `at` along one axis.
#[expect(
    clippy::cast_possible_truncation,
    reason = "places on earth are far below 2^63 squares"
)]
fn cell(at: f64, size: f64) -> i64 {
    (at / size).floor() as i64
}

/// Which squares lie far from the one in the middle of all features.
fn far_cells(cells: &[(CellKey, Chunk)], size: f64, to_ecef: &Transformer, is_geocentric: bool) -> Vec<bool> {
    let total: u64 = cells.iter().map(|(_, chunk)| chunk.features).sum();
    let median = |axis: fn(&CellKey) -> i64| {
        let mut along: Vec<(i64, u64)> = cells.iter().map(|(key, chunk)| (axis(key), chunk.features)).collect();
        along.sort_unstable();
        let mut seen = 0;
        let at = along.iter().find(|(_, features)| {
            seen += features;
            seen * 2 >= total
        });
        at.map_or(0, |(at, _)| *at)
    };
    let ecef = |(x, y): CellKey| {
        #[expect(clippy::cast_precision_loss, reason = "numbers of squares on earth")]
        let [x, y] = [x, y].map(|n| (n as f64 + 0.5) * size);
        if is_geocentric {
            return crate::georef::ecef_from_lon_lat_h(crate::georef::LonLatH {
                lon_deg: x,
                lat_deg: y,
                h_m: 0.0,
            })
            .ok()
            .map(|p| p.0);
        }
        to_ecef.convert([x, y, 0.0]).ok().map(DVec3::from)
    };
    // The square that is nearest to the two medians, which together may name an empty place.
    let middle = (median(|key| key.0), median(|key| key.1));
    let nearest = cells
        .iter()
        .min_by_key(|(key, _)| key.0.abs_diff(middle.0).saturating_add(key.1.abs_diff(middle.1)));
    let Some(middle) = nearest.and_then(|(key, _)| ecef(*key)) else {
        return vec![false; cells.len()];
    };
    cells
        .iter()
        .map(|(key, _)| ecef(*key).is_some_and(|at| at.distance(middle) > FAR_M))
        .collect()
}
