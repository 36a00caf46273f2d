//! Buffers, buffer views (plain and meshopt-compressed) and accessors, every access checked.

use super::{
    Fault,
    document::Document,
    file::Root,
    layout::{Layout, whole},
    meshopt,
};
use crate::sources::{
    codecs::draco::DracoMesh,
    resource::{Resources, read_uri},
};
use gltf::json::{Accessor, Index, buffer::View, validation::USize64};
use serde_json::Value;
use std::{
    borrow::Cow,
    cell::{Cell, OnceCell},
};

/// Most elements of one accessor; one that promises more is refused unread.
pub(super) const MAX_ACCESSOR_ELEMENTS: usize = 20_000_000;
/// Most bytes that the compressed views of one file may unpack to, all together.
const MAX_UNPACKED_BYTES: usize = 512 << 20;

/// Most bytes of all buffers of one file: a small file can name the same big one many times.
const MAX_BUFFER_BYTES: u64 = 2 << 30;

/// Most points and corners of triangles that the Draco streams of one file unpack to, each time that a node draws them.
const MAX_DRACO_ELEMENTS: usize = 60_000_000;

/// The two names of the same compression.
const COMPRESSIONS: [&str; 2] = ["EXT_meshopt_compression", "KHR_meshopt_compression"];

/// The buffer views of one file, each decoded once.
pub(super) struct Views<'a> {
    pub(super) root: &'a Root,
    buffers: Vec<Result<Cow<'a, [u8]>, Fault>>,
    unpacked: Vec<OnceCell<Result<Vec<u8>, Fault>>>,
    /// Elements that Draco streams may still unpack to.
    draco_budget: Cell<usize>,
    /// Bytes read from other files.
    pub(super) bytes_read: u64,
}

impl<'a> Views<'a> {
    /// Reads every buffer; one that cannot be had becomes a fault when a view asks for it.
    pub(super) fn load(document: &'a Document<'a>, resources: &dyn Resources, path: &str) -> Self {
        let (mut bytes_read, mut bytes_held) = (0, 0);
        let mut buffers = Vec::with_capacity(document.root.buffers.len());
        for (number, buffer) in document.root.buffers.iter().enumerate() {
            let uri = buffer.uri.as_deref().filter(|uri| !uri.is_empty() && *uri != "data:,");
            buffers.push(match (uri, number, &document.bin) {
                // One real exporter writes both an empty data URI and a binary chunk: the chunk is meant.
                (None, 0, Some(bin)) => Ok(Cow::Borrowed(&**bin)),
                (None, ..) if is_fallback(&buffer.extensions) => {
                    Err("the buffer is only a stand-in for compressed data".into())
                }
                (None, ..) => Err("the buffer has neither a uri nor a binary chunk".into()),
                (Some(_), ..) if bytes_held > MAX_BUFFER_BYTES => {
                    let message = format!("the buffers have more than {MAX_BUFFER_BYTES} bytes together");
                    Err(Fault::too_large("", message))
                }
                (Some(uri), ..) => read_uri(resources, path, uri, MAX_BUFFER_BYTES - bytes_held)
                    .map_err(|error| Fault::of("", &error))
                    .inspect(|bytes| {
                        bytes_held += bytes.len() as u64;
                        if !uri.starts_with("data:") {
                            bytes_read += bytes.len() as u64;
                        }
                    })
                    .map(Cow::Owned),
            });
        }
        let unpacked = document.root.buffer_views.iter().map(|_| OnceCell::new()).collect();
        Self {
            root: &document.root,
            buffers,
            unpacked,
            draco_budget: Cell::new(MAX_DRACO_ELEMENTS),
            bytes_read,
        }
    }

    /// Unpacks the Draco stream in a view, within what is left for all of them.
    pub(super) fn draco_mesh(&self, view: usize) -> Result<DracoMesh, Fault> {
        let budget = self.draco_budget.get();
        let mesh = DracoMesh::decode(self.view(view)?, budget)?;
        let elements = mesh.points().saturating_add(mesh.triangles().saturating_mul(3));
        self.draco_budget.set(budget.saturating_sub(elements));
        Ok(mesh)
    }

