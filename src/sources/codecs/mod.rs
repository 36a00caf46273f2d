//! Codecs of other hands, each behind a function with caps of its own, so that one can be replaced.

pub(crate) mod draco;
