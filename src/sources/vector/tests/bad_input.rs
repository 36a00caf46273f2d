//! Files that are wrong, cut off or made to do harm.

use super::made::{GML, drawing, dxf_text, flatgeobuf_of, geopackage, shapefile_in};
use super::*;

#[test]
fn what_a_file_is_stands_in_its_bytes() {
    for (name, bytes, expected) in [
        (
            "plan.gpkg",
            b"hello".as_slice(),
            "plan.gpkg: this is a text file and no GeoPackage",
        ),
        (
            "plan.gpkg",
            b"\x00\x01\x02",
            "plan.gpkg: this is no GeoPackage: it does not begin as an SQLite file does",
        ),
        (
            "plan.dwg",
            b"AC1032",
            "plan.dwg: DWG drawings are not read: save the drawing as DXF",
        ),
        ("a.fgb", b"", "a.fgb: the file is empty"),
        (
            "a.osm",
            b"<?xml version='1.0'?><osm/>",
            "a.osm: this is XML and no GML that is read here",
        ),
    ] {
        assert_eq!(open_text(name, bytes).err().unwrap().to_string(), expected);
    }
    // The name says one thing and the bytes another: the bytes are right.
    assert_eq!(
        open_text("plan.gpkg", drawing().as_bytes()).unwrap().kind,
        VectorKind::Dxf
    );
    assert_eq!(
        open_text("plan.shp", &flatgeobuf_of(1)).unwrap().kind,
        VectorKind::FlatGeobuf
    );
    let json = open_text("a.json", br#"{"asset": {}}"#).err().unwrap();
    assert!(json.message.contains("no GeoJSON"), "{json}");
}

/// Cuts `bytes` at about 300 places; each time the file opens or is refused, and all of it is read.
fn every_cut(name: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let step = (bytes.len() / 300).max(1);
    for cut in (0..bytes.len()).step_by(step) {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        match VectorFile::open(&path) {
            Ok(file) => {
                let _read: usize = (0..file.layers.len()).map(|layer| file.features(layer).count()).sum();
                let _near = file.features_in(0, [0.0, 0.0, 1e6, 1e6]).count();
            }
            Err(problem) => assert!(!problem.message.is_empty()),
        }
    }
}

/// Turns bytes over at about 300 places.
fn every_flip(name: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let step = (bytes.len() / 300).max(1);
    for at in (0..bytes.len()).step_by(step) {
        let mut damaged = bytes.to_vec();
        damaged[at] ^= 0xFF;
        std::fs::write(&path, &damaged).unwrap();
        if let Ok(file) = VectorFile::open(&path) {
            let _read: usize = (0..file.layers.len()).map(|layer| file.features(layer).count()).sum();
            let _near = file
                .features_in(0, [251_000.0, 476_000.0, 251_100.0, 476_100.0])
                .count();
        }
    }
}

#[test]
fn cut_and_damaged_files_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.gpkg");
    drop(geopackage(&path));
    let shape = shapefile_in(folder.path(), None);
    let collection = r#"{"type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": "EPSG:28992"}},
        "features": [{"type": "Feature", "properties": {"é": "\u00e9"}, "geometry": {"type": "Polygon",
        "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}}, {"type": "Feature", "properties": null, "geometry": null}]}"#;
    let sequence = "{\"type\": \"Feature\", \"geometry\": null}\n{\"type\": \"Feature\", \"geometry\": null}\n";
    for (name, bytes) in [
        ("cut.gpkg", std::fs::read(&path).unwrap()),
        ("cut.fgb", flatgeobuf_of(40)),
        ("cut.shp", std::fs::read(&shape).unwrap()),
        ("cut.geojson", collection.as_bytes().to_vec()),
        ("cut.geojsonl", sequence.as_bytes().to_vec()),
        ("cut.gml", GML.as_bytes().to_vec()),
        ("cut.dxf", drawing().into_bytes()),
        ("cut.csv", b"wkt;a\n\"LINESTRING (0 0, 1 1)\";b\n".to_vec()),
    ] {
        every_cut(name, &bytes);
        every_flip(name, &bytes);
    }
}

#[test]
fn deep_xml_and_entities_of_a_dtd_end_in_a_line() {
    let deep = format!(
        "<x xmlns:gml=\"http://www.opengis.net/gml\"><gml:featureMember>{}",
        "<a>".repeat(100_000)
    );
    let problem = open_text("deep.gml", deep.as_bytes()).err().unwrap();
    assert!(problem.message.contains("deeper"), "{problem}");
    let laughs = r#"<!DOCTYPE x [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;&a;">]>
        <x xmlns:gml="http://www.opengis.net/gml"><gml:featureMember><F><naam>&b;!</naam></F></gml:featureMember></x>"#;
    let file = open_text("laughs.gml", laughs.as_bytes()).unwrap();
    assert_eq!(all(&file, 0)[0].properties["naam"], "!");
}

#[test]
fn blocks_that_contain_themselves_or_multiply_end() {
    let insert = |name: &'static str| [(0, "INSERT"), (8, "0"), (2, name), (10, "0"), (20, "0")];
    let mut pairs = vec![
        (0, "SECTION"),
        (2, "BLOCKS"),
        (0, "BLOCK"),
        (2, "A"),
        (10, "0"),
        (20, "0"),
    ];
    for _ in 0..10 {
        pairs.extend(insert("A"));
    }
    pairs.extend([
        (0, "LINE"),
        (10, "0"),
        (20, "0"),
        (11, "1"),
        (21, "0"),
        (0, "ENDBLK"),
        (0, "ENDSEC"),
    ]);
    pairs.extend([(0, "SECTION"), (2, "ENTITIES")]);
    pairs.extend(insert("A"));
    pairs.extend([(0, "ENDSEC"), (0, "EOF")]);
    let file = open_text("loop.dxf", dxf_text(&pairs).as_bytes()).unwrap();
    let lines = lines(&file);
    assert!(
        lines.iter().any(|line| line.contains("does `A` contain itself?")),
        "{lines:?}"
    );
    assert!(lines.iter().any(|line| line.contains("more than is read")), "{lines:?}");
}

#[test]
fn an_endless_view_and_a_damaged_blob_cost_a_line_each() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.gpkg");
    let database = geopackage(&path);
    database
        .execute_batch(
            "INSERT INTO vlakken (geom, naam) VALUES (x'47500001', 'kapot');
             INSERT INTO gpkg_contents VALUES ('weg', 'features', 'w', '', '', 0, 0, 1, 1, 28992);
             INSERT INTO gpkg_geometry_columns VALUES ('weg', 'geom', 'POINT', 28992, 0, 0);",
        )
        .unwrap();
    drop(database);
    let file = VectorFile::open(&path).unwrap();
    assert_eq!(file.layers.len(), 2);
    let lines = lines(&file);
    assert!(
        lines[0].contains("no such table") && lines[1].contains("cut off"),
        "{lines:?}"
    );
}

#[test]
fn a_sequence_that_is_broken_everywhere_ends_with_a_line() {
    let point = r#"{"type": "Feature", "geometry": {"type": "Point", "coordinates": [6, 52]}}"#;
    let some = format!("{point}\n{point}\nx\n\n{point} y\n{point}\n");
    let file = open_text("some.geojsonl", some.as_bytes()).unwrap();
    let places: Vec<String> = file
        .features(0)
        .filter_map(Result::err)
        .map(|problem| problem.place)
        .collect();
    let second = format!("line 5, column {}", point.len() + 2);
    assert_eq!(
        (file.layers[0].count, places),
        (4, vec!["line 3, column 1".into(), second])
    );
    // Counting the lines before each of them took minutes.
    let all = format!("{point}\n{point}\n{}{point}\n", "x\n".repeat(500_000));
    let file = open_text("all.geojsonl", all.as_bytes()).unwrap();
    let lines = lines(&file);
    assert_eq!((file.layers[0].count, lines.len()), (2, 201));
    assert!(lines[200].contains("what follows is left out"), "{}", lines[200]);
}

#[test]
fn rings_of_gml_keep_their_order_with_the_outer_ones_first() {
    let ring = |kind: &str, x: u32| {
        format!(
            "<gml:{kind}><gml:LinearRing><gml:posList>{x} 0 9 0 9 9 {x} 0</gml:posList></gml:LinearRing></gml:{kind}>"
        )
    };
    let rings = [("interior", 3), ("exterior", 1), ("interior", 4), ("exterior", 2)].map(|(kind, x)| ring(kind, x));
    let text = format!(
        "<x xmlns:gml=\"http://www.opengis.net/gml\"><gml:featureMember><F><gml:Polygon>{}</gml:Polygon></F>\
         </gml:featureMember></x>",
        rings.concat()
    );
    let file = open_text("rings.gml", text.as_bytes()).unwrap();
    let geometry = all(&file, 0).remove(0).geometry.unwrap();
    let firsts: Vec<Position> = geometry.polygons[0].iter().map(|ring| ring[0]).collect();
    assert_eq!(firsts, [1.0, 2.0, 3.0, 4.0].map(|x| Position::flat(x, 0.0)));
}
