//! The days that a question asks about: "last week", "in May 2023", "on 2023-05-07".

use jiff::civil::{Date, date};
use jiff::{Span, ToSpan};

use crate::date::resolved_dates;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// From one day until just before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) from: Date,
    pub(super) until: Date,
}

impl Period {
    pub(super) fn contains(&self, day: Date) -> bool {
        self.from <= day && day < self.until
    }

    fn starting(from: Date, length: Span) -> Option<Self> {
        let until = from.checked_add(length).ok()?;
        Some(Self { from, until })
    }
}

/// The first period that `text` names when it is asked on `today`; the most exact, where it names a
/// day, a month and a year.
pub(super) fn period(text: &str, today: Date) -> Option<Period> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let starts = || (0..words.len()).map(|start| &words[start..]);
    starts()
        .find_map(dated)
        .or_else(|| starts().find_map(|words| unit(words, today)))
        .or_else(|| Period::starting(*resolved_dates(text, today).first()?, 1.day()))
        .or_else(|| starts().find_map(month_of_year))
        .or_else(|| starts().find_map(year))
}

/// `2023 05 07`, `7 May 2023`, `May 7 2023`.
fn dated(words: &[&str]) -> Option<Period> {
    let (year, month, day) = match *words {
        [y, m, d, ..] if y.len() == 4 && m.len() == 2 => (number(y)?, number(m)?, number(d)?),
        [d, m, y, ..] if number(d).is_some() => (four_digits(y)?, month(m)?, ordinal(d)?),
        [m, d, y, ..] => (four_digits(y)?, month(m)?, ordinal(d)?),
        _ => return None,
    };
    let day = Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    Period::starting(day, 1.day())
}

/// `this week`, `last month`: whole weeks from Monday, months and years.
fn unit(words: &[&str], today: Date) -> Option<Period> {
    let (which, unit) = match *words {
        ["this", unit, ..] => (0, unit),
        ["last" | "past" | "previous", unit, ..] => (-1, unit),
        _ => return None,
    };
    match unit {
        "week" => {
            let monday =
                today.checked_sub(i64::from(today.weekday().to_monday_zero_offset()).days());
            Period::starting(monday.ok()?.checked_add((7 * which).days()).ok()?, 7.days())
        }
        "month" => Period::starting(
            today.first_of_month().checked_add(which.months()).ok()?,
            1.month(),
        ),
        "year" => Period::starting(
            today.first_of_year().checked_add(which.years()).ok()?,
            1.year(),
        ),
        _ => None,
    }
}

/// `May 2023`.
fn month_of_year(words: &[&str]) -> Option<Period> {
    let [name, year, ..] = *words else {
        return None;
    };
    let first = Date::new(four_digits(year)?, month(name)?.try_into().ok()?, 1).ok()?;
    Period::starting(first, 1.month())
}

/// `in 2023`.
fn year(words: &[&str]) -> Option<Period> {
    match *words {
        ["in" | "during", year, ..] => Period::starting(date(four_digits(year)?, 1, 1), 1.year()),
        _ => None,
    }
}

fn month(name: &str) -> Option<i16> {
    let is_short_for = |full: &&str| name.len() >= 3 && full.starts_with(name);
    let place = MONTHS.iter().position(is_short_for)?;
    i16::try_from(place + 1).ok()
}

fn four_digits(word: &str) -> Option<i16> {
    number(word).filter(|_| word.len() == 4)
}

/// `7`, `7th`.
fn ordinal(word: &str) -> Option<i16> {
    number(word.trim_end_matches(|c: char| c.is_alphabetic()))
}

fn number(word: &str) -> Option<i16> {
    let all_digits = word.bytes().all(|byte| byte.is_ascii_digit());
    word.parse().ok().filter(|_| all_digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Option<(Date, Date)>) {
        // A Monday.
        let found = period(text, date(2026, 11, 23));
        assert_eq!(found.map(|p| (p.from, p.until)), expect, "{text}");
    }

    #[test]
    fn a_question_names_a_day_a_week_a_month_or_a_year() {
        let day = |d: Date| Some((d, d.tomorrow().expect("within the calendar")));
        check("What happened on 2023-05-07?", day(date(2023, 5, 7)));
        check("Where was she on 7 May, 2023?", day(date(2023, 5, 7)));
        check("the party of May 7th 2023", day(date(2023, 5, 7)));
        check("What did I eat yesterday?", day(date(2026, 11, 22)));
        check("last week", Some((date(2026, 11, 16), date(2026, 11, 23))));
        check("this month", Some((date(2026, 11, 1), date(2026, 12, 1))));
        check("last year", Some((date(2025, 1, 1), date(2026, 1, 1))));
        check("in May 2023", Some((date(2023, 5, 1), date(2023, 6, 1))));
        check(
            "all of it in 2022",
            Some((date(2022, 1, 1), date(2023, 1, 1))),
        );
    }

    #[test]
    fn what_names_no_time_asks_about_none() {
        for text in [
            "",
            "May I come in?",
            "room 2023",
            "the last one",
            "in 99999",
        ] {
            check(text, None);
        }
    }
}
