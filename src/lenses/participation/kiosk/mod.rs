//! The kiosk: the participation lens alone, full screen, for whoever walks up to it.
//!
//! `session` is the visitor, `screens` what they see, `keeping` the way to the disk, `staff` what stands behind
//! the code. There is no way out to the desktop but that code; keeping the machine itself closed is the system's part.

mod code;
mod eye;
mod facts;
mod keeping;
mod portraits;
mod screens;
mod session;
mod settings;
mod staff;

use crate::model::StoreHandle;
use crate::schedule::{FrameSystems, InterfaceSystems, Lens};
use crate::sources::Problem;
use crate::text::Language;
use crate::ui::large::Large;
use crate::view::camera::{CameraCommand, FlyTo, OrbitCamera};
use crate::view::ray_cast::SceneRay;
use crate::view::scene::{ScenarioShown, ShowVariant, ShownScenario};
use crate::view::site_view::SiteView;
use bevy::{
    input::{keyboard::KeyboardInput, mouse::MouseButtonInput, touch::TouchInput},
    prelude::*,
    tasks::{AsyncComputeTaskPool, Task, block_on, poll_once},
    window::CursorMoved,
};
use bevy_egui::{
    EguiContexts, EguiPrimaryContextPass,
    egui::{self, Rect},
};
use facts::Fact;
use jiff::{Zoned, civil::Date};
use keeping::Keeping;
use portraits::Portraits;
use screens::{City, Seen};
use session::{Effect, Session, Step, SunPart};
use settings::{ForcedPractice, Settings};
use staff::Staff;

/// A frame that lasts longer means that the machine slept, seconds.
const ASLEEP_S: f32 = 60.0;
/// After another screen has come, touches count for nothing for this long: the second tap of two was meant for the
/// screen before, seconds.
const GUARD_S: f32 = 0.25;

/// How the kiosk starts.
#[derive(Debug, Clone, Copy, Default)]
pub struct KioskOptions {
    /// Every reaction is a trial.
    pub practice: bool,
    /// Staff choose a new code first.
    pub new_code: bool,
}

/// The scenario was opened: here is where reactions to it are kept, or why they are not.
#[derive(Message, Debug, Clone)]
pub struct KioskOpened {
    /// Where reactions are kept.
    pub store: Option<StoreHandle>,
    /// Why there is no store, or what else is wrong.
    pub problem: Option<Problem>,
}

/// Request: put the sun at a share of the time between sunrise (0) and sunset (1).
#[derive(Message, Debug, Clone, Copy, PartialEq)]
pub struct PutSunAt(pub f64);

/// Request of staff: end the program.
#[derive(Message, Debug, Clone, Copy)]
pub struct EndKiosk;

/// Where the city is not covered by the kiosk's controls, points.
#[derive(Resource, Debug, Clone, Copy, PartialEq)]
pub struct FreeView {
    /// Above the controls; everywhere before there are any.
    pub view: Option<Rect>,
    /// Words in its corner.
    pub head: Rect,
}

impl Default for FreeView {
    fn default() -> Self {
        Self {
            view: None,
            head: Rect::ZERO,
        }
    }
}

/// What the kiosk shows, for tests to read.
#[derive(Resource, Debug, Clone, Default, PartialEq, Eq)]
pub struct KioskState {
    /// Which screen.
    pub step: String,
    /// Reactions that count like the next one will.
    pub count: usize,
    /// It is asked whether anybody is there.
    pub is_asking: bool,
    /// Whether it is set up.
    pub is_ready: bool,
    /// A pin stands on the spot that the visitor has set.
    pub has_pin: bool,
}

/// The kiosk.
#[derive(Resource)]
struct Kiosk {
    options: KioskOptions,
    session: Session,
    settings: Settings,
    keeping: Keeping,
    staff: Staff,
    facts: Vec<Vec<Fact>>,
    counting: Option<Task<Vec<Vec<Fact>>>>,
    /// Keys of the on-screen keyboard: capitals, and figures with accents.
    keys: screens::Keys,
    is_synthetic: bool,
    /// How long touches still count for nothing, seconds.
    guard_s: f32,
    /// Where the city was not covered by controls when they were shown last.
    free: FreeView,
    /// The visitor's screen that was shown last.
    shown: Option<Step>,
}

