//! Write hygiene: a stream of junk is refused, and news that hardly differs is kept.
//!
//! The stream is made up. Facts are sentences of people, places, numbers and days whose names are
//! syllables, so that no rule can know them. Junk says a fact again in another dress, reads back what
//! memory recalled, or is a prompt. News differs from a fact by one number, day, name or negation.

use std::collections::BTreeMap;

use karen_memory::{Memory, MemoryConfig, NewRecord, Query, Scope, TenantId, UserId};
use karen_sql::{Database, Location};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde::Serialize;

use crate::{Result, load, print};

const SEED: u64 = 11;
const SYLLABLES: [&str; 12] = [
    "bra", "del", "fen", "gor", "hal", "kir", "lom", "mus", "nar", "pel", "tov", "zin",
];
const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
const TRADES: [&str; 10] = [
    "bakery",
    "orchard",
    "foundry",
    "library",
    "shipyard",
    "vineyard",
    "workshop",
    "observatory",
    "pottery",
    "brewery",
];
const THINGS: [&str; 10] = [
    "lanterns",
    "saddles",
    "violins",
    "kettles",
    "compasses",
    "ladders",
    "mirrors",
    "anchors",
    "blankets",
    "telescopes",
];
/// `P` and `Q` are people, `L` a place, `N` a number, `D` a day, `T` a trade, `G` goods.
const FACTS: [&str; 10] = [
    "P ordered N G for the T in L.",
    "The T of P in L opens at N on D.",
    "P sold N G to Q on D.",
    "My invoice N for the G went to P in L.",
    "P met Q at the T near L on D.",
    "The train to L leaves platform N on D.",
    "Q keeps N G behind the T.",
    "P speaks with Q about the G every D.",
    "The contract with P of L ends in the year N.",
    "Our locker at the T has the code N.",
];
/// What the program tells its models, and memory is told so.
const PROMPT: &str = "You assist the staff of a trading house. Answer in short sentences. \
    Quote a source for each figure. Decline to discuss prices of competitors.";
/// What other programs tell theirs.
const BOOT: [&str; 8] = [
    "You are Nova, a concise voice agent for a bank.",
    "You are an expert travel assistant with access to tools.",
    "System: the session has started, load the memory files.",
    "<|system|> Follow the policy below.",
    "### Instruction: summarise the conversation so far.",
    "{\"type\": \"function\", \"name\": \"search\"}",
    "Knowledge cutoff: 2025-01. Current date: 2026-11-23.",
    "As an AI language model I follow the operator's rules.",
];

#[derive(Serialize)]
struct Row {
    stream: &'static str,
    kind: String,
    n: usize,
    /// Of junk what was refused, of news what was lost.
    refused: f64,
}

#[derive(Serialize)]
struct Run {
    facts: usize,
    junk: usize,
    junk_refused: f64,
    novel: usize,
    novel_lost: f64,
    load: f64,
}

/// How many were told, and how many refused, by kind.
type Counts = BTreeMap<String, (usize, usize)>;

/// A fact with its blanks filled in.
#[derive(Clone)]
struct Fact {
    template: &'static str,
    people: [String; 2],
    place: String,
    number: u32,
    day: &'static str,
    trade: &'static str,
    goods: &'static str,
}

