//! Passwords: which are good enough, and how they are kept.

mod hashing;
mod policy;

pub(crate) use hashing::{Hashing, Verdict};
pub(crate) use policy::{Password, check};

pub use hashing::HashingConfig;
