//! What the model says, put into the plain states that panels show. Pure functions, in the language of the interface.

use super::feature_words::{feature_legend, feature_look};
use super::{height_words, points};
use crate::app::system::system_name;
use crate::model::{Certainty, Charter, CityDetail, Layer, LayerKind, OpenScenario, SurfaceKind, Use};
use crate::panels::certainty_word;
use crate::panels::charter::CharterState;
use crate::panels::keep_layer::KeepRow;
use crate::panels::layers::{DetailRow, LayerRow, LayersState, LegendEntry};
use crate::panels::problems::{ProblemRow, ProblemsState};
use crate::panels::variants::{PhaseRow, VariantRow, VariantsState};
use crate::panels::viewpoints::{ViewpointRow, ViewpointsState};
use crate::sources::cityjson::{Lod, LodChoice};
use crate::sources::http::offline;
use crate::sources::resource::{is_url, plain_path};
use crate::sources::{Cause, Problem, Severity};
use crate::text::{Language, tr, tr_args};
use crate::ui::widgets::SwatchEdge;
use crate::view::palette::{self, Rgb};
use crate::view::points::PointLooks;
use crate::view::scene::ShownScenario;
use crate::view::tiles::{HeightsOfTiles, KeepProgress};
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
pub(super) fn layers(
    shown: &ShownScenario,
    wanted: Option<LodChoice>,
    looks: &PointLooks,
    keeping: Option<&(String, KeepProgress)>,
    heights: &HeightsOfTiles,
    language: &Language,
) -> LayersState {
    let code = language.code();
    let rows = shown.open.scenario.layers.iter().map(|layer| LayerRow {
        id: layer.id.clone(),
        title: layer.title.get(&code).to_owned(),
        visible: shown.is_layer_visible(&layer.id),
        source: layer.source.clone(),
        certainty: layer.certainty,
        synthetic: layer.synthetic,
        legend: legend(layer, shown, looks, language),
        detail: shown
            .open
            .detail
            .as_ref()
            .filter(|_| layer.kind == LayerKind::Tiles3d)
            .and_then(|detail| detail_row(detail, wanted, language)),
        coloring: looks.0.get(&layer.id).map(|look| points::coloring(look, language)),
        look: feature_look(&layer.id, shown),
        heights: height_words::row(layer, shown, heights, language),
        keep: is_url(&layer.path).then(|| KeepRow {
            progress: keeping
                .filter(|(of, _)| *of == layer.id)
                .map(|(_, progress)| progress.clone()),
            is_offline: offline::is_offline(),
        }),
    });
    let question = shown.open.crs_question.as_ref();
    LayersState {
        system: question.map(|question| system_name(question.taken, language)),
        rows: rows.collect(),
    }
}

/// The levels of a city model, with the one marked that is wanted or else shown; `None` where there is no choice.
fn detail_row(detail: &CityDetail, wanted: Option<LodChoice>, language: &Language) -> Option<DetailRow> {
    let choices = detail.choices();
    let holds = wanted.unwrap_or(detail.choice);
    // Asked for on the command line, it may be a level that the file does not have: then the one that is shown for it.
    let chosen = choices.iter().position(|choice| *choice == holds).or_else(|| {
        let LodChoice::AtMost(most) = holds else { return None };
        let below = detail.levels.iter().rposition(|level| *level <= most);
        Some(below.unwrap_or(0))
    })?;
    let levels = choices.into_iter().map(|choice| match choice {
        LodChoice::AtMost(lod) | LodChoice::Exact(lod) => (level_name(lod, language), format!("LoD {lod}")),
        LodChoice::Highest => (tr(language, "layers-detail-highest"), String::new()),
    });
    Some(DetailRow {
        levels: levels.collect(),
        chosen,
    })
}

/// What a level shows, by the refined levels that Dutch city models use.
fn level_name(lod: Lod, language: &Language) -> String {
    let number = lod.to_string();
    match number.split_once('.').unwrap_or((&number, "0")) {
        ("0", _) => tr(language, "layers-detail-flat"),
        ("1", "3") => tr(language, "layers-detail-parts"),
        ("1", _) => tr(language, "layers-detail-block"),
        ("2", _) => tr(language, "layers-detail-roof"),
        ("3", _) => tr(language, "layers-detail-openings"),
        _ => tr(language, "layers-detail-more"),
    }
}

