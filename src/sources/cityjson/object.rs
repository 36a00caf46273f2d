//! Objects as they stand in a document, and which of their geometries are drawn.

use super::{
    cursor::{Broken, Cursor, text},
    geometry::{Geometry, Kind},
    header::Header,
    lod::{Lod, LodChoice},
};
use std::borrow::Cow;

/// One object, its larger parts as JSON.
#[derive(Debug, Default)]
pub(super) struct Object<'a> {
    pub(super) id: String,
    pub(super) class: Cow<'a, str>,
    /// Ids of the objects that it is part of.
    pub(super) parents: Vec<Cow<'a, str>>,
    pub(super) attributes: Option<&'a [u8]>,
    pub(super) geometries: Vec<Geometry<'a>>,
    /// Geometries that cannot be read.
    pub(super) unreadable: u64,
}

impl<'a> Object<'a> {
    /// Reads the object that comes next.
    pub(super) fn read(id: &str, cursor: &mut Cursor<'a>) -> Result<Self, Broken> {
        let mut object = Self {
            id: id.to_owned(),
            ..Self::default()
        };
        cursor.each_member(|key, cursor| {
            match key {
                "type" => object.class = text(cursor.value()?).unwrap_or_default(),
                "parents" => cursor.elements(|parent| object.parents.extend(text(parent)))?,
                "attributes" => object.attributes = Some(cursor.value()?),
                "geometry" => cursor.each_element(|cursor| {
                    match cursor.attempt(Geometry::read)? {
                        Some(geometry) => object.geometries.push(geometry),
                        None => object.unreadable += 1,
                    }
                    Ok(())
                })?,
                _ => {
                    cursor.value()?;
                }
            }
            Ok(())
        })?;
        Ok(object)
    }

    pub(super) fn is_group(&self) -> bool {
        self.class == "CityObjectGroup"
    }
}

/// Which geometries of each object are drawn. An object at the top whose parts show more detail leaves it to them.
pub(super) fn chosen(choice: LodChoice, header: &Header, objects: &[Object], top: usize) -> Vec<Vec<bool>> {
    let lods: Vec<Vec<Option<Lod>>> = objects
        .iter()
        .map(|object| {
            let of = |geometry| lod_of(header, geometry)?.parse().ok();
            object.geometries.iter().map(of).collect()
        })
        .collect();
    let mut best: Vec<Option<Lod>> = lods
        .iter()
        .map(|lods| choice.of(lods.iter().filter_map(|lod| *lod)))
        .collect();
    if let LodChoice::AtMost(wanted) = choice
        && best.iter().flatten().any(|lod| *lod <= wanted)
    {
        // The feature has what is wanted: what others of its objects have above that is not needed.
        best.iter_mut()
            .filter(|lod| **lod > Some(wanted))
            .for_each(|lod| *lod = None);
    }
    let of_parts = objects.iter().zip(&best).enumerate();
    let of_parts = of_parts
        .filter(|(number, (object, _))| *number != top && object.class.ends_with("Part"))
        .filter_map(|(_, (_, best))| *best)
        .max();
    let is_left_to_parts = of_parts.is_some() && best[top] < of_parts;
    if is_left_to_parts {
        best[top] = None;
    }
    let is_exact = matches!(choice, LodChoice::Exact(_));
    let of_object = |(lods, best): (&Vec<Option<Lod>>, &Option<Lod>)| {
        // Without any level there is nothing to choose.
        let has_none = lods.iter().all(Option::is_none) && !is_exact;
        lods.iter()
            .map(|lod| has_none || (lod.is_some() && lod == best))
            .collect()
    };
    lods.iter().zip(&best).map(of_object).collect()
}

/// Level of detail of a geometry as written; that of its template for an instance.
pub(super) fn lod_of<'a>(header: &'a Header, geometry: &'a Geometry) -> Option<&'a str> {
    match (geometry.kind, geometry.template) {
        (Some(Kind::Instance), Some(number)) => header.templates.lods.get(number)?.as_deref(),
        _ => geometry.lod.as_deref(),
    }
}
