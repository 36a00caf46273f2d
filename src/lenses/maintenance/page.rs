//! The page of this lens: what stands here in which state, what was reported, filtered, sorted, and to be taken outside.
//!
//! It holds what the lens told it and what was chosen on it. What was asked for lies ready to be taken; the page itself
//! changes nothing outside.

use super::grades::{Grade, PALE, Scale};
use super::list::{
    AssetColumn, AssetFilter, ReportColumn, ReportFilter, Sorting, by_number, is_overdue, ordered_assets,
    ordered_reports,
};
use super::{filters, rows};
use crate::model::{Asset, AssetKind, Report, ReportStage};
use crate::panels::report_words::theme_of;
use crate::panels::rooms::PageContent;
use crate::text::{Language, tr, tr_args};
use crate::ui::Theme;
use crate::ui::widgets::{self, ButtonKind, Chip, Segment};
use crate::view::palette;
use crate::view::{ObjectLooks, palette::Rgb};
use bevy_egui::egui::Ui;
use egui_phosphor::regular;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Fewer rows than this are never shown while there are more: the page scrolls instead.
const LEAST_ROWS: f32 = 4.0;

/// A row of either list, by its place in the scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    /// A managed object.
    Asset(usize),
    /// A report.
    Report(usize),
}

/// Which list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Tab {
    /// Managed objects.
    #[default]
    Assets,
    /// Reports.
    Reports,
}

/// The filters start folded in a room lower than this many controls: there the list is worth more.
const ROOM_FOR_FILTERS: f32 = 17.0;

/// What was asked for on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Pick this and bring the camera to it.
    Show(Row),
    /// Save the list that is shown.
    Save,
    /// Add a list of one's own.
    AddList,
}

/// What the lens tells the page.
#[derive(Debug, Clone, Default)]
pub(super) struct Stock {
    /// Managed objects of the scenario.
    pub(super) assets: Arc<Vec<Asset>>,
    /// Reports of the scenario.
    pub(super) reports: Arc<Vec<Report>>,
    /// Places of the objects that the variant and phase shown take away.
    pub(super) removed: BTreeSet<usize>,
    /// The day by which an inspection is late.
    pub(super) today: Date,
}

/// How many there are of everything that can be filtered by, with the other filters as they are: what is chosen among the
/// kinds counts for the grades, and not for the kinds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// By kind.
    pub(super) kinds: BTreeMap<AssetKind, usize>,
    /// By NEN 2767 score.
    pub(super) scores: BTreeMap<Grade, usize>,
    /// By CROW level.
    pub(super) levels: BTreeMap<Grade, usize>,
    /// Inspection late.
    pub(super) overdue: usize,
    /// Taken away by the variant and phase shown.
    pub(super) removed: usize,
    /// Reports by how far they have come.
    pub(super) stages: BTreeMap<ReportStage, usize>,
    /// Reports by main category.
    pub(super) themes: BTreeMap<String, usize>,
}

/// Counts of few different things, each found by looking through them: with a handful that is several times faster than
/// a tree, and it is done for every object at every change of a filter.
struct Tally<Thing>(Vec<(Thing, usize)>);

impl<Thing: Ord + Copy> Tally<Thing> {
    /// Counts `count` more; none at all makes a thing known.
    fn add(&mut self, thing: Thing, count: usize) {
        match self.0.iter_mut().find(|(known, _)| *known == thing) {
            Some((_, sum)) => *sum += count,
            None => self.0.push((thing, count)),
        }
    }

    fn into_map(self) -> BTreeMap<Thing, usize> {
        self.0.into_iter().collect()
    }
}

