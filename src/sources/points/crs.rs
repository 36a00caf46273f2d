//! Which CRS a file means: its WKT, else its `GeoTIFF` keys.

use super::header::{SideRecord, record};
use crate::georef::Crs;
use crate::sources::crs_name::of_wkt;
use crate::sources::raster::GeoKeys;

const OWNER: &str = "LASF_Projection";

/// The CRS of a file, and the name that it gives where that leads to none.
pub(super) fn of_records(records: &[SideRecord]) -> (Option<Crs>, Option<String>) {
    let text = |number: u16| record(records, OWNER, number).map(|bytes| text_of(bytes));
    let wkt = text(2112).filter(|wkt| !wkt.is_empty());
    let from_wkt = wkt.as_deref().and_then(of_any_wkt);
    let rows: Vec<u64> = record(records, OWNER, 34735)
        .unwrap_or_default()
        .as_chunks::<2>()
        .0
        .iter()
        .map(|pair| u64::from(u16::from_le_bytes(*pair)))
        .collect();
    let keys = GeoKeys::of_rows(&rows, &text(34737).unwrap_or_default());
    let named = wkt.and_then(|wkt| Some(wkt.split('"').nth(1)?.to_owned()));
    let citation = Some(keys.citation).filter(|citation| !citation.is_empty());
    (from_wkt.or(keys.crs), named.or(citation))
}

/// The CRS of WKT; that of its horizontal part where a compound has no code of its own.
fn of_any_wkt(wkt: &str) -> Option<Crs> {
    of_wkt(wkt).or_else(|| {
        let upper = wkt.to_ascii_uppercase();
        let starts = ["PROJCS[", "PROJCRS[", "GEOGCS[", "GEOGCRS["];
        let part = starts
            .iter()
            .filter_map(|start| upper.find(start))
            .min()
            .filter(|at| *at > 0)?;
        let crs = of_wkt(part_at(wkt.get(part..)?))?;
        let is_nap = ["VERT_CS[", "VERTCRS["].iter().any(|start| {
            let vertical = upper.find(start).and_then(|at| wkt.get(at..));
            vertical.and_then(|vertical| of_wkt(part_at(vertical))) == Some(Crs(5709))
        });
        Some(if crs == Crs::RD && is_nap { Crs::RD_NAP } else { crs })
    })
}

/// WKT up to the bracket that closes its first.
fn part_at(wkt: &str) -> &str {
    let (mut depth, mut is_quoted) = (0_usize, false);
    for (at, letter) in wkt.char_indices() {
        match letter {
            '"' => is_quoted = !is_quoted,
            '[' if !is_quoted => depth += 1,
            ']' if !is_quoted => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return &wkt[..=at];
                }
            }
            _ => {}
        }
    }
    wkt
}

fn text_of(bytes: &[u8]) -> String {
    // One letter a byte where it is not UTF-8, so that counts of bytes stay places in the text.
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes
            .iter()
            .map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' })
            .collect(),
    };
    text.trim_end_matches('\0').trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compound_without_a_code_has_that_of_its_parts() {
        let horizontal = r#"PROJCS["Amersfoort / RD New",GEOGCS["Amersfoort"],AUTHORITY["EPSG","28992"]]"#;
        let vertical = r#"VERT_CS["NAP height",AUTHORITY["EPSG","5709"]]"#;
        let compound = format!(r#"COMPD_CS["RD + NAP x",{horizontal},{vertical}]"#);
        assert_eq!(of_any_wkt(&compound), Some(Crs::RD_NAP));
        let unknown = format!(r#"COMPD_CS["x",{horizontal},VERT_CS["y"]]"#);
        assert_eq!(of_any_wkt(&unknown), Some(Crs::RD));
        for damaged in ["", "[", "COMPD_CS[", "PROJCS[\"", "VERT_CS[]PROJCS[", "é]PROJCS[é"] {
            assert_eq!(of_any_wkt(damaged), None, "{damaged}");
        }
    }
}
