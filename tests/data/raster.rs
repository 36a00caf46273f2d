//! `GeoTIFF` and terrain: files written in every way, and those of the corpus against what independent readers
//! found.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test stops at the first surprise, and says how much it compared"
)]

use crate::corpus;
use crate::corpus_facts::{facts, number};
use crate::geotiff_fixture::{Fixture, Samples};
use bevy::math::DVec2;
use serde_json::Value;
use stadslens::{
    georef::Crs,
    sources::{
        Problem,
        inspect::inspect,
        raster::{GeoTiff, Window},
    },
};
use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

/// Opens bytes as a `GeoTIFF`.
pub(crate) fn open(bytes: Vec<u8>) -> Result<GeoTiff, Problem> {
    GeoTiff::open(Arc::new(bytes), "t.tif")
}

/// Heights of a slope: row and column of a pixel can be told from its value.
pub(crate) fn slope(width: u32, height: u32) -> Vec<f32> {
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let value = |(x, y): (u32, u32)| f32::from(u16::try_from(x).unwrap()) + f32::from(u16::try_from(y).unwrap()) * 0.25;
    pixels.map(value).collect()
}

/// All of a size of an image.
pub(crate) fn all(tiff: &GeoTiff, level: usize) -> Window {
    let size = tiff.sizes()[level];
    Window {
        x: 0,
        y: 0,
        width: size.width,
        height: size.height,
    }
}

#[test]
fn every_way_of_writing_gives_the_same_heights() {
    let heights = slope(67, 45);
    let base = Fixture::rd(67, 45, [250_000.0, 476_000.0], 0.5, heights.clone());
    let mut count = 0;
    for (coding, predictor) in [(1, 1), (5, 1), (8, 1), (5, 2), (8, 2), (8, 3)] {
        for (tile, rows) in [(None, 7), (None, 45), (Some(16), 0), (Some(128), 0)] {
            for (is_big_endian, is_big) in [(false, false), (true, false), (false, true), (true, true)] {
                let fixture = Fixture {
                    coding,
                    predictor,
                    tile,
                    rows: rows.max(1),
                    is_big_endian,
                    is_big,
                    ..base.clone()
                };
                let what = format!("{coding} {predictor} {tile:?} {rows} {is_big_endian} {is_big}");
                let tiff = open(fixture.bytes()).unwrap();
                let reading = tiff.read_heights(0, all(&tiff, 0)).unwrap();
                assert!(reading.problems.is_empty(), "{what}: {:?}", reading.problems);
                assert_eq!(reading.values, heights, "{what}");
                let part = Window {
                    x: 14,
                    y: 6,
                    width: 21,
                    height: 12,
                };
                let rows = (6..18).flat_map(|y| heights[y * 67 + 14..y * 67 + 35].iter().copied());
                assert_eq!(
                    tiff.read_heights(0, part).unwrap().values,
                    rows.collect::<Vec<f32>>(),
                    "{what}"
                );
                count += 1;
            }
        }
    }
    assert_eq!(count, 96);
}

#[test]
fn what_another_writer_makes_is_read() {
    use tiff::encoder::{Compression, DeflateLevel, Predictor, TiffEncoder, colortype};
    let heights = slope(300, 200);
    for (name, compression) in [
        ("none", Compression::Uncompressed),
        ("lzw", Compression::Lzw),
        ("deflate", Compression::Deflate(DeflateLevel::Fast)),
        ("packbits", Compression::Packbits),
    ] {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let encoder = TiffEncoder::new(&mut bytes).unwrap();
        let mut encoder = encoder.with_compression(compression);
        encoder
            .write_image::<colortype::Gray32Float>(300, 200, &heights)
            .unwrap();
        let tiff = open(bytes.into_inner()).unwrap();
        assert_eq!(tiff.read_heights(0, all(&tiff, 0)).unwrap().values, heights, "{name}");
        assert_eq!((tiff.crs(), tiff.transform()), (None, None));
    }
    let pixels: Vec<u8> = (0..40 * 30 * 3_u32).map(|i| u8::try_from(i % 251).unwrap()).collect();
    let mut bytes = std::io::Cursor::new(Vec::new());
    let encoder = TiffEncoder::new(&mut bytes).unwrap();
    let encoder = encoder
        .with_compression(Compression::Lzw)
        .with_predictor(Predictor::Horizontal);
    let mut encoder = encoder;
    encoder.write_image::<colortype::RGB8>(40, 30, &pixels).unwrap();
    let tiff = open(bytes.into_inner()).unwrap();
    let colors = tiff.read_colors(0, all(&tiff, 0)).unwrap().values;
    let expected: Vec<[u8; 4]> = pixels.chunks_exact(3).map(|p| [p[0], p[1], p[2], 255]).collect();
    assert_eq!(colors, expected);
}

