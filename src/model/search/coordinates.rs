//! Coordinates as people paste them: RD in metres, or degrees as a map or a telephone gives them.

use crate::georef::{LonLatH, SiteFrame, SitePos, lon_lat_from_rd};
use bevy::math::DVec2;

/// Bounds of RD coordinates, metres: the area in which the national grid is defined, x then y. They do not overlap, so
/// swapped numbers are known as such.
const RD_X: std::ops::Range<f64> = -7_000.0..300_000.0;
const RD_Y: std::ops::Range<f64> = 300_000.0..629_000.0;

/// Where typed coordinates lie, site metres; `None` when the text is no pair of coordinates, or they lie where this site
/// frame does not reach.
pub(super) fn located(text: &str, site: &SiteFrame) -> Option<DVec2> {
    let place = lon_lat(text)?;
    let SitePos(position) = site.site_from_lon_lat_h(place).ok()?;
    position.is_finite().then(|| position.truncate())
}

/// A pair of coordinates in degrees, at height 0.
fn lon_lat(text: &str) -> Option<LonLatH> {
    let numbers = numbers(text)?;
    let [a, b] = numbers;
    let rd = [(a.value, b.value), (b.value, a.value)]
        .into_iter()
        .find(|(x, y)| RD_X.contains(x) && RD_Y.contains(y));
    if let Some((x, y)) = rd.filter(|_| a.side.is_none() && b.side.is_none()) {
        let degrees = lon_lat_from_rd(x, y).ok()?;
        return Some(LonLatH {
            lon_deg: degrees.x,
            lat_deg: degrees.y,
            h_m: 0.0,
        });
    }
    let (lon, lat) = match (a.side, b.side) {
        (Some(Side::Longitude), _) | (_, Some(Side::Latitude)) => (a.value, b.value),
        // Maps give the latitude first. In the Netherlands the greater of the two is the latitude whichever way round.
        (None, None) if a.value.abs() < b.value.abs() && (50.0..54.0).contains(&b.value) => (a.value, b.value),
        (Some(Side::Latitude), _) | (_, Some(Side::Longitude)) | (None, None) => (b.value, a.value),
    };
    let is_on_earth = lon.abs() <= 180.0 && lat.abs() <= 90.0;
    is_on_earth.then_some(LonLatH {
        lon_deg: lon,
        lat_deg: lat,
        h_m: 0.0,
    })
}

/// Which of the two a number is by its letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Longitude,
    Latitude,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Number {
    value: f64,
    side: Option<Side>,
}

/// The two numbers of a text that holds nothing else.
fn numbers(text: &str) -> Option<[Number; 2]> {
    // Web pages put blanks between numbers that are more than one byte long.
    let text = text.replace(char::is_whitespace, " ");
    let text = text.trim();
    let text = text
        .strip_prefix("RD")
        .or_else(|| text.strip_prefix("rd"))
        .unwrap_or(text);
    if text.len() > 80 || !text.chars().any(|c| c.is_ascii_digit()) {
        return None;
    }
    let halves = halves(text)?;
    Some([number(halves[0])?, number(halves[1])?])
}

/// Splits a pair where its numbers meet: at a semicolon, at a comma before a space, at a letter of the compass, at a
/// space, or at the comma between two numbers with points.
fn halves(text: &str) -> Option<[&str; 2]> {
    let cut = |at: usize, width: usize| Some([text[..at].trim(), text[at + width..].trim()]);
    if let Some(at) = text.find(';') {
        return cut(at, 1);
    }
    if let Some(at) = text.find(", ") {
        return cut(at, 1);
    }
    let compass = text.find(['N', 'n', 'S', 's', 'Z', 'z', 'E', 'e', 'O', 'o', 'W', 'w']);
    if let Some(at) = compass.filter(|at| (1..text.len() - 1).contains(at)) {
        return cut(at + 1, 0);
    }
    let spaces: Vec<usize> = text.match_indices(char::is_whitespace).map(|(at, _)| at).collect();
    if let [at] = spaces.as_slice() {
        return cut(*at, 1);
    }
    let commas: Vec<usize> = text.match_indices(',').map(|(at, _)| at).collect();
    match commas.as_slice() {
        [at] if spaces.is_empty() && (text.contains('.') || is_whole_pair(text, *at)) => cut(*at, 1),
        // `52,26528,6,79306`: four groups, decimal commas.
        [_, at, _] if spaces.is_empty() && !text.contains('.') => cut(*at, 1),
        _ => None,
    }
}

