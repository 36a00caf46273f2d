//! The page of the models that the variant shown places: add one from a file, and say where it stands, how it is turned,
//! in which unit it was made and which of its axes points up.
//!
//! It holds what it was told and what is open; files are read and copied elsewhere, and every change is an edit.

use super::rooms::PageContent;
use crate::georef::{RdNap, SiteFrame, SitePos};
use crate::model::scenario::{ModelFacts, Unit};
use crate::model::{Edit, EditScenario, NewModel, Up};
use crate::text::{Language, format_length, tr, tr_args};
use crate::ui::Theme;
use crate::ui::widgets::{self, ButtonKind, ListRow, Segment};
use bevy_egui::egui::{Ui, vec2};
use egui_phosphor::regular;
use std::path::PathBuf;

/// Larger than this a building is not, metres: then the unit is asked about.
const LARGEST_BUILDING_M: f64 = 400.0;
/// Smaller than this a thing in the street is not, metres.
const SMALLEST_THING_M: f64 = 0.1;

/// What was asked for on the page.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelsWish {
    /// Ask for a file with the system's dialog.
    Browse,
    /// Add the model in this file.
    Add(PathBuf),
    /// Change the scenario.
    Edit(EditScenario),
    /// Look at the model with this id.
    LookAt(String),
}

/// A model as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelRow {
    /// The model.
    pub model: NewModel,
    /// What its file is like, once that is known.
    pub facts: Option<ModelFacts>,
    /// Height of the ground where it stands, site metres.
    pub ground_m: f64,
}

/// What the page is told.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelsState {
    /// Id and title of the variant shown, where models can be added to it.
    pub variant: Option<(String, String)>,
    /// Why no model can be added, in words; empty where one can.
    pub refusal: String,
    /// The frame of the scenario.
    pub site: Option<SiteFrame>,
    /// The models of the variant.
    pub models: Vec<ModelRow>,
}

/// The page.
#[derive(Debug, Default)]
pub struct ModelsPage {
    state: ModelsState,
    open: Option<String>,
    is_pointing: bool,
    is_shown: bool,
    path: String,
    is_busy: bool,
    complaint: String,
    wishes: Vec<ModelsWish>,
}

impl ModelsPage {
    /// Takes over what the scenario says now.
    pub fn set_state(&mut self, state: ModelsState) {
        let is_there = |id: &String| state.models.iter().any(|row| row.model.id == *id);
        if self.open.as_ref().is_some_and(|id| !is_there(id)) {
            self.open = None;
            self.is_pointing = false;
        }
        self.state = state;
    }

    /// Says that a file is being read.
    pub fn set_busy(&mut self) {
        self.is_busy = true;
        self.complaint.clear();
    }

    /// Says that what was under way could not be done, and why.
    pub fn complain(&mut self, complaint: String) {
        self.is_busy = false;
        self.complaint = complaint;
    }

    /// Opens a model that was added just now.
    pub fn finish(&mut self, row: ModelRow) {
        self.is_busy = false;
        self.path.clear();
        self.open = Some(row.model.id.clone());
        // The scenario tells of it in the next frame.
        if self.state.models.iter().all(|other| other.model.id != row.model.id) {
            self.state.models.push(row);
        }
    }

    /// The model that the next click on the city puts down there; `None` while none is, or the page is not shown.
    pub fn pointed(&mut self) -> Option<NewModel> {
        // The page was on the screen in the last frame, or it is gone and the click is the city's.
        let is_pointing = std::mem::take(&mut self.is_shown) && self.is_pointing;
        self.opened().filter(|_| is_pointing).map(|row| row.model.clone())
    }

    /// Puts a model where somebody pointed, on the ground where it stood on the ground.
    pub fn put(&mut self, model: NewModel, at: SitePos) {
        let foot_m = model.foot_m.map(|_| at.0.z);
        self.change(NewModel {
            position: at.0.truncate(),
            foot_m,
            ..model
        });
    }

