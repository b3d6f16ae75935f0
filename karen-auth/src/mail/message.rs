//! Mails as they travel: RFC 5322 with MIME (RFC 2045, RFC 2047).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

use super::Mail;
use crate::Email;

/// RFC 5322 section 2.1.1 recommends lines of no more than 78 characters.
const LINE_CHARS_MAX: usize = 78;
/// RFC 2045 section 6.8.
const BASE64_LINE_CHARS: usize = 76;
/// So many bytes become an encoded word that fits a line, also behind `Subject: ` (RFC 2047
/// section 2 allows 75 characters).
const WORD_BYTES_MAX: usize = 42;

/// The message of `mail`, sent by `from` at `now_ms`. Lines end in CRLF.
pub(super) fn message(mail: &Mail, from: &Email, now_ms: i64) -> String {
    let is_plain = mail.text.lines().all(is_plain_line);
    let (encoding, body) = match is_plain {
        true => ("7bit", with_crlf(&mail.text)),
        false => ("base64", base64_lines(with_crlf(&mail.text).as_bytes())),
    };
    let host = from
        .as_str()
        .rsplit_once('@')
        .map_or("localhost", |(_, host)| host);
    let headers = [
        ("From", from.as_str().to_owned()),
        ("To", mail.to.as_str().to_owned()),
        ("Subject", subject(&mail.subject)),
        ("Date", date(now_ms)),
        (
            "Message-ID",
            format!("<{}@{host}>", Uuid::now_v7().simple()),
        ),
        // RFC 3834 section 5: nobody's holiday notice answers it.
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("MIME-Version", "1.0".to_owned()),
        ("Content-Type", "text/plain; charset=utf-8".to_owned()),
        ("Content-Transfer-Encoding", encoding.to_owned()),
    ];
    let mut message = String::new();
    for (name, value) in headers {
        message.push_str(&format!("{name}: {value}\r\n"));
    }
    message + "\r\n" + &body
}

fn is_plain_line(line: &str) -> bool {
    line.len() <= LINE_CHARS_MAX && line.bytes().all(|b| matches!(b, b' '..=b'~'))
}

fn with_crlf(text: &str) -> String {
    let lines = text.lines().map(|line| format!("{line}\r\n"));
    lines.collect()
}

fn base64_lines(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let lines = text.as_bytes().chunks(BASE64_LINE_CHARS);
    let lines = lines.map(|line| line.iter().map(|&b| char::from(b)).collect::<String>() + "\r\n");
    lines.collect()
}

/// Plain where it can be, else in encoded words. A line break is no line break in a header.
fn subject(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if is_plain_line(&text) && !text.contains("=?") {
        return text;
    }
    let words = words(&text);
    let words = words
        .iter()
        .map(|w| format!("=?utf-8?B?{}?=", STANDARD.encode(w)));
    words.collect::<Vec<_>>().join("\r\n ")
}

/// Cuts between characters, never within one.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in text.chars() {
        let last = words.last_mut().expect("there is one");
        if last.len() + c.len_utf8() <= WORD_BYTES_MAX {
            last.push(c);
        } else {
            words.push(c.to_string());
        }
    }
    words
}

/// RFC 5322 section 3.3, in UTC.
fn date(now_ms: i64) -> String {
    let now = jiff::Timestamp::from_millisecond(now_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    now.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(subject: &str, text: &str) -> String {
        let mail = Mail {
            to: Email::parse("ada@example.com").expect("an address"),
            subject: subject.to_owned(),
            text: text.to_owned(),
        };
        let from = Email::parse("karen@example.org").expect("an address");
        message(&mail, &from, 1_767_225_600_000)
    }

    #[test]
    fn a_plain_mail_can_be_read_as_it_is() {
        let message = mail(
            "Reset your password",
            "Follow this link:\n\nhttps://example.org/#x\n",
        );
        let (headers, body) = message.split_once("\r\n\r\n").expect("a body");
        assert_eq!(body, "Follow this link:\r\n\r\nhttps://example.org/#x\r\n");
        for expect in [
            "From: karen@example.org\r\n",
            "To: ada@example.com\r\n",
            "Subject: Reset your password\r\n",
            "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n",
            "Content-Transfer-Encoding: 7bit",
        ] {
            assert!(headers.contains(expect), "{expect} in {headers}");
        }
    }

    #[test]
    fn no_line_is_longer_than_the_rfc_recommends() {
        let long = "Ünïcödé und mehr. ".repeat(40);
        for line in mail(&long, &long).split("\r\n") {
            assert!(line.len() <= LINE_CHARS_MAX && line.is_ascii(), "{line}");
        }
    }

    #[test]
    fn a_subject_adds_no_header() {
        let message = mail("Hi\r\nBcc: all@example.com\r\n\r\nbody", "text");
        assert!(
            message.contains("Subject: Hi  Bcc: all@example.com    body\r\n"),
            "{message}"
        );
        assert_eq!(message.matches("\r\n\r\n").count(), 1);
    }
}
