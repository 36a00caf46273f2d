//! Tilesets in several files, opened as a viewer does: what is not read at once comes later, and in the end it is the tree
//! of who reads everything.

use super::super::{
    BoundingVolume, Refine, SubtreeRequest, TileId, TileTree, open_tileset, read_tileset, read_whole_tileset,
};
use crate::sources::{Cause, Problem, resource::made_up::MadeUp};
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc};

/// As on a server, so that nothing but the first file is read at once.
fn far<K: Into<String>, V: Into<String>>(files: impl IntoIterator<Item = (K, V)>) -> Arc<MadeUp> {
    let files = files.into_iter().map(|(name, text)| (name.into(), text.into()));
    in_memory(true, files.collect())
}

fn in_memory(is_far: bool, files: BTreeMap<String, String>) -> Arc<MadeUp> {
    MadeUp::of_texts(is_far, move |path| files.get(path).cloned())
}

/// How many files were read.
fn reads(files: &MadeUp) -> usize {
    files.paths_read().len()
}

fn open(files: &Arc<MadeUp>) -> (TileTree, Vec<Problem>) {
    open_tileset(files.clone(), "tileset.json").expect("a tileset")
}

/// The first tile that waits, if any does.
fn awaited(tree: &TileTree) -> Option<TileId> {
    (0..)
        .map(TileId)
        .take(tree.tiles.len())
        .find(|tile| tree.is_subtree_awaited(*tile))
}

fn request(tree: &TileTree) -> (TileId, SubtreeRequest) {
    let tile = awaited(tree).expect("a tile that waits");
    (tile, tree.subtree_request(tile).expect("what it waits for"))
}

/// Reads all that is waited for. Gives the problems.
fn read_all(tree: &mut TileTree) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut from = 0;
    loop {
        let mut numbers = (from..)
            .map(TileId)
            .take_while(|tile| (tile.0 as usize) < tree.tiles.len());
        let Some(tile) = numbers.find(|tile| tree.is_subtree_awaited(*tile)) else {
            return problems;
        };
        match tree.subtree_request(tile).expect("it waits").read() {
            Ok(mut part) => {
                problems.append(&mut part.problems);
                assert!(tree.attach(tile, part));
            }
            Err(problem) => {
                problems.push(problem);
                from = tile.0 + 1;
            }
        }
    }
}

/// Takes out all that came later.
fn take_all_out(tree: &mut TileTree) {
    loop {
        let last: Vec<TileId> = tree.last_subtrees().collect();
        if last.is_empty() {
            return;
        }
        assert!(last.into_iter().all(|root| tree.detach(root)));
    }
}

/// A tree by what its tiles say, whatever their numbers.
fn said(tree: &TileTree, tile: TileId) -> String {
    let of = &tree.tiles[tile.0 as usize];
    let mut children: Vec<String> = of.children.iter().map(|child| said(tree, *child)).collect();
    children.sort_unstable();
    let group = |n: usize| {
        let content = tree.metadata.contents.get(&tile).and_then(|contents| contents.get(n));
        let group = content.and_then(|content| content.group);
        group.and_then(|group| tree.metadata.groups.get(group as usize)?.class().map(str::to_owned))
    };
    let groups: Vec<_> = (0..of.contents.len()).map(group).collect();
    format!(
        "({} {:?} {:.6} {:?} {:?} {:?} {:?} {groups:?} [{}])",
        of.depth,
        of.refine,
        of.geometric_error_m,
        of.bounding_volume,
        of.content_volume,
        of.root_from_tile.w_axis,
        of.contents,
        children.join(" ")
    )
}

const SPHERE: &str = r#""boundingVolume": {"sphere": [0, 0, 0, 10]}"#;
/// Enclosing the earth, so that its place is known.
const EARTH: &str = r#""boundingVolume": {"region": [0.1, 0.9, 0.11, 0.91, 0, 5]}"#;

