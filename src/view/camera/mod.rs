//! The camera: an orbit around a target on the ground, flown to, walked with, turned by mouse, keys or touch.
//!
//! Its state is f64 in the site frame; Bevy's camera only follows. The render origin moves along when the
//! eye has gone far from it.

mod bounds;
mod clear_part;
mod input;
pub mod orbit;
mod picture;

pub use bounds::Bounds;
pub use clear_part::ClearPart;
pub use input::{Clicked, DragMotion, Drags, InputCapture};
pub(crate) use input::{InputSystems, cursor_pixel, on_level};
pub use orbit::{Flight, Orbit};
pub(in crate::view) use picture::MAIN_CAMERA_LAYER;
pub use picture::{look, picture_target, spawn_main_camera};

use super::ground::GroundHeights;
use super::placement::SceneOrigin;
use super::scene::{ScenarioShown, ShownScenario};
use super::site_view::{SiteView, axes};
use crate::georef::{RenderOrigin, SitePos, narrow, render_axes};
use crate::model::Viewpoint;
use crate::schedule::FrameSystems;
use bevy::{
    math::{DVec2, DVec3},
    pbr::FogFalloff,
    prelude::*,
};
use clear_part::{Home, fit_home, go_home};
use orbit::{EYE_HEIGHT_M, MAX_PITCH_RAD, turn_between};

/// The render origin moves when the eye is farther from it than this, metres.
const REBASE_M: f64 = 4000.0;
/// How fast the picture follows wheel and keys, per second.
const FOLLOW_PER_S: f64 = 14.0;

/// The camera that shows the city.
#[derive(Component, Debug, Clone, Copy)]
pub struct MainCamera;

/// Whether motion is kept to what is needed: flights become jumps.
#[derive(Resource, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReducedMotion(pub bool);

/// The camera's state. Change it through [`FlyTo`] and [`CameraCommand`].
#[derive(Resource, Debug, Clone, Default)]
pub struct OrbitCamera {
    current: Orbit,
    goal: Orbit,
    home: Home,
    flight: Option<Flight>,
    is_walking: bool,
    bounds: Option<Bounds>,
}

impl OrbitCamera {
    /// What is shown now.
    pub fn shown(&self) -> Orbit {
        self.current
    }

    /// Where it comes to rest.
    pub fn goal(&self) -> Orbit {
        self.flight.map_or(self.goal, |flight| flight.destination())
    }

    /// Whether it stands still.
    pub fn is_still(&self) -> bool {
        self.flight.is_none() && self.current.is_close_to(&self.goal)
    }

    /// Whether it is at eye height on the street.
    pub fn is_walking(&self) -> bool {
        self.is_walking
    }

    /// Whether it flies somewhere by itself.
    pub fn is_flying(&self) -> bool {
        self.flight.is_some()
    }

    /// Keeps it within bounds from now on.
    pub fn set_bounds(&mut self, bounds: Option<Bounds>) {
        self.bounds = bounds;
    }

    /// Puts it where a scenario starts at once, without any motion, and calls that place home. One that nobody chose is
    /// fitted into the part of the picture that panels leave free, as soon as they are there.
    fn place(&mut self, orbit: Orbit, is_made: bool) {
        self.home = Home {
            orbit,
            is_made,
            frames_left: 2,
        };
        self.jump(orbit);
    }

    fn jump(&mut self, orbit: Orbit) {
        self.current = orbit;
        self.goal = orbit;
        self.flight = None;
        self.is_walking = false;
    }

    fn fly(&mut self, to: Orbit, at_once: bool) {
        if at_once {
            self.jump(to);
        } else {
            self.is_walking = false;
            self.goal = to;
            self.flight = Some(Flight::new(self.current, to));
        }
    }

    /// Whoever takes the camera in hand ends its flight where it is.
    fn take_in_hand(&mut self) {
        if self.flight.take().is_some() {
            self.goal = self.current;
        }
    }

