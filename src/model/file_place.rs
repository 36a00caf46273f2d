//! How the coordinates of a file that was opened by itself came to stand in its site: by this a note keeps its place in the
//! file when another answer to "which coordinate system?" moves the file.
//!
//! Flat coordinates only: heights above the zero of the site stay as they are, since a file is put at the zero of its site
//! in every system. Site metres and the units of the file.

use super::scenario::OpenScenario;
use crate::georef::{Crs, GeorefError, LonLatH, RdNap, SiteFrame, SitePos, Transformer};
use bevy::math::DVec2;
use serde::{Deserialize, Serialize};

/// Longitude and latitude.
const LON_LAT: Crs = Crs(4326);
/// Numbers that differ by less come from one and the same answer, units of the file: a text that is read back may differ in
/// its last figure.
const SAME: f64 = 1e-6;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FilePlace {
    site: SiteFrame,
    /// The system of the coordinates once they are shifted; `None` where they are those of the site then.
    crs: Option<Crs>,
    /// What is added to the file's coordinates.
    shift: DVec2,
}

/// A [`FilePlace`] as it is written down.
#[derive(Serialize, Deserialize)]
struct Written {
    frame: String,
    anchor: [f64; 3],
    epsg: Option<u32>,
    shift: [f64; 2],
}

impl FilePlace {
    /// How the file of `open` stands; `None` for what is not asked about.
    pub fn of(open: &OpenScenario) -> Option<Self> {
        let question = open.crs_question.as_ref()?;
        Some(Self {
            site: open.scenario.area.site,
            crs: question.stands_in,
            shift: question.shift,
        })
    }

    /// The frame in which the file stands.
    pub fn site(&self) -> &SiteFrame {
        &self.site
    }

    /// It as a line of text.
    pub fn to_text(self) -> String {
        let (frame, anchor) = match self.site {
            SiteFrame::RdNap { anchor } => ("rd_nap", [anchor.x_m, anchor.y_m, anchor.nap_m]),
            SiteFrame::Enu { anchor } => ("enu", [anchor.lon_deg, anchor.lat_deg, anchor.h_m]),
            SiteFrame::Local => ("local", [0.0; 3]),
        };
        let written = Written {
            frame: frame.to_owned(),
            anchor,
            epsg: self.crs.map(|crs| crs.0),
            shift: self.shift.to_array(),
        };
        serde_json::to_string(&written).unwrap_or_default()
    }

    /// What [`Self::to_text`] wrote; `None` of anything else.
    pub fn from_text(text: &str) -> Option<Self> {
        let written: Written = serde_json::from_str(text).ok()?;
        let [x, y, z] = written.anchor;
        let site = match written.frame.as_str() {
            "rd_nap" => SiteFrame::RdNap {
                anchor: RdNap {
                    x_m: x,
                    y_m: y,
                    nap_m: z,
                },
            },
            "enu" => SiteFrame::Enu {
                anchor: LonLatH {
                    lon_deg: x,
                    lat_deg: y,
                    h_m: z,
                },
            },
            "local" => SiteFrame::Local,
            _ => return None,
        };
        Some(Self {
            site,
            crs: written.epsg.map(Crs),
            shift: DVec2::from_array(written.shift),
        })
    }

    /// Whether a file stands there as it stands here.
    pub fn is_same(&self, other: &Self) -> bool {
        let anchor = |place: &Self| match place.site {
            SiteFrame::RdNap { anchor } => [anchor.x_m, anchor.y_m, anchor.nap_m],
            SiteFrame::Enu { anchor } => [anchor.lon_deg, anchor.lat_deg, anchor.h_m],
            SiteFrame::Local => [0.0; 3],
        };
        let is_near = anchor(self)
            .iter()
            .zip(anchor(other))
            .all(|(a, b)| (a - b).abs() < SAME);
        std::mem::discriminant(&self.site) == std::mem::discriminant(&other.site)
            && self.crs == other.crs
            && is_near
            && self.shift.abs_diff_eq(other.shift, SAME)
    }

    /// From positions here to those of the same points of the file as it stands in `to`.
    ///
    /// # Errors
    /// PROJ cannot bring coordinates to or from one of the systems.
    pub fn way_to(&self, to: &Self) -> Result<FileWay, GeorefError> {
        let (from, to) = (*self, *to);
        Ok(FileWay {
            to_file: from.crs.map(|crs| Transformer::new(LON_LAT, crs)).transpose()?,
            from_file: to.crs.map(|crs| Transformer::new(crs, LON_LAT)).transpose()?,
            from,
            to,
        })
    }
}

