//! A tileset as a flat tree.
//!
//! What a viewer opens ([`open_tileset`]) is the tileset.json and a few of the external tilesets in it. The others, and
//! what is below the root of an implicit tiling, come later, part by part, as they are looked at: see
//! [`forest`](super::forest). Who wants all of it at once reads it with [`read_whole_tileset`].
//!
//! A faulty field costs as little as possible: a tile without a usable volume takes its parent's, one
//! without an error half its parent's, and every such choice is a [`Problem`].

use super::{
    BoundingVolume, Subtrees, TilesetMetadata,
    external::{Link, Reach},
    forest::Parts,
    reader::{MAX_TILES, Reader},
    tile_file,
    volume::EQUATORIAL_RADIUS_M,
};
use crate::sources::{
    Cause, Problem,
    resource::{Resources, root_document, unpacked},
};
use bevy::math::DMat4;
use serde_json::Value;
use std::sync::Arc;

/// Most parts of a tree that are read at once.
const MAX_SUBTREES: usize = 20_000;
/// External tilesets on this machine that are opened with a tileset: small trees are whole at once.
const AT_ONCE: Reach = Reach {
    files: 64,
    bytes: 8 << 20,
    is_patient: false,
};
/// External tilesets on a server that are opened with a tileset whose own tiles do not tell where on earth it is.
const ASKED_FOR_PLACE: Reach = Reach {
    files: 3,
    bytes: 8 << 20,
    is_patient: true,
};
/// Largest tileset.json, bytes; its parsed form takes several times as much.
pub(crate) const MAX_TILESET_BYTES: u64 = 256 << 20;
/// Centres this far from the centre of the earth are taken as ECEF, metres. The specification lets tiles
/// hang in space, so this goes up to 1,000 km; what is above [`PLAUSIBLE_M`] gets a warning.
pub(super) const SURFACE_SHELL_M: std::ops::Range<f64> = 6.2e6..7.4e6;
/// Within about 100 km of the earth's surface.
const PLAUSIBLE_M: std::ops::Range<f64> = 6.2e6..6.6e6;

/// Index of a tile in its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileId(pub u32);

/// How children join their parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refine {
    /// Children are drawn besides the parent.
    Add,
    /// Children replace the parent.
    Replace,
}

/// One tile.
#[derive(Debug, Clone)]
pub struct Tile {
    /// Parent, `None` for the root.
    pub parent: Option<TileId>,
    /// Children.
    pub children: Vec<TileId>,
    /// Depth, root 0.
    pub depth: u32,
    /// Volume in the root frame.
    pub bounding_volume: BoundingVolume,
    /// Volume of the content where the file gives a tighter one.
    pub content_volume: Option<BoundingVolume>,
    /// Volume that the viewer must be in before the tile is asked for, where the file gives one.
    pub viewer_request_volume: Option<BoundingVolume>,
    /// Geometric error, metres, scaled by the tile transform.
    pub geometric_error_m: f64,
    /// Refinement, inherited where the file is silent.
    pub refine: Refine,
    /// Paths of the contents within the tileset's [`Resources`], joined and checked, or `data:` URIs; empty
    /// tiles have none.
    pub contents: Vec<String>,
    /// Root frame from tile frame.
    pub root_from_tile: DMat4,
}

/// A tileset with the external tilesets and subtrees that are read so far.
pub struct TileTree {
    /// Where contents are read from.
    pub resources: Arc<dyn Resources>,
    /// Path of the root tileset.json within `resources`.
    pub path: String,
    /// `asset.version`.
    pub version: String,
    /// `asset.gltfUpAxis`, a non-standard hint: `Y` unless the file says otherwise.
    pub gltf_up_axis: char,
    /// All tiles; the root is number 0. Never empty.
    pub tiles: Vec<Tile>,
    /// Whether root coordinates are ECEF (else the data has no place).
    pub is_geocentric: bool,
    /// `extensionsUsed`.
    pub extensions: Vec<String>,
    /// What of the tree is read apart: external tilesets, and subtrees of implicit tilings.
    pub subtrees: Subtrees,
    /// What is said of the tileset, its groups, tiles and contents.
    pub metadata: TilesetMetadata,
}

/// Opens `path` for a viewer: of its external tilesets come at once those that cost nearly nothing, a few on this machine,
/// of a server none. The tiles that name the others wait for them, as the roots of implicit tilings wait for their
/// subtrees ([`TileTree::subtree_request`]). Cycles, missing files and bad tiles become problems.
///
/// # Errors
/// When the root itself cannot be read.
pub fn open_tileset(resources: Arc<dyn Resources>, path: &str) -> Result<(TileTree, Vec<Problem>), Problem> {
    let reading = read_explicit(resources, path, Extent::View)?;
    Ok((reading.tree, reading.problems))
}

/// Reads `path` and every external tileset that is named in a tileset.json; what is below the root of an implicit tiling is
/// left for later. Otherwise as [`open_tileset`].
///
/// # Errors
/// When the root itself cannot be read.
pub fn read_tileset(resources: Arc<dyn Resources>, path: &str) -> Result<(TileTree, Vec<Problem>), Problem> {
    let reading = read_explicit(resources, path, Extent::Documents)?;
    Ok((reading.tree, reading.problems))
}

/// As [`read_tileset`], with the subtrees of implicit tilings too, up to 200,000 tiles.
pub fn read_whole_tileset(resources: Arc<dyn Resources>, path: &str) -> Result<(TileTree, Vec<Problem>), Problem> {
    let reading = read_tree(resources, path)?;
    Ok((reading.tree, reading.problems))
}