#[test]
fn whole_numbers_marks_and_sparse_tiles() {
    let words = Fixture {
        samples: Samples {
            format: 2,
            size: 2,
            bits: [0_i16, -5, 300, -9999, 12, 7]
                .map(|n| u64::from(n.cast_unsigned()))
                .to_vec(),
        },
        no_data: Some("7".into()),
        ..Fixture::rd(3, 2, [0.0, 0.0], 1.0, vec![])
    };
    let tiff = open(words.bytes()).unwrap();
    let found = tiff.read_heights(0, all(&tiff, 0)).unwrap().values;
    assert_eq!(
        found.iter().map(|h| h.is_nan()).collect::<Vec<bool>>(),
        [false, false, false, true, false, true]
    );
    assert_eq!(&found[..3], [0.0, -5.0, 300.0]);
    let sparse = Fixture {
        tile: Some(16),
        sparse: vec![1],
        ..Fixture::rd(40, 16, [0.0, 0.0], 1.0, slope(40, 16))
    };
    let tiff = open(sparse.bytes()).unwrap();
    let reading = tiff.read_heights(0, all(&tiff, 0)).unwrap();
    assert!(reading.problems.is_empty());
    assert!(reading.values[16..32].iter().all(|h| h.is_nan()) && reading.values[32..40].iter().all(|h| !h.is_nan()));
    let gray = Fixture {
        samples: Samples {
            format: 1,
            size: 1,
            bits: (0..6).collect(),
        },
        bands: 2,
        ..Fixture::rd(3, 1, [0.0, 0.0], 1.0, vec![])
    };
    let tiff = open(gray.bytes()).unwrap();
    assert_eq!(
        tiff.read_colors(0, all(&tiff, 0)).unwrap().values,
        [[0, 0, 0, 1], [2, 2, 2, 3], [4, 4, 4, 5]]
    );
    assert_eq!(tiff.read_heights(0, all(&tiff, 0)).unwrap().values, [0.0, 2.0, 4.0]);
}

#[test]
fn places_of_pixels() {
    let area = Fixture::rd(10, 8, [1000.0, 2000.0], 2.0, slope(10, 8));
    let corner = |fixture: &Fixture| {
        let transform = open(fixture.bytes()).unwrap().transform().unwrap();
        (transform.file_from_pixel(DVec2::ZERO), transform.pixel_size())
    };
    assert_eq!(corner(&area), (DVec2::new(1000.0, 2000.0), DVec2::splat(2.0)));
    let point = Fixture {
        keys: vec![(1025, 2), (3072, 28992), (4096, 5709)],
        ..area.clone()
    };
    assert_eq!(corner(&point).0, DVec2::new(999.0, 2001.0));
    assert_eq!(open(point.bytes()).unwrap().crs(), Some(Crs::RD_NAP));
    let tied = Fixture {
        tie: vec![10.0, 8.0, 0.0, 1020.0, 1984.0, 0.0],
        ..area.clone()
    };
    assert_eq!(corner(&tied).0, DVec2::new(1000.0, 2000.0));
    let turned = Fixture {
        scale: vec![],
        tie: vec![],
        matrix: vec![
            0.0, 2.0, 0.0, 1000.0, 2.0, 0.0, 0.0, 2000.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0,
        ],
        ..area.clone()
    };
    let tiff = open(turned.bytes()).unwrap();
    assert!(!tiff.transform().unwrap().is_upright());
    let sheet = tiff.sheet(all(&tiff, 0), 1000).unwrap();
    // Pixel (3, 2) has its middle at (2.5 rows, 3.5 columns) × 2 m.
    assert!((sheet.height_at(DVec2::new(1005.0, 2007.0)) - 3.5).abs() < 1e-6);
    let lon_lat = Fixture {
        keys: vec![(1024, 2), (2048, 4326)],
        scale: vec![1e-5, 1e-5, 0.0],
        tie: vec![0.0, 0.0, 0.0, 6.79, 52.26, 0.0],
        ..area
    };
    assert_eq!(open(lon_lat.bytes()).unwrap().crs(), Some(Crs(4326)));
}

