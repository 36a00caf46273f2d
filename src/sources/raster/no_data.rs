//! What stands for no height.

use super::geo_tiff::single;
use super::tiff::SampleKind;

/// No ground on earth lies farther from zero, metres; larger numbers are no-data marks that nobody declared.
const MAX_HEIGHT_M: f64 = 12_000.0;
/// Marks heights as missing in so many files that it counts without being declared.
const COMMON_MARK: f64 = -9999.0;

/// What a file declares to stand for no value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NoData {
    declared: Option<f64>,
    text: Option<String>,
}

impl NoData {
    /// From the text that GDAL writes: `-9999`, `3.4028234663852886e+38`, `nan`.
    pub(super) fn of(text: Option<&str>) -> Self {
        Self {
            declared: text.and_then(|text| text.parse().ok()),
            text: text.map(|text| text.chars().take(40).collect()),
        }
    }

    /// As the file has it.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// The number that is declared to stand for no value.
    pub(super) fn declared(&self) -> Option<f64> {
        self.declared
    }

    /// A sample as a height; NaN where it stands for none. Zero is a height unless it is declared not to be.
    pub(super) fn height(&self, value: f64, kind: SampleKind) -> f32 {
        let is_declared = self.declared.is_some_and(|mark| {
            let is_float = kind == SampleKind::Float(32);
            // The text may have more digits than the number in the file, and the number more than the text.
            value.total_cmp(&mark).is_eq() || is_float && (value - mark).abs() <= mark.abs() * 1e-7
        });
        let is_common = (value - COMMON_MARK).abs() < 1e-9;
        if is_declared || is_common || value.is_nan() || value.abs() > MAX_HEIGHT_M {
            f32::NAN
        } else {
            single(value)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_many_writers() {
        let float = SampleKind::Float(32);
        for text in [
            None,
            Some("-9999"),
            Some("nan"),
            Some("3.4028234663852886e+38"),
            Some("3.40282e+38"),
        ] {
            let mark = NoData::of(text);
            for value in [-9999.0, f64::NAN, f64::from(f32::MAX), f64::INFINITY, -32768.0] {
                assert!(mark.height(value, float).is_nan(), "{text:?} {value}");
            }
            assert!(mark.height(0.0, float).abs() < 1e-9 && mark.height(-6.7, float) < 0.0);
        }
        assert!(NoData::of(Some("0")).height(0.0, SampleKind::Signed(16)).is_nan());
        assert!(NoData::of(Some("255")).height(255.0, SampleKind::Unsigned(8)).is_nan());
        assert!(NoData::of(Some("no")).height(1.0, float) > 0.5);
    }
}
