//! The features of a document, one after the other.

use super::{
    CityJson, Form,
    appearance::Appearance,
    build::{Builder, Context},
    counts::Counts,
    cursor::{Broken, Cursor, text},
    document::each_member,
    findings::{Fault, Findings},
    header::{Header, Transform},
    index::{Entered, MAX_OBJECT_BYTES, ObjectIndex, Summary},
    lod::LodChoice,
    object::Object,
    scan::{Line, ScanError, Stream},
    source::Window,
    vertices::Vertices,
};
use crate::sources::{CityFeature, Problem};
use bevy::math::DVec3;
use std::collections::{HashMap, VecDeque};

/// Most bytes of objects of a compressed document that wait for the rest of their feature.
const MAX_WAITING_BYTES: usize = 512 << 20;

/// Features of a document, read as they are asked for. What is wrong with them is known when all were read.
pub struct Features<'a> {
    city: &'a CityJson,
    state: State,
    builder: Builder,
    /// Features of the line that was read last.
    ready: VecDeque<CityFeature>,
    /// Features that were read, those without surfaces included.
    pub(super) read: u64,
    /// Vertices of all lines of a sequence, and their bounds.
    pub(super) vertices: u64,
    pub(super) bounds: Option<(DVec3, DVec3)>,
}

enum State {
    /// Objects of a document are fetched from where they stand.
    Ranges {
        window: Window,
        next: usize,
    },
    /// A compressed document is read from front to back; objects wait until their feature is complete.
    Whole(Box<Waiting>),
    /// One feature after the other.
    Sequence(Box<Stream>),
    Done,
}

struct Waiting {
    stream: Stream,
    next: usize,
    /// How many objects are still to come of each feature of more than one.
    missing: HashMap<u32, u32>,
    objects: HashMap<u32, Vec<(u32, Vec<u8>)>>,
    bytes: usize,
}

impl<'a> Features<'a> {
    pub(super) fn new(city: &'a CityJson, choice: LodChoice, counts: Option<Counts>) -> Self {
        let mut features = Self {
            city,
            state: State::Done,
            builder: Builder::new(choice, Findings::new(&city.source.shown), counts),
            ready: VecDeque::new(),
            read: 0,
            vertices: 0,
            bounds: None,
        };
        // Without a transform there is no place for anything; it is counted all the same.
        if city.document.header.transform.is_none() && features.builder.counts.is_none() {
            return features;
        }
        let state = match city.form {
            Form::Document if city.source.has_ranges() => {
                city.source.window().map(|window| State::Ranges { window, next: 0 })
            }
            Form::Document => city.source.stream(0).map(|stream| {
                State::Whole(Box::new(Waiting {
                    stream,
                    next: 0,
                    missing: city.document.index.family_sizes(),
                    objects: HashMap::new(),
                    bytes: 0,
                }))
            }),
            Form::Sequence | Form::Feature => city
                .source
                .stream(city.features_start)
                .map(|stream| State::Sequence(Box::new(stream))),
        };
        match state {
            Ok(state) => features.state = state,
            Err(error) => features.broken(&ScanError::Io(error)),
        }
        features
    }

    /// What is wrong with what was read so far, one line for each kind of fault. [`CityJson::problems`] has what is
    /// wrong with the document as a whole.
    pub fn problems(&self) -> Vec<Problem> {
        self.builder.findings.problems()
    }

    pub(super) fn counts(&mut self) -> Counts {
        self.builder.counts.take().unwrap_or_default()
    }

    pub(super) fn findings(&mut self) -> Findings {
        std::mem::take(&mut self.builder.findings)
    }

    fn broken(&mut self, error: &ScanError) {
        self.builder.findings.broken(&self.city.source, error);
    }

