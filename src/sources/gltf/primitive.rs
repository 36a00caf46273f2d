//! One primitive as it stands in the file: a list of triangles, lines or points in its node's own axes, every index
//! checked.

use super::{
    Fault,
    accessor::Views,
    carried::{Carried, Extent},
    cut::RowGrid,
    data::PrimitiveData,
    feature_ids::{FeatureIdSet, MESH_FEATURES, Rows, too_many_sets},
    file::Primitive,
    file_metadata::{FileMetadata, texture_coordinates},
    material::{self, EdgeSource, Look, srgb_bytes},
    place::{Bounds, wide},
};
use crate::georef::LocalBox;
use bevy::math::Vec3;
use gltf::json::{mesh::Mode, validation::Checked};

/// What a primitive is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Faces,
    Lines,
    Points,
}

impl Shape {
    fn of(mode: Mode) -> Self {
        match mode {
            Mode::Triangles | Mode::TriangleStrip | Mode::TriangleFan => Self::Faces,
            Mode::Lines | Mode::LineLoop | Mode::LineStrip => Self::Lines,
            Mode::Points => Self::Points,
        }
    }

    /// Vertices of one element, and what it is called.
    fn element(self) -> (usize, &'static str) {
        match self {
            Self::Faces => (3, "triangles"),
            Self::Lines => (2, "lines"),
            Self::Points => (1, "points"),
        }
    }
}

/// A primitive's vertices and elements. Arrays that are not empty have the length of `positions`.
#[derive(Clone)]
pub(super) struct Part {
    pub(super) shape: Shape,
    pub(super) look: Look,
    pub(super) positions: Vec<[f32; 3]>,
    /// Empty where faces get flat normals (then no two triangles share a vertex), and where lines and points have none.
    pub(super) normals: Vec<[f32; 3]>,
    pub(super) rows: Vec<u32>,
    /// Empty for plain white.
    pub(super) colors: Vec<[u8; 4]>,
    pub(super) uvs: Vec<[f32; 2]>,
    pub(super) indices: Vec<u32>,
    /// Edges that the file names, two vertices each; of use where the look says so.
    pub(super) outline: Vec<u32>,
    /// Properties in textures and in attributes.
    pub(super) carried: Carried,
    pub(super) bounds: Bounds,
}

/// Reads a primitive. `Ok(None)` where nothing is left to draw; faults that cost something are added.
pub(super) fn read_part(
    views: &Views<'_>,
    primitive: &Primitive,
    rows: Rows,
    metadata: &FileMetadata,
    faults: &mut Vec<Fault>,
) -> Result<Option<Part>, Fault> {
    // Voxels use a number of their own.
    let Checked::Valid(mode) = primitive.mode else {
        return Err(Fault::not_read("mode", "the primitive's mode is unknown"));
    };
    let shape = Shape::of(mode);
    let position = *primitive
        .attributes
        .get("POSITION")
        .ok_or_else(|| Fault::new("attributes", "the primitive has no positions"))?;
    let data = PrimitiveData::of(views, primitive, faults)?;
    let (mut look, texture_fault) = material::look(views.root, primitive.material);
    if shape == Shape::Faces {
        faults.extend(texture_fault);
    } else {
        // Points and lines are too thin for a picture.
        look.class.image = None;
    }
    let mut positions = data.vectors::<3>(position)?;
    let count = positions.len();
    let within = LocalBox::of(&positions);
    let (indices, dropped) = read_indices(&data, primitive, mode, &positions, within.is_some())?;
    if dropped > 0 {
        let (_, elements) = shape.element();
        let message =
            format!("{dropped} {elements} name vertices that are not there or not numbers; they are left out");
        faults.push(Fault::new("indices", message));
    }
    if indices.is_empty() {
        return Ok(None);
    }
    if within.is_none() {
        for position in &mut positions {
            // Nothing uses these any more, but they would spoil the bounds.
            if !is_finite(position) {
                *position = [0.0; 3];
            }
        }
    }
    let mut soft = |result: Result<(), Fault>| faults.extend(result.err());
    let mut normals = Vec::new();
    let mut row_of = Vec::new();
    let mut colors = Vec::new();
    let mut uvs = Vec::new();
    soft(optional(primitive, "NORMAL", |accessor| {
        normals = sized(data.vectors::<3>(accessor)?, count, "NORMAL")?;
        Ok(())
    }));
    let mut grid = None;
    soft(
        read_rows(&data, primitive, rows, metadata, count).map(|features| match features {
            Features::Rows(rows) => row_of = rows,
            Features::Grid(found, uvs) if shape == Shape::Faces => grid = Some((found, uvs)),
            Features::Grid(found, uvs) => row_of = uvs.iter().map(|uv| found.row_at_uv(*uv)).collect(),
        }),
    );
    soft(read_colors(&data, primitive, look.factor, count).map(|read| colors = read));
    if look.class.image.is_some() {
        soft(optional(primitive, &format!("TEXCOORD_{}", look.uv_set), |accessor| {
            uvs = sized(data.vectors::<2>(accessor)?, count, "TEXCOORD")?;
            for uv in &mut uvs {
                look.uv_transform.apply(uv);
            }
            Ok(())
        }));
    }
    let mut outline = Vec::new();
    soft(read_outline(views, primitive, count).map(|read| {
        if read.is_some() {
            look.class.edges = EdgeSource::File;
        }
        outline = read.unwrap_or_default();
    }));
    faults.extend(too_many_sets(&primitive.extensions, MESH_FEATURES));
    let extent = Extent::of(shape, count, indices.len(), !normals.is_empty());
    let carried = metadata.carried(&data, primitive, extent, rows, faults);
    let mut part = Part {
        shape,
        look,
        positions,
        normals,
        rows: row_of,
        colors,
        uvs,
        indices,
        outline,
        carried,
        bounds: Bounds::EMPTY,
    };
    let mut is_as_read = within.is_some() && grid.is_none();
    if let Some((grid, uvs)) = grid {
        faults.extend(metadata.cut(&mut part, &grid, &uvs));
    }
    if shape == Shape::Points || (shape == Shape::Faces && part.normals.is_empty()) {
        part.split_elements();
        is_as_read = false;
    } else if dropped > 0 || part.indices.len() < count {
        part.drop_unused_vertices();
        is_as_read = false;
    }
    part.measure(within.filter(|_| is_as_read));
    Ok(Some(part))
}

