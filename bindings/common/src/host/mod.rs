//! Functions and models that a host language brings.
//!
//! A host is called on a thread where it may block, and answers through a [`Reply`] or through
//! [`Pieces`], now or later, from any thread. No lock is held meanwhile, so it may call Karen.

mod adapter;
mod answer;
mod model;
mod reply;
mod stop;
mod tool;

pub use adapter::HostAdapter;
pub use model::{HostModel, HostRequest, Piece, Pieces};
pub use reply::{HostError, Reply};
pub use tool::{HostFunction, HostTool};

#[cfg(test)]
mod tests;
