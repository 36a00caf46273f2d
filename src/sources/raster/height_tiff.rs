//! A grid of heights as a `GeoTIFF` that every GIS reads: 32-bit numbers in tiles, packed, with overviews before the image
//! itself (a COG), so that a program fetches only the part and the fineness that it shows.
//!
//! Not through the `tiff` crate, which writes no overviews and no predictor for numbers. TIFF 6.0 (Adobe, 1992), Technical
//! Note 3 for the predictor, OGC `GeoTIFF` 1.1 (19-008r4) and OGC COG 1.0 (21-026) for the order of the parts.

use super::height_grid::HeightGrid;
use super::tiff::tag;
use crate::georef::Crs;
use flate2::{Compression, write::ZlibEncoder};
use std::borrow::Cow;
use std::io::{self, Write};

/// Pixels along the side of a tile.
const TILE: usize = 256;
/// Written where there is no height.
const NO_DATA: f32 = -9999.0;
/// Kinds of values in a directory.
const ASCII: u16 = 2;
const SHORT: u16 = 3;
const LONG: u16 = 4;
const DOUBLE: u16 = 12;
/// Begins with: little-endian, and where the first directory is.
const HEAD: [u8; 8] = [b'I', b'I', 42, 0, 8, 0, 0, 0];

/// Writes a grid whose nodes lie in the metres of `crs`, each as the middle of a pixel; heights above the zero of the
/// vertical system `vertical` (EPSG code), where one is named. NaN becomes the no-data mark.
///
/// What is packed is held in memory: about as much as the grid itself.
///
/// # Errors
/// What the system says, and a grid too large for the 32-bit places of a TIFF.
pub fn write_height_tiff(grid: &HeightGrid, crs: Crs, vertical: Option<u32>, to: &mut dyn Write) -> io::Result<()> {
    let mut levels = vec![Level {
        columns: grid.columns as usize,
        rows: grid.rows as usize,
        heights: Cow::Borrowed(&grid.heights_m),
        is_south_first: true,
    }];
    while let Some(last) = levels.last().filter(|last| last.columns.max(last.rows) > TILE) {
        let half = last.half();
        levels.push(half);
    }
    let packed: Vec<Vec<Vec<u8>>> = levels.iter().map(Level::packed).collect::<io::Result<_>>()?;
    let sizes: Vec<Vec<u32>> = packed
        .iter()
        .map(|tiles| tiles.iter().map(|tile| short_of(tile.len())).collect())
        .collect::<io::Result<_>>()?;
    let place = Place {
        grid,
        keys: keys(crs, vertical)?,
    };
    let directory = |level: usize, offsets: &[u32]| {
        let place = (level == 0).then_some(&place);
        directory(&levels[level], place, &sizes[level], offsets)
    };
    // A directory is as long whatever its offsets are.
    let mut at = HEAD.len();
    let mut starts = Vec::new();
    for (level, sizes) in sizes.iter().enumerate() {
        starts.push(at);
        at += directory(level, sizes)?.len_bytes();
    }
    let mut offsets: Vec<Vec<u32>> = vec![Vec::new(); levels.len()];
    for level in (0..levels.len()).rev() {
        for tile in &packed[level] {
            offsets[level].push(short_of(at)?);
            at += tile.len();
        }
    }
    short_of(at)?;
    to.write_all(&HEAD)?;
    for (level, start) in starts.iter().enumerate() {
        let next = starts.get(level + 1).copied().unwrap_or(0);
        to.write_all(&directory(level, &offsets[level])?.bytes(*start, next)?)?;
    }
    for tile in packed.iter().rev().flatten() {
        to.write_all(tile)?;
    }
    Ok(())
}

/// A number of bytes as a TIFF has it.
fn short_of(bytes: usize) -> io::Result<u32> {
    u32::try_from(bytes).map_err(|_large| io::Error::other("the grid is too large for a TIFF file of 4 GB"))
}

/// The image or an overview.
struct Level<'a> {
    columns: usize,
    rows: usize,
    heights: Cow<'a, [f32]>,
    is_south_first: bool,
}

