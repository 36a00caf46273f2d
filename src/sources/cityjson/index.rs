//! Which objects of a document belong together and where in the file each stands.

use super::{
    cursor::{Broken, Cursor, text},
    findings::{Fault, Findings},
};
use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
    hash::{BuildHasher, RandomState},
};

/// Most objects in one document.
pub(super) const MAX_OBJECTS: usize = 10_000_000;
/// Largest object, bytes of its JSON.
pub(super) const MAX_OBJECT_BYTES: usize = 256 << 20;
/// Generations of objects in one feature: building, part, storey, unit, room, furniture.
const MAX_GENERATIONS: usize = 16;

/// Most parents of one object that are looked at.
const MAX_PARENTS: usize = 16;

/// Where an object stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    start: u64,
    bytes: u32,
    /// Number of the object at the top of its family.
    root: u32,
    is_group: bool,
}

/// See the module. Ids are kept as hashes: those of a country take less room than its vertices that way.
#[derive(Debug, Default)]
pub(super) struct ObjectIndex {
    places: Vec<Place>,
    /// Number of an object and hash of the id of a parent of it, in the order of the file.
    parents: Vec<(u32, u64)>,
    by_id: HashMap<u64, u32>,
    hasher: RandomState,
    /// Objects, those of one feature together.
    order: Vec<u32>,
}

/// One object of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entered {
    /// Its number in the order of the file.
    pub(super) number: u32,
    /// Where its id begins in the file.
    pub(super) start: u64,
    /// From there to the end of its value.
    pub(super) bytes: usize,
    /// Number of the object at the top of its family.
    pub(super) root: u32,
}

/// What an object says of itself.
#[derive(Debug, Default)]
pub(super) struct Summary<'a> {
    pub(super) is_group: bool,
    /// Ids of the objects that it is part of.
    pub(super) parents: Vec<Cow<'a, str>>,
    /// Levels of detail of its geometries as written, `None` for a geometry without.
    pub(super) lods: Vec<Option<Cow<'a, str>>>,
}

impl<'a> Summary<'a> {
    /// Reads it out of the object that comes next.
    pub(super) fn read(cursor: &mut Cursor<'a>) -> Result<Self, Broken> {
        let mut summary = Self::default();
        cursor.each_member(|key, cursor| match key {
            "type" => {
                summary.is_group = cursor.value()? == b"\"CityObjectGroup\"";
                Ok(())
            }
            "parents" => cursor.elements(|parent| summary.parents.extend(text(parent))),
            "geometry" => cursor.each_element(|cursor| {
                let mut lod = None;
                cursor.attempt(|cursor| {
                    cursor.members(|key, value| {
                        if key == "lod" {
                            lod = lod_text(value);
                        }
                        Ok(())
                    })
                })?;
                summary.lods.push(lod);
                Ok(())
            }),
            _ => cursor.value().map(|_| ()),
        })?;
        Ok(summary)
    }
}

/// The level of detail as written, a string or before 1.1 a number.
pub(super) fn lod_text(value: &[u8]) -> Option<Cow<'_, str>> {
    let is_number = value.first().is_some_and(u8::is_ascii_digit);
    if is_number {
        return std::str::from_utf8(value).ok().map(Cow::Borrowed);
    }
    text(value)
}

impl ObjectIndex {
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Enters an object. `false` when there are too many.
    pub(super) fn enter(
        &mut self,
        id: &str,
        (start, bytes): (u64, u32),
        is_group: bool,
        parents: &[Cow<str>],
        findings: &mut Findings,
    ) -> bool {
        if self.places.len() >= MAX_OBJECTS {
            return false;
        }
        let Ok(number) = u32::try_from(self.places.len()) else {
            return false;
        };
        match self.by_id.entry(self.hasher.hash_one(id)) {
            Entry::Vacant(free) => {
                free.insert(number);
            }
            Entry::Occupied(_) => findings.add(Fault::Duplicate, || format!("CityObjects[{id}]")),
        }
        self.places.push(Place {
            start,
            bytes,
            root: number,
            is_group,
        });
        let parents = parents.iter().take(MAX_PARENTS);
        let hashes = parents.map(|parent| (number, self.hasher.hash_one(&**parent)));
        self.parents.extend(hashes);
        true
    }

    /// Finds who belongs to whom, when all are entered. A group is no family: its members stay apart.
    pub(super) fn finish(&mut self, findings: &mut Findings) {
        let count = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        if !self.parents.is_empty() {
            let mut above: Vec<Option<u32>> = vec![None; self.places.len()];
            let mut missing = 0;
            for family in self.parents.chunk_by(|a, b| a.0 == b.0) {
                let known = family.iter().filter_map(|(_, parent)| self.by_id.get(parent).copied());
                missing += u64::from(known.clone().next().is_none());
                above[family[0].0 as usize] = known.clone().find(|parent| !self.places[*parent as usize].is_group);
            }
            findings.add_many(Fault::Parent, missing, || "CityObjects".to_owned());
            for number in 0..count {
                // One that is its own ancestor, or as good as that, stands by itself.
                self.places[number as usize].root = top(&above, number).unwrap_or(number);
            }
            // So does one whose top stands by itself for that reason.
            for number in 0..self.places.len() {
                let root = self.places[number].root;
                if self.places[root as usize].root != root {
                    self.places[number].root = u32::try_from(number).unwrap_or(root);
                }
            }
        }
        self.by_id = HashMap::new();
        self.parents = Vec::new();
        self.order = (0..count).collect();
        self.order
            .sort_by_key(|number| (self.places[*number as usize].root, *number));
    }

    fn entered(&self, number: u32) -> Entered {
        let place = &self.places[number as usize];
        Entered {
            number,
            start: place.start,
            bytes: place.bytes as usize,
            root: place.root,
        }
    }

    /// The objects of the feature at `at` in the order of features, the one at its top among them, and where the next
    /// feature begins.
    pub(super) fn family(&self, at: usize) -> Option<(Vec<Entered>, usize)> {
        let root = self.entered(*self.order.get(at)?).root;
        let family: Vec<Entered> = self.order[at..]
            .iter()
            .map(|number| self.entered(*number))
            .take_while(|entered| entered.root == root)
            .collect();
        let next = at + family.len();
        Some((family, next))
    }

    /// All objects in the order of the file.
    pub(super) fn in_file_order(&self, number: usize) -> Option<Entered> {
        (number < self.places.len()).then(|| self.entered(u32::try_from(number).unwrap_or(u32::MAX)))
    }

    /// How many objects each feature has, by the number of the object at its top.
    pub(super) fn family_sizes(&self) -> HashMap<u32, u32> {
        let mut sizes = HashMap::new();
        for place in &self.places {
            *sizes.entry(place.root).or_insert(0) += 1;
        }
        sizes.retain(|_, size| *size > 1);
        sizes
    }
}

/// The object at the top of the family of another; `None` where there is no end.
fn top(above: &[Option<u32>], number: u32) -> Option<u32> {
    let mut root = number;
    for _ in 0..MAX_GENERATIONS {
        match above[root as usize] {
            Some(parent) => root = parent,
            None => return Some(root),
        }
    }
    None
}
