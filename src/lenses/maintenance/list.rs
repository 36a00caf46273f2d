//! Which objects and reports are on the list, and in what order: pure, so that the list, the view and the worklist agree.

use super::grades::{Grade, NO_DATA, Scale};
use crate::model::{Asset, AssetKind, Report, ReportStage};
use crate::panels::report_words::theme_of;
use jiff::civil::Date;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Which managed objects are on the list. An empty set of values lets all through; several values are alternatives,
/// several kinds of filter must all hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct AssetFilter {
    /// Kinds.
    pub(super) kinds: BTreeSet<AssetKind>,
    /// The scale that [`Self::grades`] are of.
    pub(super) scale: Scale,
    /// Grades on that scale.
    pub(super) grades: BTreeSet<Grade>,
    /// Only what should have been inspected before today.
    pub(super) overdue: bool,
    /// Only what the variant and phase shown take away.
    pub(super) removed: bool,
}

impl AssetFilter {
    /// Whether anything is left out.
    pub(super) fn is_set(&self) -> bool {
        self.chosen() > 0
    }

    /// How many values are chosen.
    pub(super) fn chosen(&self) -> usize {
        self.kinds.len() + self.grades.len() + usize::from(self.overdue) + usize::from(self.removed)
    }

    /// Filters by the grades of another scale; those of the old one mean nothing there.
    pub(super) fn set_scale(&mut self, scale: Scale) {
        if self.scale != scale {
            self.scale = scale;
            self.grades.clear();
        }
    }

    /// Whether an object is on the list.
    pub(super) fn lets_through(&self, asset: &Asset, is_removed: bool, today: Date) -> bool {
        self.passes(asset, is_removed, today) == [true; 4]
    }

    /// Which parts of the filter let an object through: kinds, grades, late, taken away.
    pub(super) fn passes(&self, asset: &Asset, is_removed: bool, today: Date) -> [bool; 4] {
        [
            self.kinds.is_empty() || self.kinds.contains(&asset.kind),
            self.grades.is_empty() || self.grades.contains(&self.scale.grade(asset)),
            !self.overdue || is_overdue(asset, today),
            !self.removed || is_removed,
        ]
    }
}

/// Whether an object should have been inspected before `today`. Without a date for it nobody can say so: then it is not.
pub(super) fn is_overdue(asset: &Asset, today: Date) -> bool {
    asset.next_inspection.is_some_and(|due| due < today)
}

/// Which reports are on the list; empty sets let all through.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ReportFilter {
    /// How far they have come.
    pub(super) stages: BTreeSet<ReportStage>,
    /// Main categories, as [`theme_of`] gives them.
    pub(super) themes: BTreeSet<String>,
}

impl ReportFilter {
    /// Whether anything is left out.
    pub(super) fn is_set(&self) -> bool {
        self.chosen() > 0
    }

    /// How many values are chosen.
    pub(super) fn chosen(&self) -> usize {
        self.stages.len() + self.themes.len()
    }

    /// Whether a report is on the list.
    pub(super) fn lets_through(&self, report: &Report) -> bool {
        self.passes(report) == [true; 2]
    }

    /// Which parts of the filter let a report through: stages, themes.
    pub(super) fn passes(&self, report: &Report) -> [bool; 2] {
        [
            self.stages.is_empty() || self.stages.contains(&report.stage()),
            self.themes.is_empty() || self.themes.contains(theme_of(&report.category)),
        ]
    }
}

/// Columns that objects are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum AssetColumn {
    /// Kind.
    Kind,
    /// Owner's number.
    #[default]
    Number,
    /// NEN 2767 score.
    Score,
    /// CROW level.
    Level,
    /// Next inspection.
    Next,
}

/// Columns that reports are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum ReportColumn {
    /// Category.
    Category,
    /// Status.
    Status,
    /// Date made.
    #[default]
    Created,
}

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sorting<C> {
    /// Column.
    pub(super) column: C,
    /// The greatest first. What has no value comes last either way.
    pub(super) descending: bool,
}

impl<C: PartialEq> Sorting<C> {
    /// Sorts by `column`, and the other way round when it already did.
    pub(super) fn press(&mut self, column: C) {
        self.descending = self.column == column && !self.descending;
        self.column = column;
    }
}

/// Places in `assets` in the order of their numbers as people count. Fifty thousand take some twenty milliseconds: once
/// for a scenario, not at every change of a filter.
pub(super) fn by_number(assets: &[Asset]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..assets.len()).collect();
    order.sort_by(|a, b| natural(&assets[*a].id, &assets[*b].id));
    order
}

