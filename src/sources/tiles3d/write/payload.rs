//! The content of one tile as binary glTF.
//!
//! One mesh with one primitive a material. All primitives share one view for positions, one for normals, one for
//! feature numbers, one for triangles, and each has accessors of its own into them, so that a reader takes only the
//! vertices that a primitive needs.

use super::{
    buffer::Buffers,
    properties::{Property, structural_metadata},
    quantize::{PositionForm, steps},
};
use crate::georef::{narrow, render_axes};
use bevy::math::{DVec3, Vec3};
use meshoptimizer_rs::{Error, Workspace, optimize_vertex_cache};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use thiserror::Error as ThisError;

const BYTE: u32 = 5120;
const UNSIGNED_SHORT: u32 = 5123;
const UNSIGNED_INT: u32 = 5125;
const FLOAT: u32 = 5126;
/// `REPEAT`, `LINEAR`, `LINEAR_MIPMAP_LINEAR`
const SAMPLER: [u32; 3] = [10_497, 9_729, 9_987];

/// Why a payload could not be written.
#[derive(Debug, ThisError)]
pub(crate) enum WriteError {
    /// The compressor refused, which means that numbers are not finite or too many.
    #[error("the geometry cannot be compressed ({source})")]
    Compression {
        /** Its words. */
        #[from]
        source: Error,
    },
    /// More than fits one tile.
    #[error("{count} {what} are more than fit one tile")]
    TooMany {
        /** How many. */
        count: usize,
        /** Of what. */
        what: &'static str,
    },
}

/// How a part looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct PayloadMaterial {
    /// sRGB and opacity; white below a picture.
    pub(crate) color: [u8; 4],
    pub(crate) is_double_sided: bool,
    /// Place in [`Payload::images`].
    pub(crate) image: Option<usize>,
}

/// A picture, in the file format it came in.
#[derive(Debug, Clone)]
pub(crate) struct PayloadImage {
    pub(crate) mime: &'static str,
    pub(crate) file: ImageFile,
}

/// Where a picture is.
#[derive(Debug, Clone)]
pub(crate) enum ImageFile {
    /// In the payload.
    Embedded(Vec<u8>),
    /// In a file beside it, named as the payload sees it.
    Beside(String),
}

/// Triangles of one material. Every list but `triangles` has one entry a vertex (`uvs` may be empty).
#[derive(Debug, Clone, Default)]
pub(crate) struct PayloadPart {
    /// Tile axes (x east, y north, z up), metres.
    pub(crate) positions: Vec<DVec3>,
    /// Tile axes, steps of 1/127.
    pub(crate) normals: Vec<[i8; 3]>,
    /// Row in the table.
    pub(crate) features: Vec<u16>,
    /// Of the upper left, as glTF counts.
    pub(crate) uvs: Vec<[f32; 2]>,
    pub(crate) triangles: Vec<[u32; 3]>,
}

/// What one tile holds.
#[derive(Debug)]
pub(crate) struct Payload {
    pub(crate) parts: Vec<(PayloadMaterial, PayloadPart)>,
    pub(crate) images: Vec<PayloadImage>,
    pub(crate) properties: Vec<Property>,
    /// Rows.
    pub(crate) features: u32,
    /// How far a stored corner may lie from the true one, metres.
    pub(crate) error_m: f64,
}

/// A payload as bytes.
pub(crate) struct WrittenPayload {
    pub(crate) glb: Vec<u8>,
    /// How far a stored corner may lie from the true one, metres.
    pub(crate) error_m: f64,
}

impl Payload {
    /// Writes it. Parts without triangles are passed over.
    pub(crate) fn write(self, workspace: &mut Workspace) -> Result<WrittenPayload, WriteError> {
        let parts: Vec<_> = self
            .parts
            .into_iter()
            .filter(|(_, part)| !part.triangles.is_empty())
            .collect();
        let positions = || {
            parts
                .iter()
                .flat_map(|(_, part)| &part.positions)
                .map(|p| render_axes(*p))
        };
        let (low, high) = positions().fold((DVec3::INFINITY, DVec3::NEG_INFINITY), |(low, high), p| {
            (low.min(p), high.max(p))
        });
        let form = PositionForm::of(low, high, self.error_m);
        let mut file = File {
            buffers: Buffers::default(),
            workspace,
            used: BTreeSet::from([
                "EXT_mesh_features",
                "EXT_meshopt_compression",
                "EXT_structural_metadata",
            ]),
            required: BTreeSet::from(["EXT_meshopt_compression", "KHR_mesh_quantization"]),
        };
        let mut root = Map::new();
        root.insert("asset".to_owned(), json!({"version": "2.0", "generator": "Stadslens"}));
        root.insert("scene".to_owned(), json!(0));
        root.insert("scenes".to_owned(), json!([{"nodes": [0]}]));
        let mut node = json!({"mesh": 0});
        if let PositionForm::Short { low, step_m } = form {
            node["translation"] = json!(low.to_array());
            node["scale"] = json!([step_m, step_m, step_m]);
        }
        root.insert("nodes".to_owned(), json!([node]));
        let primitives = file.primitives(&parts, form, !self.images.is_empty())?;
        root.insert("meshes".to_owned(), json!([{"primitives": primitives}]));
        let materials: Vec<Value> = parts.iter().map(|(material, _)| material.json()).collect();
        root.insert("materials".to_owned(), materials.into());
        file.images(&self.images, &mut root);
        let metadata = structural_metadata(&self.properties, self.features, &mut file.buffers);
        root.insert("extensions".to_owned(), json!({"EXT_structural_metadata": metadata}));
        file.used.extend(&file.required);
        root.insert("extensionsUsed".to_owned(), json!(file.used));
        root.insert("extensionsRequired".to_owned(), json!(file.required));
        Ok(WrittenPayload {
            glb: file.buffers.into_glb(root),
            error_m: form.error_m(),
        })
    }
}

