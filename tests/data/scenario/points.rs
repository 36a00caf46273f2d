//! Layers of measured points: in RD, with ellipsoidal heights, elsewhere, and broken.

use super::lines;
use bevy::math::DVec3;
use stadslens::georef::{RdNap, lon_lat_h_from_rd_nap};
use stadslens::model::OpenScenario;
use stadslens::model::points::NodePoints;
use stadslens::model::scenario::{open, used_files};
use stadslens::sources::Cause;
use stadslens::sources::points::Stop;
use std::fs;
use std::path::Path;

/// A LAS file of format 1 with a hundred points a metre apart, from `zero` on, in steps of `scale`.
fn las(zero: [f64; 3], step: f64, keys: &[u16]) -> Vec<u8> {
    let count = 100_u32;
    let mut bytes = vec![0; 227];
    let mut side = vec![0; 54];
    side[2..17].copy_from_slice(b"LASF_Projection");
    side[18..20].copy_from_slice(&34735_u16.to_le_bytes());
    side[20..22].copy_from_slice(&u16::try_from(2 * keys.len()).unwrap().to_le_bytes());
    side.extend(keys.iter().flat_map(|key| key.to_le_bytes()));
    let sides = if keys.is_empty() { Vec::new() } else { side };
    let points_at = 227 + u32::try_from(sides.len()).unwrap();
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(0, b"LASF");
    put(24, &[1, 2]);
    put(94, &227_u16.to_le_bytes());
    put(96, &points_at.to_le_bytes());
    put(100, &u32::from(!sides.is_empty()).to_le_bytes());
    put(104, &[1]);
    put(105, &28_u16.to_le_bytes());
    put(107, &count.to_le_bytes());
    let scale = step / 100.0;
    for (place, value) in [scale, scale, 0.01, zero[0], zero[1], zero[2]].into_iter().enumerate() {
        put(131 + 8 * place, &f64::to_le_bytes(value));
    }
    bytes.extend(sides);
    for number in 0..count {
        let place = [number % 10 * 100, number / 10 * 100, 250];
        bytes.extend(place.iter().flat_map(|value| value.to_le_bytes()));
        bytes.extend([77, 0, 0x11, 2, 0, 0, 0, 0]);
        bytes.extend([0; 8]);
    }
    bytes
}

/// Keys that name an EPSG code as the projected (3072) or geographic (2048) system.
fn keys(key: u16, code: u16) -> [u16; 8] {
    [1, 1, 0, 1, key, 0, 1, code]
}

fn open_with(folder: &Path, las: &[u8], height_reference: Option<&str>) -> OpenScenario {
    let mut layer = serde_json::json!({"id": "cloud", "kind": "points", "path": "data/a.las"});
    if let Some(reference) = height_reference {
        layer["height_reference"] = reference.into();
    }
    let scenario = serde_json::json!({
        "version": 1, "title": {"en": "Wemen"}, "crs": "EPSG:28992",
        "area": {"anchor": {"rd": [251_000.0, 476_250.0], "nap_m": 10.0},
            "outline": [[250_950, 476_200], [251_050, 476_200], [251_050, 476_300], [250_950, 476_300]]},
        "layers": [layer]
    });
    fs::create_dir_all(folder.join("data")).unwrap();
    fs::write(folder.join("scenario.json"), scenario.to_string()).unwrap();
    fs::write(folder.join("data/a.las"), las).unwrap();
    open(folder).unwrap_or_else(|problems| panic!("{:?}", lines(&problems)))
}

fn first_node(open: &OpenScenario) -> NodePoints {
    let tree = open.points[0].tree(1000, &Stop::default()).unwrap();
    assert!(tree.problems.is_empty(), "{:?}", tree.problems);
    assert_eq!(tree.nodes.len(), 1);
    let node = tree.read(0);
    let (low, high) = (tree.nodes[0].low - 0.01, tree.nodes[0].high + 0.01);
    for point in 0..node.positions.len() {
        let place = node.place(point).unwrap().0;
        assert!(
            place.cmpge(low).all() && place.cmple(high).all(),
            "{place} in {low} to {high}"
        );
    }
    node
}

/// The place of the point with the lowest x and y.
fn corner(node: &NodePoints) -> DVec3 {
    let places = (0..node.positions.len()).filter_map(|point| node.place(point));
    let nearest = places.min_by(|a, b| (a.0.x + a.0.y).total_cmp(&(b.0.x + b.0.y)));
    nearest.unwrap().0
}

