//! Metadata of tilesets, groups, tiles and contents in both spellings, inline and beside.

use super::super::{TileId, TileTree, read_tileset};
use super::*;
use crate::sources::resource::ResourceError;
use std::collections::HashMap;

struct Memory(HashMap<&'static str, String>);

impl Resources for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        let text = self.0.get(path).cloned();
        text.map(String::into_bytes)
            .ok_or_else(|| ResourceError::Missing { uri: path.to_owned() })
    }
    fn exists(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }
    fn name(&self) -> String {
        "memory".to_owned()
    }
}

const SPHERE: &str = r#""boundingVolume": {"sphere": [0, 0, 0, 10]}, "geometricError": 1"#;
const SCHEMA: &str = r#"{"id": "s", "classes": {"a": {"properties": {"name": {"type": "STRING"}}}}}"#;

/// A tileset with these members and these members of its root.
fn read(members: &str, root: &str) -> (TileTree, Vec<Problem>) {
    let tileset = format!(
        r#"{{"asset": {{"version": "1.1"}}, "geometricError": 2, {members},
        "root": {{{SPHERE}, "refine": "ADD", {root}}}}}"#
    );
    let external = format!(
        r#"{{"asset": {{"version": "1.1"}}, "schema": {SCHEMA},
        "groups": [{{"class": "a", "properties": {{"name": "inner"}}}}],
        "root": {{{SPHERE}, "refine": "ADD", "content": {{"uri": "in.glb", "group": 0}}}}}}"#
    );
    let files = [
        ("tileset.json", tileset),
        ("schema.json", SCHEMA.to_owned()),
        ("broken.json", "{".to_owned()),
        ("external.json", external),
    ];
    read_tileset(Arc::new(Memory(files.into_iter().collect())), "tileset.json").unwrap()
}

fn names(tree: &TileTree, tile: u32, content: usize) -> Vec<String> {
    let said = tree.metadata.of_content(TileId(tile), content);
    said.flat_map(Metadata::attributes)
        .map(|(name, value)| format!("{name}={}", json!(value)))
        .collect()
}

const CONTENTS: &str = r#""metadata": {"class": "a", "properties": {"name": "tile"}},
    "contents": [
      {"uri": "x.glb", "group": 1, "metadata": {"class": "a", "properties": {"name": "x", "list": [[1, 2.5], true]}}},
      {"uri": "y.glb"}, {"uri": "external.json", "group": 0}, {"uri": "z.glb", "group": 0}]"#;

#[test]
fn contents_know_their_groups_their_tile_and_their_own() {
    for schema in [
        format!(r#""schema": {SCHEMA}"#),
        r#""schemaUri": "schema.json""#.to_owned(),
    ] {
        let groups = r#""groups": [{"class": "a", "properties": {"name": "zero"}},
            {"class": "a", "properties": {"name": "one"}}],
            "metadata": {"class": "a", "properties": {"name": "set"}},
            "statistics": {"classes": {"a": {"count": 3}}}"#;
        let (tree, problems) = read(&format!("{schema}, {groups}"), CONTENTS);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(tree.tiles[0].contents, ["x.glb", "y.glb", "z.glb"]);
        assert_eq!(
            names(&tree, 0, 0),
            [r#"name="x""#, "list=[[1,2.5],true]", r#"name="one""#, r#"name="tile""#]
        );
        assert_eq!(names(&tree, 0, 1), [r#"name="tile""#]);
        assert_eq!(names(&tree, 0, 2), [r#"name="zero""#, r#"name="tile""#]);
        // The groups of an external tileset are its own.
        assert_eq!(names(&tree, 1, 0), [r#"name="inner""#]);
        assert_eq!(tree.metadata.tileset.as_ref().unwrap().class(), Some("a"));
        let told = tree.metadata.json();
        assert_eq!(
            (&told["tiles"], &told["contents"], &told["grouped_contents"]),
            (&json!(1), &json!(1), &json!(3))
        );
        assert_eq!(told["groups"][2]["properties"]["name"], "inner");
    }
}

#[test]
fn the_older_extension_names_its_groups() {
    let members = format!(
        r#""extensions": {{"3DTILES_metadata": {{"schema": {SCHEMA},
        "groups": {{"roads": {{"class": "a", "properties": {{"name": "r"}}}}, "houses": {{"class": "a", "properties": {{"name": "h"}}}}}},
        "tileset": {{"class": "a", "properties": {{"name": "old"}}}}}}}}"#
    );
    let root = r#""extensions": {"3DTILES_metadata": {"class": "a", "properties": {"name": "tile"}}},
        "content": {"uri": "x.glb", "extensions": {"3DTILES_metadata": {"group": "houses"}}}"#;
    let (tree, problems) = read(&members, root);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(names(&tree, 0, 0), [r#"name="h""#, r#"name="tile""#]);
    assert_eq!(
        tree.metadata.tileset.unwrap().attributes(),
        [("name", Value::Text("old".to_owned()))]
    );
}

#[test]
fn what_is_wrong_with_metadata_costs_no_tile() {
    for (members, root, expected) in [
        (r#""schema": 7"#, r#""content": {"uri": "x.glb"}"#, "not a JSON object"),
        (
            r#""schemaUri": "none.json""#,
            r#""content": {"uri": "x.glb"}"#,
            "missing",
        ),
        (
            r#""schemaUri": "broken.json""#,
            r#""content": {"uri": "x.glb"}"#,
            "not valid JSON",
        ),
        (
            r#""schemaUri": "../x.json""#,
            r#""content": {"uri": "x.glb"}"#,
            "leads out",
        ),
        (
            r#""x": 1"#,
            r#""content": {"uri": "x.glb", "group": 3}"#,
            "no such group",
        ),
        (
            r#""x": 1"#,
            r#""content": {"uri": "x.glb", "metadata": {"class": "a"}}"#,
            "no schema",
        ),
        (
            r#""x": 1, "metadata": {}"#,
            r#""content": {"uri": "x.glb"}"#,
            "no class",
        ),
        (
            &format!(r#""schema": {SCHEMA}"#),
            r#""content": {"uri": "x.glb"}, "metadata": {"class": "b"}"#,
            "no class `b`",
        ),
    ] {
        let (tree, problems) = read(members, root);
        assert_eq!(tree.tiles[0].contents, ["x.glb"], "{expected}");
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].message.contains(expected), "{problems:?}");
    }
}
