//! Participatie, the lens of a resident or a child at an exhibition: what would this mean for me, and what do I want to
//! say about it?
//!
//! It replaces the wall of sticky notes and the paper form that somebody types over afterwards. At the desk its room
//! offers the variants and places to look from; [`kiosk`] is the same lens alone on a full screen, where residents have
//! their say.

pub mod kiosk;

use crate::panels::desk::Page;
use crate::panels::rooms::{Room, Rooms};
use crate::schedule::{AvailableLenses, Lens};
use bevy::prelude::*;

pub(crate) fn plugin(app: &mut App) {
    app.world_mut()
        .get_resource_or_init::<AvailableLenses>()
        .register(Lens::Participation);
    app.world_mut().get_resource_or_init::<Rooms>().furnish(
        Lens::Participation,
        Room {
            pages: vec![Page::Variants, Page::Viewpoints],
        },
    );
}
