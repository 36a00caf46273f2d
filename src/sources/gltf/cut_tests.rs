use super::*;
use crate::geometry::{Texels, Wrap};
use crate::sources::gltf::{
    carried::Carried,
    data_texture::TexelSource,
    material::{EdgeSource, Look, RenderClass, UvTransform},
    place::Bounds,
    primitive::Shape,
};
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc};

/// A surface in the plane z = 0 with texture coordinates as its x and y.
fn surface(positions: Vec<[f32; 2]>, indices: Vec<u32>) -> Part {
    let positions: Vec<[f32; 3]> = positions.into_iter().map(|[x, y]| [x, y, 0.0]).collect();
    Part {
        shape: Shape::Faces,
        look: Look {
            class: RenderClass {
                image: None,
                fallback: None,
                wrap: [Wrap::Repeat; 2],
                double_sided: false,
                translucent: false,
                unlit: false,
                cutoff: None,
                edges: EdgeSource::Angles,
            },
            factor: [1.0; 4],
            uv_set: 0,
            uv_transform: UvTransform::IDENTITY,
        },
        normals: vec![[0.0, 0.0, 1.0]; positions.len()],
        uvs: positions.iter().map(|[x, y, _]| [*x, *y]).collect(),
        rows: Vec::new(),
        colors: Vec::new(),
        indices,
        outline: Vec::new(),
        carried: Carried::default(),
        bounds: Bounds::EMPTY,
        positions,
    }
}

/// The unit square as two triangles.
fn square() -> Part {
    surface(
        vec![[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]],
        vec![0, 1, 2, 2, 1, 3],
    )
}

/// A grid of `width` texels in each row with these ids; 9 of them are features.
fn grid(width: u32, ids: Vec<u8>, wrap: Wrap) -> RowGrid {
    let height = u32::try_from(ids.len()).unwrap() / width;
    let bytes = ids.into_iter().flat_map(|id| [id, 77, 0, 255]).collect();
    RowGrid {
        texture: DataTexture {
            texels: Arc::new(Texels::new(width, height, bytes).unwrap()),
            wrap: [wrap; 2],
            is_exact: true,
        },
        channels: TexelSource::parse(&json!({"index": 0})).unwrap().channels,
        null_id: Some(8),
        rows: 9,
    }
}

fn allowed(cuts: usize) -> Effort {
    Effort {
        cuts,
        ..Effort::OF_TILE
    }
}

fn cut_by(part: &mut Part, grid: &RowGrid, most: usize) -> Outcome {
    let uvs = part.uvs.clone();
    cut(part, grid, &uvs, allowed(most))
}

/// Areas by row.
fn areas(part: &Part) -> BTreeMap<u32, f64> {
    let mut areas = BTreeMap::new();
    for face in part.indices.as_chunks::<3>().0 {
        let [a, b, c] = face.map(|corner| part.positions[corner as usize].map(f64::from));
        let area = ((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])) / 2.0;
        assert!(area > 0.0, "a piece turned over: {a:?} {b:?} {c:?}");
        let rows = face.map(|corner| part.rows[corner as usize]);
        assert!(rows.iter().all(|row| *row == rows[0]), "{rows:?}");
        *areas.entry(rows[0]).or_insert(0.0) += area;
    }
    areas
}

/// Every edge has a piece on both sides, but for those that `is_border` knows.
fn assert_no_cracks(part: &Part, is_border: impl Fn([f32; 3], [f32; 3]) -> bool) {
    let mut sides: BTreeMap<[[u32; 3]; 2], usize> = BTreeMap::new();
    for face in part.indices.as_chunks::<3>().0 {
        for edge in edges_of(*face) {
            let mut ends = edge.map(|end| part.positions[end as usize].map(f32::to_bits));
            ends.sort_unstable();
            *sides.entry(ends).or_insert(0) += 1;
        }
    }
    for (ends, count) in sides {
        let [from, to] = ends.map(|end| end.map(f32::from_bits));
        let wanted = if is_border(from, to) { 1 } else { 2 };
        assert_eq!(count, wanted, "{from:?} {to:?}");
    }
}