/// From where points of a file stood to where they stand now.
pub struct FileWay {
    from: FilePlace,
    to: FilePlace,
    to_file: Option<Transformer>,
    from_file: Option<Transformer>,
}

impl FileWay {
    /// Where the point of the file stands now that stood at `at`; `None` where one of the systems has no such place.
    pub fn convert(&self, at: SitePos) -> Option<SitePos> {
        let shifted = match &self.to_file {
            None => at.0.truncate(),
            Some(to_file) => {
                let place = self.from.site.lon_lat_h_from_site(at).ok()?;
                DVec2::from_array(to_file.convert_flat([place.lon_deg, place.lat_deg]).ok()?)
            }
        };
        let file = shifted - self.from.shift;
        let shifted = file + self.to.shift;
        let flat = match &self.from_file {
            None => shifted,
            Some(from_file) => {
                let [lon_deg, lat_deg] = from_file.convert_flat(shifted.to_array()).ok()?;
                let h_m = match self.to.site {
                    SiteFrame::Enu { anchor } => anchor.h_m,
                    _ => 0.0,
                };
                let place = LonLatH { lon_deg, lat_deg, h_m };
                self.to.site.site_from_lon_lat_h(place).ok()?.0.truncate()
            }
        };
        let there = SitePos(flat.extend(at.0.z));
        there.0.is_finite().then_some(there)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::math::DVec3;

    fn place(crs: Option<u32>, shift: [f64; 2]) -> FilePlace {
        // A file whose coordinates are those of Hengelo in RD, and in Germany in UTM.
        let middle = DVec2::new(251_000.0, 476_000.0);
        let site = crs.map_or(SiteFrame::Local, |crs| {
            let to = Transformer::new(Crs(crs), LON_LAT).unwrap();
            let [lon_deg, lat_deg] = to.convert_flat(middle.to_array()).unwrap();
            SiteFrame::around(LonLatH {
                lon_deg,
                lat_deg,
                h_m: 43.0,
            })
        });
        FilePlace {
            site,
            crs: crs.map(Crs),
            shift: DVec2::from_array(shift),
        }
    }

    #[test]
    fn a_point_of_a_file_goes_with_it_and_comes_back() {
        let rd = place(Some(28992), [0.0; 2]);
        let others = [
            place(Some(25831), [0.0; 2]),
            place(None, [-251_000.0, -476_000.0]),
            place(Some(28992), [1000.0, -500.0]),
        ];
        let at = SitePos(DVec3::new(12.0, -7.0, 3.5));
        for other in others {
            let there = rd.way_to(&other).unwrap().convert(at).unwrap();
            let back = other.way_to(&rd).unwrap().convert(there).unwrap();
            assert!(back.0.distance(at.0) < 1e-3, "{other:?}: {there:?}, {back:?}");
            assert!((there.0.z - 3.5).abs() < 1e-9, "{there:?}");
        }
        let local = rd.way_to(&others[1]).unwrap().convert(at).unwrap();
        let SiteFrame::RdNap { anchor } = rd.site else {
            panic!("{rd:?}")
        };
        let expected = DVec2::new(anchor.x_m - 251_000.0 + 12.0, anchor.y_m - 476_000.0 - 7.0);
        assert!(local.0.truncate().distance(expected) < 1e-3, "{local:?}");
    }

    #[test]
    fn it_is_written_down_and_read_back() {
        for place in [
            place(Some(28992), [0.1, 0.0]),
            place(Some(25831), [0.0; 2]),
            place(None, [-251_000.123_456, 3.0]),
        ] {
            let read = FilePlace::from_text(&place.to_text()).unwrap();
            assert!(read.is_same(&place) && place.is_same(&read), "{place:?}: {read:?}");
        }
        assert!(!place(Some(28992), [0.0; 2]).is_same(&place(None, [0.0; 2])));
        for text in [
            "",
            "{}",
            "[1]",
            r#"{"frame": "moon", "anchor": [0, 0, 0], "epsg": null, "shift": [0, 0]}"#,
        ] {
            assert_eq!(FilePlace::from_text(text), None, "{text}");
        }
    }
}
