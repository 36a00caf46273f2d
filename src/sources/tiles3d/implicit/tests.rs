//! Implicit tilings in memory: every form of a subtree, what it may say, and what it must not do.

use super::super::{BoundingVolume, Refine, S2Cell, TileId, TileTree, read_tileset, read_whole_tileset};
use super::division::volume_at;
use super::tiling::{Scheme, TileAt};
use crate::geometry::Value;
use crate::sources::{
    Problem,
    resource::{ResourceError, Resources},
};
use bevy::math::DVec3;
use std::{collections::BTreeMap, f64::consts::PI, io::Write, sync::Arc};

/// Files in memory; a name that ends in `*` answers for all that begin alike.
struct Memory(BTreeMap<String, Vec<u8>>);

impl Resources for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        let alike = || {
            self.0
                .iter()
                .find(|(name, _)| name.strip_suffix('*').is_some_and(|start| path.starts_with(start)))
        };
        let found = self.0.get(path).or_else(|| alike().map(|(_, bytes)| bytes));
        found
            .cloned()
            .ok_or_else(|| ResourceError::Missing { uri: path.to_owned() })
    }
    fn exists(&self, path: &str) -> bool {
        self.read(path).is_ok()
    }
    fn name(&self) -> String {
        "memory".to_owned()
    }
}

fn memory(files: &[(&str, &[u8])]) -> Arc<dyn Resources> {
    Arc::new(Memory(
        files
            .iter()
            .map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()))
            .collect(),
    ))
}

pub(super) fn whole(files: &[(&str, &[u8])]) -> (TileTree, Vec<Problem>) {
    read_whole_tileset(memory(files), "tileset.json").unwrap()
}

pub(super) const TILING: &str = r#""implicitTiling": {"subdivisionScheme": "QUADTREE", "subtreeLevels": 2, "availableLevels": 3,
    "subtrees": {"uri": "s/{level}_{x}_{y}"}}"#;
pub(super) const CONTENT: &str = r#""content": {"uri": "c/{level}_{x}_{y}.glb"}"#;

/// A tileset whose root is a box of two metres around zero with these members.
pub(super) fn tileset(members: &str) -> Vec<u8> {
    format!(
        r#"{{"asset": {{"version": "1.1"}}, "geometricError": 9, "root": {{"refine": "ADD", "geometricError": 8,
            "boundingVolume": {{"box": [0,0,0, 1,0,0, 0,1,0, 0,0,1]}}, {members}}}}}"#
    )
    .into_bytes()
}

fn binary(json: &str, bytes: &[u8]) -> Vec<u8> {
    let mut json = json.to_owned();
    while !json.len().is_multiple_of(8) {
        json.push(' ');
    }
    let mut file = b"subt\x01\0\0\0".to_vec();
    file.extend((json.len() as u64).to_le_bytes());
    file.extend((bytes.len() as u64).to_le_bytes());
    file.extend(json.as_bytes());
    file.extend(bytes);
    file
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// All there, and no child subtree.
const FULL: &[u8] = br#"{"tileAvailability": {"constant": 1}, "contentAvailability": [{"constant": 1}],
    "childSubtreeAvailability": {"constant": 0}}"#;
/// Root and second child, the child's content, one child subtree below it: bits 0 and 2, bit 2, bit 5.
const BITS: &str = r#"{"buffers": [{BUFFER"byteLength": 3}],
    "bufferViews": [{"buffer": 0, "byteOffset": 0, "byteLength": 1}, {"buffer": 0, "byteOffset": 1, "byteLength": 1},
        {"buffer": 0, "byteOffset": 2, "byteLength": 2}],
    "tileAvailability": {"bitstream": 0}, "contentAvailability": [{"bitstream": 1}],
    "childSubtreeAvailability": {"bitstream": 2}}"#;
const BIT_BYTES: &[u8] = &[0b101, 0b100, 0b10_0000, 0];

pub(super) fn contents(tree: &TileTree) -> Vec<&str> {
    let mut all: Vec<&str> = tree
        .tiles
        .iter()
        .flat_map(|tile| &tile.contents)
        .map(String::as_str)
        .collect();
    all.sort_unstable();
    all
}

