//! What vector files cost: 50,000 polygons of 5 points with two fields, opened and every feature read, per format (aim
//! 100,000 features a second for the binary ones), and laid on hilly ground as meshes.

#![expect(clippy::print_stdout, reason = "a bench tells what it measured")]

use bevy::math::DVec2;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flatgeobuf::geozero::{ColumnValue, GeomProcessor, GeozeroGeometry, PropertyProcessor, error::Result as Processed};
use flatgeobuf::{ColumnType, FgbCrs, FgbWriter, FgbWriterOptions, GeometryType};
use shapefile::dbase::{FieldValue, Record, TableWriterBuilder};
use stadslens::model::{Terrain, scenario::open_any};
use stadslens::sources::vector::VectorFile;
use stadslens::view::features::count_pieces;
use std::{fmt::Write as _, fs::File, hint::black_box, path::Path, sync::Arc};

const COUNT: u32 = 50_000;

/// Corners of the square with this number, the first one again at the end.
fn square(number: u32) -> [[f64; 2]; 5] {
    let (x, y) = (
        250_000.0 + f64::from(number % 250) * 10.0,
        475_000.0 + f64::from(number / 250) * 10.0,
    );
    [[x, y], [x, y + 5.0], [x + 5.0, y + 5.0], [x + 5.0, y], [x, y]]
}

struct Square(u32);

impl GeozeroGeometry for Square {
    fn process_geom<P: GeomProcessor>(&self, processor: &mut P) -> Processed<()> {
        processor.polygon_begin(true, 1, 0)?;
        processor.linestring_begin(false, 5, 0)?;
        for (i, [x, y]) in square(self.0).into_iter().enumerate() {
            processor.xy(x, y, i)?;
        }
        processor.linestring_end(false, 0)?;
        processor.polygon_end(true, 0)
    }
}

fn write_geopackage(path: &Path) -> rusqlite::Result<()> {
    let mut database = rusqlite::Connection::open(path)?;
    database.execute_batch(
        "CREATE TABLE gpkg_spatial_ref_sys (srs_name, srs_id INTEGER PRIMARY KEY, organization,
           organization_coordsys_id, definition);
         INSERT INTO gpkg_spatial_ref_sys VALUES ('RD', 28992, 'EPSG', 28992, '');
         CREATE TABLE gpkg_contents (table_name TEXT PRIMARY KEY, data_type, min_x, min_y, max_x, max_y);
         INSERT INTO gpkg_contents VALUES ('vakken', 'features', 250000, 475000, 252500, 477000);
         CREATE TABLE gpkg_geometry_columns (table_name, column_name, geometry_type_name, srs_id, z, m);
         INSERT INTO gpkg_geometry_columns VALUES ('vakken', 'geom', 'POLYGON', 28992, 0, 0);
         CREATE TABLE vakken (fid INTEGER PRIMARY KEY, geom BLOB, nummer INTEGER, naam TEXT);",
    )?;
    let transaction = database.transaction()?;
    for number in 0..COUNT {
        let mut blob = b"GP\0\x01\x40\x71\0\0\x01\x03\0\0\0\x01\0\0\0\x05\0\0\0".to_vec();
        blob.extend(square(number).iter().flatten().flat_map(|n| n.to_le_bytes()));
        transaction.execute(
            "INSERT INTO vakken (geom, nummer, naam) VALUES (?1, ?2, 'vak')",
            (blob, number),
        )?;
    }
    transaction.commit()
}

fn write_flatgeobuf(path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let options = FgbWriterOptions {
        crs: FgbCrs {
            code: 28992,
            ..FgbCrs::default()
        },
        promote_to_multi: false,
        ..FgbWriterOptions::default()
    };
    let mut writer = FgbWriter::create_with_options("vakken", GeometryType::Polygon, options)?;
    writer.add_column("nummer", ColumnType::UInt, |_, _| {});
    writer.add_column("naam", ColumnType::String, |_, _| {});
    for number in 0..COUNT {
        writer.add_feature_geom(Square(number), |feature| {
            let values = [ColumnValue::UInt(number), ColumnValue::String("vak")];
            for (column, (name, value)) in ["nummer", "naam"].into_iter().zip(&values).enumerate() {
                feature.property(column, name, value).expect("memory takes everything");
            }
        })?;
    }
    Ok(writer.write(File::create(path)?)?)
}

