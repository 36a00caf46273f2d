//! Files that the tests make themselves: with `rusqlite`, the writers of the `flatgeobuf` and `shapefile` crates, and as
//! text; whole, cut off at many places, and wrong on purpose.

mod bad_input;
mod made;

use super::*;
use made::{GML, RD_ESRI, drawing, flatgeobuf_of, geopackage, gpkg_blob, shapefile_in};
use serde_json::json;

fn open_text(name: &str, bytes: &[u8]) -> Result<VectorFile, Problem> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    VectorFile::open(&path).map_err(|problem| Problem {
        path: name.into(),
        ..problem
    })
}

fn all(file: &VectorFile, layer: usize) -> Vec<VectorFeature> {
    file.features(layer).map(Result::unwrap).collect()
}

fn lines(file: &VectorFile) -> Vec<String> {
    let damaged = (0..file.layers.len()).flat_map(|layer| file.features(layer).filter_map(Result::err));
    file.problems
        .iter()
        .cloned()
        .chain(damaged)
        .map(|problem| problem.message)
        .collect()
}

#[test]
fn a_geopackage_gives_its_layers_with_holes_heights_and_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan #1.gpkg");
    drop(geopackage(&path));
    let in_memory = VectorFile::open_in(&*resource::folder(folder.path()), "plan #1.gpkg").unwrap();
    for file in [VectorFile::open(&path).unwrap(), in_memory] {
        assert_eq!(file.kind, VectorKind::GeoPackage);
        let [areas, points] = &file.layers[..] else {
            panic!("{:?}", file.layers)
        };
        assert_eq!(
            (areas.name.as_str(), areas.count, areas.crs),
            ("vlakken", 3, Some(Crs::RD))
        );
        assert_eq!(areas.bounds, Some([251_000.0, 476_000.0, 251_100.0, 476_100.0]));
        assert_eq!(points.bounds, Some([251_050.0, 476_050.0, 251_050.0, 476_050.0]));
        assert_eq!(points.kinds.iter().collect::<Vec<_>>(), [&GeometryKind::Point]);
        let features = all(&file, 0);
        assert_eq!(features[0].geometry.as_ref().unwrap().polygons[0].len(), 2);
        assert_eq!(features[1].geometry, None);
        assert_eq!(features[2].id.as_deref(), Some("3"));
        assert_eq!(
            json!(features[0].properties),
            json!({"naam": "één", "hoogte": 3.5, "open": true})
        );
        assert_eq!(all(&file, 1)[0].geometry.as_ref().unwrap().points[0].z, Some(21.5));
        let near: Vec<_> = file
            .features_in(0, [251_090.0, 476_090.0, 251_091.0, 476_091.0])
            .collect();
        assert_eq!(near.len(), 1);
        assert_eq!(lines(&file), Vec::<String>::new());
    }
}

#[test]
fn a_geopackage_that_another_program_has_open_is_read_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("open.gpkg");
    let writer = geopackage(&path);
    writer
        .execute_batch("PRAGMA journal_mode = WAL; INSERT INTO vlakken (naam) VALUES ('nieuw');")
        .unwrap();
    let before: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    let file = VectorFile::open(&path).unwrap();
    assert_eq!(all(&file, 0).len(), 3);
    assert!(lines(&file)[0].contains("-wal"), "{:?}", lines(&file));
    let after: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(before, after, "reading leaves nothing behind");
}

#[test]
fn a_geopackage_is_read_by_its_index_in_batches() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.gpkg");
    let database = geopackage(&path);
    // A thousand keys that have no row, then 1200 points one metre apart.
    database
        .execute_batch(
            "CREATE VIRTUAL TABLE rtree_punten_geom USING rtree(id, minx, maxx, miny, maxy);
             WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 1001)
               INSERT INTO rtree_punten_geom SELECT i, 0, 0, 0, 0 FROM n;",
        )
        .unwrap();
    for i in 0..1200_u32 {
        let x = f64::from(i);
        let point = [&[1, 1, 0, 0, 0][..], &x.to_le_bytes(), &0_f64.to_le_bytes()].concat();
        let key = 2000 + i;
        database
            .execute(
                "INSERT INTO punten (fid, geom) VALUES (?1, ?2)",
                (key, gpkg_blob(&point)),
            )
            .unwrap();
        database
            .execute("INSERT INTO rtree_punten_geom VALUES (?1, ?2, ?2, 0, 0)", (key, x))
            .unwrap();
    }
    drop(database);
    let file = VectorFile::open(&path).unwrap();
    let ids = |window: Bounds| -> Vec<String> {
        let near = file.features_in(1, window).map(Result::unwrap);
        near.filter_map(|feature| feature.id).collect()
    };
    let expected: Vec<String> = (2000..=3100).map(|key| key.to_string()).collect();
    assert_eq!(ids([-0.5, -1.0, 1100.5, 1.0]), expected);
    assert_eq!(ids([-9.0, -9.0, -8.0, -8.0]), [""; 0]);
}

