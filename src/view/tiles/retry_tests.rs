//! What is listed of tiles that failed: until they come, go, or fail in another way.

use super::super::layer::Resident;
use super::super::select::tests::{loader_that_knows, two_tiles};
use super::*;
use crate::georef::HeightReference;
use crate::model::edit::tests::scenario;
use crate::model::{Certainty, LayerKind, LocalText, OpenScenario, Source};
use crate::sources::resource;
use crate::streaming::Ceiling;
use bevy::ecs::system::RunSystemOnce;
use std::sync::Arc;

const ROOM: usize = 1000;

fn late(path: &str) -> Problem {
    Problem::error(path, "", "the server did not answer in time").because(Cause::Network)
}

fn missing(path: &str) -> Problem {
    Problem::error(path, "", "the server has no such file").because(Cause::Missing)
}

/// One round of asking again for what is due by itself.
fn ask_again(retries: &mut Retries) -> Vec<TileId> {
    let taken = retries.take(false, |_| false, |_| true);
    let tiles = taken.iter().map(|(tile, _)| *tile).collect();
    for (tile, listed) in taken {
        retries.await_again(tile, listed);
    }
    tiles
}

#[test]
fn what_is_due_is_taken_once_and_the_rest_when_a_person_wants_it() {
    let mut retries = Retries::default();
    retries.note(TileId(1), vec![late("a")], Some(Duration::ZERO), ROOM);
    retries.note(TileId(2), vec![late("b")], Some(Duration::from_hours(1)), ROOM);
    retries.note(TileId(3), vec![late("c")], None, ROOM);
    retries.note(TileId(4), vec![late("d")], None, ROOM);
    retries.note(TileId(4), Vec::new(), None, ROOM);
    assert_eq!(std::mem::take(&mut retries.gone), [late("d")]);
    assert_eq!(ask_again(&mut retries), [TileId(1)]);
    assert_eq!(ask_again(&mut retries), []);
    assert_eq!(retries.gone, []);
    let all = retries.take(true, |_| false, |_| false);
    assert_eq!(all, [(TileId(2), Vec::new()), (TileId(3), Vec::new())]);
    assert_eq!(
        retries.gone,
        [late("a"), late("b"), late("c")],
        "a person asked: the list starts anew"
    );
    assert_eq!(retries.take(true, |_| false, |_| true), []);
    assert_eq!(retries.listed().count(), 0);
}

#[test]
fn what_had_no_room_is_asked_for_again_once_there_is_some() {
    let mut retries = Retries::default();
    let large = |path: &str| Problem::error(path, "", "it takes more than all may").because(Cause::TooLarge);
    let wanted = [
        (TileId(1), Room::Bytes(120)),
        (TileId(2), Room::Bytes(90)),
        (TileId(3), Room::Rows(50)),
    ];
    for (tile, room) in wanted {
        retries.note(tile, vec![large(&tile.0.to_string())], None, ROOM);
        retries.await_room(tile, room);
    }
    retries.note(TileId(4), vec![large("4")], None, ROOM);
    let mut taken = |bytes: u64, rows: u32| {
        let has_room = |room| match room {
            Room::Bytes(wanted) => wanted <= bytes,
            Room::Rows(wanted) => wanted <= rows,
        };
        let taken = retries.take(false, has_room, |_| true);
        taken.into_iter().map(|(tile, _)| tile).collect::<Vec<_>>()
    };
    assert_eq!(taken(80, 49), []);
    assert_eq!(taken(100, 49), [TileId(2)]);
    assert_eq!(taken(100, 50), [TileId(3)]);
    assert_eq!(taken(120, 50), [TileId(1)]);
    assert_eq!(taken(u64::MAX, u32::MAX), [], "the fourth is too large by itself");
    assert_eq!(
        retries.gone,
        ["2", "3", "1"].map(large),
        "there is room: the line is not true any more"
    );
    // One that came in the meantime waits for nothing.
    retries.await_room(TileId(1), Room::Bytes(0));
    assert_eq!(retries.take(false, |_| true, |_| true), []);
}

