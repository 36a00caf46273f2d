//! A flight over a town on a server that behaves badly on the way: once it behaves again, what is selected and loaded at the
//! end is what a flight over a good server ends with.

use super::loader::{decode, quick};
use super::{network, town};
use crate::decode::request;
use crate::online::server::{Manner, Reply, Seen, Server, gzip};
use bevy::math::DVec3;
use stadslens::sources::remote::HttpResources;
use stadslens::sources::tiles3d::{TileId, TileTree, read_tileset};
use stadslens::streaming::{
    ContentState, LoadWish, Residency, Selection, SelectionSettings, SelectionState, TileKey, TileLoader, View, select,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Bytes of one content.
const BYTES: usize = 2000;

/// A camera at a height over a place, looking down; it sees as wide as it is high.
fn look(x: f64, y: f64, height: f64) -> View {
    let position = DVec3::new(x, y, height);
    let side = std::f64::consts::FRAC_1_SQRT_2;
    let planes = [DVec3::X, DVec3::NEG_X, DVec3::Y, DVec3::NEG_Y].map(|aside| {
        let normal = (aside + DVec3::NEG_Z) * side;
        (normal, -normal.dot(position))
    });
    View {
        position,
        planes: planes.to_vec(),
        direction: DVec3::NEG_Z,
        viewport_height_px: 1000.0,
        fov_y_rad: std::f64::consts::FRAC_PI_2,
    }
}

/// Down from high above, across the town, and a stop over its corner.
fn path() -> Vec<View> {
    let mut path: Vec<View> = (0..40)
        .map(|step| look(0.0, 0.0, 4000.0 - 90.0 * f64::from(step)))
        .collect();
    path.extend((0..60).map(|step| look(-700.0 + 20.0 * f64::from(step), 400.0, 400.0)));
    path.extend(std::iter::repeat_n(look(500.0, 400.0, 400.0), 10));
    path
}

/// What a flight ended with.
struct End {
    selection: Selection,
    /// Bytes of the loaded tiles that are drawn.
    drawn: BTreeMap<TileId, u64>,
    failed: u64,
    cancelled: u64,
}

/// Flies, then calls `behave` and waits until everything in view is there.
fn fly(tree: &TileTree, behave: impl FnOnce()) -> End {
    let loader = TileLoader::with_decoder(1, Arc::new(decode));
    loader.set_patience(quick());
    let mut state = SelectionState::default();
    let mut residency = Residency::new(60 * BYTES as u64);
    let mut held: BTreeMap<TileId, u64> = BTreeMap::new();
    let mut later: BTreeMap<TileId, Instant> = BTreeMap::new();
    let settings = SelectionSettings::default();
    let start = Instant::now();
    let mut frame = |view: &View| {
        residency.begin_frame();
        for done in loader.take_finished() {
            state.set_content(done.tile, done.state());
            if let Some(after) = done.retry_after {
                later.insert(done.tile, Instant::now() + after);
            }
            if done.state() == ContentState::Ready {
                held.insert(done.tile, done.bytes_resident());
                residency.insert(
                    TileKey {
                        layer: 1,
                        tile: done.tile,
                    },
                    tree,
                    done.bytes_resident(),
                );
            }
        }
        let due: Vec<TileId> = later
            .iter()
            .filter(|(_, at)| **at <= Instant::now())
            .map(|(tile, _)| *tile)
            .collect();
        for tile in due {
            later.remove(&tile);
            state.set_content(tile, ContentState::Unloaded);
        }
        let selection = select(tree, std::slice::from_ref(view), &settings, &mut state);
        residency.touch(1, &selection);
        let wishes = selection.load.iter().take(loader.queue_limit()).map(|tile| LoadWish {
            layer: 1,
            tile: *tile,
            requests: tree.tiles[tile.0 as usize]
                .contents
                .iter()
                .map(|path| request(&tree.resources, path))
                .collect(),
        });
        for key in loader.replace_queue(wishes.collect()) {
            if state.content(key.tile) == ContentState::Unloaded {
                state.set_content(key.tile, ContentState::Loading);
            }
        }
        for key in residency.evict() {
            state.set_content(key.tile, ContentState::Unloaded);
            held.remove(&key.tile);
        }
        let (used, cap) = loader.transfer_room();
        assert!(used <= cap);
        let is_settled = selection.complete && later.is_empty();
        let drawn = selection
            .render
            .iter()
            .filter_map(|tile| Some((*tile, *held.get(tile)?)))
            .collect();
        (selection, drawn, is_settled)
    };
    let path = path();
    for view in &path {
        let frame_start = Instant::now();
        frame(view);
        assert!(
            frame_start.elapsed() < Duration::from_millis(500),
            "a frame waited for the network"
        );
        std::thread::sleep(Duration::from_millis(15));
    }
    behave();
    let (selection, drawn) = loop {
        assert!(start.elapsed() < Duration::from_secs(90), "the flight does not end");
        let (selection, drawn, is_settled) = frame(&path[path.len() - 1]);
        if is_settled {
            break (selection, drawn);
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let done = loader.stats();
    End {
        selection,
        drawn,
        failed: done.transfers_failed,
        cancelled: done.transfers_cancelled,
    }
}

/// What goes wrong with a request, by a number.
fn fault(number: u64, bytes: &[u8], bomb: &[u8]) -> Reply {
    match number % 14 {
        0 => Reply::of(500, "down"),
        1 => Reply::of(503, "busy").with("Retry-After", "0"),
        2 => Reply::of(429, "slow down").with("Retry-After", "1"),
        3 => Reply::ok(bytes).sent(Manner::CutAfter(bytes.len() / 2)),
        4 => Reply::ok(bytes).sent(Manner::Drip(50, Duration::from_millis(20))),
        5 => Reply::ok("").sent(Manner::Silent(Duration::from_secs(1))),
        6 => Reply::ok("").sent(Manner::Garbage),
        7 => Reply::ok("no gzip at all").with("Content-Encoding", "gzip"),
        8 => Reply::ok(bomb).with("Content-Encoding", "gzip"),
        // Shorter than the file, and said to be whole: only decoding tells.
        9 => Reply::ok("bad"),
        10 => {
            let packed = gzip(bytes);
            Reply::ok(&packed[..packed.len() - 9]).with("Content-Encoding", "gzip")
        }
        11 => Reply::of(408, "late"),
        _ => Reply::ok(bytes),
    }
}

#[test]
fn a_flight_over_a_bad_server_ends_as_one_over_a_good_server() {
    let files = town::files(BYTES);
    let good = {
        let copies = files.clone();
        let server = Server::new(move |seen| {
            copies
                .get(seen.path())
                .map_or_else(|| Reply::of(404, "no"), |bytes| Reply::ok(bytes.clone()))
        });
        let (resources, root) = HttpResources::open(&network(None), &server.url("/tileset.json")).unwrap();
        let (tree, problems) = read_tileset(resources, &root).unwrap();
        assert_eq!(problems, []);
        let end = fly(&tree, || {});
        assert_eq!(end.failed, 0);
        end
    };
    assert!(good.selection.render.len() > 3, "{:?}", good.selection.render);

    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let mut huge = vec![0; 40 << 20];
    huge[..3].copy_from_slice(b"bad");
    std::io::Write::write_all(&mut bomb, &huge).unwrap();
    let bomb = bomb.finish().unwrap();
    let is_bad = Arc::new(AtomicBool::new(false));
    let (bad, asked, copies) = (is_bad.clone(), Arc::new(AtomicU64::new(0)), files.clone());
    let answer = move |seen: &Seen| {
        let Some(bytes) = copies.get(seen.path()) else {
            return Reply::of(404, "no");
        };
        if !bad.load(Ordering::SeqCst) {
            return Reply::ok(bytes.clone());
        }
        // The same order of faults in every run, whatever is asked first.
        fault(asked.fetch_add(1, Ordering::SeqCst).wrapping_mul(5), bytes, &bomb)
    };
    let server = Server::new(answer);
    let folder = tempfile::tempdir().unwrap();
    let network = network(Some(folder.path()));
    let (resources, root) = HttpResources::open(&network, &server.url("/tileset.json")).unwrap();
    let (tree, problems) = read_tileset(resources, &root).unwrap();
    assert_eq!(problems, []);
    is_bad.store(true, Ordering::SeqCst);
    let end = fly(&tree, || is_bad.store(false, Ordering::SeqCst));
    assert!(end.failed > 5, "{} transfers failed", end.failed);
    let set = |selection: &Selection| selection.render.iter().copied().collect::<BTreeSet<_>>();
    assert_eq!(set(&end.selection), set(&good.selection));
    assert_eq!(end.selection.stand_ins, good.selection.stand_ins);
    assert_eq!(end.drawn, good.drawn, "the same bytes are drawn");
    // What was damaged on the way is not what is kept.
    for tile in &end.selection.render {
        let url = &tree.tiles[tile.0 as usize].contents[0];
        let kept = network.cache().unwrap().get(url, 1 << 20).unwrap();
        assert_eq!(kept.bytes.len(), BYTES, "{url}");
    }
    // Not a measure, a sign of life: turning away stops what is under way.
    let _ = end.cancelled;
}

#[test]
fn a_file_that_is_gone_leaves_its_place_to_its_parent() {
    let mut files = town::files(BYTES);
    let gone = "/tiles/0333.bin";
    assert!(files.remove(gone).is_some());
    let server = Server::new(move |seen| {
        files
            .get(seen.path())
            .map_or_else(|| Reply::of(404, "no"), |bytes| Reply::ok(bytes.clone()))
    });
    let (resources, root) = HttpResources::open(&network(None), &server.url("/tileset.json")).unwrap();
    let (tree, _) = read_tileset(resources, &root).unwrap();
    let end = fly(&tree, || {});
    let named = |path: &str| {
        let at = tree.tiles.iter().position(|tile| tile.contents == [server.url(path)]);
        TileId(u32::try_from(at.unwrap()).unwrap())
    };
    let stand_ins: Vec<(TileId, TileId)> = end.selection.stand_ins.iter().map(|it| (it.tile, it.area)).collect();
    assert_eq!(stand_ins, [(named("/tiles/033.bin"), named(gone))]);
    assert_eq!(
        server.seen().iter().filter(|seen| seen.path() == gone).count(),
        1,
        "asked for once"
    );
}
