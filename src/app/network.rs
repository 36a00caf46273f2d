//! What of servers' answers is kept on this machine, for the settings: counted and cleared off the main thread.

use super::choices::Choices;
use super::desk::Screen;
use crate::panels::desk::Dialog;
use crate::panels::network::NetworkState;
use crate::schedule::FrameSystems;
use crate::sources::http::offline;
use crate::sources::remote::{OwnThread, StoredAnswers, on_own_thread};
use crate::text::tr;
use crate::ui::widgets::ToastKind;
use bevy::prelude::*;
use bevy::tasks::{block_on, poll_once};
use std::time::{Duration, Instant};

/// So often it is counted again while somebody looks.
const COUNTED_EVERY: Duration = Duration::from_secs(5);

/// Request: take away everything that is kept.
#[derive(Message, Debug, Clone, Copy)]
pub(super) struct ClearAnswers;

/// What is known of it.
#[derive(Resource, Default)]
pub(super) struct KeptAnswers {
    location: String,
    bytes: Option<u64>,
    counted: Option<Instant>,
    counting: Option<OwnThread<u64>>,
    clearing: Option<OwnThread<bool>>,
}

impl KeptAnswers {
    /// As the settings show it.
    pub(super) fn state(&self, wants_offline: bool) -> NetworkState {
        let is_forced = offline::is_forced();
        NetworkState {
            is_offline: wants_offline || is_forced,
            is_forced,
            location: self.location.clone(),
            kept_bytes: self.bytes,
            is_clearing: self.clearing.is_some(),
        }
    }
}

pub(super) fn plugin(app: &mut App) {
    let location = StoredAnswers::of_user().map(|stored| stored.folder().display().to_string());
    app.insert_resource(KeptAnswers {
        location: location.unwrap_or_default(),
        ..default()
    })
    .add_message::<ClearAnswers>()
    .add_systems(Update, (count, clear).chain().in_set(FrameSystems::Ingest));
}

/// Counts while the settings are open.
fn count(screen: Res<Screen>, mut kept: ResMut<KeptAnswers>) {
    if let Some(counting) = &mut kept.bypass_change_detection().counting {
        if let Some(bytes) = block_on(poll_once(counting)) {
            kept.bytes = bytes;
            kept.counting = None;
            kept.counted = Some(Instant::now());
        }
        return;
    }
    let is_due = kept.counted.is_none_or(|at| at.elapsed() > COUNTED_EVERY);
    if screen.0.dialog == Some(Dialog::Settings) && is_due && kept.clearing.is_none() {
        kept.counting = StoredAnswers::of_user().map(|stored| on_own_thread("count-kept", move || stored.bytes()));
        kept.counted = Some(Instant::now());
    }
}

fn clear(
    mut asked: MessageReader<ClearAnswers>,
    mut kept: ResMut<KeptAnswers>,
    mut screen: ResMut<Screen>,
    choices: Res<Choices>,
) {
    let is_asked = asked.read().last().is_some();
    if is_asked && kept.clearing.is_none() {
        kept.clearing =
            StoredAnswers::of_user().map(|stored| on_own_thread("clear-kept", move || stored.clear().is_ok()));
    }
    let Some(clearing) = &mut kept.bypass_change_detection().clearing else {
        return;
    };
    let Some(ended) = block_on(poll_once(clearing)) else {
        return;
    };
    kept.clearing = None;
    (kept.bytes, kept.counted, kept.counting) = (None, None, None);
    let (kind, words) = if ended == Some(true) {
        (ToastKind::Done, tr(&choices.language, "network-cleared"))
    } else {
        (ToastKind::Problem, tr(&choices.language, "network-not-cleared"))
    };
    screen.0.toasts.add(kind, words);
}
