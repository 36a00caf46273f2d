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
struct Wanted {
    open: Arc<OpenScenario>,
    phase: Option<String>,
}

impl Wanted {
    /// Whether counting it again would give the same: a note or a viewpoint makes another scenario and no other numbers.
    fn counts_like(&self, open: &Arc<OpenScenario>, phase: Option<&str>) -> bool {
        let (old, new) = (&self.open, open);
        let is_same_data = || {
            Arc::ptr_eq(&old.register, &new.register)
                && Arc::ptr_eq(&old.surfaces, &new.surfaces)
                && Arc::ptr_eq(&old.assets, &new.assets)
                && old.scenario.plan_area == new.scenario.plan_area
                && old.scenario.area == new.scenario.area
                && old.scenario.phases == new.scenario.phases
                && old.scenario.variants == new.scenario.variants
        };
        self.phase.as_deref() == phase && (Arc::ptr_eq(old, new) || is_same_data())
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
        let known = self.wanted.as_mut().filter(|wanted| wanted.counts_like(open, phase));
        if let Some(known) = known {
            // So that the next frame sees at once that it is the same.
            if !Arc::ptr_eq(&known.open, open) {
                known.open = open.clone();
            }
            return false;
        }
        let wanted = Wanted {
            open: open.clone(),
            phase: phase.map(str::to_owned),
        };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::note::tests::note;
    use crate::model::scenario;
    use std::path::Path;

    #[test]
    fn a_note_changes_no_number_and_a_plan_does() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hof");
        let open = scenario::open(&path).expect("the fixture opens");
        let wanted = Wanted {
            open: Arc::new(open.clone()),
            phase: None,
        };
        let mut noted = open.clone();
        noted.scenario.notes.push(note(1, "a note"));
        assert!(wanted.counts_like(&Arc::new(noted), None));
        assert!(!wanted.counts_like(&wanted.open, Some("1")));
        let mut smaller = open;
        smaller.scenario.variants.pop().expect("a variant");
        assert!(!wanted.counts_like(&Arc::new(smaller), None));
    }
}
