//! What a glTF unpacks to, counted from its JSON and the headers of what is compressed in it: never less than what comes
//! out of a sound file.

use super::{
    accessor::{MAX_ACCESSOR_ELEMENTS, compressed_bytes, element_count},
    carried_sizes::CarriedSizes,
    copies::{Budget, MAX_COPIED_TRIANGLES, MAX_POINTS, MAX_TEXTURE_BYTES},
    count::instance_count,
    cut::{MAX_CUTS, MAX_CUTS_OF_TILE},
    document::Document,
    feature_ids::{FeatureIdSet, Rows, choose_rows},
    file::{Primitive, Root},
    file_metadata::METADATA,
    material::{RenderClass, look},
    merge::MIN_COPIES,
    mesh::elements_of,
    picture::{MAX_IMAGE_BYTES, image_of},
    picture_size::{PictureSize, picture_size},
    primitive::outline_accessor,
    scene::mesh_places,
    value_sizes::table_size,
};
use crate::{
    geometry::TextureSupport,
    sources::{
        codecs::draco_header::{DracoHeader, draco_header},
        resource::{RandomRead, Resources, join, read_uri},
    },
};
use gltf::json::{buffer::View, mesh::Mode, validation::Checked};
use serde_json::Value;
use std::{borrow::Cow, collections::BTreeSet};

/// What the compression of geometry is called in a file.
const DRACO: &str = "KHR_draco_mesh_compression";
/// Models with more corners are counted as if picking held each of their copies.
const LARGE_MODEL_CORNERS: u64 = 300_000;
/// Bytes of a picture in a file of its own that its size is looked for in.
const PICTURE_HEAD_BYTES: u64 = 8 << 20;

/// At most so much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sizes {
    /// Vertices and corners of the triangles that are drawn, all copies counted.
    pub(crate) vertices: u64,
    pub(crate) corners: u64,
    /// Those of the corners that picking holds one by one: of many copies it holds the model alone.
    pub(crate) picked_corners: u64,
    /// Those of the vertices that have a picture.
    pub(crate) textured: u64,
    /// Ends of edges that the file names.
    pub(crate) outline: u64,
    pub(crate) points: u64,
    pub(crate) line_vertices: u64,
    pub(crate) segments: u64,
    /// Places of models that are drawn more than once.
    pub(crate) copies: u64,
    /// Vertices and corners as they stand in the file, each time that a node draws them.
    pub(crate) read_vertices: u64,
    pub(crate) read_corners: u64,
    /// Bytes of buffers and models that are not in the payload, and of compressed ones once unpacked.
    pub(crate) buffer_bytes: u64,
    /// Bytes that the largest Draco stream takes while it is unpacked.
    pub(crate) draco_bytes: u64,
    pub(crate) texel_bytes: u64,
    /// Bytes of properties in textures and at vertices, of other tables than that of the features, and of the pictures that
    /// features are read from.
    pub(crate) surface_bytes: u64,
    /// Bytes that the largest picture takes besides while it is unpacked.
    pub(crate) picture_bytes: u64,
    /// Rows of features, and rows times columns of their table, which whoever has all of the payload counts.
    pub(crate) rows: u64,
    pub(crate) cells: u64,
    /// Bytes of texts and of what stands in lists in that table, and the same for each row.
    pub(crate) value_bytes: u64,
    pub(crate) row_bytes: u64,
    /// Bytes of JSON.
    pub(crate) json_bytes: u64,
}

