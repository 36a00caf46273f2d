//! One image of a TIFF file: the full one or an overview of it, as the tiles or strips that it is cut in.

use super::coding::{Coding, straighten};
use super::directory::{Directory, MAX_VALUES, TiffFile, tag};
use crate::sources::{Cause, Problem};
use image::{ImageFormat, ImageReader, Limits};
use std::io::Cursor;

/// Largest side of an image, pixels.
const MAX_SIDE: u64 = 2_000_000;
/// Most samples of a pixel.
const MAX_SAMPLES: u64 = 64;
/// Largest tile or strip, unpacked, bytes.
const MAX_CHUNK_BYTES: u64 = 256 << 20;
/// Strips without compression are read in pieces of about this many bytes.
const PIECE_BYTES: u64 = 1 << 20;

/// Says in a JPEG picture that its colours are red, green and blue (marker APP14 of Adobe, no transform).
const ADOBE_RGB: &[u8] = &[0xFF, 0xEE, 0, 14, b'A', b'd', b'o', b'b', b'e', 0, 100, 0, 0, 0, 0, 0];

/// What a sample is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sources::raster) enum SampleKind {
    Unsigned(u16),
    Signed(u16),
    Float(u16),
    /// Of a kind that has no name here, with its bits.
    Other(u16),
}

impl SampleKind {
    /// Bits of a sample.
    pub(in crate::sources::raster) fn bits(self) -> u16 {
        match self {
            Self::Unsigned(bits) | Self::Signed(bits) | Self::Float(bits) | Self::Other(bits) => bits,
        }
    }

    /// `uint8`, `float32` and so on.
    pub(in crate::sources::raster) fn name(self) -> String {
        match self {
            Self::Unsigned(bits) => format!("uint{bits}"),
            Self::Signed(bits) => format!("int{bits}"),
            Self::Float(bits) => format!("float{bits}"),
            Self::Other(bits) => format!("other{bits}"),
        }
    }

    /// Whether its values can be read as numbers.
    pub(in crate::sources::raster) fn is_read(self) -> bool {
        match self {
            Self::Unsigned(bits) | Self::Signed(bits) => matches!(bits, 8 | 16 | 32),
            Self::Float(bits) => matches!(bits, 32 | 64),
            Self::Other(_) => false,
        }
    }
}

/// What an image is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sources::raster) enum Role {
    Whole,
    /// A smaller copy of another image.
    Reduced,
    /// Tells of another image where it is transparent.
    Mask,
}

/// An image in a file.
#[derive(Debug, Clone)]
pub(in crate::sources::raster) struct Level {
    pub(in crate::sources::raster) width: u32,
    pub(in crate::sources::raster) height: u32,
    /// Samples of a pixel.
    pub(in crate::sources::raster) samples: u16,
    pub(in crate::sources::raster) sample: SampleKind,
    pub(in crate::sources::raster) coding: Coding,
    pub(in crate::sources::raster) photometric: u64,
    /// Size of a tile or strip, pixels.
    pub(in crate::sources::raster) chunk: [u32; 2],
    pub(in crate::sources::raster) is_tiled: bool,
    /// Red, green and blue of palette colours, one table after the other.
    pub(in crate::sources::raster) color_map: Vec<u64>,
    pub(in crate::sources::raster) role: Role,
    /// What the samples after the colours are: 0 anything, 1 opacity that is in the colours already, 2 opacity.
    pub(in crate::sources::raster) extra_samples: Vec<u64>,
    predictor: u64,
    /// Each sample in tiles of its own.
    is_planar: bool,
    offsets: Vec<u64>,
    sizes: Vec<u64>,
    jpeg_tables: Vec<u8>,
}

