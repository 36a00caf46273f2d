//! Where names stand in the picture: streets along their line, landmarks above their top with a fine leader, other things
//! right beside their place.
//!
//! Pure layout in logical points of the camera's picture; whoever owns the screen draws it. Names never hide
//! one another: landmarks and near names win. Text is never upside down.

use super::site_view::SiteView;
use crate::georef::SitePos;
use crate::model::scenario::Label;
use bevy::math::{DVec2, DVec3};

/// A name in the picture, logical points from the picture's upper left corner.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedLabel {
    /// Text.
    pub text: String,
    /// Middle of the text.
    pub center: DVec2,
    /// Clockwise turn of the text, radians, from −π/2 to π/2.
    pub angle_rad: f64,
    /// From the text to what it names, for landmarks.
    pub leader: Option<[DVec2; 2]>,
    /// Landmark rather than street.
    pub is_landmark: bool,
    /// Letter height, points.
    pub size_pt: f64,
    /// 0 to 1: far names are paler.
    pub strength: f64,
}

/// What the layout needs to know of the screen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelStyle {
    /// Letter height of landmarks, points; streets are a little smaller.
    pub size_pt: f64,
    /// Names of things farther away than this are left out, metres.
    pub farthest_m: f64,
    /// At most this many names.
    pub most: usize,
    /// At most this many names of features besides.
    pub most_features: usize,
}

impl Default for LabelStyle {
    fn default() -> Self {
        Self {
            size_pt: 14.0,
            farthest_m: 2500.0,
            most: 40,
            most_features: 60,
        }
    }
}

/// Rank of the names of features: landmarks come first, then streets.
const FEATURE: u8 = 2;

/// A box on the screen that no other name may touch: middle, half size along and across, direction.
#[derive(Debug, Clone, Copy)]
struct Plate {
    center: DVec2,
    half: DVec2,
    along: DVec2,
}

impl Plate {
    fn new(center: DVec2, size: DVec2, angle_rad: f64) -> Self {
        Self {
            center,
            half: size * 0.5,
            along: DVec2::from_angle(angle_rad),
        }
    }

    /// Whether two plates overlap: they do not when an axis of either separates them.
    fn touches(&self, other: &Self) -> bool {
        let between = other.center - self.center;
        let reach = |plate: &Self, axis: DVec2| {
            plate.half.x * plate.along.dot(axis).abs() + plate.half.y * plate.along.perp().dot(axis).abs()
        };
        [self.along, self.along.perp(), other.along, other.along.perp()]
            .into_iter()
            .all(|axis| between.dot(axis).abs() < reach(self, axis) + reach(other, axis))
    }

    fn lies_in(&self, size: DVec2) -> bool {
        let reach = DVec2::new(
            self.half.x * self.along.x.abs() + self.half.y * self.along.y.abs(),
            self.half.x * self.along.y.abs() + self.half.y * self.along.x.abs(),
        );
        (self.center - reach).cmpge(DVec2::ZERO).all() && (self.center + reach).cmple(size).all()
    }
}

/// The same name comes again no nearer than this, points: a road has many parts.
const AGAIN_PT: f64 = 240.0;

