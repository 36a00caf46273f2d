//! What an implicit root says: how it is divided, how deep, and where its files are.

use super::super::{BoundingVolume, Refine, external::Link, metadata::Schema, s2};
use crate::sources::{Cause, Problem, resource::join};
use bevy::math::DMat4;
use serde_json::Value;
use std::sync::Arc;

/// Most levels: places on a level are counted in 31 bits.
const MAX_LEVELS: u32 = 31;
/// Most places of one subtree, available or not. Real ones have some hundreds.
const MAX_NODES: u64 = 1 << 19;

/// How a tile is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Scheme {
    /// Into four, along its first two axes.
    Quadtree,
    /// Into eight.
    Octree,
}

impl Scheme {
    /// Axes that are divided, which is also the bits that one level takes.
    pub(super) fn axes(self) -> u32 {
        match self {
            Self::Quadtree => 2,
            Self::Octree => 3,
        }
    }

    /// Places on level `level` of a subtree.
    pub(super) fn places(self, level: u32) -> u64 {
        1_u64.checked_shl(self.axes() * level).unwrap_or(u64::MAX)
    }

    /// Places above level `level` of a subtree.
    pub(super) fn places_above(self, level: u32) -> u64 {
        (self.places(level) - 1) / (self.places(1) - 1)
    }
}

/// The place of a tile in its implicit tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct TileAt {
    pub(in super::super) level: u32,
    pub(in super::super) x: u32,
    pub(in super::super) y: u32,
    /// 0 in a quadtree.
    pub(in super::super) z: u32,
}

impl TileAt {
    /// The root.
    pub(in super::super) const ROOT: Self = Self {
        level: 0,
        x: 0,
        y: 0,
        z: 0,
    };

    /// The tile `levels` below this one with the number `morton` among its descendants there: the bits of x, y and z
    /// take turns, x last.
    pub(super) fn descendant(self, levels: u32, morton: u64, scheme: Scheme) -> Self {
        let axes = scheme.axes();
        let mut offset = [0_u32; 3];
        for bit in 0..levels {
            for (axis, offset) in (0..axes).zip(&mut offset) {
                let is_set = morton >> (bit * axes + axis) & 1 == 1;
                *offset |= u32::from(is_set) << bit;
            }
        }
        Self {
            level: self.level + levels,
            x: self.x << levels | offset[0],
            y: self.y << levels | offset[1],
            z: self.z << levels | offset[2],
        }
    }
}

/// One content of every tile, as the root names it.
#[derive(Debug, Clone)]
pub(in super::super) struct ContentTemplate {
    pub(in super::super) uri: String,
    /// Number of its group in the tree's list of groups.
    pub(in super::super) group: Option<u32>,
}

/// Where an implicit root stands, and what its tiles inherit.
#[derive(Debug, Clone)]
pub(in super::super) struct Home {
    /// The tileset.json, from which addresses go.
    pub(in super::super) document: String,
    /// The tilesets that led to it.
    pub(in super::super) link: Arc<Link>,
    /// The root tile in it.
    pub(in super::super) place: String,
    /// Depth of the root in the whole tree.
    pub(in super::super) depth: u32,
    /// Volume of the root, root frame.
    pub(in super::super) volume: BoundingVolume,
    /// Error of the root, metres.
    pub(in super::super) geometric_error_m: f64,
    /// Factor of errors that the metadata give.
    pub(in super::super) error_scale: f64,
    pub(in super::super) refine: Refine,
    pub(in super::super) root_from_tile: DMat4,
    pub(in super::super) contents: Vec<ContentTemplate>,
    pub(in super::super) schema: Option<Arc<Schema>>,
    /// Number of the document's first group in the tree's list, and how many it has.
    pub(in super::super) groups: std::ops::Range<u32>,
}

/// One implicit tiling.
#[derive(Debug, Clone)]
pub(in super::super) struct Tiling {
    pub(in super::super) home: Home,
    pub(super) scheme: Scheme,
    pub(super) subtree_levels: u32,
    pub(super) available_levels: u32,
    pub(super) subtree_uri: String,
}

impl Tiling {
    /// The object that describes implicit tiling in a tile, in either spelling, and its name.
    pub(in super::super) fn json_of(tile: &Value) -> Option<(&'static str, &Value)> {
        let newer = tile.get("implicitTiling").map(|json| ("implicitTiling", json));
        newer.or_else(|| {
            let older = tile.get("extensions")?.get("3DTILES_implicit_tiling")?;
            Some(("extensions.3DTILES_implicit_tiling", older))
        })
    }

