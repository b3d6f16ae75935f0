//! Claims about the whole system, on real stores and real services.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail by panicking, and says what it runs"
)]

mod architecture;
mod browser;
mod client;
mod clients;
mod cluster;
mod contract;
mod crash;
mod demo_model;
mod encrypted;
mod erasure;
mod faults;
mod folder;
mod formats;
mod full_disk;
mod host;
mod instances;
mod log;
mod oidc;
mod paths;
mod promises;
mod random;
#[path = "../../karen-memory/tests/services/relay.rs"]
mod relay;
mod remote_client;
mod secrets;
mod server;
mod sessions;
mod unsynced;
