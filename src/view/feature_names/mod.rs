//! Names of the features of vector layers on the map: those near the eye and in the picture, for [`super::labels`] to lay
//! out. What stands where is sorted once per layer, off the main thread, and only for layers that have names.
//!
//! A name stands on the ground, on the top that its layer gives the feature, or on the roof of the building there.

mod index;

use super::ground::GroundHeights;
use super::labels::LabelStyle;
use super::scene::{ScenarioShown, ShownScenario};
use super::site_view::SiteView;
use crate::georef::SitePos;
use crate::model::scenario::Label;
use crate::model::{FeatureLayer, FeatureStyle};
use crate::schedule::FrameSystems;
use bevy::{
    math::DVec2,
    prelude::*,
    tasks::{AsyncComputeTaskPool, Task, block_on, poll_once},
};
use index::NameIndex;

/// Names that are handed to the layout at most: those nearest to the eye.
const MOST_NEAR: usize = 250;
/// Longest name, characters.
const MOST_CHARACTERS: usize = 40;
/// Most points of a line that a name may run along.
const MOST_POINTS: usize = 200;

/// Names of features in the picture, nearest first.
#[derive(Resource, Default)]
pub struct FeatureNames {
    near: Vec<Label>,
    layers: Vec<Sorted>,
}

/// How far a layer is.
#[derive(Default)]
enum Sorted {
    /// Nobody wants its names yet.
    #[default]
    Not,
    Being(Task<NameIndex>),
    Is(NameIndex),
}

impl FeatureNames {
    /// Names in the picture, nearest first.
    pub fn near(&self) -> &[Label] {
        &self.near
    }
}

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<FeatureNames>()
        .add_systems(Update, (sort_layers, find_near).chain().in_set(FrameSystems::Select));
}

/// The layers with names to be seen: place, layer and style.
fn named(shown: &ShownScenario) -> impl Iterator<Item = (usize, &FeatureLayer, &FeatureStyle)> {
    let layers = shown.open.features.iter().zip(shown.feature_styles()).enumerate();
    layers
        .map(|(place, (layer, style))| (place, layer, style))
        .filter(|(_, layer, style)| style.map_label.is_some() && shown.is_layer_visible(&layer.layer))
}

fn sort_layers(
    mut another: MessageReader<ScenarioShown>,
    shown: Option<Res<ShownScenario>>,
    mut names: ResMut<FeatureNames>,
) {
    let Some(shown) = shown else { return };
    if another.read().last().is_some() {
        *names = FeatureNames::default();
    }
    let places: Vec<usize> = named(&shown).map(|(place, ..)| place).collect();
    if names.layers.len() != shown.open.features.len() {
        names.layers.resize_with(shown.open.features.len(), Sorted::default);
    }
    let mut has_come = false;
    for place in places {
        let Some(sorted) = names.bypass_change_detection().layers.get_mut(place) else {
            continue;
        };
        match sorted {
            Sorted::Not => {
                let open = shown.open.clone();
                let sort = async move { open.features.get(place).map(NameIndex::new).unwrap_or_default() };
                *sorted = Sorted::Being(AsyncComputeTaskPool::get().spawn(sort));
            }
            Sorted::Being(task) => {
                if let Some(index) = block_on(poll_once(task)) {
                    *sorted = Sorted::Is(index);
                    has_come = true;
                }
            }
            Sorted::Is(_) => {}
        }
    }
    if has_come {
        names.set_changed();
    }
}

fn find_near(
    shown: Option<Res<ShownScenario>>,
    view: Res<SiteView>,
    heights: Res<GroundHeights>,
    mut names: ResMut<FeatureNames>,
) {
    let Some(shown) = shown else {
        return;
    };
    if !(shown.is_changed() || view.is_changed() || heights.is_changed() || names.is_changed()) {
        return;
    }
    let names = names.bypass_change_detection();
    let mut near: Vec<(f64, Label)> = Vec::new();
    for (place, layer, style) in named(&shown) {
        let Some(Sorted::Is(index)) = names.layers.get(place) else {
            continue;
        };
        let farthest_m = LabelStyle::default().farthest_m;
        let found = index.near(view.eye.0.truncate(), farthest_m, MOST_NEAR, |p, feature| {
            let ground_m = heights.height_at(p);
            // Most are passed over by their foot: what is tall may reach into the picture from below.
            if !is_near_picture(&view, SitePos(p.extend(ground_m)), 0.5) {
                return None;
            }
            let top = SitePos(p.extend(top_m(&shown, layer, style, p, feature, ground_m)));
            let label = is_near_picture(&view, top, 0.0).then(|| label(layer, style, top, feature))??;
            Some((top.0.distance(view.eye.0), label))
        });
        near.extend(found);
    }
    near.sort_by(|a, b| a.0.total_cmp(&b.0));
    near.truncate(MOST_NEAR);
    names.near = near.into_iter().map(|(_, label)| label).collect();
}

/// Whether a point lies in the picture, or this share of its size beside it.
fn is_near_picture(view: &SiteView, point: SitePos, share: f64) -> bool {
    let around = view.size_px * share;
    view.pixel(point)
        .is_some_and(|(pixel, _)| pixel.cmpge(-around).all() && pixel.cmple(view.size_px + around).all())
}

