//! How the features of a layer look: colours by a value, widths, heights. What a file does not say is guessed from the
//! fields that maps are commonly coloured by.

use super::AttributeTable;

/// A straight sRGB colour.
pub type Rgb = [u8; 3];

/// Most different values that get a colour of their own when nobody chose them.
const MOST_CATEGORIES: usize = 12;
/// Classes into which numbers are divided when nobody chose them, the lowest first.
const RAMP: [Rgb; 5] = [
    [0xF1, 0xE3, 0xB5],
    [0xE2, 0xBA, 0x74],
    [0xCB, 0x87, 0x4E],
    [0x9E, 0x54, 0x42],
    [0x66, 0x2D, 0x3A],
];
/// Colours for values that have none of their own.
const CATEGORIES: [Rgb; MOST_CATEGORIES] = [
    [0x5B, 0x8D, 0xB8],
    [0xD9, 0x8E, 0x4F],
    [0x7F, 0xA8, 0x6A],
    [0xB9, 0x6A, 0x73],
    [0x8E, 0x7C, 0xB3],
    [0xC9, 0xB4, 0x58],
    [0x5F, 0xA5, 0xA0],
    [0xA9, 0x7B, 0x5B],
    [0xC4, 0x8F, 0xB5],
    [0x8A, 0x96, 0x66],
    [0x6E, 0x78, 0x9C],
    [0xD6, 0xA7, 0x8C],
];
/// Colour of what has no value, or none that has a colour.
const OTHER: Rgb = [0xB4, 0xAD, 0xA2];

/// How the features of a layer look.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureStyle {
    /// Their colours.
    pub coloring: Coloring,
    /// How much an area covers what lies under it, 0 to 1.
    pub fill_opacity: f64,
    /// Width of lines.
    pub line_width: LineWidth,
    /// Diameter of points, metres.
    pub point_size_m: f64,
    /// Top of an area above the ground, metres; areas without one lie on the ground.
    pub height: Option<Measure>,
    /// Underside of an area above the ground, metres; on the ground when `None`.
    pub base: Option<Measure>,
    /// Property that names a feature.
    pub label: Option<String>,
    /// Property whose value stands at each feature on the map; none when `None`.
    pub map_label: Option<String>,
}

/// Width of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LineWidth {
    /// On the ground, metres.
    Metres(f64),
    /// On the screen, pixels.
    Pixels(f64),
}

/// A measure of every feature, metres.
#[derive(Debug, Clone, PartialEq)]
pub enum Measure {
    /// The same for all.
    Same(f64),
    /// The value of this property.
    Property(String),
}

impl Measure {
    /// The measure of the feature in this row; `None` where it has no value.
    pub fn of(&self, table: &AttributeTable, row: usize) -> Option<f64> {
        match self {
            Self::Same(metres) => Some(*metres),
            Self::Property(name) => table.column(name)?.number(row),
        }
    }
}

/// Colours of features.
#[derive(Debug, Clone, PartialEq)]
pub struct Coloring {
    /// Property that decides; `None` where all have the colour `other`.
    pub property: Option<String>,
    /// What its values mean.
    pub scale: Scale,
    /// Colour of what has no value or none that the scale knows.
    pub other: Rgb,
}

/// What the values of a property mean.
#[derive(Debug, Clone, PartialEq)]
pub enum Scale {
    /// Values and their colours.
    Categories(Vec<(String, Rgb)>),
    /// From which number on which colour, rising.
    Classes(Vec<(f64, Rgb)>),
}

/// The numbers of a class, for a legend: from the first up to below the second.
pub type LegendRange = (f64, Option<f64>);

impl Coloring {
    /// One colour for all.
    pub fn one(color: Rgb) -> Self {
        Self {
            property: None,
            scale: Scale::Categories(Vec::new()),
            other: color,
        }
    }

    /// Colours by the values of a property: the commonest words, or classes with equally many numbers each.
    pub fn by(table: &AttributeTable, property: &str) -> Self {
        let column = table.column(property);
        let scale = match column {
            Some(column) if column.is_number() => Scale::Classes(classes(&column.sorted_numbers())),
            Some(column) => Scale::Categories(categories(&column.counted_words())),
            None => Scale::Categories(Vec::new()),
        };
        Self {
            property: Some(property.to_owned()),
            scale,
            other: OTHER,
        }
    }

