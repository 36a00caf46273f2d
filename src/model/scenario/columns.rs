//! What the columns of a table of managed objects mean: named by the scenario, or guessed from common headings.
//!
//! A guess is only a guess: a heading counts where most of its fields can be read as what it says, and whoever opens
//! the table is told what was taken for what.

use super::file::ColumnsFile;
use super::words::{asset_kind, asset_kind_file};
use crate::model::AssetKind;
use crate::sources::table::{NumberStyle, Table, day, has_short_year};
use std::collections::BTreeMap;

/// What a column can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Meaning {
    /// East or longitude.
    X,
    /// North or latitude.
    Y,
    /// The owner's own object number.
    Id,
    /// Kind of object.
    Kind,
    /// NEN 2767 condition score.
    Condition,
    /// CROW upkeep level.
    Upkeep,
    /// Day of the last inspection.
    Inspected,
    /// Day on which the next inspection is due.
    NextInspection,
    /// Height, metres.
    Height,
    /// Diameter of the crown, metres.
    Crown,
    /// Compass bearing that it faces, degrees from grid north.
    Heading,
}

impl Meaning {
    /// All of them, in the order in which they are asked for.
    pub const ALL: [Self; 11] = [
        Self::X,
        Self::Y,
        Self::Id,
        Self::Kind,
        Self::Condition,
        Self::Upkeep,
        Self::Inspected,
        Self::NextInspection,
        Self::Height,
        Self::Crown,
        Self::Heading,
    ];

    /// Its key in the `columns` of a scenario.
    pub fn key(self) -> &'static str {
        match self {
            Self::X => "x",
            Self::Y => "y",
            Self::Id => "id",
            Self::Kind => "type",
            Self::Condition => "condition",
            Self::Upkeep => "level",
            Self::Inspected => "inspected",
            Self::NextInspection => "next_inspection",
            Self::Height => "height_m",
            Self::Crown => "crown_m",
            Self::Heading => "heading_deg",
        }
    }

    /// Common headings, letters and digits only, the surest first.
    pub(super) fn headings(self) -> &'static [&'static str] {
        match self {
            // Only as pairs, see `PLACES`.
            Self::X | Self::Y => &[],
            Self::Id => &[
                "objectnummer",
                "objectnr",
                "boomnummer",
                "boomnr",
                "lichtmastnummer",
                "mastnummer",
                "mastnr",
                "banknummer",
                "putnummer",
                "kolknummer",
                "beheernummer",
                "elementnummer",
                "assetid",
                "assetnummer",
                "nummer",
                "nr",
                "number",
                "identificatie",
                "id",
                "guid",
                "objectid",
            ],
            Self::Kind => &[
                "type",
                "objecttype",
                "typeobject",
                "objectsoort",
                "soortobject",
                "assettype",
                "kind",
            ],
            Self::Condition => &[
                "conditie",
                "conditiescore",
                "nen2767",
                "nenscore",
                "conditienen2767",
                "condition",
                "conditionscore",
            ],
            Self::Upkeep => &[
                "niveau",
                "onderhoudsniveau",
                "kwaliteitsniveau",
                "beeldkwaliteit",
                "crowniveau",
                "crow",
                "level",
            ],
            Self::Inspected => &[
                "inspectie",
                "inspectiedatum",
                "datuminspectie",
                "laatsteinspectie",
                "datumlaatsteinspectie",
                "laatstecontrole",
                "controledatum",
                "inspected",
                "lastinspection",
                "inspectiondate",
            ],
            Self::NextInspection => &[
                "volgendeinspectie",
                "datumvolgendeinspectie",
                "volgendeinspectiedatum",
                "volgendecontrole",
                "herinspectie",
                "nextinspection",
                "nextinspectiondate",
            ],
            Self::Height => &["hoogte", "hoogtem", "boomhoogte", "masthoogte", "height", "heightm"],
            Self::Crown => &[
                "kroondiameter",
                "kroondiameterm",
                "kroon",
                "crown",
                "crownm",
                "crowndiameter",
            ],
            Self::Heading => &["headingdeg", "heading", "richting"],
        }
    }

    /// Whether a field can be read as this.
    fn fits(self, field: &str) -> bool {
        let number = || {
            NumberStyle::Comma
                .number(field)
                .or_else(|| NumberStyle::Point.number(field))
        };
        match self {
            Self::X | Self::Y | Self::Height | Self::Crown | Self::Heading => number().is_some(),
            Self::Id | Self::Kind => true,
            Self::Condition => condition(field).is_some(),
            Self::Upkeep => upkeep(field).is_some(),
            // A year of two digits is a date that has to be written better: taken for one, it is named.
            Self::Inspected | Self::NextInspection => day(field).is_some() || has_short_year(field),
        }
    }
}

