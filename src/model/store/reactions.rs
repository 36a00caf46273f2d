//! Reactions of residents in the database, one row each, and what staff set for the kiosk.
//!
//! Rows are read in the order of their random ids, and the file is written anew in that order whenever the kiosk starts and
//! every day. What is deleted is overwritten in the file (`secure_delete`), and the log is emptied.

use super::{Store, StoreError, error::failed};
use crate::model::reaction::{DayPart, Moderation, Reaction, Smiley, Spot, Theme, Words};
use crate::sources::{Cause, Problem};
use rusqlite::{OptionalExtension, Row, params};
use std::{path::Path, sync::Arc};

/// The tables. Whole metres; days as `2026-11-25`.
pub(super) const TABLES: &str = "
CREATE TABLE reactions (
  id INTEGER PRIMARY KEY NOT NULL,
  trial INTEGER NOT NULL,
  variant TEXT NOT NULL,
  smiley TEXT NOT NULL,
  spot_frame TEXT,
  spot_x_m INTEGER,
  spot_y_m INTEGER,
  theme TEXT,
  words TEXT,
  moderation TEXT,
  day TEXT NOT NULL,
  part TEXT NOT NULL
) STRICT;
CREATE TABLE settings (
  name TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) STRICT;";

/// Every reaction, with the columns as [`reaction_of`] reads them.
pub(super) const SELECT: &str = "
SELECT id, trial, variant, smiley, spot_frame, spot_x_m, spot_y_m, theme, words, moderation, day, part
FROM reactions ORDER BY id LIMIT ?1";

const PUT: &str = "
INSERT INTO reactions (id, trial, variant, smiley, spot_frame, spot_x_m, spot_y_m, theme, words, moderation, day, part)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

const RD: &str = "rd";
const SITE: &str = "site";

/// More reactions than this are not read: a thousand a day for most of a year.
const MAX_REACTIONS: usize = 200_000;

/// The reactions to a scenario as they were kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredReactions {
    /// In the order of their ids, which is chance.
    pub reactions: Vec<Reaction>,
    /// How many rows are left alone, because this program cannot read them.
    pub unreadable: usize,
}

impl StoredReactions {
    /// Those that count: trials left out.
    pub fn counting(self) -> Arc<[Reaction]> {
        self.reactions
            .into_iter()
            .filter(|reaction| !reaction.is_trial)
            .collect()
    }

    /// That some cannot be read, of the database at `path`.
    pub fn problem(&self, path: &Path) -> Option<Problem> {
        let message = format!("{} reactions cannot be read and are left as they are", self.unreadable);
        let problem = Problem::error(path.display().to_string(), "", message).because(Cause::Content);
        (self.unreadable > 0).then_some(problem)
    }
}

