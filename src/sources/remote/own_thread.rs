//! Work that waits for a network, on a thread of its own: the engine has few threads for tasks, and one slow server must not
//! hold up the ground.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

enum State<T> {
    Working(Option<Waker>),
    Done(T),
    /// It ended without a result, or that was taken.
    Ended,
}

/// What the work gives, once it has; `None` where it ended without (the system starts no more threads, or it failed).
/// Dropped, nobody waits for it any more.
pub struct OwnThread<T>(Arc<Mutex<State<T>>>);

/// Starts `work` on a thread called `name`.
pub fn on_own_thread<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> OwnThread<T> {
    let state = Arc::new(Mutex::new(State::Working(None)));
    let giver = Giver(state.clone());
    // Where no thread starts the giver is dropped, which says so.
    let _ = thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || giver.give(work()));
    OwnThread(state)
}

/// Says that the work ended, however it does.
struct Giver<T>(Arc<Mutex<State<T>>>);

impl<T> Giver<T> {
    fn give(&self, result: T) {
        self.end(State::Done(result));
    }

    fn end(&self, end: State<T>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Working(waker) = &mut *state {
            let waker = waker.take();
            *state = end;
            drop(state);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

impl<T> Drop for Giver<T> {
    fn drop(&mut self) {
        self.end(State::Ended);
    }
}

impl<T> Future for OwnThread<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Working(waker) = &mut *state {
            *waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        match std::mem::replace(&mut *state, State::Ended) {
            State::Done(result) => Poll::Ready(Some(result)),
            State::Working(_) | State::Ended => Poll::Ready(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::tasks::block_on;

    #[test]
    fn the_result_comes_and_work_that_fails_ends_without_one() {
        assert_eq!(block_on(on_own_thread("test", || 7)), Some(7));
        let slow = || thread::sleep(std::time::Duration::from_millis(30));
        assert_eq!(block_on(on_own_thread("test", slow)), Some(()));
        let failing = on_own_thread("test", || -> u8 { panic!("no") });
        assert_eq!(block_on(failing), None);
    }
}
