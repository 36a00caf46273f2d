//! Surfaces cut where the texture with their feature ids changes, so that every triangle belongs to one feature.
//!
//! A triangle over several features is halved along its longer edges, again and again, until its pieces lie in one feature
//! or are about one texel wide; such a piece belongs to the feature at its middle. What is cut is always an edge, for both
//! triangles beside it, so that no crack opens: vertices at the same place with the same texture coordinates count as one.
//! All pieces of a pass are cut before those of the next: where there would be too many, the surface is cut coarser, and
//! everywhere alike. Two primitives that meet are cut each for itself: the edge between them stays one straight line.

use super::{
    data_texture::{Channels, DataTexture},
    primitive::Part,
};
use std::collections::{HashMap, HashSet};

/// Most triangles that cutting adds to one primitive. With its edges and what picking needs one takes about 200 bytes.
pub(super) const MAX_CUTS: usize = 100_000;
/// Most triangles that cutting adds to all primitives of one tile, each time that a node draws them.
pub(super) const MAX_CUTS_OF_TILE: usize = 400_000;
/// Most texels that are looked at for all primitives of one tile; beyond that seven in each piece say what lies in it.
const MAX_LOOKS_OF_TILE: u64 = 1 << 28;
/// Most passes: as many as a picture of the largest size has halves.
const MAX_PASSES: usize = 15;
/// Edges up to this length are not cut, texels.
const TEXEL: f64 = 1.001;
/// How far from the edges of a piece its texels are looked at, as a share of the way to its middle: what touches no more
/// than its edge is not in it.
const INSET: f64 = 1.0 / 16.0;
/// The same along a row of texels, texels.
const INSET_TEXELS: f64 = 1.0 / 64.0;

/// A texture that says which row each of its texels belongs to.
pub(super) struct RowGrid {
    pub(super) texture: DataTexture,
    pub(super) channels: Channels,
    /// This id means "no feature".
    pub(super) null_id: Option<u32>,
    /// How many rows there are; this number itself means "no feature".
    pub(super) rows: u32,
}

impl RowGrid {
    fn row_of(&self, texel: [u8; 4]) -> u32 {
        let id = self.channels.id(texel);
        if id >= self.rows || Some(id) == self.null_id {
            self.rows
        } else {
            id
        }
    }

    /// The row at a place in texels.
    fn row_at(&self, place: [f64; 2]) -> u32 {
        let texel = self.texture.texels.at(place, self.texture.wrap);
        texel.map_or(self.rows, |texel| self.row_of(texel))
    }

    /// The row at texture coordinates.
    pub(super) fn row_at_uv(&self, uv: [f32; 2]) -> u32 {
        self.row_at(self.place(uv))
    }

    fn place(&self, [u, v]: [f32; 2]) -> [f64; 2] {
        let [width, height] = self.size();
        [f64::from(u) * width, f64::from(v) * height]
    }

    fn size(&self) -> [f64; 2] {
        self.texture.texels.size().map(f64::from)
    }

    /// The row of all texels, where they have the same and there are no more than may be looked at.
    fn only_row(&self, looks_left: &mut u64) -> Option<u32> {
        let mut rows = self.texture.texels.all().map(|texel| self.row_of(texel));
        let first = rows.next()?;
        let is_same = rows.all(|row| {
            let may_look = *looks_left > 0;
            *looks_left = looks_left.saturating_sub(1);
            may_look && row == first
        });
        is_same.then_some(first)
    }
}

/// What cutting costs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    /// Triangles that are added.
    pub(super) cuts: usize,
    /// Texels that are looked at.
    pub(super) looks: u64,
}

impl Effort {
    /// What may be spent on one tile.
    pub(super) const OF_TILE: Self = Self {
        cuts: MAX_CUTS_OF_TILE,
        looks: MAX_LOOKS_OF_TILE,
    };
}

/// How a surface was cut.
pub(super) struct Outcome {
    pub(super) spent: Effort,
    /// Whether it was cut coarser than the texture asks for.
    pub(super) is_coarse: bool,
}

