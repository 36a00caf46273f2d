use super::super::list::tests::{four, report};
use super::*;
use bevy_egui::egui::vec2;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use jiff::civil::date;

const SIZE: (f32, f32) = (420.0, 700.0);

struct Shown {
    page: MaintenancePage,
    language: Language,
    text_scale: f32,
}

fn stock(assets: Vec<Asset>) -> Stock {
    Stock {
        assets: Arc::new(assets),
        reports: Arc::new(vec![
            report("SIG-1", "schoon/prullenbak-vol", "Gemeld", date(2026, 3, 1)),
            report("SIG-2", "openbaar-groen-en-water/boom", "Afgehandeld", date(2026, 5, 1)),
        ]),
        removed: BTreeSet::from([2]),
        today: date(2026, 11, 22),
    }
}

fn harness(code: &str, assets: Vec<Asset>, size: (f32, f32), text_scale: f32) -> Harness<'static, Shown> {
    let mut page = MaintenancePage::default();
    page.set_stock(stock(assets));
    let shown = Shown {
        page,
        language: Language::from_code(code).unwrap(),
        text_scale,
    };
    let mut harness = Harness::builder().with_size(vec2(size.0, size.1)).build_ui_state(
        |ui, shown: &mut Shown| {
            Theme::new(false, shown.text_scale).install(ui.ctx());
            bevy_egui::egui::ScrollArea::vertical().show(ui, |ui| shown.page.show(ui, &shown.language));
        },
        shown,
    );
    harness.run();
    harness
}

fn press(harness: &mut Harness<'_, Shown>, start: &str) {
    let name = harness
        .root()
        .children_recursive()
        .filter_map(|node| node.accesskit_node().label())
        .find(|label| label.starts_with(start))
        .unwrap_or_else(|| panic!("nothing is called {start}…"));
    harness.get_by_label(&name).click();
    harness.run();
}

fn numbers(harness: &Harness<'_, Shown>) -> Vec<String> {
    let page = &harness.state().page;
    page.asset_order
        .iter()
        .map(|place| page.stock.assets[*place].id.clone())
        .collect()
}

#[test]
fn several_values_are_chosen_and_the_count_says_what_is_left() {
    let mut harness = harness("nl", four(), SIZE, 1.0);
    harness.get_by_label("4 van 4 objecten");
    press(&mut harness, "Lichtmast 2");
    harness.get_by_label("2 van 4 objecten");
    press(&mut harness, "Bank 1");
    assert_eq!(numbers(&harness), ["LM-9", "LM-10", "Z-2"]);
    press(&mut harness, "6 zeer slecht 1");
    press(&mut harness, "geen gegevens 1");
    assert_eq!(numbers(&harness), ["LM-9", "Z-2"], "no data is a value like any other");
    press(&mut harness, "Toon alles");
    harness.get_by_label("4 van 4 objecten");
}

#[test]
fn each_filter_counts_with_the_others_as_they_are() {
    let mut harness = harness("nl", four(), SIZE, 1.0);
    harness.get_by_label("Inspectie te laat 1");
    press(&mut harness, "Bank 1");
    harness.get_by_label("Lichtmast 2");
    harness.get_by_label("Inspectie te laat 0");
    harness.get_by_label("Verdwijnt in deze variant 0");
    press(&mut harness, "Lichtmast 2");
    harness.get_by_label("Inspectie te laat 1");
    press(&mut harness, "Inspectie te laat 1");
    harness.get_by_label("Bank 0");
    harness.get_by_label("Lichtmast 1");
    assert_eq!(numbers(&harness), ["LM-10"]);
    press(&mut harness, "Toon alles");
    harness.get_by_label("Bank 1");
}

