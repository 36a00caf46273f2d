//! The features of a layer by where their names stand: squares of the plane, and in each the features there.

use crate::model::FeatureLayer;
use bevy::math::DVec2;
use std::collections::HashMap;
use std::ops::Range;

/// Side of a square, metres.
const CELL_M: f64 = 80.0;
/// Features that are looked at for one answer at most.
const MOST_LOOKED_AT: usize = 10_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct NameIndex {
    /// Where names stand and of which features, square by square.
    places: Vec<(DVec2, usize)>,
    cells: HashMap<[i32; 2], Range<usize>>,
}

impl NameIndex {
    pub(super) fn new(layer: &FeatureLayer) -> Self {
        let placed = layer.features.iter().enumerate();
        let mut placed: Vec<([i32; 2], DVec2, usize)> = placed
            .filter_map(|(feature, of)| of.anchor().map(|p| (cell_of(p), p, feature)))
            .collect();
        placed.sort_by_key(|(cell, _, feature)| (*cell, *feature));
        let mut cells: HashMap<[i32; 2], Range<usize>> = HashMap::new();
        for (at, (cell, ..)) in placed.iter().enumerate() {
            cells.entry(*cell).or_insert(at..at).end = at + 1;
        }
        Self {
            places: placed.into_iter().map(|(_, p, feature)| (p, feature)).collect(),
            cells,
        }
    }

    /// What `take` makes of features around a point, squares near it first, until there are at least `most` of a ring of
    /// squares or all within `farthest_m` were looked at.
    pub(super) fn near<T>(
        &self,
        around: DVec2,
        farthest_m: f64,
        most: usize,
        mut take: impl FnMut(DVec2, usize) -> Option<T>,
    ) -> Vec<T> {
        let (mut found, mut looked_at) = (Vec::new(), 0);
        let [x, y] = cell_of(around);
        let [last, _] = cell_of(DVec2::new(farthest_m, 0.0));
        for ring in 0..=last + 1 {
            for cell in ring_of([x, y], ring) {
                let Some(range) = self.cells.get(&cell) else { continue };
                let places = self.places.get(range.clone()).unwrap_or_default();
                let within = places.iter().filter(|(p, _)| p.distance(around) <= farthest_m);
                found.extend(within.filter_map(|(p, feature)| take(*p, *feature)));
                looked_at += places.len();
            }
            if found.len() >= most || looked_at >= MOST_LOOKED_AT {
                break;
            }
        }
        found
    }
}

/// The squares at this distance from one, in squares.
fn ring_of([x, y]: [i32; 2], ring: i32) -> impl Iterator<Item = [i32; 2]> {
    (-ring..=ring).flat_map(move |row| {
        let is_end = row.abs() == ring;
        let step = if is_end || ring == 0 { 1 } else { 2 * ring };
        (-ring..=ring)
            .step_by(usize::try_from(step).unwrap_or(1))
            .map(move |column| [x + column, y + row])
    })
}

fn cell_of(p: DVec2) -> [i32; 2] {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "nothing of a scenario lies farther than 100 km from its anchor"
    )]
    let cell = (p / CELL_M)
        .floor()
        .clamp(DVec2::splat(-1.0e6), DVec2::splat(1.0e6))
        .to_array()
        .map(|part| part as i32);
    cell
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::features::{Coloring, FeatureStyle, LineWidth, SiteFeature};
    use std::collections::BTreeSet;

    fn index(points: impl Iterator<Item = DVec2>) -> NameIndex {
        NameIndex::new(&FeatureLayer {
            layer: "a".into(),
            features: points
                .map(|p| SiteFeature {
                    points: vec![p],
                    ..SiteFeature::default()
                })
                .collect(),
            table: crate::model::features::AttributeTable::default(),
            style: FeatureStyle {
                coloring: Coloring::one([0; 3]),
                fill_opacity: 1.0,
                line_width: LineWidth::Pixels(1.0),
                point_size_m: 1.0,
                height: None,
                base: None,
                label: None,
                map_label: None,
            },
        })
    }

    #[test]
    fn rings_are_all_squares_once() {
        let mut seen = BTreeSet::new();
        for ring in 0..6 {
            for cell in ring_of([-2, 3], ring) {
                assert!(seen.insert(cell), "{cell:?} twice");
            }
            assert_eq!(seen.len(), usize::try_from((2 * ring + 1).pow(2)).unwrap());
        }
    }

    #[test]
    fn near_ones_come_first_and_far_ones_not_at_all() {
        let grid = (0..100_u8).flat_map(|y| (0..100_u8).map(move |x| DVec2::new(f64::from(x), f64::from(y)) * 30.0));
        let index = index(grid.clone());
        let around = DVec2::new(1000.0, 1500.0);
        let all = index.near(around, 500.0, usize::MAX, |p, feature| Some((p, feature)));
        let expected = grid.clone().filter(|p| p.distance(around) <= 500.0).count();
        assert_eq!(all.len(), expected);
        let points: Vec<DVec2> = grid.collect();
        assert!(all.iter().all(|(p, feature)| points[*feature] == *p));
        let few = index.near(around, 2500.0, 20, |p, _| Some(p));
        assert!((20..200).contains(&few.len()), "{}", few.len());
        assert!(few.iter().all(|p| p.distance(around) < 400.0));
        let mut looked_at = 0;
        let none: Vec<()> = index.near(around, 2500.0, 20, |_, _| {
            looked_at += 1;
            None
        });
        assert!(none.is_empty() && (5000..=10_000).contains(&looked_at));
        assert!(index.near(DVec2::splat(1.0e9), 2500.0, 20, |p, _| Some(p)).is_empty());
        assert!(NameIndex::default().near(around, 2500.0, 20, |p, _| Some(p)).is_empty());
    }
}
