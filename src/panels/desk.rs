//! The whole desk: every shared panel in its place, and what is open, folded or asked for.
//!
//! [`Desk`] keeps what belongs to the screen alone (which panel is open, which dialog, how wide). What the model says
//! comes in as a [`DeskView`] and what was asked for goes out as [`DeskActions`], one list per panel.

mod sides;
mod tour_stops;

use super::card::{CardAction, CardState};
use super::charter::{self, CharterState};
use super::layers::{LayersAction, LayersState};
use super::meters::{self, MetersState};
use super::minimap::{self, MinimapAction, MinimapState};
use super::network::NetworkState;
use super::problems::{self, ProblemsAction, ProblemsState};
use super::rooms::OwnPages;
use super::save::{self, SavePlaceState};
use super::search::{self, FoundLines, SearchAction, SearchState};
use super::settings::{self, SettingsAction};
use super::start::{self, StartAction, StartState};
use super::status_bar::{self, StatusAction, StatusState};
use super::sun::{self, SunAction, SunState};
use super::system::{self, SystemAction, SystemState};
use super::take_along::{self, TakeAlongAction, TakeAlongState};
use super::tools::{self, ToolsAction, ToolsState};
use super::top_bar::{self, TopBarAction, TopBarState};
use super::variants::{VariantsAction, VariantsState};
use super::viewpoints::{ViewpointsAction, ViewpointsState};
use super::{banner, drop_hint, keys, lens_name};
use crate::text::{Language, tr, tr_args};
use crate::ui::preferences::PanelMemory;
use crate::ui::shell::{self, Side, Wish, Wishes, Zones};
use crate::ui::widgets::{self, ToastKind, Toasts};
use crate::ui::{Preferences, Theme};
use bevy::prelude::Resource;
use bevy_egui::egui::{Align2, Context, Rect, ScrollArea, vec2};
use tour_stops::TourState;

/// A page of the left panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Page {
    /// Plan variants.
    #[default]
    Variants,
    /// Places to look from.
    Viewpoints,
    /// Layers and legend.
    Layers,
    /// A page of a lens's own making, by its key in [`OwnPages`].
    Own(&'static str),
}

/// A dialog over the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialog {
    /// What the lens is for.
    Charter,
    /// The keys.
    Keys,
    /// The settings.
    Settings,
    /// The problems.
    Problems,
    /// Where a package should go.
    TakeAlong,
    /// Where a file should go that a lens made.
    SavePlace,
    /// Looking for a place.
    Search,
    /// In which coordinate system the file is.
    System,
}

/// A file that hangs over the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hovering {
    /// Its name.
    pub name: String,
    /// Let go it is added to the variant shown as a model; else it is opened.
    pub is_model: bool,
}

/// What belongs to the screen alone.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a part of the screen that is open or not"
)]
#[derive(Resource, Debug, Clone, Default)]
pub struct Desk {
    /// Page of the left panel.
    pub page: Page,
    /// Which panels are open and how wide.
    pub panels: PanelMemory,
    /// The strip with the sun is open.
    pub sun_open: bool,
    /// The small map is open.
    pub map_open: bool,
    /// The numbers of what the program is doing are shown.
    pub meters_open: bool,
    /// The dialog that is open. It takes Esc itself.
    pub dialog: Option<Dialog>,
    /// The start screen, while it is shown instead of the city.
    pub start: Option<StartState>,
    /// What stands in the dialog that asks where a package should go.
    pub take_along: TakeAlongState,
    /// What stands in the dialog that asks where a file should go.
    pub save_place: SavePlaceState,
    /// What stands in the dialog that looks for a place.
    pub search: SearchState,
    /// Number of a coordinate system that is being typed.
    pub system_number: String,
    /// Short messages.
    pub toasts: Toasts,
    /// The file that hangs over the window.
    pub hovering: Option<Hovering>,
    tour: Option<TourState>,
    tour_left: bool,
    opened_last: Side,
    card: CardMemory,
}

/// What the desk remembers of the card from one frame to the next.
#[derive(Debug, Clone, Default)]
struct CardMemory {
    expanded: bool,
    /// What it was about.
    shown: Option<String>,
}

