//! Karen as a host holds it.

use std::sync::Arc;

use futures::StreamExt;
use karen_core::auth::Auth;
use karen_core::{Health, Principal, ToolSpec};

use crate::host::HostTool;
use crate::{
    Accounts, Event, Failure, InProcess, Mail, Merge, Models, Pump, Roles, SecondFactors, Session,
    Settings, Tenants,
};

/// The version of this build.
#[must_use]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// Karen, opened on a data folder. Clones share it; any thread may use them.
#[derive(Clone)]
pub struct Karen {
    inner: Arc<InProcess<karen_core::Karen>>,
}

impl Karen {
    /// Opens Karen.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `LOCKED`, `READ_ONLY`, `STORAGE_FULL`, `CORRUPT`, `TOO_NEW`.
    pub async fn open(settings: Settings) -> Result<Self, Failure> {
        let karen = crate::settings::open(&settings).await?;
        Ok(Self {
            inner: Arc::new(InProcess::new(karen)),
        })
    }

    /// What `token`, an access token or an API key, may do; without one, the only user of a program
    /// for one person.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` for a token that is not live.
    pub async fn session(&self, token: Option<&str>) -> Result<Session, Failure> {
        let karen = self.core()?;
        let principal = match token {
            Some(token) => karen.auth().authenticate(token).await?,
            None => Principal::local(),
        };
        Ok(Session::new(karen.session(principal)))
    }

    /// The models.
    #[must_use]
    pub fn models(&self) -> Models {
        Models::new(self.clone())
    }

    /// Accounts and sign-ins.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        Accounts::new(self.clone())
    }

    /// Second factors.
    #[must_use]
    pub fn second_factors(&self) -> SecondFactors {
        SecondFactors::new(self.clone())
    }

    /// Roles that tenants make for themselves.
    #[must_use]
    pub fn roles(&self) -> Roles {
        Roles::new(self.clone())
    }

    /// Tenants.
    #[must_use]
    pub fn tenants(&self) -> Tenants {
        Tenants::new(self.clone())
    }

    /// What takes a mail.
    #[must_use]
    pub fn mail(&self) -> Mail {
        Mail::new(self.clone())
    }

    /// Makes a tool callable from the next turn on.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for its name or its parameters, `CONFLICT` for a name that is taken.
    pub fn register_tool(&self, tool: HostTool) -> Result<(), Failure> {
        Ok(self.core()?.plugins().register(tool)?)
    }

    /// Takes a tool away; `false` if there was none.
    ///
    /// # Errors
    /// `UNSUPPORTED` in a child process.
    pub fn unregister_tool(&self, name: &str) -> Result<bool, Failure> {
        Ok(self.core()?.plugins().unregister(name))
    }

    /// What each tool says of itself.
    ///
    /// # Errors
    /// `UNSUPPORTED` in a child process.
    pub fn tools(&self) -> Result<Vec<ToolSpec>, Failure> {
        Ok(self.core()?.plugins().list())
    }

    /// The data folder; `None` when everything is in memory.
    ///
    /// # Errors
    /// `UNSUPPORTED` in a child process.
    pub fn folder(&self) -> Result<Option<String>, Failure> {
        let folder = self.core()?.folder();
        Ok(folder.map(|path| path.display().to_string()))
    }

    /// The configuration in use; secrets are `***`.
    ///
    /// # Errors
    /// `UNSUPPORTED` in a child process.
    pub fn config(&self) -> Result<serde_json::Value, Failure> {
        let config = serde_json::to_value(self.core()?.config());
        Ok(config.expect("a config is plain tables"))
    }

    /// How each part is doing.
    ///
    /// # Errors
    /// `UNSUPPORTED` in a child process.
    pub async fn health(&self) -> Result<Health, Failure> {
        Ok(self.core()?.health().await)
    }

    /// Checks that the database is whole.
    ///
    /// # Errors
    /// `CORRUPT`.
    pub async fn verify(&self) -> Result<(), Failure> {
        Ok(self.core()?.verify().await?)
    }

    /// Turns that are running.
    ///
    /// # Errors
    /// `UNSUPPORTED` in a child process.
    pub fn live_turns(&self) -> Result<usize, Failure> {
        Ok(self.core()?.live_turns())
    }

    /// What happens from here on.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn events(&self) -> Result<Pump<Event>, Failure> {
        let events = self.core()?.events().await?;
        Ok(Pump::new(events.map(|event| Ok(Event::from(event)))))
    }

    /// Stops the running turns, keeps what they said, and gives the folder free.
    ///
    /// # Errors
    /// `UNSUPPORTED` in a child process, whose parent goes on using it.
    pub async fn close(&self) -> Result<(), Failure> {
        Ok(self.core()?.clone().close().await?)
    }

    pub(crate) fn auth(&self) -> Result<&Auth, Failure> {
        Ok(self.core()?.auth())
    }

    pub(crate) fn core(&self) -> Result<&karen_core::Karen, Failure> {
        self.inner.get()
    }
}

/// Each event is news of its own.
impl Merge for Event {
    fn merge(&mut self, next: Self) -> Result<(), Self> {
        Err(next)
    }
}
