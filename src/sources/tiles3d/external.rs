//! External tilesets: contents of tiles that are tilesets themselves, and contents of which the name does not tell.
//!
//! Who opens a tileset reads a few of them at once ([`Reach`]); the tiles that name the others wait for them as the root
//! of an implicit tiling waits for its subtree. Then the tiles of an external tileset come below the tile that names it,
//! and what turns out to be no tileset becomes a content of that tile.
//!
//! A tile that names an external tileset has no children of its own, says the specification. Where one has, its external
//! tilesets are read with the document that names them: choosing among the children would pass over what is not read.

use super::{
    PayloadKind, Tile, TileId,
    ahead::{Ahead, is_json},
    metadata::ContentMetadata,
    reader::Reader,
    subtree::{Grown, Stub, Subtree},
    tile_file,
    tree::{MAX_TILESET_BYTES, is_tileset_json, parse_tileset},
};
use crate::sources::{
    Cause, Problem, Severity,
    resource::{ResourceError, Resources},
};
use std::{mem, sync::Arc};

/// Most external tilesets that are read at once.
const MAX_EXTERNAL: usize = 20_000;

/// The tilesets that led to one, for finding cycles.
#[derive(Debug)]
pub(super) struct Link {
    path: String,
    parent: Option<Arc<Link>>,
}

impl Link {
    pub(super) fn first(path: &str) -> Arc<Self> {
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

    /// The problem that the document names one that led to it.
    fn cycle(&self, named: &Named) -> Problem {
        let message = format!("the tileset includes itself through {}; it is read once", named.path);
        Problem::error(self.path.clone(), named.place.clone(), message).because(Cause::Duplicate)
    }
}

/// A content that may be a tileset.
#[derive(Debug, Clone)]
pub(super) struct Named {
    /// Within the tileset's [`Resources`], joined and checked.
    pub(super) path: String,
    /// Where it is named.
    pub(super) place: String,
    pub(super) metadata: ContentMetadata,
}

/// Such a content on its way: read with the document that names it, or left for later.
pub(super) struct Pending {
    pub(super) parent: TileId,
    /// The document that names it.
    pub(super) named_in: Arc<Link>,
    pub(super) named: Named,
}

/// How much of the external tilesets is read with the tileset that names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reach {
    /// Files.
    pub(super) files: usize,
    /// Bytes after which no other file is read.
    pub(super) bytes: u64,
    /// What cannot be had now is waited for, as what was not read.
    pub(super) is_patient: bool,
}

impl Reach {
    /// Everything, up to the caps.
    pub(super) const ALL: Self = Self {
        files: usize::MAX,
        bytes: u64::MAX,
        is_patient: false,
    };
    /// Only what nobody would come to.
    pub(super) const NOTHING: Self = Self {
        files: 0,
        bytes: 0,
        is_patient: false,
    };
    /// The contents of one tile.
    pub(super) const ONE_TILE: Self = Self {
        files: 1,
        bytes: u64::MAX,
        is_patient: false,
    };
}

/// The contents of one tile that may be tilesets and are not looked into yet.
#[derive(Debug)]
pub(super) struct External {
    named_in: Arc<Link>,
    /// Never empty.
    named: Vec<Named>,
}

impl External {
    /// Those of a tile in the document `named_in`, at least one.
    pub(super) fn new(named_in: Arc<Link>, named: Vec<Named>) -> Self {
        Self { named_in, named }
    }

    /// That one of them leads to the document that names it, if so.
    pub(super) fn cycle(&self) -> Option<Problem> {
        let around = self.named.iter().find(|named| self.named_in.contains(&named.path));
        around.map(|named| self.named_in.cycle(named))
    }

    /// The first file.
    pub(super) fn path(&self) -> &str {
        self.named.first().map_or("", |named| &named.path)
    }

    pub(super) fn named_at(&self) -> (&str, &str) {
        let place = self.named.first().map_or("", |named| &named.place);
        (&self.named_in.path, place)
    }

