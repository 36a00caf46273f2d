//! The decode threads: order, replacement, panics, waking and stopping.

use super::world::NoFiles;
use bevy::math::DMat4;
use stadslens::geometry::{FeatureMarks, FeatureTable};
use stadslens::georef::SiteFrame;
use stadslens::sources::Problem;
use stadslens::sources::tiles3d::{DecodeRequest, TileContent, TileId};
use stadslens::streaming::{ContentState, LoadWish, LoadedTile, TileLoader};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn request(path: &str) -> DecodeRequest {
    DecodeRequest {
        resources: Arc::new(NoFiles),
        path: path.to_owned(),
        root_from_tile: DMat4::IDENTITY,
        is_geocentric: false,
        site: SiteFrame::Local,
        volume: None,
        gltf_up_axis: 'Y',
        height_offset_m: 0.0,
    }
}

fn wish(tile: u32, paths: &[&str]) -> LoadWish {
    LoadWish {
        layer: 1,
        tile: TileId(tile),
        requests: paths.iter().map(|path| request(path)).collect(),
    }
}

fn content() -> TileContent {
    TileContent {
        instances: 0,
        meshes: Vec::new(),
        marks: FeatureMarks::default(),
        features: FeatureTable::default(),
        bytes_read: 100,
        bytes_resident: 1000,
        problems: Vec::new(),
    }
}

fn decode_by_name(request: &DecodeRequest) -> Result<TileContent, Problem> {
    match request.path.as_str() {
        "bad" => Err(Problem::error("bad", "", "cannot be read")),
        "panic" => panic!("index out of bounds"),
        _ => Ok(content()),
    }
}

/// Polls until `count` tiles have come.
fn collect(loader: &TileLoader, count: usize) -> Vec<LoadedTile> {
    let start = Instant::now();
    let mut done = Vec::new();
    while done.len() < count {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "only {} of {count} tiles came",
            done.len()
        );
        done.extend(loader.take_finished());
        std::thread::sleep(Duration::from_millis(1));
    }
    done
}

fn numbers(done: &[LoadedTile]) -> Vec<u32> {
    done.iter().map(|loaded| loaded.tile.0).collect()
}

/// A loader of one worker that names each content it starts, and waits for leave to finish it.
fn gated() -> (TileLoader, Receiver<String>, Sender<()>) {
    let (started, starts) = channel();
    let (leave, leaves) = channel();
    let (started, leaves) = (Mutex::new(started), Mutex::new(leaves));
    let loader = TileLoader::with_decoder(
        1,
        Arc::new(move |request: &DecodeRequest| {
            let _ = started.lock().unwrap().send(request.path.clone());
            let _ = leaves.lock().unwrap().recv();
            Ok(content())
        }),
    );
    (loader, starts, leave)
}

#[test]
fn several_contents_come_together_and_one_good_one_is_enough_to_draw() {
    let loader = TileLoader::with_decoder(2, Arc::new(decode_by_name));
    loader.replace_queue(vec![
        wish(1, &["a", "bad", "b"]),
        wish(2, &["bad", "bad"]),
        wish(3, &["a"]),
    ]);
    let mut done = collect(&loader, 3);
    done.sort_by_key(|loaded| loaded.tile);
    let outcomes: Vec<_> = done
        .iter()
        .map(|l| (l.results.len(), l.state(), l.bytes_resident()))
        .collect();
    let expected = [
        (3, ContentState::Ready, 2000),
        (2, ContentState::Failed, 0),
        (1, ContentState::Ready, 1000),
    ];
    assert_eq!(outcomes, expected);
    assert!(done[0].results[1].is_err(), "results keep the order of the contents");
    let stats = loader.stats();
    assert_eq!(
        (stats.tiles_finished, stats.contents_failed, stats.bytes_read),
        (3, 3, 300)
    );
    assert!(loader.is_idle());
}

#[test]
fn panicking_decoder_costs_one_content_and_no_worker() {
    let loader = TileLoader::with_decoder(1, Arc::new(decode_by_name));
    loader.replace_queue(vec![wish(1, &["panic"]), wish(2, &["good"])]);
    let done = collect(&loader, 2);
    assert_eq!(numbers(&done), [1, 2]);
    let problem = done[0].results[0].as_ref().err().expect("a problem");
    let line = "panic: the tile cannot be read: its decoder stopped (index out of bounds)";
    assert_eq!(problem.to_string(), line);
    assert_eq!(done[1].state(), ContentState::Ready);
}

