//! A tileset as a flat tree.
//!
//! External tilesets are expanded when the tileset is opened, up to caps, so that selection sees one tree.
//! Implicit tiling is not read here yet: its root stays in the tree as a tile without contents and is listed
//! in [`Reading::implicit_roots`], where a reader for subtrees can go on.
//!
//! A faulty field costs as little as possible: a tile without a usable volume takes its parent's, one
//! without an error half its parent's, and every such choice is a [`Problem`].

use super::{
    BoundingVolume,
    ahead::{Ahead, may_be_tileset},
    tile_file::{self, ContentFile, TileFields},
    volume::{EQUATORIAL_RADIUS_M, largest_scale},
};
use crate::sources::{
    Cause, Problem,
    resource::{ResourceError, Resources, join},
};
use bevy::math::DMat4;
use serde_json::Value;
use std::{collections::VecDeque, sync::Arc};

/// Most tiles of one tree.
const MAX_TILES: usize = 200_000;
/// Deepest tile.
const MAX_DEPTH: u32 = 512;
/// Largest tileset.json, bytes; its parsed form takes several times as much.
pub(crate) const MAX_TILESET_BYTES: u64 = 256 << 20;
/// Most external tilesets of one tree.
const MAX_EXTERNAL: usize = 20_000;
/// Most problems kept for one tree; a file with more faults is told so.
const MAX_PROBLEMS: usize = 1_000;
/// Centres this far from the centre of the earth are taken as ECEF, metres. The specification lets tiles
/// hang in space, so this goes up to 1,000 km; what is above [`PLAUSIBLE_M`] gets a warning.
const SURFACE_SHELL_M: std::ops::Range<f64> = 6.2e6..7.4e6;
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

/// A tileset with its external tilesets expanded, as far as they can be read.
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
}

/// Reads `path` and every external tileset below it; cycles, missing files and bad tiles become problems.
/// `Err` only when the root itself cannot be read.
pub fn read_tileset(resources: Arc<dyn Resources>, path: &str) -> Result<(TileTree, Vec<Problem>), Problem> {
    let reading = read_tree(resources, path)?;
    Ok((reading.tree, reading.problems))
}

/// A tree with what else `inspect` wants to know of the reading.
pub(crate) struct Reading {
    pub(crate) tree: TileTree,
    pub(crate) problems: Vec<Problem>,
    /// Tiles whose children are described by subtrees.
    pub(crate) implicit_roots: Vec<TileId>,
    /// External tilesets that do not exist.
    pub(crate) missing: Vec<String>,
}

/// As [`read_tileset`], with all that was found.
pub(crate) fn read_tree(resources: Arc<dyn Resources>, path: &str) -> Result<Reading, Problem> {
    let bytes = resources
        .read_at_most(path, MAX_TILESET_BYTES)
        .map_err(|error| error.problem(path, ""))?;
    let json = parse_tileset(&bytes, path)?;
    let (version, gltf_up_axis) = tile_file::asset(&json);
    let mut reader = Reader {
        resources: &*resources,
        tiles: Vec::new(),
        problems: Vec::new(),
        implicit_roots: Vec::new(),
        missing: Vec::new(),
        pending: VecDeque::new(),
        external: 0,
        is_full: false,
    };
    reader.check_asset(&json, &version, path);
    reader.read_document(&json, path, &Link::first(path), None)?;
    let extensions = tile_file::extensions_used(&json);
    drop(json);
    let mut ahead = Ahead::default();
    while !reader.pending.is_empty() {
        ahead.tell(&*resources, reader.pending.iter().map(|next| next.path.as_str()));
        let Some(next) = reader.pending.pop_front() else { break };
        reader.expand(next);
    }
    let tiles = reader.tiles;
    let mut problems = reader.problems;
    let (implicit_roots, missing) = (reader.implicit_roots, reader.missing);
    let is_geocentric = is_geocentric(&tiles);
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
            resources,
        },
        problems,
        implicit_roots,
        missing,
    })
}

/// Whether these bytes are a JSON object that looks like a tileset rather than a glTF.
pub(crate) fn is_tileset_json(json: &Value) -> bool {
    json.get("root").is_some_and(Value::is_object)
        || (json.get("geometricError").is_some() && json.get("asset").is_some())
}

fn parse_tileset(bytes: &[u8], path: &str) -> Result<Value, Problem> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(Problem::error(path, "", "gzip-compressed tilesets are not read yet").because(Cause::NotRead));
    }
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
        matches!(volume, BoundingVolume::Region { .. })
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

