//! One geometry: its kind, its boundaries as flat lists, and what each of its surfaces is and looks like.

use super::{
    cursor::{Broken, Cursor, NULL, Nested, text},
    index::lod_text,
};
use crate::sources::SurfaceRole;
use std::borrow::Cow;

/// Types of geometries, by how deep their lists of indices go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Points, lines: counted, not drawn.
    Flat,
    /// `MultiSurface`, `CompositeSurface`.
    Surfaces,
    /// `Solid`.
    Solid,
    /// `MultiSolid`, `CompositeSolid`.
    Solids,
    /// `GeometryInstance`.
    Instance,
}

impl Kind {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "MultiPoint" | "MultiLineString" => Self::Flat,
            "MultiSurface" | "CompositeSurface" => Self::Surfaces,
            "Solid" => Self::Solid,
            "MultiSolid" | "CompositeSolid" => Self::Solids,
            "GeometryInstance" => Self::Instance,
            _ => return None,
        })
    }

    /// Levels of lists around an index.
    pub(super) fn depth(self) -> usize {
        match self {
            Self::Flat | Self::Instance => 1,
            Self::Surfaces => 3,
            Self::Solid => 4,
            Self::Solids => 5,
        }
    }
}

/// The parts of a geometry's JSON.
#[derive(Debug, Clone)]
pub(super) struct Geometry<'a> {
    /// `None` for a type that is not known.
    pub(super) kind: Option<Kind>,
    pub(super) name: Cow<'a, str>,
    /// Level of detail as written.
    pub(super) lod: Option<Cow<'a, str>>,
    pub(super) boundaries: &'a [u8],
    pub(super) semantics: Option<&'a [u8]>,
    pub(super) material: Option<&'a [u8]>,
    pub(super) texture: Option<&'a [u8]>,
    /// Number of its template.
    pub(super) template: Option<usize>,
    pub(super) matrix: Option<&'a [u8]>,
}

impl<'a> Geometry<'a> {
    /// Reads the geometry that comes next.
    pub(super) fn read(cursor: &mut Cursor<'a>) -> Result<Self, Broken> {
        let mut geometry = Self {
            kind: None,
            name: Cow::Borrowed(""),
            lod: None,
            boundaries: b"[]",
            semantics: None,
            material: None,
            texture: None,
            template: None,
            matrix: None,
        };
        cursor.members(|key, value| {
            match key {
                "type" => geometry.name = text(value).unwrap_or_default(),
                "lod" => geometry.lod = lod_text(value),
                "boundaries" => geometry.boundaries = value,
                "semantics" => geometry.semantics = Some(value),
                "material" => geometry.material = Some(value),
                "texture" => geometry.texture = Some(value),
                "template" => geometry.template = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()),
                "transformationMatrix" => geometry.matrix = Some(value),
                _ => {}
            }
            Ok(())
        })?;
        geometry.kind = Kind::of(&geometry.name);
        Ok(geometry)
    }

    /// The lists of indices.
    pub(super) fn nested(&self, kind: Kind) -> Result<Nested, Broken> {
        Cursor::new(self.boundaries).nested(kind.depth())
    }

    /// The number of the only vertex of an instance.
    pub(super) fn anchor(&self) -> Option<u32> {
        let nested = Cursor::new(self.boundaries).nested(1).ok()?;
        nested.values.first().copied()
    }
}

/// One value for each surface, or `None`; `null` for a whole shell or solid stands for all its surfaces. `None`
/// altogether where the lists do not fit the geometry.
pub(super) fn for_surfaces(values: &[u8], kind: Kind, boundaries: &Nested) -> Option<Vec<Option<u32>>> {
    let count = boundaries.ends[1].len();
    let depth = kind.depth().checked_sub(2)?;
    let given = Cursor::new(values).nested(depth).ok()?;
    let of = |index: u32| (index < super::cursor::NO_INDEX).then_some(index);
    if given.values.len() == count {
        return Some(given.values.into_iter().map(of).collect());
    }
    // A list may be `null` or short: each shell is looked at by itself then.
    let mut all = vec![None; count];
    let shells = match depth {
        1 => vec![(0..count, 0..given.values.len())],
        _ => (0..boundaries.ends[2].len().min(given.ends[0].len()))
            .map(|shell| {
                (
                    Nested::range(&boundaries.ends[2], shell),
                    Nested::range(&given.ends[0], shell),
                )
            })
            .collect(),
    };
    let mut has_fit = given.values.is_empty();
    for (surfaces, values) in shells {
        if values.len() == surfaces.len() {
            has_fit = true;
            for (surface, value) in surfaces.zip(&given.values[values]) {
                all[surface] = of(*value);
            }
        }
    }
    has_fit.then_some(all)
}

