//! How wide the discs of a node have to be for its points to close up to a surface.
//!
//! As wide as its points lie apart, but where nodes below fill an eighth of it, no wider than theirs: a coarse disc would
//! lie over what is finer. Pure functions.

use crate::streaming::{CloudIndex, CloudNode};
use std::collections::BTreeMap;

/// Width of a disc as a share of the distance between points: neighbours overlap, and gaps left by chance close.
const SHARE: f64 = 1.5;
/// Least and largest width, metres.
const WIDTH_M: [f64; 2] = [0.02, 20.0];

/// Widths in the eighths of a node, metres: by east (1), north (2) and up (4).
pub(super) type Widths = [f64; 8];

/// Width of a node's discs where nothing below is drawn. `measured_m` is how far its own points lie apart; together with
/// those above they never lie further apart than those.
pub(super) fn own_width(index: &CloudIndex, number: u32, measured_m: f64) -> f64 {
    let Some(node) = index.nodes().get(number as usize) else {
        return WIDTH_M[0];
    };
    let above = node.parent.and_then(|parent| index.nodes().get(parent as usize));
    let spacing_m = measured_m.max(node.spacing_m);
    let spacing_m = above.map_or(spacing_m, |above| spacing_m.min(above.spacing_m.max(node.spacing_m)));
    (SHARE * spacing_m).clamp(WIDTH_M[0], WIDTH_M[1])
}

/// Widths of all nodes that are drawn, by their numbers, from the own widths of those.
pub(super) fn widths(index: &CloudIndex, drawn: &BTreeMap<u32, f64>) -> BTreeMap<u32, Widths> {
    let mut widths: BTreeMap<u32, Widths> = drawn.iter().map(|(node, own)| (*node, [*own; 8])).collect();
    // Parents have lower numbers: from the leaves up.
    for &number in drawn.keys().rev() {
        let Some(finest) = widths.get(&number).and_then(|all| all.iter().copied().reduce(f64::min)) else {
            continue;
        };
        let Some(node) = index.nodes().get(number as usize) else {
            continue;
        };
        let Some(parent) = node.parent else { continue };
        if let (Some(above), Some(around)) = (widths.get_mut(&parent), index.nodes().get(parent as usize)) {
            let width = &mut above[eighth(around, node)];
            *width = width.min(finest);
        }
    }
    widths
}

/// In which eighth of `around` the middle of `node` lies.
fn eighth(around: &CloudNode, node: &CloudNode) -> usize {
    let above = (node.low + node.high).cmpge(around.low + around.high);
    usize::from(above.x) | usize::from(above.y) << 1 | usize::from(above.z) << 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::math::DVec3;

    fn node(parent: Option<u32>, low: [f64; 3], side: f64) -> CloudNode {
        let low = DVec3::from_array(low);
        CloudNode {
            parent,
            low,
            high: low + side,
            spacing_m: side / 8.0,
            points: 10,
        }
    }

    /// A cube of 64 m, its north-eastern lower eighth, and the eastern upper eighth of that.
    fn index() -> CloudIndex {
        CloudIndex::new(vec![
            node(None, [0.0; 3], 64.0),
            node(Some(0), [32.0, 32.0, 0.0], 32.0),
            node(Some(1), [48.0, 32.0, 16.0], 16.0),
        ])
    }

    #[test]
    fn discs_shrink_where_finer_ones_lie_and_only_there() {
        let index = index();
        let drawn = BTreeMap::from([(0, 12.0), (1, 6.0), (2, 3.0)]);
        let found = widths(&index, &drawn);
        assert_eq!(found[&0], [12.0, 12.0, 12.0, 3.0, 12.0, 12.0, 12.0, 12.0]);
        assert_eq!(found[&1], [6.0, 6.0, 6.0, 6.0, 6.0, 3.0, 6.0, 6.0]);
        assert_eq!(found[&2], [3.0; 8]);
        let alone = widths(&index, &BTreeMap::from([(0, 12.0), (2, 3.0)]));
        assert_eq!(alone[&0], [12.0; 8], "nothing fills the gap between the two yet");
    }

    #[test]
    fn a_disc_is_as_wide_as_the_points_lie_apart_in_all() {
        let index = index();
        assert!((own_width(&index, 1, 4.0) - 6.0).abs() < 1e-9);
        assert!((own_width(&index, 1, 0.1) - 6.0).abs() < 1e-9, "a clump says nothing");
        assert!((own_width(&index, 1, 50.0) - 12.0).abs() < 1e-9, "those above fill in");
        assert!(
            (own_width(&index, 0, 10.0) - 15.0).abs() < 1e-9,
            "above the root is nothing"
        );
    }
}
