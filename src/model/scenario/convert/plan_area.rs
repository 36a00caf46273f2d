//! The land that the indicators are about.

use super::{Converter, HOLE_TOLERANCE_M, text};
use crate::geometry::Polygon;
use crate::model::scenario::projection::Projection;
use crate::model::scenario::words::plan_scale;
use crate::model::scenario::{PlanArea, file};

impl Converter<'_> {
    /// The plan area with every part that can be used; `None` when none can, which is named.
    pub(super) fn plan_area(&mut self, file: &file::PlanAreaFile, projection: &Projection) -> Option<PlanArea> {
        let list = "plan_area.polygons";
        let indices = self.left_out.file_indices(list, file.polygons.len());
        let mut parts = Vec::with_capacity(file.polygons.len());
        for (polygon, index) in file.polygons.iter().zip(indices) {
            let place = format!("{list}[{index}]");
            let Some((outer, holes)) = polygon.0.split_first() else {
                continue;
            };
            let Some(exterior) = self.ring(&outer.0, &format!("{place}[0]"), projection) else {
                continue;
            };
            let holes = self.holes(holes, &place, 1, &exterior, HOLE_TOLERANCE_M, projection);
            parts.push(Polygon { exterior, holes });
        }
        if parts.is_empty() {
            let message = "nothing of it can be used; the indicators are counted within the outline of the area";
            self.error("plan_area", message);
            return None;
        }
        Some(PlanArea {
            title: text(file.title.as_ref()),
            scale: plan_scale(file.scale),
            parts,
        })
    }
}
