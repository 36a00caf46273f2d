//! Pieces hold every feature once, follow the ground and stay within bounds.

use super::*;
use crate::model::features::{AttributeTable, Coloring, Measure};
use crate::model::{NewSurface, SurfaceKind};

fn square(at: DVec2, side_m: f64) -> SiteFeature {
    let ring = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
    SiteFeature {
        areas: vec![Polygon::new(ring.map(|p| at + DVec2::from_array(p) * side_m).into())],
        ..SiteFeature::default()
    }
}

fn style() -> FeatureStyle {
    FeatureStyle {
        coloring: Coloring::one([1, 2, 3]),
        fill_opacity: 1.0,
        line_width: LineWidth::Pixels(2.0),
        point_size_m: 1.0,
        height: None,
        base: None,
        label: None,
        map_label: None,
    }
}

fn layer(features: Vec<SiteFeature>) -> FeatureLayer {
    FeatureLayer {
        layer: "l".into(),
        features,
        table: AttributeTable::default(),
        style: style(),
    }
}

fn open(features: Vec<SiteFeature>, terrain: Terrain) -> OpenScenario {
    let scenario = crate::model::edit::tests::scenario();
    let resources = crate::sources::resource::folder(std::path::Path::new("."));
    let mut open = OpenScenario::without_data(scenario, resources);
    open.features = Arc::new(vec![layer(features)]);
    open.terrain = Arc::new(terrain);
    open
}

fn hills() -> Terrain {
    Terrain {
        origin: DVec2::splat(-100.0),
        cell_m: 5.0,
        columns: 41,
        rows: 41,
        heights_m: (0..41 * 41_u16).map(|n| f32::from(n % 41 % 7)).collect(),
    }
}

#[test]
fn pieces_are_bounded_and_hold_every_feature_once() {
    let features: Vec<SiteFeature> = (0..30_u32)
        .flat_map(|x| (0..30_u32).map(move |y| DVec2::new(f64::from(x), f64::from(y)) * 40.0))
        .map(|at| square(at, 30.0))
        .collect();
    let count = features.len();
    let open = open(features, hills());
    let pieces = make(&open, &[style()], &open.terrain);
    let mut all: Vec<u32> = pieces.iter().flat_map(|piece| piece.indices.iter().copied()).collect();
    all.sort_unstable();
    assert!(all.iter().copied().eq(0..u32::try_from(count).unwrap()));
    assert!(pieces.len() > 2, "{}", pieces.len());
    assert!(pieces.iter().all(|piece| piece.vertices < MOST_VERTICES + 2000));
}

#[test]
fn what_lies_on_the_ground_follows_it_and_clears_kerbs() {
    let mut open = open(vec![square(DVec2::splat(-40.0), 80.0)], hills());
    open.surfaces = Arc::new(vec![NewSurface {
        id: String::new(),
        kind: SurfaceKind::Paving,
        outer: Vec::new(),
        holes: Vec::new(),
        raise_m: 0.12,
        parking_places: None,
        phase: String::new(),
    }]);
    let mut meshes = Meshes::default();
    let ground = Ground {
        terrain: &open.terrain,
        lift_m: ABOVE_M + 0.12,
        origin: SitePos(DVec3::ZERO),
        drape_m: DRAPE_M,
    };
    lay(&mut meshes, &open.features[0].features[0].areas[0], &ground, 0);
    for [x, y, z] in &meshes.areas.positions {
        let p = DVec2::new(f64::from(*x), -f64::from(*z));
        let above_m = f64::from(*y) - open.terrain.height_at(p);
        assert!((0.17..0.25).contains(&above_m), "{above_m}");
    }
    assert!(meshes.areas.positions.len() > 100, "split along the terrain");
    assert!((count_pieces(&open).vertices) > meshes.areas.positions.len());
}

#[test]
fn a_height_makes_blocks_with_walls_and_a_roof() {
    let open = open(vec![square(DVec2::ZERO, 10.0)], Terrain::flat());
    let tall = FeatureStyle {
        height: Some(Measure::Same(6.0)),
        ..style()
    };
    let pieces = make(&open, &[tall], &open.terrain);
    let forms: Vec<Form> = pieces[0].parts.iter().map(|part| part.form).collect();
    assert_eq!(forms, [Form::Block]);
    // Four walls of four corners and two triangles of roof.
    assert_eq!(pieces[0].parts[0].feet, [(0, 0.0)]);
    assert_eq!(pieces[0].vertices, 4 * 4 + 4);
}

#[test]
fn a_feature_of_several_forms_has_one_row() {
    let mut feature = square(DVec2::ZERO, 10.0);
    feature.points = vec![DVec2::new(20.0, 0.0)];
    feature.lines = vec![vec![DVec2::ZERO, DVec2::new(0.0, 30.0)]];
    let pieces = make(&open(vec![feature], Terrain::flat()), &[style()], &Terrain::flat());
    assert_eq!(
        (pieces.len(), pieces[0].indices.len(), pieces[0].parts.len()),
        (1, 1, 3)
    );
    assert!(pieces[0].parts.iter().all(|part| part.pick.holds(0)));
}

#[test]
fn a_huge_area_stays_within_bounds() {
    let wide = square(DVec2::splat(-20_000.0), 40_000.0);
    let pieces = make(&open(vec![wide], hills()), &[style()], &hills());
    assert!(pieces[0].vertices < 120_000, "{}", pieces[0].vertices);
}
