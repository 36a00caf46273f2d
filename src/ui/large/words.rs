//! Text on a screen that is read from an arm's length: sizes by the height of a capital letter.

use super::Large;
use crate::ui::Theme;
use bevy_egui::egui::epaint::text::{LayoutJob, TextWrapping};
use bevy_egui::egui::{Align, Color32, Galley, Id, Rect, Sense, Ui, WidgetInfo, WidgetType, pos2};
use std::sync::Arc;

/// Height of a capital of Source Sans as a share of its size.
const CAPITAL_SHARE: f32 = 0.66;
/// Headings are large already: with text twice as large they grow by half.
const HEADING_GROWTH: f32 = 0.5;

/// What a piece of text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LargeRole {
    /// Remarks and what stands at the edge, capitals of 3.8 mm.
    Small,
    /// Running text, capitals of 5 mm.
    Body,
    /// Words on buttons, capitals of 5 mm, heavier.
    Strong,
    /// Headings, capitals of 8 mm.
    Heading,
    /// The one question, capitals of 12 mm.
    Title,
}

impl LargeRole {
    /// Size of the letters, points.
    pub fn size(self, large: &Large) -> f32 {
        let (capital_mm, growth) = match self {
            Self::Small => (3.8, large.text),
            Self::Body | Self::Strong => (5.0, large.text),
            Self::Heading => (8.0, 1.0 + (large.text - 1.0) * HEADING_GROWTH),
            Self::Title => (12.0, 1.0 + (large.text - 1.0) * HEADING_GROWTH),
        };
        large.mm(capital_mm / CAPITAL_SHARE) * growth
    }

    fn weight(self) -> crate::ui::TextRole {
        match self {
            Self::Small | Self::Body => crate::ui::TextRole::Body,
            Self::Strong | Self::Heading | Self::Title => crate::ui::TextRole::Heading,
        }
    }
}

/// `text` laid out in rows of at most `width` points.
fn laid_out(ui: &Ui, text: &str, role: LargeRole, size: f32, color: Color32, width: f32, align: Align) -> Arc<Galley> {
    let mut job = LayoutJob::single_section(text.to_owned(), Theme::format(role.weight(), size, color));
    job.wrap = TextWrapping {
        max_width: width.max(1.0),
        ..TextWrapping::default()
    };
    job.halign = align;
    ui.painter().layout_job(job)
}

/// `text` as large as its role has it, or smaller so that it fits into `width` × `height` points (not under 55 %).
pub(super) fn fitted(
    ui: &Ui,
    text: &str,
    role: LargeRole,
    color: Color32,
    (width, height): (f32, f32),
    align: Align,
) -> Arc<Galley> {
    let large = Large::of(ui.ctx());
    let full = role.size(&large);
    let mut share = 1.0;
    loop {
        let galley = laid_out(ui, text, role, full * share, color, width, align);
        // A word that is broken in its middle does not fit, however much room there is below.
        let longest = text
            .split_whitespace()
            .max_by_key(|word| word.chars().count())
            .unwrap_or_default();
        let word = laid_out(ui, longest, role, full * share, color, f32::INFINITY, Align::LEFT);
        if (galley.size().y <= height && word.size().x <= width) || share <= 0.55 {
            return galley;
        }
        share -= 0.075;
    }
}

/// How high `text` stands in rows of `width` points.
pub fn label_height(ui: &Ui, text: &str, role: LargeRole, width: f32) -> f32 {
    let large = Large::of(ui.ctx());
    laid_out(ui, text, role, role.size(&large), Color32::BLACK, width, Align::LEFT)
        .size()
        .y
}

/// Text in the middle of `rect`, made smaller where it does not fit.
pub fn label(ui: &Ui, rect: Rect, text: &str, role: LargeRole, color: Color32) {
    put(ui, rect, text, role, color, Align::Center);
}

/// Text at the left edge of `rect`, in the middle of its height.
pub fn paragraph(ui: &Ui, rect: Rect, text: &str, role: LargeRole, color: Color32) {
    put(ui, rect, text, role, color, Align::LEFT);
}

/// Text in the middle of `rect` without a name of its own, for a cell of a row that is [`named`] whole.
pub fn cell(ui: &Ui, rect: Rect, text: &str, role: LargeRole, color: Color32) {
    let galley = fitted(ui, text, role, color, (rect.width(), rect.height()), Align::Center);
    let at = pos2(rect.center().x, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, color);
}

/// Gives what was painted in `rect` a name, for who hears the screen.
pub fn named(ui: &Ui, rect: Rect, name: &str) {
    let id = Id::new(("large-label", name, ui.layer_id()));
    let response = ui.interact(rect, id, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, name));
}

fn put(ui: &Ui, rect: Rect, text: &str, role: LargeRole, color: Color32, align: Align) {
    if text.is_empty() || !rect.is_positive() {
        return;
    }
    let galley = fitted(ui, text, role, color, (rect.width(), rect.height()), align);
    let top = rect.center().y - galley.size().y / 2.0;
    let left = if align == Align::Center {
        rect.center().x
    } else {
        rect.left()
    };
    ui.painter().galley(pos2(left, top), galley, color);
    // So that a screen reader and a test find it where it stands.
    named(ui, rect, text);
}
