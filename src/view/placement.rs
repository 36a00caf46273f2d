//! Where things stand: each entity keeps its f64 site position, and its `Transform` follows the render origin.

use crate::georef::{RenderOrigin, SitePos};
use crate::schedule::FrameSystems;
use bevy::{math::DVec3, prelude::*};

/// Zero of the render frame in the site frame. It moves with the camera, so that `f32` offsets stay small.
#[derive(Resource, Debug, Clone, Copy, PartialEq)]
pub struct SceneOrigin(pub RenderOrigin);

impl Default for SceneOrigin {
    fn default() -> Self {
        Self(RenderOrigin(SitePos(DVec3::ZERO)))
    }
}

/// Where an entity's own zero stands in the site frame.
#[derive(Component, Debug, Clone, Copy, PartialEq)]
#[require(Transform, Visibility)]
pub(crate) struct SiteAnchor(pub(crate) SitePos);

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<SceneOrigin>()
        .add_systems(Update, place_anchored.in_set(FrameSystems::Present));
}

fn place_anchored(
    origin: Res<SceneOrigin>,
    mut all: ParamSet<(
        Query<(&SiteAnchor, &mut Transform), Changed<SiteAnchor>>,
        Query<(&SiteAnchor, &mut Transform)>,
    )>,
) {
    let place = |anchor: &SiteAnchor, transform: &mut Transform| {
        transform.translation = origin.0.render_from_site(anchor.0);
    };
    if origin.is_changed() {
        for (anchor, mut transform) in &mut all.p1() {
            place(anchor, &mut transform);
        }
    } else {
        for (anchor, mut transform) in &mut all.p0() {
            place(anchor, &mut transform);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_follow_the_origin() {
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, crate::schedule::plugin, plugin));
        let anchor = SiteAnchor(SitePos(DVec3::new(250_000.0, 470_000.0, 5.0)));
        let entity = app.world_mut().spawn(anchor).id();
        app.world_mut().resource_mut::<SceneOrigin>().0 = RenderOrigin(SitePos(DVec3::new(249_990.0, 470_000.0, 0.0)));
        app.update();
        let placed = app.world().entity(entity).get::<Transform>().map(|t| t.translation);
        assert_eq!(placed, Some(Vec3::new(10.0, 5.0, 0.0)));
        app.world_mut().resource_mut::<SceneOrigin>().0 = RenderOrigin(SitePos(DVec3::new(249_990.0, 470_020.0, 0.0)));
        app.update();
        let placed = app.world().entity(entity).get::<Transform>().map(|t| t.translation);
        assert_eq!(placed, Some(Vec3::new(10.0, 5.0, 20.0)), "20 m further south is +z");
    }
}
