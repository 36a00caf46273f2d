//! A square of the site out of a picture in another coordinate system.
//!
//! PROJ is asked for every sixteenth pixel and the places between lie straight between; RD in a site of RD is a shift and
//! exact. Of the picture's sizes the coarsest is taken that is not coarser than what is asked; where it is finer, blocks
//! of pixels are averaged first.

use super::super::projection::{MAX_DISTANCE_M, Projection};
use crate::georef::{Crs, SiteFrame, narrow};
use crate::model::imagery::{GroundPicture, PictureTile};
use crate::sources::Problem;
use crate::sources::imagery::{PixelLevel, PixelSource};
use crate::sources::raster::Window;
use crate::sources::raster::whole;
use bevy::math::DVec2;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// Pixels between two places that PROJ is asked for.
const STRIDE: u32 = 16;
/// Largest side of a square, pixels.
const MAX_SIDE: u32 = 4096;
/// Places along the side of a box that are looked at for its outline in another system.
const STEPS: u32 = 16;
/// Coarser levels that are looked at where a level has holes.
const MAX_COARSER: usize = 4;
/// Projections that a thread keeps.
const MAX_KEPT: usize = 8;

/// How the coordinates of a picture become those of the site.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::model::scenario) enum Placing {
    /// Of a coordinate system.
    Crs(SiteFrame, Crs),
    /// Metres from this zero, in a site without a place.
    Plain([f64; 2]),
}

thread_local! {
    /// PROJ's transformations are for one thread each, and slow to make.
    static PROJECTIONS: RefCell<Vec<(Placing, Rc<Projection>)>> = const { RefCell::new(Vec::new()) };
}

impl Placing {
    /// The projection of this thread.
    pub(in crate::model::scenario) fn projection(self) -> Result<Rc<Projection>, String> {
        let known =
            PROJECTIONS.with_borrow(|known| known.iter().find(|(of, _)| *of == self).map(|(_, made)| made.clone()));
        if let Some(known) = known {
            return Ok(known);
        }
        let made = Rc::new(match self {
            Self::Crs(site, crs) => Projection::new(site, &crs.to_string())?,
            Self::Plain(zero) => Projection::plain(zero),
        });
        PROJECTIONS.with_borrow_mut(|known| {
            if known.len() >= MAX_KEPT {
                known.remove(0);
            }
            known.push((self, made.clone()));
        });
        Ok(made)
    }
}

/// A picture in the site.
#[derive(Debug)]
pub(in crate::model::scenario) struct SitePicture {
    layer: String,
    source: Arc<dyn PixelSource>,
    placing: Placing,
    bounds: (DVec2, DVec2),
    finest_m: f64,
    path: String,
}

impl SitePicture {
    /// The picture of a layer; the text says why it cannot be had here.
    pub(in crate::model::scenario) fn new(
        layer: &str,
        path: &str,
        source: Arc<dyn PixelSource>,
        placing: Placing,
    ) -> Result<Self, String> {
        let projection = placing.projection()?;
        let bounds = site_bounds(&projection, source.extent())?;
        let middle = bounds.0.midpoint(bounds.1);
        let finest = source.levels().first().ok_or("there is no picture in it")?;
        let step = 1.0_f64.min((bounds.1 - bounds.0).min_element().max(1e-3));
        let at = |p: DVec2| {
            let place = projection.file_from_site(p).map_err(|error| error.to_string())?;
            Ok::<_, String>(finest.transform.pixel_from_file(DVec2::from_array(place)))
        };
        let zero = at(middle)?;
        let (right, up) = (
            at(middle + DVec2::X * step)? - zero,
            at(middle + DVec2::Y * step)? - zero,
        );
        let pixels = right.perp_dot(up).abs().sqrt();
        let finest_m = step / pixels;
        if !finest_m.is_finite() || finest_m <= 0.0 {
            return Err("the size of its pixels makes no sense here".into());
        }
        Ok(Self {
            layer: layer.to_owned(),
            source,
            placing,
            bounds,
            finest_m,
            path: path.to_owned(),
        })
    }
}

