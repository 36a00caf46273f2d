//! A tile tree laid out for traversal: breadth first, so that siblings lie side by side in memory.

use crate::sources::tiles3d::{BoundingVolume, Refine, TileId, TileTree, room_for_more};
use bevy::math::DVec3;

/// Tiles deeper than this are left out: traversal recurses, and no honest tileset comes near it.
const MAX_DEPTH: u32 = 512;

/// Parent of the root.
pub(super) const NO_PARENT: usize = usize::MAX;

/// What every visit needs of a tile.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts of a tile, not states that exclude each other"
)]
pub(super) struct Node {
    /// Number in the tree.
    pub(super) tile: TileId,
    /// Index of the parent, [`NO_PARENT`] for the root.
    pub(super) parent: usize,
    /// Index of the first child.
    pub(super) first_child: usize,
    /// Number of children.
    pub(super) child_count: usize,
    /// Geometric error, metres.
    pub(super) error_m: f64,
    /// Centre of the sphere around the bounding volume.
    pub(super) center: DVec3,
    /// Radius of that sphere, metres.
    pub(super) radius_m: f64,
    /// Whether children are drawn besides this tile.
    pub(super) adds: bool,
    /// Whether there is anything to draw, or may be: what the root of a subtree holds is known with the subtree.
    pub(super) has_content: bool,
    /// Whether it is the root of a subtree that is read.
    pub(super) is_subtree_root: bool,
    /// An empty tile that only leads to others: always refined, never a picture of its own.
    ///
    /// Such is an empty tile below a tile that it would replace by nothing (that would be a hole), one
    /// with a single child (how an external tileset hangs in its parent), and one that is no finer than
    /// its parent. Any other empty tile, the usual roots and groups, is refined by its error.
    pub(super) is_placeholder: bool,
}

/// The tree for traversal.
#[derive(Debug, Clone, Default)]
pub(super) struct TreeIndex {
    /// Breadth first, root first.
    pub(super) nodes: Vec<Node>,
    /// Bounding volume per node, apart because most visits are settled by the sphere.
    pub(super) volumes: Vec<BoundingVolume>,
    /// Volumes that the viewer must be in, for the few nodes that have one, ascending by node.
    request_volumes: Vec<(usize, BoundingVolume)>,
    /// Index of the node by tile number, [`NO_NODE`] for tiles that are not in it.
    node_of: Vec<u32>,
    /// What laying out the children of a node needs, per node.
    layouts: Vec<Layout>,
    /// Nodes that nothing leads to any more.
    dead: usize,
}

/// Of a node, what its children need to be laid out.
#[derive(Debug, Clone, Copy)]
struct Layout {
    depth: u32,
    /// Whether the area was last covered by an ancestor that is replaced.
    replaces_cover: bool,
}

/// A tile that is not in the index.
const NO_NODE: u32 = u32::MAX;

impl TreeIndex {
    /// Lays out `tree`. Children that are out of range or have been met before are passed over.
    pub(super) fn new(tree: &TileTree) -> Self {
        let mut index = Self::default();
        if tree.tiles.is_empty() {
            return index;
        }
        let layout = Layout {
            depth: 0,
            replaces_cover: false,
        };
        index.node_of = vec![NO_NODE; tree.tiles.len()];
        index.push(tree, TileId(0), NO_PARENT, layout);
        let mut at = 0;
        while at < index.nodes.len() {
            index.lay_out_children(tree, at);
            at += 1;
        }
        index
    }

    /// Lays out what came below the tile `root`; whether that could be done: it is in the index, and has got children only
    /// if it had none before. All nodes keep their numbers.
    pub(super) fn grow(&mut self, tree: &TileTree, root: TileId) -> bool {
        let (Some(at), Some(tile)) = (self.node_of(root), tree.tiles.get(root.0 as usize)) else {
            return false;
        };
        if self.nodes[at].child_count > 0 {
            // What it waited for is a content of its own, so all stays as it is.
            return self.nodes[at].child_count == tile.children.len() && !tile.contents.is_empty();
        }
        if self.node_of.len() < tree.tiles.len() {
            self.node_of.resize(tree.tiles.len(), NO_NODE);
        }
        self.volumes[at] = tile.bounding_volume;
        let parent = self.parent(at);
        let node = node(tree, root, self.nodes[at].parent);
        let is_covered = self.layouts[at].replaces_cover;
        let is_no_finer = parent.is_some_and(|parent| node.error_m >= self.nodes[parent].error_m);
        self.nodes[at] = node;
        self.nodes[at].is_placeholder = parent.is_some() && !self.nodes[at].has_content && (is_covered || is_no_finer);
        let mut next = self.nodes.len();
        let more = room_for_more(next);
        if self.nodes.capacity() - next < more / 16 {
            // Those that are gone stay among them for a while.
            self.reserve(2 * more);
        }
        self.lay_out_children(tree, at);
        while next < self.nodes.len() {
            self.lay_out_children(tree, next);
            next += 1;
        }
        true
    }

    /// Room for so many nodes more. Lists that double as they grow would be copied within one frame.
    fn reserve(&mut self, nodes: usize) {
        self.nodes.reserve(nodes);
        self.volumes.reserve(nodes);
        self.layouts.reserve(nodes);
    }

