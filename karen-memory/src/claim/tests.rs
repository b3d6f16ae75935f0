use super::*;
use crate::{NewRecord, Scope, TenantId, UserId};

fn claim(text: &str) -> Option<Claim> {
    let scope = Scope::new(TenantId::new("t"), UserId::new("u"));
    Claim::of(&NewRecord::fact(text).into_record(&scope))
}

/// What saying `new` after `old` does; `Compatible` where the two are of different slots.
fn check(old: &str, new: &str, expect: Judgement) {
    let judgement = match (claim(old), claim(new)) {
        (Some(old), Some(new)) if old.slot() == new.slot() => new.judge(&old, true),
        _ => Judgement::Compatible,
    };
    assert_eq!(
        judgement,
        expect,
        "{old:?} then {new:?}: {:?} {:?}",
        claim(old),
        claim(new)
    );
}

#[test]
fn what_can_have_one_value_takes_the_later_one() {
    let cases = [
        ("I live in Paris.", "I moved to Berlin."),
        ("I live in Paris.", "I just moved from Paris to Berlin."),
        ("I live in Paris.", "I no longer live in Paris."),
        ("I work at Siemens.", "Actually, I work for Bosch now."),
        (
            "My favourite colour is red.",
            "My favorite colour is green.",
        ),
        ("My email is ada@old.org", "My email changed to ada@new.org"),
        ("Anna lives in Rome.", "Anna is living in Oslo now."),
        ("My mother works at Shell.", "My mother works at Total."),
        ("I use Vim.", "I switched from Vim to Emacs."),
        ("I drink coffee.", "I stopped drinking coffee."),
        ("I don't live in Berlin.", "I live in Berlin."),
    ];
    for (old, new) in cases {
        check(old, new, Judgement::Supersedes);
    }
}

#[test]
fn what_may_both_be_true_stays() {
    let cases = [
        ("I like tea.", "I like coffee."),
        ("I live in Paris.", "Anna lives in Berlin."),
        ("I live in Berlin.", "I live in Berlin, Germany."),
        ("I live in Paris.", "I might move to Berlin."),
        ("I live in Paris.", "I lived in Berlin when I was ten."),
        ("I live in Paris.", "If I live in Berlin I will be happy."),
        ("I work at Siemens.", "Also I work at the bakery."),
        (
            "My favourite colour is red.",
            "My favourite fruit is the plum.",
        ),
        (
            "My favourite player is Messi.",
            "My brother's favourite player is Ronaldo.",
        ),
        ("I live in Paris.", "I no longer live in Rome."),
        ("I live in Paris.", "I live in a small flat by the river."),
        ("I use Vim.", "I switched from Nano to Emacs."),
        ("I work at Siemens.", "I work at night."),
        ("I work for Siemens.", "I work for free."),
        ("My boss is Anna.", "My boss is angry."),
        ("My rent is 900 euros.", "My rent is high."),
        ("I am called Ada.", "I called Anna."),
        ("I drink coffee.", "I stopped drinking coffee at night."),
        ("I drink coffee.", "I stopped drinking cold coffee."),
        ("I live in Paris.", "We moved to Slack."),
    ];
    for (old, new) in cases {
        check(old, new, Judgement::Compatible);
    }
}

#[test]
fn what_cannot_be_decided_is_a_conflict() {
    check("I like tea.", "I don't like tea.", Judgement::Conflicts);
    check(
        "My brother lives in Rome.",
        "My brother lives in Oslo.",
        Judgement::Conflicts,
    );
    let (paris, berlin) = (claim("I live in Paris."), claim("I live in Berlin."));
    let judged = berlin.zip(paris).map(|(new, old)| new.judge(&old, false));
    assert_eq!(judged, Some(Judgement::Conflicts), "neither is the later");
}
