//! The bar along the top: what is open, through which lens, in which language, and the settings.

use super::{accent, languages, lens_icon, lens_key, lens_name, start};
use crate::schedule::Lens;
use crate::text::{Language, tr};
use crate::ui::widgets::{self, ButtonKind, Segment};
use crate::ui::{TextRole, Theme, anchor};
use bevy_egui::egui::{Align, Color32, Label, Layout, Popup, Rect, Ui, UiBuilder, pos2, vec2};
use egui_phosphor::regular;
use std::path::PathBuf;

/// What the bar shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopBarState {
    /// Title of what is open; empty when nothing is.
    pub title: String,
    /// The lenses that this program runs with.
    pub lenses: Vec<Lens>,
    /// The active one.
    pub active: Lens,
    /// Files opened lately, the last one first.
    pub recent: Vec<PathBuf>,
    /// There is something in which a place can be found.
    pub can_search: bool,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopBarAction {
    /// Look through another lens.
    SwitchLens(Lens),
    /// Tell what the active lens is for.
    ShowCharter,
    /// Let the person choose what to open.
    Open,
    /// Open this file again.
    OpenRecent(PathBuf),
    /// Take what is open along as one file.
    TakeAlong,
    /// Save what is seen as a picture.
    SavePicture,
    /// Go to the start screen.
    ShowStart,
    /// Another language.
    SetLanguage(Language),
    /// Show the settings.
    ShowSettings,
    /// Show the keys.
    ShowKeys,
    /// Look for a place.
    ShowSearch,
}

/// Shows the bar over the room there is.
pub fn show(ui: &mut Ui, state: &TopBarState, language: &Language) -> Vec<TopBarAction> {
    let mut actions = Vec::new();
    let theme = Theme::of(ui.ctx());
    let bar = ui.max_rect();
    let gap = Theme::PADDING;

    let code = language.code().to_uppercase();
    let code_width = theme
        .galley(ui, &code, TextRole::Body, theme.tokens.ink, f32::INFINITY, 1)
        .size()
        .x;
    let right_width = code_width + 4.0 * Theme::STEP + 3.0 * theme.control_height() + 3.0 * 8.0;

    // The title gives way first, then the words of the lens switch; the buttons at the right always fit.
    let lenses = Lenses::new(state, language, &theme);
    let segments = lenses.segments();
    let middle_most = bar.width() - right_width - theme.control_height() - 160.0 - 3.0 * gap;
    let with_words = widgets::segmented_width(ui, &segments, middle_most);
    let switch_width = with_words + 8.0 + theme.control_height();
    let switch_left = (bar.center().x - switch_width / 2.0).min(bar.right() - right_width - gap - switch_width);

    let left = Rect::from_min_max(bar.min, pos2(switch_left - gap, bar.bottom()));
    let row = Layout::left_to_right(Align::Center);
    ui.scope_builder(UiBuilder::new().max_rect(left).layout(row), |ui| {
        show_title(ui, state, language, &mut actions);
    });
    let middle = Rect::from_min_max(
        pos2(switch_left, bar.top()),
        pos2(switch_left + switch_width, bar.bottom()),
    );
    ui.scope_builder(UiBuilder::new().max_rect(middle).layout(row), |ui| {
        if !segments.is_empty() {
            let switch = Rect::from_center_size(middle.center(), vec2(with_words, theme.control_height()));
            let switch = switch.translate(vec2(middle.left() - switch.left(), 0.0));
            anchor::mark(ui.ctx(), "lenses", switch);
            let active = state
                .lenses
                .iter()
                .position(|lens| *lens == state.active)
                .unwrap_or_default();
            if let Some(lens) =
                widgets::segmented(ui, &segments, active, middle_most).and_then(|index| state.lenses.get(index))
            {
                actions.push(TopBarAction::SwitchLens(*lens));
            }
            if widgets::icon_button(ui, regular::INFO, &tr(language, "top-charter")).clicked() {
                actions.push(TopBarAction::ShowCharter);
            }
        }
    });
    let right = bar.with_min_x(bar.right() - right_width);
    ui.scope_builder(UiBuilder::new().max_rect(right).layout(row), |ui| {
        ui.add_enabled_ui(state.can_search, |ui| {
            if widgets::icon_button(ui, regular::MAGNIFYING_GLASS, &tr(language, "search")).clicked() {
                actions.push(TopBarAction::ShowSearch);
            }
        });
        show_language(ui, &code, language, &mut actions);
        let keys = widgets::icon_button(ui, regular::QUESTION, &tr(language, "top-keys"));
        anchor::mark(ui.ctx(), "keys", keys.rect);
        if keys.clicked() {
            actions.push(TopBarAction::ShowKeys);
        }
        if widgets::icon_button(ui, regular::GEAR_SIX, &tr(language, "top-settings")).clicked() {
            actions.push(TopBarAction::ShowSettings);
        }
    });
    actions
}

