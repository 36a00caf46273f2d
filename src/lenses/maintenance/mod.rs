//! Beheer, the lens of maintenance staff at a desk or on a tablet: what stands here, in what state, what must be done,
//! and what will this plan add?
//!
//! It replaces the printed map and list that go outside and come back to be retyped. So far its room offers the layers
//! and a click shows what is known of an object; it has no filters and no worklist yet.

use crate::panels::desk::Page;
use crate::panels::rooms::{Room, Rooms};
use crate::schedule::{AvailableLenses, Lens};
use crate::view::ShownPins;
use bevy::prelude::*;

pub(crate) fn plugin(app: &mut App) {
    app.world_mut().get_resource_or_init::<AvailableLenses>().register(Lens::Maintenance);
    app.world_mut()
        .get_resource_or_init::<Rooms>()
        .furnish(Lens::Maintenance, Room { pages: vec![Page::Layers, Page::Viewpoints, Page::Variants] });
    app.add_systems(OnEnter(Lens::Maintenance), show_pins).add_systems(OnExit(Lens::Maintenance), hide_pins);
}

/// Reports and sensors are this lens's business; to the others they would be clutter.
fn show_pins(mut pins: ResMut<ShownPins>) {
    *pins = ShownPins { reports: true, sensors: true };
}

fn hide_pins(mut pins: ResMut<ShownPins>) {
    *pins = ShownPins::default();
}