/// The part of a picture that lies within reach of the anchor, as a box in the site.
fn site_bounds(projection: &Projection, (low, high): (DVec2, DVec2)) -> Result<(DVec2, DVec2), String> {
    let reach = DVec2::splat(MAX_DISTANCE_M);
    let (near_low, near_high) = box_of((-reach, reach), |p| {
        projection.file_from_site(p).ok().map(DVec2::from_array)
    })
    .ok_or("its coordinate system does not reach this area")?;
    let (low_here, high_here) = (low.max(near_low), high.min(near_high));
    let found = low_here
        .cmplt(high_here)
        .all()
        .then(|| box_of((low_here, high_here), |p| projection.anywhere(p.to_array())))
        .flatten();
    let found = found.map(|(low, high)| (low.max(-reach), high.min(reach)));
    found.filter(|(low, high)| low.cmplt(*high).all()).ok_or_else(|| {
        let middle = projection.anywhere(low.midpoint(high).to_array());
        match middle.filter(|p| p.length() > 1.0) {
            Some(p) => format!(
                "the picture lies {:.0} km from this area and is left out: check that it is the right one and its \
                 coordinate system ({})",
                p.length() / 1000.0,
                projection.name()
            ),
            None => format!(
                "the picture has no place in this area: check its coordinate system ({})",
                projection.name()
            ),
        }
    })
}

/// The box around another in another system, by places on a lattice; `None` where none of them has one.
fn box_of((low, high): (DVec2, DVec2), place: impl Fn(DVec2) -> Option<DVec2>) -> Option<(DVec2, DVec2)> {
    let mut found: Option<(DVec2, DVec2)> = None;
    for row in 0..=STEPS {
        for column in 0..=STEPS {
            let t = DVec2::new(f64::from(column), f64::from(row)) / f64::from(STEPS);
            if let Some(p) = place(low + (high - low) * t).filter(|p| p.is_finite()) {
                let (low, high) = found.unwrap_or((p, p));
                found = Some((low.min(p), high.max(p)));
            }
        }
    }
    found
}

impl GroundPicture for SitePicture {
    fn layer(&self) -> &str {
        &self.layer
    }

    fn bounds(&self) -> (DVec2, DVec2) {
        self.bounds
    }

    fn finest_m(&self) -> f64 {
        self.finest_m
    }

    fn picture(&self, low: DVec2, side_m: f64, side_px: u32) -> Result<Option<PictureTile>, Problem> {
        let side_px = side_px.clamp(1, MAX_SIDE);
        let high = low + side_m;
        let is_square = low.is_finite() && side_m.is_finite() && side_m > 0.0;
        let touches = high.cmpgt(self.bounds.0).all() && low.cmplt(self.bounds.1).all();
        if !(is_square && touches) {
            return Ok(None);
        }
        let projection = self
            .placing
            .projection()
            .map_err(|message| Problem::error(&self.path, "", message))?;
        let lattice = Lattice::new(&projection, low, side_m, side_px);
        let mut pixels = vec![[0; 4]; side_px as usize * side_px as usize];
        let levels = self.source.levels();
        let Some(first) = lattice.level(levels) else {
            return Ok(None);
        };
        let (mut any, mut problem): (bool, Option<Problem>) = (false, None);
        for level in (first..levels.len()).take(1 + MAX_COARSER) {
            match Sampled::read(&*self.source, level, &lattice) {
                Ok(Some(sampled)) => {
                    any = true;
                    problem = problem.or_else(|| sampled.problem.clone());
                    if sampled.fill(&lattice, &mut pixels) {
                        break;
                    }
                }
                Ok(None) => {}
                Err(found) => problem = problem.or(Some(found)),
            }
            if !self.source.has_gaps() {
                break;
            }
        }
        match problem {
            Some(problem) if !any => Err(problem),
            problem => {
                let is_seen = any && pixels.iter().any(|pixel| pixel[3] > 0);
                Ok(is_seen.then_some(PictureTile {
                    side_px,
                    pixels,
                    problem,
                }))
            }
        }
    }
}

/// Places in the picture of every sixteenth pixel of a square, from its upper left corner on.
struct Lattice {
    side_px: u32,
    /// Pixels between two places.
    stride: u32,
    across: u32,
    places: Vec<Option<DVec2>>,
}

impl Lattice {
    fn new(projection: &Projection, low: DVec2, side_m: f64, side_px: u32) -> Self {
        // A shift needs the corners alone, and is exact.
        let stride = if projection.is_shift() { side_px } else { STRIDE };
        let across = side_px.div_ceil(stride) + 1;
        let pixel_m = side_m / f64::from(side_px);
        let north_west = low + DVec2::new(0.0, side_m);
        let places = (0..across * across).map(|i| {
            let steps = DVec2::new(f64::from(i % across * stride), -f64::from(i / across * stride));
            let place = projection.file_from_site(north_west + steps * pixel_m).ok()?;
            Some(DVec2::from_array(place)).filter(|p| p.is_finite())
        });
        Self {
            side_px,
            stride,
            across,
            places: places.collect(),
        }
    }

