//! Days that relative phrases mean: "yesterday" said on a Monday is that Sunday.

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

const COUNTS: [(&str, i64); 11] = [
    ("a", 1),
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
];

/// The days that phrases in `text` mean when said on `said`, in their order. Weeks, months and years
/// stand for the day that many back or ahead.
pub(crate) fn resolved_dates(text: &str, said: Date) -> Vec<Date> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    (0..words.len())
        .filter_map(|start| date_at(&words[start..], said))
        .collect()
}

fn date_at(words: &[&str], said: Date) -> Option<Date> {
    match *words {
        ["yesterday", ..] => said.yesterday().ok(),
        ["tomorrow", ..] => said.tomorrow().ok(),
        ["last", unit, ..] => beside(said, unit, -1),
        ["next", unit, ..] => beside(said, unit, 1),
        [count, unit, "ago", ..] => said.checked_add(span(unit, -number(count)?)?).ok(),
        _ => None,
    }
}

fn beside(said: Date, unit: &str, direction: i32) -> Option<Date> {
    let weekday = WEEKDAYS.iter().find(|(name, _)| *name == unit);
    match weekday {
        Some((_, weekday)) => said.nth_weekday(direction, *weekday).ok(),
        None => said.checked_add(span(unit, direction.into())?).ok(),
    }
}

fn span(unit: &str, count: i64) -> Option<Span> {
    // No calendar reaches further; spans panic beyond their limits.
    if count.abs() > 1000 {
        return None;
    }
    match unit {
        "day" | "days" => Some(count.days()),
        "week" | "weeks" => Some(count.weeks()),
        "month" | "months" => Some(count.months()),
        "year" | "years" => Some(count.years()),
        _ => None,
    }
}

fn number(word: &str) -> Option<i64> {
    let named = COUNTS.iter().find(|(name, _)| *name == word);
    named.map_or_else(|| word.parse().ok(), |(_, count)| Some(*count))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn check(text: &str, expect: &[Date]) {
        // A Monday.
        assert_eq!(resolved_dates(text, date(2026, 11, 23)), expect, "{text}");
    }

    #[test]
    fn phrases_mean_days_relative_to_when_they_were_said() {
        check("I ran yesterday.", &[date(2026, 11, 22)]);
        check("Last Saturday we moved", &[date(2026, 11, 21)]);
        check("see you next Monday", &[date(2026, 11, 30)]);
        check(
            "two weeks ago, and tomorrow",
            &[date(2026, 11, 9), date(2026, 11, 24)],
        );
        check("9999999999 years ago", &[]);
        check("99999999999999999999 days ago", &[]);
        check("at last we met", &[]);
    }
}