impl Counts {
    fn of(stock: &Stock, assets: &AssetFilter, reports: &ReportFilter) -> Self {
        let mut counts = Self::default();
        let (mut kinds, mut scores, mut levels) = (Tally(Vec::new()), Tally(Vec::new()), Tally(Vec::new()));
        for (place, asset) in stock.assets.iter().enumerate() {
            let is_removed = stock.removed.contains(&place);
            let passes = assets.passes(asset, is_removed, stock.today);
            let refusals = passes.iter().filter(|passes| !**passes).count();
            // Whether all other parts of the filter let it through than the one at `part`.
            let otherwise = |part: usize| usize::from(refusals == 0 || refusals == 1 && !passes[part]);
            // What there is none of at the moment still has its filter.
            kinds.add(asset.kind, otherwise(0));
            scores.add(Scale::Nen2767.grade(asset), otherwise(1));
            levels.add(Scale::Crow.grade(asset), otherwise(1));
            counts.overdue += usize::from(is_overdue(asset, stock.today)) * otherwise(2);
            counts.removed += usize::from(is_removed) * otherwise(3);
        }
        (counts.kinds, counts.scores, counts.levels) = (kinds.into_map(), scores.into_map(), levels.into_map());
        for report in stock.reports.iter() {
            let [stage_passes, theme_passes] = reports.passes(report);
            *counts.stages.entry(report.stage()).or_default() += usize::from(theme_passes);
            *counts.themes.entry(theme_of(&report.category).to_owned()).or_default() += usize::from(stage_passes);
        }
        counts
    }

    /// How many have a grade on a scale.
    pub(super) fn graded(&self, scale: Scale, grade: Grade) -> usize {
        let of = match scale {
            Scale::Nen2767 => &self.scores,
            Scale::Crow => &self.levels,
        };
        of.get(&grade).copied().unwrap_or_default()
    }
}

/// The page.
#[derive(Debug, Default)]
pub(super) struct MaintenancePage {
    pub(super) stock: Stock,
    pub(super) counts: Counts,
    pub(super) tab: Tab,
    pub(super) asset_filter: AssetFilter,
    pub(super) report_filter: ReportFilter,
    pub(super) asset_sorting: Sorting<AssetColumn>,
    pub(super) report_sorting: Sorting<ReportColumn>,
    pub(super) picked: Option<Row>,
    /// Places of all objects in the order of their numbers.
    by_number: Vec<usize>,
    /// Places in the scenario's lists, filtered and in order.
    pub(super) asset_order: Vec<usize>,
    pub(super) report_order: Vec<usize>,
    /// Open or folded; `None` until the room for it is known.
    filters_open: Option<bool>,
    wants_in_sight: bool,
    wishes: Vec<Wish>,
    revision: u64,
}

impl MaintenancePage {
    /// Takes over what the world says now. Another scenario starts without filters.
    pub(super) fn set_stock(&mut self, stock: Stock) {
        let has_other_assets = !Arc::ptr_eq(&self.stock.assets, &stock.assets);
        if has_other_assets {
            self.by_number = by_number(&stock.assets);
        }
        if has_other_assets || !Arc::ptr_eq(&self.stock.reports, &stock.reports) {
            self.asset_filter = AssetFilter {
                scale: self.asset_filter.scale,
                ..AssetFilter::default()
            };
            self.report_filter = ReportFilter::default();
            self.report_sorting.descending = true;
        }
        self.stock = stock;
        self.refresh();
    }

    /// Says what is picked in the view. Its list is shown, and its row comes into sight.
    pub(super) fn set_picked(&mut self, picked: Option<Row>) {
        if self.picked == picked {
            return;
        }
        self.picked = picked;
        match picked {
            Some(Row::Asset(_)) => self.tab = Tab::Assets,
            Some(Row::Report(_)) => self.tab = Tab::Reports,
            None => {}
        }
        self.wants_in_sight = picked.is_some();
    }

    /// What was asked for since this was last called.
    pub(super) fn take_wishes(&mut self) -> Vec<Wish> {
        std::mem::take(&mut self.wishes)
    }

    /// Grows whenever the view has to look different.
    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    /// The list that is shown, as places in the scenario, and which list it is.
    pub(super) fn listed(&self) -> (Tab, &[usize]) {
        match self.tab {
            Tab::Assets => (Tab::Assets, &self.asset_order),
            Tab::Reports => (Tab::Reports, &self.report_order),
        }
    }

    /// Managed objects on the list, whichever list is shown.
    pub(super) fn listed_assets(&self) -> &[usize] {
        &self.asset_order
    }

