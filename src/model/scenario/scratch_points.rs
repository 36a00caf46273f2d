//! A scratch scenario around a point cloud: thinned, put into the site frame and cut into squares of ground.

use super::projection::MAX_DISTANCE_M;
use super::scratch::{beside, home, no_file_name, scratch};
use super::{LayerKind, OpenScenario};
use crate::georef::{Crs, GeorefError, LonLatH, RdNap, SiteFrame, SitePos, Transformer, narrow, render_axes};
use crate::model::points::{PointPiece, SitePoints};
use crate::sources::points::{PointCloud, PointFile};
use crate::sources::{Cause, Problem};
use bevy::math::{DVec2, DVec3};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// Most points that are shown.
const MAX_SHOWN: usize = 1_000_000;
/// Where coordinates are taken for RD in a file that names no system: the country with a margin, metres.
const RD: [DVec2; 2] = [DVec2::new(-7_000.0, 289_000.0), DVec2::new(300_000.0, 629_000.0)];
/// Squares along the longer side of the whole.
const SQUARES: f64 = 24.0;
/// Smallest square, metres.
const SMALLEST_SQUARE_M: f64 = 20.0;
/// Cells along the longer side by which the ground that is covered is measured.
const CELLS: f64 = 200.0;
/// One of so many points may lie below the table.
const STRAYS: usize = 200;
/// How far the table lies below the others, units of the file.
const BELOW_M: f64 = 0.3;
/// Part of the radius of a cloud that is looked at.
const FILLED: f64 = 0.45;

impl OpenScenario {
    /// A scratch scenario around a file of points (LAS, LAZ or COPC).
    pub fn scratch_for_points(path: &Path) -> Result<Self, Vec<Problem>> {
        let (resources, name) = beside(path).ok_or_else(|| no_file_name(path))?;
        let file = PointFile::open(path).map_err(|problem| vec![problem])?;
        let mut cloud = file.thinned(MAX_SHOWN);
        let mut problems = file.problems.clone();
        problems.append(&mut cloud.problems);
        if file.header.points > cloud.points.len() as u64 && cloud.points.len() >= MAX_SHOWN {
            let message = format!("{} of its {} points are shown", cloud.points.len(), file.header.points);
            problems.push(Problem::warning(&name, "", message).because(Cause::TooLarge));
        }
        let refuse = |message: String, problems: &[Problem]| {
            let mut all = vec![Problem::error(&name, "", message).because(Cause::Place)];
            all.extend_from_slice(problems);
            all
        };
        let Some(middle) = middle(&cloud) else {
            return Err(refuse("none of its points can be shown".into(), &problems));
        };
        let placed = Placing::of(&file, &cloud, middle);
        let placing = placed.map_err(|error| refuse(format!("its CRS cannot be used: {error}"), &problems))?;
        if let Some(message) = &placing.warning {
            problems.push(Problem::warning(&name, "crs", message.as_str()).because(Cause::Place));
        }
        let (points, radius_m, outside) = pieces(&cloud, &placing);
        if points.pieces.is_empty() {
            return Err(refuse(
                "none of its points has a place that can be shown".into(),
                &problems,
            ));
        }
        if outside > 0 {
            let message = format!(
                "{outside} points lie more than {:.0} km from its middle or have no place; they are left out",
                MAX_DISTANCE_M / 1000.0
            );
            problems.push(Problem::error(&name, "", message).because(Cause::Place));
        }
        let view = home(SitePos(DVec3::ZERO), FILLED * radius_m.max(1.0));
        let scenario = scratch(&name, &name, placing.site, view, &[(LayerKind::Points, "points")]);
        let mut open = Self::without_data(scenario, resources);
        open.points = Arc::new(points);
        open.problems = problems;
        Ok(open)
    }
}

/// The middle of a cloud in the coordinates of its file, just below its lowest ground: there the table stands, which an
/// estimate of the ground would lift over hollows.
fn middle(cloud: &PointCloud) -> Option<DVec3> {
    let usable = || cloud.points.iter().filter(|p| !p.is_noise() && p.position.is_finite());
    let first = usable().next()?.position.truncate();
    // A few strays far away do not move it.
    let median = |value: fn(DVec2) -> f64| {
        let mut values: Vec<f64> = usable().map(|p| value(p.position.truncate())).collect();
        let at = values.len() / 2;
        values.select_nth_unstable_by(at, f64::total_cmp);
        values.get(at).copied()
    };
    let (x, y) = (median(|p| p.x).unwrap_or(first.x), median(|p| p.y).unwrap_or(first.y));
    let mut heights: Vec<f64> = usable().map(|p| p.position.z).collect();
    let at = heights.len() / STRAYS;
    heights.select_nth_unstable_by(at, f64::total_cmp);
    Some(DVec3::new(x, y, heights.get(at)? - BELOW_M))
}

