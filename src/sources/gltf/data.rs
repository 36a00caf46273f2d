//! The numbers of one primitive, from its accessors or from its Draco stream (`KHR_draco_mesh_compression`).

use super::{Fault, accessor::Views, file::Primitive, layout::whole};
use crate::sources::codecs::draco::{DracoColumn, DracoMesh};
use gltf::json::{Accessor, validation::Checked};
use serde_json::Value;
use std::collections::BTreeMap;

/// What [`KHR_draco_mesh_compression`] is called in a file.
///
/// [`KHR_draco_mesh_compression`]: https://github.com/KhronosGroup/glTF/tree/main/extensions/2.0/Khronos/KHR_draco_mesh_compression
const EXTENSION: &str = "KHR_draco_mesh_compression";

/// Reads what the accessors of one primitive stand for, wherever it is.
pub(super) struct PrimitiveData<'a> {
    views: &'a Views<'a>,
    draco: Option<Draco>,
}

/// An unpacked stream.
struct Draco {
    mesh: DracoMesh,
    /// Unique id of the attribute that an accessor stands for.
    ids: BTreeMap<usize, u32>,
}

impl<'a> PrimitiveData<'a> {
    /// What accessors outside primitives stand for, which no stream has.
    pub(super) fn plain(views: &'a Views<'a>) -> Self {
        Self { views, draco: None }
    }

    /// Unpacks the primitive's stream where it has one. A damaged one costs nothing where the accessors have data of
    /// their own: then that is a fault in `faults` and they are read.
    pub(super) fn of(views: &'a Views<'a>, primitive: &Primitive, faults: &mut Vec<Fault>) -> Result<Self, Fault> {
        let Some(extension) = primitive.extensions.get(EXTENSION) else {
            return Ok(Self::plain(views));
        };
        match Draco::unpack(views, primitive, extension) {
            Ok(draco) => Ok(Self {
                views,
                draco: Some(draco),
            }),
            Err(fault) => {
                let position = primitive.attributes.get("POSITION");
                let plain = position.and_then(|index| views.accessor(*index).ok()?.buffer_view);
                if plain.is_none() {
                    return Err(fault.moved_to(EXTENSION));
                }
                faults.push(fault.moved_to(EXTENSION));
                Ok(Self::plain(views))
            }
        }
    }

    /// The triangles of the stream; `None` where the primitive has its own.
    pub(super) fn draco_triangles(&self) -> Option<Vec<u32>> {
        self.draco.as_ref().map(|draco| draco.mesh.indices())
    }

    /// As [`Views::accessor`].
    pub(super) fn accessor(&self, index: usize) -> Result<&'a Accessor, Fault> {
        self.views.accessor(index)
    }

    /// How many numbers one element has; 0 where that is unknown.
    pub(super) fn components(&self, index: usize) -> Result<usize, Fault> {
        if let Some((draco, id)) = self.in_draco(index) {
            return Ok(draco.mesh.components(id));
        }
        Ok(match self.accessor(index)?.type_ {
            Checked::Valid(element) => element.multiplicity(),
            Checked::Invalid => 0,
        })
    }

    /// As [`Views::vectors`].
    pub(super) fn vectors<const N: usize>(&self, index: usize) -> Result<Vec<[f32; N]>, Fault> {
        let Some(column) = self.draco_column(index)? else {
            return self.views.vectors(index);
        };
        let place = || format!("accessors[{index}]");
        if column.components != N {
            let message = format!("elements of {} numbers do not fit here", column.components);
            return Err(Fault::new(place(), message));
        }
        let is_normalized = self.accessor(index)?.normalized;
        let (vectors, _) = column.values.as_chunks::<N>();
        Ok(match column.largest.filter(|_| is_normalized) {
            Some(largest) => {
                let unit = |value: f32| (value / largest).max(-1.0);
                vectors.iter().map(|vector| vector.map(unit)).collect()
            }
            None => vectors.to_vec(),
        })
    }

    /// As [`Views::integers`].
    pub(super) fn integers(&self, index: usize) -> Result<Vec<u32>, Fault> {
        match self.draco_column(index)? {
            Some(_) => Ok(self
                .vectors::<1>(index)?
                .into_iter()
                .map(|[value]| whole(value))
                .collect()),
            None => self.views.integers(index),
        }
    }

    fn draco_column(&self, index: usize) -> Result<Option<DracoColumn>, Fault> {
        let Some((draco, id)) = self.in_draco(index) else {
            return Ok(None);
        };
        let column = draco.mesh.column(id);
        column
            .map(Some)
            .map_err(|error| Fault::from(error).moved_to(format!("accessors[{index}]")))
    }

    /// The stream and the unique id in it that an accessor stands for.
    fn in_draco(&self, index: usize) -> Option<(&Draco, u32)> {
        let draco = self.draco.as_ref()?;
        Some((draco, *draco.ids.get(&index)?))
    }
}

impl Draco {
    fn unpack(views: &Views<'_>, primitive: &Primitive, extension: &Value) -> Result<Self, Fault> {
        let number = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok());
        let view = extension
            .get("bufferView")
            .and_then(number)
            .ok_or("the Draco data has no buffer view")?;
        let attributes = extension
            .get("attributes")
            .and_then(Value::as_object)
            .ok_or("the Draco data has no list of attributes")?;
        let ids = attributes.iter().filter_map(|(name, id)| {
            let accessor = *primitive.attributes.get(name)?;
            Some((accessor, u32::try_from(id.as_u64()?).ok()?))
        });
        let ids = ids.collect();
        let mesh = views.draco_mesh(view)?;
        Ok(Self { mesh, ids })
    }
}
