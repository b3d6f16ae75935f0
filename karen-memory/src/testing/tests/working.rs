//! Working memory in this process, and some that breaks a promise.

use std::time::Duration;

use async_trait::async_trait;

use super::fails;
use crate::testing::{scope, turn, working_memory};
use crate::{
    InProcessWorkingMemory, Lease, MemoryError, Recent, Record, Scope, SessionId, TenantId, UserId,
    WorkingMemory,
};

/// A promise that working memory breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    KeepsNothing,
    SharesUsers,
    DoesNotHearOfChanges,
    FillsTooLate,
    KeepsWhatIsGone,
    DropsWhatIsAdded,
}

impl Fault {
    const ALL: [Self; 6] = [
        Self::KeepsNothing,
        Self::SharesUsers,
        Self::DoesNotHearOfChanges,
        Self::FillsTooLate,
        Self::KeepsWhatIsGone,
        Self::DropsWhatIsAdded,
    ];
}

struct Broken {
    inner: InProcessWorkingMemory,
    fault: Fault,
}

impl Broken {
    fn scope(&self, scope: &Scope) -> Scope {
        if self.fault != Fault::SharesUsers {
            return scope.clone();
        }
        let shared = Scope::new(TenantId::new("all"), UserId::new("all"));
        match scope.session() {
            Some(session) => shared.in_session(session.clone()),
            None => shared,
        }
    }
}

#[async_trait]
impl WorkingMemory for Broken {
    async fn recent(&self, scope: &Scope) -> Result<Recent, MemoryError> {
        self.inner.recent(&self.scope(scope)).await
    }

    async fn fill(
        &self,
        scope: &Scope,
        lease: &Lease,
        newest: &[Record],
    ) -> Result<(), MemoryError> {
        let scope = self.scope(scope);
        match (self.fault, self.inner.recent(&scope).await?) {
            (Fault::KeepsNothing, _) => Ok(()),
            (Fault::FillsTooLate, Recent::Unknown(Some(lease))) => {
                self.inner.fill(&scope, &lease, newest).await
            }
            _ => self.inner.fill(&scope, lease, newest).await,
        }
    }

    async fn begin(&self, scope: &Scope) -> Result<Lease, MemoryError> {
        if self.fault == Fault::DoesNotHearOfChanges {
            return Ok(Lease::fresh());
        }
        self.inner.begin(&self.scope(scope)).await
    }

    async fn end(
        &self,
        scope: &Scope,
        lease: Option<&Lease>,
        added: &[Record],
    ) -> Result<(), MemoryError> {
        let scope = self.scope(scope);
        let elsewhere = [turn("elsewhere", "something", 1)];
        match self.fault {
            Fault::DoesNotHearOfChanges => Ok(()),
            Fault::KeepsWhatIsGone if added.is_empty() => {
                self.inner.end(&scope, lease, &elsewhere).await
            }
            Fault::DropsWhatIsAdded if !added.is_empty() => {
                self.inner.end(&scope, lease, &elsewhere).await
            }
            _ => self.inner.end(&scope, lease, added).await,
        }
    }
}

#[tokio::test]
async fn working_memory_in_this_process_keeps_its_contract() {
    working_memory(&InProcessWorkingMemory::default()).await;
}

#[tokio::test]
async fn working_memory_that_breaks_a_promise_is_noticed() {
    for fault in Fault::ALL {
        let inner = InProcessWorkingMemory::default();
        let broken = Broken { inner, fault };
        let noticed = fails(async move { working_memory(&broken).await }).await;
        assert!(noticed, "{fault:?}");
    }
}

async fn lease(working: &InProcessWorkingMemory, scope: &Scope) -> Lease {
    match working.recent(scope).await.expect("recent") {
        Recent::Unknown(Some(lease)) => lease,
        other => panic!("nothing is known, nor changing: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_touches_for_the_time_to_live_is_lost() {
    let working = InProcessWorkingMemory::new(Duration::from_secs(60));
    let here = scope().in_session(SessionId::new("a"));
    let held = [turn("a", "one", 1)];
    let given = lease(&working, &here).await;
    working.fill(&here, &given, &held).await.expect("fill");
    for _ in 0..3 {
        tokio::time::advance(Duration::from_secs(50)).await;
        let recent = working.recent(&here).await.expect("recent");
        assert_eq!(recent, Recent::Held(held.to_vec()), "touched in time");
    }
    tokio::time::advance(Duration::from_secs(61)).await;
    lease(&working, &here).await;
}

#[tokio::test(start_paused = true)]
async fn a_change_that_never_ends_counts_as_given_up() {
    let working = InProcessWorkingMemory::default();
    let here = scope().in_session(SessionId::new("a"));
    let given = lease(&working, &here).await;
    let held = [turn("a", "one", 1)];
    working.fill(&here, &given, &held).await.expect("fill");
    let change = working.begin(&here).await.expect("begin");
    tokio::time::advance(Duration::from_secs(61)).await;
    let fresh = lease(&working, &here).await;
    working.fill(&here, &fresh, &held).await.expect("fill");
    let added = [turn("a", "two", 2)];
    let ended = working.end(&here, Some(&change), &added).await;
    ended.expect("end");
    lease(&working, &here).await;
}
