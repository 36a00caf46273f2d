//! Meshes made off the main thread, with all that showing and picking them needs, and how much of them enters
//! the world in one frame.

use super::{
    feature_material::{PaperMaterial, PaperMesh, feet, paper_from_features},
    feature_rows::{FeatureRows, RowRange},
    placement::SiteAnchor,
    ray_cast::{PickOwner, Pickable},
    scene::SceneContent,
};
use crate::geometry::{CreaseEdges, FeatureMesh, MeshBvh};
use crate::georef::SitePos;
use bevy::{
    camera::primitives::Aabb,
    math::Vec3A,
    mesh::MeshTag,
    prelude::*,
    tasks::{AsyncComputeTaskPool, Task, block_on, poll_once},
};
use std::{collections::VecDeque, sync::Arc};

/// Bytes of meshes that enter the world in one frame. What enters is copied to the graphics card in that very
/// frame, through memory that the driver keeps, so this bounds both a frame's length and that memory.
const BYTES_PER_FRAME: u64 = 4 << 20;

/// What may still enter the world in this frame.
#[derive(Resource, Debug, Clone, Copy)]
pub(crate) struct SpawnBudget {
    left: u64,
}

impl Default for SpawnBudget {
    fn default() -> Self {
        Self { left: BYTES_PER_FRAME }
    }
}

impl SpawnBudget {
    /// Whether so many bytes may enter now; if so they are counted. The first of a frame always may.
    pub(crate) fn admits(&mut self, bytes: u64) -> bool {
        if bytes > self.left && self.left < BYTES_PER_FRAME {
            return false;
        }
        self.left = self.left.saturating_sub(bytes);
        true
    }
}

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<SpawnBudget>().add_systems(First, renew_budget);
}

fn renew_budget(mut budget: ResMut<SpawnBudget>) {
    *budget = SpawnBudget::default();
}

/// Things that one task makes and that enter the world as the budget admits.
#[derive(Resource)]
pub(crate) struct Making<T: Send + Sync + 'static> {
    task: Option<Task<Vec<T>>>,
    made: VecDeque<T>,
}

impl<T: Send + Sync + 'static> Default for Making<T> {
    fn default() -> Self {
        Self {
            task: None,
            made: VecDeque::new(),
        }
    }
}

impl<T: Send + Sync + 'static> Making<T> {
    /// Makes something else; what was in the making is dropped.
    pub(crate) fn start(&mut self, make: impl FnOnce() -> Vec<T> + Send + 'static) {
        self.made.clear();
        self.task = Some(AsyncComputeTaskPool::get().spawn(async move { make() }));
    }

    /// The next thing that may enter the world.
    pub(crate) fn next(&mut self, budget: &mut SpawnBudget, bytes: impl Fn(&T) -> u64) -> Option<T> {
        if let Some(made) = self.task.as_mut().and_then(|task| block_on(poll_once(task))) {
            self.task = None;
            self.made.extend(made);
        }
        budget
            .admits(bytes(self.made.front()?))
            .then(|| self.made.pop_front())?
    }

    /// Whether nothing is left to come.
    pub(crate) fn is_done(&self) -> bool {
        self.task.is_none() && self.made.is_empty()
    }
}

/// A mesh as it is drawn, with the box around it.
pub(crate) struct DrawnMesh {
    mesh: Mesh,
    bounds: Aabb,
    bytes: u64,
}

impl DrawnMesh {
    /// Triangles; `None` where there are none.
    pub(crate) fn triangles(paper: PaperMesh) -> Option<Self> {
        Self::new(paper, PaperMesh::into_triangles)
    }

    /// Lines; `None` where there are none.
    pub(crate) fn lines(paper: PaperMesh) -> Option<Self> {
        Self::new(paper, PaperMesh::into_lines)
    }

    fn new(paper: PaperMesh, finish: impl FnOnce(PaperMesh) -> Mesh) -> Option<Self> {
        (!paper.is_empty()).then(|| Self {
            bounds: paper.bounds(),
            bytes: paper.bytes(),
            mesh: finish(paper),
        })
    }

    /// The same, known to reach this far beyond its vertices on all sides, metres.
    pub(crate) fn widened(mut self, by_m: f32) -> Self {
        self.bounds.half_extents += Vec3A::splat(by_m);
        self
    }

