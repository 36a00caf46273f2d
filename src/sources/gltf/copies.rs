//! Copies of a model: where each stands and which feature it is.
//!
//! They come from `EXT_mesh_gpu_instancing`, with features by `EXT_instance_features`, and from instanced tiles
//! (i3dm), whose instances place a whole file. Here they are read and counted; `merge` draws them.

use super::{
    Fault,
    accessor::{Views, element_count},
    cut::Effort,
    data::PrimitiveData,
    feature_ids::{FeatureIdSet, INSTANCE_FEATURES, Rows, too_many_sets},
    file_metadata::FileMetadata,
};
use crate::geometry::{OtherRows, RowSource};
use bevy::math::{DAffine3, DMat4, DQuat, DVec3};
use serde_json::Value;

/// Most copies that are read for one tile.
const MAX_COPIES: usize = 1_000_000;
/// Most times that meshes are drawn for one tile: the copies in a file are drawn in each instance of the file.
const MAX_DRAWS: usize = 4_000_000;
/// Most triangles that copies have together in one tile. One takes 30 to 120 bytes with its vertices and its edges.
pub(super) const MAX_COPIED_TRIANGLES: u64 = 2_000_000;
/// Most accessor elements read for one tile, each time that a node draws them: a small file can name the
/// same big list many times.
const MAX_ELEMENTS: usize = 60_000_000;
/// Most bytes of models that stand in files of their own.
const MAX_EXTERNAL_BYTES: u64 = 1 << 30;
/// Most points of the point clouds in one tile, and most points and ends of lines of the copies in it: 24 bytes each on the
/// graphics card.
pub(super) const MAX_POINTS: u64 = 20_000_000;
/// Most texture bytes of one tile, unpacked.
pub(super) const MAX_TEXTURE_BYTES: u64 = 1 << 30;

/// The name that faults give as their place.
const EXTENSION: &str = "EXT_mesh_gpu_instancing";

/// What may still be read for one tile, over all the files in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    pub(crate) copies: usize,
    draws: usize,
    /// Bytes of models in files of their own: many tiles in one can name the same big file.
    pub(crate) external_bytes: u64,
    pub(super) copied_triangles: u64,
    pub(super) elements: usize,
    pub(super) texture_bytes: u64,
    /// For cutting surfaces by their feature ids.
    pub(super) cutting: Effort,
    /// Points and ends of lines.
    pub(crate) points: u64,
    /// Triangles of everything in a composite tile, where that is what is decoded.
    in_all: u64,
    /// Whether models were made simpler.
    pub(super) is_simpler: bool,
    /// Copies that had no room, and how many had it.
    pub(super) left_out: u64,
    pub(super) drawn: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            copies: MAX_COPIES,
            draws: MAX_DRAWS,
            external_bytes: MAX_EXTERNAL_BYTES,
            copied_triangles: MAX_COPIED_TRIANGLES,
            elements: MAX_ELEMENTS,
            texture_bytes: MAX_TEXTURE_BYTES,
            cutting: Effort::OF_TILE,
            points: MAX_POINTS,
            in_all: 0,
            is_simpler: false,
            left_out: 0,
            drawn: 0,
        }
    }
}

impl Budget {
    /// Takes as many of `wanted` accessor elements; false where they are not left.
    pub(super) fn takes_elements(&mut self, wanted: usize) -> bool {
        let left = self.elements.checked_sub(wanted);
        self.elements = left.unwrap_or(0);
        left.is_some()
    }

    /// Takes as many draws of a mesh; false where they are not left.
    pub(super) fn takes_draws(&mut self, wanted: usize) -> bool {
        let left = self.draws.checked_sub(wanted);
        self.draws = left.unwrap_or(self.draws);
        left.is_some()
    }

    /// Tells that the files of one tile have so many triangles together, so that none of them takes the room of those
    /// behind it.
    pub(crate) fn divide(&mut self, triangles: u64) {
        self.in_all = triangles;
    }

