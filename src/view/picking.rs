//! A click picks exactly one thing: a building, a part of the plan, a managed object, or a place on the ground.
//! What is picked is lifted slightly in colour here and outlined by the `outline` beside it.

use super::{
    camera::{Clicked, InputCapture, MainCamera, OrbitCamera},
    feature_rows::{FeatureRows, RowRange},
    ground::GroundHeights,
    points::PickedPoint,
    ray_cast::{PickOwner, Pickable, SceneHit, SceneRay, SurfaceRay},
    scene::{ScenarioShown, ShownScenario, VariantShown},
    site_view::SiteView,
    tiles::TileLayers,
};
use crate::geometry::Value;
use crate::georef::SitePos;
use crate::schedule::FrameSystems;
use bevy::{math::DVec2, prelude::*, window::PrimaryWindow};

/// What is picked.
#[derive(Debug, Clone, PartialEq)]
pub enum PickedThing {
    /// A feature of a tile layer.
    Building {
        /// Layer id.
        layer: String,
        /// Value of the layer's id property, where it has one.
        id: Option<String>,
        /// All attributes in file order.
        attributes: Vec<(String, Value)>,
        /// What lies on its surface at the place that was clicked.
        here: Vec<(String, Value)>,
    },
    /// A building of the variant shown.
    NewBuilding {
        /// Id in the variant.
        id: String,
    },
    /// A model of the variant shown.
    NewModel {
        /// Id in the variant.
        id: String,
    },
    /// A tree of the variant shown.
    NewTree {
        /// Id in the variant.
        id: String,
    },
    /// A managed object.
    Asset {
        /// Place in the scenario's list.
        index: usize,
    },
    /// A public-space report.
    Report {
        /// Place in the scenario's list.
        index: usize,
    },
    /// A sensor.
    Sensor {
        /// Place in the scenario's list.
        index: usize,
    },
    /// A measured point.
    Point(PickedPoint),
    /// A feature of a vector layer.
    Feature {
        /// Place of the layer among the scenario's vector layers.
        layer: usize,
        /// Place of the feature in its layer.
        index: usize,
    },
    /// A place on the ground.
    Ground,
}

/// A thing that is picked and where it was clicked.
#[derive(Debug, Clone, PartialEq)]
pub struct Picked {
    /// What.
    pub thing: PickedThing,
    /// Where, site frame.
    pub position: SitePos,
}

/// What is picked now. Changed by clicks and by [`Pick`].
#[derive(Resource, Debug, Clone, Default, PartialEq)]
pub struct CitySelection {
    /// The picked thing.
    pub picked: Option<Picked>,
}

/// Request: pick this, or nothing.
#[derive(Message, Debug, Clone)]
pub struct Pick(pub Option<Picked>);

/// Fact: something else is picked; read it in [`CitySelection`].
#[derive(Message, Debug, Clone, Copy)]
pub struct PickChanged;

/// What lies under the cursor, for the status bar.
#[derive(Resource, Debug, Clone, Copy, Default, PartialEq)]
pub struct CursorGround {
    /// Where the line of sight through the cursor ends; `None` over the sky and outside the picture.
    pub position: Option<SitePos>,
    /// Whether that height was measured or planned; else it is only a guess for the eye.
    pub is_height_known: bool,
}

/// The feature that is outlined.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Outlined {
    pub(super) entity: Entity,
    pub(super) feature: u32,
    pub(super) rows: RowRange,
}

/// What is outlined now, if it is drawn.
#[derive(Resource, Default)]
pub(super) struct Outline(pub(super) Option<Outlined>);

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<CitySelection>()
        .init_resource::<CursorGround>()
        .init_resource::<Outline>()
        .add_message::<Pick>()
        .add_message::<PickChanged>()
        .add_systems(
            Update,
            (
                (pick_clicked, follow_requests, follow_cursor)
                    .chain()
                    .in_set(FrameSystems::Select),
                find_outlined.in_set(FrameSystems::Present),
            ),
        );
}

