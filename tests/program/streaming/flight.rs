//! Recorded flights over a large ADD tree: which tiles and how many bytes are loaded, and that it is not all.
//!
//! The path: from 9 km above the middle straight down to 400 m, 3 km north-east at that height, a look around.
//! One frame in three loads arrive, six are under way at once.

use super::world::{Source, bare_tile, tree_of};
use bevy::math::DVec3;
use stadslens::sources::resource::folder;
use stadslens::sources::tiles3d::{BoundingVolume, Refine, Tile, TileId, TileTree, read_tileset};
use stadslens::streaming::{SelectionSettings, SelectionState, View, select};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A place on the ground with its axes, in the tree's root frame.
struct Ground {
    origin: DVec3,
    east: DVec3,
    north: DVec3,
    up: DVec3,
}

impl Ground {
    fn at(&self, offset: DVec3) -> DVec3 {
        self.origin + self.east * offset.x + self.north * offset.y + self.up * offset.z
    }

    /// A 16:9 camera of 1080 pixels and 60 degrees at one offset, looking at another.
    fn camera(&self, eye: DVec3, target: DVec3) -> View {
        let (position, target) = (self.at(eye), self.at(target));
        let direction = (target - position).normalize();
        let side = direction.cross(self.north + self.up * 0.5).normalize();
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

    fn path(&self) -> Vec<View> {
        let step = |from: DVec3, to: DVec3, share: u32| from.lerp(to, f64::from(share) / 60.0);
        let (high, low) = (DVec3::new(0.0, 0.0, 9000.0), DVec3::new(0.0, 0.0, 400.0));
        let (end, ahead) = (DVec3::new(2100.0, 2100.0, 400.0), DVec3::new(500.0, 500.0, -300.0));
        let mut path = Vec::new();
        path.extend((0..60).map(|n| self.camera(step(high, low, n), DVec3::new(0.0, 1.0, 0.0))));
        path.extend((0..60).map(|n| self.camera(step(low, end, n), step(low, end, n) + ahead)));
        path.extend((0..60).map(|n| {
            let (sin, cos) = (std::f64::consts::TAU * f64::from(n) / 60.0).sin_cos();
            self.camera(end, end + DVec3::new(700.0 * cos, 700.0 * sin, -300.0))
        }));
        let still = path.last().cloned();
        path.extend(std::iter::repeat_n(still, 600).flatten());
        path
    }
}

/// What a flight cost.
#[derive(Debug, PartialEq)]
struct Cost {
    tiles_loaded: usize,
    bytes_loaded: u64,
    /// Tiles drawn at the end.
    tiles_drawn: usize,
    /// Most tiles drawn in one frame.
    most_drawn: usize,
}

/// What a view of an ADD tree needs, straight from the rules.
fn wanted(tree: &TileTree, view: &View) -> BTreeSet<TileId> {
    let mut wanted = BTreeSet::new();
    let mut stack = vec![(TileId(0), f64::INFINITY)];
    while let Some((id, parent_error_m)) = stack.pop() {
        let tile = &tree.tiles[id.0 as usize];
        let volume = &tile.bounding_volume;
        let distance_m = volume.distance_to(view.position);
        let exceeds =
            |error_m: f64| error_m * view.viewport_height_px > 16.0 * distance_m * 2.0 * (view.fov_y_rad / 2.0).tan();
        let is_visible = view
            .planes
            .iter()
            .all(|(normal, d)| !volume.is_outside_plane(*normal, *d));
        if is_visible && exceeds(parent_error_m) {
            wanted.extend((!tile.contents.is_empty()).then_some(id));
            if exceeds(tile.geometric_error_m) {
                stack.extend(tile.children.iter().map(|child| (*child, tile.geometric_error_m)));
            }
        }
    }
    wanted
}

fn fly(tree: &TileTree, ground: &Ground, bytes_of: impl Fn(TileId) -> u64) -> Cost {
    let mut state = SelectionState::default();
    let mut source = Source::new(tree.tiles.len());
    (source.lanes, source.latencies) = (6, vec![3]);
    let mut cost = Cost {
        tiles_loaded: 0,
        bytes_loaded: 0,
        tiles_drawn: 0,
        most_drawn: 0,
    };
    let mut loaded = BTreeSet::new();
    let mut needed = BTreeSet::new();
    let path = ground.path();
    for (frame, view) in path.iter().enumerate() {
        for tile in source.deliver(&mut state) {
            loaded.insert(tile);
            cost.tiles_loaded += 1;
            cost.bytes_loaded += bytes_of(tile);
        }
        let now = select(
            tree,
            std::slice::from_ref(view),
            &SelectionSettings::default(),
            &mut state,
        );
        source.ask(&now.load, &mut state);
        let wanted = wanted(tree, view);
        if frame + 1 == path.len() {
            let drawn: BTreeSet<_> = now.render.iter().copied().collect();
            assert!(now.complete, "the flight ends before everything is there");
            assert_eq!(drawn, wanted);
        }
        needed.extend(wanted);
        cost.tiles_drawn = now.render.len();
        cost.most_drawn = cost.most_drawn.max(now.render.len());
        assert!(
            frame + 1 < path.len() || now.complete,
            "the flight ends before everything is there"
        );
    }
    assert!(source.asked.iter().all(|times| *times <= 1), "a tile was loaded twice");
    cost
}

/// An ADD quadtree over 12 × 12 km, six levels, an empty root with an error of 500 m, half of it per level.
fn synthetic() -> TileTree {
    let mut tiles = vec![square(None, 0, DVec3::ZERO, 6000.0)];
    let mut at = 0;
    while at < tiles.len() {
        let (depth, volume) = (tiles[at].depth, tiles[at].bounding_volume);
        let half = 6000.0 * 0.5_f64.powi(i32::try_from(depth).unwrap() + 1);
        if depth < 5 {
            for (x, y) in [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)] {
                let id = TileId(u32::try_from(tiles.len()).unwrap());
                let parent = Some(TileId(u32::try_from(at).unwrap()));
                let center = volume.center() + DVec3::new(x, y, 0.0) * half;
                tiles.push(square(parent, depth + 1, center, half));
                tiles[at].children.push(id);
            }
        }
        at += 1;
    }
    tree_of(tiles)
}

