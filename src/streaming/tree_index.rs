//! A tile tree laid out for traversal: breadth first, so that siblings lie side by side in memory.

use crate::sources::tiles3d::{BoundingVolume, Refine, TileId, TileTree};
use bevy::math::DVec3;

/// Tiles deeper than this are left out: traversal recurses, and no honest tileset comes near it.
const MAX_DEPTH: u32 = 512;

/// Parent of the root.
pub(super) const NO_PARENT: usize = usize::MAX;

/// What every visit needs of a tile.
#[derive(Debug, Clone)]
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
    /// Whether there is anything to draw.
    pub(super) has_content: bool,
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
}

impl TreeIndex {
    /// Lays out `tree`. Children that are out of range or have been met before are passed over.
    pub(super) fn new(tree: &TileTree) -> Self {
        let mut index = Self::default();
        if tree.tiles.is_empty() {
            return index;
        }
        let mut met = vec![false; tree.tiles.len()];
        // Whether a tile's area was last covered by an ancestor that it replaces.
        let mut replaces_cover = Vec::new();
        met[0] = true;
        index.push(tree, TileId(0), NO_PARENT);
        replaces_cover.push(false);
        let mut depth_of = vec![0_u32];
        let mut at = 0;
        while at < index.nodes.len() {
            let first_child = index.nodes.len();
            let node = &index.nodes[at];
            let (id, error_m, has_content, adds) = (node.tile, node.error_m, node.has_content, node.adds);
            let covers = if has_content { !adds } else { replaces_cover[at] };
            if depth_of[at] < MAX_DEPTH {
                for child in &tree.tiles[id.0 as usize].children {
                    match met.get_mut(child.0 as usize) {
                        Some(met) if !*met => *met = true,
                        _ => continue,
                    }
                    let child = index.push(tree, *child, at);
                    child.is_placeholder = !child.has_content && (covers || child.error_m >= error_m);
                    replaces_cover.push(covers);
                    depth_of.push(depth_of[at] + 1);
                }
            }
            let child_count = index.nodes.len() - first_child;
            let node = &mut index.nodes[at];
            node.first_child = first_child;
            node.child_count = child_count;
            node.is_placeholder = child_count > 0 && (node.is_placeholder || (!has_content && child_count == 1));
            at += 1;
        }
        index
    }

    fn push(&mut self, tree: &TileTree, id: TileId, parent: usize) -> &mut Node {
        let tile = &tree.tiles[id.0 as usize];
        let at = self.nodes.len();
        self.volumes.push(tile.bounding_volume);
        self.request_volumes.extend(tile.viewer_request_volume.map(|volume| (at, volume)));
        self.nodes.push(Node {
            tile: id,
            parent,
            first_child: 0,
            child_count: 0,
            error_m: tile.geometric_error_m,
            center: tile.bounding_volume.center(),
            radius_m: tile.bounding_volume.radius(),
            adds: tile.refine == Refine::Add,
            has_content: !tile.contents.is_empty(),
            is_placeholder: false,
        });
        &mut self.nodes[at]
    }

    /// The volume that the viewer must be in before `node` is looked at.
    pub(super) fn request_volume(&self, node: usize) -> Option<&BoundingVolume> {
        let at = self.request_volumes.binary_search_by_key(&node, |(owner, _)| *owner).ok()?;
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
