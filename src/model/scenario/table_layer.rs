//! Managed objects from a table (CSV): where each row stands, what it is, and what is known of it.
//!
//! A table does not say in which system its coordinates are, nor which sign stands before decimals. Both are tried
//! against where the area lies: what brings most rows there is right. Where nothing does, or two answers do, the table
//! is refused with one line, because a thousand objects in the wrong place are worse than none.

mod lines;

use super::columns::{Columns, Meaning, condition, kind_of_word, upkeep};
use super::findings::Findings;
use super::projection::Projection;
use crate::georef::SiteFrame;
use crate::model::{Asset, AssetKind};
use crate::sources::table::{self, NumberStyle, Row, Table, day, line_place};
use crate::sources::{Cause, Problem};
use bevy::math::DVec2;
use lines::Lines;
use std::collections::{BTreeMap, HashSet};

/// Rows that are tried to find out how coordinates are written.
const TRIED: usize = 500;
/// A table without one object this near to the area is worth a warning, metres.
const NEAR_M: f64 = 1000.0;
/// Systems that are tried, where none is named.
const SYSTEMS: [&str; 2] = ["EPSG:28992", "EPSG:4326"];

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
            findings.warning(line_place(1), message);
        }
        &guessed
    };
    assets(&table, path, columns, ground, findings)
}

/// The objects of a table.
pub(super) fn assets(
    table: &Table,
    path: &str,
    columns: &Columns,
    ground: &Ground<'_>,
    findings: &mut Findings,
) -> Result<Objects, Problem> {
    let mut lines = Lines::new(findings);
    let found = find_columns(table, columns, &mut lines);
    let (Some(x), Some(y)) = (found.get(&Meaning::X), found.get(&Meaning::Y)) else {
        let message = format!(
            "no columns for x and y; name them as `columns` in the layer (there are {})",
            named(&table.headers)
        );
        return Err(Problem::error(path, line_place(1), message));
    };
    let place = Placing::find(table, [*x, *y], columns.crs.as_deref(), ground.site)
        .map_err(|message| Problem::error(path, "", message).because(Cause::Place))?;
    let mut reader = RowReader {
        table,
        columns,
        found: &found,
        styles: found
            .values()
            .map(|column| (*column, style_of(table, *column).unwrap_or(place.style)))
            .collect(),
        ids: HashSet::new(),
        unknown_kinds: BTreeMap::new(),
        lines,
    };
    let mut assets = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        match place.site(row) {
            Ok(position) => assets.extend(reader.asset(row, position)),
            Err(message) => reader.lines.error(
                "place",
                Cause::Place,
                row.line,
                format!("{message}; the object is left out"),
            ),
        }
    }
    if table.rows.is_empty() {
        reader
            .lines
            .findings
            .warning("", "the table has no rows that can be used");
    }
    reader.tell_unknown_kinds();
    reader.lines.finish();
    if !assets.is_empty() && !is_any_near(&assets, ground.outline) {
        findings.warning(
            "",
            format!(
                "none of the {} objects lies within a kilometre of the area",
                assets.len()
            ),
        );
    }
    Ok(Objects {
        assets,
        crs: place.projection.name().to_owned(),
    })
}