    fn advance(&mut self, seconds: f64, reduced: bool, ground_m: impl Fn(DVec2) -> f64) {
        if let Some(bounds) = self.bounds {
            bounds.keep(&mut self.goal);
            bounds.keep(&mut self.current);
        }
        if let Some(flight) = &mut self.flight {
            flight.flown_s += seconds;
            self.current = flight.at();
            self.goal = flight.destination();
            if flight.has_arrived() {
                self.flight = None;
            }
            self.goal.keep_within(&ground_m);
        } else {
            self.goal.keep_within(&ground_m);
            if self.is_walking {
                let eye = self.goal.eye().0;
                self.goal.target.0.z += ground_m(eye.truncate()) + EYE_HEIGHT_M - eye.z;
            }
            let share = if reduced {
                1.0
            } else {
                1.0 - (-FOLLOW_PER_S * seconds).exp()
            };
            self.current = if self.current.is_close_to(&self.goal) {
                self.goal
            } else {
                self.current.approach(&self.goal, share)
            };
        }
        self.current.keep_within(&ground_m);
    }
}

/// Request: fly to a state, along an arc, or at once.
#[derive(Message, Debug, Clone, Copy)]
pub struct FlyTo {
    /// Where to.
    pub to: Orbit,
    /// Without a flight.
    pub at_once: bool,
}

impl FlyTo {
    /// To `target`, at most `at_most_m` from it, looking the way the camera looks now.
    pub fn close_up(camera: &OrbitCamera, target: SitePos, at_most_m: f64, at_once: bool) -> Self {
        let goal = camera.goal();
        Self {
            to: Orbit {
                target,
                distance_m: goal.distance_m.min(at_most_m),
                ..goal
            },
            at_once,
        }
    }
}

/// Request: a step or a well-known place.
#[derive(Message, Debug, Clone, Copy, PartialEq)]
pub enum CameraCommand {
    /// Where the scenario starts.
    Home,
    /// North up in the picture.
    NorthUp,
    /// Straight down, as on a map.
    LookDown,
    /// A step nearer.
    ZoomIn,
    /// A step away.
    ZoomOut,
    /// Turn by this many radians, clockwise on the compass.
    Turn(f64),
    /// Tilt by this many radians, up.
    Tilt(f64),
    /// Down to the street at eye height, or back up.
    Walk,
}

/// A viewpoint of the scenario as a camera state.
pub fn orbit_of(viewpoint: &Viewpoint) -> Orbit {
    Orbit {
        target: viewpoint.target,
        heading_rad: viewpoint.heading_deg.to_radians(),
        pitch_rad: viewpoint.pitch_deg.to_radians(),
        distance_m: viewpoint.distance_m,
    }
}

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<OrbitCamera>()
        .init_resource::<ReducedMotion>()
        .init_resource::<SiteView>()
        .init_resource::<ClearPart>()
        .add_message::<FlyTo>()
        .add_message::<CameraCommand>()
        .add_plugins(input::plugin)
        .add_systems(
            Update,
            (
                (start_at_home, fit_home, obey).chain().before(InputSystems),
                (advance, follow_camera, rebase).chain().after(InputSystems),
            )
                .in_set(FrameSystems::Derive),
        )
        .add_systems(Update, place_camera.in_set(FrameSystems::Present));
}

/// A new scenario starts at its first viewpoint, or above its middle.
fn start_at_home(
    mut shown: MessageReader<ScenarioShown>,
    scenario: Option<Res<ShownScenario>>,
    mut camera: ResMut<OrbitCamera>,
) {
    let (Some(_), Some(scenario)) = (shown.read().last(), scenario) else {
        return;
    };
    let file = &scenario.open.scenario;
    let start = file
        .start_viewpoint
        .as_ref()
        .and_then(|id| file.viewpoints.iter().find(|v| v.id == *id))
        .or(file.viewpoints.first());
    // A file opened by itself has no document that somebody wrote a viewpoint into.
    let is_made = start.is_none() || scenario.open.document.is_empty();
    let orbit = start.map_or_else(|| above_outline(&file.area.outline), orbit_of);
    camera.place(orbit, is_made);
}

fn above_outline(outline: &[DVec2]) -> Orbit {
    let (low, high) = outline
        .iter()
        .fold((DVec2::INFINITY, DVec2::NEG_INFINITY), |(low, high), p| {
            (low.min(*p), high.max(*p))
        });
    if !(low.is_finite() && high.is_finite()) {
        return Orbit::default();
    }
    Orbit {
        target: SitePos(((low + high) * 0.5).extend(0.0)),
        distance_m: (low.distance(high) * 1.1).max(50.0),
        ..Orbit::default()
    }
}

