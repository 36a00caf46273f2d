//! Indicators: against values worked out by hand, and as the command prints them.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "helpers of tests may unwrap, and a suite says how long it took"
)]

use serde_json::Value;
use stadslens::analysis::{AreaSource, Indicators, Key, MissingData, Role, Survey, WindCheck};
use stadslens::model::scenario::{check, open};
use stadslens::model::{OpenScenario, PlanScale, Use};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Instant;

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub(crate) fn opened(path: &str) -> OpenScenario {
    open(&project(path)).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// The indicators of `variant` in `phase`, of today when it is empty.
pub(crate) fn numbers(open: &OpenScenario, variant: &str, phase: Option<&str>) -> Indicators {
    let survey = Survey::new(open).unwrap();
    match open.scenario.variant(variant) {
        Some(variant) => survey.indicators(variant, phase),
        None => survey.today().clone(),
    }
}

pub(crate) fn assert_values(numbers: &Indicators, expected: &[(Key, f64)]) {
    for (key, value) in expected {
        let found = numbers.value(*key).unwrap();
        assert!(
            (found - value).abs() < 1e-4,
            "{}: {found}, expected {value}",
            key.name()
        );
    }
}

pub(crate) fn unknown(numbers: &Indicators, key: Key) -> Vec<&str> {
    numbers
        .get(key)
        .unknown
        .iter()
        .map(|unknown| unknown.id.as_str())
        .collect()
}

fn ids(numbers: &Indicators, key: Key, role: Role) -> Vec<(&str, f64)> {
    let objects = numbers
        .objects_behind(key)
        .into_iter()
        .filter(|(_, object)| object.role == role);
    objects.map(|(_, object)| (object.id.as_str(), object.amount)).collect()
}

// The fixture `hof`, in metres from its anchor. The plan area is the square from 0,0 to 100,100: 10,000 m².
//
// Today's buildings:
//   R1  court (10..40)² less (20..30)²      800 m²  recorded 1800 housing + 600 shops, 20 dwellings, 10 m
//   R2  90..110 × 10..30, half inside       400 m²  recorded 800 office → 400; at exactly half it counts whole, 6 m
//   R3  10..20 × 90..130, a quarter inside  400 m²  2 storeys → 800 housing → 200; 8 dwellings, less than half in: 0
//   R4  60..70 × 60..80                     200 m²  storeys and dwellings unknown; 9 m / 3 m → 3 storeys → 600 m²
//   R5  80..90 × 60..70                     100 m²  1 storey → 100 shops; height unknown
//   R6  50..80 × 10..30                     600 m²  recorded 1800 parking, 60 places, 2 dwellings, 9 m
//   R7  lies outside
// Built: 800 + 400/2 + 400/4 + 200 + 100 + 600 = 2000. Floor: 2400 + 400 + 200 + 100 + 1800 = 4900.
//
// Today's ground (height): S1 asphalt (0) 800. S2 grass (0.05) 2000, less 8 under the bridge S4. S3 water (−0.5)
// 50 × 18 = 900, less 72 under S4. S4 paving (0.1) 4 × 26 = 104. S5 clinkers (0) 20 × 20 = 400, less R4. S6 grass (0)
// 100, less 50 where S5 lies at the same height. S7 planting, half inside, 50.
// Paved 800 + 104 + 200 = 1104; green 1992 + 50 + 50 = 2092; water 828;
// unknown 10,000 − 2000 − 1104 − 2092 − 828 = 3976. Trees T1 and T2; T3 lies outside.
// Places: 60 in R6, 12 on S1, 5 on S6, half of which lies open.
#[test]
fn today_is_what_was_worked_out_by_hand() {
    let open = opened("tests/fixtures/hof");
    let today = numbers(&open, "", None);
    assert_values(
        &today,
        &[
            (Key::Gfa, 4900.0),
            (Key::GfaOf(Use::Housing), 2000.0),
            (Key::GfaOf(Use::Shops), 700.0),
            (Key::GfaOf(Use::Office), 400.0),
            (Key::GfaOf(Use::Public), 0.0),
            (Key::GfaOf(Use::Parking), 1800.0),
            (Key::GfaUnderground, 0.0),
            (Key::Built, 2000.0),
            (Key::Fsi, 0.49),
            (Key::Gsi, 0.2),
            (Key::Osr, 0.8 / 0.49),
            (Key::L, 2.45),
            (Key::Dwellings, 22.0),
            (Key::DwellingsPerHa, 22.0),
            (Key::ParkingPlaces, 77.0),
            (Key::Green, 2092.0),
            (Key::Paved, 1104.0),
            (Key::Water, 828.0),
            (Key::UnknownCover, 3976.0),
            (Key::Trees, 2.0),
            (Key::GreatestHeight, 10.0),
        ],
    );
    assert_eq!(today.value(Key::GreatestNewHeight), None);
    // What is unknown is named and stays out; the estimate stands beside it: 4900 + 600 over 10,000 m² and 2000 m².
    assert_eq!(unknown(&today, Key::Gfa), ["R4"]);
    assert_eq!(unknown(&today, Key::Dwellings), ["R4"]);
    assert_eq!(unknown(&today, Key::GreatestHeight), ["R5"]);
    for (key, estimate) in [
        (Key::Gfa, 5500.0),
        (Key::Fsi, 0.55),
        (Key::L, 2.75),
        (Key::Osr, 8000.0 / 5500.0),
    ] {
        assert!(
            (today.get(key).estimate.unwrap() - estimate).abs() < 1e-9,
            "{}",
            key.name()
        );
        assert!(!today.get(key).is_complete);
    }
    assert!(today.get(Key::Gsi).is_complete && today.get(Key::Trees).is_complete);
    assert!(!today.get(Key::Green).is_complete, "a third of the ground is unknown");
    assert_eq!(
        ids(&today, Key::Fsi, Role::Kept),
        [
            ("R1", 2400.0),
            ("R2", 400.0),
            ("R3", 200.0),
            ("R5", 100.0),
            ("R6", 1800.0)
        ]
    );
    let share_of = |id: &str| {
        today
            .objects_behind(Key::Gsi)
            .into_iter()
            .find(|(_, object)| object.id == id)
            .unwrap()
            .1
            .share
    };
    assert!((share_of("R1") - 1.0).abs() < f64::EPSILON);
    assert!((share_of("R2") - 0.5).abs() < 1e-9 && (share_of("R3") - 0.25).abs() < 1e-9);
}

// Variant A: R6 goes (phase 1), R5 goes by polygon (phase 2).
//   N1  plinth where R6 stood   600 m²  2 × shops = 1200, 2 below ground = 1200, 100 places, 4 + 3 = 7 m (phase 1)
//   N2  tower on it             225 m²  8 × 225 = 1800 housing, 18 dwellings, 7 + 8 × 3 = 31 m
//   N3  60..80 × 90..120, a third inside, 600 m²: 600 shops + 1200 housing → 200 + 400; 12 dwellings, not counted
//   N4  30..50 × 62..80 under the water: 360 m² below ground, its places unknown; not built ground
// Built: R1 800 + R2 200 + R3 100 + R4 200 + N1 with N2 on it 600 + N3 200 = 2100.
// Floor: 2400 + 400 + 200 + 1200 + 1800 + 600 = 6600. Housing 1800 + 200 + 1800 + 400, shops 600 + 1200 + 200.
// Ground: P1 grass 200 on bare ground; P2 water 80 cut out of S1, though it lies lower; P3 planting 60 less 20 under N1.
// P4 paving 100 on S6 (50 of it grass) and a corner of S5 (50).
// Paved 1104 − 80 + 50 = 1074; green 2092 + 200 + 40 − 50 = 2282; water 828 + 80 = 908;
// unknown 3976 − 200 (P1) − 40 (P3) − 200 (N3) + 100 (R5 is gone) = 3636. Trees: T1 stays, T2 goes, NT1 comes.
// Places: S1 keeps its 12 with 720 of its 800 m² open, N1 brings 100 and P1 6; R6's 60 and the 5 on S6 go.
#[test]
fn a_variant_is_what_was_worked_out_by_hand() {
    let open = opened("tests/fixtures/hof");
    let plan = numbers(&open, "A", None);
    assert_values(
        &plan,
        &[
            (Key::Gfa, 6600.0),
            (Key::GfaOf(Use::Housing), 4200.0),
            (Key::GfaOf(Use::Shops), 2000.0),
            (Key::GfaOf(Use::Office), 400.0),
            (Key::GfaOf(Use::Parking), 0.0),
            (Key::GfaUnderground, 1560.0),
            (Key::Built, 2100.0),
            (Key::Fsi, 0.66),
            (Key::Gsi, 0.21),
            (Key::Osr, 7900.0 / 6600.0),
            (Key::L, 6600.0 / 2100.0),
            (Key::Dwellings, 38.0),
            (Key::ParkingPlaces, 118.0),
            (Key::Green, 2282.0),
            (Key::Paved, 1074.0),
            (Key::Water, 908.0),
            (Key::UnknownCover, 3636.0),
            (Key::Trees, 2.0),
            (Key::GreatestHeight, 31.0),
            (Key::GreatestNewHeight, 31.0),
        ],
    );
    for (key, difference) in [
        (Key::Gfa, 1700.0),
        (Key::Dwellings, 16.0),
        (Key::ParkingPlaces, 41.0),
        (Key::Green, 190.0),
        (Key::Paved, -30.0),
        (Key::Trees, 0.0),
        (Key::GreatestHeight, 21.0),
    ] {
        assert!(
            (plan.get(key).difference.unwrap() - difference).abs() < 1e-4,
            "{}",
            key.name()
        );
    }
    assert_eq!(
        plan.get(Key::Dwellings).inputs,
        [("kept", 20.0), ("new", 18.0), ("removed", 2.0)]
    );
    assert_eq!(ids(&plan, Key::Dwellings, Role::Removed), [("R6", 2.0)]);
    assert_eq!(ids(&plan, Key::Trees, Role::Removed), [("T2", 1.0)]);
    assert_eq!(unknown(&plan, Key::ParkingPlaces), ["N4"]);
    assert_eq!(
        ids(&plan, Key::ParkingPlaces, Role::Removed),
        [("R6", 60.0), ("S6", 5.0)]
    );
    assert!(
        unknown(&plan, Key::GreatestHeight).is_empty(),
        "R5, of unknown height, is gone"
    );
    assert_eq!(plan.get(Key::GreatestHeight).wind, Some(WindCheck::Study));
    let overlap = plan
        .get(Key::Built)
        .inputs
        .iter()
        .find(|(name, _)| *name == "overlap_m2")
        .unwrap()
        .1;
    assert!((overlap - 225.0).abs() < 1e-4);
}

// At the end of phase 1 R6 and T2 are gone and N1 stands: floor 2400 + 400 + 200 + 100 + 1200, trees T1 alone.
#[test]
fn a_phase_counts_what_stands_at_its_end() {
    let open = opened("tests/fixtures/hof");
    let plan = numbers(&open, "A", Some("1"));
    assert_values(
        &plan,
        &[
            (Key::Gfa, 4300.0),
            (Key::Dwellings, 20.0),
            (Key::ParkingPlaces, 117.0),
            (Key::Trees, 1.0),
            (Key::GreatestHeight, 10.0),
            (Key::GreatestNewHeight, 7.0),
            (Key::Green, 2092.0),
        ],
    );
    assert_eq!(plan.get(Key::GreatestNewHeight).wind, Some(WindCheck::Nothing));
}

#[test]
fn a_variant_without_differences_is_today() {
    let open = opened("tests/fixtures/hof");
    let (today, variant) = (numbers(&open, "", None), numbers(&open, "0", None));
    assert_eq!(today, variant);
    let differences = today.iter().filter_map(|indicator| indicator.difference);
    assert!(differences.map(f64::abs).sum::<f64>() < f64::EPSILON);
}

#[test]
fn without_a_plan_area_the_outline_is_counted_in_and_that_is_said() {
    let mut open = opened("tests/fixtures/hof");
    open.scenario.plan_area = None;
    let survey = Survey::new(&open).unwrap();
    assert_eq!(
        (survey.area().source, survey.area().scale),
        (AreaSource::AreaOutline, None)
    );
    // 300 × 200 m, and with R7, R2 and R3 whole.
    assert!((survey.area().area_m2 - 60_000.0).abs() < 1e-6);
    assert_values(
        survey.today(),
        &[(Key::Dwellings, 20.0 + 8.0 + 2.0 + 99.0), (Key::Trees, 3.0)],
    );
    open.scenario.area.outline.clear();
    assert!(Survey::new(&open).is_err());
}

#[test]
fn what_the_scenario_has_no_data_of_is_said_and_never_complete() {
    let mut open = opened("tests/fixtures/hof");
    open.register = Arc::default();
    open.assets = Arc::default();
    open.surfaces = Arc::default();
    let survey = Survey::new(&open).unwrap();
    assert_eq!(
        survey.missing(),
        [MissingData::Register, MissingData::Surfaces, MissingData::Assets]
    );
    let plan = survey.indicators(open.scenario.variant("A").unwrap(), None);
    assert_values(&plan, &[(Key::Gfa, 3600.0), (Key::Dwellings, 18.0), (Key::Trees, 1.0)]);
    assert!(plan.iter().all(|indicator| !indicator.is_complete));
}

#[test]
fn a_plan_area_is_checked_as_every_ring_is() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(project("tests/fixtures/hof/scenario.json")).unwrap();
    let ring = "[[251000, 476250], [251100, 476250], [251100, 476350], [251000, 476350]]";
    assert!(text.contains(ring));
    let with = |polygons: &str, scale: &str| {
        let text = text
            .replacen(&format!("[{ring}]"), polygons, 1)
            .replacen("island", scale, 1);
        std::fs::write(folder.path().join("scenario.json"), text).unwrap();
        let problems = check(folder.path());
        let about = problems
            .iter()
            .map(ToString::to_string)
            .filter(|line| line.contains("plan_area"));
        (
            open(folder.path()).unwrap().scenario.plan_area,
            about.collect::<Vec<_>>(),
        )
    };
    let (area, lines) = with(
        &format!("[{ring}], [[[251000, 476250], [251100, 476350], [251100, 476250], [251000, 476350]]]"),
        "plot",
    );
    let area = area.unwrap();
    assert_eq!((area.parts.len(), area.scale), (1, PlanScale::Plot));
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].starts_with("scenario.json: plan_area.polygons[1][0]: "),
        "{lines:?}"
    );
    assert!(lines[0].ends_with("; plan_area.polygons[1] is left out"), "{lines:?}");
    let (area, lines) = with("[[[251000, 476250], [251100, 476250], [251200, 476250]]]", "district");
    assert_eq!((area, lines.len()), (None, 2), "{lines:?}");
    assert!(lines[1].contains("counted within the outline"), "{lines:?}");
    let (area, lines) = with(&format!("[{ring}]"), "village");
    assert_eq!(area, None);
    assert!(!lines.is_empty(), "a scale that is none is named");
}

