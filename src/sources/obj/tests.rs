//! OBJ files of every shape that programs write, and broken ones.

use super::*;
use crate::georef::SiteFrame;
use crate::sources::resource::{self, Resources};
use crate::sources::tiles3d::{DecodeRequest, decode_meshes};
use bevy::math::{DMat4, DVec3};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

fn nothing() -> Arc<dyn Resources> {
    resource::folder(Path::new("/nonexistent"))
}

fn read(text: &str) -> ObjModel {
    ObjModel::read(text.as_bytes(), &*nothing(), "a.obj")
}

fn triangles(model: &ObjModel) -> usize {
    let parts = model.features.iter().flat_map(|feature| &feature.parts);
    parts.map(|part| part.triangles.len()).sum()
}

/// The area of all faces, m².
fn area(model: &ObjModel) -> f64 {
    let parts = model.features.iter().flat_map(|feature| &feature.parts);
    parts
        .flat_map(|part| part.triangles.iter().map(|t| t.map(|i| part.positions[i as usize])))
        .map(|[a, b, c]| (b - a).cross(c - a).length() / 2.0)
        .sum()
}

#[test]
fn faces_name_vertices_from_the_start_and_from_the_end() {
    let text = "v 0 0 0\nv 4 0 0\nv 4 3 0\nf 1 2 3\nv 0 3 0\nf -4//-1 -2/1 -1\n";
    let model = read(text);
    assert_eq!((triangles(&model), model.vertices, model.faces), (2, 4, 2));
    assert!((area(&model) - 12.0).abs() < 1e-12);
    assert_eq!(model.problems, []);
}

#[test]
fn a_face_that_is_not_convex_is_cut_and_keeps_its_area() {
    let mut text = String::from("# an L\r\n");
    for (x, y) in [(0, 0), (6, 0), (6, 2), (2, 2), (2, 5), (0, 5)] {
        let _ = write!(text, "v {x} {y} 7 0.5 0.5 0.5\r\n");
    }
    text += "o L\r\nf 1 2 3 \\\r\n 4 5 6\r\n";
    let model = read(&text);
    assert_eq!(triangles(&model), 4);
    assert!((area(&model) - 18.0).abs() < 1e-12);
    assert_eq!(model.features[0].id, "L");
    // Carriage returns alone end lines too.
    let old = read(&text.replace("\r\n", "\r"));
    assert_eq!((triangles(&old), old.features[0].id.as_str()), (4, "L"));
}

#[test]
fn objects_are_features_and_groups_where_there_are_none() {
    let quad = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\n";
    let ids = |text: String| -> Vec<String> { read(&text).features.into_iter().map(|feature| feature.id).collect() };
    let objects = format!("{quad}o NL.IMBAG.Pand.1\ng walls\nf 1 2 3\ng roof\nf 1 3 4\no NL.IMBAG.Pand.2\nf 1 2 4\n");
    assert_eq!(ids(objects), ["NL.IMBAG.Pand.1", "NL.IMBAG.Pand.2"]);
    let groups = format!("{quad}g walls\nf 1 2 3\ng roof\nf 1 3 4\ng walls\nf 1 2 4\n");
    assert_eq!(ids(groups), ["walls", "roof"]);
    assert_eq!(ids(format!("{quad}f 1 2 3\n")), [""]);
}

#[test]
fn what_is_broken_is_told_by_its_line_and_the_rest_is_drawn() {
    let text = "v 0 0 0\nv 1,5 0 0\nv 1 0 0\nv 1 1 0\nf 1 3 4\nf 1 2 3\nf 1 3 9\nf 0 1 3\nf 1 3\nf 1 1 1\nl 1 2\nf a b c\n\
                f -9223372036854775808 1 3\nv nan inf 0\ncurv 0 1 1 3\n";
    let model = read(text);
    assert_eq!(triangles(&model), 1);
    let told: Vec<String> = model.problems.iter().map(|problem| problem.place.clone()).collect();
    assert_eq!(told, ["line 2", "line 6", "line 9", "line 10", "line 11"]);
    assert!(
        model.problems[1].message.ends_with("(5 times)"),
        "{}",
        model.problems[1]
    );
    for nothing in [
        "",
        "\\",
        "\\\n\\\n",
        "f",
        "o\ng\nusemtl\nmtllib\n",
        "\u{feff}",
        "v 1 2\nf 1 1 1\n",
    ] {
        let model = read(nothing);
        assert!(model.bounds.is_none() && model.features.is_empty(), "{nothing:?}");
    }
}

#[test]
fn every_beginning_of_a_file_is_read_without_a_panic() {
    let text =
        "mtllib a.mtl\nv 0 0 0\nv 4 0 0\nv 4 3 0\\\n 1\nvt 0 0\nvt 1 0\nvt 1 1\no x\nusemtl m\nf 1/1 2/2 -1/-1\n";
    for end in 0..text.len() {
        let _model = read(&text[..end]);
    }
}