#[test]
fn flatgeobuf_is_read_whole_and_by_its_index() {
    let bytes = flatgeobuf_of(2000);
    let file = open_text("vakken.fgb", &bytes).unwrap();
    let layer = &file.layers[0];
    assert_eq!(
        (layer.name.as_str(), layer.count, layer.crs),
        ("vakken", 2000, Some(Crs::RD))
    );
    let features = all(&file, 0);
    let mut numbers: Vec<_> = features
        .iter()
        .filter_map(|f| f.properties["nummer"].as_i64())
        .collect();
    numbers.sort_unstable();
    assert!(numbers.iter().copied().eq(0..2000));
    assert_eq!(features[0].geometry.as_ref().unwrap().polygons[0][0].len(), 5);
    let window = [251_000.0, 476_000.0, 251_024.0, 476_014.0];
    let near: Vec<VectorFeature> = file.features_in(0, window).map(Result::unwrap).collect();
    let expected: Vec<VectorFeature> = features
        .into_iter()
        .filter(|f| overlaps(f.geometry.as_ref().unwrap().bounds().unwrap(), window))
        .collect();
    assert_eq!(near.len(), 6);
    assert_eq!(near, expected);
}

#[test]
fn a_shapefile_is_read_with_what_lies_beside_it_and_without() {
    let folder = tempfile::tempdir().unwrap();
    let path = shapefile_in(folder.path(), Some(RD_ESRI));
    let file = VectorFile::open(&path).unwrap();
    assert_eq!(file.layers[0].crs, Some(Crs::RD));
    assert_eq!((file.layers[0].count, lines(&file)), (2, Vec::new()));
    let feature = &all(&file, 0)[1];
    let areas = &feature.geometry.as_ref().unwrap().polygons;
    assert_eq!(areas.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(
        json!(feature.properties),
        json!({"naam": "Deldenerstraat", "jaar": 2001})
    );
    for ending in ["prj", "dbf", "shx"] {
        std::fs::remove_file(path.with_extension(ending)).unwrap();
    }
    let bare = VectorFile::open(&path).unwrap();
    assert_eq!((bare.layers[0].crs, bare.layers[0].count), (None, 2));
    let lines = lines(&bare);
    assert!(
        lines[0].contains("no .dbf") && lines[1].contains("no .prj"),
        "{lines:?}"
    );
    let again = tempfile::tempdir().unwrap();
    let path = shapefile_in(again.path(), Some(r#"PROJCS["Local",GEOGCS["x"]]"#));
    let file = VectorFile::open(&path.with_extension("shx")).unwrap();
    assert!(
        file.problems[0].message.contains("`Local`, which is not known"),
        "{:?}",
        file.problems
    );
}

#[test]
fn geojson_is_read_in_every_form() {
    let point = r#"{"type": "Feature", "id": 7, "properties": {"a": 1}, "geometry": {"type": "Point", "coordinates": [6.8, 52.2, 14]}}"#;
    let multi = r#"{"type": "Feature", "properties": {"a": 1.5}, "geometry": {"type": "GeometryCollection", "geometries": [
        {"type": "MultiPoint", "coordinates": [[6, 52], [7, 53]]}, {"type": "MultiLineString", "coordinates": [[[6, 52], [7, 53]]]}]}}"#;
    let multi = multi.replace('\n', "");
    for (name, text, count) in [
        (
            "a.geojson",
            format!(r#"{{"type": "FeatureCollection", "features": [{point}, {multi}]}}"#),
            2,
        ),
        (
            "b.json",
            format!(r#"{{"features": [{point}, {multi}], "name": "b", "type": "FeatureCollection"}}"#),
            2,
        ),
        ("c.geojsonl", format!("{point}\n{multi}\n"), 2),
        ("d.geojsons", format!("\u{1e}{point}\n\u{1e}{multi}\n"), 2),
        ("e.json", point.to_owned(), 1),
        (
            "f.json",
            r#"{"type": "Point", "coordinates": [6.8, 52.2]}"#.to_owned(),
            1,
        ),
    ] {
        let file = open_text(name, text.as_bytes()).unwrap_or_else(|problem| panic!("{problem}"));
        assert_eq!(
            (file.layers[0].count, file.layers[0].crs),
            (count, Some(Crs(4326))),
            "{name}"
        );
        assert_eq!(lines(&file), Vec::<String>::new(), "{name}");
        if count == 2 {
            let features = all(&file, 0);
            assert_eq!(features[0].geometry.as_ref().unwrap().points[0].z, Some(14.0));
            assert_eq!(features[0].id.as_deref(), Some("7"));
            let both = features[1].geometry.as_ref().unwrap();
            assert_eq!((both.points.len(), both.lines.len()), (2, 1));
            assert_eq!(file.layers[0].fields[0].kind, FieldKind::Number);
        }
    }
    let rd = r#"{"type": "FeatureCollection", "features": [{"geometry": {"type": "Point", "coordinates": [251000, 476000]}}]"#;
    let silent = open_text("rd.geojson", format!("{rd}}}").as_bytes()).unwrap();
    assert_eq!(silent.layers[0].crs, None);
    assert!(silent.problems[0].message.contains("say which CRS"));
    for (name, known) in [
        ("urn:ogc:def:crs:EPSG::28992", Some(Crs::RD)),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", Some(Crs(4326))),
        ("mars", None),
    ] {
        let text = format!(r#"{rd}, "crs": {{"type": "name", "properties": {{"name": "{name}"}}}}}}"#);
        assert_eq!(
            open_text("rd.geojson", text.as_bytes()).unwrap().layers[0].crs,
            known,
            "{name}"
        );
    }
    let broken = open_text("s.geojsonl", format!("{point}\n{{\"type\": \n{point}\n").as_bytes()).unwrap();
    assert_eq!(
        (broken.layers[0].count, lines(&broken).len()),
        (2, 1),
        "{:?}",
        lines(&broken)
    );
}

#[test]
fn gml_gives_a_layer_for_each_kind_of_feature() {
    let file = open_text("bgt.gml", GML.as_bytes()).unwrap();
    let names: Vec<_> = file
        .layers
        .iter()
        .map(|layer| (layer.name.as_str(), layer.count))
        .collect();
    assert_eq!(names, [("Wegdeel", 1), ("Paal", 2), ("Lijn", 1)]);
    assert_eq!(file.layers[0].crs, Some(Crs::RD));
    let road = &all(&file, 0)[0];
    assert_eq!(road.id.as_deref(), Some("w1"));
    assert_eq!(
        json!(road.properties),
        json!({"naam": "Markt & plein", "nummer": "0501", "breedte": 3.5, "lokaalID": "L1", "identificatie.naam": "x"})
    );
    let area = &road.geometry.as_ref().unwrap().polygons[0];
    assert_eq!((area.len(), area[1].len()), (2, 4));
    let east = area[0].iter().map(|p| p.x).fold(0.0, f64::max);
    assert!(
        area[0].len() > 30 && (east - 251_030.0).abs() < 0.02,
        "the arc is stroked: {east}"
    );
    let poles = all(&file, 1);
    assert_eq!(poles[0].geometry.as_ref().unwrap().points[0].z, Some(17.5));
    let turned = poles[1].geometry.as_ref().unwrap().points[0];
    assert_eq!((turned.x, turned.y), (6.79, 52.26), "latitude first is turned round");
    assert_eq!(all(&file, 2)[0].geometry.as_ref().unwrap().lines[0].len(), 3);
}

#[test]
fn gml_with_an_unknown_srs_says_so_and_is_read() {
    let text = GML.replace("urn:ogc:def:crs:EPSG::28992", "urn:local:grid");
    let file = open_text("bgt.gml", text.as_bytes()).unwrap();
    assert_eq!((file.layers[0].crs, file.layers[0].count), (None, 1));
    assert!(
        file.problems[0].message.contains("`urn:local:grid` is not known"),
        "{:?}",
        file.problems
    );
}

#[test]
fn a_drawing_is_taken_apart() {
    let file = open_text("plan.dxf", drawing().as_bytes()).unwrap();
    assert_eq!(lines(&file), ["entities that are not read: 1 HATCH"]);
    let features = all(&file, 0);
    let of = |entity: &str| features.iter().find(|f| f.properties["entity"] == entity).unwrap();
    let geometry = |entity: &str| of(entity).geometry.as_ref().unwrap();
    assert_eq!(features.len(), 9);
    assert_eq!(of("LINE").properties["color_rgb"], "#00ff00", "from the layer");
    let bulged = &geometry("LWPOLYLINE").polygons[0][0];
    assert!(bulged.len() > 70 && bulged.iter().all(|p| ((p.x - 1.0).hypot(p.y) - 1.0).abs() < 1e-9));
    assert_eq!(of("ARC").properties["hidden"], true);
    let arc = &geometry("ARC").lines[0];
    assert!(arc.iter().all(|p| p.x > 6.9), "20 degrees around east: {arc:?}");
    assert_eq!(geometry("CIRCLE").kind, GeometryKind::Polygon);
    let ellipse = geometry("ELLIPSE").bounds().unwrap();
    assert!(
        (ellipse[2] - 4.0).abs() < 0.02 && (ellipse[3] - 2.0).abs() < 0.02,
        "{ellipse:?}"
    );
    let spline = &geometry("SPLINE").lines[0];
    // The middle of this Bézier curve lies at (5, 7.5).
    assert!(
        spline
            .iter()
            .any(|p| (p.x - 5.0).abs() < 1e-6 && (p.y - 7.5).abs() < 1e-6),
        "{spline:?}"
    );
    assert_eq!(geometry("POLYLINE").lines[0][1].z, Some(4.0));
    assert_eq!(of("MTEXT").properties["text"], "Fietspad\n°");
    let inserted = features
        .iter()
        .find(|f| f.properties.get("block") == Some(&json!("BOOM")))
        .unwrap();
    let line = &inserted.geometry.as_ref().unwrap().lines[0];
    assert!((line[0].x - 100.0).abs() < 1e-9 && (line[0].y - 200.0).abs() < 1e-9);
    assert!(
        (line[1].x - 100.0).abs() < 1e-9 && (line[1].y - 202.0).abs() < 1e-9,
        "turned and twice as large"
    );
    assert_eq!(
        (&inserted.properties["layer"], &inserted.properties["color"]),
        (&json!("WEG"), &json!(5))
    );
}

#[test]
fn a_binary_drawing_is_read_as_its_text() {
    let mut bytes = b"AutoCAD Binary DXF\r\n\x1a\0".to_vec();
    let mut text = |code: u16, value: &str| {
        bytes.extend(code.to_le_bytes());
        bytes.extend(value.as_bytes());
        bytes.push(0);
    };
    text(0, "SECTION");
    text(2, "ENTITIES");
    text(0, "LINE");
    text(8, "WEG");
    for (code, number) in [(10_u16, 1.5_f64), (20, 2.0), (11, 3.0), (21, 4.0)] {
        bytes.extend(code.to_le_bytes());
        bytes.extend(number.to_le_bytes());
    }
    let mut text = |code: u16, value: &str| {
        bytes.extend(code.to_le_bytes());
        bytes.extend(value.as_bytes());
        bytes.push(0);
    };
    text(0, "ENDSEC");
    text(0, "EOF");
    let file = open_text("plan.dxf", &bytes).unwrap();
    assert_eq!(
        all(&file, 0)[0].geometry.as_ref().unwrap().lines[0][0],
        Position::flat(1.5, 2.0)
    );
}

#[test]
fn tables_have_their_place_in_words_or_numbers() {
    let wkt = open_text(
        "a.csv",
        b"id;wkt\n1;\"POLYGON ((0 0, 1 0, 1 1, 0 0))\"\n2;\n3;\"POINT (x)\"\n",
    )
    .unwrap();
    assert_eq!(
        (wkt.layers[0].count, wkt.layers[0].crs, lines(&wkt).len()),
        (2, None, 1)
    );
    assert_eq!(all_ok(&wkt)[0].properties["id"], 1);
    let numbers = open_text("b.csv", b"naam;x;y\nboom;251000,5;476000,25\n").unwrap();
    let point = all(&numbers, 0)[0].geometry.as_ref().unwrap().points[0];
    assert_eq!((point.x, point.y, numbers.layers[0].crs), (251_000.5, 476_000.25, None));
    let degrees = open_text("c.csv", b"lat,lon\n52.2,6.8\n").unwrap();
    assert_eq!(degrees.layers[0].crs, Some(Crs(4326)));
    let nowhere = open_text("d.csv", b"a,b\n1,2\n").err().unwrap();
    assert!(nowhere.message.contains("no column says where"), "{nowhere}");
}

fn all_ok(file: &VectorFile) -> Vec<VectorFeature> {
    file.features(0).flatten().collect()
}
