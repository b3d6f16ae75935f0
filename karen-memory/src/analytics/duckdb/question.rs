//! Asking a question of rows that it may see, and of nothing else.

use std::sync::Arc;
use std::time::Duration;

use duckdb::{Connection, InterruptHandle};
use tokio::time::timeout;

use super::{blocking, run, value};
use crate::{Answer, MemoryError, MemoryErrorKind};

/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Bytes of a question at most.
const QUESTION_BYTES_MAX: usize = 64 * 1024;

/// Shuts the database in and answers the question from it.
pub(super) async fn ask(connection: Connection, question: &str) -> Result<Answer, MemoryError> {
    let question = question.trim().trim_end_matches(';').to_owned();
    if question.is_empty() || question.len() > QUESTION_BYTES_MAX {
        return Err(refused("it has 1 to 65,536 bytes"));
    }
    shut_in(&connection)?;
    let stop = Stop(connection.interrupt_handle());
    let answer = blocking(move || {
        let mut answer = answer(&connection, &question);
        // The connection may hold a gigabyte: it goes before the answer is handed over.
        drop(connection);
        if let Ok(answer) = &mut answer {
            answer.truncated = answer.rows.len() > Answer::ROWS_MAX;
            answer.rows.truncate(Answer::ROWS_MAX);
        }
        answer.map_err(|error| refused(&told(&error)))
    });
    let answered = timeout(ANSWER_MAX, answer).await;
    drop(stop);
    answered.unwrap_or_else(|_| Err(refused("an answer takes longer than 10 seconds")))
}

/// Neither files, nor extensions, nor the network, nor more memory; and no way back.
fn shut_in(connection: &Connection) -> Result<(), MemoryError> {
    let shut = "SET temp_directory = ''; SET allow_community_extensions = false;
        SET enable_external_access = false; SET lock_configuration = true";
    run(connection, "read", shut)
}

/// As a part of a `SELECT` it can be nothing but one. One row more than may be given tells whether
/// there is more.
fn answer(connection: &Connection, question: &str) -> duckdb::Result<Answer> {
    let limit = Answer::ROWS_MAX + 1;
    let mut statement = connection.prepare(&format!("FROM (\n{question}\n) LIMIT {limit}"))?;
    let mut rows = statement.query([])?;
    let mut answer = Answer::default();
    while let Some(row) = rows.next()? {
        let values = (0..row.as_ref().column_count()).map(|i| row.get_ref(i).map(value::json));
        answer.rows.push(values.collect::<duckdb::Result<_>>()?);
    }
    drop(rows);
    answer.columns = statement.column_names();
    Ok(answer)
}

/// DuckDB's sentence, without the statement around the question.
fn told(error: &duckdb::Error) -> String {
    let text = error.to_string();
    let first = text.split("\n\nLINE").next().unwrap_or(&text);
    first.trim().to_owned()
}

fn refused(why: &str) -> MemoryError {
    let subject = format!("the question ({why})");
    MemoryError::new(MemoryErrorKind::Invalid, "answer", subject)
}

/// Stops the question when nobody waits for its answer any more.
struct Stop(Arc<InterruptHandle>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.interrupt();
    }
}
