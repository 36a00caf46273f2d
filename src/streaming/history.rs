//! What selection remembers of the frame before: it decides what is held and what may be kicked.
//!
//! Works on node indices of [`super::tree_index::TreeIndex`]. Stamps instead of flags, so that nothing has to
//! be cleared between frames.

/// What was drawn and refined in the frame before, per node.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    run: u32,
    shown_in: Vec<u32>,
    refined_in: Vec<u32>,
    shown: Vec<usize>,
    refined: Vec<Refined>,
}

/// A node whose children were visited, and not kicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refined {
    pub(super) node: usize,
    /// Whether only because the tile that is wanted above is not there yet.
    pub(super) is_held: bool,
}

impl History {
    /// Nothing drawn yet.
    pub(super) fn new(nodes: usize) -> Self {
        Self {
            run: 1,
            shown_in: vec![0; nodes],
            refined_in: vec![0; nodes],
            ..Self::default()
        }
    }

    /// Makes room for nodes that came to the end of the index.
    pub(super) fn grow(&mut self, nodes: usize) {
        self.shown_in.resize(nodes, 0);
        self.refined_in.resize(nodes, 0);
    }

    /// The same memory for another index; `moved` says where a node went, if it is still there.
    pub(super) fn moved(&self, nodes: usize, moved: impl Fn(usize) -> Option<usize>) -> Self {
        let shown = self.shown.iter().filter_map(|node| moved(*node)).collect();
        let refined = self.refined.iter().filter_map(|refined| {
            let node = moved(refined.node)?;
            Some(Refined { node, ..*refined })
        });
        let mut history = Self::new(nodes);
        history.advance(shown, refined.collect());
        history
    }

    /// Takes over a frame's outcome; whether it is the one of the frame before.
    pub(super) fn advance(&mut self, shown: Vec<usize>, refined: Vec<Refined>) -> bool {
        let is_steady = self.shown == shown && self.refined == refined;
        self.run = self.run.wrapping_add(1);
        for &node in &shown {
            self.shown_in[node] = self.run;
        }
        for Refined { node, .. } in &refined {
            self.refined_in[*node] = self.run;
        }
        self.shown = shown;
        self.refined = refined;
        is_steady
    }

    /// Whether `node` was drawn, in whole or as a stand-in.
    pub(super) fn was_shown(&self, node: usize) -> bool {
        self.shown_in[node] == self.run
    }

    pub(super) fn was_refined(&self, node: usize) -> bool {
        self.refined_in[node] == self.run
    }
}
