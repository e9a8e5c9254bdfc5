//! Clients that open connections and are slow on them, or open too many: cut off, and nobody else notices.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use weir_cloud::clock::Clock;
use weir_cloud::node_auth::{NODE_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER};
use weir_tests::{Options, TestServer};

const CROWDED: &str = "a client has as many connections open";
/// Longer than any answer takes that comes at all.
const PATIENCE: Duration = Duration::from_secs(60);

async fn connect(server: &TestServer) -> TcpStream {
    TcpStream::connect(server.address()).await.unwrap()
}

/// Everything that comes until the server closes the connection.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    // A connection that is cut while we still write ends with an error.
    let reading = stream.read_to_end(&mut all);
    let _ = tokio::time::timeout(PATIENCE, reading)
        .await
        .expect("the server ends the connection");
    String::from_utf8_lossy(&all).into_owned()
}

/// The head of a report whose body of 1,000 bytes is still to come.
fn head(more: &str) -> String {
    format!(
        "POST /streammanager/cloudwatch HTTP/1.1\r\nHost: weir\r\nContent-Length: 1000\r\n{more}\r\n"
    )
}

fn signed(server: &TestServer) -> String {
    let now = server.clock.now();
    format!("{NODE_HEADER}: x\r\n{TIMESTAMP_HEADER}: {now}\r\n{SIGNATURE_HEADER}: 00\r\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_head_is_not_waited_for() {
    let mut options = Options::brisk();
    options.config.server.request_head_ms = 1_000;
    let server = TestServer::start(options).await;
    let mut silent = connect(&server).await;
    let mut slow = connect(&server).await;
    slow.write_all(b"GET /healthz HTTP/1.1\r\nHo")
        .await
        .unwrap();
    assert_eq!(read_to_end(&mut silent).await, "");
    assert_eq!(read_to_end(&mut slow).await, "");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_is_read_only_of_who_signs_and_only_while_it_comes() {
    let server = TestServer::start(Options::brisk()).await;
    for packed in ["", "Content-Encoding: gzip\r\n"] {
        let mut unsigned = connect(&server).await;
        unsigned.write_all(head(packed).as_bytes()).await.unwrap();
        let answer = read_to_end(&mut unsigned).await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{packed}{answer}");
    }
    let stalled = ["", "Content-Encoding: gzip\r\n"].map(|packed| {
        let head = head(&format!("{packed}{}", signed(&server)));
        let server = &server;
        async move {
            let mut stream = connect(server).await;
            stream.write_all(head.as_bytes()).await.unwrap();
            read_to_end(&mut stream).await
        }
    });
    for answer in futures_util::future::join_all(stalled).await {
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        assert!(
            answer.contains("the body came too slowly: 0 bytes"),
            "{answer}"
        );
    }
    server.finish().await;
}

/// A connection on which a question was answered; `None`: it was closed.
async fn served(server: &TestServer) -> Option<TcpStream> {
    let mut stream = connect(server).await;
    let question = b"GET /healthz HTTP/1.1\r\nHost: weir\r\n\r\n";
    stream.write_all(question).await.ok()?;
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.ok()?;
    assert_eq!(&first, b"HTTP/1.1 200");
    Some(stream)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_has_so_many_connections_and_the_next_is_closed() {
    let mut options = Options::brisk();
    options.config.server.max_connections_per_client = 10;
    let server = TestServer::start(options).await;
    server.logs.expect(CROWDED);
    let mut held = Vec::new();
    while let Some(stream) = served(&server).await {
        held.push(stream);
    }
    assert_eq!(held.len(), 10);
    assert_eq!(server.logs.with(CROWDED).len(), 1, "once a minute");
    drop(held);
    // The server sees their ends when it gets to it.
    while served(&server).await.is_none() {
        tokio::task::yield_now().await;
    }
    server.finish().await;
}