    /// The coarsest of `levels` (finest first) that is not coarser than what is asked, else the finest. `None` where the
    /// square has no place.
    fn level(&self, levels: &[PixelLevel]) -> Option<usize> {
        let fits = |level: &PixelLevel| Some(self.pixels_per_pixel(level)? >= 0.99);
        let first = fits(levels.first()?)?;
        if !first {
            return Some(0);
        }
        (0..levels.len()).rev().find(|i| fits(&levels[*i]) == Some(true))
    }

    /// Pixels of a level along the side of one that is asked, in the middle of the square.
    fn pixels_per_pixel(&self, level: &PixelLevel) -> Option<f64> {
        let at = |i: u32| self.places.get(i as usize).copied().flatten();
        let cells = self.across - 1;
        let order = (0..cells * cells).map(|i| (i + u32::midpoint(cells * cells, cells)) % (cells * cells));
        let cell = order.map(|i| (i % cells, i / cells)).find_map(|(column, row)| {
            let first = row * self.across + column;
            Some([at(first)?, at(first + 1)?, at(first + self.across)?])
        })?;
        let [zero, right, down] = cell.map(|p| level.transform.pixel_from_file(p));
        Some((right - zero).perp_dot(down - zero).abs().sqrt() / f64::from(self.stride))
    }

    /// The box in pixels of a level that holds the square.
    fn box_in(&self, level: &PixelLevel) -> Option<(DVec2, DVec2)> {
        let pixels = self
            .places
            .iter()
            .flatten()
            .map(|p| level.transform.pixel_from_file(*p));
        pixels.fold(None, |found, p| {
            let (low, high) = found.unwrap_or((p, p));
            Some((low.min(p), high.max(p)))
        })
    }

    /// Calls `take` with each pixel of the square and the place of its middle in pixels of a level.
    fn each(&self, level: &PixelLevel, mut take: impl FnMut(usize, DVec2)) {
        let pixels: Vec<Option<DVec2>> = self
            .places
            .iter()
            .map(|p| p.map(|p| level.transform.pixel_from_file(p)))
            .collect();
        let at = |column: u32, row: u32| pixels.get((row * self.across + column) as usize).copied().flatten();
        let split = |n: u32| {
            (
                n / self.stride,
                (f64::from(n % self.stride) + 0.5) / f64::from(self.stride),
            )
        };
        for row in 0..self.side_px {
            let (top, v) = split(row);
            let mut known = None;
            for column in 0..self.side_px {
                let (left, u) = split(column);
                let ends = match known {
                    Some((of, ends)) if of == left => ends,
                    _ => {
                        let along = |column: u32| Some(at(column, top)?.lerp(at(column, top + 1)?, v));
                        let ends = along(left).zip(along(left + 1));
                        known = Some((left, ends));
                        ends
                    }
                };
                if let Some((west, east)) = ends {
                    take(
                        row as usize * self.side_px as usize + column as usize,
                        west.lerp(east, u),
                    );
                }
            }
        }
    }
}

/// A part of a level, averaged to about the size of what is asked.
struct Sampled<'a> {
    level: &'a PixelLevel,
    /// Pixels of the level along the side of a block.
    block: u32,
    /// First column and row of blocks.
    first: [u32; 2],
    /// Columns and rows of blocks.
    size: [u32; 2],
    /// Colour times opacity, and opacity, from 0 to 255.
    blocks: Vec<[f32; 4]>,
    /// What is damaged of it.
    problem: Option<Problem>,
}

impl<'a> Sampled<'a> {
    /// `None` where the level has nothing there.
    fn read(source: &'a dyn PixelSource, level: usize, lattice: &Lattice) -> Result<Option<Self>, Problem> {
        let found = &source.levels()[level];
        let (Some((low, high)), Some(ratio)) = (lattice.box_in(found), lattice.pixels_per_pixel(found)) else {
            return Ok(None);
        };
        let block = whole(ratio.clamp(1.0, 4096.0) + 1e-6);
        // Blocks count from the corner of the level, so that squares beside each other see the same ones.
        let reach = f64::from(block);
        let edge = |p: f64, end: u32| whole(p.clamp(0.0, f64::from(end)));
        let (x, y) = (
            edge(low.x - reach, found.width) / block,
            edge(low.y - reach, found.height) / block,
        );
        let right = edge((high.x + reach).ceil(), found.width).div_ceil(block);
        let bottom = edge((high.y + reach).ceil(), found.height).div_ceil(block);
        if right <= x || bottom <= y {
            return Ok(None);
        }
        let end = |blocks: u32, end: u32| blocks.saturating_mul(block).min(end);
        let window = Window {
            x: x * block,
            y: y * block,
            width: end(right, found.width) - x * block,
            height: end(bottom, found.height) - y * block,
        };
        let read = source.read(level, window)?;
        if read.is_empty {
            return Ok(None);
        }
        Ok(Some(Self {
            level: found,
            block,
            first: [x, y],
            size: [right - x, bottom - y],
            blocks: blocks(&read.pixels, window, block),
            problem: read.problem,
        }))
    }

