//! Pieces of an outline joined to lines, whatever gaps and hooks they have.

use super::contour::Piece;
use bevy::math::DVec2;
use std::collections::HashMap;

/// Ends no farther apart than this belong together, pixels: where a contour leaves one edge for another that
/// lies behind it, the ends are found to within a pixel.
const JOIN_PX: f64 = 4.0;
/// An outline has no ends but at the picture's rim: what still ends is joined over gaps up to this, points.
/// Niches narrower than the band are such gaps.
const GAP_PT: f64 = 14.0;
/// A line is closed over a gap of at most this share of its length.
const LARGEST_OWN_GAP: f64 = 0.05;
/// Going back on itself for less than this is a mistake of a pixel and not a shape, pixels.
const HOOK_PX: f64 = 5.0;
/// Corners nearer than this to the one before are left out, pixels.
const SHORTEST_PX: f64 = 0.75;
/// A corner this near to the line through its neighbours is left out, pixels.
const STRAIGHT_PX: f64 = 0.2;
/// Lines shorter than this say nothing, pixels: specks and pinholes.
const LEAST_PX: f64 = 12.0;

/// A line through the picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) points: Vec<DVec2>,
    /// For each stretch between two points whether nothing stands before it.
    pub(super) seen: Vec<bool>,
    /// The last point is the first one again.
    pub(super) is_closed: bool,
}

impl Line {
    /// A closed line through points, the last of which is not repeated, with the outside to its left.
    pub(super) fn ring(mut points: Vec<DVec2>, seen: impl Fn(DVec2) -> bool) -> Option<Self> {
        let turns = |points: &[DVec2]| -> f64 {
            let next = points.iter().skip(1).chain(points.first());
            points.iter().zip(next).map(|(a, b)| a.perp_dot(*b)).sum()
        };
        if points.len() < 3 {
            return None;
        }
        // With y pointing down a positive area is walked clockwise, with the inside to the right.
        if turns(&points) < 0.0 {
            points.reverse();
        }
        points.push(points[0]);
        let seen = points.windows(2).map(|ends| seen(ends[0].midpoint(ends[1]))).collect();
        Some(Self {
            points,
            seen,
            is_closed: true,
        })
    }

    fn length(&self) -> f64 {
        self.points.windows(2).map(|ends| ends[0].distance(ends[1])).sum()
    }
}

/// Joins pieces head to tail into lines as long as can be, at so many pixels per point.
pub(super) fn lines(pieces: &[Piece], pixels_per_point: f64) -> Vec<Line> {
    let pieces = pieces.iter().map(|piece| Line {
        points: vec![piece.from, piece.to],
        seen: vec![piece.is_seen],
        is_closed: false,
    });
    let mut joined = join(pieces.collect(), JOIN_PX);
    joined.iter_mut().for_each(straighten);
    let mut joined = join(joined, GAP_PT * pixels_per_point);
    joined.iter_mut().for_each(straighten);
    joined.retain(|line| line.length() >= LEAST_PX);
    joined
}

/// Joins lines whose ends lie within `reach_px` of each other, the nearest first.
fn join(lines: Vec<Line>, reach_px: f64) -> Vec<Line> {
    let next = links(&lines, reach_px);
    let mut is_first = vec![true; lines.len()];
    for successor in next.iter().flatten() {
        is_first[*successor] = false;
    }
    let mut is_used = vec![false; lines.len()];
    let mut joined = Vec::new();
    // Open lines from their first part; what is left over is closed.
    let starts = (0..lines.len()).filter(|i| is_first[*i]).chain(0..lines.len());
    for start in starts {
        if is_used[start] {
            continue;
        }
        is_used[start] = true;
        let mut line = lines[start].clone();
        let mut at = start;
        while let Some(successor) = next[at] {
            if is_used[successor] {
                if !is_tip(&line) {
                    close(&mut line);
                }
                break;
            }
            is_used[successor] = true;
            append(&mut line, &lines[successor]);
            at = successor;
        }
        joined.push(line);
    }
    joined
}

/// A short line that comes back near its start is the tip of something, not a loop.
fn is_tip(line: &Line) -> bool {
    match line.points[..] {
        [first, .., last] => first.distance(last) > line.length() * LARGEST_OWN_GAP,
        _ => true,
    }
}

