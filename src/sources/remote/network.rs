//! What is known of servers and kept of their answers, for the whole program.

use super::cache::{CACHE_BYTES, Cache, Kept};
use super::freshness::Freshness;
use crate::sources::http::{Asker, Expected, HttpError, Limits, Outcome, Transfer, Validators, Want, offline};
use crate::sources::resource::{FetchFailure, ResourceError};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Largest answer, bytes, unpacked. Tiles are made to be streamed: real ones have a few megabytes.
pub const MAX_ANSWER_BYTES: u64 = 128 << 20;
/// Connections to one host.
const PER_HOST: usize = 20;

/// How a [`Network`] behaves.
#[derive(Debug, Clone)]
pub struct NetworkOptions {
    /// Folder of kept answers; nothing is kept without.
    pub cache: Option<PathBuf>,
    /// Room for kept answers, bytes.
    pub cache_bytes: u64,
    /// Patience.
    pub limits: Limits,
}

impl Default for NetworkOptions {
    /// The user's cache folder, and the patience of somebody who waits for a picture.
    fn default() -> Self {
        let strategy = etcetera::choose_base_strategy().ok();
        Self {
            cache: strategy.map(|strategy| etcetera::BaseStrategy::cache_dir(&strategy).join("stadslens/tiles3d")),
            cache_bytes: CACHE_BYTES,
            limits: Limits {
                per_host: PER_HOST,
                connect: Duration::from_secs(10),
                silence: Duration::from_secs(20),
                total: Duration::from_mins(5),
                slow_window: Duration::from_secs(30),
                tries: 4,
                backoff: Duration::from_millis(500),
                longest_wait: Duration::from_secs(30),
                ..Limits::default()
            },
        }
    }
}

/// See the module.
pub struct Network {
    asker: Asker,
    cache: Option<Cache>,
}

impl Network {
    /// One of its own.
    pub fn new(options: NetworkOptions) -> Arc<Self> {
        Arc::new(Self {
            asker: Asker::new(options.limits),
            cache: options.cache.map(|root| Cache::new(&root, options.cache_bytes)),
        })
    }

    /// The one of this program.
    pub fn of_program() -> Arc<Self> {
        static NETWORK: OnceLock<Arc<Network>> = OnceLock::new();
        NETWORK.get_or_init(|| Self::new(NetworkOptions::default())).clone()
    }

    /// What is kept, where anything is.
    pub fn cache(&self) -> Option<&Cache> {
        self.cache.as_ref()
    }

    /// Its limits.
    pub fn limits(&self) -> &Limits {
        self.asker.limits()
    }

    /// Allows `http` to a host that a person named.
    pub(super) fn allow_plain_http(&self, host: &str) {
        self.asker.allow_plain_http(host);
    }

    /// Hosts that refused or could not be reached are asked again: somebody wants it.
    pub fn try_again(&self) {
        self.asker.try_again();
    }

    /// How long nothing is to be asked for an address yet.
    pub fn wait(&self, url: &str) -> Duration {
        self.asker.left_alone(url)
    }

    /// One try: what is kept while it is fresh, else what the server says, else what is kept though it is old. What a
    /// person wants to keep is kept so from then on (`is_pinned`).
    ///
    /// # Errors
    /// Why nothing can be had, and whether to come back.
    pub fn fetch(&self, url: &str, limit: u64, is_pinned: bool, transfer: &Transfer) -> Result<Vec<u8>, FetchFailure> {
        let limit = limit.min(MAX_ANSWER_BYTES);
        let now_s = jiff::Timestamp::now().as_second();
        let kept = self.cache.as_ref().and_then(|cache| cache.get(url, limit));
        if let Some(kept) = &kept
            && (kept.freshness.is_fresh(now_s) || offline::is_offline())
        {
            let kept = kept.clone();
            transfer.hold(kept.bytes.len() as u64, url).map_err(failure)?;
            if is_pinned && !kept.is_pinned {
                self.keep(url, &kept.bytes, &kept.freshness, true);
            }
            return Ok(kept.bytes);
        }
        let held = transfer.held();
        match self.ask(url, limit, kept.as_ref(), transfer) {
            Ok((bytes, freshness)) => {
                let is_pinned = is_pinned || kept.is_some_and(|kept| kept.is_pinned);
                match freshness {
                    Some(freshness) => self.keep(url, &bytes, &freshness, is_pinned),
                    None => self.forget(url),
                }
                Ok(bytes)
            }
            Err(error) => {
                // Whatever came of it takes no memory any more.
                transfer.release_to(held);
                let is_gone = matches!(error, HttpError::NotFound { .. } | HttpError::Cancelled { .. });
                match kept.filter(|kept| !is_gone && kept.freshness.serves(now_s)) {
                    Some(kept) => {
                        transfer.hold(kept.bytes.len() as u64, url).map_err(failure)?;
                        Ok(kept.bytes)
                    }
                    None => Err(failure(error)),
                }
            }
        }
    }

