//! The clouds of a scenario as they are held while they are shown, and what a line of sight meets of them.

use super::material::{NodeUniform, PointMaterial};
use super::pick::{PickPoints, PickedPoint, PointHit, Sight};
use super::prepare::PreparedNode;
use super::sizes::Widths;
use crate::georef::{SitePos, narrow};
use crate::model::points::{PointFacts, SiteCloud, SiteTree};
use crate::sources::points::StopOnDrop;
use crate::streaming::{CloudIndex, CloudKey, CloudSelection};
use bevy::{math::DVec3, prelude::*, tasks::Task};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Least width of a disc on the screen, pixels.
const LEAST_PX: f32 = 1.5;
/// A point this much behind what is drawn as a surface is still met: ground that was measured lies in the drawn one.
const BEHIND_M: f64 = 0.6;

/// The clouds of the scenario.
#[derive(Resource, Default)]
pub(crate) struct PointClouds {
    pub(super) clouds: Vec<Cloud>,
    pub(super) reading: BTreeMap<CloudKey, Task<PreparedNode>>,
    pub(super) waiting: VecDeque<(CloudKey, PreparedNode)>,
    pub(super) selection: CloudSelection,
    /// What was selected from has changed since.
    pub(super) is_stale: bool,
    /// Counts selections, for what was wanted last.
    pub(super) turn: u64,
    pub(super) metres_per_pixel: f64,
}

/// One of them.
pub(super) struct Cloud {
    pub(super) layer: String,
    pub(super) tree: Tree,
    pub(super) resident: BTreeMap<u32, Resident>,
    pub(super) failed: BTreeSet<u32>,
    pub(super) told: usize,
    pub(super) hidden: BTreeSet<u8>,
}

/// How far the tree of a cloud is.
pub(super) enum Tree {
    /// Not shown yet.
    Asleep(Arc<SiteCloud>),
    /// Being made, for as long as this is kept.
    Making {
        cloud: Arc<SiteCloud>,
        task: Task<Option<SiteTree>>,
        /// Tells the task to stop when this goes.
        _stop: StopOnDrop,
    },
    /// There to be chosen from.
    There { tree: Arc<SiteTree>, index: CloudIndex },
    /// Cannot be had; the problem is told.
    Failed,
}

/// A node that is there.
pub(super) struct Resident {
    pub(super) entity: Entity,
    pub(super) material: Handle<PointMaterial>,
    pub(super) pick: PickPoints,
    pub(super) bytes: u64,
    pub(super) width_m: f64,
    pub(super) widths_m: Widths,
    pub(super) middle_m: f64,
    pub(super) wanted_in: u64,
    pub(super) is_drawn: bool,
}

impl PointClouds {
    /// Gives nodes up until all hold no more than `budget` bytes, what was wanted longest ago first, and returns their
    /// entities. What is wanted now stays.
    pub(super) fn give_up(&mut self, budget: u64) -> Vec<Entity> {
        let residents = self.clouds.iter().flat_map(|cloud| cloud.resident.values());
        let mut left: u64 = residents.map(|resident| resident.bytes).sum();
        let mut gone = Vec::new();
        if left <= budget {
            return gone;
        }
        let mut idle: Vec<(u64, CloudKey)> = Vec::new();
        for (cloud, of) in (0_u32..).zip(&self.clouds) {
            let not_now = of
                .resident
                .iter()
                .filter(|(_, resident)| resident.wanted_in != self.turn);
            idle.extend(not_now.map(|(node, resident)| (resident.wanted_in, CloudKey { cloud, node: *node })));
        }
        idle.sort_unstable();
        for (_, key) in idle {
            if left <= budget {
                break;
            }
            let cloud = self.clouds.get_mut(key.cloud as usize);
            if let Some(resident) = cloud.and_then(|cloud| cloud.resident.remove(&key.node)) {
                left = left.saturating_sub(resident.bytes);
                gone.push(resident.entity);
            }
        }
        gone
    }

    /// The measured point that a line of sight meets, where something else is met at `other_m`, if at all.
    pub(crate) fn cast(&self, eye: SitePos, direction: DVec3, other_m: Option<f64>) -> Option<(PointHit, PickedPoint)> {
        let sight = Sight {
            eye,
            direction,
            metres_per_pixel: self.metres_per_pixel,
        };
        let nodes = self.clouds.iter().flat_map(|cloud| {
            let drawn = cloud.resident.values().filter(|resident| resident.is_drawn);
            drawn.map(move |resident| (cloud, resident))
        });
        let met = nodes.filter_map(|(cloud, resident)| {
            let width_m = resident.widths_m.iter().copied().fold(f64::INFINITY, f64::min);
            let is_shown = |facts: &PointFacts| !cloud.hidden.contains(&facts.class);
            let hit = resident.pick.cast(&sight, narrow_m(width_m), is_shown)?;
            Some((hit, cloud))
        });
        let (hit, cloud) = met.min_by(|(a, _), (b, _)| a.score.total_cmp(&b.score))?;
        is_foremost(hit.distance_m, other_m).then(|| {
            let picked = PickedPoint {
                layer: cloud.layer.clone(),
                facts: hit.facts,
            };
            (hit, picked)
        })
    }
}

/// Whether a point is met before what is met as a surface at `other_m`, if at all.
pub(in crate::view) fn is_foremost(distance_m: f64, other_m: Option<f64>) -> bool {
    other_m.is_none_or(|other_m| distance_m <= other_m + BEHIND_M)
}

/// What the shader knows of a node.
pub(super) fn uniform(widths_m: Widths, middle_m: f64, count: u32) -> NodeUniform {
    let [lower_m @ .., _, _, _, _] = widths_m.map(narrow_m);
    let [_, _, _, _, upper_m @ ..] = widths_m.map(narrow_m);
    NodeUniform {
        lower_m: Vec4::from_array(lower_m),
        upper_m: Vec4::from_array(upper_m),
        place: Vec4::new(narrow_m(middle_m), LEAST_PX, 0.0, 0.0),
        count: UVec4::new(count, 0, 0, 0),
    }
}

/// A width or a height for the eye.
pub(super) fn narrow_m(value: f64) -> f32 {
    narrow(DVec3::splat(value))[0]
}