/// The places of the columns that are named and there.
fn find_columns(table: &Table, columns: &Columns, lines: &mut Lines<'_>) -> BTreeMap<Meaning, usize> {
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
            None => lines.findings.error(
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

fn style_of(table: &Table, column: usize) -> Option<NumberStyle> {
    NumberStyle::of(table.rows.iter().map(|row| row.field(column)))
}

/// How the coordinates of a table are written.
struct Placing {
    columns: [usize; 2],
    style: NumberStyle,
    projection: Projection,
}

impl Placing {
    /// Every way to read the coordinates.
    fn ways(
        columns: [usize; 2],
        systems: &[&str],
        styles: &[NumberStyle],
        site: SiteFrame,
    ) -> Result<Vec<Self>, String> {
        let pairs = systems
            .iter()
            .flat_map(|system| styles.iter().map(move |style| (*system, *style)));
        pairs
            .map(|(system, style)| {
                Ok(Self {
                    columns,
                    style,
                    projection: Projection::new(site, system)?,
                })
            })
            .collect()
    }

    /// Tries what is not known against where the area lies; the text says why nothing fits.
    fn find(table: &Table, columns: [usize; 2], crs: Option<&str>, site: SiteFrame) -> Result<Self, String> {
        let known = columns.iter().find_map(|column| style_of(table, *column));
        let styles = match (known, table.delimiter) {
            (Some(known), _) => vec![known],
            // A comma between columns leaves the point for decimals.
            (None, ',') => vec![NumberStyle::Point, NumberStyle::Comma],
            (None, _) => vec![NumberStyle::Comma, NumberStyle::Point],
        };
        let systems: Vec<&str> = crs.map_or_else(|| SYSTEMS.to_vec(), |crs| vec![crs]);
        let filled: Vec<&Row> = table
            .rows
            .iter()
            .filter(|row| columns.iter().all(|column| !row.field(*column).is_empty()))
            .take(TRIED)
            .collect();
        let mut ways = Self::ways(columns, &systems, &styles, site)?;
        if filled.is_empty() {
            // No row has a place, and each will say so.
            ways.truncate(1);
        } else {
            let is_most = |placed: usize| placed * 2 > filled.len();
            let mut good: Vec<(Vec<DVec2>, Self)> = Vec::new();
            for way in ways {
                let placed = way.placed(&filled);
                // Whole numbers are the same in both styles: no doubt.
                if is_most(placed.len()) && good.last().is_none_or(|(known, _)| *known != placed) {
                    good.push((placed, way));
                }
            }
            if good.is_empty() {
                let [x, y] = columns;
                let turned = Self::ways([y, x], &systems, &styles, site)?;
                let is_turned = turned.iter().any(|way| is_most(way.placed(&filled).len()));
                let ways = Self::ways(columns, &systems, &styles, site)?;
                return Err(no_place(&ways, &filled, is_turned));
            }
            ways = good.into_iter().map(|(_, way)| way).collect();
        }
        match (ways.pop(), ways.is_empty()) {
            (Some(way), true) => Ok(way),
            _ => Err(
                "the coordinates can be read in two ways that both lie here; name their system as `crs` in `columns`, \
                 and write them without marks of thousands"
                    .into(),
            ),
        }
    }

    fn placed(&self, rows: &[&Row]) -> Vec<DVec2> {
        rows.iter().filter_map(|row| self.site(row).ok()).collect()
    }

    fn site(&self, row: &Row) -> Result<DVec2, String> {
        let [x, y] = self.columns.map(|column| row.field(column));
        if x.is_empty() || y.is_empty() {
            return Err("x or y is empty".into());
        }
        let number = |field: &str| {
            let number = self.style.number(field);
            number.ok_or_else(|| format!("the coordinate `{}` is no number", shortened(field)))
        };
        self.projection.site_from_file([number(x)?, number(y)?])
    }
}

/// Why none of the ways to read the coordinates brings most of them here.
fn no_place(ways: &[Placing], filled: &[&Row], is_turned: bool) -> String {
    let (Some(first), Some(way)) = (filled.first(), ways.first()) else {
        return String::new();
    };
    let [x, y] = way.columns.map(|column| shortened(first.field(column)));
    if is_turned {
        return format!(
            "x and y (longitude and latitude) seem to be swapped: the first point is {x}, {y}; exchange the two columns"
        );
    }
    if ways
        .iter()
        .all(|other| other.projection.name() == way.projection.name())
    {
        let bad = filled.len() - way.placed(filled).len();
        let error = filled.iter().find_map(|row| way.site(row).err()).unwrap_or_default();
        return format!(
            "{bad} of {} points have no place here; the first: {error}",
            filled.len()
        );
    }
    format!(
        "the coordinates fit neither RD ({}) nor longitude and latitude ({}) near this area: the first point is {x}, \
         {y}; name their system as `crs` in `columns`",
        SYSTEMS[0], SYSTEMS[1]
    )
}

/// A field as a message shows it.
fn shortened(field: &str) -> String {
    const SHOWN: usize = 40;
    match field.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", field.get(..end).unwrap_or_default()),
        None => field.to_owned(),
    }
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

struct RowReader<'a> {
    table: &'a Table,
    columns: &'a Columns,
    found: &'a BTreeMap<Meaning, usize>,
    /// How numbers are written, by column.
    styles: BTreeMap<usize, NumberStyle>,
    ids: HashSet<String>,
    unknown_kinds: BTreeMap<String, usize>,
    lines: Lines<'a>,
}

impl RowReader<'_> {
    fn field<'r>(&self, row: &'r Row, meaning: Meaning) -> &'r str {
        self.found.get(&meaning).map_or("", |column| row.field(*column))
    }

    fn asset(&mut self, row: &Row, position: DVec2) -> Option<Asset> {
        let id = self.id(row)?;
        // Number and place are told already, and tables are long.
        let told = [Meaning::X, Meaning::Y, Meaning::Id].map(|meaning| self.found.get(&meaning).copied());
        let attributes = self.table.headers.iter().zip(0..);
        let attributes = attributes.filter(|(_, column)| !told.contains(&Some(*column)));
        Some(Asset {
            id,
            kind: self.kind(row),
            position,
            heading_deg: self.number(row, Meaning::Heading, -360.0, 360.0).rem_euclid(360.0),
            height_m: self.number(row, Meaning::Height, 0.0, 150.0),
            crown_m: self.number(row, Meaning::Crown, 0.0, 60.0),
            condition: self.value(row, Meaning::Condition, "a NEN 2767 score from 1 to 6", condition),
            upkeep: self
                .value(row, Meaning::Upkeep, "one of the CROW levels A+, A, B, C, D", upkeep)
                .map(str::to_owned),
            inspected: self.day(row, Meaning::Inspected),
            next_inspection: self.day(row, Meaning::NextInspection),
            // Empty fields are left out: tables have dozens of columns that only some kinds of object use.
            attributes: attributes
                .map(|(heading, column)| (heading, row.field(column)))
                .filter(|(_, field)| !field.is_empty())
                .map(|(heading, field)| (heading.clone(), field.to_owned()))
                .collect(),
        })
    }

    /// The owner's number; `None` where it is taken.
    fn id(&mut self, row: &Row) -> Option<String> {
        let id = self.field(row, Meaning::Id);
        if id.is_empty() {
            if self.found.contains_key(&Meaning::Id) {
                let message = "there is no object number; notes cannot be kept with this object";
                self.lines.error("number", Cause::Content, row.line, message.into());
            }
            return Some(format!("#{}", row.line));
        }
        if self.ids.insert(id.to_owned()) {
            return Some(id.to_owned());
        }
        let message = format!(
            "the number `{}` is taken by an earlier line; the object is left out",
            shortened(id)
        );
        self.lines.error("number taken", Cause::Duplicate, row.line, message);
        None
    }

    fn kind(&mut self, row: &Row) -> AssetKind {
        let field = self.field(row, Meaning::Kind);
        if field.is_empty() {
            return self.columns.all_are.unwrap_or(AssetKind::Other);
        }
        let word = field.to_lowercase();
        let known = self.columns.kinds.get(&word).copied().or_else(|| kind_of_word(&word));
        known.unwrap_or_else(|| {
            /// Words that are remembered: the columns may be wrong, and then each row has another.
            const WORDS: usize = 1000;
            let word = shortened(&word);
            if self.unknown_kinds.len() < WORDS || self.unknown_kinds.contains_key(&word) {
                *self.unknown_kinds.entry(word).or_default() += 1;
            }
            self.columns.all_are.unwrap_or(AssetKind::Other)
        })
    }

    /// One line for all words that are not known.
    fn tell_unknown_kinds(&mut self) {
        const SHOWN: usize = 5;
        if self.unknown_kinds.is_empty() || self.columns.all_are.is_some() {
            return;
        }
        let mut words: Vec<(&String, &usize)> = self.unknown_kinds.iter().collect();
        words.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let shown: Vec<String> = words
            .iter()
            .take(SHOWN)
            .map(|(word, count)| format!("`{word}` ({count})"))
            .collect();
        let more = words.len().saturating_sub(SHOWN);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let message = format!(
            "these types are not known and count as other objects: {}{more}; say in `columns.types` what they are",
            shown.join(", ")
        );
        self.lines.findings.warning("", message);
    }

    /// A field read by `read`; what it cannot read is named and counts as unknown.
    fn value<T>(&mut self, row: &Row, meaning: Meaning, expected: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let field = self.field(row, meaning);
        if field.is_empty() {
            return None;
        }
        let value = read(field);
        if value.is_none() {
            let message = format!(
                "expected {expected} for {}, found `{}`; it counts as unknown",
                meaning.key(),
                shortened(field)
            );
            self.lines.error(meaning.key(), Cause::Content, row.line, message);
        }
        value
    }

    fn day(&mut self, row: &Row, meaning: Meaning) -> Option<jiff::civil::Date> {
        self.value(row, meaning, "a date like 2026-03-21 or 21-03-2026", day)
    }

    /// A number, 0 where it is unknown.
    fn number(&mut self, row: &Row, meaning: Meaning, least: f64, most: f64) -> f64 {
        let column = self.found.get(&meaning);
        let style = column.and_then(|column| self.styles.get(column)).copied();
        let style = style.unwrap_or(NumberStyle::Comma);
        let expected = format!("a number between {least} and {most}");
        let read = |field: &str| style.number(field).filter(|number| (least..=most).contains(number));
        self.value(row, meaning, &expected, read).unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests;
