//! One building of a real 3DBAG tile is removed by a plan. The tile names no building and has no register, so the plan
//! draws a ring over it.
//!
//! Held against each other, to the pixel and with shadows, each with what a tile without the building gives:
//!
//! - the tile as it came, and the same tile without the building's triangles;
//! - the tile unpacked with the building last, and a tile that never held it: neither its triangles nor its corners.
//!   The building comes last so that all others keep their numbers: where two lines cross, the order in which they
//!   blend follows the numbers of the corners, and with it the last bit of a colour.
//!
//! That all these files decode to the same bits for every other building is checked first, so that a difference in
//! the picture is the program's.

use super::{draw, project};
use bevy::math::DVec3;
use image::RgbImage;
use meshoptimizer_rs::{
    Limits, Workspace,
    codec::{self, Filter, Mode},
};
use serde_json::{Value, json};
use stadslens::{
    geometry::FeatureMesh,
    georef::{RdNap, SiteFrame, site_axes},
    sources::{
        resource::folder,
        tiles3d::{DecodeRequest, decode_content, read_tileset},
    },
};
use std::{
    fs,
    path::{Path, PathBuf},
};

const TILE: &str = "tiles/nl-3dbag-tyler-128";
/// Site metres are RD and NAP here.
const RD: SiteFrame = SiteFrame::RdNap {
    anchor: RdNap {
        x_m: 0.0,
        y_m: 0.0,
        nap_m: 0.0,
    },
};
/// The tile's buffer views of indices and of corners, and the bytes of a corner: feature number, position, normal.
const INDICES: usize = 0;
const CORNERS: usize = 1;
const CORNER: usize = 16;

/// What becomes of a building's corners.
#[derive(Clone, Copy)]
enum Corners {
    InPlace,
    Last,
    Gone,
}

/// The tile's folder in the corpus, or `None` with a line that says so.
fn tile_folder() -> Option<PathBuf> {
    let corpus = std::env::var_os("STADSLENS_CORPUS").map_or_else(|| project("../shared/corpus"), PathBuf::from);
    let tile = corpus.join(TILE);
    if tile.join("tileset.json").is_file() {
        return Some(tile);
    }
    eprintln!("skipped: no tile at {}", tile.display());
    None
}

#[test]
fn a_building_removed_from_a_3dbag_tile_leaves_the_picture_of_a_tile_that_never_held_it() {
    let Some(original) = tile_folder() else { return };
    let mesh = decoded(&original);
    let building = tallest(&mesh);
    let plain = Plain::unpack(&fs::read(original.join("128.glb")).unwrap());
    let made = |corners: Corners, keeps_faces: bool| {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(original.join("tileset.json"), folder.path().join("tileset.json")).unwrap();
        let glb = plain.remade(building.feature, corners, keeps_faces);
        fs::write(folder.path().join("128.glb"), glb).unwrap();
        folder
    };
    let faceless = made(Corners::InPlace, false);
    let last = made(Corners::Last, true);
    let never = made(Corners::Gone, false);
    for made in [&faceless, &last, &never] {
        assert_same_but_for(building.feature, &mesh, &decoded(made.path()));
    }
    assert!(
        !decoded(never.path()).features.contains(&building.feature),
        "its corners are gone"
    );

    let picture = |tile: &Path, is_removed: bool| {
        let (picture, report) = draw(scenario(tile, &building, is_removed).path(), "tile", &[]);
        assert_eq!(report["failed_contents"], json!([]));
        picture
    };
    let expected = picture(faceless.path(), false);
    let seen = differing(&picture(&original, false), &expected);
    assert!(
        seen > 2000,
        "the building and its shadow are seen where they stand: {seen} pixels"
    );
    assert_equal("as it came", &picture(&original, true), &expected);
    assert_equal("unpacked", &picture(last.path(), true), &picture(never.path(), false));
}

fn differing(a: &RgbImage, b: &RgbImage) -> usize {
    a.pixels().zip(b.pixels()).filter(|(a, b)| a != b).count()
}

fn assert_equal(tile: &str, found: &RgbImage, expected: &RgbImage) {
    let different = differing(found, expected);
    if different > 0 {
        let place = std::env::temp_dir();
        found.save(place.join("stadslens-3dbag-removed.png")).unwrap();
        expected.save(place.join("stadslens-3dbag-never.png")).unwrap();
        panic!(
            "{different} pixels differ in the tile {tile}; see stadslens-3dbag-*.png in {}",
            place.display()
        );
    }
}

