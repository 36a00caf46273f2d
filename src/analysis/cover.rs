//! What the ground is covered with: green, paved, water, and what nothing is known of.
//!
//! Each surface counts with what is left of it after the area is cut out of it and all that wins over it is taken
//! away; see the rules of [the module](super).

use super::built::{Built, MOST_OF_IT};
use super::indicators::{Counted, Indicator, ObjectKind, Role};
use super::key::Key;
use super::study_area::StudyArea;
use super::tangle::is_tangled;
use crate::geometry::{BoxIndex, Polygon, Region};
use crate::model::{NewSurface, SurfaceKind};
use bevy::math::DVec2;
use std::cmp::Ordering;

/// Less than this of a surface is what rounding leaves along a shared border, m².
const SLIVER_M2: f64 = 1e-4;

/// A part of the area this small of which nothing is known is what coordinates rounded to centimetres leave open.
const ROUNDING: f64 = 1e-4;

const KINDS: [(SurfaceKind, &str); 6] = [
    (SurfaceKind::Asphalt, "asphalt_m2"),
    (SurfaceKind::Paving, "paving_m2"),
    (SurfaceKind::Clinkers, "clinkers_m2"),
    (SurfaceKind::Grass, "grass_m2"),
    (SurfaceKind::Planting, "planting_m2"),
    (SurfaceKind::Water, "water_m2"),
];

/// What a kind of cover counts as.
fn counts_as(kind: SurfaceKind) -> Key {
    match kind {
        SurfaceKind::Asphalt | SurfaceKind::Paving | SurfaceKind::Clinkers => Key::Paved,
        SurfaceKind::Grass | SurfaceKind::Planting => Key::Green,
        SurfaceKind::Water => Key::Water,
    }
}

/// At one height paved wins over green over water.
fn rank(kind: SurfaceKind) -> u8 {
    match counts_as(kind) {
        Key::Paved => 0,
        Key::Green => 1,
        _ => 2,
    }
}

/// A surface in the area.
#[derive(Debug, Clone)]
pub(super) struct Patch<'a> {
    surface: &'a NewSurface,
    role: Role,
    /// All of it that lies in the area.
    region: Region,
    /// What no other of its own list covers.
    visible: Region,
    whole_m2: f64,
}

impl Patch<'_> {
    fn kind(&self) -> ObjectKind {
        match self.role {
            Role::New => ObjectKind::NewSurface,
            _ => ObjectKind::Surface,
        }
    }

    /// Its parking places, of which `seen_m2` lies open: whole, as long as most of it does.
    fn places(&self, seen_m2: f64) -> Option<Counted> {
        let amount = f64::from(self.surface.parking_places?);
        let is_most = |m2: f64| m2 >= self.whole_m2 * MOST_OF_IT;
        let role = match self.role {
            role if is_most(seen_m2) => role,
            Role::Kept if is_most(self.region.area_m2()) => Role::Removed,
            _ => return None,
        };
        Some(Counted {
            id: self.surface.id.clone(),
            kind: self.kind(),
            role,
            share: 1.0,
            amount,
            basis: None,
        })
    }

    /// All of it that lies in the area.
    pub(super) fn region(&self) -> &Region {
        &self.region
    }
}

/// The surfaces of one list that lie in the area, each without what wins over it in the list.
pub(super) fn patches<'a>(
    surfaces: impl IntoIterator<Item = &'a NewSurface>,
    role: Role,
    area: &StudyArea,
) -> Vec<Patch<'a>> {
    let (low, high) = area.bounds();
    let is_near = |ring: &[DVec2]| {
        let reaches = |pick: fn(&DVec2) -> f64, low: f64, high: f64| {
            ring.iter().any(|p| pick(p) <= high) && ring.iter().any(|p| pick(p) >= low)
        };
        reaches(|p| p.x, low.x, high.x) && reaches(|p| p.y, low.y, high.y)
    };
    let mut patches: Vec<Patch> = surfaces
        .into_iter()
        .filter(|surface| is_near(&surface.outer))
        .filter_map(|surface| {
            let inside = area.inside(&Polygon {
                exterior: surface.outer.clone(),
                holes: surface.holes.clone(),
            })?;
            Some(Patch {
                surface,
                role,
                visible: Region::default(),
                region: inside.region,
                whole_m2: inside.whole_m2,
            })
        })
        .collect();
    patches.sort_by(|a, b| wins(a.surface, b.surface));
    // Whoever counts finds the same and gives them no value.
    if is_tangled(patches.iter().map(Patch::region)) {
        return patches;
    }
    let index = BoxIndex::new(patches.iter().map(|patch| patch.region.bounds()));
    let visible: Vec<Region> = (0..patches.len())
        .map(|position| {
            let patch = &patches[position];
            let near = touching(&index, &patch.region);
            let above = near.into_iter().take_while(|other| *other < position);
            patch.region.without(above.map(|other| &patches[other].region))
        })
        .collect();
    for (patch, visible) in patches.iter_mut().zip(visible) {
        patch.visible = visible;
    }
    patches
}