/// As [`open_tileset`], with at most `most` subtrees of implicit tilings, the coarsest first: enough to see where things lie.
pub(crate) fn read_tileset_coarsely(
    resources: Arc<dyn Resources>,
    path: &str,
    most: usize,
) -> Result<(TileTree, Vec<Problem>), Problem> {
    let mut reading = read_explicit(resources, path, Extent::View)?;
    let found = reading.tree.read_subtrees(Parts::Implicit, MAX_TILES, most, false);
    reading.problems.extend(found.problems);
    Ok((reading.tree, reading.problems))
}

/// A tree with what else `inspect` wants to know of the reading.
pub(crate) struct Reading {
    pub(crate) tree: TileTree,
    pub(crate) problems: Vec<Problem>,
    /// Tiles that stand in a tileset.json, roots of implicit tilings included: the first of the tree.
    pub(crate) explicit_tiles: usize,
    /// How many of them are roots of implicit tilings.
    pub(crate) implicit_roots: usize,
    /// External tilesets and subtrees that do not exist.
    pub(crate) missing: Vec<String>,
}

/// As [`read_whole_tileset`], with all that was found.
pub(crate) fn read_tree(resources: Arc<dyn Resources>, path: &str) -> Result<Reading, Problem> {
    let mut reading = read_explicit(resources, path, Extent::Documents)?;
    let found = reading.tree.read_subtrees(Parts::All, MAX_TILES, MAX_SUBTREES, true);
    reading.missing.extend(found.missing);
    reading.problems.extend(found.problems);
    Ok(reading)
}

/// How much of the external tilesets is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// What a viewer opens.
    View,
    /// All that are named in a tileset.json.
    Documents,
}

fn read_explicit(resources: Arc<dyn Resources>, path: &str, extent: Extent) -> Result<Reading, Problem> {
    let (resources, path) = (unpacked(resources), &root_document(path));
    let bytes = resources
        .read_at_most(path, MAX_TILESET_BYTES)
        .map_err(|error| error.problem(path, ""))?;
    let json = parse_tileset(&bytes, path)?;
    let (version, gltf_up_axis) = tile_file::asset(&json);
    let mut reader = Reader::new(&*resources);
    reader.check_asset(&json, &version, path);
    reader.read_document(&json, path, &Link::first(path), None)?;
    let extensions = tile_file::extensions_used(&json);
    drop(json);
    let is_remote = resources.remote().is_some();
    reader.expand(match extent {
        Extent::Documents => Reach::ALL,
        Extent::View if !is_remote => AT_ONCE,
        Extent::View if is_geocentric(&reader.tiles) => Reach::NOTHING,
        Extent::View => ASKED_FOR_PLACE,
    });
    let Reader {
        tiles,
        subtrees,
        metadata,
        mut problems,
        implicit_roots,
        missing,
        ..
    } = reader;
    let is_geocentric = is_geocentric(&tiles);
    let explicit_tiles = tiles.len();
    if let Some(warning) = odd_place(&tiles, is_geocentric, path) {
        problems.push(warning);
    }
    Ok(Reading {
        tree: TileTree {
            path: path.to_owned(),
            version,
            gltf_up_axis,
            tiles,
            is_geocentric,
            extensions,
            subtrees,
            metadata,
            resources,
        },
        problems,
        explicit_tiles,
        implicit_roots,
        missing,
    })
}

/// Whether these bytes are a JSON object that looks like a tileset rather than a glTF.
pub(crate) fn is_tileset_json(json: &Value) -> bool {
    json.get("root").is_some_and(Value::is_object)
        || (json.get("geometricError").is_some() && json.get("asset").is_some())
}

pub(super) fn parse_tileset(bytes: &[u8], path: &str) -> Result<Value, Problem> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let json: Value = serde_json::from_slice(bytes).map_err(|error| {
        Problem::error(
            path,
            format!("line {}", error.line()),
            format!("the tileset is not valid JSON: {error}"),
        )
        .because(Cause::Damaged)
    })?;
    if !json.is_object() {
        return Err(Problem::error(path, "", "the tileset is not a JSON object").because(Cause::WrongKind));
    }
    Ok(json)
}

/// Whether root coordinates are ECEF: some volume is a region, encloses the earth, or has its centre near
/// the surface.
fn is_geocentric(tiles: &[Tile]) -> bool {
    tiles.iter().any(|tile| {
        let volume = &tile.bounding_volume;
        let from_center = volume.center().length();
        volume.is_geographic()
            || SURFACE_SHELL_M.contains(&from_center)
            || (tile.parent.is_none() && from_center < EQUATORIAL_RADIUS_M && volume.radius() > SURFACE_SHELL_M.start)
    })
}

/// A warning for tiles that hang in space: mostly they are no ECEF but some map projection.
fn odd_place(tiles: &[Tile], is_geocentric: bool, path: &str) -> Option<Problem> {
    let from_center = tiles.first()?.bounding_volume.center().length();
    let is_odd = is_geocentric && SURFACE_SHELL_M.contains(&from_center) && !PLAUSIBLE_M.contains(&from_center);
    is_odd.then(|| {
        let height_km = (from_center - EQUATORIAL_RADIUS_M) / 1000.0;
        let message = format!("the tileset hangs about {height_km:.0} km above the earth; are its coordinates ECEF?");
        Problem::warning(path, "root.boundingVolume", message).because(Cause::Place)
    })
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