pub(super) fn messages(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_form_of_a_subtree_says_the_same() {
    let json = |buffer: &str| BITS.replace("BUFFER", buffer).into_bytes();
    let old = BITS
        .replace("BUFFER", "")
        .replace("bitstream", "bufferView")
        .replace("[{\"bufferView\": 1}]", "{\"bufferView\": 1}");
    let inside = binary(&BITS.replace("BUFFER", ""), BIT_BYTES);
    let forms = [
        ("binary", inside.clone()),
        ("gzipped", gzipped(&inside)),
        ("external buffer", json(r#""uri": "bits.bin", "#)),
        (
            "data URI",
            json(r#""uri": "data:application/octet-stream;base64,BQQgAA==", "#),
        ),
        ("older names", binary(&old, BIT_BYTES)),
    ];
    for (name, root) in forms {
        let (tree, problems) = whole(&[
            ("tileset.json", &tileset(&format!("{TILING}, {CONTENT}"))),
            ("s/bits.bin", BIT_BYTES),
            ("s/0_0_0", &root),
            ("s/2_3_0", FULL),
        ]);
        assert_eq!(messages(&problems), "", "{name}");
        // The child at x 1, y 0, and below it the place 5 of 16: x 3, y 0.
        assert_eq!(contents(&tree), ["c/1_1_0.glb", "c/2_3_0.glb"], "{name}");
        let counts = tree.implicit_counts();
        assert_eq!((counts.subtrees, counts.tiles, counts.contents), (2, 3, 2), "{name}");
        let leaf = tree.tiles.iter().find(|tile| tile.contents == ["c/2_3_0.glb"]).unwrap();
        assert_eq!((leaf.depth, leaf.refine), (2, Refine::Add));
        assert!((leaf.geometric_error_m - 2.0).abs() < 1e-12);
        let expected = BoundingVolume::Box {
            center: DVec3::new(0.75, -0.75, 0.0),
            half_axes: [DVec3::X / 4.0, DVec3::Y / 4.0, DVec3::Z],
        };
        assert_eq!(leaf.bounding_volume, expected);
    }
}

#[test]
fn the_older_extension_reads_as_the_newer_object() {
    let older = r#""extensions": {"3DTILES_implicit_tiling": {"subdivisionScheme": "OCTREE", "subtreeLevels": 2,
        "maximumLevel": 1, "subtrees": {"uri": "s/{level}_{x}_{y}_{z}"}},
        "3DTILES_multiple_contents": {"content": [{"uri": "a/{level}{x}{y}{z}.glb"}, {"uri": "b/{level}{x}{y}{z}.glb"}]}}"#;
    // Bit 6 of 9: the child with x 1, y 0, z 1.
    let subtree = br#"{"tileAvailability": {"constant": 1}, "childSubtreeAvailability": {"constant": 0},
        "buffers": [{"uri": "data:;base64,QAA=", "byteLength": 2}], "bufferViews": [{"buffer": 0, "byteLength": 2}],
        "extensions": {"3DTILES_multiple_contents": {"contentAvailability": [{"constant": 0}, {"bufferView": 0}]}}}"#;
    let (tree, problems) = whole(&[("tileset.json", &tileset(older)), ("s/0_0_0_0", subtree)]);
    assert_eq!(messages(&problems), "");
    assert_eq!(tree.tiles.len(), 9);
    assert_eq!(contents(&tree), ["b/1101.glb"]);
    let tile = tree.tiles.iter().find(|tile| !tile.contents.is_empty()).unwrap();
    assert_eq!(tile.bounding_volume.center(), DVec3::new(0.5, -0.5, 0.5));
}

#[test]
fn several_contents_have_a_bit_each() {
    let members = TILING.to_owned() + r#", "contents": [{"uri": "a{level}{x}{y}.glb"}, {"uri": "b{level}{x}{y}.glb"}]"#;
    let members = members.replace("\"availableLevels\": 3", "\"availableLevels\": 1");
    let subtree = br#"{"tileAvailability": {"constant": 1},
        "contentAvailability": [{"constant": 1}, {"constant": 1}]}"#;
    let (tree, problems) = whole(&[("tileset.json", &tileset(&members)), ("s/0_0_0", subtree)]);
    assert_eq!(messages(&problems), "");
    assert_eq!(contents(&tree), ["a000.glb", "b000.glb"], "only one level is available");
}

