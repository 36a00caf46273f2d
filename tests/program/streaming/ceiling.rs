//! The hard ceiling: whatever a view needs, what is held and what is being decoded stay under it together, the picture
//! settles, and no tile is loaded twice.

use super::properties::{Stand, plans, plans_of, stands, views};
use super::station::{Size, Station};
use super::world::{Plan, empty, leaves, look, tile};
use proptest::prelude::*;
use stadslens::streaming::Ceiling;

#[test]
#[expect(clippy::float_cmp, reason = "down to what was wanted means to the last bit")]
fn a_view_that_needs_more_than_there_may_be_is_drawn_coarser_and_finer_again_later() {
    let branch = |name: &str| tile(name, 16.0, leaves(&["w", "x", "y", "z"]));
    let plan = tile("root", 64.0, ["a", "b", "c", "d"].map(branch).to_vec());
    let everything = [look(0.0, 1000.0, 100.0)];
    let corner = [look(0.0, 200.0, 100.0)];
    let mut station = Station::new(&plan, &[Size::of(10)], &[1], 80, 100);
    station.settle(&everything);
    assert!(
        station.ceiling.error_factor() > 1.0,
        "sixteen leaves do not fit into ten"
    );
    assert!(station.world.now.complete, "{:?}", station.world.now);
    assert!(!station.world.now.render.is_empty());
    assert!(station.most_bytes <= 100, "{}", station.most_bytes);
    station.settle(&corner);
    assert_eq!(station.ceiling.error_factor(), 1.0, "here all of it fits");
    assert!(station.world.now.complete);
    station.settle(&everything);
    assert!(station.ceiling.error_factor() > 1.0);
    // There may be more: the same view gets finer by itself.
    station.ceiling.set_bytes(400);
    station.residency.set_budget_bytes(300);
    station.settle(&everything);
    assert_eq!(
        (station.ceiling.error_factor(), station.world.now.render.len()),
        (1.0, 16)
    );
}

#[test]
fn something_is_loaded_in_the_place_of_something_else_only_where_it_has_room_then() {
    let ceiling = Ceiling::new(100, 20);
    assert!(
        ceiling.has_room_instead(50, 30, 60) && !ceiling.has_room_instead(51, 30, 60),
        "20 are kept free"
    );
    assert!(ceiling.has_room_instead(100, 30, 30), "nothing else is held");
    assert!(!ceiling.has_room_instead(101, 30, 30) && !ceiling.has_room_instead(1, 30, 130));
}

#[test]
fn a_coarser_tile_without_room_beside_the_finer_ones_takes_their_place() {
    let mut plan = tile("root", 64.0, leaves(&["a", "b", "c", "d", "e"]));
    plan.children[4] = tile("e", 16.0, leaves(&["v", "w"]));
    // The root alone fills nearly all there is; its children are small, and the last too many of them.
    let sizes = [95, 20, 20, 20, 20, 15, 40, 40].map(Size::of);
    let mut station = Station::new(&plan, &sizes, &[1], 60, 100);
    // Fine tiles first: of the root nothing is needed yet.
    station.settle(&[look(0.0, 700.0, 100.0)]);
    let fine = station.world.drawn();
    assert!(!fine.contains("root"), "{fine}");
    station.settle(&[look(0.0, 1000.0, 100.0)]);
    assert!(
        station.world.now.complete && station.most_bytes <= 100,
        "{:?}",
        station.world.now
    );
}

#[test]
fn a_tile_that_fills_nearly_all_comes_once_the_one_before_it_has_gone() {
    // Not side by side: what lies beside a tile in view stays.
    let branch = |name: &str| empty("", 16.0, leaves(&[name]));
    let plan = empty("root", 64.0, ["a", "b"].map(branch).to_vec());
    // A quarter is kept free once the first leaf was there: the second has more than the rest.
    let mut station = Station::new(&plan, &[1, 1, 40, 1, 80].map(Size::of), &[1], 60, 100);
    for (from, to, drawn) in [(10.0, 490.0, "a"), (510.0, 990.0, "b"), (10.0, 490.0, "a")] {
        station.settle(&[look(from, to, 100.0)]);
        assert_eq!(station.world.drawn(), drawn);
        assert!(station.world.now.complete && station.most_bytes <= 100, "{drawn}");
    }
}

