//! Pulls: whole or not at all, from where they stopped, and never anything but what was announced.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use karen_infer::testing::{ReplayServer, Reply, Requested};
use karen_infer::{
    HubConfig, HubModel, ModelError, ModelErrorKind, ModelInfo, ModelName, Models, ModelsConfig,
    PullEvent, RemoteConfig,
};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use sha2::Sha256;

use crate::provider::{KEY_ENV, impatient};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const FILE: &str = "karen-demo-q8_0.gguf";

fn path_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/model")
        .join(name)
}

fn demo() -> Vec<u8> {
    std::fs::read(path_of("karen-demo.gguf")).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A large file as the hub lists it.
fn large(path: &str, content: &[u8]) -> Value {
    let sum = hex(&Sha256::digest(content));
    json!({"rfilename": path, "size": content.len(), "blobId": "0".repeat(40),
        "lfs": {"sha256": sum, "size": content.len(), "pointerSize": 134}})
}

/// A small one.
fn small(path: &str, content: &[u8]) -> Value {
    let blob = [format!("blob {}\0", content.len()).as_bytes(), content].concat();
    json!({"rfilename": path, "size": content.len(), "blobId": hex(&Sha1::digest(blob))})
}

fn listing(files: &[Value]) -> Reply {
    Reply::json(
        200,
        &json!({"id": "org/repo", "sha": COMMIT, "siblings": files}),
    )
}

fn is_listing(request: &Requested) -> bool {
    let is = request.path == "/api/models/org/repo/revision/main?blobs=true";
    assert!(
        is || request
            .path
            .starts_with(&format!("/org/repo/resolve/{COMMIT}/"))
    );
    is
}

/// From which byte a request wants a file.
fn from(request: &Requested) -> usize {
    let range = request.header("range").and_then(|range| {
        let first = range.strip_prefix("bytes=")?.strip_suffix('-')?;
        first.parse().ok()
    });
    range.unwrap_or(0)
}

/// The rest of a file as a hub with ranges sends it.
fn rest(content: &[u8], from: usize) -> Reply {
    if from == 0 {
        return Reply::bytes(200, content);
    }
    let range = format!("bytes {from}-{}/{}", content.len() - 1, content.len());
    Reply::bytes(206, &content[from..]).header("content-range", &range)
}

async fn open(server: &ReplayServer, folder: &Path) -> Models {
    let config = ModelsConfig {
        folder: Some(folder.to_owned()),
        remote: impatient(),
        hub: HubConfig {
            url: server.url(),
            token_env: Some(KEY_ENV.to_owned()),
        },
        ..ModelsConfig::default()
    };
    Models::open(config).await.unwrap()
}

async fn pull(models: &Models, model: &str) -> (Vec<PullEvent>, Result<ModelInfo, ModelError>) {
    let mut pull = models.pull(HubModel::parse(model).unwrap(), None);
    let mut events = Vec::new();
    while let Some(event) = pull.next().await {
        match event {
            Ok(PullEvent::Done { model }) => {
                assert!(pull.next().await.is_none());
                return (events, Ok(*model));
            }
            Ok(event) => events.push(event),
            Err(error) => {
                assert!(pull.next().await.is_none());
                return (events, Err(error));
            }
        }
    }
    panic!("it ended without a result: {events:?}");
}

fn parts(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.extension().is_some_and(|e| e == "part") => found.push(path),
                false => {}
            }
        }
    }
    found
}

