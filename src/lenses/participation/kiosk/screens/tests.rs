//! Every screen in every size, language and size of letters: large enough to hit, within reach, nothing on top of another.

use super::*;
use crate::lenses::participation::kiosk::session::SunPart;
use crate::model::reaction::Theme;
use crate::model::scenario;
use bevy_egui::egui::{RawInput, accesskit::Role};
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
    session.draft.spot = Some(Spot::Site { x_m: 1, y_m: 1 });
    session.draft.theme = Some(Theme::Shopping);
    session.draft.words = "Meer bomen en een bankje bij het water graag".into();
    session
}

/// The controls of a screen, with the look that it was shown in.
fn shown(size: (f32, f32), session: &Session, scenario: &Scenario) -> (Controls, Large, Rect) {
    let screen = Rect::from_min_size(Pos2::ZERO, size.into());
    let ctx = Context::default();
    ctx.enable_accesskit();
    let text = if session.is_enlarged { 2.0 } else { 1.0 };
    let accent = crate::ui::Tokens::LIGHT.participation;
    let large = Large::new(screen.size(), 24.0, accent, text);
    large.install(&ctx);
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
            marker: screen.center(),
            spot: session.draft.spot,
        },
    };
    let mut keys = Keys::default();
    let mut controls = Controls::new();
    // An area that is shown for the first time only measures itself.
    for _ in 0..3 {
        let input = RawInput {
            screen_rect: Some(screen),
            ..RawInput::default()
        };
        let output = ctx.run_ui(input, |ui| {
            show(ui.ctx(), screen, &seen, &mut keys);
        });
        let update = output.platform_output.accesskit_update.expect("names");
        controls = update
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
    }
    (controls, large, screen)
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
