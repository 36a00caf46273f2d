//! Coordinates against the published points, PROJ and themselves.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]
#![expect(clippy::print_stderr, reason = "a suite says how much it compared")]

use crate::corpus;
use std::process::Command;

use bevy::math::{DMat4, DVec3};
use proptest::prelude::*;
use stadslens::georef::{
    Crs, Ecef, LonLatH, RdNap, SiteFrame, SitePos, Transformer, ecef_from_lon_lat_h, in_rdnap_grid, lon_lat_from_rd,
    lon_lat_h_from_rd_nap, rd_from_lon_lat, rd_nap_from_lon_lat_h,
};

const METRES: f64 = 0.001;
const DEGREES: f64 = 1e-8;

/// One row of the self-validation set; `nap_m` is `None` outside the quasi-geoid model.
struct Row {
    id: String,
    geographic: LonLatH,
    x_m: f64,
    y_m: f64,
    nap_m: Option<f64>,
}

fn rows(text: &str) -> Vec<Row> {
    let row = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let number = |i: usize| fields[i].trim().parse::<f64>().unwrap();
        Row {
            id: fields[0].to_owned(),
            geographic: LonLatH {
                lon_deg: number(2),
                lat_deg: number(1),
                h_m: number(3),
            },
            x_m: number(4),
            y_m: number(5),
            nap_m: (fields[6].trim() != "*").then(|| number(6)),
        }
    };
    text.lines().skip(1).filter(|l| !l.trim().is_empty()).map(row).collect()
}

#[test]
fn every_row_of_the_self_validation_set_holds_both_ways() {
    let Some(path) = corpus().map(|corpus| corpus.join("georef/rdnaptrans2018_points.tsv")) else {
        return;
    };
    let rows = rows(&std::fs::read_to_string(path).unwrap());
    let (to_rd, from_rd) = (transformer(4937, 7415), transformer(7415, 4937));
    let (to_xy, from_xy) = (transformer(4258, 28992), transformer(28992, 4258));
    let (mut worst_m, mut worst_deg) = (0.0_f64, 0.0_f64);
    let mut with_nap = 0;
    for row in &rows {
        let near = |what: &str, got: f64, want: f64, tolerance: f64, worst: &mut f64| {
            let d = (got - want).abs();
            *worst = worst.max(d);
            assert!(d < tolerance, "{}: {what} {got} is not {want}", row.id);
        };
        let LonLatH { lon_deg, lat_deg, h_m } = row.geographic;
        let rd = rd_from_lon_lat(lon_deg, lat_deg).unwrap();
        let [x, y, _] = to_xy.convert([lon_deg, lat_deg, 0.0]).unwrap();
        for (got_x, got_y) in [(rd.x, rd.y), (x, y)] {
            near("x", got_x, row.x_m, METRES, &mut worst_m);
            near("y", got_y, row.y_m, METRES, &mut worst_m);
        }
        let back = lon_lat_from_rd(row.x_m, row.y_m).unwrap();
        let [lon, lat, _] = from_xy.convert([row.x_m, row.y_m, 0.0]).unwrap();
        for (got_lon, got_lat) in [(back.x, back.y), (lon, lat)] {
            near("lon", got_lon, lon_deg, DEGREES, &mut worst_deg);
            near("lat", got_lat, lat_deg, DEGREES, &mut worst_deg);
        }
        assert_eq!(row.nap_m.is_some(), in_rdnap_grid(lon_deg, lat_deg), "{}", row.id);
        let Some(nap_m) = row.nap_m else {
            // Outside the model there is no height, so none may come out.
            assert!(to_rd.convert([lon_deg, lat_deg, h_m]).is_err(), "{}", row.id);
            assert!(from_rd.convert([row.x_m, row.y_m, h_m]).is_err(), "{}", row.id);
            continue;
        };
        with_nap += 1;
        let [x, y, nap] = to_rd.convert([lon_deg, lat_deg, h_m]).unwrap();
        near("x", x, row.x_m, METRES, &mut worst_m);
        near("y", y, row.y_m, METRES, &mut worst_m);
        near("NAP", nap, nap_m, METRES, &mut worst_m);
        let [lon, lat, h] = from_rd.convert([row.x_m, row.y_m, nap_m]).unwrap();
        near("lon", lon, lon_deg, DEGREES, &mut worst_deg);
        near("lat", lat, lat_deg, DEGREES, &mut worst_deg);
        near("h", h, h_m, METRES, &mut worst_m);
    }
    eprintln!(
        "1 corpus file, {} rows compared both ways, {with_nap} of them with NAP; worst {worst_m:.6} m, {worst_deg:.1e} deg",
        rows.len()
    );
    assert!(rows.len() >= 200 && with_nap >= 150, "the set has lost rows");
}

