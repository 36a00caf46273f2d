//! Notes in the database: one row each.

use super::places::PlaceFrame;
use super::{Store, StoreError, error::failed};
use crate::georef::SiteFrame;
use crate::model::note::{AuthorRole, Note, NoteAnchor, NoteKind};
use crate::model::{LocalText, Viewpoint};
use crate::sources::{Cause, Problem};
use bevy::math::DVec3;
use rusqlite::{Row, Transaction, params};
use std::{collections::BTreeSet, path::Path};

/// The table of notes as it was first. Angles in degrees, lengths in metres, positions in the site frame.
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

/// Ids of the notes that stood in the scenario's own file and were taken over: from then on they are kept here, so one
/// that was changed or removed on this machine stays so.
pub(super) const TAKEN_OVER: &str = "
CREATE TABLE taken_over (
  id TEXT PRIMARY KEY NOT NULL
) STRICT;";

/// Whether a note of the file is known here: taken over once, or kept under its id.
pub(super) const SELECT_TAKEN_OVER: &str =
    "SELECT EXISTS (SELECT 1 FROM taken_over WHERE id = ?1) OR EXISTS (SELECT 1 FROM notes WHERE id = ?1)";

/// Every note in order, with the columns as [`note_of`] reads them.
pub(super) const SELECT: &str = "
SELECT id, number, text, kind, role, day, object, x, y, z, variant,
       target_x, target_y, target_z, heading_deg, pitch_deg, distance_m, frame
FROM notes ORDER BY number, id LIMIT ?1";

const PUT: &str = "
INSERT OR REPLACE INTO notes (id, number, text, kind, role, day, object, x, y, z, variant,
       target_x, target_y, target_z, heading_deg, pitch_deg, distance_m, frame)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";

/// More notes than this are not read.
const MOST_ROWS: i64 = 10_000;

/// The notes of a scenario as they were kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StoredNotes {
    /// In the order of their numbers.
    pub notes: Vec<Note>,
    /// How many rows are left alone, because this program cannot read them.
    pub unreadable: usize,
}

impl StoredNotes {
    /// That rows of the database at `path` cannot be read, if there are any.
    pub fn problem(&self, path: &Path) -> Option<Problem> {
        let message = format!("{} notes cannot be read and are left as they are", self.unreadable);
        let problem = Problem::error(path.display().to_string(), "", message).because(Cause::Content);
        (self.unreadable > 0).then_some(problem)
    }
}

impl Store {
    /// The notes, in the frame of `site`.
    pub fn notes(&self, site: &SiteFrame) -> Result<StoredNotes, StoreError> {
        let failed = |source| failed(source, self.path());
        let mut statement = self.connection.prepare(SELECT).map_err(failed)?;
        let rows = statement
            .query_map([MOST_ROWS], |row| Ok(note_of(row, site)))
            .map_err(failed)?;
        let mut stored = StoredNotes::default();
        for row in rows {
            match row.map_err(failed)? {
                Some(note) => stored.notes.push(note),
                None => stored.unreadable += 1,
            }
        }
        Ok(stored)
    }

    /// The notes together with those of `in_file`, the notes of the scenario's own file, that were not taken over yet.
    /// Changes nothing.
    pub fn notes_with(&self, site: &SiteFrame, in_file: &[Note]) -> Result<StoredNotes, StoreError> {
        let mut stored = self.notes(site)?;
        let new = self
            .not_taken_over(in_file)
            .map_err(|source| failed(source, self.path()))?;
        stored.notes.extend(new);
        stored.notes.sort_by(|a, b| (a.number, &a.id).cmp(&(b.number, &b.id)));
        Ok(stored)
    }

    /// Takes over the notes of the scenario's own file, each once and for all: one that was changed or removed here later
    /// does not come back from the file. One whose number another note has gets the next free one. Notes of the first
    /// version get their place on the earth, where the scenario has one.
    pub fn take_over(&mut self, site: &SiteFrame, in_file: &[Note]) -> Result<(), StoreError> {
        let path = self.path.clone();
        let failed = |source| failed(source, &path);
        let old = self.without_place(site).map_err(failed)?;
        let new = self.not_taken_over(in_file).map_err(failed)?;
        let transaction = self.connection.transaction().map_err(failed)?;
        write_notes(&transaction, site, &old).map_err(failed)?;
        write_notes(&transaction, site, &new).map_err(failed)?;
        mark_taken_over(&transaction, in_file.iter().map(|note| note.id.as_str())).map_err(failed)?;
        transaction.commit().map_err(failed)
    }