fn square(parent: Option<TileId>, depth: u32, center: DVec3, half: f64) -> Tile {
    let volume = BoundingVolume::Box {
        center,
        half_axes: [DVec3::X * half, DVec3::Y * half, DVec3::Z * 50.0],
    };
    let error_m = 500.0 * 0.5_f64.powi(i32::try_from(depth).unwrap());
    let mut tile = bare_tile(parent, depth, volume, error_m, Refine::Add);
    tile.contents.extend(parent.map(|_| "tile".to_owned()));
    tile
}

#[test]
fn flight_over_a_synthetic_add_tree_loads_these_tiles_and_not_all() {
    let tree = synthetic();
    assert_eq!(tree.tiles.len(), 1365);
    let ground = Ground {
        origin: DVec3::ZERO,
        east: DVec3::X,
        north: DVec3::Y,
        up: DVec3::Z,
    };
    let cost = fly(&tree, &ground, |tile| 20_000 + 100 * u64::from(tile.0));
    let expected = Cost {
        tiles_loaded: 290,
        bytes_loaded: 21_381_300,
        tiles_drawn: 67,
        most_drawn: 91,
    };
    assert_eq!(cost, expected);
}

/// The corpus folder, if this machine has it.
fn corpus(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("STADSLENS_CORPUS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    let path = root.join(path);
    path.exists().then_some(path)
}

#[test]
fn flight_over_delaware_loads_these_tiles_and_not_all() {
    let Some(root) = corpus("tiles/us-delaware-explicit-b3dm") else {
        eprintln!("skipped: no corpus folder");
        return;
    };
    let resources = folder(&root);
    let (tree, problems) = read_tileset(resources, "tileset.json").expect("the tileset");
    assert_eq!((tree.tiles.len(), problems.len()), (924, 0));
    let origin = tree.tiles[0].bounding_volume.center();
    let up = origin.normalize();
    let east = DVec3::Z.cross(up).normalize();
    let ground = Ground {
        origin,
        east,
        north: up.cross(east),
        up,
    };
    let bytes_of = |tile: TileId| {
        let contents = &tree.tiles[tile.0 as usize].contents;
        contents
            .iter()
            .map(|path| std::fs::metadata(root.join(path)).expect("a tile").len())
            .sum()
    };
    let all_bytes: u64 = (0..924).map(|number| bytes_of(TileId(number))).sum();
    let cost = fly(&tree, &ground, bytes_of);
    eprintln!("compared 1 corpus tileset of 923 contents, {all_bytes} bytes: {cost:?}");
    let expected = Cost {
        tiles_loaded: 268,
        bytes_loaded: 17_561_594,
        tiles_drawn: 5,
        most_drawn: 151,
    };
    assert_eq!(cost, expected);
}