#[test]
fn the_lange_wemen_has_the_dwellings_that_its_plans_say() {
    let open = opened("scenarios/lange-wemen");
    let start = Instant::now();
    let survey = Survey::new(&open).unwrap();
    let read = start.elapsed();
    let mut shown = Vec::new();
    for (id, dwellings, wind) in [
        ("A", 304.0, WindCheck::Expert),
        ("B", 219.0, WindCheck::Expert),
        ("C", 399.0, WindCheck::Study),
    ] {
        let plan = survey.indicators(open.scenario.variant(id).unwrap(), None);
        let new = plan
            .get(Key::Dwellings)
            .inputs
            .iter()
            .find(|(name, _)| *name == "new")
            .unwrap()
            .1;
        assert!((new - dwellings).abs() < f64::EPSILON, "{id}: {new}");
        assert_eq!(plan.get(Key::GreatestNewHeight).wind, Some(wind), "{id}");
        let value = |key: Key| plan.value(key).unwrap();
        assert!((0.5..4.0).contains(&value(Key::Fsi)), "{id}: {}", value(Key::Fsi));
        assert!((0.2..0.7).contains(&value(Key::Gsi)), "{id}: {}", value(Key::Gsi));
        assert!((1.0..8.0).contains(&value(Key::L)), "{id}: {}", value(Key::L));
        assert!((value(Key::Fsi) / value(Key::Gsi) - value(Key::L)).abs() < 1e-9);
        assert!(
            value(Key::UnknownCover) < 1.0,
            "{id}: all ground is known, {}",
            value(Key::UnknownCover)
        );
        assert!(plan.get(Key::Gfa).is_complete && plan.get(Key::Green).is_complete);
        shown.push(plan);
    }
    eprintln!("survey {read:?}, with three variants {:?}", start.elapsed());
    let green = |i: usize| shown[i].value(Key::Green).unwrap();
    assert!(
        green(1) > green(0) && green(0) > green(2),
        "B is the greener, C the denser"
    );
    assert!(
        shown[1].get(Key::Water).difference.unwrap() > 400.0,
        "the stream is back"
    );
}

