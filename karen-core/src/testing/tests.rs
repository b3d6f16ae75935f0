//! The suites pass on what Karen ships, and fail on what is broken.

use async_trait::async_trait;
use karen_sql::{Database, Location};
use serde_json::{Value, json};

use super::*;
use crate::Result;
use crate::conversation::{
    ConversationCursor, ConversationStore, Remember, SqlConversationStore, Tally,
};
use crate::event::InProcessEventBus;
use crate::schema::MIGRATIONS;
use crate::tool::{FunctionTool, Tool, ToolError, ToolInvocation, ToolSpec};
use crate::turn::SqlTurnLog;
use crate::usage::SqlUsageLedger;

async fn database(location: Location) -> Database {
    let database = Database::open(location).await.expect("opens");
    database
        .migrate("core", MIGRATIONS)
        .await
        .expect("migrates");
    database
}

async fn in_memory() -> Database {
    database(Location::Memory).await
}

/// Breaks a store by a trigger, and tells whether the suite notices.
async fn fails<F: Future<Output = ()> + Send + 'static>(suite: F) -> bool {
    tokio::spawn(suite).await.is_err()
}

async fn broken_by(trigger: &'static str) -> Database {
    let database = in_memory().await;
    let mut tx = database.write().await.expect("tx");
    sqlx::query(trigger)
        .execute(&mut *tx)
        .await
        .expect("trigger");
    tx.commit().await.expect("commit");
    database
}

