//! The indicators by name: unit, formula, rule and source of each.

use crate::model::Use;

const SPACEMATRIX: &str = "Berghauser Pont and Haupt, Spacematrix (2010); PBL RUDIFUN";
const NEN_2580: &str = "NEN 2580 (gross floor area)";
const OWN: &str = "Stadslens";

/// An indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// Floor space index.
    Fsi,
    /// Ground space index.
    Gsi,
    /// Open space ratio.
    Osr,
    /// Average number of storeys.
    L,
    /// Gross floor area above ground.
    Gfa,
    /// Gross floor area above ground of one use.
    GfaOf(Use),
    /// Floor area below ground.
    GfaUnderground,
    /// Dwellings.
    Dwellings,
    /// Dwellings per hectare.
    DwellingsPerHa,
    /// Parking places.
    ParkingPlaces,
    /// Built ground.
    Built,
    /// Green ground.
    Green,
    /// Paved ground.
    Paved,
    /// Water.
    Water,
    /// Ground of which nothing says what covers it.
    UnknownCover,
    /// Trees.
    Trees,
    /// Greatest height of what stands.
    GreatestHeight,
    /// Greatest height of what the plan builds.
    GreatestNewHeight,
}

impl Key {
    /// All of them, in the order of a table.
    pub const ALL: [Self; 23] = [
        Self::Fsi,
        Self::Gsi,
        Self::Osr,
        Self::L,
        Self::Gfa,
        Self::GfaOf(Use::Housing),
        Self::GfaOf(Use::Shops),
        Self::GfaOf(Use::Office),
        Self::GfaOf(Use::Public),
        Self::GfaOf(Use::Parking),
        Self::GfaOf(Use::Other),
        Self::GfaUnderground,
        Self::Dwellings,
        Self::DwellingsPerHa,
        Self::ParkingPlaces,
        Self::Built,
        Self::Green,
        Self::Paved,
        Self::Water,
        Self::UnknownCover,
        Self::Trees,
        Self::GreatestHeight,
        Self::GreatestNewHeight,
    ];

