//! A recording on disk: requests and the answers they must get, in a form people can read and edit.
//!
//! ```text
//! ### what is shown
//! @publish live/stream1
//! GET /streammanager/api/3.1/event/list
//!
//! => 200 application/json
//! [ … ]
//! ```
//!
//! `@eventually` repeats the request until the answer fits; the other directives are told to the world before the
//! request is sent.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// One request and its answer.
#[derive(Debug, PartialEq)]
pub struct Exchange {
    /// What is shown.
    pub title: String,
    /// Repeat until it fits.
    pub eventually: bool,
    /// What happens outside before the request is sent.
    pub before: Vec<Event>,
    /// `GET`, `POST` ...
    pub method: String,
    /// Path and query, with `{variables}`.
    pub target: String,
    /// Headers, with `{variables}`.
    pub headers: Vec<(String, String)>,
    /// Body as sent, with `{variables}`.
    pub body: String,
    /// Status wanted.
    pub status: u16,
    /// Content type wanted, without parameters.
    pub content_type: String,
    /// Document wanted; text stands as a JSON string.
    pub answer: Value,
}

/// Something outside the API.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// A publisher goes on the air with `scope/name`.
    Publish(String),
    /// A viewer connects to a stream.
    View(String),
}

/// A file of exchanges.
#[derive(Debug)]
pub struct Recording {
    /// File name without the ending.
    pub name: String,
    /// In order.
    pub exchanges: Vec<Exchange>,
}

impl Recording {
    /// All recordings of a folder, by name.
    pub fn all(folder: &Path) -> Result<Vec<Self>> {
        let mut paths = std::fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<Vec<_>>>()?;
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "http"));
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)?;
        let name = path
            .file_stem()
            .context("a file name")?
            .to_string_lossy()
            .into_owned();
        let parts = text
            .split("\n### ")
            .skip(usize::from(!text.starts_with("### ")));
        let exchanges = parts
            .map(|part| parse(part.trim_start_matches("### ")).with_context(|| name.clone()))
            .collect::<Result<_>>()?;
        Ok(Self { name, exchanges })
    }

    /// Rows of the API's index this recording covers, from the `rowNN` parts of its name.
    pub fn rows(&self) -> impl Iterator<Item = u32> + '_ {
        self.name
            .split('-')
            .filter_map(|word| word.strip_prefix("row")?.parse().ok())
    }
}

fn parse(part: &str) -> Result<Exchange> {
    let (title, rest) = part.split_once('\n').context("a title, then a request")?;
    let (request, answer) = rest
        .split_once("\n=> ")
        .with_context(|| format!("{title}: no answer"))?;
    let mut lines = request.lines().peekable();
    let (mut eventually, mut before) = (false, Vec::new());
    while let Some(directive) = lines.next_if(|line| line.starts_with('@')) {
        match directive.split_once(' ') {
            None if directive == "@eventually" => eventually = true,
            Some(("@publish", stream)) => before.push(Event::Publish(stream.to_owned())),
            Some(("@view", stream)) => before.push(Event::View(stream.to_owned())),
            Some(_) | None => bail!("{title}: unknown directive {directive}"),
        }
    }
    let first = lines
        .next()
        .with_context(|| format!("{title}: no request line"))?;
    let (method, target) = first
        .split_once(' ')
        .with_context(|| format!("{title}: {first}"))?;
    let headers = lines
        .by_ref()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let body: Vec<&str> = lines.collect();
    let (status, answer) = answer.split_once('\n').unwrap_or((answer, ""));
    let (status, content_type) = status.trim().split_once(' ').unwrap_or((status.trim(), ""));
    Ok(Exchange {
        title: title.to_owned(),
        eventually,
        before,
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
        body: body.join("\n").trim().to_owned(),
        status: status
            .parse()
            .with_context(|| format!("{title}: status {status:?}"))?,
        content_type: content_type.to_owned(),
        answer: read_answer(title, content_type, answer.trim())?,
    })
}

fn read_answer(title: &str, content_type: &str, text: &str) -> Result<Value> {
    match content_type {
        "application/json" => {
            serde_json::from_str(text).with_context(|| format!("{title}: the answer is no JSON"))
        }
        _ => Ok(Value::String(text.to_owned())),
    }
}
