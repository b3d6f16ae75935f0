//! Passkeys on the wire: the JSON of Web Authentication Level 3, sections 5.1.8 to 5.1.10, as
//! browsers' `parseCreationOptionsFromJSON`, `parseRequestOptionsFromJSON` and `toJSON` have it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use karen_core::auth::{
    Passkey, PasskeyAssertion, PasskeyAttestation, PasskeyCreation, PasskeyHandle, PasskeyRequest,
    UserVerification,
};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// How long a browser waits for somebody, milliseconds; the challenge lives no longer.
const TIMEOUT_MS: u32 = 300_000;
const KIND: &str = "public-key";

/// What `navigator.credentials.create` takes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreationOptions {
    rp: RelyingParty,
    user: User,
    /// Random, in base64url; good once.
    challenge: String,
    pub_key_cred_params: Vec<Algorithm>,
    timeout: u32,
    /// Those that the account has.
    exclude_credentials: Vec<Descriptor>,
    authenticator_selection: Selection,
    /// Always `none`: nobody asks what the device is.
    attestation: &'static str,
}

#[derive(Serialize, ToSchema)]
struct RelyingParty {
    #[schema(example = "karen.example.com")]
    id: String,
    #[schema(example = "Karen")]
    name: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct User {
    /// In base64url.
    id: String,
    #[schema(example = "ada@example.com")]
    name: String,
    #[schema(example = "Ada")]
    display_name: String,
}

#[derive(Serialize, ToSchema)]
struct Algorithm {
    #[serde(rename = "type")]
    kind: &'static str,
    /// Of the registry of COSE.
    #[schema(example = -7)]
    alg: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Selection {
    resident_key: &'static str,
    user_verification: &'static str,
}

/// A passkey as browsers find it again.
#[derive(Serialize, ToSchema)]
struct Descriptor {
    #[serde(rename = "type")]
    kind: &'static str,
    /// In base64url.
    id: String,
    transports: Vec<String>,
}

/// What `navigator.credentials.get` takes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestOptions {
    /// Random, in base64url; good once.
    challenge: String,
    timeout: u32,
    #[schema(example = "karen.example.com")]
    rp_id: String,
    /// Those that will do; any, where there are none.
    allow_credentials: Vec<Descriptor>,
    user_verification: &'static str,
}

/// Bytes in base64url without padding.
#[derive(ToSchema)]
#[schema(value_type = String, example = "AAAA")]
pub(super) struct Base64Url(Vec<u8>);

/// What `navigator.credentials.create` gave, as its `toJSON` writes it. Other fields are ignored.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewCredential {
    response: AttestationResponse,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AttestationResponse {
    #[serde(rename = "clientDataJSON")]
    client_data_json: Base64Url,
    attestation_object: Base64Url,
    #[serde(default)]
    transports: Vec<String>,
}

/// What `navigator.credentials.get` gave, as its `toJSON` writes it. Other fields are ignored.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Credential {
    raw_id: Base64Url,
    response: AssertionResponse,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AssertionResponse {
    #[serde(rename = "clientDataJSON")]
    client_data_json: Base64Url,
    authenticator_data: Base64Url,
    signature: Base64Url,
    user_handle: Option<Base64Url>,
}

/// A passkey of whoever asks.
#[derive(Serialize, ToSchema)]
#[schema(as = Passkey)]
pub(super) struct PasskeyBody {
    #[schema(example = "pas_01890a5d63ac7b1c8b4e1f9f2d3c4b5a")]
    id: String,
    #[schema(example = "Laptop")]
    name: String,
    /// Whether its device has copied it to others of its owner.
    backed_up: bool,
    /// Unix milliseconds.
    created_at: i64,
    /// Unix milliseconds.
    last_used_at: Option<i64>,
}

impl From<PasskeyCreation> for CreationOptions {
    fn from(creation: PasskeyCreation) -> Self {
        let algorithm = |alg| Algorithm { kind: KIND, alg };
        let wish = UserVerification::Preferred.as_str();
        Self {
            rp: RelyingParty {
                id: creation.relying_party_id,
                name: creation.relying_party_name,
            },
            user: User {
                id: URL_SAFE_NO_PAD.encode(creation.user_handle),
                name: creation.user_name,
                display_name: creation.user_display_name,
            },
            challenge: creation.challenge,
            pub_key_cred_params: creation.algorithms.into_iter().map(algorithm).collect(),
            timeout: TIMEOUT_MS,
            exclude_credentials: descriptors(creation.exclude),
            authenticator_selection: Selection {
                resident_key: wish,
                user_verification: wish,
            },
            attestation: "none",
        }
    }
}

impl From<PasskeyRequest> for RequestOptions {
    fn from(request: PasskeyRequest) -> Self {
        Self {
            challenge: request.challenge,
            timeout: TIMEOUT_MS,
            rp_id: request.relying_party_id,
            allow_credentials: descriptors(request.allow),
            user_verification: request.verification.as_str(),
        }
    }
}

fn descriptors(handles: Vec<PasskeyHandle>) -> Vec<Descriptor> {
    let descriptor = |handle: PasskeyHandle| Descriptor {
        kind: KIND,
        id: URL_SAFE_NO_PAD.encode(handle.credential),
        transports: handle.transports,
    };
    handles.into_iter().map(descriptor).collect()
}

impl<'de> Deserialize<'de> for Base64Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = URL_SAFE_NO_PAD.decode(text);
        bytes
            .map(Self)
            .map_err(|_| D::Error::custom("it is not base64url without padding"))
    }
}

impl From<NewCredential> for PasskeyAttestation {
    fn from(made: NewCredential) -> Self {
        Self {
            client_data: made.response.client_data_json.0,
            attestation_object: made.response.attestation_object.0,
            transports: made.response.transports,
        }
    }
}

impl From<Credential> for PasskeyAssertion {
    fn from(used: Credential) -> Self {
        Self {
            credential: used.raw_id.0,
            client_data: used.response.client_data_json.0,
            authenticator_data: used.response.authenticator_data.0,
            signature: used.response.signature.0,
            user_handle: used.response.user_handle.map(|handle| handle.0),
        }
    }
}

impl From<Passkey> for PasskeyBody {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: passkey.id.to_string(),
            name: passkey.name,
            backed_up: passkey.backed_up,
            created_at: passkey.created_at_ms,
            last_used_at: passkey.used_at_ms,
        }
    }
}
