//! How high tiles stand: what a person chose for a layer, and whether the ground says that it floats or lies buried.
//!
//! The heights of tiles are measured from the ellipsoid, Dutch ones from NAP, which lies 43 m above it. Whoever makes tiles
//! forgets the difference or counts it twice, so the feet of what comes are held against the measured ground. Where none is
//! known, a Dutch layer that lies deeper than any street of the country tells it too.

use super::{
    TileLayers,
    layer::{TileLayer, Tree, ellipsoid_above_nap_m},
};
use crate::georef::{HeightReference, SiteFrame, SitePos};
use crate::model::{FootSurvey, LayerKind, OffGround, TileHeights};
use crate::sources::{
    Cause, Problem,
    tiles3d::{Tile, TileId},
};
use crate::view::{
    feature_rows::FeatureRows,
    ground::{FootSamples, GroundHeights},
    scene::{ShownScenario, ViewProblems},
};
use bevy::prelude::*;
use std::collections::BTreeMap;

/// Tiles whose shape is off by more than this tell nothing of their feet, metres.
const COARSEST_M: f64 = 6.0;
/// Request: take the heights of a tile layer as these.
#[derive(Message, Debug, Clone, PartialEq)]
pub struct PlaceTiles {
    /// Layer id.
    pub layer: String,
    /// What its heights are.
    pub heights: TileHeights,
}

/// What is known of the heights of the tile layers, by layer id.
#[derive(Resource, Debug, Default)]
pub struct HeightsOfTiles {
    chosen: BTreeMap<String, TileHeights>,
    found: BTreeMap<String, OffGround>,
    /// What was put on the list of problems of a layer.
    told: BTreeMap<String, Problem>,
}

impl HeightsOfTiles {
    /// Forgets everything, and takes what was chosen before of the scenario that comes.
    pub fn expect(&mut self, chosen: BTreeMap<String, TileHeights>) {
        self.chosen = chosen;
        self.begin();
    }

    /// Forgets what the ground said: other tiles come.
    pub(super) fn begin(&mut self) {
        self.found.clear();
        self.told.clear();
    }

    /// What a person chose for a layer.
    pub fn chosen(&self, layer: &str) -> Option<TileHeights> {
        self.chosen.get(layer).copied()
    }

    /// All that a person chose, by layer id.
    pub fn all_chosen(&self) -> &BTreeMap<String, TileHeights> {
        &self.chosen
    }

    /// What the ground says of a layer of which nobody chose anything.
    pub fn found(&self, layer: &str) -> Option<OffGround> {
        self.found.get(layer).copied()
    }

    /// All layers that stand off the ground.
    pub fn all_found(&self) -> impl Iterator<Item = (&str, OffGround)> {
        self.found.iter().map(|(layer, found)| (layer.as_str(), *found))
    }

    /// Takes a choice, which ends all that the ground says; gives what is not true any more of what was told.
    fn choose(&mut self, layer: &str, heights: TileHeights) -> Option<Problem> {
        self.chosen.insert(layer.to_owned(), heights);
        self.found.remove(layer);
        self.told.remove(layer)
    }

    /// Takes what a survey says of the layer at `path` now, and mends the list of `problems` accordingly. What a person
    /// chose has the last word, also while the tiles from before that are still coming.
    fn note(&mut self, layer: &str, path: &str, found: Option<OffGround>, problems: &mut Vec<Problem>) {
        if self.chosen.contains_key(layer) {
            return;
        }
        let told = found.map(|found| problem(path, found));
        match found {
            Some(found) => self.found.insert(layer.to_owned(), found),
            None => self.found.remove(layer),
        };
        if self.told.get(layer) == told.as_ref() {
            return;
        }
        if let Some(untrue) = self.told.remove(layer) {
            problems.retain(|problem| *problem != untrue);
        }
        if let Some(told) = told {
            self.told.insert(layer.to_owned(), told.clone());
            problems.push(told);
        }
    }
}

/// Metres to add to heights above the ellipsoid so that they are those of the site.
pub(super) fn offset_m(heights: TileHeights, is_geocentric: bool, site: &SiteFrame) -> f64 {
    match heights {
        TileHeights::From(HeightReference::Nap) if is_geocentric => ellipsoid_above_nap_m(site),
        TileHeights::From(_) => 0.0,
        TileHeights::Moved(up_m) => up_m,
    }
}

/// Notes where the things of a content stand.
fn note(survey: &mut FootSurvey, feet: &FootSamples, ground: &GroundHeights, site: &SiteFrame) {
    let (low, high) = ground.terrain().bounds();
    for SitePos(foot) in feet.feet() {
        if survey.is_full() {
            return;
        }
        let place = foot.truncate();
        if ground.is_measured {
            if place.cmpge(low).all() && place.cmple(high).all() {
                survey.note_above_ground(foot.z - ground.height_at(place));
            }
        } else if let SiteFrame::RdNap { anchor } = site {
            survey.note_above_nap(anchor.nap_m + foot.z);
        }
    }
}

