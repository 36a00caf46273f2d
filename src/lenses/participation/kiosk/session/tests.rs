use super::*;
use bevy::math::DVec3;

const PATIENCE: Patience = Patience {
    idle_s: 90.0,
    question_s: 30.0,
};

fn home() -> Language {
    Language::from_code("nl").expect("Dutch")
}

fn after(touches: impl IntoIterator<Item = Touch>) -> (Session, Vec<Effect>) {
    let mut session = Session::new(home());
    let effects = touches
        .into_iter()
        .flat_map(|touch| session.touch(touch, &home()))
        .collect();
    (session, effects)
}

fn spot() -> SetSpot {
    SetSpot {
        spot: Spot::Rd {
            x_m: 251_000,
            y_m: 476_000,
        },
        at: SitePos(DVec3::new(3.0, 4.0, 5.0)),
    }
}

fn full() -> Vec<Touch> {
    vec![
        Touch::Begin,
        Touch::Choose("B".into()),
        Touch::Face(Smiley::Glad),
        Touch::Open(Step::Spot),
        Touch::PutSpot(spot()),
        Touch::Open(Step::Theme),
        Touch::Theme(Theme::Green),
        Touch::Open(Step::Words),
        Touch::Type("Meer".into()),
        Touch::Type("!\n".into()),
        Touch::Erase,
        Touch::Back,
    ]
}

#[test]
fn three_touches_have_a_say() {
    let (session, effects) = after([
        Touch::Begin,
        Touch::Choose("A".into()),
        Touch::Face(Smiley::Sad),
        Touch::Send,
    ]);
    assert_eq!(session.step, Step::Sending);
    let said = Draft {
        variant: "A".into(),
        smiley: Some(Smiley::Sad),
        ..Draft::default()
    };
    assert_eq!(effects, [Effect::Home, Effect::Show("A".into()), Effect::Send(said)]);
}

#[test]
fn everything_that_was_said_is_sent_and_nothing_before() {
    let (mut session, before) = after(full());
    assert!(!before.iter().any(|effect| matches!(effect, Effect::Send(_))));
    let sent = session.touch(Touch::Send, &home());
    let said = Draft {
        variant: "B".into(),
        smiley: Some(Smiley::Glad),
        spot: Some(spot()),
        theme: Some(Theme::Green),
        words: "Meer".into(),
    };
    assert_eq!(sent, [Effect::Send(said)]);
    // Sent once, however often the button is hit.
    assert_eq!(session.touch(Touch::Send, &home()), []);
    session.sent(true);
    assert_eq!((session.step, session.draft.clone()), (Step::Thanks, Draft::default()));
}

#[test]
fn what_could_not_be_kept_can_be_sent_again() {
    let (mut session, _) = after(full());
    session.touch(Touch::Send, &home());
    session.sent(false);
    assert_eq!(session.step, Step::Failed);
    assert!(matches!(&session.touch(Touch::Send, &home())[..], [Effect::Send(draft)] if draft.words == "Meer"));
}

#[test]
fn nobody_there_is_asked_after_and_then_forgotten() {
    let (mut session, _) = after(full());
    session.touch(Touch::Enlarge, &home());
    session.touch(Touch::Speak(Language::from_code("en").expect("English")), &home());
    assert_eq!(session.pass(89.0, PATIENCE, &home()), []);
    assert_eq!(session.question_left_s(PATIENCE), None);
    session.pass(2.0, PATIENCE, &home());
    assert!(session.question_left_s(PATIENCE).is_some_and(|left| left > 25.0));
    // Neither a brush of the glass nor the end of a drag is an answer.
    session.stir();
    assert_eq!(session.touch(Touch::Face(Smiley::Sad), &home()), []);
    assert_eq!(session.pass(28.0, PATIENCE, &home()), []);
    assert_eq!(session.pass(2.0, PATIENCE, &home()), [Effect::Forget]);
    assert_eq!(session, Session::new(home()));
}

#[test]
fn whoever_answers_goes_on_where_they_were() {
    let (mut session, _) = after(full());
    let before = session.draft.clone();
    session.pass(95.0, PATIENCE, &home());
    session.touch(Touch::Stay, &home());
    assert_eq!((session.question_left_s(PATIENCE), &session.draft), (None, &before));
    session.pass(60.0, PATIENCE, &home());
    session.stir();
    session.pass(60.0, PATIENCE, &home());
    assert_eq!(session.question_left_s(PATIENCE), None);
}

