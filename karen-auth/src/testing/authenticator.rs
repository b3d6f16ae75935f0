//! A passkey in software, which can be told to misbehave.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use ciborium::Value;
use sha2::{Digest, Sha256};

use crate::{PasskeyAssertion, PasskeyAttestation, PasskeyCreation, PasskeyRequest};

/// User present, user verified.
const FLAGS: u8 = 0b101;
const ATTESTED: u8 = 1 << 6;

/// A browser and the passkey in it, with a key of its own. Its fields are what it says at the next
/// ceremony: a test changes one and sees it refused.
pub struct SoftAuthenticator {
    /// What it knows its key by.
    pub credential: Vec<u8>,
    /// Whom it was made for.
    pub user_handle: Option<Vec<u8>>,
    /// The page that it is used on.
    pub origin: String,
    /// Another ceremony to speak of than the one that it takes part in.
    pub ceremony: Option<&'static str>,
    /// Another challenge to sign than the one that it got.
    pub challenge: Option<String>,
    /// More fields of the client data.
    pub client_extra: Vec<(&'static str, serde_json::Value)>,
    /// Another relying party to speak to than the one that it was asked by.
    pub relying_party_id: Option<String>,
    /// The flags of Web Authentication, section 6.1, without that of attestation.
    pub flags: u8,
    /// How often it has signed. It counts up unless this is 0.
    pub counter: u32,
    /// The number of the algorithm that it says its key has.
    pub algorithm: i64,
    key: Key,
}

enum Key {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
}

impl SoftAuthenticator {
    /// One that is used on the page of `origin` and has a key for `algorithm` of COSE: -7 (ES256),
    /// -8 (EdDSA) or -257 (RS256).
    ///
    /// # Panics
    /// For another algorithm.
    #[must_use]
    pub fn new(origin: &str, algorithm: i64) -> Self {
        Self {
            credential: rand::random::<[u8; 32]>().to_vec(),
            user_handle: None,
            origin: origin.to_owned(),
            ceremony: None,
            challenge: None,
            client_extra: Vec::new(),
            relying_party_id: None,
            flags: FLAGS,
            counter: 1,
            algorithm,
            key: Key::generate(algorithm),
        }
    }

    /// Makes the passkey, as `navigator.credentials.create` does.
    pub fn create(&mut self, options: &PasskeyCreation) -> PasskeyAttestation {
        let party = &options.relying_party_id;
        self.create_for(&options.challenge, party, &options.user_handle)
    }

    /// The same, out of the options that it needs.
    pub fn create_for(
        &mut self,
        challenge: &str,
        relying_party_id: &str,
        user_handle: &[u8],
    ) -> PasskeyAttestation {
        self.user_handle = Some(user_handle.to_vec());
        let mut data = self.data(relying_party_id, ATTESTED);
        data.extend([0; 16]);
        let length = u16::try_from(self.credential.len()).expect("a credential is short");
        data.extend(length.to_be_bytes());
        data.extend(&self.credential);
        data.extend(cbor(&self.key.cose(self.algorithm)));
        PasskeyAttestation {
            client_data: self.client_data("webauthn.create", challenge),
            attestation_object: cbor(&Value::Map(vec![
                ("fmt".into(), "none".into()),
                ("attStmt".into(), Value::Map(Vec::new())),
                ("authData".into(), Value::Bytes(data)),
            ])),
            transports: vec!["internal".to_owned()],
        }
    }

    /// Uses the passkey, as `navigator.credentials.get` does.
    pub fn get(&mut self, request: &PasskeyRequest) -> PasskeyAssertion {
        self.get_for(&request.challenge, &request.relying_party_id)
    }

    /// The same, out of the options that it needs.
    pub fn get_for(&mut self, challenge: &str, relying_party_id: &str) -> PasskeyAssertion {
        self.counter += u32::from(self.counter > 0);
        let client_data = self.client_data("webauthn.get", challenge);
        let authenticator_data = self.data(relying_party_id, 0);
        let signed = [authenticator_data.as_slice(), &Sha256::digest(&client_data)].concat();
        PasskeyAssertion {
            credential: self.credential.clone(),
            client_data,
            authenticator_data,
            signature: self.key.sign(&signed),
            user_handle: self.user_handle.clone(),
        }
    }

    fn client_data(&self, ceremony: &str, challenge: &str) -> Vec<u8> {
        let mut data = serde_json::json!({
            "type": self.ceremony.unwrap_or(ceremony),
            "challenge": self.challenge.as_deref().unwrap_or(challenge),
            "origin": self.origin,
            "crossOrigin": false,
        });
        for (name, value) in &self.client_extra {
            data[name] = value.clone();
        }
        data.to_string().into_bytes()
    }

    fn data(&self, relying_party_id: &str, more: u8) -> Vec<u8> {
        let party = self.relying_party_id.as_deref().unwrap_or(relying_party_id);
        let mut data = Sha256::digest(party).to_vec();
        data.push(self.flags | more);
        data.extend(self.counter.to_be_bytes());
        data
    }
}

impl Key {
    fn generate(algorithm: i64) -> Self {
        match algorithm {
            -7 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map(Self::Es256),
            -8 => Ed25519KeyPair::generate().map(Self::EdDsa),
            -257 => RsaKeyPair::generate(KeySize::Rsa2048).map(Self::Rs256),
            other => panic!("no algorithm has the number {other}"),
        }
        .expect("a key")
    }

    fn cose(&self, algorithm: i64) -> Value {
        let field = |label: i64, value: Value| (Value::from(label), value);
        let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec());
        let (kind, mut fields) = match self {
            Self::Es256(key) => {
                let point = key.public_key().as_ref();
                let (x, y) = (bytes(&point[1..33]), bytes(&point[33..]));
                (2, vec![field(-1, 1.into()), field(-2, x), field(-3, y)])
            }
            Self::EdDsa(key) => {
                let public = bytes(key.public_key().as_ref());
                (1, vec![field(-1, 6.into()), field(-2, public)])
            }
            Self::Rs256(key) => {
                let public = key.public_key();
                let modulus = public.modulus().big_endian_without_leading_zero();
                let exponent = public.exponent().big_endian_without_leading_zero();
                (
                    3,
                    vec![field(-1, bytes(modulus)), field(-2, bytes(exponent))],
                )
            }
        };
        fields.splice(0..0, [field(1, kind.into()), field(3, algorithm.into())]);
        Value::Map(fields)
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Es256(key) => key
                .sign(&random, message)
                .expect("signed")
                .as_ref()
                .to_vec(),
            Self::EdDsa(key) => key.sign(message).as_ref().to_vec(),
            Self::Rs256(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                let signed = key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature);
                signed.expect("signed");
                signature
            }
        }
    }
}

fn cbor(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("a vector takes everything");
    bytes
}
