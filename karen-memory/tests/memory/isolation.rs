//! Tenants and users never meet, whatever they do.

use std::collections::BTreeMap;

use karen_memory::{Memory, NewRecord, Page, Query, RecordId, Scope};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use crate::{all, memory, scope, turn};

const OPERATIONS: usize = 1_500;

/// What one user should have: texts by id, and what was ingested and forgotten since.
#[derive(Default)]
struct Expected {
    records: BTreeMap<RecordId, String>,
    sources: BTreeMap<String, RecordId>,
}

struct World {
    memory: Memory,
    rng: StdRng,
    scopes: Vec<Scope>,
    expected: Vec<Expected>,
}

impl World {
    /// Users of the same names in three tenants.
    async fn new(seed: u64) -> Self {
        let user = |i: usize| scope(&format!("tenant {}", i / 3), &format!("user {}", i % 3));
        Self {
            memory: memory().await,
            rng: StdRng::seed_from_u64(seed),
            scopes: (0..9).map(user).collect(),
            expected: (0..9).map(|_| Expected::default()).collect(),
        }
    }

    async fn step(&mut self) {
        let who = self.rng.random_range(0..self.scopes.len());
        match self.rng.random_range(0..100) {
            0..30 => self.remember(who).await,
            30..50 => self.ingest(who).await,
            50..65 => self.forget(who).await,
            65..80 => self.trespass(who).await,
            80..98 => self.recall(who).await,
            _ => self.forget_all(who).await,
        }
    }

    /// Few words, so that users tell the same things; each shares the word that is searched for.
    fn words(&mut self) -> String {
        format!("harbour note {}", self.rng.random_range(0..40))
    }

    async fn remember(&mut self, who: usize) {
        let text = self.words();
        let note = NewRecord::fact(text.as_str());
        let answer = self.memory.remember(&self.scopes[who], note).await;
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
        let said = vec![turn(&source, "user", &text, 1)];
        let ids = self.memory.ingest(&self.scopes[who], said).await;
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
        let forgotten = self.memory.forget(&self.scopes[who], id).await;
        assert!(forgotten.expect("forget"));
        self.expected[who].records.remove(id);
    }

    async fn forget_all(&mut self, who: usize) {
        let forgotten = self.memory.forget_all(&self.scopes[who]).await;
        let records = std::mem::take(&mut self.expected[who].records);
        assert_eq!(forgotten.expect("forget all"), records.len() as u64);
    }

    /// Reads and deletes with an id of somebody else's.
    async fn trespass(&mut self, who: usize) {
        let whose = (who + self.rng.random_range(1..self.scopes.len())) % self.scopes.len();
        let ids: Vec<RecordId> = self.expected[whose].records.keys().cloned().collect();
        let Some(id) = ids.choose(&mut self.rng) else {
            return;
        };
        let scope = &self.scopes[who];
        assert_eq!(self.memory.get(scope, id).await.expect("get"), None);
        assert!(!self.memory.forget(scope, id).await.expect("forget"));
    }

    async fn recall(&self, who: usize) {
        let query = Query::new("harbour").limit(usize::MAX);
        let recall = self.memory.recall(&self.scopes[who], query).await;
        let items = recall.expect("recall").items.into_iter();
        let found: BTreeMap<RecordId, String> =
            items.map(|i| (i.record.id, i.record.text)).collect();
        assert_eq!(found, self.expected[who].records, "theirs, and all of it");
    }

    async fn check_everyone(&self) {
        for (who, expected) in self.expected.iter().enumerate() {
            self.recall(who).await;
            let scope = &self.scopes[who];
            let listed = all(&self.memory, scope).await.into_iter();
            let listed: BTreeMap<RecordId, String> = listed.map(|r| (r.id, r.text)).collect();
            assert_eq!(listed, expected.records);
            let count = self.memory.count(scope).await.expect("count");
            assert_eq!(count, expected.records.len() as u64);
        }
    }
}

#[tokio::test]
async fn users_have_what_they_told_and_never_what_others_told() {
    for seed in [1, 2] {
        let mut world = World::new(seed).await;
        for _ in 0..OPERATIONS {
            world.step().await;
        }
        world.check_everyone().await;
        let kept: usize = world.expected.iter().map(|e| e.records.len()).sum();
        assert!(kept > 0, "seed {seed} kept something");
    }
}

#[tokio::test]
async fn a_cursor_of_one_user_shows_another_only_their_own() {
    let memory = memory().await;
    let users = [scope("a", "ada"), scope("b", "ada")];
    for user in &users {
        for i in 0..3 {
            let note = NewRecord::fact(format!("note {i}")).at(i);
            memory.remember(user, note).await.expect("remember");
        }
    }
    let first = Page {
        after: None,
        limit: 1,
        ..Page::default()
    };
    let page = memory.list(&users[0], first).await.expect("list");
    let after = page.next;
    assert!(after.is_some());
    let rest = memory
        .list(
            &users[1],
            Page {
                after,
                limit: 10,
                ..Page::default()
            },
        )
        .await
        .expect("list");
    let own = all(&memory, &users[1]).await;
    assert!(!rest.records.is_empty());
    assert!(rest.records.iter().all(|record| own.contains(record)));
}
