//! The server.

use karen_core::config::Config;
use karen_core::{Karen, Result};
use karen_server::{Server, is_demo, log_to_stderr};
use tokio::signal::unix::{SignalKind, signal};

pub(super) async fn run(config: Config) -> Result<()> {
    log_to_stderr(&config.log)?;
    let karen = Karen::builder().config(config).open().await?;
    let server = Server::bind(karen.clone()).await?;
    // Listened for from here on: whoever reads that it listens may ask it to stop at once.
    let stop = asked_to_stop();
    announce(&karen, &server).await?;
    server.run(stop).await?;
    say!("Karen has stopped; everything is kept.");
    Ok(())
}

async fn announce(karen: &Karen, server: &Server) -> Result<()> {
    let url = server.url();
    say!("Karen listens on {url}");
    if let Some(token) = karen.auth().setup_token().await? {
        say!(
            "Make the first account (this link works once): {url}/#setup={}",
            token.expose()
        );
    }
    match karen.folder() {
        Some(folder) => say!("Everything is kept in {}", folder.display()),
        None => say!("Nothing is kept: everything is gone when this server stops"),
    }
    say!("{}", models(karen));
    Ok(())
}

/// What answers, said plainly.
fn models(karen: &Karen) -> String {
    match karen.models().resolve(None) {
        Err(_) => "No model is loaded: answers quote what is remembered. \
                   Add one with `karen-server models add FILE.gguf`"
            .to_owned(),
        Ok(model) if is_demo(karen, &model) => format!(
            "Model: {}, a tiny demonstration that answers from what it is told. \
             Add a real one with `karen-server models add FILE.gguf`",
            model.name
        ),
        Ok(model) => format!("Model: {}", model.name),
    }
}

/// Ready at the first SIGINT or SIGTERM after the call.
fn asked_to_stop() -> impl Future<Output = ()> {
    let listened = "signals can be listened for";
    let mut terminate = signal(SignalKind::terminate()).expect(listened);
    let mut interrupt = signal(SignalKind::interrupt()).expect(listened);
    async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        say!("Stopping: running answers get a moment to end.");
    }
}