    /// What is shown of a layer called `name` when nobody says how: by a field that maps are commonly coloured by, else
    /// in the colour that the layer's name suggests.
    pub fn guessed(table: &AttributeTable, name: &str) -> Self {
        const FIELDS: [&str; 16] = [
            "fysiekvoorkomen",
            "bgtfysiekvoorkomen",
            "functie",
            "bgtfunctie",
            "surfacematerial",
            "function",
            "bgttype",
            "typewater",
            "gebruiksdoel",
            "bestemmingshoofdgroep",
            "categorie",
            "category",
            "soort",
            "type",
            "layer",
            "laag",
        ];
        let plain = |name: &str| -> String { name.chars().filter(char::is_ascii_alphanumeric).collect() };
        let telling = FIELDS.iter().find_map(|field| {
            let mut columns = table.columns().iter();
            let column = columns.find(|column| plain(&column.name).eq_ignore_ascii_case(field))?;
            (2..=40).contains(&column.counted_words().len()).then_some(column)
        });
        telling.map_or_else(
            || Self::one(color_of_word(name).unwrap_or(CATEGORIES[0])),
            |column| Self::by(table, &column.name),
        )
    }

    /// The colour of each of `count` features.
    pub fn colors(&self, table: &AttributeTable, count: usize) -> Vec<Rgb> {
        let column = self.property.as_deref().and_then(|name| table.column(name));
        let mut colors = match (column, &self.scale) {
            (None, _) => Vec::new(),
            (Some(column), Scale::Categories(known)) => column.by_word(
                |word| {
                    known
                        .iter()
                        .find(|(value, _)| value == word)
                        .map_or(self.other, |(_, color)| *color)
                },
                self.other,
            ),
            (Some(column), Scale::Classes(from)) => {
                let class = |number: f64| from.iter().rev().find(|(least, _)| number >= *least);
                let of = |row: usize| {
                    column
                        .number(row)
                        .and_then(class)
                        .map_or(self.other, |(_, color)| *color)
                };
                (0..count).map(of).collect()
            }
        };
        colors.resize(count, self.other);
        colors
    }

    /// Whether one of `count` features has no value, or none that the scale knows.
    pub fn has_others(&self, table: &AttributeTable, count: usize) -> bool {
        let Some(column) = self.property.as_deref().and_then(|name| table.column(name)) else {
            return true;
        };
        match &self.scale {
            Scale::Categories(known) => {
                let is_known = column.by_word(|word| known.iter().any(|(value, _)| value == word), false);
                is_known.len() < count || is_known.contains(&false)
            }
            Scale::Classes(from) => {
                let least = from.first().map_or(f64::INFINITY, |(least, _)| *least);
                (0..count).any(|row| column.number(row).is_none_or(|number| number < least))
            }
        }
    }

    /// The classes as ranges with their colours; empty where colours do not go by numbers.
    pub fn ranges(&self) -> Vec<(LegendRange, Rgb)> {
        let Scale::Classes(from) = &self.scale else {
            return Vec::new();
        };
        let ends = from.iter().skip(1).map(|(end, _)| Some(*end)).chain([None]);
        from.iter()
            .zip(ends)
            .map(|((least, color), end)| ((*least, end), *color))
            .collect()
    }
}

fn categories(counted: &[(&str, usize)]) -> Vec<(String, Rgb)> {
    let mut found: Vec<(String, Rgb)> = Vec::new();
    let mut spare = CATEGORIES.iter();
    for (word, _) in counted.iter().take(MOST_CATEGORIES) {
        let is_free = |color: &Rgb| !found.iter().any(|(_, taken)| taken == color);
        let color = color_of_word(word).filter(is_free).or_else(|| spare.next().copied());
        found.extend(color.map(|color| ((*word).to_owned(), color)));
    }
    found
}

/// Where classes with about equally many numbers begin.
fn classes(sorted: &[f64]) -> Vec<(f64, Rgb)> {
    let mut from: Vec<(f64, Rgb)> = Vec::new();
    for (number, color) in RAMP.iter().enumerate() {
        let Some(least) = sorted.get(sorted.len() * number / RAMP.len()) else {
            continue;
        };
        if from.last().is_none_or(|(last, _)| least > last) {
            from.push((*least, *color));
        }
    }
    from
}

