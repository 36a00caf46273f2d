//! What staff set for the kiosk of one scenario, kept beside its reactions.

use super::session::Patience;
use crate::text::Language;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

/// Under which name the settings are kept.
pub(super) const NAME: &str = "kiosk";
const VERSION: u32 = 1;

/// Seconds without a touch that can be set: from impatient to patient.
pub(super) const IDLE_S: (u32, u32) = (30, 600);
/// Seconds for the answer that can be set.
pub(super) const QUESTION_S: (u32, u32) = (15, 120);
/// Diagonals that can be set, inches.
pub(super) const DIAGONAL_INCH: (u32, u32) = (7, 100);
/// Most months until reactions are deleted.
pub(super) const MOST_MONTHS: i32 = 36;

/// Why every reaction is a trial, whatever staff set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ForcedPractice {
    /// The area is made up.
    Example,
    /// The kiosk was started so.
    Started,
}

/// The settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Settings {
    version: u32,
    /// The code of staff, hashed; empty before it was chosen.
    pub(super) code: String,
    /// Diagonal of the screen, inches.
    pub(super) diagonal_inch: u32,
    /// Seconds without a touch until it is asked whether anybody is there.
    pub(super) idle_s: u32,
    /// Seconds for the answer.
    pub(super) question_s: u32,
    /// Codes of the languages, the first greets.
    pub(super) languages: Vec<String>,
    /// From when on the exhibition is open, and until when; always where it is `None`.
    pub(super) hours: Option<(u8, u8)>,
    /// Reactions are trials.
    pub(super) practice: bool,
    /// The day on which every reaction is deleted.
    pub(super) delete_on: Option<Date>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: VERSION,
            code: String::new(),
            diagonal_inch: 24,
            idle_s: 90,
            question_s: 30,
            languages: vec!["nl".into(), "en".into(), "de".into()],
            hours: None,
            practice: false,
            delete_on: None,
        }
    }
}

impl Settings {
    /// Reads what was kept; `None` for what this program does not know, so that nobody's code is taken for none.
    pub(super) fn read(text: &str) -> Option<Self> {
        let read: Self = serde_json::from_str(text).ok()?;
        (read.version == VERSION).then(|| read.within_bounds())
    }

    /// As it is kept.
    pub(super) fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    fn within_bounds(mut self) -> Self {
        self.diagonal_inch = self.diagonal_inch.clamp(DIAGONAL_INCH.0, DIAGONAL_INCH.1);
        self.idle_s = self.idle_s.clamp(IDLE_S.0, IDLE_S.1);
        self.question_s = self.question_s.clamp(QUESTION_S.0, QUESTION_S.1);
        self.hours = self.hours.filter(|(from, until)| from < until && *until <= 24);
        self
    }

    /// How long may be waited.
    pub(super) fn patience(&self) -> Patience {
        // Both are bounded and small.
        #[expect(clippy::cast_precision_loss, reason = "a few hundred seconds")]
        let seconds = |whole: u32| whole as f32;
        Patience {
            idle_s: seconds(self.idle_s),
            question_s: seconds(self.question_s),
        }
    }

    /// The languages that visitors choose from, at least one.
    pub(super) fn spoken(&self) -> Vec<Language> {
        let known = Language::at_kiosk();
        let wanted = self.languages.iter();
        let spoken: Vec<Language> = wanted
            .filter_map(|code| known.iter().find(|language| language.code() == *code).cloned())
            .collect();
        if spoken.is_empty() {
            vec![Language::default()]
        } else {
            spoken
        }
    }

    /// Adds a language or takes it out; the last one stays.
    pub(super) fn toggle_language(&mut self, code: &str) {
        if let Some(place) = self.languages.iter().position(|known| known == code) {
            if self.languages.len() > 1 {
                self.languages.remove(place);
            }
        } else {
            self.languages.push(code.to_owned());
            // The order in which they were before stays: the first one greets.
            let usual = Self::default().languages;
            let place = |code: &String| usual.iter().position(|known| known == code).unwrap_or(usize::MAX);
            self.languages.sort_by_key(place);
        }
    }

    /// Whether the exhibition is open at a time of day.
    pub(super) fn is_open_at(&self, time: Time) -> bool {
        let hour = u8::try_from(time.hour()).unwrap_or_default();
        self.hours.is_none_or(|(from, until)| (from..until).contains(&hour))
    }

    /// Whether the day has come on which every reaction is deleted.
    pub(super) fn is_due(&self, today: Date) -> bool {
        self.delete_on.is_some_and(|day| today >= day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};

    #[test]
    fn settings_come_back_as_they_were() {
        let settings = Settings {
            code: "$argon2id$x".into(),
            diagonal_inch: 55,
            hours: Some((9, 17)),
            practice: true,
            delete_on: Some(date(2027, 3, 1)),
            languages: vec!["de".into()],
            ..Settings::default()
        };
        assert_eq!(Settings::read(&settings.write()), Some(settings));
    }

    #[test]
    fn what_is_strange_is_refused_and_what_is_out_of_bounds_is_brought_back() {
        assert_eq!(Settings::read("not JSON"), None);
        assert_eq!(Settings::read(r#"{"version": 2, "code": "x"}"#), None);
        let read = Settings::read(r#"{"version": 1, "diagonal_inch": 9000, "idle_s": 0, "hours": [17, 9]}"#);
        let read = read.expect("readable");
        assert_eq!((read.diagonal_inch, read.idle_s, read.hours), (100, 30, None));
    }

    #[test]
    fn the_last_language_stays() {
        let mut settings = Settings::default();
        for code in ["nl", "en", "de", "de"] {
            settings.toggle_language(code);
        }
        assert_eq!(settings.languages, ["de"]);
        settings.toggle_language("nl");
        let spoken: Vec<String> = settings.spoken().iter().map(Language::code).collect();
        assert_eq!(spoken, ["nl", "de"]);
        settings.languages = vec!["tlh".into()];
        assert_eq!(settings.spoken(), [Language::default()]);
    }

    #[test]
    fn hours_and_the_last_day_count_from_their_first_moment() {
        let settings = Settings {
            hours: Some((9, 17)),
            delete_on: Some(date(2027, 3, 1)),
            ..Settings::default()
        };
        assert!(settings.is_open_at(time(9, 0, 0, 0)) && settings.is_open_at(time(16, 59, 59, 0)));
        assert!(!settings.is_open_at(time(8, 59, 0, 0)) && !settings.is_open_at(time(17, 0, 0, 0)));
        assert!(settings.is_due(date(2027, 3, 1)) && !settings.is_due(date(2027, 2, 28)));
        assert!(!Settings::default().is_due(date(2999, 1, 1)));
    }
}