fn obey(
    mut flights: MessageReader<FlyTo>,
    mut commands: MessageReader<CameraCommand>,
    reduced: Res<ReducedMotion>,
    ground: Res<GroundHeights>,
    clear: Res<ClearPart>,
    view: Res<SiteView>,
    mut camera: ResMut<OrbitCamera>,
) {
    for flight in flights.read() {
        camera.fly(flight.to, flight.at_once || reduced.0);
    }
    for command in commands.read() {
        let mut goal = camera.goal();
        match *command {
            CameraCommand::Home => go_home(&mut camera, *clear, &view, *reduced),
            CameraCommand::NorthUp => {
                let turn = turn_between(goal.heading_rad, 0.0);
                goal.turn_around(goal.target, turn, 0.0);
                camera.fly(goal, reduced.0);
            }
            CameraCommand::LookDown => {
                goal.pitch_rad = orbit::MIN_PITCH_RAD;
                camera.fly(goal, reduced.0);
            }
            CameraCommand::ZoomIn | CameraCommand::ZoomOut => {
                camera.take_in_hand();
                let factor = if *command == CameraCommand::ZoomIn {
                    0.7
                } else {
                    1.0 / 0.7
                };
                let target = camera.goal.target;
                camera.goal.zoom_to(target, factor);
                camera.is_walking = false;
            }
            CameraCommand::Turn(turn_rad) => {
                camera.take_in_hand();
                let pivot = camera.goal.target;
                camera.goal.turn_around(pivot, turn_rad, 0.0);
            }
            CameraCommand::Tilt(tilt_rad) => {
                camera.take_in_hand();
                let pivot = camera.goal.target;
                camera.goal.turn_around(pivot, 0.0, tilt_rad);
            }
            CameraCommand::Walk => walk(&mut camera, goal, reduced.0, |p| ground.height_at(p)),
        }
    }
}

/// Down to the street below the target, or back up above it.
fn walk(camera: &mut OrbitCamera, goal: Orbit, reduced: bool, ground_m: impl Fn(DVec2) -> f64) {
    const REACH_M: f64 = 4.0;
    if camera.is_walking {
        let up = Orbit {
            pitch_rad: -0.6,
            distance_m: 150.0,
            ..goal
        };
        camera.fly(up, reduced);
        return;
    }
    let feet = goal.target.0.truncate();
    let eye = feet.extend(ground_m(feet) + EYE_HEIGHT_M);
    let (_, ahead, _) = axes(goal.heading_rad, 0.0);
    let down = Orbit {
        target: SitePos(eye + ahead * REACH_M),
        pitch_rad: 0.0_f64.min(MAX_PITCH_RAD),
        distance_m: REACH_M,
        ..goal
    };
    camera.fly(down, reduced);
    camera.is_walking = true;
}

fn advance(time: Res<Time>, reduced: Res<ReducedMotion>, ground: Res<GroundHeights>, mut camera: ResMut<OrbitCamera>) {
    // After a long frame the flight goes on where it was rather than jumping to its end.
    let seconds = time.delta_secs_f64().min(0.1);
    camera.advance(seconds, reduced.0, |p| ground.height_at(p));
}

/// Brings the camera's state and the picture's size to everything that looks through it.
fn follow_camera(camera: Res<OrbitCamera>, bevy_camera: Query<&Camera, With<MainCamera>>, mut view: ResMut<SiteView>) {
    let shown = camera.shown();
    let (size_px, scale) = bevy_camera
        .iter()
        .next()
        .and_then(|c| Some((c.physical_viewport_size()?, c.target_scaling_factor().unwrap_or(1.0))))
        .map_or((view.size_px, view.pixels_per_point), |(size, scale)| {
            (size.as_dvec2(), f64::from(scale))
        });
    let new = SiteView {
        pixels_per_point: scale,
        ..SiteView::looking(shown.eye(), shown.heading_rad, shown.pitch_rad, size_px)
    };
    view.set_if_neq(new);
}

fn rebase(view: Res<SiteView>, mut origin: ResMut<SceneOrigin>) {
    if origin.0.0.0.distance(view.eye.0) > REBASE_M {
        origin.0 = RenderOrigin(SitePos(view.eye.0.round()));
    }
}

