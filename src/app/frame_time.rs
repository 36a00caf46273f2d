//! How long the program's own part of a frame takes, rasterising apart.

use bevy::prelude::*;
use std::time::Instant;

/// Times of the main schedule, one per frame since the start.
#[derive(Resource, Default)]
pub struct MainThreadTimes {
    started: Option<Instant>,
    /// Milliseconds per frame, in order.
    pub ms: Vec<f64>,
}

impl MainThreadTimes {
    /// The time that `share` (0 to 1) of the frames stay under, milliseconds; 0 without frames.
    pub fn quantile_ms(&self, share: f64) -> f64 {
        let mut sorted = self.ms.clone();
        sorted.sort_by(f64::total_cmp);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a position in a short list"
        )]
        let at = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
        sorted.get(at).copied().unwrap_or(0.0)
    }
}

impl MainThreadTimes {
    /// What half of the last frames stay under, and 95 of 100, milliseconds.
    pub(super) fn recent_ms(&self) -> [f64; 2] {
        /// Two seconds on a usual screen.
        const RECENT: usize = 120;
        let last = &self.ms[self.ms.len().saturating_sub(RECENT)..];
        let recent = Self {
            started: None,
            ms: last.to_vec(),
        };
        [0.5, 0.95].map(|share| recent.quantile_ms(share))
    }
}

/// Kept frames: enough for a report, bounded over a kiosk's day.
const KEPT_FRAMES: usize = 20_000;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<MainThreadTimes>()
        .add_systems(First, start_frame)
        .add_systems(Last, end_frame);
}

fn start_frame(mut times: ResMut<MainThreadTimes>) {
    times.started = Some(Instant::now());
}

fn end_frame(mut times: ResMut<MainThreadTimes>) {
    if let Some(started) = times.started.take() {
        if times.ms.len() >= KEPT_FRAMES {
            times.ms.drain(..KEPT_FRAMES / 2);
        }
        times.ms.push(started.elapsed().as_secs_f64() * 1e3);
    }
}

#[cfg(test)]
mod tests {
    use super::MainThreadTimes;

    #[test]
    fn quantiles_name_a_frame_that_was() {
        let times = MainThreadTimes {
            started: None,
            ms: (1..=100).rev().map(f64::from).collect(),
        };
        assert!((times.quantile_ms(0.5) - 50.0).abs() < f64::EPSILON);
        assert!((times.quantile_ms(0.99) - 99.0).abs() < f64::EPSILON);
        assert!((times.quantile_ms(1.0) - 100.0).abs() < f64::EPSILON);
        assert!(MainThreadTimes::default().quantile_ms(0.5).abs() < f64::EPSILON);
    }
}