    /// The bytes of a view, unpacked where it is compressed.
    pub(super) fn view(&self, index: usize) -> Result<&[u8], Fault> {
        let place = || format!("bufferViews[{index}]");
        let view = self
            .root
            .buffer_views
            .get(index)
            .ok_or_else(|| Fault::new(place(), "there is no such buffer view"))?;
        let Some(compression) = compression(view) else {
            return self
                .range(
                    view.buffer.value(),
                    size_or_zero(view.byte_offset),
                    size(view.byte_length),
                )
                .map_err(|fault| fault.moved_to(place()));
        };
        let unpacked = self
            .unpacked
            .get(index)
            .ok_or_else(|| Fault::new(place(), "there is no such buffer view"))?;
        unpacked
            .get_or_init(|| self.unpack(compression))
            .as_deref()
            .map_err(|fault| fault.clone().moved_to(place()))
    }

    fn range(&self, buffer: usize, offset: usize, length: usize) -> Result<&[u8], Fault> {
        let bytes = match self.buffers.get(buffer) {
            Some(Ok(bytes)) => bytes,
            Some(Err(fault)) => return Err(fault.clone()),
            None => return Err(format!("there is no buffer {buffer}").into()),
        };
        offset
            .checked_add(length)
            .and_then(|end| bytes.get(offset..end))
            .ok_or_else(|| {
                format!(
                    "{length} bytes from byte {offset} reach past the end of buffer {buffer} ({} bytes)",
                    bytes.len()
                )
                .into()
            })
    }

    fn unpack(&self, compression: &Value) -> Result<Vec<u8>, Fault> {
        let number = |key: &str| {
            compression
                .get(key)
                .and_then(Value::as_u64)
                .map_or(Ok(0), usize::try_from)
        };
        let number = |key: &str| number(key).map_err(|_error| format!("`{key}` is too large"));
        let (count, stride) = (number("count")?, number("byteStride")?);
        let spent: usize = self
            .unpacked
            .iter()
            .filter_map(|cell| cell.get()?.as_ref().ok())
            .map(Vec::len)
            .sum();
        if count
            .checked_mul(stride)
            .is_none_or(|bytes| bytes + spent > MAX_UNPACKED_BYTES)
        {
            let message = format!("the compressed data unpacks to more than {MAX_UNPACKED_BYTES} bytes");
            return Err(Fault::too_large("", message));
        }
        let source = self.range(number("buffer")?, number("byteOffset")?, number("byteLength")?)?;
        let text = |key: &str| compression.get(key).and_then(Value::as_str);
        meshopt::unpack(
            text("mode").unwrap_or_default(),
            text("filter").unwrap_or("NONE"),
            [count, stride],
            source,
            MAX_UNPACKED_BYTES,
        )
    }

