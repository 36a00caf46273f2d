//! What a visitor sees: one screen per step, its controls in the lower part, the city above.
//!
//! Each screen puts its controls into the rectangle it is given and says what was touched. Below every one of them stands
//! the same strip: other languages, larger letters, lower controls, stop.

mod choose;
mod look;
mod say;
mod strip;
mod wait;
mod words;

pub(super) use wait::show_waiting;

use super::facts::Fact;
use super::portraits::Portraits;
use super::session::{Session, SetSpot, Step, Touch};
use crate::model::Scenario;
use crate::model::reaction::Smiley;
use crate::sources::Problem;
use crate::text::{Language, tr};
use crate::ui::large::{Large, LargeRole, Mood, label, sheet};
use bevy_egui::egui::{
    Color32, Context, CornerRadius, Id, LayerId, Order, Painter, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, pos2,
    vec2,
};
use jiff::civil::Date;

/// How high controls reach, as a share of the screen; and when they are to be lower.
const REACH: f32 = 0.6;
const LOW_REACH: f32 = 0.4;

/// What of the city a screen needs.
pub(super) struct City {
    /// The middle of the part that no control covers, where the marker stands.
    pub(super) marker: Pos2,
    /// The spot under it.
    pub(super) spot: Option<SetSpot>,
    /// Where the spot stands that the visitor has set.
    pub(super) pin: Option<Pos2>,
}

/// Everything that a screen may show.
pub(super) struct Seen<'a> {
    pub(super) session: &'a Session,
    pub(super) scenario: &'a Scenario,
    pub(super) facts: &'a [Vec<Fact>],
    pub(super) portraits: &'a Portraits,
    pub(super) languages: &'a [Language],
    pub(super) question_left_s: Option<f32>,
    pub(super) count: usize,
    pub(super) is_trial: bool,
    pub(super) is_synthetic: bool,
    pub(super) delete_on: Option<Date>,
    pub(super) trouble: Option<&'a Problem>,
    /// Everything that was said has been deleted, and no new day was set.
    pub(super) is_over: bool,
    /// The hours of the exhibition, while it is closed.
    pub(super) closed_until: Option<(u8, u8)>,
    pub(super) city: City,
}

impl Seen<'_> {
    pub(super) fn language(&self) -> &Language {
        &self.session.language
    }

    fn title_of(&self, variant: &str) -> String {
        let code = self.language().code();
        let variants = &self.scenario.variants;
        let found = variants.iter().find(|known| known.id == variant);
        found.map_or_else(|| variant.to_owned(), |known| known.title.get(&code).to_owned())
    }

    /// Whether visitors can begin.
    fn is_inviting(&self) -> bool {
        self.trouble.is_none() && self.closed_until.is_none() && !self.is_over
    }

    /// Controls are lower than usual.
    fn is_low(&self) -> bool {
        self.session.is_lowered
    }

    fn reach(&self) -> f32 {
        if self.is_low() { LOW_REACH } else { REACH }
    }
}

/// How the keyboard on the screen stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Keys {
    pub(super) is_capital: bool,
    pub(super) is_more: bool,
}

/// What came of a screen.
pub(super) struct Outcome {
    pub(super) touches: Vec<Touch>,
    pub(super) wants_staff: bool,
    /// What of the screen controls cover.
    pub(super) covered: Rect,
    /// What the words in the upper left corner cover.
    pub(super) head: Rect,
}

