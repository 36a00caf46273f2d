//! The ground on the screen: which nodes are made, which are seen, and with what on them.

use super::{
    holes::Holes,
    is_large,
    node_store::{Dress, Life, NodeStore, Picture, Shape},
    picture::INNER_PX,
    select::{Detail, Photographed, Wanted, cover, select},
    tree::{NodeId, Relief},
    work::{Job, Made, PictureKey, ShapeKey, start_picture, start_relief, start_shape},
};
use crate::model::{GroundPicture, Terrain};
use crate::schedule::FrameSystems;
use crate::streaming::View;
use crate::view::{
    feature_material::{PaperKey, PaperMaterial, SharedPaper},
    feature_rows::{FeatureRows, RowRange},
    ground::{self, GroundHeights, GroundHoles, Grounds, Part},
    prepared::SpawnBudget,
    scene::{ScenarioShown, ShownScenario, Unfinished, ViewProblems},
    site_view::SiteView,
    tiles::{TileSettings, TileStats},
};
use bevy::{
    light::NotShadowCaster,
    mesh::MeshTag,
    prelude::*,
    tasks::{AsyncComputeTaskPool, Task, block_on, poll_once},
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

/// Most nodes that are drawn.
const MOST_NODES: usize = 200;
/// Heights may be so far off and texels so large for each pixel of error that tiles are allowed.
const TOLERANCE: f64 = 1.25 / 16.0;
/// Problems of pictures that are listed; a broken data set must not fill the memory with sentences.
const MOST_PROBLEMS: usize = 200;

/// What of the ground is drawn here, so that other ground steps aside.
#[derive(Resource, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::view) struct ReliefShown {
    /// The bare ground is.
    pub(in crate::view) is_there: bool,
    /// Imagery lies on all of it.
    pub(in crate::view) is_photographed: bool,
}

/// The ground in the making and on the screen.
#[derive(Resource, Default)]
pub(in crate::view) struct Ground {
    relief: Option<Arc<Relief>>,
    building: Option<Task<Relief>>,
    /// The heights that the quadtree is made of, or is being made of.
    built_of: Option<Arc<Terrain>>,
    wanted: Wanted,
    wanted_for: Option<(View, Detail)>,
    /// Which mesh of each node the present holes ask for.
    shapes: BTreeMap<NodeId, ShapeKey>,
    shapes_for: Option<Arc<Holes>>,
    store: NodeStore,
    making: BTreeMap<Job, Task<Made>>,
    /// Made and waiting for their frame.
    made: VecDeque<Made>,
    /// In the making, or waiting.
    underway: BTreeSet<Job>,
    /// Meshes for other variants, made when nothing else is wanted, and for how many variants they are.
    ahead: Option<(usize, Vec<(ShapeKey, Arc<Holes>)>)>,
    drawn: BTreeMap<NodeId, ShapeKey>,
    /// Seen until the first nodes of a new quadtree are there.
    leaving: Vec<Entity>,
    /// A blank row for paper and a white one for pictures.
    rows: Option<RowRange>,
    now: u64,
    is_photographed: bool,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<ReliefShown>()
        .init_resource::<Ground>()
        .add_systems(
            Update,
            (
                take_made.in_set(FrameSystems::Ingest),
                // After the ground has learnt its heights.
                build.after(ground::start_grounds).in_set(FrameSystems::Derive),
                show_relief.in_set(FrameSystems::Select),
            ),
        );
}

/// Layers of imagery that are visible, the first one on top.
fn visible_layers(scenario: &ShownScenario) -> Vec<Arc<dyn GroundPicture>> {
    let all = scenario.open.imagery.iter();
    all.filter(|layer| scenario.is_layer_visible(layer.layer()))
        .cloned()
        .collect()
}