/// Lays the names out: those of the map, then those of features where there is room left. `width_pt` measures a text at a letter height; `is_seen` says whether a point is in
/// sight: a street's name that a building stands before is left out, or it would read as that building's. No name lies on what is `covered`, from the upper left to
/// the lower right corner of each box.
pub fn place_labels(
    labels: &[Label],
    features: &[Label],
    view: &SiteView,
    style: &LabelStyle,
    width_pt: impl Fn(&str, f64) -> f64,
    is_seen: impl Fn(SitePos) -> bool,
    covered: &[[DVec2; 2]],
) -> Vec<PlacedLabel> {
    let size = view.size_px / view.pixels_per_point;
    let ranked = labels.iter().map(|label| (u8::from(!label.landmark), label));
    let mut wishes: Vec<(u8, f64, &Label)> = ranked
        .chain(features.iter().map(|label| (FEATURE, label)))
        .filter(|(_, label)| !label.text.is_empty() && label.position.0.is_finite())
        .map(|(rank, label)| (rank, label.position.0.distance(view.eye.0), label))
        .filter(|(_, distance, _)| *distance < style.farthest_m)
        .collect();
    wishes.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.text.cmp(&b.2.text)));
    let mut plates: Vec<Plate> = covered
        .iter()
        .map(|[low, high]| Plate::new((*low + *high) * 0.5, *high - *low, 0.0))
        .collect();
    let mut placed: Vec<PlacedLabel> = Vec::new();
    let mut left = [style.most, style.most_features];
    for (rank, distance, label) in wishes {
        let is_feature = rank == FEATURE;
        let left = &mut left[usize::from(is_feature)];
        if *left == 0 {
            continue;
        }
        let strength = 1.0 - 0.6 * (distance / style.farthest_m);
        let candidates = if label.landmark {
            landmark(label, view, style.size_pt, &width_pt)
        } else if is_feature && label.line.is_empty() {
            spot(label, view, style.size_pt * 0.85, &width_pt)
        } else {
            street(label, view, style.size_pt * 0.9, &width_pt)
        };
        for (mut candidate, plate, ground) in candidates {
            let is_free = plate.lies_in(size) && !plates.iter().any(|other| other.touches(&plate));
            let is_again = |other: &PlacedLabel| {
                other.text == candidate.text && other.center.distance(candidate.center) < AGAIN_PT
            };
            if is_feature && placed.iter().any(is_again) {
                continue;
            }
            if is_free && ground.iter().all(|point| is_seen(*point)) {
                candidate.strength = strength;
                plates.push(plate);
                placed.push(candidate);
                *left -= 1;
                break;
            }
        }
    }
    placed
}

fn point_of(view: &SiteView, p: SitePos) -> Option<DVec2> {
    view.pixel(p).map(|(pixel, _)| pixel / view.pixels_per_point)
}

/// A name, the room it takes, and the points under it that have to be in sight.
type Candidate = (PlacedLabel, Plate, Vec<SitePos>);

/// A landmark's name above its top, at three heights to choose from. It need not be in sight: its leader shows where.
fn landmark(label: &Label, view: &SiteView, size_pt: f64, width_pt: &impl Fn(&str, f64) -> f64) -> Vec<Candidate> {
    let Some(top) = point_of(view, label.position) else {
        return Vec::new();
    };
    let size = DVec2::new(width_pt(&label.text, size_pt) + 16.0, size_pt * 1.4 + 8.0);
    [26.0, 48.0, 72.0]
        .into_iter()
        .map(|rise| {
            let center = top - DVec2::new(0.0, rise + size.y * 0.5);
            let candidate = PlacedLabel {
                text: label.text.clone(),
                center,
                angle_rad: 0.0,
                leader: Some([center + DVec2::new(0.0, size.y * 0.5), top]),
                is_landmark: true,
                size_pt,
                strength: 1.0,
            };
            (candidate, Plate::new(center, size, 0.0), Vec::new())
        })
        .collect()
}

/// A name beside its place: above, below, to the right or to the left. The place has to be in sight.
fn spot(label: &Label, view: &SiteView, size_pt: f64, width_pt: &impl Fn(&str, f64) -> f64) -> Vec<Candidate> {
    /// From the place to the nearest edge of the name, points: past the mark of a point.
    const GAP: f64 = 6.0;
    let Some(at) = point_of(view, label.position) else {
        return Vec::new();
    };
    let size = DVec2::new(width_pt(&label.text, size_pt) + 6.0, size_pt * 1.35);
    let (up, right) = (DVec2::Y * (size.y * 0.5 + GAP), DVec2::X * (size.x * 0.5 + GAP));
    let ground = SitePos(label.position.0 + DVec3::Z * 0.3);
    [-up, up, right, -right]
        .into_iter()
        .map(|away| {
            let candidate = PlacedLabel {
                text: label.text.clone(),
                center: at + away,
                angle_rad: 0.0,
                leader: None,
                is_landmark: false,
                size_pt,
                strength: 1.0,
            };
            (candidate, Plate::new(at + away, size, 0.0), vec![ground])
        })
        .collect()
}

