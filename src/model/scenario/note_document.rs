//! The scenario's own file with the notes that the open scenario has now, for taking it along.
//!
//! Notes that stand in the file like that already are left letter for letter as they are, and so is a file of which no
//! note changed; in a changed note the keys that the program does not know stay. Entries that could not be read stay
//! too: nobody saw them, so nobody can have removed them.

use super::convert::{Converter, RING_BUDGET, natural_reference};
use super::file::{self, Extra, NoteFile, NoteViewFile};
use super::findings::Findings;
use super::place::LeftOut;
use super::projection::{Projection, height_at_site_zero_m};
use super::read::{ReadFile, read_file};
use super::words::{author_role_file, note_kind_file};
use super::{OpenScenario, Scenario};
use crate::georef::SitePos;
use crate::model::note::Note;
use crate::sources::{Cause, Problem, json_text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

/// The key of the notes.
const KEY: &str = "annotations";
/// Steps per unit of an x or y in the file: a tenth of a millimetre where the unit is a degree.
const PLACE_STEPS: f64 = 1e9;
/// Steps per metre of a height in the file.
const HEIGHT_STEPS: f64 = 1e6;

/// The bytes of the own file of `open` with its notes in it. The problems are notes that have no place in the file.
///
/// # Errors
/// When the file cannot be read any more.
pub fn document_with_notes(open: &OpenScenario) -> Result<(Vec<u8>, Vec<Problem>), Vec<Problem>> {
    let own = OwnFile::read(open)?;
    let mut problems = Vec::new();
    let before = own.files(&own.scenario.notes, &mut problems);
    let after = own.files(&open.scenario.notes, &mut problems);
    let OwnFile { bytes, read, .. } = own;
    if before == after {
        return Ok((bytes, problems));
    }
    let document = &open.document;
    let one = |problem| vec![problem];
    let text = json_text::text(&bytes, document).map_err(one)?;
    let mut value = json_text::parse(PhantomData::<Value>, &text, document).map_err(one)?;
    put_notes(&mut value, &read, &before, after);
    let mut new = format!("{value:#}").into_bytes();
    new.push(b'\n');
    if new.len() > json_text::MAX_BYTES {
        let message = format!(
            "with the notes the file has more than {} MiB: the notes are left out of it",
            json_text::MAX_BYTES >> 20
        );
        problems.push(Problem::error(document, KEY, message).because(Cause::TooLarge));
        return Ok((bytes, problems));
    }
    Ok((new, problems))
}

/// The notes of `open` as one line of JSON, written as its own file writes them, for another run of the program that
/// opens the same file ([`notes_from_json`]). Notes that have no place in the file are left out.
///
/// # Errors
/// When the file cannot be read any more.
///
/// # Panics
/// Never: the structs hold no map with keys that are not text.
pub fn notes_json(open: &OpenScenario) -> Result<String, Vec<Problem>> {
    let files = OwnFile::read(open)?.files(&open.scenario.notes, &mut Vec::new());
    Ok(serde_json::to_string(&files).expect("plain structs always become JSON"))
}

/// The notes that [`notes_json`] wrote, in the site frame of `open`, and what is wrong with them.
///
/// # Errors
/// When they are no notes, or the scenario's own file cannot be read any more.
pub fn notes_from_json(open: &OpenScenario, text: &str) -> Result<(Vec<Note>, Vec<Problem>), Vec<Problem>> {
    let own = OwnFile::read(open)?;
    let files: Vec<NoteFile> = serde_json::from_str(text).map_err(|error| {
        let message = format!("these are no notes: {error}");
        vec![Problem::error(&open.document, KEY, message).because(Cause::Damaged)]
    })?;
    let left_out = LeftOut::default();
    let mut converter = converter(&open.document, &left_out);
    let notes = converter.notes(&files, &own.scenario.variants, &own.projection);
    Ok((notes, converter.findings.into_problems()))
}

/// A scenario's own file, read once more.
pub(super) struct OwnFile<'a> {
    pub(super) document: &'a str,
    pub(super) bytes: Vec<u8>,
    read: ReadFile,
    /// What it says, before anything was changed or taken from elsewhere.
    pub(super) scenario: Scenario,
    pub(super) projection: Projection,
}

impl<'a> OwnFile<'a> {
    pub(super) fn read(open: &'a OpenScenario) -> Result<Self, Vec<Problem>> {
        let document = open.document.as_str();
        let bytes = open
            .resources
            .read_at_most(document, json_text::MAX_BYTES as u64)
            .map_err(|error| vec![error.problem(document, "")])?;
        let read = read_file(&bytes, document)?;
        // What is wrong with the file was said when it was opened.
        let mut converter = converter(document, &read.left_out);
        let Some((scenario, projection)) = converter.scenario(&read.file) else {
            return Err(converter.findings.into_problems());
        };
        Ok(Self {
            document,
            bytes,
            read,
            scenario,
            projection,
        })
    }

