//! Tiles over HTTP, against a server in this program that behaves as services do on their bad days.

#![expect(clippy::unwrap_used, reason = "a test stops where its own set-up is wrong")]

mod answers;
mod flight;
mod keep;
mod loader;
mod loader_memory;
mod program;
mod tls;
mod town;
mod tree;

use stadslens::sources::http::{HttpError, Limits, Transfer};
use stadslens::sources::remote::{Network, NetworkOptions};
use stadslens::sources::resource::{FetchFailure, ResourceError};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Quick tries, and the patience that a busy machine needs.
fn limits() -> Limits {
    Limits {
        per_host: 20,
        connect: Duration::from_secs(10),
        silence: Duration::from_secs(20),
        total: Duration::from_mins(1),
        slowest_bytes_per_s: 1,
        slow_window: Duration::from_secs(20),
        tries: 3,
        backoff: Duration::from_millis(5),
        longest_wait: Duration::from_millis(500),
        ..Limits::default()
    }
}

/// A network of its own that keeps answers in `cache`.
fn network(cache: Option<&Path>) -> Arc<Network> {
    Network::new(NetworkOptions {
        cache: cache.map(Path::to_owned),
        cache_bytes: 64 << 20,
        limits: limits(),
    })
}

/// One try.
fn ask(network: &Network, url: &str, limit: u64) -> Result<Vec<u8>, FetchFailure> {
    network.fetch(url, limit, false, &Transfer::unbounded())
}

/// Why a try failed.
fn reason(outcome: Result<Vec<u8>, FetchFailure>) -> HttpError {
    match outcome.unwrap_err().error {
        ResourceError::Fetch { source } => source,
        other => panic!("{other}"),
    }
}
