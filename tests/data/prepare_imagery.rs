//! Pictures of the ground: tiles that show what the sources show, where they show it, however they come.

#![expect(clippy::unwrap_used, reason = "a test stops where its own set-up is wrong")]

use crate::geotiff_fixture::{Fixture, Samples};
use crate::online::{Manner, Reply, Seen, Server};
use crate::prepare::{Town, errors, files_in, online, run, services};
use bevy::math::DVec2;
use image::{ImageEncoder, codecs::jpeg::JpegEncoder};
use stadslens::georef::{Crs, Transformer, rd_from_lon_lat};
use stadslens::prepare::PrepareOptions;
use std::collections::BTreeMap;
use std::f64::consts::PI;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// South-west corner of the land that the pictures show, RD metres; red counts metres to the east, green to the north, a
/// metre for every step, which is a lot finer than what a JPEG keeps.
const CORNER: [f64; 2] = [250_990.0, 475_990.0];

/// The colour of a place.
fn color(p: DVec2) -> [u8; 3] {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what a byte holds"
    )]
    let part = |metres: f64| metres.round().clamp(0.0, 255.0) as u8;
    [part(p.x - CORNER[0]), part(p.y - CORNER[1]), 128]
}

/// A picture in RD of `side` pixels of half a metre whose north-west corner lies `at` from the land's south-west one.
fn picture(side: u32, at: [f64; 2]) -> Fixture {
    let corner = [CORNER[0] + at[0], CORNER[1] + at[1]];
    let pixels = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
    let bits = pixels.flat_map(|(x, y)| {
        let p = DVec2::from_array(corner) + DVec2::new(f64::from(x) + 0.5, -f64::from(y) - 0.5) * 0.5;
        color(p).map(u64::from)
    });
    Fixture {
        samples: Samples {
            format: 1,
            size: 1,
            bits: bits.collect(),
        },
        bands: 3,
        photometric: 2,
        tile: Some(128),
        coding: 8,
        ..Fixture::rd(side, side, corner, 0.5, Vec::new())
    }
}

/// All tiles of a prepared folder: level, column, row from the north, pixels.
fn tiles(folder: &Path) -> BTreeMap<(u8, u32, u32), image::RgbaImage> {
    let mut found = BTreeMap::new();
    for zoom in fs::read_dir(folder.join("imagery"))
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().is_dir())
    {
        for column in fs::read_dir(zoom.path()).unwrap().flatten() {
            for row in fs::read_dir(column.path()).unwrap().flatten() {
                let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().parse::<u32>().unwrap();
                let zoom = u8::try_from(name(&zoom.path())).unwrap();
                let south = name(&row.path());
                let picture = image::load_from_memory(&fs::read(row.path()).unwrap()).unwrap();
                let key = (zoom, name(&column.path()), (1 << zoom) - 1 - south);
                assert!(found.insert(key, picture.into_rgba8()).is_none());
            }
        }
    }
    found
}

/// Where the middle of a pixel lies, RD metres, by the formulas of the Tile Map Service.
fn place((zoom, column, row): (u8, u32, u32), x: u32, y: u32) -> DVec2 {
    let count = f64::from(1_u32 << zoom);
    let across = (f64::from(column) + (f64::from(x) + 0.5) / 256.0) / count;
    let down = (f64::from(row) + (f64::from(y) + 0.5) / 256.0) / count;
    let lat = (PI * (1.0 - 2.0 * down)).sinh().atan().to_degrees();
    rd_from_lon_lat(across * 360.0 - 180.0, lat).unwrap()
}

/// Holds all covered pixels of the finest level against the land; how many there were, and how far the worst is off.
fn compare(tiles: &BTreeMap<(u8, u32, u32), image::RgbaImage>, zoom: u8) -> (usize, u8) {
    let (mut count, mut worst) = (0, 0);
    for (key, tile) in tiles.iter().filter(|((z, _, _), _)| *z == zoom) {
        for (x, y, pixel) in tile.enumerate_pixels().filter(|(_, _, pixel)| pixel[3] == 255) {
            let meant = color(place(*key, x, y));
            count += 1;
            worst = worst.max((0..2).map(|i| meant[i].abs_diff(pixel[i])).max().unwrap());
        }
    }
    (count, worst)
}

