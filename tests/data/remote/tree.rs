//! A tileset on a server becomes the same tree as in a folder, and a tileset of this machine never asks anybody.

use super::{network, town};
use crate::decode::request;
use crate::online::server::{Reply, Server};
use stadslens::sources::Cause;
use stadslens::sources::remote::HttpResources;
use stadslens::sources::resource::folder;
use stadslens::sources::tiles3d::{TileId, decode_content, open_tileset, read_tileset};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

#[test]
fn a_tree_on_a_server_is_that_of_a_folder_and_its_key_goes_along() {
    let files = town::files(64);
    let on_disk = tempfile::tempdir().unwrap();
    for (path, bytes) in &files {
        let path = on_disk.path().join(path.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let (local, problems) = read_tileset(folder(on_disk.path()), "tileset.json").unwrap();
    assert_eq!(problems, []);
    let copies = files.clone();
    let server = Server::new(move |seen| {
        if seen.query("key") != Some("K1") {
            return Reply::of(403, "no key");
        }
        std::thread::sleep(Duration::from_millis(20));
        copies
            .get(seen.path())
            .map_or_else(|| Reply::of(404, "no"), |bytes| Reply::ok(bytes.clone()))
    });
    let network = network(None);
    let (resources, root) = HttpResources::open(&network, &server.url("/tileset.json?key=K1")).unwrap();
    let (remote, problems) = read_tileset(resources.clone(), &root).unwrap();
    assert_eq!(problems, []);
    assert_eq!(remote.tiles.len(), local.tiles.len());
    assert!(remote.tiles.len() > 80);
    for (here, there) in local.tiles.iter().zip(&remote.tiles) {
        assert_eq!(
            (here.parent, here.depth, &here.children),
            (there.parent, there.depth, &there.children)
        );
        let path = here.contents.first().map(|path| server.url(&format!("/{path}?key=K1")));
        assert_eq!(there.contents.first(), path.as_ref());
    }
    assert_eq!(server.count(), 5);
    assert!(server.busiest() > 1, "the quarters come side by side");
    let content = remote.tiles.iter().find_map(|tile| tile.contents.first()).unwrap();
    assert_eq!(resources.read(content).unwrap(), town::content("/tiles/0.bin", 64));
    assert!(!resources.name().contains("K1"));
}

#[test]
fn a_key_stays_with_its_host_and_a_missing_quarter_costs_itself() {
    let elsewhere = Server::new(|seen| match seen.path() {
        "/far.json" => Reply::ok(
            r#"{"asset":{"version":"1.1"},"geometricError":1,"root":{"boundingVolume":{"sphere":[0,0,0,1]},
            "geometricError":0,"content":{"uri":"x.bin"}}}"#,
        ),
        _ => Reply::of(404, "no"),
    });
    let far = elsewhere.url("/far.json");
    let server = Server::new(move |seen| match seen.path() {
        "/t.json" => Reply::ok(format!(
            r#"{{"asset":{{"version":"1.1"}},"geometricError":1,"root":{{"boundingVolume":{{"sphere":[0,0,0,1]}},
            "geometricError":0,"contents":[{{"uri":"{far}"}},{{"uri":"gone.json"}},{{"uri":"file:///etc/passwd"}},
            {{"uri":"near.bin"}}]}}}}"#
        )),
        _ => Reply::of(404, "no"),
    });
    let network = network(None);
    let (resources, root) = HttpResources::open(&network, &server.url("/t.json?key=K1")).unwrap();
    let (tree, problems) = read_tileset(resources, &root).unwrap();
    let contents: Vec<&String> = tree.tiles.iter().flat_map(|tile| &tile.contents).collect();
    assert_eq!(contents, [&server.url("/near.bin?key=K1"), &elsewhere.url("/x.bin")]);
    assert_eq!(elsewhere.seen()[0].target, "/far.json", "without the key");
    let causes: Vec<Cause> = problems.iter().map(|problem| problem.cause).collect();
    assert_eq!(causes, [Cause::NotRead, Cause::Missing], "{problems:?}");
    assert!(problems.iter().all(|problem| !problem.to_string().contains("K1")));
}