    /// Marks notes of the file as known here.
    pub(super) fn mark_taken_over<'i>(&mut self, ids: impl Iterator<Item = &'i str>) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        mark_taken_over(&transaction, ids)?;
        transaction.commit()
    }

    /// Notes that are kept in the site frame while the scenario has a place on the earth.
    fn without_place(&self, site: &SiteFrame) -> rusqlite::Result<Vec<Note>> {
        if PlaceFrame::of(site) == PlaceFrame::Site {
            return Ok(Vec::new());
        }
        let mut select = self.connection.prepare(SELECT)?;
        let is_old = |row: &Row<'_>| {
            row.get_ref("frame")
                .is_ok_and(|frame| frame.as_str() == Ok(PlaceFrame::Site.key()))
        };
        let rows = select.query_map([MOST_ROWS], |row| Ok(is_old(row).then(|| note_of(row, site)).flatten()))?;
        rows.filter_map(Result::transpose).collect()
    }

    /// Notes of the file that are not known here, with numbers that no kept note has.
    fn not_taken_over(&self, in_file: &[Note]) -> rusqlite::Result<Vec<Note>> {
        let mut known = self.connection.prepare_cached(SELECT_TAKEN_OVER)?;
        let mut numbers: BTreeSet<u32> = self
            .connection
            .prepare_cached("SELECT number FROM notes")?
            .query_map([], |row| row.get(0))?
            .filter_map(Result::ok)
            .collect();
        let mut new = Vec::new();
        for note in in_file {
            if known.query_row([&note.id], |row| row.get(0))? {
                continue;
            }
            let mut note = note.clone();
            if numbers.contains(&note.number) {
                note.number = numbers.last().map_or(1, |last| last.saturating_add(1));
            }
            numbers.insert(note.number);
            new.push(note);
        }
        Ok(new)
    }

    /// Puts these notes in, over those of the same ids, and takes the removed ones out: all of it or nothing.
    /// The notes stand in the frame of `site`.
    pub fn save_notes(&mut self, site: &SiteFrame, notes: &[Note], removed: &[String]) -> Result<(), StoreError> {
        let path = self.path.clone();
        self.change_notes(site, notes, removed)
            .map_err(|source| failed(source, &path))
    }

    fn change_notes(&mut self, site: &SiteFrame, notes: &[Note], removed: &[String]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        for id in removed {
            transaction
                .prepare_cached("DELETE FROM notes WHERE id = ?1")?
                .execute([id])?;
        }
        write_notes(&transaction, site, notes)?;
        transaction.commit()
    }
}

fn mark_taken_over<'i>(transaction: &Transaction<'_>, ids: impl Iterator<Item = &'i str>) -> rusqlite::Result<()> {
    let mut take = transaction.prepare_cached("INSERT OR IGNORE INTO taken_over (id) VALUES (?1)")?;
    for id in ids {
        take.execute([id])?;
    }
    Ok(())
}

/// Puts notes in, over those of the same ids. One that has no place on the earth after all keeps that in the site frame.
pub(super) fn write_notes(transaction: &Transaction<'_>, site: &SiteFrame, notes: &[Note]) -> rusqlite::Result<()> {
    let mut put = transaction.prepare_cached(PUT)?;
    for note in notes {
        let view = &note.viewpoint;
        let in_frame = |frame: PlaceFrame| {
            let at = frame.row_from_site(site, note.anchor.position)?;
            Some((frame, at, frame.row_from_site(site, view.target)?))
        };
        let site_frame = (PlaceFrame::Site, note.anchor.position.0, view.target.0);
        let (frame, at, target) = in_frame(PlaceFrame::of(site)).unwrap_or(site_frame);
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
            frame.key(),
        ])?;
    }
    Ok(())
}

/// A row as a note in the frame of `site`; `None` where it holds what this program does not know.
fn note_of(row: &Row<'_>, site: &SiteFrame) -> Option<Note> {
    let number_at = |column: usize| row.get::<_, f64>(column).ok().filter(|value| value.is_finite());
    let text_at = |column: usize| row.get::<_, String>(column).ok();
    let frame = PlaceFrame::from_key(&text_at(17)?)?;
    let point_at = |column: usize| {
        let point = DVec3::new(number_at(column)?, number_at(column + 1)?, number_at(column + 2)?);
        frame.site_from_row(site, point)
    };
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
