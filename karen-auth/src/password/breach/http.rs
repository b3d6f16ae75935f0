//! A list behind HTTP, as Have I Been Pwned has it.

use async_trait::async_trait;
use reqwest::Client;

use super::BreachList;
use crate::http::{body, client, silent};
use crate::oidc::is_private;
use crate::{AuthError, AuthErrorKind};

const ASK: &str = "ask for breached passwords";
/// Answers of every range then have a like length, whoever listens.
const PADDING: (&str, &str) = ("Add-Padding", "true");

/// The range API at an address such as `https://api.pwnedpasswords.com/range/`.
#[derive(Clone, Debug)]
pub struct HttpBreachList {
    client: Client,
    /// Ends with a slash.
    url: String,
}

impl HttpBreachList {
    /// A client of `url`, to which a range's name is added.
    ///
    /// # Errors
    /// `Invalid` unless it begins with `https://` or is on this machine; `Internal` when the system
    /// has no usable TLS.
    pub fn new(url: &str) -> Result<Self, AuthError> {
        if !is_private(url) {
            let reason = "its address begins with https://";
            return Err(AuthError::new(AuthErrorKind::Invalid, ASK, reason));
        }
        Ok(Self {
            client: client(ASK)?,
            url: format!("{}/", url.trim_end_matches('/')),
        })
    }
}

#[async_trait]
impl BreachList for HttpBreachList {
    async fn range(&self, prefix: &str) -> Result<String, AuthError> {
        let request = self.client.get(format!("{}{prefix}", self.url));
        // The list refuses who does not say who asks.
        let request = request
            .header(PADDING.0, PADDING.1)
            .header("User-Agent", "karen-auth");
        let answer = request.send().await.map_err(|e| silent(ASK, e))?;
        if answer.status() != 200 {
            let reason = format!("it answers {}", answer.status());
            return Err(AuthError::new(AuthErrorKind::Unavailable, ASK, reason));
        }
        let text = String::from_utf8(body(ASK, answer).await?);
        text.map_err(|_| AuthError::new(AuthErrorKind::Unavailable, ASK, "its answer is no text"))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers one request with `answer`; the address, and what was asked.
    async fn server(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/range", listener.local_addr().expect("bound"));
        let asked = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                stream.read_buf(&mut request).await.expect("a request");
            }
            stream.write_all(answer.as_bytes()).await.expect("heard");
            String::from_utf8(request).expect("text")
        });
        (url, asked)
    }

    #[tokio::test]
    async fn five_digits_are_asked_for_and_padded() {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nABCDE:3";
        let (url, asked) = server(answer).await;
        let list = HttpBreachList::new(&url).expect("on this machine");
        assert_eq!(list.range("5BAA6").await.expect("a range"), "ABCDE:3");
        let asked = asked.await.expect("it ran").to_lowercase();
        assert!(
            asked.starts_with("get /range/5baa6 http/1.1\r\n"),
            "{asked}"
        );
        assert!(asked.contains("add-padding: true"), "{asked}");
        assert!(asked.contains("user-agent: karen-auth"), "{asked}");
    }

    #[tokio::test]
    async fn a_refusal_is_no_answer() {
        let (url, _asked) = server("HTTP/1.1 429 Too Many\r\nContent-Length: 0\r\n\r\n").await;
        let list = HttpBreachList::new(&url).expect("on this machine");
        let error = list.range("5BAA6").await.expect_err("refused");
        assert_eq!(error.kind(), AuthErrorKind::Unavailable);
    }

    #[test]
    fn a_list_without_tls_is_refused() {
        let error = HttpBreachList::new("http://breaches.example/range").expect_err("in the clear");
        assert_eq!(error.kind(), AuthErrorKind::Invalid);
    }
}
