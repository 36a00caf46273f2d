//! Which CRS a file means: names, URNs, addresses and WKT to an EPSG code.

use crate::georef::Crs;

/// Geographic WGS 84; with east first, which is what OGC calls CRS84.
const WGS84: Crs = Crs(4326);

/// The CRS with this name: `EPSG:28992`, `urn:ogc:def:crs:EPSG::28992`, `http://www.opengis.net/def/crs/EPSG/0/28992`,
/// `http://www.opengis.net/gml/srs/epsg.xml#28992`, `urn:ogc:def:crs:OGC:1.3:CRS84`, the compound
/// `urn:ogc:def:crs,crs:EPSG::28992,crs:EPSG::5709`, or WKT.
pub(super) fn of_name(name: &str) -> Option<Crs> {
    let name = name.trim();
    if name.contains('[') {
        return of_wkt(name);
    }
    if name.contains("28992") && name.contains("5709") {
        return Some(Crs::RD_NAP);
    }
    let last = name.rsplit([':', '/', '#']).next()?;
    if last.eq_ignore_ascii_case("CRS84") || last.eq_ignore_ascii_case("CRS84h") {
        return Some(WGS84);
    }
    if name.to_ascii_uppercase().contains("EPSG") {
        return code(last);
    }
    of_title(name)
}

fn code(digits: &str) -> Option<Crs> {
    let is_code = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    is_code.then(|| digits.parse().ok())?.filter(|n| *n > 0).map(Crs)
}

/// Whether coordinates under this name come with north (or latitude) first. Short names (`EPSG:4326`) are used with
/// east first everywhere; URNs and addresses follow the EPSG definition.
pub(super) fn is_north_first(name: &str) -> bool {
    let name = name.trim().to_ascii_lowercase();
    let follows_definition = name.starts_with("urn:") || name.contains("/def/crs/");
    if !follows_definition || name.contains("crs84") {
        return false;
    }
    // Latitude first: the geographic ones in use here; northing first: the European LAEA and LCC grids.
    of_name(&name).is_some_and(|crs| {
        matches!(
            crs.0,
            4326 | 4258 | 4979 | 4937 | 4289 | 4230 | 4269 | 4277 | 4313 | 4314 | 9067 | 9754 | 9755 | 3034 | 3035
        )
    })
}