fn finest(tiles: &BTreeMap<(u8, u32, u32), image::RgbaImage>) -> u8 {
    *tiles.keys().map(|(zoom, _, _)| zoom).max().unwrap()
}

fn only_imagery(town: &Town, files: &[&str]) -> PrepareOptions {
    PrepareOptions {
        buildings: Vec::new(),
        terrain: Vec::new(),
        vector: Vec::new(),
        imagery: files.iter().map(|file| town.path(file)).collect(),
        ..town.options()
    }
}

#[test]
fn every_pixel_shows_its_place() {
    let town = Town::new();
    // Two sheets that cover the area of 200 by 200 m, 250 m in all.
    fs::write(town.path("west.tif"), picture(260, [0.0, 130.0]).bytes()).unwrap();
    let whole = Fixture {
        overviews: Vec::new(),
        ..picture(460, [0.0, 230.0])
    };
    fs::write(town.path("all.tif"), whole.bytes()).unwrap();
    let report = run(&only_imagery(&town, &["west.tif", "all.tif"])).unwrap();
    assert_eq!(errors(&report), Vec::<String>::new());
    let tiles = tiles(&town.path("out"));
    assert_eq!(tiles.len() as u64, report.imagery_tiles);
    // 0.366 m at level 18 is nearest to half a metre.
    assert_eq!(finest(&tiles), 18);
    let (count, worst) = compare(&tiles, 18);
    assert!(count > 200 * 200 * 7, "{count} pixels");
    // A pixel is 0.37 m, a JPEG keeps two or three steps.
    assert!(worst <= 4, "{worst} m off");
    // Up to one tile, and each level shows the same.
    let coarsest = *tiles.keys().map(|(zoom, _, _)| zoom).min().unwrap();
    assert_eq!(tiles.keys().filter(|(zoom, _, _)| *zoom == coarsest).count(), 1);
    let (count, worst) = compare(&tiles, 16);
    assert!(
        count > 10_000 && worst <= 6,
        "{count} pixels, {worst} m off at level 16"
    );
    // Where the sheets end tiles are clear, and say so in a form that can.
    assert!(tiles.values().any(|tile| tile.pixels().any(|pixel| pixel[3] == 0)));
    let text = fs::read_to_string(town.path("out/imagery/tilemapresource.xml")).unwrap();
    for zoom in coarsest..=18 {
        assert!(text.contains(&format!("<TileSet href=\"{zoom}\"")), "{text}");
    }
    assert!(
        text.contains("profile=\"global-mercator\"") && text.contains("west.tif; all.tif"),
        "{text}"
    );
}

/// The same with two bytes for each colour, of which twelve bits are used, and a blue that is never bright.
fn deep(picture: Fixture) -> Fixture {
    let parts = picture.samples.bits.iter().enumerate();
    let bits = parts.map(|(i, value)| if i % 3 == 2 { 100 } else { *value } * 4095 / 255);
    Fixture {
        samples: Samples {
            format: 1,
            size: 2,
            bits: bits.collect(),
        },
        ..picture
    }
}