impl Sizes {
    /// Both together.
    #[must_use]
    pub(crate) fn plus(self, other: Self) -> Self {
        let sum = u64::saturating_add;
        Self {
            vertices: sum(self.vertices, other.vertices),
            corners: sum(self.corners, other.corners),
            picked_corners: sum(self.picked_corners, other.picked_corners),
            textured: sum(self.textured, other.textured),
            outline: sum(self.outline, other.outline),
            points: sum(self.points, other.points),
            line_vertices: sum(self.line_vertices, other.line_vertices),
            segments: sum(self.segments, other.segments),
            copies: sum(self.copies, other.copies),
            read_vertices: sum(self.read_vertices, other.read_vertices),
            read_corners: sum(self.read_corners, other.read_corners),
            buffer_bytes: sum(self.buffer_bytes, other.buffer_bytes),
            draco_bytes: self.draco_bytes.max(other.draco_bytes),
            texel_bytes: sum(self.texel_bytes, other.texel_bytes),
            surface_bytes: sum(self.surface_bytes, other.surface_bytes),
            picture_bytes: self.picture_bytes.max(other.picture_bytes),
            rows: sum(self.rows, other.rows),
            cells: sum(self.cells, other.cells),
            value_bytes: sum(self.value_bytes, other.value_bytes),
            row_bytes: sum(self.row_bytes, other.row_bytes),
            json_bytes: sum(self.json_bytes, other.json_bytes),
        }
    }
}

/// Counts a file that an instanced tile draws in so many places, or that stands once. `path` is where it lies; the names
/// of its properties are added to `columns`.
pub(crate) fn sizes(
    document: &Document<'_>,
    resources: &dyn Resources,
    path: &str,
    models: Option<u64>,
    columns: &mut BTreeSet<String>,
) -> Sizes {
    let mut sizer = Sizer {
        document,
        resources,
        path,
        sizes: Sizes::default(),
        classes: BTreeSet::new(),
        copied: Copied::default(),
        budget: Budget::default(),
        rows: Rows {
            are_of_copies: models.is_some(),
            ..choose_rows(&document.root, None)
        },
        cuts_left: MAX_CUTS_OF_TILE as u64,
        carried: CarriedSizes::of(&document.root),
    };
    sizer.read_places(models.unwrap_or(1));
    sizer.read_buffers();
    sizer.read_pictures(document.support);
    sizer.read_data_pictures();
    let (points, are_of_copies) = (sizer.sizes.points, models.is_some());
    let table = table_size(&document.root, resources, path, points, are_of_copies, columns);
    sizer.sizes.surface_bytes = sizer.sizes.surface_bytes.saturating_add(table.other_bytes);
    sizer.sizes.rows = table.rows;
    sizer.sizes.value_bytes = table.value_bytes;
    sizer.sizes.row_bytes = table.row_bytes;
    sizer.copied.add_to(&mut sizer.sizes);
    sizer.sizes
}

/// What all copies but the first of each mesh have, before the caps on them.
#[derive(Default)]
struct Copied {
    vertices: u64,
    corners: u64,
    picked_corners: u64,
    textured: u64,
    outline: u64,
    points: u64,
    line_vertices: u64,
    segments: u64,
}

impl Copied {
    fn add_to(self, sizes: &mut Sizes) {
        // Simpler models have a few triangles more than they should, and three vertices for each at most.
        let corners = self.corners.min(3 * (MAX_COPIED_TRIANGLES + MAX_COPIED_TRIANGLES / 8));
        let vertices = if corners < self.corners {
            self.vertices.min(corners)
        } else {
            self.vertices
        };
        let picked = self.picked_corners.min(corners);
        sizes.picked_corners = sizes.corners.saturating_add(picked);
        sizes.corners = sizes.corners.saturating_add(corners);
        sizes.vertices = sizes.vertices.saturating_add(vertices);
        sizes.textured = sizes.textured.saturating_add(self.textured.min(vertices));
        sizes.outline = sizes
            .outline
            .saturating_add(self.outline.min(corners.saturating_mul(2)));
        sizes.points = sizes.points.saturating_add(self.points.min(MAX_POINTS));
        sizes.line_vertices = sizes.line_vertices.saturating_add(self.line_vertices.min(MAX_POINTS));
        sizes.segments = sizes.segments.saturating_add(self.segments.min(MAX_POINTS));
    }
}

struct Sizer<'a> {
    document: &'a Document<'a>,
    resources: &'a dyn Resources,
    path: &'a str,
    sizes: Sizes,
    classes: BTreeSet<RenderClass>,
    copied: Copied,
    budget: Budget,
    /// Which feature id sets make the features.
    rows: Rows,
    /// Triangles that surfaces may still be cut into.
    cuts_left: u64,
    carried: CarriedSizes<'a>,
}

