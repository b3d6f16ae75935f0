//! Requests that two readers could take for different ones (RFC 9112, sections 5 and 6), by raw
//! sockets: each is refused, and nothing behind it on the connection is taken for a request.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::Site;

const SMUGGLED: &str = "GET /livez HTTP/1.1\r\nHost: karen.test\r\nConnection: close\r\n\r\n";

/// The statuses of all answers on one connection that `sent` begins.
async fn statuses(site: &Site, sent: &str) -> Vec<String> {
    let mut stream = TcpStream::connect(site.address).await.expect("connect");
    stream.write_all(sent.as_bytes()).await.expect("write");
    let mut said = Vec::new();
    // A reset after the answer is an end too.
    stream.read_to_end(&mut said).await.unwrap_or(0);
    let said = String::from_utf8_lossy(&said).into_owned();
    let lines = said.split("HTTP/1.1 ").skip(1);
    lines.map(|line| line[..3].to_owned()).collect()
}

fn post(version: &str, headers: &str, body: &str) -> String {
    format!(
        "POST /api/v1/auth/login {version}\r\nHost: karen.test\r\n\
         Content-Type: application/json\r\n{headers}\r\n\r\n{body}{SMUGGLED}"
    )
}

#[tokio::test]
async fn a_request_with_two_readings_is_refused_with_all_behind_it() {
    let site = Site::open().await;
    for (headers, body) in [
        ("Content-Length: 2\r\nContent-Length: 0", "{}"),
        ("Content-Length: 2, 0", "{}"),
        ("Content-Length: +2", "{}"),
        ("Content-Length: -2", "{}"),
        ("Content-Length: 0x2", "{}"),
        ("Content-Length: 99999999999999999999", "{}"),
        ("Transfer-Encoding: xchunked", "2\r\n{}\r\n0\r\n\r\n"),
        (
            "Transfer-Encoding: chunked, identity",
            "2\r\n{}\r\n0\r\n\r\n",
        ),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            "2\r\n{}\r\n0\r\n\r\n",
        ),
        ("Transfer-Encoding : chunked", "2\r\n{}\r\n0\r\n\r\n"),
        ("X-Folded: a\r\n b: c\r\nContent-Length: 2", "{}"),
        ("X-Bare: a\rb\r\nContent-Length: 2", "{}"),
        ("X-Nul: a\0b\r\nContent-Length: 2", "{}"),
        ("Transfer-Encoding: chunked", "zz\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "-2\r\n{}\r\n0\r\n\r\n"),
        (
            "Transfer-Encoding: chunked",
            "10000000000000002\r\n{}\r\n0\r\n\r\n",
        ),
        ("Transfer-Encoding: chunked", "2\r\n{}xx0\r\n\r\n"),
    ] {
        let answers = statuses(&site, &post("HTTP/1.1", headers, body)).await;
        assert_eq!(answers, ["400"], "{headers:?} {body:?}");
    }
    let old = post(
        "HTTP/1.0",
        "Transfer-Encoding: chunked",
        "2\r\n{}\r\n0\r\n\r\n",
    );
    assert_eq!(statuses(&site, &old).await, ["400"], "chunks in HTTP/1.0");
}

/// RFC 9112, section 6.1: the length is ignored, and the connection ends after the answer.
#[tokio::test]
async fn where_a_request_has_chunks_and_a_length_its_answer_is_the_last() {
    let site = Site::open().await;
    let chunks = "2\r\n{}\r\n0\r\n\r\n";
    for (headers, expected) in [
        ("Transfer-Encoding: chunked", &["422", "200"][..]),
        ("Content-Length: 3\r\nTransfer-Encoding: chunked", &["422"]),
        ("Transfer-Encoding: chunked\r\nContent-Length: 3", &["422"]),
        (
            "Transfer-Encoding: chunked\r\nContent-Length: 3000",
            &["422"],
        ),
    ] {
        let answers = statuses(&site, &post("HTTP/1.1", headers, chunks)).await;
        assert_eq!(answers, expected, "{headers:?}");
    }
}
