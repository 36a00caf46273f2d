//! What the vertices of a part carry beside their look: the way to the texels of property textures, and the numbers of
//! property attributes.

use super::{material::srgb_mean, primitive::Part, property_attributes::AttributeProperty};
use crate::geometry::{FeatureMesh, Surface, SurfaceSpan, TexelProperty};
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
    pub(super) numbers: Vec<VertexNumbers>,
    /// What the triangles show, once they are known.
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
    }

    /// Gives the triangles of the mesh that come next their values.
    pub(super) fn add_to(&self, mesh: &mut FeatureMesh, is_mirrored: bool) {
        if let Some(surface) = &self.surface {
            mesh.values.push(SurfaceSpan {
                first_triangle: u32::try_from(mesh.indices.len() / 3).unwrap_or(u32::MAX),
                is_mirrored,
                surface: surface.clone(),
            });
        }
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

    /// Notes what the triangles show as they are now.
    pub(super) fn note_surface(&mut self) {
        if self.carried.properties.is_empty() {
            return;
        }
        let of_set = |uvs: &Vec<[f32; 2]>| {
            let faces = self.indices.as_chunks::<3>().0.iter();
            faces.map(|face| face.map(|corner| uvs[corner as usize])).collect()
        };
        self.carried.surface = Some(Arc::new(Surface {
            uvs: self.carried.uvs.iter().map(of_set).collect(),
            properties: std::mem::take(&mut self.carried.properties),
        }));
        self.carried.uvs = Vec::new();
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