impl<'a> Sizer<'a> {
    fn read_places(&mut self, models: u64) {
        let root = &self.document.root;
        for place in mesh_places(root).0 {
            let copies = place.instancing.map_or(1, |extension| instance_count(root, extension));
            let times = copies.saturating_mul(models);
            if place.instancing.is_some() || models > 1 {
                self.sizes.copies = self.sizes.copies.saturating_add(times);
            }
            let primitives = root.meshes.get(place.mesh).map_or(&[][..], |mesh| &mesh.primitives);
            // Each copy is one feature, where its parts have none of their own.
            let is_one =
                times >= MIN_COPIES as u64 && primitives.iter().all(|part| FeatureIdSet::all_of(part).is_empty());
            let of_copies = FeatureIdSet::all_of_instances(place.node_extensions).len() as u64;
            for primitive in primitives {
                if !self.budget.takes_elements(elements_of(root, primitive)) {
                    return;
                }
                self.read_primitive(primitive, times.saturating_sub(1), is_one, of_copies);
            }
        }
    }

    /// Counts a primitive that is drawn once and `more` times; `is_one` where picking holds it once. So many sets say what
    /// its copies are.
    fn read_primitive(&mut self, primitive: &Primitive, more: u64, is_one: bool, of_copies: u64) {
        let root = &self.document.root;
        let count = |index: Option<usize>| {
            let count = index.and_then(|index| root.accessors.get(index)).map(element_count);
            count
                .filter(|count| *count <= MAX_ACCESSOR_ELEMENTS)
                .map(|count| count as u64)
        };
        let position = primitive.attributes.get("POSITION").copied();
        let (Checked::Valid(shape), Some(mut vertices)) = (primitive.mode, count(position)) else {
            return;
        };
        let mut elements = match primitive.indices {
            Some(indices) => count(Some(indices)).unwrap_or(0),
            None => vertices,
        };
        let normals = count(primitive.attributes.get("NORMAL").copied());
        let has_normals = normals.is_some_and(|normals| normals >= vertices);
        if primitive.extensions.get(DRACO).is_some() {
            let header = self.draco_header(primitive).unwrap_or_default();
            // Accessors that stand for a stream are known to be off by a few.
            elements = (elements + elements / 64 + 192).max(header.triangles.saturating_mul(3));
            vertices += vertices / 64 + 64;
            if vertices < header.points {
                vertices = elements;
            }
            let work = (vertices.saturating_add(header.points)).saturating_mul(120);
            let work = work.saturating_add(elements.saturating_mul(40));
            self.sizes.draco_bytes = self.sizes.draco_bytes.max(work);
        }
        let cuts = self.cuts_of(primitive);
        // A strip has three corners for each of its indices.
        let corners = elements.saturating_mul(if shape == Mode::Triangles { 1 } else { 3 });
        let with_cuts = corners.saturating_add(3 * cuts);
        let carried = self.carried.bytes(primitive, with_cuts, more, of_copies, self.rows);
        let sizes = &mut self.sizes;
        sizes.surface_bytes = sizes.surface_bytes.saturating_add(carried);
        sizes.read_vertices = sizes.read_vertices.saturating_add(vertices);
        let times = |each: u64| each.saturating_mul(more);
        let class = look(root, primitive.material).0.class;
        match shape {
            Mode::Triangles | Mode::TriangleStrip | Mode::TriangleFan => {
                let corners = if shape == Mode::Triangles {
                    elements
                } else {
                    elements.saturating_sub(2).saturating_mul(3)
                };
                // Without normals every triangle gets vertices of its own.
                if !has_normals {
                    vertices = corners;
                }
                let vertices = vertices.min(corners).saturating_add(3 * cuts);
                let corners = corners.saturating_add(3 * cuts);
                let textured = if class.image.is_some() { vertices } else { 0 };
                let outline = count(outline_accessor(primitive)).unwrap_or(0);
                self.classes.insert(class);
                sizes.read_vertices = sizes.read_vertices.saturating_add(vertices);
                sizes.read_corners = sizes.read_corners.saturating_add(corners);
                sizes.vertices = sizes.vertices.saturating_add(vertices);
                sizes.corners = sizes.corners.saturating_add(corners);
                sizes.textured = sizes.textured.saturating_add(textured);
                sizes.outline = sizes.outline.saturating_add(outline);
                self.copied.vertices = self.copied.vertices.saturating_add(times(vertices));
                self.copied.corners = self.copied.corners.saturating_add(times(corners));
                // Of large models fewer copies than picking holds as such may be left.
                if !is_one || corners > LARGE_MODEL_CORNERS {
                    self.copied.picked_corners = self.copied.picked_corners.saturating_add(times(corners));
                }
                self.copied.textured = self.copied.textured.saturating_add(times(textured));
                self.copied.outline = self.copied.outline.saturating_add(times(outline));
            }
            Mode::Lines | Mode::LineLoop | Mode::LineStrip => {
                let segments = if shape == Mode::Lines { elements / 2 } else { elements };
                sizes.read_corners = sizes.read_corners.saturating_add(segments.saturating_mul(2));
                sizes.line_vertices = sizes.line_vertices.saturating_add(vertices);
                sizes.segments = sizes.segments.saturating_add(segments);
                self.copied.line_vertices = self.copied.line_vertices.saturating_add(times(vertices));
                self.copied.segments = self.copied.segments.saturating_add(times(segments));
            }
            Mode::Points => {
                sizes.read_vertices = sizes.read_vertices.saturating_add(elements);
                sizes.read_corners = sizes.read_corners.saturating_add(elements);
                sizes.points = sizes.points.saturating_add(elements);
                self.copied.points = self.copied.points.saturating_add(times(elements));
            }
        }
    }

