//! The subtrees of a tree: which are read, which wait to be, and how they come and go.

use super::super::{Tile, TileId, TileTree, metadata::ContentMetadata};
use super::{
    grow::{Subtree, SubtreeRequest},
    tiling::{TileAt, Tiling},
};
use crate::sources::{Cause, Problem};
use bevy::math::DMat4;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// Most problems kept of one reading of many subtrees.
const MAX_PROBLEMS: usize = 1_000;

/// A subtree by its place.
#[derive(Debug, Clone)]
pub(in super::super) struct Stub {
    pub(in super::super) tiling: Arc<Tiling>,
    pub(in super::super) at: TileAt,
}

/// A subtree that hangs in the tree.
#[derive(Debug)]
struct Attached {
    stub: Stub,
    /// Its tiles but the root, and the roots of the next subtrees.
    tiles: Vec<TileId>,
    /// The roots of the next subtrees.
    next: Vec<TileId>,
    tile_count: u64,
    content_count: u64,
}

/// The subtrees of a tree, by their root tiles. Empty in a tree without implicit tiling.
#[derive(Debug, Default)]
pub struct Subtrees {
    awaited: BTreeMap<TileId, Stub>,
    attached: BTreeMap<TileId, Attached>,
    /// Numbers of tiles that were taken out.
    free: Vec<TileId>,
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

/// What was found in reading many subtrees.
pub(crate) struct SubtreesRead {
    pub(crate) problems: Vec<Problem>,
    /// Subtrees and external tilesets that do not exist.
    pub(crate) missing: Vec<String>,
}

impl Subtrees {
    /// Notes that what is below `tile` stands in a subtree.
    pub(in super::super) fn wait_for(&mut self, tile: TileId, stub: Stub) {
        self.awaited.insert(tile, stub);
    }

    /// Those that wait.
    pub(super) fn into_awaited(self) -> BTreeMap<TileId, Stub> {
        self.awaited
    }

    /// Whether what is below `tile` is not read.
    pub(in super::super) fn is_awaited(&self, tile: TileId) -> bool {
        self.awaited.contains_key(&tile)
    }
}

impl TileTree {
    /// What to read to know the tiles below `tile`, and whether it has contents; `None` where that is known.
    pub fn subtree_request(&self, tile: TileId) -> Option<SubtreeRequest> {
        let stub = self.subtrees.awaited.get(&tile)?.clone();
        Some(SubtreeRequest {
            resources: self.resources.clone(),
            stub,
        })
    }

    /// Whether `tile` is the root of a subtree that is not read.
    pub fn is_subtree_awaited(&self, tile: TileId) -> bool {
        self.subtrees.is_awaited(tile)
    }

    /// Whether `tile` is the root of a subtree that is read.
    pub fn is_subtree_root(&self, tile: TileId) -> bool {
        self.subtrees.attached.contains_key(&tile)
    }

    /// The tiles of a subtree but its root, the roots of the next subtrees among them.
    pub fn subtree_tiles(&self, root: TileId) -> &[TileId] {
        self.subtrees.attached.get(&root).map_or(&[], |subtree| &subtree.tiles)
    }

    /// Roots of the subtrees below which no other hangs: those that [`TileTree::detach`] can take out.
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
            counts.subtrees += 1;
            counts.tiles += subtree.tile_count;
            counts.contents += subtree.content_count;
        }
        counts
    }

    /// Hangs a subtree below its root; whether `root` still waited for this one. Selection must be told
    /// ([`SelectionState::subtree_attached`](crate::streaming::SelectionState::subtree_attached)).
    pub fn attach(&mut self, root: TileId, subtree: Subtree) -> bool {
        let most = (u32::MAX as usize).saturating_sub(self.tiles.len()) + self.subtrees.free.len();
        if subtree.grown.len() > most || root.0 as usize >= self.tiles.len() {
            return false;
        }
        let awaited = self.subtrees.awaited.get(&root);
        let is_it =
            awaited.is_some_and(|stub| Arc::ptr_eq(&stub.tiling, &subtree.stub.tiling) && stub.at == subtree.stub.at);
        if !is_it {
            return false;
        }
        let stub = subtree.stub;
        self.subtrees.awaited.remove(&root);
        let mut attached = Attached {
            stub,
            tiles: Vec::with_capacity(subtree.grown.len()),
            next: Vec::new(),
            tile_count: subtree.tiles,
            content_count: subtree.contents,
        };
        let mut ids: Vec<TileId> = Vec::with_capacity(subtree.grown.len());
        for grown in subtree.grown {
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
        if let Some(metadata) = subtree.metadata {
            self.metadata.subtrees.insert(root, metadata);
        }
        self.subtrees.attached.insert(root, attached);
        true
    }

    /// Takes a subtree out again, so that its root waits for it; `false` when it hangs not in the tree, or another
    /// hangs below it. Its tiles' numbers are given to others later: whoever holds one must forget it before.
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
        self.metadata.contents.remove(&root);
        if let Some(tile) = self.tiles.get_mut(root.0 as usize) {
            tile.children = Vec::new();
            tile.contents = Vec::new();
            tile.content_volume = None;
        }
        self.subtrees.awaited.insert(root, subtree.stub);
        true
    }

    /// Reads subtrees level by level until all are read, or the tree holds `most_tiles`, or `most_subtrees` were read.
    /// Those that cannot be read stay away, each with its problem; `is_told` is whether to say that the rest is left out.
    pub(crate) fn read_subtrees(&mut self, most_tiles: usize, most_subtrees: usize, is_told: bool) -> SubtreesRead {
        let (mut problems, mut missing) = (Vec::new(), Vec::new());
        let mut queue: VecDeque<TileId> = self.subtrees.awaited.keys().copied().collect();
        let (mut read, mut is_cut) = (0, false);
        while let Some(root) = queue.pop_front() {
            let Some(request) = self.subtree_request(root) else {
                continue;
            };
            if self.tiles_held() >= most_tiles || read >= most_subtrees {
                if is_told {
                    let message =
                        format!("more than {most_tiles} tiles or {most_subtrees} subtrees; the rest is left out");
                    let Stub { tiling, .. } = &request.stub;
                    let place = tiling.home.place.clone();
                    problems
                        .push(Problem::error(tiling.home.document.clone(), place, message).because(Cause::TooLarge));
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
                    missing.extend((problem.cause == Cause::Missing).then(|| problem.path.clone()));
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

    fn note(&mut self, id: TileId, metadata: Option<super::super::metadata::Metadata>, contents: Vec<ContentMetadata>) {
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
        // `attach` has seen that there is room.
        let id = TileId(u32::try_from(self.tiles.len()).unwrap_or(u32::MAX));
        self.tiles.push(tile);
        id
    }
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