#[test]
fn a_part_comes_from_the_overview_that_is_fine_enough() {
    let plain = Fixture {
        tile: Some(16),
        coding: 8,
        ..Fixture::rd(128, 96, [1000.0, 2000.0], 1.0, slope(128, 96))
    };
    // Other heights than those of the image, so that it shows which was read.
    let overview = |width: u32, height: u32, height_m: f32| Fixture {
        tile: Some(16),
        ..Fixture::rd(
            width,
            height,
            [0.0, 0.0],
            1.0,
            vec![height_m; (width * height) as usize],
        )
    };
    let with = Fixture {
        overviews: vec![overview(64, 48, 500.0), overview(32, 24, 600.0)],
        ..plain.clone()
    };
    let tiff = open(with.bytes()).unwrap();
    assert_eq!(
        tiff.sizes().iter().map(|size| size.width).collect::<Vec<u32>>(),
        [128, 64, 32]
    );
    let first = |nodes: u64| tiff.sheet(all(&tiff, 0), nodes).unwrap().grid;
    assert_eq!(
        (first(128 * 96).columns, first(64 * 48).columns, first(32 * 24).columns),
        (128, 64, 32)
    );
    assert!((first(64 * 48).heights_m[0] - 500.0).abs() < 1e-3);
    // Between two overviews: the finer one, as means of blocks.
    let between = first(1500);
    assert!(
        between.columns <= 43 && (between.heights_m[0] - 500.0).abs() < 1e-3,
        "{}",
        between.columns
    );
    let tiff = open(plain.bytes()).unwrap();
    let sheet = tiff.sheet(all(&tiff, 0), 32 * 24).unwrap();
    let grid = sheet.upright().unwrap();
    assert_eq!((grid.columns, grid.rows, grid.step), (32, 24, DVec2::splat(4.0)));
    assert_eq!(grid.origin, DVec2::new(1002.0, 2000.0 - 94.0));
    // The mean of columns 40 to 43 and rows 20 to 23.
    let expected = 41.5 + 21.5 * 0.25;
    assert!((grid.height_at(DVec2::new(1042.0, 1978.0)) - expected).abs() < 1e-4);
    let window = tiff
        .window_of(DVec2::new(1010.2, 1950.5), DVec2::new(1020.0, 1960.0))
        .unwrap();
    assert_eq!(
        window,
        Window {
            x: 9,
            y: 39,
            width: 12,
            height: 12
        }
    );
    assert_eq!(tiff.window_of(DVec2::splat(9000.0), DVec2::splat(9100.0)), None);
    assert_eq!(tiff.window_of(DVec2::NAN, DVec2::NAN), None);
}

#[test]
fn every_raster_and_tile_of_terrain_has_its_facts() {
    let Some(corpus) = corpus() else { return };
    let (mut rasters, mut tiles, mut refused) = (0, 0, 0);
    let mut wrong = Vec::new();
    for (path, expected) in &facts(&corpus, "facts.json") {
        let mut check = |what: &str, found: &Value, expected: &Value| {
            if found != expected {
                wrong.push(format!("{path}: {what}: {found} instead of {expected}"));
            }
        };
        if path.starts_with("gis/") && has_extension(path, "tif") {
            let found = inspect(&corpus.join(path)).unwrap();
            check("kind", &found["kind"], &"geotiff".into());
            for (ours, theirs) in [
                ("width", "width"),
                ("height", "height"),
                ("bands", "samples"),
                ("tiled", "tiled"),
            ] {
                check(ours, &found[ours], &expected[theirs]);
            }
            let format = ["", "uint", "int", "float"][usize::try_from(number(expected, "sampleformat")).unwrap()];
            check(
                "sample",
                &found["sample"],
                &format!("{format}{}", expected["bits"]).into(),
            );
            let coding = BTreeMap::from([(1, "none"), (5, "lzw"), (8, "deflate"), (50000, "zstd")]);
            check(
                "compression",
                &found["compression"],
                &coding[&number(expected, "compression")].into(),
            );
            check("pixel_size", &found["pixel_size"], &expected["pixel"]);
            check(
                "overviews",
                &(found["overviews"].as_array().unwrap().len() + 1).into(),
                &expected["ifds"],
            );
            check("west", &found["bbox"][0], &expected["tiepoint"][3]);
            check("north", &found["bbox"][3], &expected["tiepoint"][4]);
            check("crs", &found["crs"], &"EPSG:28992".into());
            check("problems", &found["problems"], &Value::Array(vec![]));
            read_some(&corpus.join(path));
            rasters += 1;
        } else if has_extension(path, "terrain") {
            let found = inspect(&corpus.join(path)).unwrap();
            if expected.get("error").is_some() {
                check("kind", &found["kind"], &"heightmap-1.0".into());
                refused += 1;
                continue;
            }
            check("kind", &found["kind"], &"quantized-mesh-1.0".into());
            for key in ["vertices", "triangles", "extensions", "gzip"] {
                check(key, &found[key], &expected[key]);
            }
            check("problems", &found["problems"], &Value::Array(vec![]));
            let mut near = |what: &str, found: &Value, expected: &Value, most: f64| {
                let distance = found.as_f64().unwrap() - expected.as_f64().unwrap();
                if distance.abs() > most {
                    check(what, found, expected);
                }
            };
            near("min", &found["min_height_m"], &expected["min_height"], 0.0006);
            near("max", &found["max_height_m"], &expected["max_height"], 0.0006);
            near("lon", &found["center_lon_lat"][0], &expected["center_lonlat"][0], 1e-6);
            near("lat", &found["center_lon_lat"][1], &expected["center_lonlat"][1], 1e-6);
            near(
                "height",
                &found["center_height_m"],
                &expected["center_lonlat"][2],
                0.006,
            );
            tiles += 1;
        } else if path.starts_with("terrain/") {
            let found = inspect(&corpus.join(path)).unwrap();
            check("kind", &found["kind"], &"terrain".into());
            tiles += 1;
        }
    }
    eprintln!("{rasters} rasters and {tiles} files of terrain compared; {refused} tiles of the older form");
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!((rasters, tiles, refused), (6, 13, 3));
}