    /// Triangles that the copies of one file may have, which would like to have `wanted`.
    pub(super) fn allowed(&self, wanted: u64) -> u64 {
        if self.in_all <= MAX_COPIED_TRIANGLES {
            return wanted.min(self.copied_triangles);
        }
        let share = u128::from(wanted) * u128::from(MAX_COPIED_TRIANGLES) / u128::from(self.in_all);
        u64::try_from(share)
            .unwrap_or(u64::MAX)
            .min(wanted)
            .min(self.copied_triangles)
    }

    /// What is not drawn as it is, once all of the tile has been decoded.
    pub(crate) fn fault(&self) -> Option<Fault> {
        let all = self.drawn.saturating_add(self.left_out);
        let what = match (self.is_simpler, self.left_out) {
            (false, 0) => return None,
            (true, 0) => format!("the models of {all} instances are drawn simpler than they are"),
            (false, left_out) => format!("{left_out} of {all} instances are left out, spread evenly"),
            (true, left_out) => format!(
                "{left_out} of {all} instances are left out, spread evenly, and the models of the others are drawn \
                 simpler than they are"
            ),
        };
        let message = format!(
            "{what}: instances with more than {MAX_COPIED_TRIANGLES} triangles or {MAX_POINTS} points do not fit into \
             one tile; make smaller tiles or a simpler model"
        );
        Some(Fault::too_large("", message))
    }
}

/// Where copies stand.
#[derive(Debug, Clone, Default)]
pub(crate) struct Copies {
    /// From the axes of the model to those it is placed in.
    pub(crate) places: Vec<DAffine3>,
    /// Feature row of each, as many as `places`; empty where the vertices keep their own.
    pub(crate) rows: Vec<u32>,
    /// What other sets of feature ids say of them.
    pub(crate) others: Vec<OtherRows>,
}

impl Copies {
    /// Reads the copies that a node draws of its mesh. Those without a finite place are left out, and so is what lies
    /// beyond the budget.
    pub(super) fn of_node(
        views: &Views<'_>,
        extensions: &Value,
        rows: Rows,
        metadata: &FileMetadata,
        budget: &mut Budget,
        faults: &mut Vec<Fault>,
    ) -> Result<Self, Fault> {
        let attributes = extensions
            .get(EXTENSION)
            .and_then(|extension| extension.get("attributes"));
        let accessor = |name: &str| -> Option<usize> { usize::try_from(attributes?.get(name)?.as_u64()?).ok() };
        let count = count(views, attributes, budget, faults)?;
        if count == 0 {
            return Ok(Self::default());
        }
        let wide = |v: [f32; 3]| DVec3::from_array(v.map(f64::from));
        let translations = accessor("TRANSLATION").map(|a| views.vectors::<3>(a)).transpose()?;
        let rotations = accessor("ROTATION").map(|a| views.vectors::<4>(a)).transpose()?;
        let scales = accessor("SCALE").map(|a| views.vectors::<3>(a)).transpose()?;
        let mut copies = Self {
            places: Vec::with_capacity(count),
            ..Self::default()
        };
        for i in 0..count {
            let translation = translations.as_ref().and_then(|all| all.get(i)).map(|v| wide(*v));
            let scale = scales.as_ref().and_then(|all| all.get(i)).map(|v| wide(*v));
            let rotation = rotations.as_ref().and_then(|all| all.get(i));
            copies.places.push(DAffine3::from_scale_rotation_translation(
                scale.unwrap_or(DVec3::ONE),
                rotation.map_or(DQuat::IDENTITY, |q| rotation_of(q.map(f64::from))),
                translation.unwrap_or(DVec3::ZERO),
            ));
        }
        let data = PrimitiveData::plain(views);
        let mut sets = FeatureIdSet::all_of_instances(extensions);
        faults.extend(too_many_sets(extensions, INSTANCE_FEATURES));
        if let Some(set) = rows.take_own(&mut sets) {
            match set.rows(&data, count, rows.count) {
                Ok(read) => copies.rows = read,
                Err(fault) => {
                    let fault = fault.costs("the geometry is shown without features", INSTANCE_FEATURES);
                    faults.push(fault.moved_to(INSTANCE_FEATURES));
                }
            }
        }
        copies.others = metadata.rows_of_copies(&data, &sets, count, faults);
        faults.extend(copies.drop_endless());
        Ok(copies)
    }

