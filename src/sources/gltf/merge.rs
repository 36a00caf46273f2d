//! Parts and their copies to one mesh per render class, mapped to the site.

use super::{
    copies::{Budget, Chain, Copies, Share},
    material::{EdgeSource, RenderClass},
    place::{Bounds, SiteMap, wide},
    primitive::Part,
    simpler,
};
use crate::{
    geometry::{CopyPlace, FeatureMesh, ModelCopies},
    georef::{GeorefError, narrow},
};
use bevy::math::{DMat3, DMat4, Vec3};
use std::collections::{BTreeMap, BTreeSet};

/// Colour of vertices without one beside others that have one.
const WHITE: [u8; 4] = [255; 4];

/// Fewer copies are picked as any other triangles.
pub(super) const MIN_COPIES: usize = 8;

/// The parts of one mesh where a node draws them.
pub(super) struct PlacedMesh {
    pub(super) parts: Vec<Part>,
    pub(super) gltf_from_node: DMat4,
    /// Where the node draws them; `None` for once, as it stands.
    pub(super) copies: Option<Copies>,
}

impl PlacedMesh {
    fn triangles(&self) -> u64 {
        self.parts.iter().map(|part| part.indices.len() as u64 / 3).sum()
    }
}

/// The box around everything in the glTF frame, instances of the whole file left aside.
pub(super) fn bounds_in_gltf(placed: &[PlacedMesh]) -> Bounds {
    let mut bounds = Bounds::EMPTY;
    for mesh in placed {
        let in_node = bounds_of(&mesh.parts);
        let copies = mesh.copies.as_ref().map_or(1, |copies| copies.places.len());
        for number in 0..copies {
            let place = mesh.copies.as_ref().and_then(|copies| copies.places.get(number));
            let gltf_from_local = mesh.gltf_from_node * place.map_or(DMat4::IDENTITY, |place| DMat4::from(*place));
            for corner in in_node.corners() {
                bounds.add(gltf_from_local.transform_point3(corner));
            }
        }
    }
    bounds
}

/// The box around everything in the root frame.
pub(super) fn bounds_in_root(placed: &[PlacedMesh], chain: &Chain<'_>) -> Bounds {
    let mut bounds = Bounds::EMPTY;
    for mesh in placed {
        let in_node = bounds_of(&mesh.parts);
        for number in 0..chain.count(mesh.copies.as_ref()) {
            let root_from_local = chain.root_from_local(mesh.gltf_from_node, mesh.copies.as_ref(), number);
            for corner in in_node.corners() {
                bounds.add(root_from_local.transform_point3(corner));
            }
        }
    }
    bounds
}

fn bounds_of(parts: &[Part]) -> Bounds {
    let mut bounds = Bounds::EMPTY;
    for part in parts {
        bounds.add(part.bounds.low);
        bounds.add(part.bounds.high);
    }
    bounds
}

/// Triangles of all copies but the first of each mesh.
pub(super) fn copied_triangles(placed: &[PlacedMesh], chain: &Chain<'_>) -> u64 {
    let copied = |mesh: &PlacedMesh| {
        let more = (chain.count(mesh.copies.as_ref()) as u64).saturating_sub(1);
        mesh.triangles().saturating_mul(more)
    };
    placed.iter().map(copied).fold(0, u64::saturating_add)
}

