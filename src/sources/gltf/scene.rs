//! The scene graph: which meshes stand where. Cycles end, and counts are capped.

use super::{Fault, file::Root};
use bevy::math::{DMat4, DQuat, DVec3};
use serde_json::Value;

/// Deepest node.
const MAX_DEPTH: usize = 256;
/// Most node visits of one file.
const MAX_VISITS: usize = 100_000;

/// One reference to a mesh from the scene graph.
pub(super) struct MeshPlace<'a> {
    pub(super) mesh: usize,
    pub(super) gltf_from_node: DMat4,
    /// `EXT_mesh_gpu_instancing` of the node.
    pub(super) instancing: Option<&'a Value>,
    /// All extensions of the node.
    pub(super) node_extensions: &'a Value,
}

/// Every mesh of the default scene, once per reference, and what had to be left out.
pub(super) fn mesh_places(root: &Root) -> (Vec<MeshPlace<'_>>, Vec<Fault>) {
    let mut walk = Walk {
        root,
        places: Vec::new(),
        faults: Vec::new(),
        on_path: vec![false; root.nodes.len()],
        visits: 0,
    };
    for node in top_nodes(root) {
        walk.visit(node, DMat4::IDENTITY, 0);
    }
    (walk.places, walk.faults)
}

/// Nodes of the default scene, of the first one, or those that nobody has as a child.
fn top_nodes(root: &Root) -> Vec<usize> {
    if let Some(scene) = root.scenes.get(root.scene.unwrap_or(0)).or_else(|| root.scenes.first()) {
        return scene.nodes.clone();
    }
    let mut is_child = vec![false; root.nodes.len()];
    for child in root.nodes.iter().flat_map(|node| &node.children) {
        if let Some(mark) = is_child.get_mut(*child) {
            *mark = true;
        }
    }
    (0..root.nodes.len()).filter(|node| !is_child[*node]).collect()
}

struct Walk<'a> {
    root: &'a Root,
    places: Vec<MeshPlace<'a>>,
    faults: Vec<Fault>,
    on_path: Vec<bool>,
    visits: usize,
}

impl Walk<'_> {
    fn visit(&mut self, index: usize, gltf_from_parent: DMat4, depth: usize) {
        let root = self.root;
        let fault = |message: &str| Fault::new(format!("nodes[{index}]"), message);
        let Some(node) = root.nodes.get(index) else {
            self.faults.push(fault("there is no such node"));
            return;
        };
        if self.on_path[index] {
            self.faults.push(fault("the node is its own descendant"));
            return;
        }
        if depth > MAX_DEPTH || self.visits >= MAX_VISITS {
            if self.visits != usize::MAX {
                self.faults.push(Fault::too_large(
                    format!("nodes[{index}]"),
                    "too many or too deep nodes; the rest is left out",
                ));
                self.visits = usize::MAX;
            }
            return;
        }
        self.visits += 1;
        let local = match node.matrix {
            Some(columns) => DMat4::from_cols_array(&columns),
            None => DMat4::from_scale_rotation_translation(
                node.scale.map_or(DVec3::ONE, DVec3::from_array),
                node.rotation.map_or(DQuat::IDENTITY, |q| {
                    let q = DQuat::from_array(q);
                    if q.length_squared() > 0.0 {
                        q.normalize()
                    } else {
                        DQuat::IDENTITY
                    }
                }),
                node.translation.map_or(DVec3::ZERO, DVec3::from_array),
            ),
        };
        let gltf_from_node = gltf_from_parent * local;
        if !gltf_from_node.is_finite() {
            self.faults.push(fault("the transform is not finite"));
            return;
        }
        if let Some(mesh) = node.mesh {
            self.places.push(MeshPlace {
                mesh,
                gltf_from_node,
                instancing: node.extensions.get("EXT_mesh_gpu_instancing"),
                node_extensions: &node.extensions,
            });
        }
        self.on_path[index] = true;
        for child in &node.children {
            self.visit(*child, gltf_from_node, depth + 1);
        }
        self.on_path[index] = false;
    }
}