/// Adds `other` where `line` ends.
fn append(line: &mut Line, other: &Line) {
    let (Some(joint), Some(last)) = (joint(&line.points, &other.points), line.points.last_mut()) else {
        return;
    };
    match joint {
        Some(crossing) => *last = crossing,
        None if last.distance_squared(other.points[0]) > 1e-9 => {
            line.points.push(other.points[0]);
            line.seen.extend(other.seen.first());
        }
        None => {}
    }
    line.points.extend(&other.points[1..]);
    line.seen.extend(&other.seen);
}

/// Joins the end of a line to its start.
fn close(line: &mut Line) {
    if let Some(Some(crossing)) = joint(&line.points, &line.points)
        && let [first, .., last] = &mut line.points[..]
    {
        (*first, *last) = (crossing, crossing);
    } else if let [first, .., last] = line.points[..]
        && first.distance_squared(last) > 1e-9
    {
        line.points.push(first);
        line.seen.extend(line.seen.first().copied());
    } else if let [first, .., last] = &mut line.points[..] {
        *last = *first;
    }
    line.is_closed = true;
}

/// Where two lines meet that end and start near each other: at the crossing of their last and first
/// stretches, if they cross there; `Some(None)` if not; `None` of what is no line.
#[expect(
    clippy::option_option,
    reason = "no line, no crossing and a crossing are three things"
)]
fn joint(ending: &[DVec2], starting: &[DVec2]) -> Option<Option<DVec2>> {
    let [.., a, b] = ending else { return None };
    let [c, d, ..] = starting else { return None };
    let gap = b.distance(*c);
    let (along, other) = ((*b - *a).normalize_or_zero(), (*d - *c).normalize_or_zero());
    let sine = along.perp_dot(other);
    if gap < 1e-3 || sine.abs() < 0.2 {
        return Some(None);
    }
    let crossing = *b + along * ((*c - *b).perp_dot(other) / sine);
    let is_near = crossing.distance(*b) <= 1.5 * gap + 1.0 && crossing.distance(*c) <= 1.5 * gap + 1.0;
    // Neither stretch may turn round.
    let is_ahead = (crossing - *a).dot(along) > 0.0 && (*d - crossing).dot(other) > 0.0;
    Some((is_near && is_ahead).then_some(crossing))
}

/// For each line the one that goes on where it ends: the nearest ends find each other first.
fn links(lines: &[Line], reach_px: f64) -> Vec<Option<usize>> {
    let cell = |p: DVec2| cell(p / reach_px);
    let ends = |line: &Line| match (line.is_closed, &line.points[..]) {
        (false, [head, .., tail]) => Some((*head, *tail)),
        _ => None,
    };
    let mut heads: HashMap<(i64, i64), Vec<(usize, DVec2)>> = HashMap::new();
    for (i, line) in lines.iter().enumerate() {
        if let Some((head, _)) = ends(line) {
            heads.entry(cell(head)).or_default().push((i, head));
        }
    }
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        let Some((_, tail)) = ends(line) else { continue };
        let (x, y) = cell(tail);
        let around = (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (x + dx, y + dy)));
        for (j, head) in around.filter_map(|cell| heads.get(&cell)).flatten() {
            let distance = tail.distance(*head);
            if distance <= reach_px && !(i == *j && is_tip(line)) {
                pairs.push((distance, i, *j));
            }
        }
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| (a.1, a.2).cmp(&(b.1, b.2))));
    let mut next = vec![None; lines.len()];
    let mut has_previous = vec![false; lines.len()];
    for (_, i, j) in pairs {
        if next[i].is_none() && !has_previous[j] {
            next[i] = Some(j);
            has_previous[j] = true;
        }
    }
    next
}

#[expect(clippy::cast_possible_truncation, reason = "cells of a picture")]
fn cell(p: DVec2) -> (i64, i64) {
    let place = p.floor();
    (place.x as i64, place.y as i64)
}

