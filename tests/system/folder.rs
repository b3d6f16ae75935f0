//! Data folders that cannot be used: each is refused with a code of its own, and left as it was.

use std::path::Path;

use karen_core::{Code, Error, Karen, Principal};
use karen_sql::{Database, Location};
use tokio::process::Command;

use crate::paths;
use crate::server::on_folder;

const SAID: &str = "My dog is called Biscuit.";

async fn open(folder: &Path) -> Result<Karen, Error> {
    Karen::builder().data_dir(folder).open().await
}

/// A folder that holds one memory.
async fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let karen = open(folder.path()).await.unwrap();
    let session = karen.session(Principal::local());
    session.chat(SAID).text().await.unwrap();
    karen.close().await.unwrap();
    folder
}

async fn check_refused(folder: &Path, code: Code, says: &str) {
    let error = open(folder).await.err().expect("refused");
    assert_eq!(error.code(), code, "{error}");
    assert!(error.to_string().contains(says), "{error}");
}

async fn check_whole(folder: &Path) {
    let karen = open(folder).await.unwrap();
    karen.verify().await.unwrap();
    let session = karen.session(Principal::local());
    let recalled = session.recall("What is my dog called?").await.unwrap();
    assert_eq!(recalled[0].text, SAID);
    karen.close().await.unwrap();
}

async fn change(folder: &Path, statement: &'static str) {
    let location = Location::File(folder.join("karen.db"));
    let database = Database::open(location).await.unwrap();
    let mut tx = database.write().await.unwrap();
    sqlx::query(statement).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    database.close().await;
}

#[tokio::test]
async fn a_folder_in_use_is_refused_with_the_owners_number() {
    let folder = folder().await;
    let owner = open(folder.path()).await.unwrap();
    let pid = std::process::id().to_string();
    check_refused(folder.path(), Code::Locked, &pid).await;
    owner.close().await.unwrap();
    check_whole(folder.path()).await;
}

#[tokio::test]
async fn a_folder_of_a_newer_version_is_refused_and_left_alone() {
    let folder = folder().await;
    for component in ["core", "auth", "memory"] {
        let newer = match component {
            "core" => "INSERT INTO karen_schema VALUES ('core', 1000, 0)",
            "auth" => "INSERT INTO karen_schema VALUES ('auth', 1000, 0)",
            _ => "INSERT INTO karen_schema VALUES ('memory', 1000, 0)",
        };
        change(folder.path(), newer).await;
        check_refused(folder.path(), Code::TooNew, "upgrade this program").await;
        change(
            folder.path(),
            "DELETE FROM karen_schema WHERE version = 1000",
        )
        .await;
        check_whole(folder.path()).await;
    }
}

#[tokio::test]
async fn files_that_are_not_karens_are_refused() {
    for (file, says) in [
        ("karen.db", "restore a backup"),
        ("secret.key", "secret.key"),
        ("models/models.toml", "models.toml"),
    ] {
        let folder = folder().await;
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let noise = b"nothing of Karen's \xff\x00";
        std::fs::write(&path, noise).unwrap();
        check_refused(folder.path(), Code::Corrupt, says).await;
        assert_eq!(std::fs::read(&path).unwrap(), noise, "{file} is left alone");
    }
}

/// The folder's owner, without root's right to write where the permissions say no.
fn without_privileges(program: &Path) -> Command {
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args([
            "--bounding-set=-all",
            "--inh-caps=-all",
            "--ambient-caps=-all",
        ])
        .arg(program);
    command
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder().await;
    let allow = |mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                std::fs::set_permissions(&path, permissions.clone()).unwrap();
            }
        }
    };
    allow(0o400);
    let mut serve = on_folder(without_privileges(&paths::server()), folder.path());
    let serve = serve.args(["--listen", "127.0.0.1:0", "serve"]);
    let output = serve.output().await.expect("setpriv of util-linux");
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("error[READ_ONLY]: "), "{errors}");
    allow(0o600);
    check_whole(folder.path()).await;
}