/// Starts anew with a scenario, and makes the quadtree where it is wanted or the heights have changed.
fn build(
    mut shown: MessageReader<ScenarioShown>,
    scenario: Option<Res<ShownScenario>>,
    heights: Res<GroundHeights>,
    mut ground: ResMut<Ground>,
) {
    let Some(scenario) = scenario else {
        return;
    };
    if shown.read().last().is_some() {
        // The entities went with the scenario before.
        *ground = Ground {
            rows: ground.rows,
            now: ground.now,
            ..Ground::default()
        };
    }
    let is_wanted = is_large(heights.terrain()) || !visible_layers(&scenario).is_empty();
    let is_current = ground
        .built_of
        .as_ref()
        .is_some_and(|of| Arc::ptr_eq(of, heights.terrain()));
    if is_wanted && !is_current && ground.building.is_none() {
        ground.built_of = Some(heights.terrain().clone());
        ground.building = Some(start_relief(
            scenario.open.clone(),
            heights.terrain().clone(),
            heights.is_measured,
        ));
    }
}

impl Ground {
    /// Takes another quadtree. What is seen stays until the new one covers it; pictures stay where nodes stay.
    fn take_relief(&mut self, relief: Relief, commands: &mut Commands) {
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

    fn take_finished(&mut self) {
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
    fn want(&mut self, relief: &Relief, view: View, detail: Detail, holes: &Arc<Holes>) {
        let asked = (view, detail);
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
    fn is_good(&self, node: NodeId, layers: Option<u64>) -> bool {
        let shape = self.shapes.get(&node).and_then(|key| self.store.shapes.get(key));
        let has_picture = layers.is_none_or(|layers| {
            let picture = self.store.pictures.get(&PictureKey { node, layers });
            picture.is_some_and(|picture| picture.life.is_ready(self.now))
        });
        has_picture && shape.is_some_and(|shape| shape.life.is_ready(self.now))
    }

    /// What is to be drawn now: see [`cover`]. What is drawn already may stay although it has changed.
    fn cover(&self, relief: &Relief, layers: Option<u64>) -> Option<BTreeMap<NodeId, ShapeKey>> {
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
    fn order(
        &mut self,
        relief: &Arc<Relief>,
        holes: &Arc<Holes>,
        layers: Option<(u64, &[Arc<dyn GroundPicture>])>,
        is_shaded: bool,
    ) {
        let most = AsyncComputeTaskPool::get().thread_num() + 1;
        for node in &self.wanted.order {
            if let Some(key) = self.shapes.get(node).copied() {
                self.store.use_shape(&key, self.now);
                let job = Job::Shape(key);
                let is_there = self.store.shapes.contains_key(&key) || self.underway.contains(&job);
                if !is_there && self.making.len() < most {
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
            if !is_there && self.making.len() < most {
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

    /// Makes the nodes that are seen with the holes of other variants too, so that a switch finds them.
    fn order_ahead(&mut self, relief: &Arc<Relief>, others: &[Arc<Holes>], is_shaded: bool) {
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
            if !is_there && self.making.len() < most {
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

fn take_made(
    mut commands: Commands,
    paper: Option<Res<SharedPaper>>,
    mut rows: ResMut<FeatureRows>,
    mut budget: ResMut<SpawnBudget>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut images: ResMut<Assets<Image>>,
    mut materials: ResMut<Assets<PaperMaterial>>,
    mut problems: ResMut<ViewProblems>,
    mut ground: ResMut<Ground>,
) {
    let ground = ground.bypass_change_detection();
    if let Some(relief) = ground.building.as_mut().and_then(|task| block_on(poll_once(task))) {
        ground.building = None;
        ground.take_relief(relief, &mut commands);
    }
    ground.take_finished();
    let Some(paper) = paper.filter(|_| !ground.made.is_empty()) else {
        return;
    };
    let Some(range) = ground.rows.or_else(|| rows.allocate(2)) else {
        return;
    };
    ground.rows = Some(range);
    rows.set_color(range, 1, Some([255; 3]));
    while ground.made.front().is_some_and(|made| budget.admits(made.bytes())) {
        let Some(made) = ground.made.pop_front() else {
            break;
        };
        let life = Life::new(made.bytes(), ground.now);
        match made {
            Made::Shape(key, origin, mesh) => {
                let entity = mesh.map(|mesh| {
                    let (hidden, material) = (Visibility::Hidden, paper.solid.clone());
                    let bundle = mesh.bundle(&mut meshes, origin, range.first, material, hidden);
                    commands.spawn((bundle, NotShadowCaster)).id()
                });
                let dress = Dress::Paper;
                ground.store.shapes.insert(key, Shape { entity, dress, life });
                ground.underway.remove(&Job::Shape(key));
            }
            Made::Picture(key, image, found) => {
                for problem in found {
                    if problems.0.len() < MOST_PROBLEMS && !problems.0.contains(&problem) {
                        problems.0.push(problem);
                    }
                }
                let material = image.map(|image| {
                    materials.add(PaperMaterial {
                        texture: Some(images.add(image)),
                        ..PaperMaterial::new(rows.buffer(), PaperKey::default())
                    })
                });
                ground.store.pictures.insert(key, Picture { material, life });
                ground.underway.remove(&Job::Picture(key));
            }
        }
    }
}

pub(in crate::view) fn show_relief(
    mut commands: Commands,
    view: Res<SiteView>,
    settings: Res<TileSettings>,
    scenario: Option<Res<ShownScenario>>,
    heights: Res<GroundHeights>,
    grounds: Res<Grounds>,
    paper: Option<Res<SharedPaper>>,
    mut ground: ResMut<Ground>,
    mut shown: ResMut<ReliefShown>,
    mut unfinished: ResMut<Unfinished>,
    mut stats: ResMut<TileStats>,
    mut visibilities: Query<&mut Visibility>,
) {
    let (Some(scenario), Some(paper)) = (scenario, paper) else {
        return;
    };
    let ground = ground.bypass_change_detection();
    ground.now += 1;
    let pictures = visible_layers(&scenario);
    let layers = (!pictures.is_empty()).then(|| mark_of(&pictures));
    if layers.is_none() && !is_large(heights.terrain()) {
        for key in std::mem::take(&mut ground.drawn).into_values() {
            set_visible(ground, key, false, &mut visibilities);
        }
        despawn(&mut commands, &mut ground.leaving);
        ground.is_photographed = false;
        shown.set_if_neq(ReliefShown::default());
        unfinished.set("relief", false);
        return;
    }
    unfinished.set("relief", true);
    let chosen = |holes: &GroundHoles| {
        let of = if layers.is_some() {
            &holes.of_plan
        } else {
            &holes.of_all
        };
        of.clone()
    };
    let (Some(relief), Some(holes)) = (
        ground.relief.clone(),
        grounds.holes().get(&Part::shown(&scenario)).map(chosen),
    ) else {
        return;
    };
    let Some(in_site) = view.in_frame(|p| Some(p.0)) else {
        return;
    };
    let detail = Detail {
        tolerance_px: settings.selection.max_screen_space_error_px * TOLERANCE,
        imagery: layers.map(|_| photographed(&pictures)),
        most: MOST_NODES,
    };
    ground.want(&relief, in_site, detail, &holes);
    if let Some(nodes) = ground.cover(&relief, layers) {
        let before = std::mem::replace(&mut ground.drawn, nodes);
        let after = ground.drawn.clone();
        for (node, key) in &before {
            if after.get(node) != Some(key) {
                set_visible(ground, *key, false, &mut visibilities);
            }
        }
        for key in after.values() {
            dress(ground, *key, layers, &paper, &mut commands);
            set_visible(ground, *key, true, &mut visibilities);
        }
        despawn(&mut commands, &mut ground.leaving);
    }
    let is_dressed = |key: &ShapeKey| {
        let shape = ground.store.shapes.get(key);
        shape.is_some_and(|shape| shape.entity.is_none() || shape.dress != Dress::Paper)
    };
    // Surfaces of today stay until all that is seen of the ground is a photograph, and then they stay away.
    ground.is_photographed = layers.is_some()
        && !ground.drawn.is_empty()
        && (ground.is_photographed || ground.drawn.values().all(is_dressed));
    ground.order(
        &relief,
        &holes,
        layers.map(|layers| (layers, &*pictures)),
        heights.is_measured,
    );
    let is_current = ground
        .built_of
        .as_ref()
        .is_some_and(|of| Arc::ptr_eq(of, heights.terrain()));
    let is_settled = is_current
        && ground.building.is_none()
        && ground.drawn.keys().eq(&ground.wanted.leaves)
        && ground
            .drawn
            .iter()
            .all(|(node, key)| ground.shapes.get(node) == Some(key))
        && ground.drawn.keys().all(|node| ground.is_good(*node, layers));
    if is_settled {
        let others: Vec<Arc<Holes>> = grounds.holes().values().map(chosen).collect();
        ground.order_ahead(&relief, &others, heights.is_measured);
    }
    drop_spare(ground, &paper, &mut commands);
    unfinished.set("relief", !is_settled);
    shown.set_if_neq(ReliefShown {
        is_there: !ground.drawn.is_empty() || !ground.leaving.is_empty(),
        is_photographed: ground.is_photographed,
    });
    let bytes = ground.store.bytes() + relief.bytes();
    if stats.ground_bytes != bytes {
        stats.ground_bytes = bytes;
    }
}

/// Stands for a choice of layers.
fn mark_of(layers: &[Arc<dyn GroundPicture>]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for layer in layers {
        layer.layer().hash(&mut hasher);
    }
    hasher.finish()
}

fn photographed(layers: &[Arc<dyn GroundPicture>]) -> Photographed {
    Photographed {
        boxes: layers.iter().map(|layer| layer.bounds()).collect(),
        finest_m: layers
            .iter()
            .map(|layer| layer.finest_m())
            .fold(f64::INFINITY, f64::min),
        side_px: INNER_PX,
    }
}

fn despawn(commands: &mut Commands, entities: &mut Vec<Entity>) {
    for entity in entities.drain(..) {
        commands.entity(entity).try_despawn();
    }
}

fn set_visible(ground: &Ground, key: ShapeKey, is_visible: bool, visibilities: &mut Query<&mut Visibility>) {
    let entity = ground.store.shapes.get(&key).and_then(|shape| shape.entity);
    if let Some(mut visibility) = entity.and_then(|entity| visibilities.get_mut(entity).ok()) {
        visibility.set_if_neq(if is_visible {
            Visibility::Inherited
        } else {
            Visibility::Hidden
        });
    }
}

/// Lays on a node what belongs there: paper, or its picture once it is there.
fn dress(ground: &mut Ground, key: ShapeKey, layers: Option<u64>, paper: &SharedPaper, commands: &mut Commands) {
    let picture = layers.and_then(|layers| {
        let node = key.node;
        let picture = ground.store.pictures.get(&PictureKey { node, layers })?;
        picture
            .life
            .is_ready(ground.now)
            .then(|| (layers, picture.material.clone()))
    });
    let (wanted, material) = match (layers, picture) {
        (None, _) => (Dress::Paper, None),
        (Some(_), Some((layers, material))) => (Dress::Picture(layers), material),
        (Some(_), None) => return,
    };
    let (Some(rows), Some(shape)) = (ground.rows, ground.store.shapes.get_mut(&key)) else {
        return;
    };
    if shape.dress != wanted {
        shape.dress = wanted;
        put_on(shape.entity, material, rows, paper, commands);
    }
}

/// A picture gives the colour itself, so the vertices under it are white.
fn put_on(
    entity: Option<Entity>,
    material: Option<Handle<PaperMaterial>>,
    rows: RowRange,
    paper: &SharedPaper,
    commands: &mut Commands,
) {
    let Some(mut entity) = entity.and_then(|entity| commands.get_entity(entity).ok()) else {
        return;
    };
    match material {
        Some(material) => entity.insert((MeshMaterial3d(material), MeshTag(rows.first + 1))),
        None => entity.insert((MeshMaterial3d(paper.solid.clone()), MeshTag(rows.first))),
    };
}

/// Gives up what there is no room for. A mesh that holds on to a picture that goes is paper again.
fn drop_spare(ground: &mut Ground, paper: &SharedPaper, commands: &mut Commands) {
    for entity in ground
        .store
        .spare_shapes(ground.now)
        .iter()
        .filter_map(|shape| shape.entity)
    {
        commands.entity(entity).try_despawn();
    }
    for gone in ground.store.spare_pictures(ground.now) {
        let of_node = ShapeKey {
            node: gone.node,
            mark: 0,
        }..=ShapeKey {
            node: gone.node,
            mark: u64::MAX,
        };
        for (_, shape) in ground.store.shapes.range_mut(of_node) {
            if let Some(rows) = ground.rows.filter(|_| shape.dress == Dress::Picture(gone.layers)) {
                shape.dress = Dress::Paper;
                put_on(shape.entity, None, rows, paper, commands);
            }
        }
    }
}
