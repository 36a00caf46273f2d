//! The differences that a variant is: what goes, what comes, in which phase.

use super::{Converter, HOLE_TOLERANCE_M, choices, natural_reference, source, text};
use crate::model::scenario::file;
use crate::model::scenario::projection::{Projection, height_at_site_zero_m};
use crate::model::scenario::words::{certainty, surface_kind, up, use_of};
use crate::model::scenario::{
    Certainty, MassSource, NewBuilding, NewModel, NewSurface, NewTree, Phase, Removal, Roof, Scenario, Use, Variant,
};
use crate::sources::{obj::Up, resource};
use bevy::math::DVec3;

/// Storey height where the file gives none, metres.
const STOREY_HEIGHT_M: f64 = 3.0;
/// Height of a roof that is not flat where the file gives none, metres.
const ROOF_HEIGHT_M: f64 = 3.0;

/// What happens to a part of an unknown phase.
const STANDS: &str = "it stands in every phase";

impl Converter<'_> {
    pub(super) fn variants(
        &mut self,
        files: &[file::VariantFile],
        phases: &[Phase],
        projection: &Projection,
    ) -> Vec<Variant> {
        let mut variants = Vec::new();
        for (place, file) in self.unique("variants", files, |v| &v.id) {
            let certain = file.certainty.map(certainty).unwrap_or_default();
            let buildings = self.unique(
                &format!("{place}.buildings"),
                file.buildings.as_deref().unwrap_or_default(),
                |b| &b.id,
            );
            let models = self.unique(
                &format!("{place}.models"),
                file.models.as_deref().unwrap_or_default(),
                |m| &m.id,
            );
            let trees = self.unique(
                &format!("{place}.trees"),
                file.trees.as_deref().unwrap_or_default(),
                |t| &t.id,
            );
            let surfaces = self.unique(
                &format!("{place}.surfaces"),
                file.surfaces.as_deref().unwrap_or_default(),
                |s| &s.id,
            );
            let removals = file
                .removed
                .as_ref()
                .map(|removed| self.removals(removed, &format!("{place}.removed"), phases, projection));
            variants.push(Variant {
                id: file.id.clone(),
                title: text(file.title.as_ref()),
                summary: text(file.summary.as_ref()),
                certainty: certain,
                source: source(file.source.as_ref()),
                removals: removals.unwrap_or_default(),
                masses: self.masses(file, &place, certain, phases),
                buildings: buildings
                    .into_iter()
                    .filter_map(|(place, file)| self.building(file, &place, certain, phases, projection))
                    .collect(),
                models: models
                    .into_iter()
                    .filter_map(|(place, file)| self.model(file, &place, certain, phases, projection))
                    .collect(),
                trees: trees
                    .into_iter()
                    .filter_map(|(place, file)| self.tree(file, &place, phases, projection))
                    .collect(),
                surfaces: surfaces
                    .into_iter()
                    .filter_map(|(place, file)| self.surface(file, &place, phases, projection))
                    .collect(),
            });
        }
        variants
    }

    /// What goes at once, and then what goes in each later phase.
    fn removals(
        &mut self,
        file: &file::RemovedFile,
        place: &str,
        phases: &[Phase],
        projection: &Projection,
    ) -> Vec<Removal> {
        let mut removals = vec![self.removal(&file.things, String::new(), place, projection)];
        self.removal_places.push(place.to_owned());
        let list = format!("{place}.phases");
        let later = file.phases.as_deref().unwrap_or_default();
        for (file, index) in later.iter().zip(self.left_out.file_indices(&list, later.len())) {
            let place = format!("{list}[{index}]");
            let phase = self.phase(Some(&file.phase), &place, phases, "it goes in every phase");
            removals.push(self.removal(&file.things, phase, &place, projection));
            self.removal_places.push(place);
        }
        removals
    }

    fn removal(
        &mut self,
        file: &file::RemovedThingsFile,
        phase: String,
        place: &str,
        projection: &Projection,
    ) -> Removal {
        let rings = file.polygons.as_deref().unwrap_or_default();
        Removal {
            phase,
            ids: file.ids.clone().unwrap_or_default(),
            polygons: self.rings(rings, &format!("{place}.polygons"), projection),
            assets: file.assets.clone().unwrap_or_default(),
        }
    }

    fn building(
        &mut self,
        file: &file::BuildingFile,
        place: &str,
        of_variant: Certainty,
        phases: &[Phase],
        projection: &Projection,
    ) -> Option<NewBuilding> {
        let purpose = &file.purpose;
        let footprint = self.ring(&file.footprint.0, &format!("{place}.footprint"), projection)?;
        let holes_place = format!("{place}.holes");
        let holes = self.holes(
            file.holes.as_deref().unwrap_or_default(),
            &holes_place,
            0,
            &footprint,
            0.0,
            projection,
        );
        let storey_height_m = file.storey_height_m.unwrap_or(STOREY_HEIGHT_M);
        let roof_height_m = file.roof_height_m.unwrap_or(ROOF_HEIGHT_M);
        Some(NewBuilding {
            id: file.id.clone(),
            name: text(file.name.as_ref()),
            footprint,
            holes,
            base_m: file.base_m.unwrap_or(0.0),
            storeys: file.storeys,
            are_storeys_known: true,
            storey_height_m,
            ground_storey_height_m: file.ground_storey_height_m.unwrap_or(storey_height_m),
            underground_storeys: file.underground_storeys.unwrap_or(0),
            roof: match file.roof.unwrap_or(file::RoofFile::Flat) {
                file::RoofFile::Flat => Roof::Flat,
                file::RoofFile::Gable => Roof::Gable(roof_height_m),
                file::RoofFile::Hip => Roof::Hip(roof_height_m),
            },
            main_use: purpose.main_use.map_or(Use::Other, use_of),
            ground_use: file.ground_use.map(use_of),
            dwellings: purpose.dwellings,
            parking_places: purpose.parking_places,
            phase: self.phase(purpose.phase.as_deref(), place, phases, STANDS),
            certainty: purpose.certainty.map_or(of_variant, certainty),
        })
    }

    /// The files of footprints that can be read.
    fn masses(
        &mut self,
        variant: &file::VariantFile,
        place: &str,
        of_variant: Certainty,
        phases: &[Phase],
    ) -> Vec<MassSource> {
        let list = format!("{place}.masses");
        let files = variant.masses.as_deref().unwrap_or_default();
        let mut sources = Vec::with_capacity(files.len());
        for (file, index) in files.iter().zip(self.left_out.file_indices(&list, files.len())) {
            let place = format!("{list}[{index}]");
            if file.height.is_none() && file.storeys.is_none() {
                let message =
                    format!("name the attribute with the `height` or the one with the `storeys`; {place} is left out");
                self.error(&place, message);
                continue;
            }
            if let Some(path) = self.path(&file.path, &place) {
                let phase = self.phase(file.phase.as_deref(), &place, phases, STANDS);
                sources.push(MassSource::from_file(file, path, phase, of_variant));
            }
        }
        sources
    }

    /// The path of a file beside the scenario's own; without one what is at `place` is left out.
    fn path(&mut self, path: &str, place: &str) -> Option<String> {
        let joined = resource::join(self.document, path);
        joined
            .map_err(|error| {
                let message = format!("{error}; {place} is left out");
                self.findings
                    .error_because(error.cause(), format!("{place}.path"), message);
            })
            .ok()
    }

    fn model(
        &mut self,
        file: &file::ModelFile,
        place: &str,
        of_variant: Certainty,
        phases: &[Phase],
        projection: &Projection,
    ) -> Option<NewModel> {
        let purpose = &file.purpose;
        let path = self.path(&file.path, place)?;
        let site = projection.site();
        let placed = projection.site_from_file(file.position).and_then(|position| {
            let zero_m = height_at_site_zero_m(site, position, natural_reference(site))?;
            Ok((position, file.foot_m.map(|foot_m| foot_m - zero_m)))
        });
        let (position, foot_m) = match placed {
            Ok(placed) => placed,
            Err(message) => {
                self.place_error(format!("{place}.position"), format!("{message}; {place} is left out"));
                return None;
            }
        };
        Some(NewModel {
            id: file.id.clone(),
            title: text(file.title.as_ref()),
            path,
            origin: file.origin.map(DVec3::from_array).unwrap_or_default(),
            up: file.up.map_or(Up::Y, up),
            is_geocentric: file.geocentric.unwrap_or(false),
            position,
            foot_m,
            heading_deg: file.heading_deg.unwrap_or(0.0).rem_euclid(360.0),
            scale: file.scale.unwrap_or(1.0),
            main_use: purpose.main_use.map_or(Use::Other, use_of),
            is_use_known: purpose.main_use.is_some(),
            gfa_m2: file.gfa_m2,
            dwellings: purpose.dwellings,
            parking_places: purpose.parking_places,
            phase: self.phase(purpose.phase.as_deref(), place, phases, STANDS),
            certainty: purpose.certainty.map_or(of_variant, certainty),
        })
    }

    fn tree(
        &mut self,
        file: &file::TreeFile,
        place: &str,
        phases: &[Phase],
        projection: &Projection,
    ) -> Option<NewTree> {
        let position = match projection.site_from_file(file.position) {
            Ok(position) => position,
            Err(message) => {
                self.place_error(format!("{place}.position"), format!("{message}; {place} is left out"));
                return None;
            }
        };
        Some(NewTree {
            id: file.id.clone(),
            position,
            height_m: file.height_m.unwrap_or(8.0),
            crown_m: file.crown_m.unwrap_or(5.0),
            species: file.species.clone().unwrap_or_default(),
            phase: self.phase(file.phase.as_deref(), place, phases, STANDS),
        })
    }

    fn surface(
        &mut self,
        file: &file::SurfaceFile,
        place: &str,
        phases: &[Phase],
        projection: &Projection,
    ) -> Option<NewSurface> {
        let polygon = format!("{place}.polygon");
        let (outer, holes) = file.polygon.0.split_first()?;
        let outer = self.ring(&outer.0, &format!("{polygon}[0]"), projection)?;
        let holes = self.holes(holes, &polygon, 1, &outer, HOLE_TOLERANCE_M, projection);
        Some(NewSurface {
            id: file.id.clone(),
            kind: surface_kind(file.kind),
            outer,
            holes,
            raise_m: file.raise_m.unwrap_or(0.0),
            parking_places: file.parking_places,
            phase: self.phase(file.phase.as_deref(), place, phases, STANDS),
        })
    }

    /// The phase called `id`; where there is none, `otherwise` says what happens.
    fn phase(&mut self, id: Option<&str>, place: &str, phases: &[Phase], otherwise: &str) -> String {
        let Some(id) = id.filter(|id| !id.is_empty()) else {
            return String::new();
        };
        if phases.iter().any(|phase| phase.id == id) {
            return id.to_owned();
        }
        let known: Vec<&str> = phases.iter().map(|phase| phase.id.as_str()).collect();
        let message = format!("there is no phase `{id}`{}; {otherwise}", choices(&known));
        self.error(format!("{place}.phase"), message);
        String::new()
    }

    /// Warns about removals of things that do not exist. `buildings` and `assets` are `None` where nothing was read.
    pub(in crate::model::scenario) fn warn_of_unknown_removals(
        &mut self,
        scenario: &Scenario,
        buildings: Option<&dyn Fn(&str) -> bool>,
        assets: Option<&dyn Fn(&str) -> bool>,
    ) {
        let places = std::mem::take(&mut self.removal_places);
        let removals = scenario.variants.iter().flat_map(|variant| &variant.removals);
        for (removal, place) in removals.zip(&places) {
            for (what, key, ids, is_known) in [
                ("register holds a building", "ids", &removal.ids, buildings),
                ("layer holds an object", "assets", &removal.assets, assets),
            ] {
                let Some(is_known) = is_known else { continue };
                let list = format!("{place}.{key}");
                for (id, index) in ids.iter().zip(self.left_out.file_indices(&list, ids.len())) {
                    if !is_known(id) {
                        let message = format!("no {what} `{id}`; nothing is removed for it");
                        self.findings.warning(format!("{list}[{index}]"), message);
                    }
                }
            }
        }
        self.removal_places = places;
    }
}
