//! What the model says, put into the plain states that panels show. Pure functions, in the language of the interface.

use crate::geometry::Value;
use crate::georef::{SiteFrame, SitePos};
use crate::model::{
    Asset, AssetKind, Certainty, Charter, Layer, LayerKind, NewBuilding, NewTree, OpenScenario, RegisteredBuilding,
    Report, Sensor, Source, SurfaceKind, Use, Variant, mass_mesh,
};
use crate::panels::card::{CardState, Fact};
use crate::panels::certainty_word;
use crate::panels::charter::CharterState;
use crate::panels::layers::{LayerRow, LayersState, LegendEntry};
use crate::panels::problems::{ProblemRow, ProblemsState};
use crate::panels::variants::{PhaseRow, VariantRow, VariantsState};
use crate::panels::viewpoints::{ViewpointRow, ViewpointsState};
use crate::sources::{Problem, Severity};
use crate::text::{
    Language, format_area, format_count, format_date, format_length, format_nap, format_number, tr, tr_args,
};
use crate::ui::widgets::SwatchEdge;
use crate::view::palette::{self, Rgb};
use crate::view::scene::ShownScenario;
use bevy_egui::egui::Color32;

/// What is open, and which variant and phase of it is shown: panels may hide those.
pub(super) fn title(shown: &ShownScenario, code: &str) -> String {
    let scenario = &shown.open.scenario;
    let variant = shown.active_variant().map(|variant| variant.title.get(code));
    let is_plan = shown.active_variant().is_some_and(|variant| !variant.is_today());
    let phase = shown.phase.as_deref().filter(|_| is_plan);
    let phase = phase.and_then(|id| scenario.phases.iter().find(|phase| phase.id == id));
    let parts = [
        Some(scenario.title.get(code)),
        variant,
        phase.map(|phase| phase.title.get(code)),
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    parts.join(" · ")
}

/// The variants as rows.
pub(super) fn variants(shown: &ShownScenario, language: &Language) -> VariantsState {
    let code = language.code();
    let rows = shown.open.scenario.variants.iter().map(|variant| VariantRow {
        id: variant.id.clone(),
        title: variant.title.get(&code).to_owned(),
        summary: variant.summary.get(&code).to_owned(),
        certainty: variant.certainty,
    });
    VariantsState {
        rows: rows.collect(),
        active: shown
            .active_variant()
            .map(|variant| variant.id.clone())
            .unwrap_or_default(),
        phases: shown
            .active_variant()
            .filter(|variant| !variant.is_today())
            .map(|_| phases(shown, &code))
            .unwrap_or_default(),
        phase: shown.phase.clone(),
    }
}

fn phases(shown: &ShownScenario, code: &str) -> Vec<PhaseRow> {
    let phases = shown.open.scenario.phases.iter().map(|phase| PhaseRow {
        id: phase.id.clone(),
        title: phase.title.get(code).to_owned(),
        year: phase.year.map(|year| year.to_string()).unwrap_or_default(),
    });
    phases.collect()
}

/// The viewpoints as rows.
pub(super) fn viewpoints(open: &OpenScenario, current: Option<&str>, language: &Language) -> ViewpointsState {
    let code = language.code();
    let rows = open.scenario.viewpoints.iter().map(|viewpoint| {
        // Said beforehand, because going there shows that variant.
        let variant = viewpoint.variant.as_deref().and_then(|id| open.scenario.variant(id));
        let variant = variant.map(|variant| variant.title.get(&code).to_owned());
        let caption = Some(viewpoint.caption.get(&code).to_owned()).filter(|caption| !caption.is_empty());
        ViewpointRow {
            id: viewpoint.id.clone(),
            title: viewpoint.title.get(&code).to_owned(),
            caption: variant.into_iter().chain(caption).collect::<Vec<_>>().join(" · "),
        }
    });
    ViewpointsState {
        rows: rows.collect(),
        current: current.map(str::to_owned),
    }
}

/// The layers as rows, each with its legend.
pub(super) fn layers(shown: &ShownScenario, language: &Language) -> LayersState {
    let code = language.code();
    let rows = shown.open.scenario.layers.iter().map(|layer| LayerRow {
        id: layer.id.clone(),
        title: layer.title.get(&code).to_owned(),
        visible: shown.is_layer_visible(&layer.id),
        source: layer.source.clone(),
        certainty: layer.certainty,
        synthetic: layer.synthetic,
        legend: legend(layer, shown, language),
    });
    LayersState { rows: rows.collect() }
}

fn legend(layer: &Layer, shown: &ShownScenario, language: &Language) -> Vec<LegendEntry> {
    let entry = |label: String, color: Rgb| LegendEntry {
        label,
        fill: fill(color),
        edge: SwatchEdge::Solid,
    };
    match layer.kind {
        LayerKind::Tiles3d => {
            let mut entries = vec![
                entry(tr(language, "legend-wall"), palette::WALL),
                entry(tr(language, "legend-flat-roof"), palette::FLAT_ROOF),
                entry(tr(language, "legend-tiled-roof"), palette::TILED_ROOF),
            ];
            entries.extend(new_uses(shown, language));
            if !shown.removed().is_empty() {
                entries.push(entry(tr(language, "legend-removed"), palette::REMOVED));
            }
            entries
        }
        LayerKind::Surfaces => {
            let mut kinds: Vec<SurfaceKind> = shown.open.surfaces.iter().map(|surface| surface.kind).collect();
            kinds.sort_unstable();
            kinds.dedup();
            kinds
                .into_iter()
                .map(|kind| entry(surface_name(kind, language), palette::surface(kind)))
                .collect()
        }
        LayerKind::Assets => vec![entry(tr(language, "legend-tree"), palette::crown(0))],
        LayerKind::Terrain => vec![entry(tr(language, "legend-ground"), palette::TABLE)],
        LayerKind::Reports => vec![entry(tr(language, "legend-report"), palette::REPORT)],
        LayerKind::Sensors => vec![entry(tr(language, "legend-sensor"), palette::SENSOR)],
        LayerKind::Labels => Vec::new(),
    }
}

/// What the variant shown builds, by use; what is not decided has the edge that it has in the view.
fn new_uses(shown: &ShownScenario, language: &Language) -> Vec<LegendEntry> {
    let Some(variant) = shown.active_variant() else {
        return Vec::new();
    };
    let mut uses: Vec<(Use, SwatchEdge)> = Vec::new();
    for building in &variant.buildings {
        let edge = match building.certainty {
            Certainty::Decided => SwatchEdge::Solid,
            Certainty::Open => SwatchEdge::Dashed,
            Certainty::Sketch => SwatchEdge::Pencil,
        };
        if !uses.contains(&(building.main_use, edge)) {
            uses.push((building.main_use, edge));
        }
    }
    uses.sort_by_key(|(used_for, _)| *used_for);
    uses.into_iter()
        .map(|(used_for, edge)| {
            let color = if edge == SwatchEdge::Pencil {
                palette::PAPER
            } else {
                palette::new_use(used_for)
            };
            let mut label = tr_args(language, "legend-new", &[("use", &use_name(used_for, language))]);
            // Two rows of one use differ in how sure they are, and say so.
            match edge {
                SwatchEdge::Dashed => label = format!("{label} ({})", certainty_word(Certainty::Open, language)),
                SwatchEdge::Pencil => label = format!("{label} ({})", certainty_word(Certainty::Sketch, language)),
                _ => {}
            }
            LegendEntry {
                label,
                fill: fill(color),
                edge,
            }
        })
        .collect()
}

fn fill([r, g, b]: Rgb) -> Color32 {
    Color32::from_rgb(r, g, b)
}

fn surface_name(kind: SurfaceKind, language: &Language) -> String {
    match kind {
        SurfaceKind::Asphalt => tr(language, "surface-asphalt"),
        SurfaceKind::Paving => tr(language, "surface-paving"),
        SurfaceKind::Clinkers => tr(language, "surface-clinkers"),
        SurfaceKind::Grass => tr(language, "surface-grass"),
        SurfaceKind::Planting => tr(language, "surface-planting"),
        SurfaceKind::Water => tr(language, "surface-water"),
    }
}

/// The charter of a lens.
pub(super) fn charter(charter: Option<&Charter>, language: &Language) -> CharterState {
    let code = language.code();
    charter.map_or_else(CharterState::default, |charter| CharterState {
        audience: charter.audience.get(&code).to_owned(),
        question: charter.question.get(&code).to_owned(),
        work_process: charter.work_process.get(&code).to_owned(),
        replaces: charter.replaces.get(&code).to_owned(),
    })
}

/// Problems as rows, each with what it means for what is seen.
pub(super) fn problems<'a>(all: impl Iterator<Item = &'a Problem>, language: &Language) -> ProblemsState {
    let rows = all.map(|problem| {
        let serious = problem.severity == Severity::Error;
        let place = if problem.place.is_empty() {
            problem.path.clone()
        } else {
            format!("{} · {}", problem.path, problem.place)
        };
        let meaning = if serious {
            tr(language, "meaning-error")
        } else {
            tr(language, "meaning-warning")
        };
        ProblemRow {
            serious,
            what: problem.message.clone(),
            place,
            meaning,
        }
    });
    ProblemsState { rows: rows.collect() }
}

