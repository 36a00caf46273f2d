//! The bar along the bottom: where the pointer is, how long things are, whether the picture is complete, what is wrong.

use crate::text::{
    Language, format_count, format_lat_lon, format_length, format_nap, format_place, format_rd, tr, tr_args, tr_count,
};
use crate::ui::{TextRole, Theme, widgets};
use bevy_egui::egui::{Align, Label, Layout, Rect, Ui, UiBuilder, pos2};
use egui_phosphor::regular;

/// How far the picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Loading {
    /// All that the view needs is there.
    #[default]
    Complete,
    /// Everything that could be read is there; some parts could not.
    WithGaps,
    /// All that fits into the memory is there: the view needs more, so it is drawn coarser than wanted.
    Coarser,
    /// Parts are on their way.
    Busy {
        /// Parts that are there.
        done: usize,
        /// Parts that the view needs.
        total: usize,
    },
}

/// What the bar shows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StatusState {
    /// RD x and y under the pointer, metres; `None` outside the Netherlands or beside the ground.
    pub rd_m: Option<(f64, f64)>,
    /// Height above NAP there, metres.
    pub nap_m: Option<f64>,
    /// Latitude and longitude there, degrees.
    pub lat_lon_deg: Option<(f64, f64)>,
    /// Length on the ground of one point on the screen at the middle of the view, metres.
    pub metres_per_point: Option<f32>,
    /// How far the picture is.
    pub loading: Loading,
    /// How many problems there are.
    pub problems: usize,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatusAction {
    /// Open the list of problems.
    ShowProblems,
    /// The place was copied as text; say so.
    PlaceCopied,
}

/// Shows the bar. What does not fit is left out, the least needed first: latitude and longitude, then the scale, then the
/// height.
pub fn show(ui: &mut Ui, state: &StatusState, language: &Language) -> Vec<StatusAction> {
    let mut actions = Vec::new();
    let bar = ui.max_rect();
    let right = ui
        .scope_builder(
            UiBuilder::new()
                .max_rect(bar)
                .layout(Layout::right_to_left(Align::Center)),
            |ui| {
                ui.spacing_mut().item_spacing.x = 2.0 * Theme::PADDING;
                show_problems(ui, state, language, &mut actions);
                show_loading(ui, state.loading, language);
                ui.min_rect().left()
            },
        )
        .inner;
    let rest = Rect::from_min_max(bar.min, pos2(right - Theme::PADDING, bar.bottom()));
    ui.scope_builder(
        UiBuilder::new()
            .max_rect(rest)
            .layout(Layout::left_to_right(Align::Center)),
        |ui| {
            ui.spacing_mut().item_spacing.x = 2.0 * Theme::PADDING;
            show_place(ui, state, language, &mut actions);
            show_scale(ui, state, language);
        },
    );
    actions
}

fn show_problems(ui: &mut Ui, state: &StatusState, language: &Language, actions: &mut Vec<StatusAction>) {
    if state.problems == 0 {
        return;
    }
    let warning = Theme::of(ui.ctx()).tokens.warning;
    let words = tr_count(language, "status-problems", state.problems);
    if widgets::text_button(ui, regular::WARNING, &words, warning).clicked() {
        actions.push(StatusAction::ShowProblems);
    }
}

fn show_loading(ui: &mut Ui, loading: Loading, language: &Language) {
    match loading {
        Loading::Complete | Loading::WithGaps | Loading::Coarser => {
            let theme = Theme::of(ui.ctx());
            let words = match loading {
                Loading::Coarser => tr(language, "status-coarser"),
                Loading::WithGaps => tr(language, "status-gaps"),
                _ => tr(language, "status-complete"),
            };
            ui.add(Label::new(theme.rich(words, TextRole::Small)).extend());
        }
        Loading::Busy { done, total } => {
            let theme = Theme::of(ui.ctx());
            let done = done.min(total);
            let (shown_done, shown_total) = (format_count(done, language), format_count(total, language));
            let words = tr_args(
                language,
                "status-loading",
                &[("done", &shown_done), ("total", &shown_total)],
            );
            widgets::progress(ui, share(done, total), 64.0 * theme.text_scale, &words);
            ui.add(Label::new(theme.rich(words, TextRole::Small)).extend());
        }
    }
}

/// `done` of `total`, 0 to 1.
fn share(done: usize, total: usize) -> f32 {
    // A bar is some hundred pixels wide, so thousandths are enough and fit without loss.
    let thousandths = done.saturating_mul(1000) / total.max(1);
    f32::from(u16::try_from(thousandths).unwrap_or(1000)) / 1000.0
}

fn show_place(ui: &mut Ui, state: &StatusState, language: &Language, actions: &mut Vec<StatusAction>) {
    let all = format_place(state.rd_m, state.nap_m, state.lat_lon_deg, language);
    if all.is_empty() {
        return;
    }
    let theme = Theme::of(ui.ctx());
    let room = ui.available_width() - 3.0 * Theme::STEP;
    let ink = theme.tokens.muted;
    let fits = |words: &String| {
        let galley = theme.galley(ui, words, TextRole::Small, ink, f32::INFINITY, 1);
        galley.size().x <= room
    };
    // RD is what Dutch plans are drawn in, so it stays longest; elsewhere latitude and longitude are all there is.
    let shorter = [
        all.clone(),
        format_place(state.rd_m, state.nap_m, None, language),
        state.rd_m.map(|(x, y)| format_rd(x, y)).unwrap_or_default(),
        state
            .lat_lon_deg
            .map(|(lat, lon)| format_lat_lon(lat, lon, language))
            .unwrap_or_default(),
        state
            .nap_m
            .map(|height| format_nap(height, language))
            .unwrap_or_default(),
    ];
    let Some(words) = shorter.iter().find(|words| !words.is_empty() && fits(words)) else {
        return;
    };
    let response = widgets::text_button(ui, "", words, ink);
    if response.clicked() {
        ui.ctx().copy_text(all.clone());
        actions.push(StatusAction::PlaceCopied);
    }
    response.on_hover_text(format!("{all}\n{}", tr(language, "status-copy-place")));
}

fn show_scale(ui: &mut Ui, state: &StatusState, language: &Language) {
    let theme = Theme::of(ui.ctx());
    let longest = 96.0;
    let needed = longest + theme.size(TextRole::Small) * 4.5 + Theme::STEP;
    if let Some(metres_per_point) = state.metres_per_point.filter(|_| ui.available_width() >= needed) {
        widgets::scale_bar(ui, metres_per_point, longest, |length_m| {
            // Lengths are round: half a metre needs one decimal, five centimetres two.
            let decimals = match length_m {
                1.0.. => 0,
                0.1.. => 1,
                0.01.. => 2,
                _ => 3,
            };
            format_length(length_m, decimals, language)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_is_within_zero_and_one() {
        for (done, total, expected) in [(0, 0, 0.0), (1, 2, 0.5), (5, 5, 1.0), (usize::MAX, usize::MAX, 1.0)] {
            let share = share(done, total);
            assert!(
                (0.0..=1.0).contains(&share) && (share - expected).abs() < 0.01 || done == usize::MAX,
                "{done}/{total}: {share}"
            );
        }
    }
}
