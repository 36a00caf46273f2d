//! Reactions of a scenario whose folder was moved go along: moved, not copied, for words that staff delete are to be in no
//! file at all, and the day of deletion has to reach every reaction there is.
//!
//! They are first written to the new database, then taken out of the old one. A program that is killed in between is
//! remembered by a row that names the old one, and the next one goes on where it stopped; nothing is ever in neither. What
//! staff set comes along too, so that nobody is asked to choose a code because a folder was moved. It stays in the old
//! database as well: should that place come back (a drive that was not there), its kiosk still has its code.

use super::{Store, StoreError, error::failed};
use rusqlite::{Connection, params, params_from_iter, types::Value};
use std::path::{Path, PathBuf};

/// Under which name stands where reactions are being moved from.
const MOVING_FROM: &str = "moving-from";
/// Every column, also of rows that this program cannot read.
const COLUMNS: &str = "id, trial, variant, smiley, spot_frame, spot_x_m, spot_y_m, theme, words, moderation, day, part";
const COLUMN_COUNT: usize = 12;

impl Store {
    /// Moves the reactions of another database here, with what staff set, unless there are any here. One that cannot be
    /// opened is left alone.
    pub(super) fn move_reactions_from(&mut self, before: &Path) -> Result<(), StoreError> {
        let path = self.path.clone();
        let failed_here = |source| failed(source, &path);
        let is_used: bool = self
            .connection
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM reactions) OR EXISTS (SELECT 1 FROM settings)",
                [],
                |row| row.get(0),
            )
            .map_err(failed_here)?;
        if is_used {
            return Ok(());
        }
        let Ok(old) = Self::open_sound(before) else {
            return Ok(());
        };
        let reactions = format!("SELECT {COLUMNS} FROM reactions");
        let rows = rows_of(&old.connection, &reactions, COLUMN_COUNT)
            .and_then(|rows| Ok((rows, rows_of(&old.connection, "SELECT name, value FROM settings", 2)?)));
        let (reactions, settings) = rows.map_err(|source| failed(source, before))?;
        drop(old);
        if reactions.is_empty() && settings.is_empty() {
            return Ok(());
        }
        self.put_rows(&reactions, &settings, before).map_err(failed_here)?;
        self.finish_moving()
    }

    fn put_rows(&mut self, reactions: &[Vec<Value>], settings: &[Vec<Value>], before: &Path) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        {
            let places: Vec<String> = (1..=COLUMN_COUNT).map(|place| format!("?{place}")).collect();
            let places = places.join(", ");
            let mut put = transaction.prepare(&format!("INSERT INTO reactions ({COLUMNS}) VALUES ({places})"))?;
            for row in reactions {
                put.execute(params_from_iter(row))?;
            }
            let mut set = transaction.prepare("INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)")?;
            for row in settings {
                set.execute(params_from_iter(row))?;
            }
            set.execute(params![MOVING_FROM, before.to_string_lossy()])?;
        }
        transaction.commit()
    }

    /// Takes reactions that are here by now out of the database that they came from. Others there stay: somebody may have
    /// gone on at that place.
    pub(super) fn finish_moving(&mut self) -> Result<(), StoreError> {
        let path = self.path.clone();
        let failed_here = |source| failed(source, &path);
        let Some(before) = self.setting(MOVING_FROM)?.map(PathBuf::from) else {
            return Ok(());
        };
        if before.is_file() {
            let ids = rows_of(&self.connection, "SELECT id FROM reactions", 1).map_err(failed_here)?;
            let mut old = Self::open_sound(&before)?;
            old.remove_rows(&ids).map_err(|source| failed(source, &before))?;
            old.forget_order()?;
        }
        self.connection
            .execute("DELETE FROM settings WHERE name = ?1", [MOVING_FROM])
            .map(drop)
            .map_err(failed_here)
    }

    fn remove_rows(&mut self, ids: &[Vec<Value>]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        {
            let mut remove = transaction.prepare("DELETE FROM reactions WHERE id = ?1")?;
            for id in ids {
                remove.execute(params_from_iter(id))?;
            }
        }
        transaction.commit()
    }
}

