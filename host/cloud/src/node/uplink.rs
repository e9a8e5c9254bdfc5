//! The way from the nodes to the manager: signed JSON over HTTP.

use std::time::Duration;

use parking_lot::RwLock;
use reqwest::header::CONTENT_TYPE;
use weir_core::report::{Answer, Body, Message};
use weir_core::units::UtcMs;

use crate::CloudError;
use crate::node_auth::{self, NodeKey};
use crate::simulated::{NodeAuth, NodeSettings};

/// Real time: the manager and the nodes are on one machine, so a longer silence is a dead manager.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why a message did not get through.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UplinkError {
    #[error("no manager was named yet")]
    NoManager,
    #[error("the message cannot be written as JSON")]
    Unwritable(#[from] serde_json::Error),
    #[error("the manager cannot be reached")]
    Unreachable(#[from] reqwest::Error),
    #[error("the manager answered {status}: {body}")]
    Refused { status: u16, body: String },
}

pub(crate) struct Uplink {
    http: reqwest::Client,
    manager: RwLock<Option<String>>,
    cluster_password: String,
    auth: NodeAuth,
}

impl Uplink {
    pub(crate) fn new(settings: &NodeSettings) -> Result<Self, CloudError> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(TIMEOUT)
            .build();
        let http = http.map_err(|error| CloudError::Refused {
            reason: format!("the simulated nodes' HTTP client cannot be set up: {error}"),
        })?;
        Ok(Self {
            http,
            manager: RwLock::new(None),
            cluster_password: settings.cluster_password.clone(),
            auth: settings.auth,
        })
    }

    pub(crate) fn set_manager(&self, base_url: &str) {
        *self.manager.write() = Some(base_url.trim_end_matches('/').to_owned());
    }

    pub(crate) fn manager(&self) -> Option<String> {
        self.manager.read().clone()
    }

    /// Sends one message of the node that knows itself as `node` (empty: not yet).
    pub(crate) async fn post(
        &self,
        node: &str,
        now: UtcMs,
        message: &Message,
    ) -> Result<Answer, UplinkError> {
        let manager = self.manager().ok_or(UplinkError::NoManager)?;
        let body = serde_json::to_vec(message)?;
        let url = format!("{manager}/streammanager/cloudwatch");
        let request = match self.auth {
            NodeAuth::Hmac => {
                let key = NodeKey::derive(&self.cluster_password, node);
                self.http
                    .post(url)
                    .header(node_auth::NODE_HEADER, node)
                    .header(node_auth::TIMESTAMP_HEADER, now.to_string())
                    .header(node_auth::SIGNATURE_HEADER, key.sign(node, now, &body))
            }
            NodeAuth::Digest => {
                let query = self.digest_query(&message.body, now);
                self.http.post(format!("{url}?{query}"))
            }
            NodeAuth::Open => self.http.post(url),
        };
        let request = request.header(CONTENT_TYPE, "application/json");
        let response = request.body(body).send().await?;
        let status = response.status();
        if !status.is_success() {
            let body = response.text().await.unwrap_or_default();
            return Err(UplinkError::Refused {
                status: status.as_u16(),
                body: body.chars().take(200).collect(),
            });
        }
        Ok(response.json().await?)
    }

    fn digest_query(&self, body: &Body, now: UtcMs) -> String {
        let action = match body {
            Body::Role(_) => "role",
            Body::Report(_) => "report",
            Body::Publish(_) => "publish",
            Body::Unpublish(_) => "unpublish",
            Body::Bye {} => "bye",
        };
        let signature = node_auth::digest(action, now, &self.cluster_password);
        format!("action={action}&timestamp={now}&signature={signature}")
    }
}
