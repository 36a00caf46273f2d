//! A city model with pictures on its surfaces: they are drawn where the file puts them.

use super::draw;
use image::{Rgb, RgbImage};
use serde_json::json;
use std::{fs, process::Command};

/// Quarters of the roof's picture: north-west, north-east, south-west, south-east.
const QUARTERS: [[u8; 3]; 4] = [[230, 30, 30], [30, 200, 30], [30, 30, 230], [230, 210, 20]];

/// A block of 20 by 20 by 10 m whose roof carries `roof.png`.
fn block(image: &str) -> serde_json::Value {
    json!({
        "type": "CityJSON", "version": "2.0",
        "metadata": { "referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/7415" },
        "transform": { "scale": [1.0, 1.0, 1.0], "translate": [251_000.0, 476_250.0, 15.0] },
        "appearance": {
            "textures": [{ "type": "PNG", "image": image }],
            "vertices-texture": [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]],
        },
        "CityObjects": { "block": { "type": "Building", "geometry": [{
            "type": "Solid", "lod": "2.2",
            "boundaries": [[
                [[4, 5, 6, 7]], [[0, 3, 2, 1]],
                [[0, 1, 5, 4]], [[1, 2, 6, 5]], [[2, 3, 7, 6]], [[3, 0, 4, 7]],
            ]],
            "semantics": {
                "surfaces": [{ "type": "RoofSurface" }, { "type": "WallSurface" }],
                "values": [[0, 1, 1, 1, 1, 1]],
            },
            "texture": { "photographs": { "values": [[
                [[0, 0, 1, 2, 3]], [[null]], [[null]], [[null]], [[null]], [[null]],
            ]] } },
        }] } },
        "vertices": [
            [0, 0, 0], [20, 0, 0], [20, 20, 0], [0, 20, 0],
            [0, 0, 10], [20, 0, 10], [20, 20, 10], [0, 20, 10],
        ],
    })
}

/// Middle and number of the pixels whose hue is that of `color`.
fn patch(picture: &RgbImage, color: [u8; 3]) -> (f64, f64, u32) {
    let channels = |p: [u8; 3]| p.map(|channel| f64::from(channel) / f64::from(p.into_iter().max().unwrap().max(1)));
    let wanted = channels(color);
    let (mut x, mut y, mut count) = (0.0, 0.0, 0_u32);
    for (column, row, Rgb(pixel)) in picture.enumerate_pixels() {
        let found = channels(*pixel);
        let is_alike = wanted.iter().zip(found).all(|(a, b)| (a - b).abs() < 0.15);
        if is_alike && pixel.iter().max().unwrap() > &60 {
            (x, y, count) = (x + f64::from(column), y + f64::from(row), count + 1);
        }
    }
    let many = f64::from(count.max(1));
    (x / many, y / many, count)
}

#[test]
fn a_picture_lies_on_its_roof_the_right_way_round() {
    let folder = tempfile::tempdir().unwrap();
    let roof = RgbImage::from_fn(64, 64, |x, y| {
        Rgb(QUARTERS[usize::from(y >= 32) * 2 + usize::from(x >= 32)])
    });
    roof.save(folder.path().join("roof.png")).unwrap();
    let path = folder.path().join("block.city.json");
    fs::write(&path, block("roof.png").to_string()).unwrap();
    let (picture, report) = draw(&path, "textured", &[]);
    assert_eq!(report["failed_contents"], json!([]), "{report}");
    // The scratch view looks north, so north is up and east is right.
    let [nw, ne, sw, se] = QUARTERS.map(|color| patch(&picture, color));
    for (name, (.., count)) in [
        ("north-west", nw),
        ("north-east", ne),
        ("south-west", sw),
        ("south-east", se),
    ] {
        assert!(count > 300, "{name}: {count} pixels");
    }
    assert!(nw.0 < ne.0 && sw.0 < se.0, "west is left: {nw:?} {ne:?} {sw:?} {se:?}");
    assert!(nw.1 < sw.1 && ne.1 < se.1, "north is up: {nw:?} {ne:?} {sw:?} {se:?}");
}

#[test]
fn a_picture_outside_the_folder_is_told_and_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    RgbImage::from_pixel(8, 8, Rgb(QUARTERS[0]))
        .save(folder.path().join("roof.png"))
        .unwrap();
    let path = inner.join("block.city.json");
    fs::write(&path, block("../roof.png").to_string()).unwrap();
    let output = folder.path().join("outside.png");
    let done = Command::new(env!("CARGO_BIN_EXE_stadslens"))
        .arg("render")
        .arg(&path)
        .arg("-o")
        .arg(&output)
        .args(["--size", "320x180", "--quality", "low"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(told.contains("roof.png"), "{told}");
    let picture = image::open(&output).unwrap().into_rgb8();
    assert!(patch(&picture, QUARTERS[0]).2 < 20, "the picture from outside is drawn");
}
