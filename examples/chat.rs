//! Ten lines: open a folder, say something, print the answer as it comes.
#![allow(clippy::print_stdout, reason = "printing is what it shows")]

use futures::StreamExt;
use karen_core::{Karen, Principal, TurnEvent};

#[tokio::main]
async fn main() -> karen_core::Result<()> {
    let message = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "My dog is called Biscuit.".to_owned());
    let karen = Karen::builder()
        .data_dir("./karen-data")
        .model("tests/model/karen-demo.gguf")
        .open()
        .await?;
    let mut turn = karen
        .session(Principal::local())
        .chat(message)
        .stream()
        .await?;
    while let Some(event) = turn.next().await {
        if let TurnEvent::Delta { text } = event?.event {
            print!("{text}");
        }
    }
    println!();
    karen.close().await
}
