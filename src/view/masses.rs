//! What a plan builds, as masses in the colour of their use, and what it takes away, as a red hatch.
//!
//! How sure a building is shows in how it is drawn: decided ones are solid, open ones have half the strength
//! and dashed edges, sketches are white paper with pencil edges and no shadow. All variants are prepared when
//! the scenario is opened; a switch shows and hides. Without a terrain they stand on the guessed ground.

use super::{
    feature_material::{PaperMesh, SharedPaper},
    feature_rows::{FeatureRows, RowRange},
    ground::{self, GroundHeights},
    palette::{self, Rgb},
    prepared::{DrawnMesh, Making, PreparedMesh, SpawnBudget},
    ray_cast::PickOwner,
    scene::{ScenarioShown, ShownScenario, Unfinished},
    standing::{OfMaking, Standing},
};
use crate::georef::{SitePos, narrow, render_axes};
use crate::model::{
    Certainty, NewBuilding, OpenScenario, Terrain, Variant,
    mass::{MassSurface, mass_mesh},
};
use crate::schedule::FrameSystems;
use bevy::{
    light::NotShadowCaster,
    math::{DVec2, DVec3},
    prelude::*,
};
use std::sync::Arc;

/// Pencil on what a plan builds.
const PENCIL: Rgb = [0x3A, 0x3F, 0x48];
/// Dash and gap of edges that are not decided, metres.
const DASH_M: f32 = 1.4;
const GAP_M: f32 = 1.0;
/// Distance between the lines of the hatch, metres.
const HATCH_M: f64 = 3.0;
/// Hatch and outline lie this far above the ground, clear of kerbs, metres.
const HATCH_ABOVE_M: f64 = 0.2;

/// A part of the variant at this place.
#[derive(Component, Clone, Copy)]
struct OfVariant(usize);

/// Rows of what belongs to a phase.
#[derive(Component, Clone, Copy)]
enum Rows {
    /// The variant's buildings, by their place in its list.
    Buildings(RowRange),
    /// The marks of what goes, by the place of the removal in the variant's list.
    Removals(RowRange),
}

/// One variant's masses, ready to be shown.
struct Made {
    variant: usize,
    ids: Arc<Vec<String>>,
    /// Buildings that cast a shadow.
    firm: PreparedMesh,
    /// Sketches.
    sketch: PreparedMesh,
    lines: Option<DrawnMesh>,
    removed: Option<DrawnMesh>,
    /// How many removals the marks in `removed` belong to.
    removals: u32,
    origin: SitePos,
}

impl Made {
    fn bytes(&self) -> u64 {
        let lines = [&self.lines, &self.removed].into_iter().flatten();
        self.firm.bytes() + self.sketch.bytes() + lines.map(DrawnMesh::bytes).sum::<u64>()
    }
}

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<Making<Made>>()
        .init_resource::<Standing<Made>>()
        .add_systems(
            Update,
            (
                take_made.in_set(FrameSystems::Ingest),
                // After the ground has learnt its heights.
                start_making.after(ground::start_grounds).in_set(FrameSystems::Derive),
                show_variant.in_set(FrameSystems::Present),
            ),
        );
}

/// Makes all of it when another scenario is shown, and anew when its ground is guessed otherwise.
fn start_making(
    mut shown: MessageReader<ScenarioShown>,
    scenario: Option<Res<ShownScenario>>,
    heights: Res<GroundHeights>,
    mut rows: ResMut<FeatureRows>,
    mut standing: ResMut<Standing<Made>>,
    mut making: ResMut<Making<Made>>,
    mut unfinished: ResMut<Unfinished>,
) {
    let is_new = shown.read().last().is_some();
    // Guesses of the ground follow each other: one is done before the next.
    let is_wanted = is_new || standing.is_outdated(&heights) && making.is_done();
    let Some(scenario) = scenario.filter(|_| is_wanted) else {
        return;
    };
    let terrain = standing.begin(is_new, &heights, &mut rows);
    unfinished.set("masses", true);
    let open = scenario.open.clone();
    making.start(move || {
        let variants = open.scenario.variants.iter().enumerate();
        variants
            .map(|(place, variant)| make(&open, &terrain, place, variant))
            .collect()
    });
}

