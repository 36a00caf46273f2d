//! Files that a test makes up as they are asked for, as if they lay on a server or on this machine.

use super::{FetchFailure, Remote, ResourceError, Resources};
use crate::sources::http::Transfer;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// Makes what stands under a path.
type Make = dyn Fn(&str) -> Result<String, ResourceError> + Send + Sync;

/// A server, or a folder of this machine, that has what it makes up.
pub(crate) struct MadeUp {
    make: Box<Make>,
    is_far: bool,
    read: Mutex<Vec<String>>,
}

impl MadeUp {
    /// Has under each path what `make` makes of it, on a server where `is_far`.
    pub(crate) fn new(
        is_far: bool,
        make: impl Fn(&str) -> Result<String, ResourceError> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            make: Box::new(make),
            is_far,
            read: Mutex::default(),
        })
    }

    /// The same where nothing but a missing file can go wrong: one of which `text` makes nothing.
    pub(crate) fn of_texts(is_far: bool, text: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Arc<Self> {
        Self::new(is_far, move |path| text(path).ok_or_else(|| missing(path)))
    }

    /// Every path that was read, in that order, also where nothing is there.
    pub(crate) fn paths_read(&self) -> Vec<String> {
        self.read.lock().unwrap().clone()
    }
}

/// A tileset with this root.
pub(crate) fn tileset(root: &str) -> String {
    format!(r#"{{"asset": {{"version": "1.1"}}, "geometricError": 9, "root": {root}}}"#)
}

/// A level square at the north pole, in whose plane `x_m` and `y_m` lie, with its error as large as half its side and with
/// `rest` as its other members.
pub(crate) fn square([x_m, y_m]: [f64; 2], half_m: f64, rest: &str) -> String {
    format!(
        r#"{{"boundingVolume": {{"box": [{x_m},{y_m},6371000, {half_m},0,0, 0,{half_m},0, 0,0,5]}},
        "geometricError": {half_m}, {rest}}}"#
    )
}

/// There is no such file.
pub(crate) fn missing(path: &str) -> ResourceError {
    ResourceError::Missing { uri: path.to_owned() }
}

impl Resources for MadeUp {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        self.read.lock().unwrap().push(path.to_owned());
        (self.make)(path).map(String::into_bytes)
    }
    /// A server that fails may have it.
    fn exists(&self, path: &str) -> bool {
        !matches!((self.make)(path), Err(ResourceError::Missing { .. }))
    }
    fn name(&self) -> String {
        "made up".to_owned()
    }
    fn remote(&self) -> Option<&dyn Remote> {
        self.is_far.then_some(self)
    }
}

impl Remote for MadeUp {
    fn host(&self, _: &str) -> String {
        "made.up".to_owned()
    }
    fn wait(&self, _: &str) -> Duration {
        Duration::ZERO
    }
    fn fetch(&self, path: &str, _: u64, _: &Transfer) -> Result<Vec<u8>, FetchFailure> {
        self.read(path).map_err(|error| FetchFailure {
            may_pass: matches!(&error, ResourceError::Fetch { source } if source.may_pass()),
            error,
            wait: None,
            was_early: false,
        })
    }
    fn documents(&self) -> Vec<String> {
        Vec::new()
    }
    fn forget(&self, _: &str) {}
}
