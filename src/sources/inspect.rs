//! What a file holds, independent of drawing (`stadslens inspect`).
//!
//! Counts come from headers and accessors, so they hold for compressed geometry that is not decoded yet.
//! The words mean what `corpus/MANIFEST.md` says.

use super::{
    Cause, Problem,
    cityjson::{CityJson, is_city_json},
    crs_name,
    gltf::Totals,
    imagery, obj, points, raster,
    refusal::can_be_read,
    remote::{HttpResources, Network},
    resource::{ResourceError, Resources, encode_percent, folder, is_tile_archive, read_uri, unzipped},
    tiles3d::{
        BoundingVolume, MAX_PAYLOAD_BYTES, PayloadCount, PayloadKind, Reading, Refine, TileTree, count_payload,
        read_lone_tile, read_tree,
    },
    vector,
};
use crate::georef::{
    Crs, Ecef, LikelyCrs, LonLatH, RdNap, likely_crs, lon_lat_h_from_ecef, nearest_town, placed_in,
    rd_nap_from_lon_lat_h,
};
use bevy::math::{DVec2, DVec3};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Arc,
};

/// Trees with more tiles than this have their bounds taken from the root alone.
const MAX_TILES_FOR_BOUNDS: usize = 20_000;

/// Contents on a server that are fetched side by side.
const READ_AHEAD: usize = 16;

/// Describes a tileset (`tileset.json`, a folder with one, or an archive: `.3tz`, `.3dtiles`), `CityJSON`, a vector file, a raster, terrain, tiles of pictures, a point cloud
/// or a single tile payload as one JSON object, as the command-line contract says. A kind that is not read yet is named, with a problem that
/// says so.
///
/// # Errors
/// When the file cannot be read at all.
pub fn inspect(path: &Path) -> Result<Value, Problem> {
    if let Some(url) = HttpResources::url_of(path) {
        return inspect_url(url);
    }
    can_be_read(path)?;
    if let Some(described) = describe_archive(path) {
        return described;
    }
    if let Some(described) = raster::describe(path).or_else(|| imagery::describe(path)) {
        return described;
    }
    let shown = path.display().to_string();
    let path = if path.is_dir() {
        path.join("tileset.json")
    } else {
        path.to_owned()
    };
    let unusable = |message: &str| Problem::error(shown.clone(), "", message).because(Cause::WrongKind);
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| unusable("the path names no file"))?;
    if let Some(report) = vector::describe(&path) {
        return report;
    }
    if let Some(report) = points::describe(&path) {
        return report;
    }
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // Of any size: it is not read whole.
    if is_city_json(&path) {
        let described = catch_unwind(AssertUnwindSafe(|| CityJson::open(&path).map(|city| city.describe())));
        return described.unwrap_or_else(|_panic| Err(unexpected(&shown)));
    }
    let resources = folder(parent);
    if obj::is_obj(name) {
        let described = catch_unwind(AssertUnwindSafe(|| obj::describe(&*resources, name)));
        return described.unwrap_or_else(|_panic| Err(unexpected(&shown)));
    }
    let bytes = resources
        .read_at_most(name, MAX_PAYLOAD_BYTES)
        .and_then(|bytes| unzipped(bytes, MAX_PAYLOAD_BYTES, name))
        .map_err(|error| error.problem(shown.clone(), ""))?;
    let kind = PayloadKind::of(&bytes);
    if kind == PayloadKind::Tileset {
        drop(bytes);
        return Ok(describe_tileset(&read_tree(resources, name)?));
    }
    let mut count = count_guarded(&bytes, name);
    drop(bytes);
    if count.problems.is_empty() {
        // What cannot be counted is told when it is drawn, and here in the same words.
        count.problems = drawing_problems(resources, name);
    }
    Ok(describe_payload(count))
}

