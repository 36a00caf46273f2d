//! How wide the discs of a piece have to be, where tiles below add finer points to it. Pure functions.

use bevy::math::DVec3;

/// Widths in the eighths of a piece, metres: by east (1), north (2) and up (4).
pub(super) type Widths = [f32; 8];

/// A piece of a tile that is drawn: the box around it in the site frame, and the width that its own points ask for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    pub(super) low: DVec3,
    pub(super) high: DVec3,
    pub(super) width_m: f32,
}

/// Narrows the eighths of `coarse` that `fine` fills: a coarse disc would lie over what is finer.
pub(super) fn narrow_where_filled(widths: &mut Widths, coarse: &Place, fine: &Place) {
    let quarter = (coarse.high - coarse.low) / 4.0;
    for (eighth, width) in widths.iter_mut().enumerate() {
        let side = |bit: usize| if eighth & bit == 0 { 1.0 } else { 3.0 };
        let middle = coarse.low + quarter * DVec3::new(side(1), side(2), side(4));
        if middle.cmpge(fine.low).all() && middle.cmple(fine.high).all() {
            *width = width.min(fine.width_m);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_eighths_that_are_filled_get_narrower() {
        let coarse = Place {
            low: DVec3::ZERO,
            high: DVec3::splat(8.0),
            width_m: 4.0,
        };
        let north_east = Place {
            low: DVec3::new(4.0, 4.0, 0.0),
            high: DVec3::new(8.0, 8.0, 3.0),
            width_m: 1.0,
        };
        let mut widths = [4.0; 8];
        narrow_where_filled(&mut widths, &coarse, &north_east);
        assert_eq!(
            widths.map(f32::to_bits),
            [4.0, 4.0, 4.0, 1.0, 4.0, 4.0, 4.0, 4.0].map(f32::to_bits)
        );
        let wider = Place {
            high: DVec3::splat(9.0),
            low: DVec3::ZERO,
            width_m: 9.0,
        };
        narrow_where_filled(&mut widths, &coarse, &wider);
        assert!(widths[0] < 4.5, "what is coarser below changes nothing");
    }
}
