//! Materials of an MTL: colour, opacity and picture. What else one says of shine and relief is passed over.

use super::{beside, lines::Lines, parse::LONGEST_NAME};
use crate::sources::resource::Resources;
use crate::sources::shortened;

/// Largest MTL that is read, bytes.
const MAX_BYTES: u64 = 16 << 20;
/// Most materials of one file.
const MAX_MATERIALS: usize = 100_000;

/// How a surface looks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Material {
    pub(super) name: String,
    /// Colour and opacity, each from 0 to 1; `None` where the file names no colour.
    pub(super) color: Option<[f64; 3]>,
    pub(super) opacity: f64,
    /// Path of its picture.
    pub(super) picture: Option<String>,
}

impl Material {
    /// Colour and opacity as bytes; `None` where nothing was said of them.
    pub(super) fn rgba(&self) -> Option<[u8; 4]> {
        let [r, g, b] = match self.color {
            Some(color) => color,
            None if self.opacity < 1.0 => [1.0; 3],
            None => return None,
        };
        Some([r, g, b, self.opacity].map(byte))
    }
}

/// The materials of the file at `path`. `tell` is told what is wrong.
pub(super) fn read(resources: &dyn Resources, path: &str, tell: &mut dyn FnMut(String)) -> Vec<Material> {
    let bytes = match resources.read_at_most(path, MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(error) => {
            tell(format!(
                "the materials cannot be read ({error}); their surfaces have plain colours"
            ));
            return Vec::new();
        }
    };
    let mut materials: Vec<Material> = Vec::new();
    let mut lines = Lines::new(&bytes);
    while let Some(line) = lines.next() {
        if line.keyword() == b"newmtl" {
            if materials.len() == MAX_MATERIALS {
                tell(format!(
                    "{path} has more than {MAX_MATERIALS} materials; the rest is left out"
                ));
                break;
            }
            materials.push(Material {
                // As the OBJ's own names are, so that they still meet.
                name: shortened(&line.name(), LONGEST_NAME),
                color: None,
                opacity: 1.0,
                picture: None,
            });
            continue;
        }
        let Some(material) = materials.last_mut() else { continue };
        match line.keyword() {
            b"Kd" => material.color = line.numbers::<3>().or(material.color),
            b"d" => {
                // `d -halo 0.4` fades towards the edge: the number counts.
                let number = line
                    .words()
                    .filter_map(|word| std::str::from_utf8(word).ok()?.parse::<f64>().ok());
                material.opacity = sound(number.last()).unwrap_or(material.opacity);
            }
            b"Tr" => {
                let through = sound(line.numbers::<1>().map(|[through]| through));
                material.opacity = through.map_or(material.opacity, |through| 1.0 - through);
            }
            b"map_Kd" => match picture_name(line.words()).map(|name| beside(path, &name)) {
                Some(Ok(picture)) => material.picture = Some(picture),
                Some(Err(error)) => tell(format!("a picture of a material is left out ({error})")),
                None => {}
            },
            _ => {}
        }
    }
    materials
}

fn sound(number: Option<f64>) -> Option<f64> {
    number.filter(|number| (0.0..=1.0).contains(number))
}

/// The file name behind the options of a map; it may have spaces in it.
fn picture_name<'a>(words: impl Iterator<Item = &'a [u8]>) -> Option<String> {
    let mut words = words.peekable();
    while let Some(option) = words.peek().copied().filter(|word| word.starts_with(b"-")) {
        let most = match option {
            b"-o" | b"-s" | b"-t" => 3,
            b"-mm" => 2,
            b"-blendu" | b"-blendv" | b"-cc" | b"-clamp" | b"-texres" | b"-bm" | b"-boost" | b"-imfchan" | b"-type" => {
                1
            }
            _ => break,
        };
        words.next();
        let is_text = matches!(
            option,
            b"-blendu" | b"-blendv" | b"-cc" | b"-clamp" | b"-imfchan" | b"-type"
        );
        let is_argument =
            |word: &&[u8]| is_text || std::str::from_utf8(word).is_ok_and(|word| word.parse::<f64>().is_ok());
        for _ in 0..most {
            if words.next_if(is_argument).is_none() {
                break;
            }
        }
    }
    let name: Vec<String> = words.map(|word| String::from_utf8_lossy(word).into_owned()).collect();
    (!name.is_empty()).then(|| name.join(" "))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte, and NaN becomes 0"
)]
fn byte(unit: f64) -> u8 {
    (unit.clamp(0.0, 1.0) * 255.0).round() as u8
}
