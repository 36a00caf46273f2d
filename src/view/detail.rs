//! Fine lines are not drawn where they have faded away: on a software adapter half the work is theirs.

use super::{feature_material::FADE_TO_M, placement::SceneOrigin, site_view::SiteView};
use crate::schedule::FrameSystems;
use bevy::{camera::primitives::Aabb, prelude::*};

/// Lines that fade with distance, as a child of the mesh they belong to.
#[derive(Component, Debug, Clone, Copy)]
#[require(Transform, Visibility)]
pub(crate) struct DetailLines;

pub(crate) fn plugin(app: &mut App) {
    app.add_systems(Update, hide_faded.in_set(FrameSystems::Present));
}

fn hide_faded(
    view: Res<SiteView>,
    origin: Res<SceneOrigin>,
    added: Query<(), Added<DetailLines>>,
    mut lines: Query<(&Aabb, &ChildOf, &mut Visibility), With<DetailLines>>,
    parents: Query<&Transform, Without<DetailLines>>,
) {
    if !view.is_changed() && added.is_empty() {
        return;
    }
    let eye = origin.0.render_from_site(view.eye);
    for (bounds, parent, mut visibility) in &mut lines {
        let Ok(parent) = parents.get(parent.parent()) else {
            continue;
        };
        let center = parent.translation + Vec3::from(bounds.center);
        let nearest = (eye.distance(center) - bounds.half_extents.length()).max(0.0);
        let is_gone = view.metres_per_pixel(f64::from(nearest)) > f64::from(FADE_TO_M);
        visibility.set_if_neq(if is_gone {
            Visibility::Hidden
        } else {
            Visibility::Inherited
        });
    }
}
