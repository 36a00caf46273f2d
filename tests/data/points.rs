//! Point clouds of the corpus: what `inspect` says, and what is read, against the header and against NAP.

use crate::corpus;
use stadslens::model::points::HELD_POINTS;
use stadslens::model::scenario::open_any;
use stadslens::sources::inspect::inspect;
use stadslens::sources::points::{PointFile, PointKind, Stop};

#[test]
fn the_points_of_ahn3_are_as_many_and_as_high_as_they_should_be() {
    let Some(corpus) = corpus() else { return };
    let path = corpus.join("gis/3dfier-ahn3/ahn3_cropped_2.laz");
    if !path.is_file() {
        eprintln!("skipped: no {}", path.display());
        return;
    }
    let report = inspect(&path).expect("the file can be opened");
    assert_eq!((&report["kind"], &report["points"]), (&"laz".into(), &208_432.into()));
    assert_eq!(report["points_read"], report["points"], "all are counted");
    assert_eq!(
        (&report["version"], &report["point_format"]),
        (&"1.2".into(), &1.into())
    );
    assert_eq!(report["has_rgb"], false);
    let classes = report["classes"].as_object().expect("classes");
    let total: u64 = classes.values().filter_map(serde_json::Value::as_u64).sum();
    assert_eq!(total, 208_432);
    eprintln!("classes of AHN3: {classes:?}");
    // AHN tells ground, buildings, water, civil works and all else apart.
    assert!(
        classes
            .keys()
            .all(|class| ["1", "2", "6", "9", "26"].contains(&class.as_str()))
    );
    let problems = report["problems"].as_array().expect("problems");
    assert_eq!(problems.len(), 1, "only the CRS is missing: {problems:?}");

    let file = PointFile::open(&path).expect("the file can be opened");
    assert_eq!((file.kind, file.crs), (PointKind::Laz, None));
    let cloud = file.thinned(20_000);
    assert_eq!((cloud.points.len(), cloud.looked_at), (20_000, 208_432));
    // Delft lies around NAP: its ground between 3 m below and 3 m above it.
    let mut ground: Vec<f64> = cloud
        .points
        .iter()
        .filter(|p| p.class == 2)
        .map(|p| p.position.z)
        .collect();
    ground.sort_by(f64::total_cmp);
    let middle = ground[ground.len() / 2];
    eprintln!("{} points of ground, the middle one at {middle:.2} m NAP", ground.len());
    assert!((-3.0..3.0).contains(&middle), "{middle}");
    let [low, high] = file.header.bounds;
    assert!(
        cloud
            .points
            .iter()
            .all(|p| p.position.cmpge(low - 0.001).all() && p.position.cmple(high + 0.001).all())
    );
}

#[test]
fn the_tree_of_ahn3_holds_every_point_once_and_its_heights_are_nap() {
    let Some(corpus) = corpus() else { return };
    let path = corpus.join("gis/3dfier-ahn3/ahn3_cropped_2.laz");
    if !path.is_file() {
        eprintln!("skipped: no {}", path.display());
        return;
    }
    let open = open_any(&path).expect("the file opens by itself");
    assert_eq!(open.points[0].points, 208_432);
    let tree = open.points[0].tree(HELD_POINTS, &Stop::default()).unwrap();
    assert!(tree.problems.is_empty(), "{:?}", tree.problems);
    let classes: Vec<u8> = tree.traits.classes.iter().copied().collect();
    assert!(
        !tree.traits.has_colors && classes.starts_with(&[1, 2, 6]),
        "{classes:?}"
    );
    let mut count = 0;
    let mut ground = Vec::new();
    for (number, node) in (0_u32..).zip(&tree.nodes) {
        let read = tree.read(number);
        assert!(read.problem.is_none() && read.positions.len() as u64 == node.points);
        count += read.positions.len();
        for (point, facts) in read.facts.iter().enumerate() {
            let place = read.place(point).expect("it is there");
            let is_inside = place.0.cmpge(node.low - 0.01).all() && place.0.cmple(node.high + 0.01).all();
            assert!(is_inside, "{place:?} outside {node:?}");
            if facts.class == 2 {
                ground.extend(open.scenario.area.site.rd_nap_from_site(place).map(|rd| rd.nap_m));
            }
        }
    }
    assert_eq!(count, 208_432);
    ground.sort_by(f64::total_cmp);
    let middle = ground[ground.len() / 2];
    eprintln!(
        "{} nodes; the middle of the ground at {middle:.2} m NAP",
        tree.nodes.len()
    );
    assert!((-3.0..3.0).contains(&middle), "{middle}");
}
