//! Vector layers of any kind: files of every format through a scenario's layer, and real files opened by themselves.

use crate::corpus;
use stadslens::model::features::LineWidth;
use stadslens::model::scenario::{open, open_any};
use stadslens::sources::vector::VectorFile;
use stadslens::sources::{Cause, Problem, Severity};
use std::{collections::BTreeMap, fs, path::Path};

const GEOJSON: &str = r#"{"type": "FeatureCollection",
    "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}, "features": [
    {"type": "Feature", "properties": {"soort": "gras", "hoogte": 3.5},
     "geometry": {"type": "Polygon", "coordinates": [[[251000, 476250], [251020, 476250], [251020, 476270], [251000, 476250]]]}},
    {"type": "Feature", "properties": {"soort": "water"},
     "geometry": {"type": "MultiPoint", "coordinates": [[251001, 476251], [251002, 476252]]}}]}"#;
const TABLE: &str = "naam;rd_x;rd_y\nPaal 1;251010,5;476260\nPaal 2;251011;476261\n";
const DRAWING: &str = "0\nSECTION\n2\nENTITIES\n0\nLINE\n8\nA\n10\n251000\n20\n476250\n11\n251040\n21\n476280\n\
                       0\nARC\n8\nB\n10\n251020\n20\n476260\n40\n10\n50\n0\n51\n90\n0\nENDSEC\n0\nEOF\n";
const LINES: &str = r#"<c xmlns:gml="http://www.opengis.net/gml"><gml:featureMember><Weg gml:id="w"><as>
    <gml:LineString srsName="EPSG:28992"><gml:posList>251000 476250 251010 476260</gml:posList></gml:LineString>
    </as></Weg></gml:featureMember></c>"#;

fn layers(scenario: &str) -> String {
    format!(
        r#"{{"version": 1, "title": {{"nl": "x"}}, "area": {{"anchor": {{"rd": [251000, 476250]}}}}, "layers": [{scenario}]}}"#
    )
}

#[test]
fn every_format_comes_through_a_layer_of_features() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("a.geojson", GEOJSON);
    write("b.csv", TABLE);
    write("c.dxf", DRAWING);
    write("d.gml", LINES);
    write("e.geojson", &GEOJSON.replace("251", "222").replace("476", "453"));
    let layer =
        |id: &str, path: &str, more: &str| format!(r#"{{"id": "{id}", "kind": "features", "path": "{path}"{more}}}"#);
    let style = r##", "style": {"color_by": "soort", "categories": {"gras": "#00ff00"}, "color": "#0000ff",
        "height_property": "hoogte", "line_width_m": 2}"##;
    let all = [
        layer("a", "a.geojson", style),
        layer("b", "b.csv", ""),
        layer("c", "c.dxf", r#", "crs": "EPSG:28992""#),
        layer("d", "d.gml", ""),
        layer("e", "e.geojson", ""),
    ];
    write("scenario.json", &layers(&all.join(",")));
    let open = open(folder.path()).ok().unwrap();
    let ids: Vec<&str> = open.features.iter().map(|layer| layer.layer.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c", "d"], "{:?}", open.problems);
    let [areas, points, drawing, lines] = &open.features[..] else {
        panic!()
    };
    assert_eq!((areas.features[0].areas.len(), areas.features[1].points.len()), (1, 2));
    assert_eq!(areas.style.coloring.colors(&areas.table, 2), [[0, 255, 0], [0, 0, 255]]);
    assert_eq!(areas.style.line_width, LineWidth::Metres(2.0));
    let heights = [0, 1].map(|row| areas.style.height.as_ref().unwrap().of(&areas.table, row));
    assert_eq!(heights, [Some(3.5), None]);
    assert_eq!(points.features.len(), 2);
    assert_eq!(points.table.column("naam").unwrap().text(1).as_deref(), Some("Paal 2"));
    assert_eq!(drawing.features.len(), 2);
    assert!(drawing.features[1].lines[0].len() > 5, "an arc is stroked");
    assert_eq!(lines.features[0].lines[0].len(), 2);
    let said: Vec<String> = open.problems.iter().map(ToString::to_string).collect();
    assert!(
        said.iter()
            .any(|line| line.contains("e.geojson") && line.contains("37 km to the south-west")),
        "{said:?}"
    );
}

/// The features of a table as a layer, and what was said of it.
fn of_table(rows: &str) -> (usize, Vec<Problem>) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("t.csv"), format!("naam;rd_x;rd_y\n{rows}")).expect("a list");
    let layer = r#"{"id": "t", "kind": "features", "path": "t.csv"}"#;
    fs::write(folder.path().join("scenario.json"), layers(layer)).expect("a scenario");
    let Ok(open) = open(folder.path()) else {
        panic!("it does not open")
    };
    (
        open.features.iter().map(|layer| layer.features.len()).sum(),
        open.problems,
    )
}

/// One feature far away was told as if most of the file were in the wrong place.
#[test]
fn a_stray_feature_is_told_as_one_and_many_as_most() {
    let (here, away) = ("a;251010;476260\n", "b;10000;400000\n");
    for (rows, left, cause) in [
        (format!("{here}{here}{away}"), 2, Cause::TooFar),
        (format!("{here}{away}{away}"), 1, Cause::MostlyNowhere),
    ] {
        let (count, problems) = of_table(&rows);
        let said: Vec<Cause> = problems
            .iter()
            .filter(|problem| problem.message.contains("have no place here"))
            .map(|problem| problem.cause)
            .collect();
        assert_eq!((count, said), (left, vec![cause]), "{problems:?}");
    }
}

/// A file of which only a part is shown was told with the words that nothing is missing.
#[test]
fn what_lies_beyond_the_window_of_a_large_file_is_told_as_missing() {
    let rows = "a;222000;453000\n".repeat(250_000) + "b;251010;476260\n";
    let (count, problems) = of_table(&rows);
    let said = problems
        .iter()
        .find(|problem| problem.message.contains("more than are drawn"));
    assert_eq!(
        (count, said.map(|problem| (problem.severity, problem.cause))),
        (1, Some((Severity::Error, Cause::TooLarge))),
        "{problems:?}"
    );
}

/// Of each real file that is no larger than what is shown, every feature with a place is there.
#[test]
fn files_of_others_open_as_layers_of_features() {
    let Some(corpus) = corpus() else { return };
    let counted = |path: &Path| -> usize {
        let file = VectorFile::open(path).unwrap_or_else(|problem| panic!("{problem}"));
        let layers = 0..file.layers.len();
        let features = layers.flat_map(|layer| file.features(layer).flatten().collect::<Vec<_>>());
        features.filter(|feature| feature.geometry.is_some()).count()
    };
    let mut seen = BTreeMap::new();
    for name in [
        "3dfier-bgt/bgt_waterdeel.sqlite",
        "3dfier-bgt/bgt_wegdeel.sqlite",
        "city4cfd/tudcampus.geojson",
        "pdok-gokoala/bag.gpkg",
    ] {
        let path = corpus.join("gis").join(name);
        let open = open_any(&path).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        let features: usize = open.features.iter().map(|layer| layer.features.len()).sum();
        assert_eq!(features, counted(&path), "{name}: {:?}", open.problems);
        assert!(open.features.iter().all(|layer| layer.bounds().is_some()), "{name}");
        let by: Vec<Option<String>> = open
            .features
            .iter()
            .map(|layer| layer.style.coloring.property.clone())
            .collect();
        seen.insert(name, by);
    }
    assert!(
        seen["3dfier-bgt/bgt_wegdeel.sqlite"][0].is_some(),
        "roads are coloured by what they are: {seen:?}"
    );
}
