use std::sync::Mutex;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::testing::mailer;

/// A mail server on this machine, as far as a client needs one (RFC 5321, RFC 4954).
#[derive(Clone, Default)]
struct Server {
    messages: Arc<Mutex<Vec<String>>>,
    commands: Arc<Mutex<Vec<String>>>,
    /// What it answers to `RCPT TO`, where that is not yes.
    refuses: Option<&'static str>,
}

impl Server {
    /// Its port.
    async fn start(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(server.clone().serve(stream));
            }
        });
        port
    }

    async fn serve(self, stream: TcpStream) {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 here\r\n").await.expect("greet");
        while let Ok(Some(line)) = lines.next_line().await {
            self.commands.lock().expect("lock").push(line.clone());
            let answer = match line.split_ascii_whitespace().next().unwrap_or_default() {
                "EHLO" => "250-here\r\n250-8BITMIME\r\n250 AUTH PLAIN",
                "AUTH" => "235 welcome",
                "RCPT" => self.refuses.unwrap_or("250 yes"),
                "DATA" => "354 go on",
                "QUIT" => "221 bye",
                _ => "250 yes",
            };
            let is_data = answer.starts_with("354");
            write
                .write_all(format!("{answer}\r\n").as_bytes())
                .await
                .expect("answer");
            if is_data {
                let mut message = String::new();
                while let Ok(Some(line)) = lines.next_line().await
                    && line != "."
                {
                    message.push_str(line.strip_prefix('.').unwrap_or(&line));
                    message.push_str("\r\n");
                }
                self.messages.lock().expect("lock").push(message);
                write.write_all(b"250 kept\r\n").await.expect("answer");
            }
        }
    }
}

fn mail() -> Mail {
    Mail {
        to: Email::parse("ada@example.com").expect("an address"),
        subject: "A link".to_owned(),
        text: "It opens a door.\n".to_owned(),
    }
}

fn over(port: u16, tls: SmtpTls) -> SmtpMailer {
    SmtpMailer::new(SmtpConfig {
        host: "127.0.0.1".to_owned(),
        port,
        tls,
        credentials: Some(("karen".to_owned(), "a password".to_owned())),
        from: Email::parse("karen@example.org").expect("an address"),
    })
    .expect("settings")
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract() {
    let server = Server::default();
    let smtp = over(server.start().await, SmtpTls::Plain);
    let delivered = move || server.messages.lock().expect("lock").clone();
    mailer(Arc::new(smtp), delivered).await;
}

#[tokio::test]
async fn it_names_itself_the_sender_and_the_one_recipient() {
    let server = Server::default();
    let smtp = over(server.start().await, SmtpTls::Plain);
    smtp.send(&mail()).await.expect("send");
    let commands = server.commands.lock().expect("lock").join("\n");
    // RFC 4616: the user and the password after a zero byte each.
    assert!(
        commands.contains("AUTH PLAIN AGthcmVuAGEgcGFzc3dvcmQ="),
        "{commands}"
    );
    assert!(
        commands.contains("MAIL FROM:<karen@example.org>"),
        "{commands}"
    );
    assert_eq!(commands.matches("RCPT TO:").count(), 1, "{commands}");
    assert!(commands.contains("RCPT TO:<ada@example.com>"), "{commands}");
}

#[tokio::test]
async fn what_the_server_says_decides_whether_to_try_again() {
    for (answer, expect) in [
        ("550 no such mailbox", AuthErrorKind::Invalid),
        ("451 later", AuthErrorKind::Unavailable),
    ] {
        let server = Server {
            refuses: Some(answer),
            ..Server::default()
        };
        let smtp = over(server.start().await, SmtpTls::Plain);
        let refused = smtp.send(&mail()).await.expect_err(answer);
        assert_eq!(refused.kind(), expect, "{answer}");
    }
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = nobody.local_addr().expect("an address").port();
    drop(nobody);
    let refused = over(port, SmtpTls::Plain)
        .send(&mail())
        .await
        .expect_err("nobody");
    assert_eq!(refused.kind(), AuthErrorKind::Unavailable);
}

#[tokio::test]
async fn no_mail_goes_unprotected_where_protection_is_asked_for() {
    let server = Server::default();
    let smtp = over(server.start().await, SmtpTls::Upgrade);
    smtp.send(&mail())
        .await
        .expect_err("the server offers no STARTTLS");
    let commands = server.commands.lock().expect("lock").join("\n");
    assert!(
        !commands.contains("AUTH") && !commands.contains("MAIL"),
        "{commands}"
    );
}
