//! The land that is counted in, and what of a footprint lies in it.

use crate::geometry::{BoxIndex, Polygon, Region};
use crate::model::{LocalText, PlanScale, Scenario};
use bevy::math::DVec2;

/// Shares nearer to whole than this are whole: what rounding in the overlay can take off.
const WHOLE: f64 = 1.0 - 1e-6;

/// Overlap below this is two outlines that touch, m².
const TOUCHING_M2: f64 = 0.001;

/// Where the land counted in comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AreaSource {
    /// The scenario's plan area.
    PlanArea,
    /// The outline of the whole area, for want of a plan area.
    AreaOutline,
}

/// The land that is counted in.
#[derive(Debug, Clone)]
pub struct StudyArea {
    /// Where it comes from.
    pub source: AreaSource,
    /// How much belongs to it, where the scenario says.
    pub scale: Option<PlanScale>,
    /// What it is called.
    pub title: LocalText,
    /// Its area, m², ground under overlapping parts once.
    pub area_m2: f64,
    region: Region,
    sides: BoxIndex,
}

/// What of a footprint lies in the area.
#[derive(Debug, Clone)]
pub(super) struct Inside {
    /// That part.
    pub(super) region: Region,
    /// It over the whole, 0 to 1.
    pub(super) share: f64,
    /// The whole footprint, m².
    pub(super) whole_m2: f64,
}

impl StudyArea {
    /// The plan area of a scenario, else its outline; `None` when it has neither.
    pub fn of(scenario: &Scenario) -> Option<Self> {
        let plan = scenario.plan_area.as_ref();
        let (source, scale, title, parts) = match plan {
            Some(plan) => (
                AreaSource::PlanArea,
                Some(plan.scale),
                plan.title.clone(),
                plan.parts.clone(),
            ),
            None => (
                AreaSource::AreaOutline,
                None,
                scenario.area.name.clone(),
                vec![Polygon::new(scenario.area.outline.clone())],
            ),
        };
        let regions: Vec<Region> = parts.iter().map(Region::of).collect();
        let region = Region::union(&regions);
        (!region.is_empty()).then(|| Self {
            source,
            scale,
            title,
            area_m2: region.area_m2(),
            sides: BoxIndex::new(region.sides().map(|(a, b)| Some((a.min(b), a.max(b))))),
            region,
        })
    }

    /// The land itself.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// Its lowest and highest x and y.
    pub fn bounds(&self) -> (DVec2, DVec2) {
        self.region.bounds().unwrap_or_default()
    }

    /// Whether a point lies in it.
    pub fn contains(&self, point: DVec2) -> bool {
        self.region.contains(point)
    }

    /// Whether a ring may lie across its edge.
    pub(super) fn may_cut(&self, ring: &[DVec2]) -> bool {
        let Some(first) = ring.first() else { return false };
        let (low, high) = ring
            .iter()
            .fold((*first, *first), |(low, high), p| (low.min(*p), high.max(*p)));
        !self.sides.touching(low, high).is_empty()
    }

    /// What of a polygon lies in it; `None` for nothing.
    pub(super) fn inside(&self, polygon: &Polygon) -> Option<Inside> {
        let whole = Region::of(polygon);
        let (low, high) = whole.bounds()?;
        let whole_m2 = whole.area_m2();
        let wholly = |region| Inside {
            region,
            share: 1.0,
            whole_m2,
        };
        // Far from every side of the area a polygon is wholly in or out, and one corner tells.
        if self.sides.touching(low, high).is_empty() {
            let corner = polygon.exterior.first()?;
            return self.contains(*corner).then(|| wholly(whole));
        }
        let region = whole.within(&self.region);
        let inside_m2 = region.area_m2();
        if inside_m2 < TOUCHING_M2.min(whole_m2 / 2.0) {
            return None;
        }
        let share = inside_m2 / whole_m2;
        if share > WHOLE {
            return Some(wholly(whole));
        }
        Some(Inside {
            region,
            share,
            whole_m2,
        })
    }
}
