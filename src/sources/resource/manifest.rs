//! The list of what a package holds: each file with its size and SHA-256, so that a file that was changed, swapped or cut
//! off on the way is noticed where it is read.

use super::{ResourceError, Resources};
use crate::sources::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Name of the list in a package.
pub const MANIFEST: &str = "manifest.json";
/// What the list calls itself.
pub const FORMAT: &str = "stadslens-package";
/// Version of the list that is written, and the highest that is read.
pub const MANIFEST_VERSION: u32 = 1;
/// Largest list that is read, bytes.
const MAX_BYTES: u64 = 64 << 20;

/// What the list says of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestEntry {
    /// Its size, bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes, lower-case hexadecimal.
    pub sha256: String,
}

impl ManifestEntry {
    /// What the list has to say of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.len() as u64,
            sha256: hex(&Sha256::digest(bytes)),
        }
    }
}

/// The list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// Version of the list.
    pub version: u32,
    /// Program that wrote it, with its version.
    pub program: String,
    /// Every file but the list itself, by its path.
    pub files: BTreeMap<String, ManifestEntry>,
}

/// The same files, each held against the list of the package where it has one. A package without one is taken as it is,
/// and so is one whose list cannot be read, which is said.
pub(super) fn verified(inner: Arc<dyn Resources>) -> Arc<dyn Resources> {
    if !inner.exists(MANIFEST) {
        return inner;
    }
    let manifest = read_list(&*inner);
    Arc::new(Verified { inner, manifest })
}

/// The list, or why it cannot be used.
fn read_list(inner: &dyn Resources) -> Result<Manifest, String> {
    let bytes = inner
        .read_at_most(MANIFEST, MAX_BYTES)
        .map_err(|error| error.to_string())?;
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|error| {
        format!("this list cannot be read, so nothing is held against it, fetch the package again: {error}")
    })?;
    if manifest.format != FORMAT || manifest.version > MANIFEST_VERSION {
        return Err(format!(
            "this is version {} of `{}`, and this program reads `{FORMAT}` up to {MANIFEST_VERSION}: nothing is held against \
             it, open it with a newer Stadslens",
            manifest.version, manifest.format
        ));
    }
    Ok(manifest)
}

struct Verified {
    inner: Arc<dyn Resources>,
    manifest: Result<Manifest, String>,
}

impl Resources for Verified {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        self.held_against_list(path, self.inner.read(path)?)
    }

    fn read_at_most(&self, path: &str, limit: u64) -> Result<Vec<u8>, ResourceError> {
        self.held_against_list(path, self.inner.read_at_most(path, limit)?)
    }

    fn exists(&self, path: &str) -> bool {
        self.inner.exists(path)
    }

    fn name(&self) -> String {
        self.inner.name()
    }

    fn listed(&self) -> Vec<String> {
        let files = self.manifest.iter().flat_map(|manifest| manifest.files.keys());
        let mut paths: BTreeSet<String> = files.cloned().collect();
        paths.extend(self.inner.listed());
        paths.into_iter().collect()
    }

    fn refused(&self) -> Vec<ResourceError> {
        let mut refused = self.inner.refused();
        if let Err(reason) = &self.manifest {
            refused.push(ResourceError::Archive {
                reason: reason.clone(),
                uri: MANIFEST.to_owned(),
            });
        }
        refused
    }
}

impl Verified {
    fn held_against_list(&self, path: &str, bytes: Vec<u8>) -> Result<Vec<u8>, ResourceError> {
        let Ok(manifest) = &self.manifest else {
            return Ok(bytes);
        };
        let reason = match manifest.files.get(path) {
            _ if path == MANIFEST => return Ok(bytes),
            None => format!("{MANIFEST} does not name this file, so it is not used"),
            Some(entry) if *entry == ManifestEntry::of(&bytes) => return Ok(bytes),
            Some(_) => {
                format!("this is not the file that {MANIFEST} names, its SHA-256 differs: fetch the package again")
            }
        };
        Err(ResourceError::Archive {
            reason,
            uri: path.to_owned(),
        })
    }
}
