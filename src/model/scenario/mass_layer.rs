//! Masses of a variant from a file of footprints: each polygon becomes a building of the plan.
//!
//! A height without a number of storeys gives the form, not the floor area: the storeys are then estimated, and the
//! indicators are told so.

use super::file::MassesFile;
use super::geojson::Feature;
use super::layers::LayerReader;
use super::properties::Properties;
use super::words::{certainty, use_of, use_of_word};
use super::{Certainty, LocalText, NewBuilding, Roof, Use};
use std::collections::{BTreeMap, HashSet};

/// Storey height where the file gives none, and for estimates, metres.
const STOREY_HEIGHT_M: f64 = 3.0;
/// Most masses of one file: each is drawn, and more than a town has is damage.
const MAX_MASSES: usize = 100_000;

/// A file of footprints, and which of its attributes holds what.
#[derive(Debug, Clone, PartialEq)]
pub struct MassSource {
    /// Path within the scenario's resources, checked to stay inside.
    pub path: String,
    /// CRS of the file where it names none.
    pub crs: Option<String>,
    /// Phase id, empty for none.
    pub phase: String,
    /// How sure.
    pub certainty: Certainty,
    /// Height of a storey of buildings without a height, metres.
    pub storey_height_m: f64,
    /// What all are for that no attribute tells of.
    pub all_for: Use,
    /// What the words for uses mean, small letters.
    uses: BTreeMap<String, Use>,
    attributes: Attributes,
}

/// Names of attributes.
#[derive(Debug, Clone, PartialEq)]
struct Attributes {
    id: Option<String>,
    name: Option<String>,
    height: Option<String>,
    storeys: Option<String>,
    base: Option<String>,
    main_use: Option<String>,
    dwellings: Option<String>,
    parking_places: Option<String>,
}

impl MassSource {
    /// As a scenario's file names it, at a path that was checked.
    pub(super) fn from_file(file: &MassesFile, path: String, phase: String, of_variant: Certainty) -> Self {
        let uses = file.uses.iter().flatten();
        Self {
            path,
            crs: file.crs.clone(),
            phase,
            certainty: file.certainty.map_or(of_variant, certainty),
            storey_height_m: file.storey_height_m.unwrap_or(STOREY_HEIGHT_M),
            all_for: file.all_for.map_or(Use::Other, use_of),
            uses: uses
                .map(|(word, name)| (word.trim().to_lowercase(), use_of(*name)))
                .collect(),
            attributes: Attributes {
                id: file.id.clone(),
                name: file.name.clone(),
                height: file.height.clone(),
                storeys: file.storeys.clone(),
                base: file.base.clone(),
                main_use: file.main_use.clone(),
                dwellings: file.dwellings.clone(),
                parking_places: file.parking_places.clone(),
            },
        }
    }
}

/// What the attributes of a feature say of its form.
struct Form {
    storeys: u32,
    are_storeys_known: bool,
    storey_height_m: f64,
}

