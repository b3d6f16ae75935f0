//! What every binding of Karen to another language shares, and no language.
//!
//! ```
//! use karen_bindings::{Karen, Settings, Task};
//!
//! # fn main() -> Result<(), karen_bindings::Failure> {
//! let settings = Settings::default().path(":memory:");
//! let karen = finish(Task::spawn(Karen::open(settings)))?;
//! let session = finish(Task::spawn(async move { karen.session(None).await }))?;
//! let kept = finish(Task::spawn(async move { session.remember("I like tea.".into(), Default::default()).await }))?;
//! assert!(kept.stored);
//! # Ok(())
//! # }
//!
//! fn finish<T: Send + 'static>(task: Task<T>) -> Result<T, karen_bindings::Failure> {
//!     while !task.wait(std::time::Duration::from_millis(50)) {}
//!     task.take().expect("it is ready and was not taken")
//! }
//! ```
//!
//! A host language calls an operation, which becomes a [`Task`] on the runtime of the process; it
//! blocks on the task or asks to be told when it is ready. What it gives is plain data that
//! serialises; what fails is a [`Failure`] with a stable code. A turn is a [`Pump`] of events.
//! Functions and models of the host's are [`HostFunction`] and [`HostModel`].
//!
//! Nothing here blocks in a destructor, and what a child process inherits over `fork` answers
//! `UNSUPPORTED`.

mod accounts;
mod answer;
mod conversations;
mod data;
mod failure;
mod host;
mod karen;
mod memories;
mod models;
mod privacy;
mod process;
mod pump;
mod runtime;
mod session;
mod settings;
mod task;
mod turn;

pub use accounts::{
    Account, Accounts, ApiKey, AuditEntry, Credentials, Enrolment, Invitation, LogIn, MadeApiKey,
    MadeTenant, Mail, Role, Roles, SecondFactor, SecondFactors, SignInSession, SignedIn, Tenant,
    TenantLimits, TenantUsage, Tenants,
};
pub use answer::{AnswerEvent, AnswerOptions, Answering};
pub use data::{
    ConversationPage, Event, ExportLines, MemoryPage, MessagePage, PackedLines, SearchResult,
    UsageTotal,
};
pub use failure::{Failure, help};
pub use host::{
    HostAdapter, HostError, HostFunction, HostModel, HostRequest, HostTool, Piece, Pieces, Reply,
};
pub use karen::{Karen, version};
pub use memories::{NoteOptions, Patch, SearchOptions};
pub use models::{Models, PullStep, Refused, RemoteOptions, RouteInfo, RouteOptions, Scanned};
pub use privacy::{KeptLine, Privacy, ReceiptPage};
pub use process::InProcess;
pub use pump::{Merge, Pump};
pub use session::{Session, Whose};
pub use settings::Settings;
pub use task::Task;
pub use turn::{ChatOptions, TurnEvents, TurnNumbered};

pub use karen_core as core;
