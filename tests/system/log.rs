//! What servers log, which nobody's secrets may be in.

use std::io::Read;
use std::process::Stdio;

use tempfile::NamedTempFile;

/// How every token and key of Karen's begins: a JSON web token, and what is looked up by its hash.
const TOKENS: [&str; 5] = [
    "eyJ",
    "karen_sk_",
    "karen_link_",
    "karen_login_",
    "karen_setup_",
];
/// Passwords of the tests: all of them have these words.
const PASSWORD: &str = "long enough password";

/// The log of one server. When it is dropped, it is looked through for secrets.
pub(crate) struct Log(NamedTempFile);

impl Default for Log {
    fn default() -> Self {
        Self(NamedTempFile::new().unwrap())
    }
}

impl Log {
    /// Where the server writes it.
    pub(crate) fn writer(&self) -> Stdio {
        self.0.reopen().unwrap().into()
    }

    pub(crate) fn text(&self) -> String {
        let mut text = Vec::new();
        self.0.reopen().unwrap().read_to_end(&mut text).unwrap();
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Fails where the log has any of these, or what no log may have.
    pub(crate) fn require_none_of(&self, secrets: &[String]) {
        let text = self.text();
        let secrets = secrets.iter().map(String::as_str);
        for secret in secrets.chain(TOKENS).chain([PASSWORD]) {
            let told = text.lines().find(|line| line.contains(secret));
            assert_eq!(told, None, "the log tells {secret:?}");
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.require_none_of(&[]);
        }
    }
}
