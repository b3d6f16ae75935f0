//! The newest records of sessions in this process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::{CHANGE_MAX, HELD_MAX, Lease, Recent, SESSIONS_MAX, TTL_DEFAULT, WorkingMemory};
use crate::scope::Owner;
use crate::{MemoryError, Record, Scope, SessionId};

/// Users held at most; one more, and those whose time is up go, or else everybody.
const OWNERS_MAX: usize = 10_000;

/// Working memory of one program.
#[derive(Debug)]
pub struct InProcessWorkingMemory {
    ttl: Duration,
    desks: Mutex<HashMap<Owner, Desk>>,
}

/// What is held of one user.
#[derive(Debug)]
struct Desk {
    version: Lease,
    /// The latest change that has not ended, and when it counts as given up.
    change: Option<(Lease, Instant)>,
    sessions: HashMap<SessionId, Vec<Record>>,
    expires: Instant,
}

/// An hour.
impl Default for InProcessWorkingMemory {
    fn default() -> Self {
        Self::new(TTL_DEFAULT)
    }
}

impl InProcessWorkingMemory {
    /// Keeps what somebody touched in the last `ttl`.
    #[must_use]
    pub fn new(ttl: Duration) -> Self {
        Self {
            ttl,
            desks: Mutex::default(),
        }
    }

    fn desks(&self) -> MutexGuard<'_, HashMap<Owner, Desk>> {
        self.desks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something to a user's desk, which is fresh if its time was up.
    fn with<T>(&self, scope: &Scope, work: impl FnOnce(&mut Desk) -> T) -> T {
        let mut desks = self.desks();
        make_room(&mut desks);
        let now = Instant::now();
        let desk = desks
            .entry(scope.owner())
            .or_insert_with(|| Desk::fresh(now));
        if desk.expires < now {
            *desk = Desk::fresh(now);
        }
        desk.expires = now + self.ttl;
        work(desk)
    }
}

#[async_trait]
impl WorkingMemory for InProcessWorkingMemory {
    async fn recent(&self, scope: &Scope) -> Result<Recent, MemoryError> {
        let Some(session) = scope.session() else {
            return Ok(Recent::Unknown(None));
        };
        Ok(self.with(scope, |desk| desk.recent(session)))
    }

    async fn fill(
        &self,
        scope: &Scope,
        lease: &Lease,
        newest: &[Record],
    ) -> Result<(), MemoryError> {
        let Some(session) = scope.session() else {
            return Ok(());
        };
        self.with(scope, |desk| desk.fill(session, lease, newest));
        Ok(())
    }

    async fn begin(&self, scope: &Scope) -> Result<Lease, MemoryError> {
        Ok(self.with(scope, Desk::begin))
    }

    async fn end(
        &self,
        scope: &Scope,
        lease: Option<&Lease>,
        added: &[Record],
    ) -> Result<(), MemoryError> {
        self.with(scope, |desk| desk.end(lease, added));
        Ok(())
    }
}

impl Desk {
    fn fresh(now: Instant) -> Self {
        Self {
            version: Lease::fresh(),
            change: None,
            sessions: HashMap::new(),
            expires: now,
        }
    }

    fn clear(&mut self) {
        self.version = Lease::fresh();
        self.change = None;
        self.sessions.clear();
    }

    fn recent(&mut self, session: &SessionId) -> Recent {
        match self.change {
            Some((_, until)) if Instant::now() < until => return Recent::Unknown(None),
            Some(_) => self.clear(),
            None => {}
        }
        match self.sessions.get(session) {
            Some(records) => Recent::Held(records.clone()),
            None => Recent::Unknown(Some(self.version.clone())),
        }
    }

    fn fill(&mut self, session: &SessionId, lease: &Lease, newest: &[Record]) {
        if self.change.is_some() || self.version != *lease {
            return;
        }
        if self.sessions.len() >= SESSIONS_MAX {
            self.sessions.clear();
        }
        self.sessions.insert(session.clone(), newest.to_vec());
    }

    fn begin(&mut self) -> Lease {
        if self.change.is_some() {
            self.sessions.clear();
        }
        self.version = Lease::fresh();
        self.change = Some((self.version.clone(), Instant::now() + CHANGE_MAX));
        self.version.clone()
    }

    fn end(&mut self, lease: Option<&Lease>, added: &[Record]) {
        let is_alone = self.change.as_ref().map(|(change, _)| change) == lease;
        if lease.is_none() || !is_alone || added.is_empty() {
            return self.clear();
        }
        self.change = None;
        for record in added {
            self.add(record);
        }
    }

    fn add(&mut self, record: &Record) {
        let Some(session) = &record.session else {
            return;
        };
        let Some(records) = self.sessions.get_mut(session) else {
            return;
        };
        records.push(record.clone());
        if records.len() > HELD_MAX {
            self.sessions.remove(session);
        }
    }
}

fn make_room(desks: &mut HashMap<Owner, Desk>) {
    if desks.len() < OWNERS_MAX {
        return;
    }
    let now = Instant::now();
    desks.retain(|_, desk| desk.expires >= now);
    if desks.len() >= OWNERS_MAX {
        desks.clear();
    }
}