#[test]
fn materials_give_colours_and_pictures_from_their_folder_only() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("scene");
    std::fs::create_dir_all(inside.join("textures")).unwrap();
    let mut picture = std::io::Cursor::new(Vec::new());
    image::RgbaImage::from_pixel(2, 2, image::Rgba([10, 20, 30, 255]))
        .write_to(&mut picture, image::ImageFormat::Png)
        .unwrap();
    std::fs::write(inside.join("textures/red brick 100%.png"), picture.get_ref()).unwrap();
    std::fs::write(folder.path().join("secret.png"), picture.get_ref()).unwrap();
    std::fs::write(
        inside.join("a.mtl"),
        "newmtl glass\nKd 0.2 0.4 1\nd 0.5\nnewmtl brick\nmap_Kd -s 1 1 1 -o 0 0 textures\\red brick 100%.png\n\
         newmtl bad\nKd 1 0 0\nmap_Kd ../secret.png\nnewmtl gone\nmap_Kd none.png\n",
    )
    .unwrap();
    let faces = ["glass", "brick", "bad", "gone", "unknown"].map(|name| format!("usemtl {name}\nf 1/1 2/2 3/3\n"));
    let text = format!(
        "mtllib a.mtl\nmtllib ../b.mtl\nv 0 0 0\nv 1 0 0\nv 1 1 0\nvt 0 0\nvt 1 0\nvt 1 1\n{}",
        faces.concat()
    );
    std::fs::write(inside.join("a.obj"), &text).unwrap();
    let resources = resource::folder(&inside);
    let named = references(text.as_bytes(), &*resources, "a.obj");
    assert_eq!(named, ["a.mtl", "textures/red brick 100%.png", "none.png"]);
    let model = ObjModel::read(text.as_bytes(), &*resources, "a.obj");
    let parts = &model.features[0].parts;
    assert_eq!(parts[0].color, Some([51, 102, 255, 128]));
    let is_plain: Vec<bool> = parts.iter().map(|part| part.texture.is_none()).collect();
    assert_eq!(is_plain, [true, false, true, false, true]);
    assert_eq!(
        model.problems.len(),
        3,
        "two paths that lead out, one unknown name: {:?}",
        model.problems
    );
    let content = decode_meshes(&request(resources, DMat4::IDENTITY, 'Y')).unwrap();
    let pictures = content.meshes.iter().filter(|mesh| mesh.texture.is_some()).count();
    assert_eq!(
        (content.meshes.len(), pictures),
        (4, 1),
        "the missing picture leaves its faces plain"
    );
    for mesh in &content.meshes {
        assert!(mesh.uvs.is_empty() || mesh.uvs.len() == mesh.positions.len());
        assert!(mesh.colors.is_empty() || mesh.colors.len() == mesh.positions.len());
    }
}

#[test]
fn a_material_with_a_long_name_still_gives_its_colour() {
    let folder = tempfile::tempdir().unwrap();
    let name = "m".repeat(1000);
    std::fs::write(folder.path().join("a.mtl"), format!("newmtl {name}\nKd 1 0 0\n")).unwrap();
    let text = format!("mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 1 1 0\nusemtl {name}\nf 1 2 3\n");
    let model = ObjModel::read(text.as_bytes(), &*resource::folder(folder.path()), "a.obj");
    assert_eq!(model.features[0].parts[0].color, Some([255, 0, 0, 255]));
    assert_eq!(model.problems, []);
}

fn request(resources: Arc<dyn Resources>, root_from_tile: DMat4, up: char) -> DecodeRequest {
    DecodeRequest {
        resources,
        path: "a.obj".into(),
        root_from_tile,
        is_geocentric: false,
        site: SiteFrame::Local,
        volume: None,
        gltf_up_axis: up,
        height_offset_m: 0.0,
    }
}

#[test]
fn coordinates_in_rd_keep_their_millimetres() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        "v 251000.123 476250.456 17.001\nv 251010.123 476250.456 17.001\nv 251010.123 476255.456 17.001\nf 1 2 3\n";
    std::fs::write(folder.path().join("a.obj"), text).unwrap();
    let model = read(text);
    assert_eq!((model.own_place(), model.up()), (OwnPlace::Rd(Up::Z), Up::Z));
    let shift = DMat4::from_translation(-DVec3::new(251_000.0, 476_250.0, 0.0));
    let content = decode_meshes(&request(resource::folder(folder.path()), shift, 'Z')).unwrap();
    let mesh = &content.meshes[0];
    let p = mesh.positions[0].map(f64::from);
    let site = mesh.origin.0 + DVec3::new(p[0], -p[2], p[1]);
    assert!(site.distance(DVec3::new(0.123, 0.456, 17.001)) < 1e-4, "{site}");
}

#[test]
fn the_axis_that_points_up_and_the_own_place_are_guessed() {
    let of = |low: [f64; 3], high: [f64; 3]| {
        let (low, high) = (DVec3::from(low), DVec3::from(high));
        (OwnPlace::of(low, high), Up::guessed(low, high))
    };
    assert_eq!(of([0.0; 3], [90.0, 10.0, 80.0]), (OwnPlace::Nowhere, Up::Y));
    assert_eq!(of([0.0; 3], [90.0, 80.0, 10.0]), (OwnPlace::Nowhere, Up::Z));
    assert_eq!(of([0.0; 3], [20.0, 90.0, 20.0]), (OwnPlace::Nowhere, Up::Y), "a tower");
    let turned = of([251_000.0, 10.0, -476_300.0], [251_050.0, 40.0, -476_250.0]);
    assert_eq!(turned, (OwnPlace::Rd(Up::Y), Up::Y));
    let ecef = of(
        [3_900_000.0, 464_000.0, 5_010_000.0],
        [3_900_050.0, 464_050.0, 5_010_050.0],
    );
    assert_eq!(ecef.0, OwnPlace::Ecef(Up::Y));
    assert_eq!(of([f64::NAN; 3], [1.0; 3]).0, OwnPlace::Nowhere);
}

#[test]
fn only_the_name_tells_an_obj() {
    for (path, expected) in [
        ("a.obj", true),
        ("b/A.OBJ", true),
        (".obj", false),
        ("a.objx", false),
        ("obj", false),
    ] {
        assert_eq!(is_obj(path), expected, "{path}");
    }
}