impl Level<'_> {
    /// Height of a pixel, rows from the north; those past the rim repeat it.
    fn at(&self, column: usize, row: usize) -> f32 {
        let (column, row) = (column.min(self.columns - 1), row.min(self.rows - 1));
        let row = if self.is_south_first { self.rows - 1 - row } else { row };
        self.heights[row * self.columns + column]
    }

    /// Half as fine: means of four.
    fn half(&self) -> Level<'static> {
        let (columns, rows) = (self.columns.div_ceil(2), self.rows.div_ceil(2));
        let mut heights = Vec::with_capacity(columns * rows);
        for row in 0..rows {
            for column in 0..columns {
                let four = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(x, y)| self.at(2 * column + x, 2 * row + y));
                let known = || four.iter().filter(|height| !height.is_nan());
                let count: f32 = known().map(|_height| 1.0).sum();
                // Without any the sum is divided by zero, which is no height either.
                heights.push(known().sum::<f32>() / count);
            }
        }
        Level {
            columns,
            rows,
            heights: Cow::Owned(heights),
            is_south_first: false,
        }
    }

    /// Its tiles, row by row.
    fn packed(&self) -> io::Result<Vec<Vec<u8>>> {
        let mut tiles = Vec::new();
        let mut plain = Vec::with_capacity(TILE * TILE * 4);
        for top in (0..self.rows).step_by(TILE) {
            for left in (0..self.columns).step_by(TILE) {
                plain.clear();
                for row in top..top + TILE {
                    self.add_row(left, row, &mut plain);
                }
                let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(&plain)?;
                tiles.push(encoder.finish()?);
            }
        }
        Ok(tiles)
    }

    /// A row of a tile: the heaviest bytes of all numbers first, each as the difference from the one before.
    fn add_row(&self, left: usize, row: usize, out: &mut Vec<u8>) {
        let start = out.len();
        let numbers: [[u8; 4]; TILE] = std::array::from_fn(|i| {
            let height = self.at(left + i, row);
            if height.is_nan() { NO_DATA } else { height }.to_be_bytes()
        });
        for weight in 0..4 {
            out.extend(numbers.iter().map(|bytes| bytes[weight]));
        }
        for i in (start + 1..out.len()).rev() {
            out[i] = out[i].wrapping_sub(out[i - 1]);
        }
    }
}

/// Where the image lies.
struct Place<'a> {
    grid: &'a HeightGrid,
    keys: Vec<u16>,
}

/// Keys that name the systems, each with place 0 and one value.
fn keys(crs: Crs, vertical: Option<u32>) -> io::Result<Vec<u16>> {
    const METRE: u32 = 9001;
    let mut pairs = vec![(1024, 1), (1025, 1), (3072, crs.0), (3076, METRE)];
    if let Some(vertical) = vertical {
        pairs.extend([(4096, vertical), (4099, METRE)]);
    }
    let mut keys = vec![1, 1, 1, u16::try_from(pairs.len()).unwrap_or(0)];
    for (key, value) in pairs {
        let value = u16::try_from(value).map_err(|_large| io::Error::other("a GeoTIFF has no code this large"))?;
        keys.extend([key, 0, 1, value]);
    }
    Ok(keys)
}

/// Tags with their kind and the bytes of their values, in the order of their numbers.
struct Directory(Vec<(u16, u16, Vec<u8>)>);

