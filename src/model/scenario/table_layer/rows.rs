//! One row of a table as an object; what cannot be read or believed counts as unknown and is named.

use super::lines::{LineList, Lines};
use super::placing::{by_delimiter, shortened, style_of};
use crate::model::scenario::columns::{Columns, Meaning, condition, kind_of_word, upkeep};
use crate::model::scenario::words::asset_kind_word;
use crate::model::{Asset, AssetKind};
use crate::sources::Cause;
use crate::sources::table::{NumberStyle, Row, Table, day, has_short_year};
use bevy::math::DVec2;
use std::collections::{BTreeMap, HashMap};

/// Reads rows, and remembers what is told of several of them together.
pub(super) struct RowReader<'a> {
    table: &'a Table,
    columns: &'a Columns,
    found: &'a BTreeMap<Meaning, usize>,
    /// How numbers are written, by column.
    styles: BTreeMap<usize, NumberStyle>,
    /// First line of each object number.
    ids: HashMap<&'a str, u64>,
    /// Numbers that stand on more than one line, by the first of them.
    repeated: BTreeMap<u64, (&'a str, LineList)>,
    without_id: LineList,
    unknown_kinds: BTreeMap<String, usize>,
    with_unknown_kind: LineList,
    lines: Lines<'a>,
}

impl<'a> RowReader<'a> {
    /// A reader of `table`, whose coordinates are written in `style` where that is known.
    pub(super) fn new(
        table: &'a Table,
        columns: &'a Columns,
        found: &'a BTreeMap<Meaning, usize>,
        style: Option<NumberStyle>,
        lines: Lines<'a>,
    ) -> Self {
        let style = style.unwrap_or(by_delimiter(table));
        Self {
            table,
            columns,
            found,
            styles: found
                .values()
                .map(|column| (*column, style_of(table, *column).unwrap_or(style)))
                .collect(),
            ids: HashMap::new(),
            repeated: BTreeMap::new(),
            without_id: LineList::default(),
            unknown_kinds: BTreeMap::new(),
            with_unknown_kind: LineList::default(),
            lines,
        }
    }

    /// The object of a row that stands at `position`.
    pub(super) fn asset(&mut self, row: &'a Row, position: DVec2) -> Asset {
        // Number and place are told already, and tables are long.
        let told = [Meaning::X, Meaning::Y, Meaning::Id].map(|meaning| self.found.get(&meaning).copied());
        let attributes = self.table.headers.iter().zip(0..);
        let attributes = attributes.filter(|(_, column)| !told.contains(&Some(*column)));
        let kind = self.kind(row);
        Asset {
            id: self.id(row),
            kind,
            position,
            heading_deg: self.number(row, Meaning::Heading, -360.0, 360.0).rem_euclid(360.0),
            height_m: self.height(row, kind),
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
        }
    }

    /// Tells what is wrong with several rows together, and how much was not listed.
    pub(super) fn finish(mut self) {
        self.tell_repeated();
        self.tell_without_id();
        self.tell_unknown_kinds();
        self.lines.finish();
    }

    fn field(&self, row: &'a Row, meaning: Meaning) -> &'a str {
        self.found.get(&meaning).map_or("", |column| row.field(*column))
    }

    /// The owner's number; where there is none, one that the line gives.
    fn id(&mut self, row: &'a Row) -> String {
        let id = self.field(row, Meaning::Id);
        if id.is_empty() {
            if self.found.contains_key(&Meaning::Id) {
                self.without_id.add(row.line);
            }
            return format!("#{}", row.line);
        }
        let first = *self.ids.entry(id).or_insert(row.line);
        if first != row.line {
            let (_, lines) = self.repeated.entry(first).or_insert_with(|| {
                let mut lines = LineList::default();
                lines.add(first);
                (id, lines)
            });
            lines.add(row.line);
        }
        id.to_owned()
    }

    /// Each object number that stands on several lines. The rows are kept: two objects with one number are more often
    /// a slip of the pen than one object that was written down twice.
    fn tell_repeated(&mut self) {
        for (id, lines) in std::mem::take(&mut self.repeated).into_values() {
            let message = format!(
                "the object number `{}` is used {} times; each row is shown, and what a note or a variant says of the \
                 number counts for all of them: give each object its own",
                shortened(id),
                lines.count()
            );
            self.lines
                .warning_at("number used again", Cause::SameNumber, &lines.place(), message);
        }
    }

    fn tell_without_id(&mut self) {
        let lines = std::mem::take(&mut self.without_id);
        if lines.count() > 0 {
            let message = "there is no object number; notes cannot be kept with such an object: give it one";
            self.lines
                .findings
                .warning_because(Cause::NoNumber, lines.place(), message);
        }
    }

    fn kind(&mut self, row: &'a Row) -> AssetKind {
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
            self.with_unknown_kind.add(row.line);
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
        let place = self.with_unknown_kind.place();
        self.lines.findings.warning_because(Cause::UnknownKind, place, message);
    }

    /// Says that a field counts as unknown.
    fn doubt(&mut self, row: &Row, meaning: Meaning, what: &str) {
        let message = format!("{what}; it counts as unknown");
        self.lines.warning(meaning.key(), Cause::Value, row.line, message);
    }

    /// A field read by `read`; what it cannot read is named and counts as unknown.
    fn value<T>(
        &mut self,
        row: &'a Row,
        meaning: Meaning,
        expected: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let field = self.field(row, meaning);
        if field.is_empty() {
            return None;
        }
        let value = read(field);
        if value.is_none() {
            let found = shortened(field);
            let what = format!("expected {expected} for {}, found `{found}`", meaning.key());
            self.doubt(row, meaning, &what);
        }
        value
    }

    fn day(&mut self, row: &'a Row, meaning: Meaning) -> Option<jiff::civil::Date> {
        let field = self.field(row, meaning);
        if has_short_year(field) {
            let what = format!(
                "the year of `{}` for {} could be of any century: write the year with four figures, as in 21-03-2026",
                shortened(field),
                meaning.key()
            );
            self.doubt(row, meaning, &what);
            return None;
        }
        self.value(row, meaning, "a date like 2026-03-21 or 21-03-2026", day)
    }

    /// A number, 0 where it is unknown.
    fn number(&mut self, row: &'a Row, meaning: Meaning, least: f64, most: f64) -> f64 {
        let style = self.style(meaning);
        let expected = format!("a number between {least} and {most}");
        let read = |field: &str| style.number(field).filter(|number| (least..=most).contains(number));
        self.value(row, meaning, &expected, read).unwrap_or(0.0)
    }

    /// A height, 0 where it is unknown. One that no object of the kind has is a mistake that would stand over the whole
    /// picture: most often centimetres, or a height above NAP.
    fn height(&mut self, row: &'a Row, kind: AssetKind) -> f64 {
        let meaning = Meaning::Height;
        let style = self.style(meaning);
        let Some(height_m) = self.value(row, meaning, "a number of metres", |field| style.number(field)) else {
            return 0.0;
        };
        let most = kind.highest_m();
        if (0.0..=most).contains(&height_m) {
            return height_m;
        }
        let what = format!(
            "`{}` is no likely height of this object ({}, 0 to {most} m): check that {} is in metres above the ground",
            shortened(self.field(row, meaning)),
            asset_kind_word(kind),
            meaning.key()
        );
        self.doubt(row, meaning, &what);
        0.0
    }

    fn style(&self, meaning: Meaning) -> NumberStyle {
        let column = self.found.get(&meaning);
        let style = column.and_then(|column| self.styles.get(column)).copied();
        style.unwrap_or(NumberStyle::Comma)
    }
}
