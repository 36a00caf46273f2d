//! The person's choices: loaded at the start, applied when they change, saved off the main thread.

use crate::panels::desk::Desk;
use crate::schedule::Lens;
use crate::sources::http::offline;
use crate::text::Language;
use crate::ui::preferences::{QualityChoice, ThemeChoice};
use crate::ui::{Preferences, Theme};
use crate::view::{
    camera::ReducedMotion,
    quality::{Preset, Quality},
};
use bevy::prelude::*;
use bevy::tasks::{IoTaskPool, Task, futures_lite::future};
use std::path::PathBuf;

/// The choices, where they are kept and what was saved last.
#[derive(Resource)]
pub(super) struct Choices {
    /// As they are now.
    pub(super) preferences: Preferences,
    /// Language of the interface now.
    pub(super) language: Language,
    /// Whether they could not be read at the start.
    pub(super) were_lost: bool,
    folder: Option<PathBuf>,
    saved: Preferences,
    saving: Option<Task<bool>>,
}

impl Choices {
    /// Reads the person's choices; a language named on the command line wins for this run.
    pub(super) fn load(language: Option<Language>) -> Self {
        let folder = Preferences::folder().ok();
        let (preferences, problem) = folder.as_deref().map(Preferences::load).unwrap_or_default();
        // Before anything is opened.
        offline::switch_offline(preferences.offline);
        let language = language
            .or_else(|| preferences.language.as_deref().and_then(Language::from_code))
            .unwrap_or_else(Language::of_system);
        Self {
            saved: preferences.clone(),
            preferences,
            language,
            were_lost: problem.is_some(),
            folder,
            saving: None,
        }
    }

    /// Chooses a language for good.
    pub(super) fn choose_language(&mut self, language: Language) {
        self.preferences.language = Some(language.code());
        self.language = language;
    }

    /// The look that was chosen, in the colour of a lens.
    pub(super) fn theme(&self, lens: Lens) -> Theme {
        let mut theme = Theme::new(self.preferences.theme == ThemeChoice::Dark, self.preferences.text_scale);
        theme.accent = crate::panels::accent(lens, &theme.tokens);
        theme.reduced_motion = self.preferences.reduced_motion;
        theme
    }
}

/// Lets the view follow the choices.
pub(super) fn apply_choices(choices: Res<Choices>, mut quality: ResMut<Quality>, mut motion: ResMut<ReducedMotion>) {
    if !choices.is_changed() {
        return;
    }
    let preset = match choices.preferences.quality {
        QualityChoice::Automatic => None,
        QualityChoice::Low => Some(Preset::Low),
        QualityChoice::Middle => Some(Preset::Middle),
        QualityChoice::High => Some(Preset::High),
    };
    if quality.is_chosen() != preset.is_some() || preset.is_some_and(|preset| preset != quality.preset()) {
        quality.choose(preset);
    }
    offline::switch_offline(choices.preferences.offline);
    motion.set_if_neq(ReducedMotion(choices.preferences.reduced_motion));
}

/// Saves what changed, one save at a time.
pub(super) fn save_choices(mut choices: ResMut<Choices>, mut desk: ResMut<super::desk::Screen>) {
    let choices = choices.bypass_change_detection();
    if let Some(task) = choices.saving.as_mut() {
        let Some(done) = future::block_on(future::poll_once(task)) else {
            return;
        };
        choices.saving = None;
        if !done {
            complain(&mut desk.0, choices);
        }
    }
    let Some(folder) = choices.folder.clone() else { return };
    if choices.preferences != choices.saved {
        choices.saved = choices.preferences.clone();
        let preferences = choices.preferences.clone();
        choices.saving = Some(IoTaskPool::get().spawn(async move { preferences.save(&folder).is_ok() }));
    }
}

fn complain(desk: &mut Desk, choices: &Choices) {
    desk.toasts.add(
        crate::ui::widgets::ToastKind::Problem,
        crate::text::tr(&choices.language, "preferences-unsaved"),
    );
}
