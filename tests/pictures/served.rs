//! The same tiles from a folder and from a server that behaves badly give the same picture.

#[expect(dead_code, reason = "the server of other tests, which use more of it")]
#[path = "../data/online/server.rs"]
mod server;

use image::RgbImage;
use serde_json::Value;
use server::{Manner, Reply, Server};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Less than other pictures: the edges of shadows move with the guessed ground.
const ALIKE: f64 = 0.97;

/// Draws what stands at an address or in a file.
fn draw(what: &str, cache: &Path) -> (RgbImage, Value) {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("picture.png");
    let done = Command::new(env!("CARGO_BIN_EXE_stadslens"))
        .args(["render", what, "-o"])
        .arg(&output)
        .args(["--size", "640x360", "--quality", "low", "--json"])
        .env("XDG_CACHE_HOME", cache)
        .env_remove("STADSLENS_OFFLINE")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{what}: {} {errors}", done.status);
    let report = serde_json::from_slice(&done.stdout).unwrap();
    (image::open(&output).unwrap().into_rgb8(), report)
}

#[test]
fn tiles_of_a_bad_server_make_the_picture_of_a_folder() {
    let tiles = super::project("scenarios/lange-wemen/tiles");
    let cache = tempfile::tempdir().unwrap();
    let (expected, report) = draw(tiles.join("tileset.json").to_str().unwrap(), cache.path());
    assert!(report["tiles_rendered"].as_u64().unwrap() > 4, "{report}");
    let copies = tiles.clone();
    let again = Arc::new(AtomicUsize::new(0));
    let counted = again.clone();
    let server = Server::new(move |seen| {
        counted.fetch_add(usize::from(seen.before > 0), Ordering::Relaxed);
        let Ok(bytes) = std::fs::read(copies.join(seen.path().trim_start_matches('/'))) else {
            return Reply::of(404, "no");
        };
        // Each tile fails in its own way at first.
        match (
            seen.before,
            seen.path().len() + usize::from(seen.path().as_bytes()[seen.path().len() - 5]),
        ) {
            (0, n) if n % 5 == 0 => Reply::of(503, "busy"),
            (0, n) if n % 5 == 1 => Reply::ok(bytes.clone()).sent(Manner::CutAfter(bytes.len() / 3)),
            (0, n) if n % 5 == 2 => Reply::ok("").sent(Manner::Silent(Duration::from_millis(300))),
            (0, n) if n % 5 == 3 => Reply::ok("no gzip").with("Content-Encoding", "gzip"),
            _ => Reply::ok(bytes),
        }
    });
    let (picture, report) = draw(&server.url("/tileset.json"), cache.path());
    assert_eq!(report["failed_contents"], Value::Array(Vec::new()));
    // Without a terrain the ground is guessed from what came, so shadows on it may lie a pixel elsewhere.
    let alike = image_compare::rgb_hybrid_compare(&expected, &picture).unwrap().score;
    if alike < ALIKE {
        let seen = std::env::temp_dir();
        picture.save(seen.join("stadslens-served.png")).unwrap();
        expected.save(seen.join("stadslens-served-expected.png")).unwrap();
        panic!("the pictures are {alike:.4} alike; see {}", seen.display());
    }
    let again = again.load(Ordering::Relaxed);
    assert!(again > 2, "{again} of {} requests came again", server.count());
}
