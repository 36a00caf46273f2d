//! A coarse picture of a thing, to tell without a line of sight that a place lies deep within its outline:
//! of a roof full of detail, most edges do.

use super::thing::Thing;
use crate::georef::SitePos;
use crate::view::site_view::SiteView;
use bevy::math::DVec2;

/// Side of a cell, points. A niche wide enough to be drawn holds the middle of some cell.
const CELL_PT: f64 = 4.0;

/// Which cells of the picture have their middle in the thing.
pub(super) struct Mask {
    cell_px: f64,
    columns: usize,
    rows: usize,
    is_filled: Vec<bool>,
}

impl Mask {
    /// Paints `thing`. Faces that reach behind the eye are left out.
    pub(super) fn new(thing: &Thing, view: &SiteView) -> Self {
        let cell_px = CELL_PT * view.pixels_per_point;
        let size = (view.size_px / cell_px).ceil().max(DVec2::ONE);
        let (columns, rows) = (whole(size.x), whole(size.y));
        let mut mask = Self {
            cell_px,
            columns,
            rows,
            is_filled: vec![false; columns * rows],
        };
        let place = |p| view.pixel(SitePos(p)).map(|(pixel, _)| pixel / cell_px - 0.5);
        let corners: Vec<Option<DVec2>> = thing.corners().iter().copied().map(place).collect();
        for face in thing.faces() {
            if let [Some(a), Some(b), Some(c)] = face.map(|i| corners.get(i as usize).copied().flatten()) {
                mask.paint(a, b, c);
            }
        }
        mask
    }

    /// Paints the cells whose middle, a whole number here, lies in a triangle.
    fn paint(&mut self, a: DVec2, b: DVec2, c: DVec2) {
        let low = a.min(b).min(c).ceil().max(DVec2::ZERO);
        let last = DVec2::new(float(self.columns), float(self.rows)) - 1.0;
        let high = a.max(b).max(c).floor().min(last);
        let turn = (b - a).perp_dot(c - a);
        if !turn.is_finite() || turn.abs() < 1e-9 || low.x > high.x || low.y > high.y {
            return;
        }
        let inside = |p: DVec2, from: DVec2, to: DVec2| (to - from).perp_dot(p - from) * turn >= 0.0;
        let mut p = low;
        while p.y <= high.y {
            let start = whole(p.y) * self.columns;
            p.x = low.x;
            while p.x <= high.x {
                if inside(p, a, b)
                    && inside(p, b, c)
                    && inside(p, c, a)
                    && let Some(cell) = self.is_filled.get_mut(start + whole(p.x))
                {
                    *cell = true;
                }
                p.x += 1.0;
            }
            p.y += 1.0;
        }
    }

    /// Whether the cell around a pixel and all its neighbours are filled.
    pub(super) fn is_deep(&self, pixel: DVec2) -> bool {
        let cell = (pixel / self.cell_px).floor();
        let is_inner =
            cell.x >= 1.0 && cell.y >= 1.0 && cell.x + 1.0 < float(self.columns) && cell.y + 1.0 < float(self.rows);
        if !is_inner {
            return false;
        }
        let first = (whole(cell.y) - 1) * self.columns + whole(cell.x) - 1;
        (0..3).all(|row| {
            let start = first + row * self.columns;
            self.is_filled.get(start..start + 3) == Some(&[true; 3][..])
        })
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a picture, never negative"
)]
fn whole(number: f64) -> usize {
    number as usize
}

#[expect(clippy::cast_precision_loss, reason = "the side of a picture")]
fn float(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::outline::thing::tests::block;
    use bevy::math::DVec3;

    #[test]
    fn only_what_lies_well_within_is_deep() {
        let faces = block(DVec3::new(-5.0, 100.0, -4.0), DVec3::new(5.0, 110.0, 4.0));
        let thing = Thing::new(faces.into_iter()).unwrap();
        let eye = SitePos(DVec3::ZERO);
        let view = SiteView::looking(eye, 0.0, 0.0, DVec2::new(800.0, 600.0));
        let mask = Mask::new(&thing, &view);
        let mut deep = 0;
        for x in 0..800_u32 {
            for y in 0..600_u32 {
                let p = DVec2::new(f64::from(x), f64::from(y)) + 0.5;
                if mask.is_deep(p) {
                    deep += 1;
                    for aside in [DVec2::X, DVec2::Y, DVec2::NEG_X, DVec2::NEG_Y] {
                        assert!(thing.is_met(eye, view.ray(p + aside * 3.0)), "{p}");
                    }
                }
            }
        }
        // The front is 72 by 58 pixels.
        assert!((2000..4200).contains(&deep), "{deep}");
        assert!(!mask.is_deep(DVec2::new(-1e9, f64::NAN)));
    }
}
