//! Tests of the tileset reader on small trees in memory.

use super::*;
use crate::sources::resource::ResourceError;
use bevy::math::DVec3;
use std::collections::HashMap;

struct Memory(HashMap<&'static str, String>);

impl Resources for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        let text = self
            .0
            .get(path)
            .ok_or_else(|| ResourceError::Missing { uri: path.to_owned() })?;
        Ok(text.clone().into_bytes())
    }
    fn exists(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }
    fn name(&self) -> String {
        "memory".to_owned()
    }
}

fn read(files: &[(&'static str, &str)]) -> Result<(TileTree, Vec<Problem>), Problem> {
    let files = files.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
    read_tileset(Arc::new(Memory(files)), "tileset.json")
}

const SPHERE: &str = r#""boundingVolume": {"sphere": [0, 0, 0, 10]}"#;

#[test]
fn transforms_accumulate_and_scale_the_error_but_leave_regions_alone() {
    let (tree, problems) = read(&[(
        "tileset.json",
        r#"{"asset": {"version": "1.1", "gltfUpAxis": "z"}, "geometricError": 9, "extensionsUsed": ["X"], "root": {
            "boundingVolume": {"box": [1,0,0, 1,0,0, 0,1,0, 0,0,1]}, "geometricError": 8, "refine": "add",
            "transform": [2,0,0,0, 0,2,0,0, 0,0,2,0, 100,0,0,1],
            "children": [
              {"boundingVolume": {"region": [0.1, 0.9, 0.11, 0.91, 0, 5]}, "geometricError": 1,
               "content": {"url": "a.b3dm"}, "viewerRequestVolume": {"sphere": [0,0,0,1]}},
              {"boundingVolume": {"sphere": [0,0,0,3]}, "geometricError": 2, "refine": "REPLACE",
               "transform": [1,0,0,0, 0,3,0,0, 0,0,1,0, 0,10,0,1],
               "contents": [{"uri": "b.glb?x=1"}, {"uri": "c%20d.glb"}]}
            ]}}"#,
    )])
    .unwrap();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].severity, crate::sources::Severity::Warning);
    assert_eq!((tree.version.as_str(), tree.gltf_up_axis), ("1.1", 'Z'));
    assert_eq!(tree.extensions, ["X"]);
    let [root, region, sphere] = &tree.tiles[..] else {
        panic!("{} tiles", tree.tiles.len())
    };
    assert_eq!(root.bounding_volume.center(), DVec3::new(102.0, 0.0, 0.0));
    assert!((root.geometric_error_m - 16.0).abs() < 1e-12);
    assert_eq!(
        (root.refine, region.refine, sphere.refine),
        (Refine::Add, Refine::Add, Refine::Replace)
    );
    assert_eq!(
        region.bounding_volume,
        BoundingVolume::from_region([0.1, 0.9, 0.11, 0.91, 0.0, 5.0])
    );
    assert!(region.viewer_request_volume.is_some());
    assert_eq!(region.contents, ["a.b3dm"]);
    assert_eq!(
        sphere.bounding_volume,
        BoundingVolume::Sphere {
            center: DVec3::new(100.0, 20.0, 0.0),
            radius: 18.0
        }
    );
    assert!((sphere.geometric_error_m - 12.0).abs() < 1e-12);
    assert_eq!(sphere.contents, ["b.glb", "c d.glb"]);
    assert_eq!(
        (root.children.len(), sphere.parent, sphere.depth),
        (2, Some(TileId(0)), 1)
    );
    assert!(tree.is_geocentric);
}

#[test]
fn external_tilesets_join_the_tree_and_a_cycle_ends() {
    let (tree, problems) = read(&[
        (
            "tileset.json",
            &format!(
                r#"{{"asset": {{"version": "1.0"}}, "root": {{{SPHERE}, "geometricError": 4, "refine": "ADD",
                   "transform": [1,0,0,0, 0,1,0,0, 0,0,1,0, 5,0,0,1],
                   "content": {{"uri": "sub/x.json"}},
                   "children": [{{{SPHERE}, "geometricError": 1, "content": {{"uri": "none.json"}}}},
                                {{{SPHERE}, "geometricError": 1, "content": {{"uri": "model.json"}}}}]}}}}"#
            ),
        ),
        (
            "sub/x.json",
            &format!(
                r#"{{"asset": {{"version": "1.0"}}, "root": {{{SPHERE}, "geometricError": 2,
                   "content": {{"uri": "y.b3dm"}},
                   "children": [{{{SPHERE}, "geometricError": 1, "content": {{"uri": "../tileset.json"}}}}]}}}}"#
            ),
        ),
        ("model.json", r#"{"asset": {"version": "2.0"}, "scenes": []}"#),
    ])
    .unwrap();
    assert_eq!(tree.tiles.len(), 5);
    let external = tree.tiles.iter().find(|t| t.contents == ["sub/y.b3dm"]).unwrap();
    assert_eq!((external.depth, external.parent), (1, Some(TileId(0))));
    assert_eq!(external.bounding_volume.center(), DVec3::new(5.0, 0.0, 0.0));
    assert_eq!(external.refine, Refine::Add, "inherited across files");
    assert!(tree.tiles.iter().any(|t| t.contents == ["model.json"]));
    let messages: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages.iter().any(|m| m.contains("includes itself")), "{messages:?}");
    assert!(
        messages.iter().any(|m| m.contains("missing: none.json")),
        "{messages:?}"
    );
    assert!(!tree.is_geocentric);
}

