//! A database for a test.

use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};

/// Makes an empty PostgreSQL database of this name on the server that `KAREN_TEST_POSTGRES_URL` names,
/// in the place of the last run's, and gives its address.
///
/// # Panics
/// When there is no server, or it refuses.
pub async fn fresh_postgres(name: &str) -> String {
    let server = std::env::var("KAREN_TEST_POSTGRES_URL").expect(
        "KAREN_TEST_POSTGRES_URL is not set: run `make test`, or `scripts/services.sh start` and `env`",
    );
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(&server).await.expect("PostgreSQL");
    for statement in [
        format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        format!("CREATE DATABASE {name}"),
    ] {
        let done = connection.execute(AssertSqlSafe(statement)).await;
        done.expect("a database");
    }
    let (server, _) = server.rsplit_once('/').expect("a path");
    format!("{server}/{name}")
}
