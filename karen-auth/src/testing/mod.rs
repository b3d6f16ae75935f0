//! The conformance suites of the ports, and a clock that tests drive.
//!
//! Each suite panics at the first promise that is not kept. It makes its own tenants, so that it
//! may run on a store that is in use, except where it says otherwise.

mod api_key;
mod audit;
mod authenticator;
mod bell;
mod clock;
mod factor;
mod identity;
mod link;
mod mail_queue;
mod mailer;
mod one_time;
mod passkey;
#[cfg(all(test, feature = "postgres"))]
mod postgres;
mod rate;
mod session;
mod signing_key;
#[cfg(test)]
pub(crate) mod stores;
mod tenant;

pub use api_key::api_key_store;
pub use audit::audit_log;
pub use authenticator::SoftAuthenticator;
pub use bell::bell;
pub use clock::{ManualClock, clock};
pub use factor::factor_store;
pub use identity::identity_store;
pub use link::link_store;
pub use mail_queue::mail_queue;
pub use mailer::mailer;
pub use one_time::one_time_token_store;
pub use passkey::passkey_store;
pub use rate::rate_limiter;
pub use session::session_store;
pub use signing_key::signing_key_store;
pub use tenant::tenant_store;

/// Waits for `tasks` callers that do the same at the same time, and answers what each got.
async fn at_once<T, F>(tasks: usize, work: impl Fn() -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let running: Vec<_> = (0..tasks).map(|_| tokio::spawn(work())).collect();
    let mut answers = Vec::with_capacity(tasks);
    for task in running {
        answers.push(task.await.expect("the caller did not panic"));
    }
    answers
}