/// A street's name along its line, where the line is long enough in the picture, nearest to the middle first.
fn street(label: &Label, view: &SiteView, size_pt: f64, width_pt: &impl Fn(&str, f64) -> f64) -> Vec<Candidate> {
    let size = DVec2::new(width_pt(&label.text, size_pt) + 6.0, size_pt * 1.35);
    let height_m = label.position.0.z + 0.3;
    let points: Vec<Option<DVec2>> = label
        .line
        .iter()
        .map(|p| point_of(view, SitePos(p.extend(height_m))))
        .collect();
    let middle = view.size_px / view.pixels_per_point * 0.5;
    let mut found: Vec<(f64, Candidate)> = Vec::new();
    for (pair, stretch) in points.windows(2).zip(label.line.windows(2)) {
        let (Some(a), Some(b)) = (pair[0], pair[1]) else {
            continue;
        };
        let along = b - a;
        // A little longer than the stretch is allowed: streets bend less than their lines have corners.
        if along.length() < size.x * 0.8 || !along.is_finite() {
            continue;
        }
        let mut angle = along.to_angle();
        if angle.abs() > std::f64::consts::FRAC_PI_2 {
            angle -= std::f64::consts::PI.copysign(angle);
        }
        let room = ((along.length() - size.x) * 0.5 / along.length()).max(0.0);
        let nearest = (middle - a).dot(along) / along.length_squared();
        for share in [nearest.clamp(0.5 - room, 0.5 + room), 0.5] {
            let center = a + along * share;
            let candidate = PlacedLabel {
                text: label.text.clone(),
                center,
                angle_rad: angle,
                leader: None,
                is_landmark: false,
                size_pt,
                strength: 1.0,
            };
            // Near enough: a stretch is short against its distance, so shares along it in the picture and on the
            // ground agree.
            let reach = (size.x * 0.5 / along.length()).min(0.5);
            let ground = [share - reach, share, share + reach]
                .map(|share| stretch[0].lerp(stretch[1], share.clamp(0.0, 1.0)))
                .map(|p| SitePos(p.extend(height_m)));
            let plate = Plate::new(center, size, angle);
            found.push((center.distance(middle), (candidate, plate, ground.into())));
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.into_iter().map(|(_, candidate)| candidate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    fn from_above() -> SiteView {
        SiteView::looking(
            SitePos(DVec3::new(0.0, 0.0, 500.0)),
            0.0,
            -std::f64::consts::FRAC_PI_2 + 1e-6,
            DVec2::new(1200.0, 800.0),
        )
    }

    fn width(text: &str, size: f64) -> f64 {
        f64::from(u32::try_from(text.chars().count()).unwrap()) * size * 0.5
    }

    fn street_of(text: &str, from: DVec2, to: DVec2) -> Label {
        Label {
            text: text.into(),
            position: SitePos(((from + to) * 0.5).extend(0.0)),
            line: vec![from, to],
            landmark: false,
        }
    }

    fn landmark_at(text: &str, p: DVec3) -> Label {
        Label {
            text: text.into(),
            position: SitePos(p),
            line: Vec::new(),
            landmark: true,
        }
    }

    fn place(labels: &[Label], view: &SiteView) -> Vec<PlacedLabel> {
        place_labels(labels, &[], view, &LabelStyle::default(), width, |_| true, &[])
    }

    #[test]
    fn streets_run_along_their_line_and_are_never_upside_down() {
        for turn in 0..36 {
            let direction = DVec2::from_angle(f64::from(turn) * 10_f64.to_radians());
            let placed = place(
                &[street_of("Enschedesestraat", direction * -80.0, direction * 80.0)],
                &from_above(),
            );
            assert_eq!(placed.len(), 1, "at {turn}0°");
            let angle = placed[0].angle_rad;
            assert!(angle.abs() <= std::f64::consts::FRAC_PI_2 + 1e-9);
            // On the screen y runs down.
            let drawn = DVec2::from_angle(angle);
            let wanted = DVec2::new(direction.x, -direction.y);
            assert!(drawn.perp_dot(wanted).abs() < 1e-4, "{drawn} along {wanted}");
        }
    }

    #[test]
    fn names_do_not_touch_and_landmarks_win() {
        let labels = [
            street_of("Marktstraat", DVec2::new(-60.0, 20.0), DVec2::new(60.0, 20.0)),
            landmark_at("Lambertustoren", DVec3::new(0.0, 0.0, 5.0)),
            landmark_at("Stadhuistoren", DVec3::new(4.0, 1.0, 5.0)),
        ];
        let placed = place(&labels, &from_above());
        assert!(placed[0].is_landmark && placed[1].is_landmark);
        let plates: Vec<_> = placed
            .iter()
            .map(|p| Plate::new(p.center, DVec2::new(width(&p.text, p.size_pt), p.size_pt), p.angle_rad))
            .collect();
        for (i, a) in plates.iter().enumerate() {
            for b in &plates[i + 1..] {
                assert!(!a.touches(b));
            }
        }
    }

    #[test]
    fn what_is_hidden_too_short_or_outside_has_no_name() {
        let view = from_above();
        let hidden = [street_of("Marktstraat", DVec2::new(-60.0, 0.0), DVec2::new(60.0, 0.0))];
        assert_eq!(place(&hidden, &view).len(), 1);
        assert!(place_labels(&hidden, &[], &view, &LabelStyle::default(), width, |_| false, &[]).is_empty());
        assert!(place(&[street_of("Lange Wemen", DVec2::ZERO, DVec2::new(3.0, 0.0))], &view).is_empty());
        assert!(place(&[landmark_at("Ver", DVec3::new(9000.0, 0.0, 0.0))], &view).is_empty());
        assert!(place(&[landmark_at("Hoog", DVec3::new(0.0, 0.0, 900.0))], &view).is_empty());
    }

    #[test]
    fn features_take_the_room_that_is_left_and_a_road_is_named_once() {
        let view = from_above();
        let spot = |text: String, x: f64, y: f64| Label {
            landmark: false,
            ..landmark_at(&text, DVec3::new(x, y, 0.0))
        };
        let mut features: Vec<Label> = (0..400_u16)
            .map(|n| {
                spot(
                    format!("{n}"),
                    f64::from(n % 20) * 16.0 - 160.0,
                    f64::from(n / 20) * 16.0 - 160.0,
                )
            })
            .collect();
        let named = [landmark_at("Lambertustoren", DVec3::ZERO)];
        let placed = place_labels(&named, &features, &view, &LabelStyle::default(), width, |_| true, &[]);
        assert!(placed[0].is_landmark);
        assert_eq!(placed.len(), 1 + LabelStyle::default().most_features);
        let plate =
            |p: &PlacedLabel| Plate::new(p.center, DVec2::new(width(&p.text, p.size_pt), p.size_pt), p.angle_rad);
        for (i, a) in placed.iter().enumerate() {
            assert!(placed[i + 1..].iter().all(|b| !plate(a).touches(&plate(b))), "{a:?}");
        }
        // Nearest first: those straight below.
        let at = |p: &PlacedLabel| {
            features
                .iter()
                .find(|label| label.text == p.text)
                .unwrap()
                .position
                .0
                .length()
        };
        assert!(placed[1..].iter().all(|p| at(p) < 120.0));
        assert!(place_labels(&[], &features, &view, &LabelStyle::default(), width, |_| false, &[]).is_empty());
        features = vec![
            street_of("Marktstraat", DVec2::new(-60.0, 0.0), DVec2::new(0.0, 0.0)),
            street_of("Marktstraat", DVec2::new(0.0, 0.0), DVec2::new(60.0, 0.0)),
            street_of("Brinkstraat", DVec2::new(0.0, 20.0), DVec2::new(60.0, 20.0)),
        ];
        let placed = place_labels(&[], &features, &view, &LabelStyle::default(), width, |_| true, &[]);
        let texts: Vec<&str> = placed.iter().map(|p| p.text.as_str()).collect();
        assert_eq!(texts.len(), 2, "{texts:?}");
    }

    #[test]
    fn plates_separate_along_their_own_axes() {
        let flat = Plate::new(DVec2::ZERO, DVec2::new(100.0, 10.0), 0.0);
        let slanted = |x: f64| Plate::new(DVec2::new(x, 0.0), DVec2::new(100.0, 10.0), 0.7);
        assert!(flat.touches(&slanted(40.0)));
        assert!(
            !Plate::new(DVec2::new(0.0, 40.0), DVec2::new(60.0, 10.0), 0.7).touches(&Plate::new(
                DVec2::new(30.0, 0.0),
                DVec2::new(60.0, 10.0),
                0.7
            ))
        );
    }
}
