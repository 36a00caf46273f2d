//! Notes of a file that stands elsewhere than when they were written: they go with it.
//!
//! How the file stood when it was opened last is kept beside them. A file that is opened for the first time, and one whose
//! notes were written before this was kept, has only its place noted.

use super::notes::write_notes;
use super::{Store, StoreError, error::failed};
use crate::model::FilePlace;
use rusqlite::params;

/// Under which name stands how the file stood last.
const STOOD: &str = "file-place";

impl Store {
    /// Moves the notes to where their points of the file are, if the file stands otherwise than it did; all of it or nothing.
    /// A note that has no place there stays where it was.
    pub fn follow_file(&mut self, place: &FilePlace) -> Result<(), StoreError> {
        let stood = self.setting(STOOD)?.as_deref().and_then(FilePlace::from_text);
        if stood.is_some_and(|stood| stood.is_same(place)) {
            return Ok(());
        }
        let mut notes = Vec::new();
        if let Some(stood) = stood
            && let Ok(way) = stood.way_to(place)
        {
            for mut note in self.notes(stood.site())?.notes {
                let moved = way
                    .convert(note.anchor.position)
                    .zip(way.convert(note.viewpoint.target));
                if let Some((position, target)) = moved {
                    note.anchor.position = position;
                    note.viewpoint.target = target;
                    notes.push(note);
                }
            }
        }
        let path = self.path.clone();
        let failed = |source| failed(source, &path);
        let transaction = self.connection.transaction().map_err(failed)?;
        write_notes(&transaction, place.site(), &notes).map_err(failed)?;
        transaction
            .execute(
                "INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)",
                params![STOOD, place.to_text()],
            )
            .map_err(failed)?;
        transaction.commit().map_err(failed)
    }
}
