//! What the vertices of a part carry beside their look: the way to the texels of property textures, the numbers of
//! property attributes, and rows of other tables than that of the features.

use super::{
    data_texture::TexelSource,
    material::srgb_mean,
    primitive::{Part, Shape},
    property_attributes::AttributeProperty,
};
use crate::geometry::{FeatureMesh, OtherRows, RowSource, Surface, SurfaceSpan, TexelProperty};
use bevy::math::Vec3;
use std::sync::Arc;

/// The numbers of one property attribute, so many for each vertex.
#[derive(Clone)]
pub(super) struct VertexNumbers {
    pub(super) property: Arc<AttributeProperty>,
    pub(super) width: usize,
    /// Whether whole numbers were made parts of the largest one.
    pub(super) is_normalized: bool,
    pub(super) numbers: Vec<f32>,
}

/// Arrays have as many elements as the part has vertices.
#[derive(Clone, Default)]
pub(super) struct Carried {
    pub(super) properties: Vec<TexelProperty>,
    /// Sets of texture coordinates that the properties are read with.
    pub(super) uvs: Vec<Vec<[f32; 2]>>,
    /// What each of these sets is for.
    pub(super) sources: Vec<TexelSource>,
    /// Of vertices without a feature; those of features are columns of their table.
    pub(super) numbers: Vec<VertexNumbers>,
    pub(super) rows: Vec<OtherRows>,
    /// The same of the copies that are drawn of the part.
    pub(super) of_copies: Option<Arc<[OtherRows]>>,
    /// What the triangles or points show, once they are known.
    surface: Option<Arc<Surface>>,
}

impl Carried {
    /// Every array becomes the elements at `order`.
    pub(super) fn reorder(&mut self, order: &[u32]) {
        for uvs in &mut self.uvs {
            *uvs = order.iter().map(|vertex| uvs[*vertex as usize]).collect();
        }
        for VertexNumbers { width, numbers, .. } in &mut self.numbers {
            let of = |vertex: &u32| {
                let start = *vertex as usize * *width;
                numbers[start..start + *width].iter().copied()
            };
            *numbers = order.iter().flat_map(of).collect();
        }
        for rows in self.rows_mut() {
            *rows = order.iter().map(|vertex| rows[*vertex as usize]).collect();
        }
    }

    /// The rows that stand at vertices.
    fn rows_mut(&mut self) -> impl Iterator<Item = &mut Vec<u32>> {
        self.rows.iter_mut().filter_map(|set| match &mut set.source {
            RowSource::Each(rows) => Some(rows),
            RowSource::Picture { .. } => None,
        })
    }

    /// Adds vertices in the middles between others.
    fn add_mids(&mut self, mids: &[[u32; 2]]) {
        for uvs in &mut self.uvs {
            add(uvs, mids, mean);
        }
        for VertexNumbers {
            property,
            width,
            numbers,
            ..
        } in &mut self.numbers
        {
            for ends in mids {
                for place in 0..*width {
                    let [from, to] = ends.map(|end| numbers[end as usize * *width + place]);
                    // Between two kinds of wood there is no third.
                    numbers.push(if property.is_category() {
                        from
                    } else {
                        f32::midpoint(from, to)
                    });
                }
            }
        }
        for rows in self.rows_mut() {
            // Nor is there a third between two rows.
            add(rows, mids, |from, _| from);
        }
    }

    /// Gives the triangles of the mesh that come next their values.
    pub(super) fn add_to(&self, mesh: &mut FeatureMesh, is_mirrored: bool) {
        mesh.values.extend(self.span(mesh.indices.len() / 3, is_mirrored, None));
    }

    /// The same for the copy with this number.
    pub(super) fn add_copy_to(&self, mesh: &mut FeatureMesh, is_mirrored: bool, number: usize) {
        mesh.values
            .extend(self.span(mesh.indices.len() / 3, is_mirrored, Some(number)));
    }

    /// What the triangles or points from the `first` on show.
    pub(super) fn span(&self, first: usize, is_mirrored: bool, copy: Option<usize>) -> Option<SurfaceSpan> {
        let copy = copy.zip(self.of_copies.as_ref()).and_then(|(number, sets)| {
            // Instances of the whole file repeat them all.
            let each = sets.iter().find_map(|set| match &set.source {
                RowSource::Each(rows) => Some(rows.len()),
                RowSource::Picture { .. } => None,
            })?;
            let number = u32::try_from(number.checked_rem(each)?).ok()?;
            Some((sets.clone(), number))
        });
        Some(SurfaceSpan {
            first: u32::try_from(first).unwrap_or(u32::MAX),
            is_mirrored,
            surface: self.surface.clone()?,
            copy,
        })
    }
}

impl Part {
    /// Adds vertices in the middles between others, in this order. Which rows they belong to is left open.
    pub(super) fn add_mids(&mut self, mids: &[[u32; 2]]) {
        add(&mut self.positions, mids, mean);
        add(&mut self.normals, mids, |from, to| {
            let sum = Vec3::from_array(from) + Vec3::from_array(to);
            sum.try_normalize().map_or(from, |normal| normal.to_array())
        });
        add(&mut self.colors, mids, srgb_mean);
        add(&mut self.uvs, mids, mean);
        self.carried.add_mids(mids);
    }

    /// Notes what the triangles or points show as they are now.
    pub(super) fn note_surface(&mut self) {
        let carried = &mut self.carried;
        let is_bare = carried.properties.is_empty() && carried.numbers.is_empty() && carried.rows.is_empty();
        if is_bare && carried.of_copies.is_none() {
            return;
        }
        let faces = self.indices.as_chunks::<3>().0;
        let of_set = |uvs: &Vec<[f32; 2]>| -> Vec<[[f32; 2]; 3]> {
            let corners = faces.iter().map(|face| face.map(|corner| uvs[corner as usize]));
            corners.collect()
        };
        let stands_at_vertices = !carried.numbers.is_empty() || carried.rows_mut().next().is_some();
        let is_of_faces = self.shape == Shape::Faces;
        carried.surface = Some(Arc::new(Surface {
            count: if is_of_faces { faces.len() } else { self.positions.len() },
            corners: if is_of_faces && stands_at_vertices {
                faces.to_vec()
            } else {
                Vec::new()
            },
            uvs: carried.uvs.iter().map(of_set).collect(),
            properties: std::mem::take(&mut carried.properties),
            numbers: carried.numbers.drain(..).map(VertexNumbers::at_vertices).collect(),
            rows: std::mem::take(&mut carried.rows),
        }));
        carried.uvs = Vec::new();
    }
}

/// Adds what lies between others to an array that is not empty.
fn add<T: Copy>(values: &mut Vec<T>, mids: &[[u32; 2]], mean: impl Fn(T, T) -> T) {
    if values.is_empty() {
        return;
    }
    values.reserve(mids.len());
    for [from, to] in mids {
        values.push(mean(values[*from as usize], values[*to as usize]));
    }
}

/// Halfway, whichever comes first.
fn mean<const N: usize>(from: [f32; N], to: [f32; N]) -> [f32; N] {
    std::array::from_fn(|i| f32::midpoint(from[i], to[i]))
}
