//! Measured points as they are shown: clouds in the site frame, read node by node.
//!
//! A [`SiteCloud`] is known when a scenario is open: its file, its place, its layer. Its [`SiteTree`] takes as long as
//! reading the file where that has no octree, so it is made when the cloud is to be shown, off the main thread.

mod placing;

pub use placing::{Placer, Placing, PlacingError, fits_rd};

use crate::georef::{SitePos, narrow, render_axes, site_axes};
use crate::sources::Problem;
use crate::sources::points::{Point, PointFile, PointTraits, PointTree, Stop};
use bevy::math::{DVec2, DVec3};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// Farthest that anything of a scenario may lie from its anchor, metres.
pub const MAX_DISTANCE_M: f64 = 100_000.0;
/// Most points that the trees of all clouds without an octree hold in memory together: 192 MB.
pub const HELD_POINTS: u64 = 8_000_000;
/// Most cells along the longer side of a node by which the ground that it covers is measured.
const CELLS: f64 = 64.0;
/// Points in a cell, where they cover the whole node.
const POINTS_PER_CELL: f64 = 4.0;

/// A point cloud of a scenario.
pub struct SiteCloud {
    /// Id of its layer.
    pub layer: String,
    /// How many points its file has.
    pub points: u64,
    file: Arc<PointFile>,
    placing: Placing,
}

impl fmt::Debug for SiteCloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SiteCloud")
            .field("layer", &self.layer)
            .field("points", &self.points)
            .finish_non_exhaustive()
    }
}

/// A node of a cloud in the site frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SiteNode {
    /// The node above it; an earlier one.
    pub parent: Option<u32>,
    /// Lowest corner of what it covers, site metres.
    pub low: DVec3,
    /// Highest corner.
    pub high: DVec3,
    /// Where the eighths for the nodes below meet.
    pub middle: DVec3,
    /// How far its points lie apart, together with those above, metres.
    pub spacing_m: f64,
    /// How many points it holds.
    pub points: u64,
}

/// What the points of a cloud are like.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CloudTraits {
    /// Whether they have colours of their own.
    pub has_colors: bool,
    /// Classes of ASPRS that were met.
    pub classes: BTreeSet<u8>,
    /// Heights between which nearly all lie, site metres.
    pub heights_m: [f64; 2],
    /// Strengths of the echo between which nearly all lie.
    pub intensities: [u16; 2],
}

/// A cloud by node.
pub struct SiteTree {
    /// All nodes, parents first.
    pub nodes: Vec<SiteNode>,
    /// What its points are like.
    pub traits: CloudTraits,
    /// What went wrong while the rest was kept.
    pub problems: Vec<Problem>,
    tree: PointTree,
    placing: Placing,
}

/// What is known of one measured point besides its place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PointFacts {
    /// Straight sRGB; black where the file has none.
    pub rgb: [u8; 3],
    /// What it lies on, by the classes of ASPRS.
    pub class: u8,
    /// How strong its echo was.
    pub intensity: u16,
    /// Which echo of its pulse it is, from 1; 0 where that is not known.
    pub return_number: u8,
    /// How many echoes the pulse had; 0 where that is not known.
    pub returns: u8,
}

/// The points of one node.
///
/// # Invariant
/// `facts` has the length of `positions`.
#[derive(Debug, Clone, PartialEq)]
pub struct NodePoints {
    /// Where the offsets start: where the eighths of the node meet.
    pub origin: SitePos,
    /// Offsets, metres, render axes.
    pub positions: Vec<[f32; 3]>,
    /// What is known of each.
    pub facts: Vec<PointFacts>,
    /// How far these points lie apart on the ground that they cover, metres.
    pub spacing_m: f64,
    /// What stopped the rest of them, or some of it.
    pub problem: Option<Problem>,
}

impl SiteCloud {
    /// A cloud of a file that `placing` brings into the site.
    pub fn new(layer: &str, file: Arc<PointFile>, placing: Placing) -> Self {
        Self {
            layer: layer.to_owned(),
            points: file.header.points,
            file,
            placing,
        }
    }

    /// Whether its file brings an octree; else points have to be held in memory.
    pub fn has_octree(&self) -> bool {
        self.file.has_octree()
    }

    /// Its tree. Reads the whole file where that has none, and holds at most `held` of its points: not for the main
    /// thread. `None` where it was told to stop meanwhile.
    pub fn tree(&self, held: u64, stop: &Stop) -> Option<SiteTree> {
        let tree = PointTree::of(self.file.clone(), held, stop, |p| self.placing.may_hold(p))?;
        Some(SiteTree::new(tree, self.placing))
    }
}

