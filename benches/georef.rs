//! Points per second through PROJ, and a tile of 50,000 vertices through its map.

#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first surprise")]

use std::hint::black_box;

use bevy::math::{DMat4, DVec3};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use stadslens::georef::{
    LonLatH, RdNap, SiteFrame, SitePos, ecef_from_lon_lat_h, lon_lat_h_from_rd_nap, narrow, rd_nap_from_lon_lat_h,
};

const POINTS: u32 = 10_000;
const VERTICES: u32 = 50_000;

/// Points scattered over the country, always the same.
fn scattered() -> Vec<RdNap> {
    (0..POINTS)
        .map(|i| {
            let (a, b) = (f64::from(i) * 0.618_034 % 1.0, f64::from(i) * 0.754_878 % 1.0);
            RdNap {
                x_m: 20_000.0 + 250_000.0 * a,
                y_m: 320_000.0 + 280_000.0 * b,
                nap_m: 20.0 * a,
            }
        })
        .collect()
}

fn procedure(c: &mut Criterion) {
    let rd = scattered();
    let geographic: Vec<LonLatH> = rd.iter().map(|p| lon_lat_h_from_rd_nap(*p).unwrap()).collect();
    let mut group = c.benchmark_group("rdnap");
    group.throughput(Throughput::Elements(POINTS.into()));
    group.bench_function("rd_nap_from_lon_lat_h", |b| {
        b.iter(|| {
            geographic
                .iter()
                .map(|p| rd_nap_from_lon_lat_h(*p).unwrap().nap_m)
                .sum::<f64>()
        });
    });
    group.bench_function("lon_lat_h_from_rd_nap", |b| {
        b.iter(|| rd.iter().map(|p| lon_lat_h_from_rd_nap(*p).unwrap().h_m).sum::<f64>());
    });
    group.finish();
}

fn tile(c: &mut Criterion) {
    let anchor = RdNap {
        x_m: 251_000.0,
        y_m: 476_250.0,
        nap_m: 17.0,
    };
    let frame = SiteFrame::RdNap { anchor };
    let center = ecef_from_lon_lat_h(lon_lat_h_from_rd_nap(anchor).unwrap()).unwrap();
    let local: Vec<[f32; 3]> = (0..VERTICES)
        .map(|i| {
            let at = |step: f64| (f64::from(i) * step % 1.0 - 0.5) * 800.0;
            narrow(DVec3::new(at(0.618_034), at(0.754_878), at(0.569_84)))
        })
        .collect();
    let mut out = Vec::new();
    let mut group = c.benchmark_group("tile_map");
    group.throughput(Throughput::Elements(VERTICES.into()));
    for (name, radius_m) in [("one_patch", 590.0), ("patches", 2_000.0), ("per_vertex", 6_000.0)] {
        let map = frame.tile_map(center, radius_m).unwrap();
        group.bench_function(format!("map_local/{name}"), |b| {
            b.iter(|| {
                let at = DMat4::from_translation(center.0);
                map.map_local(at, SitePos(DVec3::ZERO), black_box(&local), &mut out)
                    .unwrap();
            });
        });
    }
    group.finish();
    let mut group = c.benchmark_group("tile_map_new");
    for radius_m in [250.0, 1_000.0, 5_000.0] {
        group.bench_function(format!("{radius_m}"), |b| {
            b.iter(|| frame.tile_map(center, black_box(radius_m)).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, procedure, tile);
criterion_main!(benches);