/// What a hit is, in words of the scenario.
fn thing_of(
    hit: &SceneHit,
    here: Vec<(String, Value)>,
    pickables: &Query<&Pickable>,
    tiles: &TileLayers,
) -> Option<PickedThing> {
    if let Some(point) = &hit.point {
        return Some(PickedThing::Point(point.clone()));
    }
    let Some((entity, feature)) = hit.feature else {
        return Some(PickedThing::Ground);
    };
    let pickable = pickables.get(entity).ok()?;
    let place = feature as usize;
    Some(match &pickable.owner {
        owner @ PickOwner::Tile { .. } => {
            let found = tiles.feature(owner, pickable.rows.first, feature)?;
            if feature >= found.table.rows && here.is_empty() {
                // Part of a tile that belongs to no feature: terrain, or a mesh without attributes.
                return Some(PickedThing::Ground);
            }
            PickedThing::Building {
                layer: found.layer.to_owned(),
                id: found.id,
                attributes: found
                    .table
                    .attributes(feature)
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .chain(found.metadata)
                    .collect(),
                here,
            }
        }
        PickOwner::NewBuildings { ids } => PickedThing::NewBuilding {
            id: ids.get(place)?.clone(),
        },
        PickOwner::NewModel { id } => PickedThing::NewModel { id: id.to_string() },
        PickOwner::NewTrees { ids } => PickedThing::NewTree {
            id: ids.get(place)?.clone(),
        },
        PickOwner::Assets { indices } => PickedThing::Asset {
            index: *indices.get(place)?,
        },
        PickOwner::Reports => PickedThing::Report { index: place },
        PickOwner::Sensors => PickedThing::Sensor { index: place },
        PickOwner::Features { layer, indices } => PickedThing::Feature {
            layer: *layer,
            index: *indices.get(place)? as usize,
        },
    })
}

fn pick_clicked(
    mut clicks: MessageReader<Clicked>,
    view: Res<SiteView>,
    scene: SceneRay,
    surfaces: SurfaceRay,
    pickables: Query<&Pickable>,
    tiles: Res<TileLayers>,
    mut outline: ResMut<Outline>,
    mut selection: ResMut<CitySelection>,
    mut changed: MessageWriter<PickChanged>,
) {
    let Some(click) = clicks.read().last() else {
        return;
    };
    let direction = view.ray(click.pixel);
    let hit = scene.cast(view.eye, direction);
    let picked = hit.as_ref().and_then(|hit| {
        let met = hit.feature.filter(|_| hit.point.is_none());
        let here = met.map_or_else(Vec::new, |met| match hit.number {
            Some(number) => surfaces.of_point(met.0, number),
            None => surfaces.values(view.eye, direction, met),
        });
        Some(Picked {
            thing: thing_of(hit, here, &pickables, &tiles)?,
            position: hit.position,
        })
    });
    let is_ground = matches!(picked.as_ref().map(|p| &p.thing), None | Some(PickedThing::Ground));
    let target = hit.and_then(|hit| hit.feature).filter(|_| !is_ground);
    let outlined = target.and_then(|(entity, feature)| {
        let pickable = pickables.get(entity).ok()?;
        // The row of everything without a feature is no one thing.
        let found = tiles.feature(&pickable.owner, pickable.rows.first, feature);
        let is_thing = found.is_none_or(|found| feature < found.table.rows);
        is_thing.then_some(Outlined {
            entity,
            feature,
            rows: pickable.rows,
        })
    });
    if outline.0 != outlined {
        outline.0 = outlined;
    }
    if selection.picked != picked {
        selection.picked = picked;
        changed.write(PickChanged);
    }
}

fn follow_requests(
    mut requests: MessageReader<Pick>,
    mut shown: MessageReader<ScenarioShown>,
    mut switched: MessageReader<VariantShown>,
    scenario: Option<Res<ShownScenario>>,
    rows: Res<FeatureRows>,
    mut outline: ResMut<Outline>,
    mut selection: ResMut<CitySelection>,
    mut changed: MessageWriter<PickChanged>,
) {
    let mut wanted = requests.read().last().map(|request| request.0.clone());
    if shown.read().last().is_some() {
        wanted = Some(None);
    }
    let is_hidden = |outlined: Outlined| rows.is_hidden(outlined.rows, outlined.feature);
    if switched.read().last().is_some()
        && let (Some(scenario), Some(picked)) = (&scenario, &selection.picked)
        && (is_gone(&picked.thing, scenario) || outline.0.is_some_and(is_hidden))
    {
        wanted = Some(None);
    }
    if let Some(picked) = wanted
        && selection.picked != picked
    {
        selection.picked = picked;
        outline.0 = None;
        changed.write(PickChanged);
    }
}

/// Whether a picked thing is not part of the variant shown.
fn is_gone(thing: &PickedThing, scenario: &ShownScenario) -> bool {
    let variant = scenario.active_variant();
    match thing {
        PickedThing::Building { id: Some(id), .. } => scenario.removed().contains(id),
        PickedThing::NewBuilding { id } => !variant.is_some_and(|v| v.buildings.iter().any(|b| b.id == *id)),
        PickedThing::NewModel { id } => !variant.is_some_and(|v| v.models.iter().any(|m| m.id == *id)),
        PickedThing::NewTree { id } => !variant.is_some_and(|v| v.trees.iter().any(|t| t.id == *id)),
        PickedThing::Asset { index } => match (variant, scenario.open.assets.get(*index)) {
            (Some(variant), Some(asset)) => variant
                .removals_in(&scenario.open.scenario, scenario.phase.as_deref())
                .any(|removal| removal.assets.contains(&asset.id)),
            _ => false,
        },
        _ => false,
    }
}

