//! Notes in the database: one row each.

use super::{Store, StoreError, error::failed};
use crate::georef::SitePos;
use crate::model::note::{AuthorRole, Note, NoteAnchor, NoteKind};
use crate::model::{LocalText, Viewpoint};
use bevy::math::DVec3;
use rusqlite::{Row, params};

/// The table of notes. Angles in degrees, lengths in metres, positions in the site frame.
pub(super) const TABLE: &str = "
CREATE TABLE notes (
  id TEXT PRIMARY KEY NOT NULL,
  number INTEGER NOT NULL,
  text TEXT NOT NULL,
  kind TEXT NOT NULL,
  role TEXT NOT NULL,
  day TEXT NOT NULL,
  object TEXT,
  x_m REAL NOT NULL,
  y_m REAL NOT NULL,
  z_m REAL NOT NULL,
  variant TEXT,
  target_x_m REAL NOT NULL,
  target_y_m REAL NOT NULL,
  target_z_m REAL NOT NULL,
  heading_deg REAL NOT NULL,
  pitch_deg REAL NOT NULL,
  distance_m REAL NOT NULL
) STRICT;";

/// Every note in order, with the columns as [`note_of`] reads them.
pub(super) const SELECT: &str = "
SELECT id, number, text, kind, role, day, object, x_m, y_m, z_m, variant,
       target_x_m, target_y_m, target_z_m, heading_deg, pitch_deg, distance_m
FROM notes ORDER BY number, id LIMIT ?1";

const PUT: &str = "
INSERT OR REPLACE INTO notes (id, number, text, kind, role, day, object, x_m, y_m, z_m, variant,
       target_x_m, target_y_m, target_z_m, heading_deg, pitch_deg, distance_m)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";

/// More notes than this are not read.
const MAX_NOTES: usize = 10_000;

/// The notes of a scenario as they were kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StoredNotes {
    /// In the order of their numbers.
    pub notes: Vec<Note>,
    /// How many rows are left alone, because this program cannot read them.
    pub unreadable: usize,
}

impl Store {
    /// The notes.
    pub fn notes(&self) -> Result<StoredNotes, StoreError> {
        let failed = |source| failed(source, self.path());
        let mut statement = self.connection.prepare(SELECT).map_err(failed)?;
        let limit = i64::try_from(MAX_NOTES).unwrap_or(i64::MAX);
        let rows = statement.query_map([limit], |row| Ok(note_of(row))).map_err(failed)?;
        let mut stored = StoredNotes::default();
        for row in rows {
            match row.map_err(failed)? {
                Some(note) => stored.notes.push(note),
                None => stored.unreadable += 1,
            }
        }
        Ok(stored)
    }

    /// Puts these notes in, over those of the same ids, and takes the removed ones out: all of it or nothing.
    pub fn save_notes(&mut self, notes: &[Note], removed: &[String]) -> Result<(), StoreError> {
        let path = self.path.clone();
        self.write_notes(notes, removed).map_err(|source| failed(source, &path))
    }

    fn write_notes(&mut self, notes: &[Note], removed: &[String]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        {
            let mut remove = transaction.prepare_cached("DELETE FROM notes WHERE id = ?1")?;
            for id in removed {
                remove.execute([id])?;
            }
            let mut put = transaction.prepare_cached(PUT)?;
            for note in notes {
                let (at, view) = (note.anchor.position.0, &note.viewpoint);
                let target = view.target.0;
                put.execute(params![
                    note.id,
                    note.number,
                    note.text,
                    note.kind.key(),
                    note.role.key(),
                    note.day.to_string(),
                    note.anchor.object,
                    at.x,
                    at.y,
                    at.z,
                    view.variant,
                    target.x,
                    target.y,
                    target.z,
                    view.heading_deg,
                    view.pitch_deg,
                    view.distance_m,
                ])?;
            }
        }
        transaction.commit()
    }
}

/// A row as a note; `None` where it holds what this program does not know.
fn note_of(row: &Row<'_>) -> Option<Note> {
    let number_at = |column: usize| row.get::<_, f64>(column).ok().filter(|value| value.is_finite());
    let point_at = |column: usize| {
        let point = DVec3::new(number_at(column)?, number_at(column + 1)?, number_at(column + 2)?);
        Some(SitePos(point))
    };
    let text_at = |column: usize| row.get::<_, String>(column).ok();
    let id = text_at(0)?;
    let text = text_at(2).filter(|text| text.chars().count() <= Note::MAX_CHARS)?;
    Some(Note {
        number: row.get(1).ok()?,
        text,
        kind: NoteKind::from_key(&text_at(3)?)?,
        role: AuthorRole::from_key(&text_at(4)?)?,
        day: text_at(5)?.parse().ok()?,
        anchor: NoteAnchor {
            object: row.get(6).ok()?,
            position: point_at(7)?,
        },
        viewpoint: Viewpoint {
            id: id.clone(),
            title: LocalText::default(),
            caption: LocalText::default(),
            variant: row.get(10).ok()?,
            target: point_at(11)?,
            heading_deg: number_at(14)?,
            pitch_deg: number_at(15)?,
            distance_m: number_at(16).filter(|metres| *metres > 0.0)?,
            lens: None,
            time: None,
        },
        id,
    })
}