/// What is wrong with a payload when it is drawn.
fn drawing_problems(resources: Arc<dyn Resources>, name: &str) -> Vec<Problem> {
    let drawn = catch_unwind(AssertUnwindSafe(|| read_lone_tile(resources, name, true)));
    match drawn.unwrap_or_else(|_panic| Err(unexpected(name))) {
        Ok((_, problems)) => problems,
        Err(problem) => vec![problem],
    }
}

/// Adds to facts of a file with a box of coordinates where its middle lies, as `center_lon_lat` and `near`: in `crs`, else in
/// the system that it names. Where neither is there, `likely_crs` lists the systems that put it in or near the Netherlands.
pub fn tell_place(facts: &mut Value, crs: Option<Crs>) {
    if let Some(layers) = facts.get_mut("layers").and_then(Value::as_array_mut) {
        for layer in layers {
            tell_place(layer, crs);
        }
    }
    let Some([low, high]) = facts.get("bbox").and_then(flat_box) else {
        return;
    };
    let named = facts.get("crs").and_then(Value::as_str);
    let named = named.and_then(crs_name::of_name);
    let near = |place: &LikelyCrs| {
        let town = nearest_town(place.lon_deg, place.lat_deg);
        town.map(|(name, km)| format!("{name} ({km:.0} km)"))
    };
    let Some(facts) = facts.as_object_mut() else { return };
    if let Some(known) = crs.or(named) {
        let place = placed_in(known, low, high);
        if crs.is_some() {
            facts.insert("crs".into(), json!(known.to_string()));
        }
        if !facts.contains_key("center_lon_lat") {
            facts.insert(
                "center_lon_lat".into(),
                json!(place.map(|place| [place.lon_deg, place.lat_deg])),
            );
        }
        facts.insert("near".into(), json!(place.as_ref().and_then(near)));
        return;
    }
    let likely: Vec<Value> = likely_crs(low, high)
        .iter()
        .map(|likely| {
            json!({
                "crs": likely.crs.to_string(),
                "center_lon_lat": [likely.lon_deg, likely.lat_deg],
                "near": near(likely),
            })
        })
        .collect();
    facts.insert("likely_crs".into(), likely.into());
}

/// The corners of a box of four or six numbers.
fn flat_box(bbox: &Value) -> Option<[DVec2; 2]> {
    let numbers: Vec<f64> = bbox.as_array()?.iter().map(Value::as_f64).collect::<Option<_>>()?;
    match numbers[..] {
        [x, y, far_x, far_y] | [x, y, _, far_x, far_y, _] => Some([DVec2::new(x, y), DVec2::new(far_x, far_y)]),
        _ => None,
    }
}

/// Describes the tileset in an archive of tiles; `None` for anything else.
fn describe_archive(path: &Path) -> Option<Result<Value, Problem>> {
    let name = path.file_name()?.to_str().filter(|name| is_tile_archive(name))?;
    let is_file = path.is_file();
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let resources = folder(parent.unwrap_or(Path::new(".")));
    is_file.then(|| read_tree(resources, name).map(|reading| describe_tileset(&reading)))
}

/// The same for what is on a server.
fn inspect_url(url: &str) -> Result<Value, Problem> {
    let opened = HttpResources::open(&Network::of_program(), url);
    let (resources, root) = opened.map_err(|error| error.problem(url, ""))?;
    let bytes = resources
        .read_at_most(&root, MAX_PAYLOAD_BYTES)
        .map_err(|error| error.problem(url, ""))?;
    if PayloadKind::of(&bytes) == PayloadKind::Tileset {
        return Ok(describe_tileset(&read_tree(resources, &root)?));
    }
    Ok(describe_payload(count_guarded(&bytes, &root)))
}

fn describe_payload(count: PayloadCount) -> Value {
    json!({
        "kind": count.kind.name(),
        "totals": describe_totals(count.totals),
        "extensions": count.extensions,
        "problems": count.problems,
    })
}

