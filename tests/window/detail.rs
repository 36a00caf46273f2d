//! Another level of detail of a city model, chosen on the page of the layers.

use super::{SELECTION, middle, number};
use crate::desktop::Desktop;
use serde_json::{Value, json};
use std::{fs, time::Instant};

/// Corners of a house of 24 by 16 m with its ridge along x, in RD and NAP: the block in levels 1.2 and the roof in 2.2.
fn houses() -> Value {
    let mut vertices: Vec<[f64; 3]> = Vec::new();
    let mut objects = serde_json::Map::new();
    for (place, east) in [0.0, 40.0, -40.0].into_iter().enumerate() {
        let first = vertices.len();
        let at = |x: f64, y: f64, z: f64| [251_000.0 + east + x, 476_250.0 + y, 17.0 + z];
        for z in [0.0, 12.0] {
            vertices.extend([
                at(-12.0, -8.0, z),
                at(12.0, -8.0, z),
                at(12.0, 8.0, z),
                at(-12.0, 8.0, z),
            ]);
        }
        vertices.extend([at(-12.0, 0.0, 18.0), at(12.0, 0.0, 18.0)]);
        let face = |corners: &[usize]| json!([corners.iter().map(|corner| first + corner).collect::<Vec<_>>()]);
        let walls = [
            face(&[3, 2, 1, 0]),
            face(&[0, 1, 5, 4]),
            face(&[1, 2, 6, 5]),
            face(&[2, 3, 7, 6]),
            face(&[3, 0, 4, 7]),
        ];
        let block = [&walls[..], &[face(&[4, 5, 6, 7])]].concat();
        let roof = [
            face(&[4, 5, 9, 8]),
            face(&[6, 7, 8, 9]),
            face(&[7, 4, 8]),
            face(&[5, 6, 9]),
        ];
        let gable = [&walls[..], &roof[..]].concat();
        let geometry = |lod: &str, faces: Vec<Value>| json!({"type": "MultiSurface", "lod": lod, "boundaries": faces});
        objects.insert(
            format!("house-{place}"),
            json!({"type": "Building", "attributes": {}, "geometry": [geometry("1.2", block), geometry("2.2", gable)]}),
        );
    }
    json!({
        "type": "CityJSON", "version": "2.0",
        "transform": {"scale": [1.0, 1.0, 1.0], "translate": [0.0, 0.0, 0.0]},
        "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/7415"},
        "CityObjects": objects, "vertices": vertices,
    })
}

#[test]
fn a_level_of_detail_is_chosen_and_everything_else_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("huizen.city.json");
    fs::write(&path, houses().to_string()).expect("a city model");
    let path = path.display().to_string();
    let mut desktop = Desktop::start(1024, 700, &["--language", "nl", &path]);
    let start = desktop.wait_until_drawn();
    assert_eq!(start["detail"], "Highest");
    // The first view has the houses in the middle of what the panels leave free.
    let (x, y) = middle(&start);
    desktop.click(x, y);
    let picked = desktop.wait_for("the house in the middle", |state| {
        state["picked"]["kind"] == "building" && state["complete"] == true
    });
    assert_eq!(picked["picked"]["id"], "house-0");
    desktop.wait_for_pixels("its outline", SELECTION, |pixels| pixels > 60);
    desktop.click_control("Lagen");
    desktop.wait_for("the layers", |state| state["page"] == "Layers");
    desktop.click_control("Blok");
    let asked = Instant::now();
    let block = loop {
        let state = desktop.try_state().expect("an answer");
        assert!(
            number(&state, "/tiles/rendered") > 0.0,
            "never blank: {}",
            state["tiles"]
        );
        if state["detail"] != "Highest" && state["complete"] == true {
            break state;
        }
        assert!(asked.elapsed() < crate::desktop::PATIENCE, "no blocks: {state:#}");
    };
    assert!(
        number(&block, "/tiles/triangles") < number(&picked, "/tiles/triangles"),
        "a block has fewer triangles than a roof: {}",
        block["tiles"]
    );
    assert_eq!(block["camera"], picked["camera"]);
    assert_eq!(block["picked"], picked["picked"]);
    desktop.wait_for_pixels("the outline of the block", SELECTION, |pixels| pixels > 60);
    desktop.click_control("Hoogste per gebouw");
    let back = desktop.wait_for("the roofs again", |state| {
        state["detail"] == "Highest" && state["complete"] == true
    });
    assert_eq!(back["tiles"]["triangles"], picked["tiles"]["triangles"]);
}
