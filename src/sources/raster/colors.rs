//! Pixels of a `GeoTIFF` as colours: red, green and blue, a palette or grey, of one or two bytes, with opacity, a mask or a
//! no-data mark.

use super::geo_tiff::{GeoTiff, Reading, Window, usize_of};
use super::tiff::{Coding, Level, SampleKind};
use crate::sources::{Cause, Problem};
use std::sync::OnceLock;

/// Most pixels along a side that are looked at to find out how bright a file of two bytes is.
const LOOKED_AT: u32 = 2048;

impl GeoTiff {
    /// Whether its pixels look like colours rather than heights: bytes, or three bands of two bytes.
    pub fn is_picture(&self) -> bool {
        self.level(0).is_some_and(|level| match level.sample {
            SampleKind::Unsigned(8) => true,
            SampleKind::Unsigned(16) => level.samples >= 3 && matches!(level.photometric, 2 | 6),
            _ => false,
        })
    }

    /// Whether it is a picture in colours: one band of bytes may be heights in whole metres.
    pub fn is_color_picture(&self) -> bool {
        self.is_picture() && self.level(0).is_some_and(|level| level.samples >= 3)
    }

    /// Whether its pixels can be read as colours.
    ///
    /// # Errors
    /// Why not.
    pub fn check_colors(&self) -> Result<(), Problem> {
        if let Some(problem) = self.unread() {
            return Err(problem);
        }
        let refuse = |what: String| Err(self.wrong(what).because(Cause::NotRead));
        match self.level(0).map(|level| (level.sample, level.photometric)) {
            Some((_, 5)) => refuse("its colours are those of print (CMYK); make RGB of it".into()),
            Some((_, 8..=10)) => refuse("its colours are those of a laboratory (CIE L*a*b*); make RGB of it".into()),
            Some((SampleKind::Unsigned(8 | 16), _)) => Ok(()),
            other => refuse(format!(
                "its samples ({}) are no colours",
                other.map(|(sample, _)| sample.name()).unwrap_or_default()
            )),
        }
    }

    /// Colours of a window of a level, red, green, blue and opacity; clear where there is none.
    ///
    /// # Errors
    /// As [`Self::read_heights`], and where the samples are no colours.
    pub fn read_colors(&self, level: usize, window: Window) -> Result<Reading<[u8; 4]>, Problem> {
        self.check_colors()?;
        let found = self.checked(level, window)?;
        let mut colors = Reading {
            values: vec![[0; 4]; usize_of(u64::from(window.width) * u64::from(window.height))],
            problems: Vec::new(),
        };
        let look = Look {
            opacity: opacity_sample(found),
            white: self.white().unwrap_or(255),
            no_data: self.no_data().declared(),
        };
        let (together, size) = (found.samples_together(), usize::from(found.sample.bits() / 8));
        if together == 1 && found.samples > 1 {
            self.read_planes(level, found, window, &look, &mut colors);
        } else {
            self.each_chunk(level, window, 0, &mut colors.problems, |chunk, rows| {
                for row in rows.list {
                    let from = (row.in_chunk * found.chunk[0] as usize + rows.first) * together * size;
                    let to = &mut colors.values[row.in_window..row.in_window + rows.count];
                    let pixels = chunk.get(from..).unwrap_or_default().chunks_exact(together * size);
                    for (color, pixel) in to.iter_mut().zip(pixels) {
                        *color = look.color(found, |i| sample(pixel, i, size));
                    }
                }
            });
        }
        if let Some(filled) = self.filled(level, window, &mut colors.problems) {
            for (color, _) in colors.values.iter_mut().zip(filled).filter(|(_, filled)| !filled) {
                *color = [0; 4];
            }
        }
        Ok(colors)
    }

    /// Colours whose samples stand in tiles of their own.
    fn read_planes(&self, level: usize, found: &Level, window: Window, look: &Look, colors: &mut Reading<[u8; 4]>) {
        let color_count = usize::from(color_samples(found));
        let planes: Vec<u16> = (0..color_samples(found))
            .chain(look.opacity.and_then(|at| u16::try_from(at).ok()))
            .collect();
        let size = usize::from(found.sample.bits() / 8);
        // Filled where a plane has a tile: what is in none stays clear.
        let mut samples = vec![0_u16; planes.len() * colors.values.len()];
        let mut is_there = vec![false; colors.values.len()];
        for (number, plane) in planes.iter().enumerate() {
            self.each_chunk(level, window, *plane, &mut colors.problems, |chunk, rows| {
                for row in rows.list {
                    let from = (row.in_chunk * found.chunk[0] as usize + rows.first) * size;
                    let pixels = chunk.get(from..).unwrap_or_default().chunks_exact(size);
                    for (i, pixel) in (row.in_window..row.in_window + rows.count).zip(pixels) {
                        samples[i * planes.len() + number] = sample(pixel, 0, size);
                        is_there[i] = true;
                    }
                }
            });
        }
        let pixels = samples.chunks_exact(planes.len()).zip(is_there);
        for (color, (pixel, _)) in colors
            .values
            .iter_mut()
            .zip(pixels)
            .filter(|(_, (_, is_there))| *is_there)
        {
            *color = look.color(found, |at| {
                let number = if look.opacity == Some(at) { color_count } else { at };
                pixel.get(number).copied().unwrap_or(0)
            });
        }
    }

