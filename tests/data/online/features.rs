//! Maps as features, page after page.

use super::server::{Reply, Seen, Server, gzip};
use super::{area, client, endpoints};
use serde_json::{Value, json};
use stadslens::sources::{
    Cause,
    online::{Fetched, Fetcher},
};
use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

const ITEMS: &str = "/api.pdok.nl/lv/bgt/ogc/v1/collections/wegdeel/items";

/// The pages of a service that has eight features, three a page; the fifth has ended.
fn page(seen: &Seen) -> Reply {
    let start: usize = seen.query("cursor").map_or(0, |cursor| cursor.parse().unwrap());
    let features: Vec<Value> = (start..(start + 3).min(8))
        .map(|number| {
            let ended = if number == 4 {
                json!("2020-01-01T00:00:00Z")
            } else {
                Value::Null
            };
            json!({"type": "Feature", "id": number, "geometry": null, "properties": {"eind_registratie": ended}})
        })
        .collect();
    let mut links = vec![json!({"rel": "self", "href": "here"})];
    if start + 3 < 8 {
        links.push(json!({"rel": "next", "type": "application/geo+json", "href": format!("items?cursor={}&limit=3", start + 3)}));
    }
    let page = json!({
        "type": "FeatureCollection", "links": links, "numberMatched": 8, "numberReturned": features.len(), "features": features,
    });
    let text = page.to_string();
    if seen.header("Accept-Encoding") == Some("gzip") {
        return Reply::ok(gzip(text.as_bytes())).with("Content-Encoding", "gzip");
    }
    Reply::ok(text)
}

fn roads(server: &Server, cache: &Path) -> Fetched {
    let (client, endpoints) = (client(), endpoints(server));
    Fetcher::new(&client, &endpoints, cache, &|_| {})
        .fetch_features("bgt", "wegdeel", &area())
        .unwrap()
}

fn ids(fetched: &Fetched) -> Vec<u64> {
    let pages = fetched
        .files
        .iter()
        .map(|file| serde_json::from_slice::<Value>(&fs::read(&file.path).unwrap()).unwrap());
    pages
        .flat_map(|page| page["features"].as_array().unwrap().clone())
        .map(|feature| feature["id"].as_u64().unwrap())
        .collect()
}

#[test]
fn all_pages_come_by_their_links_and_only_once() {
    let server = Server::new(page);
    let cache = tempfile::tempdir().unwrap();
    let first = roads(&server, cache.path());
    assert_eq!(
        (first.files.len(), first.problems.len(), first.record.missing),
        (3, 0, 0),
        "{:?}",
        first.problems
    );
    assert_eq!(ids(&first), [0, 1, 2, 3, 5, 6, 7]);
    assert_eq!(first.record.id, "bgt/wegdeel");
    {
        let seen = server.seen();
        let first = &seen[0];
        assert_eq!(first.path(), ITEMS);
        assert_eq!(first.query("bbox"), Some("250700,476000,251300,476600"));
        for name in ["crs", "bbox-crs"] {
            assert_eq!(
                first.query(name),
                Some("http%3A%2F%2Fwww.opengis.net%2Fdef%2Fcrs%2FEPSG%2F0%2F28992")
            );
        }
        assert_eq!((first.query("limit"), first.query("f")), (Some("3"), Some("json")));
        assert_eq!(seen[1].target, format!("{ITEMS}?cursor=3&limit=3"));
    }
    let second = roads(&server, cache.path());
    assert_eq!((server.count(), ids(&second).len()), (3, 7));
    assert!(second.files.iter().all(|file| !file.is_new));
}

#[test]
fn limits_and_short_failures_of_the_service_are_waited_out() {
    let server = Server::new(|seen| match (seen.query("cursor"), seen.before) {
        (None, 0) => Reply::of(429, "").with("Retry-After", "1"),
        (Some("3"), 0) => Reply::of(500, ""),
        (Some("6"), 0) => Reply::of(502, "<html>"),
        _ => page(seen),
    });
    let cache = tempfile::tempdir().unwrap();
    let fetched = roads(&server, cache.path());
    assert_eq!((ids(&fetched).len(), fetched.problems.len(), server.count()), (7, 0, 6));
}

#[test]
fn a_series_that_stopped_halfway_goes_on_there() {
    let is_well = Arc::new(AtomicBool::new(false));
    let well = is_well.clone();
    let server = Server::new(move |seen| {
        if seen.query("cursor") == Some("6") && !well.load(Ordering::SeqCst) {
            Reply::of(500, "")
        } else {
            page(seen)
        }
    });
    let cache = tempfile::tempdir().unwrap();
    let first = roads(&server, cache.path());
    assert_eq!(
        (first.files.len(), first.record.missing, first.problems.len()),
        (2, 1, 1)
    );
    assert!(
        first.problems[0]
            .to_string()
            .starts_with("bgt/wegdeel: page 3: the service answers with status 500")
    );
    is_well.store(true, Ordering::SeqCst);
    let before = server.count();
    let second = roads(&server, cache.path());
    assert_eq!((ids(&second).len(), server.count() - before), (7, 1));
    assert_eq!(second.files.iter().filter(|file| file.is_new).count(), 1);
    assert!(second.problems.is_empty());
}

