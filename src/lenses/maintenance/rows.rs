//! The rows of both lists.

use super::filters::{REMOVED_MARK, color32, grade_shape, kind_icon, kind_name, stage_mark, stage_name};
use super::grades::Scale;
use super::list::{AssetColumn, ReportColumn, Sorting, is_overdue};
use super::page::{MaintenancePage, Row};
use crate::model::{Asset, Report};
use crate::panels::report_words::category_words;
use crate::text::{Language, tr, tr_args};
use crate::ui::widgets::{Mark, TableColumn, TableRows, table_head, table_rows};
use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{Align2, Color32, Painter, Rect, Stroke, Ui};
use egui_phosphor::regular;
use jiff::civil::Date;

/// A column: what sorting by it means, its head, its share of the width.
type Heading<Column> = (Column, &'static str, f32);

static ASSET_COLUMNS: [Heading<AssetColumn>; 5] = [
    (AssetColumn::Kind, "maintenance-column-kind", 0.27),
    (AssetColumn::Number, "maintenance-column-number", 0.21),
    (AssetColumn::Score, "maintenance-column-score", 0.11),
    (AssetColumn::Level, "maintenance-column-level", 0.12),
    (AssetColumn::Next, "maintenance-column-next", 0.29),
];

/// Shares of the columns of [`ASSET_COLUMNS`] beside an open card: kinds are icons there, so that numbers and dates stay
/// whole, and of both scales only the one that colours the view is left.
const NARROW_SHARES: [f32; 5] = [0.12, 0.32, 0.17, 0.17, 0.39];

/// Less room than this is narrow, points of letters at 100 %.
const NARROW: f32 = 345.0;

static REPORT_COLUMNS: [Heading<ReportColumn>; 3] = [
    (ReportColumn::Category, "maintenance-column-category", 0.43),
    (ReportColumn::Status, "maintenance-column-status", 0.33),
    (ReportColumn::Created, "maintenance-column-created", 0.24),
];

/// Shares of the columns of [`REPORT_COLUMNS`] beside an open card: the mark of a status does without its word there.
const NARROW_REPORT_SHARES: [f32; 3] = [0.48, 0.14, 0.38];

/// Lines of a report: the words of a category are too many for one.
const REPORT_LINES: u8 = 2;

fn is_narrow(ui: &Ui) -> bool {
    ui.available_width() < NARROW * Theme::of(ui.ctx()).text_scale
}

/// The columns of the objects that there is room for.
fn asset_columns(is_narrow: bool, scale: Scale) -> Vec<Heading<AssetColumn>> {
    if !is_narrow {
        return ASSET_COLUMNS.to_vec();
    }
    let other = match scale {
        Scale::Nen2767 => AssetColumn::Level,
        Scale::Crow => AssetColumn::Score,
    };
    let narrow = ASSET_COLUMNS.iter().zip(NARROW_SHARES);
    narrow
        .map(|((column, key, _), share)| (*column, *key, share))
        .filter(|(column, ..)| *column != other)
        .collect()
}

/// The columns of the reports, as wide as there is room for.
fn report_columns(is_narrow: bool) -> Vec<Heading<ReportColumn>> {
    let mut columns = REPORT_COLUMNS.to_vec();
    if is_narrow {
        for ((.., share), narrow) in columns.iter_mut().zip(NARROW_REPORT_SHARES) {
            *share = narrow;
        }
    }
    columns
}

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
struct List<'a, Item, Column> {
    name: &'a str,
    columns: &'a [Heading<Column>],
    /// Everything there is.
    items: &'a [Item],
    /// Places in `items`, filtered and in order.
    order: &'a [usize],
    sorting: Sorting<Column>,
    /// Lines of text that a row holds.
    lines: u8,
    label: &'a dyn Fn(usize, &Item) -> String,
    paint: &'a dyn Fn(&Ui, &Painter, &[Rect], usize, &Item),
}

