//! How long an answer may be used without asking again (RFC 9111), and whether it may be used when no better one can be had
//! (RFC 5861).
//!
//! Times are seconds since 1970. What says nothing of itself is taken as fresh for a tenth of its age, an hour at least and a
//! day at most: tiles change seldom, and asking about each of a thousand costs more than a picture of yesterday.

use crate::sources::http::{AnswerHeaders, Validators};
use serde::{Deserialize, Serialize};

/// Least and most time that an answer is fresh which says nothing of it.
const GUESSED_S: std::ops::RangeInclusive<i64> = 3600..=86_400;
/// No answer is fresh for longer, whatever it says: a year, as the specification advises.
const LONGEST_S: i64 = 366 * 86_400;

/// What is kept beside an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freshness {
    /// `ETag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// `Last-Modified`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// Used without asking until then.
    pub fresh_until_s: i64,
    /// Used when asking fails, until then.
    pub serves_until_s: i64,
}

impl Freshness {
    /// What an answer that came at `now_s` says; `None` where it must not be kept.
    pub fn of(headers: &AnswerHeaders, now_s: i64) -> Option<Self> {
        let control = Control::of(&headers.cache_control);
        if control.no_store {
            return None;
        }
        let age_s = headers
            .age_s
            .map_or(0, |age| i64::try_from(age).unwrap_or(LONGEST_S))
            .min(LONGEST_S);
        let date_s = headers.date.as_deref().and_then(seconds_of);
        let by_expires = || {
            let expires = headers.expires.as_deref()?;
            // What cannot be read, `0` among it, has expired.
            Some(seconds_of(expires).map_or(0, |at| at.saturating_sub(date_s.unwrap_or(now_s))))
        };
        let guessed = || {
            let modified = headers.validators.last_modified.as_deref().and_then(seconds_of);
            let old_s = modified.map_or(0, |at| now_s.saturating_sub(at));
            (old_s / 10).clamp(*GUESSED_S.start(), *GUESSED_S.end())
        };
        let lasts_s = if control.no_cache {
            0
        } else {
            control.max_age_s.or_else(by_expires).unwrap_or_else(guessed)
        };
        let fresh_until_s = now_s.saturating_add(lasts_s.saturating_sub(age_s).clamp(0, LONGEST_S));
        let serves_s = match control.stale_if_error_s {
            Some(seconds) => seconds.clamp(0, LONGEST_S),
            None if control.must_revalidate => 0,
            None => LONGEST_S,
        };
        Some(Self {
            etag: headers.validators.etag.clone(),
            last_modified: headers.validators.last_modified.clone(),
            fresh_until_s,
            serves_until_s: fresh_until_s.saturating_add(serves_s),
        })
    }

    /// By what the server knows this version.
    pub fn validators(&self) -> Validators {
        Validators {
            etag: self.etag.clone(),
            last_modified: self.last_modified.clone(),
        }
    }

    /// The same after the server said at `now_s` that nothing changed. What it did not repeat stays.
    #[must_use]
    pub fn confirmed(&self, headers: &AnswerHeaders, now_s: i64) -> Self {
        let says_nothing = headers.cache_control.is_empty() && headers.expires.is_none();
        let mut new = Self::of(headers, now_s).unwrap_or_default();
        if says_nothing {
            new.fresh_until_s = now_s.saturating_add(*GUESSED_S.start());
            new.serves_until_s = new.fresh_until_s.saturating_add(LONGEST_S);
        }
        new.etag = new.etag.or_else(|| self.etag.clone());
        new.last_modified = new.last_modified.or_else(|| self.last_modified.clone());
        new
    }

    /// Whether it is used without asking. What was written by a clock that ran far ahead is asked about.
    pub fn is_fresh(&self, now_s: i64) -> bool {
        now_s < self.fresh_until_s && self.fresh_until_s <= now_s.saturating_add(LONGEST_S)
    }

    /// Whether it serves where asking failed.
    pub fn serves(&self, now_s: i64) -> bool {
        now_s < self.serves_until_s
    }
}

/// The parts of `Cache-Control` that count for a cache of one person.
#[derive(Default)]
struct Control {
    no_store: bool,
    no_cache: bool,
    must_revalidate: bool,
    max_age_s: Option<i64>,
    stale_if_error_s: Option<i64>,
}

