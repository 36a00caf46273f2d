//! The outline of what is picked: its silhouette as the eye sees it, in the selection's colour, with a white
//! line along its inside, three pixels wide at any distance.
//!
//! Not the edges of the thing: a roof full of detail would become a blot. Found anew on the processor when the
//! camera or what stands around changes, and drawn as one band over the finished picture; what is hidden behind
//! something else is drawn faintly. Small things and points get a ring around them, the ground a ring that lies on it.

mod contour;
mod lines;
mod mask;
mod ribbon;
mod thing;

use super::{
    feature_rows::FeatureRows,
    palette,
    picking::{CitySelection, Outline, Outlined, Picked, PickedThing},
    placement::SiteAnchor,
    ray_cast::{Pickable, SceneRay},
    site_view::SiteView,
};
use crate::georef::{SitePos, narrow};
use crate::schedule::FrameSystems;
use crate::view::camera::MAIN_CAMERA_LAYER;
use bevy::{
    asset::{RenderAssetUsages, load_internal_asset, uuid_handle},
    camera::visibility::{NoFrustumCulling, RenderLayers},
    light::{NotShadowCaster, NotShadowReceiver},
    math::{DVec2, DVec3},
    mesh::{Indices, MeshVertexBufferLayoutRef, PrimitiveTopology},
    pbr::{Material, MaterialPipeline, MaterialPipelineKey, MaterialPlugin},
    prelude::*,
    render::render_resource::{AsBindGroup, RenderPipelineDescriptor, SpecializedMeshPipelineError},
    shader::ShaderRef,
};
use lines::{Line, lines};
use ribbon::{Bands, Ribbon, circle, square_around};
use thing::Thing;

/// Width of the colour and of the white line, points.
const OUTER_PT: f64 = 3.0;
const INNER_PT: f64 = 1.5;
/// Strength of what is hidden behind something else.
const COVERED_STRENGTH: f32 = 0.4;
/// Things that take up less of the picture than this get a ring instead, points.
const SMALL_PT: f64 = 20.0;
/// Distance of a ring from a small thing, and its least radius, points.
const RING_GAP_PT: f64 = 4.0;
const LEAST_RING_PT: f64 = 9.0;
/// Radius of the ring on the ground, points.
const GROUND_RING_PT: f64 = 7.0;
/// What stands less than this before a thing does not cover it: neighbours and the thing's own skin, metres
/// and as a share of the distance.
const BEFORE_M: f64 = 0.25;
const BEFORE_SHARE: f64 = 0.002;

/// The band over the picture.
#[derive(Asset, AsBindGroup, TypePath, Debug, Clone)]
struct OutlineMaterial {
    #[uniform(0)]
    color: Vec4,
    /// Width of the white line and of the colour, pixels; strength of what is covered.
    #[uniform(1)]
    bands: Vec4,
}

const SHADER: Handle<Shader> = uuid_handle!("5b3c2f0e-3a52-4d9b-9a64-0d1f4c6f7a14");

impl Material for OutlineMaterial {
    fn vertex_shader() -> ShaderRef {
        SHADER.into()
    }
    fn fragment_shader() -> ShaderRef {
        SHADER.into()
    }
    fn alpha_mode(&self) -> AlphaMode {
        AlphaMode::Blend
    }
    fn depth_bias(&self) -> f32 {
        // Drawn after everything else that blends.
        1.0e9
    }
    fn enable_prepass() -> bool {
        false
    }
    fn enable_shadows() -> bool {
        false
    }
    fn specialize(
        _: &MaterialPipeline,
        descriptor: &mut RenderPipelineDescriptor,
        layout: &MeshVertexBufferLayoutRef,
        _: MaterialPipelineKey<Self>,
    ) -> Result<(), SpecializedMeshPipelineError> {
        descriptor.vertex.buffers = vec![layout.0.get_layout(&[
            Mesh::ATTRIBUTE_POSITION.at_shader_location(0),
            Mesh::ATTRIBUTE_UV_0.at_shader_location(1),
        ])?];
        descriptor.primitive.cull_mode = None;
        Ok(())
    }
}

/// The entity of the band.
#[derive(Component)]
struct OutlineBand;

/// What the outline was last drawn of.
#[derive(Default)]
struct Drawn {
    of: Option<Outlined>,
    thing: Option<Thing>,
    is_empty: bool,
}

