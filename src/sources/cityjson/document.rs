//! The first pass over a file: its header, its vertices, and where its objects stand.

use super::{
    cursor::Cursor,
    findings::{Fault, Findings},
    header::Header,
    index::{MAX_OBJECT_BYTES, ObjectIndex, Summary},
    lod::Lod,
    scan::{CUT_OFF, MAX_KEY_BYTES, ScanError, Stream},
    source::Source,
    vertices::Vertices,
};
use crate::sources::Cause;
use std::{collections::BTreeMap, ops::Range};

/// Largest member of a header, bytes: looks and templates of a whole sheet.
const MAX_MEMBER_BYTES: usize = 256 << 20;

/// What the first value of a file holds.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) header: Header,
    pub(super) vertices: Vertices,
    pub(super) index: ObjectIndex,
    /// How many geometries each level of detail has. What is none is not kept: there can be any number of such words.
    pub(super) lods: BTreeMap<Lod, u64>,
    pub(super) has_objects: bool,
    /// Where the value ends, when it does.
    pub(super) end: Option<u64>,
}

impl Document {
    /// Reads it; what comes before a fault of the syntax is kept.
    pub(super) fn read(source: &Source, stream: &mut Stream, findings: &mut Findings) -> Self {
        let mut document = Self::default();
        match document.members(stream, findings) {
            Ok(()) => document.end = Some(stream.offset()),
            Err(error) => findings.broken(source, &error),
        }
        document.index.finish(findings);
        document
    }

    fn members(&mut self, stream: &mut Stream, findings: &mut Findings) -> Result<(), ScanError> {
        each_member(stream, |stream, key, _| match key {
            "vertices" if stream.peek()? == Some(b'[') => self.vertices.read_stream(stream),
            "CityObjects" if stream.peek()? == Some(b'{') => {
                self.has_objects = true;
                self.objects(stream, findings)
            }
            key if Header::reads(key) => {
                match stream.value(MAX_MEMBER_BYTES)? {
                    Some(range) => self.header.member(key, stream.bytes(range), findings),
                    None => findings.tell(
                        true,
                        Cause::TooLarge,
                        key,
                        "this is larger than is read and is left out",
                    ),
                }
                Ok(())
            }
            _ => stream.value(0).map(|_| ()),
        })
    }

    fn objects(&mut self, stream: &mut Stream, findings: &mut Findings) -> Result<(), ScanError> {
        each_member(stream, |stream, id, start| {
            stream.peek()?;
            // Nearly all are held in full and sound: those are read without looking for their end first.
            let mut cursor = Cursor::of_unknown(stream.rest());
            if let Ok(summary) = Summary::read(&mut cursor)
                && cursor.offset() <= MAX_OBJECT_BYTES
            {
                let length = cursor.offset();
                let end = stream.offset() + length as u64;
                self.object(id, start..end, summary, findings);
                stream.advance(length);
                return Ok(());
            }
            let Some(range) = stream.value(MAX_OBJECT_BYTES)? else {
                findings.add(Fault::ObjectTooLarge, || format!("CityObjects[{id}]"));
                return Ok(());
            };
            match Summary::read(&mut Cursor::new(stream.bytes(range))) {
                Ok(summary) => self.object(id, start..stream.offset(), summary, findings),
                Err(_) => findings.add(Fault::Object, || format!("CityObjects[{id}]")),
            }
            Ok(())
        })
    }

    /// Enters an object that stands in this range of the file, its id before it.
    fn object(&mut self, id: &str, range: Range<u64>, summary: Summary, findings: &mut Findings) {
        let Summary {
            is_group,
            parents,
            lods,
        } = summary;
        let bytes = u32::try_from(range.end - range.start).unwrap_or(u32::MAX);
        if !self.index.enter(id, (range.start, bytes), is_group, &parents, findings) {
            findings.add(Fault::TooManyObjects, || format!("CityObjects[{id}]"));
            return;
        }
        for lod in lods.iter().flatten().filter_map(|lod| lod.parse::<Lod>().ok()) {
            *self.lods.entry(lod).or_insert(0) += 1;
        }
    }
}

/// Calls `visit` with each key of the object that comes next and where it stands; `visit` must pass over the value.
pub(super) fn each_member(
    stream: &mut Stream,
    mut visit: impl FnMut(&mut Stream, &str, u64) -> Result<(), ScanError>,
) -> Result<(), ScanError> {
    stream.expect(b'{', "an object should stand here")?;
    if stream.peek()? == Some(b'}') {
        stream.advance(1);
        return Ok(());
    }
    loop {
        if stream.peek()?.is_none() {
            return Err(stream.broken(CUT_OFF));
        }
        let start = stream.offset();
        let Some(range) = stream.value(MAX_KEY_BYTES)? else {
            return Err(stream.broken("a name is longer than any in a city model"));
        };
        let key = match Cursor::new(stream.bytes(range)).string() {
            Ok(key) => key.into_owned(),
            Err(error) => {
                return Err(ScanError::Broken {
                    at: start,
                    what: error.what,
                });
            }
        };
        stream.expect(b':', "a colon should stand here")?;
        visit(stream, &key, start)?;
        match stream.peek()? {
            Some(b',') => stream.advance(1),
            Some(b'}') => {
                stream.advance(1);
                return Ok(());
            }
            Some(_) => return Err(stream.broken("a comma or the end of the object should stand here")),
            None => return Err(stream.broken(CUT_OFF)),
        }
    }
}
