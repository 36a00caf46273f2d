//! One tile payload to meshes in the site frame.
//!
//! The kind of a payload is told by its first bytes, never by its name. Kinds that are not read yet each
//! have their name in [`PayloadKind`], so that a reader can be added where [`decode_payload`] chooses.

use super::{
    BoundingVolume,
    b3dm::B3dm,
    cmpt::{self, Composite},
    count_payload, instanced, is_tileset_json, pnts,
};
use crate::geometry::{CreaseEdges, FeatureMarks, FeatureMesh, FeatureTable, MeshBvh, SurfaceValues, TextureSupport};
use crate::georef::SiteFrame;
use crate::sources::{
    Cause, Problem,
    gltf::{self, Budget, Document, Placement, Wrapping},
    obj,
    resource::{Resources, read_uri, unzipped},
};
use bevy::math::{DMat4, DVec3};
use serde_json::Value;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// Largest payload that is read, bytes. Tiles are made to be streamed: real ones have a few megabytes.
pub(crate) const MAX_PAYLOAD_BYTES: u64 = 1 << 30;

/// What to decode and into which frame. Can be sent to a worker whole.
pub struct DecodeRequest {
    /// Where the payload and what it refers to are read from.
    pub resources: Arc<dyn Resources>,
    /// Path of the payload.
    pub path: String,
    /// Root frame from tile frame (f64).
    pub root_from_tile: DMat4,
    /// Whether the root frame is ECEF; else site axes (x east, y north, z up) around the site's zero.
    pub is_geocentric: bool,
    /// Frame of the result.
    pub site: SiteFrame,
    /// The tile's volume in the root frame, which decides when the up-axis hint contradicts the geometry.
    pub volume: Option<BoundingVolume>,
    /// The tileset's up-axis hint.
    pub gltf_up_axis: char,
    /// Metres to add to every height (a layer whose heights are NAP in an ellipsoidal file, say).
    pub height_offset_m: f64,
}

/// A decoded payload, ready for upload. One mesh per render class.
pub struct TileContent {
    /// Meshes, usually one.
    pub meshes: Vec<(FeatureMesh, CreaseEdges, MeshBvh)>,
    /// Points and lines.
    pub marks: FeatureMarks,
    /// Attributes of the features in these meshes (row = feature).
    pub features: FeatureTable,
    /// Copies of models in these meshes.
    pub instances: u64,
    /// Bytes read for it.
    pub bytes_read: u64,
    /// Bytes it will hold in memory (CPU + GPU).
    pub bytes_resident: u64,
    /// What went wrong while the rest was kept.
    pub problems: Vec<Problem>,
}

impl TileContent {
    /// Where everything of it is that is drawn, site frame.
    pub fn places(&self) -> impl Iterator<Item = DVec3> {
        let meshes = self.meshes.iter().flat_map(|(mesh, ..)| mesh.places());
        meshes.chain(self.marks.places().map(|(place, _)| place))
    }
}

/// What a payload is, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PayloadKind {
    /// No bytes at all: some writers mean an empty tile.
    Empty,
    /// Binary glTF.
    Glb,
    /// glTF as JSON.
    Gltf,
    /// Batched 3D Model.
    B3dm,
    /// Instanced 3D Model.
    I3dm,
    /// Point cloud.
    Pnts,
    /// Several tiles in one.
    Cmpt,
    /// Vector data, never standardised.
    Vctr,
    /// Boxes, cylinders, spheres, never standardised.
    Geom,
    /// Subtree of an implicit tileset.
    Subt,
    /// Something compressed.
    Gzip,
    /// A zip archive (`.3tz`).
    Zip,
    /// A tileset.
    Tileset,
    /// `GeoJSON`.
    GeoJson,
    /// None of these.
    Unknown,
}

