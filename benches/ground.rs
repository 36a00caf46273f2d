//! The ground with levels of detail over 16 million heights: measuring them once, what a view wants (aim 1 ms), what is
//! drawn meanwhile, and nodes as meshes, without and with water.

use bevy::math::{DVec2, DVec3};
use criterion::{Criterion, criterion_group, criterion_main};
use stadslens::geometry::Polygon;
use stadslens::georef::SitePos;
use stadslens::model::Terrain;
use stadslens::view::{
    relief::{Detail, Holes, NodeId, Photographed, Relief, cover, node_mesh, select},
    site_view::SiteView,
};
use std::{hint::black_box, slice, sync::Arc};

/// Nodes along a side of the grid, 2 m apart: 8 by 8 km.
const SIDE: u32 = 4000;

/// Hills with roughness, without a random number generator.
fn terrain() -> Arc<Terrain> {
    let height = |column: u32, row: u32| {
        let noise = (column.wrapping_mul(2_654_435_761) ^ row.wrapping_mul(40_503)).wrapping_mul(2_246_822_519) >> 24;
        let (x, y) = (f64::from(column), f64::from(row));
        let hills = 20.0 * (x / 300.0).sin() * (y / 410.0).cos() + 2.0 * (x / 23.0 + y / 31.0).sin();
        #[expect(clippy::cast_possible_truncation, reason = "tens of metres")]
        let height = (hills + f64::from(noise) * 0.001) as f32;
        height
    };
    Arc::new(Terrain {
        origin: DVec2::splat(-4000.0),
        cell_m: 2.0,
        columns: SIDE,
        rows: SIDE,
        heights_m: (0..SIDE)
            .flat_map(|row| (0..SIDE).map(move |column| height(column, row)))
            .collect(),
    })
}

fn ground(criterion: &mut Criterion) {
    let terrain = terrain();
    let (low, high) = terrain.bounds();
    let mut group = criterion.benchmark_group("ground");
    group.sample_size(10);
    group.bench_function("measure_16m_heights", |bencher| {
        bencher.iter(|| Relief::new(black_box(&terrain).clone(), low, high));
    });
    let relief = Relief::new(terrain.clone(), low, high);
    let view = SiteView::looking(
        SitePos(DVec3::new(-1500.0, -2500.0, 120.0)),
        0.6,
        -0.3,
        DVec2::new(1920.0, 1080.0),
    );
    let view = view.in_frame(|p| Some(p.0)).expect("the site's own frame");
    let detail = |imagery| Detail {
        tolerance_px: 1.25,
        imagery,
        most: 200,
    };
    let photographed = detail(Some(Photographed {
        boxes: vec![(low, high)],
        finest_m: 0.08,
        side_px: 504.0,
    }));
    for (name, detail) in [
        ("select_heights", detail(None)),
        ("select_imagery", photographed.clone()),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| select(&relief, black_box(slice::from_ref(&view)), &detail));
        });
    }
    let wanted = select(&relief, slice::from_ref(&view), &photographed);
    let ready = wanted.order.iter().copied().collect();
    group.bench_function("cover", |bencher| {
        bencher.iter(|| cover(&relief, black_box(&wanted), &ready));
    });
    let node = NodeId { depth: 5, x: 11, y: 9 };
    let (corner, side) = relief.square(node);
    let canal = |north: f64| {
        Polygon::new(vec![
            corner + DVec2::new(-10.0, north * side),
            corner + DVec2::new(side + 10.0, (north + 0.1) * side),
            corner + DVec2::new(side + 10.0, (north + 0.15) * side),
            corner + DVec2::new(-10.0, (north + 0.05) * side),
        ])
    };
    let water = Holes::new(vec![canal(0.1), canal(0.5), canal(0.7)]);
    for (name, holes) in [("mesh_dry", Holes::default()), ("mesh_with_water", water)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| node_mesh(&relief, black_box(node), &holes, true));
        });
    }
    group.finish();
}

criterion_group!(benches, ground);
criterion_main!(benches);