#[test]
fn a_tile_larger_than_the_ceiling_is_refused_and_its_parent_stands_in() {
    let plan = tile("root", 64.0, leaves(&["a", "b"]));
    let sizes = [Size::of(20), Size::of(101), Size::of(20)];
    let mut station = Station::new(&plan, &sizes, &[1], 60, 100);
    station.settle(&[look(0.0, 1000.0, 100.0)]);
    assert_eq!(
        (station.world.drawn().as_str(), station.world.stand_ins().as_str()),
        ("b", "root@a")
    );
    assert_eq!(station.decoders.asked, [1, 1, 1]);
}

#[test]
#[expect(clippy::float_cmp, reason = "as fine as was wanted means to the last bit")]
fn what_lies_beside_the_view_goes_before_the_picture_gets_coarser() {
    let p = tile("p", 16.0, leaves(&["a", "b", "c", "d"]));
    let mut children = leaves(&["p", "q", "r", "s"]);
    children[0] = p;
    let plan = empty("root", 64.0, children);
    let mut station = Station::new(&plan, &[Size::of(10)], &[1], 55, 60);
    station.settle(&[look(0.0, 240.0, 2000.0)]);
    assert_eq!(station.world.drawn(), "p");
    assert_eq!(station.residency.total_bytes(), 40, "those beside it came ahead");
    station.decoders.asked.fill(0);
    station.settle(&[look(0.0, 240.0, 100.0)]);
    assert_eq!(station.world.drawn(), "a b c d");
    assert_eq!(station.ceiling.error_factor(), 1.0);
    assert!(station.world.now.complete && station.most_bytes <= 60);
    for name in ["q", "r", "s"] {
        let at = station.world.id(name).0 as usize;
        assert_eq!(station.decoders.asked[at], 0, "{name} came again");
    }
}

#[test]
#[expect(clippy::float_cmp, reason = "as fine as was wanted means to the last bit")]
fn below_an_empty_parent_as_much_is_drawn_as_fits_and_the_rest_is_left_out() {
    let everything = [look(0.0, 1000.0, 100.0)];
    // Sizes of the root, which has nothing, and of what lies below it; the middle comes first, and then what fits.
    for (sizes, drawn) in [([0, 30, 30, 30, 30], "a b c"), ([0, 10, 60, 60, 20], "a b d")] {
        let plan = empty("root", 64.0, leaves(&["a", "b", "c", "d"]));
        let mut station = Station::new(&plan, &sizes.map(Size::of), &[1], 60, 100);
        station.settle(&everything);
        assert_eq!(station.world.drawn(), drawn);
        assert!(!station.world.now.complete && station.ceiling.leaves_out());
        assert_eq!(station.ceiling.error_factor(), 1.0, "nothing gets coarser by that");
        assert!(station.most_bytes <= 100);
        station.settle(&[look(0.0, 200.0, 100.0)]);
        assert_eq!(station.world.drawn(), "a");
        assert!(station.world.now.complete && !station.ceiling.leaves_out());
    }
}

#[test]
fn below_an_empty_parent_coarse_tiles_come_before_anything_is_left_out() {
    let branch = |name: &str| tile(name, 16.0, leaves(&["w", "x", "y", "z"]));
    let plan = empty("root", 64.0, ["a", "b", "c"].map(branch).to_vec());
    let mut station = Station::new(&plan, &[Size::of(30)], &[1], 60, 100);
    let everything = [look(0.0, 1000.0, 100.0)];
    station.settle(&everything);
    assert_eq!(station.world.drawn(), "a b c");
    assert!(station.world.now.complete && station.ceiling.error_factor() > 1.0);
}

#[test]
fn what_was_left_out_comes_once_there_may_be_more() {
    let plan = empty("root", 64.0, leaves(&["a", "b", "c"]));
    let mut station = Station::new(&plan, &[Size::of(40)], &[1], 60, 100);
    let everything = [look(0.0, 1000.0, 100.0)];
    station.settle(&everything);
    assert!(station.ceiling.leaves_out() && station.world.now.render.len() == 2);
    station.ceiling.set_bytes(160);
    station.settle(&everything);
    assert_eq!(station.world.drawn(), "a b c");
    assert_eq!(station.decoders.asked, [0, 1, 1, 1]);
}

