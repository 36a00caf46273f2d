//! One entity of a drawing: its codes, its geometry and its properties.

use super::super::record::{GeometryKind, Position, VectorGeometry};
use super::super::stroke;
use super::pairs::Pair;
use bevy::math::{DAffine3, DMat3, DVec3};
use serde_json::{Map, Value};
use std::f64::consts::TAU;

/// Most control points of a spline.
const MAX_CONTROL_POINTS: usize = 10_000;

/// Kind and codes of an entity.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entity<'a> {
    pub(super) kind: &'a str,
    pub(super) pairs: &'a [Pair],
}

/// Layer and colour after what the block and the layer say.
#[derive(Debug, Clone)]
pub(super) struct Style {
    pub(super) layer: String,
    /// Index into the colours of `AutoCAD`.
    pub(super) color: i64,
    /// 0xRRGGBB, where it is known.
    pub(super) rgb: Option<i64>,
    pub(super) is_hidden: bool,
}

/// The named colours among the indices.
pub(super) fn rgb_of_index(index: i64) -> Option<i64> {
    Some(match index {
        1 => 0xFF_0000,
        2 => 0xFF_FF00,
        3 => 0x00_FF00,
        4 => 0x00_FFFF,
        5 => 0x00_00FF,
        6 => 0xFF_00FF,
        7 => 0xFF_FFFF,
        8 => 0x80_8080,
        9 => 0xC0_C0C0,
        _ => return None,
    })
}

impl<'a> Entity<'a> {
    /// `pairs` begin with a code 0.
    pub(super) fn new(pairs: &'a [Pair]) -> Self {
        Self {
            kind: pairs.first().map_or("", |pair| pair.value.trim()),
            pairs: pairs.get(1..).unwrap_or_default(),
        }
    }