/// Places in `assets` of what the filter lets through, in order; `by_number` as the function of that name gives it.
pub(super) fn ordered_assets(
    assets: &[Asset],
    by_number: &[usize],
    filter: &AssetFilter,
    sorting: Sorting<AssetColumn>,
    removed: &BTreeSet<usize>,
    today: Date,
) -> Vec<usize> {
    let mut order: Vec<usize> = by_number
        .iter()
        .copied()
        .filter(|place| filter.lets_through(&assets[*place], removed.contains(place), today))
        .collect();
    // Every sort keeps the order that it finds, so what has the same value stays in the order of its numbers.
    let descending = sorting.descending;
    let by_scale = |order: &mut Vec<usize>, scale: Scale| {
        let known = |place: usize| Some(scale.grade(&assets[place])).filter(|grade| *grade != NO_DATA);
        order.sort_by(|a, b| known_first(known(*a), known(*b), descending));
    };
    match sorting.column {
        AssetColumn::Number if descending => order.reverse(),
        AssetColumn::Number => {}
        AssetColumn::Kind => order.sort_by(|a, b| turned(assets[*a].kind.cmp(&assets[*b].kind), descending)),
        AssetColumn::Score => by_scale(&mut order, Scale::Nen2767),
        AssetColumn::Level => by_scale(&mut order, Scale::Crow),
        AssetColumn::Next => order.sort_by(|a, b| {
            let (a, b) = (assets[*a].next_inspection, assets[*b].next_inspection);
            known_first(a, b, descending)
        }),
    }
    order
}

/// Places in `reports` of what the filter lets through, in order.
pub(super) fn ordered_reports(reports: &[Report], filter: &ReportFilter, sorting: Sorting<ReportColumn>) -> Vec<usize> {
    let mut order: Vec<usize> = reports
        .iter()
        .enumerate()
        .filter(|(_, report)| filter.lets_through(report))
        .map(|(place, _)| place)
        .collect();
    let compare = |a: &Report, b: &Report| {
        match sorting.column {
            ReportColumn::Category => turned(a.category.cmp(&b.category), sorting.descending),
            ReportColumn::Status => {
                let stages = a.stage().cmp(&b.stage()).then_with(|| a.status.cmp(&b.status));
                turned(stages, sorting.descending)
            }
            ReportColumn::Created => known_first(a.created, b.created, sorting.descending),
        }
        .then_with(|| natural(&a.id, &b.id))
    };
    order.sort_by(|a, b| compare(&reports[*a], &reports[*b]));
    order
}

fn turned(order: Ordering, descending: bool) -> Ordering {
    if descending { order.reverse() } else { order }
}

fn known_first<T: Ord>(a: Option<T>, b: Option<T>, descending: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => turned(a.cmp(&b), descending),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// Order in which people count: `LM-9` before `LM-10`.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (mut a_left, mut b_left) = (a, b);
    loop {
        let (Some(a_first), Some(b_first)) = (a_left.chars().next(), b_left.chars().next()) else {
            return a_left.len().cmp(&b_left.len()).then_with(|| a.cmp(b));
        };
        if a_first.is_ascii_digit() && b_first.is_ascii_digit() {
            let (a_digits, a_rest) = digits(a_left);
            let (b_digits, b_rest) = digits(b_left);
            // Without leading zeros the longer number is the greater one, however long both are.
            let order = a_digits.len().cmp(&b_digits.len()).then_with(|| a_digits.cmp(b_digits));
            if order != Ordering::Equal {
                return order;
            }
            (a_left, b_left) = (a_rest, b_rest);
        } else if a_first == b_first {
            a_left = &a_left[a_first.len_utf8()..];
            b_left = &b_left[b_first.len_utf8()..];
        } else {
            return a_first.cmp(&b_first);
        }
    }
}

