//! Point clouds: points unpacked and placed a second, the time to make a tree of a file without one, to choose among
//! 100,000 nodes, to pick one of four million points, and a frame of the program with a cloud in it.
//!
//! Aims: a million points a second and core, 2 ms for a choice, 1 ms for a pick: both happen between two frames.

use bevy::math::DVec3;
use laz::{LasZipCompressor, LazItemRecordBuilder, LazVlrBuilder};
use stadslens::{
    app::Measured,
    georef::SitePos,
    model::{
        points::{HELD_POINTS, PointFacts},
        scenario::open_any,
    },
    schedule::Lens,
    sources::points::Stop,
    streaming::{CloudIndex, CloudNode, CloudSettings, NodeState, View, select_points},
    view::points::{PickPoints, Sight},
};
use std::{
    fs,
    hint::black_box,
    io::{Cursor, Seek, SeekFrom},
    path::Path,
    time::{Duration, Instant},
};

/// Points of the file: 1400 by 1400 m, one and a half a square metre.
const POINTS: u32 = 3_000_000;
const SIDE_M: f64 = 1400.0;

/// Where the points of an airborne survey lie: strips of 50 m from south to north, ground and blocks on it.
fn place(number: u32) -> [f64; 3] {
    let per_strip = POINTS / 28;
    let (strip, along) = (number / per_strip, number % per_strip);
    let x = f64::from(strip) * 50.0 + f64::from(along * 7919 % 5000) * 0.01;
    let y = f64::from(along) * SIDE_M / f64::from(per_strip);
    let is_block = (x / 40.0).floor() % 2.0 > 0.5 && (y / 60.0).floor() % 2.0 > 0.5;
    let z = 3.0 * (x / 200.0).sin() * (y / 300.0).cos() + if is_block { 12.0 } else { 0.0 };
    [x, y, z + f64::from(number * 31 % 7) * 0.01]
}

#[expect(clippy::cast_possible_truncation, reason = "centimetres of a bench")]
fn record(number: u32) -> [u8; 28] {
    let [x, y, z] = place(number);
    let mut record = [0; 28];
    for (axis, value) in [x, y, z].into_iter().enumerate() {
        record[4 * axis..4 * axis + 4].copy_from_slice(&((value * 100.0) as i32).to_le_bytes());
    }
    record[12] = (number % 251) as u8;
    record[14] = 0x11;
    record[15] = if z > 6.0 { 6 } else { 2 };
    record[20..28].copy_from_slice(&(f64::from(number) * 1e-5).to_le_bytes());
    record
}

/// A packed file in RD.
fn write_laz(path: &Path) {
    let items = LazItemRecordBuilder::default_for_point_format_id(1, 0).expect("format 1 exists");
    let vlr = LazVlrBuilder::new(items).build();
    let mut packed_as = Vec::new();
    vlr.write_to(&mut packed_as).expect("memory");
    let mut side = vec![0; 54];
    side[2..16].copy_from_slice(b"laszip encoded");
    side[18..20].copy_from_slice(&22204_u16.to_le_bytes());
    side[20..22].copy_from_slice(&u16::try_from(packed_as.len()).expect("short").to_le_bytes());
    side.extend(packed_as);
    let mut bytes = vec![0; 227];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(0, b"LASF");
    put(24, &[1, 2]);
    put(94, &227_u16.to_le_bytes());
    put(96, &u32::try_from(227 + side.len()).expect("short").to_le_bytes());
    put(100, &1_u32.to_le_bytes());
    put(104, &[0x81]);
    put(105, &28_u16.to_le_bytes());
    put(107, &POINTS.to_le_bytes());
    for (at, value) in [0.01, 0.01, 0.01, 250_000.0, 475_000.0, 10.0].into_iter().enumerate() {
        put(131 + 8 * at, &f64::to_le_bytes(value));
    }
    for (at, value) in [251_400.0, 250_000.0, 476_400.0, 475_000.0, 30.0, 0.0]
        .into_iter()
        .enumerate()
    {
        put(179 + 8 * at, &f64::to_le_bytes(value));
    }
    bytes.extend(side);
    let mut out = Cursor::new(bytes);
    out.seek(SeekFrom::End(0)).expect("memory");
    let mut packer = LasZipCompressor::new(&mut out, vlr).expect("memory");
    for number in 0..POINTS {
        packer.compress_one(&record(number)).expect("memory");
    }
    packer.done().expect("memory");
    drop(packer);
    fs::write(path, out.into_inner()).expect("the temporary folder can be written");
}

fn rate(count: f64, since: Instant) -> String {
    let seconds = since.elapsed().as_secs_f64();
    format!("{seconds:.2} s, {:.2} million a second", count / seconds / 1e6)
}

