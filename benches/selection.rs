//! Selection over about 100,000 tiles: a still view (aim 1 ms), a jump of the camera (aim 5 ms), a frame in
//! which one tile arrived, and all of a wide ADD tree in view. And a city of 1,048,575 implicit tiles: opened and read
//! as far as a view needs it (aim 2 s), one subtree more, and half of them taken out.

#[path = "../tests/program/streaming/implicit_city.rs"]
mod implicit_city;

use bevy::math::{DMat4, DVec3};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use implicit_city::ImplicitCity;
use stadslens::sources::resource::{ResourceError, Resources};
use stadslens::sources::tiles3d::{
    BoundingVolume, Refine, Subtrees, Tile, TileId, TileTree, TilesetMetadata, read_tileset,
};
use stadslens::streaming::{ContentState, SelectionSettings, SelectionState, View, select};
use std::hint::black_box;
use std::sync::Arc;

struct NoFiles;

impl Resources for NoFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        Err(ResourceError::Missing { uri: path.to_owned() })
    }
    fn exists(&self, _: &str) -> bool {
        false
    }
    fn name(&self) -> String {
        "nothing".to_owned()
    }
}

/// Half the width of the tree's square, metres.
const HALF_M: f64 = 10_000.0;

/// A quadtree of nine levels: 87,381 tiles, with 12,700 more in a tenth to make 100,081.
fn quadtree(refine: Refine) -> TileTree {
    let mut tiles = vec![tile(None, 0, DVec3::ZERO, HALF_M, refine)];
    let mut at = 0;
    while at < tiles.len() {
        let Tile { depth, .. } = tiles[at];
        let BoundingVolume::Box { center, half_axes } = tiles[at].bounding_volume else {
            unreachable!("all volumes are boxes");
        };
        if depth < 8 || (depth == 8 && tiles.len() < 100_080) {
            let half = half_axes[0].x * 0.5;
            for (x, y) in [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)] {
                let id = TileId(u32::try_from(tiles.len()).expect("few tiles"));
                let parent = Some(TileId(u32::try_from(at).expect("few tiles")));
                tiles.push(tile(
                    parent,
                    depth + 1,
                    center + DVec3::new(x, y, 0.0) * half,
                    half,
                    refine,
                ));
                tiles[at].children.push(id);
            }
        }
        at += 1;
    }
    TileTree {
        resources: Arc::new(NoFiles),
        path: "tileset.json".to_owned(),
        version: "1.1".to_owned(),
        gltf_up_axis: 'Y',
        tiles,
        is_geocentric: false,
        extensions: Vec::new(),
        subtrees: Subtrees::default(),
        metadata: TilesetMetadata::default(),
    }
}

fn tile(parent: Option<TileId>, depth: u32, center: DVec3, half: f64, refine: Refine) -> Tile {
    Tile {
        parent,
        children: Vec::new(),
        depth,
        bounding_volume: BoundingVolume::Box {
            center,
            half_axes: [DVec3::X * half, DVec3::Y * half, DVec3::Z * 30.0],
        },
        content_volume: None,
        viewer_request_volume: None,
        geometric_error_m: half * 0.05,
        refine,
        contents: vec!["tile.glb".to_owned()],
        root_from_tile: DMat4::IDENTITY,
    }
}

/// A camera 300 m above `(x, y)` that looks 1000 m ahead to the ground, 1080 pixels, 60 degrees, 16:9.
fn camera(x: f64, y: f64) -> View {
    let position = DVec3::new(x, y, 300.0);
    let direction = DVec3::new(1000.0, 0.0, -300.0).normalize();
    let side = direction.cross(DVec3::Z).normalize();
    let top = side.cross(direction);
    let fov_y_rad = 60_f64.to_radians();
    let (half_y, half_x) = (fov_y_rad * 0.5, ((fov_y_rad * 0.5).tan() * 16.0 / 9.0).atan());
    let planes = [(side, half_x), (-side, half_x), (top, half_y), (-top, half_y)];
    let planes = planes.map(|(aside, half)| direction * half.sin() + aside * half.cos());
    View {
        position,
        planes: planes
            .into_iter()
            .map(|normal| (normal, -normal.dot(position)))
            .collect(),
        direction,
        viewport_height_px: 1080.0,
        fov_y_rad,
    }
}

/// Everything is loaded and the first view has settled.
fn settled(tree: &TileTree, views: &[View], settings: &SelectionSettings) -> SelectionState {
    let mut state = SelectionState::default();
    for number in 0..tree.tiles.len() {
        let id = TileId(u32::try_from(number).expect("few tiles"));
        state.set_content(id, ContentState::Ready);
    }
    for _ in 0..3 {
        select(tree, views, settings, &mut state);
    }
    state
}