/// The mesh of the tile, site metres RD and NAP.
fn decoded(tile: &Path) -> FeatureMesh {
    let (tree, _) = read_tileset(folder(tile), "tileset.json").unwrap();
    let number = tree.tiles.iter().position(|tile| !tile.contents.is_empty()).unwrap();
    let content = decode_content(&DecodeRequest {
        resources: tree.resources.clone(),
        path: tree.tiles[number].contents[0].clone(),
        root_from_tile: tree.tiles[number].root_from_tile,
        is_geocentric: tree.is_geocentric,
        site: RD,
        volume: Some(tree.tiles[number].bounding_volume),
        gltf_up_axis: tree.gltf_up_axis,
        height_offset_m: 0.0,
    })
    .unwrap();
    let [(mesh, ..)] = <[_; 1]>::try_from(content.meshes).unwrap_or_else(|meshes| panic!("{} meshes", meshes.len()));
    mesh
}

/// Where a building stands.
struct Building {
    feature: u32,
    low: DVec3,
    high: DVec3,
}

/// The tallest building: its shadow is the longest.
fn tallest(mesh: &FeatureMesh) -> Building {
    let count = mesh.features.iter().max().unwrap() + 1;
    let mut buildings: Vec<Building> = (0..count)
        .map(|feature| Building {
            feature,
            low: DVec3::INFINITY,
            high: DVec3::NEG_INFINITY,
        })
        .collect();
    for (p, feature) in mesh.positions.iter().zip(&mesh.features) {
        let at = mesh.origin.0 + site_axes(DVec3::new(p[0].into(), p[1].into(), p[2].into()));
        let building = &mut buildings[*feature as usize];
        building.low = building.low.min(at);
        building.high = building.high.max(at);
    }
    let height = |building: &Building| building.high.z - building.low.z;
    buildings
        .into_iter()
        .max_by(|a, b| height(a).total_cmp(&height(b)))
        .unwrap()
}

/// Every other building has the same corners, to the bit, and the same triangles.
fn assert_same_but_for(feature: u32, with: &FeatureMesh, lacking: &FeatureMesh) {
    let corners = |mesh: &FeatureMesh| -> Vec<([u32; 3], u32)> {
        let of_faces = mesh.indices.iter().map(|i| *i as usize);
        of_faces
            .map(|i| (mesh.positions[i].map(f32::to_bits), mesh.features[i]))
            .filter(|(_, of)| *of != feature)
            .collect()
    };
    assert_eq!(with.origin, lacking.origin);
    assert!(corners(with) == corners(lacking), "another building changed");
}

/// A folder with a scenario around a tile, on level ground, looking at a building; its one variant may remove what
/// stands there.
fn scenario(tile: &Path, building: &Building, is_removed: bool) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    for name in ["tileset.json", "128.glb"] {
        fs::copy(tile.join(name), to.path().join(name)).unwrap();
    }
    let center = building.low.midpoint(building.high).round();
    // Over its middle: around all of it a shed in its garden would go too.
    let (low, high) = (building.low.truncate(), building.high.truncate());
    let (low, high) = (low.lerp(high, 0.3), low.lerp(high, 0.7));
    let ring = [[low.x, low.y], [high.x, low.y], [high.x, high.y], [low.x, high.y]];
    let terrain = format!(
        "ncols 3\nnrows 3\nxllcenter {}\nyllcenter {}\ncellsize 1000\n{}",
        center.x - 1000.0,
        center.y - 1000.0,
        format!("{0} {0} {0}\n", building.low.z).repeat(3)
    );
    fs::write(to.path().join("terrain.asc"), terrain).unwrap();
    let removed = if is_removed {
        json!({"polygons": [ring]})
    } else {
        json!({})
    };
    let document = json!({
        "version": 1,
        "title": {"nl": "Tegel"},
        "area": {"name": {"nl": "Tegel"}, "anchor": {"rd": [center.x, center.y], "nap_m": 0.0}},
        "crs": "EPSG:28992",
        "layers": [
            {"id": "tile", "kind": "tiles3d", "path": "tileset.json"},
            {"id": "ground", "kind": "terrain", "path": "terrain.asc", "height_reference": "nap"}],
        "variants": [{"id": "0", "title": {"nl": "Plan"}, "removed": removed}],
        "viewpoints": [{"id": "there", "title": {"nl": "Daar"}, "camera": {
            "target": [center.x, center.y, center.z], "heading_deg": 20, "pitch_deg": -30, "distance_m": 130}}],
        "start": {"viewpoint": "there", "variant": "0", "time": "2026-06-21T18:00:00+02:00"}
    });
    fs::write(to.path().join("scenario.json"), document.to_string()).unwrap();
    to
}

/// The tile's glb with every buffer view unpacked.
struct Plain {
    document: Value,
    views: Vec<Vec<u8>>,
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap_or(0)).unwrap()
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

