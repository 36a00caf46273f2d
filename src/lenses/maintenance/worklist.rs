//! The list as a CSV file that goes outside and into the systems of the owner.
//!
//! Semicolons, decimal commas and a byte order mark, as spreadsheets in the Netherlands read it without questions;
//! quoted as RFC 4180 says. The headings are Dutch in every language of the interface: they are read by other systems,
//! and must not change with whoever presses the button. Coordinates are RD metres, heights metres above NAP; both stay
//! empty where they are not known, never guessed.

use super::list::is_overdue;
use crate::georef::{RdNap, SitePos};
use crate::model::{Asset, AssetKind, OpenScenario};
use crate::panels::report_words::{category_words, theme_of, theme_words};
use crate::text::Language;
use bevy::math::DVec2;
use jiff::civil::Date;
use std::collections::BTreeSet;

/// Text that spreadsheets take as the start of a formula.
const FORMULA_SIGNS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The objects at `places`, in that order, as a file.
pub(super) fn assets_csv(open: &OpenScenario, places: &[usize], removed: &BTreeSet<usize>, today: Date) -> Vec<u8> {
    let late = format!("Inspectie te laat op {today}");
    let mut table = Table::new(&[
        "Objectnummer",
        "Soort",
        "Conditiescore NEN 2767",
        "Kwaliteitsniveau CROW",
        "Laatste inspectie",
        "Volgende inspectie",
        &late,
        "Verdwijnt in variant",
        "RD x (m)",
        "RD y (m)",
        "Maaiveld (m NAP)",
        "Hoogte (m)",
        "Kroon (m)",
        "Opmerking",
    ]);
    let variant_of = |place: usize| if removed.contains(&place) { "ja" } else { "nee" };
    for (place, asset) in places
        .iter()
        .filter_map(|place| Some((*place, open.assets.get(*place)?)))
    {
        let known = |metres: f64| (metres > 0.0).then_some(metres);
        table.text(&asset.id);
        table.text(kind_word(asset));
        table.text(&asset.condition.map(|score| score.to_string()).unwrap_or_default());
        table.text(asset.upkeep.as_deref().unwrap_or_default());
        table.date(asset.inspected);
        table.date(asset.next_inspection);
        table.text(match asset.next_inspection {
            None => "geen datum",
            Some(_) if is_overdue(asset, today) => "ja",
            Some(_) => "nee",
        });
        table.text(variant_of(place));
        table.place(open, asset.position);
        table.number(known(asset.height_m), 1);
        table.number(known(asset.crown_m), 1);
        table.text(remark(open));
        table.end_row();
    }
    table.bytes
}

/// The reports at `places`, in that order, as a file.
pub(super) fn reports_csv(open: &OpenScenario, places: &[usize]) -> Vec<u8> {
    let mut table = Table::new(&[
        "Meldingsnummer",
        "Hoofdcategorie",
        "Categorie",
        "Status",
        "Gemeld op",
        "RD x (m)",
        "RD y (m)",
        "Maaiveld (m NAP)",
        "Opmerking",
    ]);
    let dutch = Language::from_code("nl").unwrap_or_default();
    for report in places.iter().filter_map(|place| open.reports.get(*place)) {
        table.text(&report.id);
        table.text(&theme_words(theme_of(&report.category), &dutch));
        table.text(&category_words(&report.category, &dutch));
        table.text(&report.status);
        table.date(report.created);
        table.place(open, report.position);
        table.text(remark(open));
        table.end_row();
    }
    table.bytes
}

fn kind_word(asset: &Asset) -> &'static str {
    match asset.kind {
        AssetKind::Tree => "Boom",
        AssetKind::Lamp => "Lichtmast",
        AssetKind::Bench => "Bank",
        AssetKind::Bin => "Afvalbak",
        AssetKind::Manhole => "Rioolput",
        AssetKind::Other => "Object",
    }
}

/// A row of an invented city must not pass for a real one once it is outside.
fn remark(open: &OpenScenario) -> &'static str {
    if open.scenario.synthetic {
        "voorbeeld, niet echt"
    } else {
        ""
    }
}

