//! Where bytes come from: a folder, a package, an archive of tiles or a server, behind one interface.
//!
//! Paths are relative, with forward slashes, joined by [`join`] and checked again where they are opened: no
//! path leads out of the folder (not through a symbolic link either) and no archive entry is unpacked beyond
//! its cap. Nothing is ever written.

mod archive;
mod folder;
mod gzip;
#[cfg(test)]
pub(crate) mod made_up;
mod manifest;
mod md5;
mod random_read;
mod remote;
mod tile_archive;
mod tile_database;
mod unpacked;
mod url;
mod zip_directory;

pub use archive::archive;
pub use folder::folder;
pub(crate) use gzip::unzipped;
pub use manifest::{FORMAT, MANIFEST, MANIFEST_VERSION, Manifest, ManifestEntry};
pub use random_read::RandomRead;
pub use remote::{FetchFailure, Remote};
pub(crate) use unpacked::{is_tile_archive, leads_into_archive, root_document, unpacked};
pub(in crate::sources) use url::host_of_plain;
pub use url::{is_url, plain_path, shown_url};

use crate::sources::{Cause, Problem, http::HttpError, shortened};
use base64::Engine as _;
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};
use thiserror::Error;

/// Largest file that is read where its kind has no smaller cap, bytes.
const MAX_FILE_BYTES: u64 = 2 << 30;
/// Longest part of an address in a message, characters: a data URI would fill the screen.
const LONGEST_URI: usize = 120;

/// Why bytes could not be had.
#[derive(Debug, Error)]
pub enum ResourceError {
    /// No such file.
    #[error("the file is missing: {uri}")]
    Missing {
        /** What was asked for. */
        uri: String,
    },
    /// The path leads out of the folder or archive.
    #[error("the path leads out of its folder and is not followed: {uri}")]
    Outside {
        /** What was asked for. */
        uri: String,
    },
    /// Bigger than a file of its kind may be.
    #[error("the file has {bytes} bytes, more than the {limit} allowed: {uri}")]
    TooLarge {
        /** Size. */
        bytes: u64,
        /** Cap. */
        limit: u64,
        /** What was asked for. */
        uri: String,
    },
    /// The path is written in a way that does not work everywhere.
    #[error("the path cannot be used ({reason}): {uri}")]
    Unusable {
        /** What is wrong with it. */
        reason: &'static str,
        /** What was asked for. */
        uri: String,
    },
    /// A scheme this program does not read yet.
    #[error("addresses of this kind are not read yet: {uri}")]
    Scheme {
        /** What was asked for. */
        uri: String,
    },
    /// The system refused.
    #[error("cannot read ({source}): {uri}")]
    Io {
        /** Reason. */
        #[source]
        source: std::io::Error,
        /** What was asked for. */
        uri: String,
    },
    /// It could not be fetched over the network.
    #[error("{source}")]
    Fetch {
        /** Reason, with the address. */
        source: HttpError,
    },
    /// The archive is damaged.
    #[error("the archive is damaged ({reason}): {uri}")]
    Archive {
        /** Reason. */
        reason: String,
        /** What was asked for. */
        uri: String,
    },
}

impl ResourceError {
    /// What kind of problem this is.
    pub fn cause(&self) -> Cause {
        match self {
            Self::Missing { .. } => Cause::Missing,
            Self::Outside { .. } => Cause::Outside,
            Self::TooLarge { .. } => Cause::TooLarge,
            Self::Unusable { .. } => Cause::WrongKind,
            Self::Scheme { .. } => Cause::NotRead,
            Self::Io { .. } => Cause::Unreadable,
            Self::Archive { .. } => Cause::Damaged,
            Self::Fetch { source } => source.cause(),
        }
    }

    /// The same for a file in the archive at `archive`.
    fn within(mut self, archive: &str) -> Self {
        match &mut self {
            Self::Missing { uri }
            | Self::Outside { uri }
            | Self::TooLarge { uri, .. }
            | Self::Unusable { uri, .. }
            | Self::Scheme { uri }
            | Self::Io { uri, .. }
            | Self::Archive { uri, .. } => *uri = format!("{archive}/{uri}"),
            // Its address names the archive.
            Self::Fetch { .. } => {}
        }
        self
    }

