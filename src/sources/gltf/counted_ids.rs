//! How many rows the features of a file need that has no table of them: `featureCount` is the number of different ids and
//! not the greatest, so that ids 1 to 4 beside 0 for "no feature" are four features in five rows.
//!
//! Rows are held for every number up to the greatest id, so ids far beyond what there can be of them are not believed.

use super::{
    Fault,
    accessor::{Views, element_count},
    data::PrimitiveData,
    feature_ids::{FeatureIdSet, INSTANCE_FEATURES, MAX_FEATURES, MESH_FEATURES, Rows, choose_rows},
    file::Root,
    file_metadata::FileMetadata,
};
use gltf::json::{accessor::ComponentType, validation::Checked};
use std::collections::BTreeSet;

/// Most ids that are looked at for one file, those in textures not counted.
const MAX_LOOKED_AT: usize = 1 << 26;
/// So many rows are believed of any set.
const FEW_ROWS: u64 = 1 << 10;
/// The same of one with its ids in a picture, whose size is not known before it is unpacked.
const FEW_ROWS_OF_PICTURE: u64 = 1 << 16;

/// The rows of the features of a file: as many as there are ids, where neither a property table nor a batch says how many
/// there are.
pub(super) fn rows_of_all_ids(
    batch: Option<u32>,
    views: &Views<'_>,
    metadata: &FileMetadata,
    faults: &mut Vec<Fault>,
) -> Rows {
    let rows = choose_rows(views.root, batch);
    if rows.property_table.is_some() || batch.is_some_and(|batch| batch > 0) {
        return rows;
    }
    let root = views.root;
    let mut greatest = Greatest {
        root,
        left: MAX_LOOKED_AT,
        accessors: BTreeSet::new(),
        rows: rows.count,
        faults,
    };
    let nodes = root.nodes.iter().map(|node| &node.extensions);
    let first = |sets: Vec<FeatureIdSet>| sets.into_iter().next();
    for set in nodes.filter_map(|extensions| first(FeatureIdSet::all_of_instances(extensions))) {
        greatest.look(&set, INSTANCE_FEATURES, &mut || Some(PrimitiveData::plain(views)));
    }
    for primitive in root.meshes.iter().flat_map(|mesh| &mesh.primitives) {
        let Some(set) = first(FeatureIdSet::all_of(primitive)).filter(|set| set.counted() > 0) else {
            continue;
        };
        if let Some(source) = set.texture() {
            let most = believed_rows(root, &set);
            let (of_texture, is_beyond) = metadata.most_rows(source, set.null_id(), most);
            greatest.note(&set, MESH_FEATURES, of_texture, is_beyond, most);
        } else {
            // What is wrong with a stream is told where the primitive is read.
            let mut read = || PrimitiveData::of(views, primitive, &mut Vec::new()).ok();
            greatest.look(&set, MESH_FEATURES, &mut read);
        }
    }
    Rows {
        count: greatest.rows,
        ..rows
    }
}

/// More rows than this are not held for a set without a table: as many as it says that it has, or as it has ids.
pub(super) fn believed_rows(root: &Root, set: &FeatureIdSet) -> u32 {
    let counted = u64::from(set.counted());
    let (of_kind, believed) = if let Some(source) = set.texture() {
        (1 << (8 * source.channels.as_slice().len()), FEW_ROWS_OF_PICTURE)
    } else if let Some(accessor) = set.accessor().and_then(|index| root.accessors.get(index)) {
        let of_kind = match accessor.component_type {
            Checked::Valid(component) => match component.0 {
                ComponentType::I8 | ComponentType::U8 => 1 << 8,
                ComponentType::I16 | ComponentType::U16 => 1 << 16,
                ComponentType::U32 | ComponentType::F32 => u64::MAX,
            },
            Checked::Invalid => u64::MAX,
        };
        (of_kind, FEW_ROWS.max(element_count(accessor) as u64))
    } else {
        (0, 0)
    };
    let most = of_kind.min(believed).max(counted).min(MAX_FEATURES.into());
    u32::try_from(most).unwrap_or(MAX_FEATURES)
}

struct Greatest<'a, 'f> {
    root: &'a Root,
    left: usize,
    /// Those that were looked at, with the id that means "no feature".
    accessors: BTreeSet<(usize, Option<u32>)>,
    /// One more than the greatest id so far.
    rows: u32,
    faults: &'f mut Vec<Fault>,
}

impl Greatest<'_, '_> {
    /// Looks at the ids of a set of the extension `name` in an accessor; `data` reads that.
    fn look<'a>(&mut self, set: &FeatureIdSet, name: &str, data: &mut dyn FnMut() -> Option<PrimitiveData<'a>>) {
        let Some(index) = set.accessor().filter(|_| set.counted() > 0) else {
            return;
        };
        if self.left == 0 || !self.accessors.insert((index, set.null_id())) {
            return;
        }
        let ids = data().and_then(|data| data.integers(index).ok()).unwrap_or_default();
        self.left = self.left.saturating_sub(ids.len());
        let limit = believed_rows(self.root, set);
        let features = || ids.iter().filter(|id| Some(**id) != set.null_id());
        let most = features().filter(|id| **id < limit).max();
        let is_beyond = features().any(|id| *id >= limit);
        self.note(set, name, most.map_or(0, |id| id + 1), is_beyond, limit);
    }

    /// Notes that a set needs so many rows, and whether it has ids from `limit` on, which get none.
    fn note(&mut self, set: &FeatureIdSet, name: &str, rows: u32, is_beyond: bool, limit: u32) {
        self.rows = self.rows.max(rows);
        // What another set made room for is found all the same.
        if is_beyond {
            let message = format!(
                "`featureCount` is {}, and there are feature ids of {limit} and more; what has those is shown without \
                 features",
                set.counted()
            );
            let place = format!("{name}.featureIds[{}]", set.number);
            self.faults.push(Fault::doubt(place, message));
        }
    }
}
