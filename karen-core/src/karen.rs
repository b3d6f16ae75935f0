//! The handle to everything, and how it opens and closes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::stream::BoxStream;
use karen_auth::{Auth, AuthConfig, Principal, Registration as AuthRegistration, SigningSecret};
use karen_infer::Models;
use karen_memory::{Memory, MemoryConfig};
use karen_sql::{Database, Location};

use crate::config::{Config, Registration, StartMode};
use crate::conversation::{ConversationStore, SqlConversationStore};
use crate::embedder::BuiltInEmbedder;
use crate::event::{Event, EventBus, EventKind, InProcessEventBus};
use crate::folder::DataFolder;
use crate::models::open_models;
use crate::schema::MIGRATIONS;
use crate::tool::Plugins;
use crate::turn::{LiveTurns, SqlTurnLog, TurnLog, recover};
use crate::usage::{SqlUsageLedger, UsageLedger};
use crate::{Builder, Code, Error, Health, Result, Scope, Session};

/// Karen, opened on a data folder. Clones share it; any thread may use them.
#[derive(Clone)]
pub struct Karen {
    shared: Arc<Shared>,
}

/// What the handles share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) database: Database,
    pub(crate) auth: Auth,
    pub(crate) memory: Memory,
    pub(crate) models: Models,
    pub(crate) plugins: Plugins,
    pub(crate) conversations: Arc<dyn ConversationStore>,
    pub(crate) turn_log: Arc<dyn TurnLog>,
    pub(crate) ledger: Arc<dyn UsageLedger>,
    pub(crate) events: Arc<dyn EventBus>,
    pub(crate) live: LiveTurns,
    folder: Option<PathBuf>,
    /// Held until Karen is closed, or the last handle is dropped.
    lock: Mutex<Option<DataFolder>>,
}

impl Karen {
    /// Begins to configure one.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) async fn open(config: Config) -> Result<Self> {
        config.validate()?;
        let folder = take_folder(&config)?;
        let location = folder
            .as_ref()
            .map_or(Location::Memory, |f| Location::File(f.database()));
        let database = Database::open(location).await?;
        database.migrate("core", MIGRATIONS).await?;
        let embedder = BuiltInEmbedder::default();
        let shared = Arc::new(Shared {
            auth: open_auth(&config, &database, folder.as_ref()).await?,
            memory: open_memory(&database, embedder.clone()).await?,
            models: open_models(&config, folder.as_ref()).await?,
            plugins: Plugins::default(),
            conversations: Arc::new(SqlConversationStore::new(database.clone())),
            turn_log: Arc::new(SqlTurnLog::new(database.clone())),
            ledger: Arc::new(SqlUsageLedger::new(database.clone())),
            events: Arc::new(InProcessEventBus::default()),
            live: LiveTurns::default(),
            config,
            database,
            folder: folder.as_ref().map(|folder| folder.path().to_owned()),
            lock: Mutex::new(folder),
        });
        recover(&shared).await?;
        if shared.config.data.start == StartMode::Standard {
            warm(&shared, &embedder).await?;
        }
        Ok(Self { shared })
    }

    /// Everything that `principal` may do with its own data.
    #[must_use]
    pub fn session(&self, principal: Principal) -> Session {
        Session::new(Arc::clone(&self.shared), principal)
    }

    /// The models.
    #[must_use]
    pub fn models(&self) -> &Models {
        &self.shared.models
    }

    /// The tools that turns can call.
    #[must_use]
    pub fn plugins(&self) -> &Plugins {
        &self.shared.plugins
    }

    /// Accounts, sessions and principals.
    #[must_use]
    pub fn auth(&self) -> &Auth {
        &self.shared.auth
    }

    /// The configuration in use.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// The data folder, absolute; `None` when everything is in memory.
    #[must_use]
    pub fn folder(&self) -> Option<PathBuf> {
        self.shared.folder.clone()
    }

    /// How each part is doing, found out by asking it.
    pub async fn health(&self) -> Health {
        Health::of(&self.shared).await
    }

    /// Checks that the database is whole, page by page; takes seconds a gigabyte.
    ///
    /// # Errors
    /// `CORRUPT` with the first damage found.
    pub async fn verify(&self) -> Result<()> {
        Ok(self.shared.database.verify().await?)
    }

    /// Turns that are running.
    #[must_use]
    pub fn live_turns(&self) -> usize {
        self.shared.live.len()
    }

    /// What happens from here on, for whoever wants to follow.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the bus cannot be reached.
    pub async fn events(&self) -> Result<BoxStream<'static, Event>> {
        self.shared.events.subscribe().await
    }

    /// Stops the running turns, keeps what they said, unloads the models, closes the database and
    /// gives the folder free.
    ///
    /// Other handles answer `UNAVAILABLE` from here on.
    ///
    /// # Errors
    /// None today; the signature leaves room for stores that report at closing.
    pub async fn close(self) -> Result<()> {
        self.shared.live.stop().await;
        self.shared.models.close().await;
        self.shared.database.close().await;
        // No code panics while it holds this lock.
        let mut lock = self
            .shared
            .lock
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        drop(lock.take());
        Ok(())
    }
}