    /// What is white in samples of two bytes: the power of two above the brightest colour that a coarse level has, since
    /// many cameras give ten, eleven or twelve bits. `None` where the samples are bytes.
    pub fn white(&self) -> Option<u16> {
        let is_two = self.levels[0].sample == SampleKind::Unsigned(16);
        is_two.then(|| *self.white.get_or_init(|| self.find_white()))
    }

    /// Takes another number for white: files that lie beside each other want the same one.
    #[must_use]
    pub fn with_white(mut self, white: u16) -> Self {
        self.white = OnceLock::from(white);
        self
    }

    /// Looks at the middle of the coarsest level. Opacity, and pixels that are not seen, say nothing of the colours.
    fn find_white(&self) -> u16 {
        let last = self.levels.len() - 1;
        let level = &self.levels[last];
        let part = |length: u32| length.min(LOOKED_AT);
        let window = Window {
            x: (level.width - part(level.width)) / 2,
            y: (level.height - part(level.height)) / 2,
            width: part(level.width),
            height: part(level.height),
        };
        let filled = self.filled(last, window, &mut Vec::new());
        let mark = self.no_data().declared();
        let opacity = opacity_sample(level);
        let (colors, together) = (color_samples(level), level.samples_together());
        let planes = if together == 1 { colors } else { 1 };
        let mut brightest = 0_u16;
        for plane in 0..planes {
            self.each_chunk(last, window, plane, &mut Vec::new(), |chunk, rows| {
                for row in rows.list {
                    let from = (row.in_chunk * level.chunk[0] as usize + rows.first) * together * 2;
                    let pixels = chunk.get(from..).unwrap_or_default().chunks_exact(together * 2);
                    for (i, pixel) in (row.in_window..row.in_window + rows.count).zip(pixels) {
                        let is_hidden = filled.as_ref().is_some_and(|filled| !filled[i])
                            || together > 1 && opacity.is_some_and(|at| sample(pixel, at, 2) == 0);
                        if is_hidden {
                            continue;
                        }
                        for value in (0..usize::from(colors).min(together)).map(|at| sample(pixel, at, 2)) {
                            if mark.is_none_or(|mark| (mark - f64::from(value)).abs() > 0.5) {
                                brightest = brightest.max(value);
                            }
                        }
                    }
                }
            });
        }
        if brightest == 0 {
            return u16::MAX;
        }
        u16::try_from((u32::from(brightest) + 1).next_power_of_two() - 1).unwrap_or(u16::MAX)
    }
}

/// How many samples of a pixel are its colour; those after them are opacity or others.
fn color_samples(level: &Level) -> u16 {
    let is_rgb = matches!(level.photometric, 2 | 6) && level.samples >= 3;
    if is_rgb { 3 } else { 1 }
}

/// Which sample of a pixel is its opacity.
fn opacity_sample(level: &Level) -> Option<usize> {
    let colors = usize::from(color_samples(level));
    let extra = usize::from(level.samples).saturating_sub(colors);
    if extra == 0 {
        return None;
    }
    if level.extra_samples.is_empty() {
        // Nobody says: of two or four samples the last is opacity, but JPEG has none.
        return (extra == 1 && level.coding != Coding::Jpeg).then_some(colors);
    }
    let opacity = level
        .extra_samples
        .iter()
        .take(extra)
        .position(|kind| matches!(kind, 1 | 2));
    opacity.map(|at| colors + at)
}

/// Sample of a pixel, in this machine's byte order.
fn sample(pixel: &[u8], i: usize, size: usize) -> u16 {
    match pixel.get(i * size..(i + 1) * size) {
        Some(&[byte]) => u16::from(byte),
        Some(&[a, b]) => u16::from_ne_bytes([a, b]),
        _ => 0,
    }
}

/// How samples become colours.
struct Look {
    opacity: Option<usize>,
    /// The brightest value of a colour.
    white: u16,
    /// What stands for nothing where all colours have it.
    no_data: Option<f64>,
}

impl Look {
    fn color(&self, level: &Level, sample: impl Fn(usize) -> u16) -> [u8; 4] {
        let colors = usize::from(color_samples(level));
        if let Some(mark) = self.no_data
            && (0..colors).all(|i| (f64::from(sample(i)) - mark).abs() < 0.5)
        {
            return [0; 4];
        }
        let byte = |value: u16| {
            let scaled = (u32::from(value) * 255 + u32::from(self.white) / 2) / u32::from(self.white.max(1));
            u8::try_from(scaled.min(255)).unwrap_or(255)
        };
        let opacity = self.opacity.map_or(255, |at| {
            let full = if level.sample.bits() == 16 { 257 } else { 1 };
            u8::try_from(sample(at) / full).unwrap_or(255)
        });
        if level.photometric == 3 {
            let count = level.color_map.len() / 3;
            let part = |n: usize| {
                let value = level
                    .color_map
                    .get(n * count + usize::from(sample(0)))
                    .copied()
                    .unwrap_or(0);
                u8::try_from((value >> 8).min(255)).unwrap_or(255)
            };
            return [part(0), part(1), part(2), opacity];
        }
        if colors == 3 {
            return [byte(sample(0)), byte(sample(1)), byte(sample(2)), opacity];
        }
        let gray = if level.photometric == 0 {
            255 - byte(sample(0))
        } else {
            byte(sample(0))
        };
        [gray, gray, gray, opacity]
    }
}
