//! All primitives of a payload to one mesh per render class.

use super::{
    Fault,
    accessor::{MAX_ACCESSOR_ELEMENTS, Views, element_count},
    document::Document,
    feature_ids::{FeatureIdSet, Rows, choose_rows, property_tables},
    file::{Primitive, Root},
    marks::merge_marks,
    material::{RenderClass, decode_image},
    metadata,
    place::{Bounds, Placement, SiteMap},
    primitive::{Part, Shape, read_part},
    scene::mesh_places,
};
use crate::{
    geometry::{FeatureMarks, FeatureMesh, FeatureTable},
    sources::{Cause, Problem, resource::Resources},
};
use bevy::math::{DMat3, DMat4, DVec3, Vec3};
use serde_json::Value;
use std::collections::BTreeMap;

/// Most accessor elements read for one payload, each time that a node draws them: a small file can name the
/// same big list many times.
const MAX_ELEMENTS: usize = 60_000_000;
/// Most texture bytes of one payload, unpacked.
const MAX_TEXTURE_BYTES: u64 = 1 << 30;
/// Most faults that are told of one payload.
const MAX_FAULTS: usize = 20;

/// Meshes in the site frame and what they stand for.
pub(crate) struct DecodedGltf {
    pub(crate) meshes: Vec<FeatureMesh>,
    /// Points and lines.
    pub(crate) marks: FeatureMarks,
    pub(crate) features: FeatureTable,
    /// Bytes read from other files than the payload itself.
    pub(crate) bytes_read: u64,
    pub(crate) problems: Vec<Problem>,
}

/// A part and where it stands.
pub(super) struct PlacedPart {
    pub(super) part: Part,
    pub(super) gltf_from_local: DMat4,
}

/// Decodes a payload. `batch` is the table of a batched tile. `Err` when nothing can be drawn of a file
/// that promises something.
pub(crate) fn decode(
    document: &Document<'_>,
    resources: &dyn Resources,
    path: &str,
    placement: &Placement<'_>,
    batch: Option<FeatureTable>,
) -> Result<DecodedGltf, Problem> {
    let views = Views::load(document, resources, path);
    let mut faults = Vec::new();
    let rows = choose_rows(
        &document.root,
        document.root.meshes.iter().flat_map(|mesh| &mesh.primitives),
        batch.as_ref().map(|table| table.rows),
    );
    let parts = read_parts(document, &views, rows, &mut faults);
    let mut bytes_read = views.bytes_read;
    if parts.is_empty()
        && let Some(first) = faults.first()
    {
        return Err(first.clone().at(path));
    }
    let features = match (rows.property_table, batch) {
        (Some(table), _) => {
            let (features, found) = metadata::read_table(&views, table, rows.count, resources, path);
            faults.extend(found);
            features
        }
        (None, Some(batch)) => FeatureTable {
            rows: rows.count,
            ..batch
        },
        (None, None) => FeatureTable {
            rows: rows.count,
            ..FeatureTable::default()
        },
    };
    let mut problems = warnings(document, rows, path);
    let mut meshes = Vec::new();
    let mut marks = FeatureMarks::default();
    let mut texture_budget = MAX_TEXTURE_BYTES;
    if !parts.is_empty() {
        let (map, root_from_gltf, is_hint_wrong) =
            place(document, placement, &parts).map_err(|fault| fault.at(path))?;
        if is_hint_wrong {
            let message =
                "the tileset says that its tiles are z-up, but only y-up fits the tile's volume; y-up is taken";
            problems.push(Problem::warning(path, "asset.gltfUpAxis", message));
        }
        let misplaced =
            |error: crate::georef::GeorefError| Problem::error(path, "", error.to_string()).because(Cause::Place);
        let (faces, others) = parts.into_iter().partition(|placed| placed.part.shape == Shape::Faces);
        marks = merge_marks(others, &map, root_from_gltf, rows.count).map_err(misplaced)?;
        for (class, mesh) in merge(faces, &map, root_from_gltf, rows.count).map_err(misplaced)? {
            let mut mesh = mesh;
            if let Some(image) = class.image {
                match decode_image(&views, image, resources, path, texture_budget) {
                    Ok((texture, read)) => {
                        texture_budget = texture_budget.saturating_sub(texture.rgba.len() as u64);
                        mesh.texture = Some(texture);
                        bytes_read += read;
                    }
                    Err(fault) => faults.push(fault),
                }
            }
            if mesh.texture.is_none() {
                mesh.uvs = Vec::new();
            }
            meshes.push(mesh);
        }
    }
    problems.extend(as_problems(faults, path));
    Ok(DecodedGltf {
        meshes,
        marks,
        features,
        bytes_read,
        problems,
    })
}