/// Rows of fields, written one after the other.
struct Table {
    bytes: Vec<u8>,
    is_row_begun: bool,
}

impl Table {
    fn new(headings: &[&str]) -> Self {
        let mut table = Self {
            bytes: "\u{feff}".as_bytes().to_vec(),
            is_row_begun: false,
        };
        for heading in headings {
            table.field(heading);
        }
        table.end_row();
        table
    }

    fn field(&mut self, text: &str) {
        if self.is_row_begun {
            self.bytes.push(b';');
        }
        self.is_row_begun = true;
        let is_plain = !text.contains([';', '"', '\r', '\n']) && text.trim() == text;
        if is_plain {
            self.bytes.extend_from_slice(text.as_bytes());
        } else {
            self.bytes.push(b'"');
            self.bytes.extend_from_slice(text.replace('"', "\"\"").as_bytes());
            self.bytes.push(b'"');
        }
    }

    /// Text from a file: it may have been made to be run by whoever opens the list.
    fn text(&mut self, text: &str) {
        if text.trim_start_matches(' ').starts_with(FORMULA_SIGNS) {
            self.field(&format!("'{text}"));
        } else {
            self.field(text);
        }
    }

    fn number(&mut self, value: Option<f64>, decimals: usize) {
        let text = value
            .filter(|value| value.is_finite())
            .map(|value| format!("{value:.decimals$}").replace('.', ","))
            .unwrap_or_default();
        self.field(&text);
    }

    fn date(&mut self, day: Option<Date>) {
        self.field(&day.map(|day| day.to_string()).unwrap_or_default());
    }

    fn place(&mut self, open: &OpenScenario, position: DVec2) {
        let at = SitePos(position.extend(open.terrain.height_at(position)));
        let place: Option<RdNap> = open.scenario.area.site.rd_nap_from_site(at);
        self.number(place.map(|place| place.x_m), 2);
        self.number(place.map(|place| place.y_m), 2);
        self.number(
            place
                .filter(|_| open.has_terrain && !open.is_terrain_made_up)
                .map(|place| place.nap_m),
            2,
        );
    }

    fn end_row(&mut self) {
        self.bytes.extend_from_slice(b"\r\n");
        self.is_row_begun = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(texts: &[&str]) -> String {
        let mut table = Table::new(&[]);
        for text in texts {
            table.text(text);
        }
        table.end_row();
        String::from_utf8(table.bytes)
            .unwrap()
            .trim_start_matches("\u{feff}\r\n")
            .to_owned()
    }

    #[test]
    fn a_file_begins_with_its_mark_and_headings() {
        let bytes = Table::new(&["Objectnummer", "RD x (m)"]).bytes;
        assert_eq!(bytes, b"\xef\xbb\xbfObjectnummer;RD x (m)\r\n");
    }

    #[test]
    fn what_would_break_the_table_is_quoted() {
        assert_eq!(row(&["a;b", "c", ""]), "\"a;b\";c;\r\n");
        assert_eq!(row(&["say \"no\""]), "\"say \"\"no\"\"\"\r\n");
        assert_eq!(row(&["two\nlines", " spaced "]), "\"two\nlines\";\" spaced \"\r\n");
        assert_eq!(row(&["1,5"]), "1,5\r\n", "a comma is no separator here");
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_made_text() {
        for text in ["=1+1", "+31", "-2", "@SUM(A1)", " =1", "\t=1", "\r=1"] {
            let written = row(&[text]);
            assert!(
                written.trim_start_matches('"').starts_with('\''),
                "{text:?} was written {written:?}"
            );
        }
        assert_eq!(
            row(&["B-0001", "a=b"]),
            "B-0001;a=b\r\n",
            "in the middle it is harmless"
        );
    }

    #[test]
    fn numbers_have_a_comma_and_what_is_unknown_is_empty() {
        let mut table = Table::new(&[]);
        table.number(Some(250_708.8), 2);
        table.number(Some(-0.5), 1);
        table.number(None, 2);
        table.number(Some(f64::NAN), 2);
        table.end_row();
        let text = String::from_utf8(table.bytes).unwrap();
        assert_eq!(text, "\u{feff}\r\n250708,80;-0,5;;\r\n");
    }
}
