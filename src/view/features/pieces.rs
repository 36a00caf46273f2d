//! Meshes of the features of a layer, square by square. Pure geometry, run off the main thread.

use super::{block, ribbon};
use crate::geometry::{CreaseEdges, MeshBvh, Polygon};
use crate::georef::{SitePos, narrow, render_axes};
use crate::model::{
    FeatureLayer, FeatureStyle, OpenScenario, Terrain,
    features::{LineWidth, Rgb, SiteFeature},
};
use crate::view::{
    feature_material::{PaperMesh, feet, paper_from_edges, paper_from_features},
    ground::{split_to_drape, steps_of},
    palette,
    prepared::DrawnMesh,
};
use bevy::{
    math::{DVec2, DVec3},
    platform::collections::HashMap,
    prelude::*,
};
use std::{collections::BTreeMap, sync::Arc};

/// About so many features share a square.
const PER_SQUARE: f64 = 400.0;
/// Smallest and largest side of a square, metres.
const SQUARE_M: [f64; 2] = [100.0, 5000.0];
/// A piece with more vertices than this is closed.
const MOST_VERTICES: usize = 40_000;
/// Edges are split until they are no longer than this, so that features follow the terrain, metres.
const DRAPE_M: f64 = 8.0;
/// A large area is split into about this many squared parts at most.
const MOST_ACROSS: f64 = 120.0;
/// Features lie so far above the ground and what covers it, metres.
const ABOVE_M: f64 = 0.06;
/// The highest kerb that features are lifted over, metres.
const HIGHEST_KERB_M: f64 = 0.3;
/// A layer lies so far above the one before, metres; of the layers after so many nobody sees the order.
const LAYER_STEP_M: f64 = 0.01;
const ORDERED_LAYERS: usize = 12;
/// Small areas lie above large ones by up to this, metres, and lines above all of them.
const SIZE_STEP_M: f64 = 0.03;
/// What lies flat is picked so far above where it is drawn, because the ground between its corners may rise, metres.
const PICK_ABOVE_M: f32 = 0.15;
/// Thin lines and small points are picked as if they were so wide, metres.
const PICK_WIDTH_M: f64 = 1.0;
/// A block that is lower than this is flat, metres.
const LEAST_BLOCK_M: f64 = 0.05;
/// Highest top of a block that is believed, metres.
const HIGHEST_M: f64 = 3000.0;

/// How a part is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Area,
    Line,
    Point,
    Block,
}

/// Features of one form in one square.
pub(super) struct Part {
    pub(super) form: Form,
    pub(super) mesh: DrawnMesh,
    pub(super) pick: MeshBvh,
    /// The lowest point of each block.
    pub(super) feet: Vec<(u32, f32)>,
}

/// Features of one square, as they are drawn.
pub(super) struct Piece {
    /// Place of their layer among the vector layers.
    pub(super) layer: usize,
    /// Places of the features in their layer, by their numbers in the meshes.
    pub(super) indices: Arc<Vec<u32>>,
    /// Where offsets start.
    pub(super) origin: SitePos,
    pub(super) parts: Vec<Part>,
    /// Edges of areas and blocks.
    pub(super) edges: Vec<DrawnMesh>,
    vertices: usize,
}

impl Piece {
    /// Bytes that go to the graphics card.
    pub(super) fn bytes(&self) -> u64 {
        let parts = self.parts.iter().map(|part| part.mesh.bytes());
        parts.chain(self.edges.iter().map(DrawnMesh::bytes)).sum()
    }
}

/// What the meshes of all vector layers come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PieceCount {
    /// Pieces that are drawn or not drawn together.
    pub pieces: usize,
    /// Vertices, edges included.
    pub vertices: usize,
    /// Bytes that go to the graphics card.
    pub bytes: u64,
}

/// Makes the meshes of all vector layers of a scenario and counts them.
pub fn count_pieces(open: &OpenScenario) -> PieceCount {
    let styles: Vec<FeatureStyle> = open.features.iter().map(|layer| layer.style.clone()).collect();
    let pieces = make(open, &styles, &open.terrain);
    PieceCount {
        pieces: pieces.len(),
        vertices: pieces.iter().map(|piece| piece.vertices).sum(),
        bytes: pieces.iter().map(Piece::bytes).sum(),
    }
}