#[test]
fn a_cloud_in_rd_stands_where_it_was_measured_and_its_file_belongs_to_the_scenario() {
    let folder = tempfile::tempdir().unwrap();
    let open = open_with(
        folder.path(),
        &las([251_010.0, 476_240.0, 12.0], 1.0, &keys(3072, 28992)),
        None,
    );
    assert_eq!(lines(&open.problems), Vec::<String>::new());
    assert_eq!((open.points.len(), &*open.points[0].layer), (1, "cloud"));
    let node = first_node(&open);
    assert_eq!(node.positions.len(), 100);
    assert!(
        (corner(&node) - DVec3::new(10.0, -10.0, 4.5)).length() < 1e-3,
        "{}",
        corner(&node)
    );
    assert!(used_files(&open).paths.contains("data/a.las"));
}

#[test]
fn heights_above_the_ellipsoid_become_nap_and_degrees_become_metres() {
    let folder = tempfile::tempdir().unwrap();
    let rd = RdNap {
        x_m: 251_010.0,
        y_m: 476_240.0,
        nap_m: 14.5,
    };
    let place = lon_lat_h_from_rd_nap(rd).unwrap();
    let expected = DVec3::new(10.0, -10.0, 4.5);
    // In RD with heights above the ellipsoid, as the layer says.
    let high = [rd.x_m, rd.y_m, place.h_m - 2.5];
    let open = open_with(folder.path(), &las(high, 1.0, &keys(3072, 28992)), Some("ellipsoid"));
    assert_eq!(lines(&open.problems), Vec::<String>::new());
    let at = corner(&first_node(&open));
    assert!((at - expected).length() < 0.02, "{at}");
    // In degrees, with either height.
    for (reference, zero_m) in [("ellipsoid", place.h_m - 2.5), ("nap", rd.nap_m - 2.5)] {
        let degrees = [place.lon_deg, place.lat_deg, zero_m];
        let open = open_with(folder.path(), &las(degrees, 1e-5, &keys(2048, 4258)), Some(reference));
        assert_eq!(lines(&open.problems), Vec::<String>::new());
        let at = corner(&first_node(&open));
        assert!((at - expected).length() < 0.02, "{reference}: {at}");
    }
}

#[test]
fn a_cloud_without_a_system_is_taken_as_rd_where_it_fits() {
    let folder = tempfile::tempdir().unwrap();
    let open = open_with(folder.path(), &las([251_010.0, 476_240.0, 12.0], 1.0, &[]), None);
    assert!(open.problems[0].message.contains("EPSG:7415"), "{:?}", open.problems);
    assert_eq!(open.points.len(), 1);
    let nowhere = open_with(folder.path(), &las([10.0, 20.0, 12.0], 1.0, &[]), None);
    assert!(nowhere.points.is_empty());
    let problem = &nowhere.problems[0];
    assert_eq!((problem.cause, &*problem.path), (Cause::NoSystem, "data/a.las"));
    assert!(problem.message.contains("names no coordinate system"), "{problem}");
}

#[test]
fn a_cloud_elsewhere_is_refused_and_one_beside_the_area_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let far = open_with(
        folder.path(),
        &las([121_000.0, 487_000.0, 0.0], 1.0, &keys(3072, 28992)),
        None,
    );
    assert!(far.points.is_empty());
    assert!(
        far.problems[0].message.contains("130 km from the area"),
        "{:?}",
        far.problems
    );
    let beside = open_with(
        folder.path(),
        &las([251_350.0, 476_240.0, 0.0], 1.0, &keys(3072, 28992)),
        None,
    );
    assert_eq!(beside.points.len(), 1);
    assert!(
        beside.problems[0].message.contains("300 m beside the area"),
        "{:?}",
        beside.problems
    );
}

#[test]
fn a_broken_or_missing_file_leaves_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let open = open_with(folder.path(), b"LASF and then nothing", None);
    assert!(open.points.is_empty());
    assert_eq!((open.problems.len(), &*open.problems[0].path), (1, "data/a.las"));
    fs::remove_file(folder.path().join("data/a.las")).unwrap();
    let missing = stadslens::model::scenario::open(folder.path()).unwrap();
    assert_eq!((missing.points.len(), missing.problems[0].cause), (0, Cause::Missing));
    let swapped = open_with(folder.path(), &las([f64::NAN, 0.0, 0.0], 1.0, &[]), None);
    assert!(swapped.points.is_empty() && swapped.problems.len() == 1);
}
