//! One depth-first walk over the tree: what [`super::select`] does when something has changed.
//!
//! Works on node indices of [`TreeIndex`]; lists grow along the walk and are cut back to a checkpoint when
//! an ancestor takes the place of what was chosen below it ("kicking").

use super::history::{History, Refined};
use super::selection::{ContentState, Selection, SelectionSettings, StandIn};
use super::supply::{Supplies, Supply};
use super::tree_index::TreeIndex;
use super::view::{CULLED, PlaneMask, View};

/// Culled siblings are loaded ahead only below tiles with at most this many children.
const MAX_PRELOADED_SIBLINGS: usize = 8;

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
enum Urgency {
    /// Descendants are held in its place, finer than needed.
    Urgent,
    /// The picture needs it.
    Normal,
    /// The next move may need it.
    Preload,
}

#[derive(Debug, Clone, Copy)]
struct Wish {
    urgency: Urgency,
    lateness_m: f64,
    node: usize,
}

/// What a subtree reports to its parent.
#[derive(Debug, Clone, Copy)]
struct Facts {
    /// All that is chosen below can be drawn.
    all_ready: bool,
    /// Somewhere below, a picture was drawn in the frame before: the one that is chosen now, or finer or
    /// coarser in its place. Taking away what is chosen would take away detail.
    any_shown_before: bool,
    /// Tiles that must load before all can be drawn.
    awaited: u32,
}

impl Facts {
    const SETTLED: Self = Self {
        all_ready: true,
        any_shown_before: false,
        awaited: 0,
    };
    const AWAITED: Self = Self {
        all_ready: false,
        any_shown_before: false,
        awaited: 1,
    };

    fn add(&mut self, other: Self) {
        self.all_ready &= other.all_ready;
        self.any_shown_before |= other.any_shown_before;
        self.awaited = self.awaited.saturating_add(other.awaited);
    }
}

/// Lengths of the lists before a subtree was entered.
#[derive(Debug, Clone, Copy)]
struct Checkpoint {
    rendered: usize,
    gaps: usize,
    refined: usize,
    siblings: usize,
    wishes: usize,
}

/// How a child stands to the views.
enum Sight {
    Culled,
    /// The ADD parent is fine enough there.
    NotNeeded,
    Visible {
        too_coarse: bool,
    },
}

