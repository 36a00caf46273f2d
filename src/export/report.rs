//! What the page of a package says, as plain data in one language.

use super::reactions::ReactionsPart;
use super::{Counted, Picture, words};
use crate::analysis::{AreaSource, Indicators, Key};
use crate::model::{AuthorRole, LocalText, Note, NoteKind, OpenScenario, Scenario, Source};
use crate::text::{Language, format_area, format_date, tr, tr_args};
use jiff::civil::Date;
use serde::Serialize;

/// Everything that the page says.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Code of its language.
    pub language: String,
    /// Title of the scenario.
    pub title: String,
    /// That this is an example and no real situation; `None` for real ones.
    pub example: Option<String>,
    /// When it was made, in words.
    pub made_on: String,
    /// Today and the variants.
    pub variants: Vec<VariantPart>,
    /// The viewpoints, each in every variant.
    pub viewpoints: Vec<ViewpointPart>,
    /// Where was counted, in words; empty where nothing could be.
    pub area: String,
    /// The columns of numbers.
    pub columns: Vec<String>,
    /// The indicators.
    pub rows: Vec<Row>,
    /// Some value leaves out what is not known.
    pub has_gaps: bool,
    /// What residents said; `None` where nobody said anything.
    pub reactions: Option<ReactionsPart>,
    /// What people wrote, in the order of their numbers.
    pub notes: Vec<NotePart>,
    /// Where the data come from.
    pub sources: Vec<SourcePart>,
    /// The words of the page itself.
    pub words: Words,
}

/// A variant.
#[derive(Debug, Clone, Serialize)]
pub struct VariantPart {
    /// Its title.
    pub title: String,
    /// A few sentences.
    pub summary: String,
}

/// A viewpoint with its pictures.
#[derive(Debug, Clone, Serialize)]
pub struct ViewpointPart {
    /// Its title.
    pub title: String,
    /// What is to be seen.
    pub caption: String,
    /// One picture for each variant.
    pub pictures: Vec<PicturePart>,
}

/// One picture.
#[derive(Debug, Clone, Serialize)]
pub struct PicturePart {
    /// Its path in the package.
    pub path: String,
    /// Title of the variant.
    pub variant: String,
    /// What it shows, for who does not see it.
    pub alt: String,
}

/// One indicator.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Its name with its unit.
    pub name: String,
    /// How it is reckoned.
    pub formula: String,
    /// Today and each variant.
    pub cells: Vec<Cell>,
}

/// One value.
#[derive(Debug, Clone, Serialize)]
pub struct Cell {
    /// The value as it is written.
    pub value: String,
    /// The difference to today; empty for today itself.
    pub difference: String,
    /// What NEN 8100 asks for at this height; empty for nothing.
    pub wind: String,
}

/// A note.
#[derive(Debug, Clone, Serialize)]
pub struct NotePart {
    /// Its number.
    pub number: u32,
    /// Kind, role and day, and the variant that it is about.
    pub about: String,
    /// The words.
    pub text: String,
}

/// Where a layer comes from.
#[derive(Debug, Clone, Serialize)]
pub struct SourcePart {
    /// Title of the layer.
    pub title: String,
    /// Owner, date and licence.
    pub line: String,
    /// Address, may be empty.
    pub url: String,
}

/// Headings and such.
#[derive(Debug, Clone, Serialize)]
pub struct Words {
    made_on: String,
    variants: String,
    pictures: String,
    numbers: String,
    indicator: String,
    difference: String,
    formula: String,
    gaps: String,
    reactions: String,
    written_by_residents: String,
    notes: String,
    sources: String,
    open_again: String,
    other_page: String,
    other_path: String,
    table_path: String,
    table: String,
}