    pub(super) fn with_groups(&self, number: &dyn Fn(u32) -> Option<u32>) -> Self {
        let mut named = self.named.clone();
        for content in &mut named {
            content.metadata.group = content.metadata.group.and_then(number);
        }
        Self {
            named_in: self.named_in.clone(),
            named,
        }
    }

    /// Reads the files; `root` is the tile that names them. `Err` when none can be used, or when one may be had later.
    pub(super) fn read(self: &Arc<Self>, resources: &dyn Resources, root: Tile) -> Result<Subtree, Problem> {
        let mut reader = Reader::below(resources, root);
        for named in &self.named {
            reader.ask_for(&self.named_in, named.clone());
        }
        reader.expand(Reach::ONE_TILE);
        // What was read as well is read again with the rest: a part that hangs in the tree is asked for no more.
        if let Some(problem) = reader.may_pass.take() {
            return Err(problem);
        }
        let is_nothing = reader.tiles.len() == 1 && reader.tiles[0].contents.is_empty();
        if is_nothing && let Some(at) = reader.problems.iter().position(|p| p.severity == Severity::Error) {
            return Err(reader.problems.swap_remove(at));
        }
        let mut subtree = Subtree {
            stub: Stub::External(self.clone()),
            grown: Vec::with_capacity(reader.tiles.len()),
            metadata: None,
            groups: mem::take(&mut reader.metadata.groups),
            tiles: 0,
            contents: 0,
            missing: mem::take(&mut reader.missing),
            problems: mem::take(&mut reader.problems),
        };
        subtree.grown.push(Grown {
            parent: 0,
            tile: reader.tiles[0].clone(),
            next: None,
            metadata: None,
            contents: reader.metadata.contents.remove(&TileId(0)).unwrap_or_default(),
        });
        subtree.take_over(reader, 0);
        Ok(subtree)
    }
}

impl Subtree {
    /// Adds what `reader` found below its first tile, which is number `host` here already.
    pub(super) fn take_over(&mut self, reader: Reader<'_>, host: usize) {
        let first = self.grown.len();
        let index_of = |id: TileId| match id.0 as usize {
            0 => host,
            number => first + number - 1,
        };
        let mut metadata = reader.metadata;
        let mut awaited = reader.subtrees.into_awaited();
        for (id, tile) in (0..).map(TileId).zip(reader.tiles).skip(1) {
            self.grown.push(Grown {
                parent: tile.parent.map_or(host, index_of),
                next: awaited.remove(&id),
                metadata: metadata.tiles.remove(&id),
                contents: metadata.contents.remove(&id).unwrap_or_default(),
                tile: Tile {
                    parent: None,
                    children: Vec::new(),
                    ..tile
                },
            });
        }
    }
}

impl<'a> Reader<'a> {
    /// For the tile whose contents may be external tilesets: what is read comes below it.
    pub(super) fn below(resources: &'a dyn Resources, tile: Tile) -> Self {
        let mut reader = Self::new(resources);
        reader.tiles.push(tile);
        reader
    }

    /// Asks for a content of the first tile.
    pub(super) fn ask_for(&mut self, named_in: &Arc<Link>, named: Named) {
        self.pending.push_back(Pending {
            parent: TileId(0),
            named_in: named_in.clone(),
            named,
        });
    }

