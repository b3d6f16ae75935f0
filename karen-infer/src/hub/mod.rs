//! Models of a hub that speaks as Hugging Face's does.
//!
//! API: <https://huggingface.co/docs/hub/api>. A pull lists the repository at one commit, fetches each
//! file from where an earlier pull stopped, compares it with the checksum that the hub announced, and
//! only then gives it its name.

#[cfg(feature = "remote")]
mod choice;
#[cfg(feature = "remote")]
mod client;
mod config;
#[cfg(feature = "remote")]
mod fetch;
#[cfg(feature = "remote")]
mod listing;
mod model;
mod pull;

pub use self::config::HubConfig;
pub use self::model::HubModel;
pub use self::pull::{Pull, PullEvent};
#[cfg(feature = "remote")]
pub(crate) use self::{
    choice::choose,
    client::Hub,
    fetch::{place, target},
};
