//! A scratch scenario around a city model: it is tiled in memory and then shown, picked and found like any tileset.

use super::city_ground::CityGround;
use super::scratch::{OpenWishes, beside, home, median, no_file_name, quantile};
use super::words::use_of_word;
use super::{OpenScenario, Use, Viewpoint};
use crate::georef::{Crs, Ecef, RdNap, SiteFrame, SitePos, Transformer, fits_rd};
use crate::model::city_heights::{FIRST_FEATURES, bring_over, first_corners};
use crate::model::{BuildingRegister, CityDetail, CityEntry, CityHeights, CrsAnswer, CrsQuestion, RegisteredBuilding};
use crate::sources::cityjson::{CityJson, LodChoice};
use crate::sources::tiles3d::tiler::{Tiler, TilerError, images_beside};
use crate::sources::{Cause, CityFeature, Problem};
use bevy::math::{DVec2, DVec3};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

/// Where data without a place is put, RD metres: the middle of the country, so that every tool finds it.
pub(super) const NOWHERE_RD: DVec3 = DVec3::new(155_000.0, 463_000.0, 0.0);
/// How close to one another the heights of a city are, metres; farther ones are no data.
const LOWEST_M: f64 = -1_000.0;

impl OpenScenario {
    /// A scratch scenario around a `CityJSON` file, shown as `wishes` say, in a frame of its own unless
    /// it has to stand in `site`.
    pub fn scratch_for_city_model(
        path: &Path,
        wishes: OpenWishes,
        site: Option<SiteFrame>,
    ) -> Result<Self, Vec<Problem>> {
        let (beside, name) = beside(path).ok_or_else(|| no_file_name(path))?;
        let shown = path.display().to_string();
        let model = CityJson::open(path).map_err(|problem| vec![problem])?;
        let mut problems = model.problems();
        let choice = wishes.detail;
        let Placed {
            crs,
            way,
            shift,
            question,
        } = placed(&model, wishes, path, &mut problems)?;
        let mut entries: Vec<CityEntry> = Vec::new();
        let (mut ground, mut extent) = (CityGround::default(), Extent::default());
        let mut features = model.features(choice);
        let shifted = features.by_ref().map(|mut feature| {
            move_by(&mut feature, shift);
            // What has no place there is told by the tiler.
            bring_over(way.as_ref(), &mut feature);
            feature
        });
        let images = images_beside(beside, &name);
        let tiler = Tiler {
            images: &images,
            ..Tiler::new(shown.clone(), crs)
        };
        let noted = shifted.inspect(|feature| {
            extent.take(feature);
            if crs == Crs::RD_NAP {
                ground.take(feature);
                // Roads and trees of a model are drawn and picked; the register is of buildings.
                let entry = CityEntry::of(feature).filter(|_| feature.class.starts_with("Building"));
                entries.extend(entry);
            }
        });
        let outcome = tiler.tile_in_memory(noted);
        problems.extend(features.problems());
        let (resources, report) = outcome.map_err(|error| refused(error, &shown, problems.clone()))?;
        problems.extend(report.problems);
        let mut open = Self::scratch_of_tiles(resources, "tileset.json", &name)?;
        for layer in &mut open.scenario.layers {
            layer.id_property = Some("id".to_owned());
        }
        let site = site.unwrap_or(open.scenario.area.site);
        open.scenario.area.site = site;
        open.detail = Some(CityDetail {
            path: path.to_owned(),
            levels: model.lods().into_keys().collect(),
            choice,
        });
        open.register = Arc::new(register(entries, &site));
        if let Some(terrain) = ground.terrain(&site) {
            open.terrain = Arc::new(terrain);
            open.has_terrain = true;
        }
        if let (Some(view), Some(home)) = (extent.framed(crs, &site), open.scenario.viewpoints.first_mut()) {
            *home = view;
        }
        problems.append(&mut open.problems);
        open.problems = problems;
        open.crs_question = question;
        Ok(open)
    }
}