    fn context(city: &'a CityJson) -> Context<'a> {
        let header = &city.document.header;
        Context {
            header,
            transform: header.transform.unwrap_or(Transform::IDENTITY),
            vertices: &city.document.vertices,
            appearance: &header.appearance,
        }
    }

    /// Reads the next feature of a document whose ranges can be read. `false` at its end.
    fn next_of_ranges(&mut self) -> Result<bool, ScanError> {
        let State::Ranges { window, next } = &mut self.state else {
            return Ok(false);
        };
        let Some((family, after)) = self.city.document.index.family(*next) else {
            return Ok(false);
        };
        *next = after;
        self.read += 1;
        if let [only] = family[..] {
            // Most stand alone, and need not be copied.
            let bytes = window.range(only.start, only.bytes)?;
            self.ready.extend(one(self.city, &mut self.builder, &[bytes], 0));
            return Ok(true);
        }
        if family.iter().map(|object| object.bytes).sum::<usize>() > MAX_OBJECT_BYTES {
            let findings = &mut self.builder.findings;
            findings.add(Fault::ObjectTooLarge, || "CityObjects".to_owned());
            return Ok(true);
        }
        let mut held = Vec::with_capacity(family.len());
        for object in &family {
            held.push(window.range(object.start, object.bytes)?.to_vec());
        }
        let held: Vec<&[u8]> = held.iter().map(Vec::as_slice).collect();
        let feature = one(self.city, &mut self.builder, &held, top_of(&family));
        self.ready.extend(feature);
        Ok(true)
    }

    /// The same for a compressed document, of which an object may have to wait for others.
    fn next_of_whole(&mut self) -> Result<bool, ScanError> {
        let State::Whole(waiting) = &mut self.state else {
            return Ok(false);
        };
        let Some(object) = self.city.document.index.in_file_order(waiting.next) else {
            return Ok(false);
        };
        waiting.next += 1;
        let range = waiting.stream.range(object.start, object.bytes)?;
        let bytes = waiting.stream.bytes(range);
        let Some(missing) = waiting.missing.get_mut(&object.root) else {
            self.read += 1;
            self.ready.extend(one(self.city, &mut self.builder, &[bytes], 0));
            return Ok(true);
        };
        *missing -= 1;
        let is_complete = *missing == 0;
        if waiting.bytes + bytes.len() > MAX_WAITING_BYTES {
            let findings = &mut self.builder.findings;
            findings.add(Fault::Scattered, || "CityObjects".to_owned());
        } else {
            waiting.bytes += bytes.len();
            let of_family = waiting.objects.entry(object.root).or_default();
            of_family.push((object.number, bytes.to_vec()));
        }
        if is_complete {
            let family = waiting.objects.remove(&object.root).unwrap_or_default();
            waiting.bytes -= family.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
            let top = family.iter().position(|(number, _)| *number == object.root);
            let held: Vec<&[u8]> = family.iter().map(|(_, bytes)| bytes.as_slice()).collect();
            self.read += 1;
            let feature = one(self.city, &mut self.builder, &held, top.unwrap_or(0));
            self.ready.extend(feature);
        }
        Ok(true)
    }

    /// The same for a sequence. What is broken in a line is told, and costs that line.
    fn next_of_sequence(&mut self) -> Result<bool, ScanError> {
        let State::Sequence(stream) = &mut self.state else {
            return Ok(false);
        };
        let start = stream.offset();
        let taken = if self.city.is_by_lines {
            stream.line(MAX_OBJECT_BYTES)?
        } else if stream.peek()?.is_none() {
            Line::End
        } else {
            stream.value(MAX_OBJECT_BYTES)?.map_or(Line::TooLong, Line::Held)
        };
        let range = match taken {
            Line::Held(range) => range,
            Line::TooLong => {
                let findings = &mut self.builder.findings;
                findings.add(Fault::LineTooLong, || format!("byte {start}"));
                return Ok(true);
            }
            Line::End => return Ok(false),
        };
        let start = stream.offset_of(range.start);
        let bytes = stream.bytes(range);
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(true);
        }
        match feature(self.city, &mut self.builder, bytes, start, &mut self.ready) {
            Ok(Some(vertices)) => {
                self.read += 1;
                self.vertices += vertices.len() as u64;
                if let Some((low, high)) = vertices.bounds() {
                    let (lowest, highest) = self.bounds.unwrap_or((low, high));
                    self.bounds = Some((lowest.min(low), highest.max(high)));
                }
            }
            Ok(None) => {}
            Err(Broken { at, what }) => self.broken(&ScanError::Broken {
                at: start + at as u64,
                what,
            }),
        }
        Ok(true)
    }
}

impl Iterator for Features<'_> {
    type Item = CityFeature;

    fn next(&mut self) -> Option<CityFeature> {
        loop {
            if let Some(feature) = self.ready.pop_front() {
                return Some(feature);
            }
            let has_more = match self.state {
                State::Ranges { .. } => self.next_of_ranges(),
                State::Whole(_) => self.next_of_whole(),
                State::Sequence(_) => self.next_of_sequence(),
                State::Done => return None,
            };
            let has_more = has_more.unwrap_or_else(|error| {
                self.broken(&error);
                false
            });
            if !has_more {
                self.state = State::Done;
            }
        }
    }
}

