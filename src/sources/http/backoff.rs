//! How long to wait before trying again.

use jiff::Timestamp;
use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

/// The pause before try number `failed + 1`: doubled every time, spread by half so that many clients do not come back in
/// one moment, at most `longest`.
pub fn pause(first: Duration, failed: u32, longest: Duration) -> Duration {
    let doubled = first.saturating_mul(1 << failed.saturating_sub(1).min(16));
    // A keyed hash of nothing is a number that nobody can tell beforehand; no more is asked of it.
    let spread = RandomState::new().build_hasher().finish() % 1000;
    (doubled / 2 + doubled.mul_f64(f64::from(u32::try_from(spread).unwrap_or(500)) / 1000.0)).min(longest)
}

/// What `Retry-After` asks: seconds or a date (RFC 9110, section 10.2.3). `None` where it cannot be read.
pub(super) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_read_from_seconds_and_from_a_date() {
        let now: Timestamp = "2015-10-21T07:27:30Z".parse().unwrap();
        assert_eq!(retry_after("120", now), Some(Duration::from_mins(2)));
        assert_eq!(
            retry_after("Wed, 21 Oct 2015 07:28:00 GMT", now),
            Some(Duration::from_secs(30))
        );
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:00:00 GMT", now), Some(Duration::ZERO));
        for odd in ["", "soon", "-5", "1e9", "Wed, 99 Oct 2015"] {
            assert_eq!(retry_after(odd, now), None, "{odd}");
        }
    }

    #[test]
    fn pauses_grow_and_stay_within_bounds() {
        let second = Duration::from_secs(1);
        for failed in 1..40 {
            let pause = pause(second, failed, Duration::from_mins(1));
            let doubled = second.saturating_mul(1 << (failed - 1).min(16));
            assert!(
                pause >= (doubled / 2).min(Duration::from_mins(1)),
                "{failed}: {pause:?}"
            );
            assert!(
                pause <= (doubled * 3 / 2).min(Duration::from_mins(1)),
                "{failed}: {pause:?}"
            );
        }
    }
}
