//! What of a vector file is looked at first: all of it, as the features themselves say and not as the file says of itself.
//! Where that is a few areas so small and so far apart that they would be less than specks, it is the part where most of
//! them are; many of them are seen as a pattern.

use crate::geometry::polygon::signed_area_m2;
use crate::model::FeatureLayer;
use crate::model::features::SiteFeature;
use bevy::math::DVec2;

/// Areas that cover less than this part of a square around them are not seen from where all of it is.
const LEAST_COVERED: f64 = 0.01;
/// So many features are no few.
const MANY: usize = 500;
/// Cells along each side of a box, of which one is looked at instead.
const CELLS: f64 = 4.0;
/// Most times that a box becomes one of its cells.
const MOST_STEPS: usize = 12;
/// Shortest side of what is looked at, metres.
const LEAST_M: f64 = 1.0;

/// A feature by the box around it.
#[derive(Clone, Copy)]
struct Boxed {
    low: DVec2,
    high: DVec2,
    area_m2: f64,
}

/// South-west and north-east corner of what is looked at, site metres; `None` where nothing has a place.
pub(super) fn focus(layers: &[FeatureLayer]) -> Option<(DVec2, DVec2)> {
    let all = || layers.iter().flat_map(|layer| &layer.features);
    let mut boxes: Vec<Boxed> = all().filter_map(boxed).collect();
    // Points and lines have a least width on the screen.
    let has_only_areas = all().all(|feature| feature.points.is_empty() && feature.lines.is_empty());
    for _ in 0..MOST_STEPS {
        let (low, high) = around(&boxes)?;
        let size = (high - low).max(DVec2::splat(LEAST_M));
        let covered: f64 = boxes.iter().map(|of| of.area_m2).sum();
        let is_few = (2..MANY).contains(&boxes.len());
        if !has_only_areas || !is_few || covered >= LEAST_COVERED * size.max_element().powi(2) {
            break;
        }
        boxes = densest(boxes, low, size);
    }
    around(&boxes)
}

fn boxed(feature: &SiteFeature) -> Option<Boxed> {
    let (low, high) = feature.bounds()?;
    let areas = feature.areas.iter().map(|area| signed_area_m2(&area.exterior).abs());
    (low.is_finite() && high.is_finite()).then(|| Boxed {
        low,
        high,
        area_m2: areas.sum(),
    })
}

fn around(boxes: &[Boxed]) -> Option<(DVec2, DVec2)> {
    let corners = boxes.iter().map(|of| (of.low, of.high));
    corners.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}

/// Those in the cell of a box that has most of them, the first of equals.
fn densest(boxes: Vec<Boxed>, low: DVec2, size: DVec2) -> Vec<Boxed> {
    let cell_of = |of: &Boxed| {
        let share = (of.low.midpoint(of.high) - low) / size * CELLS;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to the cells of a box"
        )]
        let cell = share
            .clamp(DVec2::ZERO, DVec2::splat(CELLS - 1.0))
            .to_array()
            .map(|part| part as usize);
        cell
    };
    let mut counts = [[0_usize; 4]; 4];
    for of in &boxes {
        let [column, row] = cell_of(of);
        counts[row][column] += 1;
    }
    let most = counts.iter().flatten().copied().max().unwrap_or(0);
    let chosen = (0..16_usize)
        .map(|at| [at % 4, at / 4])
        .find(|[column, row]| counts[*row][*column] == most);
    boxes.into_iter().filter(|of| Some(cell_of(of)) == chosen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Polygon;
    use crate::model::features::{AttributeTable, Coloring, FeatureStyle, LineWidth};

    fn layer(features: Vec<SiteFeature>) -> FeatureLayer {
        FeatureLayer {
            layer: "a".into(),
            features,
            table: AttributeTable::default(),
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
        }
    }

    fn square(x: f64, y: f64, side: f64) -> SiteFeature {
        let ring = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
        let ring = ring.map(|corner| DVec2::new(x, y) + DVec2::from_array(corner) * side);
        SiteFeature {
            areas: vec![Polygon::new(ring.into())],
            ..SiteFeature::default()
        }
    }

    #[test]
    fn a_town_is_looked_at_whole_and_a_few_plots_far_apart_where_most_are() {
        let town = (0..100_u8).map(|n| square(f64::from(n % 10) * 30.0, f64::from(n / 10) * 30.0, 12.0));
        let found = focus(&[layer(town.collect())]);
        assert_eq!(found, Some((DVec2::ZERO, DVec2::splat(282.0))));
        let mut plots = vec![square(0.0, 0.0, 12.0), square(4000.0, 3000.0, 12.0)];
        plots.extend([square(3990.0, 2960.0, 12.0), square(1500.0, 200.0, 12.0)]);
        let found = focus(&[layer(plots.clone())]);
        assert_eq!(found, Some((DVec2::new(3990.0, 2960.0), DVec2::new(4012.0, 3012.0))));
        let many = (0..600_u16).map(|n| square(f64::from(n % 30) * 900.0, f64::from(n / 30) * 900.0, 12.0));
        assert_eq!(
            focus(&[layer(many.collect())]),
            Some((DVec2::ZERO, DVec2::new(26_112.0, 17_112.0)))
        );
        // A line is seen from anywhere.
        plots.push(SiteFeature {
            lines: vec![vec![DVec2::ZERO, DVec2::ONE]],
            ..SiteFeature::default()
        });
        assert_eq!(focus(&[layer(plots)]), Some((DVec2::ZERO, DVec2::new(4012.0, 3012.0))));
    }

    #[test]
    fn nothing_and_areas_without_size_end() {
        assert_eq!(focus(&[layer(vec![SiteFeature::default()])]), None);
        assert_eq!(focus(&[]), None);
        let flat = vec![square(5.0, 5.0, 0.0); 3];
        assert_eq!(focus(&[layer(flat)]), Some((DVec2::splat(5.0), DVec2::splat(5.0))));
        let odd = vec![square(f64::NAN, 0.0, 1.0), square(9.0, 9.0, 1.0)];
        assert_eq!(focus(&[layer(odd)]), Some((DVec2::splat(9.0), DVec2::splat(10.0))));
    }
}
