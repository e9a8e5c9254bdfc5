//! The way from a command to a running server: its address, a token, one call, and errors that tell the next step.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use reqwest::{Method, StatusCode};
use serde_json::Value;

/// Longer than a server lets a call wait for an upload's verdict.
const TIMEOUT: Duration = Duration::from_secs(90);
/// Where `weir serve` keeps the token it makes, from the folder it was started in.
const MADE_TOKEN: &str = "weir-data/admin-token";

/// Which server, and who asks.
#[derive(Debug, Clone, Args)]
pub struct RemoteArgs {
    /// Address of the server
    #[arg(
        long,
        value_name = "URL",
        env = "WEIR_SERVER",
        default_value = "http://127.0.0.1:5080"
    )]
    pub server: String,

    /// File that holds the token; without it WEIR_TOKEN, WEIR_TOKEN_FILE, then ./weir-data/admin-token
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

/// A server that can be called.
pub(super) struct Remote {
    http: reqwest::Client,
    server: String,
    token: String,
}

impl RemoteArgs {
    /// Finds the token.
    ///
    /// # Errors
    /// There is none, with where it is looked for.
    pub(super) fn connect(&self) -> anyhow::Result<Remote> {
        if self.server.starts_with("https:") {
            bail!(
                "{}: this program speaks http only; call the server on its own machine, or through a tunnel (ssh -L \
                 5080:127.0.0.1:5080 HOST)",
                self.server
            );
        }
        Ok(Remote {
            http: reqwest::Client::builder().timeout(TIMEOUT).build()?,
            server: self.server.trim_end_matches('/').to_owned(),
            token: self.token()?,
        })
    }

    fn token(&self) -> anyhow::Result<String> {
        if let Some(file) = &self.token_file {
            return read_token(file);
        }
        if let Ok(token) = std::env::var("WEIR_TOKEN") {
            return Ok(token.trim().to_owned());
        }
        if let Ok(file) = std::env::var("WEIR_TOKEN_FILE") {
            return read_token(Path::new(&file));
        }
        read_token(Path::new(MADE_TOKEN)).with_context(|| {
            "no token: give --token-file, set WEIR_TOKEN, or run this where weir serve was started".to_owned()
        })
    }
}

fn read_token(file: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file);
    let text = text.with_context(|| format!("the token file {} cannot be read", file.display()))?;
    Ok(text.trim().to_owned())
}

/// What is sent along.
pub(super) enum Sent {
    /// Nothing.
    Nothing,
    /// A document.
    Json(Value),
    /// A file's bytes, with a header or two.
    Bytes(Vec<u8>, Vec<(&'static str, String)>),
}

impl Remote {
    /// One call below `/weir/v1/`; its status and its document.
    ///
    /// # Errors
    /// The server is not there, or refused, in its own words with the next step.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        sent: Sent,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let url = format!("{}/weir/v1/{path}", self.server);
        let request = self.http.request(method, url).bearer_auth(&self.token);
        let request = match sent {
            Sent::Nothing => request,
            Sent::Json(document) => request.json(&document),
            Sent::Bytes(bytes, headers) => headers
                .into_iter()
                .fold(request.body(bytes), |request, (name, value)| {
                    request.header(name, value)
                }),
        };
        let answer = request.send().await.with_context(|| {
            let server = &self.server;
            format!("no server answers at {server}: is weir serve running? Else name another with --server")
        })?;
        let status = answer.status();
        let text = answer.text().await?;
        let document: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if status.is_success() {
            return Ok((status, document));
        }
        let said = document["errorMessage"].as_str().unwrap_or(&text);
        match status {
            StatusCode::UNAUTHORIZED => bail!(
                "{said} (the server at {} has another one: see its data folder, or --token-file)",
                self.server
            ),
            _ => bail!("{said}"),
        }
    }
}

#[cfg(test)]
mod tests;