impl Store {
    /// Keeps one reaction. When this returns it is on the disk. An id that is taken is replaced by another one.
    pub fn add_reaction(&mut self, reaction: &Reaction) -> Result<(), StoreError> {
        let (frame, x_m, y_m) = match reaction.spot {
            Some(Spot::Rd { x_m, y_m }) => (Some(RD), Some(x_m), Some(y_m)),
            Some(Spot::Site { x_m, y_m }) => (Some(SITE), Some(x_m), Some(y_m)),
            None => (None, None, None),
        };
        let words = reaction.words.as_ref();
        let put = |id: i64| {
            self.connection.execute(
                PUT,
                params![
                    id,
                    reaction.is_trial,
                    reaction.variant,
                    reaction.smiley.key(),
                    frame,
                    x_m,
                    y_m,
                    reaction.theme.map(Theme::key),
                    words.map(|words| &words.text),
                    words.map(|words| words.moderation.key()),
                    reaction.day.to_string(),
                    reaction.part.key(),
                ],
            )
        };
        let is_taken =
            |error: &rusqlite::Error| error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation);
        let done = match put(reaction.id) {
            Err(error) if is_taken(&error) => put(Reaction::new_id()),
            done => done,
        };
        done.map(drop).map_err(|source| failed(source, &self.path))
    }

    /// The reactions.
    pub fn reactions(&self) -> Result<StoredReactions, StoreError> {
        let failed = |source| failed(source, self.path());
        let mut statement = self.connection.prepare(SELECT).map_err(failed)?;
        let limit = i64::try_from(MAX_REACTIONS).unwrap_or(i64::MAX);
        let rows = statement
            .query_map([limit], |row| Ok(reaction_of(row)))
            .map_err(failed)?;
        let mut stored = StoredReactions::default();
        for row in rows {
            match row.map_err(failed)? {
                Some(reaction) => stored.reactions.push(reaction),
                None => stored.unreadable += 1,
            }
        }
        Ok(stored)
    }

    /// How many reactions there are, of those that are trials or of the others.
    pub fn count_reactions(&self, trials: bool) -> Result<usize, StoreError> {
        self.connection
            .query_row("SELECT count(*) FROM reactions WHERE trial = ?1", [trials], |row| {
                row.get(0)
            })
            .map_err(|source| failed(source, self.path()))
    }

    /// Decides about somebody's words.
    pub fn moderate(&mut self, id: i64, moderation: Moderation) -> Result<(), StoreError> {
        self.connection
            .execute(
                "UPDATE reactions SET moderation = ?2 WHERE id = ?1 AND words IS NOT NULL",
                params![id, moderation.key()],
            )
            .map(drop)
            .map_err(|source| failed(source, &self.path))
    }

    /// Deletes somebody's words for good; their vote stays.
    pub fn delete_words(&mut self, id: i64) -> Result<(), StoreError> {
        self.delete(
            "UPDATE reactions SET words = NULL, moderation = NULL WHERE id = ?1",
            params![id],
        )
    }

    /// Deletes every trial for good.
    pub fn delete_trials(&mut self) -> Result<(), StoreError> {
        self.delete("DELETE FROM reactions WHERE trial", params![])
    }

    /// Deletes every reaction for good.
    pub fn delete_reactions(&mut self) -> Result<(), StoreError> {
        self.delete("DELETE FROM reactions", params![])
    }

    /// Writes the file anew, with its rows in the order of their ids: until then they lie as they came.
    pub fn forget_order(&mut self) -> Result<(), StoreError> {
        let done = self.connection.execute_batch("VACUUM");
        let done = done.and_then(|()| self.empty_log());
        done.map_err(|source| failed(source, &self.path))
    }

    /// Writes the log back and empties it.
    fn empty_log(&self) -> rusqlite::Result<()> {
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    }

    fn delete(&mut self, statement: &str, values: &[&dyn rusqlite::ToSql]) -> Result<(), StoreError> {
        let done = self.connection.execute(statement, values).and_then(|_| {
            // The log still holds what was deleted until it is written back and emptied.
            self.empty_log()
        });
        done.map_err(|source| failed(source, &self.path))
    }

    /// What was set under a name, if anything was.
    pub fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.connection
            .query_row("SELECT value FROM settings WHERE name = ?1", [name], |row| row.get(0))
            .optional()
            .map_err(|source| failed(source, self.path()))
    }

    /// Sets something under a name. When this returns it is on the disk.
    pub fn set_setting(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        self.connection
            .execute(
                "INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)",
                params![name, value],
            )
            .map(drop)
            .map_err(|source| failed(source, &self.path))
    }
}

