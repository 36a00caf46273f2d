//! Managed objects of the public space, reports about them, sensors.

use bevy::math::DVec2;

/// Kind of managed object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AssetKind {
    /// Tree.
    Tree,
    /// Lamp post.
    Lamp,
    /// Bench.
    Bench,
    /// Litter bin.
    Bin,
    /// Sewer manhole.
    Manhole,
    /// Anything else.
    Other,
}

impl AssetKind {
    /// Greatest height that is believed of an object of this kind, metres.
    ///
    /// No table of limits is published, so these are plain bounds well above what stands in public space: trees in the
    /// Netherlands end at about fifty metres, street lighting below twenty and the masts of junctions and stadiums at
    /// about fifty; benches, bins and covers of manholes are lower than a person. What may be anything is bounded by the
    /// tallest masts.
    pub fn highest_m(self) -> f64 {
        match self {
            Self::Tree => 60.0,
            Self::Lamp => 50.0,
            Self::Bench | Self::Bin => 4.0,
            Self::Manhole => 2.0,
            Self::Other => 150.0,
        }
    }
}

/// A managed object.
#[derive(Debug, Clone, PartialEq)]
pub struct Asset {
    /// The owner's own object number.
    pub id: String,
    /// Kind.
    pub kind: AssetKind,
    /// Where, site metres (stands on the terrain).
    pub position: DVec2,
    /// Compass bearing it faces, degrees from grid north.
    pub heading_deg: f64,
    /// Height, metres (trees, lamps), 0 when unknown.
    pub height_m: f64,
    /// Crown diameter, metres (trees), 0 when unknown.
    pub crown_m: f64,
    /// NEN 2767 condition score 1 to 6.
    pub condition: Option<u8>,
    /// CROW upkeep level (`A+`, `A`, `B`, `C`, `D`).
    pub upkeep: Option<String>,
    /// Last inspection, ISO date.
    pub inspected: Option<jiff::civil::Date>,
    /// Next inspection due, ISO date.
    pub next_inspection: Option<jiff::civil::Date>,
    /// All attributes as in the file.
    pub attributes: Vec<(String, String)>,
}

/// A public-space report (melding). No free text: that holds personal data.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Number.
    pub id: String,
    /// Where, site metres.
    pub position: DVec2,
    /// Category slug (`wegen-verkeer-straatmeubilair/lantaarnpaal-straatverlichting`).
    pub category: String,
    /// Status as in the source (`Gemeld`).
    pub status: String,
    /// Date made.
    pub created: Option<jiff::civil::Date>,
}

/// A sensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensor {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Where, site metres.
    pub position: DVec2,
    /// What it measures.
    pub quantity: String,
    /// Unit symbol.
    pub unit: String,
    /// Last value.
    pub value: Option<f64>,
}

/// How far a report has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReportStage {
    /// Nobody has started on it yet, or it was opened again.
    Open,
    /// Somebody is at it, or it is planned.
    InHand,
    /// Nothing more will be done.
    Done,
}

impl ReportStage {
    /// All stages in their order.
    pub const ALL: [Self; 3] = [Self::Open, Self::InHand, Self::Done];
}

impl Report {
    /// How far it has come, from the names that Signalen gives its statuses. A status that is not known counts as open,
    /// so that no report drops out of sight because of a word.
    pub fn stage(&self) -> ReportStage {
        let status = self.status.trim().to_lowercase();
        match status.as_str() {
            "afgehandeld" | "geannuleerd" | "gesplitst" => ReportStage::Done,
            "in behandeling" | "ingepland" => ReportStage::InHand,
            _ if status.starts_with("extern") => ReportStage::InHand,
            _ => ReportStage::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_nobody_knows_counts_as_open() {
        let stage = |status: &str| {
            Report {
                id: String::new(),
                position: DVec2::ZERO,
                category: String::new(),
                status: status.into(),
                created: None,
            }
            .stage()
        };
        for (status, expected) in [
            ("Gemeld", ReportStage::Open),
            ("Verzoek tot heropenen", ReportStage::Open),
            ("Heropend", ReportStage::Open),
            ("wat nu", ReportStage::Open),
            ("", ReportStage::Open),
            ("Ingepland", ReportStage::InHand),
            ("Extern: verzoek tot afhandeling", ReportStage::InHand),
            ("AFGEHANDELD", ReportStage::Done),
            ("Geannuleerd", ReportStage::Done),
        ] {
            assert_eq!(stage(status), expected, "{status}");
        }
    }
}