#[tokio::test]
async fn a_pulled_file_is_checked_added_and_there_after_reopening() {
    let content = demo();
    let whole = content.clone();
    let server = ReplayServer::answering(move |request| {
        Some(match is_listing(request) {
            true => listing(&[large(FILE, &whole), small("README.md", b"# hello")]),
            false => rest(&whole, from(request)),
        })
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let models = open(&server, folder.path()).await;
    let (events, info) = pull(&models, "hf:org/repo").await;
    let info = info.unwrap();
    assert_eq!(info.name.as_str(), "karen-demo");
    assert_eq!(std::fs::read(info.path.unwrap()).unwrap(), content);
    let bytes = content.len() as u64;
    assert!(
        matches!(&events[0], PullEvent::Listed { commit, files: 1, bytes: all } if commit == COMMIT && *all == bytes)
    );
    let done = events.iter().filter_map(|event| match event {
        PullEvent::Fetched { done_bytes, .. } => Some(*done_bytes),
        _ => None,
    });
    let done: Vec<u64> = done.collect();
    assert!(done.is_sorted() && done.last() == Some(&bytes));
    assert!(parts(folder.path()).is_empty());
    assert_eq!(open(&server, folder.path()).await.list().len(), 2);
    let token = server.requests()[0]
        .header("authorization")
        .map(str::to_owned);
    assert_eq!(
        token,
        Some(format!("Bearer {}", std::env::var(KEY_ENV).unwrap()))
    );
}

#[tokio::test]
async fn a_pull_goes_on_behind_every_cut_and_sends_for_no_byte_twice() {
    let content = demo();
    let whole = content.clone();
    let mut cuts = 0;
    let server = ReplayServer::answering(move |request| {
        if is_listing(request) {
            return Some(listing(&[large(FILE, &whole)]));
        }
        let from = from(request);
        cuts += 1;
        // Ten pieces of a tenth, each cut off, and then the rest.
        let to = (from + whole.len() / 10).min(whole.len());
        if cuts > 10 {
            return Some(rest(&whole, from));
        }
        let range = format!("bytes {from}-{}/{}", whole.len() - 1, whole.len());
        let reply = match from {
            0 => Reply::bytes(200, &whole[..to]),
            _ => Reply::bytes(206, &whole[from..to]).header("content-range", &range),
        };
        Some(reply.then_cut())
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let models = open(&server, folder.path()).await;
    let info = pull(&models, "hf:org/repo").await.1.unwrap();
    assert_eq!(std::fs::read(info.path.unwrap()).unwrap(), content);
    let starts: Vec<usize> = server.requests()[1..].iter().map(from).collect();
    assert_eq!(starts.len(), 11);
    assert!(
        starts.windows(2).all(|pair| pair[1] > pair[0]),
        "{starts:?}"
    );
}

#[tokio::test]
async fn a_dropped_pull_goes_on_where_it_was_when_it_is_asked_for_again() {
    let content = demo();
    let whole = content.clone();
    let half = content.len() / 2;
    let hanging = Arc::new(Mutex::new(true));
    let hangs = Arc::clone(&hanging);
    let server = ReplayServer::answering(move |request| {
        if is_listing(request) {
            return Some(listing(&[large(FILE, &whole)]));
        }
        Some(match *hangs.lock().unwrap() {
            true => Reply::bytes(200, &whole[..half]).then_hang(),
            false => rest(&whole, from(request)),
        })
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let models = open(&server, folder.path()).await;
    let mut dropped = models.pull(HubModel::parse("hf:org/repo").unwrap(), None);
    while let Some(event) = dropped.next().await {
        if let PullEvent::Fetched { done_bytes, .. } = event.unwrap()
            && done_bytes == half as u64
        {
            break;
        }
    }
    drop(dropped);
    *hanging.lock().unwrap() = false;
    let info = pull(&models, "hf:org/repo").await.1.unwrap();
    assert_eq!(std::fs::read(info.path.unwrap()).unwrap(), content);
    let last = server.requests().last().map(from).unwrap();
    assert!(last > 0 && last <= half, "asked from {last}");
}

#[tokio::test]
async fn wrong_bytes_are_never_added_and_leave_nothing_behind() {
    let whole = demo();
    let announced = whole.clone();
    let server = ReplayServer::answering(move |request| {
        let mut wrong = whole.clone();
        *wrong.last_mut().unwrap() ^= 1;
        Some(match is_listing(request) {
            true => listing(&[large(FILE, &announced)]),
            false => rest(&wrong, from(request)),
        })
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let models = open(&server, folder.path()).await;
    let error = pull(&models, "hf:org/repo").await.1.unwrap_err();
    assert!(
        matches!(error.kind(), ModelErrorKind::Damaged(_)),
        "{error}"
    );
    assert_eq!(models.list().len(), 1);
    assert!(parts(folder.path()).is_empty());
}

#[tokio::test]
async fn more_than_was_announced_is_damage() {
    let whole = demo();
    let announced = whole.clone();
    let server = ReplayServer::answering(move |request| {
        Some(match is_listing(request) {
            true => listing(&[large(FILE, &announced)]),
            false => Reply::bytes(200, [&whole[..], b"more"].concat()),
        })
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let models = open(&server, folder.path()).await;
    let error = pull(&models, "hf:org/repo").await.1.unwrap_err();
    assert!(
        matches!(error.kind(), ModelErrorKind::Damaged(_)),
        "{error}"
    );
}

#[tokio::test]
async fn what_an_earlier_program_left_wrong_is_fetched_anew() {
    let content = demo();
    let whole = content.clone();
    let server = ReplayServer::answering(move |request| {
        Some(match is_listing(request) {
            true => listing(&[large(FILE, &whole)]),
            false => rest(&whole, from(request)),
        })
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("hub/org--repo").join(&COMMIT[..12]);
    std::fs::create_dir_all(&home).unwrap();
    std::fs::write(home.join(format!("{FILE}.part")), vec![7; 1000]).unwrap();
    let models = open(&server, folder.path()).await;
    let info = pull(&models, "hf:org/repo").await.1.unwrap();
    assert_eq!(std::fs::read(info.path.unwrap()).unwrap(), content);
    let starts: Vec<usize> = server.requests()[1..].iter().map(from).collect();
    assert_eq!(starts, [1000, 0]);
}

#[tokio::test]
async fn a_hub_without_ranges_sends_all_of_it_again() {
    let content = demo();
    let whole = content.clone();
    let mut is_first = true;
    let server = ReplayServer::answering(move |request| {
        if is_listing(request) {
            return Some(listing(&[large(FILE, &whole)]));
        }
        let cut = std::mem::take(&mut is_first);
        Some(match cut {
            true => Reply::bytes(200, &whole[..whole.len() / 3]).then_cut(),
            false => Reply::bytes(200, whole.clone()),
        })
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let models = open(&server, folder.path()).await;
    let info = pull(&models, "hf:org/repo").await.1.unwrap();
    assert_eq!(std::fs::read(info.path.unwrap()).unwrap(), content);
}

#[cfg(feature = "candle")]
#[tokio::test]
async fn a_folder_comes_whole_or_not_at_all() {
    let names = ["config.json", "tokenizer.json", "model.safetensors"];
    let files: Vec<(&str, Vec<u8>)> = names
        .into_iter()
        .map(|name| {
            (
                name,
                std::fs::read(path_of("encoders/bert").join(name)).unwrap(),
            )
        })
        .collect();
    let breaks = Arc::new(Mutex::new(true));
    let broken = Arc::clone(&breaks);
    let served = files.clone();
    let server = ReplayServer::answering(move |request| {
        if is_listing(request) {
            let of = |(name, content): &(&str, Vec<u8>)| match name.ends_with("json") {
                true => small(name, content),
                false => large(name, content),
            };
            return Some(listing(&served.iter().map(of).collect::<Vec<_>>()));
        }
        let name = request.path.rsplit('/').next().unwrap();
        if name == "model.safetensors" && *broken.lock().unwrap() {
            return None;
        }
        let content = &served.iter().find(|(known, _)| *known == name)?.1;
        Some(rest(content, from(request)))
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let models = open(&server, folder.path()).await;
    let error = pull(&models, "hf:org/repo").await.1.unwrap_err();
    assert_eq!(*error.kind(), ModelErrorKind::Unavailable, "{error}");
    assert!(
        !folder
            .path()
            .join("hub/org--repo/0123456789ab-model")
            .exists()
    );
    *breaks.lock().unwrap() = false;
    let before = server.requests().len();
    let info = pull(&models, "hf:org/repo").await.1.unwrap();
    assert_eq!(info.name.as_str(), "repo");
    // The listing, and what was missing.
    assert_eq!(server.requests().len(), before + 2);
    let again = pull(&models, "hf:org/repo").await.1.unwrap();
    assert_eq!(again, info);
    for (name, content) in files {
        let path = info.path.as_ref().unwrap().join(name);
        assert_eq!(std::fs::read(path).unwrap(), content);
    }
}

#[tokio::test]
async fn the_token_stays_with_the_hub() {
    let content = demo();
    let whole = content.clone();
    let store = ReplayServer::answering(move |request| Some(rest(&whole, from(request)))).await;
    let elsewhere = store.url().replace("127.0.0.1", "localhost");
    let hub = ReplayServer::answering(move |request| {
        Some(match is_listing(request) {
            true => listing(&[large(FILE, &content)]),
            false => Reply::bytes(302, []).header("location", &format!("{elsewhere}/x?signed=1")),
        })
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let models = open(&hub, folder.path()).await;
    pull(&models, "hf:org/repo").await.1.unwrap();
    let reached = store.requests();
    assert!(!reached.is_empty());
    assert!(
        reached
            .iter()
            .all(|request| request.header("authorization").is_none())
    );
    assert!(
        hub.requests()
            .iter()
            .all(|request| request.header("authorization").is_some())
    );
}

async fn refusal(replies: Vec<Reply>) -> ModelError {
    let server = ReplayServer::start(replies).await;
    let folder = tempfile::tempdir().unwrap();
    let models = open(&server, folder.path()).await;
    pull(&models, "hf:org/repo").await.1.unwrap_err()
}

#[tokio::test]
async fn each_refusal_of_the_hub_has_its_kind() {
    let plain = |status| Reply::json(status, &json!({"error": "no"}));
    let invalid = refusal(vec![plain(404)]).await;
    assert!(
        matches!(invalid.kind(), ModelErrorKind::Invalid(_)),
        "{invalid}"
    );
    for status in [401, 403] {
        let denied = refusal(vec![plain(status)]).await;
        assert!(
            matches!(denied.kind(), ModelErrorKind::Denied(_)),
            "{denied}"
        );
    }
    let busy = refusal(vec![plain(429).header("retry-after", "0")]).await;
    let wait = Some(Duration::ZERO);
    assert_eq!(*busy.kind(), ModelErrorKind::RateLimited { wait });
    assert_eq!(
        *refusal(vec![plain(500)]).await.kind(),
        ModelErrorKind::Unavailable
    );
    let junk = refusal(vec![Reply::json(200, &json!({"sha": 7}))]).await;
    assert_eq!(*junk.kind(), ModelErrorKind::Malformed);
    let passing = vec![plain(503), plain(500), listing(&[])];
    let empty = refusal(passing).await;
    assert!(empty.to_string().contains("no GGUF"), "{empty}");
}

#[tokio::test]
async fn a_hub_that_says_nothing_times_out() {
    let server = ReplayServer::start(vec![Reply::json(200, &json!({})).then_hang()]).await;
    let folder = tempfile::tempdir().unwrap();
    let config = ModelsConfig {
        folder: Some(folder.path().to_owned()),
        remote: RemoteConfig {
            silence: Duration::from_millis(50),
            retries: 0,
            ..impatient()
        },
        hub: HubConfig {
            url: server.url(),
            token_env: None,
        },
        ..ModelsConfig::default()
    };
    let models = Models::open(config).await.unwrap();
    let error = pull(&models, "hf:org/repo").await.1.unwrap_err();
    assert_eq!(*error.kind(), ModelErrorKind::Timeout);
}

#[tokio::test]
async fn a_taken_name_is_told_before_anything_is_fetched() {
    let content = demo();
    let server = ReplayServer::answering(move |request| {
        assert!(is_listing(request), "a file was fetched");
        Some(listing(&[large(FILE, &content)]))
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let models = open(&server, folder.path()).await;
    let name = ModelName::parse("karen-static").unwrap();
    let mut pull = models.pull(HubModel::parse("hf:org/repo").unwrap(), Some(name));
    let error = pull.next().await.unwrap().unwrap_err();
    assert_eq!(*error.kind(), ModelErrorKind::Conflict);
}

#[tokio::test]
async fn without_a_folder_nothing_is_pulled() {
    let models = Models::open(ModelsConfig::default()).await.unwrap();
    let error = pull(&models, "hf:org/repo").await.1.unwrap_err();
    assert!(
        matches!(error.kind(), ModelErrorKind::Unsupported(_)),
        "{error}"
    );
}
