//! What is drawn and loaded, frame by frame, on trees small enough to draw in a comment.

use super::world::{World, add, bare_tile, empty, leaves, look, span, tile, tree_of};
use bevy::math::DVec3;
use stadslens::sources::tiles3d::{BoundingVolume, Refine, TileId};
use stadslens::streaming::{ContentState, SelectionSettings, SelectionState, View, select};

//             root 16 m: fine enough from 1000 m away
//         a 0        b 0        c 0        d 0
fn four() -> World {
    World::new(&tile("root", 16.0, leaves(&["a", "b", "c", "d"])))
}

//                root 64 m: fine enough from 4000 m
//         p 16 m: 1000 m              q 16 m
//      a    b    c    d            e    f    g    h
fn two_levels() -> World {
    let p = tile("p", 16.0, leaves(&["a", "b", "c", "d"]));
    let q = tile("q", 16.0, leaves(&["e", "f", "g", "h"]));
    World::new(&tile("root", 64.0, vec![p, q]))
}

const ALL: (f64, f64) = (0.0, 1000.0);

fn near() -> [View; 1] {
    [look(ALL.0, ALL.1, 100.0)]
}
fn middle() -> [View; 1] {
    [look(ALL.0, ALL.1, 2000.0)]
}
fn far() -> [View; 1] {
    [look(ALL.0, ALL.1, 9000.0)]
}

#[test]
fn refines_straight_to_the_needed_level() {
    let mut world = two_levels();
    world.frame(&near());
    assert_eq!(world.needed(), "d e c f b g a h", "nearest first, nothing between");
    assert_eq!(world.ahead(), "root p q");
    assert_eq!(world.drawn(), "");
    assert!(!world.now.complete);
    world.arrive(&["a", "b", "c", "d", "e", "f", "g", "h"]).frame(&near());
    assert_eq!(world.drawn(), "a b c d e f g h");
    assert!(world.now.complete);
}

#[test]
fn coarse_picture_stays_until_the_fine_one_is_whole() {
    let mut world = four();
    world.arrive(&["root"]).frame(&near());
    assert_eq!((world.drawn().as_str(), world.needed().as_str()), ("root", "b c a d"));
    world.arrive(&["a", "b", "c"]).frame(&near());
    assert_eq!((world.drawn().as_str(), world.needed().as_str()), ("root", "d"));
    world.arrive(&["d"]).frame(&near());
    assert_eq!((world.drawn().as_str(), world.needed().as_str()), ("a b c d", ""));
}

#[test]
fn loaded_children_waiting_for_their_siblings_are_in_use() {
    let mut world = four();
    world.arrive(&["root", "a", "b", "c"]).frame(&near());
    assert_eq!(world.drawn(), "root");
    let used: Vec<_> = world.now.used.iter().map(|id| world.name(*id)).collect();
    assert_eq!(used, ["root", "a", "b", "c"]);
}

#[test]
fn what_lies_beside_the_view_is_loaded_ahead_and_told_apart_from_what_is_in_use() {
    let mut world = four();
    let left = [look(0.0, 200.0, 100.0)];
    world.arrive(&["a", "c"]).frame(&left);
    assert_eq!((world.drawn().as_str(), world.needed().as_str()), ("a", ""));
    assert_eq!(world.ahead(), "root b d");
    assert_eq!(
        (world.now.used.clone(), world.now.ahead.clone()),
        (vec![world.id("a")], vec![world.id("c")])
    );
}

#[test]
fn where_memory_is_short_only_what_has_something_coarser_gets_coarser() {
    let p = tile("p", 16.0, leaves(&["a", "b"]));
    let mut world = World::new(&empty("root", 64.0, vec![p, empty("", 16.0, leaves(&["c", "d"]))]));
    world.frame(&near());
    assert_eq!((world.needed().as_str(), world.now.is_coarsest), ("b c a d", false));
    world.settings.error_factor = 1000.0;
    world.frame(&near());
    assert_eq!((world.needed().as_str(), world.now.is_coarsest), ("p c d", true));
    // As far away as it is fine enough at the error that is wanted, nothing is drawn for it.
    world.frame(&far());
    assert_eq!((world.needed().as_str(), world.now.complete), ("", true));
}

