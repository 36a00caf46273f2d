//! The statements of an OBJ to features.

use super::{
    OwnPlace, beside,
    lines::{Line, Lines},
    material::{self, Material},
};
use crate::sources::cityjson::{Cutter, NoSurface};
use crate::sources::resource::{Resources, encode_percent};
use crate::sources::{Cause, CityFeature, CityPart, CityTexture, Problem, SurfaceRole, shortened};
use bevy::math::{DVec3, Vec2};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};

/// Most vertices of one file.
const MAX_VERTICES: usize = 20_000_000;
/// Most corners of all faces together.
const MAX_CORNERS: usize = 30_000_000;
/// Most objects, each with each of its materials.
const MAX_PARTS: usize = 1_000_000;
/// Most material files of one OBJ.
const MAX_LIBRARIES: usize = 64;
/// Longest name of an object or material that is kept, characters.
pub(super) const LONGEST_NAME: usize = 200;

/// The axis that points up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Up {
    /// y, and z points to the viewer, as in glTF.
    Y,
    /// z, as on maps.
    Z,
}

impl Up {
    /// A point with z up.
    pub fn z_up(self, p: DVec3) -> DVec3 {
        match self {
            Self::Y => DVec3::new(p.x, -p.z, p.y),
            Self::Z => p,
        }
    }
}

/// What an OBJ holds.
#[derive(Debug, Clone)]
pub struct ObjModel {
    /// Its objects, in the axes and units of the file; pictures are paths in the resources.
    pub features: Vec<CityFeature>,
    /// Lowest and highest corner of what is drawn; `None` of nothing.
    pub bounds: Option<(DVec3, DVec3)>,
    /// Faces and vertices in the file.
    pub faces: u64,
    /// Vertices in the file.
    pub vertices: u64,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

impl ObjModel {
    /// Reads the bytes of the file at `path`, with the materials beside it.
    pub(crate) fn read(bytes: &[u8], resources: &dyn Resources, path: &str) -> Self {
        let mut reader = Reader::default();
        let mut lines = Lines::new(bytes);
        while let Some(line) = lines.next() {
            reader.take(&line);
        }
        reader.finish(resources, path)
    }

    /// The axis that points up, as far as that can be guessed.
    pub fn up(&self) -> Up {
        self.bounds.map_or(Up::Y, |(low, high)| Up::guessed(low, high))
    }

    /// The place that its coordinates are taken for.
    pub fn own_place(&self) -> OwnPlace {
        let (low, high) = self.bounds.unwrap_or_default();
        OwnPlace::of(low, high)
    }
}

/// Names of the material files, as written.
pub(super) fn libraries(bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = Lines::new(bytes);
    while let Some(line) = lines.next() {
        if line.keyword() == b"mtllib" && found.len() < MAX_LIBRARIES {
            found.push(line.name());
        }
    }
    found
}

/// What one kind of fault is about, with its first place and how often it was met.
type Faults = BTreeMap<&'static str, (usize, u64)>;

/// Surfaces of one object and material, with or without places in a picture.
type Key = (u32, u32, bool);

#[derive(Default)]
struct Reader {
    vertices: Vec<DVec3>,
    uvs: Vec<Vec2>,
    normals: usize,
    faces: u64,
    corners: usize,
    libraries: Vec<String>,
    objects: Names,
    groups: Names,
    materials: Names,
    /// Surfaces by object or group, whichever is open.
    parts: Vec<(Key, Option<u32>, CityPart)>,
    places: HashMap<(Key, Option<u32>), usize>,
    cutter: Cutter,
    faults: Faults,
}

/// Names in the order in which faces use them, and the one that holds now; 0 is none. A name without a face is not kept: a
/// file can have any number of those.
#[derive(Default)]
struct Names {
    all: Vec<String>,
    places: HashMap<String, u32>,
    now: u32,
    /// What holds from the next face on.
    next: Option<String>,
}

impl Names {
    /// Of a name that is new where there is no room for more.
    const NOT_KEPT: u32 = u32::MAX;

    fn open(&mut self, line: &Line<'_>) {
        self.next = Some(shortened(&line.name(), LONGEST_NAME));
    }

    /// The name of a face.
    fn number(&mut self, has_room: bool) -> u32 {
        let Some(name) = self.next.take() else { return self.now };
        self.now = match self.places.get(&name) {
            _ if name.is_empty() => 0,
            Some(known) => *known,
            None if has_room => {
                self.all.push(name.clone());
                let number = u32::try_from(self.all.len()).unwrap_or(Self::NOT_KEPT);
                self.places.insert(name, number);
                number
            }
            None => Self::NOT_KEPT,
        };
        self.now
    }

