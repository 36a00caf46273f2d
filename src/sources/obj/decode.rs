//! An OBJ to meshes in the site frame, as a tile or a model of a variant is decoded.

use super::{ObjModel, Up};
use crate::geometry::{Column, FeatureMarks, FeatureMesh, FeatureTable, Texture};
use crate::georef::{SitePos, narrow, render_axes};
use crate::sources::resource::{Resources, join};
use crate::sources::tiles3d::{DecodeRequest, DecodedMeshes};
use crate::sources::{Cause, CityPart, Problem, gltf};
use bevy::math::{DMat4, DVec3};
use std::collections::BTreeMap;

/// Largest file of a picture, bytes.
const MAX_IMAGE_BYTES: u64 = 256 << 20;
/// Most bytes of all pictures, unpacked.
const MAX_TEXTURE_BYTES: u64 = 1 << 30;

/// Decodes the bytes of an OBJ; the up axis is that of the request.
///
/// # Errors
/// When nothing of it can be drawn.
pub(crate) fn decode(request: &DecodeRequest, bytes: &[u8], path: &str) -> Result<DecodedMeshes, Problem> {
    if request.is_geocentric {
        let message = "an OBJ in a tileset of the earth is not read";
        return Err(Problem::error(path, "", message).because(Cause::NotRead));
    }
    let model = ObjModel::read(bytes, &*request.resources, path);
    let Some((low, high)) = model.bounds else {
        let first = model.problems.into_iter().next();
        return Err(first.unwrap_or_else(|| {
            Problem::error(path, "", "there is no face in it, so there is nothing to draw").because(Cause::Content)
        }));
    };
    let up = if request.gltf_up_axis == 'Z' { Up::Z } else { Up::Y };
    let place = |p: DVec3| request.root_from_tile.transform_point3(up.z_up(p));
    let origin = place((low + high) / 2.0).round();
    if !origin.is_finite() {
        return Err(Problem::error(path, "", "the positions are not finite numbers").because(Cause::Place));
    }
    let rows = u32::try_from(model.features.len()).unwrap_or(u32::MAX);
    let mut decoder = Decoder {
        is_mirrored: is_mirrored(&request.root_from_tile),
        start: origin,
        origin: SitePos(origin + DVec3::Z * request.height_offset_m),
        meshes: BTreeMap::new(),
    };
    for (row, feature) in (0_u32..).zip(&model.features) {
        // What belongs to no object is no feature.
        let row = if feature.id.is_empty() { rows } else { row };
        for part in &feature.parts {
            decoder.add(part, row, place);
        }
    }
    let mut problems = model.problems;
    let (mut meshes, mut bytes_read, mut left) = (Vec::new(), 0, MAX_TEXTURE_BYTES);
    for ((picture, _), mut mesh) in decoder.meshes {
        if let Some(uri) = picture {
            match read_picture(&*request.resources, &uri, left) {
                Ok((texture, read)) => {
                    left = left.saturating_sub(texture.texels.len() as u64);
                    bytes_read += read;
                    mesh.texture = Some(texture);
                }
                Err(problem) => {
                    problems.push(problem);
                    mesh.uvs.clear();
                }
            }
        }
        meshes.push(mesh);
    }
    let ids = model.features.into_iter().map(|feature| Some(feature.id));
    Ok(DecodedMeshes {
        meshes,
        marks: FeatureMarks::default(),
        features: FeatureTable {
            rows,
            class: None,
            columns: vec![("id".to_owned(), Column::Text(ids.collect()))],
        },
        instances: 0,
        bytes_read,
        problems,
    })
}

fn is_mirrored(transform: &DMat4) -> bool {
    transform.determinant() < 0.0
}

/// A picture and whether what it is on is seen through: what is drawn alike.
type Look = (Option<String>, bool);

struct Decoder {
    is_mirrored: bool,
    start: DVec3,
    origin: SitePos,
    meshes: BTreeMap<Look, FeatureMesh>,
}

impl Decoder {
    fn add(&mut self, part: &CityPart, row: u32, place: impl Fn(DVec3) -> DVec3) {
        const WHITE: [u8; 4] = [255; 4];
        let alpha = part.color.map_or(255, |color| color[3]);
        let picture = part.texture.as_ref().map(|texture| texture.image.to_string());
        let has_picture = picture.is_some();
        let mesh = self
            .meshes
            .entry((picture, alpha < 255))
            .or_insert_with(|| FeatureMesh {
                origin: self.origin,
                positions: Vec::new(),
                normals: Vec::new(),
                features: Vec::new(),
                colors: Vec::new(),
                uvs: Vec::new(),
                indices: Vec::new(),
                texture: None,
                // Many programs write faces wound either way.
                double_sided: true,
                translucent: alpha < 255,
                unlit: false,
                outline: None,
                copies: Vec::new(),
                values: crate::geometry::SurfaceValues::default(),
            });
        let before = mesh.positions.len();
        let base = u32::try_from(before).unwrap_or(u32::MAX);
        let placed: Vec<DVec3> = part.positions.iter().map(|p| place(*p) - self.start).collect();
        mesh.positions.extend(placed.iter().map(|p| narrow(render_axes(*p))));
        mesh.normals.resize(mesh.positions.len(), [0.0, 1.0, 0.0]);
        mesh.features.resize(mesh.positions.len(), row);
        // What names no colour has that of the program, until something else in it names one.
        let color = if has_picture {
            Some([255, 255, 255, alpha])
        } else {
            part.color
        };
        if let Some(color) = color.or((!mesh.colors.is_empty()).then_some(WHITE)) {
            mesh.colors.resize(before, WHITE);
            mesh.colors.resize(mesh.positions.len(), color);
        }
        if let Some(texture) = &part.texture {
            mesh.uvs.extend(texture.uvs.iter().map(|uv| [uv.x, 1.0 - uv.y]));
        }
        for [a, b, c] in &part.triangles {
            let [b, c] = if self.is_mirrored { [c, b] } else { [b, c] };
            let [pa, pb, pc] = [a, b, c].map(|i| placed.get(*i as usize).copied().unwrap_or_default());
            let normal = (pb - pa).cross(pc - pa).try_normalize().unwrap_or(DVec3::Z);
            for corner in [a, b, c] {
                if let Some(place) = mesh.normals.get_mut(before + *corner as usize) {
                    *place = narrow(render_axes(normal));
                }
                mesh.indices.push(base + corner);
            }
        }
    }
}

fn read_picture(resources: &dyn Resources, uri: &str, budget: u64) -> Result<(Texture, u64), Problem> {
    let path = join("", uri).map_err(|error| error.problem(uri, ""))?;
    let bytes = resources
        .read_at_most(&path, MAX_IMAGE_BYTES)
        .map_err(|error| error.problem(&path, ""))?;
    let texture = gltf::decode_picture(&bytes, budget).map_err(|fault| fault.at(&path))?;
    Ok((texture, bytes.len() as u64))
}