/// Where the object at the top stands in its family.
fn top_of(family: &[Entered]) -> usize {
    family
        .iter()
        .position(|object| object.number == object.root)
        .unwrap_or(0)
}

/// The feature of these objects, each from its id to the end of its value.
fn one(city: &CityJson, builder: &mut Builder, objects: &[&[u8]], top: usize) -> Option<CityFeature> {
    // They were read in the first pass: what fails now has changed since.
    let Ok(objects) = objects.iter().map(|object| with_id(object)).collect() else {
        builder.findings.add(Fault::Object, || "CityObjects".to_owned());
        return None;
    };
    builder.feature(Features::context(city), objects, top)
}

/// Reads an object with its id before it.
fn with_id(object: &[u8]) -> Result<Object<'_>, Broken> {
    let mut cursor = Cursor::new(object);
    let id = cursor.string()?.into_owned();
    cursor.expect(b':', "a colon should stand here")?;
    Object::read(&id, &mut cursor)
}

/// Reads a feature of a sequence. Its vertices; `None` for a value of another kind.
fn feature(
    city: &CityJson,
    builder: &mut Builder,
    bytes: &[u8],
    start: u64,
    ready: &mut VecDeque<CityFeature>,
) -> Result<Option<Vertices>, Broken> {
    let (mut kind, mut appearance) = (None, None);
    let mut vertices = Vertices::default();
    let mut index = ObjectIndex::default();
    let mut objects = Vec::new();
    let mut cursor = Cursor::new(bytes);
    let findings = &mut builder.findings;
    cursor.each_member(|key, cursor| {
        match key {
            "type" => kind = text(cursor.value()?),
            "vertices" => vertices.read(cursor)?,
            "appearance" => appearance = Some(Appearance::read(cursor.value()?)),
            "CityObjects" => cursor.each_member(|id, cursor| {
                let Some(object) = cursor.attempt(|cursor| Object::read(id, cursor))? else {
                    findings.add(Fault::Object, || format!("CityObjects[{id}]"));
                    return Ok(());
                };
                if index.enter(id, (0, 0), object.is_group(), &object.parents, findings) {
                    objects.push(Some(object));
                }
                Ok(())
            })?,
            _ => {
                cursor.value()?;
            }
        }
        Ok(())
    })?;
    if cursor.peek().is_some() {
        return Err(cursor.broken("something stands behind the end of the feature"));
    }
    if kind.as_deref() != Some("CityJSONFeature") {
        builder.findings.add(Fault::NoFeature, || format!("byte {start}"));
        return Ok(None);
    }
    Header::check_vertices(&vertices, &mut builder.findings);
    index.finish(&mut builder.findings);
    let context = Context {
        vertices: &vertices,
        appearance: appearance.as_ref().unwrap_or(&city.document.header.appearance),
        ..Features::context(city)
    };
    let mut next = 0;
    while let Some((family, after)) = index.family(next) {
        next = after;
        let of_family = family
            .iter()
            .filter_map(|object| objects[object.number as usize].take());
        ready.extend(builder.feature(context, of_family.collect(), top_of(&family)));
    }
    Ok(Some(vertices))
}

/// How many geometries each level of detail has in a sequence, as written, without reading them.
pub(super) fn lods_of_sequence(city: &CityJson, mut add: impl FnMut(&str)) -> Result<(), ScanError> {
    let mut stream = city.source.stream(city.features_start)?;
    loop {
        if stream.peek()?.is_none() {
            return Ok(());
        }
        each_member(&mut stream, |stream, key, _| {
            if key != "CityObjects" || stream.peek()? != Some(b'{') {
                return stream.value(0).map(|_| ());
            }
            each_member(stream, |stream, _, _| {
                stream.peek()?;
                if let Some(range) = stream.value(MAX_OBJECT_BYTES)?
                    && let Ok(summary) = Summary::read(&mut Cursor::new(stream.bytes(range)))
                {
                    summary.lods.iter().flatten().for_each(|lod| add(lod));
                }
                Ok(())
            })
        })?;
    }
}

#[cfg(test)]
impl Features<'_> {
    /// The same with fewer corners to a feature than are read.
    pub(super) fn with_most_corners(mut self, most: usize) -> Self {
        self.builder.most_corners = most;
        self
    }
}