/// What each surface is, of those that say it. `None` where the semantics do not fit the geometry.
pub(super) fn roles(semantics: &[u8], kind: Kind, boundaries: &Nested) -> Option<Vec<Option<SurfaceRole>>> {
    let mut known: Vec<SurfaceRole> = Vec::new();
    let mut values: &[u8] = b"null";
    let mut cursor = Cursor::new(semantics);
    let read = cursor.each_member(|key, cursor| match key {
        "surfaces" => cursor.each_element(|cursor| {
            let mut role = SurfaceRole::Unknown;
            cursor.attempt(|cursor| {
                cursor.members(|key, value| {
                    if key == "type" {
                        role = role_of_surface(&text(value).unwrap_or_default());
                    }
                    Ok(())
                })
            })?;
            known.push(role);
            Ok(())
        }),
        "values" => {
            values = cursor.value()?;
            Ok(())
        }
        _ => cursor.value().map(|_| ()),
    });
    read.ok()?;
    let values = for_surfaces(values, kind, boundaries)?;
    Some(
        values
            .into_iter()
            .map(|value| known.get(value? as usize).copied())
            .collect(),
    )
}

/// Types of surfaces of `CityGML` and of `CityJSON` 1.0 to 2.0.
fn role_of_surface(class: &str) -> SurfaceRole {
    match class {
        "RoofSurface" => SurfaceRole::Roof,
        "WallSurface" | "OuterCeilingSurface" | "InteriorWallSurface" | "CeilingSurface" => SurfaceRole::Wall,
        "GroundSurface" | "OuterFloorSurface" | "FloorSurface" => SurfaceRole::Ground,
        "Window" | "WindowSurface" | "Door" | "DoorSurface" => SurfaceRole::Opening,
        "TrafficArea" | "AuxiliaryTrafficArea" | "TransportationMarking" | "TransportationHole" => SurfaceRole::Traffic,
        "WaterSurface" | "WaterGroundSurface" | "WaterClosureSurface" => SurfaceRole::Water,
        _ => SurfaceRole::Unknown,
    }
}

/// What surfaces are that do not say it themselves.
pub(super) fn role_of_class(class: &str) -> SurfaceRole {
    match class {
        "Road" | "Railway" | "Track" | "Square" | "TransportSquare" | "TransportationComplex" => SurfaceRole::Traffic,
        "WaterBody" | "Waterway" => SurfaceRole::Water,
        "PlantCover" | "SolitaryVegetationObject" => SurfaceRole::Green,
        "LandUse" | "TINRelief" => SurfaceRole::Land,
        _ => SurfaceRole::Unknown,
    }
}

/// The theme to show of a geometry's materials or textures: the default, else the first.
fn theme<'a>(themes: &'a [u8], default: Option<&str>) -> Option<&'a [u8]> {
    let (mut first, mut wanted) = (None, None);
    Cursor::new(themes)
        .members(|name, value| {
            if Some(name) == default {
                wanted = Some(value);
            }
            first = first.or(Some(value));
            Ok(())
        })
        .ok()?;
    wanted.or(first)
}

/// Number of the material of each surface. `None` where it does not fit the geometry.
pub(super) fn materials(
    themes: &[u8],
    default: Option<&str>,
    kind: Kind,
    boundaries: &Nested,
) -> Option<Vec<Option<u32>>> {
    let (mut one, mut values) = (None, None);
    Cursor::new(theme(themes, default)?)
        .members(|key, value| {
            match key {
                "value" => one = Cursor::new(value).number(),
                "values" => values = Some(value),
                _ => {}
            }
            Ok(())
        })
        .ok()?;
    match (values, one) {
        (Some(values), _) => for_surfaces(values, kind, boundaries),
        (None, Some(super::cursor::Number::Integer(one))) => {
            Some(vec![u32::try_from(one).ok(); boundaries.ends[1].len()])
        }
        _ => Some(vec![None; boundaries.ends[1].len()]),
    }
}

/// Number of the texture and of the places in it, as lists that end with the rings of the geometry.
#[derive(Debug)]
pub(super) struct RingTextures(Nested);

impl RingTextures {
    /// `None` where they do not fit the geometry.
    pub(super) fn read(themes: &[u8], default: Option<&str>, kind: Kind, boundaries: &Nested) -> Option<Self> {
        let mut values: &[u8] = b"null";
        Cursor::new(theme(themes, default)?)
            .members(|key, value| {
                if key == "values" {
                    values = value;
                }
                Ok(())
            })
            .ok()?;
        let nested = Cursor::new(values).nested(kind.depth()).ok()?;
        (nested.ends[0].len() == boundaries.ends[0].len()).then_some(Self(nested))
    }

    /// Texture of a ring and the number of the place of each of its corners; `None` for a ring without.
    pub(super) fn ring(&self, ring: usize) -> Option<(u32, &[u32])> {
        let values = &self.0.values[Nested::range(&self.0.ends[0], ring)];
        let (texture, places) = values.split_first()?;
        (*texture != NULL).then_some((*texture, places))
    }
}
