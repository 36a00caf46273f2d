//! What stands and lies in the area today, cut to it once, and from that the numbers of any variant.

use super::built::{self, Built, Tally};
use super::cover::{self, Patch};
use super::indicators::{Counted, Indicator, Indicators, MissingData, ObjectKind, Role};
use super::key::Key;
use super::study_area::StudyArea;
use super::tangle;
use crate::model::{AssetKind, LayerKind, OpenScenario, Removal, Scenario, Variant};
use std::collections::BTreeSet;

/// Why nothing can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SurveyError {
    /// The scenario has no land to count in.
    #[error("there is neither a plan area (`plan_area`) nor an outline of the area (`area.outline`) to count within")]
    NoArea,
    /// Its edge has too many corners for all that it cuts.
    #[error("the plan area has {corners} corners and cuts {outlines} outlines: draw it simpler")]
    TooTangled {
        /// Corners of the area.
        corners: usize,
        /// Outlines that may lie across its edge.
        outlines: usize,
    },
}

/// Today within the area, ready to be compared with.
pub struct Survey<'a> {
    open: &'a OpenScenario,
    area: StudyArea,
    /// Buildings in the area by their position in the register.
    buildings: Vec<(usize, Built<'a>)>,
    patches: Vec<Patch<'a>>,
    /// Positions of the trees in the area.
    trees: Vec<usize>,
    missing: Vec<MissingData>,
    today: Indicators,
}

impl<'a> Survey<'a> {
    /// Cuts today to the plan area, or to the outline of the area where there is none.
    pub fn new(open: &'a OpenScenario) -> Result<Self, SurveyError> {
        let area = StudyArea::of(&open.scenario).ok_or(SurveyError::NoArea)?;
        let (low, high) = area.bounds();
        let near = open.register.near(low, high);
        let footprints = near
            .iter()
            .filter_map(|position| open.register.buildings.get(*position));
        let outlines = footprints.map(|building| building.footprint.as_slice());
        let outlines = outlines.chain(open.surfaces.iter().map(|surface| surface.outer.as_slice()));
        let outlines = outlines.filter(|ring| area.may_cut(ring)).count();
        if tangle::is_too_much_at_the_edge(&area, outlines) {
            let corners = area.region().sides().count();
            return Err(SurveyError::TooTangled { corners, outlines });
        }
        let buildings = near
            .into_iter()
            .filter_map(|position| {
                Some((
                    position,
                    Built::registered(open.register.buildings.get(position)?, &area)?,
                ))
            })
            .collect();
        let is_tree = |position: &usize| {
            let asset = &open.assets[*position];
            asset.kind == AssetKind::Tree && area.contains(asset.position)
        };
        let mut survey = Self {
            patches: cover::patches(open.surfaces.iter(), Role::Kept, &area),
            trees: (0..open.assets.len()).filter(is_tree).collect(),
            missing: missing(open),
            buildings,
            area,
            open,
            today: Indicators::default(),
        };
        let today = survey.count(None, None);
        survey.today = today.clone().since(&today);
        Ok(survey)
    }

    /// The land counted in.
    pub fn area(&self) -> &StudyArea {
        &self.area
    }