/// The tilesets that led to one, for finding cycles.
struct Link {
    path: String,
    parent: Option<Arc<Link>>,
}

impl Link {
    fn first(path: &str) -> Arc<Self> {
        Arc::new(Self {
            path: path.to_owned(),
            parent: None,
        })
    }

    fn contains(&self, path: &str) -> bool {
        let mut link = Some(self);
        while let Some(this) = link {
            if this.path == path {
                return true;
            }
            link = this.parent.as_deref();
        }
        false
    }
}

/// An external tileset still to be read.
struct Pending {
    path: String,
    parent: TileId,
    /// Where the URI stands.
    named_in: Arc<Link>,
    place: String,
}

/// A tile of one document on its way into the tree.
struct Waiting<'a> {
    json: &'a Value,
    place: String,
    parent: Option<TileId>,
}

struct Reader<'a> {
    resources: &'a dyn Resources,
    tiles: Vec<Tile>,
    problems: Vec<Problem>,
    implicit_roots: Vec<TileId>,
    missing: Vec<String>,
    pending: VecDeque<Pending>,
    external: usize,
    /// The cap on tiles was met and said.
    is_full: bool,
}

impl Reader<'_> {
    fn problem(&mut self, problem: Problem) {
        match self.problems.len() {
            n if n < MAX_PROBLEMS => self.problems.push(problem),
            MAX_PROBLEMS => self.problems.push(
                Problem::error(
                    problem.path,
                    "",
                    format!("more than {MAX_PROBLEMS} problems; the rest are not listed"),
                )
                .because(Cause::More),
            ),
            _ => {}
        }
    }

    fn check_asset(&mut self, json: &Value, version: &str, path: &str) {
        if !matches!(version, "0.0" | "1.0" | "1.1") {
            let message = if version.is_empty() {
                "the version is missing; the tileset is read as 1.1".to_owned()
            } else {
                format!("version `{version}` is unknown; the tileset is read as 1.1")
            };
            self.problem(Problem::warning(path, "asset.version", message));
        }
        for name in tile_file::extensions_required(json) {
            if !tile_file::EXTENSIONS_READ.contains(&name.as_str()) {
                self.problem(
                    Problem::error(
                        path,
                        "extensionsRequired",
                        format!("the extension {name} is not read yet"),
                    )
                    .because(Cause::NotRead),
                );
            }
        }
    }

    /// Adds the tiles of one tileset.json below `parent`. `Err` when its root cannot be used.
    fn read_document(
        &mut self,
        json: &Value,
        path: &str,
        link: &Arc<Link>,
        parent: Option<TileId>,
    ) -> Result<(), Problem> {
        let root = json
            .get("root")
            .filter(|root| root.is_object())
            .ok_or_else(|| Problem::error(path, "root", "the tileset has no root tile"))?;
        let mut waiting = vec![Waiting {
            json: root,
            place: "root".to_owned(),
            parent,
        }];
        while let Some(next) = waiting.pop() {
            let Some(id) = self.add_tile(&next, path, link)? else {
                continue;
            };
            match next.json.get("children") {
                None | Some(Value::Null) => {}
                Some(Value::Array(children)) => {
                    waiting.extend(children.iter().enumerate().rev().map(|(i, json)| Waiting {
                        json,
                        place: format!("{}.children[{i}]", next.place),
                        parent: Some(id),
                    }));
                }
                Some(_) => self.problem(Problem::error(
                    path,
                    format!("{}.children", next.place),
                    "the children are not a list",
                )),
            }
        }
        Ok(())
    }

    /// `Ok(None)` when the tile is left out with a problem, `Err` when it is the root of the whole tree.
    fn add_tile(&mut self, next: &Waiting<'_>, path: &str, link: &Arc<Link>) -> Result<Option<TileId>, Problem> {
        let parent = next.parent.and_then(|id| self.tiles.get(id.0 as usize));
        let depth = parent.map_or(0, |tile| tile.depth + 1);
        if self.tiles.len() >= MAX_TILES || depth > MAX_DEPTH {
            if !self.is_full {
                self.is_full = true;
                self.problem(
                    Problem::error(
                        path,
                        next.place.clone(),
                        format!("more than {MAX_TILES} tiles or {MAX_DEPTH} levels; the rest is left out"),
                    )
                    .because(Cause::TooLarge),
                );
            }
            return Ok(None);
        }
        if !next.json.is_object() {
            self.problem(Problem::error(
                path,
                next.place.clone(),
                "the tile is not a JSON object",
            ));
            return Ok(None);
        }
        let (fields, faults) = TileFields::read(next.json);
        let root_from_parent = parent.map_or(DMat4::IDENTITY, |tile| tile.root_from_tile);
        let root_from_tile = root_from_parent * fields.transform.unwrap_or(DMat4::IDENTITY);
        let scale = largest_scale(&root_from_tile);
        let placed =
            |volume: BoundingVolume| Some(volume.transformed(&root_from_tile)).filter(BoundingVolume::is_finite);
        let Some(bounding_volume) = fields
            .bounding_volume
            .and_then(placed)
            .or_else(|| parent.map(|tile| tile.bounding_volume))
        else {
            return Err(Problem::error(
                path,
                format!("{}.boundingVolume", next.place),
                "the root tile has no usable bounding volume (box, region or sphere)",
            ));
        };
        let inherited_error = parent.map_or(0.0, |tile| tile.geometric_error_m / 2.0);
        let tile = Tile {
            parent: next.parent,
            children: Vec::new(),
            depth,
            bounding_volume,
            content_volume: match fields.contents.as_slice() {
                [only] => only.bounding_volume.and_then(placed),
                _ => None,
            },
            viewer_request_volume: fields.viewer_request_volume.and_then(placed),
            geometric_error_m: fields.geometric_error.map_or(inherited_error, |error| error * scale),
            refine: fields
                .refine
                .or(parent.map(|tile| tile.refine))
                .unwrap_or(Refine::Replace),
            contents: Vec::new(),
            root_from_tile,
        };
        let id = TileId(u32::try_from(self.tiles.len()).unwrap_or(u32::MAX));
        self.tiles.push(tile);
        if let Some(parent) = next.parent.and_then(|parent| self.tiles.get_mut(parent.0 as usize)) {
            parent.children.push(id);
        }
        for mut fault in faults {
            path.clone_into(&mut fault.path);
            fault.place = format!("{}.{}", next.place, fault.place);
            self.problem(fault);
        }
        if fields.is_implicit {
            self.implicit_roots.push(id);
            let message = "implicit tiling is not read yet; the tiles below are not shown";
            self.problem(Problem::error(path, next.place.clone(), message).because(Cause::NotRead));
        } else {
            self.add_contents(id, fields.contents, path, &next.place, link);
        }
        Ok(Some(id))
    }

    fn add_contents(&mut self, id: TileId, contents: Vec<ContentFile>, path: &str, place: &str, link: &Arc<Link>) {
        for content in contents {
            let place = format!("{place}.{}", content.place);
            if content.uri.starts_with("data:") {
                self.tiles[id.0 as usize].contents.push(content.uri);
                continue;
            }
            match join(path, &content.uri) {
                Ok(joined) if may_be_tileset(&joined) => self.pending.push_back(Pending {
                    path: joined,
                    parent: id,
                    named_in: link.clone(),
                    place,
                }),
                Ok(joined) => self.tiles[id.0 as usize].contents.push(joined),
                Err(error) => self.problem(error.problem(path, place)),
            }
        }
    }

    /// Reads a content that may be an external tileset; anything else becomes a content of its tile.
    fn expand(&mut self, next: Pending) {
        let named_in = next.named_in.path.clone();
        if next.named_in.contains(&next.path) {
            let message = format!("the tileset includes itself through {}; it is read once", next.path);
            self.problem(Problem::error(named_in, next.place, message).because(Cause::Duplicate));
            return;
        }
        if self.external >= MAX_EXTERNAL || self.is_full {
            if self.external == MAX_EXTERNAL {
                self.external += 1;
                let message = format!("more than {MAX_EXTERNAL} external tilesets; the rest is left out");
                self.problem(Problem::error(named_in, next.place, message).because(Cause::TooLarge));
            }
            return;
        }
        let bytes = match self.resources.read_at_most(&next.path, MAX_TILESET_BYTES) {
            Ok(bytes) => bytes,
            Err(error) => {
                if matches!(error, ResourceError::Missing { .. }) {
                    self.missing.push(next.path);
                }
                self.problem(error.problem(named_in, next.place));
                return;
            }
        };
        let result = parse_tileset(&bytes, &next.path).and_then(|json| {
            if !is_tileset_json(&json) {
                self.tiles[next.parent.0 as usize].contents.push(next.path.clone());
                return Ok(());
            }
            self.external += 1;
            let (version, _) = tile_file::asset(&json);
            self.check_asset(&json, &version, &next.path);
            let link = Arc::new(Link {
                path: next.path.clone(),
                parent: Some(next.named_in),
            });
            self.read_document(&json, &next.path, &link, Some(next.parent))
        });
        if let Err(problem) = result {
            self.problem(problem);
        }
    }
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