pub(crate) fn plugin(app: &mut App) {
    load_internal_asset!(app, SHADER, "../../../assets/shaders/outline.wgsl", Shader::from_wgsl);
    app.add_plugins(MaterialPlugin::<OutlineMaterial>::default())
        .add_systems(Startup, make_band)
        .add_systems(
            Update,
            draw_outline
                .after(super::picking::find_outlined)
                .in_set(FrameSystems::Present),
        );
}

fn make_band(mut commands: Commands, mut meshes: ResMut<Assets<Mesh>>, mut materials: ResMut<Assets<OutlineMaterial>>) {
    let [r, g, b] = palette::SELECTION;
    let color = Color::srgb_u8(r, g, b).to_linear();
    // The renderer does not take a mesh of nothing, hidden or not.
    let nothing_yet = Ribbon {
        positions: vec![[0.0; 3]; 3],
        seen: vec![[0.0; 2]; 3],
        indices: vec![0, 1, 2],
    };
    commands.spawn((
        OutlineBand,
        Mesh3d(meshes.add(mesh_of(nothing_yet))),
        MeshMaterial3d(materials.add(OutlineMaterial {
            color: Vec4::new(color.red, color.green, color.blue, 1.0),
            bands: Vec4::ZERO,
        })),
        NoFrustumCulling,
        NotShadowCaster,
        NotShadowReceiver,
        Visibility::Hidden,
        // It is laid out for what the main camera sees; in a picture of another one it would lie anywhere.
        RenderLayers::layer(MAIN_CAMERA_LAYER),
    ));
}

fn mesh_of(ribbon: Ribbon) -> Mesh {
    Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::RENDER_WORLD)
        .with_inserted_attribute(Mesh::ATTRIBUTE_POSITION, ribbon.positions)
        .with_inserted_attribute(Mesh::ATTRIBUTE_UV_0, ribbon.seen)
        .with_inserted_indices(Indices::U32(ribbon.indices))
}

fn draw_outline(
    outline: Res<Outline>,
    selection: Res<CitySelection>,
    view: Res<SiteView>,
    rows: Res<FeatureRows>,
    scene: SceneRay,
    pickables: Query<(&Pickable, &SiteAnchor)>,
    changed: Query<(), (With<Pickable>, Changed<Visibility>)>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<OutlineMaterial>>,
    mut bands: Query<
        (&Mesh3d, &MeshMaterial3d<OutlineMaterial>, &mut Visibility),
        (With<OutlineBand>, Without<Pickable>),
    >,
    mut drawn: Local<Drawn>,
) {
    let is_same = !(outline.is_changed() || selection.is_changed() || view.is_changed());
    // What stands before the thing may have come, gone or been hidden.
    let is_settled = is_same && (drawn.is_empty || (!rows.is_changed() && changed.is_empty()));
    if is_settled {
        return;
    }
    if drawn.of != outline.0 {
        drawn.of = outline.0;
        drawn.thing = outline.0.and_then(|outlined| gather(outlined, &pickables));
    }
    let covers = |pixel: DVec2, away_m: f64| {
        scene
            .cast_things(view.eye, view.ray(pixel))
            .is_some_and(|(distance_m, entity, feature)| {
                let is_itself = drawn.of.is_some_and(|outlined| {
                    feature == outlined.feature
                        && pickables
                            .get(entity)
                            .is_ok_and(|(pickable, _)| pickable.rows == outlined.rows)
                });
                !is_itself && distance_m < away_m * (1.0 - BEFORE_SHARE) - BEFORE_M
            })
    };
    let found = match (&drawn.thing, &selection.picked) {
        (Some(thing), _) => lines_around(thing, &view, covers),
        (
            None,
            Some(Picked {
                thing: PickedThing::Ground,
                position,
            }),
        ) => ring_on_ground(*position, &view, covers),
        // Measured points have no silhouette, those of tiles neither.
        (None, Some(Picked { thing, position })) if outline.0.is_some() || matches!(thing, PickedThing::Point(_)) => {
            ring_around_point(*position, &view, covers)
        }
        _ => Vec::new(),
    };
    let widths = Bands {
        inner_px: INNER_PT * view.pixels_per_point,
        outer_px: OUTER_PT * view.pixels_per_point,
    };
    let mut ribbon = Ribbon::default();
    for line in &found {
        ribbon.add(line, widths, view.size_px);
    }
    drawn.is_empty = ribbon.is_empty();
    for (mesh, material, mut visibility) in &mut bands {
        visibility.set_if_neq(if drawn.is_empty {
            Visibility::Hidden
        } else {
            Visibility::Inherited
        });
        if drawn.is_empty {
            continue;
        }
        let [inner, outer, _] = narrow(DVec3::new(widths.inner_px, widths.outer_px, 0.0));
        let new = Vec4::new(inner, outer, COVERED_STRENGTH, 0.0);
        if materials.get(&material.0).is_some_and(|material| material.bands != new)
            && let Some(mut material) = materials.get_mut(&material.0)
        {
            material.bands = new;
        }
        // A handle that is shown is there; a mesh that is gone would only cost the outline.
        let _ = meshes.insert(mesh.id(), mesh_of(std::mem::take(&mut ribbon)));
    }
}

