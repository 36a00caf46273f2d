//! `EXT_meshopt_compression` and `KHR_meshopt_compression`: one compressed buffer view to plain bytes.

use super::Fault;
use meshoptimizer_rs::{
    Limits, Workspace,
    codec::{self, Filter, Mode},
};

/// Unpacks `count` elements of `stride` bytes, whose product the caller has held against `most_bytes`.
pub(super) fn unpack(
    mode: &str,
    filter: &str,
    [count, stride]: [usize; 2],
    source: &[u8],
    most_bytes: usize,
) -> Result<Vec<u8>, Fault> {
    let damaged = |error: meshoptimizer_rs::Error| Fault::from(format!("the compressed data is damaged: {error}"));
    let mode = Mode::parse(mode).map_err(damaged)?;
    let mut workspace = Workspace::new(Limits {
        max_bytes: most_bytes,
        max_work: 1 << 32,
    });
    if mode != Mode::Attributes {
        return codec::decode_buffer_view(mode, Filter::None, count, stride, source, &mut workspace).map_err(damaged);
    }
    // Filters one by one: the call that does both refuses what only KHR_meshopt_compression knows.
    let mut data = codec::decode_vertex_buffer(count, stride, source, &mut workspace).map_err(damaged)?;
    match filter {
        "NONE" => Ok(()),
        "OCTAHEDRAL" => codec::decode_filter_oct(&mut data, count, stride, &mut workspace),
        "QUATERNION" => codec::decode_filter_quat(&mut data, count, stride, &mut workspace),
        "EXPONENTIAL" => codec::decode_filter_exp(&mut data, count, stride, &mut workspace),
        "COLOR" => codec::decode_filter_color(&mut data, count, stride, &mut workspace),
        other => return Err(format!("the compression filter `{other}` is unknown").into()),
    }
    .map_err(damaged)?;
    Ok(data)
}
