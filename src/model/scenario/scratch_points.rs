//! A scratch scenario around a point cloud: its site stands where the cloud is.
//!
//! Only some of the points are looked at here; the rest is read when it is seen.

use super::scratch::{beside, home, no_file_name, scratch};
use super::{LayerKind, OpenScenario};
use crate::georef::{Crs, SiteFrame, SitePos};
use crate::model::points::{MAX_DISTANCE_M, Placing, PlacingError, SiteCloud, fits_rd};
use crate::model::{CrsAnswer, CrsQuestion};
use crate::sources::points::{Point, PointFile};
use crate::sources::{Cause, Problem};
use bevy::math::{DVec2, DVec3};
use std::path::Path;
use std::sync::Arc;

/// One of so many points may lie below the table.
const STRAYS: usize = 200;
/// How far the table lies below the others, units of the file.
const BELOW_M: f64 = 0.3;
/// Part of the radius of a cloud that is looked at.
const FILLED: f64 = 0.45;
/// Id of the layer.
const LAYER: &str = "points";

impl OpenScenario {
    /// A scratch scenario around a file of points (LAS, LAZ or COPC), in the system that it says or that `answer` does.
    pub fn scratch_for_points(path: &Path, answer: Option<CrsAnswer>) -> Result<Self, Vec<Problem>> {
        let (resources, name) = beside(path).ok_or_else(|| no_file_name(path))?;
        let file = PointFile::open(path).map_err(|problem| vec![problem])?;
        let mut peeked = file.peek();
        let mut problems = file.problems.clone();
        problems.append(&mut peeked.problems);
        let refuse = |message: String, problems: &[Problem]| {
            let mut all = vec![Problem::error(&name, "", message).because(Cause::Place)];
            all.extend_from_slice(problems);
            all
        };
        peeked.points.retain(|p| !p.is_noise() && p.position.is_finite());
        let Some(middle) = middle(&peeked.points) else {
            return Err(refuse("none of its points can be shown".into(), &problems));
        };
        let (placing, site, taken, said) = match place(&file, &peeked.points, middle, answer) {
            Ok(placed) => placed,
            Err(error) => return Err(refuse(error.to_string(), &problems)),
        };
        if let Some(message) = said {
            let cause = if file.crs.is_none() && answer.is_none() {
                Cause::NoSystem
            } else {
                Cause::Place
            };
            problems.push(Problem::warning(&name, "crs", message).because(cause));
        }
        let question = (file.crs.is_none() || answer.is_some()).then(|| {
            let [low, high] = bounds(&peeked.points);
            let question = CrsQuestion::new(path, file.crs_name.clone(), [low, high], taken);
            let question = question.overruled(file.crs.is_some()).answered(answer);
            match taken {
                Some(_) => question,
                None => question.standing(None, -middle.truncate()),
            }
        });
        let Some(radius_m) = radius(&file, &peeked.points, &placing) else {
            return Err(refuse(
                "none of its points has a place that can be shown".into(),
                &problems,
            ));
        };
        let view = home(SitePos(DVec3::ZERO), FILLED * radius_m.max(1.0));
        let scenario = scratch(&name, &name, site, view, &[(LayerKind::Points, LAYER)]);
        let mut open = Self::without_data(scenario, resources);
        open.points = vec![Arc::new(SiteCloud::new(LAYER, Arc::new(file), placing))];
        open.problems = problems;
        open.crs_question = question;
        Ok(open)
    }
}

/// A box around points, in the units of their file.
fn bounds(points: &[Point]) -> [DVec2; 2] {
    let flat = |p: &Point| p.position.truncate();
    let first = points.first().map(flat).unwrap_or_default();
    points
        .iter()
        .map(flat)
        .fold([first; 2], |[low, high], p| [low.min(p), high.max(p)])
}

/// The middle of a cloud in the coordinates of its file, just below its lowest ground: there the table stands, which an
/// estimate of the ground would lift over hollows.
fn middle(points: &[Point]) -> Option<DVec3> {
    // A few strays far away do not move it.
    let at = |value: fn(&Point) -> f64, share: usize| {
        let mut values: Vec<f64> = points.iter().map(value).collect();
        let at = values.len() / share;
        (at < values.len()).then(|| *values.select_nth_unstable_by(at, f64::total_cmp).1)
    };
    let (x, y) = (at(|p| p.position.x, 2)?, at(|p| p.position.y, 2)?);
    Some(DVec3::new(x, y, at(|p| p.position.z, STRAYS)? - BELOW_M))
}

/// The way of a file into a site around it, the system that is taken for it, and what has to be said of it.
fn place(
    file: &PointFile,
    points: &[Point],
    middle: DVec3,
    answer: Option<CrsAnswer>,
) -> Result<(Placing, SiteFrame, Option<Crs>, Option<String>), PlacingError> {
    let known = match answer {
        Some(CrsAnswer::In(crs)) => Some(crs),
        Some(CrsAnswer::Nowhere) => return Ok((Placing::local(middle), SiteFrame::Local, None, None)),
        None => file.crs,
    };
    if let Some(crs) = known {
        let (placing, site, said) = Placing::around(crs, middle)?;
        return Ok((placing, site, Some(crs), said));
    }
    let said = no_system(file);
    if !fits_rd(points.iter().map(|p| p.position)) {
        let said = format!("{said}; it is shown as metres, without a place on earth");
        return Ok((Placing::local(middle), SiteFrame::Local, None, Some(said)));
    }
    let (placing, site, _) = Placing::around(Crs::RD_NAP, middle)?;
    let said = format!("{said}; its coordinates are taken as RD and NAP (EPSG:7415)");
    Ok((placing, site, Some(Crs::RD_NAP), Some(said)))
}

