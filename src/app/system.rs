//! Asks in which coordinate system a file is that does not say so, shows it there, and remembers the answer.

use super::choices::Choices;
use super::desk::{Screen, short_name};
use super::open::{OpenPath, OpenSystems, PathOpened, Wanted};
use crate::georef::{Crs, LikelyCrs, nearest_town, placed_in};
use crate::model::scenario::OpenWishes;
use crate::model::{ActiveScenario, CrsAnswer, CrsQuestion};
use crate::panels::desk::Dialog;
use crate::panels::system::{SystemChoice, SystemState, TypedSystem};
use crate::schedule::FrameSystems;
use crate::text::{Language, format_lat_lon, tr, tr_args};
use bevy::prelude::*;
use bevy::tasks::{AsyncComputeTaskPool, Task, futures_lite::future};
use std::path::PathBuf;

/// Request: the file that is open is in this system.
#[derive(Message, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AnswerSystem(pub(super) CrsAnswer);

/// Request: say what this number means.
#[derive(Message, Debug, Clone, PartialEq, Eq)]
pub(super) struct LookAtSystem(pub(super) String);

/// What is asked about the file that is open, in words.
#[derive(Resource, Default)]
pub(super) struct AskedSystem {
    state: Option<SystemState>,
    language: Option<Language>,
    looking: Option<Task<(String, Option<CrsAnswer>, Option<LikelyCrs>)>>,
    /// What was answered of a file that is being opened with that.
    answered: Option<(PathBuf, CrsAnswer)>,
}