impl PayloadKind {
    /// By magic bytes, or by the keys of a JSON object.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        match bytes {
            [] => Self::Empty,
            [b'g', b'l', b'T', b'F', ..] => Self::Glb,
            [b'b', b'3', b'd', b'm', ..] => Self::B3dm,
            [b'i', b'3', b'd', b'm', ..] => Self::I3dm,
            [b'p', b'n', b't', b's', ..] => Self::Pnts,
            [b'c', b'm', b'p', b't', ..] => Self::Cmpt,
            [b'v', b'c', b't', b'r', ..] => Self::Vctr,
            [b'g', b'e', b'o', b'm', ..] => Self::Geom,
            [b's', b'u', b'b', b't', ..] => Self::Subt,
            [0x1f, 0x8b, ..] => Self::Gzip,
            [b'P', b'K', 3, 4, ..] => Self::Zip,
            _ => Self::of_json(bytes),
        }
    }

    fn of_json(bytes: &[u8]) -> Self {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
        if first != Some(&b'{') {
            return Self::Unknown;
        }
        match serde_json::from_slice::<Value>(text) {
            Ok(json) if is_tileset_json(&json) => Self::Tileset,
            Ok(json) if json.get("type").is_some_and(Value::is_string) => Self::GeoJson,
            Ok(json) if json.get("asset").is_some() => Self::Gltf,
            _ => Self::Unknown,
        }
    }

    /// Its name, as in the manifest of the corpus.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Glb => "glb",
            Self::Gltf => "gltf",
            Self::B3dm => "b3dm",
            Self::I3dm => "i3dm",
            Self::Pnts => "pnts",
            Self::Cmpt => "cmpt",
            Self::Vctr => "vctr",
            Self::Geom => "geom",
            Self::Subt => "subt",
            Self::Gzip => "gzip",
            Self::Zip => "zip",
            Self::Tileset => "tileset",
            Self::GeoJson => "geojson",
            Self::Unknown => "other",
        }
    }

    /// Why this kind cannot be drawn, and what kind of problem that is; `None` for those that can.
    pub(crate) fn refusal(self) -> Option<(Cause, &'static str)> {
        let message = match self {
            Self::Empty | Self::Glb | Self::Gltf | Self::B3dm | Self::I3dm | Self::Pnts | Self::Cmpt => return None,
            Self::Tileset => {
                let message = "a tileset stands where a tile should; name it with the ending .json";
                return Some((Cause::WrongKind, message));
            }
            Self::Gzip => return Some((Cause::WrongKind, "the tile is packed with gzip more than once")),
            Self::Zip => {
                let message = "a zip archive stands where a tile should; name it with the ending .3tz";
                return Some((Cause::WrongKind, message));
            }
            Self::Subt => return Some((Cause::WrongKind, "a subtree stands where a tile should")),
            Self::Unknown => {
                return Some((
                    Cause::WrongKind,
                    "this is no file of a kind that is read: its first bytes are unknown",
                ));
            }
            Self::Vctr => "vector tiles (vctr) are not read yet",
            Self::Geom => "geometry tiles (geom) are not read yet",
            Self::GeoJson => "GeoJSON tiles are not read yet",
        };
        Some((Cause::NotRead, message))
    }
}

/// Reads and decodes one payload (glb, gltf, b3dm, i3dm, pnts or cmpt by magic bytes).
///
/// # Errors
/// One [`Problem`] when nothing of the payload can be drawn; what costs only a part of it is listed in
/// [`TileContent::problems`].
pub fn decode_content(request: &DecodeRequest) -> Result<TileContent, Problem> {
    decode_content_for(request, TextureSupport::default())
}

/// As [`decode_content`], with compressed pictures unpacked to what a graphics card takes.
///
/// # Errors
/// As [`decode_content`].
pub fn decode_content_for(request: &DecodeRequest, support: TextureSupport) -> Result<TileContent, Problem> {
    let decoded = decode_meshes_for(request, support)?;
    let mut content = TileContent {
        meshes: Vec::with_capacity(decoded.meshes.len()),
        bytes_resident: decoded.marks.bytes(),
        marks: decoded.marks,
        features: decoded.features,
        instances: decoded.instances,
        bytes_read: decoded.bytes_read,
        problems: decoded.problems,
    };
    for mesh in decoded.meshes {
        let edges = CreaseEdges::of(&mesh);
        let bvh = MeshBvh::build(&mesh);
        content.bytes_resident += mesh.bytes() + edges.bytes() + bvh.bytes();
        content.meshes.push((mesh, edges, bvh));
    }
    let values = content.meshes.iter().map(|(mesh, ..)| &mesh.values);
    content.bytes_resident += SurfaceValues::bytes_together(values.chain(content.marks.values()));
    content.bytes_resident += content.features.bytes();
    Ok(content)
}

