//! Encrypted connections as organisations have them: roots of their own, certificates that are wrong, proxies in between.
//!
//! Which roots a program trusts and which proxy it uses is said by its environment, so most of these tests run the program,
//! or themselves once more, in an environment of their own.

#![cfg(target_os = "linux")]

mod authority;
mod certificates;
mod listening;
mod proxies;
mod redirects;

use crate::online::server::{Reply, Seen, Server};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What could come along from the environment of the tests.
const CLEARED: [&str; 12] = [
    "ALL_PROXY",
    "all_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "STADSLENS_OFFLINE",
    "XDG_CACHE_HOME",
];

/// A tileset of one tile.
fn town(seen: &Seen) -> Reply {
    match seen.path() {
        "/tileset.json" => Reply::ok(
            json!({
                "asset": {"version": "1.1"}, "geometricError": 1.0,
                "root": {
                    "boundingVolume": {"sphere": [0.0, 0.0, 0.0, 1.0]}, "geometricError": 0.0,
                    "content": {"uri": "tile.gltf"},
                },
            })
            .to_string(),
        ),
        "/tile.gltf" => {
            Reply::ok(json!({"asset": {"version": "2.0"}, "scenes": [{"nodes": []}], "scene": 0}).to_string())
        }
        _ => Reply::of(404, "no"),
    }
}

fn town_server() -> Server {
    Server::new(town)
}

/// Runs `stadslens inspect --json` on an address, with nothing kept from before.
fn inspect(url: &str, environment: &[(&str, &str)]) -> Output {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_stadslens"));
    command.args(["inspect", "--json", url]);
    for name in CLEARED {
        command.env_remove(name);
    }
    command.env("XDG_CACHE_HOME", home.path());
    command.envs(environment.iter().copied()).output().unwrap()
}

/// The tile of [`town`] came.
fn assert_opened(output: &Output) {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{complaint}");
    let facts: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(facts["contents"]["gltf"], json!(1), "{facts}");
    assert_eq!(facts["problems"], json!([]), "{facts}");
}

/// The one line that tells why it failed.
fn complaint(output: &Output) -> String {
    let complaint = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    complaint
}

/// Runs the test `name` once more in a process whose roots are those in a file that it may write, and is `Some` with that
/// file there.
fn with_own_roots(name: &str) -> Option<PathBuf> {
    const MARK: &str = "STADSLENS_TEST_OWN_ROOTS";
    if let Some(path) = std::env::var_os(MARK) {
        return Some(path.into());
    }
    let folder = tempfile::tempdir().unwrap();
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, "").unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    for name in CLEARED {
        command.env_remove(name);
    }
    let name = name.split_once("::").unwrap().1;
    command.args(["--exact", name, "--nocapture"]);
    command.env(MARK, &roots).env("SSL_CERT_FILE", &roots);
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    None
}

/// A path in an environment.
fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