#[test]
fn late_and_going_are_filters_of_their_own() {
    let mut harness = harness("nl", four(), SIZE, 1.0);
    press(&mut harness, "Inspectie te laat 1");
    assert_eq!(numbers(&harness), ["LM-10"]);
    press(&mut harness, "Inspectie te laat 1");
    press(&mut harness, "Verdwijnt in deze variant 1");
    assert_eq!(numbers(&harness), ["B-1"]);
    let row = "Boom B-1, NEN 2767: 1 uitstekend, CROW: D slecht, Inspectie: 22-11-2026, Verdwijnt in deze variant";
    harness.get_by_label(row);
}

#[test]
fn the_scales_are_never_mixed() {
    let mut harness = harness("nl", four(), SIZE, 1.0);
    press(&mut harness, "4 matig");
    assert_eq!(numbers(&harness), ["LM-10"]);
    press(&mut harness, "Niveau CROW");
    assert_eq!(numbers(&harness).len(), 4, "a score filters nothing on the other scale");
    assert!(harness.query_by_label("4 matig 1").is_none(), "only one scale is shown");
    press(&mut harness, "D slecht");
    assert_eq!(numbers(&harness), ["B-1"]);
}

#[test]
fn a_head_sorts_and_turns() {
    let mut harness = harness("nl", four(), SIZE, 1.0);
    harness.get_by_label("NEN").click();
    harness.run();
    assert_eq!(numbers(&harness), ["B-1", "LM-10", "Z-2", "LM-9"]);
    harness.get_by_label("NEN").click();
    harness.run();
    assert_eq!(numbers(&harness), ["Z-2", "LM-10", "B-1", "LM-9"]);
}

#[test]
fn a_row_asks_to_be_shown_and_the_list_to_be_saved() {
    let mut harness = harness("nl", four(), SIZE, 1.0);
    press(&mut harness, "Lichtmast LM-9");
    assert_eq!(harness.state_mut().page.take_wishes(), [Wish::Show(Row::Asset(1))]);
    press(&mut harness, "Werklijst opslaan");
    assert_eq!(harness.state_mut().page.take_wishes(), [Wish::Save]);
    assert_eq!(harness.state_mut().page.take_wishes(), []);
}

#[test]
fn reports_stand_in_a_list_of_their_own_the_newest_first() {
    let mut harness = harness("nl", four(), SIZE, 1.0);
    press(&mut harness, "Meldingen");
    harness.get_by_label("2 van 2 meldingen");
    harness.get_by_label("SIG-2, Boom, Klaar, Afgehandeld, 01-05-2026");
    assert_eq!(harness.state().page.report_order, [1, 0]);
    press(&mut harness, "Nog open 1");
    harness.get_by_label("1 van 2 meldingen");
    press(&mut harness, "SIG-1");
    assert_eq!(harness.state_mut().page.take_wishes(), [Wish::Show(Row::Report(0))]);
}

#[test]
fn on_a_low_screen_the_filters_start_folded_and_say_how_many_hold() {
    let mut harness = harness("nl", four(), (410.0, 440.0), 1.0);
    assert!(harness.query_by_label("Bank 1").is_none());
    press(&mut harness, "Filters");
    press(&mut harness, "Bank 1");
    press(&mut harness, "Inspectie te laat");
    press(&mut harness, "Filters 2");
    assert!(harness.query_by_label("Bank 1").is_none());
    harness.get_by_label("0 van 4 objecten");
}

/// Fifty thousand lamps.
fn many() -> Vec<Asset> {
    let lamp = four().remove(1);
    (0..50_000)
        .map(|number| Asset {
            id: format!("LM-{number:05}"),
            ..lamp.clone()
        })
        .collect()
}