/// Cuts a part of triangles within what is `allowed`, and gives every vertex its row. `uvs` finds the texels of the grid.
pub(super) fn cut(part: &mut Part, grid: &RowGrid, uvs: &[[f32; 2]], allowed: Effort) -> Outcome {
    let mut looks_left = allowed.looks;
    if let Some(row) = grid.only_row(&mut looks_left) {
        part.rows = vec![row; part.positions.len()];
        return Outcome {
            spent: Effort {
                cuts: 0,
                looks: allowed.looks - looks_left,
            },
            is_coarse: false,
        };
    }
    let places: Vec<[f64; 2]> = uvs.iter().map(|uv| grid.place(*uv)).collect();
    let before = part.indices.len() / 3;
    let mut cutter = Cutter {
        grid,
        welded: weld(&part.positions, &places),
        places,
        first_mid: part.positions.len(),
        mids: Vec::new(),
        mid_of: HashMap::new(),
        welded_mid_of: HashMap::new(),
        marked: HashSet::new(),
        looks_left,
    };
    let (pieces, is_coarse) = cutter.cut(&part.indices, allowed.cuts.min(MAX_CUTS));
    let spent = Effort {
        cuts: pieces.len().saturating_sub(before),
        looks: allowed.looks - cutter.looks_left,
    };
    part.add_mids(&cutter.mids);
    cut_outline(&mut part.outline, &cutter.mid_of);
    let mut numbers: HashMap<(u32, u32), u32> = HashMap::new();
    let (mut order, mut rows) = (Vec::new(), Vec::new());
    part.indices.clear();
    for piece in &pieces {
        let row = piece.row.unwrap_or_else(|| grid.row_at(cutter.middle(piece.corners)));
        for corner in piece.corners {
            let number = *numbers.entry((corner, row)).or_insert_with(|| {
                order.push(corner);
                rows.push(row);
                u32::try_from(order.len() - 1).unwrap_or(u32::MAX)
            });
            part.indices.push(number);
        }
    }
    part.rows = Vec::new();
    part.reorder(&order);
    part.rows = rows;
    Outcome { spent, is_coarse }
}

/// A number for each vertex that those at the same place with the same texels share.
fn weld(positions: &[[f32; 3]], places: &[[f64; 2]]) -> Vec<u32> {
    let mut known = HashMap::with_capacity(positions.len());
    let keys = positions
        .iter()
        .zip(places)
        .map(|(position, place)| (position.map(f32::to_bits), place.map(f64::to_bits)));
    (0_u32..)
        .zip(keys)
        .map(|(number, key)| *known.entry(key).or_insert(number))
        .collect()
}

/// Named edges follow their own halves.
fn cut_outline(outline: &mut Vec<u32>, mid_of: &HashMap<[u32; 2], u32>) {
    let mut pieces = Vec::with_capacity(outline.len());
    for ends in outline.as_chunks::<2>().0 {
        let mut left = vec![*ends];
        while let Some([from, to]) = left.pop() {
            match mid_of.get(&sorted(from, to)) {
                Some(mid) => left.extend([[*mid, to], [from, *mid]]),
                None => pieces.extend([from, to]),
            }
        }
    }
    *outline = pieces;
}

fn sorted(a: u32, b: u32) -> [u32; 2] {
    [a.min(b), a.max(b)]
}

/// A triangle, or what was cut out of one.
struct Piece {
    corners: [u32; 3],
    /// Once it is known that all of it lies in this row, or that it is cut no more.
    row: Option<u32>,
}

struct Cutter<'a> {
    grid: &'a RowGrid,
    /// Where each vertex lies on the texture, texels.
    places: Vec<[f64; 2]>,
    welded: Vec<u32>,
    first_mid: usize,
    /// The ends of the edges in whose middles there are new vertices, which follow those of the primitive.
    mids: Vec<[u32; 2]>,
    /// The vertex in the middle of an edge, and the number that it shares, by those of the ends.
    mid_of: HashMap<[u32; 2], u32>,
    welded_mid_of: HashMap<[u32; 2], u32>,
    /// The edges that are cut in this pass, by the shared numbers of their ends.
    marked: HashSet<[u32; 2]>,
    looks_left: u64,
}

