//! What pressing and typing asks for.

use super::scene::{DESK, Scene, languages, press, say};
use bevy_egui::egui::{self, Key, Modifiers, accesskit::Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use jiff::civil::date;
use stadslens::panels::card::CardAction;
use stadslens::panels::desk::{Dialog, Hovering};
use stadslens::panels::layers::LayersAction;
use stadslens::panels::minimap::{MinimapAction, MinimapState};
use stadslens::panels::network::NetworkAction;
use stadslens::panels::problems::ProblemsAction;
use stadslens::panels::settings::SettingsAction;
use stadslens::panels::status_bar::Loading;
use stadslens::panels::sun::SunAction;
use stadslens::panels::tools::ToolsAction;
use stadslens::panels::top_bar::TopBarAction;
use stadslens::panels::variants::{PhaseRow, VariantsAction};
use stadslens::panels::viewpoints::ViewpointsAction;
use stadslens::schedule::Lens;
use stadslens::text::Language;
use stadslens::ui::preferences::{QualityChoice, ThemeChoice};
use std::path::PathBuf;

const DUTCH_PLACE: &str = "RD 251 003  476 248 · NAP 17,2 m · 52,26587° NB 6,79361° OL";

#[test]
fn everything_has_its_name_in_every_language() {
    for language in languages() {
        let harness = Scene::new(language).with_card().harness(DESK, 1.0);
        for key in [
            "lens-design",
            "lens-participation",
            "lens-maintenance",
            "top-charter",
            "top-keys",
            "top-settings",
            "panel-fold",
            "tools-home",
            "tools-north",
            "tools-sun",
            "banner-synthetic",
            "status-complete",
            "card-fly-to",
            "card-copy",
            "card-all",
        ] {
            let text = say(language, key);
            assert!(
                harness.query_by_label(&text).is_some(),
                "{language}: {key} ({text}) is not on the desk"
            );
        }
    }
    let harness = Scene::new("nl").harness(DESK, 1.0);
    harness.get_by_label(DUTCH_PLACE);
    harness.get_by_label("2 problemen");
    harness.get_by_label("50 m");
}

#[test]
fn pressing_a_variant_asks_for_it_and_the_active_one_does_not() {
    for language in languages() {
        let mut harness = Scene::new(language).harness(DESK, 1.0);
        let asked = press(&mut harness, "Masterplan");
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].variants, [VariantsAction::Choose("a".to_owned())]);
        assert_eq!(press(&mut harness, "Nu"), []);
    }
}

#[test]
fn a_phase_is_chosen_from_the_list_and_the_final_state_again() {
    let mut scene = Scene::new("nl");
    scene.variants.phases = vec![PhaseRow {
        id: "1".to_owned(),
        title: "Woningen".to_owned(),
        year: "2031".to_owned(),
    }];
    let mut harness = scene.harness(DESK, 1.0);
    assert_eq!(press(&mut harness, "Fase: Eindbeeld"), []);
    let asked = press(&mut harness, "Woningen");
    let chosen = |phase: Option<&str>| vec![VariantsAction::ChoosePhase(phase.map(str::to_owned))];
    assert_eq!(asked[0].variants, chosen(Some("1")));

    harness.state_mut().variants.phase = Some("1".to_owned());
    harness.run();
    press(&mut harness, "Fase: Woningen");
    let asked = press(&mut harness, "Eindbeeld");
    assert_eq!(asked[0].variants, chosen(None));
}

#[test]
fn pressing_a_lens_asks_for_it() {
    let mut harness = Scene::new("nl").harness(DESK, 1.0);
    let asked = press(&mut harness, "Beheer");
    assert_eq!(asked[0].top, [TopBarAction::SwitchLens(Lens::Maintenance)]);
    assert_eq!(
        press(&mut harness, "Ontwerp"),
        [],
        "the active lens is not switched to again"
    );
}

#[test]
fn only_the_lenses_that_run_are_offered() {
    for lens in [Lens::Design, Lens::Participation, Lens::Maintenance] {
        let mut scene = Scene::new("en");
        scene.top.lenses = vec![lens];
        scene.top.active = lens;
        let harness = scene.harness(DESK, 1.0);
        assert_eq!(
            harness.query_all_by_label("Design").count(),
            usize::from(lens == Lens::Design)
        );
        assert_eq!(
            harness.query_all_by_label("Maintenance").count(),
            usize::from(lens == Lens::Maintenance)
        );
    }
}