/// Names of the lenses, which the segments borrow.
struct Lenses {
    all: Vec<(Lens, String, Color32)>,
}

impl Lenses {
    fn new(state: &TopBarState, language: &Language, theme: &Theme) -> Self {
        let look = |lens: &Lens| (*lens, lens_name(*lens, language), accent(*lens, &theme.tokens));
        Self {
            all: state.lenses.iter().map(look).collect(),
        }
    }

    fn segments(&self) -> Vec<Segment<'_>> {
        self.all
            .iter()
            .map(|(lens, name, color)| Segment {
                label: name,
                icon: lens_icon(*lens),
                shortcut: lens_key(*lens),
                accent: *color,
            })
            .collect()
    }
}

fn show_title(ui: &mut Ui, state: &TopBarState, language: &Language, actions: &mut Vec<TopBarAction>) {
    let theme = Theme::of(ui.ctx());
    if ui.available_width() > 320.0 * theme.text_scale {
        ui.add(Label::new(theme.rich("Stadslens", TextRole::Heading)).extend());
    }
    let title = if state.title.is_empty() {
        tr(language, "top-nothing-open")
    } else {
        state.title.clone()
    };
    // The whole title for who sees only its beginning.
    let response = widgets::button(ui, regular::CARET_DOWN, &title, ButtonKind::Quiet).on_hover_text(&title);
    anchor::mark(ui.ctx(), "title", response.rect);
    Popup::menu(&response)
        .width(300.0 * theme.text_scale.sqrt())
        .show(|ui| {
            if widgets::menu_item(ui, regular::FOLDER_OPEN, &tr(language, "top-open"), "Ctrl+O").clicked() {
                actions.push(TopBarAction::Open);
            }
            if widgets::menu_item(ui, regular::PACKAGE, &tr(language, "take-along"), "Ctrl+E").clicked() {
                actions.push(TopBarAction::TakeAlong);
            }
            if widgets::menu_item(ui, regular::CAMERA, &tr(language, "picture"), "Ctrl+P").clicked() {
                actions.push(TopBarAction::SavePicture);
            }
            if widgets::menu_item(ui, regular::HOUSE_LINE, &tr(language, "top-start"), "").clicked() {
                actions.push(TopBarAction::ShowStart);
            }
            if !state.recent.is_empty() {
                widgets::separator(ui);
                ui.horizontal(|ui| {
                    ui.add_space(2.0 * Theme::STEP);
                    widgets::secondary(ui, &tr(language, "start-recent"));
                });
            }
            for path in &state.recent {
                let item = widgets::menu_item(ui, regular::CLOCK_COUNTER_CLOCKWISE, &start::short_name(path), "");
                if item.clicked() {
                    actions.push(TopBarAction::OpenRecent(path.clone()));
                }
            }
        });
}

fn show_language(ui: &mut Ui, code: &str, language: &Language, actions: &mut Vec<TopBarAction>) {
    let theme = Theme::of(ui.ctx());
    let response = widgets::button(ui, "", code, ButtonKind::Quiet).on_hover_text(tr(language, "top-language"));
    Popup::menu(&response).width(180.0 * theme.text_scale).show(|ui| {
        actions.extend(languages::show(ui, language).map(TopBarAction::SetLanguage));
    });
}
