//! Vector files to layers of the scenario: ground cover, addresses and managed objects, by what their attributes say.
//!
//! What is no ground cover, no address and no object is counted and told, not guessed at.

use super::document::PreparedLayer;
use super::meaning::{Becomes, becomes, has_ended, kept, lower};
use super::{PrepareError, PrepareOptions, PrepareReport, PrepareStep, VectorInput};
use crate::georef::{Crs, Transformer};
use crate::sources::vector::{Position, VectorFeature, VectorFile, VectorGeometry, VectorLayer};
use crate::sources::{Cause, Problem};
use bevy::math::DVec2;
use serde_json::{Value, json};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Folder of the layers.
pub(super) const FOLDER: &str = "layers";
/// Problems of single features that are told of one file.
const MOST_TOLD: usize = 20;
/// Bounds of coordinates that are taken for RD where a file names no system, metres.
const RD: [f64; 4] = [-7_000.0, 289_000.0, 300_000.0, 629_000.0];

const SLOTS: [(&str, [&str; 2]); 3] = [
    ("surfaces", ["Verharding, groen en water", "Paving, green and water"]),
    ("addresses", ["Adressen", "Addresses"]),
    ("assets", ["Beheerobjecten", "Assets"]),
];

/// What was left out of the files of one input.
#[derive(Default)]
struct LeftOut {
    outside: u64,
    unknown: u64,
    damaged: u64,
    faults: Vec<Problem>,
}

/// Makes the layers of one input: of a file, or of all pages of one collection.
pub(super) fn prepare(
    options: &PrepareOptions,
    input: &VectorInput,
    report: &mut PrepareReport,
    told: &(dyn Fn(PrepareStep) + Sync),
) -> Result<Vec<PreparedLayer>, PrepareError> {
    let folder = options.folder.join(FOLDER);
    fs::create_dir_all(&folder).map_err(|error| PrepareError::cannot_write(&folder, &error))?;
    let mut outputs: [Option<Output>; 3] = [None, None, None];
    let mut left = LeftOut::default();
    for path in &input.paths {
        add_file(options, input, path, &mut outputs, &mut left, report, told)?;
    }
    let is_empty = outputs.iter().all(Option::is_none);
    let shown = match input.paths.as_slice() {
        [only] => only.display().to_string(),
        _ => input.name.clone(),
    };
    tell(report, &shown, left, is_empty);
    let mut layers = Vec::new();
    for (output, (kind, title)) in outputs.into_iter().zip(SLOTS) {
        let Some(output) = output else { continue };
        let (name, count) = output
            .finish()
            .map_err(|error| PrepareError::cannot_write(&folder, &error))?;
        report.features += count;
        layers.push(PreparedLayer {
            id: format!("{kind}-{}", input.key),
            kind: kind.to_owned(),
            path: format!("{FOLDER}/{name}"),
            title: title.map(str::to_owned),
            register: None,
            source: input.source.clone(),
            ground_nap_m: None,
        });
    }
    Ok(layers)
}

/// Adds what one file has to the layers under way.
fn add_file(
    options: &PrepareOptions,
    input: &VectorInput,
    path: &Path,
    outputs: &mut [Option<Output>; 3],
    left: &mut LeftOut,
    report: &mut PrepareReport,
    told: &(dyn Fn(PrepareStep) + Sync),
) -> Result<(), PrepareError> {
    let shown = path.display().to_string();
    let file = match VectorFile::open(path) {
        Ok(file) => file,
        Err(problem) => {
            report.problems.push(problem);
            return Ok(());
        }
    };
    report.problems.extend(file.problems.iter().cloned());
    let folder = options.folder.join(FOLDER);
    for (place, layer) in file.layers.iter().enumerate() {
        let to_rd = match to_rd(layer, &shown, &mut report.problems) {
            Ok(to_rd) => to_rd,
            Err(problem) => {
                report.problems.push(problem);
                continue;
            }
        };
        // Pages are called after their number; what they hold says their collection.
        let layer_name = if input.collection.is_empty() {
            &layer.name
        } else {
            &input.collection
        };
        for (read, feature) in file.features(place).enumerate() {
            if read % 5_000 == 0 {
                told(PrepareStep {
                    what: format!("reading {}", input.name),
                    done: read as u64,
                    of: layer.count,
                    received_bytes: 0,
                });
            }
            let feature = match feature {
                Ok(feature) => feature,
                Err(problem) => {
                    left.damaged += 1;
                    if left.faults.len() < MOST_TOLD {
                        left.faults.push(problem);
                    }
                    continue;
                }
            };
            let properties = lower(&feature.properties);
            if has_ended(&properties) {
                continue;
            }
            let Some(becomes) = becomes(&feature, &properties, layer_name) else {
                left.unknown += 1;
                continue;
            };
            let Some(slot) = becomes.slot() else { continue };
            let Some(geometry) = placed(&feature, becomes, to_rd.as_ref(), options) else {
                left.outside += 1;
                continue;
            };
            let json = json!({
                "type": "Feature",
                "properties": kept(becomes, &feature, &properties),
                "geometry": geometry,
            });
            let output = if let Some(output) = &mut outputs[slot] {
                output
            } else {
                let path = folder.join(format!("{}-{}.geojson", input.key, SLOTS[slot].0));
                let opened = Output::create(&path).map_err(|error| PrepareError::cannot_write(&path, &error))?;
                outputs[slot].insert(opened)
            };
            output
                .add(&json)
                .map_err(|error| PrepareError::cannot_write(&output.path, &error))?;
        }
    }
    Ok(())
}

