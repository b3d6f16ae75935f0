//! A Rust function that the model may call, and what memory knows, without a model.
#![allow(clippy::print_stdout, reason = "printing is what it shows")]

use karen_core::{FunctionTool, Karen, Principal};
use serde_json::json;

#[tokio::main]
async fn main() -> karen_core::Result<()> {
    let karen = Karen::builder().in_memory().open().await?;
    let parameters = json!({ "type": "object", "properties": { "sides": { "type": "integer" } } });
    let dice = FunctionTool::new("dice", "Rolls a die.", parameters, |arguments| async move {
        let sides = arguments["sides"].as_u64().unwrap_or(6).max(1);
        let now = std::time::SystemTime::UNIX_EPOCH
            .elapsed()
            .map_or(0, |time| time.subsec_nanos());
        Ok(json!(u64::from(now) % sides + 1))
    });
    karen.plugins().register(dice)?;
    let session = karen.session(Principal::local());
    session
        .remember("I roll a twenty-sided die on Fridays.")
        .tag("games")
        .await?;
    for item in session.recall("Which die do I roll?").limit(3).await? {
        println!(
            "{:.2} {} (matched {})",
            item.score,
            item.text,
            item.terms.join(", ")
        );
    }
    println!(
        "{}",
        session.chat("What do I roll on Fridays?").text().await?
    );
    karen.close().await
}