    /// Triangles that a primitive is cut into where its features lie in a picture, at most.
    fn cuts_of(&mut self, primitive: &Primitive) -> u64 {
        let sets = primitive.extensions.get("EXT_mesh_features");
        let sets = sets.and_then(|extension| extension.get("featureIds")?.as_array());
        let is_cut = sets.is_some_and(|sets| sets.iter().any(|set| set.get("texture").is_some()));
        let cuts = if is_cut { self.cuts_left.min(MAX_CUTS as u64) } else { 0 };
        self.cuts_left -= cuts;
        cuts
    }

    /// Counts the pictures that properties and features are read from.
    fn read_data_pictures(&mut self) {
        let root = &self.document.root;
        let tables = root
            .extensions
            .get(METADATA)
            .and_then(|extension| extension.get("propertyTextures"));
        let tables = tables.and_then(Value::as_array).into_iter().flatten();
        let properties = tables.filter_map(|table| table.get("properties")?.as_object());
        let properties = properties.flat_map(serde_json::Map::values);
        let primitives = root.meshes.iter().flat_map(|mesh| &mesh.primitives);
        let sets = primitives.filter_map(|primitive| {
            primitive
                .extensions
                .get("EXT_mesh_features")?
                .get("featureIds")?
                .as_array()
        });
        let ids = sets.flatten().filter_map(|set| set.get("texture"));
        let textures = properties
            .chain(ids)
            .filter_map(|texture| texture.get("index")?.as_u64());
        let images: BTreeSet<usize> = textures
            .filter_map(|texture| image_of(root, usize::try_from(texture).ok()?).ok())
            .collect();
        for image in images {
            let size = self.picture(image, TextureSupport::default()).unwrap_or_default();
            self.sizes.surface_bytes = self.sizes.surface_bytes.saturating_add(size.texel_bytes);
            self.sizes.picture_bytes = self.sizes.picture_bytes.max(size.work_bytes);
        }
    }

    fn draco_header(&self, primitive: &Primitive) -> Option<DracoHeader> {
        let extension = primitive.extensions.get(DRACO)?;
        let view = usize::try_from(extension.get("bufferView")?.as_u64()?).ok()?;
        draco_header(self.view(view)?)
    }

