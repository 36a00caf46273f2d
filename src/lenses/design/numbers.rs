//! The numbers of today and of every variant, reckoned off the main thread.

use crate::analysis::{Indicators, MissingData, StudyArea, Survey, SurveyError};
use crate::model::{LocalText, OpenScenario};
use bevy::tasks::{AsyncComputeTaskPool, Task, block_on, poll_once};
use std::sync::Arc;

/// Today or a variant, with its numbers.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// Place of the variant in the scenario's list; `None` for today where no variant stands for it.
    pub(super) variant: Option<usize>,
    /// What it is called; empty for today where no variant stands for it.
    pub(super) title: LocalText,
    /// Its numbers.
    pub(super) indicators: Indicators,
}

/// What was counted, and where.
#[derive(Clone)]
pub(super) struct Numbers {
    /// The scenario they are of.
    pub(super) open: Arc<OpenScenario>,
    /// What the phase is called at whose end was counted; `None` when all is built.
    pub(super) phase: Option<LocalText>,
    /// The land that was counted in.
    pub(super) area: StudyArea,
    /// Data of today that the scenario does not have.
    pub(super) missing: Vec<MissingData>,
    /// Today first, then the variants that change something.
    pub(super) states: Vec<State>,
}

impl Numbers {
    /// Counts everything at the end of `phase`, or when all is built.
    pub(super) fn of(open: Arc<OpenScenario>, phase: Option<&str>) -> Result<Self, SurveyError> {
        let survey = Survey::new(&open)?;
        let variants = &open.scenario.variants;
        let today = variants.iter().position(crate::model::Variant::is_today);
        let first = State {
            variant: today,
            title: today.map(|place| variants[place].title.clone()).unwrap_or_default(),
            indicators: survey.today().clone(),
        };
        let plans = variants.iter().enumerate().filter(|(_, variant)| !variant.is_today());
        let plans = plans.map(|(place, variant)| State {
            variant: Some(place),
            title: variant.title.clone(),
            indicators: survey.indicators(variant, phase),
        });
        let states = std::iter::once(first).chain(plans).collect();
        let (area, missing) = (survey.area().clone(), survey.missing().to_vec());
        let phase = open
            .scenario
            .phases
            .iter()
            .find(|known| Some(known.id.as_str()) == phase);
        Ok(Self {
            phase: phase.map(|phase| phase.title.clone()),
            open,
            area,
            missing,
            states,
        })
    }
}

/// What the reckoning is of: it starts anew when one of these is another.
#[derive(Clone)]
struct Wanted {
    open: Arc<OpenScenario>,
    phase: Option<String>,
}

impl PartialEq for Wanted {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.open, &other.open) && self.phase == other.phase
    }
}

/// The reckoning under way.
#[derive(Default)]
pub(super) struct Reckoning {
    wanted: Option<Wanted>,
    task: Option<Task<Result<Numbers, SurveyError>>>,
}

impl Reckoning {
    /// Asks for the numbers of a scenario at the end of a phase. Returns whether that is something else than before.
    pub(super) fn want(&mut self, open: &Arc<OpenScenario>, phase: Option<&str>) -> bool {
        let wanted = Wanted {
            open: open.clone(),
            phase: phase.map(str::to_owned),
        };
        if self.wanted.as_ref() == Some(&wanted) {
            return false;
        }
        let (open, phase) = (wanted.open.clone(), wanted.phase.clone());
        self.task = Some(AsyncComputeTaskPool::get().spawn(async move { Numbers::of(open, phase.as_deref()) }));
        self.wanted = Some(wanted);
        true
    }

    /// The numbers, once, when they are there.
    pub(super) fn take(&mut self) -> Option<Result<Numbers, SurveyError>> {
        let done = block_on(poll_once(self.task.as_mut()?))?;
        self.task = None;
        Some(done)
    }
}
