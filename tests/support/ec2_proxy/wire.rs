//! HTTP by hand, so that an answer can be cut anywhere: HTTP/1.1 with bodies of known length, which is what clients of
//! the Query API send.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::flow::Flow;

/// Longest head and body of a request, bytes.
const LONGEST: usize = 1 << 20;

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) authorization: String,
    pub(super) body: String,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

/// What the client gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    /// The answer.
    Whole(Answer),
    /// The first bytes of its body, as if they were all.
    Short(Answer, usize),
    /// Its headers and the first bytes of its body, then the connection is closed.
    Torn(Answer, usize),
    /// The connection is closed without a byte.
    Closed,
    /// The connection is reset.
    Reset,
}

/// Serves every connection until the task is aborted, and all of them with it.
pub(super) async fn serve(listener: TcpListener, flow: Arc<Flow>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(converse(stream, flow.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(mut stream: TcpStream, flow: Arc<Flow>) {
    let mut read = Vec::new();
    // A client that breaks off, or speaks no HTTP, has nothing to be told.
    while let Ok(Some(request)) = next_request(&mut stream, &mut read).await {
        let reply = flow.reply(request).await;
        if !matches!(send(&mut stream, reply).await, Ok(true)) {
            return;
        }
    }
}

async fn next_request(
    stream: &mut TcpStream,
    read: &mut Vec<u8>,
) -> std::io::Result<Option<Request>> {
    loop {
        if let Some((request, length)) = parse(read) {
            read.drain(..length);
            return Ok(Some(request));
        }
        if read.len() > LONGEST || stream.read_buf(read).await? == 0 {
            return Ok(None);
        }
    }
}

/// The first whole request and its length.
fn parse(read: &[u8]) -> Option<(Request, usize)> {
    let head_ends = read.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&read[..head_ends]).into_owned();
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers: Vec<(String, &str)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim()))
        .collect();
    let header = |wanted: &str| {
        let mut found = headers.iter().filter(|(name, _)| name == wanted);
        found.next().map_or("", |(_, value)| *value)
    };
    let length: usize = header("content-length").parse().unwrap_or(0);
    let body = read.get(head_ends + 4..head_ends + 4 + length)?;
    let request = Request {
        method,
        path,
        authorization: header("authorization").to_owned(),
        body: String::from_utf8_lossy(body).into_owned(),
    };
    Some((request, head_ends + 4 + length))
}

/// Whether the connection goes on.
async fn send(stream: &mut TcpStream, reply: Reply) -> std::io::Result<bool> {
    match reply {
        Reply::Whole(answer) => {
            let length = answer.body.len();
            write(stream, &answer, length, length).await?;
            Ok(true)
        }
        Reply::Short(answer, kept) => {
            write(stream, &answer, kept, kept).await?;
            Ok(true)
        }
        Reply::Torn(answer, kept) => {
            write(stream, &answer, answer.body.len(), kept).await?;
            Ok(false)
        }
        Reply::Closed => Ok(false),
        Reply::Reset => {
            stream.set_zero_linger()?;
            Ok(false)
        }
    }
}

async fn write(
    stream: &mut TcpStream,
    answer: &Answer,
    promised: usize,
    sent: usize,
) -> std::io::Result<()> {
    let head = format!(
        "HTTP/1.1 {} -\r\ncontent-type: text/xml;charset=UTF-8\r\ncontent-length: {promised}\r\n\r\n",
        answer.status
    );
    let body = &answer.body.as_bytes()[..sent.min(answer.body.len())];
    stream.write_all(&[head.as_bytes(), body].concat()).await?;
    stream.flush().await
}
