//! Which measured point a line of sight meets: the foremost of those within a few pixels of it.

use super::clouds::narrow_m;
use crate::georef::{SitePos, narrow, render_axes, site_axes};
use crate::model::points::PointFacts;
use bevy::math::{DVec3, Vec3};

/// Points in a row that share a ball.
const BALL: usize = 64;
/// How far beside the line a point may lie, pixels.
const NEAR_PX: f64 = 3.0;
/// A point this much further away is as good as one that lies so much further beside the line.
const DEPTH_FOR_ASIDE: f32 = 3.0;

/// A measured point that was picked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickedPoint {
    /// Id of its layer.
    pub layer: String,
    /// What is known of it.
    pub facts: PointFacts,
}

/// Points as picking sees them: offsets from a place, render axes, neighbours together, and what is known of each.
pub struct PickPoints<F = PointFacts> {
    origin: SitePos,
    positions: Vec<[f32; 3]>,
    facts: Vec<F>,
    /// Middle and radius of the ball around each run of points.
    balls: Vec<(Vec3, f32)>,
    whole: (Vec3, f32),
}

/// A line of sight.
#[derive(Debug, Clone, Copy)]
pub struct Sight {
    /// Where it starts.
    pub eye: SitePos,
    /// Where it goes, unit length.
    pub direction: DVec3,
    /// Metres that a pixel covers for each metre of distance.
    pub metres_per_pixel: f64,
}

/// A point that was met.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PointHit<F = PointFacts> {
    /// Where it is.
    pub position: SitePos,
    /// How far along the line, metres.
    pub distance_m: f64,
    /// The less the better among points that were met.
    pub score: f32,
    /// What is known of it.
    pub facts: F,
    /// Which of the points it is.
    pub number: usize,
}

impl<F: Copy> PickPoints<F> {
    /// Takes points whose offsets start at `origin`.
    pub fn new(origin: SitePos, positions: Vec<[f32; 3]>, facts: Vec<F>) -> Self {
        let balls: Vec<(Vec3, f32)> = positions.chunks(BALL).map(ball).collect();
        Self {
            origin,
            whole: ball(&positions),
            balls,
            positions,
            facts,
        }
    }