/// Shows the screen of the visitor's step.
pub(super) fn show(ctx: &Context, screen: Rect, seen: &Seen<'_>, keys: &mut Keys) -> Outcome {
    let large = Large::of(ctx);
    let mut touches = Vec::new();
    let mut wants_staff = false;
    let step = seen.session.step;
    if step == Step::Attract {
        // The whole screen is one button: whoever touches anything is welcome.
        sheet(ctx, "kiosk-anywhere", Order::Middle, screen, |ui| {
            let anywhere = ui.allocate_rect(screen, Sense::click());
            if anywhere.clicked() && seen.is_inviting() {
                touches.push(Touch::Begin);
            }
        });
    }
    let mut covered = Rect::NOTHING;
    sheet(ctx, "kiosk-controls", Order::Foreground, screen, |ui| {
        ui.set_clip_rect(screen);
        let gap = large.gap();
        let inside = screen.shrink2(vec2(gap * 1.5, gap));
        let strip = strip::height(ui, seen, inside.width());
        let room = (screen.height() * seen.reach() - strip - 3.0 * gap).max(large.target() * 2.0);
        let height = match step {
            Step::Attract => wait::height(ui, seen, inside.width()),
            Step::Choose => room,
            Step::Look => look::height(ui, seen, inside.width()),
            Step::Say => say::height(ui, seen, inside.width()),
            Step::Spot => look::spot_height(ui, seen, inside.width()),
            Step::Theme => say::theme_height(ui, seen, inside.width()),
            Step::Words => words::height(ui, seen, inside.width(), room),
            Step::Sending | Step::Failed | Step::Thanks => wait::message_height(ui, seen, inside.width()),
        }
        .min(screen.height() - strip - 4.0 * gap);
        let top = screen.bottom() - strip - height - 3.0 * gap;
        covered = Rect::from_min_max(pos2(screen.left(), top), screen.max);
        paper(ui, covered);
        let block = Rect::from_min_max(pos2(inside.left(), top + gap), pos2(inside.right(), top + gap + height));
        match step {
            Step::Attract => wait::attract(ui, block, seen, &mut touches),
            Step::Choose => choose::show(ui, block, seen, &mut touches),
            Step::Look => look::show(ui, block, seen, &mut touches),
            Step::Say => say::show(ui, block, seen, &mut touches),
            Step::Spot => look::show_spot(ui, block, seen, &mut touches),
            Step::Theme => say::show_theme(ui, block, seen, &mut touches),
            Step::Words => words::show(ui, block, seen, keys, &mut touches),
            Step::Sending | Step::Failed | Step::Thanks => wait::message(ui, block, seen, &mut touches),
        }
        let at = Rect::from_min_max(
            pos2(inside.left(), screen.bottom() - strip - gap),
            pos2(inside.right(), screen.bottom() - gap),
        );
        wants_staff = strip::show(ui, at, seen, &mut touches);
    });
    let head = show_head(ctx, screen, seen);
    if step == Step::Spot {
        paint_marker(ctx, seen.city.marker, &large);
    }
    if let Some(foot) = seen.city.pin {
        // On the city itself: under the controls and the words in the corner.
        let free = screen.with_max_y(covered.top());
        let painter = ctx.layer_painter(LayerId::background()).with_clip_rect(free);
        paint_pin(&painter, foot, large.mm(4.5), &large);
    }
    if let Some(left_s) = seen.question_left_s {
        touches.extend(wait::ask(ctx, screen, seen, left_s));
    }
    Outcome {
        touches,
        wants_staff,
        covered,
        head,
    }
}

/// The paper that controls lie on. What is touched beside a control does not reach the city.
fn paper(ui: &mut Ui, rect: Rect) {
    ui.allocate_rect(rect, Sense::click_and_drag());
    let large = Large::of(ui.ctx());
    ui.painter().rect(
        rect,
        CornerRadius::ZERO,
        large.tokens.ground,
        Stroke::new(1.0, large.tokens.hairline),
        StrokeKind::Outside,
    );
}

