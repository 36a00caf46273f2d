//! `GeoTIFF` files as tests and benches need them: every way of writing one that the reader must know.

#![expect(clippy::unwrap_used, reason = "a fixture stops at the first surprise")]

use flate2::{Compression, write::ZlibEncoder};
use std::io::Write;

/// Samples of all pixels.
#[derive(Clone)]
pub(crate) struct Samples {
    /// 1 without a sign, 2 with, 3 floating point.
    pub(crate) format: u64,
    /// Bytes of each.
    pub(crate) size: usize,
    /// Their bits.
    pub(crate) bits: Vec<u64>,
}

/// A file to write; pixels row by row from the north.
#[derive(Clone)]
pub(crate) struct Fixture {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) samples: Samples,
    /// Samples of a pixel, which stand together.
    pub(crate) bands: u16,
    pub(crate) photometric: u64,
    /// Side of tiles; strips of `rows` without.
    pub(crate) tile: Option<u32>,
    pub(crate) rows: u32,
    /// 1 none, 5 LZW, 8 deflate.
    pub(crate) coding: u64,
    /// 1 none, 2 differences, 3 of floating point numbers.
    pub(crate) predictor: u64,
    pub(crate) is_big_endian: bool,
    pub(crate) is_big: bool,
    pub(crate) no_data: Option<String>,
    pub(crate) scale: Vec<f64>,
    pub(crate) tie: Vec<f64>,
    pub(crate) matrix: Vec<f64>,
    /// Key and value of keys with whole numbers.
    pub(crate) keys: Vec<(u64, u64)>,
    /// Tiles that are left out.
    pub(crate) sparse: Vec<usize>,
    /// Which pixels have anything, as a mask of a bit for each behind the image; none where this is empty.
    pub(crate) mask: Vec<bool>,
    /// Smaller copies.
    pub(crate) overviews: Vec<Fixture>,
}

impl Fixture {
    /// Heights in RD, `cell` metres apart, the upper left corner at `corner`.
    pub(crate) fn rd(width: u32, height: u32, corner: [f64; 2], cell: f64, heights: Vec<f32>) -> Self {
        Self {
            width,
            height,
            samples: Samples {
                format: 3,
                size: 4,
                bits: heights.into_iter().map(|height| u64::from(height.to_bits())).collect(),
            },
            bands: 1,
            photometric: 1,
            tile: None,
            rows: 7,
            coding: 1,
            predictor: 1,
            is_big_endian: false,
            is_big: false,
            no_data: None,
            scale: vec![cell, cell, 0.0],
            tie: vec![0.0, 0.0, 0.0, corner[0], corner[1], 0.0],
            matrix: Vec::new(),
            keys: vec![(1024, 1), (1025, 1), (3072, 28992)],
            sparse: Vec::new(),
            mask: Vec::new(),
            overviews: Vec::new(),
        }
    }

    fn number(&self, value: u64, size: usize) -> Vec<u8> {
        let bytes = value.to_le_bytes();
        let mut bytes = bytes[..size].to_vec();
        if self.is_big_endian {
            bytes.reverse();
        }
        bytes
    }

    /// Bits of a sample of a pixel; those past the rim are zero.
    fn bits(&self, x: u32, y: u32, band: u16) -> u64 {
        if x >= self.width || y >= self.height {
            return 0;
        }
        let at = (y as usize * self.width as usize + x as usize) * usize::from(self.bands) + usize::from(band);
        self.samples.bits[at]
    }

    fn row(&self, x0: u32, wide: u32, y: u32) -> Vec<u8> {
        let size = self.samples.size;
        let bands = usize::from(self.bands);
        let values: Vec<u64> = (x0..x0 + wide)
            .flat_map(|x| (0..self.bands).map(move |band| (x, band)))
            .map(|(x, band)| self.bits(x, y, band))
            .collect();
        if self.predictor == 3 {
            // Heaviest bytes of all samples first, as differences.
            let bytes = |weight: usize| values.iter().map(move |v| v.to_le_bytes()[weight]);
            let plain: Vec<u8> = (0..size).rev().flat_map(bytes).collect();
            return (0..plain.len())
                .map(|i| {
                    if i < bands {
                        plain[i]
                    } else {
                        plain[i].wrapping_sub(plain[i - bands])
                    }
                })
                .collect();
        }
        let difference = |i: usize| {
            if self.predictor == 2 && i >= bands {
                values[i].wrapping_sub(values[i - bands])
            } else {
                values[i]
            }
        };
        (0..values.len())
            .flat_map(|i| self.number(difference(i), size))
            .collect()
    }

