//! Managed objects from a table (CSV): where each row stands, what it is, and what is known of it.
//!
//! A table does not say in which system its coordinates are, nor which sign stands before decimals. Both are tried
//! against where the area lies: what brings most rows there is right. Where two answers do, the table is left out with
//! one line, because a thousand objects in the wrong place are worse than none.
//!
//! Lists come from systems that people filled in over years, so mistakes are normal, and who keeps the list wants all of
//! them in one pass, with the lines, and the rest on the map:
//!
//! | what is wrong | what comes of it |
//! |---|---|
//! | a row without a place here | the row is left out (error); the lines stand together in one problem |
//! | more than half of the rows without a place | the others are shown, and an error says that the mapping may be wrong |
//! | no row with a place | the whole list is left out (error), with what to do about it |
//! | an object number that stands there more than once | all rows are shown (warning), as with the same number in two lists |
//! | no object number, a word for a kind that is not known, no column of kinds | the object is shown (warning) |
//! | a field that cannot be read or believed | it counts as unknown (warning); the card shows it as it stands |
//!
//! An error is what leaves something out, a warning costs nothing on the map. A row that is left out is read all the
//! same, so that the other mistakes in it are told as well. A minority that can be placed is shown because a list of a
//! whole province is a sound list: what lies near the area belongs on the map.

mod lines;
mod placing;
mod rows;

use super::columns::{Columns, Meaning};
use super::findings::Findings;
use crate::georef::SiteFrame;
use crate::model::Asset;
use crate::sources::table::{self, Table, line_place};
use crate::sources::{Cause, Problem};
use bevy::math::DVec2;
use lines::Lines;
use placing::{Coordinates, Places, Placing};
use rows::RowReader;
use std::collections::BTreeMap;

/// A table without one object this near to the area is worth a warning, metres.
const NEAR_M: f64 = 1000.0;

/// Where a table's objects are put.
pub(super) struct Ground<'a> {
    /// The frame they stand in.
    pub(super) site: SiteFrame,
    /// Outline of the area, site metres; may be empty.
    pub(super) outline: &'a [DVec2],
}

/// What a table gives.
#[derive(Debug)]
pub(super) struct Objects {
    /// The objects.
    pub(super) assets: Vec<Asset>,
    /// The system that their coordinates are in, named or found.
    pub(super) crs: String,
}

/// The objects of the table in `bytes`; without `columns` they are guessed, which is said.
pub(super) fn read(
    bytes: &[u8],
    path: &str,
    columns: Option<&Columns>,
    ground: &Ground<'_>,
    findings: &mut Findings,
) -> Result<Objects, Problem> {
    let (table, problems) = table::read(bytes, path)?;
    for problem in problems {
        findings.found(problem);
    }
    let guessed;
    let columns = if let Some(columns) = columns {
        columns
    } else {
        guessed = Columns::guess(&table);
        if guessed.named.contains_key(&Meaning::X) {
            let message = format!(
                "the layer names no `columns`, so they are guessed: {}; write them in the layer to be sure",
                guessed.told()
            );
            findings.warning_because(Cause::Guessed, line_place(1), message);
        }
        &guessed
    };
    assets(&table, path, columns, ground, findings)
}

/// The objects of a table. `Err` where nothing of it can be placed; what else is wrong is told then too.
pub(super) fn assets(
    table: &Table,
    path: &str,
    columns: &Columns,
    ground: &Ground<'_>,
    findings: &mut Findings,
) -> Result<Objects, Problem> {
    let found = find_columns(table, columns, findings);
    let outcome = place(table, path, columns, &found, ground.site, findings);
    let way = outcome.as_ref().ok().map(|(way, _)| way.style);
    let mut reader = RowReader::new(table, columns, &found, way, Lines::new(findings));
    let mut assets = Vec::with_capacity(table.rows.len());
    let mut positions = outcome.iter().flat_map(|(_, places)| &places.of_rows);
    for row in &table.rows {
        let position = positions.next().copied().flatten();
        // A row without a place is read as well: everything that is wrong with it is told at once.
        let asset = reader.asset(row, position.unwrap_or_default());
        assets.extend(position.map(|_| asset));
    }
    reader.finish();
    if table.rows.is_empty() {
        findings.warning_because(Cause::Empty, "", "the table has no rows that can be used");
    } else if !columns.named.contains_key(&Meaning::Kind) && columns.all_are.is_none() {
        findings.warning_because(Cause::UnknownKind, line_place(1), no_kinds(table));
    }
    let (way, _) = outcome?;
    if !assets.is_empty() && !is_any_near(&assets, ground.outline) {
        let message = format!(
            "none of the {} objects lies within a kilometre of the area",
            assets.len()
        );
        findings.warning_because(Cause::Elsewhere, "", message);
    }
    Ok(Objects {
        assets,
        crs: way.crs().to_owned(),
    })
}