impl Kiosk {
    /// The language that the next visitor is greeted in.
    fn home(&self) -> Language {
        self.settings.spoken().into_iter().next().unwrap_or_default()
    }

    /// Whether what is sent now is a trial: while practising, and always about a made-up area.
    fn is_trial(&self) -> bool {
        self.settings.practice || self.forced_practice().is_some()
    }

    /// Why staff cannot end the practising.
    fn forced_practice(&self) -> Option<ForcedPractice> {
        if self.is_synthetic {
            return Some(ForcedPractice::Example);
        }
        self.options.practice.then_some(ForcedPractice::Started)
    }
}

/// Adds the kiosk to a program that has the participation lens.
pub(crate) fn plugin(app: &mut App, options: KioskOptions) {
    let settings = Settings::default();
    let home = settings.spoken().into_iter().next().unwrap_or_default();
    app.insert_resource(Kiosk {
        options,
        session: Session::new(home),
        settings,
        keeping: Keeping::default(),
        staff: Staff::default(),
        facts: Vec::new(),
        counting: None,
        keys: screens::Keys::default(),
        is_synthetic: false,
        guard_s: 0.0,
        free: FreeView::default(),
        shown: None,
    })
    .init_resource::<Portraits>()
    .init_resource::<FreeView>()
    .init_resource::<KioskState>()
    .add_message::<KioskOpened>()
    .add_message::<PutSunAt>()
    .add_message::<EndKiosk>()
    .add_systems(
        Update,
        (
            (take_store, take_scenario).chain().in_set(FrameSystems::Ingest),
            (
                notice_hands,
                follow_keeping,
                pass_time,
                portraits::make_portraits,
                (eye::turn_city, eye::show_new_pin).chain(),
            )
                .chain()
                .in_set(FrameSystems::Derive),
        )
            .run_if(in_state(Lens::Participation)),
    )
    .add_systems(
        EguiPrimaryContextPass,
        (show_kiosk, tell_free).chain().in_set(InterfaceSystems),
    );
}

fn tell_free(kiosk: Res<Kiosk>, mut free: ResMut<FreeView>) {
    free.set_if_neq(kiosk.free);
}

/// Reads what was kept as soon as there is a store.
fn take_store(mut opened: MessageReader<KioskOpened>, mut kiosk: ResMut<Kiosk>) {
    for opened in opened.read() {
        let may_begin_anew = kiosk.options.new_code;
        kiosk
            .keeping
            .open(opened.store.clone(), opened.problem.clone(), may_begin_anew);
    }
}

/// Begins anew with the scenario that is shown.
fn take_scenario(
    mut shown: MessageReader<ScenarioShown>,
    scenario: Option<Res<ShownScenario>>,
    mut kiosk: ResMut<Kiosk>,
    mut portraits: ResMut<Portraits>,
) {
    if let Some(done) = kiosk.counting.as_mut().and_then(|task| block_on(poll_once(task))) {
        kiosk.facts = done;
        kiosk.counting = None;
    }
    let (Some(_), Some(scenario)) = (shown.read().last(), scenario) else {
        return;
    };
    kiosk.is_synthetic = scenario.open.scenario.synthetic;
    portraits.begin(&scenario);
    let open = scenario.open.clone();
    kiosk.counting = Some(AsyncComputeTaskPool::get().spawn(async move { facts::of_variants(&open) }));
}

/// Any hand on the screen, the mouse or the keys says that somebody is there.
fn notice_hands(
    mut touches: MessageReader<TouchInput>,
    mut buttons: MessageReader<MouseButtonInput>,
    mut moves: MessageReader<CursorMoved>,
    mut keys: MessageReader<KeyboardInput>,
    mut kiosk: ResMut<Kiosk>,
) {
    let count = touches.read().count() + buttons.read().count() + moves.read().count() + keys.read().count();
    if count > 0 {
        kiosk.session.stir();
        kiosk.staff.stir();
    }
}

/// Takes over what the store says.
fn follow_keeping(mut kiosk: ResMut<Kiosk>) {
    let kiosk = &mut *kiosk;
    if let Some(settings) = kiosk.keeping.take_settings() {
        kiosk.settings = settings;
        let home = kiosk.home();
        kiosk.session = Session::new(home);
        if kiosk.settings.code.is_empty() || kiosk.options.new_code {
            // Asked for once: a flag that stays on the command line is no open door.
            kiosk.options.new_code = false;
            kiosk.staff.choose();
        }
    }
    if let Some(is_kept) = kiosk.keeping.take_sent() {
        kiosk.session.sent(is_kept);
    }
    kiosk.keeping.follow(today(), &kiosk.settings);
}