impl<Item, Column: Copy + PartialEq> List<'_, Item, Column> {
    /// Shows it; returns the place of the item that was pressed, and the column whose head was.
    fn show(&self, ui: &mut Ui, sight: Sight, language: &Language) -> (Option<usize>, Option<Column>) {
        let names: Vec<String> = self.columns.iter().map(|(_, key, _)| tr(language, key)).collect();
        let columns: Vec<TableColumn<'_>> = names
            .iter()
            .zip(self.columns)
            .map(|(label, (.., share))| TableColumn {
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
                lines: self.lines,
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
    let columns = asset_columns(is_narrow(ui), page.scale());
    let shown: Vec<AssetColumn> = columns.iter().map(|(column, ..)| *column).collect();
    let (pressed, column) = List {
        name: "maintenance-assets",
        columns: &columns,
        items: &page.stock.assets,
        order: &page.asset_order,
        sorting: page.asset_sorting,
        lines: 1,
        label: &|place, asset| asset_label(page, place, asset, language),
        paint: &|ui, painter, cells, place, asset| {
            let is_removed = page.stock.removed.contains(&place);
            let is_late = is_overdue(asset, page.stock.today);
            for (column, cell) in shown.iter().zip(cells) {
                match column {
                    AssetColumn::Kind => paint_kind(ui, painter, *cell, asset, language),
                    AssetColumn::Number => paint_number(ui, painter, *cell, &asset.id, is_removed),
                    AssetColumn::Score => paint_grade(ui, painter, *cell, Scale::Nen2767, asset),
                    AssetColumn::Level => paint_grade(ui, painter, *cell, Scale::Crow, asset),
                    AssetColumn::Next => paint_next(ui, painter, *cell, asset, is_late, language),
                }
            }
        },
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
    let columns = report_columns(is_narrow(ui));
    let (pressed, column) = List {
        name: "maintenance-reports",
        columns: &columns,
        items: &page.stock.reports,
        order: &page.report_order,
        sorting: page.report_sorting,
        lines: REPORT_LINES,
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
    paint_lines(ui, painter, cell, text, role, color, 1)
}

fn paint_lines(ui: &Ui, painter: &Painter, cell: Rect, text: &str, role: TextRole, color: Color32, lines: u8) -> Rect {
    let theme = Theme::of(ui.ctx());
    let inner = cell.with_min_x(cell.left() + Theme::STEP / 2.0);
    let galley = theme.galley(ui, text, role, color, inner.width() - Theme::STEP, lines.into());
    let at = Align2::LEFT_CENTER.align_size_within_rect(galley.size(), inner);
    painter.galley(at.min, galley, color);
    at
}

/// The largest of `ways` to write something that fits into a cell whole, else the last of them.
fn fitting<'a>(ui: &Ui, cell: Rect, ways: &[(&'a str, TextRole)]) -> (&'a str, TextRole) {
    let theme = Theme::of(ui.ctx());
    let fits = |(words, role): &&(&str, TextRole)| {
        let galley = theme.galley(ui, words, *role, theme.tokens.ink, f32::INFINITY, 1);
        galley.size().x <= cell.width() - 1.5 * Theme::STEP
    };
    let found = ways.iter().find(fits).or(ways.last());
    found.copied().unwrap_or(("", TextRole::Small))
}

/// Side of an icon or mark in a row, points.
fn side(theme: &Theme) -> f32 {
    theme.icon_size() * 1.1
}

/// The kind as an icon, with its word where there is room.
fn paint_kind(ui: &Ui, painter: &Painter, cell: Rect, asset: &Asset, language: &Language) {
    let theme = Theme::of(ui.ctx());
    let ink = theme.tokens.ink;
    let glyph = theme.icon(ui, kind_icon(asset.kind), ink);
    let inset = cell.with_min_x(cell.left() + 1.5 * Theme::STEP);
    let at = Align2::LEFT_CENTER.align_size_within_rect(glyph.size(), inset);
    painter.galley(at.min, glyph, ink);
    if cell.width() > 2.5 * side(&theme) {
        let beside = cell.with_min_x(at.right() + Theme::STEP / 2.0);
        let name = kind_name(asset.kind, language);
        paint_text(ui, painter, beside, &name, TextRole::Body, ink);
    }
}

/// The number. One that the variant takes away is struck through, and marked where there is room.
fn paint_number(ui: &Ui, painter: &Painter, mut cell: Rect, id: &str, is_removed: bool) {
    let theme = Theme::of(ui.ctx());
    let tokens = &theme.tokens;
    let side = side(&theme);
    let strong = theme.galley(ui, id, TextRole::Strong, tokens.ink, f32::INFINITY, 1);
    if is_removed && strong.size().x + side * 1.1 + Theme::STEP <= cell.width() {
        let center = bevy_egui::egui::pos2(cell.right() - side * 0.6, cell.center().y);
        REMOVED_MARK.paint(painter, center, side * 0.8);
        cell.max.x -= side * 1.1;
    }
    let ink = if is_removed { tokens.muted } else { tokens.ink };
    let (id, role) = fitting(ui, cell, &[(id, TextRole::Strong), (id, TextRole::Small)]);
    let written = paint_text(ui, painter, cell, id, role, ink);
    if is_removed {
        let line = Stroke::new(1.5, tokens.error);
        painter.hline(written.x_range(), written.center().y, line);
    }
}

fn paint_grade(ui: &Ui, painter: &Painter, cell: Rect, scale: Scale, asset: &Asset) {
    let side = side(&Theme::of(ui.ctx()));
    let grade = scale.grade(asset);
    let center = bevy_egui::egui::pos2(cell.left() + side * 0.7, cell.center().y);
    Mark {
        sign: &scale.mark(grade),
        shape: grade_shape(scale),
        color: color32(scale.color(grade)),
    }
    .paint(painter, center, side);
}

/// The next inspection, in red with a clock where it is late.
fn paint_next(ui: &Ui, painter: &Painter, cell: Rect, asset: &Asset, is_late: bool, language: &Language) {
    let tokens = &Theme::of(ui.ctx()).tokens;
    let ink = if is_late { tokens.error } else { tokens.ink };
    let role = if is_late { TextRole::Strong } else { TextRole::Body };
    let date = short_date(asset.next_inspection, language);
    let with_icon = format!("{} {date}", regular::CLOCK_COUNTDOWN);
    let words = if is_late { with_icon.as_str() } else { date.as_str() };
    // In the narrowest panel a small date, without its icon if need be, says more than the half of a large one.
    let ways = [(words, role), (words, TextRole::Small), (&*date, TextRole::Small)];
    let (words, role) = fitting(ui, cell, &ways);
    paint_text(ui, painter, cell, words, role, ink);
}

/// Everything that the row shows, in words.
fn report_label(report: &Report, language: &Language) -> String {
    [
        report.id.clone(),
        category_words(&report.category, language),
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
    let side = side(&theme);
    let inset = category.with_min_x(category.left() + Theme::STEP);
    let words = category_words(&report.category, language);
    paint_lines(ui, painter, inset, &words, TextRole::Body, ink, REPORT_LINES);
    let center = bevy_egui::egui::pos2(status.left() + side * 0.7, status.center().y);
    stage_mark(report.stage()).paint(painter, center, side);
    if status.width() > 2.5 * side {
        let beside = status.with_min_x(status.left() + side * 1.4);
        paint_text(ui, painter, beside, &report.status, TextRole::Body, ink);
    }
    let day = short_date(report.created, language);
    let (day, role) = fitting(ui, *created, &[(&day, TextRole::Body), (&day, TextRole::Small)]);
    paint_text(ui, painter, *created, day, role, ink);
}