    /// Reads it. The problems that are no reason to give up come with it.
    pub(in super::super) fn read(name: &str, json: &Value, home: Home) -> Result<(Self, Vec<Problem>), Problem> {
        let mut warnings = Vec::new();
        let problem = |key: &str, message: String| {
            let place = format!("{}.{name}{key}", home.place);
            Problem::error(home.document.clone(), place, message)
        };
        let refuse = |key: &str, message: &str| {
            problem(key, format!("{message}; the tiles below are not shown")).because(Cause::Damaged)
        };
        let scheme = match json.get("subdivisionScheme").and_then(Value::as_str) {
            Some("QUADTREE") => Scheme::Quadtree,
            Some("OCTREE") => Scheme::Octree,
            _ => {
                let message = "the subdivision scheme is neither QUADTREE nor OCTREE";
                return Err(refuse(".subdivisionScheme", message));
            }
        };
        let subtree_levels = json
            .get("subtreeLevels")
            .and_then(Value::as_u64)
            .and_then(|levels| u32::try_from(levels).ok())
            .filter(|levels| *levels > 0)
            .ok_or_else(|| refuse(".subtreeLevels", "the levels of a subtree are not a number from 1 up"))?;
        if scheme.axes().saturating_mul(subtree_levels) >= 63 || scheme.places_above(subtree_levels) > MAX_NODES {
            let message = format!(
                "subtrees of {subtree_levels} levels have more than {MAX_NODES} places; the tiles below are not shown"
            );
            return Err(problem(".subtreeLevels", message).because(Cause::TooLarge));
        }
        // The older spelling counts from 0 and names the last.
        let levels = json.get("availableLevels").and_then(Value::as_u64);
        let levels = levels.or_else(|| json.get("maximumLevel")?.as_u64()?.checked_add(1));
        let levels = levels
            .filter(|levels| *levels > 0)
            .ok_or_else(|| refuse(".availableLevels", "the available levels are not a number from 1 up"))?;
        let mut available_levels = u32::try_from(levels).unwrap_or(u32::MAX);
        if available_levels > MAX_LEVELS {
            let message = format!("{levels} levels are more than {MAX_LEVELS}; the deeper ones are left out");
            warnings.push(problem(".availableLevels", message).because(Cause::TooLarge));
            available_levels = MAX_LEVELS;
        }
        let subtree_uri = json
            .get("subtrees")
            .and_then(|subtrees| subtrees.get("uri"))
            .and_then(Value::as_str)
            .ok_or_else(|| refuse(".subtrees.uri", "the subtrees have no uri"))?
            .to_owned();
        let variables: &[&str] = match scheme {
            Scheme::Quadtree => &["level", "x", "y"],
            Scheme::Octree => &["level", "x", "y", "z"],
        };
        if available_levels > subtree_levels
            && let Some(lacking) = variables
                .iter()
                .find(|name| !subtree_uri.contains(&format!("{{{name}}}")))
        {
            let message = format!("the address lacks {{{lacking}}}, so all subtrees would be one file");
            return Err(refuse(".subtrees.uri", &message));
        }
        for uri in home.contents.iter().map(|content| &content.uri).chain([&subtree_uri]) {
            if let Some(unknown) = unknown_variable(uri, variables) {
                let message = format!("the address `{uri}` has an unknown variable {{{unknown}}}");
                warnings.push(problem("", message));
            }
        }
        match home.volume {
            BoundingVolume::Sphere { .. } => return Err(refuse("", "a sphere cannot be divided")),
            BoundingVolume::S2 { cell, .. } if cell.level() + available_levels > s2::MAX_LEVEL + 1 => {
                available_levels = s2::MAX_LEVEL + 1 - cell.level();
                let message = "the S2 grid ends before the last level; the deeper ones are left out".to_owned();
                warnings.push(problem(".availableLevels", message).because(Cause::TooLarge));
            }
            _ => {}
        }
        let tiling = Self {
            home,
            scheme,
            subtree_levels,
            available_levels,
            subtree_uri,
        };
        Ok((tiling, warnings))
    }

    /// Path of the subtree file of the root at `at`.
    pub(in super::super) fn subtree_path(&self, at: TileAt) -> Result<String, Problem> {
        let home = &self.home;
        join(&home.document, &self.filled(&self.subtree_uri, at))
            .map_err(|error| error.problem(home.document.clone(), format!("{}.subtrees.uri", home.place)))
    }

    /// The same with other numbers of groups.
    pub(in super::super) fn with_groups(&self, number: &dyn Fn(u32) -> Option<u32>) -> Self {
        let mut tiling = self.clone();
        let home = &mut tiling.home;
        for content in &mut home.contents {
            content.group = content.group.and_then(number);
        }
        let count = home.groups.end.saturating_sub(home.groups.start);
        let first = if count > 0 { number(home.groups.start) } else { None };
        home.groups = first.map_or(0..0, |first| first..first.saturating_add(count));
        tiling
    }

    /// The address of a template for one tile.
    pub(super) fn filled(&self, template: &str, at: TileAt) -> String {
        let mut filled = template
            .replace("{level}", &at.level.to_string())
            .replace("{x}", &at.x.to_string())
            .replace("{y}", &at.y.to_string());
        if self.scheme == Scheme::Octree {
            filled = filled.replace("{z}", &at.z.to_string());
        }
        filled
    }
}

/// The first `{name}` that is not one of these.
fn unknown_variable<'a>(template: &'a str, known: &[&str]) -> Option<&'a str> {
    let openings = template.split('{').skip(1);
    let mut names = openings.filter_map(|rest| rest.split_once('}').map(|(name, _)| name));
    names.find(|name| !known.contains(name))
}
