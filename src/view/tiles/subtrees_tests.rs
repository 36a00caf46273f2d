//! A layer over an implicit tiling, and one over external tilesets: what is seen comes, what is not seen for long goes, and nothing goes that is in use.

use super::*;
use crate::georef::{HeightReference, SiteFrame};
use crate::model::{FootSurvey, TileHeights};
use crate::sources::http::HttpError;
use crate::sources::resource::{ResourceError, Resources};
use crate::sources::tiles3d::{open_tileset, read_tileset};
use crate::streaming::{SelectionSettings, SelectionState, View, select};
use crate::view::tiles::retry::Retries;
use bevy::math::DVec3;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A full quadtree of six levels, two in a subtree, over a square of 1,000 m; the subtrees of one corner are missing.
struct Square;

impl Resources for Square {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        match path {
            "tileset.json" => Ok(
                br#"{"asset": {"version": "1.1"}, "geometricError": 99, "root": {"refine": "ADD",
                "boundingVolume": {"box": [0,0,0, 500,0,0, 0,500,0, 0,0,5]}, "geometricError": 64,
                "content": {"uri": "{level}_{x}_{y}.glb"}, "implicitTiling": {"subdivisionScheme": "QUADTREE",
                "subtreeLevels": 2, "availableLevels": 6, "subtrees": {"uri": "s/{level}/{x}/{y}"}}}}"#
                    .to_vec(),
            ),
            "s/2/0/0" => Err(ResourceError::Missing { uri: path.to_owned() }),
            _ => Ok(
                br#"{"tileAvailability": {"constant": 1}, "contentAvailability": [{"constant": 1}],
                "childSubtreeAvailability": {"constant": 1}}"#
                    .to_vec(),
            ),
        }
    }
    fn exists(&self, _: &str) -> bool {
        true
    }
    fn name(&self) -> String {
        "square".to_owned()
    }
}

fn layers() -> BTreeMap<u32, TileLayer> {
    layers_of(read_tileset(Arc::new(Square), "tileset.json").unwrap().0)
}

fn layers_of(tree: TileTree) -> BTreeMap<u32, TileLayer> {
    [(7, layer_of(tree))].into()
}

/// A layer of which nothing is loaded yet.
pub(in crate::view::tiles) fn layer_of(tree: TileTree) -> TileLayer {
    TileLayer {
        retries: Retries::default(),
        id: "tiles".to_owned(),
        id_property: None,
        is_unregistered: true,
        site: SiteFrame::Local,
        height_offset_m: 0.0,
        heights: TileHeights::From(HeightReference::Nap),
        are_heights_chosen: false,
        survey: FootSurvey::default(),
        tree: Tree::Open(Box::new(tree)),
        state: SelectionState::default(),
        selection: None,
        is_further_complete: true,
        shown: BTreeSet::new(),
        stand_ins: BTreeMap::new(),
        resident: BTreeMap::new(),
        successor_of: None,
    }
}

/// From 60 m above a place straight down, so wide as high.
fn above(x: f64, y: f64) -> View {
    let position = DVec3::new(x, y, 60.0);
    let half = std::f64::consts::FRAC_1_SQRT_2;
    let planes = [DVec3::X, DVec3::NEG_X, DVec3::Y, DVec3::NEG_Y].map(|aside| (aside - DVec3::Z) * half);
    View {
        position,
        planes: planes
            .into_iter()
            .map(|normal| (normal, -normal.dot(position)))
            .collect(),
        direction: DVec3::NEG_Z,
        viewport_height_px: 1000.0,
        fov_y_rad: std::f64::consts::FRAC_PI_2,
    }
}

fn tree(layers: &BTreeMap<u32, TileLayer>) -> &TileTree {
    match &layers[&7].tree {
        Tree::Open(tree) => tree,
        _ => panic!("the tree is open"),
    }
}

/// One frame of the program, with contents that come at once; the problems told.
fn frame(keeper: &mut SubtreeKeeper, layers: &mut BTreeMap<u32, TileLayer>, view: &View) -> Vec<(bool, Problem)> {
    let mut told = keeper.attach(layers);
    keeper.drop_unseen(
        layers,
        |_| false,
        |layer, key| layer.state.set_content(key.tile, ContentState::Unloaded),
    );
    keeper.begin_frame();
    let layer = layers.get_mut(&7).unwrap();
    let Tree::Open(tree) = &layer.tree else {
        panic!("the tree is open")
    };
    let views = std::slice::from_ref(view);
    let selection = select(tree, views, &SelectionSettings::default(), &mut layer.state);
    for tile in &selection.load {
        if !tree.is_subtree_awaited(*tile) {
            layer.state.set_content(*tile, ContentState::Ready);
        }
    }
    keeper.wish(7, tree, &selection, selection.load.len());
    layer.shown = selection.render.iter().copied().collect();
    layer.selection = Some(selection);
    told.extend(keeper.ask(layers, &[]).map(|problem| (false, problem)));
    told
}