    fn ask(
        &self,
        url: &str,
        limit: u64,
        kept: Option<&Kept>,
        transfer: &Transfer,
    ) -> Result<(Vec<u8>, Option<Freshness>), HttpError> {
        let want = Want {
            may_be_packed: true,
            ..Want::of(Expected::Tile, limit)
        };
        let known = kept.map(|kept| kept.freshness.validators()).filter(Validators::is_some);
        let outcome = self.asker.ask(url, &want, known.as_ref(), transfer)?;
        let now_s = jiff::Timestamp::now().as_second();
        match (outcome, kept) {
            (Outcome::New { bytes, headers }, _) => Ok((bytes, Freshness::of(&headers, now_s))),
            (Outcome::Unchanged { headers }, Some(kept)) => {
                transfer.hold(kept.bytes.len() as u64, url)?;
                Ok((kept.bytes.clone(), Some(kept.freshness.confirmed(&headers, now_s))))
            }
            (Outcome::Unchanged { .. }, None) => Err(HttpError::Garbled {
                reason: "unchanged, though nothing is known".to_owned(),
                url: url.to_owned(),
            }),
        }
    }

    fn keep(&self, url: &str, bytes: &[u8], freshness: &Freshness, is_pinned: bool) {
        if let Some(cache) = &self.cache {
            // That it cannot be kept only costs time later.
            let _ = cache.put(url, bytes, freshness, is_pinned);
        }
    }

    /// Takes away what is kept for an address.
    pub(super) fn forget(&self, url: &str) {
        if let Some(cache) = &self.cache {
            cache.forget(url);
        }
    }

    /// The same with as many tries as the limits allow, for a thread that may wait.
    ///
    /// # Errors
    /// The last reason.
    pub fn fetch_patiently(
        &self,
        url: &str,
        limit: u64,
        is_pinned: bool,
        transfer: &Transfer,
    ) -> Result<Vec<u8>, ResourceError> {
        let limits = self.limits();
        let mut tried = 0;
        loop {
            let failure = match self.fetch(url, limit, is_pinned, transfer) {
                Ok(bytes) => return Ok(bytes),
                Err(failure) => failure,
            };
            tried += u32::from(!failure.was_early);
            if !failure.may_pass || tried >= limits.tries || failure.wait.is_some_and(|wait| wait > limits.longest_wait)
            {
                return Err(failure.error);
            }
            let pause = crate::sources::http::pause(limits.backoff, tried.max(1), limits.longest_wait);
            let pause = failure
                .wait
                .map_or(pause, |wait| if failure.was_early { wait } else { pause.max(wait) });
            if !transfer.cancel.wait(pause) {
                return Err(ResourceError::Fetch {
                    source: HttpError::Cancelled { url: url.to_owned() },
                });
            }
        }
    }
}

/// What a failed try means for the next one.
fn failure(source: HttpError) -> FetchFailure {
    let wait = match &source {
        HttpError::Status { retry_after, .. } => *retry_after,
        HttpError::NotYet { wait, .. } => Some(*wait),
        // Until something was decoded.
        HttpError::NoRoom { .. } => Some(Duration::from_millis(300)),
        _ => None,
    };
    FetchFailure {
        may_pass: source.may_pass(),
        was_early: matches!(source, HttpError::NotYet { .. } | HttpError::NoRoom { .. }),
        wait,
        error: ResourceError::Fetch {
            source: source.without_query(),
        },
    }
}
