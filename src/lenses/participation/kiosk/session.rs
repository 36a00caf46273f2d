//! One visitor at the kiosk, from the first touch to the last: which screen, what was said so far, and when it is
//! forgotten. Pure; knows neither pictures nor a database.
//!
//! Nothing leaves a session but by [`Effect::Send`]. Whatever ends it (thanks, "stop", nobody there any more) forgets
//! everything that was said, the unfinished words first of all.

use crate::georef::SitePos;
use crate::model::reaction::{Reaction, Smiley, Spot, Theme};
use crate::text::Language;

/// How long the thanks stay when nobody touches the screen, seconds.
pub(super) const THANKS_S: f32 = 15.0;

/// How long a language or larger letters that somebody chose on the first screen stay, seconds.
const FIRST_SCREEN_S: f32 = 45.0;

/// Which screen is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Nobody is there: the city turns and a question is asked.
    Attract,
    /// Which variant?
    Choose,
    /// The city with its variant, and three faces.
    Look,
    /// A face was given: send it, or say more first.
    Say,
    /// The city moves under a fixed marker.
    Spot,
    /// One of four themes.
    Theme,
    /// A few words.
    Words,
    /// It is being kept.
    Sending,
    /// It could not be kept.
    Failed,
    /// It is kept.
    Thanks,
}

/// A spot that was set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SetSpot {
    /// What is kept of it.
    pub(super) spot: Spot,
    /// Where its pin stands while the visitor is there; kept nowhere.
    pub(super) at: SitePos,
}

/// What was said so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Draft {
    /// Id of the variant.
    pub(super) variant: String,
    /// The face.
    pub(super) smiley: Option<Smiley>,
    /// The spot.
    pub(super) spot: Option<SetSpot>,
    /// The theme.
    pub(super) theme: Option<Theme>,
    /// The words.
    pub(super) words: String,
}

/// The time of day that the sun is shown at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SunPart {
    /// Some hours after sunrise.
    Morning,
    /// The middle of the day.
    Noon,
    /// Some hours before sunset.
    Evening,
}

impl SunPart {
    /// The next one around the day.
    pub(super) fn next(self) -> Self {
        match self {
            Self::Morning => Self::Noon,
            Self::Noon => Self::Evening,
            Self::Evening => Self::Morning,
        }
    }
}

/// What a visitor did.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Touch {
    /// Came to the screen.
    Begin,
    /// Chose the variant with this id.
    Choose(String),
    /// One screen back.
    Back,
    /// Nearer (negative) or further.
    Zoom(i8),
    /// Around the city, to the left (negative) or right.
    Turn(i8),
    /// The sun goes on to the next part of the day.
    Sun,
    /// Today instead of the plan, and back.
    Compare,
    /// Gave a face.
    Face(Smiley),
    /// To the screen of this step.
    Open(Step),
    /// The spot under the marker.
    PutSpot(SetSpot),
    /// No spot after all.
    DropSpot,
    /// Chose a theme, or took the choice back.
    Theme(Theme),
    /// Typed this.
    Type(String),
    /// Took the last letter away.
    Erase,
    /// Send it.
    Send,
    /// Another language.
    Speak(Language),
    /// Larger letters, and back.
    Enlarge,
    /// Controls lower, and back.
    Lower,
    /// Still there.
    Stay,
    /// Done.
    Leave,
}

/// What the world has to do.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Effect {
    /// Show the variant with this id.
    Show(String),
    /// Show today, whatever the variant.
    ShowToday,
    /// Fly to where the scenario starts.
    Home,
    /// A step nearer (negative) or further.
    Zoom(i8),
    /// A part of a turn to the left (negative) or right.
    Turn(i8),
    /// Put the sun there.
    Sun(SunPart),
    /// Keep this.
    Send(Draft),
    /// The session is over: nothing of it may be left anywhere.
    Forget,
}

