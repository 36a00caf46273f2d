//! What is asked for in one frame after the other, of a server that takes longer than a frame.

use super::super::subtrees::tests::layer_of;
use super::*;
use crate::georef::SiteFrame;
use crate::sources::Problem;
use crate::sources::resource::made_up::{MadeUp, square, tileset};
use crate::sources::tiles3d::{DecodeRequest, MemoryNeed, TileTree, read_tileset};
use crate::streaming::TileDecoder;
use bevy::math::DMat4;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ROOT: &str = "https://a.org/tileset.json";

/// Takes so much while it is decoded, and makes nothing of it.
struct Taking(u64);

impl TileDecoder<PreparedContent> for Taking {
    fn decode(&self, request: &DecodeRequest) -> Result<PreparedContent, Problem> {
        Err(Problem::error(request.path.clone(), "", "nothing is made of it"))
    }

    fn need(&self, _request: &DecodeRequest, _payload: &[u8]) -> MemoryNeed {
        MemoryNeed {
            held_bytes: 0,
            peak_bytes: self.0,
        }
    }
}

/// One coarse tile and one fine one below it, whose contents take 30 ms to come where they lie on a server.
fn made_up(is_far: bool) -> Arc<MadeUp> {
    MadeUp::of_texts(is_far, |path| {
        if path == ROOT {
            let fine = square([0.0; 2], 50.0, r#""content": {"uri": "fine.glb"}"#);
            let rest = format!(r#""content": {{"uri": "coarse.glb"}}, "children": [{fine}]"#);
            return Some(tileset(&square([0.0; 2], 100.0, &rest)));
        }
        std::thread::sleep(Duration::from_millis(30));
        Some(String::new())
    })
}

/// Its tree.
pub(in crate::view::tiles) fn two_tiles(is_far: bool) -> TileTree {
    read_tileset(made_up(is_far), ROOT).unwrap().0
}

/// A loader that has looked at a tile once.
pub(in crate::view::tiles) fn loader_that_knows(key: TileKey, need_bytes: u64) -> TileLoader<PreparedContent> {
    let loader = TileLoader::with_decoder(1, Arc::new(Taking(need_bytes)));
    let start = Instant::now();
    let request = DecodeRequest {
        resources: made_up(false),
        path: "coarse.glb".to_owned(),
        root_from_tile: DMat4::IDENTITY,
        is_geocentric: false,
        site: SiteFrame::Local,
        volume: None,
        gltf_up_axis: 'Y',
        height_offset_m: 0.0,
    };
    loader.replace_queue(vec![LoadWish {
        layer: key.layer,
        tile: key.tile,
        requests: vec![request],
    }]);
    while loader.take_finished().is_empty() {
        assert!(start.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(loader.needs([key]), [Some(need_bytes)]);
    loader
}

#[test]
fn a_coarser_tile_keeps_its_room_while_it_is_fetched() {
    let resources = made_up(true);
    let (tree, _) = read_tileset(resources.clone(), ROOT).unwrap();
    let key = |tile: u32| TileKey {
        layer: 7,
        tile: TileId(tile),
    };
    let mut world = World::new();
    let mut tiles = TileLayers::from_world(&mut world);
    // A quarter is kept free for a coarser tile. This one needs more than there is without, and less than there is.
    tiles.loader = TileLoader::with_decoder(1, Arc::new(Taking(400)));
    tiles.ceiling = Ceiling::new(1000, 1000);
    tiles.residency.insert(key(1), &tree, 500);
    tiles.layers.insert(7, layer_of(tree));
    let (settings, mut problems) = (TileSettings::default(), ViewProblems::default());
    let fetched = || resources.paths_read().iter().filter(|path| *path != ROOT).count();
    let start = Instant::now();
    while tiles.loader.stats().tiles_finished == 0 {
        assert!(start.elapsed() < Duration::from_secs(30), "it does not come");
        assert!(fetched() < 2, "it is fetched again");
        let wanted = Wanted {
            waiting: HashSet::new(),
            tiles: vec![Wish {
                tile: key(0),
                need_bytes: None,
                is_needed: true,
                is_coarser: true,
            }],
            views: Vec::new(),
            is_waiting: true,
            is_coarsest: false,
            admits_preload: false,
        };
        ask(&mut tiles, wanted, &settings, &mut problems);
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(fetched(), 1);
}
