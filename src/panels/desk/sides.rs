//! The panels at the sides of the view: the pages at the left, the card at the right, each folded to icons when asked or
//! when room is short.

use super::{Desk, DeskActions, DeskView, Page};
use crate::panels::card::{self, CardAction, CardState};
use crate::panels::rooms::OwnPages;
use crate::panels::{layers, variants, viewpoints};
use crate::text::{Language, tr};
use crate::ui::Theme;
use crate::ui::shell::{self, Side, SideZone, Zones};
use crate::ui::widgets::{self, PanelHead, RailItem, Segment};
use bevy_egui::egui::{Context, CursorIcon, Rect, Sense, Ui};
use egui_phosphor::regular;

impl Desk {
    pub(super) fn show_left(
        &mut self,
        ctx: &Context,
        zones: &Zones,
        view: &DeskView<'_>,
        language: &Language,
        actions: &mut DeskActions,
    ) {
        match zones.left {
            SideZone::Nothing => {}
            SideZone::Rail(rect) => {
                let names: Vec<String> = view
                    .pages
                    .iter()
                    .map(|page| page_name(*page, view.own, language))
                    .collect();
                let items: Vec<RailItem<'_>> = view
                    .pages
                    .iter()
                    .zip(&names)
                    .map(|(page, label)| RailItem {
                        icon: page_icon(*page, view.own),
                        label,
                        open: false,
                    })
                    .collect();
                let pressed = shell::float(ctx, "left-rail", rect, |ui| widgets::rail(ui, &items));
                if let Some(page) = pressed.and_then(|index| view.pages.get(index)) {
                    self.open_page(*page);
                }
            }
            SideZone::Panel(rect) => {
                let title = page_name(self.page, view.own, language);
                let fold = tr(language, "panel-fold");
                let head = PanelHead {
                    title: &title,
                    close_icon: regular::CARET_LINE_LEFT,
                    close_label: &fold,
                };
                let folded = shell::float(ctx, "left-panel", rect, |ui| {
                    widgets::panel(
                        ui,
                        &head,
                        rect.height(),
                        |ui| {
                            self.show_tabs(ui, view, language);
                            self.page
                        },
                        |ui, page| show_page(ui, page, view, language, actions),
                    )
                });
                if folded {
                    self.panels.left_open = false;
                }
                let dragged = drag_edge(ctx, "left-edge", "left-panel", rect.right());
                if dragged != 0.0 {
                    self.panels.left_width = kept_width(rect.width() + dragged);
                }
            }
        }
    }

    /// The pages to choose from, where there are several; they stay in place while a page scrolls.
    fn show_tabs(&mut self, ui: &mut Ui, view: &DeskView<'_>, language: &Language) {
        if view.pages.len() > 1 {
            let accent = Theme::of(ui.ctx()).accent;
            let names: Vec<String> = view
                .pages
                .iter()
                .map(|page| page_name(*page, view.own, language))
                .collect();
            let tabs: Vec<Segment<'_>> = view
                .pages
                .iter()
                .zip(&names)
                .map(|(page, label)| Segment {
                    label,
                    icon: page_icon(*page, view.own),
                    shortcut: "",
                    accent,
                })
                .collect();
            let open = view
                .pages
                .iter()
                .position(|page| *page == self.page)
                .unwrap_or_default();
            let pressed = widgets::segmented(ui, &tabs, open, ui.available_width());
            if let Some(page) = pressed.and_then(|index| view.pages.get(index)) {
                self.page = *page;
            }
            ui.add_space(Theme::STEP);
        }
    }

    pub(super) fn show_right(
        &mut self,
        ctx: &Context,
        zones: &Zones,
        view: &DeskView<'_>,
        language: &Language,
        actions: &mut DeskActions,
    ) {
        let Some(card) = view.card else { return };
        match zones.right {
            SideZone::Nothing => {}
            SideZone::Rail(rect) => {
                let label = tr(language, "panel-card");
                let item = RailItem {
                    icon: regular::IDENTIFICATION_CARD,
                    label: &label,
                    open: false,
                };
                if shell::float(ctx, "right-rail", rect, |ui| widgets::rail(ui, &[item])).is_some() {
                    self.panels.right_open = true;
                    self.opened_last = Side::Right;
                }
            }
            SideZone::Panel(rect) => {
                let close = tr(language, "close");
                let head = PanelHead {
                    title: card.title(),
                    close_icon: regular::X,
                    close_label: &close,
                };
                let state = CardState {
                    expanded: self.card.expanded,
                    ..card.clone()
                };
                let mut asked = Vec::new();
                let closed = shell::float(ctx, "right-panel", rect, |ui| {
                    widgets::panel(
                        ui,
                        &head,
                        rect.height(),
                        |_| (),
                        |ui, ()| asked = card::show(ui, &state, language),
                    )
                });
                if closed {
                    actions.card.push(CardAction::Close);
                }
                for action in asked {
                    match action {
                        CardAction::SetExpanded(expanded) => self.card.expanded = expanded,
                        CardAction::Copied => self.done(tr(language, "card-copied")),
                        other => actions.card.push(other),
                    }
                }
                let dragged = drag_edge(ctx, "right-edge", "right-panel", rect.left());
                if dragged != 0.0 {
                    self.panels.right_width = kept_width(rect.width() - dragged);
                }
            }
        }
    }
}

fn show_page(ui: &mut Ui, page: Page, view: &DeskView<'_>, language: &Language, actions: &mut DeskActions) {
    match page {
        Page::Variants => actions.variants = variants::show(ui, view.variants, language),
        Page::Viewpoints => actions.viewpoints = viewpoints::show(ui, view.viewpoints, language),
        Page::Layers => actions.layers = layers::show(ui, view.layers, language),
        Page::Own(key) => {
            view.own.with(key, |page| page.show(ui, language));
        }
    }
}

/// Name of a page of the left panel.
fn page_name(page: Page, own: &OwnPages, language: &Language) -> String {
    match page {
        Page::Variants => tr(language, "panel-variants"),
        Page::Viewpoints => tr(language, "panel-viewpoints"),
        Page::Layers => tr(language, "panel-layers"),
        Page::Own(key) => own.with(key, |page| page.name(language)).unwrap_or_default(),
    }
}

/// Icon of a page of the left panel.
fn page_icon(page: Page, own: &OwnPages) -> &'static str {
    match page {
        Page::Variants => regular::LIST_BULLETS,
        Page::Viewpoints => regular::CAMERA,
        Page::Layers => regular::STACK,
        Page::Own(key) => own.with(key, |page| page.icon()).unwrap_or_default(),
    }
}

/// A width that preferences may keep, points.
fn kept_width(width: f32) -> f32 {
    width.clamp(200.0, 640.0)
}

/// Lets the edge at `x` of the panel that was shown as `panel` be dragged; returns by how many points, to the right
/// positive. For the pointer alone: text wraps at any width, so the keyboard does without and Tab has one stop less.
fn drag_edge(ctx: &Context, name: &str, panel: &str, x: f32) -> f32 {
    let Some(shown) = shell::shown_rect(ctx, panel) else {
        return 0.0;
    };
    let edge = Rect::from_x_y_ranges((x - 3.0)..=(x + 3.0), shown.y_range());
    shell::float(ctx, name, edge, |ui| {
        let response = ui
            .allocate_rect(edge, Sense::DRAG)
            .on_hover_and_drag_cursor(CursorIcon::ResizeHorizontal);
        response.drag_delta().x
    })
}
