//! Plays recordings against a running server.

use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::{Client, Method, Response};
use serde_json::Value;
use tokio::time::Instant;

use crate::matching::{Names, differences, filled};
use crate::recording::{Event, Exchange, Recording};

/// How long an `@eventually` may take, real time; nodes boot in fast motion.
const DEADLINE: Duration = Duration::from_secs(60);
/// Between two tries of an `@eventually`.
const PAUSE: Duration = Duration::from_millis(50);

/// What happens outside the API.
pub trait Outside {
    /// Makes it happen.
    fn happen(&mut self, event: &Event) -> impl Future<Output = Result<()>>;
}

/// Whoever plays.
pub struct Player<O> {
    /// `http://127.0.0.1:5080`, no slash at the end.
    pub base_url: String,
    /// Names known so far; `token` at least.
    pub names: Names,
    /// The world of nodes and clients.
    pub outside: O,
    client: Client,
}

impl<O: Outside> Player<O> {
    /// Nothing is known yet but the token.
    pub fn new(base_url: &str, token: &str, outside: O) -> Self {
        let names = Names::from([("token".to_owned(), token.to_owned())]);
        Self {
            base_url: base_url.to_owned(),
            names,
            outside,
            client: Client::new(),
        }
    }

    /// Plays a recording; answers what did not fit.
    pub async fn play(&mut self, recording: &Recording) -> Result<Vec<String>> {
        let mut problems = Vec::new();
        for exchange in &recording.exchanges {
            for event in &exchange.before {
                self.outside
                    .happen(event)
                    .await
                    .with_context(|| exchange.title.clone())?;
            }
            let found = self.until_it_fits(exchange).await?;
            let at = format!("{} — {}", recording.name, exchange.title);
            problems.extend(
                found
                    .into_iter()
                    .map(|problem| format!("{at}\n    {problem}")),
            );
        }
        Ok(problems)
    }

    async fn until_it_fits(&mut self, exchange: &Exchange) -> Result<Vec<String>> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let found = self.try_once(exchange).await?;
            if found.is_empty() || !exchange.eventually || Instant::now() > deadline {
                return Ok(found);
            }
            #[expect(
                clippy::disallowed_methods,
                reason = "a waiting loop looks again after a pause"
            )]
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn try_once(&mut self, exchange: &Exchange) -> Result<Vec<String>> {
        let method = Method::from_bytes(exchange.method.as_bytes())?;
        let url = format!("{}{}", self.base_url, filled(&exchange.target, &self.names));
        let mut request = self.client.request(method, url);
        for (name, value) in &exchange.headers {
            request = request.header(name, filled(value, &self.names));
        }
        if !exchange.body.is_empty() {
            request = request.body(fill_body(&exchange.body, &self.names));
        }
        let response = request.send().await?;
        self.check(exchange, response).await
    }

    async fn check(&mut self, exchange: &Exchange, response: Response) -> Result<Vec<String>> {
        let status = response.status().as_u16();
        let content_type = response.headers().get("content-type");
        let content_type = content_type
            .and_then(|value| value.to_str().ok())
            .unwrap_or("");
        let content_type = content_type
            .split(';')
            .next()
            .unwrap_or("")
            .trim()
            .to_owned();
        let text = response.text().await?;
        if (status, content_type.as_str()) != (exchange.status, exchange.content_type.as_str()) {
            let wanted = format!("{} {}", exchange.status, exchange.content_type);
            return Ok(vec![format!(
                "wanted {wanted}, got {status} {content_type}: {text}"
            )]);
        }
        let got = match content_type.as_str() {
            "application/json" => serde_json::from_str(&text)?,
            _ => Value::String(text),
        };
        Ok(differences(&exchange.answer, &got, &mut self.names))
    }
}

/// Bodies are full of braces: only `{$name}` is a variable there.
fn fill_body(body: &str, names: &Names) -> String {
    names.iter().fold(body.to_owned(), |body, (name, value)| {
        body.replace(&format!("{{${name}}}"), value)
    })
}
