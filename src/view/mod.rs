//! The city on the screen: what the scenario, the variant and the camera say becomes Bevy entities.
//!
//! A paper model on a planner's table: matte, pale, edges drawn, so that what a plan changes stands out.
//! Nothing here changes the model, and nothing here draws an interface. Everything stands in the site frame
//! in f64; only the last step to a `Transform` is `f32`, around a render origin that moves along.

mod boundary;
pub mod camera;
mod detail;
mod feature_material;
pub mod feature_names;
mod feature_rows;
pub mod features;
pub mod further_views;
mod ground;
pub mod labels;
mod masses;
mod models;
mod objects;
mod outline;
pub mod palette;
pub mod picking;
mod placement;
pub mod plan_picture;
pub mod points;
mod prepared;
pub mod quality;
pub(crate) mod ray_cast;
pub mod relief;
pub mod scene;
pub mod shaders;
pub mod site_view;
mod standing;
pub mod sun;
pub mod tiles;

pub use boundary::ShownBoundary;
pub use ground::GroundHeights;
pub use objects::{ObjectLooks, ShownPins};
pub use placement::SceneOrigin;

use bevy::prelude::*;

/// Everything that shows the city. Needs Bevy's renderer, a window or not.
pub struct ViewPlugin;

impl Plugin for ViewPlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(ClearColor(Color::srgb_u8(
            palette::SKY_HORIZON[0],
            palette::SKY_HORIZON[1],
            palette::SKY_HORIZON[2],
        )))
        .add_plugins((
            placement::plugin,
            detail::plugin,
            scene::plugin,
            feature_rows::plugin,
            feature_material::plugin,
            prepared::plugin,
            camera::plugin,
            sun::plugin,
            quality::plugin,
            ground::plugin,
            tiles::plugin,
            masses::plugin,
            objects::plugin,
            picking::plugin,
            outline::plugin,
        ))
        .add_plugins((
            relief::plugin,
            boundary::plugin,
            models::plugin,
            points::plugin,
            features::plugin,
            feature_names::plugin,
            further_views::plugin,
            shaders::plugin,
        ));
    }
}
