//! How long a tile takes from bytes to uploadable meshes in the site frame, on one core.
//!
//! The aims are 150 MB/s of b3dm, and 20 million triangles a second of meshopt glb (the 3DBAG tile of 51,062 triangles),
//! without edges and BVH, which are measured apart.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use stadslens::{
    geometry::{CreaseEdges, MeshBvh},
    georef::{RdNap, SiteFrame},
    sources::{
        resource::folder,
        tiles3d::{DecodeRequest, decode_content, decode_meshes, read_tileset},
    },
    streaming::keep_freed_memory,
};
use std::{
    hint::black_box,
    path::{Path, PathBuf},
};

fn decode(criterion: &mut Criterion) {
    // As in the program, whose tile loader does so.
    keep_freed_memory();
    let corpus = std::env::var_os("STADSLENS_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    let site = SiteFrame::RdNap {
        anchor: RdNap {
            x_m: 148_000.0,
            y_m: 459_000.0,
            nap_m: 0.0,
        },
    };
    for name in ["nl-3dbag-tyler-128", "nl-amsterdam-b3dm"] {
        let root = corpus.join("tiles").join(name);
        if !root.is_dir() {
            continue;
        }
        let Ok((tree, _)) = read_tileset(folder(&root), "tileset.json") else {
            continue;
        };
        let Some(tile) = tree.tiles.iter().find(|tile| !tile.contents.is_empty()) else {
            continue;
        };
        let request = DecodeRequest {
            resources: tree.resources.clone(),
            path: tile.contents[0].clone(),
            root_from_tile: tile.root_from_tile,
            is_geocentric: tree.is_geocentric,
            site,
            volume: Some(tile.bounding_volume),
            gltf_up_axis: tree.gltf_up_axis,
            height_offset_m: 0.0,
        };
        let mut group = criterion.benchmark_group(name);
        group.sample_size(30);
        if let Ok(decoded) = decode_meshes(&request) {
            let triangles: usize = decoded.meshes.iter().map(|mesh| mesh.indices.len() / 3).sum();
            let is_b3dm = request.path.ends_with("b3dm");
            group.throughput(if is_b3dm {
                Throughput::Bytes(decoded.bytes_read)
            } else {
                Throughput::Elements(triangles as u64)
            });
        }
        group.bench_function("bytes to meshes", |bencher| {
            bencher.iter(|| black_box(decode_meshes(&request)).is_ok());
        });
        group.bench_function("with edges", |bencher| {
            bencher.iter(|| {
                let decoded = decode_meshes(&request).ok()?;
                let edges: Vec<_> = decoded.meshes.iter().map(CreaseEdges::of).collect();
                Some(black_box((decoded, edges)).1.len())
            });
        });
        group.bench_function("with edges and BVH", |bencher| {
            bencher.iter(|| black_box(decode_content(&request)).is_ok());
        });
        if let Ok(content) = decode_content(&request)
            && let Some((mesh, ..)) = content.meshes.first()
        {
            group.bench_function("crease edges", |bencher| {
                bencher.iter(|| black_box(CreaseEdges::of(mesh)));
            });
            group.bench_function("BVH", |bencher| {
                bencher.iter(|| black_box(MeshBvh::build(mesh)).bytes());
            });
        }
        group.finish();
    }
}

criterion_group!(benches, decode);
criterion_main!(benches);
