//! A tileset on a line, a camera beside it and a source that answers when it is told to.
//!
//! Tiles lie side by side along x: the root spans 0 to 1000 m, children share their parent's span evenly.
//! The camera stands `distance` away on −y and sees a span of x. With a viewport of 1000 pixels and a field
//! of view whose doubled half-angle tangent is 1, an error of `e` metres meets 16 pixels at 62.5 `e` metres.

use bevy::math::{DMat4, DVec3};
use stadslens::sources::resource::{ResourceError, Resources};
use stadslens::sources::tiles3d::{BoundingVolume, Refine, Subtrees, Tile, TileId, TileTree, TilesetMetadata};
use stadslens::streaming::{ContentState, Selection, SelectionSettings, SelectionState, View, select};
use std::fmt::{Debug, Formatter};
use std::sync::Arc;

/// Nothing can be read from it: the tests answer for the source.
pub(crate) struct NoFiles;

impl Resources for NoFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        Err(ResourceError::Missing { uri: path.to_owned() })
    }
    fn exists(&self, _: &str) -> bool {
        false
    }
    fn name(&self) -> String {
        "nothing".to_owned()
    }
}

/// A tile to be: name, error and children.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) error_m: f64,
    pub(crate) refine: Refine,
    pub(crate) has_content: bool,
    pub(crate) children: Vec<Plan>,
}

/// One line: `name`, `+` for ADD, `-` without content, error, children.
impl Debug for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let adds = if self.refine == Refine::Add { "+" } else { "" };
        let content = if self.has_content { "" } else { "-" };
        write!(
            f,
            "{}{adds}{content} {:.1} m {:?}",
            self.name, self.error_m, self.children
        )
    }
}

/// A REPLACE tile with content.
pub(crate) fn tile(name: &str, error_m: f64, children: Vec<Plan>) -> Plan {
    Plan {
        name: name.to_owned(),
        error_m,
        refine: Refine::Replace,
        has_content: true,
        children,
    }
}

/// A REPLACE tile without content.
pub(crate) fn empty(name: &str, error_m: f64, children: Vec<Plan>) -> Plan {
    Plan {
        has_content: false,
        ..tile(name, error_m, children)
    }
}

/// An ADD tile with content.
pub(crate) fn add(name: &str, error_m: f64, children: Vec<Plan>) -> Plan {
    Plan {
        refine: Refine::Add,
        ..tile(name, error_m, children)
    }
}

/// The finest tiles: no error, no children.
pub(crate) fn leaves(names: &[&str]) -> Vec<Plan> {
    names.iter().map(|name| tile(name, 0.0, Vec::new())).collect()
}

/// A box over a span of x.
pub(crate) fn span(from: f64, to: f64) -> BoundingVolume {
    BoundingVolume::Box {
        center: DVec3::X * (from + to) * 0.5,
        half_axes: [DVec3::X * (to - from) * 0.5, DVec3::Y, DVec3::Z],
    }
}

/// One tile with nothing around it.
pub(crate) fn bare_tile(
    parent: Option<TileId>,
    depth: u32,
    volume: BoundingVolume,
    error_m: f64,
    refine: Refine,
) -> Tile {
    Tile {
        parent,
        children: Vec::new(),
        depth,
        bounding_volume: volume,
        content_volume: None,
        viewer_request_volume: None,
        geometric_error_m: error_m,
        refine,
        contents: Vec::new(),
        root_from_tile: DMat4::IDENTITY,
    }
}

/// A tree of these tiles.
pub(crate) fn tree_of(tiles: Vec<Tile>) -> TileTree {
    TileTree {
        resources: Arc::new(NoFiles),
        path: "tileset.json".to_owned(),
        version: "1.1".to_owned(),
        gltf_up_axis: 'Y',
        tiles,
        is_geocentric: false,
        extensions: Vec::new(),
        subtrees: Subtrees::default(),
        metadata: TilesetMetadata::default(),
    }
}

/// The tree of a plan, numbered depth first.
pub(crate) fn tree(root: &Plan) -> TileTree {
    let mut tiles = Vec::new();
    grow(root, None, 0, (0.0, 1000.0), &mut tiles);
    tree_of(tiles)
}

fn grow(plan: &Plan, parent: Option<TileId>, depth: u32, (from, to): (f64, f64), tiles: &mut Vec<Tile>) -> TileId {
    let id = TileId(u32::try_from(tiles.len()).unwrap());
    let mut tile = bare_tile(parent, depth, span(from, to), plan.error_m, plan.refine);
    tile.contents.extend(plan.has_content.then(|| plan.name.clone()));
    tiles.push(tile);
    let mut at = from;
    let width = (to - from) / f64::from(u32::try_from(plan.children.len().max(1)).unwrap());
    for child in &plan.children {
        let child = grow(child, Some(id), depth + 1, (at, at + width), tiles);
        tiles[id.0 as usize].children.push(child);
        at += width;
    }
    id
}

