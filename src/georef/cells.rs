//! The map from ECEF to RD and NAP in squares of a grid over the country, each fitted once for all tiles.
//!
//! Two tiles that meet share the polynomials along their seam, so that nothing gapes there, and a square is fitted for
//! the first of them only: that takes 72 calls of PROJ or more, and one tile may lie over dozens of squares.

use super::{
    Ecef, GeorefError, RdNap,
    frame::east_north_up,
    patches::Patches,
    rdnap::{ecef_from_rd_nap, lon_lat_h_from_ecef},
};
use bevy::math::{DMat3, DVec3};
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

/// Side of a square, metres of RD.
pub(super) const CELL_M: f64 = 1_200.0;
/// What polynomials reach beyond their part of a square, metres: which part a point belongs to is told by a linear map,
/// which is some metres off at the ends of a large tile.
const MARGIN_M: f64 = 15.0;
/// Lowest and highest NAP of a square, metres.
pub(super) const HALF_HEIGHT_M: f64 = 1_000.0;
/// Most squares of one tile: some 9,000 calls of PROJ where the country is smooth, and more would not pay for itself.
const MOST_SQUARES: i64 = 128;
/// Most squares that are remembered, a few hundred bytes each: nearly the whole country.
const MOST_CELLS: usize = 40_000;

/// Column and row of a square: whole multiples of [`CELL_M`].
pub(super) type CellKey = [i32; 2];

static CELLS: LazyLock<RwLock<HashMap<CellKey, Arc<Cell>>>> = LazyLock::new(RwLock::default);

/// One square; `None` where it does not lie wholly in the grids, or is too rough for polynomials.
#[derive(Debug)]
pub(super) struct Cell(pub(super) Option<Patches>);

impl Cell {
    /// The square, fitted now if no tile has needed it yet.
    fn at(key: CellKey) -> Arc<Self> {
        let known = CELLS.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        known.unwrap_or_else(|| {
            // Two threads that need it at once fit it twice, to the same bits.
            let fitted = fit(key);
            // What went wrong for another reason than its place may go right the next time.
            let is_final = matches!(fitted, Ok(_) | Err(GeorefError::Outside { .. }));
            let cell = Arc::new(Self(fitted.ok().flatten()));
            if !is_final {
                return cell;
            }
            let mut cells = CELLS.write().unwrap_or_else(PoisonError::into_inner);
            if cells.len() >= MOST_CELLS {
                cells.clear();
            }
            cells.insert(key, Arc::clone(&cell));
            cell
        })
    }
}

fn fit([column, row]: CellKey) -> Result<Option<Patches>, GeorefError> {
    let middle = |number: i32| (f64::from(number) + 0.5) * CELL_M;
    let rd_nap = RdNap {
        x_m: middle(column),
        y_m: middle(row),
        nap_m: 0.0,
    };
    let center = ecef_from_rd_nap(rd_nap)?;
    // Along the grid, not along true north: so the square needs little room around it.
    let place = lon_lat_h_from_ecef(center)?;
    let up = east_north_up(place.lon_deg, place.lat_deg).z_axis;
    let farther_east = ecef_from_rd_nap(RdNap {
        x_m: rd_nap.x_m + CELL_M / 2.0,
        ..rd_nap
    })?;
    let north = up.cross(farther_east.0 - center.0).normalize_or_zero();
    let axes = DMat3::from_cols(north.cross(up), north, up);
    let half_m = DVec3::new(CELL_M / 2.0, CELL_M / 2.0, HALF_HEIGHT_M);
    Patches::fit(center, axes, half_m, MARGIN_M)
}

/// The squares under one tile.
#[derive(Debug, Clone)]
pub(super) struct Cells {
    /// The middle of the tile, and where it is in RD and NAP.
    pub(super) center: DVec3,
    pub(super) center_rd_nap: DVec3,
    /// RD and NAP from ECEF at the middle, to first order: tells which square a point is in.
    pub(super) jacobian: DMat3,
    /// The square in the south-west.
    pub(super) first: CellKey,
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// Rows from south to north, inside a row west to east.
    squares: Vec<Arc<Cell>>,
}

impl Cells {
    /// Those under what reaches so far around `center`, metres along the axes of RD and NAP. `None` where that is too many.
    pub(super) fn under(center: Ecef, center_rd_nap: DVec3, jacobian: DMat3, reach_m: DVec3) -> Option<Self> {
        if !(reach_m.is_finite() && reach_m.cmpge(DVec3::ZERO).all()) {
            return None;
        }
        // A little more, so that what rounding pushed over the edge is still inside.
        let reach = reach_m * 1.01 + 1.0;
        let (low, high) = (center_rd_nap - reach, center_rd_nap + reach);
        let first = [number(low.x), number(low.y)];
        let last = [number(high.x), number(high.y)];
        let span = |axis: usize| i64::from(last[axis]) - i64::from(first[axis]) + 1;
        if span(0) * span(1) > MOST_SQUARES {
            return None;
        }
        let squares = (first[1]..=last[1])
            .flat_map(|row| (first[0]..=last[0]).map(move |column| Cell::at([column, row])))
            .collect();
        let count = |axis: usize| usize::try_from(span(axis)).unwrap_or(0);
        Some(Self {
            center: center.0,
            center_rd_nap,
            jacobian,
            first,
            columns: count(0),
            rows: count(1),
            squares,
        })
    }

