//! Which features of the tiles are hidden: what the variant removes, and what is not in the part that is drawn.

use super::{TileLayers, id_text, layer::ResidentContent};
use crate::view::{
    feature_rows::FeatureRows,
    scene::{ShownScenario, VariantShown},
};
use bevy::{math::DVec3, prelude::*};
use std::collections::HashSet;

/// Hides what the variant removes, by id or by place, and what is not in the part that is drawn.
pub(super) fn set_hidden(
    rows: &mut FeatureRows,
    content: &ResidentContent,
    id_property: Option<&str>,
    removed: &HashSet<String>,
    is_cleared_at: impl Fn(DVec3) -> bool,
) {
    let ids = id_property.filter(|_| !removed.is_empty());
    let is_removed = |row: u32| {
        ids.and_then(|name| content.features.value(row, name))
            .and_then(|value| id_text(&value))
            .is_some_and(|id| removed.contains(&id))
    };
    let is_cleared = |row: u32| {
        let center = content.centers.get(row as usize);
        center.is_some_and(|center| is_cleared_at(*center))
    };
    for row in 0..content.stateful() {
        let is_hidden = !content.part.holds(row) || is_removed(row) || is_cleared(row);
        rows.set_hidden(content.rows, row, is_hidden);
    }
}

/// Follows the variant in all tiles that are loaded.
pub(super) fn hide_removed(
    mut switched: MessageReader<VariantShown>,
    scenario: Option<Res<ShownScenario>>,
    mut rows: ResMut<FeatureRows>,
    tiles: Res<TileLayers>,
) {
    let (Some(_), Some(scenario)) = (switched.read().last(), scenario) else {
        return;
    };
    let removed = scenario.removed();
    for layer in tiles.layers.values() {
        for content in layer.resident.values().flat_map(|resident| &resident.contents) {
            set_hidden(&mut rows, content, layer.id_property.as_deref(), removed, |p| {
                layer.is_cleared_at(p, &scenario)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::part::Part;
    use super::*;
    use crate::geometry::FeatureTable;
    use crate::sources::tiles3d::{BoundingVolume, TileId};
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
            part: Part::whole(centers.clone()),
            centers,
            meshes: Vec::new(),
            triangles: 0,
            instances: 0,
            points: 0,
            marks: Vec::new(),
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
        let failed = BoundingVolume::Sphere {
            center: DVec3::ZERO,
            radius: 100.0,
        };
        let in_area = |content: &mut ResidentContent| content.part.show(&[TileId(1)].into(), |_| Some(failed));
        let mut houses = content(&mut rows, vec![DVec3::X * 50.0, DVec3::X * 150.0]);
        in_area(&mut houses);
        set_hidden(&mut rows, &houses, None, &nothing, |_| false);
        assert_eq!(hidden(&rows, houses.rows), [false, true, false]);
        // The limit: a terrain in the same place cannot be cut, so no hole is left and the siblings show twice.
        let mut terrain = content(&mut rows, Vec::new());
        in_area(&mut terrain);
        set_hidden(&mut rows, &terrain, None, &nothing, |_| false);
        assert_eq!(hidden(&rows, terrain.rows), [false]);
        // What a plan clears stays away in the part that is drawn.
        set_hidden(&mut rows, &houses, None, &nothing, |p| p.x < 60.0);
        assert_eq!(hidden(&rows, houses.rows), [true, true, false]);
    }
}