/// A payload's meshes and features, without the edges and the BVH that [`decode_content`] adds.
#[derive(Default)]
pub struct DecodedMeshes {
    /// One mesh for each render class.
    pub meshes: Vec<FeatureMesh>,
    /// Points and lines.
    pub marks: FeatureMarks,
    /// Attributes of the features in these meshes (row = feature).
    pub features: FeatureTable,
    /// Copies of models in these meshes.
    pub instances: u64,
    /// Bytes read for it.
    pub bytes_read: u64,
    /// What went wrong while the rest was kept.
    pub problems: Vec<Problem>,
}

impl DecodedMeshes {
    /// Where everything of it is that is drawn, site frame.
    pub fn places(&self) -> impl Iterator<Item = DVec3> {
        let meshes = self.meshes.iter().flat_map(FeatureMesh::places);
        meshes.chain(self.marks.places().map(|(place, _)| place))
    }
}

/// The first half of [`decode_content`]: bytes to uploadable meshes.
///
/// # Errors
/// As [`decode_content`].
pub fn decode_meshes(request: &DecodeRequest) -> Result<DecodedMeshes, Problem> {
    decode_meshes_for(request, TextureSupport::default())
}

/// As [`decode_meshes`], with compressed pictures unpacked to what a graphics card takes.
///
/// # Errors
/// As [`decode_content`].
pub fn decode_meshes_for(request: &DecodeRequest, support: TextureSupport) -> Result<DecodedMeshes, Problem> {
    let path = payload_name(&request.path);
    let bytes = read_uri(&*request.resources, "", &uri_of(&request.path), MAX_PAYLOAD_BYTES)
        .and_then(|bytes| unzipped(bytes, MAX_PAYLOAD_BYTES, path))
        .map_err(|error| error.problem(path, ""))?;
    // The decoders check what they read; this is the last net below them.
    catch_unwind(AssertUnwindSafe(|| decode_bytes(request, support, &bytes, path)))
        .unwrap_or_else(|_panic| Err(unexpected(path)))
}

/// A path becomes the URI that [`read_uri`] turns back into it.
fn uri_of(path: &str) -> String {
    if path.starts_with("data:") {
        path.to_owned()
    } else {
        crate::sources::resource::encode_percent(path)
    }
}

/// What to call a payload in messages.
fn payload_name(path: &str) -> &str {
    if path.starts_with("data:") { "data URI" } else { path }
}

fn decode_bytes(
    request: &DecodeRequest,
    support: TextureSupport,
    bytes: &[u8],
    path: &str,
) -> Result<DecodedMeshes, Problem> {
    // The one kind that only its name tells.
    if obj::is_obj(path) {
        let mut decoded = obj::decode(request, bytes, path)?;
        decoded.bytes_read += bytes.len() as u64;
        return Ok(decoded);
    }
    let mut budget = Budget::default();
    if bytes.starts_with(b"cmpt") {
        budget.divide(count_payload(bytes, path).totals.instanced_triangles);
    }
    let mut decoded = decode_payload(request, support, bytes, path, &mut budget, 0)?;
    decoded.bytes_read += bytes.len() as u64;
    decoded.problems.extend(budget.fault().map(|fault| fault.at(path)));
    Ok(decoded)
}

/// Decodes a payload, or a tile at some depth in a composite one. Bytes of other files alone are counted as read.
fn decode_payload(
    request: &DecodeRequest,
    support: TextureSupport,
    bytes: &[u8],
    path: &str,
    budget: &mut Budget,
    depth: usize,
) -> Result<DecodedMeshes, Problem> {
    let kind = PayloadKind::of(bytes);
    if let Some((cause, message)) = kind.refusal() {
        return Err(Problem::error(path, "", message).because(cause));
    }
    match kind {
        PayloadKind::Empty => {
            let mut content = DecodedMeshes::default();
            content.problems.push(Problem::warning(
                path,
                "",
                "the tile has no bytes; it is taken as empty",
            ));
            Ok(content)
        }
        PayloadKind::Cmpt => decode_composite(request, support, bytes, path, budget, depth),
        PayloadKind::I3dm => instanced::decode(request, support, bytes, path, budget),
        PayloadKind::Pnts => pnts::decode(request, bytes, path, budget),
        _ => decode_gltf_or_b3dm(request, support, kind, bytes, path, budget),
    }
}