fn use_name(used_for: Use, language: &Language) -> String {
    match used_for {
        Use::Housing => tr(language, "use-housing"),
        Use::Shops => tr(language, "use-shops"),
        Use::Office => tr(language, "use-office"),
        Use::Public => tr(language, "use-public"),
        Use::Parking => tr(language, "use-parking"),
        Use::Other => tr(language, "use-other"),
    }
}

fn fact(name: String, value: impl Into<String>) -> Fact {
    Fact {
        name,
        value: value.into(),
    }
}

/// NAP in a Dutch frame; in others the height above the site's zero.
fn format_top(site: &SiteFrame, at: SitePos, language: &Language) -> String {
    site.rd_nap_from_site(at).map_or_else(
        || format_length(at.0.z, 1, language),
        |place| format_nap(place.nap_m, language),
    )
}

/// A building of the base: what the register knows, else the attributes of the tile.
pub(super) fn building_card(
    open: &OpenScenario,
    registered: Option<&RegisteredBuilding>,
    id: Option<&str>,
    attributes: &[(String, Value)],
    layer: Option<&Layer>,
    language: &Language,
) -> CardState {
    let mut facts = Vec::new();
    if let Some(building) = registered {
        facts.push(fact(tr(language, "fact-use"), use_name(building.main_use, language)));
        facts.extend(
            building
                .storeys
                .map(|n| fact(tr(language, "fact-storeys"), n.to_string())),
        );
        facts.push(fact(
            tr(language, "fact-height"),
            format_length(building.roof_m - building.ground_m, 1, language),
        ));
        let top = SitePos(building.center().extend(building.roof_m));
        facts.push(fact(
            tr(language, "fact-top"),
            format_top(&open.scenario.area.site, top, language),
        ));
        facts.extend(
            building
                .year
                .map(|year| fact(tr(language, "fact-year"), year.to_string())),
        );
        if let Some(dwellings) = building.dwellings.filter(|dwellings| *dwellings > 0) {
            facts.push(fact(tr(language, "fact-dwellings"), count(dwellings, language)));
        }
        let area: f64 = building.gfa_m2.iter().map(|(_, m2)| m2).sum();
        if area > 0.0 {
            facts.push(fact(tr(language, "fact-area"), format_area(area, 0, language)));
        }
    }
    let name = registered
        .map(|building| building.name.as_str())
        .filter(|name| !name.is_empty())
        .or(id);
    CardState {
        id: id.unwrap_or_default().to_owned(),
        kind: if registered.is_some() || id.is_some() {
            tr(language, "kind-building")
        } else {
            tr(language, "kind-thing")
        },
        name: name.map_or_else(|| tr(language, "kind-thing"), str::to_owned),
        facts,
        certainty: unsure(layer),
        source: layer.map(|layer| layer.source.clone()).unwrap_or_default(),
        attributes: attributes
            .iter()
            .map(|(name, value)| fact(name.clone(), format_value(value, language)))
            .collect(),
        expanded: false,
    }
}