/// Headings of x with those of y that belong to them.
const PLACES: [(&str, &str); 16] = [
    ("rdx", "rdy"),
    ("xrd", "yrd"),
    ("xcoordinaatrd", "ycoordinaatrd"),
    ("rdxcoordinaat", "rdycoordinaat"),
    ("xcoordinaat", "ycoordinaat"),
    ("xcoord", "ycoord"),
    ("xcoordinate", "ycoordinate"),
    ("coordx", "coordy"),
    ("coordinaatx", "coordinaaty"),
    ("x", "y"),
    ("easting", "northing"),
    ("longitude", "latitude"),
    ("lengtegraad", "breedtegraad"),
    ("lon", "lat"),
    ("lng", "lat"),
    ("long", "lat"),
];

/// A NEN 2767 score.
pub(super) fn condition(field: &str) -> Option<u8> {
    let number = NumberStyle::Comma
        .number(field)
        .or_else(|| NumberStyle::Point.number(field))?;
    (1..=6).find(|score| (f64::from(*score) - number).abs() < f64::EPSILON)
}

/// A CROW level, in the letters that the domain has.
pub(super) fn upkeep(field: &str) -> Option<&'static str> {
    let levels = ["A+", "A", "B", "C", "D"];
    levels.into_iter().find(|level| level.eq_ignore_ascii_case(field))
}

/// Which column of a table holds what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// Headings by what they stand for.
    pub named: BTreeMap<Meaning, String>,
    /// CRS of x and y, where it is known (`EPSG:28992`).
    pub crs: Option<String>,
    /// What the owner's words for kinds mean, small letters.
    pub kinds: BTreeMap<String, AssetKind>,
    /// What all objects are that no column tells of.
    pub all_are: Option<AssetKind>,
}

impl Columns {
    /// Those of a file.
    pub fn from_file(file: &ColumnsFile) -> Self {
        let optional = [
            (Meaning::Id, &file.id),
            (Meaning::Kind, &file.kind),
            (Meaning::Condition, &file.condition),
            (Meaning::Upkeep, &file.level),
            (Meaning::Inspected, &file.inspected),
            (Meaning::NextInspection, &file.next_inspection),
            (Meaning::Height, &file.height_m),
            (Meaning::Crown, &file.crown_m),
            (Meaning::Heading, &file.heading_deg),
        ];
        let named = optional
            .into_iter()
            .filter_map(|(meaning, name)| Some((meaning, name.clone()?)));
        let places = [(Meaning::X, file.x.clone()), (Meaning::Y, file.y.clone())];
        let kinds = file.types.iter().flatten();
        Self {
            named: places.into_iter().chain(named).collect(),
            crs: file.crs.clone(),
            kinds: kinds
                .map(|(word, kind)| (word.trim().to_lowercase(), asset_kind(*kind)))
                .collect(),
            all_are: file.all_are.map(asset_kind),
        }
    }