/// How coordinates of a file become places of the site.
struct Placing {
    site: SiteFrame,
    way: Way,
    warning: Option<String>,
}

enum Way {
    /// RD and NAP as they are.
    RdNap,
    /// To RD and NAP through PROJ.
    ToRdNap(Transformer),
    /// To RD through PROJ, heights as they are.
    ToRd(Transformer),
    /// To longitude and latitude through PROJ, heights as they are.
    ToLonLat(Transformer),
    /// Metres around this place.
    Local(DVec3),
}

impl Placing {
    fn of(file: &PointFile, cloud: &PointCloud, middle: DVec3) -> Result<Self, GeorefError> {
        let local = |said: String| Self {
            site: SiteFrame::Local,
            way: Way::Local(middle),
            warning: Some(format!("{said}; it is shown as metres, without a place on earth")),
        };
        let (crs, warning) = match (file.crs, &file.crs_name) {
            (Some(crs), _) => (crs, None),
            (None, name) => {
                let said = name.as_ref().map_or_else(
                    || "the file names no coordinate system".to_owned(),
                    |name| format!("the coordinate system {name} is not known here"),
                );
                let mut places = cloud.points.iter().filter(|p| !p.is_noise());
                let fits_rd = places.all(|p| {
                    let p = p.position.truncate();
                    p.cmpge(RD[0]).all() && p.cmple(RD[1]).all()
                });
                if !fits_rd {
                    return Ok(local(said));
                }
                let message = format!("{said}; its coordinates are taken as RD and NAP (EPSG:7415)");
                (Crs::RD_NAP, Some(message))
            }
        };
        if crs == Crs::RD || crs == Crs::RD_NAP {
            let to = Transformer::new(Crs::RD, Crs(4326))?;
            let site = around(&to, middle)?;
            return Ok(Self {
                site: at_height(site, middle.z),
                way: Way::RdNap,
                warning,
            });
        }
        let to = Transformer::new(crs, Crs(4326))?;
        let site = around(&to, middle)?;
        if !matches!(site, SiteFrame::RdNap { .. }) {
            let message = "its heights are taken as heights above the ellipsoid".to_owned();
            return Ok(Self {
                site: at_height(site, middle.z),
                way: Way::ToLonLat(to),
                warning: Some(message),
            });
        }
        if let Ok(to) = Transformer::new(crs, Crs::RD_NAP)
            && let Ok([_, _, nap_m]) = to.convert(middle.to_array())
        {
            return Ok(Self {
                site: at_height(site, nap_m),
                way: Way::ToRdNap(to),
                warning,
            });
        }
        Ok(Self {
            site: at_height(site, middle.z),
            way: Way::ToRd(Transformer::new(crs, Crs::RD)?),
            warning: Some(format!("{crs} says nothing of heights; they are taken as NAP")),
        })
    }

    fn place(&self, p: DVec3) -> Option<DVec3> {
        let rd = |[x_m, y_m]: [f64; 2], nap_m: f64| self.site.site_from_rd_nap(RdNap { x_m, y_m, nap_m }).ok();
        let placed = match &self.way {
            Way::RdNap => rd([p.x, p.y], p.z),
            Way::ToRdNap(to) => {
                let [x, y, nap_m] = to.convert(p.to_array()).ok()?;
                rd([x, y], nap_m)
            }
            Way::ToRd(to) => rd(to.convert_flat([p.x, p.y]).ok()?, p.z),
            Way::ToLonLat(to) => {
                let [lon_deg, lat_deg] = to.convert_flat([p.x, p.y]).ok()?;
                let place = LonLatH {
                    lon_deg,
                    lat_deg,
                    h_m: p.z,
                };
                self.site.site_from_lon_lat_h(place).ok()
            }
            Way::Local(zero) => Some(SitePos(p - zero)),
        };
        placed.map(|p| p.0).filter(|p| p.is_finite())
    }
}

