//! How fast a sheet of `CityJSON` becomes triangles, on one core, beside what `serde_json` takes to read the same bytes
//! into values. The sheet is made here in the form of the 3DBAG, from a seed.
//!
//! With `STADSLENS_SHEET_MB=500` a sheet of that size is read from disk once instead, and the memory that it took told.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::Value;
use stadslens::sources::cityjson::{CityJson, LodChoice};
use std::{
    fmt::Write as _,
    fs,
    hint::black_box,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

/// Numbers that look random and are the same each time.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// A house: its footprint in millimetres with heights of ground, eaves and ridge.
struct House {
    ring: Vec<[u64; 2]>,
    heights: [u64; 3],
}

impl House {
    fn of(number: u64) -> Self {
        let mut seeded = Seeded(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x7ea);
        let corners = 6 + 2 * seeded.below(6);
        let (x, y) = (number % 1000 * 20_000, number / 1000 * 20_000);
        let radius = 4000 + seeded.below(4000);
        let ring = (0..corners).map(|corner| {
            // A staircase around a square, as footprints with bays and sheds are.
            let (side, step) = (corner * 4 / corners, corner * 4 % corners * radius / corners);
            let bay = seeded.below(600);
            match side {
                0 => [x + 2 * step, y + bay],
                1 => [x + 2 * radius + bay, y + 2 * step],
                2 => [x + 2 * radius - 2 * step, y + 2 * radius + bay],
                _ => [x - (x.min(bay)), y + 2 * radius - 2 * step],
            }
        });
        let ring: Vec<_> = ring.collect();
        let ground = seeded.below(3000);
        let eaves = ground + 3000 + seeded.below(9000);
        Self {
            ring,
            heights: [ground, eaves, eaves + 1000 + seeded.below(4000)],
        }
    }

    fn vertices(&self) -> u64 {
        3 * self.ring.len() as u64
    }

    /// Writes the building and its part, whose vertices begin at `base`.
    fn write(&self, number: u64, base: u64, out: &mut String) {
        let n = self.ring.len() as u64;
        let id = format!("NL.IMBAG.Pand.{number:016}");
        let ring = |level: u64, is_turned: bool| {
            let corners = (0..n).map(|corner| base + level * n + if is_turned { n - 1 - corner } else { corner });
            let corners: Vec<String> = corners.map(|corner| corner.to_string()).collect();
            corners.join(",")
        };
        let wall = |corner: u64, level: u64| {
            let next = (corner + 1) % n;
            let upper = base + level * n;
            format!(
                "[[{},{},{},{}]]",
                base + corner,
                base + next,
                upper + next,
                upper + corner
            )
        };
        let _ = write!(
            out,
            r#""{id}":{{"type":"Building","attributes":{{"b3_bag_bag_overlap":0.0,"b3_dak_type":"slanted","b3_h_maaiveld":{},"b3_h_nok":{},"b3_kas_warenhuis":false,"b3_mutatie_ahn3_ahn4":false,"b3_nodata_fractie_ahn3":0.012,"b3_nodata_fractie_ahn4":0.0,"b3_nodata_radius_ahn3":0.44,"b3_opp_buitenmuur":{}.25,"b3_opp_dak_plat":12.5,"b3_opp_dak_schuin":88.125,"b3_opp_grond":64.5,"b3_opp_scheidingsmuur":40.25,"b3_puntdichtheid_ahn4":15.42,"b3_pw_bron":"AHN4","b3_pw_datum":2020,"b3_reconstructie_onvolledig":false,"b3_rmse_lod22":0.034,"b3_t_run":12.5,"b3_val3dity_lod22":"[]","b3_volume_lod22":512.75,"documentdatum":"1998-02-11","documentnummer":"ZS98-0{number}","fid":{number},"force_low_lod":false,"geconstateerd":false,"identificatie":"{id}","oorspronkelijkbouwjaar":{},"status":"Pand in gebruik","tijdstipregistratie":"2010-10-06T09:00:00Z","voorkomenidentificatie":1}},"children":["{id}-0"],"geometry":[{{"type":"MultiSurface","lod":"0","boundaries":[[[{}]]]}}]}},"#,
            self.heights[0],
            self.heights[2],
            n * 9,
            1900 + number % 120,
            ring(0, false),
        );
        let _ = write!(
            out,
            r#""{id}-0":{{"type":"BuildingPart","attributes":{{}},"parents":["{id}"],"geometry":["#
        );
        for (lod, level) in [("1.2", 1), ("1.3", 2), ("2.2", 1)] {
            let mut surfaces = vec![format!("[[{}]]", ring(0, true))];
            let mut roles = vec![0];
            for corner in 0..n {
                surfaces.push(wall(corner, level));
                roles.push(2);
            }
            if lod == "2.2" {
                // A roof of triangles around the ridge.
                for corner in 0..n - 2 {
                    let (a, b) = (base + n, base + n + corner + 1);
                    surfaces.push(format!("[[{a},{b},{}]]", b + 1));
                    roles.push(1);
                }
            } else {
                surfaces.push(format!("[[{}]]", ring(level, false)));
                roles.push(1);
            }
            let roles: Vec<String> = roles.iter().map(ToString::to_string).collect();
            let _ = write!(
                out,
                r#"{{"type":"Solid","lod":"{lod}","boundaries":[[{}]],"semantics":{{"surfaces":[{{"type":"GroundSurface"}},{{"type":"RoofSurface"}},{{"type":"WallSurface","on_footprint_edge":true}}],"values":[[{}]]}}}},"#,
                surfaces.join(","),
                roles.join(",")
            );
        }
        out.pop();
        out.push_str("]},");
    }
}

/// Writes a sheet of about `bytes`, objects before vertices. Houses are made twice rather than kept.
fn write_sheet(bytes: u64, out: &mut impl Write) -> io::Result<()> {
    out.write_all(
        br#"{"type":"CityJSON","version":"2.0","metadata":{"referenceSystem":"https://www.opengis.net/def/crs/EPSG/0/7415"},"transform":{"scale":[0.001,0.001,0.001],"translate":[120000.0,480000.0,0.0]},"CityObjects":{"#,
    )?;
    let (mut written, mut base, mut houses) = (0, 0, 0);
    let mut text = String::new();
    while written < bytes {
        if houses > 0 {
            out.write_all(&text.as_bytes()[..text.len()])?;
        }
        text.clear();
        let house = House::of(houses);
        house.write(houses, base, &mut text);
        base += house.vertices();
        houses += 1;
        // The vertices take about 20 bytes each.
        written += text.len() as u64 + house.vertices() * 20;
    }
    text.pop();
    out.write_all(text.as_bytes())?;
    out.write_all(br#"},"vertices":["#)?;
    for number in 0..houses {
        let house = House::of(number);
        text.clear();
        for height in house.heights {
            for [x, y] in &house.ring {
                let _ = write!(text, "[{x},{y},{height}],");
            }
        }
        if number + 1 == houses {
            text.pop();
        }
        out.write_all(text.as_bytes())?;
    }
    out.write_all(b"]}")
}

fn triangles(city: &CityJson) -> usize {
    let features = city.features(LodChoice::Highest);
    features
        .flat_map(|feature| feature.parts)
        .map(|part| part.triangles.len())
        .sum()
}

fn measure(criterion: &mut Criterion, name: &str, bytes: &Arc<[u8]>) {
    let Ok(city) = CityJson::of_bytes(name, bytes.clone()) else {
        return;
    };
    let facts = city.describe();
    let count = |key: &str| facts[key].as_u64().unwrap_or(0);
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10);
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("bytes to triangles", |bencher| {
        bencher.iter(|| black_box(CityJson::of_bytes(name, bytes.clone()).map(|city| triangles(&city))).is_ok());
    });
    group.bench_function("first pass", |bencher| {
        bencher.iter(|| black_box(CityJson::of_bytes(name, bytes.clone())).is_ok());
    });
    group.bench_function("serde_json values of the same bytes", |bencher| {
        let values = || serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
        bencher.iter(|| values().flatten().map(black_box).count());
    });
    group.throughput(Throughput::Elements(count("surfaces")));
    group.bench_function("surfaces of every level to counts and triangles", |bencher| {
        bencher.iter(|| black_box(city.describe()));
    });
    group.finish();
}

/// Reads a large sheet from disk and tells time and memory.
fn read_large(megabytes: u64) -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("sheet.city.json");
    let mut file = BufWriter::new(fs::File::create(&path)?);
    write_sheet(megabytes << 20, &mut file)?;
    file.flush()?;
    let memory = || memory_stats::memory_stats().map_or(0, |stats| stats.physical_mem >> 20);
    let (before, started) = (memory(), Instant::now());
    let city = CityJson::open(&path).map_err(|problem| io::Error::other(problem.to_string()))?;
    let (opened, mut peak) = (started.elapsed(), memory());
    let (mut features, mut triangles) = (0_u64, 0);
    for feature in city.features(LodChoice::Highest) {
        triangles += feature.parts.iter().map(|part| part.triangles.len()).sum::<usize>();
        features += 1;
        if features.is_multiple_of(500) {
            peak = peak.max(memory());
        }
    }
    let (size, all) = (fs::metadata(&path)?.len(), started.elapsed());
    writeln!(
        io::stdout(),
        "{} MB: first pass {:.2} s, all {:.2} s; {features} features, {triangles} triangles; memory {before} MiB \
         before, at most {peak} MiB",
        size / 1_000_000,
        opened.as_secs_f64(),
        all.as_secs_f64(),
    )
}

fn cityjson(criterion: &mut Criterion) {
    if let Some(megabytes) = std::env::var("STADSLENS_SHEET_MB")
        .ok()
        .and_then(|text| text.parse().ok())
    {
        read_large(megabytes).unwrap_or_else(|error| panic!("{error}"));
        return;
    }
    let mut sheet = Vec::new();
    if write_sheet(20 << 20, &mut sheet).is_ok() {
        measure(criterion, "sheet of 20 MB", &sheet.into());
    }
    let corpus = std::env::var_os("STADSLENS_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    for name in ["cjio/delft.json", "cjdb/vienna.jsonl"] {
        if let Ok(bytes) = fs::read(corpus.join("cityjson").join(name)) {
            measure(criterion, name, &bytes.into());
        }
    }
}

criterion_group!(benches, cityjson);
criterion_main!(benches);