/// Where the features of a model are, to look at them all.
#[derive(Default)]
pub(super) struct Extent {
    /// Lowest and highest corner of each building.
    buildings: Vec<(DVec3, DVec3)>,
    /// The same of everything else.
    others: Vec<(DVec3, DVec3)>,
}

impl Extent {
    /// Counts a feature.
    pub(super) fn take(&mut self, feature: &CityFeature) {
        let corners = feature.parts.iter().flat_map(|part| &part.positions);
        let bounds = corners.filter(|p| p.is_finite() && p.z > LOWEST_M);
        let boxes = if feature.class.starts_with("Building") {
            &mut self.buildings
        } else {
            &mut self.others
        };
        boxes.extend(bounds.fold(None, |bounds: Option<(DVec3, DVec3)>, p| {
            Some(bounds.map_or((*p, *p), |(low, high)| (low.min(*p), high.max(*p))))
        }));
    }

    /// Everything.
    fn bounds(self) -> Option<(DVec3, DVec3)> {
        let boxes = self.buildings.into_iter().chain(self.others);
        boxes.reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)))
    }

    /// A view of the bulk of the buildings, or where there are none of the features, around the middle one, in the site
    /// frame: one misplaced bench or a canal of kilometres must not make a town a dot, and of a city as large as a province
    /// its middle says more than all of it.
    pub(super) fn framed(self, crs: Crs, site: &SiteFrame) -> Option<Viewpoint> {
        /// What lies within this many times the usual feature's size is shown together.
        const REACH: f64 = 40.0;
        const LEAST_REACH_M: f64 = 150.0;
        /// Share of the buildings that may lie outside on each side.
        const OUTLIERS: f64 = 0.05;
        let to_ecef = Transformer::new(crs, Crs::ECEF).ok()?;
        let placed = |p: DVec3| -> Option<DVec3> {
            let ecef = Ecef(DVec3::from(to_ecef.convert(p.to_array()).ok()?));
            Some(site.site_from_ecef(ecef).ok()?.0)
        };
        let boxes = if self.buildings.is_empty() {
            self.others
        } else {
            self.buildings
        };
        let boxes: Vec<(DVec3, DVec3)> = boxes
            .into_iter()
            .filter_map(|(low, high)| Some((placed(low)?, placed(high)?)))
            .collect();
        let center = |(low, high): &(DVec3, DVec3)| (*low + *high) / 2.0;
        let middle = DVec2::new(
            median(boxes.iter().map(|b| center(b).x)),
            median(boxes.iter().map(|b| center(b).y)),
        );
        let away = |b: &(DVec3, DVec3), from: DVec2| center(b).truncate().distance(from);
        let first = boxes
            .iter()
            .min_by(|a, b| away(a, middle).total_cmp(&away(b, middle)))?;
        let usual_m = median(boxes.iter().map(|(low, high)| low.distance(*high) / 2.0));
        let reach_m = (REACH * usual_m).max(LEAST_REACH_M);
        let bulk = |axis: fn(DVec3) -> f64| {
            let mut values: Vec<f64> = boxes.iter().map(|b| axis(center(b))).collect();
            quantile(&mut values, OUTLIERS)..=quantile(&mut values, 1.0 - OUTLIERS)
        };
        let (east, north) = (bulk(|p| p.x), bulk(|p| p.y));
        let is_bulk = |b: &&(DVec3, DVec3)| east.contains(&center(b).x) && north.contains(&center(b).y);
        let near = boxes.iter().filter(|b| away(b, center(first).truncate()) <= reach_m);
        let seen = near.filter(is_bulk);
        let (low, high) = seen.fold(*first, |all, b| (all.0.min(b.0), all.1.max(b.1)));
        Some(overlooking(low, high))
    }
}

/// A view from the south on all of a box.
fn overlooking(low: DVec3, high: DVec3) -> Viewpoint {
    const PITCH_DEG: f64 = 35.0;
    /// Half of what is seen at a distance of 1, across and upright, with a margin: 45° upright, 16 by 10.
    const HALF_SEEN: DVec2 = DVec2::new(0.60, 0.38);
    let (sin, cos) = PITCH_DEG.to_radians().sin_cos();
    let half = (high - low) / 2.0;
    let upright = half.y * sin + half.z * cos;
    // The nearest corner counts, which is this much nearer than the middle.
    let nearer = half.y * cos + half.z * sin;
    let away = (half.x / HALF_SEEN.x).max(upright / HALF_SEEN.y) + nearer;
    let mut view = home(SitePos((low + high) / 2.0), 1.0);
    view.distance_m = away.clamp(3.0, 1_000_000.0);
    view
}