/// The elements of a primitive as a list whose vertices are all there, and how many had to be left out.
fn read_indices(
    data: &PrimitiveData<'_>,
    primitive: &Primitive,
    mode: Mode,
    positions: &[[f32; 3]],
    are_finite: bool,
) -> Result<(Vec<u32>, usize), Fault> {
    let shape = Shape::of(mode);
    let triangles = data.draco_triangles().filter(|_| shape == Shape::Faces);
    let indices = match (triangles, primitive.indices) {
        // A stream lists triangles, in strips or not.
        (Some(triangles), _) => triangles,
        (None, Some(accessor)) => as_list(data.integers(accessor)?, mode),
        (None, None) => as_list((0_u32..).take(positions.len()).collect(), mode),
    };
    let (corners, _) = shape.element();
    Ok(checked_elements(indices, corners, positions, are_finite))
}

impl Part {
    /// Keeps these triangles of the vertices that are there, and no vertices that none of them uses.
    pub(super) fn set_corners(&mut self, indices: Vec<u32>) {
        self.indices = indices;
        if self.normals.is_empty() {
            self.split_elements();
        } else {
            self.drop_unused_vertices();
        }
    }

    /// Gives every triangle or point its own vertices.
    fn split_elements(&mut self) {
        let order = std::mem::take(&mut self.indices);
        self.reorder(&order);
        self.indices = (0_u32..).take(order.len()).collect();
    }

    /// Some exporters let all primitives share one big vertex list: keep what this one uses.
    fn drop_unused_vertices(&mut self) {
        const UNUSED: u32 = u32::MAX;
        let mut new_number = vec![UNUSED; self.positions.len()];
        let mut order = Vec::new();
        for index in &mut self.indices {
            let number = &mut new_number[*index as usize];
            if *number == UNUSED {
                *number = u32::try_from(order.len()).unwrap_or(UNUSED);
                order.push(*index);
            }
            *index = *number;
        }
        self.reorder(&order);
    }

    /// Every vertex array becomes the elements at `order`; an edge whose vertex is not among them goes.
    pub(super) fn reorder(&mut self, order: &[u32]) {
        fn pick<T: Copy>(values: &mut Vec<T>, order: &[u32]) {
            if !values.is_empty() {
                *values = order.iter().map(|i| values[*i as usize]).collect();
            }
        }
        if !self.outline.is_empty() {
            let mut new_number = vec![None; self.positions.len()];
            for (number, old) in (0_u32..).zip(order) {
                new_number[*old as usize].get_or_insert(number);
            }
            let pairs = self.outline.as_chunks::<2>().0.iter();
            let kept = pairs.filter_map(|[from, to]| Some([new_number[*from as usize]?, new_number[*to as usize]?]));
            self.outline = kept.flatten().collect();
        }
        pick(&mut self.positions, order);
        pick(&mut self.normals, order);
        pick(&mut self.rows, order);
        pick(&mut self.colors, order);
        pick(&mut self.uvs, order);
        self.carried.reorder(order);
    }

