//! What a content takes in memory, said before it is decoded: at most so much, and seldom more than a few times less.
//!
//! Counted from what a payload says of itself: its headers, its JSON, the first bytes of compressed geometry and pictures.
//! Files beside it are opened for their sizes and for the headers of pictures. A file that is damaged or lies can take
//! more, so whoever goes by this looks again at what came out.

use super::{
    b3dm::{B3dm, MAX_BATCH, object},
    cmpt,
    content::{DecodeRequest, MAX_PAYLOAD_BYTES, PayloadKind},
    i3dm::{I3dm, Model},
    pnts::Pnts,
};
use crate::{
    geometry::TextureSupport,
    sources::{
        gltf::{self, Budget, Document, Sizes, VALUE_BYTES, json_of, little_endian_u32},
        obj,
        resource::{join, read_uri, unzipped},
    },
};
use serde_json::{Map, Value as Json};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

/// Largest packed payload that is unpacked to look at it, bytes: of larger ones only the size is believed.
const MAX_UNPACKED_BYTES: u64 = 64 << 20;
/// Bytes that even an empty content takes.
const LEAST_BYTES: u64 = 4 << 10;

/// What a content takes in memory, at most, bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MemoryNeed {
    /// What it holds once it is there, on the graphics card included.
    pub held_bytes: u64,
    /// The most at any moment while it is decoded: what it holds then included, the bytes of its payload not.
    pub peak_bytes: u64,
}

impl MemoryNeed {
    /// What a payload of so many bytes is thought to take of which nothing is known.
    pub fn unknown(payload_bytes: u64) -> Self {
        Self {
            held_bytes: payload_bytes.saturating_mul(8),
            peak_bytes: payload_bytes.saturating_mul(16),
        }
    }

    /// Two contents, decoded one after the other.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        let work = |need: Self| need.peak_bytes.saturating_sub(need.held_bytes);
        let held_bytes = self.held_bytes.saturating_add(next.held_bytes);
        Self {
            held_bytes,
            peak_bytes: held_bytes.saturating_add(work(self).max(work(next))),
        }
    }

    /// What is made of so much.
    fn of(sizes: &Sizes) -> Self {
        let sum = |parts: &[(u64, u64)]| {
            let each = parts.iter().map(|(count, bytes)| count.saturating_mul(*bytes));
            each.fold(LEAST_BYTES, u64::saturating_add)
        };
        // Position, normal, feature and colour of a vertex, texture coordinates, indices.
        let mesh = sum(&[
            (sizes.vertices, 36),
            (sizes.textured, 8),
            (sizes.corners, 4),
            (sizes.outline, 4),
            (sizes.texel_bytes, 1),
            (sizes.surface_bytes, 1),
        ]);
        // Each corner may begin an edge of its own with two ends; what is drawn of them has colours too.
        let edges = sum(&[(sizes.corners, 32), (sizes.outline, 16)]);
        let lines = sum(&[(sizes.corners, 40), (sizes.outline, 20)]);
        // The corners of each triangle and its share of the boxes around them, at worst one each.
        let picking = sum(&[(sizes.picked_corners, 52), (sizes.copies, 200)]);
        let marks = sum(&[(sizes.points, 32), (sizes.line_vertices, 20), (sizes.segments, 8)]);
        let drawn_marks = sum(&[(sizes.points, 48), (sizes.segments, 48)]);
        let table = sum(&[(sizes.cells, VALUE_BYTES), (sizes.rows, 64), (sizes.value_bytes, 1)]);
        let all = |parts: &[u64]| parts.iter().copied().fold(0, u64::saturating_add);

        let decoded = all(&[mesh, edges, picking, marks, table]);
        let held_bytes = decoded.max(all(&[mesh, lines, picking, drawn_marks, table]));
        let reading = sum(&[
            (sizes.json_bytes, 12),
            (sizes.buffer_bytes, 1),
            (sizes.draco_bytes, 1),
            (sizes.picture_bytes, 1),
            (sizes.read_vertices, 64),
            (sizes.read_corners, 4),
            (sizes.copies, 400),
            (sizes.points, 64),
        ]);
        let finding_edges = sum(&[(sizes.vertices, 40), (sizes.corners, 20), (sizes.picked_corners, 45)]);
        let peak_bytes = [
            held_bytes,
            all(&[reading, mesh, marks, table, table]),
            all(&[decoded, finding_edges]),
            all(&[
                decoded,
                lines,
                drawn_marks,
                sum(&[(sizes.points, 64), (sizes.rows, 100)]),
            ]),
        ];
        Self {
            held_bytes,
            peak_bytes: peak_bytes.into_iter().max().unwrap_or(held_bytes),
        }
    }
}