#[test]
fn zooming_out_to_a_tile_that_is_not_loaded_holds_the_detail() {
    let mut world = four();
    world.arrive(&["a", "b", "c", "d"]).frame(&near()).frame(&far());
    assert_eq!(world.drawn(), "a b c d");
    assert_eq!(world.needed(), "root");
    assert!(!world.now.complete);
    world.frame(&far());
    assert_eq!(world.drawn(), "a b c d", "held for as long as it takes");
    world.arrive(&["root"]).frame(&far());
    assert_eq!((world.drawn().as_str(), world.now.complete), ("root", true));
}

#[test]
fn zooming_out_over_two_levels_holds_only_what_was_drawn() {
    let mut world = two_levels();
    // p is refined, q is not: 1500 m from it, 100 m from p's middle.
    let aside = [look(0.0, 1000.0, 900.0)];
    world.arrive(&["p", "e", "f", "g", "h"]);
    world.frame(&aside);
    assert_eq!(world.drawn(), "p e f g h", "p waits for its children, q is there");
    world.frame(&far());
    assert_eq!((world.drawn().as_str(), world.needed().as_str()), ("p e f g h", "root"));
    world.arrive(&["q"]).frame(&far());
    assert_eq!(world.drawn(), "p q", "coarser and loaded is good enough meanwhile");
}

#[test]
fn held_back_tiles_come_before_all_others() {
    let mut world = two_levels();
    let left_near = [look(0.0, 500.0, 100.0)];
    world.arrive(&["a", "b", "c", "d"]).frame(&left_near);
    assert_eq!(world.drawn(), "a b c d");
    // p is fine enough now and not there; q comes into view.
    world.frame(&middle());
    assert_eq!(world.drawn(), "a b c d");
    assert_eq!(world.needed(), "p q");
}

#[test]
fn failed_child_is_stood_in_for_and_its_siblings_stay() {
    let mut world = four();
    world.arrive(&["root", "a", "b", "c"]).fail(&["d"]).frame(&near());
    assert_eq!(
        (world.drawn().as_str(), world.stand_ins().as_str()),
        ("a b c", "root@d")
    );
    assert!(world.now.complete, "nothing more can come");
    assert!(
        world.now.used.contains(&world.id("root")),
        "the stand-in must not be evicted"
    );
}

#[test]
fn failed_child_asks_for_a_parent_that_was_skipped() {
    let mut world = four();
    world.arrive(&["a", "b", "c"]).fail(&["d"]).frame(&near());
    assert_eq!((world.drawn().as_str(), world.needed().as_str()), ("a b c", "root"));
    world.arrive(&["root"]).frame(&near());
    assert_eq!(
        (world.drawn().as_str(), world.stand_ins().as_str()),
        ("a b c", "root@d")
    );
}

#[test]
fn failed_parent_is_passed_over_for_the_grandparent() {
    let mut world = two_levels();
    world
        .arrive(&["root", "a", "b", "c", "e", "f", "g", "h"])
        .fail(&["p", "d"])
        .frame(&near());
    assert_eq!(
        (world.drawn().as_str(), world.stand_ins().as_str()),
        ("a b c e f g h", "root@d")
    );
}

#[test]
fn failed_tile_without_anything_above_is_refined() {
    let mut world = four();
    world.fail(&["root"]).frame(&far());
    assert_eq!(world.needed(), "b c a d");
    world.arrive(&["a", "b"]).frame(&far());
    assert_eq!(world.drawn(), "a b");
    world.fail(&["c", "d"]).frame(&far());
    assert_eq!((world.drawn().as_str(), world.now.complete), ("a b", true));
}

#[test]
fn tileset_whose_every_content_is_missing_is_not_asked_for_tile_by_tile() {
    let chain = |name: &str, children| tile(name, 0.0, children);
    let mut world = World::new(&chain(
        "1",
        vec![chain("2", vec![chain("3", vec![chain("4", vec![])])])],
    ));
    world.fail(&["1", "2"]).frame(&far());
    assert_eq!(world.needed(), "3");
    world.fail(&["3"]).frame(&far());
    assert_eq!((world.needed().as_str(), world.now.complete), ("", true));
}