/// The ground that features lie on.
pub(super) struct Ground<'a> {
    pub(super) terrain: &'a Terrain,
    /// How far above it the layer lies, metres.
    lift_m: f64,
    /// Where offsets start.
    pub(super) origin: SitePos,
    drape_m: f64,
}

#[cfg(test)]
impl<'a> Ground<'a> {
    /// Ground without a lift, for tests of forms.
    pub(super) fn flat(terrain: &'a Terrain) -> Self {
        Self {
            terrain,
            lift_m: 0.0,
            origin: SitePos(DVec3::ZERO),
            drape_m: f64::INFINITY,
        }
    }
}

impl Ground<'_> {
    /// A point so far above the layer's ground, as an offset.
    pub(super) fn offset(&self, p: DVec2, above_m: f64) -> Vec3 {
        self.offset_at(p.extend(self.terrain.height_at(p) + self.lift_m + above_m))
    }

    /// A point of the site frame as an offset.
    pub(super) fn offset_at(&self, p: DVec3) -> Vec3 {
        Vec3::from_array(narrow(render_axes(p - self.origin.0)))
    }

    /// Into how many steps a side is split.
    pub(super) fn steps(&self, length_m: f64) -> u32 {
        steps_of(length_m, self.drape_m)
    }
}

/// The meshes of all vector layers on a terrain, the nearest to the middle first.
pub(super) fn make(open: &OpenScenario, styles: &[FeatureStyle], terrain: &Terrain) -> Vec<Piece> {
    let kerbs = open.surfaces.iter().map(|surface| surface.raise_m);
    let kerb_m = kerbs.filter(|raise| *raise <= HIGHEST_KERB_M).fold(0.0, f64::max);
    let mut pieces = Vec::new();
    for (place, (layer, style)) in open.features.iter().zip(styles).enumerate() {
        let order = f64::from(u32::try_from(place.min(ORDERED_LAYERS)).unwrap_or(0));
        let lift_m = ABOVE_M + kerb_m + order * LAYER_STEP_M;
        for indices in squares(layer) {
            let mut left = indices.as_slice();
            while !left.is_empty() {
                let (piece, taken) = piece_of(place, layer, style, terrain, lift_m, left);
                pieces.extend((!piece.parts.is_empty()).then_some(piece));
                left = left.get(taken..).unwrap_or_default();
            }
        }
    }
    pieces.sort_by(|a, b| a.origin.0.length_squared().total_cmp(&b.origin.0.length_squared()));
    pieces
}

/// Places of the features, by the square in which their middle lies.
fn squares(layer: &FeatureLayer) -> Vec<Vec<u32>> {
    let Some((low, high)) = layer.bounds() else {
        return Vec::new();
    };
    let count = f64::from(u32::try_from(layer.features.len()).unwrap_or(u32::MAX));
    let extent = high - low;
    let side_m = (extent.x * extent.y * PER_SQUARE / count.max(1.0)).sqrt();
    let side_m = side_m.max(extent.max_element() / 200.0).clamp(SQUARE_M[0], SQUARE_M[1]);
    let mut squares: BTreeMap<(i64, i64), Vec<u32>> = BTreeMap::new();
    for (place, feature) in (0..).zip(&layer.features) {
        let Some((low, high)) = feature.bounds() else { continue };
        let square = ((low + high) / 2.0 / side_m).floor();
        if square.is_finite() {
            squares
                .entry((whole(square.x), whole(square.y)))
                .or_default()
                .push(place);
        }
    }
    squares.into_values().collect()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a feature lies less than a hundred kilometres away"
)]
fn whole(number: f64) -> i64 {
    number as i64
}

