//! Made-up pairs of questions: those that differ in what matters, and those that mean the same.

/// Two questions, the second asked after the first.
pub(super) type Pair = (String, String);

const PLACES: [&str; 10] = [
    "Norway", "Peru", "Kenya", "Japan", "Chile", "Ghana", "Spain", "India", "Egypt", "Cuba",
];
const THINGS: [&str; 10] = [
    "kettle", "laptop", "heater", "camera", "printer", "lamp", "router", "oven", "fan", "drill",
];
const DEEDS: [&str; 10] = [
    "bake sourdough bread",
    "repair a flat tyre",
    "sort a list in Rust",
    "clean a cast iron pan",
    "buy a used car",
    "start a vegetable garden",
    "write a cover letter",
    "remove a coffee stain",
    "train a young dog",
    "organise a small wedding",
];

/// Pairs that differ in polarity, number, name or order: `share` of each.
pub(super) fn different(share: usize) -> Vec<Pair> {
    let kinds: [fn(usize) -> Pair; 4] = [polarity, number, name, order];
    let pairs = kinds.iter().flat_map(|kind| (0..share).map(kind));
    pairs.collect()
}

fn pair(first: String, second: String) -> Pair {
    (first, second)
}

fn polarity(i: usize) -> Pair {
    let (thing, deed) = (THINGS[i / 6 % 10], DEEDS[i / 6 % 10]);
    let n = i / 60 + 2;
    match i % 6 {
        0 => pair(
            format!("How do I turn {n} {thing}s on?"),
            format!("How do I turn {n} {thing}s off?"),
        ),
        1 => pair(
            format!("Is it safe to leave a {thing} on for {n} hours?"),
            format!("Is it not safe to leave a {thing} on for {n} hours?"),
        ),
        2 => pair(
            format!("Should {n} people {deed}?"),
            format!("Shouldn't {n} people {deed}?"),
        ),
        3 => pair(
            format!("How do I {deed} with {n} friends?"),
            format!("How do I {deed} without {n} friends?"),
        ),
        4 => pair(
            format!("How do I enable the {thing} {n} times?"),
            format!("How do I disable the {thing} {n} times?"),
        ),
        _ => pair(
            format!("Which {thing} is better than {n} others?"),
            format!("Which {thing} is worse than {n} others?"),
        ),
    }
}

fn number(i: usize) -> Pair {
    let thing = THINGS[i / 5 % 10];
    let n = i + 3;
    match i % 5 {
        0 => pair(
            format!("What is {n} times 12?"),
            format!("What is {} times 12?", n + 1),
        ),
        1 => pair(
            format!("How heavy is a {thing} of {n} kg in pounds?"),
            format!("How heavy is a {thing} of {n} g in pounds?"),
        ),
        2 => pair(
            format!("What happened in {}?", 1500 + n),
            format!("What happened in {}?", 1600 + n),
        ),
        3 => pair(
            format!("Is {n}.5 larger than -{n}?"),
            format!("Is {n}.5 larger than {n}?"),
        ),
        _ => pair(
            format!("How long does a {thing} of {n}0 watts last?"),
            format!("How long does a {thing} of {n} watts last?"),
        ),
    }
}

fn name(i: usize) -> Pair {
    let (one, other) = (PLACES[i / 4 % 10], PLACES[(i / 4 + 1 + i / 40) % 10]);
    match i % 4 {
        0 => pair(
            format!("What is the capital of {one}?"),
            format!("What is the capital of {other}?"),
        ),
        1 => pair(
            format!("How do I get a visa for {one}?"),
            format!("How do I get a visa for {other}?"),
        ),
        2 => pair(
            format!("Who was the first president of {one}?"),
            format!("Who was the first president of {other}?"),
        ),
        _ => pair(
            format!("Which {} sells best in {one}?", THINGS[i / 4 % 10]),
            format!("Which {} sells best in {other}?", THINGS[i / 4 % 10]),
        ),
    }
}

fn order(i: usize) -> Pair {
    let (one, other) = (PLACES[i / 5 % 10], PLACES[(i / 5 + 1 + i / 50) % 10]);
    let (a, b) = (THINGS[i / 5 % 10], THINGS[(i / 5 + 1 + i / 50) % 10]);
    match i % 5 {
        0 => pair(
            format!("How do I fly from {one} to {other}?"),
            format!("How do I fly from {other} to {one}?"),
        ),
        1 => pair(
            format!("Is the {a} heavier than the {b}?"),
            format!("Is the {b} heavier than the {a}?"),
        ),
        2 => pair(
            format!("Did {one} invade {other}?"),
            format!("Did {other} invade {one}?"),
        ),
        3 => pair(
            format!("Do I clean the {a} before the {b}?"),
            format!("Do I clean the {b} before the {a}?"),
        ),
        _ => pair(
            format!("How do I swap a {a} for a {b}?"),
            format!("How do I swap a {b} for a {a}?"),
        ),
    }
}

/// Pairs that mean the same, told in ten ways; the last four are beyond what a form of words can tell.
pub(super) fn same() -> Vec<Pair> {
    let ways: [fn(&str) -> String; 10] = [
        |deed| format!("how to {deed}"),
        |deed| format!("How can I {deed}?"),
        |deed| format!("What is the right way to {deed}?"),
        |deed| format!("Could you please tell me how to {deed}?"),
        |deed| format!("Hi Karen, how do I {deed}? Thanks!"),
        |deed| format!("I'd like to know how to {deed}."),
        |deed| format!("How might one best {deed}?"),
        |deed| format!("I want to {deed}; where do I begin?"),
        |deed| format!("Give me instructions so that I can {deed}."),
        |deed| format!("{deed}: how is that done?"),
    ];
    let pairs = DEEDS.iter().flat_map(|deed| {
        let asked = move |way: &fn(&str) -> String| pair(format!("How do I {deed}?"), way(deed));
        ways.iter().map(asked)
    });
    pairs.collect()
}