    /// `known` is the box around the positions, where it was found already.
    fn measure(&mut self, known: Option<LocalBox>) {
        if let Some(within) = known.or_else(|| LocalBox::of(&self.positions)) {
            self.bounds.low = wide(within.low);
            self.bounds.high = wide(within.high);
        }
    }
}

fn optional(primitive: &Primitive, name: &str, read: impl FnOnce(usize) -> Result<(), Fault>) -> Result<(), Fault> {
    primitive
        .attributes
        .get(name)
        .map_or(Ok(()), |accessor| read(*accessor))
}

/// An attribute with as many elements as there are positions; more are cut off, fewer are a fault.
fn sized<T>(mut values: Vec<T>, count: usize, name: &str) -> Result<Vec<T>, Fault> {
    if values.len() < count {
        let message = format!(
            "{} values for {count} vertices; the attribute is left out",
            values.len()
        );
        return Err(Fault::new(name, message));
    }
    values.truncate(count);
    Ok(values)
}

/// Where the rows of a primitive stand.
enum Features {
    /// One for each vertex.
    Rows(Vec<u32>),
    /// In a texture, with the texture coordinates of each vertex.
    Grid(RowGrid, Vec<[f32; 2]>),
}

fn read_rows(
    data: &PrimitiveData<'_>,
    primitive: &Primitive,
    rows: Rows,
    metadata: &FileMetadata,
    count: usize,
) -> Result<Features, Fault> {
    const COST: &str = "the geometry is shown without features";
    let Some(set) = rows.take_own(&mut FeatureIdSet::all_of(primitive)) else {
        return Ok(Features::Rows(vec![rows.count; count]));
    };
    let Some(source) = set.texture() else {
        let found = set.rows(data, count, rows.count);
        return found
            .map(Features::Rows)
            .map_err(|fault| fault.costs(COST, MESH_FEATURES));
    };
    let grid = metadata.grid(source, set.null_id(), rows)?;
    let uvs = texture_coordinates(data, primitive, source, count);
    let uvs = uvs.map_err(|fault| fault.moved_to(MESH_FEATURES))?;
    Ok(Features::Grid(grid, uvs))
}

/// Vertex colours times the base colour, empty when all is plain white.
fn read_colors(
    data: &PrimitiveData<'_>,
    primitive: &Primitive,
    factor: [f32; 4],
    count: usize,
) -> Result<Vec<[u8; 4]>, Fault> {
    let is_white = factor.iter().all(|part| (part - 1.0).abs() < 1e-6);
    let Some(accessor) = primitive.attributes.get("COLOR_0").copied() else {
        return Ok(if is_white {
            Vec::new()
        } else {
            vec![srgb_bytes(factor); count]
        });
    };
    let linear: Vec<[f32; 4]> = if data.components(accessor)? == 3 {
        let rgb = data.vectors::<3>(accessor)?;
        rgb.into_iter().map(|[r, g, b]| [r, g, b, 1.0]).collect()
    } else {
        data.vectors::<4>(accessor)?
    };
    let mut last = ([u32::MAX; 4], [0; 4]);
    let colors = linear.into_iter().map(|color| {
        // Neighbouring vertices mostly share their colour, and encoding is slow.
        let bits = color.map(f32::to_bits);
        if bits != last.0 {
            last = (bits, srgb_bytes(std::array::from_fn(|i| color[i] * factor[i])));
        }
        last.1
    });
    sized(colors.collect(), count, "COLOR_0")
}

/// The accessor with the vertices of the edges that a primitive names.
pub(super) fn outline_accessor(primitive: &Primitive) -> Option<usize> {
    let extension = primitive.extensions.get("CESIUM_primitive_outline")?;
    usize::try_from(extension.get("indices")?.as_u64()?).ok()
}

