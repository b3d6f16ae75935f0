//! Words by what they do to a statement.

/// What a word marks.
pub(super) enum Mark<'a> {
    /// It must be the same in both of two statements.
    Firm(&'a str),
    /// It must not be there in one alone.
    Loose(&'a str),
}

/// What `word` marks, under the name that all its forms share; `None` for words of content.
pub(super) fn mark(word: &str) -> Option<Mark<'_>> {
    if word.chars().any(char::is_numeric) {
        return Some(Mark::Firm(word));
    }
    if let Some((name, _)) = FORMS.iter().find(|(_, forms)| forms.contains(&word)) {
        return Some(Mark::Loose(name));
    }
    if LOOSE.contains(&word) {
        return Some(Mark::Loose(word));
    }
    FIRM.contains(&word).then_some(Mark::Firm(word))
}

/// Persons, by any of their forms.
const FORMS: [(&str, &[&str]); 7] = [
    ("i", &["i", "me", "my", "mine", "myself"]),
    ("you", &["you", "your", "yours", "yourself"]),
    ("he", &["he", "him", "his", "himself"]),
    ("she", &["she", "her", "hers", "herself"]),
    ("we", &["we", "us", "our", "ours", "ourselves"]),
    ("they", &["they", "them", "their", "theirs", "themselves"]),
    ("it", &["it", "its", "itself"]),
];

const LOOSE: [&str; 25] = [
    "to", "from", "into", "onto", "toward", "with", "against", "for", "by", "about", "above",
    "below", "over", "under", "behind", "between", "inside", "outside", "across", "through",
    "near", "off", "out", "up", "down",
];

#[rustfmt::skip]
const FIRM: [&str; 121] = [
    // Negations.
    "not", "no", "never", "none", "nobody", "nothing", "neither", "nor", "nowhere", "without",
    "hardly", "barely", "longer", "anymore", "stopped", "quit", "instead", "except", "unlike",
    // Conditions and alternatives.
    "if", "unless", "or", "but", "although", "because", "whether", "maybe", "perhaps", "probably",
    // Tenses and obligations.
    "was", "were", "will", "would", "had", "used", "can", "could", "should", "must", "might", "may",
    "shall", "going",
    // Order in time.
    "before", "after", "since", "until", "till", "ago", "last", "next", "again", "already", "yet",
    "still", "today", "tomorrow", "yesterday", "tonight", "early", "late", "earlier", "later",
    // Days and months; May is among the verbs.
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january",
    "february", "march", "april", "june", "july", "august", "september", "october", "november",
    "december",
    // Quantities.
    "all", "some", "every", "any", "most", "few", "many", "more", "less", "only", "both", "each",
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "twenty", "thirty", "forty", "fifty", "hundred", "thousand", "million", "dozen",
    "half", "twice", "once", "first", "second", "third", "left", "right",
];

/// Words that a statement says as well without.
#[rustfmt::skip]
pub(super) const LIGHT: [&str; 42] = [
    "a", "an", "the", "that", "this", "is", "are", "am", "be", "been", "being", "of", "in", "on",
    "at", "and", "as", "so", "do", "does", "have", "has", "really", "very", "just", "also",
    "actually", "currently", "now", "please", "well", "oh", "ok", "okay", "yes", "hey", "quite",
    "simply", "basically", "definitely", "too", "there",
];

/// What people say before they say something, without light words' help.
pub(super) const OPENERS: [&[&str]; 26] = [
    &["please", "remember", "that"],
    &["please", "remember"],
    &["remember", "that"],
    &["remember"],
    &["please", "note", "that"],
    &["please", "note"],
    &["note", "that"],
    &["note", "to", "self"],
    &["note"],
    &["do", "not", "forget", "that"],
    &["do", "not", "forget"],
    &["as", "i", "said", "before"],
    &["as", "i", "said"],
    &["like", "i", "said"],
    &["as", "i", "mentioned", "before"],
    &["as", "i", "mentioned", "earlier"],
    &["as", "i", "mentioned"],
    &["i", "told", "you", "that"],
    &["just", "so", "you", "know"],
    &["for", "your", "information"],
    &["for", "the", "record"],
    &["keep", "in", "mind", "that"],
    &["by", "the", "way"],
    &["btw"],
    &["fyi"],
    &["you", "know"],
];