/// Whether both sides of a comma are whole numbers of metres: `251000,476250`, and not `52,2659`.
fn is_whole_pair(text: &str, at: usize) -> bool {
    [&text[..at], &text[at + 1..]].iter().all(|half| half.trim().len() >= 5)
}

/// One number: decimal point or comma, or degrees, minutes and seconds, with a letter of the compass before or after.
fn number(text: &str) -> Option<Number> {
    let letter = |c: char| match c.to_ascii_uppercase() {
        'N' => Some((Side::Latitude, 1.0)),
        'S' | 'Z' => Some((Side::Latitude, -1.0)),
        'E' | 'O' => Some((Side::Longitude, 1.0)),
        'W' => Some((Side::Longitude, -1.0)),
        _ => None,
    };
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == ',');
    let (side, rest) = if let Some(found) = text.chars().next_back().and_then(letter) {
        (Some(found), &text[..text.len() - 1])
    } else if let Some(found) = text.chars().next().and_then(letter) {
        (Some(found), &text[1..])
    } else {
        (None, text)
    };
    let parts: Vec<&str> = rest
        .split(|c: char| matches!(c, '°' | '\'' | '′' | '"' | '″' | 'º') || c.is_whitespace())
        .filter(|part| !part.is_empty())
        .collect();
    let plain = |part: &str| -> Option<f64> {
        let is_number = part
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+'));
        is_number.then(|| part.replace(',', ".").parse::<f64>().ok()).flatten()
    };
    let value = match parts.as_slice() {
        [whole] => plain(whole)?,
        [degrees, minutes] => plain(degrees)? + plain(minutes)? / 60.0,
        [degrees, minutes, seconds] => plain(degrees)? + plain(minutes)? / 60.0 + plain(seconds)? / 3600.0,
        _ => return None,
    };
    let (side, sign) = side.map_or((None, 1.0), |(side, sign)| (Some(side), sign));
    value.is_finite().then_some(Number {
        value: value * sign,
        side,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::georef::RdNap;

    fn town() -> SiteFrame {
        SiteFrame::RdNap {
            anchor: RdNap {
                x_m: 250_966.89,
                y_m: 476_181.487,
                nap_m: 0.0,
            },
        }
    }

    #[test]
    fn coordinates_are_read_as_people_paste_them() {
        // The town's point: 52.26528 N 6.79306 E is RD 250966.890 476181.487.
        let site = town();
        for text in [
            "250966.89 476181.487",
            "250966,89 476181,487",
            "250967,476181",
            "RD 250966.89, 476181.49",
            "476181.49; 250966.89",
            "52.26528, 6.79306",
            "52.26528 6.79306",
            "52.26528\u{a0}6.79306",
            "52.26528,6.79306",
            "52,26528,6,79306",
            "52,26528; 6,79306",
            "6.79306 52.26528",
            "6.79306E 52.26528N",
            "N 52.26528, O 6.79306",
            "52.26528°N 6.79306°E",
            "52°15'55.0\"N 6°47'35.0\"E",
            "52° 15' 55.0\" N, 6° 47' 35.0\" E",
        ] {
            let found = located(text, &site).unwrap_or(DVec2::splat(f64::NAN));
            assert!(found.length() < 1.5, "{text}: {found}");
        }
    }

    #[test]
    fn other_texts_are_no_coordinates() {
        let site = town();
        for text in [
            "",
            "Wemenstraat 12",
            "12",
            "12 14a",
            "52,2659",
            "1 2 3",
            "0164100000100100",
            "200 400",
            "NaN NaN",
            "é 1",
            "Dam\u{a0}1",
        ] {
            assert_eq!(located(text, &site), None, "{text}");
        }
    }
}