/// Maps the parts to the site and joins those that are drawn alike. Where the copies do not fit into the budget, models
/// are made simpler, and if that is not enough copies are left out.
pub(super) fn merge(
    mut placed: Vec<PlacedMesh>,
    map: &SiteMap,
    chain: &Chain<'_>,
    rows: u32,
    budget: &mut Budget,
) -> Result<Vec<(RenderClass, FeatureMesh)>, GeorefError> {
    let allowed = budget.allowed(copied_triangles(&placed, chain));
    let is_simpler = simpler::fit(&mut placed, chain, allowed);
    budget.is_simpler |= is_simpler;
    for part in placed.iter_mut().flat_map(|mesh| &mut mesh.parts) {
        part.note_surface();
    }
    // A model has a whole number of triangles: for a few more none of its copies is left out.
    let allowed = if is_simpler { allowed + allowed / 8 } else { allowed };
    let wanted = copied_triangles(&placed, chain);
    let share = Share::new(wanted, allowed);
    let (mut drawn, mut left_out) = (0, 0);
    let mut merger = Merger {
        map,
        rows,
        meshes: BTreeMap::new(),
        positions: Vec::new(),
        normals: Vec::new(),
    };
    merger.reserve(&placed, chain, wanted.saturating_sub(allowed));
    for mesh in placed {
        let count = chain.count(mesh.copies.as_ref());
        if mesh.copies.is_none() && chain.models.is_none() {
            let root_from_local = chain.root_from_local(mesh.gltf_from_node, None, 0);
            for part in mesh.parts {
                merger.take(part, root_from_local)?;
            }
            continue;
        }
        let triangles = mesh.triangles();
        let mut models = merger.models(&mesh.parts);
        let center = bounds_of(&mesh.parts).center();
        let mut kept = 0_u64;
        for number in (0..count).filter(|number| share.keeps(*number)) {
            let root_from_local = chain.root_from_local(mesh.gltf_from_node, mesh.copies.as_ref(), number);
            let row = chain.row(mesh.copies.as_ref(), number);
            let mesh_from_model = map.affine(root_from_local, center)?;
            for model in models.values_mut() {
                model.copies.places.push(CopyPlace {
                    mesh_from_model,
                    feature: row.unwrap_or(model.own_row),
                });
            }
            for part in &mesh.parts {
                merger.copy(part, root_from_local, row, number)?;
            }
            kept += 1;
        }
        models.retain(|_, model| model.copies.places.len() >= MIN_COPIES);
        for (class, model) in models {
            merger.mesh(class).copies.push(model.copies);
        }
        let used = triangles.saturating_mul(kept.saturating_sub(1));
        budget.copied_triangles = budget.copied_triangles.saturating_sub(used);
        let left = count as u64 - kept;
        (drawn, left_out) = if chain.models.is_some() {
            // However many meshes a model has, it is one instance.
            (kept.max(drawn), left.max(left_out))
        } else {
            (drawn + kept, left_out + left)
        };
    }
    budget.drawn = budget.drawn.saturating_add(drawn);
    budget.left_out = budget.left_out.saturating_add(left_out);
    Ok(merger.meshes.into_iter().collect())
}

/// A model in the making, as picking needs it.
struct Model {
    copies: ModelCopies,
    /// The row of all its vertices, where its copies have none of their own.
    own_row: u32,
}

struct Merger<'a> {
    map: &'a SiteMap,
    rows: u32,
    meshes: BTreeMap<RenderClass, FeatureMesh>,
    positions: Vec<[f32; 3]>,
    normals: Vec<[f32; 3]>,
}

