//! The byte budget: what goes, what stays, and that a still view never loads a tile twice.

use super::world::{Source, World, leaves, look, tile};
use stadslens::sources::tiles3d::TileId;
use stadslens::streaming::{ContentState, Residency, Selection, TileKey};

fn key(tile: TileId) -> TileKey {
    TileKey { layer: 7, tile }
}

fn used(tiles: &[u32]) -> Selection {
    Selection {
        used: tiles.iter().copied().map(TileId).collect(),
        ..Selection::default()
    }
}

//       0
//    1     2
//         3 4
fn tree() -> World {
    World::new(&tile(
        "0",
        64.0,
        vec![tile("1", 0.0, vec![]), tile("2", 16.0, leaves(&["3", "4"]))],
    ))
}

#[test]
fn what_a_tile_and_a_layer_hold_is_told() {
    let world = tree();
    let mut residency = Residency::new(25);
    residency.insert(key(TileId(0)), &world.tree, 10);
    residency.insert(key(TileId(3)), &world.tree, 20);
    let other = TileKey {
        layer: 8,
        ..key(TileId(3))
    };
    residency.insert(other, &world.tree, 5);
    let of = |residency: &Residency| [TileId(0), TileId(1), TileId(3)].map(|tile| residency.tile_bytes(key(tile)));
    assert_eq!(of(&residency), [10, 0, 20]);
    assert_eq!([7, 8, 9].map(|layer| residency.layer_bytes(layer)), [30, 5, 0]);
    residency.remove(key(TileId(3)));
    assert_eq!((of(&residency), residency.layer_bytes(7)), ([10, 0, 0], 10));
}

#[test]
fn longest_unused_goes_first_and_of_these_the_deepest() {
    let world = tree();
    let mut residency = Residency::new(25);
    for number in 0..5 {
        residency.insert(key(TileId(number)), &world.tree, 10);
    }
    residency.begin_frame();
    residency.touch(7, &used(&[1, 4]));
    residency.begin_frame();
    residency.touch(7, &used(&[1]));
    assert_eq!(residency.evict(), [3, 2, 0].map(|n| key(TileId(n))));
    assert_eq!((residency.total_bytes(), residency.admits_preload()), (20, true));
    residency.set_budget_bytes(5);
    assert_eq!(residency.evict(), [key(TileId(4))]);
    assert_eq!(residency.evict(), [], "what is used stays above the budget");
    assert_eq!((residency.total_bytes(), residency.admits_preload()), (10, false));
}

#[test]
fn what_lies_beside_the_view_goes_last_and_only_for_something_that_needs_the_room() {
    let world = tree();
    let mut residency = Residency::new(25);
    for number in 0..5 {
        residency.insert(key(TileId(number)), &world.tree, 10);
    }
    residency.begin_frame();
    let beside = Selection {
        ahead: vec![TileId(3), TileId(4)],
        ..used(&[1])
    };
    residency.touch(7, &beside);
    assert_eq!(residency.evict(), [2, 0].map(|n| key(TileId(n))));
    assert_eq!((residency.total_bytes(), residency.evict()), (30, Vec::new()));
    assert_eq!(residency.evict_to(25), [key(TileId(3))]);
    // Once it lies beside the view no more it is like any other.
    residency.begin_frame();
    residency.touch(7, &used(&[1]));
    residency.set_budget_bytes(15);
    assert_eq!(residency.evict(), [key(TileId(4))]);
}

#[test]
fn nothing_goes_within_the_budget() {
    let world = tree();
    let mut residency = Residency::new(100);
    for number in 0..5 {
        residency.insert(key(TileId(number)), &world.tree, 20);
    }
    residency.begin_frame();
    assert_eq!(residency.evict(), []);
    assert!(!residency.admits_preload());
}

#[test]
fn tiles_replaced_and_removed_are_counted_once() {
    let world = tree();
    let mut residency = Residency::new(100);
    residency.insert(key(TileId(1)), &world.tree, 10);
    residency.insert(key(TileId(1)), &world.tree, 30);
    residency.insert(key(TileId(2)), &world.tree, 5);
    residency.insert(key(TileId(99)), &world.tree, 5);
    assert_eq!(residency.total_bytes(), 35, "the tree has no tile 99");
    assert_eq!(residency.remove(key(TileId(1))), 30);
    assert_eq!(residency.remove(key(TileId(1))), 0);
    residency.remove_layer(7);
    assert_eq!(residency.total_bytes(), 0);
}

/// At any budget, however small: a still view settles and asks for no tile twice.
#[test]
fn still_view_loads_nothing_twice_at_any_budget() {
    let branch = |name: &str| tile(name, 16.0, leaves(&["w", "x", "y", "z"]));
    let plan = tile("root", 64.0, ["a", "b", "c", "d"].map(branch).to_vec());
    let stops = [
        look(0.0, 300.0, 100.0),
        look(600.0, 1000.0, 100.0),
        look(0.0, 1000.0, 3000.0),
    ];
    for budget in (0..22).map(|tiles| tiles * 10) {
        let mut world = World::new(&plan);
        let mut source = Source::new(world.tree.tiles.len());
        let mut residency = Residency::new(budget);
        let mut most_bytes = 0;
        for stop in stops.iter().chain(&stops) {
            source.asked.fill(0);
            for _ in 0..60 {
                residency.begin_frame();
                for tile in source.deliver(&mut world.state) {
                    residency.insert(key(tile), &world.tree, 10);
                }
                world.frame(std::slice::from_ref(stop));
                residency.touch(7, &world.now);
                let wishes = if residency.admits_preload() {
                    world.now.load.len()
                } else {
                    world.now.needed
                };
                source.ask(&world.now.load[..wishes], &mut world.state);
                for gone in residency.evict() {
                    world.state.set_content(gone.tile, ContentState::Unloaded);
                }
                most_bytes = most_bytes.max(residency.total_bytes());
            }
            assert!(
                world.now.complete && source.is_idle(),
                "budget {budget}: {:?}",
                world.now
            );
            assert!(
                source.asked.iter().all(|times| *times <= 1),
                "budget {budget}: {:?}",
                source.asked
            );
        }
        let needs = world.now.used.len() as u64 * 10;
        assert!(residency.total_bytes() <= budget.max(needs), "budget {budget}");
        assert!(
            budget >= 210 || most_bytes < 210,
            "budget {budget} never let go of anything"
        );
    }
}