fn read_parts(document: &Document<'_>, views: &Views<'_>, rows: Rows, faults: &mut Vec<Fault>) -> Vec<PlacedPart> {
    let (places, scene_faults) = mesh_places(&document.root);
    faults.extend(scene_faults);
    let mut parts = Vec::new();
    let mut elements = 0_usize;
    for place in places {
        let Some(mesh) = document.root.meshes.get(place.mesh) else {
            faults.push(Fault::new(format!("meshes[{}]", place.mesh), "there is no such mesh"));
            continue;
        };
        if place.instancing.is_some() {
            let message = "GPU instances are not drawn yet";
            faults.push(Fault::not_read("EXT_mesh_gpu_instancing", message));
            continue;
        }
        for (number, primitive) in mesh.primitives.iter().enumerate() {
            elements = elements.saturating_add(elements_of(&document.root, primitive));
            if elements > MAX_ELEMENTS {
                let message = format!("more than {MAX_ELEMENTS} vertices and indices; the rest is left out");
                faults.push(Fault::too_large("", message));
                return parts;
            }
            let mut found = Vec::new();
            let part = read_part(views, primitive, rows, &mut found);
            faults.extend(found.into_iter().map(|fault| within(fault, place.mesh, number)));
            match part {
                Ok(Some(part)) => parts.push(PlacedPart {
                    part,
                    gltf_from_local: place.gltf_from_node,
                }),
                Ok(None) => {}
                Err(fault) => faults.push(within(fault, place.mesh, number)),
            }
        }
    }
    parts
}

/// Elements of everything that a primitive names and that will be read.
fn elements_of(root: &Root, primitive: &Primitive) -> usize {
    let accessors = primitive.attributes.values().chain(&primitive.indices);
    accessors
        .filter_map(|index| root.accessors.get(*index))
        .map(element_count)
        .filter(|count| *count <= MAX_ACCESSOR_ELEMENTS)
        .fold(0, usize::saturating_add)
}

fn within(mut fault: Fault, mesh: usize, primitive: usize) -> Fault {
    fault.place = format!("meshes[{mesh}].primitives[{primitive}].{}", fault.place);
    fault
}

/// One line for each kind of fault, however many primitives have it.
fn as_problems(faults: Vec<Fault>, path: &str) -> Vec<Problem> {
    let mut counted: Vec<(Fault, usize)> = Vec::new();
    for fault in faults {
        match counted.iter().position(|(known, _)| known.message == fault.message) {
            Some(known) => counted[known].1 += 1,
            None if counted.len() < MAX_FAULTS => counted.push((fault, 1)),
            None => {}
        }
    }
    counted
        .into_iter()
        .map(|(mut fault, count)| {
            if count > 1 {
                fault.message = format!("{} ({count} times)", fault.message);
            }
            fault.at(path)
        })
        .collect()
}

/// What the file holds beyond what is read, when the rest is shown right.
fn warnings(document: &Document<'_>, rows: Rows, path: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    let primitives = document.root.meshes.iter().flat_map(|mesh| &mesh.primitives);
    let sets: Vec<FeatureIdSet> = primitives.filter_map(FeatureIdSet::of).collect();
    if sets
        .iter()
        .any(|set| set.has_more || set.property_table != rows.property_table)
    {
        let message = "only the first feature id set is read; the properties of the others are not shown";
        problems.push(Problem::warning(path, "EXT_mesh_features", message).because(Cause::NotRead));
    } else if rows.property_table.is_some() && property_tables(&document.root).len() > 1 {
        let message = "only the property table of the features is read";
        problems.push(Problem::warning(path, "EXT_structural_metadata", message).because(Cause::NotRead));
    }
    for extension in &document.root.extensions_required {
        if !EXTENSIONS_READ.contains(&extension.as_str()) {
            let message = format!("the extension {extension} is not read yet");
            problems.push(Fault::not_read("extensionsRequired", message).at(path));
        }
    }
    problems
}

/// Extensions that are read, or have their own message where they are not.
const EXTENSIONS_READ: [&str; 13] = [
    "CESIUM_RTC",
    "CESIUM_primitive_outline",
    "EXT_mesh_features",
    "EXT_mesh_gpu_instancing",
    "EXT_meshopt_compression",
    "EXT_structural_metadata",
    "EXT_texture_webp",
    "KHR_draco_mesh_compression",
    "KHR_materials_unlit",
    "KHR_mesh_quantization",
    "KHR_meshopt_compression",
    "KHR_texture_basisu",
    "KHR_texture_transform",
];

/// Decides the up axis, then makes the map for the content.
fn place(
    document: &Document<'_>,
    placement: &Placement<'_>,
    parts: &[PlacedPart],
) -> Result<(SiteMap, DMat4, bool), Fault> {
    let mut in_gltf = Bounds::EMPTY;
    for placed in parts {
        for corner in placed.part.bounds.corners() {
            in_gltf.add(placed.gltf_from_local.transform_point3(corner));
        }
    }
    let (root_from_gltf, is_hint_wrong) = placement.root_from_gltf(cesium_rtc(document), &in_gltf.corners());
    let mut in_root = Bounds::EMPTY;
    for placed in parts {
        let root_from_local = root_from_gltf * placed.gltf_from_local;
        for corner in placed.part.bounds.corners() {
            in_root.add(root_from_local.transform_point3(corner));
        }
    }
    if !(in_root.center().is_finite() && in_root.radius().is_finite()) {
        return Err("the positions are not finite numbers".into());
    }
    let map = placement
        .site_map(&in_root)
        .map_err(|error| Fault::from(error.to_string()).because(Cause::Place))?;
    Ok((map, root_from_gltf, is_hint_wrong))
}

