//! Each way to be wrong: one line, and the rest is read. Nothing panics, whatever the bytes.

use super::{building, cube_hollow, cube_shell, document, only_problem, open, pretty, read, sequence, triangles};
use crate::sources::{
    Severity,
    cityjson::{CityJson, LodChoice},
};
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn each_fault_is_one_line_and_the_rest_is_read() {
    let good = json!([[0, 1, 3, 2]]);
    let surfaces = |bad: Value| building(json!({"type": "MultiSurface", "lod": "2", "boundaries": [good, bad, bad]}));
    let mut json = document("2.0", surfaces(json!([[0, 1, 99]])));
    for (bad, words) in [
        (json!([[0, 1, 99]]), "2 surfaces name a vertex that is not there"),
        (json!([[0, 1, -3]]), "2 surfaces name a vertex that is not there"),
        (json!([[0, 1, 1]]), "2 surfaces have no area"),
        (json!([[0, 1]]), "2 surfaces have no area"),
        (json!([]), "2 surfaces have no area"),
    ] {
        json["CityObjects"] = surfaces(bad);
        let line = only_problem(&json);
        assert!(line.contains(words) && line.contains("CityObjects[b]"), "{line}");
        assert_eq!(triangles(&read(&open(&json), LodChoice::Highest).0), 2);
    }
    // A corner where a number wrapped around.
    json["CityObjects"] = surfaces(json!([[0, 1, 5]]));
    json["vertices"][5][2] = json!(i32::MIN);
    assert!(only_problem(&json).contains("range of numbers"));
    assert_eq!(
        open(&json).describe()["bbox"][2],
        json!(f64::from(i32::MIN) * 0.001 + 10.0)
    );
    // Not a number, as some writers put it.
    let text = json.to_string().replacen(&i32::MIN.to_string(), "NaN", 1);
    let (features, problems) = read(&CityJson::of_bytes("x", text.into_bytes()).unwrap(), LodChoice::Highest);
    assert_eq!((triangles(&features), problems.len()), (2, 2), "{problems:?}");
    assert!(problems[0].contains("not three numbers"), "{problems:?}");
    for (geometry, words) in [
        (
            json!({"type": "Solid", "lod": "2", "boundaries": cube_shell(0)}),
            "not nested",
        ),
        (json!({"type": "Blob", "lod": "2", "boundaries": []}), "not known"),
    ] {
        let line = only_problem(&document("2.0", building(geometry)));
        assert!(line.contains(words), "{line}");
    }
    let odd_lod = document(
        "2.0",
        building(json!({"type": "MultiSurface", "lod": "two", "boundaries": [good]})),
    );
    assert_eq!(open(&odd_lod).describe()["problems"][0]["severity"], "warning");
    assert_eq!(triangles(&read(&open(&odd_lod), LodChoice::Highest).0), 2);
    let mut unknown = document("2.0", json!({}));
    for (crs, cause) in [
        ("https://www.opengis.net/def/crs/EPSG/0/9999999", "place"),
        ("RD New", "place"),
    ] {
        unknown["metadata"]["referenceSystem"] = json!(crs);
        assert_eq!(open(&unknown).describe()["problems"][0]["cause"], cause, "{crs}");
    }
}