#[expect(clippy::print_stdout, reason = "a bench says what it found")]
fn main() {
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("survey.laz");
    write_laz(&path);
    let count = f64::from(POINTS);

    let since = Instant::now();
    let open = open_any(&path).expect("it was written just now");
    println!(
        "open {POINTS} points in LAZ: {:.0} ms",
        since.elapsed().as_secs_f64() * 1e3
    );
    let since = Instant::now();
    let tree = open.points[0]
        .tree(HELD_POINTS, &Stop::default())
        .expect("nobody stops it");
    println!("a tree of {} nodes: {}", tree.nodes.len(), rate(count, since));
    let since = Instant::now();
    let nodes: Vec<_> = (0_u32..)
        .zip(&tree.nodes)
        .map(|(number, _)| tree.read(number))
        .collect();
    println!("placing all of them: {}", rate(count, since));

    choose();

    let picks: Vec<PickPoints> = nodes
        .into_iter()
        .map(|node| PickPoints::new(node.origin, node.positions, node.facts))
        .collect();
    pick(&picks);
    drop(picks);

    let mut program = Measured::start(&Lens::ALL);
    if let Err(stop) = program.open(&path) {
        println!("the program does not open it: {stop}");
        return;
    }
    let since = Instant::now();
    let settled = program.settle(Duration::from_mins(2));
    println!(
        "all in view is there ({settled}): {:.2} s",
        since.elapsed().as_secs_f64()
    );
    program.take_times();
    for _ in 0..300 {
        program.turn(0.02);
        program.step();
    }
    let times = program.take_times();
    println!(
        "main thread of a frame while the camera turns: p50 {:.2} ms, p95 {:.2} ms, max {:.2} ms",
        times.quantile_ms(0.5),
        times.quantile_ms(0.95),
        times.quantile_ms(1.0),
    );
}

/// A quadtree of 100,000 nodes, seen from 300 m up and from 8 km up.
#[expect(clippy::print_stdout, reason = "a bench says what it found")]
fn choose() {
    let mut nodes = vec![CloudNode {
        parent: None,
        low: DVec3::ZERO,
        high: DVec3::new(10_240.0, 10_240.0, 50.0),
        middle: DVec3::splat(5120.0),
        spacing_m: 80.0,
        points: 8000,
    }];
    let mut at = 0;
    while nodes.len() < 100_000 {
        let CloudNode {
            low, high, spacing_m, ..
        } = nodes[at];
        let half = (high.x - low.x) / 2.0;
        for (x, y) in [(0.0, 0.0), (half, 0.0), (0.0, half), (half, half)] {
            let low = low + DVec3::new(x, y, 0.0);
            nodes.push(CloudNode {
                parent: u32::try_from(at).ok(),
                low,
                high: low + DVec3::new(half, half, 50.0),
                middle: low + half * 0.5,
                spacing_m: spacing_m / 2.0,
                points: 8000,
            });
        }
        at += 1;
    }
    let index = CloudIndex::new(nodes);
    let settings = CloudSettings {
        points: 8_000_000,
        nodes: 3000,
        max_spacing_px: 1.5,
    };
    for height_m in [300.0, 8000.0] {
        let position = DVec3::new(5000.0, 2000.0, height_m);
        let direction = DVec3::new(0.0, 1000.0, -height_m).normalize();
        let view = View {
            position,
            planes: vec![(direction, -direction.dot(position))],
            direction,
            viewport_height_px: 1080.0,
            fov_y_rad: std::f64::consts::FRAC_PI_4,
        };
        let since = Instant::now();
        let mut wanted = 0;
        for _ in 0..100 {
            let found = select_points(
                black_box(&[Some(&index)]),
                std::slice::from_ref(&view),
                &settings,
                |_| NodeState::Ready,
            );
            wanted = found.wanted.len();
        }
        let ms = since.elapsed().as_secs_f64() * 10.0;
        println!(
            "choosing {wanted} of {} nodes from {height_m} m: {ms:.3} ms",
            index.nodes().len()
        );
    }
}

#[expect(clippy::print_stdout, reason = "a bench says what it found")]
fn pick(nodes: &[PickPoints]) {
    let points: usize = nodes.iter().map(PickPoints::count).sum();
    let (mut hits, mut longest, since) = (0, Duration::ZERO, Instant::now());
    for number in 0..200_u32 {
        let to = DVec3::new(
            f64::from(number % 20) * 50.0 - 500.0,
            f64::from(number / 20) * 100.0 - 500.0,
            5.0,
        );
        let eye = DVec3::new(0.0, -900.0, 250.0);
        let sight = Sight {
            eye: SitePos(eye),
            direction: (to - eye).normalize(),
            metres_per_pixel: 0.0008,
        };
        let one = Instant::now();
        let best = nodes.iter().filter_map(|node| node.cast(&sight, 1.0, |_| true));
        let best = best.min_by(|a, b| a.score.total_cmp(&b.score));
        longest = longest.max(one.elapsed());
        hits += u32::from(best.is_some());
        black_box::<Option<PointFacts>>(best.map(|hit| hit.facts));
    }
    let mean = since.elapsed() / 200;
    println!("picking one of {points} points: {mean:?} on average, {longest:?} at most, {hits} of 200 met something");
}
