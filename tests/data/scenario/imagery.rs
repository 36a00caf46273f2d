//! Imagery layers: a picture whose pixels tell where they lie comes back in its place.

use crate::geotiff_fixture::{Fixture, Samples};
use bevy::math::DVec2;
use serde_json::json;
use stadslens::georef::{Crs, Transformer};
use stadslens::model::scenario::open;
use stadslens::model::{GroundPicture, OpenScenario, PictureTile};
use stadslens::sources::online::TileMatrixSet;
use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

/// RD of the anchor of the scenarios here.
pub(crate) const ANCHOR: DVec2 = DVec2::new(250_961.0, 476_250.0);

/// A scenario with one imagery layer at `path`.
pub(crate) fn scenario(folder: &Path, path: &str) {
    let document = json!({
        "version": 1, "title": {"nl": "Luchtfoto"},
        "area": {"anchor": {"rd": ANCHOR.to_array(), "nap_m": 17.0}},
        "layers": [{"id": "photo", "kind": "imagery", "path": path}],
    });
    fs::write(folder.join("scenario.json"), document.to_string()).unwrap();
}

pub(crate) fn opened(folder: &Path, path: &str) -> OpenScenario {
    scenario(folder, path);
    open(folder).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn only(open: &OpenScenario) -> Arc<dyn GroundPicture> {
    assert!(open.problems.is_empty(), "{:?}", open.problems);
    assert_eq!(open.imagery.len(), 1);
    open.imagery[0].clone()
}

/// A photograph of 240 by 200 pixels: red tells the column and green the row.
pub(crate) fn photo(crs: u64, corner: [f64; 2], pixel: f64) -> Fixture {
    let pixels = (0..200_u64).flat_map(|y| (0..240_u64).flat_map(move |x| [x, y, 77]));
    Fixture {
        samples: Samples {
            format: 1,
            size: 1,
            bits: pixels.collect(),
        },
        bands: 3,
        photometric: 2,
        tile: Some(64),
        coding: 8,
        scale: vec![pixel, pixel, 0.0],
        keys: vec![(1024, 1), (1025, 1), (3072, crs)],
        ..Fixture::rd(240, 200, corner, pixel, Vec::new())
    }
}

/// From RD to a place in pixels of the source, by PROJ alone.
fn way(crs: u32, corner: [f64; 2], pixel: f64) -> impl Fn(DVec2) -> DVec2 {
    let to = Transformer::new(Crs::RD, Crs(crs)).unwrap();
    move |rd: DVec2| {
        let [x, y] = to.convert_flat(rd.to_array()).unwrap();
        DVec2::new(x - corner[0], corner[1] - y) / pixel
    }
}

/// Holds every opaque pixel of a square against where PROJ says that it lies; returns how many there were and the
/// largest difference, pixels.
fn compare(tile: &PictureTile, low: DVec2, side_m: f64, margin: f64, way: impl Fn(DVec2) -> DVec2) -> (usize, f64) {
    let side = tile.side_px;
    let step = side_m / f64::from(side);
    let (mut count, mut worst) = (0, 0.0_f64);
    for (i, pixel) in (0_u32..).zip(&tile.pixels) {
        let from_corner = DVec2::new(f64::from(i % side) + 0.5, f64::from(side - i / side) - 0.5);
        let p = way(ANCHOR + low + from_corner * step);
        // Beyond the middles of the outermost blocks of pixels the colours tell no more.
        let is_inside = p.cmpgt(DVec2::splat(margin)).all() && p.cmplt(DVec2::new(240.0, 200.0) - margin).all();
        if is_inside {
            assert_eq!((pixel[2], pixel[3]), (77, 255), "{p}");
            let found = DVec2::new(f64::from(pixel[0]), f64::from(pixel[1])) + 0.5;
            worst = worst.max((found - p).abs().max_element());
            count += 1;
        } else if p.cmplt(DVec2::splat(-1.0)).any() || p.cmpgt(DVec2::new(241.0, 201.0)).any() {
            assert_eq!(pixel[3], 0, "{p} lies outside");
        }
    }
    (count, worst)
}

#[test]
fn a_photograph_lies_where_proj_says_in_rd_and_in_web_mercator() {
    for (crs, pixel) in [(28992_u32, 0.25), (3857, 0.4), (32632, 0.25), (31370, 0.25)] {
        let to = Transformer::new(Crs::RD, Crs(crs)).unwrap();
        let [x, y] = to.convert_flat(ANCHOR.to_array()).unwrap();
        let corner = [(x - 30.0).round(), (y + 20.0).round()];
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("p.tif"),
            photo(u64::from(crs), corner, pixel).bytes(),
        )
        .unwrap();
        let picture = only(&opened(folder.path(), "p.tif"));
        let place = way(crs, corner, pixel);
        // As fine as the file, finer, and coarser, off its own raster.
        for (side_m, side_px) in [(64.0, 256), (12.8, 128), (64.0, 100), (70.3, 37)] {
            let low = if side_m < 20.0 {
                DVec2::splat(-6.0)
            } else {
                DVec2::new(-32.0, -30.0)
            };
            let tile = picture.picture(low, side_m, side_px).unwrap().unwrap();
            let margin = (1.5 * side_m / f64::from(side_px) / pixel).max(1.0) * 1.7;
            let (count, worst) = compare(&tile, low, side_m, margin, &place);
            assert!(count > 100 && worst <= 0.51, "{crs} {side_px}: {count} {worst}");
        }
        let (low, high) = picture.bounds();
        assert!(low.cmplt(DVec2::splat(-10.0)).all() && high.cmpgt(DVec2::splat(10.0)).all());
        assert!(picture.picture(high + 10.0, 5.0, 8).unwrap().is_none());
        assert!(picture.picture(DVec2::splat(f64::NAN), 5.0, 8).unwrap().is_none());
    }
}

