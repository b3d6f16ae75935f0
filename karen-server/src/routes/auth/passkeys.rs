//! The passkeys of whoever asks: making, naming and removing them, and showing one once more.

use axum::extract::State;
use axum::http::StatusCode;
use karen_core::auth::PasskeyId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::passkey_body::{
    CreationOptions, Credential, NewCredential, PasskeyBody, RequestOptions,
};
use crate::app::App;
use crate::extract::{Caller, Json, Path};
use crate::problem::Problem;

#[derive(Serialize, ToSchema)]
pub(super) struct PasskeyList {
    data: Vec<PasskeyBody>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPasskeyRequest {
    /// 1 to 100 characters.
    #[schema(example = "Laptop")]
    name: String,
    credential: NewCredential,
}

/// A passkey that was taken into use.
#[derive(Serialize, ToSchema)]
#[schema(as = NewPasskey)]
pub(super) struct NewPasskeyBody {
    passkey: PasskeyBody,
    /// Each replaces a lost passkey once; for the first second factor only. They are shown this once.
    recovery_codes: Option<Vec<String>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasskeyName {
    /// 1 to 100 characters.
    #[schema(example = "Phone")]
    name: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasskeyProof {
    credential: Credential,
}

/// List one's passkeys, the oldest first
#[utoipa::path(
    get, path = "/api/v1/auth/passkeys", tag = "auth",
    responses((status = 200, body = PasskeyList)),
)]
pub(super) async fn list_passkeys(
    State(app): State<App>,
    Caller(session): Caller,
) -> Result<Json<PasskeyList>, Problem> {
    let passkeys = app.karen.auth().passkeys(session.principal()).await?;
    let data = passkeys.into_iter().map(PasskeyBody::from).collect();
    Ok(Json(PasskeyList { data }))
}

/// Begin to make a passkey
///
/// The answer is what `navigator.credentials.create` takes as `publicKey`.
#[utoipa::path(
    post, path = "/api/v1/auth/passkeys/begin", tag = "auth",
    responses((status = 200, body = CreationOptions)),
)]
pub(super) async fn begin_passkey(
    State(app): State<App>,
    Caller(session): Caller,
) -> Result<Json<CreationOptions>, Problem> {
    let begun = app.karen.auth().begin_passkey(session.principal()).await?;
    Ok(Json(begun.into()))
}

/// Take a passkey into use that a browser has made
///
/// From then on it logs in by itself, and the password alone does not.
#[utoipa::path(
    post, path = "/api/v1/auth/passkeys", tag = "auth",
    responses((status = 201, body = NewPasskeyBody)),
)]
pub(super) async fn finish_passkey(
    State(app): State<App>,
    Caller(session): Caller,
    Json(request): Json<NewPasskeyRequest>,
) -> Result<(StatusCode, Json<NewPasskeyBody>), Problem> {
    let (auth, answer) = (app.karen.auth(), request.credential.into());
    let made = auth
        .finish_passkey(session.principal(), &request.name, &answer)
        .await?;
    let body = NewPasskeyBody {
        passkey: made.passkey.into(),
        recovery_codes: made.recovery_codes.map(|codes| codes.expose().to_vec()),
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Give a passkey another name
#[utoipa::path(
    patch, path = "/api/v1/auth/passkeys/{id}", tag = "auth",
    responses((status = 204)),
)]
pub(super) async fn rename_passkey(
    State(app): State<App>,
    Caller(session): Caller,
    Path(id): Path<String>,
    Json(given): Json<PasskeyName>,
) -> Result<StatusCode, Problem> {
    let (auth, id) = (app.karen.auth(), PasskeyId::parse(&id)?);
    auth.rename_passkey(session.principal(), &id, &given.name)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a passkey, which logs every other device out
#[utoipa::path(
    delete, path = "/api/v1/auth/passkeys/{id}", tag = "auth",
    responses((status = 204)),
)]
pub(super) async fn delete_passkey(
    State(app): State<App>,
    Caller(session): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let (auth, id) = (app.karen.auth(), PasskeyId::parse(&id)?);
    auth.delete_passkey(session.principal(), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Begin to show a passkey once more, before something dangerous
///
/// The answer is what `navigator.credentials.get` takes as `publicKey`.
#[utoipa::path(
    post, path = "/api/v1/auth/passkeys/reauthenticate/begin", tag = "auth",
    responses((status = 200, body = RequestOptions)),
)]
pub(super) async fn begin_passkey_proof(
    State(app): State<App>,
    Caller(session): Caller,
) -> Result<Json<RequestOptions>, Problem> {
    let auth = app.karen.auth();
    let begun = auth.begin_passkey_proof(session.principal()).await?;
    Ok(Json(begun.into()))
}

/// Show a passkey once more, in place of password and code
///
/// What answered `LOGIN_NOT_RECENT` works for some minutes from then on.
#[utoipa::path(
    post, path = "/api/v1/auth/passkeys/reauthenticate", tag = "auth",
    responses((status = 204)),
)]
pub(super) async fn prove_with_passkey(
    State(app): State<App>,
    Caller(session): Caller,
    Json(proof): Json<PasskeyProof>,
) -> Result<StatusCode, Problem> {
    let auth = app.karen.auth();
    auth.reauthenticate_with_passkey(session.principal(), &proof.credential.into())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
