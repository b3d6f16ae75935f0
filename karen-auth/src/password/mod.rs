//! Passwords: which are good enough, and how they are kept.

mod common;
mod foreign;
mod hashing;
mod policy;

pub(crate) use foreign::check_foreign;
pub use hashing::HashingConfig;
pub(crate) use hashing::{Hashing, Verdict};
pub use policy::PasswordPolicy;
pub(crate) use policy::{Password, Whose};
