//! What tests of several modules make of a scenario's parts.

use super::{Certainty, LocalText, NewModel, Use};
use crate::sources::obj::Up;
use bevy::math::{DVec2, DVec3};

/// A model of shops at the anchor, on the ground.
pub(crate) fn model(id: &str) -> NewModel {
    NewModel {
        id: id.into(),
        title: LocalText::default(),
        path: "m.glb".into(),
        origin: DVec3::ZERO,
        up: Up::Y,
        is_geocentric: false,
        position: DVec2::ZERO,
        foot_m: None,
        heading_deg: 0.0,
        scale: 1.0,
        main_use: Use::Shops,
        is_use_known: true,
        gfa_m2: None,
        dwellings: None,
        parking_places: None,
        phase: String::new(),
        certainty: Certainty::Decided,
    }
}