/// Frames until all in view is there.
fn settle(keeper: &mut SubtreeKeeper, layers: &mut BTreeMap<u32, TileLayer>, view: &View) -> Vec<(bool, Problem)> {
    let started = Instant::now();
    let mut told = Vec::new();
    loop {
        told.extend(frame(keeper, layers, view));
        if layers[&7].is_all_there() {
            return told;
        }
        assert!(started.elapsed() < Duration::from_mins(1), "it never settles");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn what_is_seen_comes_and_what_is_not_seen_for_long_goes() {
    let (mut keeper, mut layers) = (SubtreeKeeper::default(), layers());
    keeper.soft_tiles = 60;
    let (here, there) = (above(100.0, 100.0), above(400.0, 400.0));
    assert!(settle(&mut keeper, &mut layers, &here).is_empty());
    let held = tree(&layers).tiles_held();
    assert!(held > 60, "{held} tiles are held");
    let shown_here = layers[&7].shown.len();
    settle(&mut keeper, &mut layers, &there);
    let most = tree(&layers).tiles_held();
    assert!(most > held, "{most} tiles are held");
    // Not at once: whoever turns back finds it there.
    for _ in 0..60 {
        frame(&mut keeper, &mut layers, &there);
    }
    assert_eq!(tree(&layers).tiles_held(), most);
    for _ in 0..UNSEEN_FRAMES + 2 * FRAMES_BETWEEN {
        frame(&mut keeper, &mut layers, &there);
    }
    let left = tree(&layers).tiles_held();
    assert!(left < most, "{left} of {most} tiles are held");
    assert!(layers[&7].is_all_there(), "nothing that is seen went");
    assert!(
        layers[&7]
            .shown
            .iter()
            .all(|tile| !tree(&layers).tiles[tile.0 as usize].contents.is_empty())
    );
    settle(&mut keeper, &mut layers, &here);
    assert_eq!(layers[&7].shown.len(), shown_here, "it looks as it did");
}

#[test]
fn what_goes_goes_in_slices_and_three_quarters_stay() {
    let (mut keeper, mut layers) = (SubtreeKeeper::default(), layers());
    (keeper.soft_tiles, keeper.dropped_per_frame) = (80, 10);
    for x in [-400.0, -100.0, 100.0, 400.0] {
        settle(&mut keeper, &mut layers, &above(x, 400.0));
    }
    let most = tree(&layers).tiles_held();
    assert!(most > 160, "{most} tiles are held");
    let away = above(5000.0, 5000.0);
    let mut sizes = vec![most];
    for _ in 0..UNSEEN_FRAMES + 3 * FRAMES_BETWEEN {
        frame(&mut keeper, &mut layers, &away);
        let held = tree(&layers).tiles_held();
        if sizes.last() != Some(&held) {
            sizes.push(held);
        }
    }
    // A subtree has at most twenty tiles and its root.
    assert!(sizes.windows(2).all(|pair| pair[0] - pair[1] <= 10 + 21), "{sizes:?}");
    assert!(sizes.len() > 4, "{sizes:?}");
    let left = tree(&layers).tiles_held();
    assert!((30..=60).contains(&left), "{sizes:?}");
    assert!(keeper.dropping.is_empty());
}

#[test]
fn a_subtree_that_is_missing_is_told_once_and_the_rest_comes() {
    let (mut keeper, mut layers) = (SubtreeKeeper::default(), layers());
    let told = settle(&mut keeper, &mut layers, &above(-400.0, -400.0));
    assert_eq!(told.len(), 1, "{told:?}");
    let (is_missing, problem) = &told[0];
    assert!(*is_missing && problem.path == "s/2/0/0", "{problem}");
    for _ in 0..10 {
        assert!(frame(&mut keeper, &mut layers, &above(-400.0, -400.0)).is_empty());
    }
    assert!(tree(&layers).implicit_counts().subtrees > 0);
}

#[test]
fn a_view_of_too_many_tiles_is_shown_coarsely_and_another_has_its_chance() {
    let (mut keeper, mut layers) = (SubtreeKeeper::default(), layers());
    (keeper.soft_tiles, keeper.hard_tiles) = (20, 30);
    let told = settle(&mut keeper, &mut layers, &above(100.0, 100.0));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].1.message.contains("more than 30 tiles"), "{told:?}");
    assert!(
        tree(&layers).tiles_held() < 30 + 21 * 6,
        "{} held",
        tree(&layers).tiles_held()
    );
    let away = above(5000.0, 5000.0);
    for _ in 0..UNSEEN_FRAMES + 2 * FRAMES_BETWEEN {
        frame(&mut keeper, &mut layers, &away);
    }
    assert!(tree(&layers).tiles_held() <= 20, "{} held", tree(&layers).tiles_held());
    assert!(keeper.refused.is_empty());
}