#[test]
fn what_is_picked_in_the_view_comes_into_sight_and_only_rows_in_sight_are_laid_out() {
    let mut harness = harness("nl", many(), SIZE, 1.0);
    let rows = |harness: &Harness<'_, Shown>| -> Vec<String> {
        let labels = harness.root().children_recursive();
        labels
            .filter_map(|node| node.accesskit_node().label())
            .filter(|label| label.starts_with("Lichtmast LM-"))
            .collect()
    };
    let shown = rows(&harness);
    assert!((3..40).contains(&shown.len()), "{} rows are laid out", shown.len());
    harness.state_mut().page.set_picked(Some(Row::Asset(31_234)));
    harness.run();
    let shown = rows(&harness);
    assert!(
        shown.iter().any(|label| label.starts_with("Lichtmast LM-31234")),
        "{shown:?}"
    );
    assert!(shown.len() < 40);
}

#[test]
fn what_is_picked_but_filtered_out_is_said() {
    let mut harness = harness("nl", four(), SIZE, 1.0);
    press(&mut harness, "Boom 1");
    harness.state_mut().page.set_picked(Some(Row::Asset(0)));
    harness.run();
    harness.get_by_label_contains("past niet bij de filters");
    harness.state_mut().page.set_picked(Some(Row::Asset(2)));
    harness.run();
    assert!(harness.query_by_label_contains("past niet bij de filters").is_none());
}

#[test]
fn everything_fits_in_large_letters_and_on_a_low_screen() {
    for code in ["nl", "en"] {
        for (size, text_scale) in [
            (SIZE, 1.0),
            ((240.0, 600.0), 1.0),
            ((410.0, 420.0), 1.0),
            ((600.0, 500.0), 2.0),
        ] {
            let mut harness = harness(code, many(), size, text_scale);
            harness.run();
            for node in harness.root().children_recursive() {
                let Some(bounds) = node.accesskit_node().raw_bounds() else {
                    continue;
                };
                let label = node.accesskit_node().label().unwrap_or_default();
                assert!(
                    bounds.x1 <= f64::from(size.0) + 0.5,
                    "{code} at {text_scale}: `{label}` reaches {} of {}",
                    bounds.x1,
                    size.0
                );
            }
        }
    }
}

#[test]
fn beside_an_open_card_only_the_scale_that_colours_the_view_has_a_column() {
    let mut harness = harness("nl", four(), (240.0, 900.0), 1.0);
    let has = |harness: &Harness<'_, Shown>, name: &str| harness.query_by_label(name).is_some();
    assert!(has(&harness, "NEN") && !has(&harness, "CROW") && has(&harness, "Inspectie"));
    press(&mut harness, "Niveau CROW");
    assert!(has(&harness, "CROW") && !has(&harness, "NEN") && has(&harness, "Nummer"));
    harness.get_by_label("CROW").click();
    harness.run();
    assert_eq!(harness.state().page.asset_sorting.column, AssetColumn::Level);
}

#[test]
fn the_view_shows_the_state_and_keeps_what_is_left_out_pale() {
    let mut page = MaintenancePage::default();
    page.set_stock(stock(four()));
    let before = page.revision();
    let nen = Scale::Nen2767;
    let all = page.looks();
    assert!(all.keeps_removed);
    let expected = [
        Some(nen.color(4)),
        Some(nen.color(0)),
        Some(palette::REMOVED),
        Some(nen.color(6)),
    ];
    assert_eq!(all.assets, expected);
    assert_eq!(all.reports, [None, None]);
    page.asset_filter.kinds.insert(AssetKind::Bench);
    page.refresh();
    assert!(page.revision() > before);
    let filtered = page.looks().assets;
    assert_eq!(filtered, [Some(PALE), Some(PALE), Some(PALE), Some(nen.color(6))]);
}

#[test]
fn another_scenario_starts_without_filters_and_another_variant_keeps_them() {
    let mut page = MaintenancePage::default();
    let first = stock(four());
    page.set_stock(first.clone());
    page.asset_filter.overdue = true;
    page.set_stock(Stock {
        removed: BTreeSet::new(),
        ..first
    });
    assert!(page.asset_filter.overdue);
    page.set_stock(stock(four()));
    assert!(!page.asset_filter.is_set());
}
