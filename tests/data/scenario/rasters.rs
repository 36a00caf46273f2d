//! Rasters that open by themselves, and ground from tiles of quantized mesh.

use super::imagery::{ANCHOR, mbtiles, photo, png, tile_picture, tiles};
use crate::corpus;
use crate::geotiff_fixture::Fixture;
use bevy::math::DVec2;
use serde_json::json;
use stadslens::georef::{Crs, HeightReference, RdNap, SiteFrame, Transformer, lon_lat_h_from_rd_nap};
use stadslens::model::LayerKind;
use stadslens::model::OpenScenario;
use stadslens::model::scenario::{open, open_any};
use stadslens::sources::inspect::inspect;
use stadslens::sources::online::TileMatrixSet;
use stadslens::sources::raster::GeoTiff;
use stadslens::sources::raster::terrain::{PyramidRequest, TerrainSheet, write_terrain_pyramid};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Height above NAP of a known surface.
fn surface(p: DVec2) -> f64 {
    15.0 + 6.0 * (p.x / 90.0).sin() * (p.y / 70.0).cos() + 0.01 * (p.x - 250_000.0)
}

/// Sheets of 400 by 320 m at one metre, as terrain tiles in `folder`.
fn pyramid(folder: &Path) -> DVec2 {
    let corner = DVec2::new(250_800.0, 476_410.0);
    let pixels = (0..320_u32).flat_map(|row| (0..400_u32).map(move |column| (column, row)));
    #[expect(clippy::cast_possible_truncation, reason = "heights of a test")]
    let heights = pixels
        .map(|(x, y)| surface(corner + DVec2::new(f64::from(x) + 0.5, -f64::from(y) - 0.5)) as f32)
        .collect();
    let fixture = Fixture {
        tile: Some(64),
        coding: 8,
        ..Fixture::rd(400, 320, corner.to_array(), 1.0, heights)
    };
    let tiff = GeoTiff::open(Arc::new(fixture.bytes()), "t.tif").unwrap();
    let sheets = [TerrainSheet::new(Arc::new(tiff), HeightReference::Nap).unwrap()];
    let place = |p: DVec2| {
        lon_lat_h_from_rd_nap(RdNap {
            x_m: p.x,
            y_m: p.y,
            nap_m: 0.0,
        })
        .unwrap()
    };
    let (low, high) = (
        place(corner + DVec2::new(8.0, -312.0)),
        place(corner + DVec2::new(392.0, -8.0)),
    );
    let request = PyramidRequest {
        sheets: &sheets,
        bounds_deg: [low.lon_deg, low.lat_deg, high.lon_deg, high.lat_deg],
        max_zoom: None,
        attribution: "test",
        folder,
    };
    let summary = write_terrain_pyramid(&request, &AtomicBool::new(false), &mut |_| ()).unwrap();
    assert!(summary.max_zoom >= 17, "{summary:?}");
    corner
}

/// Largest difference between the ground and the known surface, within the sheet.
fn worst(open: &OpenScenario, corner: DVec2) -> f64 {
    let SiteFrame::RdNap { anchor } = open.scenario.area.site else {
        panic!("a Dutch area");
    };
    let zero = DVec2::new(anchor.x_m, anchor.y_m);
    let mut worst = 0.0_f64;
    for i in 0..40 {
        for j in 0..32 {
            let p = corner + DVec2::new(f64::from(i) * 9.0 + 20.0, -f64::from(j) * 8.9 - 20.0);
            let found = open.terrain.height_at(p - zero) + anchor.nap_m;
            worst = worst.max((found - surface(p)).abs());
        }
    }
    worst
}

#[test]
fn terrain_that_was_written_comes_back_as_a_layer_within_its_error() {
    let folder = tempfile::tempdir().unwrap();
    let corner = pyramid(&folder.path().join("ground"));
    let document = json!({
        "version": 1, "title": {"nl": "Grond"},
        "area": {
            "anchor": {"rd": ANCHOR.to_array(), "nap_m": 17.0},
            "outline": [[250_900.0, 476_200.0], [251_100.0, 476_200.0], [251_100.0, 476_350.0], [250_900.0, 476_350.0]],
        },
        "layers": [{"id": "ground", "kind": "terrain", "path": "ground/layer.json"}],
    });
    fs::write(folder.path().join("scenario.json"), document.to_string()).unwrap();
    let open = open(folder.path()).unwrap();
    assert!(open.problems.is_empty() && open.has_terrain, "{:?}", open.problems);
    // Triangles lie within 2 % of the distance between nodes (1.2 m), steps are 4 mm, and a cell is straight.
    let found = worst(&open, corner);
    assert!(found < 0.06, "{found}");
    let used = stadslens::model::scenario::used_files(&open);
    assert!(used.paths.len() > 20 && used.paths.iter().all(|path| path.starts_with("ground/")));
    // By itself, its folder or its file.
    for path in ["ground", "ground/layer.json"] {
        let open = open_any(&folder.path().join(path)).unwrap();
        assert!(open.problems.is_empty() && open.has_terrain, "{:?}", open.problems);
        let found = worst(&open, corner);
        assert!(found < 0.06, "{found}");
    }
    // A missing tile costs precision there, and is told.
    let layer = fs::read_dir(folder.path().join("ground")).unwrap().count();
    assert!(layer > 5);
    let finest = (0..24)
        .rev()
        .map(|z| folder.path().join(format!("ground/{z}")))
        .find(|path| path.is_dir());
    let column = fs::read_dir(finest.unwrap()).unwrap().next().unwrap().unwrap().path();
    fs::remove_dir_all(column).unwrap();
    let again = stadslens::model::scenario::open(folder.path()).unwrap();
    assert!(again.has_terrain);
    assert!(
        again.problems[0].to_string().contains("a coarser one serves"),
        "{:?}",
        again.problems
    );
    assert!(worst(&again, corner) < 1.0);
}

