//! What a glTF holds, counted from its JSON alone, so that it holds for compressed geometry too.

use super::{
    document::Document,
    feature_ids::property_table_rows,
    file::{Primitive, Root},
    scene::mesh_places,
};
use gltf::json::{mesh::Mode, validation::Checked};
use serde_json::Value;

/// Counts of a payload, as `corpus/MANIFEST.md` defines them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Drawn once per scene-graph reference, GPU instances multiplied; of an instanced tile those of one model.
    pub(crate) triangles: u64,
    pub(crate) points: u64,
    pub(crate) instances: u64,
    /// Triangles of instanced tiles as often as they are drawn, and all triangles of composite tiles.
    pub(crate) instanced_triangles: u64,
    /// Batch length of a batched tile.
    pub(crate) batch: u64,
    /// Rows of all property tables.
    pub(crate) property_rows: u64,
}

impl Totals {
    /// Both together.
    #[must_use]
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            triangles: self.triangles.saturating_add(other.triangles),
            points: self.points.saturating_add(other.points),
            instances: self.instances.saturating_add(other.instances),
            instanced_triangles: self.instanced_triangles.saturating_add(other.instanced_triangles),
            batch: self.batch.saturating_add(other.batch),
            property_rows: self.property_rows.saturating_add(other.property_rows),
        }
    }

    /// The number of features: the batch where there is one, else the property rows.
    pub(crate) fn features(self) -> u64 {
        if self.batch > 0 { self.batch } else { self.property_rows }
    }
}

/// Counts a file and lists the extensions it uses.
pub(crate) fn count(document: &Document<'_>) -> (Totals, Vec<String>) {
    let root = &document.root;
    let mut totals = Totals {
        property_rows: property_table_rows(root),
        ..Totals::default()
    };
    for place in mesh_places(root).0 {
        let copies = place.instancing.map(|extension| instance_count(root, extension));
        totals.instances = totals.instances.saturating_add(copies.unwrap_or(0));
        let primitives = root.meshes.get(place.mesh).map_or(&[][..], |mesh| &mesh.primitives);
        for primitive in primitives {
            let elements = element_count(root, primitive).saturating_mul(copies.unwrap_or(1));
            match primitive.mode {
                Checked::Valid(Mode::Triangles | Mode::TriangleStrip | Mode::TriangleFan) => {
                    totals.triangles = totals.triangles.saturating_add(elements);
                }
                Checked::Valid(Mode::Points) => totals.points = totals.points.saturating_add(elements),
                Checked::Valid(Mode::Lines | Mode::LineLoop | Mode::LineStrip) | Checked::Invalid => {}
            }
        }
    }
    let mut extensions = root.extensions_used.clone();
    extensions.extend(root.extensions_required.iter().cloned());
    extensions.sort();
    extensions.dedup();
    (totals, extensions)
}

/// Triangles or points of one primitive.
fn element_count(root: &Root, primitive: &Primitive) -> u64 {
    let accessor = primitive
        .indices
        .or_else(|| primitive.attributes.get("POSITION").copied());
    let corners = accessor
        .and_then(|index| root.accessors.get(index))
        .map_or(0, |accessor| accessor.count.0);
    match primitive.mode {
        Checked::Valid(Mode::Triangles) => corners / 3,
        Checked::Valid(Mode::TriangleStrip | Mode::TriangleFan) => corners.saturating_sub(2),
        Checked::Valid(Mode::Points) => corners,
        Checked::Valid(Mode::Lines | Mode::LineLoop | Mode::LineStrip) | Checked::Invalid => 0,
    }
}

/// How many copies a node draws of its mesh.
pub(super) fn instance_count(root: &Root, extension: &Value) -> u64 {
    let attributes = extension.get("attributes").and_then(Value::as_object);
    let accessor = attributes.and_then(|attributes| attributes.values().find_map(Value::as_u64));
    accessor
        .and_then(|index| root.accessors.get(usize::try_from(index).ok()?))
        .map_or(0, |accessor| accessor.count.0)
}
