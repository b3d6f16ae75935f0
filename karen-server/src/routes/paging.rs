//! Lists, a page at a time.

use karen_core::Code;
use karen_core::auth::{AuthError, Page};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::problem::Problem;

const LIMIT_MAX: u32 = 200;

/// Which page is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Paging {
    /// 1 to 200; 50 if absent.
    #[serde(default = "usual_limit")]
    #[param(default = 50, minimum = 1, maximum = 200)]
    limit: u32,
    /// The `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

fn usual_limit() -> u32 {
    50
}

impl Paging {
    /// What the page begins after, which `parse` reads.
    pub(crate) fn after<T>(
        &self,
        parse: impl Fn(&str) -> Result<T, AuthError>,
    ) -> Result<Option<T>, Problem> {
        Ok(self.cursor.as_deref().map(parse).transpose()?)
    }

    /// As stores are asked for it.
    pub(crate) fn page<'a, T>(&self, after: Option<&'a T>) -> Result<Page<'a, T>, Problem> {
        let limit = self.limit()?;
        Ok(Page { limit, after })
    }

    /// How many entries the page has at most.
    pub(crate) fn limit(&self) -> Result<u32, Problem> {
        if (1..=LIMIT_MAX).contains(&self.limit) {
            return Ok(self.limit);
        }
        let detail = format!("limit is {}, and may be 1 to {LIMIT_MAX}", self.limit);
        Err(Problem::new(Code::InvalidArgument, detail))
    }

    /// Where the page after this one begins: after the last entry, if the page is full.
    pub(crate) fn next<T>(&self, page: &[T], name: impl Fn(&T) -> String) -> Option<String> {
        let full = u32::try_from(page.len()).is_ok_and(|len| len >= self.limit);
        page.last().filter(|_| full).map(name)
    }
}
