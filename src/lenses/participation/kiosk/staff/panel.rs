//! The four pages of staff, and the row of buttons that leads to them.

use super::results::Results;
use super::tables::Tables;
use super::words_page::WordsPage;
use super::{settings_page, words_page};
use crate::lenses::participation::kiosk::keeping::Keeping;
use crate::lenses::participation::kiosk::settings::{ForcedPractice, Settings};
use crate::model::Scenario;
use crate::text::{Language, tr, tr_args};
use crate::ui::large::{Large, LargeButton, LargeRole, button, fitting_grid, grid, label, paragraph, sheet};
use bevy_egui::egui::{Context, CornerRadius, Order, Rect, Sense, Ui, pos2, vec2};
use egui_phosphor::regular;

/// What comes of a look at the panel.
pub(super) enum Step {
    /// Nothing.
    Stay,
    /// Back to the visitors.
    Leave,
    /// Choose another code.
    NewCode,
    /// End the program.
    End,
}

/// A page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Page {
    #[default]
    Results,
    Words,
    Settings,
    End,
}

/// The panel.
#[derive(Default)]
pub(super) struct Panel {
    page: Page,
    results: Results,
    words: WordsPage,
}

impl Panel {
    /// At the settings, as after choosing a code.
    pub(super) fn at_settings() -> Self {
        Self {
            page: Page::Settings,
            ..Self::default()
        }
    }

    /// Shows the panel.
    pub(super) fn show(
        &mut self,
        ctx: &Context,
        screen: Rect,
        (settings, forced): (&mut Settings, Option<ForcedPractice>),
        (keeping, tables): (&mut Keeping, &mut Tables),
        (scenario, is_ending): (Option<&Scenario>, bool),
        language: &Language,
    ) -> Step {
        let mut step = Step::Stay;
        sheet(ctx, "kiosk-staff", Order::Foreground, screen, |ui| {
            ui.set_clip_rect(screen);
            ui.allocate_rect(screen, Sense::click_and_drag());
            let large = Large::of(ui.ctx());
            ui.painter()
                .rect_filled(screen, CornerRadius::ZERO, large.tokens.ground);
            let inside = screen.shrink2(vec2(large.gap() * 2.0, large.gap()));
            let rest = self.show_tabs(ui, inside, (&*keeping, tables), language, &mut step);
            match self.page {
                Page::Results => self.results.show(ui, rest, (keeping, tables), scenario, language),
                Page::Words => self.words.show(ui, rest, keeping, scenario, language),
                Page::Settings => {
                    let before = settings.clone();
                    if settings_page::show(ui, rest, settings, forced, language) {
                        step = Step::NewCode;
                    }
                    if *settings != before {
                        keeping.save(settings);
                    }
                }
                Page::End => {
                    if show_end(ui, rest, tables, is_ending, language) {
                        step = Step::End;
                    }
                }
            }
        });
        step
    }

    /// The row of pages; returns what is left below it.
    fn show_tabs(
        &mut self,
        ui: &Ui,
        inside: Rect,
        (keeping, tables): (&Keeping, &mut Tables),
        language: &Language,
        step: &mut Step,
    ) -> Rect {
        let large = Large::of(ui.ctx());
        let waiting = words_page::count_waiting(keeping);
        let words = if waiting == 0 {
            tr(language, "staff-words")
        } else {
            tr_args(language, "staff-words-waiting", &[("count", &waiting.to_string())])
        };
        let tabs = [
            (regular::CHART_BAR, tr(language, "staff-results"), Some(Page::Results)),
            (regular::CHAT_TEXT, words, Some(Page::Words)),
            (regular::GEAR, tr(language, "staff-settings"), Some(Page::Settings)),
            (regular::POWER, tr(language, "staff-end"), Some(Page::End)),
            (regular::ARROW_U_UP_LEFT, tr(language, "staff-leave"), None),
        ];
        let (columns, height) = fitting_grid(&large, tabs.len(), inside.width(), large.mm(54.0), large.target());
        let at = inside.with_max_y(inside.top() + height);
        for (place, (icon, name, page)) in grid(at, tabs.len(), columns, large.gap()).into_iter().zip(tabs) {
            let look = LargeButton::plain(icon, &name).chosen(page == Some(self.page));
            if button(ui, place, &look).clicked() {
                match page {
                    Some(page) => {
                        self.page = page;
                        // A page that is opened anew is in order again, and asks its questions again.
                        self.words = WordsPage::default();
                        self.results = Results::default();
                        tables.forget_written();
                    }
                    None => *step = Step::Leave,
                }
            }
        }
        let Some(problem) = keeping.last_trouble() else {
            return inside.with_min_y(at.bottom() + 2.0 * large.gap());
        };
        let line = Rect::from_min_size(at.left_bottom(), vec2(inside.width(), large.mm(14.0)));
        let words = tr_args(language, "staff-trouble", &[("reason", &problem.message)]);
        paragraph(ui, line, &words, LargeRole::Small, large.tokens.error);
        inside.with_min_y(line.bottom() + large.gap())
    }
}

/// Whether the program is to end. While tables are on their way to the disk it waits for them, and says so.
fn show_end(ui: &Ui, rest: Rect, tables: &Tables, is_ending: bool, language: &Language) -> bool {
    let large = Large::of(ui.ctx());
    let words = rest.with_max_y(rest.top() + large.mm(40.0));
    let (said, ink) = match tables.written() {
        _ if is_ending && tables.is_writing() => (tr(language, "staff-end-writing"), large.tokens.ink),
        // They could not be written: whoever wanted them ends the program knowing that.
        Some(Err(reason)) => (
            tr_args(language, "staff-unsaved", &[("reason", reason)]),
            large.tokens.error,
        ),
        _ => (tr(language, "staff-end-help"), large.tokens.ink),
    };
    label(ui, words, &said, LargeRole::Body, ink);
    if is_ending {
        return false;
    }
    let width = large.mm(160.0).min(rest.width());
    let at = Rect::from_min_size(
        pos2(rest.center().x - width / 2.0, words.bottom() + large.gap()),
        vec2(width, large.mm(26.0)),
    );
    button(
        ui,
        at,
        &LargeButton::primary(regular::POWER, &tr(language, "staff-end-now")),
    )
    .clicked()
}