#[test]
fn children_of_a_region_and_of_an_s2_cell_fill_their_parent() {
    let region = BoundingVolume::from_region([3.0, -0.2, -3.0, 0.3, -5.0, 20.0]);
    let cell = S2Cell::from_token("89c25").unwrap();
    for (root, scheme) in [
        (region, Scheme::Quadtree),
        (region, Scheme::Octree),
        (BoundingVolume::from_s2(cell, [-5.0, 20.0]), Scheme::Octree),
    ] {
        let at = |level, x, y, z| volume_at(&root, scheme, TileAt { level, x, y, z }).unwrap();
        assert!(at(0, 0, 0, 0).center().distance(root.center()) < 1e-3);
        let slices = if scheme == Scheme::Octree { 4 } else { 1 };
        let mut volume_sum = 0.0;
        for (x, y, z) in (0..4).flat_map(|x| (0..4).flat_map(move |y| (0..slices).map(move |z| (x, y, z)))) {
            let part = at(2, x, y, z);
            assert!(root.distance_to(part.center()) < 1e-6, "{x} {y} {z}");
            if let BoundingVolume::Region { region: r, .. } = part {
                let width = if r[2] < r[0] {
                    r[2] - r[0] + 2.0 * PI
                } else {
                    r[2] - r[0]
                };
                assert!(r[0].abs() <= PI && r[2].abs() <= PI + 1e-9);
                volume_sum += width * (r[3] - r[1]) * (r[5] - r[4]);
            }
        }
        if let BoundingVolume::Region { .. } = root {
            let whole = (2.0 * PI - 6.0) * 0.5 * 25.0;
            assert!((volume_sum - whole).abs() < 1e-9, "{volume_sum} instead of {whole}");
        }
    }
}