    /// Leaves out the copies whose place is not a finite number.
    pub(crate) fn drop_endless(&mut self) -> Option<Fault> {
        let is_finite: Vec<bool> = self.places.iter().map(DAffine3::is_finite).collect();
        let dropped = is_finite.iter().filter(|is_finite| !**is_finite).count();
        if dropped == 0 {
            return None;
        }
        let mut keep = is_finite.iter();
        self.places.retain(|_| keep.next().copied().unwrap_or(false));
        let others = self.others.iter_mut().filter_map(|set| match &mut set.source {
            RowSource::Each(rows) => Some(rows),
            RowSource::Picture { .. } => None,
        });
        for rows in others.chain([&mut self.rows]) {
            let mut keep = is_finite.iter();
            rows.retain(|_| keep.next().copied().unwrap_or(false));
        }
        let message = format!("the places of {dropped} instances are not finite numbers; they are left out");
        Some(Fault::new(EXTENSION, message))
    }
}

/// How many copies there are: as many as all attributes have.
fn count(
    views: &Views<'_>,
    attributes: Option<&Value>,
    budget: &mut Budget,
    faults: &mut Vec<Fault>,
) -> Result<usize, Fault> {
    let named = attributes.and_then(Value::as_object).into_iter().flatten();
    let mut counts = Vec::new();
    for (name, accessor) in named {
        let accessor = accessor.as_u64().and_then(|accessor| usize::try_from(accessor).ok());
        let accessor = accessor.ok_or_else(|| Fault::new(EXTENSION, format!("`{name}` names no accessor")))?;
        counts.push(element_count(views.accessor(accessor)?));
    }
    let (Some(least), Some(most)) = (counts.iter().copied().min(), counts.iter().copied().max()) else {
        return Err(Fault::new(EXTENSION, "it has no attributes"));
    };
    if least != most {
        let message =
            format!("its attributes have from {least} to {most} elements; as many instances as all have are drawn");
        faults.push(Fault::new(EXTENSION, message));
    }
    // Without the check a list without bytes, which is all zeros, would cost memory for nothing.
    if most > budget.copies {
        let message = format!(
            "{most} instances are more than the {} that are still read",
            budget.copies
        );
        return Err(Fault::too_large(EXTENSION, message));
    }
    budget.copies -= most;
    Ok(least)
}

fn rotation_of(q: [f64; 4]) -> DQuat {
    let q = DQuat::from_array(q);
    if q.length_squared() > 0.0 {
        q.normalize()
    } else {
        DQuat::IDENTITY
    }
}

/// Which of many copies are drawn where not all fit: the first, which is no more than the model itself, and a share of the
/// others, spread evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    kept: u64,
    of: u64,
}

impl Share {
    /// As many of `wanted` triangles, those of all copies but the first, as `budget` has.
    pub(super) fn new(wanted: u64, budget: u64) -> Self {
        Self {
            kept: wanted.min(budget),
            of: wanted.max(1),
        }
    }

    /// Whether the copy with this number is among them.
    pub(super) fn keeps(self, number: usize) -> bool {
        let before = |number: u128| number * u128::from(self.kept) / u128::from(self.of);
        let number = number as u128;
        number == 0 || before(number) > before(number - 1)
    }
}

/// From model to root, for each copy of a part of a file.
pub(super) struct Chain<'a> {
    /// Root frame from the frame that instances of the whole file are placed in.
    pub(super) root_from_models: DMat4,
    /// Those instances; `None` where the file stands as it is.
    pub(super) models: Option<&'a Copies>,
    /// The turn from y-up to z-up.
    pub(super) model_from_gltf: DMat4,
}

