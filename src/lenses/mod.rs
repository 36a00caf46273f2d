//! The three lenses. Each owns its state, systems and panels and never reaches into another; a program runs with any
//! subset of them.

pub mod design;
pub mod maintenance;
pub mod participation;

use crate::schedule::Lens;
use bevy::prelude::*;

/// Adds the plugin of one lens.
pub fn add(app: &mut App, lens: Lens) {
    match lens {
        Lens::Design => design::plugin(app),
        Lens::Participation => participation::plugin(app),
        Lens::Maintenance => maintenance::plugin(app),
    }
}