#[test]
fn the_left_panel_turns_pages_and_folds() {
    let mut harness = Scene::new("nl").harness(DESK, 1.0);
    press(&mut harness, "Camerastandpunten");
    let asked = press(&mut harness, "Marktplein");
    assert_eq!(asked[0].viewpoints, [ViewpointsAction::FlyTo("plein".to_owned())]);
    press(&mut harness, "Lagen");
    harness.get_by_label("Stadslens · 22 november 2026 · CC0");
    harness.get_by_label("Boom, klein");
    harness.get_by_label("voorbeeld, niet gemeten");
    let asked = press(&mut harness, "Bomen");
    let hidden = LayersAction::SetVisible {
        id: "trees".to_owned(),
        visible: false,
    };
    assert_eq!(asked[0].layers, [hidden]);
    press(&mut harness, "Inklappen");
    assert!(harness.query_by_label("Bomen").is_none(), "folded");
    assert!(!harness.state().desk.panels.left_open);
    press(&mut harness, "Varianten");
    harness.get_by_label("Masterplan");
}

#[test]
fn the_card_shows_facts_copies_and_closes() {
    let mut harness = Scene::new("nl").with_card().harness(DESK, 1.0);
    harness.get_by_label("Bouwjaar: 1890");
    harness.get_by_label("Status: vastgesteld");
    harness.get_by_label("Stadslens · licentie onbekend");
    assert!(harness.query_by_label_contains("NL.IMBAG.Pand").is_none());
    press(&mut harness, "Alle gegevens");
    harness.get_by_label("identificatie: NL.IMBAG.Pand.0164100000000001");
    assert_eq!(press(&mut harness, "Erheen")[0].card, [CardAction::FlyTo]);
    assert_eq!(press(&mut harness, "Notitie")[0].card, [CardAction::WriteNote]);

    harness.get_by_label("Kopiëren").click();
    harness.step();
    let copied = harness
        .output()
        .platform_output
        .commands
        .iter()
        .find_map(|command| match command {
            egui::OutputCommand::CopyText(text) => Some(text.clone()),
            _ => None,
        });
    let copied = copied.expect("something copied");
    assert!(
        copied.contains("Bouwjaar\t1890\n") && copied.contains("identificatie\tNL.IMBAG"),
        "{copied}"
    );
    harness.run_ok();
    harness.get_by_label("Gegevens gekopieerd");

    let cross = harness.get_all_by_label("Sluiten").next().unwrap();
    cross.click();
    harness.run_ok();
    assert!(
        harness
            .state()
            .asked
            .iter()
            .any(|asked| asked.card == [CardAction::Close])
    );
}

#[test]
fn problems_open_from_the_counter() {
    let mut harness = Scene::new("nl").harness(DESK, 1.0);
    press(&mut harness, "2 problemen");
    assert_eq!(harness.state().desk.dialog, Some(Dialog::Problems));
    harness.get_by_label("Een tegel ontbreekt");
    assert_eq!(
        harness
            .get_all_by_label("Een stuk van de stad wordt niet getekend.")
            .count(),
        2
    );
    let asked = press(&mut harness, "Nog eens proberen");
    assert_eq!(asked[0].problems, [ProblemsAction::Retry]);
    let asked = press(&mut harness, "Opnieuw openen");
    assert_eq!(asked[0].problems, [ProblemsAction::Reopen]);
    harness.get_all_by_label("Negeren").nth(1).unwrap().click();
    harness.run();
    assert_eq!(harness.state().asked[0].problems, [ProblemsAction::Ignore(1)]);
    harness.key_press(Key::Escape);
    harness.run();
    assert_eq!(harness.state().desk.dialog, None);
}

#[test]
fn no_problems_no_counter() {
    let mut scene = Scene::new("nl");
    scene.problems.rows.clear();
    let harness = scene.harness(DESK, 1.0);
    assert!(harness.query_by_label_contains("probleem").is_none());
    assert!(harness.query_by_label_contains("problemen").is_none());
}

#[test]
fn a_million_problems_do_not_stop_the_program() {
    let mut scene = Scene::new("nl");
    let row = scene.problems.rows[0].clone();
    scene.problems.rows = vec![row; 1_000_000];
    scene.desk.dialog = Some(Dialog::Problems);
    let harness = scene.harness(DESK, 1.0);
    harness.get_by_label("1.000.000 problemen");
    harness.get_by_label("En nog 999.800 problemen. De gekopieerde lijst is volledig.");
}