#[test]
fn zooming_out_onto_a_failed_tile_ends_with_its_stand_in() {
    let mut world = two_levels();
    world
        .fail(&["p"])
        .arrive(&["a", "b", "c", "d", "q"])
        .frame(&[look(0.0, 490.0, 100.0)]);
    assert_eq!(world.drawn(), "a b c d");
    world.frame(&middle());
    assert_eq!((world.drawn().as_str(), world.needed().as_str()), ("a b c d q", "root"));
    world.arrive(&["root"]).frame(&middle());
    assert_eq!((world.drawn().as_str(), world.stand_ins().as_str()), ("q", "root@p"));
}

#[test]
fn newly_seen_sibling_does_not_throw_back_what_was_drawn() {
    let mut world = four();
    world.arrive(&["root", "a", "b"]).frame(&[look(0.0, 490.0, 100.0)]);
    assert_eq!(world.drawn(), "a b");
    assert_eq!(world.ahead(), "c d", "siblings ahead of the pan");
    world.frame(&[look(0.0, 700.0, 100.0)]);
    assert_eq!((world.drawn().as_str(), world.stand_ins().as_str()), ("a b", "root@c"));
    assert_eq!(world.needed(), "c");
}

//            root 16 m, content
//       group (empty) 8 m       b
//       a1       a2
#[test]
fn empty_tile_is_replaced_only_by_what_can_be_drawn_below_it() {
    let group = empty("group", 8.0, leaves(&["a1", "a2"]));
    let mut world = World::new(&tile("root", 16.0, vec![group, tile("b", 0.0, vec![])]));
    // The group would be fine enough from 500 m, and would be a hole.
    let views = [look(ALL.0, ALL.1, 800.0)];
    world.arrive(&["root", "b"]).frame(&views);
    assert_eq!((world.drawn().as_str(), world.needed().as_str()), ("root", "a2 a1"));
    world.arrive(&["a1", "a2"]).frame(&views);
    assert_eq!(world.drawn(), "a1 a2 b");
}

#[test]
fn empty_leaf_blocks_nobody() {
    let mut world = World::new(&tile(
        "root",
        16.0,
        vec![empty("hole", 0.0, vec![]), tile("b", 0.0, vec![])],
    ));
    world.arrive(&["root", "b"]).frame(&near());
    assert_eq!((world.drawn().as_str(), world.now.complete), ("b", true));
}

//    root (empty) 64 m
//    link (empty) 16 m, an external tileset hangs here
//    inner 8 m
#[test]
fn external_tileset_shows_its_root_where_the_link_is_fine_enough() {
    let link = empty("link", 16.0, vec![tile("inner", 8.0, leaves(&["x", "y"]))]);
    let mut world = World::new(&empty("root", 64.0, vec![link, tile("beside", 0.0, vec![])]));
    world.frame(&middle());
    assert_eq!(world.needed(), "beside inner");
}

#[test]
fn empty_groups_are_refined_by_their_error_and_not_to_the_bottom() {
    let group = |name: &str, children| empty(name, 4.0, leaves(children));
    let mut world = World::new(&empty(
        "root",
        64.0,
        vec![group("1", &["a", "b"]), group("2", &["c", "d"])],
    ));
    world.frame(&middle());
    assert_eq!((world.needed().as_str(), world.now.complete), ("", true));
    world.frame(&[look(ALL.0, ALL.1, 200.0)]);
    assert_eq!(world.needed(), "b c a d");
}

//    root ADD 16 m
//    a      b      c      d, each drawn besides it
#[test]
fn added_children_come_one_by_one_besides_their_parent() {
    let mut world = World::new(&add("root", 16.0, leaves(&["a", "b", "c", "d"])));
    world.frame(&near());
    assert_eq!(world.needed(), "root b c a d");
    world.arrive(&["root", "b"]).frame(&near());
    assert_eq!((world.drawn().as_str(), world.stand_ins().as_str()), ("root b", ""));
    world.fail(&["a"]).arrive(&["c", "d"]).frame(&near());
    assert_eq!((world.drawn().as_str(), world.stand_ins().as_str()), ("root b c d", ""));
    assert!(world.now.complete);
}

