//! Reading a scenario folder or package: every check once, every problem with its place.

use super::{Label, NewSurface, Scenario};
use crate::model::{Asset, BuildingRegister, Report, Sensor, Terrain};
use crate::sources::{Problem, resource::Resources};
use std::{path::Path, sync::Arc};

/// A scenario with the data of its vector layers, read and checked (tiles are streamed later).
#[derive(Clone)]
pub struct OpenScenario {
    /// The scenario.
    pub scenario: Scenario,
    /// Where its files are read from.
    pub resources: Arc<dyn Resources>,
    /// Ground heights, flat at the anchor when there is no terrain layer.
    pub terrain: Arc<Terrain>,
    /// Ground cover of the base.
    pub surfaces: Arc<Vec<NewSurface>>,
    /// Buildings of all tile layers.
    pub register: Arc<BuildingRegister>,
    /// Managed objects.
    pub assets: Arc<Vec<Asset>>,
    /// Public-space reports.
    pub reports: Arc<Vec<Report>>,
    /// Sensors.
    pub sensors: Arc<Vec<Sensor>>,
    /// Names on the map.
    pub labels: Arc<Vec<Label>>,
    /// Everything wrong with the files.
    pub problems: Vec<Problem>,
}

/// Opens a scenario folder, its `scenario.json`, or a package. `Err` when nothing can be shown at all.
pub fn open(path: &Path) -> Result<OpenScenario, Vec<Problem>> {
    let _ = path;
    todo!()
}