impl Chain<'_> {
    /// How often something that a node draws with `copies` is drawn.
    pub(super) fn count(&self, copies: Option<&Copies>) -> usize {
        let models = self.models.map_or(1, |models| models.places.len());
        models.saturating_mul(copies.map_or(1, |copies| copies.places.len()))
    }

    /// The transform of copy `number` of something that stands at `gltf_from_local`.
    pub(super) fn root_from_local(&self, gltf_from_local: DMat4, copies: Option<&Copies>, number: usize) -> DMat4 {
        let (model, copy) = split(copies, number);
        let place = |copies: Option<&Copies>, number: usize| {
            let place = copies.and_then(|copies| copies.places.get(number));
            place.map_or(DMat4::IDENTITY, |place| DMat4::from(*place))
        };
        self.root_from_models * place(self.models, model) * self.model_from_gltf * gltf_from_local * place(copies, copy)
    }

    /// Its feature row; `None` where its vertices keep their own.
    pub(super) fn row(&self, copies: Option<&Copies>, number: usize) -> Option<u32> {
        let (model, copy) = split(copies, number);
        let row = |copies: Option<&Copies>, number: usize| copies?.rows.get(number).copied();
        row(self.models, model).or_else(|| row(copies, copy))
    }
}

/// Number of the instance of the whole file, and number of the copy in it.
fn split(copies: Option<&Copies>, number: usize) -> (usize, usize) {
    let each = copies.map_or(1, |copies| copies.places.len()).max(1);
    (number / each, number % each)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_spread_evenly_and_never_larger_than_its_budget() {
        for (each, budget, copies) in [
            (20, 100, 50),
            (214, 1_500_000, 57_798),
            (1, 7, 8),
            (9, 0, 3),
            (50, 20, 1),
        ] {
            let share = Share::new(each * (copies as u64 - 1), budget);
            let kept: Vec<usize> = (0..copies).filter(|number| share.keeps(*number)).collect();
            assert_eq!(kept.first(), Some(&0));
            let used = (kept.len() as u64 - 1) * each;
            assert!(used <= budget, "{each} {budget}: {}", kept.len());
            if each * (copies as u64 - 1) <= budget {
                assert_eq!(kept.len(), copies);
            } else {
                assert!(used + each > budget, "{each} {budget}: only {}", kept.len());
            }
            let widest = kept.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(1);
            assert!(widest <= copies / kept.len() + 2, "{kept:?}");
        }
    }

    #[test]
    fn copies_of_a_node_repeat_in_every_instance_of_the_file() {
        let at = |x: f64| DAffine3::from_translation(DVec3::X * x);
        let models = Copies {
            places: vec![at(100.0), at(200.0)],
            ..Copies::default()
        };
        let copies = Copies {
            places: vec![at(1.0), at(2.0), at(3.0)],
            rows: vec![7, 8, 9],
            ..Copies::default()
        };
        let mut chain = Chain {
            root_from_models: DMat4::from_translation(DVec3::Y),
            models: Some(&models),
            model_from_gltf: DMat4::IDENTITY,
        };
        assert_eq!(chain.count(Some(&copies)), 6);
        let place = |number| {
            chain
                .root_from_local(DMat4::from_scale(DVec3::splat(2.0)), Some(&copies), number)
                .transform_point3(DVec3::ZERO)
        };
        assert_eq!(place(0), DVec3::new(102.0, 1.0, 0.0));
        assert_eq!(place(5), DVec3::new(206.0, 1.0, 0.0));
        assert_eq!(chain.row(Some(&copies), 5), Some(9));
        assert_eq!(chain.row(None, 1), None);
        let with_rows = Copies {
            rows: vec![0, 1],
            ..models.clone()
        };
        chain.models = Some(&with_rows);
        assert_eq!(chain.row(Some(&copies), 5), Some(1), "an instanced tile goes first");
    }

    #[test]
    fn endless_places_go_with_their_rows() {
        let mut copies = Copies {
            places: vec![
                DAffine3::IDENTITY,
                DAffine3::from_translation(DVec3::NAN),
                DAffine3::IDENTITY,
            ],
            rows: vec![1, 2, 3],
            others: vec![OtherRows {
                name: "other".to_owned(),
                source: RowSource::Each(vec![4, 5, 6]),
                table: None,
            }],
        };
        assert!(copies.drop_endless().is_some());
        assert_eq!((copies.places.len(), &copies.rows[..]), (2, &[1, 3][..]));
        assert!(matches!(&copies.others[0].source, RowSource::Each(rows) if rows[..] == [4, 6]));
        assert!(copies.drop_endless().is_none());
    }
}