/// How long may be waited, seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Patience {
    /// Without a touch, until it is asked whether anybody is there.
    pub(super) idle_s: f32,
    /// For the answer.
    pub(super) question_s: f32,
}

/// The session.
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Session {
    /// Which screen.
    pub(super) step: Step,
    /// What was said.
    pub(super) draft: Draft,
    /// The language of the texts.
    pub(super) language: Language,
    /// Text twice as large.
    pub(super) is_enlarged: bool,
    /// Controls lower still.
    pub(super) is_lowered: bool,
    /// Today is shown instead of the variant.
    pub(super) shows_today: bool,
    /// Where the sun stands.
    pub(super) sun: SunPart,
    /// How long nobody has touched anything, seconds.
    idle_s: f32,
    /// Whether it is asked if anybody is there.
    is_asking: bool,
}

impl Session {
    /// Nobody there.
    pub(super) fn new(language: Language) -> Self {
        Self {
            step: Step::Attract,
            draft: Draft::default(),
            language,
            is_enlarged: false,
            is_lowered: false,
            shows_today: false,
            sun: SunPart::Noon,
            idle_s: 0.0,
            is_asking: false,
        }
    }

    /// Where the pin of the spot stands that this visitor has set. Not while a spot is chosen, when the pin over the
    /// middle says where the new one comes, nor before a plan is looked at.
    pub(super) fn pin(&self) -> Option<SitePos> {
        match self.step {
            Step::Look | Step::Say | Step::Theme | Step::Words | Step::Sending | Step::Failed => {
                self.draft.spot.map(|set| set.at)
            }
            Step::Attract | Step::Choose | Step::Spot | Step::Thanks => None,
        }
    }

    /// Whether it is asked if anybody is there, and how many seconds are left for the answer.
    pub(super) fn question_left_s(&self, patience: Patience) -> Option<f32> {
        self.is_asking
            .then(|| (patience.idle_s + patience.question_s - self.idle_s).max(0.0))
    }

    /// Somebody moves or touches something. While it is asked whether anybody is there only the answer counts: a sleeve
    /// on the glass is nobody.
    pub(super) fn stir(&mut self) {
        if !self.is_asking {
            self.idle_s = 0.0;
        }
    }

    /// Time passes. `home` is the language that the next visitor is greeted in.
    pub(super) fn pass(&mut self, seconds: f32, patience: Patience, home: &Language) -> Vec<Effect> {
        if self.step == Step::Attract {
            self.idle_s += seconds;
            // Who chose another language and left is forgotten as well.
            if self.idle_s >= FIRST_SCREEN_S {
                *self = Self::new(home.clone());
            }
            return Vec::new();
        }
        // What is on its way to the disk is not forgotten before it is there.
        if self.step == Step::Sending {
            return Vec::new();
        }
        self.idle_s += seconds;
        if self.step == Step::Thanks && self.idle_s >= THANKS_S {
            return self.end(home);
        }
        if self.is_asking && self.idle_s >= patience.idle_s + patience.question_s {
            return self.end(home);
        }
        if self.idle_s >= patience.idle_s {
            self.is_asking = true;
        }
        Vec::new()
    }