    /// Takes out what lay below the tile `root`; whether it was in the index. All nodes keep their numbers, so those that
    /// are taken out stay behind as dead ones.
    pub(super) fn cut(&mut self, tree: &TileTree, root: TileId) -> bool {
        let Some(at) = self.node_of(root).filter(|_| (root.0 as usize) < tree.tiles.len()) else {
            return false;
        };
        let mut below: Vec<usize> = self.children(at).collect();
        while let Some(gone) = below.pop() {
            below.extend(self.children(gone));
            self.node_of[self.nodes[gone].tile.0 as usize] = NO_NODE;
            self.dead += 1;
        }
        self.nodes[at] = node(tree, root, self.nodes[at].parent);
        self.volumes[at] = tree.tiles[root.0 as usize].bounding_volume;
        true
    }

    /// The same without dead nodes: the others move up.
    pub(super) fn without_dead(&self) -> Self {
        let alive = self.nodes.len().saturating_sub(self.dead);
        let mut index = Self {
            node_of: vec![NO_NODE; self.node_of.len()],
            ..Self::default()
        };
        index.reserve(alive + 2 * room_for_more(alive));
        if self.nodes.is_empty() {
            return index;
        }
        index.take_over(self, 0, NO_PARENT);
        // Where each node was, in the order in which they stand now.
        let mut before = Vec::with_capacity(alive);
        before.push(0);
        let mut at = 0;
        while at < before.len() {
            let children = self.children(before[at]);
            index.nodes[at].first_child = index.nodes.len();
            for child in children {
                index.take_over(self, child, at);
                before.push(child);
            }
            at += 1;
        }
        index
    }

    /// Adds a node of another index, its children to come.
    fn take_over(&mut self, other: &Self, node: usize, parent: usize) {
        let at = self.nodes.len();
        let taken = Node {
            parent,
            ..other.nodes[node].clone()
        };
        self.node_of[taken.tile.0 as usize] = u32::try_from(at).unwrap_or(NO_NODE);
        self.volumes.push(other.volumes[node]);
        self.layouts.push(other.layouts[node]);
        let volume = other.request_volume(node).copied();
        self.request_volumes.extend(volume.map(|volume| (at, volume)));
        self.nodes.push(taken);
    }

    /// Whether so many nodes are dead that doing without them is worth it.
    pub(super) fn is_mostly_dead(&self) -> bool {
        /// Fewer do no harm.
        const FEW: usize = 256;
        self.dead > FEW.max(self.nodes.len() / 2)
    }

    /// Index of the node of a tile.
    pub(super) fn node_of(&self, tile: TileId) -> Option<usize> {
        let node = self.node_of.get(tile.0 as usize)?;
        (*node != NO_NODE).then_some(*node as usize)
    }

    fn lay_out_children(&mut self, tree: &TileTree, at: usize) {
        let first_child = self.nodes.len();
        let node = &self.nodes[at];
        let (id, error_m, has_content, adds) = (node.tile, node.error_m, node.has_content, node.adds);
        let Layout { depth, replaces_cover } = self.layouts[at];
        let covers = if has_content { !adds } else { replaces_cover };
        if depth < MAX_DEPTH {
            for child in &tree.tiles[id.0 as usize].children {
                if self.node_of.get(child.0 as usize) != Some(&NO_NODE) {
                    continue;
                }
                let layout = Layout {
                    depth: depth + 1,
                    replaces_cover: covers,
                };
                let child = self.push(tree, *child, at, layout);
                child.is_placeholder = !child.has_content && (covers || child.error_m >= error_m);
            }
        }
        let child_count = self.nodes.len() - first_child;
        let node = &mut self.nodes[at];
        node.first_child = first_child;
        node.child_count = child_count;
        node.is_placeholder = child_count > 0 && (node.is_placeholder || (!has_content && child_count == 1));
    }

    fn push(&mut self, tree: &TileTree, id: TileId, parent: usize, layout: Layout) -> &mut Node {
        let tile = &tree.tiles[id.0 as usize];
        let at = self.nodes.len();
        self.node_of[id.0 as usize] = u32::try_from(at).unwrap_or(NO_NODE);
        self.volumes.push(tile.bounding_volume);
        self.request_volumes
            .extend(tile.viewer_request_volume.map(|volume| (at, volume)));
        self.layouts.push(layout);
        self.nodes.push(node(tree, id, parent));
        &mut self.nodes[at]
    }

    /// The volume that the viewer must be in before `node` is looked at.
    pub(super) fn request_volume(&self, node: usize) -> Option<&BoundingVolume> {
        let at = self
            .request_volumes
            .binary_search_by_key(&node, |(owner, _)| *owner)
            .ok()?;
        Some(&self.request_volumes[at].1)
    }

    /// Children of `node`.
    pub(super) fn children(&self, node: usize) -> std::ops::Range<usize> {
        let Node {
            first_child,
            child_count,
            ..
        } = self.nodes[node];
        first_child..first_child + child_count
    }

    /// Parent, its parent, and so on up to the root.
    pub(super) fn ancestors(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(self.parent(node), |&ancestor| self.parent(ancestor))
    }

    fn parent(&self, node: usize) -> Option<usize> {
        Some(self.nodes[node].parent).filter(|parent| *parent != NO_PARENT)
    }
}

/// A node without children.
fn node(tree: &TileTree, id: TileId, parent: usize) -> Node {
    let tile = &tree.tiles[id.0 as usize];
    Node {
        tile: id,
        parent,
        first_child: 0,
        child_count: 0,
        error_m: tile.geometric_error_m,
        center: tile.bounding_volume.center(),
        radius_m: tile.bounding_volume.radius(),
        adds: tile.refine == Refine::Add,
        has_content: !tile.contents.is_empty() || tree.is_subtree_awaited(id),
        is_subtree_root: tree.is_subtree_root(id),
        is_placeholder: false,
    }
}
