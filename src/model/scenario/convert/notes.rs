//! Notes of the file: a bad one is left out and named, the rest is kept.

use super::super::file;
use super::super::projection::{Projection, height_at_site_zero_m, site_pos};
use super::super::words::{author_role, note_kind};
use super::super::{LocalText, Variant, Viewpoint};
use super::{Converter, natural_reference};
use crate::georef::SitePos;
use crate::model::note::{Note, NoteAnchor};
use jiff::civil::Date;

/// Farthest above or below the site's zero that anything is, metres.
const MAX_HEIGHT_M: f64 = 20_000.0;

impl Converter<'_> {
    /// The notes in the order of their numbers.
    pub(in crate::model::scenario) fn notes(
        &mut self,
        files: &[file::NoteFile],
        variants: &[Variant],
        projection: &Projection,
    ) -> Vec<Note> {
        let mut notes = Vec::new();
        for (place, file) in self.unique("annotations", files, |note| &note.id) {
            let chars = file.text.chars().count();
            if chars > Note::MAX_CHARS {
                let message = format!(
                    "the text has {chars} characters and a note at most {}; {place} is left out",
                    Note::MAX_CHARS
                );
                self.error(format!("{place}.text"), message);
                continue;
            }
            let Ok(day) = file.day.parse::<Date>() else {
                let day: String = file.day.chars().take(40).collect();
                let message = format!("`{day}` is no day like `2026-11-25`; {place} is left out");
                self.error(format!("{place}.day"), message);
                continue;
            };
            let camera = &file.viewpoint.camera;
            let position = self.site_place(file.position, &format!("{place}.position"), &place, projection);
            let target_place = format!("{place}.viewpoint.camera.target");
            let target = self.site_place(camera.target, &target_place, &place, projection);
            let (Some(position), Some(target)) = (position, target) else {
                continue;
            };
            let variant_place = format!("{place}.viewpoint.variant");
            notes.push(Note {
                id: file.id.clone(),
                number: file.number,
                text: file.text.clone(),
                kind: note_kind(file.kind),
                role: author_role(file.role),
                anchor: NoteAnchor {
                    position,
                    object: file.object.clone(),
                },
                viewpoint: Viewpoint {
                    id: file.id.clone(),
                    title: LocalText::default(),
                    caption: LocalText::default(),
                    target,
                    heading_deg: camera.heading_deg.rem_euclid(360.0),
                    pitch_deg: camera.pitch_deg,
                    distance_m: camera.distance_m,
                    variant: self.known_variant(file.viewpoint.variant.as_deref(), &variant_place, variants),
                    lens: None,
                    time: None,
                },
                day,
            });
        }
        notes.sort_by(|a, b| (a.number, &a.id).cmp(&(b.number, &b.id)));
        notes
    }

    /// A point of the file with its height (of the frame's own reference) in the site frame; where it has none that is
    /// said at `place`, and that `lost` goes with it.
    pub(super) fn site_place(
        &mut self,
        [x, y, height]: [f64; 3],
        place: &str,
        lost: &str,
        projection: &Projection,
    ) -> Option<SitePos> {
        let found = projection.site_from_file([x, y]).and_then(|p| {
            let reference = natural_reference(projection.site());
            let zero = height_at_site_zero_m(projection.site(), p, reference)?;
            if (height - zero).abs() > MAX_HEIGHT_M {
                return Err(format!("a height of {height} m is no place to look at"));
            }
            Ok(site_pos(p, height - zero))
        });
        found
            .map_err(|message| self.place_error(place, format!("{message}; {lost} is left out")))
            .ok()
    }
}
