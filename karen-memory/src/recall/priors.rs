//! What is likely before any word is compared.

use super::Channel;
use super::period::{Period, period};
use crate::Record;
use crate::document::day;
use crate::text::words;

/// In standard deviations of one channel: a prior weighs as much against seven channels as against
/// four.
const SPEAKER_MATCH: f32 = 0.25;
const IS_QUESTION: f32 = -0.175;
const IN_PERIOD: f32 = 0.25;

/// Who speaks of themselves as `I` in a chat with an assistant, and whom they call `you`.
const FIRST_PERSON: (&[&str], &str) = (&["i", "me", "my", "mine", "myself"], "user");
const SECOND_PERSON: (&[&str], &str) = (&["you", "your", "yours", "yourself"], "assistant");

/// Priors of one query.
pub(crate) struct Priors {
    query: Vec<String>,
    period: Option<Period>,
}

impl Priors {
    /// Of a question asked at unix millisecond `now`.
    pub(crate) fn of(text: &str, now: i64) -> Self {
        let mut query = words(text);
        for (pronouns, speaker) in [FIRST_PERSON, SECOND_PERSON] {
            if query.iter().any(|word| pronouns.contains(&word.as_str())) {
                query.push(speaker.to_owned());
            }
        }
        Self {
            query,
            period: period(text, day(now)),
        }
    }

    /// What they add to the score of `record`, which is the sum of `channels` channels.
    pub(crate) fn apply(&self, record: &Record, channels: usize) -> Vec<(Channel, f32)> {
        let channels = channels as f32;
        let speaker = words(&record.speaker);
        let names_speaker = speaker.iter().any(|name| self.query.contains(name));
        let asks = asks(record);
        let period = self.period.as_ref();
        let in_period = period.is_some_and(|period| period.contains(day(record.at)));
        let mut added = Vec::new();
        added.extend(names_speaker.then_some((Channel::Speaker, channels * SPEAKER_MATCH)));
        added.extend(asks.then_some((Channel::Question, channels * IS_QUESTION)));
        added.extend(in_period.then_some((Channel::Time, channels * IN_PERIOD)));
        added
    }
}

/// Whether a record ends as a question does.
pub(super) fn asks(record: &Record) -> bool {
    record.text.trim_end().ends_with('?')
}
