//! Pictures from a server: nothing is asked before somebody looks at them.

use super::super::projection::MAX_DISTANCE_M;
use super::SitePicture;
use super::open::site_picture;
use crate::georef::SiteFrame;
use crate::model::{GroundPicture, Layer, PictureTile};
use crate::sources::Problem;
use crate::sources::resource::Resources;
use bevy::math::DVec2;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Metres of a pixel, taken for granted until the server has told: aerial pictures of the Netherlands.
const USUAL_M: f64 = 0.25;
/// After a failure a server is left alone this long.
const LEFT_ALONE: Duration = Duration::from_secs(30);

/// A layer that asks a server.
pub(super) struct AskedPicture {
    resources: Arc<dyn Resources>,
    layer: Layer,
    site: SiteFrame,
    host: String,
    opened: Mutex<Opened>,
}

/// What came of asking.
#[derive(Debug, Clone)]
enum Opened {
    NotAsked,
    Is(Arc<SitePicture>),
    /// Why not, and when that was.
    Failed(Problem, Instant),
}

impl std::fmt::Debug for AskedPicture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AskedPicture")
            .field("layer", &self.layer.id)
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

impl AskedPicture {
    pub(super) fn new(resources: Arc<dyn Resources>, layer: Layer, site: SiteFrame, host: String) -> Self {
        Self {
            resources,
            layer,
            site,
            host,
            opened: Mutex::new(Opened::NotAsked),
        }
    }

    /// What is known without asking.
    fn known(&self) -> Option<Arc<SitePicture>> {
        match &*self.opened.lock().unwrap_or_else(PoisonError::into_inner) {
            Opened::Is(picture) => Some(picture.clone()),
            Opened::NotAsked | Opened::Failed(..) => None,
        }
    }

    /// Asks, where that was not done yet. Whoever comes while it is asked waits for the answer.
    fn ask(&self) -> Result<Arc<SitePicture>, Problem> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        match &*opened {
            Opened::Is(picture) => return Ok(picture.clone()),
            Opened::Failed(problem, at) if at.elapsed() < LEFT_ALONE => return Err(problem.clone()),
            Opened::NotAsked | Opened::Failed(..) => {}
        }
        let asked = site_picture(&self.resources, &self.layer, self.site, &mut Vec::new()).map(Arc::new);
        *opened = match &asked {
            Ok(picture) => Opened::Is(picture.clone()),
            Err(problem) => Opened::Failed(problem.clone(), Instant::now()),
        };
        asked
    }
}

impl GroundPicture for AskedPicture {
    fn layer(&self) -> &str {
        &self.layer.id
    }

    fn bounds(&self) -> (DVec2, DVec2) {
        let anywhere = (DVec2::splat(-MAX_DISTANCE_M), DVec2::splat(MAX_DISTANCE_M));
        self.known().map_or(anywhere, |picture| picture.bounds())
    }

    fn finest_m(&self) -> f64 {
        self.known().map_or(USUAL_M, |picture| picture.finest_m())
    }

    fn picture(&self, low: DVec2, side_m: f64, side_px: u32) -> Result<Option<PictureTile>, Problem> {
        self.ask()?.picture(low, side_m, side_px)
    }

    fn host(&self) -> Option<&str> {
        Some(&self.host)
    }

    fn try_again(&self) {
        // Whoever asks just now holds the lock for long: then it is being tried already.
        if let Ok(mut opened) = self.opened.try_lock()
            && matches!(*opened, Opened::Failed(..))
        {
            *opened = Opened::NotAsked;
        }
    }
}
