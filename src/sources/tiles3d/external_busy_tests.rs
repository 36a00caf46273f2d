//! External tilesets of a server that is too busy for some of them: what could not be had is asked for again.

use super::super::{TileId, TileTree, open_tileset};
use crate::sources::{
    http::{HttpError, Transfer},
    resource::{FetchFailure, Remote, ResourceError, Resources},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Files in memory as if on a server, some of which cannot be had now.
struct Memory {
    files: BTreeMap<&'static str, String>,
    busy: Mutex<BTreeSet<&'static str>>,
}

impl Memory {
    fn new(files: &[(&'static str, &str)]) -> Arc<Self> {
        Arc::new(Self {
            files: files.iter().map(|(name, text)| (*name, (*text).to_owned())).collect(),
            busy: Mutex::default(),
        })
    }

    fn set_busy(&self, names: &[&'static str]) {
        *self.busy.lock().unwrap_or_else(PoisonError::into_inner) = names.iter().copied().collect();
    }
}

impl Resources for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        if self.busy.lock().unwrap_or_else(PoisonError::into_inner).contains(path) {
            let source = HttpError::Status {
                status: 503,
                detail: String::new(),
                retry_after: None,
                url: path.to_owned(),
            };
            return Err(ResourceError::Fetch { source });
        }
        let missing = || ResourceError::Missing { uri: path.to_owned() };
        Ok(self.files.get(path).ok_or_else(missing)?.clone().into_bytes())
    }
    fn exists(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }
    fn name(&self) -> String {
        "memory".to_owned()
    }
    fn remote(&self) -> Option<&dyn Remote> {
        Some(self)
    }
}

impl Remote for Memory {
    fn host(&self, _: &str) -> String {
        String::new()
    }
    fn wait(&self, _: &str) -> Duration {
        Duration::ZERO
    }
    fn fetch(&self, path: &str, _: u64, _: &Transfer) -> Result<Vec<u8>, FetchFailure> {
        self.read(path).map_err(|error| FetchFailure {
            error,
            may_pass: true,
            wait: None,
            was_early: false,
        })
    }
    fn documents(&self) -> Vec<String> {
        Vec::new()
    }
    fn forget(&self, _: &str) {}
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
        let files = Memory::new(&[("tileset.json", &root), ("y.json", &leaf("y")), ("z.json", &leaf("z"))]);
        files.set_busy(&["y.json", "z.json"]);
        let (mut tree, _) = open_tileset(files.clone(), "tileset.json").unwrap();
        let request = tree.subtree_request(TileId(0)).expect("it waits");
        files.set_busy(&[left]);
        let problem = request.read().unwrap_err();
        assert!(problem.message.contains("503"), "{problem}");
        assert!(tree.is_external_awaited(TileId(0)), "{first}: it is asked for again");
        files.set_busy(&[]);
        let part = request.read().unwrap();
        assert!(part.problems.is_empty() && tree.attach(TileId(0), part));
        assert_eq!(contents(&tree), expected);
    }
    // What will never be there costs only itself.
    let root = document(r#""contents": [{"uri": "x.glb"}, {"uri": "gone.json"}]"#);
    let files = Memory::new(&[("tileset.json", &root)]);
    files.set_busy(&["gone.json"]);
    let (tree, _) = open_tileset(files.clone(), "tileset.json").unwrap();
    files.set_busy(&[]);
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
    let files = Memory::new(&[
        ("tileset.json", &document(tiling)),
        ("s/0", bits),
        ("c/0_0_0.json", &inner),
    ]);
    let (mut tree, _) = open_tileset(files.clone(), "tileset.json").unwrap();
    let request = tree.subtree_request(TileId(0)).expect("it waits");
    files.set_busy(&["c/0_0_0.json"]);
    assert!(request.read().unwrap_err().message.contains("503"));
    assert!(tree.is_subtree_awaited(TileId(0)));
    files.set_busy(&[]);
    let part = request.read().unwrap();
    assert!(part.problems.is_empty() && tree.attach(TileId(0), part));
    assert_eq!(contents(&tree), ["c/a.glb"]);
}
