//! What is written is read back as it was, by our own reader and by that of the `flatgeobuf` crate.

use super::super::record::{Position, VectorFeature, overlaps};
use super::super::{VectorFile, VectorLayer};
use super::*;
use flatgeobuf::{FallibleStreamingIterator, FgbReader};
use proptest::prelude::*;
use serde_json::json;

fn properties(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

fn ring(x: f64, y: f64, size: f64, z: Option<f64>) -> Vec<Position> {
    let corners = [[0.0, 0.0], [size, 0.0], [size, size], [0.0, size], [0.0, 0.0]];
    corners
        .map(|[dx, dy]| Position {
            x: x + dx,
            y: y + dy,
            z,
        })
        .to_vec()
}

fn geometry(kind: GeometryKind, x: f64, y: f64, z: Option<f64>) -> VectorGeometry {
    let point = |x: f64| Position { x, y, z };
    let mut geometry = VectorGeometry::new(kind);
    match kind {
        GeometryKind::Point => geometry.points.push(point(x)),
        GeometryKind::MultiPoint => geometry.points.extend([point(x), point(x + 2.0)]),
        GeometryKind::LineString => geometry.lines.push(vec![point(x), point(x + 3.0)]),
        GeometryKind::MultiLineString => {
            geometry
                .lines
                .extend([vec![point(x), point(x + 3.0)], vec![point(x), point(x + 5.0)]]);
        }
        GeometryKind::Polygon => geometry
            .polygons
            .push(vec![ring(x, y, 9.0, z), ring(x + 2.0, y + 2.0, 3.0, z)]),
        GeometryKind::MultiPolygon => geometry
            .polygons
            .extend([vec![ring(x, y, 9.0, z)], vec![ring(x + 20.0, y, 4.0, z)]]),
        GeometryKind::GeometryCollection => {
            geometry.points.push(point(x));
            geometry.lines.push(vec![point(x), point(x + 3.0)]);
            geometry.polygons.push(vec![ring(x, y, 9.0, z)]);
        }
    }
    geometry
}

type Added = (VectorGeometry, Map<String, Value>);

/// The bytes of a file of these features, sorted in so much memory.
fn written(features: &[Added], run_bytes: usize) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fgb");
    let mut writer = FlatGeobufWriter::create(&path, "vlakken", Crs::RD, &folder.path().join("work")).unwrap();
    writer.run_bytes = run_bytes;
    for (geometry, properties) in features {
        assert!(writer.add(geometry, properties).unwrap());
    }
    assert_eq!(writer.finish().unwrap(), features.len() as u64);
    let left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left, ["a.fgb"], "nothing under way is left");
    fs::read(path).unwrap()
}

/// What our reader finds, in the order of the property `n`.
fn read(bytes: &[u8]) -> (VectorLayer, Vec<VectorFeature>, VectorFile) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.fgb"), bytes).unwrap();
    let file = VectorFile::open(&folder.path().join("a.fgb")).unwrap();
    let mut features: Vec<VectorFeature> = file.features(0).map(Result::unwrap).collect();
    features.sort_by_key(|feature| feature.properties["n"].as_u64());
    (file.layers[0].clone(), features, file)
}

fn squares(count: u32) -> Vec<Added> {
    let square = |n: u32| {
        let (x, y) = (f64::from(n * 37 % 101) * 20.0, f64::from(n * 53 % 97) * 20.0);
        let geometry = geometry(GeometryKind::Polygon, 251_000.0 + x, 476_000.0 + y, None);
        (geometry, properties(json!({"n": n, "naam": format!("vlak {n}")})))
    };
    (0..count).map(square).collect()
}

