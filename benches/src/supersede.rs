//! Taking the place of what is no longer true: which facts are retired, and which wrongly.
//!
//! The statements are made up, two to a person: one, and a later one that either makes it untrue or
//! does not. Names of people, places and companies are syllables, so that no rule can know them, and
//! the sentences were written to sound like people, not after the rules: some are beyond them.

use std::collections::BTreeMap;

use karen_memory::{Memory, MemoryConfig, NewRecord, Scope, TenantId, UserId};
use karen_sql::{Database, Location};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde::Serialize;

use crate::{Result, load, print};

const SEED: u64 = 23;
const SYLLABLES: [&str; 12] = [
    "ar", "bel", "cor", "dun", "esk", "fol", "gim", "hov", "ist", "jul", "ker", "lun",
];
const COLOURS: [&str; 8] = [
    "teal", "ochre", "plum", "ivory", "coral", "olive", "amber", "slate",
];
const HOBBIES: [&str; 8] = [
    "fencing", "origami", "sailing", "curling", "pottery", "archery", "birding", "chess",
];

/// `A` and `B` differ; `P` is a person and `Q` another; `c` and `d` are colours, `h` and `i` pastimes.
/// The later sentence makes the earlier one untrue.
const SUPERSEDES: [(&str, &str); 28] = [
    ("I live in A.", "I moved to B last month."),
    ("I live in A.", "I'm living in B these days."),
    ("I've settled in A.", "I just relocated to B."),
    ("My home is in A.", "We sold the house, home is B now."),
    ("I live in A.", "I no longer live in A."),
    ("I work at A.", "I joined B."),
    ("I work for A.", "I work for B now."),
    ("I'm employed by A.", "I'm now employed by B."),
    ("I work at A.", "I left A, B made me an offer."),
    ("My employer is A.", "My employer is B."),
    ("P lives in A.", "P has moved to B."),
    ("P works at A.", "P is working at B now."),
    ("My wife works for A.", "My wife works for B."),
    ("My favourite colour is c.", "My favourite colour is d now."),
    (
        "My favorite colour is c.",
        "These days d beats every colour for me.",
    ),
    ("My boss is P.", "My boss is Q now."),
    ("My landlord is called P.", "My landlord is called Q."),
    (
        "My email address is P@mail.test",
        "My email address changed to Q@mail.test",
    ),
    ("My nickname is P.", "My nickname is Q."),
    ("My dentist is P.", "Actually, my dentist is Q."),
    ("I use A for notes.", "I switched from A to B."),
    ("I use A.", "I've switched from A to B."),
    ("I love h.", "I stopped loving h."),
    ("I enjoy h.", "I no longer enjoy h."),
    ("My team is called A.", "My team is called B."),
    ("I bank with A.", "I bank with B now."),
    ("I report to P.", "I now report to Q."),
    ("I study at A.", "I transferred to B."),
];

/// Both can be true, or nothing says that the earlier one is not.
const KEEPS: [(&str, &str); 55] = [
    ("I live in A.", "I visited B last month."),
    ("I live in A.", "I might move to B."),
    ("I live in A.", "I lived in B when I was a child."),
    ("I live in A.", "My parents live in B."),
    ("I live in A.", "P lives in B."),
    ("I live in A.", "I'm staying in B for the weekend."),
    ("I live in A.", "I want to move to B."),
    ("I live in A.", "I dreamt that I moved to B."),
    ("I live in A.", "P says I should move to B."),
    ("I live in A.", "Do I live in B?"),
    ("I live in A.", "I live in a small flat by the river."),
    ("I live in A.", "I work in B."),
    ("I live in A.", "I no longer live in B."),
    ("My brother lives in A.", "My brother lives in B."),
    ("My friend works at A.", "My friend works at B."),
    ("My sister is called P.", "My sister is called Q."),
    ("My dog is called P.", "My other dog is called Q."),
    ("I work at A.", "I also work at B on Sundays."),
    ("I work at A.", "I used to work at B."),
    ("I work at A.", "I had an interview at B."),
    ("I work at A.", "I work with P."),
    ("I work at A.", "P works at B."),
    ("I work at A.", "If I get the offer, I work at B."),
    ("I like h.", "I like i."),
    ("I love h.", "I love i more."),
    ("I enjoy h.", "P does not enjoy h."),
    ("My favourite colour is c.", "My favourite flower is d."),
    (
        "My favourite colour is c.",
        "My daughter's favourite colour is d.",
    ),
    ("My favourite colour is c.", "The walls are d."),
    (
        "My favourite colour is c.",
        "My favourite colour used to be d.",
    ),
    ("My boss is P.", "My former boss is Q."),
    ("My boss is P.", "My boss is on holiday."),
    ("My boss is P.", "My wife's boss is Q."),
    (
        "My email address is P@mail.test",
        "My work email address is Q@mail.test",
    ),
    ("I use A.", "I use B."),
    ("I use A.", "P switched from A to B."),
    ("I use A.", "I am thinking of a switch from A to B."),
    ("P lives in A.", "Q lives in B."),
    ("P works at A.", "In my novel P works at B."),
    ("I moved to A.", "I drove to B."),
    ("I work at A.", "I work at night."),
    ("I work for A.", "I work for free on some days."),
    ("I live in A.", "I live in fear of spiders."),
    ("My boss is P.", "My boss is angry."),
    (
        "My boss is P.",
        "My boss is Q's neighbour's cousin, they say.",
    ),
    (
        "My email address is P@mail.test",
        "My email address is hard to spell.",
    ),
    ("I love h.", "I stopped loving h on Mondays."),
    ("I enjoy h.", "I don't enjoy h."),
    ("I'm called P.", "I called Q."),
    ("I work at A.", "We moved to B."),
    ("I bank with A.", "P banks with B."),
    ("I report to P.", "I report to the board."),
    ("I study at A.", "I study at home."),
    ("P lives in A.", "P's mother lives in B."),
    ("My wife works for A.", "My wife works for herself."),
];

