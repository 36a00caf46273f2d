//! `GeoJSON` ([RFC 7946](https://www.rfc-editor.org/rfc/rfc7946), and the older `crs` member): a collection feature by
//! feature, a single feature or geometry, and a sequence of features with or without record separators.
//!
//! A damaged feature is named and left out. Where the text itself breaks off, the features before it are kept; a
//! sequence goes on at its next line. The text stays in memory, of its values only those of one feature.

mod feature;

use super::MAX_FEATURES;
use super::record::{GeometryKind, VectorFeature};
use crate::sources::json_text::{self, display};
use crate::sources::{Cause, Problem};
use feature::feature;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};

/// Largest single feature, bytes: its values take many times that in memory.
const MAX_FEATURE_BYTES: usize = 32 << 20;
/// Most places of a sequence that are no JSON: what has more of them is no sequence.
const MAX_BROKEN: usize = 200;

/// What the parts of the text are, found without reading the features.
#[derive(Debug)]
pub(crate) struct Document {
    text: String,
    path: String,
    shape: Shape,
    /// Name of the CRS, where the file gives one.
    pub(crate) crs: Option<String>,
    /// Name of the collection.
    pub(crate) name: Option<String>,
    /// What is wrong with the file as a whole.
    pub(crate) problems: Vec<Problem>,
    /// Where the text breaks off.
    broken: Option<Problem>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    /// The features of a collection begin at this byte.
    Collection(usize),
    /// The text is one feature or geometry.
    Single,
    /// Features one after the other.
    Sequence,
}

/// What the value of the key `type` is at the top of a JSON text; `None` where there is none.
pub(super) fn top_level_type(text: &str) -> Option<String> {
    let text = text.trim_start_matches(['\u{feff}', '\u{1e}']);
    let mut found = None;
    let _end = members(text, |key, at| {
        if key == "type" {
            found = one::<String>(text, at).ok().map(|(value, _)| value);
            return Ok(None);
        }
        Ok(None)
    });
    found
}

/// Whether a top-level `type` is one of `GeoJSON`.
pub(super) fn is_type(kind: &str) -> bool {
    matches!(kind, "FeatureCollection" | "Feature" | "GeometryCollection") || GeometryKind::of_name(kind).is_some()
}

impl Document {
    /// Looks through the checked `text`.
    pub(crate) fn open(text: String, path: &str) -> Result<Self, Problem> {
        let mut document = Self {
            path: path.to_owned(),
            shape: Shape::Single,
            crs: None,
            name: None,
            problems: Vec::new(),
            broken: None,
            text,
        };
        if document.text.trim_start().starts_with('\u{1e}') {
            document.shape = Shape::Sequence;
            return Ok(document);
        }
        let mut features_at = None;
        let mut kind = None;
        let mut crs = None;
        let mut name = None;
        let text = &document.text;
        let end = members(text, |key, at| {
            match key {
                "features" if text[at..].starts_with('[') => features_at = Some(at + 1),
                "crs" => {
                    let (value, end) = one_value(text, at)?;
                    crs = Some(value);
                    return Ok(Some(end));
                }
                "type" | "name" => {
                    let (value, end) = one_value(text, at)?;
                    let word = value.as_str().map(ToOwned::to_owned);
                    *(if key == "type" { &mut kind } else { &mut name }) = word;
                    return Ok(Some(end));
                }
                _ => {}
            }
            Ok(None)
        });
        document.name = name;
        document.take_crs(crs);
        let kind = kind.unwrap_or_default();
        let rest = end.as_ref().map_or("", |end| document.text[*end..].trim_start());
        if kind == "Feature" && rest.starts_with(['{', '\u{1e}']) {
            document.shape = Shape::Sequence;
            return Ok(document);
        }
        let broken = match end {
            Ok(_) if rest.is_empty() => None,
            // The words of the parser for what stands after the end.
            Ok(_) => serde_json::from_str::<IgnoredAny>(&document.text)
                .err()
                .map(|error| Lines::default().at_place(&document.text, 0, &error, path)),
            Err((at, error)) => Some(Lines::default().at_place(&document.text, at, &error, path)),
        };
        match features_at {
            Some(at) => {
                document.shape = Shape::Collection(at);
                document.broken = broken;
                Ok(document)
            }
            None => match broken {
                Some(problem) => Err(problem),
                None if kind == "Feature" || GeometryKind::of_name(&kind).is_some() => Ok(document),
                None => Err(
                    Problem::error(path, "", "this is no GeoJSON FeatureCollection: it has no `features`")
                        .because(Cause::WrongKind),
                ),
            },
        }
    }