    /// RD and NAP of a point; `None` where no polynomial says anything (NaN included).
    #[inline]
    pub(super) fn rd_nap(&self, p: DVec3) -> Option<DVec3> {
        let near = self.center_rd_nap + self.jacobian * (p - self.center);
        let place = |v: f64, axis: usize| usize::try_from(number(v) - self.first[axis]).ok();
        let patches = self.patches(place(near.x, 0)?, place(near.y, 1)?)?;
        let offset = patches.offset(patches.patch_from_ecef * (p - patches.center_ecef))?;
        Some(patches.center_rd_nap + offset)
    }

    /// Whether none is left to PROJ.
    #[cfg(test)]
    pub(super) fn are_all_fitted(&self) -> bool {
        self.squares.iter().all(|cell| cell.0.is_some())
    }

    /// The polynomials of the square in a column and row of these.
    pub(super) fn patches(&self, column: usize, row: usize) -> Option<&Patches> {
        if column >= self.columns {
            return None;
        }
        self.squares.get(row * self.columns + column)?.0.as_ref()
    }
}

/// Column or row of a coordinate; far away where there is none.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the cast saturates, far outside the country"
)]
pub(super) fn number(v: f64) -> i32 {
    let whole = (v / CELL_M).floor();
    if whole.is_finite() {
        // Far enough for every sum and difference of two of them.
        whole.clamp(-1e6, 1e6) as i32
    } else {
        i32::MIN / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::georef::rdnap::rd_nap_from_ecef;

    #[test]
    fn neighbours_agree_along_their_seam() {
        let mut worst_m = 0.0_f64;
        for (column, row) in [(208, 396), (158, 267), (51, 314)] {
            let pair = [column, column + 1].map(|column| Cell::at([column, row]));
            let [Some(west), Some(east)] = pair.each_ref().map(|cell| cell.0.as_ref()) else {
                panic!("{column} {row} is not fitted");
            };
            for step in 0..100 {
                let at = RdNap {
                    x_m: f64::from(column + 1) * CELL_M,
                    y_m: (f64::from(row) + f64::from(step) / 100.0) * CELL_M,
                    nap_m: f64::from(step),
                };
                let ecef = ecef_from_rd_nap(at).unwrap().0;
                let of = |patches: &Patches| {
                    let offset = patches.offset(patches.patch_from_ecef * (ecef - patches.center_ecef));
                    patches.center_rd_nap + offset.unwrap()
                };
                worst_m = worst_m.max((of(west) - of(east)).length());
            }
        }
        assert!(worst_m < 0.001, "{worst_m} m");
    }

    #[test]
    fn a_square_is_fitted_once() {
        let (first, second) = (Cell::at([130, 383]), Cell::at([130, 383]));
        assert!(Arc::ptr_eq(&first, &second) && first.0.is_some());
    }

    #[test]
    fn what_has_no_square_is_left_to_proj() {
        let at = RdNap {
            x_m: 155_000.0,
            y_m: 463_000.0,
            nap_m: 5.0,
        };
        let center = ecef_from_rd_nap(at).unwrap();
        let place = lon_lat_h_from_ecef(center).unwrap();
        let jacobian = east_north_up(place.lon_deg, place.lat_deg).transpose();
        let cells = Cells::under(
            center,
            DVec3::new(at.x_m, at.y_m, at.nap_m),
            jacobian,
            DVec3::splat(50.0),
        )
        .unwrap();
        let found = cells.rd_nap(center.0).unwrap();
        let exact = rd_nap_from_ecef(center).unwrap();
        assert!((found - DVec3::new(exact.x_m, exact.y_m, exact.nap_m)).length() < 0.000_6);
        for reach in [
            DVec3::splat(8e3),
            DVec3::splat(f64::INFINITY),
            DVec3::NAN,
            DVec3::splat(-1.0),
        ] {
            assert!(Cells::under(center, DVec3::new(at.x_m, at.y_m, at.nap_m), jacobian, reach).is_none());
        }
        for away in [DVec3::splat(9e3), DVec3::splat(1e300), DVec3::NAN, DVec3::INFINITY] {
            assert_eq!(cells.rd_nap(center.0 + away), None, "{away}");
        }
        // Within the square, but higher than its polynomials.
        assert_eq!(cells.rd_nap(center.0 + center.0.normalize() * 2_000.0), None);
    }
}