/// A row as a reaction; `None` where it holds what this program does not know.
fn reaction_of(row: &Row<'_>) -> Option<Reaction> {
    let text_at = |column: usize| row.get::<_, Option<String>>(column).ok();
    let spot = match (text_at(4)?.as_deref(), row.get(5).ok()?, row.get(6).ok()?) {
        (None, ..) => None,
        (Some(RD), Some(x_m), Some(y_m)) => Some(Spot::Rd { x_m, y_m }),
        (Some(SITE), Some(x_m), Some(y_m)) => Some(Spot::Site { x_m, y_m }),
        _ => return None,
    };
    let theme = match text_at(7)? {
        None => None,
        Some(key) => Some(Theme::from_key(&key)?),
    };
    let words = match (text_at(8)?, text_at(9)?) {
        (None, _) => None,
        (Some(text), Some(state)) if !text.is_empty() && text.chars().count() <= Reaction::MAX_CHARS => Some(Words {
            text,
            moderation: Moderation::from_key(&state)?,
        }),
        _ => return None,
    };
    Some(Reaction {
        id: row.get(0).ok()?,
        is_trial: row.get(1).ok()?,
        variant: text_at(2)??,
        smiley: Smiley::from_key(&text_at(3)??)?,
        spot,
        theme,
        words,
        day: text_at(10)??.parse().ok()?,
        part: DayPart::from_key(&text_at(11)??)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reaction::tests::reaction;
    use std::fs;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let (store, problem) = Store::open(&folder.path().join("a.sqlite")).unwrap();
        assert!(problem.is_none());
        (folder, store)
    }

    #[test]
    fn reactions_come_back_as_they_were_in_the_order_of_chance() {
        let (folder, mut store) = store();
        let mut kept: Vec<Reaction> = (0..24).map(reaction).collect();
        for reaction in kept.iter().rev() {
            store.add_reaction(reaction).unwrap();
        }
        assert_eq!(store.count_reactions(true).unwrap(), 5);
        assert_eq!(store.count_reactions(false).unwrap(), 19);
        drop(store);
        let (store, problem) = Store::open(&folder.path().join("a.sqlite")).unwrap();
        assert!(problem.is_none());
        kept.sort_by_key(|reaction| reaction.id);
        let stored = store.reactions().unwrap();
        assert_eq!((stored.reactions, stored.unreadable), (kept, 0));
    }

    #[test]
    fn a_taken_id_loses_neither_reaction() {
        let (_folder, mut store) = store();
        store.add_reaction(&reaction(4)).unwrap();
        store.add_reaction(&reaction(4)).unwrap();
        assert_eq!(store.count_reactions(false).unwrap(), 2);
    }

    #[test]
    fn words_are_let_through_or_deleted_and_the_vote_stays() {
        let (_folder, mut store) = store();
        for number in [4, 8] {
            store.add_reaction(&reaction(number)).unwrap();
        }
        store.moderate(reaction(4).id, Moderation::Released).unwrap();
        store.delete_words(reaction(8).id).unwrap();
        let words: Vec<Option<Moderation>> = store
            .reactions()
            .unwrap()
            .reactions
            .iter()
            .map(|reaction| reaction.words.as_ref().map(|words| words.moderation))
            .collect();
        assert_eq!(words, [Some(Moderation::Released), None]);
    }

    #[test]
    fn what_is_deleted_is_in_none_of_the_files() {
        let (folder, mut store) = store();
        let mut secret = reaction(4);
        secret.words = Some(Words {
            text: "Kijk achter de dikke eik".into(),
            moderation: Moderation::Waiting,
        });
        secret.id = 1;
        store.add_reaction(&secret).unwrap();
        for number in 6..40 {
            store.add_reaction(&reaction(number)).unwrap();
        }
        let is_found = || {
            fs::read_dir(folder.path()).unwrap().any(|entry| {
                let bytes = fs::read(entry.unwrap().path()).unwrap();
                bytes.windows(9).any(|window| window == b"dikke eik")
            })
        };
        assert!(is_found());
        store.delete_words(1).unwrap();
        assert!(!is_found());
        store.delete_trials().unwrap();
        assert_eq!(store.count_reactions(true).unwrap(), 0);
        store.delete_reactions().unwrap();
        assert_eq!(store.reactions().unwrap(), StoredReactions::default());
    }

    #[test]
    fn the_file_does_not_keep_the_order_of_arrival() {
        let (folder, mut store) = store();
        let texts = ["alfa", "bravo", "charlie", "delta", "echo"];
        for (place, text) in texts.iter().enumerate() {
            let mut sent = reaction(4);
            // The first to come has the highest number.
            sent.id = 100 - i64::try_from(place).unwrap();
            sent.words = Some(Words {
                text: format!("woord {text}"),
                moderation: Moderation::Waiting,
            });
            store.add_reaction(&sent).unwrap();
        }
        store.forget_order().unwrap();
        let bytes = fs::read(folder.path().join("a.sqlite")).unwrap();
        let at = |text: &str| {
            let wanted = format!("woord {text}");
            let found = bytes
                .windows(wanted.len())
                .position(|window| window == wanted.as_bytes());
            found.expect("in the file")
        };
        let places: Vec<usize> = texts.iter().map(|text| at(text)).collect();
        // Rows are laid from the end of a page towards its start, in the order of their ids.
        assert!(places.is_sorted(), "{places:?}");
    }

    #[test]
    fn a_row_of_a_stranger_is_left_alone_and_counted() {
        let (_folder, mut store) = store();
        store.add_reaction(&reaction(1)).unwrap();
        let strange = [
            "(1, 0, 'A', 'furious', NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-25', 'morning')",
            "(2, 0, 'A', 'sad', 'moon', 1, 1, NULL, NULL, NULL, '2026-11-25', 'morning')",
            "(3, 0, 'A', 'sad', NULL, NULL, NULL, NULL, 'words', NULL, '2026-11-25', 'morning')",
            "(4, 0, 'A', 'sad', NULL, NULL, NULL, NULL, NULL, NULL, 'soon', 'morning')",
        ];
        for row in strange {
            store
                .connection
                .execute(&format!("INSERT INTO reactions VALUES {row}"), [])
                .unwrap();
        }
        let stored = store.reactions().unwrap();
        assert_eq!((stored.reactions, stored.unreadable), (vec![reaction(1)], 4));
    }

    #[test]
    fn settings_are_kept_and_replaced() {
        let (_folder, mut store) = store();
        assert_eq!(store.setting("kiosk").unwrap(), None);
        store.set_setting("kiosk", "a").unwrap();
        store.set_setting("kiosk", "b").unwrap();
        assert_eq!(store.setting("kiosk").unwrap().as_deref(), Some("b"));
    }
}