    /// The same as it stands in a file; `None` without both columns of the place.
    pub fn to_file(&self) -> Option<ColumnsFile> {
        let name = |meaning| self.named.get(&meaning).cloned();
        let kinds = self.kinds.iter();
        let kinds: BTreeMap<_, _> = kinds
            .map(|(word, kind)| (word.clone(), asset_kind_file(*kind)))
            .collect();
        Some(ColumnsFile {
            x: name(Meaning::X)?,
            y: name(Meaning::Y)?,
            crs: self.crs.clone(),
            id: name(Meaning::Id),
            kind: name(Meaning::Kind),
            types: (!kinds.is_empty()).then_some(kinds),
            all_are: self.all_are.map(asset_kind_file),
            condition: name(Meaning::Condition),
            level: name(Meaning::Upkeep),
            inspected: name(Meaning::Inspected),
            next_inspection: name(Meaning::NextInspection),
            height_m: name(Meaning::Height),
            crown_m: name(Meaning::Crown),
            heading_deg: name(Meaning::Heading),
            extra: serde_json::Map::new(),
        })
    }

    /// The same as JSON, as it stands in a file.
    pub fn to_json(&self) -> Option<String> {
        serde_json::to_string(&self.to_file()?).ok()
    }

    /// Those of a JSON text; `None` when it is none.
    pub fn from_json(text: &str) -> Option<Self> {
        let file: ColumnsFile = serde_json::from_str(text).ok()?;
        Some(Self::from_file(&file))
    }

    /// What the headings of a table and its fields look like.
    pub fn guess(table: &Table) -> Self {
        let plain: Vec<String> = table.headers.iter().map(|heading| plain(heading)).collect();
        let place = |wanted: &str| plain.iter().position(|heading| heading == wanted);
        let mut columns = Self::default();
        let mut name = |meaning, column: usize| {
            columns
                .named
                .extend(table.headers.get(column).map(|heading| (meaning, heading.clone())));
        };
        if let Some((x, y)) = PLACES.iter().find_map(|(x, y)| Some((place(x)?, place(y)?))) {
            name(Meaning::X, x);
            name(Meaning::Y, y);
        }
        for meaning in Meaning::ALL {
            let fitting = |wanted: &&str| place(wanted).filter(|column| mostly_fits(table, *column, meaning));
            if let Some(column) = meaning.headings().iter().find_map(fitting) {
                name(meaning, column);
            }
        }
        // `Soort` is the kind of object in some lists and the species of a tree in others: its words tell.
        if !columns.named.contains_key(&Meaning::Kind)
            && let Some(column) = place("soort").filter(|column| has_known_kinds(table, *column))
        {
            let heading = table.headers.get(column).cloned();
            columns.named.extend(heading.map(|heading| (Meaning::Kind, heading)));
        }
        if !columns.named.contains_key(&Meaning::Kind) {
            let tells = |start: &str| plain.iter().any(|heading| heading.starts_with(start));
            columns.all_are = [
                ("boomnummer", AssetKind::Tree),
                ("boomnr", AssetKind::Tree),
                ("boomsoort", AssetKind::Tree),
                ("lichtmast", AssetKind::Lamp),
                ("mastn", AssetKind::Lamp),
                ("banknummer", AssetKind::Bench),
                ("putnummer", AssetKind::Manhole),
                ("kolknummer", AssetKind::Manhole),
            ]
            .into_iter()
            .find_map(|(start, kind)| tells(start).then_some(kind));
        }
        columns
    }

    /// What was guessed, as a message tells it: `x = X, y = Y, id = Boomnr`.
    pub fn told(&self) -> String {
        let named = Meaning::ALL.iter().filter_map(|meaning| {
            let heading = self.named.get(meaning)?;
            Some(format!("{} = `{heading}`", meaning.key()))
        });
        named.collect::<Vec<_>>().join(", ")
    }
}

/// A heading without what people vary: letters and digits only, small, without accents.
fn plain(heading: &str) -> String {
    let letter = |c: char| match c {
        'á' | 'à' | 'ä' | 'â' => 'a',
        'é' | 'è' | 'ë' | 'ê' => 'e',
        'í' | 'ï' | 'î' => 'i',
        'ó' | 'ò' | 'ö' | 'ô' => 'o',
        'ú' | 'ü' | 'û' => 'u',
        other => other,
    };
    heading
        .to_lowercase()
        .chars()
        .map(letter)
        .filter(char::is_ascii_alphanumeric)
        .collect()
}

