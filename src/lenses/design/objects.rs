//! The objects behind a number: what they are called, and where they stand in the view.

use crate::analysis::{Counted, ObjectKind, Role};
use crate::geometry::Polygon;
use crate::georef::SitePos;
use crate::model::{OpenScenario, Variant};
use crate::text::{Language, tr};
use crate::view::GroundHeights;
use crate::view::picking::{Picked, PickedThing};
use bevy::math::DVec2;

/// What an object is called: its name, else its id.
pub(super) fn name(open: &OpenScenario, variant: Option<&Variant>, object: &Counted, language: &Language) -> String {
    let name = match object.kind {
        ObjectKind::RegisteredBuilding => open.register.get(&object.id).map(|building| building.name.clone()),
        ObjectKind::NewBuilding => variant
            .and_then(|variant| variant.buildings.iter().find(|building| building.id == object.id))
            .map(|building| building.name.get(&language.code()).to_owned()),
        ObjectKind::NewModel => variant
            .and_then(|variant| variant.models.iter().find(|model| model.id == object.id))
            .map(|model| model.title.get(&language.code()).to_owned()),
        _ => None,
    };
    let id = object.id.rsplit('.').next().unwrap_or_default();
    match name.filter(|name| !name.is_empty()) {
        Some(name) => name,
        None => format!("{} {id}", kind(object.kind, language)),
    }
}

/// What kind of thing it is, in a word.
fn kind(kind: ObjectKind, language: &Language) -> String {
    let text = match kind {
        ObjectKind::RegisteredBuilding => "counted-building",
        ObjectKind::NewBuilding => "counted-new-building",
        ObjectKind::NewModel => "counted-new-model",
        ObjectKind::Surface => "counted-surface",
        ObjectKind::NewSurface => "counted-new-surface",
        ObjectKind::Asset => "counted-asset",
        ObjectKind::NewTree => "counted-new-tree",
    };
    tr(language, text)
}

/// What the plan does with it.
pub(super) fn role(role: Role, language: &Language) -> String {
    let text = match role {
        Role::Kept => "counted-kept",
        Role::New => "counted-new",
        Role::Removed => "counted-removed",
    };
    tr(language, text)
}

/// An object as something that is picked, at its foot; surfaces are a place on the ground.
pub(super) fn picked_of(
    open: &OpenScenario,
    variant: Option<&Variant>,
    object: &Counted,
    ground: &GroundHeights,
) -> Option<Picked> {
    let id = object.id.clone();
    let (thing, at) = match object.kind {
        ObjectKind::RegisteredBuilding => {
            let place = *open.register.by_id.get(&object.id)?;
            let thing = PickedThing::Building {
                layer: open.layer_of_building(place)?.id.clone(),
                id: Some(id),
                attributes: Vec::new(),
                here: Vec::new(),
            };
            (thing, open.register.buildings.get(place)?.center())
        }
        ObjectKind::NewBuilding => {
            let building = variant?.buildings.iter().find(|building| building.id == id)?;
            (PickedThing::NewBuilding { id }, middle(&building.footprint)?)
        }
        ObjectKind::NewModel => {
            let model = variant?.models.iter().find(|model| model.id == id)?;
            (PickedThing::NewModel { id }, model.position)
        }
        ObjectKind::NewTree => {
            let tree = variant?.trees.iter().find(|tree| tree.id == id)?;
            (PickedThing::NewTree { id }, tree.position)
        }
        ObjectKind::Asset => {
            let index = open.assets.iter().position(|asset| asset.id == id)?;
            (PickedThing::Asset { index }, open.assets.get(index)?.position)
        }
        ObjectKind::Surface => {
            let surface = open.surfaces.iter().find(|surface| surface.id == id)?;
            (PickedThing::Ground, middle(&surface.outer)?)
        }
        ObjectKind::NewSurface => {
            let surface = variant?.surfaces.iter().find(|surface| surface.id == id)?;
            (PickedThing::Ground, middle(&surface.outer)?)
        }
    };
    let position = SitePos(at.extend(ground.height_at(at)));
    Some(Picked { thing, position })
}

fn middle(ring: &[DVec2]) -> Option<DVec2> {
    Polygon::new(ring.to_vec()).centroid().or_else(|| ring.first().copied())
}
