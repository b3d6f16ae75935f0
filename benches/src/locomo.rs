//! LoCoMo (Maharana et al., ACL 2024) as its file holds it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// One of the long conversations, and what is asked of it.
#[derive(Deserialize)]
pub(crate) struct Sample {
    pub(crate) sample_id: String,
    conversation: BTreeMap<String, Value>,
    qa: Vec<Asked>,
}

#[derive(Deserialize)]
struct Asked {
    question: String,
    #[serde(default)]
    evidence: Vec<String>,
    category: u8,
}

/// A question, and the turns that answer it.
pub(crate) struct Question {
    pub(crate) text: String,
    pub(crate) evidence: Vec<(u32, u32)>,
    pub(crate) category: u8,
}

/// Something said. The annotators' image search, `query`, is never read.
#[derive(Deserialize)]
pub(crate) struct Said {
    pub(crate) speaker: String,
    pub(crate) dia_id: String,
    #[serde(default)]
    pub(crate) text: String,
    pub(crate) blip_caption: Option<String>,
}

/// A session: its number, its date as written, what was said.
pub(crate) struct Session {
    pub(crate) number: u32,
    pub(crate) date: String,
    pub(crate) turns: Vec<Said>,
}

impl Sample {
    /// The sessions in the order of their numbers.
    pub(crate) fn sessions(&self) -> Vec<Session> {
        let numbered = self.conversation.iter().filter_map(|(key, value)| {
            let number: u32 = key.strip_prefix("session_")?.parse().ok()?;
            let turns: Vec<Said> = serde_json::from_value(value.clone()).ok()?;
            let date = self
                .conversation
                .get(&format!("session_{number}_date_time"));
            let date = date.and_then(Value::as_str).unwrap_or_default().to_owned();
            Some(Session {
                number,
                date,
                turns,
            })
        });
        let mut sessions: Vec<Session> = numbered.collect();
        sessions.sort_by_key(|session| session.number);
        sessions
    }

    /// The questions that have evidence among the turns; ids that name none are left out.
    pub(crate) fn questions(&self) -> Vec<Question> {
        let known: Vec<(u32, u32)> = self
            .sessions()
            .iter()
            .flat_map(|s| &s.turns)
            .filter_map(|t| dia_ids(&t.dia_id).pop())
            .collect();
        let question = |asked: &Asked| {
            let mut evidence: Vec<(u32, u32)> = asked
                .evidence
                .iter()
                .flat_map(|text| dia_ids(text))
                .filter(|id| known.contains(id))
                .collect();
            evidence.sort_unstable();
            evidence.dedup();
            Question {
                text: asked.question.clone(),
                evidence,
                category: asked.category,
            }
        };
        self.qa
            .iter()
            .map(question)
            .filter(|question| !question.evidence.is_empty())
            .collect()
    }
}

/// Every `D3:7` in a text, also as `D:3:7` or `D30:05`: the file has all of them.
pub(crate) fn dia_ids(text: &str) -> Vec<(u32, u32)> {
    let parse = |part: &str| {
        let part = part.strip_prefix(':').unwrap_or(part);
        let (session, rest) = part.split_once(':')?;
        let turn: String = rest.chars().take_while(char::is_ascii_digit).collect();
        Some((session.parse().ok()?, turn.parse().ok()?))
    };
    text.split('D').skip(1).filter_map(parse).collect()
}

/// Unix milliseconds of `1:56 pm on 8 May, 2023`, as UTC.
pub(crate) fn milliseconds(date: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let (time, day) = date.split_once(" on ")?;
    let (clock, half) = time.split_once(' ')?;
    let (hour, minute) = clock.split_once(':')?;
    let hour = hour.parse::<i64>().ok()? % 12
        + if half.eq_ignore_ascii_case("pm") {
            12
        } else {
            0
        };
    let mut words = day.split([' ', ',']).filter(|word| !word.is_empty());
    let day: i64 = words.next()?.parse().ok()?;
    let month_name = words.next()?;
    let month = MONTHS.iter().position(|month| *month == month_name)? as i64 + 1;
    let year: i64 = words.next()?.parse().ok()?;
    let minutes =
        (days_since_epoch(year, month, day) * 24 + hour) * 60 + minute.parse::<i64>().ok()?;
    Some(minutes * 60_000)
}

/// Howard Hinnant's `days_from_civil`: days from 1970-01-01 in the Gregorian calendar.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_ids_are_read_however_they_are_written() {
        assert_eq!(dia_ids("D8:6; D9:17"), [(8, 6), (9, 17)]);
        assert_eq!(dia_ids("D:11:26"), [(11, 26)]);
        assert_eq!(dia_ids("D30:05"), [(30, 5)]);
        assert!(dia_ids("nothing").is_empty());
    }

    #[test]
    fn dates_are_read_as_utc() {
        assert_eq!(
            milliseconds("1:56 pm on 8 May, 2023"),
            Some(1_683_554_160_000)
        );
        assert_eq!(
            milliseconds("12:09 am on 13 September, 2023"),
            Some(1_694_563_740_000)
        );
        assert_eq!(milliseconds("some day"), None);
    }
}
