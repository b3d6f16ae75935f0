//! TLS, with certificates made for the test.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use karen_core::config::Config;
use karen_core::{Code, Karen};
use karen_server::Server;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, DEFAULT_VERSIONS, RootCertStore};

use crate::harness::{EMAIL, PASSWORD, Reply, Site, in_memory, json_request, request};

const HOST: &str = "karen.test";

/// A folder with a certificate and its key.
struct Files(TempDir);

impl Files {
    fn new() -> (Self, CertificateDer<'static>) {
        let files = Self(tempfile::tempdir().expect("a folder"));
        let certificate = files.renew();
        (files, certificate)
    }

    /// Another certificate in the place of the one before.
    fn renew(&self) -> CertificateDer<'static> {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed([HOST.to_owned()]).expect("a certificate");
        fs::write(self.certificate(), cert.pem()).expect("write");
        fs::write(self.key(), signing_key.serialize_pem()).expect("write");
        cert.der().clone()
    }

    fn certificate(&self) -> PathBuf {
        self.0.path().join("certificate.pem")
    }

    fn key(&self) -> PathBuf {
        self.0.path().join("key.pem")
    }

    fn config(&self) -> Config {
        let mut config = in_memory();
        config.server.public_url = format!("https://{HOST}");
        config.server.tls_certificate = self.certificate();
        config.server.tls_key = self.key();
        config
    }
}

/// A connection to a server that shows `certificate`, and to no other.
async fn connect(
    site: &Site,
    certificate: &CertificateDer<'static>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).expect("a certificate");
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(DEFAULT_VERSIONS)
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(site.address).await?;
    let host = ServerName::try_from(HOST).expect("a name");
    TlsConnector::from(Arc::new(config))
        .connect(host, stream)
        .await
}

async fn send(stream: TlsStream<TcpStream>, request: axum::http::Request<Body>) -> Reply {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
    tokio::spawn(connection);
    let answer = sender.send_request(request).await.expect("an answer");
    Reply::of(answer.map(Body::new)).await
}

#[tokio::test]
async fn over_tls_cookies_are_the_hosts_own_and_browsers_are_told_to_come_back_so() {
    let (files, certificate) = Files::new();
    let site = Site::with(files.config()).await;
    let token = site.karen.auth().setup_token().await.expect("asked");
    let account = json!({
        "setup_token": token.expect("first run").expose(),
        "email": EMAIL, "name": "Ada", "password": PASSWORD,
    });
    let stream = connect(&site, &certificate).await.expect("greeted");
    let reply = send(stream, json_request("POST", "/api/v1/setup", "", &account)).await;
    assert!(
        reply
            .header("set-cookie")
            .starts_with("__Host-karen_refresh="),
        "{:?}",
        reply.headers
    );
    assert!(
        reply
            .header("strict-transport-security")
            .contains("max-age=")
    );
}

#[tokio::test]
async fn a_new_certificate_is_shown_from_the_next_connection_on_and_open_ones_stay() {
    let (files, first) = Files::new();
    let site = Site::with(files.config()).await;
    let open = connect(&site, &first).await.expect("greeted");
    let second = files.renew();
    connect(&site, &first)
        .await
        .expect_err("another certificate is shown");
    let stream = connect(&site, &second).await.expect("greeted");
    for stream in [stream, open] {
        send(stream, request("GET", "/livez", "", Body::empty()))
            .await
            .expect(200);
    }
    fs::write(files.key(), "half of a k").expect("write");
    connect(&site, &second)
        .await
        .expect("what cannot be used changes nothing");
}

#[tokio::test]
async fn a_client_that_does_not_end_its_greeting_is_cut_off() {
    let (files, _) = Files::new();
    let mut config = files.config();
    config.server.header_seconds = 1;
    let site = Site::with(config).await;
    // Nothing, the beginning of a TLS record, and HTTP that is not under TLS.
    for beginning in [
        &b""[..],
        b"\x16\x03\x01\x02\x00",
        b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(site.address).await.expect("connect");
        stream.write_all(beginning).await.expect("write");
        let mut said = Vec::new();
        // A reset is an end too.
        let _ = stream.read_to_end(&mut said).await;
        assert!(!said.starts_with(b"HTTP"), "{said:?}");
    }
}

async fn refused(config: Config) -> String {
    let karen = match Karen::builder().config(config).open().await {
        Ok(karen) => karen,
        Err(error) => return error.to_string(),
    };
    let Err(error) = Server::bind(karen).await else {
        panic!("it listens")
    };
    assert_eq!(error.code(), Code::InvalidArgument);
    error.to_string()
}

#[tokio::test]
async fn a_certificate_that_cannot_be_shown_is_refused_at_the_start() {
    let (files, _) = Files::new();
    let (other, _) = Files::new();
    let mut config = files.config();
    config.server.tls_key = other.key();
    assert!(refused(config).await.contains("not the certificate's key"));
    let mut config = files.config();
    config.server.tls_certificate = files.key();
    assert!(refused(config).await.contains("holds no certificate"));
    let mut config = files.config();
    config.server.tls_key = PathBuf::new();
    assert!(refused(config).await.contains("server.tls_key"));
    let mut config = files.config();
    config.server.public_url = "http://karen.test".to_owned();
    assert!(refused(config).await.contains("server.public_url"));
}
