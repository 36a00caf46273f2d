//! Vector layers of any kind: every feature with its attributes, in the site frame. Unlike the scenario's own kinds they
//! need no words of ours in the file. Heights of coordinates are not used: everything stands on the ground.

use super::Layer;
use super::findings::Findings;
use super::projection::Projection;
use super::read::DataReader;
use super::vector_layer;
use crate::geometry::Polygon;
use crate::model::features::{AttributeTable, FeatureLayer, SiteFeature, TableBuilder};
use crate::sources::vector::{Bounds, Position, VectorFeature, VectorFile, VectorKind};
use crate::sources::{Cause, Problem};
use bevy::math::DVec2;

/// Most features of a layer.
pub(super) const MAX_FEATURES: usize = 250_000;
/// Most points of all features of a layer.
const MAX_POSITIONS: usize = 8_000_000;
/// Where a layer holds more than is drawn, so far around the area is looked at, metres.
const AROUND_M: f64 = 1000.0;
/// The same around the anchor of a scenario without an outline, metres.
const AROUND_ANCHOR_M: f64 = 2500.0;

/// Reads features one by one.
pub(super) struct FeatureCollector<'a> {
    projection: &'a Projection,
    findings: &'a mut Findings,
    features: Vec<SiteFeature>,
    table: TableBuilder,
    positions: usize,
    away: usize,
    first_away: Option<String>,
    is_full: bool,
}

impl<'a> FeatureCollector<'a> {
    /// Reads into the frame that `projection` leads to.
    pub(super) fn new(projection: &'a Projection, findings: &'a mut Findings) -> Self {
        Self {
            projection,
            findings,
            features: Vec::new(),
            table: TableBuilder::default(),
            positions: 0,
            away: 0,
            first_away: None,
            is_full: false,
        }
    }

    /// Adds the layer with this number of `file`. Where the file holds more features than are drawn, those in the window
    /// around `outline` come. `name` is kept with each of them, where it is given.
    pub(super) fn add(&mut self, file: &VectorFile, number: usize, outline: Option<&[DVec2]>, name: Option<&str>) {
        let count = file.layers.get(number).map_or(0, |layer| layer.count);
        let is_large = usize::try_from(count).map_or(true, |count| count > MAX_FEATURES);
        let window = outline
            .filter(|_| is_large)
            .and_then(|outline| window_around(outline, self.projection));
        let features = match window {
            Some(window) => file.features_in(number, window),
            None => file.features(number),
        };
        if window.is_some() {
            let message = format!(
                "{count} features are more than are drawn at once: those around the area are shown, the rest is left out"
            );
            self.findings.error_because(Cause::TooLarge, "", message);
        }
        for found in features {
            if self.features.len() >= MAX_FEATURES || self.positions >= MAX_POSITIONS {
                self.stop();
                return;
            }
            match found {
                Ok(found) => self.feature(found, file.kind, name),
                Err(problem) => self.findings.found(problem),
            }
        }
    }

    fn stop(&mut self) {
        if !std::mem::replace(&mut self.is_full, true) {
            let message = format!(
                "a layer shows up to {MAX_FEATURES} features with {MAX_POSITIONS} points; the rest is left out: take a \
                 part of the file"
            );
            self.findings.error_because(Cause::TooLarge, "", message);
        }
    }

    fn feature(&mut self, found: VectorFeature, kind: VectorKind, name: Option<&str>) {
        let Some(geometry) = found.geometry else { return };
        // What the maker of a drawing switched off is not shown.
        if kind == VectorKind::Dxf && found.properties.get("hidden").is_some_and(|hidden| hidden == true) {
            return;
        }
        let mut feature = SiteFeature {
            id: found.id,
            ..SiteFeature::default()
        };
        self.positions += geometry.positions().count();
        let parts = (|| {
            for point in &geometry.points {
                feature.points.push(self.place(point)?);
            }
            for line in &geometry.lines {
                let line = self.path(line)?;
                feature.lines.extend(Some(line).filter(|line| line.len() > 1));
            }
            for rings in &geometry.polygons {
                let mut rings = rings.iter();
                let Some(exterior) = rings.next() else { continue };
                let exterior = self.ring(exterior)?;
                let holes: Result<Vec<_>, String> = rings.map(|ring| self.ring(ring)).collect();
                let holes = holes?.into_iter().filter(|hole| hole.len() > 2).collect();
                if exterior.len() > 2 {
                    feature.areas.push(Polygon { exterior, holes });
                }
            }
            Ok::<(), String>(())
        })();
        if let Err(message) = parts {
            self.away += 1;
            self.first_away.get_or_insert(message);
            return;
        }
        if feature.is_empty() {
            return;
        }
        let mut properties = found.properties;
        if let Some(name) = name {
            properties.entry("layer").or_insert_with(|| name.into());
        }
        self.table.push(&properties);
        self.features.push(feature);
    }

