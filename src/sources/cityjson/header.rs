//! What a document says of all its objects: version, transform, reference system, looks, templates.

use super::{
    appearance::Appearance,
    cursor::{Cursor, text},
    findings::{Fault, Findings, LONGEST_PLACE},
};
use crate::georef::{Crs, Transformer};
use crate::sources::{Cause, crs_name, shortened};
use bevy::math::DVec3;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Most templates that are read.
const MAX_TEMPLATES: usize = 100_000;

/// From the numbers in a document to coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transform {
    /// Factor for each axis.
    pub scale: DVec3,
    /// Added after that.
    pub translate: DVec3,
}

impl Transform {
    pub(super) const IDENTITY: Self = Self {
        scale: DVec3::ONE,
        translate: DVec3::ZERO,
    };

    /// Coordinates of a vertex.
    pub(super) fn apply(&self, vertex: DVec3) -> DVec3 {
        vertex * self.scale + self.translate
    }

    fn read(value: &[u8]) -> Option<Self> {
        let (mut scale, mut translate) = (None, None);
        let vector = |value: &[u8]| {
            let numbers = Cursor::new(value).triple()?;
            Some(DVec3::from_array(numbers.map(super::cursor::Number::as_f64)))
        };
        Cursor::new(value)
            .members(|key, value| {
                match key {
                    "scale" => scale = vector(value),
                    "translate" => translate = vector(value),
                    _ => {}
                }
                Ok(())
            })
            .ok()?;
        let scale = scale.filter(|scale| scale.cmpne(DVec3::ZERO).all())?;
        Some(Self {
            scale,
            translate: translate?,
        })
    }
}

/// Geometries that stand in a document once and are placed often.
#[derive(Debug, Default)]
pub(super) struct Templates {
    /// The JSON of each.
    pub(super) geometries: Vec<Box<[u8]>>,
    /// Level of detail of each as written.
    pub(super) lods: Vec<Option<String>>,
    /// Their vertices, in their own frame. Not finite where the file has no three numbers.
    pub(super) vertices: Vec<DVec3>,
}