/// The digits that `text` begins with, without leading zeros, and what follows.
fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (text[..end].trim_start_matches('0'), &text[end..])
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use bevy::math::DVec2;
    use jiff::civil::date;

    const TODAY: Date = date(2026, 11, 22);

    /// An object of which nothing is known but its number.
    pub(in crate::lenses::maintenance) fn asset(id: &str) -> Asset {
        Asset {
            id: id.into(),
            kind: AssetKind::Lamp,
            position: DVec2::ZERO,
            heading_deg: 0.0,
            height_m: 0.0,
            crown_m: 0.0,
            condition: None,
            upkeep: None,
            inspected: None,
            next_inspection: None,
            attributes: Vec::new(),
        }
    }

    /// A report of a category, with a status and a date.
    pub(in crate::lenses::maintenance) fn report(id: &str, category: &str, status: &str, created: Date) -> Report {
        Report {
            id: id.into(),
            position: DVec2::ZERO,
            category: category.into(),
            status: status.into(),
            created: Some(created),
        }
    }

    /// A lamp of score 4 that is due, a lamp without data, a tree of score 1 and level D, a bench of score 6 and level B.
    pub(in crate::lenses::maintenance) fn four() -> Vec<Asset> {
        let mut all = ["LM-10", "LM-9", "B-1", "Z-2"].map(asset);
        all[0].condition = Some(4);
        all[0].next_inspection = Some(date(2026, 11, 21));
        all[2].kind = AssetKind::Tree;
        all[2].condition = Some(1);
        all[2].upkeep = Some("D".into());
        all[2].next_inspection = Some(TODAY);
        all[3].kind = AssetKind::Bench;
        all[3].condition = Some(6);
        all[3].upkeep = Some("B".into());
        all[3].next_inspection = Some(date(2030, 1, 1));
        all.into()
    }

    fn listed(filter: &AssetFilter) -> Vec<usize> {
        let (all, removed) = (four(), BTreeSet::from([2]));
        ordered_assets(&all, &by_number(&all), filter, Sorting::default(), &removed, TODAY)
    }

    #[test]
    fn several_values_are_alternatives_and_several_filters_all_hold() {
        let none = AssetFilter::default();
        assert!(!none.is_set());
        assert_eq!(listed(&none), [2, 1, 0, 3]);
        let kinds = |kinds: &[AssetKind]| AssetFilter {
            kinds: kinds.iter().copied().collect(),
            ..AssetFilter::default()
        };
        assert_eq!(listed(&kinds(&[AssetKind::Lamp])), [1, 0]);
        assert_eq!(listed(&kinds(&[AssetKind::Lamp, AssetKind::Bench])), [1, 0, 3]);
        let worn = AssetFilter {
            grades: BTreeSet::from([4, 6]),
            ..kinds(&[AssetKind::Lamp, AssetKind::Tree])
        };
        assert_eq!(listed(&worn), [0]);
        let unknown = AssetFilter {
            grades: BTreeSet::from([NO_DATA]),
            ..AssetFilter::default()
        };
        assert_eq!(listed(&unknown), [1]);
        let gone = AssetFilter {
            removed: true,
            ..AssetFilter::default()
        };
        assert_eq!(listed(&gone), [2]);
    }

    #[test]
    fn an_inspection_is_late_from_the_day_after() {
        let late = AssetFilter {
            overdue: true,
            ..AssetFilter::default()
        };
        assert_eq!(
            listed(&late),
            [0],
            "yesterday is late; today, later and no date are not"
        );
    }

    #[test]
    fn another_scale_starts_without_the_old_grades() {
        let mut filter = AssetFilter {
            grades: BTreeSet::from([4]),
            ..AssetFilter::default()
        };
        filter.set_scale(Scale::Nen2767);
        assert_eq!(filter.grades, BTreeSet::from([4]));
        filter.set_scale(Scale::Crow);
        assert!(filter.grades.is_empty());
        filter.grades.insert(5);
        assert_eq!(listed(&filter), [2], "level D, not score 5");
    }

    #[test]
    fn what_has_no_value_is_last_both_ways() {
        let order = |column, descending| {
            let sorting = Sorting { column, descending };
            let (all, filter) = (four(), AssetFilter::default());
            ordered_assets(&all, &by_number(&all), &filter, sorting, &BTreeSet::new(), TODAY)
        };
        assert_eq!(order(AssetColumn::Score, false), [2, 0, 3, 1]);
        assert_eq!(order(AssetColumn::Score, true), [3, 0, 2, 1]);
        assert_eq!(order(AssetColumn::Level, false), [3, 2, 1, 0]);
        assert_eq!(order(AssetColumn::Next, true), [3, 2, 0, 1]);
        assert_eq!(order(AssetColumn::Kind, false), [2, 1, 0, 3]);
        assert_eq!(order(AssetColumn::Number, true), [3, 0, 1, 2]);
    }

    #[test]
    fn pressing_a_head_again_turns_the_order() {
        let mut sorting = Sorting::<AssetColumn>::default();
        let mut press = |column| {
            sorting.press(column);
            sorting.descending
        };
        assert!(!press(AssetColumn::Score));
        assert!(press(AssetColumn::Score));
        assert!(!press(AssetColumn::Score));
        press(AssetColumn::Score);
        assert!(!press(AssetColumn::Kind), "another column starts from its least");
    }

    #[test]
    fn numbers_sort_as_people_count() {
        for (a, b) in [
            ("LM-9", "LM-10"),
            ("LM-09", "LM-10"),
            ("A", "B"),
            ("A1", "A1b"),
            ("", "0"),
            ("a2b10", "a2b11"),
            ("7", "99999999999999999999999999999999999999999"),
        ] {
            assert_eq!(natural(a, b), Ordering::Less, "{a} {b}");
            assert_eq!(natural(b, a), Ordering::Greater, "{b} {a}");
        }
        assert_eq!(natural("x1", "x1"), Ordering::Equal);
        assert_ne!(natural("x01", "x1"), Ordering::Equal, "two numbers stay in one order");
    }

    #[test]
    fn reports_are_filtered_by_stage_and_theme_and_sorted_by_date() {
        let all = [
            report("1", "schoon/prullenbak-vol", "Gemeld", date(2026, 3, 1)),
            report("2", "openbaar-groen-en-water/boom", "Afgehandeld", date(2026, 5, 1)),
            report("3", "schoon/graffitiwildplak", "Ingepland", date(2026, 4, 1)),
        ];
        let newest = Sorting {
            column: ReportColumn::Created,
            descending: true,
        };
        let mut filter = ReportFilter::default();
        assert_eq!(ordered_reports(&all, &filter, newest), [1, 2, 0]);
        filter.themes.insert("schoon".into());
        assert_eq!(ordered_reports(&all, &filter, newest), [2, 0]);
        filter.stages = BTreeSet::from([ReportStage::Open, ReportStage::Done]);
        assert_eq!(ordered_reports(&all, &filter, newest), [0]);
    }
}
