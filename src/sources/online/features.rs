//! Maps as features (OGC API - Features, parts 1 and 2): page after page, by the `next` link of each.
//!
//! Every page is one file. Beside it stands where the next one is, so that a run that was stopped goes on there.

use super::fetcher::{Fetched, FetchedFile, Fetcher, SourceRecord, Step};
use super::{OutOfReach, RdArea};
use crate::sources::http::{Address, Expected, HttpError, Want};
use crate::sources::{Cause, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

/// Largest page, bytes.
const MAX_PAGE_BYTES: u64 = 256 << 20;
/// Most pages of one collection.
const MAX_PAGES: usize = 5000;
/// Largest list of pages, bytes.
const MAX_LIST_BYTES: u64 = 64 << 20;
/// Name of the list of pages.
const LIST: &str = "pages.json";

/// What of a page is kept.
pub(super) struct Kept {
    pub(super) text: String,
    /// Features in it.
    pub(super) count: usize,
    /// Features that are not valid any more.
    pub(super) left_out: usize,
}

/// A series of pages to fetch.
pub(super) struct Pages<'a> {
    pub(super) first: String,
    pub(super) folder: PathBuf,
    pub(super) ending: &'a str,
    pub(super) accept: &'a str,
    /// Makes the file of a page.
    pub(super) keep: &'a (dyn Fn(&mut Map<String, Value>) -> Result<Kept, String> + Sync),
}

/// The pages that are there (`pages.json`): a page counts once it stands here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct List {
    /// First page that was asked for; another one is another series.
    first: String,
    pages: Vec<Page>,
    /// Where the next page is; `None` once all are there.
    next: Option<String>,
    /// Features that the service said there are.
    matched: Option<u64>,
    /// Features that came, those that were left out included.
    came: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Page {
    file: String,
    url: String,
}

impl Fetcher<'_> {
    /// Fetches a collection of the maps `id` (`bgt`, `wegdeel`) over an area as `GeoJSON` files in EPSG:28992, one per page.
    /// Features that are not valid any more are left out. A feature that lies on the edge is whole.
    ///
    /// # Errors
    /// No such source or collection. A page that fails is a problem of the result; the pages before it are there.
    pub fn fetch_features(&self, id: &str, collection: &str, area: &RdArea) -> Result<Fetched, Problem> {
        let source = self.endpoints.features(id)?;
        if !source.collections.iter().any(|known| known == collection) {
            let message = format!(
                "no collection has this name; known are {}",
                source.collections.join(", ")
            );
            return Err(Problem::error(format!("{id}/{collection}"), "", message).because(Cause::Missing));
        }
        let url = source
            .url
            .split('?')
            .next()
            .unwrap_or_default()
            .replace("{collection}", collection);
        let pages = Pages {
            first: source.first_page(collection, area),
            folder: self.cache.join("features").join(id).join(collection).join(area.key()),
            ending: "geojson",
            accept: "application/geo+json, application/json;q=0.9",
            keep: &|page| valid_features(page, &source.ended),
        };
        Ok(self.fetch_pages(self.record(&format!("{id}/{collection}"), &source.about, &url), &pages))
    }

    pub(super) fn fetch_pages(&self, mut record: SourceRecord, pages: &Pages) -> Fetched {
        let (mut problems, mut out_of_reach) = (Vec::new(), Vec::new());
        let mut is_stopped = false;
        let mut list = read_list(pages).unwrap_or_else(|| List::beginning(&pages.first));
        let was_there = list.pages.len();
        let mut received = 0;
        let mut seen: BTreeSet<String> = list.pages.iter().map(|page| page.url.clone()).collect();
        // Where a run before stopped, the service may have forgotten its place meanwhile.
        let mut may_begin_anew = was_there > 0 && list.next.is_some();
        while let Some(url) = list.next.clone() {
            if list.pages.len() >= MAX_PAGES || !seen.insert(url.clone()) {
                let message = format!("the pages lead on and on after {}; what came is kept", list.pages.len());
                problems.push(Problem::error(&record.id, "", message).because(Cause::Duplicate));
                break;
            }
            match self.page(pages, &mut list, &url) {
                Ok(bytes) => received += bytes,
                Err(Failed::Http(HttpError::NotFound { .. } | HttpError::Status { status: 400..=499, .. }))
                    if may_begin_anew =>
                {
                    list = List::beginning(&pages.first);
                    seen.clear();
                }
                Err(failed) => {
                    let number = list.pages.len() + 1;
                    is_stopped |= matches!(&failed, Failed::Http(error) if error.ends_all());
                    let host = match &failed {
                        Failed::Http(error) => OutOfReach::of(error, &record.id),
                        Failed::Content(_) => None,
                    };
                    if let Some(host) = host {
                        problems.push(host.problem());
                        out_of_reach.push(host);
                    } else if !matches!(&failed, Failed::Http(HttpError::Cancelled { .. })) {
                        problems.push(failed.problem(&record.id, number, &url));
                    }
                    break;
                }
            }
            may_begin_anew = false;
            (self.report)(Step {
                source: &record.id,
                done: list.pages.len(),
                of: list.pages_in_all(),
                received_bytes: received,
            });
        }
        let is_whole = list.next.is_none();
        if is_whole && list.matched.is_some_and(|matched| matched != list.came) {
            let message = format!(
                "the service told of {} features and gave {}; fetch again later",
                list.matched.unwrap_or_default(),
                list.came
            );
            problems.push(Problem::warning(&record.id, "numberMatched", message).because(Cause::Unfinished));
        }
        let file = |(index, page): (usize, &Page)| FetchedFile {
            path: pages.folder.join(&page.file),
            url: page.url.clone(),
            bounds: None,
            epsg: 28992,
            is_new: index >= was_there,
        };
        let files: Vec<FetchedFile> = list.pages.iter().enumerate().map(file).collect();
        Self::count(&mut record, &files, usize::from(!is_whole));
        Fetched {
            files,
            record,
            problems,
            out_of_reach,
            is_stopped,
        }
    }

    /// Fetches one page and puts it into the list; its size in bytes.
    fn page(&self, pages: &Pages, list: &mut List, url: &str) -> Result<u64, Failed> {
        let want = Want {
            accept: pages.accept,
            may_be_packed: true,
            ..Want::of(Expected::Json, MAX_PAGE_BYTES)
        };
        let answer = self.client.get(url, &want).map_err(Failed::Http)?;
        let mut page: Map<String, Value> = serde_json::from_slice(&answer.bytes)
            .map_err(|error| Failed::Content(format!("the page cannot be read: {error}")))?;
        let next = next_of(&page, &answer.address, self.client.plain_http_hosts()).map_err(Failed::Http)?;
        let matched = page.get("numberMatched").and_then(Value::as_u64);
        let kept = (pages.keep)(&mut page).map_err(Failed::Content)?;
        let came = (kept.count + kept.left_out) as u64;
        let file = format!("page-{:05}.{}", list.pages.len(), pages.ending);
        let mut new = list.clone();
        new.pages.push(Page {
            file: file.clone(),
            url: url.to_owned(),
        });
        // A page without features that tells of a next one would go on for ever.
        new.next = next.filter(|_| came > 0);
        new.matched = matched.or(new.matched);
        new.came += came;
        write_whole(&pages.folder.join(file), kept.text.as_bytes())?;
        write_whole(&pages.folder.join(LIST), &serde_json::to_vec(&new).unwrap_or_default())?;
        *list = new;
        Ok(answer.bytes.len() as u64)
    }
}

