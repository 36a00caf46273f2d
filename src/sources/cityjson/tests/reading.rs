//! Each kind of geometry, look, level of detail, family, version and form.

use super::{
    area, building, cube_hollow, cube_shell, cube_vertices, document, only_problem, open, pretty, read, sequence,
    sound, triangles, volume,
};
use crate::sources::{
    Cause, CityFeature, SurfaceRole,
    cityjson::{CityJson, Form, Lod, LodChoice, is_city_json},
};
use bevy::math::{DVec3, Vec2};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use std::io::Write;

#[test]
fn every_kind_of_geometry_is_meshed_with_its_volume() {
    let solid = json!([cube_shell(0)]);
    for (kind, boundaries, expected) in [
        ("MultiSurface", cube_shell(0), 8.0),
        ("CompositeSurface", cube_shell(0), 8.0),
        ("Solid", solid.clone(), 8.0),
        // A hollow: the inner shell looks the other way.
        ("Solid", json!([cube_shell(0), cube_hollow(8)]), 7.0),
        ("MultiSolid", json!([solid, [cube_shell(8)]]), 9.0),
        (
            "CompositeSolid",
            json!([[cube_shell(0), cube_hollow(8)], [cube_shell(8)]]),
            8.0,
        ),
    ] {
        let objects = building(json!({"type": kind, "lod": "2", "boundaries": boundaries}));
        let features = sound(&document("2.0", objects));
        assert_eq!((features[0].id.as_str(), features[0].class.as_str()), ("b", "Building"));
        assert_eq!(features[0].attributes["year"], 1904);
        let found = volume(&features[0].parts);
        assert!((found - expected).abs() < 1e-6, "{kind}: {found}");
    }
    let corner = sound(&document(
        "2.0",
        building(json!({"type": "MultiSurface", "lod": "2", "boundaries": cube_shell(0)})),
    ));
    assert_eq!(corner[0].parts[0].positions[0], DVec3::new(250_000.0, 476_000.0, 10.0));
}

#[test]
fn points_and_lines_are_counted_and_not_drawn() {
    let objects = json!({"p": {"type": "GenericCityObject", "geometry": [
        {"type": "MultiPoint", "lod": "1", "boundaries": [0, 1]},
        {"type": "MultiLineString", "lod": "1", "boundaries": [[0, 1, 2]]},
    ]}});
    let json = document("2.0", objects);
    assert!(sound(&json).is_empty());
    let facts = open(&json).describe();
    assert_eq!(facts["geometries"], json!({"MultiLineString": 1, "MultiPoint": 1}));
    assert_eq!((&facts["surfaces"], &facts["city_objects"]), (&json!(0), &json!(1)));
}

#[test]
fn holes_stay_open() {
    let mut json = document(
        "2.0",
        building(json!({"type": "MultiSurface", "lod": "2", "boundaries": [[[0, 1, 3, 2], [16, 17, 18, 19]]]})),
    );
    let vertices = json["vertices"].as_array_mut().unwrap();
    vertices.extend([[500, 500, 0], [500, 1000, 0], [1000, 1000, 0], [1000, 500, 0]].map(|corner| json!(corner)));
    let features = sound(&json);
    assert!((area(&features[0].parts[0]) - 3.75).abs() < 1e-6);
    assert_eq!(features[0].parts[0].positions.len(), 8);
}

