//! Files that the tests make themselves: with `rusqlite`, the writers of the `flatgeobuf` and `shapefile` crates, and as
//! text; whole, cut off at many places, and wrong on purpose.

use super::*;
use flatgeobuf::geozero::{GeomProcessor, GeozeroGeometry, error::Result as GeozeroResult};
use rusqlite::Connection;
use serde_json::json;
use std::path::PathBuf;

/// Corners of a square with its first corner again at the end.
fn square(x: f64, y: f64, size: f64) -> Vec<[f64; 2]> {
    vec![[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]
}

fn wkb_polygon(rings: &[Vec<[f64; 2]>]) -> Vec<u8> {
    let mut bytes = vec![1, 3, 0, 0, 0];
    bytes.extend(u32::try_from(rings.len()).unwrap().to_le_bytes());
    for ring in rings {
        bytes.extend(u32::try_from(ring.len()).unwrap().to_le_bytes());
        bytes.extend(ring.iter().flatten().flat_map(|n| n.to_le_bytes()));
    }
    bytes
}

fn gpkg_blob(wkb: &[u8]) -> Vec<u8> {
    [b"GP\0\x01".as_slice(), &28992_u32.to_le_bytes(), wkb].concat()
}

/// A `GeoPackage` with two layers: three areas of which one has no geometry, and one point with a height.
fn geopackage(path: &Path) -> Connection {
    let database = Connection::open(path).unwrap();
    database
        .execute_batch(
            "CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT, srs_id INTEGER PRIMARY KEY, organization TEXT,
               organization_coordsys_id INTEGER, definition TEXT, description TEXT);
             INSERT INTO gpkg_spatial_ref_sys VALUES ('RD', 28992, 'EPSG', 28992, 'undefined', '');
             CREATE TABLE gpkg_contents (table_name TEXT PRIMARY KEY, data_type TEXT, identifier TEXT, description TEXT,
               last_change TEXT, min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER);
             CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, geometry_type_name TEXT,
               srs_id INTEGER, z TINYINT, m TINYINT);
             INSERT INTO gpkg_contents VALUES ('vlakken', 'features', 'v', '', '', 251000, 476000, 251100, 476100, 28992);
             INSERT INTO gpkg_contents VALUES ('punten', 'features', 'p', '', '', NULL, NULL, NULL, NULL, 28992);
             INSERT INTO gpkg_contents VALUES ('lijst', 'attributes', 'l', '', '', NULL, NULL, NULL, NULL, NULL);
             INSERT INTO gpkg_geometry_columns VALUES ('vlakken', 'geom', 'POLYGON', 28992, 0, 0);
             INSERT INTO gpkg_geometry_columns VALUES ('punten', 'geom', 'GEOMETRY', 28992, 1, 0);
             CREATE TABLE vlakken (fid INTEGER PRIMARY KEY, geom POLYGON, naam TEXT, hoogte REAL, open BOOLEAN);
             CREATE TABLE punten (fid INTEGER PRIMARY KEY, geom GEOMETRY);
             CREATE TABLE lijst (id INTEGER PRIMARY KEY, woord TEXT);",
        )
        .unwrap();
    let with_hole = wkb_polygon(&[square(251_000.0, 476_000.0, 50.0), square(251_010.0, 476_010.0, 5.0)]);
    let plain = wkb_polygon(&[square(251_080.0, 476_080.0, 20.0)]);
    let insert = "INSERT INTO vlakken (geom, naam, hoogte, open) VALUES (?1, ?2, ?3, ?4)";
    database
        .execute(insert, (gpkg_blob(&with_hole), "één", 3.5, true))
        .unwrap();
    database
        .execute(insert, (None::<Vec<u8>>, "leeg", None::<f64>, false))
        .unwrap();
    database
        .execute(insert, (gpkg_blob(&plain), "drie", 7, None::<bool>))
        .unwrap();
    let mut point = vec![1];
    point.extend(1001_u32.to_le_bytes());
    point.extend([251_050.0, 476_050.0, 21.5_f64].iter().flat_map(|n| n.to_le_bytes()));
    database
        .execute("INSERT INTO punten (geom) VALUES (?1)", [gpkg_blob(&point)])
        .unwrap();
    database
}

/// A polygon for the writer of the `flatgeobuf` crate.
struct Square(f64, f64, f64);

impl GeozeroGeometry for Square {
    fn process_geom<P: GeomProcessor>(&self, processor: &mut P) -> GeozeroResult<()> {
        processor.polygon_begin(true, 1, 0)?;
        let ring = square(self.0, self.1, self.2);
        processor.linestring_begin(false, ring.len(), 0)?;
        for (i, [x, y]) in ring.into_iter().enumerate() {
            processor.xy(x, y, i)?;
        }
        processor.linestring_end(false, 0)?;
        processor.polygon_end(true, 0)
    }
}

