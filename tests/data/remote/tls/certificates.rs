//! Whose certificates are trusted, and what is told of the others.

use super::authority::{Authority, When};
use super::listening::{Encrypted, End, Unencrypted};
use super::{assert_opened, complaint, inspect, text, town_server, with_own_roots};
use crate::decode::request;
use crate::online::server::{Manner, Reply, Server};
use crate::remote::loader::{decode, quick};
use crate::remote::{ask, network, reason};
use stadslens::sources::Cause;
use stadslens::sources::http::HttpError;
use stadslens::sources::remote::HttpResources;
use stadslens::streaming::{LoadWish, TileLoader};
use std::fs;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

const LIMIT: u64 = 1 << 20;

#[test]
fn a_tileset_opens_over_https_with_a_root_of_the_organisation() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let (roots, file) = (folder.path().join("roots"), folder.path().join("root.pem"));
    fs::create_dir(&roots).unwrap();
    fs::write(roots.join("organisation.pem"), authority.pem()).unwrap();
    // Others stand in the same file, and something that is none.
    let others = format!("{}no certificate\n{}", Authority::new().pem(), authority.pem());
    fs::write(&file, others).unwrap();
    let server = town_server();
    for config in [
        authority.server(&["127.0.0.1"], When::Now),
        authority.old_server(&["127.0.0.1"]),
    ] {
        let encrypted = Encrypted::new(config, &server);
        let url = encrypted.url("127.0.0.1", "/tileset.json");
        assert_opened(&inspect(&url, &[("SSL_CERT_FILE", text(&file))]));
        assert_opened(&inspect(&url, &[("SSL_CERT_DIR", text(&roots))]));
    }
    assert_eq!(server.count(), 8);
}

#[test]
fn a_certificate_that_cannot_be_trusted_is_one_line_and_one_connection() {
    let (ours, theirs) = (Authority::new(), Authority::named("Another test root"));
    let folder = tempfile::tempdir().unwrap();
    let (file, none) = (folder.path().join("root.pem"), folder.path().join("none.pem"));
    fs::write(&file, ours.pem()).unwrap();
    fs::write(&none, "").unwrap();
    let server = town_server();
    let here = "127.0.0.1";
    for (config, roots, expected) in [
        (
            theirs.server(&[here], When::Now),
            &file,
            "nobody whom this machine trusts has issued it",
        ),
        // Another root with the same name, as after a renewal.
        (
            Authority::new().server(&[here], When::Now),
            &file,
            "whoever this machine trusts by that name has not signed it",
        ),
        (ours.server(&[here], When::Before), &file, "it expired on 2021-01-01"),
        (
            ours.server(&[here], When::Later),
            &file,
            "it is not valid before 2999-01-01",
        ),
        (
            ours.server(&["kaart.gemeente.test", "10.0.0.1"], When::Now),
            &file,
            "it is another server's, that of kaart.gemeente.test, 10.0.0.1",
        ),
        (ours.server(&[here], When::Now), &none, "root certificate"),
    ] {
        let encrypted = Encrypted::new(config, &server);
        let url = encrypted.url(here, "/tileset.json?key=K1");
        let output = inspect(&url, &[("SSL_CERT_FILE", text(roots))]);
        let complaint = complaint(&output);
        let start = "the certificate of this server is not to be trusted";
        assert!(complaint.contains(start) && complaint.contains(expected), "{complaint}");
        assert!(
            complaint.contains(&encrypted.url(here, "/tileset.json")) && !complaint.contains("K1"),
            "{complaint}"
        );
        assert_eq!(encrypted.connections(), 1, "{complaint}");
    }
    assert_eq!(server.count(), 0, "nothing is asked before it is known who answers");
}

#[test]
fn a_server_that_does_not_encrypt_is_told_as_that() {
    let server = Unencrypted::new();
    let complaint = complaint(&inspect(&server.url("/tileset.json"), &[]));
    assert_eq!(server.connections(), 1);
    assert!(complaint.contains("no encrypted connection comes about"), "{complaint}");
}

