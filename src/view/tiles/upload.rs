//! One prepared content to entities: a mesh and its edges per render class, hidden until selection shows them.

use super::{
    MarkAssets,
    layer::ResidentContent,
    marks::{self, PreparedMarks},
    part::Part,
    prepare::{PreparedContent, TileMesh},
};
use crate::view::{
    detail::DetailLines,
    feature_material::{PaperKey, PaperMaterial, SharedPaper},
    feature_rows::{FeatureRows, RowRange},
    ground::FootSamples,
    ray_cast::{PickOwner, Pickable, PickableValues},
};
use bevy::{light::NotShadowCaster, prelude::*};
use std::sync::Arc;

/// What an upload needs of the world.
pub(in crate::view) struct Uploader<'a, 'w, 's, 'm> {
    pub(in crate::view) commands: &'a mut Commands<'w, 's>,
    pub(in crate::view) paper: &'a SharedPaper,
    pub(in crate::view) rows: &'a mut FeatureRows,
    pub(in crate::view) meshes: &'a mut Assets<Mesh>,
    pub(in crate::view) images: &'a mut Assets<Image>,
    pub(in crate::view) materials: &'a mut Assets<PaperMaterial>,
    pub(in crate::view) marks: &'a mut MarkAssets<'m>,
    /// Where feet are noted, when there is no terrain.
    pub(in crate::view) samples: Option<&'a mut FootSamples>,
}

impl Uploader<'_, '_, '_, '_> {
    /// Uploads one content; `None` when no rows are left for its features.
    pub(in crate::view) fn upload(&mut self, content: PreparedContent, owner: &PickOwner) -> Option<ResidentContent> {
        let rows = self.rows.allocate(content.stateful.checked_add(1)?)?;
        if let Some(samples) = &mut self.samples {
            samples.merge(&content.samples);
        }
        let spawn = |mesh| self.spawn(mesh, rows, owner.clone());
        let mut meshes: Vec<Entity> = content.meshes.into_iter().map(spawn).collect();
        let points = content.marks.iter().map(PreparedMarks::points).sum();
        let mut marks = Vec::new();
        for piece in content.marks {
            let owner = owner.clone();
            let (entity, resident) =
                marks::spawn(self.commands, self.marks, self.meshes, self.rows, rows, owner, piece);
            meshes.push(entity);
            marks.extend(resident);
        }
        Some(ResidentContent {
            number: 0,
            meshes,
            points,
            marks,
            features: content.features,
            rows,
            centers: content.centers,
            part: Part::whole(content.places),
            triangles: content.triangles,
            instances: content.instances,
        })
    }

    fn spawn(&mut self, mesh: TileMesh, rows: RowRange, owner: PickOwner) -> Entity {
        for (feature, foot_m) in mesh.feet {
            self.rows.set_foot(rows, feature, foot_m);
        }
        let is_solid_shadow = !mesh.key.blended && !mesh.key.unlit && !mesh.key.cut;
        let material = self.material(mesh.key, mesh.image, mesh.cutoff);
        let pickable = Pickable {
            owner,
            rows,
            bvh: mesh.bvh,
        };
        let hidden = Visibility::Hidden;
        let drawn = mesh
            .faces
            .bundle(self.meshes, mesh.origin, rows.first, material, hidden);
        let mut entity = self.commands.spawn((drawn, pickable));
        if !mesh.values.is_empty() {
            entity.insert(PickableValues(Arc::new(mesh.values)));
        }
        if !is_solid_shadow {
            entity.insert(NotShadowCaster);
        }
        if let Some(lines) = mesh.lines {
            entity.with_child((
                DetailLines,
                NotShadowCaster,
                lines.child_bundle(self.meshes, rows.first, self.paper.ink.clone()),
            ));
        }
        entity.id()
    }

    fn material(&mut self, key: PaperKey, image: Option<Image>, cutoff: Option<f32>) -> Handle<PaperMaterial> {
        if image.is_none() && !key.blended && !key.unlit {
            return if key.two_sided {
                self.paper.two_sided.clone()
            } else {
                self.paper.solid.clone()
            };
        }
        let mut material = PaperMaterial::new(self.rows.buffer(), key);
        if let Some(cutoff) = cutoff {
            material.values.z = cutoff;
        }
        material.texture = image.map(|image| self.images.add(image));
        self.materials.add(material)
    }
}
