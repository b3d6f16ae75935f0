//! The routes, a file for each noun; wire types stand beside the handlers that speak them.

pub(crate) mod anthropic;
mod api_keys;
mod audit;
mod auth;
mod chat;
mod conversations;
mod health;
mod import;
mod integrity;
mod invitations;
mod llama;
mod making;
mod me;
mod memory;
mod metrics;
mod models;
pub(crate) mod openai;
pub(crate) mod page;
mod paging;
mod privacy;
mod providers;
mod rerank;
mod roles;
mod routing;
pub(crate) mod scim;
mod second_factor;
mod served;
mod setup;
mod signing_keys;
mod tenants;
mod turns;
mod users;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

pub(crate) type Routes = OpenApiRouter<App>;

/// What anybody may call.
pub(crate) fn open() -> Vec<Routes> {
    vec![setup::routes(), auth::routes(), signing_keys::routes()]
}

/// What those ask who watch over the server, as often as they like.
pub(crate) fn probes() -> Vec<Routes> {
    vec![health::routes(), metrics::routes()]
}

/// What a principal may call, and what answers at once.
pub(crate) fn prompt() -> Vec<Routes> {
    vec![
        auth::guarded_routes(),
        signing_keys::guarded_routes(),
        me::routes(),
        second_factor::routes(),
        roles::routes(),
        audit::routes(),
        privacy::routes(),
        turns::routes(),
        memory::routes(),
        models::routes(),
        llama::routes(),
        providers::routes(),
        routing::routes(),
        openai::models::routes(),
    ]
}

/// What answers at once, and makes something: a call that is sent again under the same
/// `Idempotency-Key` is answered as it was the first time.
pub(crate) fn creating() -> Vec<Routes> {
    vec![
        api_keys::routes(),
        users::routes(),
        invitations::routes(),
        scim::routes(),
        tenants::routes(),
        conversations::routes(),
    ]
}

/// What a principal may call, and what takes as long as a model or a large file takes.
pub(crate) fn lasting() -> Vec<Routes> {
    vec![
        chat::routes(),
        models::lasting_routes(),
        making::lasting_routes(),
        import::routes(),
        memory::lasting_routes(),
        integrity::routes(),
        anthropic::messages::routes(),
        anthropic::count_tokens::routes(),
        audit::lasting_routes(),
        privacy::lasting_routes(),
        scim::lasting_routes(),
        openai::chat::routes(),
        openai::completions::routes(),
        openai::responses::routes(),
        openai::embeddings::routes(),
        rerank::routes(),
    ]
}

/// Every route, of every kind.
#[cfg(test)]
pub(crate) fn all() -> Vec<Routes> {
    [open(), probes(), prompt(), creating(), lasting()].concat()
}

pub(crate) fn merged(routes: Vec<Routes>) -> Routes {
    routes.into_iter().fold(Routes::default(), Routes::merge)
}
