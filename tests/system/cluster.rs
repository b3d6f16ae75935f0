//! Servers that share what they keep, and the ways to it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use karen_core::auth::{RedisBell, RedisConfig};
use karen_core::config::Layers;
use karen_sql::testing::fresh_postgres;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::host::Host;
use crate::relay::Relay;
use crate::server::{RunningServer, Start, karen_server};

/// How long something that must come may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A database of its own, names of its own on the other servers, and a folder for each Karen.
pub(crate) struct Cluster {
    name: String,
    database: String,
    folders: TempDir,
    pub(crate) redis: Relay,
    pub(crate) elasticsearch: Relay,
    pub(crate) milvus: Relay,
}

impl Cluster {
    /// Begins with nothing.
    pub(crate) async fn start(name: &str) -> Self {
        Self {
            name: format!("{name}_{}", std::process::id()),
            database: fresh_postgres(name).await,
            folders: tempfile::tempdir().unwrap(),
            redis: Relay::to(&url("REDIS")).await,
            elasticsearch: Relay::to(&url("ELASTICSEARCH")).await,
            milvus: Relay::to(&url("MILVUS")).await,
        }
    }

    /// A server on the folder of this name, whose ways can be cut.
    pub(crate) async fn serve(&self, folder: &str) -> RunningServer {
        self.start_on(folder).serve().await
    }

    /// How it is started.
    pub(crate) fn start_on(&self, folder: &str) -> Start {
        self.start_by(folder, &self.cuttable())
    }

    /// One whose ways cannot.
    pub(crate) async fn serve_directly(&self, folder: &str) -> RunningServer {
        let urls = ["REDIS", "ELASTICSEARCH", "MILVUS"].map(url);
        self.start_by(folder, &urls).serve().await
    }

    /// What the servers of the cluster tell each other.
    pub(crate) fn bell(&self) -> RedisBell {
        let redis = RedisConfig {
            namespace: self.name.clone(),
            nodes: vec![url("REDIS")],
        };
        RedisBell::new(&redis).unwrap()
    }

    /// What holds the folders of all.
    pub(crate) fn folders(&self) -> &Path {
        self.folders.path()
    }

    /// A Karen of the cluster in this process.
    pub(crate) async fn host(&self) -> Host {
        let layers = self.settings(&self.cuttable()).into_iter();
        let layers = layers.fold(Layers::default(), |layers, (setting, value)| {
            layers.set(setting, &value).unwrap()
        });
        Host::of(layers).await
    }

    /// What `doctor` prints beside the server on the folder of this name.
    pub(crate) async fn doctor(&self, folder: &str) -> String {
        let mut command = karen_server(&self.folders.path().join(folder));
        for (setting, value) in self.settings(&self.cuttable()) {
            command.args(["--set", &format!("{setting}={value}")]);
        }
        let told = command.arg("doctor").output().await.unwrap();
        String::from_utf8(told.stdout).unwrap()
    }

    fn start_by(&self, folder: &str, urls: &[String; 3]) -> Start {
        let folder: PathBuf = self.folders.path().join(folder);
        let start = Start::on(&folder).demo_model();
        let settings = self.settings(urls).into_iter();
        settings.fold(start, |start, (setting, value)| start.set(setting, &value))
    }

    fn cuttable(&self) -> [String; 3] {
        [
            self.redis.url(&url("REDIS")),
            self.elasticsearch.url(&url("ELASTICSEARCH")),
            self.milvus.url(&url("MILVUS")),
        ]
    }

    fn settings(
        &self,
        [redis, elasticsearch, milvus]: &[String; 3],
    ) -> [(&'static str, String); 6] {
        [
            (
                "auth.secret",
                "the same on every server, and long enough".to_owned(),
            ),
            ("data.namespace", self.name.clone()),
            ("postgres.url", self.database.clone()),
            ("redis.urls", format!("[\"{redis}\"]")),
            ("elasticsearch.url", elasticsearch.clone()),
            ("milvus.url", milvus.clone()),
        ]
    }
}

/// Asks until it is so.
pub(crate) async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let asked = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, asked)
        .await
        .unwrap_or_else(|_| panic!("never: {what}"));
}

fn url(server: &str) -> String {
    let variable = format!("KAREN_TEST_{server}_URL");
    std::env::var(&variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run `make test`, or `scripts/services.sh start` and `env`")
    })
}
