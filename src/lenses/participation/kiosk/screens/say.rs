//! A face was given: send it, or say more first. And the four themes.

use super::{Seen, headed, heading_height, mood_of};
use crate::export::{smiley_word, theme_word};
use crate::lenses::participation::kiosk::session::{Step, Touch};
use crate::model::reaction::{Smiley, Theme};
use crate::text::{tr, tr_args};
use crate::ui::large::{Large, LargeButton, LargeRole, button, columns_that_fit, face_button, fitting_grid, grid};
use bevy_egui::egui::{Rect, Ui};
use egui_phosphor::regular;

/// Most letters of the words that their button shows.
const SHOWN_CHARS: usize = 24;

fn row(seen: &Seen<'_>, large: &Large, usual_mm: f32) -> f32 {
    if seen.is_low() {
        large.target()
    } else {
        large.mm(usual_mm)
    }
}

/// The rows of the block from above: faces, what can be added, back and send.
fn rows(seen: &Seen<'_>, large: &Large, width: f32) -> [f32; 3] {
    let (_, more) = fitting_grid(large, 3, width, more_width(large), row(seen, large, 30.0));
    [row(seen, large, 32.0), more, row(seen, large, 26.0)]
}

fn more_width(large: &Large) -> f32 {
    large.mm(78.0) * (1.0 + (large.text - 1.0) * 0.4)
}

pub(super) fn height(ui: &Ui, seen: &Seen<'_>, width: f32) -> f32 {
    let large = Large::of(ui.ctx());
    let heading = heading_height(ui, &tr(seen.language(), "kiosk-say-more"), LargeRole::Heading, width);
    let rows = rows(seen, &large, width);
    heading + rows.iter().sum::<f32>() + 2.0 * large.gap()
}

pub(super) fn show(ui: &Ui, block: Rect, seen: &Seen<'_>, touches: &mut Vec<Touch>) {
    let large = Large::of(ui.ctx());
    let language = seen.language();
    let draft = &seen.session.draft;
    let [faces, more, last] = rows(seen, &large, block.width());
    let faces = block.with_max_y(block.top() + faces);
    for (place, smiley) in grid(faces, 3, 3, large.gap()).into_iter().zip(Smiley::ALL) {
        let name = smiley_word(smiley, language);
        if face_button(ui, place, mood_of(smiley), &name, draft.smiley == Some(smiley)).clicked() {
            touches.push(Touch::Face(smiley));
        }
    }
    let rest = block.with_min_y(faces.bottom() + large.gap());
    let rest = headed(ui, rest, &tr(language, "kiosk-say-more"), LargeRole::Heading);
    let spot = match draft.spot {
        Some(_) => tr(language, "kiosk-spot-set"),
        None => tr(language, "kiosk-add-spot"),
    };
    let theme = match draft.theme {
        Some(theme) => tr_args(language, "kiosk-theme-set", &[("theme", &theme_word(theme, language))]),
        None => tr(language, "kiosk-add-theme"),
    };
    let words = if draft.words.trim().is_empty() {
        tr(language, "kiosk-add-words")
    } else {
        tr_args(language, "kiosk-words-set", &[("words", &shortened(&draft.words))])
    };
    let at = rest.with_max_y(rest.top() + more);
    let columns = columns_that_fit(3, at.width(), more_width(&large), large.gap());
    let offers = [
        (regular::MAP_PIN, spot, draft.spot.is_some(), Step::Spot),
        (regular::TAG, theme, draft.theme.is_some(), Step::Theme),
        (
            regular::PENCIL_SIMPLE,
            words,
            !draft.words.trim().is_empty(),
            Step::Words,
        ),
    ];
    for (place, (icon, label, is_set, step)) in grid(at, 3, columns, large.gap()).into_iter().zip(offers) {
        let icon = if is_set { regular::CHECK } else { icon };
        if button(ui, place, &LargeButton::plain(icon, &label).chosen(is_set)).clicked() {
            touches.push(Touch::Open(step));
        }
    }
    let below = rest.with_min_y(at.bottom() + large.gap());
    let last = below.with_max_y(below.top() + last);
    let left = last.with_max_x(last.left() + last.width() * 0.3);
    let right = last.with_min_x(left.right() + large.gap());
    if button(
        ui,
        left,
        &LargeButton::plain(regular::CARET_LEFT, &tr(language, "kiosk-back")),
    )
    .clicked()
    {
        touches.push(Touch::Back);
    }
    if button(
        ui,
        right,
        &LargeButton::primary(regular::PAPER_PLANE_TILT, &tr(language, "kiosk-send")),
    )
    .clicked()
    {
        touches.push(Touch::Send);
    }
}

fn shortened(words: &str) -> String {
    let words = words.trim();
    if words.chars().count() <= SHOWN_CHARS {
        words.to_owned()
    } else {
        let start: String = words.chars().take(SHOWN_CHARS).collect();
        format!("{}…", start.trim_end())
    }
}

fn theme_row(seen: &Seen<'_>, large: &Large) -> f32 {
    row(seen, large, 44.0)
}

fn theme_columns(large: &Large, width: f32) -> usize {
    let least = large.mm(70.0) * (1.0 + (large.text - 1.0) * 0.5);
    columns_that_fit(Theme::ALL.len(), width, least, large.gap())
}

pub(super) fn theme_height(ui: &Ui, seen: &Seen<'_>, width: f32) -> f32 {
    let large = Large::of(ui.ctx());
    let words = heading_height(ui, &tr(seen.language(), "kiosk-theme"), LargeRole::Heading, width);
    let rows = Theme::ALL.len().div_ceil(theme_columns(&large, width));
    #[expect(clippy::cast_precision_loss, reason = "four themes")]
    let rows = rows as f32;
    words + rows * (theme_row(seen, &large) + large.gap()) + large.target()
}

pub(super) fn show_theme(ui: &Ui, block: Rect, seen: &Seen<'_>, touches: &mut Vec<Touch>) {
    let large = Large::of(ui.ctx());
    let language = seen.language();
    let rest = headed(ui, block, &tr(language, "kiosk-theme"), LargeRole::Heading);
    let back = rest.with_min_y(rest.bottom() - large.target());
    let themes = rest.with_max_y(back.top() - large.gap());
    let columns = theme_columns(&large, rest.width());
    for (place, theme) in grid(themes, Theme::ALL.len(), columns, large.gap())
        .into_iter()
        .zip(Theme::ALL)
    {
        let icon = match theme {
            Theme::Living => regular::HOUSE_LINE,
            Theme::Shopping => regular::SHOPPING_BAG,
            Theme::Green => regular::TREE,
            Theme::Safety => regular::SHIELD_CHECK,
        };
        let name = theme_word(theme, language);
        let look = LargeButton::plain(icon, &name).chosen(seen.session.draft.theme == Some(theme));
        if button(ui, place, &look).clicked() {
            touches.push(Touch::Theme(theme));
        }
    }
    let left = back.with_max_x(back.left() + back.width() * 0.3);
    if button(
        ui,
        left,
        &LargeButton::plain(regular::CARET_LEFT, &tr(language, "kiosk-back")),
    )
    .clicked()
    {
        touches.push(Touch::Back);
    }
}
