//! From a sentence to its claim.

use std::collections::HashSet;

use super::lexicon::{
    ARTICLES, ATTITUDES, LEADS, MEASURED, NAMED, RELATIONS, SEVERAL, STOPS, UNCERTAIN, UNIQUE,
};
use super::{Claim, Polarity};
use crate::novelty::{sentences, strip_openers, tokens};

/// A longer object is a clause of its own.
const OBJECT_WORDS_MAX: usize = 5;
/// "Now" and its like.
const MERELY_NOW: [&str; 6] = ["now", "anymore", "any", "nowadays", "these", "days"];
/// Verbs that tell of a state only after "is".
const PARTICIPLES: [&str; 6] = ["named", "called", "married", "engaged", "based", "employed"];
const AUXILIARIES: [&str; 8] = ["am", "are", "is", "have", "has", "be", "do", "does"];

/// What a claim says of its subject.
struct Said<'a> {
    predicate: String,
    object: &'a [&'a str],
    replaces: Option<&'a [&'a str]>,
    is_functional: bool,
    /// The object has to be a name.
    is_proper: bool,
}

/// The claim of a text that is one plain sentence.
pub(super) fn parse(text: &str, speaker: &str) -> Option<Claim> {
    let mut found = sentences(text);
    let sentence = found.next().filter(|_| !text.contains('?'))?;
    if found.next().is_some() {
        return None;
    }
    let (mut words, names) = tokens(sentence);
    strip_openers(&mut words);
    let starts = words
        .iter()
        .position(|word| !LEADS.contains(&word.as_str()))?;
    // "No longer" is no lead.
    let words: Vec<&str> = words[starts..].iter().map(String::as_str).collect();
    if words.iter().any(|word| UNCERTAIN.contains(word)) {
        return None;
    }
    let (subject, certain, rest) = subject(&words, &names, sentence, speaker)?;
    let (polarity, rest) = polarity(&rest);
    let said = relation(&rest, &names).or_else(|| attribute(&rest, &names))?;
    if said.is_proper && !is_proper(said.object, &names) {
        return None;
    }
    if polarity != Polarity::Holds && !is_unqualified(said.object) {
        return None;
    }
    let object = object(said.object)?;
    Some(Claim {
        subject,
        predicate: said.predicate,
        object,
        replaces: said.replaces.map(bare).filter(|words| !words.is_empty()),
        polarity,
        is_functional: said.is_functional,
        is_certain: certain,
    })
}

/// Who it is about, whether only one can be meant, and the words after.
fn subject<'a>(
    words: &[&'a str],
    names: &HashSet<String>,
    sentence: &str,
    speaker: &str,
) -> Option<(String, bool, Vec<&'a str>)> {
    let (&first, rest) = words.split_first()?;
    let me = speaker.to_lowercase();
    match first {
        "i" => return Some((me, true, rest.to_vec())),
        // A household, a company: whoever it is, it is not the speaker alone.
        "we" => return Some((format!("{me} and others"), true, rest.to_vec())),
        "my" | "our" => {}
        _ => return named(first, rest, names, sentence),
    }
    let (&noun, after) = rest.split_first()?;
    if SEVERAL.contains(&noun) {
        // A name tells one brother from another.
        return Some((format!("{me}'s {noun}"), false, after.to_vec()));
    }
    let is_person = UNIQUE.contains(&noun) && after.first().is_none_or(|word| *word != "is");
    match is_person {
        true => Some((format!("{me}'s {noun}"), true, after.to_vec())),
        // "My email is": the attribute is the speaker's.
        false => Some((me, true, rest.to_vec())),
    }
}

/// A name begins the sentence: its first letter is a capital, and the next word is a verb.
fn named<'a>(
    first: &'a str,
    rest: &[&'a str],
    names: &HashSet<String>,
    sentence: &str,
) -> Option<(String, bool, Vec<&'a str>)> {
    let written = sentence.split(|c: char| !c.is_alphanumeric());
    let is_written_so = |word: &str| {
        word.to_lowercase() == first && word.chars().next().is_some_and(char::is_uppercase)
    };
    let is_name = names.contains(first) || written.into_iter().any(is_written_so);
    let is_other = [
        "the", "he", "she", "they", "it", "you", "this", "that", "there", "your", "his", "her",
        "their", "a", "an", "everyone", "nobody", "people",
    ];
    let certain = is_name && !is_other.contains(&first);
    certain.then(|| (first.to_owned(), true, rest.to_vec()))
}

/// Whether it holds, and the words without what says so.
fn polarity<'a>(words: &[&'a str]) -> (Polarity, Vec<&'a str>) {
    let has = |word: &str| words.contains(&word);
    let ends = has("anymore") || has("longer");
    let polarity = match words {
        ["stopped" | "quit", ..] => Polarity::Ended,
        _ if has("no") && has("longer") => Polarity::Ended,
        _ if has("not") && ends => Polarity::Ended,
        _ if has("not") || has("never") => Polarity::Denied,
        _ => Polarity::Holds,
    };
    let says_so = [
        "not",
        "never",
        "no",
        "longer",
        "stopped",
        "quit",
        "just",
        "recently",
        "now",
        "currently",
        "finally",
        "really",
        "only",
        "still",
    ];
    let rest = words.iter().copied().filter(|word| !says_so.contains(word));
    (polarity, rest.collect())
}

