//! Positions in 16 bits and normals in 8 (`KHR_mesh_quantization`).

use bevy::math::DVec3;

/// How far a stored corner may lie from the true one in a tile of full detail, metres.
pub(crate) const QUANTIZED_ERROR_M: f64 = 0.01;

/// How the positions of a tile are stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum PositionForm {
    /// Steps of `step_m` from `low`, 0 to 65,535 along each axis.
    Short { low: DVec3, step_m: f64 },
    /// Metres as `f32`, none larger than `reach_m`.
    Float { reach_m: f64 },
}

impl PositionForm {
    /// For positions in the box from `low` to `high`: 16 bits where no corner moves by more than `error_m`.
    pub(super) fn of(low: DVec3, high: DVec3, error_m: f64) -> Self {
        let extent = (high - low).max_element();
        if extent <= 0.0 {
            return Self::Short { low, step_m: 1e-3 };
        }
        let step_m = extent / f64::from(u16::MAX);
        if worst(step_m) <= error_m {
            Self::Short { low, step_m }
        } else {
            Self::Float {
                reach_m: low.abs().max(high.abs()).max_element(),
            }
        }
    }

    /// How far a stored corner may lie from the true one, metres.
    pub(super) fn error_m(self) -> f64 {
        match self {
            Self::Short { step_m, .. } => worst(step_m),
            // Half of the last of 24 bits, along each axis.
            Self::Float { reach_m } => worst(reach_m * f64::from(f32::EPSILON)),
        }
    }
}

/// Half a step along each of three axes.
fn worst(step_m: f64) -> f64 {
    step_m * 3.0_f64.sqrt() / 2.0
}

/// Whole steps from `low`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range of 16 bits"
)]
pub(super) fn steps(position: DVec3, low: DVec3, step_m: f64) -> [u16; 3] {
    let steps = ((position - low) / step_m).round();
    steps.to_array().map(|n| n.clamp(0.0, f64::from(u16::MAX)) as u16)
}

/// A unit vector in steps of 1/127; zero becomes the third axis.
#[expect(clippy::cast_possible_truncation, reason = "clamped to the range of 8 bits")]
pub(crate) fn normal_bytes(normal: DVec3) -> [i8; 3] {
    let normal = normal.normalize_or(DVec3::Z);
    normal
        .to_array()
        .map(|n| (n * 127.0).round().clamp(-127.0, 127.0) as i8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_corner_moves_by_more_than_it_may(
            low in prop::array::uniform3(-1000.0..1000.0_f64),
            size in prop::array::uniform3(0.0..700.0_f64),
            at in prop::array::uniform3(0.0..=1.0_f64),
        ) {
            let (low, size, at) = (DVec3::from(low), DVec3::from(size), DVec3::from(at));
            let form = PositionForm::of(low, low + size, QUANTIZED_ERROR_M);
            let PositionForm::Short { low, step_m } = form else { panic!("700 m fit into 16 bits") };
            let there = low + size * at;
            let back = low + DVec3::from(steps(there, low, step_m).map(f64::from)) * step_m;
            prop_assert!(back.distance(there) <= form.error_m() + 1e-9);
            prop_assert!(form.error_m() <= QUANTIZED_ERROR_M);
        }
    }

    #[test]
    fn what_is_too_wide_keeps_its_floats() {
        let wide = PositionForm::of(DVec3::ZERO, DVec3::splat(900.0), QUANTIZED_ERROR_M);
        assert_eq!(wide, PositionForm::Float { reach_m: 900.0 });
        assert!(wide.error_m() < 1e-4);
        assert!(matches!(
            PositionForm::of(DVec3::ONE, DVec3::ONE, QUANTIZED_ERROR_M),
            PositionForm::Short { .. }
        ));
    }

    #[test]
    fn normals_keep_straight_axes_exactly() {
        assert_eq!(normal_bytes(DVec3::new(0.0, 2.0, 0.0)), [0, 127, 0]);
        assert_eq!(normal_bytes(DVec3::NEG_X), [-127, 0, 0]);
        assert_eq!(normal_bytes(DVec3::ZERO), [0, 0, 127]);
    }
}
