//! The `karen-server` program: the server, and the commands that work beside it.

// A program, unlike a library, talks to its terminal.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod command;

use std::process::ExitCode;

use clap::Parser;

use command::{Cli, report};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Runtime::new().expect("a process can start its threads");
    let result = runtime.block_on(cli.run());
    // A read of the terminal that nobody waits for any more must not hold up the exit.
    runtime.shutdown_background();
    match result {
        Ok(code) => code,
        Err(error) => report(&error),
    }
}
