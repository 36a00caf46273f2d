//! Words that wait for somebody to read them.

use crate::export::theme_word;
use crate::lenses::participation::kiosk::keeping::Keeping;
use crate::model::Scenario;
use crate::model::reaction::{Moderation, Reaction, Words};
use crate::text::{Language, tr, tr_args};
use crate::ui::large::{Large, LargeButton, LargeRole, button, grid, label, paragraph};
use bevy_egui::egui::{Rect, Stroke, Ui, pos2};
use egui_phosphor::regular;
use std::collections::HashMap;

/// How many words wait, of those that were listed.
pub(super) fn count_waiting(keeping: &Keeping) -> usize {
    let listed = keeping
        .listed()
        .map(|listed| listed.reactions.as_slice())
        .unwrap_or_default();
    let waiting = |reaction: &&Reaction| {
        reaction
            .words
            .as_ref()
            .is_some_and(|words| words.moderation == Moderation::Waiting)
    };
    listed.iter().filter(waiting).count()
}

/// The page: which part of the list is shown.
#[derive(Default)]
pub(super) struct WordsPage {
    first: usize,
    /// Ids in the order of the list. It stays while the page is open, so that nothing slides under a finger.
    order: Vec<i64>,
    /// Whose words are about to be deleted: asked once more.
    asks_delete: Option<i64>,
}

/// What is done with somebody's words.
enum Does {
    Decide(i64, Moderation),
    Delete(i64),
}

impl WordsPage {
    pub(super) fn show(
        &mut self,
        ui: &Ui,
        rest: Rect,
        keeping: &mut Keeping,
        scenario: Option<&Scenario>,
        language: &Language,
    ) {
        let large = Large::of(ui.ctx());
        let Some(listed) = keeping.listed() else {
            label(
                ui,
                rest,
                &tr(language, "staff-loading"),
                LargeRole::Body,
                large.tokens.muted,
            );
            return;
        };
        let all: HashMap<i64, (&Reaction, &Words)> = listed
            .reactions
            .iter()
            .filter_map(|reaction| Some((reaction.id, (reaction, reaction.words.as_ref()?))))
            .collect();
        if self.order.is_empty() {
            // Those that wait come first; within a state the order is chance.
            self.order = all.keys().copied().collect();
            self.order.sort_by_key(|id| (all[id].1.moderation, *id));
        }
        let with_words: Vec<(&Reaction, &Words)> = self.order.iter().filter_map(|id| all.get(id).copied()).collect();
        if with_words.is_empty() {
            label(
                ui,
                rest,
                &tr(language, "staff-no-words"),
                LargeRole::Body,
                large.tokens.muted,
            );
            return;
        }
        let row = large.target() * 2.0 + large.gap();
        let list = rest.with_max_y(rest.bottom() - large.target() - large.gap());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a few rows, not negative"
        )]
        let per_page = ((list.height() + large.gap()) / (row + large.gap())).floor().max(1.0) as usize;
        if self.first >= with_words.len() {
            self.first = (with_words.len() - 1) / per_page * per_page;
        }
        let mut does = None;
        for (number, (reaction, words)) in with_words.iter().skip(self.first).take(per_page).enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "a few rows")]
            let top = list.top() + number as f32 * (row + large.gap());
            let at = Rect::from_min_max(pos2(list.left(), top), pos2(list.right(), top + row));
            let asks = self.asks_delete == Some(reaction.id);
            let place = self.first + number + 1;
            does = does.or(show_one(ui, at, (place, asks), reaction, words, scenario, language));
        }
        let total = with_words.len();
        self.show_pages(ui, rest, total, per_page, language);
        match does {
            Some(Does::Decide(id, moderation)) => {
                self.asks_delete = None;
                keeping.moderate(id, moderation);
            }
            Some(Does::Delete(id)) if self.asks_delete == Some(id) => {
                self.asks_delete = None;
                keeping.delete_words(id);
            }
            Some(Does::Delete(id)) => self.asks_delete = Some(id),
            None => {}
        }
    }

    fn show_pages(&mut self, ui: &Ui, rest: Rect, total: usize, per_page: usize, language: &Language) {
        let large = Large::of(ui.ctx());
        let at = rest.with_min_y(rest.bottom() - large.target());
        let places = grid(at, 3, 3, large.gap());
        let before = tr(language, "staff-page-before");
        let look = LargeButton::plain(regular::CARET_LEFT, &before).enabled(self.first > 0);
        if button(ui, places[0], &look).clicked() {
            self.first = self.first.saturating_sub(per_page);
        }
        let last = (self.first + per_page).min(total);
        let shown = tr_args(
            language,
            "staff-page-of",
            &[
                ("first", &(self.first + 1).to_string()),
                ("last", &last.to_string()),
                ("total", &total.to_string()),
            ],
        );
        label(ui, places[1], &shown, LargeRole::Body, large.tokens.ink);
        let after = tr(language, "staff-page-after");
        let look = LargeButton::plain(regular::CARET_RIGHT, &after).enabled(last < total);
        if button(ui, places[2], &look).clicked() {
            self.first += per_page;
        }
    }
}

