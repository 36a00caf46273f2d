//! One node of the ground as triangles: its grid, cut to the ground and around water, and skirts along its sides.
//!
//! The grid is drawn a little below the ground, by as much as it may be off: so it never covers a surface that follows the
//! ground exactly, and the skirts of the higher of two neighbours close the gap between them. Normals come from the full
//! grid of heights with one reach for all depths, so that light does not change where nodes meet.
//!
//! Positions are offsets from the centre of the node at the site's height 0, render axes.

use super::{
    holes::{Holes, clip, clip_ring},
    tree::{NodeId, Relief},
};
use crate::geometry::polygon::{Polygon, difference};
use crate::georef::{SitePos, narrow, render_axes};
use bevy::math::{DVec2, DVec3};

/// Normals look at least so far to either side, metres.
const NORMAL_REACH_M: f64 = 5.0;
/// What is nearer than this to a side lies on it, metres.
const ON_SIDE_M: f64 = 1e-6;
/// Texels around the picture of a node that are its neighbours', so that filtering finds them beyond its sides.
pub(super) const BORDER_PX: f64 = 4.0;
/// Texels along the side of the picture of a node, with the border.
pub(super) const PICTURE_PX: u32 = 512;

/// A node as triangles.
#[derive(Debug, Clone)]
pub struct NodeMesh {
    /// What the positions are counted from.
    pub origin: SitePos,
    /// Offsets, metres, render axes.
    pub positions: Vec<[f32; 3]>,
    /// Unit normals, render axes.
    pub normals: Vec<[f32; 3]>,
    /// Place in the node's picture, 0 to 1 from its north-west corner.
    pub uvs: Vec<[f32; 2]>,
    /// Triangles, counter-clockwise from outside.
    pub indices: Vec<u32>,
}

/// Makes the triangles of a node. `is_shaded`: whether its slopes are known, so that light may show them.
pub fn node_mesh(relief: &Relief, node: NodeId, holes: &Holes, is_shaded: bool) -> NodeMesh {
    Maker::new(relief, node, is_shaded).make(holes)
}

struct Maker<'a> {
    relief: &'a Relief,
    node: NodeId,
    is_shaded: bool,
    /// South-west corner of the node and its side.
    low: DVec2,
    side: f64,
    cells: u32,
    cell_m: f64,
    sink_m: f64,
    skirt_m: f64,
    /// Numbers of the vertices at the corners of cells; `u32::MAX` where there is none yet.
    corners: Vec<u32>,
    mesh: NodeMesh,
}

impl<'a> Maker<'a> {
    fn new(relief: &'a Relief, node: NodeId, is_shaded: bool) -> Self {
        let (low, side) = relief.square(node);
        let cells = relief.cells(node);
        let across = cells as usize + 1;
        Self {
            relief,
            node,
            is_shaded,
            low,
            side,
            cells,
            cell_m: side / f64::from(cells),
            sink_m: relief.sink_m(node),
            skirt_m: relief.skirt_m(),
            corners: vec![u32::MAX; across * across],
            mesh: NodeMesh {
                origin: SitePos((low + DVec2::splat(side * 0.5)).extend(0.0)),
                positions: Vec::new(),
                normals: Vec::new(),
                uvs: Vec::new(),
                indices: Vec::new(),
            },
        }
    }

    fn make(mut self, holes: &Holes) -> NodeMesh {
        let (low, high) = self.ground();
        let holes = holes.within(low, high);
        self.cut([0, 0], self.cells, &holes);
        self.mesh
    }

    /// The part of the node that is ground.
    fn ground(&self) -> (DVec2, DVec2) {
        let (low, high) = self.relief.bounds();
        (self.low.max(low), (self.low + DVec2::splat(self.side)).min(high))
    }

    fn corner(&self, column: u32, row: u32) -> DVec2 {
        self.low + DVec2::new(f64::from(column), f64::from(row)) * self.cell_m
    }

