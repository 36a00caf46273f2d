//! Keeping a part of a tileset: progress, pause, the cap, and that afterwards no server is needed.

use super::{ask, network, town};
use crate::online::server::{Manner, Reply, Server};
use stadslens::sources::http::offline;
use stadslens::sources::remote::{Found, HttpResources, KeepState, Keeping, Lead};
use stadslens::sources::tiles3d::{SubtreeRequest, Tile, TileId, open_tileset, read_tileset};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

fn wait_for(keeping: &Keeping, is_there: impl Fn(&Keeping) -> bool) {
    let start = Instant::now();
    while !is_there(keeping) {
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", keeping.progress());
        std::thread::sleep(Duration::from_millis(3));
    }
}

/// A server that has these files, each with this header on how long it may be kept.
fn server_of(files: BTreeMap<String, Vec<u8>>, cache_control: &'static str) -> Server {
    Server::new(move |seen| {
        let reply = |bytes: &Vec<u8>| Reply::ok(bytes.clone()).with("Cache-Control", cache_control);
        files.get(seen.path()).map_or_else(|| Reply::of(404, "no"), reply)
    })
}

fn is_ended(keeping: &Keeping) -> bool {
    !matches!(keeping.progress().state, KeepState::Running | KeepState::Paused)
}

#[test]
fn a_kept_town_needs_no_server() {
    let files = town::files(500);
    let mut server = server_of(files.clone(), "max-age=0");
    let folder = tempfile::tempdir().unwrap();
    let network = network(Some(folder.path()));
    let (resources, root) = HttpResources::open(&network, &server.url("/tileset.json")).unwrap();
    let (tree, _) = read_tileset(resources.clone(), &root).unwrap();
    let documents = resources.remote().unwrap().documents();
    assert_eq!(documents.len(), 5);
    let contents = tree.tiles.iter().flat_map(|tile| tile.contents.iter().cloned());
    let all: Vec<String> = documents.into_iter().chain(contents).collect();
    let keeping = Keeping::start(&network, all.clone(), 1 << 30);
    wait_for(&keeping, is_ended);
    let progress = keeping.progress();
    assert_eq!(
        (progress.state, progress.kept, progress.failed),
        (KeepState::Done, files.len() as u64, 0)
    );
    let bytes: usize = files.values().map(Vec::len).sum();
    assert_eq!(progress.bytes, bytes as u64);
    assert!(all.iter().all(|url| network.cache().unwrap().has_pinned(url)));
    server.close();
    let asked = server.count();
    // The rule is one for the whole program; this test has a program of its own.
    offline::switch_offline(true);
    let again = super::network(Some(folder.path()));
    let (resources, root) = HttpResources::open(&again, &server.url("/tileset.json")).unwrap();
    let (kept, problems) = read_tileset(resources.clone(), &root).unwrap();
    assert_eq!((kept.tiles.len(), problems.len()), (tree.tiles.len(), 0));
    let content = kept.tiles.iter().find_map(|tile| tile.contents.first()).unwrap();
    assert_eq!(resources.read(content).unwrap(), town::content("/tiles/0.bin", 500));
    assert!(
        ask(&again, &server.url("/other"), 100)
            .unwrap_err()
            .error
            .to_string()
            .contains("offline")
    );
    offline::switch_offline(false);
    assert_eq!(server.count(), asked);
}