#[test]
fn a_tileset_of_this_machine_never_leads_to_a_network() {
    let server = Server::new(|_| Reply::ok("{}"));
    let on_disk = tempfile::tempdir().unwrap();
    let url = server.url("/t.json");
    let tileset = format!(
        r#"{{"asset":{{"version":"1.1"}},"geometricError":1,"root":{{"boundingVolume":{{"sphere":[0,0,0,1]}},
        "geometricError":0,"contents":[{{"uri":"{url}"}},{{"uri":"{}"}},{{"uri":"a.gltf"}}]}}}}"#,
        server.url("/x.glb")
    );
    std::fs::write(on_disk.path().join("tileset.json"), tileset).unwrap();
    let gltf = format!(
        r#"{{"asset":{{"version":"2.0"}},"buffers":[{{"uri":"{}","byteLength":4}}]}}"#,
        server.url("/b.bin")
    );
    std::fs::write(on_disk.path().join("a.gltf"), gltf).unwrap();
    let resources = folder(on_disk.path());
    let (tree, problems) = read_tileset(resources.clone(), "tileset.json").unwrap();
    assert_eq!(
        problems
            .iter()
            .filter(|problem| problem.cause == Cause::NotRead)
            .count(),
        2,
        "{problems:?}"
    );
    assert_eq!(tree.tiles[0].contents, ["a.gltf"]);
    for path in ["a.gltf", url.as_str()] {
        let request = request(&resources, path);
        // Whether it can be drawn is another matter.
        let _ = decode_content(&request);
    }
    assert!(resources.read(&url).is_err() && !resources.exists(&url));
    assert_eq!(server.count(), 0);
}

#[test]
fn a_server_that_fails_for_a_while_is_tried_again_by_who_waits() {
    let own = Arc::new(OnceLock::<String>::new());
    let server = Server::new(|seen| match seen.before {
        0 => Reply::of(503, "starting"),
        1 => Reply::of(429, "slow down").with("Retry-After", "0"),
        _ => Reply::ok(
            r#"{"asset":{"version":"1.1"},"geometricError":1,"root":{"boundingVolume":{"sphere":[0,0,0,1]},"geometricError":0}}"#,
        ),
    });
    own.set(server.url("/t.json")).unwrap();
    let (resources, root) = HttpResources::open(&network(None), own.get().unwrap()).unwrap();
    let (tree, problems) = read_tileset(resources, &root).unwrap();
    assert_eq!((tree.tiles.len(), problems.len(), server.count()), (1, 0, 3));
}

#[test]
fn of_a_thousand_external_tilesets_a_viewer_asks_for_those_it_looks_at() {
    let square = |x: f64, half: f64| {
        format!(r#""boundingVolume":{{"box":[{x},0,6371000,{half},0,0,0,{half},0,0,0,20]}},"geometricError":8"#)
    };
    let children: Vec<String> = (0..1000_u32)
        .map(|n| {
            let volume = square(f64::from(n) * 100.0, 50.0);
            format!(r#"{{{volume},"content":{{"uri":"towns/{n}.json"}}}}"#)
        })
        .collect();
    let root = format!(
        r#"{{"asset":{{"version":"1.1"}},"geometricError":99,"root":{{{},"refine":"ADD","children":[{}]}}}}"#,
        square(50_000.0, 50_000.0),
        children.join(",")
    );
    let server = Server::new(move |seen| {
        if seen.query("key") != Some("K1") {
            return Reply::of(403, "no key");
        }
        match seen.path() {
            "/tileset.json" => Reply::ok(root.clone()),
            "/towns/7.json" => Reply::of(404, "gone"),
            path => path
                .strip_prefix("/towns/")
                .and_then(|name| name.strip_suffix(".json")?.parse::<u32>().ok())
                .map_or_else(
                    || Reply::of(404, "no"),
                    |n| {
                        let volume = square(f64::from(n) * 100.0, 50.0);
                        let root = format!(r#"{{{volume},"content":{{"uri":"../tiles/{n}.glb"}}}}"#);
                        Reply::ok(format!(
                            r#"{{"asset":{{"version":"1.1"}},"geometricError":9,"root":{root}}}"#
                        ))
                    },
                ),
        }
    });
    let (resources, root) = HttpResources::open(&network(None), &server.url("/tileset.json?key=K1")).unwrap();
    let (mut tree, problems) = open_tileset(resources, &root).unwrap();
    assert_eq!((tree.tiles.len(), problems.len(), server.count()), (1001, 0, 1));
    assert!(tree.is_geocentric);
    let request = tree.subtree_request(TileId(500)).unwrap();
    assert!(tree.attach(TileId(500), request.read().unwrap()));
    let child = tree.tiles[500].children[0];
    assert_eq!(
        tree.tiles[child.0 as usize].contents,
        [server.url("/tiles/499.glb?key=K1")],
        "the key goes along, and addresses go from the file that they stand in"
    );
    let problem = tree.subtree_request(TileId(8)).unwrap().read().unwrap_err();
    assert_eq!((problem.cause, server.count()), (Cause::Missing, 3));
    let told = problem.to_string();
    assert!(told.contains("/towns/7.json") && !told.contains("K1"), "{told}");
}