    /// Draws a square of cells, in quarters where there are holes, so that each cell meets only its own.
    fn cut(&mut self, from: [u32; 2], count: u32, holes: &[Polygon]) {
        let [column, row] = from;
        let (low, high) = self.ground();
        let (low, high) = (
            self.corner(column, row).max(low),
            self.corner(column + count, row + count).min(high),
        );
        if low.cmpge(high).any() {
            return;
        }
        let mine: Vec<Polygon> = holes.iter().filter_map(|hole| clip(hole, low, high)).collect();
        let open = mine.iter().map(Polygon::area_m2).sum::<f64>();
        if open >= (high - low).element_product() * (1.0 - 1e-9) {
            return;
        }
        if mine.is_empty() || open <= 0.0 {
            for row in row..row + count {
                for column in column..column + count {
                    self.cell(column, row, &[]);
                }
            }
        } else if count == 1 {
            self.cell(column, row, &mine);
        } else {
            let half = count / 2;
            for [east, north] in [[0, 0], [half, 0], [0, half], [half, half]] {
                self.cut([column + east, row + north], half, &mine);
            }
        }
    }

    fn cell(&mut self, column: u32, row: u32, holes: &[Polygon]) {
        let (low, high) = self.ground();
        let places = [[0, 0], [1, 0], [1, 1], [0, 1]].map(|[east, north]| [column + east, row + north]);
        let corners = places.map(|[column, row]| self.corner(column, row));
        let slack = DVec2::splat(ON_SIDE_M);
        if corners[0].cmpge(high).any() || corners[2].cmple(low).any() {
            return;
        }
        let is_inside = corners[0].cmpge(low - slack).all() && corners[2].cmple(high + slack).all();
        if is_inside && holes.is_empty() {
            let n = places.map(|place| self.grid_vertex(place));
            self.mesh.indices.extend([n[0], n[1], n[2], n[0], n[2], n[3]]);
            for i in 0..4 {
                self.skirt(corners[i], corners[(i + 1) % 4], [n[i], n[(i + 1) % 4]]);
            }
            return;
        }
        for triangle in [[0, 1, 2], [0, 2, 3]] {
            let heights = triangle.map(|i| self.relief.corner_m(self.node, places[i][0], places[i][1]));
            let ends = triangle.map(|i| corners[i]);
            let whole = Polygon::new(clip_ring(&ends, low, high));
            let parts = if holes.is_empty() {
                vec![whole]
            } else {
                difference(&[whole], holes)
            };
            for part in parts {
                self.part(&part, ends, heights);
            }
        }
    }

    /// Draws a part of a triangle in the plane of the whole.
    fn part(&mut self, part: &Polygon, ends: [DVec2; 3], heights: [f64; 3]) {
        let [a, b, c] = ends;
        let doubled = (b - a).perp_dot(c - a);
        let height = |p: DVec2| {
            let to_b = (p - a).perp_dot(c - a) / doubled;
            let to_c = (b - a).perp_dot(p - a) / doubled;
            heights[0] + (heights[1] - heights[0]) * to_b + (heights[2] - heights[0]) * to_c
        };
        let (corners, indices) = part.triangulate();
        let numbers: Vec<u32> = corners.iter().map(|p| self.vertex(*p, height(*p))).collect();
        self.mesh
            .indices
            .extend(indices.iter().filter_map(|i| numbers.get(*i as usize)));
        for (ring, is_outer) in
            std::iter::once((&part.exterior, true)).chain(part.holes.iter().map(|hole| (hole, false)))
        {
            let turns_left = crate::geometry::polygon::signed_area_m2(ring) > 0.0;
            for (i, start) in ring.iter().enumerate() {
                let end = ring[(i + 1) % ring.len()];
                if !self.is_on_side(*start, end) {
                    continue;
                }
                let (start, end) = if turns_left == is_outer {
                    (*start, end)
                } else {
                    (end, *start)
                };
                let tops = [self.vertex(start, height(start)), self.vertex(end, height(end))];
                self.skirt(start, end, tops);
            }
        }
    }

