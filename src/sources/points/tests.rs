use super::*;
use bevy::math::DVec3;
use laz::{LasZipCompressor, LazItemRecordBuilder, LazVlrBuilder};
use std::io::{Cursor, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// Bytes of a record without extra bytes.
const RECORD_BYTES: [u16; 11] = [20, 28, 26, 34, 57, 63, 30, 36, 38, 59, 67];

fn record(number: u32, format: u8) -> Vec<u8> {
    let size = usize::from(RECORD_BYTES[usize::from(format)]);
    let mut record = vec![0; size];
    let place = [number * 10, number % 100 * 7, number % 30];
    for (axis, value) in place.into_iter().enumerate() {
        record[4 * axis..4 * axis + 4].copy_from_slice(&value.to_le_bytes());
    }
    let class = [2, 6, 5, 9][number as usize % 4];
    if format < 6 {
        record[14] = 0x09;
        record[15] = class;
    } else {
        record[14] = 0x11;
        record[16] = class;
    }
    let color_at = match format {
        2 => Some(20),
        3 | 5 => Some(28),
        7 | 8 | 10 => Some(30),
        _ => None,
    };
    if let Some(at) = color_at {
        for (part, value) in [u16::try_from(number).unwrap() * 3, 512, 65_280]
            .into_iter()
            .enumerate()
        {
            record[at + 2 * part..at + 2 * part + 2].copy_from_slice(&value.to_le_bytes());
        }
    }
    record
}

/// A record beside the points.
fn side(owner: &str, number: u16, bytes: &[u8]) -> Vec<u8> {
    let mut record = vec![0; 54];
    record[2..2 + owner.len()].copy_from_slice(owner.as_bytes());
    record[18..20].copy_from_slice(&number.to_le_bytes());
    record[20..22].copy_from_slice(&u16::try_from(bytes.len()).unwrap().to_le_bytes());
    record.extend(bytes);
    record
}

/// A file of `count` points from RD 250000, 475000; `sides` stand beside them.
pub(super) fn file(format: u8, count: u32, chunk: Option<u32>, sides: &[Vec<u8>]) -> Vec<u8> {
    let minor = if format < 6 { 2 } else { 4 };
    let header_bytes: u16 = if format < 6 { 227 } else { 375 };
    let record_bytes = RECORD_BYTES[usize::from(format)];
    let mut sides = sides.to_vec();
    let vlr = chunk.map(|chunk| {
        let items = LazItemRecordBuilder::default_for_point_format_id(format, 0).unwrap();
        let vlr = LazVlrBuilder::new(items).with_fixed_chunk_size(chunk).build();
        let mut bytes = Vec::new();
        vlr.write_to(&mut bytes).unwrap();
        sides.push(side("laszip encoded", 22204, &bytes));
        vlr
    });
    let points_at = u32::from(header_bytes) + u32::try_from(sides.concat().len()).unwrap();
    let mut bytes = vec![0; usize::from(header_bytes)];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(0, b"LASF");
    put(24, &[1, minor]);
    put(94, &header_bytes.to_le_bytes());
    put(96, &points_at.to_le_bytes());
    put(100, &u32::try_from(sides.len()).unwrap().to_le_bytes());
    put(104, &[format | if chunk.is_some() { 0x80 } else { 0 }]);
    put(105, &record_bytes.to_le_bytes());
    put(107, &(if format < 6 { count } else { 0 }).to_le_bytes());
    for (place, value) in [0.01, 0.01, 0.01, 250_000.0, 475_000.0, 10.0].into_iter().enumerate() {
        put(131 + 8 * place, &f64::to_le_bytes(value));
    }
    let high = [250_000.0 + f64::from(count.max(1) - 1) * 0.1, 475_006.93, 10.29];
    for (axis, (low, high)) in [250_000.0, 475_000.0, 10.0].into_iter().zip(high).enumerate() {
        put(179 + 16 * axis, &f64::to_le_bytes(high));
        put(187 + 16 * axis, &f64::to_le_bytes(low));
    }
    if minor == 4 {
        put(247, &u64::from(count).to_le_bytes());
    }
    bytes.extend(sides.concat());
    let records: Vec<Vec<u8>> = (0..count).map(|number| record(number, format)).collect();
    match vlr {
        None => {
            bytes.extend(records.concat());
            bytes
        }
        Some(vlr) => {
            let mut out = Cursor::new(bytes);
            out.seek(SeekFrom::End(0)).unwrap();
            let mut packer = LasZipCompressor::new(&mut out, vlr).unwrap();
            packer.compress_many(&records.concat()).unwrap();
            packer.done().unwrap();
            drop(packer);
            out.into_inner()
        }
    }
}

/// A written file, and the folder that keeps it.
fn written(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::File::create(&path).unwrap().write_all(bytes).unwrap();
    (folder, path)
}

#[test]
fn every_point_format_is_read_plain_and_packed() {
    for format in 0..=10 {
        for chunk in [None, Some(100)] {
            let (_folder, path) = written("a.las", &file(format, 250, chunk, &[]));
            let opened = PointFile::open(&path).unwrap_or_else(|problem| panic!("format {format}: {problem}"));
            assert_eq!((opened.header.point_format, opened.header.points), (format, 250));
            let cloud = opened.thinned(1000);
            assert!(cloud.problems.is_empty(), "format {format}: {:?}", cloud.problems);
            assert_eq!(cloud.points.len(), 250, "format {format}, {chunk:?}");
            let point = cloud.points[249];
            assert!((point.position.x - 250_024.9).abs() < 1e-6, "{point:?}");
            assert!((point.position.y - 475_003.43).abs() < 1e-6, "{point:?}");
            assert_eq!(point.class, 6);
            assert_eq!(cloud.has_colors, opened.header.has_rgb(), "format {format}");
            if cloud.has_colors {
                assert_eq!(point.rgb, [747, 512, 65_280], "format {format}");
                assert_eq!(cloud.colors().last(), Some([2, 2, 255]));
            }
        }
    }
}

#[test]
fn thinning_spreads_evenly_and_is_the_same_every_time() {
    let (_folder, path) = written("a.laz", &file(3, 1000, Some(64), &[]));
    let opened = PointFile::open(&path).unwrap();
    let cloud = opened.thinned(100);
    assert_eq!((cloud.points.len(), cloud.looked_at), (100, 1000));
    let steps: Vec<f64> = cloud
        .points
        .windows(2)
        .map(|w| w[1].position.x - w[0].position.x)
        .collect();
    assert!(steps.iter().all(|step| (step - 1.0).abs() < 1e-6), "{steps:?}");
    assert_eq!(cloud.points, opened.thinned(100).points);
    assert!(opened.thinned(0).points.is_empty());
}

#[test]
fn the_system_is_found_in_wkt_and_in_keys() {
    let wkt = br#"PROJCS["Amersfoort / RD New",GEOGCS["Amersfoort"],AUTHORITY["EPSG","28992"]]"#;
    let rows: Vec<u8> = [1_u16, 1, 0, 2, 3072, 0, 1, 28992, 4096, 0, 1, 5709]
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    for (record, expected) in [
        (side("LASF_Projection", 2112, wkt), 28992),
        (side("LASF_Projection", 34735, &rows), 7415),
    ] {
        let (_folder, path) = written("a.las", &file(1, 5, None, &[record]));
        assert_eq!(PointFile::open(&path).unwrap().crs.map(|crs| crs.0), Some(expected));
    }
}

#[test]
fn what_is_cut_off_is_read_up_to_there() {
    let whole = file(1, 100, None, &[]);
    let (_folder, path) = written("a.las", &whole[..whole.len() - 28 * 30 - 3]);
    let opened = PointFile::open(&path).unwrap();
    assert!(
        opened.problems[0].message.contains("69 are there"),
        "{:?}",
        opened.problems
    );
    assert_eq!(opened.thinned(1000).points.len(), 69);
}

/// What COPC says of its octree: a cube of 100 m around the points, a metre between those of the root.
fn info() -> Vec<u8> {
    let mut info = vec![0; 160];
    for (place, value) in [250_020.0, 475_020.0, 20.0, 50.0, 1.0].into_iter().enumerate() {
        info[8 * place..8 * place + 8].copy_from_slice(&f64::to_le_bytes(value));
    }
    info
}

/// A COPC file of two nodes with 50 points each, the second a level deeper.
fn octree(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let bytes = file(6, 100, Some(50), &[side("copc", 1, &info())]);
    let info_at = 375 + 54;
    let (_folder, path) = written("a.copc.laz", &bytes);
    // Without its octree it is a packed file like any other, whose chunks the nodes are.
    let table = PointFile::open(&path).unwrap().chunk_places();
    let mut page = Vec::new();
    for (level, (at, length)) in (0_i32..).zip(table) {
        page.extend([level, 0, 0, 0].iter().flat_map(|n| n.to_le_bytes()));
        page.extend(at.to_le_bytes());
        page.extend(
            [i32::try_from(length).unwrap(), 50]
                .iter()
                .flat_map(|n| n.to_le_bytes()),
        );
    }
    change(&mut page);
    let mut bytes = bytes;
    let page_at = bytes.len() as u64;
    bytes[info_at + 40..info_at + 48].copy_from_slice(&page_at.to_le_bytes());
    bytes[info_at + 48..info_at + 56].copy_from_slice(&(page.len() as u64).to_le_bytes());
    bytes.extend(page);
    bytes
}

#[test]
fn of_an_octree_only_the_levels_that_suffice_are_read() {
    let (_folder, path) = written("a.copc.laz", &octree(|_| {}));
    let opened = PointFile::open(&path).unwrap();
    assert_eq!((opened.kind, opened.problems.len()), (PointKind::Copc, 0));
    assert_eq!(opened.thinned(20).looked_at, 50);
    let all = opened.thinned(100);
    assert_eq!((all.points.len(), all.looked_at), (100, 100));
    assert_eq!(opened.thinned(20).points.len(), 20);
}

#[test]
fn a_damaged_octree_costs_nothing_but_a_warning() {
    let damaged: [fn(&mut Vec<u8>); 5] = [
        |page| page[4..8].copy_from_slice(&1_i32.to_le_bytes()),
        |page| page[36..40].copy_from_slice(&(-1_i32).to_le_bytes()),
        |page| page[0..4].copy_from_slice(&99_i32.to_le_bytes()),
        |page| page[16..24].copy_from_slice(&u64::MAX.to_le_bytes()),
        |page| page[24..28].copy_from_slice(&i32::MIN.to_le_bytes()),
    ];
    for change in damaged {
        let (_folder, path) = written("a.copc.laz", &octree(change));
        let opened = PointFile::open(&path).unwrap();
        assert!(opened.problems[0].message.contains("octree"), "{:?}", opened.problems);
        assert_eq!(opened.thinned(1000).points.len(), 100);
    }
}

#[test]
fn a_page_that_names_itself_ends() {
    let (_folder, path) = written(
        "a.copc.laz",
        &octree(|page| page[28..32].copy_from_slice(&(-1_i32).to_le_bytes())),
    );
    let opened = PointFile::open(&path).unwrap();
    assert!(opened.thinned(10).points.len() <= 10);
}

#[test]
fn numbers_that_are_too_large_take_no_memory() {
    let fresh = || file(7, 200, Some(50), &[]);
    let vlr_at = 375 + 54;
    let points_at = usize::try_from(u32::from_le_bytes(fresh()[96..100].try_into().unwrap())).unwrap();
    let table_at = usize::try_from(u64::from_le_bytes(
        fresh()[points_at..points_at + 8].try_into().unwrap(),
    ))
    .unwrap();
    let layers_at = points_at + 8 + 36 + 4;
    // Places and values: points, scale, chunk size, fields, table, chunks of it, streams of the first chunk.
    let changes: [(usize, &[u8]); 9] = [
        (247, &[0xff; 8]),
        (131, &[0; 8]),
        (vlr_at + 12, &[0xff; 4]),
        (vlr_at + 32, &[0xff; 2]),
        (points_at, &[0xff; 8]),
        (table_at + 4, &[0xff; 4]),
        (layers_at, &[0xff; 36]),
        (96, &[0xff; 4]),
        (235, &[0x7f; 12]),
    ];
    for (at, value) in changes {
        let mut bytes = fresh();
        bytes[at..at + value.len()].copy_from_slice(value);
        let (_folder, path) = written("a.laz", &bytes);
        match PointFile::open(&path) {
            Ok(opened) => {
                let cloud = opened.thinned(1000);
                assert!(cloud.points.len() <= 200);
                let said = opened.problems.len() + cloud.problems.len();
                assert!(said > 0 || cloud.points.len() == 200, "byte {at}: nothing was said");
            }
            Err(problem) => assert!(!problem.message.is_empty()),
        }
    }
}

#[test]
fn any_damaged_byte_is_survived() {
    for format in [3, 7] {
        let whole = file(format, 60, Some(30), &[]);
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0xa5;
            if at % 7 == 0 {
                bytes.truncate(at);
            }
            if let Ok(opened) = PointFile::of_bytes(bytes) {
                assert!(opened.thinned(500).points.len() <= 500);
            }
        }
    }
}

