//! The server's API as its clients see it.

use std::net::IpAddr;

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
        let mut stream = TcpStream::connect(self.address()).await.unwrap();
        let request = format!(
            "{method} {target} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.address(),
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, text) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        Reply {
            status: status.unwrap_or_else(|| panic!("{target}: {answer:?}")),
            text: text.to_owned(),
            retry_after: None,
        }
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
        reply(request.send().await.unwrap()).await
    }

    /// Asks for a server for a stream (`scope/name`) as a client does, from one of this machine's addresses.
    pub async fn ask(&self, action: &str, path: &str, from: Option<IpAddr>) -> Reply {
        let url = format!(
            "{}/streammanager/api/3.1/event/{path}?action={action}",
            self.base_url()
        );
        let client = reqwest::Client::builder().local_address(from).build();
        reply(client.unwrap().get(url).send().await.unwrap()).await
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

async fn reply(response: reqwest::Response) -> Reply {
    let retry_after = response.headers().get("retry-after");
    let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
    Reply {
        status: response.status().as_u16(),
        retry_after,
        text: response.text().await.unwrap(),
    }
}
