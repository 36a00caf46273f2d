//! Colours, sizes and typefaces put together and handed to egui.
//!
//! Sizes are in points. The text scale enlarges letters and the controls around them but not the gaps, so that twice as
//! large letters still leave room for the city.

use super::{Tokens, fonts};
use bevy_egui::egui::epaint::text::{LayoutJob, TextFormat, TextWrapping, VariationCoords};
use bevy_egui::egui::{
    self, Color32, Context, CornerRadius, FontId, Galley, Id, Margin, RichText, Shadow, Stroke, Style, TextStyle, Ui,
    Vec2, style::ScrollAnimation, style::ScrollStyle, style::Selection, style::WidgetVisuals,
};
use std::sync::Arc;

/// How long a press may last and still be a click, seconds.
const LONGEST_CLICK_S: f64 = 10.0;

/// What a piece of text is for; it decides size and weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextRole {
    /// Running text, 14 points.
    Body,
    /// Running text that stands out, 14 points.
    Strong,
    /// Secondary text, 12 points.
    Small,
    /// Heading of a panel, 16 points.
    Heading,
    /// Title of a screen, 24 points.
    Title,
}

/// The look in force.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Theme {
    /// Colours.
    pub tokens: Tokens,
    /// Dark rather than light.
    pub dark: bool,
    /// Colour of the active lens.
    pub accent: Color32,
    /// How much larger than usual letters are, 1 to 2.
    pub text_scale: f32,
    /// No movement that is not needed to understand.
    pub reduced_motion: bool,
}

impl Theme {
    /// One step of the grid that everything stands on, points.
    pub const STEP: f32 = 4.0;
    /// Gap between the edge of a panel and what it holds, points.
    pub const PADDING: f32 = 12.0;
    /// Radius of corners, points.
    pub const RADIUS: u8 = 6;
    /// Smallest text scale.
    pub const LEAST_SCALE: f32 = 1.0;
    /// Largest text scale.
    pub const MOST_SCALE: f32 = 2.0;

    /// The light or dark look with letters `text_scale` times as large (kept within 1 to 2), in the design lens' colour.
    pub fn new(dark: bool, text_scale: f32) -> Self {
        let tokens = if dark { Tokens::DARK } else { Tokens::LIGHT };
        let text_scale = if text_scale.is_finite() {
            text_scale
        } else {
            Self::LEAST_SCALE
        };
        Self {
            tokens,
            dark,
            accent: tokens.design,
            text_scale: text_scale.clamp(Self::LEAST_SCALE, Self::MOST_SCALE),
            reduced_motion: false,
        }
    }

    /// The look that was installed last, else the light one.
    pub fn of(ctx: &Context) -> Self {
        ctx.data(|data| data.get_temp(Self::id()))
            .unwrap_or_else(|| Self::new(false, 1.0))
    }

    /// Makes egui look so from now on. Cheap when nothing changed; call it once before the first frame and whenever the
    /// theme, the text scale or the lens changes.
    pub fn install(&self, ctx: &Context) {
        let before: Option<Self> = ctx.data(|data| data.get_temp(Self::id()));
        if before == Some(*self) {
            return;
        }
        if before.is_none() {
            ctx.set_fonts(fonts::definitions());
        }
        ctx.data_mut(|data| data.insert_temp(Self::id(), *self));
        ctx.set_theme(if self.dark {
            egui::Theme::Dark
        } else {
            egui::Theme::Light
        });
        ctx.all_styles_mut(|style| self.apply(style));
        // Where frames are slow a press lasts several of them, and cold or old hands press long: it is still a click.
        ctx.options_mut(|options| options.input_options.max_click_duration = LONGEST_CLICK_S);
    }

    fn id() -> Id {
        Id::new("stadslens-theme")
    }