impl AskedSystem {
    /// What the dialog shows.
    pub(super) fn state(&self) -> Option<&SystemState> {
        self.state.as_ref()
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<AskedSystem>()
        .add_message::<AnswerSystem>()
        .add_message::<LookAtSystem>()
        .add_systems(
            Update,
            // What was opened is asked about one frame later, when it is on the table: a question without words is closed.
            (ask, put_into_words, take_answer, start_looking, finish_looking)
                .chain()
                .before(OpenSystems)
                .in_set(FrameSystems::Ingest),
        );
}

/// Asks about a file that was just opened and of which nobody said anything yet; what was answered of one that opened is
/// remembered.
fn ask(
    mut opened: MessageReader<PathOpened>,
    mut screen: ResMut<Screen>,
    mut asked: ResMut<AskedSystem>,
    mut choices: ResMut<Choices>,
) {
    let Some(opened) = opened.read().last() else { return };
    if let Some((path, answer)) = asked.answered.take().filter(|_| opened.outcome.is_ok())
        && path == opened.path
    {
        choices.preferences.know_system(&path, &answer.to_string());
    }
    let question = opened.outcome.as_ref().ok().and_then(|open| open.crs_question.as_ref());
    screen.0.system_number.clear();
    if question.is_some_and(|question| question.answer.is_none()) {
        screen.0.dialog = Some(Dialog::System);
    } else if screen.0.dialog == Some(Dialog::System) {
        screen.0.dialog = None;
    }
}

fn put_into_words(mut asked: ResMut<AskedSystem>, active: Option<Res<ActiveScenario>>, choices: Res<Choices>) {
    let is_new = active.as_ref().is_some_and(DetectChanges::is_changed);
    if !is_new && asked.language.as_ref() == Some(&choices.language) {
        return;
    }
    let language = &choices.language;
    let question = active.as_ref().and_then(|active| active.0.crs_question.as_ref());
    asked.state = question.map(|question| state_of(question, language));
    asked.language = Some(language.clone());
}

/// Shows the file in the system that was answered.
fn take_answer(
    mut answers: MessageReader<AnswerSystem>,
    active: Option<Res<ActiveScenario>>,
    mut wanted: ResMut<Wanted>,
    mut asked: ResMut<AskedSystem>,
    mut open: MessageWriter<OpenPath>,
) {
    let Some(AnswerSystem(answer)) = answers.read().last() else {
        return;
    };
    let question = active.as_ref().and_then(|active| active.0.crs_question.as_ref());
    let Some(question) = question else { return };
    let path = question.path.clone();
    // It may not open in that system: then it must not be tried again next time.
    asked.answered = Some((path.clone(), *answer));
    let before = wanted.of(&path);
    wanted.0 = Some((
        path.clone(),
        OpenWishes {
            crs: Some(*answer),
            ..before
        },
    ));
    open.write(OpenPath(path));
}

/// Finds out what a number means, off the main thread: PROJ looks it up in its database.
fn start_looking(
    mut numbers: MessageReader<LookAtSystem>,
    mut asked: ResMut<AskedSystem>,
    active: Option<Res<ActiveScenario>>,
) {
    let question = active.as_ref().and_then(|active| active.0.crs_question.as_ref());
    let (Some(LookAtSystem(number)), Some(question)) = (numbers.read().last(), question) else {
        return;
    };
    let (number, [low, high]) = (number.clone(), question.bounds);
    asked.looking = Some(AsyncComputeTaskPool::get().spawn(async move {
        let answer = answer_of(&number);
        let place = answer.and_then(|answer| match answer {
            CrsAnswer::In(crs) => placed_in(crs, low, high),
            CrsAnswer::Nowhere => None,
        });
        (number, answer, place)
    }));
}

/// What a person means by a number: with or without the letters before it.
fn answer_of(number: &str) -> Option<CrsAnswer> {
    let number = number.trim();
    let is_bare = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let answer: CrsAnswer = if is_bare {
        format!("EPSG:{number}").parse()
    } else {
        number.parse()
    }
    .ok()?;
    // "No place" is a row of its own.
    (answer != CrsAnswer::Nowhere).then_some(answer)
}

fn finish_looking(mut asked: ResMut<AskedSystem>, choices: Res<Choices>) {
    let asked = asked.bypass_change_detection();
    let Some(found) = asked
        .looking
        .as_mut()
        .and_then(|task| future::block_on(future::poll_once(task)))
    else {
        return;
    };
    asked.looking = None;
    let (number, answer, place) = found;
    let language = &choices.language;
    let typed = match (answer, place) {
        (None, _) => TypedSystem {
            number,
            answer: None,
            words: tr(language, "system-unknown"),
        },
        (Some(_), None) => TypedSystem {
            number,
            answer: None,
            words: tr(language, "system-off"),
        },
        (answer, Some(place)) => TypedSystem {
            number,
            answer,
            words: place_words(&place, language),
        },
    };
    if let Some(state) = &mut asked.state {
        state.typed = Some(typed);
    }
}

/// The question in words.
fn state_of(question: &CrsQuestion, language: &Language) -> SystemState {
    let choice = |likely: &LikelyCrs| SystemChoice {
        answer: CrsAnswer::In(likely.crs),
        name: system_name(Some(likely.crs), language),
        place: place_words(likely, language),
    };
    let mut choices: Vec<SystemChoice> = question.likely.iter().map(choice).collect();
    let taken = question.taken.map_or(CrsAnswer::Nowhere, CrsAnswer::In);
    let is_listed = choices.iter().any(|choice| choice.answer == taken);
    choices.extend(question.taken_place.as_ref().filter(|_| !is_listed).map(choice));
    choices.push(SystemChoice {
        answer: CrsAnswer::Nowhere,
        name: system_name(None, language),
        place: tr(language, "system-nowhere-detail"),
    });
    SystemState {
        file: short_name(&question.path),
        said: question.said.clone(),
        is_overruled: question.is_overruled,
        shown: choices.iter().position(|choice| choice.answer == taken),
        choices,
        typed: None,
    }
}

/// What a system is called; `None` is no system at all.
pub(super) fn system_name(crs: Option<Crs>, language: &Language) -> String {
    let Some(crs) = crs else {
        return tr(language, "system-nowhere");
    };
    let utm = |zone: u32| tr_args(language, "system-utm", &[("zone", &zone.to_string())]);
    match crs.0 {
        28992 | 7415 => tr(language, "system-rd"),
        4326 | 4258 => tr(language, "system-degrees"),
        25828..=25838 => utm(crs.0 - 25800),
        32601..=32660 => utm(crs.0 - 32600),
        3857 => tr(language, "system-web-mercator"),
        31370 => tr(language, "system-lambert72"),
        3812 => tr(language, "system-lambert2008"),
        3035 => tr(language, "system-laea"),
        _ => crs.to_string(),
    }
}

/// Where a file lies, by the nearest town.
fn place_words(place: &LikelyCrs, language: &Language) -> String {
    match nearest_town(place.lon_deg, place.lat_deg) {
        Some((town, km)) if km < 4.0 => tr_args(language, "system-near", &[("town", &town_name(town, language))]),
        Some((town, km)) => {
            let (town, km) = (town_name(town, language), format!("{km:.0}"));
            tr_args(language, "system-km-from", &[("town", &town), ("km", &km)])
        }
        None => {
            let at = format_lat_lon(place.lat_deg, place.lon_deg, language);
            tr_args(language, "system-at", &[("place", &at)])
        }
    }
}

/// What a town is called in a language, by its Dutch name.
fn town_name(town: &str, language: &Language) -> String {
    // The words to choose by cannot have blanks.
    tr_args(
        language,
        "town-name",
        &[("town", town), ("key", &town.replace(' ', "-"))],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::math::DVec2;
    use std::path::Path;

    #[test]
    fn the_question_is_put_with_where_the_file_lies_in_each_system() {
        let language = Language::from_code("nl").unwrap();
        let bounds = [DVec2::new(251_000.0, 476_000.0), DVec2::new(251_500.0, 476_500.0)];
        let question = CrsQuestion::new(Path::new("/data/plan.csv"), None, bounds, Some(Crs::RD));
        let state = state_of(&question, &language);
        assert_eq!(state.file, "plan.csv");
        assert_eq!(state.shown, Some(0));
        assert!(state.choices[0].place.contains("Hengelo"), "{state:?}");
        assert_eq!(state.choices.last().unwrap().answer, CrsAnswer::Nowhere);

        let elsewhere = CrsQuestion::new(
            Path::new("a.csv"),
            None,
            [DVec2::new(600_000.0, 5e6); 2],
            Some(Crs(32618)),
        );
        let state = state_of(&elsewhere, &language);
        let shown = &state.choices[state.shown.unwrap()];
        assert_eq!(shown.answer, CrsAnswer::In(Crs(32618)));
        // Far from every town in degrees, as they are written everywhere else.
        assert!(
            shown.place.contains("45,1") && shown.place.contains("° NB 73,") && shown.place.ends_with("° WL"),
            "{}",
            shown.place
        );
    }

    #[test]
    fn towns_are_called_as_the_reader_calls_them() {
        let names = |code: &str| {
            let language = Language::from_code(code).unwrap();
            ["Luik", "Den Haag", "Bergen op Zoom"].map(|town| town_name(town, &language))
        };
        assert_eq!(names("nl"), ["Luik", "Den Haag", "Bergen op Zoom"]);
        assert_eq!(names("en"), ["Liège", "The Hague", "Bergen op Zoom"]);
    }

    #[test]
    fn a_number_is_taken_with_and_without_its_letters() {
        assert_eq!(answer_of(" 31370 "), Some(CrsAnswer::In(Crs(31370))));
        assert_eq!(answer_of("epsg:28992"), Some(CrsAnswer::In(Crs::RD)));
        for wrong in ["", "none", "99999", "5709", "RD"] {
            assert_eq!(answer_of(wrong), None, "{wrong}");
        }
    }
}
