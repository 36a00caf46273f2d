//! The code: typed to come in, or chosen twice the same.

use crate::lenses::participation::kiosk::code::{self, FIGURES};
use crate::lenses::participation::kiosk::settings::Settings;
use crate::text::{Language, tr, tr_count};
use crate::ui::large::{Large, LargeButton, LargeRole, PadKey, button, keypad, label, label_height, sheet};
use bevy::tasks::{AsyncComputeTaskPool, Task, block_on, poll_once};
use bevy_egui::egui::{Context, CornerRadius, Event, Key, Order, Rect, Sense, Ui, pos2, vec2};
use egui_phosphor::regular;

/// What comes of a look at the door.
pub(super) enum Step {
    /// Nothing yet.
    Stay,
    /// Back to the visitors.
    Leave,
    /// The code was right.
    Enter,
    /// A code was chosen; this is its hash.
    Chosen(String),
}

/// What is being asked.
enum Asks {
    /// The code.
    Code { checking: Option<Task<bool>> },
    /// A new code, and then the same again.
    New {
        first: Option<String>,
        hashing: Option<Task<Option<String>>>,
    },
}

/// Wrong codes in a row, and how long to wait for the next one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Guesses {
    wrong: u32,
    /// Seconds until a code may be typed again.
    pub(super) wait_s: f32,
}

impl Guesses {
    /// Time passes.
    pub(super) fn pass(&mut self, seconds: f32) {
        self.wait_s = (self.wait_s - seconds).max(0.0);
    }

    /// Another wrong one.
    pub(super) fn miss(&mut self) {
        self.wrong += 1;
        self.wait_s = code::wait_s(self.wrong);
    }
}

/// The door.
pub(super) struct Door {
    asks: Asks,
    typed: String,
    /// The two codes were not the same.
    differed: bool,
}

impl Door {
    pub(super) fn entering() -> Self {
        Self::asking(Asks::Code { checking: None })
    }

    pub(super) fn choosing() -> Self {
        Self::asking(Asks::New {
            first: None,
            hashing: None,
        })
    }

    fn asking(asks: Asks) -> Self {
        Self {
            asks,
            typed: String::new(),
            differed: false,
        }
    }

    pub(super) fn is_choosing(&self) -> bool {
        matches!(self.asks, Asks::New { .. })
    }

    /// Shows the door and follows what is typed.
    pub(super) fn show(
        &mut self,
        ctx: &Context,
        screen: Rect,
        settings: &Settings,
        guesses: &mut Guesses,
        language: &Language,
    ) -> Step {
        if let Some(step) = self.answer(guesses) {
            return step;
        }
        let mut step = Step::Stay;
        sheet(ctx, "kiosk-door", Order::Foreground, screen, |ui| {
            ui.set_clip_rect(screen);
            ui.allocate_rect(screen, Sense::click_and_drag());
            let large = Large::of(ui.ctx());
            ui.painter()
                .rect_filled(screen, CornerRadius::ZERO, large.tokens.ground);
            if self.show_in(ui, screen, settings, *guesses, language) {
                step = Step::Leave;
            }
        });
        step
    }

    /// What the hash says, when it is there.
    fn answer(&mut self, guesses: &mut Guesses) -> Option<Step> {
        match &mut self.asks {
            Asks::Code { checking } => {
                let is_right = block_on(poll_once(checking.as_mut()?))?;
                *checking = None;
                self.typed.clear();
                if is_right {
                    *guesses = Guesses::default();
                    return Some(Step::Enter);
                }
                guesses.miss();
                None
            }
            Asks::New { hashing, .. } => {
                let hash = block_on(poll_once(hashing.as_mut()?))?;
                *hashing = None;
                hash.map(Step::Chosen)
            }
        }
    }

    fn question(&self, language: &Language) -> String {
        match &self.asks {
            Asks::Code { .. } => tr(language, "staff-code"),
            Asks::New { first: None, .. } => tr(language, "staff-new-code"),
            Asks::New { .. } => tr(language, "staff-new-code-again"),
        }
    }

