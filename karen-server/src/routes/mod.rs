//! The routes, a file for each noun; wire types stand beside the handlers that speak them.

mod api_keys;
mod auth;
mod chat;
mod conversations;
mod health;
mod import;
mod integrity;
mod me;
mod memory;
mod metrics;
mod models;
pub(crate) mod openai;
pub(crate) mod page;
mod providers;
mod routing;
mod setup;
mod turns;
mod users;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

pub(crate) type Routes = OpenApiRouter<App>;

/// What anybody may call.
pub(crate) fn open() -> Vec<Routes> {
    vec![
        setup::routes(),
        auth::routes(),
        health::routes(),
        metrics::routes(),
    ]
}

/// What a principal may call, and what answers at once.
pub(crate) fn prompt() -> Vec<Routes> {
    vec![
        auth::guarded_routes(),
        me::routes(),
        api_keys::routes(),
        users::routes(),
        conversations::routes(),
        turns::routes(),
        memory::routes(),
        models::routes(),
        providers::routes(),
        routing::routes(),
        openai::models::routes(),
    ]
}

/// What a principal may call, and what takes as long as a model or a large file takes.
pub(crate) fn lasting() -> Vec<Routes> {
    vec![
        chat::routes(),
        import::routes(),
        memory::lasting_routes(),
        integrity::routes(),
        openai::chat::routes(),
        openai::embeddings::routes(),
    ]
}

pub(crate) fn merged(routes: Vec<Routes>) -> Routes {
    routes.into_iter().fold(Routes::default(), Routes::merge)
}
