//! Masks inside a `GeoTIFF`: what they leave out is no height and no colour, at every fineness; and how bright two bytes are.

use crate::geotiff_fixture::{Fixture, Samples};
use crate::raster::{all, open, slope};
use stadslens::sources::{Cause, inspect::inspect, raster::Window};
use std::fs;
use std::path::Path;

/// A disc in the middle of an image.
fn disc(width: u32, height: u32) -> Vec<bool> {
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let part = |at: u32, of: u32| (f64::from(at) + 0.5) / f64::from(of) - 0.5;
    pixels
        .map(|(x, y)| part(x, width).hypot(part(y, height)) < 0.4)
        .collect()
}

/// Heights with a mask, and half as fine ones with theirs where that is wished.
fn heights(overview: Option<bool>, change: impl Fn(Fixture) -> Fixture) -> Fixture {
    let of = |width: u32, height: u32, is_masked: bool| {
        change(Fixture {
            mask: if is_masked { disc(width, height) } else { Vec::new() },
            ..Fixture::rd(width, height, [250_000.0, 476_000.0], 0.5, slope(width, height))
        })
    };
    Fixture {
        overviews: overview.into_iter().map(|is_masked| of(37, 25, is_masked)).collect(),
        ..of(74, 50, true)
    }
}

#[test]
fn what_a_mask_leaves_out_is_no_height_however_it_is_written() {
    let mut count = 0;
    for coding in [1, 5, 8] {
        for (tile, rows) in [(None, 7), (None, 50), (Some(16), 0), (Some(128), 0)] {
            for (is_big_endian, is_big) in [(false, false), (true, true)] {
                let fixture = heights(Some(true), |plain| Fixture {
                    coding,
                    tile,
                    rows: rows.max(1),
                    is_big_endian,
                    is_big,
                    ..plain
                });
                let tiff = open(fixture.bytes()).unwrap();
                assert_eq!(tiff.problems(), []);
                assert!(tiff.has_mask() && tiff.is_whole());
                assert_eq!(tiff.sizes().len(), 2, "masks are no copies");
                for (level, (width, height)) in [(0, (74, 50)), (1, (37, 25))] {
                    let reading = tiff.read_heights(level, all(&tiff, level)).unwrap();
                    assert_eq!(reading.problems, []);
                    let pairs = disc(width, height).into_iter().zip(slope(width, height));
                    for ((is_there, height), found) in pairs.zip(reading.values) {
                        let is_same = if is_there {
                            found.to_bits() == height.to_bits()
                        } else {
                            found.is_nan()
                        };
                        assert!(is_same, "{coding} {tile:?} {rows}: {found}");
                        count += 1;
                    }
                }
                // A part that begins in the middle of a byte of the mask.
                let part = Window {
                    x: 13,
                    y: 9,
                    width: 30,
                    height: 20,
                };
                let found = tiff.read_heights(0, part).unwrap().values;
                let whole = tiff.read_heights(0, all(&tiff, 0)).unwrap().values;
                for (i, height) in (0_u32..).zip(found) {
                    let at = (9 + i / 30) * 74 + 13 + i % 30;
                    assert_eq!(height.to_bits(), whole[at as usize].to_bits());
                }
            }
        }
    }
    assert_eq!(count, 24 * (74 * 50 + 37 * 25));
}

/// Files that GDAL 3.10 wrote (`GDAL_TIFF_INTERNAL_MASK`, one overview by the nearest pixel), and what it says of them.
#[test]
fn masks_that_another_writer_made_are_those_it_was_given() {
    let file = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures/masks")
            .join(name);
        let tiff = open(fs::read(path).unwrap()).unwrap();
        assert!(
            tiff.has_mask() && tiff.problems().is_empty() && tiff.sizes().len() == 2,
            "{name}"
        );
        tiff
    };
    let heights = file("gdal-heights.tif");
    let found = heights.read_heights(0, all(&heights, 0)).unwrap().values;
    for (i, height) in (0_u16..).zip(&found) {
        let (x, y) = (i % 90, i / 90);
        let is_inside = (f32::from(x) - 45.0).hypot(f32::from(y) - 30.0) < 25.0;
        let expected = f32::from(x) + f32::from(y) * 0.25 + 1.0;
        assert_eq!(
            height.to_bits(),
            if is_inside { expected } else { f32::NAN }.to_bits(),
            "{x}, {y}"
        );
    }
    let known = |level: usize| {
        let values = heights.read_heights(level, all(&heights, level)).unwrap().values;
        values.iter().filter(|height| !height.is_nan()).count()
    };
    assert_eq!([known(0), known(1)], [1941, 484]);
    let colors = file("gdal-rgb.tif");
    let seen = |level: usize| {
        let values = colors.read_colors(level, all(&colors, level)).unwrap().values;
        values.iter().filter(|color| color[3] == 255).count()
    };
    assert_eq!([seen(0), seen(1)], [1941, 484]);
}

#[test]
fn a_copy_without_a_mask_takes_that_of_the_whole() {
    let tiff = open(
        heights(Some(false), |plain| Fixture {
            tile: Some(16),
            ..plain
        })
        .bytes(),
    )
    .unwrap();
    let found = tiff.read_heights(1, all(&tiff, 1)).unwrap().values;
    let mask = disc(74, 50);
    for (i, height) in (0_usize..).zip(found) {
        // The middle of a pixel of the copy is the corner of four: the last of them counts.
        let (x, y) = (2 * (i % 37) + 1, 2 * (i / 37) + 1);
        assert_eq!(height.is_nan(), !mask[y * 74 + x], "pixel {i}");
    }
    // Means of blocks are those of what is there.
    let sheet = tiff.sheet(all(&tiff, 0), 400).unwrap();
    let known = sheet.grid.heights_m.iter().filter(|height| !height.is_nan());
    assert!(known.clone().count() > 100 && sheet.grid.heights_m.iter().any(|height| height.is_nan()));
    assert!(known.into_iter().all(|height| (0.0..90.0).contains(height)));
}

