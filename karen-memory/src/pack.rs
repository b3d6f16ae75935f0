//! Recalled records as lines of a prompt.

use std::fmt::Write;

use crate::document::day;
use crate::{Recall, Recalled, Record, TokenCounter};

/// Stands above instructions.
const INSTRUCTIONS: &str = "Standing instructions";

/// Lines that fit a budget: oldest first, under a header a day.
#[derive(Clone, Debug, Default)]
pub struct Pack {
    /// Standing instructions under a line that says so, if there are any. Then
    /// a UTC date on a line of its own, then `- speaker: text` for each record of that day; records
    /// are on one line each, whatever they hold. No line break at the end.
    pub text: String,
    /// The records in the lines, in their order.
    pub items: Vec<Recalled>,
    /// The standing instructions in the lines.
    pub instructions: Vec<Record>,
    /// Tokens of `text`, never above the budget.
    pub tokens: u32,
}

/// Takes instructions, the oldest first, and then records in the order of their rank, while the lines
/// fit; one that does not fit is passed over.
pub(crate) fn pack(recall: &Recall, budget: u32, tokens: &dyn TokenCounter) -> Pack {
    let mut best = Pack::default();
    for instruction in &recall.instructions {
        let mut instructions = best.instructions.clone();
        instructions.push(instruction.clone());
        let text = render(&instructions, &[]);
        let count = tokens.count(&text);
        if count <= budget {
            best = Pack {
                text,
                items: Vec::new(),
                instructions,
                tokens: count,
            };
        }
    }
    for item in &recall.items {
        let mut items = best.items.clone();
        let time = |item: &Recalled| (item.record.at, item.record.id.clone());
        let place = items.partition_point(|other| time(other) <= time(item));
        items.insert(place, item.clone());
        let text = render(&best.instructions, &items);
        let count = tokens.count(&text);
        if count <= budget {
            best = Pack {
                text,
                items,
                instructions: best.instructions,
                tokens: count,
            };
        }
    }
    best
}

fn render(instructions: &[Record], items: &[Recalled]) -> String {
    let mut text = String::new();
    if !instructions.is_empty() {
        line(&mut text, format_args!("{INSTRUCTIONS}"));
    }
    for instruction in instructions {
        line(&mut text, format_args!("- {}", one_line(&instruction.text)));
    }
    let mut today = None;
    for Recalled { record, .. } in items {
        let date = day(record.at);
        if today.replace(date) != Some(date) {
            line(&mut text, format_args!("{date}"));
        }
        let (speaker, said) = (one_line(&record.speaker), one_line(&record.text));
        line(&mut text, format_args!("- {speaker}: {said}"));
    }
    text
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.write_fmt(line).expect("a String takes any text");
}

/// A line break in a record must not pass for another record's line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
