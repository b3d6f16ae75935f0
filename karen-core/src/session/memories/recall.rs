//! Searching what is remembered.

use std::future::IntoFuture;

use futures::future::{BoxFuture, FutureExt};
use karen_memory::Query;

use crate::recollection::recalled_item;
use crate::turn::RecalledItem;
use crate::{Result, Session};

/// Results of a recall when no limit is given.
const RECALL_LIMIT: usize = 10;

/// A search about to be made; awaiting it gives what is relevant, best first.
#[must_use = "nothing is searched until it is awaited"]
pub struct RecallBuilder {
    session: Session,
    query: String,
    limit: usize,
}

impl RecallBuilder {
    pub(in crate::session) fn new(session: Session, query: String) -> Self {
        Self {
            session,
            query,
            limit: RECALL_LIMIT,
        }
    }

    /// Results at most, 1 to 200; 10 if not said.
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    async fn search(self) -> Result<Vec<RecalledItem>> {
        let query = Query::new(&self.query).limit(self.limit);
        let recall = self.session.memories().search(query).await?;
        Ok(recall.items.iter().map(recalled_item).collect())
    }
}

impl IntoFuture for RecallBuilder {
    type Output = Result<Vec<RecalledItem>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.search().boxed()
    }
}