impl Level {
    /// Reads how the image of a directory is laid out.
    pub(in crate::sources::raster) fn read(file: &TiffFile, directory: &Directory) -> Result<Self, Problem> {
        let damaged = |place: String, message: String| file.problem(place, message).because(Cause::Damaged);
        let required = |number: u16, name: &str| {
            let value = file.number(directory, number)?;
            value.ok_or_else(|| damaged(format!("tag {number}"), format!("the {name} of the image is missing")))
        };
        let side = |number: u16, name: &str| {
            let value = required(number, name)?;
            let fits = u32::try_from(value).ok().filter(|_| (1..=MAX_SIDE).contains(&value));
            fits.ok_or_else(|| {
                let message = format!("a {name} of {value} pixels; from 1 to {MAX_SIDE} are read");
                file.problem(format!("tag {number}"), message).because(Cause::TooLarge)
            })
        };
        let (width, height) = (side(tag::WIDTH, "width")?, side(tag::HEIGHT, "height")?);
        let or = |number: u16, other: u64| Ok::<u64, Problem>(file.number(directory, number)?.unwrap_or(other));
        let samples = or(tag::SAMPLES, 1)?;
        if !(1..=MAX_SAMPLES).contains(&samples) {
            let message = format!("{samples} samples in a pixel; from 1 to {MAX_SAMPLES} are read");
            return Err(damaged(format!("tag {}", tag::SAMPLES), message));
        }
        let sample = sample_kind(file, directory)?;
        let is_tiled = directory.has(tag::TILE_OFFSETS);
        let chunk = if is_tiled {
            [
                side(tag::TILE_WIDTH, "tile width")?,
                side(tag::TILE_HEIGHT, "tile height")?,
            ]
        } else {
            let rows = or(tag::ROWS_PER_STRIP, u64::from(height))?.min(u64::from(height));
            let rows = u32::try_from(rows).ok().filter(|rows| *rows > 0);
            let rows =
                rows.ok_or_else(|| damaged(format!("tag {}", tag::ROWS_PER_STRIP), "strips of no rows".into()))?;
            [width, rows]
        };
        let (offsets, sizes) = if is_tiled {
            (tag::TILE_OFFSETS, tag::TILE_SIZES)
        } else {
            (tag::STRIP_OFFSETS, tag::STRIP_SIZES)
        };
        let subfile = or(tag::SUBFILE_KIND, 0)?;
        let photometric = or(tag::PHOTOMETRIC, 1)?;
        let mut level = Self {
            width,
            height,
            samples: u16::try_from(samples).unwrap_or(1),
            sample,
            coding: Coding::of(or(tag::COMPRESSION, 1)?),
            photometric,
            chunk,
            is_tiled,
            color_map: file.numbers(directory, tag::COLOR_MAP)?,
            role: if subfile & 4 == 4 || photometric == 4 {
                Role::Mask
            } else if subfile & 1 == 1 {
                Role::Reduced
            } else {
                Role::Whole
            },
            extra_samples: file.numbers(directory, tag::EXTRA_SAMPLES)?,
            predictor: or(tag::PREDICTOR, 1)?,
            is_planar: or(tag::PLANAR, 1)? == 2,
            offsets: file.numbers(directory, offsets)?,
            sizes: file.numbers(directory, sizes)?,
            jpeg_tables: file.blob(directory, tag::JPEG_TABLES)?.unwrap_or_default(),
        };
        level.check(file)?;
        level.cut_strips();
        Ok(level)
    }

    fn check(&mut self, file: &TiffFile) -> Result<(), Problem> {
        let bytes = self.row_bytes().saturating_mul(u64::from(self.chunk[1]));
        let is_piecewise = self.coding == Coding::None && !self.is_tiled;
        if !is_piecewise && bytes > MAX_CHUNK_BYTES {
            let [wide, high] = self.chunk;
            let message = format!(
                "tiles of {wide} × {high} pixels, {} MiB; at most {} MiB are read",
                bytes >> 20,
                MAX_CHUNK_BYTES >> 20
            );
            return Err(file.problem("", message).because(Cause::TooLarge));
        }
        let [across, down] = self.chunks();
        let planes = if self.is_planar { u64::from(self.samples) } else { 1 };
        let expected = across.saturating_mul(down).saturating_mul(planes);
        if expected > MAX_VALUES {
            let message = format!("the image is cut in {expected} pieces; at most {MAX_VALUES} are read");
            return Err(file.problem("", message).because(Cause::TooLarge));
        }
        if self.sizes.is_empty() && self.offsets.len() == 1 && self.coding == Coding::None {
            // One strip without its size is as long as the image is large.
            self.sizes.push(bytes);
        }
        let found = [self.offsets.len(), self.sizes.len()];
        if found.iter().any(|found| (*found as u64) < expected) {
            let message = format!(
                "{} places and {} sizes of {expected} tiles or strips",
                found[0], found[1]
            );
            return Err(file.problem("", message).because(Cause::Damaged));
        }
        Ok(())
    }