/// Where a model stands.
struct Placed {
    /// The system that it is brought to: one that says what heights are.
    crs: Crs,
    /// How its coordinates come there.
    way: Option<Transformer>,
    /// What is added to its coordinates to have them there.
    shift: DVec3,
    /// What is asked about its system.
    question: Option<CrsQuestion>,
}

/// The system of a model: what a person says, what it says where that fits, RD where its coordinates fit there.
fn placed(
    model: &CityJson,
    wishes: OpenWishes,
    path: &Path,
    problems: &mut Vec<Problem>,
) -> Result<Placed, Vec<Problem>> {
    let (choice, answer) = (wishes.detail, wishes.crs);
    let name = &path.display().to_string();
    let nothing = |problems: &mut Vec<Problem>| {
        let message = "there is no surface in it that can be drawn, so there is nothing to show";
        problems.insert(
            behind_damage(problems),
            Problem::error(name, "", message).because(Cause::Empty),
        );
        Err(std::mem::take(problems))
    };
    let mut features = model.features(choice);
    if features.next().is_none() {
        problems.extend(features.problems());
        return nothing(problems);
    }
    let stated = match answer {
        Some(CrsAnswer::In(crs)) => Some(crs),
        Some(CrsAnswer::Nowhere) => None,
        None => model.epsg().map(Crs),
    };
    let named = stated.map(|crs| if crs == Crs::RD { Crs::RD_NAP } else { crs });
    let known = named.and_then(|crs| Transformer::new(crs, Crs::ECEF).ok().map(|to_ecef| (crs, to_ecef)));
    let flat = |(low, high): (DVec3, DVec3)| [low.truncate(), high.truncate()];
    let question = |said: Option<&str>, corners: (DVec3, DVec3), taken: Option<Crs>| {
        let question = CrsQuestion::new(path, said.map(str::to_owned), flat(corners), taken);
        Some(question.answered(answer))
    };
    let (cause, said) = match (&known, model.crs()) {
        (Some((crs, to_ecef)), said) => {
            if lies_within(model, choice, to_ecef) {
                // A second reading is only worth it where somebody asked.
                let corners = answer.and_then(|_| bounds(model, choice));
                let own = model.epsg().map(Crs);
                let is_known = own.is_some_and(|own| Transformer::new(own, Crs::ECEF).is_ok());
                let question = corners.and_then(|corners| question(said, corners, Some(*crs)));
                let (way, placed_in) = way_of(model, choice, *crs, name, problems);
                return Ok(Placed {
                    crs: placed_in,
                    way,
                    shift: DVec3::ZERO,
                    question: question.map(|question| question.overruled(is_known)),
                });
            }
            let said = answer.map_or_else(|| said.unwrap_or_default().to_owned(), |answer| answer.to_string());
            let said = format!("its coordinates lie outside the area of the coordinate system {said}");
            (Cause::Place, said)
        }
        (None, Some(crs)) => (
            Cause::NoSystem,
            format!("the coordinate system {crs} is not known here"),
        ),
        (None, None) => (Cause::NoSystem, "the file names no coordinate system".to_owned()),
    };
    let Some((low, high)) = bounds(model, choice) else {
        return nothing(problems);
    };
    let told = |message: String| Problem::warning(name, "metadata.referenceSystem", message).because(cause);
    if answer.is_none() && known.is_none() && is_dutch(low) && is_dutch(high) {
        problems.push(told(format!(
            "{said}; its coordinates are taken as RD and NAP (EPSG:7415)"
        )));
        return Ok(Placed {
            crs: Crs::RD_NAP,
            way: None,
            shift: DVec3::ZERO,
            question: question(model.crs(), (low, high), Some(Crs::RD_NAP)),
        });
    }
    if answer != Some(CrsAnswer::Nowhere) {
        problems.push(told(format!(
            "{said}; it is shown by itself, without its place on earth: say its system (--crs) or write it in to see it there"
        )));
    }
    let middle = (low + high) / 2.0;
    let shift = NOWHERE_RD - DVec3::new(middle.x, middle.y, low.z);
    let question = question(model.crs(), (low, high), None);
    Ok(Placed {
        crs: Crs::RD_NAP,
        way: None,
        shift,
        question: question.map(|question| question.standing(Some(Crs::RD_NAP), shift.truncate())),
    })
}

