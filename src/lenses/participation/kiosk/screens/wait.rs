//! Screens on which there is little to do: being set up, nobody there, sending, thanks, "are you still there?".

use super::{Seen, headed, heading_height};
use crate::lenses::participation::kiosk::session::{Step, Touch};
use crate::text::{Language, format_date, tr, tr_args, tr_count};
use crate::ui::large::{Large, LargeButton, LargeRole, button, label, label_height, sheet};
use bevy_egui::egui::{Context, CornerRadius, Order, Rect, Sense, Ui, vec2};
use egui_phosphor::regular;

/// Covers everything while the kiosk is being set up.
pub(in super::super) fn show_waiting(ctx: &Context, screen: Rect, language: &Language) {
    let large = Large::of(ctx);
    sheet(ctx, "kiosk-waiting", Order::Foreground, screen, |ui| {
        ui.allocate_rect(screen, Sense::click_and_drag());
        ui.painter()
            .rect_filled(screen, CornerRadius::ZERO, large.tokens.ground);
        let at = screen.shrink(large.mm(20.0));
        label(
            ui,
            at,
            &tr(language, "kiosk-setting-up"),
            LargeRole::Heading,
            large.tokens.ink,
        );
    });
}

/// The sentences of the first screen: the question or why there is none, and what to do.
fn invitation(seen: &Seen<'_>) -> (String, String) {
    let language = seen.language();
    // What exactly is wrong is for staff to read, not for visitors.
    if seen.trouble.is_some() {
        return (tr(language, "kiosk-out-of-order"), String::new());
    }
    if seen.is_over {
        return (tr(language, "kiosk-over"), String::new());
    }
    if let Some((from, until)) = seen.closed_until {
        let (from, until) = (from.to_string(), until.to_string());
        let words = tr_args(language, "kiosk-closed", &[("from", &from), ("until", &until)]);
        return (words, String::new());
    }
    let area = seen.scenario.area.name.get(&language.code());
    let question = tr_args(language, "kiosk-question", &[("area", area)]);
    (question, tr(language, "kiosk-touch"))
}

pub(super) fn height(ui: &Ui, seen: &Seen<'_>, width: f32) -> f32 {
    let large = Large::of(ui.ctx());
    let (question, _) = invitation(seen);
    heading_height(ui, &question, LargeRole::Title, width) + large.mm(28.0)
}

pub(super) fn attract(ui: &Ui, block: Rect, seen: &Seen<'_>, touches: &mut Vec<Touch>) {
    let large = Large::of(ui.ctx());
    let (question, what) = invitation(seen);
    let rest = headed(ui, block, &question, LargeRole::Title);
    if !seen.is_inviting() {
        return;
    }
    let width = (rest.width() * 0.6).max(large.mm(120.0)).min(rest.width());
    let at = Rect::from_center_size(rest.center(), vec2(width, rest.height()));
    if button(ui, at, &LargeButton::primary(regular::HAND_TAP, &what)).clicked() {
        touches.push(Touch::Begin);
    }
}

/// Heading and text of what happened to what was sent.
fn outcome(seen: &Seen<'_>) -> (String, String) {
    let language = seen.language();
    match seen.session.step {
        Step::Sending => (tr(language, "kiosk-sending"), String::new()),
        Step::Failed => (tr(language, "kiosk-failed"), tr(language, "kiosk-failed-help")),
        _ => {
            let counted = if seen.is_trial {
                tr_count(language, "kiosk-thanks-trial", seen.count)
            } else {
                tr_count(language, "kiosk-thanks-count", seen.count)
            };
            let after = match seen.delete_on {
                // Nobody reads what was for practice.
                _ if seen.is_trial => String::new(),
                Some(day) => tr_args(language, "kiosk-thanks-until", &[("day", &format_date(day, language))]),
                None => tr(language, "kiosk-thanks-after"),
            };
            (
                tr(language, "kiosk-thanks"),
                format!("{counted} {after}").trim_end().to_owned(),
            )
        }
    }
}

