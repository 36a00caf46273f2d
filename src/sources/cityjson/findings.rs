//! What is wrong with a document, one line for each kind: a thousand walls without an area are one thing to know.

use super::{scan::ScanError, source::Source};
use crate::sources::{Cause, Problem};

/// Faults of the syntax that are told each by itself; more are only counted.
const MOST_BROKEN: usize = 20;
/// Longest name of a place in a line, characters.
const LONGEST_PLACE: usize = 100;

/// A kind of fault in the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    MissingVertex,
    NoValue,
    NoPlace,
    BadVertex,
    TooManyVertices,
    NoArea,
    TooManyCorners,
    Nesting,
    Geometry,
    UnknownGeometry,
    Lod,
    Template,
    Matrix,
    Material,
    Texture,
    Semantics,
    Attributes,
    Object,
    ObjectTooLarge,
    TooManyObjects,
    Duplicate,
    Parent,
    Scattered,
    LineTooLong,
    NoFeature,
    HeaderObjects,
}

impl Fault {
    /// Whether something is lost, its cause, and what is wrong behind "12 ".
    fn words(self) -> (bool, Cause, &'static str) {
        let (lost, kept) = (true, false);
        match self {
            Self::MissingVertex => (
                lost,
                Cause::Content,
                "surfaces name a vertex that is not there and are left out",
            ),
            Self::NoValue => (
                lost,
                Cause::Content,
                "surfaces have a corner at the end of the range of numbers, where a value is missing, and are left out",
            ),
            Self::NoPlace => (
                lost,
                Cause::Place,
                "surfaces have a corner that is no place and are left out",
            ),
            Self::BadVertex => (
                lost,
                Cause::Content,
                "vertices are not three numbers; what uses them is left out",
            ),
            Self::TooManyVertices => (lost, Cause::TooLarge, "vertices are more than are read; split the file"),
            Self::NoArea => (kept, Cause::Content, "surfaces have no area and are left out"),
            Self::TooManyCorners => (
                lost,
                Cause::TooLarge,
                "surfaces have more corners than can be cut into triangles and are left out",
            ),
            Self::Nesting => (
                lost,
                Cause::Content,
                "geometries have boundaries that are not nested as their type asks; they are left out",
            ),
            Self::Geometry => (lost, Cause::Content, "geometries cannot be read and are left out"),
            Self::UnknownGeometry => (
                lost,
                Cause::NotRead,
                "geometries are of a type that is not known and are left out",
            ),
            Self::Lod => (
                kept,
                Cause::Content,
                "levels of detail are not a number such as 2 or 2.2; they count as not given",
            ),
            Self::Template => (
                lost,
                Cause::Content,
                "geometries name a template that is not there or cannot be used",
            ),
            Self::Matrix => (
                lost,
                Cause::Content,
                "transformation matrices are not 16 numbers; their geometries are left out",
            ),
            Self::Material => (
                kept,
                Cause::Content,
                "surfaces name a material that is not there; they get the usual colour",
            ),
            Self::Texture => (
                kept,
                Cause::Content,
                "surfaces have a texture that does not fit them; they are drawn without it",
            ),
            Self::Semantics => (
                kept,
                Cause::Content,
                "geometries have semantics that do not fit them; they are not used",
            ),
            Self::Attributes => (lost, Cause::Content, "objects have attributes that cannot be read"),
            Self::Object => (
                lost,
                Cause::Content,
                "objects are not as CityJSON asks and are left out",
            ),
            Self::ObjectTooLarge => (
                lost,
                Cause::TooLarge,
                "objects are larger than is read and are left out",
            ),
            Self::TooManyObjects => (lost, Cause::TooLarge, "objects are more than are read; split the file"),
            Self::Duplicate => (kept, Cause::Duplicate, "objects have an id that another has too"),
            Self::Parent => (
                kept,
                Cause::Content,
                "objects name a parent that is not there; they stand by themselves",
            ),
            Self::Scattered => (
                lost,
                Cause::TooLarge,
                "objects stand too far from their parents for a compressed file; unpack it and open it again",
            ),
            Self::LineTooLong => (lost, Cause::TooLarge, "lines are longer than is read and are left out"),
            Self::NoFeature => (
                lost,
                Cause::WrongKind,
                "lines are not a CityJSONFeature and are left out",
            ),
            Self::HeaderObjects => (
                lost,
                Cause::Content,
                "objects stand in the first line of a sequence and are left out",
            ),
        }
    }
}

