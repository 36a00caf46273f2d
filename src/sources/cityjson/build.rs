//! Objects to features: surfaces, looks, templates, attributes.

use super::{
    appearance::Appearance,
    counts::{Counts, add},
    cursor::{Cursor, NO_INDEX, Nested},
    findings::{Fault, Findings},
    geometry::{Geometry, Kind, RingTextures, materials, role_of_class, roles},
    header::{Header, Transform},
    lod::{Lod, LodChoice},
    object::{Object, chosen, lod_of},
    surfaces::{Cutter, Look, NoSurface, Parts},
    vertices::{Vertex, Vertices},
};
use crate::sources::{CityFeature, SurfaceRole};
use bevy::math::{DMat3, DVec3, Vec2};
use serde_json::{Map, Value};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// Most corners of one feature.
const MAX_FEATURE_CORNERS: usize = 20_000_000;
/// Most corners that all instances of templates in a document have together: a small file can place a large template
/// very often.
const MAX_INSTANCED_CORNERS: usize = 300_000_000;

/// Largest coordinate and number in a matrix: beyond it nothing is a place, and products stay finite below it.
const MAX_NUMBER: f64 = 1e15;

/// What an object is read against.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) header: &'a Header,
    pub(super) transform: Transform,
    pub(super) vertices: &'a Vertices,
    pub(super) appearance: &'a Appearance,
}

/// Builds features; keeps what is used again between them.
pub(super) struct Builder {
    choice: LodChoice,
    pub(super) findings: Findings,
    /// When everything is counted, levels of detail that are not chosen are looked at too.
    pub(super) counts: Option<Counts>,
    cutter: Cutter,
    templates: HashMap<usize, Option<Arc<Parts>>>,
    instanced_corners: usize,
    pub(super) most_corners: usize,
}

/// Where corners come from.
#[derive(Clone, Copy)]
enum Corners<'a> {
    Document(&'a Vertices, Transform),
    Template(&'a [DVec3]),
}

impl Corners<'_> {
    #[inline]
    fn get(self, index: u32) -> Result<DVec3, Fault> {
        match self {
            Self::Document(vertices, transform) => match vertices.get(index) {
                Vertex::At(vertex) => bounded(transform.apply(vertex)),
                Vertex::NoValue => Err(Fault::NoValue),
                // Counted with the vertices themselves; here it costs a surface all the same.
                Vertex::Bad | Vertex::Missing => Err(Fault::MissingVertex),
            },
            Self::Template(vertices) => vertices
                .get(index as usize)
                .ok_or(Fault::MissingVertex)
                .and_then(|vertex| bounded(*vertex)),
        }
    }
}

/// A corner, where it is a place at all.
#[inline]
fn bounded(corner: DVec3) -> Result<DVec3, Fault> {
    // False for what is not a number, too.
    if corner.abs().max_element() <= MAX_NUMBER && !corner.is_nan() {
        Ok(corner)
    } else {
        Err(Fault::NoPlace)
    }
}

/// Surfaces that other geometries of an object have already: some files give a building as a solid and as surfaces.
#[derive(Default)]
struct Seen {
    before: HashSet<u64>,
    own: HashSet<u64>,
}

impl Builder {
    pub(super) fn new(choice: LodChoice, findings: Findings, counts: Option<Counts>) -> Self {
        Self {
            choice,
            findings,
            counts,
            cutter: Cutter::default(),
            templates: HashMap::new(),
            instanced_corners: 0,
            most_corners: MAX_FEATURE_CORNERS,
        }
    }

    /// The feature of these objects, of which the one at `top` is at the top. `None` when it has no surfaces.
    pub(super) fn feature(&mut self, context: Context, mut objects: Vec<Object>, top: usize) -> Option<CityFeature> {
        objects.get(top)?;
        for object in &objects {
            let place = || format!("CityObjects[{}]", object.id);
            self.findings.add_many(Fault::Geometry, object.unreadable, place);
            if object.class.is_empty() {
                self.findings.add(Fault::Object, place);
            }
        }
        self.count(context, &objects);
        let chosen = chosen(self.choice, context.header, &objects, top);
        let mut parts = Parts::default();
        for (object, chosen) in objects.iter().zip(&chosen) {
            self.surfaces(context, object, chosen, &mut parts);
            if self.counts.is_some() {
                // What is not drawn is built too, for what is wrong with it.
                let rest: Vec<bool> = chosen.iter().map(|is_chosen| !is_chosen).collect();
                self.surfaces(context, object, &rest, &mut Parts::default());
            }
        }
        let mut attributes = self.attributes(&objects[top]);
        if let [a, b] = &objects[..] {
            for (name, value) in self.attributes(if top == 0 { b } else { a }) {
                attributes.entry(name).or_insert(value);
            }
        }
        parts.all.retain(|part| !part.triangles.is_empty());
        if let Some(counts) = &mut self.counts {
            let triangles = parts.all.iter().map(|part| part.triangles.len() as u64);
            counts.triangles += triangles.sum::<u64>();
        }
        let top = objects.swap_remove(top);
        (!parts.all.is_empty()).then_some(CityFeature {
            id: top.id,
            class: top.class.into_owned(),
            attributes,
            parts: parts.all,
        })
    }