/// A camera that sees x from `from` to `to` and stands `distance` metres away in the middle of it.
pub(crate) fn look(from: f64, to: f64, distance: f64) -> View {
    View {
        // The tiles reach one metre towards the camera.
        position: DVec3::new((from + to) * 0.5, -1.0 - distance, 0.0),
        planes: vec![(DVec3::X, -from), (DVec3::NEG_X, to)],
        direction: DVec3::Y,
        viewport_height_px: 1000.0,
        fov_y_rad: 2.0 * 0.5_f64.atan(),
    }
}

/// A tree, its selection state and what was drawn last.
pub(crate) struct World {
    pub(crate) tree: TileTree,
    pub(crate) state: SelectionState,
    pub(crate) settings: SelectionSettings,
    pub(crate) now: Selection,
}

impl World {
    pub(crate) fn new(root: &Plan) -> Self {
        Self {
            tree: tree(root),
            state: SelectionState::default(),
            settings: SelectionSettings::default(),
            now: Selection::default(),
        }
    }

    /// The tile whose content has this name.
    pub(crate) fn id(&self, name: &str) -> TileId {
        let at = self.tree.tiles.iter().position(|tile| tile.contents == [name]);
        TileId(u32::try_from(at.unwrap_or_else(|| panic!("no tile {name}"))).unwrap())
    }

    pub(crate) fn name(&self, id: TileId) -> &str {
        let contents = &self.tree.tiles[id.0 as usize].contents;
        contents.first().map_or("(empty)", String::as_str)
    }

    /// Selects once.
    pub(crate) fn frame(&mut self, views: &[View]) -> &mut Self {
        self.now = select(&self.tree, views, &self.settings, &mut self.state);
        self
    }

    /// Makes contents drawable.
    pub(crate) fn arrive(&mut self, names: &[&str]) -> &mut Self {
        for name in names {
            self.state.set_content(self.id(name), ContentState::Ready);
        }
        self
    }

    /// Makes contents fail.
    pub(crate) fn fail(&mut self, names: &[&str]) -> &mut Self {
        for name in names {
            self.state.set_content(self.id(name), ContentState::Failed);
        }
        self
    }

    /// Names of what is drawn, in order.
    pub(crate) fn drawn(&self) -> String {
        self.names(&self.now.render)
    }

    /// Names of what the picture needs, most urgent first.
    pub(crate) fn needed(&self) -> String {
        self.names(&self.now.load[..self.now.needed])
    }

    /// Names of what is loaded ahead.
    pub(crate) fn ahead(&self) -> String {
        self.names(&self.now.load[self.now.needed..])
    }

    /// `ancestor@area` for each stand-in.
    pub(crate) fn stand_ins(&self) -> String {
        let pairs = self.now.stand_ins.iter();
        let pairs: Vec<_> = pairs
            .map(|s| format!("{}@{}", self.name(s.tile), self.name(s.area)))
            .collect();
        pairs.join(" ")
    }

    fn names(&self, tiles: &[TileId]) -> String {
        let names: Vec<_> = tiles.iter().map(|id| self.name(*id)).collect();
        names.join(" ")
    }
}

/// A source that finishes loads after a fixed number of frames per tile, and fails some for ever.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// Frames from asking to having, by tile number (repeating).
    pub(crate) latencies: Vec<u64>,
    /// Whether a tile fails, by tile number.
    pub(crate) failures: Vec<bool>,
    /// Loads at once.
    pub(crate) lanes: usize,
    /// How often each tile was asked for.
    pub(crate) asked: Vec<u32>,
    running: Vec<(u64, TileId)>,
    frame: u64,
}

impl Source {
    pub(crate) fn new(tiles: usize) -> Self {
        Self {
            latencies: vec![1],
            failures: vec![false; tiles],
            lanes: 4,
            asked: vec![0; tiles],
            running: Vec::new(),
            frame: 0,
        }
    }

    /// Answers what is due; the tiles answered.
    pub(crate) fn deliver(&mut self, state: &mut SelectionState) -> Vec<TileId> {
        self.frame += 1;
        let frame = self.frame;
        let (due, running) = self.running.drain(..).partition(|(at, _)| *at <= frame);
        self.running = running;
        let due: Vec<(u64, TileId)> = due;
        due.into_iter()
            .map(|(_, tile)| {
                let failed = self.failures[tile.0 as usize];
                let outcome = if failed {
                    ContentState::Failed
                } else {
                    ContentState::Ready
                };
                state.set_content(tile, outcome);
                tile
            })
            .collect()
    }

    /// Starts what fits into the lanes.
    pub(crate) fn ask(&mut self, wishes: &[TileId], state: &mut SelectionState) {
        for &tile in wishes {
            if self.running.len() >= self.lanes {
                break;
            }
            if self.running.iter().all(|(_, running)| *running != tile) {
                let at = tile.0 as usize;
                self.asked[at] += 1;
                self.running
                    .push((self.frame + self.latencies[at % self.latencies.len()], tile));
                state.set_content(tile, ContentState::Loading);
            }
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.running.is_empty()
    }
}
