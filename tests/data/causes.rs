//! What kind of thing is wrong, as the interface tells it in the reader's language.

use crate::bad_input::{decode_bytes, decode_file, glb};
use serde_json::json;
use stadslens::model::scenario::check;
use stadslens::sources::{Cause, resource::folder, tiles3d::read_tileset};
use std::fs;

#[test]
fn each_kind_of_fault_tells_its_cause() {
    let cause = |bytes: &[u8]| decode_bytes(bytes).err().unwrap().cause;
    assert_eq!(cause(b"b3dm"), Cause::Damaged);
    assert_eq!(cause(b"vctr and more"), Cause::NotRead);
    assert_eq!(cause(b"no tile at all"), Cause::WrongKind);
    assert_eq!(
        cause(br#"{"asset": {"version": "1.1"}, "geometricError": 1, "root": {}}"#),
        Cause::WrongKind
    );
    let temporary = tempfile::tempdir().unwrap();
    let missing = decode_file(&temporary.path().join("none.glb")).err().unwrap();
    assert_eq!(missing.cause, Cause::Missing);
    let outside = |uri: &str| {
        let tileset = json!({
            "asset": {"version": "1.1"}, "geometricError": 1.0,
            "root": {"boundingVolume": {"sphere": [0.0, 0.0, 0.0, 1.0]}, "geometricError": 0.0, "content": {"uri": uri}},
        });
        fs::write(temporary.path().join("tileset.json"), tileset.to_string()).unwrap();
        read_tileset(folder(temporary.path()), "tileset.json").unwrap().1[0].cause
    };
    assert_eq!(outside("../secret.glb"), Cause::Outside);
    assert_eq!(outside("tileset.json"), Cause::Duplicate);
    assert_eq!(outside("https://example.org/a.glb"), Cause::NotRead);
    let many: Vec<_> = (0..2000).map(|i| json!({"uri": format!("{i}.glb")})).collect();
    let tileset = json!({
        "asset": {"version": "1.1"}, "geometricError": 1.0,
        "root": {"boundingVolume": {"sphere": [0.0, 0.0, 0.0, 1.0]}, "geometricError": 0.0, "contents": many},
    });
    fs::write(temporary.path().join("tileset.json"), tileset.to_string()).unwrap();
    let (_, problems) = read_tileset(folder(temporary.path()), "tileset.json").unwrap();
    let too_many = problems.iter().find(|problem| problem.place.ends_with("contents"));
    assert_eq!(too_many.unwrap().cause, Cause::TooLarge);
}

/// What is wrong inside a glTF, or in a file that it names, is no damage of the glTF by itself.
#[test]
fn each_kind_of_fault_inside_a_gltf_tells_its_cause() {
    let broken = |pointer: &str, value: serde_json::Value| {
        let bytes = glb(|json, _| {
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            json.pointer_mut(parent).unwrap()[key] = value;
        });
        decode_bytes(&bytes).err().unwrap()
    };
    for (pointer, value, expected) in [
        ("/accessors/0/count", json!(4), Cause::Damaged),
        ("/accessors/0/count", json!(u64::MAX), Cause::TooLarge),
        (
            "/accessors/0/sparse",
            json!({"count": 4, "indices": {"bufferView": 1, "componentType": 5123}, "values": {"bufferView": 0}}),
            Cause::Damaged,
        ),
        (
            "/buffers",
            json!([{"byteLength": 42, "uri": "none.bin"}]),
            Cause::Missing,
        ),
        (
            "/buffers",
            json!([{"byteLength": 42, "uri": "../none.bin"}]),
            Cause::Outside,
        ),
        (
            "/buffers",
            json!([{"byteLength": 42, "uri": "https://example.org/none.bin"}]),
            Cause::NotRead,
        ),
        ("/meshes/0/primitives/0/mode", json!(99), Cause::NotRead),
        (
            "/nodes/0/extensions",
            json!({"EXT_mesh_gpu_instancing": {"attributes": {}}}),
            Cause::Damaged,
        ),
    ] {
        let problem = broken(pointer, value);
        assert_eq!(problem.cause, expected, "{pointer}: {problem}");
    }
    // A few bytes that promise to unpack to more than a gigabyte.
    let compressed = broken(
        "/bufferViews/0/extensions",
        json!({"EXT_meshopt_compression":
            {"buffer": 7, "byteLength": 9, "byteStride": 12, "count": 100_000_000, "mode": "ATTRIBUTES"}}),
    );
    assert_eq!(compressed.cause, Cause::TooLarge, "{compressed}");

    let cost = |edit: &dyn Fn(&mut serde_json::Value)| decode_bytes(&glb(|json, _| edit(json))).unwrap().problems;
    for (uri, expected) in [
        ("none.png", Cause::Missing),
        ("../none.png", Cause::Outside),
        ("https://example.org/none.png", Cause::NotRead),
        ("data:image/png;base64,iVBORw0KGgo=", Cause::Damaged),
    ] {
        let problems = cost(&|json| {
            json["images"] = json!([{"uri": uri}]);
            json["textures"] = json!([{"source": 0}]);
            json["materials"] = json!([{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}]);
            json["meshes"][0]["primitives"][0]["material"] = json!(0);
            json["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_0"] = json!(2);
            json["accessors"]
                .as_array_mut()
                .unwrap()
                .push(json!({"componentType": 5126, "count": 3, "type": "VEC2"}));
        });
        let found: Vec<(Cause, &str)> = problems.iter().map(|p| (p.cause, p.place.as_str())).collect();
        assert_eq!(found, [(expected, "images[0]")], "{problems:?}");
    }
    let problems = cost(&|json| {
        json["extensions"] = json!({"EXT_structural_metadata": {
            "schemaUri": "none.json", "propertyTables": [{"class": "building", "count": 1}]}});
        json["meshes"][0]["primitives"][0]["extensions"] = json!({"EXT_mesh_features": {
            "featureIds": [{"featureCount": 1, "attribute": 0, "propertyTable": 0}]}});
        json["meshes"][0]["primitives"][0]["attributes"]["_FEATURE_ID_0"] = json!(2);
        json["accessors"]
            .as_array_mut()
            .unwrap()
            .push(json!({"componentType": 5126, "count": 3, "type": "SCALAR"}));
    });
    let schema = problems.iter().find(|problem| problem.place.ends_with("schemaUri"));
    assert_eq!(schema.unwrap().cause, Cause::Missing, "{problems:?}");
    let chain: Vec<_> = (1..2000).map(|next| json!({"children": [next], "mesh": 0})).collect();
    let problems = cost(&|json| json["nodes"] = json!(chain));
    let deep = problems.iter().find(|problem| problem.message.contains("too deep"));
    assert_eq!(deep.unwrap().cause, Cause::TooLarge, "{problems:?}");
}

/// What is wrong with the place or the rows of a map file was told in English alone, behind a sentence that fits anything.
#[test]
fn each_kind_of_fault_of_a_map_file_tells_its_cause() {
    let temporary = tempfile::tempdir().unwrap();
    let line = |from: &str, to: &str| format!(r#"{{"type": "LineString", "coordinates": [{from}, {to}]}}"#);
    for (name, text, expected) in [
        (
            "words.csv",
            "naam;rd_x;rd_y\na;een;476000\nb;251000;476000\n".to_owned(),
            Cause::NoCoordinates,
        ),
        (
            "short.csv",
            "naam;rd_x;rd_y\na;251000\nb;251000;476000\n".to_owned(),
            Cause::Row,
        ),
        (
            "long.csv",
            "naam;rd_x;rd_y\na;b;251000;476000\nb;251000;476000\n".to_owned(),
            Cause::Row,
        ),
        ("columns.csv", "naam;soort\na;boom\n".to_owned(), Cause::Column),
        (
            "unsaid.geojson",
            line("[251000, 476000]", "[251100, 476100]"),
            Cause::NoSystem,
        ),
        ("wide.geojson", line("[0, 40]", "[10, 60]"), Cause::TooWide),
        ("empty.csv", "naam;rd_x;rd_y\n".to_owned(), Cause::Empty),
        ("blank.csv", "\n\n".to_owned(), Cause::Empty),
    ] {
        let path = temporary.path().join(name);
        fs::write(&path, text).unwrap();
        let causes: Vec<Cause> = check(&path).iter().map(|problem| problem.cause).collect();
        assert_eq!(causes, [expected], "{name}: {:?}", check(&path));
    }
}