/// A `FlatGeobuf` file of `count` squares on a grid of 10 m, 100 in a row.
fn flatgeobuf_of(count: u32) -> Vec<u8> {
    use flatgeobuf::geozero::{ColumnValue, PropertyProcessor};
    use flatgeobuf::{ColumnType, FgbCrs, FgbWriter, FgbWriterOptions, GeometryType};
    let options = FgbWriterOptions {
        crs: FgbCrs {
            code: 28992,
            ..FgbCrs::default()
        },
        promote_to_multi: false,
        ..FgbWriterOptions::default()
    };
    let mut writer = FgbWriter::create_with_options("vakken", GeometryType::Polygon, options).unwrap();
    writer.add_column("nummer", ColumnType::Int, |_, _| {});
    writer.add_column("naam", ColumnType::String, |_, _| {});
    for i in 0..count {
        let (x, y) = (f64::from(i % 100) * 10.0, f64::from(i / 100) * 10.0);
        writer
            .add_feature_geom(Square(251_000.0 + x, 476_000.0 + y, 5.0), |feature| {
                let number = i32::try_from(i).unwrap();
                feature.property(0, "nummer", &ColumnValue::Int(number)).unwrap();
                feature.property(1, "naam", &ColumnValue::String("vak")).unwrap();
            })
            .unwrap();
    }
    let mut bytes = Vec::new();
    writer.write(&mut bytes).unwrap();
    bytes
}

/// A shapefile with a hole, a table in Windows-1252 and what `parts` names beside it.
fn shapefile_in(folder: &Path, prj: Option<&str>) -> PathBuf {
    use shapefile::dbase::{FieldValue, Record, TableWriterBuilder};
    use shapefile::{Point, Polygon, PolygonRing};
    let path = folder.join("vlakken.shp");
    let table = TableWriterBuilder::new()
        .add_character_field("naam".try_into().unwrap(), 20)
        .add_numeric_field("jaar".try_into().unwrap(), 6, 0);
    let mut writer = shapefile::Writer::from_path(&path, table).unwrap();
    let ring = |corners: Vec<[f64; 2]>| corners.into_iter().map(|[x, y]| Point::new(x, y)).collect::<Vec<_>>();
    for year in [1975, 2001] {
        let polygon = Polygon::with_rings(vec![
            PolygonRing::Outer(ring(square(251_000.0, 476_000.0, 50.0))),
            PolygonRing::Inner(ring(square(251_010.0, 476_010.0, 5.0))),
            PolygonRing::Outer(ring(square(251_100.0, 476_000.0, 10.0))),
        ]);
        let mut record = Record::default();
        record.insert("naam".into(), FieldValue::Character(Some("Deldenerstraat".into())));
        record.insert("jaar".into(), FieldValue::Numeric(Some(f64::from(year))));
        writer.write_shape_and_record(&polygon, &record).unwrap();
    }
    drop(writer);
    if let Some(prj) = prj {
        std::fs::write(folder.join("vlakken.prj"), prj).unwrap();
    }
    path
}

const RD_ESRI: &str = r#"PROJCS["RD_New",GEOGCS["GCS_Amersfoort",DATUM["D_Amersfoort",SPHEROID["Bessel_1841",6377397.155,299.1528128]]]]"#;

const GML: &str = r##"<?xml version="1.0" encoding="UTF-8"?>
<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:bgt="x">
 <gml:boundedBy><gml:Envelope srsName="urn:ogc:def:crs:EPSG::28992"/></gml:boundedBy>
 <gml:featureMember><bgt:Wegdeel gml:id="w1">
   <bgt:naam>Markt &amp; plein</bgt:naam><bgt:nummer>0501</bgt:nummer><bgt:breedte>3.50</bgt:breedte>
   <bgt:identificatie><bgt:lokaalID>L1</bgt:lokaalID><bgt:naam>x</bgt:naam></bgt:identificatie>
   <bgt:geometrie><gml:Surface><gml:patches><gml:PolygonPatch>
     <gml:exterior><gml:Ring><gml:curveMember><gml:Curve><gml:segments>
       <gml:LineStringSegment><gml:posList>251000 476000 251020 476000</gml:posList></gml:LineStringSegment>
       <gml:Arc><gml:posList>251020 476000 251030 476010 251020 476020</gml:posList></gml:Arc>
       <gml:LineStringSegment><gml:posList>251020 476020 251000 476000</gml:posList></gml:LineStringSegment>
     </gml:segments></gml:Curve></gml:curveMember></gml:Ring></gml:exterior>
     <gml:interior><gml:LinearRing><gml:posList>251005 476002 251006 476002 251006 476003 251005 476002</gml:posList></gml:LinearRing></gml:interior>
   </gml:PolygonPatch></gml:patches></gml:Surface></bgt:geometrie>
 </bgt:Wegdeel></gml:featureMember>
 <gml:featureMember><bgt:Paal gml:id="p1"><bgt:punt><gml:Point srsDimension="3"><gml:pos>251001 476002 17.5</gml:pos></gml:Point></bgt:punt></bgt:Paal></gml:featureMember>
 <gml:featureMember><bgt:Paal gml:id="p2"><bgt:punt><gml:Point srsName="urn:ogc:def:crs:EPSG::4258"><gml:pos>52.26 6.79</gml:pos></gml:Point></bgt:punt></bgt:Paal></gml:featureMember>
 <gml:featureMember><bgt:Lijn gml:id="l1"><bgt:as><gml:LineString><gml:coordinates>1,2 3,4 5,6</gml:coordinates></gml:LineString></bgt:as></bgt:Lijn></gml:featureMember>