impl Shared {
    /// Rings the bell; a bell that does not ring is logged and holds nobody up.
    pub(crate) async fn publish(&self, scope: &Scope, kind: EventKind) {
        let event = Event {
            scope: scope.clone(),
            kind,
        };
        if let Err(error) = self.events.publish(event).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "an event was not published"
            );
        }
    }
}

fn take_folder(config: &Config) -> Result<Option<DataFolder>> {
    if config.is_in_memory() {
        return Ok(None);
    }
    DataFolder::take(&config.data.folder).map(Some)
}

async fn open_auth(
    config: &Config,
    database: &Database,
    folder: Option<&DataFolder>,
) -> Result<Auth> {
    let settings = &config.auth;
    let day = Duration::from_secs(24 * 60 * 60);
    let auth = AuthConfig {
        access_lifetime: Duration::from_secs(u64::from(settings.access_minutes) * 60),
        refresh_absolute: settings.session_days * day,
        registration: match settings.registration {
            Registration::Closed => AuthRegistration::Closed,
            Registration::Open => AuthRegistration::Open,
        },
        ..AuthConfig::new(database.clone(), signing_secret(config, folder)?)
    };
    Ok(Auth::open(auth).await?)
}

/// The configured secret, or on a machine of one's own the one kept in the data folder.
fn signing_secret(config: &Config, folder: Option<&DataFolder>) -> Result<SigningSecret> {
    let settings = &config.auth;
    let file = &settings.secret_file;
    if !settings.secret.is_empty() {
        return Ok(SigningSecret::new(settings.secret.expose())?);
    }
    if !file.as_os_str().is_empty() {
        let text = std::fs::read_to_string(file).map_err(|e| {
            let message = format!("auth.secret_file {} cannot be read", file.display());
            Error::new(Code::InvalidArgument, message).caused_by(e)
        })?;
        return Ok(SigningSecret::new(text.trim())?);
    }
    match folder {
        Some(folder) => folder.secret(),
        None => Ok(SigningSecret::random()),
    }
}

async fn open_memory(database: &Database, embedder: BuiltInEmbedder) -> Result<Memory> {
    let config = MemoryConfig {
        embedder: Some(Arc::new(embedder)),
        ..MemoryConfig::new(database.clone())
    };
    Ok(Memory::open(config).await?)
}

async fn warm(shared: &Shared, embedder: &BuiltInEmbedder) -> Result<()> {
    embedder.warm().await?;
    match shared.models.resolve(None) {
        Ok(model) => Ok(shared.models.load(&model.name).await?),
        // Nothing to warm: turns will say that no model is loaded.
        Err(_) => Ok(()),
    }
}
