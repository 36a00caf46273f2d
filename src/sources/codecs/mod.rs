//! Compressed geometry and pictures of tiles, unpacked: Draco ([`draco`]) and Basis Universal ([`basis`]).
//!
//! Each stands behind functions of its own, so that the crate below it can be replaced. Whatever the bytes say, a
//! decoder here returns an error: sizes are checked and capped before anything is reserved, and a panic inside a crate
//! stops at a net. What a stream unpacks to is still not trusted: callers check indices as they do for plain data.

pub(crate) mod basis;
pub(crate) mod draco;
pub(crate) mod draco_header;

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why a stream could not be unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CodecError {
    /// What is wrong, without a place.
    pub(crate) message: String,
    pub(crate) kind: CodecErrorKind,
}

/// What kind of fault a [`CodecError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodecErrorKind {
    /// Cut off, or not what its format says.
    Damaged,
    /// More than is unpacked.
    TooLarge,
    /// Sound, and of a form that is not read.
    NotRead,
}

impl CodecError {
    fn damaged(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            kind: CodecErrorKind::Damaged,
        }
    }

    fn too_large(message: impl Into<String>) -> Self {
        Self {
            kind: CodecErrorKind::TooLarge,
            ..Self::damaged(message)
        }
    }

    fn not_read(message: impl Into<String>) -> Self {
        Self {
            kind: CodecErrorKind::NotRead,
            ..Self::damaged(message)
        }
    }
}

/// Runs a decoder with a last net below it.
fn guarded<T>(what: &str, decode: impl FnOnce() -> Result<T, CodecError>) -> Result<T, CodecError> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_panic| {
        Err(CodecError::damaged(format!(
            "{what} is damaged in a way its decoder did not expect"
        )))
    })
}
