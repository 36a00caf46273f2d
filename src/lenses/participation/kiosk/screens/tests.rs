//! Every screen in every size, language and size of letters: large enough to hit, within reach, nothing on top of another.

use super::*;
use crate::georef::SitePos;
use crate::lenses::participation::kiosk::session::SunPart;
use crate::model::reaction::{Spot, Theme};
use crate::model::scenario;
use bevy::math::DVec3;
use bevy_egui::egui::{
    Event, FullOutput, Modifiers, PointerButton, RawInput, Shape, accesskit::Role, epaint::ClippedShape,
};
use std::path::Path;

/// What can be touched: its name and where it lies.
type Controls = Vec<(String, Rect)>;

const SIZES: [(f32, f32); 3] = [(1024.0, 600.0), (1920.0, 1080.0), (1080.0, 1920.0)];
const STEPS: [Step; 9] = [
    Step::Attract,
    Step::Choose,
    Step::Look,
    Step::Say,
    Step::Spot,
    Step::Theme,
    Step::Words,
    Step::Failed,
    Step::Thanks,
];

fn session(step: Step, language: Language, is_enlarged: bool, is_lowered: bool) -> Session {
    let mut session = Session::new(language);
    session.step = step;
    session.sun = SunPart::Evening;
    session.is_enlarged = is_enlarged;
    session.is_lowered = is_lowered;
    session.draft.variant = "A".into();
    session.draft.smiley = Some(Smiley::Glad);
    session.draft.spot = Some(SetSpot {
        spot: Spot::Site { x_m: 1, y_m: 1 },
        at: SitePos(DVec3::ONE),
    });
    session.draft.theme = Some(Theme::Shopping);
    session.draft.words = "Meer bomen en een bankje bij het water graag".into();
    session
}

/// The controls of a screen, with the look that it was shown in.
fn shown(size: (f32, f32), session: &Session, scenario: &Scenario) -> (Controls, Large, Rect) {
    let (output, large, screen) = output(size, session, scenario, None);
    let update = output.platform_output.accesskit_update.expect("names");
    let controls = update
        .nodes
        .iter()
        .filter(|(_, node)| node.role() == Role::Button && !node.is_disabled())
        .filter_map(|(_, node)| {
            let at = node.bounds()?;
            #[expect(clippy::cast_possible_truncation, reason = "points on a screen")]
            let point = |x: f64, y: f64| pos2(x as f32, y as f32);
            let rect = Rect::from_min_max(point(at.x0, at.y0), point(at.x1, at.y1));
            Some((node.label()?.to_owned(), rect))
        })
        .collect();
    (controls, large, screen)
}

/// A screen as it is painted, with the pin of a spot at this point.
fn output(size: (f32, f32), session: &Session, scenario: &Scenario, pin: Option<Pos2>) -> (FullOutput, Large, Rect) {
    let glass = Glass::new(size, if session.is_enlarged { 2.0 } else { 1.0 });
    let (output, _) = glass.frame(session, scenario, pin, Vec::new());
    (output, Large::of(&glass.ctx), glass.screen)
}

/// What the screens are shown on.
struct Glass {
    ctx: Context,
    screen: Rect,
}

impl Glass {
    fn new(size: (f32, f32), text: f32) -> Self {
        let screen = Rect::from_min_size(Pos2::ZERO, size.into());
        let ctx = Context::default();
        ctx.enable_accesskit();
        let accent = crate::ui::Tokens::LIGHT.participation;
        Large::new(screen.size(), 24.0, accent, text).install(&ctx);
        Self { ctx, screen }
    }

    /// One frame: what it paints and what was touched.
    fn frame(
        &self,
        session: &Session,
        scenario: &Scenario,
        pin: Option<Pos2>,
        events: Vec<Event>,
    ) -> (FullOutput, Vec<Touch>) {
        let (portraits, languages) = (Portraits::default(), Language::at_kiosk());
        let seen = Seen {
            session,
            scenario,
            facts: &[],
            portraits: &portraits,
            languages: &languages,
            question_left_s: None,
            count: 1234,
            is_trial: true,
            is_synthetic: true,
            delete_on: Some(jiff::civil::date(2027, 9, 30)),
            trouble: None,
            is_over: false,
            closed_until: None,
            city: City {
                marker: self.screen.center(),
                spot: session.draft.spot,
                pin,
            },
        };
        let input = RawInput {
            screen_rect: Some(self.screen),
            events,
            ..RawInput::default()
        };
        let (mut keys, mut touches) = (Keys::default(), Vec::new());
        let output = self.ctx.run_ui(input, |ui| {
            touches.extend(show(ui.ctx(), self.screen, &seen, &mut keys).touches);
        });
        (output, touches)
    }
}