/// What the desk shows.
#[derive(Debug, Clone, Copy)]
pub struct DeskView<'a> {
    /// Top bar.
    pub top: &'a TopBarState,
    /// Pages that the active lens offers, at least one.
    pub pages: &'a [Page],
    /// Pages of lenses' own making.
    pub own: &'a OwnPages,
    /// Variants.
    pub variants: &'a VariantsState,
    /// Viewpoints.
    pub viewpoints: &'a ViewpointsState,
    /// Layers.
    pub layers: &'a LayersState,
    /// The picked thing, if any.
    pub card: Option<&'a CardState>,
    /// Problems.
    pub problems: &'a ProblemsState,
    /// Status bar; its count of problems is taken from [`Self::problems`].
    pub status: StatusState,
    /// Where the view looks, clockwise from grid north, radians.
    pub heading_rad: f32,
    /// The view is at eye height on the street.
    pub walking: bool,
    /// The sun.
    pub sun: SunState,
    /// Charter of the active lens.
    pub charter: &'a CharterState,
    /// Choices, for the settings.
    pub preferences: &'a Preferences,
    /// The network, for the settings.
    pub network: &'a NetworkState,
    /// What is shown is not the real situation.
    pub synthetic: bool,
    /// What was found of what stands in [`Desk::search`].
    pub found: &'a FoundLines,
    /// What is asked about the coordinates of the file; `None` where nothing is.
    pub system: Option<&'a SystemState>,
    /// What the program is doing, in numbers; `None` while nobody wants to see them.
    pub meters: Option<&'a MetersState>,
    /// The small map; `None` where there is nothing to show on it.
    pub map: Option<&'a MinimapState>,
}

/// What was asked for and the desk could not do itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeskActions {
    /// By the top bar.
    pub top: Vec<TopBarAction>,
    /// By the variants.
    pub variants: Vec<VariantsAction>,
    /// By the viewpoints.
    pub viewpoints: Vec<ViewpointsAction>,
    /// By the layers.
    pub layers: Vec<LayersAction>,
    /// By the card.
    pub card: Vec<CardAction>,
    /// By the problems.
    pub problems: Vec<ProblemsAction>,
    /// By the strip with the sun.
    pub sun: Vec<SunAction>,
    /// By the tools.
    pub tools: Vec<ToolsAction>,
    /// By the settings.
    pub settings: Vec<SettingsAction>,
    /// By the start screen.
    pub start: Vec<StartAction>,
    /// By the dialog that asks where a package should go.
    pub take_along: Option<TakeAlongAction>,
    /// The path that was named in the dialog that asks where a file should go.
    pub save_to: Option<String>,
    /// By the dialog that looks for a place.
    pub search: Option<SearchAction>,
    /// By the question for the coordinate system.
    pub system: Option<SystemAction>,
    /// By the small map.
    pub map: Option<MinimapAction>,
}