#[test]
fn broken_json_is_told_by_line_and_column_and_what_is_sound_is_kept() {
    let text = pretty(
        &document(
            "2.0",
            building(json!({"type": "Solid", "lod": "2", "boundaries": [cube_shell(0)]})),
        )
        .to_string(),
    );
    // The last brace is missing, as at the end of a download that broke off.
    let cut = text.trim_end().strip_suffix('}').unwrap();
    let city = CityJson::of_bytes("x", cut.as_bytes()).unwrap();
    let (features, problems) = read(&city, LodChoice::Highest);
    assert_eq!((triangles(&features), problems.len()), (12, 1), "{problems:?}");
    let lines = cut.lines().count() + usize::from(cut.ends_with('\n'));
    assert!(problems[0].contains(&format!("line {lines}, column ")), "{problems:?}");
    for (text, words) in [
        ("", "line 1, column 1"),
        ("[]", "line 1, column 1"),
        ("{\"type\":\n  ?}", "line 2, column 3"),
        ("{\"type\": \"Feature\"}", "not CityJSON"),
        ("fcb\u{1}fcb", "FlatCityBuf"),
    ] {
        let problem = CityJson::of_bytes("x", text.as_bytes()).unwrap_err();
        assert_eq!(problem.severity, Severity::Error);
        assert!(problem.to_string().contains(words), "{problem}");
    }
    let deep = format!(
        "{{\"type\":\"CityJSON\",\"CityObjects\":{{\"a\":{}",
        "[".repeat(100_000)
    );
    let city = CityJson::of_bytes("x", deep.into_bytes()).unwrap();
    assert!(city.problems()[0].to_string().contains("deeper"));
}

#[test]
fn that_a_file_ends_in_the_middle_is_told_before_what_comes_of_it() {
    let solid = json!({"type": "Solid", "lod": "2", "boundaries": [cube_shell(0)]});
    let mut json = document("2.0", building(solid));
    json["metadata"] = json!([]);
    let text = json.to_string();
    let cut = &text[..text.find("[2000,2000,2000]").unwrap()];
    let city = CityJson::of_bytes("x", cut.as_bytes()).unwrap();
    let report = city.describe();
    let facts = report["problems"].as_array().unwrap();
    for first in [
        city.problems()[0].message.as_str(),
        facts[0]["message"].as_str().unwrap(),
    ] {
        assert!(first.contains("the file ends in the middle"), "{facts:?}");
    }
    assert_eq!(facts.len(), 3, "the metadata and the surfaces too: {facts:?}");
}

#[test]
fn corners_of_a_feature_count_over_all_its_parts() {
    let alternating =
        json!({"surfaces": [{"type": "RoofSurface"}, {"type": "WallSurface"}], "values": [0, 1, 0, 1, 0, 1]});
    let faces = json!({"type": "MultiSurface", "lod": "2", "boundaries": cube_shell(0), "semantics": alternating});
    let corners = |json: &Value, most: usize| -> (usize, Vec<String>) {
        let city = open(json);
        let mut features = city.features(LodChoice::Highest).with_most_corners(most);
        let parts: Vec<_> = features.by_ref().flat_map(|feature| feature.parts).collect();
        let problems = features.problems().into_iter().map(|problem| problem.message);
        (parts.iter().map(|part| part.positions.len()).sum(), problems.collect())
    };
    let (count, problems) = corners(&document("2.0", building(faces)), 6);
    assert_eq!(count, 8);
    assert!(problems[0].contains("larger than is read"), "{problems:?}");
    // Of three instances of eight corners each one fits.
    let mut json = document("2.0", json!({}));
    let two = json!({"surfaces": [{"type": "RoofSurface"}, {"type": "WallSurface"}], "values": [0, 1]});
    json["geometry-templates"] = json!({
        "templates": [{"type": "MultiSurface", "lod": "1", "boundaries": [[[0, 1, 2, 3]], [[0, 1, 2, 3]]], "semantics": two}],
        "vertices-templates": [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]],
    });
    let instance = |corner: u32| {
        json!({"type": "GeometryInstance", "template": 0, "boundaries": [corner],
        "transformationMatrix": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]})
    };
    json["CityObjects"] =
        json!({"t": {"type": "SolitaryVegetationObject", "geometry": [instance(0), instance(1), instance(2)]}});
    let (count, problems) = corners(&json, 12);
    assert_eq!(count, 8);
    assert!(problems[0].starts_with("2 objects are larger"), "{problems:?}");
}

