//! A part of a tree that is not read with the tree: what a root tile waits for, how it is read, and what comes of it.
//!
//! There are two kinds of parts, which come and go alike: a subtree of an implicit tiling, and the external tilesets that
//! a tile names.

use super::{
    Tile,
    external::External,
    implicit::{self, TileAt, Tiling},
    metadata::{ContentMetadata, Metadata},
    noting::NotingResources,
};
use crate::sources::{Cause, Problem, resource::Resources};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// What a tile waits for.
#[derive(Debug, Clone)]
pub(super) enum Stub {
    /// A subtree of an implicit tiling, by its place.
    Implicit { tiling: Arc<Tiling>, at: TileAt },
    /// What the tile names and may be a tileset.
    External(Arc<External>),
}

impl Stub {
    /// Whether both are the same part of the same tree.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Implicit { tiling, at }, Self::Implicit { tiling: of, at: there }) => {
                Arc::ptr_eq(tiling, of) && at == there
            }
            (Self::External(one), Self::External(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    /// The tileset.json that asks for it, and where in that.
    pub(super) fn named_at(&self) -> (&str, &str) {
        match self {
            Self::Implicit { tiling, .. } => (&tiling.home.document, &tiling.home.place),
            Self::External(external) => external.named_at(),
        }
    }

    /// The same with other numbers of groups.
    pub(super) fn with_groups(&self, number: &dyn Fn(u32) -> Option<u32>) -> Self {
        match self {
            Self::Implicit { tiling, at } => Self::Implicit {
                tiling: Arc::new(tiling.with_groups(number)),
                at: *at,
            },
            Self::External(external) => Self::External(Arc::new(external.with_groups(number))),
        }
    }
}

/// A part to read. Can be sent to a worker whole.
#[derive(Clone)]
pub struct SubtreeRequest {
    pub(super) resources: Arc<dyn Resources>,
    pub(super) stub: Stub,
    /// The root as it stands in the tree, without children.
    pub(super) root: Tile,
}

/// A part that was read, to be hung into its tree with [`TileTree::attach`](super::TileTree::attach).
#[derive(Debug)]
pub struct Subtree {
    /// What was asked for: a root that meanwhile waits for another must not get this one.
    pub(super) stub: Stub,
    /// Parents first; the first is the root, which stands in the tree already.
    pub(super) grown: Vec<Grown>,
    /// Of a subtree itself.
    pub(super) metadata: Option<Metadata>,
    /// Groups of contents that external tilesets bring: the numbers of groups in `grown` are places in this list. A
    /// subtree brings none, its numbers are those of the tree.
    pub(super) groups: Vec<Metadata>,
    /// Tiles that a subtree file says are there.
    pub(super) tiles: u64,
    /// Contents that a subtree file says are there.
    pub(super) contents: u64,
    /// External tilesets that do not exist.
    pub(super) missing: Vec<String>,
    /// What went wrong while the rest was kept.
    pub problems: Vec<Problem>,
}

/// One tile on its way into the tree.
#[derive(Debug)]
pub(super) struct Grown {
    /// Index of the parent.
    pub(super) parent: usize,
    /// Without parent and children.
    pub(super) tile: Tile,
    /// What is to be read below it.
    pub(super) next: Option<Stub>,
    pub(super) metadata: Option<Metadata>,
    /// Of its contents, in their order; shorter where the last say nothing.
    pub(super) contents: Vec<ContentMetadata>,
}

impl SubtreeRequest {
    /// Path of the subtree file, or of the first file that may be an external tileset.
    ///
    /// # Errors
    /// When the address leads out of where the tileset is.
    pub fn path(&self) -> Result<String, Problem> {
        match &self.stub {
            Stub::Implicit { tiling, at } => tiling.subtree_path(*at),
            Stub::External(external) => Ok(external.path().to_owned()),
        }
    }

    /// The tile below which it hangs, without children.
    pub fn root(&self) -> &Tile {
        &self.root
    }

    /// Reads it.
    ///
    /// # Errors
    /// One [`Problem`] when nothing is known of the tiles; what costs only a part is in [`Subtree::problems`].
    pub fn read(&self) -> Result<Subtree, Problem> {
        let path = self.path()?;
        // What is read is checked; this is the last net below it.
        catch_unwind(AssertUnwindSafe(|| match &self.stub {
            Stub::Implicit { tiling, at } => implicit::read_subtree(tiling, *at, &*self.resources, &path),
            Stub::External(external) => external.read(&*self.resources, self.root.clone()),
        }))
        .unwrap_or_else(|_panic| {
            let message = "the file is damaged in a way the reader did not expect";
            Err(Problem::error(path.clone(), "", message).because(Cause::Damaged))
        })
    }

    /// As [`Self::read`], with the paths of all files that were asked for; of what lies in an archive, that of the archive.
    pub fn read_noting_files(&self) -> (Result<Subtree, Problem>, Vec<String>) {
        let noting = Arc::new(NotingResources::new(self.resources.clone()));
        let request = Self {
            resources: noting.clone(),
            ..self.clone()
        };
        (request.read(), noting.files())
    }

    /// The parts that wait below a part that was read of this one.
    pub fn next<'a>(&'a self, subtree: &'a Subtree) -> impl Iterator<Item = Self> + 'a {
        subtree.grown.iter().filter_map(|grown| {
            Some(Self {
                resources: self.resources.clone(),
                stub: grown.next.clone()?,
                root: grown.tile.clone(),
            })
        })
    }
}

impl Subtree {
    /// Its tiles without parents and children, the root first.
    pub fn tiles(&self) -> impl Iterator<Item = &Tile> {
        self.grown.iter().map(|grown| &grown.tile)
    }
}
