//! Terrain tiles of sheets: their heights, no cracks, the same again, and nothing where it was stopped.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use crate::geotiff_fixture::Fixture;
use crate::raster::{open, slope};
use bevy::math::DVec2;
use stadslens::{
    georef::{HeightReference, LonLatH, RdNap, lon_lat_h_from_rd_nap},
    sources::raster::terrain::{
        PyramidError, PyramidRequest, TerrainMesh, TerrainSheet, TileId, read_terrain_layer, read_terrain_mesh,
        write_terrain_pyramid,
    },
};
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// A `GeoTIFF` sheet in RD with NAP heights.
fn sheet(fixture: &Fixture) -> TerrainSheet {
    TerrainSheet::new(Arc::new(open(fixture.bytes()).unwrap()), HeightReference::Nap).unwrap()
}

fn bounds_deg(low: [f64; 2], high: [f64; 2]) -> [f64; 4] {
    let place = |p: [f64; 2]| {
        lon_lat_h_from_rd_nap(RdNap {
            x_m: p[0],
            y_m: p[1],
            nap_m: 0.0,
        })
        .unwrap()
    };
    let corners = [low, [high[0], low[1]], high, [low[0], high[1]]].map(place);
    let fold = |by: fn(f64, f64) -> f64, of: fn(&LonLatH) -> f64| corners.iter().map(of).reduce(by).unwrap();
    [
        fold(f64::min, |p| p.lon_deg),
        fold(f64::min, |p| p.lat_deg),
        fold(f64::max, |p| p.lon_deg),
        fold(f64::max, |p| p.lat_deg),
    ]
}

/// Every file of a folder with its bytes.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn height_in(mesh: &TerrainMesh, id: TileId, lon_deg: f64, lat_deg: f64) -> Option<f64> {
    let [west, south, east, north] = id.bounds_deg();
    let p = DVec2::new((lon_deg - west) / (east - west), (lat_deg - south) / (north - south)) * 32767.0;
    let at = |i: u32| DVec2::new(f64::from(mesh.u[i as usize]), f64::from(mesh.v[i as usize]));
    mesh.triangles.iter().find_map(|t| {
        let [a, b, c] = t.map(at);
        let whole = (b - a).perp_dot(c - a);
        let parts = [
            (c - b).perp_dot(p - b),
            (a - c).perp_dot(p - c),
            (b - a).perp_dot(p - a),
        ]
        .map(|part| part / whole);
        let heights = t.map(|i| mesh.height_m(i as usize));
        let sum: f64 = parts.iter().zip(heights).map(|(part, h)| part * h).sum();
        parts.iter().all(|part| *part >= -1e-9).then_some(sum)
    })
}

/// Height of hills of 20 m at a place in RD, metres above NAP.
fn hill(x: f64, y: f64) -> f64 {
    20.0 * (x / 90.0).sin() * (y / 70.0).cos() + 15.0
}

/// The hills in two sheets that touch; the second has a pond without heights.
fn two_sheets() -> [TerrainSheet; 2] {
    let make = |x0: f64, has_pond: bool| {
        let (width, height) = (200_u32, 160_u32);
        let pixels = (0..height).flat_map(|row| (0..width).map(move |column| (column, row)));
        let heights: Vec<f32> = pixels
            .map(|(column, row)| {
                let (x, y) = (
                    x0 + f64::from(column) * 2.0 + 1.0,
                    476_320.0 - f64::from(row) * 2.0 - 1.0,
                );
                let in_pond = has_pond && (x - 250_500.0).hypot(y - 476_160.0) < 40.0;
                #[expect(clippy::cast_possible_truncation, reason = "heights of a test")]
                if in_pond { -9999.0 } else { hill(x, y) as f32 }
            })
            .collect();
        let fixture = Fixture {
            tile: Some(64),
            coding: 8,
            predictor: 3,
            no_data: Some("-9999".into()),
            ..Fixture::rd(width, height, [x0, 476_320.0], 2.0, heights)
        };
        sheet(&fixture)
    };
    [make(250_000.0, false), make(250_400.0, true)]
}

/// Neighbours meet in the same vertices.
fn assert_no_cracks(tiles: &BTreeMap<TileId, TerrainMesh>) {
    let mut sides = 0;
    for (id, mesh) in tiles {
        for (other, [ours, theirs], along) in [
            (TileId { x: id.x + 1, ..*id }, [2, 0], false),
            (TileId { y: id.y + 1, ..*id }, [3, 1], true),
        ] {
            let Some(neighbour) = tiles.get(&other) else { continue };
            let side = |mesh: &TerrainMesh, edge: usize| {
                let vertex = |i: &u32| {
                    let i = *i as usize;
                    (
                        if along { mesh.u[i] } else { mesh.v[i] },
                        (mesh.height_m(i) * 256.0).round().to_bits(),
                    )
                };
                mesh.edges[edge].iter().map(vertex).collect::<Vec<_>>()
            };
            assert_eq!(side(mesh, ours), side(neighbour, theirs), "{id:?} and {other:?}");
            sides += 1;
        }
    }
    assert!(sides > 20, "{sides}");
}