/// `CESIUM_RTC.center`, in tile axes (z-up).
fn cesium_rtc(document: &Document<'_>) -> Option<DVec3> {
    let center = document.root.extensions.get("CESIUM_RTC")?.get("center")?;
    let part = |i: usize| center.get(i).and_then(Value::as_f64);
    Some(DVec3::new(part(0)?, part(1)?, part(2)?))
}

/// Maps the parts to the site and joins those that are drawn alike.
fn merge(
    parts: Vec<PlacedPart>,
    map: &SiteMap,
    root_from_gltf: DMat4,
    rows: u32,
) -> Result<Vec<(RenderClass, FeatureMesh)>, crate::georef::GeorefError> {
    let mut meshes: BTreeMap<RenderClass, FeatureMesh> = BTreeMap::new();
    let (mut positions, mut normals) = (Vec::new(), Vec::new());
    for PlacedPart {
        mut part,
        gltf_from_local,
    } in parts
    {
        let root_from_local = root_from_gltf * gltf_from_local;
        map.positions(root_from_local, &part.positions, &mut positions)?;
        if DMat3::from_mat4(root_from_local).determinant() < 0.0 {
            // A mirroring transform turns every face inside out.
            for triangle in part.indices.chunks_exact_mut(3) {
                triangle.swap(1, 2);
            }
        }
        if part.normals.is_empty() {
            flat_normals(&positions, &part.indices, &mut normals);
        } else {
            map.normals(root_from_local, &part.normals, &mut normals);
        }
        let class = part.look.class;
        let mesh = meshes.entry(class).or_insert_with(|| FeatureMesh {
            origin: map.origin,
            positions: Vec::new(),
            normals: Vec::new(),
            features: Vec::new(),
            colors: Vec::new(),
            uvs: Vec::new(),
            indices: Vec::new(),
            texture: None,
            double_sided: class.double_sided,
            translucent: class.translucent,
            unlit: class.unlit,
        });
        append(mesh, part, &mut positions, &mut normals, rows);
    }
    Ok(meshes.into_iter().collect())
}

/// Adds a part whose positions and normals have been mapped.
fn append(
    mesh: &mut FeatureMesh,
    mut part: Part,
    positions: &mut Vec<[f32; 3]>,
    normals: &mut Vec<[f32; 3]>,
    rows: u32,
) {
    const WHITE: [u8; 4] = [255; 4];
    let before = mesh.positions.len();
    let after = before + positions.len();
    if mesh.colors.is_empty() && !part.colors.is_empty() {
        mesh.colors = vec![WHITE; before];
    }
    part.rows.resize(positions.len(), rows);
    // The first part of a class moves in whole, which for most tiles is all there is.
    move_or_append(&mut mesh.positions, positions);
    move_or_append(&mut mesh.normals, normals);
    move_or_append(&mut mesh.features, &mut part.rows);
    move_or_append(&mut mesh.colors, &mut part.colors);
    move_or_append(&mut mesh.uvs, &mut part.uvs);
    if !mesh.colors.is_empty() {
        mesh.colors.resize(after, WHITE);
    }
    if part.look.class.image.is_some() {
        mesh.uvs.resize(after, [0.0; 2]);
    }
    // The cap on elements keeps this far below 2^32.
    let base = u32::try_from(before).unwrap_or(u32::MAX);
    if base > 0 {
        for index in &mut part.indices {
            *index = index.saturating_add(base);
        }
    }
    move_or_append(&mut mesh.indices, &mut part.indices);
}

fn move_or_append<T>(to: &mut Vec<T>, from: &mut Vec<T>) {
    if to.is_empty() {
        std::mem::swap(to, from);
    } else {
        to.append(from);
    }
}

/// One normal for each triangle, on vertices that no other triangle uses.
fn flat_normals(positions: &[[f32; 3]], indices: &[u32], normals: &mut Vec<[f32; 3]>) {
    normals.clear();
    normals.resize(positions.len(), [0.0, 1.0, 0.0]);
    for triangle in indices.chunks_exact(3) {
        let [a, b, c] = [triangle[0], triangle[1], triangle[2]].map(|i| Vec3::from_array(positions[i as usize]));
        let normal = (b - a).cross(c - a).normalize_or(Vec3::Y).to_array();
        for index in triangle {
            normals[*index as usize] = normal;
        }
    }
}
