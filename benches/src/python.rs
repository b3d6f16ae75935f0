//! The Python package as its users get it: from a wheel, in an environment of its own.

use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::weight::Weight;
use crate::{Result, load, print};

/// Runs in the environment and prints one JSON object.
const PROGRAM: &str = include_str!("../python.py");

/// Installs the wheel for an interpreter and measures it there; `map` tells what its parts weigh.
pub(crate) fn run(wheel: &Path, python: &str, map: Option<&Path>) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let environment = folder.path().join("environment");
    check(Command::new(python).args(["-m", "venv"]).arg(&environment))?;
    let interpreter = environment.join("bin/python");
    let mut install = Command::new(&interpreter);
    install.args(["-m", "pip", "install", "--quiet", "--no-deps"]);
    check(install.arg(wheel))?;
    let program = folder.path().join("program.py");
    std::fs::write(&program, PROGRAM)?;
    let measured = check(
        Command::new(&interpreter)
            .arg(&program)
            .current_dir(&folder),
    )?;
    let mut row: Map<String, Value> = serde_json::from_str(&measured)?;
    let mib = std::fs::metadata(wheel)?.len() as f64 / f64::from(1 << 20);
    row.insert("wheel_mib".to_owned(), json!(mib));
    if let Some(map) = map {
        row.insert("weight_kib".to_owned(), json!(Weight::read(map)?));
    }
    row.insert("load".to_owned(), json!(load()));
    print(&row);
    Ok(())
}

/// What a command prints; an error if it fails.
fn check(command: &mut Command) -> Result<String> {
    let done = command.output()?;
    if done.status.success() {
        return Ok(String::from_utf8(done.stdout)?);
    }
    let told = String::from_utf8_lossy(&done.stderr);
    Err(format!("{command:?} failed: {told}").into())
}