fn rows_of(connection: &Connection, select: &str, columns: usize) -> rusqlite::Result<Vec<Vec<Value>>> {
    let mut select = connection.prepare(select)?;
    let rows = select.query_map([], |row| (0..columns).map(|column| row.get(column)).collect())?;
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Reaction;
    use crate::model::reaction::tests::reaction;
    use std::fs;

    fn store(folder: &tempfile::TempDir, name: &str) -> Store {
        let (store, problem) = Store::open(&folder.path().join(name)).unwrap();
        assert!(problem.is_none());
        store
    }

    /// A database with reactions and a code, closed.
    fn kept(folder: &tempfile::TempDir) -> (PathBuf, Vec<Reaction>) {
        let mut before = store(folder, "before.sqlite");
        let mut reactions: Vec<Reaction> = (0..24).map(reaction).collect();
        for one in &reactions {
            before.add_reaction(one).unwrap();
        }
        before.set_setting("kiosk", "code").unwrap();
        reactions.sort_by_key(|one| one.id);
        (before.path().to_owned(), reactions)
    }

    fn is_in_a_file_of(path: &Path, words: &str) -> bool {
        let beside = fs::read_dir(path.parent().unwrap()).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        beside.flatten().any(|entry| {
            let is_its = entry.file_name().to_str().is_some_and(|other| other.starts_with(&name));
            is_its
                && fs::read(entry.path())
                    .unwrap()
                    .windows(words.len())
                    .any(|part| part == words.as_bytes())
        })
    }

    #[test]
    fn reactions_are_moved_and_are_in_the_old_file_no_more_but_the_code_is() {
        let folder = tempfile::tempdir().unwrap();
        let (path, reactions) = kept(&folder);
        let words = "Meer bomen, number 4";
        assert!(is_in_a_file_of(&path, words));
        let mut here = store(&folder, "here.sqlite");
        here.move_reactions_from(&path).unwrap();
        assert_eq!(here.reactions().unwrap().reactions, reactions);
        assert_eq!(here.setting("kiosk").unwrap().as_deref(), Some("code"));
        assert_eq!(here.setting(MOVING_FROM).unwrap(), None);
        assert!(!is_in_a_file_of(&path, words));
        let before = store(&folder, "before.sqlite");
        assert_eq!(before.reactions().unwrap().reactions, []);
        assert_eq!(before.setting("kiosk").unwrap().as_deref(), Some("code"));
    }

    #[test]
    fn a_program_that_was_killed_while_it_moved_loses_and_doubles_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (path, reactions) = kept(&folder);
        let mut here = store(&folder, "here.sqlite");
        let old = store(&folder, "before.sqlite");
        let rows = rows_of(
            &old.connection,
            &format!("SELECT {COLUMNS} FROM reactions"),
            COLUMN_COUNT,
        )
        .unwrap();
        drop(old);
        here.put_rows(&rows, &[], &path).unwrap();
        // Killed here; meanwhile somebody went on at the old place.
        drop(here);
        let mut old = store(&folder, "before.sqlite");
        let late = reaction(99);
        old.add_reaction(&late).unwrap();
        drop(old);
        let mut here = store(&folder, "here.sqlite");
        here.finish_moving().unwrap();
        assert_eq!(here.reactions().unwrap().reactions, reactions);
        assert_eq!(store(&folder, "before.sqlite").reactions().unwrap().reactions, [late]);
        // Nothing is left to be done.
        here.finish_moving().unwrap();
        assert_eq!(
            here.count_reactions(false).unwrap() + here.count_reactions(true).unwrap(),
            24
        );
    }

    #[test]
    fn where_there_are_reactions_or_a_code_no_others_come_in() {
        let folder = tempfile::tempdir().unwrap();
        let (path, reactions) = kept(&folder);
        let mut here = store(&folder, "here.sqlite");
        here.set_setting("kiosk", "another code").unwrap();
        here.move_reactions_from(&path).unwrap();
        assert_eq!(here.reactions().unwrap().reactions, []);
        // Nor from a file that somebody has open.
        let mut third = store(&folder, "third.sqlite");
        let before = store(&folder, "before.sqlite");
        third.move_reactions_from(&path).unwrap();
        assert_eq!(third.reactions().unwrap().reactions, []);
        assert_eq!(before.reactions().unwrap().reactions, reactions);
    }
}
