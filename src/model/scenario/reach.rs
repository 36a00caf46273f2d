//! How far the ground of a scenario reaches: a surface that is misplaced, or far larger than the area, must not make it
//! fill the memory.

use super::OpenScenario;
use crate::model::ring;
use crate::sources::{Cause, Problem};
use bevy::math::DVec2;

/// Surfaces reach at most so far beyond the area and its terrain, metres.
const BEYOND_M: f64 = 1000.0;
/// And so far from the zero of the site where there is neither, metres.
const MOST_M: f64 = 10_000.0;

impl OpenScenario {
    /// South-west and north-east corner of the box in which surfaces are drawn, site metres.
    pub fn reach(&self) -> (DVec2, DVec2) {
        let grid =
            (self.has_terrain && self.terrain.columns > 1 && self.terrain.rows > 1).then(|| self.terrain.bounds());
        let outline = &self.scenario.area.outline;
        let outline = ring::bounds(outline);
        let known = match (grid, outline) {
            (Some(grid), Some(outline)) => Some((grid.0.min(outline.0), grid.1.max(outline.1))),
            (one, other) => one.or(other),
        };
        known.map_or((DVec2::splat(-MOST_M), DVec2::splat(MOST_M)), |(low, high)| {
            (low - BEYOND_M, high + BEYOND_M)
        })
    }

    /// What is told of surfaces that lie beyond. Those that only reach beyond cover the area all the same.
    pub(super) fn surfaces_out_of_reach(&self) -> Option<Problem> {
        let (low, high) = self.reach();
        let plans = self.scenario.variants.iter().flat_map(|variant| &variant.surfaces);
        let is_out = |outer: &[DVec2]| {
            ring::bounds(outer).is_some_and(|(from, to)| from.cmpgt(high).any() || to.cmplt(low).any())
        };
        let count = self
            .surfaces
            .iter()
            .chain(plans)
            .filter(|surface| is_out(&surface.outer))
            .count();
        let message = format!(
            "{count} surfaces lie more than {BEYOND_M} m beyond the area; they are not drawn: check their coordinates"
        );
        (count > 0).then(|| Problem::warning(&self.document, "", message).because(Cause::Elsewhere))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::edit::tests::scenario;
    use crate::model::{NewSurface, SurfaceKind, Terrain};
    use crate::sources::resource;
    use std::sync::Arc;

    fn square(low: DVec2, side_m: f64) -> Vec<DVec2> {
        [DVec2::ZERO, DVec2::X, DVec2::ONE, DVec2::Y]
            .map(|corner| low + corner * side_m)
            .into()
    }

    #[test]
    fn the_area_and_its_terrain_decide_how_far_surfaces_reach() {
        let mut open = OpenScenario::without_data(scenario(), resource::folder(std::path::Path::new(".")));
        open.scenario.area.outline = Vec::new();
        assert_eq!(open.reach(), (DVec2::splat(-MOST_M), DVec2::splat(MOST_M)));
        open.scenario.area.outline = square(DVec2::ZERO, 500.0);
        assert_eq!(open.reach(), (DVec2::splat(-1000.0), DVec2::splat(1500.0)));
        open.terrain = Arc::new(Terrain {
            origin: DVec2::splat(-2000.0),
            cell_m: 1000.0,
            columns: 2,
            rows: 2,
            heights_m: vec![0.0; 4],
        });
        assert_eq!(
            open.reach().0,
            DVec2::splat(-1000.0),
            "a grid that is guessed does not count"
        );
        open.has_terrain = true;
        assert_eq!(open.reach(), (DVec2::splat(-3000.0), DVec2::splat(1500.0)));
        let surface = |low: DVec2, side_m: f64| NewSurface {
            outer: square(low, side_m),
            id: String::new(),
            kind: SurfaceKind::Grass,
            holes: Vec::new(),
            raise_m: 0.0,
            parking_places: None,
            phase: String::new(),
        };
        open.surfaces = Arc::new(vec![
            surface(DVec2::ZERO, 90_000.0),
            surface(DVec2::splat(-300.0), 10.0),
        ]);
        assert_eq!(open.surfaces_out_of_reach(), None);
        open.surfaces = Arc::new(vec![surface(DVec2::splat(40_000.0), 10.0)]);
        let told = open.surfaces_out_of_reach().unwrap().to_string();
        assert!(told.contains("1 surfaces lie more than 1000 m beyond"), "{told}");
    }
}