/// The tree of a file in memory that holds at most `held` points.
fn tree_of(bytes: Vec<u8>, held: u64) -> PointTree {
    whole_tree(PointFile::of_bytes(bytes).unwrap(), held, |_| true)
}

fn whole_tree(file: PointFile, held: u64, is_wanted: impl Fn(DVec3) -> bool + Sync) -> PointTree {
    PointTree::of(Arc::new(file), held, &Stop::default(), is_wanted).unwrap()
}

/// Every point of a tree by its place, sorted; each node's stand in its cube.
fn all_points(tree: &PointTree) -> Vec<[i64; 3]> {
    let mut all = Vec::new();
    for (number, node) in (0_u32..).zip(&tree.nodes) {
        assert!(node.parent.is_none_or(|parent| parent < number), "{node:?}");
        let read = tree.read(number);
        assert!(read.problem.is_none(), "{:?}", read.problem);
        assert_eq!(read.points.len() as u64, node.points, "{node:?}");
        for point in read.points {
            let is_inside = point.position.cmpge(node.low - 0.01).all() && point.position.cmple(node.high + 0.01).all();
            assert!(is_inside, "{:?} in {node:?}", point.position);
            let whole = (point.position * 100.0).round();
            #[expect(clippy::cast_possible_truncation, reason = "centimetres of RD")]
            all.push(whole.to_array().map(|value| value as i64));
        }
    }
    all.sort_unstable();
    all
}