    /// Fills what is still clear. Returns whether nothing is left so.
    fn fill(&self, lattice: &Lattice, pixels: &mut [[u8; 4]]) -> bool {
        let [columns, rows] = self.size;
        let end = DVec2::new(f64::from(self.level.width), f64::from(self.level.height));
        let block = f64::from(self.block);
        let first = DVec2::new(f64::from(self.first[0]), f64::from(self.first[1]));
        let last = DVec2::new(f64::from(columns - 1), f64::from(rows - 1));
        let mut filled = 0;
        let mut is_full = true;
        lattice.each(self.level, |i, p| {
            filled += 1;
            if pixels[i][3] == 255 {
                return;
            }
            // Past the rim there is nothing; half a pixel within it the outermost ones count.
            if !(p.cmpge(DVec2::ZERO).all() && p.cmple(end).all()) {
                is_full = false;
                return;
            }
            let t = (p / block - first - 0.5).clamp(DVec2::ZERO, last);
            let found = self.at(t);
            pixels[i] = over(pixels[i], found);
            is_full &= pixels[i][3] == 255;
        });
        is_full && filled == pixels.len()
    }

    /// Between the middles of blocks.
    fn at(&self, t: DVec2) -> [f32; 4] {
        let (x, y) = (whole(t.x), whole(t.y));
        let part = narrow((t - t.floor()).extend(0.0));
        let next = |n: u32, size: u32| (n + 1).min(size - 1);
        let (x1, y1) = (next(x, self.size[0]), next(y, self.size[1]));
        let block = |x: u32, y: u32| self.blocks[y as usize * self.size[0] as usize + x as usize];
        let mix = |a: [f32; 4], b: [f32; 4], t: f32| std::array::from_fn(|i| a[i] + (b[i] - a[i]) * t);
        mix(
            mix(block(x, y), block(x1, y), part[0]),
            mix(block(x, y1), block(x1, y1), part[0]),
            part[1],
        )
    }
}

/// Means of blocks: colour times opacity, and opacity. Blocks at the rim of the level may be smaller.
fn blocks(pixels: &[[u8; 4]], window: Window, block: u32) -> Vec<[f32; 4]> {
    let (wide, block) = (window.width as usize, block as usize);
    let weighed = |[red, green, blue, opacity]: [u8; 4]| {
        let part = f32::from(opacity) / 255.0;
        [
            f32::from(red) * part,
            f32::from(green) * part,
            f32::from(blue) * part,
            f32::from(opacity),
        ]
    };
    if block == 1 {
        return pixels.iter().map(|pixel| weighed(*pixel)).collect();
    }
    let columns = wide.div_ceil(block);
    let mut out = Vec::with_capacity(columns * (window.height as usize).div_ceil(block));
    for rows in pixels.chunks(wide * block) {
        let mut sums = vec![([0.0_f32; 4], 0.0_f32); columns];
        for row in rows.chunks(wide) {
            for (sum, pixels) in sums.iter_mut().zip(row.chunks(block)) {
                for pixel in pixels {
                    let pixel = weighed(*pixel);
                    sum.0 = std::array::from_fn(|i| sum.0[i] + pixel[i]);
                    sum.1 += 1.0;
                }
            }
        }
        out.extend(
            sums.into_iter()
                .map(|(sum, count)| sum.map(|part| part / count.max(1.0))),
        );
    }
    out
}

/// `top` (straight) over `below` (colour times opacity), straight.
fn over(top: [u8; 4], below: [f32; 4]) -> [u8; 4] {
    let part = f32::from(top[3]) / 255.0;
    let rest = 1.0 - part;
    let opacity = f32::from(top[3]) + below[3] * rest;
    if opacity < 0.5 {
        return [0; 4];
    }
    let color = |i: usize| byte((f32::from(top[i]) * part + below[i] * rest) * 255.0 / opacity);
    [color(0), color(1), color(2), byte(opacity)]
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to what a byte holds"
)]
fn byte(value: f32) -> u8 {
    (value + 0.5).clamp(0.0, 255.0) as u8
}