#[test]
fn sheets_of_twelve_bits_are_as_bright_as_one_another_and_what_a_mask_hides_stays_clear() {
    let town = Town::new();
    // By itself the dark corner would take half of the other's white for white.
    fs::write(town.path("corner.tif"), deep(picture(240, [0.0, 120.0])).bytes()).unwrap();
    let all = Fixture {
        // Nothing east of 251 150.
        mask: (0..460 * 460).map(|at| at % 460 < 320).collect(),
        ..deep(picture(460, [0.0, 230.0]))
    };
    fs::write(town.path("all.tif"), all.bytes()).unwrap();
    let report = run(&only_imagery(&town, &["corner.tif", "all.tif"])).unwrap();
    assert_eq!(errors(&report), Vec::<String>::new());
    let tiles = tiles(&town.path("out"));
    let (count, worst) = compare(&tiles, 18);
    assert!(count > 150 * 200 * 7 && worst <= 5, "{count} pixels, {worst} off");
    let east = tiles
        .iter()
        .filter(|((zoom, _, _), _)| *zoom == 18)
        .flat_map(|(key, tile)| {
            let covered = tile.enumerate_pixels().filter(|(_, _, pixel)| pixel[3] == 255);
            covered.map(|(x, y, _)| place(*key, x, y).x)
        });
    let east = east.fold(0.0, f64::max);
    assert!((251_149.0..251_150.5).contains(&east), "covered up to {east}");
}

#[test]
fn a_picture_in_another_system_shows_the_same_place() {
    let town = Town::new();
    // The same land in UTM 32N, pixel by pixel from its own coordinates.
    let utm = Crs(25832);
    let (there, back) = (
        Transformer::new(Crs::RD, utm).unwrap(),
        Transformer::new(utm, Crs::RD).unwrap(),
    );
    let [x, y] = there.convert_flat([CORNER[0] + 10.0, CORNER[1] + 215.0]).unwrap();
    let bits = (0..400_u32).flat_map(|row| (0..400_u32).map(move |column| (column, row)));
    let bits = bits.flat_map(|(column, row)| {
        let p = [x + (f64::from(column) + 0.5) * 0.5, y - (f64::from(row) + 0.5) * 0.5];
        color(DVec2::from_array(back.convert_flat(p).unwrap())).map(u64::from)
    });
    let tiff = Fixture {
        samples: Samples {
            format: 1,
            size: 1,
            bits: bits.collect(),
        },
        keys: vec![(1024, 1), (1025, 1), (3072, 25832)],
        scale: vec![0.5, 0.5, 0.0],
        tie: vec![0.0, 0.0, 0.0, x, y, 0.0],
        width: 400,
        height: 400,
        ..picture(1, [0.0, 0.0])
    };
    fs::write(town.path("utm.tif"), tiff.bytes()).unwrap();
    let report = run(&only_imagery(&town, &["utm.tif"])).unwrap();
    assert_eq!(errors(&report), Vec::<String>::new());
    let (count, worst) = compare(&tiles(&town.path("out")), 18);
    assert!(count > 200_000 && worst <= 4, "{count} pixels, {worst} m off");
}

#[test]
fn what_is_no_picture_or_lies_elsewhere_is_one_line() {
    let town = Town::new();
    fs::write(town.path("elsewhere.tif"), picture(64, [5_000.0, 5_000.0]).bytes()).unwrap();
    fs::write(town.path("page.tif"), "<html>404</html>").unwrap();
    fs::write(town.path("good.tif"), picture(460, [0.0, 230.0]).bytes()).unwrap();
    let Err(stadslens::prepare::PrepareError::Problems(problems)) = run(&only_imagery(&town, &["elsewhere.tif"]))
    else {
        panic!("there is nothing there");
    };
    assert!(
        problems
            .iter()
            .any(|problem| problem.message.contains("no picture of it lies in this area"))
    );
    assert!(!town.path("out/imagery").exists());
    // A picture is no ground, whatever its bytes may say.
    let as_heights = PrepareOptions {
        folder: town.path("heights"),
        terrain: vec![town.path("good.tif")],
        ..only_imagery(&town, &[])
    };
    let Err(stadslens::prepare::PrepareError::Problems(problems)) = run(&as_heights) else {
        panic!("a picture is no heights");
    };
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(told[0].contains("nothing of what was given can be used"), "{told:?}");
    assert!(
        told.iter().any(|line| line.contains("good.tif: this is a picture")),
        "{told:?}"
    );
    let options = PrepareOptions {
        folder: town.path("out2"),
        ..only_imagery(&town, &["page.tif", "ground.tif", "good.tif"])
    };
    let report = run(&options).unwrap();
    let told = errors(&report);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].contains("page.tif") && told[1].contains("ground.tif"),
        "{told:?}"
    );
    assert!(report.imagery_tiles > 4);
    // Damage in a sheet is told, costs its part, and is told again by the next run.
    let mut cut = picture(460, [0.0, 230.0]);
    cut.sparse = vec![0];
    let mut bytes = cut.bytes();
    let middle = bytes.len() / 3;
    bytes[middle..middle + 400].fill(0xA5);
    fs::write(town.path("damaged.tif"), bytes).unwrap();
    let options = PrepareOptions {
        folder: town.path("out3"),
        ..only_imagery(&town, &["damaged.tif"])
    };
    let first = errors(&run(&options).unwrap());
    assert!(
        !first.is_empty() && first.iter().all(|line| line.contains("damaged.tif")),
        "{first:?}"
    );
    assert_eq!(errors(&run(&options).unwrap()), first);
}

