//! External tilesets of a server that is too busy for some of them: what could not be had is asked for again.

use super::super::{TileId, TileTree, open_tileset};
use crate::sources::{
    http::HttpError,
    resource::{
        ResourceError,
        made_up::{MadeUp, missing},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

/// Files on a server, and what tells which of them cannot be had now.
fn server(files: &[(&'static str, &str)]) -> (Arc<MadeUp>, impl Fn(&[&'static str]) + use<>) {
    let files: BTreeMap<&str, String> = files.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
    let busy = Arc::new(Mutex::new(BTreeSet::new()));
    let of_server = busy.clone();
    let server = MadeUp::new(true, move |path| {
        if of_server.lock().unwrap().contains(path) {
            let source = HttpError::Status {
                status: 503,
                detail: String::new(),
                retry_after: None,
                url: path.to_owned(),
            };
            return Err(ResourceError::Fetch { source });
        }
        files.get(path).cloned().ok_or_else(|| missing(path))
    });
    let set_busy = move |names: &[&'static str]| *busy.lock().unwrap() = names.iter().copied().collect();
    (server, set_busy)
}

const SQUARE: &str =
    r#""boundingVolume": {"box": [0,0,0, 1,0,0, 0,1,0, 0,0,1]}, "geometricError": 4, "refine": "REPLACE""#;

fn document(members: &str) -> String {
    format!(r#"{{"asset": {{"version": "1.1"}}, "geometricError": 9, "root": {{{SQUARE}, {members}}}}}"#)
}

fn contents(tree: &TileTree) -> Vec<&str> {
    let contents = tree.tiles.iter().flat_map(|tile| &tile.contents);
    let mut contents: Vec<&str> = contents.map(String::as_str).collect();
    contents.sort_unstable();
    contents
}

#[test]
fn a_tile_whose_tilesets_came_in_part_still_waits_for_all() {
    let leaf = |name: &str| document(&format!(r#""content": {{"uri": "{name}.glb"}}"#));
    for (first, left, expected) in [
        ("x.glb", "y.json", &["x.glb", "y.glb"]),
        ("y.json", "z.json", &["y.glb", "z.glb"]),
    ] {
        let root = document(&format!(r#""contents": [{{"uri": "{first}"}}, {{"uri": "{left}"}}]"#));
        let (files, set_busy) = server(&[("tileset.json", &root), ("y.json", &leaf("y")), ("z.json", &leaf("z"))]);
        set_busy(&["y.json", "z.json"]);
        let (mut tree, _) = open_tileset(files.clone(), "tileset.json").unwrap();
        let request = tree.subtree_request(TileId(0)).expect("it waits");
        set_busy(&[left]);
        let problem = request.read().unwrap_err();
        assert!(problem.message.contains("503"), "{problem}");
        assert!(tree.is_external_awaited(TileId(0)), "{first}: it is asked for again");
        set_busy(&[]);
        let part = request.read().unwrap();
        assert!(part.problems.is_empty() && tree.attach(TileId(0), part));
        assert_eq!(contents(&tree), expected);
    }
    // What will never be there costs only itself.
    let root = document(r#""contents": [{"uri": "x.glb"}, {"uri": "gone.json"}]"#);
    let (files, set_busy) = server(&[("tileset.json", &root)]);
    set_busy(&["gone.json"]);
    let (tree, _) = open_tileset(files.clone(), "tileset.json").unwrap();
    set_busy(&[]);
    let part = tree.subtree_request(TileId(0)).expect("it waits").read().unwrap();
    assert_eq!(part.problems.len(), 1, "{:?}", part.problems);
}

#[test]
fn a_subtree_waits_for_a_tileset_that_comes_with_it() {
    let tiling = r#""implicitTiling": {"subdivisionScheme": "QUADTREE", "subtreeLevels": 2, "availableLevels": 2,
        "subtrees": {"uri": "s/{level}"}}, "content": {"uri": "c/{level}_{x}_{y}.json"}"#;
    // Of the contents only that of the root.
    let bits = r#"{"tileAvailability": {"constant": 1}, "contentAvailability": [{"bitstream": 0}],
        "buffers": [{"uri": "data:;base64,AQ==", "byteLength": 1}], "bufferViews": [{"buffer": 0, "byteLength": 1}]}"#;
    let inner = document(r#""content": {"uri": "a.glb"}"#);
    let (files, set_busy) = server(&[
        ("tileset.json", &document(tiling)),
        ("s/0", bits),
        ("c/0_0_0.json", &inner),
    ]);
    let (mut tree, _) = open_tileset(files.clone(), "tileset.json").unwrap();
    let request = tree.subtree_request(TileId(0)).expect("it waits");
    set_busy(&["c/0_0_0.json"]);
    assert!(request.read().unwrap_err().message.contains("503"));
    assert!(tree.is_subtree_awaited(TileId(0)));
    set_busy(&[]);
    let part = request.read().unwrap();
    assert!(part.problems.is_empty() && tree.attach(TileId(0), part));
    assert_eq!(contents(&tree), ["c/a.glb"]);
}