fn around(to_lon_lat: &Transformer, middle: DVec3) -> Result<SiteFrame, GeorefError> {
    let [lon_deg, lat_deg] = to_lon_lat.convert_flat([middle.x, middle.y])?;
    Ok(SiteFrame::around(LonLatH {
        lon_deg,
        lat_deg,
        h_m: middle.z,
    }))
}

/// The frame with its zero at this height.
fn at_height(site: SiteFrame, height_m: f64) -> SiteFrame {
    match site {
        SiteFrame::RdNap { anchor } => SiteFrame::RdNap {
            anchor: RdNap {
                nap_m: height_m,
                ..anchor
            },
        },
        other => other,
    }
}

/// The cloud in squares, the radius that shows it, and how many points have no place.
fn pieces(cloud: &PointCloud, placing: &Placing) -> (SitePoints, f64, usize) {
    let mut places: Vec<(DVec3, u8, [u8; 3])> = Vec::with_capacity(cloud.points.len());
    let mut outside = 0;
    for (point, color) in cloud.points.iter().zip(cloud.colors()) {
        if point.is_noise() {
            continue;
        }
        match placing.place(point.position) {
            Some(p) if p.length() <= MAX_DISTANCE_M => places.push((p, point.class, color)),
            _ => outside += 1,
        }
    }
    let radius_m = places.iter().map(|(p, ..)| p.truncate().length()).fold(0.0, f64::max);
    let square_m = (2.0 * radius_m / SQUARES).max(SMALLEST_SQUARE_M);
    let cell_m = (2.0 * radius_m / CELLS).max(0.5);
    let mut squares: BTreeMap<(i32, i32), PointPiece> = BTreeMap::new();
    let mut cells = BTreeSet::new();
    for (p, class, color) in &places {
        let key = key(p.truncate(), square_m);
        cells.insert(self::key(p.truncate(), cell_m));
        let piece = squares.entry(key).or_insert_with(|| PointPiece {
            origin: SitePos(*p),
            positions: Vec::new(),
            colors: Vec::new(),
            classes: Vec::new(),
        });
        piece.positions.push(narrow(render_axes(*p - piece.origin.0)));
        piece.classes.push(*class);
        if cloud.has_colors {
            piece.colors.push(*color);
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of at most a million")]
    let spacing_m = cell_m * (cells.len() as f64 / places.len().max(1) as f64).sqrt();
    let points = SitePoints {
        pieces: squares.into_values().collect(),
        spacing_m,
        has_colors: cloud.has_colors,
    };
    (points, radius_m, outside)
}

/// The square that a place lies in.
#[expect(clippy::cast_possible_truncation, reason = "places lie within 100 km")]
fn key(p: DVec2, square_m: f64) -> (i32, i32) {
    let at = (p / square_m).floor();
    (at.x as i32, at.y as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scenario::open_any;

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
            bytes.extend([0, 0, 9, class, 0, 0, 0, 0]);
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
        assert_eq!(open.points.count(), 99, "noise is left out");
        assert!(open.points.has_colors);
        assert!(matches!(open.scenario.area.site, SiteFrame::RdNap { anchor } if (anchor.nap_m - 14.7).abs() < 1e-9));
        assert!(
            open.problems.iter().any(|p| p.message.contains("EPSG:7415")),
            "{:?}",
            open.problems
        );
        let piece = &open.points.pieces[0];
        assert_eq!(piece.colors[0], [200, 100, 50]);
        let first = piece.origin.0 + crate::georef::site_axes(DVec3::from_array(piece.positions[0].map(f64::from)));
        assert!(
            (first.z - 0.3).abs() < 1e-6 && first.truncate().length() < 10.0,
            "{first}"
        );
        assert!((0.5..2.0).contains(&open.points.spacing_m), "{}", open.points.spacing_m);
        assert_eq!(open.scenario.layers[0].kind, LayerKind::Points);
    }

    #[test]
    fn a_cloud_of_nowhere_is_shown_as_metres_and_an_empty_one_is_refused() {
        let local = open(&las([0.0, 0.0], 50)).unwrap();
        assert_eq!(local.scenario.area.site, SiteFrame::Local);
        assert!(local.problems.iter().any(|p| p.message.contains("without a place")));
        assert!(open(&las([0.0, 0.0], 0)).is_err());
        assert!(open(&las([0.0, 0.0], 1)).is_err(), "nothing but noise");
    }
}