impl PayloadMaterial {
    fn json(&self) -> Value {
        let [r, g, b, a] = self.color;
        let mut base = json!({
            "baseColorFactor": [linear(r), linear(g), linear(b), f64::from(a) / 255.0],
            "metallicFactor": 0.0,
            "roughnessFactor": 1.0,
        });
        if let Some(image) = self.image {
            base["baseColorTexture"] = json!({"index": image});
        }
        let mut material = json!({"pbrMetallicRoughness": base});
        if self.is_double_sided {
            material["doubleSided"] = true.into();
        }
        if a < 255 {
            material["alphaMode"] = "BLEND".into();
        }
        material
    }
}

/// Linear light of an sRGB byte.
fn linear(byte: u8) -> f64 {
    let s = f64::from(byte) / 255.0;
    if s <= 0.040_45 {
        s / 12.92
    } else {
        ((s + 0.055) / 1.055).powf(2.4)
    }
}

/// A file in the making.
struct File<'a> {
    buffers: Buffers,
    workspace: &'a mut Workspace,
    used: BTreeSet<&'static str>,
    required: BTreeSet<&'static str>,
}

impl File<'_> {
    fn primitives(
        &mut self,
        parts: &[(PayloadMaterial, PayloadPart)],
        form: PositionForm,
        has_images: bool,
    ) -> Result<Vec<Value>, WriteError> {
        let mut bytes = VertexBytes::default();
        let mut indices: Vec<u32> = Vec::new();
        let mut ranges = Vec::new();
        for (_, part) in parts {
            let corners: Vec<u32> = part.triangles.iter().flatten().copied().collect();
            let corners = optimize_vertex_cache(&corners, part.positions.len(), self.workspace)?;
            let (first_vertex, first_index) = (bytes.count, indices.len());
            // Vertices in the order in which the triangles first need them, which packs best.
            let mut place = vec![u32::MAX; part.positions.len()];
            let mut bounds = (Vec3::INFINITY, Vec3::NEG_INFINITY);
            let mut rows = BTreeSet::new();
            for corner in corners {
                let at = corner as usize;
                if place[at] == u32::MAX {
                    place[at] = u32::try_from(bytes.count - first_vertex).unwrap_or(u32::MAX);
                    let stored = bytes.push(part, at, form, has_images);
                    bounds = (bounds.0.min(stored), bounds.1.max(stored));
                    rows.insert(part.features[at]);
                }
                indices.push(place[at]);
            }
            ranges.push((
                first_vertex,
                bytes.count - first_vertex,
                first_index,
                bounds,
                rows.len(),
            ));
        }
        let count = bytes.count;
        if u32::try_from(count).is_err() {
            return Err(WriteError::TooMany {
                count,
                what: "vertices",
            });
        }
        let is_float = matches!(form, PositionForm::Float { .. });
        let position_stride = if is_float { 12 } else { 8 };
        let position_view = self
            .buffers
            .vertices(&bytes.positions, count, position_stride, self.workspace)?;
        let normal_view = self.buffers.vertices(&bytes.normals, count, 4, self.workspace)?;
        let feature_view = self.buffers.vertices(&bytes.features, count, 4, self.workspace)?;
        let uv_view = if has_images {
            Some(self.buffers.vertices(&bytes.uvs, count, 8, self.workspace)?)
        } else {
            None
        };
        let most = ranges.iter().map(|range| range.1).max().unwrap_or(0);
        // 65,535 itself would mean the end of a strip.
        let (index_kind, index_size) = if most < 65_535 {
            (UNSIGNED_SHORT, 2)
        } else {
            (UNSIGNED_INT, 4)
        };
        let index_view = self.buffers.triangles(&indices, index_size, self.workspace)?;
        let mut primitives = Vec::new();
        for (number, ((first, count, first_index, bounds, rows), (material, part))) in
            ranges.iter().zip(parts).enumerate()
        {
            let position_kind = if is_float { FLOAT } else { UNSIGNED_SHORT };
            let mut attributes = json!({
                "POSITION": self.buffers.accessor(json!({
                    "bufferView": position_view, "byteOffset": first * position_stride, "componentType": position_kind,
                    "count": count, "type": "VEC3", "min": bounds.0.to_array(), "max": bounds.1.to_array(),
                })),
                "NORMAL": self.buffers.accessor(json!({
                    "bufferView": normal_view, "byteOffset": first * 4, "componentType": BYTE, "normalized": true,
                    "count": count, "type": "VEC3",
                })),
                "_FEATURE_ID_0": self.buffers.accessor(json!({
                    "bufferView": feature_view, "byteOffset": first * 4, "componentType": UNSIGNED_SHORT,
                    "count": count, "type": "SCALAR",
                })),
            });
            if let (Some(view), Some(_)) = (uv_view, material.image) {
                attributes["TEXCOORD_0"] = json!(self.buffers.accessor(json!({
                    "bufferView": view, "byteOffset": first * 8, "componentType": FLOAT, "count": count, "type": "VEC2",
                })));
            }
            let corners = self.buffers.accessor(json!({
                "bufferView": index_view, "byteOffset": first_index * index_size, "componentType": index_kind,
                "count": part.triangles.len() * 3, "type": "SCALAR",
            }));
            primitives.push(json!({
                "attributes": attributes, "indices": corners, "material": number, "mode": 4,
                "extensions": {"EXT_mesh_features": {"featureIds": [
                    {"featureCount": rows, "attribute": 0, "propertyTable": 0},
                ]}},
            }));
        }
        Ok(primitives)
    }

    fn images(&mut self, images: &[PayloadImage], root: &mut Map<String, Value>) {
        if images.is_empty() {
            return;
        }
        let (mut files, mut textures) = (Vec::new(), Vec::new());
        for (number, image) in images.iter().enumerate() {
            files.push(match &image.file {
                ImageFile::Embedded(bytes) => json!({"bufferView": self.buffers.plain(bytes), "mimeType": image.mime}),
                ImageFile::Beside(uri) => json!({"uri": uri, "mimeType": image.mime}),
            });
            textures.push(if image.mime == "image/webp" {
                self.required.insert("EXT_texture_webp");
                json!({"sampler": 0, "extensions": {"EXT_texture_webp": {"source": number}}})
            } else {
                json!({"sampler": 0, "source": number})
            });
        }
        let [wrap, mag, min] = SAMPLER;
        root.insert("images".to_owned(), files.into());
        root.insert("textures".to_owned(), textures.into());
        root.insert(
            "samplers".to_owned(),
            json!([{"wrapS": wrap, "wrapT": wrap, "magFilter": mag, "minFilter": min}]),
        );
    }
}

