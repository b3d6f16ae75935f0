use super::*;

fn scope(byte: u8) -> CacheKey {
    CacheKey::new([byte; 32])
}

fn finds(asked: &str, then: &str) -> bool {
    let questions = Questions::new(SemanticConfig::default());
    if let Some(looked) = questions.look(scope(1), asked) {
        questions.add(looked, scope(9));
    }
    let looked = questions.look(scope(1), then);
    looked.is_some_and(|looked| questions.find(&looked).is_some())
}

#[test]
fn questions_that_mean_the_same_are_found() {
    for (asked, then) in [
        ("How do I bake bread?", "how to bake bread"),
        (
            "How do I bake bread?",
            "What is the right way to bake bread?",
        ),
        (
            "How can I fix a flat tyre?",
            "Please tell me how to repair a flat tyre. Thanks!",
        ),
        (
            "What is the capital of France?",
            "Hi Karen, what's the capital of France?",
        ),
        ("Could you tell me who wrote Hamlet?", "Who wrote Hamlet?"),
        ("Why isn't the sky green?", "Why is not the sky green"),
        ("What is 1,000 times 3.5?", "what is 1000 times 3.5"),
        (
            "What's my favourite colour called?",
            "What is my favorite color called?",
        ),
        (
            "How do I organise a wedding?",
            "How do I organize a wedding?",
        ),
    ] {
        assert!(finds(asked, then), "{asked:?} then {then:?}");
        assert!(finds(then, asked), "{then:?} then {asked:?}");
    }
}

#[test]
fn questions_that_differ_in_what_matters_are_not() {
    for (asked, then) in [
        // Negation and opposites.
        ("Is arsenic safe to eat?", "Is arsenic not safe to eat?"),
        (
            "How do I turn the alarm on?",
            "How do I turn the alarm off?",
        ),
        ("Can dogs eat grapes?", "Can't dogs eat grapes?"),
        ("How do I enable logging?", "How do I disable logging?"),
        ("Coffee with sugar or tea?", "Coffee without sugar or tea?"),
        // Numbers and units.
        ("What is 7 times 8?", "What is 7 times 9?"),
        ("Is 5 kg a lot of rice?", "Is 5 g a lot of rice?"),
        ("What is 3 minus -5?", "What is 3 minus 5?"),
        ("What happened in 1914?", "What happened in 1918?"),
        ("What is 1.5 plus 1?", "What is 15 plus 1?"),
        // Names.
        (
            "What is the capital of France?",
            "What is the capital of Spain?",
        ),
        ("How do I sort a list in C?", "How do I sort a list in C++?"),
        ("How do I install Rust?", "How do I install Ruby?"),
        ("What does `a & b` do?", "What does `a && b` do?"),
        ("Who said \"I came\"?", "Who said \"I saw\"?"),
        // Order.
        ("Does the dog bite the man?", "Does the man bite the dog?"),
        (
            "How do I fly from Rome to Oslo?",
            "How do I fly from Oslo to Rome?",
        ),
        ("Is gold heavier than lead?", "Is lead heavier than gold?"),
        (
            "How do I convert PDF to Word?",
            "How do I convert Word to PDF?",
        ),
        // What is asked of it.
        ("When did Rome fall?", "Why did Rome fall?"),
        ("How do I bake bread?", "Why do I bake bread?"),
        ("Who is the mayor of Oslo?", "Who was the mayor of Oslo?"),
        ("Should I buy a boat?", "Can I buy a boat?"),
        ("Who is the dog's owner?", "Who is the dog owner?"),
    ] {
        assert!(!finds(asked, then), "{asked:?} then {then:?}");
        assert!(!finds(then, asked), "{then:?} then {asked:?}");
    }
}

#[test]
fn what_depends_on_the_time_or_says_nothing_is_always_answered_anew() {
    for text in [
        "What is the weather in Oslo?",
        "Who is the current president?",
        "What day is it today?",
        "And there?",
        "Why?",
        "",
        "???",
    ] {
        assert!(!finds(text, text), "{text:?}");
    }
    assert!(!finds(&"word ".repeat(1000), &"word ".repeat(1000)));
}

#[test]
fn scopes_do_not_share_and_what_is_forgotten_is_gone() {
    let questions = Questions::new(SemanticConfig {
        questions_max: 2,
        ..SemanticConfig::default()
    });
    let look = |scope_of, text: &str| questions.look(scope(scope_of), text).expect("a form");
    questions.add(look(1, "How do I bake bread?"), scope(11));
    assert!(questions.find(&look(2, "How do I bake bread?")).is_none());
    questions.add(look(1, "How do I bake cake?"), scope(12));
    questions.add(look(1, "How do I bake pie?"), scope(13));
    // The oldest made room.
    assert!(questions.find(&look(1, "how to bake bread")).is_none());
    assert_eq!(questions.find(&look(1, "how to bake pie")), Some(scope(13)));
    questions.forget(&look(1, "how to bake pie"), &scope(13));
    assert!(questions.find(&look(1, "how to bake pie")).is_none());
}