    /// It as a problem of the file at `path`, named at `place` there.
    pub fn problem(&self, path: impl Into<String>, place: impl Into<String>) -> Problem {
        Problem::error(path, place, self.to_string()).because(self.cause())
    }
}

/// Something that answers relative paths with bytes. Usable from any thread.
pub trait Resources: Send + Sync {
    /// Reads `path` (relative, forward slashes, already joined and normalised) whole.
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError>;
    /// The same for a file of a kind that never has more than `limit` bytes: a bigger one is
    /// [`ResourceError::TooLarge`]. What stands behind a disk or an archive never reads further than that.
    fn read_at_most(&self, path: &str, limit: u64) -> Result<Vec<u8>, ResourceError> {
        let bytes = self.read(path)?;
        if bytes.len() as u64 > limit {
            return Err(ResourceError::TooLarge {
                bytes: bytes.len() as u64,
                limit,
                uri: path.to_owned(),
            });
        }
        Ok(bytes)
    }
    /// Opens a file to read parts of it. Where only whole files can be had, it is read whole, and has at most `limit`
    /// bytes.
    fn open(&self, path: &str, limit: u64) -> Result<Arc<dyn RandomRead>, ResourceError> {
        Ok(Arc::new(self.read_at_most(path, limit)?))
    }
    /// Where the file lies on the disk, for readers of other hands that open files themselves; `None` where it is in an
    /// archive or not there.
    fn real_path(&self, _path: &str) -> Option<PathBuf> {
        None
    }
    /// Whether `path` exists.
    fn exists(&self, path: &str) -> bool;
    /// What to call this in messages.
    fn name(&self) -> String;
    /// Every path that is there or should be, where that is known.
    fn listed(&self) -> Vec<String> {
        Vec::new()
    }
    /// Files in the folder `folder` (empty for the top) and those below it, at most `most`, in a fixed order.
    fn files_under(&self, folder: &str, most: usize) -> Vec<String> {
        let inside =
            |path: &String| folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        self.listed().into_iter().filter(inside).take(most).collect()
    }
    /// What reading over a network can do besides; `None` for what is on this machine.
    fn remote(&self) -> Option<&dyn Remote> {
        None
    }
    /// Tells that these are read next, so that what comes from afar is fetched side by side. Blocks until it has come.
    fn read_ahead(&self, _paths: &[String], _limit: u64) {}
    /// What came for this path turned out to be damaged: where copies are kept, none of it is given again.
    fn read_again(&self, path: &str) {
        if let Some(remote) = self.remote() {
            remote.forget(path);
        }
    }
    /// What is there and is not given to anyone: entries of an archive that lead out of it, links, and what is encrypted.
    fn refused(&self) -> Vec<ResourceError> {
        Vec::new()
    }
}

/// A name as part of a file name on any system: at most `longest` letters and digits, with dashes for all else.
pub fn slug(name: &str, longest: usize) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    name.chars().take(longest).map(plain).collect()
}

/// Joins a relative URI to the path of the document it stands in: percent-decoded, query and fragment left
/// off, `.` and `..` resolved.
///
/// `Outside` when it leaves the root, `Scheme` for absolute URLs and drive letters, `Unusable` for
/// backslashes and the like. In a document that was read over HTTP, whose path is its address, see [`is_url`].
pub fn join(document: &str, uri: &str) -> Result<String, ResourceError> {
    if is_url(document) {
        return url::join_url(document, uri);
    }
    let unusable = |reason| ResourceError::Unusable {
        reason,
        uri: shortened(uri, LONGEST_URI),
    };
    let outside = || ResourceError::Outside {
        uri: shortened(uri, LONGEST_URI),
    };
    let scheme = || ResourceError::Scheme { uri: shown_url(uri) };
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    if has_scheme(path) || path.starts_with("//") {
        return Err(scheme());
    }
    let decoded = percent_encoding::percent_decode_str(path)
        .decode_utf8()
        .map_err(|_error| unusable("its percent codes are not UTF-8"))?;
    if decoded.is_empty() {
        return Err(unusable("it is empty"));
    }
    if decoded.contains('\\') {
        return Err(unusable("it has backslashes; write forward slashes"));
    }
    if decoded.chars().any(char::is_control) {
        return Err(unusable("it has control characters"));
    }
    if decoded.starts_with('/') {
        return Err(outside());
    }
    // A colon in the first part is a drive letter or a scheme that was hidden behind percent codes.
    if decoded.split('/').next().is_some_and(|first| first.contains(':')) {
        return Err(scheme());
    }
    let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in decoded.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or_else(outside)?;
            }
            _ => parts.push(part),
        }
    }
    if parts.is_empty() {
        return Err(unusable("it names a folder"));
    }
    Ok(parts.join("/"))
}

