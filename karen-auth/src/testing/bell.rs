//! What every bell owes.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::{AccountId, Bell, Ending, Heard, SessionId, TenantId};

/// After this long nothing more is coming.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs the contract of [`Bell`].
///
/// # Panics
/// At the first promise that is not kept.
pub async fn bell(bell: &dyn Bell) {
    let (mut one, mut other) = (
        bell.listen().await.expect("listen"),
        bell.listen().await.expect("listen"),
    );
    let rung = [
        Ending::Session(SessionId::random()),
        Ending::Account {
            tenant: TenantId::random(),
            account: AccountId::random(),
        },
        Ending::Tenant(TenantId::random()),
    ];
    for ending in &rung {
        bell.ring(ending).await.expect("ring");
    }
    for listener in [&mut one, &mut other] {
        for ending in &rung {
            assert_eq!(next(listener).await, *ending, "everybody hears, in order");
        }
    }
    drop(one);
    bell.ring(&rung[0]).await.expect("ring");
    assert_eq!(next(&mut other).await, rung[0], "others may leave");
}

/// The next ending; others may use the bell as well, and miss something.
async fn next(listener: &mut mpsc::UnboundedReceiver<Heard>) -> Ending {
    loop {
        match timeout(PATIENCE, listener.recv()).await {
            Ok(Some(Heard::Ended(ending))) => return ending,
            Ok(Some(Heard::Missed)) => {}
            Ok(None) | Err(_) => panic!("nothing is heard any more"),
        }
    }
}
