//! What the window shows, as one JSON object for tests to read.

use super::choices::Choices;
use super::desk::{Screen, ShownZones};
use super::detail::ChangingDetail;
use super::keep::Keeping;
use super::open::Opening;
use crate::georef::SitePos;
use crate::lenses::participation::kiosk::KioskState;
use crate::panels::desk::Desk;
use crate::schedule::Lens;
use crate::view::{
    camera::{InputCapture, OrbitCamera},
    picking::{CitySelection, PickedThing},
    quality::Quality,
    scene::{SceneReady, ShownScenario, SwitchTime, ViewProblems},
    sun::SunTime,
    tiles::{HeightsOfTiles, TileStats},
};
use bevy::prelude::*;
use serde_json::{Value, json};

/// Reads the state; nothing is changed.
pub(super) fn state_json(world: &World) -> Value {
    let camera = world.resource::<OrbitCamera>();
    let shown = camera.shown();
    let eye = shown.eye().0;
    let stats = world.resource::<TileStats>();
    let scenario = world.get_resource::<ShownScenario>();
    let desk = world.get_resource::<Screen>().map(|screen| &screen.0);
    let kiosk = world.get_resource::<KioskState>();
    let is_changing = world
        .get_resource::<ChangingDetail>()
        .is_some_and(|changing| changing.wanted().is_some());
    let is_reading = is_changing || world.resource::<Opening>().path().is_some();
    let ready = world.resource::<SceneReady>().0;
    let site = scenario.map(|scenario| scenario.open.scenario.area.site);
    let target_rd = site.and_then(|site| site.rd_nap_from_site(shown.target));
    json!({
        "lens": world.resource::<State<Lens>>().get().key(),
        "title": scenario.map(|scenario| scenario.open.scenario.title.get("nl")),
        "variant": scenario.and_then(|scenario| scenario.active_variant()).map(|variant| variant.id.clone()),
        "variant_switch_ms": world.resource::<SwitchTime>().last.map(|time| time.as_secs_f64() * 1e3),
        "camera": {
            "target": shown.target.0.to_array(),
            "target_rd": target_rd.map(|place| [place.x_m, place.y_m]),
            "eye": eye.to_array(),
            "heading_deg": shown.heading_rad.to_degrees(),
            "pitch_deg": shown.pitch_rad.to_degrees(),
            "distance_m": shown.distance_m,
            "still": camera.is_still(),
        },
        "sun_time": world.resource::<SunTime>().0.to_string(),
        "tiles": {
            "rendered": stats.rendered,
            "loading": stats.loading,
            "loaded": stats.tiles_loaded,
            "triangles": stats.triangles,
            "features": stats.features,
            "bytes_read": stats.bytes_read,
            "failed": stats.failed.len(),
        },
        "picked": world.resource::<CitySelection>().picked.as_ref().map(|picked| picked_json(&picked.thing, picked.position)),
        "dialog": desk.and_then(|desk| desk.dialog).map(|dialog| format!("{dialog:?}")),
        "page": desk.map(|desk| format!("{:?}", desk.page)),
        "start_screen": desk.is_some_and(|desk| desk.start.is_some()),
        "sun_open": desk.is_some_and(|desk| desk.sun_open),
        "pointer_is_over_panel": world.get_resource::<InputCapture>().is_some_and(|capture| capture.pointer),
        "map_open": desk.is_some_and(|desk| desk.map_open),
        "touring": desk.is_some_and(Desk::is_touring),
        "walking": camera.is_walking(),
        "language": world.get_resource::<Choices>().map(|choices| choices.language.code()),
        "quality": format!("{:?}", world.resource::<Quality>().preset()),
        "problems": world.resource::<ViewProblems>().0.len(),
        "off_ground": world.resource::<HeightsOfTiles>().all_found().map(|(layer, off)| {
            (layer.to_owned(), json!(off.above_m))
        }).collect::<serde_json::Map<_, _>>(),
        "view": world.get_resource::<ShownZones>().and_then(|zones| zones.0).map(|zones| {
            let middle = zones.middle;
            [middle.min.x, middle.min.y, middle.max.x, middle.max.y]
        }),
        "notes": scenario.map(|scenario| scenario.open.scenario.notes.len()),
        "kiosk": kiosk.map(|kiosk| json!({
            "step": kiosk.step, "count": kiosk.count, "asking": kiosk.is_asking, "ready": kiosk.is_ready,
            "pin": kiosk.has_pin,
        })),
        "kept": world.resource::<Keeping>().is_done(),
        "detail": scenario.and_then(|scenario| scenario.open.detail.as_ref()).map(|detail| format!("{:?}", detail.choice)),
        "opening": world.resource::<Opening>().path().is_some(),
        "complete": ready && stats.complete && camera.is_still() && !is_reading,
    })
}

fn picked_json(thing: &PickedThing, position: SitePos) -> Value {
    let (kind, id) = match thing {
        PickedThing::Building { id, .. } => ("building", json!(id)),
        PickedThing::NewBuilding { id } => ("new_building", json!(id)),
        PickedThing::NewModel { id } => ("new_model", json!(id)),
        PickedThing::NewTree { id } => ("new_tree", json!(id)),
        PickedThing::Asset { index } => ("asset", json!(index)),
        PickedThing::Report { index } => ("report", json!(index)),
        PickedThing::Sensor { index } => ("sensor", json!(index)),
        PickedThing::Point(point) => ("point", json!(point.facts.class)),
        PickedThing::Feature { layer, index } => ("feature", json!([layer, index])),
        PickedThing::Ground => ("ground", Value::Null),
    };
    json!({"kind": kind, "id": id, "position": position.0.to_array()})
}
