//! What must hold on any tree, for any order of completions, failures and camera moves.

use super::world::{Plan, Source, World, look};
use proptest::prelude::*;
use stadslens::sources::tiles3d::{Refine, TileId};
use stadslens::streaming::{ContentState, Selection, View};
use std::collections::BTreeSet;

/// A random tree: at most four levels below the root, errors mostly falling, some tiles empty, some ADD.
pub(crate) fn plans() -> impl Strategy<Value = Plan> {
    plans_of(2)
}

/// The same with so many in ten tiles empty.
pub(crate) fn plans_of(empty: u8) -> impl Strategy<Value = Plan> {
    let tile = move |error_m: f64, (adds, is_empty): (u8, u8), children: Vec<Plan>| Plan {
        name: String::new(),
        error_m,
        refine: if adds < 3 { Refine::Add } else { Refine::Replace },
        has_content: is_empty >= empty,
        children,
    };
    let kind = (0..10_u8, 0..10_u8);
    let leaf = (0.0..4.0, kind.clone()).prop_map(move |(error_m, kind)| tile(error_m, kind, Vec::new()));
    leaf.prop_recursive(4, 40, 4, move |children| {
        (0.3..0.95, kind.clone(), prop::collection::vec(children, 1..=4)).prop_map(move |(share, kind, children)| {
            let finest: f64 = children.iter().map(|child| child.error_m).fold(0.5, f64::max);
            // One in some trees is no coarser than its children, as files have it.
            let error_m = if share > 0.9 { finest } else { finest / share };
            tile(error_m, kind, children)
        })
    })
    .prop_map(|mut plan| {
        number(&mut plan, &mut 0);
        plan
    })
}

/// Names tiles by their number in the tree.
fn number(plan: &mut Plan, next: &mut u32) {
    plan.name = next.to_string();
    *next += 1;
    for child in &mut plan.children {
        number(child, next);
    }
}

/// Where a camera stands: from x, to x, away, for `look`.
pub(crate) type Stand = (f64, f64, f64);

pub(crate) fn stands() -> impl Strategy<Value = Vec<Stand>> {
    let one = (0.0..900.0, 20.0..1000.0, 0.0..7.0_f64)
        .prop_map(|(from, width, zoom): (f64, f64, f64)| (from, from + width, zoom.exp()));
    prop::collection::vec(one, 1..=2)
}

pub(crate) fn views(stands: &[Stand]) -> Vec<View> {
    stands.iter().map(|(from, to, away)| look(*from, *to, *away)).collect()
}

/// A flight: views, each for some frames.
fn flights() -> impl Strategy<Value = Vec<(Vec<Stand>, usize)>> {
    prop::collection::vec((stands(), 1..6_usize), 1..6)
}

/// Numbers of the tiles that fail.
fn failures() -> impl Strategy<Value = BTreeSet<usize>> {
    prop::collection::btree_set(0..40_usize, 0..8)
}

fn latencies() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(1..7_u64, 1..20)
}

struct Flight {
    world: World,
    source: Source,
}

impl Flight {
    fn new(plan: &Plan, latencies: &[u64], failures: &BTreeSet<usize>, limit: u32) -> Self {
        let mut world = World::new(plan);
        world.settings.loading_descendant_limit = limit;
        let mut source = Source::new(world.tree.tiles.len());
        source.latencies = latencies.to_vec();
        for (tile, fails) in source.failures.iter_mut().enumerate() {
            *fails = failures.contains(&tile);
        }
        Self { world, source }
    }

    fn frame(&mut self, views: &[View]) {
        self.source.deliver(&mut self.world.state);
        self.world.frame(views);
        self.source.ask(&self.world.now.load, &mut self.world.state);
    }

    /// Frames until nothing is wished for and nothing changes.
    fn settle(&mut self, views: &[View]) {
        for _ in 0..2000 {
            self.frame(views);
            if self.source.is_idle() && self.world.now.load.is_empty() && self.world.state.tiles_visited() == 0 {
                return;
            }
        }
        panic!("does not settle: {:?}", self.world.now);
    }
}

