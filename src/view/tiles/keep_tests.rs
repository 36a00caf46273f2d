//! What is kept of a layer whose files were not all read.

use super::*;
use crate::sources::http::HttpError;
use crate::sources::resource::ResourceError;
use crate::sources::resource::made_up::{MadeUp, missing, square, tileset};
use crate::sources::tiles3d::{open_tileset, read_tileset};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

fn has_ending(file: &str, wanted: &str) -> bool {
    Path::new(file).extension().is_some_and(|ending| ending == wanted)
}

/// Ten by ten towns on a server, each in a tileset of its own with four houses in another.
fn town(path: &str) -> Option<String> {
    let place = |x: u32, y: u32| [x, y].map(|n| f64::from(n) * 100.0);
    let root = if path == ROOT {
        let towns = (0..100).map(|n| {
            let link = format!(r#""content": {{"uri": "{}/{}/t.json"}}"#, n % 10, n / 10);
            square(place(n % 10, n / 10), 50.0, &link)
        });
        let children = format!(r#""children": [{}]"#, towns.collect::<Vec<_>>().join(","));
        square([500.0; 2], 600.0, &children)
    } else {
        let mut parts = path.strip_prefix("https://a.org/")?.split('/');
        let (x, y) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let houses = if parts.next()? == "t.json" {
            r#""contents": [{"uri": "houses.json"}, {"uri": "town.glb"}]"#
        } else {
            r#""content": {"uri": "houses.glb"}"#
        };
        square(place(x, y), 50.0, houses)
    };
    Some(tileset(&root))
}

/// The towns, or of them only the tileset that names them all.
fn towns(is_offline: bool) -> Arc<MadeUp> {
    MadeUp::new(true, move |path| {
        if is_offline && path != ROOT {
            let source = HttpError::Offline { url: path.to_owned() };
            return Err(ResourceError::Fetch { source });
        }
        town(path).ok_or_else(|| missing(path))
    })
}

const ROOT: &str = "https://a.org/tileset.json";
const AREA: Area = Area {
    middle: DVec3::new(300.0, 400.0, 6_371_000.0),
    radius_m: 120.0,
};

#[test]
fn what_was_not_read_is_kept_as_what_was_read_and_nothing_else_is_asked_for() {
    let (lazy, _) = open_tileset(towns(false), ROOT).unwrap();
    let (whole, _) = read_tileset(towns(false), ROOT).unwrap();
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
    let (tree, _) = open_tileset(towns(true), ROOT).unwrap();
    let found = AREA.leads(&tree).remove(0)();
    assert!(found.is_offline && found.leads.len() == 1 && found.failure.is_none());
    assert!(found.files.is_empty());
}