    /// Whether a line lies on a side of the node, or of all ground.
    fn is_on_side(&self, p: DVec2, q: DVec2) -> bool {
        let is_on = |axis: usize, at: f64| (p[axis] - at).abs() < ON_SIDE_M && (q[axis] - at).abs() < ON_SIDE_M;
        let is_along = |corner: DVec2| is_on(0, corner.x) || is_on(1, corner.y);
        let (low, high) = self.relief.bounds();
        [self.low, self.low + DVec2::splat(self.side), low, high]
            .into_iter()
            .any(is_along)
    }

    /// Hangs a skirt under a line on a side that has its ground on the left.
    fn skirt(&mut self, p: DVec2, q: DVec2, [top_p, top_q]: [u32; 2]) {
        if !self.is_on_side(p, q) {
            return;
        }
        let [low_p, low_q] = [top_p, top_q].map(|top| self.hung(top));
        self.mesh.indices.extend([top_p, low_p, low_q, top_p, low_q, top_q]);
    }

    /// A vertex below another, lit and coloured alike.
    fn hung(&mut self, top: u32) -> u32 {
        let top = top as usize;
        let [x, y, z] = self.mesh.positions[top];
        let drop = narrow(DVec3::splat(self.skirt_m))[0];
        let (normal, uv) = (self.mesh.normals[top], self.mesh.uvs[top]);
        self.push([x, y - drop, z], normal, uv)
    }

    fn grid_vertex(&mut self, [column, row]: [u32; 2]) -> u32 {
        let place = row as usize * (self.cells as usize + 1) + column as usize;
        if self.corners[place] == u32::MAX {
            let height = self.relief.corner_m(self.node, column, row);
            self.corners[place] = self.vertex(self.corner(column, row), height);
        }
        self.corners[place]
    }

    fn vertex(&mut self, p: DVec2, height_m: f64) -> u32 {
        let offset = p.extend(height_m - self.sink_m) - self.mesh.origin.0;
        let up = if self.is_shaded { self.normal(p) } else { DVec3::Z };
        let share = (p - self.low) / self.side;
        let inner = 1.0 - 2.0 * BORDER_PX / f64::from(PICTURE_PX);
        let border = BORDER_PX / f64::from(PICTURE_PX);
        let [u, v, _] = narrow(DVec3::new(
            border + share.x * inner,
            border + (1.0 - share.y) * inner,
            0.0,
        ));
        self.push(narrow(render_axes(offset)), narrow(render_axes(up)), [u, v])
    }

    fn push(&mut self, position: [f32; 3], normal: [f32; 3], uv: [f32; 2]) -> u32 {
        let number = u32::try_from(self.mesh.positions.len()).unwrap_or(u32::MAX);
        self.mesh.positions.push(position);
        self.mesh.normals.push(normal);
        self.mesh.uvs.push(uv);
        number
    }

    fn normal(&self, p: DVec2) -> DVec3 {
        let terrain = self.relief.terrain();
        let reach = terrain.cell_m.max(NORMAL_REACH_M);
        let slope = |d: DVec2| (terrain.height_at(p + d * reach) - terrain.height_at(p - d * reach)) / (2.0 * reach);
        DVec3::new(-slope(DVec2::X), -slope(DVec2::Y), 1.0).normalize()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        holes::rectangle,
        tree::{
            BELOW_M,
            tests::{drawn_m, relief},
        },
    };
    use super::*;
    use bevy::math::Vec3;

