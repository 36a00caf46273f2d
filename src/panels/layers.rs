//! The layers: shown or not, what their colours mean, whose they are, from when, under what licence, how sure.

use crate::model::{Certainty, Source};
use crate::panels::certainty_word;
use crate::panels::coloring::{self, Coloring, ColoringAction};
use crate::panels::keep_layer::{self, KeepRow};
use crate::panels::layer_heights::{self, HeightsRow};
use crate::text::{Language, format_date, tr};
use crate::ui::widgets::{self, ButtonKind, ListRow, SwatchEdge};
use crate::ui::{TextRole, Theme};
use crate::view::tiles::KeepLayer;
use bevy_egui::egui::{Color32, Ui};
use egui_phosphor::regular;
use jiff::civil::Date;

/// One colour of a legend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegendEntry {
    /// What it means.
    pub label: String,
    /// The colour as drawn in the city.
    pub fill: Color32,
    /// How its edge is drawn.
    pub edge: SwatchEdge,
}

/// One layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerRow {
    /// Its id in the scenario.
    pub id: String,
    /// Its title.
    pub title: String,
    /// It is drawn.
    pub visible: bool,
    /// Owner, date, licence.
    pub source: Source,
    /// How sure it is.
    pub certainty: Certainty,
    /// Made up, not measured.
    pub synthetic: bool,
    /// Its colours.
    pub legend: Vec<LegendEntry>,
    /// What can be chosen of how its features look; `None` where nothing can.
    pub look: Option<FeatureLook>,
    /// In which detail it is drawn, where that can be chosen.
    pub detail: Option<DetailRow>,
    /// How its points are coloured; `None` for other layers.
    pub coloring: Option<Coloring>,
    /// Keeping a part of it on this machine; `None` where it is there already.
    pub keep: Option<KeepRow>,
    /// From what its heights are measured; `None` where that is no question.
    pub heights: Option<HeightsRow>,
}

/// How the features of a layer look, and what they can look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureLook {
    /// Properties to colour by.
    pub properties: Vec<String>,
    /// The one that is coloured by, where it was chosen here.
    pub color_by: Option<String>,
    /// Properties that may be heights; empty where there are no areas.
    pub heights: Vec<String>,
    /// The one that is the height.
    pub height_by: Option<String>,
    /// The one whose values stand on the map.
    pub label_by: Option<String>,
}

/// The choice of a level of detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetailRow {
    /// What can be chosen: a name in plain words, and how the file calls it.
    pub levels: Vec<(String, String)>,
    /// Which one is, by its place in the list.
    pub chosen: usize,
}

/// What the panel shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LayersState {
    /// The layers, in the order of the scenario.
    pub rows: Vec<LayerRow>,
    /// The coordinate system that the file is shown in, where it does not say which it is in.
    pub system: Option<String>,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayersAction {
    /// Draw a layer or leave it out.
    SetVisible {
        /// Its id.
        id: String,
        /// To be drawn.
        visible: bool,
    },
    /// Colour the features of a layer by a property, or as the layer asks.
    ColorBy {
        /// Its id.
        id: String,
        /// The property.
        property: Option<String>,
    },
    /// Give the areas of a layer their height by a property, or lay them on the ground.
    HeightBy {
        /// Its id.
        id: String,
        /// The property.
        property: Option<String>,
    },
    /// Write the values of a property at the features of a layer on the map, or nothing.
    LabelBy {
        /// Its id.
        id: String,
        /// The property.
        property: Option<String>,
    },
    /// Draw the city model in the level of detail at this place in the list.
    SetDetail(usize),
    /// Ask in which coordinate system the file is.
    AskSystem,
    /// Draw the points of a layer in another way.
    Color {
        /// Its id.
        id: String,
        /// What was asked for.
        action: ColoringAction,
    },
    /// Keep a part of a layer on this machine.
    Keep(KeepLayer),
    /// Take the heights of a layer as the choice at this place in its list.
    SetHeights {
        /// Its id.
        id: String,
        /// Place in the list.
        place: usize,
    },
}

