//! The routes and what stands around them.

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use karen_core::{Code, Karen};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::trace::TraceLayer;
use tracing::Span;

use crate::app::App;
use crate::cors::other_sites;
use crate::docs;
use crate::layer::{
    CorrelationId, caught, correlate, deadline, guard, limit_calls, limit_visits, locate, measure,
    protect, render, replay,
};
use crate::limits::RouteClass;
use crate::problem::Problem;
use crate::routes;

/// Everything that Karen answers over HTTP, for a server of one's own; [`Server`](crate::Server)
/// adds the limits of connections.
pub fn router(karen: Karen) -> Router {
    router_of(&App::new(karen))
}

pub(crate) fn router_of(app: &App) -> Router {
    let bytes_max = app.karen.config().server.body_bytes_max;
    let limit = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    routed(app.clone()).layer(DefaultBodyLimit::max(limit))
}

/// The same, without a limit of bodies.
pub(crate) fn routed(app: App) -> Router {
    let state = |class| (app.clone(), class);
    let visits = |class| from_fn_with_state(state(class), limit_visits);
    let calls = |class| from_fn_with_state(state(class), limit_calls);
    let guard = || from_fn_with_state(app.clone(), guard);
    let open = routes::merged(routes::open())
        .route_layer(visits(RouteClass::Open))
        .route_layer(from_fn(deadline));
    let probes = routes::merged(routes::probes()).route_layer(from_fn(deadline));
    let creating = routes::merged(routes::creating()).route_layer(from_fn(replay));
    let prompt = routes::merged(routes::prompt())
        .merge(creating)
        .route_layer(calls(RouteClass::Prompt))
        .route_layer(guard())
        .route_layer(visits(RouteClass::Prompt))
        .route_layer(from_fn(deadline));
    let lasting = routes::merged(routes::lasting())
        .route_layer(calls(RouteClass::Lasting))
        .route_layer(guard())
        .route_layer(visits(RouteClass::Lasting));
    let all = open.merge(probes).merge(prompt).merge(lasting);
    let (api, _) = all.split_for_parts();
    api.merge(routes::page::routes())
        .merge(docs::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(
            ServiceBuilder::new()
                .layer(from_fn(correlate))
                .layer(from_fn_with_state(app.clone(), locate))
                .layer(TraceLayer::new_for_http().make_span_with(span))
                .layer(from_fn(measure))
                .layer(from_fn(render))
                .layer(from_fn_with_state(app.clone(), protect))
                .option_layer(other_sites(&app.karen.config().server))
                // Event streams are left as they are: compressing would hold them up.
                .layer(CompressionLayer::new())
                .layer(CatchPanicLayer::custom(caught)),
        )
        .with_state(app)
}

fn span(request: &Request) -> Span {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", MatchedPath::as_str);
    let id = request
        .extensions()
        .get::<CorrelationId>()
        .map_or("", CorrelationId::as_str);
    tracing::info_span!("request", method = %request.method(), route, id)
}

async fn not_found() -> Problem {
    Problem::new(
        Code::NotFound,
        "there is nothing at this address: see /docs",
    )
}

async fn method_not_allowed() -> Problem {
    let detail = "this address does not take this method: the header Allow names those it takes";
    Problem::new(Code::InvalidArgument, detail).status(StatusCode::METHOD_NOT_ALLOWED)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use tower::ServiceExt;

    use super::*;

    async fn status(app: &App, path: &str) -> StatusCode {
        let request = Request::builder()
            .uri(path)
            .body(Body::empty())
            .expect("request");
        let answered = router_of(app).oneshot(request).await;
        answered.unwrap_or_else(|never| match never {}).status()
    }

    #[tokio::test]
    async fn a_server_that_leaves_is_alive_and_not_ready() {
        let karen = Karen::builder().in_memory().open().await.expect("open");
        let app = App::new(karen);
        assert_eq!(status(&app, "/readyz").await, StatusCode::OK);
        app.leave();
        assert_eq!(
            status(&app, "/readyz").await,
            StatusCode::SERVICE_UNAVAILABLE
        );
        assert_eq!(status(&app, "/livez").await, StatusCode::OK);
    }
}