    /// Size of a role's letters, points.
    pub fn size(&self, role: TextRole) -> f32 {
        let at_100_percent = match role {
            TextRole::Body | TextRole::Strong => 14.0,
            TextRole::Small => 12.0,
            TextRole::Heading => 16.0,
            TextRole::Title => 24.0,
        };
        at_100_percent * self.text_scale
    }

    /// Height of a button, a field or a row, points.
    pub fn control_height(&self) -> f32 {
        // A line of text needs one and a half times its letters; twelve more make it easy to hit.
        on_grid(self.size(TextRole::Body) * 1.4 + 12.0)
    }

    /// Side of an icon, points.
    pub fn icon_size(&self) -> f32 {
        18.0 * self.text_scale
    }

    /// `text` in the size and weight of `role`, for egui's own widgets.
    pub fn rich(&self, text: impl Into<String>, role: TextRole) -> RichText {
        let text = RichText::new(text).size(self.size(role)).color(self.color(role));
        match weight(role) {
            Some(weight) => text.variation(b"wght", weight),
            None => text,
        }
    }

    /// `text` laid out for painting, in at most `max_rows` rows of `max_width` points, the last one ending in `…`.
    pub fn galley(
        &self,
        ui: &Ui,
        text: &str,
        role: TextRole,
        color: Color32,
        max_width: f32,
        max_rows: usize,
    ) -> Arc<Galley> {
        let mut job = LayoutJob::single_section(text.to_owned(), Self::format(role, self.size(role), color));
        job.wrap = TextWrapping {
            max_width: max_width.max(1.0),
            max_rows: max_rows.max(1),
            break_anywhere: max_rows <= 1,
            ..TextWrapping::default()
        };
        ui.painter().layout_job(job)
    }

    /// The typeface in the weight of `role`, `size` points high.
    pub fn format(role: TextRole, size: f32, color: Color32) -> TextFormat {
        TextFormat {
            font_id: FontId::proportional(size),
            color,
            coords: weight(role).map_or_else(VariationCoords::default, |weight| {
                VariationCoords::new([(b"wght", weight)])
            }),
            ..TextFormat::default()
        }
    }

    /// An icon laid out for painting.
    pub fn icon(&self, ui: &Ui, icon: &str, color: Color32) -> Arc<Galley> {
        let font = FontId::proportional(self.icon_size());
        ui.painter().layout_no_wrap(icon.to_owned(), font, color)
    }

    /// Colour of a role's letters on the ground.
    pub fn color(&self, role: TextRole) -> Color32 {
        match role {
            TextRole::Small => self.tokens.muted,
            _ => self.tokens.ink,
        }
    }

    /// The one shadow, under what floats.
    pub fn shadow(&self) -> Shadow {
        Shadow {
            offset: [0, 2],
            blur: 12,
            spread: 0,
            color: self.tokens.shadow,
        }
    }