    fn name(&self, number: u32) -> Option<&String> {
        self.all.get((number as usize).checked_sub(1)?)
    }
}

const NO_NUMBERS: &str = "a vertex has no three numbers (written with a point); faces with it are left out";
const BAD_INDEX: &str = "a face names a vertex that is not there; it is left out";
const FEW_CORNERS: &str = "a face has fewer than three corners; it is left out";
const NO_AREA: &str = "a face has no area; it is left out";
const MANY_CORNERS: &str = "a face has so many corners that it cannot be cut; it is left out";
const TOO_LARGE: &str = "there are more vertices, corners or objects than are read; the rest is left out";
const NO_FACE: &str = "lines, points and free-form surfaces are not drawn";

impl Reader {
    fn tell(&mut self, fault: &'static str, line: usize) {
        self.faults.entry(fault).or_insert((line, 0)).1 += 1;
    }

    fn take(&mut self, line: &Line<'_>) {
        match line.keyword() {
            b"v" => {
                if self.vertices.len() >= MAX_VERTICES {
                    return self.tell(TOO_LARGE, line.number);
                }
                let vertex = line.numbers::<3>().map(DVec3::from_array);
                if vertex.is_none() {
                    self.tell(NO_NUMBERS, line.number);
                }
                self.vertices.push(vertex.unwrap_or(DVec3::NAN));
            }
            b"vt" if self.uvs.len() < MAX_VERTICES => {
                let [u, v] = line.numbers::<2>().unwrap_or_default();
                self.uvs.push(Vec2::new(small(u), small(v)));
            }
            b"vn" => self.normals += 1,
            b"f" | b"fo" => self.face(line),
            b"o" => self.objects.open(line),
            b"g" => self.groups.open(line),
            b"usemtl" => self.materials.open(line),
            b"mtllib" if self.libraries.len() < MAX_LIBRARIES => self.libraries.push(line.name()),
            b"l" | b"p" | b"curv" | b"curv2" | b"surf" => self.tell(NO_FACE, line.number),
            _ => {}
        }
    }

    fn face(&mut self, line: &Line<'_>) {
        self.faces += 1;
        let mut corners = Vec::new();
        for word in line.words() {
            let mut parts = word.split(|byte| *byte == b'/');
            let mut next = |count: usize| index(parts.next().unwrap_or_default(), count);
            let vertex = next(self.vertices.len()).and_then(|vertex| self.vertices.get(vertex));
            let uv = next(self.uvs.len()).and_then(|uv| self.uvs.get(uv)).copied();
            match vertex.filter(|vertex| vertex.is_finite()) {
                Some(vertex) => corners.push((*vertex, uv)),
                None => return self.tell(BAD_INDEX, line.number),
            }
        }
        if corners.len() < 3 {
            return self.tell(FEW_CORNERS, line.number);
        }
        self.corners += corners.len();
        let has_uvs = corners.iter().all(|(_, uv)| uv.is_some());
        let has_room = self.corners <= MAX_CORNERS && self.parts.len() < MAX_PARTS;
        let object = self.objects.number(has_room);
        let key = (object, self.materials.number(has_room), has_uvs);
        let group = (object == 0).then(|| self.groups.number(has_room));
        let known = self.places.get(&(key, group)).copied();
        if self.corners > MAX_CORNERS || (known.is_none() && !has_room) {
            return self.tell(TOO_LARGE, line.number);
        }
        let place = known.unwrap_or_else(|| {
            self.parts.push((key, group, blank(has_uvs)));
            self.places.insert((key, group), self.parts.len() - 1);
            self.parts.len() - 1
        });
        self.cutter.start();
        for (corner, uv) in corners {
            self.cutter.corner(corner, uv.unwrap_or_default());
        }
        self.cutter.end_ring();
        match self.cutter.finish(&mut self.parts[place].2) {
            Ok(()) => {}
            Err(NoSurface::NoArea) => self.tell(NO_AREA, line.number),
            Err(NoSurface::TooManyCorners) => self.tell(MANY_CORNERS, line.number),
        }
    }

