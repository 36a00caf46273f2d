//! Short messages that come and go by themselves in a corner.
//!
//! Our own and not `egui-notify`: that one never wraps a sentence, so at 200 % letters a message is wider than the window,
//! and it is invisible to screen readers.

use super::icon_button;
use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{
    Align2, Area, Context, CornerRadius, Frame, Id, Label, Margin, Order, Pos2, RichText, Stroke, Ui,
};
use egui_phosphor::regular;
use std::time::Duration;

/// How long a message stays, seconds.
const STAYS_S: f64 = 6.0;

/// How long one with bad news stays, seconds.
const BAD_NEWS_STAYS_S: f64 = 12.0;

/// More at once would cover the city; the oldest goes.
const MOST_AT_ONCE: usize = 4;

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToastKind {
    /// Something was done.
    Done,
    /// Worth knowing.
    Note,
    /// Something did not work.
    Problem,
}

#[derive(Debug, Clone)]
struct Toast {
    number: u64,
    kind: ToastKind,
    words: String,
    /// Name of one that stays until it is ended.
    lasting: Option<&'static str>,
    /// egui time at which it goes; set when it is first shown.
    until_s: Option<f64>,
}

/// The messages that are on screen.
#[derive(Debug, Clone, Default)]
pub struct Toasts {
    toasts: Vec<Toast>,
    next: u64,
}

impl Toasts {
    /// Shows `words` for a while. The same words again stay longer instead of piling up.
    pub fn add(&mut self, kind: ToastKind, words: impl Into<String>) {
        let words = words.into();
        self.toasts.retain(|toast| toast.words != words);
        self.push(kind, words, None);
    }

    /// Shows `words` until [`Self::end_lasting`] is called with the same name, or somebody closes them.
    pub fn show_lasting(&mut self, name: &'static str, words: impl Into<String>) {
        self.end_lasting(name);
        self.push(ToastKind::Note, words.into(), Some(name));
    }

    /// Puts other words in the place of those that last under this name; nothing where somebody closed them.
    pub fn change_lasting(&mut self, name: &'static str, words: impl Into<String>) {
        if let Some(toast) = self.toasts.iter_mut().find(|toast| toast.lasting == Some(name)) {
            toast.words = words.into();
        }
    }

    /// Takes away the words that last under this name.
    pub fn end_lasting(&mut self, name: &'static str) {
        self.toasts.retain(|toast| toast.lasting != Some(name));
    }

    fn push(&mut self, kind: ToastKind, words: String, lasting: Option<&'static str>) {
        if self.toasts.len() >= MOST_AT_ONCE {
            let oldest = self.toasts.iter().position(|toast| toast.lasting.is_none());
            self.toasts.remove(oldest.unwrap_or_default());
        }
        self.toasts.push(Toast {
            number: self.next,
            kind,
            words,
            lasting,
            until_s: lasting.map(|_| f64::INFINITY),
        });
        self.next += 1;
    }

    /// Whether nothing is shown.
    pub fn is_empty(&self) -> bool {
        self.toasts.is_empty()
    }

    /// Shows the messages above `bottom_center`, the newest lowest, at most `max_width` points wide.
    pub fn show(&mut self, ctx: &Context, bottom_center: Pos2, max_width: f32, close_label: &str) {
        let now_s = ctx.input(|input| input.time);
        for toast in &mut self.toasts {
            let stays_s = if toast.kind == ToastKind::Problem {
                BAD_NEWS_STAYS_S
            } else {
                STAYS_S
            };
            toast.until_s.get_or_insert(now_s + stays_s);
        }
        self.toasts
            .retain(|toast| toast.until_s.is_some_and(|until_s| now_s < until_s));
        let Some(next_s) = self.toasts.iter().filter_map(|toast| toast.until_s).reduce(f64::min) else {
            return;
        };
        ctx.request_repaint_after(Duration::from_secs_f64((next_s - now_s).clamp(0.05, BAD_NEWS_STAYS_S)));
        let mut closed = None;
        Area::new(Id::new("toasts"))
            .order(Order::Foreground)
            .pivot(Align2::CENTER_BOTTOM)
            .fixed_pos(bottom_center)
            .movable(false)
            .show(ctx, |ui| {
                let theme = Theme::of(ui.ctx());
                ui.set_max_width(max_width);
                for toast in &self.toasts {
                    if show_one(ui, &theme, toast, max_width, close_label) {
                        closed = Some(toast.number);
                    }
                }
            });
        self.toasts.retain(|toast| Some(toast.number) != closed);
    }
}

/// Shows one message; returns whether its cross was pressed.
fn show_one(ui: &mut Ui, theme: &Theme, toast: &Toast, max_width: f32, close_label: &str) -> bool {
    let tokens = &theme.tokens;
    let (icon, color) = match toast.kind {
        ToastKind::Done => (regular::CHECK_CIRCLE, tokens.maintenance),
        ToastKind::Note => (regular::INFO, tokens.muted),
        ToastKind::Problem => (regular::WARNING, tokens.error),
    };
    let mut pressed = false;
    ui.push_id(toast.number, |ui| {
        Frame::new()
            .fill(tokens.ground)
            .stroke(Stroke::new(1.0, tokens.hairline))
            .corner_radius(CornerRadius::same(Theme::RADIUS))
            .shadow(theme.shadow())
            .inner_margin(Margin::symmetric(12, 4))
            .show(ui, |ui| {
                ui.horizontal(|ui| {
                    ui.add(Label::new(RichText::new(icon).size(theme.icon_size()).color(color)));
                    let room = max_width - theme.icon_size() - theme.control_height() - 5.0 * Theme::PADDING;
                    ui.scope(|ui| {
                        ui.set_max_width(room.max(80.0));
                        ui.add(Label::new(theme.rich(&toast.words, TextRole::Body)).wrap());
                    });
                    pressed = icon_button(ui, regular::X, close_label).clicked();
                });
            });
    });
    pressed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_do_not_pile_up_and_old_ones_make_room() {
        let mut toasts = Toasts::default();
        for words in ["a", "b", "a", "c", "d", "e"] {
            toasts.add(ToastKind::Note, words);
        }
        let shown: Vec<_> = toasts.toasts.iter().map(|toast| toast.words.as_str()).collect();
        assert_eq!(shown, ["a", "c", "d", "e"]);
    }

    #[test]
    fn what_lasts_stays_among_others_until_it_is_ended() {
        let mut toasts = Toasts::default();
        toasts.show_lasting("work", "one of two");
        for words in ["a", "b", "c", "d", "e"] {
            toasts.add(ToastKind::Note, words);
        }
        toasts.change_lasting("work", "two of two");
        toasts.change_lasting("other work", "x");
        let words = |toasts: &Toasts| {
            toasts
                .toasts
                .iter()
                .map(|toast| toast.words.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(words(&toasts), ["two of two", "c", "d", "e"]);
        toasts.end_lasting("work");
        assert_eq!(words(&toasts), ["c", "d", "e"]);
    }
}
