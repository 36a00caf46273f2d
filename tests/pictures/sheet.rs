//! Pictures of many files, drawn by the program and put together on one labelled sheet to look at.

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};
use image::{Rgb, RgbImage, imageops};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Size of one picture, pixels.
pub(crate) const SIZE: (u32, u32) = (480, 270);
const COLUMNS: u32 = 5;
/// Height of the line under a picture that says what it is, pixels.
const LINE: u32 = 24;
const LETTERS: f32 = 18.0;

/// The folder of the corpus called so; `None`, with a line that says so, where there is none.
pub(crate) fn corpus(folder: &str) -> Option<PathBuf> {
    let path = std::env::var_os("STADSLENS_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    let found = path.join(folder);
    if !found.is_dir() {
        eprintln!("skipped: nothing at {}", found.display());
        return None;
    }
    Some(found)
}

/// All files in a folder and those in it, by their names.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// What became of drawing a file.
pub(crate) struct Drawn {
    /// Its picture and the report; `None` where the program refused it.
    pub(crate) picture: Option<(RgbImage, Value)>,
    /// What was said on the way.
    pub(crate) said: String,
}

/// Draws a file as the program does that opens it by itself; everything in it can be read.
pub(crate) fn draw(path: &Path) -> Drawn {
    let drawn = draw_what_there_is(path);
    if let Some((_, report)) = &drawn.picture {
        assert_eq!(
            report["failed_contents"],
            Value::Array(Vec::new()),
            "{}",
            path.display()
        );
    }
    drawn
}

/// The same for a file of which some may be missing.
pub(crate) fn draw_what_there_is(path: &Path) -> Drawn {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("picture.png");
    let size = format!("{}x{}", SIZE.0, SIZE.1);
    let done = Command::new(env!("CARGO_BIN_EXE_stadslens"))
        .args(["render", "--quality", "low", "--json", "--size", &size, "-o"])
        .args([&output, path])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    let name = path.display();
    assert!(!said.contains("panicked"), "{name}: {said}");
    let Ok(report) = serde_json::from_slice::<Value>(&done.stdout) else {
        assert_eq!(done.status.code(), Some(1), "{name}: {said}");
        let file = path.file_name().unwrap().to_str().unwrap();
        assert!(said.contains(file), "{name}: {said}");
        return Drawn { picture: None, said };
    };
    let picture = image::open(&output).unwrap().into_rgb8();
    Drawn {
        picture: Some((picture, report)),
        said,
    }
}

/// How many pixels are clearly of another colour than most are.
pub(crate) fn seen(picture: &RgbImage) -> usize {
    let mut counts: BTreeMap<[u8; 3], usize> = BTreeMap::new();
    for pixel in picture.pixels() {
        *counts.entry(pixel.0.map(|value| value / 8)).or_default() += 1;
    }
    let most = counts
        .iter()
        .max_by_key(|(_, count)| **count)
        .map_or([0; 3], |(color, _)| *color);
    let differs = |color: &[u8; 3]| color.iter().zip(most).any(|(a, b)| a.abs_diff(b) > 2);
    counts
        .iter()
        .filter(|(color, _)| differs(color))
        .map(|(_, count)| count)
        .sum()
}

/// Writes all pictures with their names as `file` in the folder that `STADSLENS_SHEET` names, if it names one.
pub(crate) fn save(pictures: &[(String, RgbImage)], file: &str) {
    let Some(folder) = std::env::var_os("STADSLENS_SHEET") else {
        return;
    };
    let font = FontRef::try_from_slice(include_bytes!("../../assets/fonts/SourceSans3-wght.ttf")).unwrap();
    let rows = u32::try_from(pictures.len()).unwrap().div_ceil(COLUMNS);
    let mut sheet = RgbImage::from_pixel(COLUMNS * SIZE.0, rows * (SIZE.1 + LINE), Rgb([255; 3]));
    for (number, (name, picture)) in (0_u32..).zip(pictures) {
        let (x, y) = (number % COLUMNS * SIZE.0, number / COLUMNS * (SIZE.1 + LINE));
        imageops::replace(&mut sheet, picture, x.into(), y.into());
        write(&mut sheet, &font, name, [x + 4, y + SIZE.1], x + SIZE.0 - 4);
    }
    sheet.save(Path::new(&folder).join(file)).unwrap();
}

/// Writes a line from a place to the right, as far as there is room. The font begins at its thinnest: it is drawn darker.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pixels of a sheet"
)]
fn write(sheet: &mut RgbImage, font: &FontRef, text: &str, [left, top]: [u32; 2], right: u32) {
    let scale = PxScale::from(LETTERS);
    let scaled = font.as_scaled(scale);
    let base = top as f32 + scaled.ascent();
    let mut at = left as f32;
    for letter in text.chars() {
        let glyph = font.glyph_id(letter);
        let next = at + scaled.h_advance(glyph);
        if next > right as f32 {
            return;
        }
        if let Some(outline) = font.outline_glyph(glyph.with_scale_and_position(scale, point(at, base))) {
            let from = outline.px_bounds().min;
            outline.draw(|x, y, cover| {
                let (x, y) = (from.x as u32 + x, from.y as u32 + y);
                if x < sheet.width() && y < sheet.height() {
                    let shade = (255.0 * (1.0 - (2.0 * cover).clamp(0.0, 1.0))) as u8;
                    let pixel = sheet.get_pixel_mut(x, y);
                    pixel.0 = pixel.0.map(|value| value.min(shade));
                }
            });
        }
        at = next;
    }
}
