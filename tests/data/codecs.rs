//! Compressed tiles of the corpus, unpacked: Draco, meshopt, Basis Universal, WebP; and what damage does to them.
//!
//! The corpus lies beside the project and is not part of it: without it each test says so and passes.

#![expect(clippy::print_stderr, reason = "a test says how much it compared")]

use crate::bad_input::decode_file;
use crate::corpus;
use crate::decode::request_alone;
use proptest::prelude::*;
use stadslens::{
    geometry::{TexelFormat, Texture, TextureSupport},
    sources::{
        Problem,
        inspect::inspect,
        tiles3d::{DecodedMeshes, TileContent, decode_meshes_for},
    },
};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

fn triangles(content: &TileContent) -> usize {
    content.meshes.iter().map(|(mesh, ..)| mesh.indices.len() / 3).sum()
}

fn meshes_for(path: &Path, support: TextureSupport) -> DecodedMeshes {
    decode_meshes_for(&request_alone(path), support).unwrap_or_else(|problem| panic!("{problem}"))
}

fn textures(decoded: &DecodedMeshes) -> Vec<&Texture> {
    decoded.meshes.iter().filter_map(|mesh| mesh.texture.as_ref()).collect()
}

#[test]
fn draco_tiles_decode_to_the_triangles_of_their_facts() {
    let Some(corpus) = corpus() else { return };
    // Its buffer lies there under another name than it says.
    let engine = tempfile::tempdir().unwrap();
    let (named, source) = (engine.path().join("engine.gltf"), corpus.join("gltf/draco"));
    fs::copy(source.join("2CylinderEngine-Draco.gltf.json"), &named).unwrap();
    fs::copy(source.join("2CylinderEngine-Draco.bin"), engine.path().join("0.bin")).unwrap();
    // Its encoder dropped triangles without an area, so the headers of its streams say fewer than its accessors.
    for (file, in_accessors, in_stream) in [
        (corpus.join("tiles/content/143.b3dm"), 28_222, 28_222),
        (corpus.join("gltf/tools/BoxDraco.glb"), 12, 12),
        (named, 121_496, 110_336),
    ] {
        let path = file.display();
        let promised = inspect(&file).unwrap()["totals"]["triangles"].as_u64().unwrap();
        let started = Instant::now();
        let content = decode_file(&file).unwrap_or_else(|problem| panic!("{path}: {problem}"));
        eprintln!("{path}: {} triangles in {:?}", triangles(&content), started.elapsed());
        assert!(content.problems.is_empty(), "{path}: {:?}", content.problems);
        assert_eq!((promised, triangles(&content)), (in_accessors, in_stream), "{path}");
    }
    // Photographs on both halves of the tile, by the coordinates in the stream.
    let photo = meshes_for(&corpus.join("tiles/content/143.b3dm"), TextureSupport::default());
    assert_eq!(textures(&photo).len(), 2);
    for mesh in &photo.meshes {
        assert_eq!(mesh.uvs.len(), mesh.positions.len());
        assert!(
            mesh.uvs.iter().flatten().all(|part| (-0.01..=1.01).contains(part)),
            "one atlas"
        );
    }
}

#[test]
fn a_basis_picture_keeps_its_levels_in_both_forms() {
    let Some(corpus) = corpus() else { return };
    let path = corpus.join("tiles/cesiumjs/agi-ktx2/0/0.glb");
    let started = Instant::now();
    let plain = meshes_for(&path, TextureSupport::default());
    let plain_took = started.elapsed();
    assert!(plain.problems.is_empty(), "{:?}", plain.problems);
    let [texture] = textures(&plain)[..] else {
        panic!("one picture")
    };
    assert_eq!((texture.width, texture.height, texture.levels), (1024, 1024, 11));
    assert_eq!((texture.format, texture.srgb), (TexelFormat::Rgba8, true));
    let texels: usize = (0..11).map(|level| (1024 >> level) * (1024 >> level)).sum();
    assert_eq!(texture.texels.len(), 4 * texels);
    // A photo of a town from above: not one colour, not noise, and every level has about the same mean.
    let (first, rest) = texture.texels.split_at(4 << 20);
    let mean = |texels: &[u8], part: usize| {
        let sum: u64 = texels.iter().skip(part).step_by(4).map(|byte| u64::from(*byte)).sum();
        sum / (texels.len() as u64 / 4)
    };
    let second = &rest[..1 << 20];
    for part in 0..3 {
        let (whole, half) = (mean(first, part), mean(second, part));
        assert!(
            (30..225).contains(&whole) && whole.abs_diff(half) < 8,
            "{whole} and {half}"
        );
    }
    assert_eq!(mean(first, 3), 255);
    let started = Instant::now();
    let blocks = meshes_for(&path, TextureSupport { bc7: true });
    eprintln!("KTX2: plain texels in {plain_took:?}, BC7 in {:?}", started.elapsed());
    let [texture] = textures(&blocks)[..] else {
        panic!("one picture")
    };
    assert_eq!((texture.format, texture.levels), (TexelFormat::Bc7, 11));
    let size = |level: usize| (1024_usize >> level).div_ceil(4);
    let expected: usize = (0..11).map(|level| size(level) * size(level) * 16).sum();
    assert_eq!(texture.texels.len(), expected);
}

#[test]
fn webp_pictures_and_meshopt_streams_of_both_names_are_read() {
    let Some(corpus) = corpus() else { return };
    let webp = meshes_for(
        &corpus.join("gltf/webp/BoxTexturedWebp.gltf"),
        TextureSupport::default(),
    );
    assert!(webp.problems.is_empty(), "{:?}", webp.problems);
    let [texture] = textures(&webp)[..] else {
        panic!("one picture")
    };
    assert_eq!((texture.width, texture.height, texture.levels), (256, 256, 1));
    // Streams of version 1 and the filter for colours are in this one alone.
    let path = corpus.join("gltf/meshopt/MeshoptCubeTest/glTF-Meshopt/MeshoptCubeTest.gltf");
    let cubes = decode_file(&path).unwrap();
    // Its pictures are not in the corpus.
    let is_picture = |problem: &Problem| problem.place.starts_with("images[");
    assert!(cubes.problems.iter().all(is_picture), "{:?}", cubes.problems);
    assert_eq!(triangles(&cubes), 320);
    assert!(cubes.meshes.iter().any(|(mesh, ..)| !mesh.colors.is_empty()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    /// Real tiles with a few bytes changed or an end missing: an answer in time, and never the last net alone where a
    /// check should have been.
    #[test]
    fn damaged_compressed_tiles_end_with_an_answer(
        file in 0_usize..4,
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        keep in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let Some(corpus) = corpus() else { return Ok(()) };
        let path = ["gltf/tools/BoxDraco.glb", "tiles/content/143.b3dm", "tiles/cesiumjs/agi-ktx2/0/0.glb",
            "gltf/meshopt/Duck.glb"][file];
        let mut bytes = fs::read(corpus.join(path)).unwrap();
        for (at, value) in hits {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(keep) = keep {
            bytes.truncate(keep.index(bytes.len()));
        }
        let folder = tempfile::tempdir().unwrap();
        let damaged = folder.path().join("tile.glb");
        fs::write(&damaged, bytes).unwrap();
        let started = Instant::now();
        match decode_file(&damaged) {
            Ok(content) => {
                for (mesh, ..) in &content.meshes {
                    prop_assert!(mesh.indices.iter().all(|index| (*index as usize) < mesh.positions.len()));
                }
            }
            Err(problem) => prop_assert!(!problem.message.contains('\n')),
        }
        prop_assert!(started.elapsed() < Duration::from_mins(1));
    }
}
