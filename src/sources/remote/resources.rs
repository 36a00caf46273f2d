//! One tileset on a server, read like one in a folder. Its paths are absolute addresses.

use super::network::{MAX_ANSWER_BYTES, Network};
use crate::sources::http::{Address, HttpError, Transfer};
use crate::sources::resource::{FetchFailure, Remote, ResourceError, Resources, host_of_plain, is_url, shown_url};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Files that are fetched side by side by who waits for them.
const AHEAD_AT_ONCE: usize = 8;
/// Bytes of such files that wait to be read.
const MAX_AHEAD_BYTES: u64 = 256 << 20;

/// Most tilesets that are remembered.
const MAX_DOCUMENTS: usize = 50_000;

/// See the module.
pub struct HttpResources {
    network: Arc<Network>,
    /// The address of the tileset.
    root: String,
    /// Files that came before they were asked for one by one.
    ahead: Mutex<BTreeMap<String, Result<Vec<u8>, ResourceError>>>,
    /// What was read as a whole, before anything was streamed: tilesets.
    documents: Mutex<BTreeSet<String>>,
}

/// The address that a person named; `http` is allowed for that reason.
fn address_of(url: &str) -> Result<Address, ResourceError> {
    let plain: Vec<String> = host_of_plain(url).into_iter().collect();
    Address::parse(url, &plain).map_err(|source| ResourceError::Fetch {
        source: source.without_query(),
    })
}

/// The host of the server that a path names; `None` for paths of this machine and what is no address.
pub fn server_of(path: &str) -> Option<String> {
    let address = is_url(path).then(|| address_of(path).ok())?;
    address.map(|address| address.host().to_owned())
}

/// An address as it is asked for, written as servers want it.
///
/// # Errors
/// [`ResourceError::Fetch`] for an address that is not fetched.
pub fn checked_url(url: &str) -> Result<String, ResourceError> {
    address_of(url).map(|address| address.as_str().to_owned())
}

/// Who answers for the tileset at `path`, and what it is called there: its server where that is an address, else `resources`.
///
/// # Errors
/// [`ResourceError::Fetch`] for an address that is not fetched.
pub fn resources_for(
    resources: &Arc<dyn Resources>,
    path: &str,
) -> Result<(Arc<dyn Resources>, String), ResourceError> {
    if is_url(path) && resources.remote().is_none() {
        return HttpResources::open(&Network::of_program(), path);
    }
    Ok((resources.clone(), path.to_owned()))
}

/// Whether the tileset at this address can be shown without asking anybody, as far as its first file tells.
pub fn is_kept(url: &str) -> bool {
    let network = Network::of_program();
    address_of(url).is_ok_and(|address| network.cache().is_some_and(|cache| cache.has(address.as_str())))
}

impl HttpResources {
    /// The tileset at an address that a person named, and its path. `http` is allowed to its host for that reason.
    ///
    /// # Errors
    /// [`ResourceError::Fetch`] for an address that is not fetched.
    pub fn open(network: &Arc<Network>, url: &str) -> Result<(Arc<dyn Resources>, String), ResourceError> {
        let address = address_of(url)?;
        if url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http:")) {
            network.allow_plain_http(address.host());
        }
        let root = address.as_str().to_owned();
        let resources = Self {
            network: network.clone(),
            root: root.clone(),
            ahead: Mutex::default(),
            documents: Mutex::default(),
        };
        Ok((Arc::new(resources), root))
    }

    /// The address that a person gave instead of a file.
    pub fn url_of(path: &Path) -> Option<&str> {
        path.to_str().filter(|text| is_url(text))
    }

    fn fetch_whole(&self, path: &str, limit: u64) -> Result<Vec<u8>, ResourceError> {
        let url = checked(path)?;
        let transfer = Transfer::unbounded();
        let bytes = self
            .network
            .fetch_patiently(url, limit, false, &transfer)
            .map_err(|error| plainly(error, path))?;
        let mut documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        if documents.len() < MAX_DOCUMENTS {
            documents.insert(path.to_owned());
        }
        Ok(bytes)
    }

    fn ahead(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Result<Vec<u8>, ResourceError>>> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A path as an address; nothing else is read here.
fn checked(path: &str) -> Result<&str, ResourceError> {
    if is_url(path) {
        Ok(path)
    } else {
        Err(ResourceError::Scheme { uri: path.to_owned() })
    }
}

/// A file that is not there is missing, wherever it is not.
fn plainly(error: ResourceError, path: &str) -> ResourceError {
    match error {
        ResourceError::Fetch {
            source: HttpError::NotFound { .. },
        } => ResourceError::Missing { uri: shown_url(path) },
        other => other,
    }
}

impl Resources for HttpResources {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        self.read_at_most(path, MAX_ANSWER_BYTES)
    }

    fn read_at_most(&self, path: &str, limit: u64) -> Result<Vec<u8>, ResourceError> {
        let ahead = self.ahead().remove(path);
        match ahead {
            Some(Ok(bytes)) if bytes.len() as u64 > limit => Err(ResourceError::TooLarge {
                bytes: bytes.len() as u64,
                limit,
                uri: shown_url(path),
            }),
            Some(known) => known,
            None => self.fetch_whole(path, limit),
        }
    }

    /// Nothing is asked only to know whether it is there.
    fn exists(&self, path: &str) -> bool {
        is_url(path)
    }

    fn name(&self) -> String {
        shown_url(&self.root)
    }

    fn remote(&self) -> Option<&dyn Remote> {
        Some(self)
    }

    fn read_ahead(&self, paths: &[String], limit: u64) {
        let next = Mutex::new(paths.iter());
        let take = || next.lock().unwrap_or_else(PoisonError::into_inner).next();
        // What was told of before and not read is of no use any more.
        self.ahead().clear();
        let bytes = std::sync::atomic::AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..AHEAD_AT_ONCE.min(paths.len()) {
                scope.spawn(|| {
                    while let Some(path) = take() {
                        if bytes.load(std::sync::atomic::Ordering::SeqCst) > MAX_AHEAD_BYTES {
                            return;
                        }
                        let fetched = self.fetch_whole(path, limit);
                        let size = fetched.as_ref().map_or(0, |fetched| fetched.len() as u64);
                        bytes.fetch_add(size, std::sync::atomic::Ordering::SeqCst);
                        self.ahead().insert(path.clone(), fetched);
                    }
                });
            }
        });
    }
}

impl Remote for HttpResources {
    fn host(&self, path: &str) -> String {
        server_of(path).unwrap_or_default()
    }

    fn wait(&self, path: &str) -> Duration {
        if crate::sources::http::offline::is_offline() {
            return Duration::ZERO;
        }
        self.network.wait(path)
    }

    fn fetch(&self, path: &str, limit: u64, transfer: &Transfer) -> Result<Vec<u8>, FetchFailure> {
        let failure = |error| FetchFailure {
            error,
            may_pass: false,
            wait: None,
            was_early: false,
        };
        let url = checked(path).map_err(failure)?;
        self.network
            .fetch(url, limit, false, transfer)
            .map_err(|failure| FetchFailure {
                error: plainly(failure.error, path),
                ..failure
            })
    }

    fn documents(&self) -> Vec<String> {
        let documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        documents.iter().cloned().collect()
    }

    fn forget(&self, path: &str) {
        self.network.forget(path);
    }
}
