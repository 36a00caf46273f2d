//! The points of a file as an octree of nodes that add to one another: every node holds points that no other one holds,
//! spread over its cube, and each level halves the distance between them.
//!
//! COPC brings such a tree. Of LAS and LAZ one is made here: of all points where they fit in memory, else of evenly spread
//! ones, under which the pieces of the file hang with the rest of their points, read when they are looked at. A survey
//! writes along its path, so those pieces are small patches of ground; where they are not, that is said.
//!
//! Frame: the file's own coordinates and units. A tree that is made has cubes in metres, so that degrees do too. Noise is
//! left out.
//!
//! # Invariant
//! A node comes after its parent. What is held does not grow beyond what the caller allows, 24 bytes a point; while a tree
//! is made it takes twice that.

use super::chunks::Chunk;
use super::grow::{Held, grow};
use super::point::Point;
use super::read::{PointFile, total};
use super::stop::Stop;
use crate::georef::Transformer;
use crate::sources::{Cause, Problem};
use bevy::math::DVec3;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Most points of a node.
pub(super) const MAX_NODE_POINTS: u64 = 1 << 20;
/// Cells along the edge of a node's cube, each with one of its points.
pub(super) const CELLS: f64 = 128.0;
/// Pieces that cover more than this part of the whole are no patches of ground.
const PATCH_SHARE: f64 = 0.25;
/// Metres of a degree along a meridian.
const METRES_PER_DEGREE: f64 = 111_320.0;
/// Points by which heights, strengths and classes are judged.
const JUDGED_POINTS: usize = 200_000;

/// One node.
#[derive(Debug, Clone, PartialEq)]
pub struct PointNode {
    /// The node whose cube it lies in.
    pub parent: Option<u32>,
    /// Lowest corner of its cube, as far as there can be points.
    pub low: DVec3,
    /// Highest corner.
    pub high: DVec3,
    /// Middle of its cube, where the eighths for the nodes below meet.
    pub middle: DVec3,
    /// How far its points lie apart at most, together with those of the nodes above, units of x.
    pub spacing: f64,
    /// How many points it holds; noise may count too.
    pub points: u64,
    pub(super) data: NodeData,
}

/// Where the points of a node are.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum NodeData {
    /// A piece of the file, whole.
    Chunk(Chunk),
    /// What of a piece of the file is not held; its first point has this number.
    Rest(Chunk, u64),
    /// Held, from this place on.
    Held(usize),
}

/// What the points of a file are like, judged by some of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PointTraits {
    /// Whether they have colours that say something: not all are black.
    pub has_colors: bool,
    /// How often each class was met.
    pub classes: BTreeMap<u8, u64>,
    /// Heights between which nearly all lie, units of the file.
    pub heights: [f64; 2],
    /// Strengths between which nearly all lie.
    pub intensities: [u16; 2],
    /// Whether colours are written with 16 bits; many files write 8.
    color_shift: u32,
}

/// A file's points by node.
pub struct PointTree {
    /// All nodes, parents first.
    pub nodes: Vec<PointNode>,
    /// What its points are like.
    pub traits: PointTraits,
    /// What went wrong while the rest was kept.
    pub problems: Vec<Problem>,
    file: Arc<PointFile>,
    held: Vec<Held>,
    thinning: Thinning,
}

/// Points of one node.
pub struct NodeRead {
    /// In the order of the file or of the tree.
    pub points: Vec<Point>,
    /// What stopped the rest of them.
    pub problem: Option<Problem>,
}

/// Which of a file's points are held: evenly spread ones by their number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thinning {
    wanted: u64,
    all: u64,
}

impl Thinning {
    pub(super) fn keeps(self, number: u64) -> bool {
        let before = |number: u64| u128::from(number) * u128::from(self.wanted) / u128::from(self.all.max(1));
        self.all <= self.wanted || before(number + 1) > before(number)
    }
}

/// What one piece of the file gave to the tree.
#[derive(Default)]
struct Piece {
    held: Vec<Held>,
    rest: u64,
    bounds: Option<(DVec3, DVec3)>,
}

impl PointTree {
    /// The tree of a file: read from it, or made of all its points where it has none, which takes as long as unpacking
    /// them. A tree that is made holds at most `held` points in memory, and only those for which `is_wanted` is true by
    /// their place count. `None` where it was told to stop, which is looked at every few thousand points.
    pub fn of(file: Arc<PointFile>, held: u64, stop: &Stop, is_wanted: impl Fn(DVec3) -> bool + Sync) -> Option<Self> {
        let mut tree = Self {
            nodes: Vec::new(),
            traits: PointTraits::default(),
            problems: Vec::new(),
            held: Vec::new(),
            thinning: Thinning {
                wanted: held,
                all: total(&file.chunks),
            },
            file,
        };
        if tree.file.root.is_some() {
            tree.take_octree();
        } else {
            tree.make_octree(stop, is_wanted);
        }
        if stop.is_told() {
            return None;
        }
        tree.judge();
        Some(tree)
    }