    /// A row of the mask: the first pixel in the highest bit.
    fn mask_row(&self, x0: u32, wide: u32, y: u32) -> Vec<u8> {
        let is_set = |x: u32| {
            let at = y as usize * self.width as usize + x as usize;
            x < self.width && y < self.height && self.mask[at]
        };
        let byte = |first: u32| {
            let bits = (first..(first + 8).min(x0 + wide)).enumerate();
            bits.fold(0_u8, |byte, (bit, x)| byte | u8::from(is_set(x)) << (7 - bit))
        };
        (x0..x0 + wide).step_by(8).map(byte).collect()
    }

    fn chunks(&self, row: impl Fn(u32, u32, u32) -> Vec<u8>) -> Vec<Vec<u8>> {
        let (wide, high) = self.tile.map_or((self.width, self.rows), |side| (side, side));
        let mut chunks = Vec::new();
        for y0 in (0..self.height).step_by(high as usize) {
            for x0 in (0..self.width).step_by(wide as usize) {
                let rows = if self.tile.is_some() {
                    high
                } else {
                    high.min(self.height - y0)
                };
                let plain: Vec<u8> = (y0..y0 + rows).flat_map(|y| row(x0, wide, y)).collect();
                chunks.push(match self.coding {
                    5 => weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8)
                        .encode(&plain)
                        .unwrap(),
                    8 => {
                        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
                        encoder.write_all(&plain).unwrap();
                        encoder.finish().unwrap()
                    }
                    _ => plain,
                });
            }
        }
        chunks
    }

    /// The file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out: Vec<u8> = if self.is_big_endian {
            b"MM".to_vec()
        } else {
            b"II".to_vec()
        };
        out.extend(self.number(if self.is_big { 43 } else { 42 }, 2));
        if self.is_big {
            out.extend(self.number(8, 2));
            out.extend(self.number(0, 2));
        }
        let mut link = out.len();
        out.resize(link + if self.is_big { 8 } else { 4 }, 0);
        self.add_image(&mut out, &mut link, false);
        self.add_mask(&mut out, &mut link, false);
        for overview in &self.overviews {
            overview.add_image(&mut out, &mut link, true);
            overview.add_mask(&mut out, &mut link, true);
        }
        out
    }

    /// Writes tiles or strips; their places and sizes.
    fn place(chunks: Vec<Vec<u8>>, sparse: &[usize], out: &mut Vec<u8>) -> [Vec<u64>; 2] {
        let (mut offsets, mut sizes) = (Vec::new(), Vec::new());
        for (i, chunk) in chunks.into_iter().enumerate() {
            if sparse.contains(&i) {
                offsets.push(0);
                sizes.push(0);
            } else {
                offsets.push(out.len() as u64);
                sizes.push(chunk.len() as u64);
                out.extend(chunk);
            }
        }
        [offsets, sizes]
    }

    /// Adds the mask of an image behind it, as GDAL does.
    fn add_mask(&self, out: &mut Vec<u8>, link: &mut usize, is_reduced: bool) {
        if self.mask.is_empty() {
            return;
        }
        let [offsets, sizes] = Self::place(self.chunks(|x0, wide, y| self.mask_row(x0, wide, y)), &[], out);
        let mut whole = vec![
            (254, 4, vec![4 + u64::from(is_reduced)]),
            (256, 4, vec![u64::from(self.width)]),
            (257, 4, vec![u64::from(self.height)]),
            (258, 3, vec![1]),
            (259, 3, vec![self.coding]),
            (262, 3, vec![4]),
            (277, 3, vec![1]),
        ];
        whole.extend(self.cut(offsets, sizes));
        let entries = whole.into_iter().map(|entry| self.entry(entry)).collect();
        self.add_directory(out, link, entries);
    }

    /// Tags that say how an image is cut.
    fn cut(&self, offsets: Vec<u64>, sizes: Vec<u64>) -> Vec<(u64, u64, Vec<u64>)> {
        let kind = if self.is_big { 16 } else { 4 };
        match self.tile {
            Some(side) => vec![
                (322, 4, vec![u64::from(side)]),
                (323, 4, vec![u64::from(side)]),
                (324, kind, offsets),
                (325, 4, sizes),
            ],
            None => vec![
                (273, kind, offsets),
                (278, 4, vec![u64::from(self.rows)]),
                (279, 4, sizes),
            ],
        }
    }

    /// An entry of whole numbers.
    fn entry(&self, (tag, kind, values): (u64, u64, Vec<u64>)) -> (u64, u64, u64, Vec<u8>) {
        let size = match kind {
            3 => 2,
            4 => 4,
            _ => 8,
        };
        let bytes = values.iter().flat_map(|value| self.number(*value, size)).collect();
        (tag, kind, values.len() as u64, bytes)
    }

    /// Adds pixels and directory, and links it from `link`, which becomes the place for the next one.
    fn add_image(&self, out: &mut Vec<u8>, link: &mut usize, is_reduced: bool) {
        let [offsets, sizes] = Self::place(self.chunks(|x0, wide, y| self.row(x0, wide, y)), &self.sparse, out);
        let bands = usize::from(self.bands);
        let mut whole: Vec<(u64, u64, Vec<u64>)> = vec![
            (254, 4, vec![u64::from(is_reduced)]),
            (256, 4, vec![u64::from(self.width)]),
            (257, 4, vec![u64::from(self.height)]),
            (258, 3, vec![self.samples.size as u64 * 8; bands]),
            (259, 3, vec![self.coding]),
            (262, 3, vec![self.photometric]),
            (277, 3, vec![u64::from(self.bands)]),
            (317, 3, vec![self.predictor]),
            (339, 3, vec![self.samples.format; bands]),
        ];
        whole.extend(self.cut(offsets, sizes));
        if !self.keys.is_empty() && !is_reduced {
            let mut keys = vec![1, 1, 0, self.keys.len() as u64];
            keys.extend(self.keys.iter().flat_map(|(key, value)| [*key, 0, 1, *value]));
            whole.push((34735, 3, keys));
        }
        let mut entries: Vec<(u64, u64, u64, Vec<u8>)> = whole.into_iter().map(|entry| self.entry(entry)).collect();
        if !is_reduced {
            for (tag, values) in [(33550, &self.scale), (33922, &self.tie), (34264, &self.matrix)] {
                if !values.is_empty() {
                    let bytes = values
                        .iter()
                        .flat_map(|value| self.number(value.to_bits(), 8))
                        .collect();
                    entries.push((tag, 12, values.len() as u64, bytes));
                }
            }
            if let Some(text) = &self.no_data {
                let bytes = [text.as_bytes(), b"\0"].concat();
                entries.push((42113, 2, bytes.len() as u64, bytes));
            }
        }
        entries.sort_by_key(|entry| entry.0);
        self.add_directory(out, link, entries);
    }

    fn add_directory(&self, out: &mut Vec<u8>, link: &mut usize, entries: Vec<(u64, u64, u64, Vec<u8>)>) {
        let word = if self.is_big { 8 } else { 4 };
        let mut table = self.number(entries.len() as u64, if self.is_big { 8 } else { 2 });
        for (tag, kind, count, mut bytes) in entries {
            table.extend(self.number(tag, 2));
            table.extend(self.number(kind, 2));
            table.extend(self.number(count, word));
            if bytes.len() > word {
                let at = out.len() as u64;
                out.append(&mut bytes);
                bytes = self.number(at, word);
            }
            bytes.resize(word, 0);
            table.extend(bytes);
        }
        if !out.len().is_multiple_of(2) {
            out.push(0);
        }
        let at = self.number(out.len() as u64, word);
        out[*link..*link + word].copy_from_slice(&at);
        out.extend(table);
        *link = out.len();
        out.resize(out.len() + word, 0);
    }
}
