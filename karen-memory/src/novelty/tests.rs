use super::*;
use crate::{NewRecord, Scope, TenantId, UserId};

/// Whether `new` is refused beside `old`, and why.
fn check(old: &str, new: &str, expect: Option<Refusal>) {
    let scope = Scope::new(TenantId::new("t"), UserId::new("u"));
    let record = NewRecord::fact(old).into_record(&scope);
    let known = [record];
    let alike = rearranged(new, &known).map(|_| Refusal::Alike).next();
    let refusal = repeats(new, &known).map(|(_, refusal)| refusal).or(alike);
    assert_eq!(refusal, expect, "{old:?} then {new:?}");
}

#[test]
fn the_same_in_other_dress_is_refused() {
    let dog = "My dog Biscuit sleeps in the kitchen every night.";
    check(
        dog,
        "my dog biscuit sleeps in the kitchen, every night",
        Some(Refusal::Same),
    );
    check(
        dog,
        "Please remember that my dog Biscuit sleeps in the kitchen every night!",
        Some(Refusal::Same),
    );
    check(
        dog,
        "My dog Biscuit sleeps in the kitchn every night.",
        Some(Refusal::Covered),
    );
    let long = "My dog Biscuit came from the shelter beside the old harbour in the spring, and has \
        slept in the kitchen every night";
    check(
        long,
        &long.replace("kitchen", "kitchn"),
        Some(Refusal::Near),
    );
    check(
        dog,
        "My dog sleeps in the kitchen every night.",
        Some(Refusal::Covered),
    );
    check(
        "Tea comes with milk for Anna.",
        "Anna for tea comes with milk.",
        None,
    );
    check(
        "Anna drinks tea, strong and sweet.",
        "Sweet tea, and strong, Anna drinks.",
        Some(Refusal::Alike),
    );
    check(
        "I don't eat meat at home.",
        "I do not eat meat at home",
        Some(Refusal::Same),
    );
}

#[test]
fn what_a_number_a_date_a_name_or_a_negation_tells_apart_is_kept() {
    let cases = [
        ("I moved to Berlin in 2019.", "I moved to Berlin in 2021."),
        ("The boat has two cabins.", "The boat has three cabins."),
        ("The meeting is on Monday.", "The meeting is on Tuesday."),
        (
            "My sister married Tomas in spring.",
            "My sister married Tobias in spring.",
        ),
        ("I eat meat at home.", "I don't eat meat at home."),
        ("Anna beats Berta at chess.", "Berta beats Anna at chess."),
        ("I flew from Oslo to Rome.", "I flew to Oslo from Rome."),
        (
            "I visit my aunt before lunch.",
            "I visit my aunt after lunch.",
        ),
        ("I will visit Rome with Tom.", "I visited Rome with Tom."),
        ("I live near the harbour.", "I lived near the harbour."),
        ("My brother likes jazz.", "Your brother likes jazz."),
        (
            "My long-time favourite player is Messi.",
            "My brother's favourite player is Ronaldo.",
        ),
        (
            "The kitchen wall of the house by the lake is red.",
            "The kitchen wall of the house by the lake is blue.",
        ),
    ];
    for (old, new) in cases {
        check(old, new, None);
        check(new, old, None);
    }
}

#[test]
fn prompts_are_the_programs_and_what_people_say_is_theirs() {
    let prompt = "You help with gardens. Keep answers under fifty words.".to_owned();
    let boilerplate = Boilerplate::of(&[prompt]);
    for text in [
        "You are Karen, a careful assistant.",
        "<|im_start|>system Answer briefly.",
        "System: answer briefly",
        "keep answers under fifty words",
    ] {
        assert!(boilerplate.holds(text), "{text}");
    }
    for text in [
        "You are my best friend.",
        "Keep answers under ten words.",
        "My garden has roses.",
    ] {
        assert!(!boilerplate.holds(text), "{text}");
    }
}