fn describe_tileset(reading: &Reading) -> Value {
    let tree = &reading.tree;
    let counted = count_contents(tree);
    let explicit = &tree.tiles[..reading.explicit_tiles];
    let refine = |wanted: Refine| explicit.iter().filter(|tile| tile.refine == wanted).count();
    let implicit = tree.implicit_counts();
    let mut missing = reading.missing.clone();
    missing.extend(counted.missing);
    let mut extensions = counted.extensions;
    extensions.extend(tree.extensions.iter().cloned());
    let mut problems = reading.problems.clone();
    problems.extend(counted.problems);
    json!({
        "kind": "tileset",
        "version": tree.version,
        "tiles": explicit.len() - reading.implicit_roots,
        "max_depth": explicit.iter().map(|tile| tile.depth).max().unwrap_or(0),
        "refine": {"add": refine(Refine::Add), "replace": refine(Refine::Replace)},
        "implicit": {"subtrees": implicit.subtrees, "tiles": implicit.tiles, "contents": implicit.contents},
        "contents": counted.kinds,
        "missing": missing,
        "totals": describe_totals(counted.totals),
        "center_lon_lat": center(tree).map(|center| [center.lon_deg, center.lat_deg]),
        "bounds_rd_nap": bounds_rd_nap(tree),
        "metadata": tree.metadata.json(),
        "extensions": extensions,
        "problems": problems,
    })
}

fn describe_totals(totals: Totals) -> Value {
    json!({
        "triangles": totals.triangles,
        "points": totals.points,
        "instances": totals.instances,
        "instanced_triangles": totals.instanced_triangles,
        "features": totals.features(),
    })
}

/// What the contents of a tree hold together.
#[derive(Default)]
struct CountedContents {
    totals: Totals,
    kinds: BTreeMap<&'static str, u64>,
    missing: Vec<String>,
    extensions: BTreeSet<String>,
    problems: Vec<Problem>,
}

fn count_contents(tree: &TileTree) -> CountedContents {
    let mut counted = CountedContents::default();
    // One line for each kind of problem: 396 tiles of a kind that is not read are one thing to know.
    let mut problems: Vec<(Problem, u64)> = Vec::new();
    let mut add_problem = |problem: Problem| match problems.iter().position(|(p, _)| p.message == problem.message) {
        Some(known) => problems[known].1 += 1,
        None => problems.push((problem, 1)),
    };
    let paths: Vec<&String> = tree.tiles.iter().flat_map(|tile| &tile.contents).collect();
    for (at, path) in paths.iter().copied().enumerate() {
        if at % READ_AHEAD == 0 && tree.resources.remote().is_some() {
            let next = paths[at..].iter().take(READ_AHEAD).map(|path| (*path).clone());
            tree.resources.read_ahead(&next.collect::<Vec<_>>(), MAX_PAYLOAD_BYTES);
        }
        match read_content(&*tree.resources, path) {
            Ok(bytes) => {
                let count = count_guarded(&bytes, if path.starts_with("data:") { "data URI" } else { path });
                *counted.kinds.entry(count.kind.name()).or_default() += 1;
                counted.totals = counted.totals.plus(count.totals);
                counted.extensions.extend(count.extensions);
                count.problems.into_iter().for_each(&mut add_problem);
            }
            Err(error) => {
                if matches!(error, ResourceError::Missing { .. }) {
                    counted.missing.push(path.clone());
                }
                add_problem(error.problem(path, ""));
            }
        }
    }
    counted.problems = problems
        .into_iter()
        .map(|(mut problem, times)| {
            if times > 1 {
                problem.message = format!("{} ({times} contents)", problem.message);
            }
            problem
        })
        .collect();
    counted
}

/// Every problem in the contents of a tileset: missing, cut off, damaged, of a kind that is not read.
pub fn content_problems(tree: &TileTree) -> Vec<Problem> {
    count_contents(tree).problems
}

