//! Finding a place by what people call it: a street with a number, a name on the map, the id of a building or of a managed
//! object, or coordinates. Offline, over what is in the scenario.

mod coordinates;
mod index;
mod kept;
mod words;

use super::{AssetKind, OpenScenario};
use crate::georef::{SiteFrame, SitePos};
use bevy::math::DVec2;
use index::NameIndex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the kept index of a scenario is called, beside its document.
pub const KEPT: &str = "search.idx";
/// Largest kept index that is read, bytes.
const MOST_KEPT_BYTES: u64 = 256 << 20;

/// What a found place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceKind {
    /// A street or square.
    Street,
    /// A landmark.
    Landmark,
    /// A street with a number.
    Address,
    /// The registered building at this place in the register.
    Building(usize),
    /// The managed object at this place in the scenario's list.
    Asset(usize, AssetKind),
    /// Coordinates.
    Coordinates,
}

/// A place that can be found.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundPlace {
    /// What it is.
    pub kind: PlaceKind,
    /// What it is called.
    pub name: String,
    /// Where it is, site metres.
    pub position: DVec2,
    /// Height of its top in the site frame, metres, where it is known.
    pub top_m: Option<f64>,
}

/// Everything in a scenario that has a name or a number.
#[derive(Debug, Clone)]
pub struct PlaceIndex {
    places: Arc<Vec<FoundPlace>>,
    names: Arc<NameIndex>,
    site: SiteFrame,
}

/// Streets and places that are known by their addresses alone, each where its middle address stands. Two villages may have
/// a street of one name: those are told apart by their place.
fn streets(open: &OpenScenario) -> Vec<FoundPlace> {
    let named: BTreeSet<&str> = open.labels.iter().map(|label| label.text.as_str()).collect();
    let mut streets: BTreeMap<(&str, &str), Vec<DVec2>> = BTreeMap::new();
    let mut places: BTreeMap<&str, Vec<DVec2>> = BTreeMap::new();
    for address in open.addresses.iter() {
        let key = (address.street.as_str(), address.place.as_str());
        streets.entry(key).or_default().push(address.position);
        places.entry(&address.place).or_default().push(address.position);
    }
    let found = |name: String, mut at: Vec<DVec2>| {
        at.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
        FoundPlace {
            kind: PlaceKind::Street,
            name,
            position: at[at.len() / 2],
            top_m: None,
        }
    };
    let known_places = places.keys().filter(|place| !place.is_empty()).count();
    let streets = streets
        .into_iter()
        .filter(|((street, _), _)| !named.contains(street))
        .map(|((street, place), at)| {
            if known_places < 2 || place.is_empty() {
                found(street.to_owned(), at)
            } else {
                found(format!("{street}, {place}"), at)
            }
        });
    let places = places
        .into_iter()
        .filter(|(place, _)| !place.is_empty())
        .map(|(place, at)| FoundPlace {
            kind: PlaceKind::Landmark,
            ..found(place.to_owned(), at)
        });
    places.chain(streets).collect()
}

impl PlaceIndex {
    /// The index of a scenario: the one that is kept beside it where that is of the same names, else made anew. Takes about
    /// a second for a million names, so it is made off the main thread.
    pub fn of(open: &OpenScenario) -> Self {
        let kept = || open.resources.read_at_most(KEPT, MOST_KEPT_BYTES).ok();
        Self::with(open, |names| kept().and_then(|bytes| kept::read(&bytes, names)))
    }

    /// The index of a scenario, made anew.
    pub fn made(open: &OpenScenario) -> Self {
        Self::with(open, |_| None)
    }

    /// The index as it is kept in a file, for [`KEPT`].
    pub fn kept(&self) -> Vec<u8> {
        kept::write(&self.names, &self.places)
    }

    fn with(open: &OpenScenario, kept: impl FnOnce(&[FoundPlace]) -> Option<NameIndex>) -> Self {
        let mut places: Vec<FoundPlace> = Vec::new();
        for label in open.labels.iter().filter(|label| !label.text.trim().is_empty()) {
            let SitePos(at) = label.position;
            places.push(FoundPlace {
                kind: if label.landmark {
                    PlaceKind::Landmark
                } else {
                    PlaceKind::Street
                },
                name: label.text.clone(),
                position: at.truncate(),
                top_m: label.landmark.then_some(at.z),
            });
        }
        places.extend(streets(open));
        for address in open.addresses.iter() {
            places.push(FoundPlace {
                kind: PlaceKind::Address,
                name: if address.town.is_empty() {
                    address.street_and_number.clone()
                } else {
                    format!("{}, {}", address.street_and_number, address.town)
                },
                position: address.position,
                top_m: None,
            });
        }
        for (index, building) in open.register.buildings.iter().enumerate() {
            let name = match building.name.as_str() {
                "" => building.id.clone(),
                name => format!("{name} · {}", building.id),
            };
            places.push(FoundPlace {
                kind: PlaceKind::Building(index),
                name,
                position: building.center(),
                top_m: building.is_roof_known.then_some(building.roof_m),
            });
        }
        for (index, asset) in open.assets.iter().enumerate().filter(|(_, asset)| !asset.id.is_empty()) {
            places.push(FoundPlace {
                kind: PlaceKind::Asset(index, asset.kind),
                name: asset.id.clone(),
                position: asset.position,
                top_m: None,
            });
        }
        places.retain(|place| place.position.is_finite());
        let names = kept(&places);
        let names = names.unwrap_or_else(|| NameIndex::new(places.iter().map(|place| place.name.as_str())));
        Self {
            places: Arc::new(places),
            names: Arc::new(names),
            site: open.scenario.area.site,
        }
    }

    /// How many names it holds.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether nothing has a name.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The places that fit best what was typed, the best first, at most `most`. Coordinates are found whether or not they
    /// are in the area: how far they are says [`FoundPlace::position`].
    pub fn find(&self, typed: &str, most: usize) -> Vec<FoundPlace> {
        if let Some(position) = coordinates::located(typed, &self.site) {
            return vec![FoundPlace {
                kind: PlaceKind::Coordinates,
                name: typed.trim().to_owned(),
                position,
                top_m: None,
            }];
        }
        let found = self.names.find(typed, most);
        found
            .into_iter()
            .filter_map(|(place, _)| self.places.get(place).cloned())
            .collect()
    }
}