    fn attributes(&mut self, object: &Object) -> Map<String, Value> {
        let Some(attributes) = object.attributes else {
            return Map::new();
        };
        if let Ok(attributes) = serde_json::from_slice::<Option<Map<String, Value>>>(attributes) {
            return attributes.unwrap_or_default();
        }
        let place = || format!("CityObjects[{}].attributes", object.id);
        self.findings.add(Fault::Attributes, place);
        Map::new()
    }

    fn count(&mut self, context: Context, objects: &[Object]) {
        let Some(counts) = &mut self.counts else { return };
        for object in objects {
            counts.objects += 1;
            add(&mut counts.types, &object.class);
            for geometry in &object.geometries {
                add(&mut counts.geometries, &geometry.name);
                add(&mut counts.lods, geometry.lod.as_deref().unwrap_or("None"));
                let place = || format!("CityObjects[{}]", object.id);
                match geometry.kind {
                    None => self.findings.add(Fault::UnknownGeometry, place),
                    Some(Kind::Flat | Kind::Instance) => {}
                    // One that is not nested right is told where it is built.
                    Some(kind) => {
                        let surfaces = geometry.nested(kind).map_or(0, |nested| nested.ends[1].len());
                        counts.surfaces += surfaces as u64;
                    }
                }
                let lod = lod_of(context.header, geometry);
                if lod.is_some_and(|lod| lod.parse::<Lod>().is_err()) {
                    self.findings.add(Fault::Lod, place);
                }
            }
        }
    }

    /// Adds the surfaces of the chosen geometries of an object.
    fn surfaces(&mut self, context: Context, object: &Object, chosen: &[bool], parts: &mut Parts) {
        let geometries = object
            .geometries
            .iter()
            .zip(chosen)
            .filter(|(_, is_chosen)| **is_chosen);
        let mut geometries: Vec<&Geometry> = geometries.map(|(geometry, _)| geometry).collect();
        // Those that say what their surfaces are come first: the same surfaces again are left out.
        geometries.sort_by_key(|geometry| geometry.semantics.is_none());
        let mut seen = (geometries.len() > 1).then(Seen::default);
        let role = role_of_class(&object.class);
        for geometry in geometries {
            match geometry.kind {
                Some(Kind::Instance) => self.instance(context, object, geometry, role, parts),
                Some(kind @ (Kind::Surfaces | Kind::Solid | Kind::Solids)) => {
                    let corners = Corners::Document(context.vertices, context.transform);
                    let appearance = (context.appearance, false);
                    self.geometry(
                        &object.id,
                        geometry,
                        kind,
                        corners,
                        appearance,
                        role,
                        seen.as_mut(),
                        parts,
                    );
                    if let Some(Seen { before, own }) = &mut seen {
                        before.extend(own.drain());
                    }
                }
                None if self.counts.is_none() => {
                    let place = || format!("CityObjects[{}]", object.id);
                    self.findings.add(Fault::UnknownGeometry, place);
                }
                Some(Kind::Flat) | None => {}
            }
        }
    }

