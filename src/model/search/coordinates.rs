//! Coordinates as people paste them: RD in metres, or degrees as a map or a telephone gives them.

use crate::georef::{LonLatH, SiteFrame, SitePos, lon_lat_from_rd};
use bevy::math::DVec2;

/// Bounds of RD coordinates, metres: the area in which the national grid is defined, x then y. They do not overlap, so
/// swapped numbers are known as such.
const RD_X: std::ops::Range<f64> = -7_000.0..300_000.0;
const RD_Y: std::ops::Range<f64> = 300_000.0..629_000.0;

/// Longest text that is looked at, bytes: a whole place of the status bar is half of it.
const MAX_BYTES: usize = 160;
/// Sides of the compass as Dutch writes them beside degrees, and the letter that each is read as.
const LETTERS: [(&str, &str); 4] = [("NB", "N"), ("ZB", "S"), ("OL", "E"), ("WL", "W")];

/// Where typed coordinates lie, site metres; `None` when the text is no pair of coordinates, or they lie where this site
/// frame does not reach.
pub(super) fn located(text: &str, site: &SiteFrame) -> Option<DVec2> {
    let place = lon_lat(text)?;
    let SitePos(position) = site.site_from_lon_lat_h(place).ok()?;
    position.is_finite().then(|| position.truncate())
}

/// A place in degrees, at height 0: a pair of coordinates, or a place as the status bar copies it, in which the same place
/// stands twice with its height between them.
fn lon_lat(text: &str) -> Option<LonLatH> {
    if text.len() > MAX_BYTES || !text.chars().any(|c| c.is_ascii_digit()) {
        return None;
    }
    // Web pages put blanks between numbers that are more than one byte long; a true minus is how we write one.
    let text = text.replace(char::is_whitespace, " ").replace('−', "-");
    let text = text.to_ascii_uppercase();
    let mut found = None;
    for part in text.split('·').map(str::trim) {
        if part.starts_with("NAP") {
            continue;
        }
        let [a, b] = numbers(part)?;
        found = found.or(Some(degrees_of(a, b)?));
    }
    found
}

/// A pair of coordinates in degrees, at height 0.
fn degrees_of(a: Number, b: Number) -> Option<LonLatH> {
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
        (Some(one), Some(other)) if one == other => return None,
        (Some(Side::Longitude), _) | (_, Some(Side::Latitude)) => (a.value, b.value),
        // Maps give the latitude first. What lies in or beside the Netherlands only the other way round is meant so.
        (None, None) if (2.0..9.0).contains(&a.value) && (50.0..54.0).contains(&b.value) => (a.value, b.value),
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

/// The two numbers of a text in capitals that holds nothing else.
fn numbers(text: &str) -> Option<[Number; 2]> {
    let text = text.strip_prefix("RD").unwrap_or(text).trim();
    let text = LETTERS
        .iter()
        .fold(text.to_owned(), |text, (dutch, letter)| text.replace(dutch, letter));
    let halves = halves(&text)?;
    Some([number(halves[0])?, number(halves[1])?])
}

/// Splits a pair where its numbers meet: at a semicolon, at a comma before a space, at a letter of the compass, between
/// numbers in groups of three, at a space, or at the comma between two numbers with points.
fn halves(text: &str) -> Option<[&str; 2]> {
    let cut = |at: usize, width: usize| Some([text[..at].trim(), text[at + width..].trim()]);
    if let Some(at) = text.find(';') {
        return cut(at, 1);
    }
    if let Some(at) = text.find(", ") {
        return cut(at, 1);
    }
    let mut letters = text.match_indices(|c| side_of(c).is_some()).map(|(at, _)| at);
    match (letters.next(), letters.next()) {
        (Some(0), Some(second)) => return cut(second, 0),
        (Some(first), _) if (1..text.len() - 1).contains(&first) => return cut(first + 1, 0),
        _ => {}
    }
    if let Some(at) = between_groups(text) {
        return cut(at, 1);
    }
    let spaces: Vec<usize> = text.match_indices(' ').map(|(at, _)| at).collect();
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

/// Where two RD coordinates in groups of three meet: `251 003  476 248`. Blanks that stood there twice may have become one
/// on the way; the second, y, always has two groups.
fn between_groups(text: &str) -> Option<usize> {
    let blanks: Vec<usize> = text
        .match_indices(' ')
        .map(|(at, _)| at)
        .filter(|at| !text[at + 1..].starts_with(' '))
        .collect();
    let [.., meets, _] = blanks.as_slice() else {
        return None;
    };
    let (x, y) = (text[..*meets].trim(), text[*meets..].trim());
    let is_x = whole(x).is_some() || (x.len() <= 4 && x.parse::<i32>().is_ok());
    (is_x && whole(y).is_some()).then_some(*meets)
}

/// A number of whole metres in groups of three: `251 003`.
fn whole(text: &str) -> Option<f64> {
    let mut groups = text.strip_prefix('-').unwrap_or(text).split(' ');
    let is_digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let first = groups
        .next()
        .filter(|first| (1..=3).contains(&first.len()) && is_digits(first))?;
    let rest: Vec<&str> = groups.collect();
    let is_grouped = !rest.is_empty() && rest.iter().all(|group| group.len() == 3 && is_digits(group));
    let value = is_grouped.then(|| format!("{first}{}", rest.concat()).parse::<f64>().ok())??;
    Some(if text.starts_with('-') { -value } else { value })
}

/// What a letter of the compass says of the number beside it, in Dutch, English and German.
fn side_of(letter: char) -> Option<(Side, f64)> {
    match letter {
        'N' => Some((Side::Latitude, 1.0)),
        'S' | 'Z' => Some((Side::Latitude, -1.0)),
        'E' | 'O' => Some((Side::Longitude, 1.0)),
        'W' => Some((Side::Longitude, -1.0)),
        _ => None,
    }
}

/// One number: whole metres in groups, decimal point or comma, or degrees, minutes and seconds, with a letter of the compass
/// before or after.
fn number(text: &str) -> Option<Number> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == ',');
    let (side, rest) = if let Some(found) = text.chars().next_back().and_then(side_of) {
        (Some(found), &text[..text.len() - 1])
    } else if let Some(found) = text.chars().next().and_then(side_of) {
        (Some(found), &text[1..])
    } else {
        (None, text)
    };
    let value = whole(rest).filter(|_| side.is_none()).or_else(|| angle(rest.trim()))?;
    let (side, sign) = side.map_or((None, 1.0), |(side, sign)| (Some(side), sign));
    value.is_finite().then_some(Number {
        value: value * sign,
        side,
    })
}

