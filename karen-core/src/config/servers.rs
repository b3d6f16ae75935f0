//! `[postgres]`, `[redis]`, `[elasticsearch]`, `[milvus]` and `[analytics]`: servers and folders that take over from the data folder,
//! and that any number of instances share.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Secret, within};
use crate::{Code, Error, Result};

/// `[postgres]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresSettings {
    /// Where everything is kept that must not be lost, such as
    /// `postgres://karen:password@db/karen`. Empty: in a SQLite file of the data folder.
    pub url: Secret,
    /// A streaming replica of it, from which long lists, exports and counts of memories are read whenever it
    /// has everything that was committed. Empty: none.
    pub replica_url: Secret,
}

/// `[redis]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RedisSettings {
    /// Where recent records are kept at hand, limits are counted for all instances together, and each
    /// tells the others which sessions have ended, and answers are kept for all (`models.cache_mib` turns
    /// that on), such as `["redis://cache:6379"]`; several nodes are
    /// of one cluster. Empty: in this process.
    pub urls: Vec<Secret>,
}

/// `[elasticsearch]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ElasticsearchSettings {
    /// Where words are found, such as `http://words:9200`. Empty: in this process.
    pub url: Secret,
}

/// `[milvus]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MilvusSettings {
    /// Where meanings are found, such as `http://vectors:19530`. Empty: in this process.
    pub url: Secret,
}

/// `[analytics]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnalyticsSettings {
    /// Whether reports and questions in SQL about all memories are answered. They see ids, kinds,
    /// lengths, times and counts, and no words. The default is what the build can do.
    pub enabled: bool,
    /// A folder that instances share, for Parquet files. Empty: a DuckDB file in the data folder.
    pub folder: PathBuf,
    /// Seconds between two batches from the log, 1 to 86,400. A question brings its own.
    pub batch_seconds: u32,
}

impl Default for AnalyticsSettings {
    fn default() -> Self {
        Self {
            enabled: cfg!(feature = "duckdb"),
            folder: PathBuf::new(),
            batch_seconds: 60,
        }
    }
}

impl AnalyticsSettings {
    pub(super) fn validate(&self) -> Result<()> {
        within("analytics.batch_seconds", self.batch_seconds, 1, 86_400)?;
        if self.enabled && !cfg!(feature = "duckdb") {
            let message =
                "analytics.enabled is true, and this build has none: it takes the feature duckdb";
            return Err(Error::new(Code::Unsupported, message));
        }
        Ok(())
    }
}

impl PostgresSettings {
    pub(super) fn validate(&self) -> Result<()> {
        let server = Server {
            setting: "postgres.url",
            feature: "postgres",
            is_built: cfg!(feature = "postgres"),
            schemes: &["postgres", "postgresql"],
        };
        server.check(&self.url)?;
        let replica = Server {
            setting: "postgres.replica_url",
            ..server
        };
        replica.check(&self.replica_url)?;
        if self.url.is_empty() && !self.replica_url.is_empty() {
            let message = "postgres.replica_url is set: set postgres.url, which it is a replica of";
            return Err(Error::new(Code::InvalidArgument, message));
        }
        Ok(())
    }
}

impl RedisSettings {
    pub(crate) fn nodes(&self) -> Vec<String> {
        let nodes = self.urls.iter().map(|url| url.expose().to_owned());
        nodes.collect()
    }

    pub(super) fn validate(&self) -> Result<()> {
        let server = Server {
            setting: "redis.urls",
            feature: "redis",
            is_built: cfg!(feature = "redis"),
            schemes: &["redis"],
        };
        self.urls.iter().try_for_each(|url| match url.is_empty() {
            true => Err(server.no_address()),
            false => server.check(url),
        })
    }
}

impl ElasticsearchSettings {
    pub(super) fn validate(&self) -> Result<()> {
        let server = Server {
            setting: "elasticsearch.url",
            feature: "elasticsearch",
            is_built: cfg!(feature = "elasticsearch"),
            schemes: &["http", "https"],
        };
        server.check(&self.url)
    }
}

impl MilvusSettings {
    pub(super) fn validate(&self) -> Result<()> {
        let server = Server {
            setting: "milvus.url",
            feature: "milvus",
            is_built: cfg!(feature = "milvus"),
            schemes: &["http", "https"],
        };
        server.check(&self.url)
    }
}

/// What an address of a server must be.
struct Server {
    setting: &'static str,
    feature: &'static str,
    is_built: bool,
    schemes: &'static [&'static str],
}

impl Server {
    /// An empty address is none, which is fine.
    fn check(&self, url: &Secret) -> Result<()> {
        if url.is_empty() {
            return Ok(());
        }
        if !self.is_address(url.expose()) {
            return Err(self.no_address());
        }
        if !self.is_built {
            let (setting, feature) = (self.setting, self.feature);
            let message = format!(
                "{setting} is set, and this build has none: it takes the feature {feature}"
            );
            return Err(Error::new(Code::Unsupported, message));
        }
        Ok(())
    }

    fn is_address(&self, url: &str) -> bool {
        let Some((scheme, rest)) = url.split_once("://") else {
            return false;
        };
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let host = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        // The colons of an IPv6 address stand in brackets.
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, port.parse::<u16>().is_ok()),
            _ => (host, true),
        };
        self.schemes.contains(&scheme)
            && !name.is_empty()
            && port
            && !url.contains(char::is_whitespace)
    }

    /// Without the address, which may hold a password.
    fn no_address(&self) -> Error {
        let (setting, scheme) = (self.setting, self.schemes[0]);
        let message = format!("{setting} is no address such as {scheme}://host:port");
        Error::new(Code::InvalidArgument, message)
    }
}
