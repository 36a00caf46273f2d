//! What comes over a network, under a ceiling: it is fetched once, whether it fits barely or never.

use super::loader::{decode, quick};
use super::network;
use crate::decode::request;
use crate::online::server::{Manner, Reply, Server};
use stadslens::sources::remote::HttpResources;
use stadslens::sources::resource::Resources;
use stadslens::sources::tiles3d::{DecodeRequest, MemoryNeed, TileContent, TileId};
use stadslens::sources::{Cause, Problem};
use stadslens::streaming::{LoadWish, LoadedTile, Patience, TileDecoder, TileKey, TileLoader};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

const CEILING_BYTES: u64 = 1_000_000;
const TILE: TileKey = TileKey {
    layer: 1,
    tile: TileId(1),
};

/// Takes so much besides the payload while it is decoded.
struct Decoder(u64);

impl TileDecoder<TileContent> for Decoder {
    fn decode(&self, request: &DecodeRequest) -> Result<TileContent, Problem> {
        decode(request)
    }

    fn need(&self, _request: &DecodeRequest, payload: &[u8]) -> MemoryNeed {
        MemoryNeed {
            held_bytes: payload.len() as u64,
            peak_bytes: self.0,
        }
    }
}

fn loader(peak_bytes: u64) -> TileLoader {
    let loader = TileLoader::with_decoder(1, Arc::new(Decoder(peak_bytes)));
    loader.set_patience(quick());
    loader.account(CEILING_BYTES, 0);
    loader
}

fn opened(server: &Server) -> Arc<dyn Resources> {
    HttpResources::open(&network(None), &server.url("/tileset.json"))
        .expect("an address")
        .0
}

/// Wishes for the one tile until it came; `None` where it does not.
fn load(loader: &TileLoader, server: &Server, resources: &Arc<dyn Resources>) -> Option<LoadedTile> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(10) {
        loader.account(CEILING_BYTES, 0);
        loader.replace_queue(vec![LoadWish {
            layer: TILE.layer,
            tile: TILE.tile,
            requests: vec![request(resources, &server.url("/tile"))],
        }]);
        std::thread::sleep(Duration::from_millis(2));
        if let Some(done) = loader.take_finished().pop() {
            return Some(done);
        }
    }
    None
}

#[test]
fn one_tile_alone_may_take_the_room_that_is_kept_free() {
    let server = Server::new(|_| Reply::ok(vec![b'x'; 100_000]));
    let resources = opened(&server);
    let loader = loader(750_000);
    loader.keep_free(250_000, BTreeSet::new());
    let done = load(&loader, &server, &resources).expect("it comes");
    assert!(done.results[0].is_ok());
    assert_eq!(server.count(), 1, "fetched once");
    assert_eq!(loader.needs([TILE]), [Some(850_000)]);
}

#[test]
fn a_coarser_tile_takes_the_room_that_is_kept_for_it_however_long_its_transfer_is() {
    let server = Server::new(|_| Reply::ok(vec![b'x'; 50_000]).sent(Manner::Drip(5000, Duration::from_millis(10))));
    let resources = opened(&server);
    let loader = loader(350_000);
    let start = Instant::now();
    let mut frames = 0;
    while loader.stats().tiles_finished == 0 {
        assert!(start.elapsed() < Duration::from_secs(20) && server.count() < 2);
        // Of 500,000 bytes that are free 250,000 are kept, in every frame.
        loader.account(CEILING_BYTES, 500_000);
        loader.keep_free(250_000, [TILE].into());
        loader.replace_queue(vec![LoadWish {
            layer: TILE.layer,
            tile: TILE.tile,
            requests: vec![request(&resources, &server.url("/tile"))],
        }]);
        std::thread::sleep(Duration::from_millis(2));
        frames += 1;
    }
    assert!(frames > 10 && server.count() == 1, "fetched once in {frames} frames");
    assert_eq!(loader.needs([TILE]), [Some(400_000)]);
}

#[test]
fn what_fits_only_without_its_payload_is_refused_and_not_fetched_for_ever() {
    let server = Server::new(|_| Reply::ok(vec![b'x'; 600_000]));
    let resources = opened(&server);
    let loader = loader(600_000);
    let done = load(&loader, &server, &resources).expect("an answer");
    let problem = done.results[0].as_ref().err().expect("a problem");
    assert_eq!((problem.cause, done.retry_after), (Cause::TooLarge, None));
    assert_eq!(server.count(), 1, "fetched once");
}

#[test]
fn what_is_larger_than_all_may_be_says_so_and_is_not_fetched_for_ever() {
    let server = Server::new(|_| Reply::ok(vec![b'x'; 1_200_000]));
    let resources = opened(&server);
    let loader = loader(1000);
    let done = load(&loader, &server, &resources).expect("an answer");
    assert!(done.results[0].is_err() && done.retry_after.is_none());
    assert_eq!(done.refused_bytes, Some(CEILING_BYTES + 1));
    assert_eq!(server.count(), 1, "fetched once");
}

#[test]
fn what_had_no_room_on_its_way_is_not_fetched_again_before_there_is_some() {
    let server = Server::new(|_| Reply::ok(vec![b'x'; 300_000]));
    let resources = opened(&server);
    let loader = loader(1000);
    let start = Instant::now();
    let mut fetched = 0;
    // Less than the payload is free at first, and more than all that it takes in the end.
    while start.elapsed() < Duration::from_secs(20) {
        let is_full = start.elapsed() < Duration::from_secs(2);
        loader.account(CEILING_BYTES, if is_full { 800_000 } else { 0 });
        loader.replace_queue(vec![LoadWish {
            layer: TILE.layer,
            tile: TILE.tile,
            requests: vec![request(&resources, &server.url("/tile"))],
        }]);
        std::thread::sleep(Duration::from_millis(2));
        let done = loader.take_finished();
        if is_full {
            assert!(done.is_empty(), "there is no room for it, and it does not fail");
            fetched = server.count();
        } else if let Some(done) = done.first() {
            assert!(done.results[0].is_ok(), "{:?}", done.results[0].as_ref().err());
            assert_eq!((fetched, server.count()), (1, 2), "once in vain, and once more");
            assert_eq!(loader.needs([TILE]), [Some(600_000)], "no guess any more");
            return;
        }
    }
    panic!("it does not come");
}

#[test]
fn what_did_not_come_tells_nothing_of_what_it_needs() {
    let server = Server::new(|seen| match seen.before {
        1..=3 => Reply::of(503, "no"),
        _ => Reply::ok(vec![b'x'; 100_000]),
    });
    let resources = opened(&server);
    let loader = loader(300_000);
    assert!(load(&loader, &server, &resources).is_some_and(|done| done.results[0].is_ok()));
    let given_up = load(&loader, &server, &resources).expect("an answer");
    assert!(given_up.results[0].is_err() && given_up.retry_after.is_some());
    assert_eq!(loader.needs([TILE]), [Some(400_000)]);
}

#[test]
fn the_pause_of_a_tile_that_is_gone_does_not_hold_up_the_next_one_of_its_number() {
    let server = Server::new(|seen| match seen.before {
        0 => Reply::of(503, "no"),
        _ => Reply::ok("fine"),
    });
    let resources = opened(&server);
    let loader = loader(1000);
    loader.set_patience(Patience {
        tries: 1,
        given_up: Duration::from_mins(10),
        ..quick()
    });
    assert!(load(&loader, &server, &resources).is_some_and(|done| done.retry_after.is_some()));
    loader.forget(TILE);
    assert!(load(&loader, &server, &resources).is_some_and(|done| done.results[0].is_ok()));
}
