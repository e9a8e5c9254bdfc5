//! How much a message may say. Everything that arrives in one has a bound here, so that a node, or somebody with its
//! key, cannot fill this process; the bounds are far above what a node that works has to say.

use super::{Body, Envelope, Message, PublishNotice, Report, RoleRequest, StreamReport};
use crate::stream::MOST_PATH_CHARS;

/// Streams in one list. A body of the usual megabyte holds about as many, and a server of this kind serves some hundred.
pub const MOST_STREAMS: usize = 10_000;
/// Links to parents: as many as a group can have nodes.
pub const MOST_PARENTS: usize = 10_000;
/// Metrics: the protocol names twenty.
pub const MOST_METRICS: usize = 256;
/// Commands acknowledged at once: more than a node ever has waiting.
pub const MOST_ACKS: usize = 256;
/// Capabilities of a node's software: the protocol names four.
pub const MOST_CAPABILITIES: usize = 64;

/// Characters of identifiers, addresses, host names and other short texts: host names have at most 253.
const MOST_TEXT: usize = 255;
/// Characters of an acknowledgement: an id and the text of an error.
const MOST_ACK_TEXT: usize = 1_024;
/// Characters of a metric's name.
const MOST_METRIC_NAME: usize = 128;

/// Something in a message is larger than it may be. The node's to mend; sending it again is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct OverBound {
    /// Which member, as it is spelled on the wire.
    pub field: String,
    /// What is wrong and the mend.
    pub problem: String,
}

impl OverBound {
    fn new(field: impl Into<String>, problem: String) -> Self {
        Self {
            field: field.into(),
            problem,
        }
    }
}

impl Message {
    /// Whether everything in it is within its bounds.
    ///
    /// # Errors
    /// The first member that is not.
    pub fn check_bounds(&self) -> Result<(), OverBound> {
        self.envelope.check_bounds()?;
        match &self.body {
            Body::Role(request) => request.check_bounds(),
            Body::Report(report) => report.check_bounds(),
            Body::Publish(notice) | Body::Unpublish(notice) => notice.check_bounds(),
            Body::Bye {} => Ok(()),
        }
    }
}

impl Envelope {
    fn check_bounds(&self) -> Result<(), OverBound> {
        let texts = [
            ("nodeId", &self.node_id),
            ("platformId", &self.platform_id),
            ("publicIp", &self.public_ip),
            ("privateIp", &self.private_ip),
            ("hostname", &self.hostname),
        ];
        for (field, value) in texts {
            let value = value.as_deref().unwrap_or("");
            text(|| field.to_owned(), value, MOST_TEXT)?;
        }
        let mend = "acknowledge the rest in the next message";
        count("ack", self.ack.len(), MOST_ACKS, mend)?;
        for (at, ack) in self.ack.iter().enumerate() {
            text(|| format!("ack[{at}]"), ack, MOST_ACK_TEXT)?;
        }
        Ok(())
    }
}

impl RoleRequest {
    fn check_bounds(&self) -> Result<(), OverBound> {
        let Some(software) = &self.software else {
            return Ok(());
        };
        let (name, version) = (&software.name, &software.version);
        text(|| "software.name".to_owned(), name, MOST_TEXT)?;
        text(|| "software.version".to_owned(), version, MOST_TEXT)?;
        let words = &software.capabilities;
        let field = "software.capabilities";
        count(field, words.len(), MOST_CAPABILITIES, "name fewer")?;
        for (at, word) in words.iter().enumerate() {
            text(|| format!("{field}[{at}]"), word, MOST_TEXT)?;
        }
        Ok(())
    }
}

impl Report {
    fn check_bounds(&self) -> Result<(), OverBound> {
        let mend = "list the links that were ordered";
        count("parents", self.parents.len(), MOST_PARENTS, mend)?;
        for (at, link) in self.parents.iter().enumerate() {
            text(
                || format!("parents[{at}].address"),
                &link.address,
                MOST_TEXT,
            )?;
            text(|| format!("parents[{at}].state"), &link.state, MOST_TEXT)?;
        }
        let mend = "publish to more nodes";
        count("streams", self.streams.len(), MOST_STREAMS, mend)?;
        for (at, stream) in self.streams.iter().enumerate() {
            stream.check_bounds(at)?;
        }
        count("metrics", self.metrics.len(), MOST_METRICS, "send fewer")?;
        for name in self.metrics.keys() {
            let start = || name.chars().take(32).collect::<String>();
            text(|| format!("metrics.{}…", start()), name, MOST_METRIC_NAME)?;
        }
        Ok(())
    }
}

impl StreamReport {
    fn check_bounds(&self, at: usize) -> Result<(), OverBound> {
        path(|| format!("streams[{at}]"), &self.scope, &self.name)?;
        let codec = self.codec.as_deref().unwrap_or("");
        text(|| format!("streams[{at}].codec"), codec, MOST_TEXT)
    }
}

impl PublishNotice {
    fn check_bounds(&self) -> Result<(), OverBound> {
        path(|| "name".to_owned(), &self.scope, &self.name)?;
        let reason = self.reason.as_deref().unwrap_or("");
        text(|| "reason".to_owned(), reason, MOST_TEXT)
    }
}

fn count(field: &str, has: usize, most: usize, mend: &str) -> Result<(), OverBound> {
    if has <= most {
        return Ok(());
    }
    let problem = format!("has {has} entries, at most {most} are taken: {mend}");
    Err(OverBound::new(field, problem))
}

fn text(field: impl Fn() -> String, value: &str, most: usize) -> Result<(), OverBound> {
    // A text has no more characters than bytes.
    if value.len() <= most {
        return Ok(());
    }
    let has = value.chars().count();
    if has <= most {
        return Ok(());
    }
    let problem = format!("has {has} characters, at most {most} are taken: shorten it");
    Err(OverBound::new(field(), problem))
}

fn path(field: impl Fn() -> String, scope: &str, name: &str) -> Result<(), OverBound> {
    let most = MOST_PATH_CHARS;
    if scope.len() + 1 + name.len() <= most {
        return Ok(());
    }
    let has = scope.chars().count() + 1 + name.chars().count();
    if has <= most {
        return Ok(());
    }
    let problem = format!(
        "scope, slash and name have {has} characters together, at most {most} are taken: leave the stream out, no \
         client can ask for it"
    );
    Err(OverBound::new(field(), problem))
}

#[cfg(test)]
mod tests;