/// A tile of the land as a service of the Netherlands has it: level, column and row of `NetherlandsRDNewQuad`.
fn tile(zoom: u32, column: u32, row: u32) -> Vec<u8> {
    let pixel = 3440.64 / f64::from(1_u32 << zoom);
    let at = |x: u32, y: u32| {
        let (x, y) = (f64::from(column * 256 + x) + 0.5, f64::from(row * 256 + y) + 0.5);
        DVec2::new(-285_401.92 + x * pixel, 903_401.92 - y * pixel)
    };
    let pixels: Vec<u8> = (0..256)
        .flat_map(|y| (0..256).flat_map(move |x| color(at(x, y))))
        .collect();
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 95)
        .write_image(&pixels, 256, 256, image::ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}

/// The open data with pictures, none finer than 21 cm.
fn with_pictures(town: &Town, server: &Server) -> PrepareOptions {
    let options = online(town, server);
    let path = town.path("services.json");
    let list = fs::read_to_string(&path).unwrap();
    fs::write(&path, list.replace("\"finest_zoom\": 16", "\"finest_zoom\": 14")).unwrap();
    PrepareOptions {
        online_imagery: true,
        ..options
    }
}

/// Level, column and row of a request for a picture.
fn asked(path: &str) -> Option<[u32; 3]> {
    let (_, rest) = path.split_once("/EPSG:28992/")?;
    let numbers: Vec<u32> = rest
        .trim_end_matches(".jpeg")
        .split('/')
        .map(|part| part.parse().unwrap())
        .collect();
    numbers.try_into().ok()
}

#[test]
fn aerial_pictures_come_from_their_service_with_whose_they_are() {
    let town = Town::new();
    let others = services(&town, false);
    let forwarded = move |seen: &Seen| match asked(seen.path()) {
        Some([zoom, column, row]) => Reply::ok(tile(zoom, column, row)),
        None => others(seen),
    };
    let server = Server::new(forwarded);
    let report = run(&with_pictures(&town, &server)).unwrap();
    assert_eq!(errors(&report), Vec::<String>::new());
    let tiles = tiles(&town.path("out"));
    let (count, worst) = compare(&tiles, finest(&tiles));
    assert!(count > 200 * 200 * 29 && worst <= 4, "{count} pixels, {worst} m off");
    let open = stadslens::model::scenario::open(&town.path("out")).unwrap();
    let layer = open.scenario.layers.iter().find(|layer| layer.id == "imagery").unwrap();
    assert!(
        layer.source.owner.contains("Beeldmateriaal") && layer.source.licence == "CC BY 4.0",
        "{layer:?}"
    );
    assert!(layer.source.date.len() >= 10, "{layer:?}");
}

