//! What the desk asked for, passed on as messages.

use super::told::Told;
use super::{DeskMemory, Reading, Wishes, height_words};
use crate::app::choices::Choices;
use crate::app::detail::ChangeDetail;
use crate::app::dialog::AskForPath;
use crate::app::network::ClearAnswers;
use crate::app::notes::WriteNote;
use crate::app::open::OpenPath;
use crate::app::picture::TakePicture;
use crate::app::save::SaveFileTo;
use crate::app::search::GoToPlace;
use crate::app::shipped;
use crate::app::sun_clock::SunClock;
use crate::app::system::{AnswerSystem, LookAtSystem};
use crate::app::take_along::{TakeAlong, TakeAlongTo};
use crate::georef::SitePos;
use crate::model::Viewpoint;
use crate::panels::card::CardAction;
use crate::panels::coloring::ColoringAction;
use crate::panels::desk::{Desk, DeskActions, Dialog};
use crate::panels::layers::LayersAction;
use crate::panels::minimap::MinimapAction;
use crate::panels::network::NetworkAction;
use crate::panels::problems::ProblemsAction;
use crate::panels::search::SearchAction;
use crate::panels::settings::SettingsAction;
use crate::panels::start::StartAction;
use crate::panels::sun::SunAction;
use crate::panels::system::SystemAction;
use crate::panels::take_along::TakeAlongAction;
use crate::panels::tools::ToolsAction;
use crate::panels::top_bar::TopBarAction;
use crate::panels::variants::VariantsAction;
use crate::panels::viewpoints::ViewpointsAction;
use crate::schedule::SwitchLens;
use crate::view::camera::{CameraCommand, FlyTo, Orbit, orbit_of};
use crate::view::picking::Pick;
use crate::view::points::{ColorPoints, ShowPointClass};
use crate::view::scene::{FeatureChoice, ShowLayer, ShowPhase, ShowVariant, StyleFeatures};
use crate::view::sun::SetSunTime;
use crate::view::tiles::{KeepOffline, PlaceTiles, RetryTiles};

/// How near a flight to what is picked comes, metres.
const CLOSE_UP_M: f64 = 90.0;

/// What following needs to know besides what was asked for.
pub(super) struct Follower<'a, 'w> {
    /// The world as it was shown.
    pub(super) world: &'a Reading<'w>,
    /// The words that were shown.
    pub(super) told: &'a Told,
    /// The clock at the site.
    pub(super) clock: &'a SunClock,
}

impl Follower<'_, '_> {
    /// Passes on everything that was asked for in this frame.
    pub(super) fn follow(
        &self,
        actions: DeskActions,
        wishes: &mut Wishes,
        desk: &mut Desk,
        memory: &mut DeskMemory,
        choices: &mut Choices,
    ) {
        for action in actions.top {
            follow_top_bar(action, wishes, desk, choices);
        }
        for action in actions.variants {
            match action {
                VariantsAction::Choose(id) => {
                    wishes.variant.write(ShowVariant(id));
                }
                VariantsAction::ChoosePhase(phase) => {
                    wishes.phase.write(ShowPhase(phase));
                }
            }
        }
        for ViewpointsAction::FlyTo(id) in actions.viewpoints {
            self.go_to_viewpoint(id, wishes, memory);
        }
        for action in actions.layers {
            if action == LayersAction::AskSystem {
                desk.dialog = Some(Dialog::System);
            } else {
                follow_layers(action, self.world, wishes);
            }
        }
        match actions.system {
            Some(SystemAction::Answer(answer)) => {
                wishes.system.write(AnswerSystem(answer));
            }
            Some(SystemAction::Look(number)) => {
                wishes.number.write(LookAtSystem(number));
            }
            None => {}
        }
        for action in actions.card {
            follow_card(&action, self.world, wishes);
        }
        for action in actions.problems {
            match action {
                ProblemsAction::Ignore(index) => memory.ignored.extend(self.told.listed.get(index).cloned()),
                ProblemsAction::IgnoreAll => memory.ignored.extend(self.told.listed.iter().cloned()),
                ProblemsAction::Reopen => {
                    let path = choices.preferences.recent_files.first().cloned();
                    wishes.open.write_batch(path.map(OpenPath));
                }
                ProblemsAction::Retry => {
                    wishes.retry.write(RetryTiles);
                }
                ProblemsAction::Copied => {}
            }
        }
        for action in actions.sun {
            let time = match action {
                SunAction::SetDate(date) => self.clock.with_date(self.world.sun.0, date),
                SunAction::SetMinute(minute) => self.clock.with_minute(self.world.sun.0, minute),
            };
            if let Some(time) = time {
                wishes.sun.write(SetSunTime(time));
            }
        }
        for action in actions.tools {
            match action {
                ToolsAction::Home => wishes.camera.write(CameraCommand::Home),
                ToolsAction::North => wishes.camera.write(CameraCommand::NorthUp),
                ToolsAction::Walk => wishes.camera.write(CameraCommand::Walk),
                ToolsAction::SetSunOpen(_) | ToolsAction::SetMapOpen(_) => continue,
            };
        }
        if let Some(TakeAlongAction::Save(path)) = actions.take_along {
            wishes.take_along_to.write(TakeAlongTo(path));
        }
        wishes.save_to.write_batch(actions.save_to.map(SaveFileTo));
        if let Some(SearchAction::GoTo(line)) = actions.search {
            let place = self.world.searching.place(line).cloned();
            wishes.go.write_batch(place.map(GoToPlace));
        }
        if let Some(MinimapAction::LookAt(share)) = actions.map
            && let Some(place) = self.world.map.position(share)
        {
            let ground_m = self.world.ground.height_at(place);
            let to = Orbit {
                target: SitePos(place.extend(ground_m)),
                ..self.world.camera.goal()
            };
            wishes.fly.write(FlyTo {
                to,
                at_once: self.world.motion.0,
            });
        }
        for action in actions.settings {
            follow_settings(action, wishes, choices);
        }
        for action in actions.start {
            // A tour needs a city: what is open already will do.
            if action == StartAction::Tour && self.world.shown.is_some() {
                desk.start = None;
            } else {
                follow_start(action, wishes);
            }
        }
    }