    fn finish(self, resources: &dyn Resources, path: &str) -> ObjModel {
        let mut problems = Vec::new();
        let materials = self.read_materials(resources, path, &mut problems);
        let mut faults: Vec<_> = self.faults.iter().collect();
        faults.sort_by_key(|(_, (line, _))| *line);
        for (fault, (line, count)) in faults {
            let times = if *count > 1 {
                format!(" ({count} times)")
            } else {
                String::new()
            };
            let cause = match *fault {
                TOO_LARGE => Cause::TooLarge,
                NO_FACE => Cause::NotRead,
                NO_AREA => Cause::Content,
                _ => Cause::Damaged,
            };
            let place = format!("line {line}");
            let message = format!("{fault}{times}");
            let problem = match cause {
                Cause::Content => Problem::warning(path, place, message),
                _ => Problem::error(path, place, message),
            };
            problems.push(problem.because(cause));
        }
        let mut features: BTreeMap<(u32, u32), CityFeature> = BTreeMap::new();
        let mut bounds: Option<(DVec3, DVec3)> = None;
        for ((object, material, _), group, mut part) in self.parts {
            if part.triangles.is_empty() {
                continue;
            }
            for p in &part.positions {
                bounds = Some(bounds.map_or((*p, *p), |(low, high)| (low.min(*p), high.max(*p))));
            }
            let look = self.materials.name(material).and_then(|name| materials.get(name));
            part.color = look.and_then(Material::rgba);
            let picture = look.and_then(|look| look.picture.as_deref());
            part.texture = part.texture.take().zip(picture).map(|(texture, picture)| CityTexture {
                image: encode_percent(picture).into(),
                ..texture
            });
            let group = group.unwrap_or_default();
            let name = self.objects.name(object).or_else(|| self.groups.name(group));
            let feature = features.entry((object, group)).or_insert_with(|| CityFeature {
                id: name.cloned().unwrap_or_default(),
                class: String::new(),
                attributes: Map::from_iter(name.map(|name| ("name".to_owned(), Value::from(name.as_str())))),
                parts: Vec::new(),
            });
            feature.parts.push(part);
        }
        ObjModel {
            features: features.into_values().collect(),
            bounds,
            faces: self.faces,
            vertices: self.vertices.len() as u64,
            problems,
        }
    }

    /// The materials by their names; the first of a name holds.
    fn read_materials(
        &self,
        resources: &dyn Resources,
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> HashMap<String, Material> {
        let mut materials = HashMap::new();
        let mut tell = |message: String| {
            if problems.len() < 20 {
                problems.push(Problem::warning(path, "mtllib", message).because(Cause::NotRead));
            }
        };
        for library in &self.libraries {
            match beside(path, library) {
                Ok(library) => {
                    for material in material::read(resources, &library, &mut tell) {
                        materials.entry(material.name.clone()).or_insert(material);
                    }
                }
                Err(error) => tell(format!("the materials are left out ({error})")),
            }
        }
        let has_files = !materials.is_empty();
        let missing = self.materials.all.iter().find(|name| !materials.contains_key(*name));
        if let Some(name) = missing.filter(|_| has_files) {
            let name = shortened(name, 80);
            tell(format!(
                "there is no material `{name}`; its surfaces have plain colours"
            ));
        }
        materials
    }
}

fn blank(has_uvs: bool) -> CityPart {
    CityPart {
        role: SurfaceRole::Unknown,
        color: None,
        texture: has_uvs.then(|| CityTexture {
            image: "".into(),
            uvs: Vec::new(),
        }),
        positions: Vec::new(),
        triangles: Vec::new(),
    }
}

/// A place in a list of `count`: from 1 from its start, from -1 from its end.
fn index(word: &[u8], count: usize) -> Option<usize> {
    let number: i64 = std::str::from_utf8(word).ok()?.parse().ok()?;
    let count = i64::try_from(count).ok()?;
    let place = if number > 0 {
        number - 1
    } else {
        count.checked_add(number)?
    };
    let is_there = number != 0 && (0..count).contains(&place);
    usize::try_from(place).ok().filter(|_| is_there)
}

#[expect(clippy::cast_possible_truncation, reason = "a place in a picture, not on the ground")]
fn small(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    #[test]
    fn names_without_a_face_are_not_kept() {
        let mut text = String::from("v 0 0 0\nv 1 0 0\nv 1 1 0\n");
        for n in 0..1000 {
            write!(text, "o {n}\ng {n}\nusemtl {n}\n").unwrap();
        }
        write!(text, "usemtl {}\nf 1 2 3\no\nf 1 2 3\n", "m".repeat(5000)).unwrap();
        let mut reader = Reader::default();
        let mut lines = Lines::new(text.as_bytes());
        while let Some(line) = lines.next() {
            reader.take(&line);
        }
        assert_eq!(
            (&reader.objects.all, &reader.groups.all),
            (&vec!["999".to_owned()], &vec!["999".to_owned()])
        );
        assert_eq!(reader.materials.all.len(), 1);
        assert_eq!(reader.materials.all[0].chars().count(), LONGEST_NAME + 1);
        assert_eq!(reader.parts.len(), 2);
    }
}
