//! Point clouds of the corpus: what `inspect` says, and what is read, against the header and against NAP.

use crate::corpus;
use stadslens::sources::inspect::inspect;
use stadslens::sources::points::{PointFile, PointKind};

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
