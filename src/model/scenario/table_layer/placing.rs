//! Where the rows of a table stand: how their coordinates are written, which rows have no place, and why.

use super::lines::LineList;
use crate::georef::SiteFrame;
use crate::model::scenario::findings::Findings;
use crate::model::scenario::projection::Projection;
use crate::sources::table::{NumberStyle, Row, Table};
use crate::sources::{Cause, Problem};
use bevy::math::DVec2;
use std::collections::BTreeMap;

/// Rows that are tried to find out how coordinates are written.
const TRIED: usize = 500;
/// Systems that are tried where none is named, and what they are called.
const SYSTEMS: [(&str, &str); 2] = [("EPSG:28992", "RD"), ("EPSG:4326", "longitude and latitude")];
/// Systems that asset systems write as well. They are never taken unless they are named, but a message names them.
const OTHERS: [(&str, &str); 3] = [
    ("EPSG:3857", "Web Mercator"),
    ("EPSG:25831", "UTM zone 31"),
    ("EPSG:25832", "UTM zone 32"),
];

/// How coordinates of a table may be written.
pub(super) struct Coordinates<'a> {
    /// The table.
    pub(super) table: &'a Table,
    /// Columns of x and y.
    pub(super) columns: [usize; 2],
    /// Their system, where it is named.
    pub(super) crs: Option<&'a str>,
    /// The frame that they lead to.
    pub(super) site: SiteFrame,
}

impl Coordinates<'_> {
    /// The way that brings most rows here, the first of those where several do; the first at all where none does.
    ///
    /// The text says why there is none: the system that is named is not known, or rows have two places that both lie
    /// here.
    pub(super) fn find(&self) -> Result<Placing, String> {
        let systems = SYSTEMS.map(|(system, _)| system);
        let systems = self.crs.as_ref().map_or(systems.as_slice(), std::slice::from_ref);
        let mut ways = self.ways(self.columns, systems)?;
        let is_filled = |row: &&Row| self.columns.iter().all(|column| !row.field(*column).is_empty());
        let filled: Vec<&Row> = self.table.rows.iter().filter(is_filled).collect();
        // From the whole table: lists are sorted by district, and the first of them may lie far away.
        let step = filled.len().div_ceil(TRIED).max(1);
        let some: Vec<&Row> = filled.iter().copied().step_by(step).collect();
        let best = match best_of(&ways, &some)? {
            None => best_of(&ways, &filled)?,
            found => found,
        };
        ways.truncate(best.unwrap_or_default() + 1);
        ways.pop()
            .ok_or_else(|| "there is no way to read the coordinates".into())
    }

    /// Every way to read `columns` in one of `systems`.
    fn ways(&self, columns: [usize; 2], systems: &[&str]) -> Result<Vec<Placing>, String> {
        // One field that is mistyped must not decide for all: the other style is tried as well.
        let told = columns.iter().find_map(|column| style_of(self.table, *column));
        let styles = match told.unwrap_or(by_delimiter(self.table)) {
            NumberStyle::Comma => [NumberStyle::Comma, NumberStyle::Point],
            NumberStyle::Point => [NumberStyle::Point, NumberStyle::Comma],
        };
        let pairs = systems.iter().flat_map(|system| styles.map(|style| (*system, style)));
        pairs
            .map(|(system, style)| {
                Ok(Placing {
                    columns,
                    style,
                    projection: Projection::new(self.site, system)?,
                })
            })
            .collect()
    }

    /// Which other reading brings most of `rows` here, and what to do then; they have no place as `used` reads them.
    fn hint(&self, used: &Placing, rows: &[&Row]) -> Option<String> {
        let fits = |columns, system| {
            let ways = self.ways(columns, &[system]).unwrap_or_default();
            ways.iter().any(|way| way.count(rows) * 2 > rows.len())
        };
        let is_used = |system: &str| system == used.projection.name();
        let known = SYSTEMS.into_iter().chain(OTHERS);
        if let Some((system, words)) = known
            .filter(|(system, _)| !is_used(system))
            .find(|(system, _)| fits(self.columns, *system))
        {
            return Some(format!(
                "these points are {words}: name `{system}` as the system (`crs` in `columns`)"
            ));
        }
        let [x, y] = self.columns;
        let mut systems = self.crs.into_iter().chain(SYSTEMS.map(|(system, _)| system));
        systems
            .any(|system| fits([y, x], system))
            .then(|| "x and y (longitude and latitude) seem to be swapped: exchange the two columns".to_owned())
    }

    /// The headings of x and y, for a message.
    fn headings(&self) -> String {
        let heading = |column: usize| self.table.headers.get(column).map_or("", String::as_str);
        let [x, y] = self.columns.map(heading);
        format!("`{x}` and `{y}`")
    }
}

