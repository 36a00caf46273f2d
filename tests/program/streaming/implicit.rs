//! Implicit tilings, read as selection comes near to them: the picture must end as if all had been read at once.

use super::implicit_city::ImplicitCity;
use bevy::math::DVec3;
use proptest::prelude::*;
use stadslens::sources::tiles3d::{TileId, TileTree, read_tileset, read_whole_tileset};
use stadslens::streaming::{
    ContentState, Selection, SelectionSettings, SelectionState, SubtreeLoader, SubtreeWish, View, select,
};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// A camera at `eye` that looks at `target`, 1000 pixels and 60 degrees each way.
pub(crate) fn camera(eye: DVec3, target: DVec3) -> View {
    let direction = (target - eye).normalize();
    let side = direction.cross(DVec3::new(0.1, 0.3, 1.0)).normalize();
    let top = side.cross(direction);
    let (sin, cos) = 30_f64.to_radians().sin_cos();
    let planes = [side, -side, top, -top].map(|aside| direction * sin + aside * cos);
    View {
        position: eye,
        planes: planes.into_iter().map(|normal| (normal, -normal.dot(eye))).collect(),
        direction,
        viewport_height_px: 1000.0,
        fov_y_rad: 60_f64.to_radians(),
    }
}

/// A tree with its selection and the contents that fail.
pub(crate) struct Scene {
    pub(crate) tree: TileTree,
    state: SelectionState,
    failing: u64,
}

impl Scene {
    pub(crate) fn new(tree: TileTree, failing: u64) -> Self {
        Self {
            tree,
            state: SelectionState::default(),
            failing,
        }
    }

    fn path(&self, tile: TileId) -> String {
        self.tree.tiles[tile.0 as usize].contents.join(" ")
    }

