//! One point, and many.

use super::fields::{i32_at, u16_at};
use super::header::PointHeader;
use crate::sources::Problem;
use bevy::math::DVec3;

/// One measured point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Where, in the file's CRS and units.
    pub position: DVec3,
    /// Red, green and blue as the file has them, of 16 bits or of 8; 0 where it has none.
    pub rgb: [u16; 3],
    /// What it lies on, by the classes of ASPRS (2 ground, 6 building, 9 water).
    pub class: u8,
    /// How strong the echo was, in no unit: it compares within one file only.
    pub intensity: u16,
    /// Which echo of its pulse it is, from 1; 0 where the file does not say.
    pub return_number: u8,
    /// How many echoes the pulse had; 0 where the file does not say.
    pub returns: u8,
    /// Whether its maker took it out.
    pub is_withheld: bool,
}

impl Point {
    /// Whether it is noise (classes 7 and 18) or was taken out.
    pub fn is_noise(&self) -> bool {
        self.is_withheld || matches!(self.class, 7 | 18)
    }

    /// The point of an unpacked record.
    pub(super) fn of_record(record: &[u8], header: &PointHeader) -> Option<Self> {
        let whole = DVec3::new(
            f64::from(i32_at(record, 0)?),
            f64::from(i32_at(record, 4)?),
            f64::from(i32_at(record, 8)?),
        );
        let (class, is_withheld) = if header.point_format < 6 {
            let byte = *record.get(15)?;
            (byte & 0x1f, byte & 0x80 != 0)
        } else {
            (*record.get(16)?, *record.get(15)? & 0x04 != 0)
        };
        let echoes = *record.get(14)?;
        let (return_number, returns) = if header.point_format < 6 {
            (echoes & 0x07, echoes >> 3 & 0x07)
        } else {
            (echoes & 0x0f, echoes >> 4)
        };
        let rgb = match header.color_at() {
            Some(at) => [u16_at(record, at)?, u16_at(record, at + 2)?, u16_at(record, at + 4)?],
            None => [0; 3],
        };
        Some(Self {
            position: whole * header.scale + header.offset,
            rgb,
            class,
            intensity: u16_at(record, 12)?,
            return_number,
            returns,
            is_withheld,
        })
    }
}

/// Points read from a file.
#[derive(Debug, Clone, Default)]
pub struct PointCloud {
    /// In the order of the file.
    pub points: Vec<Point>,
    /// How many points were unpacked or read for them.
    pub looked_at: u64,
    /// Whether the points have colours that say something: not all are black.
    pub has_colors: bool,
    /// What went wrong while the rest was kept.
    pub problems: Vec<Problem>,
}

impl PointCloud {
    /// Colours of 8 bits, one for each point, whether the file writes 16 bits or, as many do, 8.
    pub fn colors(&self) -> impl Iterator<Item = [u8; 3]> {
        let largest = self.points.iter().flat_map(|point| point.rgb).max().unwrap_or(0);
        let shift = if largest > 255 { 8 } else { 0 };
        self.points
            .iter()
            .map(move |point| point.rgb.map(|part| u8::try_from(part >> shift).unwrap_or(u8::MAX)))
    }
}
