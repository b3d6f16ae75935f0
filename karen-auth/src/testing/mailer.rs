//! What every mailer owes.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::testing::at_once;
use crate::{Email, Mail, Mailer};

/// Runs the contract of [`Mailer`]; `delivered` answers every message that has arrived so far.
///
/// # Panics
/// At the first promise that is not kept.
pub async fn mailer(mailer: Arc<dyn Mailer>, delivered: impl Fn() -> Vec<String> + Send) {
    let (subject, text) = ("long ".repeat(50), format!("{}\n", "long ".repeat(500)));
    for (subject, text) in [
        (
            "Reset your password",
            "Follow this link:\n\nhttps://example.org/#reset=abc\n",
        ),
        ("Grüße aus Köln", "Schöne Grüße, 谢谢, 😀\n"),
        ("A line of a dot", "before\n.\n..\n.after\nQUIT\n"),
        ("From a mailbox", "From the first line on\n"),
        (&subject, &text),
        ("", "\n"),
    ] {
        let before = delivered().len();
        send(&*mailer, subject, text).await;
        let messages = delivered();
        assert_eq!(messages.len(), before + 1, "each mail once");
        let read = Read::of(messages.last().expect("there is one"));
        assert_eq!(read.header("to"), "ada@example.com");
        assert_eq!(
            (read.subject(), read.text()),
            (subject.trim().to_owned(), text.to_owned())
        );
    }
    adds_no_header(&*mailer, &delivered).await;
    sends_what_comes_at_once(&mailer, &delivered).await;
}

async fn send(mailer: &dyn Mailer, subject: &str, text: &str) {
    let mail = Mail {
        to: Email::parse("ada@example.com").expect("an address"),
        subject: subject.to_owned(),
        text: text.to_owned(),
    };
    mailer.send(&mail).await.expect("send");
}

async fn adds_no_header(mailer: &dyn Mailer, delivered: &impl Fn() -> Vec<String>) {
    send(mailer, "Hi\r\nBcc: eve@example.com\r\n\r\nbody", "text\n").await;
    let messages = delivered();
    let read = Read::of(messages.last().expect("there is one"));
    assert_eq!(read.header("bcc"), "", "no header is added");
    assert_eq!(read.text(), "text\n");
}

async fn sends_what_comes_at_once(mailer: &Arc<dyn Mailer>, delivered: &impl Fn() -> Vec<String>) {
    let before = delivered().len();
    at_once(8, || {
        let mailer = Arc::clone(mailer);
        async move { send(&*mailer, "At once", "text\n").await }
    })
    .await;
    assert_eq!(delivered().len(), before + 8);
}

/// A message as a mail program reads it.
struct Read {
    headers: Vec<(String, String)>,
    body: String,
}

impl Read {
    fn of(message: &str) -> Self {
        let (head, body) = message.split_once("\r\n\r\n").expect("headers and a body");
        let unfolded = head.replace("\r\n ", " ");
        let headers = unfolded.split("\r\n").map(|line| {
            let (name, value) = line.split_once(": ").expect("a header");
            (name.to_lowercase(), value.to_owned())
        });
        Self {
            headers: headers.collect(),
            body: body.to_owned(),
        }
    }

    fn header(&self, name: &str) -> &str {
        let named = self.headers.iter().find(|(header, _)| header == name);
        named.map_or("", |(_, value)| value)
    }

    /// Encoded words are joined without the blanks between them (RFC 2047 section 6.2).
    fn subject(&self) -> String {
        let subject = self.header("subject");
        if !subject.starts_with("=?") {
            return subject.to_owned();
        }
        let word = |word: &str| {
            let word = word
                .strip_prefix("=?utf-8?B?")
                .and_then(|w| w.strip_suffix("?="));
            decoded(word.expect("an encoded word"))
        };
        let subject: String = subject.split(' ').map(word).collect();
        subject.trim().to_owned()
    }

    fn text(&self) -> String {
        let text = match self.header("content-transfer-encoding") {
            "base64" => decoded(&self.body.replace("\r\n", "")),
            _ => self.body.clone(),
        };
        text.replace("\r\n", "\n")
    }
}

fn decoded(base64: &str) -> String {
    let bytes = STANDARD.decode(base64).expect("base64");
    String::from_utf8(bytes).expect("UTF-8")
}
