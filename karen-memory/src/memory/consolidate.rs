//! Finding what records have in common, in steps that a crash cannot spoil.

use std::collections::HashSet;

use karen_sql::now_ms;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Memory;
use crate::claim::{Claim, Judgement};
use crate::novelty::Statement;
use crate::{
    Change, Lifetime, Link, LogEntry, MemoryError, Proposal, Record, RecordId, RecordKind,
    RecordStore, Relation, Revision, Scope, Usage,
};

/// The job's name in the store.
const JOB: &str = "consolidate";
/// Changes looked at in one step: records further apart in time have little in common.
const STEP: u32 = 256;
/// Records that a pattern needs.
const PROOFS_MIN: usize = 3;
/// Records that a summarizer is shown at once.
const SHOWN_MAX: usize = 10;

/// What consolidating did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Consolidated {
    /// Facts looked at.
    pub examined: u64,
    /// Summaries added.
    pub added: u64,
    /// Facts retired because the summarizer saw that a later one took their place.
    pub superseded: u64,
    /// Proposals that the guard refused.
    pub refused: u64,
}

impl Memory {
    /// Looks at the facts written since the last time, and adds what several of them have in common:
    /// without a summarizer the most typical of them, with one what it makes of them. The facts stay.
    ///
    /// Each step can be done again: a summary is known by what it was made from, and how far the job
    /// has come is noted after each.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Unavailable`, a failing summarizer's too; what was done before stays, and
    /// the next call goes on from there.
    pub async fn consolidate(&self, scope: &Scope) -> Result<Consolidated, MemoryError> {
        let store = &self.shared.store;
        let scope = &scope.whole();
        let mut done = Consolidated::default();
        let mut mark = store.job_mark(scope, JOB).await?;
        loop {
            let entries = store.log_after(scope, mark, STEP).await?;
            let Some(last) = entries.last() else {
                return Ok(done);
            };
            mark = last.sequence;
            let facts = present_facts(entries);
            done.examined += facts.len() as u64;
            for cluster in clusters(facts) {
                self.consolidate_cluster(scope, &cluster, &mut done).await?;
            }
            store.set_job_mark(scope, JOB, mark).await?;
        }
    }

    async fn consolidate_cluster(
        &self,
        scope: &Scope,
        cluster: &[Record],
        done: &mut Consolidated,
    ) -> Result<(), MemoryError> {
        let Some(summarizer) = &self.shared.summarizer else {
            let typical = typical(cluster).text.clone();
            let proofs: Vec<&Record> = cluster.iter().collect();
            done.added += u64::from(self.add_summary(scope, typical, &proofs).await?);
            return Ok(());
        };
        for shown in cluster.chunks(SHOWN_MAX) {
            let texts: Vec<String> = shown.iter().map(|record| record.text.clone()).collect();
            for proposal in summarizer.propose(&texts).await? {
                self.consider(scope, shown, proposal, done).await?;
            }
        }
        Ok(())
    }

    /// Carries out a proposal that the records themselves bear out.
    async fn consider(
        &self,
        scope: &Scope,
        shown: &[Record],
        proposal: Proposal,
        done: &mut Consolidated,
    ) -> Result<(), MemoryError> {
        match proposal {
            Proposal::Summary { text, of } => {
                let named = of.iter().map(|index| shown.get(*index));
                let proofs: Option<Vec<&Record>> = named.collect();
                match proofs.filter(|proofs| is_borne_out(&text, proofs)) {
                    Some(proofs) => {
                        done.added += u64::from(self.add_summary(scope, text, &proofs).await?);
                    }
                    None => done.refused += 1,
                }
            }
            Proposal::Supersede { old, new } => match shown.get(old).zip(shown.get(new)) {
                Some((old, new)) if supersedes(new, old) => {
                    let retire = Revision::Retire {
                        valid_to: new.lifetime.valid_from,
                        superseded_by: Some(new.id.clone()),
                    };
                    self.shared
                        .store
                        .revise(scope, &old.id, &retire, now_ms())
                        .await?;
                    done.superseded += 1;
                }
                _ => done.refused += 1,
            },
        }
        Ok(())
    }