fn write_geojson(path: &Path) -> std::io::Result<()> {
    let mut text = String::from(
        r#"{"type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": "EPSG:28992"}}, "features": ["#,
    );
    for number in 0..COUNT {
        let comma = if number == 0 { "" } else { "," };
        let _ = write!(
            text,
            r#"{comma}{{"type": "Feature", "properties": {{"nummer": {number}, "naam": "vak"}}, "geometry": {{"type": "Polygon", "coordinates": [{:?}]}}}}"#,
            square(number)
        );
    }
    std::fs::write(path, text + "]}")
}

fn write_shapefile(path: &Path) -> Result<(), shapefile::Error> {
    let table = TableWriterBuilder::new()
        .add_numeric_field("nummer".try_into().expect("a short name"), 8, 0)
        .add_character_field("naam".try_into().expect("a short name"), 10);
    let mut writer = shapefile::Writer::from_path(path, table)?;
    for number in 0..COUNT {
        let ring = square(number).map(|[x, y]| shapefile::Point::new(x, y)).to_vec();
        let mut record = Record::default();
        record.insert("nummer".into(), FieldValue::Numeric(Some(f64::from(number))));
        record.insert("naam".into(), FieldValue::Character(Some("vak".into())));
        writer.write_shape_and_record(&shapefile::Polygon::new(shapefile::PolygonRing::Outer(ring)), &record)?;
    }
    Ok(())
}

fn vector(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder for the files");
    let path = |name: &str| folder.path().join(name);
    write_geopackage(&path("a.gpkg")).expect("the file is written");
    write_flatgeobuf(&path("a.fgb")).expect("the file is written");
    write_geojson(&path("a.geojson")).expect("the file is written");
    write_shapefile(&path("a.shp")).expect("the file is written");
    let mut group = criterion.benchmark_group("vector");
    group.sample_size(10);
    group.throughput(Throughput::Elements(COUNT.into()));
    for name in ["a.gpkg", "a.fgb", "a.geojson", "a.shp"] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let file = VectorFile::open(&path(name)).unwrap_or_else(|problem| panic!("{problem}"));
                let points: usize = file
                    .features(0)
                    .flatten()
                    .filter_map(|feature| feature.geometry.map(|geometry| geometry.positions().count()))
                    .sum();
                assert_eq!(points, 5 * COUNT as usize);
                black_box(points)
            });
        });
    }
    let file = VectorFile::open(&path("a.fgb")).unwrap_or_else(|problem| panic!("{problem}"));
    group.throughput(Throughput::Elements(100));
    group.bench_function("100 features of a.fgb by its index", |bencher| {
        bencher.iter(|| {
            black_box(
                file.features_in(0, [250_000.0, 475_000.0, 250_095.0, 475_095.0])
                    .count(),
            )
        });
    });
    let mut open = open_any(&path("a.fgb")).unwrap_or_else(|problems| panic!("{problems:?}"));
    open.terrain = Arc::new(hills());
    let made = count_pieces(&open);
    println!("{COUNT} areas on hills: {made:?}");
    group.throughput(Throughput::Elements(COUNT.into()));
    group.bench_function("areas laid on hills", |bencher| {
        bencher.iter(|| black_box(count_pieces(&open)));
    });
    group.finish();
}

/// Ground under all of the file, a node every 5 m.
fn hills() -> Terrain {
    Terrain {
        origin: DVec2::splat(-1500.0),
        cell_m: 5.0,
        columns: 601,
        rows: 601,
        heights_m: (0..601 * 601_u32)
            .map(|n| f32::from(u16::try_from(n % 601 % 37).unwrap_or(0)) * 0.2)
            .collect(),
    }
}

criterion_group!(benches, vector);
criterion_main!(benches);
