//! Land with any number of parts and holes, and what is left of it when other land is taken away (over `geo`).
//!
//! Every region is merged: none of its ground is in it twice, so its area is the area of the ground. A ring counts
//! by its winding (positive fill), which makes lists of overlapping polygons safe to cut with and to unite. Unlike
//! [`polygon::difference`](super::polygon::difference) nothing is repaired: rings that cross themselves are for the
//! model to refuse. Areas are right to the grid that `geo` rounds to, about a billionth of the extent.
//!
//! A region is a set of wound rings and nothing else: which outer ring `geo` lists a hole under never matters, since it
//! may be the wrong one where rings all but touch. What an operation gives is wound anew before it is kept, since `geo`
//! winds a hole that touches the outer ring in a point the wrong way, and the next operation would count the ground in it.

use super::polygon::{Polygon, is_left_of_side, signed_area_m2};
use bevy::math::DVec2;
use geo::bool_ops::FillRule;
use geo::orient::{Direction, Orient};
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
    /// What an operation gave, with its outer rings counter-clockwise and its holes clockwise.
    fn wound(result: &MultiPolygon) -> Self {
        Self(result.orient(Direction::Default))
    }

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
            several => Self::wound(&unary_union(several.iter().copied())),
        }
    }

    /// What lies in both.
    #[must_use]
    pub fn within(&self, other: &Self) -> Self {
        if self.is_empty() || other.is_empty() {
            return Self::default();
        }
        let rule = FillRule::Positive;
        Self::wound(&self.0.boolean_op_with_fill_rule(&other.0, OpType::Intersection, rule))
    }

    /// What lies in none of the others, which may overlap each other.
    #[must_use]
    pub fn without<'a>(&self, others: impl IntoIterator<Item = &'a Self>) -> Self {
        let cut: Vec<geo::Polygon> = others.into_iter().flat_map(|other| other.0.0.iter().cloned()).collect();
        if self.is_empty() || cut.is_empty() {
            return self.clone();
        }
        let (cut, rule) = (MultiPolygon::new(cut), FillRule::Positive);
        Self::wound(&self.0.boolean_op_with_fill_rule(&cut, OpType::Difference, rule))
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.0.is_empty()
    }

    /// Its area, m².
    pub fn area_m2(&self) -> f64 {
        // Signed, or a hole listed under a smaller outer ring than its own would add ground.
        self.0.signed_area().max(0.0)
    }

    /// The part with the largest surface, with its holes; `None` when empty.
    pub fn largest(&self) -> Option<Polygon> {
        let parts = super::polygon::parts_of(&self.0);
        parts.into_iter().max_by(|a, b| a.area_m2().total_cmp(&b.area_m2()))
    }

    /// Whether a point lies in it.
    pub fn contains(&self, point: DVec2) -> bool {
        self.sides().filter(|(a, b)| is_left_of_side(point, *a, *b)).count() % 2 == 1
    }

    /// Lowest and highest x and y; `None` when empty.
    pub fn bounds(&self) -> Option<(DVec2, DVec2)> {
        let corners = self.0.iter().flat_map(|polygon| polygon.exterior().coords());
        corners.map(|c| DVec2::new(c.x, c.y)).fold(None, |bounds, p| {
            Some(bounds.map_or((p, p), |(low, high): (DVec2, DVec2)| (low.min(p), high.max(p))))
        })
    }

    /// Sides of all rings, with the land to their left.
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
                assert!(region.contains(DVec2::splat(1.0)) && !region.contains(DVec2::splat(3.0)));
                assert!(!region.contains(DVec2::splat(11.0)));
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
    fn a_hole_that_touches_the_outer_ring_in_a_corner_stays_open() {
        // A notch at 20,24, where the corner of what is taken away lies too.
        let field = Region::of(&square(12.0, 12.0, 13.0)).without([&Region::of(&square(20.0, 24.0, 5.0))]);
        let pit = Region::of(&square(18.0, 22.0, 2.0));
        let open = field.without([&pit]);
        assert!(near(open.area_m2(), field.area_m2() - 4.0));
        assert!(!open.contains(DVec2::new(19.0, 23.0)) && open.contains(DVec2::new(17.0, 23.0)));
        let aside = Region::of(&square(8.0, 16.0, 5.0));
        assert!(near(open.without([&aside]).area_m2(), field.area_m2() - 4.0 - 5.0));
        assert!(near(
            Region::union([&open, &aside]).area_m2(),
            field.area_m2() - 4.0 + 20.0
        ));
        assert!(near(open.within(&pit).area_m2(), 0.0));
        assert!(near(pit.without([&open]).area_m2(), 4.0));
    }

    #[test]
    fn a_hole_listed_under_another_part_is_still_a_hole_of_the_land() {
        let ring = |x: f64, y: f64, size: f64, is_hole: bool| {
            let mut ring: Vec<(f64, f64)> = square(x, y, size).exterior.iter().map(|p| (p.x, p.y)).collect();
            ring.push(ring[0]);
            if is_hole {
                ring.reverse();
            }
            LineString::from(ring)
        };
        let field = geo::Polygon::new(ring(0.0, 0.0, 20.0, false), vec![ring(1.0, 1.0, 6.0, true)]);
        let island = geo::Polygon::new(ring(2.0, 2.0, 2.0, false), vec![ring(10.0, 10.0, 3.0, true)]);
        let land = Region(MultiPolygon::new(vec![field, island]));
        assert!(near(land.area_m2(), 400.0 - 36.0 + 4.0 - 9.0));
        let [hole, of_island, of_field] = [11.0, 3.0, 15.0].map(|at| land.contains(DVec2::splat(at)));
        assert!(!hole && of_island && of_field);
        let cut = land.without([&Region::of(&square(9.0, 9.0, 5.0))]);
        assert!(near(cut.area_m2(), land.area_m2() - 16.0));
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
