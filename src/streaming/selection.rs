//! Selection by screen-space error: pure functions in f64, no Bevy app types, the method of cesium-native
//! (refine straight to the needed level, hold descendants while zooming out, kick them while zooming in).
//!
//! # What is drawn
//!
//! [`Selection::render`] never holds a tile and another tile that it replaces. A tile that is wanted and
//! cannot be drawn leaves its area to, in this order:
//!
//! - its own descendants, when they were drawn before (zooming out never goes blank);
//! - the nearest drawable ancestor in whole, when nothing below that ancestor was drawn before (zooming in
//!   holds the coarse picture until the fine one is there);
//! - the nearest drawable ancestor **in that area only**, as a [`StandIn`]: what the siblings show stays.
//!
//! The last is what a *failed* tile gets for ever. A stand-in is therefore not part of
//! [`Selection::render`]: the caller draws it clipped to the bounding volume of [`StandIn::area`], or draws
//! only the features whose place is in there. Rejected: drawing the parent in whole (one broken file of
//! four would take the detail of the other three), drawing it unclipped besides the siblings (two pictures
//! in one place), and leaving the hole. A failed tile that no ancestor can stand in for is refined, to a
//! limited depth, so that its descendants show what it cannot.
//!
//! Tiles without content never block and never count as a picture: below a tile that they replace they are
//! refined until something can be drawn. Where memory is short, what would be drawn too fine is drawn coarser
//! ([`SelectionSettings::error_factor`]); a tile without content above which there is none either is refined as
//! before: coarser, there would be a hole. Children of an ADD tile whose error already meets the target at
//! the child's own volume are neither drawn nor loaded.
//!
//! # Parts that are read later
//!
//! The root of a subtree of an implicit tiling that is not read, and a tile that names an external tileset that is not
//! read, count as tiles whose content has not come. They are wished for like any other; the caller reads the subtree or
//! tileset first ([`TileTree::subtree_request`]) and then, if the tile turns out to have one, its content.
//! [`ContentState::Failed`] is what a tile gets of which that cannot be read.
//!
//! # What is loaded
//!
//! [`Selection::load`] starts with what the picture needs: first tiles whose descendants are held in their
//! place, then the rest, each group by (1 − cos angle to the view direction) × distance. Behind
//! [`Selection::needed`] follows what may be loaded when memory and time allow: ancestors and culled
//! siblings of what is drawn, so that zooming out and panning find something there. Those siblings are told apart
//! ([`Selection::ahead`]): they go before the picture gets coarser.
//!
//! Not here: fog, occlusion and the content's own volume; fading between levels.

use super::history::History;
use super::traversal::Walk;
use super::tree_index::TreeIndex;
use super::view::Limit;
use crate::sources::tiles3d::{TileId, TileTree};

pub use super::view::View;

/// Thresholds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SelectionSettings {
    /// Refine above this error, pixels.
    pub max_screen_space_error_px: f64,
    /// At most this many descendants may be waited for before the parent is loaded first.
    pub loading_descendant_limit: u32,
    /// What the allowed error is multiplied by where memory is short, at least 1.
    pub error_factor: f64,
}

impl SelectionSettings {
    /// What is fine enough.
    pub(super) fn wanted(&self) -> Limit {
        Limit {
            max_px: self.max_screen_space_error_px,
            least_distance_m: 0.0,
        }
    }

    /// What is fine enough where something coarser is there to be drawn.
    pub(super) fn allowed(&self) -> Limit {
        /// A camera in a tile's volume must not keep it from being drawn where memory is short.
        const LEAST_DISTANCE_M: f64 = 1.0;
        if self.error_factor > 1.0 {
            Limit {
                max_px: self.max_screen_space_error_px * self.error_factor,
                least_distance_m: LEAST_DISTANCE_M,
            }
        } else {
            self.wanted()
        }
    }
}

impl Default for SelectionSettings {
    /// What the other viewers of 3D Tiles use: 16 pixels, 20 descendants.
    fn default() -> Self {
        Self {
            max_screen_space_error_px: 16.0,
            loading_descendant_limit: 20,
            error_factor: 1.0,
        }
    }
}

/// What one tile's content is doing, as far as selection needs to know.
///
/// A tile with several contents is `Ready` once all have come or failed and at least one can be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ContentState {
    /// Not asked for.
    #[default]
    Unloaded,
    /// Asked for.
    Loading,
    /// Can be drawn now.
    Ready,
    /// Cannot be had; the nearest drawable ancestor stands in.
    Failed,
}

/// An ancestor that is drawn in one tile's area only, because that tile cannot be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StandIn {
    /// The tile to draw.
    pub tile: TileId,
    /// The tile in whose bounding volume it is drawn.
    pub area: TileId,
}

/// The outcome of one frame.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    /// Tiles to draw now, depth first.
    pub render: Vec<TileId>,
    /// Tiles to draw in part, by tile and then area.
    pub stand_ins: Vec<StandIn>,
    /// Tiles to load, most urgent first; those that are loading already stay in the list.
    pub load: Vec<TileId>,
    /// How many of [`Selection::load`], from its start, the picture needs; the rest is to be ready for
    /// the next move.
    pub needed: usize,
    /// How many of those, from the start, have finer tiles held in their place.
    pub urgent: usize,
    /// Loaded tiles that this view has a use for, drawn or not: they must not be evicted. Ascending.
    pub used: Vec<TileId>,
    /// Loaded tiles that lie beside the view, for the next move: they go last of what may be evicted, and before the
    /// picture gets coarser.
    pub ahead: Vec<TileId>,
    /// Roots of the subtrees and external tilesets that are in view: they must not be taken out of the tree.
    pub subtrees: Vec<TileId>,
    /// Whether everything in view at the wanted detail is drawn, or has failed.
    pub complete: bool,
    /// No larger [`SelectionSettings::error_factor`] would make the picture coarser.
    pub is_coarsest: bool,
}

