//! Where the token comes from, and what is said when nobody answers.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;

fn arguments(server: &str, token_file: Option<PathBuf>) -> RemoteArgs {
    RemoteArgs {
        server: server.to_owned(),
        token_file,
    }
}

#[test]
fn the_token_is_read_from_its_file_and_a_missing_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "open-sesame\n").unwrap();
    let remote = arguments("http://127.0.0.1:1/", Some(file))
        .connect()
        .unwrap();
    assert_eq!(
        (remote.token.as_str(), remote.server.as_str()),
        ("open-sesame", "http://127.0.0.1:1")
    );
    let missing = arguments("http://x", Some(folder.path().join("none"))).connect();
    assert!(missing.err().unwrap().to_string().contains("none"));
    let sealed = arguments("https://x", None).connect();
    assert!(sealed.err().unwrap().to_string().contains("tunnel"));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_with_the_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "x").unwrap();
    // Nobody listens on the port of a socket that was closed.
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let remote = arguments(&format!("http://{free}"), Some(file))
        .connect()
        .unwrap();
    let refused = remote.call(Method::GET, "policies", Sent::Nothing).await;
    let said = refused.unwrap_err().to_string();
    assert!(said.contains("is weir serve running?"), "{said}");
}