    fn apply(&self, style: &mut Style) {
        let tokens = &self.tokens;
        style.text_styles = [
            (TextStyle::Small, TextRole::Small),
            (TextStyle::Body, TextRole::Body),
            (TextStyle::Button, TextRole::Body),
            (TextStyle::Heading, TextRole::Heading),
        ]
        .into_iter()
        .map(|(style, role)| (style, FontId::proportional(self.size(role))))
        .chain([(TextStyle::Monospace, FontId::monospace(self.size(TextRole::Small)))])
        .collect();
        style.animation_time = if self.reduced_motion { 0.0 } else { 0.18 };
        if self.reduced_motion {
            style.scroll_animation = ScrollAnimation::none();
        }

        let spacing = &mut style.spacing;
        spacing.item_spacing = Vec2::new(8.0, 4.0);
        spacing.button_padding = Vec2::new(12.0, 6.0);
        spacing.window_margin = Margin::same(12);
        spacing.menu_margin = Margin::same(4);
        spacing.interact_size = Vec2::splat(self.control_height());
        spacing.icon_width = self.icon_size();
        spacing.icon_width_inner = self.icon_size() * 0.6;
        spacing.slider_rail_height = Self::STEP;
        // Beside what scrolls and not over it.
        spacing.scroll = ScrollStyle {
            bar_width: 8.0,
            floating_width: 4.0,
            floating_allocated_width: 10.0,
            ..ScrollStyle::floating()
        };
        spacing.tooltip_width = 320.0 * self.text_scale;
        style.interaction.selectable_labels = false;
        style.interaction.tooltip_delay = 0.35;

        let radius = CornerRadius::same(Self::RADIUS);
        let visuals = &mut style.visuals;
        visuals.dark_mode = self.dark;
        visuals.override_text_color = None;
        visuals.weak_text_color = Some(tokens.muted);
        visuals.hyperlink_color = tokens.ink;
        visuals.panel_fill = tokens.ground;
        visuals.window_fill = tokens.ground;
        visuals.extreme_bg_color = tokens.field;
        visuals.faint_bg_color = tokens.hover;
        visuals.code_bg_color = tokens.hover;
        visuals.warn_fg_color = tokens.warning;
        visuals.error_fg_color = tokens.error;
        visuals.window_corner_radius = radius;
        visuals.menu_corner_radius = radius;
        visuals.window_stroke = Stroke::new(1.0, tokens.hairline);
        visuals.window_shadow = self.shadow();
        visuals.popup_shadow = self.shadow();
        visuals.text_cursor.stroke = Stroke::new(2.0, self.accent);
        visuals.selection = Selection {
            bg_fill: tokens.tint(self.accent),
            stroke: Stroke::new(1.0, self.accent),
        };
        let look = |fill: Color32, outline: Color32, ink: Color32| WidgetVisuals {
            bg_fill: fill,
            weak_bg_fill: fill,
            bg_stroke: Stroke::new(1.0, outline),
            corner_radius: radius,
            fg_stroke: Stroke::new(1.0, ink),
            expansion: 0.0,
        };
        visuals.widgets.noninteractive = look(tokens.ground, tokens.hairline, tokens.ink);
        visuals.widgets.inactive = look(tokens.ground, tokens.line, tokens.ink);
        visuals.widgets.hovered = look(tokens.hover, tokens.ink, tokens.ink);
        visuals.widgets.active = look(tokens.hairline, tokens.ink, tokens.ink);
        visuals.widgets.open = look(tokens.hover, tokens.line, tokens.ink);
    }
}

/// The weight that differs from running text, if the role has one.
fn weight(role: TextRole) -> Option<f32> {
    match role {
        TextRole::Body | TextRole::Small => None,
        TextRole::Strong | TextRole::Heading | TextRole::Title => Some(fonts::SEMIBOLD),
    }
}

/// `length` rounded to the grid, points.
pub(super) fn on_grid(length: f32) -> f32 {
    (length / Theme::STEP).round() * Theme::STEP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_scale_stays_within_one_and_two() {
        for (asked, kept) in [
            (0.1, 1.0),
            (1.25, 1.25),
            (9.0, 2.0),
            (f32::NAN, 1.0),
            (f32::INFINITY, 1.0),
        ] {
            assert!((Theme::new(false, asked).text_scale - kept).abs() < 1e-6, "{asked}");
        }
    }

    #[test]
    fn controls_are_large_enough_to_hit_and_hold_their_text() {
        for scale in [1.0, 1.25, 1.5, 2.0] {
            let theme = Theme::new(false, scale);
            assert!(theme.control_height() >= 32.0);
            assert!(theme.control_height() >= theme.size(TextRole::Body) * 1.4 + 8.0);
        }
    }

    #[test]
    fn what_is_installed_is_found_again() {
        let ctx = Context::default();
        assert!(!Theme::of(&ctx).dark);
        let theme = Theme::new(true, 1.5);
        theme.install(&ctx);
        assert_eq!(Theme::of(&ctx), theme);
    }
}
