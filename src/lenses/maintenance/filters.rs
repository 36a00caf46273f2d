//! The filters of both lists. The marks of the scale are filter and legend in one: what a colour means is never far from
//! where it is chosen.

use super::grades::Scale;
use super::page::{MaintenancePage, Tab};
use crate::model::{AssetKind, ReportStage};
use crate::panels::report_words::theme_words;
use crate::text::{Language, format_count, format_date, tr, tr_args};
use crate::ui::Theme;
use crate::ui::widgets::{self, Chip, Mark, MarkShape, Segment};
use crate::view::palette::{self, Rgb};
use bevy_egui::egui::{Color32, Ui, vec2};
use egui_phosphor::regular;
use std::collections::BTreeSet;

/// Kinds in the order of their chips.
const KINDS: [AssetKind; 6] = [
    AssetKind::Tree,
    AssetKind::Lamp,
    AssetKind::Bench,
    AssetKind::Bin,
    AssetKind::Manhole,
    AssetKind::Other,
];

pub(super) fn kind_icon(kind: AssetKind) -> &'static str {
    match kind {
        AssetKind::Tree => regular::TREE,
        AssetKind::Lamp => regular::LAMP_PENDANT,
        AssetKind::Bench => regular::PARK,
        AssetKind::Bin => regular::TRASH,
        AssetKind::Manhole => regular::DISC,
        AssetKind::Other => regular::CUBE,
    }
}

pub(super) fn kind_name(kind: AssetKind, language: &Language) -> String {
    let key = match kind {
        AssetKind::Tree => "asset-tree",
        AssetKind::Lamp => "asset-lamp",
        AssetKind::Bench => "asset-bench",
        AssetKind::Bin => "asset-bin",
        AssetKind::Manhole => "asset-manhole",
        AssetKind::Other => "asset-other",
    };
    tr(language, key)
}

pub(super) fn color32([r, g, b]: Rgb) -> Color32 {
    Color32::from_rgb(r, g, b)
}

/// Discs for scores, squares for levels.
pub(super) fn grade_shape(scale: Scale) -> MarkShape {
    match scale {
        Scale::Nen2767 => MarkShape::Disc,
        Scale::Crow => MarkShape::Square,
    }
}

/// The mark of what the variant takes away.
pub(super) const REMOVED_MARK: Mark<'static> = Mark {
    sign: "×",
    shape: MarkShape::Diamond,
    color: Color32::from_rgb(palette::REMOVED[0], palette::REMOVED[1], palette::REMOVED[2]),
};

/// The mark of a report; the same shapes as the heads of the pins.
pub(super) fn stage_mark(stage: ReportStage) -> Mark<'static> {
    let (sign, shape) = match stage {
        ReportStage::Open => ("!", MarkShape::Diamond),
        ReportStage::InHand => ("…", MarkShape::Square),
        ReportStage::Done => (regular::CHECK, MarkShape::Disc),
    };
    Mark {
        sign,
        shape,
        color: color32(palette::report(stage)),
    }
}

pub(super) fn stage_name(stage: ReportStage, language: &Language) -> String {
    let key = match stage {
        ReportStage::Open => "maintenance-stage-open",
        ReportStage::InHand => "maintenance-stage-in-hand",
        ReportStage::Done => "maintenance-stage-done",
    };
    tr(language, key)
}

/// Shows the filters of the list that is shown; returns whether something changed.
pub(super) fn show(ui: &mut Ui, page: &mut MaintenancePage, language: &Language) -> bool {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing = vec2(Theme::STEP, Theme::STEP);
        match page.tab {
            Tab::Assets => show_asset_filters(ui, page, language),
            Tab::Reports => show_report_filters(ui, page, language),
        }
    })
    .inner
}

/// Puts `value` into `set`, or takes it out.
fn flip<T: Ord>(set: &mut BTreeSet<T>, value: T) {
    if !set.remove(&value) {
        set.insert(value);
    }
}

