//! The compatible API, row by row: recorded requests and answers, played in order against the whole server on the
//! simulated cloud, in fast motion. The recordings in `rows/` are the documentation of what clients get.

mod listening;
mod matching;
mod playing;
mod recording;
mod server;
mod transport;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use listening::Log;
use playing::Player;
use recording::Recording;
use server::Server;

/// Rows of the API's index that are served.
const SERVED: [u32; 26] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 26, 27, 28,
];

fn recordings() -> Result<Vec<Recording>> {
    Recording::all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("compat/rows"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_answers_as_recorded() -> Result<()> {
    let log = Log::listen();
    let server = Server::start().await?;
    let mut player = Player::new(&server.base_url, server::TOKEN, server.outside());
    let mut problems = Vec::new();
    for recording in recordings()? {
        problems.extend(player.play(&recording).await?);
    }
    drop(player);
    server.stop().await?;
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let logged = log.text();
    assert!(logged.contains("http.request"), "requests are logged");
    for secret in [server::TOKEN, server::PASSWORD] {
        assert!(!logged.contains(secret), "a secret is in the log");
    }
    Ok(())
}

#[test]
fn every_served_row_has_a_recording() -> Result<()> {
    let recorded: BTreeSet<u32> = recordings()?
        .iter()
        .flat_map(|recording| recording.rows().collect::<Vec<_>>())
        .collect();
    assert_eq!(recorded, BTreeSet::from(SERVED));
    Ok(())
}

/// The description must not promise what the router does not know.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_described_operation_is_routed_and_guarded() -> Result<()> {
    let server = Server::start().await?;
    let client = reqwest::Client::new();
    let description = client
        .get(format!("{}/openapi.json", server.base_url))
        .send()
        .await?;
    let description: serde_json::Value = description.json().await?;
    let paths = description["paths"].as_object().expect("paths");
    assert!(paths.len() > 50, "{} paths", paths.len());
    for (path, operations) in paths {
        for method in operations.as_object().expect("operations").keys() {
            let target = path
                .replace("{path}", "live/stream1")
                .replace(['{', '}'], "");
            let method: reqwest::Method = method.to_uppercase().parse()?;
            let answer = client
                .request(method.clone(), format!("{}{target}", server.base_url))
                .send()
                .await?;
            let status = answer.status();
            let text = answer.text().await?;
            assert!(!text.contains("no such route"), "{method} {path}: {text}");
            let guarded = path.contains("/admin/") || path.starts_with("/weir/");
            assert_eq!(
                guarded,
                status == 401 && !path.ends_with("/cloudwatch"),
                "{method} {path}: {status}"
            );
        }
    }
    server.stop().await
}