fn legend(layer: &Layer, shown: &ShownScenario, looks: &PointLooks, language: &Language) -> Vec<LegendEntry> {
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
        LayerKind::Points => looks.0.get(&layer.id).map_or_else(Vec::new, |look| {
            points::legend(look, &shown.open.scenario.area.site, language)
        }),
        LayerKind::Features => feature_legend(&layer.id, shown, language),
        LayerKind::Imagery | LayerKind::Labels | LayerKind::Addresses => Vec::new(),
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

pub(super) fn fill([r, g, b]: Rgb) -> Color32 {
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

/// What is wrong and what to do, for a reader who did not make the file.
pub(in crate::app) fn cause(problem: &Problem, language: &Language) -> String {
    match problem.cause {
        Cause::Missing => tr(language, "cause-missing"),
        Cause::Unreadable => tr(language, "cause-unreadable"),
        Cause::Outside => tr(language, "cause-outside"),
        Cause::TooLarge => tr(language, "cause-too-large"),
        Cause::NotRead => tr(language, "cause-not-read"),
        Cause::Newer => tr(language, "cause-newer"),
        Cause::Damaged => tr(language, "cause-damaged"),
        Cause::WrongKind => tr(language, "cause-wrong-kind"),
        Cause::UnknownKey => tr(language, "cause-unknown-key"),
        Cause::Duplicate => tr(language, "cause-duplicate"),
        Cause::SameNumber => tr(language, "cause-same-number"),
        Cause::Place => tr(language, "cause-place"),
        Cause::NoSystem => tr(language, "cause-no-system"),
        Cause::TooFar => tr(language, "cause-too-far"),
        Cause::TooWide => tr(language, "cause-too-wide"),
        Cause::Elsewhere => tr(language, "cause-elsewhere"),
        Cause::NoCoordinates => tr(language, "cause-no-coordinates"),
        Cause::Row => tr(language, "cause-row"),
        Cause::Column => tr(language, "cause-column"),
        Cause::Guessed => tr(language, "cause-guessed"),
        Cause::NoNumber => tr(language, "cause-no-number"),
        Cause::Empty => tr(language, "cause-empty"),
        Cause::Nowhere => tr(language, "cause-nowhere"),
        Cause::MostlyNowhere => tr(language, "cause-mostly-nowhere"),
        Cause::UnknownKind => tr(language, "cause-unknown-kind"),
        Cause::Value => tr(language, "cause-value"),
        Cause::Unfinished => tr(language, "cause-unfinished"),
        Cause::More => tr(language, "cause-more"),
        Cause::InUse => tr(language, "cause-in-use"),
        Cause::Unwritable => tr(language, "cause-unwritable"),
        Cause::SetAside => tr(language, "cause-set-aside"),
        Cause::Machine => tr(language, "cause-machine"),
        Cause::Network => tr(language, "cause-network"),
        Cause::NotTrusted => tr(language, "cause-not-trusted"),
        Cause::Proxy => tr(language, "cause-proxy"),
        Cause::Server => tr(language, "cause-server"),
        Cause::Content => tr(language, "cause-content"),
    }
}

/// Problems as rows, each with what it means for what is seen.
pub(super) fn problems<'a>(all: impl Iterator<Item = &'a Problem>, language: &Language) -> ProblemsState {
    let all: Vec<&Problem> = all.collect();
    let of_server = |problem: &&Problem| {
        let is_servers = matches!(
            problem.cause,
            Cause::Network | Cause::NotTrusted | Cause::Proxy | Cause::Server
        );
        let is_asked = is_url(&problem.path) || is_servers;
        problem.severity == Severity::Error && is_asked
    };
    ProblemsState {
        can_retry: all.iter().any(of_server),
        rows: problem_rows(all.into_iter(), language),
    }
}

/// Problems in words, with the exact finding beside them.
pub(in crate::app) fn problem_rows<'a>(all: impl Iterator<Item = &'a Problem>, language: &Language) -> Vec<ProblemRow> {
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
            what: cause(problem, language),
            finding: tr_args(language, "problem-finding", &[("finding", &problem.message)]),
            place,
            meaning,
        }
    });
    rows.collect()
}

pub(super) fn use_name(used_for: Use, language: &Language) -> String {
    match used_for {
        Use::Housing => tr(language, "use-housing"),
        Use::Shops => tr(language, "use-shops"),
        Use::Office => tr(language, "use-office"),
        Use::Public => tr(language, "use-public"),
        Use::Parking => tr(language, "use-parking"),
        Use::Other => tr(language, "use-other"),
    }
}

/// What a file or folder is called in a sentence.
pub(in crate::app) fn short_name(path: &std::path::Path) -> String {
    let whole = path.display().to_string();
    let plain = plain_path(&whole);
    let name = std::path::Path::new(plain).file_name();
    name.map_or_else(|| plain.to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The sentence when a path could not be opened.
pub(in crate::app) fn failure(path: &std::path::Path, problems: &[Problem], language: &Language) -> String {
    // Warnings may come before what made it fail.
    let worst = problems.iter().find(|problem| problem.severity == Severity::Error);
    let reason = worst.or(problems.first()).map(|problem| {
        let finding = tr_args(language, "problem-finding", &[("finding", &problem.message)]);
        format!("{} {finding}", cause(problem, language))
    });
    let reason = reason.unwrap_or_default();
    tr_args(
        language,
        "open-failed",
        &[("name", &short_name(path)), ("reason", &reason)],
    )
}