#[test]
fn settings_ask_for_what_is_pressed() {
    let mut scene = Scene::new("nl");
    scene.desk.dialog = Some(Dialog::Settings);
    let mut harness = scene.harness(DESK, 1.0);
    let mut expect = |label: &str, action: SettingsAction| {
        assert_eq!(press(&mut harness, label)[0].settings, [action], "{label}");
    };
    expect(
        "English",
        SettingsAction::SetLanguage(Language::from_code("en").unwrap()),
    );
    expect("150%", SettingsAction::SetTextScale(1.5));
    expect("Laag", SettingsAction::SetQuality(QualityChoice::Low));
    expect("Donker", SettingsAction::SetTheme(ThemeChoice::Dark));
    expect("Minder beweging", SettingsAction::SetReducedMotion(true));
    expect(
        "Niets van internet halen",
        SettingsAction::Network(NetworkAction::SetOffline(true)),
    );
    press(&mut harness, "Alles wissen");
    let asked = press(&mut harness, "Ja, alles wissen");
    assert_eq!(asked[0].settings, [SettingsAction::Network(NetworkAction::Clear)]);
}

#[test]
fn language_switches_from_the_bar() {
    let mut harness = Scene::new("nl").harness(DESK, 1.0);
    press(&mut harness, "NL");
    let asked = press(&mut harness, "English");
    assert_eq!(
        asked[0].top,
        [TopBarAction::SetLanguage(Language::from_code("en").unwrap())]
    );
    harness.state_mut().language = Language::from_code("en").unwrap();
    harness.run();
    harness.get_by_label("Maintenance");
}

#[test]
fn the_title_opens_a_menu() {
    let mut harness = Scene::new("nl").harness(DESK, 1.0);
    press(&mut harness, "Lange Wemen");
    let asked = press(&mut harness, "plan / scenario.json");
    assert_eq!(
        asked[0].top,
        [TopBarAction::OpenRecent(PathBuf::from("/data/plan/scenario.json"))]
    );
    press(&mut harness, "Lange Wemen");
    assert_eq!(
        press(&mut harness, "Bestand of map openen")[0].top,
        [TopBarAction::Open]
    );
}

#[test]
fn the_charter_says_what_the_scenario_says() {
    let mut harness = Scene::new("nl").harness(DESK, 1.0);
    press(&mut harness, "Waar is deze lens voor?");
    harness.get_by_label("Welke variant doet het werk?");
    harness.get_by_label("Raadsvoorstel");
    assert!(
        harness.query_by_label("Wat het vervangt").is_none(),
        "a part that is empty has no heading"
    );
}

#[test]
fn the_keys_are_listed() {
    let mut harness = Scene::new("nl").harness(DESK, 1.0);
    press(&mut harness, "Toetsen");
    harness.get_by_label("F1 F2 F3: Lens kiezen");
    harness.get_by_label("N: Naar het noorden draaien");
    harness.get_by_label("W: Op ooghoogte lopen");
    harness.get_by_label("PgUp PgDn: Hoger en lager");
    harness.get_by_label("Shift slepen: Rondkijken");
    harness.get_by_label("twee vingers: Schuiven over de grond");
}

#[test]
fn the_sun_strip_opens_and_moves() {
    let mut harness = Scene::new("nl").harness(DESK, 1.0);
    assert!(harness.query_by_label("21 maart 2026").is_none());
    press(&mut harness, "Zon en schaduw");
    assert_eq!(harness.get_by_label("Tijd typen").value().as_deref(), Some("15:00"));
    let slider = harness.get_by_role(Role::Slider);
    assert_eq!(slider.accesskit_node().label().as_deref(), Some("Tijd"));
    assert_eq!(slider.value().as_deref(), Some("15:00"));
    slider.focus();
    harness.run();
    harness.key_press(Key::ArrowRight);
    harness.run();
    let asked = std::mem::take(&mut harness.state_mut().asked);
    assert_eq!(asked[0].sun, [SunAction::SetMinute(15 * 60 + 15)]);
    harness.get_by_label("Tijd typen").focus();
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.get_by_label("Tijd typen").type_text("9.30");
    harness.key_press(Key::Enter);
    harness.run();
    let asked: Vec<_> = std::mem::take(&mut harness.state_mut().asked)
        .into_iter()
        .flat_map(|a| a.sun)
        .collect();
    assert_eq!(asked, [SunAction::SetMinute(9 * 60 + 30)]);
    press(&mut harness, "21 maart 2026");
    let asked = press(&mut harness, "21 december 2026");
    assert_eq!(asked[0].sun, [SunAction::SetDate(date(2026, 12, 21))]);
}

#[test]
fn tools_ask_for_home_north_and_the_street() {
    let mut harness = Scene::new("en").harness(DESK, 1.0);
    assert_eq!(press(&mut harness, "Back to the start")[0].tools, [ToolsAction::Home]);
    assert_eq!(press(&mut harness, "Turn to the north")[0].tools, [ToolsAction::North]);
    assert_eq!(press(&mut harness, "Walk at eye height")[0].tools, [ToolsAction::Walk]);
}

