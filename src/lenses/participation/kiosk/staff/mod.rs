//! What stands behind the code of staff: results, words to be read, settings, the end.
//!
//! Covers the whole screen. Closes by itself when nobody touches it for some minutes, so that no visitor finds it open.

mod door;
mod panel;
mod results;
mod settings_page;
mod words_page;

use super::keeping::Keeping;
use super::settings::Settings;
use crate::model::Scenario;
use crate::text::Language;
use bevy_egui::egui::{Context, Rect};
use door::Door;
use panel::Panel;

/// Without a touch for this long the panel closes, seconds.
const CLOSES_AFTER_S: f32 = 180.0;

/// Where staff are.
#[derive(Default)]
enum Place {
    /// Nowhere: the kiosk is the visitors'.
    #[default]
    Outside,
    /// At the code.
    Door(Door),
    /// Inside.
    Inside(Box<Panel>),
}

/// Staff at the kiosk.
#[derive(Default)]
pub(super) struct Staff {
    place: Place,
    idle_s: f32,
}

impl Staff {
    /// At the door with a code to type.
    pub(super) fn entering() -> Self {
        Self {
            place: Place::Door(Door::entering()),
            idle_s: 0.0,
        }
    }

    /// Choosing a code, for the first time or anew.
    pub(super) fn choosing() -> Self {
        Self {
            place: Place::Door(Door::choosing()),
            idle_s: 0.0,
        }
    }

    /// Whether the screen is theirs.
    pub(super) fn is_open(&self) -> bool {
        !matches!(self.place, Place::Outside)
    }

    /// Somebody touches something.
    pub(super) fn stir(&mut self) {
        self.idle_s = 0.0;
    }

    /// Time passes.
    pub(super) fn pass(&mut self, seconds: f32) {
        self.idle_s += seconds;
        match &mut self.place {
            Place::Door(door) => {
                door.pass(seconds);
                // Without a code there is nothing to go back to.
                if self.idle_s > CLOSES_AFTER_S && !door.is_choosing() {
                    self.place = Place::Outside;
                }
            }
            Place::Inside(_) if self.idle_s > CLOSES_AFTER_S => self.place = Place::Outside,
            _ => {}
        }
    }

    /// Shows where staff are. Returns whether they ended the kiosk.
    pub(super) fn show(
        &mut self,
        ctx: &Context,
        screen: Rect,
        settings: &mut Settings,
        keeping: &mut Keeping,
        scenario: Option<&Scenario>,
        language: &Language,
    ) -> bool {
        let mut ends = false;
        match &mut self.place {
            Place::Outside => {}
            Place::Door(door) => match door.show(ctx, screen, settings, language) {
                door::Step::Stay => {}
                door::Step::Leave => self.place = Place::Outside,
                door::Step::Enter => {
                    keeping.list();
                    self.place = Place::Inside(Box::default());
                }
                door::Step::Chosen(hash) => {
                    settings.code = hash;
                    keeping.save(settings);
                    keeping.list();
                    self.place = Place::Inside(Box::new(Panel::at_settings()));
                }
            },
            Place::Inside(panel) => match panel.show(ctx, screen, settings, keeping, scenario, language) {
                panel::Step::Stay => {}
                panel::Step::Leave => {
                    keeping.forget_list();
                    self.place = Place::Outside;
                }
                panel::Step::NewCode => self.place = Place::Door(Door::choosing()),
                panel::Step::End => ends = true,
            },
        }
        if !self.is_open() {
            keeping.forget_list();
        }
        ends
    }
}
