//! Measured points: each a small square that faces the camera, in its own colour or in that of its class.
//!
//! They take no part in picking and cast no shadow. Made off the main thread and let in by the frame's budget; a piece
//! outside the view is not drawn.

use super::{
    feature_material::{PaperKey, PaperMaterial, PaperMesh},
    feature_rows::{FeatureRows, RowRange},
    ground::FootSamples,
    palette::{self, Rgb},
    prepared::{DrawnMesh, Making, SpawnBudget},
    scene::{ScenarioShown, ShownScenario, Unfinished, just_shown},
    tiles::TileStats,
};
use crate::georef::{SitePos, site_axes};
use crate::model::{LayerKind, points::PointPiece};
use crate::schedule::FrameSystems;
use bevy::{light::NotShadowCaster, math::DVec3, prelude::*};

/// Side of a square as a share of the distance between points: neighbours just overlap.
const SQUARE_SHARE: f64 = 1.3;
/// Smallest and largest side of a square, metres.
const SIDE_M: [f64; 2] = [0.02, 5.0];
/// Least side of a square on the screen, pixels.
const LEAST_PX: f32 = 1.5;
/// Points are pulled this far towards the eye, as a share of the distance, off the ground estimated below them.
const PULL: f32 = 1.0e-3;
/// Over so many metres what grows or stands turns from dark to light.
const SHADED_M: f64 = 15.0;

/// Points of the cloud on the table.
#[derive(Component)]
struct CloudPiece {
    points: u64,
}

/// One piece, ready to be shown.
struct Made {
    origin: SitePos,
    mesh: DrawnMesh,
    points: u64,
    feet: FootSamples,
    side_m: f32,
}

/// What the pieces share.
#[derive(Resource, Default)]
struct Shared {
    row: Option<RowRange>,
    material: Option<Handle<PaperMaterial>>,
}

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<Making<Made>>()
        .init_resource::<Shared>()
        .add_systems(
            Update,
            (
                take_made.in_set(FrameSystems::Ingest),
                start_making.in_set(FrameSystems::Derive),
                show_points.in_set(FrameSystems::Present),
            ),
        );
}

fn start_making(
    mut shown: MessageReader<ScenarioShown>,
    scenario: Option<Res<ShownScenario>>,
    mut shared: ResMut<Shared>,
    mut making: ResMut<Making<Made>>,
    mut unfinished: ResMut<Unfinished>,
) {
    let Some(open) = just_shown(&mut shown, scenario) else {
        return;
    };
    shared.material = None;
    unfinished.set("points", !open.points.pieces.is_empty());
    making.start(move || {
        let side_m = (open.points.spacing_m * SQUARE_SHARE).clamp(SIDE_M[0], SIDE_M[1]);
        let pieces = open.points.pieces.iter();
        pieces.filter_map(|piece| make(piece, side_m)).collect()
    });
}

fn make(piece: &PointPiece, side_m: f64) -> Option<Made> {
    let mut feet = FootSamples::default();
    let mut paper = PaperMesh::default();
    for (place, position) in piece.positions.iter().enumerate() {
        let class = piece.classes.get(place).copied().unwrap_or_default();
        let site = piece.origin.0 + site_axes(DVec3::from_array(position.map(f64::from)));
        if matches!(class, 0..=2 | 9) {
            feet.take(SitePos(site));
        }
        let color = piece.colors.get(place).copied();
        paper.point(
            Vec3::from_array(*position),
            color.unwrap_or_else(|| class_color(class, site.z)),
        );
    }
    Some(Made {
        origin: piece.origin,
        points: piece.positions.len() as u64,
        mesh: DrawnMesh::triangles(paper)?,
        feet,
        #[expect(clippy::cast_possible_truncation, reason = "a few metres")]
        side_m: side_m as f32,
    })
}

/// Colour of a class; what stands or grows is darker near the ground.
fn class_color(class: u8, above_zero_m: f64) -> Rgb {
    let color = palette::measured(class);
    if matches!(class, 2 | 8..=11) {
        return color;
    }
    let light = (above_zero_m / SHADED_M).clamp(0.0, 1.0);
    palette::mix(palette::mix(color, palette::INK, 0.45), color, light)
}

fn take_made(
    mut commands: Commands,
    mut rows: ResMut<FeatureRows>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<PaperMaterial>>,
    mut samples: ResMut<FootSamples>,
    mut shared: ResMut<Shared>,
    mut budget: ResMut<SpawnBudget>,
    mut making: ResMut<Making<Made>>,
    mut unfinished: ResMut<Unfinished>,
) {
    if making.is_done() {
        return;
    }
    // One blank row serves all points: none is ever hidden.
    let Some(row) = shared.row.or_else(|| rows.allocate(1)) else {
        return;
    };
    shared.row = Some(row);
    while let Some(made) = making.next(&mut budget, |made: &Made| made.mesh.bytes()) {
        samples.merge(&made.feet);
        let material = shared.material.get_or_insert_with(|| {
            let key = PaperKey {
                two_sided: true,
                unlit: true,
                splats: true,
                ..PaperKey::default()
            };
            materials.add(PaperMaterial {
                values: Vec4::new(1.0, PULL, made.side_m, LEAST_PX),
                ..PaperMaterial::new(rows.buffer(), key)
            })
        });
        let drawn = made.mesh.bundle(
            &mut meshes,
            made.origin,
            row.first,
            material.clone(),
            Visibility::Hidden,
        );
        commands.spawn((drawn, CloudPiece { points: made.points }, NotShadowCaster));
    }
    unfinished.set("points", !making.is_done());
}

fn show_points(
    scenario: Option<Res<ShownScenario>>,
    mut stats: ResMut<TileStats>,
    mut pieces: Query<(&CloudPiece, &mut Visibility)>,
) {
    let is_visible = scenario.is_some_and(|scenario| scenario.is_kind_visible(LayerKind::Points));
    let wanted = if is_visible {
        Visibility::Inherited
    } else {
        Visibility::Hidden
    };
    let mut points = 0;
    for (piece, mut visibility) in &mut pieces {
        visibility.set_if_neq(wanted);
        points += if is_visible { piece.points } else { 0 };
    }
    if stats.points != points {
        stats.points = points;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_a_square_and_ground_carries_the_table() {
        let piece = PointPiece {
            origin: SitePos(DVec3::new(10.0, 10.0, 1.0)),
            positions: vec![[0.0; 3], [1.0, 8.0, 0.0]],
            colors: Vec::new(),
            classes: vec![2, 6],
        };
        let made = make(&piece, 1.0).unwrap();
        assert_eq!(made.points, 2);
        // Four corners of twelve bytes of place, four of number and four of colour, and six numbers of corners.
        assert_eq!(made.mesh.bytes(), 2 * (4 * 20 + 6 * 4));
        assert!(made.feet.estimate().is_some(), "ground was noted");
        let roofs = PointPiece {
            classes: vec![6, 6],
            ..piece
        };
        assert!(make(&roofs, 1.0).unwrap().feet.estimate().is_none());
    }

    #[test]
    fn classes_tell_themselves_apart() {
        let colors: Vec<Rgb> = [1, 2, 5, 6, 9].map(|class| class_color(class, 5.0)).to_vec();
        for (place, color) in colors.iter().enumerate() {
            assert!(colors[..place].iter().all(|other| other != color), "{color:?}");
        }
        assert_ne!(class_color(6, 0.0), class_color(6, 10.0));
    }
}
