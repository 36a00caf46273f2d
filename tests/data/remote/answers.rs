//! Asking once: what is kept, when it is asked about again, what is refused, and how much memory an answer may take.

use super::{ask, network, reason};
use crate::online::server::{Manner, Reply, Server, gzip};
use stadslens::sources::http::{HttpError, Room, Transfer};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const LIMIT: u64 = 1 << 30;

#[test]
fn a_fresh_answer_is_not_asked_for_again_and_an_old_one_is_asked_about() {
    let server = Server::new(|seen| match (seen.path(), seen.header("If-None-Match")) {
        ("/fresh", _) => Reply::ok("one").with("Cache-Control", "max-age=600"),
        ("/old", Some("\"1\"")) => Reply::of(304, "")
            .with("ETag", "\"1\"")
            .with("Cache-Control", "max-age=0"),
        ("/old", None) => Reply::ok("two")
            .with("ETag", "\"1\"")
            .with("Cache-Control", "max-age=0"),
        ("/changed", Some("\"1\"")) => Reply::ok("new").with("ETag", "\"2\"").with("Cache-Control", "no-cache"),
        ("/changed", None) => Reply::ok("before")
            .with("ETag", "\"1\"")
            .with("Cache-Control", "no-cache"),
        ("/secret", _) => Reply::ok("three").with("Cache-Control", "no-store"),
        _ => Reply::of(404, "no"),
    });
    let folder = tempfile::tempdir().unwrap();
    let network = network(Some(folder.path()));
    let twice = |path: &str| {
        let before = server.count();
        let first = ask(&network, &server.url(path), LIMIT).unwrap();
        let second = ask(&network, &server.url(path), LIMIT).unwrap();
        (first, second, server.count() - before)
    };
    assert_eq!(twice("/fresh"), (b"one".to_vec(), b"one".to_vec(), 1));
    assert_eq!(twice("/old"), (b"two".to_vec(), b"two".to_vec(), 2));
    assert_eq!(server.seen().last().unwrap().header("If-None-Match"), Some("\"1\""));
    assert_eq!(twice("/changed"), (b"before".to_vec(), b"new".to_vec(), 2));
    assert_eq!(twice("/secret"), (b"three".to_vec(), b"three".to_vec(), 2));
    assert!(!network.cache().unwrap().has(&server.url("/secret")));
    // Another start of the program finds what this one kept.
    let again = super::network(Some(folder.path()));
    let before = server.count();
    assert_eq!(ask(&again, &server.url("/fresh"), LIMIT).unwrap(), b"one");
    assert_eq!(server.count(), before);
}

#[test]
fn an_old_answer_serves_where_the_server_fails_and_not_where_it_says_that_it_is_gone() {
    let is_down = Arc::new(AtomicBool::new(false));
    let down = is_down.clone();
    let server = Server::new(move |seen| match (down.load(Ordering::SeqCst), seen.path()) {
        (false, "/strict") => Reply::ok("kept").with("Cache-Control", "max-age=0, must-revalidate"),
        (false, _) => Reply::ok("kept").with("Cache-Control", "max-age=0"),
        (true, "/gone") => Reply::of(410, "gone"),
        (true, _) => Reply::of(503, "down"),
    });
    let folder = tempfile::tempdir().unwrap();
    let network = network(Some(folder.path()));
    for path in ["/a", "/strict", "/gone"] {
        assert_eq!(ask(&network, &server.url(path), LIMIT).unwrap(), b"kept");
    }
    is_down.store(true, Ordering::SeqCst);
    assert_eq!(ask(&network, &server.url("/a"), LIMIT).unwrap(), b"kept");
    // What is down is left alone for a moment, and serves from what is kept all the same.
    assert!(!network.wait(&server.url("/a")).is_zero());
    assert_eq!(ask(&network, &server.url("/a"), LIMIT).unwrap(), b"kept");
    network.try_again();
    assert!(matches!(
        reason(ask(&network, &server.url("/strict"), LIMIT)),
        HttpError::Status { status: 503, .. }
    ));
    network.try_again();
    assert!(matches!(
        reason(ask(&network, &server.url("/gone"), LIMIT)),
        HttpError::NotFound { status: 410, .. }
    ));
}

#[test]
fn what_may_pass_is_told_apart_from_what_stays_and_a_refusal_stops_the_host() {
    let server = Server::new(|seen| match seen.path() {
        "/busy" => Reply::of(429, "slow down").with("Retry-After", "1"),
        "/late" => Reply::of(408, "late"),
        "/missing" => Reply::of(404, "no"),
        "/page" => Reply::ok("<!doctype html><html><title>Log in</title></html>"),
        "/garbage" => Reply::ok("SSH-2.0\r\n").sent(Manner::Garbage),
        "/cut" => Reply::ok(vec![7; 1000]).sent(Manner::CutAfter(500)),
        "/reset" => Reply::ok("").sent(Manner::Garbage),
        "/badgzip" => Reply::ok("this is no gzip").with("Content-Encoding", "gzip"),
        "/circle" => Reply::to(302, "/circle2"),
        "/circle2" => Reply::to(302, "/circle"),
        "/part" => Reply::of(206, "part"),
        "/forbidden" => Reply::of(403, "no"),
        _ => Reply::ok("fine"),
    });
    let network = network(None);
    let may_pass = |path: &str| {
        network.try_again();
        let failure = ask(&network, &server.url(path), LIMIT).unwrap_err();
        assert!(!failure.error.to_string().contains('?'), "{}", failure.error);
        failure.may_pass
    };
    for path in ["/late", "/garbage", "/cut", "/reset", "/badgzip", "/part", "/busy"] {
        assert!(may_pass(path), "{path}");
    }
    for path in ["/missing", "/page", "/circle"] {
        assert!(!may_pass(path), "{path}");
    }
    network.try_again();
    let failure = ask(&network, &server.url("/busy"), LIMIT).unwrap_err();
    assert_eq!(failure.wait, Some(Duration::from_secs(1)));
    // The whole host is left alone for as long as it asked, and nothing is sent to find out.
    let before = server.count();
    let early = ask(&network, &server.url("/fine"), LIMIT).unwrap_err();
    assert!(early.was_early && early.may_pass && server.count() == before);
    assert!(network.wait(&server.url("/fine")) > Duration::from_millis(500));
    network.try_again();
    assert!(matches!(
        reason(ask(&network, &server.url("/forbidden"), LIMIT)),
        HttpError::Refused { status: 403, .. }
    ));
    let before = server.count();
    assert!(matches!(
        reason(ask(&network, &server.url("/fine"), LIMIT)),
        HttpError::HostStopped { .. }
    ));
    assert_eq!(server.count(), before);
    network.try_again();
    assert_eq!(ask(&network, &server.url("/fine"), LIMIT).unwrap(), b"fine");
}