/// The tile and all above it, root last.
pub(crate) fn line_up(world: &World, tile: TileId) -> Vec<TileId> {
    std::iter::successors(Some(tile), |tile| world.tree.tiles[tile.0 as usize].parent).collect()
}

pub(crate) fn is_below(world: &World, tile: TileId, above: TileId) -> bool {
    line_up(world, tile).contains(&above)
}

fn sees(world: &World, view: &View, tile: TileId) -> bool {
    let volume = &world.tree.tiles[tile.0 as usize].bounding_volume;
    view.planes
        .iter()
        .all(|(normal, d)| !volume.is_outside_plane(*normal, *d))
}

fn exceeds(world: &World, view: &View, error_m: f64, tile: TileId) -> bool {
    let distance_m = world.tree.tiles[tile.0 as usize]
        .bounding_volume
        .distance_to(view.position);
    error_m * view.viewport_height_px > 16.0 * distance_m * 2.0 * (view.fov_y_rad / 2.0).tan()
}

/// What the settled picture must hold, straight from the rules: the tiles chosen by error, failed or not.
#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) tiles: BTreeSet<TileId>,
    /// Tiles with content that their children take the place of.
    replaced: BTreeSet<TileId>,
}

impl Wanted {
    pub(crate) fn of(world: &World, views: &[View]) -> Self {
        let mut wanted = Self::default();
        wanted.visit(world, views, TileId(0), None, false);
        wanted
    }

    /// `covered` is whether the nearest tile with content above is replaced.
    fn visit(&mut self, world: &World, views: &[View], id: TileId, picky: Option<f64>, covered: bool) {
        let tile = &world.tree.tiles[id.0 as usize];
        let seeing: Vec<_> = views.iter().filter(|view| sees(world, view, id)).collect();
        let exceeds_in_any = |error_m| seeing.iter().any(|view| exceeds(world, view, error_m, id));
        if seeing.is_empty() || picky.is_some_and(|error_m| !exceeds_in_any(error_m)) {
            return;
        }
        let has_content = !tile.contents.is_empty();
        let parent_error_m = tile
            .parent
            .map(|parent| world.tree.tiles[parent.0 as usize].geometric_error_m);
        let leads_on = !has_content
            && (covered
                || tile.children.len() == 1
                || parent_error_m.is_some_and(|error_m| tile.geometric_error_m >= error_m));
        let refined = !tile.children.is_empty()
            && (exceeds_in_any(tile.geometric_error_m) || leads_on || Self::passes_failure(world, id));
        let adds = tile.refine == Refine::Add;
        if has_content && (adds || !refined) {
            self.tiles.insert(id);
        } else if has_content {
            self.replaced.insert(id);
        }
        if refined {
            let picky = (adds && !leads_on).then_some(tile.geometric_error_m);
            let covered = if has_content { !adds } else { covered };
            for &child in &tile.children {
                self.visit(world, views, child, picky, covered);
            }
        }
    }

    /// A failed REPLACE tile that nothing above can stand in for, and at most one such above it.
    fn passes_failure(world: &World, id: TileId) -> bool {
        let failed = |id: TileId| world.state.content(id) == ContentState::Failed;
        let contents: Vec<_> = line_up(world, id)
            .into_iter()
            .filter(|above| !world.tree.tiles[above.0 as usize].contents.is_empty())
            .collect();
        let is_replaced = world.tree.tiles[id.0 as usize].refine == Refine::Replace;
        let levels = contents.iter().take_while(|above| failed(**above)).count();
        is_replaced && contents.first() == Some(&id) && failed(id) && levels <= 2 && cover(world, id).is_none()
    }
}

/// Who may be drawn in the place of a failed tile.
fn cover(world: &World, id: TileId) -> Option<TileId> {
    let above = line_up(world, id).into_iter().skip(1).find(|above| {
        !world.tree.tiles[above.0 as usize].contents.is_empty() && world.state.content(*above) != ContentState::Failed
    })?;
    (world.tree.tiles[above.0 as usize].refine == Refine::Replace).then_some(above)
}