    fn points(mesh: &NodeMesh) -> impl Iterator<Item = [DVec3; 3]> + '_ {
        let at = |i: u32| {
            let [x, y, z] = mesh.positions[i as usize].map(f64::from);
            DVec3::new(x, -z, y) + mesh.origin.0
        };
        mesh.indices
            .chunks_exact(3)
            .map(move |t| [at(t[0]), at(t[1]), at(t[2])])
    }

    fn map_area(mesh: &NodeMesh) -> f64 {
        points(mesh)
            .map(|[a, b, c]| (b - a).truncate().perp_dot((c - a).truncate()) * 0.5)
            .sum()
    }

    fn nodes(relief: &Relief, depth: u32) -> Vec<NodeId> {
        let across = 1 << depth;
        let all = (0..across).flat_map(|y| (0..across).map(move |x| NodeId { depth, x, y }));
        all.filter(|node| relief.holds(*node)).collect()
    }

    #[test]
    fn nodes_of_a_depth_cover_the_ground_and_stay_below_it() {
        let relief = relief(300, 201);
        let (low, high) = relief.bounds();
        for depth in [0, 2, 5] {
            let mut area = 0.0;
            for node in nodes(&relief, depth) {
                let mesh = node_mesh(&relief, node, &Holes::default(), true);
                area += map_area(&mesh);
                for p in points(&mesh).flatten() {
                    let truth = relief.terrain().height_at(p.truncate());
                    assert!(p.truncate().cmpge(low - 1e-3).all() && p.truncate().cmple(high + 1e-3).all());
                    assert!(p.z <= truth - BELOW_M + 1e-3, "{node:?} {p}: {truth}");
                }
            }
            assert!(
                (area - (high - low).element_product()).abs() < 1.0,
                "depth {depth}: {area}"
            );
        }
    }

    #[test]
    fn the_finest_ground_is_as_high_as_heights_are_answered() {
        let relief = relief(300, 201);
        for node in nodes(&relief, 4) {
            let mesh = node_mesh(&relief, node, &Holes::default(), true);
            for p in points(&mesh).flatten() {
                let truth = relief.terrain().height_at(p.truncate()) - BELOW_M;
                let is_skirt = (truth - relief.skirt_m() - p.z).abs() < 1e-3;
                assert!((p.z - truth).abs() < 1e-3 || is_skirt, "{node:?} {p}: {truth}");
            }
        }
    }

    /// Whatever two nodes meet along a line, the skirt of the higher one reaches the lower one.
    #[test]
    fn skirts_close_every_gap_between_any_two_depths() {
        let relief = relief(300, 201);
        let (low, _) = relief.bounds();
        let mut gaps = 0;
        for depth in 1..=4 {
            let side = relief.square(NodeId { depth, x: 0, y: 0 }).1;
            for (axis, length) in [(DVec2::X, 400.0), (DVec2::Y, 598.0)] {
                let x = low + axis * side;
                if (x - low).dot(axis) >= if axis.x > 0.0 { 598.0 } else { 400.0 } {
                    continue;
                }
                for step in 0..500 {
                    let p = x + DVec2::ONE.reject_from(axis) * (f64::from(step) + 0.37) * length / 500.0;
                    let at = |depth: u32, back: f64| {
                        let place = ((p - axis * back - low) / relief.square(NodeId { depth, x: 0, y: 0 }).1).floor();
                        let [x, y] = place
                            .to_array()
                            .map(|n| (0..512).find(|i| f64::from(*i) > n - 0.5).unwrap());
                        NodeId { depth, x, y }
                    };
                    for here in 1..=6 {
                        for there in depth..=6 {
                            let tops = [at(here, 1e-9), at(there, -1e-9)]
                                .map(|node| drawn_m(&relief, node, p) - relief.sink_m(node));
                            let gap = (tops[0] - tops[1]).abs();
                            assert!(gap <= relief.skirt_m(), "{p}: {gap} between {here} and {there}");
                            gaps += usize::from(gap > 0.05);
                        }
                    }
                }
            }
        }
        assert!(gaps > 1000, "there are gaps to be closed: {gaps}");
    }

    #[test]
    fn skirts_hang_on_every_side_and_look_outwards() {
        let relief = relief(129, 129);
        let node = NodeId { depth: 1, x: 0, y: 0 };
        let (corner, side) = relief.square(node);
        let mesh = node_mesh(&relief, node, &Holes::default(), true);
        let center = corner + DVec2::splat(side * 0.5);
        let mut lengths = [0.0; 4];
        for [a, b, c] in points(&mesh) {
            let normal = (b - a).cross(c - a);
            if normal.truncate().length() < 1e-3 || normal.z.abs() > 1e-3 * normal.length() {
                continue;
            }
            let out = (a + b + c).truncate() / 3.0 - center;
            assert!(normal.truncate().dot(out) > 0.0, "{a} {b} {c}");
            let sides = [DVec2::X, DVec2::Y, DVec2::NEG_X, DVec2::NEG_Y];
            let place = sides
                .iter()
                .position(|s| s.dot(normal.truncate().normalize()) > 0.99)
                .unwrap();
            lengths[place] += normal.length() * 0.5 / relief.skirt_m();
        }
        assert!(lengths.iter().all(|length| (length - side).abs() < 0.5), "{lengths:?}");
    }

    #[test]
    fn light_does_not_change_where_nodes_of_two_depths_meet() {
        let relief = relief(300, 201);
        let fine = node_mesh(&relief, NodeId { depth: 3, x: 2, y: 0 }, &Holes::default(), true);
        let coarse = node_mesh(&relief, NodeId { depth: 2, x: 0, y: 0 }, &Holes::default(), true);
        let edge = relief.square(NodeId { depth: 3, x: 2, y: 0 }).0.x;
        let on_edge = |mesh: &NodeMesh| -> Vec<(DVec2, Vec3)> {
            let offset = mesh.origin.0;
            let all = mesh.positions.iter().zip(&mesh.normals);
            all.map(|(p, n)| {
                (
                    offset.truncate() + DVec2::new(f64::from(p[0]), -f64::from(p[2])),
                    Vec3::from_array(*n),
                )
            })
            .filter(|(p, _)| (p.x - edge).abs() < 1e-3)
            .collect()
        };
        let (fine, coarse) = (on_edge(&fine), on_edge(&coarse));
        let mut met = 0;
        for (p, normal) in &fine {
            for (_, other) in coarse.iter().filter(|(q, _)| q.distance(*p) < 1e-3) {
                met += 1;
                assert!(normal.distance(*other) < 1e-5, "{p}");
            }
        }
        assert!(met > 20, "{met}");
    }

    #[test]
    fn there_is_no_ground_and_no_skirt_over_water() {
        let relief = relief(129, 129);
        let (low, high) = relief.bounds();
        let (from, to) = (low + DVec2::new(30.3, 100.7), low + DVec2::new(200.9, 150.2));
        let island = rectangle(low + DVec2::splat(120.0), low + DVec2::new(125.0, 130.0));
        let mut water = rectangle(from, to);
        water.holes.push(island.exterior.clone());
        let wet = water.area_m2();
        let holes = Holes::new(vec![water.clone()]);
        for depth in [0, 1, 3] {
            let mut area = 0.0;
            for node in nodes(&relief, depth) {
                let mesh = node_mesh(&relief, node, &holes, true);
                area += map_area(&mesh);
                for [a, b, c] in points(&mesh) {
                    let center = ((a + b + c) / 3.0).truncate();
                    let is_inside = (center - from).min_element() > 1e-3 && (to - center).min_element() > 1e-3;
                    assert!(
                        !is_inside || !water.contains(center),
                        "{node:?}: {center} is over water"
                    );
                }
            }
            let expected = (high - low).element_product() - wet;
            assert!((area - expected).abs() < 0.5, "depth {depth}: {area} is not {expected}");
        }
    }

    #[test]
    fn a_picture_lies_with_its_border_around_the_node() {
        let relief = relief(129, 129);
        let mesh = node_mesh(&relief, NodeId { depth: 2, x: 1, y: 1 }, &Holes::default(), true);
        let border = 4.0 / 512.0;
        let span = |axis: usize| {
            mesh.uvs.iter().fold((1.0_f32, 0.0_f32), |(low, high), uv| {
                (low.min(uv[axis]), high.max(uv[axis]))
            })
        };
        for axis in [0, 1] {
            let (low, high) = span(axis);
            assert!((low - border).abs() < 1e-6 && (high - (1.0 - border)).abs() < 1e-6);
        }
        let north_west = mesh.positions.iter().position(|p| p[0] < -31.9 && p[2] < -31.9);
        let uv = mesh.uvs[north_west.unwrap()];
        assert!(uv[0] < 0.01 && uv[1] < 0.01, "{uv:?}: north is up");
    }
}