fn directory(level: &Level, place: Option<&Place>, sizes: &[u32], offsets: &[u32]) -> io::Result<Directory> {
    let shorts = |values: &[u16]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let longs = |values: &[u32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let doubles = |values: &[f64]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let side = |pixels: usize| short_of(pixels).map(|pixels| longs(&[pixels]));
    let mut entries = vec![
        (tag::SUBFILE_KIND, LONG, longs(&[u32::from(place.is_none())])),
        (tag::WIDTH, LONG, side(level.columns)?),
        (tag::HEIGHT, LONG, side(level.rows)?),
        (tag::BITS, SHORT, shorts(&[32])),
        // Deflate.
        (tag::COMPRESSION, SHORT, shorts(&[8])),
        (tag::PHOTOMETRIC, SHORT, shorts(&[1])),
        (tag::SAMPLES, SHORT, shorts(&[1])),
        (tag::PLANAR, SHORT, shorts(&[1])),
        (tag::PREDICTOR, SHORT, shorts(&[3])),
        (tag::TILE_WIDTH, LONG, side(TILE)?),
        (tag::TILE_HEIGHT, LONG, side(TILE)?),
        (tag::TILE_OFFSETS, LONG, longs(offsets)),
        (tag::TILE_SIZES, LONG, longs(sizes)),
        (tag::SAMPLE_FORMAT, SHORT, shorts(&[3])),
    ];
    if let Some(Place { grid, keys }) = place {
        let north_m = grid.origin.y + (f64::from(grid.rows) - 0.5) * grid.step.y;
        let west_m = grid.origin.x - 0.5 * grid.step.x;
        entries.push((tag::PIXEL_SCALE, DOUBLE, doubles(&[grid.step.x, grid.step.y, 0.0])));
        entries.push((tag::TIE_POINTS, DOUBLE, doubles(&[0.0, 0.0, 0.0, west_m, north_m, 0.0])));
        entries.push((tag::GEO_KEYS, SHORT, shorts(keys)));
    }
    entries.push((tag::NO_DATA, ASCII, format!("{NO_DATA}\0").into_bytes()));
    Ok(Directory(entries))
}

impl Directory {
    /// Bytes of its table.
    fn table_bytes(&self) -> usize {
        2 + 12 * self.0.len() + 4
    }

    /// Bytes of its table and of the values behind it.
    fn len_bytes(&self) -> usize {
        let behind = self.0.iter().map(|(_, _, bytes)| bytes.len()).filter(|len| *len > 4);
        self.table_bytes() + behind.map(|len| len.next_multiple_of(2)).sum::<usize>()
    }

    /// As it stands at `start`, with the place of the next one.
    fn bytes(&self, start: usize, next: usize) -> io::Result<Vec<u8>> {
        let mut table = Vec::with_capacity(self.len_bytes());
        let mut behind = Vec::new();
        table.extend(u16::try_from(self.0.len()).unwrap_or(0).to_le_bytes());
        for (tag, kind, bytes) in &self.0 {
            let size = match *kind {
                ASCII => 1,
                SHORT => 2,
                LONG => 4,
                _ => 8,
            };
            table.extend(tag.to_le_bytes());
            table.extend(kind.to_le_bytes());
            table.extend(short_of(bytes.len() / size)?.to_le_bytes());
            if bytes.len() > 4 {
                table.extend(short_of(start + self.table_bytes() + behind.len())?.to_le_bytes());
                behind.extend(bytes);
                behind.resize(behind.len().next_multiple_of(2), 0);
            } else {
                let mut here = [0; 4];
                here[..bytes.len()].copy_from_slice(bytes);
                table.extend(here);
            }
        }
        table.extend(short_of(next)?.to_le_bytes());
        table.append(&mut behind);
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{GeoTiff, Window};
    use super::*;
    use bevy::math::DVec2;
    use std::sync::Arc;

    fn grid(columns: u32, rows: u32, height: impl Fn(u32, u32) -> f32) -> HeightGrid {
        HeightGrid {
            origin: DVec2::new(250_001.0, 476_001.0),
            step: DVec2::splat(2.0),
            columns,
            rows,
            heights_m: (0..rows)
                .flat_map(|row| (0..columns).map(move |column| (column, row)))
                .map(|(column, row)| height(column, row))
                .collect(),
        }
    }

    fn bytes(grid: &HeightGrid) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_height_tiff(grid, Crs::RD, Some(5709), &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn every_height_comes_back_where_it_was() {
        for (columns, rows) in [(1, 1), (3, 2), (256, 256), (257, 255), (700, 300)] {
            let at = |column: u32, row: u32| f32::from(u16::try_from(column * 7 + row).unwrap()) * 0.25 - 6.5;
            let grid = grid(columns, rows, at);
            let tiff = GeoTiff::open(Arc::new(bytes(&grid)), "t.tif").unwrap();
            assert_eq!(tiff.problems(), []);
            assert_eq!(tiff.crs(), Some(Crs::RD_NAP));
            let window = Window {
                x: 0,
                y: 0,
                width: columns,
                height: rows,
            };
            let sheet = tiff.sheet(window, u64::MAX).unwrap();
            assert_eq!(sheet.problems, []);
            let back = sheet.upright().unwrap();
            assert_eq!(back.heights_m, grid.heights_m, "{columns} by {rows}");
            assert!(
                back.origin.distance(grid.origin) < 1e-6 && back.step == grid.step,
                "{back:?}"
            );
        }
    }

    #[test]
    fn overviews_halve_and_holes_stay_holes() {
        let hole = |column: u32, row: u32| {
            if column < 300 && row >= 200 { f32::NAN } else { 20.0 }
        };
        let grid = grid(1000, 600, hole);
        let tiff = GeoTiff::open(Arc::new(bytes(&grid)), "t.tif").unwrap();
        let sizes: Vec<(u32, u32)> = tiff.sizes().iter().map(|size| (size.width, size.height)).collect();
        assert_eq!(sizes, [(1000, 600), (500, 300), (250, 150)]);
        for (level, (width, height)) in sizes.into_iter().enumerate() {
            let all = Window {
                x: 0,
                y: 0,
                width,
                height,
            };
            let read = tiff.read_heights(level, all).unwrap().values;
            assert!(read[0].is_nan(), "the north-west is a hole at level {level}");
            let holes = read.iter().filter(|height| height.is_nan()).count();
            assert_eq!(holes * 5, read.len(), "three tenths of two thirds at level {level}");
            assert!(
                read.iter()
                    .all(|height| height.is_nan() || (height - 20.0).abs() < 1e-6)
            );
        }
    }

    #[test]
    fn what_comes_first_is_what_a_cloud_reads_first() {
        let bytes = bytes(&grid(1000, 600, |column, _| f32::from(u16::try_from(column).unwrap())));
        // Directories, then the coarsest overview, the image last: its last tile ends the file.
        let last = GeoTiff::open(Arc::new(bytes.clone()), "t.tif").unwrap();
        let cut = GeoTiff::open(Arc::new(bytes[..bytes.len() - 1].to_vec()), "t.tif").unwrap();
        let window = |tiff: &GeoTiff, level: usize| Window {
            x: 0,
            y: 0,
            width: tiff.sizes()[level].width,
            height: tiff.sizes()[level].height,
        };
        for level in 0..3 {
            let whole = last.read_heights(level, window(&last, level)).unwrap();
            let without_end = cut.read_heights(level, window(&cut, level)).unwrap();
            assert_eq!(whole.problems.len(), 0);
            assert_eq!(without_end.problems.len(), usize::from(level == 0), "level {level}");
        }
    }

    #[test]
    fn a_disk_that_is_full_is_an_error() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let error = write_height_tiff(&grid(3, 3, |_, _| 1.0), Crs::RD, None, &mut Full).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
