//! `CityJSON` 1.0, 1.1 and 2.0, and sequences of features (`CityJSONSeq`), plain or compressed with gzip:
//! <https://www.cityjson.org/specs/2.0.1/>.
//!
//! Nothing is read whole. A first pass over a document keeps its vertices, compactly, and where each object stands; the
//! features are then read one by one from there, so that a sheet of gigabytes passes in the memory of its vertices.
//! A compressed document is unpacked twice instead, a sequence is read line by line. Order of keys does not matter.
//!
//! Features are handed on as triangles in the coordinates of the file, `f64`, after its transform; points and lines are
//! counted and not drawn. A building and its parts are one feature. Extensions are kept where they have geometry and
//! are otherwise left alone. `FlatCityBuf` is not read: its readers trust the file where this one must not.

mod appearance;
mod build;
mod counts;
mod cursor;
mod describe;
mod document;
mod features;
mod findings;
mod geometry;
mod header;
mod index;
mod lod;
mod object;
mod scan;
mod source;
mod surfaces;
mod vertices;
mod words;

#[cfg(test)]
mod tests;

pub use features::Features;
pub use header::Transform;
pub use lod::{Lod, LodChoice};
pub(in crate::sources) use surfaces::{Cutter, NoSurface};

use crate::sources::{Cause, Problem};
use document::Document;
use findings::{Fault, Findings};
use scan::{ScanError, Stream};
use source::Source;
use std::{collections::BTreeMap, path::Path, sync::Arc};

/// What a file of `CityJSON` is as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One document.
    Document,
    /// A first line that says what holds for all, then a feature on each line.
    Sequence,
    /// Features without a first line. Their place is not known.
    Feature,
}

/// An open file of `CityJSON`.
#[derive(Debug)]
pub struct CityJson {
    source: Source,
    form: Form,
    document: Document,
    /// Where the features of a sequence begin.
    features_start: u64,
    /// Whether each feature of a sequence is one line.
    is_by_lines: bool,
    findings: Findings,
}

impl CityJson {
    /// Opens a file: a first pass over a document, the first line of a sequence.
    ///
    /// # Errors
    /// When there is no such file or it is not `CityJSON` at all. Anything less is in [`Self::problems`].
    pub fn open(path: &Path) -> Result<Self, Problem> {
        Self::read(Source::file(path.to_owned())?)
    }

