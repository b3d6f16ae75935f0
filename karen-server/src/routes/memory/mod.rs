//! What is remembered.

mod analyse;
mod body;
mod carry;
mod change;
mod look;
mod search;
mod wishes;
mod write;

pub(crate) use body::RecalledBody;

use super::Routes;

/// What answers at once.
pub(crate) fn routes() -> Routes {
    write::routes()
        .merge(search::routes())
        .merge(look::routes())
        .merge(change::routes())
        .merge(wishes::routes())
        .merge(analyse::routes())
}

/// What takes as long as there are memories.
pub(crate) fn lasting_routes() -> Routes {
    carry::routes()
        .merge(wishes::lasting_routes())
        .merge(analyse::lasting_routes())
}