/// Reads what a URI in `document` names: a file of at most `limit` bytes beside it, or the bytes in a `data:` URI,
/// which are in memory already.
pub(crate) fn read_uri(
    resources: &dyn Resources,
    document: &str,
    uri: &str,
    limit: u64,
) -> Result<Vec<u8>, ResourceError> {
    let Some(data) = uri.strip_prefix("data:") else {
        if document.is_empty() && is_url(uri) {
            // Already joined. Folders and archives refuse it.
            return resources.read_at_most(uri, limit);
        }
        return resources.read_at_most(&join(document, uri)?, limit);
    };
    let unusable = |reason| ResourceError::Unusable {
        reason,
        uri: shortened(uri, LONGEST_URI),
    };
    let (kind, data) = data.split_once(',').ok_or_else(|| unusable("its data has no comma"))?;
    let decoded: Vec<u8> = percent_encoding::percent_decode_str(data).collect();
    if !kind.trim_end().ends_with(";base64") {
        return Ok(decoded);
    }
    // Some exporters leave the padding out.
    let engine = base64::engine::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        base64::engine::GeneralPurposeConfig::new()
            .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
    );
    engine
        .decode(decoded)
        .map_err(|_error| unusable("its base64 is damaged"))
}

/// Percent codes for the characters that [`join`] would take for something else; an address has its own already.
pub(crate) fn encode_percent(path: &str) -> String {
    const SPECIAL: percent_encoding::AsciiSet = percent_encoding::CONTROLS.add(b'%').add(b'?').add(b'#');
    if is_url(path) {
        return path.to_owned();
    }
    percent_encoding::utf8_percent_encode(path, &SPECIAL).to_string()
}

/// `tiles://`, `C:`, `data:` and the like at the start.
fn has_scheme(path: &str) -> bool {
    path.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c))
    })
}

/// The first bytes of a file, at most `length`; `None` when it is no file or cannot be read.
pub(crate) fn head(path: &Path, length: usize) -> Option<Vec<u8>> {
    // Reading a pipe or a device could wait for ever.
    path.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let mut bytes = Vec::with_capacity(length);
    File::open(path)
        .ok()?
        .take(length as u64)
        .read_to_end(&mut bytes)
        .ok()?;
    Some(bytes)
}

