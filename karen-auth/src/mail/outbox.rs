//! Mails as files: for a first try, for tests, and for a program of the operator's that sends them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use tokio::fs::{self, OpenOptions};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use super::message::message;
use super::{Mail, Mailer};
use crate::{AuthError, AuthErrorKind, Clock, Email, SystemClock};

/// Writes each mail to a file of its own, `<UUIDv7>.eml`, which its owner alone can read: the
/// links in it open doors. A file appears whole or not at all, in the order of the names.
#[derive(Clone)]
pub struct FileOutbox {
    folder: PathBuf,
    from: Email,
    clock: Arc<dyn Clock>,
}

impl FileOutbox {
    /// An outbox in `folder`, which is made when it is needed.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, from: Email) -> Self {
        Self {
            folder: folder.into(),
            from,
            clock: Arc::new(SystemClock),
        }
    }

    /// Where the mails lie.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    async fn write(&self, message: &str) -> std::io::Result<()> {
        make_folder(&self.folder).await?;
        let name = Uuid::now_v7().simple().to_string();
        let unfinished = self.folder.join(format!(".{name}"));
        let mut file = private_file().open(&unfinished).await?;
        file.write_all(message.as_bytes()).await?;
        file.sync_all().await?;
        fs::rename(&unfinished, self.folder.join(format!("{name}.eml"))).await
    }
}

#[async_trait]
impl Mailer for FileOutbox {
    async fn send(&self, mail: &Mail) -> Result<(), AuthError> {
        let message = message(mail, &self.from, self.clock.now_ms());
        self.write(&message).await.map_err(|e| {
            let reason = "the outbox cannot be written: check its folder";
            AuthError::new(AuthErrorKind::Unavailable, "send mail", reason).caused_by(e)
        })
    }
}

async fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(0o700);
    builder.create(folder).await
}

fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::mailer;
    use crate::testing::stores::fails;

    fn from() -> Email {
        Email::parse("karen@example.org").expect("an address")
    }

    fn delivered(folder: &Path) -> Vec<String> {
        let files = std::fs::read_dir(folder).expect("the outbox");
        let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
        files.sort();
        let read = |file: &PathBuf| std::fs::read_to_string(file).expect("a mail");
        files.iter().map(read).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn it_keeps_the_contract() {
        let folder = tempfile::tempdir().expect("a folder");
        let outbox = FileOutbox::new(folder.path(), from());
        let path = outbox.folder().to_owned();
        mailer(Arc::new(outbox), move || delivered(&path)).await;
    }

    /// Sends, but forgets, doubles or changes.
    struct Broken(FileOutbox, fn(&Mail) -> Vec<Mail>);

    #[async_trait]
    impl Mailer for Broken {
        async fn send(&self, mail: &Mail) -> Result<(), AuthError> {
            for mail in (self.1)(mail) {
                self.0.send(&mail).await?;
            }
            Ok(())
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_mailer_that_breaks_a_promise_fails_the_suite() {
        let breaks: [fn(&Mail) -> Vec<Mail>; 4] = [
            |_| Vec::new(),
            |mail| vec![mail.clone(), mail.clone()],
            |mail| {
                let text = mail.text.replace('.', "");
                vec![Mail {
                    text,
                    ..mail.clone()
                }]
            },
            |mail| {
                let to = Email::parse("eve@example.com").expect("an address");
                vec![Mail { to, ..mail.clone() }]
            },
        ];
        for broken in breaks {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().to_owned();
            let outbox = Arc::new(Broken(FileOutbox::new(&path, from()), broken));
            assert!(fails(mailer(outbox, move || delivered(&path))).await);
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn nobody_else_reads_the_outbox() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let outbox = FileOutbox::new(folder.path().join("outbox"), from());
        let mail = Mail {
            to: from(),
            subject: "A link".to_owned(),
            text: "It opens a door.".to_owned(),
        };
        outbox.send(&mail).await.expect("send");
        let mode = |path: &Path| path.metadata().expect("it exists").permissions().mode() & 0o777;
        assert_eq!(mode(outbox.folder()), 0o700);
        for file in std::fs::read_dir(outbox.folder()).expect("the outbox") {
            assert_eq!(mode(&file.expect("a file").path()), 0o600);
        }
    }

    #[tokio::test]
    async fn where_nothing_can_be_written_it_says_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        std::fs::write(&file, "no folder").expect("write");
        let outbox = FileOutbox::new(&file, from());
        let mail = Mail {
            to: from(),
            subject: String::new(),
            text: String::new(),
        };
        let refused = outbox.send(&mail).await.expect_err("no folder");
        assert_eq!(refused.kind(), AuthErrorKind::Unavailable);
    }
}
