//! One camera as selection sees it: culling, screen-space error and order of need, in f64.
//!
//! Frame: the tileset's root frame, metres, radians, pixels.

use super::tree_index::Node;
use crate::sources::tiles3d::BoundingVolume;
use bevy::math::DVec3;

/// One camera, in the tileset's root frame.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// Eye.
    pub position: DVec3,
    /// Inward normals and distances of the frustum's planes (`n·p + d >= 0` is inside); near/far optional.
    /// Normals have unit length; the first 62 planes count.
    pub planes: Vec<(DVec3, f64)>,
    /// View direction, unit length.
    pub direction: DVec3,
    /// Viewport height, pixels.
    pub viewport_height_px: f64,
    /// Full vertical field of view, radians.
    pub fov_y_rad: f64,
}

/// From which error on a tile is too coarse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limit {
    /// Largest error that is fine enough, pixels.
    pub(super) max_px: f64,
    /// Nothing counts as nearer than this, metres: else a tile around the camera is too coarse at any limit.
    pub(super) least_distance_m: f64,
}

/// Planes that the view still has to test in a subtree, one bit each.
pub(super) type PlaneMask = u64;
/// The subtree is out of the view.
pub(super) const CULLED: PlaneMask = 1 << 63;
const MAX_PLANES: usize = 62;

impl View {
    /// The mask with which the root is tested.
    pub(super) fn all_planes(&self) -> PlaneMask {
        (1 << self.planes.len().min(MAX_PLANES)) - 1
    }

    /// Tests a tile against the planes that its parent crosses; the answer is the mask for its children.
    pub(super) fn cull(&self, parent: PlaneMask, node: &Node, volume: &BoundingVolume) -> PlaneMask {
        if parent == CULLED || parent == 0 {
            return parent;
        }
        let mut mask = parent;
        for (bit, (normal, d)) in self.planes.iter().take(MAX_PLANES).enumerate() {
            if parent & (1 << bit) == 0 {
                continue;
            }
            let height = normal.dot(node.center) + d;
            if height > node.radius_m {
                // The whole subtree lies inside this plane, so nothing below has to ask again.
                mask &= !(1 << bit);
            } else if height < -node.radius_m || volume.is_outside_plane(*normal, *d) {
                return CULLED;
            }
        }
        mask
    }

    /// Whether `error_m` at `node` covers more pixels than the limit:
    /// error × viewport height ÷ (distance × 2 tan(fov ÷ 2)) > maximum, solved for the distance.
    pub(super) fn exceeds(&self, error_m: f64, limit: Limit, node: &Node, volume: &BoundingVolume) -> bool {
        let reach_m = error_m * self.viewport_height_px / (2.0 * (self.fov_y_rad * 0.5).tan() * limit.max_px);
        if reach_m <= limit.least_distance_m {
            return false;
        }
        let to_center_m = self.position.distance(node.center);
        // The volume's centre is in it and its sphere is around it: most tiles are settled by these two.
        if to_center_m < reach_m {
            return true;
        }
        if to_center_m - node.radius_m >= reach_m {
            return false;
        }
        volume.distance_to(self.position) < reach_m
    }

    /// How late a tile may come: near and straight ahead first. (1 − cos angle) × distance, metres.
    pub(super) fn lateness_m(&self, node: &Node, volume: &BoundingVolume) -> f64 {
        let to_center = node.center - self.position;
        let cos_angle = to_center.try_normalize().map_or(1.0, |to| to.dot(self.direction));
        (1.0 - cos_angle) * volume.distance_to(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> View {
        View {
            position: DVec3::ZERO,
            planes: vec![(DVec3::X, 0.0), (DVec3::Y, 10.0)],
            direction: DVec3::X,
            viewport_height_px: 1000.0,
            fov_y_rad: std::f64::consts::FRAC_PI_2,
        }
    }

    const AT_16_PX: Limit = Limit {
        max_px: 16.0,
        least_distance_m: 0.0,
    };

    fn sphere(center: DVec3, radius: f64) -> (Node, BoundingVolume) {
        let node = Node {
            tile: crate::sources::tiles3d::TileId(0),
            parent: 0,
            first_child: 0,
            child_count: 0,
            error_m: 0.0,
            center,
            radius_m: radius,
            adds: false,
            has_content: true,
            is_subtree_root: false,
            is_placeholder: false,
        };
        (node, BoundingVolume::Sphere { center, radius })
    }

    #[test]
    fn screen_space_error_is_error_times_height_over_twice_the_tangent_times_distance() {
        // Nearest point at 100 m: 3.2 m × 1000 px ÷ (100 m × 2 tan 45°) = 16 px.
        let (node, volume) = sphere(DVec3::X * 110.0, 10.0);
        assert!(!view().exceeds(3.19, AT_16_PX, &node, &volume));
        assert!(view().exceeds(3.21, AT_16_PX, &node, &volume));
    }

    #[test]
    fn inside_a_volume_any_error_is_too_large_and_none_is_not() {
        let (node, volume) = sphere(DVec3::X * 5.0, 10.0);
        assert!(view().exceeds(1e-6, AT_16_PX, &node, &volume));
        assert!(!view().exceeds(0.0, AT_16_PX, &node, &volume));
        // As if seen from a metre away: 0.1 m are 50 pixels there.
        let from_a_metre = |max_px: f64| Limit {
            max_px,
            least_distance_m: 1.0,
        };
        assert!(view().exceeds(0.1, from_a_metre(49.0), &node, &volume));
        assert!(!view().exceeds(0.1, from_a_metre(51.0), &node, &volume));
    }

    #[test]
    fn planes_passed_whole_are_not_asked_again_and_one_missed_culls() {
        let view = view();
        let (inside, volume) = sphere(DVec3::X * 20.0, 5.0);
        assert_eq!(view.cull(0b11, &inside, &volume), 0);
        let (crossing, volume) = sphere(DVec3::X * 2.0, 5.0);
        assert_eq!(view.cull(0b11, &crossing, &volume), 0b01);
        let (outside, volume) = sphere(DVec3::X * -20.0, 5.0);
        assert_eq!(view.cull(0b11, &outside, &volume), CULLED);
        assert_eq!(
            view.cull(0b10, &outside, &volume),
            0b10 & !0b10,
            "the first plane was settled above"
        );
    }

    #[test]
    fn what_is_near_and_ahead_comes_before_what_is_far_or_aside() {
        let lateness = |at: DVec3| {
            let (node, volume) = sphere(at, 1.0);
            view().lateness_m(&node, &volume)
        };
        assert!(lateness(DVec3::new(100.0, 1.0, 0.0)) < lateness(DVec3::new(100.0, 90.0, 0.0)));
        assert!(lateness(DVec3::new(10.0, 10.0, 0.0)) < lateness(DVec3::new(100.0, 100.0, 0.0)));
    }
}