impl Cutter<'_> {
    fn cut(&mut self, indices: &[u32], most: usize) -> (Vec<Piece>, bool) {
        let corners = indices.as_chunks::<3>().0.iter();
        let mut pieces: Vec<Piece> = corners
            .map(|corners| Piece {
                corners: *corners,
                row: None,
            })
            .collect();
        let most = pieces.len().saturating_add(most);
        for pass in 0.. {
            self.marked.clear();
            for piece in pieces.iter_mut().filter(|piece| piece.row.is_none()) {
                piece.row = self.row_or_marks(piece.corners);
            }
            if self.marked.is_empty() {
                break;
            }
            let added: usize = pieces.iter().map(|piece| self.marks_of(piece.corners)).sum();
            if pass >= MAX_PASSES || pieces.len().saturating_add(added) > most {
                return (pieces, true);
            }
            let mut halves = Vec::with_capacity(pieces.len() + added);
            for piece in pieces {
                self.halve(&piece, &mut halves);
            }
            pieces = halves;
        }
        (pieces, false)
    }

    /// The row that all of a triangle lies in, or that it gets because it is small; else its longer edges are marked.
    fn row_or_marks(&mut self, corners: [u32; 3]) -> Option<u32> {
        let edges = edges_of(corners);
        let lengths = edges.map(|[from, to]| self.length(from, to));
        let longest = lengths.into_iter().fold(0.0, f64::max);
        if longest <= TEXEL {
            return Some(self.grid.row_at(self.middle(corners)));
        }
        let only = self.only_row(corners);
        if only.is_none() {
            for ([from, to], length) in edges.into_iter().zip(lengths) {
                if length > TEXEL && length * 2.0 >= longest {
                    self.marked.insert(self.shared(from, to));
                }
            }
        }
        only
    }

    /// How far two vertices lie apart on the texture, along the axis where that is more, texels; 0 where nobody knows.
    fn length(&self, from: u32, to: u32) -> f64 {
        let ([x, y], [other_x, other_y]) = (self.places[from as usize], self.places[to as usize]);
        (x - other_x).abs().max((y - other_y).abs()).max(0.0)
    }

    fn middle(&self, corners: [u32; 3]) -> [f64; 2] {
        let at = corners.map(|corner| self.places[corner as usize]);
        [0, 1].map(|axis| (at[0][axis] + at[1][axis] + at[2][axis]) / 3.0)
    }

    /// The row of all texels that a triangle lies on, where they have the same: those of seven places in it, and those
    /// that it crosses in the middle of a row of texels.
    fn only_row(&mut self, corners: [u32; 3]) -> Option<u32> {
        let middle = self.middle(corners);
        let at = corners.map(|corner| self.places[corner as usize]);
        let row = self.grid.row_at(middle);
        let between = |a: [f64; 2], b: [f64; 2], share: f64| [0, 1].map(|axis| a[axis] + (b[axis] - a[axis]) * share);
        let halfway = [0, 1, 2].map(|corner| between(at[corner], at[(corner + 1) % 3], 0.5));
        let mut seen = at.into_iter().chain(halfway).map(|place| between(place, middle, INSET));
        if seen.any(|place| self.grid.row_at(place) != row) {
            return None;
        }
        let extent = |axis: usize| {
            let of = at.map(|place| place[axis]);
            let low = of.into_iter().fold(f64::INFINITY, f64::min);
            (low, of.into_iter().fold(f64::NEG_INFINITY, f64::max))
        };
        let [(left, right), (top, bottom)] = [extent(0), extent(1)];
        let [width, height] = self.grid.size();
        if !(right - left < 2.0 * width && bottom - top < 2.0 * height) {
            // It lies on the whole picture, which has several.
            return None;
        }
        let mut line = top.floor() + 0.5;
        while line < bottom && self.looks_left > 0 {
            // A sliver crosses many rows of texels and may meet the middle of none.
            self.looks_left -= 1;
            if let Some((from, to)) = crossing(&at, line) {
                let mut x = (from + INSET_TEXELS).floor() + 0.5;
                while x - 0.5 < to - INSET_TEXELS && self.looks_left > 0 {
                    if self.grid.row_at([x, line]) != row {
                        return None;
                    }
                    self.looks_left -= 1;
                    x += 1.0;
                }
            }
            line += 1.0;
        }
        Some(row)
    }

    /// The numbers that the ends of an edge share with those of others at the same place.
    fn shared(&self, from: u32, to: u32) -> [u32; 2] {
        sorted(self.welded[from as usize], self.welded[to as usize])
    }

    /// How many edges of a triangle are cut.
    fn marks_of(&self, corners: [u32; 3]) -> usize {
        let is_marked = |[from, to]: &[u32; 2]| self.marked.contains(&self.shared(*from, *to));
        edges_of(corners).iter().filter(|edge| is_marked(edge)).count()
    }

    /// Cuts the marked edges of a piece.
    fn halve(&mut self, piece: &Piece, halves: &mut Vec<Piece>) {
        let corners = piece.corners;
        let mids = edges_of(corners).map(|[from, to]| {
            let is_marked = self.marked.contains(&self.shared(from, to));
            is_marked.then(|| self.mid(from, to))
        });
        let mut add = |corners: [u32; 3]| {
            halves.push(Piece {
                corners,
                row: piece.row,
            });
        };
        // Turned so that what is cut comes first.
        let first = match mids {
            [None, Some(_), None | Some(_)] => 1,
            [None | Some(_), None, Some(_)] => 2,
            _ => 0,
        };
        let [from, over, to] = [0, 1, 2].map(|corner| corners[(first + corner) % 3]);
        match [0, 1, 2].map(|edge| mids[(first + edge) % 3]) {
            [Some(up), Some(down), Some(back)] => {
                add([from, up, back]);
                add([up, over, down]);
                add([back, down, to]);
                add([up, down, back]);
            }
            [Some(up), Some(down), None] => {
                add([up, over, down]);
                if self.length(from, down) <= self.length(up, to) {
                    add([from, up, down]);
                    add([from, down, to]);
                } else {
                    add([from, up, to]);
                    add([up, down, to]);
                }
            }
            [Some(up), ..] => {
                add([from, up, to]);
                add([up, over, to]);
            }
            [None, ..] => add(corners),
        }
    }

    /// The vertex in the middle of an edge.
    fn mid(&mut self, from: u32, to: u32) -> u32 {
        let ends = sorted(from, to);
        if let Some(known) = self.mid_of.get(&ends) {
            return *known;
        }
        // The caps keep this far below 2^32.
        let number = u32::try_from(self.first_mid + self.mids.len()).unwrap_or(u32::MAX);
        let shared = self.shared(from, to);
        let (at, other) = (self.places[from as usize], self.places[to as usize]);
        self.places
            .push([0, 1].map(|axis| f64::midpoint(at[axis], other[axis])));
        self.mids.push(ends);
        self.mid_of.insert(ends, number);
        self.welded.push(*self.welded_mid_of.entry(shared).or_insert(number));
        number
    }
}

fn edges_of([a, b, c]: [u32; 3]) -> [[u32; 2]; 3] {
    [[a, b], [b, c], [c, a]]
}

/// Where a triangle lies on a line through the middles of a row of texels: from and to.
fn crossing(corners: &[[f64; 2]; 3], line: f64) -> Option<(f64, f64)> {
    let mut ends = (f64::INFINITY, f64::NEG_INFINITY);
    for (from, to) in [(0, 1), (1, 2), (2, 0)] {
        let ([x, y], [other_x, other_y]) = (corners[from], corners[to]);
        if (y <= line) != (other_y <= line) {
            let at = x + (other_x - x) * ((line - y) / (other_y - y));
            ends = (ends.0.min(at), ends.1.max(at));
        }
    }
    (ends.0 < ends.1).then_some(ends)
}

#[cfg(test)]
#[path = "cut_tests.rs"]
mod tests;
