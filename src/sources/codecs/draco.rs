//! Draco: compressed triangles and points to plain lists.
//!
//! Attributes are named by their unique ids, as glTF and 3D Tiles do. The counts are those of the stream: accessors
//! that stand for one are known to be off by a few.

use super::{CodecError, guarded};
use draco_core::{
    DataType, DecodeLimits, DecoderBuffer, DracoError, ErrorKind, Mesh, MeshDecoder, PointAttribute, PointCloud,
    PointCloudDecoder,
};

/// Most points and most triangles of one stream.
const MAX_ELEMENTS: usize = 20_000_000;
/// Most bytes that the attributes of one stream unpack to.
const MAX_BYTES: usize = 512 << 20;

/// Points of a stream and the attributes that were asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DecodedPoints {
    /// How many points.
    pub(crate) count: usize,
    /// One list for each wanted attribute, in that order: `count` times its number of components, point by point.
    /// Integers are widened and not normalised.
    pub(crate) columns: Vec<Vec<f32>>,
}

/// Unpacks a point cloud. `wanted` are unique ids of attributes and how many numbers each value is read with; numbers
/// that a value does not have are 0.
///
/// # Errors
/// When the stream is damaged, more than is unpacked, or lacks an attribute.
pub(crate) fn decode_points(bytes: &[u8], wanted: &[(u32, usize)]) -> Result<DecodedPoints, String> {
    let decode = || {
        let mut buffer = DecoderBuffer::new(bytes).with_limits(limits(MAX_ELEMENTS));
        let mut cloud = PointCloud::new();
        PointCloudDecoder::new()
            .decode(&mut buffer, &mut cloud)
            .map_err(|error| in_our_words(&error))?;
        let count = cloud.num_points();
        let total = wanted
            .iter()
            .fold(0, |sum: usize, (_, components)| sum.saturating_add(*components));
        check_size(count, total)?;
        let columns = wanted.iter().map(|(id, components)| {
            let attribute = attribute(&cloud, *id)?;
            Ok(attribute.read_f32s(count, *components))
        });
        Ok(DecodedPoints {
            count,
            columns: columns.collect::<Result<_, CodecError>>()?,
        })
    };
    guarded("the Draco data", decode).map_err(|error| error.message)
}

/// A mesh, unpacked.
pub(crate) struct DracoMesh {
    mesh: Mesh,
}

/// The values of one attribute.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DracoColumn {
    /// Numbers of one value, as the stream has them.
    pub(crate) components: usize,
    /// Integers are widened and not normalised.
    pub(crate) values: Vec<f32>,
    /// What the largest value of an integer type is divided by to become 1; `None` for numbers that are never
    /// normalised.
    pub(crate) largest: Option<f32>,
}

impl DracoMesh {
    /// Unpacks a mesh of at most `most` points and as many triangles.
    ///
    /// # Errors
    /// When the stream is damaged or more than that.
    pub(crate) fn decode(bytes: &[u8], most: usize) -> Result<Self, CodecError> {
        let most = most.min(MAX_ELEMENTS);
        guarded("the Draco data", || {
            let mut buffer = DecoderBuffer::new(bytes).with_limits(limits(most));
            let mut mesh = Mesh::new();
            MeshDecoder::new()
                .decode(&mut buffer, &mut mesh)
                .map_err(|error| in_our_words(&error))?;
            if mesh.num_points() > most || mesh.num_faces() > most {
                return Err(CodecError::too_large(format!(
                    "the Draco data has more than {most} points or triangles"
                )));
            }
            Ok(Self { mesh })
        })
    }

    /// How many points.
    pub(crate) fn points(&self) -> usize {
        self.mesh.num_points()
    }

    /// How many triangles.
    pub(crate) fn triangles(&self) -> usize {
        self.mesh.num_faces()
    }

    /// Three points for each triangle.
    pub(crate) fn indices(&self) -> Vec<u32> {
        self.mesh
            .faces()
            .iter()
            .flat_map(|face| face.map(|point| point.0))
            .collect()
    }

    /// Numbers of one value of the attribute with a unique id; 0 where there is none.
    pub(crate) fn components(&self, id: u32) -> usize {
        let attribute = self.mesh.attribute_by_unique_id(id);
        attribute.map_or(0, |attribute| usize::from(attribute.num_components()))
    }

    /// The attribute with a unique id, one value a point.
    ///
    /// # Errors
    /// When there is none, or it is more than is unpacked.
    pub(crate) fn column(&self, id: u32) -> Result<DracoColumn, CodecError> {
        guarded("the Draco data", || {
            let attribute = attribute(&self.mesh, id)?;
            let components = usize::from(attribute.num_components());
            check_size(self.points(), components)?;
            Ok(DracoColumn {
                components,
                values: attribute.read_f32s(self.points(), components),
                largest: match attribute.data_type() {
                    DataType::Int8 => Some(127.0),
                    DataType::Uint8 => Some(255.0),
                    DataType::Int16 => Some(32_767.0),
                    DataType::Uint16 => Some(65_535.0),
                    _ => None,
                },
            })
        })
    }
}

fn limits(most: usize) -> DecodeLimits {
    DecodeLimits::default()
        .with_max_points(most as u64)
        .with_max_faces(most as u64)
        .with_max_decoded_bytes(MAX_BYTES as u64)
}

fn attribute(cloud: &PointCloud, id: u32) -> Result<&PointAttribute, CodecError> {
    cloud
        .attribute_by_unique_id(id)
        .ok_or_else(|| CodecError::damaged(format!("the Draco data has no attribute {id}")))
}

/// Whether as many numbers for each point may be reserved.
fn check_size(points: usize, components: usize) -> Result<(), CodecError> {
    let bytes = components.checked_mul(4).and_then(|size| size.checked_mul(points));
    if bytes.is_none_or(|bytes| bytes > MAX_BYTES) {
        return Err(CodecError::too_large(format!(
            "the Draco data unpacks to more than {MAX_BYTES} bytes"
        )));
    }
    Ok(())
}

fn in_our_words(error: &DracoError) -> CodecError {
    let message = crate::sources::shortened(error.message(), 160);
    match error.kind() {
        ErrorKind::LimitExceeded => CodecError::too_large(format!("the Draco data is more than is read ({message})")),
        _ => CodecError::damaged(format!("the Draco data is damaged ({message})")),
    }
}

#[cfg(test)]
#[path = "draco_tests.rs"]
mod tests;