    fn pair(&self, code: i32) -> Option<&'a Pair> {
        self.pairs.iter().find(|pair| pair.code == code)
    }

    pub(super) fn text(&self, code: i32) -> Option<&'a str> {
        self.pair(code).map(|pair| pair.value.trim())
    }

    pub(super) fn number(&self, code: i32) -> Option<f64> {
        self.pair(code)?.number()
    }

    pub(super) fn whole(&self, code: i32) -> Option<i64> {
        self.pair(code)?.whole()
    }

    /// The point of codes `code`, `code + 10` and `code + 20`.
    pub(super) fn point(&self, code: i32) -> Option<DVec3> {
        let (x, y) = (self.number(code)?, self.number(code + 10)?);
        Some(DVec3::new(x, y, self.number(code + 20).unwrap_or(0.0)))
    }

    /// Every value of a code.
    fn numbers(&self, code: i32) -> Vec<f64> {
        self.pairs
            .iter()
            .filter(|pair| pair.code == code)
            .filter_map(Pair::number)
            .collect()
    }

    /// The points of a code that comes again and again.
    fn points(&self, code: i32) -> Vec<DVec3> {
        let mut points: Vec<DVec3> = Vec::new();
        for pair in self.pairs {
            let number = pair.number().unwrap_or(0.0);
            match (pair.code - code, points.last_mut()) {
                (0, _) => points.push(DVec3::new(number, 0.0, 0.0)),
                (10, Some(point)) => point.y = number,
                (20, Some(point)) => point.z = number,
                _ => {}
            }
        }
        points
    }

    /// From the entity's own axes, which its extrusion gives, to those of the drawing (arbitrary axis algorithm).
    pub(super) fn ocs(&self) -> DMat3 {
        let z = self.point(210).unwrap_or(DVec3::Z).try_normalize().unwrap_or(DVec3::Z);
        let x = if z.x.abs() < 1.0 / 64.0 && z.y.abs() < 1.0 / 64.0 {
            DVec3::Y.cross(z)
        } else {
            DVec3::Z.cross(z)
        };
        let x = x.try_normalize().unwrap_or(DVec3::X);
        DMat3::from_cols(x, z.cross(x), z)
    }

    /// The geometry in the drawing's axes; `Ok(None)` for a kind that is not read.
    pub(super) fn geometry(
        &self,
        vertices: &[Entity<'_>],
        placed: DAffine3,
        room: usize,
    ) -> Result<Option<VectorGeometry>, String> {
        let missing = || "its coordinates are missing".to_owned();
        let own = placed * DAffine3::from_mat3(self.ocs());
        let geometry = match self.kind {
            "POINT" | "MTEXT" => point_of(self.point(10).ok_or_else(missing)?, placed),
            "TEXT" | "ATTRIB" => {
                let is_aligned = self.whole(72).unwrap_or(0) != 0 || self.whole(73).unwrap_or(0) != 0;
                let at = self.point(11).filter(|_| is_aligned).or_else(|| self.point(10));
                point_of(at.ok_or_else(missing)?, own)
            }
            "LINE" => {
                let (from, to) = (self.point(10).ok_or_else(missing)?, self.point(11).ok_or_else(missing)?);
                line_of(&[from, to], placed, false)
            }
            "ARC" | "CIRCLE" => {
                let center = self.point(10).ok_or_else(missing)?;
                let radius = self.number(40).filter(|radius| *radius > 0.0).ok_or_else(missing)?;
                let is_circle = self.kind == "CIRCLE";
                let start = self.number(50).filter(|_| !is_circle).unwrap_or(0.0).to_radians();
                let end = self.number(51).filter(|_| !is_circle).unwrap_or(360.0).to_radians();
                let sweep = if is_circle { TAU } else { turn(start, end) };
                let points = stroke::arc(raw(center), radius, start, sweep);
                line_of(&points.into_iter().map(vector).collect::<Vec<_>>(), own, is_circle)
            }
            "ELLIPSE" => {
                let (center, major) = (self.point(10).ok_or_else(missing)?, self.point(11).ok_or_else(missing)?);
                let ratio = self.number(40).ok_or_else(missing)?;
                let normal = self.point(210).unwrap_or(DVec3::Z).try_normalize().unwrap_or(DVec3::Z);
                let minor = normal.cross(major) * ratio;
                let (start, end) = (self.number(41).unwrap_or(0.0), self.number(42).unwrap_or(TAU));
                let sweep = turn(start, end);
                let shares = stroke::shares(stroke::chords(major.length().max(minor.length()), sweep));
                let at = |share: f64| {
                    let (sin, cos) = (start + share * sweep).sin_cos();
                    center + major * cos + minor * sin
                };
                line_of(&shares.map(at).collect::<Vec<_>>(), placed, (sweep - TAU).abs() < 1e-9)
            }
            "LWPOLYLINE" => {
                let height = self.number(38).unwrap_or(0.0);
                let points: Vec<(DVec3, f64)> = self.light_vertices(height);
                let is_closed = self.whole(70).unwrap_or(0) & 1 == 1;
                line_of(&with_bulges(&points, is_closed, room)?, own, is_closed)
            }
            "POLYLINE" => self.polyline(vertices, placed, room)?,
            "SPLINE" => {
                let is_closed = self.whole(70).unwrap_or(0) & 1 == 1;
                line_of(&self.spline()?, placed, is_closed)
            }
            "3DFACE" | "SOLID" | "TRACE" => {
                let corners: Vec<DVec3> = [10, 11, 12, 13]
                    .into_iter()
                    .filter_map(|code| self.point(code))
                    .collect();
                let corners = match corners[..] {
                    // The last two of a solid stand crosswise.
                    [a, b, c, d] if self.kind != "3DFACE" => vec![a, b, d, c],
                    _ => corners,
                };
                line_of(&corners, if self.kind == "3DFACE" { placed } else { own }, true)
            }
            _ => return Ok(None),
        };
        if !geometry.positions().all(Position::is_finite) {
            return Err("its coordinates are not finite".into());
        }
        if geometry.is_empty() {
            return Err(missing());
        }
        Ok(Some(geometry))
    }

    fn light_vertices(&self, height: f64) -> Vec<(DVec3, f64)> {
        let mut vertices: Vec<(DVec3, f64)> = Vec::new();
        for pair in self.pairs {
            let number = pair.number().unwrap_or(0.0);
            match (pair.code, vertices.last_mut()) {
                (10, _) => vertices.push((DVec3::new(number, 0.0, height), 0.0)),
                (20, Some((point, _))) => point.y = number,
                (42, Some((_, bulge))) => *bulge = number,
                _ => {}
            }
        }
        vertices
    }

    fn polyline(&self, vertices: &[Entity<'_>], placed: DAffine3, room: usize) -> Result<VectorGeometry, String> {
        let flags = self.whole(70).unwrap_or(0);
        if flags & (16 | 64) != 0 {
            return Err("a mesh is not read".into());
        }
        let is_closed = flags & 1 == 1;
        // The control points of a smoothed line stand among its vertices.
        let points: Vec<(DVec3, f64)> = vertices
            .iter()
            .filter(|vertex| vertex.whole(70).unwrap_or(0) & 16 == 0)
            .filter_map(|vertex| Some((vertex.point(10)?, vertex.number(42).unwrap_or(0.0))))
            .collect();
        let is_in_space = flags & 8 != 0;
        let transform = if is_in_space {
            placed
        } else {
            placed * DAffine3::from_mat3(self.ocs())
        };
        Ok(line_of(&with_bulges(&points, is_closed, room)?, transform, is_closed))
    }

    /// Points along a spline: by its control points, else those that it was drawn through.
    fn spline(&self) -> Result<Vec<DVec3>, String> {
        let control = self.points(10);
        if control.len() < 2 {
            return Ok(self.points(11));
        }
        let degree = usize::try_from(self.whole(71).unwrap_or(3)).unwrap_or(3);
        let knots = self.numbers(40);
        let is_sound = (1..=25).contains(&degree)
            && control.len() > degree
            && control.len() <= MAX_CONTROL_POINTS
            && knots.len() == control.len() + degree + 1
            && knots.windows(2).all(|pair| pair[0] <= pair[1]);
        if !is_sound {
            return Err("its knots do not fit its control points".into());
        }
        let mut weights = self.numbers(41);
        if weights.len() != control.len() {
            weights = vec![1.0; control.len()];
        }
        let spline = Spline {
            control: &control,
            weights: &weights,
            knots: &knots,
            degree,
        };
        Ok(spline.stroked())
    }

    /// Layer, colour, kind and text.
    pub(super) fn properties(&self, style: &Style) -> Map<String, Value> {
        let mut properties = Map::new();
        properties.insert("layer".into(), style.layer.as_str().into());
        properties.insert("entity".into(), self.kind.into());
        properties.insert("color".into(), style.color.into());
        if let Some(rgb) = style.rgb {
            properties.insert("color_rgb".into(), format!("#{:06x}", rgb & 0xFF_FFFF).into());
        }
        if style.is_hidden {
            properties.insert("hidden".into(), true.into());
        }
        if matches!(self.kind, "TEXT" | "MTEXT" | "ATTRIB") {
            properties.insert("text".into(), self.words().into());
            for (name, code) in [("text_height", 40), ("rotation_deg", 50)] {
                if let Some(number) = self.number(code) {
                    properties.insert(name.into(), number.into());
                }
            }
        }
        if let (Some(tag), "ATTRIB") = (self.text(2), self.kind) {
            properties.insert("tag".into(), tag.into());
        }
        properties
    }

    /// The text without the codes of its form.
    fn words(&self) -> String {
        let parts = self
            .pairs
            .iter()
            .filter(|pair| pair.code == 1 || (pair.code == 3 && self.kind == "MTEXT"));
        let raw: String = parts.map(|pair| pair.value.as_str()).collect();
        let mut out = String::new();
        let mut letters = raw.chars().peekable();
        while let Some(letter) = letters.next() {
            match (letter, self.kind == "MTEXT") {
                ('\\', true) => match letters.next() {
                    Some('P') => out.push('\n'),
                    Some('~') => out.push(' '),
                    Some(escaped @ ('\\' | '{' | '}')) => out.push(escaped),
                    // Font, height, colour and the like, up to a semicolon.
                    Some('f' | 'F' | 'H' | 'C' | 'c' | 'T' | 'Q' | 'W' | 'A' | 'p') => {
                        let _form: String = letters.by_ref().take_while(|c| *c != ';').collect();
                    }
                    _ => {}
                },
                ('{' | '}', true) => {}
                ('%', _) if letters.peek() == Some(&'%') => {
                    letters.next();
                    match letters.next() {
                        Some('d' | 'D') => out.push('°'),
                        Some('p' | 'P') => out.push('±'),
                        Some('c' | 'C') => out.push('⌀'),
                        _ => {}
                    }
                }
                _ => out.push(letter),
            }
        }
        out.trim().to_owned()
    }
}

/// From `start` counter-clockwise to `end`, radians.
fn turn(start: f64, end: f64) -> f64 {
    let turn = (end - start).rem_euclid(TAU);
    if turn < 1e-12 { TAU } else { turn }
}

fn raw(p: DVec3) -> Position {
    Position {
        x: p.x,
        y: p.y,
        z: Some(p.z),
    }
}

fn vector(p: Position) -> DVec3 {
    DVec3::new(p.x, p.y, p.z.unwrap_or(0.0))
}

/// A drawing is flat as long as no height in the part differs from 0.
fn positions(points: &[DVec3], transform: DAffine3) -> Vec<Position> {
    let points: Vec<DVec3> = points.iter().map(|p| transform.transform_point3(*p)).collect();
    let is_flat = points.iter().all(|p| p.z.abs() < 1e-9);
    points
        .iter()
        .map(|p| Position {
            z: Some(p.z).filter(|_| !is_flat),
            ..raw(*p)
        })
        .collect()
}

fn point_of(point: DVec3, transform: DAffine3) -> VectorGeometry {
    VectorGeometry {
        points: positions(&[point], transform),
        ..VectorGeometry::new(GeometryKind::Point)
    }
}

/// A line, or an area when it is closed and has one.
fn line_of(points: &[DVec3], transform: DAffine3, is_closed: bool) -> VectorGeometry {
    let mut line = positions(points, transform);
    if line.len() < 2 {
        return VectorGeometry::new(GeometryKind::LineString);
    }
    if !is_closed || line.len() < 3 {
        return VectorGeometry::of_line(line);
    }
    if line.first() != line.last() {
        line.extend(line.first().copied());
    }
    VectorGeometry {
        polygons: vec![vec![line]],
        ..VectorGeometry::new(GeometryKind::Polygon)
    }
}

fn with_bulges(vertices: &[(DVec3, f64)], is_closed: bool, room: usize) -> Result<Vec<DVec3>, String> {
    let mut points: Vec<DVec3> = vertices.iter().take(1).map(|(point, _)| *point).collect();
    let back = vertices.first().filter(|_| is_closed).map(|(point, _)| *point);
    let next = vertices.iter().skip(1).map(|(point, _)| *point).chain(back);
    for ((from, bulge), to) in vertices.iter().zip(next) {
        points.extend(
            stroke::bulge(raw(*from), raw(to), *bulge)
                .into_iter()
                .skip(1)
                .map(vector),
        );
        if points.len() > room {
            return Err("the drawing has more points than are read".into());
        }
    }
    Ok(points)
}

struct Spline<'s> {
    control: &'s [DVec3],
    weights: &'s [f64],
    knots: &'s [f64],
    degree: usize,
}

