//! Compressions and predictors.

use flate2::read::ZlibDecoder;
use std::io::Read;
use weezl::{BitOrder, LzwStatus};

/// How tiles are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sources::raster) enum Coding {
    None,
    Lzw,
    Jpeg,
    Deflate,
    PackBits,
    Zstd,
    WebP,
    /// Another one, by its number.
    Other(u64),
}

impl Coding {
    /// Of a number in a directory.
    pub(in crate::sources::raster) fn of(number: u64) -> Self {
        match number {
            1 => Self::None,
            5 => Self::Lzw,
            7 => Self::Jpeg,
            8 | 32946 => Self::Deflate,
            32773 => Self::PackBits,
            50000 => Self::Zstd,
            50001 => Self::WebP,
            other => Self::Other(other),
        }
    }

    /// What people call it.
    pub(in crate::sources::raster) fn name(self) -> String {
        let known = match self {
            Self::None => "none",
            Self::Lzw => "lzw",
            Self::Jpeg => "jpeg",
            Self::Deflate => "deflate",
            Self::PackBits => "packbits",
            Self::Zstd => "zstd",
            Self::WebP => "webp",
            Self::Other(2..=4) => "fax",
            Self::Other(6) => "old jpeg",
            Self::Other(34887) => "lerc",
            Self::Other(34925) => "lzma",
            Self::Other(50002) => "jpeg xl",
            Self::Other(34712) => "jpeg 2000",
            Self::Other(number) => return format!("number {number}"),
        };
        known.to_owned()
    }

    /// Whether it is read.
    pub(in crate::sources::raster) fn is_read(self) -> bool {
        !matches!(self, Self::Other(_))
    }

    /// Unpacks `data` to exactly `expected` bytes; the text says what is wrong. JPEG and WebP are pictures of their own and are
    /// not read here.
    pub(super) fn unpack(self, data: Vec<u8>, expected: usize) -> Result<Vec<u8>, String> {
        // What these can at most make of a byte. Without it a small file could ask for much memory.
        let most = match self {
            Self::None | Self::Jpeg | Self::WebP | Self::Other(_) => 1,
            Self::PackBits => 64,
            Self::Lzw => 2048,
            Self::Deflate => 1040,
            Self::Zstd => 1 << 17,
        };
        let short = |found: usize| format!("it breaks off: {found} of {expected} bytes");
        if data.len().saturating_mul(most) < expected {
            return Err(short(data.len()));
        }
        let limit = expected as u64;
        let mut out = Vec::new();
        match self {
            Self::None => {
                out = data;
                out.truncate(expected);
            }
            Self::Deflate => {
                out.reserve_exact(expected);
                let result = ZlibDecoder::new(&*data).take(limit).read_to_end(&mut out);
                if let (Err(error), true) = (result, out.len() < expected) {
                    return Err(format!("its deflate data is damaged ({error})"));
                }
            }
            Self::Zstd => {
                let decoder = ruzstd::decoding::StreamingDecoder::new(&*data)
                    .map_err(|error| format!("its zstd data is damaged ({error})"))?;
                decoder
                    .take(limit)
                    .read_to_end(&mut out)
                    .map_err(|error| format!("its zstd data is damaged ({error})"))?;
            }
            Self::Lzw => out = unpack_lzw(&data, expected)?,
            Self::PackBits => out = unpack_bits(&data, expected),
            Self::Jpeg | Self::WebP | Self::Other(_) => {
                return Err(format!("its compression ({}) is not read", self.name()));
            }
        }
        if out.len() == expected {
            Ok(out)
        } else {
            Err(short(out.len()))
        }
    }
}

fn unpack_lzw(data: &[u8], expected: usize) -> Result<Vec<u8>, String> {
    let mut decoder = weezl::decode::Decoder::with_tiff_size_switch(BitOrder::Msb, 8);
    let mut out = vec![0; expected];
    let (mut read, mut written) = (0, 0);
    while written < expected {
        let step = decoder.decode_bytes(&data[read..], &mut out[written..]);
        read += step.consumed_in;
        written += step.consumed_out;
        match step.status {
            Ok(LzwStatus::Ok) => {}
            Ok(LzwStatus::NoProgress | LzwStatus::Done) => break,
            Err(error) => return Err(format!("its LZW data is damaged ({error})")),
        }
    }
    out.truncate(written);
    Ok(out)
}

fn unpack_bits(data: &[u8], expected: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(expected);
    let mut rest = data;
    while let Some((&code, after)) = rest.split_first() {
        if out.len() >= expected {
            break;
        }
        rest = after;
        match code {
            0..128 => {
                let count = (usize::from(code) + 1).min(rest.len());
                out.extend_from_slice(&rest[..count]);
                rest = &rest[count..];
            }
            128 => {}
            129.. => {
                let Some((&value, after)) = rest.split_first() else {
                    break;
                };
                rest = after;
                out.resize(out.len() + 257 - usize::from(code), value);
            }
        }
    }
    out.truncate(expected);
    out
}