    /// What was asked for since this was last called.
    pub fn take_wishes(&mut self) -> Vec<ModelsWish> {
        std::mem::take(&mut self.wishes)
    }

    fn opened(&self) -> Option<&ModelRow> {
        let id = self.open.as_ref()?;
        self.state.models.iter().find(|row| row.model.id == *id)
    }

    fn change(&mut self, model: NewModel) {
        let Some((variant, _)) = self.state.variant.clone() else {
            return;
        };
        let edit = Edit::ChangeModel {
            variant,
            model: Box::new(model),
        };
        self.wishes.push(ModelsWish::Edit(EditScenario::Apply(edit)));
    }

    fn show_adding(&mut self, ui: &mut Ui, language: &Language) {
        let Some((_, title)) = &self.state.variant else {
            widgets::paragraph(ui, &self.state.refusal);
            return;
        };
        widgets::paragraph(ui, &tr_args(language, "models-about", &[("variant", title)]));
        if !self.state.refusal.is_empty() {
            widgets::paragraph(ui, &self.state.refusal);
            return;
        }
        ui.add_space(Theme::STEP);
        let can_add = !self.is_busy;
        ui.add_enabled_ui(can_add, |ui| {
            let label = tr(language, "models-browse");
            if widgets::button(ui, regular::CUBE, &label, ButtonKind::Primary).clicked() {
                self.wishes.push(ModelsWish::Browse);
            }
        });
        ui.add_space(Theme::STEP);
        let typed = widgets::path_field(ui, &mut self.path, &tr(language, "models-path"));
        let path = self.path.trim().to_owned();
        let pressed = ui.add_enabled_ui(!path.is_empty() && can_add, |ui| {
            let label = tr(language, "models-add");
            widgets::button(ui, regular::PLUS, &label, ButtonKind::Secondary).clicked()
        });
        if (typed.is_entered || pressed.inner) && !path.is_empty() && can_add {
            self.wishes.push(ModelsWish::Add(PathBuf::from(path)));
        }
        if self.is_busy {
            widgets::secondary(ui, &tr(language, "models-busy"));
        }
        widgets::complaint(ui, &self.complaint);
    }

    fn show_list(&mut self, ui: &mut Ui, language: &Language) {
        if self.state.models.is_empty() {
            return;
        }
        widgets::separator(ui);
        widgets::strong(ui, &tr(language, "models-list"));
        let mut pressed = None;
        for row in &self.state.models {
            let model = &row.model;
            let title = model.title.get(&language.code());
            let line = ListRow {
                label: if title.is_empty() { &model.id } else { title },
                detail: &model.path,
                shortcut: "",
                selected: self.open.as_ref() == Some(&model.id),
            };
            if ui.push_id(&model.id, |ui| widgets::list_row(ui, &line).clicked()).inner {
                pressed = Some(model.id.clone());
            }
        }
        if let Some(id) = pressed {
            self.is_pointing = false;
            self.wishes.push(ModelsWish::LookAt(id.clone()));
            self.open = Some(id);
        }
    }

