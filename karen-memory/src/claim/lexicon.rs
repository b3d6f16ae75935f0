//! The words that claims are made of.

/// A sentence with one of these claims nothing certain of the present.
#[rustfmt::skip]
pub(super) const UNCERTAIN: [&str; 102] = [
    "if", "unless", "would", "could", "should", "might", "maybe", "perhaps", "probably", "possibly",
    "almost", "nearly", "plan", "plans", "planning", "hope", "hopes", "hoping", "want", "wants",
    "wanted", "wish", "wishes", "dream", "dreams", "dreamed", "dreamt", "imagine", "imagined",
    "pretend", "pretended", "story", "novel", "game", "character", "movie", "film", "song", "joke",
    "joking", "said", "says", "say", "told", "tells", "thinks", "thought", "think", "believes",
    "believe", "heard", "hear", "guess", "suppose", "claims", "asked", "asks", "wonder", "used",
    "was", "were", "had", "once", "ago", "when", "while", "before", "until", "till", "formerly",
    "temporarily", "temporary", "weekend", "weekends", "week", "weekdays", "summer", "winter",
    "during", "sometimes", "often", "usually", "also", "too", "both", "another", "other", "either",
    "or", "considering", "soon", "going", "will", "tomorrow", "next", "visiting", "holiday",
    "vacation", "trip", "part", "previously", "original",
];

/// What may stand before a claim.
#[rustfmt::skip]
pub(super) const LEADS: [&str; 24] = [
    "actually", "well", "so", "oh", "ok", "okay", "update", "correction", "news", "btw", "fyi",
    "now", "currently", "yes", "no", "hey", "just", "finally", "today", "and", "but", "good",
    "recently", "nowadays",
];

/// What ends an object: what follows says nothing of it.
#[rustfmt::skip]
pub(super) const STOPS: [&str; 22] = [
    "now", "anymore", "nowadays", "currently", "instead", "today", "these", "since", "as",
    "because", "but", "which", "where", "who", "so", "with", "from", "at", "any", "finally",
    "again", "and",
];

/// Words that an object is the same without.
pub(super) const ARTICLES: [&str; 6] = ["a", "an", "the", "my", "our", "new"];

/// Relations to a place or a company: a verb's forms, what follows it, and the relation's name. One
/// holds at a time.
#[rustfmt::skip]
pub(super) const RELATIONS: [(&[&str], &[&str], &str); 21] = [
    (&["live", "lives", "living", "lived"], &["in"], "lives in"),
    (&["live", "lives", "living"], &["at"], "lives at"),
    (&["moved", "relocated"], &["to"], "lives in"),
    (&["moved"], &["into"], "lives at"),
    (&["reside", "resides", "residing"], &["in"], "lives in"),
    (&["based"], &["in"], "lives in"),
    (&["settled"], &["in"], "lives in"),
    (&["work", "works", "working"], &["at"], "works at"),
    (&["work", "works", "working"], &["for"], "works at"),
    (&["employed"], &["at"], "works at"),
    (&["employed"], &["by"], "works at"),
    (&["started", "began"], &["working", "at"], "works at"),
    (&["started", "began"], &["working", "for"], "works at"),
    (&["work", "works", "working"], &["as"], "job"),
    (&["employed"], &["as"], "job"),
    (&["named", "called"], &[], "name"),
    (&["married"], &["to"], "married to"),
    (&["engaged"], &["to"], "married to"),
    (&["study", "studies", "studying"], &["at"], "studies at"),
    (&["bank", "banks"], &["with"], "banks with"),
    (&["report", "reports"], &["to"], "reports to"),
];

/// Relations that have many objects at a time: a verb's forms, and the relation's name.
#[rustfmt::skip]
pub(super) const ATTITUDES: [(&[&str], &str); 11] = [
    (&["like", "likes", "liking", "love", "loves", "loving", "enjoy", "enjoys", "enjoying"], "likes"),
    (&["eat", "eats", "eating"], "eats"),
    (&["drink", "drinks", "drinking"], "drinks"),
    (&["play", "plays", "playing"], "plays"),
    (&["own", "owns", "owning"], "owns"),
    (&["drive", "drives", "driving"], "drives"),
    (&["smoke", "smokes", "smoking"], "smokes"),
    (&["use", "uses", "using"], "uses"),
    (&["speak", "speaks", "speaking"], "speaks"),
    (&["take", "takes", "taking"], "takes"),
    (&["subscribe", "subscribes"], "subscribes"),
];

/// Nouns of which somebody has one at a time, and whose value is a name: "my boss is angry" names
/// nobody.
#[rustfmt::skip]
pub(super) const NAMED: [&str; 24] = [
    "name", "nickname", "surname", "employer", "boss", "manager", "supervisor", "landlord",
    "doctor", "dentist", "lawyer", "therapist", "hometown", "school", "university", "wife",
    "husband", "spouse", "partner", "fiance", "fiancee", "girlfriend", "boyfriend", "timezone",
];

/// Nouns of which somebody has one at a time, and whose value has a digit or a dot in it: "my rent is
/// high" says no rent.
#[rustfmt::skip]
pub(super) const MEASURED: [&str; 17] = [
    "email", "address", "number", "birthday", "age", "weight", "height", "salary", "budget", "rent",
    "deadline", "size", "limit", "pin", "allowance", "code", "extension",
];

/// People of whom somebody has one at a time.
#[rustfmt::skip]
pub(super) const UNIQUE: [&str; 24] = [
    "mother", "mom", "mum", "mama", "father", "dad", "papa", "wife", "husband", "spouse", "partner",
    "girlfriend", "boyfriend", "fiance", "fiancee", "boss", "manager", "landlord", "company",
    "employer", "supervisor", "team", "flat", "apartment",
];

/// People and animals of whom somebody may have several: which is meant is anybody's guess.
#[rustfmt::skip]
pub(super) const SEVERAL: [&str; 28] = [
    "brother", "sister", "son", "daughter", "child", "kid", "cousin", "aunt", "uncle", "friend",
    "colleague", "coworker", "neighbour", "neighbor", "nephew", "niece", "grandson", "granddaughter",
    "dog", "cat", "horse", "bird", "rabbit", "teacher", "student", "client", "roommate", "flatmate",
];
