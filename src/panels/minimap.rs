//! The small map: the whole area from above, where the camera stands and what it sees. A press flies there,
//! Enter to the middle.

use crate::text::{Language, tr};
use crate::ui::Theme;
use bevy_egui::egui::{
    CornerRadius, CursorIcon, Pos2, Rect, Sense, Shape, Stroke, StrokeKind, TextureId, Ui, Vec2, WidgetInfo,
    WidgetType, pos2, vec2,
};

/// How far the wedge of what is seen reaches at most, as a share of the map.
const LONGEST_SIGHT: f32 = 0.6;

/// What the map shows. Places are shares of the map from its upper left corner; beyond 0 to 1 lies outside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MinimapState {
    /// The picture, north up.
    pub picture: TextureId,
    /// Where the eye is.
    pub eye: [f32; 2],
    /// Where it looks, clockwise from the top, radians.
    pub heading_rad: f32,
    /// Angle that it sees from left to right, radians.
    pub width_rad: f32,
    /// How far away what it looks at lies, as a share of the map.
    pub sight: f32,
    /// A place that was found and is marked.
    pub marked: Option<[f32; 2]>,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MinimapAction {
    /// Look at this share of the map.
    LookAt([f32; 2]),
}

/// Shows the map, `side` points wide and high.
pub fn show(ui: &mut Ui, state: &MinimapState, side: f32, language: &Language) -> Option<MinimapAction> {
    let theme = Theme::of(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::click_and_drag());
    let name = tr(language, "map-name");
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Image, true, &name));
    let response = response.on_hover_cursor(CursorIcon::PointingHand);
    let painter = ui.painter().with_clip_rect(rect);
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    painter.image(state.picture, rect, whole, bevy_egui::egui::Color32::WHITE);
    let at = |[x, y]: [f32; 2]| rect.min + vec2(x, y) * side;
    let eye = at(state.eye);
    let reach = (state.sight * 1.4).clamp(0.08, LONGEST_SIGHT) * side;
    let wedge = wedge(eye, state.heading_rad, state.width_rad, reach);
    let accent = theme.accent;
    painter.add(Shape::convex_polygon(
        wedge.clone(),
        accent.gamma_multiply(0.28),
        Stroke::new(1.0, accent),
    ));
    painter.circle_filled(eye, 5.0, theme.tokens.ground);
    painter.circle_filled(eye, 3.5, accent);
    if let Some(marked) = state.marked {
        painter.circle_filled(at(marked), 5.5, theme.tokens.ground);
        painter.circle_stroke(at(marked), 5.0, Stroke::new(2.0, theme.tokens.ink));
    }
    let corner = CornerRadius::same(Theme::RADIUS);
    let edge = if response.has_focus() {
        Stroke::new(2.0, theme.tokens.ink)
    } else {
        Stroke::new(1.0, theme.tokens.line)
    };
    painter.rect_stroke(rect, corner, edge, StrokeKind::Inside);
    // A keyboard has no place on the map: it asks for the whole.
    if response.clicked() && response.interact_pointer_pos().is_none() {
        return Some(MinimapAction::LookAt([0.5, 0.5]));
    }
    // From the press on, not only for what egui counts as a click: on a slow machine a press is longer than that.
    // While it is held still nothing new is asked for, or the flight would begin anew in every frame.
    let is_new = ui.input(|input| input.pointer.any_pressed() || input.pointer.delta() != Vec2::ZERO);
    let is_pressed = is_new && (response.is_pointer_button_down_on() || response.clicked());
    let pressed = response.interact_pointer_pos().filter(|_| is_pressed);
    pressed.map(|pressed| {
        let share = (pressed - rect.min) / side;
        MinimapAction::LookAt([share.x.clamp(0.0, 1.0), share.y.clamp(0.0, 1.0)])
    })
}

/// What is seen from `eye`: a slice of a disc, less than half of it.
fn wedge(eye: Pos2, heading_rad: f32, width_rad: f32, reach: f32) -> Vec<Pos2> {
    const STEPS: u8 = 8;
    let half = (width_rad / 2.0).clamp(0.05, 1.5);
    let arc = (0..=STEPS).map(|step| {
        let share = f32::from(step) / f32::from(STEPS);
        let angle = heading_rad - half + 2.0 * half * share;
        eye + vec2(angle.sin(), -angle.cos()) * reach
    });
    std::iter::once(eye).chain(arc).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy_egui::egui::Key;
    use egui_kittest::{Harness, kittest::Queryable as _};

    /// The map in a window of its own, and how its picture is called.
    fn harness() -> (Harness<'static, Vec<MinimapAction>>, String) {
        let language = Language::from_code("nl").unwrap();
        let name = tr(&language, "map-name");
        let state = MinimapState {
            picture: TextureId::default(),
            eye: [0.5, 0.5],
            heading_rad: 0.0,
            width_rad: 1.0,
            sight: 0.2,
            marked: None,
        };
        let mut harness = Harness::builder().with_size(vec2(216.0, 216.0)).build_ui_state(
            move |ui, asked: &mut Vec<MinimapAction>| {
                Theme::new(false, 1.0).install(ui.ctx());
                asked.extend(show(ui, &state, 200.0, &language));
            },
            Vec::new(),
        );
        harness.run();
        (harness, name)
    }

    #[test]
    fn the_keyboard_looks_at_the_middle() {
        let (mut harness, _) = harness();
        harness.key_press(Key::Tab);
        harness.run();
        harness.key_press(Key::Enter);
        harness.run();
        assert_eq!(harness.state(), &[MinimapAction::LookAt([0.5, 0.5])]);
    }

    #[test]
    fn a_press_looks_at_that_share_of_the_map() {
        let (mut harness, name) = harness();
        let center = harness.get_by_label(&name).rect().center();
        harness.hover_at(center);
        harness.run();
        harness.drag_at(center);
        harness.run_steps(4);
        harness.drop_at(center);
        harness.run();
        assert_eq!(
            harness.state().len(),
            1,
            "held still, it asks once: {:?}",
            harness.state()
        );
        let Some(MinimapAction::LookAt([x, y])) = harness.state().last().copied() else {
            panic!("nothing was asked for");
        };
        assert!((x - 0.5).abs() < 0.02 && (y - 0.5).abs() < 0.02, "{x} {y}");
    }

    #[test]
    fn the_wedge_looks_where_the_heading_points() {
        let points = wedge(pos2(0.0, 0.0), std::f32::consts::FRAC_PI_2, 0.6, 10.0);
        // East is to the right.
        assert!(points[1..].iter().all(|p| p.x > 9.0 && p.y.abs() < 3.1), "{points:?}");
    }
}
