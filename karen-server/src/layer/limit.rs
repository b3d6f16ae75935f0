//! Turns away those who ask too often, and tells the others where they stand.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use karen_core::Session;

use crate::app::App;
use crate::limits::{RouteClass, Standing};
use crate::peer::ClientAddress;
use crate::problem::Problem;

/// Counts by address, before anything is asked of a store.
pub(crate) async fn limit_visits(
    State((app, class)): State<(App, RouteClass)>,
    request: Request,
    next: Next,
) -> Response {
    let address = request.extensions().get::<ClientAddress>();
    let counted = app.limits.visit(class, address.map(|a| a.0)).await;
    answer(counted, request, next).await
}

/// Counts by user, key and tenant; it stands behind the guard.
pub(crate) async fn limit_calls(
    State((app, class)): State<(App, RouteClass)>,
    request: Request,
    next: Next,
) -> Response {
    // A route that stands outside of the guard by mistake is refused by its extractor.
    let Some(session) = request.extensions().get::<Session>() else {
        return next.run(request).await;
    };
    let principal = session.principal();
    let counted = match app.karen.auth().requests_per_minute(principal).await {
        Ok(of_tenant) => app.limits.call(class, principal, of_tenant).await,
        Err(error) => Err((error.into(), Standing::default())),
    };
    answer(counted, request, next).await
}

async fn answer(
    counted: Result<Standing, (Problem, Standing)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut response, standing) = match counted {
        Ok(standing) => (next.run(request).await, standing),
        Err((problem, standing)) => (problem.into_response(), standing),
    };
    standing.tell(response.headers_mut());
    response
}