impl Templates {
    fn read(value: &[u8]) -> Self {
        let mut templates = Self::default();
        let _rest = Cursor::new(value).members(|key, value| match key {
            "templates" => Cursor::new(value).elements(|element| {
                if templates.geometries.len() < MAX_TEMPLATES {
                    templates.geometries.push(element.into());
                    let mut lod = None;
                    let _rest = Cursor::new(element).members(|key, value| {
                        if key == "lod" {
                            lod = super::index::lod_text(value).map(Into::into);
                        }
                        Ok(())
                    });
                    templates.lods.push(lod);
                }
            }),
            "vertices-templates" => Cursor::new(value).elements(|element| {
                let numbers = Cursor::new(element).triple();
                let vertex = numbers.map(|numbers| numbers.map(super::cursor::Number::as_f64));
                templates.vertices.push(vertex.map_or(DVec3::NAN, DVec3::from_array));
            }),
            _ => Ok(()),
        });
        templates
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Header {
    /// `CityJSON`, `CityJSONFeature`.
    pub(super) kind: Option<String>,
    pub(super) version: Option<String>,
    pub(super) transform: Option<Transform>,
    pub(super) title: Option<String>,
    /// The reference system as written.
    pub(super) crs: Option<String>,
    pub(super) epsg: Option<u32>,
    pub(super) extensions: BTreeSet<String>,
    pub(super) appearance: Appearance,
    pub(super) templates: Templates,
}

impl Header {
    /// Whether a member of this name is read by [`Self::member`].
    pub(super) fn reads(key: &str) -> bool {
        matches!(
            key,
            "type" | "version" | "transform" | "metadata" | "extensions" | "appearance" | "geometry-templates"
        )
    }

    /// Takes a member of the document.
    pub(super) fn member(&mut self, key: &str, value: &[u8], findings: &mut Findings) {
        match key {
            "type" => self.kind = text(value).map(Into::into),
            "version" => {
                // Some writers give a number.
                let written = text(value).map(Into::into);
                self.version = written.or_else(|| std::str::from_utf8(value).ok().map(ToOwned::to_owned));
            }
            "transform" => {
                self.transform = Transform::read(value);
                if self.transform.is_none() {
                    let message =
                        "the transform needs a scale and a translation of three numbers each, no scale of them 0";
                    findings.tell(true, Cause::Place, "transform", message);
                }
            }
            "metadata" => match serde_json::from_slice::<Map<String, Value>>(value) {
                Ok(metadata) => self.metadata(&metadata),
                Err(_) => findings.tell(false, Cause::Content, "metadata", "the metadata cannot be read"),
            },
            "extensions" => {
                let _rest = Cursor::new(value).members(|name, _| {
                    self.extensions.insert(name.to_owned());
                    Ok(())
                });
            }
            "appearance" => self.appearance = Appearance::read(value),
            "geometry-templates" => self.templates = Templates::read(value),
            _ => {}
        }
    }

    fn metadata(&mut self, metadata: &Map<String, Value>) {
        let title = metadata.get("title").or_else(|| metadata.get("datasetTitle"));
        self.title = title.and_then(Value::as_str).map(ToOwned::to_owned);
        self.crs = metadata
            .get("referenceSystem")
            .and_then(Value::as_str)
            .map(ToOwned::to_owned);
        // The form before version 1.0.
        let older = metadata
            .get("crs")
            .and_then(|crs| crs.get("epsg"))
            .and_then(Value::as_u64);
        self.epsg = older.and_then(|code| code.try_into().ok());
    }

    /// Checks what must hold for a document, and what its reference system is, when all members are known.
    pub(super) fn finish(&mut self, findings: &mut Findings) {
        if self.kind.as_deref() == Some("CityJSON") {
            self.check_version(findings);
        }
        if self.transform.is_none() && self.kind.as_deref() == Some("CityJSON") {
            // Before 1.1 the transform could be left out; the vertices are coordinates then.
            if self
                .version
                .as_deref()
                .is_some_and(|version| version.starts_with("1.0"))
            {
                self.transform = Some(Transform::IDENTITY);
            } else {
                let message = "the transform is missing: nobody can tell where the vertices are, so nothing is drawn";
                findings.tell(true, Cause::Place, "transform", message);
            }
        }
        let place = "metadata.referenceSystem";
        if let Some(crs) = &self.crs {
            self.epsg = crs_name::of_code_name(crs).map(|crs| crs.0);
        }
        match (self.epsg, &self.crs) {
            (None, None) => {}
            (None, Some(crs)) => {
                let message = format!(
                    "the reference system is not named by an EPSG code: {}",
                    shortened(crs, LONGEST_PLACE)
                );
                findings.tell(true, Cause::Place, place, message);
            }
            (Some(code), _) => {
                if let Err(error) = Transformer::new(Crs(code), Crs(4326)) {
                    findings.tell(true, Cause::Place, place, error.to_string());
                }
            }
        }
    }

    fn check_version(&self, findings: &mut Findings) {
        let Some(version) = self.version.as_deref() else {
            findings.tell(
                true,
                Cause::Content,
                "version",
                "the version is missing; it is read as 2.0",
            );
            return;
        };
        let shown = shortened(version, LONGEST_PLACE);
        let mut parts = version.split('.').map(str::parse::<u32>);
        match (parts.next(), parts.next()) {
            (Some(Ok(1)), None | Some(Ok(0 | 1))) | (Some(Ok(2)), None | Some(Ok(0))) => {}
            (Some(Ok(1 | 2)), Some(Ok(_))) => {
                let message = format!("version {shown} is newer than what this program knows (1.0, 1.1, 2.0)");
                findings.tell(false, Cause::Newer, "version", message);
            }
            (Some(Ok(0)), _) => {
                let message = format!("version {shown} is older than 1.0 and read as far as it is like that");
                findings.tell(true, Cause::NotRead, "version", message);
            }
            (Some(Ok(_)), _) => {
                let message = format!("version {shown} is newer than 2.0 and read as far as it is like that");
                findings.tell(true, Cause::Newer, "version", message);
            }
            _ => {
                let message = format!("the version is no number: {shown}; it is read as 2.0");
                findings.tell(true, Cause::Content, "version", message);
            }
        }
    }

    /// Where `vertices` have faults, as problems.
    pub(super) fn check_vertices(vertices: &super::vertices::Vertices, findings: &mut Findings) {
        let place = || "vertices".to_owned();
        findings.add_many(Fault::BadVertex, vertices.bad, place);
        findings.add_many(Fault::TooManyVertices, vertices.dropped, place);
    }
}
