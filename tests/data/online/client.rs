//! The client alone: tries, pauses, resumes, caps.

use super::server::{Manner, Reply, Server, gzip};
use super::{client, limits};
use stadslens::sources::{
    Cause,
    http::{Cancel, Client, Expected, HttpError, Limits, Want},
};
use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

const JSON: Want<'static> = Want::of(Expected::Json, 1 << 20);
pub(super) const DATA: Want<'static> = Want::of(Expected::Data, 4 << 20);

/// Bytes that no two places have alike.
pub(super) fn bytes(count: usize) -> Vec<u8> {
    (0..count)
        .map(|index| u8::try_from((index * 7 + index / 251 + 1) % 256).unwrap())
        .collect()
}

fn get(server: &Server, path: &str, want: &Want) -> Result<Vec<u8>, HttpError> {
    client().get(&server.url(path), want).map(|answer| answer.bytes)
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
        (400, Cause::Network),
        (501, Cause::Network),
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
fn pieces_are_put_together_and_their_end_is_waited_for() {
    let server = Server::new(|seen| {
        let end = if seen.path() == "/whole" { "0\r\n\r\n" } else { "" };
        let answer =
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{{\"a\":\r\n3\r\n 1}}\r\n{end}");
        Reply::ok(answer).sent(Manner::Garbage)
    });
    assert_eq!(get(&server, "/whole", &JSON).unwrap(), b"{\"a\": 1}");
    let error = get(&server, "/cut", &JSON).unwrap_err();
    assert!(matches!(error, HttpError::CutOff { promised: None, .. }), "{error}");
}

#[test]
fn a_head_without_an_end_is_not_read() {
    let server = Server::new(|_| Reply::ok("{}").with("X-Long", &"x".repeat(200_000)));
    let error = get(&server, "/", &JSON).unwrap_err();
    assert!(matches!(error, HttpError::Garbled { .. }), "{error}");
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