#[test]
fn semantics_become_roles_shell_by_shell() {
    let surfaces =
        json!([{"type": "GroundSurface"}, {"type": "RoofSurface"}, {"type": "WallSurface"}, {"type": "+Odd"}]);
    let geometry = |values: Value| {
        json!({
            "type": "Solid", "lod": "2", "boundaries": [cube_shell(0), cube_hollow(8)],
            "semantics": {"surfaces": surfaces, "values": values},
        })
    };
    let count = |features: &[CityFeature], role| {
        let parts = features[0].parts.iter().filter(|part| part.role == role);
        parts.map(|part| part.triangles.len()).sum::<usize>()
    };
    let features = sound(&document(
        "2.0",
        building(geometry(json!([[0, 1, 2, 2, 2, null], null]))),
    ));
    assert_eq!(count(&features, SurfaceRole::Ground), 2);
    assert_eq!(count(&features, SurfaceRole::Roof), 2);
    assert_eq!(count(&features, SurfaceRole::Wall), 6);
    assert_eq!(count(&features, SurfaceRole::Unknown), 2 + 12);
    let line = only_problem(&document("2.0", building(geometry(json!([[0, 1], [2]])))));
    assert!(line.contains("semantics that do not fit"), "{line}");
    // Where nothing is said, the class says it.
    let water = json!({"w": {"type": "WaterBody", "geometry": [{"type": "MultiSurface", "lod": "1", "boundaries": [[[0, 1, 3]]]}]}});
    assert_eq!(sound(&document("2.0", water))[0].parts[0].role, SurfaceRole::Water);
}

#[test]
fn materials_and_textures_follow_the_default_theme() {
    let surface = json!({
        "type": "MultiSurface", "lod": "2", "boundaries": [[[0, 1, 3, 2]], [[4, 5, 7, 6]]],
        "material": {"dull": {"value": 0}, "bright": {"values": [1, null]}},
        "texture": {"summer": {"values": [[[0, 0, 1, 2, 3]], [[null]]]}, "winter": {"values": [[[null]], [[1, 3, 2, 1, 0]]]}},
    });
    let mut json = document("2.0", building(surface));
    json["appearance"] = json!({
        "materials": [{"name": "grey", "diffuseColor": [0.5, 0.5, 0.5]}, {"name": "red", "diffuseColor": [1.0, 0.0, 0.0], "transparency": 0.5}],
        "textures": [{"type": "PNG", "image": "summer.png"}, {"type": "PNG", "image": "winter.png"}],
        "vertices-texture": [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]],
    });
    let look = |json: &Value| {
        let features = sound(json);
        let mut looks: Vec<_> = features[0]
            .parts
            .iter()
            .map(|part| {
                (
                    part.color,
                    part.texture.as_ref().map(|texture| texture.image.to_string()),
                )
            })
            .collect();
        looks.sort();
        looks
    };
    // Without a default the first.
    let grey = Some([128, 128, 128, 255]);
    assert_eq!(look(&json), [(grey, None), (grey, Some("summer.png".to_owned()))]);
    json["appearance"]["default-theme-material"] = json!("bright");
    json["appearance"]["default-theme-texture"] = json!("winter");
    let red = Some([255, 0, 0, 128]);
    assert_eq!(look(&json), [(None, Some("winter.png".to_owned())), (red, None)]);
    let features = sound(&json);
    let texture = features[0].parts.iter().find_map(|part| part.texture.as_ref()).unwrap();
    assert_eq!(texture.uvs, [Vec2::new(0.0, 1.0), Vec2::ONE, Vec2::X, Vec2::ZERO]);
    json["appearance"]["vertices-texture"] = json!([[0.0, 0.0]]);
    json["appearance"]["materials"] = json!([]);
    let (features, problems) = read(&open(&json), LodChoice::Highest);
    assert_eq!((triangles(&features), problems.len()), (4, 2), "{problems:?}");
}

