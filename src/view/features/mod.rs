//! Vector layers of any kind: areas laid on the ground or standing up as blocks, lines as ribbons, points as round marks
//! that face the camera.
//!
//! `pieces` makes meshes of bounded size, square by square, so that what is out of sight is not drawn; `ribbon` and
//! `block` are their forms. Every feature has a row, so colouring a layer anew writes rows and touches no mesh; only
//! another height makes the meshes anew. Nothing here is cut to the variant shown.

mod block;
mod pieces;
mod ribbon;

use super::{
    feature_material::{FADE_TO_M, PaperKey, PaperMaterial, SharedPaper},
    feature_rows::{FeatureRows, RowRange},
    ground::{self, GroundHeights},
    palette::Rgb,
    prepared::{Making, SpawnBudget},
    ray_cast::{PickOwner, Pickable},
    scene::{ScenarioShown, SceneContent, ShownScenario, Unfinished},
};
use crate::georef::narrow;
use crate::model::{
    FeatureStyle, OpenScenario, Terrain,
    features::{Coloring, LineWidth},
};
use crate::schedule::FrameSystems;
use bevy::{light::NotShadowCaster, math::DVec3, prelude::*};
use pieces::{Form, Piece};
use std::sync::Arc;

pub use pieces::{PieceCount, count_pieces};

/// Areas are pulled towards the eye by this share of the distance: the ground under them has other corners.
const AREA_PULL: f32 = 1.0e-3;
/// Lines lie on areas, and points on both.
const LINE_PULL: f32 = 1.3e-3;
const POINT_PULL: f32 = 1.6e-3;
/// Where a pixel covers so much, edges of areas begin to fade, metres.
const FADE_FROM_M: f32 = 0.2;
/// Least width of lines that have a width on the ground, and least diameter of points, on the screen, pixels.
const LEAST_LINE_PX: f32 = 1.5;
const LEAST_POINT_PX: f32 = 7.0;

/// A part of the layer at this place in the scenario's list of vector layers.
#[derive(Component, Clone, Copy)]
struct OfLayer(usize);

/// Rows of the features of a piece.
struct PieceRows {
    layer: usize,
    indices: Arc<Vec<u32>>,
    rows: RowRange,
}

/// Materials and colours of one layer.
struct Look {
    coloring: Coloring,
    colors: Vec<Rgb>,
    area: Handle<PaperMaterial>,
    line: Handle<PaperMaterial>,
    point: Handle<PaperMaterial>,
}

/// What is drawn of all layers.
#[derive(Resource, Default)]
struct Drawn {
    looks: Vec<Look>,
    rows: Vec<PieceRows>,
    /// The row of edges, which are never hidden.
    edge_row: Option<RowRange>,
    edges: Option<Handle<PaperMaterial>>,
    /// What the meshes were made with.
    made_for: Vec<FeatureStyle>,
    /// What they lie on.
    made_on: Option<Arc<Terrain>>,
    /// The pieces that are there are those of before.
    is_outdated: bool,
}

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<Making<Piece>>()
        .init_resource::<Drawn>()
        .add_systems(
            Update,
            (
                take_made.in_set(FrameSystems::Ingest),
                // After the ground has learnt its heights.
                start_making.after(ground::start_grounds).in_set(FrameSystems::Derive),
                (show_layers, color_features).in_set(FrameSystems::Present),
            ),
        );
}

