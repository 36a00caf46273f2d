//! The reader of tilesets: one tileset.json after the other into one list of tiles.

use super::{
    BoundingVolume, Refine, Tile, TileId,
    ahead::may_be_tileset,
    external::{Link, Named, Pending},
    forest::Subtrees,
    implicit::{ContentTemplate, Home, TileAt, Tiling},
    metadata::{ContentMetadata, DocumentMetadata, TilesetMetadata},
    subtree::Stub,
    tile_file::{self, ContentFile, TileFields},
    volume::largest_scale,
};
use crate::sources::{
    Cause, Problem,
    resource::{Resources, join, root_document},
};
use bevy::math::DMat4;
use serde_json::Value;
use std::{collections::VecDeque, sync::Arc};

/// Most tiles of one tree.
pub(super) const MAX_TILES: usize = 200_000;
/// Deepest tile.
const MAX_DEPTH: u32 = 512;
/// Most problems kept for one tree; a file with more faults is told so.
const MAX_PROBLEMS: usize = 1_000;

/// A tile of one document on its way into the tree.
struct Waiting<'a> {
    json: &'a Value,
    place: String,
    parent: Option<TileId>,
}

/// What is known of the tileset.json that is being read.
struct Document<'a> {
    path: &'a str,
    link: &'a Arc<Link>,
    metadata: DocumentMetadata,
    /// Number of its first group in the tree's list of groups.
    first_group: u32,
}