impl Merger<'_> {
    /// Room for the copies that will be drawn, all but `left_out` triangles: lists that double as they grow would need
    /// twice as much.
    fn reserve(&mut self, placed: &[PlacedMesh], chain: &Chain<'_>, left_out: u64) {
        let many = || {
            let counted = placed
                .iter()
                .map(|mesh| (mesh, chain.count(mesh.copies.as_ref()) as u64));
            counted.filter(|(_, count)| *count > 1)
        };
        let all = many()
            .map(|(mesh, count)| mesh.triangles().saturating_mul(count))
            .fold(0, u64::saturating_add);
        let kept = |count: u64| {
            let kept = u128::from(count) * u128::from(all.saturating_sub(left_out)) / u128::from(all.max(1));
            u64::try_from(kept).unwrap_or(u64::MAX)
        };
        for (mesh, count) in many() {
            // One more than its share: what is left over by one class falls to another.
            let room =
                |each: usize| usize::try_from(kept(count).saturating_add(1).saturating_mul(each as u64)).unwrap_or(0);
            for part in &mesh.parts {
                let to = self.mesh(part.look.class);
                let vertices = room(part.positions.len());
                to.positions.reserve(to.positions.capacity() + vertices);
                to.normals.reserve(to.normals.capacity() + vertices);
                to.features.reserve(to.features.capacity() + vertices);
                to.indices.reserve(to.indices.capacity() + room(part.indices.len()));
                if !part.colors.is_empty() {
                    to.colors.reserve(to.colors.capacity() + vertices);
                }
                if !part.uvs.is_empty() {
                    to.uvs.reserve(to.uvs.capacity() + vertices);
                }
            }
        }
    }

    /// What the parts have of each class, if each copy of it is one feature: then picking needs it once.
    fn models(&mut self, parts: &[Part]) -> BTreeMap<RenderClass, Model> {
        let mut models = BTreeMap::new();
        let mut mixed = BTreeSet::new();
        let center = bounds_of(parts).center();
        for part in parts {
            let class = part.look.class;
            let own_row = part.rows.first().copied().unwrap_or(self.rows);
            let first_triangle = u32::try_from(self.mesh(class).indices.len() / 3).unwrap_or(u32::MAX);
            let model = models.entry(class).or_insert_with(|| Model {
                copies: ModelCopies {
                    faces: Vec::new(),
                    places: Vec::new(),
                    first_triangle,
                },
                own_row,
            });
            if model.own_row != own_row || part.rows.iter().any(|row| *row != own_row) {
                mixed.insert(class);
            }
            let corner = |i: u32| Vec3::from_array(narrow(wide(part.positions[i as usize]) - center));
            let faces = part.indices.as_chunks::<3>().0.iter();
            model.copies.faces.extend(faces.map(|face| face.map(corner)));
        }
        models.retain(|class, _| !mixed.contains(class));
        models
    }

    fn mesh(&mut self, class: RenderClass) -> &mut FeatureMesh {
        let origin = self.map.origin;
        self.meshes.entry(class).or_insert_with(|| FeatureMesh {
            origin,
            positions: Vec::new(),
            normals: Vec::new(),
            features: Vec::new(),
            colors: Vec::new(),
            uvs: Vec::new(),
            indices: Vec::new(),
            texture: None,
            double_sided: class.double_sided,
            translucent: class.translucent,
            unlit: class.unlit,
            outline: (class.edges == EdgeSource::File).then(Vec::new),
            copies: Vec::new(),
            values: crate::geometry::SurfaceValues::default(),
        })
    }

    /// Maps positions and normals of a part into `positions` and `normals`.
    fn map_part(&mut self, part: &Part, root_from_local: DMat4) -> Result<bool, GeorefError> {
        self.map.positions(
            root_from_local,
            &part.positions,
            part.bounds.local_box(),
            &mut self.positions,
        )?;
        // A mirroring transform turns every face inside out.
        let is_mirrored = DMat3::from_mat4(root_from_local).determinant() < 0.0;
        if part.normals.is_empty() {
            flat_normals(&self.positions, &part.indices, is_mirrored, &mut self.normals);
        } else {
            self.map.normals(root_from_local, &part.normals, &mut self.normals);
        }
        Ok(is_mirrored)
    }

    /// Adds a part that stands once. The first of a class moves in whole, which for most tiles is all there is.
    fn take(&mut self, mut part: Part, root_from_local: DMat4) -> Result<(), GeorefError> {
        let is_mirrored = self.map_part(&part, root_from_local)?;
        if is_mirrored {
            for triangle in part.indices.chunks_exact_mut(3) {
                triangle.swap(1, 2);
            }
        }
        part.rows.resize(self.positions.len(), self.rows);
        let (mut positions, mut normals) = (std::mem::take(&mut self.positions), std::mem::take(&mut self.normals));
        let class = part.look.class;
        let mesh = self.mesh(class);
        let (before, after) = (mesh.positions.len(), mesh.positions.len() + positions.len());
        color_before(mesh, &part, before);
        part.carried.add_to(mesh, is_mirrored);
        move_or_append(&mut mesh.positions, &mut positions);
        move_or_append(&mut mesh.normals, &mut normals);
        move_or_append(&mut mesh.features, &mut part.rows);
        move_or_append(&mut mesh.colors, &mut part.colors);
        move_or_append(&mut mesh.uvs, &mut part.uvs);
        fill_up(mesh, class, after);
        // The cap on elements keeps this far below 2^32.
        let base = u32::try_from(before).unwrap_or(u32::MAX);
        if base > 0 {
            for index in part.indices.iter_mut().chain(&mut part.outline) {
                *index = index.saturating_add(base);
            }
        }
        move_or_append(&mut mesh.indices, &mut part.indices);
        if let Some(outline) = &mut mesh.outline {
            move_or_append(outline, &mut part.outline);
        }
        (self.positions, self.normals) = (positions, normals);
        Ok(())
    }

    /// Adds copy `number` of a part, as feature `row` where that is known.
    fn copy(
        &mut self,
        part: &Part,
        root_from_local: DMat4,
        row: Option<u32>,
        number: usize,
    ) -> Result<(), GeorefError> {
        let is_mirrored = self.map_part(part, root_from_local)?;
        let (positions, normals) = (std::mem::take(&mut self.positions), std::mem::take(&mut self.normals));
        let (class, rows) = (part.look.class, self.rows);
        let mesh = self.mesh(class);
        let (before, after) = (mesh.positions.len(), mesh.positions.len() + positions.len());
        color_before(mesh, part, before);
        part.carried.add_copy_to(mesh, is_mirrored, number);
        mesh.positions.extend_from_slice(&positions);
        mesh.normals.extend_from_slice(&normals);
        if row.is_none() {
            mesh.features.extend_from_slice(&part.rows);
        }
        mesh.features.resize(after, row.unwrap_or(rows));
        mesh.colors.extend_from_slice(&part.colors);
        mesh.uvs.extend_from_slice(&part.uvs);
        fill_up(mesh, class, after);
        let base = u32::try_from(before).unwrap_or(u32::MAX);
        for triangle in part.indices.as_chunks::<3>().0 {
            let [a, b, c] = triangle.map(|index| index.saturating_add(base));
            mesh.indices.extend(if is_mirrored { [a, c, b] } else { [a, b, c] });
        }
        if let Some(outline) = &mut mesh.outline {
            outline.extend(part.outline.iter().map(|vertex| vertex.saturating_add(base)));
        }
        (self.positions, self.normals) = (positions, normals);
        Ok(())
    }
}