/// The walk and all that it gathers.
pub(super) struct Walk<'a> {
    index: &'a TreeIndex,
    supplies: Supplies<'a>,
    history: &'a History,
    views: &'a [View],
    settings: &'a SelectionSettings,
    /// Planes still to be tested, one mask per view and level on the way down.
    masks: Vec<PlaneMask>,
    rendered: Vec<usize>,
    /// Chosen tiles that cannot be drawn and have nothing below them in their place.
    gaps: Vec<usize>,
    refined: Vec<Refined>,
    /// Culled siblings that are not loaded.
    siblings: Vec<usize>,
    wishes: Vec<Wish>,
    used: Vec<usize>,
    /// Roots of subtrees in view.
    subtrees: Vec<usize>,
    tiles_visited: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        index: &'a TreeIndex,
        content: &'a [ContentState],
        history: &'a History,
        views: &'a [View],
        settings: &'a SelectionSettings,
    ) -> Self {
        Self {
            index,
            supplies: Supplies { index, content },
            history,
            views,
            settings,
            masks: views.iter().map(View::all_planes).collect(),
            rendered: Vec::new(),
            gaps: Vec::new(),
            refined: Vec::new(),
            siblings: Vec::new(),
            wishes: Vec::new(),
            used: Vec::new(),
            subtrees: Vec::new(),
            tiles_visited: 0,
        }
    }

    /// Walks from the root.
    pub(super) fn run(mut self) -> Outcome {
        if !self.index.nodes.is_empty() {
            self.visit(0, 0, f64::INFINITY, false);
        }
        self.finish()
    }

    fn visit(&mut self, node: usize, parent_masks: usize, parent_error_m: f64, is_held: bool) -> Option<Facts> {
        self.tiles_visited += 1;
        let masks = self.masks.len();
        let facts = match self.look(node, parent_masks, parent_error_m) {
            Sight::Culled => None,
            Sight::NotNeeded if !self.stays_for_awaited_ancestor(node) => Some(Facts::SETTLED),
            sight => {
                if self.index.nodes[node].is_subtree_root {
                    self.subtrees.push(node);
                }
                if self.supplies.of(node) == Supply::Ready {
                    self.used.push(node);
                }
                let too_coarse = matches!(sight, Sight::Visible { too_coarse: true });
                Some(if is_held || matches!(sight, Sight::NotNeeded) {
                    self.hold(node, masks)
                } else {
                    self.choose(node, masks, too_coarse)
                })
            }
        };
        self.masks.truncate(masks);
        facts
    }

    /// Whether `node` was drawn or refined, is finer than needed now, and what is needed above it has not
    /// come yet.
    fn stays_for_awaited_ancestor(&self, node: usize) -> bool {
        let mut above = self.index.ancestors(node).map(|ancestor| self.supplies.of(ancestor));
        (self.history.was_shown(node) || self.history.was_refined(node))
            && above.find(|supply| matches!(supply, Supply::Awaited | Supply::Ready)) == Some(Supply::Awaited)
    }

    /// Culls `node` in every view and leaves its masks on the stack. Only views that see a tile have a say
    /// in its refinement.
    fn look(&mut self, node: usize, parent_masks: usize, parent_error_m: f64) -> Sight {
        let max_px = self.settings.max_screen_space_error_px;
        let (at, volume) = (&self.index.nodes[node], &self.index.volumes[node]);
        let (mut is_visible, mut is_needed, mut too_coarse) = (false, parent_error_m.is_infinite(), false);
        let request_volume = self.index.request_volume(node);
        for (number, view) in self.views.iter().enumerate() {
            let is_asked_for = request_volume.is_none_or(|volume| volume.distance_to(view.position) <= 0.0);
            let mask = match self.masks[parent_masks + number] {
                parent if is_asked_for => view.cull(parent, at, volume),
                _ => CULLED,
            };
            self.masks.push(mask);
            if mask != CULLED {
                is_visible = true;
                is_needed = is_needed || view.exceeds(parent_error_m, max_px, at, volume);
                too_coarse = too_coarse || view.exceeds(at.error_m, max_px, at, volume);
            }
        }
        match (is_visible, is_needed) {
            (false, _) => Sight::Culled,
            (true, false) => Sight::NotNeeded,
            (true, true) => Sight::Visible { too_coarse },
        }
    }

    /// Decides for a visible tile whose ancestors are all too coarse.
    fn choose(&mut self, node: usize, masks: usize, too_coarse: bool) -> Facts {
        let at = &self.index.nodes[node];
        let (has_children, is_placeholder) = (at.child_count > 0, at.is_placeholder);
        let supply = self.supplies.of(node);
        if has_children && (too_coarse || is_placeholder || self.supplies.refines_through_failure(node)) {
            return self.refine(node, masks);
        }
        match supply {
            Supply::Empty | Supply::Failed if self.stays_for_awaited_ancestor(node) => {
                if supply == Supply::Failed
                    && let Some(cover) = self.supplies.cover_of_failed(node)
                {
                    self.wish(cover, Urgency::Normal);
                }
                self.hold_in_place_of_awaited(node, masks)
            }
            Supply::Empty => Facts::SETTLED,
            Supply::Ready => self.show(node),
            Supply::Awaited if self.history.was_refined(node) => {
                self.wish(node, Urgency::Urgent);
                self.hold_in_place_of_awaited(node, masks)
            }
            Supply::Awaited => {
                self.wish(node, Urgency::Normal);
                self.gaps.push(node);
                Facts::AWAITED
            }
            Supply::Failed => self.leave_to_cover(node),
        }
    }

    /// Leaves the area of a failed tile to an ancestor, if there is one that may be drawn there.
    fn leave_to_cover(&mut self, node: usize) -> Facts {
        let Some(cover) = self.supplies.cover_of_failed(node) else {
            return Facts::SETTLED;
        };
        self.gaps.push(node);
        let mut facts = Facts::SETTLED;
        if self.supplies.of(cover) == Supply::Awaited {
            self.wish(cover, Urgency::Normal);
            facts = Facts::AWAITED;
        }
        Facts {
            any_shown_before: self.history.was_refined(node),
            ..facts
        }
    }

    fn show(&mut self, node: usize) -> Facts {
        self.rendered.push(node);
        Facts {
            any_shown_before: self.history.was_shown(node) || self.history.was_refined(node),
            ..Facts::SETTLED
        }
    }

    /// Chooses among the children of a tile that is too coarse, or cannot be drawn by itself.
    fn refine(&mut self, node: usize, masks: usize) -> Facts {
        let at = &self.index.nodes[node];
        let supply = self.supplies.of(node);
        let before = self.checkpoint();
        let mut facts = Facts::SETTLED;
        if at.adds && supply == Supply::Ready {
            facts = self.show(node);
        }
        self.refined.push(Refined { node, is_held: false });
        // A placeholder has no error of its own that could meet the target at a child.
        let is_picky = at.adds && !at.is_placeholder;
        let error_m = if is_picky { at.error_m } else { f64::INFINITY };
        for child in self.index.children(node) {
            match self.visit(child, masks, error_m, false) {
                Some(child_facts) => facts.add(child_facts),
                None if !at.adds && at.child_count <= MAX_PRELOADED_SIBLINGS => self.keep_sibling(child),
                None => {}
            }
        }
        match (at.adds, supply) {
            (true, Supply::Awaited) => {
                self.wish(node, Urgency::Normal);
                if !facts.any_shown_before && self.supplies.stand_in_for(node).is_some() {
                    // What stands in here covers all below: two pictures in one place otherwise.
                    self.kick(before);
                    self.gaps.push(node);
                }
                facts.add(Facts::AWAITED);
                facts
            }
            (true, Supply::Failed) if self.rendered.len() == before.rendered && self.gaps.len() == before.gaps => {
                // Nothing below shows anything either. Where something does, this tile's own part is lost.
                facts.add(self.leave_to_cover(node));
                facts
            }
            (false, Supply::Ready) if !facts.all_ready && !facts.any_shown_before => {
                // Zooming in: the coarse picture stays until the fine one is there.
                self.kick(before);
                Facts {
                    awaited: facts.awaited,
                    ..self.show(node)
                }
            }
            (false, Supply::Awaited)
                if !facts.all_ready
                    && !facts.any_shown_before
                    && facts.awaited > self.settings.loading_descendant_limit =>
            {
                // A long wait for everything below: this tile first, so that something comes soon.
                self.kick(before);
                self.wishes.truncate(before.wishes);
                self.wish(node, Urgency::Normal);
                self.gaps.push(node);
                Facts::AWAITED
            }
            _ => Facts {
                any_shown_before: facts.any_shown_before || self.history.was_shown(node),
                ..facts
            },
        }
    }

    /// Zooming out: the wanted tile `node` is not there, so what was drawn below stays.
    fn hold_in_place_of_awaited(&mut self, node: usize, masks: usize) -> Facts {
        let held = self.hold_children(node, masks);
        Facts {
            any_shown_before: held.any_shown_before,
            ..Facts::AWAITED
        }
    }

    fn hold_children(&mut self, node: usize, masks: usize) -> Facts {
        self.refined.push(Refined { node, is_held: true });
        let mut facts = Facts::SETTLED;
        for child in self.index.children(node) {
            if let Some(child_facts) = self.visit(child, masks, f64::INFINITY, true) {
                facts.add(child_facts);
            }
        }
        facts
    }

    /// Decides for a visible tile below one that is fine enough and awaited. Loads nothing.
    fn hold(&mut self, node: usize, masks: usize) -> Facts {
        let at = &self.index.nodes[node];
        let supply = self.supplies.of(node);
        let mut facts = Facts::SETTLED;
        if supply == Supply::Ready {
            facts = self.show(node);
            if !at.adds {
                return facts;
            }
        }
        if self.history.was_refined(node) {
            facts.add(self.hold_children(node, masks));
        } else if supply == Supply::Awaited || supply == Supply::Failed || at.is_placeholder {
            self.gaps.push(node);
        }
        facts
    }

    fn keep_sibling(&mut self, node: usize) {
        match self.supplies.of(node) {
            Supply::Ready => self.used.push(node),
            Supply::Awaited => self.siblings.push(node),
            Supply::Empty | Supply::Failed => {}
        }
    }

    fn wish(&mut self, node: usize, urgency: Urgency) {
        let (at, volume) = (&self.index.nodes[node], &self.index.volumes[node]);
        let lateness_m = self
            .views
            .iter()
            .map(|view| view.lateness_m(at, volume))
            .fold(f64::INFINITY, f64::min);
        self.wishes.push(Wish {
            urgency,
            lateness_m,
            node,
        });
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            rendered: self.rendered.len(),
            gaps: self.gaps.len(),
            refined: self.refined.len(),
            siblings: self.siblings.len(),
            wishes: self.wishes.len(),
        }
    }

    /// Takes back what was chosen since `before`; what it wished for stays.
    fn kick(&mut self, before: Checkpoint) {
        self.rendered.truncate(before.rendered);
        self.gaps.truncate(before.gaps);
        self.refined.truncate(before.refined);
        self.siblings.truncate(before.siblings);
    }

    fn finish(mut self) -> Outcome {
        let (index, gaps) = (self.index, std::mem::take(&mut self.gaps));
        let mut preloads = std::mem::take(&mut self.siblings);
        let is_awaited_cover =
            |at: &&Refined| !at.is_held && !index.nodes[at.node].adds && self.supplies.of(at.node) == Supply::Awaited;
        preloads.extend(self.refined.iter().filter(is_awaited_cover).map(|at| at.node));
        for node in preloads {
            self.wish(node, Urgency::Preload);
        }

        let mut stand_ins = Vec::new();
        let mut shown = self.rendered.clone();
        for gap in gaps {
            if let Some(ancestor) = self.supplies.stand_in_for(gap) {
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
                subtrees: self.subtrees.iter().map(tile).collect(),
                complete: needed == 0,
            },
            shown,
            refined: self.refined,
            tiles_visited: self.tiles_visited,
        }
    }
}
