//! The parts of a glTF 2.0 file that are read.
//!
//! From the `gltf` crate: accessors, buffer views, images, texture references and the named values
//! (component types, modes, alpha modes), whose unknown values are told apart and not unwrapped.
//!
//! Our own, each for a reason: nodes, because the crate reads their matrices as `f32`, which at 4,000 km from
//! the centre of the earth moves a building by up to 25 cm; primitives, because it drops the names of
//! attributes without an underscore (`BATCHID` in older tiles); buffers, materials, textures, meshes, scenes
//! and the root, because it refuses a whole file for one part that is never drawn. The crate's readers are
//! not used at all: they unwrap, and so panic on an index out of range. Here every index is looked up with
//! `get`.

use gltf::json::{Accessor, Image, buffer::View, material::AlphaMode, mesh::Mode, texture::Info, validation::Checked};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Root {
    pub(super) accessors: Vec<Accessor>,
    pub(super) buffers: Vec<Buffer>,
    pub(super) buffer_views: Vec<View>,
    pub(super) images: Vec<Image>,
    pub(super) materials: Vec<Material>,
    pub(super) meshes: Vec<Mesh>,
    pub(super) nodes: Vec<Node>,
    pub(super) scene: Option<usize>,
    pub(super) scenes: Vec<Scene>,
    pub(super) samplers: Vec<Sampler>,
    pub(super) textures: Vec<Texture>,
    pub(super) extensions: Value,
    pub(super) extensions_used: Vec<String>,
    pub(super) extensions_required: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Buffer {
    pub(super) uri: Option<String>,
    pub(super) extensions: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Sampler {
    pub(super) wrap_s: Option<u64>,
    pub(super) wrap_t: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Texture {
    pub(super) sampler: Option<usize>,
    pub(super) source: Option<usize>,
    pub(super) extensions: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Material {
    pub(super) pbr_metallic_roughness: Option<PbrMetallicRoughness>,
    pub(super) alpha_mode: Checked<AlphaMode>,
    pub(super) alpha_cutoff: Option<f64>,
    pub(super) double_sided: bool,
    pub(super) extensions: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PbrMetallicRoughness {
    pub(super) base_color_factor: Option<[f64; 4]>,
    pub(super) base_color_texture: Option<Info>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Mesh {
    pub(super) primitives: Vec<Primitive>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Primitive {
    pub(super) attributes: BTreeMap<String, usize>,
    pub(super) indices: Option<usize>,
    pub(super) material: Option<usize>,
    pub(super) mode: Checked<Mode>,
    pub(super) extensions: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Node {
    pub(super) children: Vec<usize>,
    pub(super) matrix: Option<[f64; 16]>,
    pub(super) translation: Option<[f64; 3]>,
    pub(super) rotation: Option<[f64; 4]>,
    pub(super) scale: Option<[f64; 3]>,
    pub(super) mesh: Option<usize>,
    pub(super) extensions: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Scene {
    pub(super) nodes: Vec<usize>,
}