fn stadslens(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stadslens"));
    command
        .arg("indicators")
        .args(arguments)
        .current_dir(project("tests/fixtures"));
    command.output().unwrap()
}

fn printed(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_command_prints_one_object_with_units_in_its_keys() {
    let output = stadslens(&["hof", "--json"]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let all = printed(&output);
    assert_eq!(all["plan_area"]["source"], "plan_area");
    assert_eq!(all["plan_area"]["scale"], "island");
    assert_eq!(all["plan_area"]["area_m2"], 10_000);
    assert_eq!(all["synthetic"], true);
    assert_eq!(all["today"]["values"]["gfa_m2"], 4900);
    let plan = &all["variants"][1];
    assert_eq!(plan["id"], "A");
    assert_eq!(plan["values"]["gfa_shops_m2"], 2000);
    let gfa = &plan["indicators"]["gfa_m2"];
    assert_eq!(
        (&gfa["value"], &gfa["difference"], &gfa["unit"]),
        (&6600.into(), &1700.into(), &"m2".into())
    );
    assert_eq!(gfa["unknown"][0]["id"], "R4");
    assert_eq!(gfa["estimate"], 7200);
    let ring = |object: &Value| object["id"] == "R3" && object["share"] == 0.25 && object["amount"] == 200;
    assert!(gfa["objects"].as_array().unwrap().iter().any(ring), "{gfa}");
    assert_eq!(
        plan["indicators"]["l"]["objects_of"],
        serde_json::json!(["gfa_m2", "built_m2"])
    );
    assert_eq!(plan["indicators"]["greatest_height_m"]["nen_8100"], "study");
    for key in Key::ALL {
        let formula = &all["formulas"][key.name()];
        assert!(
            ["formula", "rule", "source", "unit"]
                .iter()
                .all(|part| formula[*part].is_string()),
            "{}",
            key.name()
        );
        assert!(plan["values"].as_object().unwrap().contains_key(key.name()));
    }
    let chosen = printed(&stadslens(&["hof", "--variant", "A", "--phase", "1", "--json"]));
    assert_eq!(chosen["variants"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&chosen["phase"], &chosen["variants"][0]["values"]["gfa_m2"]),
        (&"1".into(), &4300.into())
    );
}

#[test]
fn the_command_says_what_it_counted_in_and_what_it_does_not_know() {
    let output = stadslens(&["hof"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.starts_with("Plan area: The court, 10000 m2, scale island\n"),
        "{text}"
    );
    let row = |name: &str| {
        text.lines()
            .find(|line| line.split_whitespace().next() == Some(name))
            .unwrap()
    };
    assert_eq!(
        row("gfa_m2").split_whitespace().collect::<Vec<_>>(),
        ["gfa_m2", "4900*", "4900", "(=)*", "6600", "(+1700)*"]
    );
    assert!(row("greatest_new_height_m").ends_with("31.0 wind:study"), "{text}");
    assert!(text.ends_with("  roof_nap_m is unknown of R5\n"), "{text}");
    let output = stadslens(&["klein"]);
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("There is no plan area: "));
}

#[test]
fn the_command_refuses_in_one_line() {
    for (arguments, code, says) in [
        (
            &["hof", "--variant", "Z"][..],
            2,
            "there is no variant `Z`: the scenario has 0, A\n",
        ),
        (
            &["hof", "--phase", "9"],
            2,
            "there is no phase `9`: the scenario has 1, 2\n",
        ),
        (&["nowhere"], 1, "nowhere: there is no such file or folder\n"),
    ] {
        let output = stadslens(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.ends_with(says), "{error}");
        assert!(output.stdout.is_empty());
    }
}
