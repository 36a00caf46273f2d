//! Few triangles for a square of heights: right-angled triangles that are halved where the ground asks for it.
//!
//! Evans, Kirkpatrick and Townsend, "Right-Triangulated Irregular Networks" (2001). All nodes on the four sides stay,
//! so that neighbouring tiles of a level meet in the same vertices.

use super::pyramid_grid::{CELLS, NODES};

/// Triangles of all sizes, without the two largest.
const TRIANGLES: usize = CELLS * CELLS * 2 - 2;
/// Those of them that are halved.
const HALVED: usize = TRIANGLES - CELLS * CELLS;

/// Node of a place.
fn node(x: usize, y: usize) -> usize {
    y * NODES + x
}

/// Triangles of nodes, anticlockwise seen from above, that lie nowhere more than `max_error_m` from `heights_m` (rows
/// south to north).
pub(super) fn triangulate(heights_m: &[f32], max_error_m: f32) -> Vec<[u32; 3]> {
    let errors = errors(heights_m);
    let mut triangles = Vec::new();
    let far = CELLS;
    split(&errors, max_error_m, [(0, 0), (far, far), (far, 0)], &mut triangles);
    split(&errors, max_error_m, [(far, far), (0, 0), (0, far)], &mut triangles);
    triangles
}

/// For each node what leaving it out costs at most, itself or by the nodes that then go too.
fn errors(heights_m: &[f32]) -> Vec<f32> {
    let mut errors = vec![0.0_f32; NODES * NODES];
    for i in 0..NODES {
        for on_side in [node(i, 0), node(i, CELLS), node(0, i), node(CELLS, i)] {
            errors[on_side] = f32::INFINITY;
        }
    }
    // Small triangles first, so that what they cost is known when their parent is looked at.
    for i in (0..TRIANGLES).rev() {
        let [(ax, ay), (bx, by), (cx, cy)] = corners(i + 2);
        let (mx, my) = (usize::midpoint(ax, bx), usize::midpoint(ay, by));
        let middle = node(mx, my);
        let straight = heights_m[node(ax, ay)].midpoint(heights_m[node(bx, by)]);
        let mut error = errors[middle].max((straight - heights_m[middle]).abs());
        if i < HALVED {
            let left = node(usize::midpoint(ax, cx), usize::midpoint(ay, cy));
            let right = node(usize::midpoint(bx, cx), usize::midpoint(by, cy));
            error = error.max(errors[left]).max(errors[right]);
        }
        errors[middle] = error;
    }
    errors
}

/// Corners of a triangle by its place in the tree: the ends of its long side, then the right angle.
fn corners(mut id: usize) -> [(usize, usize); 3] {
    let far = CELLS;
    let (mut a, mut b, mut c) = if id & 1 == 1 {
        ((0, 0), (far, far), (far, 0))
    } else {
        ((far, far), (0, 0), (0, far))
    };
    // The path of halvings stands in the bits below the highest one, lowest first.
    id >>= 1;
    while id > 1 {
        let middle = (usize::midpoint(a.0, b.0), usize::midpoint(a.1, b.1));
        if id & 1 == 1 {
            (a, b) = (c, a);
        } else {
            (a, b) = (b, c);
        }
        c = middle;
        id >>= 1;
    }
    [a, b, c]
}

fn split(errors: &[f32], max_error_m: f32, [a, b, c]: [(usize, usize); 3], out: &mut Vec<[u32; 3]>) {
    let middle = (usize::midpoint(a.0, b.0), usize::midpoint(a.1, b.1));
    let is_smallest = a.0.abs_diff(c.0) + a.1.abs_diff(c.1) <= 1;
    if !is_smallest && errors[node(middle.0, middle.1)] > max_error_m {
        split(errors, max_error_m, [c, a, middle], out);
        split(errors, max_error_m, [b, c, middle], out);
        return;
    }
    let index = |(x, y): (usize, usize)| u32::try_from(node(x, y)).unwrap_or(0);
    out.push([index(a), index(c), index(b)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(triangles: &[[u32; 3]]) -> f64 {
        let at = |i: u32| (f64::from(i % 65), f64::from(i / 65));
        let twice = |t: &[u32; 3]| {
            let [a, b, c] = t.map(at);
            (b.0 - a.0) * (c.1 - a.1) - (c.0 - a.0) * (b.1 - a.1)
        };
        assert!(triangles.iter().all(|t| twice(t) > 0.0), "anticlockwise");
        triangles.iter().map(twice).sum::<f64>() / 2.0
    }

    #[test]
    fn flat_ground_keeps_its_sides_alone_and_rough_ground_all() {
        let flat = triangulate(&vec![3.0; NODES * NODES], 0.01);
        assert!((area(&flat) - 4096.0).abs() < 1e-9);
        assert!(flat.len() < 1000, "{}", flat.len());
        let mut used: Vec<u32> = flat.iter().flatten().copied().collect();
        used.sort_unstable();
        used.dedup();
        for i in 0..65 {
            for on_side in [i, 64 * 65 + i, i * 65, i * 65 + 64] {
                assert!(used.binary_search(&on_side).is_ok(), "{on_side}");
            }
        }
        // A bowl: no node lies between others in a straight line.
        let square = |n: usize| f32::from(u16::try_from(n * n).unwrap());
        let rough: Vec<f32> = (0..NODES * NODES)
            .map(|i| square(i % NODES) + square(i / NODES))
            .collect();
        let all = triangulate(&rough, 0.01);
        assert!((area(&all) - 4096.0).abs() < 1e-9);
        assert!(all.len() == 8192, "{}", all.len());
    }

    #[test]
    fn a_bump_stays() {
        let mut heights = vec![0.0; NODES * NODES];
        heights[node(21, 34)] = 1.0;
        let triangles = triangulate(&heights, 0.1);
        let bump = u32::try_from(node(21, 34)).unwrap();
        assert!(triangles.iter().flatten().any(|i| *i == bump));
        assert!(triangulate(&heights, 1.1).iter().flatten().all(|i| *i != bump));
    }
}