impl List {
    /// How many pages there will be: all that are there once none follows, else by how many features the service says there
    /// are and how many a page brought so far. `None` where it does not say.
    fn pages_in_all(&self) -> Option<usize> {
        let here = self.pages.len();
        if self.next.is_none() {
            return Some(here);
        }
        let matched = self.matched.filter(|_| self.came > 0)?;
        let pages = matched.saturating_mul(here as u64).div_ceil(self.came);
        // One more follows at least.
        Some(usize::try_from(pages).ok()?.clamp(here + 1, MAX_PAGES.max(here + 1)))
    }

    fn beginning(first: &str) -> Self {
        Self {
            first: first.to_owned(),
            pages: Vec::new(),
            next: Some(first.to_owned()),
            matched: None,
            came: 0,
        }
    }
}

/// Why a page was not had.
enum Failed {
    Http(HttpError),
    Content(String),
}

impl Failed {
    fn problem(&self, source: &str, number: usize, url: &str) -> Problem {
        let place = format!("page {number}");
        match self {
            Self::Http(error) => error.problem(source, place),
            Self::Content(message) => {
                Problem::error(source, place, format!("{message}: {url}")).because(Cause::Damaged)
            }
        }
    }
}

/// The address of the next page: the link with `rel` `next`.
fn next_of(
    page: &Map<String, Value>,
    from: &Address,
    plain_http_hosts: &[String],
) -> Result<Option<String>, HttpError> {
    let links = page
        .get("links")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let next = links
        .iter()
        .find(|link| link["rel"] == "next")
        .and_then(|link| link["href"].as_str());
    next.map(|href| from.follow(href, plain_http_hosts).map(|address| address.to_string()))
        .transpose()
}

