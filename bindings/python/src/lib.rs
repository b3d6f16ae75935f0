//! `karen._native`: Karen's operations for the Python package `karen`, which is the API.
//!
//! Every operation gives a `Pending`, which the synchronous classes wait for and the asynchronous
//! ones await; its result is plain Python data. No function here runs long while attached to the
//! interpreter, and no thread of Karen's attaches once the interpreter is about to end.

mod accounts;
mod duckdb;
mod error;
mod gate;
mod host;
mod karen;
mod memories;
mod models;
mod pending;
mod privacy;
mod session;
mod streams;
mod value;

use pyo3::prelude::*;

#[pymodule]
mod _native {
    #[pymodule_export]
    use super::accounts::{Accounts, Mail, Roles, SecondFactors, Tenants};
    #[pymodule_export]
    use super::gate::{forked, leave};
    #[pymodule_export]
    use super::host::{Pieces, Reply};
    #[pymodule_export]
    use super::karen::{Karen, codes, open, version};
    #[pymodule_export]
    use super::memories::Memories;
    #[pymodule_export]
    use super::models::Models;
    #[pymodule_export]
    use super::pending::Pending;
    #[pymodule_export]
    use super::privacy::{Lines, Privacy};
    #[pymodule_export]
    use super::session::Session;
    #[pymodule_export]
    use super::streams::{Answer, Events, Pull, Turn};
}