/// A document with everything in it.
fn everything() -> String {
    let mut json = document(
        "2.0",
        json!({
            "b": {"type": "Building", "attributes": {"a": [1, {"b": null}]}, "children": ["p"], "geometry": [
                {"type": "MultiSurface", "lod": "0", "boundaries": [[[0, 1, 3, 2], [8, 9, 11]]],
                 "texture": {"t": {"values": [[[0, 0, 1, 2, 3], [0, 1, 2, 3]]]}}},
            ]},
            "p": {"type": "BuildingPart", "parents": ["b"], "geometry": [
                {"type": "Solid", "lod": "2.2", "boundaries": [cube_shell(0), cube_hollow(8)],
                 "material": {"m": {"values": [[0, 0, 0, 0, 0, null], null]}},
                 "semantics": {"surfaces": [{"type": "RoofSurface"}], "values": [[0, null, 0, 0, 0, 0], null]}},
                {"type": "MultiSolid", "lod": "1", "boundaries": [[cube_shell(8)]]},
            ]},
            "t": {"type": "SolitaryVegetationObject", "geometry": [
                {"type": "GeometryInstance", "template": 0, "boundaries": [7], "transformationMatrix": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]},
            ]},
        }),
    );
    json["appearance"] = json!({
        "materials": [{"name": "m", "diffuseColor": [1, 0, 0]}],
        "textures": [{"type": "PNG", "image": "a.png"}],
        "vertices-texture": [[0, 0], [1, 0], [1, 1], [0, 1]],
    });
    json["geometry-templates"] = json!({
        "templates": [{"type": "MultiSurface", "lod": "1", "boundaries": [[[0, 1, 2]]]}],
        "vertices-templates": [[0, 0, 0], [1, 0, 0], [0, 1, 1]],
    });
    json.to_string()
}

/// Reads bytes in every way there is; what comes out does not matter.
fn read_all(bytes: Vec<u8>) {
    let Ok(city) = CityJson::of_bytes("x", bytes) else {
        return;
    };
    let lods = city.lods();
    for feature in city.features(LodChoice::Highest) {
        for part in feature.parts {
            let corners = part.positions.len();
            assert!(part.positions.iter().all(|corner| corner.is_finite()));
            assert!(
                part.triangles
                    .iter()
                    .flatten()
                    .all(|corner| (*corner as usize) < corners)
            );
            assert!(part.texture.is_none_or(|texture| texture.uvs.len() == corners));
        }
    }
    if let Some(lod) = lods.keys().next() {
        city.features(LodChoice::AtMost(*lod)).count();
    }
    for problem in city.describe()["problems"].as_array().unwrap() {
        assert!(!problem["message"].as_str().unwrap().contains('\n'));
    }
}

#[test]
fn a_sound_document_with_everything_has_no_problems() {
    let facts = CityJson::of_bytes("x", everything().into_bytes()).unwrap().describe();
    assert_eq!(facts["problems"], json!([]));
    assert_eq!(
        (&facts["surfaces"], &facts["totals"]["triangles"]),
        (&json!(1 + 12 + 6), &json!(24 + 1))
    );
}

#[test]
fn every_truncation_is_survived() {
    for text in [everything(), sequence()] {
        for end in (0..text.len()).step_by(7) {
            read_all(text.as_bytes()[..end].to_vec());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damaged_documents_never_panic(
        is_sequence in any::<bool>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), prop_oneof![
            any::<u8>(),
            prop::sample::select(b"[]{},:\"0123456789-.enull\n".to_vec()),
        ]), 1..8),
    ) {
        let mut bytes = if is_sequence { sequence() } else { everything() }.into_bytes();
        for (place, byte) in flips {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        read_all(bytes);
    }

    #[test]
    fn pieces_out_of_order_never_panic(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..4),
    ) {
        let mut bytes = everything().into_bytes();
        for (from, length, to) in cuts {
            let from = from.index(bytes.len());
            let length = length.index(100).min(bytes.len() - from);
            let piece: Vec<u8> = bytes[from..from + length].to_vec();
            let to = to.index(bytes.len());
            bytes.splice(to..to, piece);
        }
        read_all(bytes);
    }
}
