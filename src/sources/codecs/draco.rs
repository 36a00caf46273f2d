//! Draco (`draco-core`): compressed points to columns of numbers.

use draco_core::{
    decode_limits::DecodeLimits, decoder_buffer::DecoderBuffer, point_cloud::PointCloud,
    point_cloud_decoder::PointCloudDecoder,
};

/// Most points of one stream.
const MAX_POINTS: u64 = 20_000_000;
/// Most bytes that one stream unpacks to, and most bytes of the columns that are asked for.
const MAX_DECODED_BYTES: u64 = 512 << 20;

/// The columns that were asked for.
pub(crate) struct DecodedPoints {
    /// How many points, whatever the file around the stream says.
    pub(crate) count: usize,
    /// In the order in which they were asked for: all numbers of the first point, then those of the second. Whole numbers
    /// come as they are stored, not normalised.
    pub(crate) columns: Vec<Vec<f32>>,
}

/// Decodes a stream of points. `wanted` names attributes by their unique ids, as the files around such streams do, and says
/// how many numbers of each are wanted; those that an attribute lacks are 0.
///
/// # Errors
/// What is wrong, in words: the stream is damaged or too large, or has no attribute with such an id.
pub(crate) fn decode_points(bytes: &[u8], wanted: &[(u32, usize)]) -> Result<DecodedPoints, String> {
    let limits = DecodeLimits::default()
        .with_max_points(MAX_POINTS)
        .with_max_decoded_bytes(MAX_DECODED_BYTES);
    let mut buffer = DecoderBuffer::new(bytes).with_limits(limits);
    let mut points = PointCloud::new();
    PointCloudDecoder::new()
        .decode(&mut buffer, &mut points)
        .map_err(|error| format!("the Draco stream cannot be decoded: {}", error.message()))?;
    let count = points.num_points();
    let numbers = wanted.iter().map(|(_, components)| *components as u64).sum::<u64>();
    let bytes = (count as u64).saturating_mul(numbers).saturating_mul(4);
    if bytes > MAX_DECODED_BYTES {
        return Err(format!("the Draco stream unpacks to {bytes} bytes, more than is read"));
    }
    let columns = wanted.iter().map(|(id, components)| {
        let attribute = points
            .attribute_by_unique_id(*id)
            .ok_or_else(|| format!("the Draco stream has no attribute {id}"))?;
        Ok(attribute.read_f32s(count, *components))
    });
    Ok(DecodedPoints {
        count,
        columns: columns.collect::<Result<_, String>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_stream_is_said_in_words() {
        for bytes in [
            &b""[..],
            b"DRACO",
            b"DRACO\x02\x02\x00\x01\x00\x00\xff\xff\xff\xff\x00",
            &[0; 64],
        ] {
            let message = decode_points(bytes, &[(0, 3)]).err().unwrap();
            assert!(message.contains("Draco"), "{message}");
        }
    }
}
