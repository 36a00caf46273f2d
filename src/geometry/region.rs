//! Land with any number of parts and holes, and what is left of it when other land is taken away (over `geo`).
//!
//! Every region is merged: none of its ground is in it twice, so its area is the area of the ground. A ring counts
//! by its winding (positive fill), which makes lists of overlapping polygons safe to cut with and to unite. Unlike
//! [`polygon::difference`](super::polygon::difference) nothing is repaired: rings that cross themselves are for the
//! model to refuse. Areas are right to the grid that `geo` rounds to, about a billionth of the extent.

use super::polygon::{Polygon, signed_area_m2};
use bevy::math::DVec2;
use geo::bool_ops::FillRule;
use geo::{Area, BooleanOps, Coord, LineString, MultiPolygon, OpType, unary_union};

/// A piece of land, site metres.
#[derive(Debug, Clone, PartialEq)]
pub struct Region(MultiPolygon);

impl Default for Region {
    fn default() -> Self {
        Self(MultiPolygon::new(Vec::new()))
    }
}

impl Region {
    /// One polygon whose rings do not cross, wound either way; empty when it has no area.
    pub fn of(polygon: &Polygon) -> Self {
        let turned = |ring: &[DVec2], is_hole: bool| {
            let mut ring: Vec<DVec2> = ring.iter().copied().filter(|p| p.is_finite()).collect();
            if (signed_area_m2(&ring) < 0.0) != is_hole {
                ring.reverse();
            }
            ring.extend(ring.first().copied());
            ring.iter().map(|p| Coord { x: p.x, y: p.y }).collect::<LineString>()
        };
        let outer = turned(&polygon.exterior, false);
        let holes = polygon.holes.iter().filter(|hole| hole.len() >= 3);
        let whole = geo::Polygon::new(outer, holes.map(|hole| turned(hole, true)).collect());
        if whole.exterior().0.len() < 4 || whole.unsigned_area() <= 0.0 {
            return Self::default();
        }
        Self(MultiPolygon::new(vec![whole]))
    }

    /// All regions as one.
    pub fn union<'a>(regions: impl IntoIterator<Item = &'a Self>) -> Self {
        let filled: Vec<&MultiPolygon> = regions.into_iter().map(|r| &r.0).filter(|r| !r.0.is_empty()).collect();
        match filled.as_slice() {
            [] => Self::default(),
            [one] => Self((*one).clone()),
            several => Self(unary_union(several.iter().copied())),
        }
    }

    /// What lies in both.
    #[must_use]
    pub fn within(&self, other: &Self) -> Self {
        if self.is_empty() || other.is_empty() {
            return Self::default();
        }
        let rule = FillRule::Positive;
        Self(self.0.boolean_op_with_fill_rule(&other.0, OpType::Intersection, rule))
    }

    /// What lies in none of the others, which may overlap each other.
    #[must_use]
    pub fn without<'a>(&self, others: impl IntoIterator<Item = &'a Self>) -> Self {
        let cut: Vec<geo::Polygon> = others.into_iter().flat_map(|other| other.0.0.iter().cloned()).collect();
        if self.is_empty() || cut.is_empty() {
            return self.clone();
        }
        let (cut, rule) = (MultiPolygon::new(cut), FillRule::Positive);
        Self(self.0.boolean_op_with_fill_rule(&cut, OpType::Difference, rule))
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.0.is_empty()
    }

    /// Its area, m².
    pub fn area_m2(&self) -> f64 {
        self.0.unsigned_area()
    }

    /// Lowest and highest x and y; `None` when empty.
    pub fn bounds(&self) -> Option<(DVec2, DVec2)> {
        let corners = self.0.iter().flat_map(|polygon| polygon.exterior().coords());
        corners.map(|c| DVec2::new(c.x, c.y)).fold(None, |bounds, p| {
            Some(bounds.map_or((p, p), |(low, high): (DVec2, DVec2)| (low.min(p), high.max(p))))
        })
    }

    /// Its parts, the outer rings counter-clockwise and the holes clockwise.
    pub fn parts(&self) -> Vec<Polygon> {
        let open = |ring: &LineString| -> Vec<DVec2> {
            let corners = &ring.0[..ring.0.len().saturating_sub(1)];
            corners.iter().map(|c| DVec2::new(c.x, c.y)).collect()
        };
        let part = |polygon: &geo::Polygon| Polygon {
            exterior: open(polygon.exterior()),
            holes: polygon.interiors().iter().map(open).collect(),
        };
        self.0.iter().map(part).collect()
    }

    /// Sides of all rings.
    pub fn sides(&self) -> impl Iterator<Item = (DVec2, DVec2)> + '_ {
        let rings = self
            .0
            .iter()
            .flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()));
        rings.flat_map(LineString::lines).map(|line| {
            (
                DVec2::new(line.start.x, line.start.y),
                DVec2::new(line.end.x, line.end.y),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: f64, y: f64, size: f64) -> Polygon {
        let corner = |(u, v): (f64, f64)| DVec2::new(x + u * size, y + v * size);
        Polygon::new([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map(corner).into())
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-5
    }

    #[test]
    fn winding_does_not_matter_and_holes_stay_open() {
        for is_outer_turned in [false, true] {
            for is_hole_turned in [false, true] {
                let mut court = square(0.0, 0.0, 10.0);
                court.holes = vec![square(2.0, 2.0, 4.0).exterior];
                if is_outer_turned {
                    court.exterior.reverse();
                }
                if is_hole_turned {
                    court.holes[0].reverse();
                }
                let region = Region::of(&court);
                assert!(near(region.area_m2(), 84.0));
                let [part] = region.parts().try_into().unwrap();
                assert!(part.contains(DVec2::splat(1.0)) && !part.contains(DVec2::splat(3.0)));
                assert!(signed_area_m2(&part.exterior) > 0.0 && signed_area_m2(&part.holes[0]) < 0.0);
                assert!(near(region.within(&Region::of(&square(0.0, 0.0, 4.0))).area_m2(), 12.0));
                assert!(near(
                    Region::of(&square(0.0, 0.0, 10.0)).without([&region]).area_m2(),
                    16.0
                ));
                assert_eq!(region.sides().count(), 8);
            }
        }
    }

    #[test]
    fn ground_under_two_counts_once() {
        let (a, b) = (Region::of(&square(0.0, 0.0, 10.0)), Region::of(&square(5.0, 5.0, 10.0)));
        assert!(near(Region::union([&a, &b]).area_m2(), 175.0));
        let field = Region::of(&square(-5.0, -5.0, 30.0));
        assert!(near(field.without([&a, &b, &a]).area_m2(), 725.0));
        assert_eq!(field.bounds(), Some((DVec2::splat(-5.0), DVec2::splat(25.0))));
    }

    #[test]
    fn without_area_there_is_no_land() {
        for ring in [
            vec![],
            vec![DVec2::ZERO; 4],
            vec![DVec2::ZERO, DVec2::X, DVec2::splat(f64::NAN)],
        ] {
            let none = Region::of(&Polygon::new(ring));
            let some = Region::of(&square(0.0, 0.0, 1.0));
            assert!(none.is_empty() && none.bounds().is_none() && none.within(&some).is_empty());
            assert!(near(some.without([&none]).area_m2(), 1.0) && near(Region::union([&none, &some]).area_m2(), 1.0));
        }
    }
}