fn document(root: &str) -> String {
    format!(r#"{{"asset": {{"version": "1.1"}}, "geometricError": 9, "root": {{{root}}}}}"#)
}

#[test]
fn a_thousand_external_tilesets_cost_nothing_before_they_are_looked_at() {
    let leaf = document(&format!(
        r#"{EARTH}, "geometricError": 1, "content": {{"uri": "a.glb"}}"#
    ));
    let children: Vec<String> = (0..1000)
        .map(|n| format!(r#"{{{EARTH}, "geometricError": 2, "content": {{"uri": "{n}/t.json"}}}}"#))
        .collect();
    let root = document(&format!(
        r#"{EARTH}, "geometricError": 4, "children": [{}]"#,
        children.join(",")
    ));
    let mut files: BTreeMap<String, String> = (0..1000).map(|n| (format!("{n}/t.json"), leaf.clone())).collect();
    files.insert("tileset.json".to_owned(), root);
    for (is_far, most) in [(true, 1), (false, 65)] {
        let memory = in_memory(is_far, files.clone());
        let (tree, problems) = open(&memory);
        assert_eq!((reads(&memory), problems.len()), (most, 0));
        assert_eq!(tree.tiles.len(), 1001 + most - 1);
        let waiting = (0..)
            .map(TileId)
            .take(1001)
            .filter(|tile| tree.is_external_awaited(*tile));
        assert_eq!(waiting.count(), 1000 + 1 - most);
        let (tile, request) = request(&tree);
        assert_eq!(request.path().unwrap(), format!("{}/t.json", tile.0 - 1));
        assert_eq!(reads(&memory), most, "asking for what to read reads nothing");
    }
    // Of a tileset whose own tiles do not tell where on earth it is, a few are looked into.
    for (path, text) in &mut files {
        if path == "tileset.json" {
            *text = text.replace(EARTH, SPHERE);
        }
    }
    let memory = far(files);
    let (tree, _) = open(&memory);
    assert!(tree.is_geocentric);
    assert_eq!(reads(&memory), 4);
}

#[test]
fn what_comes_later_inherits_what_it_would_have_inherited_at_once() {
    let files = far([
        (
            "tileset.json",
            format!(
                r#"{{"asset": {{"version": "1.1"}}, "geometricError": 9,
                "schema": {{"id": "s", "classes": {{"mine": {{}}}}}}, "groups": [{{"class": "mine"}}],
                "root": {{{EARTH}, "geometricError": 8, "refine": "ADD", "transform": [2,0,0,0, 0,2,0,0, 0,0,2,0, 5,0,0,1],
                "children": [{{{SPHERE}, "geometricError": 4, "contents": [{{"uri": "own.glb", "group": 0}},
                    {{"uri": "sub/x.json"}}]}}]}}}}"#
            ),
        ),
        (
            "sub/x.json",
            format!(
                r#"{{"asset": {{"version": "1.1"}}, "geometricError": 9,
                "schema": {{"id": "s", "classes": {{"other": {{}}, "third": {{}}}}}},
                "groups": [{{"class": "other"}}, {{"class": "third"}}],
                "root": {{{SPHERE}, "geometricError": 2, "transform": [1,0,0,0, 0,1,0,0, 0,0,1,0, 0,7,0,1],
                "children": [
                    {{{SPHERE}, "geometricError": 1, "content": {{"uri": "../y.json", "group": 0}}}},
                    {{{SPHERE}, "geometricError": 1, "content": {{"uri": "z.b3dm", "group": 1}}}},
                    {{{SPHERE}, "geometricError": 1, "content": {{"uri": "no-ending", "group": 1}}}}]}}}}"#
            ),
        ),
        (
            "y.json",
            document(&format!(
                r#"{SPHERE}, "refine": "REPLACE", "content": {{"uri": "y.glb"}}"#
            )),
        ),
        ("sub/no-ending", "b3dm and so on".to_owned()),
    ]);
    let (mut tree, problems) = open(&files);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!((tree.tiles.len(), reads(&files)), (2, 1));
    assert_eq!(tree.tiles[1].contents, ["own.glb"]);
    let (eager, at_once) = read_tileset(files.clone(), "tileset.json").unwrap();
    let later = read_all(&mut tree);
    assert_eq!(later, at_once);
    assert_eq!(said(&tree, TileId(0)), said(&eager, TileId(0)));
    let drawn = tree.tiles.iter().find(|tile| tile.contents == ["sub/z.b3dm"]).unwrap();
    let BoundingVolume::Sphere { center, radius } = drawn.bounding_volume else {
        panic!("no ball")
    };
    assert_eq!((center.to_array(), radius), ([5.0, 14.0, 0.0], 20.0));
    assert_eq!((drawn.refine, drawn.depth), (Refine::Add, 3));
    assert!(tree.tiles.iter().any(|tile| tile.contents == ["sub/no-ending"]));
    // It goes, and comes again as it was; its groups are not added once more.
    let groups = tree.metadata.groups.len();
    take_all_out(&mut tree);
    assert_eq!((tree.tiles_held(), tree.tiles[1].contents.len()), (2, 1));
    read_all(&mut tree);
    assert_eq!(said(&tree, TileId(0)), said(&eager, TileId(0)));
    assert_eq!(tree.metadata.groups.len(), groups);
}

