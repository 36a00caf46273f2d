//! What buildings add up to: floor area, dwellings, parking places, built ground, heights.

use super::indicators::{Basis, Counted, Indicator, ObjectKind, Role, Unknown, WindCheck};
use super::key::Key;
use super::study_area::{Inside, StudyArea};
use crate::geometry::{Polygon, Region};
use crate::model::{NewBuilding, NewModel, RegisteredBuilding, Use, mass_mesh};

/// Height of a storey for estimates, metres.
const ESTIMATED_STOREY_M: f64 = 3.0;

/// Whole things count where this much of the footprint lies inside, less what rounding in the overlay takes.
pub(super) const MOST_OF_IT: f64 = 0.5 - 1e-6;

/// The floor area above ground of a whole building.
#[derive(Debug, Clone)]
enum Floors {
    Known { by_use: Vec<(Use, f64)>, basis: Basis },
    Unknown { estimate_m2: Option<f64> },
}

/// A building that lies in the area, at least in part.
#[derive(Debug, Clone)]
pub(super) struct Built<'a> {
    id: &'a str,
    kind: ObjectKind,
    /// What of its footprint lies in the area.
    pub(super) inside: Inside,
    floors: Floors,
    main_use: Use,
    underground_m2: f64,
    dwellings: Option<u32>,
    parking_places: Option<u32>,
    height_m: Option<f64>,
    /// Whether any of it is above ground.
    pub(super) is_seen: bool,
}

impl<'a> Built<'a> {
    /// A building of the register.
    pub(super) fn registered(building: &'a RegisteredBuilding, area: &StudyArea) -> Option<Self> {
        let inside = area.inside(&Polygon {
            exterior: building.footprint.clone(),
            holes: building.holes.clone(),
        })?;
        let height_m = building.is_roof_known.then_some(building.roof_m - building.ground_m);
        let footprint_m2 = inside.whole_m2;
        let floors = if !building.gfa_m2.is_empty() {
            Floors::Known {
                by_use: building.gfa_m2.clone(),
                basis: Basis::Recorded,
            }
        } else if let Some(storeys) = building.storeys {
            Floors::Known {
                by_use: vec![(building.main_use, footprint_m2 * f64::from(storeys))],
                basis: Basis::Storeys,
            }
        } else {
            let storeys = height_m.map(|height| (height / ESTIMATED_STOREY_M).round().max(1.0));
            Floors::Unknown {
                estimate_m2: storeys.map(|storeys| storeys * footprint_m2),
            }
        };
        let is_for = |wanted: Use| match &floors {
            Floors::Known {
                by_use,
                basis: Basis::Recorded,
            } => by_use.iter().any(|(used_for, m2)| *used_for == wanted && *m2 > 0.0),
            _ => building.main_use == wanted,
        };
        // Of a building whose use nobody tells it is not known either that nobody lives there.
        let is_told = building.is_use_known || !building.gfa_m2.is_empty();
        Some(Self {
            id: &building.id,
            kind: ObjectKind::RegisteredBuilding,
            dwellings: building.dwellings.or((is_told && !is_for(Use::Housing)).then_some(0)),
            parking_places: building
                .parking_places
                .or((is_told && !is_for(Use::Parking)).then_some(0)),
            inside,
            floors,
            main_use: building.main_use,
            underground_m2: 0.0,
            height_m,
            is_seen: true,
        })
    }