#[test]
fn every_kind_of_geometry_comes_back_as_it_was() {
    const KINDS: [GeometryKind; 7] = [
        GeometryKind::Point,
        GeometryKind::MultiPoint,
        GeometryKind::LineString,
        GeometryKind::MultiLineString,
        GeometryKind::Polygon,
        GeometryKind::MultiPolygon,
        GeometryKind::GeometryCollection,
    ];
    for z in [None, Some(17.25)] {
        let all: Vec<Added> = (0..)
            .zip(KINDS)
            .map(|(n, kind)| {
                (
                    geometry(kind, 251_000.0 + f64::from(n) * 9.0, 476_000.0, z),
                    properties(json!({"n": n})),
                )
            })
            .collect();
        // One kind in a file stands in its header, several stand with each feature.
        let (_, found, _) = read(&written(&all, RUN_BYTES));
        for (feature, (geometry, _)) in found.iter().zip(&all) {
            assert_eq!(feature.geometry.as_ref(), Some(geometry));
        }
        for one in &all {
            let (layer, found, _) = read(&written(std::slice::from_ref(one), RUN_BYTES));
            assert_eq!(layer.kinds.iter().copied().collect::<Vec<_>>(), [one.0.kind]);
            assert_eq!(found[0].geometry.as_ref(), Some(&one.0));
        }
    }
}

#[test]
fn values_come_back_as_they_were_whatever_else_their_column_holds() {
    let values = [
        json!({"n": 0, "mixed": 7, "whole": 3, "big": 4_000_000_000_i64, "number": 1.5, "yes": true, "text": "één"}),
        json!({"n": 1, "mixed": "zeven", "whole": -3, "big": 2, "number": null, "yes": false, "text": ""}),
        json!({"n": 2, "gfa_m2": {"housing": 120.5, "shops": 40}, "list": [1, "a", null], "huge": u64::MAX}),
    ];
    let features: Vec<Added> = values
        .iter()
        .map(|value| (geometry(GeometryKind::Point, 1.0, 2.0, None), properties(value.clone())))
        .collect();
    let (layer, found, _) = read(&written(&features, RUN_BYTES));
    for (feature, (_, properties)) in found.iter().zip(&features) {
        let mut properties = properties.clone();
        properties.retain(|_, value| !value.is_null());
        assert_eq!(feature.properties, properties);
    }
    let kinds: Vec<String> = layer
        .fields
        .iter()
        .map(|field| format!("{}:{:?}", field.name, field.kind))
        .collect();
    let kinds = kinds.join(" ");
    let expected = "n:Integer mixed:Other whole:Integer big:Integer number:Number yes:Boolean text:Text gfa_m2:Other \
                    list:Other huge:Other";
    assert_eq!(kinds, expected);
}

#[test]
fn a_file_says_what_it_holds_and_is_found_in_by_place() {
    for count in [1_u32, 2, 16, 17, 256, 257, 3_000] {
        let features = squares(count);
        let bytes = written(&features, RUN_BYTES);
        let (layer, found, file) = read(&bytes);
        assert_eq!(
            (layer.name.as_str(), layer.count, layer.crs),
            ("vlakken", u64::from(count), Some(Crs::RD))
        );
        assert_eq!(found.len(), features.len());
        let bounds = features
            .iter()
            .filter_map(|(geometry, _)| geometry.bounds())
            .reduce(|a, b| widened(Some(a), b));
        assert_eq!(layer.bounds, bounds);
        let window = [251_100.0, 476_100.0, 251_400.0, 476_700.0];
        let by_index = file.features_in(0, window).map(Result::unwrap).count();
        let meets = |(geometry, _): &&Added| geometry.bounds().is_some_and(|bounds| overlaps(bounds, window));
        assert_eq!(by_index, features.iter().filter(meets).count(), "{count}");
        // The reader of the crate has its own walk through the index.
        let reader = FgbReader::open(io::Cursor::new(&bytes)).unwrap();
        let mut all = reader.select_all().unwrap();
        let mut numbers = 0;
        while all.next().unwrap().is_some() {
            numbers += 1;
        }
        assert_eq!(numbers, count);
        let reader = FgbReader::open(io::Cursor::new(&bytes)).unwrap();
        let mut near = reader.select_bbox(window[0], window[1], window[2], window[3]).unwrap();
        let mut numbers = 0;
        while near.next().unwrap().is_some() {
            numbers += 1;
        }
        assert_eq!(numbers, by_index, "{count}");
    }
}