#[test]
fn a_picture_service_that_stops_halfway_is_gone_on_with() {
    let town = Town::new();
    let others = services(&town, false);
    let is_down = Arc::new(AtomicBool::new(true));
    let is_down_now = is_down.clone();
    let server = Server::new(move |seen| match asked(seen.path()) {
        // The first tiles come whole, some break off once, and then nobody answers any more.
        Some([_, column, _]) if is_down_now.load(Ordering::Relaxed) && column % 3 == 0 => Reply::of(404, ""),
        Some([zoom, column, row]) if seen.before == 0 && (column + row) % 7 == 0 => {
            let bytes = tile(zoom, column, row);
            let half = bytes.len() / 2;
            Reply::file(seen, &bytes, "\"v1\"").sent(Manner::CutAfter(half))
        }
        Some([zoom, column, row]) => Reply::file(seen, &tile(zoom, column, row), "\"v1\""),
        None => others(seen),
    });
    let options = with_pictures(&town, &server);
    let report = run(&options).unwrap();
    let told = errors(&report);
    assert!(!told.is_empty() && told.len() <= 21, "{told:?}");
    assert!(told.iter().all(|line| line.contains("luchtfoto")), "{told:?}");
    let asked_before: Vec<String> = server.seen().iter().map(|seen| seen.path().to_owned()).collect();
    assert!(asked_before.len() > 10);
    is_down.store(false, Ordering::Relaxed);
    // The next day: what came is not asked for again, and the result is that of an undisturbed run.
    let report = run(&options).unwrap();
    assert_eq!(errors(&report), Vec::<String>::new());
    let is_new =
        |path: &String| !asked_before.contains(path) || asked(path).is_some_and(|[_, column, _]| column % 3 == 0);
    let again: Vec<String> = server.seen()[asked_before.len()..]
        .iter()
        .map(|seen| seen.path().to_owned())
        .collect();
    let pictures: Vec<&String> = again.iter().filter(|path| asked(path).is_some()).collect();
    assert!(
        !pictures.is_empty() && pictures.iter().all(|path| is_new(path)),
        "{pictures:?}"
    );
    let undisturbed = PrepareOptions {
        folder: town.path("undisturbed"),
        ..options
    };
    run(&undisturbed).unwrap();
    assert_eq!(
        files_in(&town.path("out/imagery")),
        files_in(&town.path("undisturbed/imagery"))
    );
    let left: Vec<PathBuf> = fs::read_dir(town.path("out/.prepare"))
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    assert_eq!(left.len(), 1, "nothing but the journal stays: {left:?}");
}

#[test]
fn tiles_of_others_show_the_same_place() {
    let town = Town::new();
    fs::write(town.path("all.tif"), picture(460, [0.0, 230.0]).bytes()).unwrap();
    run(&only_imagery(&town, &["all.tif"])).unwrap();
    let first = tiles(&town.path("out"));
    let database = rusqlite::Connection::open(town.path("all.mbtiles")).unwrap();
    database
        .execute_batch(
            "CREATE TABLE metadata (name TEXT, value TEXT); CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, \
             tile_row INTEGER, tile_data BLOB); INSERT INTO metadata VALUES ('name', 'proef'), ('format', 'png');",
        )
        .unwrap();
    for ((zoom, column, row), tile) in &first {
        let mut bytes = std::io::Cursor::new(Vec::new());
        tile.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        let south = (1_u32 << zoom) - 1 - row;
        let values = (zoom, column, south, bytes.into_inner());
        database
            .execute("INSERT INTO tiles VALUES (?, ?, ?, ?)", values)
            .unwrap();
    }
    drop(database);
    for (number, file) in ["all.mbtiles", "out/imagery/tilemapresource.xml"]
        .into_iter()
        .enumerate()
    {
        let folder = town.path(&format!("again-{number}"));
        let options = PrepareOptions {
            folder: folder.clone(),
            ..only_imagery(&town, &[file])
        };
        let report = run(&options).unwrap();
        assert_eq!(errors(&report), Vec::<String>::new());
        let again = tiles(&folder);
        assert_eq!(finest(&again), 18);
        let (count, worst) = compare(&again, 18);
        assert!(
            count > 200 * 200 * 7 && worst <= 6,
            "{count} pixels, {worst} m off in {file}"
        );
    }
}