    fn take_crs(&mut self, crs: Option<Value>) {
        let Some(crs) = crs.filter(|crs| !crs.is_null()) else {
            return;
        };
        self.crs = match (crs.pointer("/properties/name"), crs.pointer("/properties/code")) {
            (Some(Value::String(name)), _) => Some(name.clone()),
            (_, Some(code))
                if crs["type"]
                    .as_str()
                    .is_some_and(|kind| kind.eq_ignore_ascii_case("epsg")) =>
            {
                Some(format!("EPSG:{}", display(code).trim_matches('`')))
            }
            _ => {
                let message = "this CRS has no name; longitude and latitude are assumed";
                self.problems
                    .push(Problem::error(&self.path, "crs", message).because(Cause::NoSystem));
                None
            }
        };
    }

    /// The features in file order; their number counts those that are left out too.
    pub(crate) fn features(&self) -> impl Iterator<Item = Result<VectorFeature, Problem>> + '_ {
        let mut walk = Walk {
            document: self,
            at: match self.shape {
                Shape::Collection(at) => at,
                Shape::Single | Shape::Sequence => 0,
            },
            index: 0,
            usable: 0,
            broken: 0,
            lines: Lines::default(),
            is_done: false,
        };
        std::iter::from_fn(move || walk.next_feature())
    }
}

struct Walk<'a> {
    document: &'a Document,
    at: usize,
    index: usize,
    usable: usize,
    /// Places that are no JSON.
    broken: usize,
    lines: Lines,
    is_done: bool,
}

impl Walk<'_> {
    fn next_feature(&mut self) -> Option<Result<VectorFeature, Problem>> {
        if self.is_done {
            return None;
        }
        let text = &self.document.text;
        let next = match self.document.shape {
            Shape::Collection(_) => self.next_of_collection(),
            Shape::Single => {
                self.is_done = true;
                one_value(text, self.at).map(|(value, _)| Some(value))
            }
            Shape::Sequence => self.next_of_sequence(),
        };
        let is_sequence = self.document.shape == Shape::Sequence;
        let is_full = self.usable >= MAX_FEATURES;
        let value = match next {
            Ok(None) => {
                self.is_done = true;
                return self
                    .document
                    .broken
                    .clone()
                    .map(|problem| Err(self.after_some(problem)));
            }
            Ok(Some(_)) if is_full => return Some(Err(self.too_many())),
            // Beyond the last that is read nobody asks whether a line is sound.
            Err(_) if is_full && is_sequence => return Some(Err(self.too_many())),
            Ok(Some(value)) => value,
            Err((at, error)) => return Some(Err(self.broken(at, &error))),
        };
        let index = self.index;
        self.index += 1;
        Some(match feature(value, index) {
            Ok(feature) => {
                self.usable += 1;
                Ok(feature)
            }
            Err((place, message)) => {
                let message = format!("{message}; features[{index}] is left out");
                Err(Problem::error(
                    &self.document.path,
                    format!("features[{index}]{place}"),
                    message,
                ))
            }
        })
    }

    /// What is no JSON; a sequence goes on at its next line.
    fn broken(&mut self, at: usize, error: &serde_json::Error) -> Problem {
        let Document { text, path, shape, .. } = self.document;
        let problem = self.lines.at_place(text, at, error, path);
        let next_line = text[at..].find('\n').filter(|_| *shape == Shape::Sequence);
        let Some(end) = next_line else {
            self.is_done = true;
            return self.after_some(problem);
        };
        self.broken += 1;
        if self.broken > MAX_BROKEN {
            self.is_done = true;
            let message = format!("more than {MAX_BROKEN} places are no JSON; what follows is left out");
            return Problem { message, ..problem };
        }
        self.at = at + end;
        self.index += 1;
        problem
    }

    fn too_many(&mut self) -> Problem {
        self.is_done = true;
        let rest = match self.document.shape {
            Shape::Collection(_) => format!("the last {}", self.rest_of_collection()),
            Shape::Single | Shape::Sequence => "those after them".to_owned(),
        };
        let message = format!("more than {MAX_FEATURES} features; {rest} are left out");
        Problem::error(&self.document.path, "features", message).because(Cause::TooLarge)
    }

    fn after_some(&self, mut problem: Problem) -> Problem {
        if self.usable > 0 {
            problem.message = format!("{}; the {} features before it are used", problem.message, self.usable);
        }
        problem
    }

    fn next_of_collection(&mut self) -> Result<Option<Value>, Broken> {
        let text = &self.document.text;
        self.at = after_space(text, self.at);
        if text[self.at..].starts_with(']') {
            return Ok(None);
        }
        if self.index > 0 && text[self.at..].starts_with(',') {
            self.at += 1;
        } else if self.index > 0 {
            return Err(broken_list(text, self.at));
        }
        let (value, end) = one_value(text, self.at)?;
        self.at = end;
        Ok(Some(value))
    }

    /// Features from here to the end, the one that was just read included.
    fn rest_of_collection(&self) -> usize {
        let text = &self.document.text;
        let (mut at, mut count) = (self.at, 1);
        loop {
            at = after_space(text, at);
            if !text[at..].starts_with(',') {
                return count;
            }
            match one::<IgnoredAny>(text, at + 1) {
                Ok((_, end)) => at = end,
                Err(_) => return count,
            }
            count += 1;
        }
    }

    fn next_of_sequence(&mut self) -> Result<Option<Value>, Broken> {
        let text = &self.document.text;
        let rest = text[self.at..].trim_start_matches(|c: char| c.is_whitespace() || c == '\u{1e}');
        self.at = text.len() - rest.len();
        if rest.is_empty() {
            return Ok(None);
        }
        let (value, end) = one_value(text, self.at)?;
        self.at = end;
        Ok(Some(value))
    }
}

