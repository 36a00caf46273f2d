//! The city seen from straight above as a small picture: ground cover, what stands there and what the variant changes.
//! Painted on the processor from the model, so it needs no tiles and no graphics card, and is made off the main thread.

use super::palette::{self, Rgb};
use super::scene::ShownScenario;
use crate::georef::narrow;
use crate::model::{OpenScenario, Variant};
use ab_glyph_rasterizer::{Rasterizer, point};
use bevy::math::{DVec2, DVec3};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// Room around what is painted, as a share of its size.
const MARGIN: f64 = 0.04;
/// The smallest piece of land that is painted, metres: a single house keeps its street around it.
const LEAST_SIDE_M: f64 = 120.0;

/// What a picture is of; two that are equal give the same picture.
#[derive(Clone)]
pub struct PlanSubject {
    open: Arc<OpenScenario>,
    variant: Option<usize>,
    phase: Option<String>,
    removed: Arc<HashSet<String>>,
}

impl PlanSubject {
    /// What is shown now.
    pub fn of(shown: &ShownScenario) -> Self {
        Self {
            open: shown.open.clone(),
            variant: shown.variant,
            phase: shown.phase.clone(),
            removed: shown.removed().clone(),
        }
    }

    /// Whether another subject looks the same: notes and viewpoints are not in the picture.
    pub fn looks_like(&self, other: &Self) -> bool {
        let data = |open: &Arc<OpenScenario>| (Arc::as_ptr(&open.register), Arc::as_ptr(&open.surfaces));
        let plans = |subject: &Self| (subject.variant, subject.phase.clone());
        plans(self) == plans(other)
            && (Arc::ptr_eq(&self.open, &other.open)
                || data(&self.open) == data(&other.open) && self.open.scenario.variants == other.open.scenario.variants)
    }

    fn variant(&self) -> Option<&Variant> {
        self.variant.and_then(|place| self.open.scenario.variants.get(place))
    }
}

/// A square picture of a square piece of land, north up.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanPicture {
    /// Pixels along a side.
    pub side_px: usize,
    /// Red, green, blue (sRGB) of each pixel, row by row from the north-west.
    pub rgb: Vec<Rgb>,
    /// South-west corner, site metres.
    pub low: DVec2,
    /// Side of the land, metres.
    pub side_m: f64,
}

impl PlanPicture {
    /// Paints what `subject` holds; `None` when it knows nothing that has a place.
    pub fn paint(subject: &PlanSubject, side_px: usize) -> Option<Self> {
        let (low, high) = bounds(&subject.open)?;
        let side_m = (high - low).max_element().max(LEAST_SIDE_M) * (1.0 + 2.0 * MARGIN);
        let low = (low + high) / 2.0 - DVec2::splat(side_m / 2.0);
        let mut sheet = Sheet {
            side_px,
            rgb: vec![palette::TABLE; side_px * side_px],
            low,
            side_m,
            rasterizer: Rasterizer::new(side_px, side_px),
        };
        let (open, phase) = (&subject.open, subject.phase.as_deref());
        let scenario = &open.scenario;
        let mut grounds: BTreeMap<_, Vec<Rings<'_>>> = BTreeMap::new();
        for surface in open.surfaces.iter() {
            let rings = (surface.outer.as_slice(), surface.holes.as_slice());
            grounds.entry(surface.kind).or_default().push(rings);
        }
        for (kind, rings) in grounds {
            sheet.fill(&rings, palette::surface(kind));
        }
        let variant = subject.variant();
        for surface in variant.into_iter().flat_map(|v| v.surfaces_in(scenario, phase)) {
            sheet.fill(&[(&surface.outer, &surface.holes)], palette::surface(surface.kind));
        }
        let standing: Vec<Rings<'_>> = open
            .register
            .buildings
            .iter()
            .filter(|building| !subject.removed.contains(&building.id))
            .map(|building| (building.footprint.as_slice(), building.holes.as_slice()))
            .collect();
        sheet.fill(&standing, palette::mix(palette::FLAT_ROOF, palette::INK, 0.45));
        for building in variant.into_iter().flat_map(|v| v.buildings_in(scenario, phase)) {
            let color = palette::mix(palette::new_use(building.main_use), palette::INK, 0.15);
            sheet.fill(&[(&building.footprint, &building.holes)], color);
        }
        Some(Self {
            side_px,
            rgb: sheet.rgb,
            low,
            side_m,
        })
    }

    /// Where a site position lies in the picture, from 0 to 1 from its north-west corner.
    pub fn share(&self, p: DVec2) -> DVec2 {
        let from_low = (p - self.low) / self.side_m;
        DVec2::new(from_low.x, 1.0 - from_low.y)
    }

    /// The site position at a share of the picture.
    pub fn position(&self, share: DVec2) -> DVec2 {
        self.low + DVec2::new(share.x, 1.0 - share.y) * self.side_m
    }
}

/// Outer ring and holes, wound either way.
type Rings<'a> = (&'a [DVec2], &'a [Vec<DVec2>]);

