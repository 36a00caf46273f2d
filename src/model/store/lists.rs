//! Lists of managed objects in the database: one row each, with the file as it was.

use super::{Store, StoreError, error::failed};
use crate::model::own_list::OwnList;
use crate::model::scenario::Columns;
use crate::sources::{Cause, Problem};
use rusqlite::{Row, params};
use std::path::Path;

/// The table of lists; `columns` is JSON as in a scenario's file.
pub(super) const TABLE: &str = "
CREATE TABLE lists (
  id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  bytes BLOB NOT NULL,
  columns TEXT NOT NULL,
  day TEXT NOT NULL
) STRICT;";

/// Every list in the order in which they were added, with the columns as [`list_of`] reads them.
pub(super) const SELECT: &str = "SELECT id, name, bytes, columns, day FROM lists ORDER BY rowid LIMIT ?1";

const PUT: &str = "INSERT INTO lists (id, name, bytes, columns, day) VALUES (?1, ?2, ?3, ?4, ?5)";

/// The lists of a scenario as they were kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StoredLists {
    /// In the order in which they were added.
    pub lists: Vec<OwnList>,
    /// How many rows are left alone, because this program cannot read them.
    pub unreadable: usize,
}

impl StoredLists {
    /// That rows of the database at `path` cannot be read, if there are any.
    pub fn problem(&self, path: &Path) -> Option<Problem> {
        let message = format!("{} lists cannot be read and are left as they are", self.unreadable);
        let problem = Problem::error(path.display().to_string(), "", message).because(Cause::Content);
        (self.unreadable > 0).then_some(problem)
    }
}

impl Store {
    /// The lists.
    pub fn lists(&self) -> Result<StoredLists, StoreError> {
        let failed = |source| failed(source, self.path());
        let mut statement = self.connection.prepare(SELECT).map_err(failed)?;
        let limit = i64::try_from(OwnList::MOST).unwrap_or(i64::MAX);
        let rows = statement.query_map([limit], |row| Ok(list_of(row))).map_err(failed)?;
        let mut stored = StoredLists::default();
        for row in rows {
            match row.map_err(failed)? {
                Some(list) => stored.lists.push(list),
                None => stored.unreadable += 1,
            }
        }
        Ok(stored)
    }

    /// Adds a list.
    pub fn add_list(&mut self, list: &OwnList) -> Result<(), StoreError> {
        let columns = list.columns.to_json().unwrap_or_default();
        let values = params![list.id, list.name, &*list.bytes, columns, list.day.to_string()];
        let added = self.connection.execute(PUT, values);
        added.map(drop).map_err(|source| failed(source, self.path()))
    }

    /// Takes a list out; nothing happens where there is none of that id.
    pub fn remove_list(&mut self, id: &str) -> Result<(), StoreError> {
        let removed = self.connection.execute("DELETE FROM lists WHERE id = ?1", [id]);
        removed.map(drop).map_err(|source| failed(source, self.path()))
    }
}

/// A row as a list; `None` where it holds what this program does not know.
fn list_of(row: &Row<'_>) -> Option<OwnList> {
    let text_at = |column: usize| row.get::<_, String>(column).ok();
    Some(OwnList {
        id: text_at(0)?,
        name: text_at(1)?,
        bytes: row.get::<_, Vec<u8>>(2).ok()?.into(),
        columns: Columns::from_json(&text_at(3)?)?,
        day: text_at(4)?.parse().ok()?,
    })
}
