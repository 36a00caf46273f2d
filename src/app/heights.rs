//! Keeps what a person says of the heights of tiles, and says when tiles float or lie buried.

use super::choices::Choices;
use super::desk::Screen;
use super::open::{OpenSystems, PathOpened};
use crate::model::{OffGround, TileHeights};
use crate::schedule::FrameSystems;
use crate::text::{Language, tr_args};
use crate::ui::Preferences;
use crate::ui::widgets::ToastKind;
use crate::view::scene::ShownScenario;
use crate::view::tiles::{HeightsOfTiles, PlaceTiles};
use bevy::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What was opened last.
#[derive(Resource, Default)]
struct OpenedPath(PathBuf);

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<OpenedPath>().add_systems(
        Update,
        (
            expect_known.after(OpenSystems).before(FrameSystems::ApplyEdits),
            (keep_choice, tell_new).after(FrameSystems::Present),
        ),
    );
}

/// What was said before of the heights of the layers of the scenario at `path`.
pub(super) fn known_heights(preferences: &Preferences, path: &Path) -> BTreeMap<String, TileHeights> {
    let known = preferences.known_heights(path);
    known
        .filter_map(|(layer, heights)| Some((layer.to_owned(), heights.parse().ok()?)))
        .collect()
}

/// The same of the person who uses this machine.
pub(super) fn kept_heights(path: &Path) -> BTreeMap<String, TileHeights> {
    let folder = Preferences::folder();
    folder.map_or_else(
        |_none| BTreeMap::new(),
        |folder| known_heights(&Preferences::load(&folder).0, path),
    )
}

/// Has the tiles that come stand where they were put before.
fn expect_known(
    mut opened: MessageReader<PathOpened>,
    choices: Res<Choices>,
    mut heights: ResMut<HeightsOfTiles>,
    mut path: ResMut<OpenedPath>,
) {
    if let Some(opened) = opened.read().filter(|opened| opened.outcome.is_ok()).last() {
        heights.expect(known_heights(&choices.preferences, &opened.path));
        path.0.clone_from(&opened.path);
    }
}

fn keep_choice(mut placed: MessageReader<PlaceTiles>, path: Res<OpenedPath>, mut choices: ResMut<Choices>) {
    for PlaceTiles { layer, heights } in placed.read() {
        choices.preferences.know_heights(&path.0, layer, &heights.to_string());
    }
}

/// Says once of each layer that it stands off the ground.
fn tell_new(
    heights: Res<HeightsOfTiles>,
    shown: Option<Res<ShownScenario>>,
    choices: Res<Choices>,
    mut screen: ResMut<Screen>,
    mut told: Local<Vec<String>>,
) {
    let Some(shown) = shown.filter(|_| heights.is_changed()) else {
        return;
    };
    told.retain(|layer| heights.found(layer).is_some());
    for (layer, off) in heights.all_found() {
        if told.iter().any(|of| of == layer) {
            continue;
        }
        told.push(layer.to_owned());
        let layers = &shown.open.scenario.layers;
        let title = layers.iter().find(|of| of.id == layer);
        let title = title.map_or("", |layer| layer.title.get(&choices.language.code()));
        let stand = off_ground_words(off, &choices.language);
        let words = tr_args(&choices.language, "heights-told", &[("name", title), ("stand", &stand)]);
        screen.0.toasts.add(ToastKind::Problem, words);
    }
}

/// How a layer stands off the ground, in words.
pub(super) fn off_ground_words(off: OffGround, language: &Language) -> String {
    let metres = format!("{:.0}", off.above_m.abs());
    let key = if off.above_m > 0.0 {
        "heights-float"
    } else {
        "heights-buried"
    };
    tr_args(language, key, &[("m", &metres)])
}
