//! From a subtree file to the tiles that it describes. Runs on any thread, and knows nothing of the tree they come into
//! but what [`Home`](super::Home) says.

use super::super::{
    BoundingVolume, Tile,
    ahead::is_json,
    external::Named,
    metadata::{ContentMetadata, Metadata, entity},
    subtree::{Grown, Stub, Subtree},
};
use super::{
    availability::Availability,
    division::volume_at,
    externals::{self, NamedBy},
    overrides::Rows,
    subtree_file::SubtreeFile,
    tiling::{TileAt, Tiling},
};
use crate::sources::{
    Problem,
    gltf::Fault,
    resource::{Resources, join},
};
use serde_json::Value as Json;
use std::sync::Arc;

/// Most tiles of one subtree; real ones have some hundreds.
const MAX_TILES: usize = 100_000;
/// Most problems kept of one subtree.
const MAX_PROBLEMS: usize = 20;
/// Index of a place without a tile.
const NO_TILE: u32 = u32::MAX;

/// Reads the subtree of the tile at `at`, whose file is `path`.
///
/// # Errors
/// One [`Problem`] when nothing is known of the tiles; what costs only a part is in [`Subtree::problems`].
pub(in super::super) fn read_subtree(
    tiling: &Arc<Tiling>,
    at: TileAt,
    resources: &dyn Resources,
    path: &str,
) -> Result<Subtree, Problem> {
    let file = SubtreeFile::read(resources, path)?;
    let (mut subtree, named) = Growing::new(tiling, at, &file, path)?.grow(tiling);
    externals::hang(&mut subtree, named, &tiling.home, resources)?;
    Ok(subtree)
}

/// What the bits and tables of one subtree say.
struct Growing<'a> {
    tiling: &'a Tiling,
    at: TileAt,
    path: &'a str,
    tiles: Availability<'a>,
    contents: Vec<Availability<'a>>,
    children: Availability<'a>,
    tile_rows: Option<Rows>,
    content_rows: Vec<Option<Rows>>,
    metadata: Option<Metadata>,
    /// Contents that are external tilesets by their names.
    named: NamedBy,
    problems: Vec<Problem>,
}