impl SiteTree {
    fn new(tree: PointTree, placing: Placing) -> Self {
        let placer = placing.placer();
        let scale = metres_per_unit(&tree, placer.as_ref().ok());
        let nodes: Vec<SiteNode> = tree
            .nodes
            .iter()
            .map(|node| {
                let corners = (0..8_u8).map(|corner| {
                    let of = |bit: u8, low: f64, high: f64| if corner >> bit & 1 == 0 { low } else { high };
                    DVec3::new(
                        of(0, node.low.x, node.high.x),
                        of(1, node.low.y, node.high.y),
                        of(2, node.low.z, node.high.z),
                    )
                });
                let in_site = corners.filter_map(|corner| placer.as_ref().ok()?.place(corner));
                let bounds = in_site.map(|p| (p, p)).reduce(|(a, b), (c, d)| (a.min(c), b.max(d)));
                let (low, high) = bounds.unwrap_or((DVec3::ZERO, DVec3::ZERO));
                SiteNode {
                    parent: node.parent,
                    low,
                    high,
                    middle: (placer.as_ref().ok())
                        .and_then(|placer| placer.place(node.middle))
                        .unwrap_or((low + high) * 0.5),
                    spacing_m: node.spacing * scale,
                    points: node.points,
                }
            })
            .collect();
        let mut site = Self {
            traits: CloudTraits::default(),
            problems: tree.problems.clone(),
            nodes,
            tree,
            placing,
        };
        site.traits = site.site_traits();
        site
    }

    /// Traits of the file's points, heights in the site frame.
    fn site_traits(&self) -> CloudTraits {
        let PointTraits {
            has_colors,
            classes,
            heights,
            intensities,
            ..
        } = &self.tree.traits;
        let middle = self.tree.nodes.first().map(|node| (node.low + node.high) * 0.5);
        let placer = self.placing.placer().ok();
        let height = |z: f64| {
            let at = middle?.truncate().extend(z);
            Some(placer.as_ref()?.place(at)?.z)
        };
        CloudTraits {
            has_colors: *has_colors,
            classes: classes.keys().copied().collect(),
            heights_m: heights.map(|z| height(z).unwrap_or_default()),
            intensities: *intensities,
        }
    }

    /// The points of a node in the site frame. Reads, unpacks and places them: not for the main thread.
    pub fn read(&self, number: u32) -> NodePoints {
        let read = self.tree.read(number);
        let mut points = NodePoints {
            origin: SitePos(DVec3::ZERO),
            positions: Vec::with_capacity(read.points.len()),
            facts: Vec::with_capacity(read.points.len()),
            spacing_m: 0.0,
            problem: read.problem,
        };
        let placer = match self.placing.placer() {
            Ok(placer) => placer,
            Err(error) => {
                points.problem = Some(error.problem(self.tree.name()));
                return points;
            }
        };
        if let Some(node) = self.nodes.get(number as usize) {
            points.origin = SitePos(node.middle);
        }
        for point in &read.points {
            if let Some(place) = placer.place(point.position).filter(|p| p.length() <= MAX_DISTANCE_M) {
                points.positions.push(narrow(render_axes(place - points.origin.0)));
                points.facts.push(self.facts(point));
            }
        }
        points.spacing_m = spacing(&points.positions);
        points
    }

    fn facts(&self, point: &Point) -> PointFacts {
        PointFacts {
            rgb: self.tree.color(point),
            class: point.class,
            intensity: point.intensity,
            return_number: point.return_number,
            returns: point.returns,
        }
    }
}

impl NodePoints {
    /// The place of a point.
    pub fn place(&self, point: usize) -> Option<SitePos> {
        let offset = self.positions.get(point)?.map(f64::from);
        Some(SitePos(self.origin.0 + site_axes(DVec3::from_array(offset))))
    }
}

/// Metres that a unit along x of a file is where its points lie.
fn metres_per_unit(tree: &PointTree, placer: Option<&Placer<'_>>) -> f64 {
    let scale = || {
        let placer = placer?;
        let root = tree.nodes.first()?;
        let middle = (root.low + root.high) * 0.5;
        let step = DVec3::X * (root.high.x - root.low.x) * 0.25;
        let length = placer.place(middle + step)?.distance(placer.place(middle - step)?);
        Some(length / (2.0 * step.x))
    };
    scale().filter(|scale| scale.is_finite() && *scale > 0.0).unwrap_or(1.0)
}

/// How far points lie apart on the ground that they cover, metres.
fn spacing(positions: &[[f32; 3]]) -> f64 {
    let flat = || positions.iter().map(|p| DVec2::new(f64::from(p[0]), f64::from(p[2])));
    let bounds = flat().map(|p| (p, p)).reduce(|(a, b), (c, d)| (a.min(c), b.max(d)));
    let Some((low, high)) = bounds else { return 0.0 };
    #[expect(clippy::cast_precision_loss, reason = "counts of one node")]
    let count = positions.len() as f64;
    let cells = (count / POINTS_PER_CELL).sqrt().clamp(1.0, CELLS);
    let cell_m = ((high - low).max_element() / cells).max(1e-3);
    let mut covered: Vec<u32> = flat()
        .map(|p| {
            let cell = (p - low) / cell_m;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "cells of one side are few"
            )]
            let [x, y] = cell.to_array().map(|value| value as u32);
            y << 8 | x
        })
        .collect();
    covered.sort_unstable();
    covered.dedup();
    #[expect(clippy::cast_precision_loss, reason = "counts of one node")]
    let share = covered.len() as f64 / count;
    cell_m * share.sqrt()
}
