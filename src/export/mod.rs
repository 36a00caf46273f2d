//! Taking a scenario away: one package with all that it is made of, pictures, tables, and a page that reads without the
//! program.
//!
//! A package is a zip archive. At its top stand `scenario.json`, with the notes in it, and the files that the scenario
//! names, under their own paths, so that it opens in Stadslens as it did before; `lists/` with lists of objects that were
//! added in the program, which `scenario.json` names as layers; `pictures/` with every viewpoint in every variant;
//! `tables/` with the indicators; `notes/` with the notes as `GeoJSON` in WGS84 and in RD, for other systems; `index.html`
//! and `index.en.html`; and `manifest.json` with the SHA-256 of each file. It holds no path of the machine, no name of a
//! user and no time but the day, and the same input gives the same bytes.
//!
//! Every table of an example (`synthetic`) says so in each of its rows, in its last column: a row that is copied out of it
//! must not pass for a real one. In the tables of a real place that column is there too, and empty.
//!
//! [`Report`] is what the page says, apart from how it looks: a later, fuller report is another template over it.

mod heights;
mod lists;
mod notes;
mod package;
mod page;
mod reactions;
mod report;
mod tables;
pub(crate) mod words;

pub use notes::{NoteCrs, notes_geojson};
pub use package::{PackageError, Parts, Picture, package};
pub use page::page;
pub use reactions::{
    count_heads, count_rows, counts_csv, counts_remark, smiley_word, spots_csv, theme_word, words_csv,
};
pub use report::Report;
pub use tables::indicators_csv;

use crate::analysis::{Indicators, StudyArea};
use crate::model::Variant;

/// What was counted, for tables and the page.
pub struct Counted<'a> {
    /// The land that was counted in.
    pub area: StudyArea,
    /// Today.
    pub today: Indicators,
    /// The variants that change something, with their numbers when all is built.
    pub variants: Vec<(&'a Variant, Indicators)>,
}