/// RD pixels on the raster of the file come back as they are.
#[test]
fn rd_is_a_shift_and_exact() {
    let folder = tempfile::tempdir().unwrap();
    let corner = [ANCHOR.x - 30.0, ANCHOR.y + 20.0];
    fs::write(folder.path().join("p.tif"), photo(28992, corner, 0.25).bytes()).unwrap();
    let picture = only(&opened(folder.path(), "p.tif"));
    assert!((picture.finest_m() - 0.25).abs() < 1e-9, "{}", picture.finest_m());
    let tile = picture.picture(DVec2::new(-30.0, -28.0), 48.0, 192).unwrap().unwrap();
    for (i, pixel) in (0_u32..).zip(&tile.pixels) {
        let expected = [i % 192, i / 192, 77, 255].map(|n| u8::try_from(n).unwrap());
        assert_eq!(*pixel, expected, "pixel {i}");
    }
}

/// A tile of 256 pixels: red tells the column, green the row, blue the sum of the numbers of the tile.
pub(crate) fn tile_picture(column: u32, row: u32) -> image::RgbaImage {
    let byte = |n: u32| u8::try_from(n % 256).unwrap();
    image::RgbaImage::from_fn(256, 256, |x, y| {
        image::Rgba([byte(x), byte(y), byte(column + row), 255])
    })
}

pub(crate) fn png(picture: &image::RgbaImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture
        .write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png)
        .unwrap();
    bytes
}

/// Tiles of a level around the anchor: three by three.
pub(crate) fn tiles(set: TileMatrixSet, zoom: u8) -> Vec<(u8, u32, u32)> {
    let to = Transformer::new(Crs::RD, Crs(set.epsg())).unwrap();
    let [x, y] = to.convert_flat(ANCHOR.to_array()).unwrap();
    let [left, _, right, top] = set.tile_bounds(zoom, 0, 0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers")]
    let (column, row) = (
        ((x - left) / (right - left)) as u32,
        ((top - y) / (right - left)) as u32,
    );
    let around = |n: u32| n - 1..=n + 1;
    around(row)
        .flat_map(|row| around(column).map(move |column| (zoom, column, row)))
        .collect()
}

/// Writes tiles of some levels as `MBTiles`.
pub(crate) fn mbtiles(path: &Path, set: TileMatrixSet, zooms: &[u8], metadata: &[(&str, &str)]) {
    let mut connection = rusqlite::Connection::open(path).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE metadata (name text, value text);
             CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data blob);
             CREATE UNIQUE INDEX tile_index ON tiles (zoom_level, tile_column, tile_row);",
        )
        .unwrap();
    let writing = connection.transaction().unwrap();
    for (key, value) in metadata {
        writing
            .execute("INSERT INTO metadata VALUES (?1, ?2)", [key, value])
            .unwrap();
    }
    for (zoom, column, row) in zooms.iter().flat_map(|zoom| tiles(set, *zoom)) {
        let bytes = png(&tile_picture(column, row));
        let south = (1_u32 << zoom) - 1 - row;
        writing
            .execute(
                "INSERT INTO tiles VALUES (?1, ?2, ?3, ?4)",
                (zoom, column, south, bytes),
            )
            .unwrap();
    }
    writing.commit().unwrap();
}