pub(super) fn message_height(ui: &Ui, seen: &Seen<'_>, width: f32) -> f32 {
    let large = Large::of(ui.ctx());
    let (heading, text) = outcome(seen);
    let text = if text.is_empty() {
        0.0
    } else {
        label_height(ui, &text, LargeRole::Body, width)
    };
    heading_height(ui, &heading, LargeRole::Title, width) + text + large.gap() + large.mm(26.0)
}

pub(super) fn message(ui: &Ui, block: Rect, seen: &Seen<'_>, touches: &mut Vec<Touch>) {
    let large = Large::of(ui.ctx());
    let language = seen.language();
    let (heading, text) = outcome(seen);
    let rest = headed(ui, block, &heading, LargeRole::Title);
    let row = rest.with_min_y(rest.bottom() - large.mm(26.0));
    label(
        ui,
        rest.with_max_y(row.top() - large.gap()),
        &text,
        LargeRole::Body,
        large.tokens.ink,
    );
    let half = row.with_max_x(row.center().x - large.gap() / 2.0);
    let other = row.with_min_x(row.center().x + large.gap() / 2.0);
    match seen.session.step {
        Step::Thanks => {
            let at = Rect::from_center_size(row.center(), vec2(row.width() * 0.5, row.height()));
            if button(
                ui,
                at,
                &LargeButton::primary(regular::CHECK, &tr(language, "kiosk-done")),
            )
            .clicked()
            {
                touches.push(Touch::Leave);
            }
        }
        Step::Failed => {
            if button(
                ui,
                half,
                &LargeButton::plain(regular::CARET_LEFT, &tr(language, "kiosk-back")),
            )
            .clicked()
            {
                touches.push(Touch::Back);
            }
            let again = tr(language, "kiosk-again");
            if button(ui, other, &LargeButton::primary(regular::PAPER_PLANE_TILT, &again)).clicked() {
                touches.push(Touch::Send);
            }
        }
        _ => {}
    }
}

/// Asks whether anybody is there.
pub(super) fn ask(ctx: &Context, screen: Rect, seen: &Seen<'_>, left_s: f32) -> Option<Touch> {
    let large = Large::of(ctx);
    let language = seen.language();
    let mut touch = None;
    sheet(ctx, "kiosk-still-there", Order::Tooltip, screen, |ui| {
        ui.allocate_rect(screen, Sense::click_and_drag());
        let dim = large.tokens.backdrop;
        ui.painter().rect_filled(screen, CornerRadius::ZERO, dim);
        let width = screen.width().min(large.mm(260.0) * large.text.sqrt()) - 2.0 * large.gap();
        let question = tr(language, "kiosk-still-there");
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "seconds, not negative"
        )]
        let seconds = left_s.ceil() as usize;
        let until = tr_count(language, "kiosk-still-there-left", seconds);
        let inner = width - 2.0 * large.mm(8.0);
        let text = label_height(ui, &until, LargeRole::Body, inner);
        let height = heading_height(ui, &question, LargeRole::Title, inner)
            + text
            + large.gap()
            + large.mm(26.0)
            + 2.0 * large.mm(8.0);
        let bottom = screen.bottom() - large.mm(24.0);
        let card = Rect::from_min_max(
            (screen.center().x - width / 2.0, bottom - height).into(),
            (screen.center().x + width / 2.0, bottom).into(),
        );
        ui.painter()
            .rect_filled(card, CornerRadius::same(10), large.tokens.ground);
        let rest = headed(ui, card.shrink(large.mm(8.0)), &question, LargeRole::Title);
        let row = rest.with_min_y(rest.bottom() - large.mm(26.0));
        label(
            ui,
            rest.with_max_y(row.top() - large.gap()),
            &until,
            LargeRole::Body,
            large.tokens.ink,
        );
        let half = row.with_max_x(row.center().x - large.gap() / 2.0);
        let other = row.with_min_x(row.center().x + large.gap() / 2.0);
        if button(
            ui,
            half,
            &LargeButton::primary(regular::CHECK, &tr(language, "kiosk-stay")),
        )
        .clicked()
        {
            touch = Some(Touch::Stay);
        }
        if button(ui, other, &LargeButton::plain(regular::X, &tr(language, "kiosk-leave"))).clicked() {
            touch = Some(Touch::Leave);
        }
    });
    touch
}