/// The tiles in a composite one. `Err` when none of them can be drawn.
fn decode_composite(
    request: &DecodeRequest,
    support: TextureSupport,
    bytes: &[u8],
    path: &str,
    budget: &mut Budget,
    depth: usize,
) -> Result<DecodedMeshes, Problem> {
    if depth >= cmpt::MAX_DEPTH {
        let message = format!("composite tiles in one another are read {} deep", cmpt::MAX_DEPTH);
        return Err(Problem::error(path, "", message).because(Cause::TooLarge));
    }
    let (inner, fault) = cmpt::split(bytes).map_err(|fault| fault.at(path))?;
    let mut composite = Composite::new();
    let mut problems: Vec<Problem> = fault.into_iter().map(|fault| fault.at(path)).collect();
    let mut is_any_drawn = inner.is_empty() && problems.is_empty();
    for (number, tile) in inner.into_iter().enumerate() {
        // As at the top: no tile that a decoder stumbles over takes its neighbours with it.
        let decoded = catch_unwind(AssertUnwindSafe(|| {
            decode_payload(request, support, tile, path, budget, depth + 1)
        }))
        .unwrap_or_else(|_panic| Err(unexpected(path)));
        let within = |problem: Problem| Problem {
            place: inner_place(number, &problem.place),
            ..problem
        };
        match decoded {
            Ok(mut decoded) => {
                is_any_drawn = true;
                problems.extend(std::mem::take(&mut decoded.problems).into_iter().map(within));
                composite.add(decoded);
            }
            Err(problem) => problems.push(within(problem)),
        }
    }
    if is_any_drawn {
        let (mut whole, faults) = composite.finish();
        problems.extend(faults.into_iter().map(|fault| fault.at(path)));
        whole.problems = problems;
        return Ok(whole);
    }
    Err(problems.into_iter().next().unwrap_or_else(|| unexpected(path)))
}

fn unexpected(path: &str) -> Problem {
    Problem::error(path, "", "the tile is damaged in a way the decoder did not expect").because(Cause::Damaged)
}

/// Where something stands in a tile in a composite one.
fn inner_place(number: usize, place: &str) -> String {
    let dot = if place.is_empty() { "" } else { "." };
    format!("tiles[{number}]{dot}{place}")
}

fn decode_gltf_or_b3dm(
    request: &DecodeRequest,
    support: TextureSupport,
    kind: PayloadKind,
    bytes: &[u8],
    path: &str,
    budget: &mut Budget,
) -> Result<DecodedMeshes, Problem> {
    let fault = |fault: gltf::Fault| fault.at(path);
    let mut rtc_center = DVec3::ZERO;
    let mut wrapping = Wrapping::default();
    let mut problems = Vec::new();
    let mut gltf_bytes = bytes;
    if kind == PayloadKind::B3dm {
        let b3dm = B3dm::parse(bytes).map_err(fault)?;
        let (table, faults) = b3dm.table();
        problems.extend(faults.into_iter().map(fault));
        rtc_center = b3dm.rtc_center;
        wrapping.batch = Some(table);
        gltf_bytes = b3dm.gltf;
    }
    let document = Document::parse(gltf_bytes).map_err(fault)?.for_card(support);
    let placement = request.placement(rtc_center);
    let decoded = gltf::decode(&document, &*request.resources, path, &placement, wrapping, budget)?;
    Ok(DecodedMeshes::of(decoded, problems))
}

impl DecodeRequest {
    /// Where its content stands that starts at `rtc_center` of the tile.
    pub(super) fn placement(&self, rtc_center: DVec3) -> Placement<'_> {
        Placement {
            root_from_tile: self.root_from_tile,
            rtc_center,
            is_geocentric: self.is_geocentric,
            site: &self.site,
            volume: self.volume.as_ref(),
            gltf_up_axis: self.gltf_up_axis,
            height_offset_m: self.height_offset_m,
        }
    }
}

impl DecodedMeshes {
    /// What a glTF gave, with the problems of the tile around it before its own.
    pub(super) fn of(decoded: gltf::DecodedGltf, mut problems: Vec<Problem>) -> Self {
        problems.extend(decoded.problems);
        Self {
            meshes: decoded.meshes,
            marks: decoded.marks,
            features: decoded.features,
            instances: decoded.instances,
            bytes_read: decoded.bytes_read,
            problems,
        }
    }
}
