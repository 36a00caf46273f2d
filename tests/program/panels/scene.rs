//! A desk with something on every panel.

use bevy_egui::egui::{self, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use jiff::civil::date;
use stadslens::georef::Crs;
use stadslens::model::{Certainty, CrsAnswer, Source};
use stadslens::panels::card::{CardState, Fact};
use stadslens::panels::charter::CharterState;
use stadslens::panels::desk::{Desk, DeskActions, DeskView, Page};
use stadslens::panels::layers::{DetailRow, LayerRow, LayersState, LegendEntry};
use stadslens::panels::meters::MetersState;
use stadslens::panels::minimap::MinimapState;
use stadslens::panels::network::NetworkState;
use stadslens::panels::problems::{ProblemRow, ProblemsState};
use stadslens::panels::rooms::OwnPages;
use stadslens::panels::search::FoundLines;
use stadslens::panels::status_bar::{Loading, StatusState};
use stadslens::panels::sun::SunState;
use stadslens::panels::system::{SystemChoice, SystemState};
use stadslens::panels::top_bar::TopBarState;
use stadslens::panels::variants::{VariantRow, VariantsState};
use stadslens::panels::viewpoints::{ViewpointRow, ViewpointsState};
use stadslens::schedule::Lens;
use stadslens::text::{Language, tr};
use stadslens::ui::shell::Zones;
use stadslens::ui::widgets::SwatchEdge;
use stadslens::ui::{Preferences, Theme};
use std::path::PathBuf;

/// A desk with something on every panel, and what was asked of it.
pub(crate) struct Scene {
    pub(crate) desk: Desk,
    pub(crate) language: Language,
    pub(crate) theme: Theme,
    pub(crate) top: TopBarState,
    pub(crate) pages: Vec<Page>,
    pub(crate) own: OwnPages,
    pub(crate) found: FoundLines,
    pub(crate) system: Option<SystemState>,
    pub(crate) meters: MetersState,
    pub(crate) map: Option<MinimapState>,
    pub(crate) variants: VariantsState,
    pub(crate) viewpoints: ViewpointsState,
    pub(crate) layers: LayersState,
    pub(crate) card: Option<CardState>,
    pub(crate) problems: ProblemsState,
    pub(crate) status: StatusState,
    pub(crate) sun: SunState,
    pub(crate) charter: CharterState,
    pub(crate) preferences: Preferences,
    pub(crate) network: NetworkState,
    pub(crate) synthetic: bool,
    pub(crate) asked: Vec<DeskActions>,
    pub(crate) zones: Option<Zones>,
}

fn two_systems() -> SystemState {
    let choice = |answer, name: &str, place: &str| SystemChoice {
        answer,
        name: name.to_owned(),
        place: place.to_owned(),
    };
    SystemState {
        is_overruled: false,
        file: "plantekening met een lange naam.dxf".to_owned(),
        said: None,
        choices: vec![
            choice(CrsAnswer::In(Crs::RD), "RD (Rijksdriehoek)", "Dan ligt het bij Hengelo"),
            choice(CrsAnswer::Nowhere, "Zonder plaats op aarde", "Alleen de maten kloppen"),
        ],
        shown: Some(0),
        typed: None,
    }
}

fn two_problems() -> ProblemsState {
    let problem = |what: &str, serious| ProblemRow {
        serious,
        what: what.to_owned(),
        finding: "Gevonden: byte 28".to_owned(),
        place: "tiles/4/5.glb".to_owned(),
        meaning: "Een stuk van de stad wordt niet getekend.".to_owned(),
    };
    ProblemsState {
        rows: vec![
            problem("Een tegel ontbreekt", true),
            problem("Een sleutel is onbekend", false),
        ],
        can_retry: true,
    }
}

impl Scene {
    #[expect(clippy::too_many_lines, reason = "something on every panel")]
    pub(crate) fn new(language: &str) -> Self {
        let variant = |id: &str, title: &str, certainty| VariantRow {
            id: id.to_owned(),
            title: title.to_owned(),
            summary: "Ongeveer 300 woningen en een garage van twee lagen".to_owned(),
            certainty,
        };
        let source = Source {
            owner: "Stadslens".to_owned(),
            date: "2026-11-22".to_owned(),
            licence: "CC0".to_owned(),
            url: String::new(),
        };
        Self {
            desk: Desk::default(),
            language: Language::from_code(language).expect("a language we ship"),
            theme: Theme::new(false, 1.0),
            top: TopBarState {
                title: "Lange Wemen".to_owned(),
                lenses: vec![Lens::Design, Lens::Participation, Lens::Maintenance],
                active: Lens::Design,
                recent: vec![PathBuf::from("/data/plan/scenario.json")],
                can_search: true,
            },
            pages: vec![Page::Variants, Page::Viewpoints, Page::Layers],
            own: OwnPages::default(),
            found: FoundLines::default(),
            system: Some(two_systems()),
            meters: MetersState::default(),
            map: None,
            variants: VariantsState {
                rows: vec![
                    variant("0", "Nu", Certainty::Decided),
                    variant("a", "Masterplan", Certainty::Open),
                    variant("b", "Groener", Certainty::Sketch),
                ],
                active: "0".to_owned(),
                phases: Vec::new(),
                phase: None,
            },
            viewpoints: ViewpointsState {
                rows: vec![ViewpointRow {
                    id: "plein".to_owned(),
                    title: "Marktplein".to_owned(),
                    caption: "Op ooghoogte".to_owned(),
                }],
                current: None,
            },
            layers: LayersState {
                system: None,
                rows: vec![LayerRow {
                    id: "trees".to_owned(),
                    title: "Bomen".to_owned(),
                    visible: true,
                    source: source.clone(),
                    certainty: Certainty::Decided,
                    synthetic: true,
                    look: None,
                    keep: None,
                    heights: None,
                    legend: vec![LegendEntry {
                        label: "Boom, klein".to_owned(),
                        fill: egui::Color32::from_rgb(0x8F, 0xAE, 0x79),
                        edge: SwatchEdge::Solid,
                    }],
                    detail: Some(DetailRow {
                        levels: vec![
                            ("Blok".to_owned(), "LoD 1.2".to_owned()),
                            ("Dakvorm".to_owned(), "LoD 2.2".to_owned()),
                            ("Hoogste per gebouw".to_owned(), String::new()),
                        ],
                        chosen: 2,
                    }),
                    coloring: None,
                }],
            },
            card: None,
            problems: two_problems(),
            status: StatusState {
                rd_m: Some((251_003.2, 476_247.9)),
                nap_m: Some(17.2),
                lat_lon_deg: Some((52.265_87, 6.793_61)),
                metres_per_point: Some(0.6),
                loading: Loading::Complete,
                problems: 0,
            },
            sun: SunState {
                date: date(2026, 3, 21),
                minute: 15 * 60,
                daylight: Some((399, 1132)),
            },
            charter: CharterState {
                question: "Welke variant doet het werk?".to_owned(),
                audience: "De ontwerper".to_owned(),
                work_process: "Raadsvoorstel".to_owned(),
                replaces: String::new(),
            },
            network: NetworkState {
                location: "/home/a/.cache/stadslens".to_owned(),
                kept_bytes: Some(12_000_000),
                ..NetworkState::default()
            },
            preferences: Preferences {
                tour_seen: true,
                ..Preferences::default()
            },
            synthetic: true,
            asked: Vec::new(),
            zones: None,
        }
    }

    pub(crate) fn with_card(mut self) -> Self {
        let fact = |name: &str, value: &str| Fact {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        self.card = Some(CardState {
            id: "NL.IMBAG.Pand.0164100000000001".to_owned(),
            kind: "Gebouw".to_owned(),
            name: "Lambertusbasiliek".to_owned(),
            facts: vec![fact("Bouwjaar", "1890"), fact("Hoogte", "80,0 m")],
            certainty: Some(Certainty::Decided),
            source: Source {
                owner: "Stadslens".to_owned(),
                ..Source::default()
            },
            attributes: vec![fact("identificatie", "NL.IMBAG.Pand.0164100000000001")],
            expanded: false,
        });
        self
    }

    pub(crate) fn harness(self, size: (f32, f32), text_scale: f32) -> Harness<'static, Self> {
        let mut scene = self;
        scene.theme = Theme::new(false, text_scale);
        let mut harness = Harness::builder()
            .with_size(vec2(size.0, size.1))
            .build_ui_state(Self::show, scene);
        harness.run();
        harness.state_mut().asked.clear();
        harness
    }

    fn show(ui: &mut egui::Ui, scene: &mut Self) {
        scene.theme.install(ui.ctx());
        let view = DeskView {
            top: &scene.top,
            pages: &scene.pages,
            own: &scene.own,
            variants: &scene.variants,
            viewpoints: &scene.viewpoints,
            layers: &scene.layers,
            card: scene.card.as_ref(),
            problems: &scene.problems,
            status: scene.status,
            heading_rad: 0.4,
            walking: false,
            sun: scene.sun,
            charter: &scene.charter,
            preferences: &scene.preferences,
            network: &scene.network,
            synthetic: scene.synthetic,
            found: &scene.found,
            system: scene.system.as_ref(),
            meters: Some(&scene.meters),
            map: scene.map.as_ref(),
        };
        let (zones, actions) = scene.desk.show(ui.ctx(), &view, &scene.language);
        scene.zones = Some(zones);
        if actions != DeskActions::default() {
            scene.asked.push(actions);
        }
    }
}

/// A usual desk.
pub(crate) const DESK: (f32, f32) = (1600.0, 900.0);

/// Presses what is called `label` and returns the actions that followed.
pub(crate) fn press(harness: &mut Harness<'_, Scene>, label: &str) -> Vec<DeskActions> {
    harness.get_by_label(label).click();
    harness.run();
    std::mem::take(&mut harness.state_mut().asked)
}

pub(crate) fn languages() -> [&'static str; 2] {
    ["nl", "en"]
}

pub(crate) fn say(language: &str, key: &str) -> String {
    tr(&Language::from_code(language).expect("a language we ship"), key)
}