impl LayerReader<'_> {
    /// The buildings of a file; `ids` are those that the variant has already.
    pub(super) fn masses(
        &mut self,
        source: &MassSource,
        features: &[Feature],
        ids: &mut HashSet<String>,
    ) -> Vec<NewBuilding> {
        let mut buildings = Vec::new();
        let mut estimated = 0_usize;
        for feature in features {
            let Some(form) = self.form(source, feature) else {
                continue;
            };
            let polygons = self.polygons(feature);
            let names = &source.attributes;
            let mut properties = Properties::new(feature, self.findings);
            let own = names.id.as_deref().and_then(|name| properties.text(name));
            let id = own.filter(|id| !id.is_empty()).or_else(|| feature.id.clone());
            let id = id.unwrap_or_else(|| format!("#{}", feature.index));
            if polygons.is_empty() || !self.is_new(feature, ids, &id, names.id.as_deref().unwrap_or("id")) {
                continue;
            }
            if buildings.len() + polygons.len() > MAX_MASSES {
                let message = format!("there are more than {MAX_MASSES} buildings; those from here on are left out");
                self.findings
                    .error_because(crate::sources::Cause::TooLarge, "features", message);
                break;
            }
            estimated += usize::from(!form.are_storeys_known);
            let whole = self.building_of(source, feature, id, &form);
            for (part, (footprint, holes)) in polygons.into_iter().enumerate() {
                buildings.push(NewBuilding {
                    id: part_id(&whole.id, part, ids),
                    footprint,
                    holes,
                    // Of the whole feature, so they stay with one part of it.
                    dwellings: whole.dwellings.map(|count| if part == 0 { count } else { 0 }),
                    parking_places: whole.parking_places.map(|count| if part == 0 { count } else { 0 }),
                    ..whole.clone()
                });
            }
        }
        if estimated > 0 && source.attributes.storeys.is_some() {
            let message = format!(
                "{estimated} buildings have no number of storeys; their floor areas are estimated from their heights"
            );
            self.findings.warning("features", message);
        }
        buildings
    }

    /// How high a building is; `None` where neither its height nor its storeys are known, which is named.
    fn form(&mut self, source: &MassSource, feature: &Feature) -> Option<Form> {
        let names = &source.attributes;
        let mut properties = Properties::new(feature, self.findings);
        let height = names
            .height
            .as_deref()
            .and_then(|name| properties.measure(name, 0.1..=500.0));
        let storeys = names
            .storeys
            .as_deref()
            .and_then(|name| properties.count(name, 1..=200));
        match (height, storeys) {
            (Some(height_m), Some(storeys)) => Some(Form {
                storeys,
                are_storeys_known: true,
                storey_height_m: height_m / f64::from(storeys),
            }),
            (None, Some(storeys)) => Some(Form {
                storeys,
                are_storeys_known: true,
                storey_height_m: source.storey_height_m,
            }),
            (Some(height_m), None) => {
                // Whole storeys that together are exactly as high as the building.
                let storeys = (1..=200_u32)
                    .find(|storeys| (f64::from(*storeys) + 0.5) * source.storey_height_m > height_m)
                    .unwrap_or(200);
                Some(Form {
                    storeys,
                    are_storeys_known: false,
                    storey_height_m: height_m / f64::from(storeys),
                })
            }
            (None, None) => {
                let wanted: Vec<&str> = [&names.height, &names.storeys]
                    .into_iter()
                    .flatten()
                    .map(String::as_str)
                    .collect();
                let message = format!("a mass needs a height or storeys (`{}`)", wanted.join("`, `"));
                self.leave_out(feature, ".properties", &message);
                None
            }
        }
    }

    /// The building that a feature is, without its outline.
    fn building_of(&mut self, source: &MassSource, feature: &Feature, id: String, form: &Form) -> NewBuilding {
        let names = &source.attributes;
        let mut properties = Properties::new(feature, self.findings);
        let name = names.name.as_deref().and_then(|name| properties.text(name));
        let base_m = names
            .base
            .as_deref()
            .and_then(|name| properties.measure(name, 0.0..=500.0));
        let word = names.main_use.as_deref().and_then(|name| properties.text(name));
        let main_use = match word.filter(|word| !word.trim().is_empty()) {
            None => source.all_for,
            Some(word) => {
                let known = source.uses.get(&word.trim().to_lowercase()).copied();
                known.or_else(|| use_of_word(&word)).unwrap_or_else(|| {
                    properties.warn("its use is no word that is known; say in `uses` what it means");
                    source.all_for
                })
            }
        };
        let mut number = |name: &Option<String>| {
            let name = name.as_deref()?;
            properties.count(name, 0..=100_000)
        };
        NewBuilding {
            dwellings: number(&names.dwellings),
            parking_places: number(&names.parking_places),
            id,
            name: LocalText(
                name.filter(|name| !name.is_empty())
                    .map(|name| ("nl".into(), name))
                    .into_iter()
                    .collect(),
            ),
            footprint: Vec::new(),
            holes: Vec::new(),
            base_m: base_m.unwrap_or(0.0),
            storeys: form.storeys,
            are_storeys_known: form.are_storeys_known,
            storey_height_m: form.storey_height_m,
            ground_storey_height_m: form.storey_height_m,
            underground_storeys: 0,
            roof: Roof::Flat,
            main_use,
            ground_use: None,
            phase: source.phase.clone(),
            certainty: source.certainty,
        }
    }
}

/// The id of a part of a building: its own for the first, with a number for the others.
fn part_id(id: &str, part: usize, ids: &mut HashSet<String>) -> String {
    if part == 0 {
        return id.to_owned();
    }
    let mut number = part + 1;
    loop {
        let wanted = format!("{id}/{number}");
        if ids.insert(wanted.clone()) {
            return wanted;
        }
        number += 1;
    }
}