    /// Asks for something, as pressing does.
    pub(super) fn wish(&mut self, wish: Wish) {
        self.wishes.push(wish);
    }

    /// What the variant and phase shown take away, and the day that counts.
    pub(super) fn stock(&self) -> &Stock {
        &self.stock
    }

    /// The scale that colours the view.
    pub(super) fn scale(&self) -> Scale {
        self.asset_filter.scale
    }

    /// How objects and reports look in the view: by state, what goes in red, what is not on the list pale.
    pub(super) fn looks(&self) -> ObjectLooks {
        let scale = self.scale();
        let mut assets: Vec<Option<Rgb>> = vec![Some(PALE); self.stock.assets.len()];
        for place in &self.asset_order {
            if let (Some(look), Some(asset)) = (assets.get_mut(*place), self.stock.assets.get(*place)) {
                *look = Some(if self.stock.removed.contains(place) {
                    palette::REMOVED
                } else {
                    scale.color(scale.grade(asset))
                });
            }
        }
        let mut reports = vec![Some(PALE); self.stock.reports.len()];
        for place in &self.report_order {
            if let Some(look) = reports.get_mut(*place) {
                *look = None;
            }
        }
        ObjectLooks {
            assets,
            reports,
            keeps_removed: true,
        }
    }

    /// Puts both lists in order again, and counts for the filters.
    pub(super) fn refresh(&mut self) {
        self.counts = Counts::of(&self.stock, &self.asset_filter, &self.report_filter);
        let Stock {
            assets,
            reports,
            removed,
            today,
        } = &self.stock;
        self.asset_order = ordered_assets(
            assets,
            &self.by_number,
            &self.asset_filter,
            self.asset_sorting,
            removed,
            *today,
        );
        self.report_order = ordered_reports(reports, &self.report_filter, self.report_sorting);
        self.revision += 1;
    }

    fn is_filtered(&self) -> bool {
        match self.tab {
            Tab::Assets => self.asset_filter.is_set(),
            Tab::Reports => self.report_filter.is_set(),
        }
    }

    fn show_all(&mut self) {
        match self.tab {
            Tab::Assets => {
                self.asset_filter = AssetFilter {
                    scale: self.asset_filter.scale,
                    ..AssetFilter::default()
                }
            }
            Tab::Reports => self.report_filter = ReportFilter::default(),
        }
        self.refresh();
    }

    fn show_tabs(&mut self, ui: &mut Ui, language: &Language) {
        let accent = Theme::of(ui.ctx()).accent;
        let names = [tr(language, "maintenance-assets"), tr(language, "maintenance-reports")];
        let icons = [regular::WRENCH, regular::MEGAPHONE];
        let tabs: Vec<Segment<'_>> = names
            .iter()
            .zip(icons)
            .map(|(label, icon)| Segment {
                label,
                icon,
                shortcut: "",
                accent,
            })
            .collect();
        let open = usize::from(self.tab == Tab::Reports);
        let width = ui.available_width();
        if let Some(pressed) = widgets::segmented(ui, &tabs, open, width) {
            self.tab = if pressed == 1 { Tab::Reports } else { Tab::Assets };
        }
    }

    /// What can be done with the list as a whole: fold the filters, save.
    fn show_actions(&mut self, ui: &mut Ui, filters_open: bool, language: &Language) {
        ui.horizontal_wrapped(|ui| {
            let fold = tr(language, "maintenance-filters");
            // Folded filters still hold: their number says so.
            let chosen = match self.tab {
                Tab::Assets => self.asset_filter.chosen(),
                Tab::Reports => self.report_filter.chosen(),
            };
            let count = if chosen == 0 { String::new() } else { chosen.to_string() };
            let chip = Chip {
                icon: regular::FUNNEL,
                mark: None,
                label: &fold,
                count: &count,
                is_narrow: false,
            };
            if widgets::chip(ui, &chip, filters_open).clicked() {
                self.filters_open = Some(!filters_open);
            }
            let save = tr(language, "maintenance-save");
            let has_rows = !self.listed().1.is_empty();
            ui.add_enabled_ui(has_rows, |ui| {
                if widgets::button(ui, regular::DOWNLOAD_SIMPLE, &save, ButtonKind::Secondary).clicked() {
                    self.wish(Wish::Save);
                }
            });
            let add = tr(language, "owndata-add");
            if widgets::button(ui, regular::PLUS, &add, ButtonKind::Secondary).clicked() {
                self.wish(Wish::AddList);
            }
        });
    }