    /// How many points.
    pub fn count(&self) -> usize {
        self.positions.len()
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> u64 {
        (size_of_val(&*self.positions) + size_of_val(&*self.facts) + size_of_val(&*self.balls)) as u64
    }

    #[cfg(test)]
    pub(super) fn positions(&self) -> &[[f32; 3]] {
        &self.positions
    }

    /// The best point that `sight` meets of those that are shown; discs are `size_m` wide.
    pub fn cast(&self, sight: &Sight, size_m: f32, is_shown: impl Fn(&F) -> bool) -> Option<PointHit<F>> {
        let eye = Vec3::from_array(narrow(render_axes(sight.eye.0 - self.origin.0)));
        let direction = Vec3::from_array(narrow(render_axes(sight.direction)));
        let slope = narrow_m(sight.metres_per_pixel * NEAR_PX);
        // How far beside the line counts at a distance along it.
        let reach = |away: f32| (away * slope).max(0.5 * size_m);
        let is_near = |(middle, radius): (Vec3, f32)| {
            let to = middle - eye;
            let along = to.dot(direction);
            let furthest = along + radius;
            let aside = radius + reach(furthest.max(0.0));
            furthest > 0.0 && (to - direction * along).length_squared() <= aside * aside
        };
        if self.positions.is_empty() || !is_near(self.whole) {
            return None;
        }
        let mut best: Option<(f32, f32, usize)> = None;
        for (number, ball) in self.balls.iter().enumerate() {
            if !is_near(*ball) {
                continue;
            }
            let first = number * BALL;
            for (at, position) in (first..).zip(self.positions.iter().skip(first).take(BALL)) {
                let to = Vec3::from_array(*position) - eye;
                let along = to.dot(direction);
                let aside = (to - direction * along).length();
                if along <= 0.0 || aside > reach(along) {
                    continue;
                }
                let score = along + DEPTH_FOR_ASIDE * aside;
                let is_better = best.is_none_or(|(least, ..)| score < least);
                if is_better && self.facts.get(at).is_some_and(&is_shown) {
                    best = Some((score, along, at));
                }
            }
        }
        let (score, along, at) = best?;
        let offset = DVec3::from_array(self.positions.get(at)?.map(f64::from));
        Some(PointHit {
            position: SitePos(self.origin.0 + site_axes(offset)),
            distance_m: f64::from(along),
            score,
            facts: *self.facts.get(at)?,
            number: at,
        })
    }
}

/// Middle and radius of a ball around points.
fn ball(points: &[[f32; 3]]) -> (Vec3, f32) {
    let all = || points.iter().map(|p| Vec3::from_array(*p));
    let low = all().fold(Vec3::INFINITY, Vec3::min);
    let high = all().fold(Vec3::NEG_INFINITY, Vec3::max);
    let middle = (low + high) * 0.5;
    (middle, all().map(|p| p.distance(middle)).fold(0.0, f32::max))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ground of 100 by 100 points a metre apart, and a pole of class 6 at 50, 50, up to 10 m.
    fn scene() -> PickPoints {
        let ground = (0..10_000_u16).map(|n| ([f32::from(n % 100), 0.0, -f32::from(n / 100)], 2));
        let pole = (1..=10_u8).map(|n| ([50.0, f32::from(n), -50.0], 6));
        let (positions, facts) = ground
            .chain(pole)
            .map(|(position, class)| {
                let facts = PointFacts {
                    class,
                    ..PointFacts::default()
                };
                (position, facts)
            })
            .unzip();
        PickPoints::new(SitePos(DVec3::new(1000.0, 2000.0, 5.0)), positions, facts)
    }

    fn sight(eye: DVec3, at: DVec3) -> Sight {
        Sight {
            eye: SitePos(eye),
            direction: (at - eye).normalize(),
            metres_per_pixel: 0.001,
        }
    }

    #[test]
    fn the_foremost_point_near_the_line_is_met_where_it_is() {
        let scene = scene();
        let from_above = sight(DVec3::new(1050.1, 2050.0, 105.0), DVec3::new(1050.1, 2050.0, 5.0));
        let hit = scene.cast(&from_above, 0.5, |_| true).unwrap();
        assert_eq!((hit.position.0, hit.facts.class), (DVec3::new(1050.0, 2050.0, 15.0), 6));
        assert!((hit.distance_m - 90.0).abs() < 1e-3, "{hit:?}");
        let below = scene.cast(&from_above, 0.5, |facts| facts.class != 6).unwrap();
        assert_eq!(
            (below.position.0.z, below.facts.class),
            (5.0, 2),
            "what is hidden is not there"
        );
    }

    #[test]
    fn what_lies_beside_or_behind_is_not_met() {
        let scene = scene();
        let between = sight(DVec3::new(1020.5, 2020.5, 15.0), DVec3::new(1020.5, 2020.5, 5.0));
        assert!(
            scene.cast(&between, 0.1, |_| true).is_none(),
            "0.7 m beside four points"
        );
        assert!(
            scene.cast(&between, 1.5, |_| true).is_some(),
            "their discs cover the place"
        );
        let away = sight(DVec3::new(1050.0, 2050.0, 25.0), DVec3::new(1050.0, 2050.0, 35.0));
        assert!(scene.cast(&away, 1.0, |_| true).is_none());
        assert!(
            PickPoints::<PointFacts>::new(SitePos(DVec3::ZERO), Vec::new(), Vec::new())
                .cast(&away, 1.0, |_| true)
                .is_none()
        );
    }

    #[test]
    fn balls_change_nothing_but_the_time_it_takes() {
        let scene = scene();
        for step in 0..40_i32 {
            let to = DVec3::new(1000.0 + f64::from(step) * 2.5, 2000.0 + f64::from(step * 7 % 100), 5.0);
            let sight = sight(DVec3::new(950.0, 1900.0, 60.0), to);
            let found = scene.cast(&sight, 0.3, |_| true);
            let eye = Vec3::from_array(narrow(render_axes(sight.eye.0 - scene.origin.0)));
            let direction = Vec3::from_array(narrow(render_axes(sight.direction)));
            let best = scene
                .positions
                .iter()
                .filter_map(|p| {
                    let to = Vec3::from_array(*p) - eye;
                    let along = to.dot(direction);
                    let aside = (to - direction * along).length();
                    (aside <= (along * 0.003).max(0.15)).then_some(along + DEPTH_FOR_ASIDE * aside)
                })
                .min_by(f32::total_cmp);
            assert_eq!(found.map(|hit| hit.score), best, "at step {step}");
        }
    }
}