</gml:FeatureCollection>"##;

/// Codes and values as a DXF writes them.
fn dxf_text(pairs: &[(i32, &str)]) -> String {
    pairs
        .iter()
        .map(|(code, value)| format!("{code:>3}\r\n{value}\r\n"))
        .collect()
}

fn drawing() -> String {
    dxf_text(&[
        (0, "SECTION"),
        (2, "HEADER"),
        (9, "$ACADVER"),
        (1, "AC1015"),
        (9, "$INSUNITS"),
        (70, "6"),
        (0, "ENDSEC"),
        (0, "SECTION"),
        (2, "TABLES"),
        (0, "TABLE"),
        (2, "LAYER"),
        (0, "LAYER"),
        (2, "WEG"),
        (70, "0"),
        (62, "3"),
        (0, "LAYER"),
        (2, "UIT"),
        (70, "0"),
        (62, "-1"),
        (0, "ENDTAB"),
        (0, "ENDSEC"),
        (0, "SECTION"),
        (2, "BLOCKS"),
        (0, "BLOCK"),
        (2, "BOOM"),
        (10, "1"),
        (20, "1"),
        (30, "0"),
        (0, "LINE"),
        (8, "0"),
        (62, "0"),
        (10, "1"),
        (20, "1"),
        (11, "2"),
        (21, "1"),
        (0, "ENDBLK"),
        (0, "ENDSEC"),
        (0, "SECTION"),
        (2, "ENTITIES"),
        (0, "LINE"),
        (5, "A1"),
        (8, "WEG"),
        (10, "0"),
        (20, "0"),
        (30, "0"),
        (11, "10"),
        (21, "0"),
        (31, "0"),
        (0, "LWPOLYLINE"),
        (8, "WEG"),
        (90, "2"),
        (70, "1"),
        (10, "0"),
        (20, "0"),
        (42, "1"),
        (10, "2"),
        (20, "0"),
        (42, "1"),
        (0, "ARC"),
        (8, "UIT"),
        (10, "5"),
        (20, "5"),
        (40, "2"),
        (50, "350"),
        (51, "10"),
        (0, "CIRCLE"),
        (8, "WEG"),
        (62, "1"),
        (10, "5"),
        (20, "5"),
        (40, "2"),
        (0, "ELLIPSE"),
        (8, "WEG"),
        (10, "0"),
        (20, "0"),
        (11, "4"),
        (21, "0"),
        (40, "0.5"),
        (41, "0"),
        (42, "6.283185307179586"),
        (0, "SPLINE"),
        (8, "WEG"),
        (70, "8"),
        (71, "3"),
        (40, "0"),
        (40, "0"),
        (40, "0"),
        (40, "0"),
        (40, "1"),
        (40, "1"),
        (40, "1"),
        (40, "1"),
        (10, "0"),
        (20, "0"),
        (10, "0"),
        (20, "10"),
        (10, "10"),
        (20, "10"),
        (10, "10"),
        (20, "0"),
        (0, "POLYLINE"),
        (8, "WEG"),
        (66, "1"),
        (70, "8"),
        (0, "VERTEX"),
        (8, "WEG"),
        (10, "0"),
        (20, "0"),
        (30, "3"),
        (0, "VERTEX"),
        (8, "WEG"),
        (10, "5"),
        (20, "0"),
        (30, "4"),
        (0, "SEQEND"),
        (0, "MTEXT"),
        (8, "WEG"),
        (10, "3"),
        (20, "4"),
        (40, "2.5"),
        (1, "{\\fArial|b0;Fietspad}\\P%%d"),
        (0, "INSERT"),
        (8, "WEG"),
        (62, "5"),
        (2, "BOOM"),
        (10, "100"),
        (20, "200"),
        (41, "2"),
        (42, "2"),
        (50, "90"),
        (0, "HATCH"),
        (8, "WEG"),
        (0, "ENDSEC"),
        (0, "EOF"),
    ])
}

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