/// Lowest and highest corner of what the picture is of: the area, else what stands in it. What lies far outside the area,
/// such as a list with one misplaced object, does not make it small.
fn bounds(open: &OpenScenario) -> Option<(DVec2, DVec2)> {
    let outline = open.scenario.area.outline.as_slice();
    let footprints = || open.register.buildings.iter().flat_map(|building| &building.footprint);
    let grounds = || open.surfaces.iter().flat_map(|surface| &surface.outer);
    let of = |points: &mut dyn Iterator<Item = &DVec2>| {
        points
            .filter(|p| p.is_finite())
            .fold(None, |bounds: Option<(DVec2, DVec2)>, p| {
                Some(bounds.map_or((*p, *p), |(low, high)| (low.min(*p), high.max(*p))))
            })
    };
    let has_something = footprints().next().is_some() || grounds().next().is_some();
    let area = of(&mut outline.iter()).or_else(|| of(&mut footprints().chain(grounds())));
    area.filter(|_| has_something)
}

struct Sheet {
    side_px: usize,
    rgb: Vec<Rgb>,
    low: DVec2,
    side_m: f64,
    rasterizer: Rasterizer,
}

impl Sheet {
    /// Fills polygons with a colour, their edges smooth; where they overlap they do not cancel out.
    fn fill(&mut self, polygons: &[Rings<'_>], color: Rgb) {
        self.rasterizer.clear();
        let side_px = u32::try_from(self.side_px).map_or(0.0, f64::from);
        let scale = side_px / self.side_m;
        let low = self.low;
        let pixel = |p: DVec2| {
            // Far outside costs time and paints nothing: cut to a picture's size around it.
            let at = ((p - low) * scale).clamp(DVec2::splat(-side_px), DVec2::splat(2.0 * side_px));
            let [x, y, _] = narrow(DVec3::new(at.x, side_px - at.y, 0.0));
            point(x, y)
        };
        for (outer, holes) in polygons {
            let rings = std::iter::once((*outer, false)).chain(holes.iter().map(|hole| (hole.as_slice(), true)));
            for (ring, is_hole) in rings {
                if ring.len() < 3 || !ring.iter().all(|p| p.is_finite()) {
                    continue;
                }
                // Every outer ring winds one way and every hole the other, so that coverage adds up.
                let is_turned = (crate::geometry::polygon::signed_area_m2(ring) < 0.0) != is_hole;
                for (place, a) in ring.iter().enumerate() {
                    let b = ring[(place + 1) % ring.len()];
                    let (from, to) = if is_turned { (b, *a) } else { (*a, b) };
                    self.rasterizer.draw_line(pixel(from), pixel(to));
                }
            }
        }
        let rgb = &mut self.rgb;
        self.rasterizer.for_each_pixel(|place, share| {
            if let Some(old) = rgb.get_mut(place).filter(|_| share > 0.0) {
                *old = palette::mix(*old, color, f64::from(share));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scenario;
    use std::path::Path;

    fn subject(variant: Option<usize>) -> PlanSubject {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/lange-wemen");
        let open = Arc::new(scenario::open(&path).unwrap());
        PlanSubject {
            open,
            variant,
            phase: None,
            removed: Arc::default(),
        }
    }

    fn pixel(picture: &PlanPicture, p: DVec2) -> Rgb {
        let share = picture.share(p);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a place in a picture"
        )]
        let at = |share: f64| (share * picture.side_px as f64) as usize;
        picture.rgb[at(share.y) * picture.side_px + at(share.x)]
    }

    #[test]
    fn buildings_stand_where_the_register_says() {
        let subject = subject(None);
        let picture = PlanPicture::paint(&subject, 400).unwrap();
        assert_eq!(picture.rgb.len(), 400 * 400);
        let dark = palette::mix(palette::FLAT_ROOF, palette::INK, 0.45);
        let large = subject.open.register.buildings.iter().filter(|b| {
            let area = crate::geometry::polygon::signed_area_m2(&b.footprint).abs();
            area > 400.0 && b.covers(b.center())
        });
        let (mut seen, mut right) = (0, 0);
        for building in large {
            let share = picture.share(building.center());
            if share.cmpgt(DVec2::ZERO).all() && share.cmplt(DVec2::ONE).all() {
                seen += 1;
                right += usize::from(pixel(&picture, building.center()) == dark);
            }
        }
        assert!(seen > 5 && right * 10 >= seen * 9, "{right} of {seen}");
        let back = picture.position(picture.share(DVec2::new(12.0, -34.0)));
        assert!(back.distance(DVec2::new(12.0, -34.0)) < 1e-9);
    }

    #[test]
    fn a_variant_changes_the_picture_and_a_note_does_not() {
        let (today, plan) = (subject(None), subject(Some(1)));
        assert!(!today.looks_like(&plan));
        assert_ne!(PlanPicture::paint(&today, 200), PlanPicture::paint(&plan, 200));
        let mut noted = today.clone();
        let mut open = (*today.open).clone();
        open.scenario.notes.clear();
        noted.open = Arc::new(open);
        assert!(today.looks_like(&noted));
    }

    #[test]
    fn without_anything_there_is_no_picture() {
        let mut empty = subject(None);
        let mut open = (*empty.open).clone();
        open.register = Arc::default();
        open.surfaces = Arc::default();
        empty.open = Arc::new(open);
        assert_eq!(PlanPicture::paint(&empty, 100), None);
    }
}
