//! Contents of implicit tiles that are tilesets themselves. A tile without children waits for its own; those of the others,
//! and of the root, which has waited for the subtree, come with that, below the tiles that name them.

use super::super::{
    external::{External, Named, Reach},
    reader::Reader,
    subtree::{Stub, Subtree},
};
use super::tiling::Home;
use crate::sources::{Cause, Problem, resource::Resources};
use std::{collections::BTreeMap, sync::Arc};

/// Most tiles that external tilesets add to one subtree.
const MAX_TILES: usize = 100_000;
/// Most external tilesets that come with one subtree.
const MAX_EXTERNAL: usize = 1_000;

/// External tilesets by the index of the tile that names them.
pub(super) type NamedBy = BTreeMap<usize, Vec<Named>>;

/// Hangs what the tiles of a subtree name below those, read or to be read. `home` is that of its tiling.
///
/// # Errors
/// The first external tileset that comes with the subtree and cannot be had now but may be later: both are asked for again.
pub(super) fn hang(
    subtree: &mut Subtree,
    named: NamedBy,
    home: &Home,
    resources: &dyn Resources,
) -> Result<(), Problem> {
    let (mut read, own) = (0, subtree.grown.len());
    let mut has_children = vec![false; own];
    for child in subtree.grown.iter().skip(1) {
        has_children[child.parent] = true;
    }
    for (host, named) in named {
        if host > 0 && !has_children[host] {
            let external = External::new(home.link.clone(), named);
            if let Some(problem) = external.cycle() {
                subtree.problems.push(problem);
            } else {
                subtree.grown[host].next = Some(Stub::External(Arc::new(external)));
            }
            continue;
        }
        if read >= MAX_EXTERNAL || subtree.grown.len() - own >= MAX_TILES {
            let message = format!("more than {MAX_EXTERNAL} external tilesets in a subtree; the rest is left out");
            let problem = Problem::error(home.document.clone(), home.place.clone(), message);
            subtree.problems.push(problem.because(Cause::TooLarge));
            return Ok(());
        }
        let mut reader = Reader::below(resources, subtree.grown[host].tile.clone());
        for named in named {
            read += 1;
            reader.ask_for(&home.link, named);
        }
        reader.expand(Reach::ONE_TILE);
        if let Some(problem) = reader.may_pass.take() {
            return Err(problem);
        }
        subtree.problems.append(&mut reader.problems);
        subtree.missing.append(&mut reader.missing);
        // It has got what turned out to be no tileset.
        subtree.grown[host].tile.contents.clone_from(&reader.tiles[0].contents);
        let first = subtree.grown.len();
        subtree.take_over(reader, host);
        // The groups are those of the external tileset, which are not in the tree's list.
        for grown in &mut subtree.grown[first..] {
            for content in &mut grown.contents {
                content.group = None;
            }
            grown.next = grown.next.as_ref().map(|next| next.with_groups(&|_| None));
        }
    }
    Ok(())
}