#[test]
fn queue_is_replaced_and_what_runs_goes_on_and_is_not_started_twice() {
    let (loader, starts, leave) = gated();
    loader.replace_queue(vec![wish(1, &["one"]), wish(2, &["two"])]);
    assert_eq!(starts.recv().unwrap(), "one");
    let asked = loader.replace_queue(vec![wish(3, &["three"]), wish(1, &["one"]), wish(4, &["four"])]);
    assert_eq!(asked.iter().map(|key| key.tile.0).collect::<Vec<_>>(), [1, 3, 4]);
    assert!(!loader.is_idle());
    for _ in 0..3 {
        leave.send(()).unwrap();
    }
    assert_eq!(
        numbers(&collect(&loader, 3)),
        [1, 3, 4],
        "two was replaced, the rest kept its order"
    );
    assert_eq!(starts.try_iter().collect::<Vec<_>>(), ["three", "four"]);
}

#[test]
fn finished_tile_that_was_not_taken_is_not_loaded_again() {
    let loader = TileLoader::with_decoder(1, Arc::new(decode_by_name));
    loader.replace_queue(vec![wish(1, &["a"])]);
    while loader.stats().tiles_finished == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(loader.replace_queue(vec![wish(1, &["a"])]), []);
    assert!(!loader.is_idle(), "something waits to be taken");
    assert_eq!(numbers(&loader.take_finished()), [1]);
    assert!(loader.is_idle());
}

#[test]
fn closed_layer_leaves_nothing_behind() {
    let (loader, starts, leave) = gated();
    loader.replace_queue(vec![wish(1, &["one"]), wish(2, &["two"])]);
    assert_eq!(starts.recv().unwrap(), "one");
    loader.forget_layer(1);
    let other = LoadWish {
        layer: 2,
        ..wish(5, &["five"])
    };
    loader.replace_queue(vec![other]);
    leave.send(()).unwrap();
    leave.send(()).unwrap();
    let done = collect(&loader, 1);
    assert_eq!((numbers(&done), done[0].layer), (vec![5], 2));
    assert!(loader.is_idle());
}

#[test]
fn finished_load_wakes_the_program_even_after_a_waker_that_panics() {
    let loader = TileLoader::with_decoder(1, Arc::new(decode_by_name));
    let woken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&woken);
    loader.set_waker(move || {
        assert_ne!(count.fetch_add(1, Ordering::SeqCst), 0, "the first call panics");
    });
    loader.replace_queue(vec![wish(1, &["a"]), wish(2, &["b"])]);
    collect(&loader, 2);
    drop(loader);
    assert_eq!(woken.load(Ordering::SeqCst), 2);
}

#[test]
fn dropping_stops_at_once_and_joins() {
    let decoded = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&decoded);
    let (started, starts) = channel();
    let started = Mutex::new(started);
    let loader = TileLoader::with_decoder(
        2,
        Arc::new(move |_: &DecodeRequest| {
            let _ = started.lock().unwrap().send(());
            std::thread::sleep(Duration::from_millis(20));
            count.fetch_add(1, Ordering::SeqCst);
            Ok(content())
        }),
    );
    loader.replace_queue((0..1000).map(|tile| wish(tile, &["x", "y", "z"])).collect());
    starts.recv().unwrap();
    let start = Instant::now();
    drop(loader);
    assert!(start.elapsed() < Duration::from_secs(5), "took {:?}", start.elapsed());
    let after = decoded.load(Ordering::SeqCst);
    assert!(after < 20, "{after} contents were decoded after the drop");
    std::thread::sleep(Duration::from_millis(60));
    assert_eq!(decoded.load(Ordering::SeqCst), after, "no thread is left");
}

#[test]
fn many_tiles_on_many_threads_come_once_each() {
    let loader = TileLoader::with_decoder(4, Arc::new(decode_by_name));
    let mut done = Vec::new();
    for _ in 0..10 {
        let missing = (0..200)
            .filter(|tile| !done.contains(tile))
            .map(|tile| wish(tile, &["x"]))
            .collect();
        loader.replace_queue(missing);
        done.extend(numbers(&loader.take_finished()));
    }
    done.extend(numbers(&collect(&loader, 200 - done.len())));
    done.sort_unstable();
    assert_eq!(done, (0..200).collect::<Vec<_>>());
}
