//! A cloud in a program without graphics: let in, shown, hidden, picked and given up.

use super::clouds::{PointClouds, Tree};
use super::material::{CornerMeshes, PointMaterial};
use super::{ColorBy, ColorPoints, PointLooks, ShowPointClass, look, stream};
use crate::georef::{SiteFrame, SitePos};
use crate::model::scenario::open_any;
use crate::sources::points::{Stop, StopOnDrop};
use crate::view::prepared;
use crate::view::quality::{Preset, Quality};
use crate::view::scene::{ScenarioShown, ShownScenario, Unfinished, ViewProblems};
use crate::view::site_view::SiteView;
use crate::view::tiles::{TileSettings, TileStats};
use bevy::{
    asset::AssetPlugin,
    math::{DVec2, DVec3},
    prelude::*,
    render::storage::ShaderBuffer,
    tasks::AsyncComputeTaskPool,
};
use std::sync::Arc;
use std::time::Duration;

const SIDE: u32 = 300;

/// Ground of 300 by 300 points a metre apart from RD 251000, 476000 at 2 m; in the middle a block of class 6 at 12 m.
fn las() -> Vec<u8> {
    let mut bytes = vec![0; 227];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(0, b"LASF");
    put(24, &[1, 2]);
    put(94, &227_u16.to_le_bytes());
    put(96, &227_u32.to_le_bytes());
    put(104, &[0]);
    put(105, &20_u16.to_le_bytes());
    put(107, &(SIDE * SIDE).to_le_bytes());
    for (place, value) in [0.01, 0.01, 0.01, 251_000.0, 476_000.0, 0.0].into_iter().enumerate() {
        put(131 + 8 * place, &f64::to_le_bytes(value));
    }
    for number in 0..SIDE * SIDE {
        let (x, y) = (number % SIDE, number / SIDE);
        let is_block = (140..160).contains(&x) && (140..160).contains(&y);
        let place = [x * 100, y * 100, if is_block { 1200 } else { 200 }];
        bytes.extend(place.iter().flat_map(|value| value.to_le_bytes()));
        bytes.extend([9, 0, 0x09, if is_block { 6 } else { 2 }, 0, 0, 0, 0]);
    }
    bytes
}

/// The cloud with its zero in its middle, seen from `height_m` straight above.
fn app(height_m: f64) -> App {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.las");
    std::fs::write(&path, las()).unwrap();
    let open = open_any(&path).unwrap();
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, AssetPlugin::default()))
        .init_asset::<Mesh>()
        .init_asset::<ShaderBuffer>()
        .init_asset::<PointMaterial>()
        .init_resource::<CornerMeshes>()
        .init_resource::<Quality>()
        .init_resource::<TileSettings>()
        .init_resource::<TileStats>()
        .init_resource::<Unfinished>()
        .init_resource::<ViewProblems>()
        .add_message::<ScenarioShown>()
        .insert_resource(view(height_m))
        .insert_resource(ShownScenario::new(Arc::new(open)))
        .add_plugins((crate::schedule::plugin, prepared::plugin, look::plugin, stream::plugin));
    app.world_mut().resource_mut::<Quality>().choose(Some(Preset::High));
    app.world_mut().write_message(ScenarioShown);
    app
}

fn view(height_m: f64) -> SiteView {
    let down = -std::f64::consts::FRAC_PI_2;
    SiteView::looking(SitePos(DVec3::Z * height_m), 0.0, down, DVec2::new(800.0, 600.0))
}