    #[expect(clippy::too_many_lines, reason = "one pass over the surfaces")]
    fn geometry(
        &mut self,
        id: &str,
        geometry: &Geometry,
        kind: Kind,
        corners: Corners,
        (appearance, is_template): (&Appearance, bool),
        role: SurfaceRole,
        mut seen: Option<&mut Seen>,
        parts: &mut Parts,
    ) {
        let findings = &mut self.findings;
        let place = || format!("CityObjects[{id}]");
        let Ok(boundaries) = geometry.nested(kind) else {
            return findings.add(Fault::Nesting, place);
        };
        let is_given = |value: &&[u8]| *value != b"null";
        let roles = geometry.semantics.filter(is_given).and_then(|semantics| {
            let roles = roles(semantics, kind, &boundaries);
            if roles.is_none() {
                findings.add(Fault::Semantics, place);
            }
            roles
        });
        let materials = geometry.material.filter(is_given).and_then(|themes| {
            let theme = appearance.default_material_theme.as_deref();
            let materials = materials(themes, theme, kind, &boundaries);
            if materials.is_none() {
                findings.add(Fault::Material, place);
            }
            materials
        });
        let textures = geometry.texture.filter(is_given).and_then(|themes| {
            let theme = appearance.default_texture_theme.as_deref();
            let textures = RingTextures::read(themes, theme, kind, &boundaries);
            if textures.is_none() {
                findings.add(Fault::Texture, place);
            }
            textures
        });
        // Where all surfaces look alike there is one part for them, of known size: each has two triangles fewer than corners.
        let mut is_alike = roles.is_none() && materials.is_none() && textures.is_none();
        for surface in 0..boundaries.ends[1].len() {
            let rings = Nested::range(&boundaries.ends[1], surface);
            if let Some(seen) = seen.as_deref_mut() {
                let outer = rings
                    .clone()
                    .next()
                    .map(|ring| Nested::range(&boundaries.ends[0], ring));
                let key = key_of_ring(&boundaries.values[outer.unwrap_or_default()]);
                if seen.before.contains(&key) {
                    continue;
                }
                seen.own.insert(key);
            }
            let own_role = roles.as_ref().and_then(|roles| roles[surface]);
            let mut look = Look {
                role: own_role.filter(|own| *own != SurfaceRole::Unknown).unwrap_or(role),
                color: None,
                texture: None,
            };
            if let Some(material) = materials.as_ref().and_then(|materials| materials[surface]) {
                match appearance.materials.get(material as usize) {
                    Some(color) => look.color = *color,
                    None => findings.add(Fault::Material, place),
                }
            }
            if let Some(textures) = &textures {
                match texture_of(textures, rings.clone(), &boundaries, appearance) {
                    Ok(texture) => look.texture = texture.map(|texture| (texture, is_template)),
                    Err(()) => findings.add(Fault::Texture, place),
                }
            }
            let has_texture = look.texture.is_some();
            self.cutter.start();
            let mut fault = None;
            'rings: for ring in rings {
                let indices = &boundaries.values[Nested::range(&boundaries.ends[0], ring)];
                let places = textures
                    .as_ref()
                    .filter(|_| has_texture)
                    .and_then(|textures| textures.ring(ring));
                for (number, index) in indices.iter().enumerate() {
                    let uv = places.and_then(|(_, places)| appearance.uvs.get(*places.get(number)? as usize));
                    match corners.get(*index) {
                        Ok(corner) => self.cutter.corner(corner, uv.copied().unwrap_or(Vec2::ZERO)),
                        Err(found) => {
                            fault = Some(found);
                            break 'rings;
                        }
                    }
                }
                self.cutter.end_ring();
            }
            if let Some(fault) = fault {
                findings.add(fault, place);
                continue;
            }
            let image = || {
                look.texture
                    .and_then(|(texture, _)| appearance.textures.get(texture as usize).cloned())
            };
            if parts.corners > self.most_corners {
                return findings.add(Fault::ObjectTooLarge, place);
            }
            let part = parts.part(look, image);
            if std::mem::take(&mut is_alike) {
                part.positions.reserve(boundaries.values.len());
                let fewer = 2 * boundaries.ends[1].len();
                part.triangles.reserve(boundaries.values.len().saturating_sub(fewer));
            }
            let before = part.positions.len();
            let cut = self.cutter.finish(part);
            parts.corners += part.positions.len() - before;
            match cut {
                Ok(()) => {}
                Err(NoSurface::NoArea) => findings.add(Fault::NoArea, place),
                Err(NoSurface::TooManyCorners) => findings.add(Fault::TooManyCorners, place),
            }
        }
    }

    fn instance(
        &mut self,
        context: Context,
        object: &Object,
        geometry: &Geometry,
        role: SurfaceRole,
        parts: &mut Parts,
    ) {
        let place = || format!("CityObjects[{}]", object.id);
        let template = geometry.template.and_then(|number| self.template(context, number));
        let Some(template) = template else {
            return self.findings.add(Fault::Template, place);
        };
        let Some((matrix, translation)) = geometry.matrix.map_or(Some((DMat3::IDENTITY, DVec3::ZERO)), matrix) else {
            return self.findings.add(Fault::Matrix, place);
        };
        let corners = Corners::Document(context.vertices, context.transform);
        let anchor = match corners.get(geometry.anchor().unwrap_or(NO_INDEX)) {
            Ok(anchor) => anchor,
            Err(fault) => return self.findings.add(fault, place),
        };
        self.instanced_corners += template.corners;
        let total = parts.corners + template.corners;
        if self.instanced_corners > MAX_INSTANCED_CORNERS || total > self.most_corners {
            return self.findings.add(Fault::ObjectTooLarge, place);
        }
        parts.corners = total;
        let is_mirrored = matrix.determinant() < 0.0;
        for (part, look) in template.all.iter().zip(&template.looks) {
            let mut look = *look;
            if look.role == SurfaceRole::Unknown {
                look.role = role;
            }
            let placed = parts.part(look, || part.texture.as_ref().map(|texture| texture.image.clone()));
            let Ok(base) = u32::try_from(placed.positions.len()) else {
                continue;
            };
            let positions = part
                .positions
                .iter()
                .map(|corner| matrix * *corner + translation + anchor);
            placed.positions.extend(positions);
            placed.triangles.extend(part.triangles.iter().map(|[a, b, c]| {
                if is_mirrored {
                    [base + a, base + c, base + b]
                } else {
                    [base + a, base + b, base + c]
                }
            }));
            if let (Some(to), Some(from)) = (&mut placed.texture, &part.texture) {
                to.uvs.extend_from_slice(&from.uvs);
            }
        }
    }

    /// The surfaces of a template in its own frame, built when it is first placed.
    fn template(&mut self, context: Context, number: usize) -> Option<Arc<Parts>> {
        if let Some(known) = self.templates.get(&number) {
            return known.clone();
        }
        let header = context.header;
        let built = header.templates.geometries.get(number).and_then(|json| {
            let geometry = Geometry::read(&mut Cursor::new(json)).ok()?;
            // A template in a template is not allowed, and could be itself.
            let kind = geometry.kind.filter(|kind| *kind != Kind::Instance)?;
            let mut parts = Parts::default();
            if kind != Kind::Flat {
                let id = format!("template {number}");
                let corners = Corners::Template(&header.templates.vertices);
                let appearance = (&header.appearance, true);
                self.geometry(
                    &id,
                    &geometry,
                    kind,
                    corners,
                    appearance,
                    SurfaceRole::Unknown,
                    None,
                    &mut parts,
                );
            }
            Some(Arc::new(parts))
        });
        self.templates.insert(number, built.clone());
        built
    }
}

