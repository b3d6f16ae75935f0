//! Logging in with a passkey, in the JSON that browsers speak.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use karen_core::auth::testing::SoftAuthenticator;
use karen_core::auth::{PasskeyAssertion, PasskeyAttestation};
use serde_json::{Value, json};

use crate::harness::{EMAIL, PASSWORD, Site, in_memory, text};

const ORIGIN: &str = "http://localhost:8000";
const PASSKEYS: &str = "/api/v1/auth/passkeys";

async fn site() -> Site {
    let mut config = in_memory();
    config.server.public_url = ORIGIN.to_owned();
    Site::with(config).await
}

fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// As `toJSON` of a browser writes it, with fields that nobody needs.
fn made(options: &Value, device: &mut SoftAuthenticator) -> Value {
    let user = URL_SAFE_NO_PAD
        .decode(text(&options["user"]["id"]))
        .expect("base64url");
    let (challenge, party) = (text(&options["challenge"]), text(&options["rp"]["id"]));
    let PasskeyAttestation {
        client_data,
        attestation_object,
        transports,
    } = device.create_for(&challenge, &party, &user);
    json!({
        "id": base64url(&device.credential),
        "type": "public-key",
        "clientExtensionResults": {},
        "response": {
            "clientDataJSON": base64url(&client_data),
            "attestationObject": base64url(&attestation_object),
            "transports": transports,
            "publicKeyAlgorithm": -7,
        },
    })
}

fn used(options: &Value, device: &mut SoftAuthenticator) -> Value {
    let PasskeyAssertion {
        credential,
        client_data,
        authenticator_data,
        signature,
        user_handle,
    } = device.get_for(&text(&options["challenge"]), &text(&options["rpId"]));
    json!({
        "rawId": base64url(&credential),
        "type": "public-key",
        "response": {
            "clientDataJSON": base64url(&client_data),
            "authenticatorData": base64url(&authenticator_data),
            "signature": base64url(&signature),
            "userHandle": user_handle.as_deref().map(base64url),
        },
    })
}

async fn add(site: &Site, token: &str, device: &mut SoftAuthenticator) -> Value {
    let begin = format!("{PASSKEYS}/begin");
    let options = site.post(&begin, token, &json!({})).await.expect(200);
    let credential = made(&options.json(), device);
    let new = json!({ "name": "Laptop", "credential": credential });
    site.post(PASSKEYS, token, &new).await.expect(201).json()
}

#[tokio::test]
async fn a_passkey_comes_in_alone_and_once() {
    let site = site().await;
    let owner = site.owner().await;
    let mut device = SoftAuthenticator::new(ORIGIN, -7);
    let added = add(&site, &owner, &mut device).await;
    assert_eq!(added["recovery_codes"].as_array().map(Vec::len), Some(10));
    let begin = format!("{PASSKEYS}/login/begin");
    let options = site.post(&begin, "", &json!({})).await.expect(200).json();
    assert_eq!(options["userVerification"], "required");
    assert_eq!(options["allowCredentials"], json!([]));
    let shown = json!({ "credential": used(&options, &mut device) });
    let login = format!("{PASSKEYS}/login");
    let signed = site.post(&login, "", &shown).await.expect(200);
    assert!(signed.headers.contains_key("set-cookie"));
    let signed = signed.json();
    assert_eq!(signed["account"]["email"], EMAIL);
    let token = text(&signed["access_token"]);
    site.get("/api/v1/me", &token).await.expect(200);
    site.post(&login, "", &shown).await.expect(401);
}

#[tokio::test]
async fn a_passkey_stands_in_for_a_code_and_for_the_password_shown_again() {
    let site = site().await;
    let owner = site.owner().await;
    let mut device = SoftAuthenticator::new(ORIGIN, -8);
    add(&site, &owner, &mut device).await;
    let login = json!({ "email": EMAIL, "password": PASSWORD });
    let asked = site
        .post("/api/v1/auth/login", "", &login)
        .await
        .expect(202);
    let challenge = asked.json()["challenge"].clone();
    let begin = json!({ "challenge": challenge });
    let path = format!("{PASSKEYS}/code/begin");
    let options = site.post(&path, "", &begin).await.expect(200).json();
    let credential = used(&options, &mut device);
    let step = json!({ "challenge": challenge, "credential": credential });
    let code = format!("{PASSKEYS}/code");
    let signed = site.post(&code, "", &step).await.expect(200).json();
    let token = text(&signed["access_token"]);
    let again = format!("{PASSKEYS}/reauthenticate");
    let begin = format!("{again}/begin");
    let options = site
        .post(&begin, &token, &json!({}))
        .await
        .expect(200)
        .json();
    let proof = json!({ "credential": used(&options, &mut device) });
    site.post(&again, &token, &proof).await.expect(204);
}

#[tokio::test]
async fn passkeys_are_listed_named_and_removed() {
    let site = site().await;
    let owner = site.owner().await;
    let mut device = SoftAuthenticator::new(ORIGIN, -7);
    let added = add(&site, &owner, &mut device).await;
    let one = format!("{PASSKEYS}/{}", text(&added["passkey"]["id"]));
    let name = json!({ "name": "Phone" });
    let renamed = crate::harness::json_request("PATCH", &one, &owner, &name);
    site.whole(renamed).await.expect(204);
    let listed = site.get(PASSKEYS, &owner).await.expect(200).json();
    assert_eq!(listed["data"][0]["name"], "Phone");
    let state = site.get("/api/v1/me/second-factor", &owner).await.json();
    assert_eq!(
        (&state["enabled"], &state["passkeys"]),
        (&json!(true), &json!(1))
    );
    site.delete(&one, &owner).await.expect(204);
    site.delete(&one, &owner).await.expect(404);
    site.log_in(EMAIL, PASSWORD).await;
}

#[tokio::test]
async fn at_an_address_without_a_name_it_says_what_to_do() {
    let site = Site::open().await;
    let begin = format!("{PASSKEYS}/login/begin");
    let refused = site.post(&begin, "", &json!({})).await.expect(422).json();
    assert!(text(&refused["detail"]).contains("localhost"), "{refused}");
}