/// `CESIUM_primitive_outline`: pairs of vertices, all of which are there; `None` where the primitive has none.
fn read_outline(views: &Views<'_>, primitive: &Primitive, count: usize) -> Result<Option<Vec<u32>>, Fault> {
    const NAME: &str = "CESIUM_primitive_outline";
    if primitive.extensions.get(NAME).is_none() {
        return Ok(None);
    }
    let accessor =
        outline_accessor(primitive).ok_or_else(|| Fault::new(NAME, "it names no indices; edges are found by angle"))?;
    let mut outline = views.integers(accessor)?;
    outline.truncate(outline.len() / 2 * 2);
    if outline.iter().any(|vertex| *vertex as usize >= count) {
        let message = "it names vertices that are not there; edges are found by angle";
        return Err(Fault::new(NAME, message));
    }
    Ok(Some(outline))
}

/// Strips, fans and loops as lists.
fn as_list(indices: Vec<u32>, mode: Mode) -> Vec<u32> {
    match mode {
        Mode::TriangleStrip => indices
            .windows(3)
            .enumerate()
            .flat_map(|(i, w)| {
                if i % 2 == 0 {
                    [w[0], w[1], w[2]]
                } else {
                    [w[1], w[0], w[2]]
                }
            })
            .collect(),
        Mode::TriangleFan => {
            let Some(hub) = indices.first().copied() else {
                return indices;
            };
            indices[1..].windows(2).flat_map(|w| [hub, w[0], w[1]]).collect()
        }
        Mode::LineStrip => indices.windows(2).flatten().copied().collect(),
        Mode::LineLoop => {
            let next = indices.iter().skip(1).chain(indices.first());
            indices.iter().zip(next).flat_map(|(a, b)| [*a, *b]).collect()
        }
        Mode::Triangles | Mode::Lines | Mode::Points => indices,
    }
}

/// Elements of so many corners each that all exist and are finite, and how many are not.
fn checked_elements(
    mut indices: Vec<u32>,
    corners: usize,
    positions: &[[f32; 3]],
    are_finite: bool,
) -> (Vec<u32>, usize) {
    indices.truncate(indices.len() / corners * corners);
    // A straight pass shows that nearly every file is sound as it is.
    let largest = indices.iter().copied().max().unwrap_or(0) as usize;
    if largest < positions.len() && are_finite {
        return (indices, 0);
    }
    let is_usable = |index: &u32| positions.get(*index as usize).is_some_and(is_finite);
    let sound = indices
        .chunks_exact(corners)
        .filter(|element| element.iter().all(is_usable));
    let kept: Vec<u32> = sound.flatten().copied().collect();
    let dropped = (indices.len() - kept.len()) / corners;
    (kept, dropped)
}

fn is_finite(position: &[f32; 3]) -> bool {
    Vec3::from_array(*position).is_finite()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_and_fans_keep_their_winding() {
        assert_eq!(as_list(vec![0, 1, 2, 3], Mode::TriangleStrip), [0, 1, 2, 2, 1, 3]);
        assert_eq!(as_list(vec![0, 1, 2, 3], Mode::TriangleFan), [0, 1, 2, 0, 2, 3]);
        assert!(as_list(vec![0], Mode::TriangleFan).is_empty());
        assert!(as_list(vec![], Mode::TriangleStrip).is_empty());
    }

    #[test]
    fn strips_and_loops_of_lines_become_pairs_of_ends() {
        assert_eq!(as_list(vec![4, 5, 6], Mode::LineStrip), [4, 5, 5, 6]);
        assert_eq!(as_list(vec![4, 5, 6], Mode::LineLoop), [4, 5, 5, 6, 6, 4]);
        assert_eq!(as_list(vec![4, 5, 6], Mode::Points), [4, 5, 6]);
        assert!(as_list(vec![], Mode::LineLoop).is_empty() && as_list(vec![1], Mode::LineStrip).is_empty());
    }

    #[test]
    fn triangles_with_missing_or_endless_corners_are_dropped() {
        let positions = [[0.0; 3], [1.0; 3], [2.0; 3], [f32::NAN, 0.0, 0.0], [f32::INFINITY; 3]];
        let (kept, dropped) = checked_elements(vec![0, 1, 2, 0, 1, 5, 0, 1, 3, 4, 0, 1, 2, 1], 3, &positions, false);
        assert_eq!((kept, dropped), (vec![0, 1, 2], 3));
        let (kept, dropped) = checked_elements(vec![0, 1, 2, 2, 1], 3, &positions[..3], true);
        assert_eq!((kept, dropped), (vec![0, 1, 2], 0));
        let (kept, dropped) = checked_elements(vec![0, 1, 1, 3, 7, 2], 2, &positions, false);
        assert_eq!((kept, dropped), (vec![0, 1], 2));
    }
}
