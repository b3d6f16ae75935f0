//! Passwords: which are good enough, and how they are kept.

mod breach;
mod common;
mod foreign;
mod hashing;
mod policy;

#[cfg(feature = "breaches")]
pub use breach::HttpBreachList;
pub use breach::{BreachList, Breaches};
pub(crate) use foreign::check_foreign;
pub use hashing::HashingConfig;
pub(crate) use hashing::{Hashing, Verdict};
pub use policy::PasswordPolicy;
pub(crate) use policy::{Password, Whose};