impl Report {
    /// What there is to say of an open scenario, with pictures made of it and what was counted in it.
    pub fn new(
        open: &OpenScenario,
        counted: Option<&Counted<'_>>,
        pictures: &[Picture],
        made_on: Date,
        language: &Language,
    ) -> Self {
        let scenario = &open.scenario;
        let code = language.code();
        let said = |text: &LocalText| text.get(&code).to_owned();
        let named = |text: &LocalText, id: &str| {
            if said(text).is_empty() {
                id.to_owned()
            } else {
                said(text)
            }
        };
        let variants = scenario.variants.iter().map(|variant| VariantPart {
            title: said(&variant.title),
            summary: said(&variant.summary),
        });
        let viewpoints = scenario.viewpoints.iter().map(|viewpoint| ViewpointPart {
            title: said(&viewpoint.title),
            caption: said(&viewpoint.caption),
            pictures: pictures
                .iter()
                .filter(|picture| picture.viewpoint == viewpoint.id)
                .map(|picture| {
                    let variant = scenario.variant(&picture.variant).map(|variant| said(&variant.title));
                    let variant = variant.unwrap_or_default();
                    PicturePart {
                        path: picture.path.clone(),
                        alt: format!("{}: {variant}. {}", said(&viewpoint.title), said(&viewpoint.caption)),
                        variant,
                    }
                })
                .collect(),
        });
        let sources = scenario.layers.iter().map(|layer| SourcePart {
            title: named(&layer.title, &layer.id),
            line: source_line(&layer.source, language),
            url: safe_url(&layer.source.url),
        });
        Self {
            title: said(&scenario.title),
            example: scenario.synthetic.then(|| tr(language, "banner-synthetic")),
            made_on: format_date(made_on, language),
            variants: variants.collect(),
            viewpoints: viewpoints
                .filter(|part: &ViewpointPart| !part.pictures.is_empty())
                .collect(),
            area: counted.map(|counted| area_line(counted, language)).unwrap_or_default(),
            columns: counted.map(|counted| columns(counted, language)).unwrap_or_default(),
            rows: counted.map(|counted| rows(counted, language)).unwrap_or_default(),
            has_gaps: counted.is_some_and(has_gaps),
            reactions: ReactionsPart::new(open, language),
            notes: scenario
                .notes
                .iter()
                .map(|note| note_part(note, scenario, language))
                .collect(),
            sources: sources.collect(),
            words: Words::new(language),
            language: code,
        }
    }
}

impl Words {
    fn new(language: &Language) -> Self {
        let say = |key: &str| tr(language, key);
        let is_dutch = language.code() == "nl";
        Self {
            made_on: say("export-made-on"),
            variants: say("export-variants"),
            pictures: say("export-pictures"),
            numbers: say("design-numbers"),
            indicator: say("design-indicator"),
            difference: say("export-difference"),
            formula: say("design-formula"),
            gaps: say("export-gaps"),
            reactions: tr(language, "export-reactions"),
            written_by_residents: tr(language, "export-reaction-words"),
            notes: say("panel-notes"),
            sources: say("export-sources"),
            open_again: say("export-open-again"),
            other_page: say("export-other-page"),
            other_path: if is_dutch { "index.en.html" } else { "index.html" }.to_owned(),
            table_path: format!("tables/indicators.{}.csv", language.code()),
            table: say("export-table"),
        }
    }
}

fn note_part(note: &Note, scenario: &Scenario, language: &Language) -> NotePart {
    let kind = match note.kind {
        NoteKind::Remark => tr(language, "note-kind-remark"),
        NoteKind::Question => tr(language, "note-kind-question"),
        NoteKind::Idea => tr(language, "note-kind-idea"),
        NoteKind::Concern => tr(language, "note-kind-concern"),
        NoteKind::Task => tr(language, "note-kind-task"),
    };
    let role = match note.role {
        AuthorRole::Planner => tr(language, "note-role-planner"),
        AuthorRole::Resident => tr(language, "note-role-resident"),
        AuthorRole::Maintainer => tr(language, "note-role-maintainer"),
        AuthorRole::Other => tr(language, "note-role-other"),
    };
    let variant = note.variant().and_then(|id| scenario.variant(id));
    let variant = variant.map(|variant| variant.title.get(&language.code()).to_owned());
    let about: Vec<String> = [kind, role, format_date(note.day, language)]
        .into_iter()
        .chain(variant)
        .collect();
    NotePart {
        number: note.number,
        about: about.join(" · "),
        text: note.text.clone(),
    }
}