#[test]
fn metadata_say_volumes_errors_heights_addresses_and_groups() {
    let class = r#"{"properties": {
        "box": {"type": "SCALAR", "componentType": "FLOAT64", "array": true, "count": 12, "semantic": "TILE_BOUNDING_BOX"},
        "error": {"type": "SCALAR", "componentType": "FLOAT32", "semantic": "TILE_GEOMETRIC_ERROR"},
        "name": {"type": "STRING"}}}"#;
    let content = r#"{"properties": {
        "group": {"type": "SCALAR", "componentType": "UINT8", "semantic": "CONTENT_GROUP_ID"},
        "uri": {"type": "STRING", "semantic": "CONTENT_URI"}}}"#;
    let root = format!(
        r#"{{"asset": {{"version": "1.1"}}, "geometricError": 9, "schema": {{"id": "s", "classes": {{
            "tile": {class}, "content": {content}, "g": {{}}}}}},
            "groups": [{{"class": "g", "properties": {{"n": 1}}}}, {{"class": "g", "properties": {{"n": 2}}}}],
            "root": {{"refine": "ADD", "geometricError": 8, "transform": [2,0,0,0, 0,2,0,0, 0,0,2,0, 0,0,0,1],
            "boundingVolume": {{"box": [0,0,0, 1,0,0, 0,1,0, 0,0,1]}}, {TILING}, {CONTENT}}}}}"#
    );
    let boxes: [f64; 24] = [
        5.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, // the root
        0.5, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 3.0, // its one child
    ];
    let mut bytes = vec![0b101, 0b100, 0, 0, 0, 0, 0, 0];
    let mut views = vec![(0, 1), (1, 1)];
    let mut add = |bytes: &mut Vec<u8>, part: &[u8]| {
        views.push((bytes.len(), part.len()));
        bytes.extend(part);
        views.len() - 1
    };
    let boxes: Vec<u8> = boxes.iter().flat_map(|n| n.to_le_bytes()).collect();
    add(&mut bytes, &boxes);
    add(&mut bytes, &[7.0_f32.to_le_bytes(), 3.0_f32.to_le_bytes()].concat());
    add(&mut bytes, b"rootkid");
    add(&mut bytes, &[0_u32, 4, 7].map(u32::to_le_bytes).concat());
    add(&mut bytes, &[1]);
    add(&mut bytes, b"c/own.glb");
    add(&mut bytes, &[0_u32, 9].map(u32::to_le_bytes).concat());
    let views: Vec<String> = views
        .iter()
        .map(|(at, length)| format!(r#"{{"buffer": 0, "byteOffset": {at}, "byteLength": {length}}}"#))
        .collect();
    let json = format!(
        r#"{{"buffers": [{{"byteLength": {}}}], "bufferViews": [{}], "tileAvailability": {{"bitstream": 0}},
        "contentAvailability": [{{"bitstream": 1}}], "childSubtreeAvailability": {{"constant": 0}},
        "propertyTables": [
          {{"class": "tile", "count": 2, "properties": {{"box": {{"values": 2}}, "error": {{"values": 3}},
             "name": {{"values": 4, "stringOffsets": 5}}}}}},
          {{"class": "content", "count": 1, "properties": {{"group": {{"values": 6}},
             "uri": {{"values": 7, "stringOffsets": 8}}}}}}],
        "tileMetadata": 0, "contentMetadata": [1],
        "subtreeMetadata": {{"class": "g", "properties": {{"made": "today"}}}}}}"#,
        bytes.len(),
        views.join(",")
    );
    let (tree, problems) = whole(&[("tileset.json", root.as_bytes()), ("s/0_0_0", &binary(&json, &bytes))]);
    assert_eq!(messages(&problems), "");
    let [root, kid] = &tree.tiles[..] else {
        panic!("{} tiles", tree.tiles.len())
    };
    assert_eq!(root.bounding_volume.center(), DVec3::X * 10.0);
    assert_eq!(kid.bounding_volume.center(), DVec3::X);
    assert!((root.geometric_error_m - 14.0).abs() < 1e-9 && (kid.geometric_error_m - 6.0).abs() < 1e-9);
    assert_eq!(kid.contents, ["c/own.glb"]);
    let of_kid = tree
        .metadata
        .of_content(TileId(1), 0)
        .flat_map(|said| said.attributes())
        .collect::<Vec<_>>();
    assert!(of_kid.contains(&("name", Value::Text("kid".to_owned()))), "{of_kid:?}");
    assert!(of_kid.contains(&("n", Value::Int(2))), "{of_kid:?}");
    assert_eq!(tree.metadata.subtrees[&TileId(0)].attributes()[0].0, "made");
}

#[test]
fn own_heights_stand_in_the_computed_region() {
    let root = format!(
        r#"{{"asset": {{"version": "1.1"}}, "geometricError": 9, "schema": {{"id": "s", "classes": {{"t": {{"properties": {{
            "low": {{"type": "SCALAR", "componentType": "INT16", "semantic": "TILE_MINIMUM_HEIGHT"}},
            "high": {{"type": "SCALAR", "componentType": "INT16", "semantic": "TILE_MAXIMUM_HEIGHT"}}}}}}}}}},
            "root": {{"refine": "ADD", "geometricError": 8,
            "boundingVolume": {{"region": [0.1, 0.8, 0.2, 0.9, -100, 900]}}, {TILING}, {CONTENT}}}}}"#
    );
    let json = r#"{"buffers": [{"byteLength": 8}], "bufferViews": [{"buffer": 0, "byteOffset": 0, "byteLength": 2},
            {"buffer": 0, "byteOffset": 4, "byteLength": 2}, {"buffer": 0, "byteOffset": 6, "byteLength": 1}],
        "tileAvailability": {"bitstream": 2}, "contentAvailability": [{"constant": 0}],
        "childSubtreeAvailability": {"constant": 0}, "tileMetadata": 0,
        "propertyTables": [{"class": "t", "count": 1, "properties": {"low": {"values": 0}, "high": {"values": 1}}}]}"#;
    let bytes = [3, 0, 0, 0, 40, 0, 1, 0];
    let (tree, problems) = whole(&[("tileset.json", root.as_bytes()), ("s/0_0_0", &binary(json, &bytes))]);
    assert_eq!(messages(&problems), "");
    let expected = BoundingVolume::from_region([0.1, 0.8, 0.2, 0.9, 3.0, 40.0]);
    assert_eq!(tree.tiles[0].bounding_volume, expected);
}

