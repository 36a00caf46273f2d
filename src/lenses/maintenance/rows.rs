//! The rows of both lists.

use super::filters::{REMOVED_MARK, color32, grade_shape, kind_icon, kind_name, stage_mark, stage_name};
use super::grades::Scale;
use super::list::{AssetColumn, ReportColumn, Sorting, is_overdue};
use super::page::{MaintenancePage, Row};
use super::worklist::category_words;
use crate::model::{Asset, Report};
use crate::text::{Language, tr, tr_args};
use crate::ui::widgets::{Mark, TableColumn, TableRows, table_head, table_rows};
use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{Align2, Color32, Painter, Rect, Stroke, Ui};
use egui_phosphor::regular;
use jiff::civil::Date;

static ASSET_COLUMNS: [(AssetColumn, &str, f32); 5] = [
    (AssetColumn::Kind, "maintenance-column-kind", 0.27),
    (AssetColumn::Number, "maintenance-column-number", 0.21),
    (AssetColumn::Score, "maintenance-column-score", 0.11),
    (AssetColumn::Level, "maintenance-column-level", 0.12),
    (AssetColumn::Next, "maintenance-column-next", 0.29),
];

/// Shares of the columns of [`ASSET_COLUMNS`] beside an open card: kinds are icons there, so that numbers and dates stay
/// whole.
const NARROW_SHARES: [f32; 5] = [0.11, 0.30, 0.115, 0.115, 0.36];

/// Less room than this is narrow, points of letters at 100 %.
const NARROW: f32 = 345.0;

static REPORT_COLUMNS: [(ReportColumn, &str, f32); 3] = [
    (ReportColumn::Category, "maintenance-column-category", 0.43),
    (ReportColumn::Status, "maintenance-column-status", 0.33),
    (ReportColumn::Created, "maintenance-column-created", 0.24),
];

/// What of a list is in sight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sight {
    /// Row that is chosen.
    pub(super) selected: Option<usize>,
    /// Row to bring into sight now.
    pub(super) scroll_to: Option<usize>,
    /// At most this high, points.
    pub(super) height: f32,
}

/// What was done with a table.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Row that was pressed.
    pub(super) pressed: Option<Row>,
    /// Another order was asked for.
    pub(super) is_sorted_anew: bool,
}

/// A date as it stands in a narrow column.
pub(super) fn short_date(day: Option<Date>, language: &Language) -> String {
    day.map_or_else(
        || "–".to_owned(),
        |day| {
            let args = [
                ("day", format!("{:02}", day.day())),
                ("month", format!("{:02}", day.month())),
                ("year", day.year().to_string()),
            ];
            let args = args.each_ref().map(|(name, text)| (*name, text.as_str()));
            tr_args(language, "maintenance-date", &args)
        },
    )
}

/// One of both lists: what it holds, and how a row of it looks.
struct List<'a, Item, Column: 'static> {
    name: &'a str,
    columns: &'static [(Column, &'static str, f32)],
    /// Shares of the columns, in their order.
    shares: Vec<f32>,
    /// Everything there is.
    items: &'a [Item],
    /// Places in `items`, filtered and in order.
    order: &'a [usize],
    sorting: Sorting<Column>,
    label: &'a dyn Fn(usize, &Item) -> String,
    paint: &'a dyn Fn(&Ui, &Painter, &[Rect], usize, &Item),
}

