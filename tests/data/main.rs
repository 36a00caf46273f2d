//! What is read: coordinates, tiles, scenarios; held against the corpus where it lies beside the project.

#![expect(
    clippy::print_stderr,
    reason = "a suite says that it was skipped, or how much it compared"
)]

mod archives;
mod bad_input;
mod carried_sizes;
mod causes;
mod city_places;
mod cityjson;
mod codecs;
mod composite;
mod corpus_facts;
mod damaged_files;
mod decode;
mod feature_layers;
mod feature_sets;
mod feature_textures;
mod feature_textures_corpus;
mod georef;
mod geotiff_fixture;
mod gltf_features;
mod indicator_properties;
mod indicators;
mod instanced;
mod memory_need;
mod online;
mod payload_kinds;
mod points;
mod points_of_tiles;
mod prepare;
mod prepare_failures;
mod prepare_heights;
mod prepare_imagery;
mod prepare_stops;
mod raster;
mod raster_damage;
mod raster_masks;
mod refusals;
mod remote;
mod scenario;
mod systems;
mod terrain_pyramid;
mod tiler;
mod vector_facts;
mod vertex_values;

use std::path::{Path, PathBuf};

/// The corpus of real files, or `None` with a line that says so.
fn corpus() -> Option<PathBuf> {
    let path = std::env::var_os("STADSLENS_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    if path.join("facts.json").is_file() {
        Some(path)
    } else {
        eprintln!("skipped: no corpus at {}", path.display());
        None
    }
}