    /// Its key in files, with the unit in it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fsi => "fsi",
            Self::Gsi => "gsi",
            Self::Osr => "osr",
            Self::L => "l",
            Self::Gfa => "gfa_m2",
            Self::GfaOf(Use::Housing) => "gfa_housing_m2",
            Self::GfaOf(Use::Shops) => "gfa_shops_m2",
            Self::GfaOf(Use::Office) => "gfa_office_m2",
            Self::GfaOf(Use::Public) => "gfa_public_m2",
            Self::GfaOf(Use::Parking) => "gfa_parking_m2",
            Self::GfaOf(Use::Other) => "gfa_other_m2",
            Self::GfaUnderground => "gfa_underground_m2",
            Self::Dwellings => "dwellings",
            Self::DwellingsPerHa => "dwellings_per_ha",
            Self::ParkingPlaces => "parking_places",
            Self::Built => "built_m2",
            Self::Green => "green_m2",
            Self::Paved => "paved_m2",
            Self::Water => "water_m2",
            Self::UnknownCover => "unknown_cover_m2",
            Self::Trees => "trees",
            Self::GreatestHeight => "greatest_height_m",
            Self::GreatestNewHeight => "greatest_new_height_m",
        }
    }

    /// Its unit; `1` for a count.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Fsi | Self::Gsi | Self::Osr => "m2/m2",
            Self::L => "storeys",
            Self::DwellingsPerHa => "1/ha",
            Self::Dwellings | Self::ParkingPlaces | Self::Trees => "1",
            Self::GreatestHeight | Self::GreatestNewHeight => "m",
            _ => "m2",
        }
    }

    /// How it follows from its inputs.
    pub fn formula(self) -> &'static str {
        match self {
            Self::Fsi => "gfa_m2 / plan_area_m2",
            Self::Gsi => "built_m2 / plan_area_m2",
            Self::Osr => "(1 - gsi) / fsi = (plan_area_m2 - built_m2) / gfa_m2",
            Self::L => "fsi / gsi = gfa_m2 / built_m2",
            Self::Gfa | Self::GfaOf(_) => "sum over the buildings of floor area x share",
            Self::GfaUnderground => "sum over the plan's buildings of footprint x storeys below ground x share",
            Self::DwellingsPerHa => "dwellings / (plan_area_m2 / 10000)",
            Self::Built => "area of the union of the footprints within the plan area",
            Self::Green => "grass_m2 + planting_m2",
            Self::Paved => "asphalt_m2 + paving_m2 + clinkers_m2",
            Self::Water => "water_m2",
            Self::UnknownCover => "plan_area_m2 - (built_m2 + green_m2 + paved_m2 + water_m2)",
            Self::Dwellings | Self::ParkingPlaces | Self::Trees => "kept + new",
            Self::GreatestHeight | Self::GreatestNewHeight => "greatest of (highest point - ground)",
        }
    }

    /// What is counted and what is not, in one or two sentences.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Fsi | Self::Gsi | Self::Osr | Self::L => {
                "Floor area above ground only. Compare it only with areas of the same scale."
            }
            Self::Gfa | Self::GfaOf(_) => {
                "What the register records, else footprint x storeys; a building cut by the edge of the plan area counts \
                 by the share of its footprint inside. Parking above ground counts, storeys below ground do not."
            }
            Self::GfaUnderground => "Only of the plan: the register does not record storeys below ground.",
            Self::Dwellings => "A building counts whole where at least half of its footprint lies in the plan area.",
            Self::DwellingsPerHa => "Dwellings of the plan area over its whole ground.",
            Self::ParkingPlaces => {
                "What the data record: in buildings, whole where at least half of the footprint lies in the plan area, and \
                 on surfaces, whole where at least half of the surface lies open in it. Places along a street that the data \
                 do not record are not counted."
            }
            Self::Built => {
                "Seen from above, so that what hangs over counts and overlapping footprints count once; what stands only \
                 below ground does not count."
            }
            Self::Green | Self::Paved | Self::Water | Self::UnknownCover => {
                "Buildings win over the plan's surfaces, those over today's; the higher surface wins, at one height paved \
                 over green over water."
            }
            Self::Trees => {
                "Those that stand in the plan area: trees of the register of objects that stay, and the plan's."
            }
            Self::GreatestHeight => {
                "Of every building any part of which lies in the plan area, above the lowest ground beside it."
            }
            Self::GreatestNewHeight => {
                "Of the plan's buildings. NEN 8100: from 15 to 30 m an expert judges the wind, from 30 m it is studied in \
                 a wind tunnel or by CFD; in the open an expert judges below 15 m too. This program computes no wind."
            }
        }
    }

    /// Who defines it.
    pub fn source(self) -> &'static str {
        match self {
            Self::Fsi | Self::Gsi | Self::Osr | Self::L | Self::Built => SPACEMATRIX,
            Self::Gfa | Self::GfaOf(_) | Self::GfaUnderground => NEN_2580,
            Self::GreatestHeight | Self::GreatestNewHeight => "NEN 8100 (wind)",
            _ => OWN,
        }
    }

    /// The indicators whose objects this one is made of; empty where it counts its own.
    pub fn made_of(self) -> &'static [Self] {
        match self {
            Self::Fsi => &[Self::Gfa],
            Self::Gsi => &[Self::Built],
            Self::Osr | Self::L => &[Self::Gfa, Self::Built],
            Self::DwellingsPerHa => &[Self::Dwellings],
            Self::UnknownCover => &[Self::Built, Self::Green, Self::Paved, Self::Water],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_key_is_listed_once_with_its_own_name() {
        let names: BTreeSet<&str> = Key::ALL.iter().map(|key| key.name()).collect();
        assert_eq!(names.len(), Key::ALL.len());
        for key in Key::ALL {
            let ending = match key.unit() {
                "m2" => "_m2",
                "m" => "_m",
                "1/ha" => "_per_ha",
                _ => "",
            };
            assert!(key.name().ends_with(ending), "{} is in {}", key.name(), key.unit());
            assert!(key.made_of().iter().all(|part| part.made_of().is_empty()));
        }
    }
}