    /// The accessor, or a fault that names it.
    pub(super) fn accessor(&self, index: usize) -> Result<&'a Accessor, Fault> {
        self.root
            .accessors
            .get(index)
            .ok_or_else(|| Fault::new(format!("accessors[{index}]"), "there is no such accessor"))
    }

    /// Vectors of `N` components as floats; integers are normalised where the accessor says so.
    pub(super) fn vectors<const N: usize>(&self, index: usize) -> Result<Vec<[f32; N]>, Fault> {
        let accessor = self.accessor(index)?;
        let layout = Layout::of(accessor, index)?;
        layout.expect_components(N, index)?;
        let mut values = match accessor.buffer_view {
            None => vec![[0.0; N]; layout.count],
            Some(view) => {
                let stride = self.stride(view, layout);
                let bytes = self.elements(view, size_or_zero(accessor.byte_offset), stride, layout, index)?;
                layout.read::<N>(bytes, stride)
            }
        };
        if let Some(sparse) = &accessor.sparse {
            let (indices, at) = (&sparse.indices, Layout::of_places(sparse, index)?);
            let places = self.integers_of(indices.buffer_view, indices.byte_offset, at, index)?;
            let (stride, layout) = (
                layout.bytes(),
                Layout {
                    count: at.count,
                    ..layout
                },
            );
            let bytes = self.elements(
                sparse.values.buffer_view,
                size(sparse.values.byte_offset),
                stride,
                layout,
                index,
            )?;
            for (place, value) in places.into_iter().zip(layout.read::<N>(bytes, stride)) {
                if let Some(slot) = values.get_mut(place as usize) {
                    *slot = value;
                }
            }
        }
        Ok(values)
    }

    /// Scalars as whole numbers, from integers or floats.
    pub(super) fn integers(&self, index: usize) -> Result<Vec<u32>, Fault> {
        let accessor = self.accessor(index)?;
        let layout = Layout::of(accessor, index)?;
        match accessor.buffer_view {
            Some(view) if accessor.sparse.is_none() => {
                layout.expect_components(1, index)?;
                self.integers_of(view, accessor.byte_offset.unwrap_or_default(), layout, index)
            }
            _ => {
                let floats = self.vectors::<1>(index)?;
                Ok(floats.into_iter().map(|[value]| whole(value)).collect())
            }
        }
    }

    fn integers_of(&self, view: Index<View>, offset: USize64, layout: Layout, index: usize) -> Result<Vec<u32>, Fault> {
        let stride = self.stride(view, layout);
        let bytes = self.elements(view, size(offset), stride, layout, index)?;
        Ok(layout.read_integers(bytes, stride))
    }

    /// Bytes from one element to the next.
    fn stride(&self, view: Index<View>, layout: Layout) -> usize {
        let stride = self
            .root
            .buffer_views
            .get(view.value())
            .and_then(|view| view.byte_stride);
        stride
            .map(|stride| stride.0)
            .filter(|stride| *stride > 0)
            .unwrap_or(layout.bytes())
    }

    /// The bytes of all elements, checked to be all there; the last one may lack its padding.
    fn elements(
        &self,
        view: Index<View>,
        offset: usize,
        stride: usize,
        layout: Layout,
        index: usize,
    ) -> Result<&[u8], Fault> {
        let bytes = self.view(view.value())?;
        let place = || format!("accessors[{index}]");
        let count = layout.count;
        if count == 0 {
            return Ok(&[]);
        }
        if stride < layout.bytes() {
            return Err(Fault::new(
                place(),
                format!("a stride of {stride} bytes is too short for its elements"),
            ));
        }
        let needed = (count - 1)
            .checked_mul(stride)
            .and_then(|n| n.checked_add(layout.bytes()));
        needed
            .and_then(|needed| bytes.get(offset..offset.checked_add(needed)?))
            .ok_or_else(|| {
                let message = format!(
                    "{count} elements from byte {offset} reach past the end of bufferViews[{}] ({} bytes)",
                    view.value(),
                    bytes.len()
                );
                Fault::new(place(), message)
            })
    }
}

/// How many elements an accessor promises.
pub(super) fn element_count(accessor: &Accessor) -> usize {
    size(accessor.count)
}

/// A size that does not fit is beyond every file, too.
fn size(size: USize64) -> usize {
    usize::try_from(size.0).unwrap_or(usize::MAX)
}

fn size_or_zero(optional: Option<USize64>) -> usize {
    optional.map_or(0, size)
}

/// Bytes that a view unpacks to where it is compressed, at most.
pub(super) fn compressed_bytes(view: &View) -> u64 {
    let number = |key: &str| compression(view)?.get(key)?.as_u64();
    let bytes = number("count")
        .unwrap_or(0)
        .saturating_mul(number("byteStride").unwrap_or(0));
    bytes.min(MAX_UNPACKED_BYTES as u64)
}

fn compression(view: &View) -> Option<&Value> {
    let extensions = &view.extensions.as_ref()?.others;
    COMPRESSIONS.iter().find_map(|name| extensions.get(*name))
}

fn is_fallback(extensions: &Value) -> bool {
    COMPRESSIONS.iter().any(|name| extensions.get(*name).is_some())
}
