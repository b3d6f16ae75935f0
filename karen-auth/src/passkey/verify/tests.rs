use super::*;
use crate::passkey::{ALGORITHMS, Ceremony};
use crate::testing::SoftAuthenticator;
use crate::{AccountId, PasskeyCreation, PasskeyId, PasskeyRequest};

const ORIGIN: &str = "https://karen.example.com";
const CHALLENGE: &str = "Y2hhbGxlbmdl";
const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const ELIGIBLE: u8 = 1 << 3;
const COPIED: u8 = 1 << 4;

fn party() -> RelyingParty {
    RelyingParty::of(ORIGIN).expect("a name over https")
}

fn authenticator() -> SoftAuthenticator {
    SoftAuthenticator::new(ORIGIN, -7)
}

fn creation() -> PasskeyCreation {
    PasskeyCreation {
        challenge: CHALLENGE.to_owned(),
        relying_party_id: party().id,
        relying_party_name: "Karen".to_owned(),
        user_handle: b"usr".to_vec(),
        user_name: "ada@example.com".to_owned(),
        user_display_name: "Ada".to_owned(),
        algorithms: ALGORITHMS.to_vec(),
        exclude: Vec::new(),
    }
}

fn request() -> PasskeyRequest {
    PasskeyRequest {
        challenge: CHALLENGE.to_owned(),
        relying_party_id: party().id,
        allow: Vec::new(),
        verification: UserVerification::Required,
    }
}

fn created(answer: &PasskeyAttestation) -> Result<NewCredential, Refusal> {
    let client = ClientData::read(&answer.client_data, Ceremony::Create)?;
    assert_eq!(client.challenge, CHALLENGE);
    new_credential(&party(), &client, answer, UserVerification::Required)
}

fn used(answer: &PasskeyAssertion, passkey: &Passkey) -> Result<Shown, Refusal> {
    let client = ClientData::read(&answer.client_data, Ceremony::Get)?;
    assert_eq!(client.challenge, CHALLENGE);
    shown(
        &party(),
        &client,
        answer,
        passkey,
        UserVerification::Required,
    )
}

fn passkey(authenticator: &mut SoftAuthenticator) -> Passkey {
    let made = created(&authenticator.create(&creation())).expect("believed");
    Passkey {
        id: PasskeyId::random(),
        account: AccountId::random(),
        credential: made.credential,
        public_key: made.public_key,
        counter: made.counter,
        name: "laptop".to_owned(),
        transports: Vec::new(),
        backup_eligible: made.backup_eligible,
        backed_up: made.backed_up,
        created_at_ms: 0,
        used_at_ms: None,
    }
}

/// What an authenticator says wrong, and the step that finds it.
type Wrong = (fn(&mut SoftAuthenticator), Refusal);

/// What is wrong in both ceremonies.
const WRONG: &[Wrong] = &[
    (|a| a.ceremony = Some("payment.get"), Refusal::Ceremony),
    (
        |a| a.origin = "https://karen.example.com.evil.org".to_owned(),
        Refusal::Origin,
    ),
    (
        |a| a.origin = "http://karen.example.com".to_owned(),
        Refusal::Origin,
    ),
    (
        |a| a.origin = "https://karen.example.com:8443".to_owned(),
        Refusal::Origin,
    ),
    (
        |a| a.client_extra.push(("crossOrigin", true.into())),
        Refusal::CrossOrigin,
    ),
    (
        |a| {
            let bound = serde_json::json!({ "status": "present", "id": "abc" });
            a.client_extra.push(("tokenBinding", bound));
        },
        Refusal::TokenBinding,
    ),
    (
        |a| a.relying_party_id = Some("example.com".to_owned()),
        Refusal::RelyingParty,
    ),
    (|a| a.flags = VERIFIED, Refusal::NotPresent),
    (|a| a.flags = PRESENT, Refusal::NotVerified),
    (|a| a.flags |= COPIED, Refusal::Backup),
];

#[test]
fn a_passkey_of_each_algorithm_is_made_and_believed() {
    for algorithm in ALGORITHMS {
        let mut authenticator = SoftAuthenticator::new(ORIGIN, *algorithm);
        authenticator.flags |= ELIGIBLE | COPIED;
        let passkey = passkey(&mut authenticator);
        assert_eq!(passkey.credential, authenticator.credential);
        assert!(passkey.backup_eligible && passkey.backed_up);
        let shown = used(&authenticator.get(&request()), &passkey).expect("believed");
        assert_eq!((shown.counter, shown.backed_up), (2, true), "{algorithm}");
    }
}

