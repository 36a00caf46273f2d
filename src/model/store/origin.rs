//! Which scenario a database belongs to, so that one whose folder was moved or renamed keeps what was added to it.
//!
//! A scenario counts as moved when its own file has the same bytes as one that stood at a place where nothing is now. Then
//! the notes and lists are copied, and the old database keeps them: a place that only seems gone, as on a drive that is not
//! there today, loses no note. Reactions are not copied but moved ([`super::moving`]): words that staff delete are to be in
//! no file at all. A copy beside its original starts with nothing. A scenario whose file was changed on the way is not
//! recognised: guessing by title or place would one day show somebody the notes of another plan.

use super::{Store, StoreError, error::failed, place_of, store_path};
use crate::georef::SiteFrame;
use crate::model::OpenScenario;
use crate::sources::hex;
use rusqlite::{Connection, OpenFlags, params};
use sha2::{Digest, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Where the scenario was when it was opened last, and the hash of its own file. At most one row.
pub(super) const ORIGIN: &str = "
CREATE TABLE origin (
  one INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
  place TEXT NOT NULL,
  document_sha256 TEXT NOT NULL
) STRICT;";

/// The one row.
pub(super) const SELECT: &str = "SELECT place, document_sha256 FROM origin";

/// More databases than this are not looked at.
const MOST_LOOKED_AT: usize = 1000;

/// Where a scenario stands and what its own file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    place: String,
    document_sha256: String,
}

impl Origin {
    /// The origin of the scenario that was opened at `opened`; `None` for data without a file of its own, and for a place
    /// that cannot be written down.
    pub fn of(opened: &Path, open: &OpenScenario) -> Option<Self> {
        if open.document.is_empty() {
            return None;
        }
        let place = place_of(opened).to_str()?.to_owned();
        let bytes = open.resources.read(&open.document).ok()?;
        let document_sha256 = hex(&Sha256::digest(&bytes));
        Some(Self { place, document_sha256 })
    }
}

impl Store {
    /// Remembers where its scenario stands; a database that is new takes in the notes, lists and reactions of that scenario
    /// from before it was moved here.
    pub fn settle_in(&mut self, site: &SiteFrame, origin: &Origin) -> Result<(), StoreError> {
        let path = self.path.clone();
        let failed = |source| failed(source, &path);
        let known: bool = self
            .connection
            .query_row("SELECT EXISTS (SELECT 1 FROM origin)", [], |row| row.get(0))
            .map_err(failed)?;
        if !known {
            self.finish_moving()?;
            let has_notes =
                self.notes(site)? != super::StoredNotes::default() || self.lists()? != super::StoredLists::default();
            if let Some(before) = moved_from(&path, origin) {
                if !has_notes {
                    self.take_in(&before, site)?;
                }
                self.move_reactions_from(&before)?;
            }
        }
        self.connection
            .execute(
                "INSERT OR REPLACE INTO origin (one, place, document_sha256) VALUES (1, ?1, ?2)",
                params![origin.place, origin.document_sha256],
            )
            .map(drop)
            .map_err(failed)
    }

    /// Copies the notes and lists of another database, and what it took over. One that cannot be read is left alone.
    fn take_in(&mut self, before: &Path, site: &SiteFrame) -> Result<(), StoreError> {
        let read = Self::open_sound(before).and_then(|before| {
            let taken: rusqlite::Result<Vec<String>> = before
                .connection
                .prepare("SELECT id FROM taken_over")
                .and_then(|mut select| select.query_map([], |row| row.get(0))?.collect());
            let taken = taken.map_err(|source| failed(source, before.path()))?;
            Ok((before.notes(site)?.notes, before.lists()?.lists, taken))
        });
        let Ok((notes, lists, taken)) = read else { return Ok(()) };
        self.save_notes(site, &notes, &[])?;
        lists.iter().try_for_each(|list| self.add_list(list))?;
        let path = self.path.clone();
        self.mark_taken_over(taken.iter().map(String::as_str))
            .map_err(|source| failed(source, &path))
    }
}

/// The database, inside `data_folder`, that holds what was added to `open`, opened at `opened`: its own, else that of the
/// place where it stood before. `None` where nobody added anything.
pub fn kept_at(data_folder: &Path, opened: &Path, open: &OpenScenario) -> Option<PathBuf> {
    let own = store_path(data_folder, opened);
    if own.is_file() {
        return Some(own);
    }
    moved_from(&own, &Origin::of(opened, open)?)
}

/// The database beside `database` of the same scenario at a place where nothing is any more; of several the last used.
fn moved_from(database: &Path, origin: &Origin) -> Option<PathBuf> {
    let beside = fs::read_dir(database.parent()?).ok()?;
    let paths = beside.flatten().map(|entry| entry.path()).take(MOST_LOOKED_AT);
    paths
        .filter(|path| path != database && path.extension().is_some_and(|ending| ending == "sqlite"))
        .filter(|path| {
            origin_in(path).is_some_and(|other| {
                other.document_sha256 == origin.document_sha256 && !Path::new(&other.place).exists()
            })
        })
        .max_by_key(|path| {
            let changed = fs::metadata(path).and_then(|metadata| metadata.modified());
            (changed.unwrap_or(SystemTime::UNIX_EPOCH), path.clone())
        })
}

/// The origin that a database names; `None` where it has none, is in use or is not ours.
fn origin_in(path: &Path) -> Option<Origin> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).ok()?;
    let read = connection.query_row(SELECT, [], |row| {
        Ok(Origin {
            place: row.get(0)?,
            document_sha256: row.get(1)?,
        })
    });
    read.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reaction::tests::reaction;

    #[test]
    fn reactions_and_the_code_follow_a_scenario_whose_folder_was_moved_and_a_copy_starts_without() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        let settled = |name: &str| {
            let (mut store, _) = Store::open(&place(&format!("{name}.sqlite"))).unwrap();
            let origin = Origin {
                place: place(name).to_str().unwrap().to_owned(),
                document_sha256: "the same".to_owned(),
            };
            store.settle_in(&SiteFrame::Local, &origin).unwrap();
            store
        };
        let count = |store: &Store| store.count_reactions(false).unwrap();
        fs::create_dir(place("first")).unwrap();
        let mut first = settled("first");
        for number in [1, 2, 3] {
            first.add_reaction(&reaction(number)).unwrap();
        }
        first.set_setting("kiosk", "the code").unwrap();
        drop(first);
        fs::create_dir(place("copy")).unwrap();
        assert_eq!(count(&settled("copy")), 0, "its original is still there");
        fs::rename(place("first"), place("moved")).unwrap();
        let moved = settled("moved");
        assert_eq!(count(&moved), 3);
        assert_eq!(moved.setting("kiosk").unwrap().as_deref(), Some("the code"));
        drop(moved);
        // Should something stand at the old place again: they are in one file only.
        fs::create_dir(place("first")).unwrap();
        assert_eq!((count(&settled("first")), count(&settled("moved"))), (0, 3));
    }
}