    /// Cuts strips without compression in smaller ones, so that a window of the image needs few of their bytes.
    fn cut_strips(&mut self) {
        let row = self.row_bytes();
        let rows = (PIECE_BYTES / row.max(1)).clamp(1, u64::from(self.chunk[1]));
        if self.is_tiled || self.coding != Coding::None || self.is_planar || rows == u64::from(self.chunk[1]) {
            return;
        }
        let pieces = u64::from(self.height).div_ceil(rows);
        if pieces > MAX_VALUES || u64::from(self.chunk[1]) % rows != 0 && self.offsets.len() > 1 {
            return;
        }
        let (mut offsets, mut sizes) = (Vec::new(), Vec::new());
        let per_strip = u64::from(self.chunk[1]).div_ceil(rows);
        for piece in 0..pieces {
            let strip = usize::try_from(piece / per_strip).unwrap_or(usize::MAX);
            let (Some(at), Some(size)) = (self.offsets.get(strip), self.sizes.get(strip)) else {
                return;
            };
            let before = (piece % per_strip) * rows * row;
            offsets.push(at.saturating_add(before));
            sizes.push(size.saturating_sub(before).min(rows * row));
        }
        self.chunk[1] = u32::try_from(rows).unwrap_or(self.chunk[1]);
        self.offsets = offsets;
        self.sizes = sizes;
    }

    /// Tiles across and down.
    pub(in crate::sources::raster) fn chunks(&self) -> [u64; 2] {
        let across = u64::from(self.width).div_ceil(u64::from(self.chunk[0]));
        [across, u64::from(self.height).div_ceil(u64::from(self.chunk[1]))]
    }

    /// Whether all its tiles end within a file of so many bytes.
    pub(in crate::sources::raster) fn ends_within(&self, file_bytes: u64) -> bool {
        let mut tiles = self.offsets.iter().zip(&self.sizes);
        tiles.all(|(at, size)| at.saturating_add(*size) <= file_bytes)
    }

    /// Samples of a pixel that stand together in one tile.
    pub(in crate::sources::raster) fn samples_together(&self) -> usize {
        if self.is_planar { 1 } else { usize::from(self.samples) }
    }

    fn row_bytes(&self) -> u64 {
        let bits = u64::from(self.chunk[0]) * self.samples_together() as u64 * u64::from(self.sample.bits());
        bits.div_ceil(8)
    }

    /// Unpacks a tile or strip: its samples in this machine's byte order, whole rows of the tile's width. `None` where a
    /// sparse file has none.
    pub(in crate::sources::raster) fn unpack(
        &self,
        file: &TiffFile,
        plane: u16,
        column: u64,
        row: u64,
    ) -> Result<Option<Vec<u8>>, Problem> {
        let [across, down] = self.chunks();
        let index = u64::from(plane) * across * down + row * across + column;
        let shown = || format!("{} {index}", if self.is_tiled { "tile" } else { "strip" });
        let damaged = |message: String| file.problem(shown(), message).because(Cause::Damaged);
        let at = usize::try_from(index).ok();
        let found = at.and_then(|i| Some((*self.offsets.get(i)?, *self.sizes.get(i)?)));
        let (at, size) = found.ok_or_else(|| damaged("there is no such tile".into()))?;
        if size == 0 {
            return Ok(None);
        }
        if size > MAX_CHUNK_BYTES {
            return Err(damaged(format!("it has {size} bytes")));
        }
        let packed = file.bytes(at, size).map_err(|problem| Problem {
            place: shown(),
            ..problem
        })?;
        let rows = if self.is_tiled {
            u64::from(self.chunk[1])
        } else {
            u64::from(self.chunk[1]).min(u64::from(self.height) - row * u64::from(self.chunk[1]))
        };
        let row_bytes = usize::try_from(self.row_bytes()).unwrap_or(usize::MAX);
        let expected = row_bytes.saturating_mul(usize::try_from(rows).unwrap_or(usize::MAX));
        if self.coding == Coding::Jpeg {
            return self.unpack_jpeg(&packed, expected).map(Some).map_err(damaged);
        }
        if self.coding == Coding::WebP {
            return self
                .unpack_picture(packed, ImageFormat::WebP, expected)
                .map(Some)
                .map_err(damaged);
        }
        let mut bytes = self.coding.unpack(packed, expected).map_err(damaged)?;
        let size = usize::from(self.sample.bits() / 8);
        if size > 0 {
            straighten(
                &mut bytes,
                row_bytes,
                self.samples_together(),
                size,
                self.predictor,
                file.is_big_endian(),
            );
        }
        Ok(Some(bytes))
    }

