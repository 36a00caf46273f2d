//! What residents said, from the window to the run that makes its package: one line of JSON with what is counted there.
//! Words that staff have not let through stay behind, and so do spots, days and parts of days.

use crate::model::Reaction;
use crate::model::reaction::{DayPart, Moderation, Smiley, Theme, Words};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Read as _, Write};

/// Longest line that is read, bytes.
const MAX_LINE: u64 = 256 << 20;

/// A reaction as it goes along.
#[derive(Serialize, Deserialize)]
struct Told {
    variant: String,
    smiley: String,
    theme: Option<String>,
    words: Option<String>,
}

/// Writes what may be told of the reactions.
pub(super) fn write(reactions: &[Reaction], output: &mut impl Write) -> io::Result<()> {
    let told: Vec<Told> = reactions
        .iter()
        .map(|reaction| Told {
            variant: reaction.variant.clone(),
            smiley: reaction.smiley.key().to_owned(),
            theme: reaction.theme.map(|theme| theme.key().to_owned()),
            words: reaction
                .words
                .as_ref()
                .filter(|words| words.moderation == Moderation::Released)
                .map(|words| words.text.clone()),
        })
        .collect();
    writeln!(output, "{}", serde_json::to_string(&told)?)
}

/// Reads what [`write`] wrote; none where the input ends before it.
pub(super) fn read(input: &mut impl BufRead) -> io::Result<Vec<Reaction>> {
    let mut line = String::new();
    input.by_ref().take(MAX_LINE).read_line(&mut line)?;
    if line.trim().is_empty() {
        return Ok(Vec::new());
    }
    let told: Vec<Told> = serde_json::from_str(&line)?;
    let reaction = |told: Told| {
        Some(Reaction {
            id: 0,
            is_trial: false,
            variant: told.variant,
            smiley: Smiley::from_key(&told.smiley)?,
            spot: None,
            theme: match told.theme {
                Some(key) => Some(Theme::from_key(&key)?),
                None => None,
            },
            words: told.words.map(|text| Words {
                text,
                moderation: Moderation::Released,
            }),
            day: Date::ZERO,
            part: DayPart::Morning,
        })
    };
    let read: Option<Vec<Reaction>> = told.into_iter().map(reaction).collect();
    read.ok_or_else(|| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reaction::tests::reaction;

    #[test]
    fn what_goes_along_is_what_may_be_told() {
        let reactions: Vec<Reaction> = (0..24).map(reaction).collect();
        let mut line = Vec::new();
        write(&reactions, &mut line).expect("written");
        let text = String::from_utf8(line.clone()).expect("UTF-8");
        assert!(!text.contains("2026") && !text.contains("251"), "{text}");
        let read = read(&mut line.as_slice()).expect("read");
        assert_eq!(read.len(), reactions.len());
        for (before, after) in reactions.iter().zip(&read) {
            assert_eq!(
                (&before.variant, before.smiley, before.theme),
                (&after.variant, after.smiley, after.theme)
            );
            let is_released = |reaction: &Reaction| {
                let words = reaction.words.as_ref();
                words.is_some_and(|words| words.moderation == Moderation::Released)
            };
            assert_eq!(is_released(before), after.words.is_some());
        }
        assert_eq!(super::read(&mut "".as_bytes()).expect("nothing"), []);
        assert!(super::read(&mut "[{\"variant\": 3}]\n".as_bytes()).is_err());
    }
}
