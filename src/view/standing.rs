//! Things that stand on the ground, where that may be a guessed one: they are made anew when it is guessed better. Those that
//! are there stay until all new ones have come, and change places with them in one frame.

use super::{
    feature_rows::{FeatureRows, RowRange},
    ground::GroundHeights,
};
use crate::model::Terrain;
use bevy::prelude::*;
use std::{marker::PhantomData, sync::Arc};

/// Of which making of its kind an entity is.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OfMaking(u64);

/// On what the things of the kind `T` stand.
#[derive(Resource)]
pub(crate) struct Standing<T: Send + Sync + 'static> {
    /// The ground that the last ones were made for.
    on: Option<Arc<Terrain>>,
    /// Number of that making.
    making: u64,
    /// Number of the one that is to be seen.
    shown: u64,
    /// The rows of all that is there, by the making that they are of.
    rows: Vec<(u64, RowRange)>,
    kind: PhantomData<T>,
}

impl<T: Send + Sync + 'static> Default for Standing<T> {
    fn default() -> Self {
        Self {
            on: None,
            making: 0,
            shown: 0,
            rows: Vec::new(),
            kind: PhantomData,
        }
    }
}

impl<T: Send + Sync + 'static> Standing<T> {
    /// Whether they stand on another ground than there is now.
    pub(crate) fn is_outdated(&self, ground: &GroundHeights) -> bool {
        self.on.as_ref().is_some_and(|on| !Arc::ptr_eq(on, ground.terrain()))
    }

    /// Begins another making; of another scenario (`is_new`) those before have gone already, and the new ones are seen as
    /// they come. Gives the ground to make them for.
    pub(crate) fn begin(&mut self, is_new: bool, ground: &GroundHeights, rows: &mut FeatureRows) -> Arc<Terrain> {
        self.making += 1;
        if is_new {
            self.free_old(rows);
            self.shown = self.making;
        }
        let terrain = ground.terrain().clone();
        self.on = Some(terrain.clone());
        terrain
    }

    /// What marks a thing with these rows as one of the making that goes on.
    pub(crate) fn mark(&mut self, rows: RowRange) -> OfMaking {
        self.rows.push((self.making, rows));
        OfMaking(self.making)
    }

    /// Whether a thing is one of those that are to be seen.
    pub(crate) fn shows(&self, of: OfMaking) -> bool {
        of.0 == self.shown
    }

    /// Whether those that are to be seen are of an earlier making.
    pub(crate) fn awaits(&self) -> bool {
        self.shown != self.making
    }

    /// Lets the new ones take over from those of `drawn` that are older: all of them have come.
    pub(crate) fn take_over(
        &mut self,
        drawn: impl Iterator<Item = (Entity, OfMaking)>,
        commands: &mut Commands,
        rows: &mut FeatureRows,
    ) {
        for (entity, _) in drawn.filter(|(_, of)| of.0 != self.making) {
            commands.entity(entity).try_despawn();
        }
        self.free_old(rows);
        self.shown = self.making;
    }

    /// Gives the rows back that are not of the last making.
    fn free_old(&mut self, rows: &mut FeatureRows) {
        let last = self.making;
        for (_, range) in self.rows.extract_if(.., |(making, _)| *making != last) {
            rows.free(range);
        }
    }

    /// How many things hold rows.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.rows.len()
    }
}