    /// A building of a plan.
    pub(super) fn planned(building: &'a NewBuilding, area: &StudyArea) -> Option<Self> {
        let inside = area.inside(&Polygon {
            exterior: building.footprint.clone(),
            holes: building.holes.clone(),
        })?;
        let by_use: Vec<(Use, f64)> = building.gfa_m2().into_iter().collect();
        // What lies below ground only has no floor area above it to tell its use by.
        let is_for = |wanted: Use| match building.storeys {
            _ if !building.are_storeys_known => building.main_use == wanted,
            0 => building.main_use == wanted,
            _ => by_use.iter().any(|(used_for, _)| *used_for == wanted),
        };
        Some(Self {
            id: &building.id,
            kind: ObjectKind::NewBuilding,
            dwellings: building.dwellings.or((!is_for(Use::Housing)).then_some(0)),
            parking_places: building.parking_places.or((!is_for(Use::Parking)).then_some(0)),
            underground_m2: inside.whole_m2 * f64::from(building.underground_storeys),
            height_m: (building.storeys > 0).then(|| mass_mesh(building, 0.0).top_m),
            is_seen: building.storeys > 0,
            main_use: building.main_use,
            floors: if building.are_storeys_known {
                Floors::Known {
                    by_use,
                    basis: Basis::Storeys,
                }
            } else {
                Floors::Unknown {
                    estimate_m2: Some(inside.whole_m2 * f64::from(building.storeys)),
                }
            },
            inside,
        })
    }

    /// A model of a plan: it counts by what the scenario says of it, wholly where its zero lies. What it covers and how high
    /// it is nobody knows, since a model may hold a square with trees as well as a house.
    pub(super) fn modelled(model: &'a NewModel, area: &StudyArea) -> Option<Self> {
        let is_for = |wanted: Use| model.main_use == wanted;
        area.contains(model.position).then(|| Self {
            id: &model.id,
            kind: ObjectKind::NewModel,
            inside: Inside {
                region: Region::union([]),
                share: 1.0,
                whole_m2: 0.0,
            },
            floors: match model.gfa_m2 {
                Some(gfa_m2) => Floors::Known {
                    by_use: vec![(model.main_use, gfa_m2)],
                    basis: Basis::Recorded,
                },
                None => Floors::Unknown { estimate_m2: None },
            },
            main_use: model.main_use,
            underground_m2: 0.0,
            dwellings: model.dwellings.or((!is_for(Use::Housing)).then_some(0)),
            parking_places: model.parking_places.or((!is_for(Use::Parking)).then_some(0)),
            height_m: None,
            is_seen: true,
        })
    }

    /// The key of its storeys in its file.
    fn storeys_key(&self) -> &'static str {
        match self.kind {
            ObjectKind::RegisteredBuilding => "bouwlagen",
            ObjectKind::NewModel => "gfa_m2",
            _ => "storeys",
        }
    }

    /// The key of its height in its file; of a model its form, which only a person can judge.
    fn height_key(&self) -> &'static str {
        match self.kind {
            ObjectKind::NewModel => "height",
            _ => "roof_nap_m",
        }
    }

    fn counted(&self, role: Role, share: f64, amount: f64, basis: Option<Basis>) -> Counted {
        Counted {
            id: self.id.to_owned(),
            kind: self.kind,
            role,
            share,
            amount,
            basis,
        }
    }

    fn unknown(&self, missing: &'static str, estimate: Option<f64>) -> Unknown {
        Unknown {
            id: self.id.to_owned(),
            kind: self.kind,
            missing,
            estimate,
        }
    }
}

/// A sum that remembers what went into it.
#[derive(Default)]
pub(super) struct Tally {
    kept: f64,
    new: f64,
    removed: f64,
    objects: Vec<Counted>,
    unknown: Vec<Unknown>,
}

impl Tally {
    /// Adds an object; nothing when it adds nothing.
    pub(super) fn add(&mut self, object: Counted) {
        if object.amount <= 0.0 {
            return;
        }
        match object.role {
            Role::Kept => self.kept += object.amount,
            Role::New => self.new += object.amount,
            Role::Removed => self.removed += object.amount,
        }
        self.objects.push(object);
    }

    /// The sum of what stands.
    pub(super) fn indicator(self, key: Key) -> Indicator {
        let value = self.kept + self.new;
        let names = if key.unit() == "m2" {
            ["kept_m2", "new_m2", "removed_m2"]
        } else {
            ["kept", "new", "removed"]
        };
        let estimates: Vec<f64> = self.unknown.iter().filter_map(|unknown| unknown.estimate).collect();
        Indicator {
            inputs: names.into_iter().zip([self.kept, self.new, self.removed]).collect(),
            estimate: (!estimates.is_empty()).then(|| value + estimates.iter().sum::<f64>()),
            is_complete: self.unknown.is_empty(),
            objects: self.objects,
            unknown: self.unknown,
            ..Indicator::new(key, Some(value))
        }
    }
}