fn show_asset_filters(ui: &mut Ui, page: &mut MaintenancePage, language: &Language) -> bool {
    let mut is_changed = false;
    let MaintenancePage {
        counts,
        asset_filter: filter,
        ..
    } = page;
    ui.horizontal_wrapped(|ui| {
        for kind in KINDS {
            let Some(count) = counts.kinds.get(&kind) else {
                continue;
            };
            let name = kind_name(kind, language);
            let count = format_count(*count, language);
            let chip = Chip {
                icon: kind_icon(kind),
                mark: None,
                label: &name,
                count: &count,
                is_narrow: false,
            };
            if widgets::chip(ui, &chip, filter.kinds.contains(&kind)).clicked() {
                flip(&mut filter.kinds, kind);
                is_changed = true;
            }
        }
    });
    is_changed |= show_scale(ui, page, language);
    let today = format_date(page.stock.today, language);
    let (overdue, removed) = (page.counts.overdue, page.counts.removed);
    let filter = &mut page.asset_filter;
    ui.horizontal_wrapped(|ui| {
        for (icon, key, count, on, hint) in [
            (
                regular::CLOCK_COUNTDOWN,
                "maintenance-overdue",
                overdue,
                &mut filter.overdue,
                tr_args(language, "maintenance-overdue-hint", &[("today", &today)]),
            ),
            (
                regular::PROHIBIT,
                "maintenance-removed",
                removed,
                &mut filter.removed,
                tr(language, "maintenance-removed-hint"),
            ),
        ] {
            let (label, count) = (tr(language, key), format_count(count, language));
            let chip = Chip {
                icon,
                mark: None,
                label: &label,
                count: &count,
                is_narrow: false,
            };
            if widgets::chip(ui, &chip, *on).on_hover_text(hint).clicked() {
                *on = !*on;
                is_changed = true;
            }
        }
    });
    if page.asset_filter.overdue {
        widgets::secondary(ui, &tr_args(language, "maintenance-overdue-hint", &[("today", &today)]));
    }
    is_changed
}

/// The choice of scale and its grades.
fn show_scale(ui: &mut Ui, page: &mut MaintenancePage, language: &Language) -> bool {
    let mut is_changed = false;
    let accent = Theme::of(ui.ctx()).accent;
    let names = [
        tr(language, "maintenance-scale-nen"),
        tr(language, "maintenance-scale-crow"),
    ];
    let segments: Vec<Segment<'_>> = names
        .iter()
        .map(|label| Segment {
            label,
            icon: "",
            shortcut: "",
            accent,
        })
        .collect();
    let filter = &mut page.asset_filter;
    let holds = Scale::ALL.iter().position(|scale| *scale == filter.scale);
    let width = ui.available_width();
    let pressed = widgets::segmented(ui, &segments, holds.unwrap_or_default(), width);
    if let Some(scale) = pressed.and_then(|index| Scale::ALL.get(index)) {
        filter.set_scale(*scale);
        is_changed = true;
    }
    let scale = filter.scale;
    ui.horizontal_wrapped(|ui| {
        for grade in scale.grades() {
            let sign = scale.mark(grade);
            let name = tr(language, scale.text_key(grade));
            let count = format_count(page.counts.graded(scale, grade), language);
            let chip = Chip {
                icon: "",
                mark: Some(Mark {
                    sign: &sign,
                    shape: grade_shape(scale),
                    color: color32(scale.color(grade)),
                }),
                label: &name,
                count: &count,
                is_narrow: true,
            };
            if widgets::chip(ui, &chip, filter.grades.contains(&grade)).clicked() {
                flip(&mut filter.grades, grade);
                is_changed = true;
            }
        }
    });
    is_changed
}

fn show_report_filters(ui: &mut Ui, page: &mut MaintenancePage, language: &Language) -> bool {
    let mut is_changed = false;
    let MaintenancePage {
        counts,
        report_filter: filter,
        ..
    } = page;
    ui.horizontal_wrapped(|ui| {
        for stage in ReportStage::ALL {
            let name = stage_name(stage, language);
            let count = format_count(counts.stages.get(&stage).copied().unwrap_or_default(), language);
            let chip = Chip {
                icon: "",
                mark: Some(stage_mark(stage)),
                label: &name,
                count: &count,
                is_narrow: false,
            };
            if widgets::chip(ui, &chip, filter.stages.contains(&stage)).clicked() {
                flip(&mut filter.stages, stage);
                is_changed = true;
            }
        }
    });
    ui.horizontal_wrapped(|ui| {
        for (theme, count) in &counts.themes {
            let name = theme_words(theme, language);
            let name = if name.is_empty() {
                tr(language, "maintenance-no-data")
            } else {
                name
            };
            let count = format_count(*count, language);
            let chip = Chip {
                icon: "",
                mark: None,
                label: &name,
                count: &count,
                is_narrow: false,
            };
            if widgets::chip(ui, &chip, filter.themes.contains(theme)).clicked() {
                flip(&mut filter.themes, theme.clone());
                is_changed = true;
            }
        }
    });
    is_changed
}
