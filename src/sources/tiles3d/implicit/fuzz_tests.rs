//! Damaged subtrees: cut off, flipped, made up. None may panic or grow beyond its caps.

use super::super::read_whole_tileset;
use crate::sources::resource::{ResourceError, Resources};
use proptest::prelude::*;
use std::sync::Arc;

/// A tileset whose every subtree is the same bytes.
struct Same(Vec<u8>);

const TILESET: &str = r#"{"asset": {"version": "1.1"}, "geometricError": 9,
    "schema": {"id": "s", "classes": {"t": {"properties": {
        "error": {"type": "SCALAR", "componentType": "FLOAT32", "semantic": "TILE_GEOMETRIC_ERROR"},
        "box": {"type": "SCALAR", "componentType": "FLOAT64", "array": true, "count": 12, "semantic": "TILE_BOUNDING_BOX"},
        "name": {"type": "STRING"}}}}},
    "root": {"refine": "ADD", "geometricError": 8, "boundingVolume": {"box": [0,0,0, 1,0,0, 0,1,0, 0,0,1]},
    "content": {"uri": "{level}_{x}_{y}.glb"},
    "implicitTiling": {"subdivisionScheme": "QUADTREE", "subtreeLevels": 2, "availableLevels": 6,
        "subtrees": {"uri": "s/{level}_{x}_{y}"}}}}"#;

impl Resources for Same {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        if path == "tileset.json" {
            Ok(TILESET.as_bytes().to_vec())
        } else if path.starts_with("s/") {
            Ok(self.0.clone())
        } else {
            Err(ResourceError::Missing { uri: path.to_owned() })
        }
    }
    fn exists(&self, _: &str) -> bool {
        true
    }
    fn name(&self) -> String {
        "same".to_owned()
    }
}

/// A sound subtree with bits, a table and a text.
fn sound() -> Vec<u8> {
    let json = r#"{"buffers": [{"byteLength": 152}],
        "bufferViews": [{"buffer": 0, "byteOffset": 0, "byteLength": 1}, {"buffer": 0, "byteOffset": 8, "byteLength": 2},
            {"buffer": 0, "byteOffset": 16, "byteLength": 8}, {"buffer": 0, "byteOffset": 24, "byteLength": 96},
            {"buffer": 0, "byteOffset": 120, "byteLength": 12}, {"buffer": 0, "byteOffset": 132, "byteLength": 12}],
        "tileAvailability": {"bitstream": 0}, "contentAvailability": [{"bitstream": 0}],
        "childSubtreeAvailability": {"bitstream": 1}, "tileMetadata": 0,
        "propertyTables": [{"class": "t", "count": 2, "properties": {"error": {"values": 2}, "box": {"values": 3},
            "name": {"values": 4, "stringOffsets": 5}}}]}"#;
    let json = format!("{json}{}", " ".repeat(8 - json.len() % 8));
    let mut bytes = vec![0_u8; 152];
    (bytes[0], bytes[8], bytes[9]) = (0b11, 0b10, 0);
    let mut file = b"subt\x01\0\0\0".to_vec();
    file.extend((json.len() as u64).to_le_bytes());
    file.extend((bytes.len() as u64).to_le_bytes());
    file.extend(json.as_bytes());
    file.extend(bytes);
    file
}

fn read(bytes: Vec<u8>) -> usize {
    let (tree, problems) = read_whole_tileset(Arc::new(Same(bytes)), "tileset.json").unwrap();
    assert!(problems.iter().all(|problem| !problem.message.is_empty()));
    tree.tiles.len()
}

#[test]
fn the_sound_subtree_is_sound() {
    let (tree, problems) = read_whole_tileset(Arc::new(Same(sound())), "tileset.json").unwrap();
    // A table for two tiles whose boxes are 96 bytes for one: that property alone is refused.
    assert!(
        problems.iter().all(|problem| problem.place.contains("box")),
        "{problems:?}"
    );
    assert_eq!(tree.implicit_counts().subtrees, 3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cut_off_and_flipped_subtrees_never_panic(cut in 0_usize..1200, flips in prop::collection::vec((0_usize..1200, any::<u8>()), 0..6)) {
        let mut bytes = sound();
        for (at, value) in flips {
            let length = bytes.len();
            bytes[at % length] ^= value;
        }
        bytes.truncate(cut.max(1));
        prop_assert!(read(bytes) <= 200_000 + 600_000);
    }

    #[test]
    fn made_up_numbers_never_panic(view in any::<u64>(), offset in any::<u64>(), length in any::<u64>(), table in any::<u64>(), count in any::<u64>()) {
        let json = format!(
            r#"{{"buffers": [{{"uri": "data:,aaaaaaaaaaaaaaaa", "byteLength": {length}}}],
            "bufferViews": [{{"buffer": 0, "byteOffset": {offset}, "byteLength": {length}}}, {{"buffer": 0, "byteLength": 16}}],
            "tileAvailability": {{"bitstream": 1}}, "contentAvailability": [{{"bitstream": {view}}}],
            "childSubtreeAvailability": {{"bitstream": {}}}, "tileMetadata": {table},
            "propertyTables": [{{"class": "t", "count": {count}, "properties": {{"error": {{"values": {view}}},
              "name": {{"values": 0, "stringOffsets": 1, "stringOffsetType": "UINT64"}}}}}}]}}"#,
            view % 3
        );
        read(json.into_bytes());
    }
}