fn transformer(from: u32, to: u32) -> Transformer {
    Transformer::new(Crs(from), Crs(to)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn rd_and_nap_return_over_the_country(x_m in 10_000.0..280_000.0, y_m in 305_000.0..620_000.0, nap_m in -10.0..330.0) {
        let p = RdNap { x_m, y_m, nap_m };
        let geographic = lon_lat_h_from_rd_nap(p).unwrap();
        let back = rd_nap_from_lon_lat_h(geographic).unwrap();
        prop_assert!((back.x_m - x_m).abs() < 1e-4 && (back.y_m - y_m).abs() < 1e-4, "{back:?}");
        prop_assert!((back.nap_m - nap_m).abs() < 1e-6, "{back:?}");
        // The quasi-geoid stands 39 to 49 m above the ellipsoid here; a lost height grid gives 0.
        let undulation = geographic.h_m - nap_m;
        prop_assert!((38.0..50.0).contains(&undulation), "{undulation}");
        let frame = SiteFrame::around(geographic);
        let site = frame.site_from_rd_nap(p).unwrap();
        let through_ecef = frame.site_from_ecef(ecef_from_lon_lat_h(geographic).unwrap()).unwrap();
        prop_assert!((site.0 - through_ecef.0).length() < 1e-4, "{site:?} {through_ecef:?}");
    }
}

#[test]
fn a_grid_bearing_at_hengelo_is_the_true_azimuth_less_1_111_degrees() {
    let anchor = RdNap {
        x_m: 251_000.0,
        y_m: 476_250.0,
        nap_m: 17.0,
    };
    let convergence_deg = SiteFrame::RdNap { anchor }.grid_convergence_rad().to_degrees();
    eprintln!("grid bearing = true azimuth - {convergence_deg:.4} degrees");
    assert!((convergence_deg - 1.111).abs() < 0.001);
    // It is 0 on the central meridian and changes sign west of it.
    let at = |x_m| {
        SiteFrame::RdNap {
            anchor: RdNap {
                x_m,
                y_m: 463_000.0,
                nap_m: 0.0,
            },
        }
        .grid_convergence_rad()
    };
    assert!(at(155_000.0).abs().to_degrees() < 0.001 && at(100_000.0) < 0.0);
}

#[test]
fn every_thread_gets_the_same_numbers() {
    let sample = || {
        let geographic = lon_lat_h_from_rd_nap(RdNap {
            x_m: 251_000.0,
            y_m: 476_250.0,
            nap_m: 17.0,
        })
        .unwrap();
        let frame = SiteFrame::around(geographic);
        let center = ecef_from_lon_lat_h(geographic).unwrap();
        let map = frame.tile_map(center, 400.0).unwrap();
        let utm = transformer(7415, 25832);
        let mut bits = Vec::new();
        let mut out = Vec::new();
        for step in 0_u8..100 {
            let offset = f64::from(step) * 3.5;
            let site = map.site_from_ecef(Ecef(center.0 + DVec3::splat(offset))).unwrap();
            let rd = rd_nap_from_lon_lat_h(LonLatH {
                lon_deg: 4.0 + offset / 200.0,
                ..geographic
            })
            .unwrap();
            let utm = utm.convert([251_000.0 + offset, 476_250.0, 17.0]).unwrap();
            bits.extend([site.0.x, site.0.y, site.0.z, rd.x_m, rd.y_m, rd.nap_m, utm[0], utm[1]].map(f64::to_bits));
        }
        map.map_local(
            DMat4::from_translation(center.0),
            SitePos(DVec3::ZERO),
            &[[1.0, 2.0, 3.0]],
            &mut out,
        )
        .unwrap();
        (bits, out)
    };
    let here = sample();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(sample)).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), here);
        }
    });
}

/// Run again by [`nonsense_in_the_environment_changes_nothing`] in a process of its own.
#[test]
fn the_known_points_hold_in_this_process() {
    stadslens::georef::check_known_point().unwrap();
    let [x, y, z] = transformer(7415, 4979)
        .convert([250_769.394_0, 475_590.051_4, 16.568_7])
        .unwrap();
    assert!((x - 6.79).abs() < DEGREES && (y - 52.26).abs() < DEGREES && (z - 60.0).abs() < METRES);
    let [x, y, z] = transformer(7415, 25832)
        .convert([250_769.394_0, 475_590.051_4, 16.568_7])
        .unwrap();
    let [x, y, z] = transformer(25832, 4979).convert([x, y, z]).unwrap();
    assert!((x - 6.79).abs() < DEGREES && (y - 52.26).abs() < DEGREES && (z - 60.0).abs() < METRES);
    let [x, ..] = transformer(4326, 3857).convert([180.0, 0.0, 0.0]).unwrap();
    assert!((x - 20_037_508.342_789).abs() < METRES);
}

#[test]
fn nonsense_in_the_environment_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // A database and grids that PROJ would take from here if it looked.
    for name in [
        "proj.db",
        "proj.ini",
        "rdcorr2018.gsb",
        "nlgeo2018.gtx",
        "nl_nsgi_nlgeo2018.tif",
    ] {
        std::fs::write(folder.path().join(name), b"this is not what PROJ expects").unwrap();
    }
    for (key, value) in [("PROJ_DATA", folder.path().to_owned()), ("PROJ_LIB", "/nowhere".into())] {
        let run = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "georef::the_known_points_hold_in_this_process"])
            .current_dir(folder.path())
            .env(key, value)
            .env("PROJ_NETWORK", "ON")
            .env("XDG_DATA_HOME", folder.path())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success() && text.contains("1 passed"), "{key}: {text}");
    }
}