/// Makes all layers anew when another scenario is shown, and when heights are, their own or those of a guessed ground.
fn start_making(
    mut shown: MessageReader<ScenarioShown>,
    scenario: Option<Res<ShownScenario>>,
    heights: Res<GroundHeights>,
    mut rows: ResMut<FeatureRows>,
    mut materials: ResMut<Assets<PaperMaterial>>,
    mut drawn: ResMut<Drawn>,
    mut making: ResMut<Making<Piece>>,
    mut unfinished: ResMut<Unfinished>,
) {
    let is_new = shown.read().last().is_some();
    let made_on = drawn.made_on.as_ref();
    let is_on_other = made_on.is_some_and(|made_on| !Arc::ptr_eq(made_on, heights.terrain()));
    let Some(scenario) = scenario.filter(|scenario| is_new || is_on_other || scenario.is_changed()) else {
        return;
    };
    let styles = scenario.feature_styles();
    let forms = |style: &FeatureStyle| (style.height.clone(), style.base.clone());
    let is_same_form = styles.iter().map(forms).eq(drawn.made_for.iter().map(forms));
    if !is_new && is_same_form && !is_on_other {
        return;
    }
    // Guesses of the ground follow each other: one is done before the next.
    if !is_new && is_same_form && !making.is_done() {
        return;
    }
    if is_new {
        // Its entities have gone with the scenario before.
        forget(&mut drawn, &mut rows);
        drawn.looks = looks(&scenario.open, styles, &rows, &mut materials);
        drawn.edges = Some(materials.add(edges(&rows)));
    }
    drawn.is_outdated = !is_new;
    drawn.made_for = styles.to_vec();
    drawn.made_on = Some(heights.terrain().clone());
    unfinished.set("features", !styles.is_empty());
    let (open, styles, terrain) = (scenario.open.clone(), styles.to_vec(), heights.terrain().clone());
    making.start(move || pieces::make(&open, &styles, &terrain));
}

fn forget(drawn: &mut Drawn, rows: &mut FeatureRows) {
    for piece in drawn.rows.drain(..) {
        rows.free(piece.rows);
    }
}

fn edges(rows: &FeatureRows) -> PaperMaterial {
    let ink = PaperMaterial::ink(rows.buffer(), 0.5);
    PaperMaterial {
        values: Vec4::new(ink.values.x, LINE_PULL, FADE_FROM_M.log2(), FADE_TO_M.log2()),
        ..ink
    }
}

fn looks(
    open: &OpenScenario,
    styles: &[FeatureStyle],
    rows: &FeatureRows,
    materials: &mut Assets<PaperMaterial>,
) -> Vec<Look> {
    let layers = open.features.iter().zip(styles);
    let look = layers.map(|(layer, style)| {
        let [opacity, point_m, _] = narrow(DVec3::new(style.fill_opacity, style.point_size_m, 0.0));
        let (width_m, width_px) = match style.line_width {
            LineWidth::Metres(metres) => (narrow(DVec3::splat(metres))[0], LEAST_LINE_PX),
            LineWidth::Pixels(pixels) => (0.0, narrow(DVec3::splat(pixels))[0]),
        };
        let mut paper = |key: PaperKey, values: Vec4| {
            materials.add(PaperMaterial {
                values,
                ..PaperMaterial::new(rows.buffer(), key)
            })
        };
        let flat = PaperKey {
            two_sided: true,
            ..PaperKey::default()
        };
        Look {
            coloring: style.coloring.clone(),
            colors: style.coloring.colors(&layer.table, layer.features.len()),
            area: paper(
                PaperKey {
                    blended: opacity < 1.0,
                    ..flat
                },
                Vec4::new(opacity, AREA_PULL, 0.0, 0.0),
            ),
            line: paper(
                PaperKey { ribbon: true, ..flat },
                Vec4::new(1.0, LINE_PULL, width_m, width_px),
            ),
            point: paper(
                PaperKey {
                    unlit: true,
                    splats: true,
                    round: true,
                    ..flat
                },
                Vec4::new(1.0, POINT_PULL, point_m, LEAST_POINT_PX),
            ),
        }
    });
    look.collect()
}

