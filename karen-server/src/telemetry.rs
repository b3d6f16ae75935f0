//! What the server tells its operators: metrics for Prometheus, and the log.

use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::Instant;

use futures::StreamExt;
use karen_core::config::{LogFormat, LogSettings};
use karen_core::infer::{ModelFormat, ModelState, Models};
use karen_core::{
    Code, Error, Finish, Health, Result, Session, Status, TurnEvent, TurnId, TurnStream,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

pub(crate) const REQUESTS: &str = "karen_http_requests_total";
pub(crate) const REQUEST_SECONDS: &str = "karen_http_request_duration_seconds";
const TURNS: &str = "karen_turns_total";
const TOKENS: &str = "karen_tokens_total";
const FIRST_TOKEN_SECONDS: &str = "karen_time_to_first_token_seconds";
const LIVE_TURNS: &str = "karen_live_turns";
const PART_OK: &str = "karen_part_ok";
const WAITING_USERS: &str = "karen_server_waiting_users";
const MODEL_STATE: &str = "karen_model_state";
const MODEL_MEMORY: &str = "karen_models_memory_bytes";
const LAG_SECONDS: &str = "karen_server_lag_seconds";
const ANALYTICS_WAITING_USERS: &str = "karen_analytics_waiting_users";
const ANALYTICS_LAG_SECONDS: &str = "karen_analytics_lag_seconds";

/// Upper bounds of the latency buckets, in seconds: a millisecond to half a minute.
const BUCKETS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// The metrics of this process.
#[derive(Clone)]
pub(crate) struct Metrics {
    handle: PrometheusHandle,
}

impl Metrics {
    /// Collects from the first call on; a process has one collection, whatever it serves.
    pub(crate) fn installed() -> Self {
        static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
        Self {
            handle: HANDLE.get_or_init(install).clone(),
        }
    }

    /// Everything in Prometheus' text format.
    pub(crate) fn render(&self, live_turns: usize, health: &Health, models: &Models) -> String {
        metrics::gauge!(LIVE_TURNS).set(live_turns as f64);
        gauge_models(models);
        gauge_parts(health);
        self.handle.render()
    }

    /// Moves what was measured into its buckets: without it an unwatched server would grow.
    pub(crate) fn tidy(&self) {
        self.handle.run_upkeep();
    }
}

fn install() -> PrometheusHandle {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)
        .expect("there are buckets");
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    // A program around this server that records on its own keeps its recorder; ours stays empty.
    let _ = metrics::set_global_recorder(recorder);
    describe();
    handle
}

fn describe() {
    metrics::describe_counter!(REQUESTS, "Requests by method, route and class of status.");
    metrics::describe_histogram!(REQUEST_SECONDS, "Seconds until the head of the response.");
    metrics::describe_counter!(TURNS, "Turns that ended, by why.");
    metrics::describe_counter!(
        TOKENS,
        "Tokens of turns: read (prompt) and written (completion)."
    );
    metrics::describe_histogram!(FIRST_TOKEN_SECONDS, "Seconds until a turn's first words.");
    metrics::describe_gauge!(LIVE_TURNS, "Turns that are running.");
    metrics::describe_gauge!(MODEL_STATE, "1 for the state that a model is in, else 0.");
    metrics::describe_gauge!(
        MODEL_MEMORY,
        "Bytes that the loaded models take, as estimated."
    );
    describe_answers();
    metrics::describe_gauge!(PART_OK, "1 while a part does as it should, else 0.");
    metrics::describe_gauge!(
        WAITING_USERS,
        "Users whose last words have not reached a server through this instance."
    );
    metrics::describe_gauge!(
        LAG_SECONDS,
        "Seconds for which the first of them has waited."
    );
    metrics::describe_gauge!(
        ANALYTICS_WAITING_USERS,
        "Users whose last words are in no batch of analytics yet."
    );
    metrics::describe_gauge!(
        ANALYTICS_LAG_SECONDS,
        "Seconds for which the first of them has waited."
    );
}

