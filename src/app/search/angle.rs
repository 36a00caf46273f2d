//! From where a found place is seen best: as the camera looks now if it can be seen from there, else from the nearest
//! direction from which no registered building stands before it.

use crate::georef::SitePos;
use crate::model::BuildingRegister;
use crate::view::camera::Orbit;
use bevy::math::{DVec2, DVec3};
use std::f64::consts::{PI, TAU};

/// How far away a place is looked at from at least, metres.
const NEAREST_M: f64 = 110.0;
/// How far down it is looked at, radians: steep enough to see a street between houses, flat enough to see fronts.
const PITCH_RAD: f64 = -PI / 4.5;
/// Steeper, for a place that is seen from nowhere at that angle.
const STEEP_RAD: f64 = -PI / 2.8;
/// Headings that are tried, half to either side.
const HEADINGS: u32 = 16;
/// Distance between two looks along a line of sight, metres.
const STEP_M: f64 = 2.0;

/// How the camera looks at a place. `now` is how it looks at the moment; `ground_m` the ground there, site metres.
pub(super) fn looking_at(place: DVec2, ground_m: f64, now: &Orbit, register: &BuildingRegister) -> Orbit {
    let own = register.at(place);
    let roof_m = own
        .and_then(|own| register.buildings.get(own))
        .map(|building| building.roof_m);
    let top_m = roof_m.unwrap_or(ground_m + 1.5).max(ground_m);
    // The whole of a tower and something around it.
    let distance_m = NEAREST_M.max(3.0 * (top_m - ground_m));
    let orbit = |heading_rad: f64, pitch_rad: f64| Orbit {
        target: SitePos(place.extend(f64::midpoint(ground_m, top_m))),
        heading_rad,
        pitch_rad,
        distance_m,
    };
    let step = TAU / f64::from(HEADINGS);
    // 0, +1, −1, +2, …: the nearest to how it looks now first.
    let turns = (0..HEADINGS).map(|n| {
        let turn = f64::from(n.div_ceil(2)) * step;
        if n % 2 == 0 { -turn } else { turn }
    });
    let headings: Vec<f64> = turns.map(|turn| (now.heading_rad + turn).rem_euclid(TAU)).collect();
    let is_clear = |orbit: &Orbit| is_seen(place.extend(top_m), orbit.eye().0, own, register);
    let found = [PITCH_RAD, STEEP_RAD]
        .into_iter()
        .flat_map(|pitch| headings.iter().map(move |heading| (*heading, pitch)))
        .map(|(heading, pitch)| orbit(heading, pitch))
        .find(is_clear);
    found.unwrap_or_else(|| orbit(now.heading_rad, STEEP_RAD))
}

/// Whether no registered building but `own` stands between the eye and a point.
fn is_seen(point: DVec3, eye: DVec3, own: Option<usize>, register: &BuildingRegister) -> bool {
    let away = eye - point;
    let flat_m = away.truncate().length();
    let mut walked_m = STEP_M;
    while walked_m < flat_m {
        let at = point + away * (walked_m / flat_m);
        let building = register.at(at.truncate()).filter(|found| Some(*found) != own);
        if building
            .and_then(|found| register.buildings.get(found))
            .is_some_and(|found| found.roof_m > at.z)
        {
            return false;
        }
        walked_m += STEP_M;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RegisteredBuilding;
    use crate::model::scenario::Use;

    fn block(id: &str, low: [f64; 2], high: [f64; 2], roof_m: f64) -> RegisteredBuilding {
        let [[west, south], [east, north]] = [low, high];
        RegisteredBuilding {
            id: id.into(),
            name: String::new(),
            footprint: [[west, south], [east, south], [east, north], [west, north]]
                .map(DVec2::from)
                .into(),
            holes: Vec::new(),
            ground_m: 0.0,
            roof_m,
            is_roof_known: true,
            storeys: None,
            main_use: Use::Other,
            is_use_known: true,
            year: None,
            dwellings: None,
            parking_places: None,
            gfa_m2: Vec::new(),
        }
    }

    #[test]
    fn a_place_that_is_in_sight_is_looked_at_as_the_camera_looks_now() {
        let now = Orbit {
            heading_rad: 1.0,
            ..Orbit::default()
        };
        let to = looking_at(DVec2::ZERO, 0.0, &now, &BuildingRegister::default());
        assert!((to.heading_rad - 1.0).abs() < 1e-9);
        assert!((to.target.0 - DVec3::new(0.0, 0.0, 0.75)).length() < 1e-9);
    }

    #[test]
    fn a_tower_before_the_place_is_looked_around() {
        // Looking north, the eye is south of the place; a tower stands there.
        let register = BuildingRegister::new(vec![block("t", [-20.0, -60.0], [20.0, -20.0], 200.0)]);
        let now = Orbit::default();
        let to = looking_at(DVec2::ZERO, 0.0, &now, &register);
        let turned = (to.heading_rad - now.heading_rad).rem_euclid(TAU);
        assert!(turned > 0.5 && turned < TAU - 0.5, "{turned}");
        assert!(is_seen(DVec3::new(0.0, 0.0, 1.5), to.eye().0, None, &register));
    }

    #[test]
    fn an_address_in_a_building_is_seen_by_its_roof_and_a_narrow_street_from_above() {
        let own = block("own", [-10.0, -10.0], [10.0, 10.0], 12.0);
        let to = looking_at(DVec2::ZERO, 0.0, &Orbit::default(), &BuildingRegister::new(vec![own]));
        assert!((to.target.0.z - 6.0).abs() < 1e-9 && (to.heading_rad - 0.0).abs() < 1e-9);
        // A pit of high walls on every side.
        let walls = [
            block("s", [-40.0, -40.0], [40.0, -6.0], 90.0),
            block("n", [-40.0, 6.0], [40.0, 40.0], 90.0),
            block("w", [-40.0, -6.0], [-6.0, 6.0], 90.0),
            block("e", [6.0, -6.0], [40.0, 6.0], 90.0),
        ];
        let to = looking_at(
            DVec2::ZERO,
            0.0,
            &Orbit::default(),
            &BuildingRegister::new(walls.into()),
        );
        assert!((to.pitch_rad - STEEP_RAD).abs() < 1e-9);
    }
}