    /// Bytes that go to the graphics card.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What a child needs to draw it where its parent stands.
    pub(crate) fn child_bundle(
        self,
        meshes: &mut Assets<Mesh>,
        first_row: u32,
        material: Handle<PaperMaterial>,
    ) -> impl Bundle + use<> {
        (
            MeshTag(first_row),
            self.bounds,
            Mesh3d(meshes.add(self.mesh)),
            MeshMaterial3d(material),
        )
    }

    /// What an entity needs to draw it, its features counted from `first_row`.
    pub(crate) fn bundle(
        self,
        meshes: &mut Assets<Mesh>,
        origin: SitePos,
        first_row: u32,
        material: Handle<PaperMaterial>,
        visibility: Visibility,
    ) -> impl Bundle + use<> {
        (
            SceneContent,
            SiteAnchor(origin),
            visibility,
            self.child_bundle(meshes, first_row, material),
        )
    }
}

/// A mesh ready to be shown and picked.
pub(crate) struct PreparedMesh {
    /// Where its offsets start.
    origin: SitePos,
    /// Number of its features.
    pub(crate) features: u32,
    faces: Option<DrawnMesh>,
    /// Lowest point of each feature, see [`feet`].
    feet: Vec<(u32, f32)>,
    bvh: MeshBvh,
}

impl PreparedMesh {
    /// Prepares `paper`, whose offsets start at `origin` and whose features are numbers below `features`.
    pub(crate) fn new(origin: SitePos, features: u32, paper: PaperMesh) -> Self {
        Self::of(origin, features, paper.into_features(origin))
    }

    /// The same, with its edges by angle.
    pub(crate) fn with_edges(origin: SitePos, features: u32, paper: PaperMesh) -> (Self, CreaseEdges) {
        let mesh = paper.into_features(origin);
        let edges = CreaseEdges::of(&mesh);
        (Self::of(origin, features, mesh), edges)
    }

    fn of(origin: SitePos, features: u32, mesh: FeatureMesh) -> Self {
        let features = features.max(1);
        Self {
            origin,
            features,
            feet: feet(&mesh.features, &mesh.positions, features),
            bvh: MeshBvh::build(&mesh),
            faces: DrawnMesh::triangles(paper_from_features(mesh, false)),
        }
    }

    /// Bytes that go to the graphics card.
    pub(crate) fn bytes(&self) -> u64 {
        self.faces.as_ref().map_or(0, DrawnMesh::bytes)
    }

    /// Lowest point of all its features above where its offsets start, metres; `None` where there are none.
    #[cfg(test)]
    pub(crate) fn lowest_m(&self) -> Option<f32> {
        self.feet.iter().map(|(_, foot_m)| *foot_m).min_by(f32::total_cmp)
    }

    /// Spawns it hidden; `None` when it is empty or no rows are left.
    pub(crate) fn spawn(
        self,
        commands: &mut Commands,
        meshes: &mut Assets<Mesh>,
        rows: &mut FeatureRows,
        material: Handle<PaperMaterial>,
        owner: PickOwner,
    ) -> Option<(Entity, RowRange)> {
        let faces = self.faces?;
        let range = rows.allocate(self.features)?;
        for (feature, foot_m) in self.feet {
            rows.set_foot(range, feature, foot_m);
        }
        let pickable = Pickable {
            owner,
            rows: range,
            bvh: Arc::new(self.bvh),
        };
        let drawn = faces.bundle(meshes, self.origin, range.first, material, Visibility::Hidden);
        Some((commands.spawn((drawn, pickable)).id(), range))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_takes_one_thing_of_any_size_or_several_within_its_budget() {
        let mut budget = SpawnBudget::default();
        assert!(
            budget.admits(10 * BYTES_PER_FRAME),
            "the first always, or it would never come"
        );
        assert!(!budget.admits(1));
        let mut budget = SpawnBudget::default();
        assert!(budget.admits(BYTES_PER_FRAME / 2) && budget.admits(BYTES_PER_FRAME / 2));
        assert!(!budget.admits(1));
    }

    #[test]
    fn what_a_task_made_comes_over_several_frames() {
        let mut making = Making {
            task: None,
            made: VecDeque::from([3, 2, 1]),
        };
        let bytes = |n: &u64| n * BYTES_PER_FRAME / 3;
        let mut frames = Vec::new();
        while !making.is_done() {
            let mut budget = SpawnBudget::default();
            let taken: Vec<u64> = std::iter::from_fn(|| making.next(&mut budget, bytes)).collect();
            frames.push(taken);
        }
        assert_eq!(frames, [vec![3], vec![2, 1]]);
    }
}