#[test]
fn pictures_open_by_themselves_and_are_described() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(
        at("p.tif"),
        photo(28992, [ANCHOR.x - 30.0, ANCHOR.y + 20.0], 0.25).bytes(),
    )
    .unwrap();
    mbtiles(
        &at("t.mbtiles"),
        TileMatrixSet::WebMercatorQuad,
        &[15, 17],
        &[("name", "Foto"), ("format", "png")],
    );
    for (zoom, column, row) in tiles(TileMatrixSet::WebMercatorQuad, 17) {
        let place = at(&format!("plain/{zoom}/{column}"));
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join(format!("{row}.png")), png(&tile_picture(column, row))).unwrap();
    }
    let middle = Transformer::new(Crs::RD, Crs(4326))
        .unwrap()
        .convert_flat(ANCHOR.to_array())
        .unwrap();
    let described = json!({"tilejson": "2.2.0", "tiles": ["plain/{z}/{x}/{y}.png"], "minzoom": 17, "maxzoom": 17,
        "bounds": [middle[0] - 0.001, middle[1] - 0.001, middle[0] + 0.001, middle[1] + 0.001]});
    fs::write(at("imagery.json"), described.to_string()).unwrap();
    for (name, problems) in [
        ("p.tif", 0),
        ("t.mbtiles", 0),
        ("plain", 1),
        ("imagery.json", 0),
        ("", 0),
    ] {
        let open = open_any(&at(name)).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        assert_eq!(open.problems.len(), problems, "{name}: {:?}", open.problems);
        assert_eq!((open.imagery.len(), open.has_terrain), (1, true), "{name}");
        assert_eq!(open.scenario.layers[0].kind, LayerKind::Imagery);
        let view = &open.scenario.viewpoints[0];
        let picture = open.imagery[0]
            .picture(view.target.0.truncate() - 10.0, 20.0, 64)
            .unwrap();
        assert!(picture.is_some(), "{name}: the middle of the view shows it");
        assert!(view.distance_m < 5000.0, "{name}: {}", view.distance_m);
    }
    let found = inspect(&at("t.mbtiles")).unwrap();
    assert_eq!(
        (&found["kind"], &found["crs"], &found["format"]),
        (&json!("mbtiles"), &json!("EPSG:3857"), &json!("png"))
    );
    assert_eq!(found["levels"].as_array().unwrap().len(), 2);
    let found = inspect(&at("imagery.json")).unwrap();
    assert_eq!(
        (&found["kind"], &found["tiles"]),
        (&json!("tiles"), &json!("plain/{z}/{x}/{y}.png"))
    );
    assert_eq!(found["bounds_deg"], json!(null));
    assert_eq!(inspect(&at("p.tif")).unwrap()["holds"], json!("picture"));
}

#[test]
fn rasters_of_the_corpus_open_by_themselves() {
    let Some(corpus) = corpus() else { return };
    let mut pictures = 0;
    for name in [
        "test_correct.tif",
        "test_geotiff_cog_no_compression.tif",
        "test_geotiff_cog_zstd_compression.tif",
        "test_nocog.tif",
        "test_plaingeotiff.tif",
    ] {
        let open = open_any(&corpus.join("gis/pdok-geotiff").join(name)).unwrap();
        let picture = &open.imagery[0];
        let middle = open.scenario.viewpoints[0].target.0.truncate();
        let tile = picture.picture(middle - 100.0, 200.0, 32).unwrap();
        assert!(
            tile.is_some_and(|tile| tile.pixels.iter().any(|pixel| pixel[3] == 255)),
            "{name}"
        );
        pictures += 1;
    }
    let ground = open_any(&corpus.join("gis/enschede/height_map.tif")).unwrap();
    assert!(ground.has_terrain && ground.imagery.is_empty(), "{:?}", ground.problems);
    let heights = &ground.terrain.heights_m;
    assert!(
        heights.len() > 4000 && heights.iter().all(|h| (-10.0..200.0).contains(h)),
        "{}",
        heights.len()
    );
    // It says that it is the whole world, and its one tile lies elsewhere than it says.
    let layer = open_any(&corpus.join("terrain/native/9_759_335/layer.json"));
    let problems = layer.err().unwrap();
    assert!(
        problems[0].to_string().contains("does not say where it lies"),
        "{problems:?}"
    );
    eprintln!("{pictures} pictures and a ground opened");
}
