//! The package itself: files into a zip archive, with the list of what is in it.

use super::heights::with_heights;
use super::lists::with_lists;
use crate::model::scenario::{DOCUMENT, document_with_notes, used_files};
use crate::model::{OpenScenario, TileHeights};
use crate::sources::resource::{FORMAT, MANIFEST, MANIFEST_VERSION, Manifest, ManifestEntry};
use crate::sources::{Cause, Problem};
use std::{
    collections::BTreeMap,
    io::{Seek, Write},
};
use thiserror::Error;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// Files whose bytes are packed already: packing them again costs time and saves nothing.
const PACKED: [&str; 4] = [".png", ".jpg", ".jpeg", ".webp"];
/// Most bytes of one scenario in a package.
const MAX_BYTES: u64 = 8 << 30;

/// A picture for a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its path in the package.
    pub path: String,
    /// Id of the viewpoint that it was made from.
    pub viewpoint: String,
    /// Id of the variant that it shows.
    pub variant: String,
    /// The picture as PNG.
    pub png: Vec<u8>,
}

/// What goes into a package besides the scenario's own files.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    /// Files by their path: tables, pages, pictures.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What a person chose of the heights of tile layers, by layer id.
    pub heights: BTreeMap<String, TileHeights>,
}

/// Why no package was made.
#[derive(Debug, Error)]
pub enum PackageError {
    /// A single tileset or model was opened: there is no scenario to take along.
    #[error(
        "only a scenario can be taken along, and this is a single tileset or model: make a scenario.json around it"
    )]
    NoScenario,
    /// It would be larger than anyone can carry.
    #[error("the files of this scenario are more than {} GiB together: take out layers", MAX_BYTES >> 30)]
    TooLarge,
    /// The scenario's own file cannot be read any more.
    #[error("the scenario's own file cannot be read any more: {reason}")]
    Document {
        /// The first thing that is wrong with it.
        reason: String,
    },
    /// The archive cannot be written.
    #[error("the package cannot be written: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// The archive cannot be written.
    #[error("the package cannot be written: {0}")]
    Io(#[from] std::io::Error),
}

/// Writes a scenario with its notes, its own lists, its files and `parts` as a package. The problems are files that the scenario names
/// and that could not be had, notes without a place, and what cannot be written into its own file; the rest is in it.
///
/// # Errors
/// When there is no scenario, or it cannot be written.
pub fn package(open: &OpenScenario, parts: &Parts, output: impl Write + Seek) -> Result<Vec<Problem>, PackageError> {
    if open.document.is_empty() {
        return Err(PackageError::NoScenario);
    }
    let used = used_files(open);
    let mut problems = used.problems;
    let mut archive = Archive {
        zip: ZipWriter::new(output),
        listed: BTreeMap::new(),
        bytes: 0,
    };
    let (document, found) = document_with_notes(open).map_err(|problems| PackageError::Document {
        reason: problems.first().map(ToString::to_string).unwrap_or_default(),
    })?;
    problems.extend(found);
    // The lists go into the document that has the notes already: neither takes the other's place.
    let (document, lists) = with_lists(document, &open.own_lists).unwrap_or_else(|document| {
        let message = "lists that were added in the program do not go along: this file cannot be added to";
        problems.push(Problem::error(&open.document, "", message).because(Cause::NotRead));
        (document, BTreeMap::new())
    });
    let document = with_heights(document, &parts.heights).unwrap_or_else(|document| {
        let message = "the heights that were chosen of tiles do not go along: this file cannot be added to";
        problems.push(Problem::error(&open.document, "layers", message).because(Cause::NotRead));
        document
    });
    archive.add(DOCUMENT, &document)?;
    for (path, bytes) in &lists {
        archive.add(path, bytes)?;
    }
    for path in &used.paths {
        if archive.listed.contains_key(path) || parts.files.contains_key(path) {
            continue;
        }
        match open.resources.read(path) {
            Ok(bytes) => archive.add(path, &bytes)?,
            Err(error) => problems.push(error.problem(path, "")),
        }
    }
    for (path, bytes) in &parts.files {
        archive.add(path, bytes)?;
    }
    archive.finish()?;
    Ok(problems)
}

struct Archive<W: Write + Seek> {
    zip: ZipWriter<W>,
    listed: BTreeMap<String, ManifestEntry>,
    bytes: u64,
}

impl<W: Write + Seek> Archive<W> {
    fn add(&mut self, path: &str, bytes: &[u8]) -> Result<(), PackageError> {
        let entry = ManifestEntry::of(bytes);
        self.bytes += entry.bytes;
        if self.bytes > MAX_BYTES {
            return Err(PackageError::TooLarge);
        }
        self.listed.insert(path.to_owned(), entry);
        self.put(path, bytes)
    }

    fn put(&mut self, path: &str, bytes: &[u8]) -> Result<(), PackageError> {
        let lower = path.to_ascii_lowercase();
        let method = if PACKED.iter().any(|ending| lower.ends_with(ending)) {
            CompressionMethod::Stored
        } else {
            CompressionMethod::Deflated
        };
        // The same time for all, so that the same files give the same package and nobody's clock is in it.
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(0o644);
        self.zip.start_file(path, options)?;
        self.zip.write_all(bytes)?;
        Ok(())
    }

    /// Adds the list of files and ends the archive.
    fn finish(mut self) -> Result<(), PackageError> {
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            version: MANIFEST_VERSION,
            program: concat!("stadslens ", env!("CARGO_PKG_VERSION")).to_owned(),
            files: std::mem::take(&mut self.listed),
        };
        let text = serde_json::to_vec_pretty(&manifest).map_err(std::io::Error::other)?;
        self.put(MANIFEST, &text)?;
        self.zip.finish()?;
        Ok(())
    }
}