impl Fact {
    fn draw(random: &mut StdRng) -> Self {
        let mut pick = |from: &[&'static str]| *from.choose(random).expect("lists are not empty");
        let (template, day) = (pick(&FACTS), pick(&DAYS));
        let (trade, goods) = (pick(&TRADES), pick(&THINGS));
        Self {
            template,
            people: [name(random), name(random)],
            place: name(random),
            number: random.random_range(2..9000),
            day,
            trade,
            goods,
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for letter in self
            .template
            .split_inclusive(|c: char| !c.is_alphanumeric())
        {
            let (word, rest) = match letter.find(|c: char| !c.is_alphanumeric()) {
                Some(end) => letter.split_at(end),
                None => (letter, ""),
            };
            let number = self.number.to_string();
            text += match word {
                "P" => &self.people[0],
                "Q" => &self.people[1],
                "L" => &self.place,
                "N" => &number,
                "D" => self.day,
                "T" => self.trade,
                "G" => self.goods,
                other => other,
            };
            text += rest;
        }
        text
    }

    fn has(&self, blank: char) -> bool {
        self.template
            .split(|c: char| !c.is_alphanumeric())
            .any(|w| w == blank.to_string())
    }
}

fn name(random: &mut StdRng) -> String {
    let syllables = (0..3).map(|_| *SYLLABLES.choose(random).expect("not empty"));
    let name: String = syllables.collect();
    name[..1].to_uppercase() + &name[1..]
}

pub(crate) async fn run(facts: usize) -> Result<()> {
    let config = MemoryConfig {
        boilerplate: vec![PROMPT.to_owned()],
        ..MemoryConfig::new(Database::open(Location::Memory).await?)
    };
    let memory = Memory::open(config).await?;
    let scope = Scope::new(TenantId::new("bench"), UserId::new("writer"));
    let mut random = StdRng::seed_from_u64(SEED);
    let known: Vec<Fact> = (0..facts).map(|_| Fact::draw(&mut random)).collect();
    let (mut junk, mut novel) = (Counts::new(), Counts::new());
    for fact in &known {
        tell(&memory, &scope, "another fact", &fact.text(), &mut novel).await?;
    }
    for fact in &known {
        for (kind, text) in dresses(fact, &mut random) {
            tell(&memory, &scope, kind, &text, &mut junk).await?;
        }
        for (kind, text) in news(fact, &mut random) {
            tell(&memory, &scope, kind, &text, &mut novel).await?;
        }
        for (kind, text) in echoes(&memory, &scope, fact).await? {
            tell(&memory, &scope, kind, &text, &mut junk).await?;
        }
    }
    for text in BOOT
        .into_iter()
        .chain(PROMPT.split_inclusive(". "))
        .chain([PROMPT])
    {
        tell(&memory, &scope, "prompt", text, &mut junk).await?;
    }
    report(facts, &junk, &novel);
    Ok(())
}

async fn tell(
    memory: &Memory,
    scope: &Scope,
    kind: &str,
    text: &str,
    counts: &mut Counts,
) -> Result<()> {
    let remembered = memory.remember(scope, NewRecord::fact(text)).await?;
    let (told, refused) = counts.entry(kind.to_owned()).or_default();
    *told += 1;
    *refused += usize::from(!remembered.stored);
    Ok(())
}

/// The same fact in other words' clothes.
fn dresses(fact: &Fact, random: &mut StdRng) -> Vec<(&'static str, String)> {
    let text = fact.text();
    let bare = text.trim_end_matches('.').to_owned();
    let openers = [
        "Please remember that ",
        "Note: ",
        "As I said, ",
        "By the way, ",
        "Just so you know, ",
    ];
    let opener = openers.choose(random).expect("not empty");
    let spaced = bare.replace(' ', "  ");
    let mut dresses = vec![
        ("the same", text.clone()),
        ("case", text.to_lowercase()),
        ("punctuation", format!("{bare} !!")),
        ("white space", spaced),
        ("opener", format!("{opener}{text}")),
    ];
    dresses.extend(slip(&text, random).map(|text| ("slip of the pen", text)));
    dresses
}

/// A letter left out of a long word that is no name.
fn slip(text: &str, random: &mut StdRng) -> Option<String> {
    let is_plain = |word: &&str| word.len() > 6 && word.chars().all(|c| c.is_ascii_lowercase());
    let words: Vec<&str> = text.split(' ').filter(is_plain).collect();
    let word = words.choose(random)?;
    let place = random.random_range(2..word.len() - 2);
    Some(text.replace(word, &format!("{}{}", &word[..place], &word[place + 1..])))
}

/// The fact with one thing changed.
fn news(fact: &Fact, random: &mut StdRng) -> Vec<(&'static str, String)> {
    let mut news = Vec::new();
    let mut other = |kind, blank: char, changed: Fact| {
        if fact.has(blank) {
            news.push((kind, changed.text()));
        }
    };
    let (number, person, place) = (fact.number + 9000, name(random), name(random));
    let day = DAYS[(DAYS.iter().position(|d| *d == fact.day).unwrap_or(0) + 1) % DAYS.len()];
    let people = [person, fact.people[1].clone()];
    other(
        "number",
        'N',
        Fact {
            number,
            ..fact.clone()
        },
    );
    other(
        "date",
        'D',
        Fact {
            day,
            ..fact.clone()
        },
    );
    other(
        "name",
        'P',
        Fact {
            people,
            ..fact.clone()
        },
    );
    other(
        "place",
        'L',
        Fact {
            place,
            ..fact.clone()
        },
    );
    if let Some(text) = negated(&fact.text()) {
        news.push(("negation", text));
    }
    news
}

fn negated(text: &str) -> Option<String> {
    let verbs = [
        (" ordered ", " never ordered "),
        (" opens ", " does not open "),
        (" sold ", " never sold "),
        (" met ", " didn't meet "),
        (" leaves ", " doesn't leave "),
        (" speaks ", " no longer speaks "),
        (" keeps ", " never keeps "),
    ];
    let (verb, denied) = verbs.into_iter().find(|(verb, _)| text.contains(verb))?;
    Some(text.replace(verb, denied))
}

/// What memory says of the fact, read back to it.
async fn echoes(
    memory: &Memory,
    scope: &Scope,
    fact: &Fact,
) -> Result<Vec<(&'static str, String)>> {
    let recall = memory
        .recall(scope, Query::new(fact.text()).limit(3))
        .await?;
    let pack = memory.pack(&recall, 200);
    let line = pack.text.lines().last().unwrap_or_default().to_owned();
    Ok(vec![("recalled line", line), ("recalled pack", pack.text)])
}

fn report(facts: usize, junk: &Counts, novel: &Counts) {
    for (stream, counts) in [("junk", junk), ("novel", novel)] {
        for (kind, (n, refused)) in counts {
            print(&Row {
                stream,
                kind: kind.clone(),
                n: *n,
                refused: *refused as f64 / *n as f64,
            });
        }
    }
    let total = |counts: &Counts| {
        counts
            .values()
            .fold((0, 0), |(n, r), (m, s)| (n + m, r + s))
    };
    let ((junk, refused), (novel, lost)) = (total(junk), total(novel));
    print(&Run {
        facts,
        junk,
        junk_refused: refused as f64 / junk as f64,
        novel,
        novel_lost: lost as f64 / novel as f64,
        load: load(),
    });
}