impl Plain {
    fn unpack(glb: &[u8]) -> Self {
        let json_length = usize::try_from(word(glb, 12)).unwrap();
        let document: Value = serde_json::from_slice(&glb[20..20 + json_length]).unwrap();
        let binary = &glb[20 + json_length + 8..];
        let part = |of: &Value| &binary[number(&of["byteOffset"])..][..number(&of["byteLength"])];
        let views = document["bufferViews"].as_array().unwrap().iter().map(|view| {
            let packed = &view["extensions"]["EXT_meshopt_compression"];
            if packed.is_null() {
                return part(view).to_vec();
            }
            let mode = Mode::parse(packed["mode"].as_str().unwrap()).unwrap();
            let mut workspace = Workspace::new(Limits {
                max_bytes: 64 << 20,
                max_work: 1 << 32,
            });
            let (count, stride) = (number(&packed["count"]), number(&packed["byteStride"]));
            codec::decode_buffer_view(mode, Filter::None, count, stride, part(packed), &mut workspace).unwrap()
        });
        Self {
            views: views.collect(),
            document: document.clone(),
        }
    }

    /// A glb in which a feature's corners come elsewhere and whose triangles stay, last, or go. Its row of attributes,
    /// all of them "no data", stays in any case.
    fn remade(&self, feature: u32, corners: Corners, keeps_faces: bool) -> Vec<u8> {
        let primitive = &self.document["meshes"][0]["primitives"][0];
        assert_eq!(primitive["indices"], json!(INDICES));
        assert_eq!(primitive["attributes"]["_FEATURE_ID_0"], json!(CORNERS));
        let all: Vec<&[u8]> = self.views[CORNERS].chunks_exact(CORNER).collect();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small whole number"
        )]
        let of = |corner: &[u8]| f32::from_le_bytes(corner[..4].try_into().unwrap()) as u32;
        let (building, others): (Vec<usize>, Vec<usize>) = (0..all.len()).partition(|i| of(all[*i]) == feature);
        let order: Vec<usize> = match corners {
            Corners::InPlace => (0..all.len()).collect(),
            Corners::Last => others.into_iter().chain(building).collect(),
            Corners::Gone => others,
        };
        let mut places = vec![usize::MAX; all.len()];
        for (new, old) in order.iter().enumerate() {
            places[*old] = new;
        }
        let corner = |face: &[u8], i: usize| usize::try_from(word(face, i * 4)).unwrap();
        let faces = self.views[INDICES].chunks_exact(12);
        let (mut faces, mut of_building): (Vec<&[u8]>, Vec<&[u8]>) =
            faces.partition(|face| of(all[corner(face, 0)]) != feature);
        assert!(!of_building.is_empty());
        if keeps_faces {
            faces.append(&mut of_building);
        }
        let numbers = faces.iter().flat_map(|face| [0, 1, 2].map(|i| places[corner(face, i)]));
        let indices = numbers
            .flat_map(|new| u32::try_from(new).unwrap().to_le_bytes())
            .collect();
        let mut made = Self {
            document: self.document.clone(),
            views: self.views.clone(),
        };
        for accessor in made.document["accessors"].as_array_mut().unwrap() {
            let is_index = accessor["bufferView"] == json!(INDICES);
            accessor["count"] = json!(if is_index { faces.len() * 3 } else { order.len() });
        }
        made.document["accessors"][0]["max"] = json!([order.len() - 1]);
        made.views[INDICES] = indices;
        made.views[CORNERS] = order.iter().flat_map(|old| all[*old]).copied().collect();
        made.pack()
    }

    /// A glb with one plain buffer.
    fn pack(mut self) -> Vec<u8> {
        let mut binary: Vec<u8> = Vec::new();
        for (view, bytes) in self.document["bufferViews"]
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .zip(&self.views)
        {
            binary.resize(binary.len().next_multiple_of(8), 0);
            let stride = view.get("byteStride").cloned();
            *view = json!({"buffer": 0, "byteOffset": binary.len(), "byteLength": bytes.len()});
            if let Some(stride) = stride {
                view["byteStride"] = stride;
            }
            binary.extend_from_slice(bytes);
        }
        binary.resize(binary.len().next_multiple_of(4), 0);
        self.document["buffers"] = json!([{"byteLength": binary.len()}]);
        for key in ["extensionsUsed", "extensionsRequired"] {
            let names = self.document[key].as_array_mut().unwrap();
            names.retain(|name| name != "EXT_meshopt_compression");
        }
        let mut text = self.document.to_string().into_bytes();
        text.resize(text.len().next_multiple_of(4), b' ');
        let size = |bytes: usize| u32::try_from(bytes).unwrap().to_le_bytes();
        let mut glb = b"glTF\x02\0\0\0".to_vec();
        glb.extend(size(28 + text.len() + binary.len()));
        glb.extend(size(text.len()));
        glb.extend(b"JSON");
        glb.extend(text);
        glb.extend(size(binary.len()));
        glb.extend(b"BIN\0");
        glb.extend(binary);
        glb
    }
}