#[test]
fn a_subtree_that_is_missing_or_damaged_costs_itself_alone() {
    let all = br#"{"tileAvailability": {"constant": 1}, "contentAvailability": [{"constant": 1}],
        "childSubtreeAvailability": {"constant": 1}}"#;
    let (tree, problems) = whole(&[
        ("tileset.json", &tileset(&format!("{TILING}, {CONTENT}"))),
        ("s/0_0_0", all),
        ("s/2_0_0", b"subt\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\x7f"),
        ("s/2_1_0", FULL),
    ]);
    // Fourteen are missing, one is cut off, one is there.
    assert_eq!(problems.len(), 15, "{}", messages(&problems));
    assert_eq!(contents(&tree).len(), 5 + 1);
    assert!(messages(&problems).contains("cut off"));
}

#[test]
fn what_an_implicit_root_must_not_say_is_one_problem_each() {
    let tiling = |from: &str, to: &str| TILING.replace(from, to);
    let cases = [
        (tiling("QUADTREE", "KD"), "neither QUADTREE nor OCTREE"),
        (
            tiling("\"subtreeLevels\": 2", "\"subtreeLevels\": 0"),
            "not a number from 1 up",
        ),
        (tiling("\"subtreeLevels\": 2", "\"subtreeLevels\": 40"), "more than"),
        (
            tiling("\"subtreeLevels\": 2", "\"subtreeLevels\": 4000000000"),
            "more than",
        ),
        (
            tiling("\"availableLevels\": 3", "\"availableLevels\": \"x\""),
            "not a number from 1 up",
        ),
        (tiling("_{x}", ""), "lacks {x}"),
        (tiling("{\"uri\": \"s/{level}_{x}_{y}\"}", "7"), "no uri"),
    ];
    for (members, expected) in cases {
        let (tree, problems) = whole(&[("tileset.json", &tileset(&members)), ("s/*", FULL)]);
        assert_eq!(tree.tiles.len(), 1, "{expected}");
        assert!(messages(&problems).contains(expected), "{}", messages(&problems));
        assert_eq!(problems.len(), 1, "{}", messages(&problems));
    }
    let sphere = String::from_utf8(tileset(TILING))
        .unwrap()
        .replace("\"box\": [0,0,0, 1,0,0, 0,1,0, 0,0,1]", "\"sphere\": [0,0,0,1]");
    let (_, problems) = whole(&[("tileset.json", sphere.as_bytes()), ("s/*", FULL)]);
    assert!(
        messages(&problems).contains("a sphere cannot be divided"),
        "{}",
        messages(&problems)
    );
}

#[test]
fn addresses_out_of_the_folder_are_not_followed() {
    let members = TILING.replace("s/{level}", "../{level}");
    let (_, problems) = whole(&[("tileset.json", &tileset(&members))]);
    assert!(
        messages(&problems).contains("leads out of its folder"),
        "{}",
        messages(&problems)
    );
    let members = format!("{TILING}, {}", CONTENT.replace("c/", "../../etc/"));
    let (tree, problems) = whole(&[("tileset.json", &tileset(&members)), ("s/0_0_0", FULL)]);
    assert_eq!(
        (contents(&tree).len(), problems.len()),
        (0, 1),
        "{}",
        messages(&problems)
    );
    let unknown = format!("{TILING}, {}", CONTENT.replace("{x}", "{q}"));
    let (_, problems) = whole(&[("tileset.json", &tileset(&unknown)), ("s/0_0_0", FULL)]);
    assert!(
        messages(&problems).contains("unknown variable {q}"),
        "{}",
        messages(&problems)
    );
}

