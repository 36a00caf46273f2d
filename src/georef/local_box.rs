//! The box around the vertices of a node, in the node's own axes.

use super::narrow;
use bevy::math::DVec3;

/// The box of some vertices in their own axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LocalBox {
    pub(crate) low: [f32; 3],
    pub(crate) high: [f32; 3],
}

impl LocalBox {
    /// `None` where a coordinate is not a finite number, or there is no vertex at all.
    pub(crate) fn of(vertices: &[[f32; 3]]) -> Option<Self> {
        // Four vertices at a time, in lanes that the compiler makes wide registers of.
        const LANES: usize = 12;
        let (mut low, mut high) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
        // Stays zero as long as all are finite.
        let mut zero = [0.0_f32; LANES];
        let mut add = |lane: usize, value: f32| {
            // As `min` and `max`, which would ask whether either is no number.
            low[lane] = if value < low[lane] { value } else { low[lane] };
            high[lane] = if value > high[lane] { value } else { high[lane] };
            zero[lane] += value * 0.0;
        };
        let (blocks, rest) = vertices.as_flattened().as_chunks::<LANES>();
        for block in blocks {
            for (lane, value) in block.iter().enumerate() {
                add(lane, *value);
            }
        }
        for (lane, value) in rest.iter().enumerate() {
            add(lane, *value);
        }
        if vertices.is_empty() || zero.iter().any(|sum| sum.is_nan()) {
            return None;
        }
        // Every third lane is the same axis.
        let of_axis = |v: &[f32; LANES], i: usize, choose: fn(f32, f32) -> f32| {
            choose(choose(v[i], v[i + 3]), choose(v[i + 6], v[i + 9]))
        };
        Some(Self {
            low: std::array::from_fn(|i| of_axis(&low, i, f32::min)),
            high: std::array::from_fn(|i| of_axis(&high, i, f32::max)),
        })
    }

    pub(super) fn middle(&self) -> DVec3 {
        // Rounded to f32, so that the vertices' offsets from it are exact but for their last bit.
        let half = |i: usize| f64::from(self.low[i] * 0.5 + self.high[i] * 0.5);
        DVec3::new(half(0), half(1), half(2))
    }

    /// The place in the box that is nearest to `v`, rounded to `f32`.
    pub(super) fn nearest(&self, v: DVec3) -> DVec3 {
        let [x, y, z] = narrow(v);
        let within = |v: f32, i: usize| f64::from(v.max(self.low[i]).min(self.high[i]));
        DVec3::new(within(x, 0), within(y, 1), within(z, 2))
    }

    /// The largest distance from the middle along each axis.
    pub(super) fn half(&self) -> DVec3 {
        let middle = self.middle();
        let low = DVec3::from_array(self.low.map(f64::from));
        let high = DVec3::from_array(self.high.map(f64::from));
        (middle - low).max(high - middle)
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "what goes in comes out")]
mod tests {
    use super::*;

    #[test]
    fn a_box_holds_all_vertices_and_refuses_what_is_no_number() {
        for count in 1..20_usize {
            let vertices: Vec<[f32; 3]> = (0..count)
                .map(|i| {
                    let i = f32::from(u16::try_from(i).unwrap());
                    [i, -2.0 * i, 3.0 - i]
                })
                .collect();
            let last = vertices[count - 1];
            let found = LocalBox::of(&vertices).unwrap();
            assert_eq!(found.low, [0.0, last[1], last[2]], "{count}");
            assert_eq!(found.high, [last[0], 0.0, 3.0], "{count}");
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                for at in 0..count {
                    let mut vertices = vertices.clone();
                    vertices[at][at % 3] = bad;
                    assert_eq!(LocalBox::of(&vertices), None, "{bad} at {at} of {count}");
                }
            }
        }
        assert_eq!(LocalBox::of(&[]), None);
    }
}
