//! The parts of a tree that are read apart: which are there, which are waited for, and how they come and go.
//!
//! What wants to look below a tile that waits asks for [`TileTree::subtree_request`], reads it on any thread
//! ([`SubtreeRequest::read`]) and hangs the outcome into the tree ([`TileTree::attach`]), which may bring other tiles that
//! wait. A part that is not looked at can be taken out again. So a tileset of millions of tiles costs what has been looked
//! at. There are two kinds of parts: subtrees of implicit tilings and external tilesets.

use super::{
    Tile, TileId, TileTree,
    metadata::{ContentMetadata, Metadata},
    subtree::{Stub, Subtree, SubtreeRequest},
};
use crate::sources::{Cause, Problem};
use bevy::math::DMat4;
use std::collections::{BTreeMap, VecDeque};

/// Most problems kept of one reading of many parts.
const MAX_PROBLEMS: usize = 1_000;
/// Most groups of contents that external tilesets bring into a tree.
const MAX_GROUPS: usize = 100_000;

/// A part that hangs in the tree.
#[derive(Debug)]
struct Attached {
    stub: Stub,
    /// Its tiles but the root, and the tiles in it that wait.
    tiles: Vec<TileId>,
    /// The tiles in it that waited when it came.
    next: Vec<TileId>,
    tile_count: u64,
    content_count: u64,
    /// Children and contents that the root had before.
    own_children: usize,
    own_contents: usize,
}

/// Which parts are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parts {
    /// Subtrees of implicit tilings.
    Implicit,
    /// External tilesets too.
    All,
}

/// The parts of a tree that are read apart, by their root tiles. Empty where everything stands in one tileset.json.
#[derive(Debug, Default)]
pub struct Subtrees {
    awaited: BTreeMap<TileId, Stub>,
    attached: BTreeMap<TileId, Attached>,
    /// Numbers of tiles that were taken out.
    free: Vec<TileId>,
    /// Where the groups of an external tileset begin in the tree's list, by its path. They stay when it goes.
    groups: BTreeMap<String, u32>,
}

/// How much of the implicit tilings is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImplicitCounts {
    /// Subtrees that are read.
    pub subtrees: u64,
    /// Tiles that they say are there.
    pub tiles: u64,
    /// Contents that they say are there.
    pub contents: u64,
}

/// What was found in reading many parts.
pub(crate) struct SubtreesRead {
    pub(crate) problems: Vec<Problem>,
    /// Subtrees and external tilesets that do not exist.
    pub(crate) missing: Vec<String>,
}

impl Subtrees {
    /// Notes what `tile` waits for.
    pub(super) fn wait_for(&mut self, tile: TileId, stub: Stub) {
        self.awaited.insert(tile, stub);
    }

    /// Those that wait.
    pub(super) fn into_awaited(self) -> BTreeMap<TileId, Stub> {
        self.awaited
    }

    /// Whether what is below `tile` is not read.
    pub(super) fn is_awaited(&self, tile: TileId) -> bool {
        self.awaited.contains_key(&tile)
    }
}

impl TileTree {
    /// What to read to know the tiles below `tile`, and whether it has contents; `None` where that is known.
    pub fn subtree_request(&self, tile: TileId) -> Option<SubtreeRequest> {
        let stub = self.subtrees.awaited.get(&tile)?.clone();
        let root = Tile {
            children: Vec::new(),
            ..self.tiles.get(tile.0 as usize)?.clone()
        };
        Some(SubtreeRequest {
            resources: self.resources.clone(),
            stub,
            root,
        })
    }

    /// Whether `tile` is the root of a part that is not read: a subtree or an external tileset.
    pub fn is_subtree_awaited(&self, tile: TileId) -> bool {
        self.subtrees.is_awaited(tile)
    }

    /// Whether what `tile` waits for are external tilesets, or contents of which the name does not tell.
    pub fn is_external_awaited(&self, tile: TileId) -> bool {
        matches!(self.subtrees.awaited.get(&tile), Some(Stub::External(_)))
    }

    /// Whether any tile waits for external tilesets.
    pub fn has_external_awaited(&self) -> bool {
        let mut awaited = self.subtrees.awaited.values();
        awaited.any(|stub| matches!(stub, Stub::External(_)))
    }

    /// Whether `tile` is the root of a part that is read and can be taken out again.
    pub fn is_subtree_root(&self, tile: TileId) -> bool {
        self.subtrees.attached.contains_key(&tile)
    }

    /// The tiles of a part but its root, the roots of the next among them.
    pub fn subtree_tiles(&self, root: TileId) -> &[TileId] {
        self.subtrees.attached.get(&root).map_or(&[], |subtree| &subtree.tiles)
    }

