//! Plan drawings in DXF: lines, polylines with bulges, arcs, circles, ellipses, splines, faces, points and texts, with
//! blocks taken apart where they are inserted ([DXF reference](https://help.autodesk.com/view/OARX/2023/ENU/?guid=GUID-235B22E0-A567-4CF6-92D3-38A2306D73F3)).
//!
//! Curves are stroked; what is closed is an area. Layer, colour, block and text are properties. Hatches, dimensions and
//! solids are not read, and counted. The paper space is left out. Own code and not the `dxf` crate: that one builds the
//! whole drawing without caps, leaves blocks and bulges to its user, and brings an image codec and a clock with it.

mod entity;
mod pairs;

pub(super) use pairs::looks_like_dxf;

use super::MAX_LISTED;
use super::record::{Summary, VectorFeature, VectorLayer};
use crate::sources::{Cause, Problem, crs_name};
use bevy::math::{DAffine3, DMat3, DVec3};
use entity::{Entity, Style};
use pairs::Pair;
use std::collections::{BTreeMap, HashMap};

/// Deepest nesting of blocks.
const MAX_DEPTH: usize = 16;
/// Most points of a whole drawing: blocks in blocks can make any number of a small file.
const MAX_POINTS: usize = 20_000_000;
/// Most entities that are visited and that become features, for the same reason.
const MAX_VISITED: usize = 2_000_000;
const MAX_FEATURES: usize = 500_000;
/// Most rows and columns of one insertion together.
const MAX_COPIES: i64 = 100_000;

/// A layer of a drawing.
#[derive(Debug, Default, Clone)]
struct DrawingLayer {
    color: i64,
    is_hidden: bool,
}

/// A block: what is inserted elsewhere.
#[derive(Default)]
struct Block {
    base: DVec3,
    entities: std::ops::Range<usize>,
}

/// Takes the drawing apart.
pub(super) fn open(
    bytes: &[u8],
    path: &str,
    name: &str,
) -> Result<(Vec<VectorFeature>, VectorLayer, Vec<Problem>), Problem> {
    let (pairs, broken) = pairs::read(bytes);
    let mut drawing = Drawing::of(&pairs);
    let everything = drawing.modelspace.clone();
    let mut explosion = Explosion {
        drawing: &drawing,
        features: Vec::new(),
        points: 0,
        visited: 0,
        not_read: BTreeMap::new(),
        problems: Vec::new(),
        is_full: false,
    };
    explosion.add(everything, &Placed::default(), 0);
    let Explosion {
        features,
        not_read,
        problems: found,
        is_full,
        ..
    } = explosion;
    let mut problems = Vec::new();
    let mut warn = |cause, place: &str, message: String| {
        problems.push(Problem::warning(path, place, message).because(cause));
    };
    if features.is_empty()
        && let Some(broken) = &broken
    {
        return Err(Problem::error(path, "", broken.as_str()).because(Cause::Damaged));
    }
    if let Some(broken) = broken {
        warn(Cause::Damaged, "", format!("{broken}; what stands before it is used"));
    }
    for message in found.into_iter().take(MAX_LISTED) {
        warn(Cause::Content, "", message);
    }
    if is_full {
        let message = "the drawing has more than is read; the rest is left out (does a block contain itself?)";
        warn(Cause::TooLarge, "", message.into());
    }
    if !not_read.is_empty() {
        let list: Vec<String> = not_read.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        warn(
            Cause::NotRead,
            "",
            format!("entities that are not read: {}", list.join(", ")),
        );
    }
    if let Some(unit) = drawing.unit.take() {
        let message = format!("the drawing says that it is in {unit}; its coordinates are taken as they are");
        warn(Cause::Place, "$INSUNITS", message);
    }
    let summary = Summary::over(features.iter());
    let mut layer = summary.into_layer(name.to_owned(), drawing.crs.as_deref().and_then(crs_name::of_name));
    layer.crs_name = drawing.crs.take();
    Ok((features, layer, problems))
}

/// The parts of a drawing by what they are for.
struct Drawing<'a> {
    entities: Vec<Entity<'a>>,
    modelspace: std::ops::Range<usize>,
    layers: HashMap<String, DrawingLayer>,
    blocks: HashMap<String, Block>,
    unit: Option<&'static str>,
    crs: Option<String>,
}

