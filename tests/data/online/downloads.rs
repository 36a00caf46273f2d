//! Downloads to files: what a run leaves behind, and how the next one goes on.

use super::client::{DATA, bytes};
use super::server::{Manner, Reply, Server};
use super::{client, limits};
use stadslens::sources::{
    Cause,
    http::{Cancel, Client, HttpError},
};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_download_that_was_stopped_goes_on_in_the_next_run() {
    let whole = bytes(400_000);
    let sent = whole.clone();
    let server = Server::new(move |seen| {
        Reply::file(seen, &sent, "\"v1\"").sent(Manner::Drip(20_000, Duration::from_millis(5)))
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sub/tile.bin");
    let cancel = Cancel::new();
    let first = Client::new(limits(), cancel.clone());
    let error = first
        .download_to(&server.url("/t"), &path, &DATA, &|progress| {
            assert_eq!(progress.total_bytes, Some(400_000));
            if progress.received_bytes > 150_000 {
                cancel.cancel();
            }
        })
        .unwrap_err();
    assert!(matches!(error, HttpError::Cancelled { .. }), "{error}");
    assert_eq!(names(path.parent().unwrap()), ["tile.bin.part", "tile.bin.part.json"]);
    let done = client().download_to(&server.url("/t"), &path, &DATA, &|_| {}).unwrap();
    assert!(done.resumed_from > 150_000 && done.bytes == 400_000, "{done:?}");
    assert!(fs::read(&path).unwrap() == whole);
    assert_eq!(names(path.parent().unwrap()), ["tile.bin"]);
    assert_eq!(
        server.seen()[1].header("Range").unwrap(),
        format!("bytes={}-", done.resumed_from)
    );
}

/// What the run does that [`a_run_that_is_killed_leaves_what_the_next_one_goes_on_with`] kills; nothing by itself.
#[test]
fn the_run_that_is_killed() {
    let (Ok(url), Ok(path)) = (
        std::env::var("STADSLENS_TEST_URL"),
        std::env::var("STADSLENS_TEST_PATH"),
    ) else {
        return;
    };
    client().download_to(&url, Path::new(&path), &DATA, &|_| {}).unwrap();
}

#[test]
fn a_run_that_is_killed_leaves_what_the_next_one_goes_on_with() {
    let whole = bytes(400_000);
    let sent = whole.clone();
    let server = Server::new(move |seen| {
        let reply = Reply::file(seen, &sent, "\"v1\"");
        if seen.before == 0 {
            reply.sent(Manner::Drip(20_000, Duration::from_millis(200)))
        } else {
            reply
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let (path, url) = (folder.path().join("a.bin"), server.url("/a"));
    let mut run = Command::new(std::env::current_exe().unwrap())
        .args(["online::downloads::the_run_that_is_killed", "--exact"])
        .envs([
            ("STADSLENS_TEST_URL", url.as_str()),
            ("STADSLENS_TEST_PATH", path.to_str().unwrap()),
        ])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let part = folder.path().join("a.bin.part");
    let begin = Instant::now();
    while fs::metadata(&part).map_or(0, |metadata| metadata.len()) < 100_000 {
        assert!(begin.elapsed() < Duration::from_mins(1), "nothing came");
        thread::sleep(Duration::from_millis(10));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    assert!(!path.exists());
    let done = client().download_to(&url, &path, &DATA, &|_| {}).unwrap();
    assert!(done.resumed_from >= 100_000 && fs::read(&path).unwrap() == whole);
    let range = format!("bytes={}-", done.resumed_from);
    assert_eq!(
        server
            .seen()
            .iter()
            .filter(|seen| seen.header("Range") == Some(range.as_str()))
            .count(),
        1
    );
    assert_eq!(names(folder.path()), ["a.bin"]);
}

/// What a run leaves that was killed by the system: a part and its note, without any goodbye.
#[test]
fn a_part_is_used_only_for_the_version_that_it_is_of() {
    let new = bytes(100_000);
    let sent = new.clone();
    let server = Server::new(move |seen| Reply::file(seen, &sent, "\"new\""));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    let url = server.url("/a");
    let note = |version: &str, url: &str| {
        serde_json::json!({"url": url, "version": version, "total_bytes": 100_000}).to_string()
    };
    for (part, note, resumed) in [
        (new[..70_000].to_vec(), note("\"new\"", &url), 70_000),
        // All was there but the last step.
        (new.clone(), note("\"new\"", &url), 100_000),
        // An older version: the service sends all of the new one.
        (vec![9; 70_000], note("\"old\"", &url), 70_000),
        // Another file, no note, a damaged one, a part that is too long.
        (vec![9; 70_000], note("\"new\"", "http://127.0.0.1/other"), 0),
        (vec![9; 70_000], String::new(), 0),
        (vec![9; 70_000], "{".to_owned(), 0),
        (vec![9; 170_000], note("\"new\"", &url), 0),
    ] {
        fs::write(folder.path().join("a.bin.part"), &part).unwrap();
        fs::write(folder.path().join("a.bin.part.json"), &note).unwrap();
        let done = client().download_to(&url, &path, &DATA, &|_| {}).unwrap();
        assert_eq!(done.resumed_from, resumed, "{note}");
        assert!(fs::read(&path).unwrap() == new, "{note}");
        assert_eq!(names(folder.path()), ["a.bin"], "{note}");
    }
}

#[test]
fn a_part_that_the_service_does_not_go_on_with_begins_anew() {
    let new = bytes(50_000);
    for odd in ["416", "other part", "part without being asked"] {
        let sent = new.clone();
        let server = Server::new(move |seen| match (seen.before, odd) {
            (0, "416") => Reply::of(416, ""),
            (0, "other part") => Reply::of(206, &sent[..100]).with("Content-Range", "bytes 0-99/50000"),
            (0, _) => Reply::of(206, &sent[..100]),
            _ => Reply::ok(sent.clone()),
        });
        let folder = tempfile::tempdir().unwrap();
        let (path, url) = (folder.path().join("a.bin"), server.url("/a"));
        fs::write(folder.path().join("a.bin.part"), &new[..20_000]).unwrap();
        let note = serde_json::json!({"url": url, "version": "\"v\"", "total_bytes": 50_000});
        fs::write(folder.path().join("a.bin.part.json"), note.to_string()).unwrap();
        client().download_to(&url, &path, &DATA, &|_| {}).unwrap();
        assert!(fs::read(&path).unwrap() == new, "{odd}");
        assert_eq!(server.count(), 2, "{odd}");
    }
}

#[test]
fn a_good_file_is_never_replaced_by_less() {
    let server = Server::new(|seen| match seen.path() {
        "/page" => Reply::ok("<html>"),
        "/cut" => Reply::ok(bytes(10_000)).sent(Manner::CutAfter(5000)),
        _ => Reply::of(404, ""),
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    fs::write(&path, "good").unwrap();
    for url in ["/page", "/cut", "/none"] {
        assert!(client().download_to(&server.url(url), &path, &DATA, &|_| {}).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"good", "{url}");
        assert_eq!(names(folder.path()), ["a.bin"], "{url}");
    }
}

#[test]
fn two_runs_do_not_write_one_file() {
    let server = Server::new(|_| Reply::ok(bytes(10_000)));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    let other = fs::File::create(folder.path().join("a.bin.part")).unwrap();
    other.lock().unwrap();
    let error = client()
        .download_to(&server.url("/"), &path, &DATA, &|_| {})
        .unwrap_err();
    assert!(matches!(error, HttpError::InUse { .. }), "{error}");
    assert_eq!((error.cause(), server.count()), (Cause::InUse, 0));
}

/// A device that is always full stands in for the disk.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_stops_with_one_line() {
    let server = Server::new(|_| Reply::ok(bytes(100_000)));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    std::os::unix::fs::symlink("/dev/full", folder.path().join("a.bin.part")).unwrap();
    let error = client()
        .download_to(&server.url("/"), &path, &DATA, &|_| {})
        .unwrap_err();
    assert!(matches!(error, HttpError::DiskFull { .. }), "{error}");
    assert_eq!((error.cause(), server.count()), (Cause::Machine, 1));
    assert!(!path.exists());
}
