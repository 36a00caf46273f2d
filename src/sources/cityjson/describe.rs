//! What a file of `CityJSON` holds, for `inspect`. The words mean what `corpus/MANIFEST.md` says.

use super::{CityJson, Form, counts::Counts, features::Features, header::Transform, lod::LodChoice};
use serde_json::{Value, json};

impl CityJson {
    /// One JSON object: `kind`, `form`, `version`, `city_objects`, `types`, `geometries`, `lods`, `surfaces`,
    /// `vertices`, `bbox`, `crs`, `epsg`, `title`, `templates`, `extensions`, `features` (of sequences),
    /// `totals.triangles` and `totals.features` (in the highest level of detail), `problems`.
    pub fn describe(&self) -> Value {
        let header = &self.document.header;
        let mut features = Features::new(self, LodChoice::Highest, Some(Counts::default()));
        let drawn = features.by_ref().count();
        let counts = features.counts();
        let mut findings = self.findings.clone();
        findings.absorb(features.findings());
        let (vertices, bounds) = match self.form {
            Form::Document => {
                let vertices = &self.document.vertices;
                (vertices.len() as u64, vertices.bounds())
            }
            Form::Sequence | Form::Feature => (features.vertices, features.bounds),
        };
        let transform = header.transform.unwrap_or(Transform::IDENTITY);
        let bbox = bounds.map(|(low, high)| {
            let (a, b) = (transform.apply(low), transform.apply(high));
            // A negative scale turns them around.
            let (low, high) = (a.min(b), a.max(b));
            [low.x, low.y, low.z, high.x, high.y, high.z]
        });
        let mut facts = json!({
            "kind": "cityjson",
            "form": match self.form {
                Form::Document => "CityJSON",
                Form::Sequence => "CityJSONSeq",
                Form::Feature => "CityJSONFeature",
            },
            "version": header.version,
            "title": header.title,
            "city_objects": counts.objects,
            "types": counts.types,
            "geometries": counts.geometries,
            "lods": counts.lods,
            "surfaces": counts.surfaces,
            "vertices": vertices,
            "bbox": bbox,
            "crs": header.crs,
            "epsg": header.epsg,
            "templates": header.templates.geometries.len(),
            "extensions": header.extensions,
            "totals": {"triangles": counts.triangles, "points": 0, "instances": 0, "features": drawn},
            "problems": findings.problems(),
        });
        if self.form != Form::Document {
            facts["features"] = features.read.into();
        }
        facts
    }
}
