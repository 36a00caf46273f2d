//! Who takes over from whom where memory is short, and when.

use super::super::select::tests::{loader_that_knows, two_tiles};
use super::super::subtrees::tests::layer_of;
use super::*;
use crate::model::edit::tests::scenario;
use crate::sources::resource::{
    self,
    made_up::{MadeUp, square, tileset},
};
use crate::sources::tiles3d::{TileId, TileTree, open_tileset};
use crate::streaming::{Ceiling, Selection, ceiling::Frame};
use bevy::ecs::system::RunSystemOnce;
use std::path::Path;
use std::sync::Arc;

/// What is drawn, what takes over from it, and another layer.
const OLD: u32 = 0;
const NEW: u32 = 1;
const OTHER: u32 = 2;

/// Of 1,000 bytes that all may hold, what is drawn holds 600. Something has no room, and nothing more comes of that.
fn world(new: TileTree, waits_for: TileId) -> World {
    let mut world = World::new();
    let mut tiles = TileLayers::from_world(&mut world);
    let stuck = Frame {
        drawn_bytes: 600,
        soft_bytes: 800,
        in_flight: 0,
        is_waiting: true,
        has_moved: false,
        is_coarsest: true,
    };
    tiles.ceiling = Ceiling::new(1000, 100);
    tiles.ceiling.step(stuck, 0);
    tiles.ceiling.step(stuck, 0);
    assert!(tiles.ceiling.leaves_out());
    tiles.residency.insert(key(OLD), &two_tiles(false), 600);
    let mut old = layer_of(two_tiles(false));
    old.shown.insert(TileId(0));
    let mut new = layer_of(new);
    new.successor_of = Some(OLD);
    new.selection = Some(Selection {
        load: vec![waits_for],
        needed: 1,
        ..Selection::default()
    });
    tiles.layers = [(OLD, old), (NEW, new)].into();
    world.insert_resource(tiles);
    world.init_resource::<FeatureRows>();
    let open = OpenScenario::without_data(scenario(), resource::folder(Path::new(".")));
    world.insert_resource(ShownScenario::new(Arc::new(open)));
    world
}

fn key(layer: u32) -> TileKey {
    TileKey { layer, tile: TileId(0) }
}

/// Whether the new one takes over in this frame.
fn takes_over(world: &mut World, is_still: bool) -> bool {
    let frame = move |mut tiles: ResMut<TileLayers>,
                      scenario: Res<ShownScenario>,
                      mut visibilities: Query<&mut Visibility>,
                      mut commands: Commands,
                      mut rows: ResMut<FeatureRows>| {
        finish_replacing(
            &mut tiles,
            is_still,
            &scenario,
            &mut visibilities,
            &mut commands,
            &mut rows,
        );
    };
    world.run_system_once(frame).unwrap();
    let tiles = world.resource::<TileLayers>();
    let is_old_there = tiles.layers.contains_key(&OLD);
    assert_eq!(tiles.layers[&NEW].successor_of.is_some(), is_old_there);
    assert_eq!(tiles.residency.layer_bytes(OLD), if is_old_there { 600 } else { 0 });
    !is_old_there
}

fn selection(world: &mut World) -> Mut<'_, Selection> {
    let tiles = world.resource_mut::<TileLayers>();
    tiles.map_unchanged(|tiles| {
        let new = tiles.layers.get_mut(&NEW).expect("it is there");
        new.selection.as_mut().expect("it was selected from")
    })
}

#[test]
fn what_is_drawn_stays_while_a_tileset_of_the_new_one_is_read() {
    let far = MadeUp::of_texts(true, |path| {
        let inner = square([0.0; 2], 50.0, r#""content": {"uri": "far/t.json"}"#);
        let root = square([0.0; 2], 100.0, &format!(r#""children": [{inner}]"#));
        (path == "https://a.org/tileset.json").then(|| tileset(&root))
    });
    let (tree, _) = open_tileset(far, "https://a.org/tileset.json").unwrap();
    let awaited = (0..).map(TileId).take(tree.tiles.len());
    let awaited = awaited.filter(|tile| tree.is_subtree_awaited(*tile)).last();
    let mut world = world(tree, awaited.expect("it is on a server"));
    assert!(!takes_over(&mut world, true));
    selection(&mut world).render.push(TileId(0));
    assert!(!takes_over(&mut world, true), "what is read may have room");
    *selection(&mut world) = Selection {
        complete: true,
        ..Selection::default()
    };
    assert!(takes_over(&mut world, false), "it cannot be read, and that is all");
}

#[test]
fn what_is_drawn_goes_for_something_that_gets_room_by_that() {
    let mut world = world(two_tiles(false), TileId(0));
    assert!(!takes_over(&mut world, true), "it was not looked at");
    let mut tiles = world.resource_mut::<TileLayers>();
    tiles.loader = loader_that_knows(key(NEW), 700);
    tiles.residency.insert(key(OTHER), &two_tiles(false), 350);
    assert!(
        !takes_over(&mut world, true),
        "there would be 650 free, and nothing drawn"
    );
    world
        .resource_mut::<TileLayers>()
        .residency
        .insert(key(OTHER), &two_tiles(false), 300);
    assert!(!takes_over(&mut world, false), "the view moves");
    assert!(takes_over(&mut world, true));
}

#[test]
fn what_is_drawn_goes_for_something_that_is_drawn_in_part_and_nothing_goes_for_nothing() {
    for is_new_drawn in [true, false] {
        let mut world = world(two_tiles(false), TileId(0));
        let mut tiles = world.resource_mut::<TileLayers>();
        tiles.loader = loader_that_knows(key(NEW), 700);
        tiles.residency.insert(key(OTHER), &two_tiles(false), 390);
        assert!(!takes_over(&mut world, true));
        if is_new_drawn {
            selection(&mut world).render.push(TileId(1));
        } else {
            let mut tiles = world.resource_mut::<TileLayers>();
            tiles.layers.get_mut(&OLD).expect("it is there").shown.clear();
        }
        assert!(takes_over(&mut world, true));
    }
}
