//! Tiles of a server, kept in a folder of this machine: a kept tile is whole or not there, and the oldest go when there is
//! no more room.

use super::address::TileAddress;
use super::decode::{MAX_TILE_BYTES, format_of};
use super::grid::TileLevel;
use super::tiles::TileStore;
use crate::sources::http::{Address, Cancel, Client, Expected, HttpError, Limits, Want, offline};
use crate::sources::remote::{files_under, make_room};
use crate::sources::{Cause, Problem};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

/// Room for kept tiles of all servers together, bytes.
const CACHE_BYTES: u64 = 2 << 30;
/// A kept answer older than this is asked for again.
const FRESH: Duration = Duration::from_hours(30 * 24);
/// Tiles that are asked for at a time.
const AT_ONCE: usize = 4;

/// Whether servers are asked, and where their answers are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerOptions {
    /// Folder of kept answers; nothing is kept without.
    pub cache: Option<PathBuf>,
    /// Nothing is asked: only what was kept is shown.
    pub is_offline: bool,
    /// Room for kept answers, bytes.
    pub cache_bytes: u64,
}

impl ServerOptions {
    /// The user's cache folder. The program's own switch ([`offline::is_offline`]) counts whenever something is asked.
    pub fn of_machine() -> Self {
        let strategy = etcetera::choose_base_strategy().ok();
        Self {
            cache: strategy.map(|strategy| etcetera::BaseStrategy::cache_dir(&strategy).join("stadslens/imagery")),
            is_offline: false,
            cache_bytes: CACHE_BYTES,
        }
    }
}

/// A server and the answers of it that are kept.
pub(super) struct Server {
    options: ServerOptions,
    client: OnceLock<Client>,
    host: String,
    folder: Option<PathBuf>,
    /// Bytes of all kept answers, once they are counted.
    kept_bytes: Mutex<Option<u64>>,
}

