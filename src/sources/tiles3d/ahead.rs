//! Which contents must be looked into while a tree is read, and telling of them beforehand, so that what comes over a
//! network is fetched side by side.

use super::tree::MAX_TILESET_BYTES;
use crate::sources::resource::{Resources, is_tile_archive, plain_path};

/// External tilesets that are told of before they are read.
const TOLD: usize = 32;

/// How many of those that come next were told of.
#[derive(Default)]
pub(super) struct Ahead(usize);

impl Ahead {
    /// Called before the first of `next` is read.
    pub(super) fn tell<'a>(&mut self, resources: &dyn Resources, next: impl Iterator<Item = &'a str>) {
        if self.0 == 0 && resources.remote().is_some() {
            let paths: Vec<String> = next.take(TOLD).map(str::to_owned).collect();
            self.0 = paths.len();
            resources.read_ahead(&paths, MAX_TILESET_BYTES);
        }
        self.0 = self.0.saturating_sub(1);
    }
}

/// Whether a content must be looked into before it is known to be a tile: only JSON and archives can be tilesets.
pub(super) fn may_be_tileset(path: &str) -> bool {
    let path = plain_path(path);
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        None => true,
        Some((_, extension)) => extension.eq_ignore_ascii_case("json") || is_tile_archive(name),
    }
}

/// Whether the name says that it is JSON, and so a tileset rather than a tile.
pub(super) fn is_json(path: &str) -> bool {
    // What follows in an address is no part of the name.
    let path = plain_path(path);
    path.rsplit_once('.')
        .is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_what_has_no_ending_may_be_a_tileset_whatever_follows_in_an_address() {
        for path in ["a/t.json", "a/T.JSON", "tile", "https://a.org/t.json?k=x.glb"] {
            assert!(may_be_tileset(path), "{path}");
        }
        for path in ["a/t.glb", "https://a.org/t.glb?k=x.json"] {
            assert!(!may_be_tileset(path), "{path}");
        }
    }
}