/// Attributes of all vertices of a file, as they are compressed.
#[derive(Default)]
struct VertexBytes {
    count: usize,
    positions: Vec<u8>,
    normals: Vec<u8>,
    features: Vec<u8>,
    uvs: Vec<u8>,
}

impl VertexBytes {
    /// Adds vertex `at` of a part and returns its position as stored.
    fn push(&mut self, part: &PayloadPart, at: usize, form: PositionForm, has_images: bool) -> Vec3 {
        self.count += 1;
        let position = render_axes(part.positions[at]);
        let stored = match form {
            PositionForm::Short { low, step_m } => {
                let steps = steps(position, low, step_m);
                self.positions.extend(steps.iter().flat_map(|n| n.to_le_bytes()));
                self.positions.extend([0; 2]);
                Vec3::from_array(steps.map(f32::from))
            }
            PositionForm::Float { .. } => {
                let metres = narrow(position);
                self.positions.extend(metres.iter().flat_map(|n| n.to_le_bytes()));
                Vec3::from_array(metres)
            }
        };
        let [east, north, up] = part.normals[at];
        self.normals.extend([east, up, -north, 0].map(i8::cast_unsigned));
        self.features.extend(part.features[at].to_le_bytes());
        self.features.extend([0; 2]);
        if has_images {
            let uv = part.uvs.get(at).copied().unwrap_or_default();
            self.uvs.extend(uv.iter().flat_map(|n| n.to_le_bytes()));
        }
        stored
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_of_materials_come_back_to_the_byte() {
        for byte in 0..=255_u8 {
            let light = linear(byte);
            let encoded = if light <= 0.003_130_8 {
                light * 12.92
            } else {
                1.055 * light.powf(1.0 / 2.4) - 0.055
            };
            assert!((encoded * 255.0 - f64::from(byte)).abs() < 1e-6, "{byte}");
        }
    }
}