/// What karen-infer records.
fn describe_answers() {
    metrics::describe_counter!(
        "karen_model_answers_total",
        "Answers by model and by where they came from: model, cache or similar."
    );
    metrics::describe_counter!(
        "karen_model_failures_total",
        "Answers that failed, by model."
    );
    metrics::describe_gauge!(
        "karen_model_waiting",
        "Answers that were asked for and have not begun."
    );
    metrics::describe_counter!(
        "karen_model_tokens_total",
        "Tokens by model and kind: prompt, cached (of the prompt) and completion."
    );
    metrics::describe_histogram!(
        "karen_model_first_token_seconds",
        "Seconds to the first piece of an answer."
    );
    metrics::describe_histogram!(
        "karen_model_token_gap_seconds",
        "Seconds between two pieces of an answer."
    );
}

/// Each model has one state of all, which is 1.
fn gauge_models(models: &Models) {
    for model in models.list() {
        if model.format == ModelFormat::Route {
            continue;
        }
        for state in ModelState::ALL {
            let label = [
                ("model", model.name.to_string()),
                ("state", state.as_str().to_owned()),
            ];
            metrics::gauge!(MODEL_STATE, &label).set(f64::from(u8::from(*state == model.state)));
        }
    }
    metrics::gauge!(MODEL_MEMORY).set(models.memory().0 as f64);
}

fn gauge_parts(health: &Health) {
    let parts = [
        ("database", health.database.status),
        ("memory", health.memory.status),
        ("models", health.models.status),
    ];
    for (part, status) in parts {
        gauge_part(part.to_owned(), status);
    }
    for server in &health.servers {
        gauge_part(server.name.clone(), server.status);
        let label = [("server", server.name.clone())];
        metrics::gauge!(WAITING_USERS, &label).set(server.waiting_users as f64);
        metrics::gauge!(LAG_SECONDS, &label).set(server.lag_ms as f64 / 1e3);
    }
    if let Some(analytics) = health.analytics {
        metrics::gauge!(ANALYTICS_WAITING_USERS).set(analytics.waiting_users as f64);
        metrics::gauge!(ANALYTICS_LAG_SECONDS).set(analytics.lag_ms as f64 / 1e3);
    }
}

fn gauge_part(part: String, status: Status) {
    metrics::gauge!(PART_OK, "part" => part).set(f64::from(u8::from(status == Status::Ok)));
}

/// Measures a turn to its end, whoever else listens.
pub(crate) fn follow(session: Session, turn: TurnId, begun: Instant) {
    tokio::spawn(async move {
        match session.resume(&turn, 0).await {
            Ok(events) => measure(events, begun).await,
            Err(error) => tracing::warn!(%turn, code = %error.code(), "a turn was not measured"),
        }
    });
}

async fn measure(mut events: TurnStream, begun: Instant) {
    let mut silent = true;
    while let Some(Ok(numbered)) = events.next().await {
        match numbered.event {
            TurnEvent::Delta { .. } if silent => {
                silent = false;
                metrics::histogram!(FIRST_TOKEN_SECONDS).record(begun.elapsed());
            }
            TurnEvent::Usage {
                prompt_tokens,
                completion_tokens,
            } => {
                count_tokens(prompt_tokens, completion_tokens);
            }
            TurnEvent::Done { finish, .. } => {
                metrics::counter!(TURNS, "finish" => label(finish)).increment(1);
            }
            _ => {}
        }
    }
}

/// The same names as in the event.
fn label(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
        Finish::ToolRounds => "tool_rounds",
        Finish::Cancelled => "cancelled",
        Finish::Interrupted => "interrupted",
        Finish::NoModel => "no_model",
        Finish::Failed => "failed",
    }
}

pub(crate) fn count_tokens(prompt: u32, completion: u32) {
    metrics::counter!(TOKENS, "kind" => "prompt").increment(u64::from(prompt));
    metrics::counter!(TOKENS, "kind" => "completion").increment(u64::from(completion));
}

/// Sends log lines to standard error, as configured.
///
/// # Errors
/// `INVALID_ARGUMENT` when `log.level` is no list of directives.
pub fn log_to_stderr(settings: &LogSettings) -> Result<()> {
    let filter = EnvFilter::try_new(&settings.level).map_err(|e| {
        let message = format!(
            "log.level is {:?}, and may be info or info,karen_core=debug",
            settings.level
        );
        Error::new(Code::InvalidArgument, message).caused_by(e)
    })?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let installed = match settings.format {
        LogFormat::Json => lines.json().try_init(),
        LogFormat::Text => lines.try_init(),
    };
    // A program around this server that logs already goes on as it does.
    let _ = installed;
    Ok(())
}