/// The same for every ring of the same corners, wherever it begins and whichever way it runs.
fn key_of_ring(ring: &[u32]) -> u64 {
    let spread = |index: &u32| {
        let mixed = (u64::from(*index) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    };
    ring.iter().map(spread).fold(ring.len() as u64, u64::wrapping_add)
}

/// The texture of a surface; an error where it does not fit.
fn texture_of(
    textures: &RingTextures,
    rings: std::ops::Range<usize>,
    boundaries: &Nested,
    appearance: &Appearance,
) -> Result<Option<u32>, ()> {
    let mut texture = None;
    for ring in rings {
        let Some((own, places)) = textures.ring(ring) else {
            return Ok(None);
        };
        let corners = Nested::range(&boundaries.ends[0], ring).len();
        let is_there = |place: &u32| appearance.uvs.get(*place as usize).is_some_and(|uv| uv.is_finite());
        let has_image = appearance
            .textures
            .get(own as usize)
            .is_some_and(|image| !image.is_empty());
        if places.len() < corners || !places[..corners].iter().all(is_there) || !has_image {
            return Err(());
        }
        texture = texture.or(Some(own));
    }
    Ok(texture)
}

/// The upper three rows of a matrix of 4 by 4 numbers, row by row.
fn matrix(value: &[u8]) -> Option<(DMat3, DVec3)> {
    let numbers: [f64; 16] = serde_json::from_slice(value).ok()?;
    let row = |row: usize| DVec3::from_slice(&numbers[4 * row..]);
    let translation = DVec3::new(numbers[3], numbers[7], numbers[11]);
    let is_sound = numbers.iter().all(|number| number.abs() <= MAX_NUMBER);
    is_sound.then(|| (DMat3::from_cols(row(0), row(1), row(2)).transpose(), translation))
}