fn pass_time(time: Res<Time<Real>>, mut kiosk: ResMut<Kiosk>, mut wishes: Wishes, mut portraits: ResMut<Portraits>) {
    let kiosk = &mut *kiosk;
    // After a long frame (a picture that had to be compiled) nobody is asked sooner; after a sleep of the machine nobody
    // is there.
    let passed = time.delta_secs();
    let seconds = if passed > ASLEEP_S { passed } else { passed.min(1.0) };
    let (patience, home) = (kiosk.settings.patience(), kiosk.home());
    let was_open = kiosk.staff.is_open();
    kiosk.staff.pass(seconds, !kiosk.settings.code.is_empty());
    if !kiosk.staff.is_open() {
        kiosk.keeping.forget_list();
        if was_open {
            kiosk.session = Session::new(home.clone());
        }
    }
    kiosk.guard_s = (kiosk.guard_s - seconds).max(0.0);
    let effects = kiosk.session.pass(seconds, patience, &home);
    follow(effects, kiosk, &mut wishes, &mut portraits);
    if portraits.take_finished() {
        eye::go_home(&mut wishes);
        wishes.sun.write(PutSunAt(share_of_day(SunPart::Noon)));
    }
    // What is on its way to the disk gets there first.
    if kiosk.staff.is_over(kiosk.keeping.is_idle()) {
        wishes.end.write(EndKiosk);
    }
}

/// What the kiosk asks of the rest of the program.
#[derive(bevy::ecs::system::SystemParam)]
struct Wishes<'w> {
    variant: MessageWriter<'w, ShowVariant>,
    fly: MessageWriter<'w, FlyTo>,
    home: MessageWriter<'w, CameraCommand>,
    camera: Res<'w, OrbitCamera>,
    view: Res<'w, SiteView>,
    free: Res<'w, FreeView>,
    sun: MessageWriter<'w, PutSunAt>,
    end: MessageWriter<'w, EndKiosk>,
    shown: Option<Res<'w, ShownScenario>>,
}

/// Does what the session asks for.
fn follow(effects: Vec<Effect>, kiosk: &mut Kiosk, wishes: &mut Wishes, portraits: &mut Portraits) {
    for effect in effects {
        match effect {
            Effect::Show(id) => {
                wishes.variant.write(ShowVariant(id));
            }
            Effect::ShowToday => {
                let shown = wishes.shown.as_ref();
                let variants = shown
                    .map(|shown| shown.open.scenario.variants.as_slice())
                    .unwrap_or_default();
                let today = variants.iter().find(|variant| variant.is_today());
                wishes
                    .variant
                    .write_batch(today.map(|today| ShowVariant(today.id.clone())));
            }
            Effect::Home => eye::go_home(wishes),
            Effect::Zoom(steps) => eye::zoom(wishes, steps),
            Effect::Turn(parts) => eye::turn(wishes, parts),
            Effect::Sun(part) => {
                wishes.sun.write(PutSunAt(share_of_day(part)));
            }
            Effect::Send(draft) => {
                let now = Zoned::now();
                let reaction = keeping::reaction_of(draft, kiosk.is_trial(), now.date(), now.time());
                kiosk.keeping.send(reaction);
            }
            Effect::Forget => {
                kiosk.keys = screens::Keys::default();
                eye::go_home(wishes);
                wishes.sun.write(PutSunAt(share_of_day(SunPart::Noon)));
                wishes.variant.write_batch(portraits.start().map(ShowVariant));
            }
        }
    }
}

/// Where the sun stands between rising and setting.
fn share_of_day(part: SunPart) -> f64 {
    match part {
        SunPart::Morning => 0.2,
        SunPart::Noon => 0.5,
        SunPart::Evening => 0.85,
    }
}

fn today() -> Date {
    Zoned::now().date()
}

