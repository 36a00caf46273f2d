//! Meshes made off the main thread, with all that showing and picking them needs.

use super::{
    feature_material::{PaperMaterial, PaperMesh, feet},
    feature_rows::{FeatureRows, RowRange},
    placement::SiteAnchor,
    ray_cast::{PickOwner, Pickable},
    scene::SceneContent,
};
use crate::geometry::{CreaseEdges, FeatureMesh, MeshBvh};
use crate::georef::SitePos;
use bevy::{mesh::MeshTag, prelude::*};
use std::sync::Arc;

/// A mesh ready to be shown.
pub(crate) struct PreparedMesh {
    /// Where its offsets start.
    pub(crate) origin: SitePos,
    /// Number of its features.
    pub(crate) features: u32,
    paper: PaperMesh,
    bvh: MeshBvh,
    edges: CreaseEdges,
}

impl PreparedMesh {
    /// Prepares `paper`, whose offsets start at `origin` and whose features are numbers below `features`.
    /// Without `edges` they are found by angle.
    pub(crate) fn new(origin: SitePos, features: u32, paper: PaperMesh, edges: Option<CreaseEdges>) -> Self {
        let mesh = FeatureMesh {
            origin,
            positions: paper.positions.clone(),
            normals: paper.normals.clone(),
            features: paper.features.clone(),
            colors: Vec::new(),
            uvs: Vec::new(),
            indices: paper.indices.clone(),
            texture: None,
            double_sided: false,
            translucent: false,
            unlit: false,
        };
        Self {
            origin,
            features,
            bvh: MeshBvh::build(&mesh),
            edges: edges.unwrap_or_else(|| CreaseEdges::of(&mesh)),
            paper,
        }
    }

    /// Spawns it hidden or shown; `None` when no rows are left.
    pub(crate) fn spawn(
        self,
        commands: &mut Commands,
        meshes: &mut Assets<Mesh>,
        rows: &mut FeatureRows,
        material: Handle<PaperMaterial>,
        owner: PickOwner,
        visibility: Visibility,
    ) -> Option<(Entity, RowRange, Arc<CreaseEdges>)> {
        if self.paper.is_empty() {
            return None;
        }
        let range = rows.allocate(self.features.max(1))?;
        for (feature, foot_m) in feet(&self.paper.features, &self.paper.positions, range) {
            rows.set_foot(range, feature, foot_m);
        }
        let edges = Arc::new(self.edges);
        let entity = commands
            .spawn((
                SceneContent,
                SiteAnchor(self.origin),
                MeshTag(range.first),
                self.paper.bounds(),
                visibility,
                Mesh3d(meshes.add(self.paper.into_triangles())),
                MeshMaterial3d(material),
                Pickable {
                    owner,
                    rows: range,
                    bvh: Arc::new(self.bvh),
                    edges: edges.clone(),
                },
            ))
            .id();
        Some((entity, range, edges))
    }
}
