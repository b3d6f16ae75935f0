//! Coming in, staying in and going out.

mod body;
mod enter;
mod leave;
mod links;
mod oidc;
mod passkey_body;
mod passkey_log_in;
mod passkeys;
mod refresh;

use axum::response::IntoResponse;
use karen_core::Code;
use tower_http::csrf::CsrfLayer;
use utoipa_axum::routes;

pub(crate) use body::{AccountBody, SignedInBody, goes_on, signed_in};

use super::Routes;
use crate::problem::Problem;

/// What anybody may call. Other sites may not: some of it hands out cookies, or takes one.
pub(crate) fn routes() -> Routes {
    let foreign = |_| {
        Problem::new(Code::Forbidden, "another site may not do this in your name").into_response()
    };
    Routes::new()
        .routes(routes!(enter::register))
        .routes(routes!(enter::log_in))
        .routes(routes!(enter::give_code))
        .routes(routes!(passkey_log_in::begin_passkey_log_in))
        .routes(routes!(passkey_log_in::log_in_with_passkey))
        .routes(routes!(passkey_log_in::begin_passkey_step))
        .routes(routes!(passkey_log_in::finish_passkey_step))
        .routes(routes!(refresh::refresh))
        .routes(routes!(oidc::list_sign_in_providers))
        .routes(routes!(oidc::begin_sign_in))
        .routes(routes!(oidc::come_back))
        .routes(routes!(links::request_registration))
        .routes(routes!(links::accept_invitation))
        .routes(routes!(links::forget_password))
        .routes(routes!(links::reset_password))
        .routes(routes!(links::request_recovery))
        .routes(routes!(links::recover))
        .routes(routes!(links::verify_email))
        .route_layer(CsrfLayer::new().with_rejection_response(foreign))
}

pub(crate) fn guarded_routes() -> Routes {
    Routes::new()
        .routes(routes!(leave::log_out))
        .routes(routes!(leave::log_out_everywhere))
        .routes(routes!(enter::reauthenticate))
        .routes(routes!(oidc::list_links))
        .routes(routes!(oidc::begin_link, oidc::end_link))
        .routes(routes!(passkeys::list_passkeys, passkeys::finish_passkey))
        .routes(routes!(passkeys::begin_passkey))
        .routes(routes!(passkeys::rename_passkey, passkeys::delete_passkey))
        .routes(routes!(passkeys::begin_passkey_proof))
        .routes(routes!(passkeys::prove_with_passkey))
}
