//! Tiles of points in a program without graphics: let in, shown, sized, hidden, picked.

use super::super::{TileLayers, TileStats, stream};
use super::material::{MarkMaterial, bind_rows};
use super::size_points;
use crate::georef::SitePos;
use crate::model::edit::CityModelReplaced;
use crate::model::scenario::open_any;
use crate::view::{
    feature_material::{PaperMaterial, SharedPaper},
    feature_rows::FeatureRows,
    ground::{FootSamples, GroundHeights},
    points::CornerMeshes,
    prepared,
    ray_cast::{PickOwner, Pickable, SceneHit, SceneRay},
    scene::{ScenarioShown, ShownScenario, Unfinished, VariantShown, ViewProblems},
    site_view::SiteView,
};
use bevy::{
    asset::AssetPlugin,
    ecs::system::RunSystemOnce,
    math::{DVec2, DVec3},
    prelude::*,
    render::storage::ShaderBuffer,
};
use serde_json::json;
use std::{path::Path, sync::Arc, time::Duration};

/// A cube of points `apart` metres from one another, eight along each side, the lowest at `low`; the upper half is
/// batch 1.
fn pnts(low: f32, apart: f32) -> Vec<u8> {
    let along = |n: u16| low + f32::from(n) * apart;
    let places = || (0..512_u16).map(|n| [n % 8, n / 8 % 8, n / 64]);
    let mut binary: Vec<u8> = places().flatten().flat_map(|n| along(n).to_le_bytes()).collect();
    binary.extend(places().map(|[.., z]| u8::from(z > 3)));
    let mut features = json!({"POINTS_LENGTH": 512, "POSITION": {"byteOffset": 0}, "CONSTANT_RGBA": [200, 0, 0, 255],
        "BATCH_LENGTH": 2, "BATCH_ID": {"byteOffset": 6144, "componentType": "UNSIGNED_BYTE"}})
    .to_string();
    features.push_str(&" ".repeat(8 - features.len() % 8));
    let batch = r#"{"part":["low","high"]}"#;
    let size = |length: usize| u32::try_from(length).unwrap().to_le_bytes();
    let mut bytes = b"pnts\x01\0\0\0".to_vec();
    bytes.extend(size(28 + features.len() + binary.len() + batch.len()));
    bytes.extend(
        [features.len(), binary.len(), batch.len(), 0]
            .into_iter()
            .flat_map(size),
    );
    bytes.extend([features.as_bytes(), &binary, batch.as_bytes()].concat());
    bytes
}

/// A cube of 28 m whose upper north-eastern eighth has a tile of its own, which adds to it.
fn write(folder: &Path) {
    let cube = |middle: f64, half: f64| json!({"box": [middle, middle, middle, half, 0, 0, 0, half, 0, 0, 0, half]});
    let tileset = json!({"asset": {"version": "1.0"}, "geometricError": 1000, "root": {
        "boundingVolume": cube(14.0, 14.0), "geometricError": 100, "refine": "ADD", "content": {"uri": "coarse.pnts"},
        "children": [{"boundingVolume": cube(21.0, 7.0), "geometricError": 0, "content": {"uri": "fine.pnts"}}]}});
    std::fs::write(folder.join("tileset.json"), tileset.to_string()).unwrap();
    std::fs::write(folder.join("coarse.pnts"), pnts(0.0, 4.0)).unwrap();
    std::fs::write(folder.join("fine.pnts"), pnts(14.0, 2.0)).unwrap();
}

