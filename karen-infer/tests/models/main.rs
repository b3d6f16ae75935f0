//! Claims about models whoever runs them: adapters, routes, the cache, providers.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod budget;
mod cache;
mod conformance;
#[cfg(feature = "remote")]
mod faults;
#[cfg(feature = "remote")]
mod gemini;
#[cfg(feature = "remote")]
mod hub;
#[cfg(feature = "remote")]
mod kept;
#[cfg(feature = "remote")]
mod openai;
mod parrot;
#[cfg(feature = "remote")]
mod provider;
mod responses;
mod routing;
