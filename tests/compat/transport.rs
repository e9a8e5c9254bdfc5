//! What is the same for every route: bodies, headers, pages of other origins.

use anyhow::Result;
use reqwest::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE, DATE, HeaderMap, ORIGIN};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use weir_cloud::node_auth::{NODE_HEADER, NodeKey, SIGNATURE_HEADER, TIMESTAMP_HEADER};

use crate::playing::Player;
use crate::recording::Recording;
use crate::recordings;
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
async fn a_message_is_answered_alike_however_it_is_sent() -> Result<()> {
    let server = Server::start().await?;
    let url = format!("{}/streammanager/cloudwatch", server.base_url);
    let client = Client::new();
    let role =
        json!({"v":1,"type":"role","boot":"1542855570000-b7d1","seq":1,"timestamp":1}).to_string();
    let report = role.replace("role", "report");
    let mut statuses = Vec::new();
    for body in [
        &role,
        &format!("[{role},{role}]"),
        &report,
        "{}",
        "no JSON",
        "",
    ] {
        for headers in [signed(&server, body.as_bytes()), HeaderMap::new()] {
            let send = || {
                client
                    .post(&url)
                    .headers(headers.clone())
                    .body(body.to_owned())
            };
            let short = seen(send().send().await?).await?;
            // A body with an encoding, be it none, passes the routes.
            let long = send().header("content-encoding", "identity");
            let long = seen(long.send().await?).await?;
            assert_eq!(short, long, "{body}");
            statuses.push(short.0);
        }
    }
    let [good, unsigned, refused] = [200, 401, 400];
    let alike = [good, unsigned, good, unsigned, unsigned, unsigned];
    assert_eq!(statuses[..6], alike);
    assert_eq!(statuses[6..], [refused, unsigned].repeat(3));
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
        .headers(signed(&server, b""))
        .header("content-encoding", "gzip")
        .body(bomb.to_vec())
        .send()
        .await?;
    assert_eq!(error_of(bomb).await?.0, 400);
    let strange = client
        .post(&url)
        .headers(signed(&server, b"x"))
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

fn forget_moment(body: &mut Value) {
    if let Some(body) = body.as_object_mut() {
        body.remove("timestamp");
        body.remove("time");
    }
}

/// Status, headers and body, without what differs from moment to moment.
async fn seen(response: Response) -> Result<(u16, Vec<(String, String)>, Value)> {
    let status = response.status().as_u16();
    let headers = response.headers().iter();
    let mut headers: Vec<(String, String)> = headers
        .filter(|(name, _)| *name != DATE)
        .map(|(name, value)| Ok((name.to_string(), value.to_str()?.to_owned())))
        .collect::<Result<_>>()?;
    headers.sort();
    let mut body: Value = response.json().await?;
    for body in body
        .as_array_mut()
        .map_or_else(Vec::new, |all| all.iter_mut().collect())
    {
        forget_moment(body);
    }
    forget_moment(&mut body);
    Ok((status, headers, body))
}

/// A plainly spelled question does not pass the routes; one with an escape in its path does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_is_answered_alike_however_it_is_spelled() -> Result<()> {
    let server = Server::start().await?;
    let mut player = Player::new(&server.base_url, TOKEN, server.outside());
    let until_questions = |recording: &&Recording| !recording.name.contains("row21");
    for recording in recordings()?.iter().take_while(until_questions) {
        let problems = player.play(recording).await?;
        assert!(problems.is_empty(), "{problems:?}");
    }
    let client = Client::new();
    let mut answered = 0;
    for version in ["2.0", "3.0", "3.1", "4.0"] {
        for question in [
            "?action=broadcast",
            "?action=broadcast&endpoints=2",
            "?action=subscribe&region=eu-central-1&strict=true",
            "?action=subscribe&endpoints=nine",
            "?action=dance",
            "/stats",
            "",
        ] {
            for origin in [None, Some("https://player.example")] {
                let api = format!("{}/streammanager/api/{version}/event", server.base_url);
                let ask = |stream: &str| {
                    let asking = client.get(format!("{api}/live/{stream}{question}"));
                    match origin {
                        Some(origin) => asking.header(ORIGIN, origin),
                        None => asking,
                    }
                };
                let short = seen(ask("stream1").send().await?).await?;
                let long = seen(ask("stream%31").send().await?).await?;
                assert_eq!(short, long, "{version} {question} {origin:?}");
                answered += u32::from(short.0 == 200);
            }
        }
    }
    // Two questions and the figures, with and without a page's origin, in every version.
    assert_eq!(answered, 3 * 2 * 4, "questions answered with 200");
    drop(player);
    server.stop().await
}