/// The colour that maps give to what a word names, in Dutch or English.
fn color_of_word(word: &str) -> Option<Rgb> {
    const WORDS: [(&[&str], Rgb); 12] = [
        (&["water", "sloot", "beek", "vijver", "greppel"], [0x9F, 0xC4, 0xD6]),
        (&["fietspad", "cycle"], [0xC9, 0x8B, 0x7D]),
        (&["voetpad", "voetganger", "foot"], [0xDD, 0xD2, 0xBE]),
        (&["parkeer", "parking"], [0xA8, 0xA9, 0xB4]),
        (&["pand", "gebouw", "building"], [0xC7, 0x95, 0x80]),
        (
            &["gesloten verharding", "asfalt", "rijbaan", "asphalt"],
            [0xA9, 0xA5, 0x9F],
        ),
        (&["open verharding", "klinker", "erf"], [0xCF, 0xAE, 0x98]),
        (&["half verhard", "onverhard", "zand", "grond"], [0xE0, 0xCF, 0xA4]),
        (&["gras", "grass", "weide"], [0xBA, 0xCB, 0x9D]),
        (&["bos", "boom", "forest", "tree"], [0x7F, 0x9F, 0x6E]),
        (
            &["groen", "begroeid", "plant", "struik", "heester", "green"],
            [0x9D, 0xB5, 0x83],
        ),
        (&["weg", "road", "straat", "traffic"], [0xBD, 0xB9, 0xB2]),
    ];
    let word = word.to_lowercase();
    let found = WORDS
        .iter()
        .find(|(names, _)| names.iter().any(|name| word.contains(name)));
    found.map(|(_, color)| *color)
}

#[cfg(test)]
mod tests {
    use super::super::TableBuilder;
    use super::*;
    use serde_json::json;

    fn table(rows: &[serde_json::Value]) -> AttributeTable {
        let mut builder = TableBuilder::default();
        for row in rows {
            builder.push(row.as_object().unwrap());
        }
        builder.build()
    }

    #[test]
    fn words_get_colours_of_their_own_and_the_rest_shares_one() {
        let mut rows: Vec<_> = (0..20).map(|n| json!({"soort": format!("s{n:02}")})).collect();
        rows.push(json!({"soort": "s19"}));
        rows.push(json!({}));
        let table = table(&rows);
        let coloring = Coloring::by(&table, "soort");
        let colors = coloring.colors(&table, rows.len());
        assert_eq!(colors.len(), rows.len());
        assert_eq!(colors[19], CATEGORIES[0], "the commonest comes first");
        assert_eq!(colors[20], CATEGORIES[0]);
        assert_eq!(colors[21], OTHER);
        let own: std::collections::BTreeSet<Rgb> = colors.iter().copied().collect();
        assert_eq!(own.len(), MOST_CATEGORIES + 1);
    }

    #[test]
    fn numbers_fall_into_classes_that_meet() {
        let rows: Vec<_> = (0..10).map(|n| json!({"n": n})).collect();
        let table = table(&rows);
        let coloring = Coloring::by(&table, "n");
        let from: Vec<LegendRange> = coloring.ranges().into_iter().map(|(range, _)| range).collect();
        assert_eq!(
            from,
            [
                (0.0, Some(2.0)),
                (2.0, Some(4.0)),
                (4.0, Some(6.0)),
                (6.0, Some(8.0)),
                (8.0, None)
            ]
        );
        let colors = coloring.colors(&table, 10);
        assert_eq!(
            [colors[0], colors[1], colors[2], colors[9]],
            [RAMP[0], RAMP[0], RAMP[1], RAMP[4]]
        );
    }

    #[test]
    fn a_layer_that_says_nothing_is_coloured_by_what_maps_are_coloured_by() {
        let bgt = table(&[
            json!({"lokaalID": "a", "bgt-fysiekVoorkomen": "gesloten verharding"}),
            json!({"lokaalID": "b", "bgt-fysiekVoorkomen": "open verharding"}),
        ]);
        let guessed = Coloring::guessed(&bgt, "wegdeel");
        assert_eq!(guessed.property.as_deref(), Some("bgt-fysiekVoorkomen"));
        let colors = guessed.colors(&bgt, 2);
        assert_ne!(colors[0], colors[1]);
        let plain = Coloring::guessed(&table(&[json!({"id": 1})]), "Waterdelen");
        assert_eq!(plain, Coloring::one([0x9F, 0xC4, 0xD6]));
    }

    #[test]
    fn equal_numbers_make_one_class() {
        let table = table(&[json!({"n": 3}), json!({"n": 3})]);
        assert_eq!(Coloring::by(&table, "n").ranges(), [((3.0, None), RAMP[0])]);
    }
}
