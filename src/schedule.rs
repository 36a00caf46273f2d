//! The order of one frame, and which lens is active.

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

/// The interface in `EguiPrimaryContextPass`. It reads, and writes messages.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InterfaceSystems;

/// The active lens.
#[derive(States, Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Lens {
    /// Ontwerp: which variant does the job, and what does each cost and bring?
    #[default]
    Design,
    /// Participatie: what would this mean for me, and what do I want to say about it?
    Participation,
    /// Beheer: what stands here, in what state, what must be done, and what will this plan add?
    Maintenance,
}

impl Lens {
    /// All lenses in the order of the switch.
    pub const ALL: [Self; 3] = [Self::Design, Self::Participation, Self::Maintenance];

    /// The name in files, on the command line and in text keys.
    pub fn key(self) -> &'static str {
        match self {
            Self::Design => "design",
            Self::Participation => "participation",
            Self::Maintenance => "maintenance",
        }
    }

    /// The lens called `key`.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lens| lens.key() == key)
    }
}

/// The lenses this run has, in the order of the switch. A kiosk has one.
#[derive(Resource, Debug, Default, Clone)]
pub struct AvailableLenses(Vec<Lens>);

impl AvailableLenses {
    /// Adds a lens; every lens plugin does so for itself.
    pub fn register(&mut self, lens: Lens) {
        if !self.0.contains(&lens) {
            self.0.push(lens);
            self.0.sort_unstable();
        }
    }

    /// The lenses, in order.
    pub fn all(&self) -> &[Lens] {
        &self.0
    }
}

/// Asks for another lens.
#[derive(Message, Debug, Clone, Copy)]
pub struct SwitchLens(pub Lens);

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
    )
    .init_resource::<AvailableLenses>()
    .add_message::<SwitchLens>()
    .add_systems(Update, switch_lens.in_set(FrameSystems::ApplyEdits));
}

/// Follows the last wish for a lens that this run has; a run without lenses has no such state.
fn switch_lens(
    mut wishes: MessageReader<SwitchLens>,
    available: Res<AvailableLenses>,
    next: Option<ResMut<NextState<Lens>>>,
) {
    let wish = wishes.read().filter(|wish| available.all().contains(&wish.0)).last();
    if let (Some(SwitchLens(lens)), Some(mut next)) = (wish, next) {
        NextState::set_if_neq(&mut next, *lens);
    }
}

#[cfg(test)]
mod tests {
    use super::Lens;

    #[test]
    fn every_lens_is_found_by_its_key() {
        for lens in Lens::ALL {
            assert_eq!(Lens::from_key(lens.key()), Some(lens));
        }
        assert_eq!(Lens::from_key("kantoor"), None);
    }
}
