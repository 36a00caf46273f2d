//! A list of managed objects that somebody added to a scenario in the program: the file as it was, and what its columns
//! mean. It stands in the store beside the scenario, not in the scenario's own folder.

use super::scenario::Columns;
use jiff::civil::Date;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

/// A list as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnList {
    /// Id, unique in the scenario.
    pub id: String,
    /// What the file was called.
    pub name: String,
    /// The file.
    pub bytes: Arc<[u8]>,
    /// Which column holds what.
    pub columns: Columns,
    /// Day on which it was added.
    pub day: Date,
}

impl OwnList {
    /// Most lists of one scenario.
    pub const MOST: usize = 50;

    /// An id that no other list has.
    pub fn new_id() -> String {
        format!("own-{:016x}", RandomState::new().hash_one(std::process::id()))
    }
}

/// A list in an open scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedList {
    /// The list; its id is that of its layer too.
    pub list: OwnList,
    /// Objects of it that are shown.
    pub objects: usize,
}
