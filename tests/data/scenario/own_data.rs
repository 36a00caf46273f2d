//! Data that a municipality brings along: lists of objects, masses and models beside the scenario.

use super::{Copy, lines};
use stadslens::model::scenario::used_files;
use stadslens::model::{AssetKind, OpenScenario};
use stadslens::sources::Cause;
use std::fs;

/// The small scenario with a list of objects beside those it has.
fn with_list(layer: &str, table: &[u8]) -> (Copy, OpenScenario) {
    let copy = Copy::new();
    fs::write(copy.path().join("lijst.csv"), table).unwrap();
    let objects = r#"{"id": "objects", "kind": "assets", "path": "assets.geojson"},"#;
    copy.replace("scenario.json", objects, &format!("{objects}\n{layer}"));
    let open = copy.open();
    (copy, open)
}

const LAYER: &str = r#"{"id": "list", "kind": "assets", "path": "lijst.csv", "source": {"owner": "Gemeente"},
    "columns": {"x": "X", "y": "Y", "crs": "EPSG:28992", "id": "Nr", "type": "Soort", "types": {"Hekje": "other"}}},"#;

#[test]
fn a_list_of_objects_is_a_layer_of_its_own() {
    let (_copy, open) = with_list(
        LAYER,
        b"Nr;Soort;X;Y;Straat\r\n0012;Bank;251000,5;476250;Langestraat\r\n13;hekje;251001;476250;\r\n",
    );
    assert_eq!(lines(&open.problems), Vec::<String>::new());
    assert_eq!(open.assets.len(), 4);
    let bench = &open.assets[2];
    assert_eq!((bench.id.as_str(), bench.kind), ("0012", AssetKind::Bench));
    assert!(bench.attributes.contains(&("Straat".into(), "Langestraat".into())));
    let layers: Vec<&str> = (0..5)
        .map(|index| open.layer_of_asset(index).map_or("none", |layer| layer.id.as_str()))
        .collect();
    assert_eq!(layers, ["objects", "objects", "list", "list", "none"]);
    assert_eq!(open.layer_of_asset(2).unwrap().source.owner, "Gemeente");
    assert!(used_files(&open).paths.contains("lijst.csv"));
}

#[test]
fn a_number_that_another_layer_has_is_named_once() {
    let (_copy, open) = with_list(
        LAYER,
        b"Nr;Soort;X;Y\nB-1;Bank;251000;476250\nLP-0012;Bank;251001;476250\n",
    );
    let found = lines(&open.problems);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("lijst.csv: 2 object numbers are also those of an earlier layer (the first is `B-1`)"),
        "{found:?}"
    );
}

#[test]
fn a_table_where_none_belongs_is_refused_with_what_to_do() {
    for (layer, expected, cause) in [
        (
            r#"{"id": "l", "kind": "surfaces", "path": "lijst.csv"},"#,
            "lijst.csv: a table can hold managed objects only",
            Cause::NotRead,
        ),
        (
            r#"{"id": "l", "kind": "assets", "path": "assets.geojson", "columns": {"x": "X", "y": "Y"}},"#,
            "scenario.json: layers[4].columns: only a layer of kind assets whose path ends in `.csv` has columns",
            Cause::Content,
        ),
        (
            r#"{"id": "l", "kind": "assets", "path": "lijst.csv", "columns": {"y": "Y"}},"#,
            "scenario.json: layers[4].columns: the key `x` is missing",
            Cause::Content,
        ),
        (
            r#"{"id": "l", "kind": "assets", "path": "../lijst.csv"},"#,
            "scenario.json: layers[4].path: the path leads out of its folder",
            Cause::Outside,
        ),
        (
            r#"{"id": "l", "kind": "assets", "path": "geen.csv"},"#,
            "geen.csv: the file is missing",
            Cause::Missing,
        ),
    ] {
        let (_copy, open) = with_list(layer, b"X;Y\n251000;476250\n");
        let found = open.problems.iter().find(|p| p.to_string().starts_with(expected));
        assert_eq!(found.map(|p| p.cause), Some(cause), "{:?}", lines(&open.problems));
    }
}
