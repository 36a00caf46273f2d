//! What of a loaded tile is not drawn: features that a variant removes, and those in parts that other tiles show.

use super::{TileLayers, id_text, layer::ResidentContent};
use crate::view::{
    feature_rows::FeatureRows,
    scene::{ShownScenario, VariantShown},
};
use bevy::{math::DVec3, prelude::*};
use std::collections::HashSet;

/// Hides what the variant removes by id and what is not drawn where it stands.
pub(super) fn set_hidden(
    rows: &mut FeatureRows,
    content: &ResidentContent,
    id_property: Option<&str>,
    removed: &HashSet<String>,
    is_drawn_at: impl Fn(DVec3) -> bool,
) {
    let ids = id_property.filter(|_| !removed.is_empty());
    for row in 0..content.features.rows {
        let is_removed = ids
            .and_then(|name| content.features.value(row, name))
            .and_then(|value| id_text(&value))
            .is_some_and(|id| removed.contains(&id));
        let is_absent = content
            .centers
            .get(row as usize)
            .is_some_and(|center| !is_drawn_at(*center));
        rows.set_hidden(content.rows, row, is_removed || is_absent);
    }
}

pub(super) fn hide_removed(
    mut switched: MessageReader<VariantShown>,
    scenario: Option<Res<ShownScenario>>,
    mut rows: ResMut<FeatureRows>,
    tiles: Res<TileLayers>,
) {
    let (Some(_), Some(scenario)) = (switched.read().last(), scenario) else {
        return;
    };
    let removed = scenario.removed().clone();
    for layer in tiles.layers.values() {
        for (tile, resident) in &layer.resident {
            for content in &resident.contents {
                set_hidden(&mut rows, content, layer.id_property.as_deref(), &removed, |p| {
                    layer.is_drawn_at(*tile, p, &scenario)
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::FeatureTable;
    use crate::view::feature_rows::RowRange;

    fn content(rows: &mut FeatureRows, centers: Vec<DVec3>) -> ResidentContent {
        let count = u32::try_from(centers.len()).unwrap();
        ResidentContent {
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
}