    /// Flies to a viewpoint. The view that was made for a file opened by itself is fitted between the panels, as at the start.
    fn go_to_viewpoint(&self, id: String, wishes: &mut Wishes, memory: &mut DeskMemory) {
        let Some(open) = self.world.shown.as_ref().map(|shown| &shown.open) else {
            return;
        };
        let Some(viewpoint) = open.scenario.viewpoint(&id) else {
            return;
        };
        if open.document.is_empty() && open.scenario.start_viewpoint.as_ref() == Some(&id) {
            wishes.camera.write(CameraCommand::Home);
        } else {
            fly_to_viewpoint(viewpoint, self.world, wishes);
        }
        memory.viewpoint = Some(id);
    }
}

fn follow_layers(action: LayersAction, world: &Reading, wishes: &mut Wishes) {
    match action {
        LayersAction::SetVisible { id, visible } => {
            wishes.layer.write(ShowLayer { id, visible });
        }
        LayersAction::Keep(what) => {
            wishes.keep.write(KeepOffline(what));
        }
        LayersAction::SetHeights { id, place } => {
            let chosen = world.shown.as_ref().and_then(|shown| {
                let scenario = &shown.open.scenario;
                let layer = scenario.layers.iter().find(|layer| layer.id == id)?;
                let (choices, _) = height_words::choices(layer, &scenario.area.site, &world.heights);
                choices.get(place).copied()
            });
            let placed = chosen.map(|heights| PlaceTiles { layer: id, heights });
            wishes.place_tiles.write_batch(placed);
        }
        LayersAction::ColorBy { id, property } => {
            let choice = FeatureChoice::ColorBy(property);
            wishes.style.write(StyleFeatures { id, choice });
        }
        LayersAction::HeightBy { id, property } => {
            let choice = FeatureChoice::HeightBy(property);
            wishes.style.write(StyleFeatures { id, choice });
        }
        // A dialog of the desk.
        LayersAction::AskSystem => {}
        LayersAction::LabelBy { id, property } => {
            let choice = FeatureChoice::LabelBy(property);
            wishes.style.write(StyleFeatures { id, choice });
        }
        LayersAction::SetDetail(place) => {
            let shown = world.shown.as_ref();
            let choices = shown.and_then(|shown| Some(shown.open.detail.as_ref()?.choices()));
            let choice = choices.and_then(|choices| choices.get(place).copied());
            wishes.detail.write_batch(choice.map(ChangeDetail));
        }
        LayersAction::Color { id, action } => match action {
            ColoringAction::Choose(place) => {
                let by = world
                    .points
                    .0
                    .get(&id)
                    .and_then(|look| look.choices().get(place).copied());
                wishes.color.write_batch(by.map(|by| ColorPoints { layer: id, by }));
            }
            ColoringAction::SetClassVisible { class, visible } => {
                wishes.class.write(ShowPointClass {
                    layer: id,
                    class,
                    visible,
                });
            }
        },
    }
}