fn read_content(resources: &dyn Resources, path: &str) -> Result<Vec<u8>, ResourceError> {
    let bytes = if path.starts_with("data:") {
        read_uri(resources, "", path, MAX_PAYLOAD_BYTES)
    } else {
        read_uri(resources, "", &encode_percent(path), MAX_PAYLOAD_BYTES)
    };
    unzipped(bytes?, MAX_PAYLOAD_BYTES, path)
}

/// As [`count_payload`], with a last net below it.
fn count_guarded(bytes: &[u8], path: &str) -> PayloadCount {
    catch_unwind(AssertUnwindSafe(|| count_payload(bytes, path))).unwrap_or_else(|_panic| PayloadCount {
        kind: PayloadKind::Unknown,
        totals: Totals::default(),
        extensions: Vec::new(),
        problems: vec![unexpected(path)],
    })
}

fn unexpected(path: &str) -> Problem {
    Problem::error(path, "", "the file is damaged in a way the reader did not expect").because(Cause::Damaged)
}

/// Where the root volume has its middle; `None` for data without a place.
fn center(tree: &TileTree) -> Option<LonLatH> {
    if !tree.is_geocentric {
        return None;
    }
    match tree.tiles.first()?.bounding_volume {
        BoundingVolume::Region {
            region: [west, south, east, north, lowest, highest],
            ..
        } => {
            let lon = if east < west {
                f64::midpoint(west, east + std::f64::consts::TAU)
            } else {
                f64::midpoint(west, east)
            };
            Some(LonLatH {
                lon_deg: lon.to_degrees(),
                lat_deg: f64::midpoint(south, north).to_degrees(),
                h_m: f64::midpoint(lowest, highest),
            })
        }
        volume => lon_lat_h(volume.center()),
    }
}

fn lon_lat_h(ecef: DVec3) -> Option<LonLatH> {
    lon_lat_h_from_ecef(Ecef(ecef)).ok()
}

/// Lowest and highest RD and NAP coordinates over the volumes of the contents. A content that others below it
/// replace is left out, since its volume only repeats theirs more loosely. The root's volume is not asked: that
/// of a part of a large tileset is often still the whole country.
///
/// `None` for data without a place, and when one of the volumes leaves the Dutch grids.
fn bounds_rd_nap(tree: &TileTree) -> Option<Value> {
    if !tree.is_geocentric {
        return None;
    }
    let mut volumes = finest_volumes(tree);
    if volumes.is_empty() || volumes.len() > MAX_TILES_FOR_BOUNDS {
        volumes = vec![tree.tiles.first()?.bounding_volume];
    }
    let mut low = [f64::INFINITY; 3];
    let mut high = [f64::NEG_INFINITY; 3];
    for corner in volumes.iter().flat_map(BoundingVolume::corners) {
        let RdNap { x_m, y_m, nap_m } = rd_nap_from_lon_lat_h(lon_lat_h(corner)?).ok()?;
        for (i, value) in [x_m, y_m, nap_m].into_iter().enumerate() {
            low[i] = low[i].min(value);
            high[i] = high[i].max(value);
        }
    }
    Some(json!({"min": low, "max": high}))
}

/// Volumes of the contents that no other contents replace.
fn finest_volumes(tree: &TileTree) -> Vec<BoundingVolume> {
    let mut has_content_below = vec![false; tree.tiles.len()];
    for tile in tree.tiles.iter().filter(|tile| !tile.contents.is_empty()) {
        let mut above = tile.parent;
        while let Some(parent) = above {
            if std::mem::replace(&mut has_content_below[parent.0 as usize], true) {
                break;
            }
            above = tree.tiles[parent.0 as usize].parent;
        }
    }
    let finest = tree.tiles.iter().zip(has_content_below).filter(|(tile, is_above)| {
        let is_replaced = *is_above && tile.refine == Refine::Replace;
        !(tile.contents.is_empty() || is_replaced)
    });
    finest
        .map(|(tile, _)| tile.content_volume.unwrap_or(tile.bounding_volume))
        .collect()
}
