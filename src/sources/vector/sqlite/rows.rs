//! Rows of a layer in an `SQLite` file as features.

use super::super::record::{Bounds, FieldKind, VectorFeature};
use super::super::{MAX_FEATURES, wkb, wkt_text};
use super::{Database, Table, quoted};
use crate::sources::{Cause, Problem};
use rusqlite::types::ValueRef;
use rusqlite::{Row, params_from_iter};
use serde_json::{Map, Value};
use std::sync::atomic::Ordering;

/// Rows that are fetched at once.
const BATCH: usize = 500;
/// Largest geometry or text of one row, bytes.
const MAX_VALUE_BYTES: usize = 64 << 20;

/// Rows of a table, some hundreds at a time.
pub(super) struct Batches<'a> {
    database: &'a Database,
    table: &'a Table,
    window: Option<Bounds>,
    /// Keys of the rows that the spatial index has in the window and that are still to come; `None` where there is none.
    near: Option<std::vec::IntoIter<i64>>,
    is_index_asked: bool,
    last_key: Option<i64>,
    index: usize,
    is_done: bool,
}

impl<'a> Batches<'a> {
    pub(super) fn new(database: &'a Database, table: &'a Table, window: Option<Bounds>) -> Self {
        Self {
            database,
            table,
            window,
            near: None,
            is_index_asked: false,
            last_key: None,
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
        // Of a batch of keys all rows may be gone.
        while batch.is_empty() && !self.is_done {
            if let Err(error) = self.fetch(&mut batch) {
                let message = format!("the file is damaged ({error}); the rows from here on are left out");
                batch.push(Err(self.last(Cause::Damaged, message)));
            }
        }
        // A view may have no end, and each batch of it costs all those before.
        if self.table.key.is_none() && self.index > MAX_FEATURES {
            let message = format!("more than {MAX_FEATURES} rows without a key; the rest is left out");
            batch = vec![Err(self.last(Cause::TooLarge, message))];
        }
        (!batch.is_empty()).then_some(batch)
    }

    fn last(&mut self, cause: Cause, message: String) -> Problem {
        self.is_done = true;
        let place = format!("{}, row {}", self.table.name, self.index);
        Problem::error(&self.database.path, place, message).because(cause)
    }

    fn fetch(&mut self, batch: &mut Vec<Result<VectorFeature, Problem>>) -> rusqlite::Result<()> {
        let table = self.table;
        let list = std::iter::once(&table.geometry)
            .chain(table.columns.iter().map(|column| &column.name))
            .map(|name| quoted(name))
            .collect::<Vec<_>>()
            .join(", ");
        let name = quoted(&table.name);
        let key = match table.key.as_deref() {
            Some("rowid") => Some("rowid".to_owned()),
            key => key.map(quoted),
        };
        if let (false, Some(_), Some(rtree), Some(window)) = (self.is_index_asked, &key, &table.rtree, self.window) {
            self.is_index_asked = true;
            self.near = self.keys_in(rtree, window)?.map(Vec::into_iter);
        }
        let near: Option<Vec<String>> = self
            .near
            .as_mut()
            .map(|keys| keys.by_ref().take(BATCH).map(|key| key.to_string()).collect());
        let (from, start) = match (&key, &near) {
            (Some(key), Some(near)) => {
                let near = near.join(", ");
                let from = format!("SELECT {key}, {list} FROM {name} WHERE {key} IN ({near}) ORDER BY {key}");
                (from, None)
            }
            (Some(key), None) => (
                format!("SELECT {key}, {list} FROM {name} WHERE {key} > ?1 ORDER BY {key} LIMIT {BATCH}"),
                Some(self.last_key.unwrap_or(i64::MIN)),
            ),
            (None, _) => (
                format!("SELECT NULL, {list} FROM {name} LIMIT {BATCH} OFFSET ?1"),
                i64::try_from(self.index).ok(),
            ),
        };
        self.database.looks.store(0, Ordering::Relaxed);
        let mut statement = self.database.connection.prepare(&from)?;
        let mut rows = statement.query(params_from_iter(start))?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            count += 1;
            if let ValueRef::Integer(key) = row.get_ref(0)? {
                self.last_key = Some(key);
            }
            batch.push(self.feature(row)?);
            self.index += 1;
        }
        self.is_done = match &self.near {
            Some(keys) => keys.len() == 0,
            None => count < BATCH,
        };
        Ok(())
    }

    /// Keys that the spatial index has in a window, in order; `None` of so many that walking all rows costs no more. It
    /// is asked once: its answer can be long.
    fn keys_in(&self, rtree: &str, window: Bounds) -> rusqlite::Result<Option<Vec<i64>>> {
        let [left, bottom, right, top] = window;
        let sql = format!(
            "SELECT id FROM {} WHERE maxx >= ?1 AND minx <= ?2 AND maxy >= ?3 AND miny <= ?4 LIMIT {}",
            quoted(rtree),
            MAX_FEATURES + 1
        );
        self.database.looks.store(0, Ordering::Relaxed);
        let mut statement = self.database.connection.prepare(&sql)?;
        let keys = statement.query_map([left, right, bottom, top], |row| row.get(0))?;
        let mut keys: Vec<i64> = keys.collect::<rusqlite::Result<_>>()?;
        keys.sort_unstable();
        keys.dedup();
        Ok((keys.len() <= MAX_FEATURES).then_some(keys))
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
