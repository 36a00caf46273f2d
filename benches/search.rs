//! Finding a place among a hundred thousand names: the index, and what one key press costs. Run with
//! `cargo bench --bench search`.

use stadslens::model::OpenScenario;
use stadslens::model::scenario::{self, Address};
use stadslens::model::search::{KEPT, PlaceIndex};
use stadslens::sources::resource;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Names.
const ADDRESSES: usize = 100_000;
/// Beginnings and ends of streets, which make a few thousand different ones.
const BEGINNINGS: [&str; 40] = [
    "Wemen",
    "Lange",
    "Deldener",
    "Oldenzaal",
    "Enschede",
    "Beurs",
    "Brink",
    "Markt",
    "Nieuw",
    "Pastorie",
    "Spoor",
    "Industrie",
    "Parallel",
    "Gieske",
    "Trijp",
    "Velours",
    "Wolter",
    "Prins",
    "Hofstede",
    "Bataafse",
    "Driener",
    "Smuts",
    "Wet",
    "Bornse",
    "Tuindorp",
    "Dorpsmaten",
    "Beatrix",
    "Heemaf",
    "Beek",
    "Mitcham",
    "Scheffer",
    "Eik",
    "Linde",
    "Berken",
    "Kastanje",
    "Meidoorn",
    "Torenvalk",
    "Nachtegaal",
    "Korenbloem",
    "Klaproos",
];
const MIDDLES: [&str; 10] = [
    "", "dorps", "kamp", "hof", "berg", "veld", "brink", "maat", "esch", "bos",
];
const ENDS: [&str; 6] = ["straat", "laan", "weg", "plein", "pad", "singel"];

fn main() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/lange-wemen");
    let Ok(mut open) = scenario::open(&path) else {
        return print("the shipped scenario does not open");
    };
    let addresses = (0..ADDRESSES).map(|number| {
        let street = format!(
            "{}{}{}",
            BEGINNINGS[number % 40],
            MIDDLES[number / 40 % 10],
            ENDS[number / 400 % 6]
        );
        Address {
            street_and_number: format!("{street} {}", 1 + number / 2_400),
            street,
            place: "Hengelo".to_owned(),
            town: "7551 ET Hengelo".to_owned(),
            position: bevy::math::DVec2::ZERO,
        }
    });
    open.addresses = Arc::new(addresses.collect());
    let start = Instant::now();
    let index = PlaceIndex::made(&open);
    let made_ms = start.elapsed().as_secs_f64() * 1e3;
    print(&format!("index of {} names: {made_ms:.0} ms", index.len()));
    kept(&index, &mut open);
    let mut all: Vec<f64> = Vec::new();
    for typed in [
        "w",
        "st",
        "wem",
        "wemenstraat",
        "wemenstr 12",
        "wemensraat 12",
        "lambetrus",
        "7551 et",
        "hengelo",
        "torenvalkdorpslaan 41",
        "torenvlakdorpslan 41",
        "lm-0012",
        "xylofoon",
    ] {
        let mut times: Vec<f64> = (0..30)
            .map(|_| {
                let start = Instant::now();
                std::hint::black_box(index.find(typed, 8));
                start.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let first = index
            .find(typed, 1)
            .first()
            .map_or_else(String::new, |place| place.name.clone());
        print(&format!(
            "`{typed}`: median {:.2} ms, worst {:.2} ms → {first}",
            times[15], times[29]
        ));
        all.extend(times);
    }
    all.sort_by(f64::total_cmp);
    print(&format!(
        "all: median {:.2} ms, p95 {:.2} ms",
        all[all.len() / 2],
        all[all.len() * 95 / 100]
    ));
}

/// The same from its file.
fn kept(index: &PlaceIndex, open: &mut OpenScenario) {
    let Ok(folder) = tempfile::tempdir() else { return };
    let bytes = index.kept();
    if std::fs::write(folder.path().join(KEPT), &bytes).is_err() {
        return;
    }
    open.resources = resource::folder(folder.path());
    let start = Instant::now();
    let read = PlaceIndex::of(open);
    let read_ms = start.elapsed().as_secs_f64() * 1e3;
    print(&format!(
        "the same from a file of {} bytes: {read_ms:.0} ms",
        bytes.len()
    ));
    std::hint::black_box(read);
}

#[expect(clippy::print_stdout, reason = "a benchmark says its numbers")]
fn print(line: &str) {
    println!("{line}");
}
