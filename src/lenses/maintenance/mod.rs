//! Beheer, the lens of maintenance staff at a desk or on a tablet: what stands here, in what state, what must be done,
//! and what will this plan add?
//!
//! It replaces the printed map and list that go outside and come back to be retyped. One page lists the managed objects
//! and the reports; the view shows the same state with the same marks, so that list and map are one thing seen twice.
//! While this lens is active what a variant takes away stays in sight, marked: somebody maintains it until it goes. It
//! does not edit objects: their owner's system does, and takes the worklist as a file.

mod filtering;
mod filters;
mod grades;
mod list;
mod marks;
mod page;
mod rows;
mod worklist;

pub use filtering::Filtering;

use crate::georef::SitePos;
use crate::model::OpenScenario;
use crate::panels::desk::Page;
use crate::panels::own_list::OpenListPage;
use crate::panels::rooms::{Room, Rooms, SharedPage};
use crate::panels::save::SaveFile;
use crate::schedule::{AvailableLenses, FrameSystems, Lens};
use crate::text::{Language, tr};
use crate::view::camera::{FlyTo, OrbitCamera, ReducedMotion};
use crate::view::picking::{CitySelection, Pick, Picked, PickedThing};
use crate::view::scene::ShownScenario;
use crate::view::{GroundHeights, ObjectLooks, ShownPins};
use bevy::prelude::*;
use jiff::civil::Date;
use page::{MaintenancePage, Row, Stock, Tab, Wish};
use std::sync::{MutexGuard, PoisonError};

/// Key of the page in the rooms.
const PAGE: &str = "maintenance-assets";
/// How near a flight to an object comes, metres.
const CLOSE_UP_M: f64 = 60.0;

/// What the lens keeps: its page, and which of its looks the view has.
#[derive(Resource, Default)]
struct MaintenanceDesk {
    page: SharedPage<MaintenancePage>,
    shown_revision: Option<u64>,
}

impl MaintenanceDesk {
    fn page(&self) -> MutexGuard<'_, MaintenancePage> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn plugin(app: &mut App) {
    app.world_mut()
        .get_resource_or_init::<AvailableLenses>()
        .register(Lens::Maintenance);
    let desk = MaintenanceDesk::default();
    let mut rooms = app.world_mut().get_resource_or_init::<Rooms>();
    rooms.add_page(PAGE, &desk.page);
    rooms.furnish(
        Lens::Maintenance,
        Room {
            pages: vec![Page::Own(PAGE), Page::Layers, Page::Viewpoints, Page::Variants],
        },
    );
    app.insert_resource(desk)
        .add_message::<SaveFile>()
        .add_message::<OpenListPage>()
        .add_systems(OnEnter(Lens::Maintenance), show_pins)
        .add_systems(OnExit(Lens::Maintenance), leave)
        .add_systems(
            Update,
            (tell_stock, tell_picked, follow_wishes, show_looks)
                .chain()
                .in_set(FrameSystems::Derive)
                .run_if(in_state(Lens::Maintenance)),
        );
    marks::plugin(app);
}

/// Reports and sensors are this lens's business; to the others they would be clutter.
fn show_pins(mut pins: ResMut<ShownPins>) {
    *pins = ShownPins {
        reports: true,
        sensors: true,
    };
}

/// Everything looks as it is again.
fn leave(mut pins: ResMut<ShownPins>, mut looks: ResMut<ObjectLooks>, mut desk: ResMut<MaintenanceDesk>) {
    *pins = ShownPins::default();
    *looks = ObjectLooks::default();
    desk.shown_revision = None;
}

/// Today by the clock of this machine: the day by which people here say that something is late.
fn today() -> Date {
    jiff::Zoned::now().date()
}

/// Tells the page what the scenario says, when it says something else or another day has begun.
fn tell_stock(shown: Option<Res<ShownScenario>>, desk: Res<MaintenanceDesk>) {
    let Some(shown) = shown else { return };
    let today = today();
    let mut page = desk.page();
    if shown.is_changed() || page.stock().today != today {
        page.set_stock(Stock {
            assets: shown.open.assets.clone(),
            reports: shown.open.reports.clone(),
            removed: shown.removed_assets(),
            today,
        });
    }
}

/// Tells the page what is picked in the view.
fn tell_picked(selection: Res<CitySelection>, desk: Res<MaintenanceDesk>) {
    if selection.is_changed() {
        let picked = selection.picked.as_ref().and_then(|picked| match picked.thing {
            PickedThing::Asset { index } => Some(Row::Asset(index)),
            PickedThing::Report { index } => Some(Row::Report(index)),
            _ => None,
        });
        desk.page().set_picked(picked);
    }
}

/// Does what was asked for on the page.
fn follow_wishes(
    shown: Option<Res<ShownScenario>>,
    desk: Res<MaintenanceDesk>,
    ground: Res<GroundHeights>,
    camera: Res<OrbitCamera>,
    motion: Option<Res<ReducedMotion>>,
    mut pick: MessageWriter<Pick>,
    mut fly: MessageWriter<FlyTo>,
    mut save: MessageWriter<SaveFile>,
    mut add: MessageWriter<OpenListPage>,
) {
    let Some(shown) = shown else { return };
    let mut page = desk.page();
    for wish in page.take_wishes() {
        match wish {
            Wish::Show(row) => {
                let Some(picked) = picked_of(row, &shown.open, &ground) else {
                    continue;
                };
                let at_once = motion.as_ref().is_some_and(|motion| motion.0);
                fly.write(FlyTo::close_up(&camera, picked.position, CLOSE_UP_M, at_once));
                pick.write(Pick(Some(picked)));
            }
            Wish::AddList => {
                add.write(OpenListPage);
            }
            Wish::Save => {
                save.write(worklist_file(&page, &shown));
            }
        }
    }
}

/// A row as something that is picked, at its foot.
fn picked_of(row: Row, open: &OpenScenario, ground: &GroundHeights) -> Option<Picked> {
    let (thing, position) = match row {
        Row::Asset(index) => (PickedThing::Asset { index }, open.assets.get(index)?.position),
        Row::Report(index) => (PickedThing::Report { index }, open.reports.get(index)?.position),
    };
    let position = SitePos(position.extend(ground.height_at(position)));
    Some(Picked { thing, position })
}

/// The list that is shown as a file to save. Its name is Dutch like its headings.
fn worklist_file(page: &MaintenancePage, shown: &ShownScenario) -> SaveFile {
    let dutch = Language::from_code("nl").unwrap_or_default();
    let (tab, listed) = page.listed();
    let (places, stock) = (listed.to_vec(), page.stock());
    let (removed, today) = (stock.removed.clone(), stock.today);
    let open = shown.open.clone();
    let key = match tab {
        Tab::Assets => "maintenance-file-assets",
        Tab::Reports => "maintenance-file-reports",
    };
    SaveFile {
        name: format!("{}-{today}.csv", tr(&dutch, key)),
        content: std::sync::Arc::new(move || match tab {
            Tab::Assets => worklist::assets_csv(&open, &places, &removed, today),
            Tab::Reports => worklist::reports_csv(&open, &places),
        }),
    }
}

/// Colours the view when the page says something else.
fn show_looks(mut desk: ResMut<MaintenanceDesk>, mut looks: ResMut<ObjectLooks>) {
    let (revision, wanted) = {
        let page = desk.page();
        let revision = page.revision();
        if desk.shown_revision == Some(revision) {
            return;
        }
        (revision, page.looks())
    };
    desk.shown_revision = Some(revision);
    *looks = wanted;
}

#[cfg(test)]
mod tests;