#[test]
fn what_is_asked_for_again_stays_listed_until_it_comes() {
    let mut retries = Retries::default();
    let (tile, both) = (TileId(1), vec![late("a"), late("b")]);
    assert_eq!(retries.note(tile, both.clone(), Some(Duration::ZERO), ROOM), both);
    assert_eq!(ask_again(&mut retries), [tile]);
    assert_eq!(retries.note(tile, vec![late("b")], Some(Duration::ZERO), ROOM), []);
    assert_eq!(std::mem::take(&mut retries.gone), [late("a")]);
    assert_eq!(ask_again(&mut retries), [tile]);
    retries.note(tile, Vec::new(), None, ROOM);
    assert_eq!(std::mem::take(&mut retries.gone), [late("b")]);
    retries.note(tile, Vec::new(), None, ROOM);
    assert_eq!(retries.gone, [], "told once");
}

#[test]
fn what_fails_in_another_way_is_told_anew() {
    let mut retries = Retries::default();
    let tile = TileId(1);
    assert_eq!(
        retries.note(tile, vec![late("a"), late("b")], Some(Duration::ZERO), 1),
        [late("a")]
    );
    assert_eq!(ask_again(&mut retries), [tile]);
    let new = retries.note(tile, vec![missing("a"), late("b")], None, ROOM);
    assert_eq!(
        new,
        [missing("a"), late("b")],
        "there was no room for the second before"
    );
    assert_eq!(retries.gone, [late("a")]);
}

#[test]
fn a_dead_server_does_not_fill_the_list_round_by_round() {
    let mut retries = Retries::default();
    let mut told = 0;
    for tile in 0..1000 {
        told += retries
            .note(
                TileId(tile),
                vec![late(&format!("{tile}.glb"))],
                Some(Duration::ZERO),
                ROOM,
            )
            .len();
        if tile % 150 == 0 {
            ask_again(&mut retries);
        }
    }
    assert_eq!(told, MOST_LISTED);
}

#[test]
fn that_nothing_is_asked_is_said_by_another_tile_when_the_first_is_gone() {
    let mut retries = Retries::default();
    let off = |path: &str| Problem::error(path, "", "the network is off").because(Cause::Server);
    assert_eq!(retries.note(TileId(1), vec![off("a")], None, ROOM), [off("a")]);
    assert_eq!(retries.note(TileId(2), vec![off("b")], None, ROOM), []);
    retries.forget(TileId(1));
    assert_eq!(retries.gone, [off("a")]);
    assert_eq!(retries.note(TileId(3), vec![off("c")], None, ROOM), [off("c")]);
}

/// A layer of which tile 1 is there but for `b.glb`, which is listed with a warning about `a.glb`.
fn world() -> World {
    let open = Arc::new(OpenScenario::without_data(
        scenario(),
        resource::folder(std::path::Path::new(".")),
    ));
    let source = Layer {
        id: "tiles".into(),
        title: LocalText::default(),
        kind: LayerKind::Tiles3d,
        path: "tileset.json".into(),
        height_reference: HeightReference::Nap,
        height_shift_m: 0.0,
        id_property: None,
        register: None,
        columns: None,
        style: None,
        crs: None,
        source: Source::default(),
        certainty: Certainty::default(),
        visible: true,
        synthetic: true,
    };
    let mut layer = TileLayer::new(&source, &open, None, None);
    layer.resident.insert(TileId(1), Resident::default());
    let listed = layer
        .retries
        .note(TileId(1), vec![late("b.glb")], Some(Duration::ZERO), ROOM);
    let mut world = World::new();
    let failed = listed
        .iter()
        .map(|line| (line.path.clone(), line.message.clone()))
        .collect();
    world.insert_resource(TileStats {
        failed,
        ..TileStats::default()
    });
    let mut problems = listed;
    problems.push(Problem::warning("b.glb", "", "it has no names"));
    world.insert_resource(ViewProblems(problems));
    world.insert_resource(ShownScenario::new(open));
    world.init_resource::<FeatureRows>();
    world.init_resource::<TileLayers>();
    world.init_resource::<Messages<RetryTiles>>();
    world.resource_mut::<TileLayers>().layers.insert(7, layer);
    world
}

