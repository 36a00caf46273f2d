//! What all objects of a document hold, as `inspect` counts it.

use super::findings::LONGEST_PLACE;
use crate::sources::shortened;
use std::collections::BTreeMap;

/// Most different names of a kind that are counted each by itself: a city has dozens, a damaged file as many as objects.
const MOST_NAMES: usize = 1000;
/// What the others are counted under.
const OTHERS: &str = "(others)";

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) objects: u64,
    pub(super) types: BTreeMap<String, u64>,
    pub(super) geometries: BTreeMap<String, u64>,
    pub(super) lods: BTreeMap<String, u64>,
    pub(super) surfaces: u64,
    pub(super) triangles: u64,
}

/// Counts one more of a name.
pub(super) fn add(counts: &mut BTreeMap<String, u64>, name: &str) {
    if let Some(count) = counts.get_mut(name) {
        *count += 1;
        return;
    }
    let shown = shortened(name, LONGEST_PLACE);
    let has_room = counts.len() < MOST_NAMES || counts.contains_key(&shown);
    *counts
        .entry(if has_room { shown } else { OTHERS.to_owned() })
        .or_insert(0) += 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_end_are_counted_together() {
        let mut counts = BTreeMap::new();
        for n in 0..3000 {
            add(&mut counts, &format!("{n}{}", "x".repeat(5000)));
        }
        add(&mut counts, "2");
        add(&mut counts, &format!("2{}", "x".repeat(5000)));
        assert_eq!((counts.len(), counts[OTHERS]), (MOST_NAMES + 1, 2001));
        assert!(counts.keys().all(|name| name.chars().count() <= LONGEST_PLACE + 1));
        assert_eq!(counts.values().sum::<u64>(), 3002);
    }
}