    /// Whether a content fails: one of `failing`, by its name.
    fn fails(&self, path: &str) -> bool {
        let sum: u64 = path
            .bytes()
            .fold(7, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        self.failing > 0 && sum.is_multiple_of(self.failing)
    }

    /// Selects and answers all that the picture needs until nothing is missing, some of it in each frame.
    pub(crate) fn settle(&mut self, view: &View) -> Selection {
        let views = std::slice::from_ref(view);
        for _ in 0..400 {
            let now = select(&self.tree, views, &SelectionSettings::default(), &mut self.state);
            if now.complete {
                return now;
            }
            let some = now.needed.div_ceil(2).max(8).min(now.needed);
            for tile in &now.load[..some] {
                self.answer(*tile);
            }
        }
        panic!("the view never settles");
    }

    fn answer(&mut self, tile: TileId) {
        let Some(request) = self.tree.subtree_request(tile) else {
            let failed = self.fails(&self.path(tile));
            let state = if failed {
                ContentState::Failed
            } else {
                ContentState::Ready
            };
            self.state.set_content(tile, state);
            return;
        };
        match request.read() {
            Ok(subtree) => {
                assert!(self.tree.attach(tile, subtree));
                self.state.subtree_attached(&self.tree, tile);
            }
            Err(_) => self.state.set_content(tile, ContentState::Failed),
        }
    }

    /// Takes out every subtree that the selection does not see, as a viewer short of memory does.
    pub(crate) fn forget_unseen(&mut self, now: &Selection) -> usize {
        let seen: BTreeSet<TileId> = now.subtrees.iter().copied().collect();
        let mut gone = Vec::new();
        loop {
            let unseen: Vec<TileId> = self.tree.last_subtrees().filter(|root| !seen.contains(root)).collect();
            if unseen.is_empty() {
                break;
            }
            for root in unseen {
                for tile in self.tree.subtree_tiles(root).to_vec() {
                    self.state.set_content(tile, ContentState::Unloaded);
                }
                assert!(self.tree.detach(root));
                gone.push(root);
            }
        }
        self.state.subtrees_detached(&self.tree, &gone);
        gone.len()
    }

    /// What is drawn, and where what stands in, by the names of contents and the places of areas.
    pub(crate) fn picture(&self, now: &Selection) -> (BTreeSet<String>, BTreeSet<String>) {
        let drawn = now.render.iter().map(|tile| self.path(*tile)).collect();
        let stand_ins = now.stand_ins.iter().map(|stand_in| {
            let area = &self.tree.tiles[stand_in.area.0 as usize];
            format!("{} in {:?}", self.path(stand_in.tile), area.bounding_volume.center())
        });
        (drawn, stand_ins.collect())
    }
}

/// Looks from `first`, from `second` and from `first` again: who reads on the way, and gives up meanwhile what is not seen,
/// must see each time what who read all at once sees.
pub(crate) fn assert_alike(
    [mut on_the_way, mut at_once]: [Scene; 2],
    first: &View,
    second: &View,
) -> Result<(), TestCaseError> {
    let (ours, theirs) = (on_the_way.settle(first), at_once.settle(first));
    prop_assert_eq!(on_the_way.picture(&ours), at_once.picture(&theirs));
    // What nobody sees is given up, looked at again, and looks the same.
    on_the_way.forget_unseen(&ours);
    let again = on_the_way.settle(first);
    prop_assert_eq!(on_the_way.picture(&again), at_once.picture(&theirs));
    let (ours, theirs) = (on_the_way.settle(second), at_once.settle(second));
    prop_assert_eq!(on_the_way.picture(&ours), at_once.picture(&theirs));
    on_the_way.forget_unseen(&ours);
    let (ours, theirs) = (on_the_way.settle(first), at_once.settle(first));
    prop_assert_eq!(on_the_way.picture(&ours), at_once.picture(&theirs));
    Ok(())
}

fn lazy(city: &ImplicitCity) -> TileTree {
    read_tileset(city.clone().files(), "tileset.json").unwrap().0
}

fn eager(city: &ImplicitCity) -> TileTree {
    read_whole_tileset(city.clone().files(), "tileset.json").unwrap().0
}

fn cities() -> impl Strategy<Value = ImplicitCity> {
    (
        1_u32..3,
        2_u32..7,
        1_u32..4,
        60_u64..=100,
        40_u64..=100,
        any::<bool>(),
        any::<u64>(),
    )
        .prop_map(
            |(districts, levels, subtree_levels, tiles_percent, contents_percent, adds, seed)| ImplicitCity {
                districts,
                levels,
                subtree_levels,
                tiles_percent,
                contents_percent,
                refine: if adds { "ADD" } else { "REPLACE" },
                missing: BTreeSet::new(),
                seed,
            },
        )
}

pub(crate) fn places() -> impl Strategy<Value = View> {
    (-200.0..2200.0, -700.0..700.0, 20.0..900.0, 0.0..2000.0, -500.0..500.0)
        .prop_map(|(x, y, z, tx, ty)| camera(DVec3::new(x, y, z), DVec3::new(tx, ty, 0.0)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_on_the_way_ends_as_what_was_read_at_once(
        city in cities(), first in places(), second in places(), failing in prop::sample::select(vec![0_u64, 5])
    ) {
        assert_alike([Scene::new(lazy(&city), failing), Scene::new(eager(&city), failing)], &first, &second)?;
    }
}

#[test]
fn a_missing_subtree_leaves_its_area_to_the_tile_above_and_its_siblings_alone() {
    let city = ImplicitCity {
        districts: 1,
        levels: 6,
        subtree_levels: 3,
        ..ImplicitCity::default()
    };
    let broken = ImplicitCity {
        missing: ["0/3/4/4.subtree".to_owned()].into(),
        ..city.clone()
    };
    let above = camera(DVec3::new(510.0, 10.0, 120.0), DVec3::new(500.0, 0.0, 0.0));
    let (mut sound, mut scene) = (Scene::new(lazy(&city), 0), Scene::new(lazy(&broken), 0));
    let (before, now) = (sound.settle(&above), scene.settle(&above));
    let ((all, _), (drawn, stand_ins)) = (sound.picture(&before), scene.picture(&now));
    let lost: Vec<&String> = all.difference(&drawn).collect();
    assert!(!lost.is_empty());
    for path in lost {
        let numbers: Vec<u32> = path
            .trim_end_matches(".glb")
            .split('/')
            .map(|n| n.parse().unwrap())
            .collect();
        let [_, level, x, y] = numbers[..] else {
            panic!("{path}")
        };
        assert!(
            level >= 3 && x >> (level - 3) == 4 && y >> (level - 3) == 4,
            "{path} is no part of the subtree"
        );
    }
    assert_eq!(stand_ins.len(), 1, "{stand_ins:?}");
    assert!(
        stand_ins.iter().all(|stand_in| stand_in.starts_with("0/2/2/2.glb")),
        "{stand_ins:?}"
    );
}

/// The loop of a viewer: readers on threads, contents that come at once. Aim: 2 s for opening and the first cover.
#[test]
fn a_city_of_a_million_tiles_opens_soon_and_is_never_held_whole() {
    let started = Instant::now();
    let files = ImplicitCity::default().files();
    let (tree, problems) = read_tileset(files.clone(), "tileset.json").unwrap();
    assert!(problems.is_empty() && tree.tiles.len() == 4);
    let mut scene = Scene::new(tree, 0);
    let mut loader = SubtreeLoader::new(4);
    let view = camera(DVec3::new(1200.0, -600.0, 300.0), DVec3::new(1500.0, 0.0, 0.0));
    let mut first_cover = None;
    let now = loop {
        for loaded in loader.take_finished() {
            assert!(scene.tree.attach(loaded.root, loaded.result.unwrap()));
            scene.state.subtree_attached(&scene.tree, loaded.root);
        }
        let now = select(
            &scene.tree,
            std::slice::from_ref(&view),
            &SelectionSettings::default(),
            &mut scene.state,
        );
        if first_cover.is_none() && !now.render.is_empty() {
            first_cover = Some(started.elapsed());
        }
        if now.complete {
            break now;
        }
        let mut wishes = Vec::new();
        for &root in &now.load[..now.needed] {
            match scene.tree.subtree_request(root) {
                Some(request) => wishes.push(SubtreeWish {
                    layer: 0,
                    root,
                    request,
                }),
                None => scene.state.set_content(root, ContentState::Ready),
            }
        }
        wishes.truncate(loader.queue_limit());
        loader.replace_queue(wishes);
        assert!(started.elapsed() < Duration::from_mins(1), "it never settles");
        std::thread::yield_now();
    };
    let settled = started.elapsed();
    let (held, read) = (scene.tree.tiles_held(), files.subtrees_read.load(Ordering::Relaxed));
    eprintln!(
        "first cover {first_cover:?}, settled {settled:?}: {} drawn, {held} tiles of {read} subtrees held",
        now.render.len()
    );
    assert!(
        first_cover.is_some_and(|first| first < Duration::from_secs(2)),
        "{first_cover:?}"
    );
    assert!(now.render.len() > 20 && held < 120_000, "{held} tiles are held");
    // Turned away, nothing of it is needed any more.
    let away = camera(DVec3::new(1200.0, -600.0, 300.0), DVec3::new(1200.0, -900.0, 300.0));
    let now = scene.settle(&away);
    let gone = scene.forget_unseen(&now);
    assert!(
        gone > 1 && scene.tree.tiles_held() < 2_000,
        "{} held",
        scene.tree.tiles_held()
    );
}
