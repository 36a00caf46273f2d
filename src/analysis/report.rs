//! The numbers as one JSON object and as a plain table.
//!
//! Keys are in `snake_case` with their unit. Square metres are rounded to a thousandth, ratios to a millionth: finer
//! than any data, coarse enough that a sum reads as what it is. The table is for a terminal; it says in words which
//! area was counted in and what is not known.

use super::indicators::{Basis, Counted, Indicator, Indicators, MissingData, ObjectKind, Role, Unknown, WindCheck};
use super::key::Key;
use super::study_area::{AreaSource, StudyArea};
use super::survey::Survey;
use crate::model::{LocalText, PlanScale, Variant};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Objects of which something is unknown that the table names; the JSON names all.
const NAMED: usize = 5;

/// A variant and its numbers.
pub struct VariantNumbers<'a> {
    /// The variant.
    pub variant: &'a Variant,
    /// Its numbers.
    pub indicators: Indicators,
}

/// Everything as one JSON object.
pub fn numbers_json(survey: &Survey, variants: &[VariantNumbers], phase: Option<&str>) -> Value {
    let scenario = survey.scenario();
    let formulas: Map<String, Value> = Key::ALL
        .iter()
        .map(|key| {
            let formula =
                json!({"formula": key.formula(), "unit": key.unit(), "rule": key.rule(), "source": key.source()});
            (key.name().to_owned(), formula)
        })
        .collect();
    let variants: Vec<Value> = variants
        .iter()
        .map(|numbers| {
            let variant = numbers.variant;
            json!({
                "id": variant.id,
                "title": variant.title.0,
                "is_today": variant.is_today(),
                "values": values_json(&numbers.indicators),
                "indicators": indicators_json(&numbers.indicators),
            })
        })
        .collect();
    json!({
        "title": scenario.title.0,
        "synthetic": scenario.synthetic,
        "plan_area": area_json(survey.area()),
        "missing_data": survey.missing().iter().map(|missing| missing_word(*missing)).collect::<Vec<_>>(),
        "phase": phase,
        "today": {"values": values_json(survey.today()), "indicators": indicators_json(survey.today())},
        "variants": variants,
        "formulas": formulas,
    })
}

fn area_json(area: &StudyArea) -> Value {
    json!({
        "source": source_word(area.source),
        "scale": area.scale.map(scale_word),
        "title": area.title.0,
        "area_m2": rounded(area.area_m2, "m2"),
    })
}

fn values_json(indicators: &Indicators) -> Value {
    let value = |indicator: &Indicator| (indicator.key.name().to_owned(), number(indicator.value, indicator.key));
    Value::Object(indicators.iter().map(value).collect())
}

fn indicators_json(indicators: &Indicators) -> Value {
    let entry = |indicator: &Indicator| (indicator.key.name().to_owned(), indicator_json(indicator));
    Value::Object(indicators.iter().map(entry).collect())
}

fn indicator_json(indicator: &Indicator) -> Value {
    let key = indicator.key;
    let inputs: Map<String, Value> = indicator
        .inputs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), rounded(*value, "m2")))
        .collect();
    let objects = match key.made_of() {
        [] => json!(
            indicator
                .objects
                .iter()
                .map(|object| counted_json(object, key))
                .collect::<Vec<_>>()
        ),
        _ => Value::Null,
    };
    let mut json = json!({
        "value": number(indicator.value, key),
        "unit": key.unit(),
        "difference": number(indicator.difference, key),
        "formula": key.name(),
        "inputs": inputs,
        "complete": indicator.is_complete,
        "estimate": number(indicator.estimate, key),
        "unknown": indicator.unknown.iter().map(|unknown| unknown_json(unknown, key)).collect::<Vec<_>>(),
        "objects": objects,
        "objects_of": key.made_of().iter().map(|part| part.name()).collect::<Vec<_>>(),
    });
    if let Some(map) = json.as_object_mut()
        && matches!(key, Key::GreatestHeight | Key::GreatestNewHeight)
    {
        map.insert("nen_8100".into(), json!(indicator.wind.map(wind_word)));
    }
    json
}

fn counted_json(object: &Counted, key: Key) -> Value {
    json!({
        "id": object.id,
        "kind": kind_word(object.kind),
        "role": role_word(object.role),
        "share": rounded(object.share, "1"),
        "amount": rounded(object.amount, key.unit()),
        "basis": object.basis.map(basis_word),
    })
}

fn unknown_json(unknown: &Unknown, key: Key) -> Value {
    json!({
        "id": unknown.id,
        "kind": kind_word(unknown.kind),
        "missing": unknown.missing,
        "estimate": number(unknown.estimate, key),
    })
}

fn number(value: Option<f64>, key: Key) -> Value {
    value.map_or(Value::Null, |value| rounded(value, key.unit()))
}

/// Without the digits that say nothing; whole numbers without a point, never a negative zero.
fn rounded(value: f64, unit: &str) -> Value {
    let steps = if matches!(unit, "m2" | "m") { 1e3 } else { 1e6 };
    let value = (value * steps).round() / steps + 0.0;
    #[expect(clippy::cast_possible_truncation, reason = "the value is whole and small")]
    if value.fract() == 0.0 && value.abs() < 1e15 {
        json!(value as i64)
    } else {
        json!(value)
    }
}