impl<'a> Growing<'a> {
    fn new(tiling: &'a Tiling, at: TileAt, file: &'a SubtreeFile, path: &'a str) -> Result<Self, Problem> {
        let places = tiling.scheme.places_above(tiling.subtree_levels);
        let json = &file.json;
        let read = |json: Option<&'a Json>, key: &str, places: u64| {
            let json = json.ok_or_else(|| Fault::new(key, "the availability is missing"))?;
            Availability::read(json, places, |view| file.view(view)).map_err(|fault| fault.moved_to(key))
        };
        let tiles = read(json.get("tileAvailability"), "tileAvailability", places).map_err(|fault| fault.at(path))?;
        let mut growing = Self {
            tiling,
            at,
            path,
            tiles,
            contents: Vec::new(),
            children: Availability::NONE,
            tile_rows: None,
            content_rows: Vec::new(),
            metadata: None,
            named: NamedBy::new(),
            problems: Vec::new(),
        };
        let listed = content_availabilities(json);
        for number in 0..tiling.home.contents.len() {
            let Some(json) = listed.get(number) else {
                if number == 0 || !listed.is_empty() {
                    growing.fault(Fault::new(
                        "contentAvailability",
                        "the availability of a content is missing",
                    ));
                }
                growing.contents.push(Availability::NONE);
                continue;
            };
            let availability = read(Some(json), "contentAvailability", places);
            let availability = growing.or_fault(availability).unwrap_or(Availability::NONE);
            growing.contents.push(availability);
        }
        if at.level + tiling.subtree_levels < tiling.available_levels {
            let places = tiling.scheme.places(tiling.subtree_levels);
            let children = read(json.get("childSubtreeAvailability"), "childSubtreeAvailability", places);
            growing.children = growing.or_fault(children).unwrap_or(Availability::NONE);
        }
        growing.read_metadata(file, places);
        Ok(growing)
    }

    fn read_metadata(&mut self, file: &SubtreeFile, places: u64) {
        let Some(schema) = &self.tiling.home.schema else {
            return;
        };
        let count = |availability: &Availability<'_>| -> u32 {
            let there = (0..places).filter(|place| availability.at(*place)).count();
            u32::try_from(there).unwrap_or(u32::MAX)
        };
        let mut faults = Vec::new();
        let mut rows = |number: Option<u64>, availability: &Availability<'_>| {
            let (rows, found) = Rows::read(file, schema, number?, count(availability));
            faults.extend(found);
            rows
        };
        self.tile_rows = rows(file.json.get("tileMetadata").and_then(Json::as_u64), &self.tiles);
        let numbers = file.json.get("contentMetadata").and_then(Json::as_array);
        let contents = self.contents.iter().enumerate();
        self.content_rows = contents
            .map(|(n, availability)| rows(numbers.and_then(|numbers| numbers.get(n)?.as_u64()), availability))
            .collect();
        if let Some(json) = file.json.get("subtreeMetadata").filter(|json| json.is_object()) {
            let (metadata, fault) = entity(json, Some(schema));
            faults.extend(fault.map(|message| Fault::doubt("subtreeMetadata", message)));
            self.metadata = Some(metadata);
        }
        for fault in faults {
            self.fault(fault);
        }
    }

    fn fault(&mut self, fault: Fault) {
        self.problem(fault.at(self.path));
    }

    fn problem(&mut self, problem: Problem) {
        // A fault of a template or of a pattern of bits is that of every tile: once is enough.
        let is_new = self.problems.iter().all(|known| known.message != problem.message);
        if is_new && self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }

    fn or_fault<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.fault(fault)).ok()
    }

    /// The tiles, and the external tilesets that they name.
    fn grow(mut self, tiling: &Arc<Tiling>) -> (Subtree, NamedBy) {
        let Tiling {
            scheme,
            subtree_levels,
            available_levels,
            ..
        } = *self.tiling;
        let places = usize::try_from(scheme.places_above(subtree_levels)).unwrap_or(0);
        let mut index_of = vec![NO_TILE; places];
        let mut grown = vec![self.bare(self.at, 0, None)];
        let mut content_rows = vec![0_u32; self.contents.len()];
        let (mut tile_row, mut tiles, mut contents) = (0_u32, 0_u64, 0_u64);
        for level in 0..subtree_levels {
            let first = scheme.places_above(level);
            for morton in 0..scheme.places(level) {
                let place = first + morton;
                let rows: Vec<Option<u32>> = (self.contents.iter().zip(&mut content_rows))
                    .map(|(availability, next)| {
                        availability.at(place).then(|| {
                            *next += 1;
                            *next - 1
                        })
                    })
                    .collect();
                if !self.tiles.at(place) {
                    if rows.iter().any(Option::is_some) {
                        self.fault(Fault::new(
                            "contentAvailability",
                            "a content stands where there is no tile",
                        ));
                    }
                    continue;
                }
                let row = tile_row;
                tile_row += 1;
                tiles += u64::from(self.at.level + level < available_levels);
                let Some(parent) = self.parent_of(level, morton, &index_of, &grown, available_levels) else {
                    continue;
                };
                contents += rows.iter().flatten().count() as u64;
                let at = self.at.descendant(level, morton, scheme);
                let index = if level == 0 {
                    0
                } else {
                    grown.push(self.bare(at, parent, None));
                    grown.len() - 1
                };
                let named = self.fill(&mut grown[index], at, row, &rows);
                if !named.is_empty() {
                    self.named.insert(index, named);
                }
                index_of[usize::try_from(place).unwrap_or(0)] = u32::try_from(index).unwrap_or(NO_TILE);
            }
        }
        let level = subtree_levels;
        if self.at.level + level < available_levels {
            for morton in (0..scheme.places(level))
                .filter(|morton| self.children.at(*morton))
                .collect::<Vec<_>>()
            {
                if let Some(parent) = self.parent_of(level, morton, &index_of, &grown, available_levels) {
                    let at = self.at.descendant(level, morton, scheme);
                    let tiling = tiling.clone();
                    grown.push(self.bare(at, parent, Some(Stub::Implicit { tiling, at })));
                }
            }
        }
        let subtree = Subtree {
            stub: Stub::Implicit {
                tiling: tiling.clone(),
                at: self.at,
            },
            grown,
            metadata: self.metadata,
            groups: Vec::new(),
            tiles,
            contents,
            missing: Vec::new(),
            problems: self.problems,
        };
        (subtree, self.named)
    }

    /// Index of the parent of a place; `None`, with a problem, where there is none or the tile cannot be taken.
    fn parent_of(
        &mut self,
        level: u32,
        morton: u64,
        index_of: &[u32],
        grown: &[Grown],
        available_levels: u32,
    ) -> Option<usize> {
        if level == 0 {
            return Some(0);
        }
        if self.at.level + level >= available_levels {
            // A constant goes on to the bottom of the subtree, whatever the last level is.
            if let Availability::Bits(_) = self.tiles {
                let message = "tiles below the last available level are left out";
                self.fault(Fault::new("tileAvailability", message));
            }
            return None;
        }
        if grown.len() >= MAX_TILES {
            let message = format!("the subtree has more than {MAX_TILES} tiles; the rest is left out");
            self.fault(Fault::too_large("tileAvailability", message));
            return None;
        }
        let scheme = self.tiling.scheme;
        let place = scheme.places_above(level - 1) + (morton >> scheme.axes());
        let parent = usize::try_from(place).ok().and_then(|place| index_of.get(place));
        let parent = parent.copied().filter(|parent| *parent != NO_TILE);
        if parent.is_none() {
            self.fault(Fault::new("tileAvailability", "a tile without a parent is left out"));
        }
        parent.map(|parent| parent as usize)
    }

    /// A tile as the rules of division make it, without contents.
    fn bare(&self, at: TileAt, parent: usize, next: Option<Stub>) -> Grown {
        let home = &self.tiling.home;
        let part = 0.5_f64.powi(i32::try_from(at.level).unwrap_or(i32::MAX));
        let tile = Tile {
            parent: None,
            children: Vec::new(),
            depth: home.depth.saturating_add(at.level),
            bounding_volume: volume_at(&home.volume, self.tiling.scheme, at).unwrap_or(home.volume),
            content_volume: None,
            viewer_request_volume: None,
            geometric_error_m: home.geometric_error_m * part,
            refine: home.refine,
            contents: Vec::new(),
            root_from_tile: home.root_from_tile,
        };
        Grown {
            parent,
            tile,
            next,
            metadata: None,
            contents: Vec::new(),
        }
    }

    /// Adds contents, and what the metadata say otherwise. Gives the contents that are external tilesets.
    fn fill(&mut self, grown: &mut Grown, at: TileAt, row: u32, content_rows: &[Option<u32>]) -> Vec<Named> {
        let home = &self.tiling.home;
        let to_root = &home.root_from_tile;
        let tile = &mut grown.tile;
        if let Some(rows) = &self.tile_rows {
            let computed = Some(tile.bounding_volume);
            let volume = rows.volume("TILE", row, to_root, computed);
            tile.bounding_volume = volume.unwrap_or(tile.bounding_volume);
            if let Some(error_m) = rows.geometric_error_m(row) {
                tile.geometric_error_m = error_m * home.error_scale;
            }
            tile.refine = rows.refine(row).unwrap_or(tile.refine);
            grown.metadata = Some(rows.metadata(row));
        }
        let mut content_volumes = Vec::new();
        let (mut problems, mut named) = (Vec::new(), Vec::new());
        for (number, content_row) in content_rows.iter().enumerate() {
            let (Some(content_row), template) = (*content_row, &home.contents[number]) else {
                continue;
            };
            let rows = self.content_rows.get(number).and_then(Option::as_ref);
            let uri = rows.and_then(|rows| rows.uri(content_row));
            let uri = uri.unwrap_or_else(|| self.tiling.filled(&template.uri, at));
            match join(&home.document, &uri) {
                Ok(path) if is_json(&path) => {
                    named.push(Named {
                        path,
                        place: format!("{}.content.uri", home.place),
                        metadata: ContentMetadata::default(),
                    });
                    continue;
                }
                Ok(path) => tile.contents.push(path),
                Err(error) => {
                    problems.push(error.problem(home.document.clone(), format!("{}.content.uri", home.place)));
                    continue;
                }
            }
            let group = rows.and_then(|rows| rows.group(content_row));
            let group = group.and_then(|group| home.groups.clone().nth(group as usize));
            grown.contents.push(ContentMetadata {
                group: group.or(template.group),
                own: rows.map(|rows| rows.metadata(content_row)),
            });
            // Heights alone say something of a content only when the tile's volume has some.
            let computed = tile.bounding_volume.is_geographic().then_some(tile.bounding_volume);
            content_volumes.push(rows.and_then(|rows| rows.volume("CONTENT", content_row, to_root, computed)));
        }
        if let [Some(only)] = content_volumes[..] {
            tile.content_volume = Some(only).filter(BoundingVolume::is_finite);
        }
        for problem in problems {
            // One address that leads out of its folder is like another.
            let is_alike = |known: &Problem| (known.cause, &known.place) == (problem.cause, &problem.place);
            if !self.problems.iter().any(is_alike) {
                self.problem(problem);
            }
        }
        named
    }
}

/// The availabilities of the contents: a list since version 1.1, one object before, and a list in the older extension
/// for several contents.
fn content_availabilities(json: &Json) -> Vec<&Json> {
    let older = || {
        let extension = json.get("extensions")?.get("3DTILES_multiple_contents")?;
        extension.get("contentAvailability")
    };
    match older().or_else(|| json.get("contentAvailability")) {
        Some(Json::Array(list)) => list.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    }
}
