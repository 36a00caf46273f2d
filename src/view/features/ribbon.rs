//! Lines as ribbons. A vertex lies on the line itself and knows which way is aside; the shader moves it aside by half the
//! width, which may be one on the ground or one on the screen.

use super::pieces::{COLOR, Ground, Meshes};
use crate::georef::{narrow, render_axes};
use bevy::{math::DVec2, prelude::Vec3};

/// At a corner the ribbon gets wider by up to this factor; beyond it the corner is cut off.
const MOST_MITER: f64 = 1.6;

/// One place of a line and the way aside there, with its length as a part of half the width.
struct Station {
    at: DVec2,
    aside: DVec2,
}

/// Adds a line to the meshes: as it is drawn, and `width_m` wide as it is picked.
pub(super) fn draw(meshes: &mut Meshes, line: &[DVec2], ground: &Ground, width_m: f64, above_m: f64, number: u32) {
    let stations = stations(line, ground);
    let mut before: Option<([u32; 2], [u32; 2])> = None;
    for Station { at, aside } in stations {
        let middle = ground.offset(at, above_m);
        // On a slope the ribbon leans with the ground.
        let rise = |p: DVec2| ground.terrain.height_at(at + p) - ground.terrain.height_at(at - p);
        let lean = Vec3::from_array(narrow(render_axes(aside.extend(rise(aside) / 2.0))));
        let drawn = [lean, -lean].map(|aside| meshes.lines.vertex(middle, aside, number, COLOR));
        let [half, ..] = narrow(bevy::math::DVec3::splat(width_m / 2.0));
        let picked = [lean, -lean].map(|aside| meshes.wide_lines.vertex(middle + aside * half, Vec3::Y, number, COLOR));
        if let Some((drawn_before, picked_before)) = before {
            meshes.lines.indices.extend(strip(drawn_before, drawn));
            meshes.wide_lines.indices.extend(strip(picked_before, picked));
        }
        before = Some((drawn, picked));
    }
}

fn strip([a, b]: [u32; 2], [c, d]: [u32; 2]) -> [u32; 6] {
    [a, b, d, a, d, c]
}

fn stations(line: &[DVec2], ground: &Ground) -> Vec<Station> {
    let is_closed = line.len() > 3 && line.first() == line.last();
    let sides: Vec<DVec2> = line
        .windows(2)
        .map(|ends| (ends[1] - ends[0]).normalize_or_zero().perp())
        .collect();
    let mut stations = Vec::with_capacity(line.len());
    let last = sides.len().saturating_sub(1);
    for (place, (ends, side)) in line.windows(2).zip(&sides).enumerate() {
        let before = match place {
            0 => is_closed.then(|| sides.get(last)).flatten(),
            _ => sides.get(place - 1),
        };
        corner(&mut stations, ends[0], before.copied(), *side);
        let steps = ground.steps(ends[0].distance(ends[1]));
        for step in 1..steps {
            stations.push(Station {
                at: ends[0].lerp(ends[1], f64::from(step) / f64::from(steps)),
                aside: *side,
            });
        }
        if place == last {
            let after = if is_closed { sides.first().copied() } else { None };
            corner(&mut stations, ends[1], Some(*side), after.unwrap_or(*side));
        }
    }
    stations
}

/// One station where two sides meet gently, two where they meet sharply.
fn corner(stations: &mut Vec<Station>, at: DVec2, before: Option<DVec2>, after: DVec2) {
    let before = before.unwrap_or(after);
    let half = (before + after).normalize_or_zero();
    let miter = 1.0 / half.dot(after).max(1e-6);
    if miter <= MOST_MITER {
        stations.push(Station {
            at,
            aside: half * miter,
        });
        return;
    }
    stations.extend([before, after].map(|aside| Station { at, aside }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Terrain;

    fn asides(line: &[[f64; 2]]) -> Vec<DVec2> {
        let terrain = Terrain::flat();
        let line: Vec<DVec2> = line.iter().map(|p| DVec2::from_array(*p)).collect();
        let stations = stations(&line, &Ground::flat(&terrain));
        stations.into_iter().map(|station| station.aside).collect()
    }

    #[test]
    fn a_gentle_corner_is_mitred_and_a_sharp_one_cut() {
        let found = asides(&[[0.0, 0.0], [10.0, 0.0], [10.0, 10.0]]);
        assert_eq!(found[0], DVec2::Y);
        assert!(found[1].distance(DVec2::new(-1.0, 1.0)) < 1e-9, "{found:?}");
        assert_eq!(found[2], DVec2::NEG_X);
        let sharp = asides(&[[0.0, 0.0], [10.0, 0.0], [0.0, 1.0]]);
        assert_eq!(sharp.len(), 4);
    }

    #[test]
    fn a_closed_line_meets_itself() {
        let found = asides(&[[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0], [0.0, 0.0]]);
        assert!(found[0].distance(found[4]) < 1e-9, "{found:?}");
    }
}
