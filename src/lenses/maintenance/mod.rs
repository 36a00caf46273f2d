//! Beheer, the lens of maintenance staff at a desk or on a tablet: what stands here, in what state, what must be done,
//! and what will this plan add?
//!
//! It replaces the printed map and list that go outside and come back to be retyped. So far its room offers the layers
//! and a click shows what is known of an object; it has no filters and no worklist yet.

use crate::panels::desk::{Page, Room, Rooms};
use crate::schedule::{AvailableLenses, Lens};
use bevy::prelude::*;

pub(crate) fn plugin(app: &mut App) {
    app.world_mut().get_resource_or_init::<AvailableLenses>().register(Lens::Maintenance);
    app.world_mut()
        .get_resource_or_init::<Rooms>()
        .furnish(Lens::Maintenance, Room { pages: vec![Page::Layers, Page::Viewpoints, Page::Variants] });
}
