//! Contents of implicit tiles that are tilesets themselves: their tiles come with the subtree.

use super::super::{ContentMetadata, Tile, TileId, reader::Reader};
use super::grow::{Grown, Subtree};
use crate::sources::{Cause, Problem, resource::Resources};

/// Most tiles that external tilesets add to one subtree.
const MAX_TILES: usize = 100_000;
/// Most external tilesets that one subtree names.
const MAX_EXTERNAL: usize = 1_000;

/// Whether a content must be looked into before it is known to be a tile.
pub(super) fn is_json(path: &str) -> bool {
    // What follows in an address is no part of the name.
    let path = path.split('?').next().unwrap_or(path);
    path.rsplit_once('.')
        .is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("json"))
}

/// Reads the external tilesets that the tiles of a subtree name, and puts their tiles below those.
pub(super) fn expand(subtree: &mut Subtree, resources: &dyn Resources) {
    let home = &subtree.stub.tiling.home;
    let (mut read, own) = (0, subtree.grown.len());
    for host in 0..own {
        let external = std::mem::take(&mut subtree.grown[host].external);
        if external.is_empty() {
            continue;
        }
        let place = format!("{}.content.uri", home.place);
        if read >= MAX_EXTERNAL || subtree.grown.len() - own >= MAX_TILES {
            let message = format!("more than {MAX_EXTERNAL} external tilesets in a subtree; the rest is left out");
            let problem = Problem::error(home.document.clone(), place, message);
            subtree.problems.push(problem.because(Cause::TooLarge));
            return;
        }
        let mut reader = Reader::below(resources, subtree.grown[host].tile.clone());
        for path in external {
            read += 1;
            reader.ask_for(path, home.link.clone(), place.clone());
        }
        reader.expand_all();
        subtree.problems.append(&mut reader.problems);
        subtree.missing.append(&mut reader.missing);
        let first = subtree.grown.len();
        let index_of = |id: TileId| match id.0 as usize {
            0 => host,
            number => first + number - 1,
        };
        let mut metadata = reader.metadata;
        let mut awaited = reader.subtrees.into_awaited();
        for (id, tile) in (0..).map(TileId).zip(reader.tiles) {
            if id.0 == 0 {
                // It has only got what turned out to be no tileset.
                subtree.grown[host].tile.contents = tile.contents;
                continue;
            }
            let contents = metadata.contents.remove(&id).unwrap_or_default().into_iter();
            // Its groups are those of the external tileset, which are not in the tree's list.
            let contents = contents.map(|content| ContentMetadata { group: None, ..content });
            subtree.grown.push(Grown {
                parent: tile.parent.map_or(host, index_of),
                next: awaited.remove(&id),
                external: Vec::new(),
                metadata: metadata.tiles.remove(&id),
                contents: contents.collect(),
                tile: Tile {
                    parent: None,
                    children: Vec::new(),
                    ..tile
                },
            });
        }
    }
}