#[test]
fn added_child_is_skipped_where_the_parents_error_is_small_already() {
    // The error of 4 m is fine from 250 m on: only the children within that are worth having.
    let mut world = World::new(&add("root", 4.0, leaves(&["a", "b", "c", "d"])));
    let mut view = look(ALL.0, ALL.1, 10.0);
    view.position.x = 0.0;
    world.frame(&[view]);
    assert_eq!(world.needed(), "a root");
    assert_eq!(world.ahead(), "", "nor are they loaded ahead");
}

#[test]
fn added_detail_stays_until_the_parent_that_suffices_is_there() {
    let mut world = World::new(&add("root", 16.0, leaves(&["a", "b"])));
    world.arrive(&["a", "b"]).frame(&near());
    assert_eq!(world.drawn(), "a b");
    world.frame(&far());
    assert_eq!((world.drawn().as_str(), world.needed().as_str()), ("a b", "root"));
    world.arrive(&["root"]).frame(&far());
    assert_eq!(world.drawn(), "root");
}

#[test]
fn two_views_draw_both_spans_and_the_finer_wish_wins() {
    let mut world = two_levels();
    world.arrive(&["p", "q", "a", "b", "c", "d", "e", "f", "g", "h"]);
    let left_near = look(0.0, 490.0, 100.0);
    let all_middle = look(0.0, 1000.0, 2000.0);
    world.frame(&[left_near.clone(), all_middle.clone()]);
    assert_eq!(world.drawn(), "a b c d q");
    world.frame(&[all_middle, left_near]);
    assert_eq!(world.drawn(), "a b c d q", "in either order");
}

#[test]
fn a_view_that_does_not_see_a_tile_does_not_refine_it() {
    let mut world = two_levels();
    world.arrive(&["root", "p", "q"]);
    // The first stands close to p and looks away from it; the second sees p from afar.
    let mut away = look(600.0, 1000.0, 2000.0);
    away.position = DVec3::new(250.0, -2.0, 0.0);
    world.frame(&[away, look(0.0, 490.0, 2000.0)]);
    assert!(world.drawn().starts_with('p'), "{}", world.drawn());
    assert!(!world.needed().contains('a'), "{}", world.needed());
}

#[test]
fn no_view_draws_nothing() {
    let mut world = four();
    world.arrive(&["root"]).frame(&[]);
    assert_eq!((world.drawn().as_str(), world.needed().as_str()), ("", ""));
}

