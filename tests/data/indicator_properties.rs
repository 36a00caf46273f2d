//! Indicators of made-up land: against counting cell by cell, whatever the order and the parts, and in a whole town.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "helpers of tests may unwrap, and a suite says how long it took"
)]

use crate::indicators::{assert_values, numbers, opened, unknown};
use bevy::math::DVec2;
use proptest::prelude::*;
use stadslens::analysis::{Indicators, Key};
use stadslens::geometry::Polygon;
use stadslens::model::{
    BuildingRegister, Certainty, LocalText, NewBuilding, NewSurface, OpenScenario, PlanArea, PlanScale,
    RegisteredBuilding, Roof, SurfaceKind, Use, Variant,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

fn rectangle(x: f64, y: f64, width: f64, height: f64) -> Vec<DVec2> {
    vec![
        DVec2::new(x, y),
        DVec2::new(x + width, y),
        DVec2::new(x + width, y + height),
        DVec2::new(x, y + height),
    ]
}

fn registered(id: usize, footprint: Vec<DVec2>, storeys: u32) -> RegisteredBuilding {
    RegisteredBuilding {
        id: format!("R{id}"),
        name: String::new(),
        footprint,
        holes: Vec::new(),
        ground_m: 0.0,
        roof_m: 3.0 * f64::from(storeys),
        is_roof_known: true,
        storeys: Some(storeys),
        main_use: Use::Housing,
        is_use_known: true,
        year: None,
        dwellings: Some(1),
        parking_places: None,
        gfa_m2: Vec::new(),
    }
}

fn planned(id: usize, footprint: Vec<DVec2>, storeys: u32) -> NewBuilding {
    NewBuilding {
        id: format!("N{id}"),
        name: LocalText::default(),
        footprint,
        holes: Vec::new(),
        base_m: 0.0,
        are_storeys_known: true,
        storeys,
        storey_height_m: 3.0,
        ground_storey_height_m: 3.0,
        underground_storeys: 0,
        roof: Roof::Flat,
        main_use: Use::Housing,
        ground_use: None,
        dwellings: Some(2),
        parking_places: None,
        phase: String::new(),
        certainty: Certainty::Open,
    }
}

const KINDS: [SurfaceKind; 6] = [
    SurfaceKind::Asphalt,
    SurfaceKind::Grass,
    SurfaceKind::Water,
    SurfaceKind::Paving,
    SurfaceKind::Planting,
    SurfaceKind::Clinkers,
];

fn surface(id: usize, outer: Vec<DVec2>, kind: usize, level: u8) -> NewSurface {
    NewSurface {
        id: format!("S{id}"),
        kind: KINDS[kind % KINDS.len()],
        outer,
        holes: Vec::new(),
        raise_m: f64::from(level) * 0.1,
        parking_places: None,
        phase: String::new(),
    }
}

/// Rectangles on a raster of metres, each with a number for its kind and one for its height or storeys.
type Boxes = Vec<(u8, u8, u8, u8, u8, u8)>;

fn boxes() -> impl Strategy<Value = Boxes> {
    prop::collection::vec((0..36_u8, 0..36_u8, 1..14_u8, 1..14_u8, 0..6_u8, 1..4_u8), 0..9)
}

fn ring_of(b: (u8, u8, u8, u8, u8, u8)) -> Vec<DVec2> {
    let [x, y, width, height] = [b.0, b.1, b.2, b.3].map(f64::from);
    rectangle(x, y, width, height)
}

/// A scenario of today's buildings and surfaces and a variant `T` with its own, in these parts of land.
fn scenario_of(parts: Vec<Vec<DVec2>>, lists: &[Boxes; 4]) -> OpenScenario {
    let mut open = opened("tests/fixtures/hof");
    let [old, ground, new, plan] = lists;
    open.scenario.plan_area = Some(PlanArea {
        title: LocalText::default(),
        scale: PlanScale::Fabric,
        parts: parts.into_iter().map(Polygon::new).collect(),
    });
    let numbered = |list: &Boxes| list.iter().copied().enumerate().collect::<Vec<_>>();
    let register = numbered(old)
        .into_iter()
        .map(|(i, b)| registered(i, ring_of(b), u32::from(b.5)));
    open.register = Arc::new(BuildingRegister::new(register.collect()));
    let surfaces = |list| {
        numbered(list)
            .into_iter()
            .map(|(i, b)| surface(i, ring_of(b), usize::from(b.4), b.5))
    };
    open.surfaces = Arc::new(surfaces(ground).collect());
    let mut variant = Variant::today("T");
    variant.surfaces = surfaces(plan).collect();
    variant.buildings = numbered(new)
        .into_iter()
        .map(|(i, b)| planned(i, ring_of(b), u32::from(b.5)))
        .collect();
    open.scenario.variants = vec![variant];
    open
}

/// What a surface counts as, and its place in the order of those at one height.
fn group(kind: u8) -> (u8, Key) {
    match KINDS[usize::from(kind)] {
        SurfaceKind::Grass | SurfaceKind::Planting => (1, Key::Green),
        SurfaceKind::Water => (2, Key::Water),
        _ => (0, Key::Paved),
    }
}

/// The cover of variant `T` counted metre by metre, by the rules in words.
fn by_cells(area: &[[u8; 4]], [old, ground, new, plan]: &[Boxes; 4]) -> [(Key, f64); 5] {
    let mut cells = [Key::Built, Key::Green, Key::Paved, Key::Water, Key::UnknownCover].map(|key| (key, 0.0));
    for x in 0..60_u8 {
        for y in 0..60_u8 {
            let covers = |b: &&(u8, u8, u8, u8, u8, u8)| (b.0..b.0 + b.2).contains(&x) && (b.1..b.1 + b.3).contains(&y);
            if !area
                .iter()
                .any(|a| (a[0]..a[2]).contains(&x) && (a[1]..a[3]).contains(&y))
            {
                continue;
            }
            let top = |list: &Boxes| {
                let on = list.iter().filter(covers);
                on.map(|b| (u8::MAX - b.5, group(b.4))).min().map(|(_, (_, key))| key)
            };
            let is_built = old.iter().chain(new).any(|b| covers(&b));
            let key = if is_built {
                Key::Built
            } else {
                top(plan).or_else(|| top(ground)).unwrap_or(Key::UnknownCover)
            };
            cells.iter_mut().find(|(of, _)| *of == key).unwrap().1 += 1.0;
        }
    }
    cells
}

/// Every value, those that have none left out.
fn values(numbers: &Indicators) -> Vec<(Key, f64)> {
    numbers
        .iter()
        .filter_map(|indicator| Some((indicator.key, indicator.value?)))
        .collect()
}

fn assert_same(a: &Indicators, b: &Indicators) {
    let (a, b) = (values(a), values(b));
    assert_eq!(a.len(), b.len());
    for ((key, one), (_, other)) in a.iter().zip(&b) {
        assert!((one - other).abs() < 1e-4, "{}: {one} and {other}", key.name());
    }
}

/// The cover of an L of two parts that overlap, where the overlap counts once, is what counting by cells gives.
fn assert_counted_by_cells(lists: &[Boxes; 4]) {
    let area = [[4, 4, 40, 24], [4, 12, 20, 44]];
    let part = |a: &[u8; 4]| {
        let [x, y, east, north] = a.map(f64::from);
        rectangle(x, y, east - x, north - y)
    };
    let open = scenario_of(area.iter().map(part).collect(), lists);
    let plan = numbers(&open, "T", None);
    for (key, expected) in by_cells(&area, lists) {
        let found = plan.value(key).unwrap();
        assert!(
            (found - expected).abs() < 1e-3,
            "{}: {found}, by cells {expected}",
            key.name()
        );
    }
}

/// The kinds of ground add up to an area turned against everything in it, so that no side lies along another.
fn assert_sums_to_the_area(lists: &[Boxes; 4], turn_rad: f64) {
    let (sin, cos) = turn_rad.sin_cos();
    let corners = rectangle(-16.0, -12.0, 32.0, 24.0);
    let turned = |p: &DVec2| DVec2::new(22.0 + p.x * cos - p.y * sin, 22.0 + p.x * sin + p.y * cos);
    let open = scenario_of(vec![corners.iter().map(turned).collect()], lists);
    for state in [numbers(&open, "", None), numbers(&open, "T", None)] {
        let parts = [Key::Built, Key::Green, Key::Paved, Key::Water, Key::UnknownCover];
        let sum: f64 = parts.iter().map(|key| state.value(*key).unwrap()).sum();
        assert!((sum - 768.0).abs() < 1e-3, "{sum}");
    }
}

/// A surface's corner lies in the corner that the area cuts into a lower one, so the hole it makes touches the edge in a
/// point. Wound like an outer ring, that hole was filled by the next thing cut out and its 6 m² counted twice.
#[test]
fn a_surface_that_touches_the_edge_of_the_area_in_a_corner_is_not_counted_twice() {
    let new = vec![(8, 16, 6, 4, 0, 1)];
    let plan = vec![(18, 21, 2, 3, 0, 1), (12, 12, 9, 13, 0, 1)];
    assert_counted_by_cells(&[vec![], vec![], new, plan]);
}

/// As above with a hole whose two ends lie on the cut edge, the side between them beside it by no more than rounding.
#[test]
fn a_surface_that_touches_a_turned_edge_of_the_area_is_not_counted_twice() {
    let ground = vec![(0, 4, 13, 8, 0, 2), (4, 7, 10, 6, 0, 1)];
    let plan = vec![(4, 7, 9, 4, 0, 1)];
    assert_sums_to_the_area(&[vec![], ground, vec![], plan], 1.855_051_434_860_987_4);
}

/// What nothing is known of is a field with a yard closed in by buildings and a hole elsewhere: the hole was taken for
/// one in the yard, which made the yard's ground less than none, and 2 m² too much in all.
#[test]
fn a_yard_closed_in_by_buildings_does_not_take_the_hole_of_another_part() {
    let ground = vec![(21, 1, 12, 10, 0, 1)];
    let new = vec![(10, 5, 11, 3, 0, 1), (12, 9, 9, 1, 0, 1), (16, 19, 6, 1, 0, 1)];
    let plan = vec![(12, 0, 4, 9, 0, 1)];
    assert_sums_to_the_area(&[vec![], ground, new, plan], 1.408_707_477_147_619_8);
}

proptest! {
    // As many cases as `PROPTEST_CASES` says, for a longer search than the suite's own.
    #![proptest_config(ProptestConfig::default())]

    #[test]
    fn ground_is_what_counting_it_metre_by_metre_gives(lists in [boxes(), boxes(), boxes(), boxes()]) {
        assert_counted_by_cells(&lists);
    }

    #[test]
    fn green_paved_water_built_and_unknown_ground_are_the_plan_area(
        lists in [boxes(), boxes(), boxes(), boxes()],
        turn_rad in 0.0..6.0_f64,
    ) {
        assert_sums_to_the_area(&lists, turn_rad);
    }

    #[test]
    fn order_in_the_files_does_not_matter(lists in [boxes(), boxes(), boxes(), boxes()]) {
        let area = || vec![rectangle(3.0, 3.0, 30.0, 34.0)];
        let mut reversed = lists.clone();
        for list in &mut reversed {
            list.reverse();
        }
        let (one, other) = (scenario_of(area(), &lists), scenario_of(area(), &reversed));
        assert_same(&numbers(&one, "T", None), &numbers(&other, "T", None));
    }

    #[test]
    fn land_in_two_parts_counts_as_the_whole_of_it(lists in [boxes(), boxes(), boxes(), boxes()], cut in 1..29_u8) {
        let cut = f64::from(cut);
        let halves = || (rectangle(3.0, 3.0, cut, 34.0), rectangle(3.0 + cut, 3.0, 30.0 - cut, 34.0));
        let (west, east) = halves();
        let whole = scenario_of(vec![rectangle(3.0, 3.0, 30.0, 34.0)], &lists);
        let whole = numbers(&whole, "T", None);
        assert_same(&whole, &numbers(&scenario_of(vec![west, east], &lists), "T", None));
        // What is measured, unlike what is counted whole, adds up over the halves.
        let (west, east) = halves();
        let parts = [west, east].map(|half| numbers(&scenario_of(vec![half], &lists), "T", None));
        for key in [Key::Gfa, Key::Built, Key::Green, Key::Paved, Key::Water, Key::UnknownCover] {
            let sum: f64 = parts.iter().map(|part| part.value(key).unwrap()).sum();
            prop_assert!((sum - whole.value(key).unwrap()).abs() < 1e-3, "{}", key.name());
        }
    }

    #[test]
    fn a_building_wholly_inside_counts_wholly(b in (0..36_u8, 0..36_u8, 1..14_u8, 1..14_u8, 0..6_u8, 1..4_u8)) {
        // The area's corner at 0,0 may be the building's own: its sides may run along the edge.
        let open = scenario_of(vec![rectangle(0.0, 0.0, 50.0, 50.0)], &[vec![b], vec![], vec![], vec![]]);
        let today = numbers(&open, "", None);
        let footprint_m2 = f64::from(b.2) * f64::from(b.3);
        prop_assert!((today.value(Key::Gfa).unwrap() - footprint_m2 * f64::from(b.5)).abs() < 1e-9);
        prop_assert_eq!(today.get(Key::Gfa).objects[0].share.to_bits(), 1.0_f64.to_bits());
        prop_assert_eq!(today.value(Key::Dwellings), Some(1.0));
    }
}

/// 200 × 200 houses of 8 × 9 m in rows, each against its neighbour.
fn town() -> OpenScenario {
    let mut open = scenario_of(vec![rectangle(400.0, 400.0, 180.0, 180.0)], &Default::default());
    let houses = (0..40_000_usize).map(|i| {
        let [column, row] = [i % 200, i / 200].map(|n| f64::from(u32::try_from(n).unwrap()));
        registered(i, rectangle(column * 8.0, row * 25.0, 8.0, 9.0), 2)
    });
    open.register = Arc::new(BuildingRegister::new(houses.collect()));
    open
}

#[test]
fn a_plan_in_a_town_of_forty_thousand_buildings_is_counted_within_a_second() {
    let mut open = town();
    let start = Instant::now();
    let plan = numbers(&open, "T", None);
    let took = start.elapsed();
    // Columns from x 400 to 580 (22.5 of 8 m), rows at y 400, 425 … 575, the last one 5 of its 9 m.
    assert_values(&plan, &[(Key::Built, 180.0 * (7.0 * 9.0 + 5.0))]);
    assert!(took.as_secs_f64() < 1.0, "{took:?}");
    open.scenario.plan_area = None;
    open.scenario.area.outline = rectangle(-10.0, -10.0, 1620.0, 5020.0);
    let start = Instant::now();
    assert_values(
        &numbers(&open, "T", None),
        &[(Key::Dwellings, 40_000.0), (Key::Built, 40_000.0 * 72.0)],
    );
    eprintln!(
        "a plan area in the town: {took:?}; the whole town, today and a variant: {:?}",
        start.elapsed()
    );
}

#[test]
fn outlines_made_to_tangle_have_no_value_instead_of_taking_hours() {
    // 6000 strips along each other's whole length one way and 6000 across: 36 million crossings.
    let mut open = scenario_of(vec![rectangle(0.0, 0.0, 6000.0, 6000.0)], &Default::default());
    let strips = (0..12_000_usize).map(|i| {
        let at = f64::from(u32::try_from(i / 2).unwrap());
        let ring = match i % 2 {
            0 => rectangle(0.0, at, 6000.0, 0.5),
            _ => rectangle(at, 0.0, 0.5, 6000.0),
        };
        surface(i, ring, 1, 1)
    });
    open.surfaces = Arc::new(strips.collect());
    let start = Instant::now();
    let today = numbers(&open, "", None);
    assert_eq!(
        (today.value(Key::Green), today.get(Key::Green).is_complete),
        (None, false)
    );
    assert_values(&today, &[(Key::Trees, 3.0), (Key::Gfa, 0.0)]);
    // Seconds; on a machine that is busy with other things, some tens of them.
    assert!(start.elapsed().as_secs() < 90, "{:?}", start.elapsed());
}

#[test]
fn a_ratio_of_incomplete_numbers_names_what_they_miss() {
    let open = opened("tests/fixtures/hof");
    let today = numbers(&open, "", None);
    // R4 has neither storeys nor dwellings in the register.
    for (key, missing) in [
        (Key::Fsi, &["R4"][..]),
        (Key::L, &["R4"]),
        (Key::DwellingsPerHa, &["R4"]),
        (Key::Gsi, &[]),
    ] {
        let behind: Vec<&str> = today
            .unknown_behind(key)
            .iter()
            .map(|unknown| unknown.id.as_str())
            .collect();
        assert_eq!(behind, missing, "{}", key.name());
        assert_eq!(today.get(key).is_complete, missing.is_empty(), "{}", key.name());
    }
    let parts: BTreeSet<Key> = today.objects_behind(Key::L).iter().map(|(part, _)| *part).collect();
    assert_eq!(parts, BTreeSet::from([Key::Gfa, Key::Built]));
}

#[test]
fn of_a_building_of_unknown_use_it_is_not_said_that_nobody_lives_there() {
    let mut open = opened("tests/fixtures/hof");
    let mut buildings = open.register.buildings.clone();
    let shop = buildings.iter_mut().find(|building| building.id == "R5").unwrap();
    (shop.main_use, shop.is_use_known) = (Use::Other, false);
    open.register = Arc::new(BuildingRegister::new(buildings));
    let today = numbers(&open, "", None);
    assert_eq!(unknown(&today, Key::Dwellings), ["R4", "R5"]);
    assert_eq!(unknown(&today, Key::ParkingPlaces), ["R5"]);
    assert_eq!(today.value(Key::Dwellings), Some(22.0));
}
