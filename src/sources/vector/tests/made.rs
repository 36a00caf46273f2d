//! Files that the tests make.

use flatgeobuf::geozero::{GeomProcessor, GeozeroGeometry, error::Result as GeozeroResult};
use rusqlite::Connection;
use std::path::{Path, PathBuf};

/// Corners of a square with its first corner again at the end.
pub(super) fn square(x: f64, y: f64, size: f64) -> Vec<[f64; 2]> {
    vec![[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]
}

pub(super) fn wkb_polygon(rings: &[Vec<[f64; 2]>]) -> Vec<u8> {
    let mut bytes = vec![1, 3, 0, 0, 0];
    bytes.extend(u32::try_from(rings.len()).unwrap().to_le_bytes());
    for ring in rings {
        bytes.extend(u32::try_from(ring.len()).unwrap().to_le_bytes());
        bytes.extend(ring.iter().flatten().flat_map(|n| n.to_le_bytes()));
    }
    bytes
}

pub(super) fn gpkg_blob(wkb: &[u8]) -> Vec<u8> {
    [b"GP\0\x01".as_slice(), &28992_u32.to_le_bytes(), wkb].concat()
}

/// A `GeoPackage` with two layers: three areas of which one has no geometry, and one point with a height.
pub(super) fn geopackage(path: &Path) -> Connection {
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
pub(super) fn flatgeobuf_of(count: u32) -> Vec<u8> {
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
pub(super) fn shapefile_in(folder: &Path, prj: Option<&str>) -> PathBuf {
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

pub(super) const RD_ESRI: &str = r#"PROJCS["RD_New",GEOGCS["GCS_Amersfoort",DATUM["D_Amersfoort",SPHEROID["Bessel_1841",6377397.155,299.1528128]]]]"#;

pub(super) const GML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
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
</gml:FeatureCollection>"#;

/// Codes and values as a DXF writes them.
pub(super) fn dxf_text(pairs: &[(i32, &str)]) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for (code, value) in pairs {
        write!(text, "{code:>3}\r\n{value}\r\n").unwrap();
    }
    text
}

/// A drawing with one entity of each kind that is read, a block and a hatch.
const DRAWING: &str = r"
    0=SECTION; 2=HEADER; 9=$ACADVER; 1=AC1015; 9=$INSUNITS; 70=6;
    0=ENDSEC;
    0=SECTION; 2=TABLES;
    0=TABLE; 2=LAYER;
    0=LAYER; 2=WEG; 70=0; 62=3;
    0=LAYER; 2=UIT; 70=0; 62=-1;
    0=ENDTAB;
    0=ENDSEC;
    0=SECTION; 2=BLOCKS;
    0=BLOCK; 2=BOOM; 10=1; 20=1; 30=0;
    0=LINE; 8=0; 62=0; 10=1; 20=1; 11=2; 21=1;
    0=ENDBLK;
    0=ENDSEC;
    0=SECTION; 2=ENTITIES;
    0=LINE; 5=A1; 8=WEG; 10=0; 20=0; 30=0; 11=10; 21=0; 31=0;
    0=LWPOLYLINE; 8=WEG; 90=2; 70=1; 10=0; 20=0; 42=1; 10=2; 20=0; 42=1;
    0=ARC; 8=UIT; 10=5; 20=5; 40=2; 50=350; 51=10;
    0=CIRCLE; 8=WEG; 62=1; 10=5; 20=5; 40=2;
    0=ELLIPSE; 8=WEG; 10=0; 20=0; 11=4; 21=0; 40=0.5; 41=0; 42=6.283185307179586;
    0=SPLINE; 8=WEG; 70=8; 71=3; 40=0; 40=0; 40=0; 40=0; 40=1; 40=1; 40=1; 40=1; 10=0; 20=0; 10=0; 20=10;
    10=10; 20=10; 10=10; 20=0;
    0=POLYLINE; 8=WEG; 66=1; 70=8;
    0=VERTEX; 8=WEG; 10=0; 20=0; 30=3;
    0=VERTEX; 8=WEG; 10=5; 20=0; 30=4;
    0=SEQEND;
    0=MTEXT; 8=WEG; 10=3; 20=4; 40=2.5; 1={\fArial|b0;Fietspad}\P%%d;
    0=INSERT; 8=WEG; 62=5; 2=BOOM; 10=100; 20=200; 41=2; 42=2; 50=90;
    0=HATCH; 8=WEG;
    0=ENDSEC;
    0=EOF;
";

pub(super) fn drawing() -> String {
    let pairs: Vec<(i32, &str)> = DRAWING
        .split("; ")
        .flat_map(|line| line.split(";\n"))
        .filter_map(|pair| {
            let (code, value) = pair.trim().split_once('=')?;
            Some((code.parse().unwrap(), value))
        })
        .collect();
    dxf_text(&pairs)
}