#[tokio::test]
async fn the_sql_stores_keep_their_contracts_in_memory_and_on_disk() {
    let folder = tempfile::tempdir().expect("folder");
    let file = database(Location::File(folder.path().join("karen.db"))).await;
    for database in [in_memory().await, file] {
        conversation_store(&SqlConversationStore::new(database.clone())).await;
        turn_log(&SqlTurnLog::new(database.clone())).await;
        usage_ledger(&SqlUsageLedger::new(database)).await;
    }
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
async fn the_sql_stores_keep_their_contracts_on_postgresql() {
    let url = karen_sql::testing::fresh_postgres("test_core_suites").await;
    let database = database(Location::Postgres(url)).await;
    conversation_store(&SqlConversationStore::new(database.clone())).await;
    turn_log(&SqlTurnLog::new(database.clone())).await;
    usage_ledger(&SqlUsageLedger::new(database)).await;
}

#[tokio::test]
async fn the_bus_in_this_process_keeps_its_contract() {
    event_bus(&InProcessEventBus::default()).await;
}

#[tokio::test]
async fn a_function_keeps_the_contract_of_a_tool() {
    let parameters = json!({ "type": "object" });
    let echo = FunctionTool::new("echo", "Says it again.", parameters, |a| async { Ok(a) });
    tool(echo, json!({ "text": "hi" })).await;
}

#[tokio::test]
async fn a_conversation_store_that_loses_messages_is_noticed() {
    let database = broken_by(
        "CREATE TRIGGER lose AFTER INSERT ON core_messages WHEN NEW.content = 'second'
         BEGIN DELETE FROM core_messages WHERE id = NEW.id; END",
    )
    .await;
    let store = SqlConversationStore::new(database);
    assert!(fails(async move { conversation_store(&store).await }).await);
}

#[tokio::test]
async fn a_turn_log_that_forgets_the_end_is_noticed() {
    let database = broken_by(
        "CREATE TRIGGER forget AFTER UPDATE ON core_turns
         BEGIN UPDATE core_turns SET state = 'running' WHERE id = NEW.id AND state <> 'running'; END",
    )
    .await;
    let log = SqlTurnLog::new(database);
    assert!(fails(async move { turn_log(&log).await }).await);
}

#[tokio::test]
async fn a_ledger_that_counts_twice_is_noticed() {
    let database = broken_by(
        "CREATE TRIGGER twice AFTER INSERT ON core_usage WHEN NEW.at = 200
         BEGIN UPDATE core_usage SET prompt_tokens = prompt_tokens * 2 WHERE turn = NEW.turn; END",
    )
    .await;
    let ledger = SqlUsageLedger::new(database);
    assert!(fails(async move { usage_ledger(&ledger).await }).await);
}

#[tokio::test]
async fn stores_that_keep_what_was_erased_are_noticed() {
    let conversations = broken_by(
        "CREATE TRIGGER keep BEFORE DELETE ON core_conversations WHEN OLD.owner = 'u1'
         BEGIN SELECT RAISE(IGNORE); END",
    );
    let store = SqlConversationStore::new(conversations.await);
    assert!(fails(async move { conversation_store(&store).await }).await);
    let turns = broken_by(
        "CREATE TRIGGER keep BEFORE DELETE ON core_turns BEGIN SELECT RAISE(IGNORE); END",
    );
    let log = SqlTurnLog::new(turns.await);
    assert!(fails(async move { turn_log(&log).await }).await);
    let usage = broken_by(
        "CREATE TRIGGER keep BEFORE DELETE ON core_usage BEGIN SELECT RAISE(IGNORE); END",
    );
    let ledger = SqlUsageLedger::new(usage.await);
    assert!(fails(async move { usage_ledger(&ledger).await }).await);
}

/// A store that shows everybody everything.
struct Leaky(SqlConversationStore);

#[async_trait]
impl ConversationStore for Leaky {
    async fn create(&self, _: &Scope, conversation: &Conversation) -> Result<()> {
        self.0.create(&scopes()[0], conversation).await
    }

    async fn get(&self, _: &Scope, id: &ConversationId) -> Result<Option<Conversation>> {
        self.0.get(&scopes()[0], id).await
    }

    async fn list(
        &self,
        _: &Scope,
        after: Option<&ConversationCursor>,
        limit: u32,
    ) -> Result<Vec<Conversation>> {
        self.0.list(&scopes()[0], after, limit).await
    }

    async fn rename(&self, _: &Scope, id: &ConversationId, title: &str) -> Result<bool> {
        self.0.rename(&scopes()[0], id, title).await
    }

    async fn delete(&self, _: &Scope, id: &ConversationId) -> Result<bool> {
        self.0.delete(&scopes()[0], id).await
    }

    async fn append(
        &self,
        _: &Scope,
        id: &ConversationId,
        messages: &[Message],
        remember: Remember,
    ) -> Result<()> {
        self.0.append(&scopes()[0], id, messages, remember).await
    }

    async fn messages(
        &self,
        _: &Scope,
        id: &ConversationId,
        before: Option<&MessageId>,
        limit: u32,
    ) -> Result<Vec<Message>> {
        self.0.messages(&scopes()[0], id, before, limit).await
    }

    async fn unremembered(&self, limit: u32) -> Result<Vec<(Scope, ConversationId, Message)>> {
        self.0.unremembered(limit).await
    }

    async fn mark_remembered(&self, _: &Scope, messages: &[MessageId]) -> Result<()> {
        self.0.mark_remembered(&scopes()[0], messages).await
    }

    async fn tally(&self, _: &Scope) -> Result<Tally> {
        self.0.tally(&scopes()[0]).await
    }

    async fn erase(&self, _: &Scope) -> Result<()> {
        self.0.erase(&scopes()[0]).await
    }

    async fn bytes(&self, tenant: &str) -> Result<u64> {
        self.0.bytes(tenant).await
    }

    async fn users(&self, tenant: &str) -> Result<Vec<String>> {
        self.0.users(tenant).await
    }
}

#[tokio::test]
async fn a_conversation_store_that_leaks_between_scopes_is_noticed() {
    let store = Leaky(SqlConversationStore::new(in_memory().await));
    assert!(fails(async move { conversation_store(&store).await }).await);
}

/// A tool that fails when it is called twice at once.
struct OneAtATime(ToolSpec, tokio::sync::Mutex<()>);

#[async_trait]
impl Tool for OneAtATime {
    fn spec(&self) -> &ToolSpec {
        &self.0
    }

    async fn call(&self, _: ToolInvocation<'_>) -> Result<Value, ToolError> {
        let _turn = self
            .1
            .try_lock()
            .map_err(|_| ToolError("busy".to_owned()))?;
        tokio::task::yield_now().await;
        Ok(Value::Null)
    }
}

#[tokio::test]
async fn a_tool_that_cannot_overlap_is_noticed() {
    let spec = ToolSpec {
        name: "one".to_owned(),
        description: String::new(),
        parameters: json!({ "type": "object" }),
    };
    let broken = OneAtATime(spec, tokio::sync::Mutex::new(()));
    assert!(fails(tool(broken, json!({}))).await);
}
