//! A keyboard on the screen, for a few words by people without one.

use super::button::ground;
use super::{Large, LargeKind, grid};
use crate::ui::Theme;
use bevy_egui::egui::{Align2, FontId, Rect, Ui, pos2};
use egui_phosphor::regular;

/// The letters in their rows, as Dutch and English keyboards have them.
const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];
/// German keyboards have Y and Z changed, and three letters more.
const GERMAN_ROWS: [&str; 3] = ["qwertzuiopü", "asdfghjklöä", "yxcvbnmß"];
/// Accents that Dutch words need, and what sentences need.
const MORE: [&str; 3] = ["1234567890", "éëèïöüáàç", ".,?!-'"];

/// What a key does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// Adds this text.
    Text(String),
    /// Takes the last letter away.
    Back,
    /// Switches between small and capital letters.
    Shift,
    /// Switches between letters and figures with accents.
    More,
    /// The words are done.
    Done,
}

/// What stands on the keys that are no letters.
#[derive(Debug, Clone, Copy)]
pub struct KeyNames<'a> {
    /// The space bar.
    pub space: &'a str,
    /// The key that takes a letter away.
    pub back: &'a str,
    /// The key for capitals.
    pub shift: &'a str,
    /// The key for figures and accents, and back.
    pub more: &'a str,
    /// The key that ends.
    pub done: &'a str,
}

/// How high a keyboard stands whose keys are of the smallest size, points.
pub fn keyboard_height(large: &Large) -> f32 {
    large.target() * 4.0 + large.mm(2.0) * 3.0
}

/// Shows a keyboard in `rect` and returns the key that was pressed.
pub fn keyboard(
    ui: &Ui,
    rect: Rect,
    names: &KeyNames<'_>,
    (is_german, is_capital, is_more): (bool, bool, bool),
) -> Option<Key> {
    let large = Large::of(ui.ctx());
    let gap = large.mm(2.0);
    let rows = match (is_more, is_german) {
        (true, _) => MORE,
        (false, true) => GERMAN_ROWS,
        (false, false) => ROWS,
    };
    let lines = grid(rect, 4, 1, gap);
    let widest = rows.iter().map(|row| row.chars().count()).max().unwrap_or(1);
    #[expect(clippy::cast_precision_loss, reason = "a dozen keys")]
    let width = (rect.width() - gap * (widest as f32 - 1.0)) / widest as f32;
    let mut pressed = None;
    for (row, line) in rows.iter().zip(&lines) {
        let count = row.chars().count();
        #[expect(clippy::cast_precision_loss, reason = "a dozen keys")]
        let wide = width * count as f32 + gap * (count as f32 - 1.0);
        let keys = Rect::from_center_size(line.center(), (wide, line.height()).into());
        for (letter, place) in row.chars().zip(grid(keys, count, count, gap)) {
            let shown = if is_capital {
                capital(letter)
            } else {
                letter.to_string()
            };
            if letter_key(ui, place, &shown) {
                pressed = Some(Key::Text(shown));
            }
        }
    }
    let last = last_row(ui, lines[3], names, (is_capital, is_more));
    pressed.or(last)
}

fn capital(letter: char) -> String {
    // The sharp s has no capital that people write.
    if letter == 'ß' {
        letter.into()
    } else {
        letter.to_uppercase().collect()
    }
}

fn last_row(ui: &Ui, line: Rect, names: &KeyNames<'_>, (is_capital, is_more): (bool, bool)) -> Option<Key> {
    let large = Large::of(ui.ctx());
    let gap = large.mm(2.0);
    let shares = [1.5, 1.5, 4.0, 1.5, 2.5];
    let whole: f32 = shares.iter().sum();
    let room = line.width() - gap * 4.0;
    let mut left = line.left();
    let mut place = |share: f32| {
        let width = room * share / whole;
        let rect = Rect::from_min_max(pos2(left, line.top()), pos2(left + width, line.bottom()));
        left += width + gap;
        rect
    };
    let places = shares.map(&mut place);
    let chosen = |is_on: bool| if is_on { LargeKind::Chosen } else { LargeKind::Plain };
    let keys = [
        (regular::ARROW_FAT_UP, names.shift, chosen(is_capital), Key::Shift, true),
        ("", names.more, chosen(is_more), Key::More, false),
        ("", names.space, LargeKind::Plain, Key::Text(" ".into()), false),
        (regular::BACKSPACE, names.back, LargeKind::Plain, Key::Back, true),
        ("", names.done, LargeKind::Primary, Key::Done, false),
    ];
    let mut pressed = None;
    for ((icon, name, kind, key, is_icon), rect) in keys.into_iter().zip(places) {
        let (response, ink) = ground(ui, rect, name, kind, true);
        if is_icon {
            let font = FontId::proportional(large.mm(9.0));
            ui.painter().text(rect.center(), Align2::CENTER_CENTER, icon, font, ink);
        } else {
            let inner = rect.shrink(large.mm(1.0));
            super::button::paint_words(ui, inner, name, ink, bevy_egui::egui::Align::Center);
        }
        if response.clicked() {
            pressed = Some(key);
        }
    }
    pressed
}

fn letter_key(ui: &Ui, rect: Rect, shown: &str) -> bool {
    let large = Large::of(ui.ctx());
    let (response, ink) = ground(ui, rect, shown, LargeKind::Plain, true);
    let size = super::LargeRole::Strong
        .size(&large)
        .min(rect.height() * 0.7)
        .max(large.mm(7.0));
    let format = Theme::format(crate::ui::TextRole::Strong, size, ink);
    let job = bevy_egui::egui::epaint::text::LayoutJob::single_section(shown.to_owned(), format);
    let galley = ui.painter().layout_job(job);
    let at = Align2::CENTER_CENTER.align_size_within_rect(galley.size(), rect);
    ui.painter().galley(at.min, galley, ink);
    response.clicked()
}