/// Every subtree says that all below it is there: 4^30 tiles.
#[test]
fn a_tree_without_end_meets_the_caps() {
    let endless = br#"{"tileAvailability": {"constant": 1}, "contentAvailability": [{"constant": 1}],
        "childSubtreeAvailability": {"constant": 1}}"#;
    let members = format!("{TILING}, {CONTENT}")
        .replace("\"availableLevels\": 3", "\"availableLevels\": 4000000000")
        .replace("\"subtreeLevels\": 2", "\"subtreeLevels\": 9");
    let (tree, problems) = whole(&[("tileset.json", &tileset(&members)), ("s/*", endless)]);
    assert!(tree.tiles.len() < 1_000_000, "{}", tree.tiles.len());
    let all = messages(&problems);
    assert!(
        all.contains("the rest is left out") && all.contains("the deeper ones are left out"),
        "{all}"
    );
}

#[test]
fn bits_that_contradict_each_other_cost_only_what_they_contradict() {
    for (json, expected, tiles) in [
        (r#"{"tileAvailability": {"constant": 2}}"#, "neither a bit stream", 1),
        ("{}", "availability is missing", 1),
        (r#"{"tileAvailability": {"bitstream": 0}}"#, "no such buffer view", 1),
        (
            r#"{"tileAvailability": {"constant": 0}, "contentAvailability": [{"constant": 1}], "childSubtreeAvailability": {"constant": 1}}"#,
            "where there is no tile",
            1,
        ),
        (
            r#"{"tileAvailability": {"constant": 1}, "contentAvailability": [{"constant": 7}], "childSubtreeAvailability": {"constant": 0}}"#,
            "contentAvailability",
            5,
        ),
        (
            r#"{"tileAvailability": {"constant": 1}, "contentAvailability": {"constant": 1}}"#,
            "childSubtreeAvailability",
            5,
        ),
        ("[]", "first bytes are unknown", 1),
        ("{\"a\"", "not valid JSON", 1),
    ] {
        let (tree, problems) = whole(&[
            ("tileset.json", &tileset(&format!("{TILING}, {CONTENT}"))),
            ("s/0_0_0", json.as_bytes()),
        ]);
        assert_eq!(tree.tiles.len(), tiles, "{json}: {}", messages(&problems));
        assert!(
            messages(&problems).contains(expected),
            "{json}: {}",
            messages(&problems)
        );
    }
}

#[test]
fn subtrees_come_and_go_and_their_numbers_are_used_again() {
    let all = br#"{"tileAvailability": {"constant": 1}, "contentAvailability": [{"constant": 1}],
        "childSubtreeAvailability": {"constant": 1}}"#;
    let files: &[(&str, &[u8])] = &[
        ("tileset.json", &tileset(&format!("{TILING}, {CONTENT}"))),
        ("s/0_0_0", all),
        ("s/*", FULL),
    ];
    let (mut tree, _) = read_tileset(memory(files), "tileset.json").unwrap();
    let root = TileId(0);
    assert!(tree.is_subtree_awaited(root) && tree.tiles.len() == 1);
    let request = tree.subtree_request(root).unwrap();
    assert!(tree.attach(root, request.read().unwrap()));
    assert!(!tree.attach(root, request.read().unwrap()), "a second one is refused");
    assert_eq!(tree.tiles_held(), 1 + 4 + 16);
    let stub = tree
        .subtree_tiles(root)
        .iter()
        .copied()
        .find(|tile| tree.is_subtree_awaited(*tile))
        .unwrap();
    let below = tree.subtree_request(stub).unwrap();
    assert!(tree.attach(stub, below.read().unwrap()));
    assert!(!tree.detach(root), "another hangs below it");
    assert_eq!(tree.last_subtrees().collect::<Vec<_>>(), [stub]);
    assert!(tree.detach(stub) && !tree.detach(stub) && tree.is_subtree_awaited(stub));
    assert!(tree.detach(root));
    assert_eq!(tree.tiles_held(), 1);
    // What was under way when its place went must not come to another.
    assert!(tree.attach(root, request.read().unwrap()));
    let other = tree
        .subtree_tiles(root)
        .iter()
        .copied()
        .rfind(|tile| tree.is_subtree_awaited(*tile))
        .unwrap();
    assert!(!tree.attach(other, below.read().unwrap()));
    assert_eq!(tree.tiles.len(), 1 + 4 + 16, "numbers are used again");
}