#[test]
fn a_layer_that_is_closed_takes_what_was_asked_for_with_it() {
    let (mut keeper, mut layers) = (SubtreeKeeper::default(), layers());
    frame(&mut keeper, &mut layers, &above(0.0, 0.0));
    keeper.forget_layer(7, Vec::new());
    let started = Instant::now();
    while !keeper.loader.is_idle() && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(keeper.attach(&mut layers).is_empty());
    assert_eq!(tree(&layers).implicit_counts().subtrees, 0);
}

/// The same square in twenty by twenty external tilesets with four tiles each; one of them can be had only at the second
/// try.
#[derive(Default)]
struct Parcels {
    reads: AtomicUsize,
    tries: AtomicUsize,
}

impl Resources for Parcels {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let tile = |x: f64, y: f64, half: f64, rest: &str| {
            format!(
                r#"{{"boundingVolume": {{"box": [{x},{y},0, {half},0,0, 0,{half},0, 0,0,5]}}, "geometricError": 8, {rest}}}"#
            )
        };
        let middle = |n: u32| f64::from(n) * 50.0 - 475.0;
        let root = if path == "tileset.json" {
            let parcels = (0..400).map(|n| {
                let (x, y) = (n % 20, n / 20);
                tile(
                    middle(x),
                    middle(y),
                    25.0,
                    &format!(r#""content": {{"uri": "{x}_{y}.json"}}"#),
                )
            });
            let children = parcels.collect::<Vec<_>>().join(",");
            tile(
                0.0,
                0.0,
                500.0,
                &format!(r#""refine": "ADD", "children": [{children}]"#),
            )
            .replacen("\"geometricError\": 8", "\"geometricError\": 64", 1)
        } else {
            let name = path.trim_end_matches(".json");
            if name == "12_12" && self.tries.fetch_add(1, Ordering::SeqCst) == 0 {
                let source = HttpError::TimeOut {
                    what: "the answer",
                    url: path.to_owned(),
                };
                return Err(ResourceError::Fetch { source });
            }
            let (x, y) = name.split_once('_').unwrap();
            let (x, y) = (middle(x.parse().unwrap()), middle(y.parse().unwrap()));
            let leaves = (0..4).map(|n| {
                let (dx, dy) = (f64::from(n % 2) * 25.0 - 12.5, f64::from(n / 2) * 25.0 - 12.5);
                tile(
                    x + dx,
                    y + dy,
                    12.5,
                    &format!(r#""content": {{"uri": "{name}_{n}.glb"}}"#),
                )
            });
            let children = leaves.collect::<Vec<_>>().join(",");
            tile(
                x,
                y,
                25.0,
                &format!(r#""content": {{"uri": "{name}.glb"}}, "children": [{children}]"#),
            )
        };
        Ok(format!(r#"{{"asset": {{"version": "1.1"}}, "geometricError": 99, "root": {root}}}"#).into_bytes())
    }
    fn exists(&self, _: &str) -> bool {
        true
    }
    fn name(&self) -> String {
        "parcels".to_owned()
    }
}

#[test]
fn external_tilesets_come_and_go_as_subtrees_do() {
    let files = Arc::new(Parcels::default());
    let (tree_opened, problems) = open_tileset(files.clone(), "tileset.json").unwrap();
    assert!(problems.is_empty());
    let opened = tree_opened.tiles_held();
    let reads_at_opening = files.reads.load(Ordering::SeqCst);
    assert!(reads_at_opening < 70, "{reads_at_opening} files were read");
    let (mut keeper, mut layers) = (SubtreeKeeper::default(), layers_of(tree_opened));
    keeper.soft_tiles = opened + 10;
    let (here, there) = (above(300.0, 300.0), above(-300.0, 300.0));
    assert!(settle(&mut keeper, &mut layers, &here).is_empty());
    let held = tree(&layers).tiles_held();
    let reads = files.reads.load(Ordering::SeqCst) - reads_at_opening;
    assert!(
        held > opened + 10 && (4..40).contains(&reads),
        "{held} tiles, {reads} files"
    );
    let shown_here = layers[&7].shown.len();
    settle(&mut keeper, &mut layers, &there);
    let most = tree(&layers).tiles_held();
    for _ in 0..UNSEEN_FRAMES + 2 * FRAMES_BETWEEN {
        frame(&mut keeper, &mut layers, &there);
    }
    assert!(tree(&layers).tiles_held() < most);
    assert!(layers[&7].is_all_there(), "nothing that is seen went");
    settle(&mut keeper, &mut layers, &here);
    assert_eq!(layers[&7].shown.len(), shown_here, "it looks as it did");
}

#[test]
fn an_external_tileset_that_may_be_had_later_is_told_asked_for_again_and_told_no_more() {
    let files = Arc::new(Parcels::default());
    let mut layers = layers_of(open_tileset(files.clone(), "tileset.json").unwrap().0);
    let mut keeper = SubtreeKeeper::default();
    let view = above(130.0, 130.0);
    let told = settle(&mut keeper, &mut layers, &view);
    assert_eq!(told.len(), 1, "{told:?}");
    let (is_missing, problem) = &told[0];
    assert!(
        *is_missing && problem.cause == Cause::Unfinished && problem.path == "tileset.json",
        "{problem:?}"
    );
    let shown = layers[&7].shown.len();
    assert!(shown > 4, "its siblings are there");
    // Not before its time.
    for _ in 0..10 {
        assert!(frame(&mut keeper, &mut layers, &view).is_empty());
    }
    assert_eq!(files.tries.load(Ordering::SeqCst), 1);
    for failure in keeper.failed.values_mut() {
        assert!(failure.due.is_some_and(|due| due > Instant::now()));
        failure.due = Some(Instant::now());
    }
    frame(&mut keeper, &mut layers, &view);
    assert!(settle(&mut keeper, &mut layers, &view).is_empty());
    assert_eq!((files.tries.load(Ordering::SeqCst), keeper.failed.len()), (2, 0));
    assert_eq!(keeper.take_mended(&layers).as_slice(), std::slice::from_ref(problem));
    assert!(layers[&7].shown.len() > shown);
}

#[test]
fn whoever_wants_it_has_all_asked_for_anew() {
    let mut layers = layers_of(open_tileset(Arc::new(Parcels::default()), "tileset.json").unwrap().0);
    let mut keeper = SubtreeKeeper::default();
    let view = above(130.0, 130.0);
    let told = settle(&mut keeper, &mut layers, &view);
    assert_eq!(told.len(), 1, "{told:?}");
    keeper.retry(7, layers.get_mut(&7).unwrap());
    assert_eq!(keeper.take_mended(&layers), [told[0].1.clone()]);
    frame(&mut keeper, &mut layers, &view);
    assert!(settle(&mut keeper, &mut layers, &view).is_empty());
    assert!(keeper.failed.is_empty());
}

#[test]
fn what_was_told_of_a_layer_goes_with_it_unless_another_says_the_same() {
    let mut layers = layers_of(open_tileset(Arc::new(Parcels::default()), "tileset.json").unwrap().0);
    let mut keeper = SubtreeKeeper::default();
    let told = settle(&mut keeper, &mut layers, &above(130.0, 130.0));
    let (_, problem) = &told[0];
    let of_a_tile = Problem::error("a.glb", "", "it never came").because(Cause::Network);
    let key = TileKey {
        layer: 8,
        tile: TileId(1),
    };
    assert_eq!(keeper.note_failure(key, problem.clone(), true).as_ref(), Some(problem));
    keeper.forget_layer(7, vec![of_a_tile.clone()]);
    assert_eq!(keeper.take_mended(&layers), [of_a_tile], "layer 8 still says the other");
    // Layer 8 is not there either: what stood in it is forgotten.
    layers.clear();
    keeper.attach(&mut layers);
    assert_eq!(keeper.take_mended(&layers).as_slice(), std::slice::from_ref(problem));
}

#[test]
fn what_was_told_of_a_part_goes_with_what_it_stood_in() {
    let (mut keeper, mut layers) = (SubtreeKeeper::default(), layers());
    keeper.soft_tiles = 10;
    let told = settle(&mut keeper, &mut layers, &above(-400.0, -400.0));
    assert_eq!(told.len(), 1, "{told:?}");
    let away = above(5000.0, 5000.0);
    let mut mended = Vec::new();
    for _ in 0..UNSEEN_FRAMES + 3 * FRAMES_BETWEEN {
        frame(&mut keeper, &mut layers, &away);
        mended.extend(keeper.take_mended(&layers));
    }
    assert!(keeper.failed.is_empty());
    assert_eq!(mended, [told[0].1.clone()]);
}
