//! The port that finds what records have in common.

use async_trait::async_trait;

use crate::MemoryError;

/// Proposes what follows from some texts; memory decides what of it is kept.
///
/// # Contract
/// - Texts are named by their index, so that a model cannot invent one.
/// - What is proposed changes nothing by itself: a summary is kept if it names nobody and counts
///   nothing that its texts do not, and a text supersedes another only if the two claim different
///   values of one thing, by the grammar of both.
#[async_trait]
pub trait Summarizer: Send + Sync {
    /// What follows from `texts`, which are ten at most.
    ///
    /// # Errors
    /// `Unavailable` may be retried.
    async fn propose(&self, texts: &[String]) -> Result<Vec<Proposal>, MemoryError>;
}

/// Something that follows from texts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proposal {
    /// What some of them say together.
    Summary {
        /// In words.
        text: String,
        /// The indexes of the texts that it is made from.
        of: Vec<usize>,
    },
    /// One is no longer true since another is.
    Supersede {
        /// The index of what holds no longer.
        old: usize,
        /// The index of what took its place.
        new: usize,
    },
}