fn is_on_square(from: [f32; 3], to: [f32; 3]) -> bool {
    (0..2).any(|axis| from[axis].to_bits() == to[axis].to_bits() && [0.0, 1.0].contains(&from[axis]))
}

#[test]
fn a_square_is_cut_exactly_where_its_texels_meet() {
    let mut part = square();
    part.outline = vec![0, 1, 1, 3];
    part.colors = vec![[255, 0, 0, 255], [255, 0, 0, 255], [0, 0, 0, 255], [0, 0, 0, 255]];
    let outcome = cut_by(&mut part, &grid(2, vec![0, 1, 2, 2], Wrap::Clamp), 100);
    assert_eq!((outcome.spent.cuts, outcome.is_coarse), (6, false));
    assert_eq!(areas(&part), BTreeMap::from([(0, 0.25), (1, 0.25), (2, 0.5)]));
    assert_no_cracks(&part, is_on_square);
    for (vertex, position) in part.positions.iter().enumerate() {
        let place = [position[0], position[1]].map(f32::to_bits);
        assert_eq!(part.uvs[vertex].map(f32::to_bits), place);
        let heights = [0.0_f32, 0.5, 1.0].map(f32::to_bits);
        let red = [255, 188, 0][heights.iter().position(|y| *y == place[1]).unwrap()];
        assert_eq!(part.colors[vertex][0], red, "{position:?}");
    }
    assert_eq!(part.normals.len(), part.positions.len());
    let outline = part.outline.as_chunks::<2>().0.iter();
    let lengths = outline.map(|ends| {
        let [from, to] = ends.map(|end| part.positions[end as usize]);
        assert!(is_on_square(from, to), "{from:?} {to:?}");
        (from[0] - to[0]).abs() + (from[1] - to[1]).abs()
    });
    assert_eq!(lengths.collect::<Vec<_>>(), [0.5; 4]);
}

/// Steps of a fixed sequence.
fn random() -> impl FnMut(u32) -> u32 {
    let mut state = 0x9e37_79b9_u32;
    move |below| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state % below
    }
}

/// The square as a fan around a point, whose outer corners lie anywhere on its sides.
fn fan(shares_vertices: bool) -> Part {
    let mut next = random();
    let mut share = || f32::from(u16::try_from(next(900)).unwrap() + 50) / 1000.0;
    let corners: Vec<[f32; 2]> = vec![
        [0.37, 0.61],
        [0.0, 0.0],
        [share(), 0.0],
        [1.0, 0.0],
        [1.0, share()],
        [1.0, 1.0],
        [share(), 1.0],
        [0.0, 1.0],
        [0.0, share()],
    ];
    let faces = (1..9_u32).flat_map(|at| [0, at, at % 8 + 1]);
    if shares_vertices {
        return surface(corners, faces.collect());
    }
    let own: Vec<[f32; 2]> = faces.map(|corner| corners[corner as usize]).collect();
    let count = u32::try_from(own.len()).unwrap();
    surface(own, (0..count).collect())
}

#[test]
fn pieces_meet_along_whole_edges_whatever_the_triangles_are() {
    let mut next = random();
    // Blocks of 4 by 4 texels with lone texels in them.
    let blocks: Vec<u8> = (0..64).map(|_| u8::try_from(next(9)).unwrap()).collect();
    let mut ids: Vec<u8> = (0..32 * 32).map(|i| blocks[i / 128 * 8 + i % 32 / 4]).collect();
    for _ in 0..10 {
        ids[next(1024) as usize] = 3;
    }
    for shares_vertices in [true, false] {
        let mut part = fan(shares_vertices);
        let grid = grid(32, ids.clone(), Wrap::Clamp);
        let outcome = cut_by(&mut part, &grid, 100_000);
        assert!(
            !outcome.is_coarse && (200..20_000).contains(&outcome.spent.cuts),
            "{}",
            outcome.spent.cuts
        );
        let found = areas(&part);
        assert!((found.values().sum::<f64>() - 1.0).abs() < 1e-5);
        assert_no_cracks(&part, is_on_square);
        for row in 0..=9 {
            // Id 8 means none, which is row 9.
            let is_row = |id: &&u8| (if **id == 8 { 9 } else { u32::from(**id) }) == row;
            let texels = ids.iter().filter(is_row).count();
            let share = f64::from(u32::try_from(texels).unwrap()) / 1024.0;
            let area = found.get(&row).copied().unwrap_or(0.0);
            assert!((area - share).abs() < 0.02, "row {row}: {area} instead of {share}");
        }
    }
}