    /// A tile that is a JPEG picture, with the tables that all share put in front.
    fn unpack_jpeg(&self, packed: &[u8], expected: usize) -> Result<Vec<u8>, String> {
        let body = packed.strip_prefix(&[0xFF, 0xD8]).ok_or("it is no JPEG picture")?;
        let tables = self.jpeg_tables.strip_prefix(&[0xFF, 0xD8]).unwrap_or_default();
        let tables = tables.strip_suffix(&[0xFF, 0xD9]).unwrap_or(tables);
        // Red, green and blue are stored as they are only where the file says so; a decoder would take them for
        // luminance and colour differences.
        let marker: &[u8] = if self.photometric == 2 { ADOBE_RGB } else { &[] };
        let whole = [&[0xFF, 0xD8], marker, tables, body].concat();
        self.unpack_picture(whole, ImageFormat::Jpeg, expected)
    }

    /// A tile that is a picture of its own.
    fn unpack_picture(&self, whole: Vec<u8>, format: ImageFormat, expected: usize) -> Result<Vec<u8>, String> {
        let name = if format == ImageFormat::Jpeg { "JPEG" } else { "WebP" };
        let mut reader = ImageReader::with_format(Cursor::new(whole), format);
        let mut limits = Limits::default();
        limits.max_image_width = Some(self.chunk[0]);
        limits.max_image_height = Some(self.chunk[1]);
        limits.max_alloc = Some(4 * MAX_CHUNK_BYTES);
        reader.limits(limits);
        let picture = reader
            .decode()
            .map_err(|error| format!("its {name} picture is damaged ({error})"))?;
        let bytes = match self.samples_together() {
            1 => picture.into_luma8().into_raw(),
            3 => picture.into_rgb8().into_raw(),
            4 if format == ImageFormat::WebP => picture.into_rgba8().into_raw(),
            other => return Err(format!("{name} pictures of {other} samples are not read")),
        };
        if bytes.len() < expected {
            return Err(format!("its {name} picture is smaller than the tile"));
        }
        Ok(bytes)
    }
}

/// Bits and format of the samples, which must be the same for all.
fn sample_kind(file: &TiffFile, directory: &Directory) -> Result<SampleKind, Problem> {
    let bits = file.numbers(directory, tag::BITS)?;
    let first = bits.first().copied().unwrap_or(1);
    let width = u16::try_from(first).ok().filter(|width| (1..=128).contains(width));
    let is_even = bits.iter().all(|other| *other == first);
    let (Some(width), true) = (width, is_even) else {
        let message = format!("samples of {bits:?} bits are not read");
        return Err(file
            .problem(format!("tag {}", tag::BITS), message)
            .because(Cause::NotRead));
    };
    Ok(match file.number(directory, tag::SAMPLE_FORMAT)?.unwrap_or(1) {
        1 | 4 => SampleKind::Unsigned(width),
        2 => SampleKind::Signed(width),
        3 => SampleKind::Float(width),
        _ => SampleKind::Other(width),
    })
}
