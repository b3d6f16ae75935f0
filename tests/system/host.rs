//! A server in this process, on a port of its own, with the demonstration model.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use karen_core::Karen;
use karen_core::auth::{Device, NewAccount, NewApiKey};
use karen_core::config::Layers;
use karen_core::infer::{
    Capabilities, FinishReason, GenerateEvent, GenerateStream, Job, ModelAdapter, ModelError,
    ModelErrorKind, ModelName, Prompt, Usage,
};
use karen_server::Server;
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::paths;

/// The name of the model that takes its time.
pub(crate) const SLOW_MODEL: &str = "slow";

/// A running server and its folder; both end with it.
pub(crate) struct Host {
    pub(crate) karen: Karen,
    pub(crate) url: String,
    stop: Option<oneshot::Sender<()>>,
    _folder: TempDir,
}

impl Host {
    pub(crate) async fn start() -> Self {
        Self::of(Layers::default()).await
    }

    /// With these settings besides.
    pub(crate) async fn of(layers: Layers) -> Self {
        Self::at("127.0.0.1:0", layers).await
    }

    /// Under a name, as browsers want it that shall make passkeys.
    pub(crate) async fn named() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let url = format!("http://localhost:{}", address.port());
        let layers = Layers::default().set("server.public_url", &url).unwrap();
        let mut host = Self::at(&address.to_string(), layers).await;
        host.url = url;
        host
    }

    /// The same, on an address that others have to know before.
    pub(crate) async fn at(listen: &str, layers: Layers) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let layers = layers
            .set("data.folder", &folder.path().to_string_lossy())
            .and_then(|layers| layers.set("server.listen", listen))
            .and_then(|layers| layers.set("models.demo", &paths::demo_model().to_string_lossy()))
            .unwrap();
        let karen = Karen::builder()
            .config(layers.config().unwrap())
            .open()
            .await
            .unwrap();
        let slow = ModelName::parse(SLOW_MODEL).unwrap();
        karen.models().register(&slow, Arc::new(Slow)).unwrap();
        let server = Server::bind(karen.clone()).await.unwrap();
        let url = format!("http://{}", server.address());
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(server.run(async { drop(stopped.await) }));
        Self {
            karen,
            url,
            stop: Some(stop),
            _folder: folder,
        }
    }

    pub(crate) async fn setup_token(&self) -> String {
        let token = self.karen.auth().setup_token().await.unwrap();
        token.expect("there is no account yet").expose().to_owned()
    }

    /// Makes the first account and a key of its.
    pub(crate) async fn api_key(&self) -> String {
        let auth = self.karen.auth();
        let account = NewAccount {
            email: "ada@example.com".to_owned(),
            name: "Ada".to_owned(),
            password: "a long enough password".to_owned(),
        };
        let token = self.setup_token().await;
        let signed_in = auth
            .set_up(&token, account, Device::default())
            .await
            .unwrap();
        let principal = auth.authenticate(signed_in.access.expose()).await.unwrap();
        let key = NewApiKey {
            name: "test".to_owned(),
            permissions: None,
            lifetime: None,
        };
        auth.create_api_key(&principal, key)
            .await
            .unwrap()
            .1
            .expose()
            .to_owned()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // A server that ended by itself needs no stopping.
            let _ = stop.send(());
        }
    }
}

/// Says a word every fifty milliseconds, as a large model on a small machine does.
struct Slow;

#[async_trait]
impl ModelAdapter for Slow {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            generate: true,
            context_tokens: 4096,
            ..Capabilities::default()
        }
    }

    async fn load(&self) -> Result<(), ModelError> {
        Ok(())
    }

    async fn unload(&self) {}

    fn is_loaded(&self) -> bool {
        true
    }

    async fn generate(&self, job: Job) -> Result<GenerateStream, ModelError> {
        const WORDS: u32 = 100;
        let words = futures::stream::iter(1..=WORDS).then(|n| async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok(GenerateEvent::TextDelta(format!("word-{n} ")))
        });
        let usage = Usage {
            prompt_tokens: 1,
            completion_tokens: WORDS,
            cached_tokens: 0,
        };
        let end = [
            Ok(GenerateEvent::Usage(usage)),
            Ok(GenerateEvent::Done(FinishReason::Stop)),
        ];
        let all = words.chain(futures::stream::iter(end));
        Ok(all.take_until(job.cancel.cancelled_owned()).boxed())
    }

    async fn count(&self, _: &Prompt) -> Result<u32, ModelError> {
        Ok(1)
    }

    async fn embed(&self, _: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        let why = "it writes text only".to_owned();
        Err(ModelError::new(
            ModelErrorKind::Unsupported(why),
            "embed with",
            "the model",
        ))
    }
}