/// The name of a feature that stands at `position`.
fn label(layer: &FeatureLayer, style: &FeatureStyle, position: SitePos, feature: usize) -> Option<Label> {
    let column = layer.table.column(style.map_label.as_deref()?)?;
    let text = column.text(feature)?;
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let text = match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    };
    let of = layer.features.get(feature)?;
    let line = if of.points.is_empty() {
        let line = of.longest_line().unwrap_or_default();
        let step = line.len() / MOST_POINTS + 1;
        line.iter().step_by(step).copied().collect()
    } else {
        Vec::new()
    };
    Some(Label {
        text,
        position,
        line,
        landmark: false,
    })
}

/// Height on which a name stands, site metres.
fn top_m(
    shown: &ShownScenario,
    layer: &FeatureLayer,
    style: &FeatureStyle,
    p: DVec2,
    feature: usize,
    ground_m: f64,
) -> f64 {
    let open = &shown.open;
    let is_area = layer
        .features
        .get(feature)
        .is_some_and(|feature| !feature.areas.is_empty());
    let height = style.height.as_ref().filter(|_| is_area);
    let height_m = height
        .and_then(|height| height.of(&layer.table, feature))
        .unwrap_or(0.0);
    let there = open.register.at(p).and_then(|place| open.register.buildings.get(place));
    let roof = there.filter(|building| !shown.removed().contains(&building.id));
    roof.map_or(ground_m + height_m, |building| building.roof_m.max(ground_m + height_m))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OpenScenario;
    use crate::model::edit::tests::scenario;
    use crate::model::features::{Coloring, LineWidth, Measure, SiteFeature, TableBuilder};
    use crate::sources::resource;
    use crate::view::scene::{FeatureChoice, StyleFeatures};
    use bevy::math::DVec3;
    use serde_json::json;
    use std::sync::Arc;

    /// Hundred trees 10 m apart from the anchor to the east, each with its number; every tenth has none.
    fn shown() -> ShownScenario {
        let mut table = TableBuilder::default();
        for number in 0..100 {
            let name = (number % 10 > 0).then(|| format!("boom {number}"));
            table.push(json!({"naam": name, "hoog": 5.0}).as_object().unwrap());
        }
        let features = (0..100_u8).map(|number| SiteFeature {
            points: vec![DVec2::new(f64::from(number) * 10.0, 0.0)],
            ..SiteFeature::default()
        });
        let layer = FeatureLayer {
            layer: "bomen".into(),
            features: features.collect(),
            table: table.build(),
            style: FeatureStyle {
                coloring: Coloring::one([1, 2, 3]),
                fill_opacity: 1.0,
                line_width: LineWidth::Pixels(1.0),
                point_size_m: 1.0,
                height: Some(Measure::Property("hoog".into())),
                base: None,
                label: None,
                map_label: None,
            },
        };
        let mut open = OpenScenario::without_data(scenario(), resource::folder(std::path::Path::new(".")));
        open.features = Arc::new(vec![layer]);
        ShownScenario::new(Arc::new(open))
    }

    fn app() -> App {
        let mut app = App::new();
        app.add_plugins(MinimalPlugins)
            .add_message::<ScenarioShown>()
            .add_message::<StyleFeatures>()
            .insert_resource(shown())
            .init_resource::<GroundHeights>()
            .insert_resource(SiteView::looking(
                SitePos(DVec3::new(300.0, -100.0, 100.0)),
                0.0,
                -0.7,
                DVec2::new(800.0, 600.0),
            ))
            .add_plugins(plugin)
            .add_systems(
                Update,
                crate::view::scene::style_features
                    .before(FrameSystems::Select)
                    .before(sort_layers),
            );
        app
    }

    fn texts(app: &App) -> Vec<String> {
        let names = app.world().resource::<FeatureNames>();
        names.near().iter().map(|label| label.text.clone()).collect()
    }

    fn choose(app: &mut App, property: Option<&str>) {
        app.world_mut().write_message(StyleFeatures {
            id: "bomen".into(),
            choice: FeatureChoice::LabelBy(property.map(str::to_owned)),
        });
        for _ in 0..500 {
            app.update();
            let is_sorted = matches!(app.world().resource::<FeatureNames>().layers[0], Sorted::Is(_));
            if is_sorted || property.is_none() {
                app.update();
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        panic!("never sorted");
    }

    #[test]
    fn names_near_the_eye_are_told_nearest_first_and_go_again() {
        let mut app = app();
        app.update();
        assert_eq!(texts(&app), Vec::<String>::new(), "nobody asked for names");
        assert!(matches!(app.world().resource::<FeatureNames>().layers[0], Sorted::Not));
        choose(&mut app, Some("naam"));
        let found = texts(&app);
        assert!((5..30).contains(&found.len()), "{found:?}");
        // The one straight ahead has no name; those beside it are the nearest.
        let nearest: std::collections::BTreeSet<&str> = found.iter().take(2).map(String::as_str).collect();
        assert_eq!(nearest, std::collections::BTreeSet::from(["boom 29", "boom 31"]));
        let heights = app.world().resource::<FeatureNames>().near().iter();
        assert!(
            heights.map(|label| label.position.0.z).all(|z| z.abs() < 1e-9),
            "points have no height"
        );
        *app.world_mut().resource_mut::<SiteView>() = SiteView::looking(
            SitePos(DVec3::new(300.0, -100.0, 100.0)),
            std::f64::consts::PI,
            -0.7,
            DVec2::new(800.0, 600.0),
        );
        app.update();
        assert_eq!(texts(&app), Vec::<String>::new(), "nothing stands behind");
        choose(&mut app, None);
        assert_eq!(texts(&app), Vec::<String>::new());
    }
}