#[test]
fn faults_cost_only_the_field_they_stand_in() {
    let (tree, problems) = read(&[(
        "tileset.json",
        &format!(
            r#"{{"asset": {{}}, "root": {{{SPHERE}, "geometricError": 8, "refine": "ADD", "children": [
              {{"boundingVolume": {{"box": [1, 2]}}, "geometricError": -1, "refine": 3, "transform": "x",
                "content": {{"uri": "../../etc/passwd"}}}},
              7,
              {{{SPHERE}, "geometricError": 1, "content": {{"uri": "ok.glb"}}, "children": {{}}}},
              {{"boundingVolume": {{"sphere": [0, 0, 0, -1]}}, "geometricError": 1, "content": {{}},
                "contents": 4}}
            ]}}}}"#
        ),
    )])
    .unwrap();
    assert_eq!(tree.tiles.len(), 4);
    assert_eq!(tree.tiles[1].bounding_volume, tree.tiles[0].bounding_volume);
    assert!((tree.tiles[1].geometric_error_m - 4.0).abs() < 1e-12);
    assert_eq!(tree.tiles[2].contents, ["ok.glb"]);
    assert_eq!(problems.len(), 11, "{problems:#?}");
    assert!(problems.iter().any(|p| p.message.contains("leads out of its folder")));
    assert!(problems.iter().any(|p| p.place == "root.children[3].boundingVolume"));
}

#[test]
fn a_root_that_cannot_be_used_is_one_clear_error() {
    for (text, expected) in [
        ("{", "not valid JSON"),
        ("[]", "not a JSON object"),
        ("{}", "no root tile"),
        (r#"{"root": {"geometricError": 1}}"#, "no usable bounding volume"),
        ("\u{1f}\u{8b}", "not valid JSON"),
    ] {
        let problem = read(&[("tileset.json", text)]).err().unwrap();
        assert!(problem.message.contains(expected), "{problem}");
    }
    assert!(read(&[]).err().unwrap().message.contains("missing"));
    let deep = format!("{}{}", r#"{"root":"#.repeat(5000), "1".to_owned() + &"}".repeat(5000));
    assert!(
        read(&[("tileset.json", &deep)])
            .err()
            .unwrap()
            .message
            .contains("not valid JSON")
    );
}

#[test]
fn nan_and_infinite_coordinates_are_refused() {
    let problem = read(&[(
        "tileset.json",
        r#"{"asset": {"version": "1.0"}, "root": {"boundingVolume": {"sphere": [0, 0, NaN, 1]}, "geometricError": 1}}"#,
    )])
    .err()
    .unwrap();
    assert!(problem.message.contains("not valid JSON"), "{problem}");
    let problem = read(&[(
        "tileset.json",
        r#"{"asset": {"version": "1.0"}, "root": {"boundingVolume": {"sphere": [0, 0, 1e300, 1]},
            "transform": [1e300,0,0,0, 0,1e300,0,0, 0,0,1e300,0, 0,0,0,1], "geometricError": 1}}"#,
    )])
    .err()
    .unwrap();
    assert!(problem.message.contains("no usable bounding volume"), "{problem}");
}

#[test]
fn a_tileset_that_doubles_with_every_file_meets_the_cap() {
    let mut files: Vec<(&'static str, String)> = Vec::new();
    let names = [
        "tileset.json",
        "1.json",
        "2.json",
        "3.json",
        "4.json",
        "5.json",
        "6.json",
        "7.json",
        "8.json",
        "9.json",
    ];
    for (i, name) in names.iter().enumerate() {
        let next = names.get(i + 1).copied().unwrap_or("leaf.b3dm");
        let child = format!(r#"{{{SPHERE}, "geometricError": 1, "content": {{"uri": "{next}"}}}}"#);
        let children = vec![child; 8].join(",");
        files.push((
            name,
            format!(r#"{{"asset": {{"version": "1.0"}}, "root": {{{SPHERE}, "geometricError": 1, "children": [{children}]}}}}"#),
        ));
    }
    let files: Vec<(&'static str, &str)> = files.iter().map(|(n, t)| (*n, t.as_str())).collect();
    let (tree, problems) = read(&files).unwrap();
    assert!(tree.tiles.len() <= MAX_TILES);
    assert!(
        problems.iter().any(|p| p.message.contains("the rest is left out")),
        "{problems:?}"
    );
}
