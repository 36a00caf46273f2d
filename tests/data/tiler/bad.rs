//! Features that are wrong, far away, doubled or not there, and pictures that are missing.

use super::{
    check_tree, decoded, rd_site, read, rules, small_tiles, text,
    town::{CENTER, town},
};
use bevy::math::{DVec2, DVec3, Vec2};
use stadslens::{
    georef::Crs,
    sources::{
        Cause, CityFeature, CityPart, CityTexture, Problem, SurfaceRole,
        resource::Resources,
        tiles3d::tiler::{Tiler, TilerError, TilerReport, tile_in_memory},
    },
};
use std::sync::Arc;

fn run(features: Vec<CityFeature>) -> (Arc<dyn Resources>, TilerReport) {
    small_tiles("bad.json").tile_in_memory(features.into_iter()).unwrap()
}

fn has(problems: &[Problem], cause: Cause, place: &str) -> bool {
    problems
        .iter()
        .any(|p| p.cause == cause && p.place.contains(place) && p.path == "bad.json")
}

#[test]
fn bad_features_are_told_and_the_rest_is_tiled() {
    let mut features: Vec<CityFeature> = town(7, 9, CENTER, 30.0).collect();
    features[0].parts[0].positions[1].x = f64::NAN;
    features[1].parts.clear();
    features[2].id = features[3].id.clone();
    features[4].id.clear();
    features[5].parts[1].triangles[0] = [0, 1, 4_000_000_000];
    for position in features[6].parts.iter_mut().flat_map(|part| &mut part.positions) {
        *position = DVec3::new(-9e6, 4e7, 0.0);
    }
    features[7].parts.truncate(1);
    features[7].parts[0].triangles = vec![[0, 0, 1]];
    features[8].parts[0].positions[0].z = 1e300;
    let (resources, report) = run(features);
    let problems = &report.problems;
    assert!(has(problems, Cause::Content, "features[0]"), "{problems:#?}");
    assert!(has(problems, Cause::Content, "features[1]"), "{problems:#?}");
    assert!(has(problems, Cause::Duplicate, "features[3]"), "{problems:#?}");
    assert!(has(problems, Cause::Content, "features[4]"), "{problems:#?}");
    assert!(has(problems, Cause::Content, "features[5]"), "{problems:#?}");
    assert!(has(problems, Cause::Place, "features[6]"), "{problems:#?}");
    assert!(has(problems, Cause::Place, "features[7]"), "{problems:#?}");
    assert!(has(problems, Cause::Place, "features[8]"), "{problems:#?}");
    assert_eq!(report.features, 5);
    check_tree(&resources);
    let tree = read(&resources);
    let content = decoded(&tree, &tree.tiles[0], rd_site());
    let ids: Vec<String> = (0..content.features.rows)
        .map(|row| text(content.features.value(row, "id")))
        .collect();
    assert!(
        ids.iter().any(|id| id.ends_with("#2")) && ids.iter().any(|id| id == "feature-4"),
        "{ids:?}"
    );
}

#[test]
fn what_lies_in_another_part_of_the_world_is_left_out() {
    let to = stadslens::georef::Transformer::new(Crs::RD_NAP, Crs(4979)).unwrap();
    let moved = town(8, 20, CENTER, 30.0).enumerate().map(|(number, mut feature)| {
        for position in feature.parts.iter_mut().flat_map(|part| &mut part.positions) {
            *position = DVec3::from(to.convert(position.to_array()).unwrap());
            if number == 3 {
                position.x += 150.0;
                position.y = -position.y;
            }
        }
        feature
    });
    let (_, report) = tile_in_memory(moved, Crs(4979), "bad.json").unwrap();
    assert_eq!(report.features, 19);
    assert!(has(&report.problems, Cause::Place, ""), "{:#?}", report.problems);
}

#[test]
fn nothing_is_an_answer_too() {
    for features in [
        Vec::new(),
        vec![CityFeature {
            id: "a".to_owned(),
            class: String::new(),
            attributes: serde_json::Map::new(),
            parts: Vec::new(),
        }],
    ] {
        let Err(TilerError::Nothing { problems }) =
            tile_in_memory(features.into_iter(), Crs::RD_NAP, "empty").map(|_| ())
        else {
            panic!("nothing was tiled")
        };
        assert_eq!(problems.len(), 1);
    }
}

