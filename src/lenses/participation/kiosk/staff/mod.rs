//! What stands behind the code of staff: results, words to be read, settings, the end.
//!
//! Covers the whole screen. Closes by itself when nobody touches it for some minutes, so that no visitor finds it open.

mod door;
mod panel;
mod results;
mod settings_page;
mod tables;
mod words_page;

use super::keeping::Keeping;
use super::settings::{ForcedPractice, Settings};
use crate::model::Scenario;
use crate::text::Language;
use bevy_egui::egui::{Context, Rect};
use door::{Door, Guesses};
use panel::Panel;
use tables::Tables;

/// Without a touch for this long the panel closes, seconds.
const CLOSES_AFTER_S: f32 = 180.0;
/// Without a touch for this long whoever stands at the door has gone, seconds.
const LEAVES_DOOR_AFTER_S: f32 = 30.0;

/// How long the end waits for what is on its way to the disk, seconds.
const ENDS_AFTER_S: f32 = 30.0;

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
    /// Not the panel's: they are written to their end wherever staff go.
    tables: Tables,
    /// How long ago staff ended the kiosk, seconds.
    ending_s: Option<f32>,
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
        let was_writing = self.tables.is_writing();
        self.tables.follow();
        self.ending_s = self.ending_s.map(|ending_s| ending_s + seconds);
        if was_writing && matches!(self.tables.written(), Some(Err(_))) {
            // Staff read why there are no tables; whoever does not mind ends it once more.
            self.ending_s = None;
        }
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

    /// Whether staff ended the kiosk and their tables are on the disk. What takes too long is not waited for, whether
    /// `is_idle` says that all else is done or not.
    pub(super) fn is_over(&self, is_idle: bool) -> bool {
        let is_done = is_idle && !self.tables.is_writing();
        self.ending_s.is_some_and(|ending_s| is_done || ending_s > ENDS_AFTER_S)
    }

    /// Shows where staff are.
    pub(super) fn show(
        &mut self,
        ctx: &Context,
        screen: Rect,
        (settings, forced): (&mut Settings, Option<ForcedPractice>),
        keeping: &mut Keeping,
        scenario: Option<&Scenario>,
        language: &Language,
    ) {
        let is_ending = self.ending_s.is_some();
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
            Place::Inside(panel) => match panel.show(
                ctx,
                screen,
                (settings, forced),
                (keeping, &mut self.tables),
                (scenario, is_ending),
                language,
            ) {
                panel::Step::Stay => {}
                panel::Step::Leave => self.place = Place::Outside,
                panel::Step::NewCode => self.place = Place::Door(Door::choosing()),
                panel::Step::End => self.ending_s = Some(0.0),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::tasks::{IoTaskPool, TaskPool};
    use std::{
        io,
        path::PathBuf,
        sync::mpsc,
        time::{Duration, Instant},
    };

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

    #[test]
    fn the_end_waits_for_tables_that_are_being_written_but_not_for_ever() {
        IoTaskPool::get_or_init(TaskPool::new);
        let until = |staff: &mut Staff, is_so: fn(&Staff) -> bool| {
            let start = Instant::now();
            while !is_so(staff) {
                assert!(start.elapsed() < Duration::from_secs(20), "waited too long");
                staff.pass(0.0, true);
                std::thread::sleep(Duration::from_millis(1));
            }
        };
        let ending = |answer: fn() -> io::Result<PathBuf>| {
            let (go, wait) = mpsc::channel::<()>();
            let mut staff = Staff::default();
            staff.tables.begin(move || {
                let _ = wait.recv();
                answer()
            });
            staff.ending_s = Some(0.0);
            staff.pass(1.0, true);
            assert!(!staff.is_over(true), "they are not there yet");
            (staff, go)
        };
        let (mut staff, go) = ending(|| Ok("somewhere".into()));
        go.send(()).expect("somebody waits");
        until(&mut staff, |staff| !staff.tables.is_writing());
        assert!(staff.is_over(true) && !staff.is_over(false));
        // A disk that does not answer does not keep the kiosk for ever.
        let (mut staff, _go) = ending(|| Ok("somewhere".into()));
        staff.pass(ENDS_AFTER_S, true);
        assert!(staff.is_over(true) && staff.is_over(false));
        // What could not be written is read before the end.
        let (mut staff, go) = ending(|| Err(io::ErrorKind::StorageFull.into()));
        go.send(()).expect("somebody waits");
        until(&mut staff, |staff| !staff.tables.is_writing());
        assert!(!staff.is_over(true) && matches!(staff.tables.written(), Some(Err(_))));
        staff.ending_s = Some(0.0);
        staff.pass(1.0, true);
        assert!(staff.is_over(true), "whoever has read it may go");
        assert!(!Staff::default().is_over(true));
    }
}
