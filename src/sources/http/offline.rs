//! The one rule of whether anything is asked over a network at all, for the whole program.
//!
//! Three things keep it offline, each by itself: the environment (`STADSLENS_OFFLINE`, any value but empty and `0`), a kiosk,
//! and the switch in the settings. While one of them holds, no request leaves this program, to whatever address.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// A kiosk runs.
static STAYS: AtomicBool = AtomicBool::new(false);
/// The switch.
static SWITCHED: AtomicBool = AtomicBool::new(false);

/// From now on nothing is asked, whatever the switch says: for a kiosk, which sends nothing over a network.
pub fn stay_offline() {
    STAYS.store(true, Ordering::SeqCst);
}

/// Turns the user's own switch.
pub fn switch_offline(is_offline: bool) {
    SWITCHED.store(is_offline, Ordering::SeqCst);
}

/// Whether it stays so whatever the switch says.
pub fn is_forced() -> bool {
    static ENVIRONMENT: OnceLock<bool> = OnceLock::new();
    let by_environment = ENVIRONMENT
        .get_or_init(|| std::env::var_os("STADSLENS_OFFLINE").is_some_and(|value| !value.is_empty() && value != "0"));
    STAYS.load(Ordering::SeqCst) || *by_environment
}

/// Whether nothing is asked over a network.
pub fn is_offline() -> bool {
    SWITCHED.load(Ordering::SeqCst) || is_forced()
}
