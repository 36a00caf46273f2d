//! Where a `GeoTIFF` lies: its keys and its transformation (OGC `GeoTIFF` 1.1, 19-008r4).

use super::tiff::{Directory, TiffFile, tag};
use crate::georef::Crs;
use crate::sources::{Problem, crs_name};
use bevy::math::{DMat2, DVec2};

/// Most keys that are looked at.
const MAX_KEYS: usize = 1000;
/// The value of a key that says: written out in other keys.
const USER_DEFINED: u64 = 32767;

/// From places in the image to places in its coordinate system.
///
/// Places in the image count pixels from the upper left corner of the first pixel, whose middle is at (0.5, 0.5).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GeoTransform {
    /// Where the upper left corner lies.
    pub corner: DVec2,
    /// What one pixel to the right and one down amounts to.
    pub per_pixel: DMat2,
}

impl GeoTransform {
    /// Place of a place in the image.
    pub fn file_from_pixel(&self, pixel: DVec2) -> DVec2 {
        self.corner + self.per_pixel * pixel
    }

    /// Place in the image of a place.
    pub fn pixel_from_file(&self, p: DVec2) -> DVec2 {
        self.per_pixel.inverse() * (p - self.corner)
    }

    /// Whether rows run east and columns south.
    pub fn is_upright(&self) -> bool {
        let [right, down] = [self.per_pixel.x_axis, self.per_pixel.y_axis];
        right.x > 0.0 && down.y < 0.0 && right.y.abs() < 1e-9 * right.x && down.x.abs() < -1e-9 * down.y
    }

    /// Width and height of a pixel.
    pub fn pixel_size(&self) -> DVec2 {
        // Unlike the length of a vector this gives the number of the file where pixels lie straight.
        let [right, down] = [self.per_pixel.x_axis, self.per_pixel.y_axis];
        DVec2::new(right.x.hypot(right.y), down.x.hypot(down.y))
    }
}

/// What the keys of a file say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GeoKeys {
    /// Horizontal or compound system.
    pub crs: Option<Crs>,
    /// Vertical system, EPSG code.
    pub vertical: Option<u32>,
    /// Whether values belong to points in the middle of pixels, and the place of a pixel is that of its middle.
    pub is_point: bool,
    /// Name of the system as the file has it.
    pub citation: String,
}

impl GeoKeys {
    /// Reads the keys of a directory. A file without keys has none.
    pub(super) fn read(file: &TiffFile, directory: &Directory) -> Result<Self, Problem> {
        let rows = file.numbers(directory, tag::GEO_KEYS)?;
        Ok(Self::of_rows(&rows, &file.text_with_bars(directory)?))
    }

    /// The keys of a key directory (its header and rows of four numbers) and the texts that they name parts of.
    pub(in crate::sources) fn of_rows(directory_of_keys: &[u64], texts: &str) -> Self {
        let mut keys = Self::default();
        let (mut projected, mut geographic) = (None, None);
        let rows = directory_of_keys.get(4..).unwrap_or_default();
        for row in rows.chunks_exact(4).take(MAX_KEYS) {
            let [key, location, count, value] = [row[0], row[1], row[2], row[3]];
            let text = || part(texts, value, count);
            match (key, location) {
                (1025, 0) => keys.is_point = value == 2,
                (2048, 0) => geographic = Some(value),
                (3072, 0) => projected = Some(value),
                (4096, 0) => keys.vertical = known(value),
                (1026 | 2049 | 3073, location)
                    if location == u64::from(tag::GEO_TEXTS) && (keys.citation.is_empty() || key == 3073) =>
                {
                    keys.citation = text();
                }
                _ => {}
            }
        }
        // The name is asked only where the number says that there is none.
        let by_name = rd_by_name(&keys.citation).filter(|_| projected == Some(USER_DEFINED));
        let code = projected.and_then(known).or_else(|| {
            if projected.is_none() {
                geographic.and_then(known)
            } else {
                None
            }
        });
        keys.crs = code.map(Crs).or(by_name);
        if keys.crs == Some(Crs::RD) && keys.vertical == Some(5709) {
            keys.crs = Some(Crs::RD_NAP);
        }
        keys
    }
}