/// Two bytes are as bright as the file uses them, a no-data mark is clear, opacity is kept.
#[test]
fn colors_of_two_bytes_and_marks_of_nothing() {
    let colors = |bits: Vec<u64>, size: usize, bands: u16, photometric: u64, no_data: Option<&str>| {
        let fixture = Fixture {
            samples: Samples { format: 1, size, bits },
            bands,
            photometric,
            no_data: no_data.map(str::to_owned),
            ..Fixture::rd(2, 1, [250_000.0, 476_000.0], 1.0, Vec::new())
        };
        let tiff = open(fixture.bytes()).unwrap();
        let reading = tiff.read_colors(0, all(&tiff, 0)).unwrap();
        assert!(reading.problems.is_empty());
        (reading.values, tiff.is_picture())
    };
    // Twelve bits: 4095 is white.
    let (found, is_picture) = colors(vec![4095, 2048, 0, 0, 0, 0], 2, 3, 2, Some("0"));
    assert_eq!((found, is_picture), (vec![[255, 128, 0, 255], [0; 4]], true));
    let (found, _) = colors(vec![65535, 0, 257, 65535, 0, 257, 514, 257 * 9], 2, 4, 2, None);
    assert_eq!(found, [[255, 0, 1, 255], [0, 1, 2, 9]]);
    let (found, is_picture) = colors(vec![1023, 512], 2, 1, 1, None);
    assert_eq!(
        (found, is_picture),
        (vec![[255, 255, 255, 255], [128, 128, 128, 255]], false)
    );
    let (found, _) = colors(vec![255, 7], 1, 1, 0, Some("255"));
    assert_eq!(found, [[0; 4], [248, 248, 248, 255]]);
    let refused = open(
        Fixture {
            photometric: 5,
            ..Fixture::rd(2, 1, [0.0, 0.0], 1.0, vec![1.0; 2])
        }
        .bytes(),
    )
    .unwrap();
    assert!(
        refused
            .read_colors(0, all(&refused, 0))
            .unwrap_err()
            .message
            .contains("CMYK")
    );
}

fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

/// Reads pixels of a real file: heights that a city can have, or colours of its palette.
fn read_some(path: &Path) {
    let tiff = GeoTiff::open(Arc::new(fs::read(path).unwrap()), "t.tif").unwrap();
    let size = tiff.sizes()[0];
    let window = Window {
        x: size.width / 2,
        y: size.height / 2,
        width: size.width.div_ceil(4),
        height: size.height.div_ceil(4),
    };
    if path.ends_with("height_map.tif") {
        let reading = tiff.read_heights(0, window).unwrap();
        assert!(reading.problems.is_empty());
        assert!(
            reading.values.iter().all(|h| h.is_nan() || (-10.0..200.0).contains(h)),
            "{:?}",
            &reading.values[..9]
        );
    } else {
        let reading = tiff.read_colors(0, window).unwrap();
        assert!(
            reading.problems.is_empty(),
            "{}: {:?}",
            path.display(),
            reading.problems
        );
        assert!(reading.values.iter().all(|color| color[3] == 255));
    }
}

#[test]
fn layers_of_the_corpus_say_which_tiles_there_are() {
    let Some(corpus) = corpus() else { return };
    let found = inspect(&corpus.join("terrain/native/QuantizedMesh.tile.json")).unwrap();
    assert_eq!(found["available"], serde_json::json!([2, 8]));
    assert_eq!(found["problems"], serde_json::json!([]));
    let found = inspect(&corpus.join("terrain/native/9_759_335/layer.json")).unwrap();
    assert_eq!(
        (&found["max_zoom"], &found["metadata_levels"]),
        (&19.into(), &10.into())
    );
    assert_eq!(
        inspect(&corpus.join("terrain/native/9_759_335")).unwrap(),
        found,
        "the folder stands for its layer"
    );
    let found = inspect(&corpus.join("terrain/native/WithAttribution.tile.json")).unwrap();
    assert!(
        found["problems"][0]["message"]
            .as_str()
            .unwrap()
            .contains("heightmap-1.0")
    );
}