#[derive(Serialize)]
struct Row {
    /// Sentences whose earlier one was retired wrongly, or not though it should be.
    earlier: String,
    later: String,
    should_retire: bool,
    n: usize,
    retired: usize,
}

#[derive(Serialize)]
struct Run {
    pairs: usize,
    precision: f64,
    recall: f64,
    wrongly_retired: f64,
    load: f64,
}

/// Sentences with a label, how often they were told, how often the earlier one was retired.
type Counts = BTreeMap<(&'static str, &'static str, bool), (usize, usize)>;

pub(crate) async fn run(rounds: usize) -> Result<()> {
    let config = MemoryConfig::new(Database::open(Location::Memory).await?);
    let memory = Memory::open(config).await?;
    let mut random = StdRng::seed_from_u64(SEED);
    let mut counts = Counts::new();
    for round in 0..rounds {
        let labelled = [(&SUPERSEDES[..], true), (&KEEPS[..], false)];
        for (pairs, label) in labelled {
            for (number, (earlier, later)) in pairs.iter().enumerate() {
                let user = UserId::new(format!("{round} {number} {label}"));
                let scope = Scope::new(TenantId::new("bench"), user);
                let words = Words::draw(&mut random);
                let pair = [words.fill(earlier), words.fill(later)];
                let retired = is_retired(&memory, &scope, &pair).await?;
                let (told, ended) = counts.entry((earlier, later, label)).or_default();
                *told += 1;
                *ended += usize::from(retired);
            }
        }
    }
    report(&counts);
    Ok(())
}

/// Whether the later of two sentences, told a day apart, retires the earlier one.
async fn is_retired(memory: &Memory, scope: &Scope, pair: &[String; 2]) -> Result<bool> {
    let [earlier, later] = pair;
    let first = NewRecord::fact(earlier).at(1_000);
    let first = memory.remember(scope, first).await?.id;
    memory
        .remember(scope, NewRecord::fact(later).at(2_000))
        .await?;
    let record = memory.get(scope, &first).await?;
    Ok(record.is_none_or(|record| record.lifetime.retired_at.is_some()))
}

/// What the blanks of a pair stand for.
struct Words {
    names: [String; 4],
    colours: [&'static str; 2],
    pastimes: [&'static str; 2],
}

impl Words {
    fn draw(random: &mut StdRng) -> Self {
        let mut two = |from: &[&'static str]| {
            let drawn: Vec<&'static str> = from.sample(random, 2).copied().collect();
            [drawn[0], drawn[1]]
        };
        let (colours, pastimes) = (two(&COLOURS), two(&HOBBIES));
        Self {
            names: [(); 4].map(|()| name(random)),
            colours,
            pastimes,
        }
    }

    fn fill(&self, sentence: &str) -> String {
        let [a, b, p, q] = &self.names;
        let parts = sentence.split_inclusive(|c: char| !c.is_alphanumeric() && c != '\'');
        let fill = |part: &str| {
            let end = part
                .find(|c: char| !c.is_alphanumeric())
                .unwrap_or(part.len());
            let (word, rest) = part.split_at(end);
            let filled = match word {
                "A" => a,
                "B" => b,
                "P" => p,
                "Q" => q,
                "c" => self.colours[0],
                "d" => self.colours[1],
                "h" => self.pastimes[0],
                "i" => self.pastimes[1],
                other => other,
            };
            format!("{filled}{rest}")
        };
        parts.map(fill).collect()
    }
}

fn name(random: &mut StdRng) -> String {
    let syllables = (0..3).map(|_| *SYLLABLES.choose(random).expect("not empty"));
    let name: String = syllables.collect();
    name[..1].to_uppercase() + &name[1..]
}

fn report(counts: &Counts) {
    let (mut right, mut wrong, mut due, mut kept) = (0, 0, 0, 0);
    for ((earlier, later, label), (told, ended)) in counts {
        match label {
            true => (right, due) = (right + ended, due + told),
            false => (wrong, kept) = (wrong + ended, kept + told),
        }
        if (*label && ended < told) || (!label && *ended > 0) {
            print(&Row {
                earlier: (*earlier).to_owned(),
                later: (*later).to_owned(),
                should_retire: *label,
                n: *told,
                retired: *ended,
            });
        }
    }
    print(&Run {
        pairs: due + kept,
        precision: right as f64 / (right + wrong).max(1) as f64,
        recall: right as f64 / due as f64,
        wrongly_retired: wrong as f64 / kept as f64,
        load: load(),
    });
}
