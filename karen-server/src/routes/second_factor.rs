//! The second factor of whoever asks.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use crate::app::App;
use crate::extract::{Caller, Json};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(second_factor, begin, confirm))
        .routes(routes!(disable))
        .routes(routes!(renew_codes))
}

/// Whether a login takes a second step.
#[derive(Serialize, ToSchema)]
struct SecondFactorState {
    enabled: bool,
    /// Unix milliseconds.
    since: Option<i64>,
    /// Whether an authenticator shows codes for it.
    authenticator: bool,
    /// How many passkeys will do as well.
    #[schema(example = 1)]
    passkeys: u32,
    /// Recovery codes that are not used yet.
    #[schema(example = 10)]
    recovery_codes: u32,
}

/// What goes into an authenticator. It is shown this once.
#[derive(Serialize, ToSchema)]
struct Enrolment {
    /// For typing, in base32.
    #[schema(example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    secret: String,
    /// For a QR code.
    #[schema(example = "otpauth://totp/Karen:ada%40example.com?secret=JBSWY3DPEHPK3PXP")]
    uri: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FirstCode {
    /// Six digits that the authenticator shows.
    #[schema(example = "492039")]
    code: String,
}

/// Each replaces a lost authenticator once. They are shown this once.
#[derive(Serialize, ToSchema)]
struct RecoveryCodeList {
    recovery_codes: Vec<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Farewell {
    #[schema(example = "a handful of plain words")]
    password: String,
    /// Of the authenticator, or a recovery code.
    #[schema(example = "492039")]
    code: String,
}

/// Whether a login takes a second step
#[utoipa::path(
    get, path = "/api/v1/me/second-factor", tag = "me",
    responses((status = 200, body = SecondFactorState)),
)]
async fn second_factor(
    State(app): State<App>,
    Caller(session): Caller,
) -> Result<Json<SecondFactorState>, Problem> {
    let found = app.karen.auth().second_factor(session.principal()).await?;
    Ok(Json(SecondFactorState {
        enabled: found.is_some(),
        since: found.as_ref().map(|factor| factor.since_ms),
        authenticator: found
            .as_ref()
            .is_some_and(|factor| factor.has_authenticator),
        passkeys: found.as_ref().map_or(0, |factor| factor.passkeys),
        recovery_codes: found.map_or(0, |factor| factor.recovery_codes),
    }))
}

/// Begin with an authenticator; it counts when it is confirmed
#[utoipa::path(
    post, path = "/api/v1/me/second-factor", tag = "me",
    responses((status = 201, body = Enrolment)),
)]
async fn begin(
    State(app): State<App>,
    Caller(session): Caller,
) -> Result<(StatusCode, Json<Enrolment>), Problem> {
    let begun = app.karen.auth().begin_totp(session.principal()).await?;
    let enrolment = Enrolment {
        secret: begun.secret().to_owned(),
        uri: begun.uri().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(enrolment)))
}

/// Confirm an authenticator with a code of it, which logs every other device out
#[utoipa::path(
    put, path = "/api/v1/me/second-factor", tag = "me",
    responses((status = 200, body = RecoveryCodeList)),
)]
async fn confirm(
    State(app): State<App>,
    Caller(session): Caller,
    Json(first): Json<FirstCode>,
) -> Result<Json<RecoveryCodeList>, Problem> {
    let auth = app.karen.auth();
    let codes = auth.confirm_totp(session.principal(), &first.code).await?;
    let recovery_codes = codes.expose().to_vec();
    Ok(Json(RecoveryCodeList { recovery_codes }))
}

/// Take the authenticator out of use, which logs every other device out
#[utoipa::path(
    post, path = "/api/v1/me/second-factor/disable", tag = "me",
    responses((status = 204)),
)]
async fn disable(
    State(app): State<App>,
    Caller(session): Caller,
    Json(farewell): Json<Farewell>,
) -> Result<StatusCode, Problem> {
    let (auth, Farewell { password, code }) = (app.karen.auth(), farewell);
    auth.disable_second_factor(session.principal(), &password, &code)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replace the recovery codes
#[utoipa::path(
    post, path = "/api/v1/me/second-factor/recovery-codes", tag = "me",
    responses((status = 201, body = RecoveryCodeList)),
)]
async fn renew_codes(
    State(app): State<App>,
    Caller(session): Caller,
) -> Result<(StatusCode, Json<RecoveryCodeList>), Problem> {
    let auth = app.karen.auth();
    let codes = auth.renew_recovery_codes(session.principal()).await?;
    let recovery_codes = codes.expose().to_vec();
    Ok((
        StatusCode::CREATED,
        Json(RecoveryCodeList { recovery_codes }),
    ))
}
