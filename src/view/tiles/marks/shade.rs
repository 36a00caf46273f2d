//! Colours for points that have none: from dark near the ground to light above it, so that roofs and trees tell
//! themselves apart from what lies below them. Pure functions.

use crate::georef::{SitePos, site_axes};
use crate::view::palette::Rgb;
use bevy::{
    math::{DVec2, Vec3},
    platform::collections::HashMap,
};

/// Near the ground, and high above it: neither as light as the table below nor as dark as lines.
const LOW: Rgb = [0x6F, 0x69, 0x60];
const HIGH: Rgb = [0xF0, 0xEA, 0xDF];
/// From this height above the ground on nothing gets lighter, metres.
const SHADED_M: f64 = 12.0;
/// Side of a square in which the lowest point stands for the ground, metres.
const SQUARE_M: f64 = 20.0;

/// One colour for each point.
pub(super) fn by_height(origin: SitePos, positions: &[[f32; 3]]) -> Vec<[u8; 4]> {
    let site = |p: &[f32; 3]| origin.0 + site_axes(Vec3::from_array(*p).as_dvec3());
    let mut lowest: HashMap<(i64, i64), f64> = HashMap::default();
    for place in positions.iter().map(site) {
        let low = lowest
            .entry(square(place.truncate() / SQUARE_M))
            .or_insert(f64::INFINITY);
        *low = low.min(place.z);
    }
    let color = |p: &[f32; 3]| {
        let place = site(p);
        let at = place.truncate() / SQUARE_M;
        let own = lowest.get(&square(at)).copied().unwrap_or(place.z);
        // Between the middles of four squares, so that no border shows.
        let corner = at - 0.5;
        let share = corner - corner.floor();
        let low = |x: f64, y: f64| lowest.get(&square(corner + DVec2::new(x, y))).copied().unwrap_or(own);
        let (south, north) = (
            mix(low(0.0, 0.0), low(1.0, 0.0), share.x),
            mix(low(0.0, 1.0), low(1.0, 1.0), share.x),
        );
        let above_m = place.z - mix(south, north, share.y);
        let part = (above_m / SHADED_M).clamp(0.0, 1.0);
        let [r, g, b] = std::array::from_fn(|i| byte(mix(f64::from(LOW[i]), f64::from(HIGH[i]), part)));
        [r, g, b, 255]
    };
    positions.iter().map(color).collect()
}

fn mix(a: f64, b: f64, part: f64) -> f64 {
    a + (b - a) * part
}

#[expect(clippy::cast_possible_truncation, reason = "saturates")]
fn square(at: DVec2) -> (i64, i64) {
    let at = at.floor();
    (at.x as i64, at.y as i64)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between two bytes"
)]
fn byte(value: f64) -> u8 {
    value.round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::math::DVec3;

    #[test]
    fn the_same_height_above_sloping_ground_has_about_the_same_colour() {
        // Ground that rises by 5 in 100 towards the east, and the same 6 m above it.
        let ground =
            (0..200_u8).flat_map(|x| (0..40_u8).map(move |y| [f32::from(x), 0.05 * f32::from(x), f32::from(y)]));
        let ground: Vec<[f32; 3]> = ground.collect();
        let roofs = ground.iter().map(|[x, y, z]| [*x, *y + 6.0, *z]);
        let all: Vec<[f32; 3]> = ground.iter().copied().chain(roofs).collect();
        let colors = by_height(SitePos(DVec3::new(3.0, 7.0, 100.0)), &all);
        let (low, high) = colors.split_at(ground.len());
        let lightest = low.iter().map(|color| color[0]).max().unwrap();
        let darkest = high.iter().map(|color| color[0]).min().unwrap();
        assert!(lightest < 0x6F + 22 && darkest > 0x6F + 55, "{lightest} {darkest}");
        let mut steps = low.chunks(40).map(|column| i16::from(column[20][0]));
        let mut before = steps.next().unwrap();
        for next in steps {
            assert!(
                (next - before).abs() <= 5,
                "no border between squares shows: {before} to {next}"
            );
            before = next;
        }
    }

    #[test]
    fn a_lone_point_lies_on_the_ground() {
        let [r, g, b] = LOW;
        assert_eq!(by_height(SitePos(DVec3::ZERO), &[[1.0, 2.0, 3.0]]), [[r, g, b, 255]]);
        assert!(by_height(SitePos(DVec3::ZERO), &[]).is_empty());
    }
}
