//! Composite tiles: tiles of any kind one behind the other, composites too. A broken one costs itself alone.

use super::{b3dm::MAX_BATCH, content::DecodedMeshes};
use crate::{
    geometry::{Column, FeatureTable, Value},
    sources::gltf::{Fault, little_endian_u32},
};

/// Bytes before the inner tiles.
const HEADER: usize = 16;
/// Magic, version and length, which every inner tile has, a GLB too.
const INNER_HEADER: usize = 12;
/// Most tiles in a composite, those in composites in it not counted.
const MAX_INNER: usize = 4_096;
/// Most columns of all tables together, and most values that are added to them as "no data".
const MAX_COLUMNS: usize = 1_000;
const MAX_PADDING: usize = 16_000_000;
/// Marks vertices without a feature while the number of rows still grows.
const NO_FEATURE: u32 = u32::MAX;
/// Composites in composites: real ones have one or two.
pub(super) const MAX_DEPTH: usize = 8;

/// The tiles in a composite whose magic has been checked, and why there are no more.
pub(super) fn split(bytes: &[u8]) -> Result<(Vec<&[u8]>, Option<Fault>), Fault> {
    let field = |offset: usize| {
        little_endian_u32(bytes, offset).ok_or_else(|| Fault::new("", "the tile is cut off inside its header"))
    };
    let version = field(4)?;
    let length = field(8)? as usize;
    let promised = field(12)? as usize;
    if version != 1 {
        let message = format!("version {version} of composite tiles is unknown");
        return Err(Fault::not_read("byte 4", message));
    }
    let cut_off = (length > bytes.len()).then(|| {
        let message = format!("the tile is cut off: {length} bytes promised, {} there", bytes.len());
        Fault::new("byte 8", message)
    });
    let mut rest = bytes.get(HEADER..length.min(bytes.len())).unwrap_or_default();
    let mut inner = Vec::new();
    for number in 0..promised {
        if number == MAX_INNER {
            let message = format!("{promised} tiles in one are more than the {MAX_INNER} that are read");
            return Ok((inner, Some(Fault::too_large("byte 12", message))));
        }
        let size = little_endian_u32(rest, 8).map_or(0, |size| size as usize);
        let split = (size >= INNER_HEADER).then(|| rest.split_at_checked(size)).flatten();
        let Some((tile, behind)) = split else {
            let message =
                format!("tile {number} of {promised} is not there whole; it and those behind it are left out");
            return Ok((inner, Some(cut_off.unwrap_or_else(|| Fault::new("", message)))));
        };
        inner.push(tile);
        rest = behind;
    }
    Ok((inner, cut_off))
}

/// A composite in the making.
pub(super) struct Composite {
    whole: DecodedMeshes,
    /// Values that may still be added as "no data", for columns that only some of the tiles have.
    padding: usize,
    /// Columns that had no room, and tiles whose features had none.
    columns_left_out: usize,
    tables_left_out: usize,
}

impl Composite {
    pub(super) fn new() -> Self {
        Self {
            whole: DecodedMeshes::default(),
            padding: MAX_PADDING,
            columns_left_out: 0,
            tables_left_out: 0,
        }
    }

    /// Adds what was decoded of one inner tile: its features become rows behind those that are there.
    pub(super) fn add(&mut self, mut inner: DecodedMeshes) {
        let (before, added) = (self.whole.features.rows, inner.features.rows);
        let has_room = before.checked_add(added).is_some_and(|all| all <= MAX_BATCH);
        let moved = |feature: u32| {
            if has_room && feature < added {
                before + feature
            } else {
                NO_FEATURE
            }
        };
        for mesh in &mut inner.meshes {
            mesh.change_features(moved);
        }
        self.whole.meshes.append(&mut inner.meshes);
        for feature in inner.marks.features_mut() {
            *feature = moved(*feature);
        }
        for points in &mut inner.marks.points {
            points.has_row_each &= has_room;
        }
        self.whole.marks.points.append(&mut inner.marks.points);
        self.whole.marks.lines.append(&mut inner.marks.lines);
        if has_room {
            self.append_table(inner.features);
        } else {
            self.tables_left_out += 1;
        }
        self.whole.instances = self.whole.instances.saturating_add(inner.instances);
        self.whole.bytes_read = self.whole.bytes_read.saturating_add(inner.bytes_read);
    }

    /// The whole, and what it lacks.
    pub(super) fn finish(mut self) -> (DecodedMeshes, Vec<Fault>) {
        let rows = self.whole.features.rows;
        for mesh in &mut self.whole.meshes {
            mesh.change_features(|feature| feature.min(rows));
        }
        for feature in self.whole.marks.features_mut() {
            *feature = (*feature).min(rows);
        }
        let mut faults = Vec::new();
        if self.tables_left_out > 0 {
            let message = format!(
                "more than {MAX_BATCH} features; those of {} inner tiles are shown without properties",
                self.tables_left_out
            );
            faults.push(Fault::too_large("", message));
        }
        if self.columns_left_out > 0 {
            let message = format!(
                "the inner tiles have too many different properties; {} of them are left out",
                self.columns_left_out
            );
            faults.push(Fault::too_large("batch table", message));
        }
        (self.whole, faults)
    }

