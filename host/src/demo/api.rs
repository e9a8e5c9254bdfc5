//! The demo's view of the server: its HTTP API, read leniently, since only a few members are shown.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::words;

const TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct Api {
    http: reqwest::Client,
    pub(super) base_url: String,
    pub(super) token: String,
}

/// `/weir/v1/groups/{group}`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct GroupStatus {
    pub(super) state: String,
    pub(super) roles: Vec<RoleStatus>,
    pub(super) latest_decision: Option<Decision>,
    /// Newest first.
    pub(super) decisions: Vec<Decision>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RoleStatus {
    pub(super) role: String,
    pub(super) region: String,
    pub(super) in_service: u32,
    pub(super) nodes: u32,
    pub(super) load_percent: Option<f64>,
    pub(super) connections: u32,
    pub(super) capacity: u32,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Decision {
    pub(super) at: u64,
    pub(super) policy: Option<String>,
    pub(super) version: Option<String>,
    pub(super) summary: String,
    pub(super) reasons: Vec<String>,
    #[serde(deserialize_with = "by_role")]
    pub(super) launched: ByRole,
    #[serde(deserialize_with = "by_role")]
    pub(super) retired: ByRole,
    #[serde(deserialize_with = "by_role")]
    pub(super) reverted: ByRole,
    /// Real time since the demo's start at which it was first seen.
    #[serde(skip)]
    pub(super) seen: Duration,
}

/// How many nodes of each role.
pub(super) type ByRole = BTreeMap<String, u64>;

/// A line of the compatible node list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Node {
    pub(super) identifier: String,
    pub(super) role: String,
    pub(super) address: Option<String>,
    pub(super) state: String,
    pub(super) capacity: u32,
    pub(super) draining: bool,
}

impl Decision {
    /// Policy and version, as people name them.
    pub(super) fn who(&self) -> String {
        match (&self.policy, &self.version) {
            (Some(policy), Some(version)) => format!("{policy} {version}"),
            (Some(policy), None) => policy.clone(),
            (None, _) => "host".to_owned(),
        }
    }

    /// Whether it changed anything.
    pub(super) fn acted(&self) -> bool {
        self.deeds().any(|(_, nodes)| !nodes.is_empty())
    }

    fn deeds(&self) -> impl Iterator<Item = (&'static str, &ByRole)> {
        [
            ("launch", &self.launched),
            ("retire", &self.retired),
            ("take back", &self.reverted),
        ]
        .into_iter()
    }

    /// What it did, in a sentence; without deeds, what the server says of it.
    pub(super) fn said(&self) -> String {
        let deeds: Vec<String> = self
            .deeds()
            .flat_map(|(verb, nodes)| {
                nodes
                    .iter()
                    .map(move |(role, count)| format!("{verb} {}", words::counted(*count, role)))
            })
            .collect();
        if deeds.is_empty() {
            self.summary.clone()
        } else {
            deeds.join(", ")
        }
    }

    /// Its reasons, those for the deeds first: a policy speaks of every role.
    pub(super) fn why(&self) -> Vec<String> {
        let is_for_deed = |reason: &&String| {
            self.deeds()
                .flat_map(|(_, nodes)| nodes.keys())
                .any(|role| reason.starts_with(role.as_str()))
        };
        let (first, rest): (Vec<&String>, Vec<&String>) =
            self.reasons.iter().partition(is_for_deed);
        let reasons = first.into_iter().chain(rest);
        reasons.map(|reason| words::singular(reason)).collect()
    }
}

impl Api {
    pub(super) fn new(base_url: &str, token: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(TIMEOUT)
            .build()?;
        Ok(Self {
            http,
            base_url: base_url.trim_end_matches('/').to_owned(),
            token: token.to_owned(),
        })
    }

    /// Address of an administrator's call on the compatible API.
    pub(super) fn admin_url(&self, path: &str, query: &str) -> String {
        let Self {
            base_url, token, ..
        } = self;
        let more = if query.is_empty() { "" } else { "&" };
        format!("{base_url}/streammanager/api/4.0/admin/{path}?accessToken={token}{more}{query}")
    }

    pub(super) fn group_url(&self, group: &str) -> String {
        format!("{}/weir/v1/groups/{group}", self.base_url)
    }

    /// A call of the story: posts `body` and answers the status with the document.
    pub(super) async fn post(
        &self,
        url: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<(u16, Value)> {
        let request = self.http.request(Method::POST, url);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let response = request.send().await?;
        let status = response.status();
        let text = response.text().await?;
        if !status.is_success() {
            bail!("the server refused the call with status {status}: {text}");
        }
        Ok((
            status.as_u16(),
            serde_json::from_str(&text).unwrap_or_default(),
        ))
    }

    pub(super) async fn group(&self, group: &str) -> anyhow::Result<GroupStatus> {
        let request = self.http.get(self.group_url(group));
        read(request.bearer_auth(&self.token)).await
    }

    pub(super) async fn nodes(&self, group: &str) -> anyhow::Result<Vec<Node>> {
        let url = self.admin_url(&format!("nodegroup/{group}/node"), "");
        read(self.http.get(url)).await
    }

    /// How many streams are listed.
    pub(super) async fn streams(&self) -> anyhow::Result<usize> {
        let url = format!("{}/streammanager/api/4.0/event/list", self.base_url);
        let listed: Vec<Value> = read(self.http.get(url)).await?;
        Ok(listed.len())
    }
}

async fn read<T: DeserializeOwned>(request: RequestBuilder) -> anyhow::Result<T> {
    let response = request.send().await.context("the server does not answer")?;
    let status = response.status();
    let text = response.text().await?;
    if !status.is_success() {
        bail!("the server answered {status}: {text}");
    }
    serde_json::from_str(&text).with_context(|| format!("unexpected answer: {text}"))
}

/// A list of nodes, counted by their roles.
fn by_role<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ByRole, D::Error> {
    let mut counts = ByRole::new();
    if let Value::Array(nodes) = Value::deserialize(deserializer)? {
        for node in nodes {
            let role = node["role"].as_str().unwrap_or("node");
            *counts.entry(role.to_owned()).or_default() += 1;
        }
    }
    Ok(counts)
}
