//! Transfers apart from decoding: bounded, stopped when nobody wants them, and never in the way of what is on this machine.

use super::network;
use crate::decode::request;
use crate::online::server::{Manner, Reply, Server};
use stadslens::geometry::{FeatureMarks, FeatureTable};
use stadslens::sources::remote::{HttpResources, Network};
use stadslens::sources::resource::{Resources, folder};
use stadslens::sources::tiles3d::{DecodeRequest, TileContent, TileId};
use stadslens::sources::{Cause, Problem};
use stadslens::streaming::{LoadWish, LoadedTile, Patience, TileLoader};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What is read is what is decoded; a content that begins with `bad` is damaged.
pub(super) fn decode(request: &DecodeRequest) -> Result<TileContent, Problem> {
    let bytes = request
        .resources
        .read_at_most(&request.path, 1 << 30)
        .map_err(|error| error.problem(request.path.clone(), ""))?;
    if bytes.starts_with(b"bad") {
        return Err(Problem::error(request.path.clone(), "", "damaged").because(Cause::Damaged));
    }
    Ok(TileContent {
        meshes: Vec::new(),
        features: FeatureTable::default(),
        bytes_read: bytes.len() as u64,
        bytes_resident: bytes.len() as u64,
        problems: Vec::new(),
        instances: 0,
        marks: FeatureMarks::default(),
    })
}

pub(super) fn quick() -> Patience {
    Patience {
        tries: 3,
        backoff: Duration::from_millis(10),
        longest: Duration::from_millis(300),
        given_up: Duration::from_millis(100),
    }
}

fn wish(tile: u32, resources: &Arc<dyn Resources>, path: &str) -> LoadWish {
    LoadWish {
        layer: 1,
        tile: TileId(tile),
        requests: vec![request(resources, path)],
    }
}

fn loader() -> TileLoader {
    let loader = TileLoader::with_decoder(1, Arc::new(decode));
    loader.set_patience(quick());
    loader
}

fn opened(network: &Arc<Network>, server: &Server) -> Arc<dyn Resources> {
    HttpResources::open(network, &server.url("/tileset.json")).unwrap().0
}

/// Wishes for the same until `count` tiles came.
fn collect(loader: &TileLoader, wishes: impl Fn() -> Vec<LoadWish>, count: usize) -> Vec<LoadedTile> {
    let start = Instant::now();
    let mut done: Vec<LoadedTile> = Vec::new();
    while done.len() < count {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "only {} of {count} tiles came",
            done.len()
        );
        let mut wishes = wishes();
        wishes.retain(|wish| done.iter().all(|done| done.tile != wish.tile));
        loader.replace_queue(wishes);
        std::thread::sleep(Duration::from_millis(2));
        done.extend(loader.take_finished());
    }
    done
}

#[test]
fn slow_transfers_keep_no_decoder_waiting() {
    let server = Server::new(|_| Reply::ok("").sent(Manner::Silent(Duration::from_secs(15))));
    let remote = opened(&network(None), &server);
    let on_disk = tempfile::tempdir().unwrap();
    std::fs::write(on_disk.path().join("tile"), "tile").unwrap();
    let local = folder(on_disk.path());
    let loader = loader();
    let start = Instant::now();
    let wishes = || {
        let slow = (0..40).map(|tile| wish(tile, &remote, &server.url(&format!("/{tile}"))));
        let quick = (100..130).map(|tile| wish(tile, &local, "tile"));
        slow.chain(quick).collect()
    };
    let done = collect(&loader, wishes, 30);
    assert!(done.iter().all(|done| done.tile.0 >= 100 && done.results[0].is_ok()));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(server.busiest() <= 12, "{} at once", server.busiest());
    let before = Instant::now();
    drop(loader);
    assert!(before.elapsed() < Duration::from_secs(2), "closing waits for no server");
}

#[test]
fn a_transfer_that_nobody_wants_any_more_is_stopped_and_counted() {
    let server = Server::new(|_| Reply::ok(vec![b'x'; 200_000]).sent(Manner::Drip(1000, Duration::from_millis(10))));
    let remote = opened(&network(None), &server);
    let loader = loader();
    let url = server.url("/a");
    let start = Instant::now();
    while server.count() == 0 || start.elapsed() < Duration::from_millis(200) {
        assert!(start.elapsed() < Duration::from_secs(20));
        loader.replace_queue(vec![wish(1, &remote, &url)]);
        std::thread::sleep(Duration::from_millis(5));
    }
    let start = Instant::now();
    while loader.stats().transfers_cancelled == 0 {
        assert!(start.elapsed() < Duration::from_secs(10));
        loader.replace_queue(Vec::new());
        std::thread::sleep(Duration::from_millis(5));
    }
    let stats = loader.stats();
    assert_eq!((stats.transfers_cancelled, stats.tiles_finished), (1, 0));
    assert!(
        stats.bytes_cancelled > 0 && stats.bytes_cancelled < 200_000,
        "{stats:?}"
    );
    assert!(loader.is_idle());
    assert_eq!(loader.transfer_room().0, 0);
}