fn show_one(
    ui: &Ui,
    at: Rect,
    (number, asks_delete): (usize, bool),
    reaction: &Reaction,
    words: &Words,
    scenario: Option<&Scenario>,
    language: &Language,
) -> Option<Does> {
    let large = Large::of(ui.ctx());
    let line = Stroke::new(1.0, large.tokens.hairline);
    ui.painter().hline(at.x_range(), at.bottom() + large.gap() / 2.0, line);
    let text = at.with_max_y(at.top() + large.target());
    let about = about(reaction, words, scenario, language);
    paragraph(
        ui,
        text.with_max_x(at.right() - at.width() * 0.3),
        &format!("“{}”", words.text),
        LargeRole::Body,
        large.tokens.ink,
    );
    paragraph(
        ui,
        text.with_min_x(at.right() - at.width() * 0.28),
        &about.join(" · "),
        LargeRole::Small,
        large.tokens.muted,
    );
    let row = at.with_min_y(at.bottom() - large.target());
    let named = |words: String| format!("{words} ({number})");
    let buttons = [
        (
            regular::EYE,
            named(tr(language, "staff-words-release")),
            words.moderation == Moderation::Released,
            Does::Decide(reaction.id, Moderation::Released),
        ),
        (
            regular::EYE_SLASH,
            named(tr(language, "staff-words-withhold")),
            words.moderation == Moderation::Withheld,
            Does::Decide(reaction.id, Moderation::Withheld),
        ),
        (
            regular::TRASH,
            named(if asks_delete {
                tr(language, "staff-delete-sure")
            } else {
                tr(language, "staff-words-delete")
            }),
            asks_delete,
            Does::Delete(reaction.id),
        ),
    ];
    let mut done = None;
    for (place, (icon, name, is_on, does)) in grid(row, 3, 3, large.gap()).into_iter().zip(buttons) {
        if button(ui, place, &LargeButton::plain(icon, &name).chosen(is_on)).clicked() {
            done = Some(does);
        }
    }
    done
}

/// What is known of the words, so that who reads them knows what they are about: plan, subject, what was decided, and
/// whether it was practice. Neither the face nor the spot, which say nothing about the words but much about their writer.
fn about(reaction: &Reaction, words: &Words, scenario: Option<&Scenario>, language: &Language) -> Vec<String> {
    let code = language.code();
    let variants = scenario
        .map(|scenario| scenario.variants.as_slice())
        .unwrap_or_default();
    let variant = variants.iter().find(|variant| variant.id == reaction.variant);
    let state = match words.moderation {
        Moderation::Waiting => tr(language, "staff-words-state-waiting"),
        Moderation::Released => tr(language, "staff-words-state-released"),
        Moderation::Withheld => tr(language, "staff-words-state-withheld"),
    };
    [variant.map(|variant| variant.title.get(&code).to_owned())]
        .into_iter()
        .chain([reaction.theme.map(|theme| theme_word(theme, language)), Some(state)])
        .chain([reaction.is_trial.then(|| tr(language, "staff-words-trial"))])
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::smiley_word;
    use crate::model::edit::tests::scenario;
    use crate::model::reaction::tests::reaction;
    use crate::model::reaction::{Smiley, Spot};

    #[test]
    fn beside_words_stand_the_plan_and_the_subject_but_never_the_face_or_the_spot() {
        let nl = Language::from_code("nl").expect("Dutch");
        let scenario = scenario();
        let plan = scenario.variants.last().expect("a variant");
        let mut said = reaction(4);
        said.variant.clone_from(&plan.id);
        said.theme = Some(crate::model::reaction::Theme::Green);
        said.is_trial = true;
        let words = said.words.clone().expect("words");
        let mut seen = Vec::new();
        for smiley in Smiley::ALL {
            for spot in [
                None,
                Some(Spot::Rd {
                    x_m: 251_123,
                    y_m: 476_123,
                }),
            ] {
                (said.smiley, said.spot) = (smiley, spot);
                seen.push(about(&said, &words, Some(&scenario), &nl));
            }
        }
        assert!(seen.iter().all(|about| *about == seen[0]), "{seen:?}");
        let told = seen[0].join(" · ");
        assert!(
            told.contains(plan.title.get("nl")) && told.contains("Groen") && told.contains("oefening"),
            "{told}"
        );
        assert!(
            !Smiley::ALL
                .iter()
                .any(|smiley| seen[0].contains(&smiley_word(*smiley, &nl)))
        );
    }
}
