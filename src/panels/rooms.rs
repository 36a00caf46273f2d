//! What each lens puts into the shared desk.

use super::desk::Page;
use crate::schedule::Lens;
use bevy::prelude::*;
use std::collections::BTreeMap;

/// What one lens offers in the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Pages of the left panel, the first is shown first.
    pub pages: Vec<Page>,
}

/// The rooms of the lenses that this run has. Every lens furnishes its own.
#[derive(Resource, Debug, Clone, Default)]
pub struct Rooms(BTreeMap<Lens, Room>);

impl Rooms {
    /// Furnishes the room of a lens.
    pub fn furnish(&mut self, lens: Lens, room: Room) {
        self.0.insert(lens, room);
    }

    /// The pages of a lens, none when this run does not have it.
    pub fn pages(&self, lens: Lens) -> &[Page] {
        self.0.get(&lens).map_or(&[], |room| &room.pages)
    }
}