/// Less: the first wins.
fn wins(a: &NewSurface, b: &NewSurface) -> Ordering {
    let by_height = b.raise_m.total_cmp(&a.raise_m);
    by_height.then_with(|| rank(a.kind).cmp(&rank(b.kind)))
}

fn touching(index: &BoxIndex, region: &Region) -> Vec<usize> {
    region
        .bounds()
        .map(|(low, high)| index.touching(low, high))
        .unwrap_or_default()
}

/// The indicators of the ground under what stands, with a plan's surfaces over today's, and the parking places on it.
/// Without a value where it `is_tangled`.
pub(super) fn count(
    area: &StudyArea,
    standing: &[&Built],
    plan: &[Patch],
    today: &[Patch],
    is_tangled: bool,
) -> (Vec<Indicator>, Vec<Counted>) {
    if is_tangled {
        let keys = [Key::Green, Key::Paved, Key::Water, Key::UnknownCover];
        return (keys.map(Indicator::without_value).into(), Vec::new());
    }

    let buildings: Vec<&Region> = standing
        .iter()
        .filter(|building| building.is_seen)
        .map(|building| &building.inside.region)
        .collect();
    let planned: Vec<&Region> = plan.iter().map(|patch| &patch.region).collect();
    let mut covers = buildings.clone();
    let over_plan = BoxIndex::new(covers.iter().map(|region| region.bounds()));
    covers.extend(&planned);
    let over_today = BoxIndex::new(covers.iter().map(|region| region.bounds()));

    let mut objects: Vec<(SurfaceKind, Counted)> = Vec::new();
    let mut places: Vec<Counted> = Vec::new();
    for (patches, index) in [(plan, &over_plan), (today, &over_today)] {
        for patch in patches {
            let above = touching(index, &patch.visible);
            let seen = patch.visible.without(above.into_iter().map(|i| covers[i]));
            let seen_m2 = seen.area_m2();
            places.extend(patch.places(seen_m2));
            if seen_m2 < SLIVER_M2 {
                continue;
            }
            objects.push((
                patch.surface.kind,
                Counted {
                    id: patch.surface.id.clone(),
                    kind: patch.kind(),
                    role: patch.role,
                    share: (seen_m2 / patch.whole_m2).min(1.0),
                    amount: seen_m2,
                    basis: None,
                },
            ));
        }
    }
    let of_key = |key: Key| {
        let mut indicator = Indicator::new(key, None);
        for (kind, name) in KINDS.into_iter().filter(|(kind, _)| counts_as(*kind) == key) {
            let counted = objects.iter().filter(|(of, _)| *of == kind).map(|(_, object)| object);
            indicator
                .inputs
                .push((name, counted.clone().map(|object| object.amount).sum()));
            indicator.objects.extend(counted.cloned());
        }
        indicator.value = Some(indicator.inputs.iter().map(|(_, m2)| m2).sum());
        indicator
    };
    let known = covers.iter().copied().chain(today.iter().map(|patch| &patch.region));
    let unknown_m2 = area.region().without(known).area_m2();
    let mut found = vec![of_key(Key::Green), of_key(Key::Paved), of_key(Key::Water)];
    // What nothing is known of may be any of the three.
    for indicator in &mut found {
        indicator.is_complete = unknown_m2 < area.area_m2 * ROUNDING;
        indicator.inputs.push(("unknown_cover_m2", unknown_m2));
    }
    let mut unknown = Indicator::new(Key::UnknownCover, Some(unknown_m2));
    unknown.inputs = vec![("plan_area_m2", area.area_m2)];
    found.push(unknown);
    (found, places)
}