/// Reads to the end, but never past the cap, whatever size was promised.
fn read_capped(reader: impl Read, promised: u64, limit: u64, path: &str) -> Result<Vec<u8>, ResourceError> {
    /// More is not reserved in advance: a promise is not yet a file.
    const RESERVED_AT_MOST: u64 = 64 << 20;
    let too_large = |bytes| ResourceError::TooLarge {
        bytes,
        limit,
        uri: path.to_owned(),
    };
    let limit = limit.min(MAX_FILE_BYTES);
    if promised > limit {
        return Err(too_large(promised));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(promised.min(RESERVED_AT_MOST)).unwrap_or(0));
    let read = reader
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| ResourceError::Io {
            source,
            uri: path.to_owned(),
        })? as u64;
    if read > limit {
        return Err(too_large(read));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_uris_are_joined_decoded_and_resolved() {
        for (document, uri, expected) in [
            ("tileset.json", "a/b.glb", "a/b.glb"),
            ("a/b/tileset.json", "../c.b3dm?v=1.2#x", "a/c.b3dm"),
            ("a/t.json", "./b%20c/%C3%A9.glb", "a/b c/é.glb"),
            ("", "x//y/./z", "x/y/z"),
        ] {
            assert_eq!(join(document, uri).unwrap(), expected, "{uri}");
        }
    }

    #[test]
    fn paths_out_of_the_folder_and_other_schemes_are_refused() {
        for uri in ["../x", "/etc/passwd", "a/../../x", "%2e%2e/x", "%2Fetc"] {
            assert!(
                matches!(join("t.json", uri), Err(ResourceError::Outside { .. })),
                "{uri}"
            );
        }
        for uri in [
            "https://example.org/t.json",
            "C:/x",
            "c%3A/x",
            "data:,x",
            "//host/x",
            "file:///x",
        ] {
            assert!(
                matches!(join("t.json", uri), Err(ResourceError::Scheme { .. })),
                "{uri}"
            );
        }
        for uri in ["", "?x", "a\\b", "..%5Cx", "a%00b", "%ff", "."] {
            assert!(
                matches!(join("t.json", uri), Err(ResourceError::Unusable { .. })),
                "{uri}"
            );
        }
        let long = join("", &format!("data:{}", "x".repeat(5000))).unwrap_err().to_string();
        assert!(long.len() < 300, "{long}");
    }

    #[test]
    fn a_folder_reads_inside_itself_only() {
        let outer = tempfile::tempdir().unwrap();
        std::fs::write(outer.path().join("secret"), b"no").unwrap();
        let root = outer.path().join("root");
        std::fs::create_dir_all(root.join("sub")).unwrap();
        std::fs::write(root.join("sub/a b.bin"), b"yes").unwrap();
        let resources = folder(&root);
        assert_eq!(resources.read("sub/a b.bin").unwrap(), b"yes");
        assert!(resources.exists("sub/a b.bin") && !resources.exists("sub") && !resources.exists("../secret"));
        assert!(matches!(
            resources.read("../secret"),
            Err(ResourceError::Outside { .. })
        ));
        assert!(matches!(resources.read("none"), Err(ResourceError::Missing { .. })));
        assert!(matches!(resources.read("sub"), Err(ResourceError::Unusable { .. })));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(outer.path().join("secret"), root.join("link")).unwrap();
            assert!(matches!(resources.read("link"), Err(ResourceError::Outside { .. })));
            std::os::unix::fs::symlink(root.join("sub/a b.bin"), root.join("inner")).unwrap();
            assert_eq!(resources.read("inner").unwrap(), b"yes");
        }
        assert!(matches!(
            folder(&root.join("none")).read("x"),
            Err(ResourceError::Missing { .. })
        ));
    }

    /// A terabyte would not fit any machine: a test that read it would not end.
    #[test]
    fn a_file_above_its_cap_is_refused_before_it_is_read() {
        let root = tempfile::tempdir().unwrap();
        let sparse = File::create(root.path().join("huge.json")).unwrap();
        sparse.set_len(1 << 40).unwrap();
        std::fs::write(root.path().join("small.json"), vec![b' '; 1000]).unwrap();
        let resources = folder(root.path());
        let refused = |name: &str, limit: u64| match resources.read_at_most(name, limit) {
            Err(ResourceError::TooLarge { bytes, limit, .. }) => Some((bytes, limit)),
            _ => None,
        };
        assert_eq!(refused("huge.json", 64 << 20), Some((1 << 40, 64 << 20)));
        assert_eq!(refused("small.json", 999), Some((1000, 999)));
        assert_eq!(resources.read_at_most("small.json", 1000).unwrap().len(), 1000);
        assert!(matches!(
            resources.read("huge.json"),
            Err(ResourceError::TooLarge { .. })
        ));
    }

    /// Device files and growing ones promise less than they give.
    #[test]
    fn a_reader_that_gives_more_than_it_promised_is_cut_off() {
        let endless = std::io::repeat(b' ');
        assert!(matches!(
            read_capped(endless, 0, 5000, "endless"),
            Err(ResourceError::TooLarge {
                bytes: 5001,
                limit: 5000,
                ..
            })
        ));
    }
}
