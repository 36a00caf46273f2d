//! The kiosk's way to the disk: one reaction at a time, acknowledged when it is there; settings; what staff do.

use super::session::Draft;
use super::settings::{self, Settings};
use crate::model::StoreHandle;
use crate::model::reaction::{DayPart, Moderation, Reaction, Words};
use crate::model::store::{Pending, Store, StoreError, StoredReactions};
use crate::sources::{Cause, Problem};
use jiff::civil::{Date, Time};

/// What is read when a scenario is opened.
struct Read {
    settings: Option<String>,
    counts: [usize; 2],
}

/// The way to the disk. Without a store nothing is kept, and the kiosk says so.
#[derive(Default)]
pub(super) struct Keeping {
    store: Option<StoreHandle>,
    is_open: bool,
    trouble: Option<Problem>,
    reading: Option<Pending<Read>>,
    settings: Option<Settings>,
    /// Reactions that count, and trials.
    counts: [usize; 2],
    sending: Option<Pending<[usize; 2]>>,
    sent: Option<bool>,
    changing: Vec<Pending<[usize; 2]>>,
    listing: Option<Pending<StoredReactions>>,
    listed: Option<StoredReactions>,
    /// Everything is being deleted, since this day.
    sweeping: Option<(Date, Pending<[usize; 2]>)>,
    /// The day for which the date of deletion was looked at.
    swept_on: Option<Date>,
    may_begin_anew: bool,
}

impl Keeping {
    /// Takes the store of a scenario and reads what is in it.
    /// Settings that cannot be read put the kiosk out of order, so that nobody chooses a code in the place of staff; with
    /// `may_begin_anew` they are set anew.
    pub(super) fn open(&mut self, store: Option<StoreHandle>, problem: Option<Problem>, may_begin_anew: bool) {
        *self = Self {
            trouble: problem,
            may_begin_anew,
            ..Self::default()
        };
        if let Some(store) = store {
            self.reading = Some(store.submit(|store| {
                store.forget_order()?;
                Ok(Read {
                    settings: store.setting(settings::NAME)?,
                    counts: counts(store)?,
                })
            }));
            self.store = Some(store);
        } else {
            let nowhere = || Problem::error("", "", "reactions are kept nowhere").because(Cause::Unwritable);
            self.trouble.get_or_insert_with(nowhere);
            self.is_open = true;
        }
    }

    /// Whether everything that was kept has been read, or there is no store.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Why nothing can be kept.
    pub(super) fn trouble(&self) -> Option<&Problem> {
        self.trouble.as_ref().filter(|_| self.store.is_none())
    }

    /// What went wrong last, for staff.
    pub(super) fn last_trouble(&self) -> Option<&Problem> {
        self.trouble.as_ref()
    }

    /// Whether everything that was asked for is done.
    pub(super) fn is_idle(&self) -> bool {
        self.sending.is_none() && self.changing.is_empty() && self.sweeping.is_none()
    }

    /// How many reactions there are, trials or the others.
    pub(super) fn count(&self, trials: bool) -> usize {
        self.counts[usize::from(trials)]
    }

    /// The settings that were read, once.
    pub(super) fn take_settings(&mut self) -> Option<Settings> {
        self.settings.take()
    }

    /// Whether what was sent last is on the disk, once.
    pub(super) fn take_sent(&mut self) -> Option<bool> {
        self.sent.take()
    }

    /// The reactions that staff asked for, while they look at them.
    pub(super) fn listed(&self) -> Option<&StoredReactions> {
        self.listed.as_ref()
    }

    /// Keeps a reaction.
    pub(super) fn send(&mut self, reaction: Reaction) {
        match &self.store {
            Some(store) => {
                let before = self.counts;
                self.sending = Some(store.submit(move |store| {
                    store.add_reaction(&reaction)?;
                    // It is kept now, whether it can be counted or not.
                    let mut one_more = before;
                    one_more[usize::from(reaction.is_trial)] += 1;
                    Ok(counts(store).unwrap_or(one_more))
                }));
            }
            None => self.sent = Some(false),
        }
    }

    /// Keeps the settings.
    pub(super) fn save(&mut self, settings: &Settings) {
        let text = settings.write();
        self.change(move |store| store.set_setting(settings::NAME, &text));
    }

    /// Decides about somebody's words.
    pub(super) fn moderate(&mut self, id: i64, moderation: Moderation) {
        // Shown at once; the disk follows.
        let listed = self.listed.iter_mut().flat_map(|listed| &mut listed.reactions);
        for words in listed
            .filter(|reaction| reaction.id == id)
            .filter_map(|reaction| reaction.words.as_mut())
        {
            words.moderation = moderation;
        }
        self.change(move |store| store.moderate(id, moderation));
    }