/// Colours of bytes with a mask.
fn colors() -> Fixture {
    Fixture {
        samples: Samples {
            format: 1,
            size: 1,
            bits: (0..40 * 30 * 3).map(|i| 10 + i % 200).collect(),
        },
        bands: 3,
        photometric: 2,
        tile: Some(16),
        mask: disc(40, 30),
        ..Fixture::rd(40, 30, [250_000.0, 476_000.0], 0.5, Vec::new())
    }
}

#[test]
fn what_a_mask_leaves_out_of_a_picture_is_clear() {
    let tiff = open(colors().bytes()).unwrap();
    let found = tiff.read_colors(0, all(&tiff, 0)).unwrap();
    assert_eq!(found.problems, []);
    for ((i, is_there), color) in (0_u8..=255).cycle().zip(disc(40, 30)).zip(found.values) {
        assert_eq!(color[3], if is_there { 255 } else { 0 }, "pixel {i}");
        assert!(is_there || color == [0; 4]);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("masked.tif");
    fs::write(&path, colors().bytes()).unwrap();
    let told = inspect(&path).unwrap();
    assert_eq!(
        (&told["mask"], &told["problems"]),
        (&true.into(), &serde_json::json!([]))
    );
}

#[test]
fn a_mask_that_is_damaged_or_not_read_is_told_and_costs_no_more_than_it_must() {
    let mut bytes = Fixture {
        coding: 8,
        tile: None,
        rows: 5,
        ..colors()
    }
    .bytes();
    // The tiles of the mask stand behind the directory of the image; its first one is broken.
    let whole = open(bytes.clone()).unwrap();
    let all_pixels = all(&whole, 0);
    let clear = |values: &[[u8; 4]]| values.iter().filter(|color| color[3] == 0).count();
    let before = clear(&whole.read_colors(0, all_pixels).unwrap().values);
    let without = open(
        Fixture {
            coding: 8,
            tile: None,
            rows: 5,
            mask: Vec::new(),
            ..colors()
        }
        .bytes(),
    )
    .unwrap();
    assert_eq!(clear(&without.read_colors(0, all_pixels).unwrap().values), 0);
    let bare = Fixture {
        coding: 8,
        tile: None,
        rows: 5,
        mask: Vec::new(),
        ..colors()
    }
    .bytes()
    .len();
    bytes[bare + 2..bare + 6].fill(0xFF);
    let broken = open(bytes).unwrap().read_colors(0, all_pixels).unwrap();
    assert_eq!(broken.problems.len(), 1, "{:?}", broken.problems);
    assert_eq!(broken.problems[0].cause, Cause::Damaged);
    assert!(clear(&broken.values) >= before && clear(&broken.values) <= before + 5 * 40);
    // Packed in a way that is not read: the picture is shown whole, and that is said.
    let mut bytes = colors().bytes();
    let coding = [3, 1, 3, 0, 1, 0, 0, 0, 1, 0];
    let at = bytes.windows(10).rposition(|part| part == coding);
    bytes[at.unwrap() + 8] = 4;
    let tiff = open(bytes).unwrap();
    assert!(!tiff.has_mask());
    assert!(
        tiff.problems()[0].message.contains("compression fax"),
        "{:?}",
        tiff.problems()
    );
    assert_eq!(clear(&tiff.read_colors(0, all_pixels).unwrap().values), 0);
}

#[test]
fn white_is_what_the_colours_that_are_seen_use() {
    let picture = |bits: Vec<u64>, bands: u16, mask: Vec<bool>| Fixture {
        samples: Samples {
            format: 1,
            size: 2,
            bits,
        },
        bands,
        photometric: 2,
        mask,
        ..Fixture::rd(2, 1, [250_000.0, 476_000.0], 1.0, Vec::new())
    };
    let colors = |fixture: Fixture| {
        let tiff = open(fixture.bytes()).unwrap();
        (tiff.white(), tiff.read_colors(0, all(&tiff, 0)).unwrap().values)
    };
    // Twelve bits beside a whole opacity of sixteen.
    let found = colors(picture(vec![4095, 0, 2048, 65535, 9, 9, 9, 65535], 4, vec![]));
    assert_eq!(found, (Some(4095), vec![[255, 0, 128, 255], [1, 1, 1, 255]]));
    // What is clear, by its opacity or by a mask, may be as white as it likes.
    let found = colors(picture(vec![1023, 0, 512, 65535, 65535, 65535, 65535, 0], 4, vec![]));
    assert_eq!(found, (Some(1023), vec![[255, 0, 128, 255], [255, 255, 255, 0]]));
    let found = colors(picture(vec![1023, 0, 512, 65535, 65535, 65535], 3, vec![true, false]));
    assert_eq!(found, (Some(1023), vec![[255, 0, 128, 255], [0; 4]]));
    let tiff = open(picture(vec![1023, 0, 512, 0, 0, 0], 3, vec![]).bytes())
        .unwrap()
        .with_white(4095);
    assert_eq!(tiff.read_colors(0, all(&tiff, 0)).unwrap().values[0], [64, 0, 32, 255]);
}