fn place_camera(
    view: Res<SiteView>,
    origin: Res<SceneOrigin>,
    orbit: Res<OrbitCamera>,
    ground: Res<GroundHeights>,
    mut cameras: Query<(&mut Transform, &mut Projection, &mut DistanceFog), With<MainCamera>>,
) {
    for (mut transform, mut projection, mut fog) in &mut cameras {
        *transform = pose(&view, &origin);
        let above_ground = view.eye.0.z - ground.height_at(view.eye.0.truncate());
        let [near, reach, _] = narrow(DVec3::new(
            (above_ground * 0.1).clamp(0.1, 5.0),
            orbit.shown().distance_m.max(view.eye.0.z),
            0.0,
        ));
        if let Projection::Perspective(perspective) = projection.as_mut()
            && (perspective.near / near - 1.0).abs() > 0.05
        {
            perspective.near = near;
        }
        // Haze belongs to the far distance of what is looked at: thin at the table's edge, whatever the zoom.
        fog.falloff = FogFalloff::Linear {
            start: (reach * 1.5).max(700.0),
            end: (reach * 14.0).max(7000.0),
        };
    }
}

/// Where the camera of a view stands in the drawing.
pub(in crate::view) fn pose(view: &SiteView, origin: &SceneOrigin) -> Transform {
    let direction = |d: DVec3| Vec3::from_array(narrow(render_axes(d)));
    let axes = Mat3::from_cols(direction(view.right), direction(view.up), direction(-view.forward));
    Transform::from_translation(origin.0.render_from_site(view.eye)).with_rotation(Quat::from_mat3(&axes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there() -> Orbit {
        Orbit {
            target: SitePos(DVec3::new(400.0, 0.0, 0.0)),
            ..Orbit::default()
        }
    }

    #[test]
    fn a_flight_is_interrupted_where_it_is() {
        let mut camera = OrbitCamera::default();
        camera.fly(there(), false);
        camera.advance(0.4, false, |_| 0.0);
        assert!(!camera.is_still());
        let middle = camera.shown();
        camera.take_in_hand();
        camera.advance(0.1, false, |_| 0.0);
        assert!(camera.shown().is_close_to(&middle));
        assert!(camera.is_still());
    }

    #[test]
    fn within_bounds_it_neither_strays_nor_loses_sight() {
        let mut camera = OrbitCamera::default();
        let bounds = Bounds {
            center: DVec2::new(10.0, 0.0),
            reach_m: 100.0,
            distance_m: 500.0,
        };
        camera.set_bounds(Some(bounds));
        camera.jump(Orbit {
            distance_m: 9000.0,
            ..there()
        });
        camera.advance(0.1, false, |_| 0.0);
        let shown = camera.shown();
        assert!((shown.target.0.x - 110.0).abs() < 1e-9 && (shown.distance_m - 500.0).abs() < 1e-9);
        camera.set_bounds(None);
        camera.jump(there());
        camera.advance(0.1, false, |_| 0.0);
        assert!((camera.shown().target.0.x - 400.0).abs() < 1e-9);
    }

    #[test]
    fn reduced_motion_jumps() {
        let mut camera = OrbitCamera::default();
        camera.fly(there(), true);
        assert!(camera.is_still() && camera.shown().is_close_to(&there()));
    }

    #[test]
    fn a_flight_ends_at_its_goal_and_rests() {
        let mut camera = OrbitCamera::default();
        camera.fly(there(), false);
        for _ in 0..40 {
            camera.advance(0.05, false, |_| 0.0);
        }
        assert!(camera.is_still() && camera.shown().is_close_to(&there()));
    }

    #[test]
    fn walking_keeps_the_eye_at_eye_height_over_hills() {
        let mut camera = OrbitCamera::default();
        let hill = |p: DVec2| 5.0 + p.y * 0.05;
        let goal = camera.goal();
        walk(&mut camera, goal, true, hill);
        camera.is_walking = true;
        for _ in 0..100 {
            camera.goal.slide(0.0, 1.0);
            camera.advance(0.05, true, hill);
        }
        let eye = camera.shown().eye().0;
        assert!((eye.z - hill(eye.truncate()) - EYE_HEIGHT_M).abs() < 0.2, "{eye}");
        assert!(eye.y > 90.0);
    }

    #[test]
    fn an_area_without_viewpoints_is_seen_whole() {
        let o = above_outline(&[DVec2::new(-300.0, -300.0), DVec2::new(300.0, 300.0)]);
        assert_eq!(o.target.0, DVec3::ZERO);
        assert!(o.distance_m > 800.0);
        assert_eq!(above_outline(&[]), Orbit::default());
    }
}