#[test]
fn long_wait_for_descendants_loads_the_parent_first() {
    let names: Vec<_> = (0..8).map(|n| format!("leaf{n}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let mut world = World::new(&tile("root", 16.0, leaves(&names)));
    world.settings.loading_descendant_limit = 7;
    world.frame(&near());
    assert_eq!((world.needed().as_str(), world.ahead().as_str()), ("root", ""));
    world.arrive(&["root"]).frame(&near());
    assert_eq!(world.drawn(), "root");
    assert_eq!(world.now.needed, 8);
    world.settings.loading_descendant_limit = 8;
    let mut patient = World::new(&tile("root", 16.0, leaves(&names)));
    patient.settings.loading_descendant_limit = 8;
    patient.frame(&near());
    assert_eq!(patient.now.needed, 8);
}

#[test]
fn long_wait_elsewhere_does_not_blank_a_tile_that_just_took_over_from_its_children() {
    let mut world = two_levels();
    world.settings.loading_descendant_limit = 0;
    world
        .arrive(&["p", "a", "b", "c", "d"])
        .frame(&[look(0.0, 490.0, 100.0)]);
    assert_eq!(world.drawn(), "a b c d");
    world.frame(&middle());
    assert_eq!((world.drawn().as_str(), world.needed().as_str()), ("p", "q"));
}

#[test]
fn parent_that_failed_is_not_waited_for_before_its_descendants() {
    let mut world = four();
    world.settings.loading_descendant_limit = 2;
    world.fail(&["root"]).frame(&near());
    assert_eq!(world.needed(), "b c a d");
}

#[test]
fn nothing_changed_costs_no_look_at_the_tree() {
    let mut world = four();
    world.frame(&near()).frame(&near());
    let first = world.now.clone();
    world.frame(&near());
    assert_eq!((world.state.tiles_visited(), &world.now), (0, &first));
    let id = world.id("a");
    world.state.set_content(id, ContentState::Loading);
    world.frame(&near());
    assert_eq!(world.state.tiles_visited(), 0, "asked for is not news");
    world.arrive(&["a"]).frame(&near());
    assert_eq!(world.state.tiles_visited(), 5);
    world.frame(&near()).frame(&near());
    assert_eq!(world.state.tiles_visited(), 0);
    world.frame(&far());
    assert_ne!(world.state.tiles_visited(), 0, "another view");
    world.frame(&far()).frame(&far());
    world.settings.max_screen_space_error_px = 1.0;
    world.frame(&far());
    assert_ne!(world.state.tiles_visited(), 0, "another threshold");
}

#[test]
fn tree_edited_in_place_is_read_anew_when_told() {
    let mut world = four();
    world.arrive(&["root", "a", "b", "c", "d"]).frame(&far()).frame(&far());
    assert_eq!(world.drawn(), "root");
    world.tree.tiles[0].geometric_error_m = 1e6;
    world.state.tree_changed();
    world.frame(&far());
    assert_eq!(world.drawn(), "a b c d");
}

#[test]
fn culled_subtrees_are_not_entered() {
    let mut world = two_levels();
    world.frame(&[look(0.0, 490.0, 100.0)]);
    assert_eq!(world.state.tiles_visited(), 7, "root, p and its four, and q to cull it");
}

#[test]
fn tile_is_passed_over_while_the_viewer_is_not_where_it_asks_for_him() {
    let mut world = two_levels();
    let p = world.id("p");
    world.tree.tiles[p.0 as usize].viewer_request_volume = Some(BoundingVolume::Sphere {
        center: DVec3::new(500.0, 0.0, 0.0),
        radius: 500.0,
    });
    world.frame(&middle());
    assert_eq!(world.needed(), "q");
    world.frame(&near());
    assert_eq!(world.needed(), "d e c f b g a h");
}

#[test]
fn hostile_trees_are_walked_without_harm() {
    let volumes = [
        span(0.0, 1000.0),
        span(f64::NAN, 3.0),
        span(f64::NEG_INFINITY, f64::INFINITY),
        BoundingVolume::Sphere {
            center: DVec3::ZERO,
            radius: -1.0,
        },
    ];
    for (number, volume) in volumes.into_iter().enumerate() {
        for error_m in [f64::NAN, f64::INFINITY, -1.0, 0.0] {
            // Children out of range, the tile itself, its parent, and one child twice.
            let mut tiles = vec![bare_tile(None, 0, volume, error_m, Refine::Replace); 3];
            for tile in &mut tiles {
                tile.contents.push("x".to_owned());
                tile.children = [0, 1, 2, 2, 1, 77].map(TileId).to_vec();
            }
            let tree = tree_of(tiles);
            let mut state = SelectionState::default();
            for distance in [100.0, 1e9, f64::NAN] {
                let selection = select(
                    &tree,
                    &[look(0.0, 1000.0, distance)],
                    &SelectionSettings::default(),
                    &mut state,
                );
                assert!(
                    selection.load.len() <= 3,
                    "volume {number}, error {error_m}: {selection:?}"
                );
            }
        }
    }
}

#[test]
fn chain_deeper_than_any_honest_tileset_does_not_overflow_the_stack() {
    let count = 100_000_u32;
    let tiles = (0..count)
        .map(|number| {
            let parent = number.checked_sub(1).map(TileId);
            let mut tile = bare_tile(parent, number, span(0.0, 1000.0), 1e9, Refine::Replace);
            tile.children.extend((number + 1 < count).then_some(TileId(number + 1)));
            tile.contents.push("x".to_owned());
            tile
        })
        .collect();
    let mut state = SelectionState::default();
    let selection = select(&tree_of(tiles), &near(), &SelectionSettings::default(), &mut state);
    assert_eq!(state.tiles_visited(), 513);
    assert_eq!(selection.needed, 1);
}
