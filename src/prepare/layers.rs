//! Vector files to layers of the scenario: ground cover, addresses and managed objects, by what their attributes say.
//!
//! What is no ground cover, no address and no object is counted and told, not guessed at.

use super::document::PreparedLayer;
use super::meaning::{Becomes, becomes, has_ended, kept, lower};
use super::{PrepareError, PrepareOptions, PrepareReport, PrepareStep, VectorInput, register};
use crate::georef::{Crs, Transformer, fits_rd};
use crate::sources::vector::{
    FlatGeobufWriter, GeometryKind, Position, Rings, VectorFeature, VectorFile, VectorGeometry, VectorLayer,
};
use crate::sources::{Cause, Problem};
use bevy::math::DVec2;
use std::fs;
use std::path::Path;

/// Folder of the layers.
pub(super) const FOLDER: &str = "layers";
/// Problems of single features that are told of one file.
const MOST_TOLD: usize = 20;

const SLOTS: [(&str, [&str; 2]); 3] = [
    ("surfaces", ["Verharding, groen en water", "Paving, green and water"]),
    ("addresses", ["Adressen", "Addresses"]),
    ("assets", ["Beheerobjecten", "Assets"]),
];

/// What was left out of the files of one input.
#[derive(Default)]
struct LeftOut {
    /// Features that were not left out.
    taken: u64,
    /// Layers of which nothing lies here.
    elsewhere: Vec<Problem>,
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
    fs::create_dir_all(&folder).map_err(|error| PrepareError::cannot_write(&folder, error))?;
    let mut outputs: [Option<FlatGeobufWriter>; 3] = [None, None, None];
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
    for (slot, (output, (kind, title))) in outputs.into_iter().zip(SLOTS).enumerate() {
        let Some(output) = output else { continue };
        let name = file_of(input, slot);
        report.features += output
            .finish()
            .map_err(|error| PrepareError::cannot_write(&folder.join(&name), error))?;
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

/// What the file of one kind of layer is called.
fn file_of(input: &VectorInput, slot: usize) -> String {
    let kind = SLOTS.get(slot).map_or("", |(kind, _)| kind);
    format!("{}-{kind}.fgb", input.key)
}

/// Adds what one file has to the layers under way.
fn add_file(
    options: &PrepareOptions,
    input: &VectorInput,
    path: &Path,
    outputs: &mut [Option<FlatGeobufWriter>; 3],
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
        let before = (left.taken, left.outside);
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
            let output = if let Some(output) = &mut outputs[slot] {
                output
            } else {
                let path = folder.join(file_of(input, slot));
                let opened = register::writer(&path, SLOTS[slot].0, &options.folder)
                    .map_err(|error| PrepareError::cannot_write(&path, error))?;
                outputs[slot].insert(opened)
            };
            output
                .add(&geometry, &kept(becomes, &feature, &properties))
                .map_err(|error| PrepareError::cannot_write(&folder.join(file_of(input, slot)), error))?;
            left.taken += 1;
        }
        // Of a file with one layer the line about the file says it.
        let outside = left.outside - before.1;
        if file.layers.len() > 1 && left.taken == before.0 && outside > 0 {
            let message = format!(
                "all {outside} features of this layer lie outside this area; it is left out: check its coordinates"
            );
            let problem = Problem::warning(&shown, &layer.name, message).because(Cause::Elsewhere);
            left.elsewhere.push(problem);
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
        elsewhere,
        taken: _,
    } = left;
    let more = damaged.saturating_sub(faults.len() as u64);
    report.problems.extend(faults);
    if !is_empty {
        report.problems.extend(elsewhere);
    }
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
            Cause::Elsewhere,
        );
    }
}

/// From a layer's coordinates to RD; `None` where they are RD.
fn to_rd(layer: &VectorLayer, shown: &str, problems: &mut Vec<Problem>) -> Result<Option<Transformer>, Problem> {
    let bad = |message: String| Problem::error(shown, &layer.name, message).because(Cause::Place);
    let Some(crs) = layer.crs else {
        let fits = layer
            .bounds
            .is_some_and(|[x, y, far_x, far_y]| fits_rd(DVec2::new(x, y), DVec2::new(far_x, far_y)));
        let said = layer.crs_name.as_deref().unwrap_or("no coordinate system");
        if !fits {
            let message = format!("it names {said}, and its coordinates are not RD; write the system into the file");
            return Err(bad(message).because(Cause::NoSystem));
        }
        let message = format!("it names {said}; its coordinates are taken as RD (EPSG:28992)");
        problems.push(Problem::warning(shown, &layer.name, message).because(Cause::NoSystem));
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
) -> Option<VectorGeometry> {
    let geometry: &VectorGeometry = feature.geometry.as_ref()?;
    let rd = |p: &Position| -> Option<DVec2> {
        match to_rd {
            None => Some(DVec2::new(p.x, p.y)),
            Some(transformer) => transformer.convert_flat([p.x, p.y]).ok().map(DVec2::from_array),
        }
    };
    let rounded = |p: DVec2| Position::flat((p.x * 1000.0).round() / 1000.0, (p.y * 1000.0).round() / 1000.0);
    if !matches!(becomes, Becomes::Surface(_)) {
        let p = rd(geometry.points.first()?)?;
        return options.area.contains(p).then(|| VectorGeometry {
            kind: GeometryKind::Point,
            points: vec![rounded(p)],
            lines: Vec::new(),
            polygons: Vec::new(),
        });
    }
    let (low, high) = options.area.bounds();
    let mut touches = false;
    let polygons: Option<Vec<Rings>> = geometry
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
                    Some(corners.into_iter().map(rounded).collect())
                })
                .collect()
        })
        .collect();
    let polygons = polygons?;
    touches.then_some(VectorGeometry {
        kind: GeometryKind::MultiPolygon,
        points: Vec::new(),
        lines: Vec::new(),
        polygons,
    })
}
