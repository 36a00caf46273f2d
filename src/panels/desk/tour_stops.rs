//! The tour on this desk: which control each stop points at, and which panel has to be open for it.

use super::{Desk, DeskActions, DeskView};
use crate::panels::settings::SettingsAction;
use crate::panels::tour::{self, Stop, StopView, TourAction};
use crate::text::Language;
use crate::ui::shell::{self, Zones};
use crate::ui::{Theme, anchor};
use bevy_egui::egui::{Context, Rect, vec2};

/// Half the side of the ring in the middle of the view, points.
const HALF_RING: f32 = 64.0;

/// How far the tour is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TourState {
    stop: Stop,
    is_new: bool,
}

impl Desk {
    /// Starts the tour at its first stop, as soon as there is a city to point at.
    pub fn start_tour(&mut self) {
        self.dialog = None;
        self.go_to(Stop::default());
    }

    /// Ends the tour, and remembers that it was seen.
    pub fn end_tour(&mut self) {
        self.tour = None;
        self.tour_left = true;
    }

    /// Whether the tour is under way.
    pub fn is_touring(&self) -> bool {
        self.tour.is_some()
    }

    fn go_to(&mut self, stop: Stop) {
        self.tour = Some(TourState { stop, is_new: true });
        if let Some(page) = stop.page() {
            self.open_page(page);
        }
    }

    /// Shows the stop that the tour is at, or offers the tour to who never saw it.
    pub(super) fn show_tour(
        &mut self,
        ctx: &Context,
        zones: &Zones,
        view: &DeskView<'_>,
        language: &Language,
        actions: &mut DeskActions,
    ) {
        if std::mem::take(&mut self.tour_left) {
            actions.settings.push(SettingsAction::TourSeen);
            return;
        }
        if self.dialog.is_some() || self.start.is_some() {
            return;
        }
        let Some(state) = self.tour else {
            if !view.preferences.tour_seen {
                let below = zones.banner.center_bottom() + vec2(0.0, 2.0 * Theme::STEP);
                match tour::offer(ctx, below, language) {
                    Some(true) => self.start_tour(),
                    Some(false) => actions.settings.push(SettingsAction::TourSeen),
                    None => {}
                }
            }
            return;
        };
        let stops = Stop::on_desk(view.pages, view.top.lenses.len());
        // Another lens may lack the stop that the tour was at.
        let place = stops.iter().position(|stop| *stop == state.stop).unwrap_or_default();
        let Some(stop) = stops.get(place).copied() else { return };
        let Some(target) = target(ctx, zones, stop) else { return };
        let shown = StopView {
            stop,
            number: place + 1,
            count: stops.len(),
            target,
            is_new: state.is_new,
        };
        self.tour = Some(TourState { stop, is_new: false });
        match tour::show(ctx, &shown, language) {
            Some(TourAction::Next) => match stops.get(place + 1) {
                Some(next) => self.go_to(*next),
                None => self.end_tour(),
            },
            Some(TourAction::Back) => {
                if let Some(before) = place.checked_sub(1).and_then(|place| stops.get(place)) {
                    self.go_to(*before);
                }
            }
            Some(TourAction::End) => self.end_tour(),
            None => {}
        }
    }
}

/// What a stop points at; `None` while that is not on the screen yet.
fn target(ctx: &Context, zones: &Zones, stop: Stop) -> Option<Rect> {
    match stop {
        Stop::City => Some(zones.middle.shrink(2.0 * Theme::STEP)),
        Stop::Building => Some(Rect::from_center_size(
            zones.middle.center(),
            vec2(2.0 * HALF_RING, 2.0 * HALF_RING),
        )),
        Stop::Variants | Stop::Layers => shell::shown_rect(ctx, "left-panel").filter(|_| zones.left.rect().is_some()),
        Stop::Lenses => anchor::marked(ctx, "lenses"),
        Stop::Open => anchor::marked(ctx, "title"),
        Stop::Keys => anchor::marked(ctx, "keys"),
    }
}
