//! Contents of implicit tiles that are tilesets.

use super::tests::{CONTENT, TILING, contents, messages, tileset, whole};
use crate::sources::tiles3d::TileId;

#[test]
fn a_content_that_is_a_tileset_comes_with_its_subtree_and_a_cycle_ends() {
    let members = format!("{TILING}, {}", CONTENT.replace(".glb", ".json"));
    let outer = tileset(&members.replace("\"availableLevels\": 3", "\"availableLevels\": 2"));
    let sphere = r#""boundingVolume": {"sphere": [0, 0, 0, 1]}, "geometricError": 1"#;
    let inner = format!(
        r#"{{"asset": {{"version": "1.1"}}, "geometricError": 3, "root": {{{sphere}, "refine": "REPLACE",
            "content": {{"uri": "own.glb"}}, "children": [{{{sphere}, "content": {{"uri": "../tileset.json"}}}},
            {{{sphere}, "content": {{"uri": "leaf.glb"}}}}]}}}}"#
    );
    // Contents of the root (a tileset), of the first child (missing) and of the third (no tileset).
    let bits = br#"{"tileAvailability": {"constant": 1}, "contentAvailability": [{"bitstream": 0}],
        "buffers": [{"uri": "data:;base64,Cw==", "byteLength": 1}], "bufferViews": [{"buffer": 0, "byteLength": 1}]}"#;
    let (tree, problems) = whole(&[
        ("tileset.json", &outer),
        ("s/0_0_0", bits),
        ("c/0_0_0.json", inner.as_bytes()),
        ("c/1_0_1.json", br#"{"asset": {"version": "2.0"}}"#),
    ]);
    let all = messages(&problems);
    assert_eq!(contents(&tree), ["c/1_0_1.json", "c/leaf.glb", "c/own.glb"], "{all}");
    assert!(
        all.contains("includes itself") && all.contains("missing: c/1_0_0.json"),
        "{all}"
    );
    let leaf = tree.tiles.iter().find(|tile| tile.contents == ["c/leaf.glb"]).unwrap();
    let above = &tree.tiles[leaf.parent.unwrap().0 as usize];
    assert_eq!(above.contents, ["c/own.glb"]);
    assert_eq!(
        (above.parent, above.children.len(), leaf.depth),
        (Some(TileId(0)), 2, 2)
    );
}
