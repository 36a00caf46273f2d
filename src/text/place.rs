//! Places as the status bar writes them: `RD 251 003  476 248 · NAP 17,2 m · 52,26587° NB 6,79361° OL`.

use super::number::grouped;
use super::{Language, format_number, tr};

/// Stands between the parts of a place.
const BETWEEN: &str = " · ";

/// RD coordinates in whole metres: `RD 251 003  476 248`, the same in every language because it is how they are printed
/// on Dutch maps.
pub fn format_rd(x_m: f64, y_m: f64) -> String {
    format!("RD {}  {}", whole_metres(x_m), whole_metres(y_m))
}

/// A height above NAP in metres: `NAP 17,2 m`.
pub fn format_nap(height_m: f64, language: &Language) -> String {
    format!("NAP {} m", format_number(height_m, 1, language))
}

/// Latitude and longitude in degrees: `52,26587° NB 6,79361° OL` (five decimals, one metre).
pub fn format_lat_lon(latitude_deg: f64, longitude_deg: f64, language: &Language) -> String {
    let side = |value: f64, positive: &str, negative: &str| {
        let letters = tr(language, if value < 0.0 { negative } else { positive });
        format!("{}° {letters}", format_number(value.abs(), 5, language))
    };
    format!(
        "{} {}",
        side(latitude_deg, "compass-north", "compass-south"),
        side(longitude_deg, "compass-east", "compass-west")
    )
}

/// The parts of a place that are known, on one line.
pub fn format_place(
    rd_m: Option<(f64, f64)>,
    nap_m: Option<f64>,
    lat_lon_deg: Option<(f64, f64)>,
    language: &Language,
) -> String {
    [
        rd_m.map(|(x, y)| format_rd(x, y)),
        nap_m.map(|height| format_nap(height, language)),
        lat_lon_deg.map(|(latitude, longitude)| format_lat_lon(latitude, longitude, language)),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join(BETWEEN)
}

/// Metres rounded to whole ones, in groups of three parted by spaces.
fn whole_metres(value_m: f64) -> String {
    if !value_m.is_finite() {
        return "–".to_owned();
    }
    let digits = format!("{:.0}", value_m.abs());
    let sign = if value_m < 0.0 && digits != "0" { "−" } else { "" };
    format!("{sign}{}", grouped(&digits, " "))
}