/// All that is read so far.
pub(super) struct Reader<'a> {
    pub(super) resources: &'a dyn Resources,
    pub(super) tiles: Vec<Tile>,
    pub(super) subtrees: Subtrees,
    pub(super) metadata: TilesetMetadata,
    pub(super) problems: Vec<Problem>,
    pub(super) implicit_roots: usize,
    pub(super) missing: Vec<String>,
    /// The first external tileset that could not be had now and may be had later.
    pub(super) may_pass: Option<Problem>,
    /// Contents that may be external tilesets and were not looked into.
    pub(super) pending: VecDeque<Pending>,
    /// External tilesets that were read.
    pub(super) external: usize,
    /// Bytes of them and of what turned out to be none.
    pub(super) external_bytes: u64,
    /// The cap on tiles was met and said.
    pub(super) is_full: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(resources: &'a dyn Resources) -> Self {
        Self {
            resources,
            tiles: Vec::new(),
            subtrees: Subtrees::default(),
            metadata: TilesetMetadata::default(),
            problems: Vec::new(),
            implicit_roots: 0,
            missing: Vec::new(),
            may_pass: None,
            pending: VecDeque::new(),
            external: 0,
            external_bytes: 0,
            is_full: false,
        }
    }

    pub(super) fn problem(&mut self, problem: Problem) {
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

    pub(super) fn check_asset(&mut self, json: &Value, version: &str, path: &str) {
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
    pub(super) fn read_document(
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
        let (mut metadata, faults) = DocumentMetadata::read(json, self.resources, path);
        for fault in faults {
            self.problem(fault);
        }
        if parent.is_none() {
            self.metadata.tileset = metadata.tileset.take();
        }
        let first_group = u32::try_from(self.metadata.groups.len()).unwrap_or(u32::MAX);
        self.metadata.groups.extend(metadata.groups.iter().cloned());
        let document = Document {
            path,
            link,
            metadata,
            first_group,
        };
        let mut waiting = vec![Waiting {
            json: root,
            place: "root".to_owned(),
            parent,
        }];
        while let Some(next) = waiting.pop() {
            let Some(id) = self.add_tile(&next, &document)? else {
                continue;
            };
            match next.json.get("children") {
                None | Some(Value::Null) => {}
                Some(_) if self.subtrees.is_awaited(id) => {
                    let message = "an implicit tile has children of its own, which are left out";
                    self.problem(Problem::error(path, format!("{}.children", next.place), message));
                }
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
    fn add_tile(&mut self, next: &Waiting<'_>, document: &Document<'_>) -> Result<Option<TileId>, Problem> {
        let path = document.path;
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
        if let Some((metadata, fault)) = document.metadata.of_tile(next.json) {
            self.metadata.tiles.insert(id, metadata);
            self.warn(path, format!("{}.metadata", next.place), fault);
        }
        if let Some((name, json)) = Tiling::json_of(next.json) {
            self.implicit_roots += 1;
            self.wait_for_subtree(id, (name, json), fields.contents, &next.place, document, scale);
        } else {
            self.add_contents(id, fields.contents, &next.place, document);
        }
        Ok(Some(id))
    }

    fn warn(&mut self, path: &str, place: String, fault: Option<String>) {
        if let Some(message) = fault {
            self.problem(Problem::warning(path, place, message));
        }
    }

    /// Notes that what is below a tile, and whether it has contents, stands in a subtree.
    fn wait_for_subtree(
        &mut self,
        id: TileId,
        (name, json): (&str, &Value),
        contents: Vec<ContentFile>,
        place: &str,
        document: &Document<'_>,
        error_scale: f64,
    ) {
        let mut templates = Vec::with_capacity(contents.len());
        for content in contents {
            let (metadata, fault) = document.metadata.of_content(&content.json, document.first_group);
            self.warn(document.path, format!("{place}.{}", content.place), fault);
            templates.push(ContentTemplate {
                uri: content.uri,
                group: metadata.group,
            });
        }
        let tile = &self.tiles[id.0 as usize];
        let groups = u32::try_from(document.metadata.groups.len()).unwrap_or(0);
        let home = Home {
            document: document.path.to_owned(),
            link: document.link.clone(),
            place: place.to_owned(),
            depth: tile.depth,
            volume: tile.bounding_volume,
            geometric_error_m: tile.geometric_error_m,
            error_scale,
            refine: tile.refine,
            root_from_tile: tile.root_from_tile,
            contents: templates,
            schema: document.metadata.schema.clone(),
            groups: document.first_group..document.first_group.saturating_add(groups),
        };
        match Tiling::read(name, json, home) {
            Ok((tiling, warnings)) => {
                let at = TileAt::ROOT;
                let tiling = Arc::new(tiling);
                self.subtrees.wait_for(id, Stub::Implicit { tiling, at });
                for warning in warnings {
                    self.problem(warning);
                }
            }
            Err(problem) => self.problem(problem),
        }
    }

    fn add_contents(&mut self, id: TileId, contents: Vec<ContentFile>, place: &str, document: &Document<'_>) {
        for content in contents {
            let place = format!("{place}.{}", content.place);
            let (metadata, fault) = document.metadata.of_content(&content.json, document.first_group);
            self.warn(document.path, place.clone(), fault);
            if content.uri.starts_with("data:") {
                self.push_content(id, content.uri, metadata);
                continue;
            }
            match join(document.path, &content.uri) {
                Ok(joined) if may_be_tileset(&joined) && self.pending.len() < MAX_TILES => {
                    let path = root_document(&joined);
                    self.pending.push_back(Pending {
                        parent: id,
                        named_in: document.link.clone(),
                        named: Named { path, place, metadata },
                    });
                }
                Ok(joined) if may_be_tileset(&joined) => {
                    let message = format!("more than {MAX_TILES} external tilesets; the rest is left out");
                    let is_told = self.problems.last().is_some_and(|last| last.message == message);
                    if !is_told {
                        self.problem(Problem::error(document.path, place, message).because(Cause::TooLarge));
                    }
                }
                Ok(joined) => self.push_content(id, joined, metadata),
                Err(error) => self.problem(error.problem(document.path, place)),
            }
        }
    }

    pub(super) fn push_content(&mut self, id: TileId, path: String, metadata: ContentMetadata) {
        let contents = &mut self.tiles[id.0 as usize].contents;
        self.metadata.set_content(id, contents.len(), metadata);
        contents.push(path);
    }
}