#[test]
fn a_tree_of_a_file_without_one_holds_every_point_once() {
    for (format, chunk) in [(1, None), (3, Some(1000)), (7, Some(700))] {
        let count = 60_000;
        let tree = tree_of(file(format, count, chunk, &[]), 1_000_000);
        assert!(tree.problems.is_empty(), "{:?}", tree.problems);
        assert!(tree.nodes.len() > 2, "{} nodes", tree.nodes.len());
        let mut expected: Vec<[i64; 3]> = (0..i64::from(count))
            .map(|n| [25_000_000 + n * 10, 47_500_000 + n % 100 * 7, 1000 + n % 30])
            .collect();
        expected.sort_unstable();
        assert_eq!(all_points(&tree), expected, "format {format}");
        assert!(tree.traits.classes.keys().eq(&[2_u8, 5, 6, 9]));
        assert_eq!(tree.traits.has_colors, format != 1);
    }
}

#[test]
fn what_does_not_fit_in_memory_hangs_below_and_is_read_when_it_is_asked_for() {
    let tree = tree_of(file(7, 60_000, Some(1000), &[]), 30_000);
    assert!(tree.problems.is_empty(), "{:?}", tree.problems);
    let (held, hanging): (Vec<_>, Vec<_>) =
        (tree.nodes.iter()).partition(|node| matches!(node.data, tree::NodeData::Held(_)));
    assert_eq!(held.iter().map(|node| node.points).sum::<u64>(), 30_000);
    assert_eq!(hanging.len(), 60);
    assert!(hanging.iter().all(|node| node.parent.is_some()));
    let all = all_points(&tree);
    assert_eq!(all.len(), 60_000);
    assert!(all.windows(2).all(|pair| pair[0] != pair[1]), "a point twice");
}