/// Lets frames pass until the scene waits for nothing, and says how many points are drawn.
fn settle(app: &mut App) -> u64 {
    for _ in 0..3000 {
        app.update();
        let world = app.world();
        let is_done = !world.resource::<Unfinished>().is_waiting_for("points");
        if is_done && world.resource::<PointClouds>().turn > 0 {
            return world.resource::<TileStats>().points;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("the cloud never came")
}

fn entities(app: &mut App) -> usize {
    let world = app.world_mut();
    world.query::<&MeshMaterial3d<PointMaterial>>().iter(world).count()
}

#[test]
fn a_cloud_comes_with_its_view_and_goes_with_its_layer() {
    let mut app = app(300.0);
    assert_eq!(
        settle(&mut app),
        u64::from(SIDE * SIDE),
        "all of it, a pixel is less than a metre"
    );
    let there = entities(&mut app);
    assert!(there > 1, "several nodes");
    let turn = app.world().resource::<PointClouds>().turn;
    for _ in 0..5 {
        app.update();
    }
    assert!(
        app.world().resource::<PointClouds>().turn <= turn + 1,
        "a still view asks for nothing"
    );
    *app.world_mut().resource_mut::<SiteView>() = view(40_000.0);
    let far = settle(&mut app);
    assert!(far < u64::from(SIDE * SIDE) && far > 0, "{far} points from far away");
    *app.world_mut().resource_mut::<SiteView>() = view(300.0);
    assert_eq!(settle(&mut app), u64::from(SIDE * SIDE), "what was there comes back");
    assert_eq!(entities(&mut app), there, "and was not read again");
}

#[test]
fn what_was_wanted_longest_ago_goes_when_the_tiles_need_the_room() {
    let mut app = app(300.0);
    settle(&mut app);
    let there = entities(&mut app);
    *app.world_mut().resource_mut::<SiteView>() = view(40_000.0);
    settle(&mut app);
    assert_eq!(entities(&mut app), there, "there is room");
    let mut clouds = app.world_mut().resource_mut::<PointClouds>();
    let wanted = clouds.selection.drawn.len();
    assert!(wanted > 0 && wanted < there);
    assert_eq!(clouds.give_up(0).len(), there - wanted);
    assert!(clouds.give_up(0).is_empty(), "what is wanted now stays");
    // What went is read again once it is looked at.
    *app.world_mut().resource_mut::<SiteView>() = view(300.0);
    assert_eq!(settle(&mut app), u64::from(SIDE * SIDE));
}

#[test]
fn a_line_of_sight_meets_the_block_and_below_it_nothing_once_its_class_is_left_out() {
    let mut app = app(300.0);
    settle(&mut app);
    let layer = app.world().resource::<PointLooks>().0.keys().next().unwrap().clone();
    let SiteFrame::RdNap { anchor } = app.world().resource::<ShownScenario>().open.scenario.area.site else {
        panic!("not in RD")
    };
    let cast = |app: &App, x: f64, y: f64, other_m: Option<f64>| {
        let eye = DVec3::new(0.0, 0.0, 300.0);
        let at = DVec3::new(251_150.0 + x - anchor.x_m, 476_150.0 + y - anchor.y_m, 10.3);
        let to = (at - eye).normalize();
        app.world().resource::<PointClouds>().cast(SitePos(eye), to, other_m)
    };
    let (hit, point) = cast(&app, 0.0, 0.0, None).unwrap();
    assert_eq!((point.facts.class, &*point.layer), (6, &*layer));
    // The site's zero stands 0.3 m below the ground at 2 m.
    assert!((hit.position.0.z - 10.3).abs() < 1e-3, "{:?}", hit.position);
    assert!(cast(&app, 0.0, 0.0, Some(100.0)).is_none(), "a roof stands before it");
    assert!(
        cast(&app, 0.0, 0.0, Some(hit.distance_m - 0.3)).is_some(),
        "a roof lies in it"
    );
    app.world_mut().write_message(ShowPointClass {
        layer: layer.clone(),
        class: 6,
        visible: false,
    });
    app.world_mut().write_message(ColorPoints {
        layer: layer.clone(),
        by: ColorBy::Height,
    });
    app.update();
    app.update();
    let look = &app.world().resource::<PointLooks>().0[&layer];
    assert_eq!((look.color_by, look.hidden.len()), (ColorBy::Height, 1));
    assert!(cast(&app, 0.0, 0.0, None).is_none());
    assert!(cast(&app, 60.0, 0.0, None).is_some(), "the ground is still there");
}

/// Puts a tree that never ends to be made in the place of the one that is being made; what tells it to stop.
fn making_for_ever(app: &mut App) -> Stop {
    let stop = StopOnDrop::default();
    let told = stop.stop();
    let mut points = app.world_mut().resource_mut::<PointClouds>();
    let Tree::Making { cloud, .. } = &points.clouds[0].tree else {
        panic!("it is not being made")
    };
    let cloud = cloud.clone();
    points.clouds[0].tree = Tree::Making {
        cloud,
        task: AsyncComputeTaskPool::get().spawn(std::future::pending()),
        _stop: stop,
    };
    told
}

/// Shows or hides all layers.
fn show_layers(app: &mut App, visible: bool) {
    let mut open = (*app.world().resource::<ShownScenario>().open).clone();
    open.scenario
        .layers
        .iter_mut()
        .for_each(|layer| layer.visible = visible);
    app.insert_resource(ShownScenario::new(Arc::new(open)));
    app.update();
}

#[test]
fn a_tree_in_the_making_is_stopped_when_its_layer_or_its_scenario_goes() {
    let mut app = app(300.0);
    app.update();
    let told = making_for_ever(&mut app);
    app.update();
    assert!(!told.is_told(), "somebody waits for it");
    show_layers(&mut app, false);
    assert!(told.is_told());
    assert!(matches!(
        app.world().resource::<PointClouds>().clouds[0].tree,
        Tree::Asleep(_)
    ));
    show_layers(&mut app, true);
    let told = making_for_ever(&mut app);
    app.world_mut().write_message(ScenarioShown);
    app.update();
    assert!(told.is_told(), "another scenario is shown");
    assert_eq!(settle(&mut app), u64::from(SIDE * SIDE), "it is made anew");
}