#[derive(Debug, Clone)]
struct Found {
    fault: Fault,
    first: String,
    count: u64,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Findings {
    path: String,
    found: Vec<Found>,
    told: Vec<Problem>,
    more_broken: u64,
}

impl Findings {
    pub(super) fn new(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            ..Self::default()
        }
    }

    /// Counts a fault; the place of the first of its kind is told.
    pub(super) fn add(&mut self, fault: Fault, place: impl FnOnce() -> String) {
        self.add_many(fault, 1, place);
    }

    pub(super) fn add_many(&mut self, fault: Fault, count: u64, place: impl FnOnce() -> String) {
        if count == 0 {
            return;
        }
        match self.found.iter_mut().find(|found| found.fault == fault) {
            Some(found) => found.count += count,
            None => self.found.push(Found {
                fault,
                first: shortened(&place()),
                count,
            }),
        }
    }

    /// A problem that stands by itself.
    pub(super) fn tell(&mut self, is_error: bool, cause: Cause, place: &str, message: impl Into<String>) {
        let problem = if is_error {
            Problem::error(&*self.path, place, message)
        } else {
            Problem::warning(&*self.path, place, message)
        };
        self.told.push(problem.because(cause));
    }

    /// A fault of the syntax or of reading.
    pub(super) fn broken(&mut self, source: &Source, error: &ScanError) {
        match error {
            ScanError::Io(error) => {
                let cause = match error.kind() {
                    std::io::ErrorKind::InvalidData
                    | std::io::ErrorKind::UnexpectedEof
                    | std::io::ErrorKind::InvalidInput => Cause::Damaged,
                    _ => Cause::Unreadable,
                };
                self.tell(
                    true,
                    cause,
                    "",
                    format!("cannot be read to its end ({error}); what came before is used"),
                );
            }
            ScanError::Broken { at, what } => {
                if self.told.len() >= MOST_BROKEN {
                    self.more_broken += 1;
                    return;
                }
                let (line, column) = source.line_and_column(*at);
                let place = format!("line {line}, column {column}");
                self.tell(
                    true,
                    Cause::Damaged,
                    &place,
                    format!("the JSON is broken: {what}; what is sound is used"),
                );
            }
        }
    }

    /// All of another, found later in the same document.
    pub(super) fn absorb(&mut self, other: Self) {
        for found in other.found {
            self.add_many(found.fault, found.count, || found.first.clone());
        }
        self.told.extend(other.told);
        self.more_broken += other.more_broken;
    }

    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut problems = self.told.clone();
        if self.more_broken > 0 {
            let message = format!("{} more places in the JSON are broken", self.more_broken);
            problems.push(Problem::error(&*self.path, "", message).because(Cause::More));
        }
        for found in &self.found {
            let (is_lost, cause, words) = found.fault.words();
            let message = format!("{} {words}", found.count);
            let problem = if is_lost {
                Problem::error(&*self.path, &*found.first, message)
            } else {
                Problem::warning(&*self.path, &*found.first, message)
            };
            problems.push(problem.because(cause));
        }
        problems
    }
}

/// A place as one short line, whatever an id holds.
pub(super) fn shortened(text: &str) -> String {
    let mut line: String = text
        .chars()
        .take(LONGEST_PLACE)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(LONGEST_PLACE).is_some() {
        line.push('…');
    }
    line
}