/// Meshes in the making.
#[derive(Default)]
pub(super) struct Meshes {
    areas: PaperMesh,
    pub(super) lines: PaperMesh,
    /// Lines as they are picked.
    pub(super) wide_lines: PaperMesh,
    points: PaperMesh,
    /// Points as they are picked.
    marks: PaperMesh,
    pub(super) blocks: PaperMesh,
    edges: PaperMesh,
}

impl Meshes {
    fn vertices(&self) -> usize {
        let all = [&self.areas, &self.lines, &self.points, &self.blocks, &self.edges];
        all.iter().map(|mesh| mesh.positions.len()).sum()
    }
}

/// A piece of the first of `indices`, and how many it took.
fn piece_of(
    place: usize,
    layer: &FeatureLayer,
    style: &FeatureStyle,
    terrain: &Terrain,
    lift_m: f64,
    indices: &[u32],
) -> (Piece, usize) {
    let of = |index: &u32| layer.features.get(*index as usize);
    let boxes = indices.iter().filter_map(|index| of(index)?.bounds());
    let around = boxes.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or_default();
    let middle = (around.0 + around.1) / 2.0;
    let ground = Ground {
        terrain,
        lift_m,
        origin: SitePos(middle.extend(terrain.height_at(middle))),
        drape_m: if terrain.columns > 1 { DRAPE_M } else { f64::INFINITY },
    };
    let mut meshes = Meshes::default();
    let mut taken = 0;
    for (number, index) in (0..).zip(indices) {
        if let Some(feature) = of(index) {
            let row = *index as usize;
            let height = style.height.as_ref().and_then(|height| height.of(&layer.table, row));
            let base = style.base.as_ref().and_then(|base| base.of(&layer.table, row));
            add(
                &mut meshes,
                feature,
                number,
                &ground,
                style,
                [base.unwrap_or(0.0), height.unwrap_or(0.0)],
            );
        }
        taken += 1;
        if meshes.vertices() >= MOST_VERTICES {
            break;
        }
    }
    let count = u32::try_from(taken).unwrap_or(u32::MAX);
    let vertices = meshes.vertices();
    let (parts, edges) = finish(meshes, count, &ground, style);
    let piece = Piece {
        layer: place,
        indices: Arc::new(indices.iter().take(taken).copied().collect()),
        origin: ground.origin,
        parts,
        edges,
        vertices,
    };
    (piece, taken)
}

fn add(
    meshes: &mut Meshes,
    feature: &SiteFeature,
    number: u32,
    ground: &Ground,
    style: &FeatureStyle,
    [base_m, top_m]: [f64; 2],
) {
    let is_block = top_m - base_m > LEAST_BLOCK_M && top_m <= HIGHEST_M && base_m >= 0.0;
    for area in &feature.areas {
        if is_block {
            block::raise(&mut meshes.blocks, area, ground, [base_m, top_m], number);
        } else {
            lay(meshes, area, ground, number);
        }
    }
    let width_m = match style.line_width {
        LineWidth::Metres(metres) => metres.max(PICK_WIDTH_M),
        LineWidth::Pixels(_) => PICK_WIDTH_M,
    };
    for line in &feature.lines {
        ribbon::draw(meshes, line, ground, width_m, SIZE_STEP_M, number);
    }
    let radius_m = style.point_size_m / 2.0;
    for p in &feature.points {
        meshes.points.marker(ground.offset(*p, radius_m), number, COLOR);
        mark(&mut meshes.marks, ground, *p, radius_m.max(PICK_WIDTH_M / 2.0), number);
    }
}

/// Rows give every feature its colour.
pub(super) const COLOR: Rgb = palette::PAPER;

