use super::*;
use crate::model::scenario::open_any;
use bevy::state::app::StatesPlugin;
use std::path::Path;
use std::sync::Arc;

/// The shipped example on the table, with this lens alone.
fn app() -> App {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/lange-wemen");
    let open = Arc::new(open_any(&path).unwrap());
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, StatesPlugin))
        .add_plugins(crate::schedule::plugin)
        .init_resource::<ShownPins>()
        .init_resource::<ObjectLooks>()
        .init_resource::<CitySelection>()
        .init_resource::<GroundHeights>()
        .init_resource::<OrbitCamera>()
        .add_message::<Pick>()
        .add_message::<FlyTo>()
        .insert_resource(ShownScenario::new(open))
        .insert_state(Lens::Maintenance);
    plugin(&mut app);
    app.update();
    app
}

fn page_of(app: &App) -> SharedPage<MaintenancePage> {
    app.world().resource::<MaintenanceDesk>().page.clone()
}

fn written<M: Message + Clone>(app: &App) -> Vec<M> {
    let messages = app.world().resource::<Messages<M>>();
    messages.iter_current_update_messages().cloned().collect()
}

#[test]
fn the_page_is_in_the_room_of_this_lens_alone() {
    let app = app();
    let rooms = app.world().resource::<Rooms>();
    assert_eq!(rooms.pages(Lens::Maintenance).first(), Some(&Page::Own(PAGE)));
    assert!(rooms.pages(Lens::Design).is_empty() && rooms.pages(Lens::Participation).is_empty());
    assert!(rooms.own().with(PAGE, |_| ()).is_some());
}

#[test]
fn the_view_is_coloured_in_this_lens_and_as_it_was_when_it_is_left() {
    let mut app = app();
    let count = app.world().resource::<ShownScenario>().open.assets.len();
    let looks = app.world().resource::<ObjectLooks>().clone();
    assert!(looks.keeps_removed && looks.assets.len() == count && looks.assets.iter().all(Option::is_some));
    assert!(app.world().resource::<ShownPins>().reports);
    app.insert_state(Lens::Design);
    app.world_mut().run_schedule(OnExit(Lens::Maintenance));
    assert_eq!(*app.world().resource::<ObjectLooks>(), ObjectLooks::default());
    assert!(!app.world().resource::<ShownPins>().reports);
}

#[test]
fn a_row_is_picked_and_flown_to_and_a_pick_marks_its_row() {
    let mut app = app();
    let page = page_of(&app);
    page.lock().unwrap().wish(Wish::Show(Row::Asset(5)));
    app.update();
    let picks = written::<Pick>(&app);
    let picked = picks[0].0.clone().unwrap();
    assert_eq!(picked.thing, PickedThing::Asset { index: 5 });
    let flights = written::<FlyTo>(&app);
    assert_eq!(flights[0].to.target, picked.position);
    app.world_mut().resource_mut::<CitySelection>().picked = Some(Picked {
        thing: PickedThing::Report { index: 3 },
        ..picked
    });
    app.update();
    assert_eq!(page.lock().unwrap().listed().0, Tab::Reports, "its list is shown");
}

#[test]
fn what_the_variant_takes_away_is_known_by_phase() {
    let mut app = app();
    let removed = |app: &App| page_of(app).lock().unwrap().stock().removed.len();
    assert_eq!(removed(&app), 0, "today takes nothing away");
    let mut shown = app.world_mut().resource_mut::<ShownScenario>();
    let plan = shown
        .open
        .scenario
        .variants
        .iter()
        .position(|variant| variant.id == "A");
    shown.variant = plan;
    app.update();
    let all = removed(&app);
    assert!(all > 0);
    app.world_mut().resource_mut::<ShownScenario>().phase = Some("0".into());
    app.update();
    assert!(removed(&app) < all, "not all of it goes in the first phase");
}

#[test]
fn the_worklist_holds_what_is_listed_with_places_and_heights() {
    let mut app = app();
    let page = page_of(&app);
    page.lock().unwrap().wish(Wish::Save);
    app.update();
    let files = written::<SaveFile>(&app);
    assert_eq!(files[0].name, format!("werklijst-{}.csv", today()));
    let text = String::from_utf8((files[0].content)()).unwrap();
    let rows: Vec<&str> = text.lines().collect();
    let count = page.lock().unwrap().listed().1.len();
    assert_eq!(rows.len(), count + 1);
    assert!(rows[0].starts_with("\u{feff}Objectnummer;Soort;Conditiescore NEN 2767;Kwaliteitsniveau CROW;"));
    let columns = rows[0].split(';').count();
    assert!(rows.iter().all(|row| row.split(';').count() == columns));
    let first = rows.iter().find(|row| row.starts_with("RP-0001;")).unwrap();
    assert!(
        first.starts_with("RP-0001;Rioolput;2;A;2024-10-21;;geen datum;nee;250708,80;476394,90;"),
        "{first}"
    );
    let nap = first.split(';').nth(10).unwrap();
    assert!(
        nap.replace(',', ".")
            .parse::<f64>()
            .is_ok_and(|nap| (10.0..25.0).contains(&nap)),
        "{nap}"
    );
    assert!(first.ends_with(";voorbeeld, niet echt"));
}
