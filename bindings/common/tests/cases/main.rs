//! The cases that every binding must pass, on the operations themselves: see `cases/README.md`.

mod accounts;
mod calls;
mod matching;
mod world;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use world::World;

/// Fewer would mean that a file was not found.
const CASES_MIN: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "about")]
    _about: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    settings: Map<String, Value>,
    steps: Vec<Step>,
}

/// One call, and what it must come to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    call: String,
    #[serde(default)]
    args: Map<String, Value>,
    by: Option<String>,
    #[serde(rename = "as")]
    kept_as: Option<String>,
    error: Option<String>,
    /// Absent when anything will do; `null` is an expectation.
    #[serde(default, deserialize_with = "present")]
    expect: Option<Value>,
}

fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

fn cases() -> Vec<Case> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/cases");
    let entries = std::fs::read_dir(folder).expect("the cases are here");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    paths.sort();
    paths.iter().flat_map(|path| read(path).cases).collect()
}

fn read(path: &Path) -> File {
    let text = std::fs::read(path).expect("a file that can be read");
    serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_comes_out_as_written() {
    let cases = cases();
    assert!(cases.len() >= CASES_MIN, "{} cases", cases.len());
    let mut failed = Vec::new();
    for case in &cases {
        if let Err(why) = run(case).await {
            failed.push(format!("{}: {why}", case.name));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    println!("{} cases", cases.len());
}

async fn run(case: &Case) -> Result<(), String> {
    let mut world = World::open(&case.settings)
        .await
        .map_err(|e| e.message().to_owned())?;
    for (index, step) in case.steps.iter().enumerate() {
        let place = format!("step {} ({})", index + 1, step.call);
        world
            .make(step)
            .await
            .map_err(|why| format!("{place}: {why}"))?;
    }
    world.close().await;
    Ok(())
}