#[test]
fn pieces_in_no_order_of_place_are_told_of() {
    let mut bytes = file(1, 140_000, None, &[]);
    let points_at = bytes.len() - 140_000 * 28;
    // Every point trades places with one far away.
    for number in 0..35_000 {
        let (a, b) = (2 * number, 139_999 - 2 * number);
        for byte in 0..28 {
            bytes.swap(points_at + a * 28 + byte, points_at + b * 28 + byte);
        }
    }
    let tree = tree_of(bytes, 10_000);
    assert!(
        tree.problems[0].message.contains("no order of place")
            && tree.problems[0].severity == crate::sources::Severity::Error,
        "{:?}",
        tree.problems
    );
    assert_eq!(all_points(&tree).len(), 140_000);
}

#[test]
fn points_on_top_of_one_another_end() {
    let mut bytes = file(1, 90_000, None, &[]);
    let points_at = bytes.len() - 90_000 * 28;
    for number in 0..90_000 {
        bytes[points_at + number * 28..points_at + number * 28 + 12].fill(0);
    }
    let tree = tree_of(bytes, 1_000_000);
    assert!(tree.nodes.iter().all(|node| node.points <= 20_000));
    assert_eq!(all_points(&tree).len(), 90_000);
    assert!(tree_of(file(1, 0, None, &[]), 10).nodes.is_empty());
}

