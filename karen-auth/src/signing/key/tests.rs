use super::*;

/// RFC 8037 appendix A.1, as PKCS#8.
const ED25519_PEM: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----";

fn generated() -> Vec<SigningKey> {
    [
        SigningAlgorithm::Es256,
        SigningAlgorithm::EdDsa,
        SigningAlgorithm::Rs256,
    ]
    .map(|algorithm| SigningKey::generate(algorithm).expect("a key"))
    .to_vec()
}

/// RFC 8037 appendix A.4.
#[test]
fn the_signature_of_the_rfc_is_made_and_believed() {
    let key = SigningKey::from_pem(ED25519_PEM).expect("a key");
    assert_eq!(key.algorithm(), SigningAlgorithm::EdDsa);
    assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature = key.sign(message);
    let expect = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt\
                  9g7sVvpAr_MuM0KAg";
    assert_eq!(encode(&signature), expect);
    assert!(key.verifying().is_signed(message, &signature));
}

#[test]
fn a_key_reads_back_what_it_wrote() {
    for key in generated() {
        let pem = key.to_pem().expect("it has a private key");
        let read = SigningKey::from_pem(pem.expose()).expect("own text");
        assert_eq!((read.kid(), read.algorithm()), (key.kid(), key.algorithm()));
        let signature = read.sign(b"message");
        assert!(key.verifying().is_signed(b"message", &signature));
        assert!(!key.verifying().is_signed(b"massage", &signature));
        assert!(
            pem.expose()
                .lines()
                .all(|line| line.len() <= PEM_LINE_CHARS)
        );
    }
}

#[test]
fn no_key_believes_the_signature_of_another() {
    let (keys, others) = (generated(), generated());
    for signer in &keys {
        let signature = signer.sign(b"message");
        for verifier in keys.iter().chain(&others) {
            let expect = signer.kid() == verifier.kid();
            let is_signed = verifier.verifying().is_signed(b"message", &signature);
            assert_eq!(is_signed, expect, "{signer:?} {verifier:?}");
        }
    }
}

#[test]
fn what_is_no_key_is_refused() {
    let cut = ED25519_PEM.replace("rn9g", "");
    let public = ED25519_PEM.replace("PRIVATE", "PUBLIC");
    for text in ["", "secret", PEM_BEGIN, &cut, &public] {
        let refused = SigningKey::from_pem(text).expect_err(text);
        assert_eq!(refused.kind(), AuthErrorKind::Invalid, "{text}");
    }
    let refused = SigningKey::generate(SigningAlgorithm::Hs256).expect_err("no key of its own");
    assert_eq!(refused.kind(), AuthErrorKind::Invalid);
}

#[test]
fn debug_shows_no_private_key() {
    let key = SigningKey::from_pem(ED25519_PEM).expect("a key");
    let pem = key.to_pem().expect("private");
    let shown = format!("{key:?} {pem:?}");
    assert!(
        shown.contains(key.kid()) && !shown.contains("MC4C"),
        "{shown}"
    );
}
