//! Ontwerp, the lens of a planner at a workstation: which variant does the job, and what does each cost and bring?
//!
//! It replaces the folder of separate renders and the spreadsheet that go round before a council meeting. So far its
//! room offers the variants, the viewpoints and the layers; numbers per variant are not computed here yet.

use crate::panels::desk::Page;
use crate::panels::rooms::{Room, Rooms};
use crate::schedule::{AvailableLenses, Lens};
use bevy::prelude::*;

pub(crate) fn plugin(app: &mut App) {
    app.world_mut().get_resource_or_init::<AvailableLenses>().register(Lens::Design);
    app.world_mut()
        .get_resource_or_init::<Rooms>()
        .furnish(Lens::Design, Room { pages: vec![Page::Variants, Page::Viewpoints, Page::Layers] });
}
