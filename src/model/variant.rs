//! What a variant removes, which parts stand in a phase, and the floor area of what it adds.

use super::note::Note;
use super::scenario::{LocalText, NewBuilding, NewModel, NewSurface, Removal, Scenario, Use, Variant, Viewpoint};
use crate::geometry::polygon::{Polygon, ring_contains};
use bevy::math::DVec2;
use std::collections::BTreeMap;

impl Variant {
    /// A variant without differences.
    pub fn today(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            title: LocalText::default(),
            summary: LocalText::default(),
            certainty: super::Certainty::default(),
            source: super::Source::default(),
            removals: Vec::new(),
            masses: Vec::new(),
            buildings: Vec::new(),
            models: Vec::new(),
            trees: Vec::new(),
            surfaces: Vec::new(),
        }
    }

    /// Whether it leaves everything as it is.
    pub fn is_today(&self) -> bool {
        let removes =
            |removal: &Removal| !(removal.ids.is_empty() && removal.polygons.is_empty() && removal.assets.is_empty());
        !self.removals.iter().any(removes)
            && self.masses.is_empty()
            && self.buildings.is_empty()
            && self.models.is_empty()
            && self.trees.is_empty()
            && self.surfaces.is_empty()
    }

    /// What has gone at the end of `phase` (`None`: at the end of all).
    pub fn removals_in<'a>(
        &'a self,
        scenario: &'a Scenario,
        phase: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Removal> {
        scenario.standing(&self.removals, |removal| &removal.phase, phase)
    }

    /// Buildings that stand at the end of `phase` (`None`: at the end of all).
    pub fn buildings_in<'a>(
        &'a self,
        scenario: &'a Scenario,
        phase: Option<&'a str>,
    ) -> impl Iterator<Item = &'a NewBuilding> {
        scenario.standing(&self.buildings, |part| &part.phase, phase)
    }

    /// Models that stand at the end of `phase` (`None`: at the end of all).
    pub fn models_in<'a>(
        &'a self,
        scenario: &'a Scenario,
        phase: Option<&'a str>,
    ) -> impl Iterator<Item = &'a NewModel> {
        scenario.standing(&self.models, |part| &part.phase, phase)
    }

    /// Surfaces that lie at the end of `phase`.
    pub fn surfaces_in<'a>(
        &'a self,
        scenario: &'a Scenario,
        phase: Option<&'a str>,
    ) -> impl Iterator<Item = &'a NewSurface> {
        scenario.standing(&self.surfaces, |part| &part.phase, phase)
    }
}

impl Removal {
    /// Whether a building with this centre goes because of where it stands.
    pub fn removes_at(&self, center: DVec2) -> bool {
        self.polygons.iter().any(|ring| ring_contains(ring, center))
    }
}

impl Scenario {
    /// The variant called `id`.
    pub fn variant(&self, id: &str) -> Option<&Variant> {
        self.variants.iter().find(|variant| variant.id == id)
    }

    /// The viewpoint called `id`.
    pub fn viewpoint(&self, id: &str) -> Option<&Viewpoint> {
        self.viewpoints.iter().find(|viewpoint| viewpoint.id == id)
    }

    /// The note with this id.
    pub fn note(&self, id: &str) -> Option<&Note> {
        self.notes.iter().find(|note| note.id == id)
    }

    /// The viewpoint shown first: the one the file names, else the first there is.
    pub fn home(&self) -> Option<&Viewpoint> {
        let start = self.start_viewpoint.as_deref().and_then(|id| self.viewpoint(id));
        start.or_else(|| self.viewpoints.first())
    }

    /// Those of `parts`, each with its phase, that stand at the end of `phase`.
    fn standing<'a, T>(
        &'a self,
        parts: &'a [T],
        phase_of: fn(&T) -> &str,
        phase: Option<&'a str>,
    ) -> impl Iterator<Item = &'a T> {
        parts.iter().filter(move |part| self.stands_in(phase_of(part), phase))
    }

    /// Whether a part that belongs to phase `part` stands at the end of phase `now`. Phases add up in their
    /// order. A part without a phase always stands; `None` is the final state.
    pub fn stands_in(&self, part: &str, now: Option<&str>) -> bool {
        let Some(now) = now.filter(|_| !part.is_empty()) else {
            return true;
        };
        let number = |id: &str| self.phases.iter().position(|phase| phase.id == id);
        match (number(part), number(now)) {
            (Some(part), Some(now)) => part <= now,
            _ => true,
        }
    }
}

impl NewBuilding {
    /// Footprint area without its holes, m².
    pub fn footprint_m2(&self) -> f64 {
        let polygon = Polygon {
            exterior: self.footprint.clone(),
            holes: self.holes.clone(),
        };
        polygon.area_m2()
    }

    /// Gross floor area above ground by use, m²: the footprint once per storey.
    pub fn gfa_m2(&self) -> BTreeMap<Use, f64> {
        let footprint = self.footprint_m2();
        let mut areas = BTreeMap::new();
        if self.storeys > 0 {
            let ground_use = self.ground_use.unwrap_or(self.main_use);
            *areas.entry(ground_use).or_insert(0.0) += footprint;
        }
        if self.storeys > 1 {
            *areas.entry(self.main_use).or_insert(0.0) += footprint * f64::from(self.storeys - 1);
        }
        areas
    }

    /// Height of the walls above the underside, metres.
    pub fn wall_height_m(&self) -> f64 {
        match self.storeys {
            0 => 0.0,
            storeys => self.ground_storey_height_m + f64::from(storeys - 1) * self.storey_height_m,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mass::tests::block;
    use crate::model::scenario::Phase;

    #[test]
    fn floor_area_by_use() {
        let mut building = block(&[[0.0, 0.0], [20.0, 0.0], [20.0, 10.0], [0.0, 10.0]]);
        building.holes = vec![
            [[5.0, 2.0], [5.0, 7.0], [15.0, 7.0], [15.0, 2.0]]
                .map(DVec2::from_array)
                .into(),
        ];
        building.storeys = 5;
        building.main_use = Use::Housing;
        building.ground_use = Some(Use::Shops);
        assert_eq!(
            building.gfa_m2(),
            BTreeMap::from([(Use::Housing, 600.0), (Use::Shops, 150.0)])
        );
        building.ground_use = None;
        assert_eq!(building.gfa_m2(), BTreeMap::from([(Use::Housing, 750.0)]));
        building.storeys = 0;
        assert_eq!(building.gfa_m2(), BTreeMap::new());
    }

    #[test]
    fn phases_add_up_in_their_order() {
        let mut scenario = crate::model::edit::tests::scenario();
        scenario.phases = ["2", "1"]
            .map(|id| Phase {
                id: id.into(),
                title: LocalText::default(),
                year: None,
            })
            .into();
        for (part, now, stands) in [
            ("", Some("2"), true),
            ("2", Some("2"), true),
            ("1", Some("2"), false),
            ("2", Some("1"), true),
            ("1", None, true),
            ("1", Some("no such phase"), true),
        ] {
            assert_eq!(scenario.stands_in(part, now), stands, "{part} {now:?}");
        }
    }
}