/// What there is to say of a file without a CRS.
pub(super) fn no_system(file: &PointFile) -> String {
    file.crs_name.as_ref().map_or_else(
        || "the file names no coordinate system".to_owned(),
        |name| format!("the coordinate system {name} is not known here"),
    )
}

/// Radius around the site's zero that shows the cloud; `None` where no point has a place. What the header says of its
/// bounds counts where it can be true.
fn radius(file: &PointFile, points: &[Point], placing: &Placing) -> Option<f64> {
    let placer = placing.placer().ok()?;
    let away = |p: DVec3| {
        let away = placer.place(p)?;
        (away.length() <= MAX_DISTANCE_M).then(|| away.truncate().length())
    };
    let seen_m = points.iter().filter_map(|p| away(p.position)).reduce(f64::max)?;
    let [low, high] = file.header.bounds;
    let corners = [low.x, high.x].map(|x| [low.y, high.y].map(|y| away(DVec2::new(x, y).extend(low.z))));
    let corners: Option<Vec<f64>> = corners.into_iter().flatten().collect();
    let promised_m = corners.and_then(|corners| corners.into_iter().reduce(f64::max));
    Some(promised_m.map_or(seen_m, |promised_m| promised_m.max(seen_m)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scenario::open_any;
    use crate::sources::points::Stop;

    /// A LAS file of format 2 with points a metre apart in rows of ten, the last of them noise.
    fn las(zero: [f64; 2], count: u32) -> Vec<u8> {
        let mut bytes = vec![0; 227];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(0, b"LASF");
        put(24, &[1, 2]);
        put(94, &227_u16.to_le_bytes());
        put(96, &227_u32.to_le_bytes());
        put(104, &[2]);
        put(105, &26_u16.to_le_bytes());
        put(107, &count.to_le_bytes());
        for (place, value) in [0.01, 0.01, 0.01, zero[0], zero[1], 0.0].into_iter().enumerate() {
            put(131 + 8 * place, &f64::to_le_bytes(value));
        }
        for number in 0..count {
            let class = if number + 1 == count { 7 } else { 2 };
            let place = [number % 10 * 100, number / 10 * 100, 1500];
            bytes.extend(place.iter().flat_map(|value| value.to_le_bytes()));
            bytes.extend([77, 0, 0x11, class, 0, 0, 0, 0]);
            bytes.extend([200_u16, 100, 50].iter().flat_map(|value| value.to_le_bytes()));
        }
        bytes
    }

    fn open(bytes: &[u8]) -> Result<OpenScenario, Vec<Problem>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.las");
        std::fs::write(&path, bytes).unwrap();
        open_any(&path)
    }

    #[test]
    fn a_cloud_without_a_system_that_fits_rd_stands_in_rd_and_says_so() {
        let open = open(&las([251_000.0, 476_000.0], 100)).unwrap();
        assert!(matches!(open.scenario.area.site, SiteFrame::RdNap { anchor } if (anchor.nap_m - 14.7).abs() < 1e-9));
        assert!(
            open.problems.iter().any(|p| p.message.contains("EPSG:7415")),
            "{:?}",
            open.problems
        );
        assert_eq!(open.scenario.layers[0].kind, LayerKind::Points);
        assert_eq!((open.points[0].points, &*open.points[0].layer), (100, "points"));
        let tree = open.points[0].tree(1000, &Stop::default()).unwrap();
        assert!(tree.traits.has_colors && tree.problems.is_empty());
        assert_eq!(tree.traits.classes.iter().collect::<Vec<_>>(), [&2]);
        assert!((tree.traits.heights_m[0] - 0.3).abs() < 1e-6, "{:?}", tree.traits);
        assert_eq!(tree.nodes.len(), 1);
        let node = tree.read(0);
        assert_eq!(node.positions.len(), 99, "noise is left out");
        let facts = node.facts[0];
        assert_eq!((facts.rgb, facts.class, facts.intensity), ([200, 100, 50], 2, 77));
        assert_eq!((facts.return_number, facts.returns), (1, 2));
        assert!((0.5..2.0).contains(&node.spacing_m), "{}", node.spacing_m);
        let SiteFrame::RdNap { anchor } = open.scenario.area.site else {
            panic!("not in RD")
        };
        for point in 0..99 {
            let place = node.place(point).unwrap().0 + DVec3::new(anchor.x_m, anchor.y_m, anchor.nap_m);
            let offset = place - DVec3::new(251_000.0, 476_000.0, 15.0);
            assert!((offset - offset.round()).length() < 1e-4, "{place}");
        }
    }

    #[test]
    fn a_cloud_of_nowhere_is_shown_as_metres_and_an_empty_one_is_refused() {
        let local = open(&las([0.0, 0.0], 50)).unwrap();
        assert_eq!(local.scenario.area.site, SiteFrame::Local);
        assert!(local.problems.iter().any(|p| p.message.contains("without a place")));
        assert_eq!(
            local.points[0]
                .tree(1000, &Stop::default())
                .unwrap()
                .read(0)
                .positions
                .len(),
            49
        );
        assert!(open(&las([0.0, 0.0], 0)).is_err());
        assert!(open(&las([0.0, 0.0], 1)).is_err(), "nothing but noise");
    }
}