    fn show_placing(&mut self, ui: &mut Ui, language: &Language) {
        let (Some(row), Some(site)) = (self.opened().cloned(), self.state.site) else {
            return;
        };
        widgets::separator(ui);
        widgets::heading(ui, &tr(language, "models-placing"));
        if let Some(facts) = &row.facts {
            show_size(ui, facts, &row.model, language);
        }
        if row.model.is_geocentric {
            widgets::paragraph(ui, &tr(language, "models-own-place"));
        } else {
            if let Some(model) = show_form(ui, &row, &site, language) {
                self.change(model);
            }
            ui.add_space(Theme::STEP);
            let label = tr(
                language,
                if self.is_pointing {
                    "models-pointing"
                } else {
                    "models-point"
                },
            );
            let kind = if self.is_pointing {
                ButtonKind::Primary
            } else {
                ButtonKind::Secondary
            };
            if widgets::button(ui, regular::CROSSHAIR, &label, kind).clicked() {
                self.is_pointing = !self.is_pointing;
            }
        }
        ui.add_space(Theme::STEP);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(Theme::STEP, Theme::STEP);
            let label = tr(language, "models-done");
            if widgets::button(ui, regular::CHECK, &label, ButtonKind::Secondary).clicked() {
                self.open = None;
                self.is_pointing = false;
            }
            let label = tr(language, "models-remove");
            if widgets::button(ui, regular::TRASH, &label, ButtonKind::Quiet).clicked()
                && let Some((variant, _)) = self.state.variant.clone()
            {
                let id = row.model.id.clone();
                let edit = Edit::RemoveModel { variant, id };
                self.wishes.push(ModelsWish::Edit(EditScenario::Apply(edit)));
            }
        });
        widgets::secondary(ui, &tr(language, "models-undo"));
    }
}

impl PageContent for ModelsPage {
    fn name(&self, language: &Language) -> String {
        tr(language, "models-page")
    }

    fn icon(&self) -> &'static str {
        regular::CUBE
    }

    fn width(&self) -> f32 {
        340.0
    }

    fn show(&mut self, ui: &mut Ui, language: &Language) {
        self.is_shown = true;
        self.show_adding(ui, language);
        self.show_placing(ui, language);
        self.show_list(ui, language);
    }
}

/// How large it is as it stands, and a question where that is no size of a thing in a city.
fn show_size(ui: &mut Ui, facts: &ModelFacts, model: &NewModel, language: &Language) {
    let size = facts.size(model.up) * model.scale;
    let [width, depth, height] = size.to_array().map(|length| format_length(length, 2, language));
    let args = [
        ("width", width.as_str()),
        ("depth", depth.as_str()),
        ("height", height.as_str()),
    ];
    widgets::paragraph(ui, &tr_args(language, "models-size", &args));
    if size.max_element() > LARGEST_BUILDING_M {
        let largest = format_length(size.max_element(), 0, language);
        widgets::complaint(ui, &tr_args(language, "models-too-large", &[("size", &largest)]));
    } else if size.max_element() < SMALLEST_THING_M {
        widgets::complaint(ui, &tr(language, "models-too-small"));
    }
}

/// The fields of a model's place; the model as it was changed in this frame.
fn show_form(ui: &mut Ui, row: &ModelRow, site: &SiteFrame, language: &Language) -> Option<NewModel> {
    let mut model = row.model.clone();
    show_unit(ui, &mut model, language);
    show_up(ui, &mut model, row.facts.as_ref(), language);
    show_position(ui, &mut model, row.ground_m, site, language);
    let heading = plain(model.heading_deg, 2, language);
    if let Some(heading_deg) = widgets::number_field(ui, &heading, &tr(language, "models-heading")) {
        model.heading_deg = heading_deg.rem_euclid(360.0);
    }
    let scale = plain(model.scale, 6, language);
    if let Some(scale) = widgets::number_field(ui, &scale, &tr(language, "models-scale")) {
        // What a scenario's file may hold.
        if (0.000_001..=1_000_000.0).contains(&scale) {
            model.scale = scale;
        }
    }
    (model != row.model).then_some(model)
}

fn show_unit(ui: &mut Ui, model: &mut NewModel, language: &Language) {
    widgets::secondary(ui, &tr(language, "models-unit"));
    let names = ["m", "cm", "mm", "inch"];
    let accent = Theme::of(ui.ctx()).accent;
    let segments = names.map(|label| Segment {
        label,
        icon: "",
        shortcut: "",
        accent,
    });
    let is_it = |unit: &Unit| (model.scale / unit.metres() - 1.0).abs() < 1e-9;
    let chosen = Unit::ALL.iter().position(is_it).unwrap_or(usize::MAX);
    let width = ui.available_width();
    let pressed = ui
        .push_id("unit", |ui| widgets::segmented(ui, &segments, chosen, width))
        .inner;
    if let Some(unit) = pressed.and_then(|pressed| Unit::ALL.get(pressed)) {
        model.scale = unit.metres();
    }
}