/// A verb of the lexicon with what belongs to it.
fn relation<'a>(words: &'a [&'a str], names: &HashSet<String>) -> Option<Said<'a>> {
    let verb = words.iter().position(|word| !AUXILIARIES.contains(word))?;
    let (&head, rest) = words[verb..].split_first()?;
    if let ["from", ..] = rest
        && ["moved", "switched", "changed"].contains(&head)
    {
        return replaced(head, &rest[1..]);
    }
    if head == "joined" && rest.first().is_some_and(|word| names.contains(*word)) {
        return Some(one("works at", rest));
    }
    for (forms, particles, name) in RELATIONS {
        let is_state = !PARTICIPLES.contains(&head) || is_passive(&words[..verb]);
        if forms.contains(&head) && is_state && rest.starts_with(particles) {
            return Some(Said {
                is_proper: name != "job",
                ..one(name, &rest[particles.len()..])
            });
        }
    }
    let (_, name) = ATTITUDES.iter().find(|(forms, _)| forms.contains(&head))?;
    Some(Said {
        is_functional: false,
        ..one(name, rest)
    })
}

/// "I am called", and not "I called".
fn is_passive(before: &[&str]) -> bool {
    let be = ["am", "is", "are"];
    before.iter().any(|word| be.contains(word))
}

/// "From A to B".
fn replaced<'a>(head: &str, words: &'a [&'a str]) -> Option<Said<'a>> {
    let to = words.iter().position(|word| *word == "to")?;
    let (predicate, is_functional) = match head {
        "moved" => ("lives in", true),
        _ => ("uses", false),
    };
    Some(Said {
        replaces: Some(&words[..to]),
        is_functional,
        ..one(predicate, &words[to + 1..])
    })
}

/// "Email is", "favourite colour is", "phone number changed to".
fn attribute<'a>(words: &'a [&'a str], names: &HashSet<String>) -> Option<Said<'a>> {
    let verb = words
        .iter()
        .position(|word| ["is", "are", "changed", "has", "became"].contains(word))?;
    let noun = &words[..verb];
    let last = *noun.last()?;
    let is_favourite = noun.len() > 1 && ["favourite", "favorite"].contains(&noun[0]);
    if noun.len() > 3 {
        return None;
    }
    let rest = &words[verb..];
    let object = match rest {
        ["is" | "has", "changed", "to", object @ ..] | ["changed", "to", object @ ..] => object,
        ["is" | "became", object @ ..] => object,
        _ => return None,
    };
    let is_measured = object
        .iter()
        .any(|word| word.contains(|c: char| c.is_ascii_digit() || c == '.'));
    let is_value = is_favourite
        || (NAMED.contains(&last) && is_proper(object, names))
        || (MEASURED.contains(&last) && is_measured);
    if !is_value {
        return None;
    }
    let noun = noun.join(" ").replace("favorite", "favourite");
    Some(Said {
        is_functional: true,
        ..one(&noun, object)
    })
}

fn one<'a>(predicate: &str, object: &'a [&'a str]) -> Said<'a> {
    Said {
        predicate: predicate.to_owned(),
        object,
        replaces: None,
        is_functional: true,
        is_proper: false,
    }
}

/// "In Paris" names a place; "in a small flat" and "at night" do not.
fn is_proper(object: &[&str], names: &HashSet<String>) -> bool {
    object.iter().any(|word| names.contains(*word))
}

/// Whether nothing but "now" and the like follows the object: who stopped drinking coffee at night
/// drinks it still.
fn is_unqualified(words: &[&str]) -> bool {
    let ends = words.iter().position(|word| STOPS.contains(word));
    let rest = ends.map_or(&[][..], |ends| &words[ends..]);
    rest.iter().all(|word| MERELY_NOW.contains(word))
}

/// The words of an object, if it is short and one.
fn object(words: &[&str]) -> Option<Vec<String>> {
    // A list has several: which of them another sentence is about is not said.
    if words.contains(&"and") {
        return None;
    }
    let ends = words
        .iter()
        .position(|word| STOPS.contains(word))
        .unwrap_or(words.len());
    let object = bare(&words[..ends]);
    let has_verb = object
        .iter()
        .any(|word| AUXILIARIES.contains(&word.as_str()));
    let fits = !object.is_empty() && object.len() <= OBJECT_WORDS_MAX && !has_verb;
    let is_open = object.iter().any(|word| {
        [
            "to",
            "for",
            "of",
            "some",
            "nobody",
            "here",
            "there",
            "place",
            "different",
            "better",
        ]
        .contains(&word.as_str())
    });
    (fits && !is_open).then_some(object)
}

fn bare(words: &[&str]) -> Vec<String> {
    let kept = words.iter().filter(|word| !ARTICLES.contains(word));
    kept.map(|word| (*word).to_owned()).collect()
}
