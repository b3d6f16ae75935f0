//! What is erased is gone from the answers of every service, and from its disk when it has compacted.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ::elasticsearch::http::Method;
use ::elasticsearch::http::headers::HeaderMap;
use ::elasticsearch::http::transport::Transport;
use karen_memory::{Memory, NewRecord, Scope, SessionId};
use karen_sql::testing::fresh_postgres;
use karen_sql::{Database, Location};
use serde_json::Value;
use sqlx::Row;

use crate::files::files_with;
use crate::instances::instance_on;
use crate::postgres::somebody;
use crate::server;

/// How long a merge may keep what was deleted.
const PATIENCE: Duration = Duration::from_secs(120);

fn data(service: &str) -> PathBuf {
    PathBuf::from(server(&format!("KAREN_TEST_{service}_DATA")))
}

/// A memory under names of its own, and a user who has told it a word, which is its own stem.
async fn told(word: &str) -> (Memory, Scope) {
    let url = fresh_postgres(&database(word)).await;
    let memory = instance_on(&namespace(word), Location::Postgres(url)).await;
    let scope = somebody().in_session(SessionId::new("conv_1"));
    let fact = NewRecord::fact(format!("The password is {word}."));
    memory.remember(&scope, fact).await.expect("remember");
    memory.flush(&scope).await.expect("flush");
    let recent = memory.recent(&scope, 10).await.expect("recent");
    assert_eq!(recent.len(), 1);
    (memory, scope)
}

fn database(word: &str) -> String {
    format!("test_erase_{}", digits(word))
}

fn namespace(word: &str) -> String {
    format!("{}_{}", database(word), std::process::id())
}

/// The word in a form that no search for it finds.
fn digits(word: &str) -> String {
    word.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn holds(folder: &Path, word: &str) -> bool {
    !files_with(folder, word).is_empty()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_holds_no_byte_of_what_was_erased_once_it_has_vacuumed() {
    const WORD: &str = "quixotl";
    let (memory, scope) = told(WORD).await;
    let url = server("KAREN_TEST_POSTGRES_URL");
    let (server, _) = url.rsplit_once('/').expect("a path");
    let url = format!("{server}/{}", database(WORD));
    let database = Database::open(Location::Postgres(url))
        .await
        .expect("opens");
    let run = async |statement: &'static str| {
        let mut connection = database.read().await.expect("connection");
        let done = sqlx::query(statement).execute(&mut *connection).await;
        done.expect(statement);
    };
    let mut connection = database.read().await.expect("connection");
    let row = sqlx::query("SELECT oid::text FROM pg_database WHERE datname = current_database()");
    let row = row.fetch_one(&mut *connection).await.expect("its number");
    let folder: String = row.try_get(0).expect("text");
    drop(connection);
    run("CHECKPOINT").await;
    let tables = data("POSTGRES").join("base").join(folder);
    assert!(holds(&tables, WORD), "it was there");
    assert_eq!(memory.erase(&scope).await.expect("erase"), 1);
    run("VACUUM FULL").await;
    run("CHECKPOINT").await;
    assert_eq!(files_with(&tables, WORD), Vec::<String>::new());
}

/// What Elasticsearch answers.
async fn ask(method: Method, path: &str) -> Value {
    let url = server("KAREN_TEST_ELASTICSEARCH_URL");
    let transport = Transport::single_node(&url).expect("an address");
    let headers = HeaderMap::new();
    let answer = transport.send(method, path, headers, None::<&()>, None::<&str>, None);
    let answer = answer.await.expect("an answer");
    assert!(answer.status_code().is_success(), "{path}");
    answer.json().await.expect("JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn elasticsearch_holds_no_byte_of_what_was_erased_once_it_has_merged() {
    const WORD: &str = "wumpuk";
    let (memory, scope) = told(WORD).await;
    let index = format!("{}-words", namespace(WORD));
    ask(Method::Post, &format!("{index}/_flush?force=true")).await;
    assert!(holds(&data("ELASTICSEARCH"), WORD), "it was there");
    memory.erase(&scope).await.expect("erase");
    let found = ask(Method::Get, &format!("{index}/_search?q=turn:{WORD}")).await;
    assert_eq!(found["hits"]["total"]["value"], 0);
    let merged = async {
        while holds(&data("ELASTICSEARCH"), WORD) {
            ask(Method::Post, &format!("{index}/_flush?force=true")).await;
            let merge = format!("{index}/_forcemerge?max_num_segments=1");
            ask(Method::Post, &merge).await;
        }
    };
    // It keeps what was deleted for replicas, and looks every half minute whether they need it.
    let merged = tokio::time::timeout(PATIENCE, merged).await;
    merged.expect("no byte is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_drops_what_was_erased_at_once_and_from_disk_at_its_next_save() {
    const WORD: &str = "zanzibur";
    let (memory, scope) = told(WORD).await;
    let client = ::redis::Client::open(server("KAREN_TEST_REDIS_URL")).expect("an address");
    let mut redis = client
        .get_multiplexed_async_connection()
        .await
        .expect("Redis");
    let mut run = async |command: &[&str]| -> ::redis::Value {
        let mut request = ::redis::cmd(command[0]);
        request.arg(&command[1..]);
        request.query_async(&mut redis).await.expect("an answer")
    };
    run(&["CONFIG", "SET", "rdbcompression", "no"]).await;
    run(&["SAVE"]).await;
    assert!(holds(&data("REDIS"), WORD), "it was there");
    memory.erase(&scope).await.expect("erase");
    let script = "local all = {} \
        for _, key in ipairs(redis.call('KEYS', ARGV[1])) do \
            for _, part in ipairs(redis.call('HGETALL', key)) do all[#all + 1] = part end \
        end \
        return table.concat(all)";
    let pattern = format!("{}*", namespace(WORD));
    let left = run(&["EVAL", script, "0", &pattern]).await;
    assert!(!format!("{left:?}").contains(WORD), "{left:?}");
    run(&["SAVE"]).await;
    assert!(!holds(&data("REDIS"), WORD));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn milvus_never_holds_a_word() {
    const WORD: &str = "frabjol";
    let (memory, scope) = told(WORD).await;
    assert!(!holds(&data("MILVUS"), WORD));
    memory.erase(&scope).await.expect("erase");
}