fn show_up(ui: &mut Ui, model: &mut NewModel, facts: Option<&ModelFacts>, language: &Language) {
    widgets::secondary(ui, &tr(language, "models-up"));
    let accent = Theme::of(ui.ctx()).accent;
    let names = [tr(language, "models-up-y"), tr(language, "models-up-z")];
    let segments = [&names[0], &names[1]].map(|label| Segment {
        label,
        icon: "",
        shortcut: "",
        accent,
    });
    let axes = [Up::Y, Up::Z];
    let chosen = axes.iter().position(|up| *up == model.up).unwrap_or(0);
    let width = ui.available_width();
    let pressed = ui
        .push_id("up", |ui| widgets::segmented(ui, &segments, chosen, width))
        .inner;
    if let Some(up) = pressed.and_then(|pressed| axes.get(pressed)) {
        model.up = *up;
        // Its foot is another side now.
        if let Some(facts) = facts {
            model.origin = facts.origin(*up);
        }
    }
}

fn show_position(ui: &mut Ui, model: &mut NewModel, ground_m: f64, site: &SiteFrame, language: &Language) {
    let foot_m = model.foot_m.unwrap_or(ground_m);
    let rd = site.rd_nap_from_site(SitePos(model.position.extend(foot_m)));
    let (names, shown) = match rd {
        Some(rd) => (
            ["models-rd-x", "models-rd-y", "models-nap"].map(|key| key_words(key, language)),
            [rd.x_m, rd.y_m, rd.nap_m],
        ),
        None => (
            ["models-east", "models-north", "models-height"].map(|key| key_words(key, language)),
            [model.position.x, model.position.y, foot_m],
        ),
    };
    let is_on_ground = model.foot_m.is_none();
    let mut typed = shown;
    let mut is_changed = false;
    for place in 0..2 {
        let field = widgets::number_field(ui, &plain(shown[place], 3, language), &names[place]);
        is_changed |= field.is_some();
        typed[place] = field.unwrap_or(shown[place]);
    }
    let mut on_ground = is_on_ground;
    widgets::toggle(ui, &tr(language, "models-on-ground"), &mut on_ground);
    if !on_ground && !is_on_ground {
        let field = widgets::number_field(ui, &plain(shown[2], 3, language), &names[2]);
        is_changed |= field.is_some();
        typed[2] = field.unwrap_or(shown[2]);
    }
    if on_ground != is_on_ground {
        model.foot_m = (!on_ground).then_some(foot_m);
    }
    if !is_changed {
        return;
    }
    let place = match rd {
        Some(_) => site
            .site_from_rd_nap(RdNap {
                x_m: typed[0],
                y_m: typed[1],
                nap_m: typed[2],
            })
            .ok(),
        None => Some(SitePos(typed.into())),
    };
    // What lies nowhere near is a slip of the keys: the field shows the old place again.
    if let Some(place) = place.filter(|place| place.0.is_finite() && place.0.length() < 50_000.0) {
        model.position = place.0.truncate();
        model.foot_m = model.foot_m.map(|_| place.0.z);
    }
}

fn key_words(key: &str, language: &Language) -> String {
    tr(language, key)
}

/// A number as it is typed: no groups, no zeros at its end.
fn plain(value: f64, decimals: usize, language: &Language) -> String {
    let decimal = tr(language, "number-decimal");
    let text = format!("{value:.decimals$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    // A height of a hair below zero is zero.
    let text = if text == "-0" { "0" } else { text };
    text.replace('.', &decimal)
}

#[cfg(test)]
mod tests;