    /// The scenario that was counted.
    pub fn scenario(&self) -> &'a Scenario {
        &self.open.scenario
    }

    /// Data of today that the scenario does not have; what needs it is never complete.
    pub fn missing(&self) -> &[MissingData] {
        &self.missing
    }

    /// The numbers of today.
    pub fn today(&self) -> &Indicators {
        &self.today
    }

    /// The numbers of a variant at the end of `phase` (`None`: when all is built), each with its difference to today.
    pub fn indicators(&self, variant: &Variant, phase: Option<&str>) -> Indicators {
        self.count(Some(variant), phase).since(&self.today)
    }

    fn count(&self, variant: Option<&Variant>, phase: Option<&str>) -> Indicators {
        let scenario = &self.open.scenario;
        let removals: Vec<&Removal> = variant
            .map(|variant| variant.removals_in(scenario, phase).collect())
            .unwrap_or_default();
        let gone: BTreeSet<usize> = removals.iter().flat_map(|r| self.open.register.removed_by(r)).collect();
        let added = variant
            .into_iter()
            .flat_map(|variant| variant.buildings_in(scenario, phase));
        let models = variant
            .into_iter()
            .flat_map(|variant| variant.models_in(scenario, phase));
        let added: Vec<Built> = added
            .filter_map(|building| Built::planned(building, &self.area))
            .chain(models.filter_map(|model| Built::modelled(model, &self.area)))
            .collect();
        let role = |position: &usize| {
            if gone.contains(position) {
                Role::Removed
            } else {
                Role::Kept
            }
        };
        let mut buildings: Vec<(Role, &Built)> = Vec::with_capacity(self.buildings.len() + added.len());
        buildings.extend(
            self.buildings
                .iter()
                .map(|(position, building)| (role(position), building)),
        );
        buildings.extend(added.iter().map(|building| (Role::New, building)));

        let laid = variant
            .into_iter()
            .flat_map(|variant| variant.surfaces_in(scenario, phase));
        let laid = cover::patches(laid, Role::New, &self.area);
        let standing = buildings.iter().filter(|(role, _)| *role != Role::Removed);
        let standing: Vec<&Built> = standing.map(|(_, building)| *building).collect();

        let regions = standing.iter().map(|building| &building.inside.region);
        let regions = regions.chain(laid.iter().chain(&self.patches).map(Patch::region));
        let is_tangled = tangle::is_tangled(regions);
        let (ground, places) = cover::count(&self.area, &standing, &laid, &self.patches, is_tangled);
        let mut found = built::count(&buildings, self.area.area_m2, places, is_tangled);
        found.extend(ground);
        found.push(self.trees(variant, &removals, phase));
        for indicator in &mut found {
            indicator.is_complete &= !needs(indicator.key).iter().any(|data| self.missing.contains(data));
        }
        Indicators::new(found)
    }

    fn trees(&self, variant: Option<&Variant>, removals: &[&Removal], phase: Option<&str>) -> Indicator {
        let gone: BTreeSet<&str> = removals
            .iter()
            .flat_map(|removal| &removal.assets)
            .map(String::as_str)
            .collect();
        let tree = |id: &str, kind: ObjectKind, role: Role| Counted {
            id: id.to_owned(),
            kind,
            role,
            share: 1.0,
            amount: 1.0,
            basis: None,
        };
        let mut tally = Tally::default();
        for asset in self.trees.iter().filter_map(|position| self.open.assets.get(*position)) {
            let is_gone = gone.contains(asset.id.as_str());
            let role = if is_gone { Role::Removed } else { Role::Kept };
            tally.add(tree(&asset.id, ObjectKind::Asset, role));
        }
        for planted in variant.map(|variant| variant.trees.as_slice()).unwrap_or_default() {
            if self.open.scenario.stands_in(&planted.phase, phase) && self.area.contains(planted.position) {
                tally.add(tree(&planted.id, ObjectKind::NewTree, Role::New));
            }
        }
        tally.indicator(Key::Trees)
    }
}

/// The data of today that an indicator rests on.
fn needs(key: Key) -> &'static [MissingData] {
    match key {
        Key::Green | Key::Paved | Key::Water | Key::UnknownCover => &[MissingData::Surfaces],
        Key::ParkingPlaces => &[MissingData::Register, MissingData::Surfaces],
        Key::Trees => &[MissingData::Assets],
        _ => &[MissingData::Register],
    }
}

/// What the scenario has no data of. A register without a building is one that could not be read as often as one of
/// an empty field, so it counts as missing.
fn missing(open: &OpenScenario) -> Vec<MissingData> {
    let has = |kind: LayerKind| open.scenario.layers.iter().any(|layer| layer.kind == kind);
    let mut missing = Vec::new();
    if open.register.buildings.is_empty() {
        missing.push(MissingData::Register);
    }
    if !has(LayerKind::Surfaces) || open.surfaces.is_empty() {
        missing.push(MissingData::Surfaces);
    }
    if !has(LayerKind::Assets) || open.assets.is_empty() {
        missing.push(MissingData::Assets);
    }
    missing
}