/// Holds every pixel of a square of tiles against PROJ; returns how many were compared.
pub(crate) fn compare_tiles(picture: &dyn GroundPicture, set: TileMatrixSet, zoom: u8, side_m: f64) -> usize {
    let to = Transformer::new(Crs::RD, Crs(set.epsg())).unwrap();
    let [left, _, right, top] = set.tile_bounds(zoom, 0, 0);
    let pixel = (right - left) / 256.0;
    let low = DVec2::splat(-side_m / 2.0);
    let tile = picture.picture(low, side_m, 256).unwrap().unwrap();
    let mut count = 0;
    for (i, found) in (0_u32..).zip(&tile.pixels) {
        let from_corner = DVec2::new(f64::from(i % 256) + 0.5, 255.5 - f64::from(i / 256));
        let rd = ANCHOR + low + from_corner * (side_m / 256.0);
        let [x, y] = to.convert_flat(rd.to_array()).unwrap();
        let p = DVec2::new(x - left, top - y) / pixel;
        let (tile, inside) = ((p / 256.0).floor(), p - (p / 256.0).floor() * 256.0);
        if inside.min_element() < 1.0 || inside.max_element() > 255.0 {
            continue;
        }
        let apart = f64::from(found[2]) - (tile.x + tile.y) % 256.0;
        assert!(apart.abs() < 0.5, "the tile at {p}");
        let there = DVec2::new(f64::from(found[0]), f64::from(found[1])) + 0.5;
        assert!((there - inside).abs().max_element() < 1.01, "{there} {inside}");
        count += 1;
    }
    count
}

