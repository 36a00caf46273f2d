//! How many rows the features of a file need that has no table of them: `featureCount` is the number of different ids and
//! not the greatest, so that ids 1 to 4 beside 0 for "no feature" are four features in five rows.

use super::{
    accessor::Views,
    data::PrimitiveData,
    feature_ids::{FeatureIdSet, MAX_FEATURES, Rows},
    file_metadata::FileMetadata,
};
use std::collections::BTreeSet;

/// Most ids that are looked at for one file, those in textures not counted.
const MAX_LOOKED_AT: usize = 1 << 26;

/// As many rows as the features of a file have ids, where neither a property table nor a batch says how many there are.
pub(super) fn with_all_ids(rows: Rows, batch: Option<u32>, views: &Views<'_>, metadata: &FileMetadata) -> Rows {
    if rows.property_table.is_some() || batch.is_some_and(|batch| batch > 0) {
        return rows;
    }
    let root = views.root;
    let mut greatest = Greatest {
        left: MAX_LOOKED_AT,
        accessors: BTreeSet::new(),
        rows: rows.count,
    };
    let nodes = root.nodes.iter().map(|node| &node.extensions);
    let first = |sets: Vec<FeatureIdSet>| sets.into_iter().next();
    for set in nodes.filter_map(|extensions| first(FeatureIdSet::all_of_instances(extensions))) {
        greatest.look(&set, &mut || Some(PrimitiveData::plain(views)));
    }
    for primitive in root.meshes.iter().flat_map(|mesh| &mesh.primitives) {
        let Some(set) = first(FeatureIdSet::all_of(primitive)).filter(|set| set.counted() > 0) else {
            continue;
        };
        if let Some(source) = set.texture() {
            let of_texture = metadata.most_rows(source, set.null_id(), MAX_FEATURES);
            greatest.rows = greatest.rows.max(of_texture);
        } else {
            // What is wrong with a stream is told where the primitive is read.
            greatest.look(&set, &mut || PrimitiveData::of(views, primitive, &mut Vec::new()).ok());
        }
    }
    Rows {
        count: greatest.rows,
        ..rows
    }
}

struct Greatest {
    left: usize,
    /// Those that were looked at, with the id that means "no feature".
    accessors: BTreeSet<(usize, Option<u32>)>,
    /// One more than the greatest id so far.
    rows: u32,
}

impl Greatest {
    /// Looks at the ids of a set in an accessor; `data` reads that.
    fn look<'a>(&mut self, set: &FeatureIdSet, data: &mut dyn FnMut() -> Option<PrimitiveData<'a>>) {
        let Some(index) = set.accessor().filter(|_| set.counted() > 0) else {
            return;
        };
        if self.left == 0 || !self.accessors.insert((index, set.null_id())) {
            return;
        }
        let ids = data().and_then(|data| data.integers(index).ok()).unwrap_or_default();
        self.left = self.left.saturating_sub(ids.len());
        let is_feature = |id: &u32| *id < MAX_FEATURES && Some(*id) != set.null_id();
        let most = ids.into_iter().filter(is_feature).max();
        self.rows = self.rows.max(most.map_or(0, |id| id + 1));
    }
}
