//! The list behind the quiet counter: what is wrong, where, what it means for the picture, and what to do about it.

use crate::text::{Language, tr, tr_count};
use crate::ui::widgets::{self, ButtonKind};
use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{Label, RichText, Ui};
use egui_phosphor::regular;

/// One problem, in words for who uses the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemRow {
    /// Something is missing, rather than only worth knowing.
    pub serious: bool,
    /// What is wrong and what to do, in plain words.
    pub what: String,
    /// The exact finding, in English, for whoever made the file.
    pub finding: String,
    /// In which file and where in it.
    pub place: String,
    /// What it means for what is seen.
    pub meaning: String,
}

/// What the list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProblemsState {
    /// The problems, the newest last. They are shown and copied the serious ones first, then by their words.
    pub rows: Vec<ProblemRow>,
    /// Something of a server could not be had, and can be asked for again.
    pub can_retry: bool,
}

/// What was asked for; numbers are places in [`ProblemsState::rows`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProblemsAction {
    /// Ask the servers again for what could not be had.
    Retry,
    /// Open the same file again, for who has mended it meanwhile.
    Reopen,
    /// Take it off the list.
    Ignore(usize),
    /// Take all off the list.
    IgnoreAll,
    /// The list was copied as text; say so.
    Copied,
}

/// More than this is not laid out; a data set with a million faults must not stop the program.
const MOST_SHOWN: usize = 200;

/// Shows the list.
pub fn show(ui: &mut Ui, state: &ProblemsState, language: &Language) -> Vec<ProblemsAction> {
    let mut actions = Vec::new();
    if state.rows.is_empty() {
        widgets::paragraph(ui, &tr(language, "problems-none"));
        return actions;
    }
    ui.horizontal_wrapped(|ui| {
        let retry = tr(language, "problems-retry");
        if state.can_retry && widgets::button(ui, regular::CLOUD_ARROW_DOWN, &retry, ButtonKind::Secondary).clicked() {
            actions.push(ProblemsAction::Retry);
        }
        let reopen = tr(language, "problems-reopen");
        if widgets::button(ui, regular::ARROW_CLOCKWISE, &reopen, ButtonKind::Secondary).clicked() {
            actions.push(ProblemsAction::Reopen);
        }
        if widgets::button(ui, regular::COPY, &tr(language, "problems-copy"), ButtonKind::Secondary).clicked() {
            ui.ctx().copy_text(as_text(state));
            actions.push(ProblemsAction::Copied);
        }
        if widgets::button(
            ui,
            regular::EYE_SLASH,
            &tr(language, "problems-ignore-all"),
            ButtonKind::Secondary,
        )
        .clicked()
        {
            actions.push(ProblemsAction::IgnoreAll);
        }
    });
    for group in alike(&state.rows) {
        widgets::separator(ui);
        if let Some(first) = group.first().and_then(|index| state.rows.get(*index)) {
            show_head(ui, first, language);
        }
        for index in group {
            if let Some(row) = state.rows.get(index) {
                ui.push_id(index, |ui| show_row(ui, index, row, language, &mut actions));
            }
        }
    }
    let more = state.rows.len().saturating_sub(MOST_SHOWN);
    if more > 0 {
        widgets::separator(ui);
        widgets::secondary(ui, &tr_count(language, "problems-more", more));
    }
    actions
}

/// The places of the rows that are shown, those that say the same together: a server that is down has one cause and many
/// files.
fn alike(rows: &[ProblemRow]) -> Vec<Vec<usize>> {
    let order = worst_first(rows, MOST_SHOWN);
    order
        .chunk_by(|a, b| words(rows, *a) == words(rows, *b))
        .map(<[usize]>::to_vec)
        .collect()
}

/// Places of at most `most` rows: the serious ones first, each sort by its words, what says the same as it was found.
fn worst_first(rows: &[ProblemRow], most: usize) -> Vec<usize> {
    // The list is laid out in every frame: only what is shown of it is sorted.
    let [serious, others] = [true, false].map(|wanted| {
        let places = rows.iter().enumerate().filter(move |(_, row)| row.serious == wanted);
        places.map(|(place, _)| place).take(most)
    });
    let mut order: Vec<usize> = serious.chain(others).take(most).collect();
    order.sort_by_key(|place| words(rows, *place));
    order
}

/// What is said of a row for all that are like it; the serious ones come first.
fn words(rows: &[ProblemRow], place: usize) -> Option<(bool, &str, &str)> {
    let row = rows.get(place)?;
    Some((!row.serious, &row.what, &row.meaning))
}

