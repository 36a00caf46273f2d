//! The thread that owns the database, so that no frame waits for a disk.

use super::{Store, StoreError};
use crate::sources::Problem;
use bevy::platform::cell::SyncCell;
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{self, Receiver, Sender, TryRecvError},
    },
    thread,
};

type Job = Box<dyn FnOnce(&mut Store) + Send>;

/// A way to the thread that owns a scenario's database. When the last clone goes, the thread finishes what was asked
/// for and closes the database.
#[derive(Clone)]
pub struct StoreHandle {
    jobs: Sender<Job>,
    path: Arc<Path>,
}

impl fmt::Debug for StoreHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StoreHandle").field(&self.path).finish()
    }
}

impl StoreHandle {
    /// Opens the database at `path` (see [`Store::open`]) and starts its thread. Waits for the disk.
    pub fn open(path: &Path) -> Result<(Self, Option<Problem>), StoreError> {
        let (mut store, problem) = Store::open(path)?;
        let (jobs, waiting) = mpsc::channel::<Job>();
        let started = thread::Builder::new().name("stadslens store".into()).spawn(move || {
            for job in waiting {
                job(&mut store);
            }
        });
        started.map_err(|source| StoreError::Unwritable {
            source,
            path: path.to_owned(),
        })?;
        let handle = Self {
            jobs,
            path: path.into(),
        };
        Ok((handle, problem))
    }

    /// Where the database lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Hands a job to the thread; jobs are done in order. What it answers is true when the answer is there: a change is
    /// then on the disk.
    pub fn submit<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Store) -> Result<R, StoreError> + Send + 'static,
    ) -> Pending<R> {
        let (answer, answered) = mpsc::channel();
        let job: Job = Box::new(move |store| {
            // Whoever asked may have stopped waiting.
            drop(answer.send(job(store)));
        });
        // A thread that ended drops the job and its answer: the pending one then says so.
        drop(self.jobs.send(job));
        Pending {
            answered: SyncCell::new(Some(answered)),
            path: self.path.to_path_buf(),
        }
    }
}

/// An answer that is still to come.
pub struct Pending<R> {
    answered: SyncCell<Option<Receiver<Result<R, StoreError>>>>,
    path: PathBuf,
}

impl<R> fmt::Debug for Pending<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pending").field(&self.path).finish()
    }
}

impl<R> Pending<R> {
    /// The answer, if it is there. Given once; after that the thread counts as closed.
    pub fn poll(&mut self) -> Option<Result<R, StoreError>> {
        let received = self.answered.get().as_ref().map(Receiver::try_recv);
        let answer = match received {
            Some(Err(TryRecvError::Empty)) => return None,
            Some(Ok(answer)) => answer,
            Some(Err(TryRecvError::Disconnected)) | None => Err(closed(&self.path)),
        };
        *self.answered.get() = None;
        Some(answer)
    }

    /// Waits for the answer. Not for a thread that draws.
    pub fn wait(self) -> Result<R, StoreError> {
        let answer = SyncCell::to_inner(self.answered).and_then(|answered| answered.recv().ok());
        answer.unwrap_or_else(|| Err(closed(&self.path)))
    }
}

fn closed(path: &Path) -> StoreError {
    StoreError::Closed { path: path.to_owned() }
}
