//! Searching memory from the command line.

use karen_core::Result;
use serde::{Deserialize, Serialize};

use super::door::Door;

#[derive(Serialize)]
struct Search {
    query: String,
    limit: u32,
}

#[derive(Deserialize)]
struct Found {
    data: Vec<Memory>,
}

#[derive(Deserialize)]
struct Memory {
    id: String,
    text: String,
    speaker: String,
    score: f32,
    terms: Vec<String>,
}

pub(super) async fn run(door: &Door, query: String, limit: u32) -> Result<()> {
    let found: Found = door
        .post("/api/v1/memory/search", &Search { query, limit })
        .await?;
    for memory in &found.data {
        say!("{:.2}  {}: {}", memory.score, memory.speaker, memory.text);
        say!("      {}  matched: {}", memory.id, memory.terms.join(" "));
    }
    if found.data.is_empty() {
        say!("nothing relevant is remembered");
    }
    Ok(())
}