/// Leaves out corners that nobody sees; where what is seen begins or ends, the corner stays.
fn straighten(line: &mut Line) {
    let (points, seen) = (std::mem::take(&mut line.points), std::mem::take(&mut line.seen));
    for (i, p) in points.iter().enumerate() {
        let is_end = i == 0 || i + 1 == points.len();
        let is_change = !is_end && seen[i - 1] != seen[i];
        if !is_end && !is_change {
            let last = line.points[line.points.len() - 1];
            let chord = points[i + 1] - last;
            let off = chord.normalize_or_zero().perp_dot(*p - last).abs();
            let (to, from) = (*p - last, points[i + 1] - *p);
            let is_between = to.dot(chord) >= 0.0 && from.dot(chord) >= 0.0;
            let is_hook = to.dot(from) < -0.7 * to.length() * from.length() && to.length().min(from.length()) < HOOK_PX;
            if to.length() < SHORTEST_PX || (off < STRAIGHT_PX && is_between) || is_hook {
                continue;
            }
        }
        line.points.push(*p);
        if i > 0 {
            line.seen.push(seen[i - 1]);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn piece(from: [f64; 2], to: [f64; 2]) -> Piece {
        Piece {
            from: DVec2::from_array(from),
            to: DVec2::from_array(to),
            is_seen: true,
        }
    }

    /// A square of 100 px walked clockwise on the screen.
    pub(in crate::view::outline) fn square() -> Vec<Piece> {
        vec![
            piece([0.0, 0.0], [100.0, 0.0]),
            piece([0.0, 100.0], [0.0, 0.0]),
            piece([100.0, 0.0], [100.0, 100.0]),
            piece([100.0, 100.0], [0.0, 100.0]),
        ]
    }

    #[test]
    fn pieces_in_any_order_make_one_closed_line() {
        let found = lines(&square(), 1.0);
        assert_eq!(found.len(), 1);
        assert!(found[0].is_closed);
        assert_eq!(found[0].points.len(), 5);
        assert!((found[0].length() - 400.0).abs() < 1e-9);
    }

    #[test]
    fn ends_that_miss_each_other_by_a_pixel_are_joined_and_far_ones_are_not() {
        let near = lines(&[piece([0.0, 0.0], [50.0, 0.0]), piece([51.0, 0.8], [51.0, 60.0])], 1.0);
        assert_eq!(near.len(), 1);
        assert!(!near[0].is_closed);
        assert_eq!(
            near[0].points[1],
            DVec2::new(51.0, 0.0),
            "they meet where they would cross"
        );
        let far = lines(&[piece([0.0, 0.0], [50.0, 0.0]), piece([70.0, 0.0], [70.0, 60.0])], 1.0);
        assert_eq!(far.len(), 2);
        assert!(
            lines(&[piece([0.0, 0.0], [3.0, 0.0])], 1.0).is_empty(),
            "a crumb says nothing"
        );
    }

    #[test]
    fn a_line_that_overshoots_another_is_cut_back_to_it() {
        let found = lines(
            &[piece([0.0, 0.0], [52.0, 0.0]), piece([50.0, -1.5], [50.0, 60.0])],
            1.0,
        );
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].points[1], DVec2::new(50.0, 0.0));
        assert_eq!(found[0].points.len(), 3);
    }

    #[test]
    fn tips_of_floors_above_each_other_make_one_line() {
        // Ends of three floors: out, down 3 px, back; 8 px apart.
        let floors: Vec<Piece> = (0..3)
            .flat_map(|floor| {
                let y = f64::from(floor) * 11.0;
                [
                    piece([5.0, y], [10.0, y]),
                    piece([10.0, y], [10.0, y + 3.0]),
                    piece([10.0, y + 3.0], [5.0, y + 3.0]),
                ]
            })
            .collect();
        let found = lines(&floors, 1.0);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(!found[0].is_closed);
    }

    #[test]
    fn corners_on_a_straight_line_go_unless_what_is_seen_changes_there() {
        let mut pieces = vec![piece([0.0, 0.0], [30.0, 0.0]), piece([30.0, 0.0], [60.0, 0.0])];
        assert_eq!(lines(&pieces, 1.0)[0].points.len(), 2);
        pieces[1].is_seen = false;
        let line = &lines(&pieces, 1.0)[0];
        assert_eq!((line.points.len(), &line.seen[..]), (3, &[true, false][..]));
    }
}