    /// What stands below the figures. Where there is a code already, choosing another one says that it stops working.
    fn remark(&self, settings: &Settings, guesses: Guesses, language: &Language) -> String {
        if guesses.wait_s > 0.0 && !self.is_choosing() {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "seconds, not negative"
            )]
            let seconds = guesses.wait_s.ceil() as usize;
            return tr_count(language, "staff-code-wait", seconds);
        }
        let remark = match &self.asks {
            Asks::Code { .. } if guesses.wrong > 0 => tr(language, "staff-code-wrong"),
            Asks::New { first: None, .. } if self.differed => tr(language, "staff-code-differs"),
            Asks::New { first: None, .. } => tr(language, "staff-new-code-help"),
            Asks::Code { .. } | Asks::New { .. } => String::new(),
        };
        if self.is_choosing() && !settings.code.is_empty() {
            let replaces = tr(language, "staff-new-code-replaces");
            return format!("{remark} {replaces}").trim_start().to_owned();
        }
        remark
    }

    /// Whether staff go back.
    fn show_in(&mut self, ui: &Ui, screen: Rect, settings: &Settings, guesses: Guesses, language: &Language) -> bool {
        let large = Large::of(ui.ctx());
        let width = (screen.width() - 4.0 * large.gap()).min(large.mm(150.0));
        let middle = Rect::from_center_size(screen.center(), vec2(width, screen.height() - 4.0 * large.gap()));
        let question = self.question(language);
        let heading = label_height(ui, &question, LargeRole::Heading, width);
        let pad = (middle.height() * 0.5).min(large.mm(110.0));
        let typed = large.mm(14.0);
        let said = self.remark(settings, guesses, language);
        let remark = label_height(ui, &said, LargeRole::Body, width).max(large.mm(18.0));
        let whole = heading + typed + remark + pad + large.target() + 4.0 * large.gap();
        let mut top = (screen.center().y - whole / 2.0).max(middle.top());
        let mut row = |height: f32| {
            let rect = Rect::from_min_size(pos2(middle.left(), top), vec2(width, height));
            top = rect.bottom() + large.gap();
            rect
        };
        label(ui, row(heading), &question, LargeRole::Heading, large.tokens.ink);
        let dots = "●".repeat(self.typed.len());
        label(ui, row(typed), &dots, LargeRole::Heading, large.tokens.ink);
        label(ui, row(remark), &said, LargeRole::Body, large.tokens.ink);
        let (back, done) = (tr(language, "staff-erase"), tr(language, "staff-ok"));
        let pressed = keypad(ui, row(pad), &back, &done);
        let typed = ui.input(|input| typed_keys(&input.events));
        for key in pressed.into_iter().chain(typed) {
            self.press(key, settings, guesses);
        }
        let leave = row(large.target());
        let can_leave = !self.is_choosing() || !settings.code.is_empty();
        let words = tr(language, "staff-leave-door");
        can_leave && button(ui, leave, &LargeButton::plain(regular::CARET_LEFT, &words)).clicked()
    }

    fn press(&mut self, key: PadKey, settings: &Settings, guesses: Guesses) {
        let is_busy = match &self.asks {
            Asks::Code { checking } => checking.is_some() || guesses.wait_s > 0.0,
            Asks::New { hashing, .. } => hashing.is_some(),
        };
        if is_busy {
            return;
        }
        match key {
            PadKey::Digit(digit) if self.typed.len() < FIGURES.1 => self.typed.push(digit),
            PadKey::Back => {
                self.typed.pop();
            }
            PadKey::Done if self.typed.len() >= FIGURES.0 => self.finish(settings),
            PadKey::Digit(_) | PadKey::Done => {}
        }
    }

    fn finish(&mut self, settings: &Settings) {
        let typed = self.typed.clone();
        match &mut self.asks {
            Asks::Code { checking } => {
                let hash = settings.code.clone();
                *checking = Some(AsyncComputeTaskPool::get().spawn(async move { code::is_right(&typed, &hash) }));
            }
            Asks::New { first, hashing } => {
                self.typed.clear();
                self.differed = false;
                match first.take() {
                    None => *first = Some(typed),
                    Some(before) if before == typed => {
                        *hashing = Some(AsyncComputeTaskPool::get().spawn(async move { code::hash(&typed) }));
                        *first = Some(before);
                    }
                    Some(_) => self.differed = true,
                }
            }
        }
    }
}

/// Keys of a real keyboard.
fn typed_keys(events: &[Event]) -> Vec<PadKey> {
    let key_of = |event: &Event| match event {
        Event::Text(text) => text.chars().next().filter(char::is_ascii_digit).map(PadKey::Digit),
        Event::Key {
            key: Key::Backspace,
            pressed: true,
            ..
        } => Some(PadKey::Back),
        Event::Key {
            key: Key::Enter,
            pressed: true,
            ..
        } => Some(PadKey::Done),
        _ => None,
    };
    events.iter().filter_map(key_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_code_says_that_the_old_one_stops_working_and_a_first_one_does_not() {
        let nl = Language::from_code("nl").expect("Dutch");
        let replaces = "De oude code werkt dan niet meer.";
        let first = Settings::default();
        let mut another = Settings::default();
        another.code = "a hash".into();
        let mut door = Door::choosing();
        let said = |door: &Door, settings: &Settings| door.remark(settings, Guesses::default(), &nl);
        assert!(
            said(&door, &another).starts_with("Vier tot acht cijfers.") && said(&door, &another).ends_with(replaces)
        );
        assert!(!said(&door, &first).contains(replaces));
        // Also while it is typed once more, and after two that were not the same.
        for figure in "1234".chars() {
            door.press(PadKey::Digit(figure), &another, Guesses::default());
        }
        door.press(PadKey::Done, &another, Guesses::default());
        assert_eq!(said(&door, &another), replaces);
        for figure in "4321".chars() {
            door.press(PadKey::Digit(figure), &another, Guesses::default());
        }
        door.press(PadKey::Done, &another, Guesses::default());
        assert_eq!(
            said(&door, &another),
            format!("De twee codes waren niet gelijk. Kies opnieuw. {replaces}")
        );
        assert!(!said(&Door::entering(), &another).contains(replaces));
    }
}