    /// The notes as the file writes them; one that has no place in the file is left out and named.
    fn files(&self, notes: &[Note], problems: &mut Vec<Problem>) -> Vec<NoteFile> {
        let mut files = Vec::new();
        for note in notes {
            match self.file(note) {
                Ok(file) => files.push(file),
                Err(message) => {
                    let message = format!("note {}: {message}; it is left out of the file", note.number);
                    problems.push(Problem::error(self.document, KEY, message).because(Cause::Place));
                }
            }
        }
        files
    }

    fn file(&self, note: &Note) -> Result<NoteFile, String> {
        let view = &note.viewpoint;
        Ok(NoteFile {
            id: note.id.clone(),
            number: note.number,
            text: note.text.clone(),
            kind: note_kind_file(note.kind),
            role: author_role_file(note.role),
            day: note.day.to_string(),
            position: self.place(note.anchor.position)?,
            object: note.anchor.object.clone(),
            viewpoint: NoteViewFile {
                camera: file::CameraFile {
                    target: self.place(view.target)?,
                    heading_deg: view.heading_deg,
                    pitch_deg: view.pitch_deg,
                    distance_m: view.distance_m,
                    extra: Extra::new(),
                },
                variant: view.variant.clone(),
                extra: Extra::new(),
            },
            extra: Extra::new(),
        })
    }

    /// x, y in the file's `crs` and a height of the frame's own reference.
    fn place(&self, at: SitePos) -> Result<[f64; 3], String> {
        let (site, p) = (self.projection.site(), at.0.truncate());
        let [x, y] = self.projection.file_from_site(p).map_err(|error| error.to_string())?;
        let zero = height_at_site_zero_m(site, p, natural_reference(site))?;
        Ok([
            rounded(x, PLACE_STEPS),
            rounded(y, PLACE_STEPS),
            rounded(at.0.z + zero, HEIGHT_STEPS),
        ])
    }
}

fn converter<'a>(document: &'a str, left_out: &'a LeftOut) -> Converter<'a> {
    Converter {
        document,
        left_out,
        findings: Findings::new(document),
        removal_places: Vec::new(),
        ring_budget: RING_BUDGET,
    }
}

/// Puts the notes `after` into the document in the place of those that were read from it, `before`.
fn put_notes(document: &mut Value, read: &ReadFile, before: &[NoteFile], after: Vec<NoteFile>) {
    let old = read.file.annotations.as_deref().unwrap_or_default();
    let mut left: BTreeMap<String, NoteFile> = after.iter().map(|note| (note.id.clone(), note.clone())).collect();
    let was: BTreeMap<&str, &NoteFile> = before.iter().map(|note| (note.id.as_str(), note)).collect();
    let by_index: BTreeMap<usize, &NoteFile> = read
        .left_out
        .file_indices(KEY, old.len())
        .into_iter()
        .zip(old)
        .collect();
    let mut written: BTreeSet<&str> = BTreeSet::new();
    let entries = match document.get_mut(KEY).map(Value::take) {
        Some(Value::Array(entries)) => entries,
        _ => Vec::new(),
    };
    let mut list = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let Some(old) = by_index.get(&index) else {
            list.push(entry);
            continue;
        };
        let id = old.id.as_str();
        match left.remove(id) {
            Some(note) if was.get(id) == Some(&&note) => list.push(entry),
            Some(note) => list.push(value_of(with_extra(note, old))),
            // Written already: one of the same id that was not read. Removed: gone.
            None if written.contains(id) || !was.contains_key(id) => list.push(entry),
            None => continue,
        }
        written.insert(id);
    }
    let new = after.into_iter().filter(|note| left.contains_key(&note.id));
    list.extend(new.map(value_of));
    if let Some(document) = document.as_object_mut() {
        document.insert(KEY.into(), Value::Array(list));
    }
}

/// `note` with the keys of `old` that the program does not know.
fn with_extra(mut note: NoteFile, old: &NoteFile) -> NoteFile {
    note.extra.clone_from(&old.extra);
    note.viewpoint.extra.clone_from(&old.viewpoint.extra);
    note.viewpoint.camera.extra.clone_from(&old.viewpoint.camera.extra);
    note
}

/// # Panics
/// Never: the struct holds no map with keys that are not text, and numbers without a value become null.
fn value_of(note: NoteFile) -> Value {
    serde_json::to_value(note).expect("plain structs always become JSON")
}

pub(super) fn rounded(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}