fn format_value(value: &Value, language: &Language) -> String {
    match value {
        Value::Null => tr(language, "fact-no-data"),
        Value::Bool(truth) => truth.to_string(),
        // Years and identifiers are whole numbers too: no grouping.
        Value::Int(number) => number.to_string(),
        Value::Float(number) => format_number(*number, if number.fract() == 0.0 { 0 } else { 3 }, language),
        Value::Text(text) => text.clone(),
        Value::List(values) => values
            .iter()
            .map(|value| format_value(value, language))
            .collect::<Vec<_>>()
            .join("; "),
    }
}

fn count(number: u32, language: &Language) -> String {
    format_count(usize::try_from(number).unwrap_or(usize::MAX), language)
}

/// How sure a layer is, where it is not simply there.
fn unsure(layer: Option<&Layer>) -> Option<Certainty> {
    layer
        .map(|layer| layer.certainty)
        .filter(|certainty| *certainty != Certainty::Decided)
}

/// Where a part of a plan comes from: what the plan says of itself, else the plan by its name.
fn plan_source(open: &OpenScenario, variant: &Variant, language: &Language) -> Source {
    let code = language.code();
    let mut source = variant.source.clone();
    if source.owner.is_empty() {
        let scenario = open.scenario.title.get(&code);
        source.owner = tr_args(
            language,
            "source-plan",
            &[("variant", variant.title.get(&code)), ("scenario", scenario)],
        );
    }
    source
}