/// Whether most of the fields of a column that are filled can be read as what is meant.
fn mostly_fits(table: &Table, column: usize, meaning: Meaning) -> bool {
    const ROWS: usize = 1000;
    let fields = table
        .rows
        .iter()
        .map(|row| row.field(column))
        .filter(|field| !field.is_empty());
    let (mut good, mut all) = (0, 0);
    for field in fields.take(ROWS) {
        good += usize::from(meaning.fits(field));
        all += 1;
    }
    good * 2 >= all
}

/// Whether most words of a column are kinds of objects.
fn has_known_kinds(table: &Table, column: usize) -> bool {
    let words = table.rows.iter().map(|row| row.field(column).to_lowercase());
    let words: Vec<String> = words.filter(|word| !word.is_empty()).take(1000).collect();
    let known = words.iter().filter(|word| kind_of_word(word).is_some()).count();
    known * 2 > words.len()
}

/// The kind that common Dutch and English words stand for.
pub(super) fn kind_of_word(word: &str) -> Option<AssetKind> {
    Some(match word {
        "tree" | "boom" | "bomen" | "solitaire boom" | "laanboom" => AssetKind::Tree,
        "lamp" | "lamp post" | "lichtmast" | "lantaarn" | "lantaarnpaal" | "lichtpunt" | "mast" | "straatlantaarn" => {
            AssetKind::Lamp
        }
        "bench" | "bank" | "bankje" | "zitbank" | "parkbank" => AssetKind::Bench,
        "bin" | "litter bin" | "afvalbak" | "prullenbak" | "vuilnisbak" => AssetKind::Bin,
        "manhole" | "put" | "rioolput" | "inspectieput" | "kolk" | "straatkolk" => AssetKind::Manhole,
        "other" | "overig" | "anders" => AssetKind::Other,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::table;

    fn guess(text: &str) -> Columns {
        Columns::guess(&table::read(text.as_bytes(), "t.csv").unwrap().0)
    }

    #[test]
    fn common_headings_are_known() {
        let columns = guess(
            "Boomnr;X-coördinaat;Y-coördinaat;Soort;Conditie;Laatste inspectie;Hoogte (m)\n\
             B-01;250985,5;476250;Linde;2;21-03-2025;9,5\n",
        );
        assert_eq!(
            columns.told(),
            "x = `X-coördinaat`, y = `Y-coördinaat`, id = `Boomnr`, condition = `Conditie`, \
             inspected = `Laatste inspectie`, height_m = `Hoogte (m)`"
        );
        assert_eq!(columns.all_are, Some(AssetKind::Tree));
        let columns = guess("nr;soort;x;y\n1;Bank;1;2\n2;Lichtmast;1;2\n3;Hek;1;2\n");
        assert_eq!(columns.told(), "x = `x`, y = `y`, id = `nr`, type = `soort`");
        let columns = guess("id,type,lat,lon\n1,lamp,52.2,6.8\n");
        assert_eq!(columns.told(), "x = `lon`, y = `lat`, id = `id`, type = `type`");
        assert_eq!(columns.all_are, None);
    }

    /// `goed` is a VTA class and no NEN 2767 score, `6-9` a class and no height: both stay words on the card.
    #[test]
    fn a_heading_that_its_fields_belie_is_not_taken() {
        let columns = guess("nr;x;y;conditie;hoogte;niveau\n1;2;3;goed;6-9;hoog\n2;2;3;matig;9-12;laag\n");
        assert_eq!(columns.told(), "x = `x`, y = `y`, id = `nr`");
    }

    #[test]
    fn a_mapping_survives_its_file() {
        let mut columns = guess("Boomnr;x;y;type\nB-01;1;2;linde\n");
        columns.crs = Some("EPSG:28992".into());
        columns.kinds.insert("linde".into(), AssetKind::Tree);
        columns.all_are = Some(AssetKind::Other);
        let file = columns.to_file().unwrap();
        assert_eq!(Columns::from_file(&file), columns);
        assert_eq!(
            columns.to_json().as_deref().and_then(Columns::from_json),
            Some(columns.clone())
        );
        columns.named.remove(&Meaning::X);
        assert_eq!(columns.to_file(), None);
    }
}
