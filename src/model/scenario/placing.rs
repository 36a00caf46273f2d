//! A first placing for a model that comes without one: by its own coordinates where they have a place, else on the ground
//! at a given spot, upright, in the unit that its size suggests.

use super::{Certainty, LocalText, NewModel, OpenScenario, Use};
use crate::georef::{Ecef, RdNap, SiteFrame, SitePos};
use crate::sources::obj::{MAX_BYTES, ObjModel, OwnPlace, Up, is_obj};
use crate::sources::resource::Resources;
use crate::sources::tiles3d::{DecodeRequest, decode_meshes};
use crate::sources::{Cause, Problem};
use bevy::math::{DMat4, DVec3};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a model is like before anybody placed it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ModelFacts {
    /// Lowest corner, in its own axes and units.
    pub low: DVec3,
    /// Highest corner, likewise.
    pub high: DVec3,
    /// Which axis points up, as far as that is known.
    pub up: Up,
    /// The place that its coordinates are taken for.
    pub own_place: OwnPlace,
}

/// A unit of length that models are made in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Metres.
    Metre,
    /// Centimetres.
    Centimetre,
    /// Millimetres.
    Millimetre,
    /// Inches of 25.4 mm.
    Inch,
}

impl Unit {
    /// All of them, the largest first.
    pub const ALL: [Self; 4] = [Self::Metre, Self::Centimetre, Self::Millimetre, Self::Inch];

    /// Its length, metres.
    pub fn metres(self) -> f64 {
        match self {
            Self::Metre => 1.0,
            Self::Centimetre => 0.01,
            Self::Millimetre => 0.001,
            Self::Inch => 0.0254,
        }
    }

    /// The unit that makes a thing of this largest extent the size of a building or a block; metres where that does.
    fn guessed(extent: f64) -> Self {
        const LARGEST_BLOCK_M: f64 = 1_500.0;
        let fits = |unit: &Self| extent * unit.metres() <= LARGEST_BLOCK_M;
        let common = [Self::Metre, Self::Centimetre, Self::Millimetre];
        common.into_iter().find(fits).unwrap_or(Self::Metre)
    }
}

impl ModelFacts {
    /// Width, depth and height with the axis `up` upright, in its own units.
    pub fn size(&self, up: Up) -> DVec3 {
        let (a, b) = (up.z_up(self.low), up.z_up(self.high));
        (b - a).abs()
    }

    /// The point that is placed: in the middle of its foot, or below its own zero where that lies within it.
    pub fn origin(&self, up: Up) -> DVec3 {
        let (a, b) = (up.z_up(self.low), up.z_up(self.high));
        let (low, high) = (a.min(b), a.max(b));
        let size = high - low;
        let is_near = |low: f64, high: f64, size: f64| low - size <= 0.0 && 0.0 <= high + size;
        let middle = (low + high) / 2.0;
        let foot = if is_near(low.x, high.x, size.x) && is_near(low.y, high.y, size.y) {
            DVec3::new(0.0, 0.0, low.z)
        } else {
            DVec3::new(middle.x, middle.y, low.z)
        };
        own_axes(foot, up)
    }
}

/// A point with z up in the axes of a file with `up` up.
fn own_axes(p: DVec3, up: Up) -> DVec3 {
    match up {
        Up::Y => DVec3::new(p.x, p.z, -p.y),
        Up::Z => p,
    }
}