    /// How many are left, and the way back to all.
    fn show_count(&mut self, ui: &mut Ui, language: &Language) {
        let (tab, listed) = self.listed();
        let (key, all) = match tab {
            Tab::Assets => ("maintenance-asset-count", self.stock.assets.len()),
            Tab::Reports => ("maintenance-report-count", self.stock.reports.len()),
        };
        let number = |count| crate::text::format_count(count, language);
        let (left, all) = (number(listed.len()), number(all));
        let words = tr_args(language, key, &[("left", &left), ("all", &all)]);
        let is_hidden = match (tab, self.picked) {
            (Tab::Assets, Some(Row::Asset(place))) | (Tab::Reports, Some(Row::Report(place))) => {
                !listed.contains(&place)
            }
            _ => false,
        };
        let mut wants_all = false;
        ui.horizontal_wrapped(|ui| {
            // As high with the button as without it, so that the list does not jump.
            ui.set_min_height(Theme::of(ui.ctx()).control_height());
            widgets::strong(ui, &words);
            let label = tr(language, "maintenance-show-all");
            wants_all = self.is_filtered() && widgets::button(ui, regular::X, &label, ButtonKind::Quiet).clicked();
        });
        if wants_all {
            self.show_all();
        }
        if is_hidden {
            widgets::secondary(ui, &tr(language, "maintenance-picked-hidden"));
        }
    }

    fn show_rows(&mut self, ui: &mut Ui, height: f32, language: &Language) {
        let (tab, listed) = self.listed();
        let picked = match (tab, self.picked) {
            (Tab::Assets, Some(Row::Asset(place))) | (Tab::Reports, Some(Row::Report(place))) => {
                listed.iter().position(|listed| *listed == place)
            }
            _ => None,
        };
        let sight = rows::Sight {
            selected: picked,
            scroll_to: picked.filter(|_| self.wants_in_sight),
            height,
        };
        self.wants_in_sight = false;
        let done = match tab {
            Tab::Assets => rows::show_assets(ui, self, sight, language),
            Tab::Reports => rows::show_reports(ui, self, sight, language),
        };
        if done.is_sorted_anew {
            self.refresh();
        }
        if let Some(row) = done.pressed {
            // The row is in sight already: nothing has to scroll under the finger.
            self.picked = Some(row);
            self.wish(Wish::Show(row));
        }
    }
}

impl PageContent for MaintenancePage {
    fn name(&self, language: &Language) -> String {
        tr(language, "maintenance-page")
    }

    fn icon(&self) -> &'static str {
        regular::WRENCH
    }

    fn width(&self) -> f32 {
        424.0
    }

    fn show(&mut self, ui: &mut Ui, language: &Language) {
        let theme = Theme::of(ui.ctx());
        // The panel scrolls what it shows: the room is counted from the top of all that, not from the screen.
        let top = ui.min_rect().top();
        let room = ui.clip_rect().height();
        let open = *self
            .filters_open
            .get_or_insert(room > ROOM_FOR_FILTERS * theme.control_height());
        self.show_tabs(ui, language);
        ui.add_space(Theme::STEP);
        self.show_actions(ui, open, language);
        if open && filters::show(ui, self, language) {
            self.refresh();
        }
        ui.add_space(Theme::STEP);
        self.show_count(ui, language);
        let row = theme.control_height() + Theme::STEP;
        let used = ui.cursor().top() - top + theme.control_height() + 3.0 * Theme::STEP;
        let height = (room - used).max(LEAST_ROWS * row);
        self.show_rows(ui, height, language);
    }
}

#[cfg(test)]
mod tests;