impl<'a> Drawing<'a> {
    fn of(pairs: &'a [Pair]) -> Self {
        let mut drawing = Self {
            entities: Vec::new(),
            modelspace: 0..0,
            layers: HashMap::new(),
            blocks: HashMap::new(),
            unit: None,
            crs: None,
        };
        let mut section = "";
        let mut block: Option<(String, Block)> = None;
        let mut start = None;
        // An entity goes from one code 0 to the next.
        let mut at = 0;
        while at < pairs.len() {
            let end = pairs
                .iter()
                .skip(at + 1)
                .position(|pair| pair.code == 0)
                .map_or(pairs.len(), |more| at + 1 + more);
            let entity = Entity::new(pairs.get(at..end).unwrap_or_default());
            at = end;
            match (entity.kind, section) {
                ("SECTION", _) => {
                    section = entity.text(2).unwrap_or_default();
                    if section == "HEADER" {
                        drawing.read_header(entity.pairs);
                    } else if section == "ENTITIES" {
                        start.get_or_insert(drawing.entities.len());
                    }
                }
                ("ENDSEC", ended) => {
                    if let (Some(start), "ENTITIES") = (start, ended) {
                        drawing.modelspace = start..drawing.entities.len();
                    }
                    section = "";
                }
                ("LAYER", "TABLES") => {
                    let color = entity.whole(62).unwrap_or(7);
                    let layer = DrawingLayer {
                        color: color.abs(),
                        is_hidden: color < 0 || entity.whole(70).unwrap_or(0) & 1 == 1,
                    };
                    drawing
                        .layers
                        .insert(entity.text(2).unwrap_or_default().to_owned(), layer);
                }
                ("BLOCK", "BLOCKS") => {
                    let here = drawing.entities.len();
                    let found = Block {
                        base: entity.point(10).unwrap_or(DVec3::ZERO),
                        entities: here..here,
                    };
                    block = Some((entity.text(2).unwrap_or_default().to_owned(), found));
                }
                ("ENDBLK", "BLOCKS") => {
                    if let Some((name, mut block)) = block.take() {
                        block.entities.end = drawing.entities.len();
                        drawing.blocks.entry(name).or_insert(block);
                    }
                }
                (_, "BLOCKS" | "ENTITIES") => drawing.entities.push(entity),
                _ => {}
            }
        }
        // A file that breaks off has no end of its section.
        if let (Some(start), "ENTITIES") = (start, section) {
            drawing.modelspace = start..drawing.entities.len();
        }
        drawing
    }

    fn read_header(&mut self, pairs: &[Pair]) {
        for (at, pair) in pairs.iter().enumerate() {
            if pair.code == 9 && pair.value.trim() == "$INSUNITS" {
                let unit = pairs.get(at + 1).and_then(Pair::whole);
                self.unit = match unit {
                    Some(1) => Some("inches"),
                    Some(2) => Some("feet"),
                    Some(4) => Some("millimetres"),
                    Some(5) => Some("centimetres"),
                    Some(7) => Some("kilometres"),
                    _ => None,
                };
            }
        }
    }
}

/// Where a block is inserted, and what its parts take from that.
#[derive(Clone)]
struct Placed {
    transform: DAffine3,
    /// Layer and colour for parts on layer 0 or in the colour of the block.
    style: Option<Style>,
    block: Option<String>,
}

impl Default for Placed {
    fn default() -> Self {
        Self {
            transform: DAffine3::IDENTITY,
            style: None,
            block: None,
        }
    }
}

struct Explosion<'d, 'a> {
    drawing: &'d Drawing<'a>,
    features: Vec<VectorFeature>,
    points: usize,
    visited: usize,
    not_read: BTreeMap<String, usize>,
    problems: Vec<String>,
    is_full: bool,
}

impl Explosion<'_, '_> {
    fn add(&mut self, range: std::ops::Range<usize>, placed: &Placed, depth: usize) {
        let drawing = self.drawing;
        let mut entities = drawing.entities.get(range).unwrap_or_default();
        while let Some((entity, rest)) = entities.split_first() {
            entities = rest;
            self.visited += 1;
            self.is_full |=
                self.visited > MAX_VISITED || self.features.len() >= MAX_FEATURES || self.points > MAX_POINTS;
            if self.is_full {
                return;
            }
            // Vertices and attributes follow what they belong to.
            let followers = if matches!(entity.kind, "POLYLINE" | "INSERT") {
                let has_followers = entity.kind == "POLYLINE" || entity.whole(66) == Some(1);
                let count = rest
                    .iter()
                    .position(|next| !matches!(next.kind, "VERTEX" | "ATTRIB"))
                    .unwrap_or(rest.len());
                rest.get(..count).filter(|_| has_followers).unwrap_or_default()
            } else {
                &[]
            };
            entities = entities.get(followers.len()..).unwrap_or_default();
            self.visited += followers.len();
            if entity.whole(67) == Some(1) {
                continue;
            }
            match entity.kind {
                "INSERT" => self.insert(entity, followers, placed, depth),
                "SEQEND" | "VERTEX" | "ATTRIB" | "ATTDEF" | "VIEWPORT" => {}
                _ => self.entity(entity, followers, placed),
            }
        }
    }