impl TileLayer {
    /// Notes where the things of a content of `tile` stand, if their shape tells it and nobody chose its heights.
    pub(super) fn survey(&mut self, tile: TileId, feet: &FootSamples, ground: &GroundHeights) {
        let Tree::Open(tree) = &self.tree else { return };
        let is_fine = |tile: &Tile| tile.children.is_empty() || tile.geometric_error_m < COARSEST_M;
        if !self.are_heights_chosen && tree.tiles.get(tile.0 as usize).is_some_and(is_fine) {
            note(&mut self.survey, feet, ground, &self.site);
        }
    }

    /// Notes what is to be said of its heights now, and tells it in the list of problems.
    pub(super) fn judge_heights(&mut self, known: &mut ResMut<HeightsOfTiles>, problems: &mut Vec<Problem>) {
        let Tree::Open(tree) = &self.tree else { return };
        let apart_m = if tree.is_geocentric {
            ellipsoid_above_nap_m(&self.site)
        } else {
            0.0
        };
        if self.survey.judge(self.height_offset_m, apart_m) {
            known.note(&self.id, &tree.path, self.survey.verdict(), problems);
        }
    }
}

/// Takes the heights of a layer as a person says: its tiles come anew, and those that are drawn stay until they are there.
pub(super) fn place_tiles(
    mut commands: Commands,
    mut wanted: MessageReader<PlaceTiles>,
    scenario: Option<Res<ShownScenario>>,
    ground: Res<GroundHeights>,
    mut known: ResMut<HeightsOfTiles>,
    mut samples: ResMut<FootSamples>,
    mut rows: ResMut<FeatureRows>,
    mut problems: ResMut<ViewProblems>,
    mut tiles: ResMut<TileLayers>,
) {
    let Some(scenario) = scenario else { return };
    for PlaceTiles { layer: id, heights } in wanted.read() {
        let layers = &scenario.open.scenario.layers;
        let Some(layer) = layers.iter().find(|layer| layer.id == *id) else {
            continue;
        };
        if let Some(untrue) = known.choose(id, *heights) {
            problems.0.retain(|problem| *problem != untrue);
        }
        if ground.is_measured {
            tiles.reopen(layer, &scenario.open, Some(*heights), &mut commands, &mut rows);
            continue;
        }
        // The guessed ground lies under what was where it is no more: the feet of all tiles come anew.
        samples.clear();
        for layer in layers.iter().filter(|layer| layer.kind == LayerKind::Tiles3d) {
            let chosen = known.chosen(&layer.id);
            tiles.reopen(layer, &scenario.open, chosen, &mut commands, &mut rows);
        }
    }
}