#[test]
fn what_may_pass_is_tried_again_and_given_up_for_a_while_and_what_stays_is_told_once() {
    let server = Server::new(|seen| match (seen.path(), seen.before) {
        ("/shaky", 0 | 1) => Reply::of(500, "no"),
        ("/gone", _) => Reply::of(404, "no"),
        ("/down", _) => Reply::of(503, "no"),
        ("/torn", 0) => Reply::ok("bad"),
        ("/bad", _) => Reply::ok("bad for ever"),
        _ => Reply::ok("fine"),
    });
    let folder = tempfile::tempdir().unwrap();
    let network = network(Some(folder.path()));
    let remote = opened(&network, &server);
    let paths = ["/shaky", "/gone", "/down", "/torn", "/bad"];
    let loader = loader();
    let wishes = || {
        let paths = (0..).zip(paths);
        paths
            .map(|(tile, path)| wish(tile, &remote, &server.url(path)))
            .collect()
    };
    let mut done = collect(&loader, wishes, paths.len());
    done.sort_by_key(|done| done.tile);
    let outcomes: Vec<(bool, bool)> = done
        .iter()
        .map(|done| (done.results[0].is_ok(), done.retry_after.is_some()))
        .collect();
    assert_eq!(
        outcomes,
        [
            (true, false),
            (false, false),
            (false, true),
            (true, false),
            (false, false)
        ]
    );
    let asked = |path: &str| server.seen().iter().filter(|seen| seen.path() == path).count();
    assert_eq!(paths.map(asked), [3, 1, 3, 2, 3]);
    let cause = |at: usize| done[at].results[0].as_ref().err().unwrap().cause;
    assert_eq!((cause(1), cause(4)), (Cause::Missing, Cause::Damaged));
}

#[test]
fn files_that_a_tile_names_are_fetched_with_it() {
    let gltf = r#"{"asset":{"version":"2.0"},"buffers":[{"uri":"b.bin"}],"images":[{"uri":"gone.png"}]}"#;
    let server = Server::new(move |seen| match seen.path() {
        "/a.gltf" => Reply::ok(gltf),
        "/b.bin" => Reply::ok("buffer"),
        _ => Reply::of(404, "no"),
    });
    let remote = opened(&network(None), &server);
    let decoded = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen_by_decoder = decoded.clone();
    let base = server.url("");
    let loader = TileLoader::with_decoder(
        1,
        Arc::new(move |request: &DecodeRequest| {
            let read = |name: &str| request.resources.read(&format!("{base}/{name}?k=1")).ok();
            let files = ["a.gltf", "b.bin", "gone.png"].map(read);
            seen_by_decoder
                .lock()
                .unwrap()
                .push(files.map(|file| file.map(|bytes| bytes.len())));
            Err(Problem::error("x", "", "not drawn"))
        }),
    );
    loader.set_patience(quick());
    collect(&loader, || vec![wish(1, &remote, &server.url("/a.gltf?k=1"))], 1);
    assert_eq!(decoded.lock().unwrap()[0], [Some(gltf.len()), Some(6), None]);
    assert_eq!(server.count(), 3, "nothing is asked for twice");
}

#[test]
fn memory_of_transfers_is_bounded_and_given_back() {
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut bomb, &vec![b'z'; 100 << 20]).unwrap();
    let bomb = bomb.finish().unwrap();
    let server = Server::new(move |_| Reply::ok(bomb.clone()).with("Content-Encoding", "gzip"));
    let remote = opened(&network(None), &server);
    let loader = loader();
    let start = Instant::now();
    let mut most = 0;
    let mut done = Vec::new();
    while done.len() < 6 {
        assert!(start.elapsed() < Duration::from_mins(1), "only {} came", done.len());
        let wishes = (0..6).filter(|tile| !done.contains(tile));
        loader.replace_queue(
            wishes
                .map(|tile| wish(tile, &remote, &server.url(&format!("/{tile}"))))
                .collect(),
        );
        let (used, cap) = loader.transfer_room();
        assert!(used <= cap);
        most = most.max(used);
        std::thread::sleep(Duration::from_millis(2));
        done.extend(loader.take_finished().iter().map(|done| done.tile.0));
    }
    assert!(most > 100 << 20);
    assert_eq!(loader.transfer_room().0, 0);
}
