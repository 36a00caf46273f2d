//! All primitives of a payload to one mesh per render class.

use super::{
    Fault,
    accessor::{MAX_ACCESSOR_ELEMENTS, Views, element_count},
    copies::{Budget, Chain, Copies},
    counted_ids::rows_of_all_ids,
    document::Document,
    feature_ids::{Rows, feature_id_sets},
    file::{Primitive, Root},
    file_metadata::FileMetadata,
    marks::{merge_marks, split_marks},
    merge::{PlacedMesh, bounds_in_gltf, bounds_in_root, merge},
    metadata,
    picture::decode_image,
    place::{Placement, SiteMap},
    primitive::{outline_accessor, read_part},
    property_attributes::{add_columns, make_rows_of_points},
    scene::mesh_places,
};
use crate::{
    geometry::{FeatureMarks, FeatureMesh, FeatureTable, OtherRows, Texture},
    georef::GeorefError,
    sources::{Cause, Problem, resource::Resources},
};
use bevy::math::{DAffine3, DVec3};
use serde_json::Value;
use std::{slice, sync::Arc};

/// Most faults that are told of one payload.
const MAX_FAULTS: usize = 20;

/// Meshes in the site frame and what they stand for.
pub(crate) struct DecodedGltf {
    pub(crate) meshes: Vec<FeatureMesh>,
    /// Points and lines.
    pub(crate) marks: FeatureMarks,
    pub(crate) features: FeatureTable,
    /// How many copies of models are drawn.
    pub(crate) instances: u64,
    /// Bytes read from other files than the payload itself.
    pub(crate) bytes_read: u64,
    pub(crate) problems: Vec<Problem>,
}

/// What a tile says of the file in it.
#[derive(Default)]
pub(crate) struct Wrapping<'a> {
    /// The table of a batched or instanced tile.
    pub(crate) batch: Option<FeatureTable>,
    /// Where an instanced tile places the whole file; its rows are those of `batch`.
    pub(crate) instances: Option<&'a Copies>,
}