#[test]
fn the_memory_there_is_changes_nothing() {
    let features = squares(2_000);
    assert_eq!(written(&features, 2_000), written(&features, RUN_BYTES));
}

#[test]
fn what_has_no_place_is_left_out_and_an_empty_file_opens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fgb");
    let mut writer = FlatGeobufWriter::create(&path, "leeg", Crs::RD_NAP, &folder.path().join("work")).unwrap();
    let nowhere = geometry(GeometryKind::Point, f64::NAN, 1.0, None);
    assert!(!writer.add(&nowhere, &Map::new()).unwrap());
    assert!(
        !writer
            .add(&VectorGeometry::new(GeometryKind::MultiPolygon), &Map::new())
            .unwrap()
    );
    assert_eq!(writer.finish().unwrap(), 0);
    let file = VectorFile::open(&path).unwrap();
    assert_eq!((file.features(0).count(), file.layers[0].crs), (0, Some(Crs::RD_NAP)));
}

#[test]
fn what_cannot_be_written_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fgb");
    fs::write(&path, "old").unwrap();
    let mut writer = FlatGeobufWriter::create(&path, "a", Crs::RD, &folder.path().join("work")).unwrap();
    writer
        .add(&geometry(GeometryKind::Point, 1.0, 1.0, None), &Map::new())
        .unwrap();
    fs::remove_dir_all(folder.path().join("work")).unwrap();
    assert!(writer.finish().is_err());
    assert_eq!(fs::read(&path).unwrap(), b"old");
}

#[test]
fn rings_are_closed() {
    let mut open = geometry(GeometryKind::Polygon, 0.0, 0.0, None);
    for ring in &mut open.polygons[0] {
        ring.pop();
    }
    let (_, found, _) = read(&written(&[(open, properties(json!({"n": 0})))], RUN_BYTES));
    assert_eq!(found[0].geometry, Some(geometry(GeometryKind::Polygon, 0.0, 0.0, None)));
}

#[test]
fn the_curve_goes_from_each_cell_to_a_neighbour() {
    let mut cells = vec![None; 256];
    for (x, y) in (0..16_u32).flat_map(|x| (0..16_u32).map(move |y| (x, y))) {
        cells[hilbert(x, y) as usize] = Some((x, y));
    }
    let cells: Vec<(u32, u32)> = cells.into_iter().map(Option::unwrap).collect();
    assert!(
        cells
            .windows(2)
            .all(|pair| pair[0].0.abs_diff(pair[1].0) + pair[0].1.abs_diff(pair[1].1) == 1)
    );
    assert_eq!(hilbert(65_535, 65_535) / 4, hilbert(65_534, 65_534) / 4);
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        proptest::collection::vec(inner, 0..3).prop_map(Value::from)
    })
}

proptest! {
    #[test]
    fn any_properties_come_back(values in proptest::collection::vec(proptest::collection::btree_map("[a-c]", any_value(), 0..4), 1..20)) {
        let features: Vec<Added> = (0_u32..)
            .zip(&values)
            .map(|(n, values)| {
                let mut all = properties(json!({"n": n}));
                all.extend(values.clone());
                (geometry(GeometryKind::Point, f64::from(n), 0.0, None), all)
            })
            .collect();
        let (_, found, _) = read(&written(&features, 300));
        for (feature, (_, properties)) in found.iter().zip(&features) {
            for (name, value) in properties {
                let back = &feature.properties[name];
                // A whole number in a column of numbers comes back as a number.
                prop_assert!(back == value || back.is_f64() && back.as_f64() == value.as_f64(), "{name}: {value} {back}");
            }
        }
    }
}
