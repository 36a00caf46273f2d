//! Where in a JSON document something stands, written as `variants[1].buildings[0].footprint`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A place, kept on the stack as a chain to the root, so that walking a large document allocates nothing.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// The document.
    Root,
    /// A key of an object.
    Key(&'a Place<'a>, &'a str),
    /// An entry of a list.
    Index(&'a Place<'a>, usize),
}

impl<'a> Place<'a> {
    /// The place of `key` here.
    pub(super) fn key(&'a self, key: &'a str) -> Self {
        Self::Key(self, key)
    }

    /// The place of entry `index` here.
    pub(super) fn index(&'a self, index: usize) -> Self {
        Self::Index(self, index)
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(Self::Root, key) => f.write_str(key),
            Self::Key(parent, key) => write!(f, "{parent}.{key}"),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// List entries that were left out, so that later messages still count as the file does.
#[derive(Debug, Default)]
pub(super) struct LeftOut(BTreeMap<String, BTreeSet<usize>>);

impl LeftOut {
    /// Notes that entry `index` (counted as in the file) of `list` was left out.
    pub(super) fn add(&mut self, list: &Place<'_>, index: usize) {
        self.0.entry(list.to_string()).or_default().insert(index);
    }

    /// The number in the file of every one of the `kept` entries of `list`.
    pub(super) fn file_indices(&self, list: &str, kept: usize) -> Vec<usize> {
        match self.0.get(list) {
            None => (0..kept).collect(),
            Some(out) => (0..).filter(|i| !out.contains(i)).take(kept).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_read_as_paths() {
        let root = Place::Root;
        let variants = root.key("variants");
        let second = variants.index(1);
        assert_eq!(second.key("title").to_string(), "variants[1].title");
        assert_eq!(root.to_string(), "");
    }

    #[test]
    fn kept_entries_keep_their_number_in_the_file() {
        let root = Place::Root;
        let list = root.key("layers");
        let mut out = LeftOut::default();
        out.add(&list, 1);
        out.add(&list, 3);
        assert_eq!(out.file_indices("layers", 3), [0, 2, 4]);
        assert_eq!(out.file_indices("phases", 2), [0, 1]);
    }
}