#[test]
fn templates_are_placed_by_their_matrix_and_anchor() {
    let instance = |template: Value, matrix: Value| {
        json!({"t": {"type": "SolitaryVegetationObject", "geometry": [
            {"type": "GeometryInstance", "template": template, "boundaries": [7], "transformationMatrix": matrix},
        ]}})
    };
    let with = |objects: Value| {
        let mut json = document("2.0", objects);
        json["geometry-templates"] = json!({
            "templates": [
                {"type": "Solid", "lod": "2.1", "boundaries": [cube_shell(0)]},
                {"type": "GeometryInstance", "template": 1, "boundaries": [0]},
            ],
            "vertices-templates": cube_vertices().into_iter().take(8).map(|corner| corner.map(|v| v / 2000)).collect::<Vec<_>>(),
        });
        json
    };
    let scale = json!([2.0, 0, 0, 1.0, 0, 3.0, 0, 0, 0, 0, 4.0, 0, 0, 0, 0, 1.0]);
    let features = sound(&with(instance(json!(0), scale)));
    let part = &features[0].parts[0];
    assert_eq!(part.role, SurfaceRole::Green);
    assert!((volume(&features[0].parts) - 24.0).abs() < 1e-6);
    assert_eq!(part.positions[0], DVec3::new(250_003.0, 476_002.0, 12.0));
    // Mirrored, it still looks outward.
    let mirror = json!([-1.0, 0, 0, 0, 0, 1.0, 0, 0, 0, 0, 1.0, 0, 0, 0, 0, 1.0]);
    assert!((volume(&sound(&with(instance(json!(0), mirror.clone())))[0].parts) - 1.0).abs() < 1e-6);
    // The level is that of the template.
    let city = open(&with(instance(json!(0), mirror.clone())));
    assert!(read(&city, LodChoice::Exact("1".parse().unwrap())).0.is_empty());
    for (template, matrix, words) in [
        (json!(1), mirror.clone(), "template"),
        (json!(2), mirror.clone(), "template"),
        (json!(-1), mirror.clone(), "template"),
        (json!(0), json!([1, 2]), "16 numbers"),
        (json!(0), json!("x"), "16 numbers"),
    ] {
        let line = only_problem(&with(instance(template, matrix)));
        assert!(line.contains(words), "{line}");
    }
}

#[test]
fn the_level_of_detail_is_chosen_when_features_are_read() {
    let geometry = |lod: Value| json!({"type": "MultiSurface", "lod": lod, "boundaries": [[[0, 1, 3]]]});
    let two = json!({"type": "MultiSurface", "lod": "2.2", "boundaries": [[[0, 1, 3]], [[0, 3, 2]]]});
    let json = document(
        "2.0",
        json!({
            "b": {"type": "Building", "attributes": {"a": 1, "both": "root"}, "children": ["p"], "geometry": [geometry(json!("0"))]},
            "p": {"type": "BuildingPart", "attributes": {"both": "part", "own": 2}, "parents": ["b"], "geometry": [geometry(json!(1.2)), two]},
        }),
    );
    let city = open(&json);
    let lods: Vec<_> = city
        .lods()
        .into_iter()
        .map(|(lod, count)| (lod.to_string(), count))
        .collect();
    assert_eq!(
        lods,
        [("0".to_owned(), 1), ("1.2".to_owned(), 1), ("2.2".to_owned(), 1)]
    );
    let lod = |text: &str| text.parse::<Lod>().unwrap();
    for (choice, expected) in [
        // The footprint of the building is not drawn under the floor of its part.
        (LodChoice::Highest, 2),
        (LodChoice::AtMost(lod("2")), 1),
        (LodChoice::AtMost(lod("0")), 1),
        (LodChoice::Exact(lod("0")), 1),
        (LodChoice::Exact(lod("2.2")), 2),
        (LodChoice::Exact(lod("3")), 0),
    ] {
        let (features, problems) = read(&city, choice);
        assert_eq!((triangles(&features), problems.len()), (expected, 0), "{choice:?}");
    }
    // One feature, with the attributes of both.
    let (features, _) = read(&city, LodChoice::Highest);
    assert_eq!(features.len(), 1);
    assert_eq!(
        Value::Object(features[0].attributes.clone()),
        json!({"a": 1, "both": "root", "own": 2})
    );
}

