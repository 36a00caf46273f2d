//! What the nodes of a tree can give to the picture, and who may take the place of one that gives nothing.

use super::selection::ContentState;
use super::tree_index::TreeIndex;

/// So many failed tiles in a row are refined in search of something to draw: a tileset whose every content
/// is missing must not be asked for tile by tile.
const MAX_FAILED_LEVELS: usize = 2;

/// What a node can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Supply {
    /// The tile has no content.
    Empty,
    /// Not loaded.
    Awaited,
    /// Can be drawn.
    Ready,
    /// Cannot be had.
    Failed,
}

/// The nodes of a tree and the states of their contents.
#[derive(Debug, Clone, Copy)]
pub(super) struct Supplies<'a> {
    pub(super) index: &'a TreeIndex,
    pub(super) content: &'a [ContentState],
}

impl Supplies<'_> {
    /// What `node` can give.
    pub(super) fn of(&self, node: usize) -> Supply {
        let at = &self.index.nodes[node];
        if !at.has_content {
            return Supply::Empty;
        }
        match self.content[at.tile.0 as usize] {
            ContentState::Unloaded | ContentState::Loading => Supply::Awaited,
            ContentState::Ready => Supply::Ready,
            ContentState::Failed => Supply::Failed,
        }
    }

    /// The nearest ancestor that may be drawn in a failed tile's area; `None` too when an ADD ancestor is
    /// drawn there anyway.
    pub(super) fn cover_of_failed(&self, node: usize) -> Option<usize> {
        self.index
            .ancestors(node)
            .find(|ancestor| matches!(self.of(*ancestor), Supply::Awaited | Supply::Ready))
            .filter(|cover| !self.index.nodes[*cover].adds)
    }

    /// Whether descendants must show what `node` cannot, because no ancestor can either.
    pub(super) fn refines_through_failure(&self, node: usize) -> bool {
        if self.of(node) != Supply::Failed || self.index.nodes[node].adds || self.cover_of_failed(node).is_some() {
            return false;
        }
        let failed_above = self
            .index
            .ancestors(node)
            .filter(|ancestor| self.index.nodes[*ancestor].has_content)
            .take_while(|ancestor| self.of(*ancestor) == Supply::Failed)
            .take(MAX_FAILED_LEVELS)
            .count();
        failed_above < MAX_FAILED_LEVELS
    }

    /// The nearest ancestor that can be drawn in the place of `node` now, unless an ADD tile between them
    /// shows something there already.
    pub(super) fn stand_in_for(&self, node: usize) -> Option<usize> {
        self.index
            .ancestors(node)
            .find(|ancestor| match self.of(*ancestor) {
                Supply::Empty | Supply::Failed => false,
                Supply::Awaited => self.index.nodes[*ancestor].adds,
                Supply::Ready => true,
            })
            .filter(|ancestor| !self.index.nodes[*ancestor].adds)
    }
}