/// The features of a page that are valid today, as `GeoJSON` in EPSG:28992.
fn valid_features(page: &mut Map<String, Value>, ended: &[String]) -> Result<Kept, String> {
    let Some(Value::Array(features)) = page.remove("features") else {
        return Err("the page has no `features`".to_owned());
    };
    let all = features.len();
    let is_valid = |feature: &Value| {
        let has_ended = |property: &String| match &feature["properties"][property] {
            Value::Null => false,
            Value::String(day) => !day.trim().is_empty(),
            _ => true,
        };
        !ended.iter().any(has_ended)
    };
    let kept: Vec<Value> = features.into_iter().filter(is_valid).collect();
    let count = kept.len();
    let collection = json!({
        "type": "FeatureCollection",
        // Not part of RFC 7946, and what every GIS reads for coordinates that are not longitude and latitude.
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}},
        "features": kept,
    });
    Ok(Kept {
        text: collection.to_string(),
        count,
        left_out: all - count,
    })
}

/// The list of a run before, where it is of the same series and its files are there.
fn read_list(pages: &Pages) -> Option<List> {
    let path = pages.folder.join(LIST);
    let is_small = fs::metadata(&path).is_ok_and(|metadata| metadata.is_file() && metadata.len() <= MAX_LIST_BYTES);
    if !is_small {
        return None;
    }
    let list: List = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    let is_there = |(index, page): (usize, &Page)| {
        page.file == format!("page-{index:05}.{}", pages.ending) && pages.folder.join(&page.file).is_file()
    };
    let is_ours = list.first == pages.first && list.pages.iter().enumerate().all(is_there);
    is_ours.then_some(list)
}

/// Writes a file so that it is whole or not there.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failed> {
    let write = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = atomic_write_file::AtomicWriteFile::open(path)?;
        file.write_all(bytes)?;
        file.commit()
    };
    write().map_err(|source| Failed::Http(HttpError::writing(source, path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_that_ended_are_left_out() {
        let ended = ["eind_registratie".to_owned(), "termination_date".to_owned()];
        let mut page = json!({"features": [
            {"id": 1, "properties": {"eind_registratie": null}},
            {"id": 2, "properties": {"eind_registratie": "2024-01-01"}},
            {"id": 3, "properties": {}},
            {"id": 4, "properties": {"termination_date": "2023-01-01"}},
            {"id": 5, "properties": {"termination_date": ""}},
        ]});
        let kept = valid_features(page.as_object_mut().unwrap(), &ended).unwrap();
        assert_eq!((kept.count, kept.left_out), (3, 2));
        let text: Value = serde_json::from_str(&kept.text).unwrap();
        let ids: Vec<u64> = text["features"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["id"].as_u64().unwrap())
            .collect();
        assert_eq!(ids, [1, 3, 5]);
        assert!(text["crs"]["properties"]["name"].as_str().unwrap().ends_with("28992"));
        assert!(valid_features(json!({}).as_object_mut().unwrap(), &ended).is_err());
    }

    #[test]
    fn the_pages_in_all_are_told_by_the_features_in_all() {
        let page = Page {
            file: String::new(),
            url: String::new(),
        };
        let list = |pages: usize, came: u64, matched: Option<u64>, is_whole: bool| List {
            pages: vec![page.clone(); pages],
            came,
            matched,
            next: (!is_whole).then(String::new),
            first: String::new(),
        };
        assert_eq!(list(2, 2000, Some(9500), false).pages_in_all(), Some(10));
        assert_eq!(list(2, 2000, None, false).pages_in_all(), None, "it does not say");
        assert_eq!(
            list(2, 2000, Some(2000), false).pages_in_all(),
            Some(3),
            "and yet one follows"
        );
        assert_eq!(list(1, 0, Some(10), false).pages_in_all(), None);
        assert_eq!(list(1, 1, Some(u64::MAX), false).pages_in_all(), Some(MAX_PAGES));
        assert_eq!(list(4, 3100, Some(3100), true).pages_in_all(), Some(4));
    }

    #[test]
    fn the_next_page_is_found_and_never_leads_to_this_machine() {
        let from = Address::parse("https://example.org/collections/pand/items?limit=1", &[]).unwrap();
        let next = |links: Value| next_of(json!({"links": links}).as_object().unwrap(), &from, &[]);
        let found = next(json!([{"rel": "self", "href": "x"}, {"rel": "next", "href": "?cursor=a%7Cb"}])).unwrap();
        assert_eq!(
            found.as_deref(),
            Some("https://example.org/collections/pand/items?cursor=a%7Cb")
        );
        assert_eq!(next(json!([])).unwrap(), None);
        assert_eq!(next(json!("odd")).unwrap(), None);
        assert!(next(json!([{"rel": "next", "href": "http://127.0.0.1/x"}])).is_err());
        assert!(next(json!([{"rel": "next", "href": "file:///etc/passwd"}])).is_err());
    }
}