#[test]
fn a_camera_inside_a_tile_does_not_keep_it_from_being_drawn() {
    let plan = tile("root", 64.0, leaves(&["a", "b", "c", "d"]));
    let sizes = [50, 40, 40, 40, 40].map(Size::of);
    let mut station = Station::new(&plan, &sizes, &[1], 60, 100);
    station.settle(&[look(0.0, 1000.0, -0.5)]);
    assert_eq!(station.world.drawn(), "root");
    assert!(station.world.now.complete && station.most_bytes <= 100);
}

fn sizes() -> impl Strategy<Value = Vec<Size>> {
    // Some tiles are a hundred times as large as others, and some take three times as much while they are decoded.
    let held = prop_oneof![3 => 1..20_u64, 1 => 20..400_u64];
    let one = (held, 0..200_u64).prop_map(|(held, more)| Size {
        held,
        need: held + held * more / 100,
    });
    prop::collection::vec(one, 40)
}

fn latencies() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(1..7_u64, 1..20)
}

/// Trees with few and with many empty tiles.
fn trees() -> impl Strategy<Value = Plan> {
    prop_oneof![plans(), plans_of(5)]
}

/// Places beside the tiles and among them.
fn stops() -> impl Strategy<Value = Vec<Stand>> {
    (stands(), 0..4_u8).prop_map(|(mut stands, inside)| {
        if inside == 0 {
            stands[0].2 = -0.5;
        }
        stands
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn at_any_ceiling_above_the_largest_tile_it_settles_and_loads_nothing_twice(
        plan in trees(),
        stops in prop::collection::vec(stops(), 1..4),
        (sizes, latencies) in (sizes(), latencies()),
        (above, soft) in (0..150_u64, 10..95_u64),
    ) {
        let mut station = Station::new(&plan, &sizes, &latencies, 0, 0);
        let largest = station.decoders.sizes.iter().map(|size| size.need).max().unwrap_or(1);
        let ceiling = largest + largest * above / 100;
        station = Station::new(&plan, &sizes, &latencies, ceiling * soft / 100, ceiling);
        for stop in &stops {
            station.decoders.asked.fill(0);
            let views = views(stop);
            station.settle(&views);
            let twice = station.decoders.asked.iter().any(|times| *times > 1);
            prop_assert!(!twice, "{:?} of {plan:?}", station.decoders.asked);
            let is_whole = station.world.now.complete || station.least_bytes() > ceiling;
            prop_assert!(is_whole, "{:?} of {plan:?}", station.world.now);
            let hole = station.hole(&views).filter(|_| station.world.now.complete);
            prop_assert!(hole.is_none(), "nothing at {hole:?}: {:?} of {plan:?}", station.world.now);
            let missed = station.missed();
            prop_assert!(missed.is_none(), "{missed:?} would fit: {:?} of {plan:?}", station.world.now);
            prop_assert!(station.most_bytes <= ceiling, "{} > {ceiling}", station.most_bytes);
        }
    }

    #[test]
    fn memory_stays_under_any_ceiling_on_any_flight(
        plan in trees(),
        flight in prop::collection::vec((stops(), 1..8_usize), 1..8),
        (sizes, latencies) in (sizes(), latencies()),
        (ceiling, soft) in (1..1200_u64, 10..95_u64),
    ) {
        let mut station = Station::new(&plan, &sizes, &latencies, ceiling * soft / 100, ceiling);
        for (stand, frames) in &flight {
            let views = views(stand);
            for _ in 0..*frames {
                station.frame(&views);
            }
        }
        prop_assert!(station.most_bytes <= ceiling, "{} > {ceiling}", station.most_bytes);
        let (last, _) = flight.last().expect("a flight has a stop");
        station.settle(&views(last));
        prop_assert!(station.most_bytes <= ceiling, "{} > {ceiling}", station.most_bytes);
    }
}