/// Decodes a payload. `Err` when nothing can be drawn of a file that promises something.
pub(crate) fn decode(
    document: &Document<'_>,
    resources: &dyn Resources,
    path: &str,
    placement: &Placement<'_>,
    Wrapping { batch, instances }: Wrapping<'_>,
    budget: &mut Budget,
) -> Result<DecodedGltf, Problem> {
    let views = Views::load(document, resources, path);
    let mut faults = Vec::new();
    let batch_rows = batch.as_ref().map(|table| table.rows);
    let models = instances.map_or(1, |instances| instances.places.len());
    let mut of_metadata = Vec::new();
    let metadata = FileMetadata::load(&views, instances.is_some(), resources, path, budget, &mut of_metadata);
    let rows = match instances {
        // What the model says of its own features holds for none of its instances.
        Some(_) => Rows {
            property_table: None,
            count: batch_rows.unwrap_or(0),
            are_of_copies: true,
        },
        None => rows_of_all_ids(batch_rows, &views, &metadata, &mut of_metadata),
    };
    let mut parts = read_parts(document, &views, &metadata, rows, models, budget, &mut faults);
    if models == 0 {
        parts.clear();
    }
    budget.cutting = metadata.effort_left();
    let mut bytes_read = views.bytes_read + metadata.bytes_read();
    if parts.is_empty()
        && let Some(first) = faults.first()
    {
        return Err(first.clone().at(path));
    }
    faults.append(&mut of_metadata);
    let has_features = instances.is_some() || rows.count > 0 || !feature_id_sets(&document.root).is_empty();
    let of_points = if has_features {
        None
    } else {
        make_rows_of_points(&mut parts, &mut faults)
    };
    let (rows, has_row_each) = (of_points.unwrap_or(rows), of_points.is_some());
    let mut features = match (rows.property_table, batch) {
        (Some(table), _) => {
            let mut values = metadata::MAX_VALUES;
            metadata::read_table(&views, table, rows.count, resources, path, &mut values, &mut faults)
        }
        (None, batch) => FeatureTable {
            rows: rows.count,
            ..batch.unwrap_or_default()
        },
    };
    add_columns(&mut parts, &mut features, &mut faults);
    let mut problems = warnings(document, path);
    let mut meshes = Vec::new();
    let mut marks = FeatureMarks::default();
    let drawn_before = budget.drawn;
    if !parts.is_empty() {
        let (map, chain, is_hint_wrong) =
            place(document, placement, instances, &parts).map_err(|fault| fault.at(path))?;
        if is_hint_wrong {
            let message =
                "the tileset says that its tiles are z-up, but only y-up fits the tile's volume; y-up is taken";
            problems.push(Problem::warning(path, "asset.gltfUpAxis", message));
        }
        let misplaced = |error: GeorefError| Problem::error(path, "", error.to_string()).because(Cause::Place);
        let (faces, others) = split_marks(parts);
        marks = merge_marks(others, faces.is_empty(), &map, &chain, rows.count, budget).map_err(misplaced)?;
        for points in &mut marks.points {
            points.has_row_each = has_row_each;
        }
        for (class, mesh) in merge(faces, &map, &chain, rows.count, budget).map_err(misplaced)? {
            let mut mesh = mesh;
            if let Some(image) = class.image {
                let decode =
                    |image| decode_image(&views, image, resources, path, budget.texture_bytes, document.support);
                let decoded = decode(image);
                // The one beside it is for readers that cannot unpack the first.
                let instead = class
                    .fallback
                    .filter(|_| decoded.is_err())
                    .and_then(|image| decode(image).ok());
                match instead.map_or(decoded, Ok) {
                    Ok((texture, read)) => {
                        budget.texture_bytes = budget.texture_bytes.saturating_sub(texture.texels.len() as u64);
                        mesh.texture = Some(Texture {
                            wrap: class.wrap,
                            cutoff: class.cutoff.map(|cutoff| f32::from(cutoff) / 255.0),
                            ..texture
                        });
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
        instances: budget.drawn.saturating_sub(drawn_before),
        bytes_read,
        problems,
    })
}

fn read_parts(
    document: &Document<'_>,
    views: &Views<'_>,
    metadata: &FileMetadata,
    rows: Rows,
    models: usize,
    budget: &mut Budget,
    faults: &mut Vec<Fault>,
) -> Vec<PlacedMesh> {
    let (places, scene_faults) = mesh_places(&document.root);
    faults.extend(scene_faults);
    let mut drawn = Vec::new();
    for place in places {
        let Some(mesh) = document.root.meshes.get(place.mesh) else {
            faults.push(Fault::new(format!("meshes[{}]", place.mesh), "there is no such mesh"));
            continue;
        };
        let mut copies = match place.instancing {
            None => None,
            Some(_) => match Copies::of_node(views, place.node_extensions, rows, metadata, budget, faults) {
                Ok(copies) if copies.places.is_empty() => continue,
                Ok(copies) => Some(copies),
                Err(fault) => {
                    faults.push(fault);
                    continue;
                }
            },
        };
        let times = copies.as_ref().map_or(1, |copies| copies.places.len());
        if !budget.takes_draws(times.saturating_mul(models)) {
            let message = "more copies of meshes than are drawn in one tile; these are left out";
            faults.push(Fault::too_large(format!("meshes[{}]", place.mesh), message));
            continue;
        }
        let of_copies = copies.as_mut().map(|copies| std::mem::take(&mut copies.others));
        let of_copies: Option<Arc<[OtherRows]>> = of_copies.filter(|others| !others.is_empty()).map(Arc::from);
        let have_rows = copies.as_ref().is_some_and(|copies| !copies.rows.is_empty());
        let rows = Rows {
            are_of_copies: rows.are_of_copies || have_rows,
            ..rows
        };
        let mut parts = Vec::new();
        for (number, primitive) in mesh.primitives.iter().enumerate() {
            if !budget.takes_elements(elements_of(&document.root, primitive)) {
                let message = "there are more vertices and indices than are read for one tile; the rest is left out";
                faults.push(Fault::too_large("", message));
                return drawn;
            }
            let mut found = Vec::new();
            let part = read_part(views, primitive, rows, metadata, &mut found);
            faults.extend(found.into_iter().map(|fault| within(fault, place.mesh, number)));
            match part {
                Ok(Some(mut part)) => {
                    part.carried.of_copies.clone_from(&of_copies);
                    parts.push(part);
                }
                Ok(None) => {}
                Err(fault) => faults.push(within(fault, place.mesh, number)),
            }
        }
        if !parts.is_empty() {
            drawn.push(PlacedMesh {
                parts,
                gltf_from_node: place.gltf_from_node,
                copies,
            });
        }
    }
    drawn
}

/// Elements of everything that a primitive names and that will be read.
pub(super) fn elements_of(root: &Root, primitive: &Primitive) -> usize {
    let accessors = primitive.attributes.values().chain(&primitive.indices).copied();
    accessors
        .chain(outline_accessor(primitive))
        .filter_map(|index| root.accessors.get(index))
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

/// Extensions that must be understood and are not.
fn warnings(document: &Document<'_>, path: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for extension in &document.root.extensions_required {
        if !EXTENSIONS_READ.contains(&extension.as_str()) {
            let message = format!("the extension {extension} is not read yet");
            problems.push(Fault::not_read("extensionsRequired", message).at(path));
        }
    }
    problems
}

/// Extensions that are read, or have their own message where they are not.
const EXTENSIONS_READ: [&str; 14] = [
    "CESIUM_RTC",
    "CESIUM_primitive_outline",
    "EXT_instance_features",
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
fn place<'a>(
    document: &Document<'_>,
    placement: &Placement<'_>,
    instances: Option<&'a Copies>,
    placed: &[PlacedMesh],
) -> Result<(SiteMap, Chain<'a>, bool), Fault> {
    let models = instances.map_or(slice::from_ref(&DAffine3::IDENTITY), |instances| &instances.places);
    let in_gltf = bounds_in_gltf(placed);
    let (model_from_gltf, is_hint_wrong) = placement.model_from_gltf(cesium_rtc(document), models, &in_gltf.corners());
    let chain = Chain {
        root_from_models: placement.root_from_models(),
        models: instances,
        model_from_gltf,
    };
    let in_root = bounds_in_root(placed, &chain);
    if !(in_root.center().is_finite() && in_root.radius().is_finite()) {
        return Err("the positions are not finite numbers".into());
    }
    let map = placement
        .site_map(&in_root)
        .map_err(|error| Fault::from(error.to_string()).because(Cause::Place))?;
    Ok((map, chain, is_hint_wrong))
}

/// `CESIUM_RTC.center`, in tile axes (z-up).
fn cesium_rtc(document: &Document<'_>) -> Option<DVec3> {
    let center = document.root.extensions.get("CESIUM_RTC")?.get("center")?;
    let part = |i: usize| center.get(i).and_then(Value::as_f64);
    Some(DVec3::new(part(0)?, part(1)?, part(2)?))
}
