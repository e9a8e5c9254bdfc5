//! What is the same for every route: bodies, headers, pages of other origins.

use anyhow::Result;
use reqwest::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use weir_cloud::node_auth::{NODE_HEADER, NodeKey, SIGNATURE_HEADER, TIMESTAMP_HEADER};

use crate::server::{PASSWORD, Server, TOKEN};

/// Signs as a node does that knows the password and not yet its name.
fn signed(server: &Server, body: &[u8]) -> HeaderMap {
    let now = server.now();
    let signature = NodeKey::derive(PASSWORD, "").sign("", now, body);
    let mut headers = HeaderMap::new();
    headers.insert(NODE_HEADER, "".parse().expect("an empty value"));
    headers.insert(TIMESTAMP_HEADER, now.to_string().parse().expect("digits"));
    headers.insert(SIGNATURE_HEADER, signature.parse().expect("hex"));
    headers
}

async fn error_of(response: Response) -> Result<(u16, String)> {
    let status = response.status().as_u16();
    assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
    let body: Value = response.json().await?;
    assert!(body["timestamp"].as_u64().is_some(), "{body}");
    Ok((
        status,
        body["errorMessage"].as_str().unwrap_or_default().to_owned(),
    ))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_server_is_told_to_ask_again() -> Result<()> {
    let server = Server::start().await?;
    let url = format!("{}/streammanager/cloudwatch", server.base_url);
    let role = json!({"v":1,"type":"role","boot":"1542855570000-b7d1","seq":1,"timestamp":1542855577000_u64}).to_string();
    let client = Client::new();
    let one: Value = client
        .post(&url)
        .headers(signed(&server, role.as_bytes()))
        .body(role.clone())
        .send()
        .await?
        .json()
        .await?;
    assert_eq!(
        (&one["accepted"], &one["retryAfterMs"]),
        (&json!(false), &json!(30_000))
    );
    let many = format!("[{role},{role}]");
    let many: Value = client
        .post(&url)
        .headers(signed(&server, many.as_bytes()))
        .body(many)
        .send()
        .await?
        .json()
        .await?;
    assert_eq!(
        many.as_array().map(Vec::len),
        Some(2),
        "an array is answered by an array"
    );
    let report = role.replace("role", "report");
    let nameless = client
        .post(&url)
        .headers(signed(&server, report.as_bytes()))
        .body(report)
        .send()
        .await?;
    assert_eq!(error_of(nameless).await?.0, 401);
    let spoilt = role.replace("\"seq\":1", "\"seq\":\"x\"");
    let spoilt = client
        .post(&url)
        .headers(signed(&server, spoilt.as_bytes()))
        .body(spoilt)
        .send()
        .await?;
    let (status, problem) = error_of(spoilt).await?;
    assert!(status == 400 && problem.starts_with("seq: "), "{problem}");
    server.stop().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_are_bounded_as_they_unpack() -> Result<()> {
    let server = Server::start().await?;
    let url = format!("{}/streammanager/cloudwatch", server.base_url);
    let client = Client::new();
    // 4 MiB of zeros in 4 kB.
    let bomb = include_bytes!("zeros.gz");
    let bomb = client
        .post(&url)
        .header("content-encoding", "gzip")
        .body(bomb.to_vec())
        .send()
        .await?;
    assert_eq!(error_of(bomb).await?.0, 400);
    let strange = client
        .post(&url)
        .header("content-encoding", "zebra")
        .body("x")
        .send()
        .await?;
    assert_eq!(error_of(strange).await?.0, 400);
    server.stop().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_may_ask_for_streams_and_not_administrate() -> Result<()> {
    let server = Server::start().await?;
    let client = Client::new();
    let api = format!("{}/streammanager/api/3.1", server.base_url);
    for (path, allowed) in [("/event/list", true), ("/admin/nodegroup", false)] {
        let preflight = client
            .request(Method::OPTIONS, format!("{api}{path}"))
            .header("origin", "https://player.example")
            .header("access-control-request-method", "GET")
            .send()
            .await?;
        assert_eq!(
            preflight
                .headers()
                .contains_key(ACCESS_CONTROL_ALLOW_ORIGIN),
            allowed,
            "{path}"
        );
        let call = client
            .get(format!("{api}{path}?accessToken={TOKEN}"))
            .header("origin", "https://player.example")
            .send()
            .await?;
        assert_eq!(call.status(), 200);
        assert_eq!(
            call.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN),
            allowed,
            "{path}"
        );
    }
    server.stop().await
}