/// What the payload of a request takes when it is decoded for a graphics card that takes so much.
pub fn content_need(request: &DecodeRequest, payload: &[u8], support: TextureSupport) -> MemoryNeed {
    let length = payload.len() as u64;
    if obj::is_obj(&request.path) {
        // A face is a few letters of text.
        return MemoryNeed {
            held_bytes: length.saturating_mul(64),
            peak_bytes: length.saturating_mul(128),
        };
    }
    let mut unpacked_bytes = 0;
    let mut bytes: Cow<'_, [u8]> = payload.into();
    if PayloadKind::of(payload) == PayloadKind::Gzip {
        let promised = payload
            .len()
            .checked_sub(4)
            .and_then(|at| little_endian_u32(payload, at));
        let promised = u64::from(promised.unwrap_or(0));
        let unpacked = (promised <= MAX_UNPACKED_BYTES).then(|| unzipped(payload.to_vec(), MAX_UNPACKED_BYTES, ""));
        if let Some(Ok(unpacked)) = unpacked {
            unpacked_bytes = unpacked.len() as u64;
            bytes = unpacked.into();
        } else {
            let need = MemoryNeed::unknown(promised.max(length));
            return MemoryNeed {
                peak_bytes: need.peak_bytes.saturating_add(promised),
                ..need
            };
        }
    }
    let mut counting = Counting {
        request,
        support,
        columns: BTreeSet::new(),
        sizes: Sizes::default(),
    };
    counting.add(&bytes, 0);
    let mut sizes = counting.sizes;
    sizes.cells = sizes.rows.saturating_mul(counting.columns.len() as u64);
    let in_rows = sizes.rows.saturating_mul(sizes.row_bytes);
    sizes.value_bytes = sizes.value_bytes.saturating_add(in_rows);
    let need = MemoryNeed::of(&sizes);
    MemoryNeed {
        peak_bytes: need.peak_bytes.saturating_add(unpacked_bytes),
        ..need
    }
}

/// A payload and those in it, as they are counted.
struct Counting<'a> {
    request: &'a DecodeRequest,
    support: TextureSupport,
    /// Names of properties.
    columns: BTreeSet<String>,
    sizes: Sizes,
}