    /// Follows what a visitor did.
    pub(super) fn touch(&mut self, touch: Touch, home: &Language) -> Vec<Effect> {
        if self.is_asking && !matches!(touch, Touch::Stay | Touch::Leave) {
            return Vec::new();
        }
        self.idle_s = 0.0;
        self.is_asking = false;
        match touch {
            Touch::Begin if self.step == Step::Attract => {
                self.step = Step::Choose;
                vec![Effect::Home]
            }
            Touch::Choose(id) if self.step == Step::Choose => {
                // Another variant is another reaction: what was said of the one before does not go over to it.
                if self.draft.variant != id {
                    self.draft = Draft {
                        variant: id.clone(),
                        ..Draft::default()
                    };
                }
                self.step = Step::Look;
                self.shows_today = false;
                vec![Effect::Show(id)]
            }
            Touch::Back => self.back(home),
            Touch::Zoom(steps) => vec![Effect::Zoom(steps)],
            Touch::Turn(parts) => vec![Effect::Turn(parts)],
            Touch::Sun => {
                self.sun = self.sun.next();
                vec![Effect::Sun(self.sun)]
            }
            Touch::Compare if !self.draft.variant.is_empty() => {
                self.shows_today = !self.shows_today;
                vec![self.shown()]
            }
            Touch::Face(smiley) if matches!(self.step, Step::Look | Step::Say) => {
                self.draft.smiley = Some(smiley);
                self.step = Step::Say;
                self.show_plan()
            }
            Touch::Open(step) if self.step == Step::Say => {
                if matches!(step, Step::Spot | Step::Theme | Step::Words) {
                    self.step = step;
                }
                Vec::new()
            }
            Touch::PutSpot(spot) if self.step == Step::Spot => {
                self.draft.spot = Some(spot);
                self.step = Step::Say;
                self.show_plan()
            }
            Touch::DropSpot if self.step == Step::Spot => {
                self.draft.spot = None;
                self.step = Step::Say;
                self.show_plan()
            }
            Touch::Theme(theme) if self.step == Step::Theme => {
                let is_chosen = self.draft.theme == Some(theme);
                self.draft.theme = (!is_chosen).then_some(theme);
                if !is_chosen {
                    self.step = Step::Say;
                }
                Vec::new()
            }
            Touch::Type(text) if self.step == Step::Words => {
                let room = Reaction::MAX_CHARS.saturating_sub(self.draft.words.chars().count());
                let plain = text.chars().filter(|letter| !letter.is_control());
                self.draft.words.extend(plain.take(room));
                Vec::new()
            }
            Touch::Erase if self.step == Step::Words => {
                self.draft.words.pop();
                Vec::new()
            }
            Touch::Send if matches!(self.step, Step::Say | Step::Failed) && self.draft.smiley.is_some() => {
                self.step = Step::Sending;
                vec![Effect::Send(self.draft.clone())]
            }
            Touch::Speak(language) => {
                self.language = language;
                Vec::new()
            }
            Touch::Enlarge => {
                self.is_enlarged = !self.is_enlarged;
                Vec::new()
            }
            Touch::Lower => {
                self.is_lowered = !self.is_lowered;
                Vec::new()
            }
            Touch::Leave if self.step != Step::Sending => self.end(home),
            _ => Vec::new(),
        }
    }

    /// What was sent is on the disk, or could not be put there.
    pub(super) fn sent(&mut self, is_kept: bool) {
        if self.step != Step::Sending {
            return;
        }
        self.idle_s = 0.0;
        if is_kept {
            self.draft = Draft::default();
            self.step = Step::Thanks;
        } else {
            self.step = Step::Failed;
        }
    }

    fn back(&mut self, home: &Language) -> Vec<Effect> {
        match self.step {
            Step::Choose | Step::Thanks => self.end(home),
            Step::Look => {
                self.step = Step::Choose;
                Vec::new()
            }
            Step::Say => {
                self.step = Step::Look;
                Vec::new()
            }
            Step::Spot | Step::Theme | Step::Words | Step::Failed => {
                self.step = Step::Say;
                self.show_plan()
            }
            Step::Attract | Step::Sending => Vec::new(),
        }
    }

    fn shown(&self) -> Effect {
        if self.shows_today {
            Effect::ShowToday
        } else {
            Effect::Show(self.draft.variant.clone())
        }
    }

    /// Back to the plan, where today was looked at.
    fn show_plan(&mut self) -> Vec<Effect> {
        if std::mem::take(&mut self.shows_today) {
            vec![self.shown()]
        } else {
            Vec::new()
        }
    }

    fn end(&mut self, home: &Language) -> Vec<Effect> {
        *self = Self::new(home.clone());
        vec![Effect::Forget]
    }
}

#[cfg(test)]
mod tests;
