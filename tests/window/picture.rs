//! A picture of what is seen: made while the window goes on, saved by its path, of the city alone.

use crate::desktop::Desktop;
use crate::{SELECTION, has_text};
use image::GenericImageView as _;
use std::collections::HashSet;

#[test]
fn what_is_seen_is_saved_as_a_picture_without_what_only_the_window_shows() {
    const PLACE: &str = "Waar moet het bestand komen?";
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("beeld.png");
    let mut desktop = Desktop::start(1280, 720, &["--language", "nl"]);
    desktop.wait_until_drawn();
    desktop.click(640.0, 440.0);
    desktop.wait_for_pixels("an outline", SELECTION, |pixels| pixels > 60);
    desktop.key("ctrl+p");
    desktop.wait_for("the field for a place", |state| has_text(state, PLACE));
    desktop.fill(PLACE, &path.display().to_string());
    desktop.click_control("Opslaan");
    desktop.wait_for("that it is saved", |state| has_text(state, "Opgeslagen: "));

    let picture = image::open(&path).expect("a picture");
    assert_eq!(picture.dimensions(), (1920, 1080));
    let pixels = picture.into_rgb8();
    let colors: HashSet<[u8; 3]> = pixels.pixels().map(|pixel| pixel.0).collect();
    assert!(colors.len() > 1000, "a city has more than {} colours", colors.len());
    assert!(!colors.contains(&SELECTION), "the outline is laid out for the window");
}