fn take_made(
    mut commands: Commands,
    paper: Option<Res<SharedPaper>>,
    old: Query<Entity, With<OfLayer>>,
    mut rows: ResMut<FeatureRows>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut drawn: ResMut<Drawn>,
    mut budget: ResMut<SpawnBudget>,
    mut making: ResMut<Making<Piece>>,
    mut unfinished: ResMut<Unfinished>,
) {
    let Some(paper) = paper.filter(|_| !making.is_done()) else {
        return;
    };
    let Some(edge_row) = drawn.edge_row.or_else(|| rows.allocate(1)) else {
        return;
    };
    drawn.edge_row = Some(edge_row);
    while let Some(piece) = making.next(&mut budget, Piece::bytes) {
        if std::mem::take(&mut drawn.is_outdated) {
            for entity in &old {
                commands.entity(entity).try_despawn();
            }
            forget(&mut drawn, &mut rows);
        }
        let count = u32::try_from(piece.indices.len()).unwrap_or(u32::MAX);
        let (Some(look), Some(range)) = (drawn.looks.get(piece.layer), rows.allocate(count)) else {
            continue;
        };
        color_rows(&mut rows, range, &piece.indices, &look.colors);
        let of_layer = OfLayer(piece.layer);
        for part in piece.parts {
            let material = match part.form {
                Form::Area => look.area.clone(),
                Form::Line => look.line.clone(),
                Form::Point => look.point.clone(),
                Form::Block => paper.solid.clone(),
            };
            for (feature, foot_m) in part.feet {
                rows.set_foot(range, feature, foot_m);
            }
            let pickable = Pickable {
                owner: PickOwner::Features {
                    layer: piece.layer,
                    indices: piece.indices.clone(),
                },
                rows: range,
                bvh: Arc::new(part.pick),
            };
            let hidden = Visibility::Hidden;
            let mesh = part
                .mesh
                .bundle(&mut meshes, piece.origin, range.first, material, hidden);
            let mut entity = commands.spawn((mesh, pickable, of_layer));
            if part.form != Form::Block {
                entity.insert(NotShadowCaster);
            }
        }
        for mesh in piece.edges {
            let material = drawn.edges.clone().unwrap_or_else(|| paper.ink.clone());
            let mesh = mesh.bundle(&mut meshes, piece.origin, edge_row.first, material, Visibility::Hidden);
            commands.spawn((mesh, of_layer, NotShadowCaster));
        }
        drawn.rows.push(PieceRows {
            layer: piece.layer,
            indices: piece.indices,
            rows: range,
        });
    }
    unfinished.set("features", !making.is_done());
}

fn color_rows(rows: &mut FeatureRows, range: RowRange, indices: &[u32], colors: &[Rgb]) {
    for (feature, index) in (0..).zip(indices) {
        rows.set_color(range, feature, colors.get(*index as usize).copied());
    }
}

fn show_layers(
    scenario: Option<Res<ShownScenario>>,
    added: Query<(), Added<OfLayer>>,
    mut parts: Query<(&OfLayer, &mut Visibility), With<SceneContent>>,
) {
    let Some(scenario) = scenario.filter(|scenario| scenario.is_changed() || !added.is_empty()) else {
        return;
    };
    for (of, mut visibility) in &mut parts {
        let layer = scenario.open.features.get(of.0);
        let is_visible = layer.is_some_and(|layer| scenario.is_layer_visible(&layer.layer));
        visibility.set_if_neq(if is_visible {
            Visibility::Inherited
        } else {
            Visibility::Hidden
        });
    }
}

/// Writes the rows of a layer that is coloured otherwise now.
fn color_features(scenario: Option<Res<ShownScenario>>, mut rows: ResMut<FeatureRows>, mut drawn: ResMut<Drawn>) {
    let Some(scenario) = scenario.filter(DetectChanges::is_changed) else {
        return;
    };
    let Drawn {
        looks, rows: pieces, ..
    } = &mut *drawn;
    let layers = scenario.open.features.iter().zip(scenario.feature_styles());
    for (place, ((layer, style), look)) in layers.zip(looks).enumerate() {
        if look.coloring == style.coloring {
            continue;
        }
        look.coloring = style.coloring.clone();
        look.colors = style.coloring.colors(&layer.table, layer.features.len());
        for piece in pieces.iter().filter(|piece| piece.layer == place) {
            color_rows(&mut rows, piece.rows, &piece.indices, &look.colors);
        }
    }
}