/// Shows the screen that the visitor is at, or what staff opened, and follows what was touched.
fn show_kiosk(
    mut contexts: EguiContexts,
    mut kiosk: ResMut<Kiosk>,
    mut portraits: ResMut<Portraits>,
    mut state: ResMut<KioskState>,
    scene: SceneRay,
    mut wishes: Wishes,
) -> Result {
    let ctx = contexts.ctx_mut()?;
    let screen = ctx.content_rect();
    let kiosk = &mut *kiosk;
    let text = if kiosk.session.is_enlarged && !kiosk.staff.is_open() {
        2.0
    } else {
        1.0
    };
    let accent = crate::panels::accent(Lens::Participation, &crate::ui::Tokens::LIGHT);
    #[expect(clippy::cast_precision_loss, reason = "a few dozen inches")]
    let diagonal = kiosk.settings.diagonal_inch as f32;
    Large::new(screen.size(), diagonal, accent, text).install(ctx);
    let shown = wishes.shown.as_ref().map(|shown| shown.open.clone());
    let is_ready = shown.is_some() && portraits.is_done() && kiosk.keeping.is_open();
    let now = Zoned::now();
    let mut head = Rect::from_min_size(screen.min, egui::Vec2::ZERO);
    let (mut pin, mut step_shown) = (None, None);
    let covered = if kiosk.staff.is_open() {
        // Staff have texts in the languages of the desk.
        let of_desk = Language::available();
        let mut spoken = kiosk.settings.spoken().into_iter();
        let language = spoken.find(|language| of_desk.contains(language)).unwrap_or_default();
        let scenario = shown.as_ref().map(|open| &open.scenario);
        let forced = kiosk.forced_practice();
        kiosk.staff.show(
            ctx,
            screen,
            (&mut kiosk.settings, forced),
            &mut kiosk.keeping,
            scenario,
            &language,
        );
        screen
    } else if let (Some(open), true) = (&shown, is_ready) {
        let marker = wishes.free.view.unwrap_or(screen).center();
        pin = eye::pin_point(&kiosk.session, &wishes.view, &scene);
        step_shown = Some(kiosk.session.step);
        let seen = Seen {
            session: &kiosk.session,
            scenario: &open.scenario,
            facts: &kiosk.facts,
            portraits: &portraits,
            languages: &kiosk.settings.spoken(),
            question_left_s: kiosk.session.question_left_s(kiosk.settings.patience()),
            count: kiosk.keeping.count(kiosk.is_trial()),
            is_trial: kiosk.is_trial(),
            is_synthetic: kiosk.is_synthetic,
            delete_on: kiosk.settings.delete_on,
            trouble: kiosk.keeping.trouble(),
            is_over: kiosk.settings.is_due(now.date()),
            closed_until: (!kiosk.settings.is_open_at(now.time()))
                .then_some(kiosk.settings.hours)
                .flatten(),
            city: City {
                marker,
                spot: (kiosk.session.step == Step::Spot)
                    .then(|| eye::spot_under(marker, &wishes.view, &scene, &wishes.camera, open))
                    .flatten(),
                pin,
            },
        };
        let outcome = screens::show(ctx, screen, &seen, &mut kiosk.keys);
        let before = kiosk.session.step;
        let counts = kiosk.guard_s <= 0.0;
        if outcome.wants_staff && counts {
            kiosk.staff.enter();
        }
        let home = kiosk.home();
        for touch in outcome.touches.into_iter().filter(|_| counts) {
            let effects = kiosk.session.touch(touch, &home);
            follow(effects, kiosk, &mut wishes, &mut portraits);
        }
        if kiosk.session.step != before {
            kiosk.guard_s = GUARD_S;
        }
        head = outcome.head;
        outcome.covered
    } else {
        screens::show_waiting(ctx, screen, &kiosk.home());
        screen
    };
    kiosk.shown = step_shown;
    kiosk.free = FreeView {
        view: Some(screen.with_max_y(covered.top().max(screen.top()))),
        head,
    };
    state.set_if_neq(KioskState {
        step: if kiosk.staff.is_open() {
            "Staff".into()
        } else {
            format!("{:?}", kiosk.session.step)
        },
        count: kiosk.keeping.count(kiosk.is_trial()),
        is_asking: kiosk.session.question_left_s(kiosk.settings.patience()).is_some(),
        is_ready,
        has_pin: pin.is_some(),
    });
    Ok(())
}
