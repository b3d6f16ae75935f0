//! Users of a thousand tenants who remember, forget and trespass at random, and what each should have.

use std::collections::{BTreeMap, BTreeSet};

use karen_memory::{
    Edit, Feedback, Memory, NewRecord, Page, Query, RecordId, Scope, SessionId, TenantId, Turn,
    UserId,
};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

const TENANTS: usize = 1_000;
/// Users of each tenant, who have the same names in all.
const USERS: usize = 3;
/// Most is done by these few, so that they have much in common and meet often.
const BUSY: usize = 9;

/// What one user should have: texts by id, and what was ingested and forgotten since.
#[derive(Default)]
struct Expected {
    records: BTreeMap<RecordId, String>,
    sources: BTreeMap<String, RecordId>,
}

pub(crate) struct World {
    /// Over the same records; each step is taken with any of them.
    memories: Vec<Memory>,
    rng: StdRng,
    scopes: Vec<Scope>,
    expected: Vec<Expected>,
    /// Those who have done something.
    known: BTreeSet<usize>,
}

impl World {
    /// Users of the same names in all tenants, whose names begin alike.
    pub(crate) fn new(memories: Vec<Memory>, tenants: &str, seed: u64) -> Self {
        let user = |i: usize| {
            let tenant = TenantId::new(format!("{tenants} {}", i / USERS));
            Scope::new(tenant, UserId::new(format!("user {}", i % USERS)))
        };
        let users = TENANTS * USERS;
        Self {
            memories,
            rng: StdRng::seed_from_u64(seed),
            scopes: (0..users).map(user).collect(),
            expected: (0..users).map(|_| Expected::default()).collect(),
            known: BTreeSet::new(),
        }
    }

    pub(crate) async fn step(&mut self) {
        let who = self.anybody();
        self.known.insert(who);
        match self.rng.random_range(0..100) {
            0..30 => self.remember(who).await,
            30..50 => self.ingest(who).await,
            50..65 => self.forget(who).await,
            65..80 => self.trespass(who).await,
            80..95 => self.recall(who).await,
            95..98 => self.recent(who).await,
            _ => self.forget_all(who).await,
        }
    }

    fn anybody(&mut self) -> usize {
        let all = self.scopes.len();
        let among = if self.rng.random_bool(0.8) { BUSY } else { all };
        self.rng.random_range(0..among)
    }

    fn memory(&mut self) -> Memory {
        let memory = self.memories.choose(&mut self.rng);
        memory.expect("one at least").clone()
    }

    /// Few words, so that users tell the same things; each shares the word that is searched for.
    fn words(&mut self) -> String {
        format!("harbour note {}", self.rng.random_range(0..40))
    }

    async fn remember(&mut self, who: usize) {
        let text = self.words();
        let note = NewRecord::fact(text.as_str());
        let answer = self.memory().remember(&self.scopes[who], note).await;
        let answer = answer.expect("remember");
        let records = &mut self.expected[who].records;
        let known = records.iter().find(|(_, kept)| **kept == text);
        assert_eq!(answer.reinforces.as_ref(), known.map(|(id, _)| id));
        assert_eq!(answer.stored, known.is_none());
        records.insert(answer.id, text);
    }

    async fn ingest(&mut self, who: usize) {
        let source = format!("msg_{}", self.rng.random_range(0..40));
        let text = format!("harbour said {source}");
        let said = vec![Turn {
            source_id: source.clone(),
            session: SessionId::new("conv_1"),
            speaker: "user".to_owned(),
            text: text.clone(),
            caption: None,
            at: 1,
        }];
        let ids = self.memory().ingest(&self.scopes[who], said).await;
        let id = ids.expect("ingest").remove(0);
        let expected = &mut self.expected[who];
        match expected.sources.get(&source) {
            Some(known) => assert_eq!(*known, id, "known, or known and forgotten"),
            None => {
                expected.records.insert(id.clone(), text);
                expected.sources.insert(source, id);
            }
        }
    }

    async fn forget(&mut self, who: usize) {
        let ids: Vec<RecordId> = self.expected[who].records.keys().cloned().collect();
        let Some(id) = ids.choose(&mut self.rng) else {
            return;
        };
        let forgotten = self.memory().forget(&self.scopes[who], id).await;
        assert!(forgotten.expect("forget"));
        self.expected[who].records.remove(id);
    }

    async fn forget_all(&mut self, who: usize) {
        let forgotten = self.memory().forget_all(&self.scopes[who]).await;
        let records = std::mem::take(&mut self.expected[who].records);
        assert_eq!(forgotten.expect("forget all"), records.len() as u64);
    }

    /// Reads, changes and deletes with an id of somebody else's.
    async fn trespass(&mut self, who: usize) {
        let whose = self.anybody();
        if whose == who {
            return;
        }
        let ids: Vec<RecordId> = self.expected[whose].records.keys().cloned().collect();
        let Some(id) = ids.choose(&mut self.rng) else {
            return;
        };
        let (memory, scope) = (self.memory(), &self.scopes[who]);
        assert_eq!(memory.get(scope, id).await.expect("get"), None);
        assert!(!memory.forget(scope, id).await.expect("forget"));
        let edit = Edit {
            text: Some("harbour stolen".to_owned()),
            ..Edit::default()
        };
        assert_eq!(memory.update(scope, id, edit).await.expect("update"), None);
        assert_eq!(memory.pin(scope, id, true).await.expect("pin"), None);
        let wrong = memory.feedback(scope, id, Feedback::Wrong).await;
        assert_eq!(wrong.expect("feedback"), None);
        assert_eq!(memory.restore(scope, id).await.expect("restore"), None);
        assert!(memory.history(scope, id).await.expect("history").is_empty());
        assert!(memory.links(scope, id).await.expect("links").is_empty());
    }

    async fn recall(&mut self, who: usize) {
        let query = Query::new("harbour").limit(usize::MAX);
        let recall = self.memory().recall(&self.scopes[who], query).await;
        let items = recall.expect("recall").items.into_iter();
        let found: BTreeMap<RecordId, String> =
            items.map(|i| (i.record.id, i.record.text)).collect();
        assert_eq!(found, self.expected[who].records, "theirs, and all of it");
    }

    /// What is at hand of a session is of that user's session alone.
    async fn recent(&mut self, who: usize) {
        let session = self.scopes[who]
            .clone()
            .in_session(SessionId::new("conv_1"));
        let recent = self.memory().recent(&session, 50).await;
        let expected = &self.expected[who].records;
        for record in recent.expect("recent") {
            assert_eq!(expected.get(&record.id), Some(&record.text));
        }
    }

    /// Everybody has all of theirs; gives how many records that are.
    pub(crate) async fn check_everyone(&mut self) -> usize {
        for who in self.known.clone() {
            self.recall(who).await;
            self.recent(who).await;
            let (memory, scope) = (self.memory(), &self.scopes[who]);
            let limit = Page::LIMIT_MAX;
            let page = Page {
                limit,
                ..Page::default()
            };
            let page = memory.list(scope, page).await;
            let listed = page.expect("list").records.into_iter();
            let listed: BTreeMap<RecordId, String> = listed.map(|r| (r.id, r.text)).collect();
            assert_eq!(listed, self.expected[who].records);
            let count = memory.count(scope).await.expect("count");
            assert_eq!(count, listed.len() as u64);
        }
        self.expected.iter().map(|one| one.records.len()).sum()
    }
}
