//! Models drawn with fewer triangles where all their copies would not fit into a tile: far better than copies that are
//! missing, and every one keeps its place and its feature.

use super::{
    copies::Chain,
    merge::{PlacedMesh, copied_triangles},
    primitive::Part,
};
use meshoptimizer_rs::{Limits, Positions, Workspace, simplify_sloppy};

/// Fewest corners that a part is brought down to: a tetrahedron.
const LEAST_CORNERS: usize = 12;

/// Makes the models that are copied simpler, all by the same share, so that their copies have no more than `allowed`
/// triangles, or nearly. Returns whether any became simpler.
pub(super) fn fit(placed: &mut [PlacedMesh], chain: &Chain<'_>, allowed: u64) -> bool {
    let wanted = copied_triangles(placed, chain);
    if wanted <= allowed {
        return false;
    }
    let mut workspace = Workspace::new(Limits {
        max_bytes: 512 << 20,
        max_work: 1 << 32,
    });
    let mut is_simpler = false;
    for mesh in placed {
        if chain.count(mesh.copies.as_ref()) < 2 {
            continue;
        }
        for part in &mut mesh.parts {
            let corners = part.indices.len() as u128 * u128::from(allowed) / u128::from(wanted);
            let target = usize::try_from(corners).unwrap_or(0) / 3 * 3;
            is_simpler |= simplify(part, target.max(LEAST_CORNERS), &mut workspace);
        }
    }
    is_simpler
}

/// Whether the part is simpler now. One that would vanish, or that cannot be read, stays as it is.
fn simplify(part: &mut Part, target: usize, workspace: &mut Workspace) -> bool {
    // Relative to the size of the part: the target alone decides.
    const ANY_ERROR: f32 = 1.0;
    if part.indices.len() <= target {
        return false;
    }
    let positions = Positions::from_packed(&part.positions);
    match simplify_sloppy(&part.indices, positions, None, target, ANY_ERROR, workspace) {
        Ok(simpler) if !simpler.indices.is_empty() && simpler.indices.len() < part.indices.len() => {
            part.set_corners(simpler.indices);
            true
        }
        Ok(_) | Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::gltf::{
        copies::Copies,
        material::{EdgeSource, Look, RenderClass, UvTransform},
        place::Bounds,
        primitive::Shape,
    };
    use bevy::math::{DAffine3, DMat4, DVec3};
    use std::f32::consts::{PI, TAU};

    /// A ball of `rings` by `rings` quads of radius 1.
    fn ball(rings: u16, has_normals: bool) -> Part {
        let at = |i: u16, j: u16| {
            let part = |number: u16| f32::from(number) / f32::from(rings);
            let (up, around) = (part(i) * PI, part(j) * TAU);
            [up.sin() * around.cos(), up.cos(), up.sin() * around.sin()]
        };
        let mut positions = Vec::new();
        for i in 0..rings {
            for j in 0..rings {
                let quad = [at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)];
                positions.extend([0, 1, 2, 0, 2, 3].map(|corner: usize| quad[corner]));
            }
        }
        let indices = (0..u32::try_from(positions.len()).unwrap()).collect();
        Part {
            shape: Shape::Faces,
            look: Look {
                class: RenderClass {
                    image: None,
                    fallback: None,
                    wrap: [crate::geometry::Wrap::Repeat; 2],
                    double_sided: false,
                    translucent: false,
                    unlit: false,
                    cutoff: None,
                    edges: EdgeSource::Angles,
                },
                factor: [1.0; 4],
                uv_set: 0,
                uv_transform: UvTransform::IDENTITY,
            },
            normals: if has_normals { positions.clone() } else { Vec::new() },
            rows: Vec::new(),
            colors: Vec::new(),
            uvs: Vec::new(),
            indices,
            outline: Vec::new(),
            carried: crate::sources::gltf::carried::Carried::default(),
            bounds: Bounds {
                low: DVec3::NEG_ONE,
                high: DVec3::ONE,
            },
            positions,
        }
    }

    #[test]
    fn models_become_as_simple_as_they_must_and_keep_their_size() {
        let models = Copies {
            places: vec![DAffine3::IDENTITY; 1_001],
            ..Copies::default()
        };
        let chain = Chain {
            root_from_models: DMat4::IDENTITY,
            models: Some(&models),
            model_from_gltf: DMat4::IDENTITY,
        };
        for has_normals in [true, false] {
            let mut placed = [PlacedMesh {
                parts: vec![ball(10, has_normals)],
                gltf_from_node: DMat4::IDENTITY,
                copies: None,
            }];
            assert!(!fit(&mut placed, &chain, 200_000), "as it is it fits");
            assert!(fit(&mut placed, &chain, 60_000));
            let part = &placed[0].parts[0];
            let triangles = part.indices.len() / 3;
            assert!((10..=60).contains(&triangles), "{triangles}");
            assert!(part.normals.len() == if has_normals { part.positions.len() } else { 0 });
            assert!(
                part.indices
                    .iter()
                    .all(|index| (*index as usize) < part.positions.len())
            );
            let highest = part.positions.iter().map(|p| p[1]).fold(f32::MIN, f32::max);
            assert!(highest > 0.6, "{highest}");
            assert!(copied_triangles(&placed, &chain) <= 60_000);
        }
    }
}
