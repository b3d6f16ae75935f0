//! The flows, over the real stores in memory and a clock that the tests drive.

mod accounts;
mod api_keys;
mod audit;
mod directory;
mod ended;
mod log_in;
mod mail;
mod oidc;
mod passkeys;
mod passwords;
mod privacy;
mod refresh;
mod refresh_races;
mod second_factor;
mod secrets;
mod sessions;
mod set_up;
mod signing;
mod tenants;

use std::time::Duration;

use super::*;
use crate::testing::ManualClock;
use crate::testing::stores::database;
use crate::{AuthErrorKind, Device, HashingConfig, NewAccount, Principal, SignedIn, SigningSecret};

const PASSWORD: &str = "a handful of plain words";
const SECRET: &str = "9f2c41d7a06b8e35f1c49a7d20be6358";

/// An installation, its clock and its database.
struct House {
    auth: Auth,
    clock: Arc<ManualClock>,
    database: Database,
}

fn config(database: &Database, clock: &Arc<ManualClock>) -> AuthConfig {
    let secret = SigningSecret::new(SECRET).expect("strong");
    AuthConfig {
        registration: Registration::Open,
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        // The cost is tested where hashes are made; here it would only be waited for.
        hashing: HashingConfig {
            memory_kib: 64,
            passes: 1,
            ..HashingConfig::default()
        },
        ..AuthConfig::new(database.clone(), secret)
    }
}

/// An installation that nobody has set up.
async fn bare() -> House {
    let (database, clock) = (database().await, Arc::new(ManualClock::default()));
    let auth = Auth::open(config(&database, &clock)).await.expect("open");
    House {
        auth,
        clock,
        database,
    }
}

/// An installation and its owner, logged in.
async fn owned() -> (House, SignedIn) {
    let house = bare().await;
    let token = house
        .auth
        .setup_token()
        .await
        .expect("token")
        .expect("needed");
    let owner = house
        .auth
        .set_up(token.expose(), person("owner"), Device::default())
        .await;
    (house, owner.expect("set up"))
}

fn person(name: &str) -> NewAccount {
    NewAccount {
        email: format!("{name}@example.com"),
        name: name.to_owned(),
        password: PASSWORD.to_owned(),
    }
}

impl House {
    /// The same installation as another process sees it.
    async fn reopened(&self) -> Auth {
        Auth::open(config(&self.database, &self.clock))
            .await
            .expect("open again")
    }

    async fn member(&self, name: &str) -> SignedIn {
        self.auth
            .register(person(name), Device::default())
            .await
            .expect("register")
    }

    async fn log_in(&self, name: &str) -> SignedIn {
        let email = format!("{name}@example.com");
        self.auth
            .log_in(&email, PASSWORD, Device::default())
            .await
            .expect("log in")
    }

    async fn principal(&self, signed_in: &SignedIn) -> Principal {
        self.auth
            .authenticate(signed_in.access.expose())
            .await
            .expect("authenticate")
    }

    async fn is_dead(&self, signed_in: &SignedIn) -> bool {
        let access = self.auth.authenticate(signed_in.access.expose()).await;
        let refresh = self.auth.refresh(signed_in.refresh.expose()).await;
        let kinds = [access.map(drop), refresh.map(drop)].map(|r| r.map_err(|e| e.kind()));
        kinds == [Err(AuthErrorKind::Unauthenticated); 2]
    }

    fn wait(&self, by: Duration) {
        self.clock.advance(by);
    }

    async fn tamper(&self, statement: &'static str) {
        let mut tx = self.database.write().await.expect("write");
        sqlx::query(statement)
            .execute(&mut *tx)
            .await
            .expect("tamper");
        tx.commit().await.expect("commit");
    }
}

#[track_caller]
fn assert_kind<T>(result: Result<T, AuthError>, kind: AuthErrorKind) {
    assert_eq!(result.err().expect("refused").kind(), kind);
}