fn make(open: &OpenScenario, terrain: &Terrain, place: usize, variant: &Variant) -> Made {
    let origin = variant
        .buildings
        .iter()
        .filter_map(|building| building.footprint.first())
        .find(|p| p.is_finite())
        .map_or(SitePos(DVec3::ZERO), |p| SitePos(p.extend(terrain.height_at(*p))));
    let count = u32::try_from(variant.buildings.len()).unwrap_or(u32::MAX);
    let (mut firm, mut sketch, mut lines) = (PaperMesh::default(), PaperMesh::default(), PaperMesh::default());
    for (feature, building) in (0..).zip(&variant.buildings) {
        let ground_m = terrain.lowest_under(&building.footprint);
        let faces = if building.certainty == Certainty::Sketch {
            &mut sketch
        } else {
            &mut firm
        };
        mass(faces, &mut lines, building, origin, ground_m, feature);
    }
    let [(firm, firm_edges), (sketch, sketch_edges)] =
        [firm, sketch].map(|paper| PreparedMesh::with_edges(origin, count, paper));
    for edges in [&firm_edges, &sketch_edges] {
        for (ends, features) in edges.positions.chunks_exact(2).zip(edges.features.chunks_exact(2)) {
            let certainty = variant
                .buildings
                .get(features[0] as usize)
                .map_or(Certainty::Decided, |b| b.certainty);
            let ends = [Vec3::from_array(ends[0]), Vec3::from_array(ends[1])];
            if certainty == Certainty::Open {
                dashes(&mut lines, ends, features[0]);
            } else {
                lines.line(ends, features[0], PENCIL);
            }
        }
    }
    let mut removed = PaperMesh::default();
    for (feature, removal) in (0..).zip(&variant.removals) {
        for index in open.register.removed_by(removal) {
            if let Some(building) = open.register.buildings.get(index) {
                let place = |p: DVec2| offset(p.extend(building.ground_m + HATCH_ABOVE_M), origin);
                hatch(&mut removed, &building.footprint, &building.holes, feature, place);
            }
        }
    }
    Made {
        variant: place,
        ids: Arc::new(variant.buildings.iter().map(|b| b.id.clone()).collect()),
        firm,
        sketch,
        lines: DrawnMesh::lines(lines),
        removed: DrawnMesh::lines(removed),
        removals: u32::try_from(variant.removals.len()).unwrap_or(u32::MAX),
        origin,
    }
}

fn offset(site: DVec3, origin: SitePos) -> Vec3 {
    Vec3::from_array(narrow(render_axes(site - origin.0)))
}

/// Colour of a face of a building, by what it is part of and how sure the building is.
fn face_color(building: &NewBuilding, surface: MassSurface) -> Rgb {
    let used_for = match surface {
        MassSurface::GroundWall => building.ground_use.unwrap_or(building.main_use),
        _ => building.main_use,
    };
    let color = match surface {
        MassSurface::Roof => palette::mix(palette::new_use(used_for), palette::PAPER, 0.28),
        _ => palette::new_use(used_for),
    };
    palette::as_sure(color, building.certainty)
}

fn mass(
    faces: &mut PaperMesh,
    lines: &mut PaperMesh,
    building: &NewBuilding,
    origin: SitePos,
    ground_m: f64,
    feature: u32,
) {
    let mesh = mass_mesh(building, ground_m);
    for (triangle, surface) in mesh.triangles.iter().zip(&mesh.surfaces) {
        let corner = |i: usize| mesh.positions.get(triangle[i] as usize).map(|p| offset(*p, origin));
        let (Some(a), Some(b), Some(c)) = (corner(0), corner(1), corner(2)) else {
            continue;
        };
        let normal = (b - a).cross(c - a).normalize_or_zero();
        let color = face_color(building, *surface);
        let numbers = [a, b, c].map(|p| faces.vertex(p, normal, feature, color));
        faces.indices.extend(numbers);
    }
    if mesh.triangles.is_empty() {
        return;
    }
    let line = match building.certainty {
        Certainty::Sketch => palette::mix(PENCIL, palette::PAPER, 0.4),
        _ => palette::mix(face_color(building, MassSurface::Wall), PENCIL, 0.35),
    };
    for height in &mesh.storey_lines_m {
        for ring in std::iter::once(&building.footprint).chain(&building.holes) {
            for (i, p) in ring.iter().enumerate() {
                let q = ring[(i + 1) % ring.len()];
                let ends = [offset(p.extend(*height), origin), offset(q.extend(*height), origin)];
                lines.line(ends, feature, line);
            }
        }
    }
}