    /// Reads the external tilesets that were named, as far as `reach` goes; the tiles that name the others wait for them.
    pub(super) fn expand(&mut self, reach: Reach) {
        let mut ahead = Ahead::default();
        let mut later: Vec<Pending> = Vec::new();
        let (mut files, mut last) = (0, None);
        while let Some(next) = self.pending.pop_front() {
            if next.named_in.contains(&next.named.path) {
                self.problem(next.named_in.cycle(&next.named));
                continue;
            }
            let is_near = files < reach.files && self.external_bytes < reach.bytes;
            let is_due = reach == Reach::ALL || self.is_passed_over(&next);
            // A tile waits for all of its contents or for none.
            if !is_near && !is_due && last != Some(next.parent) {
                later.push(next);
                continue;
            }
            if is_due {
                let others = self.pending.iter();
                let due = others.filter(|other| reach == Reach::ALL || self.is_passed_over(other));
                let paths = std::iter::once(&next).chain(due).map(|due| due.named.path.as_str());
                ahead.tell(self.resources, paths);
            }
            files += 1;
            last = Some(next.parent);
            later.extend(self.read_external(next, reach.is_patient && !is_due));
        }
        let mut later = later.into_iter().peekable();
        while let Some(Pending {
            parent,
            named_in,
            named,
        }) = later.next()
        {
            let mut all = vec![named];
            while let Some(other) = later.next_if(|other| other.parent == parent) {
                all.push(other.named);
            }
            let external = Arc::new(External::new(named_in, all));
            self.subtrees.wait_for(parent, Stub::External(external));
        }
    }

    /// Whether nobody would come to it: a tileset beside children.
    fn is_passed_over(&self, next: &Pending) -> bool {
        let parent = self.tiles.get(next.parent.0 as usize);
        parent.is_some_and(|parent| !parent.children.is_empty()) && is_json(&next.named.path)
    }

    /// Reads a content that may be an external tileset; anything else becomes a content of its tile. Gives it back where
    /// it cannot be had and `is_patient`.
    fn read_external(&mut self, next: Pending, is_patient: bool) -> Option<Pending> {
        let named_in = next.named_in.path.clone();
        if self.external >= MAX_EXTERNAL || self.is_full {
            if self.external == MAX_EXTERNAL {
                self.external += 1;
                let message = format!("more than {MAX_EXTERNAL} external tilesets; the rest is left out");
                self.problem(Problem::error(named_in, next.named.place, message).because(Cause::TooLarge));
            }
            return None;
        }
        let read = self.resources.read_at_most(&next.named.path, MAX_TILESET_BYTES);
        if read.is_err() && is_patient {
            return Some(next);
        }
        let Named { path, place, metadata } = next.named;
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(error) => {
                if matches!(error, ResourceError::Missing { .. }) {
                    self.missing.push(path);
                }
                let problem = error.problem(named_in, place);
                if matches!(&error, ResourceError::Fetch { source } if source.may_pass()) {
                    self.may_pass.get_or_insert_with(|| problem.clone());
                }
                self.problem(problem);
                return None;
            }
        };
        self.external_bytes = self.external_bytes.saturating_add(bytes.len() as u64);
        if !is_json(&path) && is_payload(&bytes) {
            self.push_content(next.parent, path, metadata);
            return None;
        }
        let result = parse_tileset(&bytes, &path).and_then(|json| {
            if !is_tileset_json(&json) {
                self.push_content(next.parent, path.clone(), metadata);
                return Ok(());
            }
            self.external += 1;
            let (version, _) = tile_file::asset(&json);
            self.check_asset(&json, &version, &path);
            let link = Arc::new(Link {
                path: path.clone(),
                parent: Some(next.named_in),
            });
            self.read_document(&json, &path, &link, Some(next.parent))
        });
        if let Err(problem) = result {
            self.problem(problem);
        }
        None
    }
}

/// Whether the first bytes are those of a tile.
fn is_payload(bytes: &[u8]) -> bool {
    use PayloadKind::{B3dm, Cmpt, Geom, Glb, I3dm, Pnts, Subt, Vctr, Zip};
    let kind = PayloadKind::of(&bytes[..bytes.len().min(4)]);
    matches!(kind, Glb | B3dm | I3dm | Pnts | Cmpt | Vctr | Geom | Subt | Zip)
}

#[cfg(test)]
#[path = "external_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "external_busy_tests.rs"]
mod busy_tests;
