//! The server's API as its clients see it.

use std::net::{IpAddr, SocketAddr};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use weir_cloud::clock::Clock;
use weir_core::units::DurationMs;

use crate::{TestServer, tutorial};

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub text: String,
    /// `Retry-After`, seconds.
    pub retry_after: Option<u64>,
}

impl Reply {
    /// No answer: the server is away, or died over it.
    pub(crate) fn away() -> Self {
        Self {
            status: 503,
            text: String::new(),
            retry_after: None,
        }
    }

    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// This answer, when it has the status.
    ///
    /// # Panics
    /// It has another.
    #[must_use]
    #[track_caller]
    pub fn wanted(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}

impl TestServer {
    /// Sends a request line as it is, byte for byte, as no HTTP client would.
    pub async fn raw(&self, method: &str, target: &str, body: &str) -> Reply {
        let sent = raw(self.address(), method, target, body).await;
        sent.unwrap_or_else(|error| panic!("{target}: {error}"))
    }

    /// A call of the administrator on the compatible API: `path` without version, token in its header.
    pub async fn admin(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        self.call(
            method,
            &format!("/streammanager/api/4.0/admin/{path}"),
            body,
        )
        .await
    }

    /// A read of Weir's own API below `/weir/v1/`.
    pub async fn weir(&self, path: &str) -> Value {
        let reply = self.call("GET", &format!("/weir/v1/{path}"), None).await;
        reply.wanted(200).json()
    }

    /// A write of Weir's own API below `/weir/v1/`.
    pub async fn weir_post(&self, path: &str, body: &Value) -> Reply {
        self.weir_call("POST", path, Some(body)).await
    }

    /// A call of Weir's own API below `/weir/v1/`.
    pub async fn weir_call(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        self.call(method, &format!("/weir/v1/{path}"), body).await
    }

    /// Uploads a policy under this name.
    pub async fn upload(&self, name: &str, component: Vec<u8>) -> Reply {
        let url = format!("{}/weir/v1/policies/{name}", self.base_url());
        let request = reqwest::Client::new()
            .post(url)
            .bearer_auth(tutorial::TOKEN)
            .body(component);
        reply(request.send().await.unwrap()).await.unwrap()
    }

    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let url = format!("{}{path}", self.base_url());
        let method = method.parse().unwrap();
        let request = reqwest::Client::new()
            .request(method, url)
            .bearer_auth(tutorial::TOKEN);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        reply(request.send().await.unwrap()).await.unwrap()
    }

    /// Asks for a server for a stream (`scope/name`) as a client does, from one of this machine's addresses.
    pub async fn ask(&self, action: &str, path: &str, from: Option<IpAddr>) -> Reply {
        let url = format!(
            "{}/streammanager/api/3.1/event/{path}?action={action}",
            self.base_url()
        );
        let client = reqwest::Client::builder().local_address(from).build();
        let answer = client.unwrap().get(url).send().await.unwrap();
        reply(answer).await.unwrap()
    }

    /// Deletes a group; asks again while the store is in trouble.
    pub async fn delete_group(&self, name: &str) {
        loop {
            let reply = self
                .admin("DELETE", &format!("nodegroup/{name}"), None)
                .await;
            match reply.status {
                200 | 404 => return,
                503 => self.clock.sleep(DurationMs::secs(1)).await,
                _ => self.fail(&format!("{reply:?}")).await,
            }
        }
    }
}

/// Sends a request line as it is, byte for byte, and reads the answer to its end.
pub(crate) async fn raw(
    address: SocketAddr,
    method: &str,
    target: &str,
    body: &str,
) -> std::io::Result<Reply> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "{method} {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, text) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status = status.ok_or_else(|| std::io::Error::other(format!("answered {answer:?}")))?;
    Ok(Reply {
        status,
        text: text.to_owned(),
        retry_after: None,
    })
}

pub(crate) async fn reply(response: reqwest::Response) -> reqwest::Result<Reply> {
    let retry_after = response.headers().get("retry-after");
    let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
    Ok(Reply {
        status: response.status().as_u16(),
        retry_after,
        text: response.text().await?,
    })
}