/// RD New by what a writer calls it. No other name is believed: the numbers beside it may be another system's.
fn rd_by_name(citation: &str) -> Option<Crs> {
    let name = citation.rsplit_once('=').map_or(citation, |(_, name)| name);
    crs_name::of_name(name)
        .filter(|crs| [Crs::RD, Crs::RD_NAP].contains(crs))
        .or_else(|| citation.contains("RD New").then_some(Crs::RD))
}

/// An EPSG code, unless it stands for none.
fn known(value: u64) -> Option<u32> {
    u32::try_from(value).ok().filter(|code| (1024..32767).contains(code))
}

/// A text among those of all keys, which a bar ends.
fn part(texts: &str, start: u64, count: u64) -> String {
    let index = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let text = texts.get(index(start)..index(start.saturating_add(count)).min(texts.len()));
    text.unwrap_or_default().trim_end_matches(['|', '\0']).trim().to_owned()
}

impl TiffFile {
    /// The texts of all keys: one, of which they name parts.
    fn text_with_bars(&self, directory: &Directory) -> Result<String, Problem> {
        let bytes = self.blob(directory, tag::GEO_TEXTS)?.unwrap_or_default();
        // One letter a byte, so that counts of bytes stay places in the text.
        Ok(bytes
            .iter()
            .map(|b| if b.is_ascii() { char::from(*b) } else { '?' })
            .collect())
    }
}

/// The transformation of a directory; `None` where the file has none, an `Err` text where it makes no sense.
pub(super) fn transform(
    file: &TiffFile,
    directory: &Directory,
    is_point: bool,
) -> Result<Option<GeoTransform>, Problem> {
    let matrix = file.doubles(directory, tag::TRANSFORMATION)?;
    let scale = file.doubles(directory, tag::PIXEL_SCALE)?;
    let ties = file.doubles(directory, tag::TIE_POINTS)?;
    let found = if let [a, b, _, d, e, f, _, h, ..] = matrix[..] {
        GeoTransform {
            corner: DVec2::new(d, h),
            per_pixel: DMat2::from_cols(DVec2::new(a, e), DVec2::new(b, f)),
        }
    } else if let ([right, down, ..], [i, j, _, x, y, ..]) = (&scale[..], &ties[..]) {
        // Some writers give the height of a pixel a minus sign; north is up all the same.
        let per_pixel = DMat2::from_diagonal(DVec2::new(*right, -down.abs()));
        GeoTransform {
            corner: DVec2::new(*x, *y) - per_pixel * DVec2::new(*i, *j),
            per_pixel,
        }
    } else {
        return Ok(None);
    };
    let determinant = found.per_pixel.determinant();
    let is_sound = found.corner.is_finite() && determinant.is_finite() && determinant.abs() > 1e-18;
    if !is_sound || found.corner.abs().max_element() > 1e9 {
        let message = "the place and size of its pixels make no sense";
        return Err(file.problem("", message).because(crate::sources::Cause::Place));
    }
    let shift = if is_point {
        found.per_pixel * DVec2::splat(-0.5)
    } else {
        DVec2::ZERO
    };
    Ok(Some(GeoTransform {
        corner: found.corner + shift,
        ..found
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rd_is_known_by_the_names_that_writers_give_it() {
        for (citation, expected) in [
            ("Amersfoort / RD New", Some(Crs::RD)),
            ("PCS Name = RD_New", Some(Crs::RD)),
            ("Amersfoort / RD New + NAP height", Some(Crs::RD_NAP)),
            ("Projected: Amersfoort / RD New (metre)", Some(Crs::RD)),
            ("WGS 84 / UTM zone 31N", None),
            ("WGS 84", None),
            ("", None),
        ] {
            assert_eq!(rd_by_name(citation), expected, "{citation}");
        }
    }
}
