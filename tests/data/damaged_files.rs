//! Every reader on files that were damaged at random: no panic gets out, nothing hangs, and memory stays bounded.
//!
//! Files of the project, and those of the corpus where it is there, are changed in a few places and opened as a person
//! would open them. It runs for a few seconds with another seed each day, which it says; `STADSLENS_DAMAGE_S` sets
//! another time, `STADSLENS_DAMAGE_SEED` the seed.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test stops at the first surprise, and says what it did"
)]

use crate::corpus;
use stadslens::model::scenario::{OpenWishes, open_with};
use stadslens::sources::inspect::inspect;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// Larger files are not damaged here: what is in their first bytes is in the smaller ones too.
const LARGEST: u64 = 400_000;
/// One file may take no longer, on a busy machine.
const LONGEST: Duration = Duration::from_mins(1);
/// Memory that may be asked for above that of sound files, bytes: the largest cap of a reader, and room for its caches.
const MOST_MEMORY: u64 = 3 << 30;
/// Endings of what is read.
const KINDS: [&str; 29] = [
    "json", "geojson", "jsonl", "glb", "gltf", "b3dm", "i3dm", "pnts", "cmpt", "subtree", "gpkg", "fgb", "shp", "dbf",
    "csv", "dxf", "gml", "tif", "tiff", "terrain", "mbtiles", "las", "laz", "3tz", "3dtiles", "obj", "xml", "sqlite",
    "ktx2",
];

/// Numbers that look like chance and come again with their seed (`SplitMix64`).
struct Chance(u64);

impl Chance {
    /// From 0 to below `end`, which is not 0.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ mixed >> 31) % end as u64).unwrap()
    }
}

fn files_in(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| e.path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files_in(&path, found);
            continue;
        }
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let is_small = fs::metadata(&path).is_ok_and(|about| about.len() <= LARGEST);
        if is_small && KINDS.contains(&ending.to_ascii_lowercase().as_str()) {
            found.push(path);
        }
    }
}

/// Changes some places.
fn damage(bytes: &mut Vec<u8>, chance: &mut Chance) {
    for _ in 0..=chance.below(5) {
        if bytes.is_empty() {
            return;
        }
        // Headers are short, and most of what can go wrong is in them.
        let reach = [bytes.len().min(512), bytes.len()][chance.below(2)];
        let at = chance.below(reach);
        match chance.below(6) {
            0 => bytes.truncate(at),
            1 => bytes[at] ^= 1 << chance.below(8),
            2 => bytes[at] = u8::try_from(chance.below(256)).unwrap(),
            3 => {
                let extreme = [0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX, u32::MAX - 1][chance.below(6)];
                let raw = extreme.to_le_bytes();
                bytes.iter_mut().skip(at).zip(raw).for_each(|(byte, new)| *byte = new);
            }
            4 => {
                let end = (at + 1 + chance.below(63)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                let to = chance.below(bytes.len() + 1);
                bytes.splice(to..to, piece);
            }
            _ => {
                // A digit of a number in a text.
                if let Some(digit) = bytes.iter_mut().skip(at).find(|byte| byte.is_ascii_digit()) {
                    *digit = b"0129-eE."[chance.below(8)];
                }
            }
        }
    }
}

/// Most address space that this program ever had, bytes; 0 where the system does not tell.
fn peak_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmPeak:"));
    let kb = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kb.unwrap_or(0) << 10
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn damaged_files_of_every_kind_end_soon_in_a_problem_or_a_picture() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    files_in(&project.join("scenarios"), &mut files);
    files_in(&project.join("tests/fixtures"), &mut files);
    if let Some(corpus) = corpus() {
        files_in(&corpus, &mut files);
    }
    let today = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() / 86_400;
    let seed = number("STADSLENS_DAMAGE_SEED").unwrap_or(today);
    let time = Duration::from_secs(number("STADSLENS_DAMAGE_S").unwrap_or(8));
    let mut chance = Chance(seed);
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &Path| {
        let _facts = inspect(path);
        let _open = open_with(path, OpenWishes::default());
    };
    // What sound files take is not what damage asks for.
    for file in files.iter().step_by(files.len().div_ceil(20)) {
        open(file);
    }
    let before = peak_bytes();
    let begun = Instant::now();
    let mut count = 0;
    while begun.elapsed() < time {
        let from = &files[chance.below(files.len())];
        let mut bytes = fs::read(from).unwrap();
        damage(&mut bytes, &mut chance);
        let path = folder.path().join(from.file_name().unwrap());
        fs::write(&path, &bytes).unwrap();
        count += 1;
        let what = || format!("file {count} of seed {seed}, made of {}", from.display());
        let started = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| open(&path)));
        assert!(outcome.is_ok(), "a panic gets out: {}", what());
        assert!(
            started.elapsed() < LONGEST,
            "it takes {:?}: {}",
            started.elapsed(),
            what()
        );
        let asked = peak_bytes().saturating_sub(before);
        assert!(asked < MOST_MEMORY, "{} MB were asked for: {}", asked >> 20, what());
        fs::remove_file(&path).unwrap();
    }
    eprintln!("{count} damaged files of {} were opened, seed {seed}", files.len());
    assert!(count > 20 && files.len() > 10);
}