/// The place of the way that brings most of `rows` here; `None` where none brings any.
fn best_of(ways: &[Placing], rows: &[&Row]) -> Result<Option<usize>, String> {
    let of_ways: Vec<Vec<Option<DVec2>>> = ways
        .iter()
        .map(|way| rows.iter().map(|row| way.site(row).ok()).collect())
        .collect();
    let counts = of_ways.iter().map(|places| places.iter().flatten().count());
    // The last of equals wins, so it is asked from behind.
    let best = counts.enumerate().collect::<Vec<_>>();
    let Some((best, most)) = best.into_iter().rev().max_by_key(|(_, count)| *count) else {
        return Ok(None);
    };
    let of_best = of_ways.get(best).map_or(&[][..], Vec::as_slice);
    // Whole numbers are the same in both styles: no doubt.
    let is_other = |(a, b): &(&Option<DVec2>, &Option<DVec2>)| a.is_some() && b.is_some() && a != b;
    let is_rival = |other: &Vec<Option<DVec2>>| of_best.iter().zip(other).filter(is_other).count() * 2 > most;
    if most > 0 && of_ways.iter().any(is_rival) {
        return Err(
            "the coordinates can be read in two ways that both lie here: name their system as `crs` in `columns`, and \
             write them without marks of thousands"
                .into(),
        );
    }
    Ok((most > 0).then_some(best))
}

/// The style that the fields of a column tell.
pub(super) fn style_of(table: &Table, column: usize) -> Option<NumberStyle> {
    NumberStyle::of(table.rows.iter().map(|row| row.field(column)))
}

/// The style where no field tells: a comma between columns leaves the point for decimals.
pub(super) fn by_delimiter(table: &Table) -> NumberStyle {
    match table.delimiter {
        ',' => NumberStyle::Point,
        _ => NumberStyle::Comma,
    }
}

/// What is wrong with the place of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// Nothing stands there.
    Empty,
    /// What stands there is no number.
    NoNumber,
    /// It is not here.
    Elsewhere,
}

/// A way to read the coordinates of a table.
pub(super) struct Placing {
    columns: [usize; 2],
    pub(super) style: NumberStyle,
    projection: Projection,
}

impl Placing {
    /// The system that the coordinates are in.
    pub(super) fn crs(&self) -> &str {
        self.projection.name()
    }

    fn count(&self, rows: &[&Row]) -> usize {
        rows.iter().filter(|row| self.site(row).is_ok()).count()
    }

    /// Where a row stands; else what is wrong, and in words.
    fn site(&self, row: &Row) -> Result<DVec2, (Fault, String)> {
        let [x, y] = self.columns.map(|column| row.field(column));
        if x.is_empty() || y.is_empty() {
            return Err((Fault::Empty, "x or y is empty".into()));
        }
        let number = |field: &str| {
            let number = self.style.number(field);
            number.ok_or_else(|| {
                let message = format!("the coordinate `{}` is no number", shortened(field));
                (Fault::NoNumber, message)
            })
        };
        self.projection
            .site_from_file([number(x)?, number(y)?])
            .map_err(|message| (Fault::Elsewhere, message))
    }
}

/// Where the rows of a table stand, in their order, and those that have no place.
pub(super) struct Places<'a> {
    /// Site metres; `None` for a row that is left out.
    pub(super) of_rows: Vec<Option<DVec2>>,
    /// Lines without a place, each fault with its first finding.
    faults: BTreeMap<Fault, (LineList, String)>,
    /// The first rows that lie elsewhere.
    elsewhere: Vec<&'a Row>,
}

