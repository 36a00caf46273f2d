//! What is wrong with a document, one line for each kind: a thousand walls without an area are one thing to know.

use super::{scan::ScanError, source::Source};
use crate::sources::{Cause, Problem, shortened};

/// Faults of the syntax that are told each by itself; more are only counted.
const MOST_BROKEN: usize = 20;
/// Longest name of a place in a line, characters.
pub(super) const LONGEST_PLACE: usize = 100;

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
    /// Whether something is lost by it.
    fn costs(self) -> bool {
        !matches!(
            self,
            Self::NoArea
                | Self::Lod
                | Self::Material
                | Self::Texture
                | Self::Semantics
                | Self::Duplicate
                | Self::Parent
        )
    }

    fn cause(self) -> Cause {
        match self {
            Self::NoPlace => Cause::Place,
            Self::TooManyVertices
            | Self::TooManyCorners
            | Self::ObjectTooLarge
            | Self::TooManyObjects
            | Self::Scattered
            | Self::LineTooLong => Cause::TooLarge,
            Self::UnknownGeometry => Cause::NotRead,
            Self::Duplicate => Cause::Duplicate,
            Self::NoFeature => Cause::WrongKind,
            _ => Cause::Content,
        }
    }

    /// What is wrong, behind "12 ".
    fn words(self) -> &'static str {
        match self {
            Self::MissingVertex => "surfaces name a vertex that is not there and are left out",
            Self::NoValue => {
                "surfaces have a corner at the end of the range of numbers, where a value is missing, and are left out"
            }
            Self::NoPlace => "surfaces have a corner that is no place and are left out",
            Self::BadVertex => "vertices are not three numbers; what uses them is left out",
            Self::TooManyVertices => "vertices are more than are read; split the file",
            Self::NoArea => "surfaces have no area and are left out",
            Self::TooManyCorners => "surfaces have more corners than can be cut into triangles and are left out",
            Self::Nesting => "geometries have boundaries that are not nested as their type asks; they are left out",
            Self::Geometry => "geometries cannot be read and are left out",
            Self::UnknownGeometry => "geometries are of a type that is not known and are left out",
            Self::Lod => "levels of detail are not a number such as 2 or 2.2; they count as not given",
            Self::Template => "geometries name a template that is not there or cannot be used",
            Self::Matrix => "transformation matrices are not 16 numbers; their geometries are left out",
            Self::Material => "surfaces name a material that is not there; they get the usual colour",
            Self::Texture => "surfaces have a texture that does not fit them; they are drawn without it",
            Self::Semantics => "geometries have semantics that do not fit them; they are not used",
            Self::Attributes => "objects have attributes that cannot be read",
            Self::Object => "objects are not as CityJSON asks and are left out",
            Self::ObjectTooLarge => "objects are larger than is read and are left out",
            Self::TooManyObjects => "objects are more than are read; split the file",
            Self::Duplicate => "objects have an id that another has too",
            Self::Parent => "objects name a parent that is not there; they stand by themselves",
            Self::Scattered => {
                "objects stand too far from their parents for a compressed file; unpack it and open it again"
            }
            Self::LineTooLong => "lines are longer than is read and are left out",
            Self::NoFeature => "lines are not a CityJSONFeature and are left out",
            Self::HeaderObjects => "objects stand in the first line of a sequence and are left out",
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
    /// Faults of the syntax or of reading: told first, since others often come of them.
    broken: Vec<Problem>,
    more_broken: u64,
    told: Vec<Problem>,
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
                first: shortened(&place(), LONGEST_PLACE),
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
        let (cause, place, message) = match error {
            ScanError::Io(error) => {
                let cause = match error.kind() {
                    std::io::ErrorKind::InvalidData
                    | std::io::ErrorKind::UnexpectedEof
                    | std::io::ErrorKind::InvalidInput => Cause::Damaged,
                    _ => Cause::Unreadable,
                };
                let message = format!("cannot be read to its end ({error}); what came before is used");
                (cause, String::new(), message)
            }
            ScanError::Broken { .. } if self.broken.len() >= MOST_BROKEN => {
                self.more_broken += 1;
                return;
            }
            ScanError::Broken { at, what } => {
                let (line, column) = source.line_and_column(*at);
                let message = format!("the JSON is broken: {what}; what is sound is used");
                (Cause::Damaged, format!("line {line}, column {column}"), message)
            }
        };
        self.broken
            .push(Problem::error(&*self.path, place, message).because(cause));
    }

    /// All of another, found later in the same document.
    pub(super) fn absorb(&mut self, other: Self) {
        for found in other.found {
            self.add_many(found.fault, found.count, || found.first.clone());
        }
        self.broken.extend(other.broken);
        self.told.extend(other.told);
        self.more_broken += other.more_broken;
    }

    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut problems = self.broken.clone();
        if self.more_broken > 0 {
            let message = format!("{} more places in the JSON are broken", self.more_broken);
            problems.push(Problem::error(&*self.path, "", message).because(Cause::More));
        }
        problems.extend_from_slice(&self.told);
        for found in &self.found {
            let message = format!("{} {}", found.count, found.fault.words());
            let problem = if found.fault.costs() {
                Problem::error(&*self.path, &*found.first, message)
            } else {
                Problem::warning(&*self.path, &*found.first, message)
            };
            problems.push(problem.because(found.fault.cause()));
        }
        problems
    }
}