/// A building that the variant adds.
pub(super) fn new_building_card(
    open: &OpenScenario,
    variant: &Variant,
    building: &NewBuilding,
    language: &Language,
) -> CardState {
    let code = language.code();
    let height_m = mass_mesh(building, 0.0).top_m;
    let mut used_for = use_name(building.main_use, language);
    if let Some(ground_use) = building
        .ground_use
        .filter(|ground_use| *ground_use != building.main_use)
    {
        used_for = format!("{} / {used_for}", use_name(ground_use, language));
    }
    let mut facts = vec![
        fact(tr(language, "fact-use"), used_for),
        fact(tr(language, "fact-storeys"), count(building.storeys, language)),
        fact(tr(language, "fact-height"), format_length(height_m, 1, language)),
    ];
    if let Some(dwellings) = building.dwellings.filter(|dwellings| *dwellings > 0) {
        facts.push(fact(tr(language, "fact-dwellings"), count(dwellings, language)));
    }
    if let Some(places) = building.parking_places.filter(|places| *places > 0) {
        facts.push(fact(tr(language, "fact-parking"), count(places, language)));
    }
    if building.underground_storeys > 0 {
        facts.push(fact(
            tr(language, "fact-underground"),
            count(building.underground_storeys, language),
        ));
    }
    if let Some(phase) = open.scenario.phases.iter().find(|phase| phase.id == building.phase) {
        facts.push(fact(tr(language, "fact-phase"), phase.title.get(&code)));
    }
    let name = building.name.get(&code);
    CardState {
        id: building.id.clone(),
        kind: tr(language, "kind-new-building"),
        name: if name.is_empty() {
            building.id.clone()
        } else {
            name.to_owned()
        },
        facts,
        certainty: Some(building.certainty),
        source: plan_source(open, variant, language),
        attributes: vec![fact(tr(language, "fact-id"), building.id.clone())],
        expanded: false,
    }
}

/// A tree that the variant adds.
pub(super) fn new_tree_card(open: &OpenScenario, variant: &Variant, tree: &NewTree, language: &Language) -> CardState {
    let mut facts = vec![
        fact(tr(language, "fact-height"), format_length(tree.height_m, 1, language)),
        fact(tr(language, "fact-crown"), format_length(tree.crown_m, 1, language)),
    ];
    if let Some(phase) = open.scenario.phases.iter().find(|phase| phase.id == tree.phase) {
        facts.push(fact(tr(language, "fact-phase"), phase.title.get(&language.code())));
    }
    CardState {
        id: tree.id.clone(),
        kind: tr(language, "kind-new-building"),
        name: format!("{} {}", tr(language, "asset-tree"), tree.species),
        facts,
        certainty: Some(variant.certainty),
        source: plan_source(open, variant, language),
        attributes: vec![fact(tr(language, "fact-id"), tree.id.clone())],
        ..CardState::default()
    }
}