#[test]
fn where_there_would_be_too_many_pieces_they_are_larger_and_still_meet() {
    let checkers: Vec<u8> = (0..256_usize * 256)
        .map(|i| u8::try_from((i / 256 + i % 256) % 2).unwrap())
        .collect();
    let grid = grid(256, checkers, Wrap::Repeat);
    for most in [0, 5, 1000] {
        let mut part = square();
        let outcome = cut_by(&mut part, &grid, most);
        assert!(
            outcome.is_coarse && outcome.spent.cuts <= most,
            "{}",
            outcome.spent.cuts
        );
        assert!(most < 10 || outcome.spent.cuts > most / 4, "{}", outcome.spent.cuts);
        assert!((areas(&part).values().sum::<f64>() - 1.0).abs() < 1e-6);
        assert_no_cracks(&part, is_on_square);
    }
}

#[test]
fn one_feature_and_places_that_are_no_numbers_cut_nothing() {
    let mut part = square();
    let outcome = cut_by(&mut part, &grid(2, vec![5; 4], Wrap::Repeat), 100);
    assert_eq!((outcome.spent.cuts, &part.rows[..]), (0, &[5; 4][..]));
    // One half of the texture alone.
    let mut part = square();
    let uvs = [[0.0, 0.0], [0.5, 0.0], [0.0, 1.0], [0.5, 1.0]];
    let outcome = cut(&mut part, &grid(2, vec![4, 1, 4, 1], Wrap::Repeat), &uvs, allowed(100));
    assert_eq!((outcome.spent.cuts, part.rows.iter().all(|row| *row == 4)), (0, true));
    for wrong in [f32::NAN, f32::INFINITY, 1e38] {
        let mut part = square();
        let uvs = [[wrong, 0.0], [0.5, wrong], [-wrong, 1.0], [0.5, 1.0]];
        let outcome = cut(&mut part, &grid(2, vec![4, 1, 4, 1], Wrap::Mirror), &uvs, allowed(50));
        assert!(
            outcome.spent.cuts <= 50 && part.rows.len() == part.positions.len(),
            "{wrong}"
        );
    }
}

/// A tile with many surfaces on one large picture must not look at all of it for each of them.
#[test]
fn what_may_not_be_looked_at_is_told_by_seven_places() {
    let mut ids = vec![0; 64 * 64];
    ids[64 * 64 - 1] = 1;
    let grid = grid(64, ids, Wrap::Clamp);
    for (looks, cuts) in [(0, 0), (100, 0), (1 << 20, 12)] {
        let mut part = square();
        let uvs = part.uvs.clone();
        let outcome = cut(&mut part, &grid, &uvs, Effort { cuts: 1000, looks });
        assert!(outcome.spent.looks <= looks && outcome.spent.cuts >= cuts, "{looks}");
        assert_eq!(areas(&part).len(), if cuts > 0 { 2 } else { 1 }, "{looks}");
    }
}

/// A sliver between the middles of texels crosses all their rows and meets none of them.
#[test]
fn rows_of_texels_that_a_sliver_crosses_are_looked_at_too() {
    let mut ids = vec![3; 512];
    ids[511] = 7;
    let grid = grid(1, ids, Wrap::Clamp);
    let sliver = || surface(vec![[0.99, 0.1], [1.0, 0.1], [0.995, 0.9]], vec![0, 1, 2]);
    let uvs = sliver().uvs;
    let outcome = cut(&mut sliver(), &grid, &uvs, allowed(10));
    // All texels, and a row each for four fifths of them.
    assert!((900..1000).contains(&outcome.spent.looks), "{}", outcome.spent.looks);
    let (mut part, most) = (sliver(), 600);
    let outcome = cut(&mut part, &grid, &uvs, Effort { cuts: 10, looks: most });
    assert_eq!((outcome.spent.looks, part.rows), (most, vec![3; 3]));
}