/// The CRS of WKT 1 or 2, by the authority at its outermost level, else by its name.
pub(in crate::sources) fn of_wkt(wkt: &str) -> Option<Crs> {
    /// Longest WKT that is looked at, bytes.
    const LONGEST: usize = 100_000;
    let wkt = wkt.trim();
    if wkt.len() > LONGEST {
        return None;
    }
    let mut outer = None;
    let (mut depth, mut is_quoted) = (0_usize, false);
    for (at, letter) in wkt.char_indices() {
        match letter {
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '[' | '(' => {
                let word = wkt[..at].rsplit([',', '[', '(']).next().unwrap_or_default().trim();
                let is_id = word.eq_ignore_ascii_case("AUTHORITY") || word.eq_ignore_ascii_case("ID");
                if depth == 1 && is_id {
                    outer = authority(&wkt[at + 1..]).or(outer);
                }
                depth += 1;
            }
            ']' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    outer.or_else(|| of_title(wkt.split('"').nth(1)?))
}

/// `"EPSG","28992"]` or `"EPSG",28992]`.
fn authority(rest: &str) -> Option<Crs> {
    let inside = rest.split([']', ')']).next()?;
    let mut parts = inside.split(',').map(|part| part.trim().trim_matches('"'));
    let is_epsg = parts.next()?.eq_ignore_ascii_case("EPSG");
    is_epsg.then(|| code(parts.next()?))?
}

/// The CRS that programs give this name.
fn of_title(title: &str) -> Option<Crs> {
    let plain: String = title
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let known = match plain.as_str() {
        "rdnew" | "amersfoortrdnew" | "rdnetherlandsnew" | "amersfoortrdstereo" => 28992,
        "amersfoortrdnewnapheight" | "rdnewnap" | "rdnewnapheight" => 7415,
        "rdold" | "amersfoortrdold" => 28991,
        "gcswgs1984" | "wgs84" | "wgs1984" | "gcswgs84" | "wgs84crs84" | "crs84" => 4326,
        "gcsetrs1989" | "etrs89" | "etrs1989" => 4258,
        "gcsamersfoort" | "amersfoort" => 4289,
        "wgs1984webmercatorauxiliarysphere"
        | "wgs84pseudomercator"
        | "webmercator"
        | "popularvisualisationcrsmercator" => 3857,
        "etrs1989laea" | "etrs89laeaeurope" | "etrs89extendedlaeaeurope" => 3035,
        _ => return of_utm(&plain),
    };
    Some(Crs(known))
}

/// `etrs1989utmzone32n`, `wgs84utmzone31n`.
fn of_utm(plain: &str) -> Option<Crs> {
    let (datum, zone) = plain.split_once("utmzone")?;
    let north = zone.ends_with('n');
    let zone: u32 = zone.trim_end_matches(['n', 's']).parse().ok()?;
    if !(1..=60).contains(&zone) {
        return None;
    }
    match (datum, north) {
        ("etrs1989" | "etrs89", true) if (28..=38).contains(&zone) => Some(Crs(25800 + zone)),
        ("wgs1984" | "wgs84", true) => Some(Crs(32600 + zone)),
        ("wgs1984" | "wgs84", false) => Some(Crs(32700 + zone)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_urns_and_addresses_give_a_code() {
        for (name, expected) in [
            ("EPSG:28992", Some(28992)),
            ("urn:ogc:def:crs:EPSG::28992", Some(28992)),
            ("urn:ogc:def:crs:EPSG:6.9:7415", Some(7415)),
            ("http://www.opengis.net/def/crs/EPSG/0/4258", Some(4258)),
            ("http://www.opengis.net/gml/srs/epsg.xml#31370", Some(31370)),
            ("urn:ogc:def:crs:OGC:1.3:CRS84", Some(4326)),
            ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", Some(4326)),
            ("urn:ogc:def:crs,crs:EPSG::28992,crs:EPSG::5709", Some(7415)),
            ("EPSG:28992+5709", Some(7415)),
            ("EPSG:0", None),
            ("EPSG:", None),
            ("somewhere", None),
            ("", None),
        ] {
            assert_eq!(of_name(name).map(|crs| crs.0), expected, "{name}");
        }
    }

    #[test]
    fn wkt_gives_the_outermost_authority_or_a_known_name() {
        for (wkt, expected) in [
            (
                r#"PROJCS["Amersfoort / RD New",GEOGCS["Amersfoort",AUTHORITY["EPSG","4289"]],AUTHORITY["EPSG","28992"]]"#,
                Some(28992),
            ),
            (
                r#"PROJCRS["x",BASEGEOGCRS["y",ID["EPSG",4289]],ID["EPSG",28992]]"#,
                Some(28992),
            ),
            (
                r#"PROJCS["RD_New",GEOGCS["GCS_Amersfoort",DATUM["D_Amersfoort",SPHEROID["B",1,2]]]]"#,
                Some(28992),
            ),
            (r#"GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984"]]"#, Some(4326)),
            (
                r#"PROJCS["ETRS_1989_UTM_Zone_32N",GEOGCS["GCS_ETRS_1989"]]"#,
                Some(25832),
            ),
            (r#"PROJCS["WGS_1984_UTM_Zone_31N",GEOGCS["GCS_WGS_1984"]]"#, Some(32631)),
            (r#"PROJCS["Custom",GEOGCS["x",AUTHORITY["EPSG","4289"]]]"#, None),
            ("PROJCS[", None),
            ("[[[[[[", None),
        ] {
            assert_eq!(of_wkt(wkt).map(|crs| crs.0), expected, "{wkt}");
        }
    }

    #[test]
    fn only_definitions_put_north_first() {
        assert!(is_north_first("urn:ogc:def:crs:EPSG::4258"));
        assert!(is_north_first("http://www.opengis.net/def/crs/EPSG/0/4326"));
        for name in [
            "EPSG:4326",
            "urn:ogc:def:crs:EPSG::28992",
            "urn:ogc:def:crs:OGC:1.3:CRS84",
        ] {
            assert!(!is_north_first(name), "{name}");
        }
    }
}
