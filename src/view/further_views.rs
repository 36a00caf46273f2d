//! Cameras besides the main one: of a picture that is being made, of a portrait of a variant. What they see is asked for
//! together with what the main camera sees, from the same workers and within the same budgets, and each tile once.

use super::{camera::pose, placement::SceneOrigin, site_view::SiteView};
use crate::georef::SitePos;
use crate::schedule::FrameSystems;
use crate::streaming::View;
use bevy::{ecs::system::SystemParam, math::DVec3, prelude::*};

/// What a further camera sees. On an entity with a camera, that camera stands there.
#[derive(Component, Debug, Clone, PartialEq)]
#[require(Transform)]
pub struct FurtherView(pub SiteView);

/// All cameras that look at the city.
#[derive(SystemParam)]
pub(in crate::view) struct SiteViews<'w, 's> {
    main: Res<'w, SiteView>,
    further: Query<'w, 's, Ref<'static, FurtherView>>,
    gone: RemovedComponents<'w, 's, FurtherView>,
}

impl SiteViews<'_, '_> {
    /// The main camera.
    pub(in crate::view) fn main(&self) -> &SiteView {
        &self.main
    }

    /// Whether any of them came, moved or went since this was asked last.
    pub(in crate::view) fn have_changed(&mut self) -> bool {
        let has_gone = self.gone.read().count() > 0;
        has_gone || self.main.is_changed() || self.further.iter().any(|view| view.is_changed())
    }

    /// All of them in the frame of a tileset, the main one first; those that cannot be brought there are left out.
    pub(in crate::view) fn in_frame(&self, place: impl Fn(SitePos) -> Option<DVec3>) -> Vec<View> {
        let mut all: Vec<View> = self.main.in_frame(&place).into_iter().collect();
        all.extend(self.further_in_frame(place));
        all
    }

    /// The same without the main one.
    pub(in crate::view) fn further_in_frame(&self, place: impl Fn(SitePos) -> Option<DVec3>) -> Vec<View> {
        let further = self.further.iter().map(|view| &view.into_inner().0);
        further.filter_map(|view| view.in_frame(&place)).collect()
    }
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, place_cameras.in_set(FrameSystems::Present));
}

/// The origin of the drawing moves with the main camera, so the others are placed anew in every frame.
fn place_cameras(origin: Res<SceneOrigin>, mut cameras: Query<(&FurtherView, &mut Transform)>) {
    for (view, mut transform) in &mut cameras {
        transform.set_if_neq(pose(&view.0, &origin));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::ecs::system::RunSystemOnce;

    #[test]
    fn every_camera_is_seen_through_until_it_goes() {
        let mut world = World::new();
        world.init_resource::<SiteView>();
        let eye = SitePos(DVec3::new(700.0, 0.0, 90.0));
        let aside = SiteView {
            eye,
            ..SiteView::default()
        };
        let further = world.spawn(FurtherView(aside.clone())).id();
        let eyes = |views: SiteViews| -> Vec<DVec3> {
            let views = views.in_frame(|p| Some(p.0));
            views.iter().map(|view| view.position).collect()
        };
        let main = SiteView::default().eye.0;
        assert_eq!(world.run_system_once(eyes).unwrap(), [main, eye.0]);
        world.despawn(further);
        assert_eq!(world.run_system_once(eyes).unwrap(), [main]);
    }

    #[derive(Resource, Default)]
    struct Changed(bool);

    #[test]
    fn a_camera_that_comes_moves_or_goes_is_a_change() {
        let mut world = World::new();
        world.init_resource::<SiteView>();
        let mut schedule = Schedule::default();
        world.init_resource::<Changed>();
        schedule.add_systems(|mut views: SiteViews, mut changed: ResMut<Changed>| changed.0 = views.have_changed());
        let mut has_changed = |world: &mut World| {
            schedule.run(world);
            let changed = world.resource::<Changed>().0;
            world.clear_trackers();
            changed
        };
        assert!(has_changed(&mut world));
        assert!(!has_changed(&mut world));
        let further = world.spawn(FurtherView(SiteView::default())).id();
        assert!(has_changed(&mut world));
        assert!(!has_changed(&mut world));
        world.entity_mut(further).insert(FurtherView(SiteView {
            fov_y_rad: 1.0,
            ..SiteView::default()
        }));
        assert!(has_changed(&mut world));
        world.despawn(further);
        assert!(has_changed(&mut world));
        assert!(!has_changed(&mut world));
    }

    #[test]
    fn a_further_camera_stands_where_the_main_one_would() {
        let mut world = World::new();
        world.init_resource::<SceneOrigin>();
        let view = SiteView::looking(
            SitePos(DVec3::new(10.0, 20.0, 30.0)),
            0.3,
            -0.5,
            bevy::math::DVec2::new(800.0, 600.0),
        );
        let camera = world.spawn(FurtherView(view)).id();
        world.run_system_once(place_cameras).unwrap();
        let transform = *world.entity(camera).get::<Transform>().unwrap();
        // Bevy's axes: x east, y up, z south.
        assert!((transform.translation - Vec3::new(10.0, 30.0, -20.0)).length() < 1e-4);
        let forward = transform.forward().as_vec3();
        assert!(forward.y < -0.4 && forward.x > 0.2 && forward.z < -0.7, "{forward}");
    }
}