impl Desk {
    /// Shows the desk and returns where everything stands and what was asked for.
    pub fn show(&mut self, ctx: &Context, view: &DeskView<'_>, language: &Language) -> (Zones, DeskActions) {
        let theme = Theme::of(ctx);
        let mut actions = DeskActions::default();
        self.notice_picked(view.card);
        if !view.pages.contains(&self.page) {
            self.page = view.pages.first().copied().unwrap_or_default();
        }
        let zones = shell::zones(ctx.content_rect(), &theme, &self.wishes(view));

        let asked = shell::bar(ctx, "top", zones.top_bar, |ui| top_bar::show(ui, view.top, language));
        self.take_top_actions(asked, &mut actions);
        if self.start.is_some() {
            self.show_start(ctx, zones.view, language, &mut actions);
        } else {
            self.show_left(ctx, &zones, view, language, &mut actions);
            self.show_right(ctx, &zones, view, language, &mut actions);
            if view.synthetic {
                shell::hang(ctx, "banner", zones.banner, Align2::CENTER_TOP, |ui| {
                    banner::show(ui, language);
                });
            }
            if self.sun_open {
                actions.sun = shell::sheet(ctx, "sun", zones.strip, |ui| sun::show(ui, &view.sun, language));
            }
            if let Some(map) = view.map.filter(|_| zones.map.is_positive()) {
                let side = zones.map.width();
                actions.map = shell::float(ctx, "map", zones.map, |ui| minimap::show(ui, map, side, language));
            }
            if let Some(meters) = view.meters.filter(|_| self.meters_open) {
                // Neither on the notice nor on the tools.
                let room = zones
                    .middle
                    .with_min_y(zones.banner.bottom() + Theme::PADDING)
                    .with_max_x(zones.tools.left() - Theme::PADDING);
                shell::hang(ctx, "meters", room, Align2::RIGHT_TOP, |ui| {
                    meters::show(ui, meters, language);
                });
            }
            let state = ToolsState {
                heading_rad: view.heading_rad,
                walking: view.walking,
                sun_open: self.sun_open,
                map_open: view.map.map(|_| self.map_open),
            };
            let asked = shell::hang(ctx, "tools", zones.tools, Align2::RIGHT_BOTTOM, |ui| {
                tools::show(ui, &state, language)
            });
            self.take_tools_actions(asked, &mut actions);
        }
        let status = StatusState {
            problems: view.problems.rows.len(),
            ..view.status
        };
        let asked = shell::bar(ctx, "status", zones.status_bar, |ui| {
            status_bar::show(ui, &status, language)
        });
        for action in asked {
            match action {
                StatusAction::ShowProblems => self.dialog = Some(Dialog::Problems),
                StatusAction::PlaceCopied => self.done(tr(language, "status-place-copied")),
            }
        }
        self.show_tour(ctx, &zones, view, language, &mut actions);
        self.show_dialog(ctx, view, language, &mut actions);
        if let Some(Hovering { name, is_model }) = &self.hovering {
            let words = if *is_model {
                tr_args(language, "drop-hint-model", &[("name", name)])
            } else {
                tr_args(language, "drop-hint", &[("name", name)])
            };
            drop_hint::show(ctx, zones.view, &words);
        }
        let above = zones.strip.height() + 2.0 * Theme::PADDING;
        // Over the strip, so that no message ever lies on the tools.
        let toasts_at = zones.strip.center_bottom() - vec2(0.0, above);
        self.toasts
            .show(ctx, toasts_at, zones.strip.width(), &tr(language, "close"));
        (zones, actions)
    }

    /// Shows a page of the left panel, and opens that panel if it was folded.
    pub fn open_page(&mut self, page: Page) {
        self.page = page;
        self.panels.left_open = true;
        self.opened_last = Side::Left;
    }

    /// Opens the dialog that looks for a place, with an empty field.
    pub fn open_search(&mut self) {
        self.search = SearchState::default();
        self.dialog = Some(Dialog::Search);
    }

    /// Says that something was done.
    pub fn done(&mut self, words: String) {
        self.toasts.add(ToastKind::Done, words);
    }

    /// Brings the card forward when something else was picked.
    fn notice_picked(&mut self, card: Option<&CardState>) {
        let picked = card.map(|card| card.id.clone());
        if picked != self.card.shown {
            self.card.expanded = false;
            if picked.is_some() {
                self.panels.right_open = true;
                self.opened_last = Side::Right;
            }
            self.card.shown = picked;
        }
    }

    fn wishes(&self, view: &DeskView<'_>) -> Wishes {
        let side = |open: bool, width: f32| if open { Wish::Panel(width) } else { Wish::Rail };
        let least = match self.page {
            Page::Own(key) => view.own.with(key, |page| page.width()).unwrap_or_default(),
            _ => 0.0,
        };
        let left = side(self.panels.left_open, self.panels.left_width.max(least));
        let right = side(self.panels.right_open, self.panels.right_width);
        let shown = self.start.is_none();
        Wishes {
            left: if shown { left } else { Wish::Nothing },
            right: if shown && view.card.is_some() {
                right
            } else {
                Wish::Nothing
            },
            opened_last: self.opened_last,
            strip: shown && self.sun_open,
            map: shown && self.map_open && view.map.is_some(),
        }
    }