/// How the model comes to a system that says what heights are, and that system. What is taken for granted is told.
fn way_of(
    model: &CityJson,
    choice: LodChoice,
    crs: Crs,
    name: &str,
    problems: &mut Vec<Problem>,
) -> (Option<Transformer>, Crs) {
    let heights = CityHeights::of(crs, first_corners(model.features(choice)));
    let way = heights.and_then(|heights| Ok((heights.way_to_known_heights()?, heights)));
    match way {
        Ok((way, heights)) => {
            problems.extend(heights.note(name));
            way
        }
        // Whoever asks knows a way from it to the earth.
        Err(_unknown) => (None, crs),
    }
}

/// Whether a feature of the first ones has its place in a system; one alone may be the damaged one.
fn lies_within(model: &CityJson, choice: LodChoice, to_ecef: &Transformer) -> bool {
    model.features(choice).take(FIRST_FEATURES).any(|feature| {
        let corner = feature.parts.iter().flat_map(|part| &part.positions).next();
        corner.is_some_and(|corner| to_ecef.convert(corner.to_array()).is_ok())
    })
}

/// Whether a corner lies in the country, if it is RD: a rectangle, less what lies south of Zeeland and beside Limburg,
/// where the numbers of other countries' systems fall.
fn is_dutch(p: DVec3) -> bool {
    const NORTH_OF_LIMBURG_M: f64 = 356_000.0;
    const LIMBURG_M: [f64; 2] = [160_000.0, 215_000.0];
    let p = p.truncate();
    let is_beside_limburg = p.y < NORTH_OF_LIMBURG_M && !(LIMBURG_M[0]..=LIMBURG_M[1]).contains(&p.x);
    fits_rd(p, p) && !is_beside_limburg
}

/// Lowest and highest corner of what is drawn.
fn bounds(model: &CityJson, choice: LodChoice) -> Option<(DVec3, DVec3)> {
    let mut extent = Extent::default();
    model.features(choice).for_each(|feature| extent.take(&feature));
    extent.bounds()
}

fn move_by(feature: &mut CityFeature, shift: DVec3) {
    if shift != DVec3::ZERO {
        let corners = feature.parts.iter_mut().flat_map(|part| &mut part.positions);
        corners.for_each(|p| *p += shift);
    }
}

/// What could not be tiled, as problems.
pub(super) fn refused(error: TilerError, name: &str, mut problems: Vec<Problem>) -> Vec<Problem> {
    let cause = match &error {
        TilerError::Crs { .. } => Cause::Place,
        TilerError::Nothing { .. } => Cause::Empty,
        TilerError::Sink(_) | TilerError::Spill { .. } => Cause::Machine,
        TilerError::Cancelled | TilerError::Unexpected { .. } => Cause::Unfinished,
    };
    let message = error.to_string();
    if let TilerError::Nothing { problems: found } = error {
        problems.extend(found);
    }
    problems.insert(
        behind_damage(&problems),
        Problem::error(name, "", message).because(cause),
    );
    problems
}

/// Where it is said that nothing can be shown: first, but behind what is damaged, which is why.
fn behind_damage(problems: &[Problem]) -> usize {
    let is_damage = |problem: &&Problem| problem.cause == Cause::Damaged;
    problems.iter().take_while(is_damage).count()
}