#[test]
fn each_step_of_registration_refuses() {
    for (change, refusal) in WRONG {
        let mut authenticator = authenticator();
        change(&mut authenticator);
        let refused = created(&authenticator.create(&creation())).err();
        assert_eq!(refused, Some(*refusal));
    }
}

#[test]
fn each_step_of_a_login_refuses() {
    for (change, refusal) in WRONG {
        let mut authenticator = authenticator();
        let passkey = passkey(&mut authenticator);
        change(&mut authenticator);
        let refused = used(&authenticator.get(&request()), &passkey).err();
        assert_eq!(refused, Some(*refusal));
    }
}

#[test]
fn one_ceremony_is_no_other() {
    let mut authenticator = authenticator();
    let passkey = passkey(&mut authenticator);
    authenticator.ceremony = Some("webauthn.create");
    let refused = used(&authenticator.get(&request()), &passkey).err();
    assert_eq!(refused, Some(Refusal::Ceremony));
    authenticator.ceremony = Some("webauthn.get");
    let refused = created(&authenticator.create(&creation())).err();
    assert_eq!(refused, Some(Refusal::Ceremony));
}

#[test]
fn a_key_of_an_algorithm_that_was_not_offered_is_refused() {
    // ES384, RS1, one that its key is not of, and none at all.
    for algorithm in [-35, -65535, -8, 0] {
        let mut authenticator = authenticator();
        authenticator.algorithm = algorithm;
        let refused = created(&authenticator.create(&creation())).err();
        assert_eq!(refused, Some(Refusal::Key), "{algorithm}");
    }
}

#[test]
fn a_signature_holds_for_every_byte_that_it_covers() {
    let mut authenticator = authenticator();
    let passkey = passkey(&mut authenticator);
    let answer = authenticator.get(&request());
    let signs = |answer: &PasskeyAssertion| used(answer, &passkey).map(drop);
    assert_eq!(signs(&answer), Ok(()));
    let mut counted = answer.clone();
    *counted.authenticator_data.last_mut().expect("a counter") ^= 1;
    assert_eq!(signs(&counted), Err(Refusal::Signature));
    let mut said = answer.clone();
    said.client_data.push(b' ');
    assert_eq!(signs(&said), Err(Refusal::Signature));
    let mut signed = answer.clone();
    signed.signature.clear();
    assert_eq!(signs(&signed), Err(Refusal::Signature));
    let other = super::tests::authenticator().get(&request());
    let foreign = PasskeyAssertion {
        signature: other.signature,
        ..answer
    };
    assert_eq!(signs(&foreign), Err(Refusal::Signature));
}

#[test]
fn whether_a_passkey_may_be_copied_never_changes() {
    let mut authenticator = authenticator();
    let passkey = passkey(&mut authenticator);
    authenticator.flags |= ELIGIBLE;
    let refused = used(&authenticator.get(&request()), &passkey).err();
    assert_eq!(refused, Some(Refusal::Backup));
}

#[test]
fn what_is_cut_short_or_longer_than_it_says_is_refused() {
    let mut authenticator = authenticator();
    let passkey = passkey(&mut authenticator);
    let whole = authenticator.create(&creation());
    for length in 0..whole.attestation_object.len() {
        let cut = PasskeyAttestation {
            attestation_object: whole.attestation_object[..length].to_vec(),
            ..whole.clone()
        };
        assert_eq!(created(&cut).err(), Some(Refusal::Attestation), "{length}");
    }
    let mut longer = whole.clone();
    longer.attestation_object.push(0);
    assert_eq!(created(&longer).err(), Some(Refusal::Attestation));
    let answer = authenticator.get(&request());
    for length in 0..answer.authenticator_data.len() {
        let mut cut = answer.clone();
        cut.authenticator_data.truncate(length);
        let refused = used(&cut, &passkey).err();
        assert_eq!(refused, Some(Refusal::AuthenticatorData), "{length}");
    }
    let mut longer = answer;
    longer.authenticator_data.push(0);
    assert_eq!(
        used(&longer, &passkey).err(),
        Some(Refusal::AuthenticatorData)
    );
}

#[test]
fn nonsense_is_refused_and_no_panic() {
    for json in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"type":"webauthn.get"}"#,
        "\u{0}",
    ] {
        let read = ClientData::read(json.as_bytes(), Ceremony::Get);
        assert_eq!(read.err(), Some(Refusal::ClientData), "{json}");
    }
    // A map in a map in a map, and one that says it is longer than memory.
    for object in [
        vec![0xa1; 5_000],
        vec![0xbb; 9],
        vec![0x5b, 0xff, 0xff, 0xff, 0xff],
    ] {
        let mut answer = authenticator().create(&creation());
        answer.attestation_object = object;
        assert_eq!(created(&answer).err(), Some(Refusal::Attestation));
    }
}
