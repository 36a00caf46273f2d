//! A building that a variant removes is gone from the picture and from the shadows: the picture equals, to the pixel,
//! that of tiles that never held it.
#![expect(clippy::cast_possible_truncation, reason = "places in a small file of ours")]

use super::{draw, project};
use serde_json::{Value, json};
use std::{fs, path::Path};

/// The landmark that is removed: its shadow is long.
const NAME: &str = "Stadhuistoren";

#[test]
fn a_removed_building_leaves_the_picture_of_tiles_that_never_held_it() {
    let id = id_of(NAME);
    let removed = tempfile::tempdir().unwrap();
    copy_scenario(removed.path(), Some(&id));
    let never = tempfile::tempdir().unwrap();
    copy_scenario(never.path(), None);
    let mut doctored = 0;
    for entry in fs::read_dir(never.path().join("tiles")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "glb") {
            doctored += take_out(&path, &id);
        }
    }
    assert!(doctored > 10, "triangles of the tower were taken out of the tiles");

    let view = [
        "--variant",
        "0",
        "--heading",
        "20",
        "--pitch",
        "-30",
        "--distance",
        "220",
        "--time",
        "2026-06-21T18:00:00+02:00",
    ];
    let (without, _) = draw(removed.path(), "removed", &view);
    let (expected, _) = draw(never.path(), "never", &view);
    let (with, _) = draw(&project("scenarios/lange-wemen"), "with", &view);
    assert_ne!(with, expected, "the tower can be seen where it stands");
    let different = without.pixels().zip(expected.pixels()).filter(|(a, b)| a != b).count();
    assert_eq!(different, 0, "pixels differ");
}

fn id_of(name: &str) -> String {
    let register: Value =
        serde_json::from_slice(&fs::read(project("scenarios/lange-wemen/register.geojson")).unwrap()).unwrap();
    let features = register["features"].as_array().unwrap();
    let feature = features
        .iter()
        .find(|feature| feature["properties"]["naam"] == name)
        .unwrap();
    feature["properties"]["identificatie"].as_str().unwrap().to_owned()
}

/// Copies the shipped scenario without names and notes; its first variant removes `id`.
fn copy_scenario(to: &Path, id: Option<&str>) {
    let from = project("scenarios/lange-wemen");
    let mut scenario: Value = serde_json::from_slice(&fs::read(from.join("scenario.json")).unwrap()).unwrap();
    if let Some(id) = id {
        scenario["variants"][0]["removed"] = json!({"ids": [id]});
    }
    fs::write(to.join("scenario.json"), scenario.to_string()).unwrap();
    for entry in fs::read_dir(&from).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_file() && entry.file_name() != "scenario.json" {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
    copy_folder(&from.join("tiles"), &to.join("tiles"));
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Makes every triangle of the building degenerate; how many there were.
fn take_out(path: &Path, id: &str) -> usize {
    let mut glb = fs::read(path).unwrap();
    let word = |glb: &[u8], at: usize| u32::from_le_bytes(glb[at..at + 4].try_into().unwrap()) as usize;
    let json_length = word(&glb, 12);
    let document: Value = serde_json::from_slice(&glb[20..20 + json_length]).unwrap();
    let binary = 20 + json_length + 8;
    let view = |index: &Value| {
        let view = &document["bufferViews"][index.as_u64().unwrap() as usize];
        let number = |key: &str| view[key].as_u64().unwrap_or(0) as usize;
        (binary + number("byteOffset"), number("byteStride"))
    };
    let properties = &document["extensions"]["EXT_structural_metadata"]["propertyTables"][0];
    let ids = &properties["properties"]["identificatie"];
    let (values, _) = view(&ids["values"]);
    let (offsets, _) = view(&ids["stringOffsets"]);
    let count = properties["count"].as_u64().unwrap() as usize;
    let wide = match ids["stringOffsetType"].as_str().unwrap_or("UINT32") {
        "UINT8" => 1,
        "UINT16" => 2,
        _ => 4,
    };
    let number = |glb: &[u8], at: usize, size: usize| {
        glb[at..at + size]
            .iter()
            .rev()
            .fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte))
    };
    let row = (0..count).find(|row| {
        let start = values + number(&glb, offsets + row * wide, wide);
        let end = values + number(&glb, offsets + (row + 1) * wide, wide);
        &glb[start..end] == id.as_bytes()
    });
    let Some(row) = row else { return 0 };
    let size_of = |accessor: &Value| match accessor["componentType"].as_u64().unwrap() {
        5121 => 1,
        5123 => 2,
        _ => 4,
    };
    let mut taken = 0;
    for primitive in document["meshes"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|mesh| mesh["primitives"].as_array().unwrap())
    {
        let accessor = |index: &Value| &document["accessors"][index.as_u64().unwrap() as usize];
        let features = accessor(&primitive["attributes"]["_FEATURE_ID_0"]);
        let (feature_at, stride) = view(&features["bufferView"]);
        let feature_at = feature_at + features["byteOffset"].as_u64().unwrap_or(0) as usize;
        let feature_size = size_of(features);
        let stride = if stride == 0 { feature_size } else { stride };
        let indices = accessor(&primitive["indices"]);
        let (index_at, _) = view(&indices["bufferView"]);
        let index_at = index_at + indices["byteOffset"].as_u64().unwrap_or(0) as usize;
        let index_size = size_of(indices);
        for triangle in 0..indices["count"].as_u64().unwrap() as usize / 3 {
            let at = index_at + triangle * 3 * index_size;
            let vertex = number(&glb, at, index_size);
            if number(&glb, feature_at + vertex * stride, feature_size) == row {
                glb[at..at + 3 * index_size].fill(0);
                taken += 1;
            }
        }
    }
    fs::write(path, glb).unwrap();
    taken
}