/// A dashed line that starts and ends with a dash.
fn dashes(lines: &mut PaperMesh, [from, to]: [Vec3; 2], feature: u32) {
    const MOST: u16 = 2000;
    let length = from.distance(to);
    let count = (0..MOST)
        .find(|n| f32::from(*n) * (DASH_M + GAP_M) + DASH_M >= length)
        .unwrap_or(MOST);
    let period = if count == 0 {
        length
    } else {
        length / (f32::from(count) + DASH_M / (DASH_M + GAP_M))
    };
    let dash = if count == 0 {
        length
    } else {
        period * DASH_M / (DASH_M + GAP_M)
    };
    let at = |metres: f32| from.lerp(to, (metres / length.max(1e-6)).clamp(0.0, 1.0));
    for n in 0..=count {
        let start = f32::from(n) * period;
        lines.line([at(start), at(start + dash)], feature, PENCIL);
    }
}

/// Outline and slanted lines inside it, by the even-odd rule.
fn hatch(lines: &mut PaperMesh, outer: &[DVec2], holes: &[Vec<DVec2>], feature: u32, place: impl Fn(DVec2) -> Vec3) {
    const MOST_LINES: usize = 500;
    let rings: Vec<&[DVec2]> = std::iter::once(outer).chain(holes.iter().map(Vec::as_slice)).collect();
    let sides = || {
        rings
            .iter()
            .flat_map(|ring| (0..ring.len()).map(move |i| (ring[i], ring[(i + 1) % ring.len()])))
    };
    for (p, q) in sides() {
        lines.line([place(p), place(q)], feature, palette::REMOVED);
    }
    // In axes turned by 45° the hatch runs along u, one line per step of v.
    let turned = |p: DVec2| DVec2::new(p.x + p.y, p.y - p.x) * std::f64::consts::FRAC_1_SQRT_2;
    let back = |p: DVec2| DVec2::new(p.x - p.y, p.x + p.y) * std::f64::consts::FRAC_1_SQRT_2;
    let (low, high) = outer
        .iter()
        .map(|p| turned(*p).y)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(v), high.max(v))
        });
    if !(low.is_finite() && high.is_finite()) {
        return;
    }
    let mut v = (low / HATCH_M).ceil() * HATCH_M;
    for _ in 0..MOST_LINES {
        if v > high {
            break;
        }
        let mut crossings: Vec<f64> = sides()
            .filter_map(|(p, q)| {
                let (p, q) = (turned(p), turned(q));
                ((p.y > v) != (q.y > v)).then(|| p.x + (q.x - p.x) * (v - p.y) / (q.y - p.y))
            })
            .collect();
        crossings.sort_by(f64::total_cmp);
        for pair in crossings.chunks_exact(2) {
            let ends = [DVec2::new(pair[0], v), DVec2::new(pair[1], v)].map(|p| place(back(p)));
            lines.line(ends, feature, palette::REMOVED);
        }
        v += HATCH_M;
    }
}

fn take_made(
    mut commands: Commands,
    paper: Option<Res<SharedPaper>>,
    drawn: Query<(Entity, &OfMaking), With<OfVariant>>,
    mut rows: ResMut<FeatureRows>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut budget: ResMut<SpawnBudget>,
    mut standing: ResMut<Standing<Made>>,
    mut making: ResMut<Making<Made>>,
    mut unfinished: ResMut<Unfinished>,
) {
    let Some(paper) = paper.filter(|_| !making.is_done()) else {
        return;
    };
    while let Some(made) = making.next(&mut budget, Made::bytes) {
        let owner = PickOwner::NewBuildings { ids: made.ids.clone() };
        let of_variant = OfVariant(made.variant);
        for (mesh, casts) in [(made.firm, true), (made.sketch, false)] {
            let spawned = mesh.spawn(
                &mut commands,
                &mut meshes,
                &mut rows,
                paper.solid.clone(),
                owner.clone(),
            );
            if let Some((entity, range)) = spawned {
                let parts = (of_variant, Rows::Buildings(range), standing.mark(range));
                commands.entity(entity).insert(parts);
                if !casts {
                    commands.entity(entity).insert(NotShadowCaster);
                }
            }
        }
        let count = u32::try_from(made.ids.len()).unwrap_or(u32::MAX);
        let rows_of: [fn(RowRange) -> Rows; 2] = [Rows::Buildings, Rows::Removals];
        let lines = [(made.lines, count), (made.removed, made.removals)];
        for ((mesh, count), rows_of) in lines.into_iter().zip(rows_of) {
            let Some(mesh) = mesh else {
                continue;
            };
            let Some(range) = rows.allocate(count) else {
                continue;
            };
            let drawn = mesh.bundle(
                &mut meshes,
                made.origin,
                range.first,
                paper.pencil.clone(),
                Visibility::Hidden,
            );
            let of_making = standing.mark(range);
            commands.spawn((drawn, of_variant, rows_of(range), of_making, NotShadowCaster));
        }
    }
    if making.is_done() && standing.awaits() {
        let drawn = drawn.iter().map(|(entity, of)| (entity, *of));
        standing.take_over(drawn, &mut commands, &mut rows);
    }
    unfinished.set("masses", !making.is_done());
}