/// What was left out of a file, a line each.
fn tell(report: &mut PrepareReport, shown: &str, left: LeftOut, is_empty: bool) {
    let LeftOut {
        outside,
        unknown,
        damaged,
        faults,
    } = left;
    let more = damaged.saturating_sub(faults.len() as u64);
    report.problems.extend(faults);
    let mut warn = |message: String, cause: Cause| {
        report
            .problems
            .push(Problem::warning(shown, "", message).because(cause));
    };
    if more > 0 {
        warn(format!("{more} more features are damaged"), Cause::More);
    }
    if unknown > 0 {
        warn(
            format!("{unknown} features are no ground cover, address or object by their attributes; they are left out"),
            Cause::NotRead,
        );
    }
    if is_empty && outside > 0 {
        warn(
            format!("all its {outside} features lie outside this area; check the area and the coordinates of the file"),
            Cause::Place,
        );
    }
}

/// From a layer's coordinates to RD; `None` where they are RD.
fn to_rd(layer: &VectorLayer, shown: &str, problems: &mut Vec<Problem>) -> Result<Option<Transformer>, Problem> {
    let bad = |message: String| Problem::error(shown, &layer.name, message).because(Cause::Place);
    let Some(crs) = layer.crs else {
        let fits = layer
            .bounds
            .is_some_and(|b| b[0] >= RD[0] && b[1] >= RD[1] && b[2] <= RD[2] && b[3] <= RD[3]);
        let said = layer.crs_name.as_deref().unwrap_or("no coordinate system");
        if !fits {
            return Err(bad(format!(
                "it names {said}, and its coordinates are not RD; write the system into the file"
            )));
        }
        let message = format!("it names {said}; its coordinates are taken as RD (EPSG:28992)");
        problems.push(Problem::warning(shown, &layer.name, message).because(Cause::Place));
        return Ok(None);
    };
    if crs == Crs::RD || crs == Crs::RD_NAP {
        return Ok(None);
    }
    Transformer::new(crs, Crs::RD)
        .map(Some)
        .map_err(|error| bad(format!("its coordinates cannot be brought to RD ({error})")))
}

/// The geometry in RD, where it belongs to the area.
fn placed(
    feature: &VectorFeature,
    becomes: Becomes,
    to_rd: Option<&Transformer>,
    options: &PrepareOptions,
) -> Option<Value> {
    let geometry: &VectorGeometry = feature.geometry.as_ref()?;
    let rd = |p: &Position| -> Option<DVec2> {
        match to_rd {
            None => Some(DVec2::new(p.x, p.y)),
            Some(transformer) => transformer.convert_flat([p.x, p.y]).ok().map(DVec2::from_array),
        }
    };
    let rounded = |p: DVec2| [(p.x * 1000.0).round() / 1000.0, (p.y * 1000.0).round() / 1000.0];
    if !matches!(becomes, Becomes::Surface(_)) {
        let p = rd(geometry.points.first()?)?;
        return options
            .area
            .contains(p)
            .then(|| json!({"type": "Point", "coordinates": rounded(p)}));
    }
    let (low, high) = options.area.bounds();
    let mut touches = false;
    let polygons: Option<Vec<Vec<Vec<[f64; 2]>>>> = geometry
        .polygons
        .iter()
        .map(|rings| {
            rings
                .iter()
                .map(|ring| {
                    let corners: Option<Vec<DVec2>> = ring.iter().map(rd).collect();
                    let corners = corners?;
                    // By its box: a lake may cover the area without a corner in it.
                    let (least, most) = corners
                        .iter()
                        .fold((DVec2::INFINITY, DVec2::NEG_INFINITY), |(a, b), p| {
                            (a.min(*p), b.max(*p))
                        });
                    touches |= least.cmple(high).all() && most.cmpge(low).all();
                    let mut ring: Vec<[f64; 2]> = corners.into_iter().map(rounded).collect();
                    if ring.first() != ring.last() {
                        ring.extend(ring.first().copied());
                    }
                    Some(ring)
                })
                .collect()
        })
        .collect();
    let polygons = polygons?;
    touches.then(|| json!({"type": "MultiPolygon", "coordinates": polygons}))
}

/// A layer file under way.
struct Output {
    path: PathBuf,
    to: BufWriter<fs::File>,
    count: u64,
}

impl Output {
    fn create(path: &Path) -> io::Result<Self> {
        let mut to = BufWriter::new(fs::File::create(part_of(path))?);
        to.write_all(
            br#"{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::28992"}},"features":["#,
        )?;
        Ok(Self {
            path: path.to_owned(),
            to,
            count: 0,
        })
    }

    fn add(&mut self, feature: &Value) -> io::Result<()> {
        self.to.write_all(if self.count == 0 { b"\n" } else { b",\n" })?;
        self.count += 1;
        serde_json::to_writer(&mut self.to, feature)?;
        Ok(())
    }

    /// The name of the file, and how many features are in it.
    fn finish(mut self) -> io::Result<(String, u64)> {
        self.to.write_all(b"\n]}\n")?;
        let file = self.to.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        fs::rename(part_of(&self.path), &self.path)?;
        let name = self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        Ok((name.to_owned(), self.count))
    }
}

fn part_of(path: &Path) -> PathBuf {
    path.with_extension("geojson.part")
}
