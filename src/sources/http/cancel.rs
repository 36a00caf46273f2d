//! Stopping what is under way from another thread.

use super::agent::Agents;
use std::{
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use ureq::Agent;

/// Stops every request of the clients made with it, also one that waits for an answer. Clones stop the same.
#[derive(Clone, Default)]
pub struct Cancel(Arc<Shared>);

#[derive(Default)]
struct Shared {
    is_cancelled: AtomicBool,
    agents: Mutex<Vec<Agent>>,
    bell: Condvar,
}

impl Cancel {
    /// One that stops nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops all; there is no way back.
    pub fn cancel(&self) {
        self.0.is_cancelled.store(true, Ordering::SeqCst);
        let agents = std::mem::take(&mut *self.agents());
        for agent in agents {
            // Closes its connections: a thread that waits for bytes wakes up.
            agent.shutdown();
        }
        self.0.bell.notify_all();
    }

    /// Whether [`Self::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled.load(Ordering::SeqCst)
    }

    /// The connections of these agents are closed too.
    pub(super) fn covers(&self, agents: &Agents) {
        self.agents().extend(agents.each().cloned());
        if self.is_cancelled() {
            self.cancel();
        }
    }

    /// The connections that were covered are somebody else's from now on; `false` where they were closed meanwhile.
    pub(super) fn releases(&self) -> bool {
        self.agents().clear();
        // Who cancels sets this before it takes the agents: one that is given back is never closed later.
        !self.is_cancelled()
    }

    /// Waits; `false` where it was stopped meanwhile.
    pub(in crate::sources) fn wait(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut agents = self.agents();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if self.is_cancelled() || left.is_zero() {
                return !self.is_cancelled();
            }
            agents = self
                .0
                .bell
                .wait_timeout(agents, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn agents(&self) -> std::sync::MutexGuard<'_, Vec<Agent>> {
        self.0.agents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
