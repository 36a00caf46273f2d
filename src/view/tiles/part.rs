//! Which features of a tile are drawn where it stands in for tiles below it that are not there: those whose middle lies in
//! the volume of one of those. While tiles stream these change from frame to frame, so that what lies in a volume is looked
//! up once and kept.

use crate::sources::tiles3d::{BoundingVolume, TileId};
use bevy::math::DVec3;
use std::collections::{BTreeMap, BTreeSet};

/// A feature so near to a volume counts as in it, metres.
const AT_THE_EDGE_M: f64 = 0.5;

/// The part of a content that is drawn.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// Middle of each feature in the root frame of the tileset; not a number where it has no such place.
    places: Vec<DVec3>,
    /// Volume of each tile below that was ever asked for, and the numbers of the features in it. Numbers of tiles are used
    /// again where implicit tilings come and go, so that the volume has to be the same too.
    within: BTreeMap<TileId, (Option<BoundingVolume>, Vec<u32>)>,
    /// Whether each feature is in the part; empty while the whole content is drawn.
    drawn: Vec<bool>,
}

impl Part {
    /// The whole content, whose features stand at these places.
    pub(super) fn whole(places: Vec<DVec3>) -> Self {
        Self {
            places,
            ..Self::default()
        }
    }

    /// Whether a feature is in the part.
    pub(super) fn holds(&self, feature: u32) -> bool {
        self.drawn.get(feature as usize).copied().unwrap_or(true)
    }

    /// Draws all.
    pub(super) fn show_whole(&mut self) {
        self.drawn.clear();
        self.within.clear();
    }

    /// Draws what lies in the volumes of these tiles.
    pub(super) fn show(&mut self, areas: &BTreeSet<TileId>, volume: impl Fn(TileId) -> Option<BoundingVolume>) {
        self.drawn.clear();
        self.drawn.resize(self.places.len(), false);
        for area in areas {
            let (places, volume) = (&self.places, volume(*area));
            let look_up = || -> (Option<BoundingVolume>, Vec<u32>) {
                let inside = (0..).zip(places).filter(|(_, place)| {
                    // Nobody can tell whether what has no place lies there.
                    !place.is_finite() || volume.is_some_and(|volume| is_near(&volume, **place))
                });
                (volume, inside.map(|(feature, _)| feature).collect())
            };
            let within = self.within.entry(*area).or_insert_with(look_up);
            if within.0 != volume {
                *within = look_up();
            }
            for feature in &within.1 {
                if let Some(drawn) = self.drawn.get_mut(*feature as usize) {
                    *drawn = true;
                }
            }
        }
    }
}

fn is_near(volume: &BoundingVolume, place: DVec3) -> bool {
    // Most lie outside the sphere around it, which takes a fraction of the time to tell.
    let reach_m = volume.radius() + AT_THE_EDGE_M;
    volume.center().distance_squared(place) <= reach_m * reach_m && volume.distance_to(place) <= AT_THE_EDGE_M
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(tile: TileId) -> Option<BoundingVolume> {
        let center = DVec3::X * 100.0 * f64::from(tile.0);
        let half_axes = [DVec3::X * 50.0, DVec3::Y * 50.0, DVec3::Z * 50.0];
        (tile.0 < 10).then_some(BoundingVolume::Box { center, half_axes })
    }

    fn drawn(part: &Part) -> Vec<u32> {
        (0..5).filter(|feature| part.holds(*feature)).collect()
    }

    #[test]
    fn a_part_is_what_lies_in_its_areas_whatever_was_drawn_before() {
        let at = |x: f64| DVec3::new(x, 45.0, 45.0);
        let mut part = Part::whole(vec![at(100.0), at(200.0), at(250.2), at(310.0), DVec3::NAN]);
        assert_eq!(drawn(&part), [0, 1, 2, 3, 4]);
        let mut show = |areas: &[u32]| {
            part.show(&areas.iter().map(|area| TileId(*area)).collect(), volume);
            drawn(&part)
        };
        assert_eq!(show(&[1]), [0, 4]);
        assert_eq!(show(&[1, 2]), [0, 1, 2, 4], "at the edge is in it");
        assert_eq!(show(&[3]), [2, 3, 4]);
        assert_eq!(show(&[1]), [0, 4], "again");
        assert_eq!(show(&[12]), [4], "no such tile");
        assert!(show(&[]).is_empty());
        part.show_whole();
        assert_eq!(drawn(&part), [0, 1, 2, 3, 4]);
    }
    #[test]
    fn a_number_that_stands_for_another_tile_now_is_looked_up_anew() {
        let at = |x: f64| DVec3::new(x, 0.0, 0.0);
        let mut part = Part::whole(vec![at(100.0), at(200.0)]);
        let areas: BTreeSet<TileId> = [TileId(1)].into();
        part.show(&areas, volume);
        assert_eq!(drawn(&part)[0], 0);
        part.show(&areas, |_| volume(TileId(2)));
        assert_eq!((part.holds(0), part.holds(1)), (false, true));
    }
}