#[test]
fn mbtiles_lie_where_proj_says_in_rd_and_in_web_mercator() {
    for (set, zoom, side_m, metadata) in [
        (
            TileMatrixSet::WebMercatorQuad,
            17,
            180.0,
            vec![("format", "png"), ("bounds", "6.6,52.2,6.9,52.4")],
        ),
        (
            TileMatrixSet::RdNewQuad,
            13,
            100.0,
            vec![
                ("crs", "EPSG:28992"),
                ("format", "png"),
                ("bounds", "6.6,52.2,6.9,52.4"),
            ],
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        mbtiles(&folder.path().join("t.mbtiles"), set, &[zoom - 2, zoom], &metadata);
        let picture = only(&opened(folder.path(), "t.mbtiles"));
        let count = compare_tiles(&*picture, set, zoom, side_m);
        assert!(count > 50_000, "{set:?} {count}");
        // Far beyond the finest tiles the coarse ones show.
        let [left, _, right, _] = set.tile_bounds(zoom, 0, 0);
        assert!(
            picture
                .picture(DVec2::splat((right - left) * 1.2), 20.0, 16)
                .unwrap()
                .is_some()
        );
    }
}

/// A scenario with layers of these kinds and paths, each said to be in RD.
fn with_stated_crs(folder: &Path, layers: &[(&str, &str)]) -> OpenScenario {
    let layers = layers.iter().map(|(kind, path)| {
        json!({
            "id": path, "kind": kind, "path": path, "crs": "EPSG:28992", "height_reference": "nap",
        })
    });
    let document = json!({
        "version": 1, "title": {"nl": "Luchtfoto"},
        "area": {"anchor": {"rd": ANCHOR.to_array(), "nap_m": 17.0}},
        "layers": layers.collect::<Vec<_>>(),
    });
    fs::write(folder.join("scenario.json"), document.to_string()).unwrap();
    open(folder).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// The key `crs` of a layer was read and did nothing, here and without a word at others.
#[test]
fn a_picture_without_a_system_lies_where_its_layer_says() {
    let folder = tempfile::tempdir().unwrap();
    let mut photo = photo(28992, [ANCHOR.x, ANCHOR.y], 0.25);
    fs::write(folder.path().join("said.tif"), photo.bytes()).unwrap();
    let said = only(&opened(folder.path(), "said.tif")).bounds();
    photo.keys.pop();
    fs::write(folder.path().join("photo.tif"), photo.bytes()).unwrap();
    let picture = only(&with_stated_crs(folder.path(), &[("imagery", "photo.tif")]));
    assert_eq!(picture.bounds(), said);

    let others = [
        ("points", "a.las"),
        ("terrain", "a.tif"),
        ("tiles3d", "tileset.json"),
        ("assets", "a.csv"),
    ];
    for other in others {
        let open = with_stated_crs(folder.path(), &[other]);
        let lines: Vec<String> = open.problems.iter().map(ToString::to_string).collect();
        assert!(
            lines
                .iter()
                .any(|line| line.contains("layers[0].crs: this does nothing here")),
            "{lines:?}"
        );
    }
}

#[test]
fn what_is_wrong_is_one_line_and_the_rest_opens() {
    let folder = tempfile::tempdir().unwrap();
    let one = |name: &str, bytes: &[u8]| {
        fs::write(folder.path().join(name), bytes).unwrap();
        let open = opened(folder.path(), name);
        assert!(open.imagery.is_empty());
        let lines: Vec<String> = open.problems.iter().map(ToString::to_string).collect();
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines[0].clone()
    };
    assert!(one("a.tif", b"no picture").starts_with("a.tif"));
    assert!(one("a.mbtiles", b"no database").contains("damaged"));
    let far = photo(28992, [100_000.0, 400_000.0], 0.25);
    assert!(one("far.tif", &far.bytes()).contains("km from this area"));
    let mut heights = photo(28992, [ANCHOR.x, ANCHOR.y], 0.25);
    heights.keys.pop();
    assert!(one("nowhere.tif", &heights.bytes()).contains("no coordinate system"));
    scenario(folder.path(), "missing.tif");
    let open = open(folder.path()).unwrap();
    assert!(open.problems[0].to_string().contains("missing"), "{:?}", open.problems);
    let path = folder.path().join("vector.mbtiles");
    mbtiles(&path, TileMatrixSet::WebMercatorQuad, &[10], &[("format", "pbf")]);
    let open = opened(folder.path(), "vector.mbtiles");
    assert!(
        open.problems[0].to_string().contains("vector tiles"),
        "{:?}",
        open.problems
    );
}

/// Tiles of levels as files; `rows_south` counts rows from the south.
fn tile_files(folder: &Path, set: TileMatrixSet, zooms: &[u8], rows_south: bool) {
    for (zoom, column, row) in zooms.iter().flat_map(|zoom| tiles(set, *zoom)) {
        let own = if rows_south { (1_u32 << zoom) - 1 - row } else { row };
        let at = folder.join(format!("{zoom}/{column}"));
        fs::create_dir_all(&at).unwrap();
        fs::write(at.join(format!("{own}.png")), png(&tile_picture(column, row))).unwrap();
    }
}

#[test]
fn folders_of_tiles_lie_where_proj_says_and_go_along_in_a_package() {
    let rd = json!({
        "tilejson": "3.0.0", "tiles": ["{z}/{x}/{y}.png"], "minzoom": 12, "maxzoom": 13,
        "tile_matrix_set": "EPSG:28992", "scheme": "tms", "bounds": [6.7, 52.2, 6.9, 52.3],
    });
    let mercator = json!({"tilejson": "2.2.0", "tiles": ["{z}/{x}/{y}.png"], "maxzoom": 17});
    for (description, set, zoom, side_m, rows_south) in [
        (rd, TileMatrixSet::RdNewQuad, 13, 100.0, true),
        (mercator, TileMatrixSet::WebMercatorQuad, 17, 180.0, false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("photo");
        tile_files(&inside, set, &[zoom - 1, zoom], rows_south);
        fs::write(inside.join("imagery.json"), description.to_string()).unwrap();
        fs::write(inside.join("notes.txt"), "not part of it").unwrap();
        let open = opened(folder.path(), "photo/imagery.json");
        let count = compare_tiles(&*only(&open), set, zoom, side_m);
        assert!(count > 50_000, "{set:?} {count}");
        let used = stadslens::model::scenario::used_files(&open);
        assert!(used.problems.is_empty(), "{:?}", used.problems);
        assert_eq!(used.paths.len(), 19, "{:?}", used.paths);
        assert!(used.paths.contains("photo/imagery.json"));
    }
}

#[test]
fn a_tms_folder_lies_where_proj_says() {
    let set = TileMatrixSet::RdNewQuad;
    let [left, bottom, right, top] = set.tile_bounds(0, 0, 0);
    let level = |zoom: u8| {
        let pixel = set.metres_per_pixel(zoom);
        format!(r#"<TileSet href="{zoom}" units-per-pixel="{pixel}" order="{zoom}"/>"#)
    };
    let xml = format!(
        r#"<?xml version="1.0"?><TileMap version="1.0.0"><Title>Foto</Title><SRS>EPSG:28992</SRS>
        <BoundingBox minx="{left}" miny="{bottom}" maxx="{right}" maxy="{top}"/><Origin x="{left}" y="{bottom}"/>
        <TileFormat width="256" height="256" mime-type="image/png" extension="png"/>
        <TileSets profile="raster">{}{}</TileSets></TileMap>"#,
        level(12),
        level(13)
    );
    let folder = tempfile::tempdir().unwrap();
    tile_files(folder.path(), set, &[12, 13], true);
    fs::write(folder.path().join("tilemapresource.xml"), xml).unwrap();
    let open = opened(folder.path(), "tilemapresource.xml");
    assert!(compare_tiles(&*only(&open), set, 13, 100.0) > 50_000);
}