    fn place(&self, p: &Position) -> Result<DVec2, String> {
        self.projection.site_from_file([p.x, p.y])
    }

    /// Points of a line; the same one twice counts once.
    fn path(&self, line: &[Position]) -> Result<Vec<DVec2>, String> {
        let mut placed = line.iter().map(|p| self.place(p)).collect::<Result<Vec<_>, _>>()?;
        placed.dedup();
        Ok(placed)
    }

    /// Points of a ring, the last not the first again.
    fn ring(&self, ring: &[Position]) -> Result<Vec<DVec2>, String> {
        let mut placed = self.path(ring)?;
        if placed.len() > 1 && placed.first() == placed.last() {
            placed.pop();
        }
        Ok(placed)
    }

    /// The features and what is known of them.
    pub(super) fn finish(self) -> (Vec<SiteFeature>, AttributeTable) {
        if let Some(message) = self.first_away {
            let message = format!(
                "{} features have no place here and are left out (the first: {message})",
                self.away
            );
            // A stray one is wrong itself; of a whole file in the wrong place, what is said of the file is.
            let is_most = self.away > self.features.len();
            let cause = if is_most { Cause::MostlyNowhere } else { Cause::TooFar };
            self.findings.error_because(cause, "", message);
        }
        if self.table.is_full() {
            let message = "the features have more attributes than are kept; the rest is left out";
            self.findings.warning_because(Cause::TooLarge, "", message);
        }
        (self.features, self.table.build())
    }
}

/// The window around an outline, or around the anchor of a site without one, in the coordinates of the file.
fn window_around(outline: &[DVec2], projection: &Projection) -> Option<Bounds> {
    let around = |(low, high): (DVec2, DVec2)| (low - DVec2::splat(AROUND_M), high + DVec2::splat(AROUND_M));
    let anchor = (DVec2::splat(-AROUND_ANCHOR_M), DVec2::splat(AROUND_ANCHOR_M));
    let (low, high) = crate::model::ring::bounds(outline).map_or(anchor, around);
    let corners = [low, DVec2::new(high.x, low.y), high, DVec2::new(low.x, high.y)];
    let mut window: Option<Bounds> = None;
    for corner in corners {
        let [x, y] = projection.file_from_site(corner).ok()?;
        let w = window.unwrap_or([x, y, x, y]);
        window = Some([w[0].min(x), w[1].min(y), w[2].max(x), w[3].max(y)]);
    }
    window
}

impl DataReader {
    /// A layer of any kind of vector data; `None` when nothing of it could be used.
    pub(super) fn read_feature_layer(&mut self, layer: &Layer) -> Option<FeatureLayer> {
        let path = &layer.path;
        let mut findings = Findings::new(path);
        let site = *self.projection.site();
        let read = VectorFile::open_in(&*self.resources, path).and_then(|file| {
            let projection = vector_layer::projection(&file, path, layer.crs.as_deref(), site, &mut findings)?;
            let outline = &self.open.scenario.area.outline;
            let (features, table) = read(&file, &projection, outline, &mut findings);
            let name = file
                .layers
                .first()
                .map_or(layer.id.as_str(), |first| first.name.as_str());
            let style = layer
                .style
                .clone()
                .unwrap_or_default()
                .style(&table, name, &mut findings);
            Ok(FeatureLayer {
                layer: layer.id.clone(),
                features,
                table,
                style,
            })
        });
        self.problems.extend(findings.into_problems());
        read.map_err(|problem| self.problems.push(problem)).ok()
    }
}

/// Reads the layers of a scenario's file that are in its first CRS, and lie where the scenario is, as one.
pub(super) fn read(
    file: &VectorFile,
    projection: &Projection,
    outline: &[DVec2],
    findings: &mut Findings,
) -> (Vec<SiteFeature>, AttributeTable) {
    let mut left_out: Vec<Problem> = Vec::new();
    let mut collector = FeatureCollector::new(projection, findings);
    let is_one = file.layers.len() == 1;
    for (number, layer) in file.layers.iter().enumerate() {
        if let Some((cause, message)) = vector_layer::left_out(file, layer, projection) {
            left_out.push(Problem::error("", layer.name.as_str(), message).because(cause));
            continue;
        }
        collector.add(file, number, Some(outline), (!is_one).then_some(layer.name.as_str()));
    }
    let found = collector.finish();
    for problem in left_out {
        findings.found(problem);
    }
    found
}
