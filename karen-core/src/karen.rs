//! The handle to everything, and how it opens and closes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use futures::stream::BoxStream;
use karen_auth::{Auth, Principal};
use karen_infer::{ModelName, Models};
use karen_memory::{AnalyticsStore, Memory, MemoryConfig, Servers};
use karen_sql::{Database, Dialect, Location};

use crate::accounts::open_auth;
use crate::call::Calls;
use crate::caretaker::Caretaker;
use crate::config::{Config, Secret, StartMode};
use crate::conversation::{ConversationStore, SqlConversationStore};
use crate::embedder::{BuiltInEmbedder, Embedders};
use crate::encryption;
use crate::event::{Event, EventBus, EventKind, InProcessEventBus};
use crate::folder::{DataFolder, fresh_instance};
use crate::instance::Instances;
use crate::models::open_models;
use crate::privacy::{Eraser, Erasures};
use crate::schema::MIGRATIONS;
use crate::storage::Storage;
use crate::tool::Plugins;
use crate::turn::{LiveTurns, SqlTurnLog, TurnLog, recover};
use crate::usage::{LedgerBudget, SqlUsageLedger, UsageLedger, admit};
use crate::{Builder, Health, Result, Scope, Session};

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
    pub(crate) budget: Arc<LedgerBudget>,
    pub(crate) events: Arc<dyn EventBus>,
    pub(crate) live: LiveTurns,
    pub(crate) calls: Calls,
    pub(crate) storage: Storage,
    pub(crate) eraser: Eraser,
    pub(crate) instances: Instances,
    caretaker: Caretaker,
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
        encryption::check(&config)?;
        let folder = take_folder(&config)?;
        let database = Database::open(location(&config, folder.as_ref())).await?;
        let database = with_replica(&config, database).await?;
        database.migrate("core", MIGRATIONS).await?;
        let embedder = BuiltInEmbedder::default();
        let auth = open_auth(&config, &database, folder.as_ref()).await?;
        let instance = folder.as_ref().map(DataFolder::instance).transpose()?;
        let ledger: Arc<dyn UsageLedger> = Arc::new(SqlUsageLedger::new(database.clone()));
        let daily = config.limits.tokens_per_day;
        let budget = Arc::new(LedgerBudget::new(Arc::clone(&ledger), auth.clone(), daily));
        let models = open_models(&config, folder.as_ref(), budget.clone()).await?;
        let embedders = Embedders::of(&config, &database, &models, &embedder).await?;
        let eraser = Eraser {
            erasures: Erasures::new(database.clone()),
            auth,
            memory: open_memory(&config, &database, folder.as_ref(), embedders).await?,
            conversations: Arc::new(SqlConversationStore::new(database.clone())),
            turn_log: Arc::new(SqlTurnLog::new(database.clone())),
            ledger,
            calls: Calls::new(database.clone()),
        };
        let shared = Arc::new(Shared {
            caretaker: Caretaker::begin(&eraser),
            auth: eraser.auth.clone(),
            memory: eraser.memory.clone(),
            models,
            plugins: Plugins::default(),
            conversations: Arc::clone(&eraser.conversations),
            turn_log: Arc::clone(&eraser.turn_log),
            ledger: Arc::clone(&eraser.ledger),
            budget,
            calls: eraser.calls.clone(),
            storage: Storage::default(),
            eraser,
            instances: Instances::new(database.clone(), instance.unwrap_or_else(fresh_instance)),
            events: Arc::new(InProcessEventBus::default()),
            live: LiveTurns::default(),
            config,
            database,
            folder: folder.as_ref().map(|folder| folder.path().to_owned()),
            lock: Mutex::new(folder),
        });
        recover(&shared).await?;
        shared.caretaker.tend_servers(&shared).await?;
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
        self.shared.caretaker.stop().await;
        self.shared.leave().await;
        self.shared.memory.close().await;
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
    /// Whether other instances may work on the same database.
    pub(crate) fn is_shared(&self) -> bool {
        self.database.dialect() == Dialect::Postgres
    }

    /// Passes while the limits of the user, of the tenant and of the API key have room for a turn.
    pub(crate) async fn admit(&self, by: &Principal, scope: &Scope, now: i64) -> Result<()> {
        admit(&*self.ledger, scope, &self.config.limits, now).await?;
        self.budget.require(&scope.caller(by)).await
    }

    /// Tells the other instances; those that were not told find out in a minute.
    async fn leave(&self) {
        if self.is_shared()
            && let Err(error) = self.instances.leave().await
        {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the other instances were not told of the end");
        }
    }

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

fn location(config: &Config, folder: Option<&DataFolder>) -> Location {
    if !config.postgres.url.is_empty() {
        return Location::Postgres(config.postgres.url.expose().to_owned());
    }
    folder.map_or(Location::Memory, |f| Location::File(f.database()))
}

#[cfg(feature = "postgres")]
async fn with_replica(config: &Config, database: Database) -> Result<Database> {
    match config.postgres.replica_url.expose() {
        "" => Ok(database),
        replica => Ok(database.with_replica(replica).await?),
    }
}

/// The settings name no replica where PostgreSQL is not built in.
#[cfg(not(feature = "postgres"))]
async fn with_replica(_: &Config, database: Database) -> Result<Database> {
    Ok(database)
}

async fn open_memory(
    config: &Config,
    database: &Database,
    folder: Option<&DataFolder>,
    embedders: Embedders,
) -> Result<Memory> {
    // What indexes and reports are made from is legible in them.
    let folder = folder.filter(|_| !config.encryption.required);
    let memory = MemoryConfig {
        servers: servers(config),
        indexes: folder.map(DataFolder::indexes),
        analytics: config.analytics.enabled.then(|| analytics(config, folder)),
        embedder: Some(embedders.current),
        former_embedders: embedders.former,
        ..MemoryConfig::new(database.clone())
    };
    Ok(Memory::open(memory).await?)
}

fn analytics(config: &Config, folder: Option<&DataFolder>) -> AnalyticsStore {
    let shared = &config.analytics.folder;
    match folder {
        _ if !shared.as_os_str().is_empty() => AnalyticsStore::Folder(shared.clone()),
        Some(folder) => AnalyticsStore::File(folder.analytics()),
        None => AnalyticsStore::Memory,
    }
}

fn servers(config: &Config) -> Servers {
    let named = |url: &Secret| Some(url.expose().to_owned()).filter(|url| !url.is_empty());
    Servers {
        namespace: config.data.namespace.clone(),
        redis: config.redis.nodes(),
        elasticsearch: named(&config.elasticsearch.url),
        milvus: named(&config.milvus.url),
    }
}

async fn warm(shared: &Shared, embedder: &BuiltInEmbedder) -> Result<()> {
    match shared.config.memory.embedder.as_str() {
        "" => embedder.warm().await?,
        name => shared.models.load(&ModelName::parse(name)?).await?,
    }
    match shared.models.resolve(None) {
        Ok(model) => Ok(shared.models.load(&model.name).await?),
        // Nothing to warm: turns will say that no model is loaded.
        Err(_) => Ok(()),
    }
}