/// The faces of what is outlined; a feature may be drawn by several meshes of its tile.
fn gather(outlined: Outlined, pickables: &Query<(&Pickable, &SiteAnchor)>) -> Option<Thing> {
    Thing::new(
        pickables
            .iter()
            .filter(|(pickable, _)| pickable.rows == outlined.rows)
            .flat_map(|(pickable, anchor)| {
                let triangles = pickable.bvh.triangles_of(outlined.feature);
                triangles.map(|corners| (anchor.0, corners))
            }),
    )
}

fn lines_around(thing: &Thing, view: &SiteView, is_covered: impl Fn(DVec2, f64) -> bool) -> Vec<Line> {
    let scale = view.pixels_per_point;
    let seen: Vec<(DVec2, f64)> = thing.corners().iter().filter_map(|p| view.pixel(SitePos(*p))).collect();
    let is_whole = seen.len() == thing.corners().len();
    let Some((middle, half)) = square_around(seen.iter().map(|(pixel, _)| *pixel)) else {
        return Vec::new();
    };
    if is_whole && half * 2.0 < SMALL_PT * scale {
        let nearest = seen.iter().map(|(_, depth)| *depth).fold(f64::INFINITY, f64::min);
        let is_seen = !is_covered(middle, nearest);
        let radius = (half + RING_GAP_PT * scale).max(LEAST_RING_PT * scale);
        return Line::ring(circle(middle, radius), |_| is_seen).into_iter().collect();
    }
    lines(&contour::contour(thing, view, is_covered), scale)
}

/// A ring around a point, whose disc faces the eye too and stays free within it.
fn ring_around_point(place: SitePos, view: &SiteView, is_covered: impl Fn(DVec2, f64) -> bool) -> Vec<Line> {
    let Some((middle, _)) = view.pixel(place) else {
        return Vec::new();
    };
    let is_seen = !is_covered(middle, place.0.distance(view.eye.0));
    let radius = LEAST_RING_PT * view.pixels_per_point;
    Line::ring(circle(middle, radius), |_| is_seen).into_iter().collect()
}

/// A ring that lies on the ground around a place.
fn ring_on_ground(place: SitePos, view: &SiteView, is_covered: impl Fn(DVec2, f64) -> bool) -> Vec<Line> {
    let away_m = place.0.distance(view.eye.0);
    let radius_m = view.metres_per_pixel(away_m) * GROUND_RING_PT * view.pixels_per_point;
    let points: Option<Vec<DVec2>> = circle(DVec2::ZERO, radius_m)
        .into_iter()
        .map(|offset| {
            view.pixel(SitePos(place.0 + offset.extend(0.0)))
                .map(|(pixel, _)| pixel)
        })
        .collect();
    points
        .and_then(|points| Line::ring(points, |pixel| !is_covered(pixel, away_m - radius_m)))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_of_a_point_leaves_its_disc_free_from_every_side() {
        for pitch_rad in [-1.5, -0.5, 0.0] {
            let view = SiteView::looking(SitePos(DVec3::ZERO), 0.3, pitch_rad, DVec2::new(1280.0, 720.0));
            let place = SitePos(view.ray(DVec2::new(500.0, 300.0)) * 80.0);
            let rings = ring_around_point(place, &view, |_, _| false);
            assert_eq!(rings.len(), 1);
            for pixel in &rings[0].points {
                let away = pixel.distance(DVec2::new(500.0, 300.0));
                assert!((away - LEAST_RING_PT).abs() < 0.5, "{pitch_rad}: {away} pixels");
                // Half the widest disc, and the white line inside the ring.
                assert!(away - INNER_PT > 6.0);
            }
            assert!(ring_around_point(SitePos(-place.0), &view, |_, _| false).is_empty());
        }
    }
}
