//! What the program is doing, in numbers, for those who build or host the data: opened with F12.

use crate::text::{Language, format_count, format_number, tr, tr_args};
use crate::ui::{Theme, widgets};
use bevy_egui::egui::{CornerRadius, Frame, Margin, Stroke, Ui};

/// Bytes of a megabyte as people count them.
const MEGABYTE: f64 = 1e6;

/// The numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct MetersState {
    /// The program's own part of the last frames, milliseconds: half of them, and 95 of 100, took less.
    pub frame_ms: [f64; 2],
    /// Tiles that are drawn.
    pub tiles_drawn: u64,
    /// Tiles that the picture waits for.
    pub tiles_awaited: u64,
    /// Tiles loaded since the area was opened.
    pub tiles_loaded: u64,
    /// Contents that could not be had.
    pub contents_failed: u64,
    /// Triangles that are drawn.
    pub triangles: u64,
    /// Bytes that loaded tiles hold: now, the target and the ceiling.
    pub tile_bytes: [u64; 3],
    /// Bytes that are set aside for tiles being decoded.
    pub bytes_set_aside: u64,
    /// Bytes that ground and pictures of it hold.
    pub ground_bytes: u64,
    /// Bytes read, from disks and networks.
    pub bytes_read: u64,
    /// Bytes that came over a network.
    pub bytes_received: u64,
    /// Bytes of them that nobody wanted any more.
    pub bytes_cancelled: u64,
    /// What the allowed screen-space error is multiplied by, to stay under the ceiling.
    pub error_factor: f64,
}

/// Shows the numbers on a sheet of their own.
pub fn show(ui: &mut Ui, state: &MetersState, language: &Language) {
    let theme = Theme::of(ui.ctx());
    let count = |value: u64| format_count(usize::try_from(value).unwrap_or(usize::MAX), language);
    let megabytes = |bytes: u64| {
        #[expect(clippy::cast_precision_loss, reason = "a size for the eye")]
        let value = bytes as f64 / MEGABYTE;
        format_number(value, usize::from(value < 100.0), language)
    };
    let size = |bytes: u64| tr_args(language, "meters-megabytes", &[("size", &megabytes(bytes))]);
    let ms = |value: f64| format_number(value, 1, language);
    let [half, most] = state.frame_ms.map(ms);
    let [held, target, ceiling] = state.tile_bytes.map(megabytes);
    let held = [("held", held.as_str()), ("target", &target), ("ceiling", &ceiling)];
    let factor = format_number(state.error_factor, 2, language);
    let rows = [
        (
            tr(language, "meters-frame"),
            tr_args(language, "meters-frame-ms", &[("half", &half), ("most", &most)]),
        ),
        (tr(language, "meters-drawn"), count(state.tiles_drawn)),
        (tr(language, "meters-awaited"), count(state.tiles_awaited)),
        (tr(language, "meters-loaded"), count(state.tiles_loaded)),
        (tr(language, "meters-failed"), count(state.contents_failed)),
        (tr(language, "meters-triangles"), count(state.triangles)),
        (tr(language, "meters-held"), tr_args(language, "meters-held-of", &held)),
        (tr(language, "meters-set-aside"), size(state.bytes_set_aside)),
        (tr(language, "meters-ground"), size(state.ground_bytes)),
        (tr(language, "meters-read"), size(state.bytes_read)),
        (tr(language, "meters-received"), size(state.bytes_received)),
        (tr(language, "meters-cancelled"), size(state.bytes_cancelled)),
        (
            tr(language, "meters-error"),
            tr_args(language, "meters-error-times", &[("factor", &factor)]),
        ),
    ];
    Frame::new()
        .fill(theme.tokens.ground)
        .stroke(Stroke::new(1.0, theme.tokens.hairline))
        .corner_radius(CornerRadius::same(Theme::RADIUS))
        .shadow(theme.shadow())
        .inner_margin(Margin::same(12))
        .show(ui, |ui| {
            ui.set_width((300.0 * theme.text_scale.sqrt()).min(ui.available_width()));
            widgets::strong(ui, &tr(language, "meters"));
            for (name, value) in &rows {
                widgets::fact(ui, name, value);
            }
        });
}

#[cfg(test)]
mod tests {
    use super::super::page_harness::dialog;
    use super::*;
    use egui_kittest::kittest::Queryable as _;

    #[test]
    fn memory_is_told_with_what_is_set_aside_for_tiles_on_their_way() {
        let state = MetersState {
            tile_bytes: [400_000_000, 800_000_000, 1_000_000_000],
            bytes_set_aside: 12_300_000,
            ..MetersState::default()
        };
        for (code, name, size) in [
            ("nl", "Gereserveerd voor tegels onderweg", "12,3 MB"),
            ("en", "Reserved for tiles on their way", "12.3 MB"),
        ] {
            let sheet = |ui: &mut Ui, state: &mut MetersState, language: &Language| {
                show(ui, state, language);
                None::<()>
            };
            let harness = dialog(state, sheet, code, [400.0, 600.0], 1.0);
            harness.get_by_label(&format!("{name}: {size}"));
        }
    }
}