fn selection(c: &mut Criterion) {
    // Eight times finer than usual, so that a view is made of thousands of tiles.
    let settings = SelectionSettings {
        max_screen_space_error_px: 2.0,
        ..SelectionSettings::default()
    };
    let here = [camera(-8000.0, 0.0)];
    let there = [camera(0.0, 5000.0)];
    for (name, refine) in [("replace", Refine::Replace), ("add", Refine::Add)] {
        let tree = quadtree(refine);
        let state = settled(&tree, &here, &settings);
        let drawn = select(&tree, &there, &settings, &mut state.clone()).render.len();
        assert!(drawn > 1000, "only {drawn} tiles are drawn after the jump");
        let mut group = c.benchmark_group(format!("selection/{name}/{}_tiles", tree.tiles.len()));
        group.sample_size(30);

        let mut still = state.clone();
        group.bench_function("nothing_changed", |b| {
            b.iter(|| black_box(select(&tree, &here, &settings, &mut still)));
        });

        group.bench_function("after_a_jump", |b| {
            b.iter_batched_ref(
                || state.clone(),
                |state| black_box(select(&tree, &there, &settings, state)),
                BatchSize::LargeInput,
            );
        });

        // Nothing is loaded at the new place: all of it is wished for, sorted and stood in for.
        let mut bare = SelectionState::default();
        for _ in 0..3 {
            select(&tree, &here, &settings, &mut bare);
        }
        group.bench_function("after_a_jump_with_nothing_loaded", |b| {
            b.iter_batched_ref(
                || bare.clone(),
                |state| black_box(select(&tree, &there, &settings, state)),
                BatchSize::LargeInput,
            );
        });

        let mut arriving = state.clone();
        let mut is_there = false;
        group.bench_function("one_tile_arrived", |b| {
            b.iter(|| {
                is_there = !is_there;
                let content = if is_there {
                    ContentState::Unloaded
                } else {
                    ContentState::Ready
                };
                arriving.set_content(TileId(77_777), content);
                black_box(select(&tree, &here, &settings, &mut arriving))
            });
        });

        // The worst there is: every single tile is looked at.
        let finest = SelectionSettings {
            max_screen_space_error_px: 1e-6,
            ..settings
        };
        let mut above = camera(0.0, 0.0);
        above.planes.clear();
        group.bench_function("every_tile_in_view", |b| {
            b.iter_batched_ref(
                || state.clone(),
                |state| black_box(select(&tree, std::slice::from_ref(&above), &finest, state)),
                BatchSize::LargeInput,
            );
        });
        group.finish();
    }
}

/// Reads what a view of the implicit city needs, one tile after the other.
fn read_for(tree: &mut TileTree, view: &View, state: &mut SelectionState) {
    loop {
        let views = std::slice::from_ref(view);
        let now = select(tree, views, &SelectionSettings::default(), state);
        if now.complete {
            return;
        }
        for &tile in &now.load[..now.needed] {
            if let Some(request) = tree.subtree_request(tile) {
                tree.attach(tile, request.read().expect("a sound subtree"));
                state.subtree_attached(tree, tile);
            } else {
                state.set_content(tile, ContentState::Ready);
            }
        }
    }
}

fn implicit(c: &mut Criterion) {
    let mut group = c.benchmark_group("selection/implicit/1048575_tiles");
    group.sample_size(20);
    let view = camera(500.0, 0.0);
    let files = ImplicitCity::default().files();
    let open = || read_tileset(files.clone(), "tileset.json").expect("a tileset").0;
    let (mut tree, mut state) = (open(), SelectionState::default());
    read_for(&mut tree, &view, &mut state);
    let read = files.subtrees_read.load(std::sync::atomic::Ordering::Relaxed);
    assert!(
        read > 2 && tree.tiles_held() < 200_000,
        "{read} subtrees of {} tiles",
        tree.tiles_held()
    );

    group.bench_function("opened_and_read_for_a_view", |b| {
        b.iter_batched_ref(
            || (open(), SelectionState::default()),
            |(tree, state)| read_for(tree, &view, state),
            BatchSize::LargeInput,
        );
    });

    let stub = (0..tree.tiles.len())
        .map(|number| TileId(u32::try_from(number).expect("few tiles")))
        .find(|tile| tree.is_subtree_awaited(*tile))
        .expect("something that was not read");
    let request = tree.subtree_request(stub).expect("it is awaited");
    group.bench_function("one_subtree_read", |b| b.iter(|| black_box(request.read())));

    group.bench_function("one_subtree_attached_and_detached", |b| {
        b.iter_custom(|times| {
            let mut spent = std::time::Duration::ZERO;
            for _ in 0..times {
                let subtree = request.read().expect("a sound subtree");
                let started = std::time::Instant::now();
                tree.attach(stub, subtree);
                state.subtree_attached(&tree, stub);
                tree.detach(stub);
                state.subtrees_detached(&tree, &[stub]);
                spent += started.elapsed();
            }
            spent
        });
    });
    group.finish();
}

criterion_group!(benches, selection, implicit);
criterion_main!(benches);