#[test]
fn surfaces_that_stand_twice_in_a_level_are_drawn_once() {
    let mut surfaces = json!({"type": "MultiSurface", "lod": "2", "boundaries": cube_shell(0)});
    surfaces["semantics"] = json!({"surfaces": [{"type": "RoofSurface"}], "values": [0, 0, 0, 0, 0, 0]});
    let solid = json!({"type": "Solid", "lod": "2", "boundaries": [cube_shell(0)]});
    let features = sound(&document(
        "2.0",
        json!({"b": {"type": "Building", "geometry": [solid, surfaces]}}),
    ));
    assert_eq!(triangles(&features), 12);
    assert_eq!(features[0].parts[0].role, SurfaceRole::Roof);
}

#[test]
fn families_are_found_and_groups_are_none() {
    let geometry = json!([{"type": "MultiSurface", "lod": "2", "boundaries": [[[0, 1, 3]]]}]);
    let json = document(
        "2.0",
        json!({
            "room": {"type": "BuildingRoom", "parents": ["part"], "geometry": geometry},
            "a": {"type": "Building", "children": ["part"], "parents": ["group"], "geometry": geometry},
            "c": {"type": "+Shed", "parents": ["group"], "geometry": geometry},
            "part": {"type": "BuildingPart", "parents": ["group", "a"], "geometry": geometry},
            "group": {"type": "CityObjectGroup", "children": ["a", "c", "part"]},
            "lost": {"type": "BuildingPart", "parents": ["nowhere"], "geometry": geometry},
            "x": {"type": "Building", "parents": ["y"], "geometry": geometry},
            "y": {"type": "Building", "parents": ["x"], "geometry": geometry},
        }),
    );
    let (features, problems) = read(&open(&json), LodChoice::Highest);
    let mut found: Vec<_> = features
        .iter()
        .map(|f| (f.id.as_str(), f.class.as_str(), f.parts[0].triangles.len()))
        .collect();
    found.sort_unstable();
    let expected = [
        ("a", "Building", 3),
        ("c", "+Shed", 1),
        ("lost", "BuildingPart", 1),
        ("x", "Building", 1),
        ("y", "Building", 1),
    ];
    assert_eq!(found, expected);
    assert!(
        problems.len() == 1 && problems[0].contains("parent that is not there"),
        "{problems:?}"
    );
}

#[test]
fn versions_differ_in_transform_and_levels() {
    let one = |lod: Value| building(json!({"type": "MultiSurface", "lod": lod, "boundaries": [[[0, 1, 3]]]}));
    for (version, lod) in [
        ("1.0", json!(2)),
        ("1.0", json!(2.1)),
        ("1.1", json!("2")),
        ("2.0", json!("2.2")),
    ] {
        assert_eq!(triangles(&sound(&document(version, one(lod)))), 1);
    }
    let without = |version: &str| {
        let mut json = document(version, one(json!(2)));
        json.as_object_mut().unwrap().remove("transform");
        json
    };
    // Before 1.1 the vertices may be the coordinates.
    assert_eq!(
        sound(&without("1.0"))[0].parts[0].positions[1],
        DVec3::new(2000.0, 0.0, 0.0)
    );
    for version in ["1.1", "2.0"] {
        let line = only_problem(&without(version));
        assert!(line.contains("transform is missing"), "{line}");
        assert!(read(&open(&without(version)), LodChoice::Highest).0.is_empty());
    }
    for (version, words) in [("0.9", "older"), ("3.0", "newer"), ("x", "no number"), ("2.7", "newer")] {
        let line = only_problem(&document(version, one(json!("2"))));
        assert!(line.contains(words), "{line}");
    }
    let city = open(&document("2.0", json!({})));
    assert_eq!(
        (city.form(), city.version(), city.epsg()),
        (Form::Document, Some("2.0"), Some(7415))
    );
    assert_eq!(city.title(), Some("Two cubes"));
    assert_eq!(city.transform().unwrap().scale, DVec3::splat(0.001));
}