    /// Adds the rows of a table behind those of another; what one of them does not know is no data.
    fn append_table(&mut self, from: FeatureTable) {
        let to = &mut self.whole.features;
        let before = to.rows as usize;
        if to.columns.is_empty() && before == 0 {
            *to = from;
            return;
        }
        if to.class != from.class {
            to.class = None;
        }
        to.rows += from.rows;
        for (name, column) in from.columns {
            let known = to.columns.iter().position(|(known, _)| *known == name);
            let padding = before - known.map_or(0, |known| length(&to.columns[known].1)).min(before);
            let has_room = known.is_some() || to.columns.len() < MAX_COLUMNS;
            let Some(left) = self.padding.checked_sub(padding).filter(|_| has_room) else {
                self.columns_left_out += 1;
                continue;
            };
            self.padding = left;
            if let Some(known) = known {
                append_column(&mut to.columns[known].1, before, column);
                continue;
            }
            let mut new = match &column {
                Column::Int(_) => Column::Int(Vec::new()),
                Column::Float(_) => Column::Float(Vec::new()),
                Column::Text(_) => Column::Text(Vec::new()),
                Column::Bool(_) | Column::Mixed(_) => Column::Mixed(Vec::new()),
            };
            append_column(&mut new, before, column);
            to.columns.push((name, new));
        }
    }
}

/// Adds `from` behind row `before` of `to`.
fn append_column(to: &mut Column, before: usize, from: Column) {
    match (&mut *to, from) {
        (Column::Bool(to), Column::Bool(from)) if to.len() == before => to.extend(from),
        (Column::Int(to), Column::Int(from)) => {
            to.resize(before, i64::MIN);
            to.extend(from);
        }
        (Column::Float(to), Column::Float(from)) => {
            to.resize(before, f64::NAN);
            to.extend(from);
        }
        (Column::Text(to), Column::Text(from)) => {
            to.resize(before, None);
            to.extend(from);
        }
        (Column::Mixed(to), from) => {
            to.resize(before, Value::Null);
            to.extend(values(&from, length(&from)));
        }
        (_, from) => {
            let mut all = values(to, before);
            all.extend(values(&from, length(&from)));
            *to = Column::Mixed(all);
        }
    }
}

fn values(column: &Column, rows: usize) -> Vec<Value> {
    (0_u32..).take(rows).map(|row| column.value(row)).collect()
}