/// A plain number, or degrees with minutes and seconds; the sign before it counts for all of them.
fn angle(text: &str) -> Option<f64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let parts: Vec<&str> = text
        .split(|c: char| matches!(c, '°' | '\'' | '′' | '"' | '″' | 'º') || c.is_whitespace())
        .filter(|part| !part.is_empty())
        .collect();
    let plain = |part: &str| -> Option<f64> {
        let is_number = part.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ','));
        is_number.then(|| part.replace(',', ".").parse::<f64>().ok()).flatten()
    };
    let sixtieth = |part: &str| plain(part).filter(|value| *value < 60.0);
    let value = match parts.as_slice() {
        [whole] => plain(whole)?,
        [degrees, minutes] => plain(degrees)? + sixtieth(minutes)? / 60.0,
        [degrees, minutes, seconds] => plain(degrees)? + sixtieth(minutes)? / 60.0 + sixtieth(seconds)? / 3600.0,
        _ => return None,
    };
    Some(sign * value)
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
    fn a_place_that_the_status_bar_copies_is_found() {
        let site = town();
        for text in [
            // Dutch, English and German, and each of the parts; on the way two blanks may have become one.
            "RD 250 967  476 181 · NAP 17,2 m · 52,26528° NB 6,79306° OL",
            "RD 250 967  476 181 · NAP −1.7 m · 52.26528° N 6.79306° E",
            "RD 250 967 476 181 · 52,26528° N 6,79306° O",
            "RD 250 967  476 181 · NAP 17,2 m",
            "NAP 17,2 m · 52,26528° NB 6,79306° OL",
            "RD 250 967  476 181",
            "250 967 476 181",
            "52,26528° NB 6,79306° OL",
            "52,26528 nb, 6,79306 ol",
            "OL 6,79306 NB 52,26528",
            "N 52.26528 E 6.79306",
        ] {
            let found = located(text, &site).unwrap_or(DVec2::splat(f64::NAN));
            assert!(found.length() < 1.5, "{text}: {found}");
        }
        let west = lon_lat("RD −6 003  476 248 · 33,5° ZB 70,25° WL").map(|place| place.lon_deg);
        assert!(west.is_some_and(|lon| (2.9..3.2).contains(&lon)), "{west:?}");
        let south = lon_lat("33,5° ZB 70,25° WL").map(|place| (place.lon_deg, place.lat_deg));
        assert_eq!(south, Some((-70.25, -33.5)));
        assert_eq!(lon_lat("NAP 17,2 m"), None);
        assert_eq!(lon_lat("De Brink · 52,26528° NB 6,79306° OL"), None);
    }

    #[test]
    fn a_sign_counts_for_minutes_and_seconds_too() {
        let place = lon_lat("40° 30' 36\", -75° 31' 12\"").map(|place| (place.lon_deg, place.lat_deg));
        let is_there = |(lon, lat): (f64, f64)| (lon + 75.52).abs() < 1e-9 && (lat - 40.51).abs() < 1e-9;
        assert!(place.is_some_and(is_there), "{place:?}");
        let near_zero = lon_lat("-0° 30'; 10° 0'").map(|place| place.lat_deg);
        assert_eq!(near_zero, Some(-0.5));
    }

    #[test]
    fn the_latitude_comes_first_but_for_a_dutch_place_the_other_way_round() {
        let pair = |text: &str| lon_lat(text).map(|place| (place.lon_deg, place.lat_deg));
        assert_eq!(pair("35.7, 51.4"), Some((51.4, 35.7)), "Tehran");
        assert_eq!(pair("6.79, 52.26"), Some((6.79, 52.26)));
        assert_eq!(pair("52.26N 51.4N"), None);
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
            "1 200 300",
            "52 75 6 80",
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