/// A layer that stands off the ground as a problem, for those who read lists.
pub(super) fn problem(path: &str, off: OffGround) -> Problem {
    let distance_m = off.above_m.abs();
    let stand = if off.above_m > 0.0 {
        format!("these tiles float {distance_m:.0} m above the ground")
    } else {
        format!("these tiles lie {distance_m:.0} m below the ground")
    };
    let mend = match off.mend {
        TileHeights::From(HeightReference::Nap) => "their heights seem to be above NAP: choose that under Layers, or \
                                                    write `\"height_reference\": \"nap\"` at the layer"
            .to_owned(),
        TileHeights::From(HeightReference::Ellipsoid) => "their heights seem to be above the ellipsoid: choose that under \
                                                          Layers, or write `\"height_reference\": \"ellipsoid\"` at the layer"
            .to_owned(),
        TileHeights::Moved(_) => "put them on the ground under Layers".to_owned(),
    };
    Problem::warning(path, "", format!("{stand}; {mend}")).because(Cause::Place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::georef::RdNap;
    use crate::model::Terrain;
    use bevy::math::{DVec2, DVec3};
    use std::sync::Arc;

    /// How far the ellipsoid lies below NAP in Hengelo, metres.
    const APART_M: f64 = 43.4;

    /// A ground that rises 2 m over 400 m, measured.
    fn ground() -> GroundHeights {
        let terrain = Terrain {
            origin: DVec2::ZERO,
            cell_m: 400.0,
            columns: 2,
            rows: 2,
            heights_m: vec![10.0, 12.0, 10.0, 12.0],
        };
        GroundHeights::new(Arc::new(terrain), true)
    }

    fn site() -> SiteFrame {
        SiteFrame::RdNap {
            anchor: RdNap {
                x_m: 251_000.0,
                y_m: 476_000.0,
                nap_m: 15.0,
            },
        }
    }

    /// Feet of a town of 10 by 10 houses, each `above` the slope, one in ten of which shows only its roof.
    fn town(above: f64) -> FootSamples {
        let mut feet = FootSamples::default();
        for n in 0..100_u8 {
            let (x, y) = (f64::from(n % 10) * 40.0 + 10.0, f64::from(n / 10) * 40.0 + 10.0);
            let roof = if n % 10 == 7 { 9.0 } else { 0.0 };
            feet.take(SitePos(DVec3::new(x, y, 10.0 + x / 200.0 + above + roof)));
        }
        feet
    }

    fn judged(above: f64, offset_m: f64, ground: &GroundHeights) -> Option<OffGround> {
        let mut survey = FootSurvey::default();
        note(&mut survey, &town(above), ground, &site());
        assert!(survey.judge(offset_m, ellipsoid_above_nap_m(&site())));
        survey.verdict()
    }

    #[test]
    fn a_town_that_stands_on_the_ground_is_left_alone() {
        for above in [-3.0, 0.0, 5.0] {
            assert_eq!(judged(above, 0.0, &ground()), None, "{above}");
        }
    }

    #[test]
    fn floating_and_buried_towns_are_told_with_what_mends_them() {
        use HeightReference::{Ellipsoid, Nap};
        let cases = [
            // Written as above NAP, taken from the ellipsoid.
            (-43.0, 0.0, TileHeights::From(Nap)),
            // From the ellipsoid after all.
            (43.9, APART_M, TileHeights::From(Ellipsoid)),
            // The difference counted twice.
            (
                43.2,
                0.0,
                TileHeights::Moved((-100.0 * ellipsoid_above_nap_m(&site())).round() / 100.0),
            ),
            (-20.0, 0.0, TileHeights::Moved(20.0)),
            (100.0, APART_M, TileHeights::Moved(-56.6)),
        ];
        for (above, offset_m, mend) in cases {
            let off = judged(above, offset_m, &ground()).unwrap();
            assert!((off.above_m - above).abs() < 1.0, "{off:?}");
            assert_eq!(off.mend, mend, "{above}");
        }
    }

    #[test]
    fn what_lies_at_all_heights_is_meant_to() {
        let mut feet = FootSamples::default();
        for n in 0..100_u8 {
            let place = DVec2::new(f64::from(n % 10), f64::from(n / 10)) * 40.0 + 10.0;
            feet.take(SitePos(place.extend(-12.0 - f64::from(n))));
        }
        let mut survey = FootSurvey::default();
        note(&mut survey, &feet, &ground(), &site());
        assert!(survey.judge(0.0, APART_M));
        assert_eq!(survey.verdict(), None, "layers of soil");
    }

    #[test]
    fn without_a_ground_only_what_no_street_can_be_is_told() {
        let unknown = GroundHeights::default();
        // The town stands at 10 m, the zero of the site at NAP +15 m.
        let off = judged(-43.4, 0.0, &unknown).unwrap();
        assert_eq!(off.mend, TileHeights::From(HeightReference::Nap));
        assert!((off.above_m + APART_M).abs() < 0.1, "{off:?}");
        for above in [-30.0, 0.0, 43.4] {
            assert_eq!(judged(above, 0.0, &unknown), None, "{above}");
        }
    }

    #[test]
    fn a_few_feet_and_those_beyond_the_ground_say_nothing() {
        let mut survey = FootSurvey::default();
        let mut feet = FootSamples::default();
        for n in 0..200_u8 {
            feet.take(SitePos(DVec3::new(-1000.0 - f64::from(n) * 20.0, 0.0, 90.0)));
        }
        feet.take(SitePos(DVec3::new(10.0, 10.0, 90.0)));
        note(&mut survey, &feet, &ground(), &site());
        assert!(!survey.judge(0.0, APART_M));
    }

    #[test]
    fn it_is_told_once_and_not_after_a_choice() {
        let mut known = HeightsOfTiles::default();
        let off = OffGround {
            above_m: 43.0,
            mend: TileHeights::Moved(-43.4),
        };
        let mut problems = Vec::new();
        let mut note = |known: &mut HeightsOfTiles, off: Option<OffGround>| {
            known.note("tiles", "t/tileset.json", off, &mut problems);
            problems.clone()
        };
        let told = note(&mut known, Some(off));
        assert!(told[0].to_string().contains("float 43 m above the ground"), "{told:?}");
        assert_eq!(note(&mut known, Some(off)), told, "once");
        assert_eq!(known.found("tiles"), Some(off));
        // More places say otherwise.
        assert_eq!((note(&mut known, None), known.found("tiles")), (Vec::new(), None));
        let told = note(&mut known, Some(off));
        assert_eq!(known.choose("tiles", off.mend).as_ref(), told.first());
        assert_eq!((known.found("tiles"), known.chosen("tiles")), (None, Some(off.mend)));
        // Tiles from before the choice are still coming.
        note(&mut known, Some(off));
        assert_eq!(known.found("tiles"), None);
        known.expect(BTreeMap::new());
        assert_eq!(known.chosen("tiles"), None);
    }
}
