//! Attributes of one `GeoJSON` feature, read with their checks; a bad value is named and counts as unknown.

use super::findings::Findings;
use super::geojson::Feature;
use crate::sources::Cause;
use crate::sources::json_text::display;
use crate::sources::table::NumberStyle;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The attributes of a feature and where their problems go.
pub(super) struct Properties<'a> {
    feature: &'a Feature,
    findings: &'a mut Findings,
}

impl<'a> Properties<'a> {
    /// Reads from `feature`.
    pub(super) fn new(feature: &'a Feature, findings: &'a mut Findings) -> Self {
        Self { feature, findings }
    }

    fn get(&self, key: &str) -> Option<&'a Value> {
        self.feature.properties.get(key).filter(|value| !value.is_null())
    }

    fn reject(&mut self, key: &str, expected: &str, value: &Value) {
        let place = format!("features[{}].properties.{key}", self.feature.index);
        let message = format!("expected {expected}, found {}; it counts as unknown", display(value));
        self.findings.warning_because(Cause::Value, place, message);
    }

    /// Reports about the feature as a whole.
    pub(super) fn warn(&mut self, message: &str) {
        self.findings
            .warning(format!("features[{}]", self.feature.index), message);
    }

    /// A text; numbers count as their digits.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        match self.get(key)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            other => {
                self.reject(key, "a text", other);
                None
            }
        }
    }

    /// A number within `range`.
    pub(super) fn number(&mut self, key: &str, range: std::ops::RangeInclusive<f64>) -> Option<f64> {
        let value = self.get(key)?;
        let number = value.as_f64().filter(|number| range.contains(number));
        if number.is_none() {
            let expected = format!("a number between {} and {}", range.start(), range.end());
            self.reject(key, &expected, value);
        }
        number
    }

    /// A whole number within `range`; `3.0` is one.
    pub(super) fn integer(&mut self, key: &str, range: std::ops::RangeInclusive<i32>) -> Option<i32> {
        let value = self.get(key)?;
        let whole = value.as_i64().or_else(|| {
            let number = value.as_f64().filter(|n| n.fract() == 0.0)?;
            format!("{number:.0}").parse().ok()
        });
        let number = whole.and_then(|n| i32::try_from(n).ok()).filter(|n| range.contains(n));
        if number.is_none() {
            let expected = format!("a whole number between {} and {}", range.start(), range.end());
            self.reject(key, &expected, value);
        }
        number
    }

    /// A number within `range`, or a text that is one in any style: what spreadsheets make of an attribute.
    pub(super) fn measure(&mut self, key: &str, range: std::ops::RangeInclusive<f64>) -> Option<f64> {
        let value = self.get(key)?;
        let number = match value {
            Value::String(text) if text.trim().is_empty() => return None,
            Value::String(text) => {
                let style = NumberStyle::of([text.as_str()]).unwrap_or(NumberStyle::Comma);
                style.number(text)
            }
            _ => value.as_f64(),
        };
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let expected = format!("a number between {} and {}", range.start(), range.end());
            self.reject(key, &expected, value);
        }
        number
    }

    /// A count within `range`, as a number or as a text.
    pub(super) fn count(&mut self, key: &str, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
        let number = self.measure(key, f64::from(*range.start())..=f64::from(*range.end()))?;
        let whole = format!("{number:.0}").parse().ok();
        if number.fract() != 0.0 {
            let value = self.get(key)?;
            self.reject(key, "a whole number", value);
            return None;
        }
        whole
    }

    /// A date; of a date with a time the date counts.
    pub(super) fn date(&mut self, key: &str) -> Option<jiff::civil::Date> {
        let value = self.get(key)?;
        if value.as_str() == Some("") {
            return None;
        }
        let date = value.as_str().and_then(|text| text.get(..10)?.parse().ok());
        if date.is_none() {
            self.reject(key, "a date like 2026-11-22", value);
        }
        date
    }

    /// One of the words of a file enumeration.
    pub(super) fn word<T: DeserializeOwned>(&mut self, key: &str, words: &str) -> Option<T> {
        let value = self.get(key)?;
        let word = serde_json::from_value(value.clone()).ok();
        if word.is_none() {
            self.reject(key, &format!("one of {words}"), value);
        }
        word
    }

    /// All attributes as texts, in file order; empty ones too.
    pub(super) fn all(&self) -> Vec<(String, String)> {
        let text = |value: &Value| match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        self.feature
            .properties
            .iter()
            .map(|(key, value)| (key.clone(), text(value)))
            .collect()
    }
}
