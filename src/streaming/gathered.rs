//! What a walk over the tree gathers on its way, and the outcome that it makes of that.

use super::history::Refined;
use super::selection::{Selection, StandIn};
use super::supply::Supplies;

/// What a walk found.
pub(super) struct Outcome {
    pub(super) selection: Selection,
    /// Drawn in whole or as a stand-in.
    pub(super) shown: Vec<usize>,
    pub(super) refined: Vec<Refined>,
    pub(super) tiles_visited: usize,
}

/// Why a tile is loaded; earlier ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// Descendants are held in its place, finer than needed.
    Urgent,
    /// The picture needs it.
    Normal,
    /// The next move may need it.
    Preload,
}

/// A tile to load.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish {
    pub(super) urgency: Urgency,
    pub(super) lateness_m: f64,
    pub(super) node: usize,
}

/// Lengths of the lists before a subtree was entered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checkpoint {
    pub(super) rendered: usize,
    pub(super) gaps: usize,
    refined: usize,
    siblings: usize,
    pub(super) wishes: usize,
}

/// Nodes by what they are to the picture.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Chosen and drawn.
    pub(super) rendered: Vec<usize>,
    /// Chosen tiles that cannot be drawn and have nothing below them in their place.
    pub(super) gaps: Vec<usize>,
    pub(super) refined: Vec<Refined>,
    /// Culled siblings that are not loaded.
    pub(super) siblings: Vec<usize>,
    pub(super) wishes: Vec<Wish>,
    /// Loaded tiles in view.
    pub(super) used: Vec<usize>,
    /// Culled siblings that are loaded.
    pub(super) ahead: Vec<usize>,
    /// Roots of subtrees in view.
    pub(super) subtrees: Vec<usize>,
    /// Some tile is refined for its error, and it or one above it could be drawn there.
    pub(super) can_be_coarser: bool,
}

impl Gathered {
    pub(super) fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            rendered: self.rendered.len(),
            gaps: self.gaps.len(),
            refined: self.refined.len(),
            siblings: self.siblings.len(),
            wishes: self.wishes.len(),
        }
    }

    /// Takes back what was chosen since `before`; what it wished for stays.
    pub(super) fn kick(&mut self, before: Checkpoint) {
        self.rendered.truncate(before.rendered);
        self.gaps.truncate(before.gaps);
        self.refined.truncate(before.refined);
        self.siblings.truncate(before.siblings);
    }

    /// Fills gaps, and puts wishes in order.
    pub(super) fn into_outcome(mut self, supplies: &Supplies<'_>, tiles_visited: usize) -> Outcome {
        let index = supplies.index;
        let mut stand_ins = Vec::new();
        let mut shown = self.rendered.clone();
        for gap in self.gaps {
            if let Some(ancestor) = supplies.stand_in_for(gap) {
                stand_ins.push(StandIn {
                    tile: index.nodes[ancestor].tile,
                    area: index.nodes[gap].tile,
                });
                shown.push(ancestor);
            }
        }
        stand_ins.sort_unstable();

        self.wishes.sort_unstable_by(|a, b| {
            (a.urgency.cmp(&b.urgency))
                .then(a.lateness_m.total_cmp(&b.lateness_m))
                .then(a.node.cmp(&b.node))
        });
        let mut is_wished = vec![false; index.nodes.len()];
        self.wishes
            .retain(|wish| !std::mem::replace(&mut is_wished[wish.node], true));
        let needed = self.wishes.partition_point(|wish| wish.urgency < Urgency::Preload);
        let urgent = self.wishes.partition_point(|wish| wish.urgency < Urgency::Normal);

        let tile = |node: &usize| index.nodes[*node].tile;
        let mut used: Vec<_> = self.used.iter().map(tile).collect();
        used.sort_unstable();
        used.dedup();
        Outcome {
            selection: Selection {
                render: self.rendered.iter().map(tile).collect(),
                stand_ins,
                load: self.wishes.iter().map(|wish| tile(&wish.node)).collect(),
                needed,
                urgent,
                used,
                ahead: self.ahead.iter().map(tile).collect(),
                subtrees: self.subtrees.iter().map(tile).collect(),
                complete: needed == 0,
                is_coarsest: !self.can_be_coarser,
            },
            shown,
            refined: self.refined,
            tiles_visited,
        }
    }
}
