//! Every city model and every other file of city data of the corpus drawn, and all pictures on sheets to look at:
//! `city-sheet.png` and `gis-sheet.png` in the folder that `STADSLENS_SHEET` names. Nothing is held against golden pictures;
//! what must hold is that each real file gives a picture with something on it, or says why not.

use super::sheet::{colors, corpus, draw, files, save};

/// Folders with files of real cities; the others test readers with a triangle of a millimetre or the like.
const REAL: [&str; 5] = ["bertt", "cjdb", "cjio/delft", "cjio/rotterdam", "flatcitybuf"];

#[test]
fn every_city_model_of_the_corpus_can_be_looked_at() {
    let Some(corpus) = corpus("cityjson") else { return };
    let mut pictures = Vec::new();
    let mut empty = Vec::new();
    for path in files(&corpus) {
        let name = path.strip_prefix(&corpus).unwrap().display().to_string();
        let Some((picture, _)) = draw(&path).picture else {
            continue;
        };
        let is_real = REAL.iter().any(|folder| name.starts_with(folder));
        if is_real && colors(&picture) <= 2 {
            empty.push(name.clone());
        }
        pictures.push((name, picture));
    }
    save(&pictures, "city-sheet.png");
    assert!(empty.is_empty(), "nothing to be seen of {empty:?}");
    assert!(pictures.len() > 30, "only {} pictures", pictures.len());
}

/// Files that are no data to be opened by themselves, or hold nothing, and what is said of them.
const NOT_SHOWN: [(&str, &str); 0] = [];

#[test]
fn every_file_of_city_data_of_the_corpus_can_be_looked_at() {
    let Some(corpus) = corpus("gis") else { return };
    let mut pictures = Vec::new();
    let mut wrong = Vec::new();
    for path in files(&corpus) {
        let name = path.strip_prefix(&corpus).unwrap().display().to_string();
        let drawn = draw(&path);
        let reason = NOT_SHOWN
            .iter()
            .find(|(file, _)| *file == name)
            .map(|(_, reason)| *reason);
        match (drawn.picture, reason) {
            (Some((picture, _)), None) => {
                if colors(&picture) <= 2 {
                    wrong.push(format!("{name}: nothing to be seen; {}", drawn.said));
                }
                pictures.push((name, picture));
            }
            (None, None) => wrong.push(format!("{name}: {}", drawn.said)),
            (Some(_), Some(_)) => wrong.push(format!("{name}: drawn all the same")),
            (None, Some(reason)) if !drawn.said.contains(reason) => wrong.push(format!("{name}: {}", drawn.said)),
            (None, Some(_)) => {}
        }
    }
    save(&pictures, "gis-sheet.png");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(pictures.len() > 12, "only {} pictures", pictures.len());
}
