use std::io::ErrorKind;

use karen_core::{Code, Karen};
use karen_server::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Site, in_memory};

/// Waits until the server ends the connection; whatever it says before is thrown away.
async fn wait_for_end(mut stream: TcpStream) {
    let mut said = Vec::new();
    match stream.read_to_end(&mut said).await {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
}

#[tokio::test]
async fn a_client_that_says_too_little_is_cut_off() {
    let mut config = in_memory();
    config.server.header_seconds = 1;
    let site = Site::with(config).await;
    for beginning in [
        &b""[..],
        b"P",
        b"PRI * HTTP/2.0",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
    ] {
        let mut stream = TcpStream::connect(site.address).await.expect("connect");
        stream.write_all(beginning).await.expect("write");
        wait_for_end(stream).await;
    }
}

#[tokio::test]
async fn clients_beyond_the_limit_wait_for_their_turn() {
    let mut config = in_memory();
    config.server.connections_max = 1;
    config.server.header_seconds = 1;
    let site = Site::with(config).await;
    let silent = TcpStream::connect(site.address).await.expect("connect");
    // Answered once the silent one has been cut off.
    site.get("/livez", "").await.expect(200);
    wait_for_end(silent).await;
}

#[tokio::test]
async fn beyond_this_machine_a_secret_is_needed() {
    let mut config = in_memory();
    config.server.listen = "0.0.0.0:0".parse().expect("address");
    let karen = Karen::builder().config(config).open().await.expect("open");
    let Err(error) = Server::bind(karen).await else {
        panic!("it listens")
    };
    assert_eq!(error.code(), Code::InvalidArgument);
    assert!(error.to_string().contains("auth.secret_file"), "{error}");
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let site = Site::open().await;
    let mut config = in_memory();
    config.server.listen = site.address;
    let karen = Karen::builder().config(config).open().await.expect("open");
    let Err(error) = Server::bind(karen).await else {
        panic!("it listens")
    };
    assert_eq!(error.code(), Code::Unavailable);
    assert!(error.to_string().contains("--listen"), "{error}");
}