    /// The bytes of a view of the binary chunk; `None` for others.
    fn view(&self, index: usize) -> Option<&'a [u8]> {
        let document = self.document;
        let view: &View = document.root.buffer_views.get(index)?;
        let is_plain = view.buffer.value() == 0 && document.root.buffers.first()?.uri.is_none();
        let start = usize::try_from(view.byte_offset.map_or(0, |offset| offset.0)).ok()?;
        let length = usize::try_from(view.byte_length.0).ok()?;
        let bin = document.bin.as_deref().filter(|_| is_plain)?;
        bin.get(start..start.checked_add(length)?)
    }

    fn read_buffers(&mut self) {
        let root: &Root = &self.document.root;
        let mut bytes = root
            .buffer_views
            .iter()
            .map(compressed_bytes)
            .fold(0, u64::saturating_add);
        for uri in root.buffers.iter().filter_map(|buffer| buffer.uri.as_deref()) {
            let size = if uri.starts_with("data:") {
                // Percent codes, base64 and the bytes themselves.
                2 * uri.len() as u64
            } else {
                let opened = join(self.path, uri).and_then(|path| self.resources.open(&path, 2 << 30));
                opened.map_or(0, |file| file.size_bytes())
            };
            bytes = bytes.saturating_add(size);
        }
        self.sizes.buffer_bytes = self.sizes.buffer_bytes.saturating_add(bytes);
    }

    fn read_pictures(&mut self, support: TextureSupport) {
        let mut texels = 0_u64;
        for class in std::mem::take(&mut self.classes) {
            let images = class.image.into_iter().chain(class.fallback);
            let sizes = images.filter_map(|image| self.picture(image, support));
            let largest = sizes.max_by_key(|size| size.texel_bytes).unwrap_or_default();
            texels = texels.saturating_add(largest.texel_bytes);
            self.sizes.picture_bytes = self.sizes.picture_bytes.max(largest.work_bytes);
        }
        // What does not fit into the budget of a tile is not unpacked.
        self.sizes.texel_bytes = self.sizes.texel_bytes.saturating_add(texels.min(MAX_TEXTURE_BYTES));
    }

    fn picture(&self, image: usize, support: TextureSupport) -> Option<PictureSize> {
        let image = self.document.root.images.get(image)?;
        let mut file_bytes = 0;
        let bytes: Cow<'_, [u8]> = match (&image.uri, image.buffer_view) {
            (_, Some(view)) => match self.view(view.value()) {
                Some(bytes) => bytes.into(),
                None => return self.picture_in_buffer(view.value(), support),
            },
            (Some(uri), None) if uri.starts_with("data:") => {
                read_uri(self.resources, self.path, uri, MAX_IMAGE_BYTES).ok()?.into()
            }
            (Some(uri), None) => {
                let path = join(self.path, uri).ok()?;
                let file = self.resources.open(&path, MAX_IMAGE_BYTES).ok()?;
                file_bytes = file.size_bytes();
                head_of(&*file, 0, file_bytes).into()
            }
            (None, None) => return None,
        };
        let mut size = picture_size(&bytes, support)?;
        size.work_bytes = size.work_bytes.saturating_add(file_bytes);
        Some(size)
    }

    /// A picture in a buffer that is not in the payload itself.
    fn picture_in_buffer(&self, view: usize, support: TextureSupport) -> Option<PictureSize> {
        let root = &self.document.root;
        let view = root.buffer_views.get(view)?;
        let uri = root.buffers.get(view.buffer.value())?.uri.as_deref()?;
        let (start, length) = (view.byte_offset.map_or(0, |offset| offset.0), view.byte_length.0);
        if uri.starts_with("data:") {
            let bytes = read_uri(self.resources, self.path, uri, 2 << 30).ok()?;
            return picture_size(&head_of(&bytes, start, length), support);
        }
        let file = self.resources.open(&join(self.path, uri).ok()?, 2 << 30).ok()?;
        picture_size(&head_of(&*file, start, length), support)
    }
}

/// The first bytes of `length` from `start` on.
fn head_of(file: &dyn RandomRead, start: u64, length: u64) -> Vec<u8> {
    let there = file.size_bytes().saturating_sub(start);
    let length = length.min(there).min(PICTURE_HEAD_BYTES);
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    let read = file.read_at(start, &mut bytes).unwrap_or(0);
    bytes.truncate(read);
    bytes
}