#[test]
fn sequences_are_read_line_by_line() {
    let city = CityJson::of_bytes("x.city.jsonl", sequence().into_bytes()).unwrap();
    let (features, problems) = read(&city, LodChoice::Highest);
    assert_eq!(
        (city.form(), triangles(&features), problems.len()),
        (Form::Sequence, 24, 0),
        "{problems:?}"
    );
    assert_eq!(
        features.iter().map(|feature| feature.id.as_str()).collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert_eq!(city.lods().len(), 1);
    let facts = city.describe();
    assert_eq!(
        (&facts["features"], &facts["vertices"], &facts["city_objects"]),
        (&json!(2), &json!(32), &json!(4))
    );
    assert_eq!(
        facts["bbox"],
        json!([250_000.0, 476_000.0, 10.0, 250_002.0, 476_002.0, 12.0])
    );
    // A broken line costs its own feature, and is told by its place.
    let broken = sequence().replacen("\"a-0\":", "\"a-0\"", 1);
    let city = CityJson::of_bytes("x.city.jsonl", broken.into_bytes()).unwrap();
    let (features, problems) = read(&city, LodChoice::Highest);
    assert_eq!(
        features.iter().map(|feature| feature.id.as_str()).collect::<Vec<_>>(),
        ["b"]
    );
    assert!(
        problems.len() == 1 && problems[0].contains("line 2, column "),
        "{problems:?}"
    );
}

#[test]
fn features_without_a_first_line_have_no_place() {
    let text = sequence();
    let (_, features) = text.split_once('\n').unwrap();
    for (text, count) in [(features.to_owned(), 2), (pretty(features.lines().next().unwrap()), 1)] {
        let city = CityJson::of_bytes("x.city.jsonl", text.into_bytes()).unwrap();
        let (found, problems) = read(&city, LodChoice::Highest);
        assert!(found.is_empty() && city.form() == Form::Feature);
        assert!(
            problems.len() == 1 && problems[0].contains("first line"),
            "{problems:?}"
        );
        let facts = city.describe();
        assert_eq!(
            (&facts["features"], &facts["surfaces"]),
            (&json!(count), &json!(6 * count))
        );
    }
}

#[test]
fn compressed_files_give_the_same() {
    let geometry = json!([{"type": "Solid", "lod": "2", "boundaries": [cube_shell(0)]}]);
    let mut objects = json!({});
    // Parts far from their buildings, and before them.
    for i in 0..50 {
        objects[format!("b{i}-0")] =
            json!({"type": "BuildingPart", "parents": [format!("b{i}")], "geometry": geometry});
    }
    for i in 0..50 {
        objects[format!("b{i}")] = json!({"type": "Building", "attributes": {"n": i}, "children": [format!("b{i}-0")]});
    }
    for text in [document("2.0", objects).to_string(), sequence()] {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        let packed = encoder.finish().unwrap();
        let sorted = |bytes: Vec<u8>| {
            let (mut features, problems) = read(&CityJson::of_bytes("x", bytes).unwrap(), LodChoice::Highest);
            assert!(problems.is_empty(), "{problems:?}");
            features.sort_by(|a, b| a.id.cmp(&b.id));
            features
        };
        assert_eq!(sorted(packed.clone()), sorted(text.clone().into_bytes()));
        // The same from disk.
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in [("plain", text.as_bytes()), ("packed", &packed)] {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            assert!(is_city_json(&path), "{name}");
            let (features, problems) = read(&CityJson::open(&path).unwrap(), LodChoice::Highest);
            assert_eq!((features.len(), problems.len()), (sorted(packed.clone()).len(), 0));
        }
        // Cut off, it is told, whatever could be read.
        let cut = packed[..packed.len() * 2 / 3].to_vec();
        match CityJson::of_bytes("x", cut) {
            Ok(city) => assert!(!read(&city, LodChoice::Highest).1.is_empty()),
            Err(problem) => assert_eq!(problem.cause, Cause::Damaged),
        }
    }
}