    fn told(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// The nodes of COPC. A node without its parent hangs under the nearest one above that is there.
    fn take_octree(&mut self) {
        let file = self.file.clone();
        let Some(root) = file.root else { return };
        let mut places: HashMap<(u32, [u32; 3]), u32> = HashMap::new();
        let mut too_large = 0_u64;
        // Coarse levels come first.
        for chunk in &file.chunks {
            if chunk.points > MAX_NODE_POINTS {
                too_large += 1;
                continue;
            }
            let (mut level, mut cube) = (chunk.level, chunk.cube);
            let parent = loop {
                if level == 0 {
                    break None;
                }
                level -= 1;
                cube = cube.map(|place| place / 2);
                if let Some(parent) = places.get(&(level, cube)) {
                    break Some(*parent);
                }
            };
            let share = f64::from(chunk.level).exp2().recip();
            let low = root.low + DVec3::from_array(chunk.cube.map(f64::from)) * (root.side * share);
            let number = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
            places.entry((chunk.level, chunk.cube)).or_insert(number);
            self.nodes.push(PointNode {
                parent,
                low,
                high: low + root.side * share,
                middle: low + root.side * share * 0.5,
                spacing: root.spacing * share,
                points: chunk.points,
                data: NodeData::Chunk(*chunk),
            });
        }
        if too_large > 0 {
            let message =
                format!("{too_large} nodes of its octree have more than {MAX_NODE_POINTS} points and are left out");
            self.told(Problem::error(&file.name, "", message).because(Cause::TooLarge));
        }
    }

    /// A tree of the points of a file that has none; part of one where it was told to stop.
    fn make_octree(&mut self, stop: &Stop, is_wanted: impl Fn(DVec3) -> bool + Sync) {
        let (file, thinning) = (self.file.clone(), self.thinning);
        let visited = file.visit_until(&file.chunks, stop, |piece: &mut Piece, number, point| {
            if point.is_noise() || !point.position.is_finite() || !is_wanted(point.position) {
                return;
            }
            let (low, high) = piece.bounds.unwrap_or((point.position, point.position));
            piece.bounds = Some((low.min(point.position), high.max(point.position)));
            if thinning.keeps(number) {
                piece.held.push(Held::of(&point, &file.header));
            } else {
                piece.rest += 1;
            }
        });
        if stop.is_told() {
            return;
        }
        self.problems.extend(visited.problems);
        let pieces = visited.parts;
        let boxes = pieces.iter().filter_map(|piece| piece.bounds);
        let Some((low, high)) = boxes.reduce(|(low, high), (l, h)| (low.min(l), high.max(h))) else {
            return;
        };
        let mut hanging = Vec::new();
        let mut first = 0;
        self.held
            .reserve_exact(pieces.iter().map(|piece| piece.held.len()).sum());
        for (chunk, mut piece) in file.chunks.iter().zip(pieces) {
            self.held.append(&mut piece.held);
            if let Some(bounds) = piece.bounds.filter(|_| piece.rest > 0) {
                hanging.push((*chunk, first, piece.rest, bounds));
            }
            first += chunk.points;
        }
        let units = self.metres_per_unit((low + high) * 0.5);
        self.nodes = grow(&mut self.held, &file.header, units, [low, high], stop);
        self.hang(hanging, high - low, units);
    }

    /// Metres that a unit along each axis is, as far as a cube has to know.
    fn metres_per_unit(&self, at: DVec3) -> DVec3 {
        let is_angular = |crs| Transformer::new(crs, crs).is_ok_and(|same| same.gives_angles());
        if !self.file.crs.is_some_and(is_angular) {
            return DVec3::ONE;
        }
        let along = at.y.to_radians().cos().max(0.01);
        DVec3::new(METRES_PER_DEGREE * along, METRES_PER_DEGREE, 1.0)
    }

    /// Hangs what is not held under the nodes that lie around it.
    fn hang(&mut self, pieces: Vec<(Chunk, u64, u64, (DVec3, DVec3))>, whole: DVec3, units: DVec3) {
        let held_nodes = self.nodes.len();
        let mut children: Vec<Vec<u32>> = vec![Vec::new(); held_nodes];
        for (number, node) in (0_u32..).zip(&self.nodes) {
            if let Some(siblings) = node.parent.and_then(|parent| children.get_mut(parent as usize)) {
                siblings.push(number);
            }
        }
        let (mut too_large, mut spread, count) = (0_u64, 0.0, pieces.len());
        for (chunk, first, rest, (low, high)) in pieces {
            let area = |size: DVec3| (size.x * units.x).max(1e-6) * (size.y * units.y).max(1e-6);
            let share = area(high - low) / area(whole);
            spread += share;
            if chunk.points > MAX_NODE_POINTS {
                too_large += rest;
                continue;
            }
            #[expect(clippy::cast_precision_loss, reason = "at most a million points")]
            let spacing = (area(high - low) / rest as f64).sqrt() / units.x;
            let middle = (low + high) * 0.5;
            let mut parent = (held_nodes > 0).then_some(0_u32);
            while let Some(at) = parent {
                let below = children.get(at as usize).into_iter().flatten().find(|child| {
                    self.nodes.get(**child as usize).is_some_and(|node| {
                        node.spacing > spacing && middle.cmpge(node.low).all() && middle.cmple(node.high).all()
                    })
                });
                match below {
                    Some(child) => parent = Some(*child),
                    None => break,
                }
            }
            self.nodes.push(PointNode {
                parent,
                low,
                high,
                middle,
                spacing,
                points: rest,
                data: NodeData::Rest(chunk, first),
            });
        }
        let name = self.file.name.clone();
        if too_large > 0 {
            let message = format!(
                "{too_large} of its points stand in pieces that are too large to be shown close by; write it as COPC"
            );
            self.told(Problem::error(&name, "", message).because(Cause::TooLarge));
        }
        #[expect(clippy::cast_precision_loss, reason = "at most some millions of pieces")]
        let is_scattered = count > 1 && spread / count as f64 > PATCH_SHARE;
        if is_scattered {
            let message =
                "its points stand in no order of place, so close by only some of them are shown; write it as COPC";
            self.told(Problem::error(&name, "", message).because(Cause::TooLarge));
        }
    }

    /// Looks at some of the points to say what all are like.
    fn judge(&mut self) {
        let mut points: Vec<Point> = if self.held.is_empty() {
            let peeked = self.file.peek();
            self.problems.extend(peeked.problems);
            peeked.points
        } else {
            let step = self.held.len().div_ceil(JUDGED_POINTS).max(1);
            let held = self.held.iter().step_by(step);
            held.map(|held| held.point(&self.file.header)).collect()
        };
        points.retain(|point| !point.is_noise() && point.position.is_finite());
        let mut heights: Vec<f64> = points.iter().map(|point| point.position.z).collect();
        let mut strengths: Vec<u16> = points.iter().map(|point| point.intensity).collect();
        heights.sort_by(f64::total_cmp);
        strengths.sort_unstable();
        let range = |count: usize| [count / 100, count.saturating_sub(1 + count / 100)];
        let largest = points.iter().flat_map(|point| point.rgb).max().unwrap_or(0);
        self.traits = PointTraits {
            has_colors: largest > 0,
            classes: points.iter().fold(BTreeMap::new(), |mut classes, point| {
                *classes.entry(point.class).or_default() += 1;
                classes
            }),
            heights: range(heights.len()).map(|at| heights.get(at).copied().unwrap_or_default()),
            intensities: range(strengths.len()).map(|at| strengths.get(at).copied().unwrap_or_default()),
            color_shift: if largest > 255 { 8 } else { 0 },
        };
    }

    /// The points of a node, without noise. Reads and unpacks: not for the main thread.
    pub fn read(&self, node: u32) -> NodeRead {
        let mut read = NodeRead {
            points: Vec::new(),
            problem: None,
        };
        let Some(node) = self.nodes.get(node as usize) else {
            return read;
        };
        let (chunk, first) = match &node.data {
            NodeData::Held(first) => {
                let count = usize::try_from(node.points).unwrap_or_default();
                let held = self.held.get(*first..first.saturating_add(count)).unwrap_or_default();
                read.points = held.iter().map(|held| held.point(&self.file.header)).collect();
                return read;
            }
            NodeData::Chunk(chunk) => (chunk, None),
            NodeData::Rest(chunk, first) => (chunk, Some(*first)),
        };
        let visited = self
            .file
            .visit(std::slice::from_ref(chunk), |kept: &mut Vec<Point>, number, point| {
                let is_held = first.is_some_and(|first| self.thinning.keeps(first + number));
                if !is_held && !point.is_noise() && point.position.is_finite() {
                    kept.push(point);
                }
            });
        read.points = visited.parts.into_iter().flatten().collect();
        read.problem = visited.problems.into_iter().next();
        read
    }

    /// Colour of a point with 8 bits for each part.
    pub fn color(&self, point: &Point) -> [u8; 3] {
        let shift = self.traits.color_shift;
        point.rgb.map(|part| u8::try_from(part >> shift).unwrap_or(u8::MAX))
    }

    /// What the file is called in messages.
    pub fn name(&self) -> &str {
        &self.file.name
    }
}
