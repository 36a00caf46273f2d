//! One chunk of packed points, unpacked by the crate `laz` after its sizes have been checked.

use super::fields::u32_at;
use super::header::{PointHeader, SideRecord, record};
use laz::laszip::LazItemType;
use laz::record::{LayeredPointRecordDecompressor, RecordDecompressor, SequentialPointRecordDecompressor};
use laz::{LazItem, LazVlr};
use std::io::Cursor;
use std::ops::ControlFlow;

/// Most fields of a point.
const MAX_ITEMS: usize = 16;

/// How the points of a file are packed.
#[derive(Debug, Clone)]
pub(super) struct Packing {
    pub(super) vlr: LazVlr,
    /// Whether each field has a stream of its own.
    is_layered: bool,
    /// How many such streams a chunk has.
    layers: usize,
}

impl Packing {
    /// Reads how points are packed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn of(records: &[SideRecord], header: &PointHeader) -> Result<Self, String> {
        let bytes = record(records, "laszip encoded", 22204).ok_or("it does not say how its points are packed")?;
        let unusable = || "what it says of how its points are packed makes no sense".to_owned();
        let count = super::fields::u16_at(bytes, 32).ok_or_else(unusable)?;
        if usize::from(count) > MAX_ITEMS || count == 0 {
            return Err(unusable());
        }
        let vlr =
            LazVlr::from_buffer(bytes).map_err(|error| format!("how its points are packed is not known: {error}"))?;
        let items = vlr.items();
        let (mut size, mut layers) = (0_usize, 0_usize);
        for item in items {
            let (bytes, streams) = shape(item.item_type());
            if bytes != usize::from(item.size()) {
                return Err(unusable());
            }
            size += bytes;
            layers += streams;
        }
        if size != usize::from(header.record_bytes) {
            return Err(unusable());
        }
        let version = items.first().map_or(0, LazItem::version);
        if !(1..=4).contains(&version) {
            return Err(unusable());
        }
        let is_layered = version >= 3;
        Ok(Self {
            vlr,
            is_layered,
            layers: if is_layered { layers } else { 0 },
        })
    }

    /// Unpacks `count` points of a chunk and hands each to `take`. Stops at the first damage, and where `take` says so.
    ///
    /// # Errors
    /// What is wrong; the points before it were handed over.
    pub(super) fn unpack(
        &self,
        chunk: &[u8],
        count: u64,
        record_bytes: usize,
        mut take: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(), String> {
        let mut reader: Box<dyn RecordDecompressor<Cursor<&[u8]>>> = if self.is_layered {
            self.check_layers(chunk, record_bytes)?;
            Box::new(LayeredPointRecordDecompressor::new(Cursor::new(chunk)))
        } else {
            Box::new(SequentialPointRecordDecompressor::new(Cursor::new(chunk)))
        };
        let said = |error: &dyn std::fmt::Display| format!("its points cannot be unpacked: {error}");
        reader.set_fields_from(self.vlr.items()).map_err(|error| said(&error))?;
        if reader.record_size() != record_bytes {
            return Err("its fields do not make a point".into());
        }
        let mut record = vec![0; record_bytes];
        for _ in 0..count {
            reader.decompress_next(&mut record).map_err(|error| said(&error))?;
            if take(&record).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Holds the lengths of a chunk's streams against its bytes: the crate takes memory by them.
    fn check_layers(&self, chunk: &[u8], record_bytes: usize) -> Result<(), String> {
        let sizes_at = record_bytes + 4;
        let sizes = (0..self.layers).map(|layer| u32_at(chunk, sizes_at + 4 * layer).map(u64::from));
        let total: Option<u64> = sizes.sum();
        let left = chunk.len().saturating_sub(sizes_at + 4 * self.layers) as u64;
        match total {
            Some(total) if total <= left => Ok(()),
            _ => Err("its streams are longer than it is".into()),
        }
    }
}

/// Bytes of a field, and in how many streams a layered chunk has it.
fn shape(item: LazItemType) -> (usize, usize) {
    match item {
        LazItemType::Byte(count) => (usize::from(count), 0),
        LazItemType::Point10 => (20, 0),
        LazItemType::GpsTime => (8, 0),
        LazItemType::RGB12 => (6, 0),
        LazItemType::WavePacket13 => (29, 0),
        LazItemType::Point14 => (30, 9),
        LazItemType::RGB14 => (6, 1),
        LazItemType::RGBNIR14 => (8, 2),
        LazItemType::WavePacket14 => (29, 1),
        LazItemType::Byte14(count) => (usize::from(count), usize::from(count)),
    }
}