fn show_variant(
    scenario: Option<Res<ShownScenario>>,
    standing: Res<Standing<Made>>,
    added: Query<(), Added<OfVariant>>,
    mut rows: ResMut<FeatureRows>,
    mut parts: Query<(&OfVariant, &Rows, &OfMaking, &mut Visibility)>,
) {
    let Some(scenario) = scenario else {
        return;
    };
    if !scenario.is_changed() && !standing.is_changed() && added.is_empty() {
        return;
    }
    for (of, range, of_making, mut visibility) in &mut parts {
        visibility.set_if_neq(if standing.shows(*of_making) {
            scenario.visibility_of(of.0)
        } else {
            Visibility::Hidden
        });
        let Some(variant) = scenario.open.scenario.variants.get(of.0) else {
            continue;
        };
        let mut follow = |range: RowRange, phases: &mut dyn Iterator<Item = &String>| {
            for (feature, phase) in (0..).zip(phases) {
                rows.set_hidden(range, feature, !scenario.is_phase_shown(phase));
            }
        };
        match *range {
            Rows::Buildings(range) => follow(range, &mut variant.buildings.iter().map(|b| &b.phase)),
            Rows::Removals(range) => follow(range, &mut variant.removals.iter().map(|r| &r.phase)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scenario;
    use std::path::Path;

    fn length_of(lines: &PaperMesh) -> f32 {
        lines
            .positions
            .chunks_exact(2)
            .map(|p| Vec3::from_array(p[0]).distance(Vec3::from_array(p[1])))
            .sum()
    }

    #[test]
    fn dashes_cover_the_ends_and_leave_gaps() {
        let mut lines = PaperMesh::default();
        dashes(&mut lines, [Vec3::ZERO, Vec3::X * 10.0], 4);
        let dashed = length_of(&lines);
        assert!(dashed > 4.0 && dashed < 8.0, "{dashed}");
        assert!(Vec3::from_array(lines.positions[0]).length() < 1e-6);
        let end = lines.positions.last().unwrap();
        assert!((end[0] - 10.0).abs() < 1e-3);
        let mut short = PaperMesh::default();
        dashes(&mut short, [Vec3::ZERO, Vec3::X * 0.5], 4);
        assert!((length_of(&short) - 0.5).abs() < 1e-6);
    }

    #[test]
    fn a_hatch_fills_the_footprint_and_spares_its_court() {
        let square = |low: f64, high: f64| {
            vec![
                DVec2::new(low, low),
                DVec2::new(high, low),
                DVec2::new(high, high),
                DVec2::new(low, high),
            ]
        };
        let place = |p: DVec2| offset(p.extend(0.0), SitePos(DVec3::ZERO));
        let mut whole = PaperMesh::default();
        hatch(&mut whole, &square(0.0, 20.0), &[], 0, place);
        let mut court = PaperMesh::default();
        hatch(&mut court, &square(0.0, 20.0), &[square(5.0, 15.0)], 0, place);
        // Hatch length is area over spacing; outlines are 80 m and 40 m more.
        assert!(
            (length_of(&whole) - 80.0 - 400.0 / 3.0).abs() < 20.0,
            "{}",
            length_of(&whole)
        );
        assert!(
            (length_of(&court) - 120.0 - 300.0 / 3.0).abs() < 20.0,
            "{}",
            length_of(&court)
        );
        assert!(court.positions.iter().all(|p| p[0] >= -0.01 && p[0] <= 20.01));
    }

    #[test]
    fn what_a_plan_builds_stands_on_the_ground_that_it_is_made_for() {
        let klein = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/klein");
        let open = scenario::open(&klein).unwrap();
        let (place, variant) = (0..)
            .zip(&open.scenario.variants)
            .find(|(_, variant)| !variant.buildings.is_empty())
            .unwrap();
        let on = |ground_m: f32| {
            let terrain = Terrain {
                heights_m: vec![ground_m],
                ..Terrain::flat()
            };
            make(&open, &terrain, place, variant)
        };
        let (low, high) = (on(0.0), on(12.5));
        assert!((high.origin.0.z - low.origin.0.z - 12.5).abs() < 1e-9);
        // Both stand on it alike.
        assert!(low.firm.bytes() + low.sketch.bytes() > 0);
        let feet = |made: &Made| [made.firm.lowest_m(), made.sketch.lowest_m()].map(|foot_m| foot_m.map(f32::to_bits));
        assert_eq!(feet(&low), feet(&high));
    }
}