impl<Item, Column: Copy + PartialEq> List<'_, Item, Column> {
    /// Shows it; returns the place of the item that was pressed, and the column whose head was.
    fn show(&self, ui: &mut Ui, sight: Sight, language: &Language) -> (Option<usize>, Option<Column>) {
        let names: Vec<String> = self.columns.iter().map(|(_, key, _)| tr(language, key)).collect();
        let columns: Vec<TableColumn<'_>> = names
            .iter()
            .zip(&self.shares)
            .map(|(label, share)| TableColumn {
                label,
                share: *share,
                is_numeric: false,
            })
            .collect();
        let by = self
            .columns
            .iter()
            .position(|(column, ..)| *column == self.sorting.column);
        let head = table_head(ui, &columns, by.map(|by| (by, self.sorting.descending)));
        let at = |row: usize| {
            let place = *self.order.get(row)?;
            Some((place, self.items.get(place)?))
        };
        let label = |row: usize| at(row).map_or_else(String::new, |(place, item)| (self.label)(place, item));
        let paint = |ui: &Ui, painter: &Painter, cells: &[Rect], row: usize| {
            if let Some((place, item)) = at(row) {
                (self.paint)(ui, painter, cells, place, item);
            }
        };
        let pressed = table_rows(
            ui,
            &columns,
            &TableRows {
                name: self.name,
                count: self.order.len(),
                selected: sight.selected,
                scroll_to: sight.scroll_to,
                height: sight.height,
                lines: 1,
                label: &label,
                paint: &paint,
            },
        );
        let column = head
            .and_then(|index| self.columns.get(index))
            .map(|(column, ..)| *column);
        (pressed.and_then(at).map(|(place, _)| place), column)
    }
}

/// Shows the managed objects.
pub(super) fn show_assets(ui: &mut Ui, page: &mut MaintenancePage, sight: Sight, language: &Language) -> Done {
    let is_narrow = ui.available_width() < NARROW * Theme::of(ui.ctx()).text_scale;
    let shares = if is_narrow {
        NARROW_SHARES.to_vec()
    } else {
        ASSET_COLUMNS.map(|(.., share)| share).to_vec()
    };
    let (pressed, column) = List {
        name: "maintenance-assets",
        columns: &ASSET_COLUMNS,
        shares,
        items: &page.stock.assets,
        order: &page.asset_order,
        sorting: page.asset_sorting,
        label: &|place, asset| asset_label(page, place, asset, language),
        paint: &|ui, painter, cells, place, asset| paint_asset(ui, painter, cells, page, place, asset, language),
    }
    .show(ui, sight, language);
    if let Some(column) = column {
        page.asset_sorting.press(column);
    }
    Done {
        pressed: pressed.map(Row::Asset),
        is_sorted_anew: column.is_some(),
    }
}

/// Shows the reports.
pub(super) fn show_reports(ui: &mut Ui, page: &mut MaintenancePage, sight: Sight, language: &Language) -> Done {
    let (pressed, column) = List {
        name: "maintenance-reports",
        columns: &REPORT_COLUMNS,
        shares: REPORT_COLUMNS.map(|(.., share)| share).to_vec(),
        items: &page.stock.reports,
        order: &page.report_order,
        sorting: page.report_sorting,
        label: &|_, report| report_label(report, language),
        paint: &|ui, painter, cells, _, report| paint_report(ui, painter, cells, report, language),
    }
    .show(ui, sight, language);
    if let Some(column) = column {
        page.report_sorting.press(column);
    }
    Done {
        pressed: pressed.map(Row::Report),
        is_sorted_anew: column.is_some(),
    }
}

/// Everything that the row shows, in words.
fn asset_label(page: &MaintenancePage, place: usize, asset: &Asset, language: &Language) -> String {
    let grade = |scale: Scale| tr(language, scale.text_key(scale.grade(asset)));
    let mut words = vec![
        format!("{} {}", kind_name(asset.kind, language), asset.id),
        format!("NEN 2767: {}", grade(Scale::Nen2767)),
        format!("CROW: {}", grade(Scale::Crow)),
        format!(
            "{}: {}",
            tr(language, "maintenance-column-next"),
            short_date(asset.next_inspection, language)
        ),
    ];
    if is_overdue(asset, page.stock.today) {
        words.push(tr(language, "maintenance-overdue"));
    }
    if page.stock.removed.contains(&place) {
        words.push(tr(language, "maintenance-removed"));
    }
    words.join(", ")
}

fn paint_text(ui: &Ui, painter: &Painter, cell: Rect, text: &str, role: TextRole, color: Color32) -> Rect {
    let theme = Theme::of(ui.ctx());
    let inner = cell.with_min_x(cell.left() + Theme::STEP / 2.0);
    let galley = theme.galley(ui, text, role, color, inner.width() - Theme::STEP, 1);
    let at = Align2::LEFT_CENTER.align_size_within_rect(galley.size(), inner);
    painter.galley(at.min, galley, color);
    at
}