impl Control {
    fn of(text: &str) -> Self {
        let mut control = Self::default();
        for part in text.split(',') {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            // A number that cannot be read counts as none left.
            let seconds = || {
                Some(
                    value
                        .trim()
                        .trim_matches('"')
                        .parse::<i64>()
                        .unwrap_or(0)
                        .clamp(0, LONGEST_S),
                )
            };
            match name.trim().to_ascii_lowercase().as_str() {
                "no-store" => control.no_store = true,
                "no-cache" => control.no_cache = true,
                "must-revalidate" => control.must_revalidate = true,
                "max-age" => control.max_age_s = seconds(),
                "stale-if-error" => control.stale_if_error_s = seconds(),
                _ => {}
            }
        }
        control
    }
}

/// A date of HTTP.
fn seconds_of(date: &str) -> Option<i64> {
    let at = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(date.trim())
        .ok()?;
    Some(at.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_S: i64 = 1_445_412_450;

    fn said(cache_control: &str) -> AnswerHeaders {
        AnswerHeaders {
            cache_control: cache_control.to_owned(),
            ..AnswerHeaders::default()
        }
    }

    fn lasts_s(headers: &AnswerHeaders) -> Option<i64> {
        Freshness::of(headers, NOW_S).map(|fresh| fresh.fresh_until_s - NOW_S)
    }

    #[test]
    fn an_answer_is_fresh_for_as_long_as_it_says() {
        for (cache_control, expected) in [
            ("max-age=600", Some(600)),
            ("public, Max-Age=\"600\", s-maxage=5", Some(600)),
            ("max-age=600, no-cache", Some(0)),
            ("max-age=-5", Some(0)),
            ("max-age=soon", Some(0)),
            ("max-age=99999999999999999999", Some(0)),
            ("max-age=999999999999", Some(LONGEST_S)),
            ("private, no-store", None),
            ("", Some(3600)),
        ] {
            assert_eq!(lasts_s(&said(cache_control)), expected, "{cache_control}");
        }
        let aged = AnswerHeaders {
            age_s: Some(100),
            ..said("max-age=600")
        };
        assert_eq!(lasts_s(&aged), Some(500));
        let in_ten_minutes = AnswerHeaders {
            date: Some("Wed, 21 Oct 2015 07:27:30 GMT".into()),
            expires: Some("Wed, 21 Oct 2015 07:37:30 GMT".into()),
            ..said("")
        };
        assert_eq!(lasts_s(&in_ten_minutes), Some(600));
        let unreadable = AnswerHeaders {
            expires: Some("0".into()),
            ..said("")
        };
        assert_eq!(lasts_s(&unreadable), Some(0));
        let old = |modified: &str| AnswerHeaders {
            validators: Validators {
                etag: None,
                last_modified: Some(modified.into()),
            },
            ..said("")
        };
        assert_eq!(lasts_s(&old("Wed, 21 Oct 2015 00:00:00 GMT")), Some(3600));
        assert_eq!(lasts_s(&old("Mon, 21 Oct 2013 07:27:30 GMT")), Some(86_400));
        assert_eq!(lasts_s(&old("Tue, 20 Oct 2015 11:27:30 GMT")), Some(7200));
    }

    #[test]
    fn an_old_answer_serves_where_none_can_be_had_unless_it_forbids_that() {
        let serves = |cache_control: &str, after_s: i64| {
            Freshness::of(&said(cache_control), NOW_S)
                .unwrap()
                .serves(NOW_S + after_s)
        };
        assert!(serves("max-age=10", 86_400));
        assert!(!serves("max-age=10, must-revalidate", 11));
        assert!(serves("max-age=10, stale-if-error=60", 69) && !serves("max-age=10, stale-if-error=60", 71));
        assert!(serves("max-age=10, must-revalidate, stale-if-error=60", 69));
    }

    #[test]
    fn a_version_that_is_still_right_keeps_its_name_and_is_fresh_again() {
        let first = Freshness::of(
            &AnswerHeaders {
                validators: Validators {
                    etag: Some("\"1\"".into()),
                    last_modified: None,
                },
                ..said("max-age=10")
            },
            NOW_S,
        )
        .unwrap();
        let later = NOW_S + 1000;
        assert!(first.is_fresh(NOW_S + 9) && !first.is_fresh(later));
        let again = first.confirmed(&said("max-age=20"), later);
        assert_eq!(
            (again.etag.as_deref(), again.fresh_until_s),
            (Some("\"1\""), later + 20)
        );
        assert!(first.confirmed(&AnswerHeaders::default(), later).is_fresh(later + 60));
        assert!(!first.is_fresh(NOW_S - 2 * LONGEST_S), "kept by a clock that ran ahead");
    }
}
