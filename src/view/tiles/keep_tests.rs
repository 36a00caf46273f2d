//! What is kept of a layer whose files were not all read.

use super::*;
use crate::sources::http::Transfer;
use crate::sources::resource::{FetchFailure, ResourceError, Resources};
use crate::sources::tiles3d::{open_tileset, read_tileset};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn has_ending(file: &str, wanted: &str) -> bool {
    Path::new(file).extension().is_some_and(|ending| ending == wanted)
}

/// Ten by ten towns on a server, each in a tileset of its own with four houses in another.
struct Towns {
    is_offline: bool,
}

impl Towns {
    fn text(path: &str) -> Option<String> {
        let tile = |x: f64, y: f64, half: f64, rest: &str| {
            format!(
                r#"{{"boundingVolume": {{"box": [{x},{y},6371000, {half},0,0, 0,{half},0, 0,0,5]}}, "geometricError": {half},
                {rest}}}"#
            )
        };
        let place = |n: u32| f64::from(n) * 100.0;
        let root = if path == "https://a.org/tileset.json" {
            let towns = (0..100).map(|n| {
                let link = format!(r#""content": {{"uri": "{}/{}/t.json"}}"#, n % 10, n / 10);
                tile(place(n % 10), place(n / 10), 50.0, &link)
            });
            let children = format!(r#""children": [{}]"#, towns.collect::<Vec<_>>().join(","));
            tile(500.0, 500.0, 600.0, &children)
        } else {
            let mut parts = path.strip_prefix("https://a.org/")?.split('/');
            let (x, y) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            let houses = if parts.next()? == "t.json" {
                r#""contents": [{"uri": "houses.json"}, {"uri": "town.glb"}]"#
            } else {
                r#""content": {"uri": "houses.glb"}"#
            };
            tile(place(x), place(y), 50.0, houses)
        };
        Some(format!(
            r#"{{"asset": {{"version": "1.1"}}, "geometricError": 9, "root": {root}}}"#
        ))
    }
}

impl Resources for Towns {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        let missing = || ResourceError::Missing { uri: path.to_owned() };
        if self.is_offline && path != "https://a.org/tileset.json" {
            let source = crate::sources::http::HttpError::Offline { url: path.to_owned() };
            return Err(ResourceError::Fetch { source });
        }
        Ok(Self::text(path).ok_or_else(missing)?.into_bytes())
    }
    fn exists(&self, _: &str) -> bool {
        true
    }
    fn name(&self) -> String {
        "towns".to_owned()
    }
    fn remote(&self) -> Option<&dyn Remote> {
        Some(self)
    }
}

impl Remote for Towns {
    fn host(&self, _: &str) -> String {
        "a.org".to_owned()
    }
    fn wait(&self, _: &str) -> Duration {
        Duration::ZERO
    }
    fn fetch(&self, path: &str, _: u64, _: &Transfer) -> Result<Vec<u8>, FetchFailure> {
        self.read(path).map_err(|error| FetchFailure {
            error,
            may_pass: false,
            wait: None,
            was_early: false,
        })
    }
    fn documents(&self) -> Vec<String> {
        Vec::new()
    }
    fn forget(&self, _: &str) {}
}

const ROOT: &str = "https://a.org/tileset.json";
const AREA: Area = Area {
    middle: DVec3::new(300.0, 400.0, 6_371_000.0),
    radius_m: 120.0,
};

#[test]
fn what_was_not_read_is_kept_as_what_was_read_and_nothing_else_is_asked_for() {
    let (lazy, _) = open_tileset(Arc::new(Towns { is_offline: false }), ROOT).unwrap();
    let (whole, _) = read_tileset(Arc::new(Towns { is_offline: false }), ROOT).unwrap();
    let mut files: BTreeSet<String> = AREA.files(&lazy).into_iter().collect();
    assert_eq!(files.len(), 1);
    let mut leads = AREA.leads(&lazy);
    assert!(leads.len() < 30, "{} towns lie there", leads.len());
    while let Some(lead) = leads.pop() {
        let found = lead();
        assert!(found.failure.is_none() && !found.is_offline);
        files.extend(found.files);
        leads.extend(found.leads);
    }
    let (documents, contents): (BTreeSet<String>, BTreeSet<String>) =
        files.into_iter().partition(|file| has_ending(file, "json"));
    let wanted: BTreeSet<String> = AREA
        .files(&whole)
        .into_iter()
        .filter(|file| has_ending(file, "glb"))
        .collect();
    assert!(wanted.len() > 8);
    assert_eq!(contents, wanted);
    assert_eq!(
        documents.len(),
        1 + wanted.len(),
        "a document for each content, and the root"
    );
}

#[test]
fn without_a_network_it_waits_with_what_it_would_have_read() {
    let (tree, _) = open_tileset(Arc::new(Towns { is_offline: true }), ROOT).unwrap();
    let found = AREA.leads(&tree).remove(0)();
    assert!(found.is_offline && found.leads.len() == 1 && found.failure.is_none());
    assert!(found.files.is_empty());
}
