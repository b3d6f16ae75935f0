use std::path::Path;
use std::process::{ExitStatus, Stdio};

use karen_core::Karen;
use karen_core::auth::{Device, NewAccount, NewApiKey};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::harness::{EMAIL, PASSWORD};

/// What a command printed, and how it ended.
pub(crate) struct Outcome {
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_karen-server"));
    command
        .current_dir(folder)
        .args(["--data-dir", "data"])
        .args(arguments);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KAREN_")) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

pub(crate) async fn run(folder: &Path, arguments: &[&str]) -> Outcome {
    let output = command(folder, arguments).output().await.expect("run");
    Outcome {
        status: output.status,
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}

/// A server on a free port, after it has said what it has to say.
async fn serve(folder: &Path) -> (Child, Vec<String>, Lines<BufReader<ChildStdout>>) {
    let mut command = command(folder, &["--listen", "127.0.0.1:0", "serve"]);
    let mut server = command.stdout(Stdio::piped()).spawn().expect("serve");
    let mut lines = BufReader::new(server.stdout.take().expect("piped")).lines();
    let mut said = Vec::new();
    while let Some(line) = lines.next_line().await.expect("read") {
        let is_last = line.contains("odel");
        said.push(line);
        if is_last {
            break;
        }
    }
    (server, said, lines)
}

async fn stop(server: &mut Child) -> ExitStatus {
    let pid = i32::try_from(server.id().expect("running")).expect("pid");
    let pid = rustix::process::Pid::from_raw(pid).expect("pid");
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("signal");
    server.wait().await.expect("ended")
}

#[tokio::test]
async fn commands_work_with_and_without_a_server() {
    let folder = tempfile::tempdir().expect("folder");
    let history = folder.path().join("history.jsonl");
    std::fs::write(
        &history,
        "{\"role\":\"user\",\"content\":\"My dog is called Biscuit.\"}\n",
    )
    .expect("history");
    let alone = run(folder.path(), &["import", "history.jsonl"]).await;
    assert!(alone.status.success(), "{}", alone.err);
    assert!(
        alone
            .out
            .contains("imported 1 conversations with 1 messages"),
        "{}",
        alone.out
    );

    let (mut server, said, _lines) = serve(folder.path()).await;
    assert!(
        said[0].starts_with("Karen listens on http://127.0.0.1:"),
        "{said:?}"
    );
    assert!(
        said.iter().any(|line| line.contains("/#setup=")),
        "{said:?}"
    );
    let beside = run(folder.path(), &["recall", "What is my dog called?"]).await;
    assert!(beside.status.success(), "{}", beside.err);
    assert!(beside.out.contains("Biscuit"), "{}", beside.out);
    let again = run(folder.path(), &["import", "history.jsonl"]).await;
    assert!(
        again
            .out
            .contains("1 conversations had been imported before"),
        "{}",
        again.out
    );
    let doctor = run(folder.path(), &["doctor"]).await;
    assert!(doctor.status.success(), "{}", doctor.out);
    assert!(
        doctor.out.contains("a running server has it"),
        "{}",
        doctor.out
    );

    assert!(stop(&mut server).await.success());
    assert!(!folder.path().join("data/karen.sock").exists());
    let alone = run(folder.path(), &["recall", "What is my dog called?"]).await;
    assert!(alone.out.contains("Biscuit"), "{}{}", alone.out, alone.err);
}

/// Makes the first account and an API key of it.
async fn make_account(folder: &Path, email: &str) -> String {
    let karen = Karen::builder().data_dir(folder.join("data"));
    let karen = karen.open().await.expect("open");
    let auth = karen.auth();
    let token = auth.setup_token().await.expect("asked").expect("first run");
    let account = NewAccount {
        email: email.to_owned(),
        name: "Ada".to_owned(),
        password: PASSWORD.to_owned(),
    };
    let signed_in = auth.set_up(token.expose(), account, Device::default());
    let access = signed_in.await.expect("set up").access;
    let ada = auth.authenticate(access.expose()).await.expect("signed in");
    let key = NewApiKey {
        name: "script".to_owned(),
        permissions: None,
        lifetime: None,
    };
    let (_, secret) = auth.create_api_key(&ada, key).await.expect("key");
    karen.close().await.expect("close");
    secret.expose().to_owned()
}

#[tokio::test]
async fn the_owner_of_the_folder_acts_for_an_account() {
    let folder = tempfile::tempdir().expect("folder");
    let key = make_account(folder.path(), EMAIL).await;
    std::fs::write(folder.path().join("key"), key).expect("key");
    let history = "{\"role\":\"user\",\"content\":\"My dog is called Biscuit.\"}\n";
    std::fs::write(folder.path().join("history.jsonl"), history).expect("history");
    let import = ["--as", EMAIL, "import", "history.jsonl"];
    let (mut server, ..) = serve(folder.path()).await;
    let imported = run(folder.path(), &import).await;
    assert!(imported.status.success(), "{}", imported.err);

    let question = ["recall", "What is my dog called?"];
    for (actor, sees) in [
        (&["--as", EMAIL][..], true),
        (&["--api-key-file", "key"], true),
        (&[], false),
    ] {
        let recalled = run(folder.path(), &[actor, &question].concat()).await;
        assert!(recalled.status.success(), "{}", recalled.err);
        assert_eq!(recalled.out.contains("Biscuit"), sees, "{actor:?}");
    }
    let stranger = run(
        folder.path(),
        &["--as", "eve@example.org", "models", "list"],
    )
    .await;
    assert!(
        stranger.err.starts_with("error[NOT_FOUND]: "),
        "{}",
        stranger.err
    );
    stop(&mut server).await;
}

#[tokio::test]
async fn failures_have_a_code_and_a_next_step() {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::write(
        folder.path().join("not-a-model.gguf"),
        "nothing of the kind",
    )
    .expect("file");
    for (arguments, code) in [
        (&["models", "add", "absent.gguf"][..], "INVALID_ARGUMENT"),
        (&["models", "add", "not-a-model.gguf"], "MODEL_LOAD"),
        (&["models", "remove", "none"], "MODEL_MISSING"),
        (&["import", "absent.json"], "INVALID_ARGUMENT"),
        (
            &["--set", "server.lissten=x", "models", "list"],
            "INVALID_ARGUMENT",
        ),
    ] {
        let outcome = run(folder.path(), arguments).await;
        assert_eq!(outcome.status.code(), Some(1), "{arguments:?}");
        assert!(
            outcome.err.starts_with(&format!("error[{code}]: ")),
            "{}",
            outcome.err
        );
        assert!(outcome.err.contains("next: "), "{}", outcome.err);
    }
    assert_eq!(
        run(folder.path(), &["frobnicate"]).await.status.code(),
        Some(2)
    );
}

#[tokio::test]
async fn a_setting_is_shown_with_its_origin_and_a_secret_is_not_shown() {
    let folder = tempfile::tempdir().expect("folder");
    let secret = "9f2c41d7a06b8e35f1c49a7d20be6358c1d4e7f0a2b3956874fedcba01234567";
    let file = format!("[chat]\nanswer_tokens = 99\n[auth]\nsecret = \"{secret}\"\n");
    std::fs::write(folder.path().join("karen.toml"), file).expect("file");
    let outcome = run(folder.path(), &["config", "check"]).await;
    assert!(outcome.status.success(), "{}", outcome.err);
    let lines: Vec<&str> = outcome.out.lines().collect();
    let line = |setting: &str| {
        lines
            .iter()
            .find(|line| line.starts_with(setting))
            .expect("line")
    };
    assert!(line("chat.answer_tokens = 99").ends_with("# karen.toml"));
    assert!(line("data.folder = \"data\"").ends_with("# command line"));
    assert!(line("auth.secret = \"***\"").ends_with("# karen.toml"));
    assert!(line("chat.temperature").ends_with("# default"));
    assert!(!outcome.out.contains(secret));
}
