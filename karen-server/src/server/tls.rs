//! TLS: a certificate from files, read again when they change.

use std::fs::{Metadata, metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use karen_core::config::ServerSettings;
use karen_core::{Code, Error, Result};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{DEFAULT_VERSIONS, ServerConfig};
use tokio_rustls::server::TlsStream;

const PROTOCOL: &[u8] = b"http/1.1";

/// Greets clients over TLS 1.2 and 1.3. Clones are cheap.
#[derive(Clone)]
pub(super) struct Tls {
    acceptor: TlsAcceptor,
}

/// The certificate that is shown, and the files that it comes from.
#[derive(Debug)]
struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    shown: RwLock<Shown>,
}

#[derive(Debug)]
struct Shown {
    certificate: Arc<CertifiedKey>,
    /// The files as they were last read, whether or not they could be used.
    seen: Stamp,
}

/// What tells one state of the two files from another; `None` for one that is missing.
#[derive(Clone, Debug, PartialEq)]
struct Stamp([Option<(SystemTime, u64)>; 2]);

impl Tls {
    /// What the settings name; `None` where they name nothing.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for files that cannot be read, or whose key is not the certificate's.
    pub(super) fn open(settings: &ServerSettings) -> Result<Option<Self>> {
        if settings.tls_certificate.as_os_str().is_empty() {
            return Ok(None);
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let certificate = Certificate::open(settings, Arc::clone(&provider))?;
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(DEFAULT_VERSIONS)
            .expect("the provider speaks TLS 1.2 and 1.3");
        let mut config = config
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(certificate));
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Some(Self { acceptor }))
    }

    /// The stream under TLS. Waits for the client without a limit of time.
    pub(super) async fn greet(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }
}

impl Certificate {
    fn open(settings: &ServerSettings, provider: Arc<CryptoProvider>) -> Result<Self> {
        let (chain, key) = (&settings.tls_certificate, &settings.tls_key);
        let seen = Stamp::of(chain, key);
        let certificate = Arc::new(read(chain, key, &provider)?);
        Ok(Self {
            chain: chain.clone(),
            key: key.clone(),
            provider,
            shown: RwLock::new(Shown { certificate, seen }),
        })
    }

    /// The certificate to show. The files are looked at before every greeting, which costs a
    /// thousandth of it; a pair that does not fit, as between two writes, leaves the earlier one.
    fn current(&self) -> Arc<CertifiedKey> {
        let stamp = Stamp::of(&self.chain, &self.key);
        {
            let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
            if shown.seen == stamp {
                return Arc::clone(&shown.certificate);
            }
        }
        let read = read(&self.chain, &self.key, &self.provider);
        let mut shown = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        shown.seen = stamp;
        match read {
            Ok(certificate) => {
                tracing::info!("a new certificate is shown");
                shown.certificate = Arc::new(certificate);
            }
            Err(error) => tracing::warn!(%error, "the certificate from before is shown on"),
        }
        Arc::clone(&shown.certificate)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

impl Stamp {
    fn of(chain: &Path, key: &Path) -> Self {
        let of = |metadata: Metadata| Some((metadata.modified().ok()?, metadata.len()));
        Self([chain, key].map(|path| metadata(path).ok().and_then(of)))
    }
}

fn read(chain: &Path, key: &Path, provider: &CryptoProvider) -> Result<CertifiedKey> {
    let certificates = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>)
        .map_err(|e| unusable("tls_certificate", chain, "cannot be read").caused_by(e))?;
    if certificates.is_empty() {
        return Err(unusable("tls_certificate", chain, "holds no certificate"));
    }
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|e| unusable("tls_key", key, "holds no private key").caused_by(e))?;
    CertifiedKey::from_der(certificates, private, provider)
        .map_err(|e| unusable("tls_key", key, "is not the certificate's key").caused_by(e))
}

fn unusable(setting: &str, path: &Path, what: &str) -> Error {
    let message = format!("server.{setting}: {} {what}", path.display());
    Error::new(Code::InvalidArgument, message)
}
