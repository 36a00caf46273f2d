//! The small map of the desk: its picture is painted off the main thread whenever what stands there is another.

use crate::georef::{SitePos, narrow};
use crate::panels::minimap::MinimapState;
use crate::schedule::{FrameSystems, InterfaceSystems};
use crate::view::camera::OrbitCamera;
use crate::view::plan_picture::{PlanPicture, PlanSubject};
use crate::view::scene::ShownScenario;
use crate::view::site_view::SiteView;
use bevy::math::{DVec2, DVec3};
use bevy::prelude::*;
use bevy::tasks::{AsyncComputeTaskPool, Task, block_on, poll_once};
use bevy_egui::{
    EguiContexts, EguiPrimaryContextPass,
    egui::{Color32, ColorImage, TextureHandle, TextureOptions},
};

/// Pixels along a side: sharp on the largest map, at letters of 200 %.
const SIDE_PX: usize = 512;

/// The map of what is shown.
#[derive(Resource, Default)]
pub(super) struct AreaMap {
    of: Option<PlanSubject>,
    painting: Option<Task<Option<PlanPicture>>>,
    fresh: Option<PlanPicture>,
    picture: Option<(PlanPicture, TextureHandle)>,
}

impl AreaMap {
    /// What the panel shows; `None` before there is a picture.
    pub(super) fn state(&self, view: &SiteView, camera: &OrbitCamera, marked: Option<SitePos>) -> Option<MinimapState> {
        let (picture, texture) = self.picture.as_ref()?;
        let share = |p: SitePos| {
            let share = picture.share(p.0.truncate());
            let [x, y, _] = narrow(DVec3::new(share.x, share.y, 0.0));
            [x, y]
        };
        let orbit = camera.shown();
        let sight = orbit.distance_m * orbit.pitch_rad.cos() / picture.side_m;
        let across_rad = 2.0 * ((view.fov_y_rad / 2.0).tan() * view.size_px.x / view.size_px.y).atan();
        let [heading_rad, width_rad, sight] = narrow(DVec3::new(orbit.heading_rad, across_rad, sight));
        Some(MinimapState {
            picture: texture.id(),
            eye: share(view.eye),
            heading_rad,
            width_rad,
            sight,
            marked: marked.map(share),
        })
    }

    /// The site position at a share of the map.
    pub(super) fn position(&self, [x, y]: [f32; 2]) -> Option<DVec2> {
        let (picture, _) = self.picture.as_ref()?;
        Some(picture.position(DVec2::new(f64::from(x), f64::from(y))))
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<AreaMap>()
        .add_systems(Update, follow.in_set(FrameSystems::Derive))
        .add_systems(EguiPrimaryContextPass, upload.before(InterfaceSystems));
}

/// Has the picture painted anew when something else stands there.
fn follow(shown: Option<Res<ShownScenario>>, mut map: ResMut<AreaMap>) {
    let Some(shown) = shown else { return };
    if shown.is_changed() {
        let subject = PlanSubject::of(&shown);
        if !map.of.as_ref().is_some_and(|old| old.looks_like(&subject)) {
            map.of = Some(subject.clone());
            let paint = async move { PlanPicture::paint(&subject, SIDE_PX) };
            map.painting = Some(AsyncComputeTaskPool::get().spawn(paint));
        }
    }
    if map.painting.is_some()
        && let Some(painted) = map.painting.as_mut().and_then(|task| block_on(poll_once(task)))
    {
        map.painting = None;
        if painted.is_none() {
            map.picture = None;
        }
        map.fresh = painted;
    }
}

/// Gives a new picture to the interface.
fn upload(mut contexts: EguiContexts, mut map: ResMut<AreaMap>) -> Result {
    let Some(picture) = map.bypass_change_detection().fresh.take() else {
        return Ok(());
    };
    let ctx = contexts.ctx_mut()?;
    let pixels = picture
        .rgb
        .iter()
        .map(|[r, g, b]| Color32::from_rgb(*r, *g, *b))
        .collect();
    let image = ColorImage::new([picture.side_px, picture.side_px], pixels);
    let texture = ctx.load_texture("area map", image, TextureOptions::LINEAR);
    map.picture = Some((picture, texture));
    Ok(())
}