    fn take_top_actions(&mut self, asked: Vec<TopBarAction>, actions: &mut DeskActions) {
        for action in asked {
            match action {
                TopBarAction::ShowCharter => self.dialog = Some(Dialog::Charter),
                TopBarAction::ShowSettings => self.dialog = Some(Dialog::Settings),
                TopBarAction::ShowKeys => self.dialog = Some(Dialog::Keys),
                TopBarAction::ShowSearch => self.open_search(),
                other => actions.top.push(other),
            }
        }
    }

    fn take_tools_actions(&mut self, asked: Vec<ToolsAction>, actions: &mut DeskActions) {
        for action in asked {
            match action {
                ToolsAction::SetSunOpen(open) => self.sun_open = open,
                ToolsAction::SetMapOpen(open) => self.map_open = open,
                other => actions.tools.push(other),
            }
        }
    }

    fn show_start(&mut self, ctx: &Context, room: Rect, language: &Language, actions: &mut DeskActions) {
        let Some(state) = &mut self.start else { return };
        let mut asked = Vec::new();
        let theme = Theme::of(ctx);
        shell::float(ctx, "start", room, |ui| {
            ui.painter().rect_filled(room, 0.0, theme.tokens.hover);
            ui.set_min_size(room.size());
            ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
                let width = (560.0 * theme.text_scale.sqrt()).min(ui.available_width() - 2.0 * Theme::PADDING);
                let inset = ((ui.available_width() - width) / 2.0).max(0.0);
                ui.add_space((room.height() * 0.08).min(64.0));
                ui.horizontal_top(|ui| {
                    ui.add_space(inset);
                    ui.vertical(|ui| {
                        ui.set_width(width);
                        asked = start::show(ui, state, language);
                        ui.add_space(2.0 * Theme::PADDING);
                    });
                });
            });
        });
        for action in asked {
            if action == StartAction::Tour {
                self.start_tour();
            }
            actions.start.push(action);
        }
    }

    fn show_dialog(&mut self, ctx: &Context, view: &DeskView<'_>, language: &Language, actions: &mut DeskActions) {
        let Some(dialog) = self.dialog else { return };
        // The keys stand in two columns where there is room.
        let wide = if dialog == Dialog::Keys { 800.0 } else { 480.0 };
        let width = wide * Theme::of(ctx).text_scale.sqrt();
        let (name, title) = match dialog {
            Dialog::Charter => ("charter", lens_name(view.top.active, language)),
            Dialog::Keys => ("keys", tr(language, "top-keys")),
            Dialog::Settings => ("settings", tr(language, "top-settings")),
            Dialog::Problems => ("problems", tr(language, "panel-problems")),
            Dialog::TakeAlong => ("take along", tr(language, "take-along")),
            Dialog::SavePlace => ("save place", tr(language, "save-title")),
            Dialog::Search => ("search", tr(language, "search")),
            Dialog::System => ("system", tr(language, "system-title")),
        };
        let mut asked = Vec::new();
        let mut wants_tour = false;
        let closed = widgets::dialog(ctx, name, &title, &tr(language, "close"), width, |ui| match dialog {
            Dialog::Charter => charter::show(ui, view.charter, language),
            Dialog::Keys => wants_tour = keys::show(ui, language),
            Dialog::Settings => actions.settings = settings::show(ui, view.preferences, view.network, language),
            Dialog::Problems => asked = problems::show(ui, view.problems, language),
            Dialog::TakeAlong => actions.take_along = take_along::show(ui, &mut self.take_along, language),
            Dialog::SavePlace => actions.save_to = save::show(ui, &mut self.save_place, language),
            Dialog::Search => actions.search = search::show(ui, &mut self.search, view.found, language),
            Dialog::System => {
                let state = view.system;
                actions.system = state.and_then(|state| system::show(ui, state, &mut self.system_number, language));
            }
        });
        for action in asked {
            match action {
                ProblemsAction::Copied => self.done(tr(language, "problems-copied")),
                other => actions.problems.push(other),
            }
        }
        let is_answered = matches!(actions.system, Some(SystemAction::Answer(_)));
        let is_of_nothing = dialog == Dialog::System && view.system.is_none();
        let is_placed = actions.take_along.is_some() || actions.save_to.is_some();
        if closed || is_placed || actions.search.is_some() || is_answered || is_of_nothing {
            self.dialog = None;
        }
        if wants_tour {
            self.start_tour();
        }
    }
}
