//! Which nodes of point clouds to draw and to load: coarse ones first, finer ones where their points would lie far apart
//! on the screen, as far as the budget goes. All clouds share one budget.
//!
//! Nodes add to one another, so what is drawn never has to wait for something else: a node that is missing or broken
//! costs its own points alone, and an ancestor stays while anything below it is drawn. The outcome follows from the view,
//! the budget and which nodes failed, never from what happens to be loaded; so a still view settles.
//!
//! Frame: site metres; pixels on the screen.

use super::view::View;
use bevy::math::DVec3;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// One node of a cloud.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CloudNode {
    /// The node above it; an earlier one.
    pub parent: Option<u32>,
    /// Lowest corner of what it covers.
    pub low: DVec3,
    /// Highest corner.
    pub high: DVec3,
    /// Where the eighths for the nodes below meet.
    pub middle: DVec3,
    /// How far its points lie apart, together with those above.
    pub spacing_m: f64,
    /// How many points it holds.
    pub points: u64,
}

/// The nodes of one cloud, with what lies below each.
#[derive(Debug, Clone, Default)]
pub struct CloudIndex {
    nodes: Vec<CloudNode>,
    roots: Vec<u32>,
    /// Where in `below` the children of each node begin; one more than there are nodes.
    first_below: Vec<u32>,
    below: Vec<u32>,
}

/// A node of one of several clouds, by their places in what is selected from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CloudKey {
    /// The cloud.
    pub cloud: u32,
    /// The node in it.
    pub node: u32,
}

/// Whether the points of a node are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeState {
    /// Not yet.
    Missing,
    /// There to be drawn.
    Ready,
    /// They cannot be had.
    Failed,
}

/// How far to go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CloudSettings {
    /// Most points to draw.
    pub points: u64,
    /// Most nodes to draw, each a call to the graphics card.
    pub nodes: usize,
    /// Where points lie further apart than this on the screen, finer ones are wanted, pixels.
    pub max_spacing_px: f64,
}

/// What to draw and what to load.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CloudSelection {
    /// All that is to be drawn once it is there, parents before children, the most urgent first.
    pub wanted: Vec<CloudKey>,
    /// What of it is missing, in that order.
    pub load: Vec<CloudKey>,
    /// What of it can be drawn now.
    pub drawn: Vec<CloudKey>,
    /// Points of all that is wanted.
    pub points: u64,
}

impl CloudSelection {
    /// Whether all that is wanted is there or cannot be had.
    pub fn is_complete(&self) -> bool {
        self.load.is_empty()
    }
}

impl CloudIndex {
    /// Takes nodes; one whose parent does not come before it counts as a root.
    pub fn new(mut nodes: Vec<CloudNode>) -> Self {
        let mut counts = vec![0_u32; nodes.len() + 1];
        let mut roots = Vec::new();
        for (number, node) in (0_u32..).zip(&mut nodes) {
            node.parent = node.parent.filter(|parent| *parent < number);
            match node.parent {
                Some(parent) => counts[parent as usize] += 1,
                None => roots.push(number),
            }
        }
        let mut first = 0;
        for count in &mut counts {
            first += std::mem::replace(count, first);
        }
        let first_below = counts.clone();
        let mut below = vec![0; nodes.len() - roots.len()];
        for (number, node) in (0_u32..).zip(&nodes) {
            if let Some(parent) = node.parent {
                let at = &mut counts[parent as usize];
                below[*at as usize] = number;
                *at += 1;
            }
        }
        Self {
            nodes,
            roots,
            first_below,
            below,
        }
    }

    /// All nodes.
    pub fn nodes(&self) -> &[CloudNode] {
        &self.nodes
    }

    /// The nodes right below one.
    pub fn below(&self, node: u32) -> &[u32] {
        let at = node as usize;
        match (self.first_below.get(at), self.first_below.get(at + 1)) {
            (Some(from), Some(to)) => self.below.get(*from as usize..*to as usize).unwrap_or_default(),
            _ => &[],
        }
    }
}

/// A node that waits for its turn.
struct Candidate {
    /// How far apart the points above it lie on the screen where it is nearest, pixels.
    need_px: f64,
    key: CloudKey,
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Candidate {}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_need = self.need_px.total_cmp(&other.need_px);
        by_need.then_with(|| other.key.cmp(&self.key))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Chooses nodes of the clouds that are shown (`None` for a cloud that is not), as the views see them together in the site frame.
pub fn select_points(
    clouds: &[Option<&CloudIndex>],
    views: &[View],
    settings: &CloudSettings,
    state: impl Fn(CloudKey) -> NodeState,
) -> CloudSelection {
    let mut waiting = BinaryHeap::new();
    for (cloud, index) in (0_u32..).zip(clouds) {
        let Some(index) = index else { continue };
        for &node in &index.roots {
            if index
                .nodes
                .get(node as usize)
                .is_some_and(|node| views.iter().any(|view| is_seen(view, node)))
            {
                let key = CloudKey { cloud, node };
                waiting.push(Candidate {
                    need_px: f64::INFINITY,
                    key,
                });
            }
        }
    }
    let mut selection = CloudSelection::default();
    while let Some(Candidate { key, .. }) = waiting.pop() {
        if selection.wanted.len() >= settings.nodes {
            break;
        }
        let Some(index) = clouds.get(key.cloud as usize).copied().flatten() else {
            continue;
        };
        let Some(node) = index.nodes.get(key.node as usize) else {
            continue;
        };
        let state = state(key);
        if state != NodeState::Failed {
            let points = selection.points.saturating_add(node.points);
            if points > settings.points {
                // What lies below would have less to stand on; smaller nodes elsewhere may still fit.
                continue;
            }
            selection.points = points;
        }
        selection.wanted.push(key);
        match state {
            NodeState::Missing => selection.load.push(key),
            NodeState::Ready => selection.drawn.push(key),
            NodeState::Failed => {}
        }
        for &child in index.below(key.node) {
            let Some(below) = index.nodes.get(child as usize) else {
                continue;
            };
            let seen_by = views.iter().filter(|view| is_seen(view, below));
            let need_px = seen_by
                .map(|view| need_px(view, node.spacing_m, below))
                .fold(0.0, f64::max);
            if need_px > settings.max_spacing_px {
                let key = CloudKey {
                    cloud: key.cloud,
                    node: child,
                };
                waiting.push(Candidate { need_px, key });
            }
        }
    }
    selection
}

/// Whether a node reaches into the view.
fn is_seen(view: &View, node: &CloudNode) -> bool {
    let (center, half) = ((node.low + node.high) * 0.5, (node.high - node.low) * 0.5);
    view.planes
        .iter()
        .all(|(normal, d)| normal.dot(center) + d >= -normal.abs().dot(half))
}

/// How far apart points that lie so many metres apart are on the screen where a node is nearest, pixels.
fn need_px(view: &View, spacing_m: f64, node: &CloudNode) -> f64 {
    let pixels_per_metre_at_one = view.viewport_height_px / (2.0 * (view.fov_y_rad * 0.5).tan());
    spacing_m * pixels_per_metre_at_one / distance_to(view.position, node).max(1e-3)
}

/// From the eye to the nearest place in a node, metres; 0 inside.
fn distance_to(eye: DVec3, node: &CloudNode) -> f64 {
    (node.low - eye).max(eye - node.high).max(DVec3::ZERO).length()
}