/// Turns the samples of `bytes` into this machine's byte order and undoes the predictor. `row` is the number of
/// bytes of a row, `samples` that of the samples of a pixel, `size` that of the bytes of a sample.
pub(super) fn straighten(bytes: &mut [u8], row: usize, samples: usize, size: usize, predictor: u64, is_big: bool) {
    if predictor == 3 {
        let mut mixed = vec![0; row];
        for row_bytes in bytes.chunks_exact_mut(row) {
            for i in samples..row_bytes.len() {
                row_bytes[i] = row_bytes[i].wrapping_add(row_bytes[i - samples]);
            }
            mixed.copy_from_slice(row_bytes);
            // Bytes stand by weight, the heaviest of all samples first, whatever the order of the file.
            let count = row / size;
            for (i, sample) in row_bytes.chunks_exact_mut(size).enumerate() {
                for (weight, byte) in sample.iter_mut().enumerate() {
                    let from_top = if cfg!(target_endian = "big") {
                        weight
                    } else {
                        size - 1 - weight
                    };
                    *byte = mixed[from_top * count + i];
                }
            }
        }
        return;
    }
    if size > 1 && is_big != cfg!(target_endian = "big") {
        for sample in bytes.chunks_exact_mut(size) {
            sample.reverse();
        }
    }
    if predictor == 2 {
        for row_bytes in bytes.chunks_exact_mut(row) {
            let step = samples * size;
            for at in (step..row_bytes.len()).step_by(size) {
                let (before, here) = row_bytes.split_at_mut(at);
                add(&mut here[..size], &before[at - step..at - step + size]);
            }
        }
    }
}

/// Adds two numbers in this machine's byte order.
fn add(to: &mut [u8], other: &[u8]) {
    let mut carry = 0;
    let mut step = |to: &mut u8, other: &u8| {
        let sum = u16::from(*to) + u16::from(*other) + carry;
        carry = sum >> 8;
        *to = sum.to_le_bytes()[0];
    };
    if cfg!(target_endian = "big") {
        to.iter_mut().zip(other).rev().for_each(|(a, b)| step(a, b));
    } else {
        to.iter_mut().zip(other).for_each(|(a, b)| step(a, b));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pack_bits_repeats_and_copies() {
        // The example of Apple's technical note 1023.
        let packed = [
            0xFE, 0xAA, 0x02, 0x80, 0x00, 0x2A, 0xFD, 0xAA, 0x03, 0x80, 0x00, 0x2A, 0x22, 0xF7, 0xAA,
        ];
        let expected = [
            0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0xAA, 0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0x22, 0xAA, 0xAA, 0xAA, 0xAA,
            0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA,
        ];
        assert_eq!(Coding::PackBits.unpack(packed.to_vec(), 24).unwrap(), expected);
        assert!(Coding::PackBits.unpack(packed.to_vec(), 25).is_err());
    }

    #[test]
    fn a_promise_larger_than_the_data_can_hold_reserves_nothing() {
        for coding in [
            Coding::None,
            Coding::Lzw,
            Coding::Deflate,
            Coding::PackBits,
            Coding::Zstd,
        ] {
            let error = coding.unpack(vec![0; 10], 1 << 40).unwrap_err();
            assert!(error.contains("breaks off"), "{coding:?}: {error}");
        }
        for coding in [Coding::Lzw, Coding::Deflate, Coding::Zstd] {
            assert!(coding.unpack(vec![0xFF; 100], 1000).is_err(), "{coding:?}");
        }
    }

    #[test]
    fn predictors_are_undone() {
        let mut words: Vec<u8> = [300_u16, 1, 65535, 7].iter().flat_map(|v| v.to_ne_bytes()).collect();
        straighten(&mut words, 8, 1, 2, 2, cfg!(target_endian = "big"));
        let found: Vec<u16> = words
            .chunks_exact(2)
            .map(|b| u16::from_ne_bytes([b[0], b[1]]))
            .collect();
        assert_eq!(found, [300, 301, 300, 307]);
        let mut swapped = vec![1, 2, 3, 4];
        straighten(&mut swapped, 4, 1, 2, 1, !cfg!(target_endian = "big"));
        assert_eq!(swapped, [2, 1, 4, 3]);
        // Two floats by weight of their bytes, each byte as the difference from the one before.
        let values = [1.5_f32, -2.25];
        let by_weight: Vec<u8> = (0..4).flat_map(|i| values.map(|v| v.to_be_bytes()[i])).collect();
        let mut coded = by_weight.clone();
        for i in (1..coded.len()).rev() {
            coded[i] = by_weight[i].wrapping_sub(by_weight[i - 1]);
        }
        straighten(&mut coded, 8, 1, 4, 3, false);
        let found: Vec<f32> = coded
            .chunks_exact(4)
            .map(|b| f32::from_ne_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        assert_eq!(found, values);
    }
}