/// Shows the layers. The legend and the source stand below each one that is drawn.
pub fn show(ui: &mut Ui, state: &LayersState, language: &Language) -> Vec<LayersAction> {
    let mut actions = Vec::new();
    if state.rows.is_empty() {
        widgets::secondary(ui, &tr(language, "layers-none"));
    }
    if let Some(system) = &state.system {
        widgets::fact(ui, &tr(language, "layers-system"), system);
        let change = tr(language, "layers-system-change");
        if widgets::button(ui, regular::MAP_PIN, &change, ButtonKind::Quiet).clicked() {
            actions.push(LayersAction::AskSystem);
        }
        widgets::separator(ui);
    }
    for (index, row) in state.rows.iter().enumerate() {
        if index > 0 {
            widgets::separator(ui);
        }
        ui.push_id(&row.id, |ui| {
            let mut visible = row.visible;
            if widgets::toggle(ui, &row.title, &mut visible).changed() {
                actions.push(LayersAction::SetVisible {
                    id: row.id.clone(),
                    visible,
                });
            }
            if row.visible {
                if let Some(look) = &row.look {
                    choose_look(ui, &row.id, look, language, &mut actions);
                }
                if let Some(coloring) = &row.coloring {
                    let asked = coloring::show(ui, coloring, language);
                    actions.extend(asked.map(|action| LayersAction::Color {
                        id: row.id.clone(),
                        action,
                    }));
                }
                for entry in &row.legend {
                    widgets::swatch(ui, entry.fill, entry.edge, &entry.label);
                }
                if let Some(detail) = &row.detail {
                    actions.extend(show_detail(ui, detail, language));
                }
                if let Some(keep) = &row.keep {
                    actions.extend(keep_layer::show(ui, &row.id, keep, language).map(LayersAction::Keep));
                }
                if let Some(heights) = &row.heights {
                    let chosen = layer_heights::show(ui, &row.id, heights, language);
                    actions.extend(chosen.map(|place| LayersAction::SetHeights {
                        id: row.id.clone(),
                        place,
                    }));
                }
                widgets::secondary(ui, &source_line(&row.source, language));
                // What simply is there needs no word for how sure it is.
                let certainty = (row.certainty != Certainty::Decided).then(|| certainty_word(row.certainty, language));
                let synthetic = row.synthetic.then(|| tr(language, "layers-synthetic"));
                let words: Vec<String> = certainty.into_iter().chain(synthetic).collect();
                if !words.is_empty() {
                    widgets::text(ui, &words.join(" · "), TextRole::Small);
                }
                ui.add_space(Theme::STEP);
            }
        });
    }
    actions
}

/// What to colour by, what to write on the map and what to raise by.
fn choose_look(ui: &mut Ui, id: &str, look: &FeatureLook, language: &Language, actions: &mut Vec<LayersAction>) {
    let mut choose = |what: &str, name: String, none: String, all: &[String], now: Option<&String>| {
        let names: Vec<&str> = std::iter::once(none.as_str())
            .chain(all.iter().map(String::as_str))
            .collect();
        let at = now
            .and_then(|now| all.iter().position(|property| property == now))
            .map_or(0, |place| place + 1);
        let chosen = widgets::dropdown(ui, (what, id), &name, at, &names)?;
        Some(chosen.checked_sub(1).and_then(|place| all.get(place).cloned()))
    };
    let by = choose(
        "color-by",
        tr(language, "features-color-by"),
        tr(language, "features-color-as-made"),
        &look.properties,
        look.color_by.as_ref(),
    );
    actions.extend(by.map(|property| LayersAction::ColorBy {
        id: id.to_owned(),
        property,
    }));
    let by = choose(
        "label-by",
        tr(language, "features-label-by"),
        tr(language, "features-label-none"),
        &look.properties,
        look.label_by.as_ref(),
    );
    actions.extend(by.map(|property| LayersAction::LabelBy {
        id: id.to_owned(),
        property,
    }));
    if look.heights.is_empty() {
        return;
    }
    let by = choose(
        "height-by",
        tr(language, "features-height-by"),
        tr(language, "features-height-flat"),
        &look.heights,
        look.height_by.as_ref(),
    );
    actions.extend(by.map(|property| LayersAction::HeightBy {
        id: id.to_owned(),
        property,
    }));
}

fn show_detail(ui: &mut Ui, detail: &DetailRow, language: &Language) -> Option<LayersAction> {
    ui.add_space(Theme::STEP);
    widgets::strong(ui, &tr(language, "layers-detail"));
    let mut chosen = None;
    for (index, (name, number)) in detail.levels.iter().enumerate() {
        let row = ListRow {
            label: name,
            detail: number,
            shortcut: "",
            selected: index == detail.chosen,
        };
        let is_pressed = ui.push_id(index, |ui| widgets::list_row(ui, &row).clicked()).inner;
        if is_pressed && !row.selected {
            chosen = Some(LayersAction::SetDetail(index));
        }
    }
    ui.add_space(Theme::STEP);
    chosen
}

/// Owner, date and licence on one line; what is not known is said, because a planner has to know that too.
pub fn source_line(source: &Source, language: &Language) -> String {
    let owner = if source.owner.is_empty() {
        tr(language, "source-unknown")
    } else {
        source.owner.clone()
    };
    let licence = if source.licence.is_empty() {
        tr(language, "source-no-licence")
    } else {
        source.licence.clone()
    };
    let date = date_in_words(&source.date, language);
    [owner, date, licence]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

/// `2026-11-22` as `22 november 2026`; anything else as it is.
pub(super) fn date_in_words(date: &str, language: &Language) -> String {
    date.parse::<Date>()
        .map_or_else(|_| date.to_owned(), |date| format_date(date, language))
}