fn lange_wemen() -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/lange-wemen");
    scenario::open(&path).expect("the shipped scenario opens").scenario
}

#[test]
fn every_control_is_twenty_millimetres_within_reach_and_beside_the_others() {
    let scenario = lange_wemen();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for size in SIZES {
        for language in Language::at_kiosk() {
            for (is_enlarged, is_lowered) in [(false, false), (false, true), (true, false), (true, true)] {
                for step in STEPS {
                    let session = session(step, language.clone(), is_enlarged, is_lowered);
                    let (controls, large, screen) = shown(size, &session, &scenario);
                    let what = format!("{size:?} {} {step:?} {is_enlarged} {is_lowered}", language.code());
                    assert!(controls.len() >= 4, "{what}: {controls:?}");
                    seen += controls.len();
                    let highest = screen.bottom() - screen.height() * if is_enlarged { 0.75 } else { REACH };
                    for (i, (name, rect)) in controls.iter().enumerate() {
                        let least = rect.size().min_elem() / large.mm(1.0);
                        if least < Large::TARGET_MM - 0.2 {
                            wrong.push(format!("{what}: {name} is {least:.1} mm"));
                        }
                        if rect.top() < highest - 1.0 || !screen.expand(0.5).contains_rect(*rect) {
                            wrong.push(format!("{what}: {name} at {rect:?}"));
                        }
                        for (other, beside) in &controls[..i] {
                            if rect.shrink(0.5).intersects(beside.shrink(0.5)) {
                                wrong.push(format!("{what}: {name} on {other}"));
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {seen}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn lowered_controls_are_lower() {
    let scenario = lange_wemen();
    let nl = Language::from_code("nl").expect("Dutch");
    for size in SIZES {
        for step in [Step::Choose, Step::Look, Step::Say, Step::Theme] {
            let top = |is_lowered: bool| {
                let session = session(step, nl.clone(), false, is_lowered);
                let (controls, _, _) = shown(size, &session, &scenario);
                controls
                    .iter()
                    .map(|(_, rect)| rect.top())
                    .fold(f32::INFINITY, f32::min)
            };
            assert!(top(true) > top(false) + 10.0, "{size:?} {step:?}");
        }
    }
}

#[test]
fn the_pin_of_a_spot_stands_on_the_city_and_never_over_the_controls() {
    let scenario = lange_wemen();
    let nl = Language::from_code("nl").expect("Dutch");
    let session = session(Step::Say, nl, false, false);
    let foot = pos2(700.0, 300.0);
    let (with, large, screen) = output(SIZES[1], &session, &scenario, Some(foot));
    let (without, ..) = output(SIZES[1], &session, &scenario, None);
    let stems = |output: &FullOutput| {
        let ends_at_foot =
            |shape: &&ClippedShape| matches!(&shape.shape, Shape::LineSegment { points, .. } if points[0] == foot);
        output
            .shapes
            .iter()
            .filter(ends_at_foot)
            .map(|shape| shape.clip_rect)
            .collect::<Vec<_>>()
    };
    let clipped = stems(&with);
    assert_eq!((clipped.len(), stems(&without).len()), (2, 0));
    let free = clipped[0];
    assert!(
        free.contains(foot) && free.bottom() < screen.bottom() - large.target(),
        "{free:?}"
    );
}

#[test]
fn a_touch_counts_from_the_second_frame_of_a_screen() {
    let scenario = lange_wemen();
    let nl = Language::from_code("nl").expect("Dutch");
    let session = |step: Step| session(step, nl.clone(), false, false);
    let finger = |at: Pos2, pressed: bool| Event::PointerButton {
        pos: at,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    // On the very first screen, and on one that comes after another.
    for before in [None, Some(Step::Look)] {
        let (controls, ..) = shown(SIZES[1], &session(Step::Say), &scenario);
        let send = controls.iter().find(|(name, _)| name == "Versturen").expect("a button");
        let at = send.1.center();
        let glass = Glass::new(SIZES[1], 1.0);
        if let Some(before) = before {
            glass.frame(&session(before), &scenario, None, Vec::new());
        }
        let say = session(Step::Say);
        glass.frame(&say, &scenario, None, Vec::new());
        let down = vec![Event::PointerMoved(at), finger(at, true)];
        let (_, early) = glass.frame(&say, &scenario, None, down);
        let (_, touches) = glass.frame(&say, &scenario, None, vec![finger(at, false)]);
        assert_eq!((early, touches), (vec![], vec![Touch::Send]), "after {before:?}");
    }
}