fn area_line(counted: &Counted<'_>, language: &Language) -> String {
    let area = &counted.area;
    let size = format_area(area.area_m2, 0, language);
    match area.source {
        AreaSource::PlanArea => {
            let scale = area
                .scale
                .map(|scale| words::scale(scale, language))
                .unwrap_or_default();
            let title = area.title.get(&language.code());
            let args = [("title", title), ("size", &size), ("scale", &scale)];
            tr_args(language, "export-area", &args)
        }
        AreaSource::AreaOutline => tr_args(language, "design-area-outline", &[("size", &size)]),
    }
}

fn columns(counted: &Counted<'_>, language: &Language) -> Vec<String> {
    let titles = counted
        .variants
        .iter()
        .map(|(variant, _)| variant.title.get(&language.code()).to_owned());
    std::iter::once(tr(language, "design-today")).chain(titles).collect()
}

fn rows(counted: &Counted<'_>, language: &Language) -> Vec<Row> {
    let row = |key: Key| {
        let unit = words::unit(key);
        let name = words::name(key, language);
        let states = std::iter::once((false, &counted.today));
        let states = states.chain(counted.variants.iter().map(|(_, indicators)| (true, indicators)));
        Row {
            name: if unit.is_empty() {
                name
            } else {
                format!("{name}, {unit}")
            },
            formula: words::formula(key, language),
            cells: states
                .map(|(is_plan, indicators)| {
                    let indicator = indicators.get(key);
                    let difference = words::difference(indicator, language).filter(|_| is_plan);
                    Cell {
                        value: words::value(indicator, language),
                        difference: difference.unwrap_or_default(),
                        wind: words::wind(indicator.wind, language).unwrap_or_default(),
                    }
                })
                .collect(),
        }
    };
    Key::ALL.into_iter().map(row).collect()
}

fn has_gaps(counted: &Counted<'_>) -> bool {
    let states = std::iter::once(&counted.today).chain(counted.variants.iter().map(|(_, indicators)| indicators));
    states
        .flat_map(Indicators::iter)
        .any(|indicator| !indicator.is_complete)
}

fn source_line(source: &Source, language: &Language) -> String {
    let date = source.date.parse::<Date>();
    let date = date.map_or_else(|_| source.date.clone(), |date| format_date(date, language));
    // Who owns it is said in any case, if only that nobody knows.
    let owner = if source.owner.trim().is_empty() {
        tr(language, "source-unknown")
    } else {
        source.owner.clone()
    };
    [owner, date, source.licence.clone()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

/// An address that a reader may follow; nothing for any other scheme.
fn safe_url(url: &str) -> String {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    if is_web { url.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_without_an_owner_says_so_and_leaves_no_empty_line() {
        let nl = Language::from_code("nl").expect("Dutch");
        let en = Language::from_code("en").expect("English");
        let nothing = Source::default();
        assert_eq!(source_line(&nothing, &nl), "eigenaar onbekend");
        assert_eq!(source_line(&nothing, &en), "owner unknown");
        let dated = Source {
            owner: " ".into(),
            date: "2025-03-01".into(),
            ..Source::default()
        };
        assert_eq!(source_line(&dated, &nl), "eigenaar onbekend · 1 maart 2025");
        let whole = Source {
            owner: "Gemeente".into(),
            licence: "CC0".into(),
            ..Source::default()
        };
        assert_eq!(source_line(&whole, &nl), "Gemeente · CC0");
    }
}
