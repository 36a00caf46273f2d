//! What each lens puts into the shared desk: which pages the left panel has, and pages of its own making.

use super::desk::Page;
use crate::schedule::Lens;
use crate::text::Language;
use bevy::prelude::*;
use bevy_egui::egui::Ui;
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// A page that a lens makes itself. The lens keeps a handle to it, brings it up to date when the world changes and
/// takes out what was asked for; the desk only shows it.
pub trait PageContent: Send {
    /// What the page is called.
    fn name(&self, language: &Language) -> String;
    /// Its icon.
    fn icon(&self) -> &'static str;
    /// How wide the panel has to be for it at least, points of letters at 100 %.
    fn width(&self) -> f32 {
        0.0
    }
    /// Shows the page.
    fn show(&mut self, ui: &mut Ui, language: &Language);
}

/// A page shared between the lens that makes it and the desk that shows it. Both run one after the other on the main
/// thread, so the lock is never waited for.
pub type SharedPage<T> = Arc<Mutex<T>>;

/// Pages of lenses' own making, by the key in [`Page::Own`].
#[derive(Clone, Default)]
pub struct OwnPages(BTreeMap<&'static str, Arc<Mutex<dyn PageContent>>>);

impl OwnPages {
    /// Does something with a page; `None` when there is none of that key.
    pub fn with<R>(&self, key: &str, act: impl FnOnce(&mut dyn PageContent) -> R) -> Option<R> {
        let page = self.0.get(key)?;
        // A page that panicked while it was shown is shown again as it is.
        let mut content = page.lock().unwrap_or_else(PoisonError::into_inner);
        Some(act(&mut *content))
    }
}

impl fmt::Debug for OwnPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What one lens offers in the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Pages of the left panel, the first is shown first.
    pub pages: Vec<Page>,
}

/// The rooms of the lenses that this run has. Every lens furnishes its own.
#[derive(Resource, Debug, Clone, Default)]
pub struct Rooms {
    rooms: BTreeMap<Lens, Room>,
    own: OwnPages,
}

impl Rooms {
    /// Furnishes the room of a lens.
    pub fn furnish(&mut self, lens: Lens, room: Room) {
        self.rooms.insert(lens, room);
    }

    /// Adds a page to the end of the room of a lens, where it is furnished by now.
    pub fn add_to(&mut self, lens: Lens, page: Page) {
        if let Some(room) = self.rooms.get_mut(&lens) {
            room.pages.push(page);
        }
    }

    /// Adds a page to the end of every room that is furnished by now.
    pub fn add_to_all(&mut self, page: Page) {
        for room in self.rooms.values_mut() {
            room.pages.push(page);
        }
    }

    /// Adds a page of a lens's own making, to be named in its room as [`Page::Own`] with the same key.
    pub fn add_page<T: PageContent + 'static>(&mut self, key: &'static str, page: &SharedPage<T>) {
        self.own.0.insert(key, page.clone());
    }

    /// The pages of a lens, none when this run does not have it.
    pub fn pages(&self, lens: Lens) -> &[Page] {
        self.rooms.get(&lens).map_or(&[], |room| &room.pages)
    }

    /// The pages of lenses' own making.
    pub fn own(&self) -> &OwnPages {
        &self.own
    }
}