    /// Adds a summary with links to what it was made from; `false` if it is there already.
    async fn add_summary(
        &self,
        scope: &Scope,
        text: String,
        proofs: &[&Record],
    ) -> Result<bool, MemoryError> {
        let summary = summary(text, proofs);
        let store = &self.shared.store;
        let remembered = store.append(scope, vec![summary]).await?;
        let Some(one) = remembered
            .first()
            .filter(|one| one.stored || one.reinforces.is_some())
        else {
            return Ok(false);
        };
        let links = proofs.iter().map(|proof| Link {
            from: one.id.clone(),
            to: proof.id.clone(),
            relation: Relation::Evidence,
        });
        store.link(scope, &links.collect::<Vec<_>>()).await?;
        Ok(one.stored)
    }
}

/// The facts that the entries leave, each once.
fn present_facts(entries: Vec<LogEntry>) -> Vec<Record> {
    let now = now_ms();
    let mut seen: HashSet<RecordId> = HashSet::new();
    let fact = |entry: LogEntry| match entry.change {
        Change::Put(record) if record.kind == RecordKind::Fact => Some(record),
        _ => None,
    };
    let facts = entries.into_iter().filter_map(fact);
    let present = facts.filter(|fact| fact.lifetime.is_present(now));
    present
        .filter(|fact| seen.insert(fact.id.clone()))
        .collect()
}

/// Leader clustering (Hartigan 1975): each fact joins the first cluster whose leader it resembles.
fn clusters(facts: Vec<Record>) -> Vec<Vec<Record>> {
    let mut clusters: Vec<(Statement, Vec<Record>)> = Vec::new();
    for fact in facts {
        let statement = Statement::of(&fact.text);
        match clusters
            .iter_mut()
            .find(|(leader, _)| leader.resembles(&statement))
        {
            Some((_, members)) => members.push(fact),
            None => clusters.push((statement, vec![fact])),
        }
    }
    let members = clusters.into_iter().map(|(_, members)| members);
    members
        .filter(|members| members.len() >= PROOFS_MIN)
        .collect()
}

/// The member with most in common with the others; of equal ones, the first.
fn typical(cluster: &[Record]) -> &Record {
    let said: Vec<Statement> = cluster
        .iter()
        .map(|record| Statement::of(&record.text))
        .collect();
    let shared =
        |statement: &Statement| -> f32 { said.iter().map(|other| statement.likeness(other)).sum() };
    let mut best = (0, f32::NEG_INFINITY);
    for (index, statement) in said.iter().enumerate() {
        let shared = shared(statement);
        if shared > best.1 {
            best = (index, shared);
        }
    }
    &cluster[best.0]
}

/// A summary names nobody and counts nothing that its proofs do not.
fn is_borne_out(text: &str, proofs: &[&Record]) -> bool {
    let proofs: Vec<Statement> = proofs
        .iter()
        .map(|proof| Statement::of(&proof.text))
        .collect();
    proofs.len() > 1 && Statement::of(text).adds_nothing_to(&proofs)
}

fn supersedes(new: &Record, old: &Record) -> bool {
    let claims = Claim::of(new).zip(Claim::of(old));
    let is_later = new.lifetime.valid_from > old.lifetime.valid_from;
    claims.is_some_and(|(new, old)| {
        new.slot() == old.slot() && new.judge(&old, is_later) == Judgement::Supersedes
    })
}

fn summary(text: String, proofs: &[&Record]) -> Record {
    let mut ids: Vec<&str> = proofs.iter().map(|proof| proof.id.as_str()).collect();
    ids.sort_unstable();
    let made_from = Sha256::digest(ids.join(" "));
    let source: String = made_from.iter().map(|byte| format!("{byte:02x}")).collect();
    let (now, latest) = (now_ms(), proofs.iter().map(|proof| proof.at).max());
    let at = latest.unwrap_or(now);
    Record {
        id: RecordId::fresh(),
        kind: RecordKind::Summary,
        session: None,
        agent: None,
        speaker: proofs[0].speaker.clone(),
        text,
        caption: None,
        tags: Vec::new(),
        source: Some(source),
        at,
        importance: proofs
            .iter()
            .map(|proof| proof.importance)
            .fold(0.0, f32::max),
        pinned: false,
        lifetime: Lifetime::since(at, now),
        superseded_by: None,
        usage: Usage::default(),
        metadata: [("proof_count".to_owned(), ids.len().into())]
            .into_iter()
            .collect(),
    }
}