/// What is wrong, and what that means for the picture.
fn show_head(ui: &mut Ui, row: &ProblemRow, language: &Language) {
    let theme = Theme::of(ui.ctx());
    let (icon, color, word) = if row.serious {
        (regular::WARNING, theme.tokens.error, tr(language, "problems-error"))
    } else {
        (regular::INFO, theme.tokens.warning, tr(language, "problems-warning"))
    };
    ui.horizontal(|ui| {
        ui.add(Label::new(RichText::new(icon).size(theme.icon_size()).color(color)));
        ui.add(Label::new(
            RichText::new(word).size(theme.size(TextRole::Small)).color(color),
        ));
    });
    widgets::strong(ui, &row.what);
    if !row.meaning.is_empty() {
        widgets::paragraph(ui, &row.meaning);
    }
}

/// In which file it is, and what was found there.
fn show_row(ui: &mut Ui, index: usize, row: &ProblemRow, language: &Language, actions: &mut Vec<ProblemsAction>) {
    for line in [&row.place, &row.finding] {
        if !line.is_empty() {
            widgets::secondary(ui, line);
        }
    }
    ui.horizontal(|ui| {
        if widgets::button(
            ui,
            regular::EYE_SLASH,
            &tr(language, "problems-ignore"),
            ButtonKind::Quiet,
        )
        .clicked()
        {
            actions.push(ProblemsAction::Ignore(index));
        }
    });
}

/// The list as lines, for a mail to whoever made the data.
fn as_text(state: &ProblemsState) -> String {
    worst_first(&state.rows, state.rows.len())
        .into_iter()
        .filter_map(|place| state.rows.get(place))
        .map(|row| [row.place.as_str(), &row.finding, &row.what, &row.meaning].join("\t") + "\n")
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy_egui::egui::vec2;
    use egui_kittest::{Harness, kittest::Queryable as _};

    fn row(what: &str, place: &str) -> ProblemRow {
        ProblemRow {
            serious: true,
            what: what.into(),
            finding: String::new(),
            place: place.into(),
            meaning: "Dit deel wordt niet getoond.".into(),
        }
    }

    #[test]
    fn what_many_files_have_in_common_is_said_once_and_each_can_be_ignored() {
        let language = Language::from_code("nl").unwrap();
        let state = ProblemsState {
            rows: vec![
                row("De server geeft geen antwoord.", "a.glb"),
                row("Dit bestand is beschadigd.", "b.glb"),
                row("De server geeft geen antwoord.", "c.glb"),
            ],
            can_retry: false,
        };
        let mut harness = Harness::builder().with_size(vec2(480.0, 800.0)).build_ui_state(
            move |ui, asked: &mut Vec<ProblemsAction>| {
                Theme::new(false, 1.0).install(ui.ctx());
                asked.extend(show(ui, &state, &language));
            },
            Vec::new(),
        );
        harness.run();
        assert_eq!(harness.get_all_by_label("De server geeft geen antwoord.").count(), 1);
        let top = |name: &str| harness.get_by_label(name).rect().top();
        assert!(
            top("a.glb") < top("c.glb") && top("c.glb") < top("b.glb"),
            "those alike are together"
        );
        harness.get_all_by_label("Negeren").nth(1).unwrap().click();
        harness.run();
        assert_eq!(*harness.state(), [ProblemsAction::Ignore(2)]);
    }

    #[test]
    fn the_serious_ones_come_first_then_by_their_words_however_many_there_are() {
        let said = |what: &str, place: &str, serious| ProblemRow {
            serious,
            ..row(what, place)
        };
        let mut rows = vec![
            said("Een sleutel is onbekend.", "a", false),
            said("Dit bestand ontbreekt.", "b", true),
            said("De server geeft geen antwoord.", "c", true),
            said("Dit bestand ontbreekt.", "d", false),
            said("Dit bestand ontbreekt.", "e", true),
        ];
        assert_eq!(alike(&rows), [vec![2], vec![1, 4], vec![3], vec![0]]);
        let text = as_text(&ProblemsState {
            rows: rows.clone(),
            can_retry: false,
        });
        let places: Vec<&str> = text.lines().filter_map(|line| line.split('\t').next()).collect();
        assert_eq!(places, ["c", "b", "e", "d", "a"]);
        // A serious one after many others is among those that are shown.
        let warning = said("Een sleutel is onbekend.", "f", false);
        rows.splice(0..1, std::iter::repeat_n(warning, 2 * MOST_SHOWN));
        let shown = alike(&rows);
        assert_eq!(shown.iter().map(Vec::len).sum::<usize>(), MOST_SHOWN);
        assert_eq!(shown[0], [2 * MOST_SHOWN + 1]);
    }
}