/// An area on the ground, with its edge.
fn lay(meshes: &mut Meshes, area: &Polygon, ground: &Ground, number: u32) {
    let size_m2 = area.area_m2();
    // A small area on a large one is to be seen.
    let above_m = SIZE_STEP_M * (1.0 - (size_m2.max(1.0).log10() / 6.0).min(1.0));
    let longest_m = ground.drape_m.max(size_m2.sqrt() / MOST_ACROSS);
    let (corners, indices) = area.triangulate();
    let mut known: HashMap<(u64, u64), u32> = HashMap::default();
    let mut put = |mesh: &mut PaperMesh, p: DVec2| {
        *known.entry((p.x.to_bits(), p.y.to_bits())).or_insert_with(|| {
            let up = ground.terrain.normal_at(p);
            let normal = Vec3::from_array(narrow(render_axes(up)));
            mesh.vertex(ground.offset(p, above_m), normal, number, COLOR)
        })
    };
    let is_long = |a: DVec2, b: DVec2| a.distance(b) > longest_m;
    for triangle in indices.chunks_exact(3) {
        let corner = |i: usize| corners.get(triangle[i] as usize).copied();
        if let (Some(a), Some(b), Some(c)) = (corner(0), corner(1), corner(2)) {
            split_to_drape(&mut meshes.areas, [a, b, c], &is_long, 0, &mut put);
        }
    }
    for ring in std::iter::once(&area.exterior).chain(&area.holes) {
        for (i, a) in ring.iter().enumerate() {
            let b = ring[(i + 1) % ring.len()];
            let steps = ground.steps(a.distance(b));
            let at = |n: u32| ground.offset(a.lerp(b, f64::from(n) / f64::from(steps)), above_m);
            for step in 0..steps {
                meshes.edges.line([at(step), at(step + 1)], 0, palette::INK);
            }
        }
    }
}

/// A point as it is picked: eight faces around it.
fn mark(mesh: &mut PaperMesh, ground: &Ground, p: DVec2, radius_m: f64, number: u32) {
    let [radius, ..] = narrow(DVec3::splat(radius_m));
    let middle = ground.offset(p, radius_m);
    for x in [-1.0, 1.0] {
        for y in [-1.0, 1.0] {
            for z in [-1.0, 1.0] {
                let corners = [Vec3::X * x, Vec3::Y * y, Vec3::Z * z];
                let numbers = corners.map(|away| mesh.vertex(middle + away * radius, away, number, COLOR));
                mesh.indices.extend(numbers);
            }
        }
    }
}

fn finish(meshes: Meshes, count: u32, ground: &Ground, style: &FeatureStyle) -> (Vec<Part>, Vec<DrawnMesh>) {
    let (mut parts, mut edges) = (Vec::new(), Vec::new());
    let mut flat = |form: Form, mesh: PaperMesh, picked: PaperMesh, wider_m: f32| {
        let mut picked = picked.into_features(ground.origin);
        for position in &mut picked.positions {
            position[1] += PICK_ABOVE_M;
        }
        let pick = MeshBvh::build(&picked);
        parts.extend(DrawnMesh::triangles(mesh).map(|mesh| Part {
            form,
            mesh: mesh.widened(wider_m),
            pick,
            feet: Vec::new(),
        }));
    };
    let [width_m, point_m, _] = narrow(match style.line_width {
        LineWidth::Metres(metres) => DVec3::new(metres, style.point_size_m, 0.0),
        LineWidth::Pixels(_) => DVec3::new(0.0, style.point_size_m, 0.0),
    });
    let areas = meshes.areas.clone();
    flat(Form::Area, meshes.areas, areas, 0.0);
    flat(Form::Line, meshes.lines, meshes.wide_lines, width_m);
    flat(Form::Point, meshes.points, meshes.marks, point_m);
    edges.extend(DrawnMesh::lines(meshes.edges));
    if !meshes.blocks.is_empty() {
        let mesh = meshes.blocks.into_features(ground.origin);
        let creases = CreaseEdges::of(&mesh);
        let feet = feet(&mesh.features, &mesh.positions, count);
        let pick = MeshBvh::build(&mesh);
        parts.extend(DrawnMesh::triangles(paper_from_features(mesh, false)).map(|mesh| Part {
            form: Form::Block,
            mesh,
            pick,
            feet,
        }));
        let mut lines = paper_from_edges(&creases, palette::INK);
        // Edges have one row together.
        lines.features.fill(0);
        edges.extend(DrawnMesh::lines(lines));
    }
    (parts, edges)
}

#[cfg(test)]
mod tests;
