//! A file that does not say in which coordinate system it is: what may be meant, and what a person answers.

use crate::georef::{Crs, LikelyCrs, likely_crs, placed_in};
use bevy::math::DVec2;
use std::fmt::{self, Display};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What a person says of the coordinates of a file. It counts more than what the file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrsAnswer {
    /// They are in this system.
    In(Crs),
    /// They have no place on earth: metres around a zero of their own.
    Nowhere,
}

/// How [`CrsAnswer::Nowhere`] is written.
const NOWHERE: &str = "none";

impl Display for CrsAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::In(crs) => crs.fmt(f),
            Self::Nowhere => f.write_str(NOWHERE),
        }
    }
}

impl FromStr for CrsAnswer {
    type Err = String;

    /// `EPSG:28992`, or `none`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().eq_ignore_ascii_case(NOWHERE) {
            return Ok(Self::Nowhere);
        }
        let crs: Crs = text
            .parse()
            .map_err(|_unreadable| "give EPSG:28992 (RD), EPSG:4326 (degrees), another EPSG number, or none")?;
        if !crs.is_on_map() {
            return Err(format!(
                "{crs} is no system that coordinates on a map can be in: check its number"
            ));
        }
        Ok(Self::In(crs))
    }
}

/// What is asked about the coordinates of a file, and what was taken meanwhile.
#[derive(Debug, Clone, PartialEq)]
pub struct CrsQuestion {
    /// The file.
    pub path: PathBuf,
    /// What it says of its system.
    pub said: Option<String>,
    /// What it says is a system that it can be in, and a person said something else.
    pub is_overruled: bool,
    /// How it is shown; `None` as metres without a place.
    pub taken: Option<Crs>,
    /// Where it lies as it is shown. Known from the start, because PROJ is too slow for the main thread.
    pub taken_place: Option<LikelyCrs>,
    /// The system of its coordinates with [`Self::shift`]; `None` where they are site metres then. As [`Self::taken`], but for
    /// what is put somewhere to be drawn at all.
    pub stands_in: Option<Crs>,
    /// What is added to its coordinates to have them there, in its own units.
    pub shift: DVec2,
    /// What a person said of it.
    pub answer: Option<CrsAnswer>,
    /// A box around its coordinates, in its own units: lowest and highest corner.
    pub bounds: [DVec2; 2],
    /// In which systems it lies in or near the Netherlands, the likeliest first.
    pub likely: Vec<LikelyCrs>,
}

impl CrsQuestion {
    /// What is asked about the file at `path`, whose coordinates lie within `bounds`, shown as in `taken`.
    pub fn new(path: &Path, said: Option<String>, bounds: [DVec2; 2], taken: Option<Crs>) -> Self {
        let [low, high] = bounds;
        let (stands_in, shift) = match taken {
            Some(crs) => (Some(crs), DVec2::ZERO),
            None => (None, -low.midpoint(high)),
        };
        // Heights are no part of what is asked.
        let taken = taken.map(|crs| if crs == Crs::RD_NAP { Crs::RD } else { crs });
        let likely = likely_crs(low, high);
        let listed = likely.iter().copied().find(|likely| Some(likely.crs) == taken);
        Self {
            path: path.to_owned(),
            said,
            is_overruled: false,
            taken,
            taken_place: listed.or_else(|| placed_in(taken?, low, high)),
            stands_in,
            shift,
            answer: None,
            bounds,
            likely,
        }
    }

    /// The same of a file whose own system is known, if `is_overruled`.
    #[must_use]
    pub fn overruled(mut self, is_overruled: bool) -> Self {
        self.is_overruled = is_overruled;
        self
    }

    /// The same of a file whose coordinates are shifted by this much to those of a system, or to site metres.
    #[must_use]
    pub fn standing(mut self, stands_in: Option<Crs>, shift: DVec2) -> Self {
        (self.stands_in, self.shift) = (stands_in, shift);
        self
    }

    /// The same, as answered by a person.
    #[must_use]
    pub fn answered(mut self, answer: Option<CrsAnswer>) -> Self {
        self.answer = answer;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_written_and_read_back() {
        for answer in [CrsAnswer::In(Crs(31370)), CrsAnswer::Nowhere] {
            assert_eq!(answer.to_string().parse(), Ok(answer));
        }
        assert_eq!("epsg:28992".parse(), Ok(CrsAnswer::In(Crs::RD)));
        for wrong in ["", "RD", "EPSG:99999", "EPSG:5709", "EPSG:4978"] {
            assert!(CrsAnswer::from_str(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_question_names_where_the_file_may_lie() {
        let bounds = [DVec2::new(251_000.0, 476_000.0), DVec2::new(251_500.0, 476_500.0)];
        let question = CrsQuestion::new(Path::new("a.csv"), None, bounds, Some(Crs::RD_NAP));
        assert_eq!(question.taken, Some(Crs::RD));
        assert_eq!(question.likely[0].crs, Crs::RD);
        let drawing = CrsQuestion::new(Path::new("a.dxf"), None, [DVec2::ZERO, DVec2::new(40.0, 30.0)], None);
        assert!(drawing.likely.is_empty());
        assert_eq!(drawing.taken_place, None);
        assert_eq!(question.taken_place, Some(question.likely[0]));
        // Nor is it far from here: it is no likely one, and its place is known all the same.
        let canada = [DVec2::new(600_000.0, 5e6); 2];
        let elsewhere = CrsQuestion::new(Path::new("a.csv"), None, canada, Some(Crs(32618)));
        let place = elsewhere.taken_place.map(|place| (place.crs, place.lon_deg.round()));
        assert_eq!(place, Some((Crs(32618), -74.0)));
    }
}
