//! The client alone: tries, pauses, resumes, caps.

use super::server::{Manner, Reply, Server, gzip};
use super::{client, limits};
use stadslens::sources::{
    Cause,
    http::{Cancel, Client, Expected, HttpError, Limits, Want},
};
use std::{
    fs,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

const JSON: Want<'static> = Want::of(Expected::Json, 1 << 20);
const DATA: Want<'static> = Want::of(Expected::Data, 4 << 20);

/// Bytes that no two places have alike.
fn bytes(count: usize) -> Vec<u8> {
    (0..count)
        .map(|index| u8::try_from((index * 7 + index / 251 + 1) % 256).unwrap())
        .collect()
}

fn get(server: &Server, path: &str, want: &Want) -> Result<Vec<u8>, HttpError> {
    client().get(&server.url(path), want).map(|answer| answer.bytes)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn it_says_who_it_is_and_what_it_wants() {
    let server = Server::new(|_| Reply::ok("{}"));
    let want = Want {
        accept: "application/geo+json",
        ..JSON
    };
    assert_eq!(get(&server, "/a?b=c", &want).unwrap(), b"{}");
    let seen = server.seen();
    assert_eq!(seen[0].target, "/a?b=c");
    assert!(seen[0].header("User-Agent").unwrap().starts_with("Stadslens/"));
    assert_eq!(seen[0].header("Accept"), Some("application/geo+json"));
    assert_eq!(seen[0].header("Accept-Encoding"), Some("identity"));
    assert!(seen[0].header("Cookie").is_none() && seen[0].header("Referer").is_none());
}

#[test]
fn a_wait_that_is_asked_for_is_kept() {
    let server = Server::new(|seen| match seen.before {
        0 => Reply::of(429, "").with("Retry-After", "1"),
        1 => Reply::of(503, "").with("Retry-After", "Thu, 01 Jan 2015 00:00:00 GMT"),
        _ => Reply::ok("{}"),
    });
    assert!(get(&server, "/", &JSON).is_ok());
    let seen = server.seen();
    assert!(seen[1].at - seen[0].at >= Duration::from_secs(1));
    assert!(seen[2].at - seen[1].at < Duration::from_secs(3));
}

#[test]
fn a_wait_of_an_hour_is_not_waited_and_the_host_is_left_alone() {
    let server = Server::new(|_| Reply::of(429, "").with("Retry-After", "3600"));
    let client = client();
    let error = client.get(&server.url("/a"), &JSON).unwrap_err();
    assert!(matches!(error, HttpError::Busy { wait_s: 3600, .. }), "{error}");
    let error = client.get(&server.url("/b"), &JSON).unwrap_err();
    assert!(matches!(error, HttpError::HostStopped { .. }), "{error}");
    assert_eq!(server.count(), 1);
}

#[test]
fn what_may_pass_is_tried_again_and_what_may_not_is_not() {
    for status in [408, 429, 500, 502, 503, 504] {
        let server = Server::new(move |seen| {
            if seen.before == 0 {
                Reply::of(status, "")
            } else {
                Reply::ok("{}")
            }
        });
        assert!(get(&server, "/", &JSON).is_ok(), "{status}");
    }
    let server = Server::new(|_| Reply::of(500, "<html><title>Oh no</title></html>"));
    let error = get(&server, "/", &JSON).unwrap_err();
    assert!(error.to_string().contains("status 500 (Oh no)"), "{error}");
    assert_eq!(server.count(), 3);
    for (status, cause) in [
        (404, Cause::Missing),
        (410, Cause::Missing),
        (400, Cause::Unreadable),
        (501, Cause::Unreadable),
    ] {
        let server = Server::new(move |_| Reply::of(status, r#"{"title": "odd"}"#));
        let error = get(&server, "/", &JSON).unwrap_err();
        assert_eq!((error.cause(), server.count()), (cause, 1), "{error}");
    }
}

#[test]
fn a_host_that_refuses_is_not_asked_again() {
    for status in [401, 403] {
        let server = Server::new(move |_| Reply::of(status, ""));
        let client = client();
        assert!(matches!(
            client.get(&server.url("/a"), &JSON),
            Err(HttpError::Refused { .. })
        ));
        assert!(matches!(
            client.get(&server.url("/b"), &JSON),
            Err(HttpError::HostStopped { .. })
        ));
        assert_eq!(server.count(), 1);
    }
}

#[test]
fn an_answer_that_breaks_off_goes_on_where_it_stopped() {
    let whole = bytes(300_000);
    let sent = whole.clone();
    let server = Server::new(move |seen| {
        let reply = Reply::file(seen, &sent, "\"v1\"");
        if seen.before < 4 {
            reply.sent(Manner::CutAfter(60_000))
        } else {
            reply
        }
    });
    assert!(get(&server, "/", &DATA).unwrap() == whole);
    let ranges: Vec<String> = server
        .seen()
        .iter()
        .map(|seen| seen.header("Range").unwrap_or("-").to_owned())
        .collect();
    assert_eq!(
        ranges,
        ["-", "bytes=60000-", "bytes=120000-", "bytes=180000-", "bytes=240000-"]
    );
    assert_eq!(server.seen()[1].header("If-Range"), Some("\"v1\""));
}

#[test]
fn an_answer_without_a_version_begins_anew_and_is_given_up_in_the_end() {
    let whole = bytes(100_000);
    let sent = whole.clone();
    let server = Server::new(move |seen| {
        let reply = Reply::ok(sent.clone());
        if seen.before == 0 {
            reply.sent(Manner::CutAfter(50_000))
        } else {
            reply
        }
    });
    assert!(get(&server, "/", &DATA).unwrap() == whole);
    assert!(server.seen().iter().all(|seen| seen.header("Range").is_none()));
    let server = Server::new(|_| Reply::ok(bytes(100_000)).sent(Manner::CutAfter(50_000)));
    let error = get(&server, "/", &DATA).unwrap_err();
    assert!(
        matches!(
            error,
            HttpError::CutOff {
                received: 50_000,
                promised: Some(100_000),
                ..
            }
        ),
        "{error}"
    );
    assert!((3..=4).contains(&server.count()));
}

#[test]
fn a_packed_answer_is_unpacked_and_a_damaged_one_is_not_taken() {
    let text = format!("{{\"a\": \"{}\"}}", "x".repeat(200_000));
    let packed = gzip(text.as_bytes());
    let server = Server::new(move |seen| {
        assert_eq!(seen.header("Accept-Encoding"), Some("gzip"));
        let mut packed = packed.clone();
        if seen.path() == "/damaged" {
            packed[100_000] ^= 1;
        }
        let manner = if seen.path() == "/cut" {
            Manner::CutAfter(100_000)
        } else {
            Manner::Whole
        };
        Reply::ok(packed)
            .with("Content-Encoding", "gzip")
            .with("ETag", "\"v\"")
            .sent(manner)
    });
    let want = Want {
        may_be_packed: true,
        ..JSON
    };
    assert_eq!(get(&server, "/", &want).unwrap(), text.as_bytes());
    assert!(matches!(
        get(&server, "/damaged", &want),
        Err(HttpError::Garbled { .. })
    ));
    assert!(matches!(get(&server, "/cut", &want), Err(HttpError::CutOff { .. })));
    // The cap counts what comes out.
    let small = Want {
        limit_bytes: 150_000,
        ..want
    };
    assert!(matches!(get(&server, "/", &small), Err(HttpError::TooLarge { .. })));
}

#[test]
fn an_answer_of_the_wrong_kind_is_told_and_not_tried_again() {
    const REPORT: &str = r#"<?xml version="1.0"?><ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1">
        <ows:Exception exceptionCode="InvalidParameterValue"><ows:ExceptionText><![CDATA[Invalid CRS]]></ows:ExceptionText>
        </ows:Exception></ows:ExceptionReport>"#;
    let server = Server::new(|seen| match seen.path() {
        "/page" => Reply::ok("<!doctype html><title>Onderhoud</title>").with("Content-Type", "image/jpeg"),
        "/report" => Reply::ok(REPORT).with("Content-Type", "image/tiff"),
        _ => Reply::ok(""),
    });
    for (path, expected, words) in [
        (
            "/page",
            Expected::Picture,
            "a picture was expected and a web page (“Onderhoud”) came",
        ),
        (
            "/report",
            Expected::Tiff,
            "a TIFF was expected and an error report (“Invalid CRS”) came",
        ),
        ("/nothing", Expected::Data, "data was expected and nothing came"),
    ] {
        let error = get(&server, path, &Want::of(expected, 1000)).unwrap_err();
        assert!(error.to_string().starts_with(words), "{error}");
        assert_eq!(error.cause(), Cause::WrongKind);
    }
    assert_eq!(server.count(), 3);
}

#[test]
fn redirects_are_followed_within_bounds() {
    let server = Server::new(|seen| match seen.path() {
        "/moved" => Reply::to(301, "/folder/found?x=1"),
        "/see" => Reply::to(303, "found"),
        "/folder/found" | "/found" => Reply::ok("{}"),
        "/circle" => Reply::to(302, "/circle/2"),
        "/circle/2" => Reply::to(307, "../circle"),
        "/file" => Reply::to(302, "file:///etc/passwd"),
        "/ftp" => Reply::to(302, "ftp://127.0.0.1/x"),
        "/plain" => Reply::to(302, "http://example.org/"),
        "/nowhere" => Reply::of(302, ""),
        on => Reply::to(308, &format!("{on}x")),
    });
    assert!(get(&server, "/moved", &JSON).is_ok() && get(&server, "/see", &JSON).is_ok());
    for path in ["/circle", "/on"] {
        let before = server.count();
        assert!(
            matches!(get(&server, path, &JSON), Err(HttpError::Redirects { .. })),
            "{path}"
        );
        assert!(server.count() - before <= 6, "{path}");
    }
    for path in ["/file", "/ftp", "/plain"] {
        assert!(
            matches!(get(&server, path, &JSON), Err(HttpError::BadAddress { .. })),
            "{path}"
        );
    }
    assert!(matches!(
        get(&server, "/nowhere", &JSON),
        Err(HttpError::Garbled { .. })
    ));
}

#[test]
fn a_server_that_is_silent_or_trickles_is_given_up() {
    let hasty = Limits {
        silence: Duration::from_millis(300),
        slowest_bytes_per_s: 2000,
        slow_window: Duration::from_millis(200),
        ..limits()
    };
    let server = Server::new(|seen| match seen.path() {
        "/silent" => Reply::ok("").sent(Manner::Silent(Duration::from_secs(8))),
        "/stalls" => Reply::ok(bytes(20_000)).sent(Manner::Drip(10_000, Duration::from_secs(8))),
        _ => Reply::ok(bytes(20_000)).sent(Manner::Drip(5, Duration::from_millis(10))),
    });
    for (path, words) in [
        ("/silent", "in time"),
        ("/stalls", "nothing came for a while"),
        ("/trickle", "too slowly"),
    ] {
        let begin = Instant::now();
        let client = Client::new(hasty.clone(), Cancel::new());
        let error = client.get(&server.url(path), &DATA).unwrap_err();
        assert!(matches!(error, HttpError::TimeOut { .. }), "{path}: {error}");
        assert!(error.to_string().contains(words), "{path}: {error}");
        assert!(begin.elapsed() < Duration::from_secs(7), "{path}");
    }
}

#[test]
fn an_answer_above_its_cap_is_not_read_to_its_end() {
    let server = Server::new(|seen| {
        let reply = Reply::ok(bytes(5 << 20));
        if seen.path() == "/told" {
            reply
        } else {
            reply.sent(Manner::NoLength)
        }
    });
    for path in ["/told", "/not-told"] {
        let error = get(&server, path, &Want::of(Expected::Data, 100_000)).unwrap_err();
        assert!(
            matches!(error, HttpError::TooLarge { limit: 100_000, .. }),
            "{path}: {error}"
        );
        assert_eq!(error.cause(), Cause::TooLarge);
    }
    assert_eq!(server.count(), 2);
}

#[test]
fn what_is_not_http_is_told() {
    let server = Server::new(|_| Reply::ok("SSH-2.0-something\r\n\r\n").sent(Manner::Garbage));
    let error = get(&server, "/", &DATA).unwrap_err();
    assert!(
        matches!(error, HttpError::Garbled { .. } | HttpError::Unreachable { .. }),
        "{error}"
    );
    // Also where encryption was expected: no panic, a line.
    let error = client()
        .get(&server.url("/").replace("http:", "https:"), &DATA)
        .unwrap_err();
    assert!(
        matches!(error, HttpError::NotTrusted { .. } | HttpError::Unreachable { .. }),
        "{error}"
    );
}

#[test]
fn one_host_gets_two_requests_at_a_time() {
    let server = Server::new(|_| {
        thread::sleep(Duration::from_millis(50));
        Reply::ok("{}")
    });
    let client = client();
    thread::scope(|scope| {
        for number in 0..8 {
            let (client, url) = (&client, server.url(&format!("/{number}")));
            scope.spawn(move || client.get(&url, &JSON).unwrap());
        }
    });
    assert_eq!(server.count(), 8);
    assert_eq!(server.busiest(), 2);
}

#[test]
fn a_host_that_is_gone_is_left_alone_after_a_few_requests() {
    let mut server = Server::new(|_| Reply::ok("{}"));
    let client = client();
    assert!(client.get(&server.url("/a"), &JSON).is_ok());
    server.close();
    for _ in 0..3 {
        let error = client.get(&server.url("/b"), &JSON).unwrap_err();
        assert!(matches!(error, HttpError::Unreachable { .. }), "{error}");
    }
    let begin = Instant::now();
    let error = client.get(&server.url("/c"), &JSON).unwrap_err();
    assert!(error.to_string().contains("failed 3 requests in a row"), "{error}");
    assert!(begin.elapsed() < Duration::from_secs(1));
}

#[test]
fn what_waits_is_stopped_at_once() {
    let server = Server::new(|_| Reply::ok("").sent(Manner::Silent(Duration::from_secs(8))));
    let cancel = Cancel::new();
    let client = Arc::new(Client::new(limits(), cancel.clone()));
    let begin = Instant::now();
    let waiting = {
        let (client, url) = (client.clone(), server.url("/"));
        thread::spawn(move || client.get(&url, &JSON).unwrap_err())
    };
    thread::sleep(Duration::from_millis(200));
    cancel.cancel();
    assert!(matches!(waiting.join().unwrap(), HttpError::Cancelled { .. }));
    assert!(begin.elapsed() < Duration::from_secs(6));
    assert!(matches!(
        client.get(&server.url("/"), &JSON),
        Err(HttpError::Cancelled { .. })
    ));
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