#[test]
fn a_pyramid_of_two_sheets_has_their_heights_no_cracks_and_is_the_same_again() {
    let sheets = two_sheets();
    let folder = tempfile::tempdir().unwrap();
    let never = AtomicBool::new(false);
    let area = bounds_deg([250_050.0, 476_050.0], [250_750.0, 476_290.0]);
    let request = |name: &str| PyramidRequest {
        sheets: &sheets,
        bounds_deg: area,
        max_zoom: None,
        attribution: "test",
        folder: Box::leak(folder.path().join(name).into_boxed_path()),
    };
    let mut steps = Vec::new();
    let summary = write_terrain_pyramid(&request("a"), &never, &mut |progress| steps.push(progress)).unwrap();
    assert_eq!(summary.max_zoom, 17);
    assert!(summary.problems.is_empty() && summary.tiles > 20, "{summary:?}");
    assert_eq!(
        steps.last().map(|p| (p.done, p.total)),
        Some((2 * summary.tiles, 2 * summary.tiles))
    );
    let written = files(&folder.path().join("a"));
    assert_eq!(written.len() as u64, summary.tiles + 1);
    let (layer, problems) = read_terrain_layer(&written["layer.json"], "layer.json").unwrap();
    assert!(problems.is_empty() && layer.max_zoom == 17);
    let mut tiles: BTreeMap<TileId, TerrainMesh> = BTreeMap::new();
    for (name, bytes) in written.iter().filter(|(name, _)| name.ends_with(".terrain")) {
        let part: Vec<u32> = name
            .trim_end_matches(".terrain")
            .split('/')
            .map(|n| n.parse().unwrap())
            .collect();
        let id = TileId {
            z: part[0],
            x: part[1],
            y: part[2],
        };
        assert!(layer.has(id), "{name}");
        let mesh = read_terrain_mesh(bytes, name).unwrap();
        assert!(
            mesh.problems.is_empty() && mesh.edges.iter().all(|edge| edge.len() == 65),
            "{name}"
        );
        tiles.insert(id, mesh);
    }
    // Heights at places, above the ellipsoid.
    let mut looked_at = 0;
    for (x, y) in [
        (250_100.0, 476_100.0),
        (250_399.0, 476_200.0),
        (250_401.5, 476_201.0),
        (250_700.0, 476_280.0),
    ] {
        let expected = lon_lat_h_from_rd_nap(RdNap {
            x_m: x,
            y_m: y,
            nap_m: hill(x, y),
        })
        .unwrap();
        let id = tiles.keys().copied().find(|id| {
            let [west, south, east, north] = id.bounds_deg();
            id.z == 17 && (west..east).contains(&expected.lon_deg) && (south..north).contains(&expected.lat_deg)
        });
        let id = id.unwrap();
        let found = height_in(&tiles[&id], id, expected.lon_deg, expected.lat_deg).unwrap();
        assert!(
            (found - expected.h_m).abs() < 0.15,
            "{x} {y}: {found} instead of {}",
            expected.h_m
        );
        looked_at += 1;
    }
    assert_eq!(looked_at, 4);
    assert_no_cracks(&tiles);
    write_terrain_pyramid(&request("b"), &never, &mut |_| ()).unwrap();
    assert!(files(&folder.path().join("b")) == written, "the same again");
}

#[test]
fn a_pyramid_that_is_stopped_or_impossible_leaves_nothing() {
    let fixture = Fixture::rd(64, 64, [250_000.0, 476_000.0], 5.0, slope(64, 64));
    let sheets = [sheet(&fixture)];
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("terrain");
    let request = PyramidRequest {
        sheets: &sheets,
        bounds_deg: bounds_deg([250_010.0, 475_700.0], [250_300.0, 475_990.0]),
        max_zoom: Some(14),
        attribution: "",
        folder: &target,
    };
    let cancel = AtomicBool::new(false);
    let stopped = write_terrain_pyramid(&request, &cancel, &mut |progress| {
        if progress.done == 5 {
            cancel.store(true, Ordering::Relaxed);
        }
    });
    assert!(matches!(stopped, Err(PyramidError::Cancelled)));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let never = AtomicBool::new(false);
    let run = |change: &dyn Fn(&mut PyramidRequest<'_>)| {
        let mut request = request.clone();
        change(&mut request);
        write_terrain_pyramid(&request, &never, &mut |_| ()).map_err(|error| error.to_string())
    };
    let elsewhere = bounds_deg([200_000.0, 450_000.0], [200_100.0, 450_100.0]);
    assert!(
        run(&|r| r.bounds_deg = elsewhere)
            .unwrap_err()
            .contains("none of the sheets has a height")
    );
    assert!(
        run(&|r| r.bounds_deg = [1.0, 2.0, f64::NAN, 3.0])
            .unwrap_err()
            .contains("0 tiles")
    );
    assert!(
        run(&|r| (r.bounds_deg, r.max_zoom) = ([0.0, 50.0, 10.0, 55.0], Some(19)))
            .unwrap_err()
            .contains("at most")
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    fs::create_dir(&target).unwrap();
    run(&|_| ()).unwrap();
    assert!(run(&|_| ()).unwrap_err().contains("something in the folder"));
}
