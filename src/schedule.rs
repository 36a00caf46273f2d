//! The order of one frame and which lens is active.

use bevy::prelude::*;

/// The steps of one frame in `Update`, in this order.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FrameSystems {
    /// Results of background work enter the world.
    Ingest,
    /// Messages that change the model are applied.
    ApplyEdits,
    /// What follows from the model is recomputed.
    Derive,
    /// Tiles are selected and requested for the present cameras.
    Select,
    /// Entities, transforms and materials follow.
    Present,
}

/// The active lens.
#[derive(States, Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lens {
    /// Ontwerp: which variant does the job?
    #[default]
    Design,
    /// Participatie: what would this mean for me?
    Participation,
    /// Beheer: what stands here, in what state?
    Maintenance,
}

pub(crate) fn plugin(app: &mut App) {
    app.configure_sets(
        Update,
        (
            FrameSystems::Ingest,
            FrameSystems::ApplyEdits,
            FrameSystems::Derive,
            FrameSystems::Select,
            FrameSystems::Present,
        )
            .chain(),
    );
}
