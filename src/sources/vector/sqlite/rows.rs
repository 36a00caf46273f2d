//! Rows of a layer in an `SQLite` file as features.

use super::super::record::{Bounds, FieldKind, VectorFeature};
use super::super::{wkb, wkt_text};
use super::{Database, Table, quoted};
use crate::sources::{Cause, Problem};
use rusqlite::Row;
use rusqlite::types::ValueRef;
use serde_json::{Map, Value};
use std::sync::atomic::Ordering;

/// Rows that are fetched at once.
const BATCH: i64 = 500;
/// Largest geometry or text of one row, bytes.
const MAX_VALUE_BYTES: usize = 64 << 20;

/// Rows of a table, some hundreds at a time.
pub(super) struct Batches<'a> {
    database: &'a Database,
    table: &'a Table,
    window: Option<Bounds>,
    last_key: Option<i64>,
    offset: i64,
    index: usize,
    is_done: bool,
}

impl<'a> Batches<'a> {
    pub(super) fn new(database: &'a Database, table: &'a Table, window: Option<Bounds>) -> Self {
        Self {
            database,
            table,
            window,
            last_key: None,
            offset: 0,
            index: 0,
            is_done: false,
        }
    }

    /// The next rows; `None` at the end. A table that breaks off ends with a problem.
    pub(super) fn next_batch(&mut self) -> Option<Vec<Result<VectorFeature, Problem>>> {
        if self.is_done {
            return None;
        }
        let mut batch = Vec::new();
        if let Err(error) = self.fetch(&mut batch) {
            self.is_done = true;
            let message = format!("the file is damaged ({error}); the rows from here on are left out");
            let place = format!("{}, row {}", self.table.name, self.index);
            batch.push(Err(
                Problem::error(&self.database.path, place, message).because(Cause::Damaged)
            ));
        }
        (!batch.is_empty()).then_some(batch)
    }

    fn fetch(&mut self, batch: &mut Vec<Result<VectorFeature, Problem>>) -> rusqlite::Result<()> {
        let table = self.table;
        let list = std::iter::once(&table.geometry)
            .chain(table.columns.iter().map(|column| &column.name))
            .map(|name| quoted(name))
            .collect::<Vec<_>>()
            .join(", ");
        let name = quoted(&table.name);
        let from = match &table.key {
            Some(key) => {
                let key = if key == "rowid" { key.clone() } else { quoted(key) };
                let nearby = match (&table.rtree, self.window) {
                    (Some(rtree), Some([left, bottom, right, top])) => format!(
                        "AND {key} IN (SELECT id FROM {} WHERE maxx >= {left} AND minx <= {right} AND maxy >= {bottom} \
                         AND miny <= {top})",
                        quoted(rtree)
                    ),
                    _ => String::new(),
                };
                format!("SELECT {key}, {list} FROM {name} WHERE {key} > ?1 {nearby} ORDER BY {key} LIMIT {BATCH}")
            }
            None => format!("SELECT NULL, {list} FROM {name} LIMIT {BATCH} OFFSET ?1"),
        };
        let start = match &table.key {
            Some(_) => self.last_key.unwrap_or(i64::MIN),
            None => self.offset,
        };
        self.database.looks.store(0, Ordering::Relaxed);
        let mut statement = self.database.connection.prepare(&from)?;
        let mut rows = statement.query([start])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            count += 1;
            if let ValueRef::Integer(key) = row.get_ref(0)? {
                self.last_key = Some(key);
            }
            batch.push(self.feature(row)?);
            self.index += 1;
        }
        self.offset += count;
        self.is_done = count < BATCH;
        Ok(())
    }

    fn feature(&self, row: &Row<'_>) -> rusqlite::Result<Result<VectorFeature, Problem>> {
        let id = match row.get_ref(0)? {
            ValueRef::Integer(key) => Some(key.to_string()),
            _ => None,
        };
        let geometry = match row.get_ref(1)? {
            ValueRef::Null => Ok(None),
            ValueRef::Blob(blob) if blob.len() > MAX_VALUE_BYTES => Err("the geometry is larger than 64 MiB".into()),
            ValueRef::Blob(blob) if self.table.is_geopackage => wkb::geopackage(blob),
            ValueRef::Blob(blob) => wkb::plain_or_spatialite(blob),
            ValueRef::Text(text) if text.len() <= MAX_VALUE_BYTES => {
                wkt_text::read(&String::from_utf8_lossy(text)).map(|(geometry, _)| geometry)
            }
            _ => Err("the geometry is neither bytes nor text".into()),
        };
        let geometry = match geometry {
            Ok(geometry) => geometry,
            Err(message) => {
                let place = format!("{}, row {}", self.table.name, id.as_deref().unwrap_or("?"));
                let message = format!("{message}; the row is left out");
                return Ok(Err(
                    Problem::error(&self.database.path, place, message).because(Cause::Damaged)
                ));
            }
        };
        let mut properties = Map::new();
        for (at, column) in (2..).zip(&self.table.columns) {
            properties.insert(column.name.clone(), value(row.get_ref(at)?, column.kind));
        }
        Ok(Ok(VectorFeature {
            index: self.index,
            id,
            geometry,
            properties,
        }))
    }
}

fn value(value: ValueRef<'_>, kind: FieldKind) -> Value {
    match value {
        ValueRef::Integer(number) if kind == FieldKind::Boolean => Value::Bool(number != 0),
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => serde_json::Number::from_f64(number).map_or(Value::Null, Value::Number),
        ValueRef::Text(text) if text.len() <= MAX_VALUE_BYTES => {
            Value::String(String::from_utf8_lossy(text).into_owned())
        }
        ValueRef::Null | ValueRef::Text(_) | ValueRef::Blob(_) => Value::Null,
    }
}