#[test]
fn only_places_that_are_wanted_make_a_tree() {
    let opened = PointFile::of_bytes(file(1, 1000, None, &[])).unwrap();
    let tree = whole_tree(opened, 10_000, |p| p.x < 250_050.0);
    assert_eq!(all_points(&tree).len(), 500);
    assert!(tree.nodes.iter().all(|node| node.high.x < 250_051.0));
}

#[test]
fn the_nodes_of_copc_stand_in_their_cubes_below_one_another() {
    let tree = tree_of(octree(|_| {}), 10);
    assert!(tree.problems.is_empty(), "{:?}", tree.problems);
    let [root, below] = &tree.nodes[..] else {
        panic!("{} nodes", tree.nodes.len())
    };
    assert_eq!((root.parent, below.parent), (None, Some(0)));
    assert!((root.spacing - 1.0).abs() < 1e-9 && (below.spacing - 0.5).abs() < 1e-9);
    let low = DVec3::new(249_970.0, 474_970.0, -30.0);
    let high = DVec3::new(250_070.0, 475_070.0, 70.0);
    assert_eq!((root.low, root.high), (low, high));
    assert_eq!((below.low, below.high), (low, (low + high) * 0.5));
    assert_eq!((tree.read(0).points.len(), tree.read(1).points.len()), (50, 50));
    assert!(tree.read(2).points.is_empty(), "there is no such node");
}

#[test]
fn a_node_without_its_parent_hangs_under_what_is_above_and_a_wrong_cube_is_told_of() {
    // The second node stands three levels down, with nothing between it and the root.
    let orphan = tree_of(
        octree(|page| {
            page[32..36].copy_from_slice(&3_i32.to_le_bytes());
            page[36..40].copy_from_slice(&7_i32.to_le_bytes());
        }),
        10,
    );
    assert_eq!(orphan.nodes[1].parent, Some(0));
    assert!((orphan.nodes[1].spacing - 0.125).abs() < 1e-9);
    for (place, value) in [(3, 0.0), (3, f64::NAN), (0, f64::INFINITY), (4, -1.0)] {
        let mut bytes = octree(|_| {});
        let at = 375 + 54 + 8 * place;
        bytes[at..at + 8].copy_from_slice(&f64::to_le_bytes(value));
        let opened = PointFile::of_bytes(bytes).unwrap();
        assert!(opened.problems[0].message.contains("cube"), "{:?}", opened.problems);
        let tree = whole_tree(opened, 1000, |_| true);
        assert_eq!(all_points(&tree).len(), 100, "it is read without its octree");
    }
}

#[test]
fn a_damaged_node_says_so_and_leaves_the_others() {
    let mut bytes = octree(|_| {});
    let (at, length) = PointFile::of_bytes(bytes.clone()).unwrap().chunk_places()[1];
    let at = usize::try_from(at).unwrap();
    bytes[at + 34..at + usize::try_from(length).unwrap()].fill(0xff);
    let tree = tree_of(bytes, 10);
    let (whole, broken) = (tree.read(0), tree.read(1));
    assert!(whole.problem.is_none() && whole.points.len() == 50);
    assert!(
        broken
            .problem
            .is_some_and(|problem| problem.message.contains("streams"))
    );
}

#[test]
fn a_first_look_costs_no_more_for_a_larger_file() {
    let small = PointFile::of_bytes(file(1, 100, None, &[])).unwrap().peek();
    assert_eq!((small.points.len(), small.looked_at), (100, 100));
    let large = PointFile::of_bytes(file(1, 2_000_000, None, &[])).unwrap().peek();
    assert!(large.looked_at <= 800_000, "{}", large.looked_at);
    let spread = large.points.last().unwrap().position.x - large.points[0].position.x;
    assert!(spread > 150_000.0, "only {spread} m of it");
    assert_eq!(
        PointFile::of_bytes(octree(|_| {})).unwrap().peek().looked_at,
        50,
        "the root"
    );
}

#[test]
fn any_damaged_byte_of_an_octree_is_survived() {
    let whole = octree(|_| {});
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xa5;
        if let Ok(opened) = PointFile::of_bytes(bytes) {
            let tree = whole_tree(opened, 1000, |_| true);
            let read: usize = (0_u32..)
                .zip(&tree.nodes)
                .map(|(number, _)| tree.read(number).points.len())
                .sum();
            assert!(read <= 100 * tree.nodes.len(), "byte {at}");
        }
    }
}
