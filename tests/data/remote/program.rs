//! The program with an address in the place of a file, and scenarios whose layers are addresses.

use super::town;
use crate::online::server::{Reply, Server};
use serde_json::{Value, json};
use stadslens::model::scenario::{check, open, used_files};
use stadslens::sources::{Cause, Severity};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A town whose contents are one small glTF each.
fn server() -> Server {
    let files = town::files(64);
    let gltf = json!({"asset": {"version": "2.0"}, "scenes": [{"nodes": []}], "scene": 0}).to_string();
    Server::new(move |seen| match files.get(seen.path()) {
        Some(_) if seen.path().strip_suffix(".bin").is_some() => {
            Reply::ok(gltf.clone()).with("Cache-Control", "max-age=0")
        }
        Some(bytes) => Reply::ok(bytes.clone()).with("Cache-Control", "max-age=0"),
        None => Reply::of(404, "no"),
    })
}

fn inspect(url: &str, home: &Path, environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stadslens"));
    command.args(["inspect", "--json", url]).env("XDG_CACHE_HOME", home);
    command
        .env_remove("STADSLENS_OFFLINE")
        .envs(environment.iter().copied());
    command.output().unwrap()
}

#[test]
fn inspect_reads_an_address_and_offline_only_what_was_kept() {
    let server = server();
    let home = tempfile::tempdir().unwrap();
    let url = server.url("/tileset.json?key=K1");
    let offline = [("STADSLENS_OFFLINE", "1")];
    let output = inspect(&url, home.path(), &offline);
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        complaint.contains("offline") && !complaint.contains("K1"),
        "{complaint}"
    );
    assert_eq!(server.count(), 0);

    let output = inspect(&url, home.path(), &[]);
    let facts: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&facts["kind"], &facts["contents"]["gltf"]),
        (&json!("tileset"), &json!(85)),
        "{facts}"
    );
    assert_eq!((&facts["problems"], &facts["missing"]), (&json!([]), &json!([])));
    let asked = server.count();
    assert!(asked >= 85 + 5);

    let output = inspect(&url, home.path(), &offline);
    let kept: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(kept, facts);
    assert_eq!(server.count(), asked, "offline nothing is asked");
    let gone = inspect(&server.url("/none.json"), home.path(), &[]);
    assert_eq!(gone.status.code(), Some(1));
}

/// Runs that are killed at any moment, two at a time over one folder of kept answers, leave nothing in it that is not whole.
#[cfg(unix)]
#[test]
fn runs_that_are_killed_and_runs_side_by_side_leave_only_whole_answers() {
    let server = server();
    let url = server.url("/tileset.json");
    let alone = tempfile::tempdir().unwrap();
    let expected: Value = serde_json::from_slice(&inspect(&url, alone.path(), &[]).stdout).unwrap();
    let shared = tempfile::tempdir().unwrap();
    let start = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stadslens"));
        command
            .args(["inspect", "--json", &url])
            .env("XDG_CACHE_HOME", shared.path());
        command.env_remove("STADSLENS_OFFLINE").stdout(Stdio::null());
        command.spawn().unwrap()
    };
    for wanted in [1, 5, 20, 45, 70] {
        let before = server.count();
        let mut both = [start(), start()];
        let begun = Instant::now();
        while server.count() < before + wanted && both[0].try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < Duration::from_mins(1), "it never asks");
            std::thread::sleep(Duration::from_millis(1));
        }
        for child in &mut both {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
    let [mut one, mut other] = [start(), start()];
    assert!(one.wait().unwrap().success() && other.wait().unwrap().success());
    let kept = inspect(&url, shared.path(), &[("STADSLENS_OFFLINE", "1")]);
    let kept: Value = serde_json::from_slice(&kept.stdout).unwrap();
    assert_eq!(kept, expected, "what was kept is what the server has");
}

#[test]
fn a_layer_on_a_server_is_hidden_told_of_and_asks_nobody() {
    let server = server();
    let url = server.url("/tileset.json?key=K1");
    let folder = tempfile::tempdir().unwrap();
    let scenario = |layers: Value| {
        let document = json!({
            "version": 1, "title": {"nl": "T"}, "crs": "EPSG:28992",
            "area": {"anchor": {"rd": [251_000.0, 476_250.0], "nap_m": 17.0}, "outline":
                [[250_900, 476_150], [251_100, 476_150], [251_100, 476_350], [250_900, 476_350]]},
            "layers": layers,
        });
        std::fs::write(folder.path().join("scenario.json"), document.to_string()).unwrap();
        open(folder.path()).unwrap_or_else(|problems| panic!("{problems:?}"))
    };
    let opened = scenario(json!([{"id": "far", "kind": "tiles3d", "path": url}]));
    let layer = &opened.scenario.layers[0];
    assert_eq!((layer.path.as_str(), layer.visible), (url.as_str(), false));
    let told: Vec<_> = opened
        .problems
        .iter()
        .filter(|problem| problem.cause == Cause::Server)
        .collect();
    assert_eq!(told.len(), 1, "{:?}", opened.problems);
    assert!(told[0].severity == Severity::Warning && !told[0].to_string().contains("K1"));
    assert!(used_files(&opened).paths.is_empty() && used_files(&opened).problems.is_empty());
    assert!(
        check(folder.path())
            .iter()
            .all(|problem| problem.severity == Severity::Warning)
    );
    let refused = scenario(json!([
        {"id": "a", "kind": "surfaces", "path": url},
        {"id": "b", "kind": "tiles3d", "path": "file:///etc/passwd"},
        {"id": "c", "kind": "tiles3d", "path": "https://me:secret@a.org/t.json"},
    ]));
    assert_eq!(refused.scenario.layers.len(), 0);
    assert!(
        refused
            .problems
            .iter()
            .all(|problem| !problem.to_string().contains("secret")),
        "{:?}",
        refused.problems
    );
    assert_eq!(server.count(), 0);
}
