//! One decoded content to entities: a mesh and its edges per render class, hidden until selection shows them.

use super::layer::ResidentContent;
use crate::geometry::{CreaseEdges, FeatureMesh, MeshBvh, Texture};
use crate::georef::{SitePos, site_axes};
use crate::sources::tiles3d::{TileContent, TileId};
use crate::view::{
    detail::DetailLines,
    feature_material::{
        PaperKey, PaperMaterial, SharedPaper, feet, image_from_texture, paper_from_edges, paper_from_features,
    },
    feature_rows::{FeatureRows, RowRange},
    ground::FootSamples,
    palette,
    prepared::DrawnMesh,
    ray_cast::{PickOwner, Pickable},
};
use bevy::{light::NotShadowCaster, math::DVec3, prelude::*};
use std::sync::Arc;

/// What an upload needs of the world.
pub(super) struct Uploader<'a, 'w, 's> {
    pub(super) commands: &'a mut Commands<'w, 's>,
    pub(super) paper: &'a SharedPaper,
    pub(super) rows: &'a mut FeatureRows,
    pub(super) meshes: &'a mut Assets<Mesh>,
    pub(super) images: &'a mut Assets<Image>,
    pub(super) materials: &'a mut Assets<PaperMaterial>,
    /// Where feet are noted, when there is no terrain.
    pub(super) samples: Option<&'a mut FootSamples>,
}

impl Uploader<'_, '_, '_> {
    /// Uploads one content; `None` when no rows are left for its features.
    pub(super) fn upload(&mut self, content: TileContent, layer: u32, tile: TileId) -> Option<ResidentContent> {
        let rows = self.rows.allocate(content.features.rows.checked_add(1)?)?;
        let mut uploaded = ResidentContent {
            centers: centers(&content.meshes, rows),
            features: content.features,
            rows,
            meshes: Vec::new(),
            triangles: 0,
        };
        for (mut mesh, edges, bvh) in content.meshes {
            if mesh.positions.is_empty() {
                continue;
            }
            uploaded.triangles += (mesh.indices.len() / 3) as u64;
            let low = feet(&mesh.features, &mesh.positions, rows.count);
            self.note_feet(&mesh, &low);
            for (feature, foot_m) in low {
                self.rows.set_foot(rows, feature, foot_m);
            }
            let origin = mesh.origin;
            let texture = mesh.texture.take().filter(|_| mesh.uvs.len() == mesh.positions.len());
            let is_textured = texture.is_some();
            let has_lines = !is_textured && !edges.positions.is_empty();
            let is_solid_shadow = !mesh.translucent && !mesh.unlit;
            let material = self.material(&mesh, texture);
            let edges = Arc::new(edges);
            if uploaded.features.rows > 1 && is_uniform(&mesh.colors) {
                // One colour for a whole town says nothing; walls and roofs by the palette do.
                mesh.colors.clear();
            }
            let Some(faces) = DrawnMesh::triangles(paper_from_features(mesh, is_textured)) else {
                continue;
            };
            let pickable = Pickable {
                owner: PickOwner::Tile { layer, tile },
                rows,
                bvh: Arc::new(bvh),
                edges: edges.clone(),
            };
            let hidden = Visibility::Hidden;
            let drawn = faces.bundle(self.meshes, origin, rows.first, material, hidden);
            let mut entity = self.commands.spawn((drawn, pickable));
            if !is_solid_shadow {
                entity.insert(NotShadowCaster);
            }
            if has_lines && let Some(lines) = DrawnMesh::lines(paper_from_edges(&edges, palette::INK)) {
                entity.with_child((
                    DetailLines,
                    NotShadowCaster,
                    lines.child_bundle(self.meshes, rows.first, self.paper.ink.clone()),
                ));
            }
            uploaded.meshes.push(entity.id());
        }
        Some(uploaded)
    }

    fn material(&mut self, mesh: &FeatureMesh, texture: Option<Texture>) -> Handle<PaperMaterial> {
        let key = PaperKey {
            two_sided: mesh.double_sided,
            blended: mesh.translucent,
            unlit: mesh.unlit,
            fades: false,
            textured: texture.is_some(),
        };
        if texture.is_none() && !key.blended && !key.unlit {
            return if key.two_sided {
                self.paper.two_sided.clone()
            } else {
                self.paper.solid.clone()
            };
        }
        let mut material = PaperMaterial::new(self.rows.buffer(), key);
        material.texture = texture.map(|texture| self.images.add(image_from_texture(texture)));
        self.materials.add(material)
    }

    /// Notes where things stand on the ground: the lowest point of each feature, or some of the points of a
    /// mesh without features.
    fn note_feet(&mut self, mesh: &FeatureMesh, low: &[(u32, f32)]) {
        const FEW: usize = 4;
        const MOST: usize = 20_000;
        let Some(samples) = &mut self.samples else {
            return;
        };
        let mut note = |p: &[f32; 3]| {
            let offset = DVec3::new(f64::from(p[0]), f64::from(p[1]), f64::from(p[2]));
            samples.take(SitePos(mesh.origin.0 + site_axes(offset)));
        };
        if low.len() < FEW {
            let stride = (mesh.positions.len() / MOST).max(1);
            mesh.positions.iter().step_by(stride).for_each(&mut note);
            return;
        }
        let mut foot = vec![f32::NEG_INFINITY; low.last().map_or(0, |(feature, _)| *feature as usize + 1)];
        for (feature, y) in low {
            foot[*feature as usize] = *y;
        }
        for (p, feature) in mesh.positions.iter().zip(&mesh.features) {
            if foot.get(*feature as usize).is_some_and(|y| p[1] <= *y + 0.05) {
                note(p);
            }
        }
    }
}

fn is_uniform(colors: &[[u8; 4]]) -> bool {
    colors.windows(2).all(|pair| pair[0] == pair[1])
}

/// Middle of each feature over all meshes of a content, site frame.
fn centers(meshes: &[(FeatureMesh, CreaseEdges, MeshBvh)], rows: RowRange) -> Vec<DVec3> {
    let mut sums = vec![(DVec3::ZERO, 0_u32); rows.count.saturating_sub(1) as usize];
    for (mesh, ..) in meshes {
        for (p, feature) in mesh.positions.iter().zip(&mesh.features) {
            if let Some((sum, count)) = sums.get_mut(*feature as usize) {
                let offset = DVec3::new(f64::from(p[0]), f64::from(p[1]), f64::from(p[2]));
                *sum += mesh.origin.0 + site_axes(offset);
                *count += 1;
            }
        }
    }
    sums.into_iter()
        .map(|(sum, count)| sum / f64::from(count.max(1)))
        .collect()
}