/// White for what came before the first part with colours.
fn color_before(mesh: &mut FeatureMesh, part: &Part, before: usize) {
    if mesh.colors.is_empty() && !part.colors.is_empty() {
        mesh.colors.resize(before, WHITE);
    }
}

/// White and the picture's corner for a part that has no colours or texture coordinates.
fn fill_up(mesh: &mut FeatureMesh, class: RenderClass, after: usize) {
    if !mesh.colors.is_empty() {
        mesh.colors.resize(after, WHITE);
    }
    if class.image.is_some() {
        mesh.uvs.resize(after, [0.0; 2]);
    }
}

fn move_or_append<T>(to: &mut Vec<T>, from: &mut Vec<T>) {
    if to.is_empty() && to.capacity() == 0 {
        std::mem::swap(to, from);
    } else {
        to.append(from);
    }
}

/// One normal for each triangle, on vertices that no other triangle uses.
fn flat_normals(positions: &[[f32; 3]], indices: &[u32], is_mirrored: bool, normals: &mut Vec<[f32; 3]>) {
    normals.clear();
    normals.resize(positions.len(), [0.0, 1.0, 0.0]);
    let sign = if is_mirrored { -1.0 } else { 1.0 };
    for triangle in indices.chunks_exact(3) {
        let [a, b, c] = [triangle[0], triangle[1], triangle[2]].map(|i| Vec3::from_array(positions[i as usize]));
        let normal = ((b - a).cross(c - a) * sign).normalize_or(Vec3::Y).to_array();
        for index in triangle {
            normals[*index as usize] = normal;
        }
    }
}