/// A managed object.
pub(super) fn asset_card(asset: &Asset, layer: Option<&Layer>, language: &Language) -> CardState {
    let kind = match asset.kind {
        AssetKind::Tree => tr(language, "asset-tree"),
        AssetKind::Lamp => tr(language, "asset-lamp"),
        AssetKind::Bench => tr(language, "asset-bench"),
        AssetKind::Bin => tr(language, "asset-bin"),
        AssetKind::Manhole => tr(language, "asset-manhole"),
        AssetKind::Other => tr(language, "asset-other"),
    };
    let none = || tr(language, "fact-no-data");
    let date = |day: Option<jiff::civil::Date>| day.map_or_else(none, |day| format_date(day, language));
    let mut facts = vec![
        fact(
            tr(language, "fact-condition"),
            asset.condition.map_or_else(none, |score| score.to_string()),
        ),
        fact(tr(language, "fact-upkeep"), asset.upkeep.clone().unwrap_or_else(none)),
        fact(tr(language, "fact-inspected"), date(asset.inspected)),
        fact(tr(language, "fact-next-inspection"), date(asset.next_inspection)),
    ];
    if asset.height_m > 0.0 {
        facts.push(fact(
            tr(language, "fact-height"),
            format_length(asset.height_m, 1, language),
        ));
    }
    if asset.crown_m > 0.0 {
        facts.push(fact(
            tr(language, "fact-crown"),
            format_length(asset.crown_m, 1, language),
        ));
    }
    CardState {
        id: asset.id.clone(),
        name: format!("{kind} {}", asset.id),
        kind: tr(language, "kind-asset"),
        facts,
        certainty: unsure(layer),
        source: layer.map(|layer| layer.source.clone()).unwrap_or_default(),
        attributes: asset
            .attributes
            .iter()
            .map(|(name, value)| fact(name.clone(), value.clone()))
            .collect(),
        expanded: false,
    }
}

/// A public-space report.
pub(super) fn report_card(report: &Report, layer: Option<&Layer>, language: &Language) -> CardState {
    let created = report
        .created
        .map_or_else(|| tr(language, "fact-no-data"), |day| format_date(day, language));
    CardState {
        id: report.id.clone(),
        kind: tr(language, "kind-report"),
        name: report.id.clone(),
        facts: vec![
            fact(tr(language, "fact-category"), report.category.clone()),
            fact(tr(language, "fact-status"), report.status.clone()),
            fact(tr(language, "fact-created"), created),
        ],
        certainty: unsure(layer),
        source: layer.map(|layer| layer.source.clone()).unwrap_or_default(),
        attributes: Vec::new(),
        expanded: false,
    }
}

/// A sensor.
pub(super) fn sensor_card(sensor: &Sensor, layer: Option<&Layer>, language: &Language) -> CardState {
    let value = sensor.value.map_or_else(
        || tr(language, "fact-no-data"),
        |value| format!("{} {}", format_number(value, 1, language), sensor.unit),
    );
    CardState {
        id: sensor.id.clone(),
        kind: tr(language, "kind-sensor"),
        name: sensor.name.clone(),
        facts: vec![
            fact(sensor.quantity.clone(), value),
            fact(tr(language, "fact-id"), sensor.id.clone()),
        ],
        certainty: unsure(layer),
        source: layer.map(|layer| layer.source.clone()).unwrap_or_default(),
        attributes: Vec::new(),
        expanded: false,
    }
}

/// What a file or folder is called in a sentence.
pub(in crate::app) fn short_name(path: &std::path::Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// The sentence when a path could not be opened.
pub(super) fn failure(path: &std::path::Path, problems: &[Problem], language: &Language) -> String {
    let reason = problems
        .first()
        .map(|problem| problem.message.clone())
        .unwrap_or_default();
    tr_args(
        language,
        "open-failed",
        &[("name", &short_name(path)), ("reason", &reason)],
    )
}
