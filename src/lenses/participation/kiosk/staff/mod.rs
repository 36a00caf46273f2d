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
use door::{Door, Guesses};
use panel::Panel;

/// Without a touch for this long the panel closes, seconds.
const CLOSES_AFTER_S: f32 = 180.0;
/// Without a touch for this long whoever stands at the door has gone, seconds.
const LEAVES_DOOR_AFTER_S: f32 = 30.0;

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
    /// Kept when somebody leaves the door, so that coming back gives no new guesses.
    guesses: Guesses,
}

impl Staff {
    /// To the door with a code to type.
    pub(super) fn enter(&mut self) {
        self.place = Place::Door(Door::entering());
        self.idle_s = 0.0;
    }

    /// To the choice of a code, for the first time or anew.
    pub(super) fn choose(&mut self) {
        self.place = Place::Door(Door::choosing());
        self.idle_s = 0.0;
    }

    /// Whether the screen is theirs.
    pub(super) fn is_open(&self) -> bool {
        !matches!(self.place, Place::Outside)
    }

    /// Somebody touches something.
    pub(super) fn stir(&mut self) {
        self.idle_s = 0.0;
    }

    /// Time passes. Before a first code was chosen there is nothing to go back to.
    pub(super) fn pass(&mut self, seconds: f32, has_code: bool) {
        self.idle_s += seconds;
        self.guesses.pass(seconds);
        let patience_s = match &self.place {
            Place::Outside => return,
            Place::Door(_) if !has_code => return,
            Place::Door(_) => LEAVES_DOOR_AFTER_S,
            Place::Inside(_) => CLOSES_AFTER_S,
        };
        if self.idle_s > patience_s {
            self.place = Place::Outside;
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
            Place::Door(door) => match door.show(ctx, screen, settings, &mut self.guesses, language) {
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
                panel::Step::Leave => self.place = Place::Outside,
                panel::Step::NewCode => self.place = Place::Door(Door::choosing()),
                panel::Step::End => ends = true,
            },
        }
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaving_the_door_gives_no_new_guesses() {
        let mut staff = Staff::default();
        staff.enter();
        for _ in 0..4 {
            staff.guesses.miss();
        }
        let wait_s = staff.guesses.wait_s;
        assert!(wait_s > 15.0);
        staff.pass(LEAVES_DOOR_AFTER_S - 25.0, true);
        staff.place = Place::Outside;
        staff.enter();
        assert!((staff.guesses.wait_s - (wait_s - 5.0)).abs() < 1e-3);
    }

    #[test]
    fn a_door_that_is_left_closes_and_one_without_a_code_stays() {
        let mut staff = Staff::default();
        staff.choose();
        staff.pass(10_000.0, false);
        assert!(staff.is_open());
        staff.pass(1.0, true);
        assert!(!staff.is_open(), "nobody finds the choice of another code open");
        staff.enter();
        staff.pass(LEAVES_DOOR_AFTER_S + 1.0, true);
        assert!(!staff.is_open());
    }
}