impl Counting<'_> {
    /// Adds a payload at some depth in composite ones. One that cannot be read takes nothing.
    fn add(&mut self, bytes: &[u8], depth: usize) {
        match PayloadKind::of(bytes) {
            PayloadKind::Cmpt if depth < cmpt::MAX_DEPTH => {
                for tile in cmpt::split(bytes).map(|(inner, _)| inner).unwrap_or_default() {
                    self.add(tile, depth + 1);
                }
            }
            PayloadKind::B3dm => {
                if let Ok(tile) = B3dm::parse(bytes) {
                    self.add_batch(
                        &object(tile.batch_json, "").unwrap_or_default(),
                        tile.batch_length.into(),
                    );
                    self.sizes.json_bytes += tile.batch_json.len() as u64;
                    self.add_model(tile.gltf, &self.request.path.clone(), None);
                }
            }
            PayloadKind::I3dm => {
                if let Ok(tile) = I3dm::parse(bytes) {
                    let count = u64::from(tile.count).min(Budget::default().copies as u64);
                    self.add_batch(&object(tile.batch_json, "").unwrap_or_default(), count);
                    self.sizes.json_bytes += tile.batch_json.len() as u64;
                    self.add_instances(&tile, count);
                }
            }
            PayloadKind::Pnts => {
                // A cloud of more points is refused.
                if let Ok(tile) = Pnts::parse(bytes)
                    && u64::from(tile.count) <= Budget::default().points
                {
                    let points = u64::from(tile.count);
                    self.sizes.points += points;
                    self.sizes.json_bytes += bytes.len() as u64;
                    if let Ok(batch) = &tile.batch
                        && !batch.is_empty()
                    {
                        self.add_batch(batch, points.max(tile.batch_length().into()));
                    }
                }
            }
            PayloadKind::Glb | PayloadKind::Gltf => self.add_model(bytes, &self.request.path.clone(), None),
            _ => {}
        }
    }

    /// Adds the model of so many instances, in the tile or in a file of its own.
    fn add_instances(&mut self, tile: &I3dm<'_>, count: u64) {
        let path = &self.request.path;
        match tile.model {
            Model::Embedded(model) => self.add_model(model, &path.clone(), Some(count)),
            Model::External(uri) => {
                let model = read_uri(&*self.request.resources, path, uri, MAX_PAYLOAD_BYTES)
                    .and_then(|bytes| unzipped(bytes, MAX_PAYLOAD_BYTES, uri));
                let beside = join(path, uri).unwrap_or_else(|_error| path.clone());
                if let Ok(model) = model {
                    self.sizes.buffer_bytes += model.len() as u64;
                    self.add_model(&model, &beside, Some(count));
                }
            }
        }
    }

    /// Adds a file that stands once, or that so many instances draw.
    fn add_model(&mut self, bytes: &[u8], path: &str, models: Option<u64>) {
        let Ok(document) = Document::parse(bytes) else { return };
        let document = document.for_card(self.support);
        let sizes = gltf::sizes(&document, &*self.request.resources, path, models, &mut self.columns);
        self.sizes = self.sizes.plus(sizes);
        self.sizes.json_bytes += json_of(bytes).map_or(0, |json| json.len() as u64);
    }

    /// Adds the properties of a batch table with so many rows.
    fn add_batch(&mut self, batch: &Map<String, Json>, rows: u64) {
        let rows = rows.min(MAX_BATCH.into());
        self.sizes.rows = self.sizes.rows.saturating_add(rows);
        let mut bytes = 0_u64;
        for (name, column) in batch {
            let hierarchy = match name.as_str() {
                "HIERARCHY" => Some(column),
                "extensions" => column.get("3DTILES_batch_table_hierarchy"),
                "extras" => None,
                _ => {
                    self.columns.insert(name.clone());
                    bytes = bytes.saturating_add(column_bytes(column, rows));
                    None
                }
            };
            let Some(classes) = hierarchy.and_then(|hierarchy| hierarchy.get("classes")?.as_array()) else {
                continue;
            };
            self.columns.insert("class".to_owned());
            let names = classes.iter().filter_map(|class| class.get("name"));
            let mut longest = BTreeMap::from([("class", names.map(json_bytes).max().unwrap_or(0))]);
            let by_class = classes.iter().filter_map(|class| class.get("instances")?.as_object());
            for (name, values) in by_class.flatten() {
                self.columns.insert(name.clone());
                // Any number of features may have the longest.
                let most = match values {
                    Json::Array(items) => items.iter().map(json_bytes).max().unwrap_or(0),
                    other => column_bytes(other, 1),
                };
                let known = longest.entry(name).or_default();
                *known = most.max(*known);
            }
            let in_rows = longest.into_values().map(|most| most.saturating_mul(rows));
            bytes = in_rows.fold(bytes, u64::saturating_add);
        }
        self.sizes.value_bytes = self.sizes.value_bytes.saturating_add(bytes);
    }
}

/// What a column of a batch table has besides its cells: in the JSON, or in the binary part, where only vectors have any.
fn column_bytes(column: &Json, rows: u64) -> u64 {
    match column {
        Json::Array(items) => items.iter().map(json_bytes).fold(0, u64::saturating_add),
        Json::Object(place) => match place.get("type").and_then(Json::as_str) {
            Some("VEC2" | "VEC3" | "VEC4") => rows.saturating_mul(4 * VALUE_BYTES),
            _ => 0,
        },
        _ => 0,
    }
}

/// What the value of some JSON has besides itself.
fn json_bytes(json: &Json) -> u64 {
    match json {
        Json::Null | Json::Bool(_) | Json::Number(_) => 0,
        Json::String(text) => text.len() as u64,
        Json::Array(items) => {
            let each = items.iter().map(|item| VALUE_BYTES.saturating_add(json_bytes(item)));
            each.fold(0, u64::saturating_add)
        }
        // It is kept as text.
        Json::Object(_) => json.to_string().len() as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_contents_one_is_decoded_at_a_time() {
        let need = |held_bytes, peak_bytes| MemoryNeed { held_bytes, peak_bytes };
        assert_eq!(need(10, 30).then(need(5, 50)), need(15, 60));
        assert_eq!(MemoryNeed::default().then(need(5, 50)), need(5, 50));
        assert_eq!(MemoryNeed::unknown(u64::MAX).held_bytes, u64::MAX);
    }

    #[test]
    fn nothing_a_file_promises_is_too_much_to_add() {
        let sizes = Sizes {
            vertices: u64::MAX,
            corners: u64::MAX,
            ..Sizes::default()
        };
        assert_eq!(MemoryNeed::of(&sizes.plus(sizes)).peak_bytes, u64::MAX);
    }
}