/// The indicators of buildings and what happens to each. Removed ones are listed and add nothing. `places_outside` are
/// the parking places that are in no building. Where footprints are tangled the built ground has no value.
pub(super) fn count(
    buildings: &[(Role, &Built)],
    area_m2: f64,
    places_outside: Vec<Counted>,
    is_tangled: bool,
) -> Vec<Indicator> {
    let (gfa, by_use) = floor_areas(buildings);
    let built = if is_tangled {
        Indicator::without_value(Key::Built)
    } else {
        built_ground(buildings)
    };
    let dwellings = whole_things(buildings, |b| b.dwellings, "dwellings").indicator(Key::Dwellings);
    let mut places = whole_things(buildings, |b| b.parking_places, "parking_places");
    for place in places_outside {
        places.add(place);
    }
    let mut places = places.indicator(Key::ParkingPlaces);
    places.is_complete &= !is_tangled;
    let mut per_ha = over(Key::DwellingsPerHa, &dwellings, area_m2 / 10_000.0);
    per_ha.inputs = vec![("dwellings", dwellings.value.unwrap_or(0.0)), ("plan_area_m2", area_m2)];
    let mut found = densities(&gfa, &built, area_m2);
    found.extend([gfa, underground(buildings), built, per_ha, dwellings, places]);
    found.extend(by_use);
    found.extend(heights(buildings));
    found
}

fn floor_areas(buildings: &[(Role, &Built)]) -> (Indicator, Vec<Indicator>) {
    let uses = Key::ALL.iter().filter_map(|key| match key {
        Key::GfaOf(used_for) => Some(*used_for),
        _ => None,
    });
    let mut of_uses: Vec<(Use, Tally)> = uses.map(|used_for| (used_for, Tally::default())).collect();
    let mut all = Tally::default();
    for (role, building) in buildings {
        let share = building.inside.share;
        match &building.floors {
            Floors::Known { by_use, basis } => {
                let whole: f64 = by_use.iter().map(|(_, m2)| m2).sum();
                all.add(building.counted(*role, share, whole * share, Some(*basis)));
                for (used_for, tally) in &mut of_uses {
                    let parts = by_use.iter().filter(|(part, _)| part == used_for);
                    let m2: f64 = parts.map(|(_, m2)| m2).sum();
                    tally.add(building.counted(*role, share, m2 * share, Some(*basis)));
                }
            }
            Floors::Unknown { .. } if *role == Role::Removed => {}
            Floors::Unknown { estimate_m2 } => {
                let unknown = building.unknown(building.storeys_key(), estimate_m2.map(|m2| m2 * share));
                if let Some((_, tally)) = of_uses.iter_mut().find(|(part, _)| *part == building.main_use) {
                    tally.unknown.push(unknown.clone());
                }
                all.unknown.push(unknown);
            }
        }
    }
    let of_uses = of_uses
        .into_iter()
        .map(|(used_for, tally)| tally.indicator(Key::GfaOf(used_for)));
    (all.indicator(Key::Gfa), of_uses.collect())
}

fn underground(buildings: &[(Role, &Built)]) -> Indicator {
    let mut tally = Tally::default();
    for (role, building) in buildings {
        let share = building.inside.share;
        tally.add(building.counted(*role, share, building.underground_m2 * share, Some(Basis::Storeys)));
    }
    tally.indicator(Key::GfaUnderground)
}