fn follow_top_bar(action: TopBarAction, wishes: &mut Wishes, desk: &mut Desk, choices: &mut Choices) {
    match action {
        TopBarAction::SwitchLens(lens) => {
            wishes.lens.write(SwitchLens(lens));
        }
        TopBarAction::Open => {
            wishes.ask.write(AskForPath::File);
        }
        TopBarAction::TakeAlong => {
            wishes.take_along.write(TakeAlong);
        }
        TopBarAction::SavePicture => {
            wishes.picture.write(TakePicture);
        }
        TopBarAction::OpenRecent(path) => {
            wishes.open.write(OpenPath(path));
        }
        TopBarAction::ShowStart => desk.start = Some(super::news::start_state(choices)),
        TopBarAction::SetLanguage(language) => choices.choose_language(language),
        // These four the desk does itself.
        TopBarAction::ShowCharter | TopBarAction::ShowSettings | TopBarAction::ShowKeys | TopBarAction::ShowSearch => {}
    }
}

/// Flies to a viewpoint and shows what belongs to it: its variant, its lens, its time of the sun.
fn fly_to_viewpoint(viewpoint: &Viewpoint, world: &Reading, wishes: &mut Wishes) {
    let to = orbit_of(viewpoint);
    wishes.fly.write(FlyTo {
        to,
        at_once: world.motion.0,
    });
    if let Some(variant) = &viewpoint.variant {
        wishes.variant.write(ShowVariant(variant.clone()));
    }
    if let Some(lens) = viewpoint.lens {
        wishes.lens.write(SwitchLens(lens));
    }
    if let Some(time) = viewpoint.time {
        wishes.sun.write(SetSunTime(time));
    }
}

fn follow_card(action: &CardAction, world: &Reading, wishes: &mut Wishes) {
    match action {
        CardAction::Close => {
            wishes.pick.write(Pick(None));
        }
        CardAction::FlyTo => {
            if let Some(picked) = &world.selection.picked {
                let goal = world.camera.goal();
                let to = Orbit {
                    target: picked.position,
                    distance_m: goal.distance_m.min(CLOSE_UP_M),
                    ..goal
                };
                wishes.fly.write(FlyTo {
                    to,
                    at_once: world.motion.0,
                });
            }
        }
        CardAction::WriteNote => {
            wishes.note.write(WriteNote);
        }
        CardAction::SetExpanded(_) | CardAction::Copied => {}
    }
}

fn follow_settings(action: SettingsAction, wishes: &mut Wishes, choices: &mut Choices) {
    match action {
        SettingsAction::SetLanguage(language) => choices.choose_language(language),
        SettingsAction::SetTextScale(scale) => choices.preferences.text_scale = scale,
        SettingsAction::SetQuality(quality) => choices.preferences.quality = quality,
        SettingsAction::SetReducedMotion(reduced) => choices.preferences.reduced_motion = reduced,
        SettingsAction::SetTheme(theme) => choices.preferences.theme = theme,
        SettingsAction::Network(NetworkAction::SetOffline(offline)) => {
            choices.preferences.offline = offline;
            if !offline {
                // What was refused for that reason is wanted after all.
                wishes.retry.write(RetryTiles);
            }
        }
        SettingsAction::Network(NetworkAction::Clear) => {
            wishes.clear.write(ClearAnswers);
        }
        SettingsAction::TourSeen => choices.preferences.tour_seen = true,
    }
}

fn follow_start(action: StartAction, wishes: &mut Wishes) {
    match action {
        StartAction::OpenShipped | StartAction::Tour => {
            // Not found: opening says so, with the place where it was looked for last.
            let path = shipped::lange_wemen().unwrap_or_else(|| "scenarios/lange-wemen".into());
            wishes.open.write(OpenPath(path));
        }
        StartAction::BrowseFile => {
            wishes.ask.write(AskForPath::File);
        }
        StartAction::BrowseFolder => {
            wishes.ask.write(AskForPath::Folder);
        }
        StartAction::Open(path) => {
            wishes.open.write(OpenPath(path));
        }
    }
}