    /// The same for bytes that are in memory already; `name` is told in problems.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub fn of_bytes(name: &str, bytes: impl Into<Arc<[u8]>>) -> Result<Self, Problem> {
        Self::read(Source::memory(name, bytes.into()))
    }

    fn read(source: Source) -> Result<Self, Problem> {
        let mut findings = Findings::new(&source.shown);
        let refused = |cause, message: &str| Problem::error(&*source.shown, "", message).because(cause);
        let unreadable = |error: std::io::Error| refused(Cause::Unreadable, &format!("cannot read ({error})"));
        let mut stream = source.stream(0).map_err(unreadable)?;
        skip_byte_order_mark(&mut stream);
        let start = stream.offset();
        if stream.rest().starts_with(b"fcb") {
            let message = "FlatCityBuf is not read; convert it to CityJSONSeq first (`fcb deser`)";
            return Err(refused(Cause::NotRead, message));
        }
        let mut document = Document::read(&source, &mut stream, &mut findings);
        let kind = document.header.kind.clone().unwrap_or_default();
        let is_city = kind == "CityJSON" || kind == "CityJSONFeature" || (kind.is_empty() && document.has_objects);
        if !is_city {
            return Err(
                match findings.problems().into_iter().find(|p| p.cause == Cause::Damaged) {
                    Some(broken) => broken,
                    None => refused(
                        Cause::WrongKind,
                        "this is not CityJSON: its type is not CityJSON or CityJSONFeature",
                    ),
                },
            );
        }
        if kind.is_empty() {
            findings.tell(
                true,
                Cause::Content,
                "type",
                "the type is missing; it is read as CityJSON",
            );
            document.header.kind = Some("CityJSON".into());
        }
        let mut city = Self {
            form: Form::Document,
            features_start: start,
            is_by_lines: false,
            document,
            findings: Findings::new(&source.shown),
            source,
        };
        let after = city.document.end.map(|_| stream.rest().first().copied());
        let has_more = city.document.end.is_some() && matches!(stream.peek(), Ok(Some(_)));
        if kind == "CityJSONFeature" {
            city.form = Form::Feature;
            city.is_by_lines = has_more && matches!(after, Some(Some(b'\n' | b'\r')));
            let message = "features stand here without the first line of a sequence: nobody can tell where they are, so \
                           nothing is drawn; put the line with the transform before them";
            // What this pass found is found again when its features are read.
            findings = Findings::new(&city.source.shown);
            findings.tell(true, Cause::Place, "transform", message);
            city.document = Document {
                header: std::mem::take(&mut city.document.header),
                ..Document::default()
            };
            city.document.header.transform = None;
        } else if has_more {
            city.form = Form::Sequence;
            city.features_start = stream.offset();
            city.is_by_lines = matches!(after, Some(Some(b'\n' | b'\r')));
            let objects = city.document.index.len() as u64;
            findings.add_many(Fault::HeaderObjects, objects, || "line 1".to_owned());
        }
        if city.form == Form::Document {
            header::Header::check_vertices(&city.document.vertices, &mut findings);
        }
        city.document.header.finish(&mut findings);
        city.findings = findings;
        Ok(city)
    }

    /// What the file is as a whole.
    pub fn form(&self) -> Form {
        self.form
    }

    /// The version as written.
    pub fn version(&self) -> Option<&str> {
        self.document.header.version.as_deref()
    }

    /// The title in the metadata.
    pub fn title(&self) -> Option<&str> {
        self.document.header.title.as_deref()
    }

    /// The reference system as written.
    pub fn crs(&self) -> Option<&str> {
        self.document.header.crs.as_deref()
    }

    /// EPSG code of the reference system, of a known spelling; whether the code itself is known is in the problems.
    pub fn epsg(&self) -> Option<u32> {
        self.document.header.epsg
    }

    /// From the vertices to coordinates; `None` when nobody can tell, and nothing is drawn.
    pub fn transform(&self) -> Option<Transform> {
        self.document.header.transform
    }

    /// Levels of detail and how many geometries each has, lowest first. Reads a sequence through once.
    pub fn lods(&self) -> BTreeMap<Lod, u64> {
        // Objects in the first line of a sequence are left out.
        let mut lods = match self.form {
            Form::Document => self.document.lods.clone(),
            Form::Sequence | Form::Feature => BTreeMap::new(),
        };
        let mut add = |lod: &str| {
            if let Ok(lod) = lod.parse::<Lod>() {
                *lods.entry(lod).or_insert(0) += 1;
            }
        };
        if self.form != Form::Document {
            // What is broken is told when the features are read.
            let _broken: Result<(), ScanError> = features::lods_of_sequence(self, &mut add);
        }
        for lod in self.document.header.templates.lods.iter().flatten() {
            add(lod);
        }
        lods
    }

    /// What is wrong with the document as a whole, one line for each kind of fault.
    pub fn problems(&self) -> Vec<Problem> {
        self.findings.problems()
    }

    /// The features in a level of detail, one by one, those without surfaces in it left out.
    pub fn features(&self, choice: LodChoice) -> Features<'_> {
        Features::new(self, choice, None)
    }
}

/// Some editors of Windows put it before the first byte.
fn skip_byte_order_mark(stream: &mut Stream) {
    // A fault of reading is met again by the reader proper.
    let _read = stream.peek();
    if stream.rest().starts_with(b"\xef\xbb\xbf") {
        stream.advance(3);
    }
}

/// Whether a file looks like `CityJSON` or `FlatCityBuf`, by its first bytes and, for JSON, its first telling key.
pub(crate) fn is_city_json(path: &Path) -> bool {
    let Ok(source) = Source::file(path.to_owned()) else {
        return false;
    };
    let Ok(mut stream) = source.stream(0) else {
        return false;
    };
    skip_byte_order_mark(&mut stream);
    if stream.rest().starts_with(b"fcb") {
        return true;
    }
    let mut is_city = None;
    let _walk = document::each_member(&mut stream, |stream, key, _| {
        const STOP: &str = "the answer is known";
        match key {
            "CityObjects" => is_city = Some(true),
            "type" => {
                let range = stream.value(1000)?;
                let kind = range.map(|range| String::from_utf8_lossy(stream.bytes(range)).into_owned());
                is_city = Some(kind.is_some_and(|kind| kind.starts_with("\"CityJSON")));
            }
            // Tilesets, glTF, GeoJSON.
            "asset" | "features" | "coordinates" => is_city = Some(false),
            _ => return stream.value(0).map(|_| ()),
        }
        Err(stream.broken(STOP))
    });
    is_city == Some(true)
}