#[test]
fn it_pauses_goes_on_stops_and_keeps_within_its_room() {
    let server = Server::new(|seen| match seen.path() {
        "/gone" => Reply::of(404, "no"),
        "/secret" => Reply::ok("x").with("Cache-Control", "no-store"),
        _ => Reply::ok(vec![1; 1000]).sent(Manner::Drip(500, Duration::from_millis(5))),
    });
    let folder = tempfile::tempdir().unwrap();
    let network = network(Some(folder.path()));
    let urls = |from: u32, to: u32| (from..to).map(|n| server.url(&format!("/{n}"))).collect::<Vec<_>>();
    let mut wanted = urls(0, 60);
    wanted.extend([server.url("/gone"), server.url("/secret")]);
    let keeping = Keeping::start(&network, wanted, 1 << 30);
    wait_for(&keeping, |keeping| keeping.progress().kept >= 5);
    keeping.pause();
    std::thread::sleep(Duration::from_millis(200));
    let (paused, asked) = (keeping.progress(), server.count());
    assert_eq!(paused.state, KeepState::Paused);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(
        (keeping.progress(), server.count()),
        (paused, asked),
        "nothing comes while it waits"
    );
    keeping.resume();
    wait_for(&keeping, is_ended);
    let progress = keeping.progress();
    assert_eq!(
        (progress.state, progress.kept, progress.failed),
        (KeepState::Done, 60, 2)
    );
    assert!(progress.first_failure.is_some());

    let full = Keeping::start(&network, urls(100, 200), 20_000);
    wait_for(&full, is_ended);
    let progress = full.progress();
    assert_eq!(progress.state, KeepState::Full);
    assert!((21..40).contains(&progress.kept), "{progress:?}");

    let stopped = Keeping::start(&network, urls(200, 300), 1 << 30);
    wait_for(&stopped, |keeping| keeping.progress().kept >= 3);
    stopped.stop();
    assert_eq!(stopped.progress().state, KeepState::Stopped);
    let nothing = Keeping::start(&network, Vec::new(), 1000);
    wait_for(&nothing, is_ended);
    assert_eq!(nothing.progress().state, KeepState::Done);
}

/// Reads a part of a tree and goes on below it.
fn lead(request: SubtreeRequest) -> Lead {
    Box::new(move || {
        let (read, mut files) = request.read_noting_files();
        match read {
            Ok(part) => {
                let contents = |tile: &Tile| tile.contents.clone();
                files.extend(part.tiles().flat_map(contents));
                Found {
                    files,
                    leads: request.next(&part).map(lead).collect(),
                    ..Found::default()
                }
            }
            Err(problem) => Found {
                failure: Some(problem.to_string()),
                ..Found::default()
            },
        }
    })
}

/// Leads to two more of its kind.
fn endless() -> Lead {
    Box::new(|| Found {
        leads: vec![endless(), endless()],
        ..Found::default()
    })
}

#[test]
fn what_nobody_looked_at_is_found_while_it_is_kept() {
    let mut files = town::files(500);
    files.remove("/quarters/2.json").unwrap();
    let mut server = server_of(files.clone(), "max-age=60");
    let folder = tempfile::tempdir().unwrap();
    let network = network(Some(folder.path()));
    let (resources, root) = HttpResources::open(&network, &server.url("/tileset.json")).unwrap();
    // The place of this town is told by nothing, so three quarters are looked into at once; one that cannot be had waits with
    // the fourth.
    let (tree, _) = open_tileset(resources.clone(), &root).unwrap();
    let waiting: Vec<TileId> = (0..)
        .map(TileId)
        .take(tree.tiles.len())
        .filter(|tile| tree.is_subtree_awaited(*tile))
        .collect();
    assert_eq!(waiting.len(), 2);
    let contents = tree.tiles.iter().flat_map(|tile| tile.contents.iter().cloned());
    let known: Vec<String> = resources
        .remote()
        .unwrap()
        .documents()
        .into_iter()
        .chain(contents)
        .collect();
    let leads = waiting.iter().filter_map(|tile| tree.subtree_request(*tile)).map(lead);
    let keeping = Keeping::follow(&network, known.clone(), leads.collect(), 1 << 30);
    assert!(keeping.progress().total >= known.len() as u64);
    wait_for(&keeping, is_ended);
    let progress = keeping.progress();
    // One quarter of 21 contents is gone, the others are there with the files that name them.
    assert_eq!((progress.state, progress.failed), (KeepState::Done, 1), "{progress:?}");
    assert_eq!(progress.kept, (1 + 1) + 3 * (1 + 21), "{progress:?}");
    let failure = progress.first_failure.unwrap_or_default();
    assert!(failure.contains("quarters/2.json"), "{failure}");
    server.close();
    let kept = |path: &String| network.cache().unwrap().has_pinned(&server.url(path));
    let (there, gone): (Vec<&String>, Vec<&String>) = files.keys().partition(|path| kept(path));
    assert_eq!(there.len(), 68);
    assert!(gone.iter().all(|path| path.starts_with("/tiles/02")), "{gone:?}");

    let nothing = lead(tree.subtree_request(waiting[1]).unwrap());
    let many = Keeping::follow(&network, Vec::new(), vec![endless(), nothing], 1 << 30);
    wait_for(&many, is_ended);
    assert_eq!(many.progress().state, KeepState::TooMany);
}