/// Reads what a glTF, GLB or OBJ is like, and what is wrong with it. Reads it whole, so keep it off the main thread.
///
/// # Errors
/// When nothing of it can be drawn.
pub fn model_facts(resources: &Arc<dyn Resources>, path: &str) -> Result<(ModelFacts, Vec<Problem>), Problem> {
    if is_obj(path) {
        let bytes = resources
            .read_at_most(path, MAX_BYTES)
            .map_err(|error| error.problem(path, ""))?;
        let model = ObjModel::read(&bytes, &**resources, path);
        let Some((low, high)) = model.bounds else {
            let message = "there is no face in it that can be drawn";
            return Err(Problem::error(path, "", message).because(Cause::Content));
        };
        let facts = ModelFacts {
            low,
            high,
            up: model.up(),
            own_place: model.own_place(),
        };
        return Ok((facts, model.problems));
    }
    let content = decode_meshes(&DecodeRequest {
        resources: resources.clone(),
        path: path.to_owned(),
        root_from_tile: DMat4::IDENTITY,
        is_geocentric: false,
        site: SiteFrame::Local,
        volume: None,
        gltf_up_axis: 'Y',
        height_offset_m: 0.0,
    })?;
    let corners = content.places().filter(|p| p.is_finite());
    let bounds = corners.fold(None, |bounds: Option<(DVec3, DVec3)>, p| {
        Some(bounds.map_or((p, p), |(low, high)| (low.min(p), high.max(p))))
    });
    let Some((low, high)) = bounds else {
        let message = "there is nothing in it that can be drawn";
        return Err(Problem::error(path, "", message).because(Cause::Content));
    };
    let (a, b) = (own_axes(low, Up::Y), own_axes(high, Up::Y));
    let facts = ModelFacts {
        low: a.min(b),
        high: a.max(b),
        up: Up::Y,
        // The specification knows only y up, and many who write map coordinates into it leave z up all the same.
        own_place: OwnPlace::of(a.min(b), a.max(b)),
    };
    Ok((facts, content.problems))
}

/// The model at `path` as it is added to the scenario first: where its own coordinates say, else on the ground at `at`.
/// Its id is new in the variant that has the models `taken`.
pub fn proposed_model(
    open: &OpenScenario,
    taken: &[NewModel],
    path: &str,
    facts: &ModelFacts,
    at: SitePos,
    certainty: Certainty,
) -> NewModel {
    let stem = path.rsplit('/').next().unwrap_or(path);
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
    let mut model = NewModel {
        id: new_id(taken, stem),
        title: LocalText(BTreeMap::from([("nl".to_owned(), stem.to_owned())])),
        path: path.to_owned(),
        origin: facts.origin(facts.up),
        up: facts.up,
        is_geocentric: false,
        position: at.0.truncate(),
        foot_m: None,
        heading_deg: 0.0,
        scale: Unit::guessed(facts.size(facts.up).max_element()).metres(),
        main_use: Use::Other,
        is_use_known: false,
        gfa_m2: None,
        dwellings: None,
        parking_places: None,
        phase: String::new(),
        certainty,
    };
    let site = &open.scenario.area.site;
    match facts.own_place {
        OwnPlace::Nowhere => {}
        OwnPlace::Rd(up) => {
            let (a, b) = (up.z_up(facts.low), up.z_up(facts.high));
            let (low, high) = (a.min(b), a.max(b));
            let foot = ((low + high) / 2.0).truncate().extend(low.z);
            let place = RdNap {
                x_m: foot.x,
                y_m: foot.y,
                nap_m: foot.z,
            };
            if let Some(placed) = site.site_from_rd_nap(place).ok().filter(|p| is_near(*p)) {
                model.origin = own_axes(foot, up);
                model.up = up;
                model.scale = 1.0;
                model.position = placed.0.truncate();
                model.foot_m = Some(placed.0.z);
            }
        }
        OwnPlace::Ecef(up) => {
            let middle = up.z_up((facts.low + facts.high) / 2.0);
            if let Some(placed) = site.site_from_ecef(Ecef(middle)).ok().filter(|p| is_near(*p)) {
                model.is_geocentric = true;
                model.origin = DVec3::ZERO;
                model.scale = 1.0;
                model.up = up;
                model.position = placed.0.truncate();
                model.foot_m = Some(placed.0.z);
            }
        }
    }
    model
}

/// Whether a place lies where the file of a scenario may name one.
fn is_near(p: SitePos) -> bool {
    p.0.is_finite() && p.0.truncate().length() <= super::projection::MAX_DISTANCE_M
}

