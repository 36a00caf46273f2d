use super::*;
use crate::model::edit::tests::scenario;
use crate::sources::resource;
use crate::view::{feature_material::PaperMaterial, placement::SiteAnchor, prepared};
use bevy::render::storage::ShaderBuffer;
use std::{path::Path, time::Duration};

fn tree_at(id: &str, position: DVec2) -> Asset {
    Asset {
        id: id.into(),
        kind: AssetKind::Tree,
        position,
        heading_deg: 0.0,
        height_m: 8.0,
        crown_m: 5.0,
        condition: None,
        upkeep: None,
        inspected: None,
        next_inspection: None,
        attributes: Vec::new(),
    }
}

#[test]
fn things_are_merged_by_square_and_keep_their_places() {
    let all = [
        tree_at("a", DVec2::new(10.0, 10.0)),
        tree_at("b", DVec2::new(400.0, 10.0)),
        tree_at("c", DVec2::new(20.0, 30.0)),
        tree_at("d", DVec2::NAN),
    ];
    let made = assets(&Terrain::flat(), &all);
    let places: Vec<_> = made
        .iter()
        .map(|m| match &m.what {
            ObjectMesh::Assets(indices) => indices.as_ref().clone(),
            _ => Vec::new(),
        })
        .collect();
    assert_eq!(places, vec![vec![0, 2], vec![1]]);
    assert_eq!(made[0].mesh.features, 2);
}

#[test]
fn nothing_makes_nothing() {
    assert!(assets(&Terrain::flat(), &[]).is_empty());
    assert!(new_trees(&Terrain::flat(), 0, &[]).is_none());
    assert!(
        pins(
            &Terrain::flat(),
            &[(DVec2::NAN, PinHead::Cube, palette::REPORT)],
            ObjectMesh::Reports,
            PickOwner::Reports
        )
        .is_none()
    );
}

/// A world that draws the things of a scenario without a terrain: a tree here and a lamp in another square.
fn world() -> App {
    let lamp = Asset {
        kind: AssetKind::Lamp,
        ..tree_at("b", DVec2::new(400.0, 10.0))
    };
    let mut open = OpenScenario::without_data(scenario(), resource::folder(Path::new(".")));
    open.assets = Arc::new(vec![tree_at("a", DVec2::new(10.0, 10.0)), lamp]);
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, AssetPlugin::default()))
        .init_asset::<Mesh>()
        .init_asset::<ShaderBuffer>()
        .init_asset::<PaperMaterial>()
        .init_resource::<FeatureRows>()
        .init_resource::<GroundHeights>()
        .init_resource::<Unfinished>()
        .insert_resource(SharedPaper::blank())
        .add_message::<ScenarioShown>()
        .insert_resource(ShownScenario::new(Arc::new(open)))
        .add_plugins((crate::schedule::plugin, prepared::plugin))
        .init_resource::<ShownPins>()
        .init_resource::<ObjectLooks>()
        .init_resource::<Making<Made>>()
        .init_resource::<Standing<Made>>()
        .add_systems(
            Update,
            (
                take_made.in_set(FrameSystems::Ingest),
                start_making.in_set(FrameSystems::Derive),
                show_objects.in_set(FrameSystems::Present),
            ),
        );
    app.world_mut().write_message(ScenarioShown);
    app.update();
    app
}

/// Runs until nothing is in the making; gives the heights of the meshes, of which none may be gone in between.
fn heights(app: &mut App, least: usize) -> Vec<f64> {
    let mut drawn = app.world_mut().query::<(&SiteAnchor, &Visibility)>();
    for _ in 0..3000 {
        app.update();
        let seen = drawn.iter(app.world()).filter(|(_, seen)| **seen != Visibility::Hidden);
        let heights: Vec<f64> = seen.map(|(at, _)| at.0.0.z).collect();
        assert!(heights.len() >= least, "gone before the new ones came");
        if app.world().resource::<Making<Made>>().is_done() {
            return heights;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("the things never came")
}

#[test]
fn without_a_terrain_things_follow_the_guessed_ground_and_none_is_gone_meanwhile() {
    let mut app = world();
    assert_eq!(heights(&mut app, 0), [0.0, 0.0]);
    for ground_m in [5.0_f32, 7.0] {
        let terrain = Terrain {
            heights_m: vec![ground_m],
            ..Terrain::flat()
        };
        *app.world_mut().resource_mut::<GroundHeights>() = GroundHeights::new(Arc::new(terrain), false);
        app.update();
        assert_eq!(heights(&mut app, 2), [f64::from(ground_m); 2]);
        let held = app.world().resource::<Standing<Made>>().held();
        assert_eq!(held, 2, "the rows of those before are given back");
        let all = app.world_mut().query::<&OfMaking>().iter(app.world()).count();
        assert_eq!(all, 2, "so are their meshes");
    }
}