#[test]
fn an_external_tileset_that_cannot_be_had_is_told_with_its_name_and_others_come() {
    let child = |uri: &str| format!(r#"{{{EARTH}, "geometricError": 1, "content": {{"uri": "{uri}"}}}}"#);
    let children = ["gone.json", "bad.json", "rootless.json", "good.json"]
        .map(child)
        .join(",");
    let root = document(&format!(r#"{EARTH}, "geometricError": 4, "children": [{children}]"#));
    let files = far([
        ("tileset.json", root.clone()),
        ("bad.json", "{".to_owned()),
        (
            "rootless.json",
            r#"{"asset": {"version": "1.1"}, "geometricError": 1}"#.to_owned(),
        ),
        (
            "good.json",
            document(&format!(
                r#"{EARTH}, "geometricError": 0, "content": {{"uri": "a.glb"}}"#
            )),
        ),
    ]);
    let (mut tree, _) = open(&files);
    let problems = read_all(&mut tree);
    let told: Vec<(Cause, String)> = problems.iter().map(|p| (p.cause, p.to_string())).collect();
    for (told, name) in told.iter().zip(["gone.json", "bad.json", "rootless.json"]) {
        assert!(told.1.contains(name), "{told:?}");
    }
    assert_eq!((told.len(), told[0].0, told[1].0), (3, Cause::Missing, Cause::Damaged));
    assert!(problems[0].place == "root.children[0].content", "{problems:?}");
    assert!(tree.tiles.iter().any(|tile| tile.contents == ["a.glb"]));
    assert!(
        (1..4).map(TileId).all(|tile| tree.is_external_awaited(tile)),
        "they can be asked for again"
    );
    // What is looked into only for the place on earth is not told before somebody looks at it.
    let unplaced = root.replace(EARTH, SPHERE);
    let (tree, problems) = open(&far([("tileset.json", unplaced)]));
    assert_eq!((tree.tiles.len(), problems.len()), (5, 0));
    assert!((1..5).map(TileId).all(|tile| tree.is_external_awaited(tile)));
}

#[test]
fn a_cycle_and_an_endless_line_end_when_they_are_met_later() {
    let leads_to = |uri: &str| {
        document(&format!(
            r#"{EARTH}, "geometricError": 1, "content": {{"uri": "{uri}"}}"#
        ))
    };
    let files = far([
        ("tileset.json", leads_to("a.json")),
        ("a.json", leads_to("b.json")),
        ("b.json", leads_to("a.json")),
    ]);
    let (mut tree, _) = open(&files);
    let problems = read_all(&mut tree);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0].path == "b.json" && problems[0].message.contains("includes itself"),
        "{problems:?}"
    );
    assert_eq!((tree.tiles.len(), reads(&files)), (3, 3));

    let names: Vec<String> = (0..2000).map(|n| format!("{n}.json")).collect();
    let line = names.windows(2).map(|pair| (pair[0].clone(), leads_to(&pair[1])));
    let line = far(line.chain([("tileset.json".to_owned(), leads_to("0.json"))]));
    let (mut tree, _) = open(&line);
    let problems = read_all(&mut tree);
    assert!(tree.tiles.iter().all(|tile| tile.depth <= 512) && tree.tiles.len() <= 513);
    assert!(
        problems.len() == 1 && problems[0].cause == Cause::TooLarge,
        "{problems:?}"
    );
}

#[test]
fn a_tileset_beside_children_comes_at_once_and_a_name_that_does_not_tell_waits() {
    let children = format!(r#""children": [{{{EARTH}, "geometricError": 1, "content": {{"uri": "child.glb"}}}}]"#);
    let with = |uri: &str| {
        document(&format!(
            r#"{EARTH}, "geometricError": 4, "content": {{"uri": "{uri}"}}, {children}"#
        ))
    };
    let leaf = document(&format!(
        r#"{EARTH}, "geometricError": 0, "content": {{"uri": "leaf.glb"}}"#
    ));
    let beside = far([("tileset.json", with("x.json")), ("x.json", leaf.clone())]);
    let (tree, _) = open(&beside);
    assert_eq!((tree.tiles.len(), awaited(&tree)), (3, None));
    for (text, tiles) in [("glTF", 2), (leaf.as_str(), 3)] {
        let unnamed = far([("tileset.json", with("x").as_str()), ("x", text)]);
        let (mut tree, _) = open(&unnamed);
        assert_eq!(
            (tree.tiles.len(), awaited(&tree), reads(&unnamed)),
            (2, Some(TileId(0)), 1)
        );
        assert_eq!(read_all(&mut tree), []);
        assert_eq!(tree.tiles.len(), tiles);
        assert_eq!(tree.tiles[0].contents.len(), usize::from(tiles == 2));
        let (eager, _) = read_tileset(unnamed.clone(), "tileset.json").unwrap();
        assert_eq!(said(&tree, TileId(0)), said(&eager, TileId(0)));
        // Only what brought tiles goes, and leaves the children that were there before.
        assert_eq!(tree.detach(TileId(0)), tiles == 3);
        assert_eq!((tree.tiles_held(), tree.tiles[0].children.len()), (2, 1));
    }
}

#[test]
fn part_of_an_implicit_tiling_may_wait_for_an_external_tileset() {
    let tiling = r#""implicitTiling": {"subdivisionScheme": "QUADTREE", "subtreeLevels": 2, "availableLevels": 2,
        "subtrees": {"uri": "s/{level}"}}, "content": {"uri": "c/{x}_{y}.json"}"#;
    let bits = r#"{"tileAvailability": {"constant": 1}, "contentAvailability": [{"bitstream": 0}],
        "buffers": [{"uri": "data:;base64,Bg==", "byteLength": 1}], "bufferViews": [{"buffer": 0, "byteLength": 1}]}"#;
    let inner = r#"{"asset": {"version": "1.1"}, "geometricError": 9, "schema": {"id": "s", "classes": {"c": {}}},
        "groups": [{"class": "c"}], "root": {BOX, "geometricError": 1, "content": {"uri": "a.glb", "group": 0}}}"#;
    let square = r#""boundingVolume": {"box": [0,0,0, 1,0,0, 0,1,0, 0,0,1]}"#;
    let files = far([
        (
            "tileset.json",
            document(&format!(r#"{square}, "geometricError": 8, {tiling}"#)),
        ),
        ("s/0", bits.to_owned()),
        ("c/0_0.json", inner.replace("BOX", square)),
    ]);
    let (mut tree, _) = open(&files);
    let (root, first) = request(&tree);
    assert!(tree.attach(root, first.read().unwrap()));
    // The contents of the first two children; nobody has read them.
    assert_eq!((tree.tiles.len(), reads(&files)), (5, 2));
    let waiting = (0..5).map(TileId).filter(|tile| tree.is_external_awaited(*tile));
    assert_eq!(waiting.count(), 2);
    let problems = read_all(&mut tree);
    assert_eq!(problems.iter().map(|p| p.cause).collect::<Vec<_>>(), [Cause::Missing]);
    let found = tree.tiles.iter().position(|tile| tile.contents == ["c/a.glb"]).unwrap();
    let said_of = tree
        .metadata
        .of_content(TileId(u32::try_from(found).unwrap()), 0)
        .next();
    assert_eq!(said_of.unwrap().class(), Some("c"));
    assert_eq!(tree.implicit_counts().subtrees, 1);
    let (whole, told) = read_whole_tileset(files.clone(), "tileset.json").unwrap();
    assert_eq!((said(&whole, TileId(0)), told), (said(&tree, TileId(0)), problems));
}

/// A tree of tiles, some of which stand in files of their own.
#[derive(Debug, Clone)]
struct Piece {
    is_apart: bool,
    adds: Option<bool>,
    has_content: bool,
    children: Vec<Piece>,
}

fn pieces() -> impl Strategy<Value = Piece> {
    let piece = |(is_apart, adds, has_content), children| Piece {
        is_apart,
        adds,
        has_content,
        children,
    };
    let own = (any::<bool>(), any::<Option<bool>>(), any::<bool>());
    let leaf = own.clone().prop_map(move |own| piece(own, Vec::new()));
    leaf.prop_recursive(5, 60, 4, move |children| {
        (own.clone(), prop::collection::vec(children, 1..=4)).prop_map(move |(own, children)| piece(own, children))
    })
}

/// Writes a piece as a tile, and the files that it needs.
fn write(piece: &Piece, files: &mut BTreeMap<String, String>) -> String {
    let children: Vec<String> = piece.children.iter().map(|child| write(child, files)).collect();
    let number = files.len();
    let refine = match piece.adds {
        Some(true) => r#""refine": "ADD","#,
        Some(false) => r#""refine": "REPLACE","#,
        None => "",
    };
    let content = if piece.has_content {
        format!(r#""content": {{"uri": "{number}.glb"}},"#)
    } else {
        String::new()
    };
    let tile = format!(
        r#"{EARTH}, "geometricError": {number}, {refine} {content} "children": [{}]"#,
        children.join(",")
    );
    if !piece.is_apart {
        return format!("{{{tile}}}");
    }
    files.insert(format!("{number}.json"), document(&tile));
    format!(r#"{{{EARTH}, "geometricError": {number}, "content": {{"uri": "{number}.json"}}}}"#)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_tree_in_any_number_of_files_ends_as_if_it_had_been_read_at_once(piece in pieces()) {
        let mut files = BTreeMap::new();
        let root = write(&piece, &mut files);
        files.insert("tileset.json".to_owned(), format!(r#"{{"asset": {{"version": "1.1"}}, "geometricError": 9, "root": {root}}}"#));
        let all = files.len();
        let memory = far(files);
        let (mut tree, _) = open(&memory);
        prop_assert_eq!(reads(&memory), 1);
        let problems = read_all(&mut tree);
        prop_assert_eq!(reads(&memory), all, "each once");
        let (eager, at_once) = read_tileset(memory.clone(), "tileset.json").unwrap();
        prop_assert_eq!(problems.len(), at_once.len());
        prop_assert_eq!(said(&tree, TileId(0)), said(&eager, TileId(0)));
        take_all_out(&mut tree);
        prop_assert_eq!(tree.tiles_held(), open(&memory).0.tiles.len());
    }
}
