//! Where the name of a feature stands on the map.

use super::SiteFeature;
use bevy::math::DVec2;

impl SiteFeature {
    /// Where its name stands, site metres: its first point, the middle of its longest line, or inside its largest area.
    /// `None` where nothing of it has a place.
    pub fn anchor(&self) -> Option<DVec2> {
        let point = self.points.first().copied();
        let on_line = || half_way(self.longest_line()?);
        let in_area = || {
            let sized = self.areas.iter().map(|area| (area.area_m2(), area));
            let (_, largest) = sized.max_by(|a, b| a.0.total_cmp(&b.0))?;
            largest.inside_point()
        };
        point.or_else(on_line).or_else(in_area).filter(|p| p.is_finite())
    }

    /// Its longest line.
    pub fn longest_line(&self) -> Option<&[DVec2]> {
        let longest = self.lines.iter().max_by(|a, b| length_m(a).total_cmp(&length_m(b)));
        longest.map(Vec::as_slice)
    }
}

fn length_m(line: &[DVec2]) -> f64 {
    line.windows(2).map(|pair| pair[0].distance(pair[1])).sum()
}

/// The point half of the way along a line.
fn half_way(line: &[DVec2]) -> Option<DVec2> {
    let mut left = length_m(line) / 2.0;
    for pair in line.windows(2) {
        let length = pair[0].distance(pair[1]);
        if length >= left && length > 0.0 {
            return Some(pair[0].lerp(pair[1], left / length));
        }
        left -= length;
    }
    line.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Polygon;

    fn ring(corners: &[[f64; 2]]) -> Vec<DVec2> {
        corners.iter().map(|p| DVec2::from_array(*p)).collect()
    }

    #[test]
    fn a_name_stands_on_its_feature() {
        assert_eq!(SiteFeature::default().anchor(), None);
        let line = ring(&[[0.0, 0.0], [10.0, 0.0], [10.0, 30.0]]);
        let lines = SiteFeature {
            lines: vec![ring(&[[0.0, 5.0], [1.0, 5.0]]), line.clone()],
            ..SiteFeature::default()
        };
        assert_eq!(lines.anchor(), Some(DVec2::new(10.0, 10.0)));
        assert_eq!(lines.longest_line(), Some(line.as_slice()));
        let still = SiteFeature {
            lines: vec![ring(&[[3.0, 4.0], [3.0, 4.0]])],
            ..SiteFeature::default()
        };
        assert_eq!(still.anchor(), Some(DVec2::new(3.0, 4.0)));
        // A horseshoe: its centre of gravity lies outside.
        let horseshoe = ring(&[
            [0.0, 0.0],
            [30.0, 0.0],
            [30.0, 20.0],
            [28.0, 20.0],
            [28.0, 2.0],
            [2.0, 2.0],
            [2.0, 20.0],
            [0.0, 20.0],
        ]);
        let areas = SiteFeature {
            areas: vec![
                Polygon::new(ring(&[[90.0, 0.0], [91.0, 0.0], [91.0, 1.0]])),
                Polygon::new(horseshoe),
            ],
            ..SiteFeature::default()
        };
        let anchor = areas.anchor().unwrap();
        assert!(areas.areas[1].contains(anchor), "{anchor}");
        let odd = SiteFeature {
            points: vec![DVec2::NAN],
            ..areas
        };
        assert_eq!(odd.anchor(), None);
    }
}