fn new_id(taken: &[NewModel], stem: &str) -> String {
    let slug = crate::sources::resource::slug(stem, 40);
    let is_free = |id: &String| taken.iter().all(|model| model.id != *id);
    let numbered = (2..).map(|number| format!("{slug}-{number}"));
    std::iter::once(slug.clone())
        .chain(numbered)
        .find(is_free)
        .unwrap_or(slug)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::edit::tests::scenario;
    use crate::model::scenario::model_request;
    use crate::sources::resource;
    use bevy::math::DVec2;
    use std::path::Path;

    fn open() -> OpenScenario {
        let mut scenario = scenario();
        scenario.area.site = SiteFrame::RdNap {
            anchor: RdNap {
                x_m: 251_000.0,
                y_m: 476_250.0,
                nap_m: 16.0,
            },
        };
        OpenScenario::without_data(scenario, resource::folder(Path::new(".")))
    }

    fn facts(low: [f64; 3], high: [f64; 3]) -> ModelFacts {
        let (low, high) = (DVec3::from(low), DVec3::from(high));
        ModelFacts {
            low,
            high,
            up: Up::guessed(low, high),
            own_place: OwnPlace::of(low, high),
        }
    }

    fn proposed(facts: &ModelFacts) -> NewModel {
        let at = SitePos(DVec3::new(30.0, 40.0, 2.0));
        proposed_model(&open(), &[], "models/Hal 1.glb", facts, at, Certainty::Open)
    }

    /// Where a corner of the file stands, site metres.
    fn placed(model: &NewModel, corner: [f64; 3]) -> DVec3 {
        let request = model_request(&open(), model);
        request
            .root_from_tile
            .transform_point3(model.up.z_up(DVec3::from(corner)))
    }

    #[test]
    fn a_model_without_a_place_stands_on_the_ground_in_the_unit_that_fits() {
        let model = proposed(&facts([-8000.0, 250.0, -6000.0], [8000.0, 9250.0, 6000.0]));
        assert_eq!((model.id.as_str(), model.title.get("nl")), ("hal-1", "Hal 1"));
        assert_eq!((model.foot_m, model.up), (None, Up::Y));
        assert!((model.scale - 0.001).abs() < 1e-12 || (model.scale - 0.01).abs() < 1e-12);
        let foot = placed(&model, [0.0, 250.0, 0.0]);
        assert!(
            foot.distance(DVec3::new(30.0, 40.0, 0.0)) < 1e-9,
            "its lowest corner is its foot: {foot}"
        );
        let far = proposed(&facts([1000.0, 0.0, 2000.0], [1010.0, 9.0, 2020.0]));
        let middle = placed(&far, [1005.0, 0.0, 2010.0]);
        assert!(middle.distance(DVec3::new(30.0, 40.0, 0.0)) < 1e-9, "{middle}");
        assert!((far.scale - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_model_with_coordinates_of_its_own_stands_there_to_the_millimetre() {
        let model = proposed(&facts([251_020.123, 476_260.5, 17.25], [251_030.123, 476_270.5, 25.0]));
        assert_eq!(model.up, Up::Z);
        let corner = placed(&model, [251_020.123, 476_260.5, 17.25]);
        assert!(corner.distance(DVec3::new(20.123, 10.5, 1.25)) < 1e-6, "{corner}");
        let turned = proposed(&facts([251_020.0, 17.0, -476_270.0], [251_030.0, 25.0, -476_260.0]));
        assert_eq!(turned.up, Up::Y);
        let corner = placed(&turned, [251_020.0, 17.0, -476_260.0]);
        assert!(corner.distance(DVec3::new(20.0, 10.0, 1.0)) < 1e-6, "{corner}");
        let abroad = proposed(&facts([100_020.0, 400_260.0, 17.0], [100_030.0, 400_270.0, 25.0]));
        assert_eq!(abroad.position, DVec2::new(30.0, 40.0), "too far away to be meant");
    }

    #[test]
    fn ids_stay_free() {
        let taken = [super::super::tests::model("hal"), super::super::tests::model("hal-2")];
        assert_eq!(new_id(&taken, "Hal"), "hal-3");
    }
}
