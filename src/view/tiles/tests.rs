//! What of a tile is drawn.

use super::*;
use crate::view::feature_rows::RowRange;

fn content(rows: &mut FeatureRows, centers: Vec<DVec3>) -> ResidentContent {
    let count = u32::try_from(centers.len()).unwrap();
    ResidentContent {
        number: 0,
        features: FeatureTable {
            rows: count,
            ..FeatureTable::default()
        },
        rows: rows.allocate(count + 1).unwrap(),
        centers,
        meshes: Vec::new(),
        triangles: 0,
    }
}

fn hidden(rows: &FeatureRows, range: RowRange) -> Vec<bool> {
    (0..range.count).map(|row| rows.is_hidden(range, row)).collect()
}

#[test]
fn a_stand_in_shows_its_features_in_the_failed_area_and_all_that_has_no_feature() {
    let mut world = World::new();
    let mut rows = FeatureRows::from_world(&mut world);
    let nothing = HashSet::new();
    let in_area = |p: DVec3| p.x < 100.0;
    let houses = content(&mut rows, vec![DVec3::X * 50.0, DVec3::X * 150.0]);
    set_hidden(&mut rows, &houses, None, &nothing, in_area);
    assert_eq!(hidden(&rows, houses.rows), [false, true, false]);
    // The limit: a terrain in the same place cannot be cut, so no hole is left and the siblings show twice.
    let terrain = content(&mut rows, Vec::new());
    set_hidden(&mut rows, &terrain, None, &nothing, in_area);
    assert_eq!(hidden(&rows, terrain.rows), [false]);
}