    fn style(&self, entity: &Entity<'_>, placed: &Placed) -> Style {
        let own = entity.text(8).unwrap_or("0");
        let layer = match &placed.style {
            Some(outer) if own == "0" => outer.layer.clone(),
            _ => own.to_owned(),
        };
        let known = self.drawing.layers.get(&layer);
        let color = match (entity.whole(62), &placed.style) {
            (Some(0), Some(outer)) => outer.color,
            (Some(color), _) if (1..=255).contains(&color) => color,
            _ => known.map_or(7, |layer| layer.color),
        };
        Style {
            color,
            rgb: entity.whole(420).or_else(|| entity::rgb_of_index(color)),
            is_hidden: known.is_some_and(|layer| layer.is_hidden) || entity.whole(60) == Some(1),
            layer,
        }
    }

    fn entity(&mut self, entity: &Entity<'_>, followers: &[Entity<'_>], placed: &Placed) {
        let room = MAX_POINTS.saturating_sub(self.points);
        match entity.geometry(followers, placed.transform, room) {
            Ok(Some(geometry)) => {
                self.points += geometry.positions().count();
                let mut properties = entity.properties(&self.style(entity, placed));
                if let Some(block) = &placed.block {
                    properties.insert("block".into(), block.as_str().into());
                }
                self.features.push(VectorFeature {
                    index: self.features.len(),
                    // The parts of a block come again with each insertion, so their handles are no ids.
                    id: entity.text(5).filter(|_| placed.block.is_none()).map(ToOwned::to_owned),
                    geometry: Some(geometry),
                    properties,
                });
            }
            Ok(None) => {
                let kind: String = entity.kind.chars().take(40).collect();
                if self.not_read.len() < 100 || self.not_read.contains_key(&kind) {
                    *self.not_read.entry(kind).or_default() += 1;
                }
            }
            Err(message) if self.problems.len() < MAX_LISTED => {
                let handle = entity.text(5).unwrap_or("?");
                self.problems
                    .push(format!("{} {handle}: {message}; it is left out", entity.kind));
            }
            Err(_) => {}
        }
    }

    fn insert(&mut self, entity: &Entity<'_>, followers: &[Entity<'_>], placed: &Placed, depth: usize) {
        let name = entity.text(2).unwrap_or_default();
        let Some(block) = self.drawing.blocks.get(name) else {
            if self.problems.len() < MAX_LISTED {
                self.problems
                    .push(format!("the block `{name}` is inserted and is not in the file"));
            }
            return;
        };
        if depth >= MAX_DEPTH {
            let message = format!("blocks are nested deeper than {MAX_DEPTH} (does `{name}` contain itself?)");
            if !self.problems.contains(&message) && self.problems.len() < MAX_LISTED {
                self.problems.push(message);
            }
            return;
        }
        let scale = |code| entity.number(code).filter(|scale| *scale != 0.0).unwrap_or(1.0);
        let at = entity.point(10).unwrap_or(DVec3::ZERO);
        let turn = DMat3::from_rotation_z(entity.number(50).unwrap_or(0.0).to_radians());
        let shape = turn * DMat3::from_diagonal(DVec3::new(scale(41), scale(42), scale(43)));
        let ocs = entity.ocs();
        let (columns, rows) = (
            entity.whole(70).unwrap_or(1).max(1),
            entity.whole(71).unwrap_or(1).max(1),
        );
        let (columns, rows) = if columns.saturating_mul(rows) > MAX_COPIES {
            (1, 1)
        } else {
            (columns, rows)
        };
        let style = self.style(entity, placed);
        for (column, row) in (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row))) {
            // An empty block costs as well.
            self.visited += 1;
            self.is_full |= self.visited > MAX_VISITED;
            if self.is_full {
                return;
            }
            #[expect(clippy::cast_precision_loss, reason = "at most MAX_COPIES")]
            let step = DVec3::new(
                column as f64 * entity.number(44).unwrap_or(0.0),
                row as f64 * entity.number(45).unwrap_or(0.0),
                0.0,
            );
            let local = DAffine3::from_mat3_translation(shape, at + turn * step - shape * block.base);
            let inner = Placed {
                transform: placed.transform * DAffine3::from_mat3(ocs) * local,
                style: Some(style.clone()),
                block: Some(name.to_owned()),
            };
            self.add(block.entities.clone(), &inner, depth + 1);
        }
        for attribute in followers {
            self.entity(attribute, &[], placed);
        }
    }
}