impl<'a> Places<'a> {
    /// Where `way` puts the rows of `table`.
    pub(super) fn new(table: &'a Table, way: &Placing) -> Self {
        let mut places = Self {
            of_rows: Vec::with_capacity(table.rows.len()),
            faults: BTreeMap::new(),
            elsewhere: Vec::new(),
        };
        for row in &table.rows {
            let place = match way.site(row) {
                Ok(place) => Some(place),
                Err((fault, message)) => {
                    if fault == Fault::Elsewhere && places.elsewhere.len() < TRIED {
                        places.elsewhere.push(row);
                    }
                    let (lines, _) = places.faults.entry(fault).or_insert((LineList::default(), message));
                    lines.add(row.line);
                    None
                }
            };
            places.of_rows.push(place);
        }
        places
    }

    /// Tells which rows are left out. `Err` where that leaves nothing of the table at all.
    pub(super) fn tell(
        &self,
        path: &str,
        coordinates: &Coordinates<'_>,
        way: &Placing,
        findings: &mut Findings,
    ) -> Result<(), Problem> {
        let rows = self.of_rows.len();
        let placed = self.of_rows.iter().flatten().count();
        if placed == 0 && rows > 0 {
            let whole = match rows {
                1 => "its one row has no place here".to_owned(),
                _ => format!("none of its {rows} rows has a place here"),
            };
            let message = format!("the whole list is left out, {whole}: {}", self.advice(coordinates, way));
            return Err(Problem::error(path, "", message).because(Cause::Nowhere));
        }
        if placed * 2 < rows {
            let hint = coordinates.hint(way, &self.elsewhere).unwrap_or_else(|| {
                let why = if self.elsewhere.is_empty() {
                    "the others have no number there"
                } else {
                    "is this a list of another area, or in another system?"
                };
                why.to_owned()
            });
            let message = format!(
                "only {placed} of {rows} rows can be placed: check the columns of x and y ({}, read as {}); {hint}",
                coordinates.headings(),
                way.crs()
            );
            findings.error_because(Cause::MostlyNowhere, "", message);
        }
        for (fault, (lines, first)) in &self.faults {
            let message = match (lines.count(), fault) {
                (1, _) => format!("{first}; the row is left out"),
                (count, Fault::Empty) => format!("{first}; these {count} rows are left out"),
                (count, Fault::NoNumber) => {
                    format!("x or y of these {count} rows is no number and they are left out; the first: {first}")
                }
                (count, Fault::Elsewhere) => {
                    format!("these {count} rows have no place here and are left out; the first: {first}")
                }
            };
            let cause = match fault {
                Fault::Empty | Fault::NoNumber => Cause::NoCoordinates,
                Fault::Elsewhere => Cause::TooFar,
            };
            findings.error_because(cause, lines.place(), message);
        }
        Ok(())
    }

    /// What to do where no row has a place.
    fn advice(&self, coordinates: &Coordinates<'_>, way: &Placing) -> String {
        let headings = coordinates.headings();
        // What tells most is the fault that comes nearest to a place.
        let Some((fault, (lines, first))) = self.faults.last_key_value() else {
            return String::new();
        };
        match fault {
            Fault::Empty => format!("the columns {headings} are empty; choose others for x and y"),
            Fault::NoNumber => {
                format!("the columns {headings} hold no numbers ({first}); choose others for x and y")
            }
            Fault::Elsewhere => coordinates.hint(way, &self.elsewhere).unwrap_or_else(|| {
                let line = lines.first();
                if coordinates.crs.is_some() {
                    return format!("{first} (line {line}); is this a list of another area?");
                }
                let point = self
                    .elsewhere
                    .first()
                    .map_or(["", ""], |row| coordinates.columns.map(|column| row.field(column)));
                let [x, y] = point.map(shortened);
                let [(rd, _), (degrees, words)] = SYSTEMS;
                format!(
                    "the coordinates fit neither RD ({rd}) nor {words} ({degrees}) near this area (line {line}: {x}, \
                     {y}); name their system as `crs` in `columns`, or is this a list of another area?"
                )
            }),
        }
    }
}

/// A field as a message shows it.
pub(super) fn shortened(field: &str) -> String {
    crate::sources::shortened(field, 40)
}