/// Ground under several footprints counts once, so the objects may add up to more than the value.
fn built_ground(buildings: &[(Role, &Built)]) -> Indicator {
    let mut tally = Tally::default();
    for (role, building) in buildings.iter().filter(|(_, building)| building.is_seen) {
        let inside = &building.inside;
        if building.kind == ObjectKind::NewModel {
            tally.unknown.push(building.unknown("footprint", None));
            continue;
        }
        tally.add(building.counted(*role, inside.share, inside.whole_m2 * inside.share, None));
    }
    let standing = buildings.iter().filter(|(role, b)| *role != Role::Removed && b.is_seen);
    let built_m2 = Region::union(standing.map(|(_, building)| &building.inside.region)).area_m2();
    let mut indicator = tally.indicator(Key::Built);
    let overlap_m2 = (indicator.value.unwrap_or(0.0) - built_m2).max(0.0);
    indicator.inputs.push(("overlap_m2", overlap_m2));
    indicator.value = Some(built_m2);
    indicator
}

fn whole_things(buildings: &[(Role, &Built)], number: impl Fn(&Built) -> Option<u32>, missing: &'static str) -> Tally {
    let mut tally = Tally::default();
    for (role, building) in buildings.iter().filter(|(_, b)| b.inside.share >= MOST_OF_IT) {
        match number(building) {
            Some(number) => tally.add(building.counted(*role, 1.0, f64::from(number), None)),
            None if *role == Role::Removed => {}
            None => tally.unknown.push(building.unknown(missing, None)),
        }
    }
    tally
}

/// `part` over something, complete and estimated as `part` is.
fn over(key: Key, part: &Indicator, divisor: f64) -> Indicator {
    let ratio = |value: f64| (divisor > 0.0).then(|| value / divisor);
    Indicator {
        estimate: part.estimate.and_then(ratio),
        is_complete: part.is_complete,
        ..Indicator::new(key, part.value.and_then(ratio))
    }
}

fn densities(gfa: &Indicator, built: &Indicator, area_m2: f64) -> Vec<Indicator> {
    let floor_m2 = gfa.value.unwrap_or(0.0);
    let mut fsi = over(Key::Fsi, gfa, area_m2);
    fsi.inputs = vec![("gfa_m2", floor_m2), ("plan_area_m2", area_m2)];
    let Some(built_m2) = built.value else {
        return vec![
            fsi,
            Indicator::without_value(Key::Gsi),
            Indicator::without_value(Key::L),
            Indicator::without_value(Key::Osr),
        ];
    };
    let mut gsi = over(Key::Gsi, built, area_m2);
    gsi.inputs = vec![("built_m2", built_m2), ("plan_area_m2", area_m2)];
    let mut storeys = over(Key::L, gfa, built_m2);
    storeys.inputs = vec![("gfa_m2", floor_m2), ("built_m2", built_m2)];
    let open_m2 = (area_m2 - built_m2).max(0.0);
    let openness = |floor_m2: f64| (floor_m2 > 0.0).then(|| open_m2 / floor_m2);
    let osr = Indicator {
        inputs: vec![("plan_area_m2", area_m2), ("built_m2", built_m2), ("gfa_m2", floor_m2)],
        estimate: gfa.estimate.and_then(openness),
        is_complete: gfa.is_complete,
        ..Indicator::new(Key::Osr, openness(floor_m2))
    };
    vec![fsi, gsi, storeys, osr]
}

fn heights(buildings: &[(Role, &Built)]) -> [Indicator; 2] {
    let greatest = |key: Key, counts: fn(Role) -> bool| {
        let (mut objects, mut unknown) = (Vec::new(), Vec::new());
        for (role, building) in buildings.iter().filter(|(role, b)| counts(*role) && b.is_seen) {
            match building.height_m {
                Some(height_m) => objects.push(building.counted(*role, building.inside.share, height_m, None)),
                None => unknown.push(building.unknown(building.height_key(), None)),
            }
        }
        let value = objects.iter().map(|object| object.amount).reduce(f64::max);
        Indicator {
            is_complete: unknown.is_empty(),
            wind: value.map(WindCheck::at),
            objects,
            unknown,
            ..Indicator::new(key, value)
        }
    };
    [
        greatest(Key::GreatestHeight, |role| role != Role::Removed),
        greatest(Key::GreatestNewHeight, |role| role == Role::New),
    ]
}