#[test]
fn packed_answers_are_unpacked_within_the_cap() {
    /// Brotli (RFC 7932) without compression, of at most 64 KiB.
    fn brotli(bytes: &[u8]) -> Vec<u8> {
        let head = (u32::try_from(bytes.len()).unwrap() - 1) << 4 | 1 << 20;
        let mut packed = head.to_le_bytes()[..3].to_vec();
        packed.extend(bytes);
        packed.push(3);
        packed
    }
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![0; 100 << 20]).unwrap();
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 200_000);
    let text = "tegel ".repeat(1000);
    let (as_gzip, as_brotli) = (gzip(text.as_bytes()), brotli(text.as_bytes()));
    let server = Server::new(move |seen| {
        assert_eq!(seen.header("Accept-Encoding"), Some("gzip, br"));
        match seen.path() {
            "/gzip" => Reply::ok(as_gzip.clone()).with("Content-Encoding", "gzip"),
            "/brotli" => Reply::ok(as_brotli.clone()).with("Content-Encoding", "br"),
            "/bomb" => Reply::ok(bomb.clone()).with("Content-Encoding", "gzip"),
            _ => Reply::ok(vec![1; 3000]),
        }
    });
    let network = network(None);
    for path in ["/gzip", "/brotli"] {
        assert_eq!(
            ask(&network, &server.url(path), LIMIT).unwrap(),
            text.as_bytes(),
            "{path}"
        );
        assert!(matches!(
            reason(ask(&network, &server.url(path), 5999)),
            HttpError::TooLarge { limit: 5999, .. }
        ));
    }
    // The length that is promised is enough to refuse it.
    assert!(matches!(
        reason(ask(&network, &server.url("/plain"), 2999)),
        HttpError::TooLarge { .. }
    ));
    assert!(matches!(
        reason(ask(&network, &server.url("/bomb"), 10 << 20)),
        HttpError::TooLarge { .. }
    ));
    // And what all transfers may hold together is a limit of its own.
    let room = Room::new(1 << 20);
    let transfer = Transfer::within(&room);
    let outcome = network.fetch(&server.url("/bomb"), LIMIT, false, &transfer);
    assert!(matches!(reason(outcome), HttpError::NoRoom { .. }));
    assert_eq!(room.used(), 0);
}

#[test]
fn a_transfer_that_is_stopped_ends_at_once_and_costs_no_other() {
    let server = Server::new(|seen| match seen.path() {
        "/silent" => Reply::ok("").sent(Manner::Silent(Duration::from_secs(15))),
        "/drip" => Reply::ok(vec![1; 100_000]).sent(Manner::Drip(100, Duration::from_millis(20))),
        _ => Reply::ok("fine"),
    });
    let network = network(None);
    std::thread::scope(|scope| {
        for path in ["/silent", "/drip"] {
            let transfer = Arc::new(Transfer::unbounded());
            let (asked, url, network) = (transfer.clone(), server.url(path), &network);
            let running = scope.spawn(move || network.fetch(&url, LIMIT, false, &asked));
            std::thread::sleep(Duration::from_millis(150));
            assert_eq!(ask(network, &server.url("/fine"), LIMIT).unwrap(), b"fine");
            let start = Instant::now();
            transfer.cancel.cancel();
            let outcome = running.join().unwrap();
            assert!(matches!(reason(outcome), HttpError::Cancelled { .. }), "{path}");
            assert!(
                start.elapsed() < Duration::from_secs(5),
                "{path}: {:?}",
                start.elapsed()
            );
            assert_eq!(transfer.received() > 0, path == "/drip");
        }
    });
    assert_eq!(ask(&network, &server.url("/fine"), LIMIT).unwrap(), b"fine");
}

#[test]
fn a_key_goes_to_no_other_host_and_stands_in_no_message() {
    let other = Server::new(|_| Reply::of(500, "down"));
    let target = other.url("/elsewhere");
    let server = Server::new(move |_| Reply::to(302, &target));
    let network = network(None);
    let failure = ask(&network, &server.url("/t.glb?key=hidden"), LIMIT).unwrap_err();
    assert!(!failure.error.to_string().contains("hidden"), "{}", failure.error);
    let seen = other.seen();
    assert_eq!(seen[0].target, "/elsewhere");
    for (name, value) in &seen[0].headers {
        assert!(!value.contains("hidden"), "{name}: {value}");
        assert!(!["cookie", "authorization", "referer"].contains(&name.to_lowercase().as_str()));
    }
}