fn follow_cursor(
    windows: Query<&Window, With<PrimaryWindow>>,
    cameras: Query<&Camera, With<MainCamera>>,
    capture: Res<InputCapture>,
    view: Res<SiteView>,
    orbit: Res<OrbitCamera>,
    ground: Res<GroundHeights>,
    scenario: Option<Res<ShownScenario>>,
    pickables: Query<&Pickable>,
    scene: SceneRay,
    mut last: Local<Option<DVec2>>,
    mut cursor: ResMut<CursorGround>,
) {
    let pixel = super::camera::cursor_pixel(&windows, &cameras).filter(|_| !capture.pointer);
    if pixel == *last && !view.is_changed() && orbit.is_still() {
        return;
    }
    *last = pixel;
    let hit = pixel.and_then(|pixel| scene.cast(view.eye, view.ray(pixel)));
    let is_ground_known = ground.is_measured && scenario.is_some_and(|scenario| !scenario.open.is_terrain_made_up);
    let is_known = |hit: &SceneHit| match hit.feature.and_then(|(entity, _)| pickables.get(entity).ok()) {
        // Tiles bring their heights; all else stands on the ground.
        Some(pickable) => matches!(pickable.owner, PickOwner::Tile { .. }) || is_ground_known,
        None => hit.point.is_some() || is_ground_known,
    };
    cursor.set_if_neq(CursorGround {
        is_height_known: hit.as_ref().is_some_and(is_known),
        position: hit.map(|hit| hit.position),
    });
}

/// Keeps the outline on what is picked when its tile gives way to a finer or coarser one.
pub(super) fn find_outlined(
    selection: Res<CitySelection>,
    tiles: Res<TileLayers>,
    pickables: Query<(Entity, &Pickable, &Visibility)>,
    mut rows: ResMut<FeatureRows>,
    mut outline: ResMut<Outline>,
    mut lifted: Local<Option<Outlined>>,
) {
    let is_drawn = |outlined: &Outlined| {
        pickables
            .get(outlined.entity)
            .is_ok_and(|(_, pickable, visibility)| pickable.rows == outlined.rows && *visibility != Visibility::Hidden)
    };
    if !outline.0.as_ref().is_some_and(is_drawn) {
        let found = selection
            .picked
            .as_ref()
            .and_then(|picked| find(&picked.thing, &tiles, &pickables));
        if outline.0 != found {
            outline.0 = found;
        }
    }
    if *lifted != outline.0 {
        if let Some(old) = lifted.take() {
            rows.set_lifted(old.rows, old.feature, false);
        }
        if let Some(new) = outline.0 {
            rows.set_lifted(new.rows, new.feature, true);
        }
        *lifted = outline.0;
    }
}

fn find(
    thing: &PickedThing,
    tiles: &TileLayers,
    pickables: &Query<(Entity, &Pickable, &Visibility)>,
) -> Option<Outlined> {
    if let PickedThing::Building { layer, id, .. } = thing {
        let (entity, feature) = tiles.find(layer, id.as_ref()?)?;
        let (_, pickable, visibility) = pickables.get(entity).ok()?;
        return (*visibility != Visibility::Hidden).then_some(Outlined {
            entity,
            feature,
            rows: pickable.rows,
        });
    }
    pickables
        .iter()
        .filter(|(_, _, visibility)| **visibility != Visibility::Hidden)
        .find_map(|(entity, pickable, _)| {
            let place = match (thing, &pickable.owner) {
                (PickedThing::NewBuilding { id }, PickOwner::NewBuildings { ids })
                | (PickedThing::NewTree { id }, PickOwner::NewTrees { ids }) => ids.iter().position(|i| i == id)?,
                (PickedThing::NewModel { id }, PickOwner::NewModel { id: of }) if **of == **id => 0,
                (PickedThing::Asset { index }, PickOwner::Assets { indices }) => {
                    indices.iter().position(|i| i == index)?
                }
                (PickedThing::Report { index }, PickOwner::Reports)
                | (PickedThing::Sensor { index }, PickOwner::Sensors) => *index,
                (PickedThing::Feature { layer, index }, PickOwner::Features { layer: of, indices }) if layer == of => {
                    indices.iter().position(|i| *i as usize == *index)?
                }
                _ => return None,
            };
            let feature = u32::try_from(place).ok()?;
            pickable.bvh.holds(feature).then_some(Outlined {
                entity,
                feature,
                rows: pickable.rows,
            })
        })
}