/// Byte at which parsing began, and what the parser says.
type Broken = (usize, serde_json::Error);

/// One value that begins at byte `at`, and where it ends.
fn one<T: DeserializeOwned>(text: &str, at: usize) -> Result<(T, usize), Broken> {
    let mut stream = serde_json::Deserializer::from_str(&text[at..]).into_iter::<T>();
    match stream.next() {
        Some(Ok(value)) => Ok((value, at + stream.byte_offset())),
        Some(Err(error)) => Err((at, error)),
        None => Err((at, end_of_text())),
    }
}

/// One value of any kind, of at most [`MAX_FEATURE_BYTES`]. No more than those are looked at, since a sequence that is
/// broken tries again at every line.
fn one_value(text: &str, at: usize) -> Result<(Value, usize), Broken> {
    if text.len() - at > MAX_FEATURE_BYTES {
        let end = text.floor_char_boundary(at + MAX_FEATURE_BYTES);
        match one::<IgnoredAny>(&text[..end], at) {
            Err((_, error)) if error.is_eof() => {
                let message = format!("a value has more than {} MiB", MAX_FEATURE_BYTES >> 20);
                return Err((at, serde::de::Error::custom(message)));
            }
            checked => checked?,
        };
    }
    one::<Value>(text, at)
}

fn end_of_text() -> serde_json::Error {
    serde_json::from_str::<IgnoredAny>("")
        .err()
        .unwrap_or_else(|| serde::de::Error::custom("the text ends"))
}

fn broken_list(text: &str, at: usize) -> Broken {
    if text[at..].is_empty() {
        (at, end_of_text())
    } else {
        (at, serde::de::Error::custom("expected `,` or `]`"))
    }
}

fn after_space(text: &str, at: usize) -> usize {
    text.len() - text[at..].trim_start().len()
}

/// Walks the members of the object that `text` begins with. `take` gets the key and where its value begins, and says
/// where the value ends when it has read it. The end of the object.
fn members(text: &str, mut take: impl FnMut(&str, usize) -> Result<Option<usize>, Broken>) -> Result<usize, Broken> {
    let mut at = after_space(text, 0);
    if !text[at..].starts_with('{') {
        // The parser's words for what is no object.
        return match one::<Map<String, Value>>(text, at) {
            Ok((_, end)) => Ok(end),
            Err(broken) => Err(broken),
        };
    }
    at = after_space(text, at + 1);
    if text[at..].starts_with('}') {
        return Ok(at + 1);
    }
    loop {
        let (key, end) = one::<String>(text, after_space(text, at))?;
        at = after_space(text, end);
        if !text[at..].starts_with(':') {
            return Err(if text[at..].is_empty() {
                (at, end_of_text())
            } else {
                (at, serde::de::Error::custom("expected `:`"))
            });
        }
        at = after_space(text, at + 1);
        at = match take(&key, at)? {
            Some(end) => end,
            None => one::<IgnoredAny>(text, at)?.1,
        };
        at = after_space(text, at);
        if text[at..].starts_with('}') {
            return Ok(at + 1);
        }
        if !text[at..].starts_with(',') {
            return Err(if text[at..].is_empty() {
                (at, end_of_text())
            } else {
                (at, serde::de::Error::custom("expected `,` or `}`"))
            });
        }
        at += 1;
    }
}

/// Lines up to a place that moves forward, each part of the text counted once.
#[derive(Default)]
struct Lines {
    at: usize,
    count: usize,
    /// Where the last of them begins.
    start: usize,
}

impl Lines {
    /// What the parser says of the part that begins at byte `at`, at its place in the whole.
    fn at_place(&mut self, text: &str, at: usize, error: &serde_json::Error, path: &str) -> Problem {
        let passed = text.get(self.at..at).unwrap_or_default();
        self.count += passed.matches('\n').count();
        self.start = passed.rfind('\n').map_or(self.start, |end| self.at + end + 1);
        self.at = at;
        let (line, column) = match error.line() {
            // Errors of our own and those of the first line count from where the part begins.
            0 | 1 => (self.count + 1, at - self.start + error.column()),
            line => (self.count + line, error.column()),
        };
        json_text::syntax_problem_at(error, (line, column), path)
    }
}