/// The buildings of a model in the site frame.
fn register(entries: Vec<CityEntry>, site: &SiteFrame) -> BuildingRegister {
    // Only models in RD have entries.
    let placed = |p: DVec2, nap_m: f64| -> Option<DVec3> {
        let place = RdNap {
            x_m: p.x,
            y_m: p.y,
            nap_m,
        };
        site.site_from_rd_nap(place).ok().map(|p| p.0)
    };
    let buildings = entries.into_iter().filter_map(|entry| {
        let ring = |ring: &[DVec2]| -> Option<Vec<DVec2>> {
            let corners = ring.iter().map(|p| placed(*p, entry.ground_nap_m).map(DVec3::truncate));
            corners.collect()
        };
        let foot = *entry.footprint.exterior.first()?;
        let holes: Option<Vec<Vec<DVec2>>> = entry.footprint.holes.iter().map(|hole| ring(hole)).collect();
        let number = |key: &str| entry.attributes.get(key).and_then(Value::as_i64);
        let text = |key: &str| entry.attributes.get(key).and_then(Value::as_str).unwrap_or_default();
        let used_for = use_of_word(text("gebruik"));
        Some(RegisteredBuilding {
            footprint: ring(&entry.footprint.exterior)?,
            holes: holes?,
            ground_m: placed(foot, entry.ground_nap_m)?.z,
            roof_m: placed(foot, entry.roof_nap_m)?.z,
            is_roof_known: true,
            storeys: number("bouwlagen").and_then(|storeys| u32::try_from(storeys).ok()),
            main_use: used_for.unwrap_or(Use::Other),
            is_use_known: used_for.is_some(),
            year: number("oorspronkelijkbouwjaar").and_then(|year| i32::try_from(year).ok()),
            dwellings: None,
            parking_places: None,
            gfa_m2: Vec::new(),
            name: text("naam").to_owned(),
            id: entry.id,
        })
    });
    BuildingRegister::new(buildings.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::{CityPart, SurfaceRole};
    use serde_json::Map;

    fn block(class: &str, low: DVec2, high: DVec2) -> CityFeature {
        let corners = [low, DVec2::new(high.x, low.y), high];
        CityFeature {
            id: String::new(),
            class: class.to_owned(),
            attributes: Map::new(),
            parts: vec![CityPart {
                role: SurfaceRole::Roof,
                color: None,
                texture: None,
                positions: corners
                    .map(|p| (DVec2::new(85_000.0, 447_000.0) + p).extend(4.0))
                    .into(),
                triangles: vec![[0, 1, 2]],
            }],
        }
    }

    fn distance_m(features: &[CityFeature]) -> f64 {
        let mut extent = Extent::default();
        for feature in features {
            extent.take(feature);
        }
        let anchor = RdNap {
            x_m: 85_000.0,
            y_m: 447_000.0,
            nap_m: 0.0,
        };
        let site = SiteFrame::RdNap { anchor };
        extent.framed(Crs::RD_NAP, &site).unwrap().distance_m
    }

    /// A street of fifty houses, 12 m apart.
    fn street() -> Vec<CityFeature> {
        let at = |place: u8| DVec2::new(12.0 * f64::from(place), 0.0);
        let house = |place| block("Building", at(place), at(place) + DVec2::splat(9.0));
        (0..50).map(house).collect()
    }

    #[test]
    fn the_bulk_of_the_buildings_is_framed_whatever_else_is_there() {
        let alone = distance_m(&street());
        let mut town = street();
        town.push(block(
            "WaterBody",
            DVec2::new(-2_000.0, -50.0),
            DVec2::new(2_500.0, -20.0),
        ));
        town.push(block("Road", DVec2::new(0.0, -3_000.0), DVec2::new(8.0, 3_000.0)));
        assert!((distance_m(&town) - alone).abs() < 1e-6, "the canal does not count");
        let far = DVec2::new(300.0, 330.0);
        town.push(block("Building", far, far + DVec2::splat(9.0)));
        assert!(distance_m(&town) < 1.05 * alone, "nor does one farm outside");
        let sheds = [block("SolitaryVegetationObject", DVec2::ZERO, DVec2::splat(5.0))];
        assert!(distance_m(&sheds) > 3.0, "without buildings everything counts");
    }
}
