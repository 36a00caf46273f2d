//! The code of staff: a few figures, kept as an Argon2id hash, with patience that grows with every wrong guess.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use std::hash::{BuildHasher, RandomState};

/// Fewest and most figures of a code.
pub(super) const FIGURES: (usize, usize) = (4, 8);
/// Wrong guesses that cost nothing.
const FREE_GUESSES: u32 = 3;
/// Longest wait after a wrong guess, seconds.
const LONGEST_WAIT_S: f32 = 300.0;

/// Takes tens of milliseconds: not for a thread that draws.
pub(super) fn hash(code: &str) -> Option<String> {
    // The keys of a hasher are the system's random numbers.
    let random: Vec<u8> = (0..2_u8)
        .flat_map(|part| RandomState::new().hash_one(part).to_le_bytes())
        .collect();
    let salt = SaltString::encode_b64(&random).ok()?;
    let hash = hasher()?.hash_password(code.as_bytes(), &salt).ok()?;
    Some(hash.to_string())
}

/// Whether `code` is the one that was hashed. Takes tens of milliseconds too.
pub(super) fn is_right(code: &str, hash: &str) -> bool {
    let (Ok(parsed), Some(hasher)) = (PasswordHash::new(hash), hasher()) else {
        return false;
    };
    hasher.verify_password(code.as_bytes(), &parsed).is_ok()
}

/// OWASP's least setting for Argon2id: 19 MiB, two passes, one lane.
fn hasher() -> Option<Argon2<'static>> {
    let params = Params::new(19 * 1024, 2, 1, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// How long to wait after `wrong` wrong guesses in a row, seconds: doubled with each one after the first three.
pub(super) fn wait_s(wrong: u32) -> f32 {
    if wrong < FREE_GUESSES {
        return 0.0;
    }
    let doubled = 10.0 * 2.0_f32.powi(i32::try_from(wrong - FREE_GUESSES).unwrap_or(i32::MAX).min(20));
    doubled.min(LONGEST_WAIT_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_by_its_hash_which_does_not_tell_it() {
        let hash = hash("4711").expect("a hash");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && !hash.contains("4711"));
        assert!(is_right("4711", &hash));
        assert!(!is_right("4712", &hash) && !is_right("", &hash));
        assert!(!is_right("4711", "4711") && !is_right("", ""));
        assert_ne!(super::hash("4711"), Some(hash), "every hash has its own salt");
    }

    #[test]
    fn guessing_ten_thousand_codes_takes_weeks() {
        let waits: Vec<f32> = (0..6).map(wait_s).collect();
        assert_eq!(waits, [0.0, 0.0, 0.0, 10.0, 20.0, 40.0]);
        assert!((wait_s(4000) - LONGEST_WAIT_S).abs() < f32::EPSILON);
    }
}