fn length(column: &Column) -> usize {
    match column {
        Column::Bool(values) => values.len(),
        Column::Int(values) => values.len(),
        Column::Float(values) => values.len(),
        Column::Text(values) => values.len(),
        Column::Mixed(values) => values.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{FeatureMarks, FeaturePoints};
    use crate::georef::SitePos;
    use bevy::math::DVec3;

    /// A composite that promises `count` tiles.
    fn composite(count: u32, inner: &[&[u8]]) -> Vec<u8> {
        let inner = inner.concat();
        let mut bytes = b"cmpt".to_vec();
        for field in [1, u32::try_from(HEADER + inner.len()).unwrap(), count] {
            bytes.extend(field.to_le_bytes());
        }
        bytes.extend(inner);
        bytes
    }

    fn tile(magic: [u8; 4], body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(INNER_HEADER + body.len()).unwrap();
        [&magic[..], &1_u32.to_le_bytes(), &length.to_le_bytes(), body].concat()
    }

    #[test]
    fn inner_tiles_are_told_apart_by_their_own_lengths() {
        let (a, b) = (tile(*b"b3dm", b"12345678"), tile(*b"glTF", b""));
        let bytes = composite(2, &[&a, &b]);
        let (inner, fault) = split(&bytes).unwrap();
        assert_eq!((inner, fault.is_none()), (vec![&a[..], &b], true));
        let (inner, fault) = split(&composite(0, &[]))
            .map(|(inner, fault)| (inner.len(), fault.is_some()))
            .unwrap();
        assert_eq!((inner, fault), (0, false));
    }

    #[test]
    fn what_is_whole_before_a_cut_is_kept() {
        let (a, b) = (tile(*b"b3dm", b"12345678"), tile(*b"i3dm", b"1234"));
        let bytes = composite(2, &[&a, &b]);
        for end in 4..bytes.len() {
            let expected = match end {
                ..HEADER => None,
                end => Some(usize::from(end >= HEADER + a.len())),
            };
            let found = split(&bytes[..end]).ok();
            assert!(found.as_ref().is_none_or(|(_, fault)| fault.is_some()), "{end}");
            assert_eq!(found.map(|(inner, _)| inner.len()), expected, "{end}");
        }
        for lie in [0_u32, 11, 99_999, u32::MAX] {
            let mut lying = b.clone();
            lying[8..12].copy_from_slice(&lie.to_le_bytes());
            let bytes = composite(3, &[&a, &lying, &a]);
            let (inner, fault) = split(&bytes).unwrap();
            assert_eq!((inner.len(), fault.is_some()), (1, true), "{lie}");
        }
        let endless = tile(*b"b3dm", b"").repeat(MAX_INNER + 5);
        let bytes = composite(u32::MAX, &[&endless]);
        let (inner, fault) = split(&bytes).unwrap();
        assert_eq!((inner.len(), fault.is_some()), (MAX_INNER, true));
    }

    fn table(rows: u32, columns: Vec<(&str, Column)>) -> FeatureTable {
        FeatureTable {
            rows,
            class: None,
            columns: columns
                .into_iter()
                .map(|(name, column)| (name.to_owned(), column))
                .collect(),
        }
    }

    #[test]
    fn rows_stay_with_their_values_whatever_the_kinds_of_columns() {
        let mut composite = Composite::new();
        composite.append_table(table(
            2,
            vec![
                ("n", Column::Int(vec![1, 2])),
                ("t", Column::Text(vec![Some("a".into())])),
                ("b", Column::Bool(vec![true, false])),
                ("x", Column::Float(vec![0.5, 1.5])),
            ],
        ));
        let text = |text: &str| Value::Text(text.to_owned());
        composite.append_table(table(
            2,
            vec![
                ("n", Column::Text(vec![None, Some("drei".into())])),
                ("t", Column::Text(vec![Some("c".into()), Some("d".into())])),
                ("b", Column::Bool(vec![true, true])),
                ("new", Column::Bool(vec![false, true])),
            ],
        ));
        composite.append_table(table(1, vec![("x", Column::Float(vec![9.0]))]));
        let whole = composite.whole.features;
        assert_eq!(whole.rows, 5);
        let row = |row: u32| ["n", "t", "b", "x", "new"].map(|name| whole.value(row, name).unwrap());
        let (null, yes, no) = (Value::Null, Value::Bool(true), Value::Bool(false));
        assert_eq!(
            row(0),
            [Value::Int(1), text("a"), yes.clone(), Value::Float(0.5), null.clone()]
        );
        assert_eq!(row(1)[1], null);
        assert_eq!(row(2), [null.clone(), text("c"), yes.clone(), null.clone(), no]);
        assert_eq!(row(3), [text("drei"), text("d"), yes.clone(), null.clone(), yes]);
        assert_eq!(
            row(4),
            [null.clone(), null.clone(), null.clone(), Value::Float(9.0), null]
        );
    }

    #[test]
    fn tables_that_would_be_mostly_empty_are_capped() {
        let mut composite = Composite::new();
        composite.append_table(table(MAX_BATCH - 100, Vec::new()));
        for number in 0..20 {
            let name = format!("column {number}");
            composite.append_table(table(1, vec![(&name, Column::Int(vec![number]))]));
        }
        let (whole, faults) = composite.finish();
        let kept = MAX_PADDING / (MAX_BATCH as usize - 100);
        assert_eq!((whole.features.columns.len(), faults.len()), (kept, 1));
        assert_eq!(whole.features.rows, MAX_BATCH - 80);
        let mut composite = Composite::new();
        for _ in 0..3 {
            composite.add(DecodedMeshes {
                features: table(MAX_BATCH / 2, Vec::new()),
                ..DecodedMeshes::default()
            });
        }
        let (whole, faults) = composite.finish();
        assert_eq!((whole.features.rows, faults.len()), (MAX_BATCH, 1));
    }

    #[test]
    fn rows_of_points_move_on_when_tables_are_joined() {
        let tile = |features: Vec<u32>, rows| DecodedMeshes {
            marks: FeatureMarks {
                points: vec![FeaturePoints {
                    positions: vec![[0.0; 3]; features.len()],
                    features,
                    has_row_each: true,
                    ..FeaturePoints::none(SitePos(DVec3::ZERO))
                }],
                lines: Vec::new(),
            },
            features: table(rows, Vec::new()),
            ..DecodedMeshes::default()
        };
        let mut composite = Composite::new();
        composite.add(tile(vec![0, 1, 2], 2));
        composite.add(tile(vec![0, 3, 4], 4));
        composite.add(tile(vec![5], MAX_BATCH));
        let (whole, faults) = composite.finish();
        let [first, second, third] = &whole.marks.points[..] else {
            panic!("{} clouds", whole.marks.points.len())
        };
        assert_eq!(first.features, [0, 1, 6], "the row for none stays the one for none");
        assert_eq!(second.features, [2, 5, 6]);
        assert_eq!((&third.features[..], third.has_row_each), (&[6][..], false), "no room");
        assert_eq!((whole.features.rows, faults.len()), (6, 1));
    }
}