#[test]
fn what_is_being_kept_is_not_forgotten_before_it_is_there() {
    let (mut session, _) = after(full());
    session.touch(Touch::Send, &home());
    assert_eq!(session.pass(10_000.0, PATIENCE, &home()), []);
    assert_eq!(session.touch(Touch::Leave, &home()), []);
    assert_eq!(session.step, Step::Sending);
    session.sent(true);
    assert_eq!(session.pass(THANKS_S + 1.0, PATIENCE, &home()), [Effect::Forget]);
}

#[test]
fn another_variant_starts_with_nothing_said_and_the_same_one_keeps_it() {
    let mut touches = full();
    touches.extend([Touch::Back, Touch::Back, Touch::Choose("B".into())]);
    let (mut session, _) = after(touches);
    assert_eq!(session.draft.words, "Meer");
    session.touch(Touch::Back, &home());
    session.touch(Touch::Choose("C".into()), &home());
    assert_eq!((session.draft.words.as_str(), session.draft.smiley), ("", None));
}

#[test]
fn words_have_an_end() {
    let (mut session, _) = after([
        Touch::Begin,
        Touch::Choose("A".into()),
        Touch::Face(Smiley::Sad),
        Touch::Open(Step::Words),
    ]);
    for _ in 0..100 {
        session.touch(Touch::Type("bomen ".into()), &home());
    }
    assert_eq!(session.draft.words.chars().count(), Reaction::MAX_CHARS);
}

#[test]
fn today_is_left_when_a_say_is_given() {
    let (_, effects) = after([
        Touch::Begin,
        Touch::Choose("A".into()),
        Touch::Compare,
        Touch::Face(Smiley::Glad),
    ]);
    assert_eq!(effects[2..], [Effect::ShowToday, Effect::Show("A".into())]);
}

#[test]
fn a_language_that_was_chosen_on_the_first_screen_is_forgotten() {
    let mut session = Session::new(home());
    session.touch(Touch::Speak(Language::from_code("en").expect("English")), &home());
    session.touch(Touch::Enlarge, &home());
    session.pass(FIRST_SCREEN_S - 1.0, PATIENCE, &home());
    assert!(session.is_enlarged);
    session.pass(2.0, PATIENCE, &home());
    assert_eq!(session, Session::new(home()));
}

#[test]
fn the_pin_stands_where_the_spot_was_set_until_it_is_set_anew_or_the_session_is_over() {
    let (mut session, _) = after(full());
    let at = Some(spot().at);
    assert_eq!((session.step, session.pin()), (Step::Say, at));
    session.touch(Touch::Back, &home());
    assert_eq!((session.step, session.pin()), (Step::Look, at));
    session.touch(Touch::Face(Smiley::Sad), &home());
    session.touch(Touch::Open(Step::Spot), &home());
    assert_eq!(session.pin(), None, "the pin over the middle alone");
    session.touch(Touch::Back, &home());
    assert_eq!(session.pin(), at);
    session.touch(Touch::Open(Step::Spot), &home());
    let other = SetSpot {
        at: SitePos(DVec3::ONE),
        ..spot()
    };
    session.touch(Touch::PutSpot(other), &home());
    assert_eq!(session.pin(), Some(other.at));
    session.touch(Touch::Open(Step::Spot), &home());
    session.touch(Touch::DropSpot, &home());
    assert_eq!((session.step, session.pin()), (Step::Say, None));
    // Sent, stopped, or another plan: whoever comes next sees no pin.
    let ends = |touches: &[Touch], is_sent: bool| {
        let (mut session, _) = after(full());
        for touch in touches {
            session.touch(touch.clone(), &home());
        }
        if is_sent {
            session.sent(true);
        }
        for touch in [Touch::Leave, Touch::Begin, Touch::Choose("A".into())] {
            session.touch(touch, &home());
        }
        (session.step, session.pin())
    };
    assert_eq!(ends(&[Touch::Send], true), (Step::Look, None));
    assert_eq!(ends(&[], false), (Step::Look, None));
    let (mut session, _) = after(full());
    for touch in [Touch::Back, Touch::Back, Touch::Choose("C".into())] {
        session.touch(touch, &home());
    }
    assert_eq!((session.step, session.pin()), (Step::Look, None));
}