/// Where the rows stand; the rows that are left out are told. `Err` where all of them are.
fn place<'t>(
    table: &'t Table,
    path: &str,
    columns: &Columns,
    found: &BTreeMap<Meaning, usize>,
    site: SiteFrame,
    findings: &mut Findings,
) -> Result<(Placing, Places<'t>), Problem> {
    let (Some(x), Some(y)) = (found.get(&Meaning::X), found.get(&Meaning::Y)) else {
        let message = format!(
            "the whole list is left out, no columns for x and y: name them as `columns` in the layer (there are {})",
            named(&table.headers)
        );
        return Err(Problem::error(path, line_place(1), message).because(Cause::Nowhere));
    };
    let coordinates = Coordinates {
        table,
        columns: [*x, *y],
        crs: columns.crs.as_deref(),
        site,
    };
    let way = coordinates.find().map_err(|message| {
        let message = format!("the whole list is left out, {message}");
        Problem::error(path, "", message).because(Cause::Nowhere)
    })?;
    let places = Places::new(table, &way);
    places.tell(path, &coordinates, &way, findings)?;
    Ok((way, places))
}

/// The message that no column tells what kind of object each row is.
fn no_kinds(table: &Table) -> String {
    let likely = Columns::guess(table).named.remove(&Meaning::Kind);
    let hint = likely.map_or_else(
        || {
            let known = Meaning::Kind.headings().join(", ");
            format!(
                "headings that are known by themselves are {known}; there are {}",
                named(&table.headers)
            )
        },
        |likely| format!("`{likely}` looks like it"),
    );
    format!(
        "no column tells what kind of object each row is, so all of them count as other objects: name that column as \
         `type` in `columns`, or say as `all_are` what they are ({hint})"
    )
}

/// The places of the columns that are named and there.
fn find_columns(table: &Table, columns: &Columns, findings: &mut Findings) -> BTreeMap<Meaning, usize> {
    let mut found = BTreeMap::new();
    for (meaning, name) in &columns.named {
        let name = name.trim();
        let exact = table.headers.iter().position(|heading| heading == name);
        let column = exact.or_else(|| {
            let lower = name.to_lowercase();
            table.headers.iter().position(|heading| heading.to_lowercase() == lower)
        });
        match column {
            Some(column) => {
                found.insert(*meaning, column);
            }
            None => findings.error_because(
                Cause::Column,
                line_place(1),
                format!(
                    "there is no column `{name}`, which `columns.{}` names (there are {})",
                    meaning.key(),
                    named(&table.headers)
                ),
            ),
        }
    }
    found
}

/// The first names of a list, for a message.
fn named(headers: &[String]) -> String {
    const SHOWN: usize = 20;
    let more = if headers.len() > SHOWN { ", …" } else { "" };
    let names: Vec<&str> = headers.iter().take(SHOWN).map(String::as_str).collect();
    format!("{}{more}", names.join(", "))
}

/// Whether one of them lies in the box around the outline, or near it; yes where there is no outline.
fn is_any_near(assets: &[Asset], outline: &[DVec2]) -> bool {
    let Some(first) = outline.first() else { return true };
    let (low, high) = outline
        .iter()
        .fold((*first, *first), |(low, high), p| (low.min(*p), high.max(*p)));
    let near = DVec2::splat(NEAR_M);
    let is_near = |p: DVec2| p.cmpge(low - near).all() && p.cmple(high + near).all();
    assets.iter().any(|asset| is_near(asset.position))
}

#[cfg(test)]
mod tests;