#[test]
fn a_place_that_the_service_forgot_begins_anew() {
    let is_later = Arc::new(AtomicBool::new(false));
    let later = is_later.clone();
    let server = Server::new(
        move |seen| match (seen.query("cursor"), later.load(Ordering::SeqCst), seen.before) {
            (Some("3"), false, _) => Reply::of(503, ""),
            (Some("3"), true, 3) => Reply::of(400, r#"{"detail": "cursor is too old"}"#),
            _ => page(seen),
        },
    );
    let cache = tempfile::tempdir().unwrap();
    assert_eq!(roads(&server, cache.path()).files.len(), 1);
    is_later.store(true, Ordering::SeqCst);
    let second = roads(&server, cache.path());
    assert_eq!(
        (ids(&second).len(), second.problems.len()),
        (7, 0),
        "{:?}",
        second.problems
    );
}

#[test]
fn pages_in_a_circle_and_counts_that_do_not_fit_are_told() {
    let circle = Server::new(|seen| {
        let next = if seen.query("cursor") == Some("a") { "b" } else { "a" };
        let links = json!([{"rel": "next", "href": format!("items?cursor={next}")}]);
        Reply::ok(json!({"features": [{"id": 1, "properties": {}}], "links": links}).to_string())
    });
    let cache = tempfile::tempdir().unwrap();
    let fetched = roads(&circle, cache.path());
    assert_eq!((fetched.files.len(), fetched.problems.len()), (3, 1));
    assert!(
        fetched.problems[0].message.contains("lead on and on"),
        "{}",
        fetched.problems[0]
    );
    let short = Server::new(|_| Reply::ok(r#"{"features": [{"id": 1, "properties": {}}], "numberMatched": 5}"#));
    let cache = tempfile::tempdir().unwrap();
    let fetched = roads(&short, cache.path());
    assert_eq!(fetched.problems.len(), 1);
    assert!(
        fetched.problems[0].message.contains("told of 5 features and gave 1"),
        "{}",
        fetched.problems[0]
    );
    let empty = Server::new(|_| Reply::ok(r#"{"features": [], "links": [{"rel": "next", "href": "items?more"}]}"#));
    let cache = tempfile::tempdir().unwrap();
    assert_eq!((roads(&empty, cache.path()).files.len(), empty.count()), (1, 1));
}

#[test]
fn what_is_no_page_is_one_line() {
    for (body, cause) in [
        ("<html><title>Storing</title>", Cause::WrongKind),
        (r#"{"features": 5}"#, Cause::Damaged),
        (r#"{"features": [{"id": 1"#, Cause::Damaged),
        (
            r#"{"features": [], "links": [{"rel": "next", "href": "file:///etc/passwd"}]}"#,
            Cause::Outside,
        ),
    ] {
        let server = Server::new(move |_| Reply::ok(body));
        let cache = tempfile::tempdir().unwrap();
        let fetched = roads(&server, cache.path());
        assert_eq!(
            (fetched.files.len(), fetched.problems.len(), server.count()),
            (0, 1, 1),
            "{body}"
        );
        assert_eq!(fetched.problems[0].cause, cause, "{}", fetched.problems[0]);
    }
}

#[test]
fn single_buildings_come_as_sequences() {
    let server = Server::new(|seen| {
        let start: usize = seen.query("offset").map_or(0, |offset| offset.parse().unwrap());
        let links = if start == 0 {
            json!([{"rel": "next", "href": "items?offset=2"}])
        } else {
            json!([])
        };
        let features: Vec<Value> = (start..start + 2)
            .map(|number| json!({"type": "CityJSONFeature", "id": number.to_string(), "CityObjects": {}, "vertices": []}))
            .collect();
        let metadata = json!({"type": "CityJSON", "version": "2.0", "transform": {"scale": [0.001, 0.001, 0.001], "translate": [0, 0, 0]}});
        Reply::ok(json!({"features": features, "metadata": metadata, "links": links, "numberMatched": 4}).to_string())
    });
    let cache = tempfile::tempdir().unwrap();
    let (client, endpoints) = (client(), endpoints(&server));
    let fetched = Fetcher::new(&client, &endpoints, cache.path(), &|_| {})
        .fetch_single_buildings(&area())
        .unwrap();
    assert_eq!(
        (fetched.files.len(), fetched.problems.len()),
        (2, 0),
        "{:?}",
        fetched.problems
    );
    assert_eq!(server.seen()[0].query("bbox"), Some("250700,476000,251300,476600"));
    let text = fs::read_to_string(&fetched.files[1].path).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        (lines.len(), &lines[0]["type"], &lines[2]["id"]),
        (3, &json!("CityJSON"), &json!("3"))
    );
}