#[test]
fn loading_is_told() {
    let mut scene = Scene::new("nl");
    scene.status.loading = Loading::Busy { done: 34, total: 1200 };
    let harness = scene.harness(DESK, 1.0);
    assert_eq!(
        harness.get_all_by_label("Kaartbeeld laden: 34 van 1.200").count(),
        2,
        "the bar and the words"
    );
    assert!(harness.query_by_label("Kaartbeeld compleet").is_none());
}

#[test]
fn the_example_is_called_an_example_and_the_real_thing_is_not() {
    let mut scene = Scene::new("nl");
    scene.synthetic = false;
    let harness = scene.harness(DESK, 1.0);
    assert!(
        harness
            .query_by_label("Voorbeeld: dit is niet de echte situatie")
            .is_none()
    );
    for (size, scale) in [(DESK, 1.0), ((1024.0, 600.0), 2.0)] {
        let harness = Scene::new("nl").with_card().harness(size, scale);
        harness.get_by_label("Voorbeeld: dit is niet de echte situatie");
    }
}

#[test]
fn a_building_that_nobody_named_is_called_what_it_is() {
    let mut scene = Scene::new("nl").with_card();
    let card = scene.card.as_mut().unwrap();
    card.name = card.id.clone();
    let harness = scene.harness(DESK, 1.0);
    harness.get_by_label("Gebouw");
    harness.get_by_label("NL.IMBAG.Pand.0164100000000001");
}

#[test]
fn a_file_over_the_window_is_named_there() {
    let mut harness = Scene::new("nl").harness(DESK, 1.0);
    assert!(harness.query_by_label_contains("Loslaten").is_none());
    harness.state_mut().desk.hovering = Some(Hovering {
        name: "plan / scenario.json".to_owned(),
        is_model: false,
    });
    harness.run();
    harness.get_by_label("Loslaten opent plan / scenario.json");
}

#[test]
fn tab_walks_from_the_top_bar_through_the_panel_to_the_status_bar() {
    let mut harness = Scene::new("nl").harness(DESK, 1.0);
    let mut walked: Vec<String> = Vec::new();
    for _ in 0..40 {
        harness.key_press(Key::Tab);
        harness.run();
        let focused = harness
            .root()
            .children_recursive()
            .find(|node| node.accesskit_node().is_focused())
            .and_then(|node| node.accesskit_node().label());
        walked.extend(focused);
    }
    let place = |label: &str| {
        walked
            .iter()
            .position(|walked| walked == label)
            .unwrap_or_else(|| panic!("{label} is never reached: {walked:?}"))
    };
    let order = [
        "Lange Wemen",
        "Ontwerp",
        "Beheer",
        "Waar is deze lens voor?",
        "NL",
        "Instellingen",
        "Inklappen",
        "Masterplan",
        "Terug naar het begin",
        "2 problemen",
    ];
    for pair in order.windows(2) {
        assert!(place(pair[0]) < place(pair[1]), "{pair:?} in {walked:?}");
    }
}

#[test]
fn keyboard_alone_chooses_a_variant() {
    let mut harness = Scene::new("nl").harness(DESK, 1.0);
    harness.get_by_label("Groener").focus();
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(
        harness.state().asked[0].variants,
        [VariantsAction::Choose("b".to_owned())]
    );
}

#[test]
fn the_small_map_opens_and_a_press_on_it_looks_there() {
    let mut scene = Scene::new("nl");
    scene.map = Some(MinimapState {
        picture: egui::TextureId::default(),
        eye: [0.5, 0.9],
        heading_rad: 0.2,
        width_rad: 1.0,
        sight: 0.3,
        marked: None,
    });
    let mut harness = scene.harness(DESK, 1.0);
    press(&mut harness, "Kaartje van het gebied");
    let map = harness
        .get_all_by_label("Kaartje van het gebied")
        .map(|node| node.rect())
        .max_by(|a, b| a.width().total_cmp(&b.width()))
        .expect("the map");
    assert!(map.width() > 150.0, "{map:?}");
    let over = harness.ctx.layer_id_at(map.center());
    assert!(
        over.is_some_and(|layer| layer.order != egui::Order::Background),
        "the city would take the press: {over:?}"
    );
    harness.state_mut().asked.clear();
    harness.hover_at(map.center());
    harness.run();
    harness.event(egui::Event::PointerButton {
        pos: map.center(),
        button: egui::PointerButton::Primary,
        pressed: true,
        modifiers: Modifiers::NONE,
    });
    harness.run();
    let asked = std::mem::take(&mut harness.state_mut().asked);
    let looked = asked.iter().find_map(|actions| actions.map);
    let Some(MinimapAction::LookAt([x, y])) = looked else {
        panic!("{asked:?}");
    };
    assert!((x - 0.5).abs() < 0.02 && (y - 0.5).abs() < 0.02, "{x} {y}");
}
