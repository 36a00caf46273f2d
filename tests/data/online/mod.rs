//! Fetching over HTTP, against a server in this program that behaves as services do on their bad days.

#![expect(clippy::unwrap_used, reason = "a test stops where its own set-up is wrong")]

mod client;
mod downloads;
mod features;
mod files;
mod server;

pub(crate) use files::index as tile_index;
pub(crate) use server::{Manner, Reply, Seen, Server, gzip};
use stadslens::sources::{
    http::{Cancel, Client, Limits},
    online::{Endpoints, RdArea},
};
use std::time::Duration;

/// Few and quick tries, and the patience that a busy machine needs.
fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(10),
        silence: Duration::from_secs(20),
        total: Duration::from_secs(30),
        slowest_bytes_per_s: 1,
        slow_window: Duration::from_secs(20),
        tries: 3,
        backoff: Duration::from_millis(5),
        longest_wait: Duration::from_secs(3),
        ..Limits::default()
    }
}

fn client() -> Client {
    Client::new(limits(), Cancel::new())
}

/// The services of the Netherlands, all of them at one server: each host is a folder there.
fn endpoints(server: &Server) -> Endpoints {
    Endpoints::parse(list_of_services(server).as_bytes(), "nl.json").unwrap()
}

/// The list that says so.
pub(crate) fn list_of_services(server: &Server) -> String {
    let text = include_str!("../../../assets/online/nl.json");
    let mut own = text.to_owned();
    for host in ["data.3dbag.nl", "api.3dbag.nl", "service.pdok.nl", "api.pdok.nl"] {
        own = own.replace(&format!("https://{host}"), &server.url(&format!("/{host}")));
    }
    // Pages that are wanted by the tests: a few features each.
    own.replace("\"page_size\": 1000", "\"page_size\": 3")
}

/// The middle of Hengelo, 600 m.
fn area() -> RdArea {
    RdArea::new([250_700.0, 476_000.0, 251_300.0, 476_600.0]).unwrap()
}