    /// Deletes somebody's words.
    pub(super) fn delete_words(&mut self, id: i64) {
        let listed = self.listed.iter_mut().flat_map(|listed| &mut listed.reactions);
        for reaction in listed.filter(|reaction| reaction.id == id) {
            reaction.words = None;
        }
        self.change(move |store| store.delete_words(id));
    }

    /// Deletes every trial.
    pub(super) fn delete_trials(&mut self) {
        if let Some(listed) = &mut self.listed {
            listed.reactions.retain(|reaction| !reaction.is_trial);
        }
        self.change(Store::delete_trials);
    }

    /// Asks for every reaction.
    pub(super) fn list(&mut self) {
        if let (Some(store), None) = (&self.store, &self.listing) {
            self.listing = Some(store.submit(|store| store.reactions()));
        }
    }

    /// Forgets the reactions that staff looked at.
    pub(super) fn forget_list(&mut self) {
        self.listed = None;
    }

    fn change(&mut self, job: impl FnOnce(&mut Store) -> Result<(), StoreError> + Send + 'static) {
        if let Some(store) = &self.store {
            self.changing.push(store.submit(move |store| {
                job(store)?;
                counts(store)
            }));
        }
    }

    /// Notices what is on the disk by now, and deletes everything once its day has come.
    pub(super) fn follow(&mut self, today: Date, settings: &Settings) {
        if let Some(read) = self.reading.as_mut().and_then(Pending::poll) {
            self.reading = None;
            self.is_open = true;
            match read {
                Ok(read) => {
                    self.counts = read.counts;
                    let kept = read.settings.map(|text| Settings::read(&text));
                    match kept {
                        Some(None) if !self.may_begin_anew => {
                            let message = "the settings of the kiosk cannot be read: start it with --new-code";
                            self.trouble = Some(Problem::error("", "", message).because(Cause::Newer));
                            self.store = None;
                        }
                        kept => self.settings = Some(kept.flatten().unwrap_or_default()),
                    }
                }
                Err(error) => self.give_up(&error),
            }
            return;
        }
        if let Some(sent) = self.sending.as_mut().and_then(Pending::poll) {
            self.sending = None;
            self.sent = Some(sent.is_ok());
            match sent {
                Ok(counts) => self.counts = counts,
                Err(error) => self.trouble = Some(error.problem()),
            }
        }
        if let Some(listed) = self.listing.as_mut().and_then(Pending::poll) {
            self.listing = None;
            match listed {
                Ok(listed) => self.listed = Some(listed),
                Err(error) => self.trouble = Some(error.problem()),
            }
        }
        let mut done = Vec::new();
        self.changing.retain_mut(|pending| match pending.poll() {
            Some(answer) => {
                done.push(answer);
                false
            }
            None => true,
        });
        for answer in done {
            match answer {
                Ok(counts) => self.counts = counts,
                Err(error) => self.trouble = Some(error.problem()),
            }
        }
        self.sweep(today, settings);
    }

    /// Deletes everything once its day has come; tries again in the next frame where that did not work.
    fn sweep(&mut self, today: Date, settings: &Settings) {
        if let Some((day, pending)) = &mut self.sweeping {
            let day = *day;
            match pending.poll() {
                None => {}
                Some(Ok(counts)) => {
                    self.counts = counts;
                    self.swept_on = Some(day);
                    self.sweeping = None;
                }
                Some(Err(error)) => {
                    self.trouble = Some(error.problem());
                    self.sweeping = None;
                }
            }
            return;
        }
        let is_new_day = self.swept_on != Some(today);
        let (true, Some(store)) = (self.is_open && self.settings.is_none() && is_new_day, &self.store) else {
            return;
        };
        let is_due = settings.is_due(today);
        if is_due {
            self.listed = self.listed.take().map(|_| StoredReactions::default());
        }
        let job = move |store: &mut Store| {
            if is_due {
                store.delete_reactions()?;
            } else {
                store.forget_order()?;
            }
            counts(store)
        };
        self.sweeping = Some((today, store.submit(job)));
    }

    fn give_up(&mut self, error: &StoreError) {
        self.trouble = Some(error.problem());
        self.store = None;
    }
}

fn counts(store: &Store) -> Result<[usize; 2], StoreError> {
    Ok([store.count_reactions(false)?, store.count_reactions(true)?])
}