    /// Roots of the parts below which no other hangs: those that [`TileTree::detach`] can take out.
    pub fn last_subtrees(&self) -> impl Iterator<Item = TileId> + '_ {
        let is_last = |subtree: &Attached| !subtree.next.iter().any(|next| self.is_subtree_root(*next));
        let last = self
            .subtrees
            .attached
            .iter()
            .filter(move |(_, subtree)| is_last(subtree));
        last.map(|(root, _)| *root)
    }

    /// How many tiles the tree holds now.
    pub fn tiles_held(&self) -> usize {
        self.tiles.len() - self.subtrees.free.len()
    }

    /// How much of the implicit tilings is read.
    pub fn implicit_counts(&self) -> ImplicitCounts {
        let mut counts = ImplicitCounts::default();
        for subtree in self.subtrees.attached.values() {
            counts.subtrees += u64::from(matches!(subtree.stub, Stub::Implicit { .. }));
            counts.tiles += subtree.tile_count;
            counts.contents += subtree.content_count;
        }
        counts
    }

    /// Hangs a part below its root; whether `root` still waited for this one. Selection must be told
    /// ([`SelectionState::subtree_attached`](crate::streaming::SelectionState::subtree_attached)).
    pub fn attach(&mut self, root: TileId, subtree: Subtree) -> bool {
        let most = (u32::MAX as usize).saturating_sub(self.tiles.len()) + self.subtrees.free.len();
        if subtree.grown.len() > most || root.0 as usize >= self.tiles.len() {
            return false;
        }
        let awaited = self.subtrees.awaited.get(&root);
        if !awaited.is_some_and(|stub| stub.is(&subtree.stub)) {
            return false;
        }
        let Subtree {
            stub,
            grown,
            metadata,
            groups,
            tiles,
            contents,
            ..
        } = subtree;
        let has_groups = !groups.is_empty();
        let first_group = self.take_groups(&stub, groups);
        let number = |group: u32| first_group?.checked_add(group);
        self.subtrees.awaited.remove(&root);
        let own = &self.tiles[root.0 as usize];
        let mut attached = Attached {
            stub,
            tiles: Vec::with_capacity(grown.len()),
            next: Vec::new(),
            tile_count: tiles,
            content_count: contents,
            own_children: own.children.len(),
            own_contents: own.contents.len(),
        };
        let mut ids: Vec<TileId> = Vec::with_capacity(grown.len());
        for mut grown in grown {
            // What is said of the contents of the root is the word of the document that names them.
            if has_groups && !ids.is_empty() {
                for content in &mut grown.contents {
                    content.group = content.group.and_then(number);
                }
                grown.next = grown.next.as_ref().map(|next| next.with_groups(&number));
            }
            let Some(parent) = ids.get(grown.parent).copied() else {
                // The root: it keeps its place and what its own tileset said of it.
                let tile = &mut self.tiles[root.0 as usize];
                tile.bounding_volume = grown.tile.bounding_volume;
                tile.content_volume = grown.tile.content_volume;
                tile.geometric_error_m = grown.tile.geometric_error_m;
                tile.refine = grown.tile.refine;
                tile.contents = grown.tile.contents;
                self.note(root, grown.metadata, grown.contents);
                ids.push(root);
                continue;
            };
            let id = self.place(Tile {
                parent: Some(parent),
                ..grown.tile
            });
            self.tiles[parent.0 as usize].children.push(id);
            self.note(id, grown.metadata, grown.contents);
            if let Some(stub) = grown.next {
                self.subtrees.awaited.insert(id, stub);
                attached.next.push(id);
            }
            attached.tiles.push(id);
            ids.push(id);
        }
        if let Some(metadata) = metadata {
            self.metadata.subtrees.insert(root, metadata);
        }
        // Where there was nothing but contents of the root, there is nothing to take out again.
        if !attached.tiles.is_empty() || matches!(attached.stub, Stub::Implicit { .. }) {
            self.subtrees.attached.insert(root, attached);
        }
        true
    }

    /// Takes a part out again, so that its root waits for it; `false` when it hangs not in the tree, or another hangs
    /// below it. Its tiles' numbers are given to others later: whoever holds one must forget it before.
    pub fn detach(&mut self, root: TileId) -> bool {
        let Some(subtree) = self.subtrees.attached.get(&root) else {
            return false;
        };
        if subtree
            .next
            .iter()
            .any(|next| self.subtrees.attached.contains_key(next))
        {
            return false;
        }
        let Some(subtree) = self.subtrees.attached.remove(&root) else {
            return false;
        };
        for id in &subtree.tiles {
            self.subtrees.awaited.remove(id);
            self.metadata.forget(*id);
            if let Some(tile) = self.tiles.get_mut(id.0 as usize) {
                *tile = nothing(tile);
            }
        }
        self.subtrees.free.extend(subtree.tiles);
        self.metadata.subtrees.remove(&root);
        self.metadata.forget_contents(root, subtree.own_contents);
        if let Some(tile) = self.tiles.get_mut(root.0 as usize) {
            tile.children.truncate(subtree.own_children);
            tile.contents.truncate(subtree.own_contents);
            if let Stub::Implicit { .. } = subtree.stub {
                tile.content_volume = None;
            }
        }
        self.subtrees.awaited.insert(root, subtree.stub);
        true
    }

    /// Adds the groups that an external tileset brings to those of the tree, and gives the number of the first; they stay
    /// there for when it comes again.
    fn take_groups(&mut self, stub: &Stub, groups: Vec<Metadata>) -> Option<u32> {
        let Stub::External(external) = stub else { return None };
        let known = &mut self.metadata.groups;
        let is_there = |first: &u32| {
            known
                .get(*first as usize..)
                .is_some_and(|rest| rest.starts_with(&groups))
        };
        if let Some(first) = self.subtrees.groups.get(external.path()).copied().filter(is_there) {
            return Some(first);
        }
        if groups.is_empty() || known.len() + groups.len() > MAX_GROUPS {
            return None;
        }
        let first = u32::try_from(known.len()).ok()?;
        known.extend(groups);
        self.subtrees.groups.insert(external.path().to_owned(), first);
        Some(first)
    }

    /// Reads these parts level by level until all are read, or the tree holds `most_tiles`, or `most_subtrees` were read.
    /// Those that cannot be read stay away, each with its problem; `is_told` is whether to say that the rest is left out.
    pub(super) fn read_subtrees(
        &mut self,
        parts: Parts,
        most_tiles: usize,
        most_subtrees: usize,
        is_told: bool,
    ) -> SubtreesRead {
        let (mut problems, mut missing) = (Vec::new(), Vec::new());
        let mut queue: VecDeque<TileId> = self.subtrees.awaited.keys().copied().collect();
        let (mut read, mut is_cut) = (0, false);
        while let Some(root) = queue.pop_front() {
            let Some(request) = self.subtree_request(root) else {
                continue;
            };
            if parts == Parts::Implicit && self.is_external_awaited(root) {
                continue;
            }
            if self.tiles_held() >= most_tiles || read >= most_subtrees {
                if is_told {
                    let message =
                        format!("more than {most_tiles} tiles or {most_subtrees} subtrees; the rest is left out");
                    let (document, place) = request.stub.named_at();
                    problems.push(Problem::error(document, place, message).because(Cause::TooLarge));
                }
                break;
            }
            read += 1;
            match request.read() {
                Ok(mut subtree) => {
                    problems.append(&mut subtree.problems);
                    missing.append(&mut subtree.missing);
                    if self.attach(root, subtree) {
                        queue.extend(self.subtrees.attached.get(&root).into_iter().flat_map(|s| &s.next));
                    }
                }
                Err(problem) => {
                    if problem.cause == Cause::Missing {
                        missing.extend(request.path());
                    }
                    problems.push(problem);
                }
            }
            if problems.len() > MAX_PROBLEMS {
                problems.truncate(MAX_PROBLEMS);
                is_cut = true;
            }
        }
        if is_cut {
            let message = format!("more than {MAX_PROBLEMS} problems; the rest are not listed");
            problems.push(Problem::error(self.path.clone(), "", message).because(Cause::More));
        }
        SubtreesRead { problems, missing }
    }

    fn note(&mut self, id: TileId, metadata: Option<Metadata>, contents: Vec<ContentMetadata>) {
        if let Some(metadata) = metadata {
            self.metadata.tiles.insert(id, metadata);
        }
        for (number, content) in contents.into_iter().enumerate() {
            self.metadata.set_content(id, number, content);
        }
    }

    /// Puts a tile where there is room.
    fn place(&mut self, tile: Tile) -> TileId {
        if let Some(id) = self.subtrees.free.pop() {
            self.tiles[id.0 as usize] = tile;
            return id;
        }
        if self.tiles.len() == self.tiles.capacity() {
            self.tiles.reserve(room_for_more(self.tiles.len()));
        }
        // `attach` has seen that there is room.
        let id = TileId(u32::try_from(self.tiles.len()).unwrap_or(u32::MAX));
        self.tiles.push(tile);
        id
    }
}

/// How many tiles more room is made for where so many are: a large list that doubled as it grew would be copied within one
/// frame, and memory that is not used yet costs nothing. Twice as many as a viewer usually holds.
#[must_use]
pub fn room_for_more(tiles: usize) -> usize {
    const LARGE: usize = 1 << 12;
    const ROOM: usize = 1 << 17;
    if tiles < LARGE { tiles.max(1) } else { ROOM }
}

/// What stands at a number that no tile has: out of reach, and small.
fn nothing(tile: &Tile) -> Tile {
    Tile {
        parent: None,
        children: Vec::new(),
        depth: 0,
        bounding_volume: tile.bounding_volume,
        content_volume: None,
        viewer_request_volume: None,
        geometric_error_m: 0.0,
        refine: tile.refine,
        contents: Vec::new(),
        root_from_tile: DMat4::IDENTITY,
    }
}