/// Depth of the finest tile drawn where `leaf` is.
fn drawn_depth(world: &World, now: &Selection, leaf: TileId) -> Option<u32> {
    let line = line_up(world, leaf);
    let standing_in = now.stand_ins.iter().filter(|s| line.contains(&s.area)).map(|s| s.tile);
    let drawn = line.iter().copied().filter(|tile| now.render.contains(tile));
    drawn
        .chain(standing_in)
        .map(|tile| world.tree.tiles[tile.0 as usize].depth)
        .max()
}

/// Properties of one frame by itself.
fn check_frame(world: &World) -> Result<(), TestCaseError> {
    let now = &world.now;
    for &tile in now.render.iter().chain(now.stand_ins.iter().map(|s| &s.tile)) {
        prop_assert_eq!(world.state.content(tile), ContentState::Ready);
        prop_assert!(now.used.contains(&tile));
    }
    for &tile in &now.render {
        for above in line_up(world, tile).into_iter().skip(1) {
            let replaced = world.tree.tiles[above.0 as usize].refine == Refine::Replace;
            prop_assert!(
                !replaced || !now.render.contains(&above),
                "{above:?} is drawn with {tile:?}"
            );
        }
    }
    for s in &now.stand_ins {
        prop_assert!(is_below(world, s.area, s.tile) && s.area != s.tile);
        prop_assert!(!now.render.contains(&s.tile), "{s:?} is drawn in whole");
        let twice = now.render.iter().find(|tile| is_below(world, **tile, s.area));
        prop_assert!(twice.is_none(), "{s:?} over {twice:?}");
        let nested = now
            .stand_ins
            .iter()
            .find(|other| other.area != s.area && is_below(world, other.area, s.area));
        prop_assert!(nested.is_none(), "{s:?} over {nested:?}");
    }
    let distinct: BTreeSet<_> = now.load.iter().chain(&now.render).collect();
    prop_assert_eq!(distinct.len(), now.load.len() + now.render.len(), "twice in {:?}", now);
    Ok(())
}

/// No detail vanishes from one frame to the next, unless culled or no longer wanted at all.
fn check_step(world: &World, before: &Selection, views: &[View]) -> Result<(), TestCaseError> {
    let wanted = Wanted::of(world, views);
    let leaves = (0..)
        .map(TileId)
        .zip(&world.tree.tiles)
        .filter(|(_, tile)| tile.children.is_empty());
    for (leaf, _) in leaves {
        let line = line_up(world, leaf);
        let is_visible = views.iter().any(|view| sees(world, view, leaf));
        let has_picture = line.iter().rev().fold(false, |has_picture, tile| {
            let replaces = world.tree.tiles[tile.0 as usize].refine == Refine::Replace;
            let is_to_come =
                world.state.content(*tile) != ContentState::Failed || (replaces && cover(world, *tile).is_some());
            (has_picture && !wanted.replaced.contains(tile)) || (wanted.tiles.contains(tile) && is_to_come)
        });
        let (then, now) = (drawn_depth(world, before, leaf), drawn_depth(world, &world.now, leaf));
        if is_visible && has_picture && then.is_some() {
            prop_assert!(
                now.is_some(),
                "{leaf:?} vanished: {before:?} -> {:?}, wanted {:?}",
                world.now,
                wanted.tiles
            );
        }
        // Nor does it get coarser than before and than wanted, unless for a failure.
        let has_failed = line
            .iter()
            .any(|tile| world.state.content(*tile) == ContentState::Failed);
        let finest = line.iter().find(|tile| wanted.tiles.contains(tile));
        let finest = finest.map(|tile| world.tree.tiles[tile.0 as usize].depth);
        if is_visible && has_picture && !has_failed {
            prop_assert!(
                now >= then.min(finest),
                "{leaf:?} got coarser: {before:?} -> {:?}, wanted {:?}",
                world.now,
                wanted.tiles
            );
        }
    }
    Ok(())
}