#[test]
fn features_on_one_spot_end_in_leaves_all_the_same() {
    let first = town(9, 1, CENTER, 30.0).next().unwrap();
    let many = (0..300).map(|number| CityFeature {
        id: format!("copy {number}"),
        ..first.clone()
    });
    let (resources, report) = run(many.collect());
    assert_eq!((report.features, report.problems.len()), (300, 0));
    check_tree(&resources);
}

#[test]
fn pictures_go_into_the_tiles_and_missing_ones_are_told() {
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbaImage::from_pixel(2, 2, image::Rgba([9, 8, 7, 255]))
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    let png = png.into_inner();
    let images = |name: &str| {
        if name == "a.png" {
            Ok(png.clone())
        } else {
            Err("there is no such file".to_owned())
        }
    };
    let tiler = Tiler {
        images: &images,
        ..small_tiles("bad.json")
    };
    let square = |id: &str, image: &str, offset: f64| CityFeature {
        id: id.to_owned(),
        class: "Building".to_owned(),
        attributes: serde_json::Map::new(),
        parts: vec![CityPart {
            role: SurfaceRole::Wall,
            color: None,
            texture: Some(CityTexture {
                image: image.into(),
                uvs: vec![Vec2::ZERO, Vec2::X, Vec2::Y],
            }),
            positions: [DVec2::ZERO, DVec2::X, DVec2::Y]
                .map(|p| (CENTER + 5.0 * p + offset).extend(0.0))
                .to_vec(),
            triangles: vec![[0, 1, 2]],
        }],
    };
    let features = [square("a", "a.png", 0.0), square("b", "b.png", 20.0)];
    let (resources, report) = tiler.tile_in_memory(features.into_iter()).unwrap();
    assert_eq!(report.problems.len(), 1);
    assert!(has(&report.problems, Cause::NotRead, "b.png"));
    rules::check(&resources.read("tiles/r.glb").unwrap());
    let tree = read(&resources);
    let content = decoded(&tree, &tree.tiles[0], rd_site());
    assert_eq!(content.meshes.len(), 2);
    let textured = content.meshes.iter().find(|mesh| mesh.texture.is_some()).unwrap();
    assert_eq!(textured.texture.as_ref().unwrap().texels[..4], [9, 8, 7, 255]);
    assert_eq!(textured.uvs.len(), 3);
    assert!(
        textured.uvs.contains(&[0.0, 1.0]) && textured.uvs.contains(&[0.0, 0.0]),
        "{:?}",
        textured.uvs
    );
    assert!(textured.double_sided, "a single face has two sides");
}

#[test]
fn a_large_picture_is_a_file_of_its_own_that_tiles_share() {
    let mut noise = image::RgbaImage::new(400, 300);
    let mut state = 1_u32;
    for pixel in noise.pixels_mut() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        pixel.0 = state.to_le_bytes();
    }
    let mut png = std::io::Cursor::new(Vec::new());
    noise.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let png = png.into_inner();
    let images = |_: &str| Ok(png.clone());
    let tiler = Tiler {
        images: &images,
        ..small_tiles("bad.json")
    };
    let features = town(12, 60, CENTER, 30.0).map(|mut feature| {
        let wall = &mut feature.parts[1];
        wall.texture = Some(CityTexture {
            image: "atlas.png".into(),
            uvs: vec![Vec2::splat(0.5); wall.positions.len()],
        });
        feature
    });
    let (resources, report) = tiler.tile_in_memory(features).unwrap();
    assert_eq!(report.problems, []);
    let pictures = resources
        .listed()
        .into_iter()
        .filter(|path| path.starts_with("images/"))
        .count();
    assert_eq!(pictures, 1);
    let bytes: usize = resources
        .listed()
        .iter()
        .map(|path| resources.read(path).unwrap().len())
        .sum();
    assert_eq!(bytes as u64, report.bytes);
    let tree = read(&resources);
    assert!(tree.tiles.len() > 2);
    for tile in &tree.tiles {
        let content = decoded(&tree, tile, rd_site());
        assert!(
            content
                .meshes
                .iter()
                .any(|mesh| mesh.texture.as_ref().is_some_and(|texture| texture.width == 400))
        );
    }
}