/// A tileset of which all tiles would fail alike.
#[test]
fn a_certificate_that_is_not_trusted_is_not_tried_for_every_tile() {
    let server = town_server();
    let encrypted = Encrypted::new(Authority::new().server(&["127.0.0.1"], When::Now), &server);
    let network = network(None);
    let url = |path: &str| encrypted.url("127.0.0.1", path);
    let loader = TileLoader::with_decoder(1, Arc::new(decode));
    loader.set_patience(quick());
    let (resources, _) = HttpResources::open(&network, &url("/tileset.json")).unwrap();
    let start = Instant::now();
    let mut done = Vec::new();
    while done.len() < 100 {
        assert!(start.elapsed() < Duration::from_secs(30), "only {} came", done.len());
        let tiles = (0..100).filter(|tile| !done.contains(tile));
        let wishes = tiles.map(|tile| LoadWish {
            layer: 1,
            tile: stadslens::sources::tiles3d::TileId(tile),
            requests: vec![request(&resources, &url(&format!("/{tile}")))],
        });
        loader.replace_queue(wishes.collect());
        std::thread::sleep(Duration::from_millis(2));
        for tile in loader.take_finished() {
            let problem = tile.results[0].as_ref().err().unwrap();
            assert_eq!(problem.cause, Cause::NotTrusted, "{problem}");
            assert!(tile.retry_after.is_none());
            done.push(tile.tile.0);
        }
    }
    // Those that are under way at the same time each find it out.
    let before = encrypted.connections();
    assert!((1..=12).contains(&before), "{before}");
    let failure = ask(&network, &url("/a"), LIMIT).unwrap_err();
    assert!(!failure.may_pass && failure.wait.is_none());
    assert_eq!(encrypted.connections(), before);
    network.try_again();
    assert!(matches!(
        reason(ask(&network, &url("/a"), LIMIT)),
        HttpError::NotTrusted { .. }
    ));
    assert_eq!(encrypted.connections(), before + 1);
}

#[test]
fn a_root_that_is_installed_meanwhile_is_found_by_trying_again() {
    let name = concat!(
        module_path!(),
        "::a_root_that_is_installed_meanwhile_is_found_by_trying_again"
    );
    let Some(roots) = with_own_roots(name) else {
        return;
    };
    let authority = Authority::new();
    fs::write(&roots, Authority::new().pem()).unwrap();
    let server = town_server();
    let encrypted = Encrypted::new(authority.server(&["127.0.0.1"], When::Now), &server);
    let network = network(None);
    let url = encrypted.url("127.0.0.1", "/tileset.json");
    assert!(matches!(
        reason(ask(&network, &url, LIMIT)),
        HttpError::NotTrusted { .. }
    ));
    fs::write(&roots, authority.pem()).unwrap();
    assert!(matches!(
        reason(ask(&network, &url, LIMIT)),
        HttpError::HostStopped {
            cause: Cause::NotTrusted,
            ..
        }
    ));
    network.try_again();
    assert!(ask(&network, &url, LIMIT).is_ok());
}

/// Whoever stands in between cannot read an answer, but can end it: without a word, and before its end.
#[test]
fn an_encrypted_answer_that_is_cut_short_is_not_taken_for_a_whole_one() {
    let name = concat!(
        module_path!(),
        "::an_encrypted_answer_that_is_cut_short_is_not_taken_for_a_whole_one"
    );
    let Some(roots) = with_own_roots(name) else {
        return;
    };
    let authority = Authority::new();
    fs::write(&roots, authority.pem()).unwrap();
    let server = Server::new(|seen| match seen.path() {
        "/cut" => Reply::ok(vec![b'x'; 1000]).sent(Manner::CutAfter(500)),
        _ => Reply::ok(vec![b'x'; 1000]),
    });
    let network = network(None);
    let fetch = |path: &str, end: End| {
        let config = authority.server(&["127.0.0.1"], When::Now);
        let encrypted = Encrypted::at(Ipv4Addr::LOCALHOST.into(), config, &server, end);
        ask(&network, &encrypted.url("127.0.0.1", path), LIMIT)
    };
    for end in [End::Told, End::Torn] {
        assert_eq!(fetch("/whole", end).unwrap().len(), 1000);
        let cut = reason(fetch("/cut", end));
        assert!(
            matches!(
                cut,
                HttpError::CutOff {
                    received: 500,
                    promised: Some(1000),
                    ..
                }
            ),
            "{cut}"
        );
    }
}