impl Selection {
    /// The tiles of [`Self::load`] in whose place finer ones are held, which go when they come.
    pub fn coarser(&self) -> &[TileId] {
        self.load.get(..self.urgent).unwrap_or_default()
    }
}

/// Memory of selection between frames: content states and last frame's outcome per tile. One per tileset.
#[derive(Debug, Clone, Default)]
pub struct SelectionState {
    content: Vec<ContentState>,
    index: TreeIndex,
    /// Address and length of the indexed tiles: another tree is noticed and indexed anew.
    indexed: Option<(usize, usize)>,
    history: History,
    /// What the last outcome was made from; `None` when it must not be used again.
    last_input: Option<(Vec<View>, SelectionSettings)>,
    last: Selection,
    tiles_visited: usize,
}

impl SelectionState {
    /// What `tile` is doing; [`ContentState::Unloaded`] for tiles never heard of.
    pub fn content(&self, tile: TileId) -> ContentState {
        self.content.get(tile.0 as usize).copied().unwrap_or_default()
    }

    /// Notes what `tile` is doing. Tile numbers are those of the tree that is selected from.
    pub fn set_content(&mut self, tile: TileId, state: ContentState) {
        let at = tile.0 as usize;
        if at >= self.content.len() {
            self.content.resize(at + 1, ContentState::Unloaded);
        }
        let before = std::mem::replace(&mut self.content[at], state);
        // Asked for or not is all the same to selection.
        let outcome = |state| match state {
            ContentState::Unloaded | ContentState::Loading => None,
            done => Some(done),
        };
        if outcome(before) != outcome(state) {
            self.last_input = None;
        }
    }

    /// Tells that the tree was edited in place; a different tree is noticed without.
    pub fn tree_changed(&mut self) {
        self.indexed = None;
    }

    /// Tells that a part was hung below `root` with [`TileTree::attach`].
    pub fn subtree_attached(&mut self, tree: &TileTree, root: TileId) {
        // Numbers of tiles that were taken out may have come back as others.
        for tile in tree.subtree_tiles(root).iter().chain([&root]) {
            self.set_content(*tile, ContentState::Unloaded);
        }
        if self.indexed.is_none() || !self.index.grow(tree, root) {
            self.tree_changed();
            return;
        }
        self.history.grow(self.index.nodes.len());
        self.content.resize(tree.tiles.len(), ContentState::Unloaded);
        self.indexed = Some(identity(tree));
        self.last_input = None;
    }

    /// Tells that the parts below these roots, which were not drawn, were taken out with [`TileTree::detach`], before
    /// others are hung in. What is drawn and refined is remembered. Once in a while, when more is gone than there, it costs
    /// as much as the tree is large.
    pub fn subtrees_detached(&mut self, tree: &TileTree, roots: &[TileId]) {
        for root in roots {
            self.set_content(*root, ContentState::Unloaded);
        }
        // A root that keeps children of its own is laid out anew with all others: no sound tileset has any.
        let keeps_children = |root: &TileId| {
            let tile = tree.tiles.get(root.0 as usize);
            tile.is_some_and(|tile| !tile.children.is_empty())
        };
        if self.indexed.is_none() || roots.iter().any(keeps_children) {
            self.tree_changed();
            return;
        }
        // A root may itself have gone with the subtree that it was in.
        for root in roots {
            self.index.cut(tree, *root);
        }
        if self.index.is_mostly_dead() {
            self.drop_dead();
        }
        self.indexed = Some(identity(tree));
        self.last_input = None;
    }

    /// Goes on without the nodes that are gone.
    fn drop_dead(&mut self) {
        let index = self.index.without_dead();
        let before = &self.index.nodes;
        self.history = self
            .history
            .moved(index.nodes.len(), |old| index.node_of(before.get(old)?.tile));
        self.index = index;
    }

    /// How many tiles the last [`select`] looked at; 0 when nothing had changed since the one before.
    pub fn tiles_visited(&self) -> usize {
        self.tiles_visited
    }

    fn index_tree(&mut self, tree: &TileTree) {
        let identity = identity(tree);
        if self.indexed == Some(identity) {
            return;
        }
        self.index = TreeIndex::new(tree);
        self.history = History::new(self.index.nodes.len());
        self.content.resize(tree.tiles.len(), ContentState::Unloaded);
        self.indexed = Some(identity);
        self.last_input = None;
    }
}

/// What tells a tree from another without looking at it.
fn identity(tree: &TileTree) -> (usize, usize) {
    (tree.tiles.as_ptr().addr(), tree.tiles.len())
}

/// Selects for a slice of views; the finest wish wins. No view selects nothing.
///
/// When views, settings, tree and contents are those of the call before, the outcome is too, without a look
/// at the tree.
pub fn select(tree: &TileTree, views: &[View], settings: &SelectionSettings, state: &mut SelectionState) -> Selection {
    state.index_tree(tree);
    let is_unchanged = state
        .last_input
        .as_ref()
        .is_some_and(|(last_views, last_settings)| last_views == views && last_settings == settings);
    if is_unchanged {
        state.tiles_visited = 0;
        return state.last.clone();
    }
    let outcome = Walk::new(&state.index, &state.content, &state.history, views, settings).run();
    state.tiles_visited = outcome.tiles_visited;
    // What was drawn last decides what is held. Until one frame repeats the one before, the next may differ.
    let is_steady = state.history.advance(outcome.shown, outcome.refined);
    state.last_input = is_steady.then(|| (views.to_vec(), *settings));
    state.last = outcome.selection;
    state.last.clone()
}