impl Server {
    /// The server of `address`, a template or not.
    ///
    /// # Errors
    /// When it is no address that is asked: `https`, or `http` to this machine.
    pub(super) fn new(address: &str, options: &ServerOptions) -> Result<Self, HttpError> {
        // Braces are no part of an address; what is filled in there are numbers and plain names.
        let plain = address.replace("{s}", "a").replace(['{', '}'], "");
        let host = Address::parse(&plain, &[])?.host().to_owned();
        let digest = Sha256::digest(address.as_bytes());
        let name = digest
            .iter()
            .take(8)
            .fold(0_u64, |name, byte| name << 8 | u64::from(*byte));
        Ok(Self {
            folder: options.cache.as_ref().map(|cache| cache.join(format!("{name:016x}"))),
            options: options.clone(),
            client: OnceLock::new(),
            host,
            kept_bytes: Mutex::new(None),
        })
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    fn client(&self) -> &Client {
        // Somebody waits for the picture: no long patience.
        self.client.get_or_init(|| {
            let limits = Limits {
                per_host: AT_ONCE,
                connect: Duration::from_secs(5),
                silence: Duration::from_secs(15),
                total: Duration::from_mins(1),
                tries: 2,
                longest_wait: Duration::from_secs(5),
                ..Limits::default()
            };
            Client::new(limits, Cancel::new())
        })
    }

    /// What stands at `url`, kept as `name`; `None` where there is nothing. An answer that was kept too long ago serves
    /// when no new one can be had. Offline, what was not kept is a problem: it may come later.
    pub(super) fn get(&self, url: &str, name: &Path, want: &Want<'_>) -> Result<Option<Vec<u8>>, Problem> {
        let kept = self.folder.as_ref().map(|folder| folder.join(name));
        // The switch may have been turned since the layer was opened.
        let is_offline = self.options.is_offline || offline::is_offline();
        let age = kept.as_ref().and_then(|kept| {
            let written = kept.metadata().ok().filter(fs::Metadata::is_file)?.modified().ok()?;
            Some(SystemTime::now().duration_since(written).unwrap_or(Duration::ZERO))
        });
        let read = || {
            let kept = kept.as_ref()?;
            let is_small = kept.metadata().is_ok_and(|found| found.len() <= want.limit_bytes);
            is_small.then(|| fs::read(kept).ok()).flatten()
        };
        if age.is_some_and(|age| age < FRESH || is_offline)
            && let Some(bytes) = read()
        {
            return Ok(Some(bytes));
        }
        if is_offline {
            let message = format!("{} is not asked (offline), and nothing of it was kept here", self.host);
            return Err(Problem::error(&self.host, "", message).because(Cause::Server));
        }
        match self.client().get(url, want) {
            Ok(answer) => {
                if let Some(kept) = &kept {
                    self.keep(kept, &answer.bytes);
                }
                Ok(Some(answer.bytes))
            }
            Err(HttpError::NotFound { .. }) => Ok(None),
            Err(error) => match read() {
                Some(bytes) => Ok(Some(bytes)),
                None => Err(error.problem(&self.host, "")),
            },
        }
    }

    /// Keeps an answer. That it cannot be kept only costs time later.
    fn keep(&self, path: &Path, bytes: &[u8]) {
        let Some(root) = &self.options.cache else { return };
        let size = bytes.len() as u64;
        if size > self.options.cache_bytes / 4 {
            return;
        }
        let mut kept = self.kept_bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut total = kept.unwrap_or_else(|| files_under(root).iter().map(|file| file.bytes).sum());
        if total + size > self.options.cache_bytes {
            total = make_room(root, self.options.cache_bytes / 4 * 3);
        }
        let write = || -> std::io::Result<()> {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            let mut file = atomic_write_file::AtomicWriteFile::open(path)?;
            file.write_all(bytes)?;
            file.commit()
        };
        if write().is_ok() {
            total += size;
        }
        *kept = Some(total);
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("host", &self.host)
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

/// Tiles of a server.
pub(super) struct ServerTiles {
    pub(super) server: Server,
    pub(super) address: TileAddress,
    pub(super) levels: Vec<TileLevel>,
    pub(super) path: String,
    /// Answers that came before they were asked for one by one.
    pub(super) ahead: Mutex<BTreeMap<(usize, u32, u32), Result<Option<Vec<u8>>, Problem>>>,
}

impl fmt::Debug for ServerTiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTiles")
            .field("server", &self.server)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl ServerTiles {
    fn fetch(&self, level: usize, column: u32, row: u32) -> Result<Option<Vec<u8>>, Problem> {
        let Some(found) = self.levels.get(level) else {
            return Ok(None);
        };
        let url = self.address.of(found, column, row);
        let name: PathBuf = [level.to_string(), column.to_string(), row.to_string()]
            .iter()
            .collect();
        let want = Want {
            accept: "image/*",
            ..Want::of(Expected::Picture, MAX_TILE_BYTES as u64)
        };
        let bytes = self.server.get(&url, &name, &want).map_err(|problem| Problem {
            path: self.path.clone(),
            ..problem
        })?;
        // What was kept may have been damaged since.
        Ok(bytes.filter(|bytes| format_of(bytes).is_some()))
    }
}

impl TileStore for ServerTiles {
    fn bytes(&self, level: usize, column: u32, row: u32) -> Result<Option<Vec<u8>>, Problem> {
        let ahead = self
            .ahead
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&(level, column, row));
        ahead.unwrap_or_else(|| self.fetch(level, column, row))
    }

    fn fetch_ahead(&self, level: usize, tiles: &[(u32, u32)]) {
        let next = Mutex::new(tiles.iter());
        let take = || next.lock().unwrap_or_else(PoisonError::into_inner).next().copied();
        std::thread::scope(|scope| {
            for _ in 0..AT_ONCE.min(tiles.len()) {
                scope.spawn(|| {
                    while let Some((column, row)) = take() {
                        let fetched = self.fetch(level, column, row);
                        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
                        ahead.insert((level, column, row), fetched);
                    }
                });
            }
        });
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn host(&self) -> Option<&str> {
        Some(self.server.host())
    }
}

/// A server that a description names, or why it is not asked.
pub(super) fn server_of(address: &str, path: &str, options: &ServerOptions) -> Result<Server, Problem> {
    Server::new(address, options).map_err(|error| Problem::error(path, "", error.to_string()).because(Cause::NotRead))
}