fn lines(world: &World) -> (usize, usize) {
    let errors = |problem: &&Problem| problem.severity == Severity::Error;
    let problems = &world.resource::<ViewProblems>().0;
    assert!(problems.iter().any(|problem| problem.severity == Severity::Warning));
    (
        problems.iter().filter(errors).count(),
        world.resource::<TileStats>().failed.len(),
    )
}

#[test]
fn a_tile_that_was_there_in_part_is_asked_for_again_and_its_line_goes_when_all_of_it_came() {
    let mut world = world();
    world.run_system_once(retry_failed).unwrap();
    assert_eq!(lines(&world), (1, 1), "it stays listed while it is asked for");
    let come = |mut tiles: ResMut<TileLayers>, mut problems: ResMut<ViewProblems>, mut stats: ResMut<TileStats>| {
        let layers = &mut tiles.layers;
        let layer = layers.get_mut(&7).expect("the layer is there");
        assert!(!layer.resident.contains_key(&TileId(1)), "it was given up");
        assert_eq!(layer.state.content(TileId(1)), ContentState::Unloaded);
        assert_eq!(layer.retries.note(TileId(1), Vec::new(), None, ROOM), []);
        take_lines_away(layers, &mut problems, &mut stats);
    };
    world.run_system_once(come).unwrap();
    assert_eq!(lines(&world), (0, 0));
}

#[test]
fn a_line_goes_with_its_tile_unless_another_says_the_same() {
    let mut world = world();
    let go = |tile: TileId| {
        move |mut tiles: ResMut<TileLayers>, mut problems: ResMut<ViewProblems>, mut stats: ResMut<TileStats>| {
            let layers = &mut tiles.layers;
            let layer = layers.get_mut(&7).expect("the layer is there");
            if tile == TileId(1) {
                layer.retries.note(TileId(2), vec![late("b.glb")], None, ROOM);
            }
            layer.retries.forget(tile);
            take_lines_away(layers, &mut problems, &mut stats);
        }
    };
    world.run_system_once(go(TileId(1))).unwrap();
    assert_eq!(lines(&world), (1, 1));
    world.run_system_once(go(TileId(2))).unwrap();
    assert_eq!(lines(&world), (0, 0));
}

#[test]
fn a_tile_that_is_there_in_part_stays_until_all_of_it_has_room() {
    let mut world = world();
    let (key, other) = (
        TileKey {
            layer: 7,
            tile: TileId(1),
        },
        TileKey {
            layer: 2,
            tile: TileId(0),
        },
    );
    let mut tiles = world.resource_mut::<TileLayers>();
    tiles.loader = loader_that_knows(key, 500);
    tiles.ceiling = Ceiling::new(1000, 1);
    tiles.residency.insert(key, &two_tiles(false), 300);
    tiles.residency.insert(other, &two_tiles(false), 600);
    let is_there = |world: &World| {
        world.resource::<TileLayers>().layers[&7]
            .resident
            .contains_key(&key.tile)
    };
    world.run_system_once(retry_failed).unwrap();
    assert!(
        is_there(&world),
        "it needs 500 bytes, and has 300 and 100 that are free"
    );
    assert_eq!(lines(&world), (1, 1));
    world.resource_mut::<TileLayers>().residency.remove(other);
    world.run_system_once(retry_failed).unwrap();
    assert!(!is_there(&world) && lines(&world) == (1, 1), "now all of it comes");
}