fn paint_asset(
    ui: &Ui,
    painter: &Painter,
    cells: &[Rect],
    page: &MaintenancePage,
    place: usize,
    asset: &Asset,
    language: &Language,
) {
    let [kind, number, score, level, next] = cells else {
        return;
    };
    let theme = Theme::of(ui.ctx());
    let tokens = &theme.tokens;
    let side = theme.icon_size() * 1.1;
    let is_removed = page.stock.removed.contains(&place);
    let glyph = theme.icon(ui, kind_icon(asset.kind), tokens.ink);
    let inset = kind.with_min_x(kind.left() + 1.5 * Theme::STEP);
    let at = Align2::LEFT_CENTER.align_size_within_rect(glyph.size(), inset);
    painter.galley(at.min, glyph, tokens.ink);
    // Beside an open card there is room for the icon alone, and the line through the number has to do for its mark.
    let has_words = kind.width() > 2.5 * side;
    if has_words {
        let beside = kind.with_min_x(at.right() + Theme::STEP / 2.0);
        paint_text(
            ui,
            painter,
            beside,
            &kind_name(asset.kind, language),
            TextRole::Body,
            tokens.ink,
        );
    }

    let mut number = *number;
    if is_removed && has_words {
        let center = bevy_egui::egui::pos2(number.right() - side * 0.6, number.center().y);
        REMOVED_MARK.paint(painter, center, side * 0.8);
        number.max.x -= side * 1.1;
    }
    let ink = if is_removed { tokens.muted } else { tokens.ink };
    let written = paint_text(ui, painter, number, &asset.id, TextRole::Strong, ink);
    if is_removed {
        let line = Stroke::new(1.5, tokens.error);
        painter.hline(written.x_range(), written.center().y, line);
    }
    for (scale, cell) in [(Scale::Nen2767, score), (Scale::Crow, level)] {
        let grade = scale.grade(asset);
        let center = bevy_egui::egui::pos2(cell.left() + side * 0.7, cell.center().y);
        Mark {
            sign: &scale.mark(grade),
            shape: grade_shape(scale),
            color: color32(scale.color(grade)),
        }
        .paint(painter, center, side);
    }
    let is_late = is_overdue(asset, page.stock.today);
    let ink = if is_late { tokens.error } else { tokens.ink };
    let role = if is_late { TextRole::Strong } else { TextRole::Body };
    let date = short_date(asset.next_inspection, language);
    let with_icon = format!("{} {date}", regular::CLOCK_COUNTDOWN);
    let words = if is_late { &with_icon } else { &date };
    // In the narrowest panel a small date, without its icon if need be, says more than the half of a large one.
    let fits = |(words, role): &(&String, TextRole)| {
        let galley = theme.galley(ui, words, *role, ink, f32::INFINITY, 1);
        galley.size().x <= next.width() - 1.5 * Theme::STEP
    };
    let ways = [(words, role), (words, TextRole::Small), (&date, TextRole::Small)];
    let (words, role) = ways.into_iter().find(fits).unwrap_or((&date, TextRole::Small));
    paint_text(ui, painter, *next, words, role, ink);
}

/// Everything that the row shows, in words.
fn report_label(report: &Report, language: &Language) -> String {
    [
        report.id.clone(),
        category_words(report),
        stage_name(report.stage(), language),
        report.status.clone(),
        short_date(report.created, language),
    ]
    .join(", ")
}

fn paint_report(ui: &Ui, painter: &Painter, cells: &[Rect], report: &Report, language: &Language) {
    let [category, status, created] = cells else {
        return;
    };
    let theme = Theme::of(ui.ctx());
    let ink = theme.tokens.ink;
    let side = theme.icon_size() * 1.1;
    let inset = category.with_min_x(category.left() + Theme::STEP);
    paint_text(ui, painter, inset, &category_words(report), TextRole::Body, ink);
    let center = bevy_egui::egui::pos2(status.left() + side * 0.7, status.center().y);
    stage_mark(report.stage()).paint(painter, center, side);
    let beside = status.with_min_x(status.left() + side * 1.4);
    paint_text(ui, painter, beside, &report.status, TextRole::Body, ink);
    let day = short_date(report.created, language);
    paint_text(ui, painter, *created, &day, TextRole::Body, ink);
}
