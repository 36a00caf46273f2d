//! What fetches, and what it gives back.

use super::endpoints::About;
use super::{Endpoints, OutOfReach};
use crate::sources::Problem;
use crate::sources::http::Client;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// How far one source is. Sent from several threads, often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step<'a> {
    /// Short name of the source, with the collection behind a `/` for features.
    pub source: &'a str,
    /// Files that are there, or failed for good.
    pub done: usize,
    /// Files in all, where that is known: pages only tell where they end.
    pub of: Option<usize>,
    /// Bytes that came over the line in this run.
    pub received_bytes: u64,
}

/// One file in the cache.
#[derive(Debug, Clone, PartialEq)]
pub struct FetchedFile {
    /// Where it is.
    pub path: PathBuf,
    /// Where it came from.
    pub url: String,
    /// West, south, east, north in the metres of `epsg`, where that is known.
    pub bounds: Option<[f64; 4]>,
    /// Reference system of `bounds`.
    pub epsg: u32,
    /// Fetched in this run; else it was there.
    pub is_new: bool,
}

/// Whose the files are: what a credits page and a licence check need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRecord {
    /// Short name of the source.
    pub id: String,
    /// Whose it is.
    #[serde(flatten)]
    pub about: About,
    /// Address that was asked, as far as it is the same for all files.
    pub url: String,
    /// Day on which the oldest of the files was fetched, `YYYY-MM-DD`.
    pub fetched_on: String,
    /// Files that are there.
    pub files: usize,
    /// Files that could not be had; zero is all of it.
    pub missing: usize,
}

/// What came of one source.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetched {
    /// Files that are there and whole, in a fixed order.
    pub files: Vec<FetchedFile>,
    /// Whose they are.
    pub record: SourceRecord,
    /// One for every file that could not be had, for every service that could not be asked, and for what is odd.
    pub problems: Vec<Problem>,
    /// Services that could not be asked, of which [`Self::problems`] has a line each.
    pub out_of_reach: Vec<OutOfReach>,
    /// Stopped by the user, or by a disk that is full: a second run goes on where it stopped.
    pub is_stopped: bool,
}

/// Fetches from the services of [`Endpoints`] into a cache folder.
pub struct Fetcher<'a> {
    pub(super) client: &'a Client,
    pub(super) endpoints: &'a Endpoints,
    pub(super) cache: &'a Path,
    pub(super) report: &'a (dyn Fn(Step<'_>) + Sync),
    pub(super) day: String,
}

impl<'a> Fetcher<'a> {
    /// Fetches with `client` ([`Endpoints::client`]) into `cache`, which is made where it is not there. `report` is told
    /// how far it is.
    pub fn new(
        client: &'a Client,
        endpoints: &'a Endpoints,
        cache: &'a Path,
        report: &'a (dyn Fn(Step<'_>) + Sync),
    ) -> Self {
        Self {
            client,
            endpoints,
            cache,
            report,
            day: jiff::Zoned::now().date().to_string(),
        }
    }

    /// Counts the files of a source into its record.
    pub(super) fn count(record: &mut SourceRecord, files: &[FetchedFile], missing: usize) {
        record.files = files.len();
        record.missing = missing;
        // A file lies in the cache since it was fetched.
        let days = files.iter().filter_map(|file| {
            let moment = jiff::Timestamp::try_from(file.path.metadata().ok()?.modified().ok()?).ok()?;
            Some(moment.to_zoned(jiff::tz::TimeZone::system()).date().to_string())
        });
        if let Some(oldest) = days.min() {
            record.fetched_on = oldest;
        }
    }

    /// A record of `id` without files yet.
    pub(super) fn record(&self, id: &str, about: &About, url: &str) -> SourceRecord {
        SourceRecord {
            id: id.to_owned(),
            about: about.clone(),
            url: url.to_owned(),
            fetched_on: self.day.clone(),
            files: 0,
            missing: 0,
        }
    }
}