/// The settled picture is the one that the rules ask for.
fn check_end(world: &World, views: &[View]) -> Result<(), TestCaseError> {
    prop_assert!(world.now.complete);
    let (ready, failed): (BTreeSet<_>, BTreeSet<_>) = Wanted::of(world, views)
        .tiles
        .into_iter()
        .partition(|tile| world.state.content(*tile) == ContentState::Ready);
    let drawn: BTreeSet<_> = world.now.render.iter().copied().collect();
    prop_assert_eq!(drawn, ready);
    for s in &world.now.stand_ins {
        prop_assert!(failed.contains(&s.area));
        prop_assert_eq!(Some(s.tile), cover(world, s.area));
    }
    for tile in failed {
        let is_refined_add = world.now.render.iter().any(|drawn| is_below(world, *drawn, tile));
        let stood_in = world.now.stand_ins.iter().any(|s| is_below(world, tile, s.area));
        let adds = world.tree.tiles[tile.0 as usize].refine == Refine::Add;
        prop_assert!(
            stood_in || cover(world, tile).is_none() || is_refined_add || adds,
            "hole at {tile:?}"
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pictures_are_whole_on_any_flight(
        plan in plans(), flight in flights(), latencies in latencies(), failures in failures(), limit in 0..6_u32,
    ) {
        let mut sim = Flight::new(&plan, &latencies, &failures, limit);
        for (stands, frames) in &flight {
            let views = &views(stands);
            for _ in 0..*frames {
                let before = sim.world.now.clone();
                sim.frame(views);
                check_frame(&sim.world)?;
                check_step(&sim.world, &before, views)?;
            }
        }
        let (stands, _) = flight.last().expect("a flight has a stop");
        let views = &views(stands);
        for _ in 0..2000 {
            let before = sim.world.now.clone();
            sim.frame(views);
            check_frame(&sim.world)?;
            check_step(&sim.world, &before, views)?;
            if sim.source.is_idle() && sim.world.now.load.is_empty() && sim.world.state.tiles_visited() == 0 {
                break;
            }
        }
        prop_assert!(sim.world.now.load.is_empty(), "does not settle: {:?}", sim.world.now);
        check_end(&sim.world, views)?;
        let most = sim.source.asked.iter().max().copied().unwrap_or(0);
        prop_assert!(most <= 1, "a tile was loaded {most} times");
    }

    #[test]
    fn order_of_completions_and_the_way_there_do_not_change_the_end_picture(
        plan in plans(), flight in flights(), one in latencies(), other in latencies(), failures in failures(),
    ) {
        let (stands, _) = flight.last().expect("a flight has a stop");
        let views = &views(stands);
        let mut travelled = Flight::new(&plan, &one, &failures, 3);
        for (stands, frames) in &flight {
            for _ in 0..*frames {
                travelled.frame(&self::views(stands));
            }
        }
        travelled.settle(views);
        let mut direct = Flight::new(&plan, &other, &failures, 20);
        direct.settle(views);
        prop_assert_eq!(&travelled.world.now.render, &direct.world.now.render);
        prop_assert_eq!(&travelled.world.now.stand_ins, &direct.world.now.stand_ins);
    }

    #[test]
    fn failed_tile_never_changes_what_others_show(
        plan in plans(), stands in stands(), latencies in latencies(), failures in failures(), victim in any::<prop::sample::Index>(),
    ) {
        let views = views(&stands);
        let mut with = Flight::new(&plan, &latencies, &failures, 20);
        let victim = TileId(u32::try_from(victim.index(with.world.tree.tiles.len())).expect("few tiles"));
        with.source.failures[victim.0 as usize] = false;
        with.settle(&views);
        let mut without = Flight::new(&plan, &latencies, &failures, 20);
        without.source.failures[victim.0 as usize] = true;
        without.settle(&views);
        let elsewhere = |world: &World| {
            let tiles = world.now.render.iter().copied();
            tiles.filter(|tile| !is_below(world, *tile, victim)).collect::<Vec<_>>()
        };
        prop_assert_eq!(elsewhere(&with.world), elsewhere(&without.world));
    }
}