/// What was said as it is kept: no time but the day and its part, and words that nobody has read yet.
pub(super) fn reaction_of(draft: Draft, is_trial: bool, day: Date, time: Time) -> Reaction {
    let words = draft.words.split_whitespace().collect::<Vec<_>>().join(" ");
    Reaction {
        id: Reaction::new_id(),
        is_trial,
        variant: draft.variant,
        smiley: draft.smiley.unwrap_or(crate::model::reaction::Smiley::Neutral),
        spot: draft.spot.map(|set| set.spot),
        theme: draft.theme,
        words: (!words.is_empty()).then_some(Words {
            text: words,
            moderation: Moderation::Waiting,
        }),
        day,
        part: DayPart::of(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reaction::Smiley;
    use crate::model::reaction::tests::reaction;
    use jiff::civil::{date, time};
    use std::time::{Duration, Instant};

    const TODAY: Date = date(2026, 11, 25);

    fn until(keeping: &mut Keeping, settings: &Settings, is_so: impl Fn(&mut Keeping) -> bool) {
        let start = Instant::now();
        while !is_so(keeping) {
            assert!(start.elapsed() < Duration::from_secs(20), "waited too long");
            keeping.follow(TODAY, settings);
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn opened(folder: &tempfile::TempDir) -> (Keeping, Settings) {
        let (store, problem) = StoreHandle::open(&folder.path().join("a.sqlite")).unwrap();
        let mut keeping = Keeping::default();
        keeping.open(Some(store), problem, false);
        let mut settings = None;
        until(&mut keeping, &Settings::default(), |keeping| keeping.is_open());
        settings = keeping.take_settings().or(settings);
        (keeping, settings.expect("settings"))
    }

    #[test]
    fn what_was_acknowledged_is_there_after_the_kiosk_was_ended() {
        let folder = tempfile::tempdir().unwrap();
        let (mut keeping, settings) = opened(&folder);
        keeping.send(reaction(1));
        until(&mut keeping, &settings, |keeping| keeping.take_sent() == Some(true));
        assert_eq!((keeping.count(false), keeping.count(true)), (1, 0));
        drop(keeping);
        let (keeping, _) = opened(&folder);
        assert_eq!(keeping.count(false), 1);
    }

    #[test]
    fn settings_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (mut keeping, mut settings) = opened(&folder);
        assert_eq!(settings, Settings::default());
        settings.idle_s = 120;
        settings.code = "hash".into();
        keeping.save(&settings);
        until(&mut keeping, &settings, |keeping| keeping.changing.is_empty());
        drop(keeping);
        assert_eq!(opened(&folder).1, settings);
    }

    #[test]
    fn settings_of_a_newer_program_are_nobodys_invitation_to_choose_a_code() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        let (mut store, _) = Store::open(&path).unwrap();
        store
            .set_setting(settings::NAME, r#"{"version": 9, "code": "x"}"#)
            .unwrap();
        drop(store);
        let read = |may_begin_anew: bool| {
            let (store, problem) = StoreHandle::open(&path).unwrap();
            let mut keeping = Keeping::default();
            keeping.open(Some(store), problem, may_begin_anew);
            until(&mut keeping, &Settings::default(), |keeping| keeping.is_open());
            (keeping.take_settings(), keeping.trouble().is_some())
        };
        assert_eq!(read(false), (None, true));
        assert_eq!(read(true), (Some(Settings::default()), false));
    }

    #[test]
    fn everything_goes_on_the_day_that_was_set() {
        let folder = tempfile::tempdir().unwrap();
        let (mut keeping, mut settings) = opened(&folder);
        keeping.send(reaction(1));
        until(&mut keeping, &settings, |keeping| keeping.take_sent().is_some());
        settings.delete_on = Some(TODAY);
        let start = Instant::now();
        while keeping.count(false) > 0 {
            assert!(start.elapsed() < Duration::from_secs(20), "waited too long");
            keeping.follow(TODAY.tomorrow().unwrap(), &settings);
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(keeping);
        assert_eq!(opened(&folder).0.count(false), 0);
    }

    #[test]
    fn without_a_store_nothing_is_said_to_be_kept() {
        let mut keeping = Keeping::default();
        keeping.open(None, None, false);
        assert_eq!(keeping.trouble().map(|problem| problem.cause), Some(Cause::Unwritable));
        keeping.send(reaction(1));
        assert_eq!(keeping.take_sent(), Some(false));
    }

    #[test]
    fn a_reaction_tells_no_more_than_its_part_of_the_day() {
        let draft = Draft {
            variant: "A".into(),
            smiley: Some(Smiley::Glad),
            words: "  meer   bomen ".into(),
            ..Draft::default()
        };
        let kept = reaction_of(draft, false, TODAY, time(14, 23, 51, 0));
        assert_eq!((kept.day, kept.part), (TODAY, DayPart::Afternoon));
        let words = kept.words.expect("words");
        assert_eq!(
            (words.text.as_str(), words.moderation),
            ("meer bomen", Moderation::Waiting)
        );
        let silent = reaction_of(Draft::default(), false, TODAY, time(9, 0, 0, 0));
        assert_eq!(silent.words, None);
    }
}