impl Spline<'_> {
    /// The point at `t` in the span that begins with knot `span` (de Boor, with weights).
    fn at(&self, span: usize, t: f64) -> DVec3 {
        let first = span - self.degree;
        let mut row: Vec<(DVec3, f64)> = (first..=span)
            .filter_map(|i| Some((*self.control.get(i)?, *self.weights.get(i)?)))
            .map(|(point, weight)| (point * weight, weight))
            .collect();
        for level in 1..=self.degree {
            for i in (level..=self.degree).rev() {
                let (low, high) = (first + i, first + i + 1 + self.degree - level);
                let (Some(low), Some(high)) = (self.knots.get(low), self.knots.get(high)) else {
                    continue;
                };
                let share = if high > low { (t - low) / (high - low) } else { 0.0 };
                if let (Some(before), Some(here)) = (row.get(i - 1).copied(), row.get_mut(i)) {
                    here.0 = before.0 * (1.0 - share) + here.0 * share;
                    here.1 = before.1 * (1.0 - share) + here.1 * share;
                }
            }
        }
        row.last().map_or(DVec3::NAN, |(point, weight)| *point / *weight)
    }

    fn stroked(&self) -> Vec<DVec3> {
        let mut points = Vec::new();
        for span in self.degree..self.control.len() {
            let (Some(&from), Some(&to)) = (self.knots.get(span), self.knots.get(span + 1)) else {
                break;
            };
            if to <= from {
                continue;
            }
            let (start, end) = (self.at(span, from), self.at(span, to));
            if points.is_empty() {
                points.push(start);
            }
            self.divide(span, (from, start), (to, end), 0, &mut points);
        }
        points
    }

    /// Adds points up to `to`, halving until the middle lies near its chord. Twice at least: the middle of an S lies on
    /// its chord.
    fn divide(&self, span: usize, from: (f64, DVec3), to: (f64, DVec3), depth: usize, points: &mut Vec<DVec3>) {
        const LEAST: usize = 2;
        const DEEPEST: usize = 8;
        let t = f64::midpoint(from.0, to.0);
        let middle = self.at(span, t);
        let is_near = middle.distance((from.1 + to.1) / 2.0) <= stroke::CHORD_ERROR;
        if depth >= DEEPEST || (depth >= LEAST && is_near) {
            points.push(to.1);
            return;
        }
        self.divide(span, from, (t, middle), depth + 1, points);
        self.divide(span, (t, middle), to, depth + 1, points);
    }
}
