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

/// Most ways in which pictures of properties lie on one primitive.
pub(super) const MAX_UV_SETS: usize = 8;

/// How much of a primitive there is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub(super) shape: Shape,
    /// Vertices as they are read.
    pub(super) count: usize,
    /// The same once triangles and points that need them have vertices of their own.
    pub(super) kept: usize,
    /// Corners of its elements, no less than there are vertices.
    pub(super) corners: usize,
}

impl Extent {
    /// Of so many vertices that the elements name so often.
    pub(super) fn of(shape: Shape, count: usize, indices: usize, has_normals: bool) -> Self {
        let is_split = shape == Shape::Points || (shape == Shape::Faces && !has_normals);
        let corners = count.max(indices);
        Self {
            shape,
            count,
            kept: if is_split { corners } else { count },
            corners,
        }
    }
}

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
    /// Numbers of one vertex of a surface, texture coordinates and rows among them.
    pub(super) fn width(&self) -> usize {
        let numbers: usize = self.numbers.iter().map(|numbers| numbers.width).sum();
        2 * self.uvs.len() + numbers + self.rows.len()
    }

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

    /// Adds vertices in the middles between others, to so many that are there.
    fn add_mids(&mut self, first: usize, mids: &[[u32; 2]]) {
        for uvs in &mut self.uvs {
            add(uvs, mids, mean);
        }
        if self.numbers.is_empty() && self.rows_mut().next().is_none() {
            return;
        }
        let nearest = nearest_of(first, mids);
        for VertexNumbers {
            property,
            width,
            is_normalized,
            numbers,
        } in &mut self.numbers
        {
            let width = *width;
            for (ends, near) in mids.iter().zip(&nearest) {
                let [near, from, to] = [*near, ends[0], ends[1]].map(|vertex| vertex as usize * width);
                let at = |start: usize| &numbers[start..start + width];
                let is_near = property.has_nothing_between(&[at(from), at(to)], *is_normalized);
                for place in 0..width {
                    numbers.push(if is_near {
                        numbers[near + place]
                    } else {
                        f32::midpoint(numbers[from + place], numbers[to + place])
                    });
                }
            }
        }
        for rows in self.rows_mut() {
            // Between two rows there is no third.
            rows.reserve(nearest.len());
            for near in &nearest {
                rows.push(rows[*near as usize]);
            }
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
        let first = self.positions.len();
        add(&mut self.positions, mids, mean);
        add(&mut self.normals, mids, |from, to| {
            let sum = Vec3::from_array(from) + Vec3::from_array(to);
            sum.try_normalize().map_or(from, |normal| normal.to_array())
        });
        add(&mut self.colors, mids, srgb_mean);
        add(&mut self.uvs, mids, mean);
        self.carried.add_mids(first, mids);
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

/// For each vertex in the middle between others that of the `first` ones, which are the file's own, that it lies nearest to;
/// between two of them the one with the lesser number.
fn nearest_of(first: usize, mids: &[[u32; 2]]) -> Vec<u32> {
    // Shares of the corners of the triangle that it lies in. They are halves of halves, which are exact.
    let mut shares: Vec<[(u32, f32); 3]> = Vec::with_capacity(mids.len());
    for ends in mids {
        let mut own: [(u32, f32); 3] = [(u32::MAX, 0.0); 3];
        for end in ends {
            let of_end = match (*end as usize).checked_sub(first) {
                None => [(*end, 1.0), (u32::MAX, 0.0), (u32::MAX, 0.0)],
                Some(mid) => shares[mid],
            };
            for (corner, share) in of_end.into_iter().filter(|(_, share)| *share > 0.0) {
                let place = own.iter().position(|(known, _)| *known == corner || *known == u32::MAX);
                // A triangle has no fourth corner.
                if let Some(place) = place {
                    own[place] = (corner, own[place].1 + share / 2.0);
                }
            }
        }
        shares.push(own);
    }
    let nearest = |shares: &[(u32, f32); 3]| {
        let by_share = |a: &&(u32, f32), b: &&(u32, f32)| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0));
        shares.iter().max_by(by_share).map_or(0, |(corner, _)| *corner)
    };
    shares.iter().map(nearest).collect()
}

/// Halfway, whichever comes first.
fn mean<const N: usize>(from: [f32; N], to: [f32; N]) -> [f32; N] {
    std::array::from_fn(|i| f32::midpoint(from[i], to[i]))
}
