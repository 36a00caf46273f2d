//! One depth-first walk over the tree: what [`super::select`] does when something has changed.
//!
//! Works on node indices of [`TreeIndex`]; lists grow along the walk and are cut back to a checkpoint when
//! an ancestor takes the place of what was chosen below it ("kicking").

use super::gathered::{Gathered, Outcome, Urgency, Wish};
use super::history::{History, Refined};
use super::selection::{ContentState, SelectionSettings};
use super::supply::{Supplies, Supply};
use super::tree_index::TreeIndex;
use super::view::{CULLED, Limit, PlaneMask, View};

/// Culled siblings are loaded ahead only below tiles with at most this many children.
const MAX_PRELOADED_SIBLINGS: usize = 8;

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

/// What a tile hears from its parent.
#[derive(Debug, Clone, Copy)]
struct Above {
    place: Place,
    /// Error that must be too coarse at the tile for it to be needed; infinite where it is needed anyway.
    error_m: f64,
    /// What lies here stays only until what is wanted above has come.
    is_held: bool,
}

impl Above {
    /// For a tile that is needed wherever it is seen.
    const fn needed(place: Place) -> Self {
        Self {
            place,
            error_m: f64::INFINITY,
            is_held: false,
        }
    }
}

/// Where the children of a tile stand.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// Where the masks of the tile begin.
    masks: usize,
    /// The tile or one above it is drawn there when there is nothing finer, or will be once it has come.
    is_covered: bool,
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
    loading_descendant_limit: u32,
    /// What is fine enough, and what is where something is there to be drawn.
    limits: [Limit; 2],
    /// Planes still to be tested, one mask per view and level on the way down.
    masks: Vec<PlaneMask>,
    lists: Gathered,
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
            loading_descendant_limit: settings.loading_descendant_limit,
            limits: [settings.wanted(), settings.allowed()],
            masks: views.iter().map(View::all_planes).collect(),
            lists: Gathered::default(),
            tiles_visited: 0,
        }
    }

    /// Walks from the root.
    pub(super) fn run(mut self) -> Outcome {
        if !self.index.nodes.is_empty() {
            let place = Place {
                masks: 0,
                is_covered: false,
            };
            self.visit(0, Above::needed(place));
        }
        self.finish()
    }

    fn visit(&mut self, node: usize, above: Above) -> Option<Facts> {
        self.tiles_visited += 1;
        let place = Place {
            masks: self.masks.len(),
            is_covered: above.place.is_covered || matches!(self.supplies.of(node), Supply::Awaited | Supply::Ready),
        };
        let facts = match self.look(node, above, place.is_covered) {
            Sight::Culled => None,
            Sight::NotNeeded if !self.stays_for_awaited_ancestor(node) => Some(Facts::SETTLED),
            sight => {
                if self.index.nodes[node].is_subtree_root {
                    self.lists.subtrees.push(node);
                }
                if self.supplies.of(node) == Supply::Ready {
                    self.lists.used.push(node);
                }
                let too_coarse = matches!(sight, Sight::Visible { too_coarse: true });
                Some(if above.is_held || matches!(sight, Sight::NotNeeded) {
                    self.hold(node, place)
                } else {
                    self.choose(node, place, too_coarse)
                })
            }
        };
        self.masks.truncate(place.masks);
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
    /// in its refinement. Whether it `is_covered`, itself included, says how coarse it may be.
    fn look(&mut self, node: usize, above: Above, is_covered: bool) -> Sight {
        let parent_error_m = above.error_m;
        let parent_limit = self.limits[usize::from(above.place.is_covered)];
        let limit = self.limits[usize::from(is_covered)];
        let (at, volume) = (&self.index.nodes[node], &self.index.volumes[node]);
        let (mut is_visible, mut is_needed, mut too_coarse) = (false, parent_error_m.is_infinite(), false);
        let request_volume = self.index.request_volume(node);
        for (number, view) in self.views.iter().enumerate() {
            let is_asked_for = request_volume.is_none_or(|volume| volume.distance_to(view.position) <= 0.0);
            let mask = match self.masks[above.place.masks + number] {
                parent if is_asked_for => view.cull(parent, at, volume),
                _ => CULLED,
            };
            self.masks.push(mask);
            if mask != CULLED {
                is_visible = true;
                is_needed = is_needed || view.exceeds(parent_error_m, parent_limit, at, volume);
                too_coarse = too_coarse || view.exceeds(at.error_m, limit, at, volume);
            }
        }
        match (is_visible, is_needed) {
            (false, _) => Sight::Culled,
            (true, false) => Sight::NotNeeded,
            (true, true) => Sight::Visible { too_coarse },
        }
    }

    /// Decides for a visible tile whose ancestors are all too coarse.
    fn choose(&mut self, node: usize, place: Place, too_coarse: bool) -> Facts {
        let at = &self.index.nodes[node];
        let (has_children, is_placeholder) = (at.child_count > 0, at.is_placeholder);
        let supply = self.supplies.of(node);
        self.lists.can_be_coarser |= has_children && too_coarse && place.is_covered;
        if has_children && (too_coarse || is_placeholder || self.supplies.refines_through_failure(node)) {
            return self.refine(node, place);
        }
        match supply {
            Supply::Empty | Supply::Failed if self.stays_for_awaited_ancestor(node) => {
                if supply == Supply::Failed
                    && let Some(cover) = self.supplies.cover_of_failed(node)
                {
                    self.wish(cover, Urgency::Normal);
                }
                self.hold_in_place_of_awaited(node, place)
            }
            Supply::Empty => Facts::SETTLED,
            Supply::Ready => self.show(node),
            Supply::Awaited if self.history.was_refined(node) => {
                self.wish(node, Urgency::Urgent);
                self.hold_in_place_of_awaited(node, place)
            }
            Supply::Awaited => {
                self.wish(node, Urgency::Normal);
                self.lists.gaps.push(node);
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
        self.lists.gaps.push(node);
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
        self.lists.rendered.push(node);
        Facts {
            any_shown_before: self.history.was_shown(node) || self.history.was_refined(node),
            ..Facts::SETTLED
        }
    }

    /// Chooses among the children of a tile that is too coarse, or cannot be drawn by itself.
    fn refine(&mut self, node: usize, place: Place) -> Facts {
        let at = &self.index.nodes[node];
        let supply = self.supplies.of(node);
        let before = self.lists.checkpoint();
        let mut facts = Facts::SETTLED;
        if at.adds && supply == Supply::Ready {
            facts = self.show(node);
        }
        self.lists.refined.push(Refined { node, is_held: false });
        // A placeholder has no error of its own that could meet the target at a child.
        let is_picky = at.adds && !at.is_placeholder;
        let above = Above {
            error_m: if is_picky { at.error_m } else { f64::INFINITY },
            ..Above::needed(place)
        };
        for child in self.index.children(node) {
            match self.visit(child, above) {
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
                    self.lists.kick(before);
                    self.lists.gaps.push(node);
                }
                facts.add(Facts::AWAITED);
                facts
            }
            (true, Supply::Failed)
                if self.lists.rendered.len() == before.rendered && self.lists.gaps.len() == before.gaps =>
            {
                // Nothing below shows anything either. Where something does, this tile's own part is lost.
                facts.add(self.leave_to_cover(node));
                facts
            }
            (false, Supply::Ready) if !facts.all_ready && !facts.any_shown_before => {
                // Zooming in: the coarse picture stays until the fine one is there.
                self.lists.kick(before);
                Facts {
                    awaited: facts.awaited,
                    ..self.show(node)
                }
            }
            (false, Supply::Awaited)
                if !facts.all_ready && !facts.any_shown_before && facts.awaited > self.loading_descendant_limit =>
            {
                // A long wait for everything below: this tile first, so that something comes soon.
                self.lists.kick(before);
                self.lists.wishes.truncate(before.wishes);
                self.wish(node, Urgency::Normal);
                self.lists.gaps.push(node);
                Facts::AWAITED
            }
            _ => Facts {
                any_shown_before: facts.any_shown_before || self.history.was_shown(node),
                ..facts
            },
        }
    }

    /// Zooming out: the wanted tile `node` is not there, so what was drawn below stays.
    fn hold_in_place_of_awaited(&mut self, node: usize, place: Place) -> Facts {
        let held = self.hold_children(node, place);
        Facts {
            any_shown_before: held.any_shown_before,
            ..Facts::AWAITED
        }
    }

    fn hold_children(&mut self, node: usize, place: Place) -> Facts {
        self.lists.refined.push(Refined { node, is_held: true });
        let above = Above {
            is_held: true,
            ..Above::needed(place)
        };
        let mut facts = Facts::SETTLED;
        for child in self.index.children(node) {
            if let Some(child_facts) = self.visit(child, above) {
                facts.add(child_facts);
            }
        }
        facts
    }

    /// Decides for a visible tile below one that is fine enough and awaited. Loads nothing.
    fn hold(&mut self, node: usize, place: Place) -> Facts {
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
            facts.add(self.hold_children(node, place));
        } else if supply == Supply::Awaited || supply == Supply::Failed || at.is_placeholder {
            self.lists.gaps.push(node);
        }
        facts
    }

    fn keep_sibling(&mut self, node: usize) {
        match self.supplies.of(node) {
            Supply::Ready => self.lists.ahead.push(node),
            Supply::Awaited => self.lists.siblings.push(node),
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
        self.lists.wishes.push(Wish {
            urgency,
            lateness_m,
            node,
        });
    }

    fn finish(mut self) -> Outcome {
        let (index, supplies) = (self.index, self.supplies);
        let mut preloads = std::mem::take(&mut self.lists.siblings);
        let is_awaited_cover =
            |at: &&Refined| !at.is_held && !index.nodes[at.node].adds && supplies.of(at.node) == Supply::Awaited;
        preloads.extend(self.lists.refined.iter().filter(is_awaited_cover).map(|at| at.node));
        for node in preloads {
            self.wish(node, Urgency::Preload);
        }
        self.lists.into_outcome(&supplies, self.tiles_visited)
    }
}