/// Looks straight down on the cube from 50 m above its top.
fn app() -> App {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let open = open_any(&folder.path().join("tileset.json")).unwrap();
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, AssetPlugin::default()))
        .init_asset::<Mesh>()
        .init_asset::<Image>()
        .init_asset::<ShaderBuffer>()
        .init_asset::<PaperMaterial>()
        .init_asset::<MarkMaterial>()
        .init_resource::<CornerMeshes>()
        .init_resource::<FeatureRows>()
        .init_resource::<FootSamples>()
        .init_resource::<GroundHeights>()
        .init_resource::<Unfinished>()
        .init_resource::<ViewProblems>()
        .insert_resource(SharedPaper::blank())
        .add_message::<ScenarioShown>()
        .add_message::<VariantShown>()
        .add_message::<CityModelReplaced>()
        .insert_resource(SiteView::looking(
            SitePos(DVec3::new(14.5, 14.5, 78.0)),
            0.0,
            -std::f64::consts::FRAC_PI_2,
            DVec2::new(800.0, 600.0),
        ))
        .insert_resource(ShownScenario::new(Arc::new(open)))
        .add_plugins((crate::schedule::plugin, prepared::plugin, stream))
        .add_systems(Last, (size_points, bind_rows));
    app.world_mut().write_message(ScenarioShown);
    for _ in 0..3000 {
        app.update();
        if app.world().resource::<TileStats>().tile_points == 1024 {
            app.update();
            return app;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("the points never came: {:?}", app.world().resource::<ViewProblems>().0)
}

/// What stands below a place on the map.
fn below(app: &mut App, x: f64, y: f64) -> Option<SceneHit> {
    let eye = SitePos(DVec3::new(x, y, 78.0));
    let cast = move |ray: SceneRay| ray.cast(eye, DVec3::NEG_Z);
    app.world_mut().run_system_once(cast).unwrap()
}

#[test]
fn points_are_drawn_and_counted_with_their_tiles() {
    let mut app = app();
    let stats = app.world().resource::<TileStats>();
    assert_eq!((stats.rendered, stats.tile_points, stats.features), (2, 1024, 4));
    assert!(stats.bytes_resident >= 1024 * 40 && stats.complete, "{stats:?}");
    let bound = app.world().resource::<FeatureRows>().buffer();
    let materials = app.world().resource::<Assets<MarkMaterial>>();
    assert_eq!(
        materials.iter().filter(|(_, material)| material.rows == bound).count(),
        2
    );
    let world = app.world_mut();
    let mut drawn = world.query::<(&MeshMaterial3d<MarkMaterial>, &Visibility)>();
    assert!(
        drawn
            .iter(world)
            .all(|(_, visibility)| *visibility == Visibility::Inherited)
    );
}

#[test]
fn coarse_discs_are_narrow_only_where_finer_points_lie() {
    let app = app();
    let materials = app.world().resource::<Assets<MarkMaterial>>();
    let mut widths: Vec<Vec<f32>> = materials
        .iter()
        .map(|(_, material)| [material.form.lower_m.to_array(), material.form.upper_m.to_array()].concat())
        .collect();
    widths.sort_by(|a, b| b[0].total_cmp(&a[0]));
    assert_eq!(widths, [vec![6.0, 6.0, 6.0, 6.0, 6.0, 6.0, 6.0, 3.0], vec![3.0; 8]]);
}

#[test]
fn a_point_is_picked_with_its_batch_unless_that_is_hidden() {
    let mut app = app();
    let hit = below(&mut app, 4.1, 4.0).unwrap();
    assert!((hit.position.0 - DVec3::new(4.0, 4.0, 28.0)).length() < 1e-3, "{hit:?}");
    let (entity, feature) = hit.feature.unwrap();
    let pickable = app.world().get::<Pickable>(entity).unwrap().clone();
    assert!(matches!(pickable.owner, PickOwner::Tile { .. }) && feature == 1);
    let tiles = app.world().resource::<TileLayers>();
    let found = tiles.feature(&pickable.owner, pickable.rows.first, feature).unwrap();
    assert_eq!(
        found.table.value(feature, "part"),
        Some(crate::geometry::Value::Text("high".to_owned()))
    );
    assert!(
        below(&mut app, 6.0, 6.0).is_none_or(|hit| hit.feature.is_none()),
        "between the points"
    );
    let mut rows = app.world_mut().resource_mut::<FeatureRows>();
    rows.set_hidden(pickable.rows, 1, true);
    let hit = below(&mut app, 4.1, 4.0).unwrap();
    assert_eq!(hit.feature, Some((entity, 0)), "the lower half is still there");
    assert!((hit.position.0.z - 12.0).abs() < 1e-3, "{hit:?}");
}