/// What is shown, in the upper left corner: a name, and that it is an example or a trial. Nothing to touch; returns what it covers.
fn show_head(ctx: &Context, screen: Rect, seen: &Seen<'_>) -> Rect {
    let large = Large::of(ctx);
    let language = seen.language();
    let mut lines = Vec::new();
    if matches!(seen.session.step, Step::Look | Step::Spot | Step::Say) {
        lines.push(if seen.session.shows_today {
            tr(language, "kiosk-today")
        } else {
            seen.title_of(&seen.session.draft.variant)
        });
    }
    if seen.is_synthetic {
        lines.push(tr(language, "kiosk-example"));
    }
    if seen.is_trial {
        lines.push(tr(language, "kiosk-practice"));
    }
    let painter = ctx.layer_painter(LayerId::new(Order::Middle, Id::new("kiosk-head")));
    let mut top = screen.top() + large.gap();
    let mut covered = Rect::from_min_size(screen.min, Vec2::ZERO);
    for (place, line) in lines.iter().enumerate() {
        let is_title = place == 0 && lines.len() > usize::from(seen.is_synthetic) + usize::from(seen.is_trial);
        let role = if is_title { LargeRole::Heading } else { LargeRole::Small };
        let format = crate::ui::Theme::format(crate::ui::TextRole::Strong, role.size(&large), large.tokens.ink);
        let mut job = bevy_egui::egui::epaint::text::LayoutJob::single_section(line.clone(), format);
        job.wrap.max_width = screen.width() - large.mm(20.0);
        let galley = painter.layout_job(job);
        let pad = vec2(large.mm(3.0), large.mm(1.2));
        let rect = Rect::from_min_size(pos2(screen.left() + large.gap(), top), galley.size() + 2.0 * pad);
        let radius = CornerRadius::same(6);
        painter.rect(
            rect,
            radius,
            large.tokens.ground,
            Stroke::new(1.0, large.tokens.hairline),
            StrokeKind::Outside,
        );
        painter.galley(rect.min + pad, galley, large.tokens.ink);
        top = rect.bottom() + large.mm(2.0);
        covered = covered.union(rect);
    }
    covered
}

/// A pin whose point is the spot, and a ring around the point.
fn paint_marker(ctx: &Context, at: Pos2, large: &Large) {
    let painter = ctx.layer_painter(LayerId::new(Order::Middle, Id::new("kiosk-marker")));
    painter.circle_stroke(at, large.mm(3.0), Stroke::new(large.mm(1.6), Color32::WHITE));
    painter.circle_stroke(at, large.mm(3.0), Stroke::new(large.mm(0.8), large.accent));
    paint_pin(&painter, at, large.mm(6.0), large);
}

/// A pin with its point at `at` and a head of this radius.
fn paint_pin(painter: &Painter, at: Pos2, radius: f32, large: &Large) {
    let (accent, white) = (large.accent, Color32::WHITE);
    let head = at - vec2(0.0, radius * 2.6);
    painter.line_segment([at, head], Stroke::new(large.mm(2.4), white));
    painter.line_segment([at, head], Stroke::new(large.mm(1.4), accent));
    painter.circle(head, radius, accent, Stroke::new(large.mm(0.8), white));
    painter.circle_filled(head, radius * 0.35, white);
}

/// A heading over the rest of a block; returns the rest.
fn headed(ui: &Ui, block: Rect, words: &str, role: LargeRole) -> Rect {
    let large = Large::of(ui.ctx());
    let height = crate::ui::large::label_height(ui, words, role, block.width());
    let at = block.with_max_y(block.top() + height);
    label(ui, at, words, role, large.tokens.ink);
    block.with_min_y(at.bottom() + large.gap())
}

/// How high a heading stands, with the gap below it.
fn heading_height(ui: &Ui, words: &str, role: LargeRole, width: f32) -> f32 {
    crate::ui::large::label_height(ui, words, role, width) + Large::of(ui.ctx()).gap()
}

fn mood_of(smiley: Smiley) -> Mood {
    match smiley {
        Smiley::Sad => Mood::Sad,
        Smiley::Neutral => Mood::Neutral,
        Smiley::Glad => Mood::Glad,
    }
}

#[cfg(test)]
mod tests;