/// The table: a row per indicator, today and each variant with its difference in columns.
pub fn numbers_table(survey: &Survey, variants: &[VariantNumbers], phase: Option<&str>) -> String {
    let area = survey.area();
    let mut text = match (area.source, area.scale) {
        (AreaSource::PlanArea, scale) => format!(
            "Plan area: {}{:.0} m2, scale {}\n",
            named(&area.title),
            area.area_m2,
            scale.map_or("unknown", scale_word)
        ),
        (AreaSource::AreaOutline, _) => format!(
            "There is no plan area: everything is counted within the outline of the area (area.outline), {:.0} m2\n",
            area.area_m2
        ),
    };
    if let Some(phase) = phase {
        let _ = writeln!(text, "At the end of phase {phase}");
    }
    text.push('\n');
    let mut rows = vec![vec![String::new(), "today".to_owned()]];
    rows[0].extend(variants.iter().map(|numbers| numbers.variant.id.clone()));
    for indicator in survey.today().iter() {
        let mut row = vec![indicator.key.name().to_owned(), cell(indicator, false)];
        row.extend(
            variants
                .iter()
                .map(|numbers| cell(numbers.indicators.get(indicator.key), true)),
        );
        rows.push(row);
    }
    let columns = rows[0].len();
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    for row in &rows {
        let mut line = format!("{:width$}", row[0], width = widths[0]);
        for (value, width) in row.iter().zip(&widths).skip(1) {
            let _ = write!(line, "  {value:>width$}");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    let states = std::iter::once(survey.today()).chain(variants.iter().map(|numbers| &numbers.indicators));
    let states: Vec<&Indicators> = states.collect();
    if states
        .iter()
        .any(|state| state.iter().any(|indicator| !indicator.is_complete))
    {
        text.push_str("\n* not complete: what is known is counted, what is not is left out\n");
    }
    for missing in survey.missing() {
        let _ = writeln!(text, "  there is no data of today: {}", missing_word(*missing));
    }
    for (what, ids) in unknowns(&states) {
        let shown: Vec<&str> = ids.iter().take(NAMED).copied().collect();
        let more = ids.len() - shown.len();
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let _ = writeln!(text, "  {what} is unknown of {}{more}", shown.join(", "));
    }
    text.truncate(text.trim_end().len());
    text
}

/// What is unknown in any of the states, with the objects it is unknown of.
fn unknowns<'a>(states: &[&'a Indicators]) -> BTreeMap<&'static str, Vec<&'a str>> {
    let mut found: BTreeMap<&'static str, Vec<&str>> = BTreeMap::new();
    for unknown in states
        .iter()
        .flat_map(|state| state.iter())
        .flat_map(|indicator| &indicator.unknown)
    {
        let ids = found.entry(unknown.missing).or_default();
        ids.push(&unknown.id);
    }
    for ids in found.values_mut() {
        ids.sort_unstable();
        ids.dedup();
    }
    found
}

fn named(title: &LocalText) -> String {
    match title.get("en") {
        "" => String::new(),
        title => format!("{title}, "),
    }
}

fn cell(indicator: &Indicator, has_difference: bool) -> String {
    let Some(value) = indicator.value else {
        return "-".into();
    };
    let decimals = match indicator.key.unit() {
        "m2/m2" | "storeys" => 2,
        "m" | "1/ha" => 1,
        _ => 0,
    };
    let mut text = format!("{:.decimals$}", value + 0.0);
    if let Some(difference) = indicator.difference.filter(|_| has_difference) {
        let shown = format!("{difference:+.decimals$}");
        let is_nothing = shown.chars().all(|c| "+-0.".contains(c));
        let _ = if is_nothing {
            write!(text, " (=)")
        } else {
            write!(text, " ({shown})")
        };
    }
    if let Some(wind) = indicator.wind.filter(|wind| *wind != WindCheck::Nothing) {
        let _ = write!(text, " wind:{}", wind_word(wind));
    }
    if !indicator.is_complete {
        text.push('*');
    }
    text
}

fn source_word(source: AreaSource) -> &'static str {
    match source {
        AreaSource::PlanArea => "plan_area",
        AreaSource::AreaOutline => "area.outline",
    }
}

fn scale_word(scale: PlanScale) -> &'static str {
    match scale {
        PlanScale::Plot => "plot",
        PlanScale::Island => "island",
        PlanScale::Fabric => "fabric",
        PlanScale::District => "district",
    }
}

fn missing_word(missing: MissingData) -> &'static str {
    match missing {
        MissingData::Register => "register",
        MissingData::Surfaces => "surfaces",
        MissingData::Assets => "assets",
    }
}

fn kind_word(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::RegisteredBuilding => "registered_building",
        ObjectKind::NewBuilding => "new_building",
        ObjectKind::NewModel => "new_model",
        ObjectKind::Surface => "surface",
        ObjectKind::NewSurface => "new_surface",
        ObjectKind::Asset => "asset",
        ObjectKind::NewTree => "new_tree",
    }
}

fn role_word(role: Role) -> &'static str {
    match role {
        Role::Kept => "kept",
        Role::New => "new",
        Role::Removed => "removed",
    }
}

fn basis_word(basis: Basis) -> &'static str {
    match basis {
        Basis::Recorded => "recorded",
        Basis::Storeys => "storeys",
    }
}

fn wind_word(wind: WindCheck) -> &'static str {
    match wind {
        WindCheck::Nothing => "none",
        WindCheck::Expert => "expert",
        WindCheck::Study => "study",
    }
}
