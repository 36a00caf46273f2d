//! The ground in the making: what is wanted of it, what is there, and what is started next.

use super::{
    holes::Holes,
    node_store::NodeStore,
    select::{Detail, Wanted, cover, select},
    tree::{NodeId, Relief},
    work::{Job, Made, PictureKey, ShapeKey, is_asked, start_picture, start_shape},
};
use crate::model::{GroundPicture, Terrain};
use crate::sources::Problem;
use crate::streaming::View;
use crate::view::feature_rows::RowRange;
use bevy::{
    prelude::*,
    tasks::{AsyncComputeTaskPool, Task, block_on, poll_once},
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

/// Pictures that a server is asked for at a time.
const MOST_ASKED: usize = 4;

/// The ground in the making and on the screen.
#[derive(Resource, Default)]
pub(in crate::view) struct Ground {
    pub(super) relief: Option<Arc<Relief>>,
    pub(super) building: Option<Task<Relief>>,
    /// The heights that the quadtree is made of, or is being made of.
    pub(super) built_of: Option<Arc<Terrain>>,
    pub(super) wanted: Wanted,
    pub(super) wanted_for: Option<(Vec<View>, Detail)>,
    /// Which mesh of each node the present holes ask for.
    pub(super) shapes: BTreeMap<NodeId, ShapeKey>,
    pub(super) shapes_for: Option<Arc<Holes>>,
    pub(super) store: NodeStore,
    pub(super) making: BTreeMap<Job, Task<Made>>,
    /// Made and waiting for their frame.
    pub(super) made: VecDeque<Made>,
    /// In the making, or waiting.
    pub(super) underway: BTreeSet<Job>,
    /// Meshes for other variants, made when nothing else is wanted, and for how many variants they are.
    pub(super) ahead: Option<(usize, Vec<(ShapeKey, Arc<Holes>)>)>,
    pub(super) drawn: BTreeMap<NodeId, ShapeKey>,
    /// Seen until the first nodes of a new quadtree are there.
    pub(super) leaving: Vec<Entity>,
    /// A blank row for paper and a white one for pictures.
    pub(super) rows: Option<RowRange>,
    pub(super) now: u64,
    pub(super) is_photographed: bool,
    /// How often servers were asked anew for all pictures.
    pub(super) asked_again: u64,
    /// What was said of pictures that a server did not give.
    pub(super) told: Vec<Problem>,
}

impl Ground {
    /// Takes another quadtree. What is seen stays until the new one covers it; pictures stay where nodes stay.
    pub(super) fn take_relief(&mut self, relief: Relief, commands: &mut Commands) {
        if self.relief.as_ref().is_some_and(|old| old.frame() != relief.frame()) {
            self.store.pictures.clear();
            self.making.clear();
            self.made.clear();
            self.underway.clear();
        }
        let is_picture = |job: &Job| matches!(job, Job::Picture(_));
        self.making.retain(|job, _| is_picture(job));
        self.made.retain(|made| matches!(made, Made::Picture(..)));
        self.underway.retain(is_picture);
        let seen: BTreeSet<ShapeKey> = std::mem::take(&mut self.drawn).into_values().collect();
        for (key, shape) in std::mem::take(&mut self.store.shapes) {
            let Some(entity) = shape.entity else { continue };
            if seen.contains(&key) {
                self.leaving.push(entity);
            } else {
                commands.entity(entity).try_despawn();
            }
        }
        self.relief = Some(Arc::new(relief));
        self.wanted_for = None;
        self.shapes.clear();
        self.ahead = None;
    }

    pub(super) fn take_finished(&mut self) {
        let Self { making, made, .. } = self;
        making.retain(|_, task| match block_on(poll_once(task)) {
            Some(done) => {
                made.push_back(done);
                false
            }
            None => true,
        });
    }

    /// Brings up to date which nodes are wanted, with which holes.
    pub(super) fn want(&mut self, relief: &Relief, views: Vec<View>, detail: Detail, holes: &Arc<Holes>) {
        let asked = (views, detail);
        let is_new = self.wanted_for.as_ref() != Some(&asked);
        let has_new_holes = self.shapes_for.as_ref().is_none_or(|old| !Arc::ptr_eq(old, holes));
        if !is_new && !has_new_holes {
            return;
        }
        if is_new {
            self.wanted = select(relief, &asked.0, &asked.1);
            self.wanted_for = Some(asked);
        }
        let before = if has_new_holes {
            BTreeMap::new()
        } else {
            std::mem::take(&mut self.shapes)
        };
        let nodes = self.wanted.order.iter().chain(self.drawn.keys());
        self.shapes = nodes
            .map(|node| {
                let known = before.get(node).copied();
                (*node, known.unwrap_or_else(|| shape_of(relief, *node, holes)))
            })
            .collect();
        self.shapes_for = Some(holes.clone());
        self.ahead = None;
    }

    /// Whether a node is there as it is to be seen.
    pub(super) fn is_good(&self, node: NodeId, layers: Option<u64>) -> bool {
        let shape = self.shapes.get(&node).and_then(|key| self.store.shapes.get(key));
        let has_picture = layers.is_none_or(|layers| {
            let picture = self.store.pictures.get(&PictureKey { node, layers });
            picture.is_some_and(|picture| picture.life.is_ready(self.now))
        });
        has_picture && shape.is_some_and(|shape| shape.life.is_ready(self.now))
    }

    /// What is to be drawn now: see [`cover`]. What is drawn already may stay although it has changed.
    pub(super) fn cover(&self, relief: &Relief, layers: Option<u64>) -> Option<BTreeMap<NodeId, ShapeKey>> {
        let good = |node: &NodeId| self.is_good(*node, layers);
        let there = self.store.shapes.keys().map(|key| key.node).filter(|node| good(node));
        let ready: BTreeSet<NodeId> = there.chain(self.drawn.keys().copied()).collect();
        let nodes = cover(relief, &self.wanted, &ready)?.into_iter();
        let key = |node: &NodeId| {
            let asked = self.shapes.get(node).filter(|_| good(node));
            asked.or_else(|| self.drawn.get(node)).copied()
        };
        nodes.map(|node| Some((node, key(&node)?))).collect()
    }

    /// Says what is wanted and starts what is missing of it, the most urgent first.
    pub(super) fn order(
        &mut self,
        relief: &Arc<Relief>,
        holes: &Arc<Holes>,
        layers: Option<(u64, &[Arc<dyn GroundPicture>])>,
        is_shaded: bool,
    ) {
        let is_asked = layers.is_some_and(|(_, pictures)| is_asked(pictures));
        let most = AsyncComputeTaskPool::get().thread_num() + 1;
        for node in &self.wanted.order {
            if let Some(key) = self.shapes.get(node).copied() {
                self.store.use_shape(&key, self.now);
                let job = Job::Shape(key);
                let is_there = self.store.shapes.contains_key(&key) || self.underway.contains(&job);
                if !is_there && self.in_the_making(is_asked, false) < most {
                    self.underway.insert(job);
                    let task = start_shape(relief.clone(), key, holes.clone(), is_shaded);
                    self.making.insert(job, task);
                }
            }
            let Some((layers, pictures)) = layers else { continue };
            let key = PictureKey { node: *node, layers };
            self.store.use_picture(&key, self.now);
            let job = Job::Picture(key);
            let is_there = self.store.pictures.contains_key(&key) || self.underway.contains(&job);
            let most = if is_asked { MOST_ASKED } else { most };
            if !is_there && self.in_the_making(is_asked, is_asked) < most {
                self.underway.insert(job);
                let task = start_picture(relief, key, pictures.to_vec());
                self.making.insert(job, task);
            }
        }
        for (node, key) in &self.drawn {
            self.store.use_shape(key, self.now);
            if let Some((layers, _)) = layers {
                self.store.use_picture(&PictureKey { node: *node, layers }, self.now);
            }
        }
    }

    /// How many jobs are under way: of those that wait for a server if they `wait`, else of the others. All are others
    /// where no server `is_asked`.
    fn in_the_making(&self, is_asked: bool, wait: bool) -> usize {
        let waits = |job: &Job| is_asked && matches!(job, Job::Picture(_));
        self.making.keys().filter(|job| waits(job) == wait).count()
    }

    /// Makes the nodes that are seen with the holes of other variants too, so that a switch finds them.
    pub(super) fn order_ahead(&mut self, relief: &Arc<Relief>, others: &[Arc<Holes>], is_shaded: bool) {
        if self.ahead.as_ref().is_none_or(|(count, _)| *count != others.len()) {
            let mut ahead = Vec::new();
            let mut known: BTreeSet<ShapeKey> = self.shapes.values().copied().collect();
            for holes in others {
                for node in &self.wanted.leaves {
                    let key = shape_of(relief, *node, holes);
                    if known.insert(key) {
                        ahead.push((key, holes.clone()));
                    }
                }
            }
            self.ahead = Some((others.len(), ahead));
        }
        let most = AsyncComputeTaskPool::get().thread_num() + 1;
        for (key, holes) in self.ahead.iter().flat_map(|(_, ahead)| ahead) {
            self.store.use_shape(key, self.now);
            let job = Job::Shape(*key);
            let is_there = self.store.shapes.contains_key(key) || self.underway.contains(&job);
            let is_free = self.making.keys().filter(|job| matches!(job, Job::Shape(_))).count() < most;
            if !is_there && is_free {
                self.underway.insert(job);
                let task = start_shape(relief.clone(), *key, holes.clone(), is_shaded);
                self.making.insert(job, task);
            }
        }
    }
}

fn shape_of(relief: &Relief, node: NodeId, holes: &Holes) -> ShapeKey {
    let (low, side_m) = relief.square(node);
    ShapeKey {
        node,
        mark: holes.mark(low, low + side_m),
    }
}
